#include "coordinator/findings/claims.h"
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"
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

/* ---- an expression over metrics, as a metric of its own ---- */

/* The gathered runs with one metric: what the expression gives for each run. Texts and
 * configurations are those of the study's. */
struct derived {
	struct gathered g;
	struct gathered_metric metric;
};

/* One run, whose metrics an expression asks for. */
struct asked_run {
	const struct gathered *g;
	const struct gathered_cell *cell;
	int64_t run;
};

static bool lookup(void *arg, const char *name, double *value)
{
	const struct asked_run *a = arg;
	const struct series *s = gathered_series(a->cell, gathered_metric(a->g, name));

	for (size_t i = 0; s != NULL && i < s->n; i++) {
		if (s->runs[i] == a->run) {
			*value = s->values[i];
			return true;
		}
	}
	return false;
}

static void add_value(struct series *s, const struct series *like, size_t i, double value)
{
	if (s->values == NULL) {
		s->values = xcalloc(like->n, sizeof *s->values);
		s->blocks = xcalloc(like->n, sizeof *s->blocks);
		s->runs = xcalloc(like->n, sizeof *s->runs);
	}
	s->values[s->n] = value;
	s->blocks[s->n] = like->blocks[i];
	s->runs[s->n++] = like->runs[i];
}

/* Runs that lack one of the metrics have no value; err has why of the last. */
static void evaluate_cell(const struct gathered *g, const struct gathered_cell *cell,
	const struct expression *e, struct names *names, struct series *out, struct error *err)
{
	const struct series *first = NULL;

	for (size_t i = 0; first == NULL && i < e->names_n; i++)
		if (e->names[i].kind == NAME_METRIC)
			first = gathered_series(cell, gathered_metric(g, e->names[i].path));
	for (size_t i = 0; first != NULL && i < first->n; i++) {
		struct asked_run asked = {.g = g, .cell = cell, .run = first->runs[i]};
		struct evaluated value;

		names_set_metrics(names, lookup, &asked);
		if (names_evaluate(names, e, &value, err) == 0 && value.type == EVALUATED_NUMBER)
			add_value(out, first, i, value.number);
	}
}

static void derived_done(struct derived *d)
{
	size_t n = d->g.lanes_n * d->g.configurations_n;

	for (size_t i = 0; d->g.cells != NULL && i < n; i++) {
		free(d->g.cells[i].series->values);
		free(d->g.cells[i].series->blocks);
		free(d->g.cells[i].series->runs);
		free(d->g.cells[i].series);
	}
	free(d->g.cells);
}

/* The cells of d, which have no series yet. */
static int derive_cells(const struct study *s, const struct report_claim *claim,
	struct study_names *names, struct derived *d, struct error *err)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;

	for (size_t i = 0; i < n; i++) {
		struct gathered_cell *cell = &d->g.cells[i];
		struct names *at = study_names_at(
			names, i / s->g.configurations_n, i % s->g.configurations_n, err);

		if (at == NULL)
			return err->code;
		evaluate_cell(&s->g, &s->g.cells[i], claim->expr, at, cell->series, err);
		d->metric.is_used |= cell->series->n > 0;
	}
	return 0;
}

/* Returns whether some run has a value; err has why none has. */
static bool derive(const struct study *s, const struct report_claim *claim, struct derived *d,
	struct error *err)
{
	size_t n = s->g.lanes_n * s->g.configurations_n;
	struct study_names *names;

