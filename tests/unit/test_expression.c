/* Expressions: what is wrong with them and where, and what they give. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T(s) ((char *)(s))

static const char inventory[] =
	"{\"cores\": 4, \"threads\": 8, \"memory\": 8000000000, \"hypervisor\": null, \"turbo\": "
	"true,"
	"\"governor\": \"performance\", \"frequency\": {\"base\": 2100000000},"
	"\"labels\": {\"pool\": \"nightly\", \"max\": \"2\"}, \"energy\": {\"source\": null},"
	"\"cpu\": {\"vendor\": \"GenuineIntel\", \"codename\": \"Raptor Lake\", \"packages\": 1,"
	"\"kinds\": [{\"kind\": \"performance\", \"cpus\": [0, 1, 2, 3], \"cores\": 2},"
	"{\"kind\": \"efficiency\", \"cpus\": [4, 5], \"cores\": 2}]}}";

static struct named_value gil_items[] = {
	{.name = T("path"), .value = {.text = T("/opt/a")}},
	{.name = T("gil"), .value = {.text = T("true"), .is_bool = true}},
	{.name = T("only"), .value = {.text = T("1"), .is_number = true}},
};
static struct named_value nogil_items[] = {
	{.name = T("path"), .value = {.text = T("/opt/b")}},
	{.name = T("gil"), .value = {.text = T("false"), .is_bool = true}},
};
static const struct attributes gil = {.items = gil_items, .n = 3};
static const struct attributes nogil = {.items = nogil_items, .n = 2};
static struct value pythons[] = {
	{.text = T("gil"), .attributes = &gil}, {.text = T("nogil"), .attributes = &nogil}};
static struct value threads[] = {{.text = T("8"), .is_number = true}};
static struct value sizes[] = {{.text = T("1e3"), .is_number = true}};
static struct value levels[] = {{.text = T("012")}};
static struct value flags[] = {{.text = T("true"), .is_bool = true}};
static struct axis axes[] = {
	{.name = T("python"), .values = pythons, .n = 2},
	{.name = T("threads"), .values = threads, .n = 1},
	{.name = T("size"), .values = sizes, .n = 1},
	{.name = T("level"), .values = levels, .n = 1},
	{.name = T("flag"), .values = flags, .n = 1},
};
static struct named_value derived[] = {
	{.name = T("bytes"), .value = {.text = T("64"), .is_number = true}}};
static struct benchmark nbody = {
	.name = T("nbody"), .axes = axes, .axes_n = 5, .derived = derived, .derived_n = 1};
static const struct template_scope scope = {
	.benchmark = &nbody, .names = TEMPLATE_HOST | TEMPLATE_METRIC, .where = "'where'"};

static bool lookup(void *arg, const char *name, double *value)
{
	(void)arg;
	*value = strcmp(name, "ops") == 0 ? 10 : 2.5;
	return strcmp(name, "ops") == 0 || strcmp(name, "energy.package") == 0;
}

static struct names *open_names(const struct configuration *c)
{
	struct names *n = names_open(NULL);
	struct error err;

	assert_int_equal(names_set_host(n, "lab03", inventory, &err), 0);
	names_set_configuration(n, c);
	names_set_metrics(n, lookup, NULL);
	return n;
}

static const struct expression *read_one(
	const char *text, bool is_plain, struct arena *a, struct diagnostics *d)
{
	struct node node = {.kind = NODE_SCALAR,
		.line = 7,
		.column = 10,
		.from = 100,
		.to = is_plain ? 100 : 102,
		.is_plain = is_plain,
		.text = T(text)};

	/* Characters, not bytes. */
	for (const char *s = text; *s; s++)
		node.to += ((unsigned char)*s & 0xc0) != 0x80;

	return expression_read(&node, "where", &scope, NULL, a, d);
}

