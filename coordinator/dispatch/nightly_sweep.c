/*
 * A sweep, from being due to the end of its campaign. That it has a campaign is written with the
 * campaign's last row, in one transaction: a coordinator that is killed before submits it again,
 * one that is killed after goes on with it, and none does so twice.
 */
#include "coordinator/dispatch/nightly.h"

#include "coordinator/store/queries.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <utlist.h>

/* So often it is tried again where no host is there, or a repository cannot be reached. */
#define RETRY_NS (30 * NS_PER_S)
/* `answer` of a sweep that somebody wanted and that has none yet. */
#define BY_HAND "{\"by_hand\":true}"

static void set_text(const char **to, const char *text)
{
	char *copy = xstrdup_or_null(text);

	free((void *)*to);
	*to = copy;
}

/* ---- made and forgotten ---- */

void sweep_free(struct dispatch *d, struct sweep *s)
{
	DL_DELETE(d->sweeps, s);
	free((void *)s->row.schedule);
	free((void *)s->row.reason);
	free((void *)s->row.baseline);
	free((void *)s->row.answer);
	free(s->label);
	free(s->confirmation);
	judgement_free(s->judgement);
	free(s);
}

static bool write_row(struct dispatch *d, struct store_sweep *row)
{
	struct error err = {0};

	if (dispatch_begin(d) < 0)
		return false;
	if (d->s.ops->put_sweep(d->s.store, row, &err) == 0)
		return true;
	dispatch_fail(d, &err);
	return false;
}

struct sweep *sweep_add(struct dispatch *d, const struct nightly_schedule *n, int64_t due_at,
	bool is_by_hand, enum sweep_state state, const char *reason, int64_t at)
{
	struct store_sweep row = {
		.schedule = n->row.name,
		.due_at = due_at,
		.began_at = ABSENT,
		.ended_at = sweep_state_is_end(state) ? at : ABSENT,
		.state = sweep_state_name(state),
		.reason = reason,
		.baseline = n->campaign->schedule.baseline,
		.answer = is_by_hand ? BY_HAND : NULL,
	};

	if (!write_row(d, &row) || sweep_state_is_end(state))
		return NULL;
	struct sweep *s = xcalloc(1, sizeof *s);
	s->dispatch = d;
	s->state = state;
	s->is_by_hand = is_by_hand;
	s->row = row;
	s->row.schedule = xstrdup(row.schedule);
	s->row.reason = xstrdup_or_null(row.reason);
	s->row.baseline = xstrdup_or_null(row.baseline);
	s->row.answer = xstrdup_or_null(row.answer);
	DL_APPEND(d->sweeps, s);
	return s;
}

void sweep_load(struct dispatch *d, const struct message_cell *c)
{
	struct sweep *s = xcalloc(1, sizeof *s);

	s->dispatch = d;
	s->state = sweep_state_by_name(c[SWEEPS_STATE].text);
	s->label = xstrdup_or_null(c[SWEEPS_CAMPAIGN].text);
	s->confirmation = xstrdup_or_null(c[SWEEPS_CONFIRMATION].text);
	s->is_by_hand = text_is(c[SWEEPS_ANSWER].text, BY_HAND);
	s->row = (struct store_sweep){
		.id = c[SWEEPS_ID].integer,
		.schedule = xstrdup_or_null(c[SWEEPS_SCHEDULE].text),
		.due_at = c[SWEEPS_DUE_AT].integer,
		.began_at = c[SWEEPS_BEGAN_AT].integer,
		.ended_at = c[SWEEPS_ENDED_AT].integer,
		.state = sweep_state_name(s->state),
		.reason = xstrdup_or_null(c[SWEEPS_REASON].text),
		.baseline = xstrdup_or_null(c[SWEEPS_BASELINE].text),
		.campaign = s->label ? c[SWEEPS_CAMPAIGN_ID].integer : 0,
		.confirmation = s->confirmation ? c[SWEEPS_CONFIRMATION_ID].integer : 0,
		.answer = xstrdup_or_null(c[SWEEPS_ANSWER].text),
	};
	DL_APPEND(d->sweeps, s);
}

void sweep_set(
	struct dispatch *d, struct sweep *s, enum sweep_state state, const char *reason, int64_t at)
{
	s->state = state;
	s->row.state = sweep_state_name(state);
	set_text(&s->row.reason, reason);
	if (sweep_state_is_end(state))
		s->row.ended_at = at;
	if (state == SWEEP_FAILED)
		judge_tell_failed(d, s, reason, at);
	if (!write_row(d, &s->row) || !sweep_state_is_end(state))
		return;
	(state == SWEEP_FAILED ? log_warning : log_info)("schedule %s: the sweep %s%s%s%s%s",
		s->row.schedule, s->label ? s->label : "", s->label ? " is " : "is ", s->row.state,
		reason ? ": " : "", reason ? reason : "");
	sweep_free(d, s);
}

/* ---- queued ---- */

static int on_contents(void *arg, const struct preparation *p, struct error *err)
{
	struct sweep *s = arg;
	_cleanup_free_ char *label = NULL;

	if (s->is_by_hand || !sweep_is_unchanged(s->dispatch, s, p, &label))
		return 0;
	s->is_unchanged = true;
	return error_set(err, ERR_CAMPAIGN, "unchanged since %s", label);
}

