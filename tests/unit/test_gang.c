/* Runs of several hosts: the table of their life, one result of many, who gets hosts, and random
 * schedules of hosts that come and go. */
#include "dispatch_rig.h"

#include "coordinator/dispatch/gang_compose.h"
#include "coordinator/dispatch/gang_state.h"

/* ---- the table ---- */

#define X GANG_STATE_N

static const enum gang_state table[GANG_STATE_N][GANG_EVENT_N] = {
	/* PREPARED START READY ENDED RESULTS BREAK */
	[GANG_ASSIGNED] = {GANG_PREPARED, X, X, X, X, GANG_BROKEN},
	[GANG_PREPARED] = {X, GANG_STARTING, GANG_MEASURING, X, X, GANG_BROKEN},
	[GANG_STARTING] = {X, X, GANG_MEASURING, X, X, GANG_BROKEN},
	[GANG_MEASURING] = {X, X, X, GANG_ENDING, X, GANG_BROKEN},
	[GANG_ENDING] = {X, X, X, X, GANG_DONE, GANG_BROKEN},
	[GANG_DONE] = {X, X, X, X, X, X},
	[GANG_BROKEN] = {X, X, X, X, X, X},
};

static void test_table(void **state)
{
	(void)state;
	for (enum gang_state s = 0; s < GANG_STATE_N; s++)
		for (enum gang_event e = 0; e < GANG_EVENT_N; e++)
			if (gang_state_next(s, e) != table[s][e])
				fail_msg("state %s, event %d: %d, not %d", gang_state_name(s), e,
					gang_state_next(s, e), table[s][e]);
	assert_string_equal(gang_state_name(GANG_MEASURING), "measuring");
}

/* ---- one result of many ---- */

static const struct message_metric *metric(const struct composed *c, const char *name)
{
	for (size_t i = 0; i < c->result.metrics.n; i++)
		if (strcmp(c->metrics[i].name, name) == 0)
			return &c->metrics[i];
	return NULL;
}

static int64_t value(const struct composed *c, const char *name)
{
	return metric(c, name) ? metric(c, name)->value : ABSENT;
}

static struct message_metric server_metrics[] = {{"time", "ns", 2000, 1, ABSENT},
	{"energy.package", "uJ", 300, 3, 30}, {"power.package", "uW", 70, ABSENT, ABSENT},
	{"energy.package-0", "uJ", 300, ABSENT, ABSENT}};
static struct message_metric client_metrics[] = {{"time", "ns", 1000 * NS_PER_S, 2, ABSENT},
	{"energy.package", "uJ", 500, 4, 40}, {"power.package", "uW", 80, ABSENT, ABSENT},
	{"memory.peak", "B", 7, ABSENT, ABSENT}, {"edp.package", "uJ·s", 1, ABSENT, ABSENT}};

static struct message_result result_with(struct message_metric *metrics, size_t n)
{
	struct message m;

	message_init(&m, MESSAGE_RESULT);
	m.result.state = "done";
	m.result.exit_code = 0;
	m.result.metrics = (struct list){metrics, n};
	return m.result;
}

static void test_metrics_are_mains_prefixed_and_summed(void **state)
{
	struct message_result server = result_with(server_metrics, ARRAY_SIZE(server_metrics));
	struct message_result client = result_with(client_metrics, ARRAY_SIZE(client_metrics));
	const struct composing_part parts[] = {
		{"server", "lab1", &server}, {"client", "lab2", &client}};
	struct composed c;

	(void)state;
	compose(&c, parts, 2, 1, 2, NULL);
	assert_string_equal(c.result.state, "done");
	assert_int_equal(value(&c, "time"), 1000 * NS_PER_S);
	assert_int_equal(value(&c, "server.time"), 2000);
	assert_int_equal(value(&c, "client.energy.package"), 500);
	assert_int_equal(value(&c, "energy.package"), 800);
	assert_int_equal(metric(&c, "energy.package")->uncertainty, 7);
	assert_int_equal(metric(&c, "energy.package")->deviation, 50);
	assert_int_equal(value(&c, "power.package"), 150);
	assert_int_equal(value(&c, "edp.package"), 800 * 1000);
	assert_int_equal(value(&c, "memory.peak"), 7);
	assert_int_equal(value(&c, "server.energy.package-0"), 300);
	assert_null(metric(&c, "energy.package-0"));
	assert_int_equal(c.result.flags.n, 0);
	composed_done(&c);
}

