/* where, exclude and include of a benchmark from the layers together. */
#include "coordinator/campaign/matrix.h"

/* ---- expressions ---- */

/* The expression of a layer, or NULL where it is not for this benchmark. */
static const struct expression *read_expression(const struct benchmark *b,
	const struct node *const layers[LAYERS], int layer, const struct node *n, const char *what,
	struct arena *a, struct diagnostics *d)
{
	_cleanup_free_ char *where = xasprintf("'%s'", what);
	const struct template_scope scope = {
		.benchmark = b, .layers = layers, .names = TEMPLATE_HOST, .where = where};

	if (n->kind != NODE_SCALAR || node_is_empty(n) || matrix_is_not_for(b, layers, layer, n))
		return NULL;
	return expression_read(n, what, &scope, NULL, a, d);
}

static void read_wheres(struct benchmark *b, const struct node *const layers[LAYERS],
	struct arena *a, struct diagnostics *d)
{
	b->where = arena_array(a, LAYERS, sizeof *b->where);
	for (int l = matrix_first_layer(layers, "where"); l < LAYERS; l++) {
		const struct node *n = node_get(layers[l], "where");

		b->where[b->where_n] = n ? read_expression(b, layers, l, n, "where", a, d) : NULL;
		b->where_n += b->where[b->where_n] != NULL;
	}
}

/* ---- mappings ---- */

/* A rule while it is read. */
struct rule_reader {
	struct benchmark *benchmark;
	const struct node *const *layers;
	int layer;
	const char *word; /* exclude or include */
	struct arena *arena;
	struct diagnostics *d;
	struct value_set *sets; /* of the axes' values; filled at first need */
};

/* Where the values of a term stand, for messages. */
static const struct node *node_of(const struct node *value, size_t i)
{
	return value->kind == NODE_LIST ? value->items[i] : value;
}

/* Only where the axis is the one that the rule's writer saw, not one that a higher layer put in its
 * place. */
static void look_at_values(const struct rule_reader *r, const struct rule_term *t,
	const struct node *value, const char *name)
{
	const struct axis *axis = &r->benchmark->axes[t->axis];
	bool is_include = strcmp(r->word, "include") == 0;

	if (axis->is_each || axis->n == 0 || (value->kind == NODE_LIST && t->n != value->n) ||
		layers_have(r->layers, r->layer + 1, LAYERS, name))
		return;
	value_set_fill(&r->sets[t->axis], axis->values, axis->n);
	for (size_t i = 0; i < t->n; i++) {
		if (value_set_find(&r->sets[t->axis], axis->values, t->values[i].text) >= 0)
			continue;
		if (!is_include)
			diag_warning(r->d, node_of(value, i),
				"axis '%s' has no value '%s', so this excludes nothing", axis->name,
				t->values[i].text);
		else if (axis_is_named(axis))
			diag_error(r->d, node_of(value, i),
				"axis '%s' has no value '%s', and 'include' cannot give it the "
				"attributes that its values have",
				axis->name, t->values[i].text);
	}
}

static void read_term(struct rule_term *t, const struct node *value, struct arena *a)
{
	if (value->kind == NODE_LIST) {
		t->values = arena_array(a, value->n, sizeof *t->values);
		t->n = values_read(value, t->values);
	} else if (value->kind == NODE_SCALAR) {
		t->values = arena_alloc(a, sizeof *t->values);
		t->values[t->n++] = value_read(value->text, value->is_plain);
	}
}

static const struct rule_term *term_of(const struct rule *rule, size_t axis)
{
	for (size_t i = 0; i < rule->n; i++)
		if (rule->terms[i].axis == axis)
			return &rule->terms[i];
	return NULL;
}

