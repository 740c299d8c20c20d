#include "coordinator/findings/claims.h"
#include "coordinator/analysis/agreement.h"
#include "coordinator/findings/derived.h"
#include "coordinator/findings/questions.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

const char *claim_verdict_name(enum claim_verdict v)
{
	static const char *const names[] = {
		[CLAIM_INCONCLUSIVE] = "inconclusive",
		[CLAIM_CONTRADICTED] = "contradicted",
		[CLAIM_REPLICATED] = "replicated",
	};

	return names[v];
}

/* ---- rows ---- */

static enum claim_verdict judge(const struct report_claim *c, const struct ratio *r)
{
	if (!isfinite(r->low) || !isfinite(r->high))
		return CLAIM_INCONCLUSIVE;
	if (r->low >= c->low && r->high <= c->high)
		return CLAIM_REPLICATED;
	return r->low > c->high || r->high < c->low ? CLAIM_CONTRADICTED : CLAIM_INCONCLUSIVE;
}

static void add_row(struct claim_answer *a, const char *host, size_t configuration,
	const struct ratio *ratio, double i2)
{
	a->rows = xreallocarray(a->rows, a->n + 1, sizeof *a->rows);
	a->rows[a->n++] = (struct claim_row){.host = host == NULL ? NULL : xstrdup(host),
		.configuration = configuration,
		.ratio = *ratio,
		.i2 = i2,
		.verdict = judge(a->claim, ratio)};
}

/* Of which configurations the claim does not speak on each of their hosts: their pool is not of
 * what is claimed. */
static bool *partly_kept(const struct comparison_result *c, const bool *kept)
{
	bool *is_partly = xcalloc(c->contender->configurations_n + 1, sizeof *is_partly);

	for (size_t i = 0; i < c->n; i++) {
		const struct compared *row = &c->rows[i];

		is_partly[row->configuration] |=
			!kept[row->lane * c->contender->configurations_n + row->configuration];
	}
	return is_partly;
}

static int by_hosts(const void *left, const void *right)
{
	const struct compared *a = *(const struct compared *const *)left,
			      *b = *(const struct compared *const *)right;

	if (a->lane != b->lane)
		return a->lane < b->lane ? -1 : 1;
	if (a->baseline_lane != b->baseline_lane)
		return a->baseline_lane < b->baseline_lane ? -1 : 1;
	return a < b ? -1 : a > b; /* they stand in the order of configurations */
}

/* The rows of the claim's contender that it speaks of, by host; the caller frees. */
static const struct compared **rows_of(const struct claim_answer *a,
	const struct comparison_result *c, const bool *kept, size_t *n)
{
	const struct compared **rows = xcalloc(c->n + 1, sizeof *rows);

	*n = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct compared *row = &c->rows[i];

		if (strcmp(row->contender, a->claim->contender) == 0 &&
			kept[row->lane * c->contender->configurations_n + row->configuration])
			rows[(*n)++] = row;
	}
	return rows;
}

static void add_rows(struct claim_answer *a, const struct comparison_result *c, const bool *kept)
{
	size_t n;
	_cleanup_free_ bool *is_partly = partly_kept(c, kept);
	_cleanup_free_ const struct compared **rows = rows_of(a, c, kept, &n);

	qsort(rows, n, sizeof *rows, by_hosts);
	for (size_t i = 0; i < n; i++)
		add_row(a, rows[i]->host, rows[i]->configuration, &rows[i]->ratio, NAN);
	for (size_t i = 0; i < c->pooled_n; i++)
		if (strcmp(c->pooled[i].contender, a->claim->contender) == 0 &&
			!is_partly[c->pooled[i].configuration])
			add_row(a, NULL, c->pooled[i].configuration, &c->pooled[i].ratio,
				c->pooled[i].spread.i2);
}

/* ---- hosts against each other ---- */

/* Which of rows are of the configuration of rows[at], which stand together: *from .. *to - 1. */
static void same_configuration(
	const struct compared *const *rows, size_t n, size_t at, size_t *from, size_t *to)
{
	for (*from = at; *from > 0 && rows[*from - 1]->configuration == rows[at]->configuration;)
		--*from;
	for (*to = at + 1; *to < n && rows[*to]->configuration == rows[at]->configuration;)
		++*to;
}

