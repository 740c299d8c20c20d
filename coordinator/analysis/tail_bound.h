/*
 * tail_bound.h - upper bounds of p-values of permutation tests that are too small to be drawn
 *
 * Chernoff: P(S >= s) <= E exp(L (S - s)) for every L > 0; the L that is best is found by Newton's
 * method. As it holds for every L, no bound is wrong for want of steps, only larger than need be.
 */
#ifndef COORDINATOR_ANALYSIS_TAIL_BOUND_H
#define COORDINATOR_ANALYSIS_TAIL_BOUND_H

#include <stddef.h>

/* P(|sum of +-d[i]| >= s), s > 0: 2 prod cosh(L d[i]) exp(-L s). */
double tail_bound_of_signs(const double *d, size_t n, double s);

/*
 * P(|sum of k of the n values| >= s), s > 0, drawn without replacement. k of n are n independent
 * choices of probability p = k / n, given that there are k of them; so for all L and M
 *
 *   P <= prod(1 - p + p exp(L x[i] + M)) exp(-L s - M k) / P(Binomial(n, p) = k),
 *
 * on either side. The values have a mean of 0.
 */
double tail_bound_of_labels(const double *values, size_t n, size_t k, double s);

#endif
