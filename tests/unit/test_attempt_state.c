#include "coordinator/dispatch/attempt_state.h"
#include "coordinator/store/store.h"
#include "proto/base.h"
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define A ATTEMPT_IS_ASSIGNED
#define R ATTEMPT_IS_RUNNING
#define D ATTEMPT_IS_DONE
#define F ATTEMPT_IS_FAILED
#define T ATTEMPT_IS_TIMEOUT
#define S ATTEMPT_IS_SKIPPED
#define C ATTEMPT_IS_CANCELLED
#define L ATTEMPT_IS_LOST
#define X ATTEMPT_STATE_N

/* The whole table: a row a state, a column an event. X: refused. */
static const enum attempt_state table[ATTEMPT_STATE_N][ATTEMPT_EVENT_N] = {
	/*   ASSIGN STARTED DONE FAILED TIMEOUT SKIPPED CANCELLED CALL_OFF LOSE FOUND LATE VOID */
	[ATTEMPT_IS_NONE] = {A, X, X, X, X, X, X, X, X, X, X, X},
	[ATTEMPT_IS_ASSIGNED] = {X, R, D, F, T, S, C, C, L, X, L, X},
	[ATTEMPT_IS_RUNNING] = {X, X, D, F, T, S, C, C, L, X, L, X},
	[ATTEMPT_IS_DONE] = {X, X, X, X, X, X, X, X, X, X, X, L},
	[ATTEMPT_IS_FAILED] = {X, X, X, X, X, X, X, X, X, X, X, L},
	[ATTEMPT_IS_TIMEOUT] = {X, X, X, X, X, X, X, X, X, X, X, L},
	[ATTEMPT_IS_SKIPPED] = {X, X, X, X, X, X, X, X, X, X, X, L},
	[ATTEMPT_IS_CANCELLED] = {X, X, D, F, T, S, C, X, X, X, C, X},
	[ATTEMPT_IS_LOST] = {X, X, D, F, T, S, L, X, X, A, L, X},
};

static void test_table(void **state)
{
	(void)state;
	for (enum attempt_state s = 0; s < ATTEMPT_STATE_N; s++)
		for (enum attempt_event e = 0; e < ATTEMPT_EVENT_N; e++)
			if (attempt_state_next(s, e) != table[s][e])
				fail_msg("state %s, event %d: %d, not %d", attempt_state_name(s), e,
					attempt_state_next(s, e), table[s][e]);
	assert_int_equal(attempt_state_next(ATTEMPT_STATE_N, ATTEMPT_DONE), ATTEMPT_STATE_N);
	assert_int_equal(attempt_state_next(A, ATTEMPT_EVENT_N), ATTEMPT_STATE_N);
}

/* Only what is out can be lost or called off, and only that; nothing is handed out twice. */
static void test_out(void **state)
{
	(void)state;
	for (enum attempt_state s = 0; s < ATTEMPT_STATE_N; s++) {
		bool is_out = attempt_state_is_out(s) != 0;
		assert_int_equal(attempt_state_next(s, ATTEMPT_LOSE) != X, is_out);
		assert_int_equal(attempt_state_next(s, ATTEMPT_CALL_OFF) != X, is_out);
		assert_int_equal(attempt_state_next(s, ATTEMPT_ASSIGN) != X, s == ATTEMPT_IS_NONE);
	}
	assert_false(attempt_state_is_out(ATTEMPT_STATE_N));
}

static void test_names(void **state)
{
	static const char *const names[ATTEMPT_STATE_N] = {"none", RUN_ASSIGNED, RUN_RUNNING,
		RUN_DONE, RUN_FAILED, RUN_TIMEOUT, RUN_SKIPPED, RUN_CANCELLED, ATTEMPT_LOST};

	(void)state;
	for (enum attempt_state s = 0; s < ATTEMPT_STATE_N; s++) {
		assert_string_equal(attempt_state_name(s), names[s]);
		assert_int_equal(attempt_state_by_name(names[s]), s);
	}
	assert_int_equal(attempt_state_by_name(""), X);
	assert_int_equal(attempt_state_by_name("queued"), X);
	assert_int_equal(attempt_state_by_name("Done"), X);
}

static void test_results(void **state)
{
	static const char *const none[] = {"queued", "assigned", "running", "lost", "none", ""};

	(void)state;
	assert_int_equal(attempt_event_of_result("done"), ATTEMPT_DONE);
	assert_int_equal(attempt_event_of_result("failed"), ATTEMPT_FAILED);
	assert_int_equal(attempt_event_of_result("timeout"), ATTEMPT_TIMEOUT);
	assert_int_equal(attempt_event_of_result("skipped"), ATTEMPT_SKIPPED);
	assert_int_equal(attempt_event_of_result("cancelled"), ATTEMPT_CANCELLED);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(attempt_event_of_result(none[i]), ATTEMPT_EVENT_N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests_name("attempt_state", tests, NULL, NULL);
}
