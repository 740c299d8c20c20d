/*
 * `results` for people: what the campaign was, a table for each benchmark and host, and what must
 * be known beside the numbers: footnotes, configurations that were skipped, runs that failed, why
 * there is no energy.
 */
#include "coordinator/findings/host_text.h"
#include "coordinator/commands/summary_grid.h"
#include "coordinator/commands/summary_notes.h"
#include "coordinator/commands/summary_numbers.h"
#include "coordinator/commands/summary_view.h"
#include <math.h>

#define SHORT_BOUND 0.003 /* a bound of the energy beyond this part of it gets a footnote */

/* ---- a group: one benchmark on one host ---- */

struct group {
	const struct summary_view *v;
	size_t lane;
	size_t *configurations; /* indices; the rows */
	size_t n;
	struct grid grid;
	struct notes *notes;
	struct notes *left_out; /* names of metrics for which there was no room */
};

static const struct gathered_cell *cell_of(const struct group *group, size_t row)
{
	return gathered_cell(group->v->g, group->lane, group->configurations[row]);
}

static const struct parameters *parameters_of(const struct group *group, size_t row)
{
	return &group->v->g->configurations[group->configurations[row]].parameters;
}

/* The axes of a group, those with one value apart: they go into the heading. */
static bool has_one_value(const struct group *group, const char *axis)
{
	const char *first = parameters_get(parameters_of(group, 0), axis);

	for (size_t row = 1; row < group->n; row++) {
		const char *value = parameters_get(parameters_of(group, row), axis);
		if (first == NULL || value == NULL || strcmp(first, value) != 0)
			return false;
	}
	return first != NULL;
}

static void add_axes(struct group *group)
{
	for (size_t row = 0; row < group->n; row++) {
		const struct parameters *p = parameters_of(group, row);
		for (size_t i = 0; i < p->n; i++) {
			const char *axis = p->items[i].name;
			bool is_there = has_one_value(group, axis);
			for (size_t k = 0; k < group->grid.n && !is_there; k++)
				is_there = strcmp(group->grid.columns[k].title, axis) == 0;
			if (is_there)
				continue;
			struct grid_column *c = grid_add(&group->grid, false, "%s", axis);
			bool is_numeric = true;
			for (size_t k = 0; k < group->n; k++) {
				const char *value = parameters_get(parameters_of(group, k), axis);
				c->texts[k] = value == NULL ? NULL : xstrdup(value);
				is_numeric &= value != NULL &&
					      value[strspn(value, "0123456789.-+eE")] == '\0';
			}
			c->is_right = is_numeric;
		}
	}
}

static void add_counts(struct group *group)
{
	struct grid_column *c = grid_add(&group->grid, true, "n");

	for (size_t row = 0; row < group->n; row++)
		c->texts[row] = xasprintf("%zu", cell_of(group, row)->done);
}

/* What must be said of a cell's time: outliers, flags. */
static void mark_time(struct group *group, const struct gathered_cell *cell,
	const struct summary *s, struct buf *text, bool *has_mark)
{
	if (s->outliers > 0)
		notes_mark(group->notes, text, has_mark, "%zu of %zu runs %s outlier%s (kept)",
			s->outliers, s->n, s->outliers == 1 ? "is an" : "are",
			s->outliers == 1 ? "" : "s");
	for (size_t i = 0; i < cell->flags.n; i++)
		notes_mark(group->notes, text, has_mark, "%s: %zu of %zu runs",
			cell->flags.items[i].text, cell->flags.items[i].n, cell->done);
}

static void mark_energy(struct group *group, const struct gathered_cell *cell,
	const struct summary *s, struct buf *text, bool *has_mark)
{
	double bound = cell->energy > 0 ? cell->energy_bound / cell->energy : 0;

	if (s->outliers > 0)
		notes_mark(group->notes, text, has_mark, "%zu of %zu runs %s outlier%s (kept)",
			s->outliers, s->n, s->outliers == 1 ? "is an" : "are",
			s->outliers == 1 ? "" : "s");
	if (bound > SHORT_BOUND)
		notes_mark(group->notes, text, has_mark,
			"counter steps alone are ±%.*f %% of this energy", bound < 0.1 ? 1 : 0,
			100 * bound);
}

/* Medians below each other end in one column, and their intervals begin in one. */
static void align_values(struct grid_column *c, struct buf *values, struct buf *rest, size_t n)
{
	int width = 0;

	for (size_t i = 0; i < n; i++)
		width = text_width(values[i].data) > width ? text_width(values[i].data) : width;
	for (size_t i = 0; i < n; i++) {
		if (values[i].len > 0)
			c->texts[i] = xasprintf("%*s%s%s", width - text_width(values[i].data), "",
				values[i].data, rest[i].data);
		buf_done(&values[i]);
		buf_done(&rest[i]);
	}
}

enum marks { MARKS_NONE, MARKS_TIME, MARKS_ENERGY };

