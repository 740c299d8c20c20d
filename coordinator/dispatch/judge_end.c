/* The end of a sweep: what is news is told, and all that came out is kept. */
#include "coordinator/dispatch/judge_parts.h"

#include "coordinator/dispatch/admission.h"
#include "coordinator/dispatch/kept.h"
#include "coordinator/dispatch/notice_text.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <uthash.h>

/* ---- what is known of hosts ---- */

static const struct host *find_host(const struct dispatch *d, const char *name)
{
	for (const struct host *h = d->hosts; h != NULL; h = h->hh.next)
		if (strcmp(h->name, name) == 0)
			return h;
	return NULL;
}

static struct host_fact away(const char *why, const char *reason)
{
	return (struct host_fact){.standing = STANDING_AWAY,
		.reason = reason != NULL ? xasprintf("%s: %s", why, reason) : xstrdup(why)};
}

/* Or it did not come since this program was started: that it was stopped before may well be. */
static struct host_fact stopped(const struct host *h)
{
	const char *why = h->has_said_bye ? "its agent was stopped"
					  : "it was not there since the coordinator was started";
	char at[32];

	return (struct host_fact){.standing = STANDING_STOPPED,
		.reason = h->seen_at == ABSENT ? xstrdup(why)
					       : xasprintf("%s; it was seen last at %s", why,
							 clock_rfc3339(at, h->seen_at))};
}

static struct host_fact fact_of(void *arg, const char *name)
{
	const struct dispatch *d = arg;
	const struct host *h = find_host(d, name);
	const char *shown = h != NULL ? admission_shown(h) : NULL;

	if (h == NULL || keyring_find(d->config.keyring, h->public_key) == NULL)
		return away("its key is not trusted any more", NULL);
	if (h->admission == HOST_ASIDE)
		return (struct host_fact){.standing = STANDING_ASIDE,
			.reason = xasprintf("it is set aside: %s",
				h->reason != NULL ? h->reason : "everything fails on it")};
	if (shown != NULL) /* drained, or in a window of maintenance */
		return away(shown, h->reason);
	if (host_is_connected(h))
		return (struct host_fact){.standing = STANDING_THERE};
	if (!h->is_witnessed)
		return stopped(h);
	return (struct host_fact){.standing = STANDING_GONE,
		.reason = xstrdup("it is not there: its agent does not answer")};
}

/* Hosts that somebody waits for: of the last sweep, and those that are told to have failed. */
static json_t *expected_hosts(const struct judgement *j)
{
	const json_t *last = json_array_get(j->sweeps, json_array_size(j->sweeps) - 1);
	json_t *out = json_array(), *one, *hosts = json_object_get(last, "measured");
	size_t i;

	json_array_foreach(hosts, i, one)
	{
		judge_add_text(out, json_string_value(one));
	}
	json_array_foreach(j->told, i, one)
	{
		const char *subject = judge_text(one, "subject");

		if (strncmp(subject, "host ", strlen("host ")) == 0 &&
			judge_told_is_open(j->told, subject, NULL))
			judge_add_text(out, subject + strlen("host "));
	}
	return out;
}

/* ---- telling ---- */

static void add_notice(
	struct dispatch *d, const struct sweep *s, struct notice_text *text, int64_t at)
{
	struct error err = {0};
	struct store_notice n = {
		.sweep = s->row.id,
		.schedule = s->row.schedule,
		.at = at,
		.kind = text->kind,
		.subject = text->subject,
		.text = text->text,
		.json = text->json,
	};

	log_info("%s", text->text);
	if (dispatch_begin(d) == 0 && tell(d, &n, &err) < 0)
		dispatch_fail(d, &err);
	notice_text_done(text);
}

/* The label `commit` that a submission was made with; NULL: none. The caller frees. */
static char *commit_of(struct dispatch *d, const char *label)
{
	struct error err = {0};
	struct kept k;
	char *commit = NULL;

	if (kept_find(&k, d->s.ops, d->s.store, label, "schedule", &err) == 0 &&
		k.changes != NULL) {
		json_t *changes = json_loads(k.changes, 0, NULL);
		const char *text = judge_text(json_object_get(changes, "labels"), "commit");

		commit = text[0] != '\0' ? xstrdup(text) : NULL;
		json_decref(changes);
	}
	kept_done(&k);
	return commit;
}

static struct notice_facts facts_of(const struct dispatch *d, const struct sweep *s, int64_t at)
{
	return (struct notice_facts){.db = d->config.db,
		.schedule = s->row.schedule,
		.campaign = s->label,
		.baseline = s->row.baseline != NULL ? s->row.baseline : "previous",
		.sweep = s->row.id,
		.at = at};
}

