/*
 * A campaign is taken up after a restart: where it stands follows from its runs in the store.
 *
 * Rows come by number, which is by pass: so each lane's queue is in its order again. Attempts that
 * were out are put into their hosts' hands. A block of `spread: any` that is not complete is its
 * host's again; of its runs only an attempt that is out may still give the result, as one before it
 * may be of a beginning that was given up.
 */
#include "coordinator/dispatch/live_parts.h"

#include "coordinator/dispatch/more.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include <math.h>
#include <utlist.h>

/* When a coordinator had the campaign, and what of that it ran. */
struct span {
	int64_t from;        /* CLOCK_REALTIME when it was taken up */
	int64_t first, last; /* start of the first run and end of the last; ABSENT */
};

/* A counted run that is done, for metrics that come in rows of their own. */
struct counted {
	int64_t run;
	struct until_scope *until;
	size_t index;
	struct live_run *kept; /* its run, where that is kept; else NULL */
};

/* What events say of a run: how often its host was lost with it, and up to which attempt what came
 * of it does not count. */
struct told {
	int64_t run, lost, voided;
	UT_hash_handle hh;
};

struct loading {
	struct live *live;
	struct host *(*find_host)(
		void *arg, int64_t id, const char *name, const char *key, const char *inventory);
	void *arg;
	struct host **hosts;
	size_t n;
	int64_t *tuples; /* store ids of what stands for several hosts, by lane, after n */
	size_t tuples_n;
	char **inventories; /* as planned with, which may not be today's */
	struct span *spans;
	size_t spans_n;
	struct counted *counted; /* by number */
	size_t counted_n, counted_room;
	struct told *told;
	int column; /* of until's metric in "runs"; -1: it has rows of its own */
	/* With `spread: any`, of the block that is read: */
	int64_t block_number;
	size_t block_group;
	struct live_run *block; /* its ended runs */
	size_t block_counted;   /* where they begin in counted */
};

static int on_lane_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;

	(void)key;
	(void)n;
	if (strncmp(c[LANES_KEY].text, ROLES_HOST, strlen(ROLES_HOST)) == 0) {
		g->tuples = xreallocarray(g->tuples, g->tuples_n + 1, sizeof *g->tuples);
		g->tuples[g->tuples_n++] = c[LANES_HOST_ID].integer;
		return 0;
	}
	g->hosts = xreallocarray(g->hosts, g->n + 1, sizeof *g->hosts);
	g->inventories = xreallocarray(g->inventories, g->n + 1, sizeof *g->inventories);
	g->hosts[g->n] = g->find_host(g->arg, c[LANES_HOST_ID].integer, c[LANES_HOST].text,
		c[LANES_KEY].text, c[LANES_INVENTORY].text);
	g->inventories[g->n++] = xstrdup(c[LANES_INVENTORY].text ? c[LANES_INVENTORY].text : "{}");
	return 0;
}

/* ---- the budget ---- */

static void add_span(struct loading *g, int64_t from)
{
	g->spans = xreallocarray(g->spans, g->spans_n + 1, sizeof *g->spans);
	g->spans[g->spans_n++] = (struct span){.from = from, .first = ABSENT, .last = ABSENT};
}

static struct told *told_of(struct loading *g, int64_t run)
{
	struct told *e;

	HASH_FIND(hh, g->told, &run, sizeof run, e);
	if (e == NULL) {
		e = xcalloc(1, sizeof *e);
		e->run = run;
		HASH_ADD(hh, g->told, run, sizeof e->run, e);
	}
	return e;
}

/* It went on after its end: with all of its budget again, and what failed with its host as if it
 * never had. */
static void begin_anew(struct loading *g, int64_t at)
{
	struct told *e;

	for (e = g->told; e != NULL; e = e->hh.next)
		e->lost = 0;
	free(g->live->reached);
	g->live->reached = NULL;
	g->live->budget_at = at;
	g->spans_n = 0;
	add_span(g, at);
}

static int on_event_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;

	(void)key;
	(void)n;
	if (strcmp(c[EVENTS_KIND].text, "resumed") == 0)
		add_span(g, c[EVENTS_AT].integer);
	if (strcmp(c[EVENTS_KIND].text, MORE_EVENT) == 0)
		begin_anew(g, c[EVENTS_AT].integer);
	if (strcmp(c[EVENTS_KIND].text, LIVE_HOST_LOST) == 0 && c[EVENTS_RUN].integer != ABSENT)
		told_of(g, c[EVENTS_RUN].integer)->lost++;
	if (strcmp(c[EVENTS_KIND].text, MORE_RUN_EVENT) == 0 && c[EVENTS_RUN].integer != ABSENT)
		told_of(g, c[EVENTS_RUN].integer)->voided = more_attempt(c[EVENTS_TEXT].text);
	if (strcmp(c[EVENTS_KIND].text, "budget") == 0 && c[EVENTS_TEXT].text != NULL &&
		g->live->reached == NULL)
		g->live->reached = xstrdup(c[EVENTS_TEXT].text);
	return 0;
}

