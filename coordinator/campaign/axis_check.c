/* One axis by itself: its name, and the values that stand there. */
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"
#include <stdio.h>
#include <uthash.h>

#define MAX_AXIS_VALUES 1000000
#define EACH_STEPS      "host.thread_steps"

/* ---- names ---- */

/* Names that mean something else in a matrix, in templates and in expressions. */
static const char *const reserved_names[] = {"where", "exclude", "include", "zip", "derived",
	"host", "hosts", "cpus", "cpu_list", "tmp", "benchmark", "metric", "math", "string",
	"one_of", "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto",
	"if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until",
	"while"};

/* The same, but not behind the point of an attribute. */
static const char *const reserved_alone[] = {"campaign", "contains", "starts_with"};

static bool has_word(const char *const *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

void parameter_check_name(const struct node *key, enum parameter_kind kind, struct diagnostics *d)
{
	static const char *const kinds[] = {"an axis", "an attribute", "a derived parameter"};
	const char *name = key->text;

	if (!is_identifier(name, strlen(name)))
		diag_error(d, key,
			"'%s' is no good name of %s, expected letters, digits and _, not "
			"starting with a digit",
			name, kinds[kind]);
	else if (has_word(reserved_names, ARRAY_SIZE(reserved_names), name) ||
		 (kind != PARAMETER_ATTRIBUTE &&
			 has_word(reserved_alone, ARRAY_SIZE(reserved_alone), name)))
		diag_error(d, key,
			"'%s' cannot be the name of %s: it means something else in templates and "
			"expressions",
			name, kinds[kind]);
}

/* ---- lists ---- */

void axis_check_value(const struct node *n, const char *axis, struct diagnostics *d)
{
	if (n->kind == NODE_SCALAR && !node_is_empty(n) && !node_is_null(n))
		return;
	if (n->kind == NODE_SCALAR && node_is_null(n))
		diag_error(d, n, "'~' is no value of axis '%s', expected a text or a number", axis);
	else
		schema_wrong_kind(n, axis, "a value (a text or a number)", d);
}

/* A value that was seen in a list. */
struct seen {
	UT_hash_handle hh;
	const char *text;
};

void axis_check_values(const struct node *list, const char *axis, struct diagnostics *d)
{
	_cleanup_free_ struct seen *all = xcalloc(list->n + 1, sizeof *all);
	struct seen *table = NULL, *other;

	if (list->n == 0)
		diag_error(d, list, "axis '%s' has no values", axis);
	for (size_t i = 0; i < list->n; i++) {
		const struct node *item = list->items[i];

		axis_check_value(item, axis, d);
		if (item->kind != NODE_SCALAR)
			continue;
		HASH_FIND_STR(table, item->text, other);
		if (other)
			diag_error(d, item, "value '%s' of axis '%s' stands there twice",
				item->text, axis);
		all[i].text = item->text;
		if (!other)
			HASH_ADD_KEYPTR(hh, table, item->text, strlen(item->text), &all[i]);
	}
	HASH_CLEAR(hh, table);
}

/* ---- ranges ---- */

static const char *const range_keys[] = {"from", "to", "factor", "step", "each"};

static int64_t range_number(
	const struct node *n, const char *key, int64_t min, bool *ok, struct diagnostics *d)
{
	const struct node_pair *pair = node_find(n, key);
	const struct node *value = pair ? pair->value : NULL;
	int64_t out = 0;

	if (!value)
		return 0;
	if (value->kind == NODE_SCALAR && value->is_plain &&
		units_parse_int(value->text, min, INT64_MAX / 2, &out, NULL) == 0)
		return out;
	*ok = false;
	if (d) {
		char expected[64] = "a whole number";

		if (min > -INT64_MAX / 2)
			snprintf(expected, sizeof expected, "a whole number from %d", (int)min);
		schema_wrong_kind(value, key, expected, d);
	}
	return 0;
}

int64_t range_length(const struct range *r)
{
	int64_t n = 0;

	if (r->step)
		return (r->to - r->from) / r->step + 1;
	for (int64_t v = r->from; v <= r->to; v *= r->factor) {
		n++;
		if (v > r->to / r->factor)
			break;
	}
	return n;
}

bool range_read(const struct node *n, const char *axis, struct range *r, struct diagnostics *d)
{
	bool ok = true, has_factor = node_find(n, "factor"), has_step = node_find(n, "step");

	r->from = range_number(n, "from", has_factor ? 1 : -INT64_MAX / 2, &ok, d);
	r->to = range_number(n, "to", -INT64_MAX / 2, &ok, d);
	r->factor = range_number(n, "factor", 2, &ok, d);
	r->step = range_number(n, "step", 1, &ok, d);
	if (!node_find(n, "from") || !node_find(n, "to") || has_factor == has_step) {
		if (d)
			diag_error(d, n,
				"axis '%s' needs 'from', 'to' and one of 'factor' and 'step'",
				axis);
		return false;
	}
	if (!ok)
		return false;
	if (r->from > r->to || range_length(r) > MAX_AXIS_VALUES) {
		if (d)
			diag_error(d, n,
				r->from > r->to ? "axis '%s' has no values: 'from' is above 'to'"
						: "axis '%s' has more than 1,000,000 values",
				axis);
		return false;
	}
	return true;
}

/* ---- named values ---- */

static const char *const sections[] = {"env", "placement", "tune", "limits"};

bool attribute_is_section(const char *name)
{
	return has_word(sections, ARRAY_SIZE(sections), name);
}

const struct schema *attribute_schema(const char *section)
{
	_cleanup_free_ char *path = xasprintf("defaults.%s", section);

	return schema_find(path);
}

static void check_attribute(const struct node_pair *pair, struct diagnostics *d)
{
	const struct node *n = pair->value, *expr = node_get(n, "expr");
	const char *name = pair->key->text;

	if (attribute_is_section(name)) {
		if (!node_is_null(n))
			schema_check(n, attribute_schema(name), name, d);
		return;
	}
	parameter_check_name(pair->key, PARAMETER_ATTRIBUTE, d);
	if (n->kind == NODE_SCALAR && node_is_null(n) && !node_is_empty(n))
		diag_error(d, n, "'~' is no value of attribute '%s', expected a text or a number",
			name);
	else if (expr && n->n == 1 && (expr->kind != NODE_SCALAR || node_is_empty(expr)))
		schema_wrong_kind(expr, "expr", "an expression, such as host.cores", d);
	else if (!(n->kind == NODE_SCALAR && !node_is_empty(n)) && !(expr && n->n == 1))
		schema_wrong_kind(n, name, "a text, a number, or {expr: EXPRESSION}", d);
}

static void check_named_values(const char *axis, const struct node *n, struct diagnostics *d)
{
	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key, *value = n->pairs[i].value;

		if (key->text[0] == '\0')
			diag_error(d, key, "axis '%s' has a value without a name", axis);
		if (value->kind != NODE_MAP || schema_is_bare_template(value)) {
			schema_wrong_kind(value, key->text,
				"its attributes, such as {path: /opt/a}; {} for none", d);
			continue;
		}
		for (size_t k = 0; k < value->n; k++)
			check_attribute(&value->pairs[k], d);
	}
}

