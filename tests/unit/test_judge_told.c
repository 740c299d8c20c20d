/* What is news of a sweep, what a case is held against, and what becomes of hosts: without a store.
 */
#include "coordinator/dispatch/judge_hosts.h"
#include "coordinator/dispatch/notice_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- made by hand ---- */

static json_t *parse(const char *text)
{
	json_error_t why;
	json_t *out = json_loads(text, 0, &why);

	if (out == NULL)
		fail_msg("%s: %s", why.text, text);
	return out;
}

static json_t *row_of(const char *host, const char *verdict, const char *against)
{
	return json_pack("{s:s, s:s, s:{s:i}, s:s, s:s, s:s, s:f, s:b}", "metric", "time",
		"benchmark", "nbody", "parameters", "threads", 8, "host", host, "verdict", verdict,
		"against", against, "ratio", 1.03, "canary", 0);
}

/* A notice as it was told in this submission of the hosts; measured were all of `measured`. */
static void tell_of(json_t *told, const char *kind, const char *campaign, const char *host,
	const char *measured, const char *baseline)
{
	_cleanup_free_ char *json =
		xasprintf("{\"campaign\":\"%s\",\"sweep\":%s,\"baseline\":\"%s\","
			  "\"metric\":\"time\",\"hosts\":[{\"host\":\"%s\"}],"
			  "\"measured\":%s}",
			campaign, strrchr(campaign, '.') + 1, baseline, host, measured);

	judge_told_add(told, kind, "time nbody {\"threads\":8}", json);
}

static json_t *sweeps_to(int last, const char *without, int from, int to)
{
	json_t *out = json_array();

	for (int i = 1; i <= last; i++) {
		_cleanup_free_ char *label = xasprintf("night.%d", i);
		json_t *measured = json_array(), *one;
		static const char *const hosts[] = {"a", "b"};

		for (size_t k = 0; k < 2; k++)
			if (i < from || i > to || strcmp(hosts[k], without) != 0)
				json_array_append_new(measured, json_string(hosts[k]));
		one = json_pack("{s:s, s:o}", "label", label, "measured", measured);
		json_array_append_new(out, one);
	}
	return out;
}

static void assert_new(const struct judge_view *v, const char *host, const char *verdict,
	const char *against, bool is)
{
	json_t *row = row_of(host, verdict, against);

	assert_int_equal(judge_is_new(v, row), is);
	json_decref(row);
}

static void assert_baseline(const struct judge_view *v, const char *host, const char *wanted)
{
	json_t *row = row_of(host, "unchanged", "night.1");
	_cleanup_free_ char *baseline = judge_baseline_of(v, row);

	assert_string_equal(baseline, wanted);
	json_decref(row);
}

/* ---- previous ---- */

static void previous_tells_each_change_once(void **state)
{
	json_t *told = json_array(), *sweeps = sweeps_to(13, "b", 12, 13);
	const struct judge_view v = {.baseline = "previous", .told = told, .sweeps = sweeps};

	(void)state;
	assert_new(&v, "a", "regressed", "night.11", true);
	assert_new(&v, "a", "unchanged", "night.11", false);
	tell_of(told, NOTICE_REGRESSED, "night.12", "a", "[\"a\"]", "previous");
	/* b was away from 12 on: it is held against 11, and what it shows was told of a */
	assert_baseline(&v, "a", "night.13");
	assert_baseline(&v, "b", "night.11");
	assert_baseline(&v, "c", "previous"); /* it was in no sweep */
	assert_new(&v, "b", "regressed", "night.11", false);
	assert_new(&v, "b", "improved", "night.11", true);
	assert_new(&v, "a", "regressed", "night.13", true); /* once more, since */
	json_decref(told);
	json_decref(sweeps);
}

static void one_that_was_there_and_did_not_show_it_is_news(void **state)
{
	json_t *told = json_array(), *sweeps = sweeps_to(13, "", 0, 0);
	const struct judge_view v = {.baseline = "previous", .told = told, .sweeps = sweeps};

	(void)state;
	tell_of(told, NOTICE_REGRESSED, "night.12", "a", "[\"a\",\"b\"]", "previous");
	assert_new(&v, "b", "regressed", "night.11", true);
	json_decref(told);
	json_decref(sweeps);
}

