#include "coordinator/dispatch/admission.h"
#include "coordinator/dispatch/committed.h"
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/handout.h"
#include "coordinator/dispatch/maintenance.h"
#include "coordinator/dispatch/nightly.h"
#include "coordinator/dispatch/retention.h"
#include "coordinator/dispatch/totals.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <utlist.h>

#define OUTBOX_KEPT (64 * 1024 * 1024) /* bytes that wait for agents' queues, at most */

int dispatch_fail(struct dispatch *d, const struct error *err)
{
	if (d->failure.code == 0)
		d->failure = *err;
	return err->code;
}

int dispatch_begin(struct dispatch *d)
{
	struct error err = {0};

	if (d->failure.code != 0)
		return d->failure.code;
	return d->config.ops->begin(d->config.store, &err) < 0 ? dispatch_fail(d, &err) : 0;
}

void dispatch_queue_with(struct dispatch *d, const struct route *to, struct message *m,
	const struct message_part *rest)
{
	if (d->outbox_n == d->outbox_size) {
		d->outbox_size = d->outbox_size ? 2 * d->outbox_size : 64;
		d->outbox = xreallocarray(d->outbox, d->outbox_size, sizeof *d->outbox);
	}
	struct outgoing *o = &d->outbox[d->outbox_n++];
	*o = (struct outgoing){.to = *to, .offset = d->out.len};
	m->sequence = ++d->sequence;
	m->epoch = d->epoch;
	if (rest != NULL)
		message_encode_with(m, rest, &d->out);
	else
		message_encode(m, &d->out);
	o->len = d->out.len - o->offset;
}

void dispatch_queue(struct dispatch *d, const struct route *to, struct message *m)
{
	dispatch_queue_with(d, to, m, NULL);
}

void dispatch_queue_error(
	struct dispatch *d, const struct route *to, const char *code, const char *format, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct message m;
	va_list ap;

	va_start(ap, format);
	buf_vaddf(&text, format, ap);
	va_end(ap);
	message_init(&m, MESSAGE_ERROR);
	m.error.code = code;
	m.error.text = text.data;
	dispatch_queue(d, to, &m);
}

struct live *dispatch_live_by_uuid(struct dispatch *d, const struct id16 *uuid)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		if (id16_equal(&l->uuid, uuid))
			return l;
	}
	return NULL;
}

void dispatch_watch(struct dispatch *d, const struct id16 *campaign, const struct route *to,
	dispatch_observer_fn *fn, void *arg)
{
	struct watcher *w;

	DL_FOREACH (d->watchers, w) {
		if (to != NULL && id16_equal(&w->campaign, campaign) && route_equal(&w->to, to))
			return; /* asked twice, told once */
	}
	w = xcalloc(1, sizeof *w);
	w->campaign = *campaign;
	if (to != NULL)
		w->to = *to;
	w->fn = fn;
	w->arg = arg;
	DL_APPEND(d->watchers, w);
}

void dispatch_tell(struct dispatch *d, const struct id16 *campaign, struct message *event)
{
	struct watcher *w;

	DL_FOREACH (d->watchers, w) {
		if (!id16_equal(&w->campaign, campaign))
			continue;
		dispatch_queue(d, &w->to, event);
		d->outbox[d->outbox_n - 1].fn = w->fn;
		d->outbox[d->outbox_n - 1].arg = w->arg;
	}
}

static void tell_campaign(struct dispatch *d, struct live *l, const char *kind, int64_t now_ns)
{
	_cleanup_buf_ struct buf waiting = BUF_INIT, without = BUF_INIT;
	struct message_campaign c;
	struct message m;

	live_describe(l, now_ns, &c);
	live_waits_for(l, &waiting);
	live_without(l, &without);
	c.without = without.len > 0 ? without.data : NULL;
	if (strcmp(kind, "end") == 0)
		c.ended_at = clock_realtime_ns();
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = kind;
	m.event.campaign = (struct list){.items = &c, .n = 1};
	m.event.text = waiting.len > 0 ? waiting.data : NULL;
	dispatch_tell(d, &l->uuid, &m);
}

