#include "coordinator/findings/gather.h"

#include "coordinator/findings/gather_runs.h"
#include "coordinator/store/store.h"
#include "proto/clock.h"
#include <math.h>

static void tallies_done(struct tallies *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].text);
	free(t->items);
}

/* ---- what the campaign is ---- */

static int on_campaign(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	if (g->label != NULL)
		return 1;
	g->label = xstrdup(cell_text(&c[CAMPAIGNS_LABEL]));
	g->state = xstrdup(cell_text(&c[CAMPAIGNS_STATE]));
	g->yaml = xstrdup(cell_text(&c[CAMPAIGNS_YAML]));
	g->changes = c[CAMPAIGNS_CHANGES].text == NULL ? NULL : xstrdup(c[CAMPAIGNS_CHANGES].text);
	g->submitted_at = c[CAMPAIGNS_SUBMITTED_AT].integer;
	g->ended_at = c[CAMPAIGNS_ENDED_AT].integer;
	g->total = c[CAMPAIGNS_TOTAL].integer;
	return 0;
}

static int on_configuration(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;
	struct gathered_configuration new = {
		.benchmark = xstrdup(cell_text(&c[CONFIGURATIONS_BENCHMARK])),
		.json = xstrdup(cell_text(&c[CONFIGURATIONS_PARAMETERS]))};

	(void)key;
	(void)n;
	parameters_parse(&new.parameters, new.json);
	g->configurations = xreallocarray(g->configurations, g->configurations_n + 1, sizeof new);
	g->configurations[g->configurations_n++] = new;
	return 0;
}

static int on_lane(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	g->lanes = xreallocarray(g->lanes, g->lanes_n + 1, sizeof *g->lanes);
	bool is_tuple = strncmp(cell_text(&c[LANES_KEY]), ROLES_HOST, strlen(ROLES_HOST)) == 0;
	g->hosts_n += !is_tuple;
	g->lanes[g->lanes_n++] = (struct gathered_lane){.host = xstrdup(cell_text(&c[LANES_HOST])),
		.is_tuple = is_tuple,
		.inventory = xstrdup(cell_text(&c[LANES_INVENTORY]))};
	return 0;
}

static int on_event(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct gathered *g = arg;

	(void)key;
	(void)n;
	const char *kind = cell_text(&c[EVENTS_KIND]), *text = cell_text(&c[EVENTS_TEXT]);
	bool is_pruned = strcmp(kind, "pruned") == 0;
	char at[32];

	if (!is_pruned && strcmp(kind, "note") != 0)
		return 0;
	g->notes = xreallocarray(g->notes, g->notes_n + 1, sizeof *g->notes);
	g->notes[g->notes_n++] = is_pruned ? xasprintf("pruned at %s: %s were removed",
						     clock_rfc3339(at, c[EVENTS_AT].integer), text)
					   : xstrdup(text);
	return 0;
}

void gather_add_metric(
	struct gathered *g, const char *name, const char *unit, enum better better, bool is_own)
{
	g->metrics = xreallocarray(g->metrics, g->metrics_n + 1, sizeof *g->metrics);
	g->metrics[g->metrics_n++] = (struct gathered_metric){
		.name = xstrdup(name), .unit = xstrdup(unit), .better = better, .is_own = is_own};
}

size_t gathered_metric(const struct gathered *g, const char *name)
{
	size_t i = 0;

	while (i < g->metrics_n && strcmp(g->metrics[i].name, name) != 0)
		i++;
	return i;
}

const struct gathered_metric *gathered_metric_as(
	const struct gathered *g, size_t metric, size_t configuration)
{
	const struct gathered_configuration *c = &g->configurations[configuration];

	for (size_t i = 0; i < c->variants_n; i++)
		if (g->variants[c->variants[i]].metric == metric)
			return &g->variants[c->variants[i]].as;
	return &g->metrics[metric];
}

size_t gather_variant(struct gathered *g, size_t metric, const char *unit, enum better better)
{
	const struct gathered_metric *m = &g->metrics[metric];
	size_t i = 0;

	if (strcmp(m->unit, unit) == 0 && m->better == better)
		return SIZE_MAX;
	while (i < g->variants_n &&
		(g->variants[i].metric != metric || g->variants[i].as.better != better ||
			strcmp(g->variants[i].as.unit, unit) != 0))
		i++;
	if (i < g->variants_n)
		return i;
	g->variants = xreallocarray(g->variants, g->variants_n + 1, sizeof *g->variants);
	g->variants[g->variants_n++] = (struct gathered_variant){.metric = metric,
		.as = {.name = xstrdup(m->name),
			.unit = xstrdup(unit),
			.better = better,
			.is_own = m->is_own,
			.is_used = true}};
	return i;
}

void gather_has_variant(struct gathered_configuration *c, size_t variant)
{
	for (size_t i = 0; i < c->variants_n; i++)
		if (c->variants[i] == variant)
			return;
	c->variants = xreallocarray(c->variants, c->variants_n + 1, sizeof *c->variants);
	c->variants[c->variants_n++] = variant;
}

/* Of a file that nobody holds nothing runs: as `status` has it. */
static void mark_paused(struct gathered *g, const struct results *r)
{
	if (results_coordinator(r) != NULL || g->ended_at != ABSENT)
		return;
	free(g->state);
	g->state = xstrdup("paused");
}

