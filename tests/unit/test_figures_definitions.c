/*
 * What figures show besides their first lines, by its definition: the law of scalability, ratios to
 * one alone, ratios of power, break-even, choices of two axes, the campaign's own memory metrics,
 * what sharing costs for a unit of work, race to idle, changes of level, canaries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/report/figure_parts.h"
#include <cmocka.h>
#include <math.h>

#define BLOCKS  8
#define TEXT(s) ((char *)(uintptr_t)(s))

/* ---- a study by hand ---- */

/* What a metric is in a configuration and block; NaN: it is not measured. */
typedef double measure(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block);

struct scene {
	const char *yaml;                  /* of the campaign's file; NULL: there is none */
	const char *const *configurations; /* "benchmark {parameters}", ended by NULL */
	size_t hosts, blocks;
	measure *measure;
	const char *by, *baseline;
};

static const struct {
	const char *name, *unit;
	bool is_own;
} more_metrics[] = {
	{"time.per_work", "s", false},
	{"energy.package.per_work", "J", false},
	{"cache_misses", "1", false},
	{"rss", "B", true},
	{"vms", "B", true},
	{"items", "1", true},
};

struct made {
	struct study study;
	struct figures figures;
	bool *kept;
};

static void add_metrics(struct gathered *g)
{
	g->metrics = xcalloc(standard_metrics_n + ARRAY_SIZE(more_metrics), sizeof *g->metrics);
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		g->metrics[g->metrics_n++] = (struct gathered_metric){
			.name = xstrdup(m->name), .unit = xstrdup(unit_by_inner(m->inner)->outer)};
	}
	for (size_t i = 0; i < ARRAY_SIZE(more_metrics); i++)
		g->metrics[g->metrics_n++] =
			(struct gathered_metric){.name = xstrdup(more_metrics[i].name),
				.unit = xstrdup(more_metrics[i].unit),
				.is_own = more_metrics[i].is_own};
}

static void add_configuration(struct gathered *g, const char *text, const struct campaign *c)
{
	size_t name = strcspn(text, " ");
	struct gathered_configuration *new;

	g->configurations = xreallocarray(
		g->configurations, g->configurations_n + 1, sizeof *g->configurations);
	new = &g->configurations[g->configurations_n++];
	*new = (struct gathered_configuration){
		.benchmark = xstrndup(text, name), .json = xstrdup(text + name + 1)};
	assert_true(parameters_parse(&new->parameters, new->json));
	for (size_t i = 0; c != NULL && i < c->benchmarks_n; i++)
		new->is_canary |= c->benchmarks[i].is_canary &&strcmp(
					  c->benchmarks[i].name, new->benchmark) == 0;
}

static void fill_cell(const struct scene *s, struct gathered *g, size_t lane, size_t at)
{
	struct gathered_cell *cell = gathered_cell(g, lane, at);
	const struct gathered_configuration *c = &g->configurations[at];

	cell->series = xcalloc(g->metrics_n, sizeof *cell->series);
	cell->series_n = g->metrics_n;
	cell->runs = cell->done = s->blocks;
	for (size_t i = 0; i < g->metrics_n; i++) {
		struct series *out = &cell->series[i];
		out->values = xcalloc(s->blocks, sizeof *out->values);
		out->blocks = xcalloc(s->blocks, sizeof *out->blocks);
		out->runs = xcalloc(s->blocks, sizeof *out->runs);
		for (size_t b = 0; b < s->blocks; b++) {
			double v = s->measure(
				&c->parameters, c->benchmark, g->metrics[i].name, lane, b);
			if (isnan(v))
				continue;
			out->values[out->n] = v;
			out->blocks[out->n] = (int64_t)b + 1;
			out->runs[out->n++] = (int64_t)(b * g->configurations_n + at) + 1;
			g->metrics[i].is_used = true;
		}
	}
}

