/* Windows of maintenance, and what goes of old campaigns by itself. */
#include "dispatch_scene.h"

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/maintenance.h"
#include "coordinator/settings.h"

#define HOUR_NS (3600 * NS_PER_S)
#define DAY_S   INT64_C(86400)

/* One window; cron and timezone are static. */
static void set_window(const char *cron, const char *timezone, int64_t for_ns, size_t hosts_n)
{
	char *hosts[] = {(char *)(uintptr_t) "lab1", (char *)(uintptr_t) "lab2"};
	struct settings_window w = {.hosts = hosts,
		.hosts_n = hosts_n,
		.cron = (char *)(uintptr_t)cron,
		.timezone = (char *)(uintptr_t)timezone,
		.for_ns = for_ns};
	const struct settings s = {
		.windows = &w, .windows_n = 1, .retention = {.older_than_ns = ABSENT}};

	dispatch_set_settings(rig.dispatch, &s);
	dispatch_set_settings(rig.dispatch, &s); /* as at SIGHUP: nothing new */
}

/* It is open now, and will be. */
static void open_window(size_t hosts_n)
{
	set_window("* * * * *", NULL, 2 * HOUR_NS, hosts_n);
	flush();
}

static void close_window(void)
{
	dispatch_set_settings(rig.dispatch, NULL);
	flush();
}

static void turns(int n)
{
	for (int i = 0; i < n; i++) {
		tick(NS_PER_S);
		flush();
		agent_take_all(&lab1);
		agent_ping(&lab1);
	}
}

/* What `hosts` says of lab1. */
static void assert_admission(const char *admission, const char *reason)
{
	struct message m;

	message_init(&m, MESSAGE_STATUS);
	hand_over(&ann, KEY_ANN, &m);
	flush();
	for (;;) {
		assert_true(take(&ann, &m));
		if (m.type == MESSAGE_REPORT)
			break;
		message_done(&m);
	}
	const struct message_host *h = LIST_AT(&m.report.hosts, struct message_host, 0);
	assert_string_equal(h->name, "lab1");
	assert_string_equal(h->admission != NULL ? h->admission : "", admission);
	if (reason != NULL)
		assert_non_null(strstr(h->reason, reason));
	assert_int_equal(h->admission_at != ABSENT, admission[0] != '\0');
	message_done(&m);
}

static int64_t events(const char *kind)
{
	_cleanup_free_ char *sql = xasprintf("SELECT count(*) FROM event WHERE kind = '%s'", kind);

	return number(sql);
}

static void steer_host(const char *verb)
{
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.host = "lab1";
	hand_over(&ann, KEY_ANN, &m);
	flush();
	expect(&ann, MESSAGE_REPORT, &m);
	message_done(&m);
}

/* What runs ends and counts, what waits is called off, nothing begins; then all goes on. */
static void test_a_window(void **state)
{
	(void)state;
	begin_on_lab1();
	struct message m;
	message_init(&m, MESSAGE_STARTED);
	m.started = (struct message_started){.id = lab1.queue[0], .started_at = 1, .raw_ns = 1};
	hand_over(&lab1.route, lab1.key, &m);
	flush();
	int64_t running = lab1.queue[0].run, waiting = lab1.queue[1].run;
	open_window(1);
	agent_take_all(&lab1);
	assert_int_equal(lab1.cancelled, 1);
	assert_int_equal(lab1.queue_n, 1);
	agent_finish(&lab1);
	turns(20);
	assert_int_equal(lab1.queue_n, 0);
	assert_string_equal(state_of(running), "done");
	assert_string_equal(state_of(waiting), "queued");
	assert_admission("maintenance", "until ");
	assert_int_equal(events("maintenance"), 1);
	close_window();
	assert_admission("", NULL);
	assert_int_equal(events("maintenance over"), 1);
	agent_take_all(&lab1);
	run_to_the_end(&lab1, NULL);
	assert_complete(1, RIG_PASSES);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

/* What a user says of a host is neither changed nor forgotten by a window. */
static void test_drained_within(void **state)
{
	(void)state;
	begin_on_lab1();
	open_window(1);
	agent_take_all(&lab1);
	agent_finish(&lab1);
	turns(3);
	steer_host("drain");
	assert_admission("drained", NULL);
	close_window();
	turns(3);
	assert_int_equal(lab1.queue_n, 0);
	assert_admission("drained", NULL);
	open_window(1);
	steer_host("admit");
	assert_admission("maintenance", NULL);
	turns(3);
	assert_int_equal(lab1.queue_n, 0);
	close_window();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 2);
}

