/* compare --chain: of which parts a ratio is made. */
#include "coordinator/commands/compare_cells.h"
#include "coordinator/commands/compare_extra.h"
#include "coordinator/findings/decomposition.h"

#include <math.h>

static const struct column columns[] = {
	{.name = "benchmark"},
	{.name = "parameters"},
	{.name = "host"},
	{.name = "metric"},
	{.name = "part"},
	{.name = "baseline"},
	{.name = "contender"},
	{.name = "n", .is_right = true},
	{.name = "ratio", .is_right = true},
	{.name = "low", .is_right = true},
	{.name = "high", .is_right = true},
	{.name = "log_ratio", .is_right = true},
};

struct chain {
	char *text; /* owned */
	const char **values;
	size_t n;
};

static struct chain split(const char *text)
{
	struct chain c = {.text = xstrdup(text)};
	char *rest = c.text, *value;

	while ((value = strsep(&rest, ",")) != NULL) {
		c.values = xreallocarray(c.values, c.n + 1, sizeof *c.values);
		c.values[c.n++] = value;
	}
	return c;
}

/* The last of a decomposition's lines is the whole. */
static const struct ratio *part_of(const struct decomposition *d, size_t part, size_t chain_n)
{
	return part + 1 < chain_n ? &d->links[part] : &d->whole;
}

static const char *from(const struct chain *c, size_t part)
{
	return part + 1 < c->n ? c->values[part] : c->values[0];
}

static const char *to_value(const struct chain *c, size_t part)
{
	return part + 1 < c->n ? c->values[part + 1] : c->values[c->n - 1];
}

/* The configuration of a part is that of its contender. */
static struct cell_of cell_of_part(const struct decomposition *d, size_t part, size_t chain_n)
{
	return (struct cell_of){
		d->configurations[part + 1 < chain_n ? part + 1 : chain_n - 1], d->lane};
}

static void print_rows(const struct decompositions *all, const struct chain *chain,
	const char *metric, const struct gathered *g, const struct output_ops *ops,
	struct output *o)
{
	struct cells_row row = cells_row_new(ARRAY_SIZE(columns));

	for (size_t i = 0; i < all->n * chain->n; i++) {
		const struct decomposition *d = &all->items[i / chain->n];
		size_t part = i % chain->n;
		const struct ratio *r = part_of(d, part, chain->n);

		cells_row_begin(&row, g, cell_of_part(d, part, chain->n));
		cells_row_text(&row, metric);
		cells_row_text(&row, part + 1 < chain->n ? "link" : "whole");
		cells_row_text(&row, from(chain, part));
		cells_row_text(&row, to_value(chain, part));
		cells_row_number(&row, (double)r->n);
		cells_row_ratio(&row, r);
		cells_row_number(&row, log(r->ratio));
		ops->row(o, row.cells);
	}
	cells_row_done(&row);
}

/* A line's configuration is that of the chain's first value throughout: the axis is in the column
 * of the parts. */
static struct grid grid_of(const struct decompositions *all, const struct chain *chain,
	const struct question *q, const struct gathered *g)
{
	size_t n = all->n * chain->n;
	struct cell_of *cells = xcalloc(n + 1, sizeof *cells);

	for (size_t i = 0; i < n; i++)
		cells[i] = (struct cell_of){
			all->items[i / chain->n].configurations[0], all->items[i / chain->n].lane};
	struct grid grid = cells_grid(g, cells, n);
	struct grid_column *column = grid_add(&grid, true, "n");
	for (size_t i = 0; i < all->n; i++)
		column->texts[i * chain->n] = xasprintf("%zu", all->items[i].blocks);
	column = grid_add(&grid, false, "%s", q->by);
	for (size_t i = 0; i < n; i++)
		column->texts[i] = xasprintf("%s%s / %s", i % chain->n + 1 < chain->n ? "" : "= ",
			to_value(chain, i % chain->n), from(chain, i % chain->n));
	column = grid_add(&grid, false, "ratio [%.4g %%]", 100 * (1 - q->alpha));
	for (size_t i = 0; i < n; i++)
		column->texts[i] = compare_ratio_text(
			part_of(&all->items[i / chain->n], i % chain->n, chain->n));
	column = grid_add(&grid, true, "log ratio");
	for (size_t i = 0; i < n; i++)
		column->texts[i] = xasprintf("%+.4f",
			log(part_of(&all->items[i / chain->n], i % chain->n, chain->n)->ratio));
	free(cells);
	return grid;
}

static void print_table(const struct decompositions *all, const struct chain *chain,
	const char *metric, const struct question *q, const struct gathered *g,
	const struct output_ops *ops, FILE *to)
{
	struct grid grid = grid_of(all, chain, q, g);
	const struct gathered_metric *m = &g->metrics[gathered_metric(g, metric)];

	fprintf(to, "\n%s %s\n", metric, m->unit);
	grid_print(&grid, ops, to);
	grid_done(&grid);
	for (size_t i = 0; i < all->missing_n; i++)
		fprintf(to, "not decomposed: %s\n", all->missing[i]);
}

static int decompose(const struct question *q, const struct gathered *g, const struct chain *chain,
	const char *metric, const struct output_ops *ops, struct output *o, FILE *to,
	struct error *err)
{
	struct decompositions all = {0};
	int rc = decompositions_make(
		g, q->by, chain->values, chain->n, metric, 1 - q->alpha, &all, err);

	if (rc == 0 && all.n == 0)
		rc = error_set(err, ERR_USAGE, "compare: no host has all values of the chain%s%s",
			all.missing_n ? ": " : "", all.missing_n ? all.missing[0] : "");
	if (rc == 0 && o == NULL)
		print_table(&all, chain, metric, q, g, ops, to);
	else if (rc == 0)
		print_rows(&all, chain, metric, g, ops, o);
	decompositions_done(&all);
	return rc;
}

int compare_decomposition(const struct question *q, const struct gathered *g, const char *chain,
	const struct output_ops *ops, FILE *to, struct error *err)
{
	struct chain c = split(chain);
	struct output *o = NULL;
	int rc = 0;

	/* A chain of two is refused by the first metric: no heading over nothing then. */
	if (is_for_people(ops) && c.n > 2)
		fprintf(to,
			"%s  %s: %s to %s in %zu parts · their logs add up · the same blocks in "
			"all\n",
			g->label, q->by, c.values[0], c.values[c.n - 1], c.n - 1);
	else if (!is_for_people(ops))
		o = ops->begin(to, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < q->metrics_n && rc == 0; i++)
		rc = decompose(q, g, &c, q->metrics[i], ops, o, to, err);
	if (o != NULL)
		ops->end(o);
	free(c.values);
	free(c.text);
	return rc;
}
