/*
 * Which run comes next, and when a campaign is over: until, pairs, sequential order, budgets, and
 * blocks that hosts share; in random schedules in which agents and coordinators come and go.
 */
#include "dispatch_scene.h"

#define HEAD "campaign: demo\nbenchmarks: {a: {command: [/bin/true, \"{impl}\", \"{size}\"]}}\n"
#define WHAT HEAD "matrix: {impl: [gil, free, both], size: [1, 2]}\n"

static char *text(const char *sql)
{
	sqlite3_stmt *statement;
	struct buf out = BUF_INIT;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(rig.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement); i++)
			buf_addf(&out, "%s%s", (const char *)sqlite3_column_text(statement, i),
				i + 1 < sqlite3_column_count(statement) ? " " : "\n");
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return buf_take(&out);
}

/* A query that must find nothing: what it finds is wrong. */
static void assert_none(const char *sql)
{
	_cleanup_free_ char *found = text(sql);

	if (found != NULL && found[0] != '\0')
		fail_msg("%s\nfound:\n%s", sql, found);
}

static int64_t number_of_run(const char *column, int64_t run)
{
	_cleanup_free_ char *sql = xasprintf("SELECT %s FROM run WHERE run = %lld AND campaign ="
					     " (SELECT max(id) FROM campaign)",
		column, (long long)run);

	return number(sql);
}

