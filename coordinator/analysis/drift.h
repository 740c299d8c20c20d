/*
 * drift.h - whether the values of a configuration rise or fall over the blocks of a campaign
 *
 * Blocks are in the order of time, so a trend over them is the machine (it grew warm, something
 * else came to run on it) or a program that keeps state. It widens intervals, and makes medians
 * depend on when they were taken; ratios that are paired within blocks bear it. It is told, nothing
 * is taken out for it.
 *
 * The test is Mann's and Kendall's: S is the number of pairs of blocks whose later value is the
 * larger, less the number of those whose later one is the smaller; without a trend it is nearly
 * normal from n = 8, with mean 0 and variance [n (n - 1)(2n + 5) - sum t (t - 1)(2t + 5)] / 18 over
 * groups of t equal values; p is two-sided, with the correction of 1 for continuity. (Mann,
 * Nonparametric tests against trend, Econometrica 13, 1945; Kendall, Rank Correlation Methods, 4th
 * ed., 1975, chapter 4.)
 *
 * How much: the median of the slopes between all pairs of blocks, times the blocks from the first
 * to the last, relative to the median of the values. (Theil 1950; Sen, Estimates of the regression
 * coefficient based on Kendall's tau, JASA 63, 1968.) Of more than DRIFT_POINTS values the slopes
 * are those between the means of so many stretches of neighbouring ones.
 *
 * A drift is told where p is below DRIFT_ALPHA and the change beyond DRIFT_LEAST: of a hundred
 * configurations without any, about one at most is told to have one.
 */
#ifndef COORDINATOR_ANALYSIS_DRIFT_H
#define COORDINATOR_ANALYSIS_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRIFT_MIN    8
#define DRIFT_ALPHA  0.01
#define DRIFT_LEAST  0.01
#define DRIFT_POINTS 64

struct drift {
	bool is_tested; /* there are DRIFT_MIN values, and their median is not 0 */
	bool is_found;
	int64_t s;     /* Kendall's S */
	double p;      /* two-sided; 1 where all values are equal */
	double change; /* from the first block to the last, relative to the median; computed only
			  where p is below DRIFT_ALPHA, else 0 */
};

/* values[i] is of blocks[i]; blocks rise. */
void drift_of(const double *values, const int64_t *blocks, size_t n, struct drift *out);

/* The median of the slopes, as above: of a value's unit a block; 0 where all are of one block. */
double drift_slope(const double *values, const int64_t *blocks, size_t n);

#endif
