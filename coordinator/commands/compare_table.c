/* `compare` for people: a block for each metric, what changed first. */
#include "coordinator/commands/compare_view.h"

#include "coordinator/commands/summary_grid.h"
#include <math.h>

/* The order in which verdicts are shown, and the mark of each. */
static const struct shown {
	enum verdict verdict;
	const char *mark;
} order[] = {
	{VERDICT_REGRESSED, "▲ "},
	{VERDICT_CHANGED, "◆ "},
	{VERDICT_IMPROVED, "▼ "},
	{VERDICT_INCONCLUSIVE, "? "},
	{VERDICT_UNCHANGED, "= "},
	{VERDICT_NONE, "  "},
};

/* One block: the rows of a metric in the order in which they are shown. */
struct block {
	const struct comparison_result *c;
	size_t metric;
	const struct compared **rows; /* NULL rows stand for a pooled line */
	const struct pooled **pooled;
	size_t n;
	struct grid grid;
};

/* ---- the rows of a block ---- */

static void add(struct block *b, const struct compared *row, const struct pooled *pooled)
{
	b->rows = xreallocarray(b->rows, b->n + 1, sizeof *b->rows);
	b->pooled = xreallocarray(b->pooled, b->n + 1, sizeof *b->pooled);
	b->rows[b->n] = row;
	b->pooled[b->n++] = pooled;
}

static const struct pooled *pooled_of(const struct block *b, size_t configuration)
{
	for (size_t i = 0; i < b->c->pooled_n; i++)
		if (b->c->pooled[i].metric == b->metric &&
			b->c->pooled[i].configuration == configuration)
			return &b->c->pooled[i];
	return NULL;
}

/* The first place in `order` that one of the configuration's hosts has: they stay together. */
static size_t place_of(const struct block *b, size_t from, size_t to)
{
	size_t place = ARRAY_SIZE(order) - 1;

	for (size_t i = from; i < to; i++)
		for (size_t k = 0; k < place; k++)
			if (order[k].verdict == b->c->rows[i].verdict)
				place = k;
	return place;
}

static void fill(struct block *b, bool is_all)
{
	const struct comparison_result *c = b->c;

	for (size_t place = 0; place < ARRAY_SIZE(order); place++) {
		bool is_hidden = order[place].verdict == VERDICT_UNCHANGED && !is_all;

		for (size_t i = 0, end; i < c->n && !is_hidden; i = end) {
			for (end = i + 1; end < c->n && c->rows[end].metric == c->rows[i].metric &&
					  c->rows[end].configuration == c->rows[i].configuration;)
				end++;
			if (c->rows[i].metric != b->metric || place_of(b, i, end) != place)
				continue;
			for (size_t k = i; k < end; k++)
				add(b, &c->rows[k], NULL);
			const struct pooled *pooled = pooled_of(b, c->rows[i].configuration);
			if (pooled != NULL)
				add(b, NULL, pooled);
		}
	}
}

/* ---- columns ---- */

static size_t configuration_of(const struct block *b, size_t row)
{
	return b->rows[row] ? b->rows[row]->configuration : b->pooled[row]->configuration;
}

/* A configuration is named in the first of its rows alone. */
static bool is_first(const struct block *b, size_t row)
{
	return row == 0 || configuration_of(b, row) != configuration_of(b, row - 1);
}

static const struct gathered_configuration *named(const struct block *b, size_t row)
{
	return &b->c->contender->configurations[configuration_of(b, row)];
}

