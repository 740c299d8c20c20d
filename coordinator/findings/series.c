#include "coordinator/findings/series.h"

#include <math.h>

/* The same draws for the same data. */
#define SEED 20240229

static double combined(double a, double b, enum series_operation operation)
{
	switch (operation) {
	case SERIES_FIRST:
		return a;
	case SERIES_TIMES:
		return a * b;
	case SERIES_OVER:
		return a / b;
	}
	return NAN;
}

/* Runs are in the order of blocks, and one block has a run of a cell once: that is the key. */
struct series series_combine(
	const struct series *a, const struct series *b, enum series_operation operation)
{
	struct series out = {0};

	if (a == NULL || b == NULL)
		return out;
	out.values = xcalloc(a->n + 1, sizeof *out.values);
	out.blocks = xcalloc(a->n + 1, sizeof *out.blocks);
	out.runs = xcalloc(a->n + 1, sizeof *out.runs);
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		if (a->blocks[i] < b->blocks[k]) {
			i++;
		} else if (a->blocks[i] > b->blocks[k]) {
			k++;
		} else {
			out.blocks[out.n] = a->blocks[i];
			out.runs[out.n] = a->runs[i];
			out.values[out.n++] = combined(a->values[i++], b->values[k++], operation);
		}
	}
	return out;
}

void series_done(struct series *s)
{
	free(s->values);
	free(s->blocks);
	free(s->runs);
	*s = (struct series){0};
}

void series_ratio(const struct series *contender, const struct series *baseline, double level,
	struct ratio *out)
{
	static const struct series none = {0};
	_cleanup_free_ double *x = NULL, *y = NULL;
	size_t n = gathered_pairs(
		contender == NULL ? &none : contender, baseline == NULL ? &none : baseline, &x, &y);

	ratio_of_pairs(x, y, n, level, SEED, out);
}

const struct series *series_of(
	const struct gathered *g, size_t lane, size_t configuration, const char *metric)
{
	return gathered_series(gathered_cell(g, lane, configuration), gathered_metric(g, metric));
}
