/* What one figure cannot show is left away, and said; and a figure for each value of a facet. */
#include "coordinator/report/figure_parts.h"
#include <math.h>

#define ROUGH_RUNS 16

/* ---- what to keep ---- */

struct scored {
	double score;
	size_t index;
};

/* The largest scores first; then the first. NaN is the least. */
static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	double p = isnan(x->score) ? -INFINITY : x->score,
	       q = isnan(y->score) ? -INFINITY : y->score;

	return p > q ? -1 : p < q ? 1 : x->index < y->index ? -1 : x->index > y->index;
}

/* kept[i] for `most` of n, by score, or the first ones. The caller frees. */
static bool *keep_best(const double *score, size_t n, size_t most)
{
	_cleanup_free_ struct scored *order = xcalloc(n + 1, sizeof *order);
	bool *kept = xcalloc(n + 1, sizeof *kept);

	for (size_t i = 0; i < n; i++)
		order[i] = (struct scored){.score = score == NULL ? 0 : score[i], .index = i};
	qsort(order, n, sizeof *order, by_score);
	for (size_t i = 0; i < n && i < most; i++)
		kept[order[i].index] = true;
	return kept;
}

/* `most` of n, evenly spread, ends and `always` among them. The caller frees. */
static bool *keep_spread(size_t n, size_t most, size_t always)
{
	bool *kept = xcalloc(n + 1, sizeof *kept);
	size_t wanted = always < n && most > 1 ? most - 1 : most;

	for (size_t i = 0; i < wanted && n > 0; i++)
		kept[wanted < 2 ? 0 : i * (n - 1) / (wanted - 1)] = true;
	if (always < n)
		kept[always] = true;
	return kept;
}

/* ---- taking the rest away ---- */

/* The values that are kept move together; map[old] is the new index. The caller frees. */
static size_t *compact(struct direction *d, const bool *kept)
{
	size_t *map = xcalloc(d->n + 1, sizeof *map), n = 0;

	for (size_t i = 0; i < d->n; i++) {
		map[i] = kept[i] ? n : NO_INDEX;
		if (!kept[i]) {
			free(d->values[i]);
			continue;
		}
		d->values[n] = d->values[i];
		if (d->is_numeric)
			d->numbers[n] = d->numbers[i];
		n++;
	}
	d->n = n;
	return map;
}

/* field is offsetof() in struct placed; *marked, an index of this direction, moves along. */
static void take_away(
	struct layout *l, struct direction *d, const bool *kept, size_t field, size_t *marked)
{
	_cleanup_free_ size_t *map = compact(d, kept);
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct placed cell = l->cells[i];
		size_t *index = (size_t *)((char *)&cell + field);
		*index = map[*index];
		if (*index != NO_INDEX)
			l->cells[n++] = cell;
	}
	l->n = n;
	if (marked != NULL && *marked != NO_INDEX)
		*marked = map[*marked];
}

static void limit_facets(
	struct layout *l, const double *score, size_t most, const char *which, struct figure *f)
{
	size_t n = l->facet.n;

	if (n <= most)
		return;
	_cleanup_free_ bool *kept = keep_best(score, n, most);
	take_away(l, &l->facet, kept, offsetof(struct placed, facet), NULL);
	figure_note(f, "Shown are %zu of %zu%s%s.", most, n, score == NULL ? "" : ": ",
		score == NULL ? "" : which);
}

static void limit_series(struct layout *l, struct figure *f)
{
	size_t n = l->series.n;

	if (n <= FIGURE_MAX_SERIES)
		return;
	_cleanup_free_ bool *kept = keep_spread(n, FIGURE_MAX_SERIES, l->baseline);
	take_away(l, &l->series, kept, offsetof(struct placed, series), &l->baseline);
	figure_note(f, "Shown are %zu of %zu values of %s.", l->series.n, n, l->series.name);
}

static void limit_x(struct layout *l, size_t most, struct figure *f)
{
	size_t n = l->x.n;

	if (n <= most)
		return;
	_cleanup_free_ bool *kept = keep_spread(n, most, l->reference);
	take_away(l, &l->x, kept, offsetof(struct placed, x), &l->reference);
	figure_note(f, "Shown are %zu of %zu values of %s.", l->x.n, n, l->x.name);
}

static void limit_along(
	struct layout *l, const double *score, const char *which, size_t rows, struct figure *f)
{
	size_t each = rows * l->series.n, most;

	limit_x(l, each < FIGURE_MAX_ROWS / 2 ? FIGURE_MAX_ROWS / 2 / each : 1, f);
	each *= l->x.n;
	most = each == 0 ? FIGURE_MAX_FACETS : FIGURE_MAX_ROWS / each;
	most = most > FIGURE_MAX_FACETS ? FIGURE_MAX_FACETS : most;
	limit_facets(l, score, most == 0 ? 1 : most, which, f);
}

static void limit_texts(struct layout *l, const double *score, const char *which, struct figure *f)
{
	limit_x(l, FIGURE_MAX_TEXTS, f);
	size_t most = l->x.n == 0 ? FIGURE_MAX_TEXTS : FIGURE_MAX_TEXTS / l->x.n;
	limit_facets(l, score, most == 0 ? 1 : most, which, f);
}

