/* Drift over blocks. S and p are of scipy 1.10.1: S = tau-b's numerator (sign by sign), p from
 * scipy.stats.norm.sf with Kendall's variance and the correction for continuity; slopes of
 * scipy.stats.theilslopes. */
#include "coordinator/analysis/drift.h"
#include "coordinator/analysis/sorting.h"
#include "coordinator/analysis/summary.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CLOSE(a, b) assert_true(fabs((a) - (b)) <= 1e-9 * fabs((double)(b)))
#define MAX         24

static const struct {
	size_t n;
	int64_t step, s;
	double p, change;
	bool is_found;
	double values[MAX];
} vectors[] = {
	{10, 1, 45, 8.30307033264497e-05, 0.0473626373626373, true,
		{9.984, 10.024, 10.095, 10.158, 10.223, 10.252, 10.289, 10.334, 10.415, 10.483}},
	{12, 1, 2, 0.9453298708327, 0.0083537915984725, false,
		{5.055, 4.753, 4.808, 5.32, 5.041, 4.654, 4.983, 4.767, 4.874, 4.902, 4.857,
			5.111}},
	{9, 2, -26, 0.00482226762467869, -1.07142857142857, true, {3, 3, 3, 3, 2, 2, 2, 1, 1}},
	{20, 1, -157, 4.10605046851663e-07, -0.0388151174668029, true,
		{100, 99.5, 99.8, 99.8, 98.4, 98.9, 98.3, 98.5, 97.8, 98.2, 98, 97.6, 97.1, 97.2,
			96.7, 96.3, 96.9, 96, 97, 96.6}},
	{24, 3, 261, 1.11019475085226e-10, 0.00487657646870987, false,
		{49.98, 50.013, 50.009, 50.03, 50.04, 50.03, 50.058, 50.067, 50.09, 50.078, 50.107,
			50.099, 50.117, 50.122, 50.154, 50.156, 50.184, 50.176, 50.188, 50.198,
			50.194, 50.209, 50.234, 50.226}},
	{8, 1, 26, 0.00198178943780992, 1.55555555555556, true, {1, 2, 3, 4, 5, 6, 8, 7}},
};

static void test_known_series(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		int64_t blocks[MAX];
		struct drift d;
		for (size_t k = 0; k < vectors[i].n; k++)
			blocks[k] = vectors[i].step * (int64_t)k + 1;
		drift_of(vectors[i].values, blocks, vectors[i].n, &d);
		assert_true(d.is_tested);
		assert_int_equal(d.s, vectors[i].s);
		CLOSE(d.p, vectors[i].p);
		assert_int_equal(d.is_found, vectors[i].is_found);
		if (vectors[i].p < DRIFT_ALPHA)
			CLOSE(d.change, vectors[i].change);
	}
}

/* What is too short, or has no scale, is not tested; what does not change has no trend. */
static void test_what_cannot_drift(void **state)
{
	static const double rising[] = {1, 2, 3, 4, 5, 6, 7, 8},
			    around[] = {-4, -3, -2, -1, 1, 2, 3, 4},
			    equal[] = {5, 5, 5, 5, 5, 5, 5, 5};
	static const int64_t blocks[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct drift d;

	(void)state;
	drift_of(rising, blocks, 7, &d);
	assert_false(d.is_tested);
	assert_false(d.is_found);
	drift_of(rising, blocks, 8, &d);
	assert_true(d.is_found);
	drift_of(around, blocks, 8, &d);
	assert_false(d.is_tested);
	drift_of(equal, blocks, 8, &d);
	assert_true(d.is_tested);
	assert_false(d.is_found);
	assert_int_equal(d.s, 0);
	CLOSE(d.p, 1);
}

/* Of many values the slope is that between means of neighbours: a straight line stays one. */
static void test_many_values(void **state)
{
	enum { N = 1000 };
	double values[N];
	int64_t blocks[N];
	struct drift d;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		values[i] = 100 + 0.01 * (double)i + (i % 2 == 0 ? 0.3 : -0.3);
		blocks[i] = (int64_t)i + 1;
	}
	drift_of(values, blocks, N, &d);
	assert_true(d.is_found);
	assert_true(fabs(d.change - 9.99 / 104.995) < 0.002);
}

/* ---- sorting ---- */

static uint64_t count_slowly(const double *values, size_t n)
{
	uint64_t pairs = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			pairs += values[i] > values[k];
	return pairs;
}

/* All lengths around those of the first runs and merges, with many equal values. */
static void test_sorting_counts(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t n = 0; n < 70; n++) {
		double values[70];
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			values[i] = (double)(seed >> 24) / (n % 3 == 0 ? 32 : 1);
			if (n % 3 == 0)
				values[i] = floor(values[i]);
		}
		uint64_t wanted = count_slowly(values, n);
		assert_int_equal(sort_counting(values, n), wanted);
		assert_int_equal(count_slowly(values, n), 0);
	}
}

/* ---- what a summary has beside its median ---- */

static void test_mean_deviation_variation(void **state)
{
	/* numpy: mean 5.5, std(ddof=1) 3.027650354097492. */
	double values[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, one[] = {3}, negative[] = {-1, -2};
	struct summary s;

	(void)state;
	summary_of(values, 10, 0.95, &s);
	CLOSE(s.mean, 5.5);
	CLOSE(s.deviation, 3.027650354097492);
	CLOSE(s.cv, 3.027650354097492 / 5.5);
	CLOSE(s.least, 1);
	CLOSE(s.most, 10);
	summary_of(one, 1, 0.95, &s);
	assert_true(isnan(s.deviation));
	assert_true(isnan(s.cv));
	summary_of(negative, 2, 0.95, &s);
	assert_true(isnan(s.cv));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_series),
		cmocka_unit_test(test_what_cannot_drift),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_sorting_counts),
		cmocka_unit_test(test_mean_deviation_variation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
