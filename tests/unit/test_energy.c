/*
 * Zones of invented trees; metrics and flags of windows whose readings are known
 */
#include "agent/sources/energy_period.h"
#include "agent/sources/energy_window.h"
#include "agent/sources/powercap_scan.h"
#include "proto/clock.h"
#include "tests/unit/tree.h"

#include <ctype.h>
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

static struct counter_reading reading(int64_t begin_ns, int64_t total_uj)
{
	return (struct counter_reading){begin_ns, begin_ns + 10000, total_uj};
}

/*
 * A zone that drew this much, at steady power, in the window of bench_judge(). Its updates, a
 * millisecond apart, came 25 us before the start and 25 us after the end.
 */
static void bench_add(struct bench *b, const char *name, enum zone_domain domain, int64_t energy_uj,
	int64_t time_ns)
{
	size_t i = b->meter.n;
	struct energy_zone *z = &b->zones[i];
	struct energy_window_zone *w = &b->window_zones[i];
	int64_t end_ns = NS_PER_S + time_ns, step = counter_scale(energy_uj, NS_PER_MS, time_ns);
	int64_t first = 1000 + step, last = first + energy_uj - step * 95 / 100;
	const struct counter_reading readings[] = {reading(NS_PER_S - 40000, first - step),
		reading(NS_PER_S - 20000, first), reading(end_ns + 10000, last),
		reading(end_ns + 30000, last + step)};

	snprintf(z->name, sizeof z->name, "%s", name);
	snprintf(z->metric, sizeof z->metric, "energy.%s", name);
	z->domain = domain;
	z->package =
		isdigit((unsigned char)name[strlen(name) - 1]) ? name[strlen(name) - 1] - '0' : 0;
	z->die = -1;
	z->range_uj = ESU14;
	z->cap_uw = 200 * WATT;
	b->tracks[i].zone = i;
	b->tracks[i].period = (struct energy_period){
		.gap_ns = 1100000, .median_ns = NS_PER_MS, .deviation_ns = 0};
	*w = (struct energy_window_zone){.is_begun = true};
	for (size_t r = 0; r < ARRAY_SIZE(readings); r++) {
		counter_trail_fill(&w->head, &readings[r]);
		counter_trail_fill(&w->tail, &readings[r]);
	}
	b->meter.n = b->meter.zones_n = b->window.n = i + 1;
}

static void bench_judge(struct bench *b, int64_t time_ns)
{
	measured_reset(&b->result);
	energy_results(&b->meter, &b->window, NS_PER_S, NS_PER_S + time_ns, NULL, &b->result);
}

static void assert_near(int64_t got, int64_t want, int64_t by)
{
	if (got < want - by || got > want + by)
		fail_msg("%lld is not within %lld of %lld", (long long)got, (long long)by,
			(long long)want);
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
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, t);
	bench_add(&b, "package-1", DOMAIN_PACKAGE, 100 * WATT, t);
	bench_add(&b, "core", DOMAIN_CORE, 60 * WATT, t);
	bench_add(&b, "dram", DOMAIN_DRAM, 10 * WATT, t);
	bench_add(&b, "psys", DOMAIN_PSYS, 250 * WATT, t);
	bench_judge(&b, t);
	const struct message_metric *one = bench_metric(&b, "energy.package-1");
	const struct message_metric *sum = bench_metric(&b, "energy.package");
	assert_near(one->value, 100 * WATT, 100);
	assert_near(sum->value, 200 * WATT, 200);
	/* 40 us at the cap at either end, where nobody saw what was drawn: 8 mJ each; the estimate
	 * is not in the middle of that */
	assert_near(one->uncertainty, 13500, 500);
	assert_int_equal(sum->uncertainty, 2 * one->uncertainty);
	assert_true(one->deviation > 0 && one->deviation < one->uncertainty / 10);
	assert_near(sum->deviation * 1000, one->deviation * 1414, 2000);
	assert_near(bench_metric(&b, "energy.dram")->value, 10 * WATT, 100);
	assert_near(bench_metric(&b, "energy.core")->value, 60 * WATT, 100);
	assert_near(bench_metric(&b, "energy.psys")->value, 250 * WATT, 100);
	assert_int_equal(bench_metric(&b, "power.package")->value, sum->value / 2);
	assert_int_equal(bench_metric(&b, "power.package")->uncertainty, sum->uncertainty / 2 + 1);
	assert_string_equal(bench_metric(&b, "power.package")->unit, "uW");
	assert_int_equal(bench_metric(&b, "edp.package")->value, sum->value * 2);
	assert_int_equal(bench_metric(&b, "edp.package")->uncertainty, sum->uncertainty * 2 + 1);
	assert_string_equal(bench_metric(&b, "edp.package")->unit, "uJ\u00b7s");
	assert_null(bench_metric(&b, "energy.package.net"));
	assert_int_equal(b.result.n, 8);
	assert_int_equal(b.result.flags_n, 0);
	assert_string_equal(b.result.note, "");
}