static void study_make(const struct scene *s, struct study *out)
{
	struct gathered *g = &out->g;
	struct diagnostics d = {0};

	*out = (struct study){0};
	g->label = xstrdup("demo.1");
	if (s->yaml != NULL) {
		out->campaign = campaign_read(s->yaml, strlen(s->yaml), NULL, &d);
		assert_non_null(out->campaign);
		diagnostics_done(&d);
	}
	add_metrics(g);
	g->lanes_n = s->hosts;
	g->lanes = xcalloc(s->hosts + 1, sizeof *g->lanes);
	for (size_t i = 0; i < s->hosts; i++)
		g->lanes[i] = (struct gathered_lane){.host = xasprintf("lab%02zu", i + 1),
			.inventory = xstrdup("{\"frequency\":{\"base\":2000000000}}")};
	for (size_t i = 0; s->configurations[i] != NULL; i++)
		add_configuration(g, s->configurations[i], out->campaign);
	g->cells = xcalloc(g->lanes_n * g->configurations_n + 1, sizeof *g->cells);
	for (size_t lane = 0; lane < g->lanes_n; lane++)
		for (size_t i = 0; i < g->configurations_n; i++)
			fill_cell(s, g, lane, i);
}

static void make(const struct scene *s, const struct report_figure *request, struct made *out)
{
	struct error err = {0};

	*out = (struct made){0};
	study_make(s, &out->study);
	size_t n = out->study.g.lanes_n * out->study.g.configurations_n;
	out->kept = xcalloc(n + 1, sizeof *out->kept);
	memset(out->kept, true, n);
	const struct figure_source source = {.study = &out->study,
		.kept = out->kept,
		.by = s->by,
		.baseline = s->baseline,
		.threshold = 0.02,
		.alpha = 0.01};
	assert_int_equal(
		figure_kind(request->kind)->make(request, &source, &out->figures, &err), 0);
}

static void done(struct made *m)
{
	struct gathered *g = &m->study.g;

	figures_done(&m->figures);
	for (size_t i = 0; i < g->lanes_n * g->configurations_n; i++) {
		for (size_t k = 0; k < g->cells[i].series_n; k++) {
			free(g->cells[i].series[k].values);
			free(g->cells[i].series[k].blocks);
			free(g->cells[i].series[k].runs);
		}
	}
	study_done(&m->study);
	free(m->kept);
}

/* ---- looking at figures ---- */

static const struct figure *only_figure(const struct made *m)
{
	if (m->figures.n != 1)
		fail_msg("%zu figures; %s", m->figures.n,
			m->figures.left_out_n > 0 ? m->figures.left_out[0] : "none left out");
	assert_non_null(m->figures.items[0]->reading);
	return m->figures.items[0];
}

static bool has_field(const struct figure *f, const char *name)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, name) == 0)
			return true;
	}
	return false;
}

static const struct figure_value *value(const struct figure *f, size_t row, const char *field)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, field) == 0)
			return &f->values[row * f->fields_n + i];
	}
	fail_msg("%s has no field %s", f->id, field);
	return NULL;
}

static double number(const struct figure *f, size_t row, const char *field)
{
	return value(f, row, field)->number;
}

