/*
 * plan_estimate.h - how long a plan will take, and how many joules, by what earlier submissions of
 * the same campaign took
 *
 * A configuration on a host takes the median of its runs' time, and between two runs of a host lies
 * the median of what lay between them before (files, waits, the way through the network); energy is
 * that of the runs alone. What was never run there is not guessed from others: it is counted as not
 * known.
 */
#ifndef COORDINATOR_COMMANDS_PLAN_ESTIMATE_H
#define COORDINATOR_COMMANDS_PLAN_ESTIMATE_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/results.h"

/* With the least and the most blocks that the campaign allows: the same without `until`. */
struct estimated {
	double least, most;
};

struct plan_estimate {
	char *from;         /* "quickstart.3, quickstart.2"; NULL: nothing is known, and */
	char *why;          /* why */
	size_t known, of;   /* configurations on hosts, skipped ones not among them */
	size_t with_energy; /* of the known ones */
	struct estimated seconds, joules;
};

/* From the results at `where`, which need not be there. Free with plan_estimate_done(). */
void plan_estimate_make(struct plan_estimate *out, const struct campaign *c, const struct plan *p,
	const struct results_where *where);
void plan_estimate_done(struct plan_estimate *e);

#endif
