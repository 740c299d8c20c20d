/* What the keys of a campaign become: steps, roles, metrics, repetition, budget, schedule, compare.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/campaign.h"
#include "coordinator/campaign/expression.h"
#include "tests/unit/campaign_text.h"
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>

/* tests/campaigns/good/whole-language.yaml has every key. */
static struct campaign *read_whole(void)
{
	const char *top = getenv("TOP");
	_cleanup_free_ char *path =
		xasprintf("%s/tests/campaigns/good/whole-language.yaml", top ? top : ".");
	_cleanup_buf_ struct buf text = BUF_INIT;

	assert_int_equal(buf_read_file(&text, AT_FDCWD, path, 1024 * 1024), 0);
	return read_text(text.data);
}

static void assert_step(const struct step *s, const char *first, const char *last, size_t n)
{
	assert_int_equal(s->n, n);
	assert_string_equal(s->command[0], first);
	assert_string_equal(s->command[n - 1], last);
}

static void test_the_campaign_itself(void **state)
{
	struct campaign *c = read_whole();

	(void)state;
	assert_int_equal(c->labels_n, 2);
	assert_string_equal(c->labels[1].key, "ticket");
	assert_string_equal(c->labels[1].value, "12");
	assert_int_equal(c->hosts.names_n, 3);
	assert_int_equal(c->hosts.labels_n, 1);
	assert_string_equal(c->hosts.where->text, "host.cores > 4");
	assert_true(c->is_spread);
	assert_int_equal(c->files_n, 4);
	assert_string_equal(c->files[1].path, "data-{n}.txt");
	assert_null(c->files[2].path);
	assert_string_equal(c->files[2].git, "https://example.org/tools.git");
	assert_string_equal(c->files[2].ref, "HEAD");
	assert_string_equal(c->files[2].as, "tools");
	assert_string_equal(c->files[3].ref, "v{n}");
	assert_string_equal(c->files[3].as, "own-{n}");
	assert_int_equal(c->files[3].line, 6);
	assert_int_equal(c->teardown.n, 1);
	assert_step(&c->teardown.items[0], "make", "clean", 2);
	assert_int_equal(c->attempts, 2);
	assert_int_equal(c->report.figures_n, 3);
	campaign_free(c);
}

static void test_the_report_is_kept(void **state)
{
	struct campaign *c = read_text(
		"campaign: c\nmatrix: {arm: [a, b], n: [1, 2]}\n"
		"benchmarks: {x: {command: [x, '{arm}', '{n}'], canary: true}}\n"
		"report:\n"
		"  title: What it costs\n"
		"  figures: [{kind: speedup, x: n, by: arm, baseline: a, only: n > 1, metric: "
		"time},\n"
		"    {kind: decomposition, by: arm, chain: [a, b]}]\n"
		"  claims:\n"
		"  - {name: C1, says: no slower, metric: time, by: arm, contender: b, baseline: "
		"a,\n"
		"     within: [0.9, 1.1], of: best}\n"
		"  - {name: C2, metric: 'metric.time * 2', by: arm, contender: b, baseline: a,\n"
		"     within: [1, 2], only: n == 1}\n"
		"  - {name: C3, metric: time, by: arm, contender: b, baseline: a, within: [0.9, "
		"1.1],\n     of: hosts}\n"
		"  sections: [{title: Method, text: 'As *usual*.'}]\n");
	const struct report_request *r = &c->report;

	(void)state;
	assert_true(c->benchmarks[0].is_canary);
	assert_string_equal(r->title, "What it costs");
	assert_int_equal(r->figures_n, 2);
	assert_string_equal(r->figures[0].kind, "speedup");
	assert_string_equal(r->figures[0].x, "n");
	assert_string_equal(r->figures[0].by, "arm");
	assert_string_equal(r->figures[0].baseline, "a");
	assert_string_equal(r->figures[0].metric, "time");
	assert_string_equal(r->figures[0].only_text, "n > 1");
	assert_non_null(r->figures[0].only);
	assert_null(r->figures[0].facet);
	assert_int_equal(r->figures[1].chain_n, 2);
	assert_string_equal(r->figures[1].chain[1], "b");
	assert_null(r->figures[1].only);
	assert_int_equal(r->claims_n, 3);
	assert_string_equal(r->claims[0].metric, "time");
	assert_null(r->claims[0].expr);
	assert_int_equal(r->claims[0].of, CLAIM_OF_BEST);
	assert_true(r->claims[0].low == 0.9 && r->claims[0].high == 1.1);
	assert_null(r->claims[1].metric);
	assert_non_null(r->claims[1].expr);
	assert_string_equal(r->claims[1].metric_text, "metric.time * 2");
	assert_null(r->claims[1].says);
	assert_int_equal(r->claims[1].of, CLAIM_OF_EACH);
	assert_int_equal(r->claims[2].of, CLAIM_OF_HOSTS);
	assert_int_equal(r->sections_n, 1);
	assert_string_equal(r->sections[0].text, "As *usual*.");
	campaign_free(c);
}

