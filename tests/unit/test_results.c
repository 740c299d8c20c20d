#include "coordinator/commands/show.h"
#include "coordinator/results.h"
#include "tests/unit/store_fixture.h"
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>

struct fixture {
	char *path;
	struct results *results;
};

static struct results *open_results(const char *path)
{
	struct error err = {0};
	struct results *r = NULL;
	const struct results_where where = {.db = path};

	assert_good(results_open(&r, &where, &err), &err);
	return r;
}

/* demo.1 has energy, demo.2 none. Run 3 of demo.1 has two chunks of samples, run 1 (warm-up) one.
 */
static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct error err = {0};
	static const char first[] = "\x96\x01\x02\x91\x93\xb0"
				    "energy.package-0"
				    "\xa2uJ\xa7"
				    "counter"
				    "\xcd\x03\xe8\x91\x0a\x91\x92\xce\x00\x16\xe3\x60\x05";
	static const char second[] = "\x96\x01\x01\x91\x93\xa9"
				     "frequency"
				     "\xa2Hz\xa5"
				     "gauge"
				     "\xcd\x07\xd0\x90\x91\x91\xc0";

	f->path = fixture_path("results.db");
	struct store *s = fixture_open(f->path, true);
	int64_t campaign = fixture_campaign(s, true);
	fixture_campaign(s, false);
	assert_good(store_sqlite.put_samples(s, campaign, 3, 1, 1, second, sizeof second - 1, &err),
		&err);
	assert_good(store_sqlite.put_samples(s, campaign, 3, 1, 0, first, sizeof first - 1, &err),
		&err);
	assert_good(store_sqlite.put_samples(s, campaign, 1, 1, 0, first, sizeof first - 1, &err),
		&err);
	assert_good(
		store_sqlite.put_output(s, campaign, 3, 1, "stdout", 12, "tail\0x", 6, &err), &err);
	assert_good(store_sqlite.put_output(s, campaign, 3, 1, "stderr", 0, "oops", 4, &err), &err);
	assert_good(store_sqlite.add_event(
			    s, campaign, 1, 7, "lost", "it went silent", FIXTURE_START, &err),
		&err);
	store_sqlite.close(s);
	f->results = open_results(f->path);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	results_close(f->results);
	fixture_remove(f->path);
	free(f);
	return 0;
}

/* ---- the door ---- */

static void test_labels(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *typed, *label, *error;
	} vectors[] = {
		{"demo.1", "demo.1", NULL},
		{"demo", "demo.2", NULL},
		{NULL, "demo.2", NULL},
		{"", "demo.2", NULL},
		{"demp.1", NULL, "did you mean 'demo.1'"},
		{"entirely-else", NULL, "the last one is 'demo.2'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct error err = {0};
		_cleanup_free_ char *label = results_label(f->results, vectors[i].typed, &err);
		if (vectors[i].label != NULL) {
			assert_string_equal(label, vectors[i].label);
		} else {
			assert_null(label);
			assert_int_equal(err.code, ERR_USAGE);
			assert_non_null(strstr(err.text, vectors[i].error));
		}
	}
}

static void test_missing_file_says_what_to_do(void **state)
{
	struct results *r = NULL;
	struct error err = {0};
	const struct results_where where = {.db = "/nonexistent/joulerig.db"};

	(void)state;
	assert_int_equal(results_open(&r, &where, &err), ERR_UNAVAILABLE);
	assert_string_equal(err.text,
		"/nonexistent/joulerig.db: no such file; run a campaign first, name the store with "
		"--db, or a coordinator with --coordinator");
	assert_int_equal(error_exit_status(&err), EXIT_UNAVAILABLE);
}

static void test_empty_store_has_no_label(void **state)
{
	char *path = fixture_path("empty.db");
	struct error err = {0};

	(void)state;
	store_sqlite.close(fixture_open(path, true));
	struct results *r = open_results(path);
	assert_null(results_label(r, NULL, &err));
	assert_non_null(strstr(err.text, "holds no campaign yet"));
	results_close(r);
	fixture_remove(path);
}

/* A folder in which the reader may not make files; as root nothing is forbidden, but the path
 * through is the same. */
static void test_store_in_a_folder_that_is_read_only(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *folder = xstrdup(f->path);
	struct error err = {0};

	*strrchr(folder, '/') = '\0';
	results_close(f->results);
	f->results = NULL;
	assert_int_equal(chmod(folder, 0500), 0);
	f->results = open_results(f->path);
	_cleanup_free_ char *label = results_label(f->results, NULL, &err);
	assert_string_equal(label, "demo.2");
	assert_int_equal(chmod(folder, 0700), 0);
}

