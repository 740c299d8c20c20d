/*
 * Zones of invented trees; metrics and flags of windows whose readings are known
 */
#include "agent/sources/energy_period.h"
#include "agent/sources/energy_window.h"
#include "agent/sources/powercap_scan.h"
#include "proto/clock.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ESU14 INT64_C(262143328850)
#define WATT  INT64_C(1000000)

static void test_zone_ids(void **state)
{
	static const struct {
		const char *id;
		bool want;
	} rows[] = {
		{"intel-rapl:0", true},
		{"intel-rapl:a", true},
		{"intel-rapl:1f:0", true},
		{"intel-rapl-mmio:0", true},
		{"intel-rapl-mmio:0:2", true},
		{"intel-rapl", false},
		{"intel-rapl-mmio", false},
		{"intel-rapl:", false},
		{"intel-rapl:G", false},
		{"intel-rapl:A", false},
		{"intel-rapl:0:0:0", false},
		{"intel-rapl:0/", false},
		{"dtpm:0", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(powercap_is_zone_id(rows[i].id), rows[i].want);
}

static void write_zone(const struct tree *t, const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, POWERCAP_CLASS "/%s/name", dir);
	tree_write(t, path, name);
	snprintf(path, sizeof path, POWERCAP_CLASS "/%s/energy_uj", dir);
	tree_write(t, path, "1000\n");
	snprintf(path, sizeof path, POWERCAP_CLASS "/%s/max_energy_range_uj", dir);
	tree_write(t, path, "262143328850\n");
}

/* "metric@path ..." of what the scan leaves. */
static void assert_zones(const struct tree *t, const char *want)
{
	struct machine m;
	struct powercap_found *found;
	_cleanup_buf_ struct buf got = BUF_INIT;

	tree_open(t, &m);
	size_t n = powercap_scan(&found, &m);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s@%s ", found[i].zone.metric, found[i].id);
	assert_string_equal(got.data, want);
	free(found);
	machine_close(&m);
}

static void test_scan_names_by_content(void **state)
{
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_zones(&t, "");
	/* packages the wrong way round, psys between them, a hexadecimal index, the second way to
	 * package 0 */
	write_zone(&t, "intel-rapl:0", "package-1\n");
	write_zone(&t, "intel-rapl:1", "psys\n");
	write_zone(&t, "intel-rapl:2", "package-0\n");
	write_zone(&t, "intel-rapl:a", "package-10\n");
	write_zone(&t, "intel-rapl:0:0", "core\n");
	write_zone(&t, "intel-rapl:2:0", "dram\n");
	write_zone(&t, "intel-rapl-mmio:0", "package-0\n");
	tree_write(&t, POWERCAP_CLASS "/intel-rapl/enabled", "1\n");
	assert_zones(&t, "energy.package-0@intel-rapl:2 energy.package-1@intel-rapl:0 "
			 "energy.package-10@intel-rapl:a "
			 "energy.core-1@intel-rapl:0:0 energy.dram-0@intel-rapl:2:0 "
			 "energy.psys@intel-rapl:1 ");
	/* several platforms: none of them has the name of the sum */
	write_zone(&t, "intel-rapl:3", "psys-1\n");
	assert_zones(&t, "energy.package-0@intel-rapl:2 energy.package-1@intel-rapl:0 "
			 "energy.package-10@intel-rapl:a "
			 "energy.core-1@intel-rapl:0:0 energy.dram-0@intel-rapl:2:0 "
			 "energy.psys-0@intel-rapl:1 energy.psys-1@intel-rapl:3 ");
	tree_remove(&t);

	tree_make(&t); /* nested directories alone; dies */
	write_zone(&t, "intel-rapl/intel-rapl:0", "package-0-die-0\n");
	write_zone(&t, "intel-rapl/intel-rapl:1", "package-0-die-1\n");
	write_zone(&t, "intel-rapl/intel-rapl:1/intel-rapl:1:0", "dram\n");
	assert_zones(&t, "energy.package-0-die-0@intel-rapl:0 energy.package-0-die-1@intel-rapl:1 "
			 "energy.dram-0-die-1@intel-rapl:1:0 ");
	/* the same on AMD: dies mirror the socket, core is a single core */
	write_zone(&t, "intel-rapl/intel-rapl:0/intel-rapl:0:0", "core\n");
	tree_write_cpuinfo(&t, "AuthenticAMD", 1, 1, "fpu");
	assert_zones(&t, "energy.package-0@intel-rapl:0 energy.dram-0-die-1@intel-rapl:1:0 ");
	tree_remove(&t);
}

static int open_tree(const struct tree *t, struct energy_meter **e, struct error *why)
{
	struct machine m;
	struct topology none = {0};

	tree_open(t, &m);
	int r = energy_open(e, &m, &none, NULL, why);
	machine_close(&m);
	return r;
}

static void assert_open(const struct tree *t, int want, const char *text, const char *states)
{
	struct energy_meter *e;
	struct error why = {0};
	_cleanup_buf_ struct buf got = BUF_INIT;
	size_t n;

	assert_int_equal(open_tree(t, &e, &why), want);
	if (strstr(why.text, text) == NULL)
		fail_msg("%s: no '%s'", why.text, text);
	assert_string_equal(energy_why_not(e), why.text);
	assert_null(energy_source_name(e));
	const struct energy_zone *z = energy_zones(e, &n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s ", zone_state_name(z[i].state));
	assert_string_equal(got.data, states);
	assert_int_equal(energy_poll(e, NULL, NULL), 0);
	energy_close(e);
}

static void test_states(void **state)
{
	struct tree t;
	char path[128];

	(void)state;
	tree_make(&t);
	assert_open(&t, -ENODEV, "modprobe intel_rapl_msr", "");
	tree_write_cpuinfo(&t, "GenuineIntel", 0x8f, 8, "fpu hypervisor");
	assert_open(&t, -ENODEV, "virtual machine", "");
	write_zone(&t, "intel-rapl:0", "package-0\n");
	assert_open(&t, -EIO, "did not change", "static ");
	tree_write(&t, POWERCAP_CLASS "/intel-rapl:0/energy_uj", "garbage\n");
	assert_open(&t, -EIO, "no number", "broken ");
	tree_write(&t, POWERCAP_CLASS "/intel-rapl:0/energy_uj", "");
	assert_open(&t, -EIO, "no number", "broken ");
	tree_write(&t, POWERCAP_CLASS "/intel-rapl:0/energy_uj", "99999999999999999999999\n");
	assert_open(&t, -EIO, "no number", "broken ");
	snprintf(path, sizeof path, "%s/" POWERCAP_CLASS "/intel-rapl:0/energy_uj", t.path);
	assert_int_equal(remove(path), 0);
	assert_open(&t, -ENODEV, "virtual machine", "absent ");
	tree_remove(&t);

	tree_make(&t); /* links to nothing, as container runtimes leave them */
	tree_write(&t, POWERCAP_CLASS "/x", "");
	snprintf(path, sizeof path, "%s/" POWERCAP_CLASS "/intel-rapl:0", t.path);
	assert_int_equal(
		symlink("../../devices/virtual/powercap/intel-rapl/intel-rapl:0", path), 0);
	assert_open(&t, -EACCES, "container", "masked ");
	tree_remove(&t);
}

/* A meter with these zones, all measured, one track each; and a window of it. */
struct bench {
	struct energy_meter meter;
	struct energy_window window;
	struct energy_zone zones[8];
	struct energy_track tracks[8];
	struct energy_window_zone window_zones[8];
	struct measured result;
};

static void bench_setup(struct bench *b)
{
	memset(b, 0, sizeof *b);
	pthread_mutex_init(&b->meter.lock, NULL);
	b->meter.zones = b->zones;
	b->meter.tracks = b->tracks;
	b->window.zones = b->window_zones;
}

/* A zone that drew this much between the readings, which lie 10 us outside the window of
 * bench_judge(). */
static void bench_add(struct bench *b, const char *name, enum zone_domain domain, int64_t energy_uj,
	int64_t time_ns)
{
	size_t i = b->meter.n;
	struct energy_zone *z = &b->zones[i];

	snprintf(z->name, sizeof z->name, "%s", name);
	snprintf(z->metric, sizeof z->metric, "energy.%s", name);
	z->domain = domain;
	z->range_uj = ESU14;
	z->update_ns = NS_PER_MS;
	b->tracks[i].zone = i;
	b->window_zones[i] = (struct energy_window_zone){.begin_uj = 1000,
		.end_uj = 1000 + energy_uj,
		.begin_ns = NS_PER_S - 10000,
		.end_ns = NS_PER_S + time_ns + 10000,
		.is_begun = true};
	b->meter.n = b->meter.zones_n = b->window.n = i + 1;
}

static void bench_judge(struct bench *b, int64_t time_ns)
{
	measured_reset(&b->result);
	energy_results(&b->meter, &b->window, NS_PER_S, NS_PER_S + time_ns, NULL, &b->result);
}

static const struct message_metric *bench_metric(const struct bench *b, const char *name)
{
	for (size_t i = 0; i < b->result.n; i++)
		if (strcmp(b->result.metrics[i].name, name) == 0)
			return &b->result.metrics[i];
	return NULL;
}

static bool bench_flag(const struct bench *b, const char *name)
{
	for (size_t i = 0; i < b->result.flags_n; i++)
		if (strcmp(b->result.flags[i], name) == 0)
			return true;
	return false;
}

static void test_sums(void **state)
{
	const int64_t t = 2 * NS_PER_S;
	/* 1 ms of gap and 20 us of brackets at 50 W, one unit, the floor */
	const int64_t bound = 51000 + 62 + 1;
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, t);
	bench_add(&b, "package-1", DOMAIN_PACKAGE, 100 * WATT, t);
	bench_add(&b, "core", DOMAIN_CORE, 60 * WATT, t);
	bench_add(&b, "dram", DOMAIN_DRAM, 10 * WATT, t);
	bench_add(&b, "psys", DOMAIN_PSYS, 250 * WATT, t);
	bench_judge(&b, t);
	assert_int_equal(bench_metric(&b, "energy.package")->value, 200 * WATT);
	assert_int_equal(bench_metric(&b, "energy.package")->uncertainty, 2 * bound);
	assert_int_equal(bench_metric(&b, "energy.package-1")->value, 100 * WATT);
	assert_int_equal(bench_metric(&b, "energy.package-1")->uncertainty, bound);
	assert_int_equal(bench_metric(&b, "energy.dram")->value, 10 * WATT);
	assert_int_equal(bench_metric(&b, "energy.psys")->value, 250 * WATT);
	assert_int_equal(bench_metric(&b, "power.package")->value, 100 * WATT);
	assert_string_equal(bench_metric(&b, "power.package")->unit, "uW");
	assert_int_equal(b.result.n, 7);
	assert_int_equal(b.result.flags_n, 0);

	/* the highest power seen counts for the bound, not the mean */
	b.window_zones[3].peak_uw = 50 * WATT;
	bench_judge(&b, t);
	assert_int_equal(bench_metric(&b, "energy.dram")->uncertainty, bound);
}

static void test_faults(void **state)
{
	static const struct {
		enum counter_fault fault;
		const char *flag;
	} rows[] = {
		{COUNTER_RESET, "reset"},
		{COUNTER_IMPLAUSIBLE, "implausible"},
		{COUNTER_AMBIGUOUS, "wrap_ambiguous"},
		{COUNTER_LOST, "zone_lost"},
	};
	const int64_t t = 2 * NS_PER_S;
	struct bench b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bench_setup(&b);
		bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, t);
		bench_add(&b, "package-1", DOMAIN_PACKAGE, 100 * WATT, t);
		b.window_zones[1].fault = rows[i].fault;
		bench_judge(&b, t);
		assert_non_null(bench_metric(&b, "energy.package-0"));
		assert_null(bench_metric(&b, "energy.package-1"));
		assert_null(bench_metric(&b, "energy.package")); /* never a part for the whole */
		assert_null(bench_metric(&b, "power.package"));
		assert_true(bench_flag(&b, rows[i].flag));
		assert_true(bench_flag(&b, "energy_partial"));
	}
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, t);
	b.window.was_suspended = true;
	bench_judge(&b, t);
	assert_int_equal(b.result.n, 0);
	assert_true(bench_flag(&b, "suspended"));
	assert_false(bench_flag(&b, "energy_partial"));
}