/* A row for each configuration that several hosts have, on each of them. */
static void add_rows_of_hosts(
	struct claim_answer *a, const struct comparison_result *c, const bool *kept)
{
	size_t n, from, to;
	_cleanup_free_ const struct compared **rows = rows_of(a, c, kept, &n);
	_cleanup_free_ struct ratio *ratios = xcalloc(n + 1, sizeof *ratios);
	struct heterogeneity spread;
	struct ratio apart;

	for (size_t lane = 0; lane < c->contender->lanes_n; lane++) {
		for (size_t i = 0; i < n; i++) {
			if (rows[i]->lane != lane)
				continue;
			same_configuration(rows, n, i, &from, &to);
			if (to - from < 2)
				continue;
			for (size_t k = from; k < to; k++)
				ratios[k - from] = rows[k]->ratio;
			ratio_against_others(ratios, to - from, i - from, a->level, &apart);
			heterogeneity_of(ratios, to - from, &spread);
			add_row(a, rows[i]->host, rows[i]->configuration, &apart, spread.i2);
		}
	}
	if (n > 0 && a->n == 0)
		a->why = xasprintf("hosts are held against each other, and no configuration that "
				   "it speaks of has runs of both on more than one%s%s",
			c->contender->lanes_n == 1 ? ": there is only " : "",
			c->contender->lanes_n == 1 ? c->contender->lanes[0].host : "");
}

/* ---- hosts ---- */

static bool is_same_host(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_better(const struct report_claim *c, enum better better, double a, double b)
{
	bool lower = better == BETTER_LOWER || (better == BETTER_NONE && c->low * c->high < 1);

	return isnan(b) || (lower ? a < b : a > b);
}

/* A ratio with its interval at another level. */
static struct ratio at_level(const struct ratio *of, double level)
{
	struct ratio r = *of;

	if (!(r.se > 0) || !isfinite(r.se) || !isfinite(r.df) || !(r.df > 0))
		return r;
	double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, r.df) * r.se;
	r.low = exp(log(r.ratio) - half);
	r.high = exp(log(r.ratio) + half);
	return r;
}

/* The intervals of rows of which the best is picked hold together, so that the one that is picked
 * holds (Bonferroni). */
static void widen(struct claim_answer *a, size_t from, size_t to, double level)
{
	for (size_t i = from; i < to; i++) {
		a->rows[i].ratio = at_level(&a->rows[i].ratio, level);
		a->rows[i].verdict = judge(a->claim, &a->rows[i].ratio);
	}
}

/*
 * Of rows that must all hold: replicated where each does, at the claim's own level (when they do
 * not all hold, one that does not would have to be taken for one that does: Berger 1982). One is
 * enough to contradict, and of many one lies outside by chance alone, so that it is held against
 * them at 1 - alpha / rows (Bonferroni).
 */
static enum claim_verdict verdict_of_rows(const struct claim_answer *a, size_t from, size_t to)
{
	double level = 1 - (1 - a->level) / (double)(to - from);
	size_t held = 0;

	for (size_t i = from; i < to; i++) {
		struct ratio wide = at_level(&a->rows[i].ratio, level);

		/* A wider interval contradicts no more; at the same level it is another by
		 * rounding. */
		if (a->rows[i].verdict == CLAIM_CONTRADICTED &&
			(to - from == 1 || judge(a->claim, &wide) == CLAIM_CONTRADICTED))
			return CLAIM_CONTRADICTED;
		held += a->rows[i].verdict == CLAIM_REPLICATED;
	}
	return held == to - from ? CLAIM_REPLICATED : CLAIM_INCONCLUSIVE;
}

/* Rows from..to-1 are of one host. */
static void add_host(struct claim_answer *a, size_t from, size_t to, enum better better)
{
	bool is_best = a->claim->of == CLAIM_OF_BEST;
	struct claim_host h = {.host = a->rows[from].host,
		.rows = to - from,
		.best = from,
		.i2 = NAN,
		.level = is_best ? 1 - (1 - a->level) / (double)(to - from) : a->level};

	if (is_best)
		widen(a, from, to, h.level);
	for (size_t i = from; i < to; i++) {
		if (is_better(
			    a->claim, better, a->rows[i].ratio.ratio, a->rows[h.best].ratio.ratio))
			h.best = i;
	}
	for (size_t i = is_best ? h.best : from; i < (is_best ? h.best + 1 : to); i++)
		h.i2 = fmax(h.i2, a->rows[i].i2);
	h.verdict = is_best ? a->rows[h.best].verdict : verdict_of_rows(a, from, to);
	a->hosts = xreallocarray(a->hosts, a->hosts_n + 1, sizeof *a->hosts);
	a->hosts[a->hosts_n++] = h;
}