static void forget_watchers(struct dispatch *d, const struct id16 *campaign, const struct route *to)
{
	struct watcher *w, *next;

	DL_FOREACH_SAFE (d->watchers, w, next) {
		if ((campaign != NULL && id16_equal(&w->campaign, campaign)) ||
			(to != NULL && w->to.len > 0 && route_equal(&w->to, to))) {
			DL_DELETE(d->watchers, w);
			free(w);
		}
	}
}

void dispatch_add_ended(struct dispatch *d, const struct id16 *uuid, int64_t id, bool is_suspended)
{
	struct ended *e = xcalloc(1, sizeof *e);

	e->uuid = *uuid;
	e->id = id;
	e->is_suspended = is_suspended;
	HASH_ADD(hh, d->ended, uuid, sizeof e->uuid, e);
}

int dispatch_end_campaign(struct dispatch *d, struct live *l, int64_t now_ns)
{
	struct error err = {0};
	int64_t at = clock_realtime_ns();

	if (dispatch_begin(d) < 0)
		return d->failure.code;
	l->state = campaign_state_next(l->state, CAMPAIGN_OVER);
	const char *state = campaign_state_name(l->state);
	if (l->state == CAMPAIGN_DONE && l->rows != l->total &&
		d->config.ops->set_campaign_total(d->config.store, l->id, l->rows, &err) < 0)
		return dispatch_fail(d, &err);
	if (d->config.ops->set_campaign_state(d->config.store, l->id, state, at, &err) < 0 ||
		d->config.ops->add_event(d->config.store, l->id, 0, 0, state, NULL, at, &err) < 0)
		return dispatch_fail(d, &err);
	tell_campaign(d, l, "end", now_ns);
	forget_watchers(d, &l->uuid, NULL);
	dispatch_add_ended(d, &l->uuid, l->id, false);
	DL_DELETE(d->lives, l);
	live_free(l);
	return 0;
}

void dispatch_set_settings(struct dispatch *d, const struct settings *settings)
{
	d->config.settings = settings;
	maintenance_set(d, settings);
	retention_set(d, settings);
}

struct dispatch *dispatch_new(const struct dispatch_config *config)
{
	struct dispatch *d = xcalloc(1, sizeof *d);

	d->config = *config;
	d->s = (struct live_store){.ops = config->ops, .store = config->store};
	d->out = (struct buf)BUF_INIT;
	config->ops->identity(config->store, &d->store_id, &d->epoch);
	dispatch_set_settings(d, config->settings);
	return d;
}

void dispatch_free(struct dispatch *d)
{
	struct host *h, *next_host;
	struct live *l, *next_live;
	struct ended *e, *next_ended;
	struct watcher *w, *next_watcher;

	if (d == NULL)
		return;
	tell_free(d);
	submissions_free(d);
	maintenance_free(d);
	retention_free(d);
	nightly_free(d);
	DL_FOREACH_SAFE (d->lives, l, next_live)
		live_free(l);
	HASH_CLEAR(hh_route, d->routes);
	HASH_ITER (hh, d->hosts, h, next_host) {
		HASH_DEL(d->hosts, h);
		free(h->inventory);
		free(h->reason);
		free(h->trouble);
		free(h->rest);
		free(h);
	}
	HASH_ITER (hh, d->ended, e, next_ended) {
		HASH_DEL(d->ended, e);
		free(e);
	}
	DL_FOREACH_SAFE (d->watchers, w, next_watcher)
		free(w);
	buf_done(&d->out);
	free(d->outbox);
	free(d->half);
	free(d);
}

/* ---- turns of the loop ---- */

/* What each message asks of the speaker's key. */
static enum role role_for(enum message_type t)
{
	switch (t) {
	case MESSAGE_SUBMIT:
	case MESSAGE_CANCEL:
	case MESSAGE_STEER:
		return ROLE_USER;
	case MESSAGE_STATUS:
	case MESSAGE_WATCH:
	case MESSAGE_QUERY:
		return ROLE_VIEWER;
	case MESSAGE_HELLO:
	case MESSAGE_PING:
	case MESSAGE_BYE:
	case MESSAGE_ERROR:
	case MESSAGE_FILE_CHUNK: /* heeded only from who has a submission that waits for it */
		return ROLE_NONE;
	default:
		return ROLE_AGENT;
	}
}

