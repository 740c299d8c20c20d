#include "proto/base.h"
#include "proto/units.h"
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

struct quantity {
	const char *text;
	int64_t value; /* ABSENT: -EINVAL; ABSENT + 1: -ERANGE */
};
#define INVALID ABSENT
#define RANGE   (ABSENT + 1)

static void check(
	const struct quantity *q, size_t n, int (*parse)(const char *, int64_t *, struct error *))
{
	for (size_t i = 0; i < n; i++) {
		struct error err = {0};
		int64_t value = -7;
		int r = parse(q[i].text, &value, &err);
		int want = q[i].value == INVALID ? -EINVAL : q[i].value == RANGE ? -ERANGE : 0;
		if (r != want)
			fail_msg("'%s': %d, not %d", q[i].text, r, want);
		if (want == 0)
			assert_int_equal(value, q[i].value);
		else
			assert_int_not_equal(strlen(err.text), 0);
	}
}

static void test_duration(void **state)
{
	static const struct quantity q[] = {
		{"1ns", 1},
		{"250us", 250000},
		{"250ms", 250 * NS_PER_MS},
		{"10s", 10 * NS_PER_S},
		{"1.5s", 1500 * NS_PER_MS},
		{"5min", 300 * NS_PER_S},
		{"1h", 3600 * NS_PER_S},
		{"1d", 86400 * NS_PER_S},
		{"0s", 0},
		{"0.000000001s", 1},
		{"0.5us", 500},
		{"106751d", INT64_C(106751) * 86400 * NS_PER_S},
		{"10", INVALID},
		{"", INVALID},
		{"s", INVALID},
		{"-1s", INVALID},
		{"+1s", INVALID},
		{" 1s", INVALID},
		{"1 s", INVALID},
		{"1s ", INVALID},
		{"1.s", INVALID},
		{".5s", INVALID},
		{"1.5.5s", INVALID},
		{"1m", INVALID},
		{"1S", INVALID},
		{"1e3s", INVALID},
		{"0x1s", INVALID},
		{"0.5ns", RANGE},
		{"106752d", RANGE},
		{"99999999999999999999s", RANGE},
		{"0.0000000000001s", RANGE},
	};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_duration);
}

static void test_size(void **state)
{
	static const struct quantity q[] = {
		{"12B", 12},
		{"64KiB", 65536},
		{"1MiB", 1048576},
		{"2GB", 2000000000},
		{"1.5KiB", 1536},
		{"1kB", 1000},
		{"1GiB", 1 << 30},
		{"1TiB", INT64_C(1) << 40},
		{"0B", 0},
		{"12", INVALID},
		{"1K", INVALID},
		{"1mib", INVALID},
		{"0.5B", RANGE},
		{"9000000TiB", RANGE},
	};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_size);
}

static void test_percent(void **state)
{
	static const struct quantity q[] = {{"2%", 20000}, {"0.5%", 5000}, {"100%", 1000000},
		{"0.0001%", 1}, {"2", INVALID}, {"%", INVALID}, {"2 %", INVALID},
		{"0.00001%", RANGE}};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_percent);
}

static void test_frequency(void **state)
{
	static const struct quantity q[] = {
		{"2.1GHz", INT64_C(2100000000)},
		{"800MHz", 800000000},
		{"2400.5kHz", 2400500},
		{"1Hz", 1},
		{"0Hz", 0},
		{"9223372036GHz", INT64_C(9223372036000000000)},
		{"2.1", INVALID},
		{"2.1Ghz", INVALID},
		{"2.1 GHz", INVALID},
		{"-1GHz", INVALID},
		{"GHz", INVALID},
		{"max", INVALID},
		{"1.5Hz", RANGE},
		{"9223372037GHz", RANGE},
	};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_frequency);
}

static void test_power(void **state)
{
	static const struct quantity q[] = {
		{"65W", 65000000},
		{"12.5W", 12500000},
		{"500mW", 500000},
		{"1.2kW", 1200000000},
		{"0.000001W", 1},
		{"0W", 0},
		{"65", INVALID},
		{"65w", INVALID},
		{"65MW", INVALID},
		{"", INVALID},
		{"0.0000001W", RANGE},
		{"9223372037kW", RANGE},
	};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_power);
}

static void test_energy(void **state)
{
	static const struct quantity q[] = {{"2MJ", INT64_C(2000000000000)}, {"500J", 500000000},
		{"1.5kJ", 1500000000}, {"3mJ", 3000}, {"7uJ", 7},
		{"1GJ", INT64_C(1000000000000000)}, {"1Wh", INT64_C(3600000000)},
		{"1.5kWh", INT64_C(5400000000000)}, {"0J", 0}, {"2", INVALID}, {"2M", INVALID},
		{"2mj", INVALID}, {"2 MJ", INVALID}, {"", INVALID}, {"0.1uJ", RANGE},
		{"9224GJ", RANGE}};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_energy);
}

