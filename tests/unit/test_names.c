/* Names of one configuration on one host: named values, expressions at work, their bounds, and what
 * attributes override. */
#include "coordinator/campaign/expression.h"
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/sandbox.h"
#include "coordinator/campaign/settings.h"

#include <errno.h>
#include <lauxlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define T(s) ((char *)(s))

static const char inventory[] =
	"{\"cores\": 4, \"threads\": 8, \"labels\": {\"max\": \"2\"},"
	"\"energy\": {\"source\": \"perf\"}, \"frequency\": {\"base\": 2100000000},"
	"\"cpu\": {\"kinds\": []}}";

/* A campaign with one benchmark: load {one: {threads: 1}, full: {threads: {expr}}}, n {4}. */
struct scene {
	struct arena *arena;
	struct campaign campaign;
	struct benchmark benchmark;
	struct axis axes[2];
	struct value loads[2], ns[1];
	struct attributes attributes[2];
	struct named_value items[2][4];
	struct named_value derived[40];
	struct value values[2];
	const struct value *tables[2];
	uint32_t indices[2];
	struct configuration configuration;
	struct template_scope scope;
	struct names *names;
};

static const struct expression *read_at(
	struct scene *s, const char *text, const char *what, int line)
{
	const struct node node = {
		.kind = NODE_SCALAR, .line = line, .column = 5, .is_plain = true, .text = T(text)};
	struct diagnostics d = {0};
	const struct expression *e = expression_read(&node, what, &s->scope, NULL, s->arena, &d);

	if (!e)
		fail_msg("%s: %s", text, d.items[0].text);
	diagnostics_done(&d);
	return e;
}

static void add_attribute(
	struct scene *s, size_t value, const char *name, const char *text, const char *expr)
{
	struct attributes *a = &s->attributes[value];

	a->items[a->n++] = (struct named_value){.name = T(name)};
	if (text)
		a->items[a->n - 1].value = (struct value){
			.text = T(text), .is_number = strspn(text, "0123456789") == strlen(text)};
	else
		a->items[a->n - 1].expr =
			read_at(s, expr, arena_printf(s->arena, "attribute '%s'", name), 3);
}

static void derive(struct scene *s, const char *name, const char *expr)
{
	struct named_value *v = &s->derived[s->benchmark.derived_n++];

	v->name = T(name);
	v->expr = read_at(s, expr, arena_printf(s->arena, "derived '%s'", name), 4);
}

static void scene_open(struct scene *s)
{
	struct error err;

	*s = (struct scene){.arena = arena_new()};
	s->campaign =
		(struct campaign){.name = T("c"), .benchmarks = &s->benchmark, .benchmarks_n = 1};
	for (size_t i = 0; i < 2; i++)
		s->attributes[i].items = s->items[i];
	s->loads[0] = (struct value){.text = T("one"), .attributes = &s->attributes[0]};
	s->loads[1] = (struct value){.text = T("full"), .attributes = &s->attributes[1]};
	s->ns[0] = (struct value){.text = T("4"), .is_number = true};
	s->axes[0] = (struct axis){.name = T("load"), .values = s->loads, .n = 2};
	s->axes[1] = (struct axis){.name = T("n"), .values = s->ns, .n = 1};
	s->benchmark = (struct benchmark){
		.name = T("b"), .axes = s->axes, .axes_n = 2, .derived = s->derived};
	s->scope = (struct template_scope){.benchmark = &s->benchmark,
		.names = TEMPLATE_HOST | TEMPLATE_METRIC,
		.where = "'where'"};
	s->values[0] = s->loads[1];
	s->values[1] = s->ns[0];
	s->configuration = (struct configuration){
		.benchmark = &s->benchmark, .tables = s->tables, .indices = s->indices};
	for (size_t i = 0; i < 2; i++)
		s->tables[i] = &s->values[i];
	s->names = names_open(&s->campaign);
	assert_int_equal(names_set_host(s->names, "lab03", inventory, &err), 0);
	names_set_configuration(s->names, &s->configuration);
}

static void scene_done(struct scene *s)
{
	names_close(s->names);
	arena_free(s->arena);
}

