/* What is around the store: its holder, its log, the disk, the file system, keys. */
#include "coordinator/commands/doctor.h"
#include "coordinator/store/lock.h"
#include "coordinator/store/store.h"

#include "coordinator/client.h"
#include "proto/clock.h"
#include "proto/units.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define LOG_BYTES  (INT64_C(256) << 20) /* SQLite's log is mostly 4 MiB */
#define ROOM_BYTES (INT64_C(512) << 20)
#define CONNECT_NS (5 * NS_PER_S)

/* ---- who holds it ---- */

static void check_answers(struct doctor *d, const struct store_lock *l)
{
	struct client *client = NULL;
	struct error err = {0};
	struct keypair own;
	bool can_ask = keypair_load(&own, l->keys_dir, &err) == 0;

	keypair_wipe(&own);
	if (!can_ask) { /* what is wrong with keys is a finding of its own */
		doctor_find(d, "coordinator", DOCTOR_NOTE, NULL,
			"process %ld listens at %s; it was not asked: %s", (long)l->pid,
			l->endpoint, err.text);
		return;
	}
	int code = client_open(&client, l->endpoint, NULL, l->keys_dir, CONNECT_NS, &err);

	client_close(client);
	if (code == 0)
		doctor_find(d, "coordinator", DOCTOR_OK, NULL, "process %ld answers at %s",
			(long)l->pid, l->endpoint);
	else
		doctor_find(d, "coordinator", DOCTOR_BAD, NULL,
			"process %ld holds the store and does not answer at %s: %s", (long)l->pid,
			l->endpoint, err.text);
}

static void check_lock(struct doctor *d)
{
	struct store_lock l;
	struct error err = {0};
	int held = store_lock_holder(d->db, &l, &err);

	if (held < 0)
		doctor_find(d, "lock", DOCTOR_BAD, NULL, "%s", err.text);
	else if (held == 0)
		doctor_find(d, "lock", DOCTOR_OK, NULL, "nobody has it open for writing");
	else
		doctor_find(d, "lock", DOCTOR_OK, NULL, "process %ld has it open for writing",
			(long)l.pid);
	if (held == 1 && l.endpoint[0] != '\0')
		check_answers(d, &l);
}

/* ---- the disk ---- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static void check_disk(struct doctor *d)
{
	_cleanup_free_ char *folder = folder_of(d->db);
	_cleanup_free_ char *command = xasprintf("make room beside it; joulerig prune --db %s "
						 "helps before the disk is full, not after",
		d->db);
	struct statvfs fs;
	struct error err = {0};
	char room[32];

	if (store_is_local(folder, &err) < 0)
		doctor_find(d, "disk", DOCTOR_BAD, NULL, "%s", err.text);
	if (statvfs(folder, &fs) != 0)
		return;
	int64_t left = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	bool is_scarce = left < ROOM_BYTES;
	doctor_find(d, "disk", is_scarce ? DOCTOR_BAD : DOCTOR_OK, is_scarce ? command : NULL,
		"%s free%s", units_format_size(room, left),
		(fs.f_flag & ST_RDONLY) != 0 ? "; mounted read-only" : "");
}

static void check_files(struct doctor *d)
{
	_cleanup_free_ char *log = xasprintf("%s-wal", d->db);
	struct stat db, st;
	char size[32], log_size[32];

	if (stat(d->db, &db) != 0)
		return;
	int64_t log_bytes = stat(log, &st) == 0 ? (int64_t)st.st_size : 0;
	bool is_long = log_bytes > LOG_BYTES;
	doctor_find(d, "size", is_long ? DOCTOR_NOTE : DOCTOR_OK,
		is_long ? "end programs that read the store for long (backup, sqlite3)" : NULL,
		"the store has %s, the log beside it %s",
		units_format_size(size, (int64_t)db.st_size),
		units_format_size(log_size, log_bytes));
	if (db.st_nlink > 1)
		doctor_find(d, "file", DOCTOR_BAD, "remove its other names, or use a backup of it",
			"it has %lu names (hard links): what is written under one tears what is "
			"written under another",
			(unsigned long)db.st_nlink);
	if ((db.st_mode & S_IWOTH) != 0)
		doctor_find(d, "file", DOCTOR_BAD, NULL, "every user may write it: chmod o-w %s",
			d->db);
}

/* ---- keys ---- */

static void check_keys(struct doctor *d)
{
	struct store_lock l;
	_cleanup_free_ char *dir = NULL;
	_cleanup_free_ struct trusted_key *keys = NULL;
	struct error err = {0};
	size_t n = 0;

	if (d->keys != NULL)
		dir = xstrdup(d->keys);
	else if (store_lock_holder(d->db, &l, NULL) == 1 && l.keys_dir[0] != '\0')
		dir = xstrdup(l.keys_dir);
	else
		dir = xasprintf("%s.d/keys", d->db);
	if (access(dir, F_OK) != 0)
		return; /* a store that only `run` uses has none */
	_cleanup_free_ char *command = xasprintf("chmod 700 %s; chmod 600 %s/secret-key", dir, dir);
	struct keypair own;
	int code = keypair_load(&own, dir, &err);
	keypair_wipe(&own);
	if (code == 0)
		code = keys_list(dir, &keys, &n, &err);
	if (code == 0)
		doctor_find(
			d, "keys", DOCTOR_OK, NULL, "%s: a key, and %zu that it trusts", dir, n);
	else if (code == -EACCES && access(dir, R_OK) != 0)
		doctor_find(d, "keys", DOCTOR_NOTE, NULL, "%s is closed to this user", dir);
	else
		doctor_find(d, "keys", DOCTOR_BAD, command, "%s", err.text);
}

void doctor_check_around(struct doctor *d)
{
	check_lock(d);
	check_disk(d);
	check_files(d);
	check_keys(d);
}
