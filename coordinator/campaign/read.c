/* The tree to struct campaign. Types were checked by the schema; here is what needs more than one
 * key to be seen. */
#include "coordinator/campaign/read.h"

#include "coordinator/campaign/schema.h"
#include "proto/units.h"

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

int64_t read_percent(const struct node *map, const char *key, int64_t otherwise)
{
	const char *text = scalar(map, key);
	int64_t value;

	return text && units_parse_percent(text, &value, NULL) == 0 ? value : otherwise;
}

double read_number(const struct node *map, const char *key, double otherwise)
{
	const char *text = scalar(map, key);

	return text && is_number_text(text) ? strtod(text, NULL) : otherwise;
}

int read_word(const struct node *map, const char *key, const char *const *words, size_t n)
{
	const char *text = scalar(map, key);

	for (size_t i = 0; text && i < n; i++)
		if (words[i] && strcmp(words[i], text) == 0)
			return (int)i;
	return 0;
}

const struct node *read_item(const struct node *n, size_t k)
{
	if (n->kind != NODE_LIST)
		return n;
	for (size_t i = 0; i < n->n; i++)
		if (n->items[i]->kind == NODE_SCALAR && k-- == 0)
			return n->items[i];
	return n;
}

char **read_texts(struct arena *a, const struct node *n, size_t *count)
{
	char **out;

	*count = 0;
	if (!n || n->kind == NODE_MAP)
		return NULL;
	out = arena_array(a, n->n + 1, sizeof *out);
	if (n->kind == NODE_SCALAR)
		out[(*count)++] = n->text;
	for (size_t i = 0; n->kind == NODE_LIST && i < n->n && *count < SCHEMA_MAX_ENTRIES; i++)
		if (n->items[i]->kind == NODE_SCALAR)
			out[(*count)++] = n->items[i]->text;
	return out;
}

struct message_pair *read_pairs(struct arena *a, const struct node *map, size_t *n)
{
	struct message_pair *out;

	*n = 0;
	if (!map || map->kind != NODE_MAP)
		return NULL;
	out = arena_array(a, map->n, sizeof *out);
	for (size_t i = 0; i < map->n; i++)
		if (map->pairs[i].value->kind == NODE_SCALAR)
			out[(*n)++] = (struct message_pair){
				.key = map->pairs[i].key->text, .value = map->pairs[i].value->text};
	return out;
}

/* ---- templates ---- */

struct template_scope read_scope(
	const struct benchmark_reader *b, unsigned names, const char *where)
{
	return (struct template_scope){
		.benchmark = b->benchmark, .layers = b->matrices, .names = names, .where = where};
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

static void read_sections(struct reader *r, struct benchmark_reader *b)
{
	static const char *const names[] = {"placement", "measure", "limits", "guard", "tune",
		"env", "metrics", "command", "workdir", "roles", "main", "requires", "setup",
		"prepare", "cleanup", "collect", "work"};
	const struct node **targets[] = {&b->placement, &b->measure, &b->limits, &b->guard,
		&b->tune, &b->env, &b->metrics, &b->command, &b->workdir, &b->roles, &b->main,
		&b->requires, &b->setup, &b->prepare, &b->cleanup, &b->collect, &b->work};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		*targets[i] = merged(r, b, names[i]);
}

/* All axes of lower layers as `~`, so that what names them is told that they were dropped. */
static const struct node *without_axes(struct reader *r, const struct node *const *lower, int n)
{
	static struct node removed = {
		.kind = NODE_SCALAR, .is_plain = true, .text = setting_removed};
	struct node *map = arena_alloc(r->arena, sizeof *map);
	size_t room = 0;

	for (int l = 0; l < n; l++)
		room += lower[l] ? lower[l]->n : 0;
	map->kind = NODE_MAP;
	map->pairs = arena_array(r->arena, room, sizeof *map->pairs);
	for (int l = 0; l < n; l++)
		for (size_t i = 0; lower[l] && i < lower[l]->n; i++)
			map->pairs[map->n++] = (struct node_pair){lower[l]->pairs[i].key, &removed};
	return map;
}

/* A matrix that is `~` drops all that the layers below have. */
static void read_layers(struct reader *r, struct benchmark_reader *b)
{
	const struct node *layers[LAYERS] = {node_get(r->root, "defaults"), r->root, b->own};

	for (int l = 0; l < LAYERS; l++) {
		const struct node_pair *pair = node_find(layers[l], "matrix");

		if (pair && node_is_null(pair->value))
			b->matrices[l] = without_axes(r, b->matrices, l);
		else if (pair && pair->value->kind == NODE_MAP)
			b->matrices[l] = pair->value;
	}
}

static void read_benchmark(struct reader *r, struct benchmark_reader *b)
{
	const unsigned names = TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_RUN | TEMPLATE_CAMPAIGN;
	struct benchmark *out = b->benchmark;
	struct template_scope scope = read_scope(b, names, "'command'");

	out->name = b->key->text;
	out->line = b->key->line;
	out->column = b->key->column;
	out->is_canary = read_bool(b->own, "canary") ||
			 (!node_find(b->own, "canary") &&
				 read_bool(node_get(r->root, "defaults"), "canary"));
	read_sections(r, b);
	read_layers(r, b);
	matrix_read(out, b->matrices, r->arena, r->d);
	b->used = arena_array(r->arena, out->axes_n, sizeof *b->used);
	matrix_check_attributes(out, b->matrices, b->used, r->d);
	read_role_names(r, b);
	if (!b->command && !b->roles && !schema_has_typo(b->own, "command") &&
		!schema_has_typo(b->own, "roles"))
		diag_error(r->d, b->key, "benchmark '%s' has no 'command'", out->name);
	read_command(r->arena, b->command, &out->command);
	read_check_templates(r, b->command, &scope, b->used);
	scope.where = "'workdir'";
	out->workdir = b->workdir && b->workdir->kind == NODE_SCALAR ? b->workdir->text : NULL;
	read_check_templates(r, b->workdir, &scope, b->used);
	scope.where = "'env'";
	if (out->roles_n)
		scope.names |= TEMPLATE_ROLES;
	out->env = read_env(r, b, b->env, &scope, &out->env_n);
	read_settings(r, b);
	read_roles(r, b);
	read_commands(r, b);
	read_metrics(r, b);
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
	const struct node *hosts = node_get(r->root, "hosts");
	struct campaign *c = r->campaign;

	c->name = (char *)read_text(r->root, "campaign", "");
	c->description = (char *)read_text(r->root, "description", NULL);
	c->seed = read_int(r->root, "seed", 1);
	c->labels = read_pairs(r->arena, node_get(r->root, "labels"), &c->labels_n);
	c->attempts = read_int(node_get(r->root, "limits"), "attempts", 3);
	c->on_disconnect = (char *)read_text(node_get(r->root, "limits"), "on_disconnect", NULL);
	read_hosts(r, hosts, &c->hosts);
	c->is_spread = strcmp(read_text(hosts, "spread", ""), "any") == 0;
	read_benchmarks(r);
	read_files(r);
	read_teardown(r);
	read_repeat(r);
	read_schedule(r);
	read_compare(r);
	read_report(r);
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
