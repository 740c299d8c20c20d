/*
 * STEER "rerun", "extend", "label": more of a campaign. What more.h writes, a campaign that has
 * ended is taken up from, as after a restart; one that goes on is told here.
 */
#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/live_parts.h"
#include "coordinator/dispatch/more.h"

#include "proto/clock.h"
#include "proto/log.h"
#include <utlist.h>

/* The store's failures end the turn, a user's mistake its request alone. */
static void refuse(struct dispatch *d, const struct route *from, const struct error *err)
{
	if (err->code == ERR_CAMPAIGN)
		dispatch_queue_error(d, from, "campaign", "%s", err->text);
	else if (err->code == ERR_UNAVAILABLE)
		dispatch_queue_error(d, from, "unavailable", "%s", err->text);
	else
		dispatch_fail(d, err);
}

static bool is_live(const struct dispatch *d, const struct kept *k)
{
	const struct live *l;

	DL_FOREACH (d->lives, l) {
		if (l->id == k->id)
			return true;
	}
	return false;
}

/* What its agents would ask for. */
static int has_files(struct dispatch *d, const struct kept *k, const char *verb, struct error *err)
{
	struct content_hash missing;
	int r = k->has_tree ? content_next_missing(d->config.content, &k->tree, &missing, err) : 0;

	return r <= 0 ? r
		      : error_set(err, ERR_CAMPAIGN,
				"%s: the files of %s are not here any more: they were pruned; "
				"submit "
				"its campaign file anew",
				verb, k->label);
}

/* ---- one that has ended ---- */

/* How many runs there will be, until it is known how many there were. */
static int write_total(struct dispatch *d, struct live *l, struct error *err)
{
	l->total = live_total(l);
	return d->s.ops->set_campaign_total(d->s.store, l->id, l->total, err);
}

static int take_up(struct dispatch *d, const struct kept *k, struct error *err)
{
	struct ended *e;
	int r = dispatch_take_up(d, k->label, err);

	if (r == 0)
		r = write_total(d, users_find_live(d, k->label), err);
	if (r < 0)
		return r;
	HASH_FIND(hh, d->ended, &k->uuid, sizeof k->uuid, e);
	if (e != NULL) {
		HASH_DEL(d->ended, e);
		free(e);
	}
	return 0;
}

void steer_rerun(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct error err = {0};
	struct kept k;
	int64_t n = 0;
	int r = kept_find(&k, d->s.ops, d->s.store, m->label, "rerun", &err);

	if (r == 0)
		r = has_files(d, &k, "rerun", &err);
	if (r == 0)
		r = dispatch_begin(d);
	if (r == 0)
		r = more_rerun_failed(&k, clock_realtime_ns(), d->s.ops, d->s.store, &n, &err);
	if (r == 0)
		r = take_up(d, &k, &err);
	if (r == 0)
		users_report(d, from, k.label, now_ns, NULL);
	else if (d->failure.code == 0)
		refuse(d, from, &err);
	kept_done(&k);
}

/* ---- one that goes on ---- */

/* What is known of its blocks besides the store. */
static void extend_live(struct live *l, const struct more_blocks *more)
{
	l->campaign->blocks = more->blocks;
	l->campaign->max = more->max;
	for (size_t i = 0; i < l->lanes_n; i++) {
		struct lane *lane = &l->lanes[i];

		lane->is_over = lane->plan->n == 0;
		lane->is_decided = false;
		/* It was told that there are no more runs, and is told so again after these. */
		if (lane->plan->n > 0)
			lane->finish = FINISH_DUE;
	}
	l->is_decided = false;
	live_is_due(l);
}

static int check_live(const struct live *l, struct error *err)
{
	const char *why = l->reached != NULL ? "its budget is used up"
			  : l->campaign->is_sequential && !l->campaign->is_spread
				  ? "of 'order: sequential' the first configurations are over"
				  : NULL;

	return why == NULL ? 0
			   : error_set(err, ERR_CAMPAIGN,
				     "extend: %s: %s; extend it when it has ended", l->label, why);
}

static int extend(struct dispatch *d, const struct kept *k, int64_t blocks, struct error *err)
{
	struct live *l = is_live(d, k) ? users_find_live(d, k->label) : NULL;
	struct more_blocks more;
	int r = l != NULL ? check_live(l, err) : has_files(d, k, "extend", err);

	if (r == 0)
		r = more_extend(k, blocks, clock_realtime_ns(), d->s.ops, d->s.store, &more, err);
	if (r < 0)
		return r;
	if (l == NULL)
		return take_up(d, k, err);
	extend_live(l, &more);
	return write_total(d, l, err);
}

void steer_extend(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct error err = {0};
	struct kept k;
	int r = kept_find(&k, d->s.ops, d->s.store, m->label, "extend", &err);

	if (r == 0)
		r = dispatch_begin(d);
	if (r == 0)
		r = extend(d, &k, m->blocks == ABSENT ? 0 : m->blocks, &err);
	if (r == 0)
		users_report(d, from, k.label, now_ns, NULL);
	else if (d->failure.code == 0)
		refuse(d, from, &err);
	kept_done(&k);
}

void steer_label(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message_steer *m)
{
	struct error err = {0};
	struct kept k;
	int r = kept_find_any(&k, d->s.ops, d->s.store, m->label, "label", &err);

	if (r == 0)
		r = dispatch_begin(d);
	if (r == 0)
		r = more_label(&k, m->labels.items, m->labels.n, clock_realtime_ns(), d->s.ops,
			d->s.store, &err);
	if (r == 0)
		users_report(d, from, k.label, now_ns, NULL);
	else if (d->failure.code == 0)
		refuse(d, from, &err);
	kept_done(&k);
}
