/* A program's own metrics out of its output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/extract.h"
#include "tests/unit/campaign_text.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

/* One metric x, as YAML, on an output; its value, or what the error says. */
struct vector {
	const char *metric, *output;
	double value;
	const char *error; /* "" where there is no value and no error */
};

static const struct vector vectors[] = {
	{"{json: a}", "{\"a\": 1.5}\n", 1.5, NULL},
	{"{json: a}", "{\"a\": 1}\n{\"a\": 2}\nbye\n", 2, NULL},
	{"{json: a}", "log {\"a\": 9}\n  {\"a\": 8}\n{\"a\": 7} trailing\n", 7, NULL},
	{"{json: a}", "{\n\"a\": 1,\n\"b\": [\n{\n\"a\": 5\n}\n]\n}\n", 1, NULL},
	{"{json: a}", "{\"a\": 3}\n{\"a\": 4", 3, NULL},
	{"{json: a}", "{\n{\"a\": 6}\n", 6, NULL},
	{"{json: a}", "{\"a\": 18446744073709551615}", 18446744073709551615.0, NULL},
	{"{json: a}", "{\"a\": true}", 1, NULL},
	{"{json: a}", "{\"a\": -0}", 0, NULL},
	{"{json: a.b}", "{\"a.b\": 2, \"a\": {\"b\": 1}}", 2, NULL},
	{"{json: /a/b}", "{\"a\": {\"b\": 3}}", 3, NULL},
	{"{json: /a/1/x}", "{\"a\": [{\"x\": 1}, {\"x\": 4}]}", 4, NULL},
	{"{json: /0}", "[5, 6]", 5, NULL},
	{"{json: /a~1b/~0}", "{\"a/b\": {\"~\": 7}}", 7, NULL},
	{"{json: /p/99.000000}", "{\"p\": {\"99.000000\": 8}}", 8, NULL},
	{"{json: '{n}'}", "{\"a.b\": 9}", 9, NULL},
	{"{json: a}", "", 0,
		"metric 'x': no JSON value that begins at the start of a line in stdout"},
	{"{json: a}", "{\"b\": 1, \"c\": {\"a\": [2]}}\n", 0,
		"metric 'x': no 'a' in the last JSON value of stdout, which has 'b', 'c'"},
	{"{json: a}", "{\"a\": 1}\n[]\n", 0, "metric 'x': no 'a' in the last JSON value of stdout"},
	{"{json: a}", "{\"a\": null}\n", 0, "metric 'x': no 'a' in the last JSON value of stdout"},
	{"{json: a}", "{\"a\": \"1\"}\n", 0, "metric 'x': 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": NaN}\n", 0,
		"metric 'x': no JSON value that begins at the start of a line in stdout: invalid "
		"token near 'NaN'"},
	{"{json: /0/1}", "[5, 6]", 0, "metric 'x': no '/0/1' in the last JSON value of stdout"},
	{"{json: /01}", "[5, 6]", 0, "metric 'x': no '/01' in the last JSON value of stdout"},
	{"{json: a, optional: true}", "nothing", 0, ""},
	{"{json: a, optional: true}", "{\"a\": []}", 0, ""},
	{"{json: a}", "{\"a\": []}", 0, "metric 'x': 'a' in stdout is an empty list"},
	{"{json: a, optional: true}", "{\"a\": {}}", 0, "metric 'x': 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": [1, 2.5]}", 2.5, NULL},
	{"{json: a}", "{\"a\": [ 1 , [2] ]}", 0,
		"metric 'x': element 2 of 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": [1, null]}", 0,
		"metric 'x': element 2 of 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": 1, \"\\u0061\": 2, \"b\": {\"a\": 3}}", 2, NULL},
	{"{json: a}", "{\"s\": \"}],\\\"a\\\": 9,\", \"a\" :\t4 , \"c\": []}", 4, NULL},
	{"{json: /1/b/2}", "[{}, {\"b\": [[], {\"x\": [1]}, 6]}]", 6, NULL},
	{"{json: a}", "{\"a\": false}", 0, NULL},
	{"{pattern: 'Triad: +([0-9.]+)'}", "Copy: 1\nTriad:   12.5 MB/s\n", 12.5, NULL},
	{"{pattern: '^n=(\\S+)$'}", "xn=1\nn=2\nn=3e2\nn=4 x\n", 300, NULL},
	{"{pattern: 'n=(?:a|(\\d+))'}", "n=5 n=a", 5, NULL},
	{"{pattern: '{n}=(\\d+)'}", "aXb=1 a.b=2 aXb=3", 2, NULL},
	{"{pattern: '(\\d+)'}", "\xff\xfe 17 \xff", 17, NULL},
	{"{pattern: 'ü(\\d+)'}", "ü3", 3, NULL},
	{"{pattern: 'n=(.)'}", "n=x", 0, "metric 'x': 'x' in stdout is no number"},
	{"{pattern: 'n=(\\S+)'}", "n=0x10", 0, "metric 'x': '0x10' in stdout is no number"},
	{"{pattern: 'n=(\\S+)'}", "n=inf", 0, "metric 'x': 'inf' in stdout is no number"},
	{"{pattern: 'n=(\\S+)'}", "n=1e999", 0, "metric 'x': '1e999' in stdout is no number"},
	{"{pattern: 'n=(\\S*)'}", "n=", 0, "metric 'x': '' in stdout is no number"},
	{"{pattern: 'n=(\\d+)'}", "", 0, "metric 'x': nothing in stdout matches 'n=(\\d+)'"},
	{"{pattern: 'n=(\\d+)', optional: true}", "m", 0, ""},
	{"{pattern: 'n=(\\d+)', from: stderr}", "n=1", 0,
		"metric 'x': nothing in stderr matches 'n=(\\d+)'"},
	{"{pattern: '(x+x+)+y'}", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx z y", 0,
		"metric 'x': its pattern takes too long on stdout; make it simpler"},
	{"{pattern: 'a\\K(?=(\\d))'}", "a1a2", 2, NULL},
	{"{pattern: '()'}", "abc", 0, "metric 'x': '' in stdout is no number"},
};

