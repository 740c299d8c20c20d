#include "coordinator/dispatch/admission.h"

#include "coordinator/dispatch/health.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <inttypes.h>
#include <utlist.h>

static const char *const names[] = {
	[HOST_ADMITTED] = NULL,
	[HOST_DRAINED] = "drained",
	[HOST_ASIDE] = "aside",
};

const char *admission_shown(const struct host *h)
{
	if (h->admission == HOST_DRAINED && h->flights_n > 0)
		return "draining";
	return h->admission == HOST_ADMITTED && host_is_resting(h) ? "maintenance"
								   : names[h->admission];
}

void admission_read(struct host *h, const char *name, const char *reason, int64_t at)
{
	h->admission = HOST_ADMITTED;
	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(names); i++)
		if (text_is(names[i], name))
			h->admission = (enum host_admission)i;
	free(h->reason);
	h->reason = h->admission != HOST_ADMITTED && text_is_set(reason) ? xstrdup(reason) : NULL;
	h->admission_at = h->admission != HOST_ADMITTED ? at : ABSENT;
}

void admission_describe(const struct host *h, struct message_host *out)
{
	const struct flight *f = h->flights_n > 0 ? &h->flights[0] : NULL;
	bool rests = h->admission == HOST_ADMITTED && host_is_resting(h);

	*out = (struct message_host){
		.name = h->name,
		.state = host_state_name(h->state),
		.public_key = h->public_key,
		.inventory = h->inventory,
		.doing = f ? xasprintf("%s run %" PRId64 " attempt %" PRId64, f->live->label,
				     f->run->run, f->run->attempt)
			   : NULL,
		.seen_at = h->seen_at,
		.offset = h->offset,
		.delay = h->delay,
		.admission = admission_shown(h),
		.reason = h->admission != HOST_ADMITTED ? h->reason
			  : rests                       ? strchr(h->rest, ' ') + 1
							: h->trouble,
		.admission_at = h->admission != HOST_ADMITTED ? h->admission_at
				: rests                       ? h->rest_from
							      : ABSENT,
	};
}

/* ---- a change ---- */

static void say_change(const struct host *h, const struct live *l, struct buf *out)
{
	if (h->admission == HOST_ADMITTED) {
		buf_addf(out, "%s gets runs again", h->name);
		return;
	}
	buf_addf(out, "%s is %s%s%s; %s until 'joulerig admit %s'", h->name,
		h->admission == HOST_ASIDE ? "set aside" : "drained", h->reason ? ": " : "",
		h->reason ? h->reason : "",
		l == NULL                ? "it gets no runs"
		: l->campaign->is_spread ? "other hosts do its blocks"
					 : "what is left for it waits",
		h->name);
}

/* Those that have something left for it. */
static void tell_campaigns(struct dispatch *d, const struct host *h,
	void (*say)(const struct host *h, const struct live *l, struct buf *out))
{
	const struct lane *lane;

	DL_FOREACH2(h->lanes, lane, host_next)
	{
		_cleanup_buf_ struct buf text = BUF_INIT;

		if (live_lane_is_over(lane->live, lane))
			continue;
		say(h, lane->live, &text);
		dispatch_note(d, lane->live, h, text.data);
	}
}

static int write_change(struct dispatch *d, const struct host *h)
{
	struct error err = {0};
	int64_t at = clock_realtime_ns();
	const char *kind = h->admission == HOST_ADMITTED ? "admitted" : names[h->admission];

	if (dispatch_begin(d) < 0)
		return d->failure.code;
	if (d->config.ops->set_host_admission(d->config.store, h->id, names[h->admission],
		    h->reason, h->admission_at, &err) < 0 ||
		d->config.ops->add_event(d->config.store, 0, h->id, 0, kind, h->reason, at, &err) <
			0)
		return dispatch_fail(d, &err);
	return 0;
}

int admission_change(struct dispatch *d, struct host *h, enum host_admission a, const char *reason)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *copy = text_is_set(reason) ? xstrdup(reason) : NULL;

	if (h->admission == a && (a == HOST_ADMITTED || text_is(h->reason, copy ? copy : "") ||
					 (copy == NULL && h->reason == NULL)))
		return 0;
	admission_read(h, names[a], copy, clock_realtime_ns());
	if (write_change(d, h) < 0)
		return d->failure.code;
	say_change(h, NULL, &text);
	if (a == HOST_ASIDE)
		log_warning("host %s", text.data);
	else
		log_info("host %s", text.data);
	tell_campaigns(d, h, say_change);
	if (a == HOST_ADMITTED)
		health_forget(h);
	/* Also where it is taken out: others that were claimed with it are free. */
	host_is_due(h);
	return 0;
}

/* ---- what a host has in hand ---- */

/* The run that it says to be under way, or the first that it was handed: it may be about to begin.
 */
static const struct live_run *under_way(const struct host *h)
{
	for (size_t i = 0; i < h->flights_n; i++)
		if (h->flights[i].run->state == STATE_RUNNING)
			return h->flights[i].run;
	return h->flights_n > 0 ? h->flights[0].run : NULL;
}

/*
 * What waits at its agent is queued again; an agent drops that without an answer. With all that
 * goes for what is under way as well, but one that has begun stays in its hands until its agent has
 * ended it and says so.
 */
