/* The walk over a tree by the tables of schema*.c. */
#include "coordinator/campaign/cpus.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"
#include <errno.h>

bool has_template(const char *text)
{
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		size_t len = strspn(
			p + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789");

		if (p[1 + len] == '}' && is_identifier(p + 1, strcspn(p + 1, ".}")))
			return true;
	}
	return false;
}

bool schema_is_bare_template(const struct node *n)
{
	return n->kind == NODE_MAP && n->is_flow && n->n == 1 && node_is_empty(n->pairs[0].value);
}

void schema_wrong_kind(
	const struct node *n, const char *name, const char *expected, struct diagnostics *d)
{
	/* A mapping whose keys were all errors has had its own. */
	if (n->kind == NODE_MAP && n->n == 0 && n->weight > 1)
		return;
	if (schema_is_bare_template(n))
		diag_error(d, n,
			"'%s' is {%s} without quotes, which YAML takes for a mapping; write "
			"\"{%s}\"",
			name, n->pairs[0].key->text, n->pairs[0].key->text);
	else if (n->kind == NODE_SCALAR && node_is_empty(n))
		diag_error(d, n, "'%s' is empty, expected %s", name, expected);
	else if (n->kind == NODE_SCALAR)
		diag_error(d, n, "'%s' is '%s', expected %s", name, n->text, expected);
	else
		diag_error(d, n, "'%s' is a %s, expected %s", name,
			n->kind == NODE_MAP ? "mapping" : "list", expected);
}

static void not_expected(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	const struct schema *scalar = s->type == TYPE_SCALAR_OR_MAP ? s->scalar : s;
	_cleanup_buf_ struct buf expected = BUF_INIT;

	if (scalar->type == TYPE_EXPRESSION && schema_is_bare_template(n)) {
		diag_error(d, n,
			"'%s' is {%s}, which YAML takes for a mapping; an expression has no "
			"braces: write %s",
			name, n->pairs[0].key->text, n->pairs[0].key->text);
		return;
	}
	schema_expectation(s, &expected);
	if (s->type == TYPE_INT && s->is_template)
		buf_adds(&expected, ", or a template");
	schema_wrong_kind(n, name, expected.data, d);
}

static void check_choice(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	_cleanup_buf_ struct buf expected = BUF_INIT;
	char nearest[96];
	int64_t value;

	if (schema_value(s, n->text, &value) == 0)
		return;
	schema_expectation(s, &expected);
	diag_error(d, n, "'%s' is '%s', expected %s%s", name, n->text, expected.data,
		schema_nearest(s, n->text, nearest));
}

/* The unit's absence has an error of its own, and so has one too many. */
static void check_quantity(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	bool is_number = s->type == TYPE_DECIMAL || s->type == TYPE_NUMBER;
	_cleanup_buf_ struct buf expected = BUF_INIT;
	int64_t value;

	if (schema_value(s, n->text, &value) == 0) {
		if (is_number && !n->is_plain)
			diag_error(d, n,
				"'%s' is a text, expected a number: write %s without quotes", name,
				n->text);
		return;
	}
	schema_expectation(s, &expected);
	if (has_template(n->text))
		diag_error(d, n, "'%s' is '%s', and no template can stand there, expected %s", name,
			n->text, expected.data);
	else if (!is_number && n->text[0] && strspn(n->text, "0123456789.") == strlen(n->text))
		diag_error(d, n, "'%s' is '%s' without a unit, expected %s", name, n->text,
			expected.data);
	else
		schema_wrong_kind(n, name, expected.data, d);
}

static void check_int(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	int64_t value;

	if (schema_value(s, n->text, &value) < 0)
		not_expected(n, s, name, d);
	else if (!n->is_plain)
		diag_error(d, n, "'%s' is a text, expected a number: write %s without quotes", name,
			n->text);
}

/* A text, or a list whose items are put together into one. */
static void check_cpus(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	_cleanup_buf_ struct buf joined = BUF_INIT, expected = BUF_INIT;
	int64_t value;

	schema_expectation(s, &expected);
	for (size_t i = 0; i < n->n; i++) {
		if (n->items[i]->kind != NODE_SCALAR || node_is_empty(n->items[i])) {
			schema_wrong_kind(n->items[i], name, "the number of a CPU", d);
			return;
		}
	}
	cpus_join(n, &joined);
	if (!has_template(joined.data) && schema_value(s, joined.data, &value) < 0)
		diag_error(d, n, "'%s' is '%s', expected %s", name, joined.data, expected.data);
}