static struct campaign *campaign_with(const char *metrics, const char *work)
{
	_cleanup_free_ char *text =
		xasprintf("campaign: c\nmatrix: {n: [a.b], size: [10, '2 0']}\n"
			  "benchmarks: {a: {command: ['{n}', '{size}'], metrics: {%s}%s%s}}\n",
			metrics, work ? ", work: " : "", work ? work : "");

	return read_text(text);
}

static struct campaign *campaign_of(const char *metrics)
{
	return campaign_with(metrics, NULL);
}

/* The campaign's benchmark with its axes' values of these indices. */
static int extract_at(struct campaign *c, size_t size, const struct run_output *run,
	struct extraction *out, struct error *err)
{
	const struct benchmark *b = &c->benchmarks[0];
	const struct value *tables[] = {b->axes[0].values, b->axes[1].values};
	const uint32_t indices[] = {0, (uint32_t)size};
	const struct configuration configuration = {
		.benchmark = b, .tables = tables, .indices = indices};
	static const struct plan_host host = {"lab1", "{\"cores\":4}"};

	return extract_metrics(c, &configuration, &host, run, out, err);
}

static int extract_text(
	struct campaign *c, const char *text, struct extraction *out, struct error *err)
{
	const struct run_output run = {.stdout_text = text, .stdout_len = strlen(text)};

	return extract_at(c, 0, &run, out, err);
}

static void check_vector(const struct vector *v)
{
	_cleanup_free_ char *metrics = xasprintf("x: %s", v->metric);
	struct campaign *c = campaign_of(metrics);
	struct extraction out;
	struct error err = {0};
	int rc = extract_text(c, v->output, &out, &err);

	if (!v->error) {
		assert_string_equal(err.text, "");
		assert_int_equal(rc, 0);
		assert_int_equal(out.n, 1);
		assert_string_equal(out.items[0].name, "x");
		assert_null(out.items[0].text);
		assert_true(out.items[0].value == v->value);
	} else if (v->error[0] == '\0') {
		assert_int_equal(rc, 0);
		assert_int_equal(out.n, 0);
	} else {
		assert_int_equal(rc, -ENODATA);
		assert_string_equal(err.text, v->error);
	}
	extraction_done(&out);
	campaign_free(c);
}

static void test_metrics_are_found_where_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		check_vector(&vectors[i]);
}

