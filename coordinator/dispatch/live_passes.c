/*
 * The passes of a lane: which comes next, in which order, under which numbers.
 *
 * With `order: blocks` a lane has one stage, all its configurations, and a pass of it is a block.
 * With `order: sequential` each configuration is a stage of its own, or each group that `pair` puts
 * together: then a pass is that stage's part of a block, and the order of a block is that of the
 * stages.
 */
#include "coordinator/dispatch/groups.h"
#include "coordinator/dispatch/live_parts.h"

#include <utlist.h>

/* ---- stages ---- */

void live_make_stages(struct live *l, struct lane *lane)
{
	const struct campaign *c = l->campaign;
	size_t n = lane->plan->n, at = 0;

	lane->stages_n = 1;
	lane->width = (int64_t)n;
	/* Whole blocks are spread: there is no order but theirs. */
	if (!c->is_sequential || c->is_spread || n == 0)
		return;
	_cleanup_free_ size_t *group = groups_make(l->plan, lane->plan->configurations, n,
		(const char *const *)c->pair, c->pair_n, &lane->stages_n);
	lane->stages = xcalloc(n, sizeof *lane->stages);
	lane->stage_ends = xcalloc(lane->stages_n + 1, sizeof *lane->stage_ends);
	/* A counting sort, which keeps the file's order within a group. */
	for (size_t i = 0; i < n; i++)
		lane->stage_ends[group[i]]++;
	for (size_t i = 0; i < lane->stages_n; i++) {
		size_t size = lane->stage_ends[i];
		lane->stage_ends[i] = at;
		at += size;
	}
	for (size_t i = 0; i < n; i++)
		lane->stages[lane->stage_ends[group[i]]++] = i;
	lane->width = (int64_t)lane->stage_ends[0];
}

void live_stage_bounds(const struct lane *lane, size_t *begin, size_t *end)
{
	*begin = lane->stages == NULL || lane->stage == 0 ? 0 : lane->stage_ends[lane->stage - 1];
	*end = lane->stages == NULL ? lane->plan->n : lane->stage_ends[lane->stage];
}

size_t *live_stage_of_places(const struct lane *lane)
{
	size_t *of;

	if (lane->stages == NULL)
		return NULL;
	of = xcalloc(lane->plan->n, sizeof *of);
	for (size_t stage = 0, i = 0; stage < lane->stages_n; stage++)
		for (; i < lane->stage_ends[stage]; i++)
			of[lane->stages[i]] = stage;
	return of;
}

/* ---- what comes next ---- */

size_t live_place_of(const struct lane *lane, size_t configuration)
{
	size_t low = 0, high = lane->plan->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (lane->plan->configurations[middle] < configuration)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lane->plan->n && lane->plan->configurations[low] == configuration
		       ? low
		       : lane->plan->n;
}

/* What of the lane's stage goes on after the minimum; nothing of the lane is under way. */
static void decide(struct lane *lane)
{
	size_t begin, end;

	if (lane->is_decided)
		return;
	if (lane->open == NULL)
		lane->open = xcalloc(lane->plan->n + 1, sizeof *lane->open);
	live_stage_bounds(lane, &begin, &end);
	if (lane->stages == NULL) {
		lane->width = (int64_t)until_open(&lane->until, lane->open);
	} else {
		/* A stage is what ends together; what it is compared with is done, or not begun. */
		bool is_open = false;
		for (size_t i = begin; i < end; i++)
			is_open |= !until_is_enough(&lane->until, lane->stages[i]);
		for (size_t i = begin; i < end; i++)
			lane->open[lane->stages[i]] = is_open;
		lane->width = is_open ? (int64_t)(end - begin) : 0;
	}
	lane->is_decided = true;
}

static void begin_stage(struct lane *lane)
{
	size_t begin, end;

	lane->stage++;
	lane->passes_begun = 0;
	lane->is_decided = false;
	live_stage_bounds(lane, &begin, &end);
	lane->width = (int64_t)(end - begin);
}

enum live_next live_peek_pass(struct live *l, struct lane *lane)
{
	if (lane->queue != NULL)
		return NEXT_RUN;
	while (!lane->is_over && !l->is_stopped) {
		if (lane->passes_begun < l->campaign->warmup + l->campaign->blocks)
			return NEXT_RUN;
		if (lane->passes_begun < live_passes(l)) {
			if (lane->unended > 0)
				return NEXT_WAIT;
			decide(lane);
			if (lane->width > 0)
				return NEXT_RUN;
		}
		if (lane->stage + 1 < lane->stages_n)
			begin_stage(lane);
		else
			lane->is_over = true;
	}
	return NEXT_NONE;
}

/* ---- a pass begins ---- */

int64_t live_first_number(const struct live *l, size_t lane, int64_t pass)
{
	int64_t n = pass * l->runs_a_pass + 1;

	for (size_t i = 0; i < lane; i++)
		n += (int64_t)l->plan->lanes[i].n;
	return n;
}

/* The places of the lane's stage in the order of this pass. Returns how many. */
static size_t order_pass(const struct live *l, const struct lane *lane, int64_t pass, size_t *order)
{
	size_t index = (size_t)(lane - l->lanes), begin, end;

	if (lane->stages == NULL) {
		plan_order(l->campaign, l->plan, index, pass, order);
		return lane->plan->n;
	}
	live_stage_bounds(lane, &begin, &end);
	/* Each stage has another order, and the same one after a restart. */
	plan_shuffle((int64_t)((uint64_t)l->campaign->seed + ((uint64_t)lane->stage << 32)), index,
		pass, order, end - begin);
	for (size_t i = 0; i < end - begin; i++)
		order[i] = lane->stages[begin + order[i]];
	return end - begin;
}

int live_write_run(struct live *l, struct lane *lane, int64_t number, size_t place, int64_t pass,
	struct live_store s, struct error *err)
{
	const char *cannot = lane->plan->skipped[place];
	struct store_run row = {
		.campaign = l->id,
		.run = number,
		.block = live_block_of_pass(l, pass),
		.pass = pass,
		.host = lane->host->id,
		.configuration = (int64_t)lane->plan->configurations[place],
		.state = cannot ? RUN_SKIPPED : RUN_QUEUED,
		.reason = cannot,
	};
	int status = s.ops->add_run(s.store, &row, err);

	if (status < 0)
		return status;
	l->rows++;
	live_enter_run(l, live_add_run(l, number, (size_t)(lane - l->lanes), place, pass));
	return 0;
}

int live_begin_pass(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	int64_t pass = lane->passes_begun, number;
	_cleanup_free_ size_t *order = xcalloc(lane->plan->n + 1, sizeof *order);
	bool is_chosen = lane->is_decided;
	size_t n = order_pass(l, lane, pass, order), begin, end;
	int status = 0;

	live_stage_bounds(lane, &begin, &end);
	number = live_first_number(l, (size_t)(lane - l->lanes), pass) + (int64_t)begin;
	lane->passes_begun++;
	lane->is_decided = false;
	for (size_t i = 0; status == 0 && i < n; i++)
		if (!is_chosen || lane->open[order[i]])
			status = live_write_run(
				l, lane, number + (int64_t)i, order[i], pass, s, err);
	return status;
}

int64_t live_rest_of_lane(const struct live *l, const struct lane *lane)
{
	int64_t later;

	if (lane->is_over || l->is_stopped)
		return 0;
	later = lane->stages == NULL
			? 0
			: (int64_t)(lane->plan->n - lane->stage_ends[lane->stage]);
	return (live_passes(l) - lane->passes_begun) * lane->width + live_passes(l) * later;
}
