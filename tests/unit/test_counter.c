/*
 * Wraps, plausibility, bounds: tables of vectors
 */
#include "agent/sources/counter.h"
#include "agent/sources/counter_instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ESU14 INT64_C(262143328850) /* 61.035 uJ */
#define ESU16 INT64_C(65532610987)  /* 15.258 uJ */
#define DRAM  INT64_C(65712999613)  /* 15.3 uJ */
#define PSYS  INT64_C(4294967295000000)
#define WATT  INT64_C(1000000)

static void test_unit_is_recognised(void **state)
{
	static const struct {
		int64_t range_uj, unit_nj, modulus_uj;
	} rows[] = {
		{ESU14, 61035, ESU14 + 61},
		{ESU16, 15258, ESU16 + 15},
		{DRAM, 15300, DRAM + 15},
		{PSYS, 1000000000, PSYS + 1000000},
		{INT64_C(137438953440), 32000, INT64_C(137438953472)},
		{1000, 0, 1000},
		{0, 0, 0},
		{-5, 0, 0},
		{INT64_MAX, INT64_C(2147483648500), 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t unit = counter_unit_nj(rows[i].range_uj);
		if (rows[i].range_uj != INT64_MAX)
			assert_int_equal(unit, rows[i].unit_nj);
		assert_int_equal(counter_modulus_uj(rows[i].range_uj), rows[i].modulus_uj);
	}
	assert_int_equal(counter_unit_uj(ESU14), 62);
	assert_int_equal(counter_unit_uj(0), 1);
	assert_int_equal(counter_unit_uj(PSYS), 1000000);
}

static void test_delta(void **state)
{
	static const struct {
		const char *what;
		int64_t range_uj, cap_uw, before, after, dt_ns;
		enum counter_fault fault;
		int64_t delta;
	} rows[] = {
		{"plain", ESU14, 2000 * WATT, 100, 150, NS_PER_S, COUNTER_OK, 50},
		{"nothing", ESU14, 2000 * WATT, 100, 100, NS_PER_S, COUNTER_OK, 0},
		{"wrap", ESU14, 2000 * WATT, ESU14 - 10, 20, NS_PER_S, COUNTER_OK, 10 + 61 + 20},
		{"wrap from the very end to 0", ESU14, 2000 * WATT, ESU14, 0, NS_PER_S, COUNTER_OK,
			61},
		{"wrap of the small unit", ESU16, 2000 * WATT, ESU16 - 1000000, 0, NS_PER_S,
			COUNTER_OK, 1000015},
		{"range unknown, growing", 0, 2000 * WATT, 5, 9, NS_PER_S, COUNTER_OK, 4},
		{"range unknown, falling", 0, 2000 * WATT, 9, 5, NS_PER_S, COUNTER_RESET, 0},
		{"above its range", 1000, 0, 5000, 10, NS_PER_S, COUNTER_RESET, 0},
		{"reset looks like half a turn", ESU14, 2000 * WATT, ESU14 / 2, 0, NS_PER_S,
			COUNTER_IMPLAUSIBLE, 0},
		{"jump", ESU14, 2000 * WATT, 0, 2001 * WATT, NS_PER_S, COUNTER_IMPLAUSIBLE, 0},
		{"just plausible", ESU14, 2000 * WATT, 0, 2000 * WATT, NS_PER_S, COUNTER_OK,
			2000 * WATT},
		{"one unit at once", ESU14, 2000 * WATT, 0, 61, 1, COUNTER_OK, 61},
		{"no cap", ESU14, 0, 0, ESU14, 1, COUNTER_OK, ESU14},
		{"too long ago", ESU14, 2000 * WATT, 0, 10, 33 * NS_PER_S, COUNTER_AMBIGUOUS, 0},
		{"long ago, range unknown", 0, 2000 * WATT, 0, 10, 33 * NS_PER_S, COUNTER_OK, 10},
		{"not read", ESU14, 2000 * WATT, -5, 10, NS_PER_S, COUNTER_LOST, 0},
		{"not read now", ESU14, 2000 * WATT, 10, -5, NS_PER_S, COUNTER_LOST, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct counter_shape s = {rows[i].range_uj, rows[i].cap_uw};
		int64_t delta = -1;
		enum counter_fault f =
			counter_delta(&s, rows[i].before, rows[i].after, rows[i].dt_ns, &delta);
		if (f != rows[i].fault || delta != rows[i].delta)
			fail_msg("%s: fault %d delta %lld", rows[i].what, (int)f, (long long)delta);
	}
}

static void test_longest_interval(void **state)
{
	const struct counter_shape worst = {INT64_C(65532610987), 1000 * WATT}, endless = {0, WATT},
				   uncapped = {ESU14, 0};

	(void)state;
	assert_in_range(counter_longest_interval_ns(&worst), 16 * NS_PER_S, 17 * NS_PER_S);
	assert_int_equal(counter_longest_interval_ns(&endless), INT64_MAX);
	assert_int_equal(counter_longest_interval_ns(&uncapped), INT64_MAX);
}

static void test_scale(void **state)
{
	(void)state;
	assert_int_equal(counter_power_uw(100 * WATT, 2 * NS_PER_S), 50 * WATT);
	assert_int_equal(counter_power_uw(100 * WATT, 0), 0);
	assert_int_equal(counter_scale(INT64_MAX, INT64_MAX, 1), INT64_MAX);
	assert_int_equal(counter_scale(-INT64_MAX, INT64_MAX, 1), -INT64_MAX);
}

static void test_root(void **state)
{
	static const struct {
		int64_t n, root;
	} rows[] = {{0, 0}, {1, 1}, {3, 1}, {4, 2}, {99, 9}, {100, 10}, {-7, 0},
		{INT64_MAX, INT64_C(3037000499)}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(counter_root(rows[i].n), rows[i].root);
}

static void test_repetitions(void **state)
{
	static const struct {
		int64_t gap_ns, time_ns, want;
	} rows[] = {
		{1200000, 5 * NS_PER_MS, 48}, /* 2 x 1.2 ms of 240 ms */
		{1000000, 5 * NS_PER_MS, 40},
		{1000001, 5 * NS_PER_MS, 41},
		{1000000, NS_PER_S, 1},
		{1, NS_PER_S, 1},
		{1000000, 0, INT64_C(200000000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			counter_repetitions(rows[i].gap_ns, rows[i].time_ns), rows[i].want);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(counter_width(10, 1000), LENGTH_FINE);
	assert_int_equal(counter_width(11, 1000), LENGTH_SHORT);
	assert_int_equal(counter_width(200, 1000), LENGTH_SHORT);
	assert_int_equal(counter_width(201, 1000), LENGTH_TOO_SHORT);
	assert_int_equal(counter_width(1, 0), LENGTH_TOO_SHORT);
	assert_int_equal(counter_width(INT64_MAX, INT64_MAX), LENGTH_TOO_SHORT);
}

static void test_short_windows(void **state)
{
	static const struct {
		int64_t gap_ns, time_ns;
		enum counter_length want;
	} rows[] = {
		{1200000, NS_PER_S, LENGTH_FINE},
		{1200000, 240 * NS_PER_MS, LENGTH_FINE},
		{1200000, 239 * NS_PER_MS, LENGTH_SHORT},
		{1200000, 12 * NS_PER_MS, LENGTH_SHORT},
		{1200000, 11 * NS_PER_MS, LENGTH_TOO_SHORT},
		{1200000, 0, LENGTH_TOO_SHORT},
		{0, -5, LENGTH_TOO_SHORT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(counter_length(rows[i].gap_ns, rows[i].time_ns), rows[i].want);
}

/* Two readings, of 0 and of 50, in us; units of 10, 100 uJ per us at most. */
static void test_instants(void **state)
{
	static const struct {
		const char *what;
		int64_t cap_uw, gap_us, begin_us[2], end_us[2], at_us, low, high;
	} rows[] = {
		{"at the second", 100 * WATT, 2000, {0, 20}, {10, 30}, 30, 50, 60 + 3001},
		{"within its brackets", 100 * WATT, 2000, {0, 20}, {10, 30}, 20, 0, 60 + 2001},
		{"near its end", 100 * WATT, 2000, {0, 29}, {10, 30}, 30, 50, 60 + 3001},
		{"later", 100 * WATT, 2000, {0, 20}, {10, 30}, 130, 50, 60 + 13001},
		{"before both", 100 * WATT, 2000, {0, 20}, {10, 30}, -5, -1501, 60},
		{"the first was held up", 100 * WATT, 10000, {0, 5001}, {5000, 5002}, 5002, 50,
			60 + 500201},
		{"an update came not so long ago", 100 * WATT, 2000, {0, 5001}, {5000, 5002}, 5002,
			50, 60 + 200101},
		{"the second was held up", 100 * WATT, 2000, {0, 20}, {10, 5020}, 100, 0,
			60 + 10001},
		{"no cap", 0, 2000, {0, 20}, {10, 30}, 30, 50, INT64_MAX},
		{"no cap, before the update", 0, 2000, {0, 20}, {10, 30}, 0, -INT64_MAX, 60},
		{"no cap, between", 0, 2000, {0, 20}, {10, 30}, 15, 0, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct counter_model m = {
			rows[i].cap_uw, 10, rows[i].gap_us * 1000, 1000000, 0};
		struct counter_trail t = {.n = 0};
		struct counter_instant got;
		for (int r = 0; r < 2; r++)
			counter_trail_fill(&t, &(struct counter_reading){rows[i].begin_us[r] * 1000,
						       rows[i].end_us[r] * 1000, 50 * r});
		counter_at(&m, &t, rows[i].at_us * 1000, WATT, &got);
		if (got.low_uj != rows[i].low || got.high_uj != rows[i].high)
			fail_msg("%s: %lld to %lld", rows[i].what, (long long)got.low_uj,
				(long long)got.high_uj);
		assert_true(got.best_uj >= got.low_uj && got.best_uj <= got.high_uj);
	}
}

static void test_trails(void **state)
{
	struct counter_trail t = {.n = 0}, full = {.n = 0};
	struct counter_reading r = {0};

	(void)state;
	for (int i = 0; i < 30; i++) {
		r = (struct counter_reading){i * 10, i * 10 + 5, i / 2};
		counter_trail_follow(&t, &r, 4);
		counter_trail_fill(&full, &r);
	}
	assert_int_equal(t.n, 4);
	assert_int_equal(t.at[0].first.total_uj, 11);
	assert_int_equal(t.at[3].first.total_uj, 14);
	assert_int_equal(t.at[3].first.begin_ns, 280);
	assert_int_equal(t.at[3].last.begin_ns, 290);
	assert_int_equal(full.n, COUNTER_TRAIL);
	assert_int_equal(full.at[0].first.total_uj, 0);
	assert_int_equal(full.at[COUNTER_TRAIL - 1].last.begin_ns, 150);
}

/* A turn's worth is known but for 2 uJ. */
static void test_wraps_widen(void **state)
{
	const struct counter_model m = {60 * WATT, 62, 1100000, NS_PER_MS, 0};
	struct counter_trail start = {.n = 0}, end = {.n = 0};
	struct counter_energy without, with;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int64_t at = i * NS_PER_MS, late = NS_PER_S + at;
		counter_trail_fill(&start, &(struct counter_reading){at, at + 10, i * 50000});
		counter_trail_fill(
			&end, &(struct counter_reading){late, late + 10, (1000 + i) * 50000});
	}
	counter_between(&m, &start, &end, 2 * NS_PER_MS + 20, NS_PER_S + 500000, 0, &without);
	counter_between(&m, &start, &end, 2 * NS_PER_MS + 20, NS_PER_S + 500000, 100000, &with);
	assert_int_equal(with.energy_uj, without.energy_uj);
	assert_in_range(with.bound_uj, without.bound_uj + 100000, without.bound_uj + 200000);
	assert_true(without.bound_uj > 0 && without.deviation_uj > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unit_is_recognised),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_longest_interval),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_repetitions),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_short_windows),
		cmocka_unit_test(test_instants),
		cmocka_unit_test(test_trails),
		cmocka_unit_test(test_wraps_widen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
