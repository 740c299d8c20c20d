/* One ratio over all hosts of a configuration. */
#include "coordinator/findings/comparison_parts.h"

#include "coordinator/analysis/logs.h"
#include "coordinator/findings/series.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* What is pooled: rows of one configuration and one contender's value. */
struct pool {
	struct pooled_host *hosts;    /* owned, and their logs */
	struct ratio *ratios;         /* owned; of the same hosts */
	struct compared_cells *pairs; /* owned; which they are */
	size_t n;
};

static void add_paired(struct pool *p, const struct compared_series *s)
{
	_cleanup_free_ double *x = NULL, *y = NULL;
	size_t n = gathered_pairs(s->a, s->b, &x, &y);
	double *logs = logs_of(x, n);
	_cleanup_free_ double *others = logs_of(y, n);

	for (size_t i = 0; logs != NULL && others != NULL && i < n; i++)
		logs[i] -= others[i];
	p->hosts[p->n++] = (struct pooled_host){.x = logs, .x_n = n};
}

static void add_samples(struct pool *p, const struct compared_series *s)
{
	p->hosts[p->n++] = (struct pooled_host){.x = logs_of(s->a->values, s->a->n),
		.y = logs_of(s->b->values, s->b->n),
		.x_n = s->a->n,
		.y_n = s->b->n};
}

static void add_host(struct maker *m, struct pool *p, const struct compared *row)
{
	const struct compared_cells pair = {row->configuration, row->lane,
		row->baseline_configuration, row->baseline_lane, row->contender, row->baseline};
	struct compared_series s;

	compared_series_open(m, &pair, &s);
	p->ratios[p->n] = row->ratio;
	p->pairs[p->n] = pair;
	if (row->ratio.is_paired)
		add_paired(p, &s);
	else
		add_samples(p, &s);
	compared_series_done(&s);
}

/* ---- between kinds of hosts ---- */

/* The hosts of one side, each once: exp of their mean logs. */
struct side {
	double *levels; /* owned */
	bool *has;      /* owned; [lane] */
	size_t n;
};

static void add_level(struct side *to, size_t lane, const double *logs, size_t n)
{
	if (to->has[lane] || n == 0)
		return;
	to->has[lane] = true;
	to->levels[to->n++] = exp(gsl_stats_mean(logs, 1, n));
}

/*
 * Pairs of hosts share hosts: each of the five that are compared with one baseline has that one's
 * luck. So the hosts are the units, those of both sides two samples.
 */
static void ratio_of_kinds(const struct maker *m, const struct pool *p, struct ratio *out)
{
	size_t lanes = m->contender->lanes_n;
	struct side sides[2];

	for (int k = 0; k < 2; k++)
		sides[k] = (struct side){.levels = xcalloc(lanes + 1, sizeof(double)),
			.has = xcalloc(lanes + 1, sizeof(bool))};
	for (size_t i = 0; i < p->n; i++) {
		add_level(&sides[0], p->pairs[i].lane, p->hosts[i].x, p->hosts[i].x_n);
		add_level(&sides[1], p->pairs[i].other_lane, p->hosts[i].y, p->hosts[i].y_n);
	}
	ratio_interval_of_samples(
		sides[0].levels, sides[0].n, sides[1].levels, sides[1].n, 1 - m->q->alpha, out);
	for (int k = 0; k < 2; k++) {
		free(sides[k].levels);
		free(sides[k].has);
	}
}

/* ---- all of them ---- */

static void pool_done(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free((void *)(uintptr_t)p->hosts[i].x);
		free((void *)(uintptr_t)p->hosts[i].y);
	}
	free(p->hosts);
	free(p->ratios);
	free(p->pairs);
}

static bool is_pooled_with(const struct compared *row, const struct compared *first)
{
	return isfinite(row->ratio.ratio) && strcmp(row->contender, first->contender) == 0 &&
	       strcmp(row->metric_name, first->metric_name) == 0;
}

/* The rows from..to-1 that belong to the first of them. */
static void pool(struct maker *m, size_t from, size_t to)
{
	struct comparison_result *out = m->out;
	const struct compared *first = &out->rows[from];
	struct pooled pooled = {.metric = m->metric,
		.configuration = first->configuration,
		.metric_name = first->metric_name,
		.contender = first->contender,
		.baseline = first->baseline};
	struct pool p = {.hosts = xcalloc(to - from, sizeof *p.hosts),
		.ratios = xcalloc(to - from, sizeof *p.ratios),
		.pairs = xcalloc(to - from, sizeof *p.pairs)};

	for (size_t i = from; i < to; i++) {
		if (!is_pooled_with(&out->rows[i], first))
			continue;
		add_host(m, &p, &out->rows[i]);
		pooled.verdicts[out->rows[i].verdict]++;
	}
	pooled.hosts = p.n;
	if (p.n > 1) {
		if (m->q->kind == BY_HOST)
			ratio_of_kinds(m, &p, &pooled.ratio);
		else
			ratio_pooled_hosts(p.hosts, p.n, 1 - m->q->alpha, &pooled.ratio);
		heterogeneity_of(p.ratios, p.n, &pooled.spread);
		out->pooled = xreallocarray(out->pooled, out->pooled_n + 1, sizeof pooled);
		out->pooled[out->pooled_n++] = pooled;
	}
	pool_done(&p);
}

/* Whether an earlier row of the configuration was pooled with this one's kind. */
static bool was_pooled(const struct comparison_result *out, size_t from, size_t row)
{
	for (size_t i = from; i < row; i++)
		if (is_pooled_with(&out->rows[i], &out->rows[row]))
			return true;
	return false;
}

void comparison_pool(struct maker *m, size_t from)
{
	const struct comparison_result *out = m->out;

	for (size_t i = from, end; i < out->n; i = end) {
		for (end = i + 1;
			end < out->n && out->rows[end].configuration == out->rows[i].configuration;)
			end++;
		for (size_t row = i; row < end; row++)
			if (isfinite(out->rows[row].ratio.ratio) && !was_pooled(out, i, row))
				pool(m, row, end);
	}
}
