/*
 * ratio.h - how much contender differs from baseline: a ratio on the log scale, its interval and
 * its p-value
 *
 * Values are positive numbers of any unit. Paired: contender[i] and baseline[i] are of one block of
 * one host, so what drifts from block to block falls out. Unpaired: two samples. All estimates are
 * of the mean of the logs; exp() of that is a ratio of geometric means, which no average of joules
 * over unlike machines is.
 *
 * Permutation tests are those of permutation.h: exact up to 32 pairs or values, else seeded.
 */
#ifndef COORDINATOR_ANALYSIS_RATIO_H
#define COORDINATOR_ANALYSIS_RATIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ratio {
	size_t n; /* pairs; of two samples the smaller one */
	bool is_paired;
	double ratio;     /* NaN where there is none: n 0, or a value that is not positive */
	double low, high; /* NaN below n = 2 */
	double p;         /* of ratio = 1, two-sided; NaN below n = 2 */
	double se;        /* standard error of log(ratio) */
	double df;        /* its degrees of freedom */
	double least_p;   /* the smallest p that so many values could have given; of ranks NaN */
};

/*
 * Mean of the log ratios of n pairs; interval at level (0.99) by Student's t with n - 1 degrees of
 * freedom; p by flipping signs.
 */
void ratio_of_pairs(const double *contender, const double *baseline, size_t n, double level,
	uint64_t seed, struct ratio *out);

/*
 * Difference of the log means of two samples; interval by Welch's t (Welch 1947, degrees of freedom
 * after Satterthwaite); p by permuting the labels.
 */
void ratio_of_samples(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, uint64_t seed, struct ratio *out);

/* Both without their p, which is NaN: for thousands of ratios at once, of which nothing is judged.
 */
void ratio_interval_of_pairs(
	const double *contender, const double *baseline, size_t n, double level, struct ratio *out);
void ratio_interval_of_samples(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, struct ratio *out);

/*
 * The same from ranks, where outliers ask for it: the Hodges-Lehmann estimate (the median of the
 * Walsh averages of the log ratios, or of all differences of logs), with the interval that inverts
 * Wilcoxon's signed-rank or the Mann-Whitney test, exact up to n = 50 pairs or 50 + 50 values, and
 * its p. (Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed., sections 3.1
 * to 3.3 and 4.1 to 4.3.) se and df are NaN.
 */
void ratio_of_pair_ranks(
	const double *contender, const double *baseline, size_t n, double level, struct ratio *out);
void ratio_of_sample_ranks(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, struct ratio *out);

/* The p-values of these tests alone, beside another estimate; NaN below two values or pairs, or
 * where one is not positive. */
double rank_p_of_pairs(const double *contender, const double *baseline, size_t n);
double rank_p_of_samples(
	const double *contender, size_t contender_n, const double *baseline, size_t baseline_n);

/*
 * One ratio of many hosts: log ratios of host h are logs[start[h]] up to logs[start[h + 1]]; the
 * estimate is the mean of the hosts' means. Its interval is of what hosts like these have:
 * Student's t on those means, with hosts - 1 degrees of freedom, so that hosts that disagree widen
 * it, and two hosts say little. (A percentile bootstrap of hosts and blocks would be too narrow:
 * with three hosts, one of 99 % covered 82 %.) With one host it is Student's t on its logs. p
 * is NaN: a pooled line has no verdict of its own.
 */
void ratio_pooled(
	const double *logs, const size_t *start, size_t hosts, double level, struct ratio *out);

#endif
