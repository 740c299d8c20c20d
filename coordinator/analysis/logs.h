/*
 * logs.h - what the estimates of ratio.h and pooled.h share: the logs of positive values, a ratio
 * that says nothing yet, and one of a sample of logs
 */
#ifndef COORDINATOR_ANALYSIS_LOGS_H
#define COORDINATOR_ANALYSIS_LOGS_H

#include "coordinator/analysis/ratio.h"

/* A ratio without anything but n. */
void ratio_nothing(struct ratio *out, size_t n, bool is_paired);
/* mean +- t se on the log scale; se and df are set. Without any spread the interval is the
 * estimate. */
void ratio_set_interval(struct ratio *out, double mean, double level);
/* A ratio by n > 0 independent log ratios: their mean, from n = 2 on with Student's t interval. out
 * is ratio_nothing(). */
void ratio_of_logs(const double *logs, size_t n, double level, struct ratio *out);
/* The logs of n values, n + 1 doubles; the caller frees. NULL where n is 0 or a value is not
 * positive. */
double *logs_of(const double *values, size_t n);

#endif
