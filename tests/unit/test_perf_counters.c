/*
 * Counters that a campaign asks for: what their names mean, what a part of the time is worth, and
 * that they count the whole tree of a run
 */
#include "agent/sources/counter_names.h"
#include "agent/sources/perf_counters.h"
#include "tests/unit/source_trees.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#define PMU "sys/bus/event_source/devices/"

static void test_metric_names(void **state)
{
	static const char *const table[][2] = {
		{"instructions", "instructions"},
		{"cache-misses", "cache_misses"},
		{"INST_RETIRED.ANY", "inst_retired.any"},
		{"adl_glc::INST_RETIRED:ANY", "adl_glc__inst_retired_any"},
		{"cpu/event=0xc0/", "cpu.event_0xc0"},
		{"cpu/event=0xc0,umask=1/:uk", "cpu.event_0xc0_umask_1_uk"},
		{"0123456789012345678901234567890123456789012345678901234567890123456789",
			"012345678901234567890123456789012345678901234567890123456789012"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		counter_names_metric(out, table[i][0]);
		assert_string_equal(out, table[i][1]);
	}
}

/* ---- names ---- */

static const struct tree_file client_pmu[] = {
	{PMU "cpu/type", "4\n"},
	{PMU "cpu/format/event", "config:0-7\n"},
	{PMU "cpu/format/umask", "config:8-15\n"},
	{PMU "cpu/format/edge", "config:18\n"},
	{PMU "cpu/events/topdown-slots", "event=0x00,umask=0x4\n"},
	{PMU "cpu/events/mem-stores", "event=0xd0,umask=0x82\n"},
	{PMU "uncore_imc_0/type", "12\n"},
	{PMU "uncore_imc_0/cpumask", "0\n"},
	{PMU "uncore_imc_0/format/event", "config:0-7\n"},
	{PMU "msr/type", "9\n"},
	{PMU "msr/format/event", "config:0-63\n"},
	{PMU "msr/events/tsc", "event=0x00\n"},
	{NULL, NULL},
};

static const struct tree_file hybrid_pmus[] = {
	{PMU "cpu_core/type", "4\n"},
	{PMU "cpu_core/cpus", "0\n"},
	{PMU "cpu_core/format/event", "config:0-7\n"},
	{PMU "cpu_core/events/slots", "event=0x00\n"},
	{PMU "cpu_core/events/mem-stores", "event=0xcd\n"},
	{PMU "cpu_atom/type", "10\n"},
	{PMU "cpu_atom/cpus", "1\n"},
	{PMU "cpu_atom/format/event", "config:0-7\n"},
	{PMU "cpu_atom/events/mem-stores", "event=0xd0\n"},
	{NULL, NULL},
};

static const struct tree_file no_pmu[] = {{PMU "software/type", "1\n"}, {NULL, NULL}};

/* want: "metric type:config" of each event, with " user" and " one" where so; or what the reason
 * has in it. */
static const struct {
	const struct tree_file *machine;
	const char *name, *want;
	bool is_refused;
} names[] = {
	{client_pmu, "instructions", "instructions 0:0x1 user", false},
	{client_pmu, "Cycles", "cycles 0:0 user", false},
	{client_pmu, "cache-misses", "cache_misses 0:0x3 user", false},
	{client_pmu, "instructions:u", "instructions_u 0:0x1 user", false},
	{client_pmu, "instructions:uk", "instructions_uk 0:0x1", false},
	{client_pmu, "page-faults", "page_faults 1:0x2", false},
	{client_pmu, "task-clock", "task_clock 1:0x1", false},
	{client_pmu, "context-switches", "context_switches 1:0x3", false},
	{client_pmu, "topdown-slots", "topdown_slots 4:0x400 user", false},
	{client_pmu, "cpu/mem-stores/", "cpu.mem_stores 4:0x82d0 user", false},
	{client_pmu, "cpu/event=0xc0,umask=1,edge/", "cpu.event_0xc0_umask_1_edge 4:0x401c0 user",
		false},
	{client_pmu, "cpu/event=0x3c/:uk", "cpu.event_0x3c_uk 4:0x3c", false},
	{client_pmu, "msr/tsc/", "msr.tsc 9:0 user", false},
	{hybrid_pmus, "instructions",
		"instructions.cpu_core 0:0x400000001 user; instructions.cpu_atom 0:0xa00000001 "
		"user",
		false},
	{hybrid_pmus, "mem-stores",
		"mem_stores.cpu_core 4:0xcd user; mem_stores.cpu_atom 10:0xd0 user", false},
	{hybrid_pmus, "slots", "slots.cpu_core 4:0 user one", false},
	{hybrid_pmus, "cpu_core/event=0xc0/", "cpu_core.event_0xc0 4:0xc0 user one", false},
	{hybrid_pmus, "page-faults", "page_faults 1:0x2", false},
	{no_pmu, "page-faults", "page_faults 1:0x2", false},

	{no_pmu, "instructions", "shows no performance counters", true},
	{client_pmu, "context-switches:u", "always be 0", true},
	{client_pmu, "no-such", "no such event", true},
	{client_pmu, "", "empty", true},
	{client_pmu, ":u", "empty", true},
	{client_pmu, "cpu/event=0xc0", "PMU/event/", true},
	{client_pmu, "cpu//", "PMU/event/", true},
	{client_pmu, "/event=1/", "PMU/event/", true},
	{client_pmu, "cpu/a/b/", "PMU/event/", true},
	{client_pmu, "../cpu/event=1/", "PMU/event/", true},
	{client_pmu, "cpu/colour=1/", "unknown term", true},
	{client_pmu, "cpu/event=0x1ff/", "does not fit", true},
	{client_pmu, "gpu/event=1/", "gpu", true},
	{client_pmu, "uncore_imc_0/event=1/", "not for one run", true},
	{hybrid_pmus, "cpu/event=0xc0/", "cpu", true},
};

static void describe(struct buf *out, const struct counter_event *e, int n)
{
	for (int i = 0; i < n; i++)
		buf_addf(out, "%s%s %u:%#llx%s%s", i > 0 ? "; " : "", e[i].metric, e[i].event.type,
			(unsigned long long)e[i].event.config, e[i].is_user ? " user" : "",
			e[i].is_one_kind ? " one" : "");
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct counter_event e[COUNTER_KINDS];
		struct error why = {0};
		struct tree t;
		struct machine m;
		tree_make(&t);
		tree_write_files(&t, names[i].machine);
		tree_open(&t, &m);
		int n = counter_names_find(e, &m, names[i].name, &why);
		describe(&got, e, n);
		bool is_right = names[i].is_refused
					? n < 0 && strstr(why.text, names[i].want) != NULL
					: n > 0 && strcmp(got.data, names[i].want) == 0;
		if (!is_right)
			fail_msg("%s: %d %s %s\n  instead of %s", names[i].name, n, got.data,
				why.text, names[i].want);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* The library is told of a processor that is not this one: names and encodings from Intel's event
 * lists for Skylake. It looks at the variable once. */
static void test_library(void **state)
{
	static const struct {
		const char *name, *metric;
		uint64_t config;
		bool is_user;
	} table[] = {
		{"MEM_LOAD_RETIRED.L1_HIT", "mem_load_retired.l1_hit", 0x1d1, true},
		{"INST_RETIRED:ANY_P", "inst_retired_any_p", 0xc0, true},
		{"INST_RETIRED:ANY_P:uk", "inst_retired_any_p_uk", 0xc0, false},
	};
	static const char *const bad[] = {
		"MEM_LOAD_RETIRED.L9_HIT", "NO_SUCH_EVENT", "INST_RETIRED:ANY_P:k"};
	struct machine m;

	(void)state;
	assert_int_equal(machine_open(&m, "/", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct counter_event e[COUNTER_KINDS];
		struct error why = {0};
		int n = counter_names_find(e, &m, table[i].name, &why);
		assert_string_equal(why.text, "");
		assert_int_equal(n, 1);
		assert_string_equal(e[0].metric, table[i].metric);
		assert_int_equal(e[0].event.type, PERF_TYPE_RAW);
		assert_int_equal(e[0].event.config, table[i].config);
		assert_int_equal(e[0].is_user, table[i].is_user);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct counter_event e[COUNTER_KINDS];
		struct error why = {0};
		assert_true(counter_names_find(e, &m, bad[i], &why) < 0);
		assert_true(why.text[0] != '\0');
	}
	machine_close(&m);
}

/* ---- a part of the time ---- */

static void test_scaling(void **state)
{
	static const struct {
		struct perf_reading kinds[COUNTER_KINDS];
		size_t n;
		bool is_one_kind;
		enum counted want;
		int64_t values[COUNTER_KINDS];
	} table[] = {
		{{{1000, 50, 50}}, 1, false, COUNTED_WHOLE, {1000}},
		{{{1000, 100, 25}}, 1, false, COUNTED_SCALED, {4000}},
		{{{7, 0, 0}}, 1, false, COUNTED_NOTHING, {0}},
		{{{0, 100, 0}}, 1, false, COUNTED_NEVER, {0}},
		/* a day at 5 GHz, a third of the time: no 64 bits would do */
		{{{UINT64_C(144000000000000), UINT64_C(86400000000000), UINT64_C(28800000000000)}},
			1, false, COUNTED_SCALED, {432000000000000}},
		{{{UINT64_MAX, 1, 1}}, 1, false, COUNTED_WHOLE, {INT64_MAX}},
		{{{UINT64_MAX, UINT64_MAX, 1}}, 1, false, COUNTED_SCALED, {INT64_MAX}},
		/* hybrid: two thirds on one kind, a third on the other, nothing is missing */
		{{{600, 90, 60}, {100, 90, 30}}, 2, false, COUNTED_WHOLE, {600, 100}},
		{{{600, 90000, 89990}, {0, 90000, 0}}, 2, false, COUNTED_WHOLE, {600, 0}},
		/* half of the time no counter was free, on whatever kind */
		{{{300, 90, 30}, {50, 90, 15}}, 2, false, COUNTED_SCALED, {600, 100}},
		{{{0, 90, 0}, {0, 90, 0}}, 2, false, COUNTED_NEVER, {0}},
		/* there is nothing to tell the other kind from no counter */
		{{{600, 90, 60}}, 1, true, COUNTED_PARTLY, {600}},
		{{{600, 90, 90}}, 1, true, COUNTED_WHOLE, {600}},
		{{{0, 90, 0}}, 1, true, COUNTED_NEVER, {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t out[COUNTER_KINDS] = {0};
		assert_int_equal(
			perf_counters_scale(table[i].kinds, table[i].n, table[i].is_one_kind, out),
			table[i].want);
		for (size_t k = 0; k < table[i].n; k++)
			assert_int_equal(out[k], table[i].values[k]);
	}
}

/* ---- this kernel ---- */

#define PAGES 5000 /* more than a program needs to start */

static void touch_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(
		NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(memory, PAGES * page, MADV_NOHUGEPAGE); /* each a fault of its own */
	for (size_t i = 0; i < PAGES; i++)
		((volatile char *)memory)[i * page] = 1;
	munmap(memory, PAGES * page);
}

/* Waits for a byte, then execs this program again, which has the work done by a child of a child:
 * as a run does. */
static pid_t start_waiting(int *go)
{
	int pipe_fds[2];
	char byte;

	assert_int_equal(pipe(pipe_fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		while (read(pipe_fds[0], &byte, 1) < 0)
			;
		touch_pages(); /* before the exec: not to be counted */
		setenv("TEST_PERF_COUNTERS_WORK", "1", 1);
		execl("/proc/self/exe", "test_perf_counters", (char *)NULL);
		_exit(127);
	}
	close(pipe_fds[0]);
	*go = pipe_fds[1];
	return pid;
}

static int work(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pid = fork();
		if (pid == 0) {
			touch_pages();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

static void test_run(void **state)
{
	static const char *const asked[] = {"page-faults", "context-switches", "task-clock",
		"page-faults", "no-such-event-at-all"};
	static struct measured out;
	struct source_scope scope = {.counters = {asked, ARRAY_SIZE(asked)}};
	struct channel_range ranges[8] = {{0}};
	const struct channel *channels;
	struct machine m;
	struct error why = {0};
	int64_t values[8];
	void *s;
	int go;

	(void)state;
	assert_int_equal(machine_open(&m, "/", NULL), 0);
	if (source_perf_counters.probe(&m, &why) != 0) {
		print_message("%s\n", why.text);
		machine_close(&m);
		skip();
	}
	assert_int_equal(source_perf_counters.open(&s, &m, &client, NULL), 0);
	assert_int_equal(source_perf_counters.channels(s, &channels), 0);
	scope.pid = start_waiting(&go);
	source_perf_counters.attach(s, &scope, &out);
	size_t n = source_perf_counters.channels(s, &channels);
	source_perf_counters.read(s, values);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(values[i], 0); /* nothing before the go */
	assert_int_equal(write(go, "g", 1), 1);
	close(go);
	waitpid(scope.pid, NULL, 0);
	source_perf_counters.read(s, values);
	source_perf_counters.results(s, ranges, NS_PER_S, &out);
	source_perf_counters.detach(s);
	assert_true(measured_has_flag(&out, "counter_missing"));
	assert_non_null(strstr(out.note, "no-such-event-at-all"));
	/* without privilege switches are not there, and the note says so */
	bool has_switches = strstr(out.note, "context-switches") == NULL;
	assert_int_equal(n, 2 + has_switches);
	assert_int_equal(out.n, n);
	const struct message_metric *faults = measured_find(&out, "page_faults");
#ifdef __SANITIZE_THREAD__
	assert_true(faults->value >= PAGES); /* its shadow of the pages has faults, too */
#else
	assert_in_range(faults->value, PAGES, 2 * PAGES - 1);
#endif
	const struct message_metric *task_clock = measured_find(&out, "task_clock");
	assert_string_equal(task_clock->unit, "ns");
	assert_true(task_clock->value > 0);
	source_perf_counters.close(s);
	machine_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metric_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_run),
	};

	if (getenv("TEST_PERF_COUNTERS_WORK") != NULL)
		return work();
	setenv("LIBPFM_FORCE_PMU", "skl", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
