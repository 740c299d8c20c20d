#include "proto/options.h"
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

struct target {
	bool quiet;
	const char *db, *format;
	struct texts labels;
	int64_t every_ns, blocks;
	const char *name;
};

static const char *const formats[] = {"table", "csv", "json", NULL};
static const struct option_info table[] = {
	{.name = "quiet",
		.kind = OPTION_FLAG,
		.offset = offsetof(struct target, quiet),
		.help = "say less"},
	{.name = "db",
		.kind = OPTION_TEXT,
		.offset = offsetof(struct target, db),
		.value = "PATH",
		.help = "the store"},
	{.name = "format",
		.kind = OPTION_TEXT,
		.offset = offsetof(struct target, format),
		.value = "F",
		.help = "how",
		.choices = formats},
	{.name = "label",
		.kind = OPTION_TEXTS,
		.offset = offsetof(struct target, labels),
		.value = "K=V",
		.help = "a label"},
	{.name = "every",
		.kind = OPTION_DURATION,
		.offset = offsetof(struct target, every_ns),
		.value = "T",
		.help = "period"},
	{.name = "blocks",
		.kind = OPTION_COUNT,
		.offset = offsetof(struct target, blocks),
		.value = "N",
		.help = "blocks"},
	{.name = NULL},
};
static const struct option_info common[] = {
	{.name = "name",
		.kind = OPTION_TEXT,
		.offset = offsetof(struct target, name),
		.value = "NAME",
		.help = "a name"},
	{.name = NULL},
};

#define MAX_WORDS 16

/* Words separated by spaces as argv. */
static int parse(const char *line, bool stop, struct target *t, struct options_result *r,
	struct error *err, char *space)
{
	char *argv[MAX_WORDS + 1] = {(char *)"joulerig"};
	int argc = 1;

	strcpy(space, line);
	for (char *p = strtok(space, " "); p != NULL; p = strtok(NULL, " "))
		argv[argc++] = p;
	*t = (struct target){.blocks = ABSENT};
	return options_parse(argc, argv, table, common, t, stop, r, err);
}

static void done(struct target *t, struct options_result *r)
{
	free(t->labels.items);
	options_done(r);
}

static void test_all_kinds(void **state)
{
	struct options_result r;
	struct target t;
	char space[256];

	(void)state;
	assert_int_equal(parse("--quiet --db=a.db file --label a=b --label=c=d x", false, &t, &r,
				 NULL, space),
		0);
	assert_true(t.quiet);
	assert_string_equal(t.db, "a.db");
	assert_int_equal(t.labels.n, 2);
	assert_string_equal(t.labels.items[0], "a=b");
	assert_string_equal(t.labels.items[1], "c=d");
	assert_int_equal(r.n, 2);
	assert_string_equal(r.arguments[0], "file");
	assert_string_equal(r.arguments[1], "x");
	assert_false(r.help);
	done(&t, &r);
	assert_int_equal(parse("--every 250ms --blocks 0 --format json --name - --db=", false, &t,
				 &r, NULL, space),
		0);
	assert_int_equal(t.every_ns, 250 * NS_PER_MS);
	assert_int_equal(t.blocks, 0);
	assert_string_equal(t.format, "json");
	assert_string_equal(t.name, "-");
	assert_string_equal(t.db, "");
	done(&t, &r);
}

static void test_ends_of_options(void **state)
{
	struct options_result r;
	struct target t;
	char space[256];

	(void)state;
	assert_int_equal(parse("a -- --quiet b", false, &t, &r, NULL, space), 0);
	assert_false(t.quiet);
	assert_int_equal(r.n, 3);
	assert_string_equal(r.arguments[1], "--quiet");
	done(&t, &r);
	assert_int_equal(parse("--quiet run --db x --nonsense", true, &t, &r, NULL, space), 0);
	assert_true(t.quiet);
	assert_null(t.db);
	assert_int_equal(r.n, 4);
	done(&t, &r);
	assert_int_equal(
		parse("-", false, &t, &r, NULL, space), 0); /* as a file name it means stdin */
	assert_int_equal(r.n, 1);
	done(&t, &r);
}

static void test_help_and_version(void **state)
{
	static const char *const lines[] = {"--help", "-h", "x --help"};
	struct options_result r;
	struct target t;
	char space[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(lines[i], false, &t, &r, NULL, space), 0);
		assert_true(r.help);
		done(&t, &r);
	}
	assert_int_equal(parse("--version", false, &t, &r, NULL, space), 0);
	assert_true(r.version);
	done(&t, &r);
}

static void test_must_fail(void **state)
{
	static const struct {
		const char *line, *text;
	} bad[] = {
		{"--dbb x", "did you mean '--db'"},
		{"--lable a", "did you mean '--label'"},
		{"--nonsense", "--help lists"},
		{"--quiet=yes", "takes no value"},
		{"--help=x", "takes no value"},
		{"--db", "needs a value"},
		{"-q", "two dashes"},
		{"--format xml", "none of table, csv, json"},
		{"--format jsn", "did you mean 'json'"},
		{"--every 10", "--every"},
		{"--every=-1s", "--every"},
		{"--blocks -1", "--blocks"},
		{"--blocks 1.5", "--blocks"},
		{"--blocks x", "--blocks"},
		{"--blocks", "needs a value"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct options_result r;
		struct error err = {0};
		struct target t;
		char space[256];
		assert_int_equal(parse(bad[i].line, false, &t, &r, &err, space), ERR_USAGE);
		assert_int_equal(err.code, ERR_USAGE);
		if (strstr(err.text, bad[i].text) == NULL)
			fail_msg("%s: '%s' has no '%s'", bad[i].line, err.text, bad[i].text);
		done(&t, &r);
	}
}

static void test_help_text(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	(void)state;
	options_help(table, &b);
	options_help(NULL, &b);
	for (const struct option_info *o = table; o->name != NULL; o++)
		assert_non_null(strstr(b.data, o->help));
	assert_non_null(strstr(b.data, "--db PATH"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_ends_of_options),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_must_fail),
		cmocka_unit_test(test_help_text),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
