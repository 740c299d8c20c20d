/*
 * What a run's result can hold: notes line by line, flags once, metrics up to a number
 */
#include "agent/measured.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct measured m;

/* A campaign that asks for many counters in vain must still learn why it has no energy. */
static void test_notes(void **state)
{
	(void)state;
	measured_reset(&m);
	for (int i = 0; i < 10; i++)
		measured_note(&m, "counters: a-counter-with-a-long-name-%d: %s", i,
			"event not found (libpfm4); `perf list` shows what this machine counts");
	measured_note(&m, "energy: %s", "there is no meter");
	assert_int_equal(strncmp(m.note, "counters: a-counter", 19), 0);
	assert_non_null(strstr(m.note, "counts\nenergy: there is no meter"));
}

static void test_full_note(void **state)
{
	char long_line[1000];

	(void)state;
	/* characters of two bytes, which must not be cut in two */
	for (size_t i = 0; i + 1 < sizeof long_line; i++)
		long_line[i] = i % 2 == 0 ? '\xc2' : '\xb5';
	long_line[sizeof long_line - 1] = '\0';
	measured_reset(&m);
	measured_note(&m, "%s", long_line);
	assert_int_equal(strlen(m.note), 512);
	measured_reset(&m);
	for (int i = 0; i < 100; i++)
		measured_note(&m, "%050d", i);
	assert_true(strlen(m.note) < sizeof m.note);
	assert_int_equal((strlen(m.note) + 1) % 51, 0); /* whole lines alone */
	measured_note(&m, "short");
	assert_true(strlen(m.note) < sizeof m.note);
}

static void test_flags(void **state)
{
	static char names[60][8];

	(void)state;
	measured_reset(&m);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(names[i], sizeof names[i], "f%zu", i);
		measured_flag(&m, names[i]);
		measured_flag(&m, names[i]);
	}
	assert_int_equal(m.flags_n, ARRAY_SIZE(names));
	assert_true(measured_has_flag(&m, "f59"));
}

static void test_metrics(void **state)
{
	(void)state;
	measured_reset(&m);
	measured_metric(&m, "absent", "1", ABSENT);
	for (int64_t i = 0; i < MEASURED_METRICS; i++)
		measured_metric(&m, i == 0 ? "first" : "x", "1", i);
	assert_int_equal(m.n, MEASURED_METRICS);
	assert_int_equal(m.flags_n, 0);
	measured_metric(&m, "one more", "1", 1);
	assert_int_equal(m.n, MEASURED_METRICS);
	assert_true(measured_has_flag(&m, "metrics_dropped"));
	assert_int_equal(measured_find(&m, "first")->value, 0);
	assert_null(measured_find(&m, "one more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_full_note),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
