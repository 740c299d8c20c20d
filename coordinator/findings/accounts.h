/*
 * accounts.h - what became of every run that was planned, host by host: the parts add up to the
 * whole
 */
#ifndef COORDINATOR_FINDINGS_ACCOUNTS_H
#define COORDINATOR_FINDINGS_ACCOUNTS_H

#include "coordinator/findings/gather.h"

/* planned = done + failed + timeout + skipped + cancelled + open + warmup */
struct account {
	char *host; /* owned; NULL: runs that no host has been given yet */
	int64_t planned;
	int64_t done, failed, timeout, cancelled; /* counted runs */
	int64_t skipped;                          /* warm-up, too */
	int64_t open;                             /* not ended: warm-up, too */
	int64_t warmup;                           /* warm-up runs that ended otherwise */
	int64_t flagged;                          /* of those done */
	int64_t lost; /* attempts, none of which is a run of its own: each was followed by another,
			 or the run has failed */
};

struct accounts {
	struct account *items; /* in the order of lanes */
	size_t n;
	struct account all; /* their sums; host NULL */
};

/*
 * Count the runs of a gathered campaign. Runs are handed out a few at a time: what the campaign
 * plans beyond those that are stored is open, on its host where it has one alone, else in an item
 * of its own. Returns 0 or negative; accounts_done() in both cases.
 */
int accounts_make(
	struct results *r, const struct gathered *g, struct accounts *out, struct error *err);
void accounts_done(struct accounts *a);

#endif
