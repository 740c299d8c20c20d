/* What agents say, and what they are told. */
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/gang.h"
#include "coordinator/dispatch/handout.h"
#include "coordinator/dispatch/health.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

#define OUTBOX_BYTES                                                                               \
	(256 * 1024 * 1024) /* of one turn, all peers together, from which on no file goes out */

/* ---- when a host is missed ---- */

/* CLOCK_MONOTONIC after which a silent host is to be looked at. */
static int64_t missed_ns(const struct host *h)
{
	int64_t patience_ns = HEARTBEAT_MISSED * h->heartbeat_ns;

	return h->seen_ns + (patience_ns < LEASE_NS ? patience_ns : LEASE_NS);
}

static void note_seen(struct dispatch *d, struct host *h, int64_t now_ns)
{
	h->seen_ns = now_ns;
	h->seen_at = clock_realtime_ns();
	if (missed_ns(h) < d->look_ns)
		d->look_ns = missed_ns(h);
}

/* ---- runs ---- */

void agents_fill_id(struct attempt_id *id, const struct live *l, const struct live_run *r)
{
	*id = (struct attempt_id){.campaign = l->uuid, .run = r->run, .attempt = r->attempt};
}

void agents_call_off(
	struct dispatch *d, const struct host *h, const struct live *l, const struct live_run *r)
{
	struct message m;

	if (h->route.len == 0) /* not seen since a restart: HELLO will tell what it holds */
		return;
	message_init(&m, MESSAGE_CANCEL);
	agents_fill_id(&m.cancel.id, l, r);
	dispatch_queue(d, &h->route, &m);
}

void agents_cancel(struct dispatch *d, struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct host *h = l->lanes[i].host;
		for (size_t k = 0; k < h->flights_n; k++)
			if (h->flights[k].live == l)
				agents_call_off(d, h, l, h->flights[k].run);
	}
}

/* A run will not be tried again: who watches is told as of any end, and why. */
static void tell_given_up(struct dispatch *d, struct live *l, const struct live_run *was,
	enum loss loss, const char *reason)
{
	const struct host *h = l->lanes[was->lane].host;

	log_warning("%s run %" PRId64 " is given up: %s", l->label, was->run, reason);
	reports_tell_run(d, l, was, h->name, RUN_FAILED, reason);
	if (loss == LOSS_WITH_HOST) {
		_cleanup_free_ char *text = xasprintf("run %" PRId64 " is %s", was->run, reason);
		dispatch_note(d, l, h, text);
	}
}

void agents_lose(
	struct dispatch *d, struct live *l, struct live_run *r, enum loss loss, const char *why)
{
	const struct live_run was = {
		.run = r->run, .lane = r->lane, .configuration = r->configuration};
	_cleanup_free_ char *given_up = NULL;
	struct error err = {0};
	const struct gang *g = gang_of_run(l, r);

	if (g != NULL)
		gang_call_off(d, g);
	log_warning("%s run %" PRId64 " attempt %" PRId64 " is lost: %s", l->label, r->run,
		r->attempt, why);
	if (dispatch_begin(d) < 0)
		return;
	if (live_lose(l, r, loss, why, clock_realtime_ns(), d->s, &given_up, &err) < 0)
		dispatch_fail(d, &err);
	else if (given_up != NULL)
		tell_given_up(d, l, &was, loss, given_up);
	if (loss == LOSS_WITH_HOST && d->failure.code == 0 && l->lanes[was.lane].members_n == 0)
		health_on_end(d, l->lanes[was.lane].host, l, &was, ATTEMPT_LOST, why);
}

void agents_give_back(struct dispatch *d, const struct host *h, struct live *l, struct live_run *r,
	const char *why)
{
	if (r->is_called_off || h->trouble != NULL)
		steer_recall(d, l, r);
	else
		agents_lose(d, l, r, LOSS_BACK, why);
}

/* ---- HELLO: what the agent holds against what we think that it holds ---- */

