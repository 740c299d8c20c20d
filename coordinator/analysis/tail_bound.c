#include "coordinator/analysis/tail_bound.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define STEPS 25
/* No more steps where one would lessen the logarithm of the bound by this alone. */
#define ENOUGH 0.01

/* log cosh without overflow. */
static double log_cosh(double x)
{
	x = fabs(x);
	return x + log1p(exp(-2 * x)) - M_LN2;
}

double tail_bound_of_signs(const double *d, size_t n, double s)
{
	double l = 0, best = 0;

	for (int step = 0; step < STEPS; step++) {
		double slope = -s, curve = 0, value = 0;

		for (size_t i = 0; i < n; i++) {
			double t = tanh(l * d[i]);

			slope += d[i] * t;
			curve += d[i] * d[i] * (1 - t * t);
		}
		if (!(curve > 0) || slope * slope / curve < ENOUGH)
			break;
		l -= slope / curve;
		for (size_t i = 0; i < n; i++)
			value += log_cosh(l * d[i]);
		value -= l * s;
		if (value >= best)
			break;
		best = value;
	}
	return fmin(1, 2 * exp(best));
}

/* ---- without replacement ---- */

struct draw {
	const double *values;
	size_t n;
	double k, p, unit, s; /* values are looked at in units of their standard deviation */
};

/* log(1 - p + p exp(z)) without overflow. */
static double log_mix(double p, double z)
{
	return z > 0 ? z + log(p + (1 - p) * exp(-z)) : log(1 - p + p * exp(z));
}

static double value_at(const struct draw *d, double l, double m)
{
	double value = -l * d->s - m * d->k;

	for (size_t i = 0; i < d->n; i++)
		value += log_mix(d->p, l * d->values[i] / d->unit + m);
	return value;
}

/* The step of Newton's method at l, m. Returns what it promises; 0 where there is none. */
static double step_at(const struct draw *d, double l, double m, double *to_l, double *to_m)
{
	double gl = -d->s, gm = -d->k, ll = 0, lm = 0, mm = 0;

	for (size_t i = 0; i < d->n; i++) {
		double x = d->values[i] / d->unit, z = l * x + m;
		double pi = d->p / (d->p + (1 - d->p) * exp(-z)), w = pi * (1 - pi);

		gl += pi * x;
		gm += pi;
		ll += w * x * x;
		lm += w * x;
		mm += w;
	}
	double det = ll * mm - lm * lm;
	if (!(det > 1e-12))
		return 0;
	*to_l = -(mm * gl - lm * gm) / det;
	*to_m = -(ll * gm - lm * gl) / det;
	return -(gl * *to_l + gm * *to_m);
}

/* log of the bound of the sum's upper tail. */
static double upper(const struct draw *d)
{
	double l = 0, m = 0, best = 0;

	for (int step = 0; step < STEPS; step++) {
		double by_l, by_m, size = 1, value;

		if (!(step_at(d, l, m, &by_l, &by_m) > ENOUGH))
			break;
		while ((value = value_at(d, l + size * by_l, m + size * by_m)) >= best &&
			size > 1e-3)
			size /= 2;
		if (!(value < best))
			break;
		best = value;
		l += size * by_l;
		m += size * by_m;
	}
	return best;
}

double tail_bound_of_labels(const double *values, size_t n, size_t k, double s)
{
	struct draw d = {.values = values,
		.n = n,
		.k = (double)k,
		.p = (double)k / (double)n,
		.unit = gsl_stats_sd(values, 1, n)};
	double both;

	if (!(d.unit > 0))
		return 1;
	d.s = s / d.unit;
	both = exp(upper(&d));
	d.unit = -d.unit; /* the lower tail of the values is the upper one of their negatives */
	both += exp(upper(&d));
	return fmin(1, both / gsl_ran_binomial_pdf((unsigned)k, d.p, (unsigned)n));
}
