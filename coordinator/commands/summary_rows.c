/*
 * `results` for programs: one row a configuration and host; for each metric that some run has NAME
 * (the median), NAME.low and NAME.high (its interval), and with a comparison NAME.ratio. Behind all
 * of these, for each metric NAME.mean, NAME.cv, NAME.outliers, NAME.drift (where one was found);
 * what else --columns names; flags (how many runs have each), and what did not count and why.
 */
#include "coordinator/commands/summary_view.h"
#include <math.h>

enum {
	ROW_CAMPAIGN,
	ROW_BENCHMARK,
	ROW_HOST,
	ROW_PARAMETERS,
	ROW_N,
	ROW_FAILED,
	ROW_SKIPPED,
	ROW_FIXED
};
static const char *const fixed[ROW_FIXED] = {
	"campaign", "benchmark", "host", "parameters", "n", "failed", "skipped"};
static const char *const parts[] = {"", ".low", ".high", ".ratio"};

static const enum statistic more[] = {
	STATISTIC_MEAN, STATISTIC_CV, STATISTIC_OUTLIERS, STATISTIC_DRIFT};

struct rows {
	const struct summary_view *view;
	size_t *metrics; /* shown ones */
	size_t metrics_n;
	size_t per_metric; /* columns a metric, the first ones */
	size_t more_at;    /* where the further ones begin, */
	size_t asked_at;   /* those of --columns, */
	size_t last_at;    /* and flags and excluded */
	const struct summary_column **asked;
	size_t asked_n;
	struct column *columns;
	struct cell *cells;
	char (*texts)[CELL_TEXT_SIZE];
	size_t n;
};

static bool is_shown_anyway(enum statistic statistic)
{
	bool is = statistic <= STATISTIC_HIGH && statistic != STATISTIC_N;

	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		is |= more[i] == statistic;
	return is || statistic == STATISTIC_RATIO;
}

static void find_asked(struct rows *rows)
{
	const struct summary_view *v = rows->view;

	rows->asked = xcalloc(v->columns_n + 1, sizeof *rows->asked);
	for (size_t i = 0; i < v->columns_n; i++)
		if (!is_shown_anyway(v->columns[i].statistic))
			rows->asked[rows->asked_n++] = &v->columns[i];
}

static void name_more_columns(struct rows *rows)
{
	const struct gathered *g = rows->view->g;
	size_t at = rows->more_at;

	for (size_t i = 0; i < rows->metrics_n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(more); k++)
			rows->columns[at++].name = xasprintf("%s.%s",
				g->metrics[rows->metrics[i]].name, statistic_name(more[k]));
	for (size_t i = 0; i < rows->asked_n; i++)
		rows->columns[at++].name =
			xasprintf("%s.%s", g->metrics[rows->asked[i]->metric].name,
				statistic_name(rows->asked[i]->statistic));
	rows->columns[at++].name = xstrdup("flags");
	rows->columns[at].name = xstrdup("excluded");
}

static void make_columns(struct rows *rows)
{
	const struct gathered *g = rows->view->g;
	size_t at = 0;

	rows->per_metric = rows->view->by == NULL ? 3 : 4;
	rows->metrics = xcalloc(g->metrics_n + 1, sizeof *rows->metrics);
	for (size_t i = 0; i < g->metrics_n; i++) {
		if (g->metrics[i].is_used)
			rows->metrics[rows->metrics_n++] = i;
	}
	find_asked(rows);
	rows->more_at = ROW_FIXED + rows->metrics_n * rows->per_metric;
	rows->asked_at = rows->more_at + rows->metrics_n * ARRAY_SIZE(more);
	rows->last_at = rows->asked_at + rows->asked_n;
	rows->n = rows->last_at + 2;
	rows->columns = xcalloc(rows->n, sizeof *rows->columns);
	rows->cells = xcalloc(rows->n, sizeof *rows->cells);
	rows->texts = xcalloc(rows->n, sizeof *rows->texts);
	for (; at < ROW_FIXED; at++)
		rows->columns[at].name = xstrdup(fixed[at]);
	for (size_t i = 0; i < rows->metrics_n; i++) {
		for (size_t part = 0; part < rows->per_metric; part++)
			rows->columns[at++].name =
				xasprintf("%s%s", g->metrics[rows->metrics[i]].name, parts[part]);
	}
	name_more_columns(rows);
}

/* Twelve digits are more than any clock or counter here has; a mean of two has noise behind them.
 */
static void set_number(struct rows *rows, size_t at, double value)
{
	cell_set_number(&rows->cells[at], rows->texts[at], value, 12);
}

