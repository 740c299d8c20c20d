/* Which runs of several hosts get them: gang.h says how, and why that ends well. */
#include "coordinator/dispatch/gang.h"

#include "proto/clock.h"
#include <utlist.h>

/* ---- what comes before on a claimed host ---- */

static int64_t turn_of(const struct lane *claim, const struct host *h)
{
	for (size_t i = 0; i < claim->members_n; i++)
		if (claim->members[i] == h)
			return claim->turns[i];
	return INT64_MIN;
}

bool gang_yields(const struct host *h, const struct lane *lane)
{
	const struct lane *claim = h->claim;

	if (claim == NULL)
		return true;
	if (claim->gang != NULL)
		return false;
	if (live_is_within(lane))
		return true;
	return !live_is_within(claim) && (lane->live->priority > claim->live->priority ||
						 (lane->live->priority == claim->live->priority &&
							 lane->turn < turn_of(claim, h)));
}

/* Whether a lane of one host has something now that comes before; *higher: of a higher priority. */
static bool has_before(const struct host *h, const struct lane *claim, bool *higher)
{
	struct lane *lane;
	bool has = false;

	*higher = false;
	DL_FOREACH2(h->lanes, lane, host_next)
	{
		if (lane->live->state != CAMPAIGN_RUNNING ||
			live_peek(lane->live, lane) == NEXT_NONE || !gang_yields(h, lane))
			continue;
		has = true;
		*higher |= !live_is_within(lane) && lane->live->priority > claim->live->priority;
	}
	return has;
}

/* ---- the order ---- */

struct candidates {
	struct lane **lanes; /* owned */
	size_t n, room;
};

static bool can_play(const struct lane *lane)
{
	for (size_t i = 0; i < lane->members_n; i++)
		if (lane->members[i]->minor < GANG_MINOR)
			return false;
	return lane_takes_runs(lane);
}

static int by_order(const void *x, const void *y)
{
	const struct lane *a = *(struct lane *const *)x, *b = *(struct lane *const *)y;
	bool a_within = live_is_within(a), b_within = live_is_within(b);

	if (a_within != b_within)
		return a_within ? -1 : 1;
	if (a->live->priority != b->live->priority)
		return a->live->priority > b->live->priority ? -1 : 1;
	if (a->turn != b->turn)
		return a->turn < b->turn ? -1 : 1;
	if (a->live->id != b->live->id)
		return a->live->id < b->live->id ? -1 : 1;
	return (a > b) - (a < b);
}

static void find_candidates(struct dispatch *d, struct candidates *c)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		for (size_t i = l->alone_n; l->state == CAMPAIGN_RUNNING && i < l->lanes_n; i++) {
			struct lane *lane = &l->lanes[i];

			if (lane->gang != NULL || !can_play(lane) || live_peek(l, lane) != NEXT_RUN)
				continue;
			if (c->n == c->room) {
				c->room = c->room ? 2 * c->room : 16;
				c->lanes = xreallocarray(c->lanes, c->room, sizeof(struct lane *));
			}
			c->lanes[c->n++] = lane;
		}
	}
	if (c->n > 1)
		qsort(c->lanes, c->n, sizeof(struct lane *), by_order);
}

/* ---- claims ---- */

static void set_claims(const struct lane *lane, struct lane *claim)
{
	for (size_t i = 0; i < lane->members_n; i++)
		lane->members[i]->claim = claim;
}

/* Whether it has its hosts for itself from now on, as soon as they are empty. *is_free: they are.
 */
static bool claim(struct lane *lane, bool *is_free)
{
	bool is_barred = false;

	for (size_t i = 0; i < lane->members_n; i++)
		if (lane->members[i]->claim != NULL)
			return false;
	set_claims(lane, lane);
	*is_free = true;
	for (size_t i = 0; i < lane->members_n; i++) {
		bool higher;

		if (lane->members[i]->flights_n > 0 || has_before(lane->members[i], lane, &higher))
			*is_free = false;
		(void)has_before(lane->members[i], lane, &higher);
		is_barred |= higher;
	}
	if (is_barred)
		set_claims(lane, NULL);
	return !is_barred;
}

/* Of a lane that begins a block, or goes on with one. */
static void take_turn(struct dispatch *d, struct lane *lane)
{
	lane->turn = ++d->gang_turns;
	for (size_t i = 0; i < lane->members_n; i++)
		lane->turns[i] = lane->members[i]->turns += 2;
}

static int hand_out(struct dispatch *d, struct lane *lane, int64_t now_ns)
{
	struct error err = {0};
	struct live_run *r = NULL;

	while (r == NULL && live_peek(lane->live, lane) == NEXT_RUN) {
		bool is_turn = !live_is_within(lane);

		if (dispatch_begin(d) < 0)
			return d->failure.code;
		if (live_next(lane->live, lane, now_ns, clock_realtime_ns(), d->s, &r, &err) < 0)
			return dispatch_fail(d, &err);
		if (r != NULL && is_turn)
			take_turn(d, lane);
	}
	if (r != NULL)
		gang_begin(d, lane, r);
	return 0;
}

static bool has_tuples(const struct dispatch *d)
{
	const struct live *l;

	DL_FOREACH (d->lives, l) {
		if (l->lanes_n > l->alone_n)
			return true;
	}
	return d->has_claims;
}

/* Claims of the turn before are over; hosts of runs in flight stay claimed. */
static void renew_claims(struct dispatch *d)
{
	struct host *h, *next;
	struct live *l;

	HASH_ITER (hh, d->hosts, h, next)
		h->claim = NULL;
	DL_FOREACH (d->lives, l) {
		for (size_t i = l->alone_n; i < l->lanes_n; i++)
			if (l->lanes[i].gang != NULL)
				set_claims(&l->lanes[i], &l->lanes[i]);
	}
}

int gang_fill(struct dispatch *d, int64_t now_ns)
{
	struct candidates c = {0};
	struct host *h, *next;
	int status = 0;

	if (d->due == NULL || !has_tuples(d))
		return 0;
	HASH_ITER (hh, d->hosts, h, next)
		h->was_claimed = h->claim != NULL;
	renew_claims(d);
	find_candidates(d, &c);
	for (size_t i = 0; i < c.n && status == 0; i++) {
		bool is_free;

		if (claim(c.lanes[i], &is_free) && is_free)
			status = hand_out(d, c.lanes[i], now_ns);
	}
	d->has_claims = false;
	HASH_ITER (hh, d->hosts, h, next) {
		d->has_claims |= h->claim != NULL;
		if (h->was_claimed && h->claim == NULL)
			host_is_due(h);
	}
	free(c.lanes);
	return status;
}