static const char *text(const struct figure *f, size_t row, const char *field)
{
	const char *t = value(f, row, field)->text;

	return t == NULL ? "" : t;
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

static void assert_near_by(double v, double expected, double by)
{
	if (!(fabs(v - expected) <= by * (1 + fabs(expected))))
		fail_msg("%.12g, expected %.12g", v, expected);
}

static void assert_near(double v, double expected)
{
	assert_near_by(v, expected, 1e-9);
}

static void assert_note(const struct figure *f, const char *has)
{
	if (f->note == NULL || strstr(f->note, has) == NULL)
		fail_msg("'%s' does not say '%s'", f->note == NULL ? "" : f->note, has);
}

static double parameter(const struct parameters *p, const char *name)
{
	const char *t = parameters_get(p, name);

	return t == NULL ? NAN : strtod(t, NULL);
}

static bool is_param(const struct parameters *p, const char *name, const char *text)
{
	const char *t = parameters_get(p, name);

	return t != NULL && strcmp(t, text) == 0;
}

static bool is_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The same for all metrics of a block, so that ratios within one are exact. */
static double noise(size_t block)
{
	return 1 + 0.01 * (double)((block * 5) % 7);
}

/* ---- scaling ---- */

static const char *const scaled_configurations[] = {"work {\"arm\":\"old\",\"threads\":1}",
	"work {\"arm\":\"old\",\"threads\":2}", "work {\"arm\":\"old\",\"threads\":4}",
	"work {\"arm\":\"old\",\"threads\":8}", "work {\"arm\":\"new\",\"threads\":1}",
	"work {\"arm\":\"new\",\"threads\":2}", "work {\"arm\":\"new\",\"threads\":4}",
	"work {\"arm\":\"new\",\"threads\":8}", NULL};

static double law(double n, double a, double b)
{
	return n / (1 + a * (n - 1) + b * n * (n - 1));
}

/* old gains nothing, 10 s at 20 W; new takes 12.5 s alone and scales with a = 0.05, b = 0.01, at
 * 12 + 8 n W, of which 10 W are the idle machine's. */
static double scaled(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	double n = parameter(p, "threads");
	bool is_new = is_param(p, "arm", "new");
	double time = is_new ? 12.5 / law(n, 0.05, 0.01) : 10, power = is_new ? 12 + 8 * n : 20;

	(void)benchmark;
	(void)lane;
	if (is_text(metric, "time"))
		return time * noise(block);
	if (is_text(metric, "energy.package"))
		return time * power * noise(block);
	if (is_text(metric, "energy.package.net"))
		return time * (power - 10) * noise(block);
	return NAN;
}

static const struct scene scaling = {.configurations = scaled_configurations,
	.hosts = 1,
	.blocks = BLOCKS,
	.measure = scaled,
	.by = "arm",
	.baseline = "old"};

static void test_the_law_of_a_line(void **state)
{
	const struct report_figure request = {.kind = TEXT("speedup")};
	struct made m;

	(void)state;
	make(&scaling, &request, &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "new", 8);
	assert_near(number(f, row, "y"), 0.8 * law(8, 0.05, 0.01));
	assert_near_by(number(f, row, "law"), number(f, row, "y"), 1e-7);
	assert_near_by(number(f, row, "contention"), 0.05, 1e-6);
	assert_near_by(number(f, row, "coherence"), 0.01, 1e-6);
	assert_near_by(number(f, row, "peak"), sqrt(0.95 / 0.01), 1e-5);
	assert_near_by(number(f, row_of(f, "old", 4), "contention"), 1, 1e-6);
	assert_note(f, "new: a 0.05, b 0.01, n* 9.75.");
	done(&m);
}

/* Three numbers are no law, and it is said. */
static void test_too_few_points_have_no_law(void **state)
{
	static const char *const three[] = {"work {\"arm\":\"old\",\"threads\":1}",
		"work {\"arm\":\"old\",\"threads\":2}", "work {\"arm\":\"old\",\"threads\":4}",
		"work {\"arm\":\"new\",\"threads\":2}", NULL};
	const struct report_figure request = {.kind = TEXT("speedup")};
	struct scene s = scaling;
	struct made m;

	(void)state;
	s.configurations = three;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	assert_false(has_field(f, "law"));
	assert_note(f, "no line has threads = 1 and 4 different numbers");
	done(&m);
}

static double weak(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	/* As many do as much each: 10 s for n units. */
	if (is_text(metric, "time"))
		return 10;
	if (is_text(metric, "time.per_work"))
		return 10 / parameter(p, "threads");
	return scaled(p, benchmark, metric, lane, block);
}

static void test_weak_scaling_is_per_unit_of_work(void **state)
{
	const struct report_figure request = {.kind = TEXT("speedup")};
	struct scene s = scaling;
	struct made m;

	(void)state;
	s.measure = weak;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	assert_near(number(f, row_of(f, "new", 8), "y"), 8);
	assert_note(f, "unlike amounts of work");
	done(&m);
}

static void test_ratios_to_one_alone(void **state)
{
	struct report_figure request = {.kind = TEXT("ratio"), .metric = TEXT("energy.package")};
	struct made m;

	(void)state;
	make(&scaling, &request, &m);
	const struct figure *f = only_figure(&m);
	double time = 12.5 / law(4, 0.05, 0.01);
	size_t row = row_of(f, "new", 4);
	assert_near(number(f, row, "y"), time * 44 / 200);
	assert_near(number(f, row, "one"), time * 44 / 200);
	assert_near(number(f, row, "one_net"), time * 34 / 100);
	assert_near(number(f, row_of(f, "old", 1), "one"), 1);
	assert_true(isnan(number(f, row_of(f, "old", 1), "one_low")));
	assert_false(isnan(number(f, row_of(f, "old", 8), "one_low")));
	assert_int_equal(json_array_size(f->panels), 4);
	done(&m);
	/* Of time the speed-up says it. */
	request.metric = TEXT("time");
	make(&scaling, &request, &m);
	assert_false(has_field(only_figure(&m), "one"));
	done(&m);
}

/* ---- power and break-even ---- */

static void test_ratio_of_power(void **state)
{
	const struct report_figure request = {.kind = TEXT("energy_time")};
	struct made m;

	(void)state;
	make(&scaling, &request, &m);
	const struct figure *f = only_figure(&m);
	assert_int_equal(json_array_size(f->panels), 3);
	for (size_t i = 0; i < f->rows_n; i++) {
		double n =
			text(f, i, "configuration")[strlen(text(f, i, "configuration")) - 1] - '0';
		if (is_text(text(f, i, "series"), "old")) {
			assert_string_equal(text(f, i, "verdict"), "");
			continue;
		}
		assert_near(number(f, i, "ratio"), (12 + 8 * n) / 20);
		assert_near(number(f, i, "low"), (12 + 8 * n) / 20);
		/* 20 W alone are the same power; 28 W and more are not within a tenth. */
		assert_string_equal(
			text(f, i, "verdict"), n < 2 ? "proportional" : "not proportional");
	}
	assert_note(f, "Of 4 ratios of power, 1 are proportional to within 10 %, 3 are not");
	done(&m);
}

/* Gross saves and net wastes: 5 times the net power for 4.1 times the speed. */
static void test_break_even_says_what_is_saved(void **state)
{
	const struct report_figure request = {.kind = TEXT("break_even")};
	struct made m;

	(void)state;
	make(&scaling, &request, &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "new", 4);
	double speedup = 0.8 * law(4, 0.05, 0.01);
	assert_near(number(f, row, "gross"), 44.0 / 20);
	assert_near(number(f, row, "over"), speedup - 44.0 / 20);
	assert_near(number(f, row, "net_over"), speedup - 34.0 / 10);
	assert_string_equal(text(f, row, "sign"), "saves");
	assert_string_equal(text(f, row, "net_sign"), "wastes");
	assert_near(number(f, row_of(f, "old", 4), "over"), 0);
	done(&m);
}

/* ---- choices of two axes ---- */

static const char *const clocked_configurations[] = {"spin {\"threads\":1,\"clock\":\"1GHz\"}",
	"spin {\"threads\":1,\"clock\":\"2GHz\"}", "spin {\"threads\":1,\"clock\":\"3GHz\"}",
	"spin {\"threads\":4,\"clock\":\"1GHz\"}", "spin {\"threads\":4,\"clock\":\"2GHz\"}",
	"spin {\"threads\":4,\"clock\":\"3GHz\"}", NULL};

/* Energies and times by hand: alone it takes 12 / f s at 10 + 2 f^2 W, four take a quarter at 10 +
 * 5 f^2 W; the idle machine draws 8 W. One run of four at 3 GHz was throttled. */
static double clocked(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	double f = strtod(parameters_get(p, "clock"), NULL), n = parameter(p, "threads");
	double time = 12 / f / n, power = 10 + (n > 1 ? 5 : 2) * f * f;

	(void)benchmark;
	(void)lane;
	if (is_text(metric, "time"))
		return time;
	if (is_text(metric, "energy.package"))
		return time * power;
	if (is_text(metric, "power.package.idle"))
		return 8;
	if (is_text(metric, "frequency.busy"))
		return f * 0.99e9;
	if (is_text(metric, "throttle.package"))
		return f > 2.5 && block % 4 == 0 ? 2 : 0;
	if (is_text(metric, "throttle.core") && block > 0) /* of the same runs; one has none */
		return f > 2.5 && block % 4 == 0 ? 1 : 0;
	return NAN;
}

static const struct scene clocks = {
	.configurations = clocked_configurations, .hosts = 1, .blocks = BLOCKS, .measure = clocked};

/* Of what is new; what is old takes half as much energy again. */
static double clocked_arms(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	double more = is_param(p, "arm", "old") && is_text(metric, "energy.package") ? 1.5 : 1;

	return more * clocked(p, benchmark, metric, lane, block);
}

/* Energies alone 144, 108, 112 J in 12, 6, 4 s; of four 45, 45, 55 J in 3, 1.5, 1 s. */
static void test_a_front_over_both_axes(void **state)
{
	static const char *const arms[] = {
		"spin {\"arm\":\"new\",\"threads\":1,\"clock\":\"2GHz\"}",
		"spin {\"arm\":\"new\",\"threads\":4,\"clock\":\"2GHz\"}",
		"spin {\"arm\":\"new\",\"threads\":4,\"clock\":\"3GHz\"}",
		"spin {\"arm\":\"old\",\"threads\":4,\"clock\":\"2GHz\"}",
		"spin {\"arm\":\"old\",\"threads\":4,\"clock\":\"3GHz\"}", NULL};
	const struct report_figure request = {.kind = TEXT("pareto")};
	struct scene s = clocks;
	struct made m;

	(void)state;
	s.configurations = arms;
	s.measure = clocked_arms;
	s.by = "arm";
	s.baseline = "old";
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	assert_null(f->facet);
	assert_int_equal(f->rows_n, 5);
	for (size_t i = 0; i < f->rows_n; i++) {
		const char *name = text(f, i, "configuration");
		bool is_front = is_text(name, "new, threads 4, clock 2GHz") ||
				is_text(name, "new, threads 4, clock 3GHz");
		assert_int_equal(number(f, i, "front") > 0.5, is_front);
	}
	done(&m);
}

/* Until 12 s at 8 W alone: 144, 156, 176 J, so that slow is best at a long horizon; at 1 GHz it is
 * overtaken by 3 GHz up to 4 + (144 - 112) / 8 = 8 s. */
static void test_race_to_idle(void **state)
{
	const struct report_figure request = {.kind = TEXT("frequency")};
	struct made m;

	(void)state;
	make(&clocks, &request, &m);
	const struct figure *f = only_figure(&m);
	size_t seen = 0;
	for (size_t i = 0; i < f->rows_n; i++) {
		double ghz = number(f, i, "frequency");
		assert_near(number(f, i, "busy"), 0.99 * ghz);
		assert_near(number(f, i, "base"), 2);
		assert_near(number(f, i, "throttled"), ghz > 2.5 ? 25 : 0);
		if (!is_text(text(f, i, "series"), "1"))
			continue;
		seen++;
		assert_near(number(f, i, "horizon"), 12);
		assert_near(number(f, i, "idle"), 8);
		assert_near(number(f, i, "flip"), 8);
		assert_near(number(f, i, "until"), ghz < 1.5 ? 144 : ghz < 2.5 ? 156 : 176);
		assert_int_equal(!isnan(number(f, i, "until_best")), ghz < 1.5);
	}
	assert_int_equal(seen, 3);
	assert_note(f, "only up to one in ");
	done(&m);
}

static double clocked_without_idle(const struct parameters *p, const char *benchmark,
	const char *metric, size_t lane, size_t block)
{
	return is_text(metric, "power.package.idle") || strncmp(metric, "throttle", 8) == 0
		       ? NAN
		       : clocked(p, benchmark, metric, lane, block);
}

static void test_no_race_without_idle_power(void **state)
{
	const struct report_figure request = {.kind = TEXT("frequency")};
	struct scene s = clocks;
	struct made m;

	(void)state;
	s.measure = clocked_without_idle;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	assert_false(has_field(f, "until"));
	assert_false(has_field(f, "throttled"));
	assert_note(f, "No idle power was measured (`measure: {idle: 10s}`)");
	done(&m);
}

/* ---- memory ---- */

static double remembered(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	double mib = 1024 * 1024, more = is_param(p, "arm", "new") ? 2 : 1;

	if (is_text(metric, "memory.peak"))
		return 10 * mib * more;
	if (is_text(metric, "rss"))
		return 8 * mib * more * more;
	if (is_text(metric, "vms"))
		return 100 * mib;
	if (is_text(metric, "items"))
		return 7;
	return scaled(p, benchmark, metric, lane, block);
}

static void test_own_metrics_in_bytes(void **state)
{
	struct report_figure request = {.kind = TEXT("memory")};
	struct scene s = scaling;
	struct made m;

	(void)state;
	s.measure = remembered;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "new", 2);
	assert_near(number(f, row, "y"), 20);
	assert_near(number(f, row, "ratio"), 2);
	assert_near(number(f, row, "b"), 32);
	assert_near(number(f, row, "b_ratio"), 4);
	assert_near(number(f, row, "c"), 100);
	assert_near(number(f, row, "c_ratio"), 1);
	assert_false(has_field(f, "d")); /* items are no bytes */
	assert_int_equal(json_array_size(f->panels), 6);
	done(&m);
	request.metric = TEXT("rss");
	make(&s, &request, &m);
	f = only_figure(&m);
	assert_near(number(f, row_of(f, "new", 2), "y"), 32);
	assert_int_equal(json_array_size(f->panels), 2);
	done(&m);
}

