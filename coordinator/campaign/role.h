/*
 * role.h - one role of a benchmark as a benchmark by itself, so that all that places and renders a
 * benchmark does so for a role
 *
 * It has the role's command, environment and settings, and what the benchmark has around each run
 * (setup, requires, prepare, cleanup); of metrics, those that are looked for in its files; what is
 * collected is main's.
 */
#ifndef COORDINATOR_CAMPAIGN_ROLE_H
#define COORDINATOR_CAMPAIGN_ROLE_H

#include "coordinator/campaign/campaign.h"

struct role_view {
	struct benchmark benchmark;
	struct configuration configuration; /* of this benchmark */
	struct benchmark_metric *metrics;
};

/* Look at a configuration of a benchmark with roles; *v must stay where it is. */
void role_view_open(struct role_view *v, const struct configuration *c, size_t role);
void role_view_close(struct role_view *v);

#endif