/* What an expression gives, or its error. */
static const char *given(struct scene *s, const char *text)
{
	static char out[4096];
	struct evaluated value;
	struct error err = {0};

	if (names_evaluate(s->names, read_at(s, text, "where", 7), &value, &err) < 0)
		snprintf(out, sizeof out, "%s", err.text);
	else
		snprintf(out, sizeof out, "%s", value.type == EVALUATED_NIL ? "nil" : value.text);
	return out;
}

static void test_errors_at_work(void **state)
{
	static const struct {
		const char *text, *want;
	} vectors[] = {
		{"n > host.labels.none",
			"it compares nil with a number (n is 4, host.labels.none is nil)"},
		{"n < 'x'", "it compares a number with a text (n is 4)"},
		{"nil < nil", "it compares nil with nil"},
		{"n + host.labels.none",
			"it calculates with nil (n is 4, host.labels.none is nil)"},
		{"n + host.labels.max",
			"it calculates with a text (n is 4, host.labels.max is '2')"},
		{"1 & 'x'", "it calculates with a text"},
		{"1 & 1.5", "it needs a whole number where there is a fraction"},
		{"'a' .. nil", "it joins a text and nil"},
		{"-load", "it calculates with a text (load is 'full')"},
		{"#n", "it takes the length of a number (n is 4)"},
		{"n // 0", "it divides by zero (n is 4)"},
		{"n % 0", "it divides by zero (n is 4)"},
		{"math.floor(nil)", "math.floor takes a number, not nil"},
		{"math.floor(load)", "math.floor takes a number, not a text (load is 'full')"},
		{"host.cpu.kinds[load].cores", "'full' is no kind of cores, expected performance, "
					       "efficiency or lowpower (load is 'full')"},
		{"host.cpu.kinds[nil].cores",
			"'nil' is no kind of cores, expected performance, efficiency or lowpower"},
		{"contains(true, 'x')", "contains takes texts, not true or false"},
		{"starts_with(load, nil)", "starts_with takes texts, not nil (load is 'full')"},
		{"metric.none > 1", "it compares a number with nil (metric none is nil)"},
		{"metric['a.b'] + n", "it calculates with nil (n is 4, metric a.b is nil)"},
		{"one_of(1, 2) + 1", "it calculates with true or false"},
	};
	struct scene s;

	(void)state;
	scene_open(&s);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *want = xasprintf("line 7: where: %s", vectors[i].want);

		assert_string_equal(given(&s, vectors[i].text), want);
	}
	scene_done(&s);
}

/* What names_get() gives, or its error. */
static const char *got(struct scene *s, const char *path)
{
	static char out[4096];
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};
	int rc = names_get(s->names, path, &text, &err);

	snprintf(out, sizeof out, "%s", rc < 0 ? err.text : text.data);
	return out;
}

static void test_named_values_are_computed_on_their_host(void **state)
{
	struct scene s;
	struct error err;

	(void)state;
	scene_open(&s);
	add_attribute(&s, 0, "threads", "1", NULL);
	add_attribute(&s, 1, "threads", NULL, "host.cores");
	add_attribute(&s, 1, "label", NULL, "host.labels.max");
	add_attribute(&s, 1, "none", NULL, "host.labels.none");
	add_attribute(&s, 1, "fails", NULL, "n + host.labels.none");
	derive(&s, "bytes", "n * load.threads * 2.5e7");
	derive(&s, "half", "bytes / 3");
	derive(&s, "text", "load .. '-' .. bytes");
	derive(&s, "even", "bytes % 2 == 0");
	derive(&s, "needs", "1 + load.fails");
	derive(&s, "wrong", "load + 1");
	assert_string_equal(got(&s, "load"), "full");
	assert_string_equal(got(&s, "load.threads"), "4");
	assert_string_equal(got(&s, "load.label"), "2");
	assert_string_equal(
		got(&s, "load.none"), "load.none is nothing here (host.labels.none is nil)");
	assert_string_equal(
		got(&s, "load.fails"), "load.fails: host.labels.none is not known here");
	assert_string_equal(got(&s, "needs"), "needs: host.labels.none is not known here");
	assert_string_equal(got(&s, "wrong"),
		"line 4: derived 'wrong': it calculates with a text (load is 'full')");
	assert_string_equal(got(&s, "bytes"), "400000000");
	assert_string_equal(got(&s, "half"), "133333333.33333333");
	assert_string_equal(got(&s, "text"), "full-400000000.0");
	assert_string_equal(got(&s, "even"), "true");
	assert_string_equal(given(&s, "load.threads + 1"), "5");
	assert_string_equal(given(&s, "load.none == nil and bytes > 3 and even"), "true");
	assert_true(names_is_computed(s.names, "load.threads"));
	assert_true(names_is_computed(s.names, "bytes"));
	assert_true(names_is_computed(s.names, "host.memory"));
	assert_false(names_is_computed(s.names, "load"));
	assert_false(names_is_computed(s.names, "campaign"));
	/* Another host, another configuration: nothing is left of the first. */
	assert_int_equal(names_set_host(s.names, "lab04", "{\"cores\": 16}", &err), 0);
	assert_null(names_configuration(s.names));
	names_set_configuration(s.names, &s.configuration);
	assert_string_equal(got(&s, "load.threads"), "16");
	assert_string_equal(got(&s, "host.name"), "lab04");
	assert_string_equal(given(&s, "host.name .. host.cores"), "lab0416");
	s.values[0] = s.loads[0];
	names_set_configuration(s.names, &s.configuration);
	assert_string_equal(got(&s, "load.threads"), "1");
	assert_string_equal(got(&s, "bytes"), "100000000");
	assert_string_equal(got(&s, "load.label"), "{load.label} is not known here");
	assert_string_equal(given(&s, "load.label"), "nil");
	scene_done(&s);
}