/* ---- sharing ---- */

static const char *const shared_configurations[] = {"dict {\"data\":\"private\",\"threads\":2}",
	"dict {\"data\":\"shared\",\"threads\":2}", "dict {\"data\":\"private\",\"threads\":4}",
	"dict {\"data\":\"shared\",\"threads\":4}", NULL};

/* 100 units of work; shared 3 times as long. */
static double shared(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	bool is_shared = is_param(p, "data", "shared");
	double time = (is_shared ? 6 : 2) * noise(block);

	(void)benchmark;
	(void)lane;
	if (is_text(metric, "time"))
		return time;
	if (is_text(metric, "time.per_work"))
		return time / 100;
	if (is_text(metric, "energy.package.per_work"))
		return is_shared ? 0.5 : 0.25;
	if (is_text(metric, "context_switches.voluntary"))
		return is_shared ? 5000 : 20;
	if (is_text(metric, "cache_misses"))
		return is_shared ? 70000 : 700;
	return NAN;
}

static void test_sharing_for_a_unit_of_work(void **state)
{
	static const char yaml[] = "campaign: demo\nmatrix: {data: [private, shared], threads: [2, "
				   "4]}\nbenchmarks: {dict: {command: [a, \"{data}\", "
				   "\"{threads}\"]}}\nmeasure: {counters: [cache-misses]}\n";
	const struct report_figure request = {.kind = TEXT("contention")};
	const struct scene s = {.yaml = yaml,
		.configurations = shared_configurations,
		.hosts = 1,
		.blocks = BLOCKS,
		.measure = shared,
		.by = "data",
		.baseline = "private"};
	struct made m;

	(void)state;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	size_t row = row_of(f, "shared", 4);
	assert_near(number(f, row, "y"), 3);
	assert_near(number(f, row, "energy"), 0.5);
	assert_near(number(f, row, "voluntary"), 50);
	assert_near(number(f, row, "event1"), 700);
	assert_near(number(f, row_of(f, "private", 4), "event1"), 7);
	assert_int_equal(json_array_size(f->panels), 4);
	assert_non_null(strstr(f->reading, "for a unit of work"));
	done(&m);
}

