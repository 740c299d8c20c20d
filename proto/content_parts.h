/*
 * content_parts.h - what content.c and content_tree.c share: the store itself
 *
 * Nobody else includes this.
 */
#ifndef PROTO_CONTENT_PARTS_H
#define PROTO_CONTENT_PARTS_H

#include "proto/content.h"

#define CONTENT_COPY_BYTES (256 * 1024)
#define CONTENT_HEX_SIZE   (2 * CONTENT_HASH_LEN + 1)

struct content_store {
	char *dir;     /* owned */
	int fd;        /* of dir: contents are XX/REST, those still coming partial/HASH */
	char *copy;    /* CONTENT_COPY_BYTES, owned */
	bool is_dirty; /* there are contents that may not be on the disk yet */

	/* The tree that was asked about last: what was there stays there. */
	struct content_hash tree;
	struct content_entry *entries; /* owned; NULL: none */
	size_t n, next;                /* entries before next are there */
};

static inline bool content_hash_equal(const struct content_hash *a, const struct content_hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Where a content is: "ab/cdef..."; out holds CONTENT_HEX_SIZE + 1 bytes. */
const char *content_path(char out[CONTENT_HEX_SIZE + 1], const struct content_hash *hash);
/* Copy from one descriptor to another (-1: nowhere), hashing on the way. Returns the bytes or
 * -errno. */
int64_t content_copy_hash(struct content_store *s, int from, int to, struct content_hash *out);
/* Remove a content that turned out to be damaged. */
void content_drop(struct content_store *s, const struct content_hash *hash);

#endif
