#include "coordinator/analysis/pooled.h"

#include "coordinator/analysis/logs.h"
#include "proto/base.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* Blocks drawn for a host's means, about; and how many means that gives at least and at most. */
#define DRAWN_BLOCKS 60000
#define LEAST_MEANS  250

/*
 * SplitMix64 (Steele, Lea and Flood 2014), inline: a campaign has a thousand lines to pool, each of
 * which draws a hundred thousand blocks, and a generator behind a pointer would be most of the
 * time.
 */
struct draws {
	uint64_t state;
};

static uint64_t next_draw(struct draws *d)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* One of n, of 32 random bits, by multiplying instead of dividing: n is far below 2^32, so all are
 * as likely. */
static size_t one_of(uint32_t bits, size_t n)
{
	return (size_t)(((uint64_t)bits * n) >> 32);
}

static double drawn_mean(struct draws *d, const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		uint64_t bits = next_draw(d);

		sum += values[one_of((uint32_t)bits, n)];
		sum += values[one_of((uint32_t)(bits >> 32), n)];
	}
	if (n % 2 == 1)
		sum += values[one_of((uint32_t)next_draw(d), n)];
	return sum / (double)n;
}

struct means {
	double *drawn; /* owned */
	size_t n;
};

static struct means draw_means(struct draws *d, const struct pooled_host *h)
{
	size_t n = DRAWN_BLOCKS / (h->x_n + h->y_n);
	struct means m = {.n = n < LEAST_MEANS        ? LEAST_MEANS
			       : n > POOLED_RESAMPLES ? POOLED_RESAMPLES
						      : n};

	m.drawn = xcalloc(m.n, sizeof *m.drawn);
	for (size_t i = 0; i < m.n; i++) {
		m.drawn[i] = drawn_mean(d, h->x, h->x_n);
		if (h->y_n > 0)
			m.drawn[i] -= drawn_mean(d, h->y, h->y_n);
	}
	return m;
}

/* A quantile between two neighbours, as gsl_stats_quantile_from_sorted_data() has it, from the tail
 * alone: sorting all would take longer than drawing them. */
static double low_quantile(const double *values, size_t n, double f)
{
	double at = f * (double)(n - 1);
	size_t below = (size_t)floor(at);
	_cleanup_free_ double *tail = xcalloc(below + 2, sizeof *tail);

	gsl_sort_smallest(tail, below + 2, values, 1, n);
	return tail[below] + (at - (double)below) * (tail[below + 1] - tail[below]);
}

static void set_interval(double *means, size_t n, double level, struct ratio *out)
{
	out->se = gsl_stats_sd(means, 1, n);
	out->low = exp(low_quantile(means, n, (1 - level) / 2));
	for (size_t i = 0; i < n; i++)
		means[i] = -means[i];
	out->high = exp(-low_quantile(means, n, (1 - level) / 2));
}

static double mean_of(const struct pooled_host *h)
{
	return gsl_stats_mean(h->x, 1, h->x_n) - (h->y_n > 0 ? gsl_stats_mean(h->y, 1, h->y_n) : 0);
}

static void resample(
	const struct pooled_host *hosts, size_t n, double level, uint64_t seed, struct ratio *out)
{
	_cleanup_free_ double *means = xcalloc(POOLED_RESAMPLES, sizeof *means);
	struct means *of = xcalloc(n, sizeof *of);
	struct draws d = {.state = seed};

	for (size_t h = 0; h < n; h++)
		of[h] = draw_means(&d, &hosts[h]);
	for (size_t i = 0; i < POOLED_RESAMPLES; i++) {
		for (size_t h = 0; h < n; h++) {
			uint64_t bits = next_draw(&d);
			const struct means *m = &of[one_of((uint32_t)bits, n)];

			means[i] += m->drawn[one_of((uint32_t)(bits >> 32), m->n)];
		}
		means[i] /= (double)n;
	}
	set_interval(means, POOLED_RESAMPLES, level, out);
	for (size_t h = 0; h < n; h++)
		free(of[h].drawn);
	free(of);
}

void ratio_pooled_hosts(
	const struct pooled_host *hosts, size_t n, double level, uint64_t seed, struct ratio *out)
{
	double sum = 0;

	ratio_nothing(out, n, n > 0 && hosts[0].y_n == 0);
	for (size_t h = 0; h < n; h++) {
		if (hosts[h].x_n == 0)
			return;
		sum += mean_of(&hosts[h]);
	}
	if (n == 0)
		return;
	out->ratio = exp(sum / (double)n);
	if (n > 1)
		resample(hosts, n, level, seed, out);
}

void heterogeneity_of(const struct ratio *hosts, size_t n, struct heterogeneity *out)
{
	double weights = 0, squares = 0, sum = 0;
	size_t counted = 0;

	*out = (struct heterogeneity){.q = NAN, .p = NAN, .i2 = NAN, .between = NAN};
	for (size_t i = 0; i < n; i++) {
		double w = 1 / (hosts[i].se * hosts[i].se);

		if (!(hosts[i].se > 0) || !isfinite(w))
			continue;
		weights += w;
		squares += w * w;
		sum += w * log(hosts[i].ratio);
		counted++;
	}
	if (counted < 2)
		return;
	out->q = 0;
	for (size_t i = 0; i < n; i++) {
		double away = log(hosts[i].ratio) - sum / weights;

		if (hosts[i].se > 0 && isfinite(1 / (hosts[i].se * hosts[i].se)))
			out->q += away * away / (hosts[i].se * hosts[i].se);
	}
	double excess = fmax(0, out->q - (double)(counted - 1));
	out->p = gsl_cdf_chisq_Q(out->q, (double)(counted - 1));
	out->i2 = excess > 0 ? excess / out->q : 0;
	out->between = sqrt(excess / (weights - squares / weights));
}