static uint64_t mixed(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/*
 * What a configuration measures in a block of a host, whichever attempt it is: some spread by far
 * less than 2 %, some by more. The last digit says who measured it.
 */
static int64_t spread_time(const struct agent *a, const struct attempt_id *id)
{
	static const int64_t tenths[] = {5, 300, 5, 35, 28, 5};
	int64_t seen = number_of_run("configuration * 1000000 + block * 1000 + host", id->run);
	int64_t c = seen / 1000000;
	uint64_t seed = (uint64_t)seen * 977;
	int64_t noise = (int64_t)(mixed(seed) % 2000001) - 1000000;

	return (100000000 + noise * tenths[c] / 10) / 10 * 10 + (a->key[0] - '0');
}

/* ---- what happens at random ---- */

static struct agent *const agents[] = {&lab1, &lab2};

static void take_both(void)
{
	agent_take_all(&lab1);
	agent_take_all(&lab2);
	flush();
}

static void reconnect(struct agent *a)
{
	if (a->route.len == 0)
		agent_arrive(a);
}

static void coordinator_restarts(void)
{
	rig_crash();
	rig_start(NULL);
	agent_drop(&lab1);
	agent_drop(&lab2);
	tick(0);
	flush();
	for (size_t i = 0; i < 2; i++)
		agent_arrive(agents[rig_random(2)]);
	reconnect(&lab1);
	reconnect(&lab2);
}

static void agent_goes(struct agent *a, bool is_new, int64_t seconds)
{
	agent_drop(a);
	if (is_new)
		agent_restart(a);
	for (int64_t i = 0; i < seconds; i += 5) {
		struct agent *other = a == &lab1 ? &lab2 : &lab1;
		tick(5 * NS_PER_S);
		agent_ping(other);
		if (rig_random(2) == 0)
			agent_finish(other);
		flush();
		agent_take_all(other);
		flush();
	}
	agent_arrive(a);
}

struct chances {
	uint64_t restart, agent_restart, loss; /* one in that many steps; 0: never */
};

static bool is_time(uint64_t chance)
{
	return chance > 0 && rig_random(chance) == 0;
}

static bool has_ended(void)
{
	return number("SELECT state = 'done' FROM campaign ORDER BY id DESC LIMIT 1") == 1;
}

static void run_at_random(const struct chances *c)
{
	for (int i = 0; i < 5000; i++) {
		struct agent *a = agents[rig_random(2)];

		agent_finish(a);
		if (rig_random(3) != 0) {
			tick(NS_PER_S / 10);
			agent_ping(&lab1);
			agent_ping(&lab2);
			flush();
			take_both();
		}
		if (is_time(c->restart))
			coordinator_restarts();
		if (is_time(c->agent_restart))
			agent_goes(a, true, 5);
		if (is_time(c->loss))
			agent_goes(a, rig_random(2) == 0, 70);
		if (i % 8 == 0 && has_ended())
			return;
	}
	fail_msg("there is no end");
}

static void begin(const char *yaml, uint64_t seed)
{
	struct message m;

	agent_init(&lab1, KEY_LAB1);
	agent_init(&lab2, KEY_LAB2);
	rig_measured = spread_time;
	rig.random = seed;
	agent_arrive(&lab1);
	agent_arrive(&lab2);
	submit(&ann, yaml);
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	take_both();
}

#define COUNTED                                                                                    \
	"SELECT h.name, configuration, count(*), min(block), max(block) FROM run r JOIN host h"    \
	" ON h.id = r.host WHERE block > 0 AND r.state = 'done' GROUP BY 1, 2 ORDER BY 1, 2"

/* Run a campaign without disturbance, then with much: what was run must be the same. */
static void compare_schedules(const char *yaml, void (*check)(void), int seeds)
{
	static const struct chances calm = {0}, wild = {7, 11, 0};
	_cleanup_free_ char *expected = NULL, *order = NULL;

	for (int seed = 0; seed < seeds; seed++) {
		if (seed > 0) {
			rig_end(NULL);
			rig_begin(NULL);
			ann = new_route();
		}
		begin(yaml, (uint64_t)seed);
		run_at_random(seed == 0 ? &calm : &wild);
		_cleanup_free_ char *found = text(COUNTED);
		_cleanup_free_ char *runs =
			text("SELECT run, host, configuration, block FROM run ORDER BY run");
		if (seed == 0) {
			expected = xstrdup(found);
			order = xstrdup(runs);
		}
		if (strcmp(found, expected) != 0)
			fail_msg("seed %d:\n%snot\n%s", seed, found, expected);
		assert_string_equal(runs, order);
		check();
	}
}

/* ---- until ---- */

static void check_until(void)
{
	/* Each open from the first block to its last, within the bounds. */
	assert_none("SELECT host, configuration, count(*) FROM run WHERE block > 0 GROUP BY 1, 2"
		    " HAVING count(*) < 6 OR count(*) > 14 OR max(block) <> count(*)"
		    " OR count(*) <> count(*) FILTER (WHERE state = 'done')");
	/* The baseline (0, 1: gil) goes on until all that is compared with it has ended. */
	assert_none("SELECT a.host, a.configuration, b.configuration FROM"
		    " (SELECT host, configuration, count(*) n FROM run GROUP BY 1, 2) a JOIN"
		    " (SELECT host, configuration, count(*) n FROM run GROUP BY 1, 2) b"
		    " ON a.host = b.host AND a.configuration % 2 = b.configuration % 2"
		    " WHERE a.configuration < 2 AND a.n < b.n");
	assert_int_equal(number("SELECT total = (SELECT count(*) FROM run) FROM campaign"), 1);
	assert_int_equal(number("SELECT count(*) FROM run WHERE block = 0"), 12);
	/* It did end early, and not all at once. */
	assert_true(number("SELECT count(DISTINCT n) FROM (SELECT count(*) n FROM run"
			   " WHERE block > 0 GROUP BY host, configuration)") > 2);
}

#define UNTIL "repeat: {warmup: 1, blocks: 6, max: 14, until: {metric: time, within: 2%}"

static void test_until_at_random(void **state)
{
	(void)state;
	compare_schedules(WHAT UNTIL "}\ncompare: {by: impl, baseline: gil}\n", check_until, 8);
}

static void check_pairs(void)
{
	/* The members of a group (equal size, so equal parity) are in the same blocks, and next to
	 * each other. */
	assert_none("SELECT host, pass, configuration % 2, count(*), max(run) - min(run) FROM run"
		    " GROUP BY 1, 2, 3 HAVING count(*) <> 3 OR max(run) - min(run) <> 2");
	assert_true(number("SELECT count(DISTINCT n) FROM (SELECT count(*) n FROM run GROUP BY"
			   " host, configuration)") > 1);
}

static void test_pairs_at_random(void **state)
{
	(void)state;
	compare_schedules(WHAT UNTIL ", pair: [impl]}\n", check_pairs, 5);
}

/* The metric never comes: the configuration goes on to the maximum. */
static void test_until_without_values(void **state)
{
	(void)state;
	begin(WHAT "repeat: {warmup: 0, blocks: 2, max: 7, until: {metric: energy.package,"
		   " within: 2%}}\n",
		1);
	run_at_random(&(struct chances){0});
	assert_int_equal(number("SELECT count(*) FROM run"), 2 * 6 * 7);
}

/* ---- sequential ---- */

static void check_sequential(void)
{
	assert_none("SELECT host, configuration, count(*) FROM run WHERE block > 0 GROUP BY 1, 2"
		    " HAVING count(*) < 6 OR count(*) > 14 OR max(block) <> count(*)");
}

static void test_sequential_at_random(void **state)
{
	(void)state;
	compare_schedules(WHAT UNTIL "}\norder: sequential\n", check_sequential, 5);
}

/* All repetitions of one, then of the next; numbers stay those of the blocks. */
static void test_order_of_sequential(void **state)
{
	(void)state;
	begin(WHAT "repeat: {warmup: 1, blocks: 2}\norder: sequential\n", 1);
	for (int64_t i = 0; i < 18; i++) {
		assert_true(lab1.queue_n > 0);
		int64_t run = lab1.queue[0].run;
		assert_int_equal(number_of_run("configuration", run), i / 3);
		assert_int_equal(number_of_run("block", run), i % 3);
		assert_int_equal(run, i % 3 * 12 + i / 3 + 1);
		agent_finish(&lab1);
		flush();
		take_both();
	}
	assert_int_equal(lab1.queue_n, 0);
}

/* ---- budget ---- */

static void assert_note(const char *pattern)
{
	_cleanup_free_ char *sql = xasprintf(
		"SELECT count(*) FROM event WHERE kind = 'note' AND text LIKE '%s'", pattern);
	_cleanup_free_ char *all = text("SELECT kind, text FROM event");

	if (number(sql) != 1)
		fail_msg("no note '%s' among:\n%s", pattern, all);
}

static void test_budget_of_time(void **state)
{
	(void)state;
	begin(WHAT "repeat: {warmup: 1, blocks: 10}\nbudget: {time: 20s}\n", 1);
	for (int i = 0; i < 30 && !has_ended(); i++) {
		agent_finish(&lab1);
		agent_finish(&lab2);
		tick(NS_PER_S);
		flush();
		take_both();
	}
	assert_true(has_ended());
	/* 20 ended in that time, the one in hands after it, the rest of the pass was skipped. */
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 2 * 21);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'skipped' AND reason ="
				" 'budget: time 20 s reached'"),
		2 * 3);
	assert_int_equal(number("SELECT total FROM campaign"), 2 * 24);
	assert_int_equal(number("SELECT failed FROM campaign"), 0);
	assert_note("budget: time 20 s reached: 12 of 12 configurations have fewer than 10 blocks:"
		    " a {\"impl\":%");
}