static void test_a_value_that_needs_itself_is_named(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	add_attribute(&s, 1, "x", "1", NULL);
	derive(&s, "a", "load.x + 1");
	s.items[1][0].expr = read_at(&s, "a + 1", "attribute 'x'", 3);
	assert_string_equal(got(&s, "a"),
		"line 4: derived 'a': line 3: attribute 'x': line 4: derived 'a': it needs itself");
	/* A failure leaves nothing behind. */
	assert_string_equal(got(&s, "load.x"), "line 3: attribute 'x': line 4: derived 'a': line "
					       "3: attribute 'x': it needs itself");
	s.items[1][0].expr = NULL;
	assert_string_equal(got(&s, "a"), "2");
	scene_done(&s);
}

static void test_paths_of_templates(void **state)
{
	static const struct {
		const char *path, *want;
	} vectors[] = {{"campaign", "c"}, {"tmp", MARK_TMP}, {"cpu_list", MARK_CPU_LIST},
		{"cpus", "{cpus} is not known here"}, {"x", "{x} is not known here"},
		{"benchmark", "{benchmark} is not known here"}, {"host.cores", "4"},
		{"host.numa", "lab03 has no host.numa"}, {"host.labels.max", "2"},
		{"host.labels.pool", "lab03 has no label 'pool'"}, {"host.energy.source", "perf"},
		{"host.frequency.base", "2100000000"}, {"host.cpu.kinds.performance.cores", "4"},
		{"host.cpu.kinds.performance.cpus", "8"}, {"host.cpu.kinds.efficiency.cores", "0"},
		{"n.x", "{n.x} is not known here"}, {"hosts.a.address", MARK_ADDRESS "a\003"}};
	struct scene s;

	(void)state;
	scene_open(&s);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(got(&s, vectors[i].path), vectors[i].want);
	names_set_cpus(s.names, "2");
	assert_string_equal(got(&s, "cpus"), "2");
	names_set_configuration(s.names, &s.configuration);
	assert_string_equal(got(&s, "cpus"), "{cpus} is not known here");
	scene_done(&s);
}

static int held(struct scene *s, const char *text, struct error *err)
{
	struct diagnostics d = {0};
	const struct expression *e =
		expression_read_text(text, "--only", &s->scope, NULL, s->arena, &d);

	*err = (struct error){0};
	assert_non_null(e);
	return names_holds(s->names, e, err);
}

static void test_what_must_be_true_or_false(void **state)
{
	struct scene s;
	struct error err;

	(void)state;
	scene_open(&s);
	assert_int_equal(held(&s, "n == 4", &err), 1);
	assert_int_equal(held(&s, "n == 5", &err), 0);
	assert_int_equal(held(&s, "host.labels.none", &err), 0);
	assert_true(held(&s, "n", &err) < 0);
	assert_string_equal(err.text, "--only: it is '4', expected true or false (n is 4)");
	assert_true(held(&s, "host.labels.max", &err) < 0);
	assert_true(held(&s, "n < nil", &err) < 0);
	assert_string_equal(err.text, "--only: it compares a number with nil (n is 4)");
	scene_done(&s);
}

