/*
 * Change points: planted ones, against SciPy, and by simulation. `test_change_points long` prints
 * the table of rates that docs/trend.md has, and fails where a rate is not what is promised.
 */
#include "coordinator/analysis/change_points.h"
#include "coordinator/analysis/noise.h"
#include "proto/base.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALPHA     0.01
#define THRESHOLD 0.02
#define MOST      64

/* One series found by itself. */
struct one {
	double logs[MOST];
	size_t times[MOST];
	struct stretch s;
};

static void find(struct one *o, const double *values, size_t n, double own)
{
	for (size_t i = 0; i < n; i++) {
		o->logs[i] = log(values[i]);
		o->times[i] = i;
	}
	o->s = (struct stretch){.logs = o->logs, .times = o->times, .n = n, .own = own};
	change_points_find(&o->s, 1, THRESHOLD, ALPHA);
}

/* ---- planted ones ---- */

#define A 1.000, 1.006, 0.995, 1.003, 0.998
#define B 1.100, 1.094, 1.107, 1.098, 1.103
#define C 1.210, 1.204, 1.213, 1.207, 1.215

static const struct {
	const char *what;
	double values[MOST];
	size_t n, at[4], changes;
} planted[] = {
	{"none", {A, A}, 10, {0}, 0},
	{"up", {A, B}, 10, {5}, 1},
	{"down", {B, A}, 10, {5}, 1},
	{"three on each side", {1.0, 1.006, 0.995, 1.1, 1.094, 1.107}, 6, {3}, 1},
	{"three new ones", {A, A, 1.1, 1.094, 1.107}, 13, {10}, 1},
	{"two new ones are not enough", {A, A, 1.1, 1.094}, 12, {0}, 0},
	{"five in all are not enough", {1.0, 1.006, 0.995, 1.1, 1.094}, 5, {0}, 0},
	{"up and down again", {A, B, A}, 15, {5, 10}, 2},
	{"down and up again", {B, A, B}, 15, {5, 10}, 2},
	{"a stair", {A, B, C}, 15, {5, 10}, 2},
	{"a short rise in a long history", {A, A, A, B, A, A, A}, 35, {15, 20}, 2},
	{"three changes", {A, B, A, C}, 20, {5, 10, 15}, 3},
	{"one bad night", {A, A, 1.5, A, A}, 21, {0}, 0},
	{"two bad nights", {A, A, 1.5, 1.4, A, A}, 22, {0}, 0},
	{"numbers that never vary", {5, 5, 5, 5, 5, 5, 5, 5}, 8, {0}, 0},
	{"and that step", {5, 5, 5, 5, 6, 6, 6, 6}, 8, {4}, 1},
	{"below the threshold", {5, 5, 5, 5, 5.05, 5.05, 5.05, 5.05}, 8, {0}, 0},
	{"a single one", {5}, 1, {0}, 0},
	{"nothing at all", {0}, 0, {0}, 0},
};

static void test_planted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++) {
		struct one o;

		find(&o, planted[i].values, planted[i].n, 0);
		if (o.s.changes_n != planted[i].changes)
			fail_msg("%s: %zu changes, expected %zu", planted[i].what, o.s.changes_n,
				planted[i].changes);
		for (size_t k = 0; k < o.s.changes_n; k++) {
			const struct change_point *c = &o.s.changes[k];

			if (c->at != planted[i].at[k])
				fail_msg("%s: at %zu, expected %zu", planted[i].what, c->at,
					planted[i].at[k]);
			assert_true(c->low <= c->ratio && c->ratio <= c->high);
			assert_true(c->p <= c->p_adjusted && c->p_adjusted <= ALPHA);
		}
		change_points_done(&o.s, 1);
	}
}

/* One alert a change: what follows neither moves nor repeats it. */
static void test_told_once(void **state)
{
	static const double history[] = {A, A, B, B, B, B};

	(void)state;
	for (size_t n = 1; n <= ARRAY_SIZE(history); n++) {
		struct one o;

		find(&o, history, n, 0);
		assert_int_equal(o.s.changes_n, n >= 13 ? 1 : 0);
		if (o.s.changes_n > 0)
			assert_int_equal(o.s.changes[0].at, 10);
		change_points_done(&o.s, 1);
	}
}

/* Runs that vary within a submission say that its median is not better known. */
static void test_own_noise(void **state)
{
	static const double values[] = {A, B};
	struct one o;

	(void)state;
	find(&o, values, 10, 0.1 * 0.1);
	assert_int_equal(o.s.changes_n, 0);
	assert_float_equal(o.s.variance, 0.1 * 0.1, 1e-12);
	change_points_done(&o.s, 1);
}

/* ---- against SciPy ---- */

