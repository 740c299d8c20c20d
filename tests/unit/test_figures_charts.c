/*
 * Figures of studies that are filled by hand: what they show where the truth is known, what they
 * leave out and why, and that none of them breaks on what campaigns may look like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/report/figure_parts.h"
#include <cmocka.h>
#include <math.h>

#define BLOCKS  8
#define TEXT(s) ((char *)(uintptr_t)(s)) /* as if read from a file; nobody writes it */

static const char *const kinds[] = {"speedup", "ratio", "power", "energy_time", "break_even", "edp",
	"pareto", "memory", "contention", "decomposition"};

/* ---- a study by hand ---- */

struct shape {
	size_t benchmarks, hosts;
	const char *python[4]; /* values of an axis of names; none: there is no such axis */
	double threads[8];     /* the same of numbers, ended by 0 */
	size_t sizes;          /* values 1 to sizes of a further axis */
	bool has_energy, has_net, is_empty, has_zeroes;
	bool is_unlike;             /* each benchmark gains less by nogil than the one before */
	bool has_work;              /* a run does as much as its size says */
	const char *inventories[3]; /* of the first hosts; NULL: nothing is known */
	const char *report;         /* of the campaign's file; NULL: there is no file */
};

static const struct shape usual = {.benchmarks = 1,
	.hosts = 1,
	.python = {"gil", "nogil"},
	.threads = {1, 2, 4, 8},
	.has_energy = true,
	.has_net = true};

/* What a run of a configuration is, without noise: nogil is 8 / n s at 10 + 5 n W, gil 6 s at 16 W;
 * the host's number makes it slower. */
struct truth {
	double time, power, cores, memory, switches, work;
};

static struct truth truth_of(const char *python, double threads, size_t host)
{
	bool is_serial = python != NULL && strcmp(python, "gil") == 0;
	double factor = python != NULL && strcmp(python, "nogil+gil") == 0 ? 1.5 : 1;

	return (struct truth){.time = (is_serial ? 6 : 8 / threads) * factor * (1 + (double)host),
		.power = is_serial ? 16 : 10 + 5 * threads,
		.cores = is_serial ? 1.2 : threads,
		.memory = (is_serial ? 32 : 48) * 1024.0 * 1024,
		.switches = is_serial ? 60 : 100 * threads};
}

/* The same small noise for all metrics of a block, so that ratios within a block are exact. */
static double noise(size_t block)
{
	return 1 + 0.01 * (double)((block * 5) % 7);
}

static void add_series(struct gathered *g, struct gathered_cell *cell, const char *name, double v)
{
	size_t at = gathered_metric(g, name);
	struct series *s = &cell->series[at];

	s->values = xcalloc(BLOCKS, sizeof *s->values);
	s->blocks = xcalloc(BLOCKS, sizeof *s->blocks);
	s->runs = xcalloc(BLOCKS, sizeof *s->runs);
	s->n = BLOCKS;
	for (size_t i = 0; i < BLOCKS; i++) {
		bool has_noise = strcmp(name, "power.package") != 0;
		s->values[i] = v * (has_noise ? noise(i) : 1);
		s->blocks[i] = (int64_t)i + 1;
		s->runs[i] = (int64_t)(i + 1) * 1000;
	}
	g->metrics[at].is_used = true;
}

static void fill_cell(const struct shape *s, struct gathered *g, struct gathered_cell *cell,
	const struct truth *t)
{
	double time = s->has_zeroes ? 0 : t->time;

	cell->series = xcalloc(g->metrics_n, sizeof *cell->series);
	cell->series_n = g->metrics_n;
	cell->runs = cell->done = BLOCKS;
	add_series(g, cell, "time", time);
	add_series(g, cell, "memory.peak", t->memory);
	add_series(g, cell, "cores.effective", t->cores);
	add_series(g, cell, "context_switches.voluntary", t->switches * time);
	if (s->has_work)
		add_series(g, cell, "time.per_work", time / t->work);
	if (!s->has_energy)
		return;
	add_series(g, cell, "power.package", t->power);
	add_series(g, cell, "energy.package", t->power * time);
	if (s->has_net)
		add_series(g, cell, "energy.package.net", (t->power - 5) * time);
}

static void add_configuration(
	struct gathered *g, size_t benchmark, const char *python, double threads, size_t size)
{
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct gathered_configuration *c;

	g->configurations = xreallocarray(
		g->configurations, g->configurations_n + 1, sizeof *g->configurations);
	c = &g->configurations[g->configurations_n++];
	buf_addc(&json, '{');
	if (python != NULL)
		buf_addf(&json, "\"python\":\"%s\"", python);
	if (threads > 0)
		buf_addf(&json, "%s\"threads\":%g", json.len > 1 ? "," : "", threads);
	if (size > 0)
		buf_addf(&json, "%s\"size\":%zu", json.len > 1 ? "," : "", size);
	buf_addc(&json, '}');
	*c = (struct gathered_configuration){
		.benchmark = xasprintf("bench%zu", benchmark), .json = buf_take(&json)};
	assert_true(parameters_parse(&c->parameters, c->json));
}

