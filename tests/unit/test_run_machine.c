/*
 * What a run asks of its machine's state: guard, tune, quiet, on a generated machine with two CPUs
 * whose files are plain files. The commands themselves run here.
 */
#include "tests/unit/run_rig.h"
#include "tests/unit/tree.h"

#include <fcntl.h>

#define CPU "sys/devices/system/cpu"

static struct tree tree;
static int starts, sample_calls, was_measuring;

static void on_started(void *arg, const struct attempt_id *id, int64_t at, int64_t raw_ns)
{
	(void)arg;
	(void)id;
	(void)at;
	(void)raw_ns;
	was_measuring += runner_is_measuring(runner);
	starts++;
}

static void on_samples(void *arg)
{
	(void)arg;
	sample_calls++;
}

static void on_end(void *arg, const struct attempt_id *id, struct buf *f)
{
	assert_false(runner_is_measuring(runner));
	rig_keep(arg, id, f);
}

static void write_cpu(int cpu)
{
	char file[128];

#define WRITE(name, text)                                                                          \
	snprintf(file, sizeof file, CPU "/cpu%d/" name, cpu);                                      \
	tree_write(&tree, file, text)
	WRITE("topology/physical_package_id", "0\n");
	WRITE("topology/core_id", cpu == 0 ? "0\n" : "1\n");
	WRITE("topology/core_cpus", cpu == 0 ? "1\n" : "2\n");
	WRITE("topology/core_cpus_list", cpu == 0 ? "0\n" : "1\n");
	WRITE("topology/package_cpus", "3\n");
	WRITE("topology/package_cpus_list", "0-1\n");
	WRITE("cpufreq/scaling_governor", "powersave\n");
	WRITE("cpufreq/scaling_available_governors", "performance powersave\n");
#undef WRITE
}

static void write_machine(void)
{
	tree_make(&tree);
	tree_write(&tree, CPU "/online", "0-1\n");
	tree_write(&tree, CPU "/possible", "0-1\n");
	tree_write(&tree, CPU "/present", "0-1\n");
	tree_write(&tree, CPU "/intel_pstate/no_turbo", "0\n");
	tree_write(&tree, CPU "/intel_pstate/status", "active\n");
	write_cpu(0);
	write_cpu(1);
	tree_write_cpuinfo(&tree, "GenuineIntel", 0x55, 4, "fpu");
}

static const struct files_handler files_handler;
static const struct runner_handler runner_handler = {
	.on_started = on_started, .on_samples = on_samples, .on_end = on_end};

static int set_up(void **state)
{
	(void)state;
	write_machine();
	return rig_open(tree.path, &files_handler, &runner_handler);
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return rig_close();
}

static const char *shell_command[3] = {"sh", "-c", NULL};

static struct message_assign assign_of(const char *script)
{
	struct message m;

	shell_command[2] = script;
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.id = (struct attempt_id){.campaign = {{9}}, .run = 7, .attempt = 2};
	m.assign.benchmark = "b";
	m.assign.block = 1;
	m.assign.command = (struct list){shell_command, 3};
	m.assign.cpus = 1;
	m.assign.timeout_ns = 60 * NS_PER_S;
	m.assign.output_limit = 1024 * 1024;
	m.assign.energy = "off";
	m.assign.every_ns = 10 * NS_PER_MS;
	return m.assign;
}

static void run(const struct message_assign *a, struct message *out)
{
	starts = sample_calls = was_measuring = 0;
	rig_run(a, out);
}

static void assert_line(const char *path, const char *want)
{
	char line[64];

	assert_true(machine_read_line(&machine, line, sizeof line, "%s", path) >= 0);
	assert_string_equal(line, want);
}

static void test_guard(void **state)
{
	static const struct {
		const char *on_violation, *state;
		bool is_flagged;
	} vectors[] = {{"mark", "done", true}, {"fail", "failed", false}, {NULL, "done", true}};
	struct message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct message_assign a = assign_of("true");
		a.guard_governor = "performance";
		a.on_violation = vectors[i].on_violation;
		run(&a, &m);
		assert_string_equal(m.result.state, vectors[i].state);
		assert_int_equal(has_flag(&m, "wrong_governor"), vectors[i].is_flagged);
		if (!vectors[i].is_flagged)
			assert_non_null(strstr(m.result.reason, "powersave"));
		message_done(&m);
	}
}

