#include "coordinator/dispatch/live.h"

#include "coordinator/dispatch/answers.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include <stdio.h>
#include <utlist.h>

static int64_t passes(const struct live *l)
{
	return l->campaign->warmup + l->campaign->max;
}

static int64_t block_of_pass(const struct live *l, int64_t pass)
{
	return pass < l->campaign->warmup ? 0 : pass - l->campaign->warmup + 1;
}

/* Numbers run by pass, then lane, then place, from 1. */
static int64_t first_number(const struct live *l, size_t lane, int64_t pass)
{
	int64_t n = pass * l->runs_a_pass + 1;

	for (size_t i = 0; i < lane; i++)
		n += (int64_t)l->plan->lanes[i].n;
	return n;
}

static struct live *new_live(struct campaign *c, const char *label)
{
	struct live *l = xcalloc(1, sizeof *l);

	l->campaign = c;
	l->label = xstrdup(label);
	return l;
}

static void set_hosts(struct live *l, struct host *const *hosts, size_t n)
{
	l->lanes = xcalloc(n, sizeof *l->lanes);
	l->hosts = xcalloc(n, sizeof *l->hosts);
	l->lanes_n = n;
	for (size_t i = 0; i < n; i++) {
		l->lanes[i].host = hosts[i];
		l->hosts[i].name = xstrdup(hosts[i]->name);
		l->hosts[i].inventory = xstrdup(hosts[i]->inventory);
	}
}

static void take_plan(struct live *l, struct plan *plan)
{
	l->plan = plan;
	for (size_t i = 0; i < l->lanes_n; i++) {
		l->lanes[i].plan = &plan->lanes[i];
		l->runs_a_pass += (int64_t)plan->lanes[i].n;
	}
	l->total = plan->runs;
}

static int make_plan(struct live *l, struct error *err)
{
	struct plan *plan = NULL;
	int r = plan_make(l->campaign, l->hosts, l->lanes_n, &plan, err);

	if (r == 0)
		take_plan(l, plan);
	return r;
}

/* The campaign's row, with the hosts that take part; nobody has been told of it yet. */
static int write_new(
	struct live *l, const struct live_request *q, struct live_store s, struct error *err)
{
	struct store_campaign c = {
		.uuid = l->uuid,
		.name = l->campaign->name,
		.file = q->file,
		.yaml = q->yaml,
		.changes = q->changes,
		.tree = q->tree,
		.directory = q->directory,
		.state = "queued",
		.total = l->total,
		.submitted_at = l->submitted_at,
		.ended_at = ABSENT,
	};
	int r = s.ops->add_campaign(s.store, &c, err);

	for (size_t i = 0; r == 0 && i < l->lanes_n; i++)
		r = s.ops->add_lane(s.store, c.id, (int64_t)i, l->lanes[i].host->id, err);
	if (r < 0)
		return r;
	l->id = c.id;
	free(l->label);
	l->label = xasprintf("%s.%lld", l->campaign->name, (long long)c.number);
	return 0;
}

int live_write(struct live *l, size_t limit, struct live_store s, struct error *err)
{
	const struct plan *p = l->plan;
	_cleanup_buf_ struct buf parameters = BUF_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < limit && l->written < p->configurations_n; i++) {
		const struct configuration *one = &p->configurations[l->written];

		buf_reset(&parameters);
		configuration_parameters(one, &parameters);
		r = s.ops->add_configuration(s.store, l->id, (int64_t)l->written,
			one->benchmark->name, parameters.data, err);
		l->written++;
	}
	if (r < 0 || l->written < p->configurations_n)
		return r;
	r = s.ops->set_campaign_state(s.store, l->id, "running", ABSENT, err);
	return r < 0 ? r : 1;
}

static void set_payload(struct live *l, const struct blob *tree, const char *directory)
{
	l->has_tree = tree->data != NULL && tree->len == sizeof l->tree;
	if (l->has_tree)
		memcpy(l->tree, tree->data, sizeof l->tree);
	l->directory = text_is_set(directory) ? xstrdup(directory) : NULL;
}

