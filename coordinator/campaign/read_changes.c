/* What the command line changes for one submission: --set, --blocks, --seed, as a JSON object. */
#include "coordinator/campaign/read.h"
#include <jansson.h>

/* There is no line to point at: the whole file is meant. */
#define change_error(r, ...) diag_add((r)->d, 0, 0, false, __VA_ARGS__)

static void unknown_axis(struct reader *r, const char *name)
{
	const struct campaign *c = r->campaign;
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		words = xreallocarray(words, n + c->benchmarks[i].axes_n + 1, sizeof *words);
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++)
			words[n++] = c->benchmarks[i].axes[a].name;
	}
	change_error(r, "--set %s: there is no such axis%s", name,
		diag_nearest(nearest, name, words, n));
}

/* A value that the axis has keeps its type: "1" in quotes stays a text. */
static struct value changed_value(struct reader *r, const struct axis *axis, const char *text)
{
	for (size_t i = 0; i < axis->n; i++)
		if (strcmp(axis->values[i].text, text) == 0)
			return axis->values[i];
	return value_read(arena_strdup(r->arena, text), true);
}

static bool are_good_values(struct reader *r, const char *name, const json_t *list)
{
	if (json_array_size(list) == 0) {
		change_error(r, "--set %s: no values; expected %s=VALUE,VALUE...", name, name);
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text || text[0] == '\0' || strpbrk(text, "\002\003")) {
			change_error(r, "--set %s: an empty or unusable value", name);
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(json_string_value(json_array_get(list, j)), text) == 0) {
				change_error(
					r, "--set %s: value '%s' stands there twice", name, text);
				return false;
			}
		}
	}
	return true;
}

static void set_axis(struct reader *r, const char *name, const json_t *list)
{
	struct campaign *c = r->campaign;
	bool is_known = false;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		struct benchmark *b = &c->benchmarks[i];
		int at = axis_find(b->axes, b->axes_n, name);
		struct value *values;

		if (at < 0)
			continue;
		if (!is_known && !are_good_values(r, name, list))
			return;
		is_known = true;
		values = arena_array(r->arena, json_array_size(list), sizeof *values);
		for (size_t v = 0; v < json_array_size(list); v++)
			values[v] = changed_value(
				r, &b->axes[at], json_string_value(json_array_get(list, v)));
		b->axes[at].values = values;
		b->axes[at].n = json_array_size(list);
		b->axes[at].is_each = false;
	}
	if (!is_known)
		unknown_axis(r, name);
}

/* A whole number of the changes, or otherwise where it is absent. */
static int64_t changed_int(struct reader *r, const json_t *changes, const char *key, int64_t min,
	int64_t max, int64_t otherwise)
{
	const json_t *value = json_object_get(changes, key);

	if (!value)
		return otherwise;
	if (json_is_integer(value) && json_integer_value(value) >= min &&
		json_integer_value(value) <= max)
		return json_integer_value(value);
	change_error(r, "--%s: expected a whole number from %lld to %lld", key, (long long)min,
		(long long)max);
	return otherwise;
}

void read_changes(struct reader *r, const char *changes)
{
	static const char *const keys[] = {"set", "blocks", "seed", "only"};
	struct campaign *c = r->campaign;
	json_error_t why;
	json_t *root, *list;
	const char *key;

	if (!changes || changes[0] == '\0')
		return;
	root = json_loads(changes, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(root)) {
		change_error(r, "the changes are no JSON object");
		json_decref(root);
		return;
	}
	json_object_foreach(root, key, list)
	{
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			is_known |= strcmp(keys[i], key) == 0;
		if (!is_known)
			change_error(r, "'%s' is no change that this version knows", key);
	}
	if (json_object_get(root, "only"))
		change_error(r, "--only is not supported yet by this version");
	json_object_foreach(json_object_get(root, "set"), key, list)
	{
		set_axis(r, key, list);
	}
	c->blocks = changed_int(r, root, "blocks", 1, CAMPAIGN_MAX_RUNS, c->blocks);
	c->max = c->blocks;
	c->seed = changed_int(r, root, "seed", 0, INT64_MAX, c->seed);
	json_decref(root);
}