static bool may_say(enum role who, enum message_type t)
{
	enum role needed = role_for(t);

	return needed == ROLE_NONE || needed == who || (needed == ROLE_VIEWER && who == ROLE_USER);
}

void dispatch_on_frame(struct dispatch *d, int64_t now_ns, const struct route *from,
	const char *public_key, const void *data, size_t len)
{
	/* The key was trusted when it connected; it may have been taken back since. */
	const struct trusted_key *found = keyring_find(d->config.keyring, public_key);
	struct trusted_key who;
	struct error err = {0};
	struct message m;

	if (found == NULL) {
		dispatch_queue_error(d, from, "refused", "this key is not trusted any more");
		return;
	}
	who = *found;
	if (message_decode(&m, data, len, &err) < 0) {
		log_warning("%s (%s): %s", who.name, role_name(who.role), err.text);
		dispatch_queue_error(
			d, from, err.code == ERR_PROTOCOL ? "protocol" : "version", "%s", err.text);
		return;
	}
	if (!may_say(who.role, m.type)) {
		log_warning("%s (%s) sent %s, which its role does not allow", who.name,
			role_name(who.role), message_type_name(m.type));
		dispatch_queue_error(d, from, "refused",
			"the key '%s' has the role %s, which may not send %s", who.name,
			role_name(who.role), message_type_name(m.type));
	} else if (who.role == ROLE_AGENT) {
		agents_on_message(d, now_ns, from, &who, &m);
	} else {
		users_on_message(d, now_ns, from, &who, &m);
	}
	message_done(&m);
}

void dispatch_tick(struct dispatch *d, int64_t now_ns)
{
	struct live *l;

	/* Hosts come and go, leases end. */
	DL_FOREACH (d->lives, l)
		l->is_stirred = true;
	agents_tick(d, now_ns);
	admission_tick(d);
	if (!d->config.ops->in_transaction(d->config.store))
		d->config.ops->tend(d->config.store);
	nightly_tick(d, now_ns, clock_realtime_ns());
	submissions_go_on(d, now_ns);
	tell_tick(d, now_ns, clock_realtime_ns());
	retention_tick(d, now_ns, clock_realtime_ns());
	if (now_ns - d->progress_ns < NS_PER_S)
		return;
	d->progress_ns = now_ns;
	DL_FOREACH (d->lives, l)
		tell_campaign(d, l, "progress", now_ns);
}

void dispatch_go_on(struct dispatch *d, int64_t now_ns)
{
	submissions_go_on(d, now_ns);
	sweeps_go_on(d, now_ns, clock_realtime_ns());
}

bool dispatch_is_busy(const struct dispatch *d)
{
	return d->failure.code == 0 && submissions_are_busy(d);
}

/* Before runs are handed out: what follows from all that came in. */
static void settle(struct dispatch *d, int64_t now_ns)
{
	struct error err = {0};
	int64_t at = clock_realtime_ns();
	struct live *l;

	DL_FOREACH (d->lives, l) {
		if (live_is_unsettled(l, now_ns, at) && dispatch_begin(d) == 0 &&
			live_settle(l, at, d->s, &err) < 0)
			dispatch_fail(d, &err);
	}
}

/* Whether it is an agent's, as it said HELLO last. */
static bool is_of_host(const struct dispatch *d, const struct route *to)
{
	const struct host *h = dispatch_host_at(d, to);

	return h != NULL && host_is_connected(h);
}

/* Whether something for this peer waits since this turn began: what follows must not overtake it.
 */
static bool has_waiting(const struct dispatch *d, const struct route *to)
{
	const struct host *h = dispatch_host_at(d, to);

	return h != NULL && h->waiting_turn == d->turn;
}