/* A run that went on while one coordinator went and the next came belongs to both. */
static void add_to_spans(struct loading *g, int64_t start, int64_t length)
{
	for (size_t i = 0; i < g->spans_n; i++) {
		struct span *s = &g->spans[i];
		int64_t next = i + 1 < g->spans_n ? s[1].from : INT64_MAX;
		int64_t first = i > 0 && start < s->from ? s->from : start;
		int64_t last = start + length < next ? start + length : next;
		if (first >= last)
			continue;
		s->first = s->first == ABSENT || first < s->first ? first : s->first;
		s->last = s->last == ABSENT || last > s->last ? last : s->last;
	}
}

static int64_t sum_of_spans(const struct loading *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->spans_n; i++)
		if (g->spans[i].first != ABSENT)
			sum += g->spans[i].last - g->spans[i].first;
	return sum;
}

/* ---- runs ---- */

static int64_t standard(const struct message_cell *c, const char *name)
{
	const struct metric_info *info = metric_by_name(name);

	return info == NULL ? ABSENT : c[RUNS_FIXED + (info - standard_metrics)].integer;
}

/* What read_result() took of its result. */
static void read_row(struct loading *g, struct live_run *r, const struct message_cell *c)
{
	int64_t energy = standard(c, "energy.package"), time = standard(c, "time");

	bool counts = g->live->budget_at == g->live->submitted_at ||
		      c[RUNS_STARTED_AT].integer >= g->live->budget_at;

	/* What ran before the budget began anew is not of it. */
	if (energy != ABSENT && energy > 0 && counts)
		r->energy_uj = energy;
	if (g->column >= 0 && c[g->column].integer != ABSENT)
		r->value = (double)c[g->column].integer;
	if (c[RUNS_STARTED_AT].integer != ABSENT && time != ABSENT && counts)
		add_to_spans(g, c[RUNS_STARTED_AT].integer, time);
}

static void remember(struct loading *g, struct live_run *r, bool is_kept)
{
	struct counted *e;

	if (g->column >= 0 || !live_has_until(g->live) || r->block == 0 || r->state != STATE_DONE)
		return;
	if (g->counted_n == g->counted_room) {
		g->counted_room = g->counted_room ? 2 * g->counted_room : 64;
		g->counted = xreallocarray(g->counted, g->counted_room, sizeof *g->counted);
	}
	e = &g->counted[g->counted_n++];
	e->run = r->run;
	e->until = live_until(g->live, r, &e->index);
	e->kept = is_kept ? r : NULL;
}

/* How far the lane is, with `spread: every`. */
static void note_pass(struct lane *lane, const struct live_run *r)
{
	int64_t *begun = lane->is_sequential ? &lane->stage_passes[r->place] : &lane->passes_begun;

	if (r->pass >= *begun) {
		*begun = r->pass + 1;
		if (!lane->is_sequential)
			lane->width = 0;
	}
	lane->width += !lane->is_sequential;
}

/* A block was read to its end: what ended of it is kept only where it is not complete. */
static void end_block(struct loading *g)
{
	struct live_run *r, *next, *open = NULL;

	for (r = g->live->runs; r != NULL && open == NULL; r = r->hh.next)
		if (r->block == g->block_number && g->live->lanes[r->lane].group == g->block_group)
			open = r;
	for (size_t i = g->block_counted; open == NULL && i < g->counted_n; i++)
		g->counted[i].kept = NULL;
	g->block_counted = g->counted_n;
	DL_FOREACH_SAFE (g->block, r, next) {
		DL_DELETE(g->block, r);
		/* One that failed as its hosts were lost too often may be another host's. */
		if (open != NULL && r->lane == open->lane)
			DL_APPEND(g->live->lanes[open->lane].ended_runs, r);
		else
			live_free_run(r);
	}
}

static void note_block(struct loading *g, struct lane *lane, const struct live_run *r)
{
	if (r->block == 0) {
		lane->has_warmed = true;
		return;
	}
	if (r->block != g->block_number || lane->group != g->block_group)
		end_block(g);
	g->block_number = r->block;
	g->block_group = lane->group;
	if (r->block > g->live->groups[lane->group].blocks_begun)
		g->live->groups[lane->group].blocks_begun = r->block;
	if (!run_state_is_final(r->state))
		lane->holds = r->block;
}

