/*
 * Break-even, power residual and decomposition of planted runs against values of SciPy 1.10
 * (scipy.stats.t on log ratios, linregress); counterparts; and machines that must not be compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/findings/break_even.h"
#include "coordinator/findings/comparison.h"
#include "coordinator/findings/counterparts.h"
#include "coordinator/findings/decomposition.h"
#include "coordinator/findings/machines.h"
#include "coordinator/findings/normalise.h"
#include "coordinator/findings/residual.h"
#include "coordinator/findings/series.h"
#include "proto/base.h"
#include <cmocka.h>
#include <math.h>

#define BLOCKS 5
#define IDLE   60.0

enum { TIME, ENERGY, NET, IDLE_POWER, METRICS };

static const double times[3][BLOCKS] = {
	{1.0, 1.02, .98, 1.01, .99}, {.5, .52, .49, .505, .495}, {.4, .41, .39, .405, .395}};
static const double energies[3][BLOCKS] = {
	{100, 103, 97, 101, 98}, {75, 79, 73, 76, 74}, {41, 42, 39, 40, 40.5}};

struct scene {
	struct gathered g;
	struct gathered_cell cells[3];
	struct gathered_configuration configurations[3];
	struct gathered_lane lane;
	struct gathered_metric metrics[METRICS];
	struct series series[3][METRICS];
	double values[3][METRICS][BLOCKS];
	int64_t blocks[3][BLOCKS], runs[BLOCKS];
};

static void fill_cell(struct scene *s, size_t c)
{
	for (size_t b = 0; b < BLOCKS; b++) {
		s->blocks[c][b] = (int64_t)b + 1;
		s->runs[b] = (int64_t)b + 1;
		s->values[c][TIME][b] = times[c][b];
		s->values[c][ENERGY][b] = energies[c][b];
		s->values[c][NET][b] = energies[c][b] - IDLE * times[c][b];
		s->values[c][IDLE_POWER][b] = IDLE;
	}
	for (size_t m = 0; m < METRICS; m++)
		s->series[c][m] = (struct series){.values = s->values[c][m],
			.blocks = s->blocks[c],
			.runs = s->runs,
			.n = BLOCKS};
	s->cells[c] = (struct gathered_cell){
		.series = s->series[c], .series_n = METRICS, .done = BLOCKS, .cpus = 4};
}

static int set_up(void **state)
{
	static char names[METRICS][32] = {
		"time", "energy.package", "energy.package.net", "power.package.idle"};
	static char units[METRICS][4] = {"s", "J", "J", "W"};
	static char jsons[3][40] = {
		"{\"n\":1,\"arm\":\"a\"}", "{\"arm\":\"b\",\"n\":1}", "{\"arm\":\"c\",\"n\":1}"};
	static char benchmark[] = "one", host[] = "lab", label[] = "plant.1";
	struct scene *s = xcalloc(1, sizeof *s);

	for (size_t c = 0; c < 3; c++) {
		s->configurations[c] =
			(struct gathered_configuration){.benchmark = benchmark, .json = jsons[c]};
		parameters_parse(&s->configurations[c].parameters, jsons[c]);
		fill_cell(s, c);
	}
	for (size_t m = 0; m < METRICS; m++)
		s->metrics[m] = (struct gathered_metric){.name = names[m],
			.unit = units[m],
			.better = BETTER_LOWER,
			.is_used = true};
	s->lane = (struct gathered_lane){.host = host};
	s->g = (struct gathered){.label = label,
		.configurations = s->configurations,
		.configurations_n = 3,
		.lanes = &s->lane,
		.lanes_n = 1,
		.metrics = s->metrics,
		.metrics_n = METRICS,
		.cells = s->cells};
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	for (size_t c = 0; c < 3; c++)
		parameters_done(&s->configurations[c].parameters);
	free(s);
	return 0;
}

static void assert_near(double got, double want)
{
	if (!(fabs(got - want) <= 2e-9 * fabs(want)))
		fail_msg("got %.12g, want %.12g", got, want);
}

static void assert_ratio(const struct ratio *r, double ratio, double low, double high)
{
	assert_near(r->ratio, ratio);
	assert_near(r->low, low);
	assert_near(r->high, high);
}

static void test_break_even(void **state)
{
	struct scene *s = *state;
	struct break_evens all;
	struct error err = {0};

	assert_int_equal(break_evens_make(&s->g, "arm", "a", .99, &all, &err), 0);
	assert_int_equal(all.n, 2);
	const struct break_even *b = &all.items[0], *c = &all.items[1];
	assert_ratio(&b->speedup, 1.992247829, 1.956941943, 2.028190681);
	assert_near(b->gross.ratio, 1.504954555);
	assert_near(b->net.ratio, 2.266621825);
	assert_ratio(&b->energy, 0.7554052932, 0.7417808946, 0.7692799332);
	assert_ratio(&b->net_energy, 1.137720816, 1.118580073, 1.157189088);
	assert_int_equal(b->sign, BREAK_EVEN_SAVES);
	assert_int_equal(b->net_sign, BREAK_EVEN_WASTES);
	assert_near(b->idle, IDLE);
	assert_near(c->gross.ratio, 1.014508571);
	assert_near(c->net.ratio, 1.036041442);
	assert_int_equal(c->net_sign, BREAK_EVEN_SAVES);
	break_evens_done(&all);
	assert_true(break_evens_make(&s->g, "arn", "a", .99, &all, &err) < 0);
	assert_true(break_evens_make(&s->g, "arm", "z", .99, &all, &err) < 0);
}

/* Without idle power there is no net, and gross stays. */
static void test_break_even_without_idle(void **state)
{
	struct scene *s = *state;
	struct break_evens all;
	struct error err = {0};

	for (size_t c = 0; c < 3; c++)
		s->series[c][NET].n = s->series[c][IDLE_POWER].n = 0;
	assert_int_equal(break_evens_make(&s->g, "arm", "a", .99, &all, &err), 0);
	assert_true(isnan(all.items[0].net.ratio) && isnan(all.items[0].idle));
	assert_int_equal(all.items[0].net_sign, BREAK_EVEN_NONE);
	assert_int_equal(all.items[0].sign, BREAK_EVEN_SAVES);
	break_evens_done(&all);
	s->series[1][ENERGY].n = 0;
	assert_int_equal(break_evens_make(&s->g, "arm", "a", .99, &all, &err), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.without_energy, 1);
	break_evens_done(&all);
}

