/* The numbers of `results`: of a cell, and what it is compared with. */
#include "coordinator/commands/summary_view.h"
#include <math.h>
#include <stdlib.h>

/* ---- of a cell ---- */

void summary_of_cell(const struct gathered_cell *cell, size_t metric, struct summary *out)
{
	*out = gathered_summary(gathered_series(cell, metric), SUMMARY_LEVEL);
}

bool summary_drift(const struct gathered_cell *cell, size_t metric, struct drift *out)
{
	const struct series *s = gathered_series(cell, metric);

	*out = (struct drift){.p = 1};
	if (s != NULL)
		drift_of(s->values, s->blocks, s->n, out);
	return out->is_found;
}

static double drift_of_cell(const struct gathered_cell *cell, size_t metric)
{
	struct drift drift;

	return summary_drift(cell, metric, &drift) ? drift.change : NAN;
}

double summary_ratio(const struct summary_view *v, size_t lane, size_t configuration, size_t metric)
{
	int baseline = summary_baseline(v, configuration);

	if (baseline < 0)
		return NAN;
	return gathered_ratio(gathered_cell(v->g, lane, configuration),
		gathered_cell(v->g, lane, (size_t)baseline), metric, NULL);
}

double summary_statistic(const struct summary_view *v, size_t lane, size_t configuration,
	const struct summary_column *column)
{
	const struct gathered_cell *cell = gathered_cell(v->g, lane, configuration);
	struct summary s;

	summary_of_cell(cell, column->metric, &s);
	if (s.n == 0)
		return NAN;
	switch (column->statistic) {
	case STATISTIC_N:
		return (double)s.n;
	case STATISTIC_LOW:
		return s.has_interval ? s.low : NAN;
	case STATISTIC_HIGH:
		return s.has_interval ? s.high : NAN;
	case STATISTIC_MEAN:
		return s.mean;
	case STATISTIC_DEVIATION:
		return s.deviation;
	case STATISTIC_CV:
		return s.cv;
	case STATISTIC_MIN:
		return s.least;
	case STATISTIC_MAX:
		return s.most;
	case STATISTIC_OUTLIERS:
		return (double)s.outliers;
	case STATISTIC_DRIFT:
		return drift_of_cell(cell, column->metric);
	case STATISTIC_RATIO:
		return summary_ratio(v, lane, configuration, column->metric);
	default:
		return s.median;
	}
}

/* ---- what it is compared with ---- */

bool summary_is_baseline(const struct summary_view *v, size_t configuration)
{
	if (v->by == NULL)
		return false;
	const char *value = parameters_get(&v->g->configurations[configuration].parameters, v->by);
	return value != NULL && strcmp(value, v->baseline) == 0;
}

/* A configuration by all that it has in common with its baseline. */
struct family {
	char *name;
	size_t configuration;
	bool is_baseline;
};

static int compare_parameters(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Counterparts may have their parameters in another order. */
static char *name_family(const struct gathered_configuration *c, const char *by)
{
	struct parameter *items = xcalloc(c->parameters.n + 1, sizeof *items);
	struct buf name = BUF_INIT;

	if (c->parameters.n > 0)
		memcpy(items, c->parameters.items, c->parameters.n * sizeof *items);
	qsort(items, c->parameters.n, sizeof *items, compare_parameters);
	buf_addf(&name, "%s\n", c->benchmark);
	for (size_t i = 0; i < c->parameters.n; i++) {
		if (strcmp(items[i].name, by) != 0)
			buf_addf(&name, "%s=%s\n", items[i].name, items[i].text);
	}
	free(items);
	return buf_take(&name);
}

/* Families together, their baseline first; of several baselines the first in the file. */
static int compare_families(const void *a, const void *b)
{
	const struct family *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	if (by_name != 0)
		return by_name;
	if (x->is_baseline != y->is_baseline)
		return x->is_baseline ? -1 : 1;
	return (x->configuration > y->configuration) - (x->configuration < y->configuration);
}

void summary_find_baselines(struct summary_view *v)
{
	const struct gathered *g = v->g;
	struct family *families = xcalloc(g->configurations_n + 1, sizeof *families);
	size_t n = 0;

	v->baselines = xcalloc(g->configurations_n + 1, sizeof *v->baselines);
	for (size_t i = 0; i < g->configurations_n; i++) {
		v->baselines[i] = -1;
		if (v->by == NULL ||
			parameters_get(&g->configurations[i].parameters, v->by) == NULL)
			continue;
		families[n++] = (struct family){.name = name_family(&g->configurations[i], v->by),
			.configuration = i,
			.is_baseline = summary_is_baseline(v, i)};
	}
	qsort(families, n, sizeof *families, compare_families);
	for (size_t i = 0, first = 0; i < n; i++) {
		if (strcmp(families[i].name, families[first].name) != 0)
			first = i;
		if (families[first].is_baseline)
			v->baselines[families[i].configuration] =
				(int)families[first].configuration;
	}
	for (size_t i = 0; i < n; i++)
		free(families[i].name);
	free(families);
}

/* ---- in which order ---- */

/* What has no value comes last either way; equal ones stay in the order of the file. */
static int compare_places(const void *a, const void *b)
{
	const struct summary_place *x = a, *y = b;

	if (isnan(x->key) != isnan(y->key))
		return isnan(x->key) ? 1 : -1;
	if (!isnan(x->key) && (x->key < y->key || x->key > y->key))
		return x->key < y->key ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

void summary_sort(const struct summary_view *v, struct summary_place *places, size_t n)
{
	if (v->sort == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		double value =
			summary_statistic(v, places[i].lane, places[i].configuration, v->sort);
		places[i].key = v->is_descending ? -value : value;
		places[i].place = i;
	}
	qsort(places, n, sizeof *places, compare_places);
}
