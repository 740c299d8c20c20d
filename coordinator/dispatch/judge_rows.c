#include "coordinator/dispatch/judge_rows.h"

#include <math.h>
#include <stdio.h>

#define PER_WORK ".per_work"
/* Of a campaign in which the contents of two submissions run interleaved. */
#define AXIS_CONTENT "content"
/* Hosts in one call of one_of(), which takes 250 words. */
#define ONE_OF_MOST 200

const char *judge_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

json_t *judge_rows_read(const struct buf *text, struct error *err)
{
	json_error_t why;
	json_t *all = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, &why), *out, *row;
	size_t i;

	if (!json_is_array(all)) {
		json_decref(all);
		error_set(err, ERR_INTERNAL, "what was answered is no JSON array: %s", why.text);
		return NULL;
	}
	out = json_array();
	json_array_foreach(all, i, row)
	{
		if (json_is_object(row) && strcmp(judge_text(row, "host"), "*") != 0)
			json_array_append(out, row);
	}
	json_decref(all);
	return out;
}

json_t *judge_json_text(const char *text)
{
	json_t *out = json_string(text);

	if (out != NULL || text == NULL)
		return out;
	_cleanup_free_ char *plain = xstrdup(text);
	for (unsigned char *c = (unsigned char *)plain; *c != '\0'; c++)
		if (*c >= 0x80)
			*c = '?';
	return json_string(plain);
}

/* ---- names ---- */

static json_t *plain_parameters(const json_t *row)
{
	json_t *all = json_copy(json_object_get(row, "parameters"));

	if (!json_is_object(all))
		return json_object();
	json_object_del(all, AXIS_CONTENT);
	return all;
}

/* How long the name of its metric is, without the work that it was taken per. */
static int metric_len(const json_t *row)
{
	const char *metric = judge_text(row, "metric");
	size_t len = strlen(metric), per = strlen(PER_WORK);

	return (int)(len > per && strcmp(metric + len - per, PER_WORK) == 0 ? len - per : len);
}

char *judge_subject(const json_t *row)
{
	json_t *parameters = plain_parameters(row);
	char *text = json_dumps(parameters, JSON_COMPACT | JSON_SORT_KEYS);
	char *out = xasprintf("%.*s %s %s", metric_len(row), judge_text(row, "metric"),
		judge_text(row, "benchmark"), text ? text : "{}");
	free(text);
	json_decref(parameters);
	return out;
}

char *judge_case_key(const json_t *row)
{
	_cleanup_free_ char *subject = judge_subject(row);

	return xasprintf("%s on %s", subject, judge_text(row, "host"));
}

void judge_index(json_t *to, const json_t *cases)
{
	json_t *one;
	size_t i;

	json_array_foreach(cases, i, one)
	{
		_cleanup_free_ char *key = judge_case_key(one);
		json_object_set(to, key, one);
	}
}

char *judge_configuration_key(const json_t *row)
{
	json_t *parameters = plain_parameters(row);
	char *text = json_dumps(parameters, JSON_COMPACT | JSON_SORT_KEYS);
	char *out = xasprintf("%s %s on %s", judge_text(row, "benchmark"), text ? text : "{}",
		judge_text(row, "host"));

	free(text);
	json_decref(parameters);
	return out;
}

bool judge_has_moved(const json_t *row)
{
	const char *verdict = judge_text(row, "verdict");

	return strcmp(verdict, "regressed") == 0 || strcmp(verdict, "improved") == 0;
}

bool judge_has_text(const json_t *texts, const char *text)
{
	json_t *one;
	size_t i;

	json_array_foreach(texts, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	}
	return false;
}

void judge_add_text(json_t *texts, const char *text)
{
	if (!judge_has_text(texts, text))
		json_array_append_new(texts, json_string(text));
}

json_t *judge_measured(const json_t *results)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(results, i, row)
	{
		if (json_integer_value(json_object_get(row, "n")) > 0)
			judge_add_text(out, judge_text(row, "host"));
	}
	return out;
}

json_t *judge_unmeasured(const json_t *results, const json_t *measured, int64_t least)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(results, i, row)
	{
		_cleanup_free_ char *key = judge_configuration_key(row);

		if (json_integer_value(json_object_get(row, "n")) < least &&
			judge_has_text(measured, judge_text(row, "host")))
			json_array_append_new(out, json_string(key));
	}
	return out;
}

/* ---- metrics that are not there ---- */

/* From the one that says least to that of the case alone. */
enum { WITHOUT_HOST, WITHOUT_BENCHMARK, WITHOUT_CASE, WITHOUT_N };

