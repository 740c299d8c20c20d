#include "coordinator/report/sequence.h"
#include "coordinator/analysis/change_points.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/report/thin.h"
#include <math.h>

#define POINT_RUNS 4   /* runs of a point that changes are looked for in, at least */
#define MAX_POINTS 200 /* of a host */

/* ---- runs ---- */

/* What another metric of the cell says of the same runs; both series are in the order of runs. */
static void set_beside(const struct gathered *g, const struct gathered_cell *cell,
	const char *metric, struct sequence_run *runs, size_t n, enum sequence_value value)
{
	const struct series *s = gathered_series(cell, gathered_metric(g, metric));

	for (size_t i = 0, k = 0; i < n; i++) {
		while (s != NULL && k < s->n && s->runs[k] < runs[i].run)
			k++;
		runs[i].values[value] =
			s != NULL && k < s->n && s->runs[k] == runs[i].run ? s->values[k] : NAN;
	}
}

static void add_cell(struct sequence *out, const struct gathered *g,
	const struct gathered_cell *cell, size_t configuration, size_t metric)
{
	const struct series *s = gathered_series(cell, metric);
	struct summary all;
	double low, high;

	if (s == NULL)
		return;
	_cleanup_free_ double *sorted = xcalloc(s->n, sizeof *sorted);
	memcpy(sorted, s->values, s->n * sizeof *sorted);
	summary_of(sorted, s->n, 0.95, &all);
	if (!(all.median > 0))
		return;
	summary_fences(sorted, s->n, &low, &high);
	struct sequence_run *runs = &out->runs[out->n];
	for (size_t i = 0; i < s->n; i++)
		runs[i] = (struct sequence_run){.run = s->runs[i],
			.configuration = configuration,
			.values = {s->values[i] / all.median},
			.is_outlier = s->values[i] < low || s->values[i] > high};
	set_beside(g, cell, "temperature.package.max", runs, s->n, SEQUENCE_TEMPERATURE);
	set_beside(g, cell, "frequency.busy", runs, s->n, SEQUENCE_FREQUENCY);
	out->n += s->n;
}

static int compare_runs(const void *a, const void *b)
{
	int64_t x = ((const struct sequence_run *)a)->run,
		y = ((const struct sequence_run *)b)->run;

	return x < y ? -1 : x > y;
}

static void add_lane(
	struct sequence *out, const struct figure_source *source, size_t lane, size_t metric)
{
	const struct gathered *g = &source->study->g;
	const bool *kept = source->kept + lane * g->configurations_n;
	size_t n = 0;

	for (size_t c = 0; c < g->configurations_n; c++) {
		const struct series *s = gathered_series(gathered_cell(g, lane, c), metric);
		n += kept[c] && s != NULL ? s->n : 0;
	}
	out->runs = xcalloc(n + 1, sizeof *out->runs);
	for (size_t c = 0; c < g->configurations_n; c++) {
		if (kept[c])
			add_cell(out, g, gathered_cell(g, lane, c), c, metric);
	}
	qsort(out->runs, out->n, sizeof *out->runs, compare_runs);
}

/* ---- levels ---- */

static void add_levels(struct sequence *s, size_t most, size_t least_runs)
{
	size_t n = s->n / least_runs < most ? s->n / least_runs : most;

	if (n < 2)
		return;
	_cleanup_free_ double *values = xcalloc(s->n, sizeof *values);
	s->levels = xcalloc(n, sizeof *s->levels);
	for (s->levels_n = 0; s->levels_n < n; s->levels_n++) {
		size_t start = thin_start(s->n, n, s->levels_n),
		       end = thin_start(s->n, n, s->levels_n + 1);
		struct summary all;
		for (size_t i = start; i < end; i++)
			values[i - start] = s->runs[i].values[SEQUENCE_RATIO];
		summary_of(values, end - start, 0.95, &all);
		s->levels[s->levels_n] = (struct sequence_level){
			(double)(s->runs[start].run + s->runs[end - 1].run) / 2, all.median};
		s->moved = fmax(s->moved, all.median > 0 ? fabs(log(all.median)) : 0);
	}
}

/* ---- changes of level ---- */

