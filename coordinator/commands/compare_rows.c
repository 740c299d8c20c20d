/* `compare` for programs: one row a comparison. */
#include "coordinator/commands/compare_view.h"
#include "coordinator/findings/study.h"

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
	ROW_BASELINE_MEDIAN,
	ROW_CONTENDER_MEDIAN,
	ROW_UNIT,
	ROW_EQUIVALENCE,
	ROW_RANK_P,
	ROW_DIFFERS,
	ROW_I2,
	ROW_BETWEEN,
	ROW_AGAINST,
	ROW_CANARY,
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
	{.name = "baseline_median", .is_right = true},
	{.name = "contender_median", .is_right = true},
	{.name = "unit"},
	{.name = "equivalence_p", .is_right = true},
	{.name = "rank_p", .is_right = true},
	{.name = "differs"},
	{.name = "i2", .is_right = true},
	{.name = "between", .is_right = true},
	{.name = "against"},
	{.name = "canary"},
};

struct line {
	struct cell cells[ROW_COLUMNS];
	char texts[ROW_COLUMNS][CELL_TEXT_SIZE];
	struct buf flags, differs;
};

static void set_text(struct line *l, int at, const char *text)
{
	l->cells[at] = (struct cell){CELL_TEXT, text};
}

static void set_number(struct line *l, int at, double value)
{
	cell_set_number(&l->cells[at], l->texts[at], value, 10);
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

/* Of two submissions: the one that the baseline is, the newest of several; and whether the
 * benchmark is a canary. */
static void set_sides(struct line *l, const struct comparison_result *c, const struct study *of,
	size_t configuration)
{
	const struct benchmark *b = study_benchmark(of, configuration);

	if (c->question->kind == BY_SUBMISSION || c->question->kind == BY_HISTORY)
		set_text(l, ROW_AGAINST, c->baseline->label);
	l->cells[ROW_CANARY] =
		(struct cell){CELL_BOOL, b != NULL && b->is_canary ? "true" : "false"};
}

static void set_flags(struct line *l, const struct compared *row)
{
	buf_reset(&l->flags);
	buf_addc(&l->flags, '[');
	for (size_t i = 0; i < row->flags_n; i++) {
		buf_adds(&l->flags, i > 0 ? "," : "");
		json_add_string(&l->flags, row->flags[i], strlen(row->flags[i]));
	}
	buf_addc(&l->flags, ']');
	l->cells[ROW_FLAGS] = (struct cell){CELL_JSON, l->flags.data};
}

static void add_key(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "\"%s\":", key);
	json_add_string(out, text, strlen(text));
}

/* What else differs between the two machines of a row; [] along an axis. */
static void set_differences(
	struct line *l, const struct comparison_result *c, const struct compared *row)
{
	const char *host = c->contender->lanes[row->lane].host;
	const char *other = c->baseline->lanes[row->baseline_lane].host;

	buf_reset(&l->differs);
	buf_addc(&l->differs, '[');
	for (size_t i = 0; i < c->differences_n; i++) {
		const struct difference *d = &c->differences[i];

		if (strcmp(d->host, host) != 0 || strcmp(d->other, other) != 0)
			continue;
		buf_adds(&l->differs, l->differs.len > 1 ? ",{" : "{");
		add_key(&l->differs, "what", d->what);
		buf_addc(&l->differs, ',');
		add_key(&l->differs, "contender", d->contender);
		buf_addc(&l->differs, ',');
		add_key(&l->differs, "baseline", d->baseline);
		buf_addc(&l->differs, '}');
	}
	buf_addc(&l->differs, ']');
	l->cells[ROW_DIFFERS] = (struct cell){CELL_JSON, l->differs.data};
}

static void write_row(struct line *l, const struct comparison_result *c, const struct study *of,
	const struct compared *row)
{
	memset(l->cells, 0, sizeof l->cells);
	set_sides(l, c, of, row->configuration);
	set_configuration(l, c, row->configuration);
	set_text(l, ROW_HOST, row->host);
	set_text(l, ROW_METRIC, row->metric_name);
	set_text(l, ROW_BASELINE, row->baseline);
	set_text(l, ROW_CONTENDER, row->contender);
	set_ratio(l, &row->ratio);
	set_number(l, ROW_P_ADJUSTED, row->p_adjusted);
	set_text(l, ROW_VERDICT, verdict_name(row->verdict));
	set_flags(l, row);
	set_number(l, ROW_SMALLEST, row->smallest);
	if (row->more_blocks > 0)
		set_number(l, ROW_MORE_BLOCKS, (double)row->more_blocks);
	set_number(l, ROW_BASELINE_MEDIAN, row->baseline_median);
	set_number(l, ROW_CONTENDER_MEDIAN, row->contender_median);
	set_text(l, ROW_UNIT, row->unit);
	set_number(l, ROW_EQUIVALENCE, row->equivalence);
	set_number(l, ROW_RANK_P, row->rank_p);
	set_differences(l, c, row);
}

static void write_pooled(struct line *l, const struct comparison_result *c, const struct study *of,
	const struct pooled *pooled)
{
	memset(l->cells, 0, sizeof l->cells);
	set_sides(l, c, of, pooled->configuration);
	set_configuration(l, c, pooled->configuration);
	set_text(l, ROW_HOST, "*");
	set_text(l, ROW_METRIC, pooled->metric_name);
	set_text(l, ROW_BASELINE, pooled->baseline);
	set_text(l, ROW_CONTENDER, pooled->contender);
	set_ratio(l, &pooled->ratio);
	set_text(l, ROW_VERDICT, "pooled");
	l->cells[ROW_FLAGS] = l->cells[ROW_DIFFERS] = (struct cell){CELL_JSON, "[]"};
	set_number(l, ROW_I2, pooled->spread.i2);
	set_number(l, ROW_BETWEEN, pooled->spread.between);
}

void compare_rows(struct comparison_result *const *results, size_t n, const struct study *contender,
	const struct output_ops *ops, FILE *to)
{
	struct output *o = ops->begin(to, columns, ROW_COLUMNS);
	struct line line = {.flags = BUF_INIT, .differs = BUF_INIT};

	for (size_t i = 0; i < n; i++) {
		const struct comparison_result *c = results[i];

		for (size_t k = 0; k < c->n; k++) {
			write_row(&line, c, contender, &c->rows[k]);
			ops->row(o, line.cells);
		}
		for (size_t k = 0; k < c->pooled_n; k++) {
			write_pooled(&line, c, contender, &c->pooled[k]);
			ops->row(o, line.cells);
		}
	}
	ops->end(o);
	buf_done(&line.flags);
	buf_done(&line.differs);
}
