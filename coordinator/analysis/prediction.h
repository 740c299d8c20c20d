/*
 * prediction.h - is one more night like the nights before? Nights are the units, not their runs
 *
 * What runs of one night tell is how much runs differ, not how much nights do: a warmer room, a
 * page cache laid out otherwise. So tonight's mean is held against the prediction interval of one
 * future observation (Hahn and Meeker, Statistical Intervals, 1991, section 4.8; on the log scale),
 *
 *     mean +- t(N - 1) * sqrt(v0 + v / N),     with v0 = v = s^2: t * s * sqrt(1 + 1/N)
 *
 * s the standard deviation of the N nights' means. Few nights may agree by luck: v is never less
 * than what the spread of runs within the nights makes of such means, and v0 never less than
 * that within tonight, so that few or noisy runs prove nothing.
 */
#ifndef COORDINATOR_ANALYSIS_PREDICTION_H
#define COORDINATOR_ANALYSIS_PREDICTION_H

#include "coordinator/analysis/ratio.h"

/* Below so many nights nobody knows how much they differ. */
#define PREDICTION_LEAST 3

struct night_level {
	size_t n;        /* runs; 0: there is no level */
	double mean;     /* of their logs */
	double variance; /* of that mean: their variance / n; 0 where n is 1 */
	double median;   /* of the values */
};

/* Of n values; n 0 in out where one is not positive. */
void night_level_of(const double *values, size_t n, struct night_level *out);

/*
 * Tonight against n nights, each with a level: out->ratio is exp(tonight - mean of the nights),
 * with the interval at level (0.99) and p of Student's t with n - 1 degrees of freedom; out->n is
 * n. NaN where n is below PREDICTION_LEAST, or tonight has no level.
 */
void ratio_to_nights(const struct night_level *tonight, const struct night_level *nights, size_t n,
	double level, struct ratio *out);

#endif
