/*
 * Registers: what is refused and why, what is left out, which CPU is read; and filtered counters
 */
#include "agent/sources/energy.h"
#include "agent/sources/energy_filter.h"
#include "agent/sources/source.h"
#include "proto/clock.h"
#include "tests/unit/rapl_tree.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNITS_ESU14 0xa0e03

static struct rapl_machine plain(int model, int packages, int dies)
{
	return (struct rapl_machine){.family = 6,
		.model = model,
		.packages = packages,
		.dies = dies,
		.cores = 2,
		.unit_nj = 61035};
}

static void write_registers(const struct tree *t, int cpu, uint64_t unit, uint64_t count)
{
	static const uint32_t status[] = {0x611, 0x639, 0x641, 0x619, 0x64d};

	rapl_write_msr(t, cpu, 0x700, 0, 8);
	rapl_write_msr(t, cpu, 0x606, unit, 8);
	for (size_t i = 0; i < ARRAY_SIZE(status); i++)
		rapl_write_msr(t, cpu, status[i], count, 8);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *vendor, *flags;
		int family, model;
		bool has_file;
		uint64_t unit;
		int want;
		const char *text;
	} rows[] = {
		{"GenuineIntel", "fpu", 6, 0x9e, true, UNITS_ESU14, 0, ""},
		{"GenuineIntel", "fpu", 6, 0x9e, false, 0, -ENODEV, "sudo modprobe msr"},
		/* KVM gives 0 for all of them */
		{"GenuineIntel", "fpu hypervisor", 6, 0x9e, true, 0, -ENODEV, "virtual machine"},
		{"GenuineIntel", "fpu", 6, 0xad, true, UNITS_ESU14, -ENODEV, "TPMI"},
		{"GenuineIntel", "fpu", 19, 0x01, true, UNITS_ESU14, -ENODEV, "TPMI"},
		{"GenuineIntel", "fpu", 6, 0xfd, true, UNITS_ESU14, -ENODEV, "not known"},
		{"GenuineIntel", "fpu", 6, 0x1a, true, UNITS_ESU14, -ENODEV, "not known"},
		{"AuthenticAMD", "fpu", 0x10, 2, true, UNITS_ESU14, -ENODEV, "not known"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = plain(rows[i].model, 1, 1);
		struct error why = {0};
		struct tree t;
		struct machine m;

		r.vendor = rows[i].vendor;
		r.family = rows[i].family;
		r.flags = rows[i].flags;
		tree_make(&t);
		rapl_write_cpus(&t, &r);
		if (rows[i].has_file)
			write_registers(&t, 0, rows[i].unit, rows[i].unit != 0 ? 1000 : 0);
		tree_open(&t, &m);
		int code = source_energy_msr.probe(&m, &why);
		if (code != rows[i].want || strstr(why.text, rows[i].text) == NULL)
			fail_msg("row %zu: %d %s", i, code, why.text);
		machine_close(&m);
		tree_remove(&t);
	}
}

static void list_zones(struct buf *out, const struct machine *m)
{
	void *s;
	size_t n;

	assert_int_equal(source_energy_msr.open(&s, m, NULL, NULL), 0);
	const struct energy_zone *z = source_energy_msr.energy->zones(s, &n);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s@%.14s:%s ", z[i].metric, z[i].path, zone_state_name(z[i].state));
	source_energy_msr.close(s);
}

static void test_no_topology(void **state)
{
	struct error why = {0};
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	tree_write_cpuinfo(&t, "GenuineIntel", 0x9e, 9, "fpu");
	tree_open(&t, &m);
	assert_int_equal(source_energy_msr.probe(&m, &why), -ENODEV);
	assert_non_null(strstr(why.text, "package"));
	machine_close(&m);
	tree_remove(&t);
}

/* The first CPU of each package and die; domains that show 0 are left out, a short file is no
 * register. */
static void test_leads(void **state)
{
	struct rapl_machine r = plain(0x55, 2, 2);
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	for (int cpu = 0; cpu < 8; cpu++)
		write_registers(&t, cpu, UNITS_ESU14, 1000);
	rapl_write_msr(&t, 4, 0x619, 0, 4);
	tree_open(&t, &m);
	list_zones(&got, &m);
	assert_string_equal(got.data,
		"energy.package-0-die-0@/dev/cpu/0/msr:ok energy.package-0-die-1@/dev/cpu/2/msr:ok "
		"energy.package-1-die-0@/dev/cpu/4/msr:ok energy.package-1-die-1@/dev/cpu/6/msr:ok "
		"energy.dram-0-die-0@/dev/cpu/0/msr:ok energy.dram-0-die-1@/dev/cpu/2/msr:ok "
		"energy.dram-1-die-1@/dev/cpu/6/msr:ok ");
	machine_close(&m);
	tree_remove(&t);

	r = plain(0x9e, 1, 1);
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	rapl_write_msr(&t, 0, 0x606, UNITS_ESU14, 8); /* it ends there */
	tree_open(&t, &m);
	buf_reset(&got);
	list_zones(&got, &m);
	assert_string_equal(got.data, "energy.package-0@/dev/cpu/0/msr:absent ");
	machine_close(&m);
	tree_remove(&t);
}