static void test_a_sum_of_some_is_none(void **state)
{
	struct message_result server = result_with(server_metrics, 1);
	struct message_result client = result_with(client_metrics, ARRAY_SIZE(client_metrics));
	static const char *const flags[] = {"short", "smi"}, *const other[] = {"smi"};
	const struct composing_part parts[] = {
		{"server", "lab1", &server}, {"client", "lab2", &client}};
	struct composed c;

	(void)state;
	client.flags = (struct list){flags, 2};
	server.flags = (struct list){other, 1};
	compose(&c, parts, 2, 1, 2, NULL);
	assert_null(metric(&c, "energy.package"));
	assert_null(metric(&c, "power.package"));
	assert_null(metric(&c, "edp.package"));
	assert_int_equal(value(&c, "client.energy.package"), 500);
	assert_int_equal(c.result.flags.n, 3);
	assert_string_equal(c.flags[0], "smi");
	assert_string_equal(c.flags[1], "short");
	assert_string_equal(c.flags[2], FLAG_PARTIAL_ENERGY);
	composed_done(&c);
}

static void test_who_failed_is_told(void **state)
{
	struct message_result server = result_with(server_metrics, 1),
			      client = result_with(client_metrics, 1);
	struct composing_part parts[] = {{"server", "lab1", &server}, {"client", "lab2", &client}};
	struct composed c;

	(void)state;
	server.state = "timeout";
	server.reason = "not ready within 10 s";
	compose(&c, parts, 2, 1, 2, NULL);
	assert_string_equal(c.result.state, "timeout");
	assert_string_equal(c.result.reason, "server on lab1: not ready within 10 s");
	composed_done(&c);

	server.state = "done";
	parts[1].result = NULL;
	compose(&c, parts, 2, 1, 0, "it ended too early");
	assert_string_equal(c.result.state, "failed");
	assert_string_equal(c.result.reason, "server on lab1: it ended too early");
	assert_int_equal(c.told, 0);
	composed_done(&c);
}

/* ---- agents that play parts ---- */

#define PLAYERS 3

struct holding {
	struct attempt_id id;
	char role[16]; /* "": it is alone */
	bool is_main, is_prepared, is_started, is_ready, is_measured, is_stopped;
};

struct told {
	struct attempt_id id;
	char role[16];
	bool was_cancelled;
};

struct player {
	const char *key;
	struct route route;
	struct id16 session;
	struct holding hands[RIG_QUEUE];
	size_t n;
	struct told spool[256];
	size_t spool_n;
	bool is_welcome;
};

static struct player players[PLAYERS];

static void put_down(struct player *p, size_t i)
{
	p->n--;
	memmove(&p->hands[i], &p->hands[i + 1], (p->n - i) * sizeof *p->hands);
}

static void say_result(struct player *p, const struct told *t)
{
	static struct message_metric time = {"time", "ns", 5, ABSENT, ABSENT};
	struct message m;

	message_init(&m, MESSAGE_RESULT);
	m.result.id = t->id;
	m.result.state = t->was_cancelled ? "cancelled" : "done";
	m.result.exit_code = 0;
	m.result.metrics = (struct list){&time, 1};
	m.result.role = t->role[0] ? t->role : NULL;
	hand_over(&p->route, p->key, &m);
}

static void end_of(struct player *p, size_t i, bool was_cancelled)
{
	struct told *t = &p->spool[p->spool_n++];

	assert_true(p->spool_n < ARRAY_SIZE(p->spool));
	*t = (struct told){.id = p->hands[i].id, .was_cancelled = was_cancelled};
	memcpy(t->role, p->hands[i].role, sizeof t->role);
	put_down(p, i);
	if (p->is_welcome)
		say_result(p, t);
}

static void say_point(struct player *p, const struct holding *h, const char *point)
{
	struct message m;

	message_init(&m, MESSAGE_READY);
	m.ready.id = h->id;
	m.ready.point = point;
	m.ready.address = "127.0.0.1";
	hand_over(&p->route, p->key, &m);
}

