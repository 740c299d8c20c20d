/* When a campaign is over, and what becomes of runs that are queued and will not run. */
#include "coordinator/dispatch/live_parts.h"

bool live_lane_is_over(const struct live *l, const struct lane *lane)
{
	if (lane->unended > 0)
		return false;
	/* A host is done with the campaign when it is with all that it runs together with others.
	 */
	for (size_t i = lane->members_n == 0 ? l->alone_n : l->lanes_n; i < l->lanes_n; i++)
		if (lane_has(&l->lanes[i], lane->host) && !live_lane_is_over(l, &l->lanes[i]))
			return false;
	return l->campaign->is_spread ? live_blocks_are_over(l) : lane->is_over || l->is_stopped;
}

bool live_is_over(const struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (!live_lane_is_over(l, &l->lanes[i]))
			return false;
	return true;
}

/* Nothing more begins, and what is queued ends in this state. */
static int end_queued(struct live *l, enum run_event event, const char *reason, struct live_store s,
	struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];
		while (lane->queue != NULL && status == 0) {
			struct live_run *r = lane->queue;
			status = s.ops->set_run_state(s.store, l->id, r->run,
				run_state_name(run_state_next(r->state, event)), reason, err);
			live_end(l, r, event, NULL);
		}
	}
	return status;
}

int live_cancel_queued(struct live *l, struct live_store s, struct error *err)
{
	l->is_stopped = true;
	live_is_due(l);
	live_adopt_broken(l);
	return end_queued(l, EVENT_CANCELLED, NULL, s, err);
}

static bool has_queued(const struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].queue != NULL)
			return true;
	return l->broken != NULL;
}

/* Of `spread: any`: nobody needs warm-up runs that wait behind a block that went elsewhere. */
static bool has_needless(const struct live *l)
{
	return l->campaign->is_spread && l->runs != NULL && live_blocks_are_over(l) &&
	       has_queued(l);
}

static bool has_flights(const struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct host *h = l->lanes[i].host;
		for (size_t k = 0; k < h->flights_n; k++)
			if (h->flights[k].live == l)
				return true;
	}
	return false;
}

/* Its time begins with the first run that is under way, which a coordinator before this one may
 * have handed out, and stops when it is paused and nothing is under way any more. */
static void keep_time(struct live *l, int64_t now_ns)
{
	bool is_paused = l->state == CAMPAIGN_PAUSED;

	if (l->since_ns == 0 && has_flights(l)) {
		l->since_ns = now_ns;
	} else if (l->since_ns != 0 && is_paused && !has_flights(l)) {
		l->used_ns += now_ns - l->since_ns;
		l->since_ns = 0;
	}
}

bool live_is_unsettled(struct live *l, int64_t now_ns, int64_t at)
{
	if (l->is_stirred)
		keep_time(l, now_ns);
	if (l->reached == NULL && !l->is_stopped)
		l->reached = live_budget_reached(l, now_ns, at);
	if (l->reached != NULL && !l->is_stopped)
		return true;
	if (!l->is_stirred)
		return false;
	for (size_t i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].unended == 0 || l->campaign->is_spread)
			live_peek(l, &l->lanes[i]);
	return (l->reached != NULL && has_queued(l)) || has_needless(l);
}

int live_settle(struct live *l, int64_t at, struct live_store s, struct error *err)
{
	if (l->reached == NULL)
		return end_queued(l, EVENT_SKIPPED,
			"no block was left for its host after the warm-up", s, err);
	if (!l->is_stopped) {
		int status = s.ops->add_event(s.store, l->id, 0, 0, "budget", l->reached, at, err);
		if (status < 0)
			return status;
	}
	l->is_stopped = true;
	live_is_due(l);
	live_adopt_broken(l);
	return end_queued(l, EVENT_SKIPPED, l->reached, s, err);
}
