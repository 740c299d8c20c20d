/*
 * axis_choice.h - which axis of a campaign is a size, and which a frequency
 *
 * A campaign's axes are names of its own. A frequency is one that the campaign sets the CPUs'
 * frequency by, or that is called so; a size any other axis of numbers, of those that do not say
 * how much runs at once.
 */
#ifndef COORDINATOR_REPORT_AXIS_CHOICE_H
#define COORDINATOR_REPORT_AXIS_CHOICE_H

#include "coordinator/report/figure_parts.h"

enum axis_meaning {
	AXIS_SIZE,
	AXIS_FREQUENCY,
	AXIS_CLOCK, /* frequencies by names, as turbo and base: which they are has to be measured */
};

/* The first axis with several values among the kept cells that have done runs which means this;
 * NULL: there is none. The study's. */
const char *axis_choose(const struct figure_source *source, enum axis_meaning meaning);

/* A number, or a size ("64KiB", in bytes) or a frequency ("2.1GHz", in Hz) with its unit. */
bool axis_number(const char *text, enum axis_meaning meaning, double *out);

/*
 * Let a direction whose values have units be one of numbers. Returns whether it is one then, or was
 * before; *has_unit is whether values are in bytes or Hz.
 */
bool axis_make_numeric(struct direction *d, enum axis_meaning meaning, bool *has_unit);

#endif