static void test_budget_of_energy(void **state)
{
	struct message m;
	struct message_metric metrics[] = {{"time", "ns", 5, ABSENT, ABSENT},
		{"energy.package", "uJ", 30000000, ABSENT, ABSENT}};

	(void)state;
	begin(WHAT "hosts: {names: [lab1]}\nrepeat: {warmup: 0, blocks: 10}\n"
		   "budget: {energy: 100J}\n",
		1);
	for (int i = 0; i < 10 && lab1.queue_n > 0; i++) {
		make_result(&m, &(struct held_result){.id = lab1.queue[0]});
		m.result.metrics = (struct list){metrics, 2};
		remove_queued(&lab1, 0);
		hand_over(&lab1.route, KEY_LAB1, &m);
		flush();
		take_both();
		if (i == 1)
			coordinator_restarts(); /* what was used before counts */
	}
	assert_true(has_ended());
	/* 4 x 30 J reach it, when the fifth was in hands already. */
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 5);
	assert_note("budget: energy 100 J reached: 6 of 6 %");
}

/* A coordinator that ends right after the decision leaves no campaign that goes on. */
static void test_budget_and_a_restart(void **state)
{
	(void)state;
	begin(WHAT "repeat: {warmup: 0, blocks: 10}\nbudget: {time: 5s}\n", 1);
	tick(6 * NS_PER_S);
	flush();
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'budget'"), 1);
	coordinator_restarts();
	run_at_random(&(struct chances){0});
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 4);
}

/* ---- spread: any ---- */

#define SHARED WHAT "hosts: {spread: any}\n"

