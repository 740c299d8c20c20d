/* How often a real difference is found, and whether what is said of that beforehand is true. */
#include "tests/simulation/simulation.h"

#include "coordinator/analysis/permutation.h"
#include "coordinator/analysis/verdict.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#define MAX_RUNS 150

static void draw(struct simulation *s, double sd, double ratio, double *x, double *y, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = ratio * exp(gsl_ran_gaussian(s->rng, sd));
		y[i] = exp(gsl_ran_gaussian(s->rng, sd));
	}
}

/* ---- runs for a ratio ---- */

/* Runs of each arm for a power of 0.8 at alpha 0.05, by normal theory, and one more for t. */
static size_t runs_for(double cv, double difference)
{
	double z = gsl_cdf_ugaussian_Pinv(0.975) + gsl_cdf_ugaussian_Pinv(0.8);
	double of = z * cv / log1p(difference);

	return (size_t)ceil(2 * of * of + 1);
}

static void find(struct simulation *s, double cv, double difference)
{
	size_t n = runs_for(cv, difference), samples = 0, pairs = 0, trials = s->trials / 2;

	if (n < 5 || n > MAX_RUNS) {
		printf(" %zu |", n);
		return;
	}
	for (size_t i = 0; i < trials; i++) {
		double x[MAX_RUNS], y[MAX_RUNS];
		struct ratio r;

		draw(s, cv, 1 + difference, x, y, n);
		ratio_of_samples(x, n, y, n, 0.95, 1, &r);
		samples += r.low > 1;
		ratio_of_pairs(x, y, n, 0.95, 1, &r);
		pairs += r.low > 1;
	}
	printf(" %zu: %.0f, %.0f |", n, 100 * (double)samples / (double)trials,
		100 * (double)pairs / (double)trials);
	require_rate(s, samples, trials, 0.76, 0.88, "power of %zu + %zu runs, CV %g, %g", n, n, cv,
		difference);
	/* Pairs have half the degrees of freedom. */
	require_rate(s, pairs, trials, n < 10 ? 0.6 : 0.74, 0.88, "power of %zu pairs, CV %g, %g",
		n, cv, difference);
}

void simulate_power(struct simulation *s)
{
	static const double cvs[] = {0.005, 0.01, 0.02, 0.0275, 0.05, 0.08};
	static const double differences[] = {0.01, 0.02, 0.03, 0.05, 0.1};
	static const size_t planned[][5] = {{5, 3, 2, 2, 2}, {17, 6, 3, 2, 2}, {65, 18, 9, 4, 2},
		{121, 32, 15, 6, 3}, {398, 102, 46, 18, 6}, {1016, 258, 116, 44, 13}};

	printf("Runs of each arm for a power of 80 %% at alpha 5 %%, 2 ((1.96 + 0.84) CV / "
	       "ln(1 + d))^2 + 1; then how many of 100 such comparisons found the difference: as "
	       "two samples, as pairs without anything in common:\n\n| CV |");
	for (size_t i = 0; i < ARRAY_SIZE(differences); i++)
		printf(" d = %g %% |", 100 * differences[i]);
	printf("\n|---|---|---|---|---|---|\n");
	leave_out_p(true);
	for (size_t k = 0; k < ARRAY_SIZE(cvs); k++) {
		printf("| %g %% |", 100 * cvs[k]);
		for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
			find(s, cvs[k], differences[i]);
			require_rate(s, runs_for(cvs[k], differences[i]) == planned[k][i], 1, 1, 1,
				"runs for CV %g, %g", cvs[k], differences[i]);
		}
		printf("\n");
	}
	leave_out_p(false);
	printf("\n");
}

/* ---- the smallest effect ---- */

/* The effect that the comparison of data of this spread says that it would have shown. */
static double promised(double se, double df, double alpha, double least_p)
{
	struct ratio r = {.ratio = 1, .se = se, .df = df, .least_p = least_p};

	return smallest_effect(&r, alpha);
}

