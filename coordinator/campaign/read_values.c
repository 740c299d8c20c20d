/* What needs the values of the axes to be seen: placement, comparison, size. */
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/settings.h"

/* ---- settings ---- */

static void check_value(
	struct reader *r, enum setting s, const struct node *at, const struct value *v)
{
	const struct schema *schema = setting_schema(s);
	_cleanup_buf_ struct buf expected = BUF_INIT;
	char nearest[96];
	int64_t value;

	if (schema_value(schema, v->text, &value) == 0)
		return;
	schema_expectation(schema, &expected);
	diag_error(r->d, at, "'%s' is used as '%s.%s', expected %s%s", v->text, settings[s].section,
		settings[s].key, expected.data, schema_nearest(schema, v->text, nearest));
}

/* The policy explicit cannot be without its list. */
static void check_needs_list(struct reader *r, const struct benchmark *b, enum setting s,
	const struct node *at, const struct value *v)
{
	if (s == SETTING_POLICY && !b->settings[SETTING_LIST] && strcmp(v->text, "explicit") == 0)
		diag_error(r->d, at,
			"'explicit' is used as 'placement.policy', which needs a 'list' of CPUs");
}

/* Where the whole text is one axis, each of its values must do. Mixed ones are seen when the plan
 * is made. */
static void check_axis_values(struct reader *r, const struct benchmark_reader *b, enum setting s)
{
	const struct benchmark *out = b->benchmark;
	const char *text = out->settings[s];
	int i = text ? template_is_axis(text, out->axes, out->axes_n) : -1;
	const struct node *node;

	if (i < 0 || out->axes[i].is_each)
		return;
	node = matrix_axis_node(b->matrices, out->axes[i].name);
	for (size_t v = 0; v < out->axes[i].n; v++) {
		bool has_mark = node->kind == NODE_LIST && node->n == out->axes[i].n;
		const struct node *at = has_mark ? node->items[v] : node;

		check_value(r, s, at, &out->axes[i].values[v]);
		check_needs_list(r, out, s, at, &out->axes[i].values[v]);
	}
}

/* ---- comparison ---- */

/* Whether a benchmark has the value on this axis: 1, 0, or -1 where only a host can tell, or
 * nobody. */
static int has_value(const struct benchmark *b, size_t axis, const char *text)
{
	if (b->axes[axis].is_each || b->axes[axis].n == 0)
		return -1;
	if (values_have(b->axes[axis].values, b->axes[axis].n, text))
		return 1;
	for (size_t i = 0; i < b->rules->includes_n; i++)
		for (size_t t = 0; t < b->rules->includes[i].n; t++)
			if (b->rules->includes[i].terms[t].axis == axis &&
				values_have(b->rules->includes[i].terms[t].values,
					b->rules->includes[i].terms[t].n, text))
				return 1;
	return 0;
}

static void check_baseline(struct reader *r, const struct node *baseline)
{
	const struct campaign *c = r->campaign;
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];
		int axis = axis_find(b->axes, b->axes_n, c->comparisons[0].by);

		if (axis < 0)
			continue;
		if (has_value(b, (size_t)axis, c->comparisons[0].baseline) != 0)
			return;
		words = xreallocarray(words, n + b->axes[axis].n + 1, sizeof *words);
		for (size_t v = 0; v < b->axes[axis].n; v++)
			words[n++] = b->axes[axis].values[v].text;
	}
	diag_error(r->d, baseline, "'baseline' is '%s', expected a value of axis '%s'%s",
		c->comparisons[0].baseline, c->comparisons[0].by,
		diag_nearest(nearest, c->comparisons[0].baseline, words, n));
}

static void check_compare(struct reader *r)
{
	const struct campaign *c = r->campaign;
	const struct node *compare = node_get(r->root, "compare"), *by = node_get(compare, "by");
	const struct node *baseline = node_get(compare, "baseline");
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n = 0;

	if (c->comparisons_n == 0 || !by)
		return;
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];

		if (axis_find(b->axes, b->axes_n, c->comparisons[0].by) >= 0) {
			if (c->comparisons[0].baseline && baseline)
				check_baseline(r, baseline);
			return;
		}
		words = xreallocarray(words, n + b->axes_n + 1, sizeof *words);
		for (size_t a = 0; a < b->axes_n; a++)
			words[n++] = b->axes[a].name;
	}
	if (strcmp(by->text, "host") == 0 || strncmp(by->text, "host.", 5) == 0)
		diag_error(r->d, by, "comparing by '%s' is not supported yet by this version",
			by->text);
	else
		diag_error(r->d, by, "'by' is '%s', expected an axis%s", by->text,
			diag_nearest(nearest, by->text, words, n));
}

void read_check_values(struct reader *r)
{
	for (size_t i = 0; i < r->campaign->benchmarks_n; i++) {
		for (enum setting s = 0; s < SETTINGS; s++)
			check_axis_values(r, &r->benchmarks[i], s);
	}
	check_compare(r);
}

/* ---- size ---- */

void read_check_size(struct reader *r)
{
	const struct campaign *c = r->campaign;
	int64_t limit = CAMPAIGN_MAX_RUNS / (c->warmup + c->max), total = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		total += matrix_size(&c->benchmarks[i], limit);
		if (total <= limit)
			continue;
		diag_add(r->d, c->benchmarks[i].line, c->benchmarks[i].column, false,
			"more than 10,000,000 runs up to benchmark '%s' (%lld passes over more "
			"than %lld "
			"configurations); make the matrix smaller",
			c->benchmarks[i].name, (long long)(c->warmup + c->blocks),
			(long long)limit);
		return;
	}
}
