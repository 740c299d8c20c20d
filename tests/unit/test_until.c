/* When a configuration has enough blocks, and which go on together. */
#include "coordinator/dispatch/groups.h"
#include "coordinator/dispatch/until.h"
#include "tests/unit/campaign_text.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"campaign: demo\n"                                                                         \
	"benchmarks:\n"                                                                            \
	"  a: {command: [/bin/true, \"{impl}\", \"{size}\"]}\n"                                    \
	"  b: {command: [/bin/true, \"{impl}\", \"{size}\"]}\n"                                    \
	"matrix: {impl: [x, y, z], size: [1, 2]}\n"                                                \
	"hosts: {names: [lab1]}\n"
#define UNTIL "repeat: {blocks: 6, max: 30, until: {metric: time, within: 2%}"

/* a x1 x2 y1 y2 z1 z2, then those of b */
#define CONFIGURATIONS 12

static struct campaign *campaign;
static struct plan *plan;
static struct until_scope scope;
static bool open_now[CONFIGURATIONS];

static void read_plan(const char *yaml)
{
	static const struct plan_host host = {
		.name = "lab1", .inventory = "{\"cores\":2,\"threads\":2,\"thread_steps\":[1,2]}"};
	struct error err = {0};

	campaign = read_text(yaml);
	if (plan_make(campaign, &host, 1, &plan, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(plan->configurations_n, CONFIGURATIONS);
	until_init(&scope, campaign, plan, plan->lanes[0].configurations, plan->lanes[0].skipped,
		plan->lanes[0].n);
}

static int end(void **state)
{
	(void)state;
	until_done(&scope);
	plan_free(plan);
	campaign_free(campaign);
	plan = NULL;
	campaign = NULL;
	return 0;
}

/* n runs that are done, each so many thousandths away from 1000 in turn. */
static void add_runs(size_t i, int n, double away)
{
	for (int k = 0; k < n; k++) {
		until_add_value(&scope, i, 1000 + (k % 2 == 0 ? away : -away));
		scope.tallies[i].tried++;
	}
}

static void assert_open(const char *expected)
{
	char found[CONFIGURATIONS + 1] = "";
	size_t n = until_open(&scope, open_now), counted = 0;

	for (size_t i = 0; i < CONFIGURATIONS; i++) {
		found[i] = open_now[i] ? '1' : '.';
		counted += open_now[i];
	}
	assert_string_equal(found, expected);
	assert_int_equal(n, counted);
}

static void narrow_but(const char *wide)
{
	for (size_t i = 0; i < CONFIGURATIONS; i++)
		add_runs(i, 6, wide[i] == '1' ? 100 : 1);
}

/* ---- one configuration ---- */

static void test_width(void **state)
{
	static const struct {
		double values[9];
		size_t n;
		bool is_enough;
	} cases[] = {
		/* Of six the interval is from the first to the last: half-width 20 of 1000. */
		{{980, 1020, 1000, 1000, 1000, 1000}, 6, true},
		{{979, 1021, 1000, 1000, 1000, 1000}, 6, false},
		/* Only the width counts, not where the median lies in it. */
		{{1000, 1000, 1000, 1000, 1000, 1040}, 6, true},
		/* Below six there is none, however narrow. */
		{{1000, 1000, 1000, 1000, 1000}, 5, false},
		{{0}, 0, false},
		/* Of nine the outermost do not count any more. */
		{{1, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 9000}, 9, true},
		/* Signs and zeros. */
		{{-980, -1020, -1000, -1000, -1000, -1000}, 6, true},
		{{0, 0, 0, 0, 0, 0}, 6, true},
		{{0, 0, 0, 0, 0, 1}, 6, false},
		{{NAN, 1000, 1000, 1000, 1000, 1000}, 6, false},
	};

	(void)state;
	read_plan(HEAD UNTIL "}\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; k < cases[i].n; k++)
			until_add_value(&scope, 0, cases[i].values[k]);
		scope.tallies[0].tried = (uint32_t)cases[i].n;
		if (until_is_enough(&scope, 0) != cases[i].is_enough)
			fail_msg("case %zu: %d", i, !cases[i].is_enough);
		for (size_t k = 0; k < cases[i].n; k++)
			until_take_value(&scope, 0, cases[i].values[k]);
		scope.tallies[0].values_n = 0;
	}
}

static void test_value_that_does_not_count_any_more(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL "}\n");
	add_runs(0, 6, 1);
	until_add_value(&scope, 0, 5000);
	until_add_value(&scope, 0, 1);
	assert_false(until_is_enough(&scope, 0));
	until_take_value(&scope, 0, 5000);
	until_take_value(&scope, 0, 1);
	until_take_value(&scope, 0, 77); /* is not there */
	assert_int_equal(scope.tallies[0].values_n, 6);
	assert_true(until_is_enough(&scope, 0));
}

static void test_what_cannot_run(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL ", pair: [impl]}\n");
	narrow_but("............");
	scope.tallies[0].values_n = scope.tallies[0].tried = 0;
	scope.tallies[0].skipped = 6;  /* its agent skips it, always */
	scope.tallies[3].values_n = 0; /* fails, always: goes on */
	assert_open(".1.1.1......");
	scope.tallies[0].skipped = 5;
	assert_open("111111......");
}

