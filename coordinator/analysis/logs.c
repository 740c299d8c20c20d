#include "coordinator/analysis/logs.h"

#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void ratio_nothing(struct ratio *out, size_t n, bool is_paired)
{
	*out = (struct ratio){.n = n,
		.is_paired = is_paired,
		.ratio = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.se = NAN,
		.df = NAN,
		.least_p = NAN};
}

void ratio_set_interval(struct ratio *out, double mean, double level)
{
	double t = gsl_cdf_tdist_Pinv(0.5 + level / 2, out->df);

	out->low = exp(mean - t * out->se);
	out->high = exp(mean + t * out->se);
}

void ratio_of_logs(const double *logs, size_t n, double level, struct ratio *out)
{
	double mean = gsl_stats_mean(logs, 1, n);

	out->ratio = exp(mean);
	if (n < 2)
		return;
	out->se = gsl_stats_sd_m(logs, 1, n, mean) / sqrt((double)n);
	out->df = (double)n - 1;
	ratio_set_interval(out, mean, level);
}

double *logs_of(const double *values, size_t n)
{
	double *logs = xcalloc(n + 1, sizeof *logs);

	for (size_t i = 0; i < n; i++) {
		if (!(values[i] > 0) || !isfinite(values[i])) {
			free(logs);
			return NULL;
		}
		logs[i] = log(values[i]);
	}
	if (n > 0)
		return logs;
	free(logs);
	return NULL;
}
