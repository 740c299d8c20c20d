/*
 * summary_group.h - the columns of one table of `results`: a benchmark on a host, a row for each
 * configuration
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_GROUP_H
#define COORDINATOR_COMMANDS_SUMMARY_GROUP_H

#include "coordinator/commands/summary_grid.h"
#include "coordinator/commands/summary_view.h"

struct group {
	const struct summary_view *v;
	size_t lane;
	size_t *configurations; /* indices; the rows */
	size_t n;
	struct grid grid;
	struct notes *notes;
	struct notes *left_out; /* names of metrics for which there was no room */
};

/* Which footnotes a metric's values get: those of any (outliers, drift), of the runs too (flags),
 * of the energy's counters too. */
enum marks { MARKS_NONE, MARKS_VALUES, MARKS_TIME, MARKS_ENERGY };

const struct gathered_cell *group_cell(const struct group *group, size_t row);
const struct parameters *group_parameters(const struct group *group, size_t row);
/* Whether all rows have one value of an axis: then it stands in the heading, and has no column. */
bool group_has_one_value(const struct group *group, const char *axis);

/* Each adds columns to group->grid; what is returned is the last of them, valid until the next one
 * is added. */
void group_add_axes(struct group *group);
void group_add_counts(struct group *group);
/* Median, interval and marks of a metric. */
struct grid_column *group_add_metric(
	struct group *group, const char *title, size_t metric, enum marks marks);
/* Ratios to the baseline; NULL where the campaign compares nothing. */
struct grid_column *group_add_ratios(struct group *group, size_t metric);
/* The median alone, for quantities whose spread is of no interest here: in units of scale, or with
 * scale 0 as a size. */
struct grid_column *group_add_median(
	struct group *group, const char *title, size_t metric, double scale);
/* One statistic of a metric; title NULL: "time.mean s". */
struct grid_column *group_add_statistic(
	struct group *group, const char *title, const struct summary_column *column);
/* Medians as lengths: the longest is the group's largest. */
void group_add_bars(struct group *group, size_t metric);

#endif
