#include "coordinator/dispatch/judge_hosts.h"

char *judge_host_subject(const char *host)
{
	return xasprintf("host %s", host);
}

/* "failed nbody {"threads":8}" */
static char *case_subject(const json_t *row)
{
	char *parameters =
		json_dumps(json_object_get(row, "parameters"), JSON_COMPACT | JSON_SORT_KEYS);
	char *out = xasprintf(
		"failed %s %s", judge_text(row, "benchmark"), parameters ? parameters : "{}");

	free(parameters);
	return out;
}

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- hosts ---- */

static void count_more(json_t *host, const char *key, int64_t more)
{
	json_object_set_new(host, key, json_integer(number(host, key) + more));
}

static json_t *host_entry(json_t *by_name, const char *name)
{
	json_t *host = json_object_get(by_name, name);

	if (host != NULL)
		return host;
	host = json_pack("{s:s, s:s, s:i, s:i, s:i}", "host", name, "state", "fine", "done", 0,
		"failed", 0, "skipped", 0);
	json_object_set_new(by_name, name, host);
	return host;
}

/* The reason that most of a row's runs failed or were skipped for: the first one that is told. */
static const char *reason_of(const json_t *row)
{
	const json_t *first = json_array_get(json_object_get(row, "excluded"), 0);

	return judge_text(first, "reason");
}

static void add_row(json_t *by_name, const json_t *row)
{
	json_t *host = host_entry(by_name, judge_text(row, "host"));
	const char *reason = reason_of(row);

	count_more(host, "done", number(row, "n"));
	count_more(host, "failed", number(row, "failed"));
	count_more(host, "skipped", number(row, "skipped"));
	if (reason[0] != '\0' && json_object_get(host, "reason") == NULL)
		json_object_set_new(host, "reason", json_string(reason));
}

static void set_state(json_t *host, const char *state, const char *reason)
{
	json_object_set_new(host, "state", json_string(state));
	if (reason != NULL && reason[0] != '\0')
		json_object_set_new(host, "reason", judge_json_text(reason));
}

/* It is not there: once that is as it may be. */
static void judge_stopped(
	json_t *host, const struct host_fact *f, const struct judge_missing *missing)
{
	const char *since = judge_text(missing->since, judge_text(host, "host"));
	_cleanup_free_ char *why = xasprintf("%s; it is missing since %s",
		f->reason != NULL ? f->reason : "its agent was stopped", since);

	set_state(host, since[0] != '\0' ? "failed" : "away", since[0] != '\0' ? why : f->reason);
	json_object_set_new(host, "since", json_string(since[0] != '\0' ? since : missing->label));
}

static void judge_host(json_t *host, const struct host_fact *f, const struct judge_missing *missing)
{
	int64_t done = number(host, "done"), failed = number(host, "failed");
	int64_t skipped = number(host, "skipped");
	bool has_all = done > 0 && skipped == 0, was_there = done + failed + skipped > 0;
	/* Whether it is there now says nothing: a coordinator that was started again just before
	 * has not heard of it yet, nor knows any more that it was set aside. */
	bool did_nothing = done == 0 && failed > 0;

	if (f->standing == STANDING_ASIDE)
		set_state(host, "failed", f->reason);
	else if (f->standing == STANDING_AWAY && !has_all)
		set_state(host, "away", f->reason);
	else if (f->standing == STANDING_STOPPED && !has_all && !did_nothing)
		judge_stopped(host, f, missing);
	else if (f->standing == STANDING_GONE && !has_all)
		set_state(host, "failed", f->reason);
	else if (done == 0 && was_there)
		set_state(host, "failed", NULL);
	else if (!was_there)
		set_state(host, "away", "it took no part when the sweep began");
	else
		json_object_del(host, "reason"); /* of single runs */
}

json_t *judge_missing_hosts(const json_t *hosts)
{
	json_t *out = json_object(), *host;
	size_t i;

	json_array_foreach(hosts, i, host)
	{
		json_t *since = json_object_get(host, "since");

		if (since != NULL)
			json_object_set(out, judge_text(host, "host"), since);
	}
	return out;
}

json_t *judge_hosts(const json_t *results, const json_t *expected,
	const struct judge_missing *missing, host_fact_fn *fact, void *arg)
{
	json_t *by_name = json_object(), *out = json_array(), *row, *host;
	const char *name;
	size_t i;

	json_array_foreach(results, i, row)
	{
		add_row(by_name, row);
	}
	json_array_foreach(expected, i, row)
	{
		host_entry(by_name, json_string_value(row));
	}
	json_object_foreach((json_t *)missing->since, name, host)
	{
		host_entry(by_name, name);
	}
	json_object_foreach(by_name, name, host)
	{
		struct host_fact f = fact(arg, name);

		judge_host(host, &f, missing);
		free(f.reason);
		json_array_append(out, host);
	}
	json_decref(by_name);
	return out;
}

bool judge_all_failed(const json_t *hosts)
{
	bool is_any = false;
	json_t *host;
	size_t i;

	json_array_foreach(hosts, i, host)
	{
		if (number(host, "done") > 0)
			return false;
		is_any |= number(host, "failed") > 0;
	}
	return is_any;
}

/* ---- cases ---- */

static bool is_fine(const json_t *hosts, const char *name)
{
	json_t *host;
	size_t i;

	json_array_foreach(hosts, i, host)
	{
		if (strcmp(judge_text(host, "host"), name) == 0)
			return strcmp(judge_text(host, "state"), "fine") == 0;
	}
	return false;
}

