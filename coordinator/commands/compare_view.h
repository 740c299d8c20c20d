/*
 * compare_view.h - the forms of `compare`: a table for people, rows for programs
 */
#ifndef COORDINATOR_COMMANDS_COMPARE_VIEW_H
#define COORDINATOR_COMMANDS_COMPARE_VIEW_H

#include "coordinator/findings/comparison.h"
#include "coordinator/output/output.h"

struct study;

struct compare_look {
	bool is_all;    /* unchanged ones, and all of what was not compared */
	bool is_forest; /* bars even where medians must go for them */
	bool is_plain;  /* markdown: no width, one line a row */
};

/* For people: a block for each metric; regressed first, then improved, then inconclusive; unchanged
 * ones are only counted unless is_all. ops is output_table or output_markdown. */
void compare_table(const struct comparison_result *c, const struct compare_look *look,
	const struct output_ops *ops, FILE *to);

/* For programs: one row a comparison, in the order of metrics, configurations, hosts; pooled ones
 * have the host "*". contender is what they are of. */
void compare_rows(struct comparison_result *const *results, size_t n, const struct study *contender,
	const struct output_ops *ops, FILE *to);

/* What was refused, not compared, and what else differs, a line or more each, none where there is
 * nothing; the first few unless is_all. */
void compare_remarks(const struct comparison_result *c, bool is_all, FILE *to);

/* What was refused or not compared, for programs' stderr: the first few. */
void compare_left_out(const struct comparison_result *c, FILE *to);

/* ---- parts ---- */

/* "1.061 [1.054, 1.068]": as many digits as the interval is narrow, at least three; "none". The
 * caller frees. */
char *compare_ratio_text(const struct ratio *r);
/* "0.003", "<0.001"; NULL of NaN. */
char *compare_p_text(double p);
/* The parameters' names that have more than one value over some configurations (indices, n of
 * them); in order of first occurrence. An array to free, of names that are not; *names_n gets how
 * many. */
const char **compare_varied(
	const struct gathered *g, const size_t *configurations, size_t n, size_t *names_n);

/*
 * Bars that show where intervals lie: a line from low to high, a dot on the ratio, a stroke on 1,
 * on a log scale that all of them share.
 */
struct forest {
	double low, high; /* ratios at both ends */
	size_t width;     /* characters */
};
/* The scale of some ratios; width is the caller's. */
struct forest forest_of(const struct ratio *const *ratios, size_t n, size_t width);
/* The bar of one; the caller frees. */
char *forest_bar(const struct forest *f, const struct ratio *r);
/* The scale in words, as wide as a bar: "0.93      1     1.07". The caller frees. */
char *forest_scale(const struct forest *f);

#endif
