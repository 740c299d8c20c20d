/*
 * `spread: any`: the lanes share the blocks. A lane takes the next block when it has none, runs its
 * warm-up passes before its first, and then the whole block; one that gets no block warms up for
 * nothing and so does not. A block whose host is lost begins anew, whole, on the first host that
 * can do all of it, under the numbers and in the order that it had.
 *
 * The warm-up passes number as without `spread`; block b follows them with the numbers from (b - 1)
 * x configurations of the plan. With `until`, the blocks of all hosts are judged together: their
 * intervals are as wide as the hosts differ, so `max` is what ends a campaign on unlike hosts.
 */
#include "coordinator/dispatch/live_parts.h"

#include <math.h>
#include <utlist.h>

/* ---- what comes next ---- */

static bool is_able(const struct lane *lane)
{
	for (size_t i = 0; i < lane->plan->n; i++)
		if (lane->plan->skipped[i] == NULL)
			return true;
	return false;
}

/* Whether a lane's host can do all of a broken block. */
static bool can_repair(const struct live *l, const struct lane *lane, const struct broken_block *b)
{
	const struct live_run *r;

	if (b->group != lane->group)
		return false;
	/* What it was taken by can take it again, whatever it skips. */
	if (lane == &l->lanes[b->runs->lane])
		return true;
	DL_FOREACH (b->runs, r) {
		size_t place = live_place_of(lane, r->configuration);
		if (place == lane->plan->n || lane->plan->skipped[place] != NULL)
			return false;
	}
	return true;
}

static struct broken_block *broken_for(const struct live *l, const struct lane *lane)
{
	struct broken_block *b;

	DL_FOREACH (l->broken, b) {
		if (can_repair(l, lane, b))
			return b;
	}
	return NULL;
}

static void decide(struct live *l)
{
	if (l->is_decided)
		return;
	if (l->open == NULL)
		l->open = xcalloc(l->plan->configurations_n + 1, sizeof *l->open);
	until_open(&l->until, l->open);
	l->is_decided = true;
}

/* Whether the next block has something for this lane. */
static bool has_next_block(struct live *l, const struct lane *lane)
{
	const struct spread_group *g = &l->groups[lane->group];

	if (l->is_stopped || g->blocks_begun >= l->campaign->max || !is_able(lane))
		return false;
	if (g->blocks_begun < l->campaign->blocks)
		return true;
	decide(l);
	for (size_t i = 0; i < lane->plan->n; i++)
		if (l->open[lane->plan->configurations[i]] && lane->plan->skipped[i] == NULL)
			return true;
	return false;
}

enum live_next live_peek_block(struct live *l, struct lane *lane)
{
	if (lane->holds > 0)
		return lane->queue != NULL ? NEXT_RUN : NEXT_WAIT;
	/* What is queued without a block is the rest of a warm-up that was broken off. */
	lane->is_over = broken_for(l, lane) == NULL && !has_next_block(l, lane);
	return lane->is_over || l->is_stopped ? NEXT_NONE : NEXT_RUN;
}

bool live_blocks_are_over(const struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].holds > 0 || (!l->lanes[i].is_over && !l->is_stopped))
			return false;
	return l->broken == NULL;
}

static int64_t rest_of_group(const struct live *l, size_t group)
{
	const struct spread_group *g = &l->groups[group];
	int64_t blocks = l->campaign->max - g->blocks_begun, width = 0, n = 0, cold = blocks;
	bool is_over = true;

	for (size_t i = 0; i < l->lanes_n; i++)
		is_over = is_over && (l->lanes[i].group != group || l->lanes[i].is_over);
	if (is_over || blocks <= 0)
		return 0;
	for (size_t i = 0; i < l->plan->configurations_n; i++)
		width += (!l->is_decided || l->open == NULL || l->open[i]) &&
			 live_group_of(l, l->plan->configurations[i].benchmark) == group;
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].group == group && !l->lanes[i].has_warmed && cold-- > 0)
			n += l->campaign->warmup * (int64_t)l->lanes[i].plan->n;
	return n + blocks * width;
}