static void add_configurations(const struct shape *s, struct gathered *g)
{
	for (size_t b = 0; b < s->benchmarks; b++) {
		for (size_t p = 0; p == 0 || (s->python[0] != NULL && s->python[p] != NULL); p++) {
			for (size_t t = 0; t == 0 || (s->threads[0] > 0 && s->threads[t] > 0);
				t++) {
				for (size_t size = s->sizes > 0; size <= s->sizes; size++)
					add_configuration(g, b, s->python[p], s->threads[t], size);
			}
		}
	}
}

static void fill_cells(const struct shape *s, struct gathered *g)
{
	g->cells = xcalloc(g->lanes_n * g->configurations_n + 1, sizeof *g->cells);
	for (size_t lane = 0; lane < g->lanes_n && !s->is_empty; lane++) {
		for (size_t i = 0; i < g->configurations_n; i++) {
			const struct parameters *p = &g->configurations[i].parameters;
			const char *threads = parameters_get(p, "threads");
			struct truth t = truth_of(parameters_get(p, "python"),
				threads == NULL ? 1 : strtod(threads, NULL), lane);
			const char *size = parameters_get(p, "size");
			const char *python = parameters_get(p, "python");
			const char *benchmark = g->configurations[i].benchmark;
			if (s->is_unlike && python != NULL && strcmp(python, "nogil") == 0)
				t.time *= 1 + strtod(benchmark + strlen("bench"), NULL) / 2;
			t.work = size == NULL ? 1 : strtod(size, NULL);
			t.time *= s->has_work ? t.work : 1;
			fill_cell(s, g, gathered_cell(g, lane, i), &t);
		}
	}
}

static void study_make(const struct shape *s, struct study *out)
{
	struct gathered *g = &out->g;

	*out = (struct study){0};
	g->label = xstrdup("demo.1");
	g->metrics = xcalloc(standard_metrics_n + 1, sizeof *g->metrics);
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		g->metrics[i] = (struct gathered_metric){.name = xstrdup(m->name),
			.unit = xstrdup(unit_by_inner(m->inner)->outer),
			.better = m->better};
	}
	g->metrics_n = standard_metrics_n + 1;
	g->metrics[standard_metrics_n] = (struct gathered_metric){
		.name = xstrdup("time.per_work"), .unit = xstrdup("s"), .better = BETTER_LOWER};
	g->lanes = xcalloc(s->hosts + 1, sizeof *g->lanes);
	for (size_t i = 0; i < s->hosts; i++) {
		const char *known = i < ARRAY_SIZE(s->inventories) ? s->inventories[i] : NULL;
		g->lanes[i] = (struct gathered_lane){.host = xasprintf("lab%02zu", i + 1),
			.inventory = xstrdup(known == NULL ? "" : known)};
	}
	g->lanes_n = s->hosts;
	add_configurations(s, g);
	fill_cells(s, g);
	if (s->report == NULL)
		return;
	struct diagnostics d = {0};
	_cleanup_free_ char *yaml =
		xasprintf("campaign: demo\nmatrix: {python: [gil, nogil], threads: [1, 2, 4, 8]}\n"
			  "benchmarks: {bench0: {command: [a, \"{python}\", \"{threads}\"]}}\n%s",
			s->report);
	out->campaign = campaign_read(yaml, strlen(yaml), NULL, &d);
	assert_non_null(out->campaign);
	diagnostics_done(&d);
}

/* ---- making figures of it ---- */

struct made {
	struct study study;
	struct figures figures;
	bool *kept;
};

static void make(const struct shape *s, const struct report_figure *request, const char *by,
	const char *baseline, struct made *out)
{
	struct error err = {0};

	*out = (struct made){0};
	study_make(s, &out->study);
	size_t n = out->study.g.lanes_n * out->study.g.configurations_n;
	out->kept = xcalloc(n + 1, sizeof *out->kept);
	for (size_t i = 0; i < n; i++)
		out->kept[i] = true;
	const struct figure_source source = {.study = &out->study,
		.kept = out->kept,
		.by = by,
		.baseline = baseline,
		.threshold = 0.02,
		.alpha = 0.01};
	const struct figure_ops *ops = figure_kind(request->kind);
	assert_non_null(ops);
	assert_string_equal(ops->kind, request->kind);
	assert_int_equal(ops->make(request, &source, &out->figures, &err), 0);
}

/* What a store's runs are read into belongs to gathered as a whole; these do not. */
static void free_series(struct gathered *g)
{
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		for (size_t k = 0; k < g->cells[i].series_n; k++) {
			free(g->cells[i].series[k].values);
			free(g->cells[i].series[k].blocks);
			free(g->cells[i].series[k].runs);
		}
	}
}

static void done(struct made *m)
{
	figures_done(&m->figures);
	free_series(&m->study.g);
	study_done(&m->study);
	free(m->kept);
}

