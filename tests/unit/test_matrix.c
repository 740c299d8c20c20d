/* The matrix of a campaign: what its configurations are, on which hosts, and what is wrong with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/matrix.h"
#include "coordinator/campaign/schema.h"
#include "tests/unit/campaign_text.h"
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

static const struct plan_host hosts[] = {
	{"lab03", "{\"threads\": 4, \"cores\": 4, \"thread_steps\": [1, 2, 4], \"labels\": "
		  "{\"pool\": \"day\"}}"},
	{"lab07", "{\"threads\": 32, \"cores\": 24, \"thread_steps\": [1, 2, 4, 8, 16, 24], "
		  "\"labels\": {\"pool\": \"night\", \"width\": \"16\"}}"},
};

/* "a{"n":1} b{}" for a lane; skipped ones with their reason; how many are left out at its end. */
static void describe(const struct plan *p, size_t lane, struct buf *out)
{
	const struct plan_lane *l = &p->lanes[lane];

	for (size_t i = 0; i < l->n; i++) {
		const struct configuration *c = &p->configurations[l->configurations[i]];

		buf_addf(out, "%s%s", i ? " " : "", c->benchmark->name);
		configuration_parameters(c, out);
		if (l->skipped[i])
			buf_addf(out, "(%s)", l->skipped[i]);
	}
	if (l->left_out)
		buf_addf(out, " -%zu", l->left_out);
}

struct vector {
	const char *matrix;  /* of the campaign */
	const char *own;     /* of benchmark a; NULL: none */
	const char *more;    /* further lines of the campaign */
	const char *changes; /* NULL: none */
	const char *want[2]; /* of lab03 and of lab07; NULL: the same */
	const char *note;    /* NULL: none */
};

