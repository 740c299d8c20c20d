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

char *judge_subject(const json_t *row)
{
	json_t *parameters = plain_parameters(row);
	char *text = json_dumps(parameters, JSON_COMPACT | JSON_SORT_KEYS);
	const char *metric = judge_text(row, "metric");
	size_t len = strlen(metric), per = strlen(PER_WORK);

	if (len > per && strcmp(metric + len - per, PER_WORK) == 0)
		len -= per;
	char *out = xasprintf(
		"%.*s %s %s", (int)len, metric, judge_text(row, "benchmark"), text ? text : "{}");
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
