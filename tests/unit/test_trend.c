/* Trends: what was new, when a host became another machine, what a canary explains. */
#include "coordinator/findings/trend.h"
#include "coordinator/findings/trend_parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- marks ---- */

static struct campaign *campaign_with(const char *changes)
{
	static const char yaml[] =
		"campaign: x\nlabels: {team: a}\nbenchmarks: {b: {command: [b]}}\n";
	struct diagnostics d = {0};
	struct campaign *c = campaign_read(yaml, strlen(yaml), changes, &d);

	diagnostics_done(&d);
	assert_non_null(c);
	return c;
}

static const struct {
	const char *before, *now; /* changes */
	bool has_other_yaml, has_other_files;
	const char *mark;
} marks[] = {
	{NULL, NULL, false, false, NULL},
	{NULL, NULL, true, true, "campaign file changed"},
	{NULL, NULL, false, true, "files changed"},
	{"{\"labels\":{\"commit\":\"a\"}}", "{\"labels\":{\"commit\":\"a\"}}", false, false, NULL},
	{"{\"labels\":{\"commit\":\"a\"}}", "{\"labels\":{\"commit\":\"b\"}}", true, true,
		"commit=b"},
	{NULL, "{\"labels\":{\"commit\":\"b\",\"why\":\"weekly\"}}", false, false,
		"commit=b why=weekly"},
	{"{\"labels\":{\"team\":\"b\"}}", NULL, false, false, "team=a"},
	{"{\"sources\":[{\"as\":\"src\",\"commit\":\"0123456789abcdef\"}]}",
		"{\"sources\":[{\"as\":\"src\",\"commit\":\"f123456789abcdef\"}]}", false, false,
		"src=f123456789ab"},
	{"{\"sources\":[{\"as\":\"src\",\"commit\":\"0123456789abcdef\"}]}",
		"{\"sources\":[{\"as\":\"src\",\"commit\":\"0123456789abcdef\"}]}", false, false,
		NULL},
	{NULL, "{\"sources\":[{\"as\":1},{\"commit\":\"a\"},2]}", false, false, NULL},
};

static void test_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		struct submitted now = {.campaign = campaign_with(marks[i].now),
			.yaml = marks[i].has_other_yaml ? "other" : "same",
			.changes = marks[i].now,
			.tree = {.data = "ab", .len = marks[i].has_other_files ? 2 : 1}};
		struct submitted before = {.campaign = campaign_with(marks[i].before),
			.yaml = "same",
			.changes = marks[i].before,
			.tree = {.data = "ab", .len = 1}};
		char *mark = mark_of(&now, &before);

		if (marks[i].mark == NULL)
			assert_null(mark);
		else
			assert_string_equal(mark, marks[i].mark);
		free(mark);
		campaign_free((struct campaign *)(uintptr_t)now.campaign);
		campaign_free((struct campaign *)(uintptr_t)before.campaign);
	}
}

/* The first submission: all of its labels, and nothing of what changed. */
static void test_first_mark(void **state)
{
	struct submitted now = {.campaign = campaign_with(NULL), .yaml = "y"};
	char *mark = mark_of(&now, NULL);

	(void)state;
	assert_string_equal(mark, "team=a");
	free(mark);
	campaign_free((struct campaign *)(uintptr_t)now.campaign);
}

/* ---- machines ---- */

static void test_machines(void **state)
{
	struct machines m = {0};

	(void)state;
	assert_int_equal(machines_note(&m, "a", ""), 0);
	assert_int_equal(machines_note(&m, "a", "{\"fingerprint\":\"1\",\"kernel\":\"6.1\"}"), 0);
	assert_int_equal(machines_note(&m, "a", "{\"fingerprint\":\"1\",\"kernel\":\"6.1\"}"), 0);
	assert_int_equal(machines_note(&m, "a", NULL), 0);
	assert_int_equal(machines_note(&m, "a", "no JSON"), 0);
	assert_int_equal(machines_note(&m, "b", "{\"fingerprint\":\"9\"}"), 0);
	assert_int_equal(machines_note(&m, "a", "{\"fingerprint\":\"2\",\"kernel\":\"6.2\"}"), 1);
	assert_int_equal(machines_note(&m, "a", "{\"fingerprint\":\"3\",\"kernel\":\"6.2\"}"), 2);
	assert_int_equal(machines_note(&m, "a", "{\"fingerprint\":\"1\",\"kernel\":\"6.1\"}"), 3);

	char *why = machines_why(&m, "a", 0, 1);
	assert_string_equal(why, "kernel 6.1 -> 6.2");
	free(why);
	why = machines_why(&m, "a", 1, 2);
	assert_string_equal(why, "another fingerprint");
	free(why);
	machines_done(&m);
}

