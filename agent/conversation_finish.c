/* FINISH and FINISHED: campaigns that have no more runs here are torn down, one after the other,
 * whenever no run is under way. */
#include "agent/conversation.h"

#include "proto/log.h"

#include <utlist.h>

/* Answers that are remembered, should the coordinator not have heard them. */
#define ANSWERS_KEPT 16

static void say_finished(struct connection *c, const struct id16 *campaign, const char *reason)
{
	struct message m;

	message_init(&m, MESSAGE_FINISHED);
	m.finished.campaign = *campaign;
	m.finished.reason = reason;
	conversation_say(c, &m);
}

static void drop(struct connection *c, struct finish *f)
{
	DL_DELETE(c->finishes, f);
	message_done(&f->m);
	free(f->frame);
	free(f->reason);
	free(f);
}

void conversation_drop_finishes(struct connection *c)
{
	struct finish *f, *next;

	DL_FOREACH_SAFE (c->finishes, f, next)
		drop(c, f);
}

static struct finish *find(struct connection *c, const struct id16 *campaign)
{
	struct finish *f;

	DL_FOREACH (c->finishes, f) {
		if (id16_equal(&f->m.finish.campaign, campaign))
			return f;
	}
	return NULL;
}

/* Whether runs of a campaign are in hand: it may be cancelled, and they not have ended yet. */
static bool has_runs(const struct connection *c, const struct id16 *campaign)
{
	struct assignment *a;

	DL_FOREACH (c->queue, a) {
		if (id16_equal(&a->m.assign.id.campaign, campaign))
			return true;
	}
	return false;
}

static bool was_here(const struct connection *c, const struct id16 *campaign)
{
	struct use *uses;
	size_t n = files_uses(c->files, campaign, &uses);

	files_uses_free(uses, n);
	return n > 0;
}

void conversation_on_finish(struct connection *c, const void *data, size_t len)
{
	struct error err = {0};
	struct finish *f = xcalloc(1, sizeof *f), *known;

	f->frame = xmalloc(len);
	memcpy(f->frame, data, len);
	if (message_decode(&f->m, f->frame, len, &err) < 0) { /* it was decoded before: cannot be */
		free(f->frame);
		free(f);
		return;
	}
	const struct id16 *campaign = &f->m.finish.campaign;
	known = find(c, campaign);
	if (known != NULL && known->is_done &&
		(was_here(c, campaign) || has_runs(c, campaign))) { /* it went on since */
		drop(c, known);
		known = NULL;
	}
	DL_APPEND(c->finishes, f);
	if (known == NULL)
		return;
	if (known->is_done)
		say_finished(c, campaign, known->reason);
	drop(c, f); /* else its answer will come */
}

bool conversation_finish_next(struct connection *c)
{
	struct finish *f;

	DL_FOREACH (c->finishes, f) {
		if (f->is_done || has_runs(c, &f->m.finish.campaign))
			continue;
		log_debug("%s is over here", f->m.finish.label);
		runner_tear_down(c->runner, &f->m.finish.campaign, &f->m.finish.teardown);
		return true;
	}
	return false;
}

void conversation_on_torn_down(void *arg, const struct id16 *campaign, const char *reason)
{
	struct connection *c = arg;
	struct finish *f = find(c, campaign), *next;
	size_t n = 0;

	if (f != NULL) {
		f->is_done = true;
		f->reason = xstrdup_or_null(reason);
		if (reason != NULL)
			log_warning("%s: %s", f->m.finish.label, reason);
	}
	if (c->is_welcome)
		say_finished(c, campaign, reason);
	DL_FOREACH (c->finishes, f)
		n += f->is_done;
	DL_FOREACH_SAFE (c->finishes, f, next) {
		if (n > ANSWERS_KEPT && f->is_done) {
			drop(c, f);
			n--;
		}
	}
	conversation_start_next(c);
	conversation_end_goes_on(c);
}