static void test_several_metrics_and_both_streams(void **state)
{
	struct campaign *c = campaign_of(
		"p: {json: p, unit: s, better: lower}, gone: {json: gone, optional: true}, "
		"q: {pattern: 'q(\\d)', from: stderr}, r: {json: r, from: stderr}");
	static const char out_text[] = "{\"p\": 1}", err_text[] = "q2\n{\"r\": 3}\n";
	const struct run_output run = {.stdout_text = out_text,
		.stdout_len = strlen(out_text),
		.stderr_text = err_text,
		.stderr_len = strlen(err_text)};
	struct extraction out;
	struct error err = {0};

	(void)state;
	assert_int_equal(extract_at(c, 0, &run, &out, &err), 0);
	assert_int_equal(out.n, 3);
	assert_string_equal(out.items[0].name, "p");
	assert_string_equal(out.items[0].unit, "s");
	assert_int_equal(out.items[0].better, BETTER_LOWER);
	assert_string_equal(out.items[1].name, "q");
	assert_true(out.items[1].value == 2);
	assert_string_equal(out.items[2].name, "r");
	assert_true(out.items[2].value == 3);
	extraction_done(&out);
	campaign_free(c);
}

/* ---- one value of several ---- */

#define TWO "{\"a\": [3, 1.5, 9, 2]}\n"
#define LOG "t=3 t=1.5 t=9 t=2\n"

static const struct {
	const char *metric, *output;
	enum metric_take take;
	double value;
	size_t series_n;
	const char *error;
} takes[] = {
	{"{json: a}", TWO, TAKE_LAST, 2, 0, NULL},
	{"{json: a}", TWO, TAKE_FIRST, 3, 0, NULL},
	{"{json: a}", TWO, TAKE_MIN, 1.5, 0, NULL},
	{"{json: a}", TWO, TAKE_MAX, 9, 0, NULL},
	{"{json: a}", TWO, TAKE_MEAN, 3.875, 0, NULL},
	{"{json: a}", TWO, TAKE_SUM, 15.5, 0, NULL},
	{"{json: a}", TWO, TAKE_ALL, 2.5, 4, NULL},
	{"{json: a}", "{\"a\": 7}", TAKE_ALL, 7, 1, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_LAST, 2, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_FIRST, 3, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_MIN, 1.5, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_MAX, 9, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_MEAN, 3.875, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_SUM, 15.5, 0, NULL},
	{"{pattern: 't=(\\S+)'}", LOG, TAKE_ALL, 2.5, 4, NULL},
	{"{pattern: 't=(\\S+)'}", "t=x t=1", TAKE_LAST, 1, 0, NULL},
	{"{pattern: 't=(\\S+)'}", "t=1 t=x", TAKE_FIRST, 1, 0, NULL},
	{"{pattern: 't=(\\S+)'}", "t=x t=1", TAKE_MEAN, 0, 0,
		"metric 'x': 'x' in stdout is no number"},
	{"{pattern: 't=(\\S+)'}", "t=x t=1", TAKE_ALL, 0, 0,
		"metric 'x': 'x' in stdout is no number"},
	{"{pattern: 't=(\\S+)'}", "t=1 t=x", TAKE_MAX, 0, 0,
		"metric 'x': 'x' in stdout is no number"},
	{"{json: a}", "{\"a\": [1, \"2\"]}", TAKE_SUM, 0, 0,
		"metric 'x': element 2 of 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": [1, \"2\"]}", TAKE_FIRST, 1, 0, NULL},
	{"{json: a}", "{\"a\": [1e308, 1e308]}", TAKE_SUM, 0, 0,
		"metric 'x': 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": [1e308, 1e308]}", TAKE_ALL, 1e308, 2, NULL},
};

static void test_take_makes_one_value_of_several(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(takes); i++) {
		_cleanup_free_ char *metrics = xasprintf("x: %s", takes[i].metric);
		struct campaign *c = campaign_of(metrics);
		struct extraction out;
		struct error err = {0};

		c->benchmarks[0].metrics[0].take = takes[i].take;
		int rc = extract_text(c, takes[i].output, &out, &err);
		assert_string_equal(err.text, takes[i].error ? takes[i].error : "");
		assert_int_equal(rc, takes[i].error ? -ENODATA : 0);
		if (rc == 0) {
			assert_true(out.items[0].value == takes[i].value);
			assert_int_equal(out.items[0].series_n, takes[i].series_n);
		}
		extraction_done(&out);
		campaign_free(c);
	}
}

static void test_a_series_keeps_its_order_and_is_scaled(void **state)
{
	struct campaign *c = campaign_of("x: {json: a}");
	static const double scaled[] = {6, 3, 18, 4};
	struct extraction out;
	struct error err = {0};

	(void)state;
	c->benchmarks[0].metrics[0].take = TAKE_ALL;
	c->benchmarks[0].metrics[0].scale = 2;
	assert_int_equal(extract_text(c, TWO, &out, &err), 0);
	assert_true(out.items[0].value == 5);
	assert_memory_equal(out.items[0].series, scaled, sizeof scaled);
	extraction_done(&out);
	campaign_free(c);
}

