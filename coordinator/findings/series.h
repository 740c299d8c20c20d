/*
 * series.h - series of a cell put together run by run: energy over time, time times cores
 */
#ifndef COORDINATOR_FINDINGS_SERIES_H
#define COORDINATOR_FINDINGS_SERIES_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/gather.h"

enum series_operation { SERIES_FIRST /* a alone */, SERIES_TIMES, SERIES_OVER };

/*
 * a (operation) b for every run that has both, in a's order; its own arrays, series_done() it.
 * Either may be NULL: then it is empty. Both have their runs in the order of gather.h.
 */
struct series series_combine(
	const struct series *a, const struct series *b, enum series_operation operation);
void series_done(struct series *s);

/* ratio.h's ratio_of_pairs() over the blocks that both have; without a ratio where one is NULL or
 * they share no block. level 0.99. */
void series_ratio(const struct series *contender, const struct series *baseline, double level,
	struct ratio *out);

/* The series of a metric by its name in a cell, or NULL. */
const struct series *series_of(
	const struct gathered *g, size_t lane, size_t configuration, const char *metric);

#endif