static size_t field_of(const struct figure *f, const char *name)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, name) == 0)
			return i;
	}
	return f->fields_n;
}

static bool has_field(const struct figure *f, const char *name)
{
	return field_of(f, name) < f->fields_n;
}

static double number(const struct figure *f, size_t row, const char *field)
{
	assert_true(has_field(f, field));
	assert_true(row < f->rows_n);
	return f->values[row * f->fields_n + field_of(f, field)].number;
}

static const char *text(const struct figure *f, size_t row, const char *field)
{
	assert_true(has_field(f, field));
	assert_true(row < f->rows_n);
	return f->values[row * f->fields_n + field_of(f, field)].text;
}

/* The row of a series at an x. */
static size_t row_of(const struct figure *f, const char *series, double x)
{
	for (size_t i = 0; i < f->rows_n; i++) {
		if (strcmp(text(f, i, "series"), series) == 0 && fabs(number(f, i, "x") - x) < 1e-9)
			return i;
	}
	fail_msg("no row of %s at %g", series, x);
	return 0;
}

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9 * (1 + fabs(expected))))
		fail_msg("%.17g, expected %.17g", value, expected);
}

static const struct figure *only_figure(const struct made *m)
{
	if (m->figures.n != 1)
		fail_msg("%zu figures; %s", m->figures.n,
			m->figures.left_out_n > 0 ? m->figures.left_out[0] : "none left out");
	return m->figures.items[0];
}

/* ---- what every figure must be ---- */

/* All fields that an encoding names are there. */
static void check_encoding(const struct figure *f, json_t *at)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(at)) {
		json_array_foreach(at, i, value) check_encoding(f, value);
		return;
	}
	json_object_foreach(at, key, value)
	{
		if (strcmp(key, "field") == 0 && !has_field(f, json_string_value(value)))
			fail_msg("%s: a chart has the field %s", f->id, json_string_value(value));
		check_encoding(f, value);
	}
}

static void check_panels(const struct figure *f)
{
	json_t *panel;
	size_t i;

	assert_true(json_array_size(f->panels) > 0);
	json_array_foreach(f->panels, i, panel)
	{
		assert_true(json_object_get(panel, "mark") != NULL ||
			    json_object_get(panel, "layer") != NULL);
		assert_null(json_object_get(panel, "data"));
		check_encoding(f, panel);
	}
}

static void check_rows(const struct figure *f)
{
	assert_true(f->rows_n > 0);
	assert_true(f->rows_n <= FIGURE_MAX_ROWS);
	for (size_t i = 0; i < f->rows_n * f->fields_n; i++)
		assert_false(isinf(f->values[i].number));
	if (f->facet == NULL)
		return;
	size_t facets = 0, at = field_of(f, f->facet);
	assert_true(at < f->fields_n);
	for (size_t i = 0; i < f->rows_n; i++) {
		bool is_new = true;
		assert_non_null(f->values[i * f->fields_n + at].text);
		for (size_t k = 0; k < i && is_new; k++)
			is_new = strcmp(f->values[i * f->fields_n + at].text,
					 f->values[k * f->fields_n + at].text) != 0;
		facets += is_new;
	}
	assert_true(facets <= FIGURE_MAX_FACETS);
}

static void check_figures(const struct figures *all, const char *kind)
{
	/* Something is shown, or it is said why not. */
	assert_true(all->n + all->left_out_n > 0);
	for (size_t i = 0; i < all->left_out_n; i++)
		assert_int_equal(strncmp(all->left_out[i], kind, strlen(kind)), 0);
	for (size_t i = 0; i < all->n; i++) {
		const struct figure *f = all->items[i];
		assert_int_equal(strncmp(f->id, kind, strlen(kind)), 0);
		assert_true(strlen(f->title) > 5);
		assert_non_null(f->reading);
		assert_true(strlen(f->reading) > 40);
		assert_null(strstr(f->reading, "(null)"));
		assert_null(strstr(f->title, "(null)"));
		check_rows(f);
		check_panels(f);
	}
}