	if (study_names_open(s, &names, err) < 0)
		return false;
	d->metric = (struct gathered_metric){
		.name = claim->metric_text, .unit = (char *)"1", .is_own = true};
	d->g = s->g;
	d->g.metrics = &d->metric;
	d->g.metrics_n = 1;
	d->g.cells = xcalloc(n + 1, sizeof *d->g.cells);
	for (size_t i = 0; i < n; i++) {
		d->g.cells[i] = s->g.cells[i];
		d->g.cells[i].series = xcalloc(1, sizeof *d->g.cells[i].series);
		d->g.cells[i].series_n = 1;
	}
	int code = derive_cells(s, claim, names, d, err);
	study_names_close(names);
	if (code == 0 && !d->metric.is_used && err->text[0] == '\0')
		error_set(err, ERR_USAGE, "no run has the metrics of %s", claim->metric_text);
	return code == 0 && d->metric.is_used;
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

static void add_row(
	struct claim_answer *a, const char *host, size_t configuration, const struct ratio *ratio)
{
	a->rows = xreallocarray(a->rows, a->n + 1, sizeof *a->rows);
	a->rows[a->n++] = (struct claim_row){.host = host == NULL ? NULL : xstrdup(host),
		.configuration = configuration,
		.ratio = *ratio,
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

static void add_rows(struct claim_answer *a, const struct comparison_result *c, const bool *kept)
{
	const char *contender = a->claim->contender;
	_cleanup_free_ bool *is_partly = partly_kept(c, kept);
	_cleanup_free_ const struct compared **rows = xcalloc(c->n + 1, sizeof *rows);
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct compared *row = &c->rows[i];

		if (strcmp(row->contender, contender) == 0 &&
			kept[row->lane * c->contender->configurations_n + row->configuration])
			rows[n++] = row;
	}
	qsort(rows, n, sizeof *rows, by_hosts);
	for (size_t i = 0; i < n; i++)
		add_row(a, rows[i]->host, rows[i]->configuration, &rows[i]->ratio);
	for (size_t i = 0; i < c->pooled_n; i++)
		if (strcmp(c->pooled[i].contender, contender) == 0 &&
			!is_partly[c->pooled[i].configuration])
			add_row(a, NULL, c->pooled[i].configuration, &c->pooled[i].ratio);
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

/* The intervals of rows of which the best is picked hold together, so that the one that is picked
 * holds (Bonferroni). */
static void widen(struct claim_answer *a, size_t from, size_t to, double level)
{
	for (size_t i = from; i < to; i++) {
		struct ratio *r = &a->rows[i].ratio;

		if (!isfinite(r->se) || !isfinite(r->df) || !(r->df > 0))
			continue;
		double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, r->df) * r->se;
		r->low = exp(log(r->ratio) - half);
		r->high = exp(log(r->ratio) + half);
		a->rows[i].verdict = judge(a->claim, r);
	}
}

/* Rows from..to-1 are of one host. */
static void add_host(struct claim_answer *a, size_t from, size_t to, enum better better)
{
	struct claim_host h = {.host = a->rows[from].host,
		.rows = to - from,
		.best = from,
		.level = a->claim->is_best ? 1 - (1 - a->level) / (double)(to - from) : a->level};
	size_t counts[CLAIM_REPLICATED + 1] = {0};

	if (a->claim->is_best)
		widen(a, from, to, h.level);
	for (size_t i = from; i < to; i++) {
		counts[a->rows[i].verdict]++;
		if (is_better(
			    a->claim, better, a->rows[i].ratio.ratio, a->rows[h.best].ratio.ratio))
			h.best = i;
	}
	if (a->claim->is_best)
		h.verdict = a->rows[h.best].verdict;
	else if (counts[CLAIM_CONTRADICTED] > 0)
		h.verdict = CLAIM_CONTRADICTED;
	else if (counts[CLAIM_REPLICATED] == h.rows)
		h.verdict = CLAIM_REPLICATED;
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

/* ---- a claim ---- */

static double alpha_of(const struct campaign *c, const char *by)
{
	for (size_t i = 0; i < c->comparisons_n; i++)
		if (strcmp(c->comparisons[i].by, by) == 0 && c->comparisons[i].alpha > 0)
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
		add_rows(a, &c, kept);
		add_hosts(a, g->metrics[gathered_metric(g, metric)].better);
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
	else if (code == 0 && derive(s, a->claim, &derived, &err))
		code = compare(a, &derived.g, a->claim->metric_text, kept, &err);
	derived_done(&derived);
	if (a->n == 0)
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
