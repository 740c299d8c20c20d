#include "proto/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

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

char *xstrdup_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
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

void buf_add_word(struct buf *b, const char *word)
{
	bool is_plain = word[0] != '\0';

	for (const char *p = word; *p != '\0'; p++)
		is_plain &= (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= 'a' && *p <= 'z') || strchr("_-./,=:@+", *p) != NULL;
	buf_adds(b, is_plain ? "" : "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, (unsigned char)*word < ' ' ? ' ' : *word);
	}
	buf_adds(b, is_plain ? "" : "'");
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

/* A tree that is deeper was made to be so. */
#define REMOVE_DEPTH 4096

static int remove_at(int dirfd, const char *name, int depth);

/* What is in it; closes fd. Returns 0, or the first -errno: what can go goes. */
static int remove_content(int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	struct stat st;
	int first = 0;

	if (dir == NULL) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		int r = remove_at(fd, e->d_name, depth);
		first = first == 0 ? r : first;
	}
	closedir(dir);
	return first;
}

/* The directory itself, never what a link of this name leads to. Returns a descriptor or -errno. */
static int open_to_remove(int dirfd, const char *name)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, O_RDONLY | flags);
	char self[40];

	if (fd >= 0 || errno != EACCES)
		return fd >= 0 ? fd : -errno;
	/* Without permissions: give them back. */
	_cleanup_close_ int place = openat(dirfd, name, O_PATH | flags);
	snprintf(self, sizeof self, "/proc/self/fd/%d", place);
	if (place < 0 || chmod(self, 0700) < 0)
		return -EACCES;
	fd = openat(dirfd, name, O_RDONLY | flags);
	return fd >= 0 ? fd : -errno;
}

/* Step by step from open directories: nobody who may write in the tree can lead the way out of it
 * by putting a link in a directory's place. */
static int remove_at(int dirfd, const char *name, int depth)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth >= REMOVE_DEPTH)
		return -ENAMETOOLONG;
	int fd = open_to_remove(dirfd, name);
	if (fd < 0) /* no directory: what unlinkat(2) said */
		return fd == -ENOENT ? 0 : fd == -ENOTDIR ? -EPERM : fd;
	int first = remove_content(fd, depth + 1);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && first == 0)
		first = -errno;
	return first;
}

int remove_tree(const char *path)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return remove_at(AT_FDCWD, path, 0);
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

/* The only word that begins so, or NULL. */
static const char *only_beginning(const char *word, const char *const *words, size_t n)
{
	const char *found = NULL;
	size_t len = strlen(word);

	for (size_t i = 0; i < n && len >= 3; i++) {
		if (words[i] == NULL || strncmp(words[i], word, len) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = words[i];
	}
	return found;
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
	return found != NULL ? found : only_beginning(word, words, n);
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
