/* compare --show break-even: how much faster is enough to save energy. */
#include "coordinator/commands/compare_cells.h"
#include "coordinator/commands/compare_extra.h"
#include "coordinator/findings/break_even.h"

#include <math.h>

static const struct column columns[] = {
	{.name = "benchmark"},
	{.name = "parameters"},
	{.name = "host"},
	{.name = "baseline"},
	{.name = "contender"},
	{.name = "n", .is_right = true},
	{.name = "speedup", .is_right = true},
	{.name = "speedup_low", .is_right = true},
	{.name = "speedup_high", .is_right = true},
	{.name = "break_even", .is_right = true},
	{.name = "energy", .is_right = true},
	{.name = "energy_low", .is_right = true},
	{.name = "energy_high", .is_right = true},
	{.name = "sign"},
	{.name = "break_even_net", .is_right = true},
	{.name = "energy_net", .is_right = true},
	{.name = "energy_net_low", .is_right = true},
	{.name = "energy_net_high", .is_right = true},
	{.name = "sign_net"},
	{.name = "idle_power", .is_right = true},
};

static void print_rows(const struct break_evens *all, const struct question *q,
	const struct gathered *g, const struct output_ops *ops, FILE *to)
{
	struct output *o = ops->begin(to, columns, ARRAY_SIZE(columns));
	struct cells_row row = cells_row_new(ARRAY_SIZE(columns));

	for (size_t i = 0; i < all->n; i++) {
		const struct break_even *b = &all->items[i];

		cells_row_begin(&row, g, (struct cell_of){b->configuration, b->lane});
		cells_row_text(&row, q->baseline);
		cells_row_text(&row,
			parameters_get(&g->configurations[b->configuration].parameters, q->by));
		cells_row_number(&row, (double)b->energy.n);
		cells_row_ratio(&row, &b->speedup);
		cells_row_number(&row, b->gross.ratio);
		cells_row_ratio(&row, &b->energy);
		cells_row_text(&row, break_even_name(b->sign));
		cells_row_number(&row, b->net.ratio);
		cells_row_ratio(&row, &b->net_energy);
		cells_row_text(&row, break_even_name(b->net_sign));
		cells_row_number(&row, b->idle);
		ops->row(o, row.cells);
	}
	ops->end(o);
	cells_row_done(&row);
}

static void add_needs(struct grid *grid, const struct break_evens *all, bool is_net)
{
	struct grid_column *needs = grid_add(grid, true, is_net ? "net needs" : "gross needs");

	for (size_t i = 0; i < all->n; i++) {
		double s = is_net ? all->items[i].net.ratio : all->items[i].gross.ratio;

		needs->texts[i] = isfinite(s) ? xasprintf("%.3f", s) : NULL;
	}
	struct grid_column *sign = grid_add(grid, false, "energy");
	for (size_t i = 0; i < all->n; i++) {
		const struct break_even *b = &all->items[i];
		enum break_even_sign of = is_net ? b->net_sign : b->sign;
		const char *mark = of == BREAK_EVEN_SAVES    ? "▼ "
				   : of == BREAK_EVEN_WASTES ? "▲ "
							     : "? ";

		sign->texts[i] =
			of == BREAK_EVEN_NONE ? NULL : xasprintf("%s%s", mark, break_even_name(of));
	}
}

static bool has_net(const struct break_evens *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (isfinite(all->items[i].net.ratio))
			return true;
	return false;
}

static void print_table(const struct break_evens *all, const struct question *q,
	const struct gathered *g, const struct output_ops *ops, FILE *to)
{
	struct cell_of *cells = xcalloc(all->n + 1, sizeof *cells);
	double level = 100 * (1 - q->alpha);

	for (size_t i = 0; i < all->n; i++)
		cells[i] = (struct cell_of){all->items[i].configuration, all->items[i].lane};
	struct grid grid = cells_grid(g, cells, all->n);
	struct grid_column *speedup = grid_add(&grid, false, "speed-up [%.4g %%]", level);
	for (size_t i = 0; i < all->n; i++)
		speedup->texts[i] = compare_ratio_text(&all->items[i].speedup);
	add_needs(&grid, all, false);
	if (has_net(all))
		add_needs(&grid, all, true);
	fprintf(to, "%s  %s against %s · the speed-up that it needs to use no more energy\n",
		g->label, q->by, q->baseline);
	fprintf(to, "saves, wastes: the %.4g %% interval of the ratio of energies excludes 1\n\n",
		level);
	grid_print(&grid, ops, to);
	grid_done(&grid);
	fputs(has_net(all) ? "net: of the power above that of the idle machine\n"
			   : "net: not known, the idle power was not measured (measure: {idle: "
			     "10s})\n",
		to);
	if (all->without_energy > 0)
		fprintf(to, "%zu pairs have no energy, or no block in common\n",
			all->without_energy);
	free(cells);
}

int compare_break_even(const struct question *q, const struct gathered *g,
	const struct output_ops *ops, FILE *to, struct error *err)
{
	struct break_evens all = {0};
	int rc = break_evens_make(g, q->by, q->baseline, 1 - q->alpha, &all, err);

	if (rc == 0 && all.n == 0)
		rc = error_set(err, ERR_USAGE,
			"compare: no run of %s has energy.package on both sides of %s: there is no "
			"break-even without energy",
			g->label, q->by);
	if (rc == 0 && is_for_people(ops))
		print_table(&all, q, g, ops, to);
	else if (rc == 0)
		print_rows(&all, q, g, ops, to);
	break_evens_done(&all);
	return rc;
}