static const struct {
	const char *name;
	struct shape shape;
	const char *by, *baseline;
} campaigns[] = {
	{"usual",
		{.benchmarks = 1,
			.hosts = 1,
			.python = {"gil", "nogil"},
			.threads = {1, 2, 4, 8},
			.has_energy = true,
			.has_net = true},
		"python", "gil"},
	{"no runs",
		{.benchmarks = 1,
			.hosts = 1,
			.python = {"gil", "nogil"},
			.threads = {1, 2},
			.is_empty = true},
		"python", "gil"},
	{"nothing at all", {.benchmarks = 0, .hosts = 0}, NULL, NULL},
	{"no energy",
		{.benchmarks = 2, .hosts = 2, .python = {"gil", "nogil"}, .threads = {1, 2, 4}},
		"python", "gil"},
	{"one configuration", {.benchmarks = 1, .hosts = 1, .has_energy = true}, NULL, NULL},
	{"one on many hosts", {.benchmarks = 1, .hosts = 40, .has_energy = true}, NULL, NULL},
	{"no comparison",
		{.benchmarks = 2, .hosts = 2, .threads = {1, 2, 4, 8}, .has_energy = true}, NULL,
		NULL},
	{"along threads",
		{.benchmarks = 2,
			.hosts = 1,
			.threads = {1, 2, 4, 8, 16, 32},
			.has_energy = true,
			.has_net = true},
		"threads", "1"},
	{"along hosts", {.benchmarks = 2, .hosts = 3, .threads = {1, 2, 4}, .has_energy = true},
		"host", "lab01"},
	{"along a field that no host has",
		{.benchmarks = 1, .hosts = 3, .threads = {1, 2}, .has_energy = true},
		"host.cpu.codename", "Zen"},
	{"names alone",
		{.benchmarks = 30,
			.hosts = 1,
			.python = {"gil", "nogil", "nogil+gil"},
			.has_energy = true,
			.has_net = true},
		"python", "gil"},
	{"a baseline that is not there",
		{.benchmarks = 1,
			.hosts = 1,
			.python = {"gil", "nogil"},
			.threads = {1, 2},
			.has_energy = true},
		"python", "pypy"},
	{"an axis that is not there",
		{.benchmarks = 1,
			.hosts = 1,
			.python = {"gil", "nogil"},
			.threads = {1, 2},
			.has_energy = true},
		"compiler", "gcc"},
	{"many sizes",
		{.benchmarks = 1,
			.hosts = 3,
			.python = {"gil", "nogil"},
			.sizes = 700,
			.has_energy = true},
		"python", "gil"},
	{"many cases",
		{.benchmarks = 14,
			.hosts = 14,
			.python = {"gil", "nogil"},
			.threads = {1, 2, 4, 8},
			.has_energy = true,
			.has_net = true},
		"python", "gil"},
	{"zeroes",
		{.benchmarks = 1,
			.hosts = 1,
			.python = {"gil", "nogil"},
			.threads = {1, 2},
			.has_energy = true,
			.has_net = true,
			.has_zeroes = true},
		"python", "gil"},
};

static void test_no_campaign_breaks_a_kind(void **state)
{
	char *chain[] = {TEXT("gil"), TEXT("nogil+gil"), TEXT("nogil")};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(campaigns); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			const struct report_figure requests[] = {
				{.kind = TEXT(kinds[k])},
				{.kind = TEXT(kinds[k]), .facet = TEXT("benchmark")},
				{.kind = TEXT(kinds[k]), .x = TEXT("python")},
				{.kind = TEXT(kinds[k]),
					.by = TEXT("benchmark"),
					.baseline = TEXT("bench0")},
				{.kind = TEXT(kinds[k]),
					.by = TEXT("python"),
					.chain = chain,
					.chain_n = 3},
				{.kind = TEXT(kinds[k]),
					.x = TEXT("nothere"),
					.by = TEXT("neither"),
					.facet = TEXT("nor"),
					.metric = TEXT("this")},
			};
			for (size_t r = 0; r < ARRAY_SIZE(requests); r++) {
				struct made m;
				make(&campaigns[i].shape, &requests[r], campaigns[i].by,
					campaigns[i].baseline, &m);
				/* Zeroes have no ratio: a figure of nothing is none. */
				check_figures(&m.figures, kinds[k]);
				done(&m);
			}
		}
	}
}

/* ---- what is shown ---- */

static void test_speedup(void **state)
{
	const struct report_figure request = {.kind = TEXT("speedup")};
	struct made m;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(f->rows_n, 8);
	for (double n = 1; n <= 8; n *= 2) {
		size_t row = row_of(f, "nogil", n);
		assert_near(number(f, row, "y"), 6 * n / 8);
		assert_near(number(f, row, "same"), 6 * n / 8);
		assert_near(number(f, row, "ideal"), n);
		assert_near(number(f, row_of(f, "gil", n), "y"), 1);
	}
	assert_int_equal(json_array_size(f->panels), 2);
	done(&m);
	/* Without a baseline each line starts at its own smallest x. */
	make(&usual, &request, NULL, NULL, &m);
	f = only_figure(&m);
	assert_near(number(f, row_of(f, "nogil", 8), "y"), 8);
	assert_false(has_field(f, "same"));
	done(&m);
}

static void test_ratio_gross_and_net(void **state)
{
	const struct report_figure request = {.kind = TEXT("ratio")};
	struct made m;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	assert_int_equal(m.figures.n, 2);
	assert_string_equal(m.figures.items[0]->title, "Time relative to gil");
	assert_string_equal(m.figures.items[1]->title, "Gross package energy relative to gil");
	const struct figure *f = m.figures.items[1];
	size_t row = row_of(f, "nogil", 4);
	assert_near(number(f, row, "y"), 2.0 * 30 / (6 * 16));
	assert_near(number(f, row, "net"), 2.0 * 25 / (6 * 11));
	assert_near(number(f, row, "low"), number(f, row, "y"));
	assert_near(number(f, row_of(f, "gil", 4), "y"), 1);
	assert_int_equal(json_array_size(f->panels), 4);
	done(&m);
}

