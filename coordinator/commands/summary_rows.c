/*
 * `results` for programs: one row a configuration and host; for each metric that some run has NAME
 * (the median), NAME.low and NAME.high (its interval), and with a comparison NAME.ratio.
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

struct rows {
	const struct summary_view *view;
	size_t *metrics; /* shown ones */
	size_t metrics_n;
	size_t per_metric; /* columns a metric */
	struct column *columns;
	struct cell *cells;
	char (*texts)[32];
	size_t n;
};

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
	rows->n = ROW_FIXED + rows->metrics_n * rows->per_metric;
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
}

/* Twelve digits are more than any clock or counter here has; a mean of two has noise behind them.
 */
static void set_number(struct rows *rows, size_t at, double value)
{
	if (!isfinite(value))
		return;
	snprintf(rows->texts[at], sizeof rows->texts[at], "%.12g", value);
	rows->cells[at] = (struct cell){CELL_NUMBER, rows->texts[at]};
}

static void set_metric(struct rows *rows, size_t at, const struct gathered_cell *cell,
	const struct gathered_cell *baseline, size_t metric)
{
	struct summary s;

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
}

static void write_row(struct rows *rows, const struct output_ops *ops, struct output *o,
	size_t lane, size_t configuration)
{
	const struct gathered *g = rows->view->g;
	const struct gathered_cell *cell = gathered_cell(g, lane, configuration);
	int other = summary_baseline(rows->view, configuration);
	const struct gathered_cell *baseline =
		other < 0 ? NULL : gathered_cell(g, lane, (size_t)other);

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
		set_metric(
			rows, ROW_FIXED + i * rows->per_metric, cell, baseline, rows->metrics[i]);
	ops->row(o, rows->cells);
}

void summary_rows(const struct summary_view *v, const struct output_ops *ops, FILE *to)
{
	struct rows rows = {.view = v};

	make_columns(&rows);
	struct output *o = ops->begin(to, rows.columns, rows.n);
	for (size_t c = 0; c < v->g->configurations_n; c++) {
		for (size_t lane = 0; lane < v->g->lanes_n; lane++) {
			const struct gathered_cell *cell = gathered_cell(v->g, lane, c);
			if (summary_is_shown(v, lane) && cell->runs + cell->skipped > 0)
				write_row(&rows, ops, o, lane, c);
		}
	}
	ops->end(o);
	for (size_t i = 0; i < rows.n; i++)
		free((void *)(uintptr_t)rows.columns[i].name);
	free(rows.columns);
	free(rows.cells);
	free(rows.texts);
	free(rows.metrics);
}
