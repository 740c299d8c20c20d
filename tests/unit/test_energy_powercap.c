/*
 * The traps of powercap trees: order and numbers of zones, files that are odd or missing, rights;
 * and captured machines where they are here
 */
#include "agent/sources/counter.h"
#include "agent/sources/powercap_scan.h"
#include "agent/sources/source.h"
#include "tests/unit/rapl_tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PKG  HAS(DOMAIN_PACKAGE)
#define PP0  HAS(DOMAIN_CORE)
#define PP1  HAS(DOMAIN_UNCORE)
#define RAM  HAS(DOMAIN_DRAM)
#define PSYS HAS(DOMAIN_PSYS)
#define WATT INT64_C(1000000)

#define ZONE "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"

static struct rapl_machine plain(int packages, unsigned domains)
{
	return (struct rapl_machine){.family = 6,
		.model = 0x8f,
		.packages = packages,
		.dies = 1,
		.cores = 1,
		.domains = domains,
		.unit_nj = 61035};
}

/* "metric@id" of what is left, or "metric:state" once opened. */
static void list_zones(struct buf *out, const struct machine *m)
{
	_cleanup_free_ struct powercap_found *found = NULL;
	size_t n = powercap_scan(&found, m);

	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s@%s ", found[i].zone.metric, strchr(found[i].id, ':') + 1);
}

static void list_states(struct buf *out, const struct machine *m)
{
	void *state;
	size_t n;

	assert_int_equal(source_energy_powercap.open(&state, m, NULL, NULL), 0);
	const struct energy_zone *z = source_energy_powercap.energy->zones(state, &n);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s:%s ", z[i].metric, zone_state_name(z[i].state));
	source_energy_powercap.close(state);
}

static void assert_zones(const struct tree *t, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct machine m;

	tree_open(t, &m);
	list_zones(&got, &m);
	assert_string_equal(got.data, want);
	machine_close(&m);
}

static void assert_states(const struct tree *t, const char *want, int probe, const char *text)
{
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct error why = {0};
	struct machine m;

	tree_open(t, &m);
	list_states(&got, &m);
	assert_string_equal(got.data, want);
	assert_int_equal(source_energy_powercap.probe(&m, &why), probe);
	if (strstr(why.text, text) == NULL)
		fail_msg("'%s' does not tell '%s'", why.text, text);
	assert_null(strchr(why.text, '\n'));
	machine_close(&m);
}

static void write_machine(struct tree *t, const struct rapl_machine *r)
{
	tree_make(t);
	rapl_write_cpus(t, r);
	rapl_write_powercap(t, r);
}