struct writer {
	const struct tree *t;
	bool stop;
	pthread_t thread;
};

static void *count_on(void *arg)
{
	struct writer *w = arg;
	uint64_t count = 0xfffffff0; /* reserved bits are set, and it wraps soon */

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		rapl_write_msr(w->t, 0, 0x611, UINT64_C(0xabcd) << 32 | (uint32_t)count, 8);
		count += 3;
		usleep(500);
	}
	return NULL;
}

/* It is used where it is asked for, and never otherwise. */
static void test_on_request(void **state)
{
	struct rapl_machine r = plain(0x9e, 1, 1);
	struct topology none = {0};
	struct energy_meter *e;
	struct error why = {0};
	struct tree t;
	struct machine m;
	struct writer w = {.t = &t};
	int64_t before[8], after[8];

	(void)state;
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	write_registers(&t, 0, UNITS_ESU14, 1000);
	tree_open(&t, &m);
	assert_int_equal(pthread_create(&w.thread, NULL, count_on, &w), 0);
	assert_true(energy_open(&e, &m, &none, NULL, &why) < 0);
	energy_close(e);
	/* Once more where the writer had no CPU while the counters were watched. */
	for (int tries = 0; energy_open(&e, &m, &none, "msr", &why) != 0; tries++) {
		assert_true(tries < 100);
		energy_close(e);
	}
	assert_string_equal(energy_source_name(e), "msr");
	size_t n;
	const struct energy_zone *z = energy_zones(e, &n);
	assert_int_equal(n, 5);
	assert_int_equal(z[0].state, ZONE_OK);
	assert_int_equal(z[0].range_uj, INT64_C(262143999938));
	assert_int_equal(z[1].state, ZONE_STATIC); /* the others stand still */
	assert_int_equal(energy_poll(e, NULL, before), 1);
	after[0] = before[0];
	for (int tries = 0; tries < 500 && after[0] == before[0]; tries++) {
		usleep(20000);
		assert_int_equal(energy_poll(e, NULL, after), 1);
	}
	assert_true(after[0] > before[0]);
	assert_true(after[0] - before[0] < 60000000); /* no reserved bit came in */
	energy_close(e);
	__atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
	pthread_join(w.thread, NULL);
	machine_close(&m);
	tree_remove(&t);
}

static void test_filter(void **state)
{
	static const struct {
		const char *vendor, *flags;
		int64_t capabilities, controls; /* -1: no file */
		bool want;
		const char *text;
	} rows[] = {
		{"GenuineIntel", "fpu", -1, -1, false, ""},
		{"GenuineIntel", "fpu sgx", -1, -1, true, "SGX"},
		{"GenuineIntel", "fpu sgx_lc", -1, -1, false, ""},
		{"GenuineIntel", "fpu", 1 << 10, 1, true, "0xbc"},
		{"GenuineIntel", "fpu sgx", 1 << 10, 1, true, "0xbc"},
		{"GenuineIntel", "fpu sgx", 1 << 10, 0, false, ""},  /* the register knows better */
		{"GenuineIntel", "fpu sgx", 1 << 9, 0, true, "SGX"}, /* there is no such register */
		{"GenuineIntel", "fpu", 1 << 9, 1, false, ""},
		{"AuthenticAMD", "fpu sgx", -1, -1, false, ""},
	};
	char why[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = plain(0x9e, 1, 1);
		struct tree t;
		struct machine m;

		r.vendor = rows[i].vendor;
		r.flags = rows[i].flags;
		tree_make(&t);
		rapl_write_cpus(&t, &r);
		if (rows[i].capabilities >= 0) {
			rapl_write_msr(&t, 0, 0x10a, (uint64_t)rows[i].capabilities, 8);
			rapl_write_msr(&t, 0, 0xbc, (uint64_t)rows[i].controls, 8);
		}
		tree_open(&t, &m);
		if (energy_filter_find(&m, why, sizeof why) != rows[i].want)
			fail_msg("row %zu", i);
		assert_non_null(strstr(why, rows[i].text));
		assert_int_equal(why[0] != '\0', rows[i].want);
		machine_close(&m);
		tree_remove(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_topology),
		cmocka_unit_test(test_leads),
		cmocka_unit_test(test_on_request),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