static const struct vector vectors[] = {
	/* named values: the name is the value */
	{.matrix = "{p: {gil: {path: /a}, nogil+gil: {path: /b, x: 1}, '3': {}}}",
		.want = {"a{\"p\":\"gil\"} a{\"p\":\"nogil+gil\"} a{\"p\":\"3\"}"}},
	{.matrix = "{clock: {1.2GHz: {f: 1.2GHz}, 2: {f: 2GHz}}}",
		.want = {"a{\"clock\":\"1.2GHz\"} a{\"clock\":2}"}},
	{.matrix = "{d: {from: {x: 1}, to: {x: 2}}}",
		.want = {"a{\"d\":\"from\"} a{\"d\":\"to\"}"}},
	/* attributes of the host: one configuration everywhere, or none there */
	{.matrix = "{w: {one: {n: 1}, full: {n: {expr: host.cores}}}}",
		.more = "placement: {cpus: '{w.n}'}\n",
		.want = {"a{\"w\":\"one\"} a{\"w\":\"full\"}"}},
	{.matrix = "{w: {one: {n: 1}, lab: {n: {expr: host.labels.width}}}}",
		.more = "placement: {cpus: '{w.n}'}\n",
		.want = {"a{\"w\":\"one\"} a{\"w\":\"lab\"}(w.n is nothing here (host.labels.width "
			 "is nil))",
			"a{\"w\":\"one\"} a{\"w\":\"lab\"}"}},
	{.matrix = "{n: [1, 40], w: {x: {m: {expr: n * 2}}}}",
		.more = "placement: {cpus: '{w.m}'}\n",
		.want = {"a{\"n\":1,\"w\":\"x\"} a{\"n\":40,\"w\":\"x\"}(placement: 80 CPUs asked "
			 "for, lab03 has 4)",
			"a{\"n\":1,\"w\":\"x\"} a{\"n\":40,\"w\":\"x\"}(placement: 80 CPUs asked "
			"for, lab07 has 32)"}},
	/* attributes that override a section */
	{.matrix = "{w: {small: {}, big: {placement: {cpus: 5}}, any: {placement: {cpus: ~}}}}",
		.more = "placement: {cpus: 1}\n",
		.want = {"a{\"w\":\"small\"} a{\"w\":\"big\"}(placement: 5 CPUs asked for, lab03 "
			 "has 4) a{\"w\":\"any\"}",
			"a{\"w\":\"small\"} a{\"w\":\"big\"} a{\"w\":\"any\"}"}},
	/* settings that depend on others, and on what placement makes of {cpus} */
	{.matrix = "{w: {a: {placement: {cpus: 2}}, b: {placement: {cpus: 3}, limits: {timeout: "
		   "'{cpus}s'}}}, m: [1, x]}",
		.more = "limits: {processes: '{cpus}', memory: '{m}{cpus}MiB'}\n",
		.want = {"a{\"w\":\"a\",\"m\":1} a{\"w\":\"a\",\"m\":\"x\"}(limits: 'memory' is "
			 "'x2MiB', expected a size such as 64KiB, 1MiB or 2GB, at least 1.0 MiB, "
			 "at "
			 "most 1.0 PiB) a{\"w\":\"b\",\"m\":1} a{\"w\":\"b\",\"m\":\"x\"}(limits: "
			 "'memory' is 'x3MiB', expected a size such as 64KiB, 1MiB or 2GB, at "
			 "least "
			 "1.0 MiB, at most 1.0 PiB)"}},
	/* zip: one axis at the place of its first member */
	{.matrix = "{a: [1, 2], m: [x, y], b: [3, 4], zip: [[a, b]]}",
		.want = {"a{\"a\":1,\"m\":\"x\",\"b\":3} a{\"a\":1,\"m\":\"y\",\"b\":3} "
			 "a{\"a\":2,\"m\":\"x\",\"b\":4} a{\"a\":2,\"m\":\"y\",\"b\":4}"}},
	{.matrix = "{a: [1, 2], b: [3, 4], c: [5, 6], d: [7, 8], zip: [[a, c], [d, b]]}",
		.want = {"a{\"a\":1,\"b\":3,\"c\":5,\"d\":7} a{\"a\":1,\"b\":4,\"c\":5,\"d\":8} "
			 "a{\"a\":2,\"b\":3,\"c\":6,\"d\":7} a{\"a\":2,\"b\":4,\"c\":6,\"d\":8}"}},
	{.matrix = "{a: [1, 2], b: [3, 4], c: [5, 6], zip: [[a, b, c]]}",
		.want = {"a{\"a\":1,\"b\":3,\"c\":5} a{\"a\":2,\"b\":4,\"c\":6}"}},
	/* a benchmark that drops a member, or all zips */
	{.matrix = "{a: [1, 2], b: [3, 4], zip: [[a, b]]}",
		.own = "{b: ~}",
		.want = {"a{\"a\":1} a{\"a\":2}"}},
	{.matrix = "{a: [1, 2], b: [3, 4], zip: [[a, b]]}",
		.own = "{zip: ~, b: [3]}",
		.want = {"a{\"a\":1,\"b\":3} a{\"a\":2,\"b\":3}"}},
	/* zip, exclude and include */
	{.matrix = "{a: [1, 2], b: [3, 4], zip: [[a, b]], exclude: [{b: 3}], include: [{a: [1, 8], "
		   "b: [3, 9]}]}",
		.want = {"a{\"a\":2,\"b\":4} a{\"a\":1,\"b\":3} a{\"a\":8,\"b\":9}"}},
	/* where: per host, of all layers */
	{.matrix = "{t: [1, 2, 8], where: t <= host.cores}",
		.want = {"a{\"t\":1} a{\"t\":2} -1", "a{\"t\":1} a{\"t\":2} a{\"t\":8}"}},
	{.matrix = "{t: [1, 2, 8], where: t <= host.cores}",
		.own = "{where: t > 1}",
		.want = {"a{\"t\":2} -2", "a{\"t\":2} a{\"t\":8} -1"}},
	{.matrix = "{t: [1, 2, 8], where: t <= host.cores}",
		.own = "{where: ~}",
		.want = {"a{\"t\":1} a{\"t\":2} a{\"t\":8}"}},
	{.matrix = "{p: [x, y], t: [1, 2], where: not (p == 'y' and t == 1)}",
		.want = {"a{\"p\":\"x\",\"t\":1} a{\"p\":\"x\",\"t\":2} a{\"p\":\"y\",\"t\":2} "
			 "-1"}},
	{.matrix = "{t: [1, 2], where: t == 1 and host.labels.pool == 'night'}",
		.own = "{include: [{t: 2}, {t: 1}]}",
		.more = "hosts: {names: [lab07]}\n",
		.want = {" -2", "a{\"t\":1} -1"},
		.note = "benchmark a: include: 2 configurations are in the matrix already"},
	/* of a dropped axis, neither where nor derived nor a rule is for this benchmark */
	{.matrix = "{t: [1, 2], s: [7], derived: {d: t * 2}, where: d > 2, exclude: [t == 1, {t: "
		   "2}]}",
		.own = "{t: ~}",
		.want = {"a{\"s\":7}"}},
	/* derived: earlier ones, layers by key */
	{.matrix = "{n: [1, 2, 3], derived: {twice: n * 2, more: twice + 1}, where: more > 3}",
		.want = {"a{\"n\":2} a{\"n\":3} -1"}},
	{.matrix = "{n: [1, 2, 3], derived: {m: n}, where: m > 2}",
		.own = "{derived: {m: 5 - n}}",
		.want = {"a{\"n\":1} a{\"n\":2} -1"}},
	{.matrix = "{n: [1, 2], derived: {m: 'host.labels.width and n + 0'}}",
		.more = "placement: {cpus: '{m}'}\n",
		.want = {"a{\"n\":1}(m is nothing here (n is 1, host.labels.width is nil)) "
			 "a{\"n\":2}(m is nothing here (n is 2, host.labels.width is nil))",
			"a{\"n\":1} a{\"n\":2}"}},
	{.matrix = "{n: [1], m: [2], derived: {d: n, e: d, f: m}, where: e > 1, exclude: [f == 2]}",
		.own = "{n: ~, derived: {f: 3}}",
		.want = {"a{\"m\":2}"}},
	/* exclude: mappings and expressions, of the product alone */
	{.matrix = "{x: [1, 2, 3], y: [1, 2], exclude: [x == y, {x: 3, y: [1, 2]}], include: [{x: "
		   "1}]}",
		.want = {"a{\"x\":1,\"y\":2} a{\"x\":2,\"y\":1} a{\"x\":1,\"y\":1}"},
		.note = "benchmark a: include: 1 configuration is in the matrix already"},
	{.matrix = "{t: [1, 8], exclude: [t > host.cores]}",
		.want = {"a{\"t\":1}", "a{\"t\":1} a{\"t\":8}"}},
	{.matrix = "{t: [1, 8], exclude: [{t: 1}]}",
		.own = "{exclude: ~}",
		.want = {"a{\"t\":1} a{\"t\":8}"}},
	/* include adds what a host did not have; the same value keeps its type */
	{.matrix = "{t: {each: host.thread_steps}, include: [{t: [4, 8]}]}",
		.want = {"a{\"t\":1} a{\"t\":2} a{\"t\":4} a{\"t\":8}",
			"a{\"t\":1} a{\"t\":2} a{\"t\":4} a{\"t\":8} a{\"t\":16} a{\"t\":24}"},
		.note = "benchmark a: include: 1 configuration is in the matrix already"},
	{.matrix = "{n: ['1', 2], include: [{n: [1, '2']}]}",
		.want = {"a{\"n\":\"1\"} a{\"n\":2}"},
		.note = "benchmark a: include: 2 configurations are in the matrix already"},
	{.matrix = "{n: [1], m: [x, y], where: m == 'x', include: [{n: 2}]}",
		.want = {"a{\"n\":1,\"m\":\"x\"} a{\"n\":2,\"m\":\"x\"} -2"}},
	{.matrix = "{n: [1], include: [{n: [5, 6, 7, 8, 9]}, {n: [10, 6]}]}",
		.want = {"a{\"n\":1} a{\"n\":5} a{\"n\":6} a{\"n\":7} a{\"n\":8} a{\"n\":9} "
			 "a{\"n\":10}"},
		.note = "benchmark a: include: 1 configuration is in the matrix already"},
	/* changes of the command line */
	{.matrix = "{p: {gil: {n: 1}, nogil: {n: 8}}, t: [1, 2], where: p.n <= host.cores}",
		.changes = "{\"set\": {\"p\": [\"nogil\"], \"t\": [\"7\", \"2\"]}}",
		.want = {" -2", "a{\"p\":\"nogil\",\"t\":7} a{\"p\":\"nogil\",\"t\":2}"}},
	{.matrix = "{t: [1, 2], s: [7, 8]}",
		.changes = "{\"only\": \"t == 2 or host.name == 'lab07' and s == 8\"}",
		.want = {"a{\"t\":2,\"s\":7} a{\"t\":2,\"s\":8} -2",
			"a{\"t\":1,\"s\":8} a{\"t\":2,\"s\":7} a{\"t\":2,\"s\":8} -1"}},
};

