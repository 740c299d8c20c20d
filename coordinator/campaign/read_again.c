/*
 * A submission again: "again" among the changes, {"of": LABEL}, and where the contents of another
 * one run interleaved with its own {"of", "against", "trees": {LABEL: hash, ...}}. These two are
 * then an axis of every benchmark, `content`, which no template names: what differs is the files
 * that a run starts among.
 */
#include "coordinator/campaign/read.h"

#include "proto/content.h"
#include <jansson.h>

/* There is no line to point at: the whole file is meant. */
#define again_error(r, ...) diag_add((r)->d, 0, 0, false, __VA_ARGS__)

static bool read_content(
	struct reader *r, const json_t *trees, const char *label, struct campaign_content *out)
{
	const json_t *tree = json_object_get(trees, label);
	const char *hex = json_string_value(tree);

	out->label = arena_strdup(r->arena, label);
	out->has_tree = hex != NULL;
	if (json_is_null(tree))
		return true;
	if (hex != NULL && hex_decode(out->tree, sizeof out->tree, hex))
		return true;
	again_error(r, "again: the contents of %s are not named", label);
	return false;
}

static void add_axis(struct reader *r, struct benchmark *b, bool **used, const struct value *values)
{
	struct axis *axes = arena_array(r->arena, b->axes_n + 1, sizeof *axes);
	bool *is_used = arena_array(r->arena, b->axes_n + 1, sizeof *is_used);

	if (b->axes_n > 0) {
		memcpy(axes, b->axes, b->axes_n * sizeof *axes);
		memcpy(is_used, *used, b->axes_n * sizeof *is_used);
	}
	axes[b->axes_n] = (struct axis){.name = arena_strdup(r->arena, CONTENT_AXIS),
		.values = (struct value *)values,
		.n = CAMPAIGN_CONTENTS};
	is_used[b->axes_n] = true;
	*used = is_used;
	b->axes = axes;
	b->axes_n++;
}

/* `expect: same` speaks of one program: another one may answer otherwise. */
static void expect_within(struct reader *r, struct benchmark *b)
{
	for (size_t i = 0; i < b->metrics_n; i++) {
		struct benchmark_metric *m = &b->metrics[i];
		char **axes = arena_array(r->arena, m->expect_axes_n + 1, sizeof *axes);

		if (m->expect != EXPECT_SAME)
			continue;
		if (m->expect_axes_n > 0)
			memcpy(axes, m->expect_axes, m->expect_axes_n * sizeof *axes);
		axes[m->expect_axes_n++] = arena_strdup(r->arena, CONTENT_AXIS);
		m->expect_axes = axes;
	}
}

/* Both are run close to each other, whatever else is paired, and whatever the file's order is. */
static void pair_them(struct reader *r)
{
	struct campaign *c = r->campaign;
	char **pair = arena_array(r->arena, c->pair_n + 1, sizeof *pair);

	if (c->pair_n > 0)
		memcpy(pair, c->pair, c->pair_n * sizeof *pair);
	pair[c->pair_n++] = arena_strdup(r->arena, CONTENT_AXIS);
	c->pair = pair;
	c->is_sequential = false;
}

/* What is asked of it is how they differ, in what the file compares. */
static void compare_them(struct reader *r)
{
	struct campaign *c = r->campaign;
	struct comparison *out = arena_alloc(r->arena, sizeof *out);
	size_t n = 0;

	if (c->comparisons_n > 0)
		*out = c->comparisons[0];
	for (size_t i = 0; i < c->comparisons_n; i++)
		n += c->comparisons[i].metrics_n;
	out->metrics = arena_array(r->arena, n, sizeof *out->metrics);
	out->metrics_n = 0;
	for (size_t i = 0; i < c->comparisons_n; i++)
		for (size_t k = 0; k < c->comparisons[i].metrics_n; k++)
			out->metrics[out->metrics_n++] = c->comparisons[i].metrics[k];
	out->by = arena_strdup(r->arena, CONTENT_AXIS);
	out->baseline = c->contents[0].label;
	c->comparisons = out;
	c->comparisons_n = 1;
}

static bool has_parameter(const struct benchmark *b, const char *name)
{
	return axis_find(b->axes, b->axes_n, name) >= 0 || derived_find(b, name) >= 0;
}

static void add_contents(struct reader *r, const json_t *again, const char *of, const char *against)
{
	const json_t *trees = json_object_get(again, "trees");
	struct campaign *c = r->campaign;
	struct value *values = arena_array(r->arena, CAMPAIGN_CONTENTS, sizeof *values);

	if (strcmp(of, against) == 0) {
		again_error(r, "again: %s against itself: name another submission", of);
		return;
	}
	if (!read_content(r, trees, against, &c->contents[0]) ||
		!read_content(r, trees, of, &c->contents[1]))
		return;
	c->contents_n = CAMPAIGN_CONTENTS;
	for (size_t i = 0; i < c->contents_n; i++)
		values[i] = (struct value){.text = c->contents[i].label};
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		struct benchmark *b = &c->benchmarks[i];

		if (has_parameter(b, CONTENT_AXIS)) {
			again_error(r,
				"again: benchmark '%s' has a parameter '%s' of its own, which is "
				"what two contents would be told apart by",
				b->name, CONTENT_AXIS);
			return;
		}
		add_axis(r, b, &r->benchmarks[i].used, values);
		expect_within(r, b);
	}
	pair_them(r);
	compare_them(r);
}

void read_again(struct reader *r, const json_t *again)
{
	const char *of = json_string_value(json_object_get(again, "of"));
	const char *against = json_string_value(json_object_get(again, "against"));

	if (!again)
		return;
	if (!of)
		again_error(r, "again: expected the label of a submission");
	else if (against)
		add_contents(r, again, of, against);
}

bool changes_stand_aside(const char *changes)
{
	/* Most have none of it. */
	json_t *all = changes != NULL && strstr(changes, "\"again\"") != NULL
			      ? json_loads(changes, 0, NULL)
			      : NULL;
	const json_t *again = json_object_get(all, "again");
	bool is_aside = again != NULL && (json_object_get(again, "against") != NULL ||
						 json_object_get(all, "only") != NULL);

	json_decref(all);
	return is_aside;
}

const struct campaign_content *campaign_content(
	const struct campaign *c, const struct configuration *configuration)
{
	const struct benchmark *b = configuration->benchmark;
	int at = c->contents_n == 0 ? -1 : axis_find(b->axes, b->axes_n, CONTENT_AXIS);

	if (at < 0)
		return NULL;
	for (size_t i = 0; i < c->contents_n; i++)
		if (strcmp(c->contents[i].label,
			    configuration_value(configuration, (size_t)at)->text) == 0)
			return &c->contents[i];
	return NULL;
}