/* The axis of the comparison is x itself: all is seen against its baseline. */
static void test_ratio_along_the_comparison(void **state)
{
	struct shape shape = usual;
	const struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct made m;

	(void)state;
	shape.python[0] = NULL;
	make(&shape, &request, "threads", "2", &m);
	const struct figure *f = only_figure(&m);
	assert_string_equal(f->title, "Time relative to threads = 2");
	assert_int_equal(f->rows_n, 4);
	assert_near(number(f, 0, "y"), 2);
	assert_near(number(f, 1, "y"), 1);
	assert_near(number(f, 3, "y"), 0.25);
	done(&m);
}

/* Of two threads against one there is one interval a line: a band through it has no width, so that
 * it would not be seen. */
static void test_an_interval_alone_is_seen(void **state)
{
	const struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct made m;
	size_t bands = 0, bars = 0, i;
	json_t *layer;

	(void)state;
	make(&usual, &request, "threads", "1", &m);
	const struct figure *f = only_figure(&m);
	json_array_foreach(json_object_get(json_array_get(f->panels, 0), "layer"), i, layer)
	{
		const json_t *y2 = json_object_get(json_object_get(layer, "encoding"), "y2");
		const char *type =
			json_string_value(json_object_get(json_object_get(layer, "mark"), "type"));

		if (json_object_get(y2, "field") == NULL)
			continue;
		assert_string_equal(json_string_value(json_object_get(y2, "field")), "high");
		bands += strcmp(type, "area") == 0;
		bars += strcmp(type, "rule") == 0;
	}
	assert_int_equal(bands, 1);
	assert_int_equal(bars, 1);
	done(&m);
}

static void test_ratio_of_names(void **state)
{
	struct shape shape = usual;
	const struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct made m;

	(void)state;
	shape.threads[0] = 0;
	shape.hosts = 2;
	shape.benchmarks = 2;
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_null(f->facet);
	assert_int_equal(f->rows_n, 4);
	assert_int_equal(f->tall, 4);
	assert_string_equal(text(f, 0, "label"), "bench0 on lab01");
	assert_near(number(f, 0, "y"), 8.0 / 6);
	done(&m);
}

static void test_power(void **state)
{
	struct shape shape = usual;
	const struct report_figure request = {.kind = TEXT("power")};
	struct made m;

	(void)state;
	shape.python[0] = "nogil";
	shape.python[1] = NULL;
	shape.threads[4] = 16;
	shape.hosts = 2;
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_string_equal(f->facet, "facet");
	assert_int_equal(f->rows_n, 10);
	for (size_t i = 0; i < f->rows_n; i++) {
		assert_near(number(f, i, "linear_rest"), 0);
		assert_near(number(f, i, "y"), number(f, i, "linear"));
	}
	/* The noise of cores: its median is 1.03. */
	assert_non_null(strstr(f->note, "lab01: P = 10 + 4.8"));
	assert_int_equal(json_array_size(f->panels), 2);
	done(&m);
	/* Three points are no line. */
	shape.threads[3] = 0;
	make(&shape, &request, "python", "gil", &m);
	f = only_figure(&m);
	assert_true(isnan(number(f, 0, "linear")));
	assert_int_equal(json_array_size(f->panels), 1);
	done(&m);
}

static void test_energy_time(void **state)
{
	const struct report_figure request = {.kind = TEXT("energy_time")};
	struct made m;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(f->rows_n, 8);
	for (size_t i = 0; i < f->rows_n; i++)
		assert_near(number(f, i, "y"), number(f, i, "x") * number(f, i, "power"));
	assert_non_null(strstr(f->note, "power ranges from 15 to 50 W"));
	done(&m);
}

static void test_break_even(void **state)
{
	const struct report_figure request = {.kind = TEXT("break_even")};
	struct shape shape = usual;
	struct made m;

	(void)state;
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "nogil", 8);
	assert_near(number(f, row, "y"), 6);
	assert_near(number(f, row, "gross"), 50.0 / 16);
	assert_near(number(f, row, "net"), 45.0 / 11);
	assert_near(number(f, row, "margin"), 6 * 16 / 50.0);
	assert_near(number(f, row, "net_margin"), 6 * 11 / 45.0);
	assert_near(number(f, row, "over"), 6 - 50.0 / 16);
	assert_near(number(f, row, "net_over"), 6 - 45.0 / 11);
	assert_string_equal(text(f, row, "sign"), "saves");
	/* Alone it takes longer, at a little less power: gross and net say so. */
	assert_string_equal(text(f, row_of(f, "nogil", 1), "sign"), "wastes");
	assert_near(number(f, row_of(f, "gil", 1), "over"), 0);
	assert_string_equal(f->note, "Gross: 3 save, 1 wastes, 0 undecided. Net: 3 save, 1 wastes, "
				     "0 undecided.");
	done(&m);
	shape.has_net = false;
	make(&shape, &request, "python", "gil", &m);
	f = only_figure(&m);
	assert_false(has_field(f, "net"));
	assert_non_null(strstr(f->note, "measure: {idle: 10s}"));
	done(&m);
}

