/* Campaigns that are paused, resumed and cancelled while their runs wait and run. */
#include "dispatch_scene.h"

#include "coordinator/dispatch/core.h"

static void say(const char *verb, const char *label, bool now)
{
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.label = label;
	m.steer.now = now ? 1 : ABSENT;
	hand_over(&ann, KEY_ANN, &m);
	flush();
}

/* It is answered by how the campaign is now. */
static void steer(const char *verb, bool now, const char *state)
{
	struct message m;

	say(verb, "demo.1", now);
	expect(&ann, MESSAGE_REPORT, &m);
	assert_int_equal(m.report.campaigns.n, 1);
	const struct message_campaign *c = LIST_AT(&m.report.campaigns, struct message_campaign, 0);
	assert_string_equal(c->label, "demo.1");
	assert_string_equal(c->state, state);
	message_done(&m);
}

static void start_first(struct agent *a)
{
	struct message m;

	message_init(&m, MESSAGE_STARTED);
	m.started = (struct message_started){.id = a->queue[0], .started_at = 1, .raw_ns = 1};
	hand_over(&a->route, a->key, &m);
	flush();
}

static int64_t attempts_of(int64_t run)
{
	_cleanup_free_ char *sql =
		xasprintf("SELECT attempt FROM run WHERE run = %lld", (long long)run);

	return number(sql);
}

static int64_t in_state(const char *state)
{
	_cleanup_free_ char *sql =
		xasprintf("SELECT count(*) FROM campaign WHERE state = '%s'", state);

	return number(sql);
}

/* What waits is called off, what runs ends and counts, and nothing more comes. */
static void test_pause(void **state)
{
	(void)state;
	begin_on_lab1();
	start_first(&lab1);
	int64_t running = lab1.queue[0].run, waiting = lab1.queue[1].run;
	steer("pause", false, "paused");
	agent_take_all(&lab1);
	assert_int_equal(lab1.cancelled, 1);
	assert_int_equal(lab1.queue_n, 1);
	assert_string_equal(state_of(running), "running");
	assert_string_equal(state_of(waiting), "queued");
	assert_int_equal(in_state("paused"), 1);
	agent_finish(&lab1);
	for (int i = 0; i < 10; i++) {
		tick(NS_PER_S);
		flush();
		agent_take_all(&lab1);
		agent_ping(&lab1);
	}
	assert_int_equal(lab1.queue_n, 0);
	assert_string_equal(state_of(running), "done");
	steer("pause", false, "paused"); /* again: as it is */
	steer("resume", false, "running");
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue[0].run, waiting);
	assert_int_equal(lab1.queue[0].attempt, 2);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	assert_int_equal(
		number("SELECT count(*) FROM event WHERE kind IN ('paused', 'resumed')"), 2);
}

/* What runs is ended and run again; that is no loss, however often. */
static void test_pause_now(void **state)
{
	(void)state;
	begin_on_lab1();
	int64_t first = lab1.queue[0].run, second = lab1.queue[1].run;
	for (int i = 0; i < 5; i++) {
		start_first(&lab1);
		steer("pause", true, "paused");
		agent_take_all(&lab1);
		flush();
		agent_take_all(&lab1);
		assert_int_equal(lab1.queue_n, 0);
		assert_int_equal(lab1.spool_n, 0);
		assert_string_equal(state_of(first), "queued");
		steer("resume", false, "running");
		agent_take_all(&lab1);
		assert_int_equal(lab1.queue[0].run, first);
		assert_int_equal(lab1.queue[1].run, second);
	}
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

/* Nothing is said of a run having started: the first in hand may have. */
static void test_what_was_just_handed_out_is_let_end(void **state)
{
	(void)state;
	begin_on_lab1();
	int64_t first = lab1.queue[0].run;
	steer("pause", false, "paused");
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 1);
	assert_int_equal(lab1.queue[0].run, first);
}

