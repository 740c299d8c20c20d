/*
 * guides.h - what the guides (README.md, docs) have as examples: command lines, keys of a file
 */
#ifndef DOCS_MAN_GUIDES_H
#define DOCS_MAN_GUIDES_H

#include "proto/base.h"

struct guides {
	struct buf lines;     /* all files; each line ends in \n */
	struct buf reference; /* of the keys of files: docs/campaign.md */
};

/* Reads the files, and `reference`, which may be NULL, beside them. Ends the program where one
 * cannot be read. */
void guides_read(struct guides *g, const char *const *paths, size_t n, const char *reference);
void guides_done(struct guides *g);

/*
 * The command lines that begin with `program command`, each with what is said of it as a line of
 * comment before it, at most n of them; appended to out.
 */
void guides_commands(const struct guides *g, const char *program, const char *command, size_t n,
	struct buf *out);

/* The row of a key in a table of the reference; all are "" where there is none. */
struct guide_key {
	char *fallback; /* what holds without it; owned, Markdown */
	char *example;  /* owned, Markdown */
	const char
		*chapter; /* where the chapter of that table begins, NULL: there is no such key */
};

/* The key of a mapping that messages call `title`: "placement", "a benchmark"; path is where it
 * stands: "schedule.source". */
struct guide_key guides_key(
	const struct guides *g, const char *title, const char *path, const char *key);
void guide_key_done(struct guide_key *k);
/* The examples (```yaml) of a chapter, NULL where it has none; the caller frees. */
char *guides_examples(const char *chapter);
/* The first two cells, Markdown, of each row of the reference's table that has this line for head.
 */
void guides_rows(const struct guides *g, const char *head,
	void (*row)(void *arg, const char *first, const char *second), void *arg);

#endif
