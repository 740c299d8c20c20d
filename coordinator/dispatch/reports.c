/* What an agent reports of a run: that it started, samples, output, and its result. */
#include "coordinator/dispatch/committed.h"
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/gang.h"
#include "coordinator/dispatch/health.h"
#include "coordinator/dispatch/outcome.h"
#include "coordinator/dispatch/totals.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <jansson.h>

/* What was said of an attempt: its campaign, and its run where it has not ended. */
struct spoken {
	struct live *live;    /* NULL: the campaign has ended */
	struct live_run *run; /* NULL: it has ended, or never was */
	int64_t campaign;     /* store id */
	bool is_suspended;    /* it has not ended, but does not go on now */
	bool is_void;         /* of the run, but whatever comes of it does not count */
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
		       (lane_has(&out->live->lanes[out->run->lane], h) && id->attempt >= 1 &&
			       id->attempt > out->run->voided && id->attempt <= out->run->attempt);
	}
	HASH_FIND(hh, d->ended, &id->campaign, sizeof id->campaign, e);
	if (e == NULL)
		return false;
	out->campaign = e->id;
	out->is_suspended = e->is_suspended;
	return true;
}

/* Whether it was an attempt of a block that began anew, on whichever host that takes part. */
static bool is_void(struct spoken *s, const struct host *h, const struct attempt_id *id)
{
	s->is_void = s->run != NULL && id->attempt >= 1 && id->attempt <= s->run->voided &&
		     live_lane(s->live, h) != NULL;
	return s->is_void;
}

void reports_on_started(struct dispatch *d, const struct host *h, const struct message_started *m)
{
	struct error err = {0};
	struct spoken s;

	if (!look_up(d, h, &m->id, &s) || s.run == NULL || s.run->attempt != m->id.attempt)
		return;
	enum run_state next = run_state_next(s.run->state, EVENT_STARTED);
	if (next == STATE_N || s.run->state == STATE_QUEUED || dispatch_begin(d) < 0)
		return;
	s.run->state = next;
	/* That it runs is in the row of its run, which is of its last attempt. */
	s.run->attempt_state = attempt_state_next(s.run->attempt_state, ATTEMPT_STARTED);
	if (d->config.ops->set_run_state(
		    d->config.store, s.campaign, s.run->run, RUN_RUNNING, NULL, &err) < 0)
		dispatch_fail(d, &err);
}

static void keep_samples(
	struct dispatch *d, struct host *h, int64_t now_ns, const struct message_samples *m)
{
	struct error err = {0};
	struct spoken s;

	totals_samples(d->config.totals, h->name, now_ns, h->offset, &m->data);
	/* Of a run that has ended they are there already, or of an attempt that does not count. */
	if (look_up(d, h, &m->id, &s) && s.run != NULL && dispatch_begin(d) == 0 &&
		d->config.ops->put_samples(d->config.store, s.campaign, m->id.run, m->id.attempt,
			m->chunk, m->data.data, m->data.len, &err) < 0)
		dispatch_fail(d, &err);
	int64_t bytes = credit_take(&h->credit, now_ns, (int64_t)m->data.len, dispatch_credit(d));
	if (bytes > 0) {
		struct message credit;
		message_init(&credit, MESSAGE_CREDIT);
		credit.credit.bytes = bytes;
		dispatch_queue(d, &h->route, &credit);
	}
}

/* Of several hosts each counts its chunks from 0. */
void reports_on_samples(
	struct dispatch *d, struct host *h, int64_t now_ns, const struct message_samples *m)
{
	struct gang_part *part = NULL;
	const struct gang *g = gang_of(d, h, &m->id, &part);
	struct message_samples own = *m;

	if (g != NULL && part != &g->parts[g->main])
		own.chunk += (1 + (int64_t)(part - g->parts)) * PART_CHUNKS;
	keep_samples(d, h, now_ns, &own);
}

/* Of several hosts each has streams of its own: "server.stdout", "file:server.log". The caller
 * frees. */
