/*
 * `results` for people: what the campaign was, a table for each benchmark and host, and what must
 * be known beside the numbers: footnotes, configurations that were skipped, runs that failed, why
 * there is no energy.
 */
#include "coordinator/commands/summary_grid.h"
#include "coordinator/commands/summary_notes.h"
#include "coordinator/commands/summary_numbers.h"
#include "coordinator/commands/summary_view.h"
#include "coordinator/commands/word_set.h"
#include "coordinator/findings/host_text.h"
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

static void add_axis(struct group *group, const char *axis)
{
	struct grid_column *c = grid_add(&group->grid, false, "%s", axis);
	bool is_numeric = true;

	for (size_t k = 0; k < group->n; k++) {
		const char *value = parameters_get(parameters_of(group, k), axis);
		c->texts[k] = value == NULL ? NULL : xstrdup(value);
		is_numeric &= value != NULL && value[strspn(value, "0123456789.-+eE")] == '\0';
	}
	c->is_right = is_numeric;
}

static void add_axes(struct group *group)
{
	struct word_set seen = {0};

	for (size_t row = 0; row < group->n; row++) {
		const struct parameters *p = parameters_of(group, row);
		for (size_t i = 0; i < p->n; i++)
			if (word_set_add(&seen, p->items[i].name) &&
				!has_one_value(group, p->items[i].name))
				add_axis(group, p->items[i].name);
	}
	word_set_done(&seen);
}

static void add_counts(struct group *group)
{
	struct grid_column *c = grid_add(&group->grid, true, "n");

	for (size_t row = 0; row < group->n; row++)
		c->texts[row] = xasprintf("%zu", cell_of(group, row)->done);
}

/* What must be said of any metric's values: outliers, drift. */
static void mark_values(struct group *group, const struct gathered_cell *cell, size_t metric,
	const struct summary *s, struct buf *text, bool *has_mark)
{
	struct drift drift;

	if (s->outliers > 0)
		notes_mark(group->notes, text, has_mark, "%zu of %zu runs %s outlier%s (kept)",
			s->outliers, s->n, s->outliers == 1 ? "is an" : "are",
			s->outliers == 1 ? "" : "s");
	if (summary_drift(cell, metric, &drift))
		notes_mark(group->notes, text, has_mark,
			"drifts by %+.0f %% from the first block to the last (kept)",
			100 * drift.change);
}

/* What must be said of a cell's runs: flags. */
static void mark_runs(
	struct group *group, const struct gathered_cell *cell, struct buf *text, bool *has_mark)
{
	for (size_t i = 0; i < cell->flags.n; i++)
		notes_mark(group->notes, text, has_mark, "%s: %zu of %zu runs",
			cell->flags.items[i].text, cell->flags.items[i].n, cell->done);
}

static void mark_energy(
	struct group *group, const struct gathered_cell *cell, struct buf *text, bool *has_mark)
{
	double bound = cell->energy > 0 ? cell->energy_bound / cell->energy : 0;

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

enum marks { MARKS_NONE, MARKS_VALUES, MARKS_TIME, MARKS_ENERGY };

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
		if (marks != MARKS_NONE)
			mark_values(group, cell_of(group, row), metric, &s, &rest[row], &has_mark);
		if (marks == MARKS_TIME)
			mark_runs(group, cell_of(group, row), &rest[row], &has_mark);
		else if (marks == MARKS_ENERGY)
			mark_energy(group, cell_of(group, row), &rest[row], &has_mark);
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
		size_t configuration = group->configurations[row];
		struct buf text = BUF_INIT;
		if (summary_baseline(v, configuration) == (int)configuration)
			buf_adds(&text,
				gathered_series(cell_of(group, row), metric) == NULL ? "" : "1");
		else
			summary_add_ratio(
				&text, summary_ratio(v, group->lane, configuration, metric));
		c->texts[row] = buf_take(&text);
	}
	return c;
}

/* Three digits of a number. */
static char *three_digits(double value)
{
	double digits = value != 0 ? 2 - floor(log10(fabs(value))) : 0;

	if (value != 0 && fabs(value) < 1e-4)
		return xasprintf("%.2e", value);
	return xasprintf("%.*f", digits < 0 ? 0 : digits > 6 ? 6 : (int)digits, value);
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
		c->texts[row] = three_digits(s.median / scale);
	}
	return c;
}

/* A share as people write it: "1.2 %". */
static char *percent(double value, const char *sign)
{
	char number[32];

	snprintf(number, sizeof number, fabs(value) < 0.1 ? "%.1f" : "%.0f", 100 * value);
	return xasprintf("%s%s %%", value > 0 ? sign : "", number);
}

static char *statistic_text(enum statistic statistic, double value)
{
	if (isnan(value))
		return NULL;
	switch (statistic) {
	case STATISTIC_N:
	case STATISTIC_OUTLIERS:
		return xasprintf("%.0f", value);
	case STATISTIC_CV:
		return percent(value, "");
	case STATISTIC_DRIFT:
		return percent(value, "+");
	case STATISTIC_RATIO:
		return xasprintf(value >= 0.1 ? "%.3f" : "%.3g", value);
	default:
		return xasprintf("%.6g", value);
	}
}

/* One statistic of a metric; title NULL: "time mean s". */
static struct grid_column *add_statistic(
	struct group *group, const char *title, const struct summary_column *column)
{
	const struct gathered_metric *m = &group->v->g->metrics[column->metric];
	bool has_unit = statistic_has_unit(column->statistic) && strcmp(m->unit, "1") != 0;
	struct grid_column *c = title != NULL
					? grid_add(&group->grid, true, "%s", title)
					: grid_add(&group->grid, true, "%s.%s%s%s", m->name,
						  statistic_name(column->statistic),
						  has_unit ? " " : "", has_unit ? m->unit : "");

