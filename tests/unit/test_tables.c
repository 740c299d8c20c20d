/*
 * What the tables of a report are made of: values over blocks, the cost of measuring, the same
 * thing under two names, and which configuration to use; on runs that are written down here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/findings/choice.h"
#include "coordinator/findings/measuring.h"
#include "coordinator/findings/twins.h"
#include <cmocka.h>
#include <math.h>

#define BLOCKS 10

static void assert_close(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("got %.12g, want %.12g", got, want);
}

/* ---- a study of one host ---- */

/* A configuration and the means of its metrics, in the order of metrics[]; 0: it has none. */
struct planted {
	const char *benchmark, *json;
	double time, energy, per_work;
	bool is_canary;
};

static const char *const metric_names[] = {"time", "energy.package", "time.per_work"};

/* Some noise of up to `noise`, other in each configuration and metric. */
static double noisy(double mean, double noise, size_t configuration, size_t metric, size_t block)
{
	unsigned draw = (unsigned)(7919 * (configuration + 1) + 104729 * (metric + 1)) *
			(unsigned)(block + 13) * 2654435761u;

	return mean * (1 + noise * ((double)(draw >> 8 & 0xffff) / 32768.0 - 1));
}

static void fill(struct series *s, double mean, double noise, size_t configuration, size_t metric)
{
	s->values = xcalloc(BLOCKS, sizeof *s->values);
	s->blocks = xcalloc(BLOCKS, sizeof *s->blocks);
	s->runs = xcalloc(BLOCKS, sizeof *s->runs);
	for (s->n = 0; s->n < BLOCKS; s->n++) {
		s->values[s->n] = noisy(mean, noise, configuration, metric, s->n);
		s->blocks[s->n] = (int64_t)s->n + 1;
		s->runs[s->n] = (int64_t)(s->n * 100 + configuration + 1);
	}
}

static void make_study(struct study *s, const struct planted *planted, size_t n, double noise)
{
	struct gathered *g = &s->g;

	*s = (struct study){0};
	g->label = (char *)"c.1";
	g->yaml = (char *)"";
	g->lanes_n = 1;
	g->lanes = xcalloc(1, sizeof *g->lanes);
	g->lanes[0].host = (char *)"lab01";
	g->lanes[0].inventory = (char *)"";
	g->metrics_n = ARRAY_SIZE(metric_names);
	g->metrics = xcalloc(g->metrics_n, sizeof *g->metrics);
	for (size_t i = 0; i < g->metrics_n; i++)
		g->metrics[i] = (struct gathered_metric){.name = (char *)(uintptr_t)metric_names[i],
			.unit = (char *)"1",
			.better = BETTER_LOWER,
			.is_used = true};
	g->configurations_n = n;
	g->configurations = xcalloc(n, sizeof *g->configurations);
	g->cells = xcalloc(n, sizeof *g->cells);
	for (size_t c = 0; c < n; c++) {
		const double means[] = {planted[c].time, planted[c].energy, planted[c].per_work};
		struct gathered_configuration *of = &g->configurations[c];

		of->benchmark = (char *)(uintptr_t)planted[c].benchmark;
		of->json = (char *)(uintptr_t)planted[c].json;
		of->is_canary = planted[c].is_canary;
		assert_true(parameters_parse(&of->parameters, planted[c].json));
		g->cells[c].done = BLOCKS;
		g->cells[c].series_n = g->metrics_n;
		g->cells[c].series = xcalloc(g->metrics_n, sizeof *g->cells[c].series);
		for (size_t m = 0; m < g->metrics_n; m++)
			if (means[m] > 0)
				fill(&g->cells[c].series[m], means[m], m == 2 ? 0 : noise, c, m);
		/* Work is a count: time / time.per_work is the same in each run. */
		for (size_t b = 0; b < BLOCKS && planted[c].per_work > 0; b++)
			g->cells[c].series[2].values[b] = g->cells[c].series[0].values[b] *
							  planted[c].per_work / planted[c].time;
	}
}

