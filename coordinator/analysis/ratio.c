#include "coordinator/analysis/ratio.h"

#include "coordinator/analysis/logs.h"
#include "coordinator/analysis/permutation.h"
#include "coordinator/analysis/pooled.h"
#include "proto/base.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* The logs of the ratios of n pairs, NULL where a value is not positive; the caller frees. */
static double *differences_of(const double *contender, const double *baseline, size_t n)
{
	_cleanup_free_ double *b = logs_of(baseline, n);
	double *d = b == NULL ? NULL : logs_of(contender, n);

	for (size_t i = 0; d != NULL && i < n; i++)
		d[i] -= b[i];
	return d;
}

void ratio_interval_of_pairs(
	const double *contender, const double *baseline, size_t n, double level, struct ratio *out)
{
	_cleanup_free_ double *d = differences_of(contender, baseline, n);

	ratio_nothing(out, n, true);
	if (d != NULL)
		ratio_of_logs(d, n, level, out);
}

void ratio_of_pairs(const double *contender, const double *baseline, size_t n, double level,
	uint64_t seed, struct ratio *out)
{
	_cleanup_free_ double *d = differences_of(contender, baseline, n);

	ratio_nothing(out, n, true);
	if (d == NULL)
		return;
	ratio_of_logs(d, n, level, out);
	if (isnan(out->se))
		return;
	out->p = permutation_of_signs(d, n, seed);
	out->least_p = permutation_least_of_signs(n);
}

void ratio_interval_of_samples(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, struct ratio *out)
{
	size_t n = contender_n < baseline_n ? contender_n : baseline_n;
	_cleanup_free_ double *x = logs_of(contender, contender_n);
	_cleanup_free_ double *y = logs_of(baseline, baseline_n);
	double a, b, mean;

	ratio_nothing(out, n, false);
	if (x == NULL || y == NULL)
		return;
	mean = gsl_stats_mean(x, 1, contender_n) - gsl_stats_mean(y, 1, baseline_n);
	out->ratio = exp(mean);
	if (n < 2)
		return;
	a = gsl_stats_variance(x, 1, contender_n) / (double)contender_n;
	b = gsl_stats_variance(y, 1, baseline_n) / (double)baseline_n;
	out->se = sqrt(a + b);
	out->df = a + b > 0 ? (a + b) * (a + b) /
				      (a * a / ((double)contender_n - 1) +
					      b * b / ((double)baseline_n - 1))
			    : (double)(contender_n + baseline_n - 2);
	ratio_set_interval(out, mean, level);
}

void ratio_of_samples(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, uint64_t seed, struct ratio *out)
{
	ratio_interval_of_samples(contender, contender_n, baseline, baseline_n, level, out);
	if (isnan(out->se))
		return;
	_cleanup_free_ double *x = logs_of(contender, contender_n);
	_cleanup_free_ double *y = logs_of(baseline, baseline_n);
	out->p = permutation_of_labels(x, contender_n, y, baseline_n, seed);
	out->least_p = permutation_least_of_labels(contender_n, baseline_n);
}

/* ---- many hosts ---- */

void ratio_pooled(
	const double *logs, const size_t *start, size_t hosts, double level, struct ratio *out)
{
	struct pooled_host *of;

	ratio_nothing(out, hosts, true);
	if (hosts == 1 && start[1] > start[0])
		ratio_of_logs(logs + start[0], start[1] - start[0], level, out);
	if (hosts < 2)
		return;
	of = xcalloc(hosts, sizeof *of);
	for (size_t h = 0; h < hosts; h++)
		of[h] = (struct pooled_host){.x = logs + start[h], .x_n = start[h + 1] - start[h]};
	ratio_pooled_hosts(of, hosts, level, out);
	free(of);
}
