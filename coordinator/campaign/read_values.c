/* What needs the values of the axes to be seen: placement, comparison, size. */
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"
#include "proto/units.h"

/* More combinations than this are not even walked to see how many of them are excluded. */
#define MAX_PRODUCT 100000000

/* ---- placement ---- */

typedef void check_value_fn(struct reader *r, const struct node *at, const struct value *v);

static void check_cpus(struct reader *r, const struct node *at, const struct value *v)
{
	int64_t cpus;

	if (units_parse_int(v->text, 1, 65536, &cpus, NULL) < 0)
		diag_error(r->d, at,
			"'%s' is used as placement's 'cpus', expected a whole number from 1 to "
			"65536",
			v->text);
}

static void check_policy(struct reader *r, const struct node *at, const struct value *v)
{
	static const char *const later[] = {"compact", "scatter", "balanced", "explicit"};
	static const char *const all[] = {"close", "compact", "scatter", "balanced", "explicit"};
	char nearest[96];

	if (strcmp(v->text, "close") == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		if (strcmp(later[i], v->text) == 0) {
			diag_error(r->d, at, "'policy: %s' is not supported yet by this version",
				v->text);
			return;
		}
	}
	diag_error(r->d, at, "'%s' is used as placement's 'policy', expected close%s", v->text,
		diag_nearest(nearest, v->text, all, ARRAY_SIZE(all)));
}

/* Where the whole text is one axis, each of its values must do. Mixed ones are seen when the plan
 * is made. */
static void check_axis_values(
	struct reader *r, const struct benchmark_reader *b, const char *text, check_value_fn *check)
{
	const struct benchmark *out = b->benchmark;
	int i = text ? template_is_axis(text, out->axes, out->axes_n) : -1;
	const struct node *node;

	if (i < 0 || out->axes[i].is_each)
		return;
	node = matrix_axis_node(b->matrices, out->axes[i].name);
	for (size_t v = 0; v < out->axes[i].n; v++) {
		bool has_mark = node->kind == NODE_LIST && node->n == out->axes[i].n;

		check(r, has_mark ? node->items[v] : node, &out->axes[i].values[v]);
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
		int axis = axis_find(b->axes, b->axes_n, c->compare_by);

		if (axis < 0)
			continue;
		if (has_value(b, (size_t)axis, c->compare_baseline) != 0)
			return;
		words = xreallocarray(words, n + b->axes[axis].n + 1, sizeof *words);
		for (size_t v = 0; v < b->axes[axis].n; v++)
			words[n++] = b->axes[axis].values[v].text;
	}
	diag_error(r->d, baseline, "'baseline' is '%s', expected a value of axis '%s'%s",
		c->compare_baseline, c->compare_by,
		diag_nearest(nearest, c->compare_baseline, words, n));
}

static void check_compare(struct reader *r)
{
	const struct campaign *c = r->campaign;
	const struct node *compare = node_get(r->root, "compare"), *by = node_get(compare, "by");
	const struct node *baseline = node_get(compare, "baseline");
	_cleanup_free_ const char **words = NULL;
	char nearest[96];
	size_t n = 0;

	if (!c->compare_by || !by)
		return;
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];

		if (axis_find(b->axes, b->axes_n, c->compare_by) >= 0) {
			if (c->compare_baseline && baseline)
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
		const struct benchmark_reader *b = &r->benchmarks[i];

		check_axis_values(r, b, b->benchmark->cpus, check_cpus);
		check_axis_values(r, b, b->benchmark->policy, check_policy);
	}
	check_compare(r);
}

/* ---- size ---- */

struct count {
	const struct benchmark *benchmark;
	const struct walk_axis *axes;
	int64_t n, limit;
};

static bool count_one(void *arg, const size_t *index)
{
	struct count *c = arg;

	c->n += !matrix_is_excluded(c->benchmark->rules, c->axes, index);
	return c->n <= c->limit;
}

/* Configurations of a benchmark, a host's axis taken as one value; more than limit as limit + 1. */
static int64_t count_benchmark(const struct benchmark *b, int64_t limit)
{
	static char unknown[] = "";
	static const struct value one = {.text = unknown};
	_cleanup_free_ struct walk_axis *axes = xcalloc(b->axes_n + 1, sizeof *axes);
	_cleanup_free_ struct walk_axis *more = xcalloc(b->axes_n + 1, sizeof *more);
	struct count c = {.benchmark = b, .axes = axes, .limit = limit};
	int64_t product;

	for (size_t i = 0; i < b->axes_n; i++)
		axes[i] = b->axes[i].is_each ? (struct walk_axis){&one, 1}
					     : (struct walk_axis){b->axes[i].values, b->axes[i].n};
	product = matrix_product(axes, b->axes_n, MAX_PRODUCT);
	if (product > limit && product <= MAX_PRODUCT)
		matrix_walk(axes, b->axes_n, count_one, &c);
	else
		c.n = product;
	for (size_t i = 0; i < b->rules->includes_n && c.n <= limit; i++) {
		matrix_include_axes(&b->rules->includes[i], axes, b->axes_n, more);
		product = matrix_product(more, b->axes_n, limit);
		c.n += product;
	}
	return c.n > limit ? limit + 1 : c.n;
}

void read_check_size(struct reader *r)
{
	const struct campaign *c = r->campaign;
	int64_t limit = CAMPAIGN_MAX_RUNS / (c->warmup + c->blocks), total = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		total += count_benchmark(&c->benchmarks[i], limit);
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
