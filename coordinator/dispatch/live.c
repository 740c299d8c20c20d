#include "coordinator/dispatch/live_parts.h"

#include "coordinator/dispatch/answers.h"
#include "coordinator/dispatch/rendered.h"
#include "proto/clock.h"
#include <math.h>
#include <utlist.h>

struct live *live_new(struct campaign *c, const char *label)
{
	struct live *l = xcalloc(1, sizeof *l);

	l->is_stirred = true;
	l->campaign = c;
	l->label = xstrdup(label);
	return l;
}

void live_set_hosts(struct live *l, struct host *const *hosts, size_t n)
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

/* With `spread: any` a block may be any host's: what its runs measure is judged together. */
static void take_plan(struct live *l, struct plan *plan)
{
	l->plan = plan;
	live_add_tuples(l, plan);
	live_make_groups(l);
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];

		lane->plan = &plan->lanes[i];
		l->runs_a_pass += (int64_t)lane->plan->n;
		live_make_stages(l, lane);
		if (!l->campaign->is_spread)
			until_init(&lane->until, l->campaign, plan, lane->plan->configurations,
				lane->plan->skipped, lane->plan->n);
	}
	if (l->campaign->is_spread)
		until_init(&l->until, l->campaign, plan, NULL, NULL, plan->configurations_n);
	l->total = plan->runs;
}

int live_make_plan(struct live *l, struct error *err)
{
	struct plan *plan = NULL;
	int r = plan_make(l->campaign, l->hosts, l->lanes_n, &plan, err);

	if (r < 0)
		return r;
	take_plan(l, plan);
	live_init_budget(l);
	return 0;
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
		.state = campaign_state_name(l->state),
		.total = l->total,
		.submitted_at = l->submitted_at,
		.ended_at = ABSENT,
		.priority = l->priority,
	};
	int r = s.ops->add_campaign(s.store, &c, err);

	l->id = c.id;
	for (size_t i = 0; r == 0 && i < l->lanes_n; i++)
		r = i < l->alone_n
			    ? s.ops->add_lane(s.store, c.id, (int64_t)i, l->lanes[i].host->id, err)
			    : live_write_tuple(l, i, s, err);
	if (r < 0)
		return r;
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
	l->state = campaign_state_next(l->state, CAMPAIGN_WRITTEN);
	r = s.ops->set_campaign_state(s.store, l->id, campaign_state_name(l->state), ABSENT, err);
	return r < 0 ? r : 1;
}

void live_set_payload(struct live *l, const struct blob *tree, const char *directory)
{
	l->has_tree = tree->data != NULL && tree->len == sizeof l->tree;
	if (l->has_tree)
		memcpy(l->tree, tree->data, sizeof l->tree);
	l->directory = text_is_set(directory) ? xstrdup(directory) : NULL;
}

int live_create(struct live **out, struct campaign *c, struct plan *plan,
	const struct live_request *request, struct live_store s, struct error *err)
{
	struct live *l = live_new(c, c->name);

	l->uuid = id16_random();
	l->submitted_at = l->budget_at = clock_realtime_ns();
	l->priority = request->priority;
	live_set_payload(l, &request->tree, request->directory);
	l->lanes = xcalloc(request->hosts_n, sizeof *l->lanes);
	l->lanes_n = request->hosts_n;
	l->hosts = request->planned;
	for (size_t i = 0; i < l->lanes_n; i++)
		l->lanes[i].host = request->hosts[i];
	take_plan(l, plan);
	live_init_budget(l);
	int r = write_new(l, request, s, err);
	if (r < 0) {
		live_free(l);
		return r;
	}
	live_enter_hosts(l);
	*out = l;
	return 0;
}

void live_free_run(struct live_run *r)
{
	streams_done(&r->streams);
	free(r);
}

static void free_list(struct live_run *list)
{
	struct live_run *r, *next;

	DL_FOREACH_SAFE (list, r, next)
		live_free_run(r);
}

static void free_lane(struct lane *lane)
{
	free_list(lane->ended_runs);
	live_free_tuple(lane);
	until_done(&lane->until);
	free(lane->open);
	free(lane->order);
	free(lane->stage_passes);
}

