/*
 * A rewritten campaign file means without changes what the file meant with them: the plans of both
 * are compared, for files and changes in every combination, and the texts where comments must stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "coordinator/campaign/rewrite.h"

#include "coordinator/campaign/campaign.h"
#include "coordinator/campaign/yaml_write.h"
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

static const struct plan_host hosts[] = {
	{"lab1", "{\"cores\":4,\"threads\":8,\"thread_steps\":[1,2,4],\"cpu\":{\"vendor\":\"x\","
		 "\"kinds\":[{\"kind\":\"performance\",\"cpus\":[0,1,2,3,4,5,6,7],\"cores\":4}]},"
		 "\"labels\":{\"pool\":\"a\"}}"},
	{"lab2", "{\"cores\":2,\"threads\":2,\"thread_steps\":[1,2],\"cpu\":{\"vendor\":\"y\","
		 "\"kinds\":[{\"kind\":\"performance\",\"cpus\":[0,1],\"cores\":2}]},"
		 "\"labels\":{\"pool\":\"b\"}}"},
};

/* Plans of so many configurations take longer than they tell. */
static bool is_large(const struct campaign *c)
{
	for (size_t i = 0; i < c->benchmarks_n; i++) {
		size_t product = 1;
		for (size_t a = 0; a < c->benchmarks[i].axes_n; a++)
			product *= c->benchmarks[i].axes[a].n ? c->benchmarks[i].axes[a].n : 1;
		if (product > 2000)
			return true;
	}
	return false;
}

/* All that a plan says, or why there is none. */
static void describe(const char *yaml, const char *changes, struct buf *out)
{
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(yaml, strlen(yaml), changes, &d);
	struct plan *p = NULL;
	struct error err = {0};

	if (c == NULL) {
		buf_addf(out, "error: %s\n", d.items[0].text);
		diagnostics_done(&d);
		return;
	}
	buf_addf(out, "%s seed %lld warmup %lld blocks %lld max %lld\n", c->name,
		(long long)c->seed, (long long)c->warmup, (long long)c->blocks, (long long)c->max);
	for (size_t i = 0; i < c->labels_n; i++)
		buf_addf(out, "label %s=%s\n", c->labels[i].key, c->labels[i].value);
	if (is_large(c)) {
		buf_adds(out, "large\n");
	} else if (plan_make(c, hosts, ARRAY_SIZE(hosts), &p, &err) < 0) {
		buf_adds(out, "no plan\n");
	} else {
		for (size_t i = 0; i < p->configurations_n; i++) {
			buf_addf(out, "%s ", p->configurations[i].benchmark->name);
			configuration_parameters(&p->configurations[i], out);
			buf_addc(out, '\n');
		}
		for (size_t i = 0; i < p->lanes_n; i++) {
			buf_addf(out, "%s:", p->lanes[i].host);
			for (size_t k = 0; k < p->lanes[i].n; k++)
				buf_addf(out, " %zu%s", (size_t)p->lanes[i].configurations[k],
					p->lanes[i].skipped[k] ? "-" : "");
			buf_addc(out, '\n');
		}
		buf_addf(out, "runs %lld\n", (long long)p->runs);
		plan_free(p);
	}
	campaign_free(c);
	diagnostics_done(&d);
}

/* Where the changes themselves are good. Returns whether a file could say them. */
static bool check(const char *name, const char *yaml, const char *changes)
{
	_cleanup_buf_ struct buf want = BUF_INIT, got = BUF_INIT, text = BUF_INIT;
	struct error err = {0};

	describe(yaml, changes, &want);
	if (strncmp(want.data, "error: ", 7) == 0 && strcmp(changes, "{}") == 0)
		fail_msg("%s: %s", name, want.data);
	if (strncmp(want.data, "error: ", 7) == 0)
		return true;
	if (campaign_rewrite(yaml, changes, &text, &err) < 0)
		return false;
	describe(text.data, NULL, &got);
	/* Labels that are new stand first, whose order is of no matter. */
	if (strcmp(want.data, got.data) != 0 && strstr(changes, "labels") == NULL)
		fail_msg("%s with %s became\n%s\nwhich means\n%swant\n%s", name, changes, text.data,
			got.data, want.data);
	return true;
}

