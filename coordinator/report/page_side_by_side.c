/* All metrics of a question side by side: time, energy, power, memory of a program in one line. */
#include "coordinator/report/page.h"
#include <math.h>

struct table {
	const struct comparison_result *c;
	size_t *at; /* [metric]: the next of its rows, which all metrics have in one order */
	FILE *to;
};

/* As comparison_cells.c makes pairs: by configuration, then by host. */
static int compare_pairs(const struct compared *a, const struct compared *b)
{
	const size_t keys[][2] = {{a->configuration, b->configuration}, {a->lane, b->lane},
		{a->baseline_configuration, b->baseline_configuration},
		{a->baseline_lane, b->baseline_lane}};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

/* The row of a metric that comes next, or NULL. */
static const struct compared *next_of(const struct table *t, size_t metric)
{
	size_t at = t->at[metric];

	return at < t->c->n && t->c->rows[at].metric == metric ? &t->c->rows[at] : NULL;
}

/* The pair that comes next in any metric, or NULL. */
static const struct compared *next_pair(const struct table *t)
{
	const struct compared *first = NULL;

	for (size_t i = 0; i < t->c->question->metrics_n; i++) {
		const struct compared *row = next_of(t, i);

		if (row != NULL && (first == NULL || compare_pairs(row, first) < 0))
			first = row;
	}
	return first;
}

static void print_cell(const struct compared *row, FILE *to)
{
	_cleanup_buf_ struct buf ratio = BUF_INIT;

	if (row == NULL) {
		fputs("<td></td>", to);
		return;
	}
	text_ratio(&row->ratio, &ratio);
	fprintf(to, "<td class=\"n %s\">", verdict_name(row->verdict));
	html_text(to, ratio.data);
	fprintf(to, "<br><small>%s %s", text_verdict_mark(row->verdict),
		row->verdict == VERDICT_NONE ? "no verdict" : verdict_name(row->verdict));
	fputs("<br>", to);
	if (isfinite(row->p_adjusted))
		fprintf(to, "p %s%.3f · ", row->p_adjusted < 0.001 ? "&lt; " : "",
			fmax(row->p_adjusted, 0.001));
	fprintf(to, "n %zu</small></td>", row->ratio.n);
}

static void print_pair(struct table *t, const struct compared *pair, bool is_shown)
{
	_cleanup_buf_ struct buf name = BUF_INIT;

	if (is_shown) {
		text_configuration(t->c->contender, pair->configuration, &name);
		fputs("<tr>", t->to);
		html_element(t->to, "th", "scope=\"row\"", "%s", name.data);
		html_element(t->to, "td", NULL, "%s", pair->host);
	}
	for (size_t i = 0; i < t->c->question->metrics_n; i++) {
		const struct compared *row = next_of(t, i);

		if (row != NULL && compare_pairs(row, pair) != 0)
			row = NULL;
		if (is_shown)
			print_cell(row, t->to);
		t->at[i] += row != NULL;
	}
	if (is_shown)
		fputs("</tr>\n", t->to);
}

static void print_heads(const struct table *t)
{
	const struct question *q = t->c->question;

	fputs("<thead><tr><th scope=\"col\">configuration<th scope=\"col\">host", t->to);
	for (size_t i = 0; i < q->metrics_n; i++)
		html_element(t->to, "th", "scope=\"col\" class=\"n\"", "%s", q->metrics[i]);
	fputs("</tr></thead><tbody>\n", t->to);
}

void page_side_by_side(const struct comparison_result *c, FILE *to)
{
	const struct question *q = c->question;
	_cleanup_free_ size_t *at = xcalloc(q->metrics_n + 1, sizeof *at);
	struct table t = {.c = c, .at = at, .to = to};
	size_t shown = 0, all = 0;

	for (size_t i = 0; i < q->metrics_n; i++)
		while (at[i] < c->n && c->rows[at[i]].metric != i)
			at[i]++;
	fputs("<h3>Side by side</h3>\n", to);
	html_element(to, "p", NULL,
		"Ratio to %s with its %.4g %% interval; below it the verdict, the p-value adjusted "
		"over the metric, and the number of pairs. ▲ worse, ▼ better, ◆ changed, = the "
		"same "
		"within %.4g %%, ? not settled.",
		q->baseline, 100 * (1 - q->alpha), 100 * q->threshold);
	table_open(to, "all metrics side by side");
	print_heads(&t);
	for (const struct compared *pair; (pair = next_pair(&t)) != NULL; all++) {
		print_pair(&t, pair, all < PAGE_MAX_ROWS);
		shown += all < PAGE_MAX_ROWS;
	}
	table_close(to);
	page_thinned(to, shown, all, "joulerig compare %s --all", c->contender->label);
}
