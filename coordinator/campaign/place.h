/*
 * place.h - what placement asks for, of one configuration on one host: shared by plan.c and
 * render.c
 */
#ifndef COORDINATOR_CAMPAIGN_PLACE_H
#define COORDINATOR_CAMPAIGN_PLACE_H

#include "coordinator/campaign/template.h"

struct placement {
	int64_t cpus;  /* ABSENT: all */
	char text[24]; /* what {cpus} is: as above, or the host's threads; "" where neither is known
			*/
};

/* The names that a template of this configuration on this host has; cpus is not filled. */
struct template_values place_values(const struct campaign *c,
	const struct configuration *configuration, const char *host_name, const json_t *inventory);

/*
 * Returns 0, or -EINVAL with err saying why this host cannot: "placement: 8 CPUs asked for, lab03
 * has 4". v is place_values().
 */
int place_find(const struct benchmark *b, const struct template_values *v, struct placement *out,
	struct error *err);

/*
 * Whether a template asks for something that the host has not, such as a label; err says what. v
 * with cpus filled. Axes and the like were checked when the campaign was read.
 */
bool place_cannot_render(const struct campaign *c, const struct benchmark *b,
	const struct template_values *v, struct error *err);

/* Logical CPUs of a host, or 0 where its inventory does not say. */
int64_t place_threads(const json_t *inventory);

#endif