static void what_could_not_be_shown_is_held_against_the_same(void **state)
{
	json_t *open = json_array(), *sweeps = sweeps_to(12, "", 0, 0);
	const struct judge_view v = {
		.baseline = "previous", .told = NULL, .sweeps = sweeps, .open = open};
	json_t *row = row_of("a", "regressed", "night.12");

	(void)state;
	json_array_append_new(open, row_of("a", "regressed", "night.11"));
	assert_baseline(&v, "a", "night.11");
	assert_baseline(&v, "b", "night.12");
	assert_string_equal(judge_against_of(&v, row), "night.11");
	json_decref(row);
	json_decref(open);
	json_decref(sweeps);
}

/* Each try costs the hosts time; but what no try could show may be a change all the same. */
static void what_could_not_be_shown_is_tried_ever_more_rarely(void **state)
{
	_cleanup_buf_ struct buf tried = BUF_INIT;

	(void)state;
	for (int i = 0; i < JUDGE_NIGHTS_MOST; i++)
		buf_adds(&tried, judge_is_tried_again(i) ? "x" : ".");
	assert_string_equal(tried.data, "xxx...x...x...");
}

static void a_night_that_was_cut_short_is_no_baseline(void **state)
{
	json_t *told = json_array(), *sweeps = sweeps_to(13, "b", 4, 6);
	const struct judge_view v = {.baseline = "previous", .told = told, .sweeps = sweeps};
	json_t *results = json_array(), *row = row_of("a", "unchanged", "night.1"), *cut, *short_of;

	(void)state;
	json_object_set_new(row, "n", json_integer(4));
	json_array_append(results, row);
	cut = judge_unmeasured(results, json_object_get(json_array_get(sweeps, 12), "measured"), 5);
	assert_int_equal(json_array_size(cut), 1);
	short_of = json_pack("{s:b}", json_string_value(json_array_get(cut, 0)), 1);
	json_object_set_new(json_array_get(sweeps, 12), "unmeasured", short_of);
	assert_baseline(&v, "a", "night.12");
	assert_baseline(&v, "b", "night.13");
	/* so many nights say how they vary: from the one on that told of it */
	assert_int_equal(judge_nights_of(&v, row), 13);
	tell_of(told, NOTICE_REGRESSED, "night.12", "a", "[\"a\"]", "previous");
	assert_int_equal(judge_nights_of(&v, row), 2);
	json_decref(cut);
	json_decref(row);
	json_decref(results);
	json_decref(told);
	json_decref(sweeps);
}

static json_t *result_of(const char *benchmark, const char *host, int n, bool has_energy)
{
	json_t *row = json_pack("{s:s, s:{s:i}, s:s, s:i, s:f, s:n}", "benchmark", benchmark,
		"parameters", "n", n, "host", host, "n", 5, "time", 1.5, "energy.package");

	if (has_energy)
		json_object_set_new(row, "energy.package", json_real(10));
	return row;
}

static void assert_without(const json_t *results, const char *wanted)
{
	json_t *metrics = parse("[\"time\",\"energy.package\"]");
	json_t *without = judge_without(results, metrics);
	_cleanup_free_ char *text = json_dumps(without, JSON_COMPACT);

	assert_string_equal(text, wanted);
	json_decref(without);
	json_decref(metrics);
}

static void what_has_none_of_a_metric_is_said_shortly(void **state)
{
	json_t *results = json_array();

	(void)state;
	json_array_append_new(results, result_of("x", "a", 1, false));
	json_array_append_new(results, result_of("x", "a", 2, false));
	json_array_append_new(results, result_of("y", "a", 1, false));
	json_array_append_new(results, result_of("x", "b", 1, true));
	assert_without(results, "[{\"metric\":\"energy.package\",\"host\":\"a\"}]");
	json_array_append_new(results, result_of("y", "a", 2, true));
	assert_without(results,
		"[{\"metric\":\"energy.package\",\"benchmark\":\"x\",\"host\":\"a\"},"
		"{\"metric\":\"energy.package\",\"benchmark\":\"y\","
		"\"parameters\":{\"n\":1},\"host\":\"a\"}]");
	json_decref(results);
}

