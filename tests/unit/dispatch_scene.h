/*
 * dispatch_scene.h - what the tests of the dispatcher begin with: two agents, a user and a viewer,
 * a campaign
 */
#ifndef TESTS_UNIT_DISPATCH_SCENE_H
#define TESTS_UNIT_DISPATCH_SCENE_H

#include "dispatch_rig.h"

static __attribute__((unused)) struct agent lab1, lab2;
static __attribute__((unused)) struct route ann, vic;

RIG_FUNCTION int scene_begin(void **state)
{
	agent_init(&lab1, KEY_LAB1);
	agent_init(&lab2, KEY_LAB2);
	rig_begin(state);
	ann = new_route();
	vic = new_route();
	return 0;
}

/* ann submits RIG_YAML; the label is demo.1. */
RIG_FUNCTION void submit_demo(void)
{
	struct message m;

	submit(&ann, RIG_YAML);
	expect(&ann, MESSAGE_SUBMITTED, &m);
	assert_string_equal(m.submitted.label, "demo.1");
	message_done(&m);
}

/* lab1 alone, with the first two runs in its hands. */
RIG_FUNCTION void begin_on_lab1(void)
{
	agent_arrive(&lab1);
	submit_demo();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 2);
}

/* Both agents go on, each turn one run, until nothing is left to do. */
RIG_FUNCTION void run_to_the_end(struct agent *a, struct agent *b)
{
	for (int i = 0; i < 1000; i++) {
		bool goes_on = agent_finish(a);
		if (b != NULL && agent_finish(b))
			goes_on = true;
		tick(NS_PER_S);
		flush();
		agent_take_all(a);
		if (b != NULL)
			agent_take_all(b);
		if (!goes_on && a->queue_n == 0 && (b == NULL || b->queue_n == 0))
			return;
	}
	fail_msg("there is no end");
}

RIG_FUNCTION const char *state_of(int64_t run)
{
	static const char *const states[] = {"queued", "assigned", "running", "done", "failed",
		"timeout", "skipped", "cancelled"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_free_ char *sql =
			xasprintf("SELECT count(*) FROM run WHERE run = %lld AND state = '%s'",
				(long long)run, states[i]);
		if (number(sql) == 1)
			return states[i];
	}
	return "nothing";
}

RIG_FUNCTION int64_t result_of(int64_t run)
{
	_cleanup_free_ char *sql =
		xasprintf("SELECT coalesce(result, 0) FROM run WHERE run = %lld", (long long)run);

	return number(sql);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, rig_end)

#endif