/* This program itself hears of what happened when it is on disk, as all others do. */
static void tell_observer(const struct outgoing *o, const char *data)
{
	struct error err = {0};
	struct message m;

	if (message_decode(&m, data, o->len, &err) == 0)
		o->fn(o->arg, &m);
	message_done(&m);
}

/*
 * An agent whose queue is full gets the rest in a later turn: as its connection lives, nothing else
 * would say it again. A user's program that does not read is given up.
 */
static void send_outbox(struct dispatch *d)
{
	size_t kept = 0, bytes = 0;

	d->turn++;
	for (size_t i = 0; i < d->outbox_n; i++) {
		struct outgoing o = d->outbox[i];
		char *data = d->out.data + o.offset;
		if (o.fn != NULL) {
			tell_observer(&o, data);
			continue;
		}
		/* It said HELLO on another connection since, and was told all anew. */
		if (o.has_waited && !is_of_host(d, &o.to))
			continue;
		int r = kept > 0 && has_waiting(d, &o.to)
				? -EAGAIN
				: d->config.send(d->config.arg, &o.to, data, o.len);
		if (r == -EAGAIN && bytes + o.len <= OUTBOX_KEPT && is_of_host(d, &o.to)) {
			memmove(d->out.data + bytes, data, o.len);
			o.offset = bytes;
			o.has_waited = true;
			bytes += o.len;
			d->outbox[kept++] = o;
			dispatch_host_at(d, &o.to)->waiting_turn = d->turn;
		} else if (r < 0) {
			/* A peer that went will say HELLO again, and what it needs is said again
			 * then. */
			forget_watchers(d, NULL, &o.to);
		}
	}
	d->outbox_n = kept;
	d->out.len = bytes;
}

int dispatch_flush(struct dispatch *d, int64_t now_ns, struct error *err)
{
	settle(d, now_ns);
	maintenance_tick(d, clock_realtime_ns());
	handout_fill(d, now_ns);
	finish_campaigns(d, now_ns);
	committed_flush(d);
	if (d->failure.code == 0 && d->config.ops->in_transaction(d->config.store)) {
		struct error failure = {0};
		int64_t began_ns = clock_monotonic_ns();
		if (d->config.ops->commit(d->config.store, &failure) < 0)
			dispatch_fail(d, &failure);
		else
			totals_committed(d->config.totals, clock_monotonic_ns() - began_ns);
	}
	if (d->failure.code != 0) {
		d->config.ops->rollback(d->config.store);
		d->outbox_n = 0;
		committed_forget(d);
		totals_forget(d->config.totals);
		*err = d->failure;
		return err->code;
	}
	send_outbox(d);
	return 0;
}

void dispatch_submit(struct dispatch *d, int64_t now_ns, const struct dispatch_request *request)
{
	submissions_add(d, now_ns, NULL, request);
}

bool dispatch_observe(struct dispatch *d, const char *label, dispatch_observer_fn *fn, void *arg)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		if (strcmp(l->label, label) == 0) {
			dispatch_watch(d, &l->uuid, NULL, fn, arg);
			return true;
		}
	}
	return false;
}

void dispatch_say_bye(struct dispatch *d, const char *reason)
{
	struct host *h, *next;
	struct message m;

	message_init(&m, MESSAGE_BYE);
	m.bye.reason = reason;
	HASH_ITER (hh, d->hosts, h, next) {
		if (host_is_connected(h))
			dispatch_queue(d, &h->route, &m);
	}
}

size_t dispatch_connected(const struct dispatch *d)
{
	const struct host *h;
	size_t n = 0;

	for (h = d->hosts; h != NULL; h = h->hh.next)
		n += host_is_connected(h);
	return n;
}

size_t dispatch_campaigns(const struct dispatch *d, size_t *running, size_t *paused)
{
	const struct live *l;
	size_t n[CAMPAIGN_STATE_N] = {0}, all = 0;

	DL_FOREACH (d->lives, l) {
		n[l->state]++;
		all++;
	}
	if (running != NULL)
		*running = n[CAMPAIGN_RUNNING];
	if (paused != NULL)
		*paused = n[CAMPAIGN_PAUSED];
	return all;
}
