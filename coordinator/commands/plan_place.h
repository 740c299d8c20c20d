/*
 * plan_place.h - the CPUs that a configuration gets on a host
 *
 * Of this machine the agent is asked, once for each placement that differs; of others the inventory
 * tells how many there are, not which.
 */
#ifndef COORDINATOR_COMMANDS_PLAN_PLACE_H
#define COORDINATOR_COMMANDS_PLAN_PLACE_H

#include "coordinator/campaign/campaign.h"

struct placing {
	int64_t cpus;  /* how many; ABSENT: all that the agent may use, and it was not asked */
	char *list;    /* "1,0", in thread order; NULL: not known here */
	char *nodes;   /* NUMA nodes that memory comes from; NULL: any, or not known here */
	char *problem; /* why the agent cannot; NULL: it can, or was not asked */
};

struct placings; /* those that were found already */

/* this_machine: the agent here is asked, with root (NULL: none). */
struct placings *placings_open(const struct campaign *c, bool this_machine, const char *root);
void placings_close(struct placings *p);

/* Of a configuration that the host does not skip. Lives until placings_close(). */
const struct placing *placing_find(
	struct placings *p, const struct configuration *c, const struct plan_host *host);

/* "1,0,2-7": a list in thread order with three or more neighbours as a range. */
void placing_shorten(const char *list, struct buf *out);

#endif