/* Of --only: a benchmark that has no such axis is not wanted, and no mistake. */
static void test_names_of_any_benchmark(void **state)
{
	struct scene s;
	struct error err;
	struct axis other = {.name = T("m"), .n = 1};
	struct benchmark benchmarks[2];
	struct diagnostics d = {0};

	(void)state;
	scene_open(&s);
	benchmarks[0] = s.benchmark;
	benchmarks[1] = (struct benchmark){.name = T("other"), .axes = &other, .axes_n = 1};
	s.campaign.benchmarks = benchmarks;
	s.campaign.benchmarks_n = 2;
	s.scope = (struct template_scope){.any_of = &s.campaign, .names = TEMPLATE_HOST};
	assert_int_equal(held(&s, "m > 3", &err), 0);
	assert_int_equal(held(&s, "m == 3", &err), 0);
	assert_int_equal(held(&s, "benchmark == 'b' or m > 3", &err), 1);
	assert_int_equal(held(&s, "n > 3", &err), 1);
	assert_true(held(&s, "n > nil", &err) < 0);
	assert_null(expression_read_text("mm > 3", "--only", &s.scope, NULL, s.arena, &d));
	assert_string_equal(d.items[0].text, "--only: unknown name 'mm'; did you mean 'm'?");
	assert_int_equal(d.items[0].line, 0);
	assert_int_equal(d.items[0].column, 0);
	diagnostics_done(&d);
	scene_done(&s);
}

/* ---- bounds ---- */

static void test_memory_is_bounded(void **state)
{
	struct scene s;
	_cleanup_buf_ struct buf many = BUF_INIT;

	(void)state;
	scene_open(&s);
	derive(&s, "d0", "'0123456789abcdef0123456789abcdef'");
	for (int i = 1; i < 15; i++)
		derive(&s, arena_printf(s.arena, "d%d", i),
			arena_printf(s.arena, "d%d .. d%d", i - 1, i - 1));
	assert_string_equal(given(&s, "#d11"), "65536");
	assert_string_equal(given(&s, "#d14"),
		"line 7: where: line 4: derived 'd14': line 4: derived 'd13': "
		"line 4: derived 'd12': it is a text of more than 64 KiB");
	/* 1.25 MiB in one. */
	for (int i = 0; i < 20; i++)
		buf_addf(&many, "%sd11", i ? " .. " : "");
	assert_non_null(strstr(given(&s, many.data), "line 7: where: it needs more than 1 MiB"));
	assert_string_equal(given(&s, "#d11"), "65536");
	/* What one evaluation leaves behind is not the next one's. */
	for (int i = 0; i < 1000; i++) {
		names_set_configuration(s.names, &s.configuration);
		assert_string_equal(given(&s, "#(d11 .. d10)"), "98304");
	}
	scene_done(&s);
}

static void test_instructions_are_bounded(void **state)
{
	struct scene s;
	_cleanup_buf_ struct buf many = BUF_INIT;

	(void)state;
	scene_open(&s);
	buf_adds(&many, "n");
	for (int i = 0; i < 110000; i++)
		buf_adds(&many, "+n");
	assert_non_null(strstr(
		given(&s, many.data), "line 7: where: it needs more than 100,000 instructions"));
	assert_string_equal(given(&s, "n + 1"), "5");
	scene_done(&s);
}

static void test_nesting_is_bounded(void **state)
{
	struct scene s;
	_cleanup_buf_ struct buf deep = BUF_INIT, powers = BUF_INIT, chain = BUF_INIT;
	struct diagnostics d = {0};

	(void)state;
	scene_open(&s);
	for (int i = 0; i < 50000; i++)
		buf_addc(&deep, '(');
	assert_null(expression_read_text(deep.data, "--only", &s.scope, NULL, s.arena, &d));
	assert_string_equal(d.items[0].text, "--only: more than 40 parentheses within each other");
	for (int i = 0; i < 10000; i++)
		buf_addf(&powers, "%sn", i ? "^" : "");
	assert_null(expression_read_text(powers.data, "--only", &s.scope, NULL, s.arena, &d));
	assert_string_equal(d.items[1].text, "--only: it nests too deeply");
	for (int i = 0; i < 10000; i++)
		buf_adds(&chain, "not ");
	buf_adds(&chain, "n");
	assert_null(expression_read_text(chain.data, "--only", &s.scope, NULL, s.arena, &d));
	assert_string_equal(d.items[2].text, "--only: it nests too deeply");
	diagnostics_done(&d);
	scene_done(&s);
}

