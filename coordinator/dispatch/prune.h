/*
 * prune.h - removing what ended campaigns leave: samples and outputs in the store, files that no
 * campaign needs any more, mirrors of git repositories that nobody uses
 *
 * It goes in slices, so that a coordinator does it between two turns and runs go on: who wants it
 * asks for slice after slice (STEER "prune", PROTOCOL.md), or calls these functions in a loop where
 * nobody holds the store.
 */
#ifndef COORDINATOR_DISPATCH_PRUNE_H
#define COORDINATOR_DISPATCH_PRUNE_H

#include "coordinator/store/queries.h"
#include "coordinator/store/store.h"

/* Rows, or files, that a slice removes at most: some milliseconds. */
#define PRUNE_SLICE 256

/* "samples", "output", "all" as a set of enum store_kept; 0: none of these. */
unsigned prune_what(const char *word);

/* An ended campaign. */
struct prune_candidate {
	int64_t id, number, ended_at;
	char *name, *label; /* owned */
	bool was_pruned, is_chosen;
	int64_t kept[KEPT_N]; /* filled by who asks for it */
};

struct prune_candidates {
	struct prune_candidate *items; /* owned */
	size_t n;
};

/* Rows of the queries "campaigns" and, after it, "pruned", as store.h wants a row(): arg is a
 * struct prune_candidates, which gets all that ended, and which of them were pruned before. */
int prune_on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n);
int prune_on_pruned(void *arg, int64_t key, const struct message_cell *cells, size_t n);
/* Choose those that ended at `before` (CLOCK_REALTIME ns) or earlier, but for the last `keep` that
 * ended of each name. */
void prune_choose(struct prune_candidates *all, int64_t before, int64_t keep);
void prune_candidate_done(struct prune_candidate *c);
/* Empty again. */
void prune_candidates_done(struct prune_candidates *all);

struct pruned_files {
	int64_t contents, content_bytes; /* removed */
	int64_t mirrors;
};

/*
 * Remove from the folder of contents what only campaigns refer to that were pruned (and have
 * ended), and mirrors in its folder git/ that were used for the last time older_s seconds ago.
 * Contents that came within a day (or older_s, where that is less) stay. Adds to *out. Returns 1
 * where limit was reached, 0, or negative. Nobody may be submitting; who has a content_store open
 * on dir calls content_forget_tree() afterwards. Fine where dir is not there.
 */
int prune_files(const struct store_ops *ops, struct store *s, const char *dir, int64_t older_s,
	int64_t limit, struct pruned_files *out, struct error *err);

#endif
