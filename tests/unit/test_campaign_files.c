/*
 * Every file of tests/campaigns: good ones are accepted, bad ones give exactly the diagnostics that
 * NAME.expected lists, as LINE:COLUMN: error: TEXT. A good file may have warnings; NAME.plan is its
 * plan for the hosts of hosts.json (campaign_plan.h), with what is run where a line of the file
 * begins with "# plan with assignments".
 *
 * With JOULERIG_WRITE_EXPECTED in the environment it writes these files as the program has them
 * now: to be read line by line before they are believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/campaign_plan.h"
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>

static char *folder(const char *kind)
{
	const char *top = getenv("TOP");

	return xasprintf("%s/tests/campaigns/%s", top ? top : ".", kind);
}

static int is_campaign(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* Diagnostics without the file's name, which diagnostics_format() puts before each. */
static void format(const struct diagnostics *d, struct buf *out)
{
	for (size_t i = 0; i < d->n; i++)
		buf_addf(out, "%d:%d: %s: %s\n", d->items[i].line, d->items[i].column,
			d->items[i].is_warning ? "warning" : "error", d->items[i].text);
}

/* ---- what is expected ---- */

/* Whether a text is what a file has; a file that is not there is empty. */
static bool is_as_expected(const char *dir, const char *name, const char *ending, const char *got)
{
	_cleanup_buf_ struct buf expected = BUF_INIT;
	_cleanup_free_ char *path =
		xasprintf("%s/%.*s.%s", dir, (int)strlen(name) - 5, name, ending);

	if (getenv("JOULERIG_WRITE_EXPECTED")) {
		FILE *f = got[0] ? fopen(path, "w") : NULL;

		if (f && (fputs(got, f) < 0 || fclose(f) != 0))
			fail_msg("%s cannot be written", path);
		return true;
	}
	if (buf_read_file(&expected, AT_FDCWD, path, 1024 * 1024) < 0)
		buf_adds(&expected, "");
	if (strcmp(got, expected.data) == 0)
		return true;
	print_message("%s.%s\ngot:\n%swant:\n%s", name, ending, got, expected.data);
	return false;
}

struct host_set {
	struct plan_host items[PLAN_MAX_HOSTS];
	size_t n;
	json_t *json; /* an object of inventories by name */
};

static struct host_set load_hosts(const char *file)
{
	struct host_set h = {0};
	_cleanup_free_ char *path = folder(file);
	const char *name;
	json_t *inventory;

	h.json = json_load_file(path, 0, NULL);
	json_object_foreach(h.json, name, inventory)
	{
		if (h.n < PLAN_MAX_HOSTS)
			h.items[h.n++] = (struct plan_host){
				name, json_dumps(inventory, JSON_PRESERVE_ORDER)};
	}
	assert_true(h.n >= 3);
	return h;
}

static void hosts_done(struct host_set *h)
{
	for (size_t i = 0; i < h->n; i++)
		free((char *)h->items[i].inventory);
	json_decref(h->json);
}

/*
 * One campaign of a folder; what is expected of it stands in another. hosts is NULL where it must
 * be refused. Returns how much is wrong.
 */
static int check_file(
	const char *dir, const char *name, const char *expected_dir, const struct host_set *hosts)
{
	_cleanup_buf_ struct buf text = BUF_INIT, got = BUF_INIT, plan = BUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	struct diagnostics d = {0};
	struct campaign *c;
	bool ok;

	assert_int_equal(buf_read_file(&text, AT_FDCWD, path, 4 * 1024 * 1024), 0);
	c = campaign_read(text.data, text.len, NULL, &d);
	buf_adds(&got, "");
	format(&d, &got);
	ok = is_as_expected(expected_dir, name, "expected", got.data);
	if ((c != NULL) != (hosts != NULL)) {
		print_message("%s is %s\n%s", name, c ? "accepted" : "refused", got.data);
		ok = false;
	}
	if (c && hosts) {
		plan_to_text(c, hosts->items, hosts->n,
			strstr(text.data, "# plan with assignments"), &plan);
		ok &= is_as_expected(expected_dir, name, "plan", plan.data);
	}
	diagnostics_done(&d);
	campaign_free(c);
	return ok ? 0 : 1;
}

/* Returns how many campaigns there are. */
static int check_folder(const char *dir, const char *expected, const struct host_set *hosts)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_campaign, alphasort), failed = 0;

	for (int i = 0; i < n; i++) {
		failed += check_file(dir, names[i]->d_name, expected, hosts);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	assert_int_equal(failed, 0);
	return n;
}

static void test_good_files_are_accepted_and_planned(void **state)
{
	_cleanup_free_ char *dir = folder("good");
	struct host_set hosts = load_hosts("hosts.json");

	(void)state;
	assert_true(check_folder(dir, dir, &hosts) >= 100);
	hosts_done(&hosts);
}

static void test_bad_files_are_refused_as_expected(void **state)
{
	_cleanup_free_ char *dir = folder("bad");

	(void)state;
	assert_true(check_folder(dir, dir, NULL) >= 130);
}

