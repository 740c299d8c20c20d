#include "coordinator/analysis/summary.h"
#include "coordinator/analysis/sorting.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* The largest k whose interval [x(k), x(n+1-k)] covers the median with at least this probability; 0
 * where none does. */
static size_t find_order(size_t n, double level)
{
	size_t k = 0;

	while (k < n / 2) {
		/* 1 - 2 P(Binomial(n, 1/2) < k + 1) */
		double coverage = 1 - 2 * gsl_cdf_binomial_P((unsigned)k, 0.5, (unsigned)n);
		if (coverage < level)
			break;
		k++;
	}
	return k;
}

/* Most cells have as many runs as the one before, and the search takes longer than all else. */
static size_t order_of_interval(size_t n, double level)
{
	static _Thread_local size_t last_n, last_order;
	static _Thread_local double last_level;

	if (n != last_n || last_level < level || last_level > level) {
		last_order = find_order(n, level);
		last_n = n;
		last_level = level;
	}
	return last_order;
}

void summary_fences(const double *sorted, size_t n, double *low, double *high)
{
	double q1 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.25);
	double q3 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.75);
	double far = 3 * (q3 - q1);

	*low = q1 - far;
	*high = q3 + far;
}

static size_t count_outliers(const double *sorted, size_t n)
{
	double low, high;
	size_t count = 0;

	summary_fences(sorted, n, &low, &high);
	for (size_t i = 0; i < n; i++)
		count += sorted[i] < low || sorted[i] > high;
	return count;
}

void summary_of(double *values, size_t n, double level, struct summary *out)
{
	*out = (struct summary){.n = n};
	if (n == 0)
		return;
	sort_counting(values, n);
	out->median = gsl_stats_median_from_sorted_data(values, 1, n);
	out->mean = gsl_stats_mean(values, 1, n);
	out->least = values[0];
	out->most = values[n - 1];
	out->deviation = n > 1 ? gsl_stats_sd_m(values, 1, n, out->mean) : NAN;
	out->cv = out->mean > 0 ? out->deviation / out->mean : NAN;
	out->outliers = count_outliers(values, n);
	size_t k = order_of_interval(n, level);
	if (k > 0) {
		out->has_interval = true;
		out->low = values[k - 1];
		out->high = values[n - k];
	}
}

double ratio_paired(const double *contender, const double *baseline, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (!(contender[i] > 0) || !(baseline[i] > 0))
			return NAN;
		sum += log(contender[i]) - log(baseline[i]);
	}
	return n == 0 ? NAN : exp(sum / (double)n);
}