static struct campaign *read_vector(const struct vector *v)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	buf_addf(&text, "campaign: c\nmatrix: %s\n%s", v->matrix, v->more ? v->more : "");
	buf_addf(&text, "benchmarks: {a: {command: [x]%s%s}}\n", v->own ? ", matrix: " : "",
		v->own ? v->own : "");
	return read_changed(text.data, v->changes);
}

static void test_configurations_of_matrices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct campaign *c = read_vector(v);
		struct plan *p = NULL;
		struct error err = {0};

		if (plan_make(c, hosts, 2, &p, &err) < 0)
			fail_msg("%s: %s", v->matrix, err.text);
		for (size_t h = 0; h < 2; h++) {
			_cleanup_buf_ struct buf got = BUF_INIT;

			describe(p, h, &got);
			if (strcmp(got.data, v->want[h] ? v->want[h] : v->want[0]) != 0)
				print_message("%s %s\n", v->matrix, v->own ? v->own : "");
			assert_string_equal(got.data, v->want[h] ? v->want[h] : v->want[0]);
		}
		assert_int_equal(p->notes_n, v->note != NULL);
		if (v->note)
			assert_string_equal(p->notes[0], v->note);
		plan_free(p);
		campaign_free(c);
	}
}

/* Several benchmarks: --only leaves out the one that has no such axis. */
static void test_only_is_for_benchmarks_that_have_its_axes(void **state)
{
	struct campaign *c = read_changed("campaign: c\nbenchmarks:\n"
					  "  a: {command: ['{n}'], matrix: {n: [1, 2]}}\n"
					  "  b: {command: [x]}\n",
		"{\"only\": \"n > 1\"}");
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct plan *p = NULL;
	struct error err;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 1, &p, &err), 0);
	describe(p, 0, &got);
	assert_string_equal(got.data, "a{\"n\":2} -2");
	assert_int_equal(p->configurations_n, 1);
	plan_free(p);
	campaign_free(c);
}

