#include "coordinator/commands/steering.h"

#include "coordinator/client.h"
#include "coordinator/commands/admission_lines.h"
#include "proto/clock.h"
#include <stdio.h>

#define ANSWER_NS (10 * NS_PER_S)

static int on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct steered *c = arg;

	(void)n;
	c->id = key;
	if (cells[CAMPAIGNS_UUID].blob.len == sizeof c->uuid)
		memcpy(c->uuid.b, cells[CAMPAIGNS_UUID].blob.data, sizeof c->uuid);
	free(c->state);
	c->state = xstrdup(cell_text(&cells[CAMPAIGNS_STATE]));
	return 0;
}

int steering_find(
	struct steered *c, const struct common_options *o, const char *typed, struct error *err)
{
	const struct results_where where = common_where(o), *coordinator;

	*c = (struct steered){.where = where};
	int r = results_open(&c->results, &where, err);
	if (r < 0)
		return r;
	c->label = results_label(c->results, typed, err);
	if (c->label == NULL)
		return err->code;
	r = results_query(c->results, "campaigns", c->label, NULL, on_campaign, c, err);
	coordinator = results_coordinator(c->results);
	c->is_file = coordinator == NULL;
	if (coordinator != NULL)
		c->where = *coordinator;
	return r;
}

void steering_done(struct steered *c)
{
	results_close(c->results);
	free(c->label);
	free(c->state);
}

int steering_ask(
	const struct steered *c, struct message *m, struct message *answer, struct error *err)
{
	struct client *client = NULL;
	int r = client_open(
		&client, c->where.coordinator, c->where.server_key, c->where.keys, ANSWER_NS, err);

	if (r == 0)
		r = client_send(client, m, err);
	if (r == 0)
		r = client_receive(client, ANSWER_NS, answer, err);
	client_close(client);
	return r;
}

int steering_campaign(const struct steered *c, const char *verb, bool now, struct error *err)
{
	struct message m, answer;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = verb;
	m.steer.label = c->label;
	if (now)
		m.steer.now = 1;
	int r = steering_ask(c, &m, &answer, err);
	if (r < 0)
		return r;
	if (answer.type == MESSAGE_REPORT && answer.report.campaigns.n > 0) {
		const struct message_campaign *told =
			LIST_AT(&answer.report.campaigns, struct message_campaign, 0);
		fprintf(stderr, "%s  %s%s\n", told->label, told->state,
			strcmp(told->state, "paused") == 0 && told->running > 0
				? ", what runs is let end"
				: "");
	}
	message_done(&answer);
	return 0;
}

int steering_write(struct steered *c,
	int (*change)(const struct store_ops *ops, struct store *s, const struct steered *c,
		void *arg, struct error *err),
	void *arg, struct error *err)
{
	const char *db = c->where.db ? c->where.db : "joulerig.db";
	const struct store_ops *ops = stores[0];
	struct store *s = NULL;

	results_close(c->results);
	c->results = NULL;
	int r = ops->open(&s, db, true, err);
	if (r == 0)
		r = ops->begin(s, err);
	if (r == 0)
		r = change(ops, s, c, arg, err);
	if (r == 0)
		r = ops->commit(s, err);
	if (s != NULL)
		ops->close(s);
	return r;
}

struct plain {
	int (*change)(const struct store_ops *ops, struct store *s, const struct steered *c,
		struct error *err);
};

static int change_plain(const struct store_ops *ops, struct store *s, const struct steered *c,
	void *arg, struct error *err)
{
	const struct plain *plain = arg;

	return plain->change(ops, s, c, err);
}

int steering_in_file(struct steered *c, const char *verb,
	int (*change)(const struct store_ops *ops, struct store *s, const struct steered *c,
		struct error *err),
	struct error *err)
{
	struct plain plain = {change};

	if (strcmp(c->state, "done") == 0 || strcmp(c->state, "cancelled") == 0)
		return error_set(err, ERR_USAGE, "%s: %s has ended", verb, c->label);
	return steering_write(c, change_plain, &plain, err);
}

/* Who asks for more runs waits for them, and must not have to find out why none begins. They are
 * asked for already: where this cannot be told, that is no failure. */
static void say_waiting(const struct steered *c)
{
	_cleanup_buf_ struct buf hints = BUF_INIT;
	struct message m, answer;
	struct error err = {0};

	message_init(&m, MESSAGE_STATUS);
	m.status.label = c->label;
	if (steering_ask(c, &m, &answer, &err) < 0)
		return;
	const struct message_campaign *told =
		answer.type == MESSAGE_REPORT && answer.report.campaigns.n > 0
			? LIST_AT(&answer.report.campaigns, struct message_campaign, 0)
			: NULL;
	if (told != NULL && text_is_set(told->without)) {
		admission_hints(&answer.report, told->without, &hints);
		fprintf(stderr,
			"%s %s\n%sIt stays in the queue until then; 'joulerig cancel %s' ends it, "
			"what was measured stays\n",
			told->label, told->without, hints.len > 0 ? hints.data : "", told->label);
	}
	message_done(&answer);
}

int steering_more(struct steered *c, struct message *m, struct error *err)
{
	struct message answer;

	m->steer.label = c->label;
	int r = steering_ask(c, m, &answer, err);
	if (r < 0)
		return r;
	if (answer.type == MESSAGE_REPORT && answer.report.campaigns.n > 0) {
		const struct message_campaign *told =
			LIST_AT(&answer.report.campaigns, struct message_campaign, 0);
		fprintf(stderr, "%s  %s, %lld of %lld runs ended\n", told->label, told->state,
			(long long)told->done, (long long)told->total);
	}
	message_done(&answer);
	say_waiting(c);
	return 0;
}

void steering_say_resume(const struct steered *c, const char *what)
{
	fprintf(stderr, "%s  %s; 'joulerig resume %s%s%s' goes on with it\n", c->label, what,
		c->label, c->where.db ? " --db " : "", c->where.db ? c->where.db : "");
}
