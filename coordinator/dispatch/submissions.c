/* A campaign between SUBMIT and its first run: stage after stage, none of which keeps the
 * coordinator from what is going on already. */
#include "coordinator/dispatch/submission.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

/* Configurations that are written in a turn: some milliseconds. */
#define SLICE 2000
/* How often who submitted hears that git still works: it takes silence for a lost connection. */
#define TELL_NS (10 * NS_PER_S)

static void drop(struct dispatch *d, struct submission *s)
{
	DL_DELETE(d->submissions, s);
	work_end(s->work);
	live_free(s->live);
	preparation_done(&s->preparation);
	choice_done(&s->choice);
	free((void *)s->request.yaml);
	free((void *)s->request.file);
	free((void *)s->request.directory);
	free((void *)s->request.again);
	free((void *)s->request.against);
	free(s);
}

void submissions_free(struct dispatch *d)
{
	while (d->submissions != NULL)
		drop(d, d->submissions);
}

void submission_decide(struct dispatch *d, struct submission *s, const struct live *l,
	const char *notes, const struct error *err)
{
	const char *code = err->code == ERR_CAMPAIGN      ? "campaign"
			   : err->code == ERR_UNAVAILABLE ? "unavailable"
							  : "internal";

	if (s->from.len == 0) {
		s->request.on_decided(s->request.arg, l ? l->label : NULL, err);
	} else if (err->code != 0) {
		dispatch_queue_error(d, &s->from, code, "%s", err->text);
	} else {
		struct message m;
		message_init(&m, MESSAGE_SUBMITTED);
		if (l != NULL)
			m.submitted.id = l->uuid;
		m.submitted.label = l ? l->label : s->preparation.campaign->name;
		m.submitted.notes = notes;
		dispatch_queue(d, &s->from, &m);
	}
	drop(d, s);
}

void submissions_add(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct dispatch_request *request)
{
	struct submission *s = xcalloc(1, sizeof *s);
	struct preparation *p = &s->preparation;

	s->request = *request;
	s->request.yaml = xstrdup_or_null(request->yaml);
	s->request.file = xstrdup_or_null(request->file);
	s->request.directory = xstrdup_or_null(request->directory);
	s->request.again = xstrdup_or_null(text_is_set(request->again) ? request->again : NULL);
	s->request.against =
		xstrdup_or_null(text_is_set(request->against) ? request->against : NULL);
	s->request.changes = NULL;
	if (from != NULL)
		s->from = *from;
	s->tell_ns = now_ns + TELL_NS;
	s->gather_until_ns = now_ns + d->config.gather_ns;
	s->choice = (struct choice){.refused = BUF_INIT, .notes = BUF_INIT};
	*p = (struct preparation)PREPARATION_INIT;
	p->yaml = s->request.yaml;
	p->file = s->request.file;
	p->directory = d->config.is_embedded ? s->request.directory : NULL;
	p->content_dir = d->config.content_dir;
	p->needs_no_hint =
		request->is_schedule || request->of_schedule != NULL || s->request.again != NULL;
	if (request->of_schedule != NULL)
		preparation_fill_follow(&p->follow, request->of_schedule, p->file);
	p->changes = xstrdup_or_null(request->changes);
	p->has_tree = request->tree.data != NULL;
	if (p->has_tree)
		memcpy(p->tree.b, request->tree.data, sizeof p->tree.b);
	DL_APPEND(d->submissions, s);
	if (d->config.wake != NULL)
		d->config.wake(d->config.arg); /* not at the next tick only */
}

/* ---- stages: 1 this one is over, 0 it waits, negative with err ---- */

/* Have a step of the preparation taken beside the loop. */
static int prepare(struct dispatch *d, struct submission *s, work_fn *step, struct error *err)
{
	if (s->work == NULL)
		s->work = work_start(step, &s->preparation, d->config.wake, d->config.arg);
	if (!work_is_over(s->work))
		return 0;
	work_end(s->work);
	s->work = NULL;
	*err = s->preparation.err;
	return err->code < 0 ? err->code : 1;
}

static int stage_reading(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	(void)now_ns;
	return prepare(
		d, s, s->preparation.follow.git ? preparation_follow : preparation_read, err);
}

static int stage_gathering(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	const struct campaign *c = s->preparation.campaign;

	if (s->request.is_schedule) /* its hosts may be off by day */
		return 1;
	if (now_ns < s->gather_until_ns && submission_is_gathering(d, c))
		return 0;
	/* They are chosen anew where it is planned: this is to refuse before the files come. */
	return submission_choose(d, c, &s->choice, err) < 0 ? err->code : 1;
}

