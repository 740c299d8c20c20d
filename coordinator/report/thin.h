/*
 * thin.h - fewer points of a long row of them, so that its shape stays
 *
 * The row is cut into stretches of as many points each, and the lowest and the highest point of
 * every stretch are kept: a single high run among a million is still there, which means would hide.
 */
#ifndef COORDINATOR_REPORT_THIN_H
#define COORDINATOR_REPORT_THIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Mark in keep which of n points in order stay, at most `most` of them: all where there are no
 * more, else the extremes of most / 2 stretches. keep may have marks already, of other values of
 * the same points: those stay, and count as well only where they are marked here again. A NaN is no
 * point. Returns how many are marked by this call.
 */
size_t thin_extremes(const double *values, size_t n, size_t most, bool *keep);

/* Where stretch i of parts begins; that of i = parts is n. */
size_t thin_start(size_t n, size_t parts, size_t i);

#endif