static char *key_of_level(const json_t *one, int level)
{
	const char *metric = judge_text(one, "metric"), *host = judge_text(one, "host");

	if (level == WITHOUT_CASE)
		return judge_case_key(one);
	if (level == WITHOUT_BENCHMARK)
		return xasprintf("%.*s %s on %s", metric_len(one), metric,
			judge_text(one, "benchmark"), host);
	return xasprintf("%.*s on %s", metric_len(one), metric, host);
}

static int level_of_entry(const json_t *one)
{
	if (json_object_get(one, "benchmark") == NULL)
		return WITHOUT_HOST;
	return json_object_get(one, "parameters") == NULL ? WITHOUT_BENCHMARK : WITHOUT_CASE;
}

char *judge_without_key(const json_t *one)
{
	return key_of_level(one, level_of_entry(one));
}

static json_t *case_of(const json_t *row, const json_t *metric)
{
	json_t *one = json_object();

	json_object_set(one, "metric", (json_t *)metric);
	json_object_set(one, "benchmark", json_object_get(row, "benchmark"));
	json_object_set_new(one, "parameters", plain_parameters(row));
	json_object_set(one, "host", json_object_get(row, "host"));
	return one;
}

/* Of a case that has none of its metric, by how many others have it: all that it stands for. */
static void add_without(json_t *out, json_t *said, const json_t *there, json_t *one)
{
	int level = WITHOUT_HOST;

	for (; level < WITHOUT_CASE; level++) {
		_cleanup_free_ char *key = key_of_level(one, level);
		if (json_object_get(there, key) == NULL)
			break;
	}
	_cleanup_free_ char *key = key_of_level(one, level);
	if (json_object_get(said, key) != NULL)
		return;
	json_object_set_new(said, key, json_true());
	if (level < WITHOUT_CASE)
		json_object_del(one, "parameters");
	if (level < WITHOUT_BENCHMARK)
		json_object_del(one, "benchmark");
	json_array_append(out, one);
}

/* Keys of all levels of which some run has the metric; of those that have none the cases. */
static void sort_by_presence(const json_t *row, const json_t *metrics, json_t *there, json_t *gone)
{
	json_t *metric;
	size_t i;

	json_array_foreach(metrics, i, metric)
	{
		json_t *one = case_of(row, metric);
		bool is = json_is_number(json_object_get(row, json_string_value(metric)));

		for (int level = 0; is && level < WITHOUT_CASE; level++) {
			_cleanup_free_ char *key = key_of_level(one, level);
			json_object_set_new(there, key, json_true());
		}
		if (!is)
			json_array_append(gone, one);
		json_decref(one);
	}
}

json_t *judge_without(const json_t *results, const json_t *metrics)
{
	json_t *out = json_array(), *there = json_object(), *said = json_object();
	json_t *gone = json_array(), *one;
	size_t i;

	json_array_foreach(results, i, one)
	{
		if (json_integer_value(json_object_get(one, "n")) > 0)
			sort_by_presence(one, metrics, there, gone);
	}
	json_array_foreach(gone, i, one)
	{
		add_without(out, said, there, one);
	}
	json_decref(gone);
	json_decref(said);
	json_decref(there);
	return out;
}

void judge_index_without(json_t *to, const json_t *without)
{
	json_t *one;
	size_t i;

	json_array_foreach(without, i, one)
	{
		_cleanup_free_ char *key = judge_without_key(one);
		json_object_set_new(to, key, json_true());
	}
}

bool judge_is_among(const json_t *keys, const json_t *one)
{
	_cleanup_free_ char *configuration = judge_configuration_key(one);
	bool is = json_object_get(keys, configuration) != NULL;

	for (int level = 0; !is && level < WITHOUT_N; level++) {
		_cleanup_free_ char *key = key_of_level(one, level);
		is = json_object_get(keys, key) != NULL;
	}
	return is;
}

json_t *judge_moved_hosts(const json_t *rows)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		bool has_moved =
			judge_has_moved(row) || strcmp(judge_text(row, "verdict"), "changed") == 0;

		if ((json_is_true(json_object_get(row, "canary")) && has_moved) ||
			judge_has_text(json_object_get(row, "flags"), "machine_changed"))
			judge_add_text(out, judge_text(row, "host"));
	}
	return out;
}

/* ---- the cases as an expression ---- */

/* A text as Lua reads it; what is no plain letter is told by its number. */
static void add_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == '"' || *c == '\\' || *c == 0x7f)
			buf_addf(out, "\\%03u", *c);
		else
			buf_addc(out, (char)*c);
	}
	buf_addc(out, '"');
}

