#include "coordinator/dispatch/trouble.h"
#include "coordinator/dispatch/core.h"

#include "proto/clock.h"
#include "proto/message.h"

struct trouble {
	struct id16 store;
	int64_t epoch, sequence;
	char *text;            /* owned */
	struct buf frame;      /* of report */
	struct message report; /* decoded */
};

struct trouble *trouble_new(const struct id16 *store, int64_t epoch, struct buf *report)
{
	struct trouble *t = xcalloc(1, sizeof *t);
	struct error err = {0};

	*t = (struct trouble){.store = *store, .epoch = epoch, .frame = *report};
	*report = (struct buf)BUF_INIT;
	t->text = xstrdup("");
	if (message_decode(&t->report, t->frame.data, t->frame.len, &err) < 0)
		message_init(&t->report, MESSAGE_REPORT);
	return t;
}

void trouble_free(struct trouble *t)
{
	if (t == NULL)
		return;
	message_done(&t->report);
	buf_done(&t->frame);
	free(t->text);
	free(t);
}

void trouble_say(struct trouble *t, const char *text)
{
	free(t->text);
	t->text = xstrdup(text);
}

static void answer(struct trouble *t, struct message *m, struct buf *out)
{
	m->sequence = ++t->sequence;
	m->epoch = t->epoch;
	message_encode(m, out);
}

static void answer_error(struct trouble *t, const char *code, const char *text, struct buf *out)
{
	struct message m;

	message_init(&m, MESSAGE_ERROR);
	m.error.code = code;
	m.error.text = text;
	answer(t, &m, out);
}

static void answer_hello(struct trouble *t, const struct trusted_key *who,
	const struct message_hello *hello, struct buf *out)
{
	struct message m;

	if (hello->minor > PROTOCOL_MINOR + 1 || hello->minor < PROTOCOL_MINOR - 1) {
		answer_error(t, "version", "at most one minor version apart works", out);
		return;
	}
	users_fill_welcome(&m, who, &t->store);
	answer(t, &m, out);
}

static void answer_ping(struct trouble *t, const struct message_ping *ping, struct buf *out)
{
	struct message m;

	message_init(&m, MESSAGE_PONG);
	m.pong.t1 = ping->t1;
	m.pong.t2 = m.pong.t3 = clock_raw_ns();
	answer(t, &m, out);
}

/* "nightly.3" by its label, or by "nightly". */
static bool is_called(const struct message_campaign *c, const char *label)
{
	size_t n = strlen(label);

	return strncmp(c->label, label, n) == 0 && (c->label[n] == '\0' || c->label[n] == '.');
}

static void answer_status(struct trouble *t, const char *label, struct buf *out)
{
	const struct list *known = &t->report.report.campaigns;
	_cleanup_free_ struct message_campaign *chosen = xcalloc(known->n + 1, sizeof *chosen);
	struct message m;
	size_t n = 0;

	for (size_t i = 0; i < known->n; i++) {
		const struct message_campaign *c = LIST_AT(known, struct message_campaign, i);
		if (!text_is_set(label) || is_called(c, label))
			chosen[n++] = *c;
	}
	message_init(&m, MESSAGE_REPORT);
	m.report.campaigns = (struct list){.items = chosen, .n = n};
	m.report.hosts = t->report.report.hosts;
	m.report.trouble = t->text;
	answer(t, &m, out);
}

/* Its watcher asks again on the connection that comes when all is well. */
static void answer_watch(struct trouble *t, struct buf *out)
{
	struct message m;

	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "note";
	m.event.text = t->text;
	answer(t, &m, out);
}

static void answer_user(
	struct trouble *t, const struct trusted_key *who, const struct message *m, struct buf *out)
{
	switch (m->type) {
	case MESSAGE_HELLO:
		answer_hello(t, who, &m->hello, out);
		break;
	case MESSAGE_STATUS:
		answer_status(t, m->status.label, out);
		break;
	case MESSAGE_WATCH:
		answer_watch(t, out);
		break;
	case MESSAGE_BYE:
	case MESSAGE_ERROR:
	case MESSAGE_FILE_CHUNK: /* of a submission that was told so already */
		break;
	default:
		answer_error(t, "unavailable", t->text, out);
	}
}

/* A key may have an agent's role and be used by a user's program, which says so in its HELLO alone;
 * an agent's HELLO has no answer, as all that follows from a WELCOME has to be stored. */
static void answer_agent(
	struct trouble *t, const struct trusted_key *who, const struct message *m, struct buf *out)
{
	if (m->type == MESSAGE_PING)
		answer_ping(t, &m->ping, out);
	else if (m->type == MESSAGE_HELLO && m->hello.inventory == NULL)
		answer_hello(t, who, &m->hello, out);
}

void trouble_answer(struct trouble *t, const struct trusted_key *who, const void *data, size_t len,
	struct buf *out)
{
	struct error err = {0};
	struct message m;

	if (message_decode(&m, data, len, &err) < 0)
		answer_error(t, err.code == ERR_PROTOCOL ? "protocol" : "version", err.text, out);
	else if (who->role == ROLE_AGENT)
		answer_agent(t, who, &m, out);
	else
		answer_user(t, who, &m, out);
	message_done(&m);
}
