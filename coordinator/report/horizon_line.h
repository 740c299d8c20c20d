/*
 * horizon_line.h - race to idle along a line of a figure: what each of its configurations costs
 * until a common horizon, and when the sparing one overtakes the fast one (analysis/horizon.h)
 */
#ifndef COORDINATOR_REPORT_HORIZON_LINE_H
#define COORDINATOR_REPORT_HORIZON_LINE_H

#include "coordinator/analysis/horizon.h"
#include "coordinator/report/figure_parts.h"

struct horizon_line {
	bool is_there;            /* energy, time and idle power of two cells at least */
	double idle;              /* W, median over the cells of what the idle machine draws */
	double horizon;           /* s: the longest time of the line */
	size_t fastest, cheapest; /* cells; cheapest at the horizon and beyond */
	double flip;              /* s: up to there the fastest costs less than the cheapest; NaN */
	bool is_fastest_dearer;   /* there is no flip, as the cheapest costs less at any horizon */
};

/* Of cells [start, end) of the layout, by their medians. */
void horizon_line_make(const struct layout *l, const struct quantity *energy,
	const struct quantity *time, const struct quantity *idle, size_t start, size_t end,
	struct horizon_line *out);
/* What one of these cells costs until the horizon, in J; NaN where it was not measured. */
double horizon_line_energy(const struct horizon_line *h, const struct layout *l,
	const struct quantity *energy, const struct quantity *time, size_t cell);

#endif
