/*
 * files_parts.h - what the files files*.c share
 *
 * files.c has the work directories and their preparation, files_fetch.c what is asked of the
 * coordinator, files_room.c the size that all may take. Nobody else includes this.
 */
#ifndef AGENT_FILES_PARTS_H
#define AGENT_FILES_PARTS_H

#include "agent/files.h"

#define FILES_KEY_BYTES 16
#define FILES_KEY_SIZE  (2 * FILES_KEY_BYTES + 1)
#define FILES_REQUESTS  32

/* A piece that is under way: of this content, up to here. */
struct files_request {
	struct content_hash hash;
	int64_t to;
};

struct files_held {
	const struct message_assign *assign;
	struct files_held *next;
};

struct files {
	struct content_store *contents;
	char *contents_dir, *work_dir; /* owned */
	struct files_handler handler;
	struct uses uses;
	int64_t limit; /* ABSENT: none */
	struct files_held *held;
	struct work *works;
	struct files_request requests[FILES_REQUESTS];
	size_t requests_n;
};

static inline bool files_has_tree(const struct message_assign *a)
{
	return a->tree.data != NULL && a->tree.len == CONTENT_HASH_LEN;
}

/* Of an assignment that has one. */
static inline struct content_hash files_tree(const struct message_assign *a)
{
	struct content_hash tree;
	memcpy(tree.b, a->tree.data, sizeof tree.b);
	return tree;
}

/* files.c: the key of an assignment's work directory; the one with a key, or NULL; it is to be laid
 * out again. */
void files_work_key(char out[FILES_KEY_SIZE], const struct message_assign *a);
struct work *files_find_work(const struct files *f, const char *key);
void files_start_anew(struct work *w);

/* files_fetch.c: ask for what is missing for an assignment's tree. Returns 1 while something is, 0,
 * or negative. */
int files_fetch(struct files *f, struct work *w, const struct message_assign *a, struct error *err);

/* files_room.c: the manifest is there: make room for what it lists, and for laying that out.
 * Returns 0 or negative. */
int files_make_room(struct files *f, struct work *w, const struct message_assign *a,
	const struct content_hash *tree, struct error *err);
/* Whether a code means a full disk. */
bool files_is_disk_full(int code);
/* Then: all that nobody needs goes, but for a (may be NULL). Returns whether there was any. */
bool files_empty_cache(struct files *f, const struct message_assign *a);
/* And where there was not: say so, around what err says. Returns its code. */
int files_error_full(const struct files *f, struct error *err);

#endif
