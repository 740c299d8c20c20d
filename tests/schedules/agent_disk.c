/*
 * The agents' disks: real files below a folder, whose changes are remembered until they are synced.
 * When the power goes, any of these may be there or not; so may names that were made or removed in
 * a folder that was not synced.
 */
#include "tests/schedules/schedules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#define FDS_MAX 1024
#define SECTOR  512

struct change {
	int64_t at;
	size_t len;
	int64_t size_before;
	bool is_of_the_dead; /* a process wrote it that was killed before it synced it */
	uint8_t *old, *data; /* [len]; old: zeroes past the end */
	struct change *prev, *next;
};

struct dirty_file {
	char *name;             /* absolute */
	bool is_new;            /* its name is not durable */
	char *removed_as;       /* it is gone, but that is not durable: where it is kept */
	struct change *changes; /* not durable */
	struct dirty_file *prev, *next;
};

struct disk {
	char *dir;
	struct dirty_file *files;
	uint64_t countdown, removed;
	bool is_dead;
	int answer; /* errno; 0: all is well */
	struct disk *prev, *next;
};

static struct disk *disks;
static struct {
	struct disk *disk;
	char *name;
	bool is_folder;
} fds[FDS_MAX];

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_rename(const char *from, const char *to);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_rename(const char *from, const char *to);

/* ---- what is known of files ---- */

static struct disk *disk_of_path(const char *path)
{
	struct disk *d;

	DL_FOREACH (disks, d) {
		size_t n = strlen(d->dir);
		if (strncmp(path, d->dir, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return d;
	}
	return NULL;
}

static struct disk *disk_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX ? fds[fd].disk : NULL;
}

static struct dirty_file *find(struct disk *d, const char *name)
{
	struct dirty_file *f;

