#include "coordinator/findings/decomposition.h"

#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/series.h"
#include <math.h>

struct maker {
	const struct gathered *g;
	const char *by;
	const char *const *chain;
	size_t chain_n, metric;
	double level;
	struct counterparts **indexes; /* [chain_n] */
	struct decompositions *out;
};

static void narrow(struct series *s, const struct series *by)
{
	struct series narrowed = series_combine(s, by, SERIES_FIRST);

	series_done(s);
	*s = narrowed;
}

/* The series of each value of the chain, all of the same blocks. Returns how many blocks. */
static size_t same_blocks(const struct maker *m, const struct decomposition *d, struct series *out)
{
	for (size_t i = 0; i < m->chain_n; i++) {
		const struct series *s = gathered_series(
			gathered_cell(m->g, d->lane, d->configurations[i]), m->metric);

		out[i] = series_combine(s, s, SERIES_FIRST);
		if (i > 0)
			narrow(&out[i], &out[i - 1]);
	}
	for (size_t i = m->chain_n - 1; i-- > 0;)
		narrow(&out[i], &out[m->chain_n - 1]);
	return out[0].n;
}

static void add_missing(
	struct maker *m, size_t first, const char *value, size_t lane, const char *what)
{
	const struct gathered_configuration *of = &m->g->configurations[first];
	struct decompositions *out = m->out;
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "%s ", of->benchmark);
	parameters_format(&of->parameters, &m->by, 1, &text);
	buf_addf(&text, "%shas %s%s%s on %s",
		text.len > 0 && text.data[text.len - 1] == ' ' ? "" : " ", what,
		value[0] != '\0' ? " " : "", value, m->g->lanes[lane].host);
	out->missing = xreallocarray(out->missing, out->missing_n + 1, sizeof *out->missing);
	out->missing_of =
		xreallocarray(out->missing_of, out->missing_n + 1, sizeof *out->missing_of);
	out->missing_of[out->missing_n] = lane * m->g->configurations_n + first;
	out->missing[out->missing_n++] = buf_take(&text);
}

/* Takes configurations over. */
static void add(struct maker *m, size_t *configurations, size_t lane)
{
	struct series *series = xcalloc(m->chain_n, sizeof *series);
	struct decomposition d = {.configurations = configurations, .lane = lane};

	d.blocks = same_blocks(m, &d, series);
	d.links = xcalloc(m->chain_n, sizeof *d.links);
	for (size_t i = 0; i + 1 < m->chain_n; i++)
		series_ratio(&series[i + 1], &series[i], m->level, &d.links[i]);
	series_ratio(&series[m->chain_n - 1], &series[0], m->level, &d.whole);
	for (size_t i = 0; i < m->chain_n; i++)
		series_done(&series[i]);
	free(series);
	if (isnan(d.whole.ratio)) {
		add_missing(m, configurations[0], "", lane,
			"no block with all values and numbers above 0");
		free(d.configurations);
		free(d.links);
		return;
	}
	m->out->items = xreallocarray(m->out->items, m->out->n + 1, sizeof d);
	m->out->items[m->out->n++] = d;
}

/* A configuration with the chain's first value, and all that follow from it. */
static void along(struct maker *m, size_t first)
{
	const struct gathered_configuration *of = &m->g->configurations[first];

	for (size_t lane = 0; lane < m->g->lanes_n; lane++) {
		size_t *configurations = xcalloc(m->chain_n, sizeof *configurations), i;

		for (i = 0; i < m->chain_n; i++) {
			int at = counterparts_find(m->indexes[i], of);

			if (at < 0 || gathered_series(gathered_cell(m->g, lane, (size_t)at),
					      m->metric) == NULL)
				break;
			configurations[i] = (size_t)at;
		}
		if (i == m->chain_n) {
			add(m, configurations, lane);
			continue;
		}
		add_missing(m, first, m->chain[i], lane, "no");
		free(configurations);
	}
}

static int check(const struct maker *m, const char *metric, struct error *err)
{
	if (m->chain_n < 3)
		return error_set(err, ERR_USAGE,
			"a chain has at least three values of %s, separated by commas: with two it "
			"is a plain comparison",
			m->by);
	for (size_t i = 0; i < m->chain_n; i++) {
		if (counterparts_check(m->g, m->by, m->chain[i], err) < 0)
			return ERR_USAGE;
		for (size_t k = 0; k < i; k++)
			if (strcmp(m->chain[i], m->chain[k]) == 0)
				return error_set(
					err, ERR_USAGE, "the chain has '%s' twice", m->chain[i]);
	}
	if (m->metric == m->g->metrics_n || !m->g->metrics[m->metric].is_used)
		return error_set(
			err, ERR_USAGE, "no run of %s has a metric '%s'", m->g->label, metric);
	return 0;
}

int decompositions_make(const struct gathered *g, const char *by, const char *const *chain,
	size_t chain_n, const char *metric, double level, struct decompositions *out,
	struct error *err)
{
	struct maker m = {.g = g,
		.by = by,
		.chain = chain,
		.chain_n = chain_n,
		.metric = gathered_metric(g, metric),
		.level = level,
		.out = out};

	*out = (struct decompositions){.chain_n = chain_n};
	if (check(&m, metric, err) < 0)
		return ERR_USAGE;
	m.indexes = xcalloc(chain_n, sizeof *m.indexes);
	for (size_t i = 0; i < chain_n; i++)
		m.indexes[i] = counterparts_new(g, by, chain[i]);
	for (size_t c = 0; c < g->configurations_n; c++) {
		const char *value = parameters_get(&g->configurations[c].parameters, by);

		if (value != NULL && strcmp(value, chain[0]) == 0)
			along(&m, c);
	}
	for (size_t i = 0; i < chain_n; i++)
		counterparts_free(m.indexes[i]);
	free(m.indexes);
	return 0;
}

void decompositions_done(struct decompositions *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].configurations);
		free(d->items[i].links);
	}
	for (size_t i = 0; i < d->missing_n; i++)
		free(d->missing[i]);
	free(d->items);
	free(d->missing);
	free(d->missing_of);
	*d = (struct decompositions){0};
}
