/*
 * verdict.h - what a ratio means: improved, regressed, unchanged or inconclusive, and what would
 * settle it
 */
#ifndef COORDINATOR_ANALYSIS_VERDICT_H
#define COORDINATOR_ANALYSIS_VERDICT_H

#include "coordinator/analysis/ratio.h"
#include "proto/units.h"

enum verdict {
	VERDICT_NONE, /* no ratio, or no interval to judge by */
	VERDICT_INCONCLUSIVE,
	VERDICT_UNCHANGED,
	VERDICT_IMPROVED,
	VERDICT_REGRESSED,
	VERDICT_CHANGED, /* beyond the threshold, of a metric of which nobody said which way is good
			  */
};

/* "improved" ...; "none". */
const char *verdict_name(enum verdict v);

/*
 * Benjamini and Hochberg's adjusted p-values of one family (J. R. Statist. Soc. B 57, 1995):
 * p[0..n) is replaced. NaN is no comparison: it stays, and does not count.
 */
void adjust_family(double *p, size_t n);

/*
 * unchanged: the interval lies within (1/(1+t), 1+t), t the threshold (0.02). improved or
 * regressed, by the metric's better: adjusted p <= alpha and the ratio is beyond the threshold.
 * Else inconclusive.
 */
enum verdict verdict_of(const struct ratio *r, double p_adjusted, double threshold, double alpha,
	enum better better);

/*
 * The smallest change of the ratio, as a fraction (0.059: 5.9 %), that data of this spread and
 * number would show with a probability of 0.8: exp((t(1 - alpha/2) + t(0.8)) se) - 1. NaN without
 * se, and where so few values show nothing at all because no p could be as small as alpha. (Within
 * 5 % of what the noncentral t distribution says, from 5 pairs on.)
 */
double smallest_effect(const struct ratio *r, double alpha);

/*
 * About how many more blocks would settle an inconclusive one, if its estimate and its spread stay:
 * so many that its interval lies within the threshold, or excludes 1 with the ratio beyond it, and
 * that its p can be as small as alpha. 0 where nothing can be said: the estimate sits on the
 * threshold, or so near that not even MAX_MORE_BLOCKS would do, or there is no spread. In a family,
 * alpha p / p_adjusted stands for alpha: as much as this p was raised, the next one will be.
 */
#define MAX_MORE_BLOCKS 100000
size_t blocks_to_settle(const struct ratio *r, double threshold, double alpha);

/* The fewest blocks of which a p can be as small as alpha: with fewer there is no change. */
size_t blocks_for_p(bool is_paired, double alpha);

/*
 * The equivalence test of that threshold (two one-sided tests; Schuirmann 1987): the larger of both
 * p-values. NaN without se.
 */
double equivalence_p(const struct ratio *r, double threshold);

#endif
