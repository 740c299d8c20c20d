#include "coordinator/dispatch/nightly.h"

#include "coordinator/schedule/due.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <stdio.h>
#include <utlist.h>

#define TOLD_TIMES 3

static void schedule_done(struct nightly_schedule *n)
{
	campaign_free(n->campaign);
	calendar_free(n->calendar);
	free((void *)n->row.name);
	free((void *)n->row.file);
	free((void *)n->row.yaml);
	free((void *)n->row.changes);
	free((void *)n->row.tree.data);
	free((void *)n->row.cron);
	free((void *)n->row.timezone);
}

/* Take copies of a row, and read what it says. Returns 0, or negative where this version cannot. */
static int schedule_read(
	struct nightly_schedule *n, const struct store_schedule *row, struct error *err)
{
	struct diagnostics d = {0};

	n->row = *row;
	n->row.name = xstrdup(row->name);
	n->row.file = xstrdup(row->file);
	n->row.yaml = xstrdup(row->yaml);
	n->row.changes = xstrdup_or_null(row->changes);
	n->row.cron = xstrdup(row->cron);
	n->row.timezone = xstrdup_or_null(row->timezone);
	n->row.tree = (struct blob){0};
	if (row->tree.len > 0) {
		void *tree = xmalloc(row->tree.len);
		memcpy(tree, row->tree.data, row->tree.len);
		n->row.tree = (struct blob){.data = tree, .len = row->tree.len};
	}
	int r = cron_parse(row->cron, &n->cron, err);
	if (r == 0)
		r = calendar_open(&n->calendar, row->timezone, err);
	if (r < 0)
		return error_wrap(err, "schedule %s", row->name);
	n->campaign = campaign_read(row->yaml, strlen(row->yaml), row->changes, &d);
	if (n->campaign == NULL) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		diagnostics_format(&d, row->file, &text);
		r = error_set(err, ERR_CAMPAIGN, "schedule %s: %s", row->name, text.data);
	}
	diagnostics_done(&d);
	return r;
}

struct nightly_schedule *nightly_find(struct dispatch *d, const char *name)
{
	struct nightly_schedule *n;

	DL_FOREACH (d->schedules, n) {
		if (strcmp(n->row.name, name) == 0)
			return n;
	}
	return NULL;
}

static void forget(struct dispatch *d, struct nightly_schedule *n)
{
	DL_DELETE(d->schedules, n);
	schedule_done(n);
	free(n);
}

void nightly_free(struct dispatch *d)
{
	while (d->sweeps != NULL)
		sweep_free(d, d->sweeps);
	while (d->schedules != NULL)
		forget(d, d->schedules);
}

/* ---- load ---- */

static int on_schedule_row(void *arg, int64_t key, const struct message_cell *c, size_t size)
{
	struct dispatch *d = arg;
	struct nightly_schedule *n = xcalloc(1, sizeof *n);
	struct error err = {0};
	const struct store_schedule row = {
		.name = c[SCHEDULES_NAME].text,
		.file = c[SCHEDULES_FILE].text,
		.yaml = c[SCHEDULES_YAML].text,
		.changes = c[SCHEDULES_CHANGES].text,
		.tree = c[SCHEDULES_TREE].blob,
		.priority = c[SCHEDULES_PRIORITY].integer,
		.cron = c[SCHEDULES_CRON].text,
		.timezone = c[SCHEDULES_TIMEZONE].text,
		.added_at = c[SCHEDULES_ADDED_AT].integer,
		.next_at = c[SCHEDULES_NEXT_AT].integer,
	};

	(void)key;
	(void)size;
	DL_APPEND(d->schedules, n);
	if (schedule_read(n, &row, &err) < 0)
		log_warning("%s; it is not due until it is added anew", err.text);
	return 0;
}

static int on_sweep_row(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	(void)key;
	(void)n;
	if (!sweep_state_is_end(sweep_state_by_name(c[SWEEPS_STATE].text)))
		sweep_load(arg, c);
	return 0;
}

int nightly_load(struct dispatch *d, struct error *err)
{
	if (d->config.is_embedded)
		return 0;
	int r = d->s.ops->query(
		d->s.store, "schedules", NULL, 0, INT64_MAX, NULL, on_schedule_row, d, err);

	return r < 0 ? r
		     : d->s.ops->query(d->s.store, "sweeps", NULL, 0, INT64_MAX, NULL, on_sweep_row,
			       d, err);
}

/* ---- add ---- */

static void describe_next(const struct nightly_schedule *n, struct buf *notes)
{
	int64_t at = n->row.next_at;
	char text[64];

	if (at == ABSENT) {
		buf_addf(notes, "%s never comes\n", n->row.name);
		return;
	}
	buf_addf(notes, "%s comes next %s", n->row.name, calendar_text(n->calendar, at, text));
	for (int i = 1; i < TOLD_TIMES; i++) {
		at = calendar_next(n->calendar, &n->cron, at);
		if (at == ABSENT)
			break;
		buf_addf(notes, ", then %s", calendar_text(n->calendar, at, text));
	}
	buf_addc(notes, '\n');
}