static void free_runs(struct live *l)
{
	struct live_run *r, *next;
	struct broken_block *b, *next_block;

	HASH_ITER (hh, l->runs, r, next) {
		HASH_DEL(l->runs, r);
		/* Those of a broken block are in its list as well. */
		live_free_run(r);
	}
	DL_FOREACH_SAFE (l->broken, b, next_block)
		free(b);
}

/* ---- lanes of a host ---- */

static int by_priority(const struct lane *a, const struct lane *b)
{
	const struct live *x = a->live, *y = b->live;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

void live_enter_hosts(struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];

		lane->live = l;
		/* Behind all that waited when the block began that runs now. */
		if (lane->turn == 0)
			lane->turn = lane->host->turns - 1;
		DL_INSERT_INORDER2(lane->host->lanes, lane, by_priority, host_prev, host_next);
	}
}

static void leave_hosts(struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].live != NULL)
			DL_DELETE2(l->lanes[i].host->lanes, &l->lanes[i], host_prev, host_next);
}

void live_free(struct live *l)
{
	if (l == NULL)
		return;
	free_runs(l);
	rendered_free(l);
	leave_hosts(l);
	for (size_t i = 0; i < l->lanes_n; i++) {
		free_lane(&l->lanes[i]);
		free((void *)l->hosts[i].name);
		free((void *)l->hosts[i].inventory);
	}
	until_done(&l->until);
	answers_free(l->answers);
	plan_free(l->plan);
	campaign_free(l->campaign);
	free(l->hosts);
	free(l->lanes);
	free(l->open);
	free(l->doers);
	free(l->groups);
	free(l->reached);
	free(l->directory);
	free(l->label);
	free(l);
}

struct lane *live_lane(struct live *l, const struct host *h)
{
	struct lane *lane;

	DL_FOREACH2(h->lanes, lane, host_next)
	{
		if (lane->live == l)
			return lane;
	}
	return NULL;
}

void live_is_due(struct live *l)
{
	l->is_stirred = true;
	for (size_t i = 0; i < l->lanes_n; i++)
		host_is_due(l->lanes[i].host);
}

/* ---- runs ---- */

struct live_run *live_add_run(
	struct live *l, int64_t number, size_t lane, size_t place, int64_t pass)
{
	struct live_run *r = xcalloc(1, sizeof *r);

	*r = (struct live_run){
		.run = number,
		.lane = lane,
		.place = place,
		.configuration = l->lanes[lane].plan->configurations[place],
		.pass = pass,
		.block = live_block_of_pass(l, pass),
		.state = STATE_QUEUED,
		.value = NAN,
	};
	HASH_ADD(hh, l->runs, run, sizeof r->run, r);
	return r;
}

struct live_run *live_find_run(struct live *l, int64_t run)
{
	struct live_run *r;

	HASH_FIND(hh, l->runs, &run, sizeof run, r);
	return r;
}

void live_enter_run(struct live *l, struct live_run *r)
{
	struct lane *lane = &l->lanes[r->lane];

	lane->unended++;
	DL_APPEND(lane->queue, r);
	if (lane->plan->skipped[r->place] != NULL)
		live_end(l, r, EVENT_SKIPPED, NULL);
}

/* ---- counting ---- */

struct until_scope *live_until(struct live *l, const struct live_run *r, size_t *index)
{
	*index = l->campaign->is_spread ? r->configuration : r->place;
	return l->campaign->is_spread ? &l->until : &l->lanes[r->lane].until;
}

static void count(struct live *l, const struct live_run *r, enum run_state state, int by)
{
	size_t i;
	struct until_scope *u = live_until(l, r, &i);
	struct tally *t = &u->tallies[i];

	l->is_stirred = true;
	l->done += by;
	l->lanes[r->lane].ended += by;
	l->used_uj += by * r->energy_uj;
	l->skipped += state == STATE_SKIPPED ? by : 0;
	l->is_decided = false;
	if (r->block == 0)
		return;
	if (state == STATE_FAILED || state == STATE_TIMEOUT)
		l->failed += by;
	if (state == STATE_SKIPPED)
		t->skipped += (uint32_t)by;
	else if (state != STATE_CANCELLED)
		t->tried += (uint32_t)by;
}

