#include "coordinator/report/figure_chart.h"
#include "coordinator/report/html.h"
#include "coordinator/report/markdown.h"
#include "coordinator/report/page.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a function prints; the caller frees. */
static char *printed(void (*print)(FILE *to, const char *text), const char *text)
{
	char *out = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&out, &len);

	assert_non_null(to);
	print(to, text);
	fclose(to);
	return out;
}

static void test_text_is_text(void **state)
{
	static const struct {
		const char *text, *html;
	} vectors[] = {
		{"plain", "plain"},
		{"</script>", "&lt;/script&gt;"},
		{"a & \"b\" 'c'", "a &amp; &quot;b&quot; &#39;c&#39;"},
		{"ä € 😀", "ä € 😀"},
		{"tab\tline\n", "tab\tline\n"},
		{"bell\a esc\x1b[0m", "bell\xef\xbf\xbd esc\xef\xbf\xbd[0m"},
		{"\xff", "\xef\xbf\xbd"},
		{"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc0\xbc"
		 "overlong",
			"\xef\xbf\xbd\xef\xbf\xbdoverlong"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc2\x9b", "\xef\xbf\xbd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *html = printed(html_text, vectors[i].text);
		assert_string_equal(html, vectors[i].html);
	}
}

static void print_as_json(FILE *to, const char *text)
{
	json_t *value = json_text(text);

	html_json(to, value);
	json_decref(value);
}

static void test_json_ends_no_script(void **state)
{
	_cleanup_free_ char *a = printed(print_as_json, "</script><!--");
	_cleanup_free_ char *b = printed(print_as_json, "\xff\xe2\x80\xa8");

	(void)state;
	assert_string_equal(a, "\"\\u003c/script>\\u003c!--\"");
	assert_string_equal(b, "\"\\uFFFD\\u2028\"");
}

static void test_markdown(void **state)
{
	static const struct {
		const char *text, *html;
	} vectors[] = {
		{"one *two* **three** `<b>`",
			"<p>one <em>two</em> <strong>three</strong> <code>&lt;b&gt;</code></p>\n"},
		{"# head", "<h3>head</h3>\n"},
		{"###### deep", "<h6>deep</h6>\n"},
		{"- a\n- b", "<ul><li>a</li>\n<li>b</li>\n</ul>\n"},
		{"3. a", "<ol start=\"3\"><li>a</li>\n</ol>\n"},
		{"    code <i>", "<pre><code>code &lt;i&gt;\n</code></pre>\n"},
		{"a &amp; b &lt;", "<p>a &amp; b &lt;</p>\n"},
		{"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
		{"[x](https://a.example/?b=\"c\")",
			"<p><a rel=\"noopener noreferrer\" "
			"href=\"https://a.example/?b=&quot;c&quot;\">x</a></p>\n"},
		{"[x](https://a.example/?a&amp;b=\"&lt;&d)",
			"<p><a rel=\"noopener noreferrer\" "
			"href=\"https://a.example/?a&amp;b=&quot;&lt;&amp;d\">x</a></p>\n"},
		{"[x](javascript:alert(1))", "<p><span>x</span></p>\n"},
		{"[x](java&#115;cript:alert(1))", "<p><span>x</span></p>\n"},
		{"[x](JaVaScRiPt:alert(1))", "<p><span>x</span></p>\n"},
		{"[x](data:text/html,y)", "<p><span>x</span></p>\n"},
		{"![x](https://a.example/y.png)", "<p><a rel=\"noopener noreferrer\" "
						  "href=\"https://a.example/y.png\">x</a></p>\n"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *html = printed(markdown_html, vectors[i].text);
		assert_string_equal(html, vectors[i].html);
	}
}

/* ---- charts ---- */

static struct figure *make_figure(struct figures *all, bool has_ends)
{
	static const char *const names[] = {"nogil", "gil", "nogil"};
	struct figure *f = figure_add(all, "speedup", "Speed <up>");

	figure_field(f, "x", FIELD_NUMBER, NULL, "threads");
	figure_field(f, "y", FIELD_NUMBER, "s", "time");
	figure_field(f, "high", FIELD_NUMBER, "s", "upper end");
	figure_field(f, "series", FIELD_TEXT, NULL, "python");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		figure_row(f);
		figure_set_number(f, "x", (double)i + 1);
		figure_set_number(f, "y", i == 1 ? NAN : 0.1234567 * ((double)i + 1));
		if (has_ends)
			figure_set_number(f, "high", 0.5 * ((double)i + 1));
		figure_set_text(f, "series", names[i]);
	}
	figure_panel(f, "{'layer': ["
			"{'mark': 'area', 'encoding': {'x': {'field': 'x'}, 'y': {'field': 'y'}, "
			"'y2': {'field': 'high'}, 'color': {'field': 'series'}}},"
			"{'mark': 'line', 'encoding': {'x': {'field': 'x', 'title': 'cores'}, "
			"'y': {'aggregate': 'mean', 'field': 'high', 'scale': {'type': 'log', "
			"'zero': false}}}}]}");
	return f;
}

/* The text, number or array at a path of keys and indices, as JSON. */
#define AT(chart, want, ...)                                                                       \
	do {                                                                                       \
		const char *const path[] = {__VA_ARGS__};                                          \
		json_t *at = chart;                                                                \
		for (size_t p = 0; p < ARRAY_SIZE(path); p++)                                      \
			at = json_is_array(at) ? json_array_get(at, (size_t)atoi(path[p]))         \
					       : json_object_get(at, path[p]);                     \
		char *text = at == NULL ? NULL : json_dumps(at, JSON_COMPACT | JSON_ENCODE_ANY);   \
		assert_string_equal(text == NULL ? "none" : text, want);                           \
		free(text);                                                                        \
	} while (0)

static void test_chart_is_completed(void **state)
{
	struct figures all = {0};
	json_t *chart = figure_chart(make_figure(&all, true), 0);

	(void)state;
	AT(chart, "\"quantitative\"", "layer", "0", "encoding", "x", "type");
	AT(chart, "\"nominal\"", "layer", "0", "encoding", "color", "type");
	AT(chart, "none", "layer", "0", "encoding", "y2", "type");
	/* One title for an axis, whichever layer has it. */
	AT(chart, "\"time (s)\"", "layer", "0", "encoding", "y", "title");
	AT(chart, "\"time (s)\"", "layer", "1", "encoding", "y", "title");
	AT(chart, "[\"nogil\",\"gil\"]", "layer", "0", "encoding", "color", "sort");
	AT(chart, "\"python\"", "layer", "0", "encoding", "tooltip", "3", "title");
	/* A mark of many rows has no row to tell of. */
	AT(chart, "none", "layer", "1", "encoding", "tooltip");
	AT(chart, "{\"type\":\"log\"}", "layer", "1", "encoding", "y", "scale");
	json_decref(chart);
	figures_done(&all);
}

/* Intervals that no row has are not drawn; one layer stays, so that there is a chart. */
static void test_layers_without_values_go(void **state)
{
	struct figures all = {0};
	json_t *chart = figure_chart(make_figure(&all, false), 0);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(chart, "layer")), 1);
	json_decref(chart);
	figures_done(&all);
}

