/*
 * Topology of invented trees, and of this machine
 */
#include "agent/topology.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CPU_DIR "sys/devices/system/cpu"

__attribute__((format(printf, 3, 4))) static void write_cpu(
	const struct tree *t, int cpu, const char *file, ...)
{
	char path[128], text[128], format[64];
	va_list ap;

	/* file is "PATH=FORMAT" */
	const char *equals = strchr(file, '=');
	snprintf(path, sizeof path, CPU_DIR "/cpu%d/%.*s", cpu, (int)(equals - file), file);
	snprintf(format, sizeof format, "%s\n", equals + 1);
	va_start(ap, file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	vsnprintf(text, sizeof text, format, ap);
#pragma GCC diagnostic pop
	va_end(ap);
	tree_write(t, path, text);
}

static void write_thread(const struct tree *t, int cpu, int package, int core, const char *siblings,
	const char *package_cpus, int base_khz)
{
	write_cpu(t, cpu, "topology/physical_package_id=%d", package);
	write_cpu(t, cpu, "topology/core_id=%d", core);
	write_cpu(t, cpu, "topology/thread_siblings=%s", siblings);
	write_cpu(t, cpu, "topology/core_siblings=%s", package_cpus);
	write_cpu(t, cpu, "cpufreq/base_frequency=%d", base_khz);
	write_cpu(t, cpu, "cpufreq/cpuinfo_max_freq=%d", 2 * base_khz);
}

/* One package: a P-core with CPUs 0 and 1, and E-cores 2 and 3. */
static void write_hybrid(const struct tree *t)
{
	tree_write(t, CPU_DIR "/online", "0-3\n");
	tree_write(t, CPU_DIR "/possible", "0-3\n");
	tree_write(t, CPU_DIR "/present", "0-3\n");
	write_thread(t, 0, 0, 0, "3", "f", 1900000);
	write_thread(t, 1, 0, 0, "3", "f", 1900000);
	write_thread(t, 2, 0, 8, "4", "f", 1400000);
	write_thread(t, 3, 0, 9, "8", "f", 1400000);
}

static void test_hybrid_tree(void **state)
{
	static const struct {
		int cpu, core, sibling;
		enum core_kind kind;
	} want[] = {
		{0, 0, 0, CORE_PERFORMANCE},
		{1, 0, 1, CORE_PERFORMANCE},
		{2, 1, 0, CORE_EFFICIENCY},
		{3, 2, 0, CORE_EFFICIENCY},
	};
	struct tree tree;
	struct machine m;
	struct topology t;
	struct error err = {0};

	(void)state;
	tree_make(&tree);
	write_hybrid(&tree);
	tree_open(&tree, &m);
	assert_false(machine_is_this(&m));
	assert_false(machine_has_these_cpus(&m));
	if (topology_load(&t, &m, &err) != 0)
		fail_msg("%s", err.text);
	assert_null(getenv("HWLOC_FSROOT"));
	assert_int_equal(t.threads, 4);
	assert_int_equal(t.cores, 3);
	assert_int_equal(t.packages, 1);
	assert_int_equal(t.dies, 1);
	assert_true(t.is_hybrid);
	assert_int_equal(t.housekeeping, 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(t.cpus[i].cpu, want[i].cpu);
		assert_int_equal(t.cpus[i].core, want[i].core);
		assert_int_equal(t.cpus[i].sibling, want[i].sibling);
		assert_int_equal(t.cpus[i].kind, want[i].kind);
		assert_true(t.cpus[i].is_allowed); /* whatever this process may use */
	}
	topology_done(&t);
	machine_close(&m);
	tree_remove(&tree);
}

static void test_empty_tree(void **state)
{
	struct tree tree;
	struct machine m;
	struct topology t;
	struct error err = {0};

	(void)state;
	tree_make(&tree);
	tree_open(&tree, &m);
	/* hwloc may invent one CPU where there is nothing; either way nothing breaks */
	if (topology_load(&t, &m, &err) == 0)
		assert_true(t.n > 0);
	else
		assert_true(err.text[0] != '\0');
	topology_done(&t);
	machine_close(&m);
	tree_remove(&tree);
}

static void test_this_machine(void **state)
{
	struct machine m;
	struct topology t;
	struct error err = {0};
	cpu_set_t set;
	int allowed = 0;
	bool has_housekeeping = false;

	(void)state;
	unsetenv("JOULERIG_ROOT");
	assert_int_equal(machine_open(&m, NULL, &err), 0);
	assert_true(machine_is_this(&m));
	assert_true(machine_has_these_cpus(&m));
	assert_int_equal(topology_load(&t, &m, &err), 0);
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	for (size_t i = 0; i < t.n; i++) {
		allowed += t.cpus[i].is_allowed;
		has_housekeeping = has_housekeeping ||
				   (t.cpus[i].cpu == t.housekeeping && t.cpus[i].is_allowed);
	}
	assert_int_equal(allowed, CPU_COUNT(&set));
	assert_true(has_housekeeping);
	topology_done(&t);
	machine_close(&m);
}

static void test_roots(void **state)
{
	struct machine m;
	struct error err = {0};

	(void)state;
	assert_int_equal(machine_open(&m, "/nowhere/at/all", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	assert_int_equal(machine_open(&m, "/etc/hostname", &err), -ENOTDIR);
	setenv("JOULERIG_ROOT", "/tmp//", 1);
	assert_int_equal(machine_open(&m, NULL, &err), 0);
	assert_string_equal(m.root, "/tmp");
	machine_close(&m);
	unsetenv("JOULERIG_ROOT");
	assert_int_equal(machine_open(&m, "///", &err), 0);
	assert_true(machine_is_this(&m));
	machine_close(&m);
}

static void test_small_files(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} rows[] = {
		{"42\n", 0, 42},
		{"-1", 0, -1},
		{"7 \n9\n", 0, 7},
		{"", -EINVAL, 0},
		{"abc\n", -EINVAL, 0},
		{"12x\n", -EINVAL, 0},
		{"99999999999999999999\n", -EINVAL, 0},
	};
	struct tree tree;
	struct machine m;
	char line[8];
	int64_t n;

	(void)state;
	tree_make(&tree);
	tree_open(&tree, &m);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_write(&tree, "d/number", rows[i].text);
		n = 0;
		assert_int_equal(machine_read_int(&m, &n, "%s/number", "d"), rows[i].result);
		assert_int_equal(n, rows[i].value);
	}
	assert_int_equal(machine_read_int(&m, &n, "d/none"), -ENOENT);
	assert_int_equal(machine_read_line(&m, line, sizeof line, "d"), -EISDIR);
	tree_write(&tree, "d/long", "0123456789\n");
	assert_int_equal(machine_read_line(&m, line, sizeof line, "d/long"), 7);
	machine_close(&m);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hybrid_tree),
		cmocka_unit_test(test_empty_tree),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_small_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
