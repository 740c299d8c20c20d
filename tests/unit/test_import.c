#include "coordinator/commands/import_metrics.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_scaled(void **state)
{
	static const struct {
		const char *number;
		int64_t scale, expected;
		bool is_exact;
	} vectors[] = {
		{"0", 1, 0, true},
		{"-0", 1000, 0, true},
		{"1.5", 1000000000, 1500000000, true},
		{"-12.000001", 1000000, -12000001, true},
		{"0.0000000004", 1000000000, 0, false},
		{"0.0000000005", 1000000000, 1, false},
		{"-0.0000000005", 1000000000, -1, false},
		{"1.4999999999", 1, 1, false},
		{"12e3", 1, 12000, true},
		{"1.25E-3", 1000000, 1250, true},
		{"9223372036854775807", 1, INT64_MAX, true},
		{"9223372036.854775807", 1000000000, INT64_MAX, true},
		{"1e-400", 1000000000, 0, false},
		{"0e999999999", 1, 0, true},
		{"100000000000000000000000000000000000000000e-40", 1, 10, true},
		{"0.10000000000000000000000000000000000000000000000001", 10, 1, false},
	};
	static const char *const too_large[] = {"9223372036854775808", "1e19", "1e999999999999",
		"-9223372036854775808", "99999999999999999999999999999999999999999999"};
	int64_t value;
	bool is_exact;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		assert_true(import_scaled(vectors[i].number, vectors[i].scale, &value, &is_exact));
		assert_int_equal(value, vectors[i].expected);
		assert_int_equal(is_exact, vectors[i].is_exact);
	}
	for (size_t i = 0; i < ARRAY_SIZE(too_large); i++)
		assert_false(import_scaled(too_large[i], 1, &value, &is_exact));
}

/* A line, parsed; the texts live in *arena. */
static int parse(const char *text, struct arena **arena, struct import_run *out, struct error *err)
{
	struct reading in = {.file = "f", .line = 3, .start = text, .at = text};

	*arena = arena_new();
	*err = (struct error){0};
	in.end = text + strlen(text);
	in.arena = *arena;
	in.err = err;
	return import_line(&in, out);
}