static void check_command(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	if (n->kind == NODE_MAP || (n->kind == NODE_SCALAR && n->text[0] == '\0')) {
		not_expected(n, s, name, d);
		return;
	}
	if (n->kind == NODE_LIST && n->n == 0)
		diag_error(
			d, n, "'%s' is an empty list, expected a program and its arguments", name);
	for (size_t i = 0; i < n->n; i++) {
		const struct node *item = n->items[i];

		if (item->kind != NODE_SCALAR || node_is_empty(item))
			schema_wrong_kind(item, name, "a text for each argument", d);
		else if (i == 0 && item->text[0] == '\0')
			diag_error(d, item, "'%s' begins with '', expected a program", name);
	}
}

bool schema_is_step_list(const struct node *n)
{
	if (n->kind != NODE_LIST)
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (n->items[i]->kind == NODE_LIST ||
			(n->items[i]->kind == NODE_MAP && !schema_is_bare_template(n->items[i])))
			return true;
	return false;
}

static void check_steps(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	if (n->kind == NODE_MAP) {
		schema_check(n, s->of, name, d);
		return;
	}
	if (!schema_is_step_list(n)) {
		check_command(n, s, name, d);
		if (n->kind == NODE_LIST && n->n > 0 && n->items[0]->kind == NODE_SCALAR &&
			strpbrk(n->items[0]->text, " \t\n"))
			diag_warning(d, n->items[0],
				"'%s' is a list of texts, so one program, '%s', and its arguments; "
				"steps of a list are {command: ...}",
				name, n->items[0]->text);
		return;
	}
	for (size_t i = 0; i < n->n; i++) {
		if (n->items[i]->kind == NODE_MAP)
			schema_check(n->items[i], s->of, name, d);
		else
			check_command(n->items[i], s, name, d);
	}
}

static const struct key_info *find_key(const struct key_info *keys, const char *name)
{
	while (keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys->name ? keys : NULL;
}

/* The nearest key of a table; and where an unknown key would be right, if anywhere. */
static void unknown_key(const struct node *key, const struct schema *s, struct diagnostics *d)
{
	const struct key_info *of_benchmark = schema_benchmarks.of->keys;
	const char *words[SCHEMA_MAX_WORDS];
	char nearest[96];
	size_t n = 0;

	for (const struct key_info *k = s->keys; k->name && n < SCHEMA_MAX_WORDS; k++)
		words[n++] = k->name;
	if (s == &schema_campaign && find_key(of_benchmark, key->text))
		diag_error(d, key,
			"unknown key '%s' in the campaign; it belongs in a benchmark or in "
			"'defaults'",
			key->text);
	else if (s->keys == of_benchmark && find_key(schema_campaign.keys, key->text))
		diag_error(d, key, "unknown key '%s' in %s; it belongs in the campaign itself",
			key->text, s->title);
	else if (s == &schema_own_limits && find_key(schema_limits.keys, key->text))
		diag_error(d, key,
			"unknown key '%s' in limits of a benchmark; it belongs in the campaign's "
			"own 'limits'",
			key->text);
	else
		diag_error(d, key, "unknown key '%s' in %s%s", key->text, s->title,
			diag_nearest(nearest, key->text, words, n));
}

bool schema_has_typo(const struct node *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key) != 0 &&
			nearest_word(map->pairs[i].key->text, &key, 1))
			return true;
	return false;
}

/* The first key that is there of those that need each other; NULL: none is. */
static const char *together_of(const struct node *n, const struct schema *s)
{
	for (const struct key_info *k = s->keys; k->name; k++)
		if ((k->flags & KEY_TOGETHER) && node_find(n, k->name))
			return k->name;
	return NULL;
}

static void check_together(const struct node *n, const struct schema *s, struct diagnostics *d)
{
	const char *one = together_of(n, s);

	for (const struct key_info *k = s->keys; one && k->name; k++)
		if ((k->flags & KEY_TOGETHER) && !node_find(n, k->name) &&
			!schema_has_typo(n, k->name))
			diag_error(d, n, "%s has '%s', but no '%s': %s", s->title, one, k->name,
				k->help);
}

static void check_map(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	_cleanup_buf_ struct buf words = BUF_INIT;

	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key, *value = n->pairs[i].value;
		const struct key_info *k = find_key(s->keys, key->text);

		if (!k)
			unknown_key(key, s, d);
		else if (!node_is_null(value) || !(s->is_layer || (k->flags & KEY_LAYER)))
			schema_check(value, k->schema, key->text, d);
	}
	for (const struct key_info *k = s->keys; k->name; k++) {
		buf_addf(&words, "%s%s", words.len ? ", " : "", k->name);
		if ((k->flags & KEY_REQUIRED) && !node_find(n, k->name) &&
			!schema_has_typo(n, k->name))
			diag_error(d, n, "%s has no '%s'", s->title, k->name);
	}
	check_together(n, s, d);
	if (s->is_one && n->n != 1)
		diag_error(d, n, "'%s' has %zu keys, expected one of %s", name, n->n, words.data);
}