static void test_net_of_idle(void **state)
{
	const int64_t t = 2 * NS_PER_S;
	struct energy_baseline idle;
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 200 * WATT, 10 * NS_PER_S);
	energy_baseline(&b.meter, &b.window, NS_PER_S, 11 * NS_PER_S, &idle);
	assert_true(idle.has_package);
	assert_near(idle.package_uw, 20 * WATT, 20);
	assert_true(idle.bound_uw > 0 && idle.bound_uw < WATT / 20 && idle.deviation_uw > 0);

	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, t);
	idle.deviation_uw = 30000;
	measured_reset(&b.result);
	energy_results(&b.meter, &b.window, NS_PER_S, NS_PER_S + t, &idle, &b.result);
	int64_t own = bench_metric(&b, "energy.package")->deviation;
	const struct message_metric *net = bench_metric(&b, "energy.package.net");
	assert_near(net->value, 60 * WATT, 200);
	assert_int_equal(net->uncertainty, ABSENT);
	assert_near(net->deviation * net->deviation, own * own + INT64_C(60000) * 60000, 130000);
	assert_int_equal(bench_metric(&b, "power.package.idle")->value, idle.package_uw);
	assert_int_equal(bench_metric(&b, "power.package.idle")->deviation, 30000);

	/* no baseline without a sum over the packages */
	b.window_zones[0].fault = COUNTER_LOST;
	energy_baseline(&b.meter, &b.window, NS_PER_S, NS_PER_S + t, &idle);
	assert_false(idle.has_package);
	assert_string_equal(idle.why_not, "the counters failed in its 2.0 s: zone_lost");

	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 250000, 5 * NS_PER_MS);
	energy_baseline(&b.meter, &b.window, NS_PER_S, NS_PER_S + 5 * NS_PER_MS, &idle);
	assert_false(idle.has_package);
	assert_string_equal(
		idle.why_not, "5 ms are too short for these counters: make measure.idle longer");
}

static void test_doubts_and_filters(void **state)
{
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, NS_PER_S);
	bench_add(&b, "dram-0", DOMAIN_DRAM, 5 * WATT, NS_PER_S);
	b.zones[1].doubt = "dram_unit";
	bench_judge(&b, NS_PER_S);
	assert_non_null(bench_metric(&b, "energy.package"));
	assert_null(bench_metric(&b, "energy.dram"));
	assert_true(bench_flag(&b, "dram_unit"));
	assert_false(bench_flag(&b, "filtered"));

	for (int seconds = 9; seconds <= 10; seconds++) {
		bench_setup(&b);
		b.meter.is_filtered = true;
		bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, seconds * NS_PER_S);
		bench_judge(&b, seconds * NS_PER_S);
		assert_int_equal(bench_flag(&b, "filtered"), seconds < 10);
		assert_non_null(bench_metric(&b, "energy.package"));
	}
}

