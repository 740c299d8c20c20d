/* What a schedule begins at an instant: on time, missed, in a crowd, and by a clock that jumps. */
#include "coordinator/schedule/due.h"

#include "proto/base.h"
#include "proto/clock.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS   (60 * MINUTE_NS)
#define DAY_NS    (24 * HOUR_NS)

static struct {
	struct calendar *calendar;
	struct cron nightly, minutely, yearly;
} it;

static int64_t at(const char *text)
{
	return clock_parse_rfc3339(text);
}

static int setup(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(calendar_open(&it.calendar, "Europe/Berlin", &err), 0);
	assert_int_equal(cron_parse("0 2 * * *", &it.nightly, &err), 0);
	assert_int_equal(cron_parse("* * * * *", &it.minutely, &err), 0);
	assert_int_equal(cron_parse("0 2 29 2 *", &it.yearly, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calendar_free(it.calendar);
	return 0;
}

static struct due look(
	const struct cron *cron, enum due_missed missed, const char *next, const char *now)
{
	struct due out;

	due_look(it.calendar, cron, missed, at(next), at(now), &out);
	return out;
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(due_missed_by_name(NULL), DUE_ONCE);
	assert_int_equal(due_missed_by_name("once"), DUE_ONCE);
	assert_int_equal(due_missed_by_name("skip"), DUE_SKIP);
	assert_int_equal(due_missed_by_name("all"), DUE_ALL);
}

static void test_on_time(void **state)
{
	(void)state;
	for (enum due_missed m = DUE_ONCE; m <= DUE_ALL; m++) {
		struct due d =
			look(&it.nightly, m, "2026-01-10T01:00:00Z", "2026-01-10T01:00:00.25Z");
		assert_int_equal(d.begin_n, 1);
		assert_int_equal(d.begin[0], at("2026-01-10T01:00:00Z"));
		assert_int_equal(d.missed_n, 0);
		assert_false(d.has_more);
		assert_int_equal(d.next_at, at("2026-01-11T01:00:00Z"));
	}
}

/* Down at two o'clock, there at eight. */
static void test_missed_one(void **state)
{
	struct due d;

	(void)state;
	d = look(&it.nightly, DUE_ONCE, "2026-01-10T01:00:00Z", "2026-01-10T07:00:00Z");
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.begin[0], at("2026-01-10T01:00:00Z"));
	assert_int_equal(d.missed_n, 0);
	d = look(&it.nightly, DUE_SKIP, "2026-01-10T01:00:00Z", "2026-01-10T07:00:00Z");
	assert_int_equal(d.begin_n, 0);
	assert_int_equal(d.missed_n, 1);
	assert_int_equal(d.last_missed, at("2026-01-10T01:00:00Z"));
	assert_int_equal(d.next_at, at("2026-01-11T01:00:00Z"));
	/* A restart that lasts less than a minute misses nothing. */
	d = look(&it.nightly, DUE_SKIP, "2026-01-10T01:00:00Z", "2026-01-10T01:01:00Z");
	assert_int_equal(d.begin_n, 1);
	d = look(&it.nightly, DUE_SKIP, "2026-01-10T01:00:00Z", "2026-01-10T01:01:01Z");
	assert_int_equal(d.begin_n, 0);
}

/* Down for three nights, and back in the fourth on time. */
static void test_missed_some(void **state)
{
	const char *next = "2026-03-27T01:00:00Z", *now = "2026-03-30T00:00:10Z";
	struct due d;

	(void)state;
	d = look(&it.nightly, DUE_ONCE, next, now);
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.begin[0], at("2026-03-30T00:00:00Z"));
	assert_int_equal(d.missed_n, 3);
	d = look(&it.nightly, DUE_SKIP, next, now);
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.missed_n, 3);
	/* The night in which two o'clock was skipped is one of them. */
	assert_int_equal(d.last_missed, at("2026-03-29T01:00:00Z"));
	d = look(&it.nightly, DUE_ALL, next, now);
	assert_int_equal(d.begin_n, 4);
	assert_int_equal(d.missed_n, 0);
	assert_int_equal(d.begin[0], at(next));
	assert_int_equal(d.begin[1], at("2026-03-28T01:00:00Z"));
	assert_int_equal(d.begin[2], at("2026-03-29T01:00:00Z"));
	assert_int_equal(d.begin[3], at("2026-03-30T00:00:00Z"));
}

