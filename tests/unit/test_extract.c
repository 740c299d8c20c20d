/* A program's own metrics out of its output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/campaign.h"
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
	{"{json: a}", "{\"b\": 1}\n", 0, "metric 'x': no 'a' in the last JSON value of stdout"},
	{"{json: a}", "{\"a\": 1}\n[]\n", 0, "metric 'x': no 'a' in the last JSON value of stdout"},
	{"{json: a}", "{\"a\": null}\n", 0, "metric 'x': no 'a' in the last JSON value of stdout"},
	{"{json: a}", "{\"a\": \"1\"}\n", 0, "metric 'x': 'a' in stdout is no number"},
	{"{json: a}", "{\"a\": NaN}\n", 0,
		"metric 'x': no JSON value that begins at the start of a line in stdout"},
	{"{json: /0/1}", "[5, 6]", 0, "metric 'x': no '/0/1' in the last JSON value of stdout"},
	{"{json: /01}", "[5, 6]", 0, "metric 'x': no '/01' in the last JSON value of stdout"},
	{"{json: a, optional: true}", "nothing", 0, ""},
	{"{json: a, optional: true}", "{\"a\": []}", 0, "metric 'x': 'a' in stdout is no number"},
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

static struct campaign *campaign_of(const char *metrics)
{
	_cleanup_free_ char *text =
		xasprintf("campaign: c\nmatrix: {n: [a.b]}\n"
			  "benchmarks: {a: {command: ['{n}'], metrics: {%s}}}\n",
			metrics);
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(text, strlen(text), NULL, &d);

	for (size_t i = 0; i < d.n; i++)
		print_message("%s: %s\n", metrics, d.items[i].text);
	assert_non_null(c);
	diagnostics_done(&d);
	return c;
}

static void check_vector(const struct vector *v)
{
	_cleanup_free_ char *metrics = xasprintf("x: %s", v->metric);
	struct campaign *c = campaign_of(metrics);
	const struct benchmark *b = &c->benchmarks[0];
	struct configuration configuration = {.benchmark = b, .values = b->axes[0].values};
	struct extracted out[1];
	struct error err = {0};
	int n = extract_metrics(
		b, &configuration, v->output, strlen(v->output), NULL, 0, out, &err);

	if (!v->error) {
		assert_string_equal(err.text, "");
		assert_int_equal(n, 1);
		assert_ptr_equal(out[0].metric, &b->metrics[0]);
		assert_true(out[0].value == v->value);
	} else if (v->error[0] == '\0') {
		assert_int_equal(n, 0);
	} else {
		assert_int_equal(n, -ENODATA);
		assert_string_equal(err.text, v->error);
	}
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
	struct campaign *c =
		campaign_of("p: {json: p}, gone: {json: gone, optional: true}, "
			    "q: {pattern: 'q(\\d)', from: stderr}, r: {json: r, from: stderr}");
	const struct benchmark *b = &c->benchmarks[0];
	struct configuration configuration = {.benchmark = b, .values = b->axes[0].values};
	const char *out_text = "{\"p\": 1}", *err_text = "q2\n{\"r\": 3}\n";
	struct extracted out[4];
	struct error err = {0};

	(void)state;
	assert_int_equal(extract_metrics(b, &configuration, out_text, strlen(out_text), err_text,
				 strlen(err_text), out, &err),
		3);
	assert_string_equal(out[0].metric->name, "p");
	assert_string_equal(out[1].metric->name, "q");
	assert_true(out[1].value == 2);
	assert_string_equal(out[2].metric->name, "r");
	assert_true(out[2].value == 3);
	campaign_free(c);
}

/* Output that is meant to take long: broken JSON on every line, nested deeper than any parser goes.
 */
static void test_broken_json_is_given_up_in_time(void **state)
{
	struct campaign *c = campaign_of("x: {json: x}");
	const struct benchmark *b = &c->benchmarks[0];
	struct configuration configuration = {.benchmark = b, .values = b->axes[0].values};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct extracted out[1];
	struct error err = {0};

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_adds(&text, "[\n");
	assert_int_equal(
		extract_metrics(b, &configuration, text.data, text.len, NULL, 0, out, &err),
		-ENODATA);
	campaign_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_are_found_where_they_are),
		cmocka_unit_test(test_several_metrics_and_both_streams),
		cmocka_unit_test(test_broken_json_is_given_up_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