static void take_up(struct live *l, struct lane *lane, struct live_run *r)
{
	lane->unended++;
	/* Of several hosts none goes on alone, and what each of them had said is not known any
	 * more: all begin anew. */
	if (lane->members_n > 0 && r->state != STATE_QUEUED) {
		r->state = STATE_QUEUED;
		r->voided = r->attempt;
		r->is_called_back = true;
	}
	if (r->state != STATE_QUEUED && !host_take(lane->host, l, r))
		r->state = STATE_QUEUED;
	if (l->campaign->is_spread)
		r->voided = r->state == STATE_QUEUED ? r->attempt : r->attempt - 1;
	/* One that is queued and has attempts is so because the last was lost, or called off: its
	 * host may have it yet, and is asked. */
	if (r->attempt > 0)
		r->attempt_state = r->state == STATE_QUEUED    ? ATTEMPT_IS_LOST
				   : r->state == STATE_RUNNING ? ATTEMPT_IS_RUNNING
							       : ATTEMPT_IS_ASSIGNED;
	if (r->state == STATE_QUEUED)
		DL_APPEND(lane->queue, r);
}

/* Those that had the host before a restart come behind those that waited; all are before what
 * begins after it. */
static void note_turn(struct lane *lane, int64_t at)
{
	int64_t turn = at - INT64_MAX;

	if (at != ABSENT && turn > lane->turn)
		lane->turn = turn;
}

static void read_told(const struct loading *g, struct live_run *r)
{
	const struct told *e;

	HASH_FIND(hh, g->told, &r->run, sizeof r->run, e);
	if (e == NULL)
		return;
	r->host_lost = e->lost;
	r->voided = e->voided;
}

static int on_run_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;
	struct live *l = g->live;
	enum run_state state = run_state_by_name(c[RUNS_STATE].text);
	size_t index = (size_t)c[RUNS_LANE].integer, place;

	(void)n;
	if (index >= l->lanes_n || state == STATE_N)
		return 0;
	struct lane *lane = &l->lanes[index];
	place = live_place_of(lane, (size_t)c[RUNS_CONFIGURATION].integer);
	if (place == lane->plan->n)
		return 0;
	struct live_run *r = live_add_run(l, key, index, place, c[RUNS_PASS].integer);
	r->attempt = c[RUNS_ATTEMPT].integer;
	read_told(g, r);
	note_turn(lane, c[RUNS_STARTED_AT].integer);
	r->state = state;
	l->rows++;
	if (l->campaign->is_spread)
		note_block(g, lane, r);
	else
		note_pass(lane, r);
	if (!run_state_is_final(state)) {
		take_up(l, lane, r);
		return 0;
	}
	HASH_DEL(l->runs, r);
	read_row(g, r, c);
	live_count_end(l, r, state);
	bool is_kept = l->campaign->is_spread && r->block > 0;
	remember(g, r, is_kept);
	if (is_kept)
		DL_APPEND(g->block, r);
	else
		live_free_run(r);
	return 0;
}

/* ---- values of metrics that have rows of their own ---- */

static int by_run(const void *key, const void *item)
{
	int64_t a = *(const int64_t *)key, b = ((const struct counted *)item)->run;

	return (a > b) - (a < b);
}

static int on_metric_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct loading *g = arg;
	struct counted *e;
	double value = NAN;

	(void)key;
	(void)n;
	if (strcmp(c[METRICS_NAME].text, g->live->campaign->until.metric) != 0)
		return 0;
	e = bsearch(&c[METRICS_RUN].integer, g->counted, g->counted_n, sizeof *g->counted, by_run);
	if (c[METRICS_VALUE].real != NULL)
		value = strtod(c[METRICS_VALUE].real, NULL);
	else if (c[METRICS_INTEGER].integer != ABSENT)
		value = (double)c[METRICS_INTEGER].integer;
	if (e == NULL)
		return 0;
	until_add_value(e->until, e->index, value);
	if (e->kept != NULL)
		e->kept->value = value;
	return 0;
}

/* ---- all together ---- */

/* Where the metric of `until` stands in a row of "runs". */
static int column_of_metric(const struct campaign *c)
{
	const struct metric_info *info = c->until.metric ? metric_by_name(c->until.metric) : NULL;

	return info == NULL ? -1 : RUNS_FIXED + (int)(info - standard_metrics);
}

static int load_runs(struct live *l, struct loading *g, struct live_store s, struct error *err)
{
	int r;

	add_span(g, l->submitted_at);
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].is_sequential)
			l->lanes[i].stage_passes =
				xcalloc(l->lanes[i].plan->n + 1, sizeof *l->lanes[i].stage_passes);
	g->column = column_of_metric(l->campaign);
	r = s.ops->query(s.store, "events", l->label, 0, INT64_MAX, NULL, on_event_row, g, err);
	if (r == 0)
		r = s.ops->query(s.store, "runs", l->label, 0, INT64_MAX, NULL, on_run_row, g, err);
	end_block(g);
	for (size_t i = 0; i < l->lanes_n && !l->campaign->is_spread; i++)
		live_resume_pass(l, &l->lanes[i]);
	if (r == 0 && live_has_until(l) && g->column < 0)
		r = s.ops->query(
			s.store, "metrics", l->label, 0, INT64_MAX, NULL, on_metric_row, g, err);
	live_init_budget(l); /* it may count anew */
	l->used_ns = sum_of_spans(g);
	/* It was said that the budget is used up: nothing begins any more. */
	l->is_stopped = l->reached != NULL;
	return r;
}

