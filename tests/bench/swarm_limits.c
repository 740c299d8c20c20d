/*
 * swarm_limits - what a swarm of agents cannot be faster than
 *
 *   swarm_limits rows FROM TO BATCH     all rows of run, attempt and metric of the store FROM, each
 *                                       inserted once into the new file TO, with the same tables
 * and settings, BATCH runs a commit; prints "RUNS SECONDS COMMITS" swarm_limits router DIR BYTES a
 * bare ROUTER with CURVE that answers each frame with one of BYTES bytes; prints its address and
 * its key, and ends with SIGTERM
 */
#include "proto/base.h"
#include "proto/clock.h"
#include "proto/keys.h"
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <zmq.h>

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "swarm_limits: %s\n", what);
	exit(1);
}

/* ---- rows ---- */

struct row {
	sqlite3_stmt *into;
	int64_t run; /* whose it is */
	sqlite3_value **cells;
	int n;
};

struct rows {
	struct row *items;
	size_t n, size;
};

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail(sqlite3_errmsg(db));
	return s;
}

/* All tables of FROM, without what they refer to. */
static void copy_schema(sqlite3 *from, sqlite3 *to)
{
	sqlite3_stmt *s = prepare(from,
		"SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
		" AND name NOT LIKE 'sqlite_%'");

	run_sql(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		    "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY");
	while (sqlite3_step(s) == SQLITE_ROW)
		run_sql(to, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
}

/* INSERT INTO table VALUES (?, ?, ...) */
static sqlite3_stmt *prepare_insert(sqlite3 *to, const char *table, int columns)
{
	_cleanup_buf_ struct buf sql = BUF_INIT;

	buf_addf(&sql, "INSERT INTO %s VALUES (?", table);
	for (int i = 1; i < columns; i++)
		buf_adds(&sql, ", ?");
	buf_adds(&sql, ")");
	return prepare(to, sql.data);
}

static void read_table(
	struct rows *out, sqlite3 *from, sqlite3 *to, const char *table, const char *key)
{
	_cleanup_free_ char *sql = xasprintf("SELECT %s, * FROM %s", key, table);
	sqlite3_stmt *s = prepare(from, sql);
	int n = sqlite3_column_count(s) - 1;
	sqlite3_stmt *into = prepare_insert(to, table, n);

	while (sqlite3_step(s) == SQLITE_ROW) {
		if (out->n == out->size) {
			out->size = out->size ? 2 * out->size : 1024;
			out->items = xreallocarray(out->items, out->size, sizeof *out->items);
		}
		struct row *r = &out->items[out->n++];
		*r = (struct row){.into = into,
			.run = sqlite3_column_int64(s, 0),
			.cells = xcalloc((size_t)n, sizeof(sqlite3_value *)),
			.n = n};
		for (int i = 0; i < n; i++)
			r->cells[i] = sqlite3_value_dup(sqlite3_column_value(s, i + 1));
	}
	sqlite3_finalize(s);
}

static int by_run(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->run > y->run) - (x->run < y->run);
}

static void insert(sqlite3 *to, const struct row *r)
{
	for (int i = 0; i < r->n; i++)
		sqlite3_bind_value(r->into, i + 1, r->cells[i]);
	if (sqlite3_step(r->into) != SQLITE_DONE)
		fail(sqlite3_errmsg(to));
	sqlite3_reset(r->into);
}

static int write_rows(const char *source, const char *target, long batch)
{
	struct rows rows = {0};
	long runs = 0, commits = 0;
	int64_t last = 0;
	sqlite3 *from, *to;

	if (sqlite3_open_v2(source, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
		sqlite3_open(target, &to) != SQLITE_OK)
		fail("cannot open the files");
	copy_schema(from, to);
	read_table(&rows, from, to, "run", "id");
	read_table(&rows, from, to, "attempt", "run");
	read_table(&rows, from, to, "metric", "run");
	qsort(rows.items, rows.n, sizeof *rows.items, by_run);
	int64_t start = clock_monotonic_ns();
	run_sql(to, "BEGIN IMMEDIATE");
	for (size_t i = 0; i < rows.n; i++) {
		if (rows.items[i].run != last && runs++ > 0 && runs % batch == 1) {
			run_sql(to, "COMMIT; BEGIN IMMEDIATE");
			commits++;
		}
		last = rows.items[i].run;
		insert(to, &rows.items[i]);
	}
	run_sql(to, "COMMIT");
	printf("%ld %.6f %ld\n", runs, (double)(clock_monotonic_ns() - start) / NS_PER_S,
		commits + 1);
	return 0;
}

/* ---- sockets ---- */

static int serve(const char *dir, size_t bytes)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
	_cleanup_free_ char *reply = xcalloc(1, bytes + 1);
	const int yes = 1, many = 4096;
	struct error err = {0};
	struct keypair keys;
	char endpoint[64] = "";
	size_t size = sizeof endpoint;
	zmq_msg_t id, frame;

	if (keypair_load_or_create(&keys, dir, &err) < 0)
		fail(err.text);
	zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys.secret_key, Z85_KEY_LEN + 1);
	zmq_setsockopt(socket, ZMQ_BACKLOG, &many, sizeof many);
	if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
		zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
		fail(zmq_strerror(errno));
	printf("%s %s\n", endpoint, keys.public_key);
	fflush(stdout);
	zmq_msg_init(&id);
	zmq_msg_init(&frame);
	for (;;) {
		if (zmq_msg_recv(&id, socket, 0) < 0 || zmq_msg_recv(&frame, socket, 0) < 0 ||
			zmq_msg_send(&id, socket, ZMQ_SNDMORE) < 0 ||
			zmq_send(socket, reply, bytes, 0) < 0)
			fail(zmq_strerror(errno));
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "rows") == 0)
		return write_rows(argv[2], argv[3], atol(argv[4]));
	if (argc == 4 && strcmp(argv[1], "router") == 0)
		return serve(argv[2], strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: swarm_limits rows FROM TO BATCH | router DIR BYTES\n");
	return 2;
}
