/*
 * A sweep from the end of its campaign to its notices.
 *
 * First `results` of the campaign is asked, then `compare` of it with whatever its cases are held
 * against (judge_told.h): mostly one baseline. What looks changed is confirmed, one submission
 * after the other, and each confirmation weighed (judge_confirm.c). Then all is told (judge_end.c).
 * A coordinator that is started anew asks anew; what was decided is in the answer.
 */
#include "coordinator/dispatch/judge_parts.h"
#include "coordinator/dispatch/submission.h"

#include "proto/log.h"
#include <stdio.h>
#include <utlist.h>

/* A submission that waits will call back, and free it; without one nobody will. */
static void leave_pending(struct judgement *j)
{
	const struct submission *s;

	if (j->pending == NULL)
		return;
	j->pending->s = NULL;
	DL_FOREACH (j->d->submissions, s) {
		if (s->request.arg == j->pending)
			return;
	}
	free(j->pending);
}

void judgement_free(struct judgement *j)
{
	if (j == NULL)
		return;
	judge_ask_done(j);
	leave_pending(j);
	json_decref(j->answer);
	judge_drop_store(j);
	json_decref(j->results);
	json_decref(j->measured);
	json_decref(j->rows);
	for (size_t i = 0; i < j->baselines_n; i++)
		free(j->baselines[i]);
	free(j->baselines);
	free(j);
}

static void fail(struct dispatch *d, struct sweep *s, const struct error *err, int64_t at)
{
	_cleanup_free_ char *why = xasprintf("it could not be compared: %s", err->text);

	sweep_set(d, s, SWEEP_FAILED, why, at);
}

static struct judgement *begin(struct dispatch *d, struct sweep *s, struct error *err)
{
	struct judgement *j = xcalloc(1, sizeof *j);

	j->d = d;
	j->question.out = (struct buf)BUF_INIT;
	s->judgement = j;
	if (s->row.answer != NULL && s->state != SWEEP_COMPARING)
		j->answer = json_loads(s->row.answer, 0, NULL);
	if (!json_is_object(j->answer)) {
		json_decref(j->answer);
		j->answer = json_object();
	}
	return judge_read_store(j, s, err) < 0 ? NULL : j;
}

/* ---- the results ---- */

/* 1: they are here. */
static int get_results(struct judgement *j, const struct sweep *s, struct error *err)
{
	const char *const words[] = {"results", s->label, NULL};

	if (j->results != NULL)
		return 1;
	if (!judge_is_asking(j))
		judge_ask(j, words);
	int r = judge_answered(j, &j->results, err);
	if (r > 0)
		j->measured = judge_measured(j->results);
	return r;
}

/* ---- the comparison ---- */

static void add_note(struct judgement *j, const char *text)
{
	json_array_append_new(judge_list(j, "notes"), judge_json_text(text));
}

static void add_baseline(struct judgement *j, char *text)
{
	for (size_t i = 0; i < j->baselines_n; i++) {
		if (strcmp(j->baselines[i], text) == 0) {
			free(text);
			return;
		}
	}
	j->baselines = xreallocarray(j->baselines, j->baselines_n + 1, sizeof *j->baselines);
	j->baselines[j->baselines_n++] = text;
}

/* A host of tonight, of a case that was told of before or of one that nobody has heard of. */
static void add_baselines_of(struct judgement *j, const struct judge_view *v, const char *host)
{
	json_t *one = json_object(), *notice;
	size_t i;

	json_object_set_new(one, "host", json_string(host));
	add_baseline(j, judge_baseline_of(v, one));
	json_array_foreach(j->told, i, notice)
	{
		if (json_object_get(notice, "metric") == NULL)
			continue;
		json_t *told = json_copy(notice);
		json_object_set_new(told, "host", json_string(host));
		add_baseline(j, judge_baseline_of(v, told));
		json_decref(told);
	}
	json_decref(one);
}

/* Cases of hosts of tonight whose level is not the last night; each metric has its own. */
static void add_older_baselines(struct judgement *j, const struct judge_view *v)
{
	json_t *all = json_object(), *sweep, *one;
	const char *key;
	size_t i;

	json_array_foreach(j->sweeps, i, sweep)
	{
		json_object_update(all, json_object_get(sweep, "unsettled"));
	}
	json_object_foreach(all, key, one)
	{
		if (judge_has_text(j->measured, judge_text(one, "host")))
			add_baseline(j, judge_baseline_of(v, one));
	}
	json_decref(all);
}

/* A case that the night before did not get to, or had no such metric of, is held against an earlier
 * night. */
static void add_baselines_of_row(
	struct judgement *j, const struct judge_view *v, const json_t *metrics, const json_t *row)
{
	json_t *metric;
	size_t i;