static void test_a_series_has_an_end(void **state)
{
	struct campaign *c = campaign_of("x: {pattern: '(\\d)'}");
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct extraction out;
	struct error err = {0};

	(void)state;
	for (int i = 0; i < 32768; i++)
		buf_adds(&text, "1\n");
	c->benchmarks[0].metrics[0].take = TAKE_ALL;
	assert_int_equal(extract_text(c, text.data, &out, &err), 0);
	assert_int_equal(out.items[0].series_n, 32768);
	extraction_done(&out);
	buf_adds(&text, "1\n");
	assert_int_equal(extract_text(c, text.data, &out, &err), -ENODATA);
	assert_string_equal(err.text, "metric 'x': its pattern matches stdout more than 32768 "
				      "times; 'take' one of them");
	extraction_done(&out);
	campaign_free(c);
}

/* ---- files ---- */

static void test_a_file_is_read_where_the_run_left_one(void **state)
{
	struct campaign *c = campaign_of("x: {json: a}");
	static const char text[] = "{\"a\": 4}";
	static char path[] = MARK_TMP "/{n}.json";
	const struct run_file files[] = {{.name = "from:other", .text = "", .len = 0},
		{.name = "from:" MARK_TMP "/a.b.json", .text = text, .len = strlen(text)}};
	struct run_output run = {.files = files, .files_n = 2};
	struct extraction out;
	struct error err = {0};

	(void)state;
	c->benchmarks[0].metrics[0].from = FROM_FILE;
	c->benchmarks[0].metrics[0].path = path;
	assert_int_equal(extract_at(c, 0, &run, &out, &err), 0);
	assert_true(out.items[0].value == 4);
	extraction_done(&out);
	run.files_n = 1;
	assert_int_equal(extract_at(c, 0, &run, &out, &err), -ENODATA);
	assert_string_equal(err.text, "metric 'x': the run left no file '{tmp}/a.b.json'");
	extraction_done(&out);
	c->benchmarks[0].metrics[0].is_optional = true;
	assert_int_equal(extract_at(c, 0, &run, &out, &err), 0);
	assert_int_equal(out.n, 0);
	extraction_done(&out);
	campaign_free(c);
}

/* Of a stream that is too long its head and its tail are there; | is where something is missing. */
static const struct {
	const char *metric;
	enum metric_take take;
	const char *head, *tail;
	double value;
	bool is_good;
} gaps[] = {
	{"{pattern: '(\\d)'}", TAKE_LAST, "1 2 ", " 3", 3, true},
	{"{pattern: '(\\d)'}", TAKE_FIRST, "1 2 ", " 3", 1, true},
	{"{pattern: '(\\d)'}", TAKE_LAST, "1 2 ", " ", 0, false},
	{"{pattern: '(\\d)'}", TAKE_FIRST, " ", " 3", 0, false},
	{"{pattern: '(\\d)', optional: true}", TAKE_LAST, "1", "", 0, false},
	{"{pattern: '(\\d)'}", TAKE_SUM, "1 2 ", " 3", 0, false},
	{"{pattern: '(\\d)'}", TAKE_ALL, "1 2 ", " 3", 0, false},
	{"{json: a}", TAKE_LAST, "log", "ging\n{\"a\": 4}\n", 4, true},
	{"{json: a}", TAKE_SUM, "log", "ging\n{\"a\": [4, 5]}\n", 9, true},
	{"{json: a}", TAKE_LAST, "{\"a\": 4}\n", "bye\n", 0, false},
	{"{json: a}", TAKE_LAST, "{\"x\": [\n", "\n{\"a\": 4}\n]}", 0, false},
	{"{json: a}", TAKE_LAST, "{\"a\": 4}", "", 0, false},
};

static void test_what_may_be_in_a_gap_is_not_guessed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		_cleanup_free_ char *metrics = xasprintf("x: %s", gaps[i].metric);
		_cleanup_free_ char *text = xasprintf("%s%s", gaps[i].head, gaps[i].tail);
		struct campaign *c = campaign_of(metrics);
		const struct run_output run = {.stdout_text = text,
			.stdout_len = strlen(text),
			.stdout_has_gap = true,
			.stdout_gap = strlen(gaps[i].head)};
		struct extraction out;
		struct error err = {0};

		c->benchmarks[0].metrics[0].take = gaps[i].take;
		int rc = extract_at(c, 0, &run, &out, &err);
		assert_int_equal(rc, gaps[i].is_good ? 0 : -ENODATA);
		if (gaps[i].is_good)
			assert_true(out.items[0].value == gaps[i].value);
		else
			assert_string_equal(err.text,
				"metric 'x': stdout is longer than what is kept of it, and what is "
				"looked for may be in the rest; write less, or raise "
				"limits.output");
		extraction_done(&out);
		campaign_free(c);
	}
}