static void test_edp(void **state)
{
	const struct report_figure request = {.kind = TEXT("edp")};
	struct made m;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "nogil", 2);
	assert_near(number(f, row, "y"), 4.0 * 4 * 20 / (6.0 * 6 * 16));
	assert_near(number(f, row, "square"), 4.0 * 4 * 4 * 20 / (6.0 * 6 * 6 * 16));
	done(&m);
}

/* nogil: 8 s 120 J, 4 s 80 J, 2 s 60 J, 1 s 50 J: the last beats all, gil's 6 s 96 J too. */
static void test_pareto(void **state)
{
	const struct report_figure request = {.kind = TEXT("pareto")};
	struct made m;
	size_t front = 0;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(f->rows_n, 8);
	for (size_t i = 0; i < f->rows_n; i++) {
		if (number(f, i, "front") < 0.5)
			continue;
		front++;
		assert_string_equal(text(f, i, "configuration"), "nogil, threads 8");
		assert_string_equal(text(f, i, "label"), "nogil, threads 8");
	}
	assert_int_equal(front, 1);
	done(&m);
}

static void test_memory(void **state)
{
	const struct report_figure request = {.kind = TEXT("memory")};
	struct made m;

	(void)state;
	make(&usual, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "gil", 4);
	assert_near(number(f, row, "y"), 32 * 1.025);
	assert_string_equal(f->fields[field_of(f, "y")].unit, "MiB");
	assert_near(number(f, row_of(f, "nogil", 4), "ratio"), 1.5);
	assert_true(number(f, row, "low") < number(f, row, "high"));
	done(&m);
}

static void test_contention(void **state)
{
	const struct report_figure request = {.kind = TEXT("contention")};
	struct shape shape = usual;
	struct made m;

	(void)state;
	make(&shape, &request, "python", "gil", &m);
	assert_int_equal(m.figures.n, 0);
	assert_non_null(strstr(m.figures.left_out[0], "nothing that is compared is about sharing"));
	done(&m);
	/* "lock" is in both, and says nothing. */
	shape.python[0] = "2GHz-clock";
	shape.python[1] = "block";
	make(&shape, &request, "python", "block", &m);
	assert_int_equal(m.figures.n, 0);
	done(&m);
	shape.python[0] = "own-lock";
	make(&shape, &request, "python", "block", &m);
	assert_int_equal(m.figures.n, 1);
	done(&m);
	shape = usual;
	shape.report = "report: {figures: [{kind: contention}]}\n";
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "nogil", 1);
	assert_near(number(f, row, "y"), 8.0 / 6);
	assert_near(number(f, row, "voluntary"), 100);
	assert_near(number(f, row_of(f, "gil", 1), "y"), 1);
	assert_false(has_field(f, "involuntary"));
	done(&m);
}

static void test_decomposition(void **state)
{
	char *chain[] = {TEXT("gil"), TEXT("nogil+gil"), TEXT("nogil")};
	const struct report_figure request = {.kind = TEXT("decomposition"),
		.metric = TEXT("time"),
		.chain = chain,
		.chain_n = 3};
	struct shape shape = usual;
	struct made m;

	(void)state;
	shape.python[2] = "nogil+gil";
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(f->rows_n, 4 * 3);
	for (size_t i = 0; i < f->rows_n; i += 3) {
		assert_string_equal(text(f, i, "part"), "gil → nogil+gil");
		assert_near(number(f, i, "from"), 1);
		assert_near(number(f, i + 1, "from"), number(f, i, "to"));
		assert_near(number(f, i + 1, "to"), number(f, i + 2, "end"));
		assert_near(number(f, i + 1, "ratio"), 1 / 1.5);
		assert_near(number(f, i + 2, "from"), 1);
	}
	assert_near(number(f, 2, "end"), 8.0 / 6);
	assert_string_equal(text(f, 0, "label"), "threads=1");
	done(&m);
}

/* Of too many those that differ most: with nogil 8 / n s against 6 s, of 4 and 8 threads. */
static void test_decomposition_of_many(void **state)
{
	char *chain[] = {TEXT("gil"), TEXT("nogil+gil"), TEXT("nogil")};
	const struct report_figure request = {.kind = TEXT("decomposition"),
		.metric = TEXT("time"),
		.chain = chain,
		.chain_n = 3};
	struct shape shape = usual;
	struct made m;

	(void)state;
	shape.python[2] = "nogil+gil";
	shape.sizes = 12;
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(f->rows_n, 24 * 3);
	for (size_t i = 0; i < f->rows_n; i++)
		assert_true(strstr(text(f, i, "label"), "threads=4") != NULL ||
			    strstr(text(f, i, "label"), "threads=8") != NULL);
	assert_non_null(strstr(f->note, "24 of 48: those that differ most"));
	done(&m);
}

