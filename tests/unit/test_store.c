#include "coordinator/store/lock.h"
#include "coordinator/store/queries.h"
#include "proto/units.h"
#include "tests/unit/store_fixture.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <sys/wait.h>

static const struct store_ops *const ops = &store_sqlite;

struct fixture {
	char *path;
	struct store *store;
	int64_t campaign;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->path = fixture_path("unit.db");
	f->store = fixture_open(f->path, true);
	f->campaign = fixture_campaign(f->store, true);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ops->close(f->store);
	fixture_remove(f->path);
	free(f);
	return 0;
}

/* ---- reading back ---- */

struct got {
	size_t rows, limit;
	int64_t last_key, first_run, last_run;
	size_t columns_n;
	char text[4096]; /* of the last row: cells with | between */
};

static void got_columns(void *arg, const char *const *names, size_t n)
{
	struct got *g = arg;

	assert_non_null(names[0]);
	g->columns_n = n;
}

static int got_row(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	struct got *g = arg;
	_cleanup_buf_ struct buf b = BUF_INIT;

	assert_int_equal(n, g->columns_n);
	for (size_t i = 0; i < n; i++) {
		if (cells[i].integer != ABSENT)
			buf_addf(&b, "%lld", (long long)cells[i].integer);
		else if (cells[i].real != NULL)
			buf_adds(&b, cells[i].real);
		else if (cells[i].text != NULL)
			buf_adds(&b, cells[i].text);
		else if (cells[i].blob.data != NULL)
			buf_addf(&b, "<%zu>", cells[i].blob.len);
		buf_addc(&b, '|');
	}
	snprintf(g->text, sizeof g->text, "%s", b.data);
	if (g->rows++ == 0)
		g->first_run = cells[0].integer;
	g->last_run = cells[0].integer;
	g->last_key = key;
	return g->limit != 0 && g->rows == g->limit;
}

static struct got get(
	struct store *s, const char *what, const char *label, int64_t after, int64_t limit)
{
	struct got g = {0};
	struct error err = {0};

	assert_good(ops->query(s, what, label, after, limit, got_columns, got_row, &g, &err), &err);
	return g;
}

static void test_every_query_has_its_rows(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *what, *label;
		size_t rows, columns;
	} vectors[] = {
		{"campaigns", "", 1, CAMPAIGNS_N},
		{"campaigns", "demo.1", 1, CAMPAIGNS_N},
		{"campaigns", "demo", 1, CAMPAIGNS_N},
		{"campaigns", "demo.2", 0, CAMPAIGNS_N},
		{"campaigns", "demo.1x", 0, CAMPAIGNS_N},
		{"campaigns", "other", 0, CAMPAIGNS_N},
		{"configurations", "demo.1", 2, CONFIGURATIONS_N},
		{"lanes", "demo.1", 1, LANES_N},
		{"hosts", NULL, 1, HOSTS_N},
		{"runs", "demo.1", FIXTURE_RUNS, RUNS_FIXED},
		{"runs", "demo", FIXTURE_RUNS, RUNS_FIXED},
		{"runs", "demo.9", 0, RUNS_FIXED},
		{"metrics", "demo.1", 2 * FIXTURE_RUNS - 1, METRICS_N},
		{"samples", "demo.1", 0, SAMPLES_N},
		{"output", "demo.1", FIXTURE_RUNS, OUTPUT_N},
		{"events", NULL, 0, EVENTS_N},
		{"requirements", "demo.1", 0, REQUIREMENTS_N},
		{"counts", "demo.1", 3, COUNTS_N},
		{"counts", "demo.9", 0, COUNTS_N},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct got g = get(f->store, vectors[i].what, vectors[i].label, 0, 1000);
		bool is_runs = strcmp(vectors[i].what, "runs") == 0;
		assert_int_equal(g.rows, vectors[i].rows);
		assert_int_equal(
			g.columns_n, vectors[i].columns + (is_runs ? standard_metrics_n : 0));
	}
}

