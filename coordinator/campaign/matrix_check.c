/* One matrix section by itself: what stands in it, before layers are put together. */
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"
#include <stdio.h>
#include <uthash.h>

#define MAX_AXIS_VALUES 1000000
#define EACH_STEPS      "host.thread_steps"

/* Keys of a matrix that are no axes; those that are not there yet have is_later. */
static const struct choice matrix_words[] = {
	{"exclude", false},
	{"include", false},
	{"where", true},
	{"zip", true},
	{"derived", true},
	{0},
};

/* Names that mean something else in expressions and templates. */
static const char *const reserved_names[] = {"host", "hosts", "cpus", "cpu_list", "tmp",
	"benchmark", "metric", "math", "string", "one_of", "and", "break", "do", "else", "elseif",
	"end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while"};

static const struct choice *matrix_word(const char *key)
{
	for (const struct choice *w = matrix_words; w->name; w++)
		if (strcmp(w->name, key) == 0)
			return w;
	return NULL;
}

bool matrix_is_axis(const char *key)
{
	return !matrix_word(key);
}

static void check_value(const struct node *n, const char *axis, struct diagnostics *d)
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

static void check_values(const struct node *list, const char *axis, struct diagnostics *d)
{
	_cleanup_free_ struct seen *all = xcalloc(list->n + 1, sizeof *all);
	struct seen *table = NULL, *other;

	if (list->n == 0)
		diag_error(d, list, "axis '%s' has no values", axis);
	for (size_t i = 0; i < list->n; i++) {
		const struct node *item = list->items[i];

		check_value(item, axis, d);
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

static const char *const range_keys[] = {"from", "to", "factor", "step", "each"};

static int64_t range_number(
	const struct node *n, const char *key, int64_t min, bool *ok, struct diagnostics *d)
{
	const struct node *value = node_get(n, key);
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

bool matrix_is_named_values(const struct node *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->pairs[i].value->kind == NODE_MAP)
			return true;
	return false;
}

static void check_axis_map(const struct node *axis_key, const struct node *n, struct diagnostics *d)
{
	const char *axis = axis_key->text;
	const struct node_pair *each = node_find(n, "each");
	struct range r;
	bool ok = true;

	if (matrix_is_named_values(n)) {
		diag_error(d, axis_key,
			"axis '%s': named values are not supported yet by this version", axis);
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key;
		bool is_known = false;
		char nearest[96];

		for (size_t k = 0; k < ARRAY_SIZE(range_keys); k++)
			is_known |= strcmp(range_keys[k], key->text) == 0 &&
				    (!each || &n->pairs[i] == each);
		if (is_known)
			continue;
		ok = false;
		if (each)
			diag_error(d, key, "'%s' cannot stand beside 'each'", key->text);
		else
			diag_error(d, key, "unknown key '%s' in axis '%s'%s", key->text, axis,
				diag_nearest(
					nearest, key->text, range_keys, ARRAY_SIZE(range_keys)));
	}
	if (each)
		check_each(each->value, axis, d);
	else if (ok)
		range_read(n, axis, &r, d);
}

static void check_axis(const struct node *key, const struct node *n, struct diagnostics *d)
{
	const char *name = key->text;

	if (!is_identifier(name, strlen(name)))
		diag_error(d, key,
			"'%s' is no good name of an axis, expected letters, digits and _, not "
			"starting with a digit",
			name);
	for (size_t i = 0; i < ARRAY_SIZE(reserved_names); i++)
		if (strcmp(reserved_names[i], name) == 0)
			diag_error(d, key,
				"'%s' cannot be the name of an axis: it means something else in "
				"templates and expressions",
				name);
	if (node_is_null(n))
		return;
	if (n->kind == NODE_LIST)
		check_values(n, name, d);
	else if (n->kind == NODE_MAP && !schema_is_bare_template(n))
		check_axis_map(key, n, d);
	else
		schema_wrong_kind(n, name,
			"a list of values, {from, to, factor or step}, or {each: " EACH_STEPS "}",
			d);
}

/* One mapping of exclude or include. */
static void check_rule(const struct node *rule, const char *word, struct diagnostics *d)
{
	if (rule->kind == NODE_SCALAR && !node_is_empty(rule)) {
		diag_error(d, rule, "an expression in '%s' is not supported yet by this version",
			word);
		return;
	}
	if (rule->kind != NODE_MAP || rule->n == 0) {
		schema_wrong_kind(rule, word, "mappings of axes to values", d);
		return;
	}
	for (size_t i = 0; i < rule->n; i++) {
		const struct node *value = rule->pairs[i].value;
		const char *axis = rule->pairs[i].key->text;

		if (value->kind == NODE_LIST)
			check_values(value, axis, d);
		else
			check_value(value, axis, d);
	}
}

void matrix_check(const struct node *matrix, struct diagnostics *d)
{
	for (size_t i = 0; i < matrix->n; i++) {
		const struct node *key = matrix->pairs[i].key, *value = matrix->pairs[i].value;
		const struct choice *word = matrix_word(key->text);

		if (!word) {
			check_axis(key, value, d);
		} else if (word->is_later) {
			schema_not_yet(key, key->text, d);
		} else if (value->kind != NODE_LIST) {
			if (!node_is_null(value))
				schema_wrong_kind(value, key->text,
					"a list of mappings of axes to values", d);
		} else {
			for (size_t k = 0; k < value->n; k++)
				check_rule(value->items[k], key->text, d);
		}
	}
}