static void show(struct simulation *s, bool is_paired, size_t n, double alpha)
{
	const double sd = 0.02;
	double df = is_paired ? (double)n - 1 : 2 * (double)n - 2;
	double least =
		is_paired ? permutation_least_of_signs(n) : permutation_least_of_labels(n, n);
	double ratio = 1 + promised(sd * sqrt(2 / (double)n), df, alpha, least);
	size_t by_interval = 0, by_p = 0, trials = s->trials / 4;

	if (isnan(ratio)) {
		printf(" none |");
		return;
	}
	for (size_t i = 0; i < trials; i++) {
		double x[MAX_RUNS], y[MAX_RUNS];
		struct ratio r;

		draw(s, sd, ratio, x, y, n);
		if (is_paired)
			ratio_of_pairs(x, y, n, 1 - alpha, i, &r);
		else
			ratio_of_samples(x, n, y, n, 1 - alpha, i, &r);
		by_interval += r.low > 1;
		by_p += r.p <= alpha && r.ratio > 1;
	}
	printf(" %.0f, %.0f |", 100 * (double)by_interval / (double)trials,
		100 * (double)by_p / (double)trials);
	require_rate(s, by_interval, trials, 0.77, 0.83, "smallest effect of %zu %s, alpha %g", n,
		is_paired ? "pairs" : "+ as many runs", alpha);
	/* Where alpha is the p of two or three arrangements alone, the test is a little weaker. */
	require_rate(s, by_p, trials, least > alpha / 4 ? 0.6 : 0.74, 0.83,
		"the same by p, %zu %s, alpha %g", n, is_paired ? "pairs" : "+ as many runs",
		alpha);
}

void simulate_smallest(struct simulation *s)
{
	static const size_t pairs[] = {5, 6, 8, 10, 14, 17}, two[] = {5, 6, 7, 8};
	static const double alphas[] = {0.05, 0.01};

	printf("The smallest effect as `compare` says it, planted: how many of 100 intervals "
	       "exclude 1, and how many p are at most alpha:\n\n");
	for (int is_paired = 1; is_paired >= 0; is_paired--) {
		const size_t *sizes = is_paired ? pairs : two;
		size_t n = is_paired ? ARRAY_SIZE(pairs) : ARRAY_SIZE(two);

		print_header(is_paired ? "pairs" : "two samples of", sizes, n);
		for (size_t a = 0; a < ARRAY_SIZE(alphas); a++) {
			printf("| alpha %g %% |", 100 * alphas[a]);
			for (size_t i = 0; i < n; i++)
				show(s, is_paired, sizes[i], alphas[a]);
			printf("\n");
		}
		printf("\n");
	}
}

/* ---- blocks that settle ---- */

static enum verdict judge(
	const double *x, const double *y, size_t n, double threshold, double alpha, struct ratio *r)
{
	ratio_of_pairs(x, y, n, 1 - alpha, 1, r);
	return verdict_of(r, r->p, threshold, alpha, BETTER_LOWER);
}

/* So many blocks more, as was said; then twice as many. */
static void settle(struct simulation *s, size_t n, double difference)
{
	const double sd = 0.02, threshold = 0.02, alpha = 0.05;
	size_t asked = 0, settled = 0, twice = 0, more_sum = 0, trials = s->trials / 8;

	for (size_t i = 0; i < trials; i++) {
		double x[MAX_RUNS * 4], y[MAX_RUNS * 4];
		struct ratio r;
		size_t more;

		draw(s, sd, 1 + difference, x, y, MAX_RUNS * 4);
		if (judge(x, y, n, threshold, alpha, &r) != VERDICT_INCONCLUSIVE)
			continue;
		more = blocks_to_settle(&r, threshold, alpha);
		if (more == 0 || n + 2 * more > MAX_RUNS * 4)
			continue;
		asked++;
		more_sum += more;
		settled += judge(x, y, n + more, threshold, alpha, &r) != VERDICT_INCONCLUSIVE;
		twice += judge(x, y, n + 2 * more, threshold, alpha, &r) != VERDICT_INCONCLUSIVE;
	}
	printf("| %g %% | %zu | %zu of %zu |", 100 * difference, n, asked, trials);
	if (asked >= 20)
		printf(" %.1f | %.0f | %.0f |\n", (double)more_sum / (double)asked,
			100 * (double)settled / (double)asked, 100 * (double)twice / (double)asked);
	else
		printf(" - | - | - |\n");
	require_rate(s, settled, asked, 0.35, 1, "settled after the blocks said: %zu, %g", n,
		difference);
}

void simulate_settling(struct simulation *s)
{
	static const double differences[] = {0, 0.04, 0.08};
	static const size_t sizes[] = {5, 8, 12};

	printf("Inconclusive comparisons (sd 2 %%, threshold 2 %%, alpha 5 %%), and what became of "
	       "them after as many more blocks as were said, and twice as many:\n\n| true "
	       "difference | blocks | inconclusive | more blocks, mean | settled, %% | by twice as "
	       "many, %% |\n|---|---|---|---|---|---|\n");
	for (size_t k = 0; k < ARRAY_SIZE(differences); k++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			settle(s, sizes[i], differences[k]);
	printf("\n");
}