int live_create(struct live **out, struct campaign *c, struct plan *plan,
	const struct live_request *request, struct live_store s, struct error *err)
{
	struct live *l = new_live(c, c->name);

	l->uuid = id16_random();
	l->submitted_at = clock_realtime_ns();
	set_payload(l, &request->tree, request->directory);
	l->lanes = xcalloc(request->hosts_n, sizeof *l->lanes);
	l->lanes_n = request->hosts_n;
	l->hosts = request->planned;
	for (size_t i = 0; i < l->lanes_n; i++)
		l->lanes[i].host = request->hosts[i];
	take_plan(l, plan);
	int r = write_new(l, request, s, err);
	if (r < 0) {
		live_free(l);
		return r;
	}
	*out = l;
	return 0;
}

void live_free(struct live *l)
{
	struct live_run *r, *next;

	if (l == NULL)
		return;
	HASH_ITER (hh, l->runs, r, next) {
		HASH_DEL(l->runs, r);
		streams_done(&r->streams);
		free(r);
	}
	for (size_t i = 0; i < l->lanes_n; i++) {
		free((void *)l->hosts[i].name);
		free((void *)l->hosts[i].inventory);
	}
	answers_free(l->answers);
	plan_free(l->plan);
	campaign_free(l->campaign);
	free(l->hosts);
	free(l->lanes);
	free(l->directory);
	free(l->label);
	free(l);
}

struct lane *live_lane(struct live *l, const struct host *h)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].host == h)
			return &l->lanes[i];
	return NULL;
}

static struct live_run *add_live_run(
	struct live *l, int64_t number, size_t lane, size_t configuration, int64_t pass)
{
	struct live_run *r = xcalloc(1, sizeof *r);

	*r = (struct live_run){
		.run = number,
		.lane = lane,
		.configuration = configuration,
		.pass = pass,
		.block = block_of_pass(l, pass),
		.state = STATE_QUEUED,
	};
	HASH_ADD(hh, l->runs, run, sizeof r->run, r);
	return r;
}

static void count_end(struct live *l, struct lane *lane, int64_t block, enum run_state state)
{
	l->done++;
	lane->ended++;
	l->skipped += state == STATE_SKIPPED;
	l->failed += block > 0 && (state == STATE_FAILED || state == STATE_TIMEOUT);
}

/* Write a pass of a lane, shuffled; runs that the host cannot do end as skipped at once. */
static int begin_pass(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	size_t index = (size_t)(lane - l->lanes), n = lane->plan->n;
	int64_t pass = lane->passes_begun, number = first_number(l, index, pass);
	_cleanup_free_ size_t *order = xcalloc(n, sizeof *order);
	int r = 0;

	plan_shuffle(l->campaign->seed, index, pass, order, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *skipped = lane->plan->skipped[order[i]];
		struct store_run row = {
			.campaign = l->id,
			.run = number + (int64_t)i,
			.block = block_of_pass(l, pass),
			.pass = pass,
			.host = lane->host->id,
			.configuration = (int64_t)lane->plan->configurations[order[i]],
			.state = skipped ? RUN_SKIPPED : RUN_QUEUED,
			.reason = skipped,
		};
		r = s.ops->add_run(s.store, &row, err);
		if (skipped != NULL) {
			count_end(l, lane, row.block, STATE_SKIPPED);
		} else {
			struct live_run *run =
				add_live_run(l, row.run, index, (size_t)row.configuration, pass);
			DL_APPEND(lane->queue, run);
		}
	}
	lane->passes_begun++;
	return r;
}

int live_next(struct live *l, struct lane *lane, int64_t now_ns, int64_t at, struct live_store s,
	struct live_run **out, struct error *err)
{
	struct live_run *r;
	int status = 0;

	*out = NULL;
	while (lane->queue == NULL && lane->passes_begun < passes(l))
		if ((status = begin_pass(l, lane, s, err)) < 0)
			return status;
	r = lane->queue;
	if (r == NULL || !host_take(lane->host, l, r))
		return 0;
	DL_DELETE(lane->queue, r);
	r->attempt++;
	r->state = run_state_next(r->state, EVENT_ASSIGN);
	if (lane->first_ns == 0)
		lane->first_ns = now_ns;
	*out = r;
	return s.ops->start_attempt(s.store, l->id, r->run, r->attempt, at, err);
}

struct live_run *live_find_run(struct live *l, int64_t run)
{
	struct live_run *r;