	DL_FOREACH (d->files, f) {
		if (f->removed_as == NULL && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static struct dirty_file *get(struct disk *d, const char *name)
{
	struct dirty_file *f = find(d, name);

	if (f == NULL) {
		f = xcalloc(1, sizeof *f);
		f->name = xstrdup(name);
		DL_APPEND(d->files, f);
	}
	return f;
}

static void drop_changes(struct dirty_file *f)
{
	struct change *c, *next;

	DL_FOREACH_SAFE (f->changes, c, next) {
		free(c->old);
		free(c->data);
		free(c);
	}
	f->changes = NULL;
}

static void forget(struct disk *d, struct dirty_file *f)
{
	DL_DELETE(d->files, f);
	drop_changes(f);
	free(f->name);
	free(f->removed_as);
	free(f);
}

/* One more change. Returns 0, or -1 with errno where it does not come to it. */
static int change(struct disk *d, bool needs_room)
{
	if (d->countdown > 0 && --d->countdown == 0)
		d->is_dead = true;
	errno = d->is_dead ? EIO : d->answer == ENOSPC && !needs_room ? 0 : d->answer;
	return errno == 0 ? 0 : -1;
}

static void note_write(struct disk *d, int fd, const void *data, size_t len, int64_t at)
{
	struct dirty_file *f = get(d, fds[fd].name);
	struct change *c = xcalloc(1, sizeof *c);
	struct stat st = {0};

	fstat(fd, &st);
	*c = (struct change){.at = at, .len = len, .size_before = st.st_size};
	c->old = xcalloc(1, len);
	c->data = xmalloc(len);
	memcpy(c->data, data, len);
	(void)!pread(fd, c->old, len, at);
	DL_APPEND(f->changes, c);
}

static void commit_folder(struct disk *d)
{
	struct dirty_file *f, *next;

	DL_FOREACH_SAFE (d->files, f, next) {
		f->is_new = false;
		if (f->removed_as == NULL)
			continue;
		unlink(f->removed_as);
		forget(d, f);
	}
}

/* ---- what the programs call ---- */

/* A descriptor may be one that libc closed by itself, with a folder that was read. d may be NULL.
 */
static int enter(int fd, struct disk *d, char *name, int flags)
{
	if (fd < 0 || fd >= FDS_MAX) {
		free(name);
		return fd;
	}
	free(fds[fd].name);
	fds[fd].disk = d;
	fds[fd].name = name;
	fds[fd].is_folder = (flags & O_DIRECTORY) != 0;
	return fd;
}

static int open_file(struct disk *d, char *name, int flags, mode_t mode)
{
	bool is_made = (flags & O_CREAT) != 0 && access(name, F_OK) != 0;

	if ((flags & (O_CREAT | O_TRUNC)) != 0 && change(d, is_made) < 0) {
		free(name);
		return -1;
	}
	int fd = __real_open(name, flags, mode);
	if (fd >= 0 && is_made)
		get(d, name)->is_new = true;
	return enter(fd, d, name, flags);
}

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
	struct disk *d = disk_of_path(path);
	va_list ap;

	va_start(ap, flags);
	mode_t mode = mode_of(flags, ap);
	va_end(ap);
	return d == NULL ? enter(__real_open(path, flags, mode), NULL, NULL, 0)
			 : open_file(d, xstrdup(path), flags, mode);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	struct disk *d = path[0] == '/' ? disk_of_path(path) : disk_of(dir);
	va_list ap;

	va_start(ap, flags);
	mode_t mode = mode_of(flags, ap);
	va_end(ap);
	if (d == NULL)
		return enter(__real_openat(dir, path, flags, mode), NULL, NULL, 0);
	return open_file(d,
		path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", fds[dir].name, path), flags,
		mode);
}

int __wrap_close(int fd)
{
	if (disk_of(fd) != NULL) {
		free(fds[fd].name);
		fds[fd].disk = NULL;
		fds[fd].name = NULL;
	}
	return __real_close(fd);
}

/* Where a file ends, and whether this goes beyond it. */
static bool grows(int fd, int64_t end)
{
	struct stat st = {0};

	fstat(fd, &st);
	return end > st.st_size;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
	struct disk *d = disk_of(fd);

	if (d == NULL)
		return __real_pwrite(fd, data, len, at);
	if (change(d, grows(fd, at + (int64_t)len)) < 0)
		return -1;
	note_write(d, fd, data, len, at);
	return __real_pwrite(fd, data, len, at);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	struct disk *d = disk_of(fd);

	if (d == NULL)
		return __real_write(fd, data, len);
	if (change(d, true) < 0)
		return -1;
	note_write(d, fd, data, len, lseek(fd, 0, SEEK_CUR));
	return __real_write(fd, data, len);
}

/* There is no power to lose: nothing is synced but in what we know. */
static int sync_file(struct disk *d, int fd)
{
	if (change(d, false) < 0)
		return -1;
	if (fds[fd].is_folder) {
		commit_folder(d);
		return 0;
	}
	struct dirty_file *f = find(d, fds[fd].name);
	if (f != NULL)
		drop_changes(f);
	return 0;
}

int __wrap_fsync(int fd)
{
	struct disk *d = disk_of(fd);

	return d == NULL ? __real_fsync(fd) : sync_file(d, fd);
}

int __wrap_fdatasync(int fd)
{
	struct disk *d = disk_of(fd);

	return d == NULL ? __real_fdatasync(fd) : sync_file(d, fd);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	struct disk *d = disk_of(dir);

	if (d == NULL)
		return __real_unlinkat(dir, path, flags);
	if (change(d, false) < 0)
		return -1;
	_cleanup_free_ char *name = xasprintf("%s/%s", fds[dir].name, path);
	char *kept = xasprintf("%s/gone.%llu", d->dir, (unsigned long long)++d->removed);
	if (__real_rename(name, kept) < 0) {
		free(kept);
		return -1;
	}
	get(d, name)->removed_as = kept;
	return 0;
}

/* A file that was synced gets its name: taken as durable. */
int __wrap_rename(const char *from, const char *to)
{
	struct disk *d = disk_of_path(from);

	if (d == NULL)
		return __real_rename(from, to);
	if (change(d, true) < 0)
		return -1;
	struct dirty_file *f = find(d, from);
	if (f != NULL)
		forget(d, f);
	return __real_rename(from, to);
}

/* ---- the end of a process ---- */

static void put_back(int fd, const uint8_t *data, size_t len, int64_t at)
{
	if (len > 0 && __real_pwrite(fd, data, len, at) != (ssize_t)len)
		broken("a disk of the fixture: %s", strerror(errno));
}

static void lose_changes(struct dirty_file *f, const char *path)
{
	int fd = __real_open(path, O_RDWR | O_CLOEXEC);
	struct change *c;

	if (fd < 0)
		return;
	for (c = f->changes ? f->changes->prev : NULL; c != NULL;
		c = c == f->changes ? NULL : c->prev) {
		put_back(fd, c->old, c->len, c->at);
		if (ftruncate(fd, c->size_before) < 0)
			broken("a disk of the fixture: %s", strerror(errno));
	}
	DL_FOREACH (f->changes, c) {
		size_t len = c->len;
		if (happens(300))
			continue;
		if (happens(600) && len > SECTOR)
			len -= chance(len / SECTOR) * SECTOR;
		put_back(fd, c->data, len, c->at);
	}
	__real_close(fd);
}

static void lose_power(struct disk *d)
{
	struct dirty_file *f, *next;

	DL_FOREACH_SAFE (d->files, f, next) {
		lose_changes(f, f->removed_as != NULL ? f->removed_as : f->name);
		if (f->removed_as != NULL && happens(500) && access(f->name, F_OK) != 0)
			__real_rename(f->removed_as, f->name);
		else if (f->removed_as == NULL && f->is_new && happens(500))
			unlink(f->name);
		forget(d, f);
	}
}

struct disk *disk_new(const char *dir)
{
	struct disk *d = xcalloc(1, sizeof *d);

	d->dir = xstrdup(dir);
	DL_APPEND(disks, d);
	return d;
}

void disk_free(struct disk *d)
{
	while (d->files != NULL)
		forget(d, d->files);
	DL_DELETE(disks, d);
	free(d->dir);
	free(d);
}

/* A header of zeroes, with which a segment starts over, need not be. */
static bool must_be_durable(const struct change *c)
{
	for (size_t i = 0; i < c->len && !c->is_of_the_dead; i++)
		if (c->data[i] != 0)
			return true;
	return false;
}

bool disk_is_durable(const struct disk *d)
{
	const struct dirty_file *f;
	const struct change *c;

	DL_FOREACH (d->files, f) {
		DL_FOREACH (f->changes, c) {
			if (f->removed_as == NULL && must_be_durable(c))
				return false;
		}
	}
	return true;
}

void disk_die_after(struct disk *d, uint64_t n)
{
	d->countdown = n;
}

bool disk_is_dead(const struct disk *d)
{
	return d->is_dead;
}

void disk_answer(struct disk *d, int code)
{
	d->answer = code;
}

void disk_revive(struct disk *d, enum death how)
{
	struct dirty_file *f;
	struct change *c;

	d->countdown = 0;
	d->is_dead = false;
	if (how == DEATH_POWER)
		lose_power(d);
	DL_FOREACH (d->files, f) {
		DL_FOREACH (f->changes, c)
			c->is_of_the_dead = true;
	}
}