/* Whether an axis has more than one value over all that is compared. */
static bool is_varied(const struct block *b, const char *axis)
{
	const char *first = NULL;

	for (size_t i = 0; i < b->c->n; i++) {
		const struct gathered_configuration *of =
			&b->c->contender->configurations[b->c->rows[i].configuration];
		const char *value = parameters_get(&of->parameters, axis);

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

static bool is_decimal(const char *s)
{
	return s[strspn(s, "0123456789.-+eE")] == '\0';
}

static void add_axis(struct block *b, const char *axis)
{
	struct grid_column *column = grid_add(&b->grid, false, "%s", axis);

	column->is_right = true;
	for (size_t row = 0; row < b->n; row++) {
		const char *value = parameters_get(&named(b, row)->parameters, axis);

		if (value == NULL)
			continue;
		column->is_right &= is_decimal(value);
		if (is_first(b, row))
			column->texts[row] = xstrdup(value);
	}
}

static void add_names(struct block *b)
{
	struct grid_column *column = grid_add(&b->grid, false, "benchmark");

	for (size_t row = 0; row < b->n; row++)
		column->texts[row] = is_first(b, row) ? xstrdup(named(b, row)->benchmark) : NULL;
	for (size_t row = 0; row < b->n; row++) {
		const struct parameters *p = &named(b, row)->parameters;

		for (size_t i = 0; i < p->n; i++)
			if (!is_column(&b->grid, p->items[i].name) &&
				is_varied(b, p->items[i].name))
				add_axis(b, p->items[i].name);
	}
	column = grid_add(&b->grid, false, "host");
	for (size_t row = 0; row < b->n; row++)
		column->texts[row] = xstrdup(b->rows[row] ? b->rows[row]->host : "pooled");
}

static const struct ratio *ratio_at(const struct block *b, size_t row)
{
	return b->rows[row] ? &b->rows[row]->ratio : &b->pooled[row]->ratio;
}

/* Four digits; whole numbers whole. */
static char *number(double value)
{
	int digits = value > 0 ? 3 - (int)floor(log10(value)) : 3;

	return xasprintf("%.*f", digits < 0 ? 0 : digits > 9 ? 9 : digits, value);
}

/* The one value that all rows share, or NULL. */
static const char *common(const struct comparison_result *c, bool is_contender)
{
	const char *first = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const char *value = is_contender ? c->rows[i].contender : c->rows[i].baseline;

		if (first != NULL && strcmp(first, value) != 0)
			return NULL;
		first = value;
	}
	return first;
}

static void add_medians(struct block *b)
{
	const char *baseline = common(b->c, false), *contender = common(b->c, true);
	struct grid_column *column = grid_add(&b->grid, true, "n");

	for (size_t row = 0; row < b->n; row++)
		if (b->rows[row])
			column->texts[row] = xasprintf("%zu", ratio_at(b, row)->n);
	column = grid_add(&b->grid, true, "%s", baseline ? baseline : "baseline");
	for (size_t row = 0; row < b->n; row++)
		if (b->rows[row])
			column->texts[row] = number(b->rows[row]->baseline_median);
	column = grid_add(&b->grid, true, "%s", contender ? contender : "contender");
	for (size_t row = 0; row < b->n; row++)
		if (b->rows[row])
			column->texts[row] = number(b->rows[row]->contender_median);
}

/* "1.061 [1.054, 1.068]": as many digits as the interval is wide, at least three. */
static char *ratio_text(const struct ratio *r)
{
	double width = r->high - r->low;
	int digits = width > 0 && width < 0.01 ? 4 : 3;

	if (!isfinite(r->ratio))
		return xstrdup("none");
	if (!isfinite(r->low) || !isfinite(r->high))
		return xasprintf("%.*f", digits, r->ratio);
	return xasprintf("%.*f [%.*f, %.*f]", digits, r->ratio, digits, r->low, digits, r->high);
}

static char *p_text(double p)
{
	return isnan(p) ? NULL : p < 0.001 ? xstrdup("<0.001") : xasprintf("%.3f", p);
}

static const char *mark_of(enum verdict v)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i].verdict == v)
			return order[i].mark;
	return "";
}

static char *verdict_text(const struct compared *row)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_addf(&out, "%s%s", mark_of(row->verdict), verdict_name(row->verdict));
	if (row->verdict == VERDICT_INCONCLUSIVE && isfinite(row->smallest))
		buf_addf(&out, ", sees ≥ %.2g %%", 100 * row->smallest);
	if (row->verdict == VERDICT_INCONCLUSIVE && row->more_blocks > 0)
		buf_addf(&out, "; ~%zu more", row->more_blocks);
	return buf_take(&out);
}

/* "2 of 2 hosts regressed": of the commonest verdict. */
static char *pooled_text(const struct pooled *p)
{
	enum verdict most = VERDICT_NONE;

	for (enum verdict v = VERDICT_NONE; v <= VERDICT_CHANGED; v++)
		if (p->verdicts[v] > p->verdicts[most])
			most = v;
	return xasprintf("%zu of %zu hosts %s", p->verdicts[most], p->hosts, verdict_name(most));
}

