#include "coordinator/analysis/ratio.h"

#include "coordinator/analysis/permutation.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define RESAMPLES 10000

static void nothing(struct ratio *out, size_t n, bool is_paired)
{
	*out = (struct ratio){.n = n,
		.is_paired = is_paired,
		.ratio = NAN,
		.low = NAN,
		.high = NAN,
		.p = NAN,
		.se = NAN,
		.df = NAN};
}

static bool are_positive(const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(values[i] > 0) || !isfinite(values[i]))
			return false;
	return n > 0;
}

/* The logs of n values; the caller frees. */
static double *logs_of(const double *values, size_t n)
{
	double *logs = xcalloc(n, sizeof *logs);

	for (size_t i = 0; i < n; i++)
		logs[i] = log(values[i]);
	return logs;
}

/* mean +- t se on the log scale. Without any spread the interval is the estimate. */
static void set_interval(struct ratio *out, double mean, double level)
{
	double t = gsl_cdf_tdist_Pinv(0.5 + level / 2, out->df);

	out->low = exp(mean - t * out->se);
	out->high = exp(mean + t * out->se);
}

void ratio_of_pairs(const double *contender, const double *baseline, size_t n, double level,
	uint64_t seed, struct ratio *out)
{
	_cleanup_free_ double *d = NULL;
	double mean;

	nothing(out, n, true);
	if (!are_positive(contender, n) || !are_positive(baseline, n))
		return;
	d = logs_of(contender, n);
	for (size_t i = 0; i < n; i++)
		d[i] -= log(baseline[i]);
	mean = gsl_stats_mean(d, 1, n);
	out->ratio = exp(mean);
	if (n < 2)
		return;
	out->se = gsl_stats_sd_m(d, 1, n, mean) / sqrt((double)n);
	out->df = (double)n - 1;
	set_interval(out, mean, level);
	out->p = permutation_of_signs(d, n, seed);
}

void ratio_of_samples(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, uint64_t seed, struct ratio *out)
{
	size_t n = contender_n < baseline_n ? contender_n : baseline_n;
	_cleanup_free_ double *x = NULL, *y = NULL;
	double a, b, mean;

	nothing(out, n, false);
	if (!are_positive(contender, contender_n) || !are_positive(baseline, baseline_n))
		return;
	x = logs_of(contender, contender_n);
	y = logs_of(baseline, baseline_n);
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
	set_interval(out, mean, level);
	out->p = permutation_of_labels(x, contender_n, y, baseline_n, seed);
}

/* ---- many hosts ---- */

/* The mean of the hosts' means, hosts and their blocks drawn with replacement. */
static double draw_mean(gsl_rng *rng, const double *logs, const size_t *start, size_t hosts)
{
	double sum = 0;

	for (size_t h = 0; h < hosts; h++) {
		size_t host = gsl_rng_uniform_int(rng, hosts);
		size_t n = start[host + 1] - start[host];
		double of_host = 0;

		for (size_t i = 0; i < n; i++)
			of_host += logs[start[host] + gsl_rng_uniform_int(rng, n)];
		sum += of_host / (double)n;
	}
	return sum / (double)hosts;
}

static void pool(const double *logs, const size_t *start, size_t hosts, double level, uint64_t seed,
	struct ratio *out)
{
	_cleanup_free_ double *means = xcalloc(RESAMPLES, sizeof *means);
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double mean = 0;

	gsl_rng_set(rng, seed);
	for (size_t h = 0; h < hosts; h++)
		mean += gsl_stats_mean(logs + start[h], 1, start[h + 1] - start[h]);
	out->ratio = exp(mean / (double)hosts);
	for (size_t i = 0; i < RESAMPLES; i++)
		means[i] = draw_mean(rng, logs, start, hosts);
	gsl_sort(means, 1, RESAMPLES);
	out->low = exp(gsl_stats_quantile_from_sorted_data(means, 1, RESAMPLES, (1 - level) / 2));
	out->high = exp(gsl_stats_quantile_from_sorted_data(means, 1, RESAMPLES, (1 + level) / 2));
	out->se = gsl_stats_sd(means, 1, RESAMPLES);
	gsl_rng_free(rng);
}

void ratio_pooled(const double *logs, const size_t *start, size_t hosts, double level,
	uint64_t seed, struct ratio *out)
{
	nothing(out, hosts, true);
	for (size_t h = 0; h < hosts; h++)
		if (start[h + 1] == start[h])
			return;
	if (hosts > 1) {
		pool(logs, start, hosts, level, seed, out);
	} else if (hosts == 1) {
		size_t n = start[1] - start[0];
		double mean = gsl_stats_mean(logs + start[0], 1, n);

		out->ratio = exp(mean);
		if (n < 2)
			return;
		out->se = gsl_stats_sd(logs + start[0], 1, n) / sqrt((double)n);
		out->df = (double)n - 1;
		set_interval(out, mean, level);
	}
}
