/* Axes, zips and derived parameters of a benchmark from the layers together; matrix_check.c has
 * seen each layer by itself. */
#include "coordinator/campaign/matrix.h"

#include "coordinator/campaign/expression_scan.h"
#include "coordinator/campaign/schema.h"
#include <errno.h>

/* ---- layers ---- */

const struct node *matrix_axis_key(const struct node *const layers[LAYERS], const char *name)
{
	for (int l = LAYERS - 1; l >= 0; l--) {
		const struct node_pair *pair = node_find(layers[l], name);

		if (pair)
			return pair->key;
	}
	return NULL;
}

const struct node *matrix_axis_node(const struct node *const layers[LAYERS], const char *name)
{
	for (int l = LAYERS - 1; l >= 0; l--) {
		const struct node_pair *pair = node_find(layers[l], name);

		if (pair)
			return pair->value;
	}
	return NULL;
}

bool layers_have(const struct node *const layers[LAYERS], int from, int to, const char *name)
{
	for (int l = from; l < to; l++)
		if (node_find(layers[l], name))
			return true;
	return false;
}

int matrix_first_layer(const struct node *const layers[LAYERS], const char *word)
{
	for (int l = LAYERS - 1; l >= 0; l--) {
		const struct node_pair *pair = node_find(layers[l], word);

		if (pair && node_is_null(pair->value))
			return l + 1;
	}
	return 0;
}

void matrix_unknown_axis(
	const struct benchmark *b, const struct node *key, const char *word, struct diagnostics *d)
{
	_cleanup_free_ const char **names = xcalloc(b->axes_n + 1, sizeof *names);
	char nearest[96];

	for (size_t i = 0; i < b->axes_n; i++)
		names[i] = b->axes[i].name;
	diag_error(d, key, "'%s' in '%s' is no axis of benchmark '%s'%s", key->text, word, b->name,
		diag_nearest(nearest, key->text, names, b->axes_n));
}

/* Whether a name is a parameter in the layers, and none of this benchmark. A derived one that is
 * still to be read is neither. */
static bool is_lacking(
	const struct benchmark *b, const struct node *const layers[LAYERS], const char *name)
{
	if (axis_find(b->axes, b->axes_n, name) >= 0 || derived_find(b, name) >= 0)
		return false;
	for (size_t i = 0; i < b->rules->lacking_n; i++)
		if (strcmp(b->rules->lacking[i], name) == 0)
			return true;
	return matrix_is_axis(name) && layers_have(layers, 0, LAYERS, name);
}

bool matrix_is_not_for(const struct benchmark *b, const struct node *const layers[LAYERS],
	int layer, const struct node *expression)
{
	bool is_field = false; /* what stands behind a point is no name of its own */
	struct token t;

	if (layer == LAYER_OWN)
		return false;
	for (const char *at = expression->text; (t = token_next(at)).kind != TOKEN_END;
		at = t.start + t.len) {
		_cleanup_free_ char *name = xstrndup(t.start, t.len);

		if (t.kind == TOKEN_NAME && !is_field && is_lacking(b, layers, name))
			return true;
		is_field = token_is(&t, ".");
	}
	return false;
}

/* ---- axes ---- */

static void read_axes(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d)
{
	/* An attribute's expression knows the axes before its own. */
	const struct template_scope scope = {
		.benchmark = b,
		.later = layers,
		.names = TEMPLATE_HOST,
		.where = "an attribute",
	};
	size_t room = 0;

	for (int l = 0; l < LAYERS; l++)
		room += layers[l] ? layers[l]->n : 0;
	b->axes = arena_array(a, room, sizeof *b->axes);
	for (int l = 0; l < LAYERS; l++) {
		for (size_t i = 0; layers[l] && i < layers[l]->n; i++) {
			const struct node *key = layers[l]->pairs[i].key;
			const struct node *value = matrix_axis_node(layers, key->text);

			if (!matrix_is_axis(key->text) || node_is_null(value) ||
				axis_find(b->axes, b->axes_n, key->text) >= 0)
				continue;
			axis_read(&b->axes[b->axes_n], key, value, &scope, a, d);
			b->axes_n++;
		}
	}
}

