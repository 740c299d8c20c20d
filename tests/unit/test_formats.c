#include "coordinator/output/output.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct column columns[] = {{"name", "title", false}, {"number", NULL, true},
	{"flag", NULL, false}, {"more", NULL, false}, {"json", NULL, false}};

static const struct cell rows[][5] = {
	{{CELL_TEXT, "plain"}, {CELL_NUMBER, "1.5"}, {CELL_BOOL, "true"}, {CELL_NONE, NULL},
		{CELL_JSON, "{\"a\":1}"}},
	{{CELL_TEXT, "a,\"b\"\nc|d"}, {CELL_NUMBER, "-20"}, {CELL_BOOL, "false"}, {CELL_TEXT, ""},
		{CELL_JSON, "[]"}},
	{{CELL_TEXT, "µ漢\xff"}, {CELL_NONE, NULL}, {CELL_NONE, NULL}, {CELL_TEXT, "\x1b[31m"},
		{CELL_NONE, NULL}},
};

static char *write_rows(const struct output_ops *ops, size_t n)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct output *o = ops->begin(to, columns, ARRAY_SIZE(columns));

	for (size_t i = 0; i < n; i++)
		ops->row(o, rows[i]);
	ops->end(o);
	fclose(to);
	return text;
}

static void test_formats_write_exactly(void **state)
{
	static const struct {
		const struct output_ops *ops;
		size_t rows;
		const char *text;
	} vectors[] = {
		{&output_csv, 0, "name,number,flag,more,json\n"},
		{&output_csv, 3,
			"name,number,flag,more,json\nplain,1.5,true,,\"{\"\"a\"\":1}\"\n"
			"\"a,\"\"b\"\"\nc|d\",-20,false,,[]\nµ漢\xff,,,\x1b[31m,\n"},
		{&output_json, 0, "[]\n"},
		{&output_json, 2,
			"[\n{\"name\":\"plain\",\"number\":1.5,\"flag\":true,\"more\":null,"
			"\"json\":{\"a\":1}},\n"
			"{\"name\":\"a,\\\"b\\\"\\nc|d\",\"number\":-20,\"flag\":false,\"more\":"
			"\"\",\"json\":[]}\n]\n"},
		{&output_ndjson, 0, ""},
		{&output_ndjson, 1,
			"{\"name\":\"plain\",\"number\":1.5,\"flag\":true,\"more\":null,\"json\":{"
			"\"a\":1}}\n"},
		{&output_markdown, 2,
			"| title | number | flag | more | json |\n| --- | ---: | --- | --- | --- "
			"|\n"
			"| plain | 1.5 | true |  | {\"a\":1} |\n| a,\"b\"<br>c\\|d | -20 | false | "
			" | [] |\n"},
		{&output_table, 0, "title  number  flag  more  json\n"},
		{&output_table, 3,
			"title      number  flag   more   json\n"
			"plain         1.5  true          {\"a\":1}\n"
			"a,\"b\" c|d     -20  false         []\n"
			"µ漢\xff                       [31m\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char *text = write_rows(vectors[i].ops, vectors[i].rows);
		assert_string_equal(text, vectors[i].text);
		free(text);
	}
}

static void test_every_format_is_listed_and_works(void **state)
{
	struct error err;

	(void)state;
	for (size_t i = 0; outputs[i] != NULL; i++) {
		assert_ptr_equal(output_by_name(outputs[i]->name, &err), outputs[i]);
		assert_true(text_width(outputs[i]->help) > 0);
		free(write_rows(outputs[i], 3));
	}
	assert_null(output_by_name("jsn", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "did you mean 'json'"));
}

static void test_json_is_json_whatever_the_bytes(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 1; second < 256; second++) {
			const char bytes[] = {(char)first, (char)second, '\0'};
			struct buf b = BUF_INIT;
			json_add_string(&b, bytes, 2);
			json_t *value = json_loads(b.data, JSON_DECODE_ANY, NULL);
			assert_non_null(value);
			if (first < 0x80 && second < 0x80)
				assert_string_equal(json_string_value(value), bytes);
			json_decref(value);
			buf_done(&b);
		}
	}
}

static void test_text_width(void **state)
{
	static const struct {
		const char *text;
		int width;
	} vectors[] = {{"", 0}, {"abc", 3}, {"±×·", 3}, {"漢字", 4}, {"e\xcc\x81", 1},
		{"\xff\xfe", 2}, {"m°C", 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(text_width(vectors[i].text), vectors[i].width);
}

static void test_long_last_column_is_wrapped(void **state)
{
	static const struct column two[] = {{"a", NULL, false}, {"reason", NULL, false}};
	char long_text[301];
	char *text = NULL;
	size_t len;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		long_text[i] = i % 7 == 6 ? ' ' : 'x';
	long_text[300] = '\0';
	FILE *to = open_memstream(&text, &len);
	struct output *o = output_table.begin(to, two, 2);
	output_table.row(o, (const struct cell[]){{CELL_TEXT, "key"}, {CELL_TEXT, long_text}});
	output_table.end(o);
	fclose(to);
	size_t lines = 0, letters = 0;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest), lines++) {
		assert_true(strlen(line) <= 100);
		for (const char *p = line; *p != '\0'; p++)
			letters += *p == 'x';
	}
	assert_int_equal(lines, 5);
	assert_int_equal(letters, 300 - 300 / 7);
	free(text);
}

/* Both ways to break lines: nobody reads "117" and, below it, "%;". */
static void test_a_number_keeps_its_unit(void **state)
{
	static const struct column two[] = {{"a", NULL, false}, {"reason", NULL, false}};
	static const struct {
		const char *text, *first; /* line */
	} vectors[] = {{"differs 117 %; more", "differs"}, {"differs 117 ms of it", "differs"},
		{"differs 117 runs of it", "differs 117"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *all = xasprintf("%081d %s", 0, vectors[i].text);
		for (int way = 0; way < 2; way++) {
			char *text = NULL;
			size_t len;
			FILE *to = open_memstream(&text, &len);
			if (way == 0) {
				struct output *o = output_table.begin(to, two, 2);
				output_table.row(o, (const struct cell[]){
							    {CELL_TEXT, "key"}, {CELL_TEXT, all}});
				output_table.end(o);
			} else {
				output_wrapped(all, 5, to);
			}
			fclose(to);
			_cleanup_free_ char *want = xasprintf("%081d %s\n", 0, vectors[i].first);
			assert_non_null(strstr(text, want));
			free(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_write_exactly),
		cmocka_unit_test(test_every_format_is_listed_and_works),
		cmocka_unit_test(test_json_is_json_whatever_the_bytes),
		cmocka_unit_test(test_text_width),
		cmocka_unit_test(test_long_last_column_is_wrapped),
		cmocka_unit_test(test_a_number_keeps_its_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
