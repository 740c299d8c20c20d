/* One matrix section by itself: what stands in it, before layers are put together. */
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"

/* Whether there are no more entries than can be looked at. */
static bool check_length(const struct node *n, const char *name, struct diagnostics *d)
{
	if (n->n <= SCHEMA_MAX_ENTRIES)
		return true;
	diag_error(
		d, n, "'%s' has %zu entries, expected at most %d", name, n->n, SCHEMA_MAX_ENTRIES);
	return false;
}

/* ---- exclude, include ---- */

/* One mapping of exclude or include. */
static void check_mapping(const struct node *rule, const char *word, struct diagnostics *d)
{
	if (rule->kind != NODE_MAP || rule->n == 0 || schema_is_bare_template(rule)) {
		schema_wrong_kind(rule, word,
			strcmp(word, "exclude") == 0 ? "mappings of axes to values, or expressions"
						     : "mappings of axes to values",
			d);
		return;
	}
	for (size_t i = 0; i < rule->n; i++) {
		const struct node *value = rule->pairs[i].value;
		const char *axis = rule->pairs[i].key->text;

		if (value->kind == NODE_LIST)
			axis_check_values(value, axis, d);
		else
			axis_check_value(value, axis, d);
	}
}

static void check_rules(const struct node *key, const struct node *n, struct diagnostics *d)
{
	bool may_be_text = strcmp(key->text, "exclude") == 0;

	if (n->kind != NODE_LIST) {
		schema_wrong_kind(n, key->text,
			may_be_text ? "a list of mappings of axes to values, or of expressions"
				    : "a list of mappings of axes to values",
			d);
		return;
	}
	if (!check_length(n, key->text, d))
		return;
	for (size_t i = 0; i < n->n; i++) {
		const struct node *rule = n->items[i];

		if (!(may_be_text && rule->kind == NODE_SCALAR && !node_is_empty(rule)))
			check_mapping(rule, key->text, d);
	}
}

/* ---- where, derived, zip ---- */

static void check_where(const struct node *key, const struct node *n, struct diagnostics *d)
{
	if (n->kind != NODE_SCALAR || node_is_empty(n))
		schema_wrong_kind(n, key->text, "an expression, such as threads <= host.cores", d);
}

static void check_derived(const struct node *key, const struct node *n, struct diagnostics *d)
{
	if (n->kind != NODE_MAP || schema_is_bare_template(n)) {
		schema_wrong_kind(n, key->text, "names with an expression each", d);
		return;
	}
	if (!check_length(n, key->text, d))
		return;
	for (size_t i = 0; i < n->n; i++) {
		const struct node *name = n->pairs[i].key, *value = n->pairs[i].value;

		parameter_check_name(name, PARAMETER_DERIVED, d);
		if (value->kind != NODE_SCALAR || node_is_empty(value))
			schema_wrong_kind(value, name->text, "an expression, such as n * 8", d);
	}
}

/* Whether an axis stands in the first groups of a zip, or before item k of the last one. */
static bool is_named_before(const struct node *zip, size_t group, size_t k, const char *axis)
{
	for (size_t g = 0; g <= group; g++)
		for (size_t i = 0; i < (g < group ? zip->items[g]->n : k); i++)
			if (zip->items[g]->kind == NODE_LIST &&
				zip->items[g]->items[i]->kind == NODE_SCALAR &&
				strcmp(zip->items[g]->items[i]->text, axis) == 0)
				return true;
	return false;
}

static void check_group(const struct node *zip, size_t group, struct diagnostics *d)
{
	const struct node *n = zip->items[group];

	if (n->kind != NODE_LIST) {
		schema_wrong_kind(n, "zip", "lists of axes, such as [[a, b]]", d);
		return;
	}
	if (n->n < 2)
		diag_error(d, n, "'zip' needs two axes at least that walk in lock step");
	for (size_t i = 0; i < n->n; i++) {
		const struct node *axis = n->items[i];

		if (axis->kind != NODE_SCALAR || node_is_empty(axis))
			schema_wrong_kind(axis, "zip", "the name of an axis", d);
		else if (is_named_before(zip, group, i, axis->text))
			diag_error(d, axis, "axis '%s' stands twice in 'zip'", axis->text);
	}
}

static void check_zip(const struct node *key, const struct node *n, struct diagnostics *d)
{
	size_t members = 0;

	if (n->kind != NODE_LIST) {
		schema_wrong_kind(n, key->text, "lists of axes, such as [[a, b]]", d);
		return;
	}
	if (!check_length(n, key->text, d))
		return;
	for (size_t i = 0; i < n->n; i++)
		members += n->items[i]->n;
	if (members > SCHEMA_MAX_ENTRIES) {
		diag_error(d, n, "'zip' names %zu axes, expected at most %d", members,
			SCHEMA_MAX_ENTRIES);
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		check_group(n, i, d);
}

/* ---- the section ---- */

/* Keys of a matrix that are no axes. */
static const struct matrix_word {
	const char *name;
	void (*check)(const struct node *key, const struct node *n, struct diagnostics *d);
} matrix_words[] = {
	{"where", check_where},
	{"exclude", check_rules},
	{"include", check_rules},
	{"zip", check_zip},
	{"derived", check_derived},
};

static const struct matrix_word *matrix_word(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(matrix_words); i++)
		if (strcmp(matrix_words[i].name, key) == 0)
			return &matrix_words[i];
	return NULL;
}

bool matrix_is_axis(const char *key)
{
	return !matrix_word(key);
}

/* What one of the words of a matrix has and no axis: a text, a list of mappings or lists, a mapping
 * of texts that is no range. */
static bool is_no_axis(const struct node *n)
{
	static const char *const of_axes[] = {"from", "to", "factor", "step", "each"};

	if (n->kind == NODE_SCALAR)
		return !node_is_null(n);
	if (n->kind == NODE_LIST)
		return n->n > 0 && n->items[0]->kind != NODE_SCALAR;
	for (size_t i = 0; i < n->n; i++) {
		if (n->pairs[i].value->kind != NODE_SCALAR)
			return false;
		for (size_t k = 0; k < ARRAY_SIZE(of_axes); k++)
			if (strcmp(n->pairs[i].key->text, of_axes[k]) == 0)
				return false;
	}
	return n->n > 0;
}

/* Whether a key is meant for one of the words, which is said then. */
static bool is_misspelt(const struct node *key, const struct node *value, struct diagnostics *d)
{
	const char *known[ARRAY_SIZE(matrix_words)];
	char nearest[96];

	for (size_t i = 0; i < ARRAY_SIZE(matrix_words); i++)
		known[i] = matrix_words[i].name;
	if (!is_no_axis(value) ||
		diag_nearest(nearest, key->text, known, ARRAY_SIZE(matrix_words))[0] == '\0')
		return false;
	diag_error(d, key, "unknown key '%s' in matrix%s", key->text, nearest);
	return true;
}

void matrix_check(const struct node *matrix, struct diagnostics *d)
{
	if (!check_length(matrix, "matrix", d))
		return;
	for (size_t i = 0; i < matrix->n; i++) {
		const struct node *key = matrix->pairs[i].key, *value = matrix->pairs[i].value;
		const struct matrix_word *word = matrix_word(key->text);

		if (!word && is_misspelt(key, value, d))
			continue;
		if (!word)
			axis_check(key, value, d);
		else if (!node_is_null(value))
			word->check(key, value, d);
	}
}