/* That night nobody could read the counters, of all or of some. */
static void a_night_without_a_metric_is_no_level_of_it(void **state)
{
	static const char *const without[] = {"[{\"metric\":\"energy.package\",\"host\":\"a\"}]",
		"[{\"metric\":\"energy.package\",\"benchmark\":\"nbody\",\"host\":\"a\"}]",
		"[{\"metric\":\"energy.package\",\"benchmark\":\"nbody\","
		"\"parameters\":{\"threads\":8},\"host\":\"a\"}]"};
	json_t *sweeps = sweeps_to(13, "", 0, 0), *row = row_of("a", "unchanged", "night.13");
	const struct judge_view v = {.baseline = "previous", .sweeps = sweeps};

	(void)state;
	json_object_set_new(row, "metric", json_string("energy.package.per_work"));
	for (size_t i = 0; i < 3; i++) {
		json_t *list = parse(without[i]), *keys = json_object();

		judge_index_without(keys, list);
		json_object_set_new(json_array_get(sweeps, 12), "unmeasured", keys);
		_cleanup_free_ char *baseline = judge_baseline_of(&v, row);
		assert_string_equal(baseline, "night.12");
		assert_baseline(&v, "a", "night.13"); /* of its time */
		json_decref(list);
	}
	json_decref(row);
	json_decref(sweeps);
}

/* The comparison of a night with its level was inconclusive for this case, or is open. */
static void leave_unsettled(json_t *sweeps, size_t night, const char *host, const char *against)
{
	json_t *row = row_of(host, "inconclusive", against);
	json_t *sweep = json_array_get(sweeps, night - 1);
	_cleanup_free_ char *key = judge_case_key(row);

	if (json_object_get(sweep, "unsettled") == NULL)
		json_object_set_new(sweep, "unsettled", json_object());
	json_object_set_new(json_object_get(sweep, "unsettled"), key, row);
}

static void a_night_that_settled_nothing_is_no_level(void **state)
{
	json_t *sweeps = sweeps_to(13, "b", 10, 12), *other = row_of("a", "unchanged", "night.12");
	const struct judge_view v = {.baseline = "previous", .told = NULL, .sweeps = sweeps};

	(void)state;
	leave_unsettled(sweeps, 12, "a", "night.11");
	assert_baseline(&v, "a", "night.13");
	leave_unsettled(sweeps, 13, "a", "night.11");
	leave_unsettled(sweeps, 13, "b", "night.9");
	assert_baseline(&v, "a", "night.11");
	assert_baseline(&v, "b", "night.9"); /* it was away from 10 to 12 */
	json_object_set_new(other, "metric", json_string("energy.package"));
	_cleanup_free_ char *baseline = judge_baseline_of(&v, other);
	assert_string_equal(baseline, "night.13"); /* of each metric by itself */
	json_decref(other);
	json_decref(sweeps);
}

/* As the first sweep, which was held against what somebody submitted by hand. */
static void where_no_sweep_settled_a_case_its_level_stays(void **state)
{
	json_t *sweeps = sweeps_to(2, "", 0, 0);
	const struct judge_view v = {.baseline = "previous", .told = NULL, .sweeps = sweeps};

	(void)state;
	leave_unsettled(sweeps, 1, "a", "night.0");
	leave_unsettled(sweeps, 2, "a", "night.0");
	assert_baseline(&v, "a", "night.0");
	assert_baseline(&v, "b", "night.2");
	json_decref(sweeps);
}

static void assert_old(const struct judge_view *v, const char *host, bool is)
{
	json_t *row = row_of(host, "inconclusive", "night.1");

	assert_int_equal(judge_level_is_old(v, row), is);
	json_decref(row);
}

static void a_level_is_not_for_ever(void **state)
{
	json_t *sweeps = sweeps_to(30, "", 0, 0);
	const struct judge_view v = {.baseline = "previous", .told = NULL, .sweeps = sweeps};

	(void)state;
	for (size_t night = 18; night <= 30; night++)
		leave_unsettled(sweeps, night, "a", "night.17");
	assert_baseline(&v, "a", "night.17"); /* the 14th before */
	assert_old(&v, "a", false);
	for (size_t night = 2; night <= 17; night++)
		leave_unsettled(sweeps, night, "a", "night.1");
	assert_baseline(&v, "a", "night.17"); /* nor is that one settled, but none since is */
	assert_old(&v, "a", true);
	assert_old(&v, "b", false);
	json_decref(sweeps);
}

/* ---- last-N ---- */

static void only_nights_from_a_change_on_count(void **state)
{
	json_t *told = json_array(), *sweeps;
	struct judge_view v = {.baseline = "last-7", .told = told};
	static const char *const wanted[] = {
		"night.12", "night.13", "last-3", "last-4", "last-5", "last-6", "last-7", "last-7"};

	(void)state;
	tell_of(told, NOTICE_REGRESSED, "night.12", "a", "[\"a\",\"b\"]", "last-7");
	for (int n = 0; n < 8; n++) {
		v.sweeps = sweeps = sweeps_to(12 + n, "", 0, 0);
		assert_baseline(&v, "a", wanted[n]);
		assert_baseline(&v, "b", "last-7");
		json_decref(sweeps);
	}
	json_decref(told);
}

