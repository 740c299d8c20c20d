/*
 * Placement on small invented machines, and lists of CPUs as text
 */
#include "agent/placement.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Two P-cores with two threads (0-1, 2-3) and two E-cores (4, 5); the agent lives on CPU 0. */
static struct topology_cpu hybrid_cpus[] = {
	{.cpu = 0, .core = 0, .sibling = 0, .is_allowed = true},
	{.cpu = 1, .core = 0, .sibling = 1, .is_allowed = true},
	{.cpu = 2, .core = 1, .sibling = 0, .is_allowed = true},
	{.cpu = 3, .core = 1, .sibling = 1, .is_allowed = true},
	{.cpu = 4, .core = 2, .kind = CORE_EFFICIENCY, .is_allowed = true},
	{.cpu = 5, .core = 3, .kind = CORE_EFFICIENCY, .is_allowed = true},
};
static const struct topology hybrid = {.cpus = hybrid_cpus,
	.n = 6,
	.cores = 4,
	.threads = 6,
	.packages = 1,
	.is_hybrid = true,
	.housekeeping = 0};

/* Two packages of two cores with two threads, numbered as servers do: 0-3 first threads, 4-7 second
 * ones. */
static struct topology_cpu server_cpus[] = {
	{.cpu = 0, .package = 0, .core = 0, .sibling = 0, .is_allowed = true},
	{.cpu = 4, .package = 0, .core = 0, .sibling = 1, .is_allowed = true},
	{.cpu = 1, .package = 0, .core = 1, .sibling = 0, .is_allowed = true},
	{.cpu = 5, .package = 0, .core = 1, .sibling = 1, .is_allowed = true},
	{.cpu = 2, .package = 1, .core = 2, .sibling = 0, .is_allowed = true},
	{.cpu = 6, .package = 1, .core = 2, .sibling = 1, .is_allowed = true},
	{.cpu = 3, .package = 1, .core = 3, .sibling = 0, .is_allowed = true},
	{.cpu = 7, .package = 1, .core = 3, .sibling = 1, .is_allowed = true},
};
static const struct topology server = {
	.cpus = server_cpus, .n = 8, .cores = 4, .threads = 8, .packages = 2, .housekeeping = 0};

/* Only the second threads of two cores may be used. */
static struct topology_cpu half_cpus[] = {
	{.cpu = 0, .core = 0, .sibling = 0},
	{.cpu = 1, .core = 0, .sibling = 1, .is_allowed = true},
	{.cpu = 2, .core = 1, .sibling = 0},
	{.cpu = 3, .core = 1, .sibling = 1, .is_allowed = true},
};
static const struct topology half = {
	.cpus = half_cpus, .n = 4, .cores = 2, .threads = 4, .housekeeping = 1};

