/* What the command line changes for one submission: --set, --only, --blocks, --seed, as a JSON
 * object. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/read.h"
#include <jansson.h>

/* There is no line to point at: the whole file is meant. */
#define change_error(r, ...) diag_add((r)->d, 0, 0, false, __VA_ARGS__)

static void unknown_axis(struct reader *r, const char *name)
{
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n;

	words = read_axis_names(r, &n);
	change_error(r, "--set %s: there is no such axis%s", name,
		diag_nearest(nearest, name, words, n));
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
	size_t n = json_array_size(list);
	const char **texts = arena_array(r->arena, n, sizeof *texts);
	const char *lacking = NULL; /* the first benchmark whose axis has not all these values */
	bool is_known = false, is_set = false;
	struct error err = {0}, other;

	for (size_t i = 0; i < n; i++)
		if (json_is_string(json_array_get(list, i)))
			texts[i] =
				arena_strdup(r->arena, json_string_value(json_array_get(list, i)));
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		struct benchmark *b = &c->benchmarks[i];
		int at = axis_find(b->axes, b->axes_n, name);

		if (at < 0)
			continue;
		if (!is_known && !are_good_values(r, name, list))
			return;
		is_known = true;
		if (matrix_set_axis(b, (size_t)at, texts, n, r->arena, lacking ? &other : &err) ==
			0)
			is_set = true;
		else if (!lacking)
			lacking = b->name;
	}
	if (!is_known)
		unknown_axis(r, name);
	else if (lacking && is_set)
		change_error(r,
			"--set %s: in benchmark '%s' %s, as it has in others; choose with --only",
			name, lacking, err.text);
	else if (lacking)
		change_error(r, "--set %s: %s", name, err.text);
}

/* Axes that walk in lock step must still be equally long. */
static void check_zips(struct reader *r)
{
	const struct campaign *c = r->campaign;
	struct error err;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		if (matrix_check_zips(&c->benchmarks[i], &err) < 0)
			change_error(r, "--set: %s", err.text);
}

/* Which configurations: an expression that knows what any benchmark has. */
static void set_only(struct reader *r, const json_t *only)
{
	const struct template_scope scope = {
		.any_of = r->campaign, .names = TEMPLATE_HOST, .where = "'--only'"};

	if (!only)
		return;
	if (!json_is_string(only) || json_string_value(only)[0] == '\0') {
		change_error(r, "--only: expected an expression such as threads == 1");
		return;
	}
	r->campaign->only = expression_read_text(arena_strdup(r->arena, json_string_value(only)),
		"--only", &scope, NULL, r->arena, r->d);
}

/* One label of the submission, over the file's of that name; an empty value takes that away. */
static void set_label(struct reader *r, const char *key, const char *value)
{
	struct campaign *c = r->campaign;
	struct message_pair *labels;

	if (key[0] == '\0' || !value) {
		change_error(r, "--label %s: expected KEY=VALUE", key);
		return;
	}
	for (size_t i = 0; i < c->labels_n; i++) {
		if (strcmp(c->labels[i].key, key) == 0) {
			c->labels[i].value = arena_strdup(r->arena, value);
			if (value[0] == '\0')
				c->labels[i] = c->labels[--c->labels_n];
			return;
		}
	}
	if (value[0] == '\0')
		return;
	labels = arena_array(r->arena, c->labels_n + 1, sizeof *labels);
	if (c->labels_n)
		memcpy(labels, c->labels, c->labels_n * sizeof *labels);
	labels[c->labels_n++] = (struct message_pair){
		.key = arena_strdup(r->arena, key), .value = arena_strdup(r->arena, value)};
	c->labels = labels;
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
	/* sources: which commits the git sources were; nothing follows from them here. */
	static const char *const keys[] = {
		"set", "blocks", "seed", "only", "labels", "sources", "max", "again"};
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
	read_again(r, json_object_get(root, "again"));
	set_only(r, json_object_get(root, "only"));
	json_object_foreach(json_object_get(root, "set"), key, list)
	{
		set_axis(r, key, list);
	}
	if (json_object_get(root, "set"))
		check_zips(r);
	json_object_foreach(json_object_get(root, "labels"), key, list)
	{
		set_label(r, key, json_string_value(list));
	}
	c->blocks = changed_int(r, root, "blocks", 1, CAMPAIGN_MAX_RUNS, c->blocks);
	/* With `until` it is the minimum. */
	if (!c->until.metric || c->max < c->blocks)
		c->max = c->blocks;
	c->max = changed_int(r, root, "max", c->blocks, CAMPAIGN_MAX_RUNS, c->max);
	c->seed = changed_int(r, root, "seed", 0, INT64_MAX, c->seed);
	json_decref(root);
}