static void say_hello(struct player *p)
{
	struct message_held held[RIG_QUEUE + 256];
	struct message m;
	size_t n = 0;

	p->route = new_route();
	p->is_welcome = false;
	for (size_t i = 0; i < p->spool_n; i++)
		held[n++] = (struct message_held){.id = p->spool[i].id, .state = "spooled"};
	for (size_t i = 0; i < p->n; i++)
		held[n++] = (struct message_held){
			.id = p->hands[i].id, .state = i == 0 ? "running" : "accepted"};
	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig-agent";
	m.hello.version = JOULERIG_VERSION;
	m.hello.minor = PROTOCOL_MINOR;
	m.hello.session = p->session;
	m.hello.inventory = RIG_INVENTORY;
	m.hello.held = (struct list){held, n};
	hand_over(&p->route, p->key, &m);
}

static void take_assign(struct player *p, const struct message_assign *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (attempt_is(&p->hands[i].id, &a->id))
			return;
	for (size_t i = 0; i < p->spool_n; i++) {
		if (attempt_is(&p->spool[i].id, &a->id)) {
			say_result(p, &p->spool[i]);
			return;
		}
	}
	/* What it held from before a cut may be called off only behind this. */
	for (size_t i = 0; i < p->n; i++)
		assert_false(p->hands[i].is_measured && p->hands[i].role[0]);
	assert_true(p->n < RIG_QUEUE);
	struct holding *h = &p->hands[p->n++];
	*h = (struct holding){.id = a->id, .is_main = a->is_main == 1};
	snprintf(h->role, sizeof h->role, "%s", a->role ? a->role : "");
}

static struct holding *held(struct player *p, const struct attempt_id *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (attempt_is(&p->hands[i].id, id))
			return &p->hands[i];
	return NULL;
}

static void take_go(struct player *p, const struct message_go *g)
{
	struct holding *h = held(p, &g->id);

	if (h == NULL)
		return;
	assert_true(h->is_prepared);
	assert_int_equal(g->addresses.n, 2);
	/* All or none: who takes part has nothing else in hand, and the others take part, too. */
	assert_int_equal(p->n, 1);
	if (strcmp(g->what, "start") == 0) {
		h->is_started = true;
		return;
	}
	h->is_measured = true;
}

static void welcome(struct player *p)
{
	p->is_welcome = true;
	for (size_t i = 0; i < p->spool_n; i++)
		say_result(p, &p->spool[i]);
	if (p->n > 0 && p->hands[0].role[0] && p->hands[0].is_ready)
		say_point(p, &p->hands[0], "ready");
	else if (p->n > 0 && p->hands[0].role[0] && p->hands[0].is_prepared)
		say_point(p, &p->hands[0], "prepared");
}

static void forget(struct player *p, const struct attempt_id *id)
{
	for (size_t i = 0; i < p->spool_n; i++) {
		if (!attempt_is(&p->spool[i].id, id))
			continue;
		p->spool_n--;
		memmove(&p->spool[i], &p->spool[i + 1], (p->spool_n - i) * sizeof *p->spool);
		return;
	}
}

static bool player_takes(struct player *p)
{
	struct message m;

	if (p->route.len == 0 || !take(&p->route, &m))
		return false;
	if (m.type == MESSAGE_WELCOME)
		welcome(p);
	else if (m.type == MESSAGE_ASSIGN)
		take_assign(p, &m.assign);
	else if (m.type == MESSAGE_GO)
		take_go(p, &m.go);
	else if (m.type == MESSAGE_STOP && held(p, &m.stop.id) != NULL)
		held(p, &m.stop.id)->is_stopped = true;
	else if (m.type == MESSAGE_CANCEL && held(p, &m.cancel.id) != NULL)
		end_of(p, (size_t)(held(p, &m.cancel.id) - p->hands), true);
	else if (m.type == MESSAGE_COMMITTED)
		forget(p, &m.committed.id);
	else if (m.type == MESSAGE_ERROR)
		fail_msg("%s", m.error.text);
	message_done(&m);
	return true;
}

