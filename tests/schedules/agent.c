/* An agent's process: the real core, with a loop and a link of ours below it. */
#include "tests/schedules/schedules.h"

#include "agent/conversation.h"

#include "agent/inventory.h"
#include "agent/overhead.h"
#include "proto/clock.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utlist.h>

#define RESTART_NS (90 * NS_PER_S)

struct node nodes[NODES_MAX];
size_t nodes_n;

/* ---- the loop ---- */

struct loop {
	struct node *node;
	bool is_stopping;
	struct loop_timer *timers;
};

struct loop_timer {
	struct loop *loop;
	int64_t at, period;
	loop_timer_fn *fn;
	void *arg;
	struct event *event;
	struct loop_timer *prev, *next;
};

static void free_timer(struct loop_timer *t)
{
	DL_DELETE(t->loop->timers, t);
	world_cancel(t->event);
	free(t);
}

static void on_timer(void *arg)
{
	struct loop_timer *t = arg;
	struct node *n = t->loop->node;
	loop_timer_fn *fn = t->fn;
	void *fn_arg = t->arg;

	t->event = NULL;
	if (t->period > 0) {
		t->at += t->period;
		t->event = world_at(t->at, &n->process, on_timer, t);
	} else {
		free_timer(t);
	}
	fn(fn_arg, world_now);
	agent_settle(n);
}

struct loop_timer *loop_add_timer(
	struct loop *l, int64_t at_ns, int64_t period_ns, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof *t);

	*t = (struct loop_timer){.loop = l, .at = at_ns, .period = period_ns, .fn = fn, .arg = arg};
	t->event = world_at(at_ns, &l->node->process, on_timer, t);
	DL_APPEND(l->timers, t);
	return t;
}

void loop_cancel_timer(struct loop *l, struct loop_timer *t)
{
	(void)l;
	if (t != NULL)
		free_timer(t);
}

void loop_stop(struct loop *l, int status)
{
	(void)status;
	l->is_stopping = true;
}

bool loop_is_stopping(const struct loop *l)
{
	return l->is_stopping;
}

/* ---- the link ---- */

struct link_client {
	struct node *node;
};

/* The second value of a frame is its type. */
static bool is_result(const uint8_t *data, size_t len)
{
	return len > 2 && data[2] == MESSAGE_RESULT;
}

int link_client_send(struct link_client *c, const void *data, size_t len)
{
	struct node *n = c->node;

	if (is_result(data, len) && !disk_is_dead(n->disk) && !disk_is_durable(n->disk))
		broken("%s: a result is sent before it is durable", n->name);
	return n->wire == NULL || disk_is_dead(n->disk) ? -EAGAIN
							: wire_send_up(n->wire, data, len);
}

/* ---- what HELLO tells of the machine ---- */

struct meter_set *meters_get(struct meters *ms, const char *wish, struct error *err)
{
	static struct meter_set none;

	(void)ms;
	(void)wish;
	(void)err;
	return &none;
}

bool meters_look_again(struct meters *ms)
{
	(void)ms;
	return false;
}

char *inventory_json(const struct machine *m, const struct topology *t,
	const struct energy_meter *meter, const struct list *labels)
{
	(void)m;
	(void)t;
	(void)meter;
	(void)labels;
	return xstrdup("{\"cores\":2,\"threads\":2,\"thread_steps\":[1,2]}");
}

char *inventory_with(char *inventory, const char *key, json_t *value)
{
	(void)key;
	json_decref(value);
	return inventory;
}

char *overhead_add(char *inventory, const char *state)
{
	(void)state;
	return inventory;
}

/* ---- the process ---- */

static int open_core(struct node *n, struct connection *c)
{
	_cleanup_free_ char *spool_dir = xasprintf("%s/spool", n->dir);
	const struct runner_handler handler = {.on_started = conversation_on_started,
		.on_point = conversation_on_point,
		.on_samples = conversation_on_samples,
		.on_end = conversation_on_end,
		.on_torn_down = conversation_on_torn_down,
		.arg = c};
	int r = epoch_open(&c->epoch, n->dir, &n->err);

	if (r == 0)
		r = spool_open(&c->spool, spool_dir, &n->err);
	if (r < 0)
		return r;
	c->runner = executor_new(n, &handler);
	outbox_init(&c->outbox, c->spool, conversation_send, c);
	return 0;
}

static void close_core(struct connection *c)
{
	struct assignment *a, *next;

	executor_free(c->runner);
	c->runner = NULL;
	conversation_drop_trouble(c);
	outbox_done(&c->outbox);
	DL_FOREACH_SAFE (c->queue, a, next)
		conversation_drop(c, a);
	conversation_drop_finishes(c);
	spool_close(c->spool);
	while (c->loop->timers != NULL)
		free_timer(c->loop->timers);
	free(c->committed);
	epoch_done(&c->epoch);
	buf_done(&c->scratch);
	buf_done(&c->spare);
	free(c->link);
	free(c->loop);
	free(c);
}

