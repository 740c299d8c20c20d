/*
 * frequency_beside.h - what CPUs made of the frequency that they were told, beside a figure of it:
 * how fast they were while busy, which with turbo is above the base frequency, and how often they
 * were throttled
 */
#ifndef COORDINATOR_REPORT_FREQUENCY_BESIDE_H
#define COORDINATOR_REPORT_FREQUENCY_BESIDE_H

#include "coordinator/report/figure_parts.h"

struct frequency_beside {
	bool has_busy, has_throttled; /* some run has it */
	struct quantity busy;
	size_t throttled; /* rows that were, so far */
};

/* is_along_axis: the frequency along the page is one that was set, not the measured one itself. */
void frequency_beside_find(
	const struct gathered *g, bool is_along_axis, struct frequency_beside *out);
/* "busy" and "base" (GHz), "throttled" (% of a cell's runs), as far as measured. */
void frequency_beside_fields(const struct frequency_beside *b, struct figure *f);
/* Those of the last row, of a cell. */
void frequency_beside_set(struct frequency_beside *b, const struct gathered *g,
	const struct placed *cell, struct figure *f);

#endif
