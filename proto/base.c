#include "proto/base.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>

char buf_empty[1] = "";

static void *must(void *p, size_t size)
{
	if (p == NULL) {
		fprintf(stderr, "out of memory: %zu bytes\n", size);
		abort();
	}
	return p;
}

void *xmalloc(size_t size)
{
	return must(malloc(size ? size : 1), size);
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1), n * size);
}

void *xrealloc(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1), size);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	return must(reallocarray(p, n ? n : 1, size ? size : 1), n);
}

char *xstrdup(const char *s)
{
	return must(strdup(s), strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n), n);
}

char *xasprintf(const char *format, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&b, format, ap);
	va_end(ap);
	return buf_take(&b);
}

void cleanup_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void buf_reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->size)
		return;
	size_t size = b->size < 64 ? 64 : b->size;
	while (size < need)
		size *= 2;
	b->data = xrealloc(b->size ? b->data : NULL, size);
	b->size = size;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *format, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		abort();
	buf_reserve(b, (size_t)n);
	vsnprintf(b->data + b->len, (size_t)n + 1, format, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vaddf(b, format, ap);
	va_end(ap);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->size)
		b->data[0] = '\0';
}

void buf_done(struct buf *b)
{
	if (b->size)
		free(b->data);
	*b = (struct buf)BUF_INIT;
}

char *buf_take(struct buf *b)
{
	char *s = b->size ? b->data : xstrdup("");

	*b = (struct buf)BUF_INIT;
	return s;
}

int buf_read_file(struct buf *b, int dirfd, const char *path, size_t limit)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t start = b->len;

	if (fd < 0)
		return -errno;
	for (;;) {
		buf_reserve(b, 4096);
		ssize_t n = read(fd, b->data + b->len, b->size - b->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (b->len - start > limit)
			return -EFBIG;
	}
}

static _Thread_local int remove_error; /* the first errno of remove_all() */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	if (remove(path) < 0 && errno != ENOENT && remove_error == 0)
		remove_error = errno;
	return 0; /* what can go goes */
}

/* Returns 0 or an errno. */
static int remove_all(const char *path)
{
	remove_error = 0;
	if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT &&
		remove_error == 0)
		remove_error = errno;
	return remove_error;
}

/* A directory without permissions: give them back. nftw opens it before it tells of it, so one that
 * could not be read is walked on its own. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if ((type != FTW_D && type != FTW_DNR) || (st->st_mode & 0700) == 0700)
		return 0;
	if (chmod(path, 0700) == 0 && type == FTW_DNR)
		nftw(path, open_up, 32, FTW_PHYS);
	return 0;
}

int remove_tree(const char *path)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	int error = remove_all(path);
	if (error != 0) {
		nftw(path, open_up, 32, FTW_PHYS);
		error = remove_all(path);
	}
	return -error;
}

char *hex_encode(char *out, const void *data, size_t n)
{
	return sodium_bin2hex(out, 2 * n + 1, data, n);
}

bool hex_decode(void *out, size_t n, const char *text)
{
	size_t got = 0;

	return strlen(text) == 2 * n &&
	       sodium_hex2bin(out, n, text, 2 * n, NULL, &got, NULL) == 0 && got == n;
}

/* Edit distance with swaps of neighbours (optimal string alignment); words longer than 63 letters
 * are far from anything. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), d[65][65];

	if (la > 63 || lb > 63)
		return 64;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

const char *nearest_word(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word), best = len / 3 > 1 ? len / 3 + 1 : 2;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (words[i] == NULL)
			continue;
		size_t d = distance(word, words[i]);
		if (d < best) {
			best = d;
			found = words[i];
		}
	}
	return found;
}

struct id16 id16_random(void)
{
	struct id16 id;

	randombytes_buf(id.b, sizeof id.b);
	return id;
}

bool text_has_word(const char *list, const char *word)
{
	static const char space[] = " ,\t\n";
	size_t len = strlen(word);

	for (list += strspn(list, space); *list != '\0'; list += strspn(list, space)) {
		size_t n = strcspn(list, space);
		if (n == len && strncmp(list, word, len) == 0)
			return true;
		list += n;
	}
	return false;
}