	HASH_FIND(hh, l->runs, &run, sizeof run, r);
	return r;
}

static void drop_run(struct live *l, struct live_run *r)
{
	if (r->state == STATE_QUEUED)
		DL_DELETE(l->lanes[r->lane].queue, r);
	host_put_down(l->lanes[r->lane].host, r);
	HASH_DEL(l->runs, r);
	streams_done(&r->streams);
	free(r);
}

void live_end(struct live *l, struct live_run *r, enum run_event event,
	const struct store_result *result)
{
	(void)result;
	struct lane *lane = &l->lanes[r->lane];

	count_end(l, lane, r->block, run_state_next(r->state, event));
	lane->timed++;
	drop_run(l, r);
}

int live_lose(struct live *l, struct live_run *r, const char *why, int64_t at, struct live_store s,
	struct error *err)
{
	struct lane *lane = &l->lanes[r->lane];
	int status =
		s.ops->set_attempt_state(s.store, l->id, r->run, r->attempt, ATTEMPT_LOST, at, err);

	if (status == 0)
		status = s.ops->add_event(
			s.store, l->id, lane->host->id, r->run, "lost", why, at, err);
	if (status < 0)
		return status;
	if (++r->lost >= l->campaign->attempts) {
		_cleanup_free_ char *reason =
			xasprintf("lost %lld times, the last time: %s", (long long)r->lost, why);
		status = s.ops->set_run_state(s.store, l->id, r->run, RUN_FAILED, reason, err);
		live_end(l, r, EVENT_FAILED, NULL);
		return status;
	}
	host_put_down(lane->host, r);
	r->state = run_state_next(r->state, EVENT_LOST);
	DL_PREPEND(lane->queue, r);
	return s.ops->set_run_state(s.store, l->id, r->run, RUN_QUEUED, NULL, err);
}

bool live_is_over(const struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].passes_begun < passes(l))
			return false;
	return l->runs == NULL;
}

int live_cancel_queued(struct live *l, struct live_store s, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];
		lane->passes_begun = passes(l);
		while (lane->queue != NULL && status == 0) {
			struct live_run *r = lane->queue;
			status = s.ops->set_run_state(
				s.store, l->id, r->run, RUN_CANCELLED, NULL, err);
			live_end(l, r, EVENT_CANCELLED, NULL);
		}
	}
	return status;
}

/* Time left: the slowest lane's remaining runs at its mean pace so far. */
static int64_t time_left(const struct live *l, int64_t now_ns)
{
	int64_t left = ABSENT;

	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct lane *lane = &l->lanes[i];
		int64_t remaining = passes(l) * (int64_t)lane->plan->n - lane->ended;
		if (remaining == 0)
			continue;
		if (lane->timed == 0)
			return ABSENT;
		int64_t mine = (int64_t)((double)(now_ns - lane->first_ns) / (double)lane->timed *
					 (double)remaining);
		left = mine > left ? mine : left;
	}
	return left;
}

static bool has_work(const struct live *l, const struct lane *lane)
{
	return lane->ended < passes(l) * (int64_t)lane->plan->n;
}

void live_waits_for(const struct live *l, struct buf *out)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct host *h = l->lanes[i].host;
		if (!has_work(l, &l->lanes[i]))
			continue;
		if (host_is_connected(h)) {
			buf_reset(out);
			return;
		}
		buf_addf(
			out, "%s%s (%s)", out->len ? ", " : "", h->name, host_state_name(h->state));
	}
}

void live_describe(
	const struct live *l, int64_t now_ns, const char *state, struct message_campaign *out)
{
	int64_t running = 0;

	for (size_t i = 0; i < l->lanes_n; i++)
		running += l->lanes[i].host->flights_n > 0;
	*out = (struct message_campaign){
		.label = l->label,
		.state = state,
		.total = l->total,
		.done = l->done,
		.failed = l->failed,
		.skipped = l->skipped,
		.running = running,
		.hosts = (int64_t)l->lanes_n,
		.submitted_at = l->submitted_at,
		.ended_at = ABSENT,
		.left_ns = time_left(l, now_ns),
	};
}

/* ---- after a restart ---- */