/* `compare` refuses a level of fewer than three nights; nobody would hear of that host that night.
 */
static void a_host_that_was_away_is_held_against_its_last_night(void **state)
{
	json_t *told = json_array();
	struct judge_view v = {.baseline = "last-3", .told = told};

	(void)state;
	v.sweeps = sweeps_to(15, "b", 14, 15);
	assert_baseline(&v, "a", "last-3");
	assert_baseline(&v, "b", "night.13");
	json_decref((json_t *)v.sweeps);
	v.sweeps = sweeps_to(15, "b", 13, 14);
	assert_baseline(&v, "b", "night.15");
	tell_of(told, NOTICE_REGRESSED, "night.12", "b", "[\"a\",\"b\"]", "last-3");
	assert_baseline(&v, "b", "night.15");
	json_decref((json_t *)v.sweeps);
	v.baseline = "last-7";
	v.sweeps = sweeps_to(16, "b", 13, 13);
	assert_baseline(&v, "b", "last-5"); /* four of them have it */
	json_decref((json_t *)v.sweeps);
	v.sweeps = sweeps_to(2, "", 0, 0);
	assert_baseline(&v, "a", "last-7"); /* there are no three nights yet */
	json_decref((json_t *)v.sweeps);
	json_decref(told);
}

/* ---- a label ---- */

static void against_a_label_only_another_verdict_is_news(void **state)
{
	json_t *told = json_array();
	struct judge_view v = {.baseline = "night.1", .told = told};

	(void)state;
	assert_baseline(&v, "a", "night.1");
	assert_new(&v, "a", "unchanged", "night.1", false);
	assert_new(&v, "a", "regressed", "night.1", true);
	tell_of(told, NOTICE_REGRESSED, "night.5", "a", "[\"a\",\"b\"]", "night.1");
	assert_new(&v, "a", "regressed", "night.1", false);
	assert_new(&v, "a", "inconclusive", "night.1", false);
	assert_new(&v, "a", "unchanged", "night.1", true);
	assert_new(&v, "a", "improved", "night.1", true);
	assert_new(&v, "b", "regressed", "night.1", true);
	tell_of(told, NOTICE_RETURNED, "night.8", "a", "[\"a\",\"b\"]", "night.1");
	assert_new(&v, "a", "unchanged", "night.1", false);
	assert_new(&v, "a", "regressed", "night.1", true);
	/* another baseline begins anew */
	tell_of(told, NOTICE_REGRESSED, "night.9", "a", "[\"a\",\"b\"]", "night.1");
	v.baseline = "night.3";
	assert_new(&v, "a", "regressed", "night.3", true);
	json_decref(told);
}

/* It was there in this sweep, and told nobody what it showed. */
static void see(json_t *seen, const char *host, const char *verdict, int sweep)
{
	json_t *row = row_of(host, verdict, "night.1");

	json_object_set_new(row, "sweep", json_integer(sweep));
	_cleanup_free_ char *key = judge_case_key(row);
	json_object_set_new(seen, key, row);
}

static void assert_sight(const struct judge_view *v, const char *host, const char *verdict, bool is)
{
	json_t *row = row_of(host, verdict, "night.1");

	assert_int_equal(judge_is_first_sight(v, row), is);
	json_decref(row);
}

static void one_that_was_away_is_not_back_where_it_never_left(void **state)
{
	json_t *told = json_array(), *seen = json_object();
	struct judge_view v = {.baseline = "night.1", .told = told, .seen = seen};

	(void)state;
	tell_of(told, NOTICE_REGRESSED, "night.5", "a", "[\"a\"]", "night.1");
	assert_new(&v, "b", "regressed", "night.1", false);
	assert_new(&v, "b", "unchanged", "night.1", false);
	assert_new(&v, "b", "improved", "night.1", true);
	assert_sight(&v, "a", "unchanged", false);
	assert_sight(&v, "b", "inconclusive", false);
	assert_sight(&v, "b", "unchanged", true);
	/* from then on it is as it was seen */
	see(seen, "b", "unchanged", 6);
	assert_sight(&v, "b", "unchanged", false);
	assert_new(&v, "b", "unchanged", "night.1", false);
	assert_new(&v, "b", "regressed", "night.1", true);
	see(seen, "b", "regressed", 6);
	assert_new(&v, "b", "regressed", "night.1", false);
	assert_new(&v, "b", "unchanged", "night.1", true);
	json_decref(seen);
	json_decref(told);
}