static void put_requirement(
	struct store *s, const char *command, const char *reason, const char *output, int64_t at)
{
	const struct store_requirement r = {.campaign = 1,
		.host = 1,
		.command = command,
		.reason = reason,
		.asked_at = FIXTURE_START + at,
		.output = {output, strlen(output)},
		.total = 100,
		.head = 2};
	struct error err = {0};

	assert_good(ops->put_requirement(s, &r, &err), &err);
}

static void test_every_query_pages(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"campaigns", "configurations", "lanes", "hosts", "runs",
		"metrics", "samples", "output", "events", "requirements", "counts"};
	struct error err = {0};

	for (int64_t run = 1; run <= 3; run++) {
		for (int64_t chunk = 2; chunk >= 0; chunk--)
			assert_good(ops->put_samples(
					    f->store, f->campaign, run, 1, chunk, "abc", 3, &err),
				&err);
		assert_good(ops->add_event(f->store, f->campaign, 1, run, "note", "hello", 5, &err),
			&err);
	}
	for (int64_t i = 0; i < 3; i++)
		put_requirement(
			f->store, i == 2 ? "[\"b\"]" : "[\"a\"]", NULL, i == 1 ? "x" : "y", i);
	fixture_campaign(f->store, false);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct got all = get(f->store, names[i], "demo.1", 0, 100000);
		size_t rows = 0;
		int64_t after = 0;
		for (;;) {
			struct got page = get(f->store, names[i], "demo.1", after, 1);
			if (page.rows == 0)
				break;
			assert_int_equal(page.rows, 1);
			rows++;
			after = page.last_key;
			if (rows == all.rows)
				assert_string_equal(page.text, all.text);
		}
		assert_int_equal(rows, all.rows);
		assert_true(rows > 0);
	}
}

static void test_rows_carry_what_was_put(void **state)
{
	struct fixture *f = *state;
	struct got g = {0};

	g = get(f->store, "campaigns", "demo", 0, 10);
	/* 22 ended, 2 failed (run 7 and the last), none skipped or running, one host */
	assert_non_null(strstr(g.text, "|22|1790000000123000000|1790000060123000000|22|2|0|0|1|"));
	g = get(f->store, "runs", "demo.1", FIXTURE_FAILED_RUN - 1, 1);
	assert_int_equal(g.first_run, FIXTURE_FAILED_RUN);
	assert_non_null(strstr(g.text, "7|3|3|0|lab1|0|spin|{\"threads\":1}|failed|exit status "
				       "3|1|1790000007123000000|3||[]|0-1|"
				       "{\"time\":150,\"energy.package\":50000,\"energy.package-"
				       "0\":50000}|{\"energy.package\":1234}|"
				       "2007000000|"));
	g = get(f->store, "counts", "demo.1", 0, 10);
	assert_string_equal(g.text, "lab1|1|done|2|0|0|"); /* the last of them */
	g = get(f->store, "counts", "demo.1", 0, 1);
	assert_string_equal(g.text, "lab1|0|done|18|1|0|");
	g = get(f->store, "metrics", "demo.1", 0, 1);
	assert_string_equal(g.text, "1|energy.package-0|uJ||100050000||||");
	g = get(f->store, "metrics", "demo.1", 0, 2);
	assert_string_equal(g.text, "1|loops|1|1000000.1||higher|||");
	g = get(f->store, "lanes", "demo.1", 0, 1);
	assert_non_null(strstr(g.text, "0|1|lab1|" FIXTURE_KEY "|{\"cpu\""));
}

static void test_a_row_function_can_end_a_query(void **state)
{
	struct fixture *f = *state;
	struct got g = {.limit = 3};
	struct error err = {0};

	assert_int_equal(
		ops->query(f->store, "runs", "demo", 0, 100, got_columns, got_row, &g, &err), 0);
	assert_int_equal(g.rows, 3);
}

