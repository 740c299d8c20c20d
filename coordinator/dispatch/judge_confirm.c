/*
 * Confirmations: what looks changed runs again before a word is said. Candidates that are held
 * against the same submission go together, the others after them.
 */
#include "coordinator/dispatch/judge_parts.h"

#include "coordinator/dispatch/kept.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <math.h>
#include <stdio.h>
#include <utlist.h>

#define CAUSE_CONTENT "content"
#define CAUSE_FILE    "file"
#define CAUSE_UNKNOWN "unknown"

/* ---- which, and how ---- */

/* The candidates that are held against what the first one is. */
static json_t *next_group(struct judgement *j)
{
	json_t *all = judge_list(j, "candidates"), *group = json_array(), *one;
	const char *against = judge_text(json_array_get(all, 0), "against");
	size_t i;

	json_array_foreach(all, i, one)
	{
		if (strcmp(judge_text(one, "against"), against) == 0)
			json_array_append(group, one);
	}
	return group;
}

/* Changes but for labels: of a campaign that follows a repository these differ each night. */
static json_t *without_labels(const char *changes)
{
	json_t *o = changes != NULL ? json_loads(changes, 0, NULL) : NULL;

	if (o == NULL)
		o = json_object();
	json_object_del(o, "labels");
	json_object_del(o, "sources"); /* what was fetched is among the contents */
	return o;
}

static bool are_same_changes(const struct kept *a, const struct kept *b)
{
	json_t *x = without_labels(a->changes), *y = without_labels(b->changes);
	bool are = json_equal(x, y) == 1;

	json_decref(x);
	json_decref(y);
	return are;
}

static bool are_same_contents(const struct kept *a, const struct kept *b)
{
	return a->has_tree == b->has_tree &&
	       (!a->has_tree || memcmp(a->tree.b, b->tree.b, sizeof a->tree.b) == 0);
}

/* What differs between two submissions, and so may be why. */
const char *judge_cause_of(const struct judgement *j, const struct sweep *s, const char *against)
{
	const char *label = s->label;
	struct dispatch *d = j->d;
	struct error err = {0};
	struct kept a, b = {0};
	const char *cause = CAUSE_FILE;

	if (kept_find(&a, d->s.ops, d->s.store, label, "schedule", &err) == 0 &&
		kept_find(&b, d->s.ops, d->s.store, against, "schedule", &err) == 0 &&
		strcmp(a.yaml, b.yaml) == 0 && are_same_changes(&a, &b))
		cause = are_same_contents(&a, &b) ? CAUSE_MACHINE : CAUSE_CONTENT;
	kept_done(&a);
	kept_done(&b);
	if (strcmp(cause, CAUSE_CONTENT) == 0 &&
		strcmp(judge_text(j->answer, "lost"), against) == 0)
		return CAUSE_UNKNOWN;
	return cause;
}

/* So many pairs at least can show anything at all at this level: the smallest p of n is 2 / 2^n. */
int64_t judge_blocks_needed(const struct campaign *c, size_t cases)
{
	double alpha = c->comparisons_n > 0 ? c->comparisons[0].alpha : 0.01;

	return (int64_t)ceil(log2(2 * (double)cases / alpha));
}

static char *changes_of(struct dispatch *d, const struct sweep *s, const json_t *group)
{
	const struct nightly_schedule *n = nightly_find(d, s->row.schedule);
	_cleanup_buf_ struct buf only = BUF_INIT;
	json_t *changes = json_object();

	judge_only(group, &only);
	json_object_set_new(changes, "only", json_string(only.data));
	if (n != NULL && n->campaign != NULL) {
		int64_t needed = judge_blocks_needed(n->campaign, json_array_size(group));
		if (needed > n->campaign->blocks)
			json_object_set_new(changes, "blocks", json_integer(needed));
	}
	char *text = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
	return text;
}

/* ---- submitting ---- */

static int64_t id_of(const struct dispatch *d, const char *label)
{
	const struct live *l;

	DL_FOREACH (d->lives, l) {
		if (strcmp(l->label, label) == 0)
			return l->id;
	}
	return 0;
}

/* It cannot be run: nothing can be shown tonight. */
static void give_up(struct judgement *j, const struct error *err)
{
	_cleanup_free_ char *why = xasprintf("it could not be confirmed: %s", err->text);

	log_warning("%s", why);
	judge_weigh_all(j, NULL, why);
}

/* The contents of before cannot be had, as that submission was pruned. */
static bool is_without_contents(const struct judgement *j, const struct error *err)
{
	return err->code != ERR_UNAVAILABLE &&
	       strcmp(judge_text(j->answer, "cause"), CAUSE_CONTENT) == 0;
}

static void on_decided(void *arg, const char *label, const struct error *err)
{
	struct judge_pending *p = arg;
	struct sweep *s = p->s;
	struct dispatch *d = p->d;
	struct judgement *j = s != NULL ? s->judgement : NULL;

	free(p);
	if (j == NULL)
		return;
	j->pending = NULL;
	if (label == NULL && is_without_contents(j, err)) {
		json_object_set(j->answer, "lost", json_object_get(j->answer, "against"));
		log_warning("%s; tonight's cases run again alone", err->text);
		judge_keep_answer(j, s);
		return; /* the next turn submits that */
	}
	if (label == NULL) {
		give_up(j, err);
		return;
	}
	free(s->confirmation);
	s->confirmation = xstrdup(label);
	s->row.confirmation = id_of(d, label);
	json_object_set_new(j->answer, "confirmation", json_string(label));
	judge_keep_answer(j, s);
	sweep_set(d, s, SWEEP_CONFIRMING, NULL, clock_realtime_ns());
}

