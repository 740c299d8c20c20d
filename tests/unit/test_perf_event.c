/*
 * Events of perf as sysfs describes them, and the exact arithmetic of their scales
 */
#include "agent/sources/cpu_sites.h"
#include "agent/sources/perf_event.h"
#include "agent/sources/perf_guard.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_scales(void **state)
{
	static const struct {
		const char *text;
		int want;
		uint64_t numerator, denominator;
	} rows[] = {
		{"2.3283064365386962890625e-10", 0, 1, UINT64_C(1) << 32},
		{"2.3283064365386962890625E-10", 0, 1, UINT64_C(1) << 32},
		{"6.103515625e-5", 0, 1, 16384},
		{"0.0000152587890625", 0, 1, 65536},
		{"1", 0, 1, 1},
		{"64", 0, 64, 1},
		{"1e6", 0, 1000000, 1},
		{"2.5e+1", 0, 25, 1},
		{".5", 0, 1, 2},
		{"0.333", 0, 333, 1000},
		{"", -EINVAL, 0, 0},
		{".", -EINVAL, 0, 0},
		{"-1", -EINVAL, 0, 0},
		{"1.2.3", -EINVAL, 0, 0},
		{"1e", -EINVAL, 0, 0},
		{"1x", -EINVAL, 0, 0},
		{"0", -ERANGE, 0, 0},
		{"1e20", -ERANGE, 0, 0},
		{"1e-40", -ERANGE, 0, 0},
		{"1e99999999999999999999", -ERANGE, 0, 0},
		{"12345678901234567890123456789012345678901234567890", -EINVAL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct perf_scale s = {0};
		int r = perf_scale_parse(&s, rows[i].text);
		if (r != rows[i].want)
			fail_msg("'%s': %d", rows[i].text, r);
		assert_int_equal(s.numerator, rows[i].numerator);
		assert_int_equal(s.denominator, rows[i].denominator);
	}
}

static void test_apply(void **state)
{
	static const struct perf_scale energy = {1, UINT64_C(1) << 32}, one = {1, 1},
				       fixed = {153, 10000000}, large = {UINT64_MAX, 1},
				       odd = {3, UINT64_MAX};
	static const struct {
		const struct perf_scale *s;
		uint64_t count;
		uint32_t times;
		int64_t want;
	} rows[] = {
		{&energy, 0, 1000000, 0},
		{&energy, UINT64_C(1) << 32, 1000000, 1000000},
		{&energy, 4294, 1000000, 0}, /* a millionth less than a uJ */
		{&energy, 4295, 1000000, 1},
		{&energy, UINT64_C(1) << 18, 1000000, 61},
		{&energy, UINT64_MAX, 1000000, INT64_C(4294967295999999)},
		{&energy, UINT64_C(1) << 63, 1000000, INT64_C(2147483648000000)},
		{&one, 5, 1000000, 5000000},
		{&one, UINT64_MAX, 1000000, INT64_MAX},
		{&one, INT64_MAX, 1, INT64_MAX},
		{&fixed, UINT32_MAX, 1000000, INT64_C(65712999613)},
		{&large, 1, 1, INT64_MAX},
		{&large, UINT64_MAX, UINT32_MAX, INT64_MAX},
		{&odd, UINT64_MAX, 1, 3},
		{&odd, UINT64_MAX, UINT32_MAX, INT64_C(3) * UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t got = perf_scale_apply(rows[i].s, rows[i].count, rows[i].times);
		if (got != rows[i].want)
			fail_msg("row %zu: %lld", i, (long long)got);
	}
}

static void write_pmu(const struct tree *t)
{
	tree_write(t, PERF_DEVICES "/cpu/type", "4\n");
	tree_write(t, PERF_DEVICES "/cpu/format/event", "config:0-7\n");
	tree_write(t, PERF_DEVICES "/cpu/format/umask", "config:8-15\n");
	tree_write(t, PERF_DEVICES "/cpu/format/edge", "config:18\n");
	tree_write(t, PERF_DEVICES "/cpu/format/split", "config:0-7,32-35\n");
	tree_write(t, PERF_DEVICES "/cpu/format/ldlat", "config1:0-15\n");
	tree_write(t, PERF_DEVICES "/cpu/format/all", "config2:0-63\n");
	tree_write(t, PERF_DEVICES "/cpu/format/bad", "config:9-3\n");
	tree_write(t, PERF_DEVICES "/cpu/format/worse", "config9:0\n");
	tree_write(t, PERF_DEVICES "/cpu/format/over", "config:60-64\n");
	tree_write(t, PERF_DEVICES "/cpu/events/instructions", "event=0xc0\n");
	tree_write(t, PERF_DEVICES "/cpu/events/mem", "event=0xcd,umask=0x1,ldlat=3\n");
	tree_write(t, PERF_DEVICES "/cpu/events/mem.scale", "6.103515625e-5\n");
	tree_write(t, PERF_DEVICES "/cpu/events/mem.unit", "MiB\n");
	tree_write(t, PERF_DEVICES "/cpu/events/empty", "");
	tree_write(t, PERF_DEVICES "/cpu/events/oddscale", "event=1\n");
	tree_write(t, PERF_DEVICES "/cpu/events/oddscale.scale", "much\n");
}

static void test_terms(void **state)
{
	static const struct {
		const char *terms;
		int want;
		uint64_t config, config1, config2;
	} rows[] = {
		{"event=0x3c", 0, 0x3c, 0, 0},
		{"event=0x3c,umask=1", 0, 0x13c, 0, 0},
		{"event=60,umask=0x1,edge", 0, 0x4013c, 0, 0},
		{"event=0xcd,ldlat=30", 0, 0xcd, 30, 0},
		{"split=0xfab", 0, 0xf000000ab, 0, 0},
		{"all=0xffffffffffffffff", 0, 0, 0, UINT64_MAX},
		{"config=0x1234,config1=5,config2=6", 0, 0x1234, 5, 6},
		{"event=0x100", -EINVAL, 0, 0, 0}, /* too wide */
		{"split=0x1fab", -EINVAL, 0, 0, 0},
		{"edge=2", -EINVAL, 0, 0, 0},
		{"event=", -EINVAL, 0, 0, 0},
		{"event=x", -EINVAL, 0, 0, 0},
		{"nothing=1", -EINVAL, 0, 0, 0},
		{"../type=1", -EINVAL, 0, 0, 0},
		{"", -EINVAL, 0, 0, 0},
		{"event=1,", -EINVAL, 0, 0, 0},
		{"bad=1", -EINVAL, 0, 0, 0},
		{"worse=1", -EINVAL, 0, 0, 0},
		{"over=1", -EINVAL, 0, 0, 0},
	};
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	write_pmu(&t);
	tree_open(&t, &m);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct perf_event e;
		struct error err = {0};
		int r = perf_event_parse(&e, &m, "cpu", rows[i].terms, &err);
		if (r != rows[i].want)
			fail_msg("'%s': %d %s", rows[i].terms, r, err.text);
		if (r != 0)
			continue;
		assert_int_equal(e.type, 4);
		assert_true(e.config == rows[i].config && e.config1 == rows[i].config1 &&
			    e.config2 == rows[i].config2);
		assert_int_equal(e.scale.numerator, 1);
	}
	machine_close(&m);
	tree_remove(&t);
}

static void add_name(void *arg, const char *event)
{
	buf_addf(arg, "%s ", event);
}

static void test_events(void **state)
{
	_cleanup_buf_ struct buf names = BUF_INIT;
	struct perf_event e;
	struct error err = {0};
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	write_pmu(&t);
	tree_open(&t, &m);
	assert_int_equal(perf_pmu_events(&m, "cpu", add_name, &names), 4);
	assert_string_equal(names.data, "empty instructions mem oddscale ");
	assert_int_equal(perf_pmu_events(&m, "none", add_name, &names), 0);

	assert_int_equal(perf_event_find(&e, &m, "cpu", "mem", &err), 0);
	assert_int_equal(e.config, 0x1cd);
	assert_int_equal(e.config1, 3);
	assert_string_equal(e.unit, "MiB");
	assert_int_equal(e.scale.denominator, 16384);
	assert_int_equal(perf_event_find(&e, &m, "cpu", "instructions", &err), 0);
	assert_string_equal(e.unit, "");
	assert_int_equal(perf_event_find(&e, &m, "cpu", "cycles", &err), -ENOENT);
	assert_non_null(strstr(err.text, "cycles"));
	assert_int_equal(perf_event_find(&e, &m, "atom", "cycles", &err), -ENOENT);
	assert_int_equal(perf_event_find(&e, &m, "cpu", "empty", &err), -EINVAL);
	assert_int_equal(perf_event_find(&e, &m, "cpu", "oddscale", &err), -EINVAL);
	assert_int_equal(perf_event_find(&e, &m, "cpu", "../type", &err), -EINVAL);
	assert_int_equal(perf_event_find(&e, &m, "cpu", "", &err), -EINVAL);
	machine_close(&m);
	tree_remove(&t);
}

static void test_cpu_lists(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{"0", "0 "},
		{"0,18", "0 18 "},
		{"0-3,8", "0 1 2 3 8 "},
		{"8,0-1", "0 1 8 "},
		{"", NULL},
		{",", NULL},
		{"0,", NULL},
		{"3-1", NULL},
		{"0-", NULL},
		{"a", NULL},
		{"0 1", NULL},
		{"99999999999", NULL},
	};
	struct tree t;
	struct machine m;
	int *cpus;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct buf got = BUF_INIT;
		int r = cpu_sites_parse(rows[i].text, &cpus, &n);
		assert_int_equal(r, rows[i].want != NULL ? 0 : -EINVAL);
		for (size_t k = 0; k < n; k++)
			buf_addf(&got, "%d ", cpus[k]);
		assert_string_equal(got.data, rows[i].want != NULL ? rows[i].want : "");
		free(cpus);
	}
	tree_make(&t);
	tree_open(&t, &m);
	assert_int_equal(perf_pmu_cpus(&m, "cpu_core", &cpus, &n), -ENOENT);
	tree_write(&t, PERF_DEVICES "/cpu_core/cpus", "0-1\n");
	assert_int_equal(perf_pmu_cpus(&m, "cpu_core", &cpus, &n), 0);
	assert_int_equal(n, 2);
	free(cpus);
	machine_close(&m);
	tree_remove(&t);
}

