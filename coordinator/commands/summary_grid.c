#include "coordinator/commands/summary_grid.h"
#include <stdarg.h>

struct grid_column *grid_add(struct grid *grid, bool is_right, const char *format, ...)
{
	struct buf title = BUF_INIT;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&title, format, ap);
	va_end(ap);
	grid->columns = xreallocarray(grid->columns, grid->n + 1, sizeof *grid->columns);
	struct grid_column *c = &grid->columns[grid->n++];
	*c = (struct grid_column){.title = buf_take(&title), .is_right = is_right};
	c->texts = xcalloc(grid->rows + 1, sizeof *c->texts);
	return c;
}

static int column_width(const struct grid *grid, const struct grid_column *c)
{
	int width = text_width(c->title);

	for (size_t i = 0; i < grid->rows; i++) {
		int w = c->texts[i] == NULL ? 0 : text_width(c->texts[i]);
		width = w > width ? w : width;
	}
	return width;
}

/* Columns that fit on the page; at least all that are not optional. */
static size_t fitting_columns(const struct grid *grid)
{
	int width = -2, page = output_page_width();
	size_t n = 0;

	for (; n < grid->n; n++) {
		width += column_width(grid, &grid->columns[n]) + 2;
		if (width > page && grid->columns[n].is_optional)
			break;
	}
	return n;
}

size_t grid_print(const struct grid *grid, const struct output_ops *ops, FILE *to)
{
	size_t n = fitting_columns(grid);
	struct column *columns = xcalloc(n + 1, sizeof *columns);
	struct cell *cells = xcalloc(n + 1, sizeof *cells);

	for (size_t i = 0; i < n; i++)
		columns[i] =
			(struct column){grid->columns[i].title, NULL, grid->columns[i].is_right};
	struct output *o = ops->begin(to, columns, n);
	for (size_t row = 0; row < grid->rows; row++) {
		for (size_t i = 0; i < n; i++) {
			const char *text = grid->columns[i].texts[row];
			cells[i] = (struct cell){text == NULL ? CELL_NONE : CELL_TEXT, text};
		}
		ops->row(o, cells);
	}
	ops->end(o);
	free(columns);
	free(cells);
	return n;
}

void grid_done(struct grid *grid)
{
	for (size_t i = 0; i < grid->n; i++) {
		for (size_t row = 0; row < grid->rows; row++)
			free(grid->columns[i].texts[row]);
		free(grid->columns[i].texts);
		free(grid->columns[i].title);
	}
	free(grid->columns);
}
