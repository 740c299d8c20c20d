/*
 * permutation.h - how often chance alone gives a difference as large: tests that assume nothing of
 * the distribution
 *
 * Two-sided. Exact up to 32 pairs, or 32 values of both samples together, or 2^17 arrangements: the
 * sums of both halves are sorted, and the pairs of them that are as extreme are counted. Beyond,
 * with more of them:
 *
 *   - where Chernoff's bound of the tail is below what draws could show, 1 / (1 + PERMUTATIONS), it
 *     is the p: an upper bound of the exact one;
 *   - else seeded random arrangements: until PERMUTATION_HITS were as extreme, p = hits / drawn
 *     (Besag and Clifford 1991), at most PERMUTATIONS, p = (1 + hits) / (1 + drawn) (Phipson and
 *     Smyth 2010).
 */
#ifndef COORDINATOR_ANALYSIS_PERMUTATION_H
#define COORDINATOR_ANALYSIS_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

#define PERMUTATION_EXACT_N 32
#define PERMUTATION_EXACT   131072
#define PERMUTATIONS        100000
#define PERMUTATION_HITS    500

/* The sign-flip test: the mean of n differences is 0. The smallest p is 2^(1-n). */
double permutation_of_signs(const double *d, size_t n, uint64_t seed);
/* Two samples have the same mean: which value is of which is permuted. */
double permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed);

/* The smallest p that these tests can give, however large the difference: all arrangements but the
 * observed one and, of as many values, its mirror image are less extreme. */
double permutation_least_of_signs(size_t n);
double permutation_least_of_labels(size_t x_n, size_t y_n);

#endif
