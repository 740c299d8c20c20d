/*
 * Ratios, tests and intervals against values that SciPy 1.10 gave for the same data
 * (scipy.stats.ttest_1samp, ttest_ind, permutation_test, wilcoxon, mannwhitneyu; labels: all
 * arrangements counted; the intervals from its t quantiles, Hodges-Lehmann from the medians of all
 * averages and differences).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/analysis/permutation.h"
#include "coordinator/analysis/ratio.h"
#include "coordinator/analysis/verdict.h"
#include "proto/base.h"
#include <cmocka.h>
#include <math.h>

#define MAX_N 30

struct set {
	uint64_t seed;
	size_t n;
	double mean, sd, factor;
	double ratio, low, high, signs, wilcoxon, pair_ranks;
	size_t m; /* of the baseline of the unpaired one */
	double two_ratio, two_low, two_high, two_df, labels, mann_whitney, two_ranks;
};

/* NaN: too many arrangements for an exact value. */
static const struct set sets[] = {
	{1, 6, 5, .02, 1.03, 1.04000135956, 0.970689021132, 1.11426296614, 0.09375, 0.09375,
		1.03737196822, 4, 1.03114517547, 0.978120935856, 1.08704387557, 7.0155949964,
		0.0857142857143, 0.114285714286, 1.02977227398},
	{2, 10, -3, .05, 1.0, 0.99966318157, 0.918270705521, 1.0882700173, 0.990234375, 1,
		1.00440589491, 8, 1.00624876284, 0.930995192795, 1.08758517827, 12.8351488651,
		0.82576900224, 0.514785867727, 1.01068164566},
	{3, 15, 2, .01, .98, 0.97758329414, 0.968381859976, 0.986872159093, 6.103515625e-05,
		6.103515625e-05, 0.977654937369, 13, 0.977016296883, 0.967447394196, 0.986679844405,
		25.3196581552, NAN, 5.18132500903e-06, 0.976773534478},
	{4, 5, 0, .1, 1.2, 1.11723719639, 0.868520611679, 1.43717827329, 0.0625, 0.0625,
		1.11122405486, 5, 1.11723719639, 0.93353586584, 1.33708730289, 7.47152080273,
		0.047619047619, 0.0555555555556, 1.11948357259},
	{5, 30, 1, .03, 1.01, 1.01506515854, 0.994443748918, 1.03611418665, NAN, 0.0472590494901,
		1.01802364021, 28, 1.01256829226, 0.991393439998, 1.03419541135, 55.7430122351, NAN,
		0.050328694784, 1.01651676326},
	{6, 20, 4, .08, .9, 0.897537588619, 0.825345867982, 0.976043806888, NAN, 0.0023250579834,
		0.89792219332, 18, 0.898989327305, 0.83311282778, 0.970074861003, 28.1490861549,
		NAN, 0.000438593773675, 0.901317368928},
};

/* The same numbers everywhere: a linear congruence, twelve of it a normal one, six decimals. */
static void fill(uint64_t seed, size_t n, double mean, double sd, double factor, double *out)
{
	uint64_t x = seed;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (int k = 0; k < 12; k++) {
			x = (x * 1103515245 + 12345) % 2147483648;
			sum += (double)x / 2147483648.0;
		}
		out[i] = round(exp(mean + sd * (sum - 6)) * 1e6) / 1e6;
		out[i] = round(out[i] * factor * 1e6) / 1e6;
	}
}

static void assert_near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-8 * fabs(want)))
		fail_msg("got %.12g, want %.12g", got, want);
}

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const struct set *s = &sets[i];
		double x[MAX_N], y[MAX_N];
		struct ratio r;

		fill(s->seed, s->n, s->mean, s->sd, s->factor, x);
		fill(s->seed + 100, s->n, s->mean, s->sd, 1, y);
		ratio_of_pairs(x, y, s->n, 0.99, 1, &r);
		assert_near(r.ratio, s->ratio);
		assert_near(r.low, s->low);
		assert_near(r.high, s->high);
		if (!isnan(s->signs))
			assert_near(r.p, s->signs);
		ratio_of_pair_ranks(x, y, s->n, 0.99, &r);
		assert_near(r.ratio, s->pair_ranks);
		assert_near(r.p, s->wilcoxon);
	}
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const struct set *s = &sets[i];
		double x[MAX_N], y[MAX_N];
		struct ratio r;

		fill(s->seed, s->n, s->mean, s->sd, s->factor, x);
		fill(s->seed + 100, s->n, s->mean, s->sd, 1, y);
		ratio_of_samples(x, s->n, y, s->m, 0.99, 1, &r);
		assert_near(r.ratio, s->two_ratio);
		assert_near(r.low, s->two_low);
		assert_near(r.high, s->two_high);
		assert_near(r.df, s->two_df);
		if (!isnan(s->labels))
			assert_near(r.p, s->labels);
		ratio_of_sample_ranks(x, s->n, y, s->m, 0.99, &r);
		assert_near(r.ratio, s->two_ranks);
		assert_near(r.p, s->mann_whitney);
	}
}

