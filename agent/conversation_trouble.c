#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"

#include <utlist.h>

#define MEND_NS  (5 * NS_PER_S)
#define ROOM_MIN (64 * 1024) /* bytes: a result of which nothing is known yet */

static void drop(struct connection *c, struct unspooled *u)
{
	DL_DELETE(c->unspooled, u);
	buf_done(&u->payload);
	free(u);
}

/* ---- what is tried again ---- */

/* In a new file of the spool: the one that failed is not trusted. */
static int spool_what_is_kept(struct connection *c, struct error *err)
{
	while (c->unspooled != NULL) {
		struct unspooled *u = c->unspooled;
		int r = spool_add(c->spool, &u->id, u->payload.data, u->payload.len, err);
		if (r < 0)
			return r;
		if (c->is_welcome) {
			outbox_add(&c->outbox, &u->id, &u->payload, u->sent);
			outbox_pump(&c->outbox);
		}
		drop(c, u);
	}
	return 0;
}

/* The one that ended last may not be in the spool yet, and the next may be as large. */
static int reserve(struct connection *c, struct error *err)
{
	return spool_reserve(c->spool, 2 * c->largest + ROOM_MIN, err);
}

static void say_it(struct connection *c)
{
	if (c->is_welcome)
		conversation_say_ping(c);
}

/* The run that could not begin: it is prepared now, and let go with all else. */
static bool is_run_on_its_way(struct connection *c)
{
	if (c->is_run_waiting) {
		c->is_run_waiting = false;
		runner_files_arrived(c->runner);
	}
	return !c->is_run_waiting;
}

static void mend(struct connection *c)
{
	struct error err = {0};
	const char *what = c->epoch.is_unsaved ? "state" : "spool";
	int r = epoch_save(&c->epoch, &err);

	if (r == 0)
		r = spool_what_is_kept(c, &err);
	if (r == 0)
		r = reserve(c, &err);
	if (r < 0) {
		conversation_say_trouble(c, what, &err);
		return;
	}
	if (!is_run_on_its_way(c)) /* and has said why */
		return;
	free(c->trouble);
	c->trouble = NULL;
	loop_cancel_timer(c->loop, c->mending);
	c->mending = NULL;
	log_info("%s can be written to again; all goes on", c->state);
	say_it(c);
	if (c->held_until == NULL)
		conversation_let_go(c);
	conversation_start_next(c);
	conversation_end_goes_on(c);
}

static void on_mending(void *arg, int64_t now_ns)
{
	(void)now_ns;
	mend(arg);
}

/* ---- what the conversation asks ---- */

void conversation_say_trouble(struct connection *c, const char *what, const struct error *why)
{
	bool is_new = c->trouble == NULL;

	free(c->trouble);
	c->trouble = xasprintf("%s: %s", what, why->text);
	if (!is_new)
		return;
	log_error("%s; no run begins until that is mended, and nothing that was measured is "
		  "dropped",
		c->trouble);
	c->mending =
		loop_add_timer(c->loop, clock_monotonic_ns() + MEND_NS, MEND_NS, on_mending, c);
	runner_hold(c->runner);
	say_it(c);
}

void conversation_on_trouble(void *arg, const struct error *why)
{
	struct connection *c = arg;

	c->is_run_waiting = true;
	conversation_say_trouble(c, "state", why);
}

bool conversation_has_room(struct connection *c)
{
	struct error err = {0};

	if (c->trouble != NULL)
		return false;
	if (reserve(c, &err) == 0)
		return true;
	conversation_say_trouble(c, "spool", &err);
	return false;
}

void conversation_keep(struct connection *c, const struct attempt_id *id, struct buf *payload,
	size_t sent, const struct error *why)
{
	struct unspooled *u = xcalloc(1, sizeof *u);

	*u = (struct unspooled){.id = *id, .payload = *payload, .sent = sent};
	*payload = (struct buf)BUF_INIT;
	DL_APPEND(c->unspooled, u);
	if (why->code < 0)
		conversation_say_trouble(c, "spool", why);
}

bool conversation_keeps(const struct connection *c, const struct attempt_id *id)
{
	const struct unspooled *u;

	DL_FOREACH (c->unspooled, u) {
		if (attempt_equal(&u->id, id))
			return true;
	}
	return false;
}

void conversation_let_go(struct connection *c)
{
	if (c->trouble == NULL)
		runner_release(c->runner);
}

void conversation_forget_sent(struct connection *c)
{
	struct unspooled *u;

	DL_FOREACH (c->unspooled, u)
		u->sent = 0;
}

void conversation_drop_trouble(struct connection *c)
{
	while (c->unspooled != NULL)
		drop(c, c->unspooled);
	loop_cancel_timer(c->loop, c->mending);
	c->mending = NULL;
	free(c->trouble);
	c->trouble = NULL;
}
