/* A benchmark's own metrics: where a number comes from, and whether that can be used at all. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/extract.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"
#include <pcre2.h>

#define METRIC_NAMES (TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_CAMPAIGN)

/* ---- patterns ---- */

/* A text with "1" in the place of each template. */
static void add_sample(const char *text, struct buf *out)
{
	static const char path[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.0123456789";

	while (*text) {
		size_t braces = strspn(text, "{"), len = strspn(text + braces, path);
		const char *end = text + braces + len;

		if (braces == 0 || *end != '}' ||
			!is_identifier(text + braces, strcspn(text + braces, ".}"))) {
			size_t plain = braces ? braces : strcspn(text, "{");

			buf_add(out, text, plain);
			text += plain;
			continue;
		}
		/* {{path}} is the text {path}. */
		if (braces > 1 && end[1] == '}') {
			buf_add(out, text, braces - 1);
			buf_add(out, text + braces, len + 1);
			text = end + 2;
			continue;
		}
		buf_add(out, text, braces - 1);
		buf_adds(out, "1");
		text = end + 1;
	}
}

/* Compiled as it would be with some values. */
int read_groups_of_pattern(struct reader *r, const struct node *n)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};
	uint32_t groups = 0;
	void *code;

	add_sample(n->text, &text);
	code = extract_compile(text.data, &err);
	if (!code) {
		diag_error(r->d, n, "%s", err.text);
		return -1;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_code_free(code);
	return (int)groups;
}

/* ---- where a number comes from ---- */

static void check_from(struct reader *r, struct benchmark_reader *b, const struct node *from,
	struct benchmark_metric *out)
{
	static const char *const streams[] = {"stdout", "stderr"};
	const struct template_scope scope = read_scope(b, METRIC_NAMES | TEMPLATE_RUN, "'from'");
	char nearest[96];

	if (!from || from->kind != NODE_SCALAR || strcmp(from->text, "stdout") == 0)
		return;
	if (strcmp(from->text, "stderr") == 0) {
		out->from = FROM_STDERR;
		return;
	}
	diag_nearest(nearest, from->text, streams, 2);
	if (nearest[0])
		diag_error(r->d, from,
			"'from' is '%s', expected stdout, stderr or a path such as out/result.json"
			"%s",
			from->text, nearest);
	else if (!is_path_below(from->text))
		diag_error(r->d, from,
			"'from' is '%s', expected a path below the campaign's directory, without "
			"'..', or below {tmp}",
			from->text);
	out->from = FROM_FILE;
	out->path = from->text;
	template_check(from, &scope, b->used, r->d);
}

/* What has nothing to do with a number that is computed. */
static void check_computed(struct reader *r, const struct node *metric)
{
	static const char *const others[] = {"from", "take", "role"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct node_pair *pair = node_find(metric, others[i]);

		if (pair && !node_is_null(pair->value))
			diag_error(r->d, pair->key, "'%s' is of a program's output, not of 'expr'",
				others[i]);
	}
}

static void check_sources(struct reader *r, const struct node *key, const struct node *metric)
{
	static const char *const sources[] = {"json", "pattern", "expr"};
	const struct node *first = NULL;
	const char *first_name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct node *n = node_get(metric, sources[i]);

		if (n && first)
			diag_error(r->d, n,
				"metric '%s' has both '%s' and '%s', expected one of them",
				key->text, first_name, sources[i]);
		if (n && !first) {
			first = n;
			first_name = sources[i];
		}
		if (!first && schema_has_typo(metric, sources[i]))
			return;
	}
	if (!first)
		diag_error(r->d, key, "metric '%s' has none of 'json', 'pattern' and 'expr'",
			key->text);
	else if (strcmp(first_name, "expr") == 0)
		check_computed(r, metric);
}

/* ---- what is expected of it ---- */

static void check_same(struct reader *r, struct benchmark_reader *b, const struct node *same,
	struct benchmark_metric *out)
{
	const struct benchmark *benchmark = b->benchmark;
	const struct template_scope scope = read_scope(b, 0, "'expect'");
	_cleanup_free_ const char **words = xcalloc(benchmark->axes_n + 1, sizeof *words);
	size_t n, kept = 0;
	char nearest[96];

