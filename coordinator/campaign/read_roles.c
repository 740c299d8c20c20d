/* Several programs that run together as one benchmark. */
#include "coordinator/campaign/extract.h"
#include "coordinator/campaign/read.h"
#include "coordinator/campaign/schema.h"

#define DEFAULT_READY_TIMEOUT (60 * NS_PER_S)

void read_role_names(struct reader *r, struct benchmark_reader *b)
{
	struct benchmark *out = b->benchmark;

	if (!b->roles || b->roles->kind != NODE_MAP)
		return;
	out->roles = arena_array(r->arena, b->roles->n, sizeof *out->roles);
	for (size_t i = 0; i < b->roles->n && i < SCHEMA_MAX_ROLES; i++)
		if (b->roles->pairs[i].value->kind == NODE_MAP)
			out->roles[out->roles_n++].name = b->roles->pairs[i].key->text;
}

/* ---- ready ---- */

static void read_ready(struct reader *r, struct benchmark_reader *b, const struct node *n,
	struct campaign_role *out)
{
	const struct node *pattern = node_get(n, "pattern"), *port = node_get(n, "port");
	struct template_scope scope = read_scope(
		b, TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_CAMPAIGN | TEMPLATE_ROLES, "'ready'");

	out->ready_timeout_ns = read_duration(n, "timeout", DEFAULT_READY_TIMEOUT);
	out->ready_pattern = (char *)read_text(n, "pattern", NULL);
	out->ready_port = (char *)read_text(n, "port", NULL);
	read_check_templates(r, pattern, &scope, b->used);
	read_check_templates(r, port, &scope, b->used);
	if (!n || n->kind != NODE_MAP || schema_has_typo(n, "pattern") ||
		schema_has_typo(n, "port"))
		return;
	if (pattern && port)
		diag_error(r->d, port,
			"'ready' of role '%s' has both 'pattern' and 'port', expected one of them",
			out->name);
	else if (!pattern && !port)
		diag_error(r->d, n, "'ready' of role '%s' has neither 'pattern' nor 'port'",
			out->name);
	else if (pattern && pattern->kind == NODE_SCALAR)
		(void)read_groups_of_pattern(r, pattern);
}

/* ---- the roles ---- */

static void read_role(struct reader *r, struct benchmark_reader *b, const struct node *key,
	const struct node *n, struct campaign_role *out)
{
	const unsigned names =
		TEMPLATE_HOST | TEMPLATE_CPUS | TEMPLATE_RUN | TEMPLATE_CAMPAIGN | TEMPLATE_ROLES;
	struct template_scope scope = read_scope(b, names, "'command'");
	const struct node *command = node_get(n, "command"), *placement = node_get(n, "placement");

	if (!command && !schema_has_typo(n, "command"))
		diag_error(r->d, key, "role '%s' has no 'command'", key->text);
	read_command(r->arena, command, &out->command);
	read_check_templates(r, command, &scope, b->used);
	scope.where = "'env'";
	out->env = read_env(r, b, node_merge(r->arena, b->env, node_get(n, "env"), YAML_MAX_DEPTH),
		&scope, &out->env_n);
	read_role_settings(r, b, node_merge(r->arena, b->placement, placement, YAML_MAX_DEPTH),
		placement, out->settings);
	read_hosts(r, node_get(n, "hosts"), &out->hosts);
	read_ready(r, b, node_get(n, "ready"), out);
}

static void read_main(struct reader *r, struct benchmark_reader *b)
{
	struct benchmark *out = b->benchmark;
	_cleanup_free_ const char **words = xcalloc(out->roles_n + 1, sizeof *words);
	char nearest[96];

	if (!b->main) {
		if (!schema_has_typo(b->own, "main"))
			diag_error(r->d, b->key,
				"benchmark '%s' has 'roles' and no 'main', the one whose start and "
				"end bound what is measured",
				out->name);
		return;
	}
	for (size_t i = 0; i < out->roles_n; i++) {
		words[i] = out->roles[i].name;
		if (b->main->kind == NODE_SCALAR && strcmp(b->main->text, words[i]) == 0) {
			out->main = i;
			return;
		}
	}
	if (b->main->kind == NODE_SCALAR)
		diag_error(r->d, b->main, "'main' is '%s', expected one of the roles%s",
			b->main->text, diag_nearest(nearest, b->main->text, words, out->roles_n));
}

void read_roles(struct reader *r, struct benchmark_reader *b)
{
	struct benchmark *out = b->benchmark;
	size_t n = 0;

	if (!b->roles) {
		if (b->main)
			diag_error(r->d, b->main, "'main' needs 'roles'");
		return;
	}
	if (b->command)
		diag_error(r->d, b->command,
			"benchmark '%s' has both 'command' and 'roles', expected one of them",
			out->name);
	for (size_t i = 0; b->roles->kind == NODE_MAP && i < b->roles->n && n < out->roles_n; i++)
		if (b->roles->pairs[i].value->kind == NODE_MAP)
			read_role(r, b, b->roles->pairs[i].key, b->roles->pairs[i].value,
				&out->roles[n++]);
	if (out->roles_n == 0 && b->roles->n == 0)
		diag_error(r->d, b->roles, "'roles' is empty, expected at least one role");
	else if (b->roles->kind == NODE_MAP)
		read_main(r, b);
}
