/* Runs and who runs them: results, agents that come and go, coordinators that come and go. */
#include "dispatch_scene.h"

/* ---- the good case ---- */

static void test_every_configuration_on_every_host(void **state)
{
	(void)state;
	agent_arrive(&lab1);
	agent_arrive(&lab2);
	assert_int_equal(dispatch_connected(rig.dispatch), 2);
	submit_demo();
	agent_take_all(&lab1);
	agent_take_all(&lab2);
	assert_int_equal(lab1.queue_n, 2); /* one to run, and the next */
	assert_int_equal(lab1.block, 0);
	run_to_the_end(&lab1, &lab2);
	assert_complete(2, RIG_PASSES);
	assert_int_equal(lab1.assigned, RIG_PASSES * RIG_CONFIGURATIONS);
	assert_int_equal(lab1.committed, RIG_PASSES * RIG_CONFIGURATIONS);
	assert_int_equal(lab2.committed, RIG_PASSES * RIG_CONFIGURATIONS);
	assert_int_equal(lab1.spool_n + lab2.spool_n, 0);
	assert_int_equal(
		number("SELECT count(*) FROM attempt"), 2 * RIG_PASSES * RIG_CONFIGURATIONS);
}

/* Runs are handed out pass by pass, and in another order in each. */
static void test_order_of_blocks(void **state)
{
	int64_t last = 0, runs[RIG_PASSES * RIG_CONFIGURATIONS];

	(void)state;
	begin_on_lab1();
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		assert_true(lab1.queue_n > 0);
		runs[i] = lab1.queue[0].run;
		assert_int_equal(runs[i], last + 1);
		last = runs[i];
		agent_finish(&lab1);
		flush();
		agent_take_all(&lab1);
	}
	assert_complete(1, RIG_PASSES);
	assert_int_not_equal(
		number("SELECT count(DISTINCT o) FROM (SELECT group_concat(configuration) o FROM"
		       " (SELECT pass, configuration FROM run ORDER BY run) GROUP BY pass)"),
		1);
}

static void test_committed_only_after_the_commit(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	struct attempt_id first = lab1.queue[0];
	agent_finish(&lab1);
	assert_null(rig.frames); /* nothing is said while a frame is handled, nor by a tick */
	dispatch_tick(rig.dispatch, rig.now_ns);
	assert_null(rig.frames);
	assert_int_equal(result_of(first.run), 0);
	size_t sent = rig.sent;
	flush();
	assert_int_equal(result_of(first.run), 1);
	assert_int_equal(rig.sent, sent + 1); /* one frame says both */
	expect(&lab1.route, MESSAGE_COMMITTED, &m);
	assert_true(attempt_is(&m.committed.id, &first));
	message_done(&m);
	expect(&lab1.route, MESSAGE_ASSIGN, &m); /* the next one came with the same turn */
	message_done(&m);
}

