#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"

#include <inttypes.h>
#include <utlist.h>

/* ---- sending ---- */

int conversation_send(void *arg, struct message *m)
{
	struct connection *c = arg;
	m->version = PROTOCOL_MAJOR;
	m->sequence = ++c->sequence;
	m->epoch = c->received_epoch;
	buf_reset(&c->scratch);
	message_encode(m, &c->scratch);
	int r = link_client_send(c->link, c->scratch.data, c->scratch.len);
	if (c->scratch.size > MESSAGE_CHUNK)
		buf_done(&c->scratch);
	return r;
}

/* What must not be lost is in the spool; what is said here is said again after the next HELLO, by
 * what it holds. */
void conversation_say(struct connection *c, struct message *m)
{
	if (c->link == NULL || conversation_send(c, m) == 0)
		return;
	log_debug(
		"%s was not sent: no connection, or its queue is full", message_type_name(m->type));
	c->is_to_say_hello = true;
}

static void say_accept(struct connection *c, const struct attempt_id *id)
{
	struct message m;
	message_init(&m, MESSAGE_ACCEPT);
	m.accept.id = *id;
	conversation_say(c, &m);
}

/* Those that were put off while a run was measured. */
static void say_owed_accepts(struct connection *c)
{
	struct assignment *a;
	DL_FOREACH (c->queue, a) {
		if (a->owes_accept)
			say_accept(c, &a->m.assign.id);
		a->owes_accept = false;
	}
}

static void say_refuse(struct connection *c, const struct attempt_id *id, const char *reason)
{
	struct message m;
	message_init(&m, MESSAGE_REFUSE);
	m.refuse.id = *id;
	m.refuse.reason = reason;
	conversation_say(c, &m);
}

void conversation_say_bye(struct connection *c, const char *reason)
{
	struct message m;
	message_init(&m, MESSAGE_BYE);
	m.bye.reason = reason;
	conversation_say(c, &m);
}

void conversation_say_ping(struct connection *c)
{
	struct message m;
	message_init(&m, MESSAGE_PING);
	clock_offset_get(&c->clock, &m.ping);
	m.ping.trouble = c->trouble != NULL ? c->trouble : conversation_end_trouble(c);
	m.ping.t1 = clock_raw_ns();
	conversation_say(c, &m);
}

void conversation_want_files(
	void *arg, const struct content_hash *hash, int64_t offset, int64_t length)
{
	struct connection *c = arg;
	struct message m;
	if (!c->is_welcome)
		return;
	message_init(&m, MESSAGE_WANT_FILES);
	m.want_files.hash = (struct blob){hash->b, sizeof hash->b};
	m.want_files.offset = offset;
	m.want_files.length = length;
	conversation_say(c, &m);
}

/* A failure that ends the program. */
void conversation_give_up(struct connection *c, int code, const char *text)
{
	if (loop_is_stopping(c->loop))
		return;
	error_set(c->err, code, "%s", text);
	loop_stop(c->loop, error_exit_status(c->err));
}

/* ---- the queue ---- */

void conversation_drop(struct connection *c, struct assignment *a)
{
	DL_DELETE(c->queue, a);
	c->queue_n--;
	if (c->files != NULL)
		files_release(c->files, &a->m.assign);
	message_done(&a->m);
	free(a->frame);
	free(a);
}

static struct assignment *find_assignment(struct connection *c, const struct attempt_id *id)
{
	struct assignment *a;
	DL_FOREACH (c->queue, a) {
		if (attempt_equal(&a->m.assign.id, id))
			return a;
	}
	return NULL;
}

void conversation_start_next(struct connection *c)
{
	conversation_probe(c);
	if (runner_current(c->runner) != NULL || conversation_finish_next(c) || c->is_ending)
		return;
	if (c->queue != NULL && conversation_has_room(c)) {
		c->live_at = 0;
		c->lag = (struct lag){0};
		runner_start(c->runner, &c->queue->m.assign);
	}
}

void conversation_drop_waiting(struct connection *c, const char *refuse_reason)
{
	struct assignment *a, *next;
	DL_FOREACH_SAFE (c->queue, a, next) {
		if (&a->m.assign == runner_current(c->runner))
			continue;
		if (refuse_reason != NULL)
			say_refuse(c, &a->m.assign.id, refuse_reason);
		conversation_drop(c, a);
	}
}

/* ---- quiet before a run ---- */

void conversation_release_run(struct connection *c)
{
	if (c->held_until == NULL)
		return;
	loop_cancel_timer(c->loop, c->held_until);
	c->held_until = NULL;
	conversation_let_go(c);
}

static void on_patience_over(void *arg, int64_t now_ns)
{
	struct connection *c = arg;
	(void)now_ns;
	c->held_until = NULL;
	conversation_let_go(c);
}

/*
 * A coordinator on this machine writes the result to its disk now: the next run is prepared in the
 * meantime and let go when that is over, so that it is not measured together with it. Where the
 * next run asks for silence, samples of the last one must not be on their way within it, either.
 * Returns whether the next run is held.
 */