/* `threads: ~` of a benchmark is for an axis that the lower layers have. */
static void check_drops(
	const struct benchmark *b, const struct node *const layers[LAYERS], struct diagnostics *d)
{
	const struct node *own = layers[LAYER_OWN];

	for (size_t i = 0; own && i < own->n; i++) {
		const struct node *key = own->pairs[i].key;
		_cleanup_free_ const char **names = xcalloc(b->axes_n + 1, sizeof *names);
		char nearest[96];

		if (!matrix_is_axis(key->text) || !node_is_null(own->pairs[i].value) ||
			layers_have(layers, 0, LAYER_OWN, key->text))
			continue;
		for (size_t k = 0; k < b->axes_n; k++)
			names[k] = b->axes[k].name;
		diag_warning(d, key,
			"'%s: ~' drops an axis, and benchmark '%s' has none of that "
			"name%s",
			key->text, b->name, diag_nearest(nearest, key->text, names, b->axes_n));
	}
}

/* ---- zip ---- */

/* The groups of one layer. */
struct zip_layer {
	int layer;
	size_t first; /* number of its first group */
	size_t number;
};

/* The axis of an entry, or -1 where there is none to be zipped. */
static int zip_member(const struct benchmark *b, const struct node *const layers[LAYERS],
	const struct zip_layer *z, const struct node *name, struct diagnostics *d)
{
	int axis = axis_find(b->axes, b->axes_n, name->text);

	if (axis < 0) {
		if (z->layer == LAYER_OWN || !layers_have(layers, 0, LAYERS, name->text))
			matrix_unknown_axis(b, name, "zip", d);
		return -1;
	}
	if (b->axes[axis].zip >= z->first)
		return -1; /* matrix_check() has said so */
	if (b->axes[axis].is_each)
		diag_error(d, name,
			"axis '%s' has other values on each host, so it cannot be in 'zip'",
			name->text);
	else if (b->axes[axis].zip != 0)
		diag_error(d, name, "axis '%s' is in another 'zip' already", name->text);
	else
		return axis;
	return -1;
}

/* One axis that is left of a group walks by itself. */
static void read_group(struct benchmark *b, const struct node *const layers[LAYERS],
	const struct zip_layer *z, const struct node *group, struct diagnostics *d)
{
	int first = -1;

	for (size_t i = 0; group->kind == NODE_LIST && i < group->n; i++) {
		const struct node *name = group->items[i];
		int axis = name->kind == NODE_SCALAR ? zip_member(b, layers, z, name, d) : -1;

		if (axis < 0 || axis == first)
			continue;
		if (first < 0) {
			first = axis;
			continue;
		}
		b->axes[first].zip = z->number;
		b->axes[axis].zip = z->number;
		if (b->axes[axis].n != b->axes[first].n && b->axes[axis].n && b->axes[first].n)
			diag_error(d, name,
				"axis '%s' has %zu value%s, and '%s' has %zu: axes that walk in "
				"lock step have equally many (benchmark '%s')",
				name->text, b->axes[axis].n, b->axes[axis].n == 1 ? "" : "s",
				b->axes[first].name, b->axes[first].n, b->name);
	}
}

static void read_zips(
	struct benchmark *b, const struct node *const layers[LAYERS], struct diagnostics *d)
{
	struct zip_layer z = {0};

	for (z.layer = matrix_first_layer(layers, "zip"); z.layer < LAYERS; z.layer++) {
		const struct node *zip = node_get(layers[z.layer], "zip");

		z.first = z.number + 1;
		for (size_t i = 0; zip && zip->kind == NODE_LIST && i < zip->n; i++) {
			z.number++;
			read_group(b, layers, &z, zip->items[i], d);
		}
	}
}

