#include "coordinator/analysis/prediction.h"

#include "proto/base.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CLOSE(a, b) assert_true(fabs((a) - (b)) <= 1e-9 * fabs((double)(b)))

static struct night_level night(double value)
{
	struct night_level out;

	night_level_of(&value, 1, &out);
	return out;
}

/* By SciPy: exp(m +- t.ppf(0.995, 6) s sqrt(1 + 1/7)) on the logs, 2 t.sf(). */
static void test_against_scipy(void **state)
{
	static const double values[] = {100, 103, 98, 101, 102, 99.5, 100.5};
	struct night_level nights[ARRAY_SIZE(values)], tonight = night(108);
	struct ratio r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		nights[i] = night(values[i]);
	ratio_to_nights(&tonight, nights, ARRAY_SIZE(values), 0.99, &r);
	CLOSE(r.ratio, 1.0739866920848267);
	CLOSE(r.low, 1.0065799145412497);
	CLOSE(r.high, 1.1459074417364998);
	CLOSE(r.p, 0.006483483842192195);
	CLOSE(r.df, 6);
	assert_int_equal(r.n, 7);
	assert_false(r.is_paired);
}

static void test_level(void **state)
{
	static const double values[] = {1, 4, 2}, with_zero[] = {1, 0}, with_nan[] = {1, NAN};
	struct night_level level;

	(void)state;
	night_level_of(values, 3, &level);
	assert_int_equal(level.n, 3);
	CLOSE(level.mean, log(2));
	CLOSE(level.variance, log(2) * log(2) / 3);
	CLOSE(level.median, 2);
	night_level_of(with_zero, 2, &level);
	assert_int_equal(level.n, 0);
	night_level_of(with_nan, 2, &level);
	assert_int_equal(level.n, 0);
	night_level_of(values, 0, &level);
	assert_int_equal(level.n, 0);
}

/* Nights that agree by luck are no better known than their runs tell; and runs of tonight that
 * scatter are no proof. */
static void test_spread_within(void **state)
{
	const struct night_level quiet = {.n = 10, .mean = 1, .variance = 0, .median = 1};
	const struct night_level noisy = {.n = 10, .mean = 1, .variance = 0.0001, .median = 1};
	const struct night_level tonight = {.n = 10, .mean = 1.01, .variance = 0, .median = 1};
	const struct night_level scattered = {.n = 2, .mean = 1.01, .variance = 0.01, .median = 1};
	const struct night_level quiets[] = {quiet, quiet, quiet, quiet},
				 noises[] = {noisy, noisy, noisy, noisy};
	struct ratio r;

	(void)state;
	ratio_to_nights(&tonight, noises, 4, 0.99, &r);
	CLOSE(r.se, 0.01 * sqrt(1.25));
	ratio_to_nights(&scattered, noises, 4, 0.99, &r);
	CLOSE(r.se, sqrt(0.01 + 0.0001 / 4));
	ratio_to_nights(&tonight, quiets, 4, 0.99, &r); /* nothing varies at all */
	assert_true(r.p <= 0 && r.low > 1);
	ratio_to_nights(&quiet, quiets, 4, 0.99, &r);
	assert_true(r.p >= 1);
}

static void test_nothing(void **state)
{
	const struct night_level some = night(1), none = {0};
	const struct night_level nights[] = {some, some, some};
	struct ratio r;

	(void)state;
	ratio_to_nights(&some, nights, 2, 0.99, &r);
	assert_true(isnan(r.ratio) && isnan(r.low) && isnan(r.high) && isnan(r.p));
	assert_int_equal(r.n, 2);
	ratio_to_nights(&none, nights, 3, 0.99, &r);
	assert_true(isnan(r.ratio) && isnan(r.p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_scipy),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_spread_within),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