/* ---- what is wrong ---- */

/* Below "campaign: c\nmatrix:\n" and before a benchmark a whose command is [x]. */
static const struct {
	const char *matrix;
	const char *want; /* all diagnostics that are errors */
} bad[] = {
	{"  p: {a: {path: /x}, b: /y}\n",
		"3:25: error: 'b' is '/y', expected its attributes, such as {path: /opt/a}; {} for "
		"none\n"},
	{"  p: {a: {end: 1, 2x: 1, host: 1, where: 1, campaign: 1}}\n",
		"3:11: error: 'end' cannot be the name of an attribute: it means something else in "
		"templates and expressions\n"
		"3:19: error: '2x' is no good name of an attribute, expected letters, digits and "
		"_, "
		"not starting with a digit\n"
		"3:26: error: 'host' cannot be the name of an attribute: it means something else "
		"in "
		"templates and expressions\n"
		"3:35: error: 'where' cannot be the name of an attribute: it means something else "
		"in templates and expressions\n"},
	{"  p: {a: {x: [1], y: {z: 1}, v: ~, w: {expr: [1]}}}\n",
		"3:14: error: 'x' is a list, expected a text, a number, or {expr: EXPRESSION}\n"
		"3:22: error: 'y' is a mapping, expected a text, a number, or {expr: EXPRESSION}\n"
		"3:33: error: '~' is no value of attribute 'v', expected a text or a number\n"
		"3:46: error: 'expr' is a list, expected an expression, such as host.cores\n"},
	{"  p: {a: {env: {9: x}, placement: {cpu: 1}, tune: {turbo: maybe}, limits: {timeout: "
	 "5}}}\n",
		"3:17: error: '9' is no good environment variable name, expected letters, digits "
		"and _, not starting with a digit\n"
		"3:36: error: unknown key 'cpu' in placement; did you mean 'cpus'?\n"
		"3:59: error: 'turbo' is 'maybe', expected one of on, off\n"
		"3:85: error: 'timeout' is '5' without a unit, expected a duration such as 250ms, "
		"10s, 5min or 1h, above 0s\n"},
	{"  p: {a: {env: {X: '{nothing}'}, placement: {cpus: '{thread}'}}}\n  threads: [1]\n",
		"3:20: error: unknown name 'nothing' in a template; for a literal text write it "
		"with two braces on each side\n"
		"3:52: error: unknown name 'thread' in a template; did you mean 'threads'?\n"},
	{"  campaign: [1]\n  contains: [1]\n",
		"3:3: error: 'campaign' cannot be the name of an axis: it means something else in "
		"templates and expressions\n"
		"4:3: error: 'contains' cannot be the name of an axis: it means something else in "
		"templates and expressions\n"},
	/* zip */
	{"  a: [1, 2]\n  b: [1]\n  zip: [[a, b]]\n", "5:13: error: axis 'b' has 1 value, and 'a' "
						     "has 2: axes that walk in lock step have "
						     "equally many (benchmark 'a')\n"},
	{"  a: [1]\n  t: {each: host.thread_steps}\n  zip: [[a, t]]\n",
		"5:13: error: axis 't' has other values on each host, so it cannot be in 'zip'\n"},
	{"  abc: [1]\n  b: [1]\n  zip: [[abd, b], [b, abc]]\n",
		"5:10: error: 'abd' in 'zip' is no axis of benchmark 'a'; did you mean 'abc'?\n"
		"5:20: error: axis 'b' stands twice in 'zip'\n"},
	{"  a: [1]\n  b: [1]\n  zip: [a, b]\n",
		"5:9: error: 'zip' is 'a', expected lists of axes, such as [[a, b]]\n"
		"5:12: error: 'zip' is 'b', expected lists of axes, such as [[a, b]]\n"},
	{"  a: [1]\n  zip: [[a]]\n",
		"4:9: error: 'zip' needs two axes at least that walk in lock step\n"},
	/* derived */
	{"  a: [1]\n  derived: {a: 2, end: 1, b: c, c: a, d: [1]}\n",
		"4:13: error: 'a' in 'derived' is an axis of benchmark 'a' already\n"
		"4:19: error: 'end' cannot be the name of a derived parameter: it means something "
		"else in templates and expressions\n"
		"4:30: error: derived 'b': 'c' must stand before what is computed of it\n"
		"4:42: error: 'd' is a list, expected an expression, such as n * 8\n"},
	{"  a: {x: {n: {expr: b + d}, m: 1}}\n  b: [1]\n",
		"3:21: error: attribute 'n' of 'x': 'b' must stand before what is computed of it\n"
		"3:25: error: attribute 'n' of 'x': unknown name 'd'\n"},
	{"  a: {x: {n: {expr: a.m}, m: 1}, y: {n: {expr: c}, m: 2}}\n  derived: {c: b, b: 1}\n",
		"3:21: error: attribute 'n' of 'x': 'a' must stand before what is computed of it\n"
		"3:48: error: attribute 'n' of 'y': 'c' must stand before what is computed of it\n"
		"4:16: error: derived 'c': 'b' must stand before what is computed of it\n"},
	/* where, exclude, include */
	{"  a: [1]\n  where: [a > 1]\n",
		"4:10: error: 'where' is a list, expected an expression, such as threads <= "
		"host.cores\n"},
	{"  abc: [1]\n  where: abd > 1\n",
		"4:10: error: where: unknown name 'abd'; did you mean 'abc'?\n"},
	{"  n: [1]\n  include: [n == 1, {m: 1}, {n: {from: 1, to: 2, step: 1}}]\n",
		"4:13: error: 'include' is 'n == 1', expected mappings of axes to values\n"
		"4:22: error: 'm' in 'include' is no axis of benchmark 'a'; did you mean 'n'?\n"
		"4:33: error: 'n' is a mapping, expected a value (a text or a number)\n"},
	{"  p: {a: {x: 1}}\n  include: [{p: b}]\n",
		"4:17: error: axis 'p' has no value 'b', and 'include' cannot give it the "
		"attributes that its values have\n"},
	{"  a: [1]\n  b: [2]\n  zip: [[a, b]]\n  include: [{a: 3}, {a: [3, 4], b: [5]}]\n",
		"6:13: error: axes 'a' and 'b' walk in lock step: an entry of 'include' names both "
		"with equally many values, or neither\n"
		"6:21: error: axes 'a' and 'b' walk in lock step: an entry of 'include' names both "
		"with equally many values, or neither\n"},
};

