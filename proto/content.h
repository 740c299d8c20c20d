/*
 * content.h - a directory of contents known by their hash, and the manifest of a tree of files
 *
 * A content is bytes, named by their BLAKE2b-256. The coordinator keeps what campaigns ship, an
 * agent what it was sent. Contents arrive in pieces and in order; a partial one is kept and
 * resumed; it gets its name only when its hash is right. A manifest is text, one line for each
 * entry, sorted by path: `f MODE SIZE HASH PATH`, `d MODE PATH`, `l TARGET-LENGTH TARGET PATH`
 * (octal mode, 0755 or 0644; hexadecimal hash) Paths are relative, without `..`, without newline;
 * the manifest is a content itself, and its hash is the tree's.
 */
#ifndef PROTO_CONTENT_H
#define PROTO_CONTENT_H

#include "proto/base.h"
#include "proto/error.h"

#define CONTENT_HASH_LEN 32

/* Limits, in bytes, of what is taken from a peer. */
#define CONTENT_MAX_SIZE     (INT64_C(1) << 40)
#define CONTENT_MAX_MANIFEST (32 * 1024 * 1024)

struct content_hash {
	uint8_t b[CONTENT_HASH_LEN];
};

void content_hash_bytes(struct content_hash *out, const void *data, size_t len);

struct content_store;
/* Open DIR, made where missing (0700). Returns 0 and *out, or negative. */
int content_open(struct content_store **out, const char *dir, struct error *err);
void content_close(struct content_store *s);

bool content_has(struct content_store *s, const struct content_hash *hash);
/* Size of a content that is there, or -ENOENT. */
int64_t content_size(struct content_store *s, const struct content_hash *hash);
/* Add bytes or a file as content. Returns 0 and the hash, or negative: -EAGAIN where the file
 * changes while it is read. */
int content_add_bytes(struct content_store *s, const void *data, size_t len,
	struct content_hash *out, struct error *err);
int content_add_file(struct content_store *s, int dirfd, const char *path, struct content_hash *out,
	int64_t *size, struct error *err);

/* Read at most len bytes at offset into out. Returns how many, or negative. */
int64_t content_read(struct content_store *s, const struct content_hash *hash, int64_t offset,
	void *out, size_t len, struct error *err);
/* How many bytes of a content that is still coming are here: where to go on. */
int64_t content_partial_size(struct content_store *s, const struct content_hash *hash);
/*
 * Take a piece. offset must be content_partial_size(). Returns 1 when that completed it, 0
 * while more is to come, negative on error: -EILSEQ where the whole has another hash (then the
 * partial content is dropped).
 */
int content_put(struct content_store *s, const struct content_hash *hash, int64_t offset,
	int64_t size, const void *data, size_t len, struct error *err);
/*
 * Force what was added to the disk. What a power cut tears before that is found out by its size or
 * hash, and missing then. content_add_tree() and content_next_missing() do this when a tree is
 * whole. Returns 0 or negative.
 */
int content_sync(struct content_store *s, struct error *err);
/* A descriptor of a content for reading (the caller closes), or negative. */
int content_fd(struct content_store *s, const struct content_hash *hash);

/*
 * Put the files and directories named in paths (relative to directory, n of them) into the store,
 * and their manifest. Symbolic links stay links; those that lead out of the tree are an error.
 * Returns 0 and the manifest's hash.
 */
int content_add_tree(struct content_store *s, const char *directory, const char *const *paths,
	size_t n, struct content_hash *out, struct error *err);

/*
 * Put n trees, all of whose manifests are in the store, into one: its manifest is added. A folder
 * may be in several; anything else that is there twice is -EEXIST, unless it is the same. Returns 0
 * and the hash.
 */
int content_merge_trees(struct content_store *s, const struct content_hash *trees, size_t n,
	struct content_hash *out, struct error *err);

struct content_entry {
	char type; /* 'f', 'd', 'l' */
	unsigned mode;
	int64_t size;
	struct content_hash hash; /* of a file */
	char *path;
	char *target; /* of a link */
};

/* Parse a manifest; strict, as it comes from a peer. *out has n entries; content_entries_free(). */
int content_parse_manifest(
	const char *text, size_t len, struct content_entry **out, size_t *n, struct error *err);
void content_entries_free(struct content_entry *entries, size_t n);
/* Append the manifest of entries that are sorted by path; of equal ones the first. */
void content_write_manifest(const struct content_entry *entries, size_t n, struct buf *out);

/*
 * The next content that is missing to lay out a tree: the manifest itself, then the files in its
 * order. Returns 1 and *missing, 0 where all is there, or negative where the manifest is bad.
 */
int content_next_missing(struct content_store *s, const struct content_hash *tree,
	struct content_hash *missing, struct error *err);

/* Several of them at once, at most max, each once. Returns how many, 0 where all is there, or
 * negative. */
struct content_want {
	struct content_hash hash;
	int64_t size; /* ABSENT: the manifest, which is not there yet */
};
int content_list_missing(struct content_store *s, const struct content_hash *tree,
	struct content_want *out, size_t max, struct error *err);
/* Each content of a tree whose manifest is there, that one first; once for each file. */
int content_tree_each(struct content_store *s, const struct content_hash *tree,
	void (*each)(void *arg, const struct content_hash *hash, int64_t size), void *arg,
	struct error *err);
/* It is used now: its file's time of change says so, for whoever makes room. */
void content_touch(struct content_store *s, const struct content_hash *hash);
/* Contents were removed by another hand: what is known to be there may not be. */
void content_forget_tree(struct content_store *s);

/* Lay a tree out below an existing empty directory. Everything must be there. Returns 0 or
 * negative: -EILSEQ where a content was damaged, which is dropped: it is missing now. */
int content_lay_out(struct content_store *s, const struct content_hash *tree, const char *directory,
	struct error *err);

#endif
