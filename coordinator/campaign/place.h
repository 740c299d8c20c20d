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

/* The names that a template of this configuration on this host has; cpus is not filled. */
struct template_values place_values(const struct campaign *c,
	const struct configuration *configuration, const char *host_name, const json_t *inventory);

/*
 * Returns 0, or -EINVAL with err saying why this host cannot: "placement: 8 CPUs asked for
 * (efficiency cores, one CPU a core), lab03 has 4". The inventory has counts only: what it cannot
 * tell (offline CPUs, packages that are not alike) is left to the agent. v is place_values().
 */
int place_find(const struct benchmark *b, const struct template_values *v, struct placement *out,
	struct error *err);

/*
 * Whether a template asks for something that the host has not, such as a label, or makes a bad
 * value of tune or limits; err says what. v with cpus filled. Axes and the like were checked when
 * the campaign was read.
 */
bool place_cannot_render(
	const struct benchmark *b, const struct template_values *v, struct error *err);

/* Logical CPUs of a host, or 0 where its inventory does not say. */
int64_t place_threads(const json_t *inventory);

#endif
