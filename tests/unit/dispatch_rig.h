/*
 * dispatch_rig.h - the dispatcher without sockets, on a real store, and agents that behave as
 * PROTOCOL.md says
 *
 * Frames that the dispatcher sends are kept until their receiver takes them. Sending is only right
 * from within dispatch_flush() and after the commit: rig_send() checks that. Time is what the test
 * says. A test program is one source file, so the functions stand here.
 */
#ifndef TESTS_UNIT_DISPATCH_RIG_H
#define TESTS_UNIT_DISPATCH_RIG_H

#include "coordinator/dispatch/dispatch.h"
#include "coordinator/store/queries.h"
#include "proto/log.h"
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <utlist.h>

#include <cmocka.h>

#define RIG_FUNCTION  static __attribute__((unused))
#define RIG_INVENTORY "{\"cores\":2,\"threads\":2,\"thread_steps\":[1,2]}"
#define RIG_QUEUE     4 /* assignments that an agent holds */
#define RIG_ATTEMPTS  4096
#define KEY_LAB1      "1111111111111111111111111111111111111111"
#define KEY_LAB2      "2222222222222222222222222222222222222222"
#define KEY_LAB3      "3333333333333333333333333333333333333333"
#define KEY_ANN       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_VIC       "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
#define KEY_NOBODY    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

/* Two benchmarks with two values: four configurations. */
#define RIG_YAML                                                                                   \
	"campaign: demo\n"                                                                         \
	"matrix: {threads: [1, 2]}\n"                                                              \
	"benchmarks:\n"                                                                            \
	"  a: {command: [/bin/true, \"{threads}\"]}\n"                                             \
	"  b: {command: [/bin/false, \"{threads}\"]}\n"                                            \
	"repeat: {warmup: 1, blocks: 3}\n"
#define RIG_CONFIGURATIONS 4
#define RIG_PASSES         4

struct frame {
	struct route to;
	char *data;
	size_t len;
	struct frame *prev, *next;
};

static struct rig {
	char *dir, *path;
	struct store *store;
	struct content_store *content;
	struct keyring *keyring;
	struct dispatch *dispatch;
	struct frame *frames; /* sent and not taken yet */
	int64_t now_ns;
	bool is_flushing;
	struct route full; /* its queue is; len 0: none */
	size_t sent;       /* frames, each as it was sent */
	uint8_t routes;    /* given out */
	uint64_t random;
} rig;

RIG_FUNCTION void assert_good(int code, const struct error *err)
{
	if (code < 0)
		fail_msg("%d: %s", code, err->text);
}

/* splitmix64: the same schedule for the same seed, everywhere. */
RIG_FUNCTION uint64_t rig_random(uint64_t below)
{
	uint64_t z = rig.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

RIG_FUNCTION void drop_frame(struct frame *f)
{
	DL_DELETE(rig.frames, f);
	free(f->data);
	free(f);
}

RIG_FUNCTION void keep_frame(const struct route *to, const void *data, size_t len)
{
	struct frame *f = xcalloc(1, sizeof *f);

	f->to = *to;
	f->data = xmalloc(len);
	f->len = len;
	memcpy(f->data, data, len);
	DL_APPEND(rig.frames, f);
}

/* Each that a frame says is committed as a frame of its own, so that tests need not know with what
 * it came. */
RIG_FUNCTION void split_committed(const struct route *to, int64_t epoch, const struct list *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct message m;

		message_init(&m, MESSAGE_COMMITTED);
		m.epoch = epoch;
		m.committed.id = *LIST_AT(ids, struct attempt_id, i);
		message_encode(&m, &b);
		keep_frame(to, b.data, b.len);
	}
}