/* What code that came past the parser could do: nothing. */
static void test_the_sandbox_has_nothing(void **state)
{
	static const char *const absent[] = {"io", "os", "require", "load", "loadstring",
		"loadfile", "dofile", "package", "debug", "coroutine", "string", "table", "utf8",
		"setmetatable", "getmetatable", "rawset", "rawget", "pcall", "xpcall", "error",
		"collectgarbage", "print", "next", "pairs", "ipairs", "select", "tostring", "_G",
		"math.random", "math.randomseed"};
	static const struct {
		const char *code, *want;
	} vectors[] = {
		{"while true do end", "it needs more than 100,000 instructions"},
		{"::a:: goto a", "it needs more than 100,000 instructions"},
		{"local function f() return f() end return f()",
			"it needs more than 100,000 instructions"},
		{"local function f() return 1 + f() end return f()", "it needs more than 1 MiB"},
		{"local t = {} for i = 1, 1e9 do t[i] = i end",
			"it needs more than 100,000 instructions"},

		{"local s = 'x' while true do s = s .. s end", "it needs more than 1 MiB"},
		{"return ('x'):rep(1e9)", "it looks for a field in a text"},
		{"return {}", "it gives no text, number, true, false or nil"},
		{"return one_of", "it gives no text, number, true, false or nil"},
	};
	struct sandbox *s = sandbox_open();
	struct sandbox_value out;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		_cleanup_free_ char *code = xasprintf("return %s", absent[i]);

		assert_int_equal(sandbox_run(s, absent[i], code, NULL, 0, &out, &err), 0);
		assert_int_equal(out.type, SANDBOX_NIL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_int_equal(
			sandbox_run(s, &vectors[i], vectors[i].code, NULL, 0, &out, &err), -EINVAL);
		assert_string_equal(err.text, vectors[i].want);
	}
	sandbox_close(s);
}

static int add_bytes(lua_State *lua, const void *bytes, size_t len, void *out)
{
	(void)lua;
	buf_add(out, bytes, len);
	return 0;
}

static void test_bytecode_is_refused(void **state)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT;
	lua_State *lua = luaL_newstate();
	struct sandbox *s = sandbox_open();
	struct sandbox_value out;
	struct error err;

	(void)state;
	assert_int_equal(luaL_loadstring(lua, "return 1"), LUA_OK);
	assert_int_equal(lua_dump(lua, add_bytes, &bytes, 0), 0);
	lua_close(lua);
	assert_memory_equal(bytes.data, LUA_SIGNATURE, strlen(LUA_SIGNATURE));
	assert_int_equal(sandbox_run(s, &bytes, bytes.data, NULL, 0, &out, &err), -EINVAL);
	assert_string_equal(err.text, "attempt to load a binary chunk (mode is 't')");
	assert_int_equal(sandbox_check(bytes.data, &err), -EINVAL);
	sandbox_close(s);
}

/* ---- what attributes override ---- */

static const char *set(struct scene *s, enum setting setting)
{
	static char out[4096];
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct error err = {0};
	int64_t value;
	int rc = setting_render(setting, s->names, &text, &value, -1, &err);

	if (rc < 0)
		snprintf(out, sizeof out, "%s", err.text);
	else
		snprintf(out, sizeof out, "%d '%s' %lld", rc, text.data, (long long)value);
	return out;
}