/* A host that comes while a window is open is in it before it is handed anything. */
static void test_a_host_that_comes(void **state)
{
	struct message m;

	(void)state;
	open_window(1);
	agent_arrive(&lab1);
	submit(&ann, RIG_YAML);
	turns(3);
	expect(&ann, MESSAGE_SUBMITTED, &m);
	assert_non_null(strstr(m.submitted.notes, "lab1 is in maintenance until "));
	message_done(&m);
	assert_int_equal(lab1.queue_n, 0);
	rig_crash();
	rig_start(NULL);
	open_window(1);
	agent_drop(&lab1);
	agent_connect(&lab1);
	turns(3);
	assert_int_equal(lab1.queue_n, 0);
	close_window();
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 2);
}

/* Blocks that any host may do go to others. */
static void test_others_do_it(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	agent_arrive(&lab2);
	submit(&ann, "campaign: demo\nbenchmarks: {a: {command: [/bin/true]}}\n"
		     "hosts: {spread: any}\nrepeat: {warmup: 0, blocks: 6}\n");
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	agent_take_all(&lab1);
	agent_take_all(&lab2);
	open_window(1);
	agent_take_all(&lab1);
	agent_finish(&lab1);
	for (int i = 0; i < 20; i++) {
		agent_finish(&lab2);
		tick(NS_PER_S);
		flush();
		agent_take_all(&lab1);
		agent_take_all(&lab2);
		agent_ping(&lab1);
		agent_ping(&lab2);
	}
	assert_int_equal(lab1.queue_n, 0);
	assert_int_equal(number("SELECT count(*) FROM campaign WHERE state = 'done'"), 1);
}

