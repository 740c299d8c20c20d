/*
 * gini.h - how unevenly a load is spread: the Gini coefficient
 */
#ifndef COORDINATOR_ANALYSIS_GINI_H
#define COORDINATOR_ANALYSIS_GINI_H

#include <stddef.h>

/*
 * Of n values that are not negative, in any order (sorted in place): 0 where all are the same, 1
 * where one has it all. G = (2 sum(i x_i) / sum(x) - n - 1) / n with x ascending and i from 1, and
 * n / (n - 1) times that, so that 1 can be reached (Deltas 2003, The small-sample bias of the Gini
 * coefficient). NaN where n < 2 or nothing is there to be spread.
 */
double gini(double *values, size_t n);

#endif