/* Median, interval and marks of a metric. */
static struct grid_column *add_metric(
	struct group *group, const char *title, size_t metric, enum marks marks)
{
	const char *unit = group->v->g->metrics[metric].unit;
	struct grid_column *c = grid_add(&group->grid, false, "%s%s%s", title,
		strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
	struct buf *values = xcalloc(group->n, sizeof *values),
		   *rest = xcalloc(group->n, sizeof *rest);

	for (size_t row = 0; row < group->n; row++) {
		struct summary s;
		bool has_mark = false;
		values[row] = rest[row] = (struct buf)BUF_INIT;
		summary_of_cell(cell_of(group, row), metric, &s);
		if (s.n == 0)
			continue;
		summary_add_value(&values[row], &rest[row], &s);
		if (marks == MARKS_TIME)
			mark_time(group, cell_of(group, row), &s, &rest[row], &has_mark);
		else if (marks == MARKS_ENERGY)
			mark_energy(group, cell_of(group, row), &s, &rest[row], &has_mark);
		if (s.n < cell_of(group, row)->done)
			notes_mark(group->notes, &rest[row], &has_mark,
				"median of %zu of %zu runs: the others have none", s.n,
				cell_of(group, row)->done);
	}
	align_values(c, values, rest, group->n);
	free(values);
	free(rest);
	return c;
}

static struct grid_column *add_ratios(struct group *group, size_t metric)
{
	const struct summary_view *v = group->v;

	if (v->by == NULL)
		return NULL;
	struct grid_column *c = grid_add(&group->grid, true, "×");
	for (size_t row = 0; row < group->n; row++) {
		int baseline = summary_baseline(v, group->configurations[row]);
		struct buf text = BUF_INIT;
		if (baseline >= 0 && summary_is_baseline(v, group->configurations[row]))
			buf_adds(&text,
				gathered_series(cell_of(group, row), metric) == NULL ? "" : "1");
		else if (baseline >= 0)
			summary_add_ratio(
				&text, gathered_ratio(cell_of(group, row),
					       gathered_cell(v->g, group->lane, (size_t)baseline),
					       metric, NULL));
		c->texts[row] = buf_take(&text);
	}
	return c;
}

/* The median alone, for quantities whose spread is of no interest here: in units of scale, or with
 * scale 0 as a size. */
static struct grid_column *add_median(
	struct group *group, const char *title, size_t metric, double scale)
{
	struct grid_column *c = grid_add(&group->grid, true, "%s", title);

	for (size_t row = 0; row < group->n; row++) {
		struct summary s;
		char size[32];
		summary_of_cell(cell_of(group, row), metric, &s);
		if (s.n == 0)
			continue;
		if (scale == 0) {
			c->texts[row] = xstrdup(units_format_size(size, (int64_t)s.median));
			continue;
		}
		double value = s.median / scale;
		double digits = value != 0 ? 2 - floor(log10(fabs(value))) : 0;
		c->texts[row] = xasprintf("%.*f",
			digits < 0   ? 0
			: digits > 6 ? 6
				     : (int)digits,
			value);
	}
	return c;
}

static bool is_measured(const struct group *group, size_t metric)
{
	for (size_t row = 0; row < group->n && metric < group->v->g->metrics_n; row++) {
		if (gathered_series(cell_of(group, row), metric) != NULL)
			return true;
	}
	return false;
}

static bool is_asked_for(const struct summary_view *v, size_t metric)
{
	for (size_t i = 0; i < v->columns_n; i++) {
		if (v->columns[i] == metric)
			return true;
	}
	return false;
}

static void add_usual_columns(struct group *group)
{
	const struct gathered *g = group->v->g;
	size_t time = gathered_metric(g, "time"), energy = gathered_metric(g, "energy.package");
	size_t power = gathered_metric(g, "power.package"),
	       memory = gathered_metric(g, "memory.peak");

	if (is_measured(group, time)) {
		add_metric(group, "time", time, MARKS_TIME);
		add_ratios(group, time);
	}
	if (is_measured(group, energy)) {
		add_metric(group, "energy", energy, MARKS_ENERGY);
		add_ratios(group, energy);
	}
	if (is_measured(group, power))
		add_median(group, "power W", power, 1);
	if (is_measured(group, memory))
		add_median(group, "memory", memory, 0);
}

/* What else tells of a run's energy, as far as there is room. */
static const struct {
	const char *metric, *title;
	double scale;
} extras[] = {
	{"energy.package.net", "net J", 1},
	{"cores.effective", "cores", 1},
	{"frequency.busy", "GHz", 1e9},
};

static void add_extra(struct group *group, size_t extra)
{
	size_t metric = gathered_metric(group->v->g, extras[extra].metric);

	if (is_measured(group, metric) && !is_asked_for(group->v, metric) &&
		summary_more(group->v, metric) != MORE_COMPARED)
		add_median(group, extras[extra].title, metric, extras[extra].scale)->is_optional =
			true;
}

/* The metrics of one kind, with a ratio where they are compared, as far as there is room. */
static void add_more(struct group *group, enum summary_more kind)
{
	const struct summary_view *v = group->v;

	for (size_t i = 0; i < v->g->metrics_n; i++) {
		if (summary_more(v, i) != kind || is_asked_for(v, i) || !is_measured(group, i))
			continue;
		struct grid_column *c = add_metric(group, v->g->metrics[i].name, i, MARKS_NONE);
		c->is_optional = true;
		c->name = v->g->metrics[i].name;
		c = kind == MORE_COMPARED ? add_ratios(group, i) : NULL;
		if (c != NULL)
			c->is_optional = true;
	}
}

/* What --columns names, then the rest as far as there is room. */
static void add_more_columns(struct group *group)
{
	const struct summary_view *v = group->v;

	for (size_t i = 0; i < v->columns_n; i++) {
		if (is_measured(group, v->columns[i]))
			add_metric(group, v->g->metrics[v->columns[i]].name, v->columns[i],
				MARKS_NONE);
	}
	add_more(group, MORE_COMPARED);
	add_more(group, MORE_OWN);
	add_more(group, MORE_THROUGHPUT);
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++)
		add_extra(group, i);
	add_more(group, MORE_PER_WORK);
}

