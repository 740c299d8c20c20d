/* The rank-based half of ratio.h: Hodges-Lehmann estimates with the intervals of the exact tests.
 */
#include "coordinator/analysis/ratio.h"

#include "coordinator/analysis/logs.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* Up to here the distributions are counted, beyond they are taken as normal. */
#define EXACT_N 50

/* P(statistic <= s) for s = 0..max of a distribution that is symmetric about max / 2. */
struct distribution {
	double *cumulative; /* owned; NULL: normal */
	size_t max;
	double mean, sd;
};

static void distribution_done(struct distribution *d)
{
	free(d->cumulative);
}

/* Counts to probabilities, added up. */
static void accumulate(struct distribution *d)
{
	double total = 0, sum = 0;

	for (size_t s = 0; s <= d->max; s++)
		total += d->cumulative[s];
	for (size_t s = 0; s <= d->max; s++) {
		sum += d->cumulative[s];
		d->cumulative[s] = sum / total;
	}
}

/* Wilcoxon's W+: each rank 1..n is in the sum or not. */
static struct distribution signed_ranks(size_t n)
{
	double m = (double)n;
	struct distribution d = {.max = n * (n + 1) / 2,
		.mean = m * (m + 1) / 4,
		.sd = sqrt(m * (m + 1) * (2 * m + 1) / 24)};

	if (n > EXACT_N)
		return d;
	d.cumulative = xcalloc(d.max + 1, sizeof *d.cumulative);
	d.cumulative[0] = 1;
	for (size_t rank = 1; rank <= n; rank++)
		for (size_t s = d.max; s >= rank; s--)
			d.cumulative[s] += d.cumulative[s - rank];
	accumulate(&d);
	return d;
}

/*
 * The Mann-Whitney U of n and m values: the coefficients of the Gaussian binomial (n + m over n),
 * made by multiplying with 1 - q^(m+i) and dividing by 1 - q^i.
 */
static struct distribution rank_sums(size_t n, size_t m)
{
	double a = (double)n, b = (double)m;
	struct distribution d = {
		.max = n * m, .mean = a * b / 2, .sd = sqrt(a * b * (a + b + 1) / 12)};

	if (n > EXACT_N || m > EXACT_N)
		return d;
	d.cumulative = xcalloc(d.max + 1, sizeof *d.cumulative);
	d.cumulative[0] = 1;
	for (size_t i = 1; i <= n; i++) {
		for (size_t s = d.max; s >= m + i; s--)
			d.cumulative[s] -= d.cumulative[s - m - i];
		for (size_t s = i; s <= d.max; s++)
			d.cumulative[s] += d.cumulative[s - i];
	}
	accumulate(&d);
	return d;
}

/* P(statistic <= s), s may be half of a number where there are ties. */
static double at_most(const struct distribution *d, double s)
{
	if (s < 0)
		return 0;
	if (s >= (double)d->max)
		return 1;
	if (d->cumulative)
		return d->cumulative[(size_t)floor(s + 1e-9)];
	return gsl_cdf_ugaussian_P((s + 0.5 - d->mean) / d->sd);
}

static double two_sided(const struct distribution *d, double s)
{
	double other = (double)d->max - s, least = s < other ? s : other;
	double p = 2 * at_most(d, least);

	return p < 1 ? p : 1;
}

/* With ties the ranks are means; p comes from the normal distribution with the tied variance. */
static double tied_p(double s, double mean, double variance)
{
	double z = variance > 0 ? (fabs(s - mean) - 0.5) / sqrt(variance) : 0;

	return z > 0 ? 2 * gsl_cdf_ugaussian_Q(z) : 1;
}

/* The largest k with 2 P(statistic < k) <= 1 - level; 0: there is no such interval. */
static size_t order_of_interval(const struct distribution *d, double level)
{
	size_t k = 0;

	while (k <= d->max / 2 && 2 * at_most(d, (double)k) <= 1 - level)
		k++;
	return k;
}

/*
 * The value that would stand at `at` if all of them were sorted (Hoare's FIND); they are moved so
 * that none before it is larger. There are n^2 / 2 averages: sorting them takes far longer.
 */
static double select_at(double *all, size_t n, size_t at)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = all[low + (high - low) / 2];
		size_t i = low, k = high;

		while (i <= k) {
			while (all[i] < pivot)
				i++;
			while (all[k] > pivot)
				k--;
			if (i > k)
				break;
			double one = all[i];
			all[i++] = all[k];
			all[k] = one;
			if (k == 0)
				break;
			k--;
		}
		if (at <= k)
			high = k;
		else if (at >= i)
			low = i;
		else
			break;
	}
	return all[at];
}

/* Estimate and interval from all the averages or differences, n of them, which it reorders. */
static void estimate(
	double *all, size_t n, const struct distribution *d, double level, struct ratio *out)
{
	size_t k = order_of_interval(d, level);
	double above = select_at(all, n, n / 2);
	double below = n % 2 == 1 ? above : select_at(all, n, n / 2 - 1);

	out->ratio = exp((below + above) / 2);
	out->low = k > 0 ? exp(select_at(all, n, k - 1)) : NAN;
	out->high = k > 0 ? exp(select_at(all, n, n - k)) : NAN;
}