/* ---- several ---- */

static void test_each_by_itself(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL "}\n");
	narrow_but("1...1..1....");
	assert_open("1...1..1....");
}

static void test_pairs(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL ", pair: [impl]}\n");
	narrow_but("..1.........");
	assert_open("1.1.1.......");
}

static void test_pairs_of_two_axes(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL ", pair: [impl, size]}\n");
	narrow_but(".......1....");
	assert_open("......111111");
}

static void test_baseline(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL "}\ncompare: {by: impl, baseline: y}\n");
	narrow_but("1...........");
	assert_open("1.1.........");
	end(NULL);
	read_plan(HEAD UNTIL "}\ncompare: {by: impl, baseline: y}\n");
	narrow_but("..1........1"); /* a baseline holds nothing open; it is no one's baseline */
	assert_open("..1......1.1");
}

static void test_two_comparisons(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL "}\ncompare: [{by: impl, baseline: x}, {by: size, baseline: 1}]\n");
	narrow_but(".....1......");
	/* z2 holds x2 (by impl) and z1 (by size); x2 holds x1, z1 holds x1. */
	assert_open("11..11......");
}

/* A comparison with hosts, or of an axis that nobody has, holds nothing. */
static void test_comparison_of_hosts(void **state)
{
	(void)state;
	read_plan(HEAD UNTIL "}\ncompare: {by: host, baseline: lab1}\n");
	narrow_but("1...........");
	assert_open("1...........");
}

static void test_groups(void **state)
{
	const char *const impl[] = {"impl"}, *const both[] = {"size", "impl"};
	size_t n, *of;

	(void)state;
	read_plan(HEAD);
	of = groups_make(plan, NULL, plan->configurations_n, impl, 1, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < CONFIGURATIONS; i++)
		assert_int_equal(of[i], i / 6 * 2 + i % 2);
	free(of);
	of = groups_make(plan, NULL, plan->configurations_n, both, 2, &n);
	assert_int_equal(n, 2);
	free(of);
	of = groups_make(plan, NULL, plan->configurations_n, NULL, 0, &n);
	assert_int_equal(n, CONFIGURATIONS);
	free(of);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_width),
		TEST(test_value_that_does_not_count_any_more),
		TEST(test_what_cannot_run),
		TEST(test_each_by_itself),
		TEST(test_pairs),
		TEST(test_pairs_of_two_axes),
		TEST(test_baseline),
		TEST(test_two_comparisons),
		TEST(test_comparison_of_hosts),
		TEST(test_groups),
	};

	return cmocka_run_group_tests_name("until", tests, NULL, NULL);
}