static void test_residual(void **state)
{
	struct scene *s = *state;
	struct residuals all;
	struct error err = {0};

	assert_int_equal(residuals_make(&s->g, "arm", "a", .01, .1, &all, &err), 0);
	assert_int_equal(all.n, 2);
	assert_ratio(&all.items[0].power, 1.504954555, 1.497523797, 1.512422185);
	assert_int_equal(all.items[0].verdict, RESIDUAL_NOT_PROPORTIONAL);
	assert_ratio(&all.items[1].power, 1.014508571, 0.9779159954, 1.052470402);
	assert_near(all.items[1].equivalence, 0.000266278827);
	assert_int_equal(all.items[1].verdict, RESIDUAL_PROPORTIONAL);
	assert_near(all.items[0].energy.ratio / all.items[0].time.ratio, all.items[0].power.ratio);
	assert_int_equal(all.fits_n, 1);
	assert_near(all.fits[0].slope, 0.8496773176);
	assert_near(all.fits[0].intercept, 4.663627059);
	assert_near(all.fits[0].r2, 0.7716329839);
	assert_near(all.fits[0].power_low, 99.7871728651);
	assert_near(all.fits[0].power_high, 150.1751604);
	residuals_done(&all);
	/* A narrow band settles nothing. */
	assert_int_equal(residuals_make(&s->g, "arm", "a", .01, .01, &all, &err), 0);
	assert_int_equal(all.items[1].verdict, RESIDUAL_UNDECIDED);
	residuals_done(&all);
	assert_int_equal(residuals_make(&s->g, NULL, NULL, .01, .1, &all, &err), 0);
	assert_true(all.n == 0 && all.fits_n == 1);
	residuals_done(&all);
}

static void assert_adds_up(const struct decompositions *d)
{
	double sum = 0;

	for (size_t i = 0; i + 1 < d->chain_n; i++)
		sum += log(d->items[0].links[i].ratio);
	if (!(fabs(sum - log(d->items[0].whole.ratio)) < 1e-12))
		fail_msg("links add up to %.15g, not %.15g", sum, log(d->items[0].whole.ratio));
}