struct loading {
	struct live *live;
	struct host *(*find_host)(
		void *arg, int64_t id, const char *name, const char *key, const char *inventory);
	void *arg;
	struct host **hosts;
	size_t n;
	char **inventories; /* as planned with, which may not be today's */
};

static int on_lane_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;

	(void)key;
	(void)n;
	g->hosts = xreallocarray(g->hosts, g->n + 1, sizeof *g->hosts);
	g->inventories = xreallocarray(g->inventories, g->n + 1, sizeof *g->inventories);
	g->hosts[g->n] = g->find_host(g->arg, c[LANES_HOST_ID].integer, c[LANES_HOST].text,
		c[LANES_KEY].text, c[LANES_INVENTORY].text);
	g->inventories[g->n++] = xstrdup(c[LANES_INVENTORY].text ? c[LANES_INVENTORY].text : "{}");
	return 0;
}

/* Rows come by number, which is by pass: so each lane's queue is in its order again. */
static int on_run_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct live *l = ((struct loading *)arg)->live;
	enum run_state state = run_state_by_name(c[RUNS_STATE].text);
	size_t index = (size_t)c[RUNS_LANE].integer;

	(void)n;
	if (index >= l->lanes_n || state == STATE_N)
		return 0;
	struct lane *lane = &l->lanes[index];
	if (c[RUNS_PASS].integer >= lane->passes_begun)
		lane->passes_begun = c[RUNS_PASS].integer + 1;
	if (run_state_is_final(state)) {
		count_end(l, lane, c[RUNS_BLOCK].integer, state);
		return 0;
	}
	struct live_run *r = add_live_run(
		l, key, index, (size_t)c[RUNS_CONFIGURATION].integer, c[RUNS_PASS].integer);
	r->attempt = c[RUNS_ATTEMPT].integer;
	r->state = state;
	if (state != STATE_QUEUED && !host_take(lane->host, l, r))
		r->state = STATE_QUEUED;
	if (r->state == STATE_QUEUED)
		DL_APPEND(lane->queue, r);
	return 0;
}

static int load_lanes(struct live *l, struct loading *g, struct live_store s, struct error *err)
{
	int r = s.ops->query(s.store, "lanes", l->label, 0, INT64_MAX, NULL, on_lane_row, g, err);

	if (r < 0)
		return r;
	set_hosts(l, g->hosts, g->n);
	for (size_t i = 0; i < g->n; i++) {
		free((void *)l->hosts[i].inventory);
		l->hosts[i].inventory = g->inventories[i];
	}
	r = make_plan(l, err);
	if (r < 0)
		return r;
	return s.ops->query(s.store, "runs", l->label, 0, INT64_MAX, NULL, on_run_row, g, err);
}

int live_load(struct live **out, const struct message_cell *row, struct live_store s,
	struct host *(*find_host)(
		void *arg, int64_t id, const char *name, const char *key, const char *inventory),
	void *arg, struct error *err)
{
	struct diagnostics d = {0};
	const char *yaml = row[CAMPAIGNS_YAML].text;
	struct campaign *c = campaign_read(yaml, strlen(yaml), row[CAMPAIGNS_CHANGES].text, &d);

	if (c == NULL) {
		int r = error_set(err, ERR_CAMPAIGN,
			"campaign %s: this release cannot read it any more: %s",
			row[CAMPAIGNS_LABEL].text, d.n ? d.items[0].text : "no reason");
		diagnostics_done(&d);
		return r;
	}
	diagnostics_done(&d);
	struct live *l = new_live(c, row[CAMPAIGNS_LABEL].text);
	l->id = row[CAMPAIGNS_ID].integer;
	if (row[CAMPAIGNS_UUID].blob.len == sizeof l->uuid)
		memcpy(l->uuid.b, row[CAMPAIGNS_UUID].blob.data, sizeof l->uuid);
	l->submitted_at = row[CAMPAIGNS_SUBMITTED_AT].integer;
	set_payload(l, &row[CAMPAIGNS_TREE].blob, row[CAMPAIGNS_DIRECTORY].text);
	struct loading g = {.live = l, .find_host = find_host, .arg = arg};
	int r = load_lanes(l, &g, s, err);
	free(g.hosts);
	free(g.inventories);
	if (r < 0) {
		live_free(l);
		return r;
	}
	*out = l;
	return 0;
}