static struct live *find_live(struct dispatch *d, const char *label)
{
	struct live *l;

	DL_FOREACH (d->lives, l) {
		if (label != NULL && strcmp(l->label, label) == 0)
			return l;
	}
	return NULL;
}

static void has_begun(struct sweep *s, const char *label, int64_t at)
{
	s->label = xstrdup(label);
	s->row.campaign = find_live(s->dispatch, label)->id;
	s->row.began_at = at;
	set_text(&s->row.answer, NULL);
	sweep_set(s->dispatch, s, SWEEP_RUNNING, NULL, at);
}

/* Its campaign is in the transaction that is open, or will not be. */
static void on_decided(void *arg, const char *label, const struct error *err)
{
	struct sweep *s = arg;
	struct dispatch *d = s->dispatch;
	int64_t at = clock_realtime_ns(), now_ns = clock_monotonic_ns();

	s->is_submitted = false;
	if (err->code == 0) {
		has_begun(s, label, at);
	} else if (s->is_unchanged) {
		sweep_set(d, s, SWEEP_SKIPPED, err->text, at);
	} else if (err->code == ERR_UNAVAILABLE && now_ns + RETRY_NS < s->give_up_ns) {
		s->submit_ns = now_ns + RETRY_NS;
		if (!text_is(s->row.reason, err->text)) {
			log_warning("schedule %s: %s; trying again", s->row.schedule, err->text);
			sweep_set(d, s, SWEEP_QUEUED, err->text, at);
		}
	} else {
		sweep_set(d, s, SWEEP_FAILED, err->text, at);
	}
}

/* Whether no other sweep of its schedule comes before it. */
static bool is_first(const struct dispatch *d, const struct sweep *s)
{
	const struct sweep *o;

	DL_FOREACH (d->sweeps, o) {
		if (strcmp(o->row.schedule, s->row.schedule) == 0)
			return o == s;
	}
	return false;
}

static void submit(struct dispatch *d, struct sweep *s, int64_t now_ns, int64_t at)
{
	const struct nightly_schedule *n = nightly_find(d, s->row.schedule);

	if (n == NULL || n->campaign == NULL) {
		sweep_set(d, s, SWEEP_SKIPPED, "its schedule is not there any more", at);
		return;
	}
	const struct dispatch_request request = {
		.yaml = n->row.yaml,
		.file = n->row.file,
		.changes = n->row.changes,
		.tree = n->row.tree,
		.priority = n->row.priority,
		.of_schedule = n->campaign,
		.on_contents = n->campaign->schedule.unless ? on_contents : NULL,
		.on_decided = on_decided,
		.arg = s,
	};
	if (s->give_up_ns == 0)
		s->give_up_ns = now_ns + n->campaign->schedule.patience_ns;
	s->submit_ns = now_ns;
	s->is_submitted = true;
	submissions_add(d, now_ns, NULL, &request);
}

/* ---- running ---- */

static int on_state(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	enum campaign_state *state = arg;

	(void)key;
	(void)n;
	*state = campaign_state_by_name(c[CAMPAIGNS_STATE].text);
	return 0;
}

/* Its campaign is not going on: it has ended, here or in the file while no coordinator ran. */
static void look_at_end(struct dispatch *d, struct sweep *s, int64_t at)
{
	enum campaign_state state = CAMPAIGN_STATE_N;
	struct error err = {0};

	if (s->label != NULL && d->s.ops->query(d->s.store, "campaigns", s->label, 0, 1, NULL,
					on_state, &state, &err) < 0) {
		dispatch_fail(d, &err);
		return;
	}
	if (state == CAMPAIGN_DONE) {
		sweep_set(d, s, SWEEP_COMPARING, NULL, at);
	} else if (state == CAMPAIGN_CANCELLED || state == CAMPAIGN_STATE_N) {
		_cleanup_free_ char *why = xasprintf("%s %s", s->label ? s->label : "its campaign",
			state == CAMPAIGN_CANCELLED ? "was cancelled"
						    : "is not in the store any more");
		sweep_set(d, s, SWEEP_FAILED, why, at);
	}
}

static void go_on(struct dispatch *d, struct sweep *s, int64_t now_ns, int64_t at)
{
	struct live *l = find_live(d, s->state == SWEEP_RUNNING ? s->label : s->confirmation);

	if (s->state == SWEEP_QUEUED) {
		if (!s->is_submitted && now_ns >= s->submit_ns && is_first(d, s))
			submit(d, s, now_ns, at);
		return;
	}
	if (l != NULL)
		sweep_keep_bounds(d, s, l, now_ns, at);
	if (s->state != SWEEP_RUNNING)
		judge_go_on(d, s, now_ns, at);
	else if (l == NULL)
		look_at_end(d, s, at);
}

void sweeps_go_on(struct dispatch *d, int64_t now_ns, int64_t at)
{
	struct sweep *s, *next;

	DL_FOREACH_SAFE (d->sweeps, s, next) {
		if (d->failure.code != 0)
			return;
		go_on(d, s, now_ns, at);
	}
}
