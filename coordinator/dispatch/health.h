/*
 * health.h - a host on which everything fails is set aside
 *
 * Looked at are the runs that ended on a host in a row without one being done: failed, timed out,
 * or lost with the host. What was skipped or cancelled says nothing. The host is set aside when
 *
 * - at least HEALTH_RUNS of them, of at least two configurations, are of configurations that
 *   another host has done: the last time that it tried, and its own last run was done as well. So a
 *   benchmark that is broken sets nobody aside, nor does what breaks everywhere at once; or
 * - in campaigns that have no other host, where there is nothing to compare with: at least
 *   HEALTH_RUNS_ALONE of them, of at least two configurations, which this host has done before.
 *
 * One configuration is enough where the campaign has only one for the host. A run that takes its
 * host down is one configuration, and is quarantined (live_lose.c) before anything else fails.
 *
 * Counted is since this process started. The machine of an embedded coordinator is never set aside:
 * its user sees what fails.
 */
#ifndef COORDINATOR_DISPATCH_HEALTH_H
#define COORDINATOR_DISPATCH_HEALTH_H

#include "coordinator/dispatch/core.h"

#define HEALTH_RUNS       5
#define HEALTH_RUNS_ALONE 20

/* A run ended on a host with this state of a RESULT, or ATTEMPT_LOST: its host was lost with it.
 * why may be NULL. */
void health_on_end(struct dispatch *d, struct host *h, struct live *l, const struct live_run *r,
	const char *state, const char *why);
/* Begin to count anew: the host was admitted. */
void health_forget(struct host *h);

#endif