static void test_decomposition(void **state)
{
	static const char *const chain[] = {"a", "b", "c"}, *const twice[] = {"a", "b", "a"},
				 *const unknown[] = {"a", "b", "z"};
	struct scene *s = *state;
	struct decompositions d;
	struct error err = {0};

	assert_int_equal(decompositions_make(&s->g, "arm", chain, 3, "time", .99, &d, &err), 0);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.items[0].blocks, 5);
	assert_near(d.items[0].links[0].ratio, 0.5019455841);
	assert_near(d.items[0].links[1].ratio, 0.7968542876);
	assert_near(d.items[0].whole.ratio, 0.3999774908);
	assert_adds_up(&d);
	decompositions_done(&d);
	/* Block 3 of b was lost: it counts nowhere, or the parts would not add up. */
	for (size_t i = 2; i + 1 < BLOCKS; i++) {
		s->values[1][TIME][i] = s->values[1][TIME][i + 1];
		s->blocks[1][i] = s->blocks[1][i + 1];
	}
	s->series[1][TIME].n = 4;
	assert_int_equal(decompositions_make(&s->g, "arm", chain, 3, "time", .99, &d, &err), 0);
	assert_int_equal(d.items[0].blocks, 4);
	assert_near(d.items[0].links[0].ratio, 0.5024331619);
	assert_near(d.items[0].links[1].ratio, 0.7970884396);
	assert_near(d.items[0].whole.ratio, 0.400483665);
	assert_adds_up(&d);
	decompositions_done(&d);
	s->series[2][TIME].n = 0;
	assert_int_equal(decompositions_make(&s->g, "arm", chain, 3, "time", .99, &d, &err), 0);
	assert_int_equal(d.n, 0);
	assert_string_equal(d.missing[0], "one n=1 has no c on lab");
	decompositions_done(&d);
	assert_true(decompositions_make(&s->g, "arm", chain, 2, "time", .99, &d, &err) < 0);
	assert_true(decompositions_make(&s->g, "arm", twice, 3, "time", .99, &d, &err) < 0);
	assert_true(decompositions_make(&s->g, "arm", unknown, 3, "time", .99, &d, &err) < 0);
	assert_true(decompositions_make(&s->g, "arm", chain, 3, "tine", .99, &d, &err) < 0);
}