/* Two hosts of one kind, and one that is a guest: its energy is not the machine's. */
static void test_unlike_energies_are_not_drawn(void **state)
{
	const struct report_figure request = {
		.kind = TEXT("ratio"), .metric = TEXT("energy.package")};
	static const char known[] = "{\"hypervisor\":\"\",\"energy\":{\"zones\":[{\"domain\":"
				    "\"package\",\"state\":\"ok\"}]}}";
	static const char guest[] = "{\"hypervisor\":\"kvm\",\"energy\":{\"zones\":[{\"domain\":"
				    "\"package\",\"state\":\"ok\"}]}}";
	struct shape shape = usual;
	struct made m;

	(void)state;
	shape.hosts = 3;
	shape.python[0] = NULL;
	shape.inventories[0] = shape.inventories[1] = known;
	shape.inventories[2] = guest;
	make(&shape, &request, "host", "lab01", &m);
	const struct figure *f = only_figure(&m);
	assert_non_null(strstr(f->note, "energy.package of lab03 is not shown: "));
	assert_near(number(f, row_of(f, "lab02", 4), "y"), 2);
	for (size_t i = 0; i < f->rows_n; i++)
		assert_string_not_equal(text(f, i, "series"), "lab03");
	done(&m);
	shape.inventories[1] = guest;
	make(&shape, &request, "host", "lab01", &m);
	assert_int_equal(m.figures.n, 0);
	assert_non_null(strstr(m.figures.left_out[0], "energy.package of lab02 is not shown"));
	done(&m);
}

/* size as a comparison: three times the work in three times the time is no change. */
static void test_unlike_work_is_compared_per_unit(void **state)
{
	struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct shape shape = usual;
	struct made m;

	(void)state;
	shape.python[0] = NULL;
	shape.sizes = 3;
	shape.has_work = true;
	make(&shape, &request, "size", "1", &m);
	const struct figure *f = only_figure(&m);
	assert_string_equal(f->title, "Time per unit of work relative to size = 1");
	for (size_t i = 0; i < f->rows_n; i++)
		assert_near(number(f, i, "y"), 1);
	done(&m);
	request.metric = TEXT("energy.package");
	make(&shape, &request, "size", "1", &m);
	assert_int_equal(m.figures.n, 0);
	assert_non_null(strstr(m.figures.left_out[0], "unlike amounts of work"));
	done(&m);
	/* At equal size it is equal work. */
	make(&shape, &request, "threads", "1", &m);
	assert_string_equal(only_figure(&m)->title, "Gross package energy relative to threads = 1");
	done(&m);
}

/* Nobody asked for a comparison, and more of a size is no speed-up. */
static void test_sizes_are_no_comparison(void **state)
{
	struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct shape shape = usual;
	struct made m;

	(void)state;
	shape.python[0] = NULL;
	shape.threads[0] = 0;
	shape.sizes = 5;
	make(&shape, &request, NULL, NULL, &m);
	assert_int_equal(m.figures.n, 0);
	assert_non_null(strstr(m.figures.left_out[0], "there is nothing to compare with"));
	done(&m);
	request.x = TEXT("size");
	make(&shape, &request, NULL, NULL, &m);
	assert_string_equal(only_figure(&m)->title, "Time relative to size = 1");
	done(&m);
}

/* ---- what is left away ---- */

static void test_too_much_is_thinned_and_said(void **state)
{
	static const struct shape many = {.benchmarks = 30,
		.hosts = 40,
		.python = {"gil", "nogil"},
		.threads = {1, 2, 4, 8},
		.has_energy = true};
	const struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct made m;

	(void)state;
	make(&many, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_string_equal(f->note,
		"Shown are 12 of 1200: those that differ most. All are in `joulerig compare demo.1 "
		"--all`.");
	assert_int_equal(f->rows_n, 12 * 2 * 4);
	done(&m);
}

/* Of 30 benchmarks the first ones gain most, up to a factor 6; the last ones lose more. */
static void test_what_differs_most_is_shown(void **state)
{
	struct shape shape = usual;
	const struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("time")};
	struct made m;

	(void)state;
	shape.benchmarks = 30;
	shape.is_unlike = true;
	make(&shape, &request, "python", "gil", &m);
	const struct figure *f = only_figure(&m);
	assert_string_equal(text(f, 0, "facet"), "bench18");
	assert_string_equal(text(f, f->rows_n - 1, "facet"), "bench29");
	done(&m);
}

