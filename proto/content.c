#include "proto/content_parts.h"

#include "proto/notify.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

void content_hash_bytes(struct content_hash *out, const void *data, size_t len)
{
	crypto_generichash(out->b, sizeof out->b, data, len, NULL, 0);
}

/* ---- the store ---- */

int content_open(struct content_store **out, const char *dir, struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, ERR_INTERNAL, "libsodium cannot be initialised");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", dir);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", dir);
	if (mkdirat(fd, "partial", 0700) < 0 && errno != EEXIST) {
		int code = error_errno(err, "%s/partial", dir);
		close(fd);
		return code;
	}
	struct content_store *s = xcalloc(1, sizeof *s);
	s->dir = xstrdup(dir);
	s->fd = fd;
	s->copy = xmalloc(CONTENT_COPY_BYTES);
	*out = s;
	return 0;
}

void content_close(struct content_store *s)
{
	if (s == NULL)
		return;
	content_entries_free(s->entries, s->n);
	close(s->fd);
	free(s->copy);
	free(s->dir);
	free(s);
}

const char *content_path(char out[CONTENT_HEX_SIZE + 1], const struct content_hash *hash)
{
	char hex[CONTENT_HEX_SIZE];
	hex_encode(hex, hash->b, sizeof hash->b);
	snprintf(out, CONTENT_HEX_SIZE + 1, "%.2s/%s", hex, hex + 2);
	return out;
}

static const char *partial_path(char out[CONTENT_HEX_SIZE + 8], const struct content_hash *hash)
{
	char hex[CONTENT_HEX_SIZE];
	snprintf(out, CONTENT_HEX_SIZE + 8, "partial/%s", hex_encode(hex, hash->b, sizeof hash->b));
	return out;
}

static int64_t file_size(struct content_store *s, const char *path)
{
	struct stat st;
	return fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : (int64_t)st.st_size;
}

void content_drop(struct content_store *s, const struct content_hash *hash)
{
	char path[CONTENT_HEX_SIZE + 1];
	unlinkat(s->fd, content_path(path, hash), 0);
}

int64_t content_size(struct content_store *s, const struct content_hash *hash)
{
	char path[CONTENT_HEX_SIZE + 1];
	return file_size(s, content_path(path, hash));
}

bool content_has(struct content_store *s, const struct content_hash *hash)
{
	return content_size(s, hash) >= 0;
}

