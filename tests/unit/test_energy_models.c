/*
 * Every CPU model that has energy counters: a machine of each is built from what is known of it,
 * and all three sources must find its domains, ranges and units
 */
#include "agent/sources/energy_models.h"
#include "agent/sources/energy_perf_scan.h"
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
#define ALL  (PKG | PP0 | PP1 | RAM | PSYS)

#define ESU14 61035 /* nJ */
#define ESU16 15258
#define FIXED 15300
#define JOULE 1000000000

#define RANGE_61     INT64_C(262143328850)
#define RANGE_15     INT64_C(65532610987)
#define RANGE_FIXED  INT64_C(65712999613)
#define RANGE_32     INT64_C(137438953440)
#define RANGE_JOULES INT64_C(4294967295000000)

enum msr_use { MSR_YES, MSR_NO };

/* Models of one kind; ids ends with 0. */
static const struct kind {
	const char *name;
	int family;
	unsigned domains;
	enum rapl_driver driver;
	int unit_nj, dram_nj;
	int64_t psys_nj;
	int64_t range_uj, dram_range_uj, psys_range_uj; /* by the tables of the specification */
	int esu;
	enum msr_use msr;
	bool is_client;
	int ids[40];
} kinds[] = {
	{"Sandy Bridge, Ivy Bridge", 6, PP0 | PKG | PP1, RAPL_MSR, ESU16, 0, 0, RANGE_15, 0, 0, 16,
		MSR_YES, true, {0x2a, 0x3a}},
	{"Sandy Bridge-EP, Ivy Bridge-EP", 6, PP0 | PKG | RAM, RAPL_MSR, ESU16, 0, 0, RANGE_15,
		RANGE_15, 0, 16, MSR_YES, false, {0x2d, 0x3e}},
	{"Haswell, Broadwell, Goldmont", 6, PP0 | PKG | RAM | PP1, RAPL_MSR, ESU14, 0, 0, RANGE_61,
		RANGE_61, 0, 14, MSR_YES, true, {0x3c, 0x45, 0x46, 0x3d, 0x47, 0x5c, 0x5f, 0x7a}},
	{"servers from Haswell to Ice Lake", 6, PKG | RAM, RAPL_MSR, ESU14, FIXED, 0, RANGE_61,
		RANGE_FIXED, 0, 14, MSR_YES, false, {0x3f, 0x4f, 0x55, 0x6a, 0x6c}},
	{"Broadwell-D", 6, PKG | RAM, RAPL_MSR, ESU14, 0, 0, RANGE_61, RANGE_61, 0, 14, MSR_YES,
		false, {0x56}},
	{"Knights Landing, Knights Mill", 6, PKG | RAM, RAPL_MSR, ESU14, FIXED, 0, RANGE_61,
		RANGE_FIXED, 0, 14, MSR_YES, false, {0x57, 0x85}},
	{"clients from Skylake to Lunar Lake", 6, ALL, RAPL_MSR, ESU14, 0, 0, RANGE_61, RANGE_61,
		RANGE_61, 14, MSR_YES, true,
		{0x4e, 0x5e, 0x8e, 0x9e, 0x66, 0xa5, 0xa6, 0x7d, 0x7e, 0x8c, 0x8d, 0xa7, 0x97, 0x9a,
			0xbe, 0xb7, 0xba, 0xbf, 0xac, 0xaa, 0xc6, 0xc5, 0xb5, 0xbd}},
	{"Silvermont, Airmont", 6, PP0 | PKG, RAPL_MSR, 32000, 0, 0, RANGE_32, 0, 0, 5, MSR_YES,
		true, {0x37, 0x4a, 0x4c, 0x4d, 0x5a}},
	{"Sapphire Rapids, Emerald Rapids", 6, PP0 | PKG | RAM | PSYS, RAPL_MSR, ESU14, 0, JOULE,
		RANGE_61, RANGE_61, RANGE_JOULES, 14, MSR_YES, false, {0x8f, 0xcf}},
	{"Granite Rapids to Clearwater Forest", 6, PKG | RAM | PSYS, RAPL_TPMI, ESU14, 0, 0,
		RANGE_61, RANGE_61, RANGE_61, 14, MSR_NO, false, {0xad, 0xae, 0xaf, 0xb6, 0xdd}},
	{"Diamond Rapids", 19, PKG | RAM | PSYS, RAPL_TPMI, ESU14, 0, 0, RANGE_61, RANGE_61,
		RANGE_61, 14, MSR_NO, false, {0x01}},
};

