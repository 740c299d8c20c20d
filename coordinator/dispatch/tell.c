/*
 * Notices on their ways. What waits is in the store (`delivery`) and here; a message is tried by a
 * thread beside the loop, one at a time on each way; what waits of the same sweep goes as one. An
 * attempt that was made and not written down before the end of this program is made again.
 */
#include "coordinator/dispatch/nightly.h"
#include "coordinator/dispatch/notice_send.h"
#include "coordinator/dispatch/tell_delays.h"

#include "coordinator/settings.h"
#include "coordinator/store/queries.h"
#include "proto/log.h"
#include "proto/units.h"
#include <curl/curl.h>
#include <utlist.h>

#define MESSAGE_NOTICES 200 /* of one message at most; the rest is the next one */

/* A notice that waits on a way. All texts owned. */
struct pending {
	struct store_notice notice;
	char *channel;
	int64_t attempts;
	int64_t next_at; /* CLOCK_REALTIME */
	uint64_t turn;   /* of the outbox in which it was told: before its end it is not on disk */
	struct tell_job *job; /* that tries it now; NULL: none */
	struct pending *prev, *next;
};

/* A message on its way. All but the last three is the thread's while work is not over. */
struct tell_job {
	struct settings_channel channel; /* texts owned, without kinds */
	char *sendmail;
	struct notice_message message;
	struct error failure;
	enum notice_result result;
	struct work *work;
	size_t n; /* notices */
	struct tell_job *prev, *next;
};

struct teller {
	struct pending *pending; /* by the notices' ids */
	struct tell_job *jobs;
	char host[256];
};

/* ---- what waits ---- */

static void set_notice(struct pending *p, const struct store_notice *n)
{
	p->notice = (struct store_notice){
		.id = n->id,
		.sweep = n->sweep,
		.schedule = xstrdup_or_null(n->schedule),
		.at = n->at,
		.kind = xstrdup_or_null(n->kind),
		.subject = xstrdup_or_null(n->subject),
		.text = xstrdup_or_null(n->text),
		.json = xstrdup_or_null(n->json),
	};
}

static void pending_free(struct teller *t, struct pending *p)
{
	DL_DELETE(t->pending, p);
	free((char *)p->notice.schedule);
	free((char *)p->notice.kind);
	free((char *)p->notice.subject);
	free((char *)p->notice.text);
	free((char *)p->notice.json);
	free(p->channel);
	free(p);
}

static struct pending *pending_add(struct teller *t, const char *channel)
{
	struct pending *p = xcalloc(1, sizeof *p);

	p->channel = xstrdup(channel);
	DL_APPEND(t->pending, p);
	return p;
}

static int on_delivery(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct pending *p;

	(void)key;
	(void)n;
	if (strcmp(c[DELIVERIES_STATE].text, DELIVERY_WAITING) != 0)
		return 0;
	p = pending_add(arg, c[DELIVERIES_CHANNEL].text);
	p->notice.id = c[DELIVERIES_NOTICE].integer;
	p->attempts = c[DELIVERIES_ATTEMPTS].integer;
	p->next_at = c[DELIVERIES_NEXT_AT].integer;
	return 0;
}

static int on_notice(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct teller *t = arg;
	const struct store_notice notice = {
		.id = key,
		.sweep = c[NOTICES_SWEEP].integer == ABSENT ? 0 : c[NOTICES_SWEEP].integer,
		.schedule = c[NOTICES_SCHEDULE].text,
		.at = c[NOTICES_AT].integer,
		.kind = c[NOTICES_KIND].text,
		.subject = c[NOTICES_SUBJECT].text,
		.text = c[NOTICES_TEXT].text,
		.json = c[NOTICES_JSON].text,
	};
	struct pending *p;

	(void)n;
	DL_FOREACH (t->pending, p)
		if (p->notice.id == key)
			set_notice(p, &notice);
	return 0;
}

static int by_notice(const struct pending *a, const struct pending *b)
{
	return a->notice.id < b->notice.id ? -1 : a->notice.id > b->notice.id;
}

static int load(struct dispatch *d, struct teller *t, struct error *err)
{
	int r = d->config.ops->query(
		d->config.store, "deliveries", NULL, 0, INT64_MAX, NULL, on_delivery, t, err);

	if (t->pending == NULL)
		return r;
	DL_SORT(t->pending, by_notice);
	if (r == 0)
		r = d->config.ops->query(d->config.store, "notices", NULL,
			t->pending->notice.id - 1, INT64_MAX, NULL, on_notice, t, err);
	return r;
}

/* With what waited before this program was started; NULL where the store failed. */
static struct teller *teller_of(struct dispatch *d)
{
	struct error err = {0};

