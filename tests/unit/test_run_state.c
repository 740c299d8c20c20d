#include "coordinator/dispatch/run_state.h"
#include "coordinator/store/store.h"
#include "proto/base.h"
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define Q STATE_QUEUED
#define A STATE_ASSIGNED
#define R STATE_RUNNING
#define D STATE_DONE
#define F STATE_FAILED
#define T STATE_TIMEOUT
#define S STATE_SKIPPED
#define C STATE_CANCELLED
#define X STATE_N

/* The whole table: a row a state, a column an event. X: refused. */
static const enum run_state table[STATE_N][EVENT_N] = {
	/*             ASSIGN STARTED DONE FAILED TIMEOUT SKIPPED CANCELLED LOST RECALLED */
	[STATE_QUEUED] = {A, R, D, F, T, S, C, X, X},
	[STATE_ASSIGNED] = {X, R, D, F, T, S, C, Q, Q},
	[STATE_RUNNING] = {X, X, D, F, T, S, C, Q, Q},
	[STATE_DONE] = {X, X, X, X, X, X, X, X, X},
	[STATE_FAILED] = {X, X, X, X, X, X, X, X, X},
	[STATE_TIMEOUT] = {X, X, X, X, X, X, X, X, X},
	[STATE_SKIPPED] = {X, X, X, X, X, X, X, X, X},
	[STATE_CANCELLED] = {X, X, X, X, X, X, X, X, X},
};

static void test_table(void **state)
{
	(void)state;
	for (enum run_state s = 0; s < STATE_N; s++)
		for (enum run_event e = 0; e < EVENT_N; e++)
			if (run_state_next(s, e) != table[s][e])
				fail_msg("state %s, event %d: %d, not %d", run_state_name(s), e,
					run_state_next(s, e), table[s][e]);
	assert_int_equal(run_state_next(STATE_N, EVENT_DONE), STATE_N);
	assert_int_equal(run_state_next(STATE_QUEUED, EVENT_N), STATE_N);
}

/* A final state is one that nothing leads out of, and only those are. */
static void test_final(void **state)
{
	(void)state;
	for (enum run_state s = 0; s < STATE_N; s++) {
		bool leads_on = false;
		for (enum run_event e = 0; e < EVENT_N; e++)
			leads_on = leads_on || run_state_next(s, e) != STATE_N;
		assert_int_equal(run_state_is_final(s) != 0, !leads_on);
	}
	assert_false(run_state_is_final(STATE_N));
}

static void test_names(void **state)
{
	static const char *const names[STATE_N] = {RUN_QUEUED, RUN_ASSIGNED, RUN_RUNNING, RUN_DONE,
		RUN_FAILED, RUN_TIMEOUT, RUN_SKIPPED, RUN_CANCELLED};

	(void)state;
	for (enum run_state s = 0; s < STATE_N; s++) {
		assert_string_equal(run_state_name(s), names[s]);
		assert_int_equal(run_state_by_name(names[s]), s);
	}
	assert_int_equal(run_state_by_name(""), STATE_N);
	assert_int_equal(run_state_by_name("lost"), STATE_N);
	assert_int_equal(run_state_by_name("Done"), STATE_N);
}

static void test_results(void **state)
{
	static const char *const none[] = {"queued", "assigned", "running", "lost", "", "DONE"};

	(void)state;
	assert_int_equal(run_event_of_result("done"), EVENT_DONE);
	assert_int_equal(run_event_of_result("failed"), EVENT_FAILED);
	assert_int_equal(run_event_of_result("timeout"), EVENT_TIMEOUT);
	assert_int_equal(run_event_of_result("skipped"), EVENT_SKIPPED);
	assert_int_equal(run_event_of_result("cancelled"), EVENT_CANCELLED);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(run_event_of_result(none[i]), EVENT_N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests_name("run_state", tests, NULL, NULL);
}