static void test_what_was_not_committed_never_happened(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id first = lab1.queue[0];
	agent_finish(&lab1);
	rig_crash();
	rig_start(NULL);
	assert_int_equal(result_of(first.run), 0);
	lab1.route = (struct route){0};
	agent_arrive(&lab1); /* sends what it has spooled */
	flush();
	agent_take_all(&lab1);
	assert_int_equal(result_of(first.run), 1);
	assert_int_equal(lab1.committed, 1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* ---- results that come twice, late, or from nowhere ---- */

static void test_duplicate_result(void **state)
{
	(void)state;
	begin_on_lab1();
	struct held_result first = {.id = lab1.queue[0]};
	agent_finish(&lab1);
	send_result(&lab1, &first); /* in the same turn */
	flush();
	send_result(&lab1, &first); /* and in a later one */
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.committed, 3);
	assert_int_equal(number("SELECT count(*) FROM run WHERE result IS NOT NULL"), 1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	send_result(&lab1, &first); /* and when the campaign has ended */
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.committed, 3 + RIG_PASSES * RIG_CONFIGURATIONS - 1 + 1);
	assert_complete(1, RIG_PASSES);
}

static void test_results_that_are_not_taken(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab2);
	begin_on_lab1();
	agent_take_all(&lab2);
	const struct attempt_id mine = lab1.queue[0], others = lab2.queue[0];
	const struct attempt_id ids[] = {
		{id16_random(), mine.run, 1}, /* another campaign */
		{mine.campaign, 0, 1},        /* runs that never were */
		{mine.campaign, -1, 1}, {mine.campaign, 999, 1}, {mine.campaign, INT64_MAX, 1},
		{mine.campaign, mine.run, 2}, /* attempts that were never handed out */
		{mine.campaign, mine.run, 0}, {mine.campaign, mine.run, -1},
		{others.campaign, others.run, 1},               /* of another host */
		{mine.campaign, 2 * RIG_CONFIGURATIONS + 1, 1}, /* of a pass that has not begun */
	};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		send_result(&lab1, &(struct held_result){.id = ids[i]});
		flush();
		expect_error(&lab1.route, "unknown");
		/* What is streamed for them must not hurt either. */
		message_init(&m, MESSAGE_SAMPLES);
		m.samples = (struct message_samples){.id = ids[i], .data = {"x", 1}};
		hand_over(&lab1.route, KEY_LAB1, &m);
		message_init(&m, MESSAGE_OUTPUT);
		m.output =
			(struct message_output){.id = ids[i], .stream = "stdout", .data = {"x", 1}};
		hand_over(&lab1.route, KEY_LAB1, &m);
		message_init(&m, MESSAGE_STARTED);
		m.started = (struct message_started){.id = ids[i]};
		hand_over(&lab1.route, KEY_LAB1, &m);
		message_init(&m, MESSAGE_REFUSE);
		m.refuse = (struct message_refuse){.id = ids[i], .reason = "no"};
		hand_over(&lab1.route, KEY_LAB1, &m);
		flush();
		expect_nothing(&lab1.route);
	}
	make_result(&m, &(struct held_result){.id = mine});
	m.result.state = "queued";
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	expect_error(&lab1.route, "protocol");
	assert_int_equal(number("SELECT count(*) FROM run WHERE result IS NOT NULL"), 0);
	assert_int_equal(number("SELECT count(*) FROM sample_chunk"), 0);
	run_to_the_end(&lab1, &lab2);
	assert_complete(2, RIG_PASSES);
}

/* As many metrics as the limit says are taken, more are not, and hurt nobody. */
static void test_too_many_metrics(void **state)
{
	_cleanup_free_ struct message_metric *metrics =
		xcalloc(MESSAGE_MAX_METRICS + 1, sizeof *metrics);
	struct message m;

	(void)state;
	begin_on_lab1();
	for (size_t i = 0; i <= MESSAGE_MAX_METRICS; i++)
		metrics[i] =
			(struct message_metric){"energy.zone", "uJ", (int64_t)i, ABSENT, ABSENT};
	make_result(&m, &(struct held_result){.id = lab1.queue[0]});
	m.result.metrics = (struct list){metrics, MESSAGE_MAX_METRICS + 1};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	expect_error(&lab1.route, "protocol");
	make_result(&m, &(struct held_result){.id = lab1.queue[0]});
	m.result.metrics = (struct list){metrics, MESSAGE_MAX_METRICS};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	expect(&lab1.route, MESSAGE_COMMITTED, &m);
	message_done(&m);
}

/* ---- what `requires` said ---- */

static void send_requirement(const struct attempt_id *id, const struct message_requirement *r,
	bool was_cancelled, size_t n)
{
	struct message m;

	make_result(&m, &(struct held_result){.id = *id, .was_cancelled = was_cancelled});
	m.result.requirement = (struct list){r, n};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
}

