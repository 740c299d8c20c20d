/* One attempt at a run of several hosts, from ASSIGN to its result: gang.h. */
#include "coordinator/dispatch/gang.h"

#include "coordinator/dispatch/gang_compose.h"
#include "coordinator/dispatch/outcome.h"
#include "coordinator/dispatch/rendered.h"
#include "coordinator/dispatch/totals.h"
#include "proto/clock.h"
#include "proto/log.h"

/* Between GO and the common start: some of the largest delays of the links, and no less than an
 * agent may need to be woken. */
#define MARGIN_DELAYS 4
#define MARGIN_LEAST  (20 * NS_PER_MS)

void gang_free(struct gang *g)
{
	for (size_t i = 0; g != NULL && i < g->n; i++) {
		free(g->parts[i].address);
		streams_done(&g->parts[i].streams);
		if (g->parts[i].has_result)
			message_done(&g->parts[i].result);
	}
	if (g != NULL)
		free(g->parts);
	free(g);
}

static const struct campaign_role *role_of(const struct gang *g, size_t part)
{
	return &live_configuration(g->live, g->run)->benchmark->roles[part];
}

struct gang *gang_of_run(const struct live *l, const struct live_run *r)
{
	struct gang *g = r != NULL ? l->lanes[r->lane].gang : NULL;

	return g != NULL && g->run == r ? g : NULL;
}

struct gang *gang_of(struct dispatch *d, const struct host *h, const struct attempt_id *id,
	struct gang_part **part)
{
	struct live *l = dispatch_live_by_uuid(d, &id->campaign);
	struct live_run *r = l ? live_find_run(l, id->run) : NULL;
	struct gang *g = l ? gang_of_run(l, r) : NULL;

	for (size_t i = 0; g != NULL && r->attempt == id->attempt && i < g->n; i++) {
		if (g->parts[i].host != h)
			continue;
		*part = &g->parts[i];
		return g;
	}
	return NULL;
}

static bool move(struct gang *g, enum gang_event e)
{
	enum gang_state next = gang_state_next(g->state, e);

	if (next == GANG_STATE_N)
		return false;
	g->state = next;
	return true;
}

/* ---- what the hosts are told ---- */

static void send_assign(struct dispatch *d, const struct gang *g, size_t part)
{
	struct live *l = g->live;
	const size_t at = g->lane->plan->parts[part];
	struct render_arena *arena = NULL;
	_cleanup_free_ char *workdir = NULL;
	struct message m;

	message_init(&m, MESSAGE_ASSIGN);
	campaign_render_role(l->campaign, live_configuration(l, g->run), part, &l->hosts[at],
		l->label, &m.assign, &arena);
	workdir = rendered_complete(&m.assign, l, live_configuration(l, g->run));
	agents_fill_id(&m.assign.id, l, g->run);
	m.assign.block = g->run->block;
	m.assign.lease_ns = LEASE_NS;
	dispatch_queue(d, &g->parts[part].host->route, &m);
	render_done(arena);
}

static void send_go(struct dispatch *d, const struct gang *g, size_t part, const char *what)
{
	struct host *h = g->parts[part].host;
	struct message_pair *pairs = xcalloc(g->n, sizeof *pairs);
	struct message m;

	for (size_t i = 0; i < g->n; i++)
		pairs[i] = (struct message_pair){role_of(g, i)->name, g->parts[i].address};
	message_init(&m, MESSAGE_GO);
	agents_fill_id(&m.go.id, g->live, g->run);
	m.go.what = what;
	m.go.addresses = (struct list){.items = pairs, .n = g->n};
	if (g->is_measured && h->offset != ABSENT)
		m.go.at = g->measure_at - h->offset;
	dispatch_queue(d, &h->route, &m);
	free(pairs);
}

static void send_stop(struct dispatch *d, const struct gang *g, size_t part)
{
	struct message m;

	message_init(&m, MESSAGE_STOP);
	agents_fill_id(&m.stop.id, g->live, g->run);
	dispatch_queue(d, &g->parts[part].host->route, &m);
}

void gang_call_off(struct dispatch *d, const struct gang *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->parts[i].has_result)
			agents_call_off(d, g->parts[i].host, g->live, g->run);
}

void gang_begin(struct dispatch *d, struct lane *lane, struct live_run *r)
{
	const struct benchmark *b = live_configuration(lane->live, r)->benchmark;
	struct gang *g = lane->gang = xcalloc(1, sizeof *g);

	*g = (struct gang){.state = GANG_ASSIGNED,
		.live = lane->live,
		.lane = lane,
		.run = r,
		.parts = xcalloc(lane->members_n, sizeof *g->parts),
		.n = lane->members_n,
		.main = b->main};
	for (size_t i = 0; i < g->n; i++)
		g->parts[i].host = lane->members[i];
	for (size_t i = 0; i < g->n; i++)
		send_assign(d, g, i);
}