static void study_end(struct study *s)
{
	struct gathered *g = &s->g;

	for (size_t c = 0; c < g->configurations_n; c++) {
		for (size_t m = 0; m < g->metrics_n; m++) {
			free(g->cells[c].series[m].values);
			free(g->cells[c].series[m].blocks);
			free(g->cells[c].series[m].runs);
		}
		free(g->cells[c].series);
		parameters_done(&g->configurations[c].parameters);
	}
	free(g->cells);
	free(g->configurations);
	free(g->metrics);
	free(g->lanes);
	campaign_free(s->campaign);
}

/* ---- over blocks ---- */

static void test_values_over_blocks(void **state)
{
	double values[] = {13, 10, 12, 14, 11, 15, 100, 16, 17, 18, 19};
	int64_t blocks[] = {3, 1, 2, 4, 1, 5, 2, 6, 7, 8, 2};
	struct over_blocks o;

	(void)state;
	over_blocks_of(values, blocks, ARRAY_SIZE(values), &o);
	assert_int_equal(o.n, 8);
	assert_close(o.first, 10.5, 1e-12); /* of 10 and 11 */
	assert_close(values[1], 19, 1e-12); /* of 12, 100 and 19 */
	assert_close(o.last, 18, 1e-12);
	assert_close(o.slope, 1, 0.3);
	assert_true(o.drift.is_tested);
	over_blocks_of(values, blocks, 0, &o);
	assert_int_equal(o.n, 0);
	assert_true(isnan(o.slope) && isnan(o.first));
	over_blocks_of(values, blocks, 1, &o);
	assert_true(isnan(o.slope));
	assert_close(o.first, o.last, 0);
}

static void test_cost_of_measuring(void **state)
{
	const struct planted planted[] = {
		{"work", "{\"n\":1}", 10, 200, 0, false},
		{"work", "{\"n\":2}", 5, 150, 0, false},
		{"spin", "{}", 2, 0, 0, true},
	};
	struct measuring_hosts hosts;
	struct study s;

	(void)state;
	make_study(&s, planted, ARRAY_SIZE(planted), 0.01);
	s.g.cells[0].energy = 2000;
	s.g.cells[0].energy_bound = 2;
	s.g.cells[1].energy = 1500;
	s.g.cells[1].energy_bound = 4.5;
	measuring_hosts_make(&s, &hosts);
	assert_int_equal(hosts.n, 1);
	assert_close(hosts.items[0].bound, 0.002, 1e-12);
	assert_close(hosts.items[0].bound_worst, 0.003, 1e-12);
	assert_int_equal(hosts.items[0].bound_worst_configuration, 1);
	assert_true(isnan(hosts.items[0].agent));
	assert_int_equal(hosts.items[0].idle.n, 0);
	assert_int_equal(hosts.items[0].canaries_n, 1);
	assert_int_equal(hosts.items[0].canaries[0].configuration, 2);
	assert_int_equal(hosts.items[0].canaries[0].time.n, BLOCKS);
	assert_close(hosts.items[0].canaries[0].time.first, 2, 0.03);
	measuring_hosts_done(&hosts);
	study_end(&s);
}

static struct campaign *campaign_of(const char *yaml)
{
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(yaml, strlen(yaml), NULL, &d);

	if (c == NULL)
		fail_msg("%s", d.n > 0 ? d.items[0].text : "?");
	diagnostics_done(&d);
	return c;
}

/* ---- which to use ---- */

static const struct choice *find(const struct choices *c, const char *work, const char *metric)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->items[i].work, work) == 0 && strcmp(c->items[i].metric, metric) == 0)
			return &c->items[i];
	fail_msg("no choice of %s by %s", work, metric);
	return NULL;
}

