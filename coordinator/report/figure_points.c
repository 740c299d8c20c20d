/* Figures in which every configuration is a point, and every host a chart. */
#include "coordinator/report/figure_parts.h"

/* The hosts that cells are on, FIGURE_MAX_FACETS at most are kept. Returns how many there are. */
static size_t limit_hosts(struct layout *l)
{
	_cleanup_free_ bool *seen = xcalloc(l->g->lanes_n + 1, sizeof *seen);
	_cleanup_free_ bool *kept = xcalloc(l->g->lanes_n + 1, sizeof *kept);
	size_t hosts = 0, n = 0;

	for (size_t i = 0; i < l->n; i++)
		seen[l->cells[i].lane] = true;
	for (size_t i = 0; i < l->g->lanes_n; i++) {
		kept[i] = seen[i] && hosts < FIGURE_MAX_FACETS;
		hosts += seen[i];
	}
	for (size_t i = 0; i < l->n; i++) {
		if (kept[l->cells[i].lane])
			l->cells[n++] = l->cells[i];
	}
	l->n = n;
	return hosts;
}

void points_limit(struct layout *l, size_t most, struct figure *f)
{
	size_t all = l->n, hosts = limit_hosts(l), n = 0, of_hosts = l->n;

	if (hosts > FIGURE_MAX_FACETS)
		figure_note(f, "Shown are %d of %zu hosts.", FIGURE_MAX_FACETS, hosts);
	for (size_t i = 0; i < of_hosts && of_hosts > most; i++) {
		if (i * most / of_hosts != (i + 1) * most / of_hosts)
			l->cells[n++] = l->cells[i];
	}
	if (of_hosts > most) {
		figure_note(f, "Shown are %zu of %zu points, evenly chosen.", n, all);
		l->n = n;
	}
	if (l->n < all)
		figure_note(f, "All are in `joulerig results %s`.", l->g->label);
}

static bool has_hosts(const struct layout *l)
{
	for (size_t i = 1; i < l->n; i++) {
		if (l->cells[i].lane != l->cells[0].lane)
			return true;
	}
	return false;
}

void points_fields(const struct layout *l, struct figure *f)
{
	if (has_hosts(l)) {
		figure_field(f, "facet", FIELD_TEXT, NULL, "host");
		f->facet = "facet";
	}
	if (l->series.name != NULL)
		figure_field(f, "series", FIELD_TEXT, NULL, "%s", l->series.name);
	figure_field(f, "configuration", FIELD_TEXT, NULL, "configuration");
}

char *points_text(const struct layout *l, const struct placed *cell)
{
	const struct gathered_configuration *c = &l->g->configurations[cell->configuration];
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_adds(&text, c->benchmark);
	if (c->parameters.n > 0)
		buf_addc(&text, ' ');
	parameters_format(&c->parameters, NULL, 0, &text);
	return buf_take(&text);
}

void points_row(const struct layout *l, const struct placed *cell, struct figure *f)
{
	_cleanup_free_ char *text = points_text(l, cell);

	figure_row(f);
	if (f->facet != NULL)
		figure_set_text(f, "facet", l->g->lanes[cell->lane].host);
	if (l->series.name != NULL)
		figure_set_text(f, "series", l->series.values[cell->series]);
	figure_set_text(f, "configuration", text);
}