static bool hold_run(struct connection *c, const struct attempt_id *until_committed)
{
	const char *stream = c->queue != NULL ? c->queue->m.assign.stream : NULL;
	bool is_quiet = text_is(stream, "after");

	if (!c->is_welcome || c->held_until != NULL || !(c->has_local_coordinator || is_quiet))
		return c->held_until != NULL;
	c->held_for = *until_committed;
	c->held_until =
		loop_add_timer(c->loop, clock_monotonic_ns() + (is_quiet ? QUIET_HOLD_NS : HOLD_NS),
			0, on_patience_over, c);
	runner_hold(c->runner);
	return true;
}

/* ---- what the runner tells ---- */

/* For each such time that samples are late, by a slow link, half as many of those that come are
 * kept. Longer than a breath of the network, shorter than what makes a host silent. */
#define LATE_STEP_NS (10 * NS_PER_S)

void conversation_on_started(
	void *arg, const struct attempt_id *id, int64_t started_at, int64_t raw_ns)
{
	struct connection *c = arg;
	struct message m;
	if (!c->is_welcome)
		return;
	say_owed_accepts(c);
	message_init(&m, MESSAGE_STARTED);
	m.started = (struct message_started){.id = *id, .started_at = started_at, .raw_ns = raw_ns};
	conversation_say(c, &m);
}

void conversation_on_samples(void *arg)
{
	struct connection *c = arg;
	if (!c->is_welcome || runner_current(c->runner) == NULL)
		return;
	outbox_send_live(&c->outbox, runner_frames(c->runner), &c->live_at);
	int64_t late_ns =
		lag_of(&c->lag, runner_frames(c->runner)->len, c->live_at, clock_monotonic_ns());
	/* What the link does not carry would hold up the result, and so the next run. */
	runner_thin(c->runner, (unsigned)(late_ns / LATE_STEP_NS));
}

/* What was committed while the run was measured. */
static void drop_deferred(struct connection *c)
{
	for (size_t i = 0; i < c->committed_n; i++)
		spool_drop(c->spool, &c->committed[i]);
	c->committed_n = 0;
}

static int keep_and_send(struct connection *c, const struct attempt_id *id, struct buf *payload,
	size_t sent, struct error *err)
{
	int code = spool_add(c->spool, id, payload->data, payload->len, err);

	if (code < 0 || !c->is_welcome)
		return code;
	say_owed_accepts(c);
	outbox_add(&c->outbox, id, payload, sent);
	outbox_pump(&c->outbox);
	return 0;
}

/*
 * What follows is prepared while something else is waited for. Where the next run is held until the
 * coordinator has committed this result, that is the longest: the result goes to disk and out
 * first. Else the next run comes first: its process comes into being while this result goes to
 * disk. It is not let go before, as that takes another turn of the loop.
 */
void conversation_on_end(void *arg, const struct attempt_id *ended, struct buf *frames)
{
	struct connection *c = arg;
	struct error err = {0};
	const struct attempt_id id = *ended;
	struct buf payload = *frames;
	size_t sent = c->live_at;
	*frames = c->spare;
	c->spare = (struct buf)BUF_INIT;
	c->live_at = 0; /* a teardown may come next: the frames of the runner are none then */

	struct assignment *a = find_assignment(c, &id);
	if (a != NULL)
		conversation_drop(c, a);
	drop_deferred(c);
	bool is_held = hold_run(c, &id);
	if (payload.len > c->largest)
		c->largest = payload.len;
	if (!is_held)
		conversation_start_next(c);
	if (c->unspooled != NULL || keep_and_send(c, &id, &payload, sent, &err) < 0) {
		conversation_keep(c, &id, &payload, sent, &err);
		return;
	}
	buf_done(&c->spare);
	c->spare = payload;
	buf_reset(&c->spare);
	if (is_held)
		conversation_start_next(c);
	conversation_end_goes_on(c);
}

/* ---- what the coordinator says ---- */

/* frame is kept: the decoded message points into it. */
static void on_assign(struct connection *c, struct message *m, const void *data, size_t len)
{
	const struct attempt_id *id = &m->assign.id;
	struct error err = {0};
	if (spool_has(c->spool, id)) {
		outbox_again(&c->outbox, id);
		outbox_pump(&c->outbox);
		return;
	}
	if (find_assignment(c, id) != NULL || conversation_keeps(c, id)) {
		say_accept(c, id);
		return;
	}
	if (c->is_draining || c->is_ending || c->queue_n >= QUEUE_MAX) {
		say_refuse(c, id,
			c->is_ending     ? conversation_end_trouble(c)
			: c->is_draining ? "the agent is being drained"
					 : "the agent's queue is full");
		return;
	}
	struct assignment *a = xcalloc(1, sizeof *a);
	a->frame = xmalloc(len);
	memcpy(a->frame, data, len);
	if (message_decode(&a->m, a->frame, len, &err) < 0) { /* it was decoded before: cannot be */
		free(a->frame);
		free(a);
		return;
	}
	DL_APPEND(c->queue, a);
	files_hold(c->files, &a->m.assign);
	a->owes_accept = ++c->queue_n > 1;
	if (!runner_is_measuring(c->runner))
		say_owed_accepts(c);
	conversation_watch_lease(c);
	conversation_start_next(c);
}

