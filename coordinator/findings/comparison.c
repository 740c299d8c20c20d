#include "coordinator/findings/comparison.h"

#include "coordinator/analysis/summary.h"
#include "coordinator/findings/host_text.h"
#include <math.h>

/* The seed of every random draw: the same data give the same numbers. */
#define SEED 20240229

struct maker {
	const struct question *q;
	const struct gathered *contender, *baseline;
	struct comparison_result *out;
	size_t metric;       /* index into the question's */
	size_t of_contender; /* the metric in each gathered */
	size_t of_baseline;
	enum better better;
};

static const char *keep(struct comparison_result *out, char *text)
{
	out->texts = xreallocarray(out->texts, out->texts_n + 1, sizeof *out->texts);
	return out->texts[out->texts_n++] = text;
}

/* ---- what a lane or a configuration is, along the question ---- */

/* The value of "host" or "host.cpu.codename" of a lane; NULL where it has none. The caller frees.
 */
static char *host_value(const struct gathered *g, size_t lane, const char *by)
{
	json_t *inventory, *at;
	_cleanup_free_ char *path = NULL;
	char *rest, *part, *out = NULL;

	if (strcmp(by, "host") == 0 || strcmp(by, "host.name") == 0)
		return xstrdup(g->lanes[lane].host);
	inventory = at = host_inventory(g->lanes[lane].inventory);
	rest = path = xstrdup(by + strlen("host."));
	while ((part = strsep(&rest, ".")) != NULL)
		at = json_object_get(at, part);
	if (json_is_string(at))
		out = xstrdup(json_string_value(at));
	else if (json_is_integer(at))
		out = xasprintf("%lld", (long long)json_integer_value(at));
	else if (json_is_boolean(at))
		out = xstrdup(json_is_true(at) ? "true" : "false");
	json_decref(inventory);
	return out;
}

/* ---- one line ---- */

static void add_medians(struct compared *row, const struct series *a, const struct series *b)
{
	const struct series *both[] = {a, b};
	double *medians[] = {&row->contender_median, &row->baseline_median};

	for (int i = 0; i < 2; i++) {
		_cleanup_free_ double *copy = xcalloc(both[i]->n, sizeof *copy);
		struct summary s;

		memcpy(copy, both[i]->values, both[i]->n * sizeof *copy);
		summary_of(copy, both[i]->n, 0.95, &s);
		*medians[i] = s.median;
		row->outliers += s.outliers;
	}
}

static void estimate(const struct maker *m, const struct series *a, const struct series *b,
	bool is_paired, struct ratio *out)
{
	double level = 1 - m->q->alpha;

	if (is_paired) {
		_cleanup_free_ double *x = NULL, *y = NULL;
		size_t n = gathered_pairs(a, b, &x, &y);

		if (m->q->by_ranks)
			ratio_of_pair_ranks(x, y, n, level, out);
		else
			ratio_of_pairs(x, y, n, level, SEED, out);
	} else if (m->q->by_ranks) {
		ratio_of_sample_ranks(a->values, a->n, b->values, b->n, level, out);
	} else {
		ratio_of_samples(a->values, a->n, b->values, b->n, level, SEED, out);
	}
}

static void add_row(struct maker *m, size_t configuration, size_t lane, size_t other,
	size_t other_lane, const char *contender, const char *baseline)
{
	const struct series *a =
		gathered_series(gathered_cell(m->contender, lane, configuration), m->of_contender);
	const struct series *b =
		gathered_series(gathered_cell(m->baseline, other_lane, other), m->of_baseline);
	struct comparison_result *out = m->out;
	struct compared row = {.metric = m->metric,
		.configuration = configuration,
		.lane = lane,
		.contender = contender,
		.baseline = baseline,
		.host = m->contender->lanes[lane].host,
		.p_adjusted = NAN};

	if (a == NULL || b == NULL)
		return;
	if (m->q->kind == BY_HOST)
		row.host = keep(
			out, xasprintf("%s / %s", row.host, m->baseline->lanes[other_lane].host));
	add_medians(&row, a, b);
	estimate(m, a, b, m->q->kind == BY_AXIS, &row.ratio);
	row.p_adjusted = row.ratio.p;
	out->rows = xreallocarray(out->rows, out->n + 1, sizeof *out->rows);
	out->rows[out->n++] = row;
}

static void add_missing(struct maker *m, size_t configuration, size_t lane, const char *value)
{
	const struct gathered_configuration *c = &m->contender->configurations[configuration];
	_cleanup_buf_ struct buf text = BUF_INIT;

	/* The same for each metric: said once. */
	if (m->metric > 0)
		return;
	buf_addf(&text, "%s ", c->benchmark);
	parameters_format(&c->parameters, NULL, 0, &text);
	buf_addf(&text, " has no %s on %s", value, m->contender->lanes[lane].host);
	m->out->missing =
		xreallocarray(m->out->missing, m->out->missing_n + 1, sizeof *m->out->missing);
	m->out->missing[m->out->missing_n++] = buf_take(&text);
}

/* ---- along an axis ---- */

