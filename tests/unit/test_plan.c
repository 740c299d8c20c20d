/* From a campaign and hosts to configurations, lanes, orders and assignments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/place.h"
#include "tests/unit/campaign_text.h"
#include <cmocka.h>
#include <stdio.h>

static const struct plan_host hosts[] = {
	{"lab03", "{\"threads\": 4, \"cores\": 4, \"thread_steps\": [1, 2, 4], \"labels\": {\"n\": "
		  "\"7\", \"few\": \"0\"}}"},
	{"lab07", "{\"threads\": 32, \"cores\": 24, \"thread_steps\": [1, 2, 4, 8, 16, 24],"
		  "\"labels\": {\"few\": \"0\"}}"},
};

/* "a {"n":1} | ..." for a lane, skipped ones with their reason. */
static void describe(const struct plan *p, size_t lane, struct buf *out)
{
	for (size_t i = 0; i < p->lanes[lane].n; i++) {
		const struct configuration *c =
			&p->configurations[p->lanes[lane].configurations[i]];

		buf_addf(out, "%s%s", out->len ? " " : "", c->benchmark->name);
		configuration_parameters(c, out);
		if (p->lanes[lane].skipped[i])
			buf_addf(out, "(%s)", p->lanes[lane].skipped[i]);
	}
}

struct vector {
	const char *matrix, *more;
	const char *want[2]; /* of lab03 and of lab07 */
};

/* All with benchmark a, whose command names nothing; that gives warnings, no errors. */
static const struct vector vectors[] = {
	{"{}", "", {"a{}", "a{}"}},
	/* first axis slowest; values as written */
	{"{x: [1, 2], y: [a, '3', true]}", "",
		{"a{\"x\":1,\"y\":\"a\"} a{\"x\":1,\"y\":\"3\"} a{\"x\":1,\"y\":true} "
		 "a{\"x\":2,\"y\":\"a\"} a{\"x\":2,\"y\":\"3\"} a{\"x\":2,\"y\":true}",
			NULL}},
	{"{x: [1.50, -2e3, 012, 'q\"\\']}", "",
		{"a{\"x\":1.50} a{\"x\":-2e3} a{\"x\":\"012\"} a{\"x\":\"q\\\"\\\\\"}", NULL}},
	{"{x: {from: 1, to: 10, factor: 2}}", "",
		{"a{\"x\":1} a{\"x\":2} a{\"x\":4} a{\"x\":8}", NULL}},
	{"{x: {from: 1, to: 8, step: 3}}", "", {"a{\"x\":1} a{\"x\":4} a{\"x\":7}", NULL}},
	{"{x: {from: -1, to: -1, step: 5}}", "", {"a{\"x\":-1}", NULL}},
	/* exclude: partial matches, lists of values */
	{"{x: [1, 2, 3], y: [1, 2], exclude: [{x: [1, 3], y: 2}, {x: 2}]}", "",
		{"a{\"x\":1,\"y\":1} a{\"x\":3,\"y\":1}", NULL}},
	/* include: a small matrix of its own, not excluded, duplicates merge */
	{"{x: [1, 2], y: [1, 2], exclude: [{x: 2}], include: [{x: [2, 9]}, {x: 1, y: 1}, {x: 9, y: "
	 "2}]}",
		"",
		{"a{\"x\":1,\"y\":1} a{\"x\":1,\"y\":2} a{\"x\":2,\"y\":1} a{\"x\":2,\"y\":2} "
		 "a{\"x\":9,\"y\":1} a{\"x\":9,\"y\":2}",
			NULL}},
	/* each host its own values */
	{"{t: {each: host.thread_steps}}", "",
		{"a{\"t\":1} a{\"t\":2} a{\"t\":4}",
			"a{\"t\":1} a{\"t\":2} a{\"t\":4} a{\"t\":8} a{\"t\":16} a{\"t\":24}"}},
	{"{t: {each: host.thread_steps}, exclude: [{t: [1, 2, 4]}], include: [{t: 3}, {t: 24}]}",
		"", {"a{\"t\":24} a{\"t\":3}", "a{\"t\":8} a{\"t\":16} a{\"t\":24} a{\"t\":3}"}},
	/* placement that a host cannot have */
	{"{t: [4, 5, 33]}", "placement: {cpus: '{t}'}\n",
		{"a{\"t\":4} a{\"t\":5}(placement: 5 CPUs asked for, lab03 has 4) "
		 "a{\"t\":33}(placement: 33 CPUs asked for, lab03 has 4)",
			"a{\"t\":4} a{\"t\":5} a{\"t\":33}(placement: 33 CPUs asked for, lab07 has "
			"32)"}},
	{"{}", "placement: {cpus: '{host.cores}'}\n", {"a{}", "a{}"}},
	{"{t: [1, 2]}", "placement: {cpus: '{t}{host.labels.few}'}\n",
		{"a{\"t\":1}(placement: 10 CPUs asked for, lab03 has 4) "
		 "a{\"t\":2}(placement: 20 CPUs asked for, lab03 has 4)",
			"a{\"t\":1} a{\"t\":2}"}},
	{"{}", "setup: {command: [make, '{host.labels.n}']}\n",
		{"a{}", "a{}(lab07 has no label 'n')"}},
	/* settings that are put together, or that a host lacks */
	{"{t: [1, 2]}", "tune: {frequency: {max: '{t}.5{host.labels.n}GHz'}}\n",
		{"a{\"t\":1} a{\"t\":2}", "a{\"t\":1}(tune: lab07 has no label 'n') "
					  "a{\"t\":2}(tune: lab07 has no "
					  "label 'n')"}},
	{"{t: [1, x]}", "limits: {memory: '{t}GiB'}\n",
		{"a{\"t\":1} a{\"t\":\"x\"}(limits: 'memory' is 'xGiB', expected a size such as "
		 "64KiB, 1MiB or 2GB, at least 1.0 MiB, at most 1.0 PiB)",
			NULL}},
	{"{p: [scat, clo]}", "placement: {cpus: 1, policy: '{p}ter'}\n",
		{"a{\"p\":\"scat\"} a{\"p\":\"clo\"}(placement: 'policy' is 'cloter', expected "
		 "one of compact, close, scatter, balanced, explicit; did you mean 'close'?)",
			NULL}},
};

