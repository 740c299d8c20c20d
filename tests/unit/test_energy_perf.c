/*
 * Energy through perf: which zones are found on which CPUs; and, with the two calls into the kernel
 * replaced at link time, counters that count, stay 0, wrap, are refused or shared
 */
#include "agent/sources/energy.h"
#include "agent/sources/energy_perf_scan.h"
#include "agent/sources/source.h"
#include "proto/clock.h"
#include "tests/unit/rapl_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PKG  HAS(DOMAIN_PACKAGE)
#define PP0  HAS(DOMAIN_CORE)
#define RAM  HAS(DOMAIN_DRAM)
#define PSYS HAS(DOMAIN_PSYS)

#define JOULE_COUNTS (UINT64_C(1) << 32)

/* ---- the kernel ---- */

static struct {
	bool has_these_cpus;
	int refusal;         /* -errno of every open; 0 none */
	uint64_t only_cpus;  /* bits: opened elsewhere, counters stay 0 */
	int64_t power_uw;    /* of every counter; 0: it is set by hand */
	uint64_t count;      /* by hand */
	bool is_shared;      /* it counted half the time */
	int opened, at_once; /* all in all, and now */
	struct {
		int fd, cpu;
		int64_t start_ns;
	} events[64];
} kernel;

bool __wrap_machine_has_these_cpus(const struct machine *m);
bool __wrap_machine_has_these_cpus(const struct machine *m)
{
	(void)m;
	return kernel.has_these_cpus;
}

int __wrap_perf_event_open_on(
	const struct perf_event *e, pid_t pid, int cpu, int group_fd, unsigned flags);
int __wrap_perf_event_open_on(
	const struct perf_event *e, pid_t pid, int cpu, int group_fd, unsigned flags)
{
	/* as the unit's driver demands it */
	assert_int_equal(e->type, 11);
	assert_true(e->config >= 1 && e->config <= 5);
	assert_int_equal(pid, -1);
	assert_true(cpu >= 0);
	assert_int_equal(group_fd, -1);
	assert_int_equal(flags, 0);
	if (kernel.refusal != 0)
		return kernel.refusal;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int i = kernel.opened++ % (int)ARRAY_SIZE(kernel.events);
	kernel.events[i].fd = fd;
	kernel.events[i].cpu = cpu;
	kernel.events[i].start_ns = clock_raw_ns();
	return fd;
}

int __wrap_perf_event_read(int fd, struct perf_reading *out);
int __wrap_perf_event_read(int fd, struct perf_reading *out)
{
	for (int i = (int)ARRAY_SIZE(kernel.events) - 1; i >= 0; i--) {
		if (kernel.events[i].fd != fd)
			continue;
		int64_t age_ns = clock_raw_ns() - kernel.events[i].start_ns;
		bool counts = kernel.only_cpus == 0 ||
			      (kernel.only_cpus & UINT64_C(1) << kernel.events[i].cpu) != 0;
		out->value = kernel.count;
		if (kernel.power_uw > 0) /* in steps of 100 us */
			out->value =
				(uint64_t)((__int128)kernel.power_uw * (age_ns / 100000 * 100000) *
					   JOULE_COUNTS / NS_PER_S / 1000000);
		if (!counts)
			out->value = 0;
		out->enabled_ns = kernel.is_shared ? 10 * NS_PER_S : (uint64_t)age_ns;
		out->running_ns = kernel.is_shared ? 5 * NS_PER_S : (uint64_t)age_ns;
		return 0;
	}
	return -EBADF;
}

static int reset_kernel(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof kernel);
	kernel.has_these_cpus = true;
	kernel.power_uw = 50000000;
	return 0;
}

/* ---- zones ---- */

static struct rapl_machine plain(int packages, unsigned domains)
{
	return (struct rapl_machine){.family = 6,
		.model = 0x55,
		.packages = packages,
		.dies = 1,
		.cores = 4,
		.domains = domains,
		.unit_nj = 61035};
}

static void assert_scan(const struct machine *m, const char *want)
{
	_cleanup_free_ struct energy_perf_found *found = NULL;
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct error why;
	size_t n;

	energy_perf_scan(&found, &n, m, &why);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s@%d ", found[i].zone.metric, found[i].cpu);
	assert_string_equal(got.data, want);
}