int matrix_check_zips(const struct benchmark *b, struct error *err)
{
	for (size_t i = 0; i < b->axes_n; i++)
		for (size_t k = i + 1; k < b->axes_n && b->axes[i].zip != 0; k++)
			if (b->axes[k].zip == b->axes[i].zip && b->axes[k].n != b->axes[i].n)
				return error_set(err, -EINVAL,
					"axes '%s' and '%s' walk in lock step, and have %zu and "
					"%zu values",
					b->axes[i].name, b->axes[k].name, b->axes[i].n,
					b->axes[k].n);
	return 0;
}

/* ---- derived ---- */

/* The layer that says what a derived parameter is: the highest that has it. */
static int derived_layer(const struct node *const layers[LAYERS], const char *name)
{
	int l = LAYERS - 1;

	while (l >= 0 && !node_find(node_get(layers[l], "derived"), name))
		l--;
	return l;
}

static void read_one_derived(struct benchmark *b, const struct node *const layers[LAYERS],
	const char *name, struct arena *a, struct diagnostics *d)
{
	const struct template_scope scope = {
		.benchmark = b,
		.layers = layers,
		.later = layers,
		.names = TEMPLATE_HOST,
		.where = "'derived'",
	};
	int l = derived_layer(layers, name);
	const struct node_pair *pair = node_find(node_get(layers[l], "derived"), name);
	struct named_value *out = &b->derived[b->derived_n];

	if (axis_find(b->axes, b->axes_n, name) >= 0) {
		diag_error(d, pair->key, "'%s' in 'derived' is an axis of benchmark '%s' already",
			name, b->name);
		return;
	}
	if (pair->value->kind != NODE_SCALAR || node_is_empty(pair->value))
		return;
	if (l < matrix_first_layer(layers, "derived") || node_is_null(pair->value) ||
		matrix_is_not_for(b, layers, l, pair->value)) {
		b->rules->lacking[b->rules->lacking_n++] = name;
		return;
	}
	out->name = pair->key->text;
	out->expr = expression_read(
		pair->value, arena_printf(a, "derived '%s'", name), &scope, NULL, a, d);
	b->derived_n += out->expr != NULL;
}

static bool has_derived(const struct node *const layers[LAYERS], int to, const char *name)
{
	for (int l = 0; l < to; l++)
		if (node_find(node_get(layers[l], "derived"), name))
			return true;
	return false;
}

/* In the order in which they first appear; each knows those before it. */
static void read_derived(struct benchmark *b, const struct node *const layers[LAYERS],
	struct arena *a, struct diagnostics *d)
{
	size_t room = 0;

	for (int l = 0; l < LAYERS; l++) {
		const struct node *map = node_get(layers[l], "derived");

		room += map && map->kind == NODE_MAP ? map->n : 0;
	}
	b->derived = arena_array(a, room, sizeof *b->derived);
	b->rules->lacking = arena_array(a, room, sizeof *b->rules->lacking);
	for (int l = 0; l < LAYERS; l++) {
		const struct node *map = node_get(layers[l], "derived");

		for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++)
			if (!has_derived(layers, l, map->pairs[i].key->text))
				read_one_derived(b, layers, map->pairs[i].key->text, a, d);
	}
}

/* What is longer was an error, and is not looked at. */
static bool is_short(const struct node *layer)
{
	static const char *const words[] = {"derived", "exclude", "include", "zip"};
	const struct node *zip = node_get(layer, "zip");
	size_t members = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct node *n = node_get(layer, words[i]);

		if (n && n->n > SCHEMA_MAX_ENTRIES)
			return false;
	}
	for (size_t i = 0; zip && zip->kind == NODE_LIST && i < zip->n; i++)
		members += zip->items[i]->n;
	return !layer || (layer->n <= SCHEMA_MAX_ENTRIES && members <= SCHEMA_MAX_ENTRIES);
}

void matrix_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d)
{
	b->rules = arena_alloc(a, sizeof *b->rules);
	for (int l = 0; l < LAYERS; l++)
		if (!is_short(layers[l]))
			return;
	read_axes(b, layers, a, d);
	check_drops(b, layers, d);
	read_zips(b, layers, d);
	read_derived(b, layers, a, d);
	rules_read(b, layers, a, d);
}

