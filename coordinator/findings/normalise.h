/*
 * normalise.h - values by the resource that they had: for machines of unlike size and speed
 *
 * A time is multiplied by the resource, a rate divided by it, run by run: what comes out is the
 * inverse performance, or the performance, of one core, one hertz, one watt.
 *
 *   core   the CPUs that the run was given      time core*s      rate .../core     J, W, B ../core
 *   hertz  frequency.busy of the run            time cycles (1)  rate per cycle    none
 *   watt   power.package of the run             time J           rate per joule    none
 */
#ifndef COORDINATOR_FINDINGS_NORMALISE_H
#define COORDINATOR_FINDINGS_NORMALISE_H

#include "coordinator/findings/comparison.h"

/* "core", "hertz", "watt": PER_NOTHING where it is none of them. */
enum normalised_per normalised_by_name(const char *name);
extern const char *const normalised_names[]; /* ended by NULL, from PER_CORE on */

/* Whether values in this unit can be normalised so. */
bool normalise_fits(enum normalised_per per, const char *unit);
/* "core·s"; the caller frees. */
char *normalised_unit(enum normalised_per per, const char *unit);

/* The series of a cell, normalised; empty where it does not have the resource. series_done() it. */
struct series normalised_series(enum normalised_per per, const struct gathered *g, size_t lane,
	size_t configuration, const struct series *s, const char *unit);

#endif
