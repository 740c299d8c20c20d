#include "coordinator/findings/gather_cells.h"
#include <math.h>

/* The values of a metric, one for each noted run, NaN where it has none; shorter where the last
 * ones have none. */
struct noted_column {
	double *values;
	size_t n, allocated;
	size_t present;
	bool is_wanted;
};

/* ---- noting ---- */

static bool is_wanted(const struct gather_wanted *wanted, const char *name)
{
	bool is = wanted == NULL;

	for (size_t i = 0; wanted != NULL && i < wanted->n; i++)
		is |= strcmp(wanted->metrics[i], name) == 0;
	return is;
}

/* The column of a metric; columns follow the metrics as they come. */
static struct noted_column *column_of(struct noted *r, size_t metric)
{
	if (r->columns_n <= metric) {
		r->columns = xreallocarray(r->columns, r->g->metrics_n, sizeof *r->columns);
		for (size_t i = r->columns_n; i < r->g->metrics_n; i++)
			r->columns[i] = (struct noted_column){
				.is_wanted = is_wanted(r->wanted, r->g->metrics[i].name)};
		r->columns_n = r->g->metrics_n;
	}
	return &r->columns[metric];
}

/* The value of the run that was noted last. */
void noted_add_value(struct noted *r, size_t metric, double value)
{
	struct noted_column *c = column_of(r, metric);

	r->g->metrics[metric].is_used = true;
	if (!c->is_wanted || c->n == r->n)
		return;
	if (c->allocated < r->n) {
		c->allocated = r->allocated;
		c->values = xreallocarray(c->values, c->allocated, sizeof *c->values);
	}
	while (c->n < r->n - 1)
		c->values[c->n++] = NAN;
	c->values[c->n++] = value;
	c->present++;
}

void noted_add_run(struct noted *r, int64_t run, int64_t block, size_t cell)
{
	if (r->n == r->allocated) {
		r->allocated = r->allocated == 0 ? 1024 : 2 * r->allocated;
		r->runs = xreallocarray(r->runs, r->allocated, sizeof *r->runs);
		r->blocks = xreallocarray(r->blocks, r->allocated, sizeof *r->blocks);
		r->cells = xreallocarray(r->cells, r->allocated, sizeof *r->cells);
	}
	r->runs[r->n] = run;
	r->blocks[r->n] = block;
	r->cells[r->n++] = (uint32_t)cell;
}

/* ---- from columns to cells ---- */

/* Memory that lives as long as the gathered. */
static void *keep(struct gathered *g, size_t n, size_t size)
{
	g->arrays = xreallocarray(g->arrays, g->arrays_n + 1, sizeof *g->arrays);
	return g->arrays[g->arrays_n++] = xcalloc(n + 1, size);
}

/* What all columns share that have a value for every run. */
struct places {
	int64_t *runs, *blocks;
	size_t *next; /* [cell] */
	size_t cells_n;
};

/* Turn the counts of cells into where each cell begins. */
static void begin_cells(size_t *counts, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t count = counts[i];
		counts[i] = at;
		at += count;
	}
}

static bool has_value(const struct noted_column *c, size_t run)
{
	return c == NULL || (run < c->n && !isnan(c->values[run]));
}

/* The runs and blocks of those that have a value, cell after cell; counts[cell] ends where the next
 * begins. Of all runs where c is NULL. */
static void place_runs(const struct noted *r, const struct noted_column *c, struct places *p)
{
	memset(p->next, 0, p->cells_n * sizeof *p->next);
	for (size_t i = 0; i < r->n; i++)
		p->next[r->cells[i]] += has_value(c, i);
	begin_cells(p->next, p->cells_n);
	for (size_t i = 0; i < r->n; i++) {
		if (!has_value(c, i))
			continue;
		size_t at = p->next[r->cells[i]]++;
		p->runs[at] = r->runs[i];
		p->blocks[at] = r->blocks[i];
	}
}

/* p->next[cell] is where the cell ends, and so where the next begins. */
static void place_values(
	struct noted *r, size_t metric, const struct noted_column *c, const struct places *p)
{
	struct gathered *g = r->g;
	double *values = keep(g, c->present, sizeof *values);
	size_t *at = xcalloc(p->cells_n + 1, sizeof *at);

	for (size_t i = 1; i < p->cells_n; i++)
		at[i] = p->next[i - 1];
	for (size_t i = 0; i < c->n; i++) {
		if (!isnan(c->values[i]))
			values[at[r->cells[i]]++] = c->values[i];
	}
	for (size_t i = 0; i < p->cells_n; i++) {
		size_t begin = i == 0 ? 0 : p->next[i - 1], n = p->next[i] - begin;
		if (n > 0)
			g->cells[i].series[metric] = (struct series){.values = values + begin,
				.blocks = p->blocks + begin,
				.runs = p->runs + begin,
				.n = n};
	}
	free(at);
}

void noted_fill_cells(struct noted *r)
{
	struct gathered *g = r->g;
	size_t cells_n = g->lanes_n * g->configurations_n;
	struct places all = {.runs = keep(g, r->n, sizeof *all.runs),
		.blocks = keep(g, r->n, sizeof *all.blocks),
		.next = xcalloc(cells_n + 1, sizeof *all.next),
		.cells_n = cells_n};

	for (size_t i = 0; i < cells_n; i++) {
		if (g->cells[i].done == 0)
			continue;
		g->cells[i].series = xcalloc(g->metrics_n, sizeof *g->cells[i].series);
		g->cells[i].series_n = g->metrics_n;
	}
	place_runs(r, NULL, &all);
	for (size_t metric = 0; metric < r->columns_n; metric++) {
		struct noted_column *c = &r->columns[metric];
		struct places own = {.cells_n = cells_n};
		if (c->present == r->n && c->present > 0) {
			place_values(r, metric, c, &all);
		} else if (c->present > 0) {
			own.runs = keep(g, c->present, sizeof *own.runs);
			own.blocks = keep(g, c->present, sizeof *own.blocks);
			own.next = xcalloc(cells_n + 1, sizeof *own.next);
			place_runs(r, c, &own);
			place_values(r, metric, c, &own);
		}
		free(own.next);
		free(c->values);
		c->values = NULL;
	}
	free(all.next);
}

void noted_done(struct noted *r)
{
	for (size_t i = 0; i < r->columns_n; i++)
		free(r->columns[i].values);
	free(r->columns);
	free(r->runs);
	free(r->blocks);
	free(r->cells);
	*r = (struct noted){0};
}
