/* Axes and rules of a benchmark from the layers together; matrix_check.c has seen each layer by
 * itself. */
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"

/* A JSON number: no leading zeros, no plus, a digit on both sides of the point. */
static bool is_json_number(const char *s)
{
	const char digits[] = "0123456789";
	size_t n;

	s += *s == '-';
	n = strspn(s, digits);
	if (n == 0 || (n > 1 && *s == '0'))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(s + 1, digits);
		if (n == 0)
			return false;
		s += n + 1;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, digits);
		if (n == 0)
			return false;
		s += n;
	}
	return *s == '\0';
}

struct value value_read(const char *text, bool is_plain)
{
	return (struct value){
		.text = (char *)text,
		.is_number = is_plain && is_json_number(text),
		.is_bool = is_plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0),
	};
}

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

static void fill_list(struct value *values, size_t *n, const struct node *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->kind == NODE_SCALAR)
			values[(*n)++] = value_read(list->items[i]->text, list->items[i]->is_plain);
}

static void fill_range(struct axis *axis, const struct range *r, struct arena *a)
{
	int64_t v = r->from, n = range_length(r);

	axis->values = arena_array(a, (size_t)n, sizeof *axis->values);
	for (axis->n = 0; axis->n < (size_t)n; axis->n++) {
		axis->values[axis->n] = (struct value){
			.text = arena_printf(a, "%lld", (long long)v), .is_number = true};
		if (axis->n + 1 < (size_t)n)
			v = r->step ? v + r->step : v * r->factor;
	}
}

static void fill_axis(struct axis *axis, const char *name, const struct node *n, struct arena *a)
{
	struct range r;

	axis->name = (char *)name;
	if (n->kind == NODE_LIST) {
		axis->values = arena_array(a, n->n, sizeof *axis->values);
		fill_list(axis->values, &axis->n, n);
	} else if (node_find(n, "each")) {
		axis->is_each = true;
	} else if (n->kind == NODE_MAP && !matrix_is_named_values(n) &&
		   range_read(n, name, &r, NULL)) {
		fill_range(axis, &r, a);
	}
}

static void read_axes(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a)
{
	size_t room = 0;

	for (int l = 0; l < LAYERS; l++)
		room += layers[l] ? layers[l]->n : 0;
	b->axes = arena_array(a, room, sizeof *b->axes);
	for (int l = 0; l < LAYERS; l++) {
		for (size_t i = 0; layers[l] && i < layers[l]->n; i++) {
			const char *name = layers[l]->pairs[i].key->text;
			const struct node *value = matrix_axis_node(layers, name);

			if (matrix_is_axis(name) && !node_is_null(value) &&
				axis_find(b->axes, b->axes_n, name) < 0)
				fill_axis(&b->axes[b->axes_n++], name, value, a);
		}
	}
}

static void unknown_axis(
	const struct benchmark *b, const struct node *key, const char *word, struct diagnostics *d)
{
	_cleanup_free_ const char **names = xcalloc(b->axes_n + 1, sizeof *names);
	char nearest[96];

	for (size_t i = 0; i < b->axes_n; i++)
		names[i] = b->axes[i].name;
	diag_error(d, key, "'%s' in '%s' is no axis of benchmark '%s'%s", key->text, word, b->name,
		diag_nearest(nearest, key->text, names, b->axes_n));
}

/* Whether layers from..to-1 say anything of an axis. */
static bool layers_have(const struct node *const layers[LAYERS], int from, int to, const char *name)
{
	for (int l = from; l < to; l++)
		if (node_find(layers[l], name))
			return true;
	return false;
}

/* Only where the axis is the one that the rule's writer saw, not one that a higher layer put in its
 * place. */
static void warn_of_no_match(const struct axis *axis, const struct rule_term *t,
	const struct node *value, struct diagnostics *d)
{
	if (axis->is_each || axis->n == 0)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (!values_have(axis->values, axis->n, t->values[i].text))
			diag_warning(d, value->kind == NODE_LIST ? value->items[i] : value,
				"axis '%s' has no value '%s', so this excludes nothing", axis->name,
				t->values[i].text);
}

static void read_term(struct rule_term *t, const struct node *value, struct arena *a)
{
	if (value->kind == NODE_LIST) {
		t->values = arena_array(a, value->n, sizeof *t->values);
		fill_list(t->values, &t->n, value);
	} else if (value->kind == NODE_SCALAR) {
		t->values = arena_alloc(a, sizeof *t->values);
		t->values[t->n++] = value_read(value->text, value->is_plain);
	}
}

/* Returns whether the rule of this layer is about this benchmark: a rule on an axis that it dropped
 * is not. */
static bool read_rule(struct benchmark *b, const struct node *const layers[LAYERS], int layer,
	const struct node *from, const char *word, struct rule *rule, struct arena *a,
	struct diagnostics *d)
{
	rule->terms = arena_array(a, from->n, sizeof *rule->terms);
	for (size_t i = 0; i < from->n; i++) {
		const struct node *key = from->pairs[i].key, *value = from->pairs[i].value;
		struct rule_term *t = &rule->terms[rule->n];
		int axis = axis_find(b->axes, b->axes_n, key->text);

		if (axis < 0) {
			if (layer == LAYER_OWN || !layers_have(layers, 0, LAYERS, key->text))
				unknown_axis(b, key, word, d);
			return false;
		}
		t->axis = (size_t)axis;
		read_term(t, value, a);
		if (strcmp(word, "exclude") == 0 &&
			(value->kind != NODE_LIST || t->n == value->n) &&
			!layers_have(layers, layer + 1, LAYERS, key->text))
			warn_of_no_match(&b->axes[axis], t, value, d);
		rule->n++;
	}
	return rule->n > 0;
}

static void read_rules(struct benchmark *b, const struct node *const layers[LAYERS],
	const char *word, struct rule **rules, size_t *n, struct arena *a, struct diagnostics *d)
{
	size_t room = 0;

	for (int l = 0; l < LAYERS; l++) {
		const struct node *list = node_get(layers[l], word);

		room += list && list->kind == NODE_LIST ? list->n : 0;
	}
	*rules = arena_array(a, room, sizeof **rules);
	for (int l = 0; l < LAYERS; l++) {
		const struct node *list = node_get(layers[l], word);

		for (size_t i = 0; list && i < list->n && list->kind == NODE_LIST; i++) {
			struct rule rule = {0};

			if (list->items[i]->kind == NODE_MAP &&
				read_rule(b, layers, l, list->items[i], word, &rule, a, d))
				(*rules)[(*n)++] = rule;
		}
	}
}

void matrix_read(struct benchmark *b, const struct node *const layers[LAYERS], struct arena *a,
	struct diagnostics *d)
{
	read_axes(b, layers, a);
	b->rules = arena_alloc(a, sizeof *b->rules);
	read_rules(b, layers, "exclude", &b->rules->excludes, &b->rules->excludes_n, a, d);
	read_rules(b, layers, "include", &b->rules->includes, &b->rules->includes_n, a, d);
}