/* Keys of cases of which tonight cannot say whether they have changed: cut short, inconclusive,
 * without that metric, or seen and not confirmed. Where one of them has, it is the change that
 * others show. */
static json_t *hidden_cases(const struct judgement *j)
{
	json_t *out = json_object(), *one;
	size_t i;

	judge_index(out, json_object_get(j->answer, "unsettled"));
	judge_index(out, json_object_get(j->answer, "open"));
	judge_index_without(out, json_object_get(j->answer, "without"));
	json_array_foreach(json_object_get(j->answer, "unmeasured"), i, one)
	{
		json_object_set_new(out, json_string_value(one), json_true());
	}
	return out;
}

/* Hosts on which a change would have been seen. */
static json_t *hosts_that_show(
	const struct judgement *j, const json_t *hidden, const json_t *change)
{
	json_t *out = json_array(), *one = json_copy((json_t *)change), *host;
	size_t i;

	json_array_foreach(j->measured, i, host)
	{
		json_object_set(one, "host", host);
		if (!judge_is_among(hidden, one))
			json_array_append(out, host);
	}
	json_decref(one);
	return out;
}

static void tell_change(struct judgement *j, const struct sweep *s, const json_t *change,
	const json_t *measured, int64_t at)
{
	_cleanup_free_ char *commit = commit_of(j->d, s->label);
	_cleanup_free_ char *before = commit_of(j->d, judge_text(change, "against"));
	struct notice_facts f = facts_of(j->d, s, at);
	struct notice_text text = {0};

	f.measured = measured;
	f.moved = json_object_get(j->answer, "moved");
	f.commit = commit;
	f.commit_before = before;
	notice_of_change(change, &f, &text);
	add_notice(j->d, s, &text, at);
}

static const char *list_of(const char *verdict)
{
	return strcmp(verdict, NOTICE_REGRESSED) == 0  ? "regressed"
	       : strcmp(verdict, NOTICE_IMPROVED) == 0 ? "improved"
						       : "returned";
}

static void tell_changes(struct judgement *j, const struct sweep *s, int64_t at)
{
	json_t *changes = judge_bundle(judge_list(j, "confirmed")), *change;
	json_t *hidden = hidden_cases(j);
	size_t i;

	json_array_foreach(changes, i, change)
	{
		json_t *measured = hosts_that_show(j, hidden, change);

		tell_change(j, s, change, measured, at);
		json_decref(measured);
		json_array_append(judge_list(j, list_of(judge_text(change, "verdict"))), change);
	}
	json_decref(hidden);
	json_decref(changes);
	json_object_del(j->answer, "confirmed");
}

static void tell_hosts(struct judgement *j, const struct sweep *s, int64_t at)
{
	json_t *expected = expected_hosts(j), *notices, *one;
	const struct judge_missing missing = {.label = s->label, .since = j->missing};
	json_t *hosts = judge_hosts(j->results, expected, &missing, fact_of, j->d);
	json_t *failed = judge_failed_cases(j->results, hosts);
	_cleanup_free_ char *commit = commit_of(j->d, s->label);
	struct notice_facts f = facts_of(j->d, s, at);
	size_t i;

	f.commit = commit;
	notices = judge_host_notices(j->told, j->results, hosts, failed);
	json_array_foreach(notices, i, one)
	{
		struct notice_text text = {0};

		notice_of_host(one, &f, &text);
		add_notice(j->d, s, &text, at);
	}
	json_object_set_new(j->answer, "hosts", hosts);
	json_object_set_new(j->answer, "failed", failed);
	json_decref(notices);
	json_decref(expected);
}

void judge_tell_failed(struct dispatch *d, const struct sweep *s, const char *reason, int64_t at)
{
	struct judgement j = {.d = d};
	struct error err = {0};
	const struct notice_facts f = facts_of(d, s, at);
	struct notice_text text = {0};

	if (d->failure.code != 0 || judge_read_store(&j, s, &err) < 0) {
		log_error("%s", err.text);
	} else if (!judge_told_is_open(j.told, SUBJECT_SWEEP, NULL)) {
		json_t *what = json_pack("{s:s, s:s, s:[], s:o}", "kind", NOTICE_SWEEP, "subject",
			SUBJECT_SWEEP, "hosts", "reason",
			judge_json_text(reason != NULL ? reason : ""));
		notice_of_host(what, &f, &text);
		json_decref(what);
		add_notice(d, s, &text, at);
	}
	judge_drop_store(&j);
}