/* Both ends, in the window's zone, through a night in which the clocks change. */
static void test_when(void **state)
{
	static const struct {
		const char *cron, *timezone;
		int64_t for_ns, at_s; /* since 1970 */
		bool rests;
	} cases[] = {
		/* 2026-11-22, a Sunday, 04:00 to 06:00 in Berlin */
		{"0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1795316399, false},
		{"0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1795316400, true},
		{"0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1795323599, true},
		{"0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1795323600, false},
		{"0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1795316400 + DAY_S, false},
		/* two hours from 01:30 on, of which the wall skips one */
		{"30 1 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1774744200, true},
		{"30 1 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1774751399, true},
		{"30 1 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1774751400, false},
		/* one begins while another is open */
		{"0,30 4 * * *", "UTC", HOUR_NS, 1795323600, true},
		{"0,30 4 * * *", "UTC", HOUR_NS, 1795325399, true},
		{"0,30 4 * * *", "UTC", HOUR_NS, 1795325400, false},
	};
	struct host *h;

	(void)state;
	agent_arrive(&lab1);
	h = dispatch_host(rig.dispatch, KEY_LAB1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_window(cases[i].cron, cases[i].timezone, cases[i].for_ns, 1);
		maintenance_tick(rig.dispatch, cases[i].at_s * NS_PER_S);
		if (host_is_resting(h) != cases[i].rests)
			fail_msg("case %zu: %s", i, h->rest != NULL ? h->rest : "no maintenance");
	}
	/* Time goes on, and is put back. */
	set_window("0 4 * * 0", "Europe/Berlin", 2 * HOUR_NS, 1);
	for (int64_t at = 1795316400 - DAY_S; at < 1795316400 + DAY_S; at += 60) {
		maintenance_tick(rig.dispatch, at * NS_PER_S);
		assert_int_equal(host_is_resting(h), at >= 1795316400 && at < 1795323600);
	}
	maintenance_tick(rig.dispatch, INT64_C(1795316400) * NS_PER_S);
	assert_non_null(strstr(h->rest, "maintenance until Sun 2026-11-22 06:00"));
}

/* ---- retention ---- */

static void set_retention(int64_t older_ns, int64_t keep)
{
	char what[] = "samples";
	const struct settings s = {
		.retention = {.older_than_ns = older_ns, .keep = keep, .what = what}};

	dispatch_set_settings(rig.dispatch, &s);
	for (int i = 0; i < 20; i++) {
		tick(NS_PER_S);
		flush();
		agent_ping(&lab1);
	}
}

static void run_demo(int n)
{
	struct message m;

	for (int i = 0; i < n; i++) {
		submit(&ann, "campaign: demo\nbenchmarks: {a: {command: [/bin/true]}}\n"
			     "repeat: {warmup: 0, blocks: 2}\n");
		expect(&ann, MESSAGE_SUBMITTED, &m);
		message_done(&m);
		agent_take_all(&lab1);
		run_to_the_end(&lab1, NULL);
	}
}

static int64_t pruned(void)
{
	return number("SELECT coalesce(sum(1 << number), 0) FROM campaign WHERE pruned_at > 0");
}

static void test_old_campaigns(void **state)
{
	(void)state;
	agent_arrive(&lab1);
	run_demo(3);
	set_retention(HOUR_NS, 0);
	assert_int_equal(pruned(), 0);
	assert_int_equal(events("retention"), 0);
	set_retention(0, 2);
	assert_int_equal(pruned(), 1 << 1);
	assert_int_equal(events("retention"), 1);
	/* Once a day. */
	run_demo(2);
	for (int hour = 0; hour < 22; hour++) {
		tick(HOUR_NS);
		flush();
	}
	assert_int_equal(pruned(), 1 << 1);
	for (int i = 0; i < 20; i++) {
		tick(HOUR_NS);
		flush();
	}
	assert_int_equal(pruned(), 1 << 1 | 1 << 2 | 1 << 3);
	assert_int_equal(events("retention"), 2);
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 10);
}

/* What a schedule is compared with next stays as it is. */
static void test_what_a_schedule_needs(void **state)
{
	struct error err = {0};
	const struct store_schedule s = {
		.name = "demo", .file = "f", .yaml = "y", .cron = "0 2 * * *", .next_at = ABSENT};
	struct store_sweep sweep = {.schedule = "demo",
		.began_at = ABSENT,
		.ended_at = ABSENT,
		.state = "done",
		.baseline = "demo.2"};

	(void)state;
	agent_arrive(&lab1);
	run_demo(4);
	assert_good(store_sqlite.begin(rig.store, &err), &err);
	assert_good(store_sqlite.put_schedule(rig.store, &s, &err), &err);
	for (sweep.campaign = 3; sweep.campaign <= 4; sweep.campaign++) {
		sweep.id = 0;
		assert_good(store_sqlite.put_sweep(rig.store, &sweep, &err), &err);
	}
	/* since then nothing has changed */
	struct store_sweep skipped = sweep;
	skipped.id = skipped.campaign = 0;
	skipped.state = "skipped";
	assert_good(store_sqlite.put_sweep(rig.store, &skipped, &err), &err);
	assert_good(store_sqlite.commit(rig.store, &err), &err);
	set_retention(0, 0);
	assert_int_equal(pruned(), 1 << 1 | 1 << 3);
}

/* Of cases that the last sweep did not settle, too. */
static void test_levels_of_a_schedule(void **state)
{
	struct error err = {0};
	const struct store_schedule s = {
		.name = "demo", .file = "f", .yaml = "y", .cron = "0 2 * * *", .next_at = ABSENT};
	struct store_sweep sweep = {.schedule = "demo",
		.began_at = ABSENT,
		.ended_at = ABSENT,
		.state = "done",
		.campaign = 4,
		.answer = "{\"unsettled\":[{\"against\":\"demo.2\"}],"
			  "\"open\":[{\"against\":\"demo.3\"},{}]}"};

	(void)state;
	agent_arrive(&lab1);
	run_demo(4);
	assert_good(store_sqlite.begin(rig.store, &err), &err);
	assert_good(store_sqlite.put_schedule(rig.store, &s, &err), &err);
	assert_good(store_sqlite.put_sweep(rig.store, &sweep, &err), &err);
	assert_good(store_sqlite.commit(rig.store, &err), &err);
	set_retention(0, 0);
	assert_int_equal(pruned(), 1 << 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_window),
		TEST(test_drained_within),
		TEST(test_a_host_that_comes),
		TEST(test_others_do_it),
		TEST(test_when),
		TEST(test_old_campaigns),
		TEST(test_what_a_schedule_needs),
		TEST(test_levels_of_a_schedule),
	};

	return cmocka_run_group_tests_name("maintenance", tests, NULL, NULL);
}