static void test_a_list_of_steps_takes_every_form(void **state)
{
	struct campaign *c = read_text("campaign: c\n"
				       "teardown: [\"a | b\", [make, clean], {command: [rm, x]}]\n"
				       "benchmarks: {a: {command: [./a], cleanup: [[rm, y]]}}\n");

	(void)state;
	assert_int_equal(c->teardown.n, 3);
	assert_step(&c->teardown.items[0], "/bin/sh", "a | b", 3);
	assert_step(&c->teardown.items[1], "make", "clean", 2);
	assert_step(&c->teardown.items[2], "rm", "x", 2);
	assert_int_equal(c->benchmarks[0].cleanup.n, 1);
	assert_step(&c->benchmarks[0].cleanup.items[0], "rm", "y", 2);
	campaign_free(c);
}

static void test_repetition_budget_and_schedule(void **state)
{
	struct campaign *c = read_whole();

	(void)state;
	assert_int_equal(c->warmup, 1);
	assert_int_equal(c->blocks, 10);
	assert_int_equal(c->max, 60);
	assert_string_equal(c->until.metric, "energy.package");
	assert_int_equal(c->until.within, 15000);
	assert_int_equal(c->pair_n, 1);
	assert_string_equal(c->pair[0], "mode");
	assert_false(c->is_sequential);
	assert_true(c->budget.time_ns == 8 * 3600 * NS_PER_S);
	assert_true(c->budget.energy_uj == INT64_C(5400000000000));
	assert_int_equal(c->budget.until_minute, 360);
	assert_string_equal(c->schedule.cron, "*/15 2-4 1,15 * mon-fri");
	assert_string_equal(c->schedule.timezone, "Europe/Berlin");
	assert_string_equal(c->schedule.missed, "all");
	assert_string_equal(c->schedule.overlap, "skip");
	assert_string_equal(c->schedule.unless, "unchanged");
	assert_string_equal(c->schedule.baseline, "last-7");
	assert_int_equal(c->schedule.deadline_ns, 6 * 3600 * NS_PER_S);
	assert_int_equal(c->schedule.patience_ns, 600 * NS_PER_S);
	assert_string_equal(c->schedule.source_git, "https://example.org/app.git");
	assert_string_equal(c->schedule.source_ref, "release");
	assert_string_equal(c->schedule.source_file, "bench/nightly.yaml");
	campaign_free(c);
}

static void test_comparisons(void **state)
{
	struct campaign *c = read_whole();

	(void)state;
	assert_int_equal(c->comparisons_n, 4);
	assert_string_equal(c->comparisons[0].by, "mode");
	assert_string_equal(c->comparisons[0].baseline, "fast");
	assert_int_equal(c->comparisons[0].metrics_n, 5);
	assert_string_equal(c->comparisons[0].metrics[4], "cache_misses");
	assert_int_equal(c->comparisons[0].threshold, 30000);
	assert_true(c->comparisons[0].alpha == 0.05);
	assert_int_equal(c->comparisons[1].metrics_n, 1);
	assert_int_equal(c->comparisons[1].threshold, 20000);
	assert_true(c->comparisons[1].alpha == 0.01);
	assert_int_equal(c->comparisons[2].metrics_n, 0);
	assert_string_equal(c->comparisons[3].by, "host.cpu.codename");
	campaign_free(c);
}