static void submit(struct judgement *j, struct sweep *s, const char *against, const char *cause,
	const json_t *group, int64_t now_ns)
{
	_cleanup_free_ char *changes = changes_of(j->d, s, group);
	const struct nightly_schedule *n = nightly_find(j->d, s->row.schedule);

	j->pending = xcalloc(1, sizeof *j->pending);
	*j->pending = (struct judge_pending){.d = j->d, .s = s};
	const struct dispatch_request request = {
		.yaml = "",
		.file = "",
		.changes = changes,
		.priority = n != NULL ? n->row.priority : 0,
		.again = s->label,
		.against = strcmp(cause, CAUSE_CONTENT) == 0 ? against : NULL,
		.on_decided = on_decided,
		.arg = j->pending,
	};
	log_info("%s: %zu cases look changed and run again", s->label, json_array_size(group));
	dispatch_submit(j->d, now_ns, &request);
}

bool judge_confirm_next(struct judgement *j, struct sweep *s, int64_t now_ns, int64_t at)
{
	json_t *group;

	if (json_array_size(judge_list(j, "candidates")) == 0)
		return false;
	group = next_group(j);
	const char *against = judge_text(json_array_get(group, 0), "against");
	const char *cause = judge_cause_of(j, s, against);

	json_object_set_new(j->answer, "cause", json_string(cause));
	json_object_set_new(j->answer, "against", json_string(against));
	judge_keep_answer(j, s);
	free(s->confirmation);
	s->confirmation = NULL;
	s->row.confirmation = 0;
	submit(j, s, judge_text(j->answer, "against"), cause, group, now_ns);
	json_decref(group);
	sweep_set(j->d, s, SWEEP_CONFIRMING, NULL, at);
	return true;
}

/* ---- weighing ---- */

void judge_ask_confirmation(struct judgement *j, const struct sweep *s)
{
	const char *against = judge_text(j->answer, "against");
	bool is_content = strcmp(judge_text(j->answer, "cause"), CAUSE_CONTENT) == 0;
	const char *const by_content[] = {
		"compare", s->confirmation, "--by", "content", "--baseline", against, NULL};
	const char *const again[] = {"compare", s->confirmation, "--baseline", against, NULL};

	judge_ask(j, is_content ? by_content : again);
}

/* Its level stays; but not for ever. */
static void keep_open(struct judgement *j, json_t *one)
{
	json_int_t tries = json_integer_value(json_object_get(one, "tries")) + 1;

	json_object_set_new(one, "tries", json_integer(tries));
	if (tries < JUDGE_NIGHTS_MOST) {
		json_array_append(judge_list(j, "open"), one);
		return;
	}
	_cleanup_free_ char *key = judge_case_key(one);
	_cleanup_free_ char *note = xasprintf(
		"%s: it looked changed against %s in %d nights, and no confirmation could show "
		"anything; that is dropped",
		key, judge_text(one, "against"), JUDGE_NIGHTS_MOST);
	json_array_append_new(judge_list(j, "notes"), judge_json_text(note));
}

void judge_put_off(struct judgement *j, json_t *one, const char *why, bool is_open)
{
	json_t *all = judge_list(j, "candidates");

	json_incref(one);
	for (size_t i = json_array_size(all); i-- > 0;)
		if (json_array_get(all, i) == one)
			json_array_remove(all, i);
	json_object_set_new(one, "confirmation", judge_json_text(why));
	json_array_append(judge_list(j, "unconfirmed"), one);
	if (is_open)
		keep_open(j, one);
	json_decref(one);
}

static void weigh_one(
	struct judgement *j, json_t *one, const json_t *rows, const char *label, const char *why)
{
	static const char *const numbers[] = {"ratio", "low", "high", "p_adjusted",
		"baseline_median", "contender_median", "unit"};
	const json_t *found = NULL;
	enum weighed w = rows != NULL ? judge_weigh(one, rows, &found) : WEIGHED_OPEN;

	if (w == WEIGHED_CONFIRMED) {
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			json_object_set(one, numbers[i], json_object_get(found, numbers[i]));
		json_object_set(one, "cause", json_object_get(j->answer, "cause"));
		json_object_set_new(one, "shown_by", json_string(label));
		json_array_append(judge_list(j, "confirmed"), one);
		return;
	}
	judge_put_off(j, one,
		why != NULL     ? why
		: found != NULL ? judge_text(found, "verdict")
				: "it has no result there",
		w == WEIGHED_OPEN);
}

void judge_weigh_all(struct judgement *j, const json_t *rows, const char *why)
{
	json_t *group = next_group(j), *all = judge_list(j, "candidates"), *one;
	size_t i;

	json_array_foreach(group, i, one)
	{
		weigh_one(j, one, rows, judge_text(j->answer, "confirmation"), why);
		for (size_t k = json_array_size(all); k-- > 0;)
			if (json_array_get(all, k) == one)
				json_array_remove(all, k);
	}
	json_decref(group);
}