static void test_what_is_wrong_with_matrices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf got = BUF_INIT;
		_cleanup_free_ char *text = xasprintf(
			"campaign: c\nmatrix:\n%sbenchmarks: {a: {command: [x]}}\n", bad[i].matrix);
		struct diagnostics d = {0};

		campaign_free(campaign_read(text, strlen(text), NULL, &d));
		for (size_t k = 0; k < d.n; k++)
			if (!d.items[k].is_warning)
				buf_addf(&got, "%d:%d: error: %s\n", d.items[k].line,
					d.items[k].column, d.items[k].text);
		if (strcmp(got.data, bad[i].want) != 0)
			print_message("%s", bad[i].matrix);
		assert_string_equal(got.data, bad[i].want);
		diagnostics_done(&d);
	}
}

static void add_entries(struct buf *out, const char *format, int n)
{
	for (int i = 0; i < n; i++) {
		char entry[32];

		snprintf(entry, sizeof entry, "%.*s%d%s", (int)strcspn(format, "%"), format, i,
			strchr(format, '%') + 2);
		buf_addf(out, "%s%s", i ? ", " : "", entry);
	}
}

/* Each is looked for among all. */
static void test_too_many_entries(void **state)
{
	static const struct {
		const char *before, *entry, *after, *want;
	} all[] = {
		{"", "a%d: [1]", "", "'matrix' has 1001 entries, expected at most 1000"},
		{"n: [1], exclude: [", "{n: %d}", "]",
			"'exclude' has 1001 entries, expected at most 1000"},
		{"n: [1], include: [", "{n: %d}", "]",
			"'include' has 1001 entries, expected at most 1000"},
		{"n: [1], derived: {", "d%d: n", "}",
			"'derived' has 1001 entries, expected at most 1000"},
		{"n: [1], zip: [[", "a%d", "]]", "'zip' names 1001 axes, expected at most 1000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		struct diagnostics d = {0};
		bool has_it = false;

		buf_addf(&text, "campaign: c\nmatrix: {%s", all[i].before);
		add_entries(&text, all[i].entry, SCHEMA_MAX_ENTRIES + 1);
		buf_addf(&text, "%s}\nbenchmarks: {a: {command: [x]}}\n", all[i].after);
		assert_null(campaign_read(text.data, text.len, NULL, &d));
		for (size_t k = 0; k < d.n; k++)
			has_it |= strcmp(d.items[k].text, all[i].want) == 0;
		assert_true(has_it);
		diagnostics_done(&d);
	}
}

static void test_bad_changes_of_matrices(void **state)
{
	static const char text[] = "campaign: c\n"
				   "matrix: {p: {gil: {}, nogil: {}}, a: [1, 2], b: [3, 4], zip: "
				   "[[a, b]]}\nbenchmarks: {x: {command: [x]}, y: {command: "
				   "[x], matrix: {p: {gil: {}, again: {}}}}}\n";
	static const struct {
		const char *changes, *want;
	} all[] = {
		{"{\"set\": {\"p\": [\"gil\", \"nogil\"]}}",
			"--set p: in benchmark 'y' axis 'p' has no value 'nogil', as it has in "
			"others; choose with --only"},
		{"{\"set\": {\"p\": [\"nogill\"]}}",
			"--set p: axis 'p' has no value 'nogill'; did you mean 'nogil'?"},
		{"{\"set\": {\"a\": [\"1\"]}}",
			"--set: axes 'a' and 'b' walk in lock step, and have 1 and 2 values"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct diagnostics d = {0};

		assert_null(campaign_read(text, strlen(text), all[i].changes, &d));
		assert_int_equal(d.errors, 1);
		assert_string_equal(d.items[0].text, all[i].want);
		diagnostics_done(&d);
	}
}

/* Errors that only a host shows. */
static void test_plans_that_fail(void **state)
{
	static const struct {
		const char *matrix, *want;
	} all[] = {
		{"{n: [1, x], where: n > 1}",
			"a {\"n\":\"x\"} on lab03: line 2: where: it compares a number with a "
			"text (n is 'x')"},
		{"{n: [1], where: n < host.labels.width}",
			"there is nothing to run: line 2: where: host.labels.width is not known "
			"here"},
		{"{n: [1], exclude: [n < host.labels.width]}",
			"a {\"n\":1} on lab03: line 2: exclude: host.labels.width is not known "
			"here"},
		{"{n: [1], exclude: [n]}",
			"a {\"n\":1} on lab03: line 2: exclude: it is '1', expected true or false "
			"(n is 1)"},
		{"{n: [1], where: n > 1}", "there is nothing to run: 'where' leaves no "
					   "configuration"},
		{"{n: [1], exclude: [n == 1]}",
			"there is nothing to run: exclude leaves no configuration"},
		{"{a: {from: 1, to: 10000, step: 1}, b: {from: 1, to: 4000, step: 1}, t: {each: "
		 "host.thread_steps}, where: a == b}",
			"more than 10,000,000 runs: make the matrix smaller, or use fewer hosts or "
			"blocks"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_free_ char *text =
			xasprintf("campaign: c\nmatrix: %s\nbenchmarks: {a: {command: [x]}}\n",
				all[i].matrix);
		struct campaign *c = read_changed(text, NULL);
		struct error err = {0};
		struct plan *p;

		assert_int_equal(plan_make(c, hosts, 1, &p, &err), ERR_CAMPAIGN);
		assert_string_equal(err.text, all[i].want);
		campaign_free(c);
	}
}

/* Each names the two before it: whoever followed every path would never end. */
static void test_derived_parameters_that_need_each_other(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct campaign *c;
	struct plan *p = NULL;
	struct error err;

	(void)state;
	buf_adds(&text, "campaign: c\nmatrix: {n: [1, 2], derived: {d0: n, d1: n");
	for (int i = 2; i < 60; i++)
		buf_addf(&text, ", d%d: d%d + d%d - d%d", i, i - 1, i - 2, i - 2);
	buf_adds(&text, "}, where: d59 == 2}\nbenchmarks: {a: {command: ['{d59}']}}\n");
	c = read_changed(text.data, NULL);
	assert_int_equal(plan_make(c, hosts, 1, &p, &err), 0);
	assert_int_equal(p->configurations_n, 1);
	plan_free(p);
	campaign_free(c);
}

/* Through a derived parameter, an attribute's expression, a zip, what a value overrides. */
static void test_axes_that_are_used_have_no_warning(void **state)
{
	static const struct {
		const char *matrix, *unused; /* NULL: all are used */
	} all[] = {
		{"{n: [1, 2], derived: {d: n * 2, e: d + 1}}", NULL},
		{"{m: [1, 2], n: [3, 4], zip: [[n, m]], derived: {e: n}}", NULL},
		{"{n: [1, 2], derived: {d: n * 2, e: 1}}", "n"},
		{"{n: [1, 2], derived: {e: 1}, where: n > 0}", "n"},
		{"{n: [1, 2], w: {a: {x: {expr: n}}}, derived: {e: w.x}}", NULL},
		{"{w: {a: {}, b: {env: {X: '1'}}}, derived: {e: 1}}", NULL},
		{"{w: {a: {}, b: {x: 1}}, derived: {e: 1}}", "w"},
		{"{n: [1, 2], derived: {e: 1}}\ndefaults: {work: n}", "n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_free_ char *text = xasprintf(
			"campaign: c\nmatrix: %s\nbenchmarks: {a: {command: [x, '{e}']}}\n",
			all[i].matrix);
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct diagnostics d = {0};
		struct campaign *c = campaign_read(text, strlen(text), NULL, &d);

		assert_non_null(c);
		for (size_t k = 0; k < d.n; k++)
			if (strstr(d.items[k].text, "is not used by"))
				buf_addf(&got, "%.*s", (int)strcspn(d.items[k].text + 6, "'"),
					d.items[k].text + 6);
		assert_string_equal(got.data, all[i].unused ? all[i].unused : "");
		diagnostics_done(&d);
		campaign_free(c);
	}
}

/* ---- runs ---- */

static void test_runs_of_spread_campaigns(void **state)
{
	static const char text[] = "campaign: c\n%s\nmatrix: {t: {each: host.thread_steps}}\n"
				   "benchmarks: {a: {command: ['{t}']}}\n"
				   "repeat: {warmup: 2, blocks: 10}\n";
	_cleanup_free_ char *every =
		xasprintf("campaign: c\nhosts: {spread: every}%s", strchr(text, '\n') + 3);
	_cleanup_free_ char *any =
		xasprintf("campaign: c\nhosts: {spread: any}%s", strchr(text, '\n') + 3);
	struct campaign *c = read_changed(every, NULL);
	struct plan *p;
	struct error err;

	(void)state;
	assert_int_equal(plan_make(c, hosts, 2, &p, &err), 0);
	assert_int_equal(p->runs, 12 * 9);
	plan_free(p);
	campaign_free(c);
	c = read_changed(any, NULL);
	assert_int_equal(plan_make(c, hosts, 2, &p, &err), 0);
	assert_int_equal(p->runs, 2 * 9 + 10 * 6);
	plan_free(p);
	campaign_free(c);
}

/* ---- what is shipped ---- */

static void test_files_are_expanded_over_what_they_name(void **state)
{
	static const struct {
		const char *matrix, *files, *want;
	} all[] = {
		{"{n: [1, 2]}", "[src, src, '{campaign}.d']", "src c.d"},
		{"{n: [1, 2], m: [x, y]}", "[src, 'data/{n}']", "src data/1 data/2"},
		{"{n: [1, 2], m: [x, y]}", "['{m}/{n}', 'all']", "x/1 y/1 x/2 y/2 all"},
		{"{n: [1, 2], m: [x, y], zip: [[n, m]]}", "['{n}/{m}', '{m}']", "1/x 2/y x y"},
		{"{n: [1, 2], m: [x, y], exclude: [{n: 1, m: x}, {n: 2}], include: [{n: 3, m: x}]}",
			"['{n}{m}', '{m}']", "1y 3x x y"},
		{"{p: {a: {dir: one}, b: {dir: two}, c: {dir: one}}}", "['{p.dir}']", "one two"},
		{"{ref: [dev, v1]}", "[{git: 'https://x/y.git', ref: '{ref}', as: 'y-{ref}'}, z]",
			"https://x/y.git@dev=y-dev https://x/y.git@v1=y-v1 z"},
		{"{ref: [dev, v1]}", "[{git: 'https://x/y.git'}]", "https://x/y.git@HEAD=y"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_free_ char *text =
			xasprintf("campaign: c\nfiles: %s\nmatrix: %s\n"
				  "benchmarks: {a: {command: [x]}, b: {command: [x]}}\n",
				all[i].files, all[i].matrix);
		struct campaign *c = read_changed(text, NULL);
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct render_arena *arena;
		struct shipped *shipped;
		size_t n;

		campaign_files(c, &shipped, &n, &arena);
		for (size_t k = 0; k < n; k++) {
			buf_adds(&got, k ? " " : "");
			if (shipped[k].git)
				buf_addf(&got, "%s@%s=%s", shipped[k].git, shipped[k].ref,
					shipped[k].as);
			else
				buf_adds(&got, shipped[k].path);
		}
		assert_string_equal(got.data, all[i].want);
		render_done(arena);
		campaign_free(c);
	}
}

/* ---- campaigns as users write them ---- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf out = BUF_INIT;
	char chunk[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&out, chunk, n);
	fclose(f);
	return buf_take(&out);
}

#define EIGHT                                                                                      \
	"{\"threads\": 16, \"cores\": 8, \"thread_steps\": [1, 2, 4, 8], \"frequency\": "          \
	"{\"base\": "                                                                              \
	"2100000000}, \"energy\": {\"source\": \"powercap\"}, \"labels\": {\"pool\": "             \
	"\"nightly\"}, "                                                                           \
	"\"cpu\": {\"codename\": \"Ice Lake-SP\", \"packages\": 2, \"kinds\": [{\"kind\": "        \
	"\"performance\", \"cores\": 4, \"cpus\": [0, 1, 2, 3, 4, 5, 6, 7]}, {\"kind\": "          \
	"\"efficiency\", \"cores\": 4, \"cpus\": [8, 9, 10, 11, 12, 13, 14, 15]}]}}"

/* On one host of eight cores: configurations of each benchmark, left out, skipped. */
static const struct {
	const char *file, *want;
} users[] = {
	{"1-python-gil", "nbody 12 json 12 dict 12 startup 3, 0 left out, 9 skipped"},
	{"2-stream", "stream 7, 1 left out, 0 skipped"},
	{"3-nightly", "compress 8 decompress 8, 0 left out, 0 skipped"},
	{"4-generations", "npb 16, 8 left out, 8 skipped"},
	{"5-p-e-cores", "compute 6 branchy 6, 4 left out, 0 skipped"},
	{"7-frequency", "compute 4 memory 4, 0 left out, 0 skipped"},
	{"8-existing", "fio 6 stress 12 awk 1, 0 left out, 0 skipped"},
};

static void count(const struct campaign *c, const struct plan *p, struct buf *out)
{
	const struct plan_lane *lane = &p->lanes[0];
	size_t skipped = 0;

	for (size_t b = 0; b < c->benchmarks_n; b++) {
		size_t n = 0;

		for (size_t i = 0; i < lane->n; i++)
			n += p->configurations[lane->configurations[i]].benchmark ==
			     &c->benchmarks[b];
		buf_addf(out, "%s%s %zu", b ? " " : "", c->benchmarks[b].name, n);
	}
	for (size_t i = 0; i < lane->n; i++)
		skipped += lane->skipped[i] != NULL;
	buf_addf(out, ", %zu left out, %zu skipped", lane->left_out, skipped);
}

static void test_plans_of_campaigns_as_users_write_them(void **state)
{
	static const struct plan_host host = {"lab01", EIGHT};
	const char *top = getenv("TOP");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		char *path =
			xasprintf("%s/../shared/campaigns/%s.yaml", top ? top : ".", users[i].file);
		_cleanup_free_ char *text = read_file(path);
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct campaign *c;
		struct plan *p = NULL;
		struct error err = {0};

		free(path); /* by hand: skip() does not come back */
		if (!text)
			skip();
		c = read_changed(text, NULL);
		if (plan_make(c, &host, 1, &p, &err) < 0)
			fail_msg("%s: %s", users[i].file, err.text);
		count(c, p, &got);
		assert_string_equal(got.data, users[i].want);
		plan_free(p);
		campaign_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations_of_matrices),
		cmocka_unit_test(test_only_is_for_benchmarks_that_have_its_axes),
		cmocka_unit_test(test_what_is_wrong_with_matrices),
		cmocka_unit_test(test_too_many_entries),
		cmocka_unit_test(test_bad_changes_of_matrices),
		cmocka_unit_test(test_plans_that_fail),
		cmocka_unit_test(test_derived_parameters_that_need_each_other),
		cmocka_unit_test(test_axes_that_are_used_have_no_warning),
		cmocka_unit_test(test_runs_of_spread_campaigns),
		cmocka_unit_test(test_files_are_expanded_over_what_they_name),
		cmocka_unit_test(test_plans_of_campaigns_as_users_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
