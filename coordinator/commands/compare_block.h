/*
 * compare_block.h - the table of one metric in `compare`: its lines and columns
 */
#ifndef COORDINATOR_COMMANDS_COMPARE_BLOCK_H
#define COORDINATOR_COMMANDS_COMPARE_BLOCK_H

#include "coordinator/commands/compare_view.h"
#include "coordinator/commands/summary_grid.h"

/* The order in which verdicts are shown, and the mark of each. */
struct compare_mark {
	enum verdict verdict;
	const char *mark;
};
#define COMPARE_MARKS 6
extern const struct compare_mark compare_marks[COMPARE_MARKS];

/* Flags that rows have in common with all others of their question need no letter. */
#define COMPARE_LETTERS 26

/* A line of a block: a row, the pooled one of a configuration, or the second line of a row. */
struct compare_line {
	const struct compared *row;
	const struct pooled *pooled;
	bool is_second;
};

/* One block: the lines of a metric in the order in which they are shown. */
struct compare_block {
	const struct comparison_result *c;
	const struct compare_look *look;
	size_t metric;
	const struct gathered_metric *as; /* as its configurations have it; NULL: as they may */
	struct compare_line *lines;
	size_t n;
	size_t next_pooled; /* of c->pooled */
	int narrow;         /* how much is left out: 0 nothing, 1 medians, 2 n and p, too */
	const char *letters[COMPARE_LETTERS]; /* the flag of each */
	size_t letters_n;
	struct grid grid;
};

/* Whether any row is the block's, shown or not. */
bool compare_block_has_rows(const struct compare_block *b);
/* Find the lines of b->metric: regressed first; a configuration's hosts stay together. */
void compare_block_fill(struct compare_block *b);
/* Make its grid, as wide as the page is; grid_done() it. */
void compare_block_fit(struct compare_block *b);
/* The one value that all rows share, or NULL: of contenders or of baselines. */
const char *compare_common(const struct comparison_result *c, bool is_contender);

#endif