static void test_unknown_query_names_the_nearest(void **state)
{
	struct fixture *f = *state;
	struct got g = {0};
	struct error err = {0};

	assert_int_equal(
		ops->query(f->store, "rums", "demo", 0, 1, NULL, got_row, &g, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'runs'"));
}

/* ---- exactly once ---- */

static int put(struct store *s, int64_t campaign, int64_t run, int64_t attempt, int64_t time_ns,
	const char *state)
{
	struct error err = {0};
	const struct message_metric time = {"time", "ns", time_ns, ABSENT, ABSENT};
	static const double series[] = {3, 0.1, 1e-9};
	const struct store_metric own[] = {{.name = "loops", .value = 3},
		{.name = "checksum", .value = NAN, .text = "9f\"86"},
		{.name = "sum", .value = 7, .text = "7.0"},
		{.name = "laps", .unit = "s", .value = 0.1, .series = series, .series_n = 3}};
	struct store_result r = {.campaign = campaign,
		.run = run,
		.attempt = attempt,
		.state = state,
		.started_at = 1,
		.exit_code = 0,
		.signal = ABSENT,
		.metrics = &time,
		.metrics_n = 1,
		.own = own,
		.own_n = ARRAY_SIZE(own),
		.ended_at = 2};
	int code = ops->put_result(s, &r, &err);

	assert_good(code, &err);
	return code;
}

/* A fresh queued run in a campaign of its own; returns the campaign. */
static int64_t queued_run(struct store *s)
{
	struct error err = {0};
	struct store_campaign c = {.name = "once",
		.yaml = "",
		.state = "running",
		.total = 1,
		.submitted_at = 1,
		.ended_at = ABSENT,
		.uuid = id16_random()};

	assert_good(ops->add_campaign(s, &c, &err), &err);
	assert_good(ops->add_configuration(s, c.id, 0, "b", "{}", &err), &err);
	assert_good(ops->add_lane(s, c.id, 0, 1, &err), &err);
	struct store_run r = {
		.campaign = c.id, .run = 1, .block = 1, .host = 1, .state = RUN_QUEUED};
	assert_good(ops->add_run(s, &r, &err), &err);
	assert_good(ops->start_attempt(s, c.id, 1, 1, 1, &err), &err);
	return c.id;
}

static void assert_run(struct store *s, const char *wanted)
{
	struct got g = get(s, "runs", "once", 0, 10);

	assert_int_equal(g.rows, 1);
	if (strstr(g.text, wanted) == NULL)
		fail_msg("%s is not in %s", wanted, g.text);
}

static void test_a_result_counts_once(void **state)
{
	struct fixture *f = *state;
	int64_t campaign = queued_run(f->store);

	assert_int_equal(put(f->store, campaign, 1, 1, 100, RUN_DONE), 1);
	assert_int_equal(put(f->store, campaign, 1, 1, 100, RUN_DONE), 0);
	assert_int_equal(put(f->store, campaign, 1, 2, 999, RUN_FAILED), 0);
	assert_run(f->store, "|done||1|1|0||[]||||100|");
	assert_int_equal(get(f->store, "metrics", "once", 0, 10).rows, 4);
}

static void test_a_late_result_of_a_lost_attempt_counts_where_none_has_come(void **state)
{
	struct fixture *f = *state;
	int64_t campaign = queued_run(f->store);
	struct error err = {0};

	assert_good(ops->set_attempt_state(f->store, campaign, 1, 1, ATTEMPT_LOST, 5, &err), &err);
	assert_good(ops->set_run_state(f->store, campaign, 1, RUN_QUEUED, NULL, &err), &err);
	assert_good(ops->start_attempt(f->store, campaign, 1, 2, 6, &err), &err);
	assert_int_equal(put(f->store, campaign, 1, 1, 100, RUN_DONE), 1);
	assert_int_equal(put(f->store, campaign, 1, 2, 200, RUN_DONE), 0);
	assert_int_equal(put(f->store, campaign, 1, 2, 200, RUN_DONE), 0);
	assert_run(f->store, "|done||2|1|0||[]||||100|");
}

static void test_a_result_of_a_cancelled_run_changes_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t campaign = queued_run(f->store);
	struct error err = {0};

	assert_good(ops->set_run_state(f->store, campaign, 1, RUN_CANCELLED, "by the user", &err),
		&err);
	assert_int_equal(put(f->store, campaign, 1, 1, 100, RUN_DONE), 0);
	assert_run(f->store, "|cancelled|by the user|1|||");
	assert_int_equal(get(f->store, "metrics", "once", 0, 10).rows, 0);
}

static void test_a_result_without_its_attempt_is_taken(void **state)
{
	struct fixture *f = *state;
	int64_t campaign = queued_run(f->store);

	assert_int_equal(put(f->store, campaign, 1, 7, 100, RUN_TIMEOUT), 1);
	assert_run(f->store, "|timeout||7|1|0||[]||||100|");
}

static void test_samples_and_output_of_other_attempts_are_not_shown(void **state)
{
	struct fixture *f = *state;
	int64_t campaign = queued_run(f->store);
	struct error err = {0};

	for (int64_t attempt = 1; attempt <= 2; attempt++) {
		for (int twice = 0; twice < 2; twice++) {
			assert_good(
				ops->put_samples(f->store, campaign, 1, attempt, 0, "x", 1, &err),
				&err);
			assert_good(ops->put_output(f->store, campaign, 1, attempt, "stdout", 0, "",
					    0, &err),
				&err);
		}
	}
	assert_int_equal(get(f->store, "samples", "once", 0, 10).rows, 0);
	put(f->store, campaign, 1, 2, 1, RUN_DONE);
	struct got g = get(f->store, "samples", "once", 0, 10);
	assert_int_equal(g.rows, 1);
	assert_string_equal(g.text, "1|2|0|<1>|");
	g = get(f->store, "output", "once", 0, 10);
	assert_int_equal(g.rows, 1);
	assert_string_equal(g.text, "1|2|stdout|0|<0>|");
}

static void test_what_is_not_there_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	struct store_result r = {
		.campaign = f->campaign, .run = 4711, .attempt = 1, .state = RUN_DONE};
	struct store_run run = {.campaign = f->campaign, .run = 1, .host = 1, .state = RUN_QUEUED};

	assert_int_equal(ops->put_result(f->store, &r, &err), -ENOENT);
	assert_non_null(strstr(err.text, "4711"));
	assert_int_equal(
		ops->set_run_state(f->store, f->campaign, 4711, RUN_DONE, NULL, &err), -ENOENT);
	assert_int_equal(
		ops->set_attempt_state(f->store, f->campaign, 1, 9, RUN_DONE, 1, &err), -ENOENT);
	assert_int_equal(ops->set_campaign_state(f->store, 99, "done", 1, &err), -ENOENT);
	assert_int_equal(ops->start_attempt(f->store, f->campaign, 4711, 1, 1, &err), -ENOENT);
	assert_int_equal(ops->add_lane(f->store, f->campaign, 1, 99, &err), -ENOENT);
	assert_int_equal(ops->add_run(f->store, &run, &err), -EINVAL); /* it is there already */
	run.run = 1 << 24;
	assert_int_equal(ops->add_run(f->store, &run, &err), -EINVAL);
	assert_int_equal(ops->put_samples(f->store, 99, 1, 1, 0, "x", 1, &err), -EINVAL);
	assert_false(ops->in_transaction(f->store));
}

