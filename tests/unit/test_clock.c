#include "proto/base.h"
#include "proto/clock.h"
#include <setjmp.h>

#include <cmocka.h>

static void test_clocks_go_on(void **state)
{
	int64_t (*const clocks[])(void) = {clock_raw_ns, clock_monotonic_ns};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		int64_t last = clocks[i]();
		assert_true(last > 0);
		for (int k = 0; k < 1000; k++) {
			int64_t now = clocks[i]();
			assert_true(now >= last);
			last = now;
		}
	}
	assert_true(clock_realtime_ns() > INT64_C(1577836800) * NS_PER_S); /* after 2020 */
}

static const struct {
	const char *text;
	int64_t ns;
} dates[] = {
	{"1970-01-01T00:00:00.000Z", 0},
	{"2026-08-23T02:00:00.123Z", INT64_C(1787450400123) * NS_PER_MS},
	{"2000-02-29T12:34:56.789Z", INT64_C(951827696789) * NS_PER_MS},
	{"1969-12-31T23:59:59.999Z", -NS_PER_MS},
	{"2038-01-19T03:14:08.000Z", INT64_C(2147483648) * NS_PER_S},
};

static void test_format(void **state)
{
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++)
		assert_string_equal(clock_rfc3339(out, dates[i].ns), dates[i].text);
	assert_string_equal(
		clock_rfc3339(out, 999999), "1970-01-01T00:00:00.000Z"); /* cut, not rounded */
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} more[] = {
		{"2026-08-23T02:00:00Z", INT64_C(1787450400) * NS_PER_S},
		{"2026-08-23T04:00:00+02:00", INT64_C(1787450400) * NS_PER_S},
		{"2026-08-22T21:30:00.5-04:30", INT64_C(1787450400) * NS_PER_S + NS_PER_S / 2},
		{"2026-08-23T02:00:00.123456789Z", INT64_C(1787450400123456789)},
		{"2026-08-23T02:00:00.12345678999Z", INT64_C(1787450400123456789)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++)
		assert_int_equal(clock_parse_rfc3339(dates[i].text), dates[i].ns);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		assert_int_equal(clock_parse_rfc3339(more[i].text), more[i].ns);
}

static void test_must_fail(void **state)
{
	static const char *const bad[] = {"", "yesterday", "2026-08-23", "2026-08-23 02:00:00Z",
		"2026-08-23T02:00:00", "2026-08-23T02:00:00Zulu", "2026-13-01T00:00:00Z",
		"2026-08-32T00:00:00Z", "2026-08-23T25:00:00Z", "2026-08-23T02:00:00.Z",
		"2026-08-23T02:00:00*02:00", "2026-08-23T02:00:00+02:00 ", "2026-08-23T02:00:00+2",
		"2026-02-30T00:00:00Z", "2026-08-23T02:00:00+25:00", "2026-08-23T02:00:00+02:60",
		"9999-12-31T00:00:00Z"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (clock_parse_rfc3339(bad[i]) != ABSENT)
			fail_msg("'%s' was taken for a date", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks_go_on),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_must_fail),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