/* ---- from prepared to measured ---- */

static void measure(struct dispatch *d, struct gang *g)
{
	int64_t margin = MARGIN_LEAST;

	for (size_t i = 0; i < g->n; i++) {
		int64_t delay = g->parts[i].host->delay;
		if (delay != ABSENT && delay > 0 && delay < NS_PER_S &&
			MARGIN_DELAYS * delay > margin)
			margin = MARGIN_DELAYS * delay;
	}
	g->measure_at = clock_raw_ns() + margin;
	g->is_measured = true;
	g->parts[g->main].is_started = true;
	/* Those that must begin to measure before main does are told before it. */
	for (size_t i = 0; i < g->n; i++)
		if (i != g->main)
			send_go(d, g, i, "measure");
	send_go(d, g, g->main, "measure");
}

/* Start the next role, or main where all others are ready. */
static void go_on(struct dispatch *d, struct gang *g)
{
	if (g->state != GANG_PREPARED && g->state != GANG_STARTING)
		return;
	for (size_t i = 0; i < g->n; i++) {
		if (i == g->main || g->parts[i].is_ready)
			continue;
		if (g->parts[i].is_started)
			return;
		g->parts[i].is_started = true;
		(void)move(g, GANG_START);
		send_go(d, g, i, "start");
		return;
	}
	if (move(g, GANG_ALL_READY))
		measure(d, g);
}

void gang_on_ready(struct dispatch *d, struct host *h, const struct message_ready *m)
{
	struct gang_part *part = NULL;
	struct gang *g = gang_of(d, h, &m->id, &part);
	bool are_prepared = true;

	if (g == NULL)
		return;
	if (text_is(m->point, "ready")) {
		part->is_ready = part->is_started;
	} else if (text_is(m->point, "prepared") && !part->is_prepared) {
		part->is_prepared = true;
		part->address = xstrdup(text_is_set(m->address) ? m->address : h->name);
	}
	for (size_t i = 0; i < g->n; i++)
		are_prepared = are_prepared && g->parts[i].is_prepared;
	if (are_prepared)
		(void)move(g, GANG_ALL_PREPARED);
	go_on(d, g);
}

static void end_others(struct dispatch *d, struct gang *g)
{
	if (!move(g, GANG_MAIN_ENDED))
		return;
	for (size_t i = 0; i < g->n; i++)
		if (i != g->main && !g->parts[i].has_result)
			send_stop(d, g, i);
}

void gang_on_ended(struct dispatch *d, struct host *h, const struct message_ended *m)
{
	struct gang_part *part = NULL;
	struct gang *g = gang_of(d, h, &m->id, &part);

	if (g != NULL && part == &g->parts[g->main])
		end_others(d, g);
}

/* ---- connections that were cut ---- */

void gang_on_hello(struct dispatch *d, struct host *h, bool is_held, struct gang *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct gang_part *p = &g->parts[i];

		if (p->host != h || p->has_result)
			continue;
		if (!is_held) {
			send_assign(d, g, i);
			continue;
		}
		if (p->is_started && i != g->main)
			send_go(d, g, i, "start");
		if (g->is_measured)
			send_go(d, g, i, "measure");
		if (g->state == GANG_ENDING && i != g->main)
			send_stop(d, g, i);
	}
}

void gang_on_trouble(struct dispatch *d, struct host *h)
{
	for (size_t i = h->flights_n; i-- > 0 && d->failure.code == 0;) {
		struct flight f = h->flights[i];
		const struct gang *g = gang_of_run(f.live, f.run);

		if (g != NULL && (g->state == GANG_ASSIGNED || g->state == GANG_PREPARED))
			steer_recall(d, f.live, f.run);
	}
}

/* ---- results ---- */

bool gang_has_result(const struct host *h, const struct live *l, const struct live_run *r)
{
	const struct gang *g = gang_of_run(l, r);

	for (size_t i = 0; g != NULL && i < g->n; i++)
		if (g->parts[i].host == h)
			return g->parts[i].has_result;
	return false;
}

