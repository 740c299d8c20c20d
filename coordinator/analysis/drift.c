#include "coordinator/analysis/drift.h"
#include "coordinator/analysis/sorting.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* Pairs of equal values, and what these take off 18 times the variance. */
static uint64_t count_ties(const double *sorted, size_t n, double *off)
{
	uint64_t pairs = 0;

	*off = 0;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && !(sorted[end] > sorted[i]);)
			end++;
		double t = (double)(end - i);
		pairs += (uint64_t)(end - i) * (end - i - 1) / 2;
		*off += t * (t - 1) * (2 * t + 5);
	}
	return pairs;
}

/* Kendall's S and its p; sorts the values. Returns their median. */
static double test_trend(double *values, size_t n, struct drift *out)
{
	uint64_t swapped = sort_counting(values, n), all = (uint64_t)n * (n - 1) / 2;
	double off, size = (double)n;
	uint64_t ties = count_ties(values, n, &off);

	out->s = (int64_t)(all - ties) - 2 * (int64_t)swapped;
	double variance = (size * (size - 1) * (2 * size + 5) - off) / 18;
	double beyond = fmax(fabs((double)out->s) - 1, 0);
	out->p = variance > 0 ? fmin(1, 2 * gsl_cdf_ugaussian_Q(beyond / sqrt(variance))) : 1;
	return gsl_stats_median_from_sorted_data(values, 1, n);
}

/* Means of at most DRIFT_POINTS stretches of neighbours, as even as they can be. Returns how many;
 * x are their mean blocks. */
static size_t thin(const double *values, const int64_t *blocks, size_t n, double *x, double *y)
{
	size_t points = n < DRIFT_POINTS ? n : DRIFT_POINTS;

	for (size_t i = 0; i < points; i++) {
		size_t from = i * n / points, to = (i + 1) * n / points;
		x[i] = y[i] = 0;
		for (size_t k = from; k < to; k++) {
			x[i] += (double)blocks[k] / (double)(to - from);
			y[i] += values[k] / (double)(to - from);
		}
	}
	return points;
}

/* Theil's and Sen's slope, a block. */
double drift_slope(const double *values, const int64_t *blocks, size_t n)
{
	double x[DRIFT_POINTS], y[DRIFT_POINTS];
	size_t points = thin(values, blocks, n, x, y), pairs = 0;
	_cleanup_free_ double *slopes = xcalloc(points * points / 2 + 1, sizeof *slopes);

	for (size_t i = 0; i < points; i++)
		for (size_t k = i + 1; k < points; k++)
			if (x[k] > x[i])
				slopes[pairs++] = (y[k] - y[i]) / (x[k] - x[i]);
	sort_counting(slopes, pairs);
	return pairs == 0 ? 0 : gsl_stats_median_from_sorted_data(slopes, 1, pairs);
}

void drift_of(const double *values, const int64_t *blocks, size_t n, struct drift *out)
{
	*out = (struct drift){.p = 1};
	if (n < DRIFT_MIN)
		return;
	_cleanup_free_ double *sorted = xcalloc(n, sizeof *sorted);
	memcpy(sorted, values, n * sizeof *sorted);
	double median = test_trend(sorted, n, out);
	out->is_tested = median > 0 || median < 0;
	if (!out->is_tested || out->p >= DRIFT_ALPHA)
		return;
	out->change =
		drift_slope(values, blocks, n) * (double)(blocks[n - 1] - blocks[0]) / fabs(median);
	out->is_found = fabs(out->change) > DRIFT_LEAST;
}
