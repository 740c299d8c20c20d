/* joulerig backup FILE: a copy of the store from which a coordinator can go on. */
#include "coordinator/commands/backup.h"
#include "coordinator/commands/commands.h"

#include "coordinator/client.h"
#include "coordinator/store/lock.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/units.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

struct backup_options {
	struct common_options common;
	bool force, no_keys;
};

static const struct option_info options[] = {
	{"force", OPTION_FLAG, offsetof(struct backup_options, force), NULL,
		"replace the backup FILE, once the new one is whole", NULL},
	{"no-keys", OPTION_FLAG, offsetof(struct backup_options, no_keys), NULL,
		"leave out the coordinator's key and those that it trusts", NULL},
	{.name = NULL},
};

struct backup {
	const struct backup_options *o;
	const char *db, *file;
	char *fresh;                            /* FILE.new, until it is whole */
	char *beside, *beside_new, *beside_old; /* FILE.d, FILE.d.new, FILE.d.old */
	char *keys;
	int fd;       /* of fresh, with a lock: two backups to one FILE */
	bool is_ours; /* the lock */
	struct backup_beside what;
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int signo)
{
	(void)signo;
	is_interrupted = 1;
}

static int on_progress(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	(void)done;
	(void)total;
	return is_interrupted;
}

static bool is_same(const char *path, const struct stat *store)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == store->st_dev && st.st_ino == store->st_ino;
}

/* Whatever is written or removed on the way must not be the store, either. */
static int check_names(const struct backup *b, const struct stat *store, struct error *err)
{
	const char *const names[] = {b->file, b->fresh, b->beside, b->beside_new, b->beside_old};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_same(names[i], store))
			return error_set(err, ERR_USAGE,
				"backup: %s is the store itself; name another file", names[i]);
	return 0;
}

/* Nobody may have the backup open that is replaced, and no log be left beside it: SQLite would take
 * that for the log of the new one. */
static int check_unused(const struct backup *b, struct error *err)
{
	static const char *const suffixes[] = {"-wal", "-journal"};
	struct store_lock holder;

	if (store_lock_holder(b->file, &holder, NULL) == 1)
		return error_set(err, ERR_UNAVAILABLE,
			"backup: process %ld has %s open for writing; end it, or name another file",
			(long)holder.pid, b->file);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *log = xasprintf("%s%s", b->file, suffixes[i]);
		struct stat st;
		if (stat(log, &st) == 0 && st.st_size > 0)
			return error_set(err, ERR_USAGE,
				"backup: %s has what was written to %s and is not in it yet; give "
				"the backup another name, or remove both where that is not needed",
				log, b->file);
	}
	return 0;
}

/* Refuse what would lose something. */
static int check_target(const struct backup *b, struct error *err)
{
	struct stat store, file;

	if (b->o->common.coordinator != NULL)
		return error_set(err, ERR_USAGE,
			"backup: it copies the store's file: run it on the coordinator's machine, "
			"with --db");
	if (stat(b->db, &store) != 0) {
		int why = -errno;
		error_set(err, ERR_UNAVAILABLE, "backup: %s: %s", b->db, strerror(-why));
		return why == -EACCES ? client_say_owner(why, err) : ERR_UNAVAILABLE;
	}
	int code = check_names(b, &store, err);
	if (code < 0)
		return code;
	bool is_there = stat(b->file, &file) == 0;
	if ((is_there || access(b->beside, F_OK) == 0) && !b->o->force)
		return error_set(err, ERR_USAGE,
			"backup: %s is there already; name another file, or replace it with "
			"--force",
			is_there ? b->file : b->beside);
	if (is_there && !S_ISREG(file.st_mode))
		return error_set(err, ERR_USAGE, "backup: %s is no file", b->file);
	return check_unused(b, err);
}

/* Where a coordinator that holds the store has its keys; else where `serve` would look. */
static char *find_keys(const struct backup *b)
{
	struct store_lock holder;

	if (b->o->no_keys)
		return NULL;
	if (b->o->common.keys != NULL)
		return xstrdup(b->o->common.keys);
	if (store_lock_holder(b->db, &holder, NULL) == 1 && holder.keys_dir[0] != '\0')
		return xstrdup(holder.keys_dir);
	return xasprintf("%s.d/keys", b->db);
}