static void check_names(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	if (n->n == 0 && !s->is_layer)
		diag_error(d, n, "'%s' is empty, expected at least one %s", name, s->named);
	if (s->max && (int64_t)n->n > s->max)
		diag_error(d, n, "'%s' has %zu entries, expected at most %lld", name, n->n,
			(long long)s->max);
	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key, *value = n->pairs[i].value;

		if (!s->is_good(key->text))
			diag_error(d, key, "'%s' is no good %s name, expected %s", key->text,
				s->named, s->expected);
		if (!(s->is_layer && node_is_null(value)))
			schema_check(value, s->of, key->text, d);
	}
}

static void check_list(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	if (s->type == TYPE_ONE_OR_LIST && n->kind != NODE_LIST) {
		schema_check(n, s->of, name, d);
		return;
	}
	if (s->min == 0 && s->max && (int64_t)n->n > s->max) {
		diag_error(d, n, "'%s' has %zu entries, expected at most %lld", name, n->n,
			(long long)s->max);
		return;
	}
	if (s->max && ((int64_t)n->n < s->min || (int64_t)n->n > s->max)) {
		_cleanup_buf_ struct buf expected = BUF_INIT;

		schema_expectation(s, &expected);
		diag_error(d, n, "'%s' has %zu entr%s, expected %s", name, n->n,
			n->n == 1 ? "y" : "ies", expected.data);
	}
	for (size_t i = 0; i < n->n; i++)
		schema_check(n->items[i], s->of, name, d);
}

/* {command: } is a key without its value where there is such a key; anywhere else it is {command}
 * without quotes, which is the same to YAML. */
static bool is_bare_template(const struct node *n, const struct schema *s)
{
	return schema_is_bare_template(n) &&
	       !(s->type == TYPE_MAP && find_key(s->keys, n->pairs[0].key->text));
}

static bool has_right_kind(const struct node *n, const struct schema *s)
{
	switch (s->type) {
	case TYPE_COMMAND:
	case TYPE_ONE_OR_LIST:
		return true;
	case TYPE_STEPS:
		return !is_bare_template(n, s->of);
	case TYPE_SCALAR_OR_MAP:
		return n->kind != NODE_LIST && !is_bare_template(n, s->of) && !node_is_empty(n);
	case TYPE_MAP:
	case TYPE_NAMES:
	case TYPE_MATRIX:
		return n->kind == NODE_MAP && !is_bare_template(n, s);
	case TYPE_LIST:
		return n->kind == NODE_LIST;
	case TYPE_CPUS:
		if (n->kind == NODE_LIST)
			return true;
		/* fall through */
	default:
		return n->kind == NODE_SCALAR && !node_is_empty(n);
	}
}

static void check_bool(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	int64_t value;

	if (schema_value(s, n->text, &value) < 0)
		not_expected(n, s, name, d);
	else if (!n->is_plain)
		diag_error(d, n, "'%s' is a text, expected true or false: write %s without quotes",
			name, n->text);
}

/* Of the right kind, and no template where one may stand. */
static void check_value(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	int64_t value;

	switch (s->type) {
	case TYPE_TEXT:
	case TYPE_TEMPLATE:
	case TYPE_EXPRESSION:
		if (schema_value(s, n->text, &value) < 0)
			not_expected(n, s, name, d);
		break;
	case TYPE_BOOL:
		check_bool(n, s, name, d);
		break;
	case TYPE_INT:
		check_int(n, s, name, d);
		break;
	case TYPE_DURATION:
	case TYPE_SIZE:
	case TYPE_FREQUENCY:
	case TYPE_POWER:
	case TYPE_ENERGY:
	case TYPE_PERCENT:
	case TYPE_TEMPERATURE:
	case TYPE_DECIMAL:
	case TYPE_NUMBER:
		check_quantity(n, s, name, d);
		break;
	case TYPE_CPUS:
		check_cpus(n, s, name, d);
		break;
	case TYPE_CHOICE:
		check_choice(n, s, name, d);
		break;
	case TYPE_COMMAND:
		check_command(n, s, name, d);
		break;
	case TYPE_STEPS:
		check_steps(n, s, name, d);
		break;
	case TYPE_SCALAR_OR_MAP:
		schema_check(n, n->kind == NODE_MAP ? s->of : s->scalar, name, d);
		break;
	case TYPE_MAP:
		check_map(n, s, name, d);
		break;
	case TYPE_NAMES:
		check_names(n, s, name, d);
		break;
	case TYPE_LIST:
	case TYPE_ONE_OR_LIST:
		check_list(n, s, name, d);
		break;
	case TYPE_MATRIX:
		matrix_check(n, d);
		break;
	}
}

void schema_check(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d)
{
	if (!has_right_kind(n, s)) {
		not_expected(n, s, name, d);
		return;
	}
	if (s->is_template && n->kind == NODE_SCALAR && has_template(n->text))
		return;
	check_value(n, s, name, d);
}
