/*
 * Codenames, and what is read from proc/cpuinfo
 */
#include "agent/cpu_model.h"
#include "tests/unit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_codenames(void **state)
{
	static const struct {
		int family, model, stepping;
		const char *want;
	} rows[] = {
		{6, 0x2a, 7, "Sandy Bridge"},
		{6, 0x2d, 7, "Sandy Bridge-EP"},
		{6, 0x3f, 2, "Haswell-EP"},
		{6, 0x55, 4, "Skylake-SP"},
		{6, 0x55, 7, "Cascade Lake-SP"},
		{6, 0x55, 11, "Cooper Lake"},
		{6, 0x55, -1, NULL},
		{6, 0x6a, 6, "Ice Lake-SP"},
		{6, 0x8f, 8, "Sapphire Rapids"},
		{6, 0xba, 2, "Raptor Lake"},
		{6, 0x97, -1, "Alder Lake"},
		{6, 0x8e, 9, "Kaby Lake"},
		{6, 0x8e, 12, "Comet Lake"},
		{6, 0x9e, 13, "Coffee Lake"},
		{19, 1, 0, "Diamond Rapids"},
		{6, 0x01, 0, NULL},
		{15, 0x2a, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpu_model c = {.vendor = "GenuineIntel",
			.family = rows[i].family,
			.model = rows[i].model,
			.stepping = rows[i].stepping};
		const char *got = cpu_model_codename(&c);
		if ((got == NULL) != (rows[i].want == NULL) ||
			(got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("%d/%x/%d: %s", c.family, (unsigned)c.model, c.stepping,
				got ? got : "NULL");
		strcpy(c.vendor, "AuthenticAMD");
		assert_null(cpu_model_codename(&c));
	}
}

static void test_cpuinfo(void **state)
{
	struct tree t;
	struct machine m;
	struct cpu_model c;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	cpu_model_read(&c, &m); /* nothing there */
	assert_string_equal(c.vendor, "");
	assert_int_equal(c.family, -1);
	assert_int_equal(c.model, -1);
	assert_false(c.is_guest);

	tree_write_cpuinfo(&t, "GenuineIntel", 186, 2, "fpu nohypervisor sse");
	cpu_model_read(&c, &m);
	assert_string_equal(c.vendor, "GenuineIntel");
	assert_string_equal(c.name, "A CPU @ 1 GHz");
	assert_string_equal(c.microcode, "0x2a");
	assert_int_equal(c.family, 6);
	assert_int_equal(c.model, 186); /* not the second CPU's, not "model name" */
	assert_int_equal(c.stepping, 2);
	assert_false(c.is_guest);

	tree_write_cpuinfo(&t, "AuthenticAMD", 1, 2, "fpu hypervisor");
	cpu_model_read(&c, &m);
	assert_true(c.is_guest);
	assert_true(cpu_model_is_amd(&c));

	tree_write(&t, "proc/cpuinfo", "model\t: 99999999999999999999\nstepping\t: x\n:\nflags");
	cpu_model_read(&c, &m);
	assert_int_equal(c.model, -1);
	assert_int_equal(c.stepping, -1);
	machine_close(&m);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codenames),
		cmocka_unit_test(test_cpuinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
