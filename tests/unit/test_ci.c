#include "coordinator/output/ci.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a form makes of one case (or none) whose texts are all this one; the caller frees. */
static char *written(const struct ci_ops *ops, const char *text, enum ci_result result, bool is_any)
{
	char *const notes[] = {(char *)text};
	const struct ci_case c = {.result = result,
		.suite = text,
		.group = text,
		.name = text,
		.title = text,
		.text = text,
		.line = 7};
	const struct ci_report report = {.name = text,
		.file = text,
		.host = text,
		.at = 0,
		.cases = &c,
		.n = is_any ? 1 : 0,
		.notes = notes,
		.notes_n = is_any ? 1 : 0};
	char *out = NULL;
	size_t len;
	FILE *to = open_memstream(&out, &len);

	ops->write(&report, to);
	fclose(to);
	return out;
}

static const char nasty[] =
	"a<b>&\"c\"'d'\r\n%:,\t\x1b[31m]]>--\xff\xc3(\xed\xa0\x80\xef\xbf\xbf é";

static void test_junit(void **state)
{
	_cleanup_free_ char *xml = written(&ci_junit, nasty, CI_FAILED, true);
	static const char escaped[] =
		"message=\"a&#60;b&#62;&#38;&#34;c&#34;'d'&#13;&#10;%:,&#9;\xef\xbf\xbd[31m]]&#62;-"
		"-"
		"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd é\" "
		"type=\"regressed\">";

	(void)state;
	assert_non_null(strstr(xml, escaped));
	assert_non_null(strstr(xml, "timestamp=\"1970-01-01T00:00:00\""));
}

static void test_github(void **state)
{
	static const char as_property[] =
		"title=a<b>&\"c\"'d'%0D%0A%25%3A%2C\t\xef\xbf\xbd[31m]]>--\xef\xbf\xbd\xef\xbf\xbd("
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbf é::";
	static const char as_text[] = "::a<b>&\"c\"'d'%0D%0A%25:,\t";
	static const struct {
		enum ci_result result;
		const char *begin;
	} vectors[] = {
		{CI_FAILED, "::error "},
		{CI_BROKEN, "::error "},
		{CI_WARNED, "::warning "},
		{CI_SKIPPED, "::notice "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *line = written(&ci_github, nasty, vectors[i].result, true);

		assert_int_equal(strncmp(line, vectors[i].begin, strlen(vectors[i].begin)), 0);
		assert_non_null(strstr(line, as_property));
		assert_non_null(strstr(line, as_text));
		assert_non_null(strstr(line, ",line=7,"));
		assert_ptr_equal(strchr(strchr(line, '\n') + 1, '\n'), line + strlen(line) - 1);
	}
}

static void test_gitlab(void **state)
{
	_cleanup_free_ char *text = written(&ci_gitlab, nasty, CI_WARNED, true);
	_cleanup_free_ char *other = written(&ci_gitlab, nasty, CI_FAILED, true);
	json_t *list = json_loads(text, 0, NULL), *failed = json_loads(other, 0, NULL);
	json_t *one = json_array_get(list, 0);

	(void)state;
	assert_int_equal(json_array_size(list), 1);
	assert_non_null(strstr(json_string_value(json_object_get(one, "description")), "\r\n%:,"));
	assert_string_equal(json_string_value(json_object_get(one, "severity")), "minor");
	const char *a = json_string_value(json_object_get(one, "fingerprint"));
	const char *b =
		json_string_value(json_object_get(json_array_get(failed, 0), "fingerprint"));
	assert_int_equal(strlen(a), 32);
	assert_string_not_equal(a, b);
	json_decref(list);
	json_decref(failed);
}

/* What passed is of JUnit alone; nothing is an empty report. */
static void test_nothing(void **state)
{
	_cleanup_free_ char *passed = written(&ci_gitlab, "x", CI_PASSED, true);
	_cleanup_free_ char *github = written(&ci_github, "x", CI_PASSED, false);
	_cleanup_free_ char *gitlab = written(&ci_gitlab, "x", CI_PASSED, false);
	_cleanup_free_ char *junit = written(&ci_junit, "x", CI_PASSED, false);

	(void)state;
	assert_string_equal(passed, "[]\n");
	assert_string_equal(github, "");
	assert_string_equal(gitlab, "[]\n");
	assert_string_equal(junit, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				   "<testsuites name=\"x\" tests=\"0\" failures=\"0\" errors=\"0\" "
				   "time=\"0\">\n</testsuites>\n");
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; ci_formats[i] != NULL; i++)
		assert_ptr_equal(ci_by_name(ci_formats[i]->name), ci_formats[i]);
	assert_null(ci_by_name("table"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_junit),
		cmocka_unit_test(test_github),
		cmocka_unit_test(test_gitlab),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
