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
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