static void test_values(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* "line ..." is an error */
	} vectors[] = {
		{"1", "1"},
		{"8e7", "80000000"},
		{"1 + 2 * 3", "7"},
		{"7 // 2", "3"},
		{"7 / 2", "3.5"},
		{"6 / 2", "3"},
		{"2 ^ 10", "1024"},
		{"7 % 4", "3"},
		{"-threads", "-8"},
		{"threads * 80", "640"},
		{"size", "1000"},
		{"size * 2", "2000"},
		{"bytes", "64"},
		{"1 << 4 | 1", "17"},
		{"~0", "-1"},
		{"0x10", "16"},
		{"0.1", "0.1"},
		{"1/3", "0.3333333333333333"},
		{"1e300", "1e+300"},
		{"-0.0", "0"},
		{"9223372036854775807", "9223372036854775807"},
		{"true", "true"},
		{"nil", NULL},
		{"not nil", "true"},
		{"\"a\" .. 'b'", "ab"},
		{"[[x]] .. [=[y]]]=]", "xy]]"},
		{"#python", "3"},
		{"threads == 8", "true"},
		{"threads == '8'", "false"},
		{"level == '012'", "true"},
		{"level", "012"},
		{"flag", "true"},
		{"flag == true", "true"},
		{"flag and 1 or 2", "1"},
		{"python", "gil"},
		{"python == \"gil\"", "true"},
		{"python.path", "/opt/a"},
		{"python.gil", "true"},
		{"python.gil == true", "true"},
		{"python.only", "1"},
		{"benchmark", "nbody"},
		{"benchmark == 'x'", "false"},
		{"host.name", "lab03"},
		{"host.cores", "4"},
		{"threads <= host.threads", "true"},
		{"host.energy.source ~= nil", "false"},
		{"host.energy.source", NULL},
		{"host.labels.pool", "nightly"},
		{"host.labels.rack", NULL},
		{"host.labels['pool']", "nightly"},
		{"host.labels['a-b']", NULL},
		{"host.labels[python]", NULL},
		{"host.cpu.codename", "Raptor Lake"},
		{"host.turbo", "true"},
		{"host.cpu.kinds.efficiency.cores", "2"},
		{"host.cpu.kinds.lowpower.cores", "0"},
		{"host.cpu.kinds.performance.cpus", "4"},
		{"host.cpu.kinds[\"performance\"].cores", "2"},
		{"host.cpu.kinds['low' .. 'power'].cpus", "0"},
		{"host.frequency.base", "2100000000"},
		{"host.memory // 1000", "8000000"},
		{"host.hypervisor == nil", "true"},
		{"host.numa == nil", "true"},
		{"metric.ops", "10"},
		{"metric['energy.package']", "2.5"},
		{"metric['energy.' .. 'package'] / metric.ops", "0.25"},
		{"metric.none", NULL},
		{"math.floor(7.9)", "7"},
		{"math.max(1, threads, 3)", "8"},
		{"math.pi > 3", "true"},
		{"math.log(8, 2)", "3"},
		{"one_of(threads, 1, 8)", "true"},
		{"one_of(threads, 1, 8.0)", "true"},
		{"one_of(threads, '8')", "false"},
		{"one_of(python, 'a', 'b')", "false"},
		{"contains(host.cpu.codename, 'Lake')", "true"},
		{"contains(host.cpu.codename, 'lake')", "false"},
		{"contains(nil, 'x')", "false"},
		{"contains(host.hypervisor, 'kvm')", "false"},
		{"contains(threads, 8)", "true"},
		{"contains('a%d', '%d')", "true"},
		{"starts_with(python, 'g')", "true"},
		{"starts_with(python, 'il')", "false"},
		{"starts_with('', 'x')", "false"},
		{"starts_with('x', '')", "true"},
		{"1 --[[ a comment ]] + 1", "2"},
		{"1 -- to the end", "1"},
		{" ( threads\n > 4 ) ", "true"},
		{"'\\65\\n'", "A\n"},
		{"not (python == 'gil' and threads == 1)", "true"},
		{"1/0", "inf"},
		{"'a' < 'b'", "true"},
		{"'x' == \"x\"", "true"},
	};
	const struct value *const tables[] = {pythons, threads, sizes, levels, flags};
	const uint32_t first[5] = {0};
	const struct configuration c = {.benchmark = &nbody, .tables = tables, .indices = first};
	struct arena *a = arena_new();
	struct names *n;

	(void)state;
	n = open_names(&c);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct diagnostics d = {0};
		const struct expression *e = read_one(vectors[i].text, true, a, &d);
		struct evaluated out;
		struct error err = {0};

		if (!e)
			fail_msg("%s: %s", vectors[i].text, d.items[0].text);
		assert_int_equal(d.n, 0);
		if (names_evaluate(n, e, &out, &err) < 0)
			fail_msg("%s: %s", vectors[i].text, err.text);
		if (vectors[i].want)
			assert_string_equal(out.text, vectors[i].want);
		else
			assert_int_equal(out.type, EVALUATED_NIL);
	}
	names_close(n);
	arena_free(a);
}