/* What a death left half written is not among its results. */
static void check_spool(const struct node *n)
{
	const struct attempt_id *id;

	for (size_t i = 0; (id = spool_at(n->c->spool, i)) != NULL; i++) {
		_cleanup_buf_ struct buf payload = BUF_INIT;
		struct error err = {0};
		const void *frame;
		size_t at = 0, len;
		bool has_result = false;

		if (spool_read(n->c->spool, id, &payload, &err) < 0)
			broken("%s: %s", n->name, err.text);
		while (spool_next_frame(payload.data, payload.len, &at, &frame, &len))
			has_result = is_result(frame, len);
		if (!has_result)
			broken("%s: its spool holds a torn result", n->name);
	}
}

static void on_start(void *arg)
{
	struct node *n = arg;

	n->starting = NULL;
	agent_start(n);
}

static void start_later(struct node *n)
{
	if (n->starting == NULL)
		n->starting =
			world_at(world_now + NS_PER_MS + some_time(RESTART_NS), NULL, on_start, n);
}

void agent_start(struct node *n)
{
	if (n->c != NULL)
		return;
	struct connection *c = xcalloc(1, sizeof *c);
	*c = (struct connection){.options = &n->options,
		.endpoint = (char *)(uintptr_t) "tcp://coordinator",
		.state = n->dir,
		.state_lock = -1,
		.scratch = BUF_INIT,
		.spare = BUF_INIT,
		.err = &n->err};
	n->err = (struct error){0};
	n->process.stalled_until = 0;
	c->loop = xcalloc(1, sizeof *c->loop);
	c->loop->node = n;
	c->link = xcalloc(1, sizeof *c->link);
	c->link->node = n;
	c->has_local_coordinator = happens(300);
	if (open_core(n, c) < 0 || disk_is_dead(n->disk)) {
		narrate("%s cannot start: %s", n->name, n->err.text);
		close_core(c);
		disk_revive(n->disk, DEATH_KILL);
		start_later(n);
		return;
	}
	c->session = id16_random();
	n->c = c;
	check_spool(n);
	narrate("%s starts, %zu results in its spool", n->name, spool_count(c->spool));
	network_connect(n);
}

void agent_kill(struct node *n, enum death how)
{
	if (n->c == NULL)
		return;
	narrate("%s is killed%s", n->name, how == DEATH_POWER ? " by a loss of power" : "");
	disk_die_after(n->disk, 1);
	network_agent_died(n);
	close_core(n->c);
	n->c = NULL;
	disk_revive(n->disk, how);
	start_later(n);
}

void agent_die_in_writes(struct node *n, uint64_t in, enum death how)
{
	n->death = how;
	disk_die_after(n->disk, in);
}

void agent_settle(struct node *n)
{
	if (n->c == NULL)
		return;
	if (n->c->loop->is_stopping)
		narrate("%s gives up: %s", n->name, n->err.text);
	if (n->c->loop->is_stopping || disk_is_dead(n->disk))
		agent_kill(n, disk_is_dead(n->disk) ? n->death : DEATH_KILL);
	else
		ledger_check_hands();
}

bool agent_is_empty(const struct node *n)
{
	return n->c != NULL && n->c->queue == NULL && n->c->unspooled == NULL &&
	       spool_count(n->c->spool) == 0;
}

bool agent_holds(const struct node *n, const struct attempt_id *id)
{
	struct assignment *a;

	if (n->c == NULL)
		return false;
	DL_FOREACH (n->c->queue, a) {
		if (attempt_equal(&a->m.assign.id, id))
			return true;
	}
	return false;
}

void agents_begin(size_t n, const char *dir)
{
	static const char *const names[NODES_MAX] = {"lab1", "lab2", "lab3"};
	static const char *const keys[NODES_MAX] = {"1111111111111111111111111111111111111111",
		"2222222222222222222222222222222222222222",
		"3333333333333333333333333333333333333333"};

	nodes_n = n;
	for (size_t i = 0; i < n; i++) {
		nodes[i] = (struct node){.index = i, .name = names[i], .key = keys[i]};
		nodes[i].dir = xasprintf("%s/%s", dir, names[i]);
		if (mkdir(nodes[i].dir, 0700) < 0)
			broken("%s: %s", nodes[i].dir, strerror(errno));
		nodes[i].disk = disk_new(nodes[i].dir);
		nodes[i].is_slow = accidents_have("slow", 200);
		nodes[i].is_loud = accidents_have("loud", 50);
		agent_start(&nodes[i]);
	}
}

void agents_end(void)
{
	for (size_t i = 0; i < nodes_n; i++) {
		struct node *n = &nodes[i];
		if (n->c != NULL)
			close_core(n->c);
		n->c = NULL;
		disk_free(n->disk);
		remove_tree(n->dir);
		free(n->dir);
	}
	nodes_n = 0;
}
