/* The table of verdicts: each question, each metric, what changed first. */
#include "coordinator/report/page.h"
#include <math.h>

static const enum verdict order[] = {VERDICT_REGRESSED, VERDICT_CHANGED, VERDICT_IMPROVED,
	VERDICT_INCONCLUSIVE, VERDICT_UNCHANGED, VERDICT_NONE};

static size_t rank_of(enum verdict v)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == v)
			return i;
	return ARRAY_SIZE(order) - 1;
}

/* Rows of one configuration, which stay together. */
struct group {
	size_t from, to, rank;
};

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* The groups of a metric as some configurations have it, the most remarkable verdict first. The
 * caller frees. */
static struct group *groups_of(const struct comparison_result *c, size_t metric,
	const struct gathered_metric *as, size_t *n)
{
	size_t at = gathered_metric(c->contender, c->question->metrics[metric]);

	struct group *out = xcalloc(c->n + 1, sizeof *out);

	*n = 0;
	for (size_t i = 0, end; i < c->n; i = end) {
		struct group g = {.from = i, .rank = ARRAY_SIZE(order)};

		for (end = i; end < c->n && c->rows[end].metric == c->rows[i].metric &&
			      c->rows[end].configuration == c->rows[i].configuration;
			end++) {
			size_t rank = rank_of(c->rows[end].verdict);
			g.rank = rank < g.rank ? rank : g.rank;
		}
		g.to = end;
		if (c->rows[i].metric == metric &&
			gathered_metric_as(c->contender, at, c->rows[i].configuration) == as)
			out[(*n)++] = g;
	}
	if (*n > 0)
		qsort(out, *n, sizeof *out, compare_groups);
	return out;
}

/* ---- a row ---- */

/* Of more axes most cells would be empty, as no benchmark has them all, and the verdict beyond the
 * edge of the page. */
#define MAX_AXES 4

struct table {
	const struct comparison_result *c;
	size_t metric;
	const char **axes; /* that vary among what is compared */
	size_t axes_n;
	bool is_bytes; /* shown in MiB */
	FILE *to;
};

static void cell_number(const struct table *t, double value)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	text_number(t->is_bytes ? value / (1 << 20) : value, &text);
	html_element(t->to, "td", "class=\"n\"", "%s", text.data);
}

static void cell_ratio(FILE *to, const struct ratio *ratio)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	text_ratio(ratio, &text);
	html_element(to, "td", "class=\"n\"", "%s", text.data);
}

static void cell_p(FILE *to, double p)
{
	if (isnan(p))
		fputs("<td></td>", to);
	else if (p < 0.001)
		html_element(to, "td", "class=\"n\"", "< 0.001");
	else
		html_element(to, "td", "class=\"n\"", "%.3f", p);
}

static void names(const struct table *t, size_t configuration)
{
	const struct gathered_configuration *c = &t->c->contender->configurations[configuration];

	if (t->axes_n > MAX_AXES) {
		_cleanup_buf_ struct buf name = BUF_INIT;

		text_configuration(t->c->contender, configuration, &name);
		html_element(t->to, "th", "scope=\"row\"", "%s", name.data);
		return;
	}
	html_element(t->to, "th", "scope=\"row\"", "%s", c->benchmark);
	for (size_t i = 0; i < t->axes_n; i++) {
		const char *value = parameters_get(&c->parameters, t->axes[i]);
		html_element(t->to, "td", NULL, "%s", value == NULL ? "" : value);
	}
}

static void cell_verdict(FILE *to, const struct compared *row)
{
	fprintf(to, "<td class=\"verdict %s\">%s ", verdict_name(row->verdict),
		text_verdict_mark(row->verdict));
	html_text(to, verdict_name(row->verdict));
	if (row->verdict == VERDICT_INCONCLUSIVE && isfinite(row->smallest))
		html_textf(to, "; would have seen %.2g %%", 100 * row->smallest);
	if (row->verdict == VERDICT_INCONCLUSIVE && row->more_blocks > 0)
		html_textf(to, "; about %zu more blocks settle it", row->more_blocks);
	for (size_t i = 0; i < row->flags_n; i++)
		html_textf(to, "%s%s", i == 0 ? " · " : ", ", row->flags[i]);
	fputs("</td>", to);
}