/* ---- the sequence of runs ---- */

static const char *const stepped_configurations[] = {
	"work {\"threads\":1}", "work {\"threads\":2}", "spin {}", NULL};

/* Host lab02 is 3 % slower from block 30 on. */
static double stepped(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	double jitter =
		0.004 *
		((double)((block * 7919 + (size_t)parameter(p, "threads")) % 101) / 101 - 0.5);

	if (is_text(metric, "time"))
		return (1 + jitter) * (lane == 1 && block >= 30 ? 1.03 : 1) *
		       (is_text(benchmark, "spin") ? 0.5 : parameter(p, "threads"));
	return is_text(metric, "temperature.package.max") ? 50 : NAN;
}

static double steady(const struct parameters *p, const char *benchmark, const char *metric,
	size_t lane, size_t block)
{
	return stepped(p, benchmark, metric, 0, block + 0 * lane);
}

static const char stepped_yaml[] = "campaign: demo\nmatrix: {threads: [1, 2]}\nbenchmarks:\n"
				   "  work: {command: [a, \"{threads}\"]}\n"
				   "  spin: {command: [b], canary: true}\n";

static void test_a_change_of_level_is_marked(void **state)
{
	const struct report_figure request = {.kind = TEXT("sequence")};
	struct scene s = {.yaml = stepped_yaml,
		.configurations = stepped_configurations,
		.hosts = 2,
		.blocks = 60,
		.measure = stepped};
	struct made m;
	size_t changes = 0, canaries = 0;

	(void)state;
	make(&s, &request, &m);
	const struct figure *f = only_figure(&m);
	for (size_t i = 0; i < f->rows_n; i++) {
		canaries += is_text(text(f, i, "kind"), "canary");
		if (!is_text(text(f, i, "kind"), "level changed"))
			continue;
		changes++;
		assert_string_equal(text(f, i, "host"), "lab02");
		assert_near_by(number(f, i, "change"), 3, 0.1);
		/* Runs 91 and on are of block 31. */
		assert_in_range((size_t)number(f, i, "run"), 84, 98);
	}
	assert_int_equal(changes, 1);
	assert_true(canaries > 100);
	assert_int_equal(json_array_size(f->panels), 3); /* temperature is the third */
	assert_note(f, "lab02: from run ");
	assert_non_null(strstr(f->reading, "upright line"));
	done(&m);
	s.measure = steady;
	make(&s, &request, &m);
	f = only_figure(&m);
	assert_false(has_field(f, "change"));
	assert_note(f, "No change of level beyond ±1 % was found.");
	done(&m);
}