static const enum zone_domain domains[] = {
	DOMAIN_PACKAGE, DOMAIN_CORE, DOMAIN_UNCORE, DOMAIN_DRAM, DOMAIN_PSYS};

static struct rapl_machine machine_of(const struct kind *k, int id)
{
	return (struct rapl_machine){.family = k->family,
		.model = id,
		.packages = 2,
		.dies = 1,
		.cores = 2,
		.domains = k->domains,
		.driver = k->driver,
		.unit_nj = k->unit_nj,
		.dram_nj = k->dram_nj,
		.psys_nj = k->psys_nj};
}

static int64_t range_of(const struct kind *k, enum zone_domain d)
{
	return d == DOMAIN_DRAM   ? k->dram_range_uj
	       : d == DOMAIN_PSYS ? k->psys_range_uj
				  : k->range_uj;
}

/* The metrics of two packages with these domains, in order. */
static void expect_metrics(struct buf *out, unsigned has)
{
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		if (!(has & HAS(domains[i])))
			continue;
		if (domains[i] == DOMAIN_PSYS)
			buf_adds(out, "energy.psys ");
		else
			buf_addf(out, "energy.%s-0 energy.%s-1 ", zone_domain_name(domains[i]),
				zone_domain_name(domains[i]));
	}
}

static void check_zone(const struct kind *k, const struct energy_zone *z, int id)
{
	int64_t kilowatt = INT64_C(1000000000);

	if (z->range_uj != range_of(k, z->domain))
		fail_msg("%s %#x %s: range %lld", k->name, (unsigned)id, z->metric,
			(long long)z->range_uj);
	assert_int_equal(z->cap_uw, z->domain == DOMAIN_PSYS ? 10 * kilowatt
				    : k->is_client           ? kilowatt
							     : 2 * kilowatt);
	/* Of all that is right, only Broadwell-D's dram is in doubt. */
	assert_int_equal(z->doubt != NULL, id == 0x56 && z->domain == DOMAIN_DRAM);
}

static void check_powercap(const struct kind *k, const struct machine *m, int id, const char *want)
{
	_cleanup_free_ struct powercap_found *found = NULL;
	_cleanup_buf_ struct buf got = BUF_INIT;
	size_t n = powercap_scan(&found, m);

	for (size_t i = 0; i < n; i++) {
		buf_addf(&got, "%s ", found[i].zone.metric);
		check_zone(k, &found[i].zone, id);
	}
	assert_string_equal(got.data, want);
}

static void check_perf(const struct kind *k, const struct machine *m, int id, const char *want)
{
	_cleanup_free_ struct energy_perf_found *found = NULL;
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct error why;
	size_t n;

	assert_int_equal(energy_perf_scan(&found, &n, m, &why), 0);
	for (size_t i = 0; i < n; i++) {
		buf_addf(&got, "%s ", found[i].zone.metric);
		check_zone(k, &found[i].zone, id);
		assert_int_equal(found[i].zone.state, ZONE_OK);
		/* the first CPU of the package */
		assert_int_equal(found[i].cpu, found[i].zone.package == 1 ? 2 : 0);
		assert_int_equal(found[i].event.type, 11);
		assert_int_equal(
			perf_scale_apply(&found[i].event.scale, 3 * (UINT64_C(1) << 32), 1000000),
			3000000);
	}
	assert_string_equal(got.data, want);
}

static const struct {
	enum zone_domain domain;
	uint32_t reg;
} status[] = {{DOMAIN_PACKAGE, 0x611}, {DOMAIN_CORE, 0x639}, {DOMAIN_UNCORE, 0x641},
	{DOMAIN_DRAM, 0x619}, {DOMAIN_PSYS, 0x64d}};

/* uJ of a million counts, exactly: the register's unit is 2^-ESU J, not the driver's whole nJ. */
static int64_t million_counts_uj(const struct kind *k, enum zone_domain d)
{
	if (d == DOMAIN_DRAM && k->dram_nj != 0)
		return 15300000;
	if (d == DOMAIN_PSYS && k->psys_nj != 0)
		return INT64_C(1000000000000);
	return k->esu == 5 ? 32000000 : INT64_C(1000000000000) >> k->esu;
}

