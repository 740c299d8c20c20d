/*
 * meters.h - the energy meter of each source that campaigns ask for, with a sampler and windows of
 * its own
 *
 * The meter that the machine chooses ("auto") is opened at once; one that a campaign asks for by
 * name at its first run, which takes up to half a second, and is then kept.
 */
#ifndef AGENT_METERS_H
#define AGENT_METERS_H

#include "agent/sampler.h"

struct meters;

struct meter_set {
	char wish[16];                /* "auto", "powercap", "perf", "msr" */
	struct energy_meter *meter;   /* may measure nothing: energy_why_not() says why */
	struct sampler *sampler;      /* samples that meter's zones and all sources */
	struct energy_window *window; /* of the run; NULL where nothing is measured */
	struct energy_window *idle;   /* of a baseline; likewise */
};

/* Opens the set "auto". Returns 0, or negative where the sampler cannot be. m and t must live as
 * long. */
int meters_open(
	struct meters **out, const struct machine *m, const struct topology *t, struct error *err);
/* NULL is fine. */
void meters_close(struct meters *ms);

/* The set for a wish (NULL: "auto"); NULL and err where there is no such source. Not while a run is
 * sampled. */
struct meter_set *meters_get(struct meters *ms, const char *wish, struct error *err);

/*
 * Open those sets again that measure nothing: permissions may have been mended. One that measures
 * stays as it is. Not while a run is under way. Returns whether one measures now.
 */
bool meters_look_again(struct meters *ms);

#endif
