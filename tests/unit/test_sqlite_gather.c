/* What is gathered for a store's log reads and ends up as if each write had gone through; and a
 * transaction of which something could not be written is never committed. */
#include "coordinator/store/sqlite_gather.h"
#include "tests/unit/store_fixture.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>

#define STEPS 4000
#define ROOM  (1 << 20)
#define ROWS  40 /* of a transaction, of a page each and more than the cache holds */

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* ---- the system below SQLite's own VFS ---- */

static struct {
	unsigned calls;
	unsigned failing; /* the call of this number fails, all later ones too if is_full */
	int number;       /* errno of it */
	bool is_full;
	bool is_short; /* one call in three writes less than it was told to */
} disk;

static ssize_t write_there(int fd, const void *data, size_t len, off64_t at)
{
	disk.calls++;
	if (disk.failing > 0 &&
		(disk.calls == disk.failing || (disk.is_full && disk.calls > disk.failing))) {
		errno = disk.number;
		return -1;
	}
	if (disk.is_short && len > 1 && next_random(3) == 0)
		len = 1 + next_random((uint32_t)len);
	return pwrite64(fd, data, len, at);
}

static int use_disk(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)state;
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_there), 0);
	assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_there), 0);
	return 0;
}

/* ---- a file with a log ---- */

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static sqlite3 *open_file(const char *path)
{
	sqlite3 *db;

	disk.failing = 0;
	disk.is_full = disk.is_short = false;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				 db_gather_vfs()),
		SQLITE_OK);
	sqlite3_extended_result_codes(db, 1);
	run_sql(db,
		"PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"PRAGMA cache_size = 10; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
		"CREATE TABLE t (transaction_of INTEGER, data BLOB);"
		"PRAGMA wal_checkpoint(TRUNCATE)");
	return db;
}

static sqlite3_file *log_of(sqlite3 *db)
{
	sqlite3_file *log = NULL;

	assert_int_equal(
		sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), SQLITE_OK);
	assert_non_null(log->pMethods);
	return log;
}

/* ---- as if each write had gone through ---- */

static uint8_t model[ROOM], scratch[ROOM];
static int64_t model_size;

static void write_some(sqlite3_file *log, int64_t at, int len)
{
	for (int i = 0; i < len; i++)
		model[at + i] = (uint8_t)next_random(256);
	model_size = at + len > model_size ? at + len : model_size;
	assert_int_equal(log->pMethods->xWrite(log, model + at, len, at), SQLITE_OK);
}

/* A page and what is before it, mostly at the end, sometimes over what is there. */
static void write_frame(sqlite3_file *log)
{
	int64_t at = next_random(4) > 0 ? model_size : next_random((uint32_t)model_size + 1);
	int len = next_random(4) > 0 ? 8192 : 1 + (int)next_random(30000);

	if (at + 24 + len > ROOM)
		return;
	write_some(log, at, 24);
	write_some(log, at + 24, len);
}

static void read_some(sqlite3_file *log)
{
	int64_t at = next_random((uint32_t)model_size + 1);
	int len = 1 + (int)next_random(20000);
	int64_t there = model_size - at < len ? model_size - at : len;

	assert_int_equal(log->pMethods->xRead(log, scratch, len, at),
		there < len ? SQLITE_IOERR_SHORT_READ : SQLITE_OK);
	assert_memory_equal(scratch, model + at, (size_t)there);
	for (int64_t i = there; i < len; i++)
		assert_int_equal(scratch[i], 0);
}

static void cut(sqlite3_file *log)
{
	model_size = next_random((uint32_t)model_size + 1);
	assert_int_equal(log->pMethods->xTruncate(log, model_size), SQLITE_OK);
}

static void compare(const char *path)
{
	_cleanup_free_ char *name = xasprintf("%s-wal", path);
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, scratch, ROOM, 0), model_size);
	assert_memory_equal(scratch, model, (size_t)model_size);
}

static void test_same_as_without(void **state)
{
	char *path = fixture_path("gather.db");
	sqlite3 *db = open_file(path);
	sqlite3_file *log = log_of(db);
	sqlite3_int64 size;

	(void)state;
	disk.is_short = true;
	for (int i = 0; i < STEPS; i++) {
		uint32_t dice = next_random(100);
		if (dice < 60) {
			write_frame(log);
		} else if (dice < 80) {
			read_some(log);
		} else if (dice < 86) {
			cut(log);
		} else if (dice < 93) {
			assert_int_equal(log->pMethods->xFileSize(log, &size), SQLITE_OK);
			assert_int_equal(size, model_size);
		} else {
			assert_int_equal(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), SQLITE_OK);
			compare(path);
		}
	}
	assert_int_equal(log->pMethods->xTruncate(log, 0), SQLITE_OK);
	sqlite3_close(db);
	fixture_remove(path);
}

/* ---- transactions ---- */

/* One of ROWS rows. Whether it is committed; else *why and *number are what it was told. */
static bool transaction(sqlite3 *db, int64_t which, int *why, int *number)
{
	_cleanup_free_ char *sql =
		xasprintf("INSERT INTO t VALUES (%lld, randomblob(8000))", (long long)which);
	int result;

	run_sql(db, "BEGIN IMMEDIATE");
	for (int i = 0; i < ROWS; i++) {
		/* Spilled pages are read again, and changed. */
		result = sqlite3_exec(db, sql, NULL, NULL, NULL);
		if (result == SQLITE_OK && i % 8 == 7)
			result = sqlite3_exec(db,
				"UPDATE t SET data = randomblob(8000) WHERE rowid % 5 = 0 AND"
				" rowid > (SELECT max(rowid) FROM t) - 20",
				NULL, NULL, NULL);
		if (result != SQLITE_OK) {
			*why = result;
			*number = sqlite3_system_errno(db);
		}
		if (sqlite3_get_autocommit(db) != 0)
			return false;
	}
	result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return true;
	*why = result;
	*number = sqlite3_system_errno(db);
	if (sqlite3_get_autocommit(db) == 0)
		run_sql(db, "ROLLBACK");
	return false;
}