void live_count_end(struct live *l, const struct live_run *r, enum run_state state)
{
	size_t i;
	struct until_scope *u = live_until(l, r, &i);

	count(l, r, state, 1);
	if (r->block > 0 && state == STATE_DONE && live_has_until(l))
		until_add_value(u, i, r->value);
}

void live_uncount_end(struct live *l, const struct live_run *r)
{
	size_t i;
	struct until_scope *u = live_until(l, r, &i);

	count(l, r, r->state, -1);
	if (r->block > 0 && r->state == STATE_DONE && live_has_until(l))
		until_take_value(u, i, r->value);
}

/* What a result says of until's metric and of the energy of the budget. */
static void read_result(const struct live *l, struct live_run *r, const struct store_result *result)
{
	const char *wanted = live_has_until(l) ? l->campaign->until.metric : "";

	for (size_t i = 0; i < result->metrics_n; i++) {
		const struct message_metric *m = &result->metrics[i];

		if (strcmp(m->name, wanted) == 0)
			r->value = (double)m->value;
		if (strcmp(m->name, "energy.package") == 0 && m->value > 0)
			r->energy_uj = m->value;
	}
	for (size_t i = 0; i < result->own_n; i++)
		if (strcmp(result->own[i].name, wanted) == 0)
			r->value = result->own[i].value;
}

void live_end(
	struct live *l, struct live_run *r, enum run_event event, const struct store_result *result)
{
	struct lane *lane = &l->lanes[r->lane];
	enum run_state state = run_state_next(r->state, event);

	if (result != NULL)
		read_result(l, r, result);
	if (r->state == STATE_QUEUED)
		DL_DELETE(lane->queue, r);
	lane_put_down(lane, r);
	HASH_DEL(l->runs, r);
	r->state = state;
	live_count_end(l, r, state);
	lane->timed += r->attempt > 0 && lane->first_ns != 0;
	lane->unended--;
	/* What its value decides: whether another host gets a further block. */
	if (l->campaign->is_spread && live_has_until(l) &&
		l->groups[lane->group].blocks_begun >= l->campaign->blocks)
		live_is_due(l);
	if (l->campaign->is_spread && r->block > 0)
		live_keep_ended(l, lane, r);
	else
		live_free_run(r);
	if (lane->unended == 0)
		live_complete_block(lane);
}

/* ---- what comes next ---- */

bool live_is_within(const struct lane *lane)
{
	return lane->queue != NULL || lane->order != NULL ||
	       (lane->is_sequential && lane->passes_begun > 0 && !lane->is_over);
}

enum live_next live_peek(struct live *l, struct lane *lane)
{
	return l->campaign->is_spread ? live_peek_block(l, lane) : live_peek_pass(l, lane);
}

int live_next(struct live *l, struct lane *lane, int64_t now_ns, int64_t at, struct live_store s,
	struct live_run **out, struct error *err)
{
	struct live_run *r;
	int status = 0;

	*out = NULL;
	while (live_peek(l, lane) == NEXT_RUN && lane->queue == NULL) {
		status = l->campaign->is_spread ? live_take_block(l, lane, s, err)
						: live_begin_pass(l, lane, s, err);
		if (status < 0)
			return status;
	}
	r = lane->queue;
	if (r == NULL || live_peek(l, lane) != NEXT_RUN || !lane_take(lane, l, r))
		return 0;
	l->is_stirred = true;
	DL_DELETE(lane->queue, r);
	r->attempt++;
	r->attempt_state = attempt_state_next(ATTEMPT_IS_NONE, ATTEMPT_ASSIGN);
	r->is_called_off = false;
	r->state = run_state_next(r->state, EVENT_ASSIGN);
	if (lane->first_ns == 0)
		lane->first_ns = now_ns;
	if (l->since_ns == 0)
		l->since_ns = now_ns;
	*out = r;
	return s.ops->start_attempt(s.store, l->id, r->run, r->attempt, at, err);
}