/* ---- transactions, lock, versions ---- */

static void test_rollback_forgets_and_commit_keeps(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};

	assert_good(ops->begin(f->store, &err), &err);
	assert_good(ops->begin(f->store, &err), &err);
	assert_true(ops->in_transaction(f->store));
	queued_run(f->store);
	ops->rollback(f->store);
	assert_int_equal(get(f->store, "campaigns", "once", 0, 10).rows, 0);
	queued_run(f->store);
	struct store *reader = fixture_open(f->path, false);
	assert_int_equal(get(reader, "campaigns", "once", 0, 10).rows, 1);
	ops->close(reader);
}

static void test_epoch_grows_with_each_writer(void **state)
{
	struct fixture *f = *state;
	struct id16 first, second;
	int64_t epoch, next;

	ops->identity(f->store, &first, &epoch);
	ops->close(f->store);
	f->store = fixture_open(f->path, true);
	ops->identity(f->store, &second, &next);
	assert_true(id16_equal(&first, &second));
	assert_int_equal(next, epoch + 1);
	assert_int_equal(get(f->store, "runs", "demo", 0, 100).rows, FIXTURE_RUNS);
}

static void test_one_writer_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	struct store_lock lock;
	struct error err = {0};
	_cleanup_free_ char *folder = xstrdup(f->path);

	*strrchr(folder, '/') = '\0';
	_cleanup_free_ char *link = xasprintf("%s/link.db", folder);
	assert_int_equal(symlink(f->path, link), 0);
	assert_int_equal(ops->open(&other, f->path, true, &err), -EBUSY);
	assert_int_equal(ops->open(&other, link, true, &err), -EBUSY);
	assert_int_equal(store_lock_holder(f->path, &lock, &err), 1);
	assert_int_equal(lock.pid, getpid());
	assert_string_equal(lock.endpoint, "");
	assert_good(store_lock_publish(f->path, "tcp://127.0.0.1:7710", "/keys of/me", &err), &err);
	assert_int_equal(store_lock_holder(link, &lock, &err), 1);
	assert_string_equal(lock.endpoint, "tcp://127.0.0.1:7710");
	assert_string_equal(lock.keys_dir, "/keys of/me");
	ops->close(f->store);
	assert_int_equal(store_lock_holder(link, &lock, &err), 0);
	f->store = fixture_open(link, true);
	assert_int_equal(store_lock_holder(f->path, &lock, &err), 1);
	assert_string_equal(lock.endpoint, "");
	unlink(link);
	assert_int_equal(store_lock_holder("/no/such/folder/x.db", &lock, &err), 0);
}