static void test_errors_of_reading(void **state)
{
	static const struct {
		int column; /* in the text, from 1 */
		const char *text, *want;
	} vectors[] = {
		{1, "", "where: it is empty, expected an expression"},
		{1, "thread", "where: unknown name 'thread'; did you mean 'threads'?"},
		{1, "theads", "where: unknown name 'theads'; did you mean 'threads'?"},
		{5, "1 + size2", "where: unknown name 'size2'; did you mean 'size'?"},
		{8, "python.pth",
			"where: axis 'python' has no attribute 'pth'; did you mean 'path'?"},
		{8, "python.zzzzz", "where: axis 'python' has no attribute 'zzzzz'"},
		{9, "threads.x",
			"where: axis 'threads' has no attribute 'x': its values have no "
			"attributes"},
		{6, "bytes.x", "where: 'bytes' is a single value: it has no attributes"},
		{8, "python.", "where: it ends where the name of an attribute is expected"},
		{7, "python['path']",
			"where: unexpected '[', expected an operator or the end; only metric, "
			"host.labels and host.cpu.kinds have [ ]"},
		{1, "host", "where: 'host' is no single value, expected one of its fields"},
		{1, "host.cors", "where: unknown name 'host.cors'; did you mean 'host.cores'?"},
		{1, "host.cpu", "where: 'host.cpu' is no single value, expected one of its fields"},
		{1, "host.cpu.kinds",
			"where: 'host.cpu.kinds' is no single value, expected one of its fields"},
		{1, "host.cpu.kinds.performance",
			"where: 'host.cpu.kinds.performance' is no single value, expected one of "
			"its fields"},
		{1, "host.cpu.kinds.eficiency.cores",
			"where: unknown name 'host.cpu.kinds.eficiency.cores'; did you mean "
			"'host.cpu.kinds.efficiency.cores'?"},
		{1, "host.cpu.kinds[python].core",
			"where: host.cpu.kinds[...] has .cores and .cpus alone"},
		{1, "host.cpu.kinds[python]",
			"where: host.cpu.kinds[...] has .cores and .cpus alone"},
		{1, "host.labels",
			"where: 'host.labels' is no single value, expected one of its fields"},
		{1, "host.labels[python].x", "where: a label is a text: it has no fields"},
		{5, "host['cores']",
			"where: unexpected '[', expected a field; only metric, host.labels and "
			"host.cpu.kinds have [ ]"},
		{1, "host:cores", "where: 'host' is no single value, expected one of its fields"},
		{7, "metric",
			"where: it ends where '.' or '[' and the name of a metric is expected"},
		{1, "metric.energy.package",
			"where: a metric with points in its name is written "
			"metric[\"energy.package\"]"},
		{8, "metric.", "where: it ends where the name of a metric is expected"},
		{8, "metric.end", "where: unexpected 'end', expected the name of a metric"},
		{1, "cpus", "where: unknown name 'cpus'"},
		{1, "campaign", "where: unknown name 'campaign'"},
		{1, "string.rep('x', 10)", "where: unknown name 'string'"},
		{5, "1 + string", "where: unknown name 'string'"},
		{6, "('x'):rep(1000)",
			"where: unexpected ':', expected an operator or the end; there are no "
			"methods here"},
		{4, "'x':rep(9)",
			"where: unexpected ':', expected an operator or the end; there are no "
			"methods here"},
		{4, "'x'.rep", "where: unexpected '.', expected an operator or the end"},
		{1, "load('return 1')", "where: unknown name 'load'"},
		{1, "io.open('/etc/passwd')", "where: unknown name 'io'"},
		{1, "os.exit()", "where: unknown name 'os'"},
		{1, "require 'os'", "where: unknown name 'require'"},
		{1, "dofile('x')", "where: unknown name 'dofile'"},
		{1, "print(1)", "where: unknown name 'print'"},
		{1, "_G", "where: unknown name '_G'"},
		{1, "_ENV", "where: unknown name '_ENV'"},
		{1, "getmetatable('')", "where: unknown name 'getmetatable'"},
		{1, "pcall(1)", "where: unknown name 'pcall'"},
		{1, "function() end", "where: unexpected 'function', expected a value"},
		{1, "while true do end", "where: unexpected 'while', expected a value"},
		{1, "for i = 1, 2 do end", "where: unexpected 'for', expected a value"},
		{1, "repeat until true", "where: unexpected 'repeat', expected a value"},
		{1, "goto x", "where: unexpected 'goto', expected a value"},
		{1, "local x = 1", "where: unexpected 'local', expected a value"},
		{1, "do end", "where: unexpected 'do', expected a value"},
		{1, "return 1", "where: unexpected 'return', expected a value"},
		{3, "1 if 2", "where: unexpected 'if', expected an operator or the end"},
		{1, "{1, 2}",
			"where: unexpected '{', expected a value; names stand without braces here"},
		{1, "{threads} > 4",
			"where: unexpected '{', expected a value; names stand without braces here"},
		{9, "threads = 4",
			"where: unexpected '=', expected an operator or the end; 'equal' is =="},
		{9, "threads != 4",
			"where: unexpected '!=', expected an operator or the end; 'not equal' is "
			"~="},
		{6, "flag && flag",
			"where: unexpected '&&', expected an operator or the end; write and"},
		{1, "!flag", "where: unexpected '!', expected a value; write not"},
		{6, "flag ? 1 : 2",
			"where: unexpected '?', expected an operator or the end; write a and b or "
			"c"},
		{3, "2 ** 3",
			"where: unexpected '**', expected an operator or the end; a power is ^"},
		{2, "1, 2", "where: unexpected ',', expected an operator or the end"},
		{2, "1; 2", "where: unexpected ';', expected an operator or the end"},
		{2, "1)", "where: unexpected ')', expected an operator or the end"},
		{3, "(1", "where: it ends where ')' is expected"},
		{4, "1 +", "where: it ends where a value is expected"},
		{1, "+ 1", "where: unexpected '+', expected a value"},
		{3, "1 2", "where: unexpected '2', expected an operator or the end"},
		{1, "...", "where: unexpected '...', expected a value"},
		{1, "'abc", "where: this text has no end: 'abc"},
		{1, "\"abc", "where: this text has no end: \"abc"},
		{1, "[[abc", "where: this text has no end: [[abc"},
		{1, "--[[ abc", "where: this comment has no end: --[[ abc"},
		{1, "\033Lua", "where: this character cannot stand in an expression:  "},
		{3, "1 $ 2", "where: this character cannot stand in an expression: $"},
		{3, "1 \302\247", "where: this character cannot stand in an expression: \302\247"},
		{1, "1x", "where: malformed number near '1x'"},
		{1, "3..2", "where: malformed number near '3..2'"},
		{1, "'\\q'", "where: invalid escape sequence near ''\\q'"},
		{1, "one_of", "where: 'one_of' is a function, expected '(' behind it"},
		{1, "one_of(threads)", "where: one_of takes 2 values or more, here is 1"},
		{1, "contains(python)", "where: contains takes 2 values, here is 1"},
		{1, "starts_with(python, 'a', 'b')",
			"where: starts_with takes 2 values, here are 3"},
		{6, "math.random()", "where: math has no 'random'"},
		{6, "math.flor(1)", "where: math has no 'flor'; did you mean 'floor'?"},
		{11, "math.floor", "where: it ends where '(' is expected"},
		{6, "math.floor(1, 2)", "where: floor takes 1 value, here are 2"},
		{5, "math", "where: it ends where '.' is expected"},
		{1, "threads(1)", "where: 'threads' is a value, no function"},
		{9, "threads 'x'", "where: unexpected text 'x', expected an operator or the end"},
		{4, "(1)(2)", "where: unexpected '(', expected an operator or the end"},
		{15, "one_of(python 'a')", "where: unexpected text 'a', expected ','"},
		{7, "python\303\251",
			"where: this character cannot stand in an expression: \303\251"},
		{18, "'\303\251\303\251' == level and", "where: it ends where a value is expected"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct diagnostics d = {0};

		assert_null(read_one(vectors[i].text, i % 2 == 0, a, &d));
		assert_int_equal(d.n, 1);
		assert_string_equal(d.items[0].text, vectors[i].want);
		assert_int_equal(d.items[0].line, 7);
		assert_int_equal(d.items[0].column, 9 + vectors[i].column + (i % 2));
		diagnostics_done(&d);
	}
	arena_free(a);
}

/* Pieces in any order: each is read or refused, and what was read gives a value or an error. */
static void test_any_text_is_read_or_refused(void **state)
{
	static const char *const pieces[] = {"threads", "python", ".path", ".", "host", ".cores",
		".cpu", ".kinds", ".labels", "[", "]", "(", ")", "1", "0x1p4", "'a'", "\"b\"",
		"[[c]]", "and", "or", "not", "-", "--", "..", "...", "==", "~=", "~", "<", "//",
		"%", "^", "#", "math", ".floor", ".huge", "one_of(", "contains(", "starts_with(",
		",", "metric", ".ops", "benchmark", "bytes", "nil", "true", "{", "}", ":", ";", "=",
		"function", "\n", "$", "\303\251", "\\", "'", "[=["};
	const struct value *const tables[] = {pythons, threads, sizes, levels, flags};
	const uint32_t first[5] = {0};
	const struct configuration c = {.benchmark = &nbody, .tables = tables, .indices = first};
	unsigned random = 1, read = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		struct arena *a = arena_new();
		struct diagnostics d = {0};
		struct evaluated out;
		struct error err = {0};
		const struct expression *e;

		for (unsigned k = 0; k < 1 + random % 12; k++) {
			random = random * 1103515245 + 12345;
			buf_addf(&text, "%s%s", pieces[(random >> 16) % ARRAY_SIZE(pieces)],
				random >> 30 ? " " : "");
		}
		random = random * 1103515245 + 12345;
		e = read_one(text.data, i % 2 == 0, a, &d);
		assert_true((e != NULL) == (d.errors == 0));
		if (e) {
			struct names *fresh = open_names(&c);

			read++;
			if (names_evaluate(fresh, e, &out, &err) < 0)
				assert_true(strncmp(err.text, "line 7: where: ", 15) == 0);
			names_close(fresh);
		}
		diagnostics_done(&d);
		arena_free(a);
	}
	assert_in_range(read, 100, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors_of_reading),
		cmocka_unit_test(test_any_text_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
