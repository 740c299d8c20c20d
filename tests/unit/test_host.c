#include "coordinator/dispatch/host.h"
#include "coordinator/dispatch/live.h"
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define O HOST_OFFLINE
#define I HOST_IDLE
#define R HOST_RUNNING
#define S HOST_SILENT

/* The whole table: a row a state, a column an event. */
enum { HOST_EVENT_N = HOST_BYE + 1 };
static const enum host_state table[HOST_STATE_N][HOST_EVENT_N] = {
	/*            HELLO MESSAGE ASSIGNED EMPTY MISSED BYE */
	[HOST_OFFLINE] = {I, O, O, O, O, O},
	[HOST_IDLE] = {I, I, R, I, S, O},
	[HOST_RUNNING] = {R, R, R, I, S, O},
	[HOST_SILENT] = {I, I, S, S, S, O},
};

static void test_table(void **state)
{
	(void)state;
	for (enum host_state s = 0; s < HOST_STATE_N; s++)
		for (enum host_event e = 0; e < (enum host_event)HOST_EVENT_N; e++)
			if (host_state_next(s, e) != table[s][e])
				fail_msg("state %s, event %d: %d, not %d", host_state_name(s), e,
					host_state_next(s, e), table[s][e]);
}

static void test_names(void **state)
{
	static const char *const names[HOST_STATE_N] = {"offline", "idle", "running", "silent"};

	(void)state;
	for (enum host_state s = 0; s < HOST_STATE_N; s++)
		assert_string_equal(host_state_name(s), names[s]);
}

/* With runs in hand a host that is there is running, without it is idle, whatever happened between.
 */
static void test_hands_decide(void **state)
{
	struct live_run runs[2] = {{.run = 1}, {.run = 2}};
	struct host h = {.state = HOST_OFFLINE};

	(void)state;
	host_apply(&h, HOST_HELLO);
	assert_int_equal(h.state, HOST_IDLE);
	assert_true(host_take(&h, NULL, &runs[0]));
	assert_true(host_take(&h, NULL, &runs[1]));
	assert_int_equal(h.state, HOST_RUNNING);
	host_apply(&h, HOST_MISSED);
	assert_int_equal(h.state, HOST_SILENT);
	assert_false(host_is_connected(&h));
	host_apply(&h, HOST_MESSAGE);
	assert_int_equal(h.state, HOST_RUNNING);
	host_apply(&h, HOST_BYE);
	assert_int_equal(h.state, HOST_OFFLINE);
	host_apply(&h, HOST_MESSAGE); /* without a HELLO it is not there */
	assert_int_equal(h.state, HOST_OFFLINE);
	host_apply(&h, HOST_HELLO);
	assert_int_equal(h.state, HOST_RUNNING);
	host_put_down(&h, &runs[0]);
	assert_int_equal(h.state, HOST_RUNNING);
	assert_ptr_equal(h.flights[0].run, &runs[1]);
	host_put_down(&h, &runs[0]); /* not in hand any more */
	assert_int_equal(h.flights_n, 1);
	host_put_down(&h, &runs[1]);
	assert_int_equal(h.state, HOST_IDLE);
}

/* A host that is away may lose what it had in hand without coming back by that. */
static void test_emptied_while_away(void **state)
{
	struct live_run run = {.run = 1};
	struct host h = {.state = HOST_OFFLINE};

	(void)state;
	assert_true(host_take(&h, NULL, &run)); /* as after a restart of the coordinator */
	assert_int_equal(h.state, HOST_OFFLINE);
	host_put_down(&h, &run);
	assert_int_equal(h.state, HOST_OFFLINE);
	host_apply(&h, HOST_HELLO);
	assert_true(host_take(&h, NULL, &run));
	host_apply(&h, HOST_MISSED);
	host_put_down(&h, &run);
	assert_int_equal(h.state, HOST_SILENT);
}

static void test_full_hands(void **state)
{
	struct live_run runs[HOST_FLIGHTS_MAX + 1] = {{0}};
	struct host h = {.state = HOST_IDLE};

	(void)state;
	for (size_t i = 0; i < HOST_FLIGHTS_MAX; i++)
		assert_true(host_take(&h, NULL, &runs[i]));
	assert_false(host_take(&h, NULL, &runs[HOST_FLIGHTS_MAX]));
	host_put_down(&h, &runs[3]);
	assert_true(host_take(&h, NULL, &runs[HOST_FLIGHTS_MAX]));
	assert_ptr_equal(h.flights[3].run, &runs[4]); /* in order */
	assert_ptr_equal(h.flights[HOST_FLIGHTS_MAX - 1].run, &runs[HOST_FLIGHTS_MAX]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hands_decide),
		cmocka_unit_test(test_emptied_while_away),
		cmocka_unit_test(test_full_hands),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