static void on_cancel(struct connection *c, const struct attempt_id *id)
{
	struct assignment *a = find_assignment(c, id);
	if (a == NULL)
		return; /* it has ended: its result says how */
	if (&a->m.assign == runner_current(c->runner))
		runner_cancel(c->runner, NULL);
	else
		conversation_drop(c, a);
}

static void on_error(struct connection *c, const struct message_error *e)
{
	/* By these the coordinator ends the conversation; all else concerns one message. */
	if (!c->is_welcome &&
		(strcmp(e->code, "refused") == 0 || strcmp(e->code, "version") == 0)) {
		_cleanup_free_ char *text = xasprintf("refused by %s: %s", c->endpoint, e->text);
		conversation_give_up(c, ERR_REFUSED, text);
		return;
	}
	log_warning("%s: %s", c->endpoint, e->text);
	if (strncmp(e->text, "files:", 6) == 0)
		runner_files_failed(c->runner, e->text);
}

static void on_file_chunk(struct connection *c, const struct message_file_chunk *chunk)
{
	struct error err = {0};
	int r = files_take(c->files, chunk, &err);
	if (files_is_disk_broken(r)) {
		files_forget_request(c->files);
		conversation_on_trouble(c, &err);
	} else if (r < 0)
		runner_files_failed(c->runner, err.text);
	else if (r > 0)
		runner_files_arrived(c->runner);
}

/* Nothing is deleted while a run is measured: that would be written to the disk within it. */
static void drop_committed(struct connection *c, const struct attempt_id *id)
{
	if (!runner_is_measuring(c->runner)) {
		spool_drop(c->spool, id);
		return;
	}
	c->committed = xreallocarray(c->committed, c->committed_n + 1, sizeof *c->committed);
	c->committed[c->committed_n++] = *id;
}

static void on_committed(struct connection *c, const struct attempt_id *id)
{
	drop_committed(c, id);
	runner_committed(c->runner, id);
	outbox_forget(&c->outbox, id);
	if (c->held_until != NULL && attempt_equal(&c->held_for, id))
		conversation_release_run(c);
}

static void on_all_committed(struct connection *c, const struct list *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		on_committed(c, LIST_AT(ids, struct attempt_id, i));
}

static void on_message(struct connection *c, struct message *m, const void *data, size_t len)
{
	c->unanswered = 0;
	switch (m->type) {
	case MESSAGE_PONG:
		clock_offset_add(&c->clock, &m->pong, clock_raw_ns());
		/* A few at once at the beginning: the best of them is near the truth already. */
		if (c->clock.n < CLOCK_OFFSET_FIRST)
			conversation_say_ping(c);
		break;
	case MESSAGE_ASSIGN:
		on_all_committed(c, &m->assign.committed);
		on_assign(c, m, data, len);
		conversation_end_goes_on(c);
		break;
	case MESSAGE_COMMITTED:
		on_committed(c, &m->committed.id);
		on_all_committed(c, &m->committed.more);
		conversation_end_goes_on(c);
		break;
	case MESSAGE_CANCEL:
		on_cancel(c, &m->cancel.id);
		break;
	case MESSAGE_GO:
	case MESSAGE_STOP:
		conversation_on_part(c, m);
		break;
	case MESSAGE_FINISH:
		conversation_on_finish(c, data, len);
		conversation_start_next(c);
		break;
	case MESSAGE_DRAIN:
		c->is_draining = true;
		conversation_drop_waiting(c, "the agent is being drained");
		break;
	case MESSAGE_FILE_CHUNK:
		on_file_chunk(c, &m->file_chunk);
		break;
	case MESSAGE_CREDIT:
		c->outbox.credit += m->credit.bytes;
		outbox_pump(&c->outbox);
		conversation_on_samples(c);
		break;
	default:
		log_debug("%s is not for an agent", message_type_name(m->type));
		break;
	}
}

void conversation_on_frame(void *arg, const void *data, size_t len)
{
	struct connection *c = arg;
	struct error err = {0};
	struct message m = {0};
	if (loop_is_stopping(c->loop))
		return;
	if (message_decode(&m, data, len, &err) < 0) {
		log_warning("%s: %s", c->endpoint, err.text);
		return;
	}
	if (m.type == MESSAGE_BYE)
		loop_stop(c->loop, EXIT_OK);
	else if (m.type == MESSAGE_ERROR)
		on_error(c, &m.error);
	else if (m.type == MESSAGE_WELCOME)
		conversation_on_welcome(c, m.epoch, &m.welcome);
	else if (c->is_welcome && m.epoch >= c->epoch.highest)
		on_message(c, &m, data, len);
	if (c->is_welcome)
		conversation_heard(c);
	message_done(&m);
}
