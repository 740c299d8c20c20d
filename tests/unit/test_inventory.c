/*
 * The inventory has all its keys, on this machine and on one of which nothing is known
 */
#include "agent/inventory.h"
#include "tests/unit/tree.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct topology_cpu cpus[] = {
	{.cpu = 0, .core = 0, .is_allowed = true},
	{.cpu = 1, .core = 1, .is_allowed = true},
	{.cpu = 2, .core = 2, .is_allowed = true},
	{.cpu = 3, .core = 3, .kind = CORE_EFFICIENCY},
};
static const struct topology topology = {.cpus = cpus,
	.n = 4,
	.packages = 1,
	.dies = 1,
	.cores = 4,
	.threads = 4,
	.numa_nodes = 1,
	.is_hybrid = true};

static json_t *take(const struct machine *m, const struct topology *t, const struct list *labels)
{
	_cleanup_free_ char *text = inventory_json(m, t, NULL, labels);

	assert_null(strchr(text, '\n'));
	json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static void check_keys(const json_t *j)
{
	static const char *const keys[] = {"cpu", "cores", "threads", "thread_steps", "numa",
		"memory", "kernel", "firmware", "hypervisor", "governor", "turbo", "frequency",
		"power_limits", "energy", "caches", "labels", "fingerprint"};
	static const char *const cpu_keys[] = {"vendor", "model", "family", "model_number",
		"stepping", "microcode", "codename", "packages", "dies", "cores", "threads",
		"kinds"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(j, keys[i]) == NULL)
			fail_msg("no key %s", keys[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cpu_keys); i++)
		if (json_object_get(json_object_get(j, "cpu"), cpu_keys[i]) == NULL)
			fail_msg("no key cpu.%s", cpu_keys[i]);
	assert_int_equal(json_string_length(json_object_get(j, "fingerprint")), 16);
}

static void test_nothing_known(void **state)
{
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	json_t *j = take(&m, &topology, NULL);
	check_keys(j);
	assert_true(json_is_null(json_object_get(j, "memory")));
	assert_true(json_is_null(json_object_get(j, "kernel")));
	assert_true(json_is_null(json_object_get(j, "hypervisor")));
	assert_true(json_is_null(json_object_get(j, "governor")));
	assert_true(json_is_null(json_object_get(j, "turbo")));
	assert_true(json_is_null(json_object_get(json_object_get(j, "frequency"), "base")));
	assert_true(json_is_null(json_object_get(json_object_get(j, "cpu"), "family")));
	assert_true(json_is_null(json_object_get(json_object_get(j, "firmware"), "version")));
	json_decref(j);
	machine_close(&m);
	tree_remove(&t);
}

static void test_what_is_there(void **state)
{
	const struct message_pair pairs[] = {{"pool", "lab"}, {"rack", "7"}};
	const struct list labels = {pairs, 2};
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	tree_write_cpuinfo(&t, "GenuineIntel", 186, 2, "fpu hypervisor");
	tree_write(&t, "proc/version", "Linux version 6.1.0-13-amd64 (somebody) #1\n");
	tree_write(&t, "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:   1024 kB\n");
	tree_write(&t, "sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:   1024 kB\n");
	tree_write(&t, "sys/class/dmi/id/sys_vendor", "VMware, Inc.\n");
	tree_write(&t, "sys/class/dmi/id/bios_version", "V70 Ver. 01.02.03  \n");
	tree_write(&t, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
	tree_write(&t, "sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
	tree_write(&t, "sys/devices/system/cpu/cpu0/cpufreq/base_frequency", "2100000\n");
	tree_write(&t, "sys/devices/system/cpu/cpu1/acpi_cppc/nominal_freq", "3200\n");
	tree_write(&t, "sys/devices/system/cpu/cpu3/cpufreq/base_frequency", "1500000\n");
	json_t *j = take(&m, &topology, &labels);
	check_keys(j);
	assert_true(json_integer_value(json_object_get(json_object_get(j, "frequency"), "base")) ==
		    3200000000);
	assert_string_equal(json_string_value(json_object_get(j, "kernel")), "6.1.0-13-amd64");
	assert_int_equal(json_integer_value(json_object_get(j, "memory")), 2048 * 1024);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "firmware"), "version")),
		"V70 Ver. 01.02.03");
	assert_true(json_is_null(json_object_get(json_object_get(j, "firmware"), "date")));
	assert_string_equal(json_string_value(json_object_get(j, "hypervisor")), "vmware");
	assert_string_equal(json_string_value(json_object_get(j, "governor")), "performance");
	assert_true(json_is_false(json_object_get(j, "turbo")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "labels"), "rack")), "7");
	_cleanup_free_ char *steps = json_dumps(json_object_get(j, "thread_steps"), JSON_COMPACT);
	assert_string_equal(steps, "[1,2,3]"); /* three of the four cores may be used */
	_cleanup_free_ char *kinds =
		json_dumps(json_object_get(json_object_get(j, "cpu"), "kinds"), JSON_COMPACT);
	assert_string_equal(kinds, "[{\"kind\":\"performance\",\"cpus\":[0,1,2],\"cores\":3},"
				   "{\"kind\":\"efficiency\",\"cpus\":[3],\"cores\":1}]");

	/* another governor on another CPU; labels and settings change no fingerprint, the memory
	 * does */
	tree_write(&t, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
	json_t *other = take(&m, &topology, NULL);
	assert_string_equal(json_string_value(json_object_get(other, "governor")), "mixed");
	assert_true(json_equal(
		json_object_get(j, "fingerprint"), json_object_get(other, "fingerprint")));
	json_decref(other);
	tree_write(&t, "proc/meminfo", "MemTotal:       4096 kB\nMemFree: 1 kB\n");
	other = take(&m, &topology, NULL);
	assert_int_equal(json_integer_value(json_object_get(other, "memory")), 4096 * 1024);
	assert_false(json_equal(
		json_object_get(j, "fingerprint"), json_object_get(other, "fingerprint")));
	json_decref(other);
	json_decref(j);
	machine_close(&m);
	tree_remove(&t);
}

static void test_this_machine(void **state)
{
	struct machine m;
	struct topology t;
	struct error err = {0};

	(void)state;
	assert_int_equal(machine_open(&m, "/", &err), 0);
	assert_int_equal(topology_load(&t, &m, &err), 0);
	json_t *j = take(&m, &t, NULL), *again = take(&m, &t, NULL);
	check_keys(j);
	assert_true(json_equal(j, again));
	assert_true(json_integer_value(json_object_get(j, "memory")) > 0);
	json_decref(j);
	json_decref(again);
	topology_done(&t);
	machine_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_what_is_there),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