/* An entry of include is a small matrix in which a zip walks, too. */
static void check_rule_zips(
	const struct rule_reader *r, const struct rule *rule, const struct node *from)
{
	const struct axis *axes = r->benchmark->axes;

	for (size_t i = 0; i < rule->n; i++) {
		const struct rule_term *t = &rule->terms[i];

		for (size_t k = 0; axes[t->axis].zip != 0 && k < r->benchmark->axes_n; k++) {
			const struct rule_term *other = term_of(rule, k);

			if (axes[k].zip != axes[t->axis].zip || (other && other->n == t->n))
				continue;
			diag_error(r->d, from,
				"axes '%s' and '%s' walk in lock step: an entry of 'include' names "
				"both with equally many values, or neither",
				axes[t->axis].name, axes[k].name);
			return;
		}
	}
}

/* Returns whether the rule of this layer is about this benchmark: a rule on an axis that it dropped
 * is not. */
static bool read_rule(const struct rule_reader *r, const struct node *from, struct rule *rule)
{
	const struct benchmark *b = r->benchmark;

	rule->terms = arena_array(r->arena, from->n, sizeof *rule->terms);
	for (size_t i = 0; i < from->n; i++) {
		const struct node *key = from->pairs[i].key, *value = from->pairs[i].value;
		struct rule_term *t = &rule->terms[rule->n];
		int axis = axis_find(b->axes, b->axes_n, key->text);

		if (axis < 0) {
			if (r->layer == LAYER_OWN || !matrix_is_axis(key->text) ||
				!layers_have(r->layers, 0, LAYERS, key->text))
				matrix_unknown_axis(b, key, r->word, r->d);
			return false;
		}
		t->axis = (size_t)axis;
		read_term(t, value, r->arena);
		look_at_values(r, t, value, key->text);
		rule->n++;
	}
	if (strcmp(r->word, "include") == 0)
		check_rule_zips(r, rule, from);
	return rule->n > 0;
}

static size_t count_entries(const struct node *const layers[LAYERS], const char *word)
{
	size_t n = 0;

	for (int l = 0; l < LAYERS; l++) {
		const struct node *list = node_get(layers[l], word);

		n += list && list->kind == NODE_LIST ? list->n : 0;
	}
	return n;
}

static void read_rules(struct rule_reader *r, const char *word, struct rule **rules, size_t *n)
{
	*rules = arena_array(r->arena, count_entries(r->layers, word), sizeof **rules);
	r->word = word;
	for (r->layer = matrix_first_layer(r->layers, word); r->layer < LAYERS; r->layer++) {
		const struct node *list = node_get(r->layers[r->layer], word);

		for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
			struct rule rule = {0};

			if (list->items[i]->kind == NODE_MAP && read_rule(r, list->items[i], &rule))
				(*rules)[(*n)++] = rule;
		}
	}
}

static void read_exclude_ifs(struct rule_reader *r)
{
	struct matrix_rules *rules = r->benchmark->rules;
	size_t room = count_entries(r->layers, "exclude");

	rules->exclude_ifs = arena_array(r->arena, room, sizeof *rules->exclude_ifs);
	for (int l = matrix_first_layer(r->layers, "exclude"); l < LAYERS; l++) {
		const struct node *list = node_get(r->layers[l], "exclude");

		for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
			const struct expression *e = read_expression(r->benchmark, r->layers, l,
				list->items[i], "exclude", r->arena, r->d);

			if (e)
				rules->exclude_ifs[rules->exclude_ifs_n++] = e;
		}
	}
}

void rules_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d)
{
	_cleanup_free_ struct value_set *sets = xcalloc(b->axes_n + 1, sizeof *sets);
	struct rule_reader r = {.benchmark = b, .layers = layers, .arena = a, .d = d, .sets = sets};

	read_wheres(b, layers, a, d);
	read_rules(&r, "exclude", &b->rules->excludes, &b->rules->excludes_n);
	read_exclude_ifs(&r);
	read_rules(&r, "include", &b->rules->includes, &b->rules->includes_n);
	for (size_t i = 0; i < b->axes_n; i++)
		value_set_done(&sets[i]);
}
