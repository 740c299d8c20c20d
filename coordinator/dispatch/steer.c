/*
 * STEER: what a user wants of a campaign or a host that goes on. The answer is a REPORT of what it
 * concerns, as it is then; asking for what is already so changes nothing, and is answered alike.
 */
#include "coordinator/dispatch/admission.h"
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/gang.h"
#include "coordinator/dispatch/nightly.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <utlist.h>

static void answer_campaign(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct live *l)
{
	struct message_campaign c;
	struct message m;

	live_describe(l, now_ns, &c);
	message_init(&m, MESSAGE_REPORT);
	m.report.campaigns = (struct list){.items = &c, .n = 1};
	dispatch_queue(d, from, &m);
}

/* ---- campaigns ---- */

/* The campaign that is meant; NULL: the user was told that there is none. */
static struct live *find_campaign(
	struct dispatch *d, const struct route *from, const struct message_steer *m)
{
	struct live *l = text_is_set(m->label) ? users_find_live(d, m->label) : NULL;
	_cleanup_free_ const char **labels = NULL;
	const char *label = text_is_set(m->label) ? m->label : "";
	size_t n = 0;

	if (l != NULL && campaign_state_is_final(l->state))
		l = NULL;
	if (l != NULL)
		return l;
	DL_COUNT(d->lives, l, n);
	labels = xcalloc(n + 1, sizeof *labels);
	n = 0;
	DL_FOREACH (d->lives, l)
		labels[n++] = l->label;
	const char *near = nearest_word(label, labels, n);
	dispatch_queue_error(d, from, "unknown", "%s: no campaign '%s' is going on here%s%s%s",
		m->verb, label, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

void steer_recall(struct dispatch *d, struct live *l, struct live_run *r)
{
	const struct gang *g = gang_of_run(l, r);
	struct error err = {0};

	if (g != NULL) /* its other hosts, too */
		gang_call_off(d, g);
	if (dispatch_begin(d) == 0 && live_recall(l, r, clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
}

/*
 * Call off what of a campaign waits at a host; with all also what is under way. That is the first
 * in its hands where none is said to have started: it may have, or be about to.
 */
static void recall_from(struct dispatch *d, const struct host *h, struct live *l, bool all)
{
	size_t under_way = 0;

	for (size_t i = 0; i < h->flights_n; i++)
		if (h->flights[i].run->state == STATE_RUNNING)
			under_way = i;
	/* The last one first: each goes to the front of its queue. */
	for (size_t i = h->flights_n; i-- > 0 && d->failure.code == 0;) {
		struct flight f = h->flights[i];
		if (f.live != l || (i == under_way && !all))
			continue;
		agents_call_off(d, h, l, f.run);
		steer_recall(d, l, f.run);
	}
}

static void on_pause(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct live *l = find_campaign(d, from, m);
	struct error err = {0};

	if (l == NULL || dispatch_begin(d) < 0)
		return;
	if (l->state != CAMPAIGN_PAUSED &&
		live_pause(l, m->reason, clock_realtime_ns(), d->s, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	for (size_t i = 0; i < l->lanes_n; i++)
		recall_from(d, l->lanes[i].host, l, m->now == 1);
	answer_campaign(d, now_ns, from, l);
}

static void resume(struct dispatch *d, struct live *l, const char *why)
{
	struct error err = {0};

	if (l->state == CAMPAIGN_PAUSED && dispatch_begin(d) == 0 &&
		live_resume(l, why, clock_realtime_ns(), d->s, &err) < 0)
		dispatch_fail(d, &err);
}

static void on_resume(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct live *l = find_campaign(d, from, m);

	if (l == NULL)
		return;
	resume(d, l, m->reason);
	answer_campaign(d, now_ns, from, l);
}

bool dispatch_resume(struct dispatch *d, const char *label)
{
	struct live *l = users_find_live(d, label);

	if (l != NULL)
		resume(d, l, NULL);
	return l != NULL;
}

/* ---- verbs ---- */

static const struct {
	const char *verb;
	void (*steer)(struct dispatch *d, int64_t now_ns, const struct route *from,
		const struct message_steer *m);
} verbs[] = {
	{"pause", on_pause},
	{"resume", on_resume},
	{"drain", admission_drain},
	{"admit", admission_admit},
	{"prune", prune_on_steer},
	{"rerun", steer_rerun},
	{"extend", steer_extend},
	{"label", steer_label},
	{"sweep", nightly_on_steer},
	{"unschedule", nightly_on_steer},
};

void steer_on_message(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	const char *names[ARRAY_SIZE(verbs)];

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		names[i] = verbs[i].verb;
		if (strcmp(verbs[i].verb, m->verb) != 0)
			continue;
		verbs[i].steer(d, now_ns, from, m);
		return;
	}
	const char *near = nearest_word(m->verb, names, ARRAY_SIZE(names));
	dispatch_queue_error(d, from, "unknown", "STEER: no such verb '%s'%s%s%s", m->verb,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
