/* Cron expressions: which minutes, hours and days they mean, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/schedule/cron.h"
#include "proto/base.h"
#include <cmocka.h>

#define ALL_MINUTES ((UINT64_C(1) << 60) - 1)
#define ALL_HOURS   0xffffffu
#define ALL_DAYS    0xfffffffeu
#define ALL_MONTHS  0x1ffeu
#define ALL_WEEK    0x7fu

static void test_fields_are_lists_ranges_and_steps(void **state)
{
	static const struct {
		const char *text;
		uint64_t minutes;
		uint32_t hours, days, months, weekdays;
	} vectors[] = {
		{"* * * * *", ALL_MINUTES, ALL_HOURS, ALL_DAYS, ALL_MONTHS, ALL_WEEK},
		{"0 2 * * 1-5", 1, 1u << 2, ALL_DAYS, ALL_MONTHS, 0x3e},
		{"*/15 0 1 1 *", 1 | UINT64_C(1) << 15 | UINT64_C(1) << 30 | UINT64_C(1) << 45, 1,
			2, 2, ALL_WEEK},
		{"5,10-14/2,59 23 31 12 0",
			UINT64_C(1) << 5 | UINT64_C(1) << 10 | UINT64_C(1) << 12 |
				UINT64_C(1) << 14 | UINT64_C(1) << 59,
			1u << 23, 1u << 31, 1u << 12, 1},
		{"  00\t06  *  jan-MAR  sat,Sun ", 1, 1u << 6, ALL_DAYS, 0xe, 0x41},
		{"0 0 * * 7", 1, 1, ALL_DAYS, ALL_MONTHS, 1},
		{"0 0 * * 5-7", 1, 1, ALL_DAYS, ALL_MONTHS, 0x61},
		{"0 0 29 feb *", 1, 1, 1u << 29, 4, ALL_WEEK},
		{"0 0 31 2 mon", 1, 1, 1u << 31, 4, 2},
		{"@hourly", 1, ALL_HOURS, ALL_DAYS, ALL_MONTHS, ALL_WEEK},
		{"@daily", 1, 1, ALL_DAYS, ALL_MONTHS, ALL_WEEK},
		{"@midnight", 1, 1, ALL_DAYS, ALL_MONTHS, ALL_WEEK},
		{"@weekly", 1, 1, ALL_DAYS, ALL_MONTHS, 1},
		{"@monthly", 1, 1, 2, ALL_MONTHS, ALL_WEEK},
		{"@yearly", 1, 1, 2, 2, ALL_WEEK},
		{"@annually", 1, 1, 2, 2, ALL_WEEK},
	};
	struct error err;
	struct cron cron;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (cron_parse(vectors[i].text, &cron, &err) < 0)
			fail_msg("%s: %s", vectors[i].text, err.text);
		assert_true(cron.minutes == vectors[i].minutes);
		assert_int_equal(cron.hours, vectors[i].hours);
		assert_int_equal(cron.days, vectors[i].days);
		assert_int_equal(cron.months, vectors[i].months);
		assert_int_equal(cron.weekdays, vectors[i].weekdays);
	}
	assert_int_equal(cron_parse("0 0 */2 * mon", &cron, &err), 0);
	assert_true(cron.is_any_day);
	assert_false(cron.is_any_weekday);
}

static void test_what_is_none_is_refused(void **state)
{
	static const char *const texts[] = {"", "*", "* * * *", "* * * * * *", "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8",
		"-1 * * * *", "1- * * * *", "5-1 * * * *", "*/0 * * * *", "5/2 * * * *",
		"1,,2 * * * *", ", * * * *", "1, * * * *", "*/ * * * *", "1-5/ * * * *",
		"** * * * *", "* * * jax *", "* * * janu *", "* * * * fri-mon", "* * * mon *",
		"001 * * * *", "1.5 * * * *", "@reboot", "@never", "@", "@daily *", "* * * * *;",
		"0 0 30 2 *", "0 0 31 4,6,9,11 *", "*/61 * * * *", "*/60 * * * *", "* */24 * * *",
		"* * 1-5/32 * *", "* * * */13 *", "* * * * */8"};
	struct error err;
	struct cron cron;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (cron_parse(texts[i], &cron, &err) == 0)
			fail_msg("'%s' was taken", texts[i]);
	assert_true(cron_parse("* 25 * * *", &cron, &err) < 0);
	assert_string_equal(err.text,
		"hour '25': expected 0 to 23, also as a list, a range, a step of 1 to 23: 1,3 or "
		"1-5 or */2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_lists_ranges_and_steps),
		cmocka_unit_test(test_what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