/* Both the best and the best baseline are picked: of so many pairs that one of m does not do. */
static void test_choice_of_two_picked(void **state)
{
	static const struct planted many[] = {
		{"sort", "{\"build\":\"old\",\"n\":1}", 10, 100, .1, false},
		{"sort", "{\"build\":\"old\",\"n\":2}", 5, 100, .05, false},
		{"sort", "{\"build\":\"old\",\"n\":4}", 4, 100, .04, false},
		{"sort", "{\"build\":\"new\",\"n\":1}", 10, 100, .1, false},
		{"sort", "{\"build\":\"new\",\"n\":2}", 5, 100, .05, false},
		{"sort", "{\"build\":\"new\",\"n\":4}", 3, 100, .03, false},
	};
	struct choices c;
	struct study s;

	(void)state;
	make_study(&s, many, ARRAY_SIZE(many), 0.01);
	choices_make(&s, "build", "old", 0.01, &c);
	const struct choice *one = find(&c, "sort", "time");
	assert_int_equal(one->same, 2);
	assert_int_equal(one->baseline_best, 2);
	assert_close(one->level, 1 - 0.01 / 6, 1e-12);
	assert_close(one->level_of_bests, 1 - 0.01 / 9, 1e-12);
	assert_true(one->to_baseline_best.low < one->to_same.low);
	choices_done(&c);
	study_end(&s);
	make_study(&s, many, 3, 0.01); /* baselines alone */
	choices_make(&s, "build", "old", 0.01, &c);
	assert_close(find(&c, "sort build=old", "time")->level_of_bests, 0.99, 1e-12);
	choices_done(&c);
	study_end(&s);
}

/* Two sizes, threads and builds: work tells which do the same. */
static const struct planted of_work[] = {
	{"sort", "{\"build\":\"old\",\"n\":1,\"size\":5}", 10, 100, .1, false},
	{"sort", "{\"build\":\"old\",\"n\":4,\"size\":5}", 4, 120, .04, false},
	{"sort", "{\"build\":\"new\",\"n\":1,\"size\":5}", 11, 105, .11, false},
	{"sort", "{\"build\":\"new\",\"n\":4,\"size\":5}", 3, 99.9, .03, false},
	{"sort", "{\"build\":\"old\",\"n\":1,\"size\":9}", 20, 200, .1, false},
	{"sort", "{\"build\":\"new\",\"n\":1,\"size\":9}", 22, 150, .11, false},
	{"spin", "{\"build\":\"new\"}", 1, 1, .01, true},
	{"spin", "{\"build\":\"old\"}", 1, 1, .01, true},
};

static void test_choice_of_equal_work(void **state)
{
	struct choices c;
	struct study s;
	const struct choice *one;

	(void)state;
	make_study(&s, of_work, ARRAY_SIZE(of_work), 0.01);
	choices_make(&s, "build", "old", 0.01, &c);
	assert_int_equal(c.n, 4); /* two works, two metrics; canaries are no candidates */
	one = find(&c, "sort size=5", "time");
	assert_int_equal(one->candidates, 4);
	assert_int_equal(one->best, 3);
	assert_true(one->has_same && one->same == 1);
	assert_true(one->has_baseline_best && one->baseline_best == 1);
	assert_close(one->to_same.ratio, 0.75, 0.02);
	assert_true(one->to_same.low < 0.75 && one->to_same.high > 0.74);
	assert_close(one->level, 1 - 0.01 / 4, 1e-12);
	assert_close(one->level_of_bests, 1 - 0.01 / 4, 1e-12); /* two of two: four pairs */
	assert_int_equal(one->runner_up, 1);
	assert_close(one->runner_up_to.ratio, 4.0 / 3, 0.03);
	assert_int_equal(one->rivals, 0);
	one = find(&c, "sort size=5", "energy.package"); /* 99.9 J against 100 J: cannot be told */
	assert_true(one->rivals >= 1);
	one = find(&c, "sort n=1 size=9", "energy.package");
	assert_int_equal(one->best, 5);
	assert_int_equal(one->candidates, 2);
	assert_int_equal(one->rivals, 0);
	one = find(&c, "sort n=1 size=9", "time"); /* the baseline is the best itself */
	assert_int_equal(one->best, 4);
	assert_true(one->same == one->best && one->baseline_best == one->best);
	choices_done(&c);
	study_end(&s);
}

static void test_choice_without_work(void **state)
{
	struct planted planted[ARRAY_SIZE(of_work)];
	struct choices c;
	struct study s;

	(void)state;
	memcpy(planted, of_work, sizeof planted);
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++)
		planted[i].per_work = 0;
	make_study(&s, planted, ARRAY_SIZE(planted), 0.01);
	choices_make(&s, "build", "old", 0.01, &c);
	assert_int_equal(c.n, 6); /* what differs in the build alone */
	assert_int_equal(find(&c, "sort n=4 size=5", "time")->best, 3);
	choices_done(&c);
	choices_make(&s, "colour", "old", 0.01, &c);
	assert_int_equal(c.n, 0);
	choices_done(&c);
	study_end(&s);
}