static void one_that_was_away_when_others_were_back_is_told_once(void **state)
{
	json_t *told = json_array(), *seen = json_object();
	struct judge_view v = {.baseline = "night.1", .told = told, .seen = seen};

	(void)state;
	tell_of(told, NOTICE_REGRESSED, "night.5", "b", "[\"a\",\"b\"]", "night.1");
	tell_of(told, NOTICE_RETURNED, "night.9", "a", "[\"a\"]", "night.1");
	assert_new(&v, "b", "regressed", "night.1", false);
	assert_new(&v, "b", "unchanged", "night.1", false);
	see(seen, "b", "regressed", 8); /* that is longer ago */
	assert_new(&v, "b", "unchanged", "night.1", false);
	see(seen, "b", "regressed", 10);
	assert_new(&v, "b", "regressed", "night.1", false);
	assert_new(&v, "b", "unchanged", "night.1", true);
	tell_of(told, NOTICE_RETURNED, "night.11", "b", "[\"a\",\"b\"]", "night.1");
	assert_new(&v, "b", "unchanged", "night.1", false);
	assert_new(&v, "b", "regressed", "night.1", true);
	json_decref(seen);
	json_decref(told);
}

/* ---- rows ---- */

static void names_do_not_depend_on_order(void **state)
{
	json_t *row = parse("{\"metric\":\"time.per_work\",\"benchmark\":\"b\",\"host\":\"h\","
			    "\"parameters\":{\"z\":1,\"a\":\"x\",\"content\":\"night.2\"}}");
	_cleanup_free_ char *subject = judge_subject(row), *key = judge_case_key(row);

	(void)state;
	assert_string_equal(subject, "time b {\"a\":\"x\",\"z\":1}");
	assert_string_equal(key, "time b {\"a\":\"x\",\"z\":1} on h");
	json_decref(row);
}

static void an_expression_names_just_the_cases(void **state)
{
	json_t *cases = parse("[{\"benchmark\":\"b\",\"parameters\":{\"n\":2,\"s\":\"a\\\"b\"},"
			      "\"host\":\"h1\"},"
			      "{\"benchmark\":\"b\",\"parameters\":{\"n\":2,\"s\":\"a\\\"b\"},"
			      "\"host\":\"h2\"},"
			      "{\"benchmark\":\"c\",\"parameters\":{},\"host\":\"h1\"}]");
	_cleanup_buf_ struct buf out = BUF_INIT;

	(void)state;
	judge_only(cases, &out);
	assert_string_equal(out.data,
		"benchmark == \"b\" and n == 2 and s == \"a\\034b\" and one_of(host.name, \"h1\", "
		"\"h2\") or benchmark == \"c\" and one_of(host.name, \"h1\")");
	json_decref(cases);
}

static void an_expression_names_many_hosts(void **state)
{
	json_t *cases = json_array();
	_cleanup_buf_ struct buf out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 401; i++)
		json_array_append_new(cases, json_pack("{s:s, s:{}, s:o}", "benchmark", "b",
						     "parameters", "host", json_sprintf("h%d", i)));
	judge_only(cases, &out);
	/* one_of() takes 250 words */
	assert_non_null(strstr(out.data, "benchmark == \"b\" and (one_of(host.name, \"h0\", "));
	assert_non_null(strstr(out.data, ", \"h199\") or one_of(host.name, \"h200\", "));
	assert_non_null(strstr(out.data, ", \"h399\") or one_of(host.name, \"h400\"))"));
	json_decref(cases);
}

static void assert_weighed(const char *wanted, const char *verdict, enum weighed is)
{
	json_t *one = row_of("a", wanted, "night.1"), *rows = json_array();
	const json_t *found;

	json_array_append_new(rows, row_of("b", "regressed", "night.1"));
	if (verdict != NULL)
		json_array_append_new(rows, row_of("a", verdict, "night.1"));
	assert_int_equal(judge_weigh(one, rows, &found), is);
	json_decref(one);
	json_decref(rows);
}