/* One counter of each package, or of each die where dies have their own. */
static void test_cpumasks(void **state)
{
	static const struct {
		const char *name;
		const char *vendor;
		int family, model, packages, dies;
		unsigned domains;
		bool lists_all, has_powercap, has_die_zones;
		const char *want;
	} rows[] = {
		{"one a package", NULL, 6, 0x55, 2, 1, PKG | RAM, false, false, false,
			"energy.package-0@0 energy.package-1@4 energy.dram-0@0 energy.dram-1@4 "},
		{"all CPUs", NULL, 6, 0xb7, 2, 1, PKG, true, false, false,
			"energy.package-0@0 energy.package-1@4 "},
		{"one a die", NULL, 6, 0x55, 1, 2, PKG, false, false, false,
			"energy.package-0-die-0@0 energy.package-0-die-1@4 "},
		{"one a die, by powercap", NULL, 6, 0x55, 1, 2, PKG, false, true, true,
			"energy.package-0-die-0@0 energy.package-0-die-1@4 "},
		{"all CPUs of dies with powercap", NULL, 6, 0x55, 1, 2, PKG, true, true, true,
			"energy.package-0-die-0@0 energy.package-0-die-1@4 "},
		{"all CPUs of dies that share a counter", NULL, 6, 0x55, 2, 2, PKG, true, true,
			false, "energy.package-0@0 energy.package-1@8 "},
		{"TPMI with dies", NULL, 6, 0xad, 2, 2, PKG | RAM, true, false, false,
			"energy.package-0@0 energy.package-1@8 energy.dram-0@0 energy.dram-1@8 "},
		{"all CPUs of dies, and nothing else tells", NULL, 6, 0xfe, 2, 2, PKG, true, false,
			false, "energy.package-0@0 energy.package-1@8 "},
		{"AMD with dies", "AuthenticAMD", 0x19, 1, 2, 2, PKG | PP0, false, false, false,
			"energy.package-0@0 energy.package-1@8 "},
		{"a platform, once", NULL, 6, 0x8f, 2, 1, PKG | PSYS, false, false, false,
			"energy.package-0@0 energy.package-1@4 energy.psys@0 "},
		{"a platform, as powercap has it", NULL, 6, 0x8f, 2, 1, PKG | PSYS, false, true,
			false, "energy.package-0@0 energy.package-1@4 energy.psys@0 "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = plain(rows[i].packages, rows[i].domains);
		struct tree t;
		struct machine m;

		r.vendor = rows[i].vendor;
		r.family = rows[i].family;
		r.model = rows[i].model;
		r.dies = rows[i].dies;
		r.lists_all_cpus = rows[i].lists_all;
		r.has_die_zones = rows[i].has_die_zones;
		tree_make(&t);
		rapl_write_cpus(&t, &r);
		rapl_write_perf(&t, &r);
		if (rows[i].has_powercap)
			rapl_write_powercap(&t, &r);
		tree_open(&t, &m);
		assert_scan(&m, rows[i].want);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* A CPU's place is its topology's, not its number's. */
static void test_interleaved_cpus(void **state)
{
	struct rapl_machine r = plain(2, PKG);
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	rapl_write_perf(&t, &r);
	for (int c = 0; c < 8; c++) /* even CPUs on package 1 */
		rapl_write_int(&t, c % 2 == 0,
			"sys/devices/system/cpu/cpu%d/topology/physical_package_id", c);
	tree_write(&t, RAPL_PMU "/cpumask", "0-1\n");
	tree_open(&t, &m);
	assert_scan(&m, "energy.package-0@1 energy.package-1@0 ");
	/* CPU 0 offline, its directory without topology */
	tree_write(&t, "sys/devices/system/cpu/online", "1-7\n");
	tree_write(&t, RAPL_PMU "/cpumask", "1-2\n");
	assert_scan(&m, "energy.package-0@1 energy.package-1@2 ");
	machine_close(&m);
	tree_remove(&t);
}

static void test_odd_units(void **state)
{
	struct rapl_machine r = plain(1, PKG | RAM);
	_cleanup_free_ struct energy_perf_found *found = NULL;
	struct error why = {0};
	struct tree t;
	struct machine m;
	size_t n;

	(void)state;
	tree_make(&t);
	rapl_write_cpus(&t, &r);
	tree_open(&t, &m);
	assert_int_equal(energy_perf_scan(&found, &n, &m, &why), -ENODEV);
	assert_non_null(strstr(why.text, "modprobe rapl"));
	tree_write(&t, RAPL_PMU "/type", "11\n"); /* as in a guest: no event */
	assert_int_equal(energy_perf_scan(&found, &n, &m, &why), -ENODEV);
	assert_non_null(strstr(why.text, "events has none"));
	rapl_write_perf(&t, &r);
	tree_write(&t, RAPL_PMU "/cpumask", "77\n");
	assert_int_equal(energy_perf_scan(&found, &n, &m, &why), -EIO);
	assert_non_null(strstr(why.text, "cpumask"));
	tree_write(&t, RAPL_PMU "/cpumask", "0\n");
	tree_write(&t, RAPL_PMU "/events/energy-ram.unit", "Calories\n");
	tree_write(&t, RAPL_PMU "/events/energy-pkg.scale", "a lot\n");
	tree_write(&t, RAPL_PMU "/events/energy-new", "event=0x06\n"); /* not known: not tried */
	assert_int_equal(energy_perf_scan(&found, &n, &m, &why), 0);
	assert_int_equal(n, 2);
	assert_int_equal(found[0].zone.state, ZONE_BROKEN);
	assert_non_null(strstr(found[0].zone.why, "a lot"));
	assert_int_equal(found[1].zone.state, ZONE_BROKEN);
	assert_non_null(strstr(found[1].zone.why, "Calories"));
	machine_close(&m);
	tree_remove(&t);
}

/* ---- counting ---- */

struct scene {
	struct tree t;
	struct machine m;
	struct energy_meter *meter;
	struct error why;
	int code;
};

static void scene_open(struct scene *s, const struct rapl_machine *r, bool has_powercap)
{
	struct topology none = {0};

	memset(s, 0, sizeof *s);
	tree_make(&s->t);
	rapl_write_cpus(&s->t, r);
	rapl_write_perf(&s->t, r);
	if (has_powercap)
		rapl_write_powercap(&s->t, r);
	tree_open(&s->t, &s->m);
	s->code = energy_open(&s->meter, &s->m, &none, "perf", &s->why);
}

static void scene_close(struct scene *s)
{
	energy_close(s->meter);
	machine_close(&s->m);
	tree_remove(&s->t);
}

static const struct energy_choice *choice(const struct scene *s, const char *source)
{
	size_t n;
	const struct energy_choice *c = energy_choices(s->meter, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(c[i].source, source) == 0)
			return &c[i];
	fail_msg("no choice %s", source);
	return NULL;
}

static void test_counts(void **state)
{
	struct rapl_machine r = plain(2, PKG | RAM);
	struct scene s;
	int64_t before[4], after[4];

	(void)state;
	scene_open(&s, &r, true);
	assert_int_equal(s.code, 0);
	assert_string_equal(energy_source_name(s.meter), "perf");
	assert_string_equal(choice(&s, "perf")->state, "used");
	assert_string_equal(choice(&s, "powercap")->state, "not tried");
	size_t n;
	const struct energy_zone *z = energy_zones(s.meter, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(z[i].range_uj, INT64_C(262143328850)); /* powercap's */
		assert_true(z[i].update_ns > 0);
	}
	int64_t start_ns = clock_raw_ns();
	assert_int_equal(energy_poll(s.meter, NULL, before), 4);
	int64_t begun_ns = clock_raw_ns();
	while (clock_raw_ns() - begun_ns < 20 * NS_PER_MS)
		;
	int64_t ended_ns = clock_raw_ns();
	energy_poll(s.meter, NULL, after);
	int64_t end_ns = clock_raw_ns();
	for (size_t i = 0; i < 4; i++) { /* 50 W in steps of 5 mJ */
		assert_true(after[i] - before[i] <= 50 * ((end_ns - start_ns) / 1000) + 5002);
		assert_true(after[i] - before[i] >= 50 * ((ended_ns - begun_ns) / 1000) - 5002);
	}
	scene_close(&s);
}

/* Some kernels count on a package's lead CPU alone: the others are tried, lowest first. */
static void test_zeros(void **state)
{
	struct rapl_machine r = plain(2, PKG | RAM);
	struct scene s;

	(void)state;
	kernel.only_cpus = 1u << 0 | 1u << 6;
	scene_open(&s, &r, false);
	assert_int_equal(s.code, 0);
	size_t n;
	const struct energy_zone *z = energy_zones(s.meter, &n);
	assert_int_equal(n, 4);
	assert_non_null(strstr(z[0].path, "on CPU 0"));
	assert_non_null(strstr(z[1].path, "on CPU 6"));
	assert_non_null(strstr(z[3].path, "on CPU 6")); /* its dram moved, too */
	assert_int_equal(energy_poll(s.meter, NULL, NULL), 4);
	scene_close(&s);

	kernel.only_cpus = 1u << 0; /* nowhere on package 1 */
	scene_open(&s, &r, false);
	z = energy_zones(s.meter, &n);
	assert_int_equal(z[0].state, ZONE_OK);
	assert_int_equal(z[1].state, ZONE_BROKEN);
	assert_non_null(strstr(z[1].why, "counts 0 on every CPU of package 1"));
	scene_close(&s);

	kernel.only_cpus = UINT64_C(1) << 63; /* nowhere at all */
	scene_open(&s, &r, false);
	assert_int_equal(s.code, -EIO);
	assert_non_null(strstr(s.why.text, "counts 0"));
	assert_non_null(strstr(s.why.text, "powercap"));
	scene_close(&s);
}

static void test_refused(void **state)
{
	static const struct {
		int refusal;
		const char *paranoid;
		int want;
		enum zone_state zone;
		const char *text;
	} rows[] = {
		{-EACCES, "2\n", -EACCES, ZONE_DENIED,
			"needs kernel.perf_event_paranoid <= 0 (it is 2) or CAP_PERFMON: `sudo "
			"sysctl"},
		{-EPERM, NULL, -EACCES, ZONE_DENIED, "CAP_PERFMON"},
		{-ENOENT, NULL, -ENODEV, ZONE_ABSENT, "does not count that"},
		{-EINVAL, NULL, -EIO, ZONE_BROKEN, "Invalid argument"},
	};
	struct rapl_machine r = plain(1, PKG);
	struct scene s;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error why = {0};

		kernel.refusal = rows[i].refusal;
		scene_open(&s, &r, false);
		assert_int_equal(s.code, rows[i].want);
		assert_int_equal(energy_zones(s.meter, &n)->state, rows[i].zone);
		if (rows[i].paranoid != NULL)
			tree_write(&s.t, "proc/sys/kernel/perf_event_paranoid", rows[i].paranoid);
		assert_int_equal(source_energy_perf.probe(&s.m, &why), rows[i].want);
		if (strstr(why.text, rows[i].text) == NULL)
			fail_msg("%s", why.text);
		assert_string_equal(choice(&s, "perf")->state, "refused");
		scene_close(&s);
	}
	kernel.refusal = 0;
	kernel.has_these_cpus = false; /* another machine's tree */
	scene_open(&s, &r, false);
	assert_int_equal(s.code, -ENODEV);
	assert_non_null(strstr(s.why.text, "the machine that it runs on alone"));
	assert_int_equal(energy_zones(s.meter, &n)->state, ZONE_ABSENT);
	assert_int_equal(kernel.opened, 0);
	scene_close(&s);
}

/* Readings of one zone, opened without being watched. */
static void test_readings(void **state)
{
	const uint64_t wrap = UINT64_C(262143) << 32;
	static const struct {
		bool has_powercap;
		int64_t want_uj; /* after the fall; -1: lower than before */
	} rows[] = {{true, 2000000}, {false, -1}};
	struct rapl_machine r = plain(1, PKG);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct energy_ops *ops = source_energy_perf.energy;
		struct tree t;
		struct machine m;
		void *p;

		kernel.power_uw = 0;
		kernel.count = 5 * JOULE_COUNTS;
		kernel.is_shared = false;
		tree_make(&t);
		rapl_write_cpus(&t, &r);
		rapl_write_perf(&t, &r);
		if (rows[i].has_powercap)
			rapl_write_powercap(&t, &r);
		tree_open(&t, &m);
		assert_int_equal(source_energy_perf.open(&p, &m, NULL, NULL), 0);
		int64_t first = ops->read_zone(p, 0);
		assert_int_equal(first, 1000000);
		kernel.count += 3 * JOULE_COUNTS;
		assert_int_equal(ops->read_zone(p, 0), 4000000);
		/* the hardware wraps, and this kernel's count falls: below 0 */
		kernel.count += JOULE_COUNTS - wrap;
		int64_t fallen = ops->read_zone(p, 0);
		if (rows[i].has_powercap)
			assert_int_equal(fallen, 5000000);
		else
			assert_true(fallen >= 0 && fallen < first);
		kernel.is_shared = true; /* half the time is no meter */
		assert_true(ops->read_zone(p, 0) < 0);
		source_energy_perf.close(p);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* ---- the choice ---- */

static void test_auto(void **state)
{
	struct rapl_machine r = plain(1, PKG);
	struct topology none = {0};
	struct scene s;

	(void)state;
	/* powercap's counters stand still in a tree: perf is next */
	scene_open(&s, &r, true);
	energy_close(s.meter);
	assert_int_equal(energy_open(&s.meter, &s.m, &none, "auto", &s.why), 0);
	assert_string_equal(energy_source_name(s.meter), "perf");
	assert_string_equal(choice(&s, "powercap")->state, "refused");
	assert_non_null(strstr(choice(&s, "powercap")->why, "did not change"));
	assert_string_equal(choice(&s, "perf")->state, "used");
	assert_string_equal(choice(&s, "msr")->state, "not tried");
	assert_non_null(strstr(choice(&s, "msr")->why, "--source msr"));
	energy_close(s.meter);

	/* neither: the reason that most can be done about, the zones of the first */
	kernel.refusal = -EACCES;
	assert_int_equal(energy_open(&s.meter, &s.m, &none, NULL, &s.why), -EACCES);
	assert_non_null(strstr(s.why.text, "CAP_PERFMON"));
	assert_string_equal(energy_why_not(s.meter), s.why.text);
	assert_null(energy_source_name(s.meter));
	size_t n;
	assert_int_equal(energy_zones(s.meter, &n)->state, ZONE_STATIC);
	assert_int_equal(energy_poll(s.meter, NULL, NULL), 0);
	energy_close(s.meter);

	/* only what was asked for is tried */
	assert_int_equal(energy_open(&s.meter, &s.m, &none, "powercap", &s.why), -EIO);
	assert_string_equal(choice(&s, "perf")->state, "not tried");
	assert_non_null(strstr(choice(&s, "perf")->why, "powercap was asked for"));
	energy_close(s.meter);
	assert_int_equal(energy_open(&s.meter, &s.m, &none, "pref", &s.why), -EINVAL);
	assert_non_null(strstr(s.why.text, "auto, powercap, perf, msr; did you mean 'perf'?"));
	assert_string_equal(choice(&s, "powercap")->state, "not tried");
	energy_close(s.meter);
	assert_int_equal(energy_open(&s.meter, &s.m, &none, "", &s.why), -EINVAL);
	scene_close(&s);
}

/* Without powercap in a virtual machine perf's refusal is not what is told first: as a rule no
 * permission would help. What it passes on measures. */
static void test_guest(void **state)
{
	struct rapl_machine r = plain(1, PKG);
	struct topology none = {0};
	struct scene s;
	size_t n;

	(void)state;
	scene_open(&s, &r, false);
	tree_write_cpuinfo(&s.t, "GenuineIntel", 6, 0x55, "fpu hypervisor");
	energy_close(s.meter);
	assert_int_equal(energy_open(&s.meter, &s.m, &none, NULL, &s.why), 0);
	assert_string_equal(energy_source_name(s.meter), "perf");
	energy_close(s.meter);

	kernel.refusal = -EACCES;
	assert_int_equal(energy_open(&s.meter, &s.m, &none, NULL, &s.why), -ENODEV);
	assert_non_null(strstr(s.why.text, "virtual machine"));
	assert_null(strstr(s.why.text, "perf"));
	assert_string_equal(energy_why_not(s.meter), s.why.text);
	(void)energy_zones(s.meter, &n);
	assert_int_equal(n, 0);
	assert_non_null(strstr(choice(&s, "perf")->why, "CAP_PERFMON"));
	energy_close(s.meter);

	/* who asks for perf is told what perf needs */
	assert_int_equal(energy_open(&s.meter, &s.m, &none, "perf", &s.why), -EACCES);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cpumasks, reset_kernel),
		cmocka_unit_test_setup(test_interleaved_cpus, reset_kernel),
		cmocka_unit_test_setup(test_odd_units, reset_kernel),
		cmocka_unit_test_setup(test_counts, reset_kernel),
		cmocka_unit_test_setup(test_zeros, reset_kernel),
		cmocka_unit_test_setup(test_refused, reset_kernel),
		cmocka_unit_test_setup(test_readings, reset_kernel),
		cmocka_unit_test_setup(test_auto, reset_kernel),
		cmocka_unit_test_setup(test_guest, reset_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