static int keep_part(struct dispatch *d, const struct host *h, int64_t campaign,
	const struct message_result *m, const struct buf *bytes)
{
	const struct store_part row = {.campaign = campaign,
		.run = m->id.run,
		.attempt = m->id.attempt,
		.role = m->role,
		.host = h->id,
		.state = m->state,
		.reason = m->reason,
		.started_at = m->started_at,
		.ended_at = clock_realtime_ns(),
		.exit_code = m->exit_code,
		.signal = m->signal,
		.cpus = m->cpus,
		.result = {.data = bytes->data, .len = bytes->len}};
	struct error err = {0};

	if (dispatch_begin(d) < 0)
		return d->failure.code;
	int r = d->config.ops->put_part(d->config.store, &row, &err);
	if (r > 0)
		totals_part(d->config.totals, h->name, m);
	return r < 0 ? dispatch_fail(d, &err) : 0;
}

/* The metrics of the campaign's own are taken from what the role they name has left. */
static void open_outputs(const struct gang *g, struct run_output *outputs)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->parts[i].has_result)
			outcome_fill_run(
				&g->parts[i].streams, &g->parts[i].result.result, &outputs[i]);
		outputs[i].role = role_of(g, i)->name;
	}
	outputs[g->main].parts = outputs;
	outputs[g->main].parts_n = g->n;
}

static void close_outputs(struct run_output *outputs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)outputs[i].files);
	free(outputs);
}

/* The run has its result. g is gone after that. broken: the part that ended it (n: none). */
static int conclude(struct dispatch *d, struct gang *g, size_t broken, const char *why)
{
	struct composing_part *parts = xcalloc(g->n, sizeof *parts);
	struct run_output *outputs = xcalloc(g->n, sizeof *outputs);
	struct live *l = g->live;
	struct live_run *r = g->run;
	const size_t n = g->n;
	struct composed c;
	struct outcome o;
	struct error err = {0};

	for (size_t i = 0; i < g->n; i++)
		parts[i] = (struct composing_part){.role = role_of(g, i)->name,
			.host = g->parts[i].host->name,
			.result = g->parts[i].has_result ? &g->parts[i].result.result : NULL};
	compose(&c, parts, g->n, g->main, broken, why);
	agents_fill_id(&c.result.id, l, r);
	open_outputs(g, outputs);
	outputs[g->main].measured = c.result.metrics.items;
	outputs[g->main].measured_n = c.result.metrics.n;
	int status = outcome_make_of(
		&o, l, r, &c.result, &outputs[g->main], &g->parts[c.told].streams, d->s, &err);
	status = status < 0 ? dispatch_fail(d, &err)
			    : reports_conclude(d, l, r, g->lane->plan->host, &c.result, &o);
	outcome_done(&o);
	close_outputs(outputs, n);
	composed_done(&c);
	free(parts);
	return status;
}

static int break_off(struct dispatch *d, struct gang *g, size_t part, const char *why)
{
	(void)move(g, GANG_BREAK);
	gang_call_off(d, g);
	return conclude(d, g, part, why);
}

/* What follows from a part's result, which has just come. */
static int look_at(struct dispatch *d, struct gang *g, size_t part)
{
	const struct message_result *m = &g->parts[part].result.result;
	bool is_done = text_is(m->state, RUN_DONE);

	if (text_is(m->state, RUN_CANCELLED)) {
		agents_give_back(
			d, g->parts[part].host, g->live, g->run, "one of its agents ended it");
		return d->failure.code;
	}
	if (part == g->main && g->state == GANG_MEASURING)
		end_others(d, g);
	if (g->state != GANG_ENDING)
		return break_off(
			d, g, part, is_done ? "it ended before main, which it is there for" : NULL);
	for (size_t i = 0; i < g->n; i++)
		if (!g->parts[i].has_result)
			return 0;
	(void)move(g, GANG_ALL_RESULTS);
	return conclude(d, g, g->n, NULL);
}

int gang_on_result(
	struct dispatch *d, struct host *h, int64_t campaign, const struct message_result *m)
{
	struct gang_part *part = NULL;
	struct gang *g = gang_of(d, h, &m->id, &part);
	_cleanup_buf_ struct buf bytes = BUF_INIT;
	struct message copy;
	struct error err = {0};

	message_init(&copy, MESSAGE_RESULT);
	copy.result = *m;
	message_encode(&copy, &bytes);
	int status = keep_part(d, h, campaign, m, &bytes);
	if (status < 0 || g == NULL || part->has_result)
		return status;
	if (message_decode(&part->result, bytes.data, bytes.len, &err) < 0)
		return dispatch_fail(d, &err);
	part->result.frame = buf_take(&bytes);
	part->has_result = true;
	return look_at(d, g, (size_t)(part - g->parts));
}