static void test_choices(void **state)
{
	static const struct {
		const struct topology *t;
		int64_t cpus;
		const char *smt, *kind, *want; /* in thread order */
		bool uses_housekeeping;
	} rows[] = {
		{&hybrid, 1, NULL, NULL, "2 ", false},
		{&hybrid, 3, NULL, NULL, "2 4 5 ", false},
		{&hybrid, 4, "allow", "any", "2 4 5 1 ", false},
		{&hybrid, ABSENT, NULL, NULL, "2 4 5 1 3 0 ", true},
		{&hybrid, ABSENT, "avoid", NULL, "2 4 5 0 ", true},
		{&hybrid, ABSENT, "only", NULL, "2 3 1 0 ", true},
		{&hybrid, 2, "only", NULL, "2 3 ", false},
		{&hybrid, ABSENT, NULL, "efficiency", "4 5 ", false},
		{&hybrid, ABSENT, NULL, "performance", "2 1 3 0 ", true},
		{&server, 3, NULL, NULL, "1 2 3 ", false},
		{&server, 8, NULL, NULL, "1 2 3 4 5 6 7 0 ", true},
		{&server, 4, "avoid", NULL, "1 2 3 0 ", true},
		{&server, 4, "only", NULL, "1 5 2 6 ", false},
		{&half, ABSENT, NULL, NULL, "3 1 ", true},
		{&half, ABSENT, "avoid", NULL, "3 1 ", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct placement_request r = {rows[i].cpus, i % 2 ? "close" : NULL,
			rows[i].smt, rows[i].kind, NULL, 0, false};
		struct error err = {0};
		struct placement p;
		struct buf got = BUF_INIT;
		if (placement_choose(rows[i].t, &r, &p, &err) != 0)
			fail_msg("row %zu: %s", i, err.text);
		for (size_t j = 0; j < p.n; j++)
			buf_addf(&got, "%d ", p.cpus[j]);
		if (strcmp(got.data, rows[i].want) != 0)
			fail_msg("row %zu: got %s, want %s", i, got.data, rows[i].want);
		assert_int_equal(p.uses_housekeeping, rows[i].uses_housekeeping);
		assert_true(p.reason[0] != '\0');
		placement_done(&p);
		buf_done(&got);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const struct topology *t;
		struct placement_request r;
		int want;
		const char *text;
	} rows[] = {
		{&hybrid, {7, NULL, NULL, NULL, NULL, 0, false}, -ENOSPC, "6 are there"},
		{&hybrid, {3, NULL, NULL, "efficiency", NULL, 0, false}, -ENOSPC, "2 are there"},
		{&hybrid, {1, NULL, NULL, "lowpower", NULL, 0, false}, -ENOSPC, "0 are there"},
		{&server, {1, NULL, NULL, "efficiency", NULL, 0, false}, -ENOSPC, "0 are there"},
		{&half, {1, NULL, "only", NULL, NULL, 0, false}, -ENOSPC, "0 are there"},
		{&hybrid, {0, NULL, NULL, NULL, NULL, 0, false}, -EINVAL, "at least 1"},
		{&hybrid, {-3, NULL, NULL, NULL, NULL, 0, false}, -EINVAL, "at least 1"},
		{&hybrid, {1, "clsoe", NULL, NULL, NULL, 0, false}, -EINVAL, "close"},
		{&hybrid, {1, NULL, "never", NULL, NULL, 0, false}, -EINVAL, "avoid"},
		{&hybrid, {1, NULL, NULL, "performence", NULL, 0, false}, -EINVAL,
			"did you mean 'performance'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		struct placement p;
		assert_int_equal(placement_choose(rows[i].t, &rows[i].r, &p, &err), rows[i].want);
		if (strstr(err.text, rows[i].text) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		placement_done(&p);
	}
}

/* Two packages of two caches of two cores with two threads: 0-7 first threads, 8-15 second ones; a
 * node for each package. */
#define THREADS(n)                                                                                 \
	{.cpu = (n),                                                                               \
		.package = (n) / 4,                                                                \
		.core = (n),                                                                       \
		.llc = (n) / 2,                                                                    \
		.numa = (n) / 4,                                                                   \
		.is_allowed = true},                                                               \
	{                                                                                          \
		.cpu = (n) + 8, .package = (n) / 4, .core = (n), .sibling = 1, .llc = (n) / 2,     \
		.numa = (n) / 4, .is_allowed = true                                                \
	}
static struct topology_cpu large_cpus[] = {THREADS(0), THREADS(1), THREADS(2), THREADS(3),
	THREADS(4), THREADS(5), THREADS(6), THREADS(7)};
static const struct topology large = {
	.cpus = large_cpus, .n = 16, .cores = 8, .threads = 16, .packages = 2, .housekeeping = 0};

static void test_policies(void **state)
{
	static const struct {
		const struct topology *t;
		struct placement_request
			r; /* cpus, policy, smt, core_kind, list, packages, again */
		const char *want;
	} rows[] = {
		{&large, {5, "compact", NULL, NULL, NULL, 0, false}, "1,9,2,10,3"},
		{&large, {16, "compact", NULL, NULL, NULL, 0, false},
			"1,9,2,10,3,11,4,12,5,13,6,14,7,15,8,0"},
		{&large, {3, "compact", "avoid", NULL, NULL, 0, false}, "1-3"},
		{&large, {7, "scatter", NULL, NULL, NULL, 0, false}, "1,4,2,6,3,5,7"},
		{&large, {9, "scatter", NULL, NULL, NULL, 0, false}, "1,4,2,6,3,5,7,8,12"},
		{&large, {4, "scatter", "only", NULL, NULL, 0, false}, "1,9,4,12"},
		{&large, {2, "balanced", NULL, NULL, NULL, 0, false}, "1,4"},
		{&large, {7, "balanced", NULL, NULL, NULL, 0, false}, "1-7"},
		{&large, {8, "balanced", NULL, NULL, NULL, 0, false}, "1-8"},
		{&large, {9, "balanced", NULL, NULL, NULL, 0, false}, "1,9,2-8"},
		{&large, {8, "balanced", "avoid", NULL, NULL, 0, false}, "1-7,0"},
		{&large, {4, "balanced", "only", NULL, NULL, 0, false}, "1,9,4,12"},
		{&large, {ABSENT, "close", "avoid", NULL, NULL, 1, false}, "1-3,0"},
		{&large, {4, "scatter", NULL, NULL, NULL, 1, false}, "1-3,8"},
		{&large, {6, "close", "avoid", NULL, NULL, 1, true}, "1-3,0-2"},
		{&large, {ABSENT, "explicit", NULL, NULL, "15,0,3-5", 0, false}, "15,0,3-5"},
		{&large, {2, "explicit", NULL, NULL, "9,1", 0, false}, "9,1"},
		{&large, {5, "explicit", NULL, NULL, "9,1", 0, true}, "9,1,9,1,9"},
		{&large, {ABSENT, "explicit", NULL, NULL, "1,1", 0, true}, "1,1"},
		{&hybrid, {5, "balanced", NULL, NULL, NULL, 0, false}, "2-5,1"},
		{&hybrid, {ABSENT, "explicit", NULL, "efficiency", "5,4", 0, false}, "5,4"},
		{&half, {3, "scatter", NULL, NULL, NULL, 0, true}, "3,1,3"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		struct placement p;
		if (placement_choose(rows[i].t, &rows[i].r, &p, &err) != 0)
			fail_msg("row %zu: %s", i, err.text);
		_cleanup_free_ char *got = cpu_order_format(p.cpus, p.n);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: got %s, want %s", i, got, rows[i].want);
		bool is_again = rows[i].r.may_oversubscribe;
		assert_int_equal(p.is_oversubscribed, is_again);
		assert_int_equal(strstr(p.reason, " CPUs for ") != NULL, is_again);
		placement_done(&p);
	}
}

static void test_policy_refusals(void **state)
{
	static const struct {
		struct placement_request r;
		int want;
		const char *text;
	} rows[] = {
		{{17, "scatter", NULL, NULL, NULL, 0, false}, -ENOSPC,
			"17 CPUs asked for, 16 are there to be had"},
		{{9, "balanced", "avoid", NULL, NULL, 0, false}, -ENOSPC, "8 are there"},
		{{5, "compact", "avoid", NULL, NULL, 1, false}, -ENOSPC,
			"16 allowed to this process, 8 in the first package, 4 without second"},
		{{1, NULL, NULL, NULL, NULL, 3, false}, -ENOSPC, "3 packages asked for, 2 are"},
		{{1, NULL, NULL, NULL, NULL, -1, false}, -EINVAL, "packages"},
		{{65537, NULL, NULL, NULL, NULL, 0, true}, -EINVAL, "at most 65536"},
		{{1, "scater", NULL, NULL, NULL, 0, false}, -EINVAL, "did you mean 'scatter'"},
		{{ABSENT, "explicit", NULL, NULL, NULL, 0, false}, -EINVAL, "needs a list"},
		{{ABSENT, "explicit", NULL, NULL, "", 0, false}, -EINVAL, "needs a list"},
		{{ABSENT, "explicit", NULL, NULL, "1-", 0, false}, -EINVAL, "CPU list '1-'"},
		{{ABSENT, "close", NULL, NULL, "1", 0, false}, -EINVAL, "not for close"},
		{{3, "explicit", NULL, NULL, "1,2", 0, false}, -EINVAL, "has 2"},
		{{1, "explicit", NULL, NULL, "1,2", 0, true}, -EINVAL, "has 2"},
		{{ABSENT, "explicit", NULL, NULL, "1,2,1", 0, false}, -EINVAL, "CPU 1 comes twice"},
		{{ABSENT, "explicit", NULL, NULL, "1,16", 0, false}, -ENOSPC, "16 is not online"},
		{{ABSENT, "explicit", NULL, NULL, "1,4", 1, false}, -ENOSPC, "CPU 4 is not in"},
		{{ABSENT, "explicit", "avoid", NULL, "1,9", 0, false}, -ENOSPC,
			"1 and 9 are threads"},
		{{ABSENT, "explicit", NULL, "efficiency", "1", 0, false}, -ENOSPC, "another kind"},
	};
	const struct placement_request not_allowed = {
		ABSENT, "explicit", NULL, NULL, "1,2", 0, false};
	struct error err = {0};
	struct placement p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(placement_choose(&large, &rows[i].r, &p, &err), rows[i].want);
		if (strstr(err.text, rows[i].text) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		placement_done(&p);
	}
	assert_int_equal(placement_choose(&half, &not_allowed, &p, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "CPU 2 is online, but this process may not use it"));
}

static void check_environment(const struct placement *p, int64_t threads, bool is_pinned,
	const char *preload, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;
	size_t n = placement_environment(p, threads, is_pinned, preload, &got), found = 0;

	for (size_t i = 0; i < got.len; i++)
		if (got.data[i] == '\0') {
			got.data[i] = ';';
			found++;
		}
	assert_string_equal(got.data, want);
	assert_int_equal(n, found);
}

static void test_environment(void **state)
{
	int cpus[] = {4, 0, 12};
	const struct placement p = {.cpus = cpus, .n = 3};

	(void)state;
	check_environment(&p, ABSENT, false, "/lib/x.so", "");
	check_environment(
		&p, 3, false, NULL, "OMP_NUM_THREADS=3;OPENBLAS_NUM_THREADS=3;MKL_NUM_THREADS=3;");
	check_environment(&p, ABSENT, true, "/lib/x.so",
		"OMP_PLACES={4},{0},{12};OMP_PROC_BIND=true;GOMP_CPU_AFFINITY=4,0,12;"
		"KMP_AFFINITY=norespect,granularity=fine,explicit,proclist=[4,0,12];KMP_WARNINGS=0;"
		"JOULERIG_PIN=4,0,12;LD_PRELOAD=/lib/x.so;"
		"ASAN_OPTIONS=verify_asan_link_order=0;");
}

static void test_nodes(void **state)
{
	int cpus[] = {12, 0, 4};
	struct placement p = {.cpus = cpus, .n = 1};

	(void)state;
	for (size_t n = 1; n <= 3; n++) {
		p.n = n;
		_cleanup_free_ char *nodes = placement_nodes(&large, &p);
		assert_string_equal(nodes, n == 1 ? "1" : "0-1");
	}
	large_cpus[1].numa = -1;
	cpus[0] = 8;
	p.n = 1;
	_cleanup_free_ char *unknown = placement_nodes(&large, &p);
	assert_string_equal(unknown, "");
	large_cpus[1].numa = 0;
}

static void test_orders(void **state)
{
	static const struct {
		int cpus[6];
		size_t n;
		const char *want;
	} rows[] = {
		{{0}, 0, ""},
		{{7}, 1, "7"},
		{{0, 1, 2, 3, 8}, 5, "0-3,8"},
		{{4, 0}, 2, "4,0"},
		{{0, 1, 0, 1}, 4, "0,1,0,1"},
		{{2, 3, 4, 3, 4, 5}, 6, "2-4,3-5"},
		{{3, 2, 1}, 3, "3,2,1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = cpu_order_format(rows[i].cpus, rows[i].n);
		assert_string_equal(got, rows[i].want);
	}
}

static void test_lists(void **state)
{
	static const struct {
		const char *text, *canonical; /* NULL: refused */
	} rows[] = {
		{"", ""},
		{"0", "0"},
		{"0-3,8", "0-3,8"},
		{"3,2,1,0", "0-3"},
		{"5,5,5", "5"},
		{"10-11,0", "0,10-11"},
		{"0-", NULL},
		{"-3", NULL},
		{"1,,2", NULL},
		{"1,", NULL},
		{"3-1", NULL},
		{" 1", NULL},
		{"1 ", NULL},
		{"x", NULL},
		{"1-2-3", NULL},
		{"99999999999999999999", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = {0};
		int *cpus;
		size_t n;
		int r = cpu_list_parse(rows[i].text, &cpus, &n, &err);
		if ((r != 0) != (rows[i].canonical == NULL))
			fail_msg("'%s': %d %s", rows[i].text, r, err.text);
		if (r != 0)
			continue;
		char *text = cpu_list_format(cpus, n);
		assert_string_equal(text, rows[i].canonical);
		free(text);
		free(cpus);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_policy_refusals),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
