/*
 * sorting.h - sorting numbers, and how far they were from sorted
 */
#ifndef COORDINATOR_ANALYSIS_SORTING_H
#define COORDINATOR_ANALYSIS_SORTING_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sort n values in place, the smallest first; none may be NaN. Returns how many pairs i < j had
 * values[i] > values[j]. (Merge sort; the count is Knight's, A computer method for calculating
 * Kendall's tau with ungrouped data, JASA 61, 1966.)
 */
uint64_t sort_counting(double *values, size_t n);

#endif