static void check_shared(int64_t blocks)
{
	_cleanup_free_ char *counts = xasprintf(
		"SELECT block, count(*) FROM run WHERE block > 0 AND state = 'done' GROUP BY 1"
		" HAVING count(*) <> 6 OR count(DISTINCT configuration) <> 6 OR"
		" count(DISTINCT host) <> 1 OR block > %lld",
		(long long)blocks);

	assert_none(counts);
	assert_int_equal(number("SELECT count(DISTINCT block) FROM run WHERE block > 0"), blocks);
	/* What counts was measured by the host that the run is of. */
	assert_none("SELECT run, host, time FROM run WHERE state = 'done' AND"
		    " time % 10 <> (SELECT CAST(substr(name, 4) AS INTEGER) FROM host h WHERE h.id "
		    "= host)");
	/* No part of a block was measured before a loss broke it. */
	assert_none("SELECT r.run FROM run r WHERE r.result < (SELECT max(attempt) FROM attempt a"
		    " WHERE a.run = r.id AND a.state <> 'lost')");
	/* Who had a block warmed up, wholly; who had none did not. */
	assert_none("SELECT host FROM run GROUP BY 1 HAVING count(*) FILTER (WHERE block = 0"
		    " AND state = 'done') <> 6");
	assert_int_equal(number("SELECT count(*) = total FROM run, campaign"), 1);
}

static void test_shared_blocks(void **state)
{
	static const struct chances all[] = {{0, 0, 0}, {7, 0, 0}, {0, 9, 0}, {9, 11, 0}};

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		if (i > 0) {
			rig_end(NULL);
			rig_begin(NULL);
			ann = new_route();
		}
		begin(SHARED "repeat: {warmup: 1, blocks: 7}\n", i);
		run_at_random(&all[i % ARRAY_SIZE(all)]);
		check_shared(7);
	}
}

/* Hosts are lost in the midst of blocks: these begin anew, whole, on whichever host is free. */
static void test_shared_blocks_and_losses(void **state)
{
	static const struct chances all[] = {{0, 0, 9}, {13, 0, 13}, {9, 9, 9}};
	int64_t broken = 0, moved = 0;

	(void)state;
	for (size_t i = 0; i < 15; i++) {
		if (i > 0) {
			rig_end(NULL);
			rig_begin(NULL);
			ann = new_route();
		}
		begin(SHARED "repeat: {warmup: 1, blocks: 7}\nlimits: {attempts: 50}\n", 100 + i);
		run_at_random(&all[i % ARRAY_SIZE(all)]);
		check_shared(7);
		broken += number("SELECT count(*) FROM event WHERE text LIKE 'block %'");
		moved += number("SELECT count(*) FROM run WHERE block > 0 AND attempt > 1");
		/* What was measured in vain is kept. */
		assert_none("SELECT run FROM attempt WHERE late IS NOT NULL AND"
			    " json_extract(late, '$.metrics.time') IS NULL");
	}
	assert_true(broken > 10);
	assert_true(moved > 10);
}

/* What a lost host measured of the first beginning of its block does not count in the second, also
 * where that is its own and the result comes only then. */
static void test_late_result_of_a_broken_block(void **state)
{
	(void)state;
	begin(SHARED "repeat: {warmup: 0, blocks: 2}\n", 1);
	for (int i = 0; i < 2; i++) {
		agent_finish(&lab2);
		flush();
		take_both();
	}
	agent_drop(&lab2);
	agent_finish(&lab2); /* into its spool */
	for (int i = 0; i < 14; i++) {
		tick(5 * NS_PER_S);
		agent_ping(&lab1);
		flush();
		agent_take_all(&lab1);
	}
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE late IS NOT NULL"), 2);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 0);
	agent_arrive(&lab2);
	run_at_random(&(struct chances){0});
	assert_none("SELECT block FROM run GROUP BY 1 HAVING count(DISTINCT host) <> 1");
	/* Two ended, one was in the spool, one in its hands. */
	assert_int_equal(number("SELECT count(*) FROM run WHERE result = 2"), 4);
	assert_int_equal(number("SELECT count(*) FROM run WHERE result = 1"), 8);
}