/* What has no axis holds for whatever else is compared: the contents of two submissions. */
static void test_comparison_without_axis(void **state)
{
	static const char text[] = "campaign: c\n"
				   "benchmarks: {a: {command: [./a]}}\n"
				   "compare: {metrics: [time], threshold: 3%, alpha: 0.05}\n",
			  changes[] = "{\"again\": {\"of\": \"c.2\", \"against\": \"c.1\", "
				      "\"trees\": {\"c.1\": null, \"c.2\": null}}}";
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(text, strlen(text), NULL, &d);

	(void)state;
	assert_int_equal(d.errors, 0);
	assert_int_equal(c->comparisons_n, 1);
	assert_null(c->comparisons[0].by);
	assert_null(c->comparisons[0].baseline);
	assert_int_equal(c->comparisons[0].threshold, 30000);
	assert_null(campaign_comparison(c, NULL));
	campaign_free(c);
	c = campaign_read(text, strlen(text), changes, &d);
	assert_int_equal(d.errors, 0);
	assert_int_equal(c->comparisons_n, 1);
	assert_string_equal(c->comparisons[0].by, "content");
	assert_string_equal(c->comparisons[0].baseline, "c.1");
	assert_string_equal(c->comparisons[0].metrics[0], "time");
	assert_int_equal(c->comparisons[0].threshold, 30000);
	assert_true(c->comparisons[0].alpha == 0.05);
	assert_ptr_equal(campaign_comparison(c, "content"), c->comparisons);
	assert_null(campaign_comparison(c, "host"));
	campaign_free(c);
	diagnostics_done(&d);
}

static void test_what_is_done_around_runs(void **state)
{
	struct campaign *c = read_whole();
	const struct benchmark *plain = &c->benchmarks[0], *served = &c->benchmarks[1];

	(void)state;
	assert_int_equal(plain->setup.n, 2);
	assert_step(&plain->setup.items[0], "make", "N={n}", 4);
	assert_true(plain->setup.items[0].timeout_ns == 600 * NS_PER_S);
	assert_step(&plain->setup.items[1], "/bin/sh", "./generate {n} > data.txt", 3);
	assert_true(plain->setup.items[1].timeout_ns == 3600 * NS_PER_S);
	assert_step(&plain->requires, "test", "/opt/{mode}", 3);
	assert_int_equal(plain->prepare.n, 1);
	assert_step(&plain->prepare.items[0], "./warm", "{tmp}", 2);
	assert_step(&plain->cleanup.items[0], "/bin/sh", "rm -f leftovers", 3);
	assert_int_equal(plain->collect_n, 1);
	assert_string_equal(plain->collect[0].name, "log");
	assert_string_equal(plain->collect[0].path, "{tmp}/log");
	assert_step(&served->setup.items[0], "/bin/sh", "make server", 3);
	assert_int_equal(served->setup.n, 1);
	assert_int_equal(served->requires.n, 0);
	assert_int_equal(served->collect_n, 0);
	campaign_free(c);
}

static void test_roles(void **state)
{
	struct campaign *c = read_whole();
	const struct benchmark *b = &c->benchmarks[1];
	const struct campaign_role *server = &b->roles[0], *client = &b->roles[1];

	(void)state;
	assert_int_equal(b->roles_n, 2);
	assert_int_equal(b->command.n, 0);
	assert_int_equal(b->main, 1);
	assert_string_equal(server->name, "server");
	assert_step(&server->command, "./server", "{mode}", 3);
	assert_int_equal(server->env_n, 1);
	assert_string_equal(server->env[0], "PORT=7000");
	assert_string_equal(server->settings[SETTING_CPUS], "2");
	assert_string_equal(server->settings[SETTING_TIMEOUT], "5min");
	assert_string_equal(server->hosts.labels[0].value, "server");
	assert_string_equal(server->hosts.where->text, "host.memory > 1e9");
	assert_string_equal(server->ready_pattern, "^listening on {n}");
	assert_true(server->ready_timeout_ns == 10 * NS_PER_S);
	assert_null(server->ready_port);
	assert_string_equal(client->settings[SETTING_CPUS], "4");
	assert_int_equal(client->hosts.names_n, 2);
	assert_string_equal(client->ready_port, "7001");
	assert_true(client->ready_timeout_ns == 60 * NS_PER_S);
	assert_string_equal(b->metrics[0].role, "client");
	assert_string_equal(b->metrics[1].role, "server");
	assert_null(c->benchmarks[0].metrics[0].role);
	campaign_free(c);
}

static const struct benchmark_metric *find(const struct benchmark *b, const char *name)
{
	for (size_t i = 0; i < b->metrics_n; i++)
		if (strcmp(b->metrics[i].name, name) == 0)
			return &b->metrics[i];
	fail_msg("no metric %s", name);
	return NULL;
}

