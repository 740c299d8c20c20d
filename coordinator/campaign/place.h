/*
 * place.h - what placement asks for, of one configuration on one host: shared by plan.c and
 * render.c
 */
#ifndef COORDINATOR_CAMPAIGN_PLACE_H
#define COORDINATOR_CAMPAIGN_PLACE_H

#include "coordinator/campaign/settings.h"

struct placement {
	int64_t cpus;  /* ABSENT: all that there are */
	int64_t there; /* how many such CPUs the host has; 0 where its inventory does not say */
	char text[24]; /* what {cpus} is: cpus, else the CPUs that are there; "" where neither is
			  known */
};

/*
 * What the configuration of n gets on its host. Returns 0, and {cpus} is known to n from here on,
 * or -EINVAL with err saying why this host cannot: "placement: 8 CPUs asked for (efficiency cores,
 * one CPU a core), lab03 has 4". The inventory has counts only: what it cannot tell (offline CPUs,
 * packages that are not alike) is left to the agent.
 */
int place_find(struct names *n, struct placement *out, struct error *err);

/*
 * Whether a template asks for something that the host has not, such as a label, or an expression
 * fails, or makes a bad value of tune or limits; err says what. After place_find(). Axes and the
 * like were checked when the campaign was read.
 */
bool place_cannot_render(struct names *n, struct error *err);

/* Logical CPUs of a host, or 0 where its inventory does not say. */
int64_t place_threads(const json_t *inventory);

#endif