static void test_a_killed_writer_leaves_what_it_committed(void **state)
{
	struct fixture *f = *state;
	pid_t child;

	ops->close(f->store);
	child = fork();
	if (child == 0) {
		struct error err = {0};
		struct store *s = fixture_open(f->path, true);
		queued_run(s);
		ops->begin(s, &err);
		queued_run(s);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	struct store *reader = fixture_open(f->path, false);
	assert_int_equal(get(reader, "campaigns", NULL, 0, 10).rows, 2);
	ops->close(reader);
	f->store = fixture_open(f->path, true);
	assert_int_equal(get(f->store, "campaigns", NULL, 0, 10).rows, 2);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void test_foreign_and_newer_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct error err = {0};

	ops->close(f->store);
	run_sql(f->path, "PRAGMA user_version = 1000");
	for (int write = 0; write < 2; write++) {
		assert_int_equal(ops->open(&s, f->path, write, &err), -EINVAL);
		assert_non_null(strstr(err.text, "newer joulerig"));
	}
	run_sql(f->path, "PRAGMA user_version = 5; PRAGMA application_id = 7");
	for (int write = 0; write < 2; write++) {
		assert_int_equal(ops->open(&s, f->path, write, &err), -EINVAL);
		assert_non_null(strstr(err.text, "no store of joulerig"));
	}
	run_sql(f->path, "PRAGMA application_id = 0x4a524947");
	_cleanup_free_ char *missing = xasprintf("%s.missing", f->path);
	assert_int_equal(ops->open(&s, missing, false, &err), -ENOENT);
	f->store = fixture_open(f->path, true);
}

static void test_text_files_are_refused(void **state)
{
	char *path = fixture_path("notes.txt");
	struct store *s = NULL;
	struct error err = {0};
	FILE *file = fopen(path, "w");

	(void)state;
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_true(ops->open(&s, path, true, &err) < 0);
	assert_non_null(strstr(err.text, "--db"));
	fixture_remove(path);
}

/* A file made before a metric was known: readers do without, writers add it. */
static void test_columns_follow_the_table_of_metrics(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	struct store *s = NULL;

	ops->close(f->store);
	run_sql(f->path,
		"DROP VIEW v_run; DROP VIEW v_metric; ALTER TABLE run DROP COLUMN migrations");
	s = fixture_open(f->path, false);
	struct got g = get(s, "runs", "demo", 0, 100);
	assert_int_equal(g.rows, FIXTURE_RUNS);
	assert_int_equal(g.columns_n, RUNS_FIXED + standard_metrics_n);
	ops->close(s);
	f->store = fixture_open(f->path, true);
	assert_int_equal(put(f->store, queued_run(f->store), 1, 1, 1, RUN_DONE), 1);
	assert_good(ops->commit(f->store, &err), &err);
	run_sql(f->path, "SELECT migrations, energy_package FROM v_run; SELECT * FROM v_metric");
}

/* ---- the views ---- */

static void assert_sql(sqlite3 *db, const char *sql, const char *wanted)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), wanted);
	sqlite3_finalize(statement);
}