/* It is true of the host whatever becomes of the run, and is kept once. */
static void test_requirements(void **state)
{
	static char large[MESSAGE_MAX_ANSWER + 1];
	static const char *const command[] = {"find", MARK_TMP "/x", "a b"};
	struct message_requirement r = {.command = {command, ARRAY_SIZE(command)},
		.asked_at = NS_PER_S,
		.output = {"3.13\n", 5},
		.total = 5,
		.head = 5};
	const struct message_requirement two[] = {r, r};
	struct message m;

	(void)state;
	begin_on_lab1();
	const struct attempt_id first = lab1.queue[0];
	send_requirement(&first, two, false, 2);
	expect_error(&lab1.route, "protocol");
	r.output = (struct blob){large, sizeof large};
	send_requirement(&first, &r, false, 1);
	expect_error(&lab1.route, "protocol");
	assert_int_equal(number("SELECT count(*) FROM requirement"), 0);
	r.output = (struct blob){"3.13\n", 5};
	send_requirement(&first, &r, true, 1); /* the agent gave it up: the run waits again */
	expect(&lab1.route, MESSAGE_COMMITTED, &m);
	message_done(&m);
	send_requirement(&first, &r, false, 1); /* a late result of the same attempt */
	assert_int_equal(number("SELECT count(*) FROM requirement"), 1);
	assert_int_equal(
		number("SELECT count(*) FROM v_requirement WHERE host = 'lab1' AND answer = 1"
		       " AND command = '[\"find\",\"{tmp}/x\",\"a b\"]' AND verdict = 'met'"
		       " AND output = '3.13' || char(10) AND first_at LIKE '1970-01-01T00:00:01%'"),
		1);
	r.asked_at = 2 * NS_PER_S;
	r.reason = "requires: gone";
	r.output = (struct blob){NULL, 0};
	r.total = 0;
	send_requirement(&first, &r, false, 1);
	assert_int_equal(number("SELECT count(*) FROM requirement WHERE answer = 2"
				" AND verdict = 'unmet' AND reason = 'requires: gone'"),
		1);
}

/* ---- agents that come and go ---- */

static void test_agent_started_anew(void **state)
{
	struct attempt_id held[2];

	(void)state;
	begin_on_lab1();
	memcpy(held, lab1.queue, sizeof held);
	agent_drop(&lab1);
	agent_restart(&lab1);
	agent_arrive(&lab1);
	assert_int_equal(lab1.queue_n, 2);
	for (int i = 0; i < 2; i++) { /* the same runs in the same order, each its second attempt */
		assert_int_equal(lab1.queue[i].run, held[i].run);
		assert_int_equal(lab1.queue[i].attempt, 2);
	}
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 2);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(number("SELECT count(*) FROM run WHERE result = 2"), 2);
}

static void test_assignment_that_did_not_arrive(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id second = lab1.queue[1];
	agent_drop(&lab1);
	lab1.queue_n = 1; /* the same process, and it never saw the second one */
	agent_arrive(&lab1);
	assert_int_equal(lab1.queue_n, 2);
	assert_true(attempt_is(&lab1.queue[1], &second));
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

static void test_connection_breaks_with_all_held(void **state)
{
	(void)state;
	begin_on_lab1();
	agent_drop(&lab1);
	agent_arrive(&lab1);
	assert_int_equal(lab1.queue_n, 2);
	assert_int_equal(lab1.assigned, 2); /* nothing was said again */
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* What belongs to another host cannot be taken by naming it, whether it was handed out or not. */
static void test_a_host_adopts_only_its_own(void **state)
{
	(void)state;
	agent_arrive(&lab1);
	agent_arrive(&lab2);
	submit_demo();
	agent_take_all(&lab1);
	agent_take_all(&lab2);
	struct attempt_id foreign = lab1.queue[0];
	foreign.run = number("SELECT min(run) FROM run WHERE state = 'queued' AND host = 1");
	foreign.attempt = 0;
	agent_drop(&lab2);
	lab2.queue[lab2.queue_n++] = foreign;
	agent_arrive(&lab2);
	assert_string_equal(state_of(foreign.run), "queued");
	run_to_the_end(&lab1, &lab2);
	assert_complete(2, RIG_PASSES);
}

static int64_t host_is(const char *name, const char *wanted)
{
	struct message m;
	int64_t found = 0;

	message_init(&m, MESSAGE_STATUS);
	hand_over(&vic, KEY_VIC, &m);
	flush();
	expect(&vic, MESSAGE_REPORT, &m);
	for (size_t i = 0; i < m.report.hosts.n; i++) {
		const struct message_host *h = LIST_AT(&m.report.hosts, struct message_host, i);
		found += strcmp(h->name, name) == 0 && strcmp(h->state, wanted) == 0;
	}
	message_done(&m);
	return found;
}

static void test_silence_and_lease(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id first = lab1.queue[0];
	agent_ping(&lab1);
	tick(HEARTBEAT_MISSED * HEARTBEAT_NS);
	assert_true(host_is("lab1", "running"));
	tick(NS_PER_S);
	assert_true(host_is("lab1", "silent"));
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	agent_ping(&lab1);
	flush();
	assert_true(host_is("lab1", "running"));
	tick(LEASE_NS);
	flush();
	assert_string_equal(state_of(first.run), "assigned");
	tick(NS_PER_S);
	flush();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 2);
	assert_string_equal(state_of(first.run), "queued");
	/* It comes back with the result of the lost attempt: that one counts. */
	agent_drop(&lab1);
	agent_finish(&lab1);
	agent_arrive(&lab1);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(result_of(first.run), 1);
	assert_int_equal(lab1.committed, 1);
	assert_int_equal(lab1.queue[0].attempt, 1); /* the other one was left to it */
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(number("SELECT count(*) FROM run WHERE result > 1"), 0);
}

/* It falls silent anew long before its lease would have been over for the first time. */
static void test_silence_after_silence(void **state)
{
	(void)state;
	begin_on_lab1();
	agent_ping(&lab1);
	tick(HEARTBEAT_MISSED * HEARTBEAT_NS + 1);
	assert_true(host_is("lab1", "silent"));
	agent_ping(&lab1);
	flush();
	tick(HEARTBEAT_MISSED * HEARTBEAT_NS);
	assert_true(host_is("lab1", "running"));
	tick(1);
	assert_true(host_is("lab1", "silent"));
	tick(LEASE_NS - HEARTBEAT_MISSED * HEARTBEAT_NS - 1);
	flush();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	tick(1);
	flush();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 2);
}