static void test_dram_garbage(void **state)
{
	static const struct {
		const char *what;
		int64_t package[2], dram[2]; /* W */
		bool is_bad[2];
	} rows[] = {
		{"200 W beside 6 W", {150, 150}, {190, 6}, {true, false}},
		{"the same under load", {190, 190}, {190, 6}, {true, false}},
		{"three times its package", {60, 60}, {180, 170}, {true, true}},
		{"much memory, idle", {50, 50}, {96, 96}, {false, false}},
		{"bound to one node", {180, 60}, {60, 5}, {false, false}},
		{"a little of nothing", {100, 100}, {3, 0}, {false, false}},
	};
	struct bench b;

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		for (int ms = 500; ms <= 2000; ms += 1500) {
			bench_setup(&b);
			bench_add(&b, "package-0", DOMAIN_PACKAGE,
				rows[r].package[0] * WATT * ms / 1000, ms * NS_PER_MS);
			bench_add(&b, "package-1", DOMAIN_PACKAGE,
				rows[r].package[1] * WATT * ms / 1000, ms * NS_PER_MS);
			bench_add(&b, "dram-0", DOMAIN_DRAM, rows[r].dram[0] * WATT * ms / 1000,
				ms * NS_PER_MS);
			bench_add(&b, "dram-1", DOMAIN_DRAM, rows[r].dram[1] * WATT * ms / 1000,
				ms * NS_PER_MS);
			bench_judge(&b, ms * NS_PER_MS);
			bool is_long = ms > 1000;
			bool is_any = is_long && (rows[r].is_bad[0] || rows[r].is_bad[1]);
			if (bench_flag(&b, "dram_implausible") != is_any ||
				(bench_metric(&b, "energy.dram-0") == NULL) !=
					(is_long && rows[r].is_bad[0]) ||
				(bench_metric(&b, "energy.dram-1") == NULL) !=
					(is_long && rows[r].is_bad[1]) ||
				(bench_metric(&b, "energy.dram") == NULL) != is_any)
				fail_msg("%s, %d ms", rows[r].what, ms);
			assert_non_null(bench_metric(&b, "energy.package"));
		}
	}
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
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 250000, 5 * NS_PER_MS);
	bench_add(&b, "core", DOMAIN_CORE, 200000, 5 * NS_PER_MS);
	bench_judge(&b, 5 * NS_PER_MS);
	assert_null(bench_metric(&b, "energy.package"));
	assert_null(bench_metric(&b, "power.package"));
	assert_true(bench_flag(&b, "short"));
	assert_string_equal(b.result.note,
		"energy: 5 ms is too short for counters that step every 1 ms: 44 repetitions "
		"inside the program would do");
}

/* Held-up readings widen a bound as a short run does. */
static void test_wide_bounds(void **state)
{
	struct bench b;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 5 * WATT, NS_PER_S);
	b.window_zones[0].head.n = 2;
	b.window_zones[0].head.at[0].first.begin_ns -= 20 * NS_PER_MS;
	b.window_zones[0].head.at[0].last.begin_ns -= 20 * NS_PER_MS;
	b.window_zones[0].head.at[1].first.begin_ns -= 20 * NS_PER_MS;
	b.window_zones[0].head.at[1].last.begin_ns -= 20 * NS_PER_MS;
	bench_judge(&b, NS_PER_S);
	assert_null(bench_metric(&b, "energy.package"));
	assert_true(bench_flag(&b, "short"));
	assert_non_null(strstr(b.result.note, " s the steps of package-0 leave it uncertain by "));

	/* a small part of a package may be uncertain beside its own size */
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, 100 * WATT, NS_PER_S);
	bench_add(&b, "uncore", DOMAIN_UNCORE, 1000, NS_PER_S);
	bench_judge(&b, NS_PER_S);
	assert_non_null(bench_metric(&b, "energy.uncore"));
	assert_true(bench_metric(&b, "energy.uncore")->uncertainty > 1000);
	assert_int_equal(b.result.flags_n, 0);
}

/* A counter that stands still for longer than it ever did makes the largest gap longer. */
struct still {
	int64_t value;
};

