/* The medians of every configuration, a table for each benchmark. */
#include "coordinator/report/page.h"

struct table {
	const struct gathered *g;
	const char *benchmark;
	const char **axes;
	size_t axes_n;
	size_t *metrics;
	size_t metrics_n;
	FILE *to;
};

static bool is_of(const struct table *t, size_t configuration)
{
	return strcmp(t->g->configurations[configuration].benchmark, t->benchmark) == 0;
}

static bool is_measured(const struct table *t, size_t metric)
{
	const struct gathered *g = t->g;

	for (size_t lane = 0; lane < g->lanes_n; lane++)
		for (size_t i = 0; i < g->configurations_n; i++)
			if (is_of(t, i) && gathered_series(gathered_cell(g, lane, i), metric))
				return true;
	return false;
}

static void add_metric(struct table *t, size_t metric)
{
	if (metric >= t->g->metrics_n || !t->g->metrics[metric].is_used || !is_measured(t, metric))
		return;
	t->metrics = xreallocarray(t->metrics, t->metrics_n + 1, sizeof *t->metrics);
	t->metrics[t->metrics_n++] = metric;
}

/* What tells of cost, then what the campaign takes out of its programs' output. */
static void find_metrics(struct table *t)
{
	static const char *const usual[] = {"time", "energy.package", "energy.package.net",
		"power.package", "memory.peak", "cores.effective"};

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		add_metric(t, gathered_metric(t->g, usual[i]));
	for (size_t i = 0; i < t->g->metrics_n; i++)
		if (t->g->metrics[i].is_own)
			add_metric(t, i);
}

static void find_axes(struct table *t)
{
	const struct gathered *g = t->g;

	for (size_t i = 0; i < g->configurations_n; i++) {
		const struct parameters *p = &g->configurations[i].parameters;

		if (!is_of(t, i))
			continue;
		/* All configurations of a benchmark have the same axes. */
		for (size_t k = 0; k < p->n; k++) {
			if (!axis_varies(g, t->benchmark, p->items[k].name))
				continue;
			t->axes = xreallocarray(t->axes, t->axes_n + 1, sizeof *t->axes);
			t->axes[t->axes_n++] = p->items[k].name;
		}
		return;
	}
}

/* A benchmark's configurations have its metrics in one unit, mostly. */
static size_t first_of(const struct table *t)
{
	size_t i = 0;

	while (i + 1 < t->g->configurations_n && !is_of(t, i))
		i++;
	return i;
}

static void print_heads(const struct table *t)
{
	fputs("<thead><tr>", t->to);
	for (size_t i = 0; i < t->axes_n; i++)
		html_element(t->to, "th", "scope=\"col\"", "%s", t->axes[i]);
	fputs("<th scope=\"col\">host</th><th scope=\"col\" class=\"n\">n</th>", t->to);
	for (size_t i = 0; i < t->metrics_n; i++) {
		const struct gathered_metric *m =
			gathered_metric_as(t->g, t->metrics[i], first_of(t));
		bool has_unit = strcmp(m->unit, "1") != 0 && strcmp(m->unit, "B") != 0;

		html_element(t->to, "th", "scope=\"col\" class=\"n\"", "%s%s%s", m->name,
			has_unit ? ", " : "", has_unit ? m->unit : "");
	}
	fputs("<th scope=\"col\">flags</th></tr></thead><tbody>\n", t->to);
}

static void print_row(const struct table *t, size_t lane, size_t configuration)
{
	const struct gathered_cell *cell = gathered_cell(t->g, lane, configuration);

	fputs("<tr>", t->to);
	for (size_t i = 0; i < t->axes_n; i++) {
		const char *value =
			parameters_get(&t->g->configurations[configuration].parameters, t->axes[i]);
		html_element(t->to, i == 0 ? "th" : "td", i == 0 ? "scope=\"row\"" : NULL, "%s",
			value == NULL ? "" : value);
	}
	html_element(t->to, "td", NULL, "%s", t->g->lanes[lane].host);
	html_element(t->to, "td", "class=\"n\"", "%zu", cell->done);
	for (size_t i = 0; i < t->metrics_n; i++) {
		_cleanup_buf_ struct buf text = BUF_INIT;

		text_median(gathered_series(cell, t->metrics[i]),
			gathered_metric_as(t->g, t->metrics[i], configuration)->unit, &text);
		html_element(t->to, "td", "class=\"n\"", "%s", text.data);
	}
	fputs("<td>", t->to);
	for (size_t i = 0; i < cell->flags.n; i++)
		html_textf(t->to, "%s%s", i == 0 ? "" : ", ", cell->flags.items[i].text);
	fputs("</td></tr>\n", t->to);
}

/* As many rows as are left of what the page may have; *all counts those that there are. */
static void print_benchmark(
	const struct gathered *g, const char *benchmark, size_t *shown, size_t *all, FILE *to)
{
	struct table t = {.g = g, .benchmark = benchmark, .to = to};
	bool is_open = false;

	find_axes(&t);
	find_metrics(&t);
	for (size_t i = 0; i < g->configurations_n; i++) {
		for (size_t lane = 0; is_of(&t, i) && lane < g->lanes_n; lane++) {
			if (gathered_cell(g, lane, i)->done == 0 || ++*all > PAGE_MAX_ROWS)
				continue;
			if (!is_open) {
				html_element(to, "h3", NULL, "%s", benchmark);
				table_open(to, benchmark);
				print_heads(&t);
			}
			is_open = true;
			print_row(&t, lane, i);
			++*shown;
		}
	}
	if (is_open)
		table_close(to);
	free(t.axes);
	free(t.metrics);
}

static bool is_first(const struct gathered *g, size_t configuration)
{
	for (size_t i = 0; i < configuration; i++)
		if (strcmp(g->configurations[i].benchmark,
			    g->configurations[configuration].benchmark) == 0)
			return false;
	return true;
}

void page_results(const struct report *r, FILE *to)
{
	const struct gathered *g = r->g;
	size_t shown = 0, all = 0;

	page_open(to, "results", "Results");
	fputs("<p>Medians over the blocks with their exact 95 % intervals in brackets; below six "
	      "runs "
	      "there is no such interval.</p>\n",
		to);
	for (size_t i = 0; i < g->configurations_n; i++)
		if (is_first(g, i))
			print_benchmark(g, g->configurations[i].benchmark, &shown, &all, to);
	if (all == 0)
		fputs("<p class=\"note\">No run has been done.</p>\n", to);
	page_thinned(to, shown, all, "joulerig results %s --format csv", g->label);
	page_close(to);
}
