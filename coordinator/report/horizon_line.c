#include "coordinator/report/horizon_line.h"
#include <math.h>

static double median_of(const struct layout *l, const struct quantity *q, size_t cell)
{
	const struct placed *at = &l->cells[cell];
	struct summary s;

	quantity_summary(l->g, q, at->lane, at->configuration, 0.95, &s);
	return s.n > 0 ? s.median : NAN;
}

/* Returns whether both are known. */
static bool run_of(const struct layout *l, const struct quantity *energy,
	const struct quantity *time, size_t cell, struct horizon_run *out)
{
	*out = (struct horizon_run){median_of(l, time, cell), median_of(l, energy, cell)};
	return out->time > 0 && out->energy > 0;
}

/* The machine idles the same whatever ran before: one number for the line. */
static double idle_of(const struct layout *l, const struct quantity *idle, size_t start, size_t end)
{
	_cleanup_free_ double *all = xcalloc(end - start + 1, sizeof *all);
	struct summary s;
	size_t n = 0;

	for (size_t i = start; i < end; i++) {
		all[n] = median_of(l, idle, i);
		n += all[n] > 0;
	}
	summary_of(all, n, 0.95, &s);
	return n > 0 ? s.median : NAN;
}

double horizon_line_energy(const struct horizon_line *h, const struct layout *l,
	const struct quantity *energy, const struct quantity *time, size_t cell)
{
	struct horizon_run run;

	if (!h->is_there || !run_of(l, energy, time, cell, &run))
		return NAN;
	return horizon_energy(&run, h->idle, h->horizon);
}

void horizon_line_make(const struct layout *l, const struct quantity *energy,
	const struct quantity *time, const struct quantity *idle, size_t start, size_t end,
	struct horizon_line *out)
{
	struct horizon_run run, fastest = {INFINITY, 0}, cheapest = {0, 0};
	double least = INFINITY;
	size_t n = 0;

	*out = (struct horizon_line){.idle = idle_of(l, idle, start, end), .flip = NAN};
	for (size_t i = start; i < end; i++) {
		if (!run_of(l, energy, time, i, &run))
			continue;
		n++;
		out->horizon = fmax(out->horizon, run.time);
		if (run.time < fastest.time) {
			fastest = run;
			out->fastest = i;
		}
	}
	for (size_t i = start; i < end; i++) {
		if (!run_of(l, energy, time, i, &run))
			continue;
		double cost = horizon_energy(&run, out->idle, out->horizon);
		if (cost < least) {
			least = cost;
			cheapest = run;
			out->cheapest = i;
		}
	}
	out->is_there = n > 1 && isfinite(least);
	if (!out->is_there || out->fastest == out->cheapest)
		return;
	out->flip = horizon_flip(&fastest, &cheapest, out->idle);
	out->is_fastest_dearer = isnan(out->flip);
}