static void check_rows(const char *path, int64_t expected)
{
	sqlite3 *reader;

	assert_int_equal(sqlite3_open_v2(path, &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(ask(reader, "SELECT count(*) FROM t"), expected);
	assert_int_equal(ask(reader, "SELECT count(*) FROM pragma_integrity_check WHERE"
				     " integrity_check <> 'ok'"),
		0);
	sqlite3_close(reader);
}

/* The n-th write of a transaction fails, for each n that there is. */
static void check_failures(int number, int expected, bool is_full)
{
	char *path = fixture_path("gather.db");
	sqlite3 *db = open_file(path);
	int64_t committed = 0;
	bool is_over = false;

	for (unsigned n = 1; !is_over; n++) {
		int why = SQLITE_OK, told = 0;
		disk.calls = 0;
		disk.failing = n;
		disk.number = number;
		disk.is_full = is_full;
		is_over = transaction(db, n, &why, &told);
		disk.failing = 0;
		if (is_over) {
			assert_true(disk.calls < n);
			committed += ROWS;
		} else {
			assert_int_equal(why & 0xff, expected);
			if (expected == SQLITE_IOERR)
				assert_int_equal(told, number);
		}
		check_rows(path, committed);
		/* And it goes on. */
		if (!transaction(db, -(int64_t)n, &why, &told))
			fail_msg("after write %u failed: %d", n, why);
		committed += ROWS;
		check_rows(path, committed);
		if (n % 3 == 0)
			run_sql(db, "DELETE FROM t; PRAGMA wal_checkpoint(PASSIVE)");
		committed = n % 3 == 0 ? 0 : committed;
	}
	sqlite3_close(db);
	check_rows(path, committed);
	fixture_remove(path);
}

static void test_io_errors(void **state)
{
	(void)state;
	check_failures(EIO, SQLITE_IOERR, false);
	check_failures(EROFS, SQLITE_IOERR, true);
}

static void test_full_disk(void **state)
{
	(void)state;
	check_failures(ENOSPC, SQLITE_FULL, false);
	check_failures(ENOSPC, SQLITE_FULL, true);
}

/* What was spilled and rolled back is in the file before another may write there. */
static void test_rolled_back(void **state)
{
	char *path = fixture_path("gather.db");
	sqlite3 *db = open_file(path), *other;
	int why, told;

	(void)state;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	for (int i = 0; i < 3; i++) {
		run_sql(db, "BEGIN IMMEDIATE; WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM"
			    " n WHERE i < 30) INSERT INTO t SELECT 0, randomblob(8000) FROM n;"
			    " ROLLBACK");
		assert_true(transaction(other, i, &why, &told));
		assert_true(transaction(db, i, &why, &told));
		check_rows(path, (i + 1) * 2 * ROWS);
	}
	sqlite3_close(other);
	sqlite3_close(db);
	check_rows(path, (int64_t)3 * 2 * ROWS);
	fixture_remove(path);
}

/* Whatever SQLite makes of the first error: nothing else of the transaction can be done. */
static void test_failed_for_good(void **state)
{
	char *path = fixture_path("gather.db");
	sqlite3 *db = open_file(path);
	sqlite3_file *log = log_of(db);

	(void)state;
	run_sql(db, "BEGIN IMMEDIATE");
	assert_int_equal(log->pMethods->xWrite(log, scratch, 100, 0), SQLITE_OK);
	disk.calls = 0;
	disk.failing = 1;
	disk.number = EROFS;
	assert_int_equal(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), SQLITE_IOERR_WRITE);
	errno = 0;
	assert_int_equal(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), SQLITE_IOERR_WRITE);
	assert_int_equal(errno, EROFS);
	assert_int_equal(log->pMethods->xWrite(log, scratch, 100, 100), SQLITE_IOERR_WRITE);
	assert_int_equal(log->pMethods->xRead(log, scratch, 100, 0), SQLITE_IOERR_WRITE);
	run_sql(db, "ROLLBACK");
	assert_int_equal(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), SQLITE_OK);
	run_sql(db, "INSERT INTO t VALUES (1, 2)");
	check_rows(path, 1);
	sqlite3_close(db);
	fixture_remove(path);
}

static void test_few_calls(void **state)
{
	char *path = fixture_path("gather.db");
	sqlite3 *db = open_file(path);

	(void)state;
	run_sql(db, "PRAGMA cache_size = 1000; BEGIN;"
		    "INSERT INTO t VALUES (1, randomblob(8192 * 30))");
	disk.calls = 0;
	run_sql(db, "COMMIT");
	/* 31 pages and more, 15 of which are a call; so is the rest. */
	assert_in_range(disk.calls, 1, 4);
	sqlite3_close(db);
	fixture_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_without),
		cmocka_unit_test(test_io_errors),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_failed_for_good),
		cmocka_unit_test(test_few_calls),
	};

	return cmocka_run_group_tests(tests, use_disk, NULL);
}
