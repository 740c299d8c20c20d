/*
 * summary.h - a configuration's runs in a few numbers: median with its exact interval, ratio to a
 * baseline
 *
 * The interval of the median is the exact order-statistic one: [x(k), x(n+1-k)] with the largest k
 * whose coverage 1 - 2 P(Binomial(n, 1/2) < k) is at least the level; there is none below n = 6 at
 * 95 %. (Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.)
 */
#ifndef COORDINATOR_ANALYSIS_SUMMARY_H
#define COORDINATOR_ANALYSIS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

struct summary {
	size_t n;
	double median, low, high; /* low and high only with has_interval */
	bool has_interval;
	double mean, least, most;
	double deviation; /* of the sample, by n - 1; NaN where n is 1 */
	double cv;        /* deviation by mean; NaN where n is 1, or the mean is not positive */
	size_t outliers;  /* beyond 3 times the interquartile range outside the quartiles: marked,
			     never removed */
};

/* Of n values (sorted in place). n 0 gives a summary with n 0. level is 0.95. */
void summary_of(double *values, size_t n, double level, struct summary *out);

/* What lies outside [low, high] counts as an outlier; of n > 0 sorted values. */
void summary_fences(const double *sorted, size_t n, double *low, double *high);

/*
 * The ratio contender / baseline as exp(mean of the log ratios), paired: contender[i] and
 * baseline[i] are of the same block. Returns NaN where n is 0 or a value is not positive.
 */
double ratio_paired(const double *contender, const double *baseline, size_t n);

#endif
