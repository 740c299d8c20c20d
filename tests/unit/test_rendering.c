/* A configuration as its host gets it: templates in every section, attributes that override, steps
 * and files around a run; and which hosts a campaign wants. */
#include "coordinator/campaign/campaign.h"
#include "tests/unit/campaign_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct plan_host lab03 = {"lab03",
	"{\"cores\": 4, \"threads\": 8, \"thread_steps\": [1, 2, 4], \"turbo\": true,"
	"\"frequency\": {\"base\": 2100000000}, \"labels\": {\"pool\": \"lab\"},"
	"\"energy\": {\"source\": null}, \"cpu\": {\"vendor\": \"GenuineIntel\", \"packages\": 1,"
	"\"kinds\": [{\"kind\": \"performance\", \"cpus\": [0,1,2,3,4,5,6,7], \"cores\": 4}]}}"};

/* All that is rendered of a configuration, by name, one text. */
static void add_list(struct buf *out, const char *name, const struct list *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		buf_addf(out, "%s%s", i ? " " : name, ((const char *const *)texts->items)[i]);
	buf_adds(out, texts->n ? "; " : "");
}

static void add_steps(struct buf *out, const char *name, const struct list *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		add_list(out, name, &LIST_AT(steps, struct message_step, i)->command);
}

static void add_pairs(struct buf *out, const char *name, const struct list *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const struct message_pair *p = LIST_AT(pairs, struct message_pair, i);

		buf_addf(out, "%s%s=%s; ", name, p->key, p->value);
	}
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	if (text)
		buf_addf(out, "%s%s; ", name, text);
}

static void rendered(const struct campaign *c, const struct configuration *conf, struct buf *out)
{
	struct message_assign m = {0};
	struct render_arena *arena;

	campaign_render(c, conf, &lab03, "c.1", &m, &arena);
	buf_addf(out, "%s: ", m.parameters);
	add_steps(out, "requires ", &m.requires);
	add_steps(out, "setup ", &m.setup);
	add_steps(out, "prepare ", &m.prepare);
	add_list(out, "command ", &m.command);
	add_steps(out, "cleanup ", &m.cleanup);
	add_pairs(out, "env ", &m.env);
	add_pairs(out, "collect ", &m.collect);
	add_pairs(out, "tune ", &m.tune);
	add_text(out, "workdir ", m.workdir);
	add_text(out, "smt ", m.smt);
	add_text(out, "user ", m.user);
	if (m.cpus != ABSENT)
		buf_addf(out, "cpus %lld; ", (long long)m.cpus);
	if (m.timeout_ns != 3600 * NS_PER_S)
		buf_addf(out, "timeout %lld; ", (long long)(m.timeout_ns / NS_PER_S));
	if (m.memory_limit != ABSENT)
		buf_addf(out, "memory %lld; ", (long long)m.memory_limit);
	render_done(arena);
}