static void a_confirmation_confirms_refutes_or_says_nothing(void **state)
{
	(void)state;
	assert_weighed("regressed", "regressed", WEIGHED_CONFIRMED);
	assert_weighed("regressed", "improved", WEIGHED_NOT);
	assert_weighed("regressed", "unchanged", WEIGHED_NOT);
	assert_weighed("regressed", "inconclusive", WEIGHED_OPEN);
	assert_weighed("regressed", NULL, WEIGHED_OPEN);
	assert_weighed("unchanged", "unchanged", WEIGHED_CONFIRMED);
	assert_weighed("unchanged", "regressed", WEIGHED_NOT);
}

static void a_change_of_several_hosts_is_one(void **state)
{
	json_t *cases = json_array(), *changes;
	const struct notice_facts f = {.schedule = "night",
		.campaign = "night.12",
		.sweep = 3,
		.baseline = "previous",
		.at = 0};
	struct notice_text text = {0};

	(void)state;
	json_array_append_new(cases, row_of("a", "regressed", "night.11"));
	json_array_append_new(cases, row_of("b", "improved", "night.11"));
	json_array_append_new(cases, row_of("c", "regressed", "night.11"));
	changes = judge_bundle(cases);
	assert_int_equal(json_array_size(changes), 2);
	notice_of_change(json_array_get(changes, 0), &f, &text);
	assert_string_equal(text.kind, NOTICE_REGRESSED);
	assert_string_equal(text.text,
		"time of nbody threads=8 is up to 3.0 % worse on a and c (ratio "
		"1.03): night.12 against night.11");
	json_t *json = parse(text.json);
	assert_string_equal(judge_text(json, "host"), "*");
	assert_string_equal(judge_text(json, "at"), "1970-01-01T00:00:00Z");
	assert_string_equal(
		judge_text(json, "command"), "joulerig compare night.12 --baseline night.11");
	json_decref(json);
	notice_text_done(&text);
	json_decref(changes);
	json_decref(cases);
}

static void assert_says_how_much(double before, double now, const char *wanted)
{
	json_t *cases = json_array(), *row = row_of("a", "regressed", "night.11"), *changes;
	const struct notice_facts f = {.schedule = "night", .campaign = "night.12"};
	struct notice_text text = {0};

	json_object_set_new(row, "baseline_median", json_real(before));
	json_object_set_new(row, "contender_median", json_real(now));
	json_object_set_new(row, "unit", json_string("J"));
	json_array_append_new(cases, row);
	changes = judge_bundle(cases);
	notice_of_change(json_array_get(changes, 0), &f, &text);
	if (strstr(text.text, wanted) == NULL)
		fail_msg("%s", text.text);
	json_t *json = parse(text.json);
	assert_string_equal(judge_text(json, "unit"), "J");
	assert_true(json_number_value(json_object_get(json, "contender_median")) == now);
	json_decref(json);
	notice_text_done(&text);
	json_decref(changes);
	json_decref(cases);
}

static void a_change_says_how_much_it_is(void **state)
{
	(void)state;
	assert_says_how_much(10.0104, 11.0136, "(ratio 1.03; median from 10.01 J to 11.01 J): ");
	assert_says_how_much(1234567, 1274567, "median from 1234567 J to 1274567 J)");
	assert_says_how_much(0.00012344, 0.00022, "median from 0.0001234 J to 0.0002200 J)");
}