static void test_report_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	struct message m;

	assert_good(results_report(f->results, NULL, &m, &err), &err);
	assert_int_equal(m.report.campaigns.n, 1); /* the last that ended */
	const struct message_campaign *c = LIST_AT(&m.report.campaigns, struct message_campaign, 0);
	assert_string_equal(c->label, "demo.2");
	assert_int_equal(c->done, FIXTURE_RUNS);
	assert_int_equal(c->failed, 2);
	assert_int_equal(m.report.hosts.n, 1);
	assert_string_equal(LIST_AT(&m.report.hosts, struct message_host, 0)->state, "offline");
	message_done(&m);
	assert_good(results_report(f->results, "demo.1", &m, &err), &err);
	assert_int_equal(m.report.campaigns.n, 1);
	message_done(&m);
}

/* A cursor goes over many pages and two of them do not disturb each other. */
static void test_cursors_page(void **state)
{
	char *path = fixture_path("many.db");
	struct store *s = fixture_open(path, true);
	struct error err = {0};
	struct store_campaign c = {.name = "many",
		.yaml = "",
		.state = "running",
		.total = 2500,
		.submitted_at = 1,
		.ended_at = ABSENT,
		.uuid = id16_random()};
	int64_t host;

	(void)state;
	assert_good(store_sqlite.begin(s, &err), &err);
	assert_good(store_sqlite.put_host(s, "h", FIXTURE_KEY, NULL, 1, &host, &err), &err);
	assert_good(store_sqlite.add_campaign(s, &c, &err), &err);
	assert_good(store_sqlite.add_configuration(s, c.id, 0, "b", "{}", &err), &err);
	assert_good(store_sqlite.add_lane(s, c.id, 0, host, &err), &err);
	for (int64_t run = 1; run <= 2500; run++) {
		struct store_run r = {.campaign = c.id,
			.run = run,
			.block = 1,
			.host = host,
			.state = RUN_QUEUED};
		assert_good(store_sqlite.add_run(s, &r, &err), &err);
	}
	assert_good(store_sqlite.commit(s, &err), &err);
	store_sqlite.close(s);
	struct results *r = open_results(path);
	struct results_cursor *a = results_cursor_open(r, "runs", "many"),
			      *b = results_cursor_open(r, "runs", "many.1");
	const struct message_cell *cells;
	for (int64_t run = 1; run <= 2500; run++) {
		assert_int_equal(results_cursor_next(a, &cells, &err), 1);
		assert_int_equal(cells[RUNS_RUN].integer, run);
		assert_int_equal(results_cursor_next(b, &cells, &err), 1);
		assert_string_equal(cell_text(&cells[RUNS_HOST]), "h");
	}
	assert_int_equal(results_cursor_next(a, &cells, &err), 0);
	assert_int_equal(results_cursor_next(a, &cells, &err), 0);
	results_cursor_close(a);
	results_cursor_close(b);
	results_close(r);
	fixture_remove(path);
}

/* ---- export ---- */

typedef int (*export_function)(struct results *r, const char *label, const char *format,
	bool with_warmup, FILE *to, struct error *err);

static char *exported(struct results *r, export_function export, const char *label,
	const char *format, bool warmup)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct error err = {0};

	assert_good(export(r, label, format, warmup, to, &err), &err);
	fclose(to);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void test_runs_as_ndjson(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = exported(f->results, export_runs, "demo.1", "ndjson", false);
	_cleanup_free_ char *all = exported(f->results, export_runs, "demo.1", "ndjson", true);
	static const char first[] =
		"{\"campaign\":\"demo.1\",\"run\":3,\"block\":1,\"host\":\"lab1\",\"benchmark\":"
		"\"spin\","
		"\"parameters\":{\"threads\":1},\"state\":\"done\",\"attempt\":1,"
		"\"started_at\":\"2026-09-21T14:13:23.123Z\",\"exit_code\":0,"
		"\"metrics\":{\"time\":2.003,\"memory.peak\":32505856,\"energy.package\":100.15,"
		"\"energy.package-0\":100.15,\"loops\":1000000.1},"
		"\"units\":{\"time\":\"s\",\"memory.peak\":\"B\",\"energy.package\":\"J\",\"energy."
		"package-0\":\"J\","
		"\"loops\":\"1\"},"
		"\"uncertainty\":{\"time\":0.00000015,\"energy.package\":0.05,\"energy.package-0\":"
		"0.05},"
		"\"deviation\":{\"energy.package\":0.001234},\"flags\":[\"shared_cpu\"]}\n";

	assert_int_equal(count_lines(text), FIXTURE_RUNS - 2);
	assert_int_equal(count_lines(all), FIXTURE_RUNS);
	assert_int_equal(strncmp(text, first, strlen(first)), 0);
	assert_non_null(strstr(text, "\"run\":22,"));
	assert_non_null(strstr(text, "\"exit_code\":null,\"signal\":9,"));
	char *rest = NULL;
	for (char *line = strtok_r(all, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest)) {
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(object);
		json_decref(object);
	}
}

