/*
 * live_parts.h - what the files of a live campaign share
 *
 * Private to live*.c; others use live.h.
 */
#ifndef COORDINATOR_DISPATCH_LIVE_PARTS_H
#define COORDINATOR_DISPATCH_LIVE_PARTS_H

#include "coordinator/dispatch/live.h"

/* ---- live.c ---- */

/* An empty one of this label; c becomes its own. */
struct live *live_new(struct campaign *c, const char *label);
void live_set_hosts(struct live *l, struct host *const *hosts, size_t n);
/* Plan for the hosts that were set, and be ready to begin. */
int live_make_plan(struct live *l, struct error *err);
/* Its lanes are its hosts' from now on; needs id and priority. */
void live_enter_hosts(struct live *l);
void live_set_payload(struct live *l, const struct blob *tree, const char *directory);

/* A queued run, known by its number; in no queue yet. */
struct live_run *live_add_run(
	struct live *l, int64_t number, size_t lane, size_t place, int64_t pass);
/* Forget a run that is in no list. */
void live_free_run(struct live_run *r);
/* What counts the counted runs of a run's configuration, and where in it. */
struct until_scope *live_until(struct live *l, const struct live_run *r, size_t *index);
/* Count that a run ended in this state, with its value and energy. */
void live_count_end(struct live *l, const struct live_run *r, enum run_state state);
/* Take that back. */
void live_uncount_end(struct live *l, const struct live_run *r);
/* Queue a run behind the rest of its lane; where its host cannot do its configuration, it ends as
 * skipped at once. The store knows already. */
void live_enter_run(struct live *l, struct live_run *r);

/* ---- live_lose.c ---- */

/* Kind of the event of an attempt that its host was lost with: these are counted. */
#define LIVE_HOST_LOST "host_lost"

/* ---- live_tuples.c ---- */

/* Add the plan's lanes of several hosts to those of one, whose hosts are set. */
void live_add_tuples(struct live *l, const struct plan *plan);
void live_free_tuple(struct lane *lane);
/* Write one of them to the store; its members are there. */
int live_write_tuple(struct live *l, size_t index, struct live_store s, struct error *err);

/* ---- live_passes.c ---- */

static inline int64_t live_passes(const struct live *l)
{
	return l->campaign->warmup + l->campaign->max;
}
static inline int64_t live_block_of_pass(const struct live *l, int64_t pass)
{
	return pass < l->campaign->warmup ? 0 : pass - l->campaign->warmup + 1;
}
/* Whether configurations may end before the maximum. */
static inline bool live_has_until(const struct live *l)
{
	return l->campaign->until.metric != NULL;
}
/* Runs number by pass, then lane, then place, from 1. */
int64_t live_first_number(const struct live *l, size_t lane, int64_t pass);
void live_make_stages(struct live *l, struct lane *lane);
/* The place of a configuration in a lane's plan; lane->plan->n where it is not there. */
size_t live_place_of(const struct lane *lane, size_t configuration);
enum live_next live_peek_pass(struct live *l, struct lane *lane);
/* Begin the next pass, or go on to write the one that began last: a large one is written in slices,
 * each when the one before is used up. */
int live_begin_pass(struct live *l, struct lane *lane, struct live_store s, struct error *err);
/* After a load, which counted the runs of the lane's last pass in width: what of it was not written
 * yet comes next. Not with `spread: any`. */
void live_resume_pass(struct live *l, struct lane *lane);
/* Write one run of a pass, and queue it where it can run. */
int live_write_run(struct live *l, struct lane *lane, int64_t number, size_t place, int64_t pass,
	struct live_store s, struct error *err);
/* Runs that may begin yet on a lane, at most. */
int64_t live_rest_of_lane(const struct live *l, const struct lane *lane);

/* ---- live_spread.c ---- */

enum live_next live_peek_block(struct live *l, struct lane *lane);
int live_take_block(struct live *l, struct lane *lane, struct live_store s, struct error *err);
/* A run of a block ended: it is kept until the block is complete. */
void live_keep_ended(struct live *l, struct lane *lane, struct live_run *r);
/* The lane has nothing unended any more: its block is complete. */
void live_complete_block(struct lane *lane);
/* Whether no block is under way, broken, or to begin. */
bool live_blocks_are_over(const struct live *l);
int64_t live_rest_of_blocks(const struct live *l);
/* Sort the lanes into groups; the plan is there. */
void live_make_groups(struct live *l);
/* The group of lanes that runs a benchmark. */
size_t live_group_of(const struct live *l, const struct benchmark *b);
/* A block is held by nobody: for live_load(). runs is in the order of numbers, becomes its own. */
void live_add_broken(struct live *l, int64_t block, struct live_run *runs);
/* Give the runs of broken blocks back to the lanes that they were of, as nothing of them begins any
 * more. */
void live_adopt_broken(struct live *l);

/* ---- live_budget.c ---- */

/* When the time of day of the budget comes; needs budget_at. */
void live_init_budget(struct live *l);
/* Why nothing more may begin, or NULL; the caller frees it. */
char *live_budget_reached(const struct live *l, int64_t now_ns, int64_t at);
/* What the budget leaves at the pace so far, ns; ABSENT where it says nothing. */
int64_t live_budget_left(const struct live *l, int64_t now_ns, int64_t at);

/* ---- live_describe.c ---- */

/* Runs that will be at most. */
int64_t live_total(const struct live *l);

#endif