/* As many operations of two kernels are not the same work where their answers are not. */
static void test_choice_of_equal_answers(void **state)
{
	static const struct planted planted[] = {
		{"op", "{\"build\":\"old\",\"kernel\":\"list\"}", 1, 10, .01, false},
		{"op", "{\"build\":\"new\",\"kernel\":\"list\"}", 2, 20, .02, false},
		{"op", "{\"build\":\"old\",\"kernel\":\"dict\"}", 8, 80, .08, false},
		{"op", "{\"build\":\"new\",\"kernel\":\"dict\"}", 4, 40, .04, false},
	};
	struct choices c;
	struct study s;

	(void)state;
	make_study(&s, planted, ARRAY_SIZE(planted), 0.01);
	choices_make(&s, "build", "old", 0.01, &c);
	assert_int_equal(c.n, 2); /* without the file only the count is known */
	choices_done(&c);
	s.campaign = campaign_of("campaign: c\nmatrix: {build: [old, new], kernel: [list, dict]}\n"
				 "benchmarks:\n  op:\n    command: [op]\n    metrics:\n"
				 "      sum: {json: sum, expect: {same: [kernel]}}\n");
	choices_make(&s, "build", "old", 0.01, &c);
	assert_int_equal(c.n, 4);
	assert_int_equal(find(&c, "op kernel=list", "time")->best, 0);
	assert_int_equal(find(&c, "op kernel=dict", "time")->best, 3);
	choices_done(&c);
	study_end(&s);
}

/* ---- the same thing under two names ---- */

static const char twins_yaml[] =
	"campaign: c\n"
	"matrix:\n"
	"  arm: {a: {path: x, env: {V: '1'}}, again: {path: x, env: {V: '1'}}, b: {path: y}, c: "
	"{path: x, env: {V: '2'}}}\n"
	"  n: [1, 2]\n"
	"benchmarks: {work: {command: ['./{arm.path}', '{n}']}}\n"
	"compare: {by: arm, baseline: b, metrics: time, threshold: 1%, alpha: 0.05}\n";

static void test_twins(void **state)
{
	const struct planted planted[] = {
		{"work", "{\"arm\":\"a\",\"n\":1}", 10, 100, 0, false},
		{"work", "{\"arm\":\"a\",\"n\":2}", 5, 100, 0, false},
		{"work", "{\"arm\":\"again\",\"n\":1}", 10, 100, 0, false},
		{"work", "{\"arm\":\"again\",\"n\":2}", 6, 100, 0, false},
		{"work", "{\"arm\":\"b\",\"n\":1}", 30, 100, 0, false},
		{"work", "{\"arm\":\"b\",\"n\":2}", 30, 100, 0, false},
	};
	struct twins t;
	struct study s;

	(void)state;
	make_study(&s, planted, ARRAY_SIZE(planted), 0.005);
	s.g.yaml = (char *)(uintptr_t)twins_yaml;
	s.campaign = campaign_of(twins_yaml);
	twins_find(&s, &t);
	assert_int_equal(t.n, 1);
	assert_string_equal(t.items[0].axis, "arm");
	assert_string_equal(t.items[0].baseline, "a");
	assert_string_equal(t.items[0].contender, "again");
	assert_int_equal(t.items[0].n, 1); /* the metric of its compare */
	assert_int_equal(t.items[0].metrics[0].n, 2);
	assert_int_equal(t.items[0].metrics[0].changed, 1); /* the planted one */
	assert_true(t.items[0].metrics[0].small >= 1);
	assert_int_equal(t.items[0].metrics[0].blind, 0);
	assert_close(t.items[0].metrics[0].alpha, 0.05, 1e-12);
	assert_close(t.items[0].metrics[0].worst, 1.2, 0.01);
	assert_int_equal(t.items[0].metrics[0].worst_configuration, 3);
	twins_done(&t);
	/* Four pairs cannot give a p of 0.05: 2 / 2^4 is the smallest. */
	for (size_t c = 0; c < s.g.configurations_n; c++)
		s.g.cells[c].series[0].n = 4;
	twins_find(&s, &t);
	assert_int_equal(t.items[0].metrics[0].n, 2);
	assert_int_equal(t.items[0].metrics[0].blind, 2);
	twins_done(&t);
	study_end(&s);
}