int content_fd(struct content_store *s, const struct content_hash *hash)
{
	char path[CONTENT_HEX_SIZE + 1];
	int fd = openat(s->fd, content_path(path, hash), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int64_t content_read(struct content_store *s, const struct content_hash *hash, int64_t offset,
	void *out, size_t len, struct error *err)
{
	char path[CONTENT_HEX_SIZE + 1];
	_cleanup_close_ int fd = content_fd(s, hash);
	if (fd < 0)
		return error_set(
			err, fd, "%s/%s: %s", s->dir, content_path(path, hash), strerror(-fd));
	size_t have = 0;
	while (have < len) {
		ssize_t n = pread(fd, (char *)out + have, len - have, offset + (int64_t)have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "%s/%s", s->dir, content_path(path, hash));
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (int64_t)have;
}

static int write_all(int fd, const void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		notify_at_work(); /* contents of gigabytes are laid out within a turn of the loop */
		ssize_t n = write(fd, (const char *)data + at, len - at);
		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/*
 * Give a finished temporary file its name as a content. Closes fd. It is not forced to the disk
 * yet: a tree of ten thousand files would take minutes that way; content_sync() does it for all.
 */
static int adopt(struct content_store *s, int fd, const char *from, const struct content_hash *hash,
	struct error *err)
{
	char path[CONTENT_HEX_SIZE + 1], folder[3];
	int r = 0;
	content_path(path, hash);
	snprintf(folder, sizeof folder, "%.2s", path);
	if (mkdirat(s->fd, folder, 0700) < 0 && errno != EEXIST)
		r = error_errno(err, "%s/%s", s->dir, folder);
	if (fchmod(fd, 0400) < 0)
		r = error_errno(err, "%s/%s", s->dir, from);
	close(fd);
	if (r == 0 && renameat(s->fd, from, s->fd, path) < 0)
		r = error_errno(err, "%s/%s", s->dir, path);
	if (r < 0) {
		unlinkat(s->fd, from, 0);
		return r;
	}
	s->is_dirty = true;
	return 0;
}

int content_sync(struct content_store *s, struct error *err)
{
	if (s->is_dirty && syncfs(s->fd) < 0)
		return error_errno(err, "%s", s->dir);
	s->is_dirty = false;
	return 0;
}

/* An empty temporary file; its name, "partial/new.THREAD", goes to name. */
static int open_new(struct content_store *s, char name[32], struct error *err)
{
	snprintf(name, 32, "partial/new.%ld", (long)gettid());
	int fd = openat(s->fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? error_errno(err, "%s/%s", s->dir, name) : fd;
}

int content_add_bytes(struct content_store *s, const void *data, size_t len,
	struct content_hash *out, struct error *err)
{
	char name[32];
	content_hash_bytes(out, data, len);
	if (content_has(s, out))
		return 0;
	int fd = open_new(s, name, err);
	if (fd < 0)
		return fd;
	if (write_all(fd, data, len) < 0) {
		int code = error_errno(err, "%s/%s", s->dir, name);
		unlinkat(s->fd, name, 0);
		close(fd);
		return code;
	}
	return adopt(s, fd, name, out, err);
}

int64_t content_copy_hash(struct content_store *s, int from, int to, struct content_hash *out)
{
	crypto_generichash_state state;
	int64_t total = 0;
	crypto_generichash_init(&state, NULL, 0, sizeof out->b);
	while (true) {
		ssize_t n = read(from, s->copy, CONTENT_COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n > 0 && to >= 0 && write_all(to, s->copy, (size_t)n) < 0))
			return -errno;
		if (n == 0)
			break;
		crypto_generichash_update(&state, (const uint8_t *)s->copy, (size_t)n);
		total += n;
	}
	crypto_generichash_final(&state, out->b, sizeof out->b);
	return total;
}

/* Whether a file is still what it was when it was opened. */
static bool is_unchanged(int fd, const struct stat *before)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_size == before->st_size &&
	       st.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static int error_changed(struct error *err, const char *path)
{
	return error_set(err, -EAGAIN,
		"%s is being written to: it changed while it was read; try again when it is done",
		path);
}

/* Copy an opened file into the store, as the content that it was found to be. */
static int add_copy(struct content_store *s, int from, const char *path,
	const struct content_hash *hash, struct error *err)
{
	struct content_hash copied;
	char name[32];
	if (lseek(from, 0, SEEK_SET) < 0)
		return error_errno(err, "%s", path);
	int fd = open_new(s, name, err);
	if (fd < 0)
		return fd;
	int64_t n = content_copy_hash(s, from, fd, &copied);
	if (n >= 0 && content_hash_equal(&copied, hash))
		return adopt(s, fd, name, hash, err);
	unlinkat(s->fd, name, 0);
	close(fd);
	return n < 0 ? error_set(err, (int)n, "%s: %s", path, strerror((int)-n))
		     : error_changed(err, path);
}

int content_add_file(struct content_store *s, int dirfd, const char *path, struct content_hash *out,
	int64_t *size, struct error *err)
{
	struct stat before;
	_cleanup_close_ int from =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (from < 0 || fstat(from, &before) < 0)
		return error_errno(err, "%s", path);
	/* Hash first: what is there already, the common case, need not be written. */
	*size = content_copy_hash(s, from, -1, out);
	if (*size < 0)
		return error_set(err, (int)*size, "%s: %s", path, strerror((int)-*size));
	if (*size != before.st_size || !is_unchanged(from, &before))
		return error_changed(err, path);
	return content_has(s, out) ? 0 : add_copy(s, from, path, out, err);
}

/* ---- contents that arrive in pieces ---- */

int64_t content_partial_size(struct content_store *s, const struct content_hash *hash)
{
	char path[CONTENT_HEX_SIZE + 8];
	int64_t size = file_size(s, partial_path(path, hash));
	return size < 0 ? 0 : size;
}

static int finish_partial(struct content_store *s, int fd, const char *path,
	const struct content_hash *hash, struct error *err)
{
	struct content_hash got;
	int64_t n = lseek(fd, 0, SEEK_SET) < 0 ? -errno : content_copy_hash(s, fd, -1, &got);
	if (n >= 0 && content_hash_equal(&got, hash))
		return adopt(s, fd, path, hash, err);
	close(fd);
	if (n < 0)
		return error_set(err, (int)n, "%s/%s: %s", s->dir, path, strerror((int)-n));
	unlinkat(s->fd, path, 0);
	return error_set(
		err, -EILSEQ, "a file of %" PRId64 " bytes arrived damaged; it is dropped", n);
}

int content_put(struct content_store *s, const struct content_hash *hash, int64_t offset,
	int64_t size, const void *data, size_t len, struct error *err)
{
	char path[CONTENT_HEX_SIZE + 8];
	if (content_has(s, hash))
		return 1;
	if (size < 0 || size > CONTENT_MAX_SIZE || offset < 0 || offset > size ||
		(int64_t)len > size - offset)
		return error_set(err, -EINVAL,
			"a piece of %zu bytes at %" PRId64 " does not fit into %" PRId64, len,
			offset, size);
	int64_t have = content_partial_size(s, hash);
	if (offset != have)
		return error_set(err, -EINVAL, "a piece begins at %" PRId64 ", not at %" PRId64,
			offset, have);
	int fd = openat(s->fd, partial_path(path, hash),
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(err, "%s/%s", s->dir, path);
	if (write_all(fd, data, len) < 0) {
		int code = error_errno(err, "%s/%s", s->dir, path);
		close(fd);
		return code;
	}
	if (offset + (int64_t)len < size) {
		close(fd);
		return 0;
	}
	int r = finish_partial(s, fd, path, hash, err);
	return r < 0 ? r : 1;
}
