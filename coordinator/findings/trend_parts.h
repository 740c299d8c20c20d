/*
 * trend_parts.h - what the files that make a trend share: reading submissions into points, breaks
 * of machines, changes of levels
 */
#ifndef COORDINATOR_FINDINGS_TREND_PARTS_H
#define COORDINATOR_FINDINGS_TREND_PARTS_H

#include "coordinator/findings/trend.h"
#include <jansson.h>

/* ---- trend_machines.c: when a host became another instrument ---- */

/* A host over the submissions; its inventory as parsed, or NULL where none is known. */
struct machine {
	char *host;
	json_t **states; /* each that differs in its fingerprint from the one before */
	size_t n;
};

struct machines {
	struct machine *items;
	size_t n;
};

/* Note how a host was in a submission, all of them in their order. Returns the number of its state:
 * the same number is the same instrument. An inventory that is not known (NULL, "") changes
 * nothing. */
size_t machines_note(struct machines *m, const char *host, const char *inventory);
/* What differs between two states of a host: "kernel 6.1.0 -> 6.12.8, memory 32 GiB -> 64 GiB". The
 * caller frees. */
char *machines_why(const struct machines *m, const char *host, size_t from, size_t to);
void machines_done(struct machines *m);

/* ---- trend_marks.c: what was new in a submission ---- */

/* What of a submission can be new. */
struct submitted {
	const struct campaign *campaign; /* NULL: its file cannot be read; it has no labels then */
	const char *yaml, *changes;      /* changes may be NULL */
	struct blob tree;                /* of its files; len 0: none */
};

/* A submission's mark in words, against the one before (NULL: it is the first); the caller frees.
 * NULL: nothing is new. */
char *mark_of(const struct submitted *now, const struct submitted *before);

/* ---- trend_changes.c ---- */

/* Fill the changes of all series, by threshold and alpha of the trend. */
void trend_find_changes(struct trend *t);

#endif
