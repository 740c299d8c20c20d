#include "coordinator/dispatch/more.h"

#include "coordinator/campaign/campaign.h"
#include "coordinator/store/queries.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* As many as a campaign may have runs. */
#define MOST_BLOCKS 10000000

static const char attempt_format[] = "attempt %" SCNd64;

int64_t more_attempt(const char *text)
{
	int64_t attempt;

	return text != NULL && sscanf(text, attempt_format, &attempt) == 1 ? attempt : 0;
}

/* ---- the changes ---- */

static json_t *changes_of(const struct kept *k)
{
	json_t *changes = k->changes != NULL ? json_loads(k->changes, 0, NULL) : NULL;

	return changes != NULL ? changes : json_object();
}

/* The campaign as it is with these changes; NULL with err. */
static struct campaign *read_with(
	const struct kept *k, const json_t *changes, const char *verb, struct error *err)
{
	_cleanup_free_ char *text = json_dumps(changes, JSON_COMPACT);
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(k->yaml, strlen(k->yaml), text, &d);
	const char *why = "this release cannot read it any more";

	for (size_t i = 0; i < d.n; i++)
		if (!d.items[i].is_warning)
			why = d.items[i].text;
	if (c == NULL)
		error_set(err, ERR_CAMPAIGN, "%s: %s: %s", verb, k->label, why);
	diagnostics_done(&d);
	return c;
}

static int write_changes(const struct kept *k, const json_t *changes, const struct store_ops *ops,
	struct store *s, struct error *err)
{
	_cleanup_free_ char *text = json_dumps(changes, JSON_COMPACT);

	return ops->set_campaign_changes(s, k->id, text, err);
}

static int cannot(const struct kept *k, const char *verb, struct error *err)
{
	if (k->state == CAMPAIGN_CANCELLED)
		return error_set(err, ERR_CAMPAIGN,
			"%s: %s was cancelled; 'joulerig rerun %s' submits it again", verb,
			k->label, k->label);
	return error_set(err, ERR_CAMPAIGN, "%s: %s has not ended: it is %s", verb, k->label,
		campaign_state_name(k->state));
}

/* One that is done runs again. */
static int go_on(const struct kept *k, const char *text, int64_t at, const struct store_ops *ops,
	struct store *s, struct error *err)
{
	enum campaign_state next = campaign_state_next(k->state, CAMPAIGN_MORE);
	int r = ops->set_campaign_state(s, k->id, campaign_state_name(next), ABSENT, err);

	return r == 0 ? ops->add_event(s, k->id, 0, 0, MORE_EVENT, text, at, err) : r;
}

/* ---- more blocks ---- */

static int on_block(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	int64_t *most = arg;

	(void)key;
	(void)n;
	if (c[RUNS_BLOCK].integer > *most)
		*most = c[RUNS_BLOCK].integer;
	return 0;
}

/* How many blocks there are, or will be: a budget may have ended it before the last. */
static int count_blocks(const struct kept *k, const struct campaign *c, const struct store_ops *ops,
	struct store *s, int64_t *out, struct error *err)
{
	int64_t most = 0;
	int r = 0;

	*out = c->until.metric != NULL ? c->max : c->blocks;
	if (k->state == CAMPAIGN_DONE && c->until.metric == NULL)
		r = ops->query(s, "runs", k->label, 0, INT64_MAX, NULL, on_block, &most, err);
	if (most > 0 && most < *out)
		*out = most;
	return r;
}

static int set_blocks(const struct kept *k, const struct campaign *c, int64_t blocks, int64_t now,
	json_t *changes, struct more_blocks *out, struct error *err)
{
	if (blocks < 1 || blocks > MOST_BLOCKS - now)
		return error_set(err, ERR_CAMPAIGN,
			"extend: %s has %" PRId64 " blocks; expected --blocks 1 to %" PRId64,
			k->label, now, MOST_BLOCKS - now);
	json_object_set_new(
		changes, c->until.metric != NULL ? "max" : "blocks", json_integer(now + blocks));
	struct campaign *changed = read_with(k, changes, "extend", err);
	if (changed == NULL)
		return err->code;
	*out = (struct more_blocks){changed->blocks, changed->max};
	campaign_free(changed);
	return 0;
}

int more_extend(const struct kept *k, int64_t blocks, int64_t at, const struct store_ops *ops,
	struct store *s, struct more_blocks *out, struct error *err)
{
	json_t *changes = changes_of(k);
	struct campaign *c = read_with(k, changes, "extend", err);
	_cleanup_free_ char *text = NULL;
	int64_t now = 0;
	int r = c == NULL ? err->code : 0;

	if (r == 0 && k->state == CAMPAIGN_CANCELLED)
		r = cannot(k, "extend", err);
	if (r == 0)
		r = count_blocks(k, c, ops, s, &now, err);
	if (r == 0)
		r = set_blocks(k, c, blocks, now, changes, out, err);
	if (r == 0)
		r = write_changes(k, changes, ops, s, err);
	if (r == 0) {
		text = xasprintf("%" PRId64 " more blocks: %" PRId64 " in all", blocks, out->max);
		r = k->state == CAMPAIGN_DONE
			    ? go_on(k, text, at, ops, s, err)
			    : ops->add_event(s, k->id, 0, 0, MORE_EXTENDED, text, at, err);
	}
	json_decref(changes);
	campaign_free(c);
	return r;
}

/* ---- what failed ---- */

