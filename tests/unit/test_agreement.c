/* A host's ratio against that of the others: values of SciPy 1.10 by the formula of agreement.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/analysis/agreement.h"
#include "proto/base.h"
#include <cmocka.h>
#include <math.h>

static void assert_close(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("got %.12g, want %.12g", got, want);
}

static struct ratio ratio_of(double ratio, double se, double df)
{
	return (struct ratio){.n = 10, .ratio = ratio, .se = se, .df = df, .is_paired = true};
}

static void test_each_against_the_others(void **state)
{
	const struct ratio hosts[] = {
		ratio_of(1.05, .01, 9), ratio_of(1.08, .012, 9), ratio_of(1.02, .008, 17)};
	const struct {
		double ratio, se, df, low, high;
	} want[] = {
		{1.00040841333, .012328828005938, 18.1896920797, .965570154783, 1.03650365383},
		{1.04358786417, .013601470508735, 14.3290572213, 1.00231987622, 1.08655495724},
		{.957841488692, .011180339887499, 34.3870916701, .929083075419, .987490076758},
	};
	struct ratio got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		ratio_against_others(hosts, ARRAY_SIZE(hosts), i, .99, &got);
		assert_close(got.ratio, want[i].ratio, 1e-10);
		assert_close(got.se, want[i].se, 1e-13);
		assert_close(got.df, want[i].df, 1e-8);
		assert_close(got.low, want[i].low, 1e-9);
		assert_close(got.high, want[i].high, 1e-9);
		assert_int_equal(got.n, 10);
		assert_true(got.is_paired);
	}
}

/* Of two, each is as far from the other as the other from it. */
static void test_two_hosts(void **state)
{
	const struct ratio hosts[] = {ratio_of(1.2, .01, 9), ratio_of(1.0, .02, 4)};
	struct ratio a, b;

	(void)state;
	ratio_against_others(hosts, 2, 0, .99, &a);
	ratio_against_others(hosts, 2, 1, .99, &b);
	assert_close(a.ratio, 1.2, 1e-12);
	assert_close(a.low * b.high, 1, 1e-12);
	assert_close(a.df, b.df, 1e-9);
}

static void test_what_cannot_be_said(void **state)
{
	const struct ratio one_run[] = {ratio_of(1.2, .01, 9), ratio_of(1.1, NAN, NAN)};
	const struct ratio none[] = {ratio_of(1.2, .01, 9), ratio_of(NAN, NAN, NAN)};
	const struct ratio still[] = {ratio_of(1.2, 0, 9), ratio_of(1.2, 0, 9)};
	struct ratio got;

	(void)state;
	ratio_against_others(one_run, 1, 0, .99, &got);
	assert_true(isnan(got.ratio));
	ratio_against_others(one_run, 2, 0, .99, &got);
	assert_close(got.ratio, 1.2 / 1.1, 1e-12);
	assert_true(isnan(got.low) && isnan(got.se));
	ratio_against_others(none, 2, 0, .99, &got);
	assert_true(isnan(got.ratio) && isnan(got.low));
	ratio_against_others(still, 2, 0, .99, &got);
	assert_close(got.low, 1, 1e-12);
	assert_close(got.high, 1, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_against_the_others),
		cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_what_cannot_be_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
