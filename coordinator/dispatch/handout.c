#include "coordinator/dispatch/handout.h"
#include "coordinator/dispatch/committed.h"
#include "coordinator/dispatch/rendered.h"

#include "coordinator/dispatch/gang.h"
#include "proto/clock.h"
#include <utlist.h>

void handout_send(struct dispatch *d, struct host *h, struct live *l, struct live_run *r)
{
	struct message m;

	message_init(&m, MESSAGE_ASSIGN);
	agents_fill_id(&m.assign.id, l, r);
	m.assign.block = r->block;
	m.assign.lease_ns = LEASE_NS;
	m.assign.committed = committed_take(h);
	dispatch_queue_with(d, &h->route, &m, rendered_assign(l, r));
}

/* ---- whose turn it is ---- */

/* The better of two lanes between blocks: a is NULL or of at least the priority of b. */
static struct lane *earlier(struct lane *a, struct lane *b)
{
	return a == NULL || (a->live->priority == b->live->priority && b->turn < a->turn) ? b : a;
}

struct lane *handout_choose(const struct host *h)
{
	struct lane *within = NULL, *next = NULL, *lane;
	bool within_waits = false;
	int64_t waits = INT64_MIN; /* highest priority of one that waits */

	DL_FOREACH2(h->lanes, lane, host_next)
	{
		if (lane->live->state != CAMPAIGN_RUNNING)
			continue;
		enum live_next has = live_peek(lane->live, lane);
		if (has == NEXT_NONE)
			continue;
		if (live_is_within(lane)) {
			if (within == NULL || lane->turn > within->turn) {
				within = lane;
				within_waits = has == NEXT_WAIT;
			}
		} else if (has == NEXT_RUN) {
			next = earlier(next, lane);
		} else if (lane->live->priority > waits) {
			waits = lane->live->priority;
		}
	}
	if (within == NULL)
		within = next == NULL || next->live->priority < waits ? NULL : next;
	else if (within_waits)
		within = NULL;
	return within != NULL && gang_yields(h, within) ? within : NULL;
}

/* ---- handing out ---- */

/* The next run of the host, its attempt written and in its hands. Returns 1, or 0: it has none. */
static int next_for(
	struct dispatch *d, struct host *h, int64_t now_ns, struct live **l, struct live_run **r)
{
	struct error err = {0};
	struct lane *lane;

	while ((lane = handout_choose(h)) != NULL) {
		bool is_turn = !live_is_within(lane);

		*l = lane->live;
		if (dispatch_begin(d) < 0)
			return d->failure.code;
		if (live_next(*l, lane, now_ns, clock_realtime_ns(), d->s, r, &err) < 0)
			return dispatch_fail(d, &err);
		if (*r == NULL) /* what came next is skipped: another may have something */
			continue;
		if (is_turn)
			lane->turn = h->turns += 2;
		return 1;
	}
	return 0;
}

static int fill_host(struct dispatch *d, struct host *h, int64_t now_ns)
{
	struct live *l;
	struct live_run *r;
	int found = 0;

	while (host_takes_runs(h) && h->flights_n < HOST_FLIGHTS &&
		(found = next_for(d, h, now_ns, &l, &r)) > 0)
		handout_send(d, h, l, r);
	return found < 0 ? found : 0;
}

int handout_fill(struct dispatch *d, int64_t now_ns)
{
	struct host *h;
	int claimed = gang_fill(d, now_ns);

	if (claimed < 0)
		return claimed;
	while ((h = d->due) != NULL) {
		h->is_due = false;
		DL_DELETE2(d->due, h, due_prev, due_next);
		int r = fill_host(d, h, now_ns);
		if (r < 0)
			return r;
	}
	return 0;
}
