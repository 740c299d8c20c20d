/*
 * Attempts that are out no more and gave no result: they were lost, or given back.
 *
 * A run whose host was lost with it again and again may be why: it is given up (quarantined) after
 * `limits.attempts` times. So that a restart of the coordinator does not begin to count anew, these
 * losses are counted from the campaign's events. Only those count that the coordinator witnessed,
 * of the run that the host was at work on: a user who interrupts `joulerig run` loses the agent and
 * the coordinator together, and what waited at the agent did nothing to it.
 */
#include "coordinator/dispatch/live_parts.h"

#include <utlist.h>

static int write_loss(const struct live *l, struct live_run *r, enum loss loss, const char *why,
	int64_t at, struct live_store s, struct error *err)
{
	int status;

	r->attempt_state = attempt_state_next(r->attempt_state, ATTEMPT_LOSE);
	r->is_called_off = false;
	status = s.ops->set_attempt_state(
		s.store, l->id, r->run, r->attempt, attempt_state_name(r->attempt_state), at, err);
	if (status == 0)
		status = s.ops->add_event(s.store, l->id, l->lanes[r->lane].host->id, r->run,
			loss == LOSS_WITH_HOST ? LIVE_HOST_LOST : "lost", why, at, err);
	return status;
}

/* Count it, and say why the run is given up; NULL: it is not. */
static char *count_loss(const struct live *l, struct live_run *r, enum loss loss, const char *why)
{
	const char *host = l->lanes[r->lane].host->name;

	if (loss == LOSS_WITH_HOST && ++r->host_lost >= l->campaign->attempts)
		return xasprintf("quarantined: its host was lost with it %lld time%s: the last "
				 "time %s: %s",
			(long long)r->host_lost, r->host_lost == 1 ? "" : "s", host, why);
	if (loss == LOSS_BACK && ++r->turned_down >= l->campaign->attempts)
		return xasprintf("given back %lld time%s, the last time by %s: %s",
			(long long)r->turned_down, r->turned_down == 1 ? "" : "s", host, why);
	return NULL;
}

int live_lose(struct live *l, struct live_run *r, enum loss loss, const char *why, int64_t at,
	struct live_store s, char **given_up, struct error *err)
{
	struct lane *lane = &l->lanes[r->lane];
	int status = write_loss(l, r, loss, why, at, s, err);

	*given_up = NULL;
	if (status < 0)
		return status;
	*given_up = count_loss(l, r, loss, why);
	if (*given_up != NULL) {
		status = s.ops->set_run_state(s.store, l->id, r->run,
			run_state_name(run_state_next(r->state, EVENT_FAILED)), *given_up, err);
		live_end(l, r, EVENT_FAILED, NULL);
		return status;
	}
	l->is_stirred = true;
	lane_put_down(lane, r);
	r->state = run_state_next(r->state, EVENT_LOST);
	DL_PREPEND(lane->queue, r);
	return s.ops->set_run_state(s.store, l->id, r->run, run_state_name(r->state), NULL, err);
}

int live_find_again(
	struct live *l, struct live_run *r, int64_t at, struct live_store s, struct error *err)
{
	struct lane *lane = &l->lanes[r->lane];
	int status;

	if (!host_take(lane->host, l, r))
		return 0;
	l->is_stirred = true;
	DL_DELETE(lane->queue, r);
	r->attempt_state = attempt_state_next(r->attempt_state, ATTEMPT_FOUND);
	r->state = run_state_next(r->state, EVENT_ASSIGN);
	status = s.ops->set_attempt_state(
		s.store, l->id, r->run, r->attempt, attempt_state_name(r->attempt_state), at, err);
	if (status == 0)
		status = s.ops->set_run_state(
			s.store, l->id, r->run, run_state_name(r->state), NULL, err);
	return status;
}