static double median_of(const struct sequence *s, size_t start, size_t end)
{
	_cleanup_free_ double *values = xcalloc(end - start + 1, sizeof *values);
	struct summary all;

	for (size_t i = start; i < end; i++)
		values[i - start] = s->runs[i].values[SEQUENCE_RATIO];
	summary_of(values, end - start, 0.95, &all);
	return all.median;
}

/* The medians of its stretches of runs; logs and times are the caller's. */
static struct stretch stretch_of(const struct sequence *s, size_t lane, double *logs, size_t *times)
{
	struct stretch out = {.logs = logs, .times = times, .group = lane};
	size_t n = s->n / POINT_RUNS < MAX_POINTS ? s->n / POINT_RUNS : MAX_POINTS;

	for (size_t i = 0; i < n; i++) {
		double median = median_of(s, thin_start(s->n, n, i), thin_start(s->n, n, i + 1));
		if (!(median > 0))
			continue;
		times[out.n] = i;
		logs[out.n++] = log(median);
	}
	return out;
}

static void take_changes(struct sequence *s, const struct stretch *found)
{
	size_t n = s->n / POINT_RUNS < MAX_POINTS ? s->n / POINT_RUNS : MAX_POINTS;

	s->is_searched = found->n >= 2 * LEAST_LEVEL;
	s->changes = xcalloc(found->changes_n + 1, sizeof *s->changes);
	for (size_t i = 0; i < found->changes_n; i++) {
		const struct change_point *c = &found->changes[i];
		size_t first = thin_start(s->n, n, found->times[c->at]);
		s->changes[s->changes_n++] =
			(struct sequence_change){s->runs[first].run, c->ratio, c->low, c->high};
	}
}

static void find_changes(const struct figure_source *source, struct sequence *out)
{
	size_t lanes = source->study->g.lanes_n;
	_cleanup_free_ struct stretch *all = xcalloc(lanes + 1, sizeof *all);
	_cleanup_free_ double *logs = xcalloc(lanes * MAX_POINTS + 1, sizeof *logs);
	_cleanup_free_ size_t *times = xcalloc(lanes * MAX_POINTS + 1, sizeof *times);

	for (size_t lane = 0; lane < lanes; lane++)
		all[lane] = stretch_of(
			&out[lane], lane, logs + lane * MAX_POINTS, times + lane * MAX_POINTS);
	change_points_find(all, lanes, source->threshold / 2, source->alpha);
	for (size_t lane = 0; lane < lanes; lane++)
		take_changes(&out[lane], &all[lane]);
	change_points_done(all, lanes);
}

/* ---- failed runs ---- */

struct failures {
	const struct figure_source *source;
	struct sequence *out;
};

static int on_failure(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct failures *f = arg;
	const struct gathered *g = &f->source->study->g;
	int64_t lane = c[FAILURES_LANE].integer, configuration = c[FAILURES_CONFIGURATION].integer;

	(void)key;
	(void)n;
	if (lane < 0 || (size_t)lane >= g->lanes_n || configuration < 0 ||
		(size_t)configuration >= g->configurations_n ||
		!f->source->kept[(size_t)lane * g->configurations_n + (size_t)configuration])
		return 0;
	struct sequence *s = &f->out[lane];
	if ((s->failed_n & (s->failed_n - 1)) == 0)
		s->failed = xreallocarray(
			s->failed, s->failed_n == 0 ? 1 : 2 * s->failed_n, sizeof *s->failed);
	s->failed[s->failed_n++] =
		(struct sequence_failed){c[FAILURES_RUN].integer, (size_t)configuration};
	return 0;
}

int sequences_make(const struct figure_source *source, size_t metric, size_t levels,
	size_t level_runs, struct sequence *out, struct error *err)
{
	const struct gathered *g = &source->study->g;
	struct failures failures = {.source = source, .out = out};

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		add_lane(&out[lane], source, lane, metric);
		add_levels(&out[lane], levels, level_runs);
	}
	find_changes(source, out);
	if (g->failed == 0)
		return 0;
	return results_query(
		source->results, "failures", g->label, NULL, on_failure, &failures, err);
}

void sequences_done(struct sequence *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(s[i].runs);
		free(s[i].failed);
		free(s[i].levels);
		free(s[i].changes);
	}
}