static int open_fresh(struct backup *b, struct error *err)
{
	b->fd = open(b->fresh, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->fd < 0)
		return error_set(err, ERR_USAGE,
			"backup: cannot make %s: %s; name a FILE in a folder that is there and may "
			"be written to",
			b->fresh, strerror(errno));
	if (flock(b->fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(
			err, ERR_UNAVAILABLE, "backup: another backup writes %s", b->fresh);
	b->is_ours = true;
	if (ftruncate(b->fd, 0) != 0)
		return error_errno(err, "backup: %s", b->fresh);
	if (remove_tree(b->beside_new) < 0)
		return error_set(
			err, -EEXIST, "backup: %s is in the way; remove it", b->beside_new);
	return 0;
}

static int copy_store(struct backup *b, struct error *err)
{
	struct store *s = NULL;
	int code = stores[0]->open(&s, b->db, false, err);

	if (code == 0)
		code = stores[0]->copy(s, b->fresh, on_progress, NULL, err);
	stores[0]->close(s);
	return client_say_owner(code, err);
}

static void keep_first(void *arg, const struct store_finding *f)
{
	char **first = arg;

	if (*first == NULL)
		*first = xstrdup(f->text);
}

/* A backup that cannot be read is found out now, not when it is needed. */
static int check_copy(struct backup *b, struct error *err)
{
	_cleanup_free_ char *first = NULL;
	struct store *s = NULL;
	int code = stores[0]->open(&s, b->fresh, false, err);

	if (code == 0)
		code = stores[0]->check(s, false, keep_first, &first, err);
	if (code > 0)
		code = error_set(err, -EUCLEAN,
			"backup: the copy of %s is damaged, as the store itself may be: %s; "
			"`joulerig doctor --db %s` tells more; earlier backups are left as they "
			"are",
			b->db, first, b->db);
	if (code == 0)
		code = backup_beside(&b->what, s, err);
	stores[0]->close(s);
	return code;
}

/* The new one to its name, the old one away, at once where the file system can: who is killed
 * between the two steps would leave a backup without its keys. */
static int put_beside(const struct backup *b, const char *old)
{
	if (renameat2(AT_FDCWD, b->beside_new, AT_FDCWD, b->beside, RENAME_EXCHANGE) == 0)
		return 0; /* the old one is where the new one was */
	if (rename(b->beside, old) != 0 && errno != ENOENT)
		return -1;
	if (rename(b->beside_new, b->beside) == 0)
		return 0;
	int why = errno;
	(void)rename(old, b->beside);
	errno = why;
	return -1;
}

/* What is beside comes first: a store without it is worse than it without a store. */
static int put_in_place(struct backup *b, struct error *err)
{
	const char *old = b->beside_old;
	const char *slash = strrchr(b->file, '/');
	_cleanup_free_ char *folder = slash == NULL ? xstrdup(".")
				      : slash == b->file
					      ? xstrdup("/")
					      : xstrndup(b->file, (size_t)(slash - b->file));

	int code = check_unused(b, err);

	if (code < 0)
		return code;
	if (fsync(b->fd) != 0)
		return error_errno(err, "backup: %s cannot be forced to the disk", b->fresh);
	(void)remove_tree(old);
	if (put_beside(b, old) != 0)
		return error_errno(err, "backup: %s", b->beside);
	if (rename(b->fresh, b->file) != 0) {
		code = error_errno(err, "backup: %s", b->file);
		(void)renameat2(AT_FDCWD, b->beside_new, AT_FDCWD, b->beside, RENAME_EXCHANGE);
		return code;
	}
	(void)remove_tree(old);
	(void)remove_tree(b->beside_new);
	return backup_sync(folder, err);
}

static void tell(const struct backup *b, int64_t began)
{
	struct stat st;
	char size[32];

	if (stat(b->file, &st) != 0)
		return;
	log_info("%s: %s in %.1f s, checked; beside it in %s: %lld files of keys, %lld files of "
		 "campaigns that go on",
		b->file, units_format_size(size, (int64_t)st.st_size),
		(double)(clock_monotonic_ns() - began) / NS_PER_S, b->beside,
		(long long)b->what.n_keys, (long long)b->what.contents);
	if (b->what.missing > 0)
		log_warning(
			"%lld files of campaigns that go on are not there, so not in the backup "
			"either; who submits such a campaign again sends them",
			(long long)b->what.missing);
}

static int make(struct backup *b, struct error *err)
{
	int64_t began = clock_monotonic_ns();
	int code = check_target(b, err);

	if (code < 0)
		return code;
	code = open_fresh(b, err);
	if (code == 0)
		code = copy_store(b, err);
	if (code == 0)
		code = check_copy(b, err);
	if (code == 0)
		code = put_in_place(b, err);
	if (code == 0)
		tell(b, began);
	else if (b->is_ours) {
		(void)unlink(b->fresh);
		(void)remove_tree(b->beside_new);
	}
	if (b->fd >= 0)
		close(b->fd);
	return code;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct backup_options *o = target;
	struct backup b = {.o = o, .file = arguments[0], .fd = -1};
	const struct sigaction action = {.sa_handler = on_signal};

	(void)n;
	b.db = o->common.db ? o->common.db : "joulerig.db";
	b.fresh = xasprintf("%s.new", b.file);
	b.beside = xasprintf("%s.d", b.file);
	b.beside_new = xasprintf("%s.d.new", b.file);
	b.beside_old = xasprintf("%s.d.old", b.file);
	b.keys = find_keys(&b);
	b.what = (struct backup_beside){.db = b.db, .keys = b.keys, .to = b.beside_new};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	int code = make(&b, err);
	free(b.fresh);
	free(b.beside);
	free(b.beside_new);
	free(b.beside_old);
	free(b.keys);
	if (code == -EINTR)
		return EXIT_INTERRUPTED;
	return code < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_backup = {
	.name = "backup",
	.usage = "backup FILE [--force] [--no-keys]",
	.summary =
		"copy the store while it is in use; the copy is a store that can be gone on from",
	.details = "FILE is a store of its own, in one file, checked after it was written. FILE.d "
		   "beside "
		   "it has the\n"
		   "coordinator's secret key, the keys that it trusts and the files of campaigns "
		   "that go "
		   "on: keep it as\n"
		   "closed as the store. To go on from a backup, end the coordinator, and start "
		   "one with "
		   "--db FILE, or\n"
		   "put FILE and FILE.d in the place of the store and its folder.",
	.options = options,
	.options_size = sizeof(struct backup_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
