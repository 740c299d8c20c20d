/*
 * summary_columns.h - the numbers that --columns and --sort can name: a metric, or one statistic of
 * it
 *
 * "time" is the median with its interval, "time.cv" one number. A statistic alone, "cv", is that of
 * the time and, where it was measured, of the package's energy.
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_COLUMNS_H
#define COORDINATOR_COMMANDS_SUMMARY_COLUMNS_H

#include "coordinator/findings/gather.h"

enum statistic {
	STATISTIC_WHOLE, /* the median with its interval */
	STATISTIC_N,
	STATISTIC_MEDIAN,
	STATISTIC_LOW,
	STATISTIC_HIGH,
	STATISTIC_MEAN,
	STATISTIC_DEVIATION,
	STATISTIC_CV,
	STATISTIC_MIN,
	STATISTIC_MAX,
	STATISTIC_OUTLIERS,
	STATISTIC_DRIFT, /* nothing where none was found */
	STATISTIC_RATIO, /* to the campaign's baseline */
	STATISTICS
};

struct summary_column {
	size_t metric;
	enum statistic statistic;
};

/* "cv"; "" for the whole. */
const char *statistic_name(enum statistic statistic);
/* Whether it has the metric's unit; the others are plain numbers. */
bool statistic_has_unit(enum statistic statistic);

/*
 * What a list names, "time.per_work,cv": *out is the caller's to free. option is for messages.
 * Returns how many, or ERR_USAGE with err: no run has such a metric (the nearest).
 */
int summary_columns_find(const struct gathered *g, const char *option, const char *list,
	struct summary_column **out, struct error *err);

#endif
