#include "coordinator/dispatch/health.h"

#include "coordinator/dispatch/admission.h"
#include <inttypes.h>
#include <utlist.h>

void health_forget(struct host *h)
{
	h->failed_n = h->failed_in_row = 0;
}

/* ---- what is known of a configuration ---- */

/* Kept are the two hosts that did it last, so that one of them is another than any. */
static void note_done(struct live *l, const struct live_run *r, struct host *h)
{
	struct doers *known;

	if (l->doers == NULL)
		l->doers = xcalloc(l->plan->configurations_n + 1, sizeof *l->doers);
	known = &l->doers[r->configuration];
	if (known->hosts[0] != h) {
		known->hosts[1] = known->hosts[0];
		known->hosts[0] = h;
	}
}

static void note_failed(struct live *l, const struct live_run *r, const struct host *h)
{
	struct doers *known = l->doers != NULL ? &l->doers[r->configuration] : NULL;

	if (known == NULL)
		return;
	/* Where there is no other host, that it was done once is what is compared with. */
	if (l->lanes_n == 1)
		return;
	if (known->hosts[0] == h) {
		known->hosts[0] = known->hosts[1];
		known->hosts[1] = NULL;
	} else if (known->hosts[1] == h) {
		known->hosts[1] = NULL;
	}
}

static bool others_do_it(const struct live *l, size_t configuration, const struct host *h)
{
	for (size_t i = 0; l->doers != NULL && i < 2; i++) {
		const struct host *other = l->doers[configuration].hosts[i];
		if (other != NULL && other != h && other->failed_in_row == 0)
			return true;
	}
	return false;
}

static bool was_done_alone(const struct live *l, size_t configuration, const struct host *h)
{
	return l->lanes_n == 1 && l->doers != NULL && l->doers[configuration].hosts[0] == h;
}

/* ---- the rule ---- */

/* Of the runs in a row: those that speak against the host, and of how many configurations. */
struct evidence {
	size_t runs, configurations;
	const struct failed_run *first; /* of another configuration than this there is one */
	bool is_all;                    /* the campaign has one configuration for the host */
};

static const struct live *live_by_id(const struct dispatch *d, int64_t id)
{
	const struct live *l;

	DL_FOREACH (d->lives, l) {
		if (l->id == id)
			return l;
	}
	return NULL;
}

static void add_evidence(
	struct evidence *e, const struct live *l, const struct host *h, const struct failed_run *f)
{
	const struct lane *lane;
	size_t able = 0;

	e->runs++;
	if (e->first == NULL) {
		e->first = f;
		e->configurations = 1;
	} else if (f->live != e->first->live || f->configuration != e->first->configuration) {
		e->configurations = 2; /* or more */
		return;
	}
	DL_FOREACH2(h->lanes, lane, host_next)
	{
		for (size_t i = 0; lane->live == l && i < lane->plan->n; i++)
			able += lane->plan->skipped[i] == NULL;
	}
	e->is_all = able == 1;
}

static bool is_enough(const struct evidence *e, size_t runs)
{
	return e->runs >= runs && (e->configurations > 1 || e->is_all);
}

static void set_aside(struct dispatch *d, struct host *h, bool is_alone, const char *why)
{
	_cleanup_free_ char *reason = xasprintf(
		"the last %zu runs on it failed, %s; the last one: %s", h->failed_in_row,
		is_alone ? "of what it had done before" : "while other hosts do what they ran",
		why);

	admission_change(d, h, HOST_ASIDE, reason);
}

static void judge(struct dispatch *d, struct host *h, const char *why)
{
	struct evidence beside = {0}, alone = {0};

	for (size_t i = 0; i < h->failed_n; i++) {
		const struct failed_run *f = &h->failed[i];
		const struct live *l = live_by_id(d, f->live);
		if (l == NULL)
			continue;
		if (others_do_it(l, f->configuration, h))
			add_evidence(&beside, l, h, f);
		else if (was_done_alone(l, f->configuration, h))
			add_evidence(&alone, l, h, f);
	}
	if (is_enough(&beside, HEALTH_RUNS))
		set_aside(d, h, false, why);
	else if (is_enough(&alone, HEALTH_RUNS_ALONE))
		set_aside(d, h, true, why);
}

static void keep_failed(struct host *h, const struct live *l, const struct live_run *r)
{
	h->failed_in_row++;
	if (h->failed_n == HOST_FAILED_KEPT)
		memmove(&h->failed[0], &h->failed[1], --h->failed_n * sizeof *h->failed);
	h->failed[h->failed_n++] =
		(struct failed_run){.live = l->id, .configuration = r->configuration};
}

void health_on_end(struct dispatch *d, struct host *h, struct live *l, const struct live_run *r,
	const char *state, const char *why)
{
	if (strcmp(state, RUN_DONE) == 0) {
		note_done(l, r, h);
		health_forget(h);
		return;
	}
	if (strcmp(state, RUN_FAILED) != 0 && strcmp(state, RUN_TIMEOUT) != 0 &&
		strcmp(state, ATTEMPT_LOST) != 0)
		return;
	note_failed(l, r, h);
	keep_failed(h, l, r);
	if (h->admission == HOST_ADMITTED && !d->config.is_embedded)
		judge(d, h, text_is_set(why) ? why : state);
}