	add_baseline(j, judge_baseline_of(v, row));
	json_array_foreach(metrics, i, metric)
	{
		if (!json_is_number(json_object_get(row, json_string_value(metric))))
			continue;
		json_t *one = json_copy((json_t *)row);
		json_object_set(one, "metric", metric);
		add_baseline(j, judge_baseline_of(v, one));
		json_decref(one);
	}
}

/* All that some case of tonight is held against; what stands for the schedule's own first. */
static void choose_baselines(struct judgement *j, const struct sweep *s)
{
	const struct judge_view v = judge_view_of(j, s);
	int64_t n;
	json_t *one;
	size_t i;

	if (strcmp(v.baseline, s->label) == 0) { /* written down before it was there */
		_cleanup_free_ char *note = xasprintf("%s is the baseline itself", s->label);
		add_note(j, note);
		return;
	}
	/* Of `previous` each host knows what it is (judge_told.h). */
	if (judge_baseline_kind(v.baseline, &n) != BASELINE_PREVIOUS ||
		json_array_size(j->measured) == 0)
		add_baseline(j, xstrdup(v.baseline));
	json_array_foreach(j->measured, i, one)
	{
		add_baselines_of(j, &v, json_string_value(one));
	}
	add_older_baselines(j, &v);
	json_t *metrics = judge_metrics(j, s);
	json_array_foreach(j->results, i, one)
	{
		if (json_integer_value(json_object_get(one, "n")) > 0)
			add_baselines_of_row(j, &v, metrics, one);
	}
	json_decref(metrics);
}

/* Rows of cases that are held against just this one. */
static void take_rows(struct judgement *j, const struct sweep *s, const json_t *rows)
{
	const struct judge_view v = judge_view_of(j, s);
	const char *baseline = j->baselines[j->baselines_at];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		_cleanup_free_ char *wanted = judge_baseline_of(&v, row);

		if (strcmp(wanted, baseline) == 0)
			json_array_append(j->rows, row);
	}
}

/* An earlier submission may have other hosts or other benchmarks alone; a label that somebody wrote
 * down should not. */
static bool is_nothing_shared(const struct judgement *j, const struct sweep *s)
{
	int64_t n;

	return j->question.status == EXIT_USAGE &&
	       judge_baseline_kind(s->row.baseline, &n) != BASELINE_LABEL;
}

/* 1: all rows are here. */
static int get_rows(struct judgement *j, const struct sweep *s, struct error *err)
{
	json_t *rows = NULL;

	if (j->rows == NULL) {
		j->rows = json_array();
		choose_baselines(j, s);
	}
	while (j->baselines_at < j->baselines_n) {
		const char *const words[] = {
			"compare", s->label, "--baseline", j->baselines[j->baselines_at], NULL};
		if (!judge_is_asking(j))
			judge_ask(j, words);
		int r = judge_answered(j, &rows, err);
		if (r == 0 || (r < 0 && j->baselines_at == 0 && !is_nothing_shared(j, s)))
			return r;
		if (r > 0)
			take_rows(j, s, rows);
		else
			add_note(j, err->text);
		json_decref(rows);
		rows = NULL;
		j->baselines_at++;
	}
	return 1;
}

/* ---- what looks changed ---- */

/* Those that count: a canary is the machine. */
static void choose_candidates(struct judgement *j, const struct sweep *s)
{
	const struct judge_view v = judge_view_of(j, s);
	json_t *row;
	size_t i;

	json_array_foreach(j->rows, i, row)
	{
		if (json_is_true(json_object_get(row, "canary")))
			continue;
		bool is_new = judge_is_new(&v, row);
		json_object_set_new(row, "against", json_string(judge_against_of(&v, row)));
		if (is_new)
			json_array_append(judge_list(j, "candidates"), row);
		else if (judge_has_moved(row) || judge_is_first_sight(&v, row))
			json_array_append(judge_list(j, "still"), row);
	}
}

/* Those that may have changed or not: they become no level, and what others show may be theirs. */
static void keep_unsettled(struct judgement *j, const struct sweep *s)
{
	static const char *const keys[] = {"metric", "benchmark", "parameters", "host", "against"};
	const struct judge_view v = judge_view_of(j, s);
	json_t *row, *one;
	int64_t n;
	size_t i;

	bool is_of_label = judge_baseline_kind(v.baseline, &n) == BASELINE_LABEL;
	json_array_foreach(j->rows, i, row)
	{
		if (strcmp(judge_text(row, "verdict"), "inconclusive") != 0 ||
			!(is_of_label || judge_is_of_one_night(&v, row)))
			continue;
		one = json_object();
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			json_object_set(one, keys[k], json_object_get(row, keys[k]));
		json_array_append_new(judge_list(j, "unsettled"), one);
	}
}

