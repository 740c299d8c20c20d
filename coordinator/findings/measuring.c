#include "coordinator/findings/measuring.h"

#include "coordinator/findings/series.h"
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* ---- a metric over the blocks ---- */

struct at_block {
	int64_t block;
	double value;
};

static int by_block(const void *a, const void *b)
{
	const struct at_block *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* A block's values in order become their median; returns how many blocks there are. */
static size_t take_medians(
	const struct at_block *all, size_t n, double *values, int64_t *blocks, double *room)
{
	size_t out = 0;

	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && all[to].block == all[from].block; to++)
			room[to - from] = all[to].value;
		blocks[out] = all[from].block;
		values[out++] = gsl_stats_median_from_sorted_data(room, 1, to - from);
	}
	return out;
}

void over_blocks_of(double *values, int64_t *blocks, size_t n, struct over_blocks *out)
{
	_cleanup_free_ struct at_block *all = xcalloc(n + 1, sizeof *all);
	_cleanup_free_ double *room = xcalloc(n + 1, sizeof *room);

	*out = (struct over_blocks){.first = NAN, .last = NAN, .slope = NAN};
	for (size_t i = 0; i < n; i++)
		all[i] = (struct at_block){blocks[i], values[i]};
	qsort(all, n, sizeof *all, by_block);
	out->n = take_medians(all, n, values, blocks, room);
	drift_of(values, blocks, out->n, &out->drift);
	if (out->n == 0)
		return;
	out->first = values[0];
	out->last = values[out->n - 1];
	out->slope = out->n < 2 ? NAN : drift_slope(values, blocks, out->n);
}

/* ---- all values of a metric on a host ---- */

struct values {
	double *values;
	int64_t *blocks;
	size_t n;
};

static void values_done(struct values *v)
{
	free(v->values);
	free(v->blocks);
}

static void add_series(struct values *v, const struct series *s)
{
	if (s == NULL || s->n == 0)
		return;
	v->values = xreallocarray(v->values, v->n + s->n, sizeof *v->values);
	v->blocks = xreallocarray(v->blocks, v->n + s->n, sizeof *v->blocks);
	memcpy(v->values + v->n, s->values, s->n * sizeof *v->values);
	memcpy(v->blocks + v->n, s->blocks, s->n * sizeof *v->blocks);
	v->n += s->n;
}

static void make_idle(const struct gathered *g, struct measuring_host *out)
{
	struct values all = {0};

	for (size_t c = 0; c < g->configurations_n; c++)
		add_series(&all, series_of(g, out->lane, c, "power.package.idle"));
	over_blocks_of(all.values, all.blocks, all.n, &out->idle);
	values_done(&all);
}

static void make_agent(const struct gathered *g, struct measuring_host *out)
{
	struct values all = {0};

	for (size_t c = 0; c < g->configurations_n; c++) {
		struct series share = series_combine(series_of(g, out->lane, c, "agent.time"),
			series_of(g, out->lane, c, "time"), SERIES_OVER);

		add_series(&all, &share);
		series_done(&share);
	}
	out->agent = out->agent_worst = NAN;
	if (all.n > 0) {
		gsl_sort(all.values, 1, all.n);
		out->agent = gsl_stats_median_from_sorted_data(all.values, 1, all.n);
		out->agent_worst = all.values[all.n - 1];
	}
	values_done(&all);
}

static void make_bound(const struct gathered *g, struct measuring_host *out)
{
	_cleanup_free_ double *bounds = xcalloc(g->configurations_n + 1, sizeof *bounds);
	size_t n = 0;

	out->bound = out->bound_worst = NAN;
	for (size_t c = 0; c < g->configurations_n; c++) {
		const struct gathered_cell *cell = gathered_cell(g, out->lane, c);

		if (!(cell->energy > 0) || !(cell->energy_bound > 0))
			continue;
		bounds[n] = cell->energy_bound / cell->energy;
		if (!(bounds[n] <= out->bound_worst)) {
			out->bound_worst = bounds[n];
			out->bound_worst_configuration = c;
		}
		n++;
	}
	gsl_sort(bounds, 1, n);
	if (n > 0)
		out->bound = gsl_stats_median_from_sorted_data(bounds, 1, n);
}

static void make_canaries(const struct gathered *g, struct measuring_host *out)
{
	for (size_t c = 0; c < g->configurations_n; c++) {
		struct values all = {0};
		struct canary_over_blocks canary = {.configuration = c};

		if (g->configurations[c].is_canary)
			add_series(&all, series_of(g, out->lane, c, "time"));
		if (all.n > 0) {
			over_blocks_of(all.values, all.blocks, all.n, &canary.time);
			out->canaries = xreallocarray(
				out->canaries, out->canaries_n + 1, sizeof *out->canaries);
			out->canaries[out->canaries_n++] = canary;
		}
		values_done(&all);
	}
}

void measuring_hosts_make(const struct study *s, struct measuring_hosts *out)
{
	const struct gathered *g = &s->g;

	*out = (struct measuring_hosts){.n = g->lanes_n};
	out->items = xcalloc(g->lanes_n + 1, sizeof *out->items);
	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		struct measuring_host *h = &out->items[lane];

		h->lane = lane;
		make_agent(g, h);
		make_bound(g, h);
		make_idle(g, h);
		make_canaries(g, h);
	}
}

void measuring_hosts_done(struct measuring_hosts *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->items[i].canaries);
	free(m->items);
	*m = (struct measuring_hosts){0};
}