static void print_row(const struct table *t, const struct compared *row)
{
	fputs("<tr>", t->to);
	names(t, row->configuration);
	html_element(t->to, "td", NULL, "%s", row->host);
	html_element(t->to, "td", "class=\"n\"", "%zu", row->ratio.n);
	cell_number(t, row->baseline_median);
	cell_number(t, row->contender_median);
	cell_ratio(t->to, &row->ratio);
	cell_p(t->to, row->p_adjusted);
	cell_verdict(t->to, row);
	fputs("</tr>\n", t->to);
}

static void print_pooled(const struct table *t, const struct pooled *p)
{
	const char *sep = "";

	fputs("<tr class=\"pooled\">", t->to);
	names(t, p->configuration);
	fputs("<td>all hosts</td><td></td><td></td><td></td>", t->to);
	cell_ratio(t->to, &p->ratio);
	fputs("<td></td>", t->to);
	fputs("<td class=\"verdict\">", t->to);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		size_t n = p->verdicts[order[i]];

		if (n == 0)
			continue;
		html_textf(t->to, "%s%zu", sep, n);
		if (*sep == '\0')
			html_textf(t->to, " of %zu hosts", p->hosts);
		html_textf(t->to, " %s",
			order[i] == VERDICT_NONE ? "without a verdict" : verdict_name(order[i]));
		sep = ", ";
	}
	fputs("</td></tr>\n", t->to);
}

/* ---- a table ---- */

static void find_axes(struct table *t)
{
	const struct gathered *g = t->c->contender;
	const char *seen[64];
	size_t seen_n = 0;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const struct parameters *p = &g->configurations[i].parameters;

		for (size_t k = 0; k < p->n; k++) {
			bool is_new = seen_n < ARRAY_SIZE(seen);

			for (size_t s = 0; s < seen_n; s++)
				is_new &= strcmp(seen[s], p->items[k].name) != 0;
			if (!is_new)
				continue;
			seen[seen_n++] = p->items[k].name;
			if (!axis_varies(g, NULL, p->items[k].name))
				continue;
			t->axes = xreallocarray(t->axes, t->axes_n + 1, sizeof *t->axes);
			t->axes[t->axes_n++] = p->items[k].name;
		}
	}
}

static const struct pooled *pooled_of(const struct table *t, size_t configuration)
{
	for (size_t i = 0; i < t->c->pooled_n; i++)
		if (t->c->pooled[i].metric == t->metric &&
			t->c->pooled[i].configuration == configuration)
			return &t->c->pooled[i];
	return NULL;
}

static void print_heads(const struct table *t, const struct gathered_metric *m)
{
	const struct question *q = t->c->question;
	const char *unit = t->is_bytes ? "MiB" : m->unit;
	bool has_unit = strcmp(unit, "1") != 0;

	fprintf(t->to, "<thead><tr><th scope=\"col\">%s</th>",
		t->axes_n > MAX_AXES ? "configuration" : "benchmark");
	for (size_t i = 0; i < t->axes_n && t->axes_n <= MAX_AXES; i++)
		html_element(t->to, "th", "scope=\"col\"", "%s", t->axes[i]);
	fputs("<th scope=\"col\">host</th><th scope=\"col\" class=\"n\">n</th>", t->to);
	html_element(t->to, "th", "scope=\"col\" class=\"n\"", "%s%s%s", q->baseline,
		has_unit ? ", " : "", has_unit ? unit : "");
	html_element(t->to, "th", "scope=\"col\" class=\"n\"", "compared%s%s", has_unit ? ", " : "",
		has_unit ? unit : "");
	html_element(t->to, "th", "scope=\"col\" class=\"n\"", "ratio [%.4g %% interval]",
		100 * (1 - q->alpha));
	fputs("<th scope=\"col\" class=\"n\">adjusted p</th><th scope=\"col\">verdict</th>"
	      "</tr></thead><tbody>\n",
		t->to);
}

