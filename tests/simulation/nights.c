/* Tonight against the nights before it, where nights differ by more than their runs do. */
#include "tests/simulation/simulation.h"

#include "coordinator/analysis/prediction.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#define MAX_NIGHTS 20
#define RUNS       10

static const size_t nights_n[] = {3, 5, 7, 10, MAX_NIGHTS};

/* Runs of one night: sd 1 % within it, `between` from night to night. */
static void draw_night(struct simulation *s, double between, double ratio, double *values)
{
	double of_night = gsl_ran_gaussian(s->rng, between);

	for (size_t i = 0; i < RUNS; i++)
		values[i] = ratio * exp(of_night + gsl_ran_gaussian(s->rng, 0.01));
}

/* Whether tonight is said to be worse than the n nights before it, at 99 %. */
static bool is_worse(struct simulation *s, double between, double ratio, size_t n)
{
	struct night_level nights[MAX_NIGHTS], tonight;
	double values[RUNS];
	struct ratio r;

	for (size_t i = 0; i < n; i++) {
		draw_night(s, between, 1, values);
		night_level_of(values, RUNS, &nights[i]);
	}
	draw_night(s, between, ratio, values);
	night_level_of(values, RUNS, &tonight);
	ratio_to_nights(&tonight, nights, n, 0.99, &r);
	return r.p <= 0.01 && r.ratio > 1;
}

/* The same against last night alone: two samples of runs. */
static bool is_worse_than_last(struct simulation *s, double between, double ratio)
{
	double x[RUNS], y[RUNS];
	struct ratio r;

	draw_night(s, between, 1, y);
	draw_night(s, between, ratio, x);
	ratio_of_samples(x, RUNS, y, RUNS, 0.99, 1, &r);
	return r.p <= 0.01 && r.ratio > 1;
}

static void tabulate(struct simulation *s, double between, double ratio)
{
	size_t last = 0, trials = s->trials, slow = s->trials / 4;

	printf("| nights differ by %g %%, %s |", 100 * between,
		ratio > 1 ? "5 % worse" : "the same program");
	for (size_t i = 0; i < slow; i++)
		last += is_worse_than_last(s, between, ratio);
	print_rate(last, slow);
	for (size_t k = 0; k < ARRAY_SIZE(nights_n); k++) {
		size_t worse = 0;

		for (size_t i = 0; i < trials; i++)
			worse += is_worse(s, between, ratio, nights_n[k]);
		print_rate(worse, trials);
		/* Half of alpha is for better ones. */
		if (ratio <= 1)
			require_rate(s, worse, trials, 0, 0.005,
				"nights of %g called worse than %zu", between, nights_n[k]);
	}
	printf("\n");
}

void simulate_nights(struct simulation *s)
{
	static const double between[] = {0, 0.01, 0.03};

	printf("\"Worse\" at an alpha of 1 %%, %d runs each night, sd 1 %% within a night; against "
	       "the runs of last night (`previous`), and against the nights before "
	       "(`last-N`):\n\n| |",
		RUNS);
	printf(" previous |");
	for (size_t k = 0; k < ARRAY_SIZE(nights_n); k++)
		printf(" last-%zu |", nights_n[k]);
	printf("\n|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(between); i++) {
		tabulate(s, between[i], 1);
		tabulate(s, between[i], 1.05);
	}
	printf("\n");
}