static void add_verdicts(struct block *b)
{
	struct grid_column *column =
		grid_add(&b->grid, false, "ratio [%.4g %%]", 100 * (1 - b->c->question->alpha));

	for (size_t row = 0; row < b->n; row++)
		column->texts[row] = ratio_text(ratio_at(b, row));
	column = grid_add(&b->grid, true, "p adj");
	for (size_t row = 0; row < b->n; row++)
		column->texts[row] = b->rows[row] ? p_text(b->rows[row]->p_adjusted) : NULL;
	column = grid_add(&b->grid, false, "verdict");
	for (size_t row = 0; row < b->n; row++)
		column->texts[row] =
			b->rows[row] ? verdict_text(b->rows[row]) : pooled_text(b->pooled[row]);
}

/* ---- around the blocks ---- */

static void print_head(const struct comparison_result *c, FILE *to)
{
	const struct question *q = c->question;
	const char *contender = common(c, true), *by = q->by == NULL ? "" : q->by;

	fprintf(to, "%s  %s%s%s against %s · %s · ratio with %.4g %% interval%s\n",
		c->contender->label, by, q->by ? ": " : "", contender ? contender : "the others",
		q->baseline,
		q->kind == BY_AXIS      ? "paired in host and block"
		: q->kind == BY_HISTORY ? "submissions are the units"
					: "two samples, not paired",
		100 * (1 - q->alpha), q->by_ranks ? " (Hodges-Lehmann)" : "");
	fprintf(to,
		"changed: beyond ±%.4g %% and adjusted p ≤ %.4g (Benjamini-Hochberg, %zu "
		"comparison%s a metric)\n",
		100 * q->threshold, q->alpha, c->n / q->metrics_n,
		c->n / q->metrics_n == 1 ? "" : "s");
}

static void print_block(struct block *b, const struct output_ops *ops, FILE *to)
{
	const struct comparison_result *c = b->c;
	const struct gathered_metric *m =
		&c->contender
			 ->metrics[gathered_metric(c->contender, c->question->metrics[b->metric])];

	fprintf(to, "\n%s %s%s\n", m->name, m->unit,
		m->better == BETTER_LOWER    ? ", lower is better"
		: m->better == BETTER_HIGHER ? ", higher is better"
					     : "");
	if (b->n == 0) {
		fputs("all unchanged\n", to);
		return;
	}
	b->grid.rows = b->n;
	add_names(b);
	add_medians(b);
	add_verdicts(b);
	grid_print(&b->grid, ops, to);
	grid_done(&b->grid);
}

static void print_foot(const struct comparison_result *c, bool is_all, FILE *to)
{
	size_t counts[VERDICT_CHANGED + 1] = {0};
	const char *sep = ": ";

	for (size_t i = 0; i < c->n; i++)
		counts[c->rows[i].verdict]++;
	fprintf(to, "\n%zu comparison%s", c->n, c->n == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		enum verdict v = order[i].verdict;

		if (counts[v] == 0)
			continue;
		fprintf(to, "%s%zu %s", sep, counts[v], verdict_name(v));
		sep = " · ";
	}
	fprintf(to, "%s\n", counts[VERDICT_UNCHANGED] && !is_all ? " (--all shows them)" : "");
	for (size_t i = 0; i < c->canaries_n; i++)
		output_wrapped(c->canaries[i], 0, to);
	for (size_t i = 0; i < c->missing_n && (i < 5 || is_all); i++)
		fprintf(to, "%s%s\n", i == 0 ? "not compared: " : "              ", c->missing[i]);
	if (c->missing_n > 5 && !is_all)
		fprintf(to, "              and %zu more (--all)\n", c->missing_n - 5);
}

void compare_table(
	const struct comparison_result *c, bool is_all, const struct output_ops *ops, FILE *to)
{
	print_head(c, to);
	for (size_t metric = 0; metric < c->question->metrics_n; metric++) {
		struct block block = {.c = c, .metric = metric};

		fill(&block, is_all);
		print_block(&block, ops, to);
		free(block.rows);
		free(block.pooled);
	}
	print_foot(c, is_all, to);
}
