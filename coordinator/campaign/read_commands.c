/* What is run around the runs of a benchmark, in which environment, with which files. */
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"

/* ---- commands ---- */

/* A string is what /bin/sh runs. Its timeout is the caller's. */
void read_command(struct arena *a, const struct node *n, struct step *out)
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

static void read_step(struct reader *r, const struct node *n, const struct template_scope *scope,
	bool *used, struct step *out)
{
	const struct node *command = n->kind == NODE_MAP ? node_get(n, "command") : n;

	if (!command && !schema_has_typo(n, "command"))
		diag_error(r->d, n, "%s has no 'command'", scope->where);
	read_command(r->arena, command, out);
	read_check_templates(r, command, scope, used);
	out->timeout_ns = n->kind == NODE_MAP ? read_duration(n, "timeout", DEFAULT_STEP_TIMEOUT)
					      : DEFAULT_STEP_TIMEOUT;
}

/* A command, a mapping with one, or a list of these. */
static void read_steps(struct reader *r, const struct node *n, const struct template_scope *scope,
	bool *used, struct steps *out)
{
	bool is_list = n && schema_is_step_list(n);
	size_t count = !n || schema_is_bare_template(n) ? 0 : is_list ? n->n : 1;

	out->items = arena_array(r->arena, count, sizeof *out->items);
	for (size_t i = 0; i < count; i++)
		if (!is_list || !schema_is_bare_template(n->items[i]))
			read_step(r, is_list ? n->items[i] : n, scope, used, &out->items[out->n++]);
}

void read_teardown(struct reader *r)
{
	const struct template_scope scope = {
		.names = TEMPLATE_HOST | TEMPLATE_CAMPAIGN, .where = "'teardown'"};

	read_steps(r, node_get(r->root, "teardown"), &scope, NULL, &r->campaign->teardown);
}

/* ---- environment ---- */

char **read_env(struct reader *r, struct benchmark_reader *b, const struct node *env,
	const struct template_scope *scope, size_t *n)
{
	char **out;

	*n = 0;
	if (!env || env->kind != NODE_MAP)
		return NULL;
	out = arena_array(r->arena, env->n, sizeof *out);
	for (size_t i = 0; i < env->n; i++) {
		const struct node *value = env->pairs[i].value;

		if (value->kind != NODE_SCALAR || node_is_null(value))
			continue;
		out[(*n)++] = arena_printf(r->arena, "%s=%s", env->pairs[i].key->text, value->text);
		template_check(value, scope, b->used, r->d);
	}
	return out;
}

/* ---- files that are kept ---- */

static void read_collect(struct reader *r, struct benchmark_reader *b)
{
	const struct template_scope scope = read_scope(
		b, TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_RUN | TEMPLATE_CAMPAIGN, "'collect'");
	const struct node *map = b->collect;
	struct benchmark *out = b->benchmark;

	if (!map || map->kind != NODE_MAP)
		return;
	out->collect = arena_array(r->arena, map->n, sizeof *out->collect);
	for (size_t i = 0; i < map->n; i++) {
		const struct node *key = map->pairs[i].key, *value = map->pairs[i].value;
		const struct node *path = node_get(value, "path");

		if (value->kind != NODE_MAP)
			continue;
		if (!path && !schema_has_typo(value, "path"))
			diag_error(r->d, key, "'%s' in 'collect' has no 'path'", key->text);
		if (!path || path->kind != NODE_SCALAR)
			continue;
		template_check(path, &scope, b->used, r->d);
		out->collect[out->collect_n++] =
			(struct collected){.name = key->text, .path = path->text};
	}
}

/* ---- of a benchmark ---- */

/* What surrounds a run knows the parameters of what needs it; what is shared by many runs knows
 * nothing of one of them. */
void read_commands(struct reader *r, struct benchmark_reader *b)
{
	const unsigned host = TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_CAMPAIGN;
	struct benchmark *out = b->benchmark;
	struct template_scope scope = read_scope(b, host, "'setup'");

	read_steps(r, b->setup, &scope, b->used, &out->setup);
	scope.where = "'requires'";
	read_command(r->arena, b->requires, &out->requires);
	read_check_templates(r, b->requires, &scope, b->used);
	out->requires.timeout_ns = DEFAULT_STEP_TIMEOUT;
	scope.names = host | TEMPLATE_RUN;
	scope.where = "'prepare'";
	read_steps(r, b->prepare, &scope, b->used, &out->prepare);
	scope.where = "'cleanup'";
	read_steps(r, b->cleanup, &scope, b->used, &out->cleanup);
	read_collect(r, b);
}