int nightly_add(
	struct dispatch *d, const struct store_schedule *row, struct buf *notes, struct error *err)
{
	struct nightly_schedule *n, *old;

	if (row->cron == NULL)
		return error_set(err, ERR_CAMPAIGN,
			"%s: the campaign has no `schedule`; it needs at least "
			"schedule: {cron: \"0 2 * * *\"}",
			row->file);
	n = xcalloc(1, sizeof *n);
	int r = schedule_read(n, row, err);
	if (r == 0) {
		/* Where the file says none, that of now: its times are the same wherever they are
		 * looked at. */
		if (n->row.timezone == NULL)
			n->row.timezone = xstrdup_or_null(calendar_zone(n->calendar));
		n->row.next_at = calendar_next(n->calendar, &n->cron, row->added_at);
		if (dispatch_begin(d) < 0)
			r = error_set(err, d->failure.code, "%s", d->failure.text);
		else if ((r = d->s.ops->put_schedule(d->s.store, &n->row, err)) < 0)
			dispatch_fail(d, err);
	}
	if (r < 0) {
		schedule_done(n);
		free(n);
		return r;
	}
	old = nightly_find(d, row->name);
	if (old != NULL)
		forget(d, old);
	DL_APPEND(d->schedules, n);
	describe_next(n, notes);
	if (old != NULL)
		buf_addf(notes, "it replaces the schedule '%s' that was there\n", row->name);
	log_info("schedule %s is added", row->name);
	return 0;
}

/* ---- due ---- */

/* How many sweeps of a schedule have begun and not ended, and how many wait. */
static void count_open(const struct dispatch *d, const char *name, size_t *begun, size_t *waiting)
{
	const struct sweep *s;

	*begun = *waiting = 0;
	DL_FOREACH (d->sweeps, s) {
		if (strcmp(s->row.schedule, name) == 0)
			(*(s->state == SWEEP_QUEUED && !s->is_submitted ? waiting : begun))++;
	}
}

/* What it waits for, or is skipped for. */
static const char *open_label(const struct dispatch *d, const char *name)
{
	const struct sweep *s;

	DL_FOREACH (d->sweeps, s) {
		if (strcmp(s->row.schedule, name) == 0)
			return s->label ? s->label : "one that is not submitted yet";
	}
	return NULL;
}

static enum due_verdict verdict_on(const struct dispatch *d, const struct nightly_schedule *n)
{
	size_t begun, waiting;

	count_open(d, n->row.name, &begun, &waiting);
	return due_overlap(strcmp(n->campaign->schedule.overlap, "skip") == 0, begun, waiting);
}

static void why_skipped(const struct dispatch *d, const struct nightly_schedule *n,
	enum due_verdict v, struct buf *out)
{
	buf_addf(out, "the sweep before (%s) has not ended%s", open_label(d, n->row.name),
		v == DUE_IS_CROWDED ? ", and another one waits for that already" : "");
}

/* A new sweep, which says for whom it waits, if for one: that may take hours. */
static struct sweep *queue(struct dispatch *d, const struct nightly_schedule *n, int64_t due_at,
	bool is_by_hand, int64_t at)
{
	const char *before = open_label(d, n->row.name);
	_cleanup_free_ char *why =
		before != NULL ? xasprintf("it waits for the end of %s", before) : NULL;

	return sweep_add(d, n, due_at, is_by_hand, SWEEP_QUEUED, why, at);
}

static void begin_one(
	struct dispatch *d, const struct nightly_schedule *n, int64_t due_at, int64_t at)
{
	enum due_verdict v = verdict_on(d, n);
	_cleanup_buf_ struct buf why = BUF_INIT;

	if (v == DUE_IS_OVERLAPPED || v == DUE_IS_CROWDED) {
		why_skipped(d, n, v, &why);
		log_warning("schedule %s: skipped, as %s", n->row.name, why.data);
		(void)sweep_add(d, n, due_at, false, SWEEP_SKIPPED, why.data, at);
		return;
	}
	log_info("schedule %s is due%s%s", n->row.name,
		v == DUE_WAITS ? " and waits for the end of " : "",
		v == DUE_WAITS ? open_label(d, n->row.name) : "");
	(void)queue(d, n, due_at, false, at);
}

static void skip_missed(
	struct dispatch *d, const struct nightly_schedule *n, const struct due *due, int64_t at)
{
	char text[64];

	_cleanup_free_ char *why = xasprintf(
		"missed: the coordinator was not there at %s%zu time%s up to %s",
		due->has_more ? "more than " : "", due->missed_n, due->missed_n == 1 ? "" : "s",
		calendar_text(n->calendar, due->last_missed, text));
	log_warning("schedule %s: %s", n->row.name, why);
	(void)sweep_add(d, n, due->last_missed, false, SWEEP_SKIPPED, why, at);
}