static char *stored_name(const struct gang *g, const struct gang_part *part, const char *stream)
{
	_cleanup_free_ char *shown = streams_shown_name(stream);
	static const char file[] = "file:";
	const char *role;

	if (g == NULL)
		return xstrdup(shown);
	role = live_configuration(g->live, g->run)->benchmark->roles[part - g->parts].name;
	if (strncmp(shown, file, strlen(file)) == 0)
		return xasprintf("%s%s.%s", file, role, shown + strlen(file));
	return xasprintf("%s.%s", role, shown);
}

static int keep_output(struct dispatch *d, const struct host *h, const struct spoken *s,
	const struct attempt_id *id, const char *stream, int64_t offset, const struct blob *data)
{
	struct gang_part *part = NULL;
	const struct gang *g = gang_of(d, h, id, &part);
	_cleanup_free_ char *shown = stored_name(g, part, stream);
	struct streams *streams;
	struct error err = {0};

	/* Of a run of several hosts that is not in flight nothing is expected but results. */
	if (s->run == NULL || (g == NULL && s->live->lanes[s->run->lane].members_n > 0))
		return 0;
	streams = g != NULL ? &part->streams : &s->run->streams;
	if (dispatch_begin(d) < 0)
		return d->failure.code;
	if (d->config.ops->put_output(d->config.store, s->campaign, id->run, id->attempt, shown,
		    offset, data->data, data->len, &err) < 0)
		return dispatch_fail(d, &err);
	/* They belong to one attempt: a late one of an earlier attempt may come between. */
	streams_begin(streams, id->attempt);
	streams_add(streams, stream, offset, data);
	return 0;
}

void reports_on_output(struct dispatch *d, const struct host *h, const struct message_output *m)
{
	struct spoken s;

	if (!streams_is_name(m->stream) || m->offset < 0)
		dispatch_queue_error(d, &h->route, "protocol",
			"run %lld attempt %lld: output of an unknown stream is not taken",
			(long long)m->id.run, (long long)m->id.attempt);
	else if (look_up(d, h, &m->id, &s))
		keep_output(d, h, &s, &m->id, m->stream, m->offset, &m->data);
}

void reports_tell_run(struct dispatch *d, const struct live *l, const struct live_run *r,
	const char *host, const char *state, const char *reason)
{
	const struct configuration *c = live_configuration(l, r);
	_cleanup_buf_ struct buf parameters = BUF_INIT;
	struct message m;

	if (d->watchers == NULL)
		return;
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "run";
	m.event.host = host;
	m.event.run = r->run;
	m.event.benchmark = c->benchmark->name;
	configuration_parameters(c, &parameters);
	m.event.parameters = parameters.data;
	m.event.state = state;
	m.event.text = reason;
	dispatch_tell(d, &l->uuid, &m);
}

/* The result as the store takes it; texts are those of m and o, which is NULL where the run has
 * ended already. */
static struct store_result row_of(
	const struct message_result *m, const struct spoken *s, const struct outcome *o)
{
	return (struct store_result){
		.campaign = s->campaign,
		.run = m->id.run,
		.attempt = m->id.attempt,
		.state = o != NULL ? o->state : m->state,
		.reason = o != NULL ? o->reason : m->reason,
		.started_at = m->started_at,
		.exit_code = m->exit_code,
		.signal = m->signal,
		.metrics = o != NULL ? o->metrics : m->metrics.items,
		.metrics_n = o != NULL ? o->metrics_n : m->metrics.n,
		.own = o != NULL ? o->own : NULL,
		.own_n = o != NULL ? o->own_n : 0,
		.flags = m->flags.items,
		.flags_n = m->flags.n,
		.cpus = m->cpus,
		.stdout_total = m->stdout_total,
		.stderr_total = m->stderr_total,
		.stdout_head = m->stdout_head,
		.stderr_head = m->stderr_head,
		.thinned = m->thinned,
		.ended_at = clock_realtime_ns(),
		.is_late = s->is_void,
	};
}

