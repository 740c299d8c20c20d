/* What agents say, and what they are told. */
#include "coordinator/dispatch/core.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

/* ---- runs ---- */

static const struct configuration *configuration_of(const struct live *l, const struct live_run *r)
{
	return &l->plan->configurations[r->configuration];
}

static void fill_id(struct attempt_id *id, const struct live *l, const struct live_run *r)
{
	*id = (struct attempt_id){.campaign = l->uuid, .run = r->run, .attempt = r->attempt};
}

/* Say ASSIGN; harmless where the agent has it already. */
static void send_assign(struct dispatch *d, struct host *h, struct live *l, struct live_run *r)
{
	struct render_arena *arena = NULL;
	_cleanup_free_ char *workdir = NULL;
	struct message m;

	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(l->campaign, configuration_of(l, r), &l->hosts[r->lane], l->label,
		&m.assign, &arena);
	fill_id(&m.assign.id, l, r);
	m.assign.label = l->label;
	m.assign.block = r->block;
	m.assign.lease_ns = LEASE_NS;
	if (l->has_tree)
		m.assign.tree = (struct blob){.data = l->tree, .len = sizeof l->tree};
	else if (l->directory != NULL && (m.assign.workdir == NULL || m.assign.workdir[0] != '/'))
		m.assign.workdir = workdir = xasprintf("%s%s%s", l->directory,
			m.assign.workdir ? "/" : "", m.assign.workdir ? m.assign.workdir : "");
	dispatch_queue(d, &h->route, &m);
	render_done(arena);
}

/* The first campaign, in the order of submission, that has a run for this host. */
static int next_for(
	struct dispatch *d, struct host *h, int64_t now_ns, struct live **l, struct live_run **r)
{
	struct error err = {0};

	DL_FOREACH (d->lives, *l) {
		struct lane *lane = live_lane(*l, h);
		*r = NULL;
		if (lane == NULL || (lane->queue == NULL &&
					    lane->passes_begun == (*l)->campaign->warmup +
									  (*l)->campaign->blocks))
			continue;
		if (dispatch_begin(d) < 0)
			return d->failure.code;
		if (live_next(*l, lane, now_ns, clock_realtime_ns(), d->s, r, &err) < 0)
			return dispatch_fail(d, &err);
		if (*r != NULL)
			return 1;
	}
	return 0;
}

int agents_hand_out(struct dispatch *d, int64_t now_ns)
{
	struct host *h, *next;
	struct live *l;
	struct live_run *r;

	HASH_ITER (hh, d->hosts, h, next) {
		while (host_is_connected(h) && h->flights_n < HOST_FLIGHTS) {
			int found = next_for(d, h, now_ns, &l, &r);
			if (found < 0)
				return found;
			if (found == 0)
				break;
			send_assign(d, h, l, r);
		}
	}
	return 0;
}

void agents_cancel(struct dispatch *d, struct live *l)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct host *h = l->lanes[i].host;
		for (size_t k = 0; k < h->flights_n; k++) {
			struct message m;
			if (h->flights[k].live != l)
				continue;
			message_init(&m, MESSAGE_CANCEL);
			fill_id(&m.cancel.id, l, h->flights[k].run);
			dispatch_queue(d, &h->route, &m);
		}
	}
}