/* Random arrangements come close to the exact value, the same for the same seed. */
static void test_random_permutations(void **state)
{
	double x[20], y[20];
	struct ratio a, b;

	(void)state;
	fill(6, 20, 4, .08, .9, x);
	fill(106, 20, 4, .08, 1, y);
	ratio_of_pairs(x, y, 20, 0.99, 7, &a);
	ratio_of_pairs(x, y, 20, 0.99, 7, &b);
	assert_true(a.p <= b.p && a.p >= b.p);
	/* 2^20 arrangements, counted once: 0.00143147. */
	assert_true(a.p > 0.0010 && a.p < 0.0019);
}

/* The order of an interval, as tables of the two tests have it (Hollander and Wolfe, tables A.4 and
 * A.6): it is there from n = 6 at 95 %, and its ends are values of the data. */
static void test_intervals_of_ranks(void **state)
{
	double x[] = {1.01, 1.02, 1.03, 1.04, 1.05, 1.06}, y[] = {1, 1, 1, 1, 1, 1};
	struct ratio r;

	(void)state;
	ratio_of_pair_ranks(x, y, 6, 0.95, &r);
	assert_near(r.low, 1.01);
	assert_near(r.high, 1.06);
	ratio_of_pair_ranks(x, y, 5, 0.95, &r);
	assert_true(isnan(r.low) && isnan(r.high));
	ratio_of_sample_ranks(x, 4, y, 4, 0.95, &r);
	assert_near(r.low, 1.01);
	assert_near(r.high, 1.04);
	ratio_of_sample_ranks(x, 3, y, 3, 0.95, &r);
	assert_true(isnan(r.low));
}

static void test_nothing_from_nothing(void **state)
{
	double bad[] = {1, 0, 2}, good[] = {1, 2, 3};
	struct ratio r;

	(void)state;
	ratio_of_pairs(bad, good, 3, 0.99, 1, &r);
	assert_true(isnan(r.ratio) && isnan(r.p));
	ratio_of_pairs(good, good, 0, 0.99, 1, &r);
	assert_true(isnan(r.ratio));
	ratio_of_pairs(good, good, 1, 0.99, 1, &r);
	assert_near(r.ratio, 1);
	assert_true(isnan(r.low) && isnan(r.p));
	ratio_of_pairs(good, good, 3, 0.99, 1, &r);
	assert_near(r.low, 1);
	assert_near(r.p, 1);
	ratio_of_samples(good, 3, bad, 3, 0.99, 1, &r);
	assert_true(isnan(r.ratio));
}

static void test_pooled_over_hosts(void **state)
{
	const double logs[] = {0.10, 0.11, 0.09, 0.10, 0.20, 0.21, 0.19, 0.20};
	const size_t start[] = {0, 4, 8}, uneven[] = {0, 1, 8};
	struct ratio r;

	(void)state;
	ratio_pooled(logs, start, 2, 0.95, &r);
	assert_near(r.ratio, exp(0.15));
	/* Two hosts, 0.10 and 0.20: t(0.975) with one degree of freedom is 12.706. */
	assert_near(log(r.low), 0.15 - 12.7062047361747 * 0.05);
	assert_near(log(r.high), 0.15 + 12.7062047361747 * 0.05);
	assert_near(r.df, 1);
	ratio_pooled(logs, uneven, 2, 0.95, &r);
	assert_near(
		r.ratio, exp((0.10 + (0.11 + 0.09 + 0.10 + 0.20 + 0.21 + 0.19 + 0.20) / 7) / 2));
	ratio_pooled(logs, start, 1, 0.95, &r);
	assert_near(r.ratio, exp(0.10));
	assert_near(r.df, 3);
	ratio_pooled(logs, start, 0, 0.95, &r);
	assert_true(isnan(r.ratio));
}

/* statsmodels and R give these: p.adjust(c(.01, .04, .03, .005, .5), "BH"). */
static void test_family(void **state)
{
	double p[] = {.01, .04, NAN, .03, .005, .5};
	const double want[] = {.025, .05, NAN, .05, .025, .5};

	(void)state;
	adjust_family(p, ARRAY_SIZE(p));
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		if (isnan(want[i]))
			assert_true(isnan(p[i]));
		else
			assert_near(p[i], want[i]);
	}
}

static struct ratio ratio_at(double low, double ratio, double high)
{
	return (struct ratio){.n = 10,
		.ratio = ratio,
		.low = low,
		.high = high,
		.p = .001,
		.se = log(high / low) / 2 / 3.25,
		.df = 9};
}