/* ---- expectations ---- */

static const struct {
	const char *metric, *output;
	enum metric_expect expect;
	const char *expected; /* of value; a range is 1 to 5 */
	double scale;
	const char *text, *error; /* text: what it is where it is no number */
} expected[] = {
	{"{json: a}", "{\"a\": \"9f86\"}", EXPECT_VALUE, "9f86", 1, "9f86", NULL},
	{"{json: a}", "{\"a\": \"9f86\"}", EXPECT_VALUE, "9f87", 1, "9f86",
		"x is '9f86', expected '9f87'"},
	{"{json: a}", "{\"a\": \"a.b\"}", EXPECT_VALUE, "{n}", 1, "a.b", NULL},
	{"{json: a}", "{\"a\": true}", EXPECT_VALUE, "true", 1, "true", NULL},
	{"{json: a}", "{\"a\": true}", EXPECT_VALUE, "false", 1, "true",
		"x is 'true', expected 'false'"},
	{"{json: a}", "{\"a\": 12}", EXPECT_VALUE, "12.0", 1, NULL, NULL},
	{"{json: a}", "{\"a\": 1.2e1}", EXPECT_VALUE, "12", 1, NULL, NULL},
	{"{json: a}", "{\"a\": 18446744073709551615}", EXPECT_VALUE, "18446744073709551614", 1,
		NULL, "x is '18446744073709551615', expected '18446744073709551614'"},
	{"{json: a}", "{\"a\": 12.5}", EXPECT_VALUE, "12.5e-9", 1e-9, NULL, NULL},
	{"{json: a}", "{\"a\": 12.5}", EXPECT_VALUE, "12.5", 1e-9, NULL,
		"x is '1.25e-08', expected '12.5'"},
	{"{json: a}", "{\"a\": \"l\\u0131ne\\n2\"}", EXPECT_VALUE, "x", 1, "l\u0131ne\n2",
		"x is 'l\u0131ne 2', expected 'x'"},
	{"{pattern: 'sum (\\S+)'}", "sum abc\n", EXPECT_VALUE, "abc", 1, "abc", NULL},
	{"{pattern: 'sum (\\S+)'}", "sum true\n", EXPECT_VALUE, "true", 1, "true", NULL},
	{"{json: a}", "{\"a\": 1}", EXPECT_RANGE, NULL, 1, NULL, NULL},
	{"{json: a}", "{\"a\": 5}", EXPECT_RANGE, NULL, 1, NULL, NULL},
	{"{json: a}", "{\"a\": 0.999}", EXPECT_RANGE, NULL, 1, NULL, "x is 0.999, expected 1 to 5"},
	{"{json: a}", "{\"a\": 3}", EXPECT_RANGE, NULL, 2, NULL, "x is 6, expected 1 to 5"},
	{"{json: a}", "{\"a\": \"3\"}", EXPECT_RANGE, NULL, 1, NULL,
		"metric 'x': 'a' in stdout is no number"},
};

static void test_a_wrong_answer_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		_cleanup_free_ char *metrics = xasprintf("x: %s", expected[i].metric);
		struct campaign *c = campaign_of(metrics);
		struct benchmark_metric *m = &c->benchmarks[0].metrics[0];
		struct extraction out;
		struct error err = {0};

		m->expect = expected[i].expect;
		m->expect_value = (char *)(uintptr_t)expected[i].expected;
		m->scale = expected[i].scale;
		m->expect_low = 1;
		m->expect_high = 5;
		int rc = extract_text(c, expected[i].output, &out, &err);
		const char *error = expected[i].error ? expected[i].error : "";
		assert_string_equal(err.text, error);
		assert_int_equal(rc, !error[0] ? 0 : strstr(error, "is no") ? -ENODATA : -EILSEQ);
		if (rc != -ENODATA) {
			assert_int_equal(out.n, 1);
			assert_int_equal(!expected[i].text, !out.items[0].text);
			if (expected[i].text)
				assert_string_equal(out.items[0].text, expected[i].text);
		}
		extraction_done(&out);
		campaign_free(c);
	}
}