static void what_a_program_printed_makes_no_broken_notice(void **state)
{
	json_t *good = judge_json_text("gr\xc3\xbc\xc3\x9f"), *bad = judge_json_text("a\xff b\xc3");

	(void)state;
	assert_string_equal(json_string_value(good), "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(json_string_value(bad), "a? b?");
	json_decref(good);
	json_decref(bad);
}

/* ---- hosts ---- */

static struct host_fact fact_of(void *arg, const char *host)
{
	const json_t *facts = arg;

	return (struct host_fact){
		.standing = (enum host_standing)json_integer_value(json_object_get(facts, host)),
		.reason = xstrdup("why")};
}

static json_t *last_missing; /* after told_of() */

static void forget_missing(void)
{
	json_decref(last_missing);
	last_missing = NULL;
}

/* What is told of results, of hosts that stand so; and remembered. */
static char *told_of(json_t *told, const char *results_text, json_t *facts)
{
	json_t *results = parse(results_text), *expected = parse("[\"a\",\"b\",\"c\"]");
	const struct judge_missing missing = {.label = "night.5", .since = last_missing};
	json_t *hosts = judge_hosts(results, expected, &missing, fact_of, facts);
	json_t *failed = judge_failed_cases(results, hosts);
	json_t *notices = judge_host_notices(told, results, hosts, failed), *one;
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t i;

	json_array_foreach(notices, i, one)
	{
		char *json = json_dumps(one, 0);
		buf_addf(&out, "%s%s %s", out.len > 0 ? "; " : "", judge_text(one, "kind"),
			judge_text(one, "subject"));
		judge_told_add(told, judge_text(one, "kind"), judge_text(one, "subject"), json);
		free(json);
	}
	json_decref(last_missing);
	last_missing = judge_missing_hosts(hosts);
	json_decref(results);
	json_decref(expected);
	json_decref(hosts);
	json_decref(failed);
	json_decref(notices);
	json_decref(facts);
	return buf_take(&out);
}

#define CELL(benchmark, host, n, failed, skipped)                                                  \
	"{\"benchmark\":\"" benchmark "\",\"parameters\":{},\"host\":\"" host "\",\"n\":" #n       \
	",\"failed\":" #failed ",\"skipped\":" #skipped                                            \
	",\"excluded\":[{\"reason\":\"exit status 7\"}]}"
#define FACTS(a, b, c) json_pack("{s:i, s:i, s:i}", "a", a, "b", b, "c", c)

static void assert_told(json_t *told, const char *results, json_t *facts, const char *wanted)
{
	_cleanup_free_ char *text = told_of(told, results, facts);

	assert_string_equal(text, wanted);
}

static void hosts_are_told_once_and_when_they_are_good_again(void **state)
{
	json_t *told = json_array();
	const char *fine = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 5, 0, 0) "]";
	const char *broken = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 0, 5, 0) "]";
	const char *without = "[" CELL("x", "a", 5, 0, 0) "]";

	(void)state;
	/* c is drained all the time */
	assert_told(told, fine, FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY), "");
	assert_told(told, broken, FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY),
		"failed host b");
	assert_told(told, broken, FACTS(STANDING_THERE, STANDING_ASIDE, STANDING_AWAY), "");
	assert_told(told, without, FACTS(STANDING_THERE, STANDING_GONE, STANDING_AWAY), "");
	assert_told(told, without, FACTS(STANDING_THERE, STANDING_AWAY, STANDING_AWAY), "");
	assert_told(told, fine, FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY),
		"recovered host b");
	assert_told(told, without, FACTS(STANDING_THERE, STANDING_GONE, STANDING_GONE),
		"failed host b; failed host c");
	forget_missing();
	json_decref(told);
}

static void a_host_that_goes_in_the_middle(void **state)
{
	json_t *told = json_array();
	const char *half = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 3, 0, 2) "]";

	(void)state;
	assert_told(told, half, FACTS(STANDING_THERE, STANDING_AWAY, STANDING_AWAY), "");
	assert_told(
		told, half, FACTS(STANDING_THERE, STANDING_GONE, STANDING_AWAY), "failed host b");
	forget_missing();
	json_decref(told);
}

static void one_that_was_stopped_is_told_when_it_does_not_come_back(void **state)
{
	json_t *told = json_array();
	const char *fine = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 5, 0, 0) "]";
	const char *half = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 3, 0, 2) "]";
	const char *without = "[" CELL("x", "a", 5, 0, 0) "]";
#define STOPPED FACTS(STANDING_THERE, STANDING_STOPPED, STANDING_AWAY)

	(void)state;
	/* away for one sweep, again and again: as somebody wants it */
	assert_told(told, without, STOPPED, "");
	assert_string_equal(judge_text(last_missing, "b"), "night.5");
	assert_told(told, fine, FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY), "");
	assert_told(told, half, STOPPED, "");
	/* drained in between: somebody said so */
	assert_told(told, without, FACTS(STANDING_THERE, STANDING_AWAY, STANDING_AWAY), "");
	assert_told(told, without, STOPPED, "");
	assert_told(told, without, STOPPED, "failed host b");
	const json_t *notice = json_array_get(told, json_array_size(told) - 1);
	assert_string_equal(judge_text(notice, "reason"), "why; it is missing since night.5");
	assert_told(told, without, STOPPED, "");
	assert_told(told, fine, FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY),
		"recovered host b");
	/* it had done all before it was stopped */
	assert_told(told, fine, STOPPED, "");
	assert_told(told, without, STOPPED, "");
	assert_told(told, without, STOPPED, "failed host b");
	forget_missing();
	json_decref(told);
}