/* The blocks of all hosts are judged together. */
static void test_shared_until(void **state)
{
	static const struct chances some = {9, 0, 21};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		if (i > 0) {
			rig_end(NULL);
			rig_begin(NULL);
			ann = new_route();
		}
		begin(SHARED UNTIL "}\nlimits: {attempts: 50}\n", i);
		run_at_random(&some);
		assert_none("SELECT configuration FROM run WHERE block > 0 GROUP BY 1"
			    " HAVING count(*) < 6 OR count(*) > 14");
		assert_none("SELECT block FROM run WHERE block > 0 GROUP BY 1"
			    " HAVING count(DISTINCT host) <> 1");
		/* 1 is never narrow, 0 always. */
		assert_int_equal(number("SELECT count(*) FROM run WHERE block > 0 AND"
					" configuration = 1"),
			14);
		/* The other host's sixth block may be under way when the seventh begins. */
		assert_in_range(number("SELECT count(*) FROM run WHERE block > 0 AND"
				       " configuration = 0"),
			6, 7);
	}
}

/* One block: who does not get it does not warm up. */
static void test_no_block_no_warmup(void **state)
{
	(void)state;
	begin(SHARED "repeat: {warmup: 2, blocks: 1}\n", 1);
	run_at_random(&(struct chances){0});
	assert_int_equal(number("SELECT count(DISTINCT host) FROM run"), 1);
	assert_int_equal(number("SELECT count(*) FROM run"), 18);
	assert_int_equal(number("SELECT total FROM campaign"), 18);
}

/* The host that warms up is lost; the other one does all, and nobody waits for the first. */
static void test_lost_while_it_warms_up(void **state)
{
	(void)state;
	begin(SHARED "repeat: {warmup: 2, blocks: 2}\n", 1);
	agent_drop(&lab2);
	for (int i = 0; i < 200 && !has_ended(); i++) {
		agent_finish(&lab1);
		tick(2 * NS_PER_S);
		agent_ping(&lab1);
		flush();
		agent_take_all(&lab1);
		flush();
	}
	assert_true(has_ended());
	assert_int_equal(number("SELECT count(*) FROM run r JOIN host h ON h.id = r.host"
				" WHERE h.name = 'lab1' AND state = 'done' AND block > 0"),
		12);
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE state = 'skipped' AND block = 0"), 12);
	assert_int_equal(number("SELECT failed FROM campaign"), 0);
}

/* ---- the end ---- */

#define TEARDOWN "teardown: {command: [/bin/true]}\nrepeat: {warmup: 0, blocks: 1}\n"

static void test_finish(void **state)
{
	(void)state;
	begin(WHAT "repeat: {warmup: 0, blocks: 1}\n", 1);
	lab1.is_mute = lab2.is_mute = true;
	run_at_random(&(struct chances){0}); /* without teardown nobody waits for the answer */
	take_both();
	assert_int_equal(lab1.finished + lab2.finished, 2);
	assert_int_equal(lab1.teardown + lab2.teardown, 0);
}

static void test_teardown(void **state)
{
	(void)state;
	begin(WHAT TEARDOWN, 1);
	lab1.is_mute = true;
	run_to_the_end(&lab1, &lab2);
	take_both();
	assert_int_equal(lab1.finished, 1);
	assert_int_equal(lab1.teardown, 1);
	assert_int_equal(lab2.teardown, 1);
	assert_false(has_ended());
	lab1.is_mute = false; /* it did not get through: it is said again */
	agent_drop(&lab1);
	agent_arrive(&lab1);
	take_both();
	assert_int_equal(lab1.finished, 2);
	assert_true(has_ended());
	assert_int_equal(lab2.finished, 1);
	assert_int_equal(number("SELECT count(*) FROM event WHERE kind = 'note'"), 0);
}

static void test_teardown_that_fails(void **state)
{
	struct message m;

	(void)state;
	begin(WHAT TEARDOWN, 1);
	lab1.is_mute = true;
	run_to_the_end(&lab1, &lab2);
	message_init(&m, MESSAGE_FINISHED);
	m.finished.reason = "exit status 3";
	struct attempt_id id = lab1.last.id;
	m.finished.campaign = id.campaign;
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	assert_true(has_ended());
	assert_int_equal(number("SELECT failed FROM campaign"), 0);
	assert_note("teardown failed on lab1: exit status 3");
}

/* A host that went is waited for as long as a lease, across a restart. */
static void test_teardown_of_a_host_that_is_away(void **state)
{
	(void)state;
	begin(WHAT TEARDOWN, 1);
	lab1.is_mute = true;
	run_to_the_end(&lab1, &lab2);
	assert_false(has_ended());
	coordinator_restarts();
	agent_drop(&lab1);
	tick(LEASE_NS);
	agent_ping(&lab2);
	flush();
	assert_false(has_ended());
	tick(NS_PER_S);
	flush();
	assert_true(has_ended());
	assert_note("teardown was not run on lab1: it is not connected");
}