static const struct {
	const char *campaign;
	/* of each configuration in turn: what is rendered, or "skipped: " and why; or why there
	 * is no plan */
	const char *want[4];
} vectors[] = {
	{"matrix: {n: [4]}\nbenchmarks: {a: {command: ['x{n}']}}\n", {"{\"n\":4}: command x4; "}},
	/* every section knows parameters, attributes, derived ones and the host */
	{"matrix: {p: {a: {path: /opt/a}}, n: [4], derived: {b: n * 2}}\n"
	 "setup: {command: [make, '{p.path}', '{b}']}\n"
	 "requires: ['{p.path}', '{host.name}']\n"
	 "benchmarks:\n  a:\n    command: ['{p.path}/x', '{p}', '{b}', '{cpus}', '{campaign}']\n"
	 "    prepare: [gen, '{b}', '{tmp}/in']\n    cleanup: [rm, '{p}']\n"
	 "    workdir: 'd{n}'\n    env: {N: '{b}', H: '{host.labels.pool}'}\n"
	 "    collect: {out: {path: '{tmp}/{p}.txt'}}\n"
	 "    metrics: {m: {json: x, from: 'r{n}.json'}, k: {json: y, from: 'r{n}.json'}}\n"
	 "placement: {cpus: '{n}'}\nlimits: {timeout: '{b}s', memory: '{n}GiB'}\n",
		{"{\"p\":\"a\",\"n\":4}: requires /opt/a lab03; setup make /opt/a 8; "
		 "prepare gen 8 " MARK_TMP "/in; command /opt/a/x a 8 4 c; cleanup rm a; "
		 "env N=8; env H=lab; collect out=" MARK_TMP "/a.txt; "
		 "collect from:r4.json=r4.json; workdir d4; cpus 4; timeout 8; "
		 "memory 4294967296; "}},
	/* attributes override, the last axis first; ~ removes */
	{"matrix:\n  p:\n    a: {env: {X: '1'}, placement: {smt: avoid, cpus: 2}}\n"
	 "    b: {env: {X: ~, Y: '{p}'}, tune: {turbo: off}, limits: {timeout: 5s}}\n"
	 "  q: {c: {placement: {cpus: 3}, env: {Y: q}}, d: {placement: {cpus: ~}}}\n"
	 "benchmarks: {a: {command: [x, '{p}{q}'], env: {X: '0', Z: '9'}}}\n"
	 "placement: {cpus: 1}\n",
		{"{\"p\":\"a\",\"q\":\"c\"}: command x ac; env X=1; env Z=9; env Y=q; smt avoid; "
		 "cpus 3; ",
			"{\"p\":\"a\",\"q\":\"d\"}: command x ad; env X=1; env Z=9; smt avoid; ",
			"{\"p\":\"b\",\"q\":\"c\"}: command x bc; env Z=9; env Y=q; tune "
			"turbo=off; "
			"cpus 3; timeout 5; ",
			"{\"p\":\"b\",\"q\":\"d\"}: command x bd; env Z=9; env Y=b; tune "
			"turbo=off; "
			"timeout 5; "}},
	/* what a host computes */
	{"matrix: {l: {one: {t: 1}, full: {t: {expr: host.cores}}, big: {t: {expr: host.cores * "
	 "4}}}}\nbenchmarks: {a: {command: [x, '{l.t}']}}\nplacement: {cpus: '{l.t}'}\n",
		{"{\"l\":\"one\"}: command x 1; cpus 1; ",
			"{\"l\":\"full\"}: command x 4; cpus 4; ",
			"skipped: placement: 16 CPUs asked for, lab03 has 8"}},
	/* frequencies of the host have no unit; on and off are words */
	{"matrix:\n  c: {low: {f: 1.2GHz, t: off}, base: {f: {expr: host.frequency.base}, t: "
	 "false},"
	 " max: {f: max, t: on}}\n"
	 "benchmarks: {a: {command: [x, '{c}']}}\n"
	 "tune: {turbo: '{c.t}', frequency: {max: '{c.f}'}}\n",
		{"{\"c\":\"low\"}: command x low; tune turbo=off; tune frequency.max=1200000000; ",
			"{\"c\":\"base\"}: command x base; tune turbo=off; tune "
			"frequency.max=2100000000; ",
			"{\"c\":\"max\"}: command x max; tune turbo=on; tune frequency.max=max; "}},
	/* what the host has not is no run */
	{"matrix: {l: {a: {t: {expr: host.labels.gpu}}}, n: [1]}\n"
	 "benchmarks: {a: {command: [x, '{l.t}{n}']}}\n",
		{"there is nothing to run: l.t is nothing here (host.labels.gpu is nil)"}},
	{"matrix: {n: [1], derived: {d: n + host.labels.pool}}\n"
	 "benchmarks: {a: {command: [x, '{n}'], cleanup: [y, '{d}']}}\n",
		{"a {\"n\":1} on lab03: line 2: derived 'd': it calculates with a text (n is 1, "
		 "host.labels.pool is 'lab')"}},
	{"matrix: {n: [1]}\nbenchmarks: {a: {command: [x, '{n}'], metrics: {m: {json: x, expect: "
	 "{value: '{host.labels.gpu}'}}}}}\n",
		{"there is nothing to run: lab03 has no label 'gpu'"}},
};