/* What its first run does next, if anything can come of it now. */
static void player_plays(struct player *p)
{
	struct holding *h = &p->hands[0];

	if (p->n == 0 || !p->is_welcome)
		return;
	if (h->role[0] == '\0') {
		end_of(p, 0, false);
	} else if (!h->is_prepared) {
		h->is_prepared = true;
		say_point(p, h, "prepared");
	} else if (!h->is_main && h->is_started && !h->is_ready) {
		h->is_ready = true;
		say_point(p, h, "ready");
	} else if (h->is_main && h->is_measured) {
		struct message m;
		message_init(&m, MESSAGE_ENDED);
		m.ended.id = h->id;
		m.ended.raw_ns = 1;
		hand_over(&p->route, p->key, &m);
		end_of(p, 0, false);
	} else if (h->is_stopped) {
		assert_true(h->is_measured);
		end_of(p, 0, false);
	}
}

static void player_drops(struct player *p)
{
	struct frame *f, *next;

	DL_FOREACH_SAFE (rig.frames, f, next)
		if (route_equal(&f->to, &p->route))
			drop_frame(f);
	p->route = (struct route){0};
	p->is_welcome = false;
}

static int players_begin(void **state)
{
	static const char *const keys[] = {KEY_LAB1, KEY_LAB2, KEY_LAB3};

	rig_begin(state);
	keyring_add(rig.keyring, "lab3", KEY_LAB3, ROLE_AGENT);
	for (size_t i = 0; i < PLAYERS; i++) {
		players[i] = (struct player){.key = keys[i], .session = id16_random()};
		say_hello(&players[i]);
	}
	flush();
	for (size_t i = 0; i < PLAYERS; i++)
		while (player_takes(&players[i]))
			;
	return 0;
}

static void submit_pair(const char *name, const char *hosts, const char *server, const char *client)
{
	_cleanup_free_ char *yaml = xasprintf(
		"campaign: %s\nmatrix: {n: [1, 2]}\n%sbenchmarks:\n  b:\n    roles:\n"
		"      server: {command: [s, \"{n}\"]%s}\n"
		"      client: {command: [c, \"{hosts.server.address}\"]%s}\n    main: client\n"
		"repeat: {warmup: 1, blocks: 3}\nlimits: {attempts: 100}\n",
		name, hosts, server, client);
	struct route user = new_route();

	submit(&user, yaml);
	struct message m;
	expect(&user, MESSAGE_SUBMITTED, &m);
	message_done(&m);
}

static void submit_all(void)
{
	struct route user = new_route();

	submit_pair("there", "", ", hosts: {names: [lab1]}", ", hosts: {names: [lab2]}");
	submit_pair("back", "", ", hosts: {names: [lab2]}", ", hosts: {names: [lab1]}");
	submit_pair("any", "hosts: {spread: any}\n", "", "");
	submit(&user,
		"campaign: alone\nmatrix: {n: [1, 2]}\nbenchmarks:\n  b: {command: [x, \"{n}\"]}\n"
		"repeat: {warmup: 1, blocks: 3}\nlimits: {attempts: 100}\n");
}

static bool is_over(void)
{
	return number("SELECT count(*) FROM campaign WHERE state <> 'done'") == 0;
}

static void check_all(void)
{
	/* Warm-up runs are needless where the block that they are for went elsewhere. */
	assert_int_equal(number("SELECT count(*) FROM run WHERE state <> 'done' AND (block > 0 OR "
				"state <> 'skipped')"),
		0);
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE block > 0"), 3 * 2 * (1 + 1 + 1 + 3));
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE state = 'done' AND result IS NULL"), 0);
	/* Of what counts both parts are there, and of nothing else a result. */
	assert_int_equal(
		number("SELECT count(*) FROM run r JOIN host h ON h.id = r.host WHERE h.key "
		       "LIKE 'roles:%' AND r.state = 'done' AND 2 <> (SELECT count(*) FROM part p "
		       "WHERE p.run = "
		       "r.id AND p.attempt = r.result AND p.state = 'done')"),
		0);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'done'"),
		number("SELECT count(*) FROM run WHERE state = 'done'"));
	for (size_t i = 0; i < PLAYERS; i++) {
		assert_int_equal(players[i].n, 0);
		assert_int_equal(players[i].spool_n, 0);
	}
}

