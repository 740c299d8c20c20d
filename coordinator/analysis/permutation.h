/*
 * permutation.h - how often chance alone gives a difference as large: tests that assume nothing of
 * the distribution
 *
 * Two-sided. Exact where there are at most 2^17 arrangements, else PERMUTATIONS seeded random ones.
 */
#ifndef COORDINATOR_ANALYSIS_PERMUTATION_H
#define COORDINATOR_ANALYSIS_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

#define PERMUTATION_EXACT 131072
#define PERMUTATIONS      100000

/* The sign-flip test: the mean of n differences is 0. The smallest p is 2^(1-n). */
double permutation_of_signs(const double *d, size_t n, uint64_t seed);
/* Two samples have the same mean: which value is of which is permuted. */
double permutation_of_labels(
	const double *x, size_t x_n, const double *y, size_t y_n, uint64_t seed);

#endif