/* A year of minutes is half a million: the last hundred are made up for, and soon found. */
static void test_bounded(void **state)
{
	struct due d = look(&it.minutely, DUE_ALL, "2025-01-10T01:00:00Z", "2026-01-10T07:00:30Z");

	(void)state;
	assert_int_equal(d.begin_n, DUE_MOST);
	assert_true(d.has_more);
	assert_int_equal(d.begin[DUE_MOST - 1], at("2026-01-10T07:00:00Z"));
	assert_int_equal(d.begin[0], at("2026-01-10T07:00:00Z") - (DUE_MOST - 1) * MINUTE_NS);
	d = look(&it.minutely, DUE_ONCE, "2025-01-10T01:00:00Z", "2026-01-10T07:00:30Z");
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.missed_n, DUE_MOST - 1);
	assert_true(d.has_more);
	/* Seldom ones, over as long a time. */
	d = look(&it.yearly, DUE_ALL, "1996-02-29T01:00:00Z", "2026-01-10T07:00:00Z");
	assert_int_equal(d.begin_n, 8);
	assert_int_equal(d.begin[0], at("1996-02-29T01:00:00Z"));
	assert_int_equal(d.begin[7], at("2024-02-29T01:00:00Z"));
	assert_int_equal(d.next_at, at("2028-02-29T01:00:00Z"));
}

/* What was computed by other rules of the zone is due all the same, once. */
static void test_rules_changed(void **state)
{
	struct due d = look(&it.nightly, DUE_ALL, "2026-01-10T01:30:00Z", "2026-01-10T01:30:01Z");

	(void)state;
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.begin[0], at("2026-01-10T01:30:00Z"));
	assert_int_equal(d.next_at, at("2026-01-11T01:00:00Z"));
}

/* A clock that is set forward over two o'clock: as if nobody had been there; set forward by a day
 * and back again, nothing comes twice and nothing is lost. */
static void test_clock_forward(void **state)
{
	struct due d = look(&it.nightly, DUE_ONCE, "2026-01-10T01:00:00Z", "2026-01-11T00:00:00Z");

	(void)state;
	assert_int_equal(d.begin_n, 1);
	assert_int_equal(d.next_at, at("2026-01-11T01:00:00Z"));
	assert_int_equal(
		due_after_setback(it.calendar, &it.nightly, d.next_at, at("2026-01-10T00:00:00Z")),
		d.next_at);
}

static void test_clock_back(void **state)
{
	int64_t next = at("2026-01-11T01:00:00Z");

	(void)state;
	/* It only went on. */
	assert_int_equal(
		due_after_setback(it.calendar, &it.nightly, next, at("2026-01-10T01:00:01Z")),
		next);
	/* Two o'clock was an hour ago, and comes again in ten minutes: it has been. */
	assert_int_equal(
		due_after_setback(it.calendar, &it.nightly, next, at("2026-01-10T00:50:00Z")),
		next);
	/* The clock was a day ahead. */
	assert_int_equal(
		due_after_setback(it.calendar, &it.nightly, next, at("2026-01-09T00:50:00Z")),
		at("2026-01-09T01:00:00Z"));
	/* Years: a battery that was empty, and what it had brought about. */
	assert_int_equal(due_after_setback(it.calendar, &it.nightly, at("2037-01-11T01:00:00Z"),
				 at("2026-01-09T00:50:00Z")),
		at("2026-01-09T01:00:00Z"));
	assert_int_equal(
		due_after_setback(it.calendar, &it.nightly, ABSENT, at("2026-01-09T00:50:00Z")),
		ABSENT);
}

static void test_overlap(void **state)
{
	(void)state;
	assert_int_equal(due_overlap(false, 0, 0), DUE_BEGINS);
	assert_int_equal(due_overlap(true, 0, 0), DUE_BEGINS);
	assert_int_equal(due_overlap(false, 1, 0), DUE_WAITS);
	assert_int_equal(due_overlap(true, 1, 0), DUE_IS_OVERLAPPED);
	assert_int_equal(due_overlap(false, 1, 1), DUE_IS_CROWDED);
	assert_int_equal(due_overlap(false, 0, 1), DUE_IS_CROWDED);
	assert_int_equal(due_overlap(true, 0, 1), DUE_IS_OVERLAPPED);
}

/* Whatever is looked at when: no time comes twice, and with `all` none is left out. */
static void test_steps_of_any_length(void **state)
{
	const int64_t begin = at("2026-10-20T00:00:00Z"), end = at("2026-11-05T00:00:00Z");
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 50; round++) {
		int64_t expected = calendar_next(it.calendar, &it.nightly, begin), next = expected;
		for (int64_t now = begin; now < end;) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
			now += (int64_t)(random >> 33) % (2 * DAY_NS / 1000) * 1000 + NS_PER_S;
			if (now < next)
				continue;
			struct due d;
			due_look(it.calendar, &it.nightly, DUE_ALL, next, now, &d);
			for (size_t i = 0; i < d.begin_n; i++) {
				assert_int_equal(d.begin[i], expected);
				expected = calendar_next(it.calendar, &it.nightly, expected);
			}
			assert_int_equal(d.next_at, expected);
			next = d.next_at;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_on_time),
		cmocka_unit_test(test_missed_one),
		cmocka_unit_test(test_missed_some),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_rules_changed),
		cmocka_unit_test(test_clock_forward),
		cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_steps_of_any_length),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