static void test_figure_by_itself(void **state)
{
	struct figures all = {0};
	struct figure *f = make_figure(&all, false);
	json_t *document = figure_document(f, "speedup-1.csv");
	char *csv = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&csv, &len);

	(void)state;
	figure_csv(f, to);
	fclose(to);
	assert_string_equal(csv, "x,y,high,series\n1,0.123457,,nogil\n2,,,gil\n3,0.37037,,nogil\n");
	AT(document, "\"speedup-1.csv\"", "data", "url");
	AT(document, "\"number\"", "data", "format", "parse", "y");
	AT(document, "\"Speed <up>\"", "title");
	json_decref(document);
	f->facet = "series";
	document = figure_document(f, "speedup-1.csv");
	AT(document, "\"series\"", "facet", "field");
	AT(document, "\"area\"", "spec", "layer", "0", "mark");
	json_decref(document);
	free(csv);
	figures_done(&all);
}

/* ---- provenance ---- */

/* What a part of the page prints; the caller frees. */
static char *part_of(void (*print)(const struct report *r, FILE *to), const struct report *r)
{
	char *out = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&out, &len);

	assert_non_null(to);
	print(r, to);
	fclose(to);
	return out;
}

static void assert_has(const char *page, const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("'%s' is not in %s", part, page);
}

