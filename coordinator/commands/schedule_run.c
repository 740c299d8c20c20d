/* joulerig schedule run NAME: a sweep now, followed to its end. */
#include "coordinator/commands/follow.h"
#include "coordinator/commands/schedule.h"

#include "proto/clock.h"
#include <errno.h>
#include <stdio.h>

#define ANSWER_NS    (10 * NS_PER_S)
#define LOOK_NS      (300 * NS_PER_MS) /* how often its state is asked for */
#define RECONNECT_NS (60 * NS_PER_S)

/* A sweep as it was seen last; texts owned. */
struct seen {
	int64_t id;
	char *state, *reason, *label, *confirmation, *answer;
};

static void set(char **to, const struct message_cell *c)
{
	free(*to);
	*to = xstrdup_or_null(c->text);
}

static void seen_done(struct seen *s)
{
	free(s->state);
	free(s->reason);
	free(s->label);
	free(s->confirmation);
	free(s->answer);
}

/* Take in ROWS of the query `sweeps`: its first one. */
static int take_row(struct seen *s, const struct message *m, struct error *err)
{
	const struct message_row *row = m->type == MESSAGE_ROWS && m->rows.rows.n > 0
						? LIST_AT(&m->rows.rows, struct message_row, 0)
						: NULL;

	if (row == NULL || row->cells.n <= SWEEPS_ANSWER)
		return error_set(err, ERR_PROTOCOL,
			"schedule run: the coordinator does not say "
			"what becomes of the sweep");
	const struct message_cell *c = row->cells.items;
	s->id = c[SWEEPS_ID].integer;
	set(&s->state, &c[SWEEPS_STATE]);
	set(&s->reason, &c[SWEEPS_REASON]);
	set(&s->label, &c[SWEEPS_CAMPAIGN]);
	set(&s->confirmation, &c[SWEEPS_CONFIRMATION]);
	set(&s->answer, &c[SWEEPS_ANSWER]);
	return 0;
}

static int ask(struct client *client, struct message *m, struct seen *s, struct error *err)
{
	struct message answer;
	int r = client_send(client, m, err);

	while (r == 0) {
		r = client_receive(client, ANSWER_NS, &answer, err);
		if (r < 0)
			break;
		/* What is left of a campaign that was followed comes first. */
		bool is_left = answer.type == MESSAGE_EVENT || answer.type == MESSAGE_REPORT;
		if (!is_left)
			r = take_row(s, &answer, err);
		message_done(&answer);
		if (!is_left)
			break;
	}
	return r;
}

static int begin(struct client *client, const char *name, struct seen *s, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "sweep";
	m.steer.label = name;
	return ask(client, &m, s, err);
}

static int look(struct client *client, struct seen *s, struct error *err)
{
	struct message m;

	message_init(&m, MESSAGE_QUERY);
	m.query.what = "sweeps";
	m.query.after = s->id - 1;
	m.query.limit = 1;
	return ask(client, &m, s, err);
}

/* The same, on a new connection where that one broke: the sweep goes on over a restart. */
static int look_again(struct schedule_link *l, struct seen *s, struct error *err)
{
	int64_t since_ns = clock_monotonic_ns();
	int r = l->client ? look(l->client, s, err) : -ECONNRESET;

	while ((r == -ECONNRESET || r == -ETIMEDOUT || r == ERR_UNAVAILABLE) &&
		clock_monotonic_ns() - since_ns < RECONNECT_NS) {
		client_close(l->client);
		l->client = NULL;
		r = client_open(&l->client, l->where.coordinator, l->where.server_key,
			l->where.keys, ANSWER_NS, err);
		if (r == 0)
			r = look(l->client, s, err);
	}
	return r;
}

static bool is_in(const struct seen *s, const char *state)
{
	return text_is(s->state, state);
}

static bool has_ended(const struct seen *s)
{
	return is_in(s, "done") || is_in(s, "skipped") || is_in(s, "failed");
}

/* Let some time go by. */
static int wait_a_moment(struct client *client, struct error *err)
{
	struct message m;
	int r = client_receive(client, LOOK_NS, &m, err);

	if (r == 0)
		message_done(&m);
	return r == -EINTR ? r : 0;
}

static void say(const struct schedule_options *o, const char *name, const struct seen *s)
{
	_cleanup_buf_ struct buf verdict = BUF_INIT;

	if (o->common.quiet)
		return;
	schedule_verdict(s->answer, &verdict);
	fprintf(stderr, "%s  %s%s%s%s%s%s%s\n", s->label ? s->label : name, s->state,
		is_in(s, "confirming") && s->confirmation ? " with " : "",
		is_in(s, "confirming") && s->confirmation ? s->confirmation : "",
		text_is_set(s->reason) ? ": " : "", text_is_set(s->reason) ? s->reason : "",
		verdict.len ? ": " : "", verdict.len ? verdict.data : "");
}

/* While a campaign of it runs, its progress is what there is to see. */
static int follow_campaign(
	struct schedule_options *o, struct schedule_link *l, const char *label, struct error *err)
{
	struct follow f;

	follow_init(&f, &o->common);
	return follow_remote(&f, &l->client, label, &l->where, err);
}

/* Returns the exit status of the campaign that ran last, or negative. */
static int follow(struct schedule_options *o, struct schedule_link *l, const char *name,
	struct seen *s, struct error *err)
{
	_cleanup_free_ char *told = NULL, *followed = NULL;
	int status = EXIT_OK, r = 0;

	for (;;) {
		_cleanup_free_ char *line =
			xasprintf("%s %s", s->state, s->reason ? s->reason : "");
		if (told == NULL || strcmp(told, line) != 0)
			say(o, name, s);
		free(told);
		told = xstrdup(line);
		if (has_ended(s))
			return status;
		const char *label = is_in(s, "running")      ? s->label
				    : is_in(s, "confirming") ? s->confirmation
							     : NULL;
		if (label != NULL && (followed == NULL || strcmp(followed, label) != 0)) {
			free(followed);
			followed = xstrdup(label);
			r = follow_campaign(o, l, label, err);
			status = r > status ? r : status;
		} else {
			r = wait_a_moment(l->client, err);
		}
		if (r < 0)
			return r;
		*err = (struct error){0};
		if ((r = look_again(l, s, err)) < 0)
			return r;
	}
}

static int run(struct schedule_options *o, struct schedule_link *l, const char *name,
	struct seen *s, struct error *err)
{
	int r = begin(l->client, name, s, err);

	if (r < 0)
		return r;
	if (o->detach) {
		printf("%s\n", name);
		return EXIT_OK;
	}
	r = follow(o, l, name, s, err);
	if (r == -EINTR)
		return error_set(err, -EINTR,
			"interrupted; the sweep goes on there: 'joulerig schedule list' shows it");
	if (r < 0)
		return r;
	/* What the campaign itself came to counts where nothing was compared. */
	return schedule_status(s->answer, is_in(s, "failed") ? EXIT_RUN_FAILED : r);
}

int schedule_run(struct schedule_options *o, const char *argument, struct error *err)
{
	struct schedule_link link = {0};
	struct seen s = {0};
	int r = schedule_connect(&link, &o->common, err);

	if (r == 0)
		r = schedule_needs_coordinator("run", err);
	if (r > 0 && schedule_find(&link, "run", argument, err) < 0)
		r = err->code;
	if (r > 0)
		r = run(o, &link, argument, &s, err);
	schedule_link_done(&link);
	seen_done(&s);
	return r;
}
