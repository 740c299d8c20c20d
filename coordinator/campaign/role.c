#include "coordinator/campaign/role.h"

/* Metrics of this role's files; those of what it prints need nothing on its host. */
static size_t list_metrics(struct role_view *v, const struct benchmark *b, const char *role)
{
	size_t n = 0;

	v->metrics = xcalloc(b->metrics_n + 1, sizeof *v->metrics);
	for (size_t i = 0; i < b->metrics_n; i++)
		if (b->metrics[i].from == FROM_FILE && text_is(b->metrics[i].role, role))
			v->metrics[n++] = b->metrics[i];
	return n;
}

void role_view_open(struct role_view *v, const struct configuration *c, size_t role)
{
	const struct benchmark *b = c->benchmark;
	const struct campaign_role *r = &b->roles[role];

	v->benchmark = *b;
	v->benchmark.command = r->command;
	v->benchmark.env = r->env;
	v->benchmark.env_n = r->env_n;
	memcpy(v->benchmark.settings, r->settings, sizeof v->benchmark.settings);
	v->benchmark.roles_n = 0;
	v->benchmark.collect_n = role == b->main ? b->collect_n : 0;
	v->benchmark.metrics_n = list_metrics(v, b, r->name);
	v->benchmark.metrics = v->metrics;
	v->configuration = *c;
	v->configuration.benchmark = &v->benchmark;
}

void role_view_close(struct role_view *v)
{
	free(v->metrics);
}
