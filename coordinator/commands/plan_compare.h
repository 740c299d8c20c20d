/*
 * plan_compare.h - the families of comparisons that a plan will give
 */
#ifndef COORDINATOR_COMMANDS_PLAN_COMPARE_H
#define COORDINATOR_COMMANDS_PLAN_COMPARE_H

#include "coordinator/campaign/campaign.h"

struct family {
	const struct comparison *comparison;
	int64_t comparisons; /* of each metric, on all hosts */
	int64_t alone;       /* configurations on hosts that have no baseline there */
	int64_t blocks;      /* that one change among them needs at least: blocks_needed() */
};

/* One for each comparison of the campaign, *n of them; the caller frees. hosts are those of the
 * plan's lanes. */
struct family *plan_families(
	const struct campaign *c, const struct plan *p, const struct plan_host *hosts, size_t *n);

#endif