static int find_baseline(const struct maker *m, size_t configuration)
{
	const struct gathered *g = m->baseline;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const char *value = parameters_get(&g->configurations[i].parameters, m->q->by);

		if (value != NULL && strcmp(value, m->q->baseline) == 0 &&
			gathered_is_counterpart(&g->configurations[i],
				&m->contender->configurations[configuration], m->q->by))
			return (int)i;
	}
	return -1;
}

static bool has_runs(const struct gathered *g, size_t lane, size_t configuration)
{
	return gathered_cell(g, lane, configuration)->done > 0;
}

static void along_axis(struct maker *m)
{
	const struct gathered *g = m->contender;

	for (size_t c = 0; c < g->configurations_n; c++) {
		const char *value = parameters_get(&g->configurations[c].parameters, m->q->by);
		int other;

		if (value == NULL || strcmp(value, m->q->baseline) == 0)
			continue;
		other = find_baseline(m, c);
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			if (!has_runs(g, lane, c))
				continue;
			if (other < 0 || !has_runs(g, lane, (size_t)other))
				add_missing(m, c, lane, m->q->baseline);
			else
				add_row(m, c, lane, (size_t)other, lane, value, m->q->baseline);
		}
	}
}

/* ---- along hosts ---- */

static void along_hosts(struct maker *m)
{
	const struct gathered *g = m->contender;
	const char **values = xcalloc(g->lanes_n + 1, sizeof *values);

	for (size_t lane = 0; lane < g->lanes_n; lane++) {
		char *value = host_value(g, lane, m->q->by);

		values[lane] = value == NULL ? NULL : keep(m->out, value);
	}
	for (size_t c = 0; c < g->configurations_n; c++) {
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			bool is_compared = false;

			if (values[lane] == NULL || !has_runs(g, lane, c) ||
				strcmp(values[lane], m->q->baseline) == 0)
				continue;
			for (size_t other = 0; other < g->lanes_n; other++) {
				if (values[other] == NULL || !has_runs(g, other, c) ||
					strcmp(values[other], m->q->baseline) != 0)
					continue;
				add_row(m, c, lane, c, other, values[lane], m->q->baseline);
				is_compared = true;
			}
			if (!is_compared)
				add_missing(m, c, lane, m->q->baseline);
		}
	}
	free(values);
}

/* ---- between submissions ---- */

static int find_lane(const struct gathered *g, const char *host)
{
	for (size_t lane = 0; lane < g->lanes_n; lane++)
		if (strcmp(g->lanes[lane].host, host) == 0)
			return (int)lane;
	return -1;
}

static int find_configuration(const struct gathered *g, const struct gathered_configuration *like)
{
	for (size_t i = 0; i < g->configurations_n; i++)
		if (gathered_is_counterpart(&g->configurations[i], like, NULL))
			return (int)i;
	return -1;
}

static void between_submissions(struct maker *m)
{
	const struct gathered *g = m->contender;

	for (size_t c = 0; c < g->configurations_n; c++) {
		int other = find_configuration(m->baseline, &g->configurations[c]);

		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			int other_lane = find_lane(m->baseline, g->lanes[lane].host);

			if (!has_runs(g, lane, c))
				continue;
			if (other < 0 || other_lane < 0 ||
				!has_runs(m->baseline, (size_t)other_lane, (size_t)other))
				add_missing(m, c, lane, m->baseline->label);
			else
				add_row(m, c, lane, (size_t)other, (size_t)other_lane,
					m->contender->label, m->baseline->label);
		}
	}
}

/* ---- a family ---- */

/* p-values of the rows from `from` on are those of one family; then each row can be judged. */
static void judge(struct maker *m, size_t from)
{
	struct comparison_result *out = m->out;
	size_t n = out->n - from;
	_cleanup_free_ double *p = xcalloc(n + 1, sizeof *p);

	for (size_t i = 0; i < n; i++)
		p[i] = out->rows[from + i].ratio.p;
	adjust_family(p, n);
	for (size_t i = 0; i < n; i++) {
		struct compared *row = &out->rows[from + i];

		row->p_adjusted = p[i];
		row->verdict =
			verdict_of(&row->ratio, p[i], m->q->threshold, m->q->alpha, m->better);
		row->smallest = smallest_effect(&row->ratio, m->q->alpha);
		if (row->verdict == VERDICT_INCONCLUSIVE)
			row->more_blocks =
				blocks_to_settle(&row->ratio, m->q->threshold, m->q->alpha);
	}
}

/* Log ratios of a row's pairs, appended to *logs. Unpaired rows give their one difference of means.
 */
static void add_logs(const struct maker *m, const struct compared *row, double **logs, size_t *n)
{
	const struct series *a, *b;
	_cleanup_free_ double *x = NULL, *y = NULL;
	int other;
	size_t pairs;

	if (m->q->kind != BY_AXIS || (other = find_baseline(m, row->configuration)) < 0) {
		*logs = xreallocarray(*logs, *n + 1, sizeof **logs);
		(*logs)[(*n)++] = log(row->ratio.ratio);
		return;
	}
	a = gathered_series(
		gathered_cell(m->contender, row->lane, row->configuration), m->of_contender);
	b = gathered_series(gathered_cell(m->baseline, row->lane, (size_t)other), m->of_baseline);
	pairs = gathered_pairs(a, b, &x, &y);
	*logs = xreallocarray(*logs, *n + pairs, sizeof **logs);
	for (size_t i = 0; i < pairs; i++)
		(*logs)[(*n)++] = log(x[i]) - log(y[i]);
}

