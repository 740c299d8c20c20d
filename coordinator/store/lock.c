#include "coordinator/store/lock.h"
#include "proto/base.h"
#include "proto/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* A test for the holder has the lock for a few microseconds; so a writer tries again for this long.
 */
#define TAKE_TRIES   20
#define TAKE_WAIT_NS (2 * NS_PER_MS)

/* "REAL-PATH.lock"; the store itself need not be there yet, its folder must. The caller frees; NULL
 * with errno. */
static char *lock_path(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	if (real != NULL)
		return xasprintf("%s.lock", real);
	if (errno != ENOENT)
		return NULL;

	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	_cleanup_free_ char *folder = NULL;
	if (slash == NULL)
		folder = xstrdup(".");
	else
		folder = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
	_cleanup_free_ char *real_folder = realpath(folder, NULL);
	if (real_folder == NULL)
		return NULL;
	return xasprintf("%s/%s.lock", strcmp(real_folder, "/") == 0 ? "" : real_folder, base);
}

static int write_lines(int fd, const char *endpoint, const char *keys_dir)
{
	_cleanup_free_ char *text = xasprintf("%ld\n%s\n%s\n", (long)getpid(), endpoint, keys_dir);
	size_t len = strlen(text);

	if (pwrite(fd, text, len, 0) != (ssize_t)len)
		return errno == 0 ? -EIO : -errno;
	return ftruncate(fd, (off_t)len) == 0 ? 0 : -errno;
}

static int take_error(const char *path, struct error *err)
{
	struct store_lock holder;

	if (store_lock_holder(path, &holder, NULL) == 1 && holder.pid > 0)
		return error_set(err, -EBUSY,
			"%s: process %ld has this store open for writing; wait for it, submit to "
			"it "
			"with `joulerig submit`, or use another file with --db",
			path, (long)holder.pid);
	return error_set(err, -EBUSY,
		"%s: another process has this store open for writing; wait for it, or use another "
		"file with --db",
		path);
}

/* Where the kernel does not tell (before 5.8) it is taken for none. */
static bool is_mount(int fd)
{
	struct statx sx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) == 0 &&
	       (sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int check_names(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_errno(err, "%s", path);
	if (st.st_nlink > 1)
		return error_set(err, -EINVAL,
			"%s: this file has %lu names (hard links), and what is written under one "
			"would be torn under the other; remove the other names, or copy it with "
			"`joulerig backup`",
			path, (unsigned long)st.st_nlink);
	if (is_mount(fd))
		return error_set(err, -EINVAL,
			"%s: this file is mounted by itself, apart from the log that SQLite keeps "
			"beside it; mount its folder instead",
			path);
	return 0;
}

int store_lock_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", path);
	int code;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		code = check_names(fd, path, err);
	else if (errno == EWOULDBLOCK)
		code = error_set(err, -EBUSY,
			"%s: another process has this store open for writing, by another name or "
			"with a lock file that was removed since; find it with `fuser %s`",
			path, path);
	else
		code = error_errno(err, "%s: cannot be locked", path);
	if (code < 0) {
		close(fd);
		return code;
	}
	return fd;
}

int store_lock_take(const char *path, struct error *err)
{
	_cleanup_free_ char *file = lock_path(path);
	if (file == NULL)
		return error_errno(err, "%s: the folder of the store", path);
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, "%s", file);

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			int code = error_errno(err, "%s: cannot be locked", file);
			close(fd);
			return code;
		}
		if (i == TAKE_TRIES) {
			close(fd);
			return take_error(path, err);
		}
		nanosleep(&(struct timespec){.tv_nsec = TAKE_WAIT_NS}, NULL);
	}
	/* What the last holder wrote is no longer true. */
	errno = 0;
	int code = write_lines(fd, "", "");
	if (code < 0) {
		error_set(err, code, "%s: cannot be written: %s", file, strerror(-code));
		close(fd);
		return code;
	}
	return fd;
}

int store_lock_publish(
	const char *path, const char *endpoint, const char *keys_dir, struct error *err)
{
	_cleanup_free_ char *file = lock_path(path);
	if (file == NULL)
		return error_errno(err, "%s: the folder of the store", path);
	_cleanup_close_ int fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", file);
	errno = 0;
	int code = write_lines(fd, endpoint, keys_dir);
	if (code < 0)
		return error_set(err, code, "%s: cannot be written: %s", file, strerror(-code));
	return 0;
}

/* One line of *rest into out; false where no whole line is left or it is too long. */
static bool next_line(char **rest, char *out, size_t size)
{
	char *end = strchr(*rest, '\n');

	if (end == NULL || (size_t)(end - *rest) >= size)
		return false;
	memcpy(out, *rest, (size_t)(end - *rest));
	out[end - *rest] = '\0';
	*rest = end + 1;
	return true;
}

static void read_lines(int fd, struct store_lock *out)
{
	char text[sizeof out->endpoint + sizeof out->keys_dir + 64];
	char pid[32];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	char *rest = text;
	if (!next_line(&rest, pid, sizeof pid))
		return;
	out->pid = (pid_t)strtol(pid, NULL, 10);
	/* Half a text is none: the holder is just writing it. */
	if (!next_line(&rest, out->endpoint, sizeof out->endpoint) ||
		!next_line(&rest, out->keys_dir, sizeof out->keys_dir))
		out->endpoint[0] = out->keys_dir[0] = '\0';
}

int store_lock_holder(const char *path, struct store_lock *out, struct error *err)
{
	*out = (struct store_lock){0};
	_cleanup_free_ char *file = lock_path(path);
	if (file == NULL)
		return errno == ENOENT ? 0 : error_errno(err, "%s: the folder of the store", path);
	_cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s", file);
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return error_errno(err, "%s: cannot be tested for its lock", file);
	read_lines(fd, out);
	return 1;
}