void layout_limit(struct layout *l, const double *score, const char *which_facets, size_t rows,
	const char *command, struct figure *f)
{
	size_t facets = l->facet.n, series = l->series.n, x = l->x.n;

	if (l->note != NULL)
		figure_note(f, "%s", l->note);
	if (l->unlike > 1)
		figure_note(f, "Nor that of %zu other hosts.", l->unlike - 1);
	limit_series(l, f);
	if (layout_has_texts(l))
		limit_texts(l, score, which_facets, f);
	else
		limit_along(l, score, which_facets, rows, f);
	if (l->facet.n < facets || l->series.n < series || l->x.n < x)
		figure_note(f, "All are in `%s`.", command);
}

/* About where a cell's values lie, from its first runs: a score is no result, and of a million runs
 * it must not take longer than what is drawn. */
static double level_of(const struct layout *l, const struct quantity *q, const struct placed *cell)
{
	const struct gathered_cell *of = gathered_cell(l->g, cell->lane, cell->configuration);
	const struct series *series[] = {gathered_series(of, q->metric),
		q->other == NO_INDEX ? NULL : gathered_series(of, q->other)};
	double level = 0;

	for (int k = 0; k < 2; k++) {
		double sum = 0;
		size_t n = 0;

		if (series[k] == NULL)
			continue;
		for (; n < series[k]->n && n < ROUGH_RUNS; n++)
			sum += series[k]->values[n];
		level += log(sum / (double)n) * (k == 0 ? 1 : q->power);
	}
	return level;
}

double *layout_scores(const struct layout *l, const struct quantity *q)
{
	double *score = xcalloc(l->facet.n + 1, sizeof *score), first = NAN;

	for (size_t i = 0; i < l->n && l->facet.n > FIGURE_MAX_FACETS / 2; i++) {
		const struct placed *cell = &l->cells[i], *reference = layout_reference(l, cell);
		double level = level_of(l, q, cell);
		if (i == 0 || cell->facet != l->cells[i - 1].facet)
			first = level;
		double far = fabs(level - (reference == NULL ? first : level_of(l, q, reference)));
		if (far > score[cell->facet])
			score[cell->facet] = far;
	}
	return score;
}

/* ---- a figure for each value of a facet ---- */

/* What the configuration on the lane has of a facet; NULL: nothing. */
static const char *facet_value(
	const struct gathered *g, size_t lane, size_t configuration, const char *facet)
{
	const struct gathered_configuration *c = &g->configurations[configuration];

	if (strcmp(facet, "benchmark") == 0)
		return c->benchmark;
	if (strcmp(facet, "host") == 0 || strcmp(facet, "host.name") == 0)
		return g->lanes[lane].host;
	return parameters_get(&c->parameters, facet);
}

static bool has_value(const struct gathered *g, size_t lane, size_t configuration,
	const char *facet, const char *value)
{
	const char *is = facet_value(g, lane, configuration, facet);

	return is != NULL && strcmp(is, value) == 0;
}

/* The values of the facet among the kept cells, as a direction. */
static void facet_values(
	const struct figure_source *source, const char *facet, struct direction *out)
{
	const struct gathered *g = &source->study->g;
	size_t n = g->lanes_n * g->configurations_n, found = 0;
	_cleanup_free_ const char **texts = xcalloc(n + 1, sizeof *texts);
	_cleanup_free_ size_t *index = xcalloc(n + 1, sizeof *index);

	for (size_t i = 0; i < n; i++) {
		const char *text =
			facet_value(g, i / g->configurations_n, i % g->configurations_n, facet);
		if (source->kept[i] && text != NULL)
			texts[found++] = text;
	}
	direction_build(out, texts, found, index);
}

int layout_pages(const struct report_figure *request, const struct figure_source *source,
	struct figures *out, struct error *err, layout_make_page *make)
{
	const struct gathered *g = &source->study->g;
	size_t n = g->lanes_n * g->configurations_n, from = out->n;
	struct direction values = {0};
	int code = 0;

	if (request->facet == NULL)
		code = make(request, source, NULL, out, err);
	else
		facet_values(source, request->facet, &values);
	if (request->facet != NULL && values.n == 0)
		figures_leave_out(out,
			"%s: there is no axis '%s' in the configurations that it shows",
			request->kind, request->facet);
	for (size_t i = 0; i < values.n && i < FIGURE_MAX_FACETS && code == 0; i++) {
		_cleanup_free_ bool *kept = xcalloc(n + 1, sizeof *kept);
		struct figure_source part = *source;
		for (size_t k = 0; k < n; k++)
			kept[k] = source->kept[k] &&
				  has_value(g, k / g->configurations_n, k % g->configurations_n,
					  request->facet, values.values[i]);
		part.kept = kept;
		code = make(request, &part, values.values[i], out, err);
	}
	if (values.n > FIGURE_MAX_FACETS)
		figures_leave_out(out,
			"%s: %d of %zu values of %s have a figure; `only` chooses others",
			request->kind, FIGURE_MAX_FACETS, values.n, request->facet);
	figures_drop_empty(out, from, request->kind);
	direction_done(&values);
	return code;
}
