/*
 * Why arms are interleaved: what rules for "it got slower" say of the same program twice, and of
 * one that is slower, with and without drift.
 */
#include "tests/simulation/simulation.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>

#define N 10

/* Whether the contender is said to be slower. */
typedef bool rule(const double *x, const double *y);

/* Student's two-sample t on the values themselves, two-sided 5 %. */
static bool by_pooled_t(const double *x, const double *y)
{
	double a = gsl_stats_mean(x, 1, N), b = gsl_stats_mean(y, 1, N);
	double variance = (gsl_stats_variance(x, 1, N) + gsl_stats_variance(y, 1, N)) / 2;
	double t = (a - b) / sqrt(variance * 2 / N);

	return t > gsl_cdf_tdist_Pinv(0.975, 2 * N - 2);
}

static bool by_welch(const double *x, const double *y)
{
	struct ratio r;

	ratio_of_samples(x, N, y, N, 0.99, 1, &r);
	return r.low > 1;
}

static bool by_pairs(const double *x, const double *y)
{
	struct ratio r;

	ratio_of_pairs(x, y, N, 0.99, 1, &r);
	return r.low > 1;
}

static bool by_ranks(const double *x, const double *y)
{
	struct ratio r;

	ratio_of_pair_ranks(x, y, N, 0.99, &r);
	return r.low > 1;
}

static bool by_permutation(const double *x, const double *y)
{
	struct ratio r;

	ratio_of_pairs(x, y, N, 0.99, 1, &r);
	return r.p <= 0.01 && r.ratio > 1;
}

static const struct column {
	const char *name;
	double sd; /* independent noise alone; 0: the drifting model */
	enum design design;
	double ratio;
} columns[] = {
	{"A/A, sd 1 %", 0.01, DESIGN_INTERLEAVED, 1},
	{"A/A, drift, A..AB..B", 0, DESIGN_APART, 1},
	{"A/A, drift, interleaved", 0, DESIGN_INTERLEAVED, 1},
	{"+1 %, drift, interleaved", 0, DESIGN_INTERLEAVED, 1.01},
	{"+2 %, sd 1 %", 0.01, DESIGN_INTERLEAVED, 1.02},
};

/* Bounds: what is known of the design; of ours, that it keeps its level. */
static const struct row {
	const char *name;
	rule *says;
	bool is_quick; /* needs no p */
	bool is_ours;
	double low[3], high[3]; /* of the columns in which nothing differs */
} rows[] = {
	{"pooled t, 5 %", by_pooled_t, true, false, {.02, .19, 0}, {.03, .24, .025}},
	{"Welch's t on logs, 99 % interval", by_welch, true, false, {0, .11, 0}, {.01, .16, .005}},
	{"t on log ratios of pairs, 99 % interval", by_pairs, true, true, {0, .09, 0},
		{.005, .14, .005}},
	{"ranks of pairs, 99 % interval", by_ranks, true, true, {0, .05, 0}, {.005, .14, .005}},
	{"permutation of signs, p 1 %", by_permutation, false, true, {0, .05, 0},
		{.005, .16, .005}},
};

static void draw(struct simulation *s, const struct column *c, double *x, double *y)
{
	if (c->sd <= 0) {
		arms_draw(s, MODEL_DRIFT, c->design, c->ratio, x, y, N);
		return;
	}
	for (size_t i = 0; i < N; i++) {
		x[i] = c->ratio * exp(gsl_ran_gaussian(s->rng, c->sd));
		y[i] = exp(gsl_ran_gaussian(s->rng, c->sd));
	}
}

void simulate_designs(struct simulation *s)
{
	printf("\"Slower\", of %d runs of each arm:\n\n| rule |", N);
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
		printf(" %s |", columns[k].name);
	printf("\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		leave_out_p(rows[i].is_quick);
		printf("| %s |", rows[i].name);
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			size_t hits = 0;

			for (size_t t = 0; t < s->trials; t++) {
				double x[N], y[N];

				draw(s, &columns[k], x, y);
				hits += rows[i].says(x, y);
			}
			print_rate(hits, s->trials);
			if (k < 3)
				require_rate(s, hits, s->trials, rows[i].low[k], rows[i].high[k],
					"%s: %s", rows[i].name, columns[k].name);
		}
		printf("\n");
	}
	leave_out_p(false);
	printf("\n");
}