/* ---- what named values override ---- */

/* Every text below a section. */
static void check_texts(
	const struct node *n, const struct template_scope *scope, bool *used, struct diagnostics *d)
{
	if (n->kind == NODE_SCALAR && !node_is_null(n))
		template_check(n, scope, used, d);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
		check_texts(n->items[i], scope, used, d);
	for (size_t i = 0; n->kind == NODE_MAP && i < n->n; i++)
		check_texts(n->pairs[i].value, scope, used, d);
}

static void check_overrides(const struct benchmark *b, const struct node *const layers[LAYERS],
	const struct node *value, bool *is_used, bool *used, struct diagnostics *d)
{
	for (size_t i = 0; i < value->n; i++) {
		const char *section = value->pairs[i].key->text;
		_cleanup_free_ char *where = xasprintf("'%s'", section);
		struct template_scope scope = {
			.benchmark = b,
			.layers = layers,
			.names = TEMPLATE_HOST | TEMPLATE_CAMPAIGN,
			.where = where,
		};

		if (!attribute_is_section(section))
			continue;
		if (strcmp(section, "env") == 0)
			scope.names |= TEMPLATE_CPUS | TEMPLATE_RUN;
		else if (strcmp(section, "placement") != 0)
			scope.names |= TEMPLATE_CPUS;
		*is_used = true;
		check_texts(value->pairs[i].value, &scope, used, d);
	}
}

void matrix_check_attributes(const struct benchmark *b, const struct node *const layers[LAYERS],
	bool *used, struct diagnostics *d)
{
	for (size_t i = 0; i < b->axes_n; i++) {
		const struct node *n = matrix_axis_node(layers, b->axes[i].name);

		for (size_t k = 0; axis_is_named(&b->axes[i]) && k < n->n; k++)
			if (n->pairs[k].value->kind == NODE_MAP)
				check_overrides(b, layers, n->pairs[k].value, &used[i], used, d);
	}
}

/* ---- --set ---- */

static int unknown_value(const struct axis *axis, const char *text, struct error *err)
{
	_cleanup_free_ const char **words = xcalloc(axis->n + 1, sizeof *words);
	char nearest[96];

	for (size_t i = 0; i < axis->n; i++)
		words[i] = axis->values[i].text;
	return error_set(err, -EINVAL, "axis '%s' has no value '%s'%s", axis->name, text,
		diag_nearest(nearest, text, words, axis->n));
}

/* What include adds keeps its attributes: the values of before that are not chosen stand behind
 * those that are. */
static void keep_others(const struct benchmark *b, size_t axis, struct value *values, size_t n)
{
	struct axis *out = &b->axes[axis];
	size_t all = n;

	for (size_t i = 0; i < out->n; i++)
		if (values_find(values, n, out->values[i].text) < 0)
			values[all++] = out->values[i];
	for (size_t i = 0; i < b->rules->includes_n; i++) {
		const struct rule *rule = &b->rules->includes[i];

		for (size_t k = 0; k < rule->n; k++) {
			const struct rule_term *t = &rule->terms[k];

			for (size_t v = 0; t->axis == axis && v < t->n; v++) {
				int64_t at = values_find(values, all, t->values[v].text);

				if (at >= 0)
					t->values[v] = values[at];
			}
		}
	}
	out->more = all - n;
}

int matrix_set_axis(struct benchmark *b, size_t axis, const char *const *texts, size_t n,
	struct arena *a, struct error *err)
{
	struct axis *out = &b->axes[axis];
	struct value *values = arena_array(a, n + out->n, sizeof *values);

	for (size_t i = 0; i < n; i++) {
		int64_t old = values_find(out->values, out->n, texts[i]);

		if (old < 0 && axis_is_named(out))
			return unknown_value(out, texts[i], err);
		values[i] = old >= 0 ? out->values[old] : value_read(texts[i], true);
	}
	if (axis_is_named(out))
		keep_others(b, axis, values, n);
	out->values = values;
	out->n = n;
	out->is_each = false;
	return 0;
}
