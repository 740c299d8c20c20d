/* Which run a host gets next where several campaigns have some for it. */
#include "dispatch_scene.h"

#include "coordinator/dispatch/handout.h"
#include "proto/clock.h"

/* Two configurations: a block is two runs. */
#define TWO    "matrix: {n: [1, 2]}\nbenchmarks: {a: {command: [/bin/true, \"{n}\"]}}\n"
#define BLOCKS TWO "repeat: {warmup: 0, blocks: 3}\n"

static struct id16 campaigns[4]; /* A, B, C, D */
static size_t campaigns_n;
static char order[256]; /* of the runs that ended, a letter each */

static int begin(void **state)
{
	campaigns_n = 0;
	order[0] = '\0';
	scene_begin(state);
	agent_arrive(&lab1);
	return 0;
}

static void submit_as(const char *yaml, int64_t priority)
{
	struct message m;

	message_init(&m, MESSAGE_SUBMIT);
	m.submit.campaign = yaml;
	m.submit.file = "a.yaml";
	m.submit.priority = priority;
	hand_over(&ann, KEY_ANN, &m);
	tick(NS_PER_S / 4);
	flush();
	expect(&ann, MESSAGE_SUBMITTED, &m);
	campaigns[campaigns_n++] = m.submitted.id;
	message_done(&m);
}

static char letter_of(const struct id16 *campaign)
{
	for (size_t i = 0; i < campaigns_n; i++)
		if (id16_equal(&campaigns[i], campaign))
			return (char)('A' + i);
	return '?';
}

/* So many runs end on a host, each in a turn of its own. */
static void end_runs(struct agent *a, size_t n)
{
	agent_take_all(a);
	while (n-- > 0 && a->queue_n > 0) {
		size_t len = strlen(order);

		order[len] = letter_of(&a->queue[0].campaign);
		order[len + 1] = '\0';
		rig_started_at = clock_realtime_ns();
		assert_true(agent_finish(a));
		flush();
		agent_take_all(a);
	}
}

static void assert_order(const char *wanted)
{
	if (strcmp(order, wanted) != 0)
		fail_msg("%s, not %s", order, wanted);
}

static void test_equal_ones_take_turns(void **state)
{
	(void)state;
	submit_as("campaign: a\n" BLOCKS, ABSENT);
	submit_as("campaign: b\n" BLOCKS, 0);
	end_runs(&lab1, 100);
	assert_order("AABBAABBAABB");
}

/* One that was submitted later comes behind those that wait: here A does, as B has its first
 * already. */
static void test_a_new_one_waits_its_turn(void **state)
{
	(void)state;
	submit_as("campaign: a\n" BLOCKS, 0);
	submit_as("campaign: b\n" BLOCKS, 0);
	end_runs(&lab1, 1);
	submit_as("campaign: c\n" BLOCKS, 0);
	end_runs(&lab1, 100);
	assert_order("AABBAACCBBAACCBBCC");
}

/* All of it, but only when the block is over that had begun. */
static void test_a_higher_one_comes_between_blocks(void **state)
{
	(void)state;
	submit_as("campaign: a\nmatrix: {n: [1, 2, 3, 4, 5]}\n"
		  "benchmarks: {a: {command: [/bin/true, \"{n}\"]}}\n"
		  "repeat: {warmup: 0, blocks: 2}\n",
		-1);
	end_runs(&lab1, 1);
	submit_as("campaign: b\n" BLOCKS, 7);
	submit_as("campaign: c\n" BLOCKS, 8);
	end_runs(&lab1, 100);
	assert_order("AAAAACCCCCCBBBBBBAAAAA");
}

/* What waits for a result that decides is not overtaken by a lower one, but by an equal one. */
static void test_one_that_waits_for_a_result(void **state)
{
	static const char until[] =
		"campaign: a\n" TWO "repeat: {warmup: 0, blocks: 2, max: 4, until: {metric: time, "
		"within: 0.0001%}}\n";

	(void)state;
	submit_as(until, 1);
	submit_as("campaign: b\n" TWO "repeat: {warmup: 0, blocks: 1}\n", 0);
	end_runs(&lab1, 100);
	assert_order("AAAAAAAABB");

	order[0] = '\0';
	submit_as(until, 0);
	submit_as("campaign: d\n" BLOCKS, 0);
	end_runs(&lab1, 100);
	assert_order("CCDDCCDDCCDDCC");
}