static const char *const yamls[] = {
	"campaign: c\nbenchmarks:\n  a: {command: [\"true\"]}\n",
	"# top\ncampaign: c  # name\nseed: 4\nlabels: {pool: x}\nmatrix:\n  threads: [1, 2, 4] # "
	"t\n"
	"  size:\n  - 10\n  - '20'\n  - big one\nbenchmarks:\n"
	"  a: {command: [x, \"{threads}\", \"{size}\"]}\n"
	"  b:\n    command: y {threads}\n    matrix: {where: threads < 4, size: ~}\n"
	"    # after\nrepeat: {blocks: 5, warmup: 0}\n",
	"{campaign: c, matrix: {threads: {from: 1, to: 8, factor: 2}, size: &s [10, 20]}, "
	"benchmarks: {a: {command: [x, '{threads}', '{size}']}, "
	"b: {command: [x, '{threads}', '{size}'], matrix: {size: *s}}}}",
	"campaign: c\nmatrix:\n  python:\n    gil: {path: /a}\n    nogil: {path: /b}\n"
	"  threads: {each: host.thread_steps}\n  exclude: [{python: gil, threads: 4}]\n"
	"  include: [{threads: 3}]\nbenchmarks:\n  a:\n    command: ['{python.path}', "
	"'{threads}']\n"
	"  y: &x\n    command: [x, '{python}', '{threads}']\n    matrix:\n"
	"      where: |\n        threads > 1 and\n        threads < 9\n  z: *x\n"
	"repeat:\n  blocks: 3\n  max: 6\n  until: {metric: time, within: 2%}\n",
	"campaign: c\ndefaults: {matrix: {size: [1, 2]}}\nmatrix: {threads: [1, 2], m: [3, 4], "
	"zip: [[threads, m]]}\nbenchmarks:\n  a: {command: [x, \"{threads}\", \"{m}\", "
	"\"{size}\"]}\n"
	"  b: {command: [x, \"{size}\"], matrix: {threads: ~, m: ~, zip: ~}}\n",
};
static const char *const all_changes[] = {
	"{}",
	"{\"seed\":7}",
	"{\"blocks\":2}",
	"{\"blocks\":9,\"seed\":0}",
	"{\"set\":{\"threads\":[\"2\"]}}",
	"{\"set\":{\"threads\":[\"4\",\"1\"]},\"blocks\":1}",
	"{\"set\":{\"threads\":[\"2\",\"1\"],\"m\":[\"9\",\"8\"]}}",
	"{\"set\":{\"size\":[\"20\",\"7\",\"a: b\",\"[x\",\"true\",\"~\",\"0x1\"]}}",
	"{\"set\":{\"python\":[\"nogil\"]}}",
	"{\"set\":{\"python\":[\"nogil\",\"gil\"],\"threads\":[\"1\"]}}",
	"{\"only\":\"threads == 2\"}",
	"{\"only\":\"benchmark == \\\"b\\\" or size == 10 -- note\"}",
	"{\"only\":\"host.cores > 2 or threads == 1\",\"seed\":3}",
	"{\"only\":\"python == 'gil' and threads ~= 2\",\"set\":{\"threads\":[\"1\",\"2\"]}}",
	"{\"labels\":{\"why\":\"it's\",\"pool\":\"new\"}}",
	"{\"only\":\"one_of(threads, 1, 2)\",\"labels\":{\"a\":\"b\"},\"blocks\":4,\"seed\":5,"
	"\"set\":{\"threads\":[\"1\",\"2\"]}}",
};

static void test_plans_are_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yamls); i++)
		for (size_t k = 0; k < ARRAY_SIZE(all_changes); k++) {
			_cleanup_free_ char *name = xasprintf("file %zu", i);
			if (!check(name, yamls[i], all_changes[k]))
				fail_msg("%s cannot be rewritten with %s", name, all_changes[k]);
		}
}

static int is_campaign(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* Every good file there is. */
static void test_corpus(void **state)
{
	const char *top = getenv("TOP");
	_cleanup_free_ char *folder = xasprintf("%s/tests/campaigns/good", top ? top : ".");
	struct dirent **entries;
	int n = scandir(folder, &entries, is_campaign, alphasort);

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", folder, entries[i]->d_name);
		_cleanup_buf_ struct buf text = BUF_INIT;

		assert_int_equal(buf_read_file(&text, AT_FDCWD, path, 1024 * 1024), 0);
		for (size_t k = 0; k < ARRAY_SIZE(all_changes); k++)
			check(entries[i]->d_name, text.data, all_changes[k]);
		free(entries[i]);
	}
	free(entries);
}

