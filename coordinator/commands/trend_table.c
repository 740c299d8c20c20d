/* `trend` for people: a block for each metric and host, a line a series. */
#include "coordinator/commands/trend_view.h"

#include "coordinator/analysis/parameters.h"
#include "coordinator/commands/summary_grid.h"
#include "coordinator/commands/summary_numbers.h"
#include "proto/clock.h"
#include <math.h>

/* Points of a line that are drawn, the newest. */
#define DRAWN 30

/* One block: series of one metric and host. */
struct block {
	const struct trend *t;
	const struct trend_series **rows;
	size_t left_out;               /* they did not change, and there are too many */
	struct parameters *parameters; /* of each */
	struct grid grid;
};

static const struct trend_series *series_at(const struct block *b, size_t row)
{
	return b->rows[row];
}

/* ---- columns ---- */

static bool is_varied(const struct block *b, const char *axis)
{
	const char *first = NULL;

	for (size_t row = 0; row < b->grid.rows; row++) {
		const char *value = parameters_get(&b->parameters[row], axis);

		value = value == NULL ? "" : value;
		if (first != NULL && strcmp(first, value) != 0)
			return true;
		first = value;
	}
	return false;
}

static bool is_column(const struct grid *grid, const char *title)
{
	for (size_t i = 0; i < grid->n; i++)
		if (strcmp(grid->columns[i].title, title) == 0)
			return true;
	return false;
}

static void add_axis(struct block *b, const char *axis)
{
	struct grid_column *column = grid_add(&b->grid, false, "%s", axis);

	column->is_right = true;
	for (size_t row = 0; row < b->grid.rows; row++) {
		const char *value = parameters_get(&b->parameters[row], axis);

		if (value == NULL)
			continue;
		column->is_right &= value[strspn(value, "0123456789.-+eE")] == '\0';
		column->texts[row] = xstrdup(value);
	}
}

static void add_names(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "benchmark");

	for (size_t row = 0; row < b->grid.rows; row++)
		column->texts[row] = xasprintf("%s%s", series_at(b, row)->benchmark,
			series_at(b, row)->is_canary ? " (canary)" : "");
	for (size_t row = 0; row < b->grid.rows; row++) {
		const struct parameters *p = &b->parameters[row];

		for (size_t i = 0; i < p->n; i++)
			if (!is_column(&b->grid, p->items[i].name) &&
				is_varied(b, p->items[i].name))
				add_axis(b, p->items[i].name);
	}
}

/*
 * One bar a point, from the lowest to the highest of those drawn, but a range of less than four
 * times the threshold is not blown up: noise looks like noise. "|" is a break.
 */
static char *sparkline(const struct trend_series *s, double threshold)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t first = s->n > DRAWN ? s->n - DRAWN : 0;
	double low = INFINITY, high = -INFINITY;

	for (size_t i = first; i < s->n; i++) {
		low = fmin(low, s->points[i].summary.median);
		high = fmax(high, s->points[i].summary.median);
	}
	double middle = (low + high) / 2, least = 4 * threshold * fabs(middle);
	if (high - low < least) {
		low = middle - least / 2;
		high = middle + least / 2;
	}
	for (size_t i = first; i < s->n; i++) {
		double height = high > low ? (s->points[i].summary.median - low) / (high - low) : 0;

		if (s->points[i].is_break && i > first)
			buf_adds(&out, "|");
		buf_adds(&out, bars[height < 1 ? (size_t)(height * (double)ARRAY_SIZE(bars))
					       : ARRAY_SIZE(bars) - 1]);
	}
	return buf_take(&out);
}

/* The first point that can be compared with the last: where the machine is the same. */
static size_t since_break(const struct trend_series *s)
{
	size_t i = s->n - 1;

	while (i > 0 && !s->points[i].is_break)
		i--;
	return i;
}

/* "+5.9 %" of the last point against another one; nothing against itself. */
static char *since(const struct trend_series *s, size_t point)
{
	double ratio = s->points[s->n - 1].summary.median / s->points[point].summary.median;

	if (point + 1 >= s->n || s->is_mute || !isfinite(ratio))
		return NULL;
	return xasprintf("%+.1f %%", 100 * (ratio - 1));
}

static char *changes_text(const struct trend_series *s)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t worse = 0, better = 0, other = 0;

	for (size_t i = 0; i < s->changes_n; i++) {
		worse += s->changes[i].is_worse;
		better += s->changes[i].is_better;
		other += !s->changes[i].is_worse && !s->changes[i].is_better;
	}
	if (worse > 0)
		buf_addf(&out, "▲ %zu ", worse);
	if (better > 0)
		buf_addf(&out, "▼ %zu ", better);
	if (other > 0)
		buf_addf(&out, "◆ %zu ", other);
	if (out.len == 0)
		return NULL;
	out.data[--out.len] = '\0';
	return buf_take(&out);
}