/* Where is_only, also if it has no rows. */
static void print_metric_as(const struct comparison_result *c, size_t metric,
	const struct gathered_metric *m, bool is_only, FILE *to)
{
	struct table t = {
		.c = c, .metric = metric, .is_bytes = strcmp(m->unit, "B") == 0, .to = to};
	size_t n, rows = 0, shown = 0;
	_cleanup_free_ struct group *groups = groups_of(c, metric, m, &n);

	if (n == 0 && !is_only)
		return;

	fputs("<h3>", to);
	html_textf(to, "%s%s", m->name,
		m->better == BETTER_LOWER    ? ", lower is better"
		: m->better == BETTER_HIGHER ? ", higher is better"
					     : "");
	fputs("</h3>\n", to);
	find_axes(&t);
	table_open(to, m->name);
	print_heads(&t, m);
	for (size_t i = 0; i < n; rows += groups[i].to - groups[i].from, i++) {
		if (shown >= PAGE_MAX_ROWS)
			continue;
		for (size_t k = groups[i].from; k < groups[i].to; k++, shown++)
			print_row(&t, &c->rows[k]);
		const struct pooled *pooled =
			groups[i].to - groups[i].from > 1
				? pooled_of(&t, c->rows[groups[i].from].configuration)
				: NULL;
		if (pooled != NULL)
			print_pooled(&t, pooled);
	}
	table_close(to);
	page_thinned(to, shown, rows, "joulerig compare %s --all", c->contender->label);
	free(t.axes);
}

/* A table for each thing that benchmarks have under the metric's name. */
static void print_metric(const struct comparison_result *c, size_t metric, FILE *to)
{
	const struct gathered *g = c->contender;
	size_t at = gathered_metric(g, c->question->metrics[metric]), variants = 0;

	for (size_t i = 0; i < g->variants_n; i++)
		variants += g->variants[i].metric == at;
	print_metric_as(c, metric, &g->metrics[at], variants == 0, to);
	for (size_t i = 0; i < g->variants_n; i++)
		if (g->variants[i].metric == at)
			print_metric_as(c, metric, &g->variants[i].as, false, to);
}

/* ---- beside the tables ---- */

/* Some lines, and how many more there are. */
static void print_lines(FILE *to, const char *title, char *const *lines, size_t n)
{
	if (n == 0)
		return;
	fputs("<p>", to);
	html_text(to, title);
	fputs("</p>\n<ul>\n", to);
	for (size_t i = 0; i < n && i < 10; i++)
		html_element(to, "li", NULL, "%s", lines[i]);
	if (n > 10)
		html_element(to, "li", NULL, "and %zu more", n - 10);
	fputs("</ul>\n", to);
}

static void print_differences(const struct comparison_result *c, FILE *to)
{
	if (c->differences_n == 0)
		return;
	fputs("<p>What else differs between the machines:</p>\n", to);
	table_open(to, "differences between machines");
	fputs("<thead><tr><th scope=\"col\">hosts<th scope=\"col\">what<th scope=\"col\">baseline"
	      "<th scope=\"col\">compared</tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < c->differences_n && i < PAGE_MAX_ROWS; i++) {
		const struct difference *d = &c->differences[i];

		fputs("<tr>", to);
		html_element(to, "th", "scope=\"row\"", "%s / %s", d->host, d->other);
		html_element(to, "td", NULL, "%s", d->what);
		html_element(to, "td", NULL, "%s", d->baseline == NULL ? "" : d->baseline);
		html_element(to, "td", NULL, "%s", d->contender == NULL ? "" : d->contender);
		fputs("</tr>\n", to);
	}
	table_close(to);
}

void page_verdicts(const struct report *r, FILE *to)
{
	bool has_side_by_side = false; /* of the first question that is answered */

	page_open(to, "verdicts", "Verdicts");
	if (r->no_questions != NULL)
		html_element(to, "p", "class=\"note\"", "%s", r->no_questions);
	for (size_t i = 0; i < r->questions.n; i++) {
		const struct comparison_result *c = &r->answers[i];
		const struct question *q = &r->questions.items[i];

		fputs("<p>", to);
		html_textf(to, "%s%s%s against %s:", q->by == NULL ? "" : q->by,
			q->by == NULL ? "" : ": ", q->by == NULL ? r->g->label : "each value",
			q->baseline);
		fputs("</p>\n", to);
		if (r->unanswered[i] != NULL) {
			html_element(to, "p", "class=\"note\"", "%s", r->unanswered[i]);
			continue;
		}
		if (c->pooled_n > 0)
			fputs("<p class=\"note\">Of all hosts: the mean of their ratios, with an "
			      "interval for other hosts like them. Two or three hosts say little "
			      "about others, so that it is wide although all agree.</p>\n",
				to);
		if (q->metrics_n > 1 && !has_side_by_side)
			page_side_by_side(c, to);
		has_side_by_side = true;
		for (size_t metric = 0; metric < q->metrics_n; metric++)
			print_metric(c, metric, to);
		print_differences(c, to);
		print_lines(to, "Must not be compared:", c->refused, c->refused_n);
		print_lines(to, "Not compared:", c->missing, c->missing_n);
	}
	page_close(to);
}