static void add_hosts(struct claim_answer *a, enum better better)
{
	for (size_t from = 0, to; from < a->n; from = to) {
		for (to = from + 1;
			to < a->n && is_same_host(a->rows[to].host, a->rows[from].host);)
			to++;
		add_host(a, from, to, better);
	}
}

/* All hosts together, where each must lie where the others do. */
static void add_all_hosts(struct claim_answer *a)
{
	struct claim_host all = {.i2 = NAN, .level = a->level};

	for (size_t i = 0; i < a->hosts_n; i++)
		all.i2 = fmax(all.i2, a->hosts[i].i2);
	all.verdict = verdict_of_rows(a, 0, a->n);
	a->hosts = xreallocarray(a->hosts, a->hosts_n + 1, sizeof *a->hosts);
	a->hosts[a->hosts_n++] = all;
}

struct claim_hosts claims_hosts_by_verdict(const struct claim_answer *a)
{
	struct claim_hosts out = {0};

	for (size_t i = 0; i < a->hosts_n; i++) {
		if (a->hosts[i].host == NULL)
			continue;
		out.hosts++;
		out.n[a->hosts[i].verdict]++;
	}
	return out;
}

/* ---- a claim ---- */

static double alpha_of(const struct campaign *c, const char *by)
{
	for (size_t i = 0; i < c->comparisons_n; i++)
		if (c->comparisons[i].by != NULL && strcmp(c->comparisons[i].by, by) == 0 &&
			c->comparisons[i].alpha > 0)
			return c->comparisons[i].alpha;
	return DEFAULT_ALPHA;
}

static int compare(struct claim_answer *a, const struct gathered *g, const char *metric,
	const bool *kept, struct error *err)
{
	const struct question q = {.kind = compared_by_of(a->claim->by),
		.by = a->claim->by,
		.baseline = a->claim->baseline,
		.metrics = &metric,
		.metrics_n = 1,
		.threshold = DEFAULT_THRESHOLD,
		.alpha = 1 - a->level};
	struct comparison_result c;
	int code = comparison_make(&q, g, g, &c, err);

	if (code == 0) {
		if (a->claim->of == CLAIM_OF_HOSTS)
			add_rows_of_hosts(a, &c, kept);
		else
			add_rows(a, &c, kept);
		add_hosts(a, g->metrics[gathered_metric(g, metric)].better);
		if (a->claim->of == CLAIM_OF_HOSTS && a->hosts_n > 0)
			add_all_hosts(a);
	}
	comparison_done(&c);
	return code;
}

static void answer(const struct study *s, struct claim_answer *a)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;
	_cleanup_free_ bool *kept = xcalloc(n + 1, sizeof *kept);
	struct derived derived = {0};
	struct error err = {0};
	int code = study_only_of(s, a->claim->only, kept, &err);

	a->level = 1 - alpha_of(s->campaign, a->claim->by);
	if (code == 0 && a->claim->expr == NULL)
		code = compare(a, &s->g, a->claim->metric, kept, &err);
	else if (code == 0 &&
		 derived_make(s, a->claim->expr, kept, a->claim->metric_text, &derived, &err))
		code = compare(a, &derived.g, a->claim->metric_text, kept, &err);
	derived_done(&derived);
	if (a->n == 0 && a->why == NULL)
		a->why =
			xstrdup(err.text[0] != '\0' ? err.text
						    : "no configuration that it speaks of has runs "
						      "of both");
}

void claims_make(const struct study *s, struct claim_answers *out)
{
	const struct campaign *c = s->campaign;

	*out = (struct claim_answers){.n = c == NULL ? 0 : c->report.claims_n};
	out->items = xcalloc(out->n + 1, sizeof *out->items);
	for (size_t i = 0; i < out->n; i++) {
		out->items[i].claim = &c->report.claims[i];
		answer(s, &out->items[i]);
	}
}

void claims_done(struct claim_answers *a)
{
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < a->items[i].n; k++)
			free(a->items[i].rows[k].host);
		free(a->items[i].rows);
		free(a->items[i].hosts);
		free(a->items[i].why);
	}
	free(a->items);
	*a = (struct claim_answers){0};
}