/* How many pairs a campaign's file has. */
static size_t pairs_of(const char *rest)
{
	_cleanup_free_ char *yaml = xasprintf("campaign: c\nmatrix:\n"
					      "  arm: {a: {path: x}, again: {path: x}}\n%s",
		rest);
	struct study s = {.g = {.yaml = yaml}, .campaign = campaign_of(yaml)};
	struct twins t;

	twins_list(&s, &t);
	size_t n = t.n;
	twins_done(&t);
	campaign_free(s.campaign);
	return n;
}

/* What says the name makes two things of them; what only stands there does not. */
static void test_what_says_the_name(void **state)
{
	static const char *const same[] = {
		"benchmarks: {w: {command: ['./{arm.path}']}} # not {arm}\n",
		"benchmarks: {w: {command: ['./{arm.path}', '{{arm}}', '{{{arm.path}', '{ arm "
		"}']}}\n",
		"benchmarks: {w: {command: ['./{arm.path}']}}\n"
		"report: {sections: [{title: x, text: 'as {arm}'}]}\n",
		"benchmarks: {w: {command: ['./{arm.path}'], matrix: {where: arm ~= \"b\"}}}\n",
	};
	static const char *const other[] = {
		"benchmarks: {w: {command: ['./x', '-{arm}']}}\n",
		"benchmarks: {w: {command: 'x {arm.path} {arm}'}}\n",
		"benchmarks: {w: {command: ['./{arm.path}'], env: {V: '{arm}'}}}\n",
		"benchmarks: {w: {command: ['./{arm.path}'], requires: 'test {arm}'}}\n",
		"benchmarks: {w: {command: ['./{arm.path}'], setup: 'make {arm}'}}\n",
		"benchmarks: {w: {command: ['./{arm.path}'], metrics: {m: {json: 'a{arm}'}}}}\n",
		"benchmarks: {w: {command: ['./{d}'], matrix: {derived: {d: arm .. \"x\"}}}}\n",
		"benchmarks: {w: {command: ['./{arm.path}']}}\nfiles: ['src-{arm}']\n",
		"benchmarks: {w: {command: ['./{arm.path}']}, v: {command: ['./{arm}']}}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (pairs_of(same[i]) != 1)
			fail_msg("no twins: %s", same[i]);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		if (pairs_of(other[i]) != 0)
			fail_msg("twins: %s", other[i]);
}

static void test_twins_are_no_choice(void **state)
{
	const struct planted planted[] = {
		{"work", "{\"arm\":\"a\",\"n\":1}", 10, 100, 0, false},
		{"work", "{\"arm\":\"again\",\"n\":1}", 9, 90, 0, false},
		{"work", "{\"arm\":\"b\",\"n\":1}", 30, 300, 0, false},
	};
	static const struct {
		const char *baseline;
		size_t best;
	} cases[] = {{"a", 0}, {"b", 0}, {"again", 1}};
	struct choices c;
	struct study s;

	(void)state;
	make_study(&s, planted, ARRAY_SIZE(planted), 0.005);
	s.campaign = campaign_of(twins_yaml);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		choices_make(&s, "arm", cases[i].baseline, 0.01, &c);
		assert_int_equal(c.n, 2);
		assert_int_equal(c.items[0].candidates, 2);
		assert_int_equal(c.items[0].best, cases[i].best);
		choices_done(&c);
	}
	study_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_over_blocks),
		cmocka_unit_test(test_cost_of_measuring),
		cmocka_unit_test(test_choice_of_equal_work),
		cmocka_unit_test(test_choice_of_two_picked),
		cmocka_unit_test(test_choice_of_equal_answers),
		cmocka_unit_test(test_choice_without_work),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_what_says_the_name),
		cmocka_unit_test(test_twins_are_no_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
