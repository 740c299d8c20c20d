/*
 * machine.c - small files below the root of the measured machine
 */
#include "agent/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

int machine_open(struct machine *m, const char *root, struct error *err)
{
	if (root == NULL)
		root = getenv("JOULERIG_ROOT");
	if (root == NULL)
		root = "";
	size_t len = strlen(root);
	while (len > 0 && root[len - 1] == '/')
		len--;
	m->root = xstrndup(root, len);
	m->root_fd = open(len > 0 ? m->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (m->root_fd >= 0)
		return 0;
	int code = error_errno(err, "root directory %s (--root or JOULERIG_ROOT)", root);
	free(m->root);
	m->root = NULL;
	return code;
}

void machine_close(struct machine *m)
{
	if (m->root != NULL)
		close(m->root_fd);
	free(m->root);
	m->root = NULL;
	m->root_fd = -1;
}

bool machine_is_this(const struct machine *m)
{
	return m->root[0] == '\0';
}

bool machine_has_these_cpus(const struct machine *m)
{
	static const char path[] = "/sys/devices/system/cpu";
	struct stat there, here;

	if (machine_is_this(m))
		return true;
	return fstatat(m->root_fd, path + 1, &there, 0) == 0 && stat(path, &here) == 0 &&
	       there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/*
 * The kernel makes such a file by pages of whole records, and ends a read early only where the next
 * record does not fit any more: one that ends this early is the file's end. Asking once more would
 * have it made anew from its start.
 */
#define SURELY_ALL 1024

int machine_read_start(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n = pread(fd, out + len, size - 1 - len, (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0 || (len < size - 1 && len < SURELY_ALL))
			break;
	}
	out[len] = '\0';
	return (int)len;
}

/* Captures pad files with NULs; some firmware pads names with spaces. */
static int trim_line(char *line)
{
	size_t len = strcspn(line, "\n");

	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\r'))
		len--;
	line[len] = '\0';
	return (int)len;
}

static int read_line_at(const struct machine *m, char *out, size_t size, const char *path)
{
	_cleanup_close_ int fd = openat(m->root_fd, path, O_RDONLY | O_CLOEXEC);

	out[0] = '\0';
	if (fd < 0)
		return -errno;
	int n = machine_read_start(fd, out, size);
	return n < 0 ? n : trim_line(out);
}

int machine_read_line(const struct machine *m, char *out, size_t size, const char *path, ...)
{
	char full[512];
	va_list ap;

	va_start(ap, path);
	int n = vsnprintf(full, sizeof full, path, ap);
	va_end(ap);
	out[0] = '\0';
	if (n < 0 || (size_t)n >= sizeof full)
		return -ENAMETOOLONG;
	return read_line_at(m, out, size, full);
}

int machine_read_int(const struct machine *m, int64_t *out, const char *path, ...)
{
	char full[512], line[64], *end;
	va_list ap;

	va_start(ap, path);
	int n = vsnprintf(full, sizeof full, path, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof full)
		return -ENAMETOOLONG;
	n = read_line_at(m, line, sizeof line, full);
	if (n < 0)
		return n;
	errno = 0;
	int64_t value = strtoll(line, &end, 10);
	if (end == line || *end != '\0' || errno != 0)
		return -EINVAL;
	*out = value;
	return 0;
}