#define JOULE_COUNTS (UINT64_C(1) << 32)
#define ESU14_RANGE  INT64_C(262143328850)

/* What a wrap takes off, as the kernel's driver rounds its scale: unit in nJ x 2^32 / 10^9. */
static void test_guard_modulus(void **state)
{
	static const struct {
		int64_t range_uj;
		uint64_t unit; /* 2^-32 J */
	} rows[] = {
		{ESU14_RANGE, 262143},
		{INT64_C(65532610987), 65532},
		{INT64_C(65712999613), 65712},
		{INT64_C(137438953440), 137438},
		{INT64_C(4294967295000000), 0}, /* 1 J in counts of 2^-32 J leaves 64 bits */
		{0, 0},
		{-1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(perf_guard_modulus(rows[i].range_uj) == rows[i].unit << 32);
}

/* A counter as such kernels have it: the signed difference of two 32-bit readings, scaled. */
static void test_guard_wraps(void **state)
{
	const uint64_t unit = 262143, step = 1000000007; /* a quarter of a turn, about */
	struct perf_guard g = {.modulus = perf_guard_modulus(ESU14_RANGE)};
	uint64_t count = 0, out, first;
	uint32_t raw = 0xf0000000;

	(void)state;
	assert_int_equal(perf_guard_step(&g, count, &first), 0);
	for (uint64_t i = 1; i <= 1000; i++) {
		uint32_t next = raw + (uint32_t)step;
		count += (uint64_t)((int64_t)next - (int64_t)raw) * unit;
		raw = next;
		assert_int_equal(perf_guard_step(&g, count, &out), 0);
		assert_true(out - first == i * step * unit);
	}
	/* a kernel that does it right is not disturbed */
	g = (struct perf_guard){.modulus = perf_guard_modulus(ESU14_RANGE)};
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(perf_guard_step(&g, i * step * unit, &out), 0);
		assert_true(out == JOULE_COUNTS + i * step * unit);
	}
}

static void test_guard_faults(void **state)
{
	struct perf_guard g = {0};
	uint64_t out;

	(void)state;
	/* no modulus: what fell is shown lower than ever before, even below 0 */
	assert_int_equal(perf_guard_step(&g, 0, &out), 0);
	assert_true(out == JOULE_COUNTS);
	assert_int_equal(perf_guard_step(&g, 0 - UINT64_C(5), &out), 0);
	assert_true(out == 0);
	assert_int_equal(perf_guard_step(&g, 5, &out), 0);
	assert_true(out == 10);
	/* a fall by more than a wrap cannot be one */
	g = (struct perf_guard){.modulus = perf_guard_modulus(ESU14_RANGE)};
	assert_int_equal(perf_guard_step(&g, 5 * g.modulus, &out), 0);
	assert_int_equal(perf_guard_step(&g, 7, &out), -EIO);
	assert_int_equal(perf_guard_step(&g, 8, &out), 0);
	assert_true(out == 1);
}

static void test_refusals(void **state)
{
	static const struct {
		int code, level;
		const char *paranoid, *want;
	} rows[] = {
		{-EACCES, 0, "2\n", "kernel.perf_event_paranoid <= 0 (it is 2)"},
		{-EPERM, 1, "4\n", "sudo sysctl kernel.perf_event_paranoid=1"},
		{-EACCES, 0, "0\n", "--cap-add PERFMON"},
		{-EACCES, 0, NULL, "CAP_PERFMON"},
		{-ENOSYS, 0, NULL, "no perf_event_open"},
		{-ENOENT, 0, NULL, "does not count that"},
		{-EMFILE, 0, NULL, "ulimit -n"},
		{-EINVAL, 0, NULL, "Invalid argument"},
	};
	struct error why;
	struct tree t;
	struct machine m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_make(&t);
		tree_open(&t, &m);
		if (rows[i].paranoid != NULL)
			tree_write(&t, "proc/sys/kernel/perf_event_paranoid", rows[i].paranoid);
		assert_int_equal(
			perf_event_refused(&why, &m, rows[i].code, rows[i].level, "counting"),
			rows[i].code);
		if (strstr(why.text, rows[i].want) == NULL || strstr(why.text, "counting") == NULL)
			fail_msg("%s", why.text);
		machine_close(&m);
		tree_remove(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_cpu_lists),
		cmocka_unit_test(test_guard_modulus),
		cmocka_unit_test(test_guard_wraps),
		cmocka_unit_test(test_guard_faults),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
