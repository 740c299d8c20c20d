/* Texts that all forms of `compare` share. */
#include "coordinator/commands/compare_view.h"

#include <math.h>

char *compare_ratio_text(const struct ratio *r)
{
	double width = r->high - r->low;
	int digits = width > 0 && width < 0.01 ? 4 : 3;

	if (!isfinite(r->ratio))
		return xstrdup("none");
	if (!isfinite(r->low) || !isfinite(r->high))
		return xasprintf("%.*f", digits, r->ratio);
	return xasprintf("%.*f [%.*f, %.*f]", digits, r->ratio, digits, r->low, digits, r->high);
}

char *compare_p_text(double p)
{
	return isnan(p) ? NULL : p < 0.001 ? xstrdup("<0.001") : xasprintf("%.3f", p);
}

/* ---- which axes are columns ---- */

struct axis {
	const char *name, *first;
	bool is_varied;
};

struct axes {
	struct axis *items;
	size_t n;
};

static struct axis *find_axis(struct axes *axes, const char *name)
{
	for (size_t i = 0; i < axes->n; i++)
		if (strcmp(axes->items[i].name, name) == 0)
			return &axes->items[i];
	return NULL;
}

/* An axis that some configuration does not have has another value there: none. */
static void add_axes(struct axes *axes, const struct parameters *p, bool is_first)
{
	for (size_t i = 0; i < p->n; i++) {
		struct axis *axis = find_axis(axes, p->items[i].name);

		if (axis != NULL) {
			axis->is_varied |= strcmp(axis->first, p->items[i].text) != 0;
			continue;
		}
		axes->items = xreallocarray(axes->items, axes->n + 1, sizeof *axes->items);
		axes->items[axes->n++] =
			(struct axis){p->items[i].name, p->items[i].text, !is_first};
	}
	for (size_t i = 0; i < axes->n; i++)
		axes->items[i].is_varied |= parameters_get(p, axes->items[i].name) == NULL;
}

const char **compare_varied(
	const struct gathered *g, const size_t *configurations, size_t n, size_t *names_n)
{
	struct axes axes = {0};
	const char **names;

	for (size_t i = 0; i < n; i++)
		if (i == 0 || configurations[i] != configurations[i - 1])
			add_axes(&axes, &g->configurations[configurations[i]].parameters, i == 0);
	names = xcalloc(axes.n + 1, sizeof *names);
	*names_n = 0;
	for (size_t i = 0; i < axes.n; i++)
		if (axes.items[i].is_varied)
			names[(*names_n)++] = axes.items[i].name;
	free(axes.items);
	return names;
}