static void call_off(struct dispatch *d, struct host *h, bool all)
{
	const struct live_run *kept = under_way(h);

	/* The last one first: each goes to the front of its queue. */
	for (size_t i = h->flights_n; i-- > 0 && d->failure.code == 0;) {
		struct flight f = h->flights[i];
		if (f.run == kept && !all)
			continue;
		agents_call_off(d, h, f.live, f.run);
		if (f.run->state == STATE_RUNNING)
			f.run->is_called_off = true;
		else
			steer_recall(d, f.live, f.run);
	}
}

/* Whether another lane of the campaign can take its block. */
static bool has_other(const struct live *l, const struct lane *lane)
{
	for (size_t i = 0; i < l->lanes_n; i++)
		if (&l->lanes[i] != lane && l->lanes[i].group == lane->group &&
			lane_takes_runs(&l->lanes[i]))
			return true;
	return false;
}

static void give_block_away(struct dispatch *d, struct lane *lane, const struct host *h)
{
	_cleanup_free_ char *why =
		xasprintf("its host is %s", h->admission == HOST_ASIDE     ? "set aside"
					    : h->admission == HOST_DRAINED ? "drained"
									   : "in maintenance");
	struct live *l = lane->live;
	struct error err = {0};

	if (!live_holds_block(l, lane) || !has_other(l, lane))
		return;
	log_info("%s block %" PRId64 " begins anew: host %s gets no runs", l->label, lane->holds,
		h->name);
	if (dispatch_begin(d) == 0 &&
		live_break_block(l, lane, why, clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
}

static void give_blocks_away(struct dispatch *d, const struct host *h)
{
	struct lane *lane;
	struct live *l;

	DL_FOREACH2(h->lanes, lane, host_next)
	give_block_away(d, lane, h);
	DL_FOREACH (d->lives, l) {
		for (size_t i = l->alone_n; i < l->lanes_n; i++)
			if (lane_has(&l->lanes[i], h))
				give_block_away(d, &l->lanes[i], h);
	}
}

void admission_tick(struct dispatch *d)
{
	struct host *h, *next;

	if (d->lives == NULL) /* there are no blocks, and thousands of hosts, perhaps */
		return;
	HASH_ITER (hh, d->hosts, h, next)
		if (!host_is_admitted(h) && d->failure.code == 0)
			give_blocks_away(d, h);
}

/* ---- maintenance ---- */

static void say_rest(const struct host *h, const struct live *l, struct buf *out)
{
	if (!host_is_resting(h))
		buf_addf(out, "%s: its maintenance is over", h->name);
	else
		buf_addf(out, "%s is in %s; %s", h->name, h->rest,
			l == NULL                ? "it gets no runs"
			: l->campaign->is_spread ? "other hosts do its blocks"
						 : "what is left for it waits");
}

void admission_rest(struct dispatch *d, struct host *h)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};

	say_rest(h, NULL, &text);
	log_info("host %s", text.data);
	if (dispatch_begin(d) < 0)
		return;
	if (d->config.ops->add_event(d->config.store, 0, h->id, 0,
		    host_is_resting(h) ? "maintenance" : "maintenance over", h->rest,
		    clock_realtime_ns(), &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	tell_campaigns(d, h, say_rest);
	if (host_is_resting(h) && h->admission == HOST_ADMITTED)
		call_off(d, h, false);
	/* Also where it rests: others that were claimed with it are free. */
	host_is_due(h);
}

/* ---- STEER ---- */

static void answer(struct dispatch *d, const struct route *from, const struct host *h)
{
	struct message_host told;
	struct message m;

	admission_describe(h, &told);
	message_init(&m, MESSAGE_REPORT);
	m.report.hosts = (struct list){.items = &told, .n = 1};
	dispatch_queue(d, from, &m);
	free((void *)(uintptr_t)told.doing);
}

/* The host that is meant; NULL: the user was told that there is none. */
static struct host *find_host(
	struct dispatch *d, const struct route *from, const struct message_steer *m)
{
	const char *name = text_is_set(m->host) ? m->host : "";
	_cleanup_free_ const char **known = xcalloc(HASH_COUNT(d->hosts) + 1, sizeof *known);
	struct host *h, *next;
	size_t n = 0;

	HASH_ITER (hh, d->hosts, h, next) {
		if (strcmp(h->name, name) == 0)
			return h;
		known[n++] = h->name;
	}
	const char *near = nearest_word(name, known, n);
	dispatch_queue_error(d, from, "unknown",
		"%s: no host '%s' is known here%s%s%s; 'joulerig hosts' lists them", m->verb, name,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

void admission_drain(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct host *h = find_host(d, from, m);

	(void)now_ns;
	if (h == NULL || admission_change(d, h, HOST_DRAINED, m->reason) < 0)
		return;
	call_off(d, h, m->now == 1);
	if (d->failure.code == 0)
		give_blocks_away(d, h);
	answer(d, from, h);
}

void admission_admit(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct host *h = find_host(d, from, m);

	(void)now_ns;
	if (h == NULL || admission_change(d, h, HOST_ADMITTED, NULL) < 0)
		return;
	answer(d, from, h);
}
