#include "coordinator/analysis/prediction.h"

#include "coordinator/analysis/summary.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void night_level_of(const double *values, size_t n, struct night_level *out)
{
	_cleanup_free_ double *copy = xcalloc(n + 1, sizeof *copy);
	struct summary s;

	*out = (struct night_level){0};
	for (size_t i = 0; i < n; i++) {
		if (!(values[i] > 0) || !isfinite(values[i]))
			return;
		copy[i] = log(values[i]);
	}
	if (n == 0)
		return;
	out->n = n;
	out->mean = gsl_stats_mean(copy, 1, n);
	if (n > 1)
		out->variance = gsl_stats_variance_m(copy, 1, n, out->mean) / (double)n;
	memcpy(copy, values, n * sizeof *copy);
	summary_of(copy, n, 0.95, &s);
	out->median = s.median;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

void ratio_to_nights(const struct night_level *tonight, const struct night_level *nights, size_t n,
	double level, struct ratio *out)
{
	_cleanup_free_ double *means = xcalloc(n + 1, sizeof *means);
	double within = 0, mean, between, away;

	*out = (struct ratio){
		.n = n, .ratio = NAN, .low = NAN, .high = NAN, .p = NAN, .se = NAN, .df = NAN};
	if (n < PREDICTION_LEAST || tonight->n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		means[i] = nights[i].mean;
		within += nights[i].variance / (double)n;
	}
	mean = gsl_stats_mean(means, 1, n);
	between = larger(gsl_stats_variance_m(means, 1, n, mean), within);
	out->df = (double)n - 1;
	out->se = sqrt(larger(between, tonight->variance) + between / (double)n);
	away = tonight->mean - mean;
	double t = gsl_cdf_tdist_Pinv(0.5 + level / 2, out->df);
	out->ratio = exp(away);
	out->low = exp(away - t * out->se);
	out->high = exp(away + t * out->se);
	if (out->se > 0)
		out->p = 2 * gsl_cdf_tdist_Q(fabs(away) / out->se, out->df);
	else
		out->p = away > 0 || away < 0 ? 0 : 1;
}