static void step(void)
{
	tick(NS_PER_S / 10);
	flush();
	for (size_t i = 0; i < PLAYERS; i++)
		while (player_takes(&players[i]))
			;
	for (size_t i = 0; i < PLAYERS; i++)
		player_plays(&players[i]);
}

static void test_campaigns_that_want_the_same_hosts(void **state)
{
	(void)state;
	submit_all();
	for (int i = 0; i < 2000 && (i % 20 != 0 || !is_over()); i++)
		step();
	assert_true(is_over());
	step();
	step();
	check_all();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

static void steer_to(const char *verb, const char *label, const char *host)
{
	struct route user = new_route();
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.label = label;
	m.steer.host = host;
	m.steer.now = 1;
	hand_over(&user, KEY_ANN, &m);
	flush();
	expect(&user, MESSAGE_REPORT, &m);
	message_done(&m);
}

static void steer(const char *verb, const char *label)
{
	steer_to(verb, label, NULL);
}

static void all_take(void)
{
	flush();
	for (size_t k = 0; k < PLAYERS; k++)
		while (player_takes(&players[k]))
			;
}

/* Of a run of lab1 and lab2, until lab2, whose role is main, is told to start. */
static void play_until_measured(void)
{
	for (int i = 0; i < 100 && !(players[1].n > 0 && players[1].hands[0].is_measured); i++) {
		player_plays(&players[0]);
		player_plays(&players[1]);
		all_take();
	}
	assert_int_equal(players[1].n, 1);
	assert_true(players[1].hands[0].is_measured);
}

static void play_to_the_end(void)
{
	for (int i = 0; i < 2000 && !is_over(); i++)
		step();
	assert_true(is_over());
}

static void submit_there(void)
{
	submit_pair("there", "", ", hosts: {names: [lab1]}", ", hosts: {names: [lab2]}");
}

static void test_a_pause_is_one_for_all_hosts(void **state)
{
	(void)state;
	submit_there();
	play_until_measured();
	assert_int_equal(players[0].n, 1);
	assert_int_equal(players[1].n, 1);
	steer("pause", "there.1");
	for (size_t k = 0; k < PLAYERS; k++)
		while (player_takes(&players[k]))
			;
	assert_int_equal(players[0].n, 0);
	assert_int_equal(players[1].n, 0);
	step();
	assert_int_equal(players[0].n, 0);
	steer("resume", "there.1");
	for (int i = 0; i < 2000 && !is_over(); i++)
		step();
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 8);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'done'"), 8);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

/* ---- hosts that are taken out ---- */

static void check_spread(void)
{
	assert_int_equal(number("SELECT count(*) FROM run WHERE block > 0 AND state = 'done'"), 6);
}

static void say_started(struct player *p)
{
	struct message m;

	message_init(&m, MESSAGE_STARTED);
	m.started = (struct message_started){
		.id = p->hands[0].id, .started_at = NS_PER_S, .raw_ns = NS_PER_S};
	hand_over(&p->route, p->key, &m);
}

static void test_a_drain_now_is_no_loss(void **state)
{
	(void)state;
	submit_there();
	play_until_measured();
	say_started(&players[0]);
	say_started(&players[1]);
	steer_to("drain", NULL, "lab1");
	all_take();
	all_take();
	assert_int_equal(players[0].n, 0);
	assert_int_equal(players[1].n, 0);
	steer_to("admit", NULL, "lab1");
	play_to_the_end();
	assert_int_equal(number("SELECT count(*) FROM run WHERE state = 'done'"), 8);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

/* The agent comes back on another connection and has the run yet: it was to end it. */
static void test_a_drain_now_is_said_again(void **state)
{
	(void)state;
	submit_there();
	play_until_measured();
	say_started(&players[0]);
	flush();
	player_drops(&players[0]);
	steer_to("drain", NULL, "lab1");
	player_drops(&players[0]);
	say_hello(&players[0]);
	all_take();
	all_take();
	assert_int_equal(players[0].n, 0);
	assert_int_equal(players[1].n, 0);
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

/* What a run of several hosts had claimed is free in the turn in which it does not come about. */
static void claim_lab2(void)
{
	struct route user = new_route();

	submit(&user, "campaign: long\nhosts: {names: [lab1]}\nbenchmarks: {b: {command: [x]}}\n"
		      "repeat: {warmup: 0, blocks: 1}\n");
	all_take();
	assert_int_equal(players[0].n, 1);
	submit_there();
	submit(&user, "campaign: short\nhosts: {names: [lab2]}\nbenchmarks: {b: {command: [x]}}\n"
		      "repeat: {warmup: 0, blocks: 1}\n");
	all_take();
	assert_int_equal(players[1].n, 0); /* it waits for lab1 */
}

static void test_a_pause_frees_what_is_claimed(void **state)
{
	(void)state;
	claim_lab2();
	steer("pause", "there.1");
	all_take();
	assert_int_equal(players[1].n, 1);
}

static void test_a_drain_frees_what_is_claimed(void **state)
{
	(void)state;
	claim_lab2();
	steer_to("drain", NULL, "lab1");
	all_take();
	assert_int_equal(players[1].n, 1);
}

static void say_trouble(struct player *p, const char *trouble)
{
	struct message m;

	message_init(&m, MESSAGE_PING);
	m.ping.trouble = trouble;
	m.ping.t1 = 1;
	hand_over(&p->route, p->key, &m);
}

static void test_trouble_frees_what_is_claimed(void **state)
{
	(void)state;
	claim_lab2();
	say_trouble(&players[0], "spool: no space left on device");
	all_take();
	assert_int_equal(players[1].n, 1);
}

/* One that can begin nothing does not keep the others waiting. */
static void test_trouble_before_all_are_prepared(void **state)
{
	(void)state;
	submit_there();
	all_take();
	assert_int_equal(players[1].n, 1);
	say_trouble(&players[0], "spool: no space left on device");
	all_take();
	all_take();
	assert_int_equal(players[0].n, 0);
	assert_int_equal(players[1].n, 0);
	say_trouble(&players[0], NULL);
	play_to_the_end();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
}

static void test_an_agent_that_is_done_may_be_started_anew(void **state)
{
	(void)state;
	submit_there();
	play_until_measured();
	player_plays(&players[1]); /* main ends, and its result is there */
	all_take();
	assert_int_equal(players[0].n, 1);
	assert_int_equal(players[1].spool_n, 0);
	player_drops(&players[1]);
	players[1].session = id16_random();
	say_hello(&players[1]);
	all_take();
	assert_true(players[0].hands[0].is_stopped);
	play_to_the_end();
	assert_int_equal(number("SELECT count(*) FROM attempt WHERE state = 'lost'"), 0);
	assert_int_equal(number("SELECT count(*) FROM attempt"), 8);
}

/* With `spread: any` others do the block of hosts of which one is taken out. */
static void test_blocks_go_to_other_pairs(void **state)
{
	(void)state;
	submit_pair("any", "hosts: {spread: any}\n", "", "");
	for (int i = 0; i < 200 && number("SELECT count(*) FROM run WHERE block > 0 AND state = "
					  "'done'") == 0;
		i++)
		step();
	assert_false(is_over());
	const int64_t out = number("SELECT p.host FROM lane_part p JOIN lane l ON l.campaign = "
				   "p.campaign AND l.lane = p.lane JOIN run r ON r.host = l.host "
				   "WHERE r.block > 0 AND r.state = 'done' LIMIT 1");
	_cleanup_free_ char *sql =
		xasprintf("SELECT substr(name, 4) + 0 FROM host WHERE id = %lld", (long long)out);
	_cleanup_free_ char *name = xasprintf("lab%lld", (long long)number(sql));
	steer_to("drain", NULL, name);
	play_to_the_end();
	check_spread();
}

/* Whoever it is about may be gone by now. */
static void say_steer(const char *verb, const char *label, const char *host, bool now)
{
	struct route user = new_route();
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.label = label;
	m.steer.host = host;
	m.steer.now = now;
	hand_over(&user, KEY_ANN, &m);
	flush();
	while (take(&user, &m))
		message_done(&m);
}

static const char *const labels[] = {"there.1", "back.1", "any.1", "alone.1"};
static const char *const hosts[PLAYERS] = {"lab1", "lab2", "lab3"};

static void steer_at_random(void)
{
	const char *label = labels[rig_random(ARRAY_SIZE(labels))];
	const char *host = hosts[rig_random(PLAYERS)];
	bool now = rig_random(2) == 0;

	switch (rig_random(4)) {
	case 0:
		say_steer("pause", label, NULL, now);
		break;
	case 1:
		say_steer("resume", label, NULL, false);
		break;
	case 2:
		say_steer("drain", NULL, host, now);
		break;
	default:
		say_steer("admit", NULL, host, false);
	}
}

static void steer_to_the_end(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		say_steer("resume", labels[i], NULL, false);
	for (size_t i = 0; i < PLAYERS; i++) {
		say_steer("admit", NULL, hosts[i], false);
		if (players[i].is_welcome)
			say_trouble(&players[i], NULL);
	}
}

static void accident(void)
{
	struct player *p = &players[rig_random(PLAYERS)];

	switch (rig_random(12)) {
	case 0: /* the connection */
		player_drops(p);
		break;
	case 1: /* the agent's process, with all that it had in memory */
		player_drops(p);
		p->n = 0;
		p->session = id16_random();
		break;
	case 2: /* the coordinator */
		rig_crash();
		rig_start(NULL);
		for (size_t i = 0; i < PLAYERS; i++) {
			players[i].route = (struct route){0};
			players[i].is_welcome = false;
		}
		break;
	case 3: /* for longer than a lease */
		player_drops(p);
		for (int i = 0; i < 40; i++)
			tick(5 * NS_PER_S);
		break;
	case 4:
		steer_at_random();
		break;
	case 5:
		if (p->is_welcome)
			say_trouble(p, rig_random(2) == 0 ? "spool: full" : NULL);
		break;
	default:
		break;
	}
}

static void random_step(int i)
{
	for (size_t k = 0; k < PLAYERS; k++) {
		struct player *p = &players[k];

		if (p->route.len == 0 && rig_random(3) == 0)
			say_hello(p);
		for (uint64_t n = rig_random(4); n > 0 && player_takes(p); n--)
			;
		if (rig_random(2) == 0)
			player_plays(p);
	}
	tick(NS_PER_S / 10);
	flush();
	if (i < 600 && rig_random(8) == 0)
		accident();
	if (i >= 600 && i % 50 == 0)
		steer_to_the_end();
}

static void test_random_schedules(void **state)
{
	for (uint64_t seed = 1; seed <= 15; seed++) {
		if (seed > 1) {
			rig_end(state);
			players_begin(state);
		}
		rig.random = seed;
		submit_all();
		for (int i = 0; i < 6000 && (i % 50 != 0 || !is_over()); i++)
			random_step(i);
		if (!is_over())
			fail_msg("seed %d: no end", (int)seed);
		for (int i = 0; i < 20; i++) {
			for (size_t k = 0; k < PLAYERS; k++)
				if (players[k].route.len == 0)
					say_hello(&players[k]);
			step();
		}
		check_all();
	}
}

#define PLAY(name) cmocka_unit_test_setup_teardown(name, players_begin, rig_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_metrics_are_mains_prefixed_and_summed),
		cmocka_unit_test(test_a_sum_of_some_is_none),
		cmocka_unit_test(test_who_failed_is_told),
		PLAY(test_campaigns_that_want_the_same_hosts),
		PLAY(test_a_pause_is_one_for_all_hosts),
		PLAY(test_a_drain_now_is_no_loss),
		PLAY(test_a_drain_now_is_said_again),
		PLAY(test_a_pause_frees_what_is_claimed),
		PLAY(test_a_drain_frees_what_is_claimed),
		PLAY(test_trouble_frees_what_is_claimed),
		PLAY(test_trouble_before_all_are_prepared),
		PLAY(test_an_agent_that_is_done_may_be_started_anew),
		PLAY(test_blocks_go_to_other_pairs),
		PLAY(test_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
