/* How often an interval has the truth in it. */
#include "tests/simulation/simulation.h"

#include "coordinator/analysis/summary.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

#define MAX_N      50
#define TRUE_RATIO 1.05
#define POINTS     0.02 /* that a coverage may be below its level */

static const size_t sizes[] = {5, 6, 7, 8, 10, 12, 15, 20, 30, 50};

/* ---- medians ---- */

/* What the order statistics of n independent values give: 1 - 2 P(Binomial(n, 1/2) < k). */
static double exact_coverage(unsigned n, double level)
{
	unsigned k = 0;

	while (k < n / 2 && 1 - 2 * gsl_cdf_binomial_P(k, 0.5, n) >= level)
		k++;
	return k == 0 ? 0 : 1 - 2 * gsl_cdf_binomial_P(k - 1, 0.5, n);
}

static void cover_median(struct simulation *s, enum model m, size_t n)
{
	const double level = 0.95;
	double exact = exact_coverage((unsigned)n, level);
	size_t hits = 0, trials = 0;

	for (size_t i = 0; i < s->trials; i++) {
		double values[MAX_N];
		struct summary summary;

		model_draw(s, m, values, n);
		summary_of(values, n, level, &summary);
		trials += summary.has_interval;
		hits += summary.has_interval && summary.low <= model_median(m) &&
			summary.high >= model_median(m);
	}
	print_rate(hits, trials);
	require_rate(s, trials, s->trials, n >= 6, n >= 6, "medians of %zu have an interval", n);
	if (model_is_independent(m)) {
		require_rate(s, hits, trials, level - POINTS, 1, "coverage of the median, %s n %zu",
			model_name(m), n);
		require_rate(s, hits, trials, exact, exact,
			"coverage of the median, %s n %zu, as the binomial has it", model_name(m),
			n);
	}
}

void simulate_medians(struct simulation *s)
{
	printf("Median, order statistics, 95 %%:\n\n");
	print_header("runs", sizes, ARRAY_SIZE(sizes));
	for (enum model m = 0; m < MODELS; m++) {
		printf("| %s |", model_name(m));
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			cover_median(s, m, sizes[i]);
		printf("\n");
	}
	printf("| exact |");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		double exact = exact_coverage((unsigned)sizes[i], 0.95);

		if (exact > 0)
			printf(" %.1f |", 100 * exact);
		else
			printf(" - |");
	}
	printf("\n\n");
}

/* ---- ratios ---- */

typedef void estimator(const double *x, const double *y, size_t n, double level, struct ratio *out);

static void by_pairs(const double *x, const double *y, size_t n, double level, struct ratio *out)
{
	ratio_of_pairs(x, y, n, level, 1, out);
}

static void by_samples(const double *x, const double *y, size_t n, double level, struct ratio *out)
{
	ratio_of_samples(x, n, y, n, level, 1, out);
}

static void by_pair_ranks(
	const double *x, const double *y, size_t n, double level, struct ratio *out)
{
	ratio_of_pair_ranks(x, y, n, level, out);
}

static void by_sample_ranks(
	const double *x, const double *y, size_t n, double level, struct ratio *out)
{
	ratio_of_sample_ranks(x, n, y, n, level, out);
}

static const struct interval {
	const char *name;
	estimator *make;
	enum design design;
	bool is_exact; /* by a distribution that is free of the data's */
} intervals[] = {
	{"Ratio, Student's t on the logs of pairs", by_pairs, DESIGN_INTERLEAVED, false},
	{"Ratio, Welch's t on the logs of two samples, interleaved", by_samples, DESIGN_INTERLEAVED,
		false},
	{"Ratio, Welch's t, one arm after the other", by_samples, DESIGN_APART, false},
	{"Ratio, Hodges-Lehmann of pairs (`--ranks`)", by_pair_ranks, DESIGN_INTERLEAVED, true},
	{"Ratio, Hodges-Lehmann of two samples, interleaved (`--ranks`)", by_sample_ranks,
		DESIGN_INTERLEAVED, true},
};

static void cover_ratio(
	struct simulation *s, const struct interval *how, enum model m, size_t n, double level)
{
	/* Sorting 2,500 differences takes its time; a mean does not. */
	size_t trials = how->is_exact ? n > 20 ? s->trials / 4 : s->trials : 4 * s->trials;
	size_t hits = 0, made = 0;

	for (size_t i = 0; i < trials; i++) {
		double x[MAX_N], y[MAX_N];
		struct ratio r;

		arms_draw(s, m, how->design, TRUE_RATIO, x, y, n);
		how->make(x, y, n, level, &r);
		made += !isnan(r.low);
		hits += !isnan(r.low) && r.low <= TRUE_RATIO && r.high >= TRUE_RATIO;
	}
	print_rate(hits, made);
	if (m == MODEL_NORMAL || m == MODEL_LOG_NORMAL)
		require_rate(s, hits, made, level - POINTS, how->is_exact ? 1 : level + POINTS,
			"%s at %g: coverage, %s n %zu", how->name, level, model_name(m), n);
	/* Interleaving keeps the level in spite of drift; distribution-free ones do so for all. */
	else if (how->design == DESIGN_INTERLEAVED &&
		 (m == MODEL_DRIFT || (how->is_exact && model_is_independent(m))))
		require_rate(s, hits, made, level - POINTS, 1, "%s at %g: coverage, %s n %zu",
			how->name, level, model_name(m), n);
}

static void tabulate(struct simulation *s, const struct interval *how, double level)
{
	printf("%s, %g %%:\n\n", how->name, 100 * level);
	print_header("runs of each arm", sizes, ARRAY_SIZE(sizes));
	for (enum model m = 0; m < MODELS; m++) {
		printf("| %s |", model_name(m));
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			cover_ratio(s, how, m, sizes[i], level);
		printf("\n");
	}
	printf("\n");
}

void simulate_ratios(struct simulation *s)
{
	leave_out_p(true);
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		tabulate(s, &intervals[i], 0.95);
		tabulate(s, &intervals[i], 0.99);
	}
	leave_out_p(false);
}
