/*
 * The passes of a lane: which comes next, in which order, under which numbers.
 *
 * With `order: blocks` a lane has one stage, all its configurations, and a pass of it is a block.
 * With `order: sequential` each configuration is a stage of its own: then a pass is one run, and
 * its place in the block is that of the file.
 */
#include "coordinator/dispatch/live_parts.h"

/* Runs of a pass that are written at once: some milliseconds, during which other campaigns wait. */
#define SLICE 1000

#include <utlist.h>

/* ---- stages ---- */

void live_make_stages(struct live *l, struct lane *lane)
{
	/* Whole blocks are spread: there is no order but theirs. */
	lane->is_sequential = l->campaign->is_sequential && !l->campaign->is_spread;
	lane->stages_n = lane->is_sequential ? lane->plan->n : 1;
	lane->width = lane->is_sequential ? 1 : (int64_t)lane->plan->n;
	lane->is_over = lane->plan->n == 0;
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
	if (lane->is_decided)
		return;
	lane->is_decided = true;
	if (lane->is_sequential) {
		/* What it is compared with is done, or not begun. */
		lane->width = !until_is_enough(&lane->until, lane->stage);
		return;
	}
	if (lane->open == NULL)
		lane->open = xcalloc(lane->plan->n + 1, sizeof *lane->open);
	lane->width = (int64_t)until_open(&lane->until, lane->open);
}

static void begin_stage(struct lane *lane)
{
	lane->stage++;
	lane->passes_begun = lane->stage_passes != NULL ? lane->stage_passes[lane->stage] : 0;
	lane->is_decided = false;
	lane->width = 1;
}

enum live_next live_peek_pass(struct live *l, struct lane *lane)
{
	if (lane->queue != NULL || (lane->order != NULL && !l->is_stopped))
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

/* Write what comes next of the pass that began last, at most limit places of its order. */
static int write_slice(struct live *l, struct lane *lane, size_t limit, const bool *chosen,
	struct live_store s, struct error *err)
{
	int64_t pass = lane->passes_begun - 1;
	int64_t number = live_first_number(l, (size_t)(lane - l->lanes), pass);
	int status = 0;

	for (; status == 0 && limit > 0 && lane->order_at < lane->plan->n; limit--) {
		size_t at = lane->order_at++, place = lane->order[at];

		if (chosen == NULL || chosen[place])
			status = live_write_run(l, lane, number + (int64_t)at, place, pass, s, err);
	}
	if (lane->order_at == lane->plan->n) {
		free(lane->order);
		lane->order = NULL;
	}
	return status;
}

static void order_pass(const struct live *l, struct lane *lane, size_t at)
{
	lane->order = xcalloc(lane->plan->n + 1, sizeof *lane->order);
	lane->order_at = at;
	plan_order(l->campaign, l->plan, (size_t)(lane - l->lanes), lane->passes_begun - 1,
		lane->order);
}

int live_begin_pass(struct live *l, struct lane *lane, struct live_store s, struct error *err)
{
	bool is_chosen = lane->is_decided;

	if (lane->order != NULL)
		return write_slice(l, lane, SLICE, NULL, s, err);
	lane->passes_begun++;
	lane->is_decided = false;
	if (lane->is_sequential)
		return live_write_run(l, lane,
			live_first_number(l, (size_t)(lane - l->lanes), lane->passes_begun - 1) +
				(int64_t)lane->stage,
			lane->stage, lane->passes_begun - 1, s, err);
	order_pass(l, lane, 0);
	/* What was chosen by results is written to its end: it could not be told again later. */
	return is_chosen ? write_slice(l, lane, SIZE_MAX, lane->open, s, err)
			 : write_slice(l, lane, SLICE, NULL, s, err);
}

void live_resume_pass(struct live *l, struct lane *lane)
{
	size_t written = (size_t)lane->width;

	if (lane->is_sequential && lane->plan->n > 0)
		lane->passes_begun = lane->stage_passes[0];
	if (lane->is_sequential || lane->passes_begun == 0 ||
		lane->passes_begun > l->campaign->warmup + l->campaign->blocks ||
		written >= lane->plan->n)
		return;
	lane->width = (int64_t)lane->plan->n;
	order_pass(l, lane, written);
}

int64_t live_rest_of_lane(const struct live *l, const struct lane *lane)
{
	int64_t later = (int64_t)(lane->stages_n - lane->stage) - 1, begun = 0;

	if (lane->is_over || l->is_stopped)
		return 0;
	for (size_t i = lane->stage + 1; lane->stage_passes != NULL && i < lane->stages_n; i++)
		begun += lane->stage_passes[i];
	return (live_passes(l) - lane->passes_begun) * lane->width + live_passes(l) * later -
	       begun + (lane->order != NULL ? (int64_t)(lane->plan->n - lane->order_at) : 0);
}