static void test_teardown_after_cancel(void **state)
{
	struct message m;

	(void)state;
	begin(WHAT TEARDOWN, 1);
	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = (struct attempt_id){.campaign = lab1.queue[0].campaign};
	hand_over(&ann, KEY_ANN, &m);
	flush();
	expect(&ann, MESSAGE_EVENT, &m);
	assert_string_equal(m.event.kind, "end");
	message_done(&m);
	assert_int_equal(number("SELECT state = 'cancelled' FROM campaign"), 1);
	take_both();
	take_both();
	assert_int_equal(lab1.teardown, 1);
	assert_int_equal(lab2.teardown, 1);
	assert_int_equal(number("SELECT state = 'cancelled' FROM campaign"), 1);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state NOT IN ('cancelled')"), 0);
}

/* ---- time left ---- */

static struct message_campaign described(void)
{
	struct message_campaign c;
	struct message m;

	message_init(&m, MESSAGE_STATUS);
	hand_over(&vic, KEY_VIC, &m);
	flush();
	expect(&vic, MESSAGE_REPORT, &m);
	c = *LIST_AT(&m.report.campaigns, struct message_campaign, 0);
	message_done(&m);
	return c;
}

static void go_on(int steps)
{
	for (int i = 0; i < steps; i++) {
		agent_finish(&lab1);
		agent_finish(&lab2);
		tick(NS_PER_S);
		flush();
		take_both();
	}
}

static void test_time_left(void **state)
{
	(void)state;
	vic = new_route();
	begin(WHAT "repeat: {warmup: 0, blocks: 10}\n", 1);
	assert_int_equal(described().left_ns, ABSENT);
	go_on(20);
	/* A run a second, of 60 on each host. */
	assert_in_range(described().left_ns, 38 * NS_PER_S, 41 * NS_PER_S);
	assert_int_equal(described().at_most, ABSENT);
}

static void test_no_time_left_without_a_host(void **state)
{
	(void)state;
	vic = new_route();
	begin(WHAT "repeat: {warmup: 0, blocks: 10}\n", 1);
	go_on(20);
	tick(60 * NS_PER_S);
	assert_int_equal(described().left_ns, ABSENT);
}

static void test_time_left_at_most(void **state)
{
	(void)state;
	vic = new_route();
	begin(WHAT "repeat: {warmup: 0, blocks: 10}\nbudget: {time: 30s}\n", 1);
	go_on(20);
	assert_in_range(described().left_ns, 9 * NS_PER_S, 11 * NS_PER_S);
	assert_int_equal(described().at_most, 1);
	assert_int_equal(described().total, 2 * 60);
}

static void test_total_shrinks(void **state)
{
	(void)state;
	vic = new_route();
	begin(WHAT "hosts: {names: [lab1]}\n" UNTIL "}\n", 1);
	assert_int_equal(described().total, 15 * 6);
	go_on(7 * 6 + 1); /* the warm-up and six blocks: three of six are narrow */
	assert_in_range(described().total, 7 * 6 + 8, 7 * 6 + 8 * 3);
	assert_int_equal(described().at_most, 1);
	int64_t before = described().total;
	coordinator_restarts();
	assert_int_equal(described().total, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_until_at_random),
		TEST(test_pairs_at_random),
		TEST(test_until_without_values),
		TEST(test_sequential_at_random),
		TEST(test_order_of_sequential),
		TEST(test_budget_of_time),
		TEST(test_budget_of_energy),
		TEST(test_budget_and_a_restart),
		TEST(test_shared_blocks),
		TEST(test_shared_blocks_and_losses),
		TEST(test_late_result_of_a_broken_block),
		TEST(test_shared_until),
		TEST(test_no_block_no_warmup),
		TEST(test_lost_while_it_warms_up),
		TEST(test_finish),
		TEST(test_teardown),
		TEST(test_teardown_that_fails),
		TEST(test_teardown_of_a_host_that_is_away),
		TEST(test_teardown_after_cancel),
		TEST(test_time_left),
		TEST(test_no_time_left_without_a_host),
		TEST(test_time_left_at_most),
		TEST(test_total_shrinks),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