static void test_views_for_users(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;
	static const struct {
		const char *sql, *wanted;
	} vectors[] = {
		{"SELECT count(*) FROM v_run", "22"},
		{"SELECT campaign FROM v_run WHERE run = 3", "demo.1"},
		{"SELECT started_at FROM v_run WHERE run = 3", "2026-09-21T14:13:23.123Z"},
		{"SELECT time FROM v_run WHERE run = 3", "2.003"},
		{"SELECT energy_package FROM v_run WHERE run = 3", "100.15"},
		{"SELECT memory_peak FROM v_run WHERE run = 3", "32505856"},
		{"SELECT flags FROM v_run WHERE run = 3", "[\"shared_cpu\"]"},
		{"SELECT reason FROM v_run WHERE run = 7", "exit status 3"},
		{"SELECT json_extract(parameters, '$.threads') FROM v_run WHERE run = 4", "2"},
		{"SELECT group_concat(name) FROM v_metric WHERE run = 3",
			"time,memory.peak,energy.package,energy.package-0,loops"},
		{"SELECT value || unit || uncertainty FROM v_metric WHERE run = 3 AND name = "
		 "'energy.package-0'",
			"100.15J0.05"},
		{"SELECT deviation FROM v_metric WHERE run = 3 AND name = 'energy.package'",
			"0.001234"},
		{"SELECT value FROM v_metric WHERE run = 4 AND name = 'loops'", "500000.1"},
	};

	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_sql(db, vectors[i].sql, vectors[i].wanted);
	assert_sql(db, "PRAGMA integrity_check", "ok");
	assert_sql(db, "PRAGMA journal_mode", "wal");
	sqlite3_close(db);
}

/* ---- texts and series ---- */

static void test_texts_and_series_are_kept(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	int64_t first = (1 << 12) - 1;
	struct got g;

	assert_int_equal(put(f->store, queued_run(f->store), 1, 1, 1, RUN_DONE), 1);
	assert_good(ops->commit(f->store, &err), &err);
	g = get(f->store, "metrics", "once", first + 1, 1);
	assert_string_equal(g.text, "1|checksum|1||||9f\"86||");
	g = get(f->store, "metrics", "once", first + 2, 1);
	assert_string_equal(g.text, "1|sum|1|7|||7.0||");
	g = get(f->store, "metrics", "once", first + 3, 1);
	assert_string_equal(g.text, "1|laps|s|0.1||||[3,0.1,1e-09]|");
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_sql(db,
		"SELECT group_concat(place || '=' || value, ' ') FROM v_series"
		" WHERE campaign = 'once.1' AND run = 1 AND name = 'laps' AND unit = 's'",
		"1=3.0 2=0.1 3=1.0e-09");
	assert_sql(db,
		"SELECT group_concat(name || coalesce(value, '-') || coalesce(text, '-'), ' ')"
		" FROM v_metric WHERE campaign = 'once.1' AND unit = '1'",
		"loops3.0- checksum-9f\"86 sum7.07.0");
	sqlite3_close(db);
}

