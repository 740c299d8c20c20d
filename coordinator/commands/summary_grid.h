/*
 * summary_grid.h - a table that is made column by column, and leaves out columns for which there is
 * no room
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_GRID_H
#define COORDINATOR_COMMANDS_SUMMARY_GRID_H

#include "coordinator/output/output.h"

struct grid_column {
	char *title; /* owned */
	bool is_right;
	bool is_optional;  /* left out where the page is too narrow for it */
	bool is_asked_for; /* optional, and gets its room before others that are */
	bool is_beside;    /* of the one before: never without it */
	bool is_left_out;  /* so grid_print() found */
	char **texts;      /* owned; [row] */
	const char *name;  /* of what may be said to be left out; NULL: it is not missed */
};

struct grid {
	struct grid_column *columns;
	size_t n, rows;
};

/* Add a column with this title for grid->rows rows, all empty. Valid until the next is added. */
struct grid_column *grid_add(struct grid *grid, bool is_right, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Write it, without the optional columns that do not fit on a page: those before take the room
 * first. */
void grid_print(struct grid *grid, const struct output_ops *ops, FILE *to);
void grid_done(struct grid *grid);

#endif