static void test_configurations_as_their_host_gets_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *text = xasprintf("campaign: c\n%s", vectors[i].campaign);
		struct campaign *c = read_text(text);
		struct plan *p = NULL;
		struct error err = {0};
		size_t n = 0;

		while (n < ARRAY_SIZE(vectors[i].want) && vectors[i].want[n])
			n++;
		if (plan_make(c, &lab03, 1, &p, &err) < 0) {
			assert_string_equal(err.text, vectors[i].want[0]);
			campaign_free(c);
			continue;
		}
		assert_int_equal(p->lanes[0].n, n);
		for (size_t k = 0; k < n; k++) {
			_cleanup_buf_ struct buf out = BUF_INIT;

			if (p->lanes[0].skipped[k])
				buf_addf(&out, "skipped: %s", p->lanes[0].skipped[k]);
			else
				rendered(
					c, &p->configurations[p->lanes[0].configurations[k]], &out);
			assert_string_equal(out.data, vectors[i].want[k]);
		}
		plan_free(p);
		campaign_free(c);
	}
}

static void test_teardown_knows_the_campaign_and_the_host(void **state)
{
	struct campaign *c = read_text("campaign: c\nbenchmarks: {a: {command: [x]}}\n"
				       "teardown: {command: [rm, '{campaign}', '{host.name}']}\n");
	struct list steps;
	struct render_arena *arena;
	_cleanup_buf_ struct buf out = BUF_INIT;

	(void)state;
	campaign_render_teardown(c, &lab03, "c.1", &steps, &arena);
	add_steps(&out, "", &steps);
	assert_string_equal(out.data, "rm c lab03; ");
	render_done(arena);
	campaign_free(c);
}

static void test_which_hosts_are_wanted(void **state)
{
	static const struct {
		const char *hosts, *why; /* NULL: wanted */
	} cases[] = {
		{"{where: host.cores > 2}", NULL},
		{"{names: [lab03], labels: {pool: lab}, where: host.cores == 4}", NULL},
		{"{where: host.cores > 8}", "where: host.cores > 8: false here (host.cores is 4)"},
		{"{where: host.energy.source ~= nil}",
			"where: host.energy.source ~= nil: false here (host.energy.source is nil)"},
		{"{where: 'one_of(host.cpu.vendor, \"AMD\", \"ARM\") and host.cpu.packages == 2'}",
			"where: one_of(host.cpu.vendor, \"AMD\", \"ARM\") and host.cpu.packages == "
			"2: false here (host.cpu.vendor is 'GenuineIntel', host.cpu.packages is "
			"1)"},
		{"{where: host.cpu.kinds.efficiency.cores > 0}",
			"where: host.cpu.kinds.efficiency.cores > 0: false here "
			"(host.cpu.kinds.efficiency.cores is 0)"},
		{"{where: host.labels.memory > 3}",
			"line 2: where: host.labels.memory is not known here"},
		{"{labels: {pool: x}, where: host.cores > 2}", "label pool is 'lab', not 'x'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			xasprintf("campaign: c\nhosts: %s\nbenchmarks: {a: {command: [x]}}\n",
				cases[i].hosts);
		struct campaign *c = read_text(text);
		char why[256];

		assert_int_equal(campaign_wants_host(c, &lab03, why), cases[i].why == NULL);
		assert_string_equal(why, cases[i].why ? cases[i].why : "");
		campaign_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations_as_their_host_gets_them),
		cmocka_unit_test(test_teardown_knows_the_campaign_and_the_host),
		cmocka_unit_test(test_which_hosts_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
