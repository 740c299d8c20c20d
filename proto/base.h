/*
 * base.h - small things that every file needs: memory that never fails, cleanup attributes, growing
 * buffers
 *
 * Sizes that we chose are allocated with the x-functions, which end the program with a message when
 * there is no memory left. Sizes that came from a peer or a file are checked against a limit first.
 */
#ifndef PROTO_BASE_H
#define PROTO_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NS_PER_S      INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)

/* No value: an int64 that was not measured or not given. */
#define ABSENT INT64_MIN

/* Sixteen random bytes that name a campaign, a store or a session; a struct so that they cannot be
 * swapped with text. */
struct id16 {
	uint8_t b[16];
};

/* Random bytes (libsodium). */
struct id16 id16_random(void);
static inline bool id16_equal(const struct id16 *a, const struct id16 *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Allocate; end the program with a message when there is no memory. free() releases. xcalloc gives
 * zeroes. */
void *xmalloc(size_t size) __attribute__((malloc));
void *xcalloc(size_t n, size_t size) __attribute__((malloc));
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s) __attribute__((malloc));
/* NULL of NULL. */
char *xstrdup_or_null(const char *s) __attribute__((malloc));
char *xstrndup(const char *s, size_t n) __attribute__((malloc));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), malloc));

/* `_cleanup_free_ char *p = NULL;` frees p at the end of the scope; likewise for descriptors. */
void cleanup_free(void *pointer_to_pointer);
void cleanup_close(const int *fd);
#define _cleanup_free_  __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))

/* A growing run of bytes. data is always followed by a NUL that len does not count. Start with
 * BUF_INIT. */
struct buf {
	char *data;  /* owned; never NULL after BUF_INIT or a call, but not to be freed while it is
			the empty one */
	size_t len;  /* bytes */
	size_t size; /* bytes allocated; 0 means that data is the shared empty string */
};

extern char buf_empty[];
#define BUF_INIT                                                                                   \
	{                                                                                          \
		.data = buf_empty                                                                  \
	}

void buf_reserve(struct buf *b, size_t more); /* room for this many more bytes and the NUL */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
/* A word as a shell takes it, in quotes where that needs them; control characters, which would end
 * a line or worse, are spaces. */
void buf_add_word(struct buf *b, const char *word);
void buf_reset(struct buf *b); /* empty, memory kept */
void buf_done(struct buf *b);  /* empty, memory freed; b may be used again */
char *buf_take(struct buf *b); /* the caller owns the string now: free(); b is empty */
#define _cleanup_buf_ __attribute__((cleanup(buf_done)))

/*
 * Read a whole file of at most limit bytes into b (appended). A longer file is -EFBIG. Returns 0 or
 * -errno. dirfd as for openat(2).
 */
int buf_read_file(struct buf *b, int dirfd, const char *path, size_t limit);

/* Remove a file or a folder with all that is in it (links are removed, not followed), also folders
 * that were made unreadable or read-only. What can go goes. Not there is fine. Returns 0 or -errno,
 * the first one met. */
int remove_tree(const char *path);

/* Hexadecimal of n bytes into out, which holds 2 n + 1 bytes. Returns out. */
char *hex_encode(char *out, const void *data, size_t n);
/* The reverse; text must be exactly 2 n hexadecimal digits. Returns whether it was. */
bool hex_decode(void *out, size_t n, const char *text);

/*
 * The word of words (n of them; NULLs are passed over) that is nearest to word by
 * Damerau-Levenshtein distance, or NULL where none is near enough to be meant (more than a third of
 * its letters differ, at least one may). A word of three letters or more may also be the
 * beginning of one word alone.
 */
const char *nearest_word(const char *word, const char *const *words, size_t n);

/* Whether a word stands in a list of words that white space or commas separate. */
bool text_has_word(const char *list, const char *word);

#endif
