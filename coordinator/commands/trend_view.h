/*
 * trend_view.h - the forms of `trend`: tables and a list of changes for people, a row a point for
 * programs
 */
#ifndef COORDINATOR_COMMANDS_TREND_VIEW_H
#define COORDINATOR_COMMANDS_TREND_VIEW_H

#include "coordinator/findings/trend.h"
#include "coordinator/output/output.h"

/* Lines of a block that are shown although they did not change. */
#define TREND_LINES 40

/* For people: a block for each metric and host, a line a series; then each change once, with what
 * was new there. Of a change that many series share, and of a block of more than TREND_LINES
 * series, only a part is shown unless is_all: changed ones first, the rest is counted. ops is
 * output_table or output_markdown. */
void trend_table(const struct trend *t, const char *name, bool is_all, const struct output_ops *ops,
	FILE *to);
/* The list of changes and of breaks below the blocks. */
void trend_list(const struct trend *t, bool is_all, FILE *to);

/* For programs: one row a point, in the order of series and submissions. */
void trend_rows(const struct trend *t, const struct output_ops *ops, FILE *to);

/* "regressed", "improved", or "changed" where nobody said which way is good. */
const char *trend_verdict(const struct trend_change *c);
/* "between commit=9c0ffee and commit=4be1a2f", "from commit=4be1a2f on": what was new at a change;
 * appends nothing where nobody said. */
void trend_add_mark(const struct trend *t, const struct trend_series *s,
	const struct trend_change *c, struct buf *out);

#endif