/* The result was on its way when the attempt was called off: it counts. */
static void test_result_of_what_was_called_off(void **state)
{
	(void)state;
	begin_on_lab1();
	start_first(&lab1);
	int64_t first = lab1.queue[0].run;
	agent_finish(&lab1); /* not flushed yet */
	steer("pause", true, "paused");
	agent_take_all(&lab1);
	assert_string_equal(state_of(first), "done");

	steer("resume", false, "running");
	agent_take_all(&lab1);
	struct attempt_id late = lab1.queue[0];
	steer("pause", true, "paused");
	send_result(&lab1, &(struct held_result){.id = late});
	flush();
	assert_string_equal(state_of(late.run), "done");
	assert_int_equal(result_of(late.run), late.attempt);
	agent_take_all(&lab1);
	flush();
	agent_take_all(&lab1);
	steer("resume", false, "running");
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

static void crash(void)
{
	rig_crash();
	rig_start(NULL);
	lab1.is_welcome = false;
}

static void test_paused_over_a_restart(void **state)
{
	(void)state;
	begin_on_lab1();
	start_first(&lab1);
	int64_t first = lab1.queue[0].run, second = lab1.queue[1].run;
	steer("pause", false, "paused");
	crash(); /* before the agent heard of it */
	agent_arrive(&lab1);
	assert_int_equal(lab1.queue_n, 1);
	assert_int_equal(lab1.queue[0].run, first);
	assert_int_equal(in_state("paused"), 1);
	agent_finish(&lab1);
	tick(NS_PER_S);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_string_equal(state_of(first), "done");
	assert_int_equal(attempts_of(second), 1);
	steer("resume", false, "running");
	run_to_the_end(&lab1, NULL);
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* What the agent runs while nobody reaches it was called off with --now. */
static void test_called_off_while_away(void **state)
{
	(void)state;
	begin_on_lab1();
	start_first(&lab1);
	steer("pause", true, "paused");
	agent_drop(&lab1);
	agent_arrive(&lab1);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_int_equal(lab1.spool_n, 0);
	steer("resume", false, "running");
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* An ASSIGN that did not arrive is not said again. */
static void test_assignment_that_did_not_arrive(void **state)
{
	(void)state;
	agent_arrive(&lab1);
	submit_demo();
	steer("pause", false, "paused");
	agent_drop(&lab1);
	agent_arrive(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'assigned'"), 0);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	steer("resume", false, "running");
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* Other campaigns have the host meanwhile. */
static void test_others_go_on(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	submit(&ann, "campaign: other\nbenchmarks: {a: {command: [/bin/true]}}\n"
		     "repeat: {warmup: 0, blocks: 3}\n");
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	steer("pause", true, "paused");
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_int_equal(in_state("done"), 1);
	assert_int_equal(in_state("paused"), 1);
}

static void test_cancel_of_a_paused_one(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	steer("pause", false, "paused");
	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = (struct attempt_id){.campaign = lab1.queue[0].campaign};
	hand_over(&ann, KEY_ANN, &m);
	flush();
	expect(&ann, MESSAGE_EVENT, &m);
	message_done(&m);
	assert_int_equal(in_state("cancelled"), 1);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state <> 'cancelled'"), 0);
	say("resume", "demo.1", false);
	expect_error(&ann, "unknown");
}

/* The last run ends while it is paused: nothing is left to wait for. */
static void test_it_may_end_while_paused(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, "campaign: demo\nbenchmarks: {a: {command: [/bin/true]}}\n"
		     "repeat: {warmup: 0, blocks: 1}\n");
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	agent_take_all(&lab1);
	steer("pause", false, "paused");
	agent_finish(&lab1);
	flush();
	assert_int_equal(in_state("done"), 1);
}

/* The time of the budget is that in which it runs. */
static void test_time_stands_still(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, "campaign: demo\nbenchmarks: {a: {command: [/bin/true]}}\n"
		     "repeat: {warmup: 0, blocks: 6}\nbudget: {time: 100s}\n");
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	agent_take_all(&lab1);
	for (int i = 0; i < 2; i++) {
		tick(30 * NS_PER_S);
		agent_ping(&lab1);
		steer("pause", true, "paused");
		agent_take_all(&lab1);
		flush();
		for (int k = 0; k < 20; k++) {
			agent_ping(&lab1);
			tick(10 * NS_PER_S);
			flush();
		}
		if (i == 0) /* nor does it while nobody has the store */
			crash();
		agent_arrive(&lab1);
		steer("resume", false, "running");
		agent_take_all(&lab1);
		assert_int_equal(lab1.queue_n, 2);
	}
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'budget'"), 0);
	tick(50 * NS_PER_S);
	flush();
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'budget'"), 0);
	agent_ping(&lab1);
	tick(30 * NS_PER_S);
	agent_ping(&lab1);
	tick(30 * NS_PER_S);
	flush();
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'budget'"), 1);
}

static void expect_text(const char *part)
{
	struct message m;

	expect(&ann, MESSAGE_ERROR, &m);
	assert_string_equal(m.error.code, "unknown");
	if (strstr(m.error.text, part) == NULL)
		fail_msg("'%s' is not in: %s", part, m.error.text);
	message_done(&m);
}

static void test_what_is_not_known(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	say("pause", "demo.2", false);
	expect_text("did you mean 'demo.1'");
	say("pause", NULL, false);
	expect_text("no campaign");
	say("puase", "demo.1", false);
	expect_text("did you mean 'pause'");
	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "pause";
	m.steer.label = "demo.1";
	hand_over(&vic, KEY_VIC, &m);
	flush();
	expect_error(&vic, "refused");
	assert_int_equal(in_state("running"), 1);
	say("pause", "demo", false); /* a name: its last submission */
	assert_int_equal(in_state("paused"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pause),
		TEST(test_pause_now),
		TEST(test_what_was_just_handed_out_is_let_end),
		TEST(test_result_of_what_was_called_off),
		TEST(test_paused_over_a_restart),
		TEST(test_called_off_while_away),
		TEST(test_assignment_that_did_not_arrive),
		TEST(test_others_go_on),
		TEST(test_cancel_of_a_paused_one),
		TEST(test_it_may_end_while_paused),
		TEST(test_time_stands_still),
		TEST(test_what_is_not_known),
	};

	return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
