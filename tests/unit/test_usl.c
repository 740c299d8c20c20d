/*
 * Scalability: coefficients against scipy.optimize.least_squares 1.10.1 with bounds of 0, from 30
 * starts, the best taken; the meaning of the peak against a search.
 */
#include "coordinator/analysis/usl.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX 12

static const struct {
	const char *name;
	size_t count;
	double scale, n[MAX], s[MAX], contention, coherence;
	double rest; /* what the best fit leaves: the sum of squares */
} vectors[] = {
	{"usual", 6, 1, {1, 2, 4, 8, 16, 32}, {1, 1.94, 3.6, 6.3, 9.4, 10.3}, 0.0268380881407,
		0.0012813182407, 0.00719082272925},
	{"amdahl", 4, 1, {1, 2, 4, 8}, {1, 1.82, 3.08, 4.71}, 0.0992644420144, 6.56302133438e-05,
		7.53203629066e-07},
	{"perfect", 4, 1, {1, 2, 4, 8}, {1, 2, 4, 8}, 0, 0, 0},
	{"superlinear", 4, 1, {1, 2, 4, 8}, {1, 2.1, 4.3, 8.8}, 0, 0, 0.74},
	{"flat: a lock", 6, 1, {1, 2, 4, 6, 8, 12}, {1, 0.99, 0.98, 0.985, 0.97, 0.96},
		1.01115364382, 0.00274726308017, 7.75172956917e-05},
	{"it only gets worse", 4, 1, {1, 2, 4, 8}, {1, 0.7, 0.35, 0.12}, 0, 0.923833422899,
		0.00137296434968},
	{"a tax at one", 5, 0.9434, {1, 2, 4, 6, 8}, {0.9434, 1.83, 3.48, 4.9, 6.1}, 0.022711186422,
		0.00139557613047, 0.000101650098715},
	{"coherence alone", 7, 1, {1, 2, 3, 4, 6, 8, 12}, {1, 1.98, 2.9, 3.75, 5.2, 6.2, 7.1}, 0,
		0.0052177161331, 0.0005459002341},
	{"repeated n", 8, 1, {1, 1, 2, 2, 4, 4, 8, 8}, {1, 1.01, 1.9, 1.85, 3.2, 3.3, 4.4, 4.3},
		0.0355694512802, 0.0105301290796, 0.0120598369229},
};

static void check(double value, double expected, double by, const char *name)
{
	if (!(fabs(value - expected) <= by))
		fail_msg("%s: %.12g, expected %.12g", name, value, expected);
}

static double rest_of(const struct usl *u, const double *n, const double *s, size_t count)
{
	double rest = 0;

	for (size_t i = 0; i < count; i++)
		rest += (s[i] - usl_at(u, n[i])) * (s[i] - usl_at(u, n[i]));
	return rest;
}

static void test_against_scipy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct usl u;

		assert_int_equal(
			usl_fit(vectors[i].n, vectors[i].s, vectors[i].count, vectors[i].scale, &u),
			0);
		check(u.contention, vectors[i].contention, 1e-7, vectors[i].name);
		check(u.coherence, vectors[i].coherence, 1e-7, vectors[i].name);
		check(rest_of(&u, vectors[i].n, vectors[i].s, vectors[i].count), vectors[i].rest,
			1e-9, vectors[i].name);
		assert_true(u.contention >= 0 && u.coherence >= 0);
	}
}

/* Points of the law itself give it back, whatever its coefficients. */
static void test_what_was_planted_comes_out(void **state)
{
	static const double contentions[] = {0, 0.003, 0.05, 0.4, 1, 2.5},
			    coherences[] = {0, 1e-5, 0.002, 0.1, 1.5},
			    n[] = {1, 2, 3, 4, 8, 16, 64};
	double s[sizeof n / sizeof *n];

	(void)state;
	for (size_t i = 0; i < sizeof contentions / sizeof *contentions; i++) {
		for (size_t k = 0; k < sizeof coherences / sizeof *coherences; k++) {
			const struct usl truth = {.scale = 0.9,
				.contention = contentions[i],
				.coherence = coherences[k]};
			struct usl u;
			for (size_t j = 0; j < sizeof n / sizeof *n; j++)
				s[j] = usl_at(&truth, n[j]);
			assert_int_equal(usl_fit(n, s, sizeof n / sizeof *n, 0.9, &u), 0);
			check(u.contention, truth.contention, 1e-6, "contention");
			check(u.coherence, truth.coherence, 1e-6, "coherence");
		}
	}
}

/* n* is where S is largest: no other n has more. */
static void test_the_peak_is_the_most(void **state)
{
	static const double n[] = {1, 2, 4, 8, 16, 32}, s[] = {1, 1.94, 3.6, 6.3, 9.4, 10.3};
	struct usl u;

	(void)state;
	assert_int_equal(usl_fit(n, s, 6, 1, &u), 0);
	check(u.peak, sqrt((1 - 0.0268380881407) / 0.0012813182407), 1e-5, "peak");
	check(u.most, usl_at(&u, u.peak), 1e-12, "most");
	for (double x = 1; x < 200; x += 0.25)
		assert_true(usl_at(&u, x) <= u.most + 1e-12);
	assert_true(u.r2 > 0.99 && u.r2 < 1);
}

static void test_no_end_and_no_beginning(void **state)
{
	static const double n[] = {1, 2, 4, 8};
	struct usl u;

	(void)state;
	assert_int_equal(usl_fit(n, (const double[]){1, 2, 4, 8}, 4, 1, &u), 0);
	assert_true(isinf(u.peak) && isinf(u.most));
	/* Amdahl's: never more than 1 / a. */
	double s[4];
	const struct usl amdahl = {.scale = 1, .contention = 0.25};
	for (int i = 0; i < 4; i++)
		s[i] = usl_at(&amdahl, n[i]);
	assert_int_equal(usl_fit(n, s, 4, 1, &u), 0);
	assert_true(u.peak > 1e3);
	assert_int_equal(usl_fit(n, (const double[]){1, 0.5, 0.25, 0.125}, 4, 1, &u), 0);
	check(u.peak, 1, 0.5, "it only gets worse");
	assert_int_equal(usl_fit(n, (const double[]){1, 1, 1, 1}, 4, 1, &u), 0);
	check(u.peak, 1, 1e-3, "a lock");
	assert_true(isnan(u.r2));
}

static void test_too_little(void **state)
{
	static const double n[] = {1, 2, 4, 4}, s[] = {1, 2, 3, 3.1};
	struct usl u;

	(void)state;
	assert_int_equal(usl_fit(n, s, 4, 1, &u), -1); /* three different n */
	assert_int_equal(usl_fit(n, s, 0, 1, &u), -1);
	assert_int_equal(usl_fit((const double[]){0, 1, 2, 4}, s, 4, 1, &u), -1);
	assert_int_equal(
		usl_fit((const double[]){1, 2, 4, 8}, (const double[]){1, 0, 3, 4}, 4, 1, &u), -1);
	assert_int_equal(
		usl_fit((const double[]){1, 2, 4, 8}, (const double[]){1, NAN, 3, 4}, 4, 1, &u),
		-1);
	assert_int_equal(usl_fit((const double[]){1, 2, 4, 8}, s, 4, 0, &u), -1);
	assert_int_equal(usl_fit((const double[]){1, 2, 4, 8}, s, 4, NAN, &u), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_scipy),
		cmocka_unit_test(test_what_was_planted_comes_out),
		cmocka_unit_test(test_the_peak_is_the_most),
		cmocka_unit_test(test_no_end_and_no_beginning),
		cmocka_unit_test(test_too_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
