/* Files that a run left and its campaign keeps. What a run may have put in their place (a pipe, a
 * link to somebody's secrets, an endless file) is met here. */
#include "agent/run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* All files of a run together; a record of the spool holds many times that. */
#define COLLECT_MAX ((size_t)OUTPUT_MAX)

/* Below root no link leads out of it, where the kernel knows openat2 (5.6) and lets us call it. */
static int open_below(const char *root, const char *path)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_close_ int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -errno;
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, path, (int)how.flags | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* The path behind a directory that it begins with, or NULL. */
static const char *path_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/* A path as the campaign gives it: below the run's directories without leaving them, or anywhere
 * on this machine. */
static int open_file(const struct runner *r, const char *path, const char *workdir)
{
	const char *below;

	if (path[0] == '/') {
		if ((below = path_below(path, r->tmp)) != NULL)
			return open_below(r->tmp, below);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
		return fd < 0 ? -errno : fd;
	}
	if ((below = path_below(workdir, r->work->directory)) != NULL) {
		_cleanup_free_ char *whole = xasprintf("%s/%s", below, path);
		return open_below(r->work->directory, whole);
	}
	return open_below(workdir, path);
}

/* Whether the run's user could have read it: we may be another, who can read more. */
static bool is_for_user(const struct runner *r, const struct stat *st)
{
	const char *user = r->assign->user;
	const struct passwd *p = user != NULL ? getpwnam(user) : NULL;

	return user == NULL || (p != NULL && (p->pw_uid == st->st_uid || p->pw_uid == getuid())) ||
	       (st->st_mode & S_IROTH) != 0;
}

static const char *why_not(const struct runner *r, int fd, struct stat *st)
{
	if (fd == -EXDEV)
		return "leads out of the run's directories";
	if (fd == -ELOOP)
		return "is a symbolic link";
	if (fd == -ENXIO)
		return "is no regular file";
	if (fd < 0)
		return strerror(-fd);
	if (fstat(fd, st) < 0)
		return strerror(errno);
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	return is_for_user(r, st) ? NULL : "is not for the user that the run had";
}

/* Its beginning, up to limit bytes, as OUTPUT frames; an empty file is one without data. Returns
 * the bytes, or -errno. */
static int64_t send_file(struct runner *r, int fd, const char *stream, size_t limit)
{
	_cleanup_free_ char *data = xmalloc(MESSAGE_CHUNK);
	int64_t at = 0;
	ssize_t n;

	do {
		size_t want =
			limit - (size_t)at < MESSAGE_CHUNK ? limit - (size_t)at : MESSAGE_CHUNK;
		n = read(fd, data, want);
		if (n < 0)
			return -errno;
		if (n > 0 || at == 0)
			outcome_encode_piece(
				stream, &r->assign->id, at, data, (size_t)n, &r->frames);
		at += n;
	} while (n > 0 && (size_t)at < limit);
	return at;
}

static void add_metric(struct runner *r, const char *name, int64_t size)
{
	r->collected = xreallocarray(r->collected, r->collected_n + 1, sizeof *r->collected);
	char *metric = r->collected[r->collected_n++] = xasprintf("collect.%s", name);
	measured_metric(&r->outcome.measured, metric, "B", size);
}

/* Returns how many bytes it took. */
static size_t collect(struct runner *r, const struct message_pair *p, const char *path,
	const char *workdir, size_t limit)
{
	struct measured *m = &r->outcome.measured;
	_cleanup_free_ char *stream = xasprintf("file:%s", p->key);
	struct stat st;
	_cleanup_close_ int fd = open_file(r, path, workdir);
	const char *why = why_not(r, fd, &st);
	int64_t n = why == NULL ? send_file(r, fd, stream, limit) : 0;
	char more;

	if (n < 0)
		why = strerror((int)-n);
	if (why != NULL) {
		measured_flag(m, "collect_missing");
		measured_note(m, "collect: %s: %s: %s", p->key, path, why);
		return 0;
	}
	/* What /proc shows has no size. */
	if (st.st_size > n || read(fd, &more, 1) > 0) {
		measured_flag(m, "collect_truncated");
		measured_note(m,
			"collect: %s: %s has %" PRId64 " bytes, the first %" PRId64
			" are kept: raise limits.output",
			p->key, path, st.st_size > n ? (int64_t)st.st_size : n + 1, n);
	}
	add_metric(r, p->key, st.st_size > n ? (int64_t)st.st_size : n);
	return (size_t)n;
}

void run_collect(struct runner *r)
{
	const struct message_assign *a = r->assign;
	struct run_context c;
	size_t left = COLLECT_MAX;
	size_t each = a->output_limit < 0 ? 0 : (size_t)a->output_limit;

	if (a->collect.n == 0)
		return;
	run_fill_context(r, false, &c);
	_cleanup_free_ char *workdir = render_workdir(a, &c.context);
	for (size_t i = 0; i < a->collect.n; i++) {
		const struct message_pair *p = LIST_AT(&a->collect, struct message_pair, i);
		_cleanup_free_ char *path = render_path(p->value, &c.context);
		left -= collect(r, p, path, workdir, each < left ? each : left);
	}
	run_context_done(&c);
}

void run_forget_collected(struct runner *r)
{
	while (r->collected_n > 0)
		free(r->collected[--r->collected_n]);
}