	if (d->teller != NULL)
		return d->teller;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	d->teller = xcalloc(1, sizeof *d->teller);
	notice_host(d->teller->host);
	if (load(d, d->teller, &err) == 0)
		return d->teller;
	dispatch_fail(d, &err);
	tell_free(d);
	return NULL;
}

/* ---- a new notice ---- */

static bool wants(const struct settings_channel *c, const char *kind)
{
	for (size_t i = 0; i < c->kinds_n; i++)
		if (strcmp(c->kinds[i], kind) == 0)
			return true;
	return c->kinds_n == 0;
}

static int put(struct dispatch *d, const struct pending *p, const char *state, const char *reason,
	struct error *err)
{
	const struct store_delivery row = {
		.notice = p->notice.id,
		.channel = p->channel,
		.state = state,
		.attempts = p->attempts,
		.next_at = strcmp(state, DELIVERY_WAITING) == 0 ? p->next_at : ABSENT,
		.reason = reason,
	};

	return d->config.ops->put_delivery(d->config.store, &row, err);
}

int tell(struct dispatch *d, struct store_notice *n, struct error *err)
{
	const struct settings *settings = d->config.settings;
	struct teller *t = settings != NULL ? teller_of(d) : NULL;
	int r = d->config.ops->add_notice(d->config.store, n, err);

	if (settings != NULL && t == NULL)
		return error_set(err, d->failure.code, "%s", d->failure.text);
	for (size_t i = 0; r == 0 && settings != NULL && i < settings->channels_n; i++) {
		const struct settings_channel *c = &settings->channels[i];
		if (!wants(c, n->kind))
			continue;
		struct pending *p = pending_add(t, c->name);
		set_notice(p, n);
		p->next_at = n->at;
		p->turn = d->turn + 1;
		r = put(d, p, DELIVERY_WAITING, NULL, err);
	}
	return r;
}

/* ---- one message ---- */

static void send_job(void *arg, int stop_fd)
{
	struct tell_job *job = arg;

	job->result =
		notice_send(&job->channel, job->sendmail, &job->message, stop_fd, &job->failure);
}

static void copy_channel(struct settings_channel *out, const struct settings_channel *c)
{
	size_t n = 0;

	*out = (struct settings_channel){.kind = c->kind,
		.target = xstrdup_or_null(c->target),
		.from = xstrdup_or_null(c->from),
		.name = xstrdup_or_null(c->name)};
	while (c->argv != NULL && c->argv[n] != NULL)
		n++;
	out->argv = xcalloc(n + 1, sizeof *out->argv);
	for (size_t i = 0; i < n; i++)
		out->argv[i] = xstrdup(c->argv[i]);
}

static void job_free(struct teller *t, struct tell_job *job)
{
	work_end(job->work);
	DL_DELETE(t->jobs, job);
	for (char **word = job->channel.argv; *word != NULL; word++)
		free(*word);
	free(job->channel.argv);
	free(job->channel.target);
	free(job->channel.from);
	free(job->channel.name);
	free(job->sendmail);
	notice_message_done(&job->message);
	free(job);
}

/* Whether both wait on the same way, of the same sweep, and nothing tries them. */
static bool go_together(const struct dispatch *d, const struct pending *a, const struct pending *b)
{
	bool is_same_schedule =
		(a->notice.schedule == NULL) == (b->notice.schedule == NULL) &&
		(a->notice.schedule == NULL || strcmp(a->notice.schedule, b->notice.schedule) == 0);

	return b->job == NULL && b->turn <= d->turn && a->notice.sweep == b->notice.sweep &&
	       is_same_schedule && strcmp(a->channel, b->channel) == 0;
}

static void start(struct dispatch *d, struct teller *t, struct pending *first,
	const struct settings_channel *channel)
{
	struct store_notice notices[MESSAGE_NOTICES];
	struct tell_job *job = xcalloc(1, sizeof *job);
	struct pending *p;

	DL_FOREACH (t->pending, p) {
		if (job->n == MESSAGE_NOTICES)
			break;
		if (!go_together(d, first, p))
			continue;
		notices[job->n++] = p->notice;
		p->job = job;
	}
	copy_channel(&job->channel, channel);
	job->sendmail = xstrdup(d->config.settings->sendmail);
	notice_message_make(&job->message, &d->store_id, t->host, notices, job->n);
	DL_APPEND(t->jobs, job);
	job->work = work_start(send_job, job, d->config.wake, d->config.arg);
}

/* ---- what came of it ---- */

/* Write it down; with an end p is gone after. */
static void settle(struct dispatch *d, struct teller *t, struct pending *p, const char *state,
	const char *reason)
{
	struct error err = {0};

	p->job = NULL;
	if (dispatch_begin(d) < 0)
		return;
	if (put(d, p, state, reason, &err) < 0)
		dispatch_fail(d, &err);
	else if (strcmp(state, DELIVERY_WAITING) != 0)
		pending_free(t, p);
}