static void come_due(struct dispatch *d, struct nightly_schedule *n, int64_t at)
{
	enum due_missed missed = due_missed_by_name(n->campaign->schedule.missed);
	struct error err = {0};
	struct due due;

	due_look(n->calendar, &n->cron, missed, n->row.next_at, at, &due);
	if (dispatch_begin(d) < 0)
		return;
	if (d->s.ops->set_schedule_next(d->s.store, n->row.name, due.next_at, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	n->row.next_at = due.next_at;
	/* Where one sweep stands for all that was missed, nothing is left out that needs a row. */
	if (missed == DUE_SKIP && due.missed_n > 0)
		skip_missed(d, n, &due, at);
	else if (due.missed_n > 0 || due.begin_n > 1)
		log_warning("schedule %s: %s%zu times came since it was looked at last; %zu "
			    "sweep%s now",
			n->row.name, due.has_more ? "more than " : "", due.missed_n + due.begin_n,
			due.begin_n, due.begin_n == 1 ? " begins" : "s begin");
	if (due.begin_n == 1) {
		begin_one(d, n, due.begin[0], at);
		return;
	}
	/* Each of them is wanted, one after the other, whatever `overlap` says of on-time ones. */
	for (size_t i = 0; i < due.begin_n; i++)
		(void)queue(d, n, due.begin[i], false, at);
}

/* The clock was set back, perhaps while we were away. */
static void heed_setback(struct dispatch *d, struct nightly_schedule *n, int64_t at)
{
	int64_t next = due_after_setback(n->calendar, &n->cron, n->row.next_at, at);
	struct error err = {0};
	char before[64], after[64];

	if (next == n->row.next_at || dispatch_begin(d) < 0)
		return;
	log_warning("schedule %s: the clock was set back by hours; it is due %s, not %s",
		n->row.name, calendar_text(n->calendar, next, after),
		calendar_text(n->calendar, n->row.next_at, before));
	n->row.next_at = next;
	if (d->s.ops->set_schedule_next(d->s.store, n->row.name, next, &err) < 0)
		dispatch_fail(d, &err);
}

void nightly_tick(struct dispatch *d, int64_t now_ns, int64_t at)
{
	bool is_set_back = d->nightly_at == 0 || at < d->nightly_at - NS_PER_S;
	struct nightly_schedule *n;

	d->nightly_at = at;
	DL_FOREACH (d->schedules, n) {
		if (d->failure.code != 0)
			return;
		if (n->campaign == NULL || n->row.next_at == ABSENT)
			continue;
		if (is_set_back)
			heed_setback(d, n, at);
		if (at >= n->row.next_at)
			come_due(d, n, at);
	}
	sweeps_go_on(d, now_ns, at);
}

/* ---- STEER ---- */

static void answer_unknown(
	struct dispatch *d, const struct route *from, const char *verb, const char *name)
{
	_cleanup_free_ const char **names = NULL;
	struct nightly_schedule *n;
	size_t count = 0;

	DL_COUNT(d->schedules, n, count);
	names = xcalloc(count + 1, sizeof *names);
	count = 0;
	DL_FOREACH (d->schedules, n)
		names[count++] = n->row.name;
	const char *near = nearest_word(name, names, count);
	dispatch_queue_error(d, from, "unknown", "%s: there is no schedule '%s'%s%s%s", verb, name,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void unschedule(struct dispatch *d, const struct route *from, struct nightly_schedule *n)
{
	struct error err = {0};
	struct message m;

	if (dispatch_begin(d) < 0)
		return;
	if (d->s.ops->remove_schedule(d->s.store, n->row.name, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	log_info("schedule %s is removed", n->row.name);
	forget(d, n);
	message_init(&m, MESSAGE_REPORT);
	dispatch_queue(d, from, &m);
}

/* One now; the answer is its row, as of the query `sweeps`. */
static void sweep_now(struct dispatch *d, const struct route *from, struct nightly_schedule *n)
{
	int64_t at = clock_realtime_ns();
	_cleanup_buf_ struct buf why = BUF_INIT;
	struct message m;

	if (n->campaign == NULL) {
		dispatch_queue_error(d, from, "unavailable",
			"sweep: this version cannot read the schedule '%s'; add it anew",
			n->row.name);
		return;
	}
	enum due_verdict v = verdict_on(d, n);
	if (v == DUE_IS_OVERLAPPED || v == DUE_IS_CROWDED) {
		why_skipped(d, n, v, &why);
		dispatch_queue_error(d, from, "unavailable", "sweep: %s", why.data);
		return;
	}
	if (dispatch_begin(d) < 0)
		return;
	const struct sweep *s = queue(d, n, at, true, at);
	if (s == NULL)
		return;
	message_init(&m, MESSAGE_QUERY);
	m.query.what = "sweeps";
	m.query.after = s->row.id - 1;
	m.query.limit = 1;
	users_query(d, from, &m.query);
}

void nightly_on_steer(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	const char *name = text_is_set(m->label) ? m->label : "";
	struct nightly_schedule *n = nightly_find(d, name);

	(void)now_ns;
	if (n == NULL)
		answer_unknown(d, from, m->verb, name);
	else if (strcmp(m->verb, "sweep") == 0)
		sweep_now(d, from, n);
	else
		unschedule(d, from, n);
}