/* ---- what is shipped ---- */

/* The axes of all benchmarks together: what is shipped is for all of them. */
static struct benchmark *all_axes(struct reader *r)
{
	const struct campaign *c = r->campaign;
	struct benchmark *all = arena_alloc(r->arena, sizeof *all);
	size_t room = 0;

	for (size_t i = 0; i < c->benchmarks_n; i++)
		room += c->benchmarks[i].axes_n;
	all->axes = arena_array(r->arena, room, sizeof *all->axes);
	for (size_t i = 0; i < c->benchmarks_n; i++)
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++)
			if (axis_find(all->axes, all->axes_n, c->benchmarks[i].axes[a].name) < 0)
				all->axes[all->axes_n++] = c->benchmarks[i].axes[a];
	return all;
}

/* Whether what a text names of an axis is known on a host only. */
static bool is_of_host(const struct axis *axis, const char *text)
{
	for (size_t v = 0; v < axis->n + axis->more; v++) {
		const struct attributes *a = axis->values[v].attributes;

		for (size_t i = 0; a && i < a->n; i++) {
			_cleanup_free_ char *path =
				xasprintf("{%s.%s}", axis->name, a->items[i].name);

			if (a->items[i].expr && strstr(text, path))
				return true;
		}
	}
	return axis->is_each;
}

static void check_file(struct reader *r, const struct node *n, const struct benchmark *all)
{
	const struct template_scope scope = {
		.benchmark = all, .names = TEMPLATE_CAMPAIGN, .where = "'files'"};
	_cleanup_free_ bool *used = xcalloc(all->axes_n + 1, sizeof *used);
	struct campaign *c = r->campaign;

	if (!n || n->kind != NODE_SCALAR)
		return;
	template_check(n, &scope, used, r->d);
	for (size_t a = 0; a < all->axes_n; a++) {
		if (used[a] && is_of_host(&all->axes[a], n->text))
			diag_error(r->d, n,
				"axis '%s' has other values on each host, and 'files' are the same "
				"for all",
				all->axes[a].name);
		for (size_t i = 0; used[a] && i < c->benchmarks_n; i++) {
			const struct benchmark *b = &c->benchmarks[i];
			int axis = axis_find(b->axes, b->axes_n, all->axes[a].name);

			if (axis >= 0)
				r->benchmarks[i].used[axis] = true;
		}
	}
}

/* What git makes of a URL without being told: its last part, without ".git". */
static char *repository_name(struct arena *a, const char *url)
{
	size_t end = strlen(url), start;

	while (end > 0 && url[end - 1] == '/')
		end--;
	if (end > 4 && strncmp(url + end - 4, ".git", 4) == 0)
		end -= 4;
	for (start = end; start > 0 && url[start - 1] != '/' && url[start - 1] != ':'; start--)
		;
	return arena_strndup(a, url + start, end - start);
}

static void read_git(struct reader *r, const struct node *n, struct source_file *out)
{
	const struct node *git = node_get(n, "git");

	if (!git || git->kind != NODE_SCALAR || git->text[0] == '\0')
		return;
	out->git = git->text;
	out->ref = (char *)read_text(n, "ref", "HEAD");
	out->as = (char *)read_text(n, "as", NULL);
	if (!out->as)
		out->as = repository_name(r->arena, git->text);
	if (out->as[0] == '\0' || strcmp(out->as, ".") == 0 || strcmp(out->as, "..") == 0)
		diag_error(r->d, git, "'%s' names no repository; say which directory with 'as'",
			git->text);
}

void read_files(struct reader *r)
{
	const struct node *files = node_get(r->root, "files");
	const struct benchmark *all;
	struct campaign *c = r->campaign;

	if (!files || files->kind != NODE_LIST)
		return;
	all = all_axes(r);
	c->files = arena_array(r->arena, files->n, sizeof *c->files);
	for (size_t i = 0; i < files->n; i++) {
		const struct node *n = files->items[i];
		struct source_file *out = &c->files[c->files_n];

		*out = (struct source_file){.line = n->line, .column = n->column};
		if (n->kind == NODE_SCALAR)
			out->path = n->text;
		else
			read_git(r, n, out);
		c->files_n += out->path || out->git;
		check_file(r, n, all);
		check_file(r, node_get(n, "git"), all);
		check_file(r, node_get(n, "ref"), all);
		check_file(r, node_get(n, "as"), all);
	}
}