static void test_metrics(void **state)
{
	struct campaign *c = read_whole();
	const struct benchmark *b = &c->benchmarks[0];

	(void)state;
	assert_int_equal(b->metrics_n, 9);
	assert_string_equal(find(b, "rate")->expr->text, "metric.items / metric.time");
	assert_string_equal(find(b, "rate")->unit, "{mode}/s");
	assert_int_equal(find(b, "rate")->better, BETTER_HIGHER);
	assert_int_equal(find(b, "first")->take, TAKE_FIRST);
	assert_true(find(b, "first")->scale == 1e-3);
	assert_int_equal(find(b, "first")->expect, EXPECT_RANGE);
	assert_true(find(b, "first")->expect_low == 0 && find(b, "first")->expect_high == 1e9);
	assert_int_equal(find(b, "all")->take, TAKE_ALL);
	assert_int_equal(find(b, "all")->from, FROM_FILE);
	assert_string_equal(find(b, "all")->path, "{tmp}/result.json");
	assert_true(find(b, "all")->is_optional);
	assert_int_equal(find(b, "sum")->expect, EXPECT_SAME);
	assert_int_equal(find(b, "sum")->expect_axes_n, 1);
	assert_string_equal(find(b, "sum")->expect_axes[0], "n");
	assert_int_equal(find(b, "sum")->from, FROM_STDERR);
	assert_int_equal(find(b, "word")->expect, EXPECT_SAME);
	assert_int_equal(find(b, "word")->expect_axes_n, 0);
	assert_int_equal(find(b, "mode")->expect, EXPECT_VALUE);
	assert_string_equal(find(b, "mode")->expect_value, "{mode}");
	assert_int_equal(find(b, "ok")->expect, EXPECT_MATCH);
	assert_int_equal(find(b, "items")->take, TAKE_LAST);
	assert_true(find(b, "items")->scale == 1);
	assert_string_equal(find(b, "items")->unit, "1");
	assert_string_equal(b->work->text, "metric.items * n");
	assert_string_equal(b->work_unit, "1");
	assert_string_equal(c->benchmarks[1].work_unit, "request");
	campaign_free(c);
}

static void test_defaults_of_what_is_not_given(void **state)
{
	struct campaign *c = read_text("campaign: c\nbenchmarks: {a: {command: [x]}}\n");

	(void)state;
	assert_int_equal(c->max, 10);
	assert_null(c->until.metric);
	assert_int_equal(c->pair_n, 0);
	assert_true(c->budget.time_ns == ABSENT);
	assert_true(c->budget.energy_uj == ABSENT);
	assert_true(c->budget.until_minute == ABSENT);
	assert_null(c->schedule.cron);
	assert_int_equal(c->report.figures_n, 0);
	assert_null(c->report.title);
	assert_false(c->benchmarks[0].is_canary);
	assert_false(c->is_spread);
	assert_null(c->hosts.where);
	assert_null(c->only);
	assert_int_equal(c->teardown.n, 0);
	assert_null(c->benchmarks[0].work);
	campaign_free(c);
	c = read_text("campaign: c\nbenchmarks: {a: {command: [x]}}\n"
		      "repeat: {blocks: 7, until: {metric: time, within: 2%}}\norder: sequential\n"
		      "schedule: {cron: '@daily'}\n");
	assert_int_equal(c->max, 70);
	assert_true(c->is_sequential);
	assert_null(c->schedule.timezone);
	assert_string_equal(c->schedule.missed, "once");
	assert_string_equal(c->schedule.overlap, "queue");
	assert_null(c->schedule.unless);
	assert_string_equal(c->schedule.baseline, "previous");
	assert_int_equal(c->schedule.deadline_ns, ABSENT);
	assert_int_equal(c->schedule.patience_ns, 1800 * NS_PER_S);
	assert_null(c->schedule.source_git);
	campaign_free(c);
}

