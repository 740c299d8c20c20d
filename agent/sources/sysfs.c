/*
 * sysfs.c - files that sources read again and again
 */
#include "agent/sources/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define PATH_SIZE 512

__attribute__((format(printf, 2, 0))) static int format_path(
	char out[PATH_SIZE], const char *path, va_list ap)
{
	int n = vsnprintf(out, PATH_SIZE, path, ap);

	return n < 0 || n >= PATH_SIZE ? -ENAMETOOLONG : 0;
}

int sysfs_open(const struct machine *m, const char *path, ...)
{
	char full[PATH_SIZE];
	va_list ap;

	va_start(ap, path);
	int r = format_path(full, path, ap);
	va_end(ap);
	if (r != 0)
		return r;
	int fd = openat(m->root_fd, full, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool sysfs_has(const struct machine *m, const char *path, ...)
{
	char full[PATH_SIZE];
	va_list ap;

	va_start(ap, path);
	int r = format_path(full, path, ap);
	va_end(ap);
	return r == 0 && faccessat(m->root_fd, full, F_OK, 0) == 0;
}

int64_t sysfs_read_int(int fd)
{
	char text[32], *end;

	if (fd < 0)
		return ABSENT;
	/* One call: such files are shown whole by the first read. */
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	if (n <= 0)
		return ABSENT;
	text[n] = '\0';
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	if (end == text || errno != 0 || (*end != '\0' && *end != '\n'))
		return ABSENT;
	return value;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(a, b);
}

size_t sysfs_list(const struct machine *m, const char *dir, const char *prefix, sysfs_name **out)
{
	struct buf names = BUF_INIT;
	struct dirent *e;

	*out = NULL;
	int fd = openat(m->root_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		sysfs_name name = {0};
		size_t len = strlen(e->d_name);
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || len >= sizeof name)
			continue;
		memcpy(name, e->d_name, len);
		buf_add(&names, name, sizeof name);
	}
	closedir(d);
	size_t n = names.len / sizeof(sysfs_name);
	if (n == 0) {
		buf_done(&names);
		return 0;
	}
	*out = (sysfs_name *)buf_take(&names);
	qsort(*out, n, sizeof **out, compare_names);
	return n;
}

int64_t sysfs_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == ABSENT || b == ABSENT)
		return ABSENT;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}