static void write_registers(const struct tree *t, const struct kind *k)
{
	for (int cpu = 0; cpu < 4; cpu += 2) {
		rapl_write_msr(t, cpu, 0x660, 0, 8); /* the file reaches beyond the registers */
		rapl_write_msr(t, cpu, 0x606, 0xa0003u | (unsigned)k->esu << 8, 8);
		for (size_t i = 0; i < ARRAY_SIZE(status); i++) { /* with reserved bits set */
			bool is_zero = cpu > 0 && status[i].domain == DOMAIN_PSYS;
			rapl_write_msr(t, cpu, status[i].reg,
				UINT64_C(0xdeadbeef00000000) | (is_zero ? 0 : 1000000), 8);
		}
	}
}

static void check_msr(const struct kind *k, const struct tree *t, const struct machine *m, int id,
	const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct error why = {0};
	void *state;
	size_t n;

	write_registers(t, k);
	int r = source_energy_msr.probe(m, &why);
	assert_int_equal(r, k->msr == MSR_YES ? 0 : -ENODEV);
	if (k->msr == MSR_NO) {
		assert_non_null(strstr(why.text, "TPMI"));
		return;
	}
	assert_int_equal(source_energy_msr.open(&state, m, NULL, NULL), 0);
	const struct energy_zone *z = source_energy_msr.energy->zones(state, &n);
	for (size_t i = 0; i < n; i++) {
		int64_t value = source_energy_msr.energy->read_zone(state, i);
		buf_addf(&got, "%s ", z[i].metric);
		if (value != million_counts_uj(k, z[i].domain))
			fail_msg("%s %#x %s: %lld uJ", k->name, (unsigned)id, z[i].metric,
				(long long)value);
		/* exact units, so a little over the driver's range */
		assert_true(z[i].range_uj >= range_of(k, z[i].domain));
		assert_true(z[i].range_uj - range_of(k, z[i].domain) <=
			    range_of(k, z[i].domain) / 10000);
	}
	assert_string_equal(got.data, want);
	source_energy_msr.close(state);
}

static void test_each_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (const int *id = kinds[i].ids; *id != 0; id++) {
			struct rapl_machine r = machine_of(&kinds[i], *id);
			const struct cpu_model cpu = {
				.vendor = "GenuineIntel", .family = r.family, .model = r.model};
			_cleanup_buf_ struct buf want = BUF_INIT;
			struct tree t;
			struct machine m;

			const struct energy_model *model = energy_model_find(&cpu);
			if (model == NULL)
				fail_msg("%s: no model %#x", kinds[i].name, (unsigned)*id);
			assert_int_equal(model->domains, kinds[i].domains);
			assert_non_null(cpu_model_codename(&cpu));
			tree_make(&t);
			rapl_write_cpus(&t, &r);
			rapl_write_powercap(&t, &r);
			rapl_write_perf(&t, &r);
			tree_open(&t, &m);
			expect_metrics(&want, kinds[i].domains);
			check_powercap(&kinds[i], &m, *id, want.data);
			check_perf(&kinds[i], &m, *id, want.data);
			check_msr(&kinds[i], &t, &m, *id, want.data);
			machine_close(&m);
			tree_remove(&t);
		}
}

/* Families of AMD and Hygon: the package alone, one for each socket. */
static void test_amd(void **state)
{
	static const struct {
		const char *vendor;
		int family;
	} rows[] = {{"AuthenticAMD", 0x17}, {"HygonGenuine", 0x18}, {"AuthenticAMD", 0x19},
		{"AuthenticAMD", 0x1a}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = {.vendor = rows[i].vendor,
			.family = rows[i].family,
			.model = 1,
			.packages = 2,
			.dies = 2,
			.cores = 1,
			.domains = PKG | PP0,
			.unit_nj = ESU16,
			.has_die_zones = true}; /* as older kernels had it */
		const struct kind k = {.name = "AMD", .domains = PKG, .range_uj = RANGE_15};
		struct error why = {0};
		struct tree t;
		struct machine m;
		void *s;

		tree_make(&t);
		rapl_write_cpus(&t, &r);
		rapl_write_powercap(&t, &r);
		rapl_write_perf(&t, &r);
		tree_open(&t, &m);
		check_powercap(&k, &m, 1, "energy.package-0 energy.package-1 ");
		check_perf(&k, &m, 1, "energy.package-0 energy.package-1 ");
		assert_int_equal(source_energy_msr.probe(&m, &why), -ENODEV);
		for (int cpu = 0; cpu < 4; cpu += 2) {
			rapl_write_msr(&t, cpu, 0xc001029b, 1000000, 8);
			rapl_write_msr(&t, cpu, 0xc0010299, 0x1003, 2); /* ESU 16 */
		}
		assert_int_equal(source_energy_msr.probe(&m, &why), 0);
		source_energy_msr.open(&s, &m, NULL, NULL);
		assert_int_equal(source_energy_msr.energy->read_zone(s, 1), 15258789);
		source_energy_msr.close(s);
		machine_close(&m);
		tree_remove(&t);
	}
}

