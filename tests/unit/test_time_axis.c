#include "coordinator/analysis/time_axis.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT INT64_C(1790000000000000000)
#define S  NS_PER_S

/* A point of a host whose clock began at the coordinator's raw 0 plus ahead, and gains ppm on it.
 */
static struct time_point point(
	const char *host, int64_t raw, int64_t ahead, int64_t ppm, int64_t delay, char session)
{
	int64_t host_raw = raw + ahead + raw / 1000000 * ppm;

	return (struct time_point){.host = host,
		.at = AT + raw,
		.raw = raw,
		.epoch = 1,
		.session = {.b = {(uint8_t)session}},
		.offset = raw - host_raw,
		.delay = delay};
}

static void test_two_hosts_on_one_axis(void **state)
{
	struct time_axis *a = time_axis_new();
	struct time_point p;
	int64_t at, bound;

	(void)state;
	for (int64_t i = 0; i <= 10; i++) {
		p = point("fast", i * 60 * S, 5000 * S, 40, 200000, 1);
		time_axis_add(a, &p);
		p = point("slow", i * 60 * S, -300 * S, -60, 400000, 2);
		time_axis_add(a, &p);
	}
	/* The same instant, half a minute between two points, told by either host. */
	int64_t raw = 210 * S;
	assert_true(time_axis_put(
		a, "fast", raw + 5000 * S + 210 * 40000, AT + raw + 3 * S, &at, &bound));
	assert_true(at - (AT + raw) <= 1 && at - (AT + raw) >= -1);
	assert_int_equal(bound, 100000);
	assert_true(time_axis_put(
		a, "slow", raw - 300 * S - 210 * 60000, AT + raw - 200 * S, &at, &bound));
	assert_true(at - (AT + raw) <= 1 && at - (AT + raw) >= -1);
	assert_int_equal(bound, 200000);
	assert_false(time_axis_put(a, "other", raw, AT, &at, &bound));
	time_axis_free(a);
}

static void test_beyond_the_points_it_may_drift(void **state)
{
	struct time_axis *a = time_axis_new();
	struct time_point p = point("h", 100 * S, 7 * S, 0, 1000, 1);
	int64_t at, bound;

	(void)state;
	time_axis_add(a, &p);
	p = point("h", 160 * S, 7 * S, 0, 3000, 1);
	time_axis_add(a, &p);
	assert_true(time_axis_put(a, "h", 97 * S, AT, &at, &bound));
	assert_int_equal(at, AT + 90 * S);
	assert_int_equal(bound, 500 + 10 * S / 10000);
	assert_true(time_axis_put(a, "h", 177 * S, AT, &at, &bound));
	assert_int_equal(at, AT + 170 * S);
	assert_int_equal(bound, 1500 + 10 * S / 10000);
	time_axis_free(a);
}

/* An agent's machine was started anew: its clock begins at 0 again. */
static void test_each_process_has_its_clock(void **state)
{
	struct time_axis *a = time_axis_new();
	struct time_point p = point("h", 1000 * S, 0, 0, 0, 1);
	int64_t at, bound;

	(void)state;
	time_axis_add(a, &p);
	p = point("h", 2000 * S, -1990 * S, 0, 0, 2);
	time_axis_add(a, &p);
	p = point("h", 2060 * S, -1990 * S, 0, 0, 2);
	time_axis_add(a, &p);
	assert_true(time_axis_put(a, "h", 1001 * S, AT + 1001 * S, &at, &bound));
	assert_int_equal(at, AT + 1001 * S);
	assert_true(time_axis_put(a, "h", 11 * S, AT + 2000 * S, &at, &bound));
	assert_int_equal(at, AT + 2001 * S);
	time_axis_free(a);
}

/* The coordinator's date is set back in the middle. */
static void test_a_stepped_date_does_not_tear_it(void **state)
{
	struct time_axis *a = time_axis_new();
	struct time_point p = point("h", 1000 * S, 0, 0, 0, 1);
	int64_t at, bound;

	(void)state;
	time_axis_add(a, &p);
	p = point("h", 1060 * S, 0, 0, 0, 1);
	p.at -= 3600 * S;
	time_axis_add(a, &p);
	assert_true(time_axis_put(a, "h", 1030 * S, AT + 1030 * S, &at, &bound));
	assert_int_equal(at, AT + 1030 * S);
	time_axis_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_hosts_on_one_axis),
		cmocka_unit_test(test_beyond_the_points_it_may_drift),
		cmocka_unit_test(test_each_process_has_its_clock),
		cmocka_unit_test(test_a_stepped_date_does_not_tear_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