/* A range with a mapping by mistake is no axis of named values. */
bool matrix_is_named_values(const struct node *n)
{
	size_t maps = 0, words = 0;

	for (size_t i = 0; i < n->n; i++) {
		maps += n->pairs[i].value->kind == NODE_MAP;
		words += has_word(range_keys, ARRAY_SIZE(range_keys), n->pairs[i].key->text);
	}
	return maps > 0 && (maps == n->n || words == 0);
}

/* ---- an axis ---- */

static void check_each(const struct node *n, const char *axis, struct diagnostics *d)
{
	static const char *const lists[] = {EACH_STEPS};
	char nearest[96];

	if (n->kind == NODE_SCALAR && strcmp(n->text, EACH_STEPS) == 0)
		return;
	if (n->kind != NODE_SCALAR || node_is_empty(n))
		schema_wrong_kind(n, axis, "{each: " EACH_STEPS "}", d);
	else
		diag_error(d, n, "'each' is '%s', expected " EACH_STEPS "%s", n->text,
			diag_nearest(nearest, n->text, lists, 1));
}

/* The keys of a range, or `each`. */
static bool check_range_keys(const char *axis, const struct node *n, struct diagnostics *d)
{
	const struct node_pair *each = node_find(n, "each");
	bool ok = true;

	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key;
		char nearest[96];

		if (each ? &n->pairs[i] == each
			 : has_word(range_keys, ARRAY_SIZE(range_keys), key->text))
			continue;
		ok = false;
		if (each)
			diag_error(d, key, "'%s' cannot stand beside 'each'", key->text);
		else
			diag_error(d, key, "unknown key '%s' in axis '%s'%s", key->text, axis,
				diag_nearest(
					nearest, key->text, range_keys, ARRAY_SIZE(range_keys)));
	}
	return ok;
}

static void check_axis_map(const char *axis, const struct node *n, struct diagnostics *d)
{
	const struct node *each = node_get(n, "each");
	struct range r;

	if (matrix_is_named_values(n)) {
		check_named_values(axis, n, d);
		return;
	}
	bool ok = check_range_keys(axis, n, d);
	if (node_find(n, "each"))
		check_each(each ? each : node_find(n, "each")->value, axis, d);
	else if (ok)
		range_read(n, axis, &r, d);
}

void axis_check(const struct node *key, const struct node *n, struct diagnostics *d)
{
	const char *name = key->text;

	parameter_check_name(key, PARAMETER_AXIS, d);
	if (node_is_null(n))
		return;
	if (n->kind == NODE_LIST)
		axis_check_values(n, name, d);
	else if (n->kind == NODE_MAP && !schema_is_bare_template(n))
		check_axis_map(name, n, d);
	else
		schema_wrong_kind(n, name,
			"a list of values, {from, to, factor or step}, or {each: " EACH_STEPS "}",
			d);
}