static void add_value(struct buf *out, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		add_quoted(out, json_string_value(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	buf_adds(out, text != NULL ? text : "nil");
	free(text);
}

static void add_configuration(const json_t *one, struct buf *out)
{
	json_t *parameters = plain_parameters(one), *value;
	const char *name;

	buf_adds(out, "benchmark == ");
	add_quoted(out, judge_text(one, "benchmark"));
	json_object_foreach(parameters, name, value)
	{
		if (json_is_null(value))
			continue;
		buf_addf(out, " and %s == ", name);
		add_value(out, value);
	}
	json_decref(parameters);
}

static void add_hosts(const json_t *hosts, struct buf *out)
{
	bool are_many = json_array_size(hosts) > ONE_OF_MOST;
	json_t *host;
	size_t i;

	buf_adds(out, are_many ? " and (" : " and ");
	json_array_foreach(hosts, i, host)
	{
		bool is_first = i % ONE_OF_MOST == 0;

		if (is_first)
			buf_adds(out, i > 0 ? ") or one_of(host.name" : "one_of(host.name");
		buf_adds(out, ", ");
		add_quoted(out, json_string_value(host));
	}
	buf_adds(out, are_many ? "))" : ")");
}

void judge_only(const json_t *cases, struct buf *out)
{
	json_t *by_configuration = json_object(), *one, *hosts;
	const char *text;
	size_t i;

	json_array_foreach(cases, i, one)
	{
		_cleanup_buf_ struct buf b = BUF_INIT;

		add_configuration(one, &b);
		hosts = json_object_get(by_configuration, b.data);
		if (hosts == NULL) {
			hosts = json_array();
			json_object_set_new(by_configuration, b.data, hosts);
		}
		judge_add_text(hosts, judge_text(one, "host"));
	}
	json_object_foreach(by_configuration, text, hosts)
	{
		buf_adds(out, out->len > 0 ? " or " : "");
		buf_adds(out, text);
		add_hosts(hosts, out);
	}
	json_decref(by_configuration);
}

/* ---- weighing ---- */

enum weighed judge_weigh(const json_t *one, const json_t *rows, const json_t **found)
{
	_cleanup_free_ char *key = judge_case_key(one);
	const char *wanted = judge_text(one, "verdict"), *verdict;
	json_t *row;
	size_t i;

	*found = NULL;
	json_array_foreach(rows, i, row)
	{
		_cleanup_free_ char *other = judge_case_key(row);

		if (strcmp(key, other) != 0)
			continue;
		*found = row;
		verdict = judge_text(row, "verdict");
		if (strcmp(verdict, wanted) == 0)
			return WEIGHED_CONFIRMED;
		return judge_has_moved(row) || strcmp(verdict, "unchanged") == 0 ? WEIGHED_NOT
										 : WEIGHED_OPEN;
	}
	return WEIGHED_OPEN;
}

/* ---- changes ---- */

static const char *const of_host[] = {"host", "ratio", "low", "high", "p_adjusted",
	"baseline_median", "contender_median", "unit", "against", "cause", "shown_by"};
static const char *const of_change[] = {"metric", "benchmark", "verdict", "cause"};

static void copy(json_t *to, const json_t *from, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, keys[i]);

		if (value != NULL)
			json_object_set(to, keys[i], value);
	}
}

static double distance(const json_t *row)
{
	double ratio = json_number_value(json_object_get(row, "ratio"));

	return ratio > 0 ? fabs(log(ratio)) : 0;
}

/* A host more; its numbers are the change's where they are the largest. */
static void add_host(json_t *change, const json_t *one)
{
	json_t *hosts = json_object_get(change, "hosts"), *host = json_object();

	copy(host, one, of_host, ARRAY_SIZE(of_host));
	json_array_append_new(hosts, host);
	if (json_array_size(hosts) == 1 || distance(one) > distance(change))
		copy(change, one, of_host + 1, ARRAY_SIZE(of_host) - 1);
	json_object_set_new(change, "host",
		json_array_size(hosts) == 1 ? json_string(judge_text(one, "host"))
					    : json_string("*"));
}

static json_t *new_change(const json_t *one)
{
	json_t *change = json_object();

	copy(change, one, of_change, ARRAY_SIZE(of_change));
	json_object_set_new(change, "parameters", plain_parameters(one));
	json_object_set_new(change, "hosts", json_array());
	return change;
}

json_t *judge_bundle(const json_t *cases)
{
	json_t *out = json_array(), *index = json_object(), *one, *change;
	size_t i;

	json_array_foreach(cases, i, one)
	{
		_cleanup_free_ char *subject = judge_subject(one);
		_cleanup_free_ char *key = xasprintf(
			"%s %s %s", subject, judge_text(one, "verdict"), judge_text(one, "cause"));

		change = json_object_get(index, key);
		if (change == NULL) {
			change = new_change(one);
			json_object_set(index, key, change);
			json_array_append_new(out, change);
		}
		add_host(change, one);
	}
	json_decref(index);
	return out;
}