/* Silent for longer than the lease on a connection that held: the run is handed out again, and then
 * its first result comes. */
static void test_late_result_while_the_next_attempt_is_out(void **state)
{
	(void)state;
	begin_on_lab1();
	struct held_result first = {.id = lab1.queue[0]}, second = {.id = lab1.queue[0]};
	second.id.attempt = 2;
	tick(LEASE_NS + NS_PER_S);
	flush();
	agent_ping(&lab1);
	flush();
	agent_finish(&lab1); /* before it reads that the first attempts are called off */
	flush();
	assert_int_equal(result_of(first.id.run), 1);
	agent_take_all(&lab1);
	/* Both of the first attempts, and the second one, which is needless now. */
	assert_int_equal(lab1.cancelled, 3);
	for (size_t i = 0; i < lab1.queue_n; i++)
		assert_false(attempt_is(&lab1.queue[i], &second.id));
	/* Had it run already, its result would be kept beside. */
	send_result(&lab1, &second);
	flush();
	assert_int_equal(result_of(first.id.run), 1);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE late IS NOT NULL"), 1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

static void test_no_two_attempts_on_one_connection(void **state)
{
	(void)state;
	begin_on_lab1();
	assert_int_equal(lab1.queue_n, 2);
	const struct attempt_id first = lab1.queue[0];
	tick(LEASE_NS + NS_PER_S);
	flush();
	agent_ping(&lab1); /* it was asleep, and its connection lived on */
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.cancelled, 2);
	assert_int_equal(lab1.queue_n, 2);
	for (size_t i = 0; i < lab1.queue_n; i++)
		assert_false(attempt_is(&lab1.queue[i], &first));
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* What it is told comes later, in its order; what others are told does not wait for it. */
static void test_queue_of_an_agent_is_full(void **state)
{
	struct message m;

	(void)state;
	agent_connect(&lab1);
	flush();
	agent_take_all(&lab1);
	rig.full = lab1.route;
	submit(&ann, RIG_YAML);
	agent_ping(&lab1);
	flush();
	expect_nothing(&lab1.route);
	agent_connect(&lab2);
	flush();
	expect(&lab2.route, MESSAGE_WELCOME, &m);
	message_done(&m);
	rig.full = (struct route){0};
	flush();
	expect(&lab1.route, MESSAGE_ASSIGN, &m);
	message_done(&m);
	expect(&lab1.route, MESSAGE_ASSIGN, &m);
	message_done(&m);
	expect(&lab1.route, MESSAGE_PONG, &m);
	message_done(&m);
}

static void test_output_of_a_late_attempt(void **state)
{
	static const char yaml[] =
		"campaign: demo\nrepeat: {warmup: 0, blocks: 1}\n"
		"benchmarks: {a: {command: [/bin/true], metrics: {n: {json: n}}}}\n";
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, yaml);
	agent_take_all(&lab1);
	struct held_result first = {.id = lab1.queue[0]};
	tick(LEASE_NS + NS_PER_S);
	flush();
	agent_ping(&lab1);
	flush(); /* now the second attempt is out, and something of it was streamed */
	message_init(&m, MESSAGE_OUTPUT);
	m.output =
		(struct message_output){.id = first.id, .stream = "stdout", .data = {"garbage", 7}};
	m.output.id.attempt = 2;
	hand_over(&lab1.route, KEY_LAB1, &m);
	message_init(&m, MESSAGE_OUTPUT);
	m.output =
		(struct message_output){.id = first.id, .stream = "stdout", .data = {"{\"n\":", 5}};
	hand_over(&lab1.route, KEY_LAB1, &m);
	m.output.offset = 5;
	m.output.data = (struct blob){"7}\n", 3};
	hand_over(&lab1.route, KEY_LAB1, &m);
	make_result(&m, &first);
	m.result.stdout_data = (struct blob){0};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	assert_string_equal(state_of(1), "done");
	assert_int_equal(number("SELECT count(*) FROM metric WHERE name = 'n' AND value = 7"), 1);
}