/* A coordinator that was started again in the meantime does not know that it was there. */
static void one_that_failed_all_night_and_is_not_there_now_has_failed(void **state)
{
	json_t *told = json_array();
	const char *broken = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 0, 5, 0) "]";

	(void)state;
	assert_told(told, broken, STOPPED, "failed host b");
	assert_string_equal(judge_text(last_missing, "b"), "");
	forget_missing();
	json_decref(told);
}

static void cases_that_fail_are_told_apart_from_hosts(void **state)
{
	json_t *told = json_array();
	const char *one = "[" CELL("x", "a", 5, 0, 0) "," CELL("y", "a", 0, 5, 0) "," CELL(
		"x", "b", 5, 0, 0) "," CELL("y", "b", 5, 0, 0) "]";
	const char *both = "[" CELL("x", "a", 5, 0, 0) "," CELL("y", "a", 0, 5, 0) "," CELL(
		"x", "b", 5, 0, 0) "," CELL("y", "b", 0, 5, 0) "]";
	const char *good = "[" CELL("x", "a", 5, 0, 0) "," CELL("y", "a", 5, 0, 0) "," CELL(
		"x", "b", 5, 0, 0) "," CELL("y", "b", 5, 0, 0) "]";

	(void)state;
#define THERE FACTS(STANDING_THERE, STANDING_THERE, STANDING_AWAY)
	assert_told(told, one, THERE, "failed failed y {}");
	assert_told(told, one, THERE, "");
	assert_told(told, both, THERE, "failed failed y {}");
	assert_told(told, one, THERE, "");
	assert_told(told, good, THERE, "recovered failed y {}");
	assert_told(told, good, THERE, "");
	assert_told(told, one, THERE, "failed failed y {}");
	forget_missing();
	json_decref(told);
}

static void where_all_fails_the_sweep_has(void **state)
{
	json_t *told = json_array();
	const char *all = "[" CELL("x", "a", 0, 5, 0) "," CELL("x", "b", 0, 5, 0) "]";
	const char *good = "[" CELL("x", "a", 5, 0, 0) "," CELL("x", "b", 5, 0, 0) "]";

	(void)state;
	assert_told(told, all, THERE, "sweep sweep");
	assert_told(told, all, THERE, "");
	assert_told(told, good, THERE, "recovered sweep");
	forget_missing();
	json_decref(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(previous_tells_each_change_once),
		cmocka_unit_test(one_that_was_there_and_did_not_show_it_is_news),
		cmocka_unit_test(what_could_not_be_shown_is_held_against_the_same),
		cmocka_unit_test(what_could_not_be_shown_is_tried_ever_more_rarely),
		cmocka_unit_test(a_night_that_was_cut_short_is_no_baseline),
		cmocka_unit_test(what_has_none_of_a_metric_is_said_shortly),
		cmocka_unit_test(a_night_without_a_metric_is_no_level_of_it),
		cmocka_unit_test(a_night_that_settled_nothing_is_no_level),
		cmocka_unit_test(where_no_sweep_settled_a_case_its_level_stays),
		cmocka_unit_test(a_level_is_not_for_ever),
		cmocka_unit_test(only_nights_from_a_change_on_count),
		cmocka_unit_test(a_host_that_was_away_is_held_against_its_last_night),
		cmocka_unit_test(against_a_label_only_another_verdict_is_news),
		cmocka_unit_test(one_that_was_away_is_not_back_where_it_never_left),
		cmocka_unit_test(one_that_was_away_when_others_were_back_is_told_once),
		cmocka_unit_test(names_do_not_depend_on_order),
		cmocka_unit_test(an_expression_names_just_the_cases),
		cmocka_unit_test(an_expression_names_many_hosts),
		cmocka_unit_test(a_confirmation_confirms_refutes_or_says_nothing),
		cmocka_unit_test(a_change_of_several_hosts_is_one),
		cmocka_unit_test(hosts_are_told_once_and_when_they_are_good_again),
		cmocka_unit_test(a_host_that_goes_in_the_middle),
		cmocka_unit_test(one_that_was_stopped_is_told_when_it_does_not_come_back),
		cmocka_unit_test(one_that_failed_all_night_and_is_not_there_now_has_failed),
		cmocka_unit_test(cases_that_fail_are_told_apart_from_hosts),
		cmocka_unit_test(a_change_says_how_much_it_is),
		cmocka_unit_test(what_a_program_printed_makes_no_broken_notice),
		cmocka_unit_test(where_all_fails_the_sweep_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