/* Rows are those that some host has something to. */
static void test_machines(void **state)
{
	static char full[] =
		"{\"cores\":4,\"threads\":8,\"numa\":2,\"memory\":68719476736,"
		"\"governor\":null,\"frequency\":{\"base\":3000000000},\"power_limits\":["
		"{\"zone\":\"package-0\",\"name\":\"long_term\",\"limit_uw\":125000000},"
		"{\"zone\":\"package-0\",\"name\":\"short_term\",\"limit_uw\":253500000},"
		"{\"zone\":\"package-1\",\"name\":\"long_term\",\"limit_uw\":null}],"
		"\"energy\":{\"source\":\"powercap\",\"filtered\":\"filtering is on\",\"zones\":["
		"{\"name\":\"package-0\",\"state\":\"ok\",\"unit_nj\":61035,\"update_us\":997},"
		"{\"name\":\"core\",\"state\":\"absent\",\"unit_nj\":61035},"
		"{\"name\":\"dram\",\"state\":\"ok\",\"unit_nj\":null,\"update_us\":1000}]}}";
	static char plain[] = "{\"cores\":2,\"numa\":1,\"energy\":{\"source\":null,"
			      "\"filtered\":null,\"zones\":[]},\"power_limits\":[]}";
	struct gathered_lane lanes[] = {{.host = (char[]){"big"}, .inventory = full},
		{.host = (char[]){"<small>"}, .inventory = plain},
		{.host = (char[]){"unknown"}, .inventory = (char[]){""}}};
	struct gathered g = {.lanes = lanes, .lanes_n = ARRAY_SIZE(lanes)};
	const struct report r = {.g = &g};
	_cleanup_free_ char *page = part_of(page_machines, &r);

	(void)state;
	assert_has(page, "&lt;small&gt;");
	assert_has(page, "NUMA nodes</th><td>2</td><td>1</td><td></td>");
	assert_has(page, "memory</th><td>64 GiB</td><td></td><td></td>");
	assert_has(page, "base frequency</th><td>3 GHz</td><td></td>");
	assert_has(page, "power limits</th><td>package-0: PL1 125 W, PL2 253.5 W; "
			 "package-1: PL1 none</td><td></td>");
	assert_has(page, "energy</th><td>powercap: package-0, dram</td><td>none</td>");
	assert_has(page, "energy units</th><td>package-0: unit 61.03 µJ, a step every 0.997 ms; "
			 "dram: a step every 1 ms</td><td></td>");
	assert_has(page, "energy filtered</th><td>filtering is on</td><td></td>");
	assert_null(strstr(page, "governor"));
	assert_null(strstr(page, "microcode"));
	g.lanes = &lanes[1];
	g.lanes_n = 1;
	_cleanup_free_ char *other = part_of(page_machines, &r);
	assert_null(strstr(other, "power limits"));
	assert_null(strstr(other, "energy filtered"));
}

static void test_accounts(void **state)
{
	struct account items[] = {
		{.host = (char[]){"lab1"},
			.planned = 21,
			.done = 6,
			.failed = 5,
			.timeout = 4,
			.skipped = 3,
			.cancelled = 2,
			.open = 1,
			.warmup = 0,
			.flagged = 6,
			.lost = 9},
		{.planned = 10, .open = 10},
	};
	struct gathered g = {.ended_at = ABSENT};
	struct report r = {.g = &g, .accounts = {.items = items, .n = 2, .all = {.planned = 31}}};
	_cleanup_free_ char *page = part_of(page_accounts, &r);

	(void)state;
	assert_has(page, "still to come<");
	assert_has(page, "lab1</th><td class=\"n\">21</td><td class=\"n\">6</td><td "
			 "class=\"n\">5</td><td class=\"n\">4</td><td class=\"n\">3</td><td "
			 "class=\"n\">2</td><td class=\"n\">1</td><td class=\"n\">0</td><td "
			 "class=\"n\">6</td><td class=\"n\">9</td>");
	assert_has(page, "not handed out yet</th><td class=\"n\">10</td>");
	assert_has(page, "all</th><td class=\"n\">31</td>");
	r.no_accounts = (char[]){"too old"};
	_cleanup_free_ char *other = part_of(page_accounts, &r);
	assert_has(other, "not known: too old");
}

/* Whatever a command prints on however many hosts, the page can be opened. */
static void test_found_is_bounded(void **state)
{
	enum { HOSTS = 200, LONG = 64 * 1024 };
	static char lab[] = "lab", json[] = "[\"x\"]", command[] = "x", line[] = "{}";
	_cleanup_free_ struct requirement *items = xcalloc(HOSTS, sizeof *items);
	_cleanup_free_ char *printed = xcalloc(LONG + 1, 1);
	json_t *many = json_object();
	struct gathered g = {.label = (char[]){"c.1"}};
	struct report r = {.g = &g, .requirements = {.items = items, .n = HOSTS}};

	(void)state;
	for (size_t i = 0; i < LONG; i += 2)
		memcpy(printed + i, "é", 2);
	for (int i = 0; i < 4000; i++) {
		char name[32];
		snprintf(name, sizeof name, "key%d", i);
		json_object_set_new(many, name, json_string("value"));
	}
	for (size_t i = 0; i < HOSTS; i++)
		items[i] = (struct requirement){.host = lab,
			.json = json,
			.command = command,
			.answer = 1,
			.is_met = i % 4 != 0,
			.reason = printed,
			.output = printed,
			.line = line,
			.found = i % 2 == 0 ? many : NULL};
	_cleanup_free_ char *page = part_of(page_found, &r);
	assert_true(strlen(page) < 2 * 1024 * 1024);
	assert_has(page, "<dt>key0</dt><dd>value</dd>");
	assert_null(strstr(page, "\xef\xbf\xbd")); /* no character is cut in two */
	assert_has(page, "…</pre>");
	assert_has(page, "joulerig export c.1 --what requirements");
	items[0].reason = items[0].output = (char[]){"no"};
	r.requirements.n = 1;
	_cleanup_free_ char *one = part_of(page_found, &r);
	assert_has(one, "<p>skipped: no</p>");
	assert_null(strstr(one, "…"));
	json_decref(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_text),
		cmocka_unit_test(test_json_ends_no_script),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_chart_is_completed),
		cmocka_unit_test(test_layers_without_values_go),
		cmocka_unit_test(test_figure_by_itself),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_found_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