/* ---- changes and canaries ---- */

#define NIGHTS 8

struct planted {
	const char *what;
	double step;   /* of the program, at night 4 */
	double canary; /* of the canary, there; 1: it stays; 0: there is none */
	enum better canary_better;
	const char *canary_metric;
	bool is_machine, has_canary;
};

static const struct planted canaries[] = {
	{"no canary", 1.10, 0, BETTER_LOWER, "cost", false, false},
	{"it stays", 1.10, 1, BETTER_LOWER, "cost", false, false},
	{"it moves as much", 1.10, 1.10, BETTER_LOWER, "cost", true, true},
	{"it moves more", 1.10, 1.20, BETTER_LOWER, "cost", true, true},
	{"by half of it", 1.10, 1.06, BETTER_LOWER, "cost", true, true},
	{"by less than half", 1.20, 1.05, BETTER_LOWER, "cost", false, true},
	{"the other way", 1.10, 0.90, BETTER_LOWER, "cost", false, true},
	{"a rate falls as a cost rises", 1.10, 1 / 1.10, BETTER_HIGHER, "time", true, true},
	{"time speaks for what no canary has", 1.10, 1.10, BETTER_LOWER, "time", true, true},
	{"another metric does not", 1.10, 1.10, BETTER_LOWER, "memory", false, false},
};

static void fill(struct trend_series *s, const char *benchmark, double step)
{
	static const double noise[NIGHTS] = {
		1.001, 0.998, 1.002, 0.999, 1.000, 1.002, 0.998, 1.001};

	s->benchmark = xstrdup(benchmark);
	s->parameters = xstrdup("{}");
	s->host = xstrdup("lab1");
	s->unit = xstrdup("s");
	s->points = xcalloc(NIGHTS, sizeof *s->points);
	s->n = NIGHTS;
	for (size_t i = 0; i < NIGHTS; i++)
		s->points[i] = (struct trend_point){.submission = i,
			.summary = {.n = 5, .median = noise[i] * (i >= 4 ? step : 1)}};
}

static void test_canaries(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(canaries); i++) {
		const struct planted *p = &canaries[i];
		struct trend t = {
			.threshold = 0.02, .alpha = 0.01, .series_n = p->canary > 0 ? 2 : 1};

		t.series = xcalloc(2, sizeof *t.series);
		fill(&t.series[0], "program", p->step);
		t.series[0].metric = xstrdup("cost");
		t.series[0].better = BETTER_LOWER;
		if (p->canary > 0) {
			fill(&t.series[1], "spin", p->canary);
			t.series[1].metric = xstrdup(p->canary_metric);
			t.series[1].better = p->canary_better;
			t.series[1].is_canary = true;
		}
		trend_find_changes(&t);
		if (t.series[0].changes_n != 1 || t.series[0].changes[0].point != 4 ||
			!t.series[0].changes[0].is_worse ||
			t.series[0].changes[0].is_machine != p->is_machine ||
			(t.series[0].changes[0].canary != NULL) != p->has_canary)
			fail_msg("%s", p->what);
		trend_done(&t);
	}
}

/* A change where the series breaks is none; nor is one of values that have no logs. */
static void test_breaks(void **state)
{
	struct trend t = {.threshold = 0.02, .alpha = 0.01, .series_n = 2};

	(void)state;
	t.series = xcalloc(2, sizeof *t.series);
	for (size_t i = 0; i < 2; i++) {
		fill(&t.series[i], "program", 1.10);
		t.series[i].metric = xstrdup("cost");
	}
	t.series[0].points[4].is_break = true;
	t.series[1].is_mute = true;
	t.series[1].points[2].summary.median = -1;
	trend_find_changes(&t);
	assert_int_equal(t.series[0].changes_n, 0);
	assert_int_equal(t.series[1].changes_n, 0);
	trend_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_first_mark),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_canaries),
		cmocka_unit_test(test_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
