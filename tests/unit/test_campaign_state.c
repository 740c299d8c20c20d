#include "coordinator/dispatch/campaign_state.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define Q CAMPAIGN_QUEUED
#define R CAMPAIGN_RUNNING
#define P CAMPAIGN_PAUSED
#define C CAMPAIGN_CANCELLED
#define D CAMPAIGN_DONE
#define X CAMPAIGN_STATE_N

/* The whole table: a row a state, a column an event. */
static const enum campaign_state table[CAMPAIGN_STATE_N][CAMPAIGN_EVENT_N] = {
	/* WRITTEN PAUSE RESUME CANCEL MORE OVER */
	[CAMPAIGN_QUEUED] = {R, X, X, X, X, X},
	[CAMPAIGN_RUNNING] = {X, P, X, C, X, D},
	[CAMPAIGN_PAUSED] = {X, X, R, C, X, D},
	[CAMPAIGN_CANCELLED] = {X, X, X, X, X, C},
	[CAMPAIGN_DONE] = {X, X, X, X, R, X},
};

static void test_table(void **state)
{
	(void)state;
	for (enum campaign_state s = 0; s < CAMPAIGN_STATE_N; s++)
		for (enum campaign_event e = 0; e < CAMPAIGN_EVENT_N; e++)
			if (campaign_state_next(s, e) != table[s][e])
				fail_msg("state %s, event %d: %d, not %d", campaign_state_name(s),
					e, campaign_state_next(s, e), table[s][e]);
}

static void test_names(void **state)
{
	(void)state;
	for (enum campaign_state s = 0; s < CAMPAIGN_STATE_N; s++)
		assert_int_equal(campaign_state_by_name(campaign_state_name(s)), s);
	assert_int_equal(campaign_state_by_name("over"), CAMPAIGN_STATE_N);
	assert_string_equal(campaign_state_name(CAMPAIGN_RUNNING), "running");
}

static void test_final(void **state)
{
	(void)state;
	for (enum campaign_state s = 0; s < CAMPAIGN_STATE_N; s++)
		assert_int_equal(campaign_state_is_final(s), s == C || s == D);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_final),
	};

	return cmocka_run_group_tests_name("campaign_state", tests, NULL, NULL);
}