static void note_left_out(const struct group *group, size_t shown)
{
	for (size_t i = shown; i < group->grid.n; i++) {
		struct buf unused = BUF_INIT;
		bool has_mark = false;

		if (group->grid.columns[i].name != NULL)
			notes_mark(group->left_out, &unused, &has_mark, "%s",
				group->grid.columns[i].name);
		buf_done(&unused);
	}
}

/* "nbody size=20000 on lab07: i9-13900K (Raptor Lake) 8P+16E, Linux 6.12.8, performance, turbo off"
 */
static void print_heading(const struct group *group, const struct output_ops *ops, FILE *to)
{
	const struct gathered *g = group->v->g;
	const struct parameters *p = parameters_of(group, 0);
	_cleanup_buf_ struct buf host = BUF_INIT;
	json_t *inventory = host_inventory(g->lanes[group->lane].inventory);

	host_describe(inventory, &host);
	json_decref(inventory);
	fprintf(to, "\n%s%s", ops == &output_markdown ? "### " : "",
		g->configurations[group->configurations[0]].benchmark);
	for (size_t i = 0; i < p->n; i++) {
		if (has_one_value(group, p->items[i].name))
			fprintf(to, " %s=%s", p->items[i].name, p->items[i].text);
	}
	fprintf(to, " on %s%s%s\n%s", g->lanes[group->lane].host, host.len > 0 ? ": " : "",
		host.data, ops == &output_markdown ? "\n" : "");
}

static void print_group(const struct summary_view *v, size_t lane, const char *benchmark,
	struct notes *notes, struct notes *left_out, const struct output_ops *ops, FILE *to)
{
	struct group group = {.v = v, .lane = lane, .notes = notes, .left_out = left_out};

	group.configurations = xcalloc(v->g->configurations_n, sizeof *group.configurations);
	for (size_t i = 0; i < v->g->configurations_n; i++) {
		if (strcmp(v->g->configurations[i].benchmark, benchmark) == 0 &&
			gathered_cell(v->g, lane, i)->runs > 0)
			group.configurations[group.n++] = i;
	}
	if (group.n > 0) {
		group.grid.rows = group.n;
		print_heading(&group, ops, to);
		add_axes(&group);
		add_counts(&group);
		add_usual_columns(&group);
		add_more_columns(&group);
		note_left_out(&group, grid_print(&group.grid, ops, to));
		grid_done(&group.grid);
	}
	free(group.configurations);
}

/* ---- around the groups ---- */

static bool is_first_of_benchmark(const struct gathered *g, size_t configuration)
{
	for (size_t i = 0; i < configuration; i++) {
		if (strcmp(g->configurations[i].benchmark,
			    g->configurations[configuration].benchmark) == 0)
			return false;
	}
	return true;
}

void summary_table(const struct summary_view *v, const struct output_ops *ops, FILE *to)
{
	const struct gathered *g = v->g;
	struct notes notes = {0}, left_out = {0};
	bool has_energy = false;

	for (size_t lane = 0; lane < g->lanes_n; lane++)
		has_energy |= summary_is_shown(v, lane) && g->lanes[lane].has_energy;
	summary_header(v, has_energy, ops, to);
	for (size_t i = 0; i < g->configurations_n; i++) {
		if (!is_first_of_benchmark(g, i))
			continue;
		for (size_t lane = 0; lane < g->lanes_n; lane++) {
			if (summary_is_shown(v, lane))
				print_group(v, lane, g->configurations[i].benchmark, &notes,
					&left_out, ops, to);
		}
	}
	/* Nothing below the tables: no empty line at the end either. */
	char *below = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&below, &len);
	if (memory != NULL) {
		summary_below(v, has_energy, &notes, &left_out, memory);
		fclose(memory);
		/* As it stands: Markdown would make one paragraph of its lines. */
		if (len > 1 && ops == &output_markdown)
			fprintf(to, "\n```\n%s```\n", below + 1);
		else if (len > 1)
			fwrite(below, 1, len, to);
		free(below);
	}
	notes_done(&notes);
	notes_done(&left_out);
}