/* defaults < campaign < benchmark, key by key; `~` removes at each of them. */
static void test_sections_merge_and_are_removed(void **state)
{
	struct campaign *c = read_text(
		"campaign: c\n"
		"defaults:\n"
		"  setup: {command: [make], timeout: 5min}\n"
		"  requires: [true]\n"
		"  prepare: [warm]\n"
		"  work: {value: metric.ops, unit: op}\n"
		"  metrics: {ops: {json: ops, expect: {value: 1}}}\n"
		"  collect: {a: {path: a}, b: {path: b}}\n"
		"  tune: {turbo: off}\n"
		"requires: ~\n"
		"tune: ~\n"
		"matrix: {n: [1], m: [2]}\n"
		"benchmarks:\n"
		"  a:\n"
		"    command: [x, '{n}', '{m}']\n"
		"    setup: {timeout: 1min}\n"
		"    work: {unit: item}\n"
		"    collect: {a: ~, b: {path: c}}\n"
		"    metrics: {ops: {expect: ~}}\n"
		"  b: {command: [x], setup: ~, prepare: ~, work: ~, metrics: ~, matrix: ~}\n");
	const struct benchmark *a = &c->benchmarks[0], *b = &c->benchmarks[1];

	(void)state;
	assert_step(&a->setup.items[0], "make", "make", 1);
	assert_true(a->setup.items[0].timeout_ns == 60 * NS_PER_S);
	assert_int_equal(a->requires.n, 0);
	assert_null(a->settings[SETTING_TURBO]);
	assert_step(&a->prepare.items[0], "warm", "warm", 1);
	assert_string_equal(a->work->text, "metric.ops");
	assert_string_equal(a->work_unit, "item");
	assert_int_equal(a->collect_n, 1);
	assert_string_equal(a->collect[0].path, "c");
	assert_int_equal(a->metrics[0].expect, EXPECT_NOTHING);
	assert_int_equal(b->setup.n, 0);
	assert_int_equal(b->prepare.n, 0);
	assert_null(b->work);
	assert_int_equal(b->metrics_n, 0);
	assert_int_equal(b->axes_n, 0);
	campaign_free(c);
}

static const char until[] =
	"campaign: c\nmatrix: {python: {gil: {p: 1}, nogil: {p: 2}}, n: [1, 2]}\n"
	"benchmarks: {a: {command: ['{python.p}', '{n}']}}\n"
	"repeat: {blocks: 10, max: 30, until: {metric: time, within: 2%}}\n";

static void test_changes_of_the_command_line(void **state)
{
	struct campaign *c = read_changed(until, "{\"blocks\": 20, \"only\": \"n == 2\"}");
	const struct value *v;

	(void)state;
	assert_int_equal(c->blocks, 20);
	assert_int_equal(c->max, 30);
	assert_string_equal(c->only->text, "n == 2");
	campaign_free(c);
	c = read_changed(until, "{\"blocks\": 40, \"set\": {\"python\": [\"nogil\"]}}");
	assert_int_equal(c->blocks, 40);
	assert_int_equal(c->max, 40);
	assert_int_equal(c->benchmarks[0].axes[0].n, 1);
	v = &c->benchmarks[0].axes[0].values[0];
	assert_string_equal(v->text, "nogil");
	assert_string_equal(v->attributes->items[0].value.text, "2");
	campaign_free(c);
}

static void test_bad_changes_say_what_there_is(void **state)
{
	static const struct {
		const char *changes, *want;
	} vectors[] = {
		{"{\"set\": {\"python\": [\"nogill\"]}}", "did you mean 'nogil'?"},
		{"{\"only\": \"pithon == 1\"}", "did you mean 'python'?"},
		{"{\"only\": \"n ==\"}", "--only"},
		{"{\"only\": \"\"}", "--only: expected an expression such as threads == 1"},
		{"{\"only\": 5}", "--only: expected an expression such as threads == 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct diagnostics d = {0};

		assert_null(campaign_read(until, strlen(until), vectors[i].changes, &d));
		diagnostics_format(&d, "-", &out);
		if (!strstr(out.data, vectors[i].want))
			fail_msg("got %s want %s", out.data, vectors[i].want);
		assert_int_equal(d.items[0].line, 0);
		diagnostics_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_campaign_itself),
		cmocka_unit_test(test_the_report_is_kept),
		cmocka_unit_test(test_a_list_of_steps_takes_every_form),
		cmocka_unit_test(test_repetition_budget_and_schedule),
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_comparison_without_axis),
		cmocka_unit_test(test_what_is_done_around_runs),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_defaults_of_what_is_not_given),
		cmocka_unit_test(test_sections_merge_and_are_removed),
		cmocka_unit_test(test_changes_of_the_command_line),
		cmocka_unit_test(test_bad_changes_say_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