static int64_t still_read(void *state, size_t zone)
{
	(void)zone;
	return ((struct still *)state)->value;
}

static void test_largest_gap_grows(void **state)
{
	static const struct energy_ops still_energy = {.read_zone = still_read};
	static const struct source_ops still_ops = {.energy = &still_energy};
	struct still counter = {1000};
	struct bench b;
	int64_t begin_ns, end_ns;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "package-0", DOMAIN_PACKAGE, WATT, NS_PER_S);
	b.meter.ops = &still_ops;
	b.meter.state = &counter;
	b.tracks[0].last_uj = -1;
	energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	int64_t start_ns = begin_ns;
	do
		energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	while (begin_ns - start_ns < 3 * NS_PER_MS); /* a reading may take a while */
	assert_true(b.tracks[0].period.gap_ns >= 2 * NS_PER_MS);
	counter.value++;
	energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	assert_true(b.tracks[0].period.gap_ns >= 3 * NS_PER_MS);
	assert_true(b.tracks[0].period.gap_ns <= end_ns - start_ns);
	/* what was no longer than before leaves it as it is */
	int64_t gap_ns = b.tracks[0].period.gap_ns = NS_PER_S;
	counter.value++;
	energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	assert_int_equal(b.tracks[0].period.gap_ns, gap_ns);
}

/* Between two windows nobody looks: that a value stayed at the end of one, and is another at the
 * start of the next, however much later, is no gap that was seen. */
static void test_pause_is_no_gap(void **state)
{
	static const struct energy_ops still_energy = {.read_zone = still_read};
	static const struct source_ops still_ops = {.energy = &still_energy};
	struct still counter = {1000};
	struct bench b;
	int64_t begin_ns, end_ns;

	(void)state;
	bench_setup(&b);
	bench_add(&b, "uncore", DOMAIN_UNCORE, WATT, NS_PER_S);
	b.meter.ops = &still_ops;
	b.meter.state = &counter;
	b.tracks[0].last_uj = -1;
	energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	int64_t start_ns = begin_ns;
	do
		energy_read_track(&b.meter, &b.tracks[0], &begin_ns, &end_ns);
	while (end_ns - start_ns < 3 * NS_PER_MS);
	/* Longer than this machine holds up two readings, and shorter than the pause. */
	const int64_t gap_ns = b.tracks[0].period.gap_ns + 300 * NS_PER_MS;
	b.tracks[0].period.gap_ns = gap_ns;
	nanosleep(&(struct timespec){.tv_nsec = 400 * NS_PER_MS}, NULL);
	counter.value++;
	energy_begin(&b.meter, &b.window, false);
	assert_int_equal(b.tracks[0].period.gap_ns, gap_ns);
	assert_int_equal(b.tracks[0].total_uj, 1);
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
	struct energy_period p[3] = {0};

	(void)state;
	for (int tries = 0; tries < 100 && p[0].changes <= 5; tries++) {
		int64_t start_ns = clock_raw_ns();
		energy_period_measure(p, 3, fake_read, &start_ns, 100 * NS_PER_MS);
		assert_true(p[0].changes > 0); /* in 100 ms one at least, however busy it is here */
	}
	assert_true(p[0].changes > 5);
	assert_true(p[0].gap_ns >= 2 * NS_PER_MS); /* an upper bound of what it is */
	assert_true(p[0].median_ns > 0 && p[0].median_ns <= p[0].gap_ns);
	assert_true(p[0].deviation_ns >= 0 && p[0].deviation_ns < 100 * NS_PER_MS);
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
		cmocka_unit_test(test_net_of_idle),
		cmocka_unit_test(test_doubts_and_filters),
		cmocka_unit_test(test_dram_garbage),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_denied_package_is_no_sum),
		cmocka_unit_test(test_short_windows),
		cmocka_unit_test(test_wide_bounds),
		cmocka_unit_test(test_largest_gap_grows),
		cmocka_unit_test(test_pause_is_no_gap),
		cmocka_unit_test(test_psys_below_package),
		cmocka_unit_test(test_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
