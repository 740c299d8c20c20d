/* Damage to a store is found: when it is opened after an unclean end, and by a deep check. */
#include "tests/unit/store_fixture.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct store_ops *const ops = &store_sqlite;

static int setup(void **state)
{
	char *path = fixture_path("check.db");
	struct store *s = fixture_open(path, true);

	fixture_campaign(s, true);
	ops->close(s);
	*state = path;
	return 0;
}

static int teardown(void **state)
{
	fixture_remove(*state);
	return 0;
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int64_t ask(const char *path, const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

/* What a deep check of path says: "WHAT: TEXT; " of each. The caller frees. */
static void add_finding(void *arg, const struct store_finding *f)
{
	buf_addf(arg, "%s: %s; ", f->what, f->text);
}

static char *check(const char *path, bool deep)
{
	struct buf text = BUF_INIT;
	struct error err = {0};
	struct store *s = fixture_open(path, false);

	buf_adds(&text, "");
	int n = ops->check(s, deep, add_finding, &text, &err);
	assert_good(n, &err);
	assert_int_equal(n == 0, text.len == 0);
	ops->close(s);
	return buf_take(&text);
}

static void assert_says(const char *path, const char *part)
{
	_cleanup_free_ char *text = check(path, true);

	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, text);
}

static void test_a_whole_store(void **state)
{
	for (int deep = 0; deep < 2; deep++) {
		_cleanup_free_ char *text = check(*state, deep);
		assert_string_equal(text, "");
	}
}

static void test_it_is_marked_while_it_is_open(void **state)
{
	struct store *s = fixture_open(*state, true);

	assert_int_equal(ask(*state, "SELECT is_clean FROM store"), 0);
	ops->close(s);
	assert_int_equal(ask(*state, "SELECT is_clean FROM store"), 1);
	s = fixture_open(*state, false);
	ops->close(s);
	assert_int_equal(ask(*state, "SELECT is_clean FROM store"), 1);
}

static void test_a_transaction_that_is_open_at_the_end_is_rolled_back(void **state)
{
	struct error err = {0};
	struct store *s = fixture_open(*state, true);

	assert_good(ops->begin(s, &err), &err);
	assert_good(ops->add_event(s, 0, 0, 0, "note", "half", 1, &err), &err);
	ops->close(s);
	assert_int_equal(ask(*state, "SELECT count(*) FROM event WHERE text = 'half'"), 0);
	assert_int_equal(ask(*state, "SELECT is_clean FROM store"), 1);
}

/* Overwrite the pages of a table with what is none. */
static void damage(const char *path, const char *table)
{
	_cleanup_free_ char *sql =
		xasprintf("SELECT rootpage FROM sqlite_master WHERE name = '%s'", table);
	int64_t size = ask(path, "PRAGMA page_size"), page = ask(path, sql);
	char noise[64];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(noise, 0xa5, sizeof noise);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, noise, sizeof noise, (page - 1) * size), sizeof noise);
	assert_int_equal(close(fd), 0);
}

static void test_a_damaged_store_is_refused_after_an_unclean_end(void **state)
{
	struct store *s = NULL;
	struct error err = {0};

	run_sql(*state, "UPDATE store SET is_clean = 0");
	s = fixture_open(*state, true); /* it is whole */
	ops->close(s);
	run_sql(*state, "UPDATE store SET is_clean = 0");
	damage(*state, "attempt");
	int64_t epoch = ask(*state, "SELECT epoch FROM store");
	assert_int_equal(ops->open(&s, *state, true, &err), -EUCLEAN);
	assert_non_null(strstr(err.text, "damaged"));
	assert_non_null(strstr(err.text, "doctor --db"));
	assert_int_equal(ask(*state, "SELECT epoch FROM store"), epoch);
	assert_says(*state, "file: ");
}

static void test_references_and_invariants(void **state)
{
	static const struct {
		const char *sql, *text;
	} broken[] = {
		{"UPDATE run SET host = 77 WHERE run = 3",
			"references: run has 1 rows that name a host"},
		{"UPDATE run SET result = NULL WHERE run = 3",
			"results: 1 runs are done and have no attempt that counts; the first: "
			"demo.1 run 3"},
		{"DELETE FROM attempt WHERE run & 16777215 BETWEEN 4 AND 5",
			"results: 2 runs count an attempt that is not there; the first: demo.1 run "
			"4"},
		{"INSERT INTO attempt (run, attempt, state) SELECT id, 9, 'lost' FROM run WHERE "
		 "run = 3",
			"attempts: 1 runs had more attempts than they know of; the first: demo.1 "
			"run 3"},
		{"UPDATE run SET state = 'queued', result = NULL WHERE run = 5",
			"campaigns: 1 runs still wait or run"},
		{"INSERT INTO sample_chunk (run, attempt, chunk, data) SELECT id, 1, column1, "
		 "x'00' "
		 "FROM run, (VALUES (0), (1), (3)) WHERE run IN (3, 4)",
			"samples: 2 runs have a hole in the samples"},
		{"INSERT INTO output (run, attempt, stream, offset, data) SELECT id, 1, 'stdout', "
		 "3, "
		 "x'00' FROM run WHERE run = 6",
			"output: 1 runs have output that overlaps; the first: demo.1 run 6"},
		{"INSERT INTO part (run, attempt, role, host, state, result) SELECT id, 7, "
		 "'server', host,"
		 " 'done', x'' FROM run WHERE run = 6",
			"parts: 1 runs have parts of an attempt that is not there"},
	};

	_cleanup_free_ char *copy = xasprintf("%s.copy", (char *)*state);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		_cleanup_free_ char *into = xasprintf("VACUUM INTO '%s'", copy);
		run_sql(*state, into);
		run_sql(copy, broken[i].sql);
		assert_says(copy, broken[i].text);
		assert_int_equal(unlink(copy), 0);
	}
}

/* A second writer is refused, by whatever name it comes. */
static void test_one_file_has_one_writer(void **state)
{
	struct store *s = fixture_open(*state, true), *other = NULL;
	_cleanup_free_ char *name = xasprintf("%s.other", (char *)*state);
	_cleanup_free_ char *lock = xasprintf("%s.lock", (char *)*state);
	_cleanup_free_ char *other_lock = xasprintf("%s.lock", name);
	struct error err = {0};

	assert_int_equal(ops->open(&other, *state, true, &err), -EBUSY);
	assert_int_equal(symlink(*state, name), 0);
	assert_int_equal(ops->open(&other, name, true, &err), -EBUSY);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(link(*state, name), 0);
	assert_int_equal(ops->open(&other, name, true, &err), -EBUSY);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(ops->open(&other, *state, true, &err), -EBUSY);
	assert_non_null(strstr(err.text, "lock file"));
	ops->close(s);
	assert_int_equal(ops->open(&other, *state, true, &err), -EINVAL);
	assert_non_null(strstr(err.text, "2 names"));
	assert_int_equal(unlink(name), 0);
	unlink(other_lock);
	s = fixture_open(*state, true);
	ops->close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_store, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_it_is_marked_while_it_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_transaction_that_is_open_at_the_end_is_rolled_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_damaged_store_is_refused_after_an_unclean_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_references_and_invariants, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_file_has_one_writer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
