/* The tree to struct campaign. Types were checked by the schema; here is what needs more than one
 * key to be seen. */
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/read.h"

#include "coordinator/campaign/schema.h"
#include "proto/units.h"
#include <stdio.h>

#define DEFAULT_TIMEOUT (3600 * NS_PER_S)

/* Merging the campaign's sections into each benchmark multiplies nodes; more than these are no
 * campaign. */
#define MAX_MERGED_NODES 2000000

/* ---- quiet looks ---- */

static const char *scalar(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n && n->kind == NODE_SCALAR ? n->text : NULL;
}

const char *read_text(const struct node *map, const char *key, const char *otherwise)
{
	const char *text = scalar(map, key);

	return text ? text : otherwise;
}

bool read_bool(const struct node *map, const char *key)
{
	const char *text = scalar(map, key);

	return text && strcmp(text, "true") == 0;
}

int64_t read_int(const struct node *map, const char *key, int64_t otherwise)
{
	const char *text = scalar(map, key);
	int64_t value;

	return text && units_parse_int(text, 0, INT64_MAX, &value, NULL) == 0 ? value : otherwise;
}

int64_t read_duration(const struct node *map, const char *key, int64_t otherwise)
{
	const char *text = scalar(map, key);
	int64_t value;

	return text && units_parse_duration(text, &value, NULL) == 0 ? value : otherwise;
}

void read_check_templates(const struct reader *r, const struct node *n,
	const struct template_scope *scope, bool *used)
{
	if (!n)
		return;
	if (n->kind == NODE_SCALAR)
		template_check(n, scope, used, r->d);
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
		if (n->items[i]->kind == NODE_SCALAR)
			template_check(n->items[i], scope, used, r->d);
}

/* ---- commands ---- */