static int stage_sources(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	int r = 1;

	(void)now_ns;
	/* What was fetched then is among its contents. */
	if (s->request.again != NULL)
		return 1;
	if (s->request.is_schedule)
		return submission_follows(s) ? prepare(d, s, preparation_check_follow, err) : 1;
	if (preparation_has_sources(&s->preparation))
		r = prepare(d, s, preparation_fetch, err);
	if (r > 0 && s->request.on_contents != NULL &&
		s->request.on_contents(s->request.arg, &s->preparation, err) < 0)
		return err->code;
	return r;
}

/* A plan may be large: there is one at a time between its making and its last row. */
static bool is_first_to_plan(const struct dispatch *d, const struct submission *s)
{
	const struct submission *o;

	DL_FOREACH (d->submissions, o) {
		if (o != s && (o->stage == STAGE_WRITING ||
				      (o->stage == STAGE_PLANNING && o->work != NULL)))
			return false;
	}
	return true;
}

static int choose_for_plan(struct dispatch *d, struct submission *s, struct error *err)
{
	struct preparation *p = &s->preparation;

	if (submission_choose(d, p->campaign, &s->choice, err) < 0)
		return err->code;
	p->planned_n = s->choice.n;
	p->planned = xcalloc(p->planned_n, sizeof *p->planned);
	for (size_t i = 0; i < p->planned_n; i++)
		p->planned[i] = (struct plan_host){
			.name = xstrdup(s->choice.hosts[i]->name),
			.inventory = xstrdup(s->choice.hosts[i]->inventory),
		};
	return 0;
}

static int stage_planning(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	(void)now_ns;
	if (s->preparation.planned == NULL) {
		if (!is_first_to_plan(d, s))
			return 0;
		int r = choose_for_plan(d, s, err);
		if (r < 0)
			return r;
	}
	return prepare(d, s, preparation_plan, err);
}

static int create(struct dispatch *d, struct submission *s, struct error *err)
{
	struct preparation *p = &s->preparation;
	const struct live_request request = {
		.yaml = p->yaml,
		.file = p->file,
		.changes = p->changes,
		.directory = s->request.directory,
		.priority = s->request.priority,
		.tree = {.data = p->has_tree ? p->tree.b : NULL,
			.len = p->has_tree ? sizeof p->tree.b : 0},
		.hosts = s->choice.hosts,
		.planned = p->planned,
		.hosts_n = s->choice.n,
	};
	struct campaign *c = p->campaign;
	struct plan *plan = p->plan;

	if (p->arena != NULL)
		render_done(p->arena); /* before the campaign that it may point into */
	p->arena = NULL;
	p->shipped_n = 0;
	p->campaign = NULL;
	p->plan = NULL;
	p->planned = NULL;
	return live_create(&s->live, c, plan, &request, d->s, err);
}

