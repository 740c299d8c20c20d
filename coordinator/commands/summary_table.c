/*
 * `results` for people: what the campaign was, a table for each benchmark and host, and what must
 * be known beside the numbers: footnotes, configurations that were skipped, runs that failed, why
 * there is no energy.
 */
#include "coordinator/commands/summary_group.h"
#include "coordinator/commands/summary_notes.h"
#include "coordinator/commands/summary_view.h"
#include "coordinator/findings/host_text.h"

static bool is_measured(const struct group *group, size_t metric)
{
	for (size_t row = 0; row < group->n && metric < group->v->g->metrics_n; row++) {
		if (gathered_series(group_cell(group, row), metric) != NULL)
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

static void make_optional(struct grid_column *c, const char *name)
{
	c->is_optional = true;
	c->name = name;
}

static void add_usual_columns(struct group *group)
{
	const struct gathered *g = group->v->g;
	size_t time = gathered_metric(g, "time"), energy = gathered_metric(g, "energy.package");
	size_t power = gathered_metric(g, "power.package"),
	       memory = gathered_metric(g, "memory.peak");

	if (is_measured(group, time)) {
		group_add_metric(group, "time", time, MARKS_TIME);
		if (group->v->has_bars)
			group_add_bars(group, time);
		group_add_ratios(group, time);
	}
	if (is_measured(group, energy)) {
		group_add_metric(group, "energy", energy, MARKS_ENERGY);
		if (group->v->has_bars)
			group_add_bars(group, energy);
		group_add_ratios(group, energy);
	}
	if (is_measured(group, power))
		make_optional(group_add_median(group, "power W", power, 1), "power.package");
	if (is_measured(group, memory))
		make_optional(group_add_median(group, "memory", memory, 0), "memory.peak");
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
		group_add_median(group, extras[extra].title, metric, extras[extra].scale)
			->is_optional = true;
}

/* How much the time varies, if there is more than one run. */
static void add_variation(struct group *group)
{
	const struct summary_column cv = {
		.metric = gathered_metric(group->v->g, "time"), .statistic = STATISTIC_CV};

	for (size_t row = 0; row < group->n && is_measured(group, cv.metric); row++) {
		if (group_cell(group, row)->done < 2)
			continue;
		group_add_statistic(group, "cv", &cv)->is_optional = true;
		break;
	}
}

static struct grid_column *add_optional(struct group *group, size_t metric)
{
	const char *name = group->v->g->metrics[metric].name;
	struct grid_column *c = group_add_metric(group, name, metric, MARKS_NONE);

	c->is_optional = true;
	c->name = name;
	return c;
}

/* The metrics of one kind, as far as there is room. */
static void add_more(struct group *group, enum summary_more kind)
{
	const struct summary_view *v = group->v;

	for (size_t i = 0; i < v->g->metrics_n; i++)
		if (summary_more(v, i) == kind && !is_asked_for(v, i) && is_measured(group, i))
			add_optional(group, i);
}

static bool has_column(const struct group *group, const char *name)
{
	for (size_t i = 0; i < group->grid.n; i++)
		if (group->grid.columns[i].name && strcmp(group->grid.columns[i].name, name) == 0)
			return true;
	return false;
}

/* One that the campaign compares, with its ratio. */
static void add_compared(struct group *group, const char *name)
{
	const struct summary_view *v = group->v;
	size_t metric = gathered_metric(v->g, name);

	if (metric >= v->g->metrics_n || has_column(group, name) ||
		summary_more(v, metric) != MORE_COMPARED || is_asked_for(v, metric) ||
		!is_measured(group, metric))
		return;
	add_optional(group, metric)->is_asked_for = true;
	struct grid_column *ratios = group_add_ratios(group, metric);
	if (ratios != NULL)
		ratios->is_optional = ratios->is_beside = ratios->is_asked_for = true;
}

/* In the campaign's order, which is that of what matters. */
static void add_all_compared(struct group *group)
{
	const struct campaign *c = group->v->campaign;

	for (size_t i = 0; c != NULL && i < c->comparisons_n; i++)
		for (size_t k = 0; k < c->comparisons[i].metrics_n; k++)
			add_compared(group, c->comparisons[i].metrics[k]);
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
			group_add_metric(group, v->g->metrics[column->metric].name, column->metric,
				MARKS_VALUES);
		else
			group_add_statistic(group, NULL, column);
	}
	add_all_compared(group);
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

/* Who is who of several hosts, " (server+client)", where the campaign's file can still be read; the
 * machine that stands behind it is main's. */
static void add_roles(const struct group *group, struct buf *text)
{
	const char *name = group->v->g->configurations[group->configurations[0]].benchmark;
	const struct campaign *c = group->v->campaign;

	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++) {
		const struct benchmark *b = &c->benchmarks[i];

		if (b->roles_n == 0 || strcmp(b->name, name) != 0)
			continue;
		for (size_t k = 0; k < b->roles_n; k++)
			buf_addf(text, "%s%s", k == 0 ? " (" : "+", b->roles[k].name);
		buf_addf(text, "), %s", b->roles[b->main].name);
	}
}

/* "nbody size=20000 on lab07: i9-13900K (Raptor Lake) 8P+16E, Linux 6.12.8, performance, turbo off"
 */
static void print_heading(const struct group *group, const struct output_ops *ops, FILE *to)
{
	const struct gathered *g = group->v->g;
	const struct parameters *p = group_parameters(group, 0);
	_cleanup_buf_ struct buf host = BUF_INIT, text = BUF_INIT;
	json_t *inventory = host_inventory(g->lanes[group->lane].inventory);

	host_describe(inventory, &host);
	json_decref(inventory);
	buf_adds(&text, g->configurations[group->configurations[0]].benchmark);
	for (size_t i = 0; i < p->n; i++) {
		if (group_has_one_value(group, p->items[i].name))
			buf_addf(&text, " %s=%s", p->items[i].name, p->items[i].text);
	}
	buf_addf(&text, " on %s", g->lanes[group->lane].host);
	if (g->lanes[group->lane].is_tuple)
		add_roles(group, &text);
	buf_addf(&text, "%s%s", host.len > 0 ? ": " : "", host.data);
	_cleanup_free_ char *harmless = output_harmless(text.data);
	fprintf(to, "\n%s%s\n%s", ops == &output_markdown ? "### " : "", harmless,
		ops == &output_markdown ? "\n" : "");
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
		group_add_axes(&group);
		group_add_counts(&group);
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
