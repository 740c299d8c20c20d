/*
 * logs.h - what the estimates of ratio.h begin with: the logs of positive values, and a ratio that
 * says nothing yet
 */
#ifndef COORDINATOR_ANALYSIS_LOGS_H
#define COORDINATOR_ANALYSIS_LOGS_H

#include "coordinator/analysis/ratio.h"

/* A ratio without anything but n. */
void ratio_nothing(struct ratio *out, size_t n, bool is_paired);
/* The logs of n values, n + 1 doubles; the caller frees. NULL where n is 0 or a value is not
 * positive. */
double *logs_of(const double *values, size_t n);

#endif