static void test_match_needs_no_number(void **state)
{
	struct campaign *c = campaign_of("x: {pattern: '(VALID|GOOD)'}, y: {json: a}");
	struct extraction out;
	struct error err = {0};

	(void)state;
	c->benchmarks[0].metrics[0].expect = EXPECT_MATCH;
	c->benchmarks[0].metrics[1].expect = EXPECT_MATCH;
	assert_int_equal(extract_text(c, "GOOD\n{\"a\": {}}", &out, &err), 0);
	assert_int_equal(out.n, 0);
	extraction_done(&out);
	assert_int_equal(extract_text(c, "BAD\n{\"a\": {}}", &out, &err), -EILSEQ);
	assert_string_equal(err.text, "metric 'x': nothing in stdout matches '(VALID|GOOD)'");
	extraction_done(&out);
	assert_int_equal(extract_text(c, "GOOD\n{\"b\": {}}", &out, &err), -EILSEQ);
	extraction_done(&out);
	campaign_free(c);
}

static void check_same(struct campaign *c, size_t size, const char *text, const char *same_as,
	const char *same_text)
{
	const struct run_output run = {.stdout_text = text, .stdout_len = strlen(text)};
	struct extraction out;
	struct error err = {0};

	assert_int_equal(extract_at(c, size, &run, &out, &err), 0);
	assert_string_equal(out.items[0].same_as, same_as);
	assert_string_equal(out.items[0].same_text, same_text);
	extraction_done(&out);
}

static void test_same_names_whose_answers_are_compared(void **state)
{
	struct campaign *c = campaign_of("x: {json: a}");
	struct benchmark_metric *m = &c->benchmarks[0].metrics[0];
	static char size[] = "size", n[] = "n";
	char *axes[] = {size, n};

	(void)state;
	m->expect = EXPECT_SAME;
	check_same(c, 0, "{\"a\": 18446744073709551615}", "a", "18446744073709551615");
	m->expect_axes = axes;
	m->expect_axes_n = 1;
	check_same(c, 0, "{\"a\": \"abc\"}", "a size=10", "abc");
	check_same(c, 1, "{\"a\": 1.50}", "a size=\"2 0\"", "1.50");
	m->expect_axes_n = 2;
	check_same(c, 0, "{\"a\": [1, 2]}", "a size=10 n=a.b", "2");
	m->take = TAKE_ALL;
	check_same(c, 0, "{\"a\": [1, 2]}", "a size=10 n=a.b", "1 2");
	m->take = TAKE_MEAN;
	check_same(c, 0, "{\"a\": [1, 2]}", "a size=10 n=a.b", "1.5");
	campaign_free(c);
}

