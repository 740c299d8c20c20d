/*
 * A runner that runs nothing: what it is given takes some virtual time, gives samples meanwhile,
 * and has a result that no other attempt has. The energy of the result is the sum of what its
 * chunks say.
 */
#include "tests/schedules/schedules.h"

#include "agent/part_state.h"
#include "agent/spool.h"

#include <utlist.h>

#define SHORT_NS   (2 * NS_PER_S)
#define LONG_NS    (100 * NS_PER_S) /* longer than a lease */
#define STARTED_NS (200 * NS_PER_MS)
#define CHUNKS_MAX 6

struct runner {
	struct node *node;
	struct runner_handler handler;
	const struct message_assign *assign;
	struct message_assign tearing; /* what assign is while tearing down */
	bool is_tearing_down;
	struct id16 campaign; /* that is torn down */
	bool is_held, is_ready, is_measuring, is_cancelled, is_streaming;
	struct buf frames;
	struct event *event; /* the next step of the run */
	struct event *started, *sampling;
	enum part_state part; /* of a run with a role */
	enum run_point point; /* told last of it */
	int64_t point_ns;
	int64_t ends_at, time_ns, energy_uj, chunks;
	const char *state;
};

struct runner *executor_new(struct node *n, const struct runner_handler *handler)
{
	struct runner *r = xcalloc(1, sizeof *r);

	r->node = n;
	r->handler = *handler;
	r->frames = (struct buf)BUF_INIT;
	return r;
}

static void drop_event(struct event **e)
{
	world_cancel(*e);
	*e = NULL;
}

static void drop_events(struct runner *r)
{
	drop_event(&r->event);
	drop_event(&r->started);
	drop_event(&r->sampling);
}

void executor_free(struct runner *r)
{
	if (r == NULL)
		return;
	drop_events(r);
	buf_done(&r->frames);
	free(r);
}

/* ---- a part of a run ---- */

static bool is_part(const struct runner *r)
{
	return r->assign != NULL && !r->is_tearing_down && text_is_set(r->assign->role);
}

static bool is_other(const struct runner *r)
{
	return is_part(r) && r->assign->is_main != 1;
}

/* Whether it fits; then it has happened. */
static bool moves(struct runner *r, enum part_event e)
{
	enum part_state next = is_part(r) ? part_state_next(r->part, e, !is_other(r)) : PART_N;

	if (next == PART_N)
		return false;
	r->part = next;
	return true;
}

static void tell_point(struct runner *r, enum run_point point, int64_t raw_ns)
{
	r->point = point;
	r->point_ns = raw_ns;
	r->handler.on_point(r->handler.arg, &r->assign->id, point, raw_ns);
}

/* ---- frames ---- */

static void add_frame(struct runner *r, const struct message *m)
{
	size_t begun = spool_frame_begin(&r->frames);

	message_encode(m, &r->frames);
	spool_frame_end(&r->frames, begun);
}

/* 8 bytes of energy, then nothing of importance. */
static void add_chunk(struct runner *r)
{
	size_t most = happens(r->node->is_loud ? 900 : 5) ? 260000 : 400;
	size_t len = sizeof(int64_t) + chance(most);
	_cleanup_free_ char *data = xcalloc(1, len);
	int64_t energy = (int64_t)chance(1000000);
	struct message m;

	memcpy(data, &energy, sizeof energy);
	message_init(&m, MESSAGE_SAMPLES);
	m.samples.id = r->assign->id;
	m.samples.chunk = r->chunks++;
	m.samples.data = (struct blob){data, len};
	add_frame(r, &m);
	r->energy_uj += energy;
}

static void add_output(struct runner *r)
{
	struct message m;

	message_init(&m, MESSAGE_OUTPUT);
	m.output.id = r->assign->id;
	m.output.stream = "stdout";
	m.output.offset = 0;
	m.output.data = (struct blob){"said\n", 5};
	add_frame(r, &m);
}

static void add_result(struct runner *r)
{
	struct message_metric metrics[2] = {
		{"time", "ns", r->time_ns, ABSENT, ABSENT},
		{"energy.package", "uJ", r->energy_uj, ABSENT, ABSENT},
	};
	struct message m;

	message_init(&m, MESSAGE_RESULT);
	m.result.id = r->assign->id;
	m.result.role = is_part(r) ? r->assign->role : NULL;
	m.result.state = r->state;
	m.result.reason = strcmp(r->state, "failed") == 0 ? "exit status 1" : NULL;
	m.result.started_at = world_now;
	m.result.chunks = r->chunks;
	m.result.metrics = (struct list){metrics, ARRAY_SIZE(metrics)};
	add_frame(r, &m);
}

/* ---- a run ---- */

