/*
 * Is a store whole? SQLite says so of its file; that what is in it fits together are the invariants
 * below, each a query whose rows are what breaks it.
 */
#include "coordinator/store/sqlite.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <errno.h>
#include <sys/stat.h>

/*
 * A file up to here is checked as a whole when it was not closed; of a larger one only what results
 * are made of. A check reads 100 to 300 MB/s, so a coordinator starts within seconds.
 */
#define WHOLE_BYTES (INT64_C(1) << 30)

struct report {
	store_found_fn *found;
	void *arg;
	int n;
};

static void tell(struct report *r, const char *what, const char *text)
{
	const struct store_finding f = {.what = what, .text = text};

	r->n++;
	if (r->found != NULL)
		r->found(r->arg, &f);
}

/* ---- the file ---- */

static bool is_damage(int result)
{
	return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

/* A row may have several lines, the first of which names the database. */
static void tell_lines(struct report *r, const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);

	for (char *rest = copy, *line; (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0' && strncmp(line, "*** ", 4) != 0 && strcmp(line, "ok") != 0)
			tell(r, "file", line);
}

/* Run a PRAGMA that answers "ok" or a row for each damage. A file that it cannot even go through is
 * damaged as well. */
static int check_pragma(struct store *s, const char *sql, struct report *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);

	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(statement);
		if (result != SQLITE_ROW)
			break;
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		tell_lines(r, text == NULL ? "" : text);
	}
	if (is_damage(result))
		tell(r, "file", sqlite3_errmsg(s->db));
	else if (result != SQLITE_DONE)
		db_fail(s, err, "check");
	sqlite3_finalize(statement);
	return result == SQLITE_DONE || is_damage(result) ? 0 : err != NULL ? err->code : -EIO;
}

static int check_foreign_keys(struct store *s, struct report *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(s->db,
		"SELECT \"table\" || ' has ' || count(*) || ' rows that name a ' || parent ||"
		" ' that is not there, the first with row id ' || coalesce(min(rowid), '?')"
		" FROM pragma_foreign_key_check GROUP BY \"table\", parent",
		-1, &statement, NULL);

	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW)
			tell(r, "references", (const char *)sqlite3_column_text(statement, 0));
	}
	int code = result == SQLITE_DONE ? 0 : db_fail(s, err, "check the references of");
	sqlite3_finalize(statement);
	return code;
}

/* ---- what is in it ---- */

/* The run of a row, as people write it: "nightly.3 run 17". */
#define RUN_NAME                                                                                   \
	"(SELECT name || '.' || number FROM campaign WHERE id = r.id >> 24) || ' run ' || "        \
	"(r.id & 16777215)"

/* Each gives one row: how many rows break the rule, and the name of the first. */
static const struct {
	const char *what, *text, *sql;
	int since; /* schema */
} invariants[] = {
	{"results", "are done and have no attempt that counts",
		"SELECT n, " RUN_NAME " FROM (SELECT count(*) AS n, min(u.id) AS id FROM run u"
		" WHERE u.state = 'done' AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.run = "
		"u.id"
		" AND a.attempt = u.result AND a.state = 'done')) r",
		0},
	{"results", "count an attempt that is not there",
		"SELECT n, " RUN_NAME " FROM (SELECT count(*) AS n, min(u.id) AS id FROM run u"
		" WHERE u.result IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt a WHERE"
		" a.run = u.id AND a.attempt = u.result)) r",
		0},
	{"attempts", "had more attempts than they know of",
		"SELECT n, " RUN_NAME " FROM (SELECT count(DISTINCT a.run) AS n, min(a.run) AS id"
		" FROM attempt a JOIN run u ON u.id = a.run WHERE a.attempt > u.attempt) r",
		0},
	{"campaigns", "still wait or run, of campaigns that have ended",
		"SELECT n, " RUN_NAME " FROM (SELECT count(*) AS n, min(u.id) AS id FROM campaign c"
		" JOIN run u ON u.id BETWEEN (c.id << 24) AND (c.id << 24 | 16777215)"
		" WHERE c.state = 'done' AND u.state IN ('queued', 'assigned', 'running')) r",
		0},
	{"samples", "have a hole in the samples of the attempt that counts",
		"SELECT n, " RUN_NAME " FROM (SELECT count(DISTINCT run) AS n, min(run) AS id FROM"
		/* Of several hosts each has numbers of its own: see PART_CHUNKS. */
		" (SELECT k.run, count(*) AS chunks, max(k.chunk & 16777215) AS last"
		" FROM sample_chunk k JOIN run u ON u.id = k.run AND u.result = k.attempt"
		" GROUP BY k.run, k.chunk >> 24) WHERE last != chunks - 1) r",
		0},
	{"output", "have output that overlaps",
		"SELECT n, " RUN_NAME " FROM (SELECT count(DISTINCT run) AS n, min(run) AS id FROM"
		" (SELECT run, offset, lag(offset + length(data)) OVER (PARTITION BY run, attempt,"
		" stream ORDER BY offset) AS before FROM output) WHERE before > offset) r",
		0},
	{"parts", "have parts of an attempt that is not there",
		"SELECT n, " RUN_NAME " FROM (SELECT count(DISTINCT p.run) AS n, min(p.run) AS id"
		" FROM part p WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.run = p.run AND"
		" a.attempt = p.attempt)) r",
		4},
};