static void test_metric_that_is_missing(void **state)
{
	static const char yaml[] =
		"campaign: demo\nrepeat: {warmup: 0, blocks: 1}\n"
		"benchmarks: {a: {command: [/bin/true], metrics: {n: {json: n}}}}\n";

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, yaml);
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_string_equal(state_of(1), "failed");
	assert_int_equal(number("SELECT failed FROM campaign"), 1);
}

static void test_lost_too_often(void **state)
{
	static const char yaml[] =
		"campaign: demo\nrepeat: {warmup: 0, blocks: 1}\nlimits: {attempts: 2}\n"
		"benchmarks: {a: {command: [/bin/true]}}\n";

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, yaml);
	agent_take_all(&lab1);
	struct held_result first = {.id = lab1.queue[0]};
	for (int i = 0; i < 2; i++) {
		agent_drop(&lab1);
		agent_restart(&lab1);
		agent_arrive(&lab1);
	}
	assert_int_equal(lab1.queue_n, 0);
	assert_string_equal(state_of(1), "failed");
	assert_int_equal(number("SELECT state = 'done' AND failed = 1 FROM campaign"), 1);
	/* What comes then is acknowledged and changes nothing. */
	send_result(&lab1, &first);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.committed, 1);
	assert_string_equal(state_of(1), "failed");
}

static void lose_host(struct agent *a)
{
	agent_drop(a);
	agent_restart(a);
	agent_arrive(a);
}

/* How often a run's host was lost with it is counted on by the next coordinator; what happened
 * while there was none is not counted, as nobody knows why. */
static void test_losses_are_counted_over_a_restart(void **state)
{
	static const char yaml[] =
		"campaign: demo\nrepeat: {warmup: 0, blocks: 1}\nlimits: {attempts: 3}\n"
		"benchmarks: {a: {command: [/bin/true]}}\n";

	(void)state;
	agent_arrive(&lab1);
	submit(&ann, yaml);
	agent_take_all(&lab1);
	lose_host(&lab1);
	rig_crash();
	rig_start(NULL);
	agent_drop(&lab1);
	agent_arrive(&lab1);
	lose_host(&lab1);
	assert_int_equal(lab1.queue[0].attempt, 3);
	rig_crash();
	rig_start(NULL);
	lose_host(&lab1);
	assert_string_equal(state_of(1), "assigned");
	assert_int_equal(lab1.queue[0].attempt, 4);
	lose_host(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_string_equal(state_of(1), "failed");
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'host_lost'"), 3);
}

static void test_refused_assignment(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	struct attempt_id id = lab1.queue[1];
	lab1.queue_n = 1;
	message_init(&m, MESSAGE_REFUSE);
	m.refuse = (struct message_refuse){.id = id, .reason = "no room"};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue[1].run, id.run);
	assert_int_equal(lab1.queue[1].attempt, 2);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* An agent ends a run that nobody cancelled: it is still to be done. */
static void test_cancelled_by_its_agent(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id id = lab1.queue[0];
	agent_end(&lab1, 0, true);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.committed, 1);
	assert_int_equal(lab1.queue_n, 2);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(result_of(id.run), 2);
}