static const struct message_held *find_held(
	const struct list *held, const struct live *l, const struct live_run *r)
{
	for (size_t i = 0; i < held->n; i++) {
		const struct message_held *e = LIST_AT(held, struct message_held, i);
		if (id16_equal(&e->id.campaign, &l->uuid) && e->id.run == r->run &&
			e->id.attempt == r->attempt)
			return e;
	}
	return NULL;
}

/* What a lost host was at work on: the run that it said to have begun, or else the first that it
 * was handed and has not ended; held is what it has yet (NULL: nothing). NULL where there is none,
 * or where nobody was there to see when it was lost. */
static const struct live_run *at_work(const struct host *h, const struct list *held)
{
	const struct live_run *first = NULL;

	for (size_t i = 0; i < h->flights_n && h->is_witnessed; i++) {
		const struct flight *f = &h->flights[i];
		if (held != NULL && find_held(held, f->live, f->run) != NULL)
			continue;
		if (f->run->state == STATE_RUNNING)
			return f->run;
		first = first == NULL ? f->run : first;
	}
	return first;
}

/* An attempt was lost as its host was; culprit is what that was at work on. */
static void lose_with_host(struct dispatch *d, const struct host *h, const struct flight *f,
	const struct live_run *culprit, const char *why)
{
	/* Of several it is not known otherwise which one it was. */
	_cleanup_free_ char *of_host = gang_of_run(f->live, f->run) != NULL
					       ? xasprintf("%s: %s", h->name, why)
					       : xstrdup(why);

	if (f->run->is_called_off)
		steer_recall(d, f->live, f->run);
	else
		agents_lose(d, f->live, f->run, f->run == culprit ? LOSS_WITH_HOST : LOSS_BESIDE,
			of_host);
}

/* What it never got is told again, but where it is not to begin any more. */
static void tell_again(struct dispatch *d, struct host *h, const struct flight *f)
{
	if (f->live->state == CAMPAIGN_PAUSED || !host_is_admitted(h))
		steer_recall(d, f->live, f->run);
	else if (gang_of_run(f->live, f->run) == NULL) /* else resume_gangs() */
		handout_send(d, h, f->live, f->run);
}

/*
 * What we believe in its hands and it does not hold: a new process has lost it; the same process
 * never got it, and is told again. What it was called off and it holds yet is called off again.
 */
static void reconcile_flights(
	struct dispatch *d, struct host *h, const struct message_hello *hello, bool is_same_process)
{
	const struct live_run *culprit = at_work(h, &hello->held);

	for (size_t i = h->flights_n; i-- > 0;) {
		struct flight f = h->flights[i];
		const struct message_held *e = find_held(&hello->held, f.live, f.run);
		if (gang_has_result(h, f.live, f.run))
			continue; /* its part is over */
		if (e != NULL && f.run->is_called_off)
			agents_call_off(d, h, f.live, f.run);
		else if (e == NULL && is_same_process && !f.run->is_called_off)
			tell_again(d, h, &f);
		else if (e == NULL)
			lose_with_host(d, h, &f, culprit, "its agent was started anew");
	}
}

/* Whether a run that waits again is left to the host that holds its attempt. One that takes no runs
 * keeps what it has begun alone. */
static bool is_adoptable(const struct live *l, const struct live_run *r, const struct host *h,
	const struct message_held *e)
{
	return r->state == STATE_QUEUED && l->state != CAMPAIGN_PAUSED && e->id.attempt >= 1 &&
	       r->attempt == e->id.attempt && r->attempt > r->voided &&
	       l->lanes[r->lane].host == h &&
	       attempt_state_next(r->attempt_state, ATTEMPT_FOUND) != ATTEMPT_STATE_N &&
	       (host_is_admitted(h) || strcmp(e->state, "running") == 0) &&
	       h->flights_n < HOST_FLIGHTS_MAX;
}