int64_t live_rest_of_blocks(const struct live *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->groups_n && !l->is_stopped; i++)
		n += rest_of_group(l, i);
	return n;
}

/* ---- groups of lanes ---- */

size_t live_group_of(const struct live *l, const struct benchmark *b)
{
	for (size_t i = 1; i < l->groups_n; i++)
		if (benchmarks_share_roles(l->groups[i].of, b))
			return i;
	return 0;
}

void live_make_groups(struct live *l)
{
	const struct plan *p = l->plan;
	int64_t first = 0;

	l->groups = xcalloc(l->lanes_n + 1, sizeof *l->groups);
	l->groups_n = 1;
	for (size_t i = l->alone_n; i < l->lanes_n; i++) {
		const struct benchmark *of = p->lanes[i].of;

		l->lanes[i].group = live_group_of(l, of);
		if (l->lanes[i].group > 0)
			continue;
		l->groups[l->groups_n].of = of;
		l->lanes[i].group = l->groups_n++;
	}
	for (size_t i = 0; i < p->configurations_n; i++)
		l->groups[live_group_of(l, p->configurations[i].benchmark)].width++;
	for (size_t i = 0; i < l->groups_n; i++) {
		l->groups[i].first = first;
		first += l->groups[i].width;
	}
}

/* ---- a block begins ---- */

static int warm_up(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	size_t index = (size_t)(lane - l->lanes);
	_cleanup_free_ size_t *order = xcalloc(lane->plan->n + 1, sizeof *order);
	int status = 0;

	lane->has_warmed = true;
	for (int64_t pass = 0; pass < l->campaign->warmup; pass++) {
		plan_order(l->campaign, l->plan, index, pass, order);
		for (size_t i = 0; status == 0 && i < lane->plan->n; i++)
			status = live_write_run(l, lane,
				live_first_number(l, index, pass) + (int64_t)i, order[i], pass, s,
				err);
	}
	return status;
}

/* Runs that are skipped end while others are still to be queued: the block is not complete by that.
 */
static void hold_block(struct lane *lane, int64_t block)
{
	lane->holds = block;
	lane->unended++;
}

static void block_is_queued(struct lane *lane)
{
	if (--lane->unended == 0)
		live_complete_block(lane);
}

static int begin_block(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	struct spread_group *group = &l->groups[lane->group];
	int64_t block = group->blocks_begun + 1, pass = l->campaign->warmup + block - 1;
	int64_t number = l->campaign->warmup * l->runs_a_pass +
			 (block - 1) * (int64_t)l->plan->configurations_n + group->first + 1;
	_cleanup_free_ size_t *order = xcalloc(lane->plan->n + 1, sizeof *order);
	/* As it was decided: a run that ends at once must not change it half-way. */
	_cleanup_free_ bool *open = NULL;
	int status = 0;

	if (block > l->campaign->blocks) {
		decide(l);
		open = xcalloc(l->plan->configurations_n + 1, sizeof *open);
		memcpy(open, l->open, l->plan->configurations_n * sizeof *open);
	}
	group->blocks_begun = block;
	hold_block(lane, block);
	plan_order(l->campaign, l->plan, (size_t)(lane - l->lanes), pass, order);
	for (size_t i = 0; status == 0 && i < lane->plan->n; i++)
		if (open == NULL || open[lane->plan->configurations[order[i]]])
			status = live_write_run(
				l, lane, number + (int64_t)i, order[i], pass, s, err);
	block_is_queued(lane);
	return status;
}

static int repair_block(struct live *l, struct lane *lane, struct broken_block *b,
	struct live_store s, struct error *err)
{
	struct live_run *r, *next;
	int status = 0;

	DL_DELETE(l->broken, b);
	hold_block(lane, b->block);
	DL_FOREACH_SAFE (b->runs, r, next) {
		DL_DELETE(b->runs, r);
		r->lane = (size_t)(lane - l->lanes);
		r->place = live_place_of(lane, r->configuration);
		if (status == 0)
			status = s.ops->reset_run(s.store, l->id, r->run, lane->host->id, err);
		if (status == 0 && lane->plan->skipped[r->place] != NULL)
			status = s.ops->set_run_state(s.store, l->id, r->run, RUN_SKIPPED,
				lane->plan->skipped[r->place], err);
		live_enter_run(l, r);
	}
	free(b);
	block_is_queued(lane);
	return status;
}