RIG_FUNCTION int rig_send(void *arg, const struct route *to, const void *data, size_t len)
{
	struct error err = {0};
	struct message m;

	(void)arg;
	assert_true(rig.is_flushing);
	assert_false(store_sqlite.in_transaction(rig.store));
	if (rig.full.len > 0 && route_equal(&rig.full, to))
		return -EAGAIN;
	rig.sent++;
	assert_good(message_decode(&m, data, len, &err), &err);
	if (m.type == MESSAGE_ASSIGN)
		split_committed(to, m.epoch, &m.assign.committed);
	keep_frame(to, data, len);
	if (m.type == MESSAGE_COMMITTED)
		split_committed(to, m.epoch, &m.committed.more);
	message_done(&m);
	return 0;
}

RIG_FUNCTION void rig_start(const char *only)
{
	struct error err = {0};

	assert_good(store_sqlite.open(&rig.store, rig.path, true, &err), &err);
	const struct dispatch_config config = {
		.ops = &store_sqlite,
		.store = rig.store,
		.content = rig.content,
		.keyring = rig.keyring,
		.gather_ns = 0,
		.send = rig_send,
	};
	rig.dispatch = dispatch_new(&config);
	assert_good(dispatch_load(rig.dispatch, only, &err), &err);
}

/* As by SIGKILL: what was not committed is gone, and so is what was sent and not received. */
RIG_FUNCTION void rig_crash(void)
{
	dispatch_free(rig.dispatch);
	store_sqlite.close(rig.store);
	while (rig.frames != NULL)
		drop_frame(rig.frames);
}

RIG_FUNCTION int rig_begin(void **state)
{
	char dir[] = "/dev/shm/joulerig-unit.XXXXXX", elsewhere[] = "/tmp/joulerig-unit.XXXXXX";
	const char *made = mkdtemp(dir);
	struct error err = {0};

	(void)state;
	log_setup("test", LOG_LEVEL_ERROR);
	rig = (struct rig){.now_ns = 1000 * NS_PER_S};
	if (made == NULL)
		made = mkdtemp(elsewhere);
	assert_non_null(made);
	rig.dir = xstrdup(made);
	rig.path = xasprintf("%s/store.db", made);
	_cleanup_free_ char *content = xasprintf("%s/content", made);
	assert_good(content_open(&rig.content, content, &err), &err);
	rig.keyring = keyring_open(NULL);
	keyring_add(rig.keyring, "lab1", KEY_LAB1, ROLE_AGENT);
	keyring_add(rig.keyring, "lab2", KEY_LAB2, ROLE_AGENT);
	keyring_add(rig.keyring, "ann", KEY_ANN, ROLE_USER);
	keyring_add(rig.keyring, "vic", KEY_VIC, ROLE_VIEWER);
	rig_start(NULL);
	return 0;
}

RIG_FUNCTION int rig_end(void **state)
{
	(void)state;
	rig_crash();
	keyring_free(rig.keyring);
	content_close(rig.content);
	remove_tree(rig.dir);
	free(rig.dir);
	free(rig.path);
	return 0;
}

RIG_FUNCTION void flush(void)
{
	struct error err = {0};

	rig.is_flushing = true;
	assert_good(dispatch_flush(rig.dispatch, rig.now_ns, &err), &err);
	rig.is_flushing = false;
}

RIG_FUNCTION void tick(int64_t after_ns)
{
	rig.now_ns += after_ns;
	dispatch_tick(rig.dispatch, rig.now_ns);
}

RIG_FUNCTION struct route new_route(void)
{
	struct route r = {.len = 5};

	rig.routes++;
	r.id[1] = rig.routes;
	r.id[4] = 1;
	return r;
}

/* Hand a frame over; nothing else happens. */
RIG_FUNCTION void hand_over(const struct route *from, const char *key, struct message *m)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	message_encode(m, &b);
	dispatch_on_frame(rig.dispatch, rig.now_ns, from, key, b.data, b.len);
}

/* Take the next frame to a route. Returns false where there is none; else message_done() is due. */
RIG_FUNCTION bool take(const struct route *to, struct message *m)
{
	struct frame *f, *next;
	struct error err = {0};

	DL_FOREACH_SAFE (rig.frames, f, next) {
		if (!route_equal(&f->to, to))
			continue;
		assert_good(message_decode(m, f->data, f->len, &err), &err);
		m->frame = f->data;
		f->data = NULL;
		drop_frame(f);
		return true;
	}
	return false;
}

