/* What needs the values of the axes to be seen: placement, size. */
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

void read_check_values(struct reader *r)
{
	for (size_t i = 0; i < r->campaign->benchmarks_n; i++) {
		for (enum setting s = 0; s < SETTINGS; s++)
			check_axis_values(r, &r->benchmarks[i], s);
	}
}

/* ---- size ---- */

void read_check_size(struct reader *r)
{
	const struct campaign *c = r->campaign;
	int64_t passes = c->warmup + c->max, limit = CAMPAIGN_MAX_RUNS / passes, total = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++) {
		total += matrix_size(&c->benchmarks[i], limit);
		if (total <= limit)
			continue;
		diag_add(r->d, c->benchmarks[i].line, c->benchmarks[i].column, false,
			"more than 10,000,000 runs up to benchmark '%s' (%lld passes over more "
			"than %lld "
			"configurations); make the matrix smaller",
			c->benchmarks[i].name, (long long)passes, (long long)limit);
		return;
	}
}