/* A run that changes the governor under itself is seen to be violated; rerun has it again. */
static void test_rerun(void **state)
{
	char script[512];
	struct message m;

	(void)state;
	snprintf(script, sizeof script,
		"echo x >>%s/tries; test $(wc -l <%s/tries) -gt 2 || "
		"echo $(date +%%N) >%s/" CPU "/cpu1/cpufreq/scaling_governor; sleep 1",
		dir, dir, tree.path);
	struct message_assign a = assign_of(script);
	a.cpus = 2;
	a.on_violation = "rerun";
	a.reruns = 5;
	/* Each try is prepared and cleaned up, and the files of the last one are kept. */
	static const char *const before[] = {
		"/bin/sh", "-c", "echo p >>$JOULERIG_STATE/around; echo a >" MARK_TMP "/f"};
	static const char *const after[] = {"/bin/sh", "-c",
		"echo c >>$JOULERIG_STATE/around; cat " MARK_TMP "/f >>$JOULERIG_STATE/around"};
	const struct message_step prepare = {{before, 3}, 60 * NS_PER_S};
	const struct message_step cleanup = {{after, 3}, 60 * NS_PER_S};
	const struct message_pair kept = {"f", MARK_TMP "/f"};
	a.prepare = (struct list){&prepare, 1};
	a.cleanup = (struct list){&cleanup, 1};
	a.collect = (struct list){&kept, 1};
	run(&a, &m);
	_cleanup_free_ char *path = xasprintf("%s/around", dir);
	_cleanup_buf_ struct buf around = BUF_INIT;
	buf_read_file(&around, AT_FDCWD, path, 4096);
	assert_string_equal(around.data, "p\nc\na\np\nc\na\np\nc\na\n");
	assert_int_equal(metric_value(&m, "collect.f"), 2);
	assert_string_equal(m.result.state, "done");
	assert_int_equal(metric_value(&m, "guard.reruns"), 2);
	assert_false(has_flag(&m, "governor_changed"));
	assert_int_equal(starts, 1);
	assert_int_equal(sample_calls, 0);
	assert_int_equal(m.result.chunks > 0, 1);
	message_done(&m);

	snprintf(script, sizeof script,
		"echo $(date +%%N) >%s/" CPU "/cpu1/cpufreq/scaling_governor", tree.path);
	a = assign_of(script);
	a.cpus = 2;
	a.on_violation = "rerun";
	a.reruns = 1;
	run(&a, &m); /* never good: the last one counts, flagged */
	assert_string_equal(m.result.state, "done");
	assert_int_equal(metric_value(&m, "guard.reruns"), 1);
	assert_true(has_flag(&m, "governor_changed"));
	message_done(&m);

	a.on_violation = "fail";
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_string_equal(m.result.reason, "guard: governor_changed");
	message_done(&m);
	a.on_violation = "mark";
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_true(has_flag(&m, "governor_changed"));
	message_done(&m);
}

static void test_tune(void **state)
{
	static const struct message_pair settings[] = {
		{"governor", "performance"}, {"turbo", "off"}};
	static const struct message_pair unknown[] = {{"epp", "performance"}};
	char script[256];
	struct message m;

	(void)state;
	snprintf(script, sizeof script,
		"cat %s/" CPU "/cpu1/cpufreq/scaling_governor %s/" CPU "/intel_pstate/no_turbo",
		tree.path, tree.path);
	struct message_assign a = assign_of(script);
	a.tune = (struct list){settings, 2};
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_memory_equal(m.result.stdout_data.data, "performance", 11);
	assert_false(has_flag(&m, "governor_changed"));
	message_done(&m);
	assert_line(CPU "/cpu1/cpufreq/scaling_governor", "performance");
	/* What this machine cannot do is skipped, and the rest is as it was found. */
	a.tune = (struct list){unknown, 1};
	run(&a, &m);
	assert_string_equal(m.result.state, "skipped");
	assert_non_null(strstr(m.result.reason, "epp"));
	message_done(&m);
	assert_line(CPU "/cpu1/cpufreq/scaling_governor", "powersave");
	/* The end of the agent puts back what is not yet. */
	a.tune = (struct list){settings, 2};
	run(&a, &m);
	message_done(&m);
	assert_line(CPU "/intel_pstate/no_turbo", "1");
	runner_close(runner);
	files_close(files);
	assert_line(CPU "/intel_pstate/no_turbo", "0");
	assert_line(CPU "/cpu0/cpufreq/scaling_governor", "powersave");
	assert_int_equal(rig_open_runner(&files_handler, &runner_handler), 0);
}

static void test_quiet(void **state)
{
	struct message_assign a = assign_of("sleep 1");
	struct message m;

	(void)state;
	run(&a, &m);
	assert_int_equal(starts, 1);
	assert_int_equal(was_measuring, 1);
	message_done(&m);
	a.stream = "after";
	run(&a, &m);
	assert_int_equal(starts, 0);
	assert_int_equal(sample_calls, 0);
	assert_true(m.result.chunks > 0);
	assert_true(metric_value(&m, "agent.time") >= 0);
	assert_true(metric_value(&m, "agent.wakeups") > 0);
	message_done(&m);
}

/* The environment is longer by what the result says, and not always the same. */
static void test_padding(void **state)
{
	int64_t first = ABSENT;
	bool differs = false;
	struct message m;

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct message_assign a = assign_of("printf %s \"$JOULERIG_PADDING\" | wc -c");
		run(&a, &m);
		int64_t padding = metric_value(&m, "environment.padding");
		assert_in_range(padding, 0, 4095);
		assert_int_equal(strtoll(m.result.stdout_data.data, NULL, 10), padding);
		differs = differs || (first != ABSENT && padding != first);
		first = padding;
		message_done(&m);
	}
	assert_true(differs);
}

static void test_sources(void **state)
{
	struct message_assign a = assign_of("true");
	struct message m;

	(void)state;
	a.energy = "require";
	a.source = "perf";
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_non_null(strstr(m.result.reason, "perf"));
	message_done(&m);
	a.source = "steam";
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_non_null(strstr(m.result.reason, "steam"));
	message_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_guard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rerun, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tune, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quiet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_padding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("run_machine", tests, NULL, NULL);
}