/* A hybrid with 8 performance cores of two threads and 16 efficiency cores; two packages of ten
 * cores with two threads; one that tells of no kinds. */
static const struct plan_host unlike[] = {
	{"hybrid", "{\"threads\": 32, \"cores\": 24, \"cpu\": {\"packages\": 1, \"kinds\": ["
		   "{\"kind\": \"performance\", \"cores\": 8, \"cpus\": "
		   "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]},"
		   "{\"kind\": \"efficiency\", \"cores\": 16, \"cpus\": "
		   "[16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31]}]}}"},
	{"double", "{\"threads\": 40, \"cores\": 20, \"cpu\": {\"packages\": 2}}"},
};

struct placed {
	const char *placement;
	int64_t there[2];   /* of hybrid and of double; 0: skipped */
	const char *why[2]; /* where skipped */
};

static const struct placed placed[] = {
	{"cpus: 1", {32, 40}, {NULL}},
	{"cpus: 32, smt: allow, core_kind: any", {32, 40}, {NULL}},
	{"cpus: 20, smt: avoid", {24, 20}, {NULL}},
	{"cpus: 21, smt: avoid", {24, 0},
		{NULL, "placement: 21 CPUs asked for (one CPU a core), double has 20"}},
	{"cpus: 16, smt: only", {16, 40}, {NULL}},
	{"cpus: 17, smt: only", {0, 40},
		{"placement: 17 CPUs asked for (cores with two threads), hybrid has 16"}},
	{"cpus: 16, core_kind: performance", {16, 40}, {NULL}},
	{"cpus: 9, core_kind: performance, smt: avoid", {0, 20},
		{"placement: 9 CPUs asked for (performance cores, one CPU a core), hybrid has 8"}},
	{"cpus: 1, core_kind: efficiency", {16, 0},
		{NULL, "placement: 1 CPU asked for (efficiency cores), double has 0"}},
	{"core_kind: efficiency, smt: only", {0, 0},
		{"placement: CPUs asked for (efficiency cores, cores with two threads), hybrid has "
		 "none",
			"placement: CPUs asked for (efficiency cores, cores with two threads), "
			"double has none"}},
	{"cpus: 1, core_kind: lowpower, oversubscribe: true", {0, 0},
		{"placement: 1 CPU asked for (lowpower cores), hybrid has 0",
			"placement: 1 CPU asked for (lowpower cores), double has 0"}},
	{"cpus: 10, packages: 1, smt: avoid", {24, 10}, {NULL}},
	{"cpus: 11, packages: 1, smt: avoid", {24, 0},
		{NULL, "placement: 11 CPUs asked for (one CPU a core, 1 package), double has 10"}},
	{"cpus: 41, packages: 2", {0, 0},
		{"placement: 2 packages asked for, hybrid has 1",
			"placement: 41 CPUs asked for (2 packages), double has 40"}},
	{"cpus: 100, smt: avoid, oversubscribe: true", {24, 20}, {NULL}},
	{"policy: explicit, list: '31,0-2'", {4, 4}, {NULL}},
	{"policy: explicit, list: '30-32'", {0, 3},
		{"placement: 'list' has CPU 32, which hybrid has not"}},
	{"cpus: '{t}0', policy: explicit, list: [3, 1]", {0, 0},
		{"placement: 10 CPUs asked for (of the list 3,1), hybrid has 2",
			"placement: 10 CPUs asked for (of the list 3,1), double has 2"}},
	{"cpus: '{t}', policy: explicit, list: [3, 1]", {0, 0},
		{"placement: 1 CPU asked for, and 'list' 3,1 has 2: leave out 'cpus'",
			"placement: 1 CPU asked for, and 'list' 3,1 has 2: leave out 'cpus'"}},
	{"cpus: 4, policy: explicit, list: [3, 1], oversubscribe: true", {2, 2}, {NULL}},
};