static void test_runs_as_csv(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = exported(f->results, export_runs, "demo.1", "csv", false);
	static const char first[] =
		"campaign,run,block,host,benchmark,state,attempt,started_at,exit_code,signal,flags,"
		"parameters.threads,"
		"time,memory.peak,energy.package,energy.package-0,loops,"
		"uncertainty.time,uncertainty.energy.package,uncertainty.energy.package-0\n"
		"demo.1,3,1,lab1,spin,done,1,2026-09-21T14:13:23.123Z,0,,shared_cpu,1,"
		"2.003,32505856,100.15,100.15,1000000.1,0.00000015,0.05,0.05\n";

	assert_int_equal(count_lines(text), FIXTURE_RUNS - 2 + 1);
	assert_int_equal(strncmp(text, first, strlen(first)), 0);
	assert_non_null(
		strstr(text, "\ndemo.1,7,3,lab1,spin,failed,1,2026-09-21T14:13:27.123Z,3,,,1,"
			     "2.007,32505856,100.35,100.35,,"));
	assert_non_null(strstr(text, "2026-09-21T14:13:42.123Z,,9,,2,"));
}

static void test_samples(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *ndjson =
		exported(f->results, export_samples, "demo.1", "ndjson", false);
	_cleanup_free_ char *csv = exported(f->results, export_samples, "demo.1", "csv", true);
	_cleanup_free_ char *none = exported(f->results, export_samples, "demo.2", "ndjson", true);

	assert_string_equal(ndjson,
		"{\"campaign\":\"demo.1\",\"run\":3,\"host\":\"lab1\",\"time\":"
		"1000,\"at\":null,\"at_bound\":null,\"energy.package-0\":1.5}\n"
		"{\"campaign\":\"demo.1\",\"run\":3,\"host\":\"lab1\",\"time\":"
		"1010,\"at\":null,\"at_bound\":null,\"energy.package-0\":1.500005}\n"
		"{\"campaign\":\"demo.1\",\"run\":3,\"host\":\"lab1\",\"time\":"
		"2000,\"at\":null,\"at_bound\":null,\"frequency\":null}\n");
	assert_string_equal(csv, "campaign,run,host,time,at,at_bound,energy.package-0,frequency\n"
				 "demo.1,1,lab1,1000,,,1.5,\ndemo.1,1,lab1,1010,,,1.500005,\n"
				 "demo.1,3,lab1,1000,,,1.5,\ndemo.1,3,lab1,1010,,,1.500005,\ndemo."
				 "1,3,lab1,2000,,,,\n");
	assert_string_equal(none, "");
}

static void test_output_and_events(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *output =
		exported(f->results, export_output, "demo.1", "ndjson", false);
	_cleanup_free_ char *events = exported(f->results, export_events, "demo.1", "csv", false);

	assert_non_null(strstr(output,
		"{\"campaign\":\"demo.1\",\"run\":3,\"stream\":\"stderr\",\"text\":\"oops\"}\n"
		"{\"campaign\":\"demo.1\",\"run\":3,\"stream\":\"stdout\","
		"\"text\":\"{\\\"loops\\\":1}\\ntail\xef\xbf\xbdx\"}\n"));
	assert_int_equal(count_lines(output), FIXTURE_RUNS - 2 + 1);
	assert_string_equal(events,
		"id,at,campaign,host,run,kind,text\n"
		"1,2026-09-21T14:13:20.123Z,demo.1,lab1,7,lost,it went silent\n");
}

/* ---- tables ---- */

static char *shown(struct results *r, const char *label, const char *format, const char *columns)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct error err = {0};
	const struct show_options o = {.format = format, .columns = columns};

	assert_good(show_results(r, label, &o, to, &err), &err);
	fclose(to);
	return text;
}

/* Times of threads=1 in blocks 1 to 10 but for the failed run 7: 2.003, 2.005, 2.009 ... 2.021; n =
 * 9, ranks 2 and 8. */