	out->expect_axes = read_texts(r->arena, same, &n);
	for (size_t i = 0; i < benchmark->axes_n; i++)
		words[i] = benchmark->axes[i].name;
	for (size_t i = 0; i < n; i++) {
		char *name = out->expect_axes[i];
		_cleanup_free_ char *path = xasprintf("{%s}", name);

		if (axis_find(benchmark->axes, benchmark->axes_n, name) >= 0)
			out->expect_axes[kept++] = name;
		/* What the campaign says of an axis that this one dropped is not for it. */
		else if (!template_names_dropped(path, &scope))
			diag_error(r->d, read_item(same, i),
				"'same' names '%s', which is no axis of benchmark '%s'%s", name,
				benchmark->name,
				diag_nearest(nearest, name, words, benchmark->axes_n));
	}
	out->expect_axes_n = kept;
}

static void check_range(struct reader *r, const struct node *range, struct benchmark_metric *out)
{
	if (range->kind != NODE_LIST || range->n != 2 || range->items[0]->kind != NODE_SCALAR ||
		range->items[1]->kind != NODE_SCALAR)
		return;
	out->expect_low = strtod(range->items[0]->text, NULL);
	out->expect_high = strtod(range->items[1]->text, NULL);
	if (out->expect_low > out->expect_high)
		diag_error(r->d, range, "'range' is [%s, %s], and the first is above the second",
			range->items[0]->text, range->items[1]->text);
}

static void read_expect(struct reader *r, struct benchmark_reader *b, const struct node *metric,
	struct benchmark_metric *out)
{
	const struct template_scope scope = read_scope(b, METRIC_NAMES, "'expect'");
	const struct node *n = node_get(metric, "expect"), *same = node_get(n, "same");
	const struct node *value = node_get(n, "value"), *range = node_get(n, "range");

	if (!n)
		return;
	if (n->kind == NODE_SCALAR && strcmp(n->text, "match") == 0) {
		out->expect = EXPECT_MATCH;
		if (out->expr)
			diag_error(r->d, n, "'expect: match' is of 'json' or 'pattern'");
		else if (out->is_optional)
			diag_error(r->d, n,
				"'expect: match' and 'optional: true' exclude each "
				"other");
	} else if (n->kind == NODE_SCALAR && strcmp(n->text, "same") == 0) {
		out->expect = EXPECT_SAME;
	} else if (same) {
		out->expect = EXPECT_SAME;
		check_same(r, b, same, out);
	} else if (value && value->kind == NODE_SCALAR) {
		out->expect = EXPECT_VALUE;
		out->expect_value = value->text;
		template_check(value, &scope, b->used, r->d);
	} else if (range) {
		out->expect = EXPECT_RANGE;
		check_range(r, range, out);
	}
}

/* ---- a metric ---- */

static void read_role(struct reader *r, const struct benchmark_reader *b, const struct node *metric,
	struct benchmark_metric *out)
{
	const struct node *role = node_get(metric, "role");
	const struct benchmark *benchmark = b->benchmark;
	_cleanup_free_ const char **words = xcalloc(benchmark->roles_n + 1, sizeof *words);
	char nearest[96];

	if (benchmark->roles_n == 0) {
		if (role)
			diag_error(r->d, role, "'role' needs a benchmark with 'roles'");
		return;
	}
	out->role = (char *)read_text(metric, "role", benchmark->roles[benchmark->main].name);
	for (size_t i = 0; i < benchmark->roles_n; i++) {
		words[i] = benchmark->roles[i].name;
		if (strcmp(words[i], out->role) == 0)
			return;
	}
	if (role)
		diag_error(r->d, role, "'role' is '%s', expected one of the roles%s", out->role,
			diag_nearest(nearest, out->role, words, benchmark->roles_n));
}

static const struct expression *read_expr(struct reader *r, struct benchmark_reader *b,
	const struct node *n, const char *what, bool *used)
{
	const struct template_scope scope =
		read_scope(b, TEMPLATE_HOST | TEMPLATE_METRIC, "'metrics'");

	return n && n->kind == NODE_SCALAR && n->text[0]
		       ? expression_read(n, what, &scope, used, r->arena, r->d)
		       : NULL;
}

