/* The values of one axis, from what axis_check.c has seen. */
#include "coordinator/campaign/cpus.h"
#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "coordinator/campaign/settings.h"

struct value value_read(const char *text, bool is_plain)
{
	return (struct value){
		.text = (char *)text,
		.is_number = is_plain && is_number_text(text),
		.is_bool = is_plain && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0),
	};
}

size_t values_read(const struct node *list, struct value *out)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->kind == NODE_SCALAR)
			out[n++] = value_read(list->items[i]->text, list->items[i]->is_plain);
	return n;
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

/* ---- named values ---- */

/* A list of CPUs is put together into one text. */
static char *setting_text(const struct node *n, enum setting s, struct arena *a)
{
	_cleanup_buf_ struct buf joined = BUF_INIT;

	if (node_is_null(n))
		return setting_removed;
	if (n->kind == NODE_SCALAR)
		return n->text;
	if (n->kind != NODE_LIST || s != SETTING_LIST)
		return NULL;
	cpus_join(n, &joined);
	return arena_strdup(a, joined.data);
}

/* What a named value says of a setting: its node, or a `~` on the way to it; NULL: nothing. */
static const struct node *attribute_setting(const struct node *value, enum setting s)
{
	_cleanup_free_ char *path = xasprintf("%s.%s", settings[s].section, settings[s].key);
	char *rest = path, *part;

	while (value && !node_is_null(value) && (part = strsep(&rest, ".")) != NULL) {
		const struct node_pair *pair = node_find(value, part);

		value = pair ? pair->value : NULL;
	}
	return value;
}

static void read_attribute_env(struct attributes *out, const struct node *n, struct arena *a)
{
	const struct node *env = node_get(n, "env");

	out->drops_env = !env && node_find(n, "env");
	if (!env || env->kind != NODE_MAP)
		return;
	out->env = arena_array(a, env->n, sizeof *out->env);
	for (size_t i = 0; i < env->n; i++) {
		const struct node *value = env->pairs[i].value;
		char *name = env->pairs[i].key->text;

		if (value->kind == NODE_SCALAR)
			out->env[out->env_n++] =
				node_is_null(value) ? name
						    : arena_printf(a, "%s=%s", name, value->text);
	}
}

/* Returns whether it is a good one. */
static bool read_attribute(struct named_value *out, const char *value_name,
	const struct node_pair *pair, const struct template_scope *scope, struct arena *a,
	struct diagnostics *d)
{
	const struct node *n = pair->value, *expr = node_get(n, "expr");

	out->name = pair->key->text;
	if (n->kind == NODE_SCALAR) {
		out->value = value_read(n->text, n->is_plain);
		return true;
	}
	if (!expr || expr->kind != NODE_SCALAR || node_is_empty(expr))
		return false;
	out->expr = expression_read(expr,
		arena_printf(a, "attribute '%s' of '%s'", out->name, value_name), scope, NULL, a,
		d);
	/* Also where it is wrong: what names it needs no error of its own. */
	out->value = (struct value){.text = arena_strdup(a, "")};
	return true;
}

static const struct attributes *read_attributes(const char *value_name, const struct node *n,
	const struct template_scope *scope, struct arena *a, struct diagnostics *d)
{
	struct attributes *out = arena_alloc(a, sizeof *out);

	out->items = arena_array(a, n->n, sizeof *out->items);
	for (size_t i = 0; i < n->n; i++)
		if (!attribute_is_section(n->pairs[i].key->text))
			out->n += read_attribute(
				&out->items[out->n], value_name, &n->pairs[i], scope, a, d);
	read_attribute_env(out, n, a);
	for (enum setting s = 0; s < SETTINGS; s++) {
		const struct node *setting = attribute_setting(n, s);

		out->settings[s] = setting ? setting_text(setting, s, a) : NULL;
	}
	return out;
}

static void read_named_values(struct axis *axis, const struct node *n,
	const struct template_scope *scope, struct arena *a, struct diagnostics *d)
{
	axis->values = arena_array(a, n->n, sizeof *axis->values);
	for (size_t i = 0; i < n->n; i++) {
		const struct node *key = n->pairs[i].key, *value = n->pairs[i].value;

		if (value->kind != NODE_MAP)
			continue;
		axis->values[axis->n] = value_read(key->text, key->is_plain);
		axis->values[axis->n++].attributes = read_attributes(key->text, value, scope, a, d);
	}
}

void axis_read(struct axis *axis, const struct node *key, const struct node *n,
	const struct template_scope *scope, struct arena *a, struct diagnostics *d)
{
	struct range r;

	axis->name = key->text;
	if (n->kind == NODE_LIST) {
		axis->values = arena_array(a, n->n, sizeof *axis->values);
		axis->n = values_read(n, axis->values);
	} else if (n->kind == NODE_MAP && matrix_is_named_values(n)) {
		read_named_values(axis, n, scope, a, d);
	} else if (node_find(n, "each")) {
		axis->is_each = true;
	} else if (n->kind == NODE_MAP && range_read(n, key->text, &r, NULL)) {
		fill_range(axis, &r, a);
	}
}
