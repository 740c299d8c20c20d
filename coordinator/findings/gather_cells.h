/*
 * gather_cells.h - counted runs noted one after the other, and moved into cells at the end; for
 * gather_runs.c alone
 *
 * A million runs come in their order, and belong to thousands of cells in a random order. They are
 * noted as columns, one for each metric; a second pass moves column after column into the cells, of
 * which each then has its values in one piece.
 */
#ifndef COORDINATOR_FINDINGS_GATHER_CELLS_H
#define COORDINATOR_FINDINGS_GATHER_CELLS_H

#include "coordinator/findings/gather.h"

struct noted_column;

struct noted {
	struct gathered *g;
	const struct gather_wanted *wanted; /* NULL: all metrics */
	int64_t *runs, *blocks;             /* of the noted ones, in their order */
	uint32_t *cells;
	size_t n, allocated;
	struct noted_column *columns; /* [metric of g] */
	size_t columns_n;
};

/* The next run: its number, its block, and the index of its cell. */
void noted_add_run(struct noted *r, int64_t run, int64_t block, size_t cell);
/* A value of the run that was noted last, which is no NaN; a second one of the same metric is left
 * out. The metric is used from here on. */
void noted_add_value(struct noted *r, size_t metric, double value);
/* Make the series of all cells; what was noted is gone then. */
void noted_fill_cells(struct noted *r);
void noted_done(struct noted *r);

#endif