/* A run without energy is no part of what is made of energy and time. */
static void test_products_are_of_one_run(void **state)
{
	struct study study;
	struct quantity power;
	struct summary summary;

	(void)state;
	study_make(&usual, &study);
	struct gathered *g = &study.g;
	struct series *energy =
		&gathered_cell(g, 0, 0)->series[gathered_metric(g, "energy.package")];
	energy->n--;
	for (size_t i = 2; i < energy->n; i++) {
		energy->values[i] = energy->values[i + 1];
		energy->blocks[i] = energy->blocks[i + 1];
		energy->runs[i] = energy->runs[i + 1];
	}
	assert_true(quantity_product(g, "energy.package", "time", -1, "power", "W", &power));
	quantity_summary(g, &power, 0, 0, 0.95, &summary);
	assert_int_equal(summary.n, BLOCKS - 1);
	assert_near(summary.low, 16);
	assert_near(summary.high, 16);
	assert_true(quantity_product(
		g, "time", "energy.package", -1, "what a watt takes", "s/J", &power));
	quantity_summary(g, &power, 0, 0, 0.95, &summary);
	assert_int_equal(summary.n, BLOCKS - 1);
	assert_near(summary.low, 1.0 / 16);
	assert_near(summary.high, 1.0 / 16);
	free_series(g);
	study_done(&study);
}

static void test_a_figure_for_each_value_of_a_facet(void **state)
{
	struct shape shape = usual;
	const struct report_figure request = {.kind = TEXT("speedup"), .facet = TEXT("benchmark")};
	struct made m;

	(void)state;
	shape.benchmarks = 3;
	shape.hosts = 2;
	make(&shape, &request, "python", "gil", &m);
	assert_int_equal(m.figures.n, 3);
	assert_string_equal(m.figures.items[1]->title, "Speed-up against threads, bench1");
	assert_string_equal(m.figures.items[1]->id, "speedup-2");
	assert_string_equal(text(m.figures.items[1], 0, "facet"), "lab01");
	done(&m);
	shape.benchmarks = 30;
	make(&shape, &request, "python", "gil", &m);
	assert_int_equal(m.figures.n, FIGURE_MAX_FACETS);
	assert_string_equal(m.figures.left_out[0],
		"speedup: 12 of 30 values of benchmark have a figure; `only` chooses others");
	done(&m);
}

static void test_left_out_says_why(void **state)
{
	static const struct {
		const char *kind, *x, *metric, *by;
		bool has_energy, has_threads;
		const char *why;
	} vectors[] = {
		{"speedup", NULL, NULL, "python", true, false,
			"no axis with several values says how"},
		{"speedup", "thread", NULL, "python", true, true, "there is no axis 'thread'"},
		{"speedup", NULL, "ops", "python", true, true, "no run has ops"},
		{"ratio", NULL, NULL, "python", false, true, "no run has energy.package"},
		{"power", NULL, NULL, "python", false, true,
			"no run has power.package; `joulerig "},
		{"energy_time", NULL, NULL, "python", false, true, "no run has energy.package"},
		{"break_even", NULL, NULL, "python", false, true, "no run has energy.package"},
		{"edp", NULL, NULL, "python", false, true, "no run has energy.package"},
		{"pareto", NULL, NULL, "python", false, true, "no run has energy.package"},
		{"edp", NULL, NULL, NULL, true, false, "there is nothing to compare with"},
		{"contention", NULL, NULL, NULL, true, true, "nothing says which"},
		{"pareto", NULL, NULL, NULL, true, false, "there are no two configurations"},
		{"decomposition", NULL, NULL, "python", true, true, "it needs `by` and `chain`"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct shape shape = usual;
		const struct report_figure request = {.kind = TEXT(vectors[i].kind),
			.x = TEXT(vectors[i].x),
			.metric = TEXT(vectors[i].metric)};
		struct made m;
		shape.has_energy = vectors[i].has_energy;
		if (!vectors[i].has_threads)
			shape.threads[0] = 0;
		if (vectors[i].by == NULL)
			shape.python[0] = NULL;
		make(&shape, &request, vectors[i].by, vectors[i].by == NULL ? NULL : "gil", &m);
		assert_true(m.figures.left_out_n > 0);
		if (strstr(m.figures.left_out[0], vectors[i].why) == NULL)
			fail_msg("%s, expected ... %s", m.figures.left_out[0], vectors[i].why);
		done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_speedup),
		cmocka_unit_test(test_ratio_gross_and_net),
		cmocka_unit_test(test_ratio_along_the_comparison),
		cmocka_unit_test(test_an_interval_alone_is_seen),
		cmocka_unit_test(test_ratio_of_names),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_energy_time),
		cmocka_unit_test(test_break_even),
		cmocka_unit_test(test_edp),
		cmocka_unit_test(test_pareto),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_contention),
		cmocka_unit_test(test_decomposition),
		cmocka_unit_test(test_decomposition_of_many),
		cmocka_unit_test(test_unlike_energies_are_not_drawn),
		cmocka_unit_test(test_unlike_work_is_compared_per_unit),
		cmocka_unit_test(test_sizes_are_no_comparison),
		cmocka_unit_test(test_too_much_is_thinned_and_said),
		cmocka_unit_test(test_what_differs_most_is_shown),
		cmocka_unit_test(test_products_are_of_one_run),
		cmocka_unit_test(test_a_figure_for_each_value_of_a_facet),
		cmocka_unit_test(test_left_out_says_why),
		cmocka_unit_test(test_no_campaign_breaks_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