static void adopt(struct dispatch *d, struct live *l, struct live_run *r)
{
	struct error err = {0};

	if (dispatch_begin(d) == 0 && live_find_again(l, r, clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
}

/*
 * What it holds and we do not believe in its hands: a run that waits again is left to it; one that
 * is over, unknown, or of a paused campaign is called off. Results in its spool come by themselves.
 */
static void adopt_held(struct dispatch *d, struct host *h, const struct message_hello *hello)
{
	for (size_t i = 0; i < hello->held.n; i++) {
		const struct message_held *e = LIST_AT(&hello->held, struct message_held, i);
		struct live *l = dispatch_live_by_uuid(d, &e->id.campaign);
		struct live_run *r = l ? live_find_run(l, e->id.run) : NULL;
		struct message m;
		if (strcmp(e->state, "spooled") == 0)
			continue;
		if (r != NULL && r->state != STATE_QUEUED && r->attempt == e->id.attempt &&
			lane_has(&l->lanes[r->lane], h))
			continue;
		if (r != NULL && is_adoptable(l, r, h, e)) {
			adopt(d, l, r);
			continue;
		}
		message_init(&m, MESSAGE_CANCEL);
		m.cancel.id = e->id;
		dispatch_queue(d, &h->route, &m);
	}
}

/* Parts of runs of several hosts: last, so that whatever is called off goes before. */
static void resume_gangs(struct dispatch *d, struct host *h, const struct message_hello *hello)
{
	for (size_t i = 0; i < h->flights_n; i++) {
		struct flight f = h->flights[i];
		struct gang *g = gang_of_run(f.live, f.run);
		if (g != NULL && !f.run->is_called_off)
			gang_on_hello(d, h, find_held(&hello->held, f.live, f.run) != NULL, g);
	}
}

static void send_welcome(struct dispatch *d, struct host *h)
{
	struct message m;

	message_init(&m, MESSAGE_WELCOME);
	m.welcome = (struct message_welcome){
		.version = JOULERIG_VERSION,
		.minor = PROTOCOL_MINOR,
		.name = h->name,
		.role = role_name(ROLE_AGENT),
		.store = d->store_id,
		.heartbeat_ns = h->heartbeat_ns,
		.lease_ns = LEASE_NS,
		.credit = credit_begin(&h->credit, dispatch_credit(d)),
	};
	dispatch_queue(d, &h->route, &m);
}

static struct host *introduce(struct dispatch *d, const struct trusted_key *who)
{
	struct host *h = dispatch_host(d, who->public_key);

	if (h == NULL)
		return dispatch_add_host(d, who->public_key, who->name);
	dispatch_name_host(d, h, who->name);
	return h;
}

static void on_hello(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct trusted_key *who, const struct message_hello *hello)
{
	struct error err = {0};

	if (hello->minor > PROTOCOL_MINOR + 1 || hello->minor < PROTOCOL_MINOR - 1) {
		dispatch_queue_error(d, from, "version",
			"agent %s speaks minor version %lld of the protocol, this coordinator (%s) "
			"%d; at most one apart works",
			hello->version, (long long)hello->minor, JOULERIG_VERSION, PROTOCOL_MINOR);
		return;
	}
	struct host *h = introduce(d, who);
	bool is_same_process = id16_equal(&h->session, &hello->session),
	     was_connected = host_is_connected(h);
	dispatch_route_host(d, h, from);
	h->heartbeat_ns = dispatch_heartbeat(d);
	h->session = hello->session;
	h->minor = hello->minor;
	h->clock_kept_ns = 0;
	note_seen(d, h, now_ns);
	free(h->inventory);
	h->inventory = xstrdup(hello->inventory ? hello->inventory : "{}");
	if (dispatch_begin(d) < 0)
		return;
	if (d->config.ops->put_host(d->config.store, h->name, h->public_key, h->inventory,
		    h->seen_at, &h->id, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	host_apply(h, HOST_HELLO);
	if (!was_connected && !d->config.is_embedded)
		log_info("host %s is connected", h->name);
	send_welcome(d, h);
	reconcile_flights(d, h, hello, is_same_process);
	adopt_held(d, h, hello);
	h->is_witnessed = true;
	h->has_said_bye = false;
	resume_gangs(d, h, hello);
	host_apply(h, HOST_HELLO);
	finish_on_hello(d, h);
}

/* ---- files ---- */

static void on_want_files(
	struct dispatch *d, const struct route *from, const struct message_want_files *m)
{
	struct content_hash hash;
	struct error err = {0};
	int64_t size, offset = m->offset, end;

	if (m->hash.len != sizeof hash.b || m->offset < 0 || m->length < 0)
		return;
	/* One who asks on without reading must not fill our memory. */
	if (d->out.len > OUTBOX_BYTES) {
		dispatch_queue_error(d, from, "protocol", "files: too much is asked for at once");
		return;
	}
	memcpy(hash.b, m->hash.data, sizeof hash.b);
	size = content_size(d->config.content, &hash);
	if (size < 0) {
		dispatch_queue_error(
			d, from, "unknown", "files: the coordinator does not have that content");
		return;
	}
	if (offset > size) {
		dispatch_queue_error(
			d, from, "unknown", "files: that content ends before what was asked for");
		return;
	}
	end = m->length < 16 * MESSAGE_CHUNK ? offset + m->length : offset + 16 * MESSAGE_CHUNK;
	_cleanup_free_ char *chunk = xmalloc(MESSAGE_CHUNK);
	do {
		struct message reply;
		size_t want = end - offset < MESSAGE_CHUNK ? (size_t)(end - offset) : MESSAGE_CHUNK;
		int64_t n = content_read(d->config.content, &hash, offset, chunk, want, &err);
		if (n < 0) {
			log_error("%s", err.text);
			dispatch_queue_error(d, from, "internal", "files: %s", err.text);
			return;
		}
		message_init(&reply, MESSAGE_FILE_CHUNK);
		reply.file_chunk.hash = m->hash;
		reply.file_chunk.offset = offset;
		reply.file_chunk.size = size;
		reply.file_chunk.data = (struct blob){.data = chunk, .len = (size_t)n};
		dispatch_queue(d, from, &reply);
		offset += n;
		if (n == 0)
			break;
	} while (offset < size && offset < end);
}

/* ---- life signs ---- */

static void on_ping(
	struct dispatch *d, struct host *h, int64_t now_ns, const struct message_ping *m)
{
	struct message reply;

	h->offset = m->offset;
	h->delay = m->delay;
	host_set_trouble(h, m->trouble);
	if (h->trouble != NULL)
		gang_on_trouble(d, h);
	message_init(&reply, MESSAGE_PONG);
	reply.pong.t1 = m->t1;
	reply.pong.t2 = reply.pong.t3 = clock_raw_ns();
	dispatch_queue(d, &h->route, &reply);
	if (h->flights_n > 0)
		clocks_keep(d, h, now_ns);
}

void agents_on_message(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct trusted_key *who, const struct message *m)
{
	struct host *h = dispatch_host(d, who->public_key);

	if (m->type == MESSAGE_HELLO) {
		/* A key may have an agent's role and be used by a user's program: that is no host.
		 */
		if (m->hello.inventory != NULL)
			on_hello(d, now_ns, from, who, &m->hello);
		else
			users_on_message(d, now_ns, from, who, m);
		return;
	}
	if (h == NULL || h->state == HOST_OFFLINE) {
		dispatch_queue_error(d, from, "protocol", "say HELLO first");
		return;
	}
	if (!route_equal(&h->route, from)) /* an older process or connection with the same key */
		return;
	note_seen(d, h, now_ns);
	host_apply(h, HOST_MESSAGE);
	switch (m->type) {
	case MESSAGE_PING:
		on_ping(d, h, now_ns, &m->ping);
		break;
	case MESSAGE_STARTED:
		reports_on_started(d, h, &m->started);
		break;
	case MESSAGE_SAMPLES:
		reports_on_samples(d, h, now_ns, &m->samples);
		break;
	case MESSAGE_OUTPUT:
		reports_on_output(d, h, &m->output);
		break;
	case MESSAGE_RESULT:
		reports_on_result(d, h, &m->result);
		clocks_keep(d, h, now_ns);
		break;
	case MESSAGE_READY:
		gang_on_ready(d, h, &m->ready);
		break;
	case MESSAGE_ENDED:
		gang_on_ended(d, h, &m->ended);
		break;
	case MESSAGE_REFUSE:
		reports_on_refuse(d, h, &m->refuse);
		break;
	case MESSAGE_FINISHED:
		finish_on_finished(d, h, &m->finished);
		break;
	case MESSAGE_WANT_FILES:
		on_want_files(d, from, &m->want_files);
		break;
	case MESSAGE_BYE:
		host_apply(h, HOST_BYE);
		h->has_said_bye = true;
		h->is_witnessed = false; /* what it has in hand is not why it goes */
		log_info("host %s says goodbye%s%s", h->name, m->bye.reason ? ": " : "",
			m->bye.reason ? m->bye.reason : "");
		break;
	case MESSAGE_ERROR:
		log_warning("host %s: %s", h->name, m->error.text);
		break;
	default:
		break;
	}
}

static void break_block(struct dispatch *d, struct lane *lane, const struct host *h)
{
	struct error err = {0};

	log_warning("%s block %" PRId64 " begins anew: host %s was lost", lane->live->label,
		lane->holds, h->name);
	if (dispatch_begin(d) == 0 && live_break_block(lane->live, lane, "its host was lost",
					      clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
}

/* A host is given up: blocks that any host may run begin anew elsewhere. */
static void break_blocks(struct dispatch *d, const struct host *h)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		struct lane *own = live_lane(l, h);
		if (own != NULL && live_holds_block(l, own))
			break_block(d, own, h);
		for (size_t i = l->alone_n; i < l->lanes_n; i++)
			if (lane_has(&l->lanes[i], h) && live_holds_block(l, &l->lanes[i]))
				break_block(d, &l->lanes[i], h);
	}
}

/*
 * Its lease is over. Should the host come back on this very connection, it learns so before it is
 * handed anything else: it must not have two attempts of a run.
 */
static void lose_flights(struct dispatch *d, struct host *h)
{
	const struct live_run *culprit = at_work(h, NULL);

	while (h->flights_n > 0 && d->failure.code == 0) {
		/* The last one first: each goes to the front of its queue. */
		struct flight f = h->flights[h->flights_n - 1];
		agents_call_off(d, h, f.live, f.run);
		lose_with_host(d, h, &f, culprit, "its host was silent for longer than the lease");
	}
}

/* Returns the time after which it is to be looked at again, should it stay silent. */
static int64_t look_at_host(struct dispatch *d, struct host *h, int64_t now_ns)
{
	if (h->seen_ns == 0) /* known from before a restart: it gets the time to come back */
		h->seen_ns = now_ns;
	int64_t quiet = now_ns - h->seen_ns;
	if (host_is_connected(h) && quiet > HEARTBEAT_MISSED * h->heartbeat_ns) {
		log_warning("host %s is silent", h->name);
		host_apply(h, HOST_MISSED);
	}
	if (quiet <= LEASE_NS)
		return host_is_connected(h) ? missed_ns(h) : h->seen_ns + LEASE_NS;
	d->has_lost = true;
	lose_flights(d, h);
	if (d->failure.code == 0)
		break_blocks(d, h);
	return INT64_MAX;
}

/*
 * Going through thousands of hosts costs more than their heartbeats do: only when one of them may
 * have been silent for too long. What is to be done about one whose lease is over may change with
 * each turn of a campaign.
 */
void agents_tick(struct dispatch *d, int64_t now_ns)
{
	struct host *h, *next;
	int64_t look_ns = INT64_MAX;

	if (now_ns <= d->look_ns && !(d->has_lost && d->lives != NULL))
		return;
	d->has_lost = false;
	HASH_ITER (hh, d->hosts, h, next) {
		int64_t at_ns = look_at_host(d, h, now_ns);
		if (at_ns < look_ns)
			look_ns = at_ns;
	}
	d->look_ns = look_ns;
}