static void end_run(struct runner *r, const char *state)
{
	const struct attempt_id id = r->assign->id;

	drop_events(r);
	r->state = state;
	if (happens(300))
		add_output(r);
	add_result(r);
	ledger_ended(r->node, &id, is_part(r), state, r->time_ns, r->energy_uj);
	r->assign = NULL;
	r->is_ready = r->is_measuring = false;
	r->handler.on_end(r->handler.arg, &id, &r->frames);
}

static void on_end_of_run(void *arg)
{
	struct runner *r = arg;

	r->event = NULL;
	/* Main's program is gone; what is collected of it takes a moment. */
	if (is_part(r) && !is_other(r) && !r->is_cancelled && moves(r, PART_EXIT)) {
		r->event = world_at(world_now + some_time(100 * NS_PER_MS), &r->node->process,
			on_end_of_run, r);
		tell_point(r, RUN_ENDED, world_now);
		agent_settle(r->node);
		return;
	}
	bool is_early = is_other(r) && r->part != PART_ENDING && r->part != PART_OVER;
	end_run(r, r->is_cancelled ? "cancelled" : is_early || happens(30) ? "failed" : "done");
	agent_settle(r->node);
}

static void on_started(void *arg)
{
	struct runner *r = arg;
	const struct attempt_id id = r->assign->id;

	r->started = NULL;
	r->handler.on_started(r->handler.arg, &id, world_now, world_now);
	agent_settle(r->node);
}

static void on_sampling(void *arg)
{
	struct runner *r = arg;

	r->sampling = NULL;
	add_chunk(r);
	if (r->chunks < CHUNKS_MAX && r->ends_at > world_now && happens(700))
		r->sampling = world_at(
			world_now + 1 + (int64_t)chance((uint64_t)(r->ends_at - world_now)),
			&r->node->process, on_sampling, r);
	if (r->is_streaming)
		r->handler.on_samples(r->handler.arg);
	agent_settle(r->node);
}

static void go(struct runner *r)
{
	int64_t length = 1 + some_time(r->node->is_slow && happens(300) ? LONG_NS : SHORT_NS);

	r->is_ready = false;
	r->is_measuring = true;
	r->ends_at = world_now + length;
	r->event = world_at(r->ends_at, &r->node->process, on_end_of_run, r);
	if (length > STARTED_NS)
		r->started = world_at(world_now + STARTED_NS, &r->node->process, on_started, r);
	if (happens(700))
		r->sampling = world_at(world_now + (int64_t)chance((uint64_t)length),
			&r->node->process, on_sampling, r);
}

/* A part waits for the coordinator's word. */
static void go_or_wait(struct runner *r)
{
	r->is_ready = false;
	if (!is_part(r))
		go(r);
	else if (moves(r, PART_IS_PREPARED))
		tell_point(r, RUN_PREPARED, ABSENT);
}

static void on_prepared(void *arg)
{
	struct runner *r = arg;

	r->event = NULL;
	if (r->is_held)
		r->is_ready = true;
	else
		go_or_wait(r);
	agent_settle(r->node);
}

void runner_start(struct runner *r, const struct message_assign *a)
{
	if (r->assign != NULL)
		broken("%s: two runs at once", r->node->name);
	r->assign = a;
	r->is_cancelled = r->is_ready = r->is_measuring = false;
	r->is_streaming = happens(700);
	buf_reset(&r->frames);
	r->chunks = r->energy_uj = 0;
	r->part = PART_PREPARING;
	r->point = RUN_NO_POINT;
	r->time_ns = 1 + (int64_t)chance(UINT64_C(1) << 40);
	ledger_started(r->node, a);
	if (happens(20)) /* what it needs is not there: it ends before this returns */
		end_run(r, "failed");
	else
		r->event = world_at(
			world_now + some_time(50 * NS_PER_MS), &r->node->process, on_prepared, r);
}

void runner_cancel(struct runner *r, const char *reason)
{
	(void)reason;
	if (r->assign == NULL || r->is_cancelled || r->is_tearing_down)
		return;
	r->is_cancelled = true;
	if (!r->is_measuring && !r->is_ready && happens(500)) {
		end_run(r, "cancelled");
		return;
	}
	drop_events(r);
	r->is_ready = false;
	r->event = world_at(
		world_now + some_time(100 * NS_PER_MS), &r->node->process, on_end_of_run, r);
}

/* ---- the end of a campaign ---- */

static void end_teardown(struct runner *r)
{
	const struct id16 campaign = r->campaign;

	r->is_tearing_down = false;
	r->assign = NULL;
	r->handler.on_torn_down(r->handler.arg, &campaign, happens(100) ? "it failed" : NULL);
}

static void on_torn_down(void *arg)
{
	struct runner *r = arg;

	r->event = NULL;
	end_teardown(r);
	agent_settle(r->node);
}