static void test_placement_is_counted_by_kind_siblings_and_packages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(placed); i++) {
		_cleanup_free_ char *text = xasprintf(
			"campaign: c\nmatrix: {t: [1]}\nbenchmarks: {always: {command: [x]}, "
			"a: {command: [x], placement: {%s}}}\n",
			placed[i].placement);
		struct campaign *c = read_text(text);
		struct plan *p = NULL;
		struct error err = {0};

		assert_int_equal(plan_make(c, unlike, 2, &p, &err), 0);
		for (size_t h = 0; h < 2; h++) {
			const char *skipped = p->lanes[h].skipped[1];
			const char *why = placed[i].why[h];

			if (placed[i].there[h] == 0)
				assert_string_equal(skipped ? skipped : "not skipped", why);
			else
				assert_null(skipped);
			struct names *n = names_open(c);
			struct placement there = {0};
			names_set_host(n, unlike[h].name, unlike[h].inventory, NULL);
			names_set_configuration(n, &p->configurations[1]);
			place_find(n, &there, NULL);
			assert_int_equal(there.there, placed[i].there[h]);
			names_close(n);
		}
		plan_free(p);
		campaign_free(c);
	}
}

static void test_lanes_have_what_the_matrix_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_free_ char *text =
			xasprintf("campaign: c\nmatrix: %s\n%sbenchmarks: {a: {command: [x]}}\n",
				v->matrix, v->more);
		struct campaign *c = read_text(text);
		struct plan *p = NULL;
		struct error err = {0};
		int rc = plan_make(c, hosts, 2, &p, &err);

		assert_int_equal(rc, 0);
		for (size_t h = 0; h < 2; h++) {
			_cleanup_buf_ struct buf got = BUF_INIT;

			describe(p, h, &got);
			assert_string_equal(got.data, v->want[h] ? v->want[h] : v->want[0]);
		}
		plan_free(p);
		campaign_free(c);
	}
}

static void test_runs_are_all_that_will_be_numbered(void **state)
{
	struct campaign *c =
		read_text("campaign: c\nmatrix: {t: {each: host.thread_steps}}\n"
			  "benchmarks: {a: {command: ['{t}']}, b: {command: [x], matrix: {t: ~}}}\n"
			  "repeat: {warmup: 2, blocks: 10}\n");
	struct plan *p;
	struct error err;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 2, &p, &err), 0);
	assert_int_equal(p->configurations_n, 7);
	assert_int_equal(p->lanes[0].n, 4);
	assert_int_equal(p->lanes[1].n, 7);
	assert_int_equal(p->runs, 12 * 11);
	plan_free(p);
	campaign_free(c);
}

static void fails_with(const char *text, const struct plan_host *h, size_t n, const char *want)
{
	struct campaign *c = read_text(text);
	struct plan *p;
	struct error err = {0};

	assert_int_equal(plan_make(c, h, n, &p, &err), ERR_CAMPAIGN);
	assert_string_equal(err.text, want);
	campaign_free(c);
}