/* host: who ran it; NULL: several. */
static int store_row(struct dispatch *d, const char *host, const struct store_result *row)
{
	struct error err = {0};
	int r = d->config.ops->put_result(d->config.store, row, &err);

	if (r > 0)
		totals_result(d->config.totals, host, row);
	/* Only -ENOENT is the peer's fault: a run that never was. */
	return r < 0 && r != -ENOENT ? dispatch_fail(d, &err) : r;
}

static int take_outcome(struct dispatch *d, struct host *h, const struct message_result *m,
	const struct spoken *s, const struct outcome *o)
{
	const struct store_result row = row_of(m, s, o);
	int r = store_row(d, h->name, &row);

	if (r < 0)
		return r;
	if (s->run->attempt == m->id.attempt)
		s->run->attempt_state = attempt_state_next(
			s->run->attempt_state, attempt_event_of_result(o->state));
	outcome_keep(o, s->live, s->run);
	reports_tell_run(d, s->live, s->run, h->name, o->state, o->reason);
	health_on_end(d, h, s->live, s->run, o->state, o->reason);
	/* It made another attempt needless that was handed out meanwhile. */
	if (s->run->attempt != m->id.attempt && s->run->state != STATE_QUEUED)
		agents_call_off(d, h, s->live, s->run);
	live_end(s->live, s->run, run_event_of_result(o->state), &row);
	return 0;
}

int reports_conclude(struct dispatch *d, struct live *l, struct live_run *r, const char *host,
	const struct message_result *m, const struct outcome *o)
{
	const struct spoken s = {.live = l, .run = r, .campaign = l->id};
	const struct store_result row = row_of(m, &s, o);
	int status = store_row(d, NULL, &row);

	if (status < 0)
		return status;
	r->attempt_state = attempt_state_next(r->attempt_state, attempt_event_of_result(o->state));
	outcome_keep(o, l, r);
	reports_tell_run(d, l, r, host, o->state, o->reason);
	live_end(l, r, run_event_of_result(o->state), &row);
	return 0;
}

/* The result of a run that has not ended yet. */
static int take_result(
	struct dispatch *d, struct host *h, const struct message_result *m, const struct spoken *s)
{
	struct error err = {0};
	struct outcome o;
	int r = outcome_make(&o, s->live, s->run, m, d->s, &err);

	r = r < 0 ? dispatch_fail(d, &err) : take_outcome(d, h, m, s, &o);
	outcome_done(&o);
	return r;
}

/*
 * An agent ended a run that nobody cancelled: it changed to another store meanwhile, or the attempt
 * was called off for a later one. The run is still to be done.
 */
static int take_cancelled(struct dispatch *d, const struct host *h, const struct message_result *m,
	const struct spoken *s)
{
	if (s->run->attempt == m->id.attempt && s->run->state != STATE_QUEUED)
		agents_give_back(d, h, s->live, s->run, "its agent ended it");
	return d->failure.code;
}

static void refuse_result(struct dispatch *d, const struct host *h, const struct message_result *m,
	const char *code, const char *why)
{
	dispatch_queue_error(d, &h->route, code,
		"run %lld attempt %lld: %s; its result is not taken", (long long)m->id.run,
		(long long)m->id.attempt, why);
}

/* MARK_TMP and its like as the campaign has them: {tmp}. The caller frees. */
static char *show_marks(const char *text)
{
	char *out = xstrdup(text);

	for (char *p = out; *p != '\0'; p++)
		*p = *p == MARK_TMP[0] ? '{' : *p == MARK_TMP[sizeof MARK_TMP - 2] ? '}' : *p;
	return out;
}

/* ["sh","-c","true"]. The caller frees. */
static char *command_json(const struct list *command)
{
	json_t *array = json_array();

	for (size_t i = 0; i < command->n; i++) {
		_cleanup_free_ char *shown = show_marks(*LIST_AT(command, char *, i));
		json_array_append_new(array, json_string(shown));
	}
	char *text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	return text;
}