/* The repetitions of a configuration belong together. */
static void test_sequential(void **state)
{
	(void)state;
	submit_as("campaign: a\n" TWO "repeat: {warmup: 1, blocks: 2}\norder: sequential\n", 0);
	submit_as("campaign: b\n" TWO "repeat: {warmup: 1, blocks: 2}\norder: sequential\n", 0);
	end_runs(&lab1, 100);
	assert_order("AAABBBAAABBB");
}

static void restart(void)
{
	rig_crash();
	rig_start(NULL);
	lab1.is_welcome = false;
	agent_arrive(&lab1);
}

/* What had begun goes on, then who waited longest. */
static void test_turns_outlast_the_coordinator(void **state)
{
	(void)state;
	submit_as("campaign: a\n" BLOCKS, 0);
	submit_as("campaign: b\n" BLOCKS, 0);
	submit_as("campaign: c\n" BLOCKS, 5);
	end_runs(&lab1, 9);
	restart();
	end_runs(&lab1, 1);
	restart();
	end_runs(&lab1, 2);
	restart();
	end_runs(&lab1, 100);
	assert_order("AACCCCCCBBAABBAABB");
}

/* Whoever has none of its own campaigns left does not keep the host from the others. */
static void test_blocks_of_any_host(void **state)
{
	(void)state;
	submit_as("campaign: a\nhosts: {spread: any}\n" BLOCKS, 0);
	submit_as("campaign: b\n" BLOCKS, 0);
	end_runs(&lab1, 100);
	assert_order("AABBAABBAABB");
	assert_int_equal(number("SELECT count(*) FROM campaign WHERE state = 'done'"), 2);
}

/* Only hosts for which something changed are looked at. */
static void test_idle_hosts_are_left_alone(void **state)
{
	(void)state;
	agent_arrive(&lab2);
	assert_null(rig.dispatch->due);
	agent_ping(&lab1);
	assert_null(rig.dispatch->due);
	flush();
	submit_as("campaign: a\nhosts: {names: [lab2]}\n" BLOCKS, 0);
	agent_take_all(&lab2);
	assert_int_equal(lab2.queue_n, 2);
	agent_finish(&lab2);
	assert_ptr_equal(rig.dispatch->due, dispatch_host(rig.dispatch, KEY_LAB2));
	assert_ptr_equal(rig.dispatch->due->due_next, NULL);
}

static void test_priority_is_kept_and_told(void **state)
{
	struct message m;

	(void)state;
	submit_as("campaign: a\n" BLOCKS, -100);
	assert_int_equal(number("SELECT priority FROM campaign"), -100);
	message_init(&m, MESSAGE_STATUS);
	hand_over(&ann, KEY_ANN, &m);
	flush();
	expect(&ann, MESSAGE_REPORT, &m);
	assert_int_equal(LIST_AT(&m.report.campaigns, struct message_campaign, 0)->priority, -100);
	message_done(&m);
	for (int64_t wrong = -101; wrong <= 101; wrong += 202) {
		message_init(&m, MESSAGE_SUBMIT);
		m.submit.campaign = "campaign: b\n" BLOCKS;
		m.submit.file = "b.yaml";
		m.submit.priority = wrong;
		hand_over(&ann, KEY_ANN, &m);
		flush();
		expect_error(&ann, "campaign");
	}
}

#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, begin, rig_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF(test_equal_ones_take_turns),
		TEST_OF(test_a_new_one_waits_its_turn),
		TEST_OF(test_a_higher_one_comes_between_blocks),
		TEST_OF(test_one_that_waits_for_a_result),
		TEST_OF(test_sequential),
		TEST_OF(test_turns_outlast_the_coordinator),
		TEST_OF(test_blocks_of_any_host),
		TEST_OF(test_idle_hosts_are_left_alone),
		TEST_OF(test_priority_is_kept_and_told),
	};

	return cmocka_run_group_tests_name("handout", tests, NULL, NULL);
}