static void test_plans_that_cannot_be(void **state)
{
	static const struct plan_host bad = {"odd", "[]"}, empty = {"bare", "{}"};

	(void)state;
	fails_with("campaign: c\nbenchmarks: {a: {command: [x]}}\n", NULL, 0,
		"there is nothing to run: no host");
	fails_with("campaign: c\nmatrix: {x: [1], exclude: [{x: 1}]}\nbenchmarks: {a: {command: "
		   "[x]}}\n",
		hosts, 1, "there is nothing to run: exclude leaves no configuration");
	fails_with("campaign: c\nbenchmarks: {a: {command: [x]}}\nplacement: {cpus: 64}\n", hosts,
		2, "there is nothing to run: placement: 64 CPUs asked for, lab07 has 32");
	fails_with("campaign: c\nbenchmarks: {a: {command: [x]}}\n", &bad, 1,
		"the inventory of odd is no JSON object: ");
	fails_with("campaign: c\nmatrix: {t: {each: host.thread_steps}}\nbenchmarks: {a: {command: "
		   "[x]}}\n",
		&empty, 1,
		"the inventory of bare has no thread_steps, which an axis of the campaign needs");
	fails_with("campaign: c\nmatrix: {t: {each: host.thread_steps}, n: {from: 1, to: 300000, "
		   "step: 1}}\n"
		   "benchmarks: {a: {command: [x]}}\n",
		hosts, 2,
		"more than 10,000,000 runs: make the matrix smaller, or use fewer hosts or blocks");
}

static void test_shuffle_is_a_permutation_that_depends_on_all_it_is_given(void **state)
{
	size_t first[100], again[100], other[100];
	bool seen[100] = {false};

	(void)state;
	plan_shuffle(1, 0, 0, first, 100);
	plan_shuffle(1, 0, 0, again, 100);
	assert_memory_equal(first, again, sizeof first);
	for (size_t i = 0; i < 100; i++) {
		assert_true(first[i] < 100 && !seen[first[i]]);
		seen[first[i]] = true;
	}
	plan_shuffle(2, 0, 0, other, 100);
	assert_memory_not_equal(first, other, sizeof first);
	plan_shuffle(1, 1, 0, other, 100);
	assert_memory_not_equal(first, other, sizeof first);
	plan_shuffle(1, 0, 1, other, 100);
	assert_memory_not_equal(first, other, sizeof first);
	plan_shuffle(1, 0, 0, first, 1);
	assert_int_equal(first[0], 0);
	plan_shuffle(1, 0, 0, first, 0);
}

/* Every configuration is first about as often as any other: a chi-square over 6 cells, far beyond
 * its 99.99 % point. */
static void test_shuffle_is_fair(void **state)
{
	double chi = 0;
	int counts[6] = {0};

	(void)state;
	for (int64_t pass = 0; pass < 6000; pass++) {
		size_t order[6];

		plan_shuffle(7, 3, pass, order, 6);
		counts[order[0]]++;
	}
	for (int i = 0; i < 6; i++)
		chi += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
	assert_true(chi < 26);
}

/* Stored campaigns are taken up again by the same order, so it must never change. */
static void test_shuffle_stays_what_it_was(void **state)
{
	static const size_t want[8] = {5, 4, 2, 3, 0, 1, 7, 6};
	size_t order[8];

	(void)state;
	plan_shuffle(1, 0, 1, order, 8);
	assert_memory_equal(order, want, sizeof want);
}

/* ---- pair ---- */

static struct plan *paired_plan(struct campaign **c, const char *matrix, const char *axis)
{
	_cleanup_free_ char *text = xasprintf("campaign: c\nmatrix: %s\nbenchmarks: {a: {command: "
					      "[x]}, b: {command: [x], matrix: {p: ~}}}\n",
		matrix);
	static char *pair[1];
	struct plan *p = NULL;
	struct error err;

	*c = read_text(text);
	pair[0] = (char *)axis;
	(*c)->pair = pair;
	(*c)->pair_n = 1;
	assert_int_equal(plan_make(*c, hosts, 1, &p, &err), 0);
	return p;
}