/* scipy.stats.ttest_ind of the logs; times the places where the change might have been. */
static void test_scipy_t(void **state)
{
	static const double six[] = {1.000, 1.012, 0.991, 1.053, 1.061, 1.044};
	static const double eight[] = {1.000, 1.012, 0.991, 1.004, 0.998, 1.053, 1.061, 1.044};
	struct one o;

	(void)state;
	find(&o, six, 6, 0);
	assert_int_equal(o.s.changes_n, 1);
	assert_float_equal(o.s.changes[0].p, 0.002771290279227979, 1e-12);
	assert_float_equal(o.s.changes[0].ratio, 1.0516309576002674, 1e-12);
	assert_float_equal(o.s.variance, 8.796682372747737e-05, 1e-15);
	assert_float_equal(o.s.df, 4, 1e-12);
	change_points_done(&o.s, 1);
	find(&o, eight, 8, 0);
	assert_int_equal(o.s.changes_n, 1);
	assert_float_equal(o.s.changes[0].p, 0.00036349012436296584, 1e-12);
	change_points_done(&o.s, 1);
}

static void test_scipy_interval(void **state)
{
	static const double six[] = {1.000, 1.012, 0.991, 1.053, 1.061, 1.044};
	double logs[6];
	size_t times[6] = {0, 1, 2, 3, 4, 5};
	struct stretch s = {.logs = logs, .times = times, .n = 6};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		logs[i] = log(six[i]);
	change_points_find(&s, 1, 0, 0.05);
	assert_int_equal(s.changes_n, 1);
	assert_float_equal(s.changes[0].low, 1.0295072714992766, 1e-9);
	assert_float_equal(s.changes[0].high, 1.0742300725789797, 1e-9);
	change_points_done(&s, 1);
}

/* scipy: psi and polygamma, and brentq for the inverse of the trigamma function. */
static void test_scipy_prior(void **state)
{
	static const double variances[] = {1.2, 0.7, 3.1, 0.4, 1.9, 6.0, 0.25, 0.9};
	/* Orthogonal patterns, so that series do not move together: the rows of a Hadamard matrix
	 * of eight, which lost as many degrees of freedom as leaves four. */
	struct residuals r[8];
	double values[8][8];
	size_t times[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		times[i] = i;
		for (size_t k = 0; k < 8; k++)
			values[i][k] = (__builtin_popcountl(i & k) % 2 ? -1 : 1) *
				       sqrt(variances[i] * 1e-4 * 4 / 8);
		r[i] = (struct residuals){.values = values[i], .times = times, .n = 8, .df = 4};
	}
	struct noise_prior prior = noise_prior_of(r, 8);
	assert_float_equal(prior.variance, 0.00012127136726081648, 1e-14);
	assert_float_equal(prior.df, 5.3011289743825065, 1e-6);
	assert_float_equal(noise_lent(&prior, 4), 5.3011289743825065, 1e-6);
	assert_float_equal(noise_lent(&prior, 18), 2, 1e-9);
	assert_float_equal(noise_lent(&prior, 30), 0, 1e-9);
	prior = noise_prior_of(r, 2);
	assert_float_equal(prior.df, 0, 1e-9); /* two say nothing */
}

/* Series that are one and the same are one witness. */
static void test_moving_together(void **state)
{
	static const double values[] = {0.01, -0.01, 0.02, -0.02, 0.005, -0.005};
	static const size_t times[] = {0, 1, 2, 3, 4, 5};
	struct residuals r[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = (struct residuals){.values = values, .times = times, .n = 6, .df = 5};
	assert_float_equal(noise_prior_of(r, ARRAY_SIZE(r)).df, 0, 1e-9);
}

/* ---- simulation ---- */

enum kind { NORMAL, HEAVY, BAD_NIGHTS, UNLIKE, HALF_TOGETHER, TOGETHER, KINDS };

static const char *const kinds[KINDS] = {
	"normal",
	"heavy tails (t, 3 degrees)",
	"one night in 50 is bad (10 times)",
	"series of unlike noise",
	"half of the noise is the host's",
	"all of the noise is the host's",
};

struct setting {
	enum kind kind;
	size_t series, nights;
	size_t changed, at; /* so many series change at this night */
	double step, noise; /* 0.05, 0.01 */
	double threshold;
};

struct rates {
	double any;    /* of histories in which some change is told that was not planted */
	double series; /* of series */
	double told;   /* of the planted changes, at their night or one beside */
	double covered;
};

static double draw(gsl_rng *rng, enum kind kind, double common)
{
	switch (kind) {
	case HEAVY:
		return gsl_ran_tdist(rng, 3) / sqrt(3);
	case BAD_NIGHTS:
		return gsl_ran_gaussian(rng, 1) +
		       (gsl_rng_uniform(rng) < 0.02 ? gsl_ran_gaussian(rng, 10) : 0);
	case HALF_TOGETHER:
		return (common + gsl_ran_gaussian(rng, 1)) / sqrt(2);
	case TOGETHER:
		return common;
	default:
		return gsl_ran_gaussian(rng, 1);
	}
}

static void fill(gsl_rng *rng, const struct setting *set, double *logs)
{
	double *scale = xcalloc(set->series, sizeof *scale);

	for (size_t i = 0; i < set->series; i++)
		scale[i] = set->kind == UNLIKE ? exp(gsl_ran_gaussian(rng, 0.7)) : 1;
	for (size_t night = 0; night < set->nights; night++) {
		double common = gsl_ran_gaussian(rng, 1);

		for (size_t i = 0; i < set->series; i++)
			logs[i * set->nights + night] =
				set->noise * scale[i] * draw(rng, set->kind, common) +
				(i < set->changed && night >= set->at ? log1p(set->step) : 0);
	}
	free(scale);
}

static void count(const struct stretch *s, size_t n, const struct setting *set, struct rates *sum)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < s[i].changes_n; k++) {
			const struct change_point *c = &s[i].changes[k];

			if (i < set->changed && c->at + 1 >= set->at && c->at <= set->at + 1) {
				sum->told += 1.0 / (double)set->changed;
				sum->covered +=
					(c->low < 1 + set->step && 1 + set->step < c->high) /
					(double)set->changed;
			} else {
				wrong++;
			}
		}
	sum->any += wrong > 0;
	sum->series += (double)wrong / (double)n;
}

