/*
 * The end of a campaign: agents are told that there are no more runs, tear down what it set up, and
 * then it is done. One that is not there is waited for as long as for a run, not for ever. What
 * fails here is noted and fails no campaign.
 */
#include "coordinator/dispatch/core.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

void dispatch_note(struct dispatch *d, const struct live *l, const struct host *h, const char *text)
{
	struct error err = {0};
	struct message m;

	if (dispatch_begin(d) < 0)
		return;
	if (d->config.ops->add_event(d->config.store, l->id, h ? h->id : 0, 0, "note", text,
		    clock_realtime_ns(), &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "note";
	m.event.host = h ? h->name : NULL;
	m.event.text = text;
	dispatch_tell(d, &l->uuid, &m);
}

static void note_no_teardown(
	struct dispatch *d, const struct live *l, const struct host *h, const char *why)
{
	_cleanup_free_ char *text = xasprintf("teardown was not run on %s: %s", h->name, why);

	dispatch_note(d, l, h, text);
}

static void say_finish(struct dispatch *d, const struct live *l, const struct lane *lane)
{
	struct render_arena *arena = NULL;
	struct message m;

	message_init(&m, MESSAGE_FINISH);
	m.finish.campaign = l->uuid;
	m.finish.label = l->label;
	campaign_render_teardown(
		l->campaign, &l->hosts[lane - l->lanes], l->label, &m.finish.teardown, &arena);
	dispatch_queue(d, &lane->host->route, &m);
	render_done(arena);
}

static void finish_lane(struct dispatch *d, const struct live *l, struct lane *lane, int64_t now_ns)
{
	const struct host *h = lane->host;
	bool has_steps = l->campaign->teardown.n > 0;

	if (host_is_connected(h) && lane->finish == FINISH_DUE) {
		say_finish(d, l, lane);
		lane->finish = has_steps ? FINISH_SENT : FINISH_DONE;
	} else if (!host_is_connected(h) && !has_steps) {
		lane->finish = FINISH_DONE;
	} else if (!host_is_connected(h) && h->seen_ns != 0 && now_ns - h->seen_ns > LEASE_NS) {
		lane->finish = FINISH_DONE;
		note_no_teardown(d, l, h, "it is not connected");
	}
}

void finish_now(struct dispatch *d, struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (host_is_connected(l->lanes[i].host) && l->lanes[i].finish == FINISH_DUE)
			finish_lane(d, l, &l->lanes[i], 0);
}

/* Whether all of a campaign has ended; hosts that are done with it are told. */
static bool finish_live(struct dispatch *d, struct live *l, int64_t now_ns)
{
	bool is_done = live_is_over(l);

	/* Its blocks are all hosts': none of them is over before. */
	if (l->campaign->is_spread && !is_done)
		return false;
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];
		if (lane->finish != FINISH_DONE && live_lane_is_over(l, lane))
			finish_lane(d, l, lane, now_ns);
		is_done = is_done && lane->finish == FINISH_DONE;
	}
	return is_done;
}

static void note_missing(struct dispatch *d, const struct live *l)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	live_missing(l, &text);
	if (text.len > 0)
		dispatch_note(d, l, NULL, text.data);
}

void finish_campaigns(struct dispatch *d, int64_t now_ns)
{
	struct live *l, *next;

	DL_FOREACH_SAFE (d->lives, l, next) {
		bool is_stirred = l->is_stirred;

		l->is_stirred = false;
		if (!is_stirred || !finish_live(d, l, now_ns))
			continue;
		if (l->state != CAMPAIGN_CANCELLED)
			note_missing(d, l);
		dispatch_end_campaign(d, l, now_ns);
	}
}

void finish_on_hello(struct dispatch *d, const struct host *h)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		struct lane *lane = live_lane(l, h);
		if (lane != NULL && lane->finish == FINISH_SENT)
			lane->finish = FINISH_DUE;
		l->is_stirred = true;
	}
}

void finish_on_finished(struct dispatch *d, const struct host *h, const struct message_finished *m)
{
	struct live *l = dispatch_live_by_uuid(d, &m->campaign);
	struct lane *lane = l ? live_lane(l, h) : NULL;

	if (text_is_set(m->reason))
		log_warning("teardown on %s: %s", h->name, m->reason);
	/* One that was asked for before there was more to do is not the last. */
	if (lane == NULL || lane->finish == FINISH_DONE || !live_lane_is_over(l, lane))
		return;
	lane->finish = FINISH_DONE;
	l->is_stirred = true;
	if (text_is_set(m->reason)) {
		_cleanup_free_ char *text =
			xasprintf("teardown failed on %s: %s", h->name, m->reason);
		dispatch_note(d, l, h, text);
	}
}