struct failed_run {
	int64_t run, attempt;
	size_t lane;
	char *why; /* owned */
};

struct failed {
	struct failed_run *runs;
	size_t n, room;
	int64_t *hosts; /* by lane */
	size_t hosts_n;
};

static int on_run(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct failed *f = arg;
	const char *state = c[RUNS_STATE].text, *reason = c[RUNS_REASON].text;

	(void)n;
	if (c[RUNS_BLOCK].integer == 0 ||
		(strcmp(state, RUN_FAILED) != 0 && strcmp(state, RUN_TIMEOUT) != 0))
		return 0;
	if (f->n == f->room) {
		f->room = f->room ? 2 * f->room : 16;
		f->runs = xreallocarray(f->runs, f->room, sizeof *f->runs);
	}
	f->runs[f->n++] = (struct failed_run){.run = key,
		.attempt = c[RUNS_ATTEMPT].integer == ABSENT ? 0 : c[RUNS_ATTEMPT].integer,
		.lane = (size_t)c[RUNS_LANE].integer,
		.why = xasprintf("%s%s%s", state, reason ? ": " : "", reason ? reason : "")};
	return 0;
}

static int on_lane(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct failed *f = arg;

	(void)key;
	(void)n;
	f->hosts = xreallocarray(f->hosts, f->hosts_n + 1, sizeof *f->hosts);
	f->hosts[f->hosts_n++] = c[LANES_HOST_ID].integer;
	return 0;
}

/* It is queued as at its beginning; what it had stays with its attempt. */
static int queue_again(const struct kept *k, const struct failed *f, const struct failed_run *run,
	int64_t at, const struct store_ops *ops, struct store *s, struct error *err)
{
	int64_t host = run->lane < f->hosts_n ? f->hosts[run->lane] : 0;
	_cleanup_free_ char *text = xasprintf(
		"attempt %" PRId64 " does not count any more: %s", run->attempt, run->why);
	int r = ops->add_event(s, k->id, host, run->run, MORE_RUN_EVENT, text, at, err);

	return r == 0 ? ops->reset_run(s, k->id, run->run, host, err) : r;
}

static int find_failed(const struct kept *k, const struct store_ops *ops, struct store *s,
	struct failed *f, struct error *err)
{
	int r = ops->query(s, "lanes", k->label, 0, INT64_MAX, NULL, on_lane, f, err);

	if (r == 0)
		r = ops->query(s, "runs", k->label, 0, INT64_MAX, NULL, on_run, f, err);
	if (r == 0 && f->n == 0)
		r = error_set(err, ERR_CAMPAIGN,
			"rerun --failed: no counted run of %s failed or timed out", k->label);
	return r;
}

static int check_rerun(const struct kept *k, struct error *err)
{
	json_t *changes = changes_of(k);
	struct campaign *c = read_with(k, changes, "rerun --failed", err);
	int r = c == NULL ? err->code : 0;

	if (r == 0 && k->state != CAMPAIGN_DONE)
		r = cannot(k, "rerun --failed", err);
	if (r == 0 && c->is_spread)
		r = error_set(err, ERR_CAMPAIGN,
			"rerun --failed: the blocks of %s are spread over hosts (spread: any) and "
			"count as a whole; 'joulerig extend %s --blocks N' measures more of them",
			k->label, k->label);
	json_decref(changes);
	campaign_free(c);
	return r;
}

int more_rerun_failed(const struct kept *k, int64_t at, const struct store_ops *ops,
	struct store *s, int64_t *n, struct error *err)
{
	struct failed f = {0};
	int r = check_rerun(k, err);

	if (r == 0)
		r = find_failed(k, ops, s, &f, err);
	if (r == 0) {
		_cleanup_free_ char *text =
			xasprintf("%zu run%s that failed again", f.n, f.n == 1 ? "" : "s");
		r = go_on(k, text, at, ops, s, err);
	}
	for (size_t i = 0; i < f.n; i++) {
		if (r == 0)
			r = queue_again(k, &f, &f.runs[i], at, ops, s, err);
		free(f.runs[i].why);
	}
	*n = (int64_t)f.n;
	free(f.runs);
	free(f.hosts);
	return r;
}

/* ---- labels ---- */

int more_label(const struct kept *k, const struct message_pair *labels, size_t n, int64_t at,
	const struct store_ops *ops, struct store *s, struct error *err)
{
	json_t *changes = changes_of(k), *all = json_object_get(changes, "labels");
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = n > 0 ? 0 : error_set(err, ERR_CAMPAIGN, "label: %s: expected KEY=VALUE", k->label);

	if (all == NULL) {
		all = json_object();
		json_object_set_new(changes, "labels", all);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		const char *value = labels[i].value != NULL ? labels[i].value : "";

		if (!text_is_set(labels[i].key))
			r = error_set(err, ERR_CAMPAIGN, "label: '=%s': expected KEY=VALUE", value);
		else if (json_object_set_new(all, labels[i].key, json_string(value)) < 0)
			r = error_set(err, ERR_CAMPAIGN, "label: %s is no text", labels[i].key);
		buf_addf(&text, "%s%s=%s", i > 0 ? " " : "", labels[i].key, value);
	}
	if (r == 0)
		r = write_changes(k, changes, ops, s, err);
	if (r == 0)
		r = ops->add_event(s, k->id, 0, 0, MORE_LABEL_EVENT, text.data, at, err);
	json_decref(changes);
	return r;
}