static void test_verdicts(void **state)
{
	static const struct {
		double low, ratio, high, p;
		enum better better;
		enum verdict want;
	} cases[] = {
		{.99, 1, 1.01, .9, BETTER_LOWER, VERDICT_UNCHANGED},
		{1.005, 1.01, 1.015, .001, BETTER_LOWER, VERDICT_UNCHANGED},
		{.97, 1, 1.03, .9, BETTER_LOWER, VERDICT_INCONCLUSIVE},
		{1.04, 1.05, 1.06, .001, BETTER_LOWER, VERDICT_REGRESSED},
		{1.04, 1.05, 1.06, .001, BETTER_HIGHER, VERDICT_IMPROVED},
		{.94, .95, .96, .001, BETTER_LOWER, VERDICT_IMPROVED},
		{.94, .95, .96, .001, BETTER_HIGHER, VERDICT_REGRESSED},
		{.94, .95, .96, .001, BETTER_NONE, VERDICT_CHANGED},
		{1.04, 1.05, 1.06, .02, BETTER_LOWER, VERDICT_INCONCLUSIVE},
		{1.01, 1.018, 1.026, .001, BETTER_LOWER, VERDICT_INCONCLUSIVE},
		{1.04, 1.05, 1.06, NAN, BETTER_LOWER, VERDICT_INCONCLUSIVE},
		{NAN, NAN, NAN, NAN, BETTER_LOWER, VERDICT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ratio r = ratio_at(cases[i].low, cases[i].ratio, cases[i].high);

		assert_string_equal(
			verdict_name(verdict_of(&r, cases[i].p, .02, .01, cases[i].better)),
			verdict_name(cases[i].want));
	}
}

/* R: qt(.995, 9) = 3.249836, qt(.8, 9) = 0.8834039. */
static void test_smallest_effect_and_more_blocks(void **state)
{
	struct ratio r = {.n = 10, .ratio = 1, .low = .9, .high = 1.1, .se = .01, .df = 9};

	(void)state;
	assert_true(
		fabs(smallest_effect(&r, .01) - (exp((3.249836 + 0.8834039) * .01) - 1)) < 1e-6);
	/* sd .0316, room log(1.02): 17 and more by the normal quantile, 21 by Student's. */
	size_t more = blocks_to_settle(&r, .02, .01);
	assert_true(more >= 9 && more <= 14);
	r.se = 0;
	assert_int_equal(blocks_to_settle(&r, .02, .01), 0);
	r = (struct ratio){.n = 10, .ratio = 1.02, .se = .01, .df = 9};
	assert_int_equal(blocks_to_settle(&r, .02, .01), 0);
	r = (struct ratio){.n = 10, .ratio = 1, .se = .2, .df = 9};
	assert_true(blocks_to_settle(&r, .02, .01) > 1000);
	/* So near the threshold that no number of blocks is worth a word. */
	r = (struct ratio){.n = 10, .ratio = .98041, .se = .02, .df = 9};
	assert_int_equal(blocks_to_settle(&r, .02, .01), 0);
}

/* 2^-4 = 0.0625 of 5 pairs is never 1 %: 8 have 2^-7; 2 of C(10, 5) = 252 are 0.8 %. */
static void test_what_few_values_can_show(void **state)
{
	const double x[] = {2, 2.001, 2.002, 2.003, 2.001}, y[] = {1, 1, 1, 1, 1.001};
	struct ratio r;

	(void)state;
	ratio_of_pairs(x, y, 5, .99, 1, &r);
	assert_near(r.p, .0625);
	assert_near(r.least_p, .0625);
	assert_true(isnan(smallest_effect(&r, .01)) && smallest_effect(&r, .1) > 0);
	assert_int_equal(blocks_to_settle(&r, .02, .01), 3);
	assert_int_equal(blocks_to_settle(&r, .02, .001), 6);
	ratio_of_samples(x, 5, y, 5, .99, 1, &r);
	assert_near(r.p, 2. / 252);
	assert_near(r.least_p, 2. / 252);
	assert_true(smallest_effect(&r, .01) > 0);
	ratio_of_samples(x, 4, y, 4, .99, 1, &r);
	assert_near(r.least_p, 2. / 70);
	assert_true(isnan(smallest_effect(&r, .01)));
	assert_int_equal(blocks_to_settle(&r, .02, .01), 1);
	ratio_of_samples(x, 3, y, 5, .99, 1, &r);
	assert_near(r.p, 1. / 56);
	assert_near(r.least_p, 1. / 56);
}

static void test_equivalence(void **state)
{
	struct ratio r = {.n = 10, .ratio = 1, .se = .005, .df = 9};

	(void)state;
	/* R: pt(-log(1.02)/.005, 9) = 0.001653. */
	assert_true(fabs(equivalence_p(&r, .02) - 0.001653) < 5e-5);
	r.ratio = 1.05;
	assert_true(equivalence_p(&r, .02) > .99);
	r.se = NAN;
	assert_true(isnan(equivalence_p(&r, .02)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_random_permutations),
		cmocka_unit_test(test_intervals_of_ranks),
		cmocka_unit_test(test_nothing_from_nothing),
		cmocka_unit_test(test_pooled_over_hosts),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_smallest_effect_and_more_blocks),
		cmocka_unit_test(test_what_few_values_can_show),
		cmocka_unit_test(test_equivalence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
