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

/* Give optional columns room on the page as long as there is some; *width is what is taken. */
static void give_room(struct grid *grid, bool is_asked_for, int page, int *width)
{
	for (size_t i = 0; i < grid->n; i++) {
		struct grid_column *c = &grid->columns[i];
		int own = column_width(grid, c) + 2;
		if (!c->is_optional || c->is_asked_for != is_asked_for)
			continue;
		c->is_left_out =
			(c->is_beside && grid->columns[i - 1].is_left_out) || *width + own > page;
		*width += c->is_left_out ? 0 : own;
	}
}

/* What must be there takes its room first, then what was asked for. A ratio stands beside its
 * metric: with the one the other goes, too. */
static void leave_out(struct grid *grid)
{
	int page = output_page_width(), width = -2;

	for (size_t i = 0; i < grid->n; i++)
		if (!grid->columns[i].is_optional)
			width += column_width(grid, &grid->columns[i]) + 2;
	give_room(grid, true, page, &width);
	give_room(grid, false, page, &width);
}

void grid_print(struct grid *grid, const struct output_ops *ops, FILE *to)
{
	struct column *columns = xcalloc(grid->n + 1, sizeof *columns);
	struct cell *cells = xcalloc(grid->n + 1, sizeof *cells);
	size_t n = 0;

	leave_out(grid);
	for (size_t i = 0; i < grid->n; i++)
		if (!grid->columns[i].is_left_out)
			columns[n++] = (struct column){
				grid->columns[i].title, NULL, grid->columns[i].is_right};
	struct output *o = ops->begin(to, columns, n);
	for (size_t row = 0; row < grid->rows; row++) {
		n = 0;
		for (size_t i = 0; i < grid->n; i++) {
			const char *text = grid->columns[i].texts[row];
			if (!grid->columns[i].is_left_out)
				cells[n++] =
					(struct cell){text == NULL ? CELL_NONE : CELL_TEXT, text};
		}
		ops->row(o, cells);
	}
	ops->end(o);
	free(columns);
	free(cells);
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