static void test_goodbye(void **state)
{
	struct message m;

	(void)state;
	begin_on_lab1();
	message_init(&m, MESSAGE_BYE);
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	assert_true(host_is("lab1", "offline"));
	agent_ping(&lab1); /* without a HELLO it is not there */
	flush();
	expect_error(&lab1.route, "protocol");
	agent_drop(&lab1);
	agent_arrive(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

/* Two processes with one key: the one that said HELLO last counts. */
static void test_two_with_one_key(void **state)
{
	struct agent twin;

	(void)state;
	begin_on_lab1();
	struct held_result first = {.id = lab1.queue[0]};
	agent_init(&twin, KEY_LAB1);
	agent_arrive(&twin);
	assert_int_equal(twin.queue_n, 2);
	assert_int_equal(twin.queue[0].attempt, 2);
	send_result(&lab1, &first);
	flush();
	expect_nothing(&lab1.route);
	assert_int_equal(result_of(first.id.run), 0);
	run_to_the_end(&twin, NULL);
	assert_complete(1, RIG_PASSES);
}

/* ---- the coordinator comes and goes ---- */

static void test_coordinator_restarts(void **state)
{
	(void)state;
	begin_on_lab1();
	agent_finish(&lab1);
	flush();
	agent_take_all(&lab1);
	struct attempt_id running = lab1.queue[0], waiting = lab1.queue[1];
	rig_crash();
	rig_start(NULL);
	agent_drop(&lab1);
	tick(0);
	flush();
	assert_string_equal(state_of(running.run), "assigned"); /* it gets the time to come back */
	lab1.queue_n = 1; /* the second ASSIGN was under way */
	agent_arrive(&lab1);
	assert_true(attempt_is(&lab1.queue[0], &running)); /* adopted */
	assert_int_equal(lab1.queue_n, 2);
	assert_int_equal(lab1.queue[1].run, waiting.run);
	assert_int_equal(lab1.queue[1].attempt, 2);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(result_of(running.run), 1);
}

static void test_coordinator_restarts_and_the_host_stays_away(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id first = lab1.queue[0];
	rig_crash();
	rig_start(NULL);
	agent_drop(&lab1);
	tick(0);
	tick(LEASE_NS + NS_PER_S);
	flush();
	assert_string_equal(state_of(first.run), "queued");
	agent_arrive(&lab1); /* still runs it: it is its own again */
	assert_true(attempt_is(&lab1.queue[0], &first));
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

static void test_only_one_campaign_goes_on(void **state)
{
	(void)state;
	begin_on_lab1();
	struct attempt_id first = lab1.queue[0];
	rig_crash();
	rig_start("");
	agent_drop(&lab1);
	agent_finish(&lab1);
	agent_arrive(&lab1); /* its late result stays with it, what it holds is called off */
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_int_equal(result_of(first.run), 0);
	assert_int_equal(lab1.spool_n, 2);
	assert_int_equal(lab1.cancelled, 1);
	rig_crash();
	rig_start("demo.1"); /* now it is wanted, with all that belongs to it */
	agent_drop(&lab1);
	agent_arrive(&lab1);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(result_of(first.run), 1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_configuration_on_every_host),
		TEST(test_order_of_blocks),
		TEST(test_committed_only_after_the_commit),
		TEST(test_what_was_not_committed_never_happened),
		TEST(test_duplicate_result),
		TEST(test_results_that_are_not_taken),
		TEST(test_too_many_metrics),
		TEST(test_requirements),
		TEST(test_agent_started_anew),
		TEST(test_assignment_that_did_not_arrive),
		TEST(test_connection_breaks_with_all_held),
		TEST(test_a_host_adopts_only_its_own),
		TEST(test_silence_and_lease),
		TEST(test_silence_after_silence),
		TEST(test_late_result_while_the_next_attempt_is_out),
		TEST(test_no_two_attempts_on_one_connection),
		TEST(test_queue_of_an_agent_is_full),
		TEST(test_output_of_a_late_attempt),
		TEST(test_metric_that_is_missing),
		TEST(test_lost_too_often),
		TEST(test_losses_are_counted_over_a_restart),
		TEST(test_refused_assignment),
		TEST(test_cancelled_by_its_agent),
		TEST(test_goodbye),
		TEST(test_two_with_one_key),
		TEST(test_coordinator_restarts),
		TEST(test_coordinator_restarts_and_the_host_stays_away),
		TEST(test_only_one_campaign_goes_on),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
