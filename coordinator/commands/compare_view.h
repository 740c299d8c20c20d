/*
 * compare_view.h - the forms of `compare`: a table for people, rows for programs
 */
#ifndef COORDINATOR_COMMANDS_COMPARE_VIEW_H
#define COORDINATOR_COMMANDS_COMPARE_VIEW_H

#include "coordinator/findings/comparison.h"
#include "coordinator/output/output.h"

/* For people: a block for each metric; regressed first, then improved, then inconclusive; unchanged
 * ones are only counted unless is_all. ops is output_table or output_markdown. */
void compare_table(
	const struct comparison_result *c, bool is_all, const struct output_ops *ops, FILE *to);

/* For programs: one row a comparison, in the order of metrics, configurations, hosts; pooled ones
 * have the host "*". */
void compare_rows(
	struct comparison_result *const *results, size_t n, const struct output_ops *ops, FILE *to);

#endif