static int check_invariant(struct store *s, size_t i, struct report *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, invariants[i].sql, &statement, err);

	if (code < 0)
		return code;
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int64(statement, 0) > 0) {
		const char *first = (const char *)sqlite3_column_text(statement, 1);
		_cleanup_free_ char *text = xasprintf("%lld runs %s; the first: %s",
			(long long)sqlite3_column_int64(statement, 0), invariants[i].text,
			first == NULL ? "of no campaign" : first);
		tell(r, invariants[i].what, text);
	}
	return sqlite3_finalize(statement) == SQLITE_OK ? 0 : db_fail(s, err, "check");
}

/* ---- together ---- */

static int check_deep(struct store *s, struct report *r, struct error *err)
{
	int code = check_pragma(s, "PRAGMA integrity_check", r, err);

	/* Of a damaged file the rest says nothing. */
	if (code < 0 || r->n > 0)
		return code;
	code = check_foreign_keys(s, r, err);
	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(invariants); i++)
		if (s->schema >= invariants[i].since)
			code = check_invariant(s, i, r, err);
	return code;
}

/* All tables but those of samples and outputs, which are the most of a large store. */
static int check_small_tables(struct store *s, struct report *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s,
		"SELECT 'PRAGMA quick_check(' || name || ')' FROM sqlite_master WHERE type ="
		" 'table' AND name NOT IN ('sample_chunk', 'output') AND name NOT LIKE 'sqlite_%'",
		&statement, err);

	if (code < 0)
		return code;
	while (code == 0 && sqlite3_step(statement) == SQLITE_ROW)
		code = check_pragma(s, (const char *)sqlite3_column_text(statement, 0), r, err);
	sqlite3_finalize(statement);
	return code;
}

int db_check(struct store *s, bool deep, store_found_fn *found, void *arg, struct error *err)
{
	struct report r = {.found = found, .arg = arg};
	int code =
		deep ? check_deep(s, &r, err) : check_pragma(s, "PRAGMA quick_check(20)", &r, err);

	return code < 0 ? code : r.n;
}

/* ---- when it was not closed ---- */

static void keep_first(void *arg, const struct store_finding *f)
{
	char **first = arg;

	if (*first == NULL)
		*first = xstrdup(f->text);
}

int db_check_unclean(struct store *s, struct error *err)
{
	_cleanup_free_ char *first = NULL;
	struct report r = {.found = keep_first, .arg = &first};
	int64_t began = clock_monotonic_ns();
	struct stat st;
	bool is_large = stat(s->path, &st) == 0 && st.st_size > WHOLE_BYTES;
	int code = is_large ? check_small_tables(s, &r, err)
			    : check_pragma(s, "PRAGMA quick_check(20)", &r, err);

	if (code < 0)
		return code;
	if (r.n > 0)
		return error_set(err, -EUCLEAN,
			"%s: this store is damaged: %s (and %d more); nothing was changed in it; "
			"'joulerig doctor --db %s' tells all; go on from a backup, or save what "
			"can still be read into a new store (docs/keeping.md)",
			s->path, first, r.n - 1, s->path);
	log_info("%s was not closed when it was written last; checked it in %.1f s: it is whole%s",
		s->path, (double)(clock_monotonic_ns() - began) / NS_PER_S,
		is_large ? " (samples and outputs were left out: 'joulerig doctor' checks them)"
			 : "");
	return 0;
}
