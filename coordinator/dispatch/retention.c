#include "coordinator/dispatch/retention.h"

#include "coordinator/dispatch/prune.h"
#include "coordinator/dispatch/sweep_state.h"
#include "coordinator/settings.h"
#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/units.h"
#include <jansson.h>

#define DAY_NS (86400 * NS_PER_S)

struct retention {
	int64_t older_ns, keep; /* as settings_retention */
	unsigned what;
	bool with_files;
	int64_t due_ns; /* CLOCK_MONOTONIC of the next round */
	bool is_going;
	/* A round: ended campaigns and those that are to be pruned among them (owned), how far it
	 * is, what went. */
	struct prune_candidates all;
	size_t at_campaign;
	bool has_begun; /* campaign at_campaign */
	size_t pruned_n;
	struct store_pruned pruned;
	struct pruned_files files;
};

/* ---- which ---- */

static const char *text_of(const struct message_cell *c)
{
	return c->text != NULL ? c->text : "";
}

static void spare(struct retention *r, const char *label)
{
	for (size_t i = 0; i < r->all.n; i++)
		if (strcmp(r->all.items[i].label, label) == 0)
			r->all.items[i].is_chosen = false;
}

/* What the next sweep of a schedule may be held against: that of the last one that is done, even
 * where many were skipped since. */
struct last_done {
	char *schedule, *campaign, *confirmation, *baseline, *answer; /* owned */
};

struct last_sweeps {
	struct retention *retention;
	struct last_done *of; /* each schedule that there is (owned) */
	size_t n;
};

static void last_set(struct last_done *l, const struct message_cell *c)
{
	free(l->campaign);
	free(l->confirmation);
	free(l->baseline);
	free(l->answer);
	l->campaign = xstrdup(text_of(&c[SWEEPS_CAMPAIGN]));
	l->confirmation = xstrdup(text_of(&c[SWEEPS_CONFIRMATION]));
	l->baseline = xstrdup(text_of(&c[SWEEPS_BASELINE]));
	l->answer = xstrdup(text_of(&c[SWEEPS_ANSWER]));
}

static int on_schedule(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct last_sweeps *l = arg;

	(void)key;
	(void)n;
	l->of = xreallocarray(l->of, l->n + 1, sizeof *l->of);
	l->of[l->n++] = (struct last_done){.schedule = xstrdup(text_of(&c[SCHEDULES_NAME]))};
	return 0;
}

static int on_sweep(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct last_sweeps *l = arg;
	enum sweep_state state = sweep_state_by_name(text_of(&c[SWEEPS_STATE]));

	(void)key;
	(void)n;
	if (!sweep_state_is_end(state)) {
		spare(l->retention, text_of(&c[SWEEPS_CAMPAIGN]));
		spare(l->retention, text_of(&c[SWEEPS_CONFIRMATION]));
	}
	for (size_t i = 0; state == SWEEP_DONE && i < l->n; i++)
		if (text_is(c[SWEEPS_SCHEDULE].text, l->of[i].schedule))
			last_set(&l->of[i], c);
	return 0;
}

/* Cases whose level is older than the last sweep: they are held against the same once more. */
static void spare_levels(struct retention *r, const char *text)
{
	static const char *const keys[] = {"unsettled", "open"};
	json_t *answer = json_loads(text, 0, NULL), *one;
	size_t i;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		json_array_foreach(json_object_get(answer, keys[k]), i, one)
		{
			const char *against = json_string_value(json_object_get(one, "against"));
			spare(r, against != NULL ? against : "");
		}
	}
	json_decref(answer);
}

static void spare_last(struct last_sweeps *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct last_done *of = &l->of[i];

		if (of->campaign != NULL) {
			spare(l->retention, of->campaign);
			spare(l->retention, of->confirmation);
			spare(l->retention, of->baseline);
			spare_levels(l->retention, of->answer);
		}
		free(of->schedule);
		free(of->campaign);
		free(of->confirmation);
		free(of->baseline);
		free(of->answer);
	}
	free(l->of);
}

static int ask(struct dispatch *d, const char *what,
	int (*on_row)(void *arg, int64_t key, const struct message_cell *c, size_t n), void *arg,
	struct error *err)
{
	return d->config.ops->query(
		d->config.store, what, NULL, 0, INT64_MAX, NULL, on_row, arg, err);
}