static void test_results_table(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = shown(f->results, "demo.1", NULL, NULL);
	static const char wanted[] =
		"demo.1  done · 1 host · 20 runs, 2 failed · 10 blocks · 60 s · 1.66 kJ\n"
		"median [95 % interval over blocks] · energy: package, gross · ×: ratio to "
		"threads=1, else equal\n"
		"\n"
		"spin on lab1: i9-13900K (Raptor Lake) 8P+16E, Linux 6.12.8, performance, turbo "
		"off\n"
		"threads  n  time s                      ×  energy J                     ×  power "
		"W  memory     cv\n"
		"      1  9  2.013 [2.005, 2.019] a      1  100.65 [100.25, 100.95]      1     "
		"50.0  31 MiB  0.3 %\n"
		"      2  9  1.012 [1.006, 1.018] b  0.503   50.60 [50.30, 50.90] b  0.503     "
		"50.0  31 MiB  0.5 %\n"
		"\n"
		"a  shared_cpu: 1 of 9 runs\n"
		"b  drifts by +2 % from the first block to the last (kept)\n"
		"shared_cpu  the run's CPUs include the one that the agent itself uses\n"
		"no room for loops: name what you want in --columns\n"
		"counted  18 of 22 runs: without 2 failed, 2 warm-up\n"
		"failed   1 run (spin threads=1 lab1): exit status 3\n"
		"failed   1 run (spin threads=2 lab1): killed by signal 9\n"
		"         joulerig runs demo.1 --failed          each of them\n"
		"         joulerig export demo.1 --what output   what they printed\n";

	assert_string_equal(text, wanted);
}

static void test_results_without_energy(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = shown(f->results, "demo.2", "table", NULL);

	assert_non_null(strstr(text, "\nenergy not measured: no powercap zone\n"));
	assert_null(strstr(text, "energy J"));
	/* There is room for the campaign's own metric now. */
	assert_non_null(strstr(text, "memory  loops"));
}

static void test_results_with_columns(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text =
		shown(f->results, "demo.1", "markdown", "loops,energy.package-0");
	struct error err = {0};
	const struct show_options bad = {.columns = "lops"}, bad_host = {.host = "lab2"};

	assert_non_null(strstr(text, "| loops | energy.package-0 J |\n"));
	assert_non_null(strstr(text, "### spin on lab1"));
	assert_int_equal(show_results(f->results, "demo.1", &bad, stderr, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "did you mean 'loops'"));
	assert_int_equal(show_results(f->results, "demo.1", &bad_host, stderr, &err), ERR_USAGE);
	assert_non_null(strstr(err.text, "did you mean 'lab1'"));
}

static void test_results_for_programs(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = shown(f->results, "demo.1", "json", NULL);
	json_t *rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_int_equal(json_array_size(rows), 2);
	const json_t *row = json_array_get(rows, 1);
	assert_int_equal(json_integer_value(json_object_get(row, "n")), 9);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(row, "parameters"), "threads")),
		2);
	assert_true(json_real_value(json_object_get(row, "time")) == 1.012);
	assert_true(json_real_value(json_object_get(row, "time.low")) == 1.006);
	assert_true(json_real_value(json_object_get(row, "time.high")) == 1.018);
	/* Blocks 3 and 10 have but one side done: ratio of eight pairs. */
	double ratio = json_real_value(json_object_get(row, "time.ratio"));
	assert_true(ratio > 0.5033506 && ratio < 0.5033507);
	json_decref(rows);
}

static char *shown_runs(struct results *r, const char *format, bool only_failed, bool warmup)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct error err = {0};

	assert_good(show_runs(r, "demo.1", format, only_failed, warmup, to, &err), &err);
	fclose(to);
	return text;
}

static void test_runs_table(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *failed = shown_runs(f->results, NULL, true, false);
	_cleanup_free_ char *json = shown_runs(f->results, "ndjson", false, true);

	assert_string_equal(failed,
		"run  block  host  benchmark  parameters  state   time s  energy J  reason\n"
		"  7      3  lab1  spin       threads=1   failed   2.007    100.35  exit status 3\n"
		" 22     10  lab1  spin       threads=2   failed   1.022      51.1  killed by "
		"signal 9\n");
	assert_int_equal(count_lines(json), FIXTURE_RUNS);
	assert_non_null(
		strstr(json, "{\"run\":7,\"block\":3,\"host\":\"lab1\",\"benchmark\":\"spin\","
			     "\"parameters\":{\"threads\":1},\"state\":\"failed\",\"time\":2.007,"
			     "\"energy.package\":100.35,\"reason\":\"exit status 3\"}\n"));
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_labels),
		cmocka_unit_test(test_missing_file_says_what_to_do),
		cmocka_unit_test(test_empty_store_has_no_label),
		WITH_STORE(test_store_in_a_folder_that_is_read_only),
		WITH_STORE(test_report_of_the_file),
		cmocka_unit_test(test_cursors_page),
		WITH_STORE(test_runs_as_ndjson),
		WITH_STORE(test_runs_as_csv),
		WITH_STORE(test_samples),
		WITH_STORE(test_output_and_events),
		WITH_STORE(test_results_table),
		WITH_STORE(test_results_without_energy),
		WITH_STORE(test_results_with_columns),
		WITH_STORE(test_results_for_programs),
		WITH_STORE(test_runs_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
