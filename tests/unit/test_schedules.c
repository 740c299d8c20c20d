/*
 * The dispatcher under seeded random schedules in virtual time: connections break with frames under
 * way, agents and the coordinator are killed, results come twice, hosts are silent for longer than
 * their lease. Whatever happened, in the end every run has exactly one result. A failing seed is
 * printed; JOULERIG_SEED=N runs that one, JOULERIG_SEEDS=N so many.
 */
#include "dispatch_rig.h"

#define AGENTS 2
#define STEPS  400
#define CALM   4000 /* rounds without accidents in which everything must come to its end */

static const char yaml[] = "campaign: demo\n"
			   "matrix: {threads: [1, 2]}\n"
			   "benchmarks:\n"
			   "  a: {command: [/bin/true, \"{threads}\"]}\n"
			   "  b: {command: [/bin/false, \"{threads}\"]}\n"
			   "repeat: {warmup: 1, blocks: 3}\n"
			   "limits: {attempts: 1000}\n";

static struct agent agents[AGENTS];
static struct route user;

/* ---- accidents ---- */

static void kill_coordinator(void)
{
	for (size_t i = 0; i < AGENTS; i++)
		agent_drop(&agents[i]);
	rig_crash();
	rig_start(NULL);
}

static void send_again(struct agent *a)
{
	if (!a->is_welcome)
		return;
	if (a->spool_n > 0)
		send_result(a, &a->spool[rig_random(a->spool_n)]);
	else if (a->last.id.attempt >
		 0) /* acknowledged already: COMMITTED was lost, or a spool was put back */
		send_result(a, &a->last);
}

static void pass_time(void)
{
	static const int64_t steps[] = {
		NS_PER_S / 4, NS_PER_S, 4 * NS_PER_S, 20 * NS_PER_S, 70 * NS_PER_S};
	int64_t step = steps[rig_random(6) ? rig_random(3) : rig_random(ARRAY_SIZE(steps))];

	tick(step);
}

static void one_step(void)
{
	struct agent *a = &agents[rig_random(AGENTS)];
	uint64_t dice = rig_random(1000);

	if (a->route.len == 0 && dice < 400)
		agent_connect(a);
	else if (dice < 300)
		agent_take(a);
	else if (dice < 550)
		flush();
	else if (dice < 750)
		agent_finish(a);
	else if (dice < 850)
		pass_time();
	else if (dice < 920 && a->is_welcome)
		agent_ping(a);
	else if (dice < 950)
		send_again(a);
	else if (dice < 975)
		agent_drop(a);
	else if (dice < 990) {
		agent_drop(a);
		agent_restart(a);
	} else
		kill_coordinator();
}

/* ---- a schedule ---- */

static bool is_over(void)
{
	for (size_t i = 0; i < AGENTS; i++)
		if (agents[i].spool_n > 0 || agents[i].queue_n > 0)
			return false;
	return number("SELECT state = 'done' FROM campaign") == 1;
}

static void come_to_an_end(void)
{
	for (int round = 0; round < CALM; round++) {
		for (size_t i = 0; i < AGENTS; i++) {
			if (agents[i].route.len == 0)
				agent_connect(&agents[i]);
			agent_take_all(&agents[i]);
			agent_finish(&agents[i]);
			if (agents[i].is_welcome)
				agent_ping(&agents[i]);
		}
		tick(NS_PER_S);
		flush();
		if (round % 16 == 15 && is_over())
			return;
	}
	fail_msg("the campaign does not come to its end: %lld runs without a result",
		(long long)number("SELECT count(*) FROM run WHERE result IS NULL"));
}

static void run_schedule(uint64_t seed)
{
	struct message m;

	rig_begin(NULL);
	rig.random = seed;
	agent_init(&agents[0], KEY_LAB1);
	agent_init(&agents[1], KEY_LAB2);
	for (size_t i = 0; i < AGENTS; i++)
		agent_arrive(&agents[i]);
	user = new_route();
	submit(&user, yaml);
	expect(&user, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	for (int step = 0; step < STEPS; step++)
		one_step();
	come_to_an_end();
	assert_complete(AGENTS, RIG_PASSES);
	for (size_t i = 0; i < AGENTS; i++)
		assert_int_equal(agents[i].errors, 0);
	rig_end(NULL);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t seed_now; /* for who reads a core file or a failure's output */

static void test_schedules(void **state)
{
	uint64_t only = from_environment("JOULERIG_SEED", 0),
		 n = from_environment("JOULERIG_SEEDS", 200);

	(void)state;
	for (seed_now = only ? only : 1; seed_now <= (only ? only : n); seed_now++)
		run_schedule(seed_now);
}

static int tell_seed(void **state)
{
	(void)state;
	if (seed_now <= from_environment("JOULERIG_SEEDS", 200))
		fprintf(stderr, "# the failing schedule is JOULERIG_SEED=%llu\n",
			(unsigned long long)seed_now);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_schedules, tell_seed),
	};

	return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
