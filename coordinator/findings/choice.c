#include "coordinator/findings/choice.h"

#include "coordinator/findings/series.h"
#include "coordinator/findings/twins.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* Counts of work that are equal but for the rounding of a quotient. */
#define SAME_WORK 1e-6

struct maker {
	const struct study *s;
	const struct gathered *g;
	const char *by, *baseline;
	double alpha;
	double *work;  /* [configuration] on the lane at hand; NaN: not known */
	size_t *group; /* [configuration]: the first of those that do its work */
	struct twins twins;
	struct choices *out;
};

/* The candidates of one choice. */
struct candidates {
	size_t *items; /* configurations */
	double *means; /* of the logs of the metric */
	size_t n;
};

/* ---- equal work ---- */

static double work_of(const struct gathered *g, size_t lane, size_t configuration)
{
	struct series work = series_combine(series_of(g, lane, configuration, "time"),
		series_of(g, lane, configuration, "time.per_work"), SERIES_OVER);
	double mean = work.n > 0 ? gsl_stats_mean(work.values, 1, work.n) : NAN;

	series_done(&work);
	return mean;
}

/* Whether a and b have equal values of an axis, or both none. */
static bool is_equal_in(const struct gathered_configuration *a,
	const struct gathered_configuration *b, const char *axis)
{
	const char *x = parameters_get(&a->parameters, axis),
		   *y = parameters_get(&b->parameters, axis);

	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

/* By `expect: {same: [AXIS]}` of their benchmark: as much work of another kind has another answer.
 */
static bool has_same_answer(const struct maker *m, size_t a, size_t b)
{
	const struct benchmark *benchmark = study_benchmark(m->s, a);

	for (size_t i = 0; benchmark != NULL && i < benchmark->metrics_n; i++) {
		const struct benchmark_metric *metric = &benchmark->metrics[i];

		for (size_t k = 0; metric->expect == EXPECT_SAME && k < metric->expect_axes_n; k++)
			if (!is_equal_in(&m->g->configurations[a], &m->g->configurations[b],
				    metric->expect_axes[k]))
				return false;
	}
	return true;
}

static bool does_same_work(const struct maker *m, size_t a, size_t b)
{
	const struct gathered_configuration *x = &m->g->configurations[a],
					    *y = &m->g->configurations[b];

	if (strcmp(x->benchmark, y->benchmark) != 0 || !has_same_answer(m, a, b))
		return false;
	if (isfinite(m->work[a]) && isfinite(m->work[b]))
		return fabs(m->work[a] / m->work[b] - 1) < SAME_WORK;
	return isnan(m->work[a]) && isnan(m->work[b]) && gathered_is_counterpart(x, y, m->by);
}

/* Of the same thing under several names one is there to choose: the baseline, or the first. */
static bool is_again(const struct maker *m, const struct parameter *p)
{
	const char *first = twins_first(&m->twins, p->name, p->text), *kept = first;

	if (strcmp(p->name, m->by) == 0 &&
		strcmp(twins_first(&m->twins, m->by, m->baseline), first) == 0)
		kept = m->baseline;
	return strcmp(p->text, kept) != 0;
}

static bool is_candidate(const struct maker *m, size_t lane, size_t configuration)
{
	const struct gathered_configuration *c = &m->g->configurations[configuration];

	for (size_t i = 0; i < c->parameters.n; i++)
		if (is_again(m, &c->parameters.items[i]))
			return false;
	return !c->is_canary && gathered_cell(m->g, lane, configuration)->done > 0 &&
	       parameters_get(&c->parameters, m->by) != NULL;
}

/* SIZE_MAX is no candidate's. */
static void make_groups(struct maker *m, size_t lane)
{
	size_t n = m->g->configurations_n;

	for (size_t i = 0; i < n; i++) {
		m->group[i] = SIZE_MAX;
		if (!is_candidate(m, lane, i))
			continue;
		m->work[i] = work_of(m->g, lane, i);
		m->group[i] = i;
		for (size_t k = 0; k < i; k++) {
			if (m->group[k] == k && does_same_work(m, k, i)) {
				m->group[i] = k;
				break;
			}
		}
	}
}

/* ---- the best ---- */

static double mean_log(const struct series *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += log(s->values[i]);
	return sum / (double)s->n;
}

static void find_candidates(const struct maker *m, size_t lane, size_t group, const char *metric,
	struct candidates *out)
{
	size_t n = m->g->configurations_n;

	*out = (struct candidates){.items = xcalloc(n + 1, sizeof *out->items),
		.means = xcalloc(n + 1, sizeof *out->means)};
	for (size_t i = group; i < n; i++) {
		const struct series *s =
			m->group[i] == group ? series_of(m->g, lane, i, metric) : NULL;

		if (s == NULL || s->n == 0 || !isfinite(mean_log(s)))
			continue;
		out->items[out->n] = i;
		out->means[out->n++] = mean_log(s);
	}
}

static void ratio_of(const struct maker *m, const struct choice *c, size_t configuration,
	size_t other, double level, struct ratio *out)
{
	static const struct series none = {0};
	const struct series *a = series_of(m->g, c->lane, configuration, c->metric);
	const struct series *b = series_of(m->g, c->lane, other, c->metric);
	_cleanup_free_ double *x = NULL, *y = NULL;
	size_t n = gathered_pairs(a == NULL ? &none : a, b == NULL ? &none : b, &x, &y);

	ratio_interval_of_pairs(x, y, n, level, out);
}

static bool is_baseline(const struct maker *m, size_t configuration)
{
	return strcmp(parameters_get(&m->g->configurations[configuration].parameters, m->by),
		       m->baseline) == 0;
}

static void hold_against_baseline(
	const struct maker *m, const struct candidates *of, struct choice *c)
{
	double least = INFINITY;
	size_t baselines = 0;

	for (size_t i = 0; i < of->n; i++) {
		if (!is_baseline(m, of->items[i]))
			continue;
		baselines++;
		if (of->means[i] < least) {
			least = of->means[i];
			c->baseline_best = of->items[i];
			c->has_baseline_best = true;
		}
		if (gathered_is_counterpart(&m->g->configurations[of->items[i]],
			    &m->g->configurations[c->best], m->by)) {
			c->same = of->items[i];
			c->has_same = true;
		}
	}
	c->level_of_bests = 1 - m->alpha / fmax((double)baselines * (double)(of->n - baselines), 1);
	if (c->has_same)
		ratio_of(m, c, c->best, c->same, c->level, &c->to_same);
	if (c->has_baseline_best)
		ratio_of(m, c, c->best, c->baseline_best, c->level_of_bests, &c->to_baseline_best);
}

static void hold_against_rivals(
	const struct maker *m, const struct candidates *of, struct choice *c)
{
	double level = 1 - m->alpha / (double)(of->n - 1), least = INFINITY;

	for (size_t i = 0; i < of->n; i++) {
		struct ratio r;

		if (of->items[i] == c->best)
			continue;
		ratio_of(m, c, of->items[i], c->best, level, &r);
		c->rivals += !(r.low > 1);
		if (of->means[i] < least) {
			least = of->means[i];
			c->runner_up = of->items[i];
			c->runner_up_to = r;
		}
	}
}

/* ---- what is common ---- */

/* "nbody size=2000": the benchmark, and the parameters that all of them share and others of the
 * benchmark do not. */
static char *common_text(const struct gathered *g, const struct candidates *of)
{
	const struct gathered_configuration *first = &g->configurations[of->items[0]];
	_cleanup_free_ const char **skip = xcalloc(first->parameters.n + 1, sizeof *skip);
	struct buf text = BUF_INIT;
	size_t n = 0;

	for (size_t p = 0; p < first->parameters.n; p++) {
		const struct parameter *one = &first->parameters.items[p];
		bool is_common = true;

		for (size_t i = 1; i < of->n && is_common; i++) {
			const char *value = parameters_get(
				&g->configurations[of->items[i]].parameters, one->name);
			is_common = value != NULL && strcmp(value, one->text) == 0;
		}
		if (!is_common)
			skip[n++] = one->name;
	}
	buf_adds(&text, first->benchmark);
	if (n < first->parameters.n)
		buf_addc(&text, ' ');
	parameters_format(&first->parameters, skip, n, &text);
	return buf_take(&text);
}

static void add_choice(struct maker *m, size_t lane, size_t group, const char *metric)
{
	struct candidates of;

	find_candidates(m, lane, group, metric, &of);
	if (of.n > 1) {
		struct choice c = {.metric = metric,
			.lane = lane,
			.candidates = of.n,
			.level = 1 - m->alpha / (double)of.n,
			.work = common_text(m->g, &of)};
		size_t best = 0;

		for (size_t i = 1; i < of.n; i++)
			best = of.means[i] < of.means[best] ? i : best;
		c.best = of.items[best];
		hold_against_baseline(m, &of, &c);
		hold_against_rivals(m, &of, &c);
		m->out->items = xreallocarray(m->out->items, m->out->n + 1, sizeof *m->out->items);
		m->out->items[m->out->n++] = c;
	}
	free(of.items);
	free(of.means);
}

static void choose_on(struct maker *m, size_t lane)
{
	static const char *const metrics[] = {"time", "energy.package"};

	make_groups(m, lane);
	for (size_t i = 0; i < m->g->configurations_n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(metrics) && m->group[i] == i; k++)
			add_choice(m, lane, i, metrics[k]);
}

/* By benchmark and work: the same of all hosts stand together. */
static int by_work(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	int work = strverscmp(x->work, y->work);

	if (work != 0)
		return work;
	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	return -strcmp(x->metric, y->metric); /* time before energy */
}

void choices_make(const struct study *s, const char *by, const char *baseline, double alpha,
	struct choices *out)
{
	struct maker m = {.s = s,
		.g = &s->g,
		.by = by,
		.baseline = baseline,
		.alpha = alpha,
		.work = xcalloc(s->g.configurations_n + 1, sizeof *m.work),
		.group = xcalloc(s->g.configurations_n + 1, sizeof *m.group),
		.out = out};

	*out = (struct choices){0};
	twins_list(s, &m.twins);
	for (size_t lane = 0; lane < s->g.lanes_n; lane++)
		choose_on(&m, lane);
	if (out->n > 0)
		qsort(out->items, out->n, sizeof *out->items, by_work);
	twins_done(&m.twins);
	free(m.work);
	free(m.group);
}

void choices_done(struct choices *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].work);
	free(c->items);
	*c = (struct choices){0};
}
