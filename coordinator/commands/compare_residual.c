/* compare --show residual: is energy proportional to time. */
#include "coordinator/commands/compare_cells.h"
#include "coordinator/commands/compare_extra.h"
#include "coordinator/findings/residual.h"

#include <math.h>

static const struct column columns[] = {
	{.name = "benchmark"},
	{.name = "parameters"},
	{.name = "host"},
	{.name = "baseline"},
	{.name = "contender"},
	{.name = "n", .is_right = true},
	{.name = "time", .is_right = true},
	{.name = "energy", .is_right = true},
	{.name = "power", .is_right = true},
	{.name = "power_low", .is_right = true},
	{.name = "power_high", .is_right = true},
	{.name = "equivalence_p", .is_right = true},
	{.name = "verdict"},
};

static void print_rows(const struct residuals *all, const struct question *q,
	const struct gathered *g, const struct output_ops *ops, FILE *to)
{
	struct output *o = ops->begin(to, columns, ARRAY_SIZE(columns));
	struct cells_row row = cells_row_new(ARRAY_SIZE(columns));

	for (size_t i = 0; i < all->n; i++) {
		const struct residual *r = &all->items[i];

		cells_row_begin(&row, g, (struct cell_of){r->configuration, r->lane});
		cells_row_text(&row, q->baseline);
		cells_row_text(&row,
			parameters_get(&g->configurations[r->configuration].parameters, q->by));
		cells_row_number(&row, (double)r->power.n);
		cells_row_number(&row, r->time.ratio);
		cells_row_number(&row, r->energy.ratio);
		cells_row_ratio(&row, &r->power);
		cells_row_number(&row, r->equivalence);
		cells_row_text(&row, residual_name(r->verdict));
		ops->row(o, row.cells);
	}
	ops->end(o);
	cells_row_done(&row);
}

static struct grid grid_of(
	const struct residuals *all, const struct question *q, const struct gathered *g)
{
	struct cell_of *cells = xcalloc(all->n + 1, sizeof *cells);
	static const char *const marks[] = {[RESIDUAL_UNDECIDED] = "? ",
		[RESIDUAL_PROPORTIONAL] = "= ",
		[RESIDUAL_NOT_PROPORTIONAL] = "◆ "};

	for (size_t i = 0; i < all->n; i++)
		cells[i] = (struct cell_of){all->items[i].configuration, all->items[i].lane};
	struct grid grid = cells_grid(g, cells, all->n);
	struct grid_column *column = grid_add(&grid, true, "time ×");
	for (size_t i = 0; i < all->n; i++)
		column->texts[i] = xasprintf("%.3f", all->items[i].time.ratio);
	column = grid_add(&grid, true, "energy ×");
	for (size_t i = 0; i < all->n; i++)
		column->texts[i] = xasprintf("%.3f", all->items[i].energy.ratio);
	column = grid_add(&grid, false, "power × [%.4g %%]", 100 * (1 - q->alpha));
	for (size_t i = 0; i < all->n; i++)
		column->texts[i] = compare_ratio_text(&all->items[i].power);
	column = grid_add(&grid, true, "p equal");
	for (size_t i = 0; i < all->n; i++)
		column->texts[i] = compare_p_text(all->items[i].equivalence);
	column = grid_add(&grid, false, "energy to time");
	for (size_t i = 0; i < all->n; i++)
		column->texts[i] = xasprintf(
			"%s%s", marks[all->items[i].verdict], residual_name(all->items[i].verdict));
	free(cells);
	return grid;
}

static void print_fit(
	const struct residual_fit *f, const struct question *q, const struct gathered *g, FILE *to)
{
	const char *where = f->lane < g->lanes_n ? g->lanes[f->lane].host : "all hosts";

	if (isfinite(f->slope))
		fprintf(to,
			"%s: log E = %.3g + %.3f log T, slope [%.3f, %.3f] at %.4g %%, R² %.3f, "
			"over %zu cells;\n  ",
			where, f->intercept, f->slope, f->low, f->high, 100 * (1 - q->alpha), f->r2,
			f->cells);
	else
		fprintf(to, "%s: ", where);
	fprintf(to, "power of its cells is %.4g to %.4g W, a factor of %.3g\n", f->power_low,
		f->power_high, f->power_high / f->power_low);
}

static void print_table(const struct residuals *all, const struct question *q,
	const struct gathered *g, double band, const struct output_ops *ops, FILE *to)
{
	struct grid grid = grid_of(all, q, g);

	fprintf(to, "%s  %s against %s · power residual: ratio of energies by ratio of times\n",
		g->label, q->by, q->baseline);
	fprintf(to,
		"proportional: within (%.4g, %.4g) by two one-sided tests, p ≤ %.4g; not: the "
		"interval lies outside\n\n",
		1 / (1 + band), 1 + band, q->alpha);
	grid_print(&grid, ops, to);
	grid_done(&grid);
	fprintf(to, "\n%zu comparisons: %zu proportional · %zu not · %zu undecided\n", all->n,
		all->proportional, all->not_proportional, all->undecided);
	for (size_t i = 0; i < all->fits_n; i++)
		print_fit(&all->fits[i], q, g, to);
}

int compare_residual(const struct question *q, const struct gathered *g, double band,
	const struct output_ops *ops, FILE *to, struct error *err)
{
	struct residuals all = {0};
	int rc = residuals_make(g, q->by, q->baseline, q->alpha, band, &all, err);

	if (rc == 0 && all.n == 0)
		rc = error_set(err, ERR_USAGE,
			"compare: no run of %s has energy.package on both sides of %s: there is no "
			"power without energy",
			g->label, q->by);
	if (rc == 0 && is_for_people(ops))
		print_table(&all, q, g, band, ops, to);
	else if (rc == 0)
		print_rows(&all, q, g, ops, to);
	residuals_done(&all);
	return rc;
}