void runner_tear_down(struct runner *r, const struct id16 *campaign, const struct list *steps)
{
	if (r->assign != NULL)
		broken("%s: a teardown within a run", r->node->name);
	r->assign = &r->tearing;
	r->is_tearing_down = true;
	r->campaign = *campaign;
	if (steps->n == 0)
		end_teardown(r);
	else
		r->event = world_at(
			world_now + some_time(NS_PER_S), &r->node->process, on_torn_down, r);
}

/* ---- the rest of run.h ---- */

static void on_part_ready(void *arg)
{
	struct runner *r = arg;

	r->event = NULL;
	if (happens(20)) { /* its program ends before */
		moves(r, PART_EXIT);
		end_run(r, "failed");
	} else if (moves(r, PART_IS_READY)) {
		tell_point(r, RUN_READY, ABSENT);
	}
	agent_settle(r->node);
}

static void on_instant(void *arg)
{
	struct runner *r = arg;

	r->event = NULL;
	if (!moves(r, PART_INSTANT))
		return;
	r->is_measuring = true;
	if (is_other(r)) { /* its window is as long as main's */
		add_chunk(r);
		if (happens(30))
			r->event = world_at(world_now + some_time(SHORT_NS), &r->node->process,
				on_end_of_run, r);
	} else {
		go(r);
	}
	agent_settle(r->node);
}

static bool is_for(const struct runner *r, const struct attempt_id *id)
{
	return is_part(r) && !r->is_cancelled && attempt_equal(&r->assign->id, id);
}

void runner_go(struct runner *r, const struct message_go *go)
{
	if (!is_for(r, &go->id))
		return;
	bool is_measure = strcmp(go->what, "measure") == 0;
	if (!moves(r, is_measure ? PART_GO_MEASURE : PART_GO_START))
		return;
	r->point = RUN_NO_POINT;
	if (is_measure)
		r->event = world_at(
			go->at == ABSENT ? world_now : go->at, &r->node->process, on_instant, r);
	else
		r->event = world_at(world_now + some_time(500 * NS_PER_MS), &r->node->process,
			on_part_ready, r);
}

void runner_stop(struct runner *r, const struct attempt_id *id)
{
	if (!is_for(r, id) || !moves(r, PART_STOP))
		return;
	r->point = RUN_NO_POINT;
	drop_events(r);
	r->event = world_at(
		world_now + some_time(100 * NS_PER_MS), &r->node->process, on_end_of_run, r);
}

enum run_point runner_point(const struct runner *r, int64_t *raw_ns)
{
	*raw_ns = r->point_ns;
	return is_part(r) && (!r->is_cancelled || r->point == RUN_ENDED) ? r->point : RUN_NO_POINT;
}

bool runner_needs_word(const struct runner *r)
{
	return is_part(r) && part_state_needs_word(r->part, !is_other(r));
}

void runner_hold(struct runner *r)
{
	r->is_held = true;
}

void runner_release(struct runner *r)
{
	r->is_held = false;
	if (r->is_ready && !r->is_cancelled)
		go_or_wait(r);
}

const char *runner_containment(const struct runner *r)
{
	(void)r;
	return "none";
}

bool runner_is_measuring(const struct runner *r)
{
	return r->is_measuring;
}

bool runner_is_tearing_down(const struct runner *r)
{
	return r->is_tearing_down;
}

const struct message_assign *runner_current(const struct runner *r)
{
	return r->assign;
}

void runner_files_arrived(struct runner *r)
{
	(void)r;
}

void runner_files_failed(struct runner *r, const char *why)
{
	(void)r;
	(void)why;
}

void runner_committed(struct runner *r, const struct attempt_id *id)
{
	ledger_acknowledged(r->node, id);
}

void runner_thin(struct runner *r, unsigned level)
{
	(void)r;
	(void)level;
}

const struct buf *runner_frames(const struct runner *r)
{
	return &r->frames;
}

/* ---- files.h: these campaigns have none ---- */

void files_hold(struct files *f, const struct message_assign *a)
{
	(void)f;
	(void)a;
}

void files_release(struct files *f, const struct message_assign *a)
{
	(void)f;
	(void)a;
}

int files_take(struct files *f, const struct message_file_chunk *c, struct error *err)
{
	(void)f;
	(void)c;
	(void)err;
	return 0;
}

bool files_is_disk_broken(int code)
{
	(void)code;
	return false;
}

void files_forget_request(struct files *f)
{
	(void)f;
}

size_t files_uses(const struct files *f, const struct id16 *campaign, struct use **out)
{
	(void)f;
	(void)campaign;
	*out = NULL;
	return 0;
}

void files_uses_free(struct use *uses, size_t n)
{
	(void)uses;
	(void)n;
}
