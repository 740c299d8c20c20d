/* What users' programs ask. */
#include "coordinator/dispatch/admission.h"
#include "coordinator/dispatch/core.h"

#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

/* ---- QUERY: rows of the store ---- */

struct gathered {
	char **columns;
	size_t columns_n;
	struct message_row *rows;
	size_t n, size;
	size_t bytes, limit;
	bool is_cut; /* a row came that does not fit any more */
};

static void on_columns(void *arg, const char *const *names, size_t n)
{
	struct gathered *g = arg;

	g->columns = xcalloc(n + 1, sizeof *g->columns);
	for (size_t i = 0; i < n; i++)
		g->columns[i] = xstrdup(names[i]);
	g->columns_n = n;
}

static struct message_cell copy_cell(const struct message_cell *c, size_t *bytes)
{
	struct message_cell copy = {.integer = c->integer};

	*bytes += 16;
	if (c->text != NULL) {
		copy.text = xstrdup(c->text);
		*bytes += strlen(c->text);
	}
	if (c->real != NULL)
		copy.real = xstrdup(c->real);
	if (c->blob.data != NULL) {
		void *p = xmalloc(c->blob.len);
		memcpy(p, c->blob.data, c->blob.len);
		copy.blob = (struct blob){.data = p, .len = c->blob.len};
		*bytes += c->blob.len;
	}
	return copy;
}

static int on_row(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct gathered *g = arg;

	if (g->n == g->limit || g->bytes > MESSAGE_CHUNK) {
		g->is_cut = true;
		return 1;
	}
	if (g->n == g->size) {
		g->size = g->size ? 2 * g->size : 64;
		g->rows = xreallocarray(g->rows, g->size, sizeof *g->rows);
	}
	struct message_cell *copy = xcalloc(n, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = copy_cell(&cells[i], &g->bytes);
	g->rows[g->n++] = (struct message_row){.key = key, .cells = {.items = copy, .n = n}};
	return 0;
}

static void gathered_done(struct gathered *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct message_cell *cells = g->rows[i].cells.items;
		for (size_t k = 0; k < g->rows[i].cells.n; k++) {
			free((void *)cells[k].text);
			free((void *)cells[k].real);
			free((void *)cells[k].blob.data);
		}
		free((void *)cells);
	}
	for (size_t i = 0; i < g->columns_n; i++)
		free(g->columns[i]);
	free(g->columns);
	free(g->rows);
}

void users_query(struct dispatch *d, const struct route *from, const struct message_query *q)
{
	struct gathered g = {.limit = q->limit > 0 && q->limit < 4096 ? (size_t)q->limit : 4096};
	struct error err = {0};
	struct message m;

	if (d->config.ops->query(d->config.store, q->what, q->label, q->after, (int64_t)g.limit + 1,
		    on_columns, on_row, &g, &err) < 0) {
		dispatch_queue_error(d, from, "internal", "%s", err.text);
	} else {
		message_init(&m, MESSAGE_ROWS);
		m.rows.columns = (struct list){.items = g.columns, .n = g.columns_n};
		m.rows.rows = (struct list){.items = g.rows, .n = g.n};
		m.rows.more = g.is_cut;
		dispatch_queue(d, from, &m);
	}
	gathered_done(&g);
}

/* ---- STATUS ---- */

struct report {
	struct message_campaign *campaigns;
	size_t n;
	struct message_host *hosts;
	size_t hosts_n;
};

static struct message_campaign *add_campaign(struct report *r)
{
	r->campaigns = xreallocarray(r->campaigns, r->n + 1, sizeof *r->campaigns);
	return &r->campaigns[r->n++];
}

static int on_ended_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct message_campaign *out = add_campaign(arg);

	(void)key;
	(void)n;
	*out = (struct message_campaign){
		.label = xstrdup(c[CAMPAIGNS_LABEL].text),
		.state = xstrdup(c[CAMPAIGNS_STATE].text),
		.total = c[CAMPAIGNS_TOTAL].integer,
		.done = c[CAMPAIGNS_DONE].integer,
		.failed = c[CAMPAIGNS_FAILED].integer,
		.skipped = c[CAMPAIGNS_SKIPPED].integer,
		.running = 0,
		.hosts = c[CAMPAIGNS_HOSTS].integer,
		.submitted_at = c[CAMPAIGNS_SUBMITTED_AT].integer,
		.ended_at = c[CAMPAIGNS_ENDED_AT].integer,
		.left_ns = ABSENT,
		.at_most = ABSENT,
		.priority = c[CAMPAIGNS_PRIORITY].integer,
	};
	return 0;
}

static void add_live(struct report *out, const struct live *l, int64_t now_ns)
{
	struct message_campaign *c = add_campaign(out);
	_cleanup_buf_ struct buf without = BUF_INIT;

	live_describe(l, now_ns, c);
	c->label = xstrdup(c->label);
	c->state = xstrdup(c->state);
	live_without(l, &without);
	c->without = without.len > 0 ? buf_take(&without) : NULL;
}