/* Whole campaigns with what a reader expects of them on hosts of many kinds. */
static void test_campaigns_as_users_write_them(void **state)
{
	char *dir = folder("../../../shared/campaigns"), *expected = folder("users");
	struct host_set hosts = load_hosts("users/hosts.json");
	int n = check_folder(dir, expected, &hosts);

	(void)state;
	hosts_done(&hosts);
	free(expected);
	free(dir); /* by hand: skip() does not come back */
	if (n < 0)
		skip();
	assert_int_equal(n, 8);
}

static void test_diagnostics_name_the_file(void **state)
{
	static const char text[] = "campaign: c\nbenchmarks: 5\n";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct diagnostics d = {0};

	(void)state;
	assert_null(campaign_read(text, strlen(text), NULL, &d));
	assert_int_equal(d.errors, 1);
	diagnostics_format(&d, "dir/x.yaml", &out);
	assert_string_equal(
		out.data, "dir/x.yaml:2:13: error: 'benchmarks' is '5', expected a mapping\n");
	diagnostics_done(&d);
}

/* What cannot be a small file: one above 1 MiB, and ones that would take for ever if anything were
 * quadratic. */
static void test_big_files_are_refused(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct diagnostics d = {0};
	struct campaign *c;

	(void)state;
	buf_adds(&text, "campaign: c\n");
	for (int i = 0; i < 1024 * 16; i++)
		buf_addf(&text, "# %061d\n", i);
	buf_addf(&text, "# %0100d\n", 0);
	assert_null(campaign_read(text.data, text.len, NULL, &d));
	assert_int_equal(d.n, 1);
	assert_int_equal(d.items[0].line, 16385);
	diagnostics_done(&d);

	buf_reset(&text);
	buf_adds(&text, "campaign: c\nbenchmarks: {a: {command: [./a, \"{");
	for (int i = 0; i < 900000; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, "}\"]}}\n");
	assert_null(campaign_read(text.data, text.len, NULL, &d));
	assert_int_equal(d.errors, 1);
	diagnostics_done(&d);

	buf_reset(&text);
	buf_adds(&text, "campaign: c\nmatrix: {a: [");
	for (int i = 0; i < 90000; i++)
		buf_addf(&text, "%d, ", i);
	buf_adds(&text, "x]}\nbenchmarks: {a: {command: [./a, \"{a}\"]}}\nrepeat: {blocks: 10}\n");
	c = campaign_read(text.data, text.len, NULL, &d);
	assert_non_null(c);
	campaign_free(c);
	diagnostics_done(&d);
}

/* Lists of which each entry is looked for among many: they have bounds, and what is beyond these is
 * not looked at. */
static void test_long_lists_are_refused(void **state)
{
	static const struct {
		const char *before, *entry, *after, *want;
	} vectors[] = {
		{"repeat: {pair: [", "x%d, ", "]}\n",
			"'pair' has 10000 entries, expected at most 1000"},
		{"compare: {by: host, baseline: x, metrics: [", "m%d, ", "]}\n",
			"'metrics' has 10000 entries, expected at most 1000"},
		{"report: {claims: [", "{name: A%d}, ", "]}\n",
			"'claims' has 10000 entries, expected at most 1000"},
		{"defaults: {metrics: {", "m%d: {expr: metric.q}, ", "}}\n",
			"'metrics' has 10000 entries, expected at most 1000"},
		{"defaults: {roles: {", "r%d: {command: [a]}, ", "}}\n",
			"'roles' has 10000 entries, expected at most 64"},
		{"defaults: {env: {", "X%d: a, ", "}}\n",
			"'env' has 10000 entries, expected at most 1000"},
		{"defaults: {collect: {", "x%d: {path: a}, ", "}}\n",
			"'collect' has 10000 entries, expected at most 1000"},
		{"matrix: {", "x%d: [1], ", "}\n",
			"'matrix' has 10000 entries, expected at most 1000"},
	};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(vectors); v++) {
		_cleanup_buf_ struct buf text = BUF_INIT, out = BUF_INIT;
		struct diagnostics d = {0};

		buf_adds(&text, "campaign: c\nbenchmarks: {a: {command: [a]}}\n");
		buf_adds(&text, vectors[v].before);
		for (int i = 0; i < 10000; i++) {
			/* One number, where the entry has its %d. */
			const char *at = strstr(vectors[v].entry, "%d");

			buf_add(&text, vectors[v].entry, (size_t)(at - vectors[v].entry));
			buf_addf(&text, "%d%s", i, at + 2);
		}
		buf_adds(&text, vectors[v].after);
		assert_null(campaign_read(text.data, text.len, NULL, &d));
		format(&d, &out);
		if (!strstr(out.data, vectors[v].want))
			fail_msg("%s is not in %.300s", vectors[v].want, out.data);
		diagnostics_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_files_are_accepted_and_planned),
		cmocka_unit_test(test_bad_files_are_refused_as_expected),
		cmocka_unit_test(test_campaigns_as_users_write_them),
		cmocka_unit_test(test_diagnostics_name_the_file),
		cmocka_unit_test(test_big_files_are_refused),
		cmocka_unit_test(test_long_lists_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