static void read_metric(
	struct reader *r, struct benchmark_reader *b, const struct node *key, const struct node *n)
{
	static const char *const betters[] = {[BETTER_LOWER] = "lower", [BETTER_HIGHER] = "higher"};
	static const char *const takes[] = {[TAKE_FIRST] = "first",
		[TAKE_MIN] = "min",
		[TAKE_MAX] = "max",
		[TAKE_MEAN] = "mean",
		[TAKE_SUM] = "sum",
		[TAKE_ALL] = "all"};
	const struct template_scope scope = read_scope(b, METRIC_NAMES, "'metrics'");
	struct benchmark_metric *out = &b->benchmark->metrics[b->benchmark->metrics_n++];
	const struct node *pattern = node_get(n, "pattern");

	*out = (struct benchmark_metric){
		.name = key->text,
		.json = (char *)read_text(n, "json", NULL),
		.pattern = (char *)read_text(n, "pattern", NULL),
		.unit = (char *)read_text(n, "unit", "1"),
		.better = (enum better)read_word(n, "better", betters, ARRAY_SIZE(betters)),
		.scale = read_number(n, "scale", 1),
		.take = (enum metric_take)read_word(n, "take", takes, ARRAY_SIZE(takes)),
		.is_optional = read_bool(n, "optional"),
	};
	out->expr = read_expr(r, b, node_get(n, "expr"),
		arena_printf(r->arena, "metric '%s'", key->text), b->used);
	check_sources(r, key, n);
	check_from(r, b, node_get(n, "from"), out);
	read_role(r, b, n, out);
	read_expect(r, b, n, out);
	read_check_templates(r, node_get(n, "json"), &scope, b->used);
	read_check_templates(r, pattern, &scope, b->used);
	read_check_templates(r, node_get(n, "unit"), &scope, b->used);
	if (out->pattern && out->pattern[0] && read_groups_of_pattern(r, pattern) == 0 &&
		out->expect != EXPECT_MATCH)
		diag_error(
			r->d, pattern, "the pattern has no group, expected ( ) around the number");
}

/* An expression may name what is measured and what is there before it: they are computed in the
 * order of the file. */
static void check_expr_names(
	struct reader *r, const struct benchmark *b, const struct expression *e, size_t before)
{
	char nearest[96];

	for (size_t i = 0; e && i < e->names_n; i++) {
		const char *name = e->names[i].path;

		if (e->names[i].kind != NAME_METRIC)
			continue;
		if (metric_is_of_work(name)) {
			diag_add(r->d, e->line, e->column, false,
				"%s: '%s' comes of 'work', after all others", e->what, name);
		} else if (!metric_is_of(b, name, false)) {
			metric_nearest(b, 1, name, false, nearest);
			diag_add(r->d, e->line, e->column, false,
				"%s: '%s' is no metric of benchmark '%s'%s", e->what, name, b->name,
				nearest);
		}
		for (size_t m = before; m < b->metrics_n; m++)
			if (b->metrics[m].expr && strcmp(b->metrics[m].name, name) == 0)
				diag_add(r->d, e->line, e->column, false,
					"%s: '%s' is computed itself, and must stand before it",
					e->what, name);
	}
}

static void check_expressions(struct reader *r, const struct benchmark *b)
{
	for (size_t i = 0; i < b->metrics_n; i++)
		check_expr_names(r, b, b->metrics[i].expr, i);
	check_expr_names(r, b, b->work, b->metrics_n);
}

static void read_work(struct reader *r, struct benchmark_reader *b)
{
	const struct node *n = b->work, *value = n;

	b->benchmark->work_unit = (char *)read_text(n, "unit", "1");
	if (n && n->kind == NODE_MAP) {
		value = node_get(n, "value");
		if (!value && !schema_is_bare_template(n) && !schema_has_typo(n, "value"))
			diag_error(r->d, n, "'work' has no 'value'");
	}
	/* It tells how much a run does, and changes nothing of it: no use of an axis. */
	b->benchmark->work = read_expr(r, b, value, "work", NULL);
}

void read_metrics(struct reader *r, struct benchmark_reader *b)
{
	const struct node *metrics = b->metrics;
	size_t n = metrics && metrics->kind == NODE_MAP ? metrics->n : 0;

	n = n < SCHEMA_MAX_ENTRIES ? n : SCHEMA_MAX_ENTRIES;
	b->benchmark->metrics = arena_array(r->arena, n, sizeof *b->benchmark->metrics);
	for (size_t i = 0; i < n; i++)
		if (metrics->pairs[i].value->kind == NODE_MAP)
			read_metric(r, b, metrics->pairs[i].key, metrics->pairs[i].value);
	read_work(r, b);
	check_expressions(r, b->benchmark);
}
