#include "coordinator/commands/compare_cells.h"

#include <math.h>

static void add_axis(
	struct grid *grid, const struct gathered *g, const struct cell_of *cells, const char *axis)
{
	struct grid_column *column = grid_add(grid, false, "%s", axis);

	column->is_right = true;
	for (size_t i = 0; i < grid->rows; i++) {
		const char *value =
			parameters_get(&g->configurations[cells[i].configuration].parameters, axis);

		if (value == NULL)
			continue;
		column->is_right &= value[strspn(value, "0123456789.-+eE")] == '\0';
		if (i == 0 || cells[i].configuration != cells[i - 1].configuration)
			column->texts[i] = xstrdup(value);
	}
}

struct grid cells_grid(const struct gathered *g, const struct cell_of *cells, size_t n)
{
	_cleanup_free_ size_t *configurations = xcalloc(n + 1, sizeof *configurations);
	_cleanup_free_ const char **names = NULL;
	struct grid grid = {.rows = n};
	struct grid_column *column = grid_add(&grid, false, "benchmark");
	size_t names_n;

	for (size_t i = 0; i < n; i++) {
		configurations[i] = cells[i].configuration;
		if (i == 0 || configurations[i] != configurations[i - 1])
			column->texts[i] = xstrdup(g->configurations[configurations[i]].benchmark);
	}
	names = compare_varied(g, configurations, n, &names_n);
	for (size_t i = 0; i < names_n; i++)
		add_axis(&grid, g, cells, names[i]);
	column = grid_add(&grid, false, "host");
	for (size_t i = 0; i < n; i++)
		if (i == 0 || cells[i].configuration != cells[i - 1].configuration ||
			cells[i].lane != cells[i - 1].lane)
			column->texts[i] = xstrdup(g->lanes[cells[i].lane].host);
	return grid;
}

/* ---- rows ---- */

struct cells_row cells_row_new(size_t columns)
{
	return (struct cells_row){.cells = xcalloc(columns, sizeof(struct cell)),
		.numbers = xcalloc(columns, CELL_TEXT_SIZE),
		.columns = columns};
}

static void clear(struct cells_row *r)
{
	for (size_t i = 0; i < r->columns; i++)
		r->cells[i] = (struct cell){CELL_NONE, NULL};
	r->n = 0;
}

void cells_row_begin(struct cells_row *r, const struct gathered *g, struct cell_of of)
{
	clear(r);
	cells_row_text(r, g->configurations[of.configuration].benchmark);
	r->cells[r->n++] = (struct cell){CELL_JSON, g->configurations[of.configuration].json};
	cells_row_text(r, g->lanes[of.lane].host);
}

void cells_row_text(struct cells_row *r, const char *text)
{
	r->cells[r->n++] = (struct cell){text == NULL ? CELL_NONE : CELL_TEXT, text};
}

void cells_row_number(struct cells_row *r, double value)
{
	size_t at = r->n++;

	cell_set_number(&r->cells[at], r->numbers[at], value, 10);
}

void cells_row_ratio(struct cells_row *r, const struct ratio *ratio)
{
	cells_row_number(r, ratio->ratio);
	cells_row_number(r, ratio->low);
	cells_row_number(r, ratio->high);
}

void cells_row_done(struct cells_row *r)
{
	free(r->cells);
	free(r->numbers);
}