/* Rows from..to-1 are one configuration on several hosts. */
static void pool(struct maker *m, size_t from, size_t to)
{
	struct comparison_result *out = m->out;
	const struct compared *first = &out->rows[from];
	struct pooled pooled = {.metric = m->metric,
		.configuration = first->configuration,
		.contender = first->contender,
		.baseline = first->baseline};
	_cleanup_free_ size_t *start = xcalloc(to - from + 1, sizeof *start);
	_cleanup_free_ double *logs = NULL;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		if (!isfinite(out->rows[i].ratio.ratio))
			continue;
		add_logs(m, &out->rows[i], &logs, &n);
		start[++pooled.hosts] = n;
		pooled.verdicts[out->rows[i].verdict]++;
	}
	if (pooled.hosts < 2)
		return;
	ratio_pooled(logs, start, pooled.hosts, 1 - m->q->alpha, SEED, &pooled.ratio);
	out->pooled = xreallocarray(out->pooled, out->pooled_n + 1, sizeof *out->pooled);
	out->pooled[out->pooled_n++] = pooled;
}

static void pool_all(struct maker *m, size_t from)
{
	const struct comparison_result *out = m->out;

	for (size_t i = from, end; i < out->n; i = end) {
		for (end = i + 1;
			end < out->n && out->rows[end].configuration == out->rows[i].configuration;)
			end++;
		if (end - i > 1)
			pool(m, i, end);
	}
}

/* ---- the whole ---- */

/* Whether some configuration has the axis, and one the baseline's value of it. */
static int check_axis(const struct question *q, const struct gathered *g, struct error *err)
{
	const char **axes = NULL, **values = NULL;
	size_t axes_n = 0, values_n = 0;
	bool has_value = false;
	int rc = 0;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const struct parameters *p = &g->configurations[i].parameters;
		const char *value = parameters_get(p, q->by);

		axes = xreallocarray(axes, axes_n + p->n + 1, sizeof *axes);
		for (size_t k = 0; k < p->n; k++)
			axes[axes_n++] = p->items[k].name;
		if (value == NULL)
			continue;
		values = xreallocarray(values, values_n + 1, sizeof *values);
		values[values_n++] = value;
		has_value |= strcmp(value, q->baseline) == 0;
	}
	const char *nearest = values_n == 0 ? nearest_word(q->by, axes, axes_n)
					    : nearest_word(q->baseline, values, values_n);
	if (!has_value)
		rc = error_set(err, ERR_USAGE, "compare: %s has no %s '%s'%s%s%s", g->label,
			values_n == 0 ? "axis" : q->by, values_n == 0 ? q->by : q->baseline,
			nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
	free(axes);
	free(values);
	return rc;
}

static int find_metric(struct maker *m, const char *name, struct error *err)
{
	const struct gathered *g = m->contender;
	const char **known;
	const char *nearest;

	m->of_contender = gathered_metric(g, name);
	m->of_baseline = gathered_metric(m->baseline, name);
	if (m->of_contender < g->metrics_n && g->metrics[m->of_contender].is_used) {
		m->better = g->metrics[m->of_contender].better;
		return 0;
	}
	known = xcalloc(g->metrics_n + 1, sizeof *known);
	for (size_t i = 0; i < g->metrics_n; i++)
		known[i] = g->metrics[i].is_used ? g->metrics[i].name : NULL;
	nearest = nearest_word(name, known, g->metrics_n);
	free(known);
	return error_set(err, ERR_USAGE, "compare: no run of %s has a metric '%s'%s%s%s", g->label,
		name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

int comparison_make(const struct question *q, const struct gathered *contender,
	const struct gathered *baseline, struct comparison_result *out, struct error *err)
{
	struct maker m = {.q = q, .contender = contender, .baseline = baseline, .out = out};
	int rc = q->kind == BY_AXIS ? check_axis(q, contender, err) : 0;

	*out = (struct comparison_result){
		.question = q, .contender = contender, .baseline = baseline};
	for (m.metric = 0; rc == 0 && m.metric < q->metrics_n; m.metric++) {
		size_t from = out->n;

		rc = find_metric(&m, q->metrics[m.metric], err);
		if (rc < 0)
			break;
		if (q->kind == BY_AXIS)
			along_axis(&m);
		else if (q->kind == BY_HOST)
			along_hosts(&m);
		else
			between_submissions(&m);
		judge(&m, from);
		pool_all(&m, from);
	}
	return rc;
}

void comparison_done(struct comparison_result *c)
{
	for (size_t i = 0; i < c->missing_n; i++)
		free(c->missing[i]);
	for (size_t i = 0; i < c->texts_n; i++)
		free(c->texts[i]);
	free(c->missing);
	free(c->texts);
	free(c->rows);
	free(c->pooled);
	*c = (struct comparison_result){0};
}
