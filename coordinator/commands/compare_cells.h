/*
 * compare_cells.h - tables and rows of what is said of a configuration on a host, with the same
 * columns in front
 */
#ifndef COORDINATOR_COMMANDS_COMPARE_CELLS_H
#define COORDINATOR_COMMANDS_COMPARE_CELLS_H

#include "coordinator/commands/compare_view.h"
#include "coordinator/commands/summary_grid.h"

/* Which configuration and host a line is of. */
struct cell_of {
	size_t configuration, lane;
};

static inline bool is_for_people(const struct output_ops *ops)
{
	return ops == &output_table || ops == &output_markdown;
}

/* A grid of n lines that begins with benchmark, the axes with several values, and host. */
struct grid cells_grid(const struct gathered *g, const struct cell_of *cells, size_t n);

/* One row for programs, filled value by value in the order of its columns: benchmark, parameters
 * and host first. */
struct cells_row {
	struct cell *cells;              /* owned */
	char (*numbers)[CELL_TEXT_SIZE]; /* owned */
	size_t n, columns;
};
struct cells_row cells_row_new(size_t columns);
void cells_row_begin(struct cells_row *r, const struct gathered *g, struct cell_of of);
void cells_row_text(struct cells_row *r, const char *text);           /* NULL: nothing */
void cells_row_number(struct cells_row *r, double value);             /* NaN: nothing */
void cells_row_ratio(struct cells_row *r, const struct ratio *ratio); /* ratio, low, high */
void cells_row_done(struct cells_row *r);

#endif
