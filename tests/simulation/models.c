#include "tests/simulation/simulation.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#define SHARE_FAST 0.7  /* of a bimodal model's runs */
#define SHARE_LATE 0.05 /* of those with outliers */
#define LATE       8.0  /* so many sd on average */

const char *model_name(enum model m)
{
	static const char *const names[] = {
		[MODEL_NORMAL] = "normal",
		[MODEL_LOG_NORMAL] = "log-normal",
		[MODEL_BIMODAL] = "bimodal",
		[MODEL_OUTLIERS] = "outliers",
		[MODEL_DRIFT] = "drift",
	};

	return names[m];
}

bool model_is_independent(enum model m)
{
	return m != MODEL_DRIFT;
}

/* Where 0.95 of a normal distribution and 0.05 of an exponential one have a half below. */
static double median_with_outliers(void)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double z = (low + high) / 2;
		double below = (1 - SHARE_LATE) * gsl_cdf_ugaussian_P(z) +
			       SHARE_LATE * gsl_cdf_exponential_P(z, LATE);

		if (below < 0.5)
			low = z;
		else
			high = z;
	}
	return exp(0.01 * low);
}

double model_median(enum model m)
{
	if (m == MODEL_BIMODAL)
		return 1 + 0.01 * gsl_cdf_ugaussian_Pinv(0.5 / SHARE_FAST);
	return m == MODEL_OUTLIERS ? median_with_outliers() : 1;
}

static double draw_one(gsl_rng *rng, enum model m)
{
	double z = gsl_ran_ugaussian(rng);

	switch (m) {
	case MODEL_NORMAL:
		return 1 + 0.05 * z;
	case MODEL_LOG_NORMAL:
		return exp(0.3 * z);
	case MODEL_BIMODAL:
		return 1 + 0.01 * z + (gsl_rng_uniform(rng) < SHARE_FAST ? 0 : 0.2);
	default:
		if (gsl_rng_uniform(rng) < SHARE_LATE)
			z = gsl_ran_exponential(rng, LATE);
		return exp(0.01 * z);
	}
}

void model_draw(struct simulation *s, enum model m, double *values, size_t n)
{
	const double rho = 0.95, sd = 0.01;
	double state = gsl_ran_gaussian(s->rng, sd);

	for (size_t i = 0; i < n; i++) {
		if (m != MODEL_DRIFT) {
			values[i] = draw_one(s->rng, m);
			continue;
		}
		values[i] = exp(state + gsl_ran_gaussian(s->rng, sd / 2));
		state = rho * state + gsl_ran_gaussian(s->rng, sd * sqrt(1 - rho * rho));
	}
}

void arms_draw(struct simulation *s, enum model m, enum design d, double ratio, double *contender,
	double *baseline, size_t n)
{
	_cleanup_free_ double *runs = xcalloc(2 * n, sizeof *runs);

	model_draw(s, m, runs, 2 * n);
	for (size_t i = 0; i < n; i++) {
		size_t second = d == DESIGN_INTERLEAVED ? gsl_rng_uniform_int(s->rng, 2) : 0;

		contender[i] = ratio * runs[d == DESIGN_INTERLEAVED ? 2 * i + second : n + i];
		baseline[i] = runs[d == DESIGN_INTERLEAVED ? 2 * i + 1 - second : i];
	}
}