static struct rates simulate(const struct setting *set, size_t histories)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double *logs = xcalloc(set->series * set->nights, sizeof *logs);
	size_t *times = xcalloc(set->nights, sizeof *times);
	struct stretch *s = xcalloc(set->series, sizeof *s);
	struct rates sum = {0};

	gsl_rng_set(rng, 20260101);
	for (size_t i = 0; i < set->nights; i++)
		times[i] = i;
	for (size_t i = 0; i < histories; i++) {
		fill(rng, set, logs);
		for (size_t k = 0; k < set->series; k++)
			s[k] = (struct stretch){
				.logs = logs + k * set->nights, .times = times, .n = set->nights};
		change_points_find(s, set->series, set->threshold, ALPHA);
		count(s, set->series, set, &sum);
		change_points_done(s, set->series);
	}
	gsl_rng_free(rng);
	free(logs);
	free(times);
	free(s);
	double n = (double)histories;
	sum.covered /= sum.told > 0 ? sum.told : 1;
	return (struct rates){sum.any / n, sum.series / n, sum.told / n, sum.covered};
}

/* Nothing changed: a history of many series has a false change with a probability of alpha at
 * most; with heavy tails, so a series by itself. Three standard errors of the simulation are
 * granted. */
static bool is_quiet(const struct setting *set, const struct rates *r, size_t histories)
{
	double granted = 3 * sqrt(ALPHA * (1 - ALPHA) / (double)histories);
	bool is_heavy = set->kind == HEAVY || set->kind == BAD_NIGHTS;

	return (is_heavy ? r->series : r->any) <= ALPHA + granted;
}

static bool simulate_nothing(size_t histories, bool is_long)
{
	static const size_t nights[] = {6, 8, 12, 30};
	bool is_good = true;

	for (enum kind kind = NORMAL; kind < KINDS; kind++)
		for (size_t i = 0; i < ARRAY_SIZE(nights); i++)
			for (size_t series = 1; series <= 100; series *= 100) {
				struct setting set = {.kind = kind,
					.series = series,
					.nights = nights[i],
					.noise = 0.01};
				/* The threshold is 0: what it keeps back is not counted in our
				 * favour. */
				size_t n = series == 1 ? 20 * histories : histories;
				struct rates r = simulate(&set, n);

				is_good &= is_quiet(&set, &r, n);
				if (is_long)
					printf("# %-34s %3zu series %2zu nights: a false change in "
					       "%.4f "
					       "of histories, %.6f of series%s\n",
						kinds[kind], series, nights[i], r.any, r.series,
						is_quiet(&set, &r, n) ? "" : "  TOO MANY");
			}
	return is_good;
}

/* Who looks every morning looks often: how many of the histories of 30 nights told a false change
 * on any of them. There is no promise in it; the table of the docs has it. */