static void test_denied_package_is_no_sum(void **state)
{
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, NS_PER_S);
	b.zones[1] = (struct energy_zone){.domain = DOMAIN_PACKAGE, .state = ZONE_DENIED};
	b.meter.zones_n = 2;
	bench_judge(&b, NS_PER_S);
	assert_non_null(bench_metric(&b, "energy.package-0"));
	assert_null(bench_metric(&b, "energy.package"));
	assert_true(bench_flag(&b, "energy_partial"));
}

static void test_short_windows(void **state)
{
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 5 * WATT, 100 * NS_PER_MS);
	bench_judge(&b, 100 * NS_PER_MS);
	assert_non_null(bench_metric(&b, "energy.package"));
	assert_true(bench_flag(&b, "short"));

	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 500000, 8 * NS_PER_MS);
	bench_judge(&b, 8 * NS_PER_MS);
	assert_int_equal(b.result.n, 0);
	assert_true(bench_flag(&b, "short"));
}

static void test_psys_below_package(void **state)
{
	struct bench b;

	(void)state;
	for (int seconds = 5; seconds <= 20; seconds += 15) {
		bench_setup(&b);
		bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, seconds * NS_PER_S);
		bench_add(&b, "psys", DOMAIN_PSYS, 50 * WATT, seconds * NS_PER_S);
		bench_judge(&b, seconds * NS_PER_S);
		assert_int_equal(bench_metric(&b, "energy.psys") == NULL, seconds > 10);
		assert_int_equal(bench_flag(&b, "psys_implausible"), seconds > 10);
	}
}

/* Counters that follow the clock: 0 every 2 ms, 1 never, 2 cannot be read after a while. */
static int64_t fake_read(void *arg, size_t i)
{
	int64_t *start_ns = arg, t = clock_raw_ns() - *start_ns;

	if (i == 0)
		return t / (2 * NS_PER_MS) * 100;
	return i == 1 ? 7 : t > 5 * NS_PER_MS ? -EIO : t;
}

static void test_period(void **state)
{
	struct energy_period p[3];
	int64_t start_ns = clock_raw_ns();

	(void)state;
	energy_period_measure(p, 3, fake_read, &start_ns, 100 * NS_PER_MS);
	assert_true(p[0].changes > 5);
	assert_true(p[0].gap_ns >= 2 * NS_PER_MS); /* an upper bound of what it is */
	assert_int_equal(p[1].changes, 0);
	assert_true(p[1].gap_ns >= 90 * NS_PER_MS);
	assert_false(p[1].is_broken);
	assert_true(p[2].is_broken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zone_ids),
		cmocka_unit_test(test_scan_names_by_content),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_denied_package_is_no_sum),
		cmocka_unit_test(test_short_windows),
		cmocka_unit_test(test_psys_below_package),
		cmocka_unit_test(test_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
