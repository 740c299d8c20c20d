/* Energies of machines that count unlike things are not drawn against each other. */
#include "coordinator/findings/host_text.h"
#include "coordinator/findings/machines.h"
#include "coordinator/report/figure_parts.h"

/* Why a lane's metric must not be seen against that of another; NULL: it may. The caller frees. */
static char *why_unlike(const struct gathered *g, const char *metric, size_t lane, size_t other)
{
	json_t *a = host_inventory(g->lanes[lane].inventory),
	       *b = host_inventory(g->lanes[other].inventory);
	char *why = machine_unlike(metric, g->lanes[lane].host, a, g->lanes[other].host, b);

	json_decref(a);
	json_decref(b);
	return why;
}

/* Hosts that are left out with the same reason as the first are only counted. */
static void add_reason(struct layout *l, const char *metric, const char *host, const char *why)
{
	if (l->unlike++ == 0) {
		free(l->note);
		l->note = xasprintf("%s of %s is not shown: %s.", metric, host, why);
	}
}

void layout_drop_unlike(struct layout *l, const struct quantity *q)
{
	const char *metric = l->g->metrics[q->metric].name;
	_cleanup_free_ char **why = xcalloc(l->g->lanes_n + 1, sizeof *why);
	_cleanup_free_ bool *is_known = xcalloc(l->g->lanes_n + 1, sizeof *is_known);
	_cleanup_free_ bool *is_dropped = xcalloc(l->n + 1, sizeof *is_dropped);
	size_t n = 0, compared = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct placed *cell = &l->cells[i], *other = layout_reference(l, cell);
		if (other == NULL || other->lane == cell->lane)
			continue;
		if (!is_known[cell->lane]) {
			is_known[cell->lane] = true;
			why[cell->lane] = why_unlike(l->g, metric, cell->lane, other->lane);
			if (why[cell->lane] != NULL)
				add_reason(
					l, metric, l->g->lanes[cell->lane].host, why[cell->lane]);
		}
		is_dropped[i] = why[cell->lane] != NULL;
		compared += !is_dropped[i];
	}
	for (size_t i = 0; i < l->n; i++) {
		if (!is_dropped[i])
			l->cells[n++] = l->cells[i];
	}
	l->n = n;
	if (l->unlike > 0 && compared == 0) {
		l->why = l->note;
		l->note = NULL;
		l->n = 0;
	}
	for (size_t i = 0; i < l->g->lanes_n; i++)
		free(why[i]);
}
