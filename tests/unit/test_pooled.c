/*
 * Ratios of many hosts and the line of least squares against values of SciPy 1.10 and NumPy 1.24:
 * Cochran's Q and what follows from it, Student's t on the hosts' means, scipy.stats.linregress.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/analysis/line.h"
#include "coordinator/analysis/pooled.h"
#include "proto/base.h"
#include <cmocka.h>
#include <math.h>

static void assert_close(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("got %.12g, want %.12g", got, want);
}

static struct ratio ratio_of(double ratio, double se)
{
	return (struct ratio){.n = 10, .ratio = ratio, .se = se};
}

static void test_heterogeneity(void **state)
{
	const struct ratio apart[] = {ratio_of(1.05, .01), ratio_of(1.08, .012),
		ratio_of(1.02, .008), ratio_of(NAN, NAN), ratio_of(1.10, .02)};
	const struct ratio alike[] = {ratio_of(1.05, .01), ratio_of(1.051, .012)};
	struct heterogeneity h;

	(void)state;
	heterogeneity_of(apart, ARRAY_SIZE(apart), &h);
	assert_close(h.q, 23.4838149208, 1e-9);
	assert_close(h.p, 3.20120729627e-05, 1e-14);
	assert_close(h.i2, 0.872252442369, 1e-11);
	assert_close(h.between, 0.0293970692494, 1e-12);
	heterogeneity_of(alike, 2, &h);
	assert_close(h.q, 0.00371379669816, 1e-13);
	assert_close(h.p, 0.951406254218, 1e-11);
	assert_close(h.i2, 0, 1e-12);
	assert_close(h.between, 0, 1e-12);
	heterogeneity_of(alike, 1, &h);
	assert_true(isnan(h.i2) && isnan(h.between));
}

static const double first[] = {.10, .12, .09, .11, .10, .08, .13, .10};
static const double second[] = {.20, .22, .19, .21, .23, .18};
static const double third[] = {.05, .06, .04, .05, .07, .03, .05, .05, .06};

/* Student's t on the hosts' means, whatever their blocks. */
static void test_hosts(void **state)
{
	const struct pooled_host hosts[] = {
		{.x = first, .x_n = ARRAY_SIZE(first)},
		{.x = second, .x_n = ARRAY_SIZE(second)},
		{.x = third, .x_n = ARRAY_SIZE(third)},
	};
	struct ratio r;

	(void)state;
	ratio_pooled_hosts(hosts, 3, .99, &r);
	assert_close(log(r.ratio), 0.119953703704, 1e-10);
	assert_close(r.se, 0.0451566441813, 1e-9);
	assert_close(log(r.low), -0.328218909275, 1e-8);
	assert_close(log(r.high), 0.568126316683, 1e-8);
	ratio_pooled_hosts(hosts, 1, .99, &r);
	assert_close(log(r.ratio), .10375, 1e-10);
	assert_true(isnan(r.low));
	ratio_pooled_hosts(hosts, 0, .99, &r);
	assert_true(isnan(r.ratio));
}

/* Unpaired hosts: a host's mean is a difference of means. */
static void test_unpaired(void **state)
{
	double x[40], y[30], z[40];
	struct pooled_host hosts[2];
	struct ratio r;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		x[i] = 1.2 + (i % 2 == 0 ? .01 : -.01);
		z[i] = x[i] + .1;
	}
	for (size_t i = 0; i < 30; i++)
		y[i] = 1 + (i % 2 == 0 ? .03 : -.03);
	hosts[0] = (struct pooled_host){.x = x, .y = y, .x_n = 40, .y_n = 30};
	hosts[1] = (struct pooled_host){.x = z, .y = y, .x_n = 40, .y_n = 30};
	ratio_pooled_hosts(hosts, 2, .95, &r);
	assert_close(log(r.ratio), .25, 1e-10);
	assert_close(r.se, .05, 1e-10);
	assert_false(r.is_paired);
}

static void test_line(void **state)
{
	const double x[] = {.1, .5, 1.2, 2.0, 3.3, 4.1, 5.0};
	const double y[] = {4.9, 5.4, 5.8, 7.1, 8.3, 8.9, 10.4};
	const double same[] = {2, 2, 2};
	struct line l;

	(void)state;
	line_fit(x, y, 7, .99, &l);
	assert_close(l.slope, 1.08397103034, 1e-9);
	assert_close(l.intercept, 4.74852418694, 1e-9);
	assert_close(l.r2, 0.989937853804, 1e-9);
	assert_close(l.low, 0.886905828039, 1e-9);
	assert_close(l.high, 1.28103623263, 1e-9);
	line_fit(x, y, 2, .99, &l);
	assert_true(isnan(l.slope));
	line_fit(same, y, 3, .99, &l);
	assert_true(isnan(l.slope));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heterogeneity),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_unpaired),
		cmocka_unit_test(test_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