/* ---- the end ---- */

static bool has_failures(const struct judgement *j)
{
	const json_t *hosts = json_object_get(j->answer, "hosts"), *host;
	size_t i;

	json_array_foreach((json_t *)hosts, i, host)
	{
		if (json_integer_value(json_object_get(host, "failed")) > 0 ||
			strcmp(judge_text(host, "state"), "failed") == 0)
			return true;
	}
	return false;
}

static int status_of(const struct judgement *j)
{
	const json_t *still = json_object_get(j->answer, "still"), *one;
	size_t i;

	if (json_array_size(json_object_get(j->answer, "regressed")) > 0)
		return EXIT_REGRESSION;
	json_array_foreach((json_t *)still, i, one)
	{
		if (strcmp(judge_text(one, "verdict"), NOTICE_REGRESSED) == 0)
			return EXIT_REGRESSION;
	}
	return has_failures(j) ? EXIT_RUN_FAILED : EXIT_OK;
}

/* A case that was cut short before it could show anything is no baseline of the next night. */
static int64_t least_runs(const struct judgement *j, const struct sweep *s)
{
	const struct nightly_schedule *n = nightly_find(j->d, s->row.schedule);

	if (n == NULL || n->campaign == NULL)
		return 1;
	int64_t needed = judge_blocks_needed(n->campaign, 1);
	return needed < n->campaign->blocks ? needed : n->campaign->blocks;
}

json_t *judge_metrics(const struct judgement *j, const struct sweep *s)
{
	static const char *const usual[] = {"time", "energy.package"};
	const struct nightly_schedule *n = nightly_find(j->d, s->row.schedule);
	const struct campaign *c = n != NULL ? n->campaign : NULL;
	json_t *out = json_array();

	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++)
		for (size_t k = 0; k < c->comparisons[i].metrics_n; k++)
			judge_add_text(out, c->comparisons[i].metrics[k]);
	bool is_said = json_array_size(out) > 0;
	for (size_t i = 0; !is_said && i < ARRAY_SIZE(usual); i++)
		judge_add_text(out, usual[i]);
	return out;
}

/* Whether the last sweep that measured this host had the metric there. */
static bool was_there(const struct judgement *j, const json_t *without)
{
	for (size_t i = json_array_size(j->sweeps); i-- > 0;) {
		const json_t *sweep = json_array_get(j->sweeps, i);

		if (judge_has_text(json_object_get(sweep, "measured"), judge_text(without, "host")))
			return json_is_true(json_object_get(sweep, "knows_metrics")) &&
			       !judge_is_among(json_object_get(sweep, "unmeasured"), without);
	}
	return false;
}

static void note_lost_metrics(struct judgement *j)
{
	const json_t *first = NULL;
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(json_object_get(j->answer, "without"), i, one)
	{
		if (was_there(j, one) && n++ == 0)
			first = one;
	}
	if (n == 0)
		return;
	_cleanup_free_ char *key = judge_without_key(first);
	_cleanup_free_ char *more = n > 1 ? xasprintf(" and %zu more", n - 1) : xstrdup("");
	_cleanup_free_ char *note = xasprintf("%s%s: no run has it, unlike the sweep before; once "
					      "it is back it is compared with the last that has it",
		key, more);
	json_array_append_new(judge_list(j, "notes"), judge_json_text(note));
}

void judge_end(struct judgement *j, struct sweep *s, int64_t at)
{
	static const char *const working[] = {
		"candidates", "cause", "against", "confirmation", "lost"};

	if (dispatch_begin(j->d) < 0)
		return;
	json_object_set_new(j->answer, "unmeasured",
		judge_unmeasured(j->results, j->measured, least_runs(j, s)));
	json_t *metrics = judge_metrics(j, s);
	json_object_set_new(j->answer, "without", judge_without(j->results, metrics));
	json_decref(metrics);
	note_lost_metrics(j);
	tell_changes(j, s, at);
	tell_hosts(j, s, at);
	for (size_t i = 0; i < ARRAY_SIZE(working); i++)
		json_object_del(j->answer, working[i]);
	for (size_t i = 0; i < 3; i++)
		judge_list(j, (const char *const[]){"regressed", "improved", "unconfirmed"}[i]);
	json_object_set(j->answer, "measured", j->measured);
	json_object_set_new(j->answer, "status", json_integer(status_of(j)));
	judge_keep_answer(j, s);
	if (j->d->failure.code == 0)
		sweep_set(j->d, s, SWEEP_DONE, NULL, at);
}