static void test_what_is_the_same_answer(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} pairs[] = {
		{"abc", "abc", true},
		{"abc", "abd", false},
		{"1", "1.0", true},
		{"0.1", "1e-1", true},
		{"007", "7", true},
		{"-0", "0", true},
		{"-7", "7", false},
		{"+7", "7", true},
		{"9007199254740993", "9007199254740992", false},
		{"", "0", false},
		{"-", "+", false},
		{"1 2", "1 2.0", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(expect_is_same(pairs[i].a, pairs[i].b), pairs[i].is_same);
}

/* ---- computed of others ---- */

#define J 1000000
#define TIME_2S                                                                                    \
	{                                                                                          \
		"time", "ns", 2 * NS_PER_S, ABSENT, ABSENT                                         \
	}
#define ENERGY_10J                                                                                 \
	{                                                                                          \
		"energy.package", "uJ", 10 * J, ABSENT, ABSENT                                     \
	}
#define NET_5J                                                                                     \
	{                                                                                          \
		"energy.package.net", "uJ", 5 * J, ABSENT, ABSENT                                  \
	}
#define DRAM_1J                                                                                    \
	{                                                                                          \
		"energy.dram", "uJ", 1 * J, ABSENT, ABSENT                                         \
	}
#define PART_10J                                                                                   \
	{                                                                                          \
		"energy.package-0", "uJ", 10 * J, ABSENT, ABSENT                                   \
	}
#define LOAD_HALF                                                                                  \
	{                                                                                          \
		"cores.effective", "u1", 500000, ABSENT, ABSENT                                    \
	}
#define TEMPERATURE                                                                                \
	{                                                                                          \
		"temperature.package.max", "m°C", 45500, ABSENT, ABSENT                            \
	}

/* Of a run with the metrics above that printed {"a": 4}; the names and values of all that comes. */
static const struct {
	const char *metrics, *work, *wanted;
} computed[] = {
	{"x: {expr: 'metric.time * 3'}", NULL, "x=6"},
	{"a: {json: a}, x: {expr: 'metric.a / metric.time', unit: op/s, scale: 10}", NULL,
		"a=4 x=20op/s"},
	{"x: {expr: 'metric[\"energy.package\"] / metric.time', unit: W}, a: {json: a}", NULL,
		"a=4 x=5W"},
	{"x: {expr: 'metric.a + 1'}, a: {json: a}, y: {expr: 'metric.x * 2'}", NULL,
		"a=4 x=5 y=10"},
	{"x: {expr: 'metric[\"cores.effective\"]'}", NULL, "x=0.5"},
	{"x: {expr: 'metric[\"temperature.package.max\"]'}", NULL, "x=45.5"},
	{"x: {expr: 'size * 2'}", NULL, "x=20"},
	{"x: {json: a, unit: '{n}/{size}'}, y: {expr: 'size', unit: '{{n}}'}", NULL,
		"x=4a.b/10 y=10{n}"},
	{"x: {expr: 'host.cores'}", NULL, "x=4"},
	{"x: {expr: 'metric.time > 1'}", NULL, "x=1"},
	{"x: {expr: 'metric[\"energy.psys\"]', optional: true}", NULL, ""},
	{"x: {expr: 'metric[\"energy.psys\"] * 2', optional: true}", NULL, ""},
	{"x: {expr: '1 / 0', optional: true}", NULL, ""},
	{"x: {expr: 'metric.time', expect: {range: [1, 2]}}", NULL, "x=2"},
	{"", "5",
		"throughput=2.51/s time.per_work=0.4s energy.package.per_work=2J "
		"energy.package.net.per_work=1J energy.dram.per_work=0.2J"},
	{"a: {json: a}", "{value: metric.a, unit: op}",
		"a=4 throughput=2op/s time.per_work=0.5s/op energy.package.per_work=2.5J/op "
		"energy.package.net.per_work=1.25J/op energy.dram.per_work=0.25J/op"},
	{"x: {expr: '1 / 0'}", NULL, "metric 'x': its expression gives no finite number"},
	{"x: {expr: 'metric[\"energy.psys\"]'}", NULL,
		"metric 'x': its expression gives nil: what it needs was not measured"},
	{"x: {expr: 'n'}", NULL, "metric 'x': its expression gives 'a.b', expected a number"},
	{"x: {expr: 'metric.time', expect: {range: [3, 4]}}", NULL, "x is 2, expected 3 to 4"},
	{"", "0", "work is 0, expected more than 0"},
	{"", "-3", "work is -3, expected more than 0"},
	{"", "1 / 0", "work is inf, expected more than 0"},
	{"", "n", "work: its expression gives 'a.b', expected a number"},
	{"a: {json: b, optional: true}", "metric.a",
		"work: its expression gives nil: what it needs was not measured"},
};

static void describe(const struct extraction *out, struct buf *text)
{
	for (size_t i = 0; i < out->n; i++) {
		const struct extracted *e = &out->items[i];

		buf_addf(text, "%s%s=%.12g%s", i ? " " : "", e->name, e->value,
			strcmp(e->unit, "1") == 0 ? "" : e->unit);
	}
}

static void test_metrics_are_computed_of_others(void **state)
{
	static const struct message_metric measured[] = {TIME_2S, ENERGY_10J, NET_5J, DRAM_1J,
		PART_10J, LOAD_HALF, TEMPERATURE, {"energy.psys", "uJ", ABSENT, ABSENT, ABSENT}};
	static const char text[] = "{\"a\": 4}";
	const struct run_output run = {.stdout_text = text,
		.stdout_len = strlen(text),
		.measured = measured,
		.measured_n = ARRAY_SIZE(measured)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(computed); i++) {
		struct campaign *c = campaign_with(computed[i].metrics, computed[i].work);
		_cleanup_buf_ struct buf got = BUF_INIT;
		struct extraction out;
		struct error err = {0};

		if (extract_at(c, 0, &run, &out, &err) < 0)
			buf_adds(&got, err.text);
		else
			describe(&out, &got);
		assert_string_equal(got.data, computed[i].wanted);
		for (size_t k = 0; k < out.n; k++)
			if (strstr(out.items[k].name, "per_work"))
				assert_int_equal(out.items[k].better, BETTER_LOWER);
		extraction_done(&out);
		campaign_free(c);
	}
}

/* What is measured under a role counts by the work of all, too: what a request costs at the server.
 */
static void test_work_of_roles(void **state)
{
	static const struct message_metric measured[] = {TIME_2S, ENERGY_10J,
		{"server.time", "ns", 3 * NS_PER_S, ABSENT, ABSENT},
		{"server.energy.package", "uJ", 6000000, ABSENT, ABSENT},
		{"server.energy.package-0", "uJ", 6000000, ABSENT, ABSENT},
		{"client.energy.package", "uJ", 4000000, ABSENT, ABSENT},
		{"serve.energy.package", "uJ", 1000000, ABSENT, ABSENT}};
	const struct run_output run = {
		.stdout_text = "", .measured = measured, .measured_n = ARRAY_SIZE(measured)};
	struct campaign *c = read_text("campaign: c\nmatrix: {n: [1], size: [2]}\n"
				       "benchmarks: {a: {roles: {server: {command: [b, '{n}']}, "
				       "client: {command: [c, '{size}']}}, main: client, "
				       "work: {value: 4, unit: op}}}\n");
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct extraction out;
	struct error err = {0};

	(void)state;
	assert_int_equal(extract_at(c, 0, &run, &out, &err), 0);
	describe(&out, &got);
	assert_string_equal(got.data,
		"throughput=2op/s time.per_work=0.5s/op energy.package.per_work=2.5J/op "
		"server.time.per_work=0.75s/op server.energy.package.per_work=1.5J/op "
		"client.energy.package.per_work=1J/op");
	for (size_t i = 1; i < out.n; i++)
		assert_int_equal(out.items[i].better, BETTER_LOWER);
	extraction_done(&out);
	campaign_free(c);
}

static void test_a_scale_keeps_the_last_digit(void **state)
{
	(void)state;
	assert_true(extract_scaled(5, 1e-6) == 5e-6);
	assert_true(extract_scaled(12.5, 1e-9) == 12.5e-9);
	assert_true(extract_scaled(-3, 0.5) == -1.5);
	assert_true(extract_scaled(2, 1e6) == 2e6);
	assert_true(extract_scaled(2, -1e-3) == -2e-3);
	assert_true(extract_scaled(2, 0.3) == 0.6);
	assert_true(extract_scaled(2, 0) == 0);
}

static void test_a_text_has_bounds(void **state)
{
	struct campaign *c = campaign_of("x: {pattern: '^(.*)$'}");
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct extraction out;
	struct error err = {0};

	(void)state;
	c->benchmarks[0].metrics[0].expect = EXPECT_SAME;
	for (int i = 0; i < 4096; i++)
		buf_addc(&text, 'a');
	assert_int_equal(extract_text(c, text.data, &out, &err), 0);
	extraction_done(&out);
	buf_addc(&text, 'a');
	assert_int_equal(extract_text(c, text.data, &out, &err), -ENODATA);
	assert_non_null(strstr(err.text, "in stdout is longer than 4096 bytes"));
	extraction_done(&out);
	campaign_free(c);
}

/* Output that is meant to take long: broken JSON on every line, nested deeper than any parser goes.
 */
static void test_broken_json_is_given_up_in_time(void **state)
{
	struct campaign *c = campaign_of("x: {json: x}");
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct extraction out;
	struct error err = {0};

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_adds(&text, "[\n");
	assert_int_equal(extract_text(c, text.data, &out, &err), -ENODATA);
	extraction_done(&out);
	campaign_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_are_found_where_they_are),
		cmocka_unit_test(test_several_metrics_and_both_streams),
		cmocka_unit_test(test_take_makes_one_value_of_several),
		cmocka_unit_test(test_a_series_keeps_its_order_and_is_scaled),
		cmocka_unit_test(test_a_series_has_an_end),
		cmocka_unit_test(test_a_file_is_read_where_the_run_left_one),
		cmocka_unit_test(test_what_may_be_in_a_gap_is_not_guessed),
		cmocka_unit_test(test_a_wrong_answer_is_found),
		cmocka_unit_test(test_match_needs_no_number),
		cmocka_unit_test(test_same_names_whose_answers_are_compared),
		cmocka_unit_test(test_what_is_the_same_answer),
		cmocka_unit_test(test_metrics_are_computed_of_others),
		cmocka_unit_test(test_work_of_roles),
		cmocka_unit_test(test_a_scale_keeps_the_last_digit),
		cmocka_unit_test(test_a_text_has_bounds),
		cmocka_unit_test(test_broken_json_is_given_up_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