static void test_texts(void **state)
{
	static const struct {
		const char *json, *expected;
	} vectors[] = {
		{"\"\"", ""},
		{"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "Aé€😀"},
		{"\"é€😀 [{\"", "é€😀 [{"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *line = xasprintf("{\"host\":%s}", vectors[i].json);
		struct import_run run;
		struct arena *arena;
		struct error err;

		assert_int_equal(parse(line, &arena, &run, &err), 0);
		assert_string_equal(run.host, vectors[i].expected);
		arena_free(arena);
	}
}

/* Each cut of a good line is refused, in its place; nothing is read behind it. */
static void test_cuts(void **state)
{
	static const char line[] =
		"{\"campaign\":\"a.1\",\"run\":7,\"parameters\":{\"x\":[1,2.5e3,true,null]},"
		"\"metrics\":{\"time\":1.5,\"laps\":2},\"series\":{\"laps\":[1,2]},"
		"\"texts\":{\"sum\":\"\\u00e9\\ud83d\\ude00\"},\"flags\":[\"a\",\"b\"]}";
	struct import_run run;
	struct arena *arena;
	struct error err;

	(void)state;
	assert_int_equal(parse(line, &arena, &run, &err), 0);
	assert_int_equal(run.run, 7);
	assert_int_equal(run.metrics_n, 3);
	assert_int_equal(run.metrics[1].series_n, 2);
	assert_int_equal(run.flags_n, 2);
	assert_string_equal(run.parameters, "{\"x\":[1,2.5e3,true,null]}");
	arena_free(arena);
	for (size_t n = 0; n < sizeof line - 1; n++) {
		/* In memory of its own, so that a sanitizer sees each byte too far. */
		_cleanup_free_ char *cut = xstrndup(line, n);

		assert_int_equal(parse(cut, &arena, &run, &err), ERR_USAGE);
		assert_int_equal(strncmp(err.text, "f:3:", 4), 0);
		arena_free(arena);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *says;
	} vectors[] = {
		{"[]", "f:3:1: expected an object"},
		{"{} x", "f:3:4: expected the end of the line"},
		{"{\"run\":1,}", "f:3:10: expected a string"},
		{"{\"run\":1,\"run\":2}", "f:3:16: 'run' a second time"},
		{"{\"run\":1.5}", "f:3:8: run: expected a whole number"},
		{"{\"run\":16777216}", "f:3:8: run: expected a whole number"},
		{"{\"host\":\"a\tb\"}", "f:3:11: a control character"},
		{"{\"host\":\"\\x\"}", "no such escape"},
		{"{\"host\":\"\\u0000\"}", "no text has this character"},
		{"{\"host\":\"\\udc00\"}", "no text has this character"},
		{"{\"host\":\"\\ud800\\u0041\"}", "lone surrogate"},
		{"{\"host\":\"\xc0\x80\"}", "no UTF-8"},
		{"{\"metrics\":{\"a\":1,\"a\":2}}", "metric 'a' a second time"},
		{"{\"metrics\":{\"a\":1e999}}", "a is too large"},
		{"{\"metrics\":{\"a\":-}}", "expected a value, not '-'"},
		{"{\"metrics\":{\"a\":NaN}}", "expected a value, not 'NaN'"},
		{"{\"metrics\":{\"a\":true}}", "expected a number, not 'true'"},
		{"{\"metrics\":{\"a\":1},\"uncertainty\":{\"a\":-1}}", "expected a number from 0"},
		{"{\"series\":{\"a\":[1]}}", "series: the run has no metric 'a'"},
		{"{\"metrics\":{\"a\":1},\"texts\":{\"a\":\"b\"}}", "metric 'a' a second time"},
		{"{\"exit_code\":256}", "exit_code: expected a whole number from 0 to 255"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct import_run run;
		struct arena *arena;
		struct error err;

		assert_int_equal(parse(vectors[i].line, &arena, &run, &err), ERR_USAGE);
		if (strstr(err.text, vectors[i].says) == NULL)
			fail_msg("%s: got \"%s\", want \"%s\"", vectors[i].line, err.text,
				vectors[i].says);
		arena_free(arena);
	}
}

/* Bounds keep their order whatever order the metrics have. */
static void test_order(void **state)
{
	static const char line[] =
		"{\"metrics\":{\"time\":1,\"energy.package\":2,\"energy.package-0\":1,"
		"\"energy.package-1\":1,\"own\":0.1},\"units\":{\"energy.package-0\":\"J\","
		"\"energy.package-1\":\"J\"},\"uncertainty\":{\"energy.package-0\":0.1,"
		"\"energy.package-1\":0.1,\"energy.package\":0.2,\"time\":0.000001},"
		"\"deviation\":{\"energy.package\":0.01}}";
	static const char *const expected[] = {
		"energy.package-0", "energy.package-1", "energy.package", "time"};
	struct import_stored stored = {0};
	struct import_run run;
	struct arena *arena;
	struct error err;

	(void)state;
	assert_int_equal(parse(line, &arena, &run, &err), 0);
	assert_int_equal(import_metrics(&stored, &run, &err), 0);
	assert_int_equal(stored.standard_n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(stored.standard[i].name, expected[i]);
	assert_int_equal(stored.standard[2].value, 2000000);
	assert_int_equal(stored.standard[2].uncertainty, 200000);
	assert_int_equal(stored.standard[2].deviation, 10000);
	assert_int_equal(stored.standard[3].uncertainty, 1000);
	assert_int_equal(stored.own_n, 1);
	assert_null(stored.dropped);
	import_stored_done(&stored);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scaled),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
