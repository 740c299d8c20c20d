/*
 * A campaign is paused: what waits at agents is queued again, and nothing of it is handed out until
 * it is resumed. An attempt that is called off so is not lost: `limits.attempts` does not count it.
 * Its result counts nevertheless, should it come: then the run had ended before its agent heard of
 * it.
 */
#include "coordinator/dispatch/live_parts.h"

#include <utlist.h>

int live_recall(
	struct live *l, struct live_run *r, int64_t at, struct live_store s, struct error *err)
{
	struct lane *lane = &l->lanes[r->lane];
	int status;

	r->attempt_state = attempt_state_next(r->attempt_state, ATTEMPT_CALL_OFF);
	r->is_called_off = false;
	status = s.ops->set_attempt_state(
		s.store, l->id, r->run, r->attempt, attempt_state_name(r->attempt_state), at, err);
	if (status == 0)
		status = s.ops->set_run_state(s.store, l->id, r->run, RUN_QUEUED, NULL, err);
	if (status < 0)
		return status;
	l->is_stirred = true;
	lane_put_down(lane, r);
	r->state = run_state_next(r->state, EVENT_RECALLED);
	DL_PREPEND(lane->queue, r);
	return 0;
}

static int change(struct live *l, enum campaign_event event, const char *kind, const char *why,
	int64_t at, struct live_store s, struct error *err)
{
	enum campaign_state next = campaign_state_next(l->state, event);
	int status =
		s.ops->set_campaign_state(s.store, l->id, campaign_state_name(next), ABSENT, err);

	if (status == 0)
		status = s.ops->add_event(s.store, l->id, 0, 0, kind, why, at, err);
	l->is_stirred = true;
	if (status == 0)
		l->state = next;
	return status;
}

int live_pause(struct live *l, const char *why, int64_t at, struct live_store s, struct error *err)
{
	/* What it had claimed for runs of several hosts is free for others. */
	live_is_due(l);
	return change(l, CAMPAIGN_PAUSE, "paused", why, at, s, err);
}

int live_resume(struct live *l, const char *why, int64_t at, struct live_store s, struct error *err)
{
	/* The pace is that of the time in which it runs. */
	for (size_t i = 0; i < l->lanes_n; i++)
		l->lanes[i].first_ns = l->lanes[i].timed = 0;
	live_is_due(l);
	return change(l, CAMPAIGN_RESUME, "resumed", why, at, s, err);
}
