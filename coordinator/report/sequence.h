/*
 * sequence.h - the runs of each host of a campaign in the order in which they ran, each against the
 * median of its configuration there
 */
#ifndef COORDINATOR_REPORT_SEQUENCE_H
#define COORDINATOR_REPORT_SEQUENCE_H

#include "coordinator/report/figure.h"

enum sequence_value { SEQUENCE_RATIO, SEQUENCE_TEMPERATURE, SEQUENCE_FREQUENCY, SEQUENCE_VALUES };

struct sequence_run {
	int64_t run; /* its number */
	size_t configuration;
	double values[SEQUENCE_VALUES]; /* ratio to the median of its cell, °C, Hz; NaN: not
					   measured */
	bool is_outlier;                /* in its cell, as summary.h counts them */
};

struct sequence_failed {
	int64_t run;
	size_t configuration;
};

/* The median ratio of a stretch of runs. */
struct sequence_level {
	double run; /* in the middle of it */
	double ratio;
};

/* From a run on the machine is at another level, whatever ran. */
struct sequence_change {
	int64_t run;             /* the first one */
	double ratio, low, high; /* new level by old */
};

struct sequence {
	struct sequence_run *runs; /* in order */
	size_t n;
	struct sequence_failed *failed; /* in order */
	size_t failed_n;
	struct sequence_level *levels;
	size_t levels_n;
	struct sequence_change *changes; /* in order */
	size_t changes_n;
	bool is_searched; /* there were runs enough to find one */
	double moved;     /* largest |log| of a level; 0 without levels */
};

/*
 * The sequences of a metric (an index, in gathered) of the kept cells into out[lanes_n], which the
 * caller zeroed. Cells whose median is not positive are left out. levels at most, of so many runs
 * at least. Changes of level are looked for (analysis/change_points.h) in the medians of short
 * stretches of runs, all hosts together at the comparison's alpha, beyond half of its threshold: as
 * much of a verdict's margin is the machine's. Reads the store where runs failed. Returns 0 or
 * negative; sequences_done() in both cases.
 */
int sequences_make(const struct figure_source *source, size_t metric, size_t levels,
	size_t level_runs, struct sequence *out, struct error *err);
void sequences_done(struct sequence *s, size_t n);

#endif