/* Ranks of values, 1 for the smallest, means where they tie; *ties gets the sum of t^3 - t. */
static double *ranks_of(const double *values, size_t n, double *ties)
{
	_cleanup_free_ size_t *order = xcalloc(n + 1, sizeof *order);
	double *ranks = xcalloc(n + 1, sizeof *ranks);

	*ties = 0;
	gsl_sort_index(order, values, 1, n);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && values[order[end]] <= values[order[i]]; end++)
			;
		for (size_t k = i; k < end; k++)
			ranks[order[k]] = (double)(i + end + 1) / 2;
		double t = (double)(end - i);
		*ties += t * t * t - t;
	}
	return ranks;
}

/* Pairs without a difference say nothing of its sign; they are left out of the test alone. */
static double signed_rank_p(const double *d, size_t n)
{
	_cleanup_free_ double *sizes = xcalloc(n + 1, sizeof *sizes), *ranks = NULL;
	struct distribution all;
	double ties, sum = 0, p;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (fabs(d[i]) > 0)
			sizes[m++] = fabs(d[i]);
	if (m == 0)
		return 1;
	ranks = ranks_of(sizes, m, &ties);
	for (size_t i = 0, k = 0; i < n; i++)
		if (fabs(d[i]) > 0)
			sum += d[i] > 0 ? ranks[k++] : (k++, 0);
	all = signed_ranks(m);
	p = ties > 0 ? tied_p(sum, all.mean, all.sd * all.sd - ties / 48) : two_sided(&all, sum);
	distribution_done(&all);
	return p;
}

/* The logs of n ratios; the caller frees; NULL as logs_of(). */
static double *log_ratios(const double *contender, const double *baseline, size_t n)
{
	double *d = logs_of(contender, n);
	_cleanup_free_ double *b = logs_of(baseline, n);

	if (d == NULL || b == NULL) {
		free(d);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		d[i] -= b[i];
	return d;
}

double rank_p_of_pairs(const double *contender, const double *baseline, size_t n)
{
	_cleanup_free_ double *d = log_ratios(contender, baseline, n);

	return d == NULL || n < 2 ? NAN : signed_rank_p(d, n);
}

void ratio_of_pair_ranks(
	const double *contender, const double *baseline, size_t n, double level, struct ratio *out)
{
	_cleanup_free_ double *d = log_ratios(contender, baseline, n), *averages = NULL;
	struct distribution all;
	size_t k = 0;

	ratio_nothing(out, n, true);
	if (d == NULL)
		return;
	averages = xcalloc(n * (n + 1) / 2, sizeof *averages);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			averages[k++] = (d[i] + d[j]) / 2;
	all = signed_ranks(n);
	estimate(averages, k, &all, level, out);
	distribution_done(&all);
	if (n >= 2)
		out->p = signed_rank_p(d, n);
}

/* U of the first sample. */
static double rank_sum_p(const double *x, size_t n, const double *y, size_t m)
{
	_cleanup_free_ double *both = xcalloc(n + m, sizeof *both), *ranks = NULL;
	struct distribution all = rank_sums(n, m);
	double ties, u = -(double)n * ((double)n + 1) / 2, total = (double)(n + m), p;

	memcpy(both, x, n * sizeof *x);
	memcpy(both + n, y, m * sizeof *y);
	ranks = ranks_of(both, n + m, &ties);
	for (size_t i = 0; i < n; i++)
		u += ranks[i];
	p = ties > 0 ? tied_p(u, all.mean,
			       (double)n * (double)m / 12 *
				       (total + 1 - ties / (total * (total - 1))))
		     : two_sided(&all, u);
	distribution_done(&all);
	return p;
}

double rank_p_of_samples(
	const double *contender, size_t contender_n, const double *baseline, size_t baseline_n)
{
	_cleanup_free_ double *x = logs_of(contender, contender_n);
	_cleanup_free_ double *y = logs_of(baseline, baseline_n);

	if (x == NULL || y == NULL || contender_n < 2 || baseline_n < 2)
		return NAN;
	return rank_sum_p(x, contender_n, y, baseline_n);
}

void ratio_of_sample_ranks(const double *contender, size_t contender_n, const double *baseline,
	size_t baseline_n, double level, struct ratio *out)
{
	size_t least = contender_n < baseline_n ? contender_n : baseline_n, k = 0;
	_cleanup_free_ double *x = logs_of(contender, contender_n);
	_cleanup_free_ double *y = logs_of(baseline, baseline_n);
	_cleanup_free_ double *differences = NULL;
	struct distribution all;

	ratio_nothing(out, least, false);
	if (x == NULL || y == NULL)
		return;
	differences = xcalloc(contender_n * baseline_n, sizeof *differences);
	for (size_t i = 0; i < contender_n; i++)
		for (size_t j = 0; j < baseline_n; j++)
			differences[k++] = x[i] - y[j];
	all = rank_sums(contender_n, baseline_n);
	estimate(differences, k, &all, level, out);
	distribution_done(&all);
	if (least >= 2)
		out->p = rank_sum_p(x, contender_n, y, baseline_n);
}