static void note_old_levels(struct judgement *j, const struct sweep *s)
{
	const struct judge_view v = judge_view_of(j, s);
	const json_t *first = NULL;
	json_t *row;
	size_t i, n = 0;

	json_array_foreach(j->rows, i, row)
	{
		if (!judge_is_of_one_night(&v, row) || !judge_level_is_old(&v, row))
			continue;
		if (n++ == 0)
			first = row;
	}
	if (n == 0)
		return;
	_cleanup_free_ char *key = judge_case_key(first);
	_cleanup_free_ char *more = n > 1 ? xasprintf(" and %zu more", n - 1) : xstrdup("");
	_cleanup_free_ char *note = xasprintf(
		"%s%s: not settled by any of the last %d nights, so held against the oldest of "
		"them (%s); more blocks would settle it",
		key, more, JUDGE_NIGHTS_MOST, judge_text(first, "against"));
	add_note(j, note);
}

/* In how many sweeps the same was looked at in vain before: not each one runs it again. */
static void take_tries(struct judgement *j)
{
	json_t *open = json_object(), *all = json_copy(judge_list(j, "candidates")), *one;
	size_t i;

	judge_index(open, j->open);
	json_array_foreach(all, i, one)
	{
		_cleanup_free_ char *key = judge_case_key(one);
		json_t *tries = json_object_get(json_object_get(open, key), "tries");

		if (tries == NULL)
			continue;
		json_object_set(one, "tries", tries);
		if (!judge_is_tried_again(json_integer_value(tries)))
			judge_put_off(j, one,
				"confirmations could show nothing so far; a later sweep tries once "
				"more",
				true);
	}
	json_decref(all);
	json_decref(open);
}

static void compare(
	struct dispatch *d, struct judgement *j, struct sweep *s, int64_t now_ns, int64_t at)
{
	struct error err = {0};
	int r = get_results(j, s, &err);

	if (r > 0)
		r = get_rows(j, s, &err);
	if (r < 0)
		fail(d, s, &err, at);
	if (r <= 0)
		return;
	if (!j->is_chosen) {
		choose_candidates(j, s);
		keep_unsettled(j, s);
		note_old_levels(j, s);
		take_tries(j);
		judge_nights_mark(j, s);
		j->is_chosen = true;
	}
	if (judge_nights_weigh(j, s) == 0)
		return;
	json_object_set_new(
		j->answer, "compared", json_integer((json_int_t)json_array_size(j->rows)));
	json_object_set_new(j->answer, "moved", judge_moved_hosts(j->rows));
	if (!judge_confirm_next(j, s, now_ns, at))
		judge_end(j, s, at);
}

/* ---- confirmations ---- */

static bool is_live(const struct dispatch *d, int64_t id)
{
	const struct live *l;

	DL_FOREACH (d->lives, l) {
		if (l->id == id)
			return true;
	}
	return false;
}

static void confirm(
	struct dispatch *d, struct judgement *j, struct sweep *s, int64_t now_ns, int64_t at)
{
	struct error err = {0};

	if (j->pending != NULL)
		return;
	if (s->row.confirmation != 0) {
		if (!is_live(d, s->row.confirmation))
			sweep_set(d, s, SWEEP_WEIGHING, NULL, at);
		return;
	}
	/* It could not be submitted, or the coordinator ended before it was. */
	int r = get_results(j, s, &err);
	if (r < 0)
		fail(d, s, &err, at);
	else if (r > 0 && !judge_confirm_next(j, s, now_ns, at))
		judge_end(j, s, at);
}

static void weigh(
	struct dispatch *d, struct judgement *j, struct sweep *s, int64_t now_ns, int64_t at)
{
	struct error err = {0};
	json_t *rows = NULL;
	int r = get_results(j, s, &err);

	if (r < 0)
		fail(d, s, &err, at);
	if (r <= 0)
		return;
	if (!judge_is_asking(j))
		judge_ask_confirmation(j, s);
	r = judge_answered(j, &rows, &err);
	if (r == 0)
		return;
	judge_weigh_all(j, rows, r < 0 ? err.text : NULL);
	json_decref(rows);
	if (!judge_confirm_next(j, s, now_ns, at))
		judge_end(j, s, at);
}

/* ---- each tick ---- */

void judge_go_on(struct dispatch *d, struct sweep *s, int64_t now_ns, int64_t at)
{
	struct error err = {0};
	struct judgement *j = s->judgement;

	if (d->failure.code != 0)
		return;
	if (d->config.ask == NULL) {
		sweep_set(d, s, SWEEP_DONE, "this coordinator compares nothing", at);
		return;
	}
	if (j == NULL && (j = begin(d, s, &err)) == NULL) {
		dispatch_fail(d, &err);
		return;
	}
	if (s->state == SWEEP_COMPARING)
		compare(d, j, s, now_ns, at);
	else if (s->state == SWEEP_CONFIRMING)
		confirm(d, j, s, now_ns, at);
	else if (s->state == SWEEP_WEIGHING)
		weigh(d, j, s, now_ns, at);
}