/* What stands at each place of an order: the value of the first or the last axis. */
static const char *order_value(const struct plan *p, size_t place, bool is_first)
{
	const struct configuration *c = &p->configurations[p->lanes[0].configurations[place]];

	return configuration_value(c, is_first ? 0 : c->benchmark->axes_n - 1)->text;
}

static void test_pairs_run_back_to_back_in_random_order(void **state)
{
	struct campaign *c;
	struct plan *p = paired_plan(&c, "{p: [x, y, z], n: [1, 2, 3, 4]}", "p");
	int x_first = 0, b_first = 0;

	(void)state;
	assert_int_equal(p->lanes[0].n, 16);
	for (int64_t pass = 0; pass < 600; pass++) {
		bool seen[16] = {false};
		size_t order[16];

		plan_order(c, p, 0, pass, order);
		for (size_t i = 0; i < 16; i++) {
			assert_true(order[i] < 16 && !seen[order[i]]);
			seen[order[i]] = true;
		}
		b_first += order[0] >= 12;
		for (size_t i = 0; i < 16;) {
			size_t len = order[i] >= 12 ? 1 : 3;

			for (size_t k = 1; k < len; k++)
				assert_string_equal(order_value(p, order[i], false),
					order_value(p, order[i + k], false));
			x_first += len == 3 && strcmp(order_value(p, order[i], true), "x") == 0;
			i += len;
		}
	}
	/* 2400 groups of three: 800 +- 23; 600 passes of 8 groups, 4 of them b's: 300 +- 12. */
	assert_in_range(x_first, 700, 900);
	assert_in_range(b_first, 250, 350);
	plan_free(p);
	campaign_free(c);
}

static void test_without_pairs_the_order_is_the_shuffle(void **state)
{
	size_t order[6], shuffle[6];
	struct campaign *c;
	struct plan *p = paired_plan(&c, "{q: [x, y], n: [1]}", "p");

	(void)state;
	for (int i = 0; i < 2; i++) {
		plan_shuffle(c->seed, 0, 3, shuffle, p->lanes[0].n);
		plan_order(c, p, 0, 3, order);
		assert_memory_equal(order, shuffle, p->lanes[0].n * sizeof *order);
		c->pair_n = 0;
	}
	plan_free(p);
	campaign_free(c);
}

static const char *text_at(const struct list *l, size_t i)
{
	return ((const char *const *)l->items)[i];
}

static void test_render_fills_an_assignment(void **state)
{
	struct campaign *c = read_text(
		"campaign: c\nmatrix: {t: [2]}\n"
		"setup: [{command: [make, 'N={t}'], timeout: 5s}, {command: 'echo {host.name}'}]\n"
		"benchmarks:\n"
		"  a:\n"
		"    command: [./a, '{t}', '{cpus}', '{cpu_list}', '{tmp}/x', '{campaign}', "
		"'{{t}}']\n"
		"    env: {T: '{t}=x', E: ''}\n"
		"    workdir: 'w{t}'\n"
		"    placement: {cpus: '{t}'}\n"
		"    limits: {timeout: 3s, output: 2KiB}\n"
		"    measure: {energy: off, every: 5ms}\n"
		"  b: {command: 'sleep {cpus}'}\n");
	struct message m;
	struct render_arena *arena;
	struct error err;
	struct plan *p;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 1, &p, &err), 0);
	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(c, &p->configurations[0], &hosts[0], "c.3", &m.assign, &arena);
	assert_string_equal(m.assign.label, "c.3");
	assert_string_equal(m.assign.benchmark, "a");
	assert_string_equal(m.assign.parameters, "{\"t\":2}");
	assert_int_equal(m.assign.command.n, 7);
	assert_string_equal(text_at(&m.assign.command, 1), "2");
	assert_string_equal(text_at(&m.assign.command, 2), "2");
	assert_string_equal(text_at(&m.assign.command, 3), MARK_CPU_LIST);
	assert_string_equal(text_at(&m.assign.command, 4), MARK_TMP "/x");
	assert_string_equal(text_at(&m.assign.command, 5), "c");
	assert_string_equal(text_at(&m.assign.command, 6), "{t}");
	assert_int_equal(m.assign.env.n, 2);
	assert_string_equal(LIST_AT(&m.assign.env, struct message_pair, 0)->key, "T");
	assert_string_equal(LIST_AT(&m.assign.env, struct message_pair, 0)->value, "2=x");
	assert_string_equal(LIST_AT(&m.assign.env, struct message_pair, 1)->value, "");
	assert_string_equal(m.assign.workdir, "w2");
	assert_int_equal(m.assign.setup.n, 2);
	assert_string_equal(
		text_at(&LIST_AT(&m.assign.setup, struct message_step, 0)->command, 1), "N=2");
	assert_true(LIST_AT(&m.assign.setup, struct message_step, 0)->timeout_ns == 5 * NS_PER_S);
	assert_string_equal(text_at(&LIST_AT(&m.assign.setup, struct message_step, 1)->command, 2),
		"echo lab03");
	assert_int_equal(m.assign.cpus, 2);
	assert_string_equal(m.assign.policy, "close");
	assert_true(m.assign.timeout_ns == 3 * NS_PER_S);
	assert_int_equal(m.assign.output_limit, 2048);
	assert_string_equal(m.assign.energy, "off");
	assert_true(m.assign.every_ns == 5 * NS_PER_MS);
	render_done(arena);

	campaign_render(c, &p->configurations[1], &hosts[0], "c.3", &m.assign, &arena);
	assert_string_equal(text_at(&m.assign.command, 0), "/bin/sh");
	assert_string_equal(text_at(&m.assign.command, 2), "sleep 4");
	assert_true(m.assign.cpus == ABSENT);
	assert_null(m.assign.workdir);
	assert_int_equal(m.assign.env.n, 0);
	render_done(arena);
	plan_free(p);
	campaign_free(c);
}