/* Zones are what their names say, in whatever order they were registered. */
static void test_order(void **state)
{
	static const struct {
		int packages, dies;
		unsigned domains;
		enum rapl_driver driver;
		bool is_reversed;
		const char *want;
	} rows[] = {
		{1, 0, PKG, RAPL_MSR, false, "energy.package-0@0 "},
		/* the second package came online first; psys takes a number between them */
		{2, 0, PKG | PSYS, RAPL_MSR, true,
			"energy.package-0@2 energy.package-1@0 energy.psys@1 "},
		{2, 0, PKG | RAM | PSYS, RAPL_TPMI, false,
			"energy.package-0@0 energy.package-1@2 energy.dram-0@0:0 energy.dram-1@2:0 "
			"energy.psys@1 "},
		/* the first subzone is core here and dram there */
		{1, 0, PKG | PP0 | PP1, RAPL_MSR, false,
			"energy.package-0@0 energy.core-0@0:0 energy.uncore-0@0:1 "},
		{1, 0, PKG | RAM, RAPL_MMIO, false, "energy.package-0@0 energy.dram-0@0:0 "},
		/* the eleventh zone has the number a */
		{12, 0, PKG, RAPL_MSR, false,
			"energy.package-0@0 energy.package-1@1 energy.package-2@2 "
			"energy.package-3@3 "
			"energy.package-4@4 energy.package-5@5 energy.package-6@6 "
			"energy.package-7@7 "
			"energy.package-8@8 energy.package-9@9 energy.package-10@a "
			"energy.package-11@b "},
		{2, 2, PKG | RAM, RAPL_MSR, false,
			"energy.package-0-die-0@0 energy.package-0-die-1@1 "
			"energy.package-1-die-0@2 "
			"energy.package-1-die-1@3 energy.dram-0-die-0@0:0 energy.dram-0-die-1@1:0 "
			"energy.dram-1-die-0@2:0 energy.dram-1-die-1@3:0 "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = plain(rows[i].packages, rows[i].domains);
		struct tree t;

		r.driver = rows[i].driver;
		r.is_reversed = rows[i].is_reversed;
		r.has_die_zones = rows[i].dies > 0;
		r.dies = rows[i].dies > 0 ? rows[i].dies : 1;
		write_machine(&t, &r);
		assert_zones(&t, rows[i].want);
		tree_remove(&t);
	}
}

/* The memory-mapped way to the same package is found, and one is left. */
static void test_mmio_duplicate(void **state)
{
	struct rapl_machine r = plain(1, PKG | PP0 | PP1);
	struct tree t;

	(void)state;
	r.driver = RAPL_MMIO;
	r.domains = PKG | RAM;
	write_machine(&t, &r);
	r.driver = RAPL_MSR;
	r.domains = PKG | PP0;
	rapl_write_powercap(&t, &r);
	/* dram is in the memory-mapped one alone */
	assert_zones(&t, "energy.package-0@0 energy.core-0@0:0 energy.dram-0@0:0 ");
	struct machine m;
	_cleanup_free_ struct powercap_found *found = NULL;
	tree_open(&t, &m);
	assert_int_equal(powercap_scan(&found, &m), 3);
	assert_string_equal(found[0].id, "intel-rapl:0");
	machine_close(&m);
	tree_remove(&t);
}

/* Twice the largest of the rated power and the limits; no limit (4 kW) is none. */
static void test_caps(void **state)
{
	static const struct {
		int64_t max_power, limits[3]; /* -1: the file cannot be read; 0: not there */
		unsigned domains;
		int64_t want;
	} rows[] = {
		{350 * WATT, {350 * WATT, 420 * WATT, 0}, PKG, 840 * WATT},
		{28 * WATT, {28 * WATT, 64 * WATT, 140 * WATT}, PKG | PP1, 280 * WATT},
		{350 * WATT, {0, 0, 0}, PKG, 700 * WATT},
		{95 * WATT, {4090 * WATT, 4090 * WATT, 0}, PKG, 2000 * WATT},
		{-1, {65 * WATT, 0, 0}, PKG, 2000 * WATT}, /* ENODATA, or the like */
		{0, {65 * WATT, 0, 0}, PKG, 2000 * WATT},
		{0, {65 * WATT, 0, 0}, PKG | PP1, 1000 * WATT},
		{65 * WATT, {-1, 0, 0}, PKG, 130 * WATT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = plain(1, rows[i].domains);
		_cleanup_free_ struct powercap_found *found = NULL;
		char path[256];
		struct tree t;
		struct machine m;

		r.model = 0; /* client or not is told by its domains */
		write_machine(&t, &r);
		for (int k = 0; k < 4; k++) {
			int64_t value = k < 3 ? rows[i].limits[k] : rows[i].max_power;
			snprintf(path, sizeof path, ZONE "/constraint_%d_%s", k < 3 ? k : 0,
				k < 3 ? "power_limit_uw" : "max_power_uw");
			char full[400];
			snprintf(full, sizeof full, "%s/%s", t.path, path);
			remove(full);
			if (value > 0)
				rapl_write_int(&t, value, "%s", path);
			else if (value < 0)
				assert_int_equal(mkdir(full, 0755), 0);
		}
		tree_open(&t, &m);
		assert_true(powercap_scan(&found, &m) >= 1);
		assert_int_equal(found[0].zone.cap_uw, rows[i].want);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* What a counter's file may hold. */
static void test_counter_files(void **state)
{
	static const struct {
		const char *content;
		size_t n;
		int64_t want; /* < 0: broken */
	} rows[] = {
		{"1234\n", 5, 1234},
		{"1234", 4, 1234},
		{"1234\n\0\0\0\0\0\0", 11, 1234},
		{"1234\0\0\0\0\0\0\0", 11, 1234},
		{"0\n", 2, 0},
		{"262143328850\n", 13, INT64_C(262143328850)},
		{"4294967295000000\n", 17, INT64_C(4294967295000000)},
		{"", 0, -1},
		{"\0\0\0\0", 4, -1},
		{"\n", 1, -1},
		{"-5\n", 3, -1},
		{"12x\n", 4, -1},
		{"garbage\n", 8, -1},
		{"99999999999999999999\n", 21, -1},
	};
	struct rapl_machine r = plain(1, PKG);
	struct tree t;
	struct machine m;

	(void)state;
	write_machine(&t, &r);
	tree_open(&t, &m);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *s;
		rapl_write_bytes(&t, ZONE "/energy_uj", rows[i].content, rows[i].n);
		source_energy_powercap.open(&s, &m, NULL, NULL);
		size_t n;
		const struct energy_zone *z = source_energy_powercap.energy->zones(s, &n);
		assert_int_equal(n, 1);
		assert_int_equal(z->state, rows[i].want < 0 ? ZONE_BROKEN : ZONE_OK);
		int64_t value = source_energy_powercap.energy->read_zone(s, 0);
		assert_true(rows[i].want < 0 ? value < 0 : value == rows[i].want);
		source_energy_powercap.close(s);
	}
	machine_close(&m);
	tree_remove(&t);
}

static void test_odd_names(void **state)
{
	struct rapl_machine r = plain(1, PKG);
	struct tree t;

	(void)state;
	write_machine(&t, &r);
	rapl_write_bytes(&t, ZONE "/name", "package-0\n\0\0\0\0\0\0", 16);
	assert_zones(&t, "energy.package-0@0 ");
	rapl_write_bytes(&t, ZONE "/name", "package-0", 9); /* no newline at its end */
	assert_zones(&t, "energy.package-0@0 ");
	rapl_write_bytes(&t, ZONE "/name", "package-0 \r\n", 12);
	assert_zones(&t, "energy.package-0@0 ");
	rapl_write_bytes(&t, ZONE "/name", "package-0-die-x\n", 16); /* not made up */
	assert_zones(&t, "energy.package-0-die-x@0 ");
	rapl_write_bytes(&t, ZONE "/name", "", 0);
	assert_states(&t, "energy.intel-rapl_0:broken ", -EIO, "name cannot be read");
	tree_remove(&t);
}

/* Without its range a counter counts; that it went down cannot be mended, and is never guessed. */
static void test_no_range(void **state)
{
	static const char *const contents[] = {NULL, "", "0\n", "-1\n", "what\n"};
	struct rapl_machine r = plain(1, PKG);
	int64_t delta;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		_cleanup_free_ struct powercap_found *found = NULL;
		char path[256];
		struct tree t;
		struct machine m;

		write_machine(&t, &r);
		snprintf(path, sizeof path, "%s/" ZONE "/max_energy_range_uj", t.path);
		if (contents[i] == NULL)
			assert_int_equal(remove(path), 0);
		else
			tree_write(&t, ZONE "/max_energy_range_uj", contents[i]);
		assert_states(&t, "energy.package-0:ok ", 0, "");
		tree_open(&t, &m);
		assert_int_equal(powercap_scan(&found, &m), 1);
		assert_int_equal(found[0].zone.range_uj, 0);
		const struct counter_shape shape = {found[0].zone.range_uj, found[0].zone.cap_uw};
		assert_int_equal(counter_delta(&shape, 100, 50, NS_PER_S, &delta), COUNTER_RESET);
		assert_int_equal(counter_delta(&shape, 100, 150, NS_PER_S, &delta), COUNTER_OK);
		assert_int_equal(delta, 50);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* A wrap at 2^32 units for the ranges that machines show. */
static void test_wraps(void **state)
{
	static const struct {
		int64_t unit_nj, range_uj;
	} rows[] = {
		{61035, INT64_C(262143328850)},
		{15258, INT64_C(65532610987)},
		{15300, INT64_C(65712999613)},
		{32000, INT64_C(137438953440)},
		{1000000000, INT64_C(4294967295000000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct counter_shape shape = {rows[i].range_uj, 0};
		/* from two units below the turn to three above it: five units */
		int64_t before = (INT64_C(0xffffffff) - 1) * rows[i].unit_nj / 1000,
			after = 3 * rows[i].unit_nj / 1000, delta;
		assert_int_equal(counter_unit_nj(rows[i].range_uj), rows[i].unit_nj);
		assert_int_equal(
			counter_delta(&shape, before, after, NS_PER_MS, &delta), COUNTER_OK);
		assert_true(llabs(delta - 5 * rows[i].unit_nj / 1000) <= 2);
	}
}

/* As another user, to whom the counter is closed and all else open. */
static void test_denied(void **state)
{
	struct rapl_machine r = plain(2, PKG | RAM);
	char path[256];
	struct tree t;

	(void)state;
	write_machine(&t, &r);
	chmod(t.path, 0755);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path,
			"%s/sys/devices/virtual/powercap/intel-rapl/intel-rapl:%d/energy_uj",
			t.path, i);
		assert_int_equal(chmod(path, geteuid() == 0 ? 0400 : 0), 0);
	}
	bool is_root = geteuid() == 0;
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	assert_states(&t,
		"energy.package-0:denied energy.package-1:denied energy.dram-0:ok "
		"energy.dram-1:ok ",
		-EACCES, "sudo ");
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	tree_remove(&t);
}

static void test_masked(void **state)
{
	struct rapl_machine r = plain(2, PKG);
	struct tree t;

	(void)state;
	r.has_dangling_links = true;
	write_machine(&t, &r);
	assert_states(&t, "energy.intel-rapl_0:masked energy.intel-rapl_1:masked ", -EACCES,
		"container runtime");
	tree_remove(&t);
}

/* The tree behind an open counter goes away. */
static void test_vanishing(void **state)
{
	struct rapl_machine r = plain(1, PKG);
	char path[256];
	struct tree t;
	struct machine m;
	void *s;
	int64_t value;

	(void)state;
	write_machine(&t, &r);
	tree_open(&t, &m);
	source_energy_powercap.open(&s, &m, NULL, NULL);
	assert_int_equal(source_energy_powercap.energy->read_zone(s, 0), 1000);
	snprintf(path, sizeof path, "%s/" ZONE "/energy_uj", t.path);
	assert_int_equal(truncate(path, 0), 0);
	assert_true(source_energy_powercap.energy->read_zone(s, 0) < 0);
	source_energy_powercap.read(s, &value);
	assert_true(value == ABSENT);
	source_energy_powercap.close(s);
	machine_close(&m);
	tree_remove(&t);
}

/* Real machines, where their captures are here. */
static void test_captures(void **state)
{
	static const struct {
		const char *root, *want;
		int64_t range_uj, cap_uw; /* of the first zone */
	} rows[] = {
		{"pcp/unpacked/bigsystem",
			"energy.package-0@1 energy.package-1@0 energy.core-0@1:0 "
			"energy.core-1@0:0 ",
			0, 2000 * WATT},
		{"pcp/unpacked/Thinkpad_L480_bat_busy",
			"energy.package-0@0 energy.core-0@0:0 energy.uncore-0@0:1 "
			"energy.dram-0@0:2 "
			"energy.psys@1 ",
			0, 1000 * WATT},
		{"procfs", "energy.package-0@0 energy.package-10@a energy.core-0@0:0 ",
			INT64_C(262143328850), 2000 * WATT},
	};
	const char *fixtures = getenv("JOULERIG_FIXTURES");
	int seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ struct powercap_found *found = NULL;
		_cleanup_buf_ struct buf got = BUF_INIT;
		char root[512];
		struct machine m;

		snprintf(root, sizeof root, "%s/%s",
			fixtures != NULL ? fixtures : "../shared/fixtures", rows[i].root);
		if (machine_open(&m, root, NULL) != 0)
			continue;
		seen++;
		list_zones(&got, &m);
		assert_string_equal(got.data, rows[i].want);
		assert_true(powercap_scan(&found, &m) > 0);
		assert_int_equal(found[0].zone.range_uj, rows[i].range_uj);
		assert_int_equal(found[0].zone.cap_uw, rows[i].cap_uw);
		machine_close(&m);
	}
	if (seen == 0)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_mmio_duplicate),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_counter_files),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_no_range),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_masked),
		cmocka_unit_test(test_vanishing),
		cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