static void lose(struct dispatch *d, struct live *l, struct live_run *r, const char *why)
{
	struct error err = {0};

	log_warning("%s run %" PRId64 " attempt %" PRId64 " is lost: %s", l->label, r->run,
		r->attempt, why);
	if (dispatch_begin(d) == 0 && live_lose(l, r, why, clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
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

/*
 * What we believe in its hands and it does not hold: a new process has lost it; the same process
 * never got it, and is told again.
 */
static void reconcile_flights(
	struct dispatch *d, struct host *h, const struct message_hello *hello, bool is_same_process)
{
	for (size_t i = h->flights_n; i-- > 0;) {
		struct flight f = h->flights[i];
		if (find_held(&hello->held, f.live, f.run) != NULL)
			continue;
		if (is_same_process)
			send_assign(d, h, f.live, f.run);
		else
			lose(d, f.live, f.run, "its agent was started anew");
	}
}

/*
 * What it holds and we do not believe in its hands: a run that waits again is left to it; one that
 * is over or unknown is called off. Results in its spool come by themselves.
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
		if (r != NULL && r->state != STATE_QUEUED && r->attempt == e->id.attempt)
			continue;
		if (r != NULL && r->state == STATE_QUEUED && r->attempt == e->id.attempt &&
			live_lane(l, h) != NULL && host_take(h, l, r)) {
			DL_DELETE(live_lane(l, h)->queue, r);
			r->state = run_state_next(r->state, EVENT_ASSIGN);
			continue;
		}
		message_init(&m, MESSAGE_CANCEL);
		m.cancel.id = e->id;
		dispatch_queue(d, &h->route, &m);
	}
}

static void send_welcome(struct dispatch *d, const struct host *h)
{
	struct message m;

	message_init(&m, MESSAGE_WELCOME);
	m.welcome = (struct message_welcome){
		.version = JOULERIG_VERSION,
		.minor = PROTOCOL_MINOR,
		.name = h->name,
		.role = role_name(ROLE_AGENT),
		.store = d->store_id,
		.heartbeat_ns = HEARTBEAT_NS,
		.lease_ns = LEASE_NS,
		.credit = CREDIT_BYTES,
	};
	dispatch_queue(d, &h->route, &m);
}

static struct host *introduce(struct dispatch *d, const struct trusted_key *who)
{
	struct host *h = dispatch_host(d, who->public_key);

	if (h == NULL) {
		h = xcalloc(1, sizeof *h);
		memcpy(h->public_key, who->public_key, sizeof h->public_key);
		h->offset = h->delay = h->seen_at = ABSENT;
		HASH_ADD_STR(d->hosts, public_key, h);
	}
	memcpy(h->name, who->name, sizeof h->name);
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
	h->route = *from;
	h->credit_back = 0;
	h->session = hello->session;
	h->seen_ns = now_ns;
	h->seen_at = clock_realtime_ns();
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
	host_apply(h, HOST_HELLO);
}

/* ---- what a run tells ---- */

/* What was said of an attempt: its campaign, and its run where it has not ended. */
struct spoken {
	struct live *live;    /* NULL: the campaign has ended */
	struct live_run *run; /* NULL: it has ended, or never was */
	int64_t campaign;     /* store id */
};

/* Whether a host may speak of this attempt: a run that has not ended must be its own, the attempt
 * handed out. */
static bool look_up(
	struct dispatch *d, const struct host *h, const struct attempt_id *id, struct spoken *out)
{
	struct ended *e;

	*out = (struct spoken){.live = dispatch_live_by_uuid(d, &id->campaign)};
	if (out->live != NULL) {
		out->run = live_find_run(out->live, id->run);
		out->campaign = out->live->id;
		return out->run == NULL ||
		       (out->live->lanes[out->run->lane].host == h && id->attempt >= 1 &&
			       id->attempt <= out->run->attempt);
	}
	HASH_FIND(hh, d->ended, &id->campaign, sizeof id->campaign, e);
	if (e == NULL)
		return false;
	out->campaign = e->id;
	return true;
}

static void on_started(struct dispatch *d, const struct host *h, const struct message_started *m)
{
	struct error err = {0};
	struct spoken s;

	if (!look_up(d, h, &m->id, &s) || s.run == NULL || s.run->attempt != m->id.attempt)
		return;
	enum run_state next = run_state_next(s.run->state, EVENT_STARTED);
	if (next == STATE_N || s.run->state == STATE_QUEUED || dispatch_begin(d) < 0)
		return;
	s.run->state = next;
	if (d->config.ops->set_run_state(
		    d->config.store, s.campaign, s.run->run, RUN_RUNNING, NULL, &err) < 0)
		dispatch_fail(d, &err);
}

static void on_samples(struct dispatch *d, struct host *h, const struct message_samples *m)
{
	struct error err = {0};
	struct spoken s;

	h->credit_back += (int64_t)m->data.len;
	/* Of a run that has ended they are there already, or of an attempt that does not count. */
	if (look_up(d, h, &m->id, &s) && s.run != NULL && dispatch_begin(d) == 0 &&
		d->config.ops->put_samples(d->config.store, s.campaign, m->id.run, m->id.attempt,
			m->chunk, m->data.data, m->data.len, &err) < 0)
		dispatch_fail(d, &err);
	if (h->credit_back >= CREDIT_STEP) {
		struct message credit;
		message_init(&credit, MESSAGE_CREDIT);
		credit.credit.bytes = h->credit_back;
		h->credit_back = 0;
		dispatch_queue(d, &h->route, &credit);
	}
}

/* What was streamed belongs to one attempt: a late one of an earlier attempt may come between. */
static void begin_streams(struct live_run *r, int64_t attempt)
{
	if (r->streams_attempt == attempt)
		return;
	buf_reset(&r->streams[0]);
	buf_reset(&r->streams[1]);
	r->streams_attempt = attempt;
}

static int keep_output(struct dispatch *d, const struct spoken *s, const struct attempt_id *id,
	const char *stream, int64_t offset, const struct blob *data)
{
	struct error err = {0};
	size_t which = strcmp(stream, "stderr") == 0;

	if (s->run == NULL)
		return 0;
	if (dispatch_begin(d) < 0)
		return d->failure.code;
	if (d->config.ops->put_output(d->config.store, s->campaign, id->run, id->attempt,
		    which ? "stderr" : "stdout", offset, data->data, data->len, &err) < 0)
		return dispatch_fail(d, &err);
	begin_streams(s->run, id->attempt);
	/* A piece that is sent again is there already. */
	if ((int64_t)s->run->streams[which].len == offset)
		buf_add(&s->run->streams[which], data->data, data->len);
	return 0;
}

static void on_output(struct dispatch *d, const struct host *h, const struct message_output *m)
{
	struct spoken s;

	if (look_up(d, h, &m->id, &s))
		keep_output(d, &s, &m->id, m->stream, m->offset, &m->data);
}

/* The program's own metrics, out of what it printed. Returns how many, or negative: then the run
 * has failed. */
static int extract(
	const struct live *l, const struct live_run *r, struct store_metric *out, struct error *err)
{
	const struct configuration *c = configuration_of(l, r);
	_cleanup_free_ struct extracted *found = xcalloc(c->benchmark->metrics_n, sizeof *found);
	int n = extract_metrics(c->benchmark, c, r->streams[0].data, r->streams[0].len,
		r->streams[1].data, r->streams[1].len, found, err);

	for (int i = 0; i < n; i++)
		out[i] = (struct store_metric){
			.name = found[i].metric->name,
			.unit = found[i].metric->unit,
			.value = found[i].value,
			.better = (enum better_code)found[i].metric->better,
		};
	return n;
}

static void tell_run(struct dispatch *d, const struct live *l, const struct live_run *r,
	const struct host *h, const char *state, const char *reason)
{
	const struct configuration *c = configuration_of(l, r);
	struct message m;

	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "run";
	m.event.host = h->name;
	m.event.run = r->run;
	m.event.benchmark = c->benchmark->name;
	m.event.parameters = c->parameters;
	m.event.state = state;
	m.event.text = reason;
	dispatch_tell(d, &l->uuid, &m);
}

static int store_result(struct dispatch *d, const struct message_result *m, const struct spoken *s,
	const char *state, const char *reason, const struct store_metric *own, size_t own_n)
{
	struct error err = {0};
	const struct store_result row = {
		.campaign = s->campaign,
		.run = m->id.run,
		.attempt = m->id.attempt,
		.state = state,
		.reason = reason,
		.started_at = m->started_at,
		.exit_code = m->exit_code,
		.signal = m->signal,
		.metrics = m->metrics.items,
		.metrics_n = m->metrics.n,
		.own = own,
		.own_n = own_n,
		.flags = m->flags.items,
		.flags_n = m->flags.n,
		.cpus = m->cpus,
		.stdout_total = m->stdout_total,
		.stderr_total = m->stderr_total,
		.stdout_head = m->stdout_head,
		.stderr_head = m->stderr_head,
		.thinned = m->thinned,
		.ended_at = clock_realtime_ns(),
	};
	int r = d->config.ops->put_result(d->config.store, &row, &err);

	/* Only -ENOENT is the peer's fault: a run that never was. */
	return r < 0 && r != -ENOENT ? dispatch_fail(d, &err) : r;
}

/* A result made another attempt needless that was handed out meanwhile. */
static void call_off(
	struct dispatch *d, struct host *h, const struct live *l, const struct live_run *r)
{
	struct message m;

	message_init(&m, MESSAGE_CANCEL);
	fill_id(&m.cancel.id, l, r);
	dispatch_queue(d, &h->route, &m);
}

/* The result of a run that has not ended yet. */
static int take_result(
	struct dispatch *d, struct host *h, const struct message_result *m, const struct spoken *s)
{
	_cleanup_free_ struct store_metric *own =
		xcalloc(configuration_of(s->live, s->run)->benchmark->metrics_n, sizeof *own);
	const char *state = m->state, *reason = m->reason;
	struct error err = {0};
	int n = 0;

	if (strcmp(state, RUN_DONE) == 0 && (n = extract(s->live, s->run, own, &err)) < 0) {
		state = RUN_FAILED;
		reason = err.text;
		n = 0;
	}
	int r = store_result(d, m, s, state, reason, own, (size_t)n);
	if (r < 0)
		return r;
	tell_run(d, s->live, s->run, h, state, reason);
	if (s->run->attempt != m->id.attempt && s->run->state != STATE_QUEUED)
		call_off(d, h, s->live, s->run);
	live_end(s->live, s->run, run_event_of_result(state));
	return 0;
}

/*
 * An agent ended a run that nobody cancelled: it changed to another store meanwhile, or the attempt
 * was called off for a later one. The run is still to be done.
 */
static int take_cancelled(
	struct dispatch *d, const struct message_result *m, const struct spoken *s)
{
	if (s->run->attempt == m->id.attempt && s->run->state != STATE_QUEUED)
		lose(d, s->live, s->run, "its agent ended it");
	return d->failure.code;
}

static void refuse_result(struct dispatch *d, const struct host *h, const struct message_result *m,
	const char *code, const char *why)
{
	dispatch_queue_error(d, &h->route, code,
		"run %lld attempt %lld: %s; its result is not taken", (long long)m->id.run,
		(long long)m->id.attempt, why);
}

static int keep_result(
	struct dispatch *d, struct host *h, const struct message_result *m, const struct spoken *s)
{
	int r = 0;

	if (s->run == NULL)
		return store_result(d, m, s, m->state, m->reason, NULL, 0);
	if (run_event_of_result(m->state) == EVENT_CANCELLED)
		return take_cancelled(d, m, s);
	begin_streams(s->run, m->id.attempt);
	if (m->stdout_data.data != NULL)
		r = keep_output(d, s, &m->id, "stdout", 0, &m->stdout_data);
	if (r == 0 && m->stderr_data.data != NULL)
		r = keep_output(d, s, &m->id, "stderr", 0, &m->stderr_data);
	return r < 0 ? r : take_result(d, h, m, s);
}

static void on_result(struct dispatch *d, struct host *h, const struct message_result *m)
{
	struct message reply;
	struct spoken s;

	if (run_event_of_result(m->state) == EVENT_N || m->metrics.n > MESSAGE_MAX_METRICS) {
		refuse_result(
			d, h, m, "protocol", "no such state of a result, or too many metrics");
		return;
	}
	if (!look_up(d, h, &m->id, &s)) {
		refuse_result(d, h, m, "unknown", "this store does not know it as this host's");
		return;
	}
	if (dispatch_begin(d) < 0)
		return;
	int r = keep_result(d, h, m, &s);
	if (r == -ENOENT && d->failure.code == 0)
		refuse_result(d, h, m, "unknown", "this store does not know that run");
	if (r < 0)
		return;
	message_init(&reply, MESSAGE_COMMITTED);
	reply.committed.id = m->id;
	dispatch_queue(d, &h->route, &reply);
}

/* An agent that cannot take a run now (its hands are full): queue it again for the same host. */
static void on_refuse(struct dispatch *d, const struct host *h, const struct message_refuse *m)
{
	struct spoken s;

	if (look_up(d, h, &m->id, &s) && s.run != NULL && s.run->attempt == m->id.attempt &&
		s.run->state != STATE_QUEUED)
		lose(d, s.live, s.run, m->reason);
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
			dispatch_queue_error(d, from, "internal", "%s", err.text);
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

static void on_ping(struct dispatch *d, struct host *h, const struct message_ping *m)
{
	struct message reply;

	h->offset = m->offset;
	h->delay = m->delay;
	message_init(&reply, MESSAGE_PONG);
	reply.pong.t1 = m->t1;
	reply.pong.t2 = reply.pong.t3 = clock_raw_ns();
	dispatch_queue(d, &h->route, &reply);
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
	h->seen_ns = now_ns;
	h->seen_at = clock_realtime_ns();
	host_apply(h, HOST_MESSAGE);
	switch (m->type) {
	case MESSAGE_PING:
		on_ping(d, h, &m->ping);
		break;
	case MESSAGE_STARTED:
		on_started(d, h, &m->started);
		break;
	case MESSAGE_SAMPLES:
		on_samples(d, h, &m->samples);
		break;
	case MESSAGE_OUTPUT:
		on_output(d, h, &m->output);
		break;
	case MESSAGE_RESULT:
		on_result(d, h, &m->result);
		break;
	case MESSAGE_REFUSE:
		on_refuse(d, h, &m->refuse);
		break;
	case MESSAGE_WANT_FILES:
		on_want_files(d, from, &m->want_files);
		break;
	case MESSAGE_BYE:
		host_apply(h, HOST_BYE);
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

void agents_tick(struct dispatch *d, int64_t now_ns)
{
	struct host *h, *next;

	HASH_ITER (hh, d->hosts, h, next) {
		if (h->seen_ns ==
			0) /* known from before a restart: it gets the time to come back */
			h->seen_ns = now_ns;
		int64_t quiet = now_ns - h->seen_ns;
		if (host_is_connected(h) && quiet > HEARTBEAT_MISSED * HEARTBEAT_NS) {
			log_warning("host %s is silent", h->name);
			host_apply(h, HOST_MISSED);
		}
		if (quiet <= LEASE_NS)
			continue;
		while (h->flights_n > 0 && d->failure.code == 0)
			/* The last one first: each goes to the front of its queue. */
			lose(d, h->flights[h->flights_n - 1].live, h->flights[h->flights_n - 1].run,
				"its host was silent for longer than the lease");
	}
}
