/* What a campaign file means: defaults, layers, templates, changes, hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/campaign.h"
#include "coordinator/campaign/names.h"
#include "coordinator/campaign/template.h"
#include "tests/unit/campaign_text.h"
#include <cmocka.h>
#include <stdio.h>

static void test_defaults_are_those_of_the_design(void **state)
{
	struct campaign *c = read_text("campaign: c\nbenchmarks: {a: {command: [/bin/true, x]}}\n");
	const struct benchmark *b = &c->benchmarks[0];

	(void)state;
	assert_string_equal(c->name, "c");
	assert_null(c->description);
	assert_int_equal(c->seed, 1);
	assert_int_equal(c->warmup, 1);
	assert_int_equal(c->blocks, 10);
	assert_int_equal(c->attempts, 3);
	assert_int_equal(c->files_n, 0);
	assert_int_equal(c->benchmarks[0].setup.n, 0);
	assert_int_equal(c->hosts.names_n, 0);
	assert_int_equal(c->comparisons_n, 0);
	assert_int_equal(c->benchmarks_n, 1);
	assert_string_equal(b->name, "a");
	assert_int_equal(b->command.n, 2);
	assert_string_equal(b->command.command[1], "x");
	assert_null(b->workdir);
	for (enum setting i = 0; i < SETTINGS; i++)
		assert_null(b->settings[i]);
	assert_string_equal(b->measure.energy, "auto");
	assert_null(b->measure.source);
	assert_true(b->measure.every_ns == 100 * NS_PER_MS);
	assert_int_equal(b->measure.counters_n, 0);
	assert_true(b->measure.idle_ns == ABSENT);
	assert_null(b->measure.stream);
	assert_true(b->guard.temperature == ABSENT);
	assert_true(b->guard.load == ABSENT);
	assert_true(b->guard.timeout_ns == ABSENT);
	assert_null(b->guard.governor);
	assert_true(b->guard.turbo == ABSENT);
	assert_null(b->guard.on_violation);
	assert_int_equal(b->axes_n, 0);
	assert_int_equal(b->line, 2);
	assert_int_equal(b->column, 14);
	campaign_free(c);
}

static const char layers[] = "campaign: layers\n"
			     "defaults:\n"
			     "  command: [./default, '{n}']\n"
			     "  matrix: {n: [1], m: [2]}\n"
			     "  env: {A: '1', B: '2'}\n"
			     "  placement: {cpus: 1}\n"
			     "  limits: {timeout: 1min, output: 1MiB}\n"
			     "  metrics: {x: {json: x, unit: s}, y: {json: y}}\n"
			     "matrix: {n: [3, 4], o: [5]}\n"
			     "placement: {cpus: 2}\n"
			     "limits: {timeout: 2min}\n"
			     "benchmarks:\n"
			     "  a:\n"
			     "    matrix: {p: [6], m: ~, o: ~}\n"
			     "    env: {B: ~, C: '{p}'}\n"
			     "    metrics: {x: {better: lower}, y: ~}\n"
			     "  b:\n"
			     "    command: ./b {n} {m} {o}\n"
			     "    placement: {cpus: ~}\n"
			     "    limits: {timeout: ~}\n";

static void test_layers_merge_key_by_key(void **state)
{
	struct campaign *c = read_text(layers);
	const struct benchmark *a = &c->benchmarks[0], *b = &c->benchmarks[1];

	(void)state;
	assert_int_equal(a->axes_n, 2);
	assert_string_equal(a->axes[0].name, "n");
	assert_int_equal(a->axes[0].n, 2);
	assert_string_equal(a->axes[0].values[0].text, "3");
	assert_string_equal(a->axes[1].name, "p");
	assert_string_equal(a->command.command[0], "./default");
	assert_int_equal(a->env_n, 2);
	assert_string_equal(a->env[0], "A=1");
	assert_string_equal(a->env[1], "C={p}");
	assert_string_equal(a->settings[SETTING_CPUS], "2");
	assert_string_equal(a->settings[SETTING_TIMEOUT], "2min");
	assert_string_equal(a->settings[SETTING_OUTPUT], "1MiB");
	assert_int_equal(a->metrics_n, 1);
	assert_string_equal(a->metrics[0].json, "x");
	assert_string_equal(a->metrics[0].unit, "s");
	assert_int_equal(a->metrics[0].better, BETTER_LOWER);
	assert_int_equal(b->axes_n, 3);
	assert_string_equal(b->axes[1].name, "m");
	assert_int_equal(b->command.n, 3);
	assert_string_equal(b->command.command[0], "/bin/sh");
	assert_string_equal(b->command.command[2], "./b {n} {m} {o}");
	assert_null(b->settings[SETTING_CPUS]);
	assert_null(b->settings[SETTING_TIMEOUT]);
	assert_int_equal(b->metrics_n, 2);
	campaign_free(c);
}

static const char surroundings[] =
	"campaign: s\n"
	"defaults:\n"
	"  placement: {smt: avoid, memory: local}\n"
	"  guard: {settle: {load: 0.25}, governor: performance}\n"
	"  tune: {governor: performance, frequency: {min: 1GHz, max: 2GHz}}\n"
	"placement: {policy: scatter, packages: 1}\n"
	"measure: {source: perf, counters: [cycles, 'cpu/event=0x3c/'], idle: 10s}\n"
	"guard: {settle: {temperature: 3K}, turbo: off}\n"
	"tune: {turbo: 'on', power_limit: 65W}\n"
	"limits: {memory: 1GiB, processes: 64}\n"
	"benchmarks:\n"
	"  a:\n"
	"    command: [./a]\n"
	"    placement: {smt: only, memory: ~, policy: explicit, list: [0, 2, '4-6']}\n"
	"    measure: {counters: ~, idle: 0s, stream: after}\n"
	"    guard: {settle: {timeout: 5s}, turbo: ~, on_violation: rerun}\n"
	"    tune: {frequency: {min: ~, max: 3GHz}, uncore: max}\n"
	"    limits: {user: bench}\n"
	"  b: {command: [./b], guard: ~, tune: ~, limits: {memory: ~}}\n"
	"  c: {command: [./c], guard: {settle: ~}}\n";

static void test_surroundings_merge_key_by_key(void **state)
{
	struct campaign *c = read_text(surroundings);
	const struct benchmark *a = &c->benchmarks[0], *b = &c->benchmarks[1];

	(void)state;
	assert_string_equal(a->settings[SETTING_SMT], "only");
	assert_string_equal(a->settings[SETTING_POLICY], "explicit");
	assert_string_equal(a->settings[SETTING_LIST], "0,2,4-6");
	assert_string_equal(a->settings[SETTING_PACKAGES], "1");
	assert_null(a->settings[SETTING_MEMORY_POLICY]);
	assert_int_equal(a->measure.counters_n, 0);
	assert_true(a->measure.idle_ns == ABSENT);
	assert_string_equal(a->measure.stream, "after");
	assert_string_equal(a->measure.source, "perf");
	assert_int_equal(a->guard.temperature, 3000);
	assert_int_equal(a->guard.load, 250000);
	assert_true(a->guard.timeout_ns == 5 * NS_PER_S);
	assert_string_equal(a->guard.governor, "performance");
	assert_true(a->guard.turbo == ABSENT);
	assert_string_equal(a->guard.on_violation, "rerun");
	assert_string_equal(a->settings[SETTING_GOVERNOR], "performance");
	assert_string_equal(a->settings[SETTING_TURBO], "on");
	assert_null(a->settings[SETTING_FREQUENCY_MIN]);
	assert_string_equal(a->settings[SETTING_FREQUENCY_MAX], "3GHz");
	assert_string_equal(a->settings[SETTING_UNCORE], "max");
	assert_string_equal(a->settings[SETTING_POWER_LIMIT], "65W");
	assert_string_equal(a->settings[SETTING_MEMORY], "1GiB");
	assert_string_equal(a->settings[SETTING_USER], "bench");
	assert_string_equal(b->settings[SETTING_SMT], "avoid");
	assert_string_equal(b->settings[SETTING_MEMORY_POLICY], "local");
	assert_int_equal(b->measure.counters_n, 2);
	assert_string_equal(b->measure.counters[1], "cpu/event=0x3c/");
	assert_true(b->measure.idle_ns == 10 * NS_PER_S);
	assert_true(b->guard.load == ABSENT);
	assert_null(b->guard.governor);
	assert_null(b->settings[SETTING_GOVERNOR]);
	assert_null(b->settings[SETTING_MEMORY]);
	assert_string_equal(b->settings[SETTING_PROCESSES], "64");
	assert_true(c->benchmarks[2].guard.temperature == ABSENT);
	assert_true(c->benchmarks[2].guard.timeout_ns == ABSENT);
	assert_int_equal(c->benchmarks[2].guard.turbo, 0);
	campaign_free(c);
}

static void test_values_know_what_they_are(void **state)
{
	static const struct {
		const char *yaml;
		bool is_number, is_bool;
	} vectors[] = {{"1", true, false}, {"-2e3", true, false}, {"1.50", true, false},
		{"0", true, false}, {"-0.5E-2", true, false}, {"012", false, false},
		{"0o17", false, false}, {"+1", false, false}, {".5", false, false},
		{"1.", false, false}, {"1e", false, false}, {"1e3x", false, false},
		{"'7'", false, false}, {"\"7\"", false, false}, {"true", false, true},
		{"false", false, true}, {"'true'", false, false}, {"True", false, false},
		{"on", false, false}, {"no", false, false}, {"null", false, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *text = xasprintf(
			"campaign: c\nmatrix: {v: [%s]}\nbenchmarks: {a: {command: ['{v}']}}\n",
			vectors[i].yaml);
		struct campaign *c = read_text(text);
		const struct value *v = &c->benchmarks[0].axes[0].values[0];

		assert_int_equal(v->is_number, vectors[i].is_number);
		assert_int_equal(v->is_bool, vectors[i].is_bool);
		campaign_free(c);
	}
}

static void test_templates_replace_paths_and_leave_other_braces(void **state)
{
	static const struct {
		const char *text, *want;
	} vectors[] = {{"{n}", "4"}, {"a{n}b{n}", "a4b4"}, {"{{n}}", "{n}"}, {"{{{n}}}", "{{n}}"},
		{"{}", "{}"}, {"{1..9}", "{1..9}"}, {"a{3}", "a{3}"},
		{"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
		{"awk '{print $1}'", "awk '{print $1}'"}, {"${X:-y}", "${X:-y}"},
		{"${{HOME}}", "${HOME}"}, {"{n", "{n"}, {"n}", "n}"}, {"{{n}", "{4"},
		{"{n}}", "4}"}, {"{n.}", "{n.}"}, {"{.n}", "{.n}"}, {"{n }", "{n }"}, {"$n", "$n"},
		{"$", "$"}, {"{", "{"}, {"", ""}, {"{{x}}", "{x}"}, {"{campaign}-{cpus}", "c-2"},
		{"{host.name}", "lab03"}, {"{host.cores}", "8"},
		{"{host.cpu.codename}", "Raptor Lake"}, {"{host.labels.pool}", "nightly"},
		{"{host.cpu.kinds.efficiency.cores}", "6"},
		{"{host.cpu.kinds.lowpower.cores}", "0"}, {"{tmp}/x", MARK_TMP "/x"},
		{"{cpu_list}", MARK_CPU_LIST}, {"{word}", "a.b"}};
	struct axis axes[] = {{.name = (char *)"n"}, {.name = (char *)"word"}};
	struct value values[] = {{.text = (char *)"4"}, {.text = (char *)"a.b"}};
	struct benchmark b = {.name = (char *)"b", .axes = axes, .axes_n = 2};
	const struct value *const tables[] = {&values[0], &values[1]};
	const uint32_t first[2] = {0};
	const struct configuration configuration = {
		.benchmark = &b, .tables = tables, .indices = first};
	const struct campaign c = {.name = (char *)"c"};
	struct names *n = names_open(&c);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct error err;

	(void)state;
	assert_int_equal(
		names_set_host(n, "lab03",
			"{\"cores\": 8, \"labels\": {\"pool\": \"nightly\"}, \"cpu\": "
			"{\"codename\":"
			"\"Raptor Lake\", \"kinds\": [{\"kind\": \"efficiency\", \"cores\": 6}]}}",
			&err),
		0);
	names_set_configuration(n, &configuration);
	names_set_cpus(n, "2");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		buf_reset(&out);
		assert_int_equal(template_render(vectors[i].text, n, false, &out, &err), 0);
		assert_string_equal(out.data, vectors[i].want);
	}
	assert_true(template_render("{host.labels.rack}", n, false, &out, &err) < 0);
	assert_string_equal(err.text, "lab03 has no label 'rack'");
	buf_reset(&out);
	assert_int_equal(template_render("^{word}: (.)", n, true, &out, &err), 0);
	assert_string_equal(out.data, "^a\\.b: (.)");
	names_close(n);
}

static const char matrix[] = "campaign: c\nmatrix: {threads: [1, 2], kind: ['1', b]}\n"
			     "benchmarks: {a: {command: ['{threads}', '{kind}']}}\n"
			     "compare: {by: threads, baseline: 1}\n";

static void test_changes_replace_axes_blocks_and_seed(void **state)
{
	struct campaign *c =
		read_changed(matrix, "{\"set\": {\"threads\": [\"4\", \"8\"], \"kind\": [\"1\", "
				     "\"x\"]}, \"blocks\": 7, \"seed\": 0}");
	const struct axis *axes = c->benchmarks[0].axes;

	(void)state;
	assert_int_equal(axes[0].n, 2);
	assert_string_equal(axes[0].values[1].text, "8");
	assert_true(axes[0].values[1].is_number);
	assert_false(axes[1].values[0].is_number);
	assert_string_equal(axes[1].values[1].text, "x");
	assert_int_equal(c->blocks, 7);
	assert_int_equal(c->seed, 0);
	campaign_free(c);
}

static void test_bad_changes_are_errors_of_the_whole_file(void **state)
{
	static const struct {
		const char *changes, *want;
	} vectors[] = {
		{"{\"set\": {\"thread\": [\"1\"]}}",
			"-: error: --set thread: there is no such axis; did you mean 'threads'?\n"},
		{"{\"set\": {\"threads\": []}}",
			"-: error: --set threads: no values; expected threads=VALUE,VALUE...\n"},
		{"{\"set\": {\"threads\": [\"1\", \"1\"]}}",
			"-: error: --set threads: value '1' stands there twice\n"},
		{"{\"set\": {\"threads\": [\"\"]}}",
			"-: error: --set threads: an empty or unusable value\n"},
		{"{\"only\": \"x\"}", "-: error: --only: unknown name 'x'\n"},
		{"{\"more\": 1}", "-: error: 'more' is no change that this version knows\n"},
		{"{\"blocks\": 0}",
			"-: error: --blocks: expected a whole number from 1 to 10000000\n"},
		{"[]", "-: error: the changes are no JSON object\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct diagnostics d = {0};

		assert_null(campaign_read(matrix, strlen(matrix), vectors[i].changes, &d));
		diagnostics_format(&d, "-", &out);
		assert_string_equal(out.data, vectors[i].want);
		diagnostics_done(&d);
	}
}

static void test_hosts_are_wanted_by_name_and_label(void **state)
{
	static const struct {
		const char *name, *inventory, *why; /* why NULL: wanted */
	} vectors[] = {
		{"lab01", "{\"labels\": {\"pool\": \"nightly\"}}", NULL},
		{"lab12", "{\"labels\": {\"pool\": \"nightly\", \"x\": \"y\"}}", NULL},
		{"head", "{\"labels\": {\"pool\": \"nightly\"}}", NULL},
		{"lab1", "{\"labels\": {\"pool\": \"nightly\"}}",
			"name 'lab1' is none of hosts.names"},
		{"lab13", "{\"labels\": {\"pool\": \"nightly\"}}",
			"name 'lab13' is none of hosts.names"},
		{"lab02", "{\"labels\": {\"pool\": \"lab\"}}",
			"label pool is 'lab', not 'nightly'"},
		{"lab02", "{}", "no label pool (wanted 'nightly')"},
	};
	struct campaign *c = read_text(
		"campaign: c\nhosts: {names: ['lab[01-03,12]', head], labels: {pool: nightly}}\n"
		"benchmarks: {a: {command: [x]}}\n");
	char why[256];

	(void)state;
	assert_int_equal(c->hosts.names_n, 5);
	assert_string_equal(c->hosts.names[3], "lab12");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct plan_host host = {
			.name = vectors[i].name, .inventory = vectors[i].inventory};

		assert_int_equal(campaign_wants_host(c, &host, why), vectors[i].why == NULL);
		assert_string_equal(why, vectors[i].why ? vectors[i].why : "");
	}
	campaign_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_those_of_the_design),
		cmocka_unit_test(test_layers_merge_key_by_key),
		cmocka_unit_test(test_surroundings_merge_key_by_key),
		cmocka_unit_test(test_values_know_what_they_are),
		cmocka_unit_test(test_templates_replace_paths_and_leave_other_braces),
		cmocka_unit_test(test_changes_replace_axes_blocks_and_seed),
		cmocka_unit_test(test_bad_changes_are_errors_of_the_whole_file),
		cmocka_unit_test(test_hosts_are_wanted_by_name_and_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