/* Found whatever the order of the parameters; an axis that one does not have makes it another. */
static void test_counterparts(void **state)
{
	struct scene *s = *state;
	struct counterparts *c = counterparts_new(&s->g, "arm", "b");
	struct gathered_configuration other = {.benchmark = (char[]){"one"}};

	assert_int_equal(counterparts_find(c, &s->configurations[0]), 1);
	assert_int_equal(counterparts_find(c, &s->configurations[2]), 1);
	parameters_parse(&other.parameters, "{\"arm\":\"a\",\"n\":2}");
	assert_int_equal(counterparts_find(c, &other), -1);
	parameters_done(&other.parameters);
	parameters_parse(&other.parameters, "{\"n\":1}");
	assert_int_equal(counterparts_find(c, &other), -1);
	parameters_done(&other.parameters);
	counterparts_free(c);
	c = counterparts_new(&s->g, NULL, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(counterparts_find(c, &s->configurations[i]), i);
	counterparts_free(c);
}

static void test_normalised(void **state)
{
	static const struct {
		enum normalised_per per;
		const char *unit, *want;
		bool fits;
	} units[] = {
		{PER_CORE, "s", "core·s", true},
		{PER_CORE, "s/item", "core·s/item", true},
		{PER_CORE, "item/s", "item/s/core", true},
		{PER_CORE, "J", "J/core", true},
		{PER_HERTZ, "s", "1", true},
		{PER_HERTZ, "s/item", "1/item", true},
		{PER_WATT, "s", "J", true},
		{PER_WATT, "item/s", "item/s/W", true},
		{PER_WATT, "J", "", false},
		{PER_HERTZ, "B", "", false},
		{PER_CORE, "1", "", false},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		assert_int_equal(normalise_fits(units[i].per, units[i].unit), units[i].fits);
		if (!units[i].fits)
			continue;
		_cleanup_free_ char *got = normalised_unit(units[i].per, units[i].unit);
		assert_string_equal(got, units[i].want);
	}
	struct series per = normalised_series(PER_CORE, &s->g, 0, 0, &s->series[0][TIME], "s");
	assert_int_equal(per.n, BLOCKS);
	assert_near(per.values[1], 4.08);
	series_done(&per);
	per = normalised_series(PER_CORE, &s->g, 0, 0, &s->series[0][ENERGY], "J");
	assert_near(per.values[0], 25);
	series_done(&per);
	per = normalised_series(PER_HERTZ, &s->g, 0, 0, &s->series[0][TIME], "s");
	assert_int_equal(per.n, 0);
	series_done(&per);
}

/* ---- machines ---- */

#define ZONE(d) "{\"domain\":\"" d "\",\"state\":\"ok\"}"
#define MACHINE(vendor, hypervisor, source, zones)                                                 \
	"{\"cpu\":{\"vendor\":\"" vendor "\",\"model\":\"" vendor                                  \
	" model\"},\"hypervisor\":" hypervisor ",\"energy\":{\"source\":\"" source                 \
	"\",\"zones\":[" zones "]}}"

static void test_unlike(void **state)
{
	static const char intel[] = MACHINE("Intel", "null", "powercap", ZONE("package"));
	static const char two[] =
		MACHINE("Intel", "null", "powercap", ZONE("package") "," ZONE("package"));
	static const char perf[] = MACHINE("Intel", "null", "perf", ZONE("package"));
	static const char amd[] = MACHINE("AMD", "null", "perf", ZONE("package"));
	static const char guest[] = MACHINE("Intel", "\"kvm\"", "powercap", ZONE("package"));
	static const struct {
		const char *metric, *host, *a, *other, *b;
		bool is_unlike;
	} cases[] = {
		{"energy.package", "x", intel, "y", intel, false},
		{"energy.package", "x", intel, "y", perf, false},
		{"energy.package", "x", intel, "y", two, false},
		{"energy.package", "x", intel, "y", amd, false},
		{"energy.package", "x", intel, "x", two, true},
		{"energy.package.net", "x", intel, "x", two, true},
		{"power.package", "x", intel, "x", two, true},
		{"edp.package", "x", intel, "y", guest, true},
		{"energy.package.per_work", "x", guest, "y", intel, true},
		{"energy.package", "x", guest, "y", guest, false},
		{"time", "x", guest, "y", intel, false},
		{"memory.peak", "x", guest, "y", intel, false},
		{"energy.dram", "x", intel, "y", perf, true},
		{"energy.psys", "x", intel, "y", amd, true},
		{"energy.psys", "x", intel, "y", perf, false},
		{"energy.core", "x", perf, "y", amd, true},
		{"energy.uncore", "x", intel, "y", perf, false},
		{"energy.package", "x", "{}", "y", intel, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *a = json_loads(cases[i].a, 0, NULL), *b = json_loads(cases[i].b, 0, NULL);
		char *why = machine_unlike(cases[i].metric, cases[i].host, a, cases[i].other, b);

		assert_non_null(a);
		assert_non_null(b);
		if ((why != NULL) != cases[i].is_unlike)
			fail_msg("case %zu, %s: %s", i, cases[i].metric, why ? why : "may be");
		free(why);
		json_decref(a);
		json_decref(b);
	}
	assert_null(machine_unlike("energy.package", "x", NULL, "y", NULL));
}

static void test_differences(void **state)
{
	json_t *a = json_loads("{\"kernel\":\"6.12\",\"turbo\":true,\"memory\":68719476736,"
			       "\"power_limits\":[{\"zone\":\"package-0\",\"name\":\"long_term\","
			       "\"limit_uw\":65000000}],\"labels\":{\"rack\":\"1\"}}",
		0, NULL);
	json_t *b = json_loads("{\"kernel\":\"6.1\",\"turbo\":true,\"memory\":68719000000,"
			       "\"power_limits\":[],\"labels\":{\"rack\":\"2\"}}",
		0, NULL);
	struct machine_differences d;

	(void)state;
	machine_differences_of(a, b, &d);
	assert_int_equal(d.n, 2);
	assert_string_equal(d.items[0].what, "kernel");
	assert_string_equal(d.items[0].contender, "6.12");
	assert_string_equal(d.items[0].baseline, "6.1");
	assert_string_equal(d.items[1].what, "power_limits");
	assert_string_equal(d.items[1].contender, "package-0 long_term 65 W");
	assert_string_equal(d.items[1].baseline, "none");
	machine_differences_done(&d);
	machine_differences_of(a, NULL, &d);
	assert_string_equal(d.items[d.n - 1].baseline, "unknown");
	machine_differences_done(&d);
	json_decref(a);
	json_decref(b);
}

/*
 * Hosts of two kinds: one baseline is in each pair, so that pairs are not five times as sure. Of
 * both sides' means, Welch's t of (log 1.1, log 1.2, log 1.3) and (log 1, log 1.05) at 95 %, its
 * quantile by numerical integration of the density.
 */
static void test_kinds_of_hosts(void **state)
{
	static const double level[] = {1.1, 1.2, 1.3, 1.0, 1.05};
	static char new[] = "{\"labels\": {\"kind\": \"new\"}}",
		    old[] = "{\"labels\": {\"kind\": \"old\"}}";
	static char hosts[5][4] = {"h1", "h2", "h3", "h4", "h5"};
	struct scene *s = *state;
	struct gathered_lane lanes[5];
	struct gathered_cell cells[5];
	struct series series[5];
	double values[5][BLOCKS];
	const char *metric = "time";
	struct question q = {.kind = BY_HOST,
		.by = "host.labels.kind",
		.baseline = "old",
		.metrics = &metric,
		.metrics_n = 1,
		.threshold = 0.02,
		.alpha = 0.05};
	struct comparison_result c;
	struct error err = {0};

	for (size_t h = 0; h < 5; h++) {
		for (size_t b = 0; b < BLOCKS; b++)
			values[h][b] = level[h];
		series[h] = s->series[0][TIME];
		series[h].values = values[h];
		cells[h] =
			(struct gathered_cell){.series = &series[h], .series_n = 1, .done = BLOCKS};
		lanes[h] = (struct gathered_lane){.host = hosts[h], .inventory = h < 3 ? new : old};
	}
	s->g.lanes = lanes;
	s->g.lanes_n = 5;
	s->g.cells = cells;
	s->g.configurations_n = 1;
	assert_int_equal(comparison_make(&q, &s->g, &s->g, &c, &err), 0);
	assert_int_equal(c.n, 6);
	assert_int_equal(c.pooled_n, 1);
	assert_near(c.pooled[0].ratio.ratio, 1.1683629546);
	assert_near(c.pooled[0].ratio.low, 0.976256249162);
	assert_near(c.pooled[0].ratio.high, 1.3982722209);
	comparison_done(&c);

	/* Of one host on a side nobody knows how its kind varies. */
	lanes[4].inventory = new;
	assert_int_equal(comparison_make(&q, &s->g, &s->g, &c, &err), 0);
	assert_int_equal(c.pooled_n, 1);
	assert_true(isfinite(c.pooled[0].ratio.ratio));
	assert_true(isnan(c.pooled[0].ratio.low));
	comparison_done(&c);
}

/* Blocks that no two cells share: two samples, and not nothing. */
static void test_no_block_in_common(void **state)
{
	struct scene *s = *state;
	const char *metric = "time";
	struct question q = {.kind = BY_AXIS,
		.by = "arm",
		.baseline = "a",
		.metrics = &metric,
		.metrics_n = 1,
		.threshold = 0.02,
		.alpha = 0.05};
	struct comparison_result c;
	struct error err = {0};

	s->lane.inventory = s->configurations[0].benchmark;
	for (size_t b = 0; b < BLOCKS; b++)
		s->blocks[1][b] += 100;
	assert_int_equal(comparison_make(&q, &s->g, &s->g, &c, &err), 0);
	assert_int_equal(c.n, 2);
	assert_false(c.rows[0].ratio.is_paired);
	assert_string_equal(c.rows[0].flags[0], "unpaired");
	assert_int_equal(c.rows[0].ratio.n, BLOCKS);
	assert_true(c.rows[0].ratio.ratio > 0.49 && c.rows[0].ratio.ratio < 0.51);
	assert_true(c.rows[1].ratio.is_paired);
	comparison_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_break_even, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_break_even_without_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_residual, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_decomposition, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_counterparts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_normalised, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kinds_of_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_block_in_common, set_up, tear_down),
		cmocka_unit_test(test_unlike),
		cmocka_unit_test(test_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