int live_take_block(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	struct broken_block *b = broken_for(l, lane);
	int status = lane->has_warmed ? 0 : warm_up(l, lane, s, err);

	if (status < 0)
		return status;
	return b != NULL ? repair_block(l, lane, b, s, err) : begin_block(l, lane, s, err);
}

/* ---- a block ends, or breaks ---- */

void live_keep_ended(struct live *l, struct lane *lane, struct live_run *r)
{
	(void)l;
	streams_done(&r->streams);
	DL_APPEND(lane->ended_runs, r);
}

void live_complete_block(struct lane *lane)
{
	struct live_run *r, *next;

	lane->holds = 0;
	DL_FOREACH_SAFE (lane->ended_runs, r, next) {
		DL_DELETE(lane->ended_runs, r);
		live_free_run(r);
	}
}

static int by_number(const struct live_run *a, const struct live_run *b)
{
	return (a->run > b->run) - (a->run < b->run);
}

static int by_block(const struct broken_block *a, const struct broken_block *b)
{
	return (a->block > b->block) - (a->block < b->block);
}

void live_add_broken(struct live *l, int64_t block, struct live_run *runs)
{
	struct broken_block *b = xcalloc(1, sizeof *b);

	*b = (struct broken_block){
		.block = block, .group = l->lanes[runs->lane].group, .runs = runs};
	DL_SORT(b->runs, by_number);
	DL_APPEND(l->broken, b);
	DL_SORT(l->broken, by_block);
	live_is_due(l);
}

void live_adopt_broken(struct live *l)
{
	struct broken_block *b, *next_block;
	struct live_run *r, *next;

	DL_FOREACH_SAFE (l->broken, b, next_block) {
		DL_DELETE(l->broken, b);
		DL_FOREACH_SAFE (b->runs, r, next) {
			DL_DELETE(b->runs, r);
			l->lanes[r->lane].unended++;
			DL_APPEND(l->lanes[r->lane].queue, r);
		}
		free(b);
	}
}

bool live_holds_block(const struct live *l, const struct lane *lane)
{
	for (size_t i = 0; i < lane->host->flights_n; i++)
		if (lane->host->flights[i].live == l)
			return false;
	return lane->gang == NULL && lane->holds > 0 && !l->is_stopped;
}

int live_break_block(struct live *l, struct lane *lane, const char *why, int64_t at,
	struct live_store s, struct error *err)
{
	struct live_run *runs = NULL, *r, *next;
	int64_t block = lane->holds;
	_cleanup_free_ char *text =
		xasprintf("block %lld: %s; it begins anew on the first one that is free",
			(long long)block, why);
	int status = s.ops->add_event(s.store, l->id, lane->host->id, 0, "lost", text, at, err);

	DL_FOREACH_SAFE (lane->ended_runs, r, next) {
		DL_DELETE(lane->ended_runs, r);
		/* One that took its host down so often is not tried again. */
		if (r->host_lost >= l->campaign->attempts) {
			live_free_run(r);
			continue;
		}
		live_uncount_end(l, r);
		r->attempt_state = attempt_state_next(r->attempt_state, ATTEMPT_VOID);
		r->state = STATE_QUEUED; /* not the end that it had, but another beginning */
		r->value = NAN;
		r->energy_uj = 0;
		HASH_ADD(hh, l->runs, run, sizeof r->run, r);
		DL_APPEND(runs, r);
	}
	DL_FOREACH_SAFE (lane->queue, r, next) {
		if (r->block != block)
			continue;
		DL_DELETE(lane->queue, r);
		lane->unended--;
		DL_APPEND(runs, r);
	}
	lane->holds = 0;
	for (r = runs; r != NULL; r = r->next) {
		r->voided = r->attempt;
		streams_done(&r->streams);
		if (status == 0)
			status = s.ops->reset_run(s.store, l->id, r->run, lane->host->id, err);
	}
	if (runs != NULL)
		live_add_broken(l, block, runs);
	return status;
}