/* What an attempt that failed means for one notice. */
static void settle_failed(struct dispatch *d, struct teller *t, struct pending *p,
	const struct tell_job *job, int64_t at)
{
	int64_t delay = job->result == NOTICE_REFUSED ? ABSENT : tell_delay(p->attempts);

	if (delay == ABSENT) {
		settle(d, t, p, DELIVERY_GIVEN_UP, job->failure.text);
		return;
	}
	p->next_at = at + delay;
	settle(d, t, p, DELIVERY_WAITING, job->failure.text);
}

static void log_outcome(const struct tell_job *job, int64_t attempts)
{
	int64_t delay = job->result == NOTICE_REFUSED ? ABSENT : tell_delay(attempts);
	const char *plural = job->n == 1 ? "" : "s";
	char text[32];

	if (job->result == NOTICE_DELIVERED)
		log_info("notify: %s has %zu notice%s: %s", job->channel.name, job->n, plural,
			job->message.subject);
	else if (delay == ABSENT)
		log_error("notify: %s: %s; %zu notice%s given up after %lld attempt%s: %s",
			job->channel.name, job->failure.text, job->n, plural, (long long)attempts,
			attempts == 1 ? "" : "s", job->message.text);
	else
		log_warning("notify: %s: %s; %zu notice%s, tried again in %s", job->channel.name,
			job->failure.text, job->n, plural, units_format_duration(text, delay));
}

static void take_over(struct dispatch *d, struct teller *t, struct tell_job *job, int64_t at)
{
	struct pending *p, *next;
	int64_t attempts = 0;

	DL_FOREACH_SAFE (t->pending, p, next) {
		if (p->job != job)
			continue;
		p->attempts++;
		attempts = p->attempts > attempts ? p->attempts : attempts;
		if (job->result == NOTICE_DELIVERED)
			settle(d, t, p, DELIVERY_DELIVERED, NULL);
		else
			settle_failed(d, t, p, job, at);
	}
	log_outcome(job, attempts);
	job_free(t, job);
}

/* ---- turns of the loop ---- */

static const struct settings_channel *channel_by_name(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->channels_n; i++)
		if (strcmp(s->channels[i].name, name) == 0)
			return &s->channels[i];
	return NULL;
}

static bool is_busy(const struct teller *t, const char *channel)
{
	const struct tell_job *job;

	DL_FOREACH (t->jobs, job)
		if (strcmp(job->channel.name, channel) == 0)
			return true;
	return false;
}

static void forget(struct dispatch *d, struct teller *t, struct pending *p)
{
	log_warning("notify: %s is not in the settings any more; given up: %s", p->channel,
		p->notice.text);
	settle(d, t, p, DELIVERY_GIVEN_UP, "it is not in the settings any more");
}

/* No attempt is further ahead than the pause before it, unless the clock was set back. */
static bool is_due(const struct pending *p, int64_t at)
{
	int64_t delay = tell_delay(p->attempts);

	return p->next_at <= at || (delay != ABSENT && p->next_at - at > delay);
}

static void try_pending(struct dispatch *d, struct teller *t, int64_t at)
{
	struct pending *p, *next;

	DL_FOREACH_SAFE (t->pending, p, next) {
		const struct settings_channel *channel =
			channel_by_name(d->config.settings, p->channel);
		if (p->job != NULL || p->turn > d->turn || d->failure.code != 0)
			continue;
		if (channel == NULL)
			forget(d, t, p);
		else if (is_due(p, at) && !is_busy(t, p->channel))
			start(d, t, p, channel);
	}
}

void tell_tick(struct dispatch *d, int64_t now_ns, int64_t at)
{
	struct tell_job *job, *next;

	(void)now_ns;
	/* Without settings nothing is known of any way: what waits goes on waiting. */
	if (d->config.settings == NULL || d->failure.code != 0)
		return;
	struct teller *t = teller_of(d);

	if (t == NULL)
		return;
	DL_FOREACH_SAFE (t->jobs, job, next)
		if (work_is_over(job->work))
			take_over(d, t, job, at);
	try_pending(d, t, at);
}

void tell_free(struct dispatch *d)
{
	struct tell_job *job, *next_job;
	struct pending *p, *next;

	if (d->teller == NULL)
		return;
	DL_FOREACH_SAFE (d->teller->jobs, job, next_job)
		job_free(d->teller, job);
	DL_FOREACH_SAFE (d->teller->pending, p, next)
		pending_free(d->teller, p);
	free(d->teller);
	d->teller = NULL;
}