/* What `requires` said is true of the machine, whatever became of the run that brought it. */
static int keep_requirement(struct dispatch *d, const struct host *h,
	const struct message_result *m, const struct spoken *s)
{
	struct error err = {0};

	if (m->requirement.n == 0)
		return 0;
	const struct message_requirement *r =
		LIST_AT(&m->requirement, struct message_requirement, 0);
	_cleanup_free_ char *command = command_json(&r->command);
	const struct store_requirement row = {.campaign = s->campaign,
		.host = h->id,
		.command = command,
		.reason = r->reason,
		.asked_at = r->asked_at,
		.output = r->output,
		.total = r->total != ABSENT ? r->total : (int64_t)r->output.len,
		.head = r->head != ABSENT ? r->head : (int64_t)r->output.len};
	if (d->config.ops->put_requirement(d->config.store, &row, &err) < 0)
		return dispatch_fail(d, &err);
	return 0;
}

/* Within what PROTOCOL.md allows. */
static bool is_within_limits(const struct message_result *m)
{
	const struct list *found = &m->requirement;

	return m->metrics.n <= MESSAGE_MAX_METRICS && found->n <= 1 &&
	       (found->n == 0 || LIST_AT(found, struct message_requirement, 0)->output.len <=
					 MESSAGE_MAX_ANSWER);
}

/* Streams that are short come with the result. */
static int keep_short(struct dispatch *d, const struct host *h, const struct message_result *m,
	const struct spoken *s)
{
	int r = 0;

	if (m->stdout_data.len > 0)
		r = keep_output(d, h, s, &m->id, "stdout", 0, &m->stdout_data);
	if (r == 0 && m->stderr_data.len > 0)
		r = keep_output(d, h, s, &m->id, "stderr", 0, &m->stderr_data);
	return r;
}

static int keep_result(
	struct dispatch *d, struct host *h, const struct message_result *m, const struct spoken *s)
{
	int r = 0;

	if (text_is_set(m->role)) {
		if (s->run != NULL && !s->is_void)
			r = keep_short(d, h, m, s);
		return r < 0 ? r : gang_on_result(d, h, s->campaign, m);
	}
	if (s->run == NULL || s->is_void) {
		const struct store_result row = row_of(m, s, NULL);
		return store_row(d, h->name, &row);
	}
	if (run_event_of_result(m->state) == EVENT_CANCELLED)
		return take_cancelled(d, h, m, s);
	streams_begin(&s->run->streams, m->id.attempt);
	r = keep_short(d, h, m, s);
	return r < 0 ? r : take_result(d, h, m, s);
}

void reports_on_result(struct dispatch *d, struct host *h, const struct message_result *m)
{
	struct spoken s;

	if (run_event_of_result(m->state) == EVENT_N || !is_within_limits(m)) {
		refuse_result(d, h, m, "protocol",
			"no such state of a result, or more in it than may be");
		return;
	}
	if (!look_up(d, h, &m->id, &s) && !is_void(&s, h, &m->id)) {
		refuse_result(d, h, m, "unknown", "this store does not know it as this host's");
		return;
	}
	if (s.run != NULL && !text_is_set(m->role) && s.live->lanes[s.run->lane].members_n > 0) {
		refuse_result(d, h, m, "protocol", "it does not say of which role it is");
		return;
	}
	/* No answer: the agent keeps it, and sends it again when the campaign goes on. */
	if (s.is_suspended || dispatch_begin(d) < 0)
		return;
	int r = keep_requirement(d, h, m, &s);
	if (r == 0)
		r = keep_result(d, h, m, &s);
	if (r == -ENOENT && d->failure.code == 0)
		refuse_result(d, h, m, "unknown", "this store does not know that run");
	if (r < 0)
		return;
	committed_add(d, h, &m->id);
}

/* An agent that cannot take a run now (its hands are full): queue it again for the same host. */
void reports_on_refuse(struct dispatch *d, const struct host *h, const struct message_refuse *m)
{
	struct spoken s;

	if (look_up(d, h, &m->id, &s) && s.run != NULL && s.run->attempt == m->id.attempt &&
		s.run->state != STATE_QUEUED)
		agents_give_back(d, h, s.live, s.run, m->reason);
}