static void set_metric(struct rows *rows, size_t i, const struct gathered_cell *cell,
	const struct gathered_cell *baseline)
{
	size_t metric = rows->metrics[i], at = ROW_FIXED + i * rows->per_metric;
	size_t behind = rows->more_at + i * ARRAY_SIZE(more);
	struct summary s;
	struct drift drift;

	summary_of_cell(cell, metric, &s);
	if (s.n == 0)
		return;
	set_number(rows, at, s.median);
	if (s.has_interval) {
		set_number(rows, at + 1, s.low);
		set_number(rows, at + 2, s.high);
	}
	if (baseline != NULL)
		set_number(rows, at + 3, gathered_ratio(cell, baseline, metric, NULL));
	set_number(rows, behind, s.mean);
	set_number(rows, behind + 1, s.cv);
	set_number(rows, behind + 2, (double)s.outliers);
	if (summary_drift(cell, metric, &drift))
		set_number(rows, behind + 3, drift.change);
}

static void flags_json(const struct gathered_cell *cell, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < cell->flags.n; i++) {
		const struct tally *t = &cell->flags.items[i];
		buf_adds(out, i == 0 ? "" : ",");
		json_add_string(out, t->text, strlen(t->text));
		buf_addf(out, ":%zu", t->n);
	}
	buf_addc(out, '}');
}

static void write_row(struct rows *rows, const struct output_ops *ops, struct output *o,
	size_t lane, size_t configuration)
{
	const struct gathered *g = rows->view->g;
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	int other = summary_baseline(rows->view, configuration);
	const struct gathered_cell *baseline =
		other < 0 ? NULL : gathered_cell(g, lane, (size_t)other);

	_cleanup_buf_ struct buf flags = BUF_INIT, excluded = BUF_INIT;

	memset(rows->cells, 0, rows->n * sizeof *rows->cells);
	rows->cells[ROW_CAMPAIGN] = (struct cell){CELL_TEXT, g->label};
	rows->cells[ROW_BENCHMARK] =
		(struct cell){CELL_TEXT, g->configurations[configuration].benchmark};
	rows->cells[ROW_HOST] = (struct cell){CELL_TEXT, g->lanes[lane].host};
	rows->cells[ROW_PARAMETERS] =
		(struct cell){CELL_JSON, g->configurations[configuration].json};
	set_number(rows, ROW_N, (double)cell->done);
	set_number(rows, ROW_FAILED, (double)(cell->runs - cell->done));
	set_number(rows, ROW_SKIPPED, (double)cell->skipped);
	for (size_t i = 0; i < rows->metrics_n; i++)
		set_metric(rows, i, cell, baseline);
	for (size_t i = 0; i < rows->asked_n; i++)
		set_number(rows, rows->asked_at + i,
			summary_statistic(rows->view, lane, configuration, rows->asked[i]));
	flags_json(cell, &flags);
	summary_excluded_json(cell, &excluded);
	rows->cells[rows->last_at] = (struct cell){CELL_JSON, flags.data};
	rows->cells[rows->last_at + 1] = (struct cell){CELL_JSON, excluded.data};
	ops->row(o, rows->cells);
}

/* Configurations as they stand in the file, each on every host. Returns how many. */
static size_t find_places(const struct summary_view *v, struct summary_place *places)
{
	const struct gathered *g = v->g;
	size_t n = 0;

	for (size_t c = 0; c < g->configurations_n; c++) {
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			size_t at = lane * g->configurations_n + c;
			if (summary_is_cell_shown(v, at) &&
				g->cells[at].runs + g->cells[at].skipped > 0)
				places[n++] =
					(struct summary_place){.lane = lane, .configuration = c};
		}
	}
	return n;
}

void summary_rows(const struct summary_view *v, const struct output_ops *ops, FILE *to)
{
	struct rows rows = {.view = v};
	struct summary_place *places =
		xcalloc(v->g->lanes_n * v->g->configurations_n + 1, sizeof *places);
	size_t n = find_places(v, places);

	summary_sort(v, places, n);
	make_columns(&rows);
	struct output *o = ops->begin(to, rows.columns, rows.n);
	for (size_t i = 0; i < n; i++)
		write_row(&rows, ops, o, places[i].lane, places[i].configuration);
	free(places);
	free(rows.asked);
	ops->end(o);
	for (size_t i = 0; i < rows.n; i++)
		free((void *)(uintptr_t)rows.columns[i].name);
	free(rows.columns);
	free(rows.cells);
	free(rows.texts);
	free(rows.metrics);
}