/* What is in a host's hands began last of all; that of which more is to come, after the others. */
static void note_turns_in_hand(struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct host *h = l->lanes[i].host;
		for (size_t k = 0; k < h->flights_n; k++)
			if (h->flights[k].live == l)
				l->lanes[i].turn = live_is_within(&l->lanes[i]) ? -2 : -3;
	}
}

/* The plan follows from the file and the hosts' inventories, so its lanes are those of then. */
static int identify_tuples(struct live *l, const struct loading *g, struct error *err)
{
	if (l->lanes_n - l->alone_n != g->tuples_n)
		return error_set(err, ERR_CAMPAIGN,
			"campaign %s: this release chooses other hosts for its roles", l->label);
	for (size_t i = 0; i < g->tuples_n; i++)
		l->lanes[l->alone_n + i].host->id = g->tuples[i];
	return 0;
}

/* Write what take_up() made of runs of several hosts. No loss: nothing went wrong with them. */
static int call_back(struct live *l, struct live_store s, struct error *err)
{
	int64_t at = clock_realtime_ns();
	int status = 0;

	for (struct live_run *r = l->runs; r != NULL && status == 0; r = r->hh.next) {
		if (!r->is_called_back)
			continue;
		r->is_called_back = false;
		status = s.ops->set_attempt_state(
			s.store, l->id, r->run, r->attempt, ATTEMPT_LOST, at, err);
		if (status == 0)
			status =
				s.ops->set_run_state(s.store, l->id, r->run, RUN_QUEUED, NULL, err);
		if (status == 0)
			status = s.ops->add_event(s.store, l->id, l->lanes[r->lane].host->id,
				r->run, "called-back",
				"the coordinator was started anew; it begins again on all of its "
				"hosts",
				at, err);
	}
	return status;
}

static int load_all(struct live *l, struct loading *g, struct live_store s, struct error *err)
{
	int r = s.ops->query(s.store, "lanes", l->label, 0, INT64_MAX, NULL, on_lane_row, g, err);

	if (r < 0)
		return r;
	live_set_hosts(l, g->hosts, g->n);
	for (size_t i = 0; i < l->lanes_n; i++)
		l->lanes[i].turn = l->submitted_at - INT64_MAX;
	for (size_t i = 0; i < g->n; i++) {
		free((void *)l->hosts[i].inventory);
		l->hosts[i].inventory = g->inventories[i];
	}
	r = live_make_plan(l, err);
	if (r == 0)
		r = identify_tuples(l, g, err);
	if (r == 0)
		r = load_runs(l, g, s, err);
	note_turns_in_hand(l);
	if (r == 0)
		r = call_back(l, s, err);
	if (r == 0)
		r = s.ops->add_event(
			s.store, l->id, 0, 0, "resumed", NULL, clock_realtime_ns(), err);
	return r;
}

static void loading_done(struct loading *g)
{
	struct told *e, *next;

	HASH_ITER (hh, g->told, e, next) {
		HASH_DEL(g->told, e);
		free(e);
	}
	free(g->hosts);
	free(g->tuples);
	free(g->inventories);
	free(g->spans);
	free(g->counted);
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
	struct live *l = live_new(c, row[CAMPAIGNS_LABEL].text);
	l->id = row[CAMPAIGNS_ID].integer;
	l->state = campaign_state_by_name(row[CAMPAIGNS_STATE].text);
	if (row[CAMPAIGNS_UUID].blob.len == sizeof l->uuid)
		memcpy(l->uuid.b, row[CAMPAIGNS_UUID].blob.data, sizeof l->uuid);
	l->submitted_at = l->budget_at = row[CAMPAIGNS_SUBMITTED_AT].integer;
	l->priority = row[CAMPAIGNS_PRIORITY].integer;
	live_set_payload(l, &row[CAMPAIGNS_TREE].blob, row[CAMPAIGNS_DIRECTORY].text);
	struct loading g = {.live = l, .find_host = find_host, .arg = arg};
	int r = load_all(l, &g, s, err);
	loading_done(&g);
	if (r < 0) {
		live_free(l);
		return r;
	}
	l->total = row[CAMPAIGNS_TOTAL].integer; /* not the plan's: blocks may have been added */
	live_enter_hosts(l);
	*out = l;
	return 0;
}