json_t *judge_failed_cases(const json_t *results, const json_t *hosts)
{
	json_t *out = json_array(), *index = json_object(), *row;
	size_t i;

	json_array_foreach(results, i, row)
	{
		_cleanup_free_ char *subject = case_subject(row);
		json_t *one = json_object_get(index, subject);

		if (number(row, "n") > 0 || number(row, "failed") == 0 ||
			!is_fine(hosts, judge_text(row, "host")))
			continue;
		if (one == NULL) {
			one = json_pack("{s:O, s:O, s:[]}", "benchmark",
				json_object_get(row, "benchmark"), "parameters",
				json_object_get(row, "parameters"), "hosts");
			json_object_set(index, subject, one);
			json_array_append_new(out, one);
		}
		json_array_append_new(json_object_get(one, "hosts"),
			json_pack("{s:s, s:s}", "host", judge_text(row, "host"), "reason",
				reason_of(row)));
	}
	json_decref(index);
	return out;
}

/* ---- what is told ---- */

static void add_notice(json_t *out, const char *kind, const char *subject, json_t *hosts,
	const char *reason, const json_t *of)
{
	json_t *n = json_pack("{s:s, s:s, s:o, s:s}", "kind", kind, "subject", subject, "hosts",
		hosts, "reason", reason);

	if (json_object_get(of, "benchmark") != NULL) {
		json_object_set(n, "benchmark", json_object_get(of, "benchmark"));
		json_object_set(n, "parameters", json_object_get(of, "parameters"));
	}
	json_array_append_new(out, n);
}

static void add_sweep(json_t *out, const json_t *told, const json_t *hosts)
{
	bool is_open = judge_told_is_open(told, SUBJECT_SWEEP, NULL);
	bool is_bad = judge_all_failed(hosts);
	const json_t *first = json_array_get(hosts, 0);

	if (is_bad && !is_open)
		add_notice(out, NOTICE_SWEEP, SUBJECT_SWEEP, json_array(),
			judge_text(first, "reason"), NULL);
	else if (!is_bad && is_open)
		add_notice(out, NOTICE_RECOVERED, SUBJECT_SWEEP, json_array(), "", NULL);
}

static void add_host(json_t *out, const json_t *told, const json_t *host)
{
	const char *name = judge_text(host, "host"), *state = judge_text(host, "state");
	_cleanup_free_ char *subject = judge_host_subject(name);
	bool is_open = judge_told_is_open(told, subject, NULL);

	if (strcmp(state, "failed") == 0 && !is_open)
		add_notice(out, NOTICE_FAILED, subject, json_pack("[{s:s}]", "host", name),
			judge_text(host, "reason"), NULL);
	else if (strcmp(state, "fine") == 0 && is_open)
		add_notice(out, NOTICE_RECOVERED, subject, json_pack("[{s:s}]", "host", name), "",
			NULL);
}

/* A case that begins to fail; only on those hosts of which that was not told. */
static void add_failed(json_t *out, const json_t *told, const json_t *one)
{
	_cleanup_free_ char *subject = case_subject(one);
	json_t *hosts = json_array(), *host;
	size_t i;

	json_array_foreach(json_object_get(one, "hosts"), i, host)
	{
		if (!judge_told_is_open(told, subject, judge_text(host, "host")))
			json_array_append(hosts, host);
	}
	if (json_array_size(hosts) > 0)
		add_notice(out, NOTICE_FAILED, subject, json_incref(hosts),
			judge_text(json_array_get(hosts, 0), "reason"), one);
	json_decref(hosts);
}

static bool fails_somewhere(const json_t *failed, const char *subject)
{
	json_t *one;
	size_t i;

	json_array_foreach(failed, i, one)
	{
		_cleanup_free_ char *its = case_subject(one);
		if (strcmp(its, subject) == 0)
			return true;
	}
	return false;
}

/* Cases that were told to fail, have a run that is done, and fail nowhere any more. */
static void add_good_again(
	json_t *out, const json_t *told, const json_t *results, const json_t *failed)
{
	json_t *index = json_object(), *row, *notice;
	size_t i;

	json_array_foreach(results, i, row)
	{
		_cleanup_free_ char *subject = case_subject(row);
		const char *host = judge_text(row, "host");

		if (number(row, "n") == 0 || !judge_told_is_open(told, subject, host) ||
			fails_somewhere(failed, subject))
			continue;
		notice = json_object_get(index, subject);
		if (notice == NULL) {
			add_notice(out, NOTICE_RECOVERED, subject, json_array(), "", row);
			notice = json_array_get(out, json_array_size(out) - 1);
			json_object_set(index, subject, notice);
		}
		json_array_append_new(
			json_object_get(notice, "hosts"), json_pack("{s:s}", "host", host));
	}
	json_decref(index);
}

json_t *judge_host_notices(
	const json_t *told, const json_t *results, const json_t *hosts, const json_t *failed)
{
	json_t *out = json_array(), *one;
	size_t i;

	add_sweep(out, told, hosts);
	if (judge_all_failed(hosts))
		return out; /* that is one thing, not one for each host */
	json_array_foreach(hosts, i, one)
	{
		add_host(out, told, one);
	}
	json_array_foreach(failed, i, one)
	{
		add_failed(out, told, one);
	}
	add_good_again(out, told, results, failed);
	return out;
}
