#include "coordinator/findings/twins.h"

#include "coordinator/campaign/expression.h"
#include "coordinator/findings/questions.h"
#include <math.h>

/* ---- which values are the same thing ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct named_value *attribute_of(const struct attributes *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].name, name) == 0)
			return &a->items[i];
	return NULL;
}

static bool is_same_attribute(const struct named_value *a, const struct named_value *b)
{
	if (b == NULL || (a->expr == NULL) != (b->expr == NULL))
		return false;
	return a->expr != NULL ? strcmp(a->expr->text, b->expr->text) == 0
			       : is_same_text(a->value.text, b->value.text);
}

/* Their attributes, variables and settings are equal; values without any are what they are called.
 */
static bool is_same_thing(const struct attributes *a, const struct attributes *b)
{
	if (a == NULL || b == NULL || a->n != b->n || a->env_n != b->env_n ||
		a->drops_env != b->drops_env)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_same_attribute(&a->items[i], attribute_of(b, a->items[i].name)))
			return false;
	for (size_t i = 0; i < a->env_n; i++)
		if (strcmp(a->env[i], b->env[i]) != 0)
			return false;
	for (size_t i = 0; i < SETTINGS; i++)
		if (!is_same_text(a->settings[i], b->settings[i]))
			return false;
	return true;
}

/* Where a run of any benchmark is told its value, names are part of the thing. */
static bool is_name_used(const struct study *s, const char *axis)
{
	for (size_t i = 0; i < s->campaign->benchmarks_n; i++)
		if (campaign_says_value(s->campaign, &s->campaign->benchmarks[i], axis))
			return true;
	return false;
}

static void add_pair(
	struct twins *out, const char *axis, const char *baseline, const char *contender)
{
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->items[i].axis, axis) == 0 &&
			strcmp(out->items[i].baseline, baseline) == 0 &&
			strcmp(out->items[i].contender, contender) == 0)
			return;
	out->items = xreallocarray(out->items, out->n + 1, sizeof *out->items);
	out->items[out->n++] =
		(struct twin_pair){.axis = axis, .baseline = baseline, .contender = contender};
}

/* Each value against the first one that is the same. */
static void add_pairs_of(const struct study *s, const struct axis *axis, struct twins *out)
{
	if (axis->is_each || is_name_used(s, axis->name))
		return;
	for (size_t i = 1; i < axis->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!is_same_thing(axis->values[k].attributes, axis->values[i].attributes))
				continue;
			add_pair(out, axis->name, axis->values[k].text, axis->values[i].text);
			break;
		}
	}
}

/* ---- what is found between them ---- */

/* The runs of both values alone, so that they are a family of their own. The caller frees. */
static struct gathered_cell *cells_of_pair(const struct gathered *g, const struct twin_pair *pair)
{
	size_t n = g->lanes_n * g->configurations_n;
	struct gathered_cell *cells = xcalloc(n + 1, sizeof *cells);

	for (size_t i = 0; i < n; i++) {
		const struct parameters *p = &g->configurations[i % g->configurations_n].parameters;
		const char *value = parameters_get(p, pair->axis);

		cells[i] = g->cells[i];
		if (value == NULL ||
			(strcmp(value, pair->baseline) != 0 && strcmp(value, pair->contender) != 0))
			cells[i].done = 0;
	}
	return cells;
}

static void count_row(struct twin_metric *m, const struct compared *row)
{
	if (!isfinite(row->ratio.p))
		return;
	m->n++;
	m->small += row->ratio.p <= m->alpha;
	m->blind += row->ratio.least_p > m->alpha;
	m->changed += row->verdict >= VERDICT_IMPROVED;
	if (isfinite(m->worst) && !(fabs(log(row->ratio.ratio)) > fabs(log(m->worst))))
		return;
	m->worst = row->ratio.ratio;
	m->worst_configuration = row->configuration;
	m->worst_lane = row->lane;
}

static void compare_metric(const struct gathered *g, const struct comparison *known,
	struct twin_pair *pair, const char *metric)
{
	struct question q = {.kind = BY_AXIS,
		.by = pair->axis,
		.baseline = pair->baseline,
		.metrics = &metric,
		.metrics_n = 1,
		.threshold = DEFAULT_THRESHOLD,
		.alpha = DEFAULT_ALPHA};
	struct comparison_result c;
	struct error err = {0};

	if (known != NULL && known->alpha > 0) {
		q.threshold = (double)known->threshold / 1e6;
		q.alpha = known->alpha;
	}
	struct twin_metric m = {
		.name = metric, .alpha = q.alpha, .threshold = q.threshold, .worst = NAN};
	if (comparison_make(&q, g, g, &c, &err) == 0)
		for (size_t i = 0; i < c.n; i++)
			count_row(&m, &c.rows[i]);
	comparison_done(&c);
	if (m.n == 0)
		return;
	pair->metrics = xreallocarray(pair->metrics, pair->n + 1, sizeof *pair->metrics);
	pair->metrics[pair->n++] = m;
}

static void compare_pair(const struct study *s, struct twin_pair *pair)
{
	static const char *const usual[] = {"time", "energy.package"};
	const struct comparison *known = campaign_comparison(s->campaign, pair->axis);
	struct gathered g = s->g;

	g.cells = cells_of_pair(&s->g, pair);
	for (size_t i = 0; known != NULL && i < known->metrics_n; i++)
		compare_metric(&g, known, pair, known->metrics[i]);
	for (size_t i = 0; (known == NULL || known->metrics_n == 0) && i < ARRAY_SIZE(usual); i++)
		compare_metric(&g, known, pair, usual[i]);
	free(g.cells);
}

void twins_list(const struct study *s, struct twins *out)
{
	*out = (struct twins){0};
	for (size_t i = 0; s->campaign != NULL && i < s->campaign->benchmarks_n; i++)
		for (size_t k = 0; k < s->campaign->benchmarks[i].axes_n; k++)
			add_pairs_of(s, &s->campaign->benchmarks[i].axes[k], out);
}

const char *twins_first(const struct twins *t, const char *axis, const char *value)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].axis, axis) == 0 &&
			strcmp(t->items[i].contender, value) == 0)
			return t->items[i].baseline;
	return value;
}

void twins_find(const struct study *s, struct twins *out)
{
	size_t kept = 0;

	twins_list(s, out);
	for (size_t i = 0; i < out->n; i++) {
		compare_pair(s, &out->items[i]);
		if (out->items[i].n > 0)
			out->items[kept++] = out->items[i];
	}
	out->n = kept;
}

void twins_done(struct twins *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].metrics);
	free(t->items);
	*t = (struct twins){0};
}