	for (size_t row = 0; row < group->n; row++)
		c->texts[row] = statistic_text(
			column->statistic, summary_statistic(group->v, group->lane,
						   group->configurations[row], column));
	return c;
}

/* ---- bars ---- */

#define BAR_WIDTH 10

/* A bar of value / most, in eighths of a column. */
static char *bar_of(double value, double most)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int n = (int)lround(8 * BAR_WIDTH * value / most);
	struct buf text = BUF_INIT;

	for (int i = 0; i < n / 8; i++)
		buf_adds(&text, "█");
	buf_adds(&text, eighths[n % 8]);
	return buf_take(&text);
}

/* Medians as lengths: the longest is the group's largest. */
static void add_bars(struct group *group, size_t metric)
{
	const struct summary_column median = {.metric = metric, .statistic = STATISTIC_MEDIAN};
	double *values = xcalloc(group->n + 1, sizeof *values), most = 0;

	for (size_t row = 0; row < group->n; row++) {
		values[row] = summary_statistic(
			group->v, group->lane, group->configurations[row], &median);
		most = values[row] > most ? values[row] : most;
	}
	struct grid_column *c = grid_add(&group->grid, false, "%s", "");
	c->is_optional = c->is_beside = true;
	for (size_t row = 0; row < group->n && most > 0; row++)
		if (values[row] >= 0)
			c->texts[row] = bar_of(values[row], most);
	free(values);
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
		if (v->columns[i].metric == metric && v->columns[i].statistic == STATISTIC_WHOLE)
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
		if (group->v->has_bars)
			add_bars(group, time);
		add_ratios(group, time);
	}
	if (is_measured(group, energy)) {
		add_metric(group, "energy", energy, MARKS_ENERGY);
		if (group->v->has_bars)
			add_bars(group, energy);
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
	{"edp.package", "EDP J·s", 1},
};

static void add_extra(struct group *group, size_t extra)
{
	size_t metric = gathered_metric(group->v->g, extras[extra].metric);

	if (is_measured(group, metric) && !is_asked_for(group->v, metric) &&
		summary_more(group->v, metric) != MORE_COMPARED)
		add_median(group, extras[extra].title, metric, extras[extra].scale)->is_optional =
			true;
}

/* How much the time varies, if there is more than one run. */
static void add_variation(struct group *group)
{
	const struct summary_column cv = {
		.metric = gathered_metric(group->v->g, "time"), .statistic = STATISTIC_CV};

	for (size_t row = 0; row < group->n && is_measured(group, cv.metric); row++) {
		if (cell_of(group, row)->done < 2)
			continue;
		add_statistic(group, "cv", &cv)->is_optional = true;
		break;
	}
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
			c->is_optional = c->is_beside = true;
	}
}

/* What --columns names, then the rest as far as there is room. */
static void add_more_columns(struct group *group)
{
	const struct summary_view *v = group->v;

	for (size_t i = 0; i < v->columns_n; i++) {
		const struct summary_column *column = &v->columns[i];
		if (!is_measured(group, column->metric))
			continue;
		if (column->statistic == STATISTIC_WHOLE)
			add_metric(group, v->g->metrics[column->metric].name, column->metric,
				MARKS_VALUES);
		else
			add_statistic(group, NULL, column);
	}
	add_more(group, MORE_COMPARED);
	add_more(group, MORE_OWN);
	add_more(group, MORE_THROUGHPUT);
	add_variation(group);
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++)
		add_extra(group, i);
	add_more(group, MORE_PER_WORK);
}

static void note_left_out(const struct group *group)
{
	for (size_t i = 0; i < group->grid.n; i++) {
		struct buf unused = BUF_INIT;
		bool has_mark = false;

		if (group->grid.columns[i].is_left_out && group->grid.columns[i].name != NULL)
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

/* The configurations of the benchmark that ran on the host, in the order of --sort. */
static void find_rows(struct group *group, const char *benchmark)
{
	const struct gathered *g = group->v->g;
	struct summary_place *places = xcalloc(g->configurations_n + 1, sizeof *places);

	for (size_t i = 0; i < g->configurations_n; i++) {
		if (strcmp(g->configurations[i].benchmark, benchmark) == 0 &&
			gathered_cell(g, group->lane, i)->runs > 0 &&
			summary_is_cell_shown(group->v, group->lane * g->configurations_n + i))
			places[group->n++] =
				(struct summary_place){.lane = group->lane, .configuration = i};
	}
	summary_sort(group->v, places, group->n);
	group->configurations = xcalloc(group->n + 1, sizeof *group->configurations);
	for (size_t i = 0; i < group->n; i++)
		group->configurations[i] = places[i].configuration;
	free(places);
}

static void print_group(const struct summary_view *v, size_t lane, const char *benchmark,
	struct notes *notes, struct notes *left_out, const struct output_ops *ops, FILE *to)
{
	struct group group = {.v = v, .lane = lane, .notes = notes, .left_out = left_out};

	find_rows(&group, benchmark);
	if (group.n > 0) {
		group.grid.rows = group.n;
		print_heading(&group, ops, to);
		add_axes(&group);
		add_counts(&group);
		add_usual_columns(&group);
		add_more_columns(&group);
		grid_print(&group.grid, ops, to);
		note_left_out(&group);
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
