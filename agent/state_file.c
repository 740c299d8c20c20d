#include "agent/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int state_file_open(const struct machine *m, const char *path, int flags, unsigned mode)
{
	const struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, m->root_fd, path, &how, sizeof how);

	if (fd >= 0)
		return fd;
	/* Before Linux 5.6, and in containers whose filter does not know the call. There, links of
	 * another root would be followed out of it; / has no outside. */
	if ((errno == ENOSYS || errno == EPERM) && machine_is_this(m))
		fd = openat(m->root_fd, path, flags | O_CLOEXEC, mode);
	return fd >= 0 ? fd : -errno;
}

/* One write: a sysfs file takes each as a value of its own. */
static int write_once(int fd, const void *data, size_t len)
{
	ssize_t n;

	do {
		n = write(fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int state_file_write(const struct machine *m, const char *path, const char *value)
{
	_cleanup_free_ char *line = xasprintf("%s\n", value);
	int fd = state_file_open(m, path, O_WRONLY | O_TRUNC, 0);

	if (fd < 0)
		return fd;
	int r = write_once(fd, line, strlen(line));
	return close(fd) != 0 && r == 0 ? -errno : r;
}

static int sync_folder(int dir_fd)
{
	/* File systems that cannot say EINVAL; they have no order to be forced. */
	return fsync(dir_fd) != 0 && errno != EINVAL ? -errno : 0;
}

static int write_fresh(int dir_fd, const char *name, const void *data, size_t len, unsigned mode)
{
	/* One that a crash left behind may have another owner or mode. */
	if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
		return -errno;
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	int r = fchmod(fd, mode) != 0 ? -errno : 0;
	for (size_t done = 0; r == 0 && done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);
		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (r == 0 && fsync(fd) != 0)
		r = -errno;
	if (close(fd) != 0 && r == 0)
		r = -errno;
	return r;
}

int state_file_replace(int dir_fd, const char *name, const void *data, size_t len, unsigned mode)
{
	_cleanup_free_ char *fresh = xasprintf("%s.new", name);
	int r = write_fresh(dir_fd, fresh, data, len, mode);

	if (r == 0 && renameat(dir_fd, fresh, dir_fd, name) != 0)
		r = -errno;
	if (r != 0) {
		unlinkat(dir_fd, fresh, 0);
		return r;
	}
	return sync_folder(dir_fd);
}

int state_file_remove(int dir_fd, const char *name)
{
	_cleanup_free_ char *fresh = xasprintf("%s.new", name);

	if (unlinkat(dir_fd, fresh, 0) != 0 && errno != ENOENT)
		return -errno;
	if (unlinkat(dir_fd, name, 0) != 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_folder(dir_fd);
}