/* What versions 4 and 5 have added, taken away again. */
#define WITHOUT_4                                                                                  \
	"DROP TABLE delivery; DROP TABLE notice; DROP TABLE sweep;"                                \
	"DROP TABLE clock; DROP TABLE lane_part; DROP TABLE part;"                                 \
	"ALTER TABLE store DROP COLUMN is_clean; ALTER TABLE host DROP COLUMN admission;"          \
	"ALTER TABLE host DROP COLUMN admission_reason;"                                           \
	"ALTER TABLE host DROP COLUMN admission_at; ALTER TABLE campaign DROP COLUMN priority;"    \
	"ALTER TABLE campaign DROP COLUMN pruned_at;"

/* A store of the version before texts and series. */
static void test_an_older_store_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	struct store *s = NULL;

	ops->close(f->store);
	run_sql(f->path,
		WITHOUT_4 "DROP VIEW v_requirement; DROP TABLE requirement;"
			  "DROP VIEW v_metric; DROP VIEW v_series;"
			  "ALTER TABLE metric DROP COLUMN text;"
			  "ALTER TABLE metric DROP COLUMN series; PRAGMA user_version = 1");
	assert_true(ops->open(&s, f->path, false, &err) < 0);
	f->store = fixture_open(f->path, true);
	struct got g = get(f->store, "metrics", "demo.1", 0, 2);
	assert_string_equal(g.text, "1|loops|1|1000000.1||higher|||");
	assert_int_equal(put(f->store, queued_run(f->store), 1, 1, 1, RUN_DONE), 1);
	assert_good(ops->commit(f->store, &err), &err);
	run_sql(f->path, "SELECT text FROM v_metric; SELECT value FROM v_series");
}

/* A store of the version before requirements can be read as it is, and has none. */
static void test_a_store_without_requirements(void **state)
{
	struct fixture *f = *state;
	const struct store_requirement r = {
		.campaign = 1, .host = 1, .command = "[\"true\"]", .asked_at = FIXTURE_START};
	struct error err = {0};

	assert_good(ops->commit(f->store, &err), &err);
	ops->close(f->store);
	run_sql(f->path, WITHOUT_4
		"DROP VIEW v_requirement; DROP TABLE requirement; PRAGMA user_version = 2");
	f->store = fixture_open(f->path, false);
	assert_int_equal(get(f->store, "runs", "demo.1", 0, 100).rows, FIXTURE_RUNS);
	struct got g = get(f->store, "requirements", "demo.1", 0, 100);
	assert_int_equal(g.rows, 0);
	assert_int_equal(g.columns_n, REQUIREMENTS_N);
	ops->close(f->store);
	f->store = fixture_open(f->path, true);
	assert_int_equal(get(f->store, "requirements", "demo.1", 0, 100).rows, 0);
	assert_good(ops->put_requirement(f->store, &r, &err), &err);
	assert_good(ops->commit(f->store, &err), &err);
	assert_int_equal(get(f->store, "requirements", "demo.1", 0, 100).rows, 1);
	run_sql(f->path, "SELECT output FROM v_requirement");
}

/* ---- what `requires` said ---- */

