/*
 * Permutation tests against counts of all arrangements, made in Python with whole numbers (the data
 * are multiples of 1e-6, and sums of them were tallied): exact where exact is said, an upper bound
 * that is close where it is a bound, near where it is drawn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/analysis/permutation.h"
#include "coordinator/analysis/tail_bound.h"
#include "proto/base.h"
#include <cmocka.h>
#include <math.h>

#define MAX_N 400

/* The same numbers everywhere: a linear congruence, twelve of it a normal one, six decimals. */
static void fill(uint64_t seed, size_t n, double mean, double sd, double *out)
{
	uint64_t x = seed;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (int k = 0; k < 12; k++) {
			x = (x * 1103515245 + 12345) % 2147483648;
			sum += (double)x / 2147483648.0;
		}
		out[i] = round((mean + sd * (sum - 6)) * 1e6) / 1e6;
	}
}

static void assert_between(double got, double low, double high)
{
	if (!(got >= low && got <= high))
		fail_msg("got %.12g, not in [%.12g, %.12g]", got, low, high);
}

static void assert_near(double got, double want)
{
	assert_between(got, want * (1 - 1e-9), want * (1 + 1e-9));
}

static const struct {
	uint64_t seed;
	size_t n;
	double mean, sd, p;
} signs[] = {
	{11, 18, .0002, .0005, 0.448287963867},
	{12, 24, .0001, .0004, 0.330559372902},
	{13, 32, .0002, .0005, 0.110119884368},
	{14, 21, 0, .0003, 0.556137084961},
	{15, 60, .0003, .0004, 1.16644448583e-06},
	{16, 200, .00005, .0003, 0.375012251914},
	{17, 334, .0006, .0005, 2.92128989366e-57},
};

static void test_signs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		double d[MAX_N], p;

		fill(signs[i].seed, signs[i].n, signs[i].mean, signs[i].sd, d);
		p = permutation_of_signs(d, signs[i].n, 1);
		if (signs[i].n <= PERMUTATION_EXACT_N)
			assert_near(p, signs[i].p);
		else if (signs[i].p < 1e-9)
			assert_between(p, signs[i].p, 100 * signs[i].p);
		else if (signs[i].p < 1e-5)
			assert_between(p, signs[i].p, 3e-5);
		else
			assert_between(p, .8 * signs[i].p, 1.2 * signs[i].p);
	}
}

static const struct {
	uint64_t seed;
	size_t n, m;
	double shift, sd, p;
} labels[] = {
	{21, 10, 10, .0003, .0004, 0.0412760613999},
	{22, 12, 9, .0001, .0004, 0.887150001701},
	{23, 16, 16, .0006, .0005, 0.00314673716106},
	{24, 5, 25, .0002, .0004, 0.94096388924},
	{25, 30, 30, .0006, .0004, 5.69996091374e-06},
	{26, 40, 20, .0001, .0004, 0.60000181616},
};

static void test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		double x[MAX_N], y[MAX_N], p, turned;
		size_t n = labels[i].n, m = labels[i].m;

		fill(labels[i].seed, n, labels[i].shift, labels[i].sd, x);
		fill(labels[i].seed + 100, m, 0, labels[i].sd, y);
		p = permutation_of_labels(x, n, y, m, 1);
		turned = permutation_of_labels(y, m, x, n, 1);
		if (n + m <= PERMUTATION_EXACT_N) {
			assert_near(p, labels[i].p);
			assert_near(turned, labels[i].p);
		} else if (labels[i].p < 1e-5) {
			assert_between(p, labels[i].p, 6e-5);
		} else {
			assert_between(p, .8 * labels[i].p, 1.2 * labels[i].p);
			assert_between(turned, .8 * labels[i].p, 1.2 * labels[i].p);
		}
	}
}

/* The whole p is in the two arrangements that are as extreme. */
static void test_ends(void **state)
{
	double d[MAX_N], x[16], y[16];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		d[i] = 1 + (double)i / 1000;
	for (size_t n = 1; n <= PERMUTATION_EXACT_N; n++)
		assert_near(permutation_of_signs(d, n, 1), ldexp(1, 1 - (int)n));
	assert_between(permutation_of_signs(d, 40, 1), ldexp(1, -39), ldexp(1, -38));
	for (size_t i = 0; i < 16; i++) {
		x[i] = (double)i;
		y[i] = 100 + (double)i;
	}
	assert_near(permutation_of_labels(x, 16, y, 16, 1), 2 / 601080390.0);
	assert_near(permutation_of_labels(x, 3, y, 3, 1), 0.1);
	/* No difference at all: every arrangement is as extreme. */
	memset(d, 0, sizeof d);
	assert_near(permutation_of_signs(d, 10, 1), 1);
	assert_near(permutation_of_signs(d, 100, 1), 1);
	assert_near(permutation_of_labels(d, 10, d, 10, 1), 1);
	assert_near(permutation_of_labels(d, 50, d, 50, 1), 1);
	for (size_t i = 0; i < 16; i++)
		x[i] = 0.1;
	assert_near(permutation_of_labels(x, 10, x, 6, 1), 1);
}

/* Bounds are none below the exact p, whatever the data; here of sizes where that is known. */
static void test_bounds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		double d[32], x[32], sum = 0, mean = 0, first = 0, p;

		fill(seed, 20, .0001 * (double)(seed % 7), .0004, d);
		for (size_t i = 0; i < 20; i++)
			sum += d[i];
		p = permutation_of_signs(d, 20, 1);
		if (fabs(sum) > 0)
			assert_between(tail_bound_of_signs(d, 20, fabs(sum)), p, 1);
		fill(seed + 500, 24, .0002, .0004, x);
		for (size_t i = 0; i < 24; i++) {
			x[i] += i < 9 ? .0001 * (double)(seed % 9) : 0;
			mean += x[i] / 24;
		}
		p = permutation_of_labels(x, 9, x + 9, 15, 1);
		for (size_t i = 0; i < 24; i++) {
			x[i] -= mean;
			first += i < 9 ? x[i] : 0;
		}
		if (fabs(first) > 1e-9)
			assert_between(tail_bound_of_labels(x, 24, 9, fabs(first)), p, 1);
	}
}

/* The same for the same seed, and for another seed nearly. */
static void test_seeds(void **state)
{
	double d[MAX_N];

	(void)state;
	fill(16, 200, .00005, .0003, d);
	double one = permutation_of_signs(d, 200, 7), same = permutation_of_signs(d, 200, 7);
	double other = permutation_of_signs(d, 200, 8);
	assert_true(one <= same && one >= same);
	assert_between(other, .8 * one, 1.25 * one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