struct live *users_find_live(struct dispatch *d, const char *label)
{
	struct live *l, *found = NULL;

	DL_FOREACH (d->lives, l) {
		if (strcmp(l->label, label) == 0 || strcmp(l->campaign->name, label) == 0)
			found = l;
	}
	return found;
}

static void report_campaigns(
	struct dispatch *d, struct report *out, const char *label, int64_t now_ns)
{
	struct error err = {0};
	struct live *l;

	if (text_is_set(label)) {
		l = users_find_live(d, label);
		if (l != NULL)
			add_live(out, l, now_ns);
		else if (d->config.ops->query(d->config.store, "campaigns", label, 0, 1, NULL,
				 on_ended_row, out, &err) < 0)
			log_error("%s", err.text);
		return;
	}
	DL_FOREACH (d->lives, l)
		add_live(out, l, now_ns);
	if (out->n == 0 && d->config.ops->query(d->config.store, "campaigns", "", 0, INT64_MAX,
				   NULL, on_ended_row, out, &err) < 0)
		log_error("%s", err.text);
	while (d->lives == NULL && out->n > 1) { /* only the last one that ended */
		free((void *)out->campaigns[0].label);
		free((void *)out->campaigns[0].state);
		memmove(&out->campaigns[0], &out->campaigns[1], --out->n * sizeof *out->campaigns);
	}
}

static void report_hosts(struct dispatch *d, struct report *out)
{
	const struct host *h;

	out->hosts = xcalloc(HASH_COUNT(d->hosts) + 1, sizeof *out->hosts);
	for (h = d->hosts; h != NULL; h = h->hh.next)
		admission_describe(h, &out->hosts[out->hosts_n++]);
}

void users_report(struct dispatch *d, const struct route *to, const char *label, int64_t now_ns,
	struct buf *out)
{
	struct report r = {0};
	struct message m;

	report_campaigns(d, &r, label, now_ns);
	report_hosts(d, &r);
	message_init(&m, MESSAGE_REPORT);
	m.report.campaigns = (struct list){.items = r.campaigns, .n = r.n};
	m.report.hosts = (struct list){.items = r.hosts, .n = r.hosts_n};
	if (out != NULL)
		message_encode(&m, out);
	else
		dispatch_queue(d, to, &m);
	for (size_t i = 0; i < r.n; i++) {
		free((void *)r.campaigns[i].label);
		free((void *)r.campaigns[i].state);
		free((void *)r.campaigns[i].without);
	}
	for (size_t i = 0; i < r.hosts_n; i++)
		free((void *)r.hosts[i].doing);
	free(r.campaigns);
	free(r.hosts);
}

/* ---- WATCH ---- */

struct notes {
	struct dispatch *dispatch;
	const struct route *to;
};

/* What was noted of it while nobody listened. */
static int on_note_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	const struct notes *notes = arg;
	struct message m;

	(void)key;
	(void)n;
	if (strcmp(c[EVENTS_KIND].text, "note") != 0)
		return 0;
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "note";
	m.event.host = c[EVENTS_HOST].text;
	m.event.text = c[EVENTS_TEXT].text;
	dispatch_queue(notes->dispatch, notes->to, &m);
	return 0;
}

static void on_watch(
	struct dispatch *d, const struct route *from, const char *label, int64_t now_ns)
{
	struct live *l = users_find_live(d, label);
	struct report ended = {0};
	struct message_campaign c;
	struct error err = {0};
	struct message m;

	message_init(&m, MESSAGE_EVENT);
	if (l != NULL) {
		dispatch_watch(d, &l->uuid, from, NULL, NULL);
		live_describe(l, now_ns, &c);
		m.event.kind = "progress";
	} else if (d->config.ops->query(d->config.store, "campaigns", label, 0, 1, NULL,
			   on_ended_row, &ended, &err) < 0 ||
		   ended.n == 0) {
		dispatch_queue_error(d, from, "unknown", "there is no campaign '%s' here", label);
		return;
	} else {
		struct notes notes = {.dispatch = d, .to = from};
		if (d->config.ops->query(d->config.store, "events", ended.campaigns[0].label, 0,
			    INT64_MAX, NULL, on_note_row, &notes, &err) < 0)
			log_error("%s", err.text);
		c = ended.campaigns[0];
		m.event.kind = "end";
	}
	m.event.campaign = (struct list){.items = &c, .n = 1};
	dispatch_queue(d, from, &m);
	if (ended.n > 0) {
		free((void *)ended.campaigns[0].label);
		free((void *)ended.campaigns[0].state);
		free(ended.campaigns);
	}
}

/* ---- SUBMIT, CANCEL ---- */