/* What is written reads to the same tree. */
static void test_trees_come_back(void **state)
{
	static const char *const odd[] = {
		"a: 'x: y'\nb: \"tab\\tnew\\nline \\x85 \\u2028 \\\" \\\\ é\"\nc: -5\nd: '-5'\ne: "
		"~\n"
		"f: '~'\ng:\nh: ''\ni: [[], {}, [1, [2, {k: v}]], '']\nj: {}\nk:\n- - 1\n  - x: 1\n"
		"    y: [a, 'b c']\n-\n- z\nl: |\n  two\n  lines\nm: >\n  folded\n\n  text\n"
		"'null': no\n? 'q: r'\n: s\nt: plain with, [odd] {things}\nu: 'true'\nv: true\n"
		"w: ' leading'\nx: '# hash'\n'<<': quoted\n'~': tilde\n",
		"just text", "[1, 2, {a: b}]", "- a\n- b: c\n  d: e\n-\n  - f\n"};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		_cleanup_buf_ struct buf block = BUF_INIT, flow = BUF_INIT;
		struct diagnostics d = {0};
		const struct node *root = yaml_read(odd[i], strlen(odd[i]), a, &d), *again;

		assert_non_null(root);
		yaml_write(root, &block);
		again = yaml_read(block.data, block.len, a, &d);
		if (again == NULL || !node_equal(root, again))
			fail_msg("%s\nwas written as\n%s", odd[i], block.data);
		if (i == 0)
			continue; /* flow style has no empty items */
		yaml_write_flow(root, &flow);
		again = yaml_read(flow.data, flow.len, a, &d);
		if (again == NULL || !node_equal(root, again))
			fail_msg("%s\nwas written as\n%s", odd[i], flow.data);
		assert_int_equal(d.n, 0);
	}
	arena_free(a);
}

static void expect(const char *yaml, const char *changes, const char *want)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct error err = {0};

	if (campaign_rewrite(yaml, changes, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(out.data, want);
}

static void test_comments_stay(void **state)
{
	(void)state;
	expect(yamls[1], NULL, yamls[1]);
	expect("campaign: c # é\n# why\nbenchmarks: {a: {command: x}}\n", "{\"seed\":3}",
		"seed: 3\ncampaign: c # é\n# why\nbenchmarks: {a: {command: x}}\n");
	expect(yamls[1],
		"{\"seed\":9,\"blocks\":2,\"set\":{\"threads\":[\"4\"],\"size\":[\"20\",\"7\"]},"
		"\"only\":\"size == 7\",\"labels\":{\"pool\":\"y\"}}",
		"# top\ncampaign: c  # name\nseed: 9\nlabels: {pool: 'y'}\nmatrix:\n  threads: [4] "
		"# t\n"
		"  size: ['20', 7]\nbenchmarks:\n"
		"  a: {matrix: {where: 'size == 7'}, command: [x, \"{threads}\", \"{size}\"]}\n"
		"  b:\n    command: y {threads}\n"
		"    matrix: {where: '(threads < 4) and ((nil) == 7)', size: ~}\n"
		"    # after\nrepeat: {blocks: 2, warmup: 0}\n");
}

static void test_sources_are_pinned(void **state)
{
	static const char yaml[] =
		"campaign: c\nfiles:\n- a\n- {git: u, ref: dev, as: x}  # this\n- git: u\n"
		"- {git: u, ref: \"{v}\", as: \"{v}\"}\nmatrix: {v: [p, q]}\n"
		"benchmarks: {b: {command: \"{v}\"}}\n";
	static const char changes[] =
		"{\"sources\":[{\"git\":\"u\",\"ref\":\"dev\",\"as\":\"x\",\"commit\":\"1111\"},"
		"{\"git\":\"u\",\"ref\":\"HEAD\",\"as\":\"u\",\"commit\":\"2222\"},"
		"{\"git\":\"u\",\"ref\":\"p\",\"as\":\"p\",\"commit\":\"3333\"}]}";

	(void)state;
	expect(yaml, changes,
		"campaign: c\nfiles:\n- a\n- {git: u, ref: '1111', as: x}  # this\n"
		"- ref: '2222'\n  git: u\n- {git: u, ref: \"{v}\", as: \"{v}\"}\n"
		"matrix: {v: [p, q]}\nbenchmarks: {b: {command: \"{v}\"}}\n");
}

/* A file cannot say it: an error, and nothing is written. */
static void test_what_no_file_can_say(void **state)
{
	static const char yaml[] =
		"campaign: c\nmatrix: {v: [p, q], where: v == 'p'}\nbenchmarks:\n"
		"  b: {command: \"{v}\", matrix: {where: ~}}\n";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct error err = {0};

	(void)state;
	assert_int_equal(
		campaign_rewrite(yaml, "{\"only\":\"v == 'q'\"}", &out, &err), ERR_CAMPAIGN);
	assert_int_equal(out.len, 0);
	assert_non_null(strstr(err.text, "takes 'where' away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans_are_equal),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_trees_come_back),
		cmocka_unit_test(test_comments_stay),
		cmocka_unit_test(test_sources_are_pinned),
		cmocka_unit_test(test_what_no_file_can_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