static const char surroundings[] =
	"campaign: c\nmatrix: {clock: [2.1GHz, max], turbo: ['on', off]}\n"
	"placement: {cpus: 2, policy: scatter, smt: avoid, core_kind: any, packages: 1,"
	" memory: interleave, threads: each, oversubscribe: true}\n"
	"measure: {source: perf, counters: [cycles, instructions], idle: 2s, stream: after}\n"
	"guard: {settle: {temperature: 3K, load: 0.2}, governor: performance, turbo: 'on',"
	" on_violation: rerun}\n"
	"tune: {governor: performance, turbo: '{turbo}', epp: 128,"
	" frequency: {min: 800MHz, max: '{clock}'}, uncore: 2GHz, power_limit: 65.5W}\n"
	"limits: {attempts: 5, memory: 1GiB, processes: '{cpus}0', user: 'u-{clock}'}\n"
	"benchmarks:\n"
	"  a: {command: [x]}\n"
	"  b: {command: [x], matrix: {clock: ~, turbo: ~}, placement: {policy: explicit,"
	" list: [3, 0]}, guard: {settle: ~, on_violation: fail}, tune: ~}\n";

static void tune_is(const struct list *tune, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;

	for (size_t i = 0; i < tune->n; i++)
		buf_addf(&got, "%s%s=%s", i ? " " : "", LIST_AT(tune, struct message_pair, i)->key,
			LIST_AT(tune, struct message_pair, i)->value);
	assert_string_equal(got.data, want);
}