/* What happened to it so far, as events of its own. */
static int add_events(struct dispatch *d, struct submission *s, struct error *err)
{
	const struct live *l = s->live;
	_cleanup_free_ char *sources = xstrdup(s->preparation.sources.data);
	int r = d->s.ops->add_event(
		d->s.store, l->id, 0, 0, "submitted", s->request.file, l->submitted_at, err);

	for (char *rest = sources, *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0')
			r = d->s.ops->add_event(
				d->s.store, l->id, 0, 0, "source", line, l->submitted_at, err);
	return r;
}

static int stage_writing(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err)
{
	int r = dispatch_begin(d);

	(void)now_ns;
	if (r < 0)
		return error_set(err, d->failure.code, "%s", d->failure.text);
	if (s->live == NULL)
		r = create(d, s, err);
	if (r == 0)
		r = live_write(s->live, SLICE, d->s, err);
	if (r > 0 && add_events(d, s, err) < 0)
		r = err->code;
	if (r < 0)
		dispatch_fail(d, err);
	return r;
}

/* ---- the decision ---- */

/* In what several hosts run together. */
static bool takes_part(const struct live *l, const struct host *h)
{
	for (size_t i = l->alone_n; i < l->lanes_n; i++)
		if (l->lanes[i].plan->n > 0 && lane_has(&l->lanes[i], h))
			return true;
	return false;
}

/* Hosts that take part and have nothing to do. */
static void note_idle_hosts(const struct live *l, struct buf *notes)
{
	for (size_t i = 0; i < l->lanes_n; i++) {
		const struct plan_lane *lane = l->lanes[i].plan;
		size_t skipped = 0;
		if (lane->n == 0 && takes_part(l, l->lanes[i].host))
			continue;
		for (size_t k = 0; k < lane->n; k++)
			skipped += lane->skipped[k] != NULL;
		if (lane->n == 0)
			buf_addf(notes, "%s has nothing to run: 'where' or --only leaves nothing\n",
				lane->host);
		else if (skipped == lane->n)
			buf_addf(
				notes, "%s has nothing to run: %s\n", lane->host, lane->skipped[0]);
	}
}

static void become_live(struct dispatch *d, struct submission *s)
{
	_cleanup_buf_ struct buf notes = BUF_INIT;
	const struct error good = {0};
	struct live *l = s->live;

	s->live = NULL;
	DL_APPEND(d->lives, l);
	live_is_due(l);
	log_debug("%s: %zu hosts, %lld runs", l->label, l->lanes_n, (long long)l->total);
	if (s->request.observer != NULL)
		dispatch_watch(d, &l->uuid, NULL, s->request.observer, s->request.arg);
	buf_adds(&notes, s->choice.notes.data);
	note_idle_hosts(l, &notes);
	for (size_t i = 0; i < l->plan->notes_n; i++)
		buf_addf(&notes, "%s\n", l->plan->notes[i]);
	buf_adds(&notes, s->preparation.sources.data);
	buf_adds(&notes, s->preparation.beyond.data);
	if (s->from.len == 0 && notes.len > 0)
		log_info("%.*s", (int)notes.len - 1, notes.data); /* without the last newline */
	submission_decide(d, s, l, notes.len > 0 ? notes.data : NULL, &good);
}

static int (*const stages[STAGES])(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err) = {
	[STAGE_AGAIN] = submission_again,
	[STAGE_READING] = stage_reading,
	[STAGE_GATHERING] = stage_gathering,
	[STAGE_FILES] = submission_fetch_files,
	[STAGE_SOURCES] = stage_sources,
	[STAGE_PLANNING] = stage_planning,
	[STAGE_WRITING] = stage_writing,
};

/* Tell who submitted what it waits for: at once that git fetches, all else when it takes long. */
static void tell_waiting(struct dispatch *d, struct submission *s, int64_t now_ns)
{
	bool is_fetching = s->stage == STAGE_SOURCES;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct message m;

	if (s->stage == STAGE_FILES || s->stage == STAGE_GATHERING ||
		(now_ns < s->tell_ns && !(is_fetching && !s->was_told)))
		return;
	s->tell_ns = now_ns + TELL_NS;
	if (is_fetching) {
		buf_adds(&text, "fetching ");
		if (s->request.is_schedule)
			buf_adds(&text, s->preparation.campaign->schedule.source_git);
		else
			preparation_describe_sources(&s->preparation, &text);
	} else if (s->live != NULL) {
		buf_addf(&text, "writing %zu configurations", s->live->plan->configurations_n);
	} else {
		buf_adds(&text, "planning");
	}
	if (s->from.len == 0 && !(is_fetching && s->was_told))
		log_info("%s", text.data);
	s->was_told |= is_fetching;
	if (s->from.len == 0)
		return;
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "note";
	m.event.text = text.data;
	dispatch_queue(d, &s->from, &m);
}

void submissions_go_on(struct dispatch *d, int64_t now_ns)
{
	struct submission *s, *next;

	DL_FOREACH_SAFE (d->submissions, s, next) {
		struct error err = {0};
		int r = 1;
		enum submission_stage last = s->request.is_schedule ? STAGE_PLANNING : STAGES;
		while (r > 0 && s->stage < last)
			if ((r = stages[s->stage](d, s, now_ns, &err)) > 0)
				s->stage++;
		if (d->failure.code !=
			0) /* the store's, which decides nothing: dispatch_abandon() */
			return;
		if (r < 0)
			submission_decide(d, s, NULL, NULL, &err);
		else if (r > 0 && s->request.is_schedule)
			submission_become_schedule(d, s);
		else if (r > 0)
			become_live(d, s);
		else
			tell_waiting(d, s, now_ns);
	}
}

bool submissions_are_busy(const struct dispatch *d)
{
	const struct submission *s;

	DL_FOREACH (d->submissions, s) {
		if (s->live != NULL)
			return true;
	}
	return false;
}