/* A canary is nothing that is compared, unless there is nothing else. */
static void test_canaries_are_no_charts(void **state)
{
	static const char *const canary_alone[] = {
		"spin {\"threads\":1}", "spin {\"threads\":2}", NULL};
	const struct report_figure request = {.kind = TEXT("speedup")};
	struct scene s = {.yaml = stepped_yaml,
		.configurations = (const char *const[]){"work {\"threads\":1}",
			"work {\"threads\":2}", "spin {\"threads\":1}", NULL},
		.hosts = 1,
		.blocks = BLOCKS,
		.measure = stepped};
	struct made m;

	(void)state;
	make(&s, &request, &m);
	assert_null(only_figure(&m)->facet);
	assert_int_equal(only_figure(&m)->rows_n, 2);
	done(&m);
	s.configurations = canary_alone;
	make(&s, &request, &m);
	assert_int_equal(only_figure(&m)->rows_n, 2);
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_law_of_a_line),
		cmocka_unit_test(test_too_few_points_have_no_law),
		cmocka_unit_test(test_weak_scaling_is_per_unit_of_work),
		cmocka_unit_test(test_ratios_to_one_alone),
		cmocka_unit_test(test_ratio_of_power),
		cmocka_unit_test(test_break_even_says_what_is_saved),
		cmocka_unit_test(test_a_front_over_both_axes),
		cmocka_unit_test(test_race_to_idle),
		cmocka_unit_test(test_no_race_without_idle_power),
		cmocka_unit_test(test_own_metrics_in_bytes),
		cmocka_unit_test(test_sharing_for_a_unit_of_work),
		cmocka_unit_test(test_a_change_of_level_is_marked),
		cmocka_unit_test(test_canaries_are_no_charts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