static void test_render_fills_the_surroundings(void **state)
{
	struct campaign *c = read_text(surroundings);
	struct message m;
	struct render_arena *arena;
	struct error err;
	struct plan *p;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 1, &p, &err), 0);
	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(c, &p->configurations[0], &hosts[0], "c.1", &m.assign, &arena);
	assert_string_equal(m.assign.policy, "scatter");
	assert_string_equal(m.assign.smt, "avoid");
	assert_string_equal(m.assign.core_kind, "any");
	assert_null(m.assign.list);
	assert_int_equal(m.assign.packages, 1);
	assert_string_equal(m.assign.memory, "interleave");
	assert_string_equal(m.assign.threads, "each");
	assert_int_equal(m.assign.oversubscribe, 1);
	assert_string_equal(m.assign.source, "perf");
	assert_int_equal(m.assign.counters.n, 2);
	assert_string_equal(text_at(&m.assign.counters, 1), "instructions");
	assert_true(m.assign.idle_ns == 2 * NS_PER_S);
	assert_string_equal(m.assign.stream, "after");
	assert_int_equal(m.assign.guard_temperature, 3000);
	assert_int_equal(m.assign.guard_load, 200000);
	assert_true(m.assign.guard_timeout_ns == 60 * NS_PER_S);
	assert_string_equal(m.assign.guard_governor, "performance");
	assert_int_equal(m.assign.guard_turbo, 1);
	assert_string_equal(m.assign.on_violation, "rerun");
	assert_int_equal(m.assign.reruns, 4);
	tune_is(&m.assign.tune, "governor=performance turbo=on epp=128 frequency.min=800000000 "
				"frequency.max=2100000000 uncore=2000000000 power_limit=65500000");
	assert_int_equal(m.assign.memory_limit, 1 << 30);
	assert_int_equal(m.assign.processes_limit, 20);
	assert_string_equal(m.assign.user, "u-2.1GHz");
	assert_true(m.assign.timeout_ns == 3600 * NS_PER_S);
	assert_int_equal(m.assign.output_limit, 1024 * 1024);
	render_done(arena);

	campaign_render(c, &p->configurations[3], &hosts[0], "c.1", &m.assign, &arena);
	tune_is(&m.assign.tune,
		"governor=performance turbo=off epp=128 frequency.min=800000000 frequency.max=max "
		"uncore=2000000000 power_limit=65500000");
	render_done(arena);

	campaign_render(c, &p->configurations[4], &hosts[0], "c.1", &m.assign, &arena);
	assert_string_equal(m.assign.policy, "explicit");
	assert_string_equal(m.assign.list, "3,0");
	assert_true(m.assign.guard_temperature == ABSENT);
	assert_true(m.assign.guard_load == ABSENT);
	assert_true(m.assign.guard_timeout_ns == ABSENT);
	assert_string_equal(m.assign.guard_governor, "performance");
	assert_string_equal(m.assign.on_violation, "fail");
	assert_true(m.assign.reruns == ABSENT);
	assert_int_equal(m.assign.tune.n, 0);
	/* Names an axis that b dropped, so it is not meant for it. */
	assert_null(m.assign.user);
	render_done(arena);
	plan_free(p);
	campaign_free(c);
}

static void test_render_leaves_out_what_was_not_given(void **state)
{
	struct campaign *c = read_text("campaign: c\nbenchmarks: {a: {command: [x]}}\n");
	struct message m;
	struct render_arena *arena;
	struct error err;
	struct plan *p;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 1, &p, &err), 0);
	message_init(&m, MESSAGE_ASSIGN);
	campaign_render(c, &p->configurations[0], &hosts[0], "c.1", &m.assign, &arena);
	assert_string_equal(m.assign.policy, "close");
	assert_null(m.assign.smt);
	assert_null(m.assign.core_kind);
	assert_null(m.assign.list);
	assert_true(m.assign.packages == ABSENT);
	assert_null(m.assign.memory);
	assert_null(m.assign.threads);
	assert_true(m.assign.oversubscribe == ABSENT);
	assert_null(m.assign.source);
	assert_int_equal(m.assign.counters.n, 0);
	assert_true(m.assign.idle_ns == ABSENT);
	assert_null(m.assign.stream);
	assert_true(m.assign.guard_temperature == ABSENT);
	assert_true(m.assign.guard_timeout_ns == ABSENT);
	assert_null(m.assign.guard_governor);
	assert_true(m.assign.guard_turbo == ABSENT);
	assert_null(m.assign.on_violation);
	assert_true(m.assign.reruns == ABSENT);
	assert_int_equal(m.assign.tune.n, 0);
	assert_true(m.assign.memory_limit == ABSENT);
	assert_true(m.assign.processes_limit == ABSENT);
	assert_null(m.assign.user);
	render_done(arena);
	plan_free(p);
	campaign_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes_have_what_the_matrix_says),
		cmocka_unit_test(test_placement_is_counted_by_kind_siblings_and_packages),
		cmocka_unit_test(test_runs_are_all_that_will_be_numbered),
		cmocka_unit_test(test_plans_that_cannot_be),
		cmocka_unit_test(test_shuffle_is_a_permutation_that_depends_on_all_it_is_given),
		cmocka_unit_test(test_shuffle_is_fair),
		cmocka_unit_test(test_shuffle_stays_what_it_was),
		cmocka_unit_test(test_pairs_run_back_to_back_in_random_order),
		cmocka_unit_test(test_without_pairs_the_order_is_the_shuffle),
		cmocka_unit_test(test_render_fills_an_assignment),
		cmocka_unit_test(test_render_fills_the_surroundings),
		cmocka_unit_test(test_render_leaves_out_what_was_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