static void test_attributes_override_settings(void **state)
{
	struct scene s;
	struct attributes of_n = {0};

	(void)state;
	scene_open(&s);
	assert_string_equal(set(&s, SETTING_CPUS), "0 '' -1");
	s.benchmark.settings[SETTING_CPUS] = T("{n}");
	assert_string_equal(set(&s, SETTING_CPUS), "1 '4' 4");
	s.attributes[1].settings[SETTING_CPUS] = T("{host.cores}");
	s.attributes[1].settings[SETTING_SMT] = T("avoid");
	assert_string_equal(set(&s, SETTING_CPUS), "1 '4' 4");
	assert_string_equal(set(&s, SETTING_SMT), "1 'avoid' 0");
	/* A later axis over an earlier one. */
	s.values[1].attributes = &of_n;
	of_n.settings[SETTING_CPUS] = T("1{n}");
	assert_string_equal(set(&s, SETTING_CPUS), "1 '14' 14");
	of_n.settings[SETTING_CPUS] = setting_removed;
	assert_string_equal(set(&s, SETTING_CPUS), "0 '' -1");
	assert_null(configuration_setting(&s.configuration, SETTING_CPUS));
	/* Another value has none of that. */
	s.values[0] = s.loads[0];
	s.values[1].attributes = NULL;
	assert_string_equal(set(&s, SETTING_SMT), "0 '' -1");
	scene_done(&s);
}

static void test_computed_numbers_have_the_inner_unit(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	add_attribute(&s, 1, "clock", NULL, "host.frequency.base");
	add_attribute(&s, 1, "fixed", "2100000000", NULL);
	add_attribute(&s, 1, "turbo", "true", NULL);
	s.benchmark.settings[SETTING_FREQUENCY_MAX] = T("{load.clock}");
	assert_string_equal(set(&s, SETTING_FREQUENCY_MAX), "1 '2100000000Hz' 2100000000");
	s.benchmark.settings[SETTING_FREQUENCY_MAX] = T("{host.frequency.base}");
	assert_string_equal(set(&s, SETTING_FREQUENCY_MAX), "1 '2100000000Hz' 2100000000");
	s.benchmark.settings[SETTING_FREQUENCY_MAX] = T("{load.fixed}");
	assert_string_equal(set(&s, SETTING_FREQUENCY_MAX),
		"tune: 'frequency.max' is '2100000000', expected a frequency such as 2.1GHz, from "
		"1MHz to 100GHz, or min or max");
	s.benchmark.settings[SETTING_TURBO] = T("{load.turbo}");
	assert_string_equal(set(&s, SETTING_TURBO), "1 'on' 0");
	s.benchmark.settings[SETTING_TURBO] = T("false");
	assert_string_equal(set(&s, SETTING_TURBO), "1 'off' 1");
	scene_done(&s);
}

static void test_attributes_override_the_environment(void **state)
{
	static char *of_benchmark[] = {T("A=1"), T("B=2"), T("C=3")};
	static char *of_load[] = {T("B=x"), T("D=4"), T("C")};
	static char *of_n[] = {T("D=5"), T("AB=6"), T("Z")};
	struct scene s;
	struct attributes n = {.env = of_n, .env_n = 3};
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char **env;
	size_t env_n;

	(void)state;
	scene_open(&s);
	s.benchmark.env = of_benchmark;
	s.benchmark.env_n = 3;
	s.attributes[1].env = of_load;
	s.attributes[1].env_n = 3;
	s.values[1].attributes = &n;
	env_n = configuration_env(&s.configuration, &env);
	for (size_t i = 0; i < env_n; i++)
		buf_addf(&text, "%s ", env[i]);
	assert_string_equal(text.data, "A=1 B=x D=5 AB=6 ");
	free(env);
	n.drops_env = true;
	env_n = configuration_env(&s.configuration, &env);
	assert_int_equal(env_n, 2);
	assert_string_equal(env[0], "D=5");
	assert_string_equal(env[1], "AB=6");
	free(env);
	scene_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_at_work),
		cmocka_unit_test(test_named_values_are_computed_on_their_host),
		cmocka_unit_test(test_a_value_that_needs_itself_is_named),
		cmocka_unit_test(test_paths_of_templates),
		cmocka_unit_test(test_what_must_be_true_or_false),
		cmocka_unit_test(test_names_of_any_benchmark),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_instructions_are_bounded),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_the_sandbox_has_nothing),
		cmocka_unit_test(test_bytecode_is_refused),
		cmocka_unit_test(test_attributes_override_settings),
		cmocka_unit_test(test_computed_numbers_have_the_inner_unit),
		cmocka_unit_test(test_attributes_override_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