/* However often and in whatever order they come: one row an answer. */
static void test_requirements_are_kept_once(void **state)
{
	struct fixture *f = *state;
	static const char one[] = "[\"find\",\"1\"]", two[] = "[\"find\",\"2\"]";
	static const struct {
		const char *command, *reason, *output;
		int64_t at;
	} told[] = {
		{one, NULL, "3.13.0", 50},
		{one, NULL, "3.13.0", 50},
		{two, "requires: none", "none", 60},
		{one, NULL, "3.13.1", 90},
		{one, NULL, "3.13.0", 20}, /* a result that came late */
		{two, "requires: timeout: 1s", "none", 70},
		{one, NULL, "3.13.0", 70},
		{one, NULL, "", 80},
		{one, NULL, "", 80},
	};
	struct error err = {0};
	sqlite3 *db;

	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		put_requirement(
			f->store, told[i].command, told[i].reason, told[i].output, told[i].at);
	assert_good(ops->commit(f->store, &err), &err);
	struct got g = get(f->store, "requirements", "demo.1", 0, 1);
	assert_string_equal(g.text,
		"lab1|[\"find\",\"1\"]|1|met||1790000000123000020|1790000000123000070|<6>|100|2|");
	g = get(f->store, "requirements", "demo.1", g.last_key, 1);
	assert_string_equal(g.text,
		"lab1|[\"find\",\"2\"]|1|unmet|requires: none|1790000000123000060|"
		"1790000000123000060|<4>|100|2|");
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_sql(db,
		"SELECT group_concat(command ->> 1 || '#' || answer || ' ' || verdict || ' '"
		" || output, '; ') FROM (SELECT * FROM v_requirement WHERE campaign = 'demo.1'"
		" AND host = 'lab1' AND first_at < '2027' ORDER BY command, answer)",
		"1#1 met 3.13.0; 1#2 met 3.13.1; 1#3 met ; 2#1 unmet none; 2#2 unmet none");
	sqlite3_close(db);
}

/* ---- the hot path does not look at other runs ---- */

static void test_hot_path_scans_nothing(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;
	static const char *const statements[] = {
		"UPDATE run SET state = 'x' WHERE id = 5",
		"SELECT state FROM run WHERE id = 5",
		"UPDATE attempt SET state = 'x' WHERE run = 5 AND attempt = 1",
		"SELECT 1 FROM run r WHERE r.id > (1 << 24) + 5 AND r.id < (1 + 1) << 24 ORDER BY "
		"r.id LIMIT 3",
		"SELECT 1 FROM metric m WHERE (m.run, m.place) > (5, 1) AND m.run < 9 ORDER BY "
		"m.run, m.place",
	};
	struct error err = {0};

	assert_good(ops->commit(f->store, &err), &err);
	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		_cleanup_free_ char *sql = xasprintf("EXPLAIN QUERY PLAN %s", statements[i]);
		sqlite3_stmt *statement;
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
		while (sqlite3_step(statement) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(statement, 3);
			assert_int_equal(strncmp(detail, "SEARCH", 6), 0);
		}
		sqlite3_finalize(statement);
	}
	sqlite3_close(db);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_every_query_has_its_rows),
		WITH_STORE(test_every_query_pages),
		WITH_STORE(test_rows_carry_what_was_put),
		WITH_STORE(test_a_row_function_can_end_a_query),
		WITH_STORE(test_unknown_query_names_the_nearest),
		WITH_STORE(test_a_result_counts_once),
		WITH_STORE(test_a_late_result_of_a_lost_attempt_counts_where_none_has_come),
		WITH_STORE(test_a_result_of_a_cancelled_run_changes_nothing),
		WITH_STORE(test_a_result_without_its_attempt_is_taken),
		WITH_STORE(test_samples_and_output_of_other_attempts_are_not_shown),
		WITH_STORE(test_what_is_not_there_is_an_error),
		WITH_STORE(test_rollback_forgets_and_commit_keeps),
		WITH_STORE(test_epoch_grows_with_each_writer),
		WITH_STORE(test_one_writer_at_a_time),
		WITH_STORE(test_a_killed_writer_leaves_what_it_committed),
		WITH_STORE(test_foreign_and_newer_files_are_refused),
		cmocka_unit_test(test_text_files_are_refused),
		WITH_STORE(test_columns_follow_the_table_of_metrics),
		WITH_STORE(test_texts_and_series_are_kept),
		WITH_STORE(test_an_older_store_is_brought_up_to_date),
		WITH_STORE(test_a_store_without_requirements),
		WITH_STORE(test_requirements_are_kept_once),
		WITH_STORE(test_views_for_users),
		WITH_STORE(test_hot_path_scans_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
