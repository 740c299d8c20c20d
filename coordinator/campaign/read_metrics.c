/* A benchmark's own metrics: json or pattern, and whether that can be used at all. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "coordinator/campaign/extract.h"
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"
#include <pcre2.h>

/* Compile the pattern as it would be with some value of each axis; where a pattern is bad, all of
 * them are. */
static void check_pattern(struct reader *r, const struct benchmark_reader *b,
	const struct node *metric, const struct node *n)
{
	const struct benchmark *out = b->benchmark;
	_cleanup_free_ const struct value **values = xcalloc(out->axes_n + 1, sizeof *values);
	_cleanup_free_ uint32_t *first = xcalloc(out->axes_n + 1, sizeof *first);
	_cleanup_buf_ struct buf text = BUF_INIT;
	const struct configuration configuration = {
		.benchmark = out, .tables = values, .indices = first};
	struct names *names = names_open(NULL);
	static char some_text[] = "1";
	static const struct value some_value = {.text = some_text};
	uint32_t groups = 0;
	struct error err = {0};
	void *code;
	int rc;

	for (size_t i = 0; i < out->axes_n; i++)
		values[i] = out->axes[i].n ? out->axes[i].values : &some_value;
	names_set_configuration(names, &configuration);
	rc = template_render(n->text, names, true, &text, NULL);
	names_close(names);
	if (rc < 0)
		return;
	code = extract_compile(text.data, &err);
	if (!code) {
		diag_error(r->d, n, "%s", err.text);
		return;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_code_free(code);
	if (groups == 0 && !node_find(metric, "expect"))
		diag_error(r->d, n, "the pattern has no group, expected ( ) around the number");
}

/* A number's source: stdout, stderr; a file of the run is to come. */
static void check_from(struct reader *r, const struct node *from)
{
	static const char *const streams[] = {"stdout", "stderr"};
	char nearest[96];

	if (!from || from->kind != NODE_SCALAR || strcmp(from->text, "stdout") == 0 ||
		strcmp(from->text, "stderr") == 0)
		return;
	diag_nearest(nearest, from->text, streams, 2);
	if (nearest[0] || !strpbrk(from->text, "/.{"))
		diag_error(r->d, from, "'from' is '%s', expected stdout or stderr%s", from->text,
			nearest);
	else
		diag_error(r->d, from, "a file in 'from' is not supported yet by this version");
}

static void check_sources(struct reader *r, const struct node *key, const struct node *metric)
{
	const struct node *json = node_get(metric, "json"), *pattern = node_get(metric, "pattern");

	if (json && pattern)
		diag_error(r->d, pattern,
			"metric '%s' has both 'json' and 'pattern', expected one of them",
			key->text);
	else if (!json && !pattern && !node_find(metric, "expr") &&
		 !schema_has_typo(metric, "json") && !schema_has_typo(metric, "pattern"))
		diag_error(r->d, key, "metric '%s' has neither 'json' nor 'pattern'", key->text);
}

static void read_metric(
	struct reader *r, struct benchmark_reader *b, const struct node *key, const struct node *n)
{
	struct benchmark_metric *out = &b->benchmark->metrics[b->benchmark->metrics_n++];
	const struct node *pattern = node_get(n, "pattern"), *unit = node_get(n, "unit");
	const char *better = read_text(n, "better", "");
	const struct template_scope scope = {.benchmark = b->benchmark,
		.layers = b->matrices,
		.is_later = true,
		.where = "'metrics'"};

	*out = (struct benchmark_metric){
		.name = key->text,
		.json = (char *)read_text(n, "json", NULL),
		.pattern = (char *)read_text(n, "pattern", NULL),
		.from = strcmp(read_text(n, "from", ""), "stderr") == 0 ? FROM_STDERR : FROM_STDOUT,
		.scale = 1,
		.unit = (char *)read_text(n, "unit", "1"),
		.better = strcmp(better, "lower") == 0    ? BETTER_LOWER
			  : strcmp(better, "higher") == 0 ? BETTER_HIGHER
							  : BETTER_NONE,
		.is_optional = read_bool(n, "optional"),
	};
	check_sources(r, key, n);
	check_from(r, node_get(n, "from"));
	read_check_templates(r, node_get(n, "json"), &scope, b->used);
	read_check_templates(r, pattern, &scope, b->used);
	if (pattern && pattern->kind == NODE_SCALAR)
		check_pattern(r, b, n, pattern);
	if (unit && unit->kind == NODE_SCALAR && has_template(unit->text))
		diag_error(r->d, unit, "a template in 'unit' is not supported yet by this version");
}

void read_metrics(struct reader *r, struct benchmark_reader *b)
{
	const struct node *metrics = b->metrics;

	if (!metrics || metrics->kind != NODE_MAP)
		return;
	b->benchmark->metrics = arena_array(r->arena, metrics->n, sizeof *b->benchmark->metrics);
	for (size_t i = 0; i < metrics->n; i++)
		if (metrics->pairs[i].value->kind == NODE_MAP)
			read_metric(r, b, metrics->pairs[i].key, metrics->pairs[i].value);
}