/* Sapphire and Emerald Rapids with a kernel before 6.1: dram in a unit that is a quarter of the
 * truth. */
static void test_dram_of_old_kernels(void **state)
{
	static const struct {
		int model, dram_nj;
		const char *release;
		bool has_powercap;
		bool want;
	} rows[] = {
		{0x8f, FIXED, "5.15.0-91-generic\n", true, true},
		{0xcf, FIXED, "6.0.0\n", true, true},
		{0x8f, 0, "5.14.0-427.el9.x86_64\n", true, false}, /* mended by the distribution */
		{0x8f, 0, "6.1.0-13-amd64\n", true, false},
		{0x55, FIXED, "5.15.0\n", true, false}, /* there it is right */
		{0x8f, 0, "6.0.9\n", false, true},
		{0x8f, 0, "6.1.0\n", false, false},
		{0xcf, 0, "7.2\n", false, false},
		{0x8f, 0, "what\n", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rapl_machine r = {.family = 6,
			.model = rows[i].model,
			.packages = 1,
			.dies = 1,
			.cores = 1,
			.domains = PKG | RAM,
			.unit_nj = ESU14,
			.dram_nj = rows[i].dram_nj};
		_cleanup_free_ struct energy_perf_found *perf = NULL;
		_cleanup_free_ struct powercap_found *powercap = NULL;
		struct error why;
		struct tree t;
		struct machine m;
		size_t n;

		tree_make(&t);
		rapl_write_cpus(&t, &r);
		rapl_write_perf(&t, &r);
		if (rows[i].has_powercap)
			rapl_write_powercap(&t, &r);
		tree_write(&t, "proc/sys/kernel/osrelease", rows[i].release);
		tree_open(&t, &m);
		assert_int_equal(energy_perf_scan(&perf, &n, &m, &why), 0);
		assert_int_equal(n, 2);
		assert_int_equal(perf[1].zone.doubt != NULL, rows[i].want);
		assert_null(perf[0].zone.doubt);
		if (rows[i].has_powercap) {
			assert_int_equal(powercap_scan(&powercap, &m), 2);
			assert_int_equal(powercap[1].zone.doubt != NULL, rows[i].want);
			assert_int_equal(powercap[1].zone.why[0] != '\0', rows[i].want);
		}
		if (rows[i].want)
			assert_string_equal(perf[1].zone.doubt, "dram_unit");
		machine_close(&m);
		tree_remove(&t);
	}
}

static void test_unknown_models(void **state)
{
	static const struct cpu_model rows[] = {
		{.vendor = "GenuineIntel", .family = 6, .model = 0x1a}, /* Nehalem has none */
		{.vendor = "GenuineIntel", .family = 6, .model = 0xfe},
		{.vendor = "GenuineIntel", .family = 15, .model = 0x2a},
		{.vendor = "GenuineIntel", .family = 0x19, .model = 1},
		{.vendor = "AuthenticAMD", .family = 0x16, .model = 1},
		{.vendor = "AuthenticAMD", .family = 6, .model = 0x2a},
		{.vendor = "", .family = 6, .model = 0x2a},
		{.vendor = "GenuineIntel", .family = -1, .model = -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_null(energy_model_find(&rows[i]));
}

static void test_notes(void **state)
{
	static const struct {
		int model;
		bool is_guest;
		const char *source, *want;
	} rows[] = {
		{0x56, false, "powercap", "differ by 4"},
		{0x56, false, "perf", "differ by 4"},
		{0x55, false, "powercap", ""},
		{0x55, true, "powercap", "hypervisor"},
		{0xad, false, "perf", "powercap is the better source"},
		{0xad, false, "powercap", ""},
	};
	char note[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct cpu_model cpu = {.vendor = "GenuineIntel",
			.family = 6,
			.model = rows[i].model,
			.is_guest = rows[i].is_guest};
		energy_model_note(note, sizeof note, &cpu, rows[i].source);
		if (rows[i].want[0] == '\0')
			assert_string_equal(note, "");
		else
			assert_non_null(strstr(note, rows[i].want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_model),
		cmocka_unit_test(test_amd),
		cmocka_unit_test(test_dram_of_old_kernels),
		cmocka_unit_test(test_unknown_models),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
