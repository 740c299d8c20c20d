/* When cron expressions come: both nights of daylight saving, laws that change, days that are rare,
 * and texts. What they are over years is compared with another implementation by 124-next-times.t.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/schedule/calendar.h"
#include "proto/base.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#define MOST 8

struct times {
	const char *cron, *after, *expected[MOST]; /* UTC; as many as are compared */
};

static int64_t instant_of(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);

	if (!end)
		fail_msg("'%s' is no time", text);
	if (*end != '\0')
		end = strptime(end, ":%S", &tm);
	assert_true(end && *end == '\0');
	return timegm(&tm) * NS_PER_S;
}

static const char *utc_text(int64_t at, char out[32])
{
	struct tm tm;

	if (at == ABSENT)
		return "none";
	assert_int_equal(at % NS_PER_S, 0);
	gmtime_r(&(time_t){at / NS_PER_S}, &tm);
	strftime(out, 32, tm.tm_sec ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", &tm);
	return out;
}

static struct calendar *open_calendar(const char *zone)
{
	struct error err = {0};
	struct calendar *c = NULL;

	if (calendar_open(&c, zone, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

static struct cron parsed(const char *text)
{
	struct error err = {0};
	struct cron cron;

	if (cron_parse(text, &cron, &err) < 0)
		fail_msg("%s", err.text);
	return cron;
}

static void compare_times(const char *zone, const struct times *all, size_t n)
{
	struct calendar *c = open_calendar(zone);

	for (size_t i = 0; i < n; i++) {
		struct cron cron = parsed(all[i].cron);
		int64_t at = instant_of(all[i].after);
		char text[32];

		for (size_t k = 0; k < MOST && all[i].expected[k]; k++) {
			at = calendar_next(c, &cron, at);
			if (strcmp(utc_text(at, text), all[i].expected[k]) != 0)
				fail_msg("%s: '%s' after %s: number %zu is %s, not %s", zone,
					all[i].cron, all[i].after, k + 1, text, all[i].expected[k]);
			if (at == ABSENT)
				break;
		}
	}
	calendar_free(c);
}

static void test_the_night_in_which_the_clock_goes_forward_in_Berlin(void **state)
{
	/* Sun 29 March 2026: at 01:00 UTC the wall goes from 02:00 CET to 03:00 CEST. */
	static const struct times night[] = {
		{"0 2 * * *", "2026-03-27 12:00",
			{"2026-03-28 01:00", "2026-03-29 01:00", "2026-03-30 00:00"}},
		{"30 2 * * *", "2026-03-27 12:00",
			{"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"}},
		{"30 2 29 3 *", "2026-03-28 12:00", {"2026-03-29 01:00", "2027-03-29 00:30"}},
		{"59 1 * * *", "2026-03-28 12:00", {"2026-03-29 00:59", "2026-03-29 23:59"}},
		{"0 3 * * *", "2026-03-28 12:00", {"2026-03-29 01:00", "2026-03-30 01:00"}},
		{"30 3 * * *", "2026-03-28 12:00", {"2026-03-29 01:30", "2026-03-30 01:30"}},
		/* skipped together: once; together with what comes at 03:00 as well: once */
		{"*/10 2 * * *", "2026-03-28 12:00",
			{"2026-03-29 01:00", "2026-03-30 00:00", "2026-03-30 00:10"}},
		{"15,45 2 * * *", "2026-03-28 12:00",
			{"2026-03-29 01:00", "2026-03-30 00:15", "2026-03-30 00:45"}},
		{"0 2,3 * * *", "2026-03-28 12:00",
			{"2026-03-29 01:00", "2026-03-30 00:00", "2026-03-30 01:00"}},
		{"30 1-3 * * *", "2026-03-28 23:00",
			{"2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30",
				"2026-03-29 23:30"}},
		{"0 */2 * * *", "2026-03-28 22:00",
			{"2026-03-28 23:00", "2026-03-29 01:00", "2026-03-29 02:00",
				"2026-03-29 04:00"}},
		/* every hour: nothing to make up for */
		{"30 * * * *", "2026-03-28 23:30",
			{"2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30"}},
		{"*/30 0-23 * * *", "2026-03-29 00:00",
			{"2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"}},
		/* asked at the jump and around it */
		{"30 2 * * *", "2026-03-29 00:59:59", {"2026-03-29 01:00"}},
		{"30 2 * * *", "2026-03-29 01:00", {"2026-03-30 00:30"}},
		{"30 2 * * *", "2026-03-29 01:00:01", {"2026-03-30 00:30"}},
		{"0 3 * * *", "2026-03-29 01:00", {"2026-03-30 01:00"}},
	};

	(void)state;
	compare_times("Europe/Berlin", night, ARRAY_SIZE(night));
}

static void test_the_night_in_which_the_clock_goes_back_in_Berlin(void **state)
{
	/* Sun 25 October 2026: at 01:00 UTC the wall goes from 03:00 CEST to 02:00 CET. */
	static const struct times night[] = {
		{"0 2 * * *", "2026-10-23 12:00",
			{"2026-10-24 00:00", "2026-10-25 00:00", "2026-10-26 01:00"}},
		{"30 2 * * *", "2026-10-23 12:00",
			{"2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"}},
		{"0 3 * * *", "2026-10-24 12:00", {"2026-10-25 02:00", "2026-10-26 02:00"}},
		{"59 1 * * *", "2026-10-24 12:00", {"2026-10-24 23:59", "2026-10-26 00:59"}},
		{"*/30 2 * * *", "2026-10-24 12:00",
			{"2026-10-25 00:00", "2026-10-25 00:30", "2026-10-26 01:00"}},
		{"30 1-3 * * *", "2026-10-24 12:00",
			{"2026-10-24 23:30", "2026-10-25 00:30", "2026-10-25 02:30"}},
		{"0 */2 * * *", "2026-10-24 21:00",
			{"2026-10-24 22:00", "2026-10-25 00:00", "2026-10-25 03:00"}},
		/* every hour: the repeated one, too */
		{"30 * * * *", "2026-10-24 23:00",
			{"2026-10-24 23:30", "2026-10-25 00:30", "2026-10-25 01:30",
				"2026-10-25 02:30"}},
		{"@hourly", "2026-10-24 23:00",
			{"2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00"}},
		/* asked between the two showings of 02:30, and in the second */
		{"30 2 * * *", "2026-10-25 00:30", {"2026-10-26 01:30"}},
		{"30 2 * * *", "2026-10-25 00:59:59", {"2026-10-26 01:30"}},
		{"30 2 * * *", "2026-10-25 01:00", {"2026-10-26 01:30"}},
		{"30 2 * * *", "2026-10-25 01:29", {"2026-10-26 01:30"}},
	};

	(void)state;
	compare_times("Europe/Berlin", night, ARRAY_SIZE(night));
}

static void test_the_night_in_which_the_clock_goes_forward_in_New_York(void **state)
{
	/* Sun 8 March 2026: at 07:00 UTC the wall goes from 02:00 EST to 03:00 EDT. */
	static const struct times night[] = {
		{"0 2 * * *", "2026-03-06 12:00",
			{"2026-03-07 07:00", "2026-03-08 07:00", "2026-03-09 06:00"}},
		{"30 2 * * *", "2026-03-06 12:00",
			{"2026-03-07 07:30", "2026-03-08 07:00", "2026-03-09 06:30"}},
		{"30 2 * * 0", "2026-03-06 12:00", {"2026-03-08 07:00", "2026-03-15 06:30"}},
		{"30 2 * * 1", "2026-03-06 12:00", {"2026-03-09 06:30"}},
		{"0 0 * * *", "2026-03-07 12:00", {"2026-03-08 05:00", "2026-03-09 04:00"}},
		{"45 * * * *", "2026-03-08 06:00", {"2026-03-08 06:45", "2026-03-08 07:45"}},
	};

	(void)state;
	compare_times("America/New_York", night, ARRAY_SIZE(night));
}

static void test_the_night_in_which_the_clock_goes_back_in_New_York(void **state)
{
	/* Sun 1 November 2026: at 06:00 UTC the wall goes from 02:00 EDT to 01:00 EST. */
	static const struct times night[] = {
		{"0 1 * * *", "2026-10-30 12:00",
			{"2026-10-31 05:00", "2026-11-01 05:00", "2026-11-02 06:00"}},
		{"30 1 * * *", "2026-10-30 12:00",
			{"2026-10-31 05:30", "2026-11-01 05:30", "2026-11-02 06:30"}},
		{"0 2 * * *", "2026-10-31 12:00", {"2026-11-01 07:00", "2026-11-02 07:00"}},
		{"0 0 1 11 *", "2026-10-30 12:00", {"2026-11-01 04:00", "2027-11-01 04:00"}},
		{"45 * * * *", "2026-11-01 05:00",
			{"2026-11-01 05:45", "2026-11-01 06:45", "2026-11-01 07:45"}},
	};

	(void)state;
	compare_times("America/New_York", night, ARRAY_SIZE(night));
}

static void test_shifts_of_half_an_hour_and_of_the_south(void **state)
{
	/* Forward at 02:00 (+10:30) on 4 October 2026, back at 02:00 (+11) on 5 April. */
	static const struct times half[] = {
		{"15 2 * * *", "2026-10-02 16:00", {"2026-10-03 15:30", "2026-10-04 15:15"}},
		{"45 2 * * *", "2026-10-02 20:00", {"2026-10-03 15:45", "2026-10-04 15:45"}},
		{"45 1 * * *", "2026-04-03 20:00", {"2026-04-04 14:45", "2026-04-05 15:15"}},
		{"15 1 * * *", "2026-04-03 20:00", {"2026-04-04 14:15", "2026-04-05 14:45"}},
		{"45 * * * *", "2026-04-04 14:00",
			{"2026-04-04 14:45", "2026-04-04 15:15", "2026-04-04 16:15"}},
	};
	static const struct times south[] = {
		{"30 2 * * *", "2026-10-02 20:00", {"2026-10-03 16:00", "2026-10-04 15:30"}},
		{"30 2 * * *", "2026-04-03 20:00", {"2026-04-04 15:30", "2026-04-05 16:30"}},
	};

	(void)state;
	compare_times("Australia/Lord_Howe", half, ARRAY_SIZE(half));
	compare_times("Australia/Sydney", south, ARRAY_SIZE(south));
}

static void test_midnight_may_be_skipped_or_come_twice(void **state)
{
	/* Sao Paulo: 00:00 to 01:00 on 4 November 2018, the last time; back to 23:00 on 17 February
	 * 2018. Havana: 01:00 to 00:00 on 1 November 2020. */
	static const struct times sao_paulo[] = {
		{"0 0 * * *", "2018-11-03 12:00", {"2018-11-04 03:00", "2018-11-05 02:00"}},
		{"30 0 * * 0", "2018-11-01 12:00", {"2018-11-04 03:00", "2018-11-11 02:30"}},
		{"0 0 4 11 *", "2018-11-01 12:00", {"2018-11-04 03:00", "2019-11-04 03:00"}},
		{"30 23 * * *", "2018-02-16 12:00",
			{"2018-02-17 01:30", "2018-02-18 01:30", "2018-02-19 02:30"}},
		{"0 0 * * *", "2018-02-17 12:00", {"2018-02-18 03:00", "2018-02-19 03:00"}},
		{"0 0 4 11 *", "2019-11-01 12:00", {"2019-11-04 03:00", "2020-11-04 03:00"}},
	};
	static const struct times havana[] = {
		{"0 0 * * *", "2020-10-31 12:00", {"2020-11-01 04:00", "2020-11-02 05:00"}},
		{"0 */6 * * *", "2020-10-31 12:00",
			{"2020-10-31 16:00", "2020-10-31 22:00", "2020-11-01 04:00",
				"2020-11-01 11:00"}},
	};

	(void)state;
	compare_times("America/Sao_Paulo", sao_paulo, ARRAY_SIZE(sao_paulo));
	compare_times("America/Havana", havana, ARRAY_SIZE(havana));
}

static void test_laws_that_change(void **state)
{
	/* Casablanca: an hour ahead for good since 2018-10-28, but back for Ramadan (19 April to 31
	 * May 2020). Apia left out 30 December 2011. Kathmandu never changes. */
	static const struct times casablanca[] = {
		{"30 2 * * *", "2020-04-18 00:00",
			{"2020-04-18 01:30", "2020-04-19 01:30", "2020-04-20 02:30"}},
		{"30 2 * * *", "2020-05-30 00:00",
			{"2020-05-30 02:30", "2020-05-31 02:00", "2020-06-01 01:30"}},
		{"0 12 1 11 *", "2017-01-01 00:00",
			{"2017-11-01 12:00", "2018-11-01 11:00", "2019-11-01 11:00"}},
	};
	static const struct times apia[] = {
		{"0 2 * * *", "2011-12-29 00:00",
			{"2011-12-29 12:00", "2011-12-30 10:00", "2011-12-30 12:00"}},
		{"0 2 30 12 *", "2011-12-01 00:00", {"2011-12-30 10:00", "2012-12-29 12:00"}},
	};
	static const struct times kathmandu[] = {
		{"0 2 * * *", "2026-03-28 20:15", {"2026-03-29 20:15", "2026-03-30 20:15"}},
	};

	(void)state;
	compare_times("Africa/Casablanca", casablanca, ARRAY_SIZE(casablanca));
	compare_times("Pacific/Apia", apia, ARRAY_SIZE(apia));
	compare_times("Asia/Kathmandu", kathmandu, ARRAY_SIZE(kathmandu));
}

static void test_days_that_are_rare(void **state)
{
	static const struct times rare[] = {
		{"0 0 29 2 *", "2026-01-01 00:00",
			{"2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"}},
		{"0 0 29 2 *", "2096-03-01 00:00", {"2104-02-29 00:00"}},
		{"0 0 31 * *", "2026-01-31 00:00",
			{"2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00",
				"2026-08-31 00:00"}},
		/* both days restricted: either */
		{"0 0 31 * 1", "2026-01-26 00:00",
			{"2026-01-31 00:00", "2026-02-02 00:00", "2026-02-09 00:00"}},
		{"0 0 31 2 1", "2026-01-26 00:00",
			{"2026-02-02 00:00", "2026-02-09 00:00", "2026-02-16 00:00",
				"2026-02-23 00:00", "2027-02-01 00:00"}},
		/* one begins with a star: both */
		{"0 0 */2 * 1", "2026-01-26 00:00",
			{"2026-02-09 00:00", "2026-02-23 00:00", "2026-03-09 00:00"}},
		{"0 0 13 * */5", "2026-01-01 00:00", {"2026-02-13 00:00", "2026-03-13 00:00"}},
		{"59 23 31 12 *", "2026-12-31 23:59", {"2027-12-31 23:59"}},
		{"* * * * *", "2026-12-31 23:59:30", {"2027-01-01 00:00", "2027-01-01 00:01"}},
	};
	struct calendar *c = open_calendar("UTC");
	struct cron never = parsed("0 0 29 2 *");

	(void)state;
	compare_times("UTC", rare, ARRAY_SIZE(rare));
	/* nanoseconds since 1970 end in 2262 */
	assert_true(calendar_next(c, &never, instant_of("2261-01-01 00:00")) == ABSENT);
	never.days = 1u << 30;
	assert_true(calendar_next(c, &never, instant_of("2026-01-01 00:00")) == ABSENT);
	never.months = 0;
	assert_true(calendar_next(c, &never, instant_of("2026-01-01 00:00")) == ABSENT);
	calendar_free(c);
}

static void test_several_at_once(void **state)
{
	struct calendar *c = open_calendar("Europe/Berlin");
	struct cron cron = parsed("0 2 * * 1-5"), never = parsed("0 0 29 2 *");
	int64_t out[4] = {0};
	char text[32];

	(void)state;
	assert_int_equal(calendar_next_n(c, &cron, instant_of("2026-10-22 12:00"), out, 3), 3);
	assert_string_equal(utc_text(out[0], text), "2026-10-23 00:00");
	assert_string_equal(utc_text(out[1], text), "2026-10-26 01:00");
	assert_string_equal(utc_text(out[2], text), "2026-10-27 01:00");
	assert_int_equal(out[3], 0);
	never.days = 1u << 30;
	assert_int_equal(calendar_next_n(c, &never, out[0], out, 3), 0);
	assert_int_equal(calendar_next_n(c, &cron, out[0], out, 0), 0);
	calendar_free(c);
}

static void test_an_instant_is_shown_as_its_wall_shows_it(void **state)
{
	static const struct {
		const char *zone, *at, *text;
	} vectors[] = {
		{"Europe/Berlin", "2026-03-29 00:59", "Sun 2026-03-29 01:59 CET"},
		{"Europe/Berlin", "2026-03-29 01:00", "Sun 2026-03-29 03:00 CEST"},
		{"Europe/Berlin", "2026-10-25 00:30", "Sun 2026-10-25 02:30 CEST"},
		{"Europe/Berlin", "2026-10-25 01:30", "Sun 2026-10-25 02:30 CET"},
		{"America/New_York", "2026-01-01 00:00", "Wed 2025-12-31 19:00 EST"},
		{"Asia/Kathmandu", "2026-01-01 00:00", "Thu 2026-01-01 05:45 +0545"},
		{"UTC", "2026-02-28 23:59:59", "Sat 2026-02-28 23:59 UTC"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct calendar *c = open_calendar(vectors[i].zone);

		assert_string_equal(
			calendar_text(c, instant_of(vectors[i].at), text), vectors[i].text);
		calendar_free(c);
	}
}

static void test_this_machine_s_zone_and_what_is_none(void **state)
{
	static const char *const none[] = {
		"Europe/Berlim", "Mars/Olympus", "", "../../../etc/passwd", "/etc/localtime"};
	struct calendar *c = open_calendar(NULL);
	struct cron cron = parsed("@hourly");
	struct error err = {0};

	(void)state;
	assert_true(calendar_next(c, &cron, instant_of("2026-01-01 00:00")) != ABSENT);
	calendar_free(c);
	calendar_free(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (calendar_open(&c, none[i], &err) != -ENOENT)
			fail_msg("'%s' was taken", none[i]);
	assert_non_null(strstr(err.text, "time zone '/etc/localtime' is not known here"));
}

static int need_zones(void **state)
{
	(void)state;
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0)
		return 0;
	print_message("tzdata is not installed: /usr/share/zoneinfo has no Europe/Berlin\n");
	return -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_night_in_which_the_clock_goes_forward_in_Berlin),
		cmocka_unit_test(test_the_night_in_which_the_clock_goes_back_in_Berlin),
		cmocka_unit_test(test_the_night_in_which_the_clock_goes_forward_in_New_York),
		cmocka_unit_test(test_the_night_in_which_the_clock_goes_back_in_New_York),
		cmocka_unit_test(test_shifts_of_half_an_hour_and_of_the_south),
		cmocka_unit_test(test_midnight_may_be_skipped_or_come_twice),
		cmocka_unit_test(test_laws_that_change),
		cmocka_unit_test(test_days_that_are_rare),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_an_instant_is_shown_as_its_wall_shows_it),
		cmocka_unit_test(test_this_machine_s_zone_and_what_is_none),
	};

	return cmocka_run_group_tests(tests, need_zones, NULL);
}