static void on_submit(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_submit *m)
{
	struct dispatch_request request = {
		.yaml = m->campaign,
		.file = m->file,
		.changes = m->changes,
		.directory = d->config.is_embedded ? m->directory : NULL,
		.tree = m->tree,
		.priority = m->priority == ABSENT ? 0 : m->priority,
		.is_schedule = m->schedule == 1,
		.again = m->again,
		.against = m->against,
	};

	if (m->tree.data != NULL && m->tree.len != CONTENT_HASH_LEN)
		dispatch_queue_error(d, from, "protocol", "SUBMIT: 'tree' is no hash of %d bytes",
			CONTENT_HASH_LEN);
	else if (request.priority < -PRIORITY_MAX || request.priority > PRIORITY_MAX)
		dispatch_queue_error(d, from, "campaign",
			"SUBMIT: priority %lld: expected %d to %d", (long long)request.priority,
			-PRIORITY_MAX, PRIORITY_MAX);
	else if (request.is_schedule && d->config.is_embedded)
		dispatch_queue_error(d, from, "unavailable",
			"schedule: a 'joulerig run' has this store and ends soon; add it to a "
			"coordinator that stays: 'joulerig serve'");
	else
		submissions_add(d, now_ns, from, &request);
}

/* It is over; where its hosts have something to tear down, it is known until they have. */
static void cancel_is_done(struct dispatch *d, struct live *l, int64_t now_ns)
{
	struct error err = {0};

	if (l->campaign->teardown.n == 0) {
		finish_now(d, l);
		dispatch_end_campaign(d, l, now_ns);
		return;
	}
	if (d->config.ops->set_campaign_state(d->config.store, l->id, campaign_state_name(l->state),
		    clock_realtime_ns(), &err) < 0)
		dispatch_fail(d, &err);
}

/* run 0 means the whole campaign. */
static void on_cancel(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_cancel *m)
{
	struct live *l = dispatch_live_by_uuid(d, &m->id.campaign);
	struct error err = {0};
	struct message_campaign c;
	struct message reply;

	if (l == NULL || campaign_state_next(l->state, CAMPAIGN_CANCEL) == CAMPAIGN_STATE_N ||
		m->id.run != 0) {
		dispatch_queue_error(d, from, "unknown", "no such campaign is going on");
		return;
	}
	if (dispatch_begin(d) < 0)
		return;
	agents_cancel(d, l);
	if (live_cancel_queued(l, d->s, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	/* What runs now ends as cancelled by its own RESULT, which finds the campaign among the
	 * ended ones. */
	while (l->runs != NULL) {
		struct live_run *r = l->runs;
		if (d->config.ops->set_run_state(d->config.store, l->id, r->run, RUN_CANCELLED,
			    "campaign cancelled", &err) < 0) {
			dispatch_fail(d, &err);
			return;
		}
		live_end(l, r, EVENT_CANCELLED, NULL);
	}
	l->state = campaign_state_next(l->state, CAMPAIGN_CANCEL);
	live_describe(l, now_ns, &c);
	message_init(&reply, MESSAGE_EVENT);
	reply.event.kind = "end";
	reply.event.campaign = (struct list){.items = &c, .n = 1};
	dispatch_queue(d, from, &reply);
	cancel_is_done(d, l, now_ns);
}

void users_fill_welcome(struct message *m, const struct trusted_key *who, const struct id16 *store)
{
	message_init(m, MESSAGE_WELCOME);
	m->welcome = (struct message_welcome){
		.version = JOULERIG_VERSION,
		.minor = PROTOCOL_MINOR,
		.name = who->name,
		.role = role_name(who->role),
		.store = *store,
		.heartbeat_ns = HEARTBEAT_NS,
		.lease_ns = LEASE_NS,
		.credit = 0,
	};
}

static void on_hello(struct dispatch *d, const struct route *from, const struct trusted_key *who,
	const struct message_hello *hello)
{
	struct message m;

	if (hello->minor > PROTOCOL_MINOR + 1 || hello->minor < PROTOCOL_MINOR - 1) {
		dispatch_queue_error(d, from, "version",
			"joulerig %s speaks minor version %lld of the protocol, this coordinator "
			"(%s) %d; at most one apart works",
			hello->version, (long long)hello->minor, JOULERIG_VERSION, PROTOCOL_MINOR);
		return;
	}
	users_fill_welcome(&m, who, &d->store_id);
	dispatch_queue(d, from, &m);
}

void users_on_message(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct trusted_key *who, const struct message *m)
{
	switch (m->type) {
	case MESSAGE_HELLO:
		on_hello(d, from, who, &m->hello);
		break;
	case MESSAGE_SUBMIT:
		on_submit(d, now_ns, from, &m->submit);
		break;
	case MESSAGE_FILE_CHUNK:
		submissions_on_chunk(d, now_ns, from, m);
		break;
	case MESSAGE_STATUS:
		users_report(d, from, m->status.label, now_ns, NULL);
		break;
	case MESSAGE_WATCH:
		on_watch(d, from, m->watch.label, now_ns);
		break;
	case MESSAGE_QUERY:
		users_query(d, from, &m->query);
		break;
	case MESSAGE_CANCEL:
		on_cancel(d, now_ns, from, &m->cancel);
		break;
	case MESSAGE_STEER:
		steer_on_message(d, now_ns, from, &m->steer);
		break;
	default:
		break;
	}
}
