#include "coordinator/report/labels.h"

/* Whether all of them have this axis, with one value. */
static bool is_same(
	const struct gathered *g, const size_t *configurations, size_t n, const struct parameter *p)
{
	for (size_t i = 0; i < n; i++) {
		const char *other =
			parameters_get(&g->configurations[configurations[i]].parameters, p->name);
		if (other == NULL || strcmp(other, p->text) != 0)
			return false;
	}
	return true;
}

/* Axes that tell nothing; the names are g's, but the caller's. */
static const char **skipped_axes(const struct gathered *g, const size_t *configurations, size_t n,
	const char *but, size_t *skipped)
{
	const struct parameters *first = &g->configurations[configurations[0]].parameters;
	const char **names = xcalloc(first->n + 1, sizeof *names);

	*skipped = 0;
	if (but != NULL)
		names[(*skipped)++] = but;
	for (size_t i = 0; i < first->n; i++) {
		const struct parameter *p = &first->items[i];
		if ((but == NULL || strcmp(p->name, but) != 0) && is_same(g, configurations, n, p))
			names[(*skipped)++] = p->name;
	}
	return names;
}

void labels_make(const struct gathered *g, const size_t *configurations, size_t n, const char *but,
	char **out)
{
	bool is_one = true;
	size_t skipped;

	if (n == 0)
		return;
	_cleanup_free_ const char **names = skipped_axes(g, configurations, n, but, &skipped);
	for (size_t i = 1; i < g->configurations_n; i++)
		is_one &=
			strcmp(g->configurations[0].benchmark, g->configurations[i].benchmark) == 0;
	for (size_t i = 0; i < n; i++) {
		const struct gathered_configuration *c = &g->configurations[configurations[i]];
		_cleanup_buf_ struct buf axes = BUF_INIT;
		parameters_format(&c->parameters, names, skipped, &axes);
		if (axes.len == 0)
			out[i] = xstrdup(c->benchmark);
		else if (is_one)
			out[i] = xstrdup(axes.data);
		else
			out[i] = xasprintf("%s %s", c->benchmark, axes.data);
	}
}
