/* `compare` for programs: one row a comparison. */
#include "coordinator/commands/compare_view.h"

#include <math.h>

enum {
	ROW_BENCHMARK,
	ROW_PARAMETERS,
	ROW_HOST,
	ROW_METRIC,
	ROW_BASELINE,
	ROW_CONTENDER,
	ROW_N,
	ROW_RATIO,
	ROW_LOW,
	ROW_HIGH,
	ROW_P,
	ROW_P_ADJUSTED,
	ROW_VERDICT,
	ROW_FLAGS,
	ROW_SMALLEST,
	ROW_MORE_BLOCKS,
	ROW_COLUMNS
};

static const struct column columns[ROW_COLUMNS] = {
	{.name = "benchmark"},
	{.name = "parameters"},
	{.name = "host"},
	{.name = "metric"},
	{.name = "baseline"},
	{.name = "contender"},
	{.name = "n", .is_right = true},
	{.name = "ratio", .is_right = true},
	{.name = "low", .is_right = true},
	{.name = "high", .is_right = true},
	{.name = "p", .is_right = true},
	{.name = "p_adjusted", .is_right = true},
	{.name = "verdict"},
	{.name = "flags"},
	{.name = "smallest_effect", .is_right = true},
	{.name = "more_blocks", .is_right = true},
};

struct line {
	struct cell cells[ROW_COLUMNS];
	char texts[ROW_COLUMNS][32];
	struct buf flags;
};

static void set_text(struct line *l, int at, const char *text)
{
	l->cells[at] = (struct cell){CELL_TEXT, text};
}

static void set_number(struct line *l, int at, double value)
{
	if (!isfinite(value))
		return;
	snprintf(l->texts[at], sizeof l->texts[at], "%.10g", value);
	l->cells[at] = (struct cell){CELL_NUMBER, l->texts[at]};
}

static void set_ratio(struct line *l, const struct ratio *r)
{
	set_number(l, ROW_N, (double)r->n);
	set_number(l, ROW_RATIO, r->ratio);
	set_number(l, ROW_LOW, r->low);
	set_number(l, ROW_HIGH, r->high);
	set_number(l, ROW_P, r->p);
}

static void set_configuration(
	struct line *l, const struct comparison_result *c, size_t configuration)
{
	const struct gathered_configuration *of = &c->contender->configurations[configuration];

	set_text(l, ROW_BENCHMARK, of->benchmark);
	l->cells[ROW_PARAMETERS] = (struct cell){CELL_JSON, of->json};
}

static void add_flag(struct buf *flags, const char *flag)
{
	buf_addf(flags, "%s\"%s\"", flags->len > 1 ? "," : "", flag);
}

static void set_flags(struct line *l, const struct comparison_result *c, const struct compared *row)
{
	const struct gathered_cell *cell =
		gathered_cell(c->contender, row->lane, row->configuration);

	buf_reset(&l->flags);
	buf_addc(&l->flags, '[');
	if (!row->ratio.is_paired)
		add_flag(&l->flags, "unpaired");
	if (row->outliers > 0)
		add_flag(&l->flags, "outliers");
	for (size_t i = 0; i < cell->flags.n; i++)
		add_flag(&l->flags, cell->flags.items[i].text);
	buf_addc(&l->flags, ']');
	l->cells[ROW_FLAGS] = (struct cell){CELL_JSON, l->flags.data};
}

static void write_row(struct line *l, const struct comparison_result *c, const struct compared *row)
{
	memset(l->cells, 0, sizeof l->cells);
	set_configuration(l, c, row->configuration);
	set_text(l, ROW_HOST, row->host);
	set_text(l, ROW_METRIC, c->question->metrics[row->metric]);
	set_text(l, ROW_BASELINE, row->baseline);
	set_text(l, ROW_CONTENDER, row->contender);
	set_ratio(l, &row->ratio);
	set_number(l, ROW_P_ADJUSTED, row->p_adjusted);
	set_text(l, ROW_VERDICT, verdict_name(row->verdict));
	set_flags(l, c, row);
	set_number(l, ROW_SMALLEST, row->smallest);
	if (row->more_blocks > 0)
		set_number(l, ROW_MORE_BLOCKS, (double)row->more_blocks);
}

static void write_pooled(
	struct line *l, const struct comparison_result *c, const struct pooled *pooled)
{
	memset(l->cells, 0, sizeof l->cells);
	set_configuration(l, c, pooled->configuration);
	set_text(l, ROW_HOST, "*");
	set_text(l, ROW_METRIC, c->question->metrics[pooled->metric]);
	set_text(l, ROW_BASELINE, pooled->baseline);
	set_text(l, ROW_CONTENDER, pooled->contender);
	set_ratio(l, &pooled->ratio);
	set_text(l, ROW_VERDICT, "pooled");
	l->cells[ROW_FLAGS] = (struct cell){CELL_JSON, "[]"};
}

void compare_rows(
	struct comparison_result *const *results, size_t n, const struct output_ops *ops, FILE *to)
{
	struct output *o = ops->begin(to, columns, ROW_COLUMNS);
	struct line line = {.flags = BUF_INIT};

	for (size_t i = 0; i < n; i++) {
		const struct comparison_result *c = results[i];

		for (size_t k = 0; k < c->n; k++) {
			write_row(&line, c, &c->rows[k]);
			ops->row(o, line.cells);
		}
		for (size_t k = 0; k < c->pooled_n; k++) {
			write_pooled(&line, c, &c->pooled[k]);
			ops->row(o, line.cells);
		}
	}
	ops->end(o);
	buf_done(&line.flags);
}