/* A string is what /bin/sh runs. Its timeout is the caller's. */
static void read_command(struct arena *a, const struct node *n, struct step *out)
{
	static const char *const shell[] = {"/bin/sh", "-c"};

	if (!n || n->kind == NODE_MAP)
		return;
	out->command = arena_array(a, n->n + 3, sizeof *out->command);
	if (n->kind == NODE_SCALAR) {
		out->command[out->n++] = (char *)shell[0];
		out->command[out->n++] = (char *)shell[1];
		out->command[out->n++] = n->text;
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		if (n->items[i]->kind == NODE_SCALAR)
			out->command[out->n++] = n->items[i]->text;
}

static void read_setup(struct reader *r, struct benchmark *b)
{
	const struct node *setup = node_get(r->root, "setup");
	bool is_list = setup && setup->kind == NODE_LIST;
	size_t n = !setup ? 0 : is_list ? setup->n : 1;

	b->setup.items = arena_array(r->arena, n, sizeof *b->setup.items);
	for (size_t i = 0; i < n; i++) {
		const struct node *step = is_list ? setup->items[i] : setup;
		struct step *out = &b->setup.items[b->setup.n++];

		read_command(r->arena, node_get(step, "command"), out);
		out->timeout_ns = read_duration(step, "timeout", DEFAULT_TIMEOUT);
	}
}

/* Setup is rendered with the parameters of what needs it, so its names must be known to every
 * benchmark. */
static void check_setup(struct reader *r, struct benchmark_reader *b)
{
	const struct node *setup = node_get(r->root, "setup");
	bool is_list = setup && setup->kind == NODE_LIST;
	size_t n = !setup ? 0 : is_list ? setup->n : 1;
	const struct template_scope scope = {
		.benchmark = b->benchmark,
		.layers = b->matrices,
		.names = TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_CAMPAIGN,
		.where = "'setup'",
	};

	for (size_t i = 0; i < n; i++)
		read_check_templates(
			r, node_get(is_list ? setup->items[i] : setup, "command"), &scope, b->used);
}

static void read_files(struct reader *r)
{
	const struct node *files = node_get(r->root, "files");
	struct campaign *c = r->campaign;

	if (!files || files->kind != NODE_LIST)
		return;
	c->files = arena_array(r->arena, files->n, sizeof *c->files);
	for (size_t i = 0; i < files->n; i++) {
		const struct node *file = files->items[i];
		_cleanup_buf_ struct buf literal = BUF_INIT;
		struct names *names;

		if (file->kind != NODE_SCALAR)
			continue;
		names = names_open(NULL);
		template_render(file->text, names, false, &literal, NULL);
		names_close(names);
		if (!template_is_literal(file->text))
			diag_error(r->d, file,
				"a template in 'files' is not supported yet by this version");
		c->files[c->files_n++] =
			(struct source_file){.path = arena_strdup(r->arena, literal.data),
				.line = file->line,
				.column = file->column};
	}
}

/* ---- benchmarks ---- */

static const struct node *merged(
	struct reader *r, const struct benchmark_reader *b, const char *key)
{
	const struct node *defaults = node_get(r->root, "defaults"), *n;
	const struct node_pair *own = node_find(b->own, key), *common = node_find(r->root, key);
	const struct node_pair *base = node_find(defaults, key);

	n = node_merge(
		r->arena, base ? base->value : NULL, common ? common->value : NULL, YAML_MAX_DEPTH);
	n = node_merge(r->arena, n, own ? own->value : NULL, YAML_MAX_DEPTH);
	return n && !node_is_null(n) ? n : NULL;
}

static void read_env(
	struct reader *r, struct benchmark_reader *b, const struct template_scope *scope)
{
	const struct node *env = b->env;

	if (!env || env->kind != NODE_MAP)
		return;
	b->benchmark->env = arena_array(r->arena, env->n, sizeof *b->benchmark->env);
	for (size_t i = 0; i < env->n; i++) {
		const struct node *value = env->pairs[i].value;

		if (value->kind != NODE_SCALAR || node_is_null(value))
			continue;
		b->benchmark->env[b->benchmark->env_n++] =
			arena_printf(r->arena, "%s=%s", env->pairs[i].key->text, value->text);
		template_check(value, scope, b->used, r->d);
	}
}

static void read_sections(struct reader *r, struct benchmark_reader *b)
{
	static const char *const sections[] = {"placement", "measure", "limits", "guard", "tune",
		"env", "metrics", "command", "workdir"};
	const struct node **targets[] = {&b->placement, &b->measure, &b->limits, &b->guard,
		&b->tune, &b->env, &b->metrics, &b->command, &b->workdir};
	const struct node *defaults = node_get(r->root, "defaults");

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		*targets[i] = merged(r, b, sections[i]);
	b->matrices[LAYER_DEFAULTS] = node_get(defaults, "matrix");
	b->matrices[LAYER_CAMPAIGN] = node_get(r->root, "matrix");
	b->matrices[LAYER_OWN] = node_get(b->own, "matrix");
	for (int l = 0; l < LAYERS; l++)
		if (b->matrices[l] && b->matrices[l]->kind != NODE_MAP)
			b->matrices[l] = NULL;
}

static void read_benchmark(struct reader *r, struct benchmark_reader *b)
{
	struct benchmark *out = b->benchmark;
	struct template_scope scope = {
		.benchmark = out,
		.layers = b->matrices,
		.names = TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_RUN | TEMPLATE_CAMPAIGN,
		.where = "'command'",
	};

	out->name = b->key->text;
	out->line = b->key->line;
	out->column = b->key->column;
	read_sections(r, b);
	matrix_read(out, b->matrices, r->arena, r->d);
	b->used = arena_array(r->arena, out->axes_n, sizeof *b->used);
	if (!b->command && !node_find(b->own, "roles") && !schema_has_typo(b->own, "command"))
		diag_error(r->d, b->key, "benchmark '%s' has no 'command'", out->name);
	read_command(r->arena, b->command, &out->command);
	read_check_templates(r, b->command, &scope, b->used);
	scope.where = "'workdir'";
	out->workdir = b->workdir && b->workdir->kind == NODE_SCALAR ? b->workdir->text : NULL;
	read_check_templates(r, b->workdir, &scope, b->used);
	scope.where = "'env'";
	read_env(r, b, &scope);
	read_settings(r, b);
	read_metrics(r, b);
	read_setup(r, out);
	check_setup(r, b);
}

static void read_benchmarks(struct reader *r)
{
	const struct node *benchmarks = node_get(r->root, "benchmarks");
	const struct node *defaults = node_get(r->root, "defaults");
	struct campaign *c = r->campaign;
	size_t n = benchmarks && benchmarks->kind == NODE_MAP ? benchmarks->n : 0;
	size_t shared = r->root->weight - (benchmarks ? benchmarks->weight : 0);

	if (n && (shared > MAX_MERGED_NODES / n)) {
		diag_error(r->d, defaults ? defaults : benchmarks,
			"%zu benchmarks with sections of %zu nodes each are more than this reads",
			n, shared);
		return;
	}
	c->benchmarks = arena_array(r->arena, n, sizeof *c->benchmarks);
	r->benchmarks = arena_array(r->arena, n, sizeof *r->benchmarks);
	for (size_t i = 0; i < n; i++) {
		struct benchmark_reader *b = &r->benchmarks[c->benchmarks_n];

		if (benchmarks->pairs[i].value->kind != NODE_MAP)
			continue;
		b->key = benchmarks->pairs[i].key;
		b->own = benchmarks->pairs[i].value;
		b->benchmark = &c->benchmarks[c->benchmarks_n++];
		read_benchmark(r, b);
	}
}

/* ---- the campaign ---- */

static void read_campaign(struct reader *r)
{
	struct campaign *c = r->campaign;
	const struct node *repeat = node_get(r->root, "repeat");
	const struct node *limits = node_get(r->root, "limits");
	const struct node *compare = node_get(r->root, "compare");

	c->name = (char *)read_text(r->root, "campaign", "");
	c->description = (char *)read_text(r->root, "description", NULL);
	c->seed = read_int(r->root, "seed", 1);
	c->warmup = read_int(repeat, "warmup", 1);
	c->blocks = read_int(repeat, "blocks", 10);
	c->max = c->blocks;
	c->attempts = read_int(limits, "attempts", 3);
	if (compare) {
		c->comparisons = arena_alloc(r->arena, sizeof *c->comparisons);
		c->comparisons_n = 1;
		c->comparisons[0].by = (char *)read_text(compare, "by", NULL);
		c->comparisons[0].baseline = (char *)read_text(compare, "baseline", NULL);
	}
	read_hosts(r);
	read_files(r);
	read_benchmarks(r);
}

struct campaign *campaign_read(
	const char *text, size_t len, const char *changes, struct diagnostics *d)
{
	struct reader r = {.arena = arena_new(), .d = d};
	struct campaign *c = arena_alloc(r.arena, sizeof *c);

	c->private = arena_alloc(r.arena, sizeof *c->private);
	c->private->arena = r.arena;
	r.campaign = c;
	r.root = yaml_read(text, len, r.arena, d);
	if (r.root && r.root->kind != NODE_MAP) {
		diag_error(d, r.root, "a campaign is a mapping with 'campaign' and 'benchmarks'");
	} else if (r.root) {
		schema_check(r.root, &schema_campaign, "campaign", d);
		read_campaign(&r);
		read_check_values(&r);
		read_changes(&r, changes);
		if (d->errors == 0)
			read_check_size(&r);
		if (d->errors == 0)
			read_warnings(&r);
	}
	diagnostics_sort(d);
	if (d->errors == 0)
		return c;
	campaign_free(c);
	return NULL;
}

void campaign_free(struct campaign *c)
{
	if (c)
		arena_free(c->private->arena);
}