int gather(struct results *r, const char *label, const struct gather_wanted *wanted,
	struct gathered *out, struct error *err)
{
	*out = (struct gathered){0};
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		const struct unit *unit = unit_by_inner(m->inner);
		gather_add_metric(
			out, m->name, unit == NULL ? m->inner : unit->outer, m->better, false);
	}
	int code = results_query(r, "campaigns", label, NULL, on_campaign, out, err);
	if (code == 0 && out->label == NULL)
		code = error_set(err, ERR_USAGE, "results: there is no campaign '%s'", label);
	if (code == 0)
		mark_paused(out, r);
	if (code == 0)
		code = results_query(
			r, "configurations", out->label, NULL, on_configuration, out, err);
	if (code == 0)
		code = results_query(r, "lanes", out->label, NULL, on_lane, out, err);
	if (code == 0)
		code = results_query(r, "events", out->label, NULL, on_event, out, err);
	if (code < 0)
		return code;
	out->cells = xcalloc(out->lanes_n * out->configurations_n + 1, sizeof *out->cells);
	return gather_runs(out, r, wanted, err);
}

static void cell_done(struct gathered_cell *cell)
{
	free(cell->series);
	tallies_done(&cell->flags);
	free(cell->remark);
	tallies_done(&cell->failures);
	tallies_done(&cell->skips);
	tallies_done(&cell->cancels);
}

void gathered_done(struct gathered *g)
{
	for (size_t i = 0; g->cells != NULL && i < g->lanes_n * g->configurations_n; i++)
		cell_done(&g->cells[i]);
	for (size_t i = 0; i < g->configurations_n; i++) {
		free(g->configurations[i].benchmark);
		free(g->configurations[i].json);
		parameters_done(&g->configurations[i].parameters);
		free(g->configurations[i].variants);
	}
	for (size_t i = 0; i < g->notes_n; i++)
		free(g->notes[i]);
	free(g->notes);
	for (size_t i = 0; i < g->lanes_n; i++) {
		free(g->lanes[i].host);
		free(g->lanes[i].inventory);
		free(g->lanes[i].no_energy);
	}
	for (size_t i = 0; i < g->metrics_n; i++) {
		free(g->metrics[i].name);
		free(g->metrics[i].unit);
	}
	for (size_t i = 0; i < g->variants_n; i++) {
		free(g->variants[i].as.name);
		free(g->variants[i].as.unit);
	}
	for (size_t i = 0; i < g->arrays_n; i++)
		free(g->arrays[i]);
	free(g->arrays);
	free(g->variants);
	free(g->cells);
	free(g->configurations);
	free(g->lanes);
	free(g->metrics);
	free(g->label);
	free(g->state);
	free(g->yaml);
	free(g->changes);
	*g = (struct gathered){0};
}

/* ---- reading it ---- */

size_t gathered_to_come(const struct gathered *g)
{
	int64_t ended = 0;

	if (g->ended_at != ABSENT && strcmp(g->state, "cancelled") != 0)
		return 0;
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++)
		ended += (int64_t)(g->cells[i].runs + g->cells[i].warmups + g->cells[i].skipped +
				   g->cells[i].cancelled);
	return g->total > ended ? (size_t)(g->total - ended) : 0;
}

const struct series *gathered_series(const struct gathered_cell *cell, size_t metric)
{
	return metric < cell->series_n && cell->series[metric].n > 0 ? &cell->series[metric] : NULL;
}

struct summary gathered_summary(const struct series *s, double level)
{
	_cleanup_free_ double *values = NULL;
	struct summary out = {0};

	if (s == NULL)
		return out;
	/* summary_of() sorts; the series stays in the order of blocks, which pairing needs. */
	values = xcalloc(s->n + 1, sizeof *values);
	memcpy(values, s->values, s->n * sizeof *values);
	summary_of(values, s->n, level, &out);
	return out;
}

size_t gathered_pairs(const struct series *a, const struct series *b, double **x, double **y)
{
	size_t n = 0;

	*x = xcalloc(a->n + 1, sizeof **x);
	*y = xcalloc(a->n + 1, sizeof **y);
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->blocks[i] < b->blocks[k]) {
			i++;
		} else if (a->blocks[i] > b->blocks[k]) {
			k++;
		} else {
			(*x)[n] = a->values[i++];
			(*y)[n++] = b->values[k++];
		}
	}
	return n;
}

bool gathered_is_counterpart(const struct gathered_configuration *a,
	const struct gathered_configuration *b, const char *axis)
{
	if (strcmp(a->benchmark, b->benchmark) != 0 || a->parameters.n != b->parameters.n)
		return false;
	for (size_t i = 0; i < a->parameters.n; i++) {
		const struct parameter *p = &a->parameters.items[i];
		const char *other = parameters_get(&b->parameters, p->name);

		if (other == NULL)
			return false;
		if ((axis == NULL || strcmp(p->name, axis) != 0) && strcmp(other, p->text) != 0)
			return false;
	}
	return true;
}

double gathered_ratio(const struct gathered_cell *contender, const struct gathered_cell *baseline,
	size_t metric, size_t *n)
{
	const struct series *a = gathered_series(contender, metric),
			    *b = gathered_series(baseline, metric);
	_cleanup_free_ double *above = NULL, *below = NULL;

	if (n != NULL)
		*n = 0;
	if (a == NULL || b == NULL)
		return NAN;
	size_t pairs = gathered_pairs(a, b, &above, &below);
	if (n != NULL)
		*n = pairs;
	return ratio_paired(above, below, pairs);
}