static void print_nightly(size_t histories)
{
	static const size_t series[] = {1, 100};

	for (size_t k = 0; k < ARRAY_SIZE(series); k++) {
		struct setting set = {
			.series = series[k], .nights = 30, .noise = 0.01, .threshold = THRESHOLD};
		gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
		double *logs = xcalloc(set.series * set.nights, sizeof *logs);
		struct stretch *s = xcalloc(set.series, sizeof *s);
		size_t times[30], told = 0, in_all = 0;

		gsl_rng_set(rng, 20260102);
		for (size_t i = 0; i < set.nights; i++)
			times[i] = i;
		for (size_t i = 0; i < histories; i++) {
			bool is_told = false;

			fill(rng, &set, logs);
			for (size_t night = 6; night <= set.nights; night++) {
				struct rates r = {0};

				for (size_t m = 0; m < set.series; m++)
					s[m] = (struct stretch){.logs = logs + m * set.nights,
						.times = times,
						.n = night};
				change_points_find(s, set.series, set.threshold, ALPHA);
				count(s, set.series, &set, &r);
				change_points_done(s, set.series);
				is_told |= r.any > 0;
				in_all += r.any > 0;
			}
			told += is_told;
		}
		printf("# normal, %3zu series, looked at on each of 30 nights, threshold 2 %%: a "
		       "false change on %.4f of the mornings, in %.4f of the histories on any\n",
			set.series, (double)in_all / (25 * (double)histories),
			(double)told / (double)histories);
		gsl_rng_free(rng);
		free(logs);
		free(s);
	}
}

static const struct {
	struct setting set;
	double least; /* detections that are promised */
} steps[] = {
	/* 5 % at 1 % noise from night to night, three submissions on each side. */
	{{NORMAL, 1, 6, 1, 3, 0.05, 0.01, THRESHOLD}, 0.78},
	{{NORMAL, 3, 6, 3, 3, 0.05, 0.01, THRESHOLD}, 0.93},
	{{NORMAL, 10, 6, 10, 3, 0.05, 0.01, THRESHOLD}, 0.95},
	{{NORMAL, 10, 6, 3, 3, 0.05, 0.01, THRESHOLD}, 0.95},
	{{NORMAL, 20, 6, 1, 3, 0.05, 0.01, THRESHOLD}, 0.90},
	{{NORMAL, 100, 6, 1, 3, 0.05, 0.01, THRESHOLD}, 0.80},
	{{NORMAL, 100, 6, 100, 3, 0.05, 0.01, THRESHOLD}, 0.95},
	{{HALF_TOGETHER, 20, 6, 20, 3, 0.05, 0.01, THRESHOLD}, 0.90},
	/* With a history before it. */
	{{NORMAL, 1, 13, 1, 10, 0.05, 0.01, THRESHOLD}, 0.90},
	{{NORMAL, 1, 30, 1, 27, 0.05, 0.01, THRESHOLD}, 0.97},
	{{NORMAL, 100, 30, 1, 27, 0.05, 0.01, THRESHOLD}, 0.85},
	{{NORMAL, 1, 30, 1, 25, 0.03, 0.01, THRESHOLD}, 0.75},
	{{HEAVY, 1, 30, 1, 27, 0.05, 0.01, THRESHOLD}, 0.90},
	{{NORMAL, 1, 60, 1, 30, 0.03, 0.01, THRESHOLD}, 0.95},
};

static bool simulate_steps(size_t histories, bool is_long)
{
	bool is_good = true;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct setting *s = &steps[i].set;
		size_t n = s->series <= 10 ? 10 * histories : histories;
		struct rates r = simulate(s, n);
		double granted = 3 * sqrt(steps[i].least * (1 - steps[i].least) / (double)n);
		bool is_found = r.told >= steps[i].least - granted;

		is_good &= is_found;
		if (is_long)
			printf("# %-34s %3zu of %3zu series step by %.0f %% at noise %.0f %%, %zu "
			       "+ "
			       "%zu nights: told %.3f, in the interval %.3f%s\n",
				kinds[s->kind], s->changed, s->series, 100 * s->step,
				100 * s->noise, s->at, s->nights - s->at, r.told, r.covered,
				is_found ? "" : "  TOO FEW");
	}
	return is_good;
}

static void test_nothing_changed(void **state)
{
	(void)state;
	assert_true(simulate_nothing(50, false));
}

static void test_steps(void **state)
{
	(void)state;
	assert_true(simulate_steps(40, false));
}

static int run_long(void)
{
	bool is_quiet_enough = simulate_nothing(2000, true);
	bool is_sharp_enough = simulate_steps(1000, true);
	print_nightly(500);
	printf("1..2\n%s 1 - nothing changed: false changes at most at the level\n"
	       "%s 2 - steps are told\n",
		is_quiet_enough ? "ok" : "not ok", is_sharp_enough ? "ok" : "not ok");
	return is_quiet_enough && is_sharp_enough ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planted),
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_own_noise),
		cmocka_unit_test(test_scipy_t),
		cmocka_unit_test(test_scipy_interval),
		cmocka_unit_test(test_scipy_prior),
		cmocka_unit_test(test_moving_together),
		cmocka_unit_test(test_nothing_changed),
		cmocka_unit_test(test_steps),
	};

	if (argc == 2 && strcmp(argv[1], "long") == 0)
		return run_long();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