/* The next frame to a route must be of this type. */
RIG_FUNCTION void expect(const struct route *to, enum message_type type, struct message *m)
{
	if (!take(to, m))
		fail_msg("no %s came", message_type_name(type));
	if (m->type != type)
		fail_msg("%s came, not %s: %s", message_type_name(m->type), message_type_name(type),
			m->type == MESSAGE_ERROR ? m->error.text : "");
}

RIG_FUNCTION void expect_nothing(const struct route *to)
{
	struct message m;

	if (take(to, &m))
		fail_msg("%s came", message_type_name(m.type));
}

RIG_FUNCTION void expect_error(const struct route *to, const char *code)
{
	struct message m;

	expect(to, MESSAGE_ERROR, &m);
	if (strcmp(m.error.code, code) != 0)
		fail_msg("error '%s', not '%s': %s", m.error.code, code, m.error.text);
	message_done(&m);
}

RIG_FUNCTION void submit(const struct route *from, const char *yaml)
{
	struct message m;

	message_init(&m, MESSAGE_SUBMIT);
	m.submit.campaign = yaml;
	m.submit.file = "demo.yaml";
	hand_over(from, KEY_ANN, &m);
	tick(NS_PER_S / 4);
	flush();
}

/* One number out of the file, as another program sees it: only what is committed. */
RIG_FUNCTION int64_t number(const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(rig.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

/* ---- an agent ---- */

struct held_result {
	struct attempt_id id;
	bool was_cancelled;
};

struct agent {
	const char *key;
	struct route route; /* len 0: not connected */
	struct id16 session;
	bool is_welcome;
	int64_t epoch;                      /* highest seen */
	struct attempt_id queue[RIG_QUEUE]; /* the first runs */
	size_t queue_n;
	struct held_result spool[RIG_ATTEMPTS];
	size_t spool_n;
	struct held_result last; /* acknowledged; attempt 0: none */
	int64_t block;           /* of the last assignment */
	int64_t committed;       /* COMMITTED that came */
	int64_t assigned;        /* ASSIGN that came */
	int64_t cancelled;       /* CANCEL that came */
	int64_t errors;
	int64_t finished; /* FINISH that came */
	int64_t teardown; /* steps that they brought */
	bool is_mute;     /* it does not answer FINISH */
};

RIG_FUNCTION bool attempt_is(const struct attempt_id *a, const struct attempt_id *b)
{
	return id16_equal(&a->campaign, &b->campaign) && a->run == b->run &&
	       a->attempt == b->attempt;
}

/* What a run measured: another number for each attempt, so that the store shows which one counted.
 */
RIG_FUNCTION int64_t measured_time(const struct attempt_id *id)
{
	return (int64_t)((uint64_t)id->run * 1000 + (uint64_t)id->attempt);
}

/* Another measurement than that, where a test wants one. */
static int64_t (*rig_measured)(const struct agent *a, const struct attempt_id *id);
static __attribute__((unused)) const struct agent *rig_measurer;
static __attribute__((unused)) int64_t rig_started_at = NS_PER_S; /* of all results */

RIG_FUNCTION void make_result(struct message *m, const struct held_result *r)
{
	static struct message_metric time;

	message_init(m, MESSAGE_RESULT);
	m->result.id = r->id;
	m->result.state = r->was_cancelled ? "cancelled" : "done";
	m->result.exit_code = 0;
	m->result.started_at = rig_started_at;
	time = (struct message_metric){"time", "ns",
		rig_measured ? rig_measured(rig_measurer, &r->id) : measured_time(&r->id), 50,
		ABSENT};
	m->result.metrics = (struct list){&time, 1};
	m->result.stdout_data = (struct blob){"1\n", 2};
}

RIG_FUNCTION void send_result(struct agent *a, const struct held_result *r)
{
	struct message m;

	rig_measurer = a;
	make_result(&m, r);
	hand_over(&a->route, a->key, &m);
}

RIG_FUNCTION void make_hello(struct message *m, const struct agent *a, struct message_held *held)
{
	size_t n = 0;

	for (size_t i = 0; i < a->spool_n; i++)
		held[n++] = (struct message_held){.id = a->spool[i].id, .state = "spooled"};
	for (size_t i = 0; i < a->queue_n; i++)
		held[n++] = (struct message_held){
			.id = a->queue[i], .state = i == 0 ? "running" : "accepted"};
	message_init(m, MESSAGE_HELLO);
	m->hello.program = "joulerig-agent";
	m->hello.version = JOULERIG_VERSION;
	m->hello.minor = PROTOCOL_MINOR;
	m->hello.session = a->session;
	m->hello.inventory = RIG_INVENTORY;
	m->hello.held = (struct list){held, n};
}

RIG_FUNCTION void agent_connect(struct agent *a)
{
	_cleanup_free_ struct message_held *held = xcalloc(a->spool_n + RIG_QUEUE, sizeof *held);
	struct message m;

	a->route = new_route();
	a->is_welcome = false;
	make_hello(&m, a, held);
	hand_over(&a->route, a->key, &m);
}

/* A new process: what was in memory is gone, the spool is not. */
RIG_FUNCTION void agent_restart(struct agent *a)
{
	a->session = id16_random();
	a->queue_n = 0;
	a->is_welcome = false;
}

RIG_FUNCTION void agent_drop(struct agent *a)
{
	struct frame *f, *next;

	DL_FOREACH_SAFE (rig.frames, f, next)
		if (route_equal(&f->to, &a->route))
			drop_frame(f);
	a->route = (struct route){0};
	a->is_welcome = false;
}

RIG_FUNCTION void remove_queued(struct agent *a, size_t i)
{
	a->queue_n--;
	memmove(&a->queue[i], &a->queue[i + 1], (a->queue_n - i) * sizeof *a->queue);
}

/* The i-th of the queue ends. It is in the spool before it is sent. */
RIG_FUNCTION void agent_end(struct agent *a, size_t i, bool was_cancelled)
{
	struct held_result *r = &a->spool[a->spool_n++];

	assert_true(a->spool_n < RIG_ATTEMPTS);
	*r = (struct held_result){.id = a->queue[i], .was_cancelled = was_cancelled};
	remove_queued(a, i);
	if (a->is_welcome)
		send_result(a, r);
}

RIG_FUNCTION bool agent_finish(struct agent *a)
{
	if (a->queue_n == 0)
		return false;
	agent_end(a, 0, false);
	return true;
}

RIG_FUNCTION void on_assigned(struct agent *a, const struct message_assign *m)
{
	for (size_t i = 0; i < a->spool_n; i++) {
		if (attempt_is(&a->spool[i].id, &m->id)) {
			send_result(a, &a->spool[i]);
			return;
		}
	}
	for (size_t i = 0; i < a->queue_n; i++)
		if (attempt_is(&a->queue[i], &m->id))
			return;
	a->assigned++;
	a->block = m->block;
	if (a->queue_n == RIG_QUEUE) {
		struct message refuse;
		message_init(&refuse, MESSAGE_REFUSE);
		refuse.refuse.id = m->id;
		refuse.refuse.reason = "the agent's queue is full";
		hand_over(&a->route, a->key, &refuse);
		return;
	}
	a->queue[a->queue_n++] = m->id;
}

RIG_FUNCTION void on_committed(struct agent *a, const struct attempt_id *id)
{
	a->committed++;
	for (size_t i = 0; i < a->spool_n; i++) {
		if (!attempt_is(&a->spool[i].id, id))
			continue;
		a->last = a->spool[i];
		a->spool_n--;
		memmove(&a->spool[i], &a->spool[i + 1], (a->spool_n - i) * sizeof *a->spool);
		return;
	}
}

RIG_FUNCTION void on_cancelled(struct agent *a, const struct attempt_id *id)
{
	a->cancelled++;
	for (size_t i = 0; i < a->queue_n; i++) {
		if (!attempt_is(&a->queue[i], id))
			continue;
		if (i == 0)
			agent_end(a, i, true);
		else
			remove_queued(a, i);
		return;
	}
}

RIG_FUNCTION void on_finish(struct agent *a, const struct message_finish *m)
{
	struct message reply;

	a->finished++;
	a->teardown += (int64_t)m->teardown.n;
	for (size_t i = 0; i < a->queue_n; i++) /* it was said too early */
		assert_false(id16_equal(&a->queue[i].campaign, &m->campaign));
	if (a->is_mute)
		return;
	message_init(&reply, MESSAGE_FINISHED);
	reply.finished.campaign = m->campaign;
	hand_over(&a->route, a->key, &reply);
}

/* Take one frame; false where none waits. */
RIG_FUNCTION bool agent_take(struct agent *a)
{
	struct message m;

	if (a->route.len == 0 || !take(&a->route, &m))
		return false;
	assert_true(m.epoch >= a->epoch);
	a->epoch = m.epoch;
	switch (m.type) {
	case MESSAGE_WELCOME:
		a->is_welcome = true;
		for (size_t i = 0; i < a->spool_n; i++)
			send_result(a, &a->spool[i]);
		break;
	case MESSAGE_ASSIGN:
		on_assigned(a, &m.assign);
		break;
	case MESSAGE_COMMITTED:
		on_committed(a, &m.committed.id);
		break;
	case MESSAGE_CANCEL:
		on_cancelled(a, &m.cancel.id);
		break;
	case MESSAGE_FINISH:
		on_finish(a, &m.finish);
		break;
	case MESSAGE_ERROR:
		a->errors++;
		break;
	default:
		break;
	}
	message_done(&m);
	return true;
}

RIG_FUNCTION void agent_take_all(struct agent *a)
{
	while (agent_take(a))
		;
}

RIG_FUNCTION void agent_ping(struct agent *a)
{
	struct message m;

	message_init(&m, MESSAGE_PING);
	m.ping.t1 = 1;
	hand_over(&a->route, a->key, &m);
}

/* Connected, welcome, and with what it was handed. */
RIG_FUNCTION void agent_arrive(struct agent *a)
{
	agent_connect(a);
	flush();
	agent_take_all(a);
	assert_true(a->is_welcome);
}

RIG_FUNCTION void agent_init(struct agent *a, const char *key)
{
	memset(a, 0, sizeof *a);
	a->key = key;
	a->session = id16_random();
}

/* Every run of the last campaign has exactly one result, and the campaign has all its runs. */
RIG_FUNCTION void assert_complete(int64_t hosts, int64_t passes)
{
	int64_t runs = hosts * passes * RIG_CONFIGURATIONS;

	assert_int_equal(number("SELECT state = 'done' FROM campaign ORDER BY id DESC LIMIT 1"), 1);
	assert_int_equal(number("SELECT total FROM campaign ORDER BY id DESC LIMIT 1"), runs);
	assert_int_equal(number("SELECT count(*) FROM run"), runs);
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE state = 'done' AND result IS NOT NULL"),
		runs);
	assert_int_equal(
		number("SELECT count(*) FROM (SELECT DISTINCT host, pass, configuration FROM run)"),
		runs);
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE block = 0"), hosts * RIG_CONFIGURATIONS);
	/* What was measured is the counted attempt's own. */
	assert_int_equal(number("SELECT count(*) FROM run WHERE time <> run * 1000 + result"), 0);
	assert_int_equal(number("SELECT count(*) FROM run WHERE result > attempt"), 0);
	assert_int_equal(number("SELECT min(run) = 1 AND max(run) = count(*) FROM run"), 1);
	assert_int_equal(number("SELECT done FROM campaign ORDER BY id DESC LIMIT 1"), runs);
}

#endif