static void add_numbers(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, true, "n");

	for (size_t row = 0; row < b->grid.rows; row++)
		column->texts[row] = xasprintf("%zu", series_at(b, row)->n);
	column = grid_add(&b->grid, false, "trend");
	for (size_t row = 0; row < b->grid.rows; row++)
		column->texts[row] = sparkline(series_at(b, row), b->t->threshold);
	column = grid_add(&b->grid, true, "last");
	for (size_t row = 0; row < b->grid.rows; row++) {
		const struct trend_series *s = series_at(b, row);
		_cleanup_buf_ struct buf value = BUF_INIT, interval = BUF_INIT;

		summary_add_value(&value, &interval, &s->points[s->n - 1].summary);
		column->texts[row] = buf_take(&value);
	}
}

static void add_changes(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, true, "since first");

	for (size_t row = 0; row < b->grid.rows; row++)
		column->texts[row] = since(series_at(b, row), since_break(series_at(b, row)));
	column = grid_add(&b->grid, true, "since previous");
	for (size_t row = 0; row < b->grid.rows; row++) {
		const struct trend_series *s = series_at(b, row);
		bool has_previous = s->n > 1 && !s->points[s->n - 1].is_break;

		column->texts[row] = has_previous ? since(s, s->n - 2) : NULL;
	}
	column = grid_add(&b->grid, false, "changes");
	for (size_t row = 0; row < b->grid.rows; row++)
		column->texts[row] = changes_text(series_at(b, row));
}

/* ---- blocks ---- */

static bool is_same_block(const struct trend_series *a, const struct trend_series *b)
{
	return strcmp(a->metric, b->metric) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       strcmp(a->host, b->host) == 0;
}

static void fill(struct block *b, size_t from, size_t until, bool is_all)
{
	bool is_short = !is_all && until - from > TREND_LINES;

	b->rows = xcalloc(until - from, sizeof *b->rows);
	for (size_t i = from; i < until; i++) {
		const struct trend_series *s = &b->t->series[i];

		if (is_short && s->changes_n == 0 && !s->is_canary)
			b->left_out++;
		else
			b->rows[b->grid.rows++] = s;
	}
	b->parameters = xcalloc(b->grid.rows + 1, sizeof *b->parameters);
	for (size_t row = 0; row < b->grid.rows; row++)
		parameters_parse(&b->parameters[row], series_at(b, row)->parameters);
}

static void block_done(struct block *b)
{
	for (size_t row = 0; row < b->grid.rows; row++)
		parameters_done(&b->parameters[row]);
	free(b->parameters);
	free(b->rows);
	grid_done(&b->grid);
}

static void print_block(const struct trend *t, size_t from, size_t until, bool is_all,
	const struct output_ops *ops, FILE *to)
{
	const struct trend_series *s = &t->series[from];
	struct block b = {.t = t};

	fprintf(to, "\n%s %s on %s%s\n%s", s->metric, s->unit, s->host,
		s->better == BETTER_LOWER    ? ", lower is better"
		: s->better == BETTER_HIGHER ? ", higher is better"
					     : "",
		ops == &output_markdown ? "\n" : "");
	fill(&b, from, until, is_all);
	if (b.grid.rows > 0) {
		add_names(&b);
		add_numbers(&b);
		add_changes(&b);
		grid_print(&b.grid, ops, to);
	}
	if (b.left_out > 0)
		fprintf(to, "%s%zu %sseries without a change (--all shows them)\n",
			ops == &output_markdown ? "\n" : "", b.left_out,
			b.grid.rows > 0 ? "more " : "");
	block_done(&b);
}

static void print_head(const struct trend *t, const char *name, FILE *to)
{
	const struct trend_submission *first = &t->submissions[0],
				      *last = &t->submissions[t->submissions_n - 1];
	char from[32], until[32];

	clock_rfc3339(from, first->submitted_at);
	clock_rfc3339(until, last->submitted_at);
	fprintf(to, "%s  %zu submission%s, %s (%.10s) to %s (%.10s) · points are medians\n", name,
		t->submissions_n, t->submissions_n == 1 ? "" : "s", first->label, from, last->label,
		until);
	fprintf(to,
		"changed: beyond ±%.4g %% and adjusted p ≤ %.4g (over the series of a metric), "
		"levels of 3 or more\n",
		100 * t->threshold, t->alpha);
}

void trend_table(const struct trend *t, const char *name, bool is_all, const struct output_ops *ops,
	FILE *to)
{
	print_head(t, name, to);
	for (size_t from = 0, until; from < t->series_n; from = until) {
		until = from + 1;
		while (until < t->series_n && is_same_block(&t->series[from], &t->series[until]))
			until++;
		print_block(t, from, until, is_all, ops, to);
	}
	trend_list(t, is_all, to);
}