static int choose(struct dispatch *d, struct retention *r, int64_t at, struct error *err)
{
	struct last_sweeps last = {.retention = r};
	int code = ask(d, "campaigns", prune_on_campaign, &r->all, err);

	if (code == 0)
		code = ask(d, "pruned", prune_on_pruned, &r->all, err);
	prune_choose(&r->all, at - r->older_ns, r->keep);
	if (code == 0)
		code = ask(d, "schedules", on_schedule, &last, err);
	if (code == 0)
		code = ask(d, "sweeps", on_sweep, &last, err);
	spare_last(&last);
	return code;
}

/* ---- a round ---- */

static void end_round(struct retention *r)
{
	prune_candidates_done(&r->all);
	r->at_campaign = r->pruned_n = 0;
	r->has_begun = r->is_going = false;
	r->pruned = (struct store_pruned){0};
	r->files = (struct pruned_files){0};
}

static void tell_round(struct dispatch *d, const struct retention *r, int64_t at)
{
	char size[32], files[32];
	struct error err = {0};

	if (r->pruned_n == 0 && r->files.contents == 0 && r->files.mirrors == 0)
		return;
	_cleanup_free_ char *text = xasprintf(
		"retention: %zu campaigns lost samples and outputs (%s), their results stay; files "
		"of campaigns: %lld removed (%s); git mirrors: %lld",
		r->pruned_n, units_format_size(size, r->pruned.bytes), (long long)r->files.contents,
		units_format_size(files, r->files.content_bytes), (long long)r->files.mirrors);
	log_info("%s", text);
	if (dispatch_begin(d) == 0 &&
		d->config.ops->add_event(d->config.store, 0, 0, 0, "retention", text, at, &err) < 0)
		dispatch_fail(d, &err);
}

/* Returns 1 where there is more of it, 0 or negative. */
static int prune_slice(struct dispatch *d, struct retention *r, int64_t at, struct error *err)
{
	struct prune_candidate *c = &r->all.items[r->at_campaign];
	bool is_first = !r->has_begun;
	int more;

	if (dispatch_begin(d) < 0)
		return d->failure.code;
	r->has_begun = true;
	more = d->config.ops->prune(
		d->config.store, c->id, r->what, is_first, at, PRUNE_SLICE, &r->pruned, err);
	if (more < 0)
		dispatch_fail(d, err);
	return more;
}

/* Returns whether the round goes on. */
static bool go_on(struct dispatch *d, struct retention *r, int64_t at)
{
	struct error err = {0};
	int more = 0;

	while (r->at_campaign < r->all.n && (!r->all.items[r->at_campaign].is_chosen ||
						    r->all.items[r->at_campaign].was_pruned))
		r->at_campaign++;
	if (r->at_campaign < r->all.n) {
		more = prune_slice(d, r, at, &err);
		if (more == 0) {
			r->pruned_n++;
			r->at_campaign++;
			r->has_begun = false;
		}
		return more >= 0;
	}
	if (!r->with_files)
		return false;
	if (d->submissions != NULL)
		return true; /* whose files are not known yet */
	more = prune_files(d->config.ops, d->config.store, d->config.content_dir,
		r->older_ns / NS_PER_S, PRUNE_SLICE, &r->files, &err);
	content_forget_tree(d->config.content);
	if (more < 0)
		log_error("retention: %s; tried again in a day", err.text);
	return more == 1;
}

void retention_tick(struct dispatch *d, int64_t now_ns, int64_t at)
{
	struct retention *r = d->retention;
	struct error err = {0};

	if (r == NULL || d->failure.code != 0 || (!r->is_going && now_ns < r->due_ns))
		return;
	if (!r->is_going) {
		r->due_ns = now_ns + DAY_NS;
		r->is_going = choose(d, r, at, &err) == 0;
		if (!r->is_going)
			log_error("retention: %s; tried again in a day", err.text);
	}
	if (r->is_going && go_on(d, r, at))
		return;
	tell_round(d, r, at);
	end_round(r);
}

void retention_free(struct dispatch *d)
{
	if (d->retention == NULL)
		return;
	end_round(d->retention);
	free(d->retention);
	d->retention = NULL;
}

void retention_set(struct dispatch *d, const struct settings *settings)
{
	const struct settings_retention *s = settings != NULL ? &settings->retention : NULL;
	struct retention *r;

	retention_free(d);
	if (s == NULL || s->older_than_ns == ABSENT)
		return;
	r = d->retention = xcalloc(1, sizeof *r);
	r->older_ns = s->older_than_ns;
	r->keep = s->keep;
	r->what = prune_what(s->what);
	r->with_files = strcmp(s->what, "all") == 0;
	r->due_ns = INT64_MIN;
}