static void test_temperature_difference(void **state)
{
	static const struct quantity q[] = {{"3K", 3000}, {"0.5K", 500}, {"1500mK", 1500},
		{"0K", 0}, {"3", INVALID}, {"3C", INVALID}, {"3°C", INVALID}, {"-3K", INVALID},
		{"3k", INVALID}, {"0.0001K", RANGE}};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_temperature_difference);
}

static void test_decimal_number(void **state)
{
	static const struct quantity q[] = {{"0.2", 200000}, {"1", 1000000}, {"0", 0},
		{"0.000001", 1}, {"16", 16000000}, {"2%", INVALID}, {".2", INVALID},
		{"2.", INVALID}, {"-0.2", INVALID}, {"1e-1", INVALID}, {"", INVALID},
		{"0.0000001", RANGE}, {"9223372036855", RANGE}};

	(void)state;
	check(q, ARRAY_SIZE(q), units_parse_decimal);
}

static void test_int(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
		int result;
	} v[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 10, 0},
		{"-5", -10, 10, -5, 0},
		{"9223372036854775807", 0, INT64_MAX, INT64_MAX, 0},
		{"-9223372036854775808", INT64_MIN, 0, INT64_MIN, 0},
		{"11", 0, 10, 0, -ERANGE},
		{"-1", 0, 10, 0, -ERANGE},
		{"9223372036854775808", 0, INT64_MAX, 0, -ERANGE},
		{"", 0, 10, 0, -EINVAL},
		{"-", -10, 10, 0, -EINVAL},
		{"+1", 0, 10, 0, -EINVAL},
		{" 1", 0, 10, 0, -EINVAL},
		{"1 ", 0, 10, 0, -EINVAL},
		{"01", 0, 10, 0, -EINVAL},
		{"0x1", 0, 10, 0, -EINVAL},
		{"1.0", 0, 10, 0, -EINVAL},
		{"1e1", 0, 10, 0, -EINVAL},
		{"--1", -10, 10, 0, -EINVAL},
		{"-01", -10, 10, 0, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct error err = {0};
		int64_t value = -7;
		if (units_parse_int(v[i].text, v[i].min, v[i].max, &value, &err) != v[i].result)
			fail_msg("'%s': not %d", v[i].text, v[i].result);
		if (v[i].result == 0)
			assert_int_equal(value, v[i].value);
	}
}

static void test_decimal(void **state)
{
	static const struct {
		int64_t value, divisor;
		const char *text;
	} v[] = {
		{1234567890, NS_PER_S, "1.23456789"},
		{5, 1, "5"},
		{0, NS_PER_S, "0"},
		{1, NS_PER_S, "0.000000001"},
		{-1, NS_PER_S, "-0.000000001"},
		{-1500, 1000, "-1.5"},
		{1000, 1000, "1"},
		{100, 1000, "0.1"},
		{10, 1000, "0.01"},
		{INT64_MAX, 1, "9223372036854775807"},
		{INT64_MAX, NS_PER_S, "9223372036.854775807"},
		{INT64_MIN, 1, "-9223372036854775808"},
		{INT64_MIN, NS_PER_S, "-9223372036.854775808"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		assert_string_equal(units_format_decimal(out, v[i].value, v[i].divisor), v[i].text);
}

static void test_for_people(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} durations[] = {{0, "0 us"}, {32 * NS_PER_MS, "32 ms"}, {1250 * NS_PER_MS, "1.2 s"},
		{90 * NS_PER_S, "90 s"}, {200 * NS_PER_S, "3 min 20 s"},
		{(5 * 3600 + 12 * 60) * NS_PER_S, "5 h 12 min"}, {3 * 86400 * NS_PER_S, "3 d 0 h"}},
	  sizes[] = {{0, "0 B"}, {1023, "1023 B"}, {39 * 1048576, "39 MiB"},
		  {1536 * 1048576, "1.5 GiB"}, {2048, "2.0 KiB"}, {INT64_C(1) << 60, "1024 PiB"}};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		assert_string_equal(
			units_format_duration(out, durations[i].value), durations[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_string_equal(units_format_size(out, sizes[i].value), sizes[i].text);
	/* Nothing falls out of its 32 bytes. */
	assert_true(strlen(units_format_duration(out, INT64_MAX - NS_PER_S)) < 32);
	assert_true(strlen(units_format_size(out, INT64_MAX)) < 32);
}

static void test_metrics_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		_cleanup_free_ char *column = xstrdup(m->name);
		assert_ptr_equal(metric_by_name(m->name), m);
		assert_non_null(unit_by_inner(m->inner));
		assert_int_not_equal(strlen(m->help), 0);
		for (char *p = column; *p != '\0'; p++)
			*p = *p == '.' ? '_' : *p;
		assert_string_equal(m->column, column);
	}
	assert_null(standard_metrics[standard_metrics_n].name);
	assert_null(metric_by_name("energy.package-0"));
	assert_null(metric_by_name(""));
	assert_null(unit_by_inner("J"));
	assert_string_equal(unit_by_inner("uJ")->outer, "J");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_frequency),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_energy),
		cmocka_unit_test(test_temperature_difference),
		cmocka_unit_test(test_decimal_number),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_for_people),
		cmocka_unit_test(test_metrics_table),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
