/* What keeps a store over the years: a copy of it, removal of what grows, its space given back. */
#include "coordinator/store/sqlite.h"
#include <errno.h>
#include <stdio.h>

#define COPY_PAGES  1024 /* 8 MiB a step */
#define CLEAN_SINCE 4    /* the schema with is_clean */

/* ---- a copy ---- */

static int copy_pages(struct store *s, sqlite3 *to, int (*progress)(void *, int64_t, int64_t),
	void *arg, struct error *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db, "main");
	int result = SQLITE_OK;

	if (b == NULL)
		return error_set(
			err, -EIO, "%s: cannot be copied: %s", s->path, sqlite3_errmsg(to));
	while (result == SQLITE_OK) {
		result = sqlite3_backup_step(b, COPY_PAGES);
		int64_t total = sqlite3_backup_pagecount(b);
		if (progress != NULL && progress(arg, total - sqlite3_backup_remaining(b), total) &&
			result == SQLITE_OK)
			result = SQLITE_INTERRUPT;
	}
	(void)sqlite3_backup_finish(b);
	if (result == SQLITE_INTERRUPT)
		return error_set(err, -EINTR, "%s: the copy was interrupted", s->path);
	if (result != SQLITE_DONE)
		return error_set(err, (result & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO,
			"%s: cannot be copied: %s", s->path, sqlite3_errstr(result));
	return 0;
}

/* All is in one file, and it is nobody's. An older store, as one keeps it before a newer release
 * brings it up to date, cannot say the latter. */
static int settle_copy(sqlite3 *to, const char *path, int64_t schema, struct error *err)
{
	char sql[160];

	snprintf(sql, sizeof sql,
		"PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;"
		"UPDATE store SET %sepoch = epoch + %lld",
		schema < CLEAN_SINCE ? "" : "is_clean = 1, ", (long long)STORE_COPY_EPOCHS);
	if (sqlite3_exec(to, sql, NULL, NULL, NULL) != SQLITE_OK)
		return error_set(err, -EIO, "%s: cannot be finished: %s", path, sqlite3_errmsg(to));
	return 0;
}

/*
 * One transaction lasts through all steps, so that what is written meanwhile does not make it begin
 * anew. It holds nobody up; the log alone cannot be reset until its end.
 */
int db_copy(struct store *s, const char *path, int (*progress)(void *, int64_t, int64_t), void *arg,
	struct error *err)
{
	sqlite3 *to = NULL;
	int code = 0;

	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		code = error_set(err, -EIO, "%s: %s", path, sqlite3_errmsg(to));
	if (code == 0)
		code = db_exec(s, "BEGIN; SELECT count(*) FROM store", "read", err);
	if (code == 0)
		code = copy_pages(s, to, progress, arg, err);
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	if (code == 0)
		code = settle_copy(to, path, s->schema, err);
	sqlite3_close(to);
	return code;
}

/* ---- pruning ---- */

static const struct {
	enum store_kept what;
	const char *count, *remove, *name;
} kept[] = {
	{STORE_SAMPLES,
		"SELECT count(*) FROM sample_chunk"
		" WHERE run BETWEEN ?1 AND ?2",
		"DELETE FROM sample_chunk WHERE id IN (SELECT id FROM sample_chunk"
		" WHERE run BETWEEN ?1 AND ?2 LIMIT ?3) RETURNING length(data)",
		"chunks of samples"},
	{STORE_OUTPUT,
		"SELECT count(*) FROM output"
		" WHERE run BETWEEN ?1 AND ?2",
		"DELETE FROM output WHERE id IN (SELECT id FROM output"
		" WHERE run BETWEEN ?1 AND ?2 LIMIT ?3) RETURNING length(data)",
		"pieces of output"},
};

static int prepare_range(
	struct store *s, const char *sql, int64_t campaign, sqlite3_stmt **out, struct error *err)
{
	int code = db_prepare(s, sql, out, err);

	if (code == 0) {
		db_bind_int(*out, 1, db_run_id(campaign, 0));
		db_bind_int(*out, 2, db_run_id(campaign + 1, 0) - 1);
	}
	return code;
}

/* Append what is there of one kind: "600 chunks of samples". It reads an index alone. */
static int add_count(
	struct store *s, int64_t campaign, size_t i, struct buf *text, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = prepare_range(s, kept[i].count, campaign, &statement, err);

	if (code < 0)
		return code;
	if (sqlite3_step(statement) == SQLITE_ROW)
		buf_addf(text, "%s%lld %s", text->len > 0 ? ", " : "",
			(long long)sqlite3_column_int64(statement, 0), kept[i].name);
	return sqlite3_finalize(statement) == SQLITE_OK ? 0 : db_fail(s, err, "count");
}

/* Before the first row goes: so that nothing is missing without a word of it. */
static int note_pruning(
	struct store *s, int64_t campaign, unsigned what, int64_t at, struct error *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	sqlite3_stmt *statement = NULL;
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(kept); i++)
		if ((what & kept[i].what) != 0)
			code = add_count(s, campaign, i, &text, err);
	if (code == 0)
		code = db_add_event(s, campaign, 0, 0, "pruned", text.data, at, err);
	if (code == 0)
		code = db_prepare(
			s, "UPDATE campaign SET pruned_at = ? WHERE id = ?", &statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, at);
	db_bind_int(statement, 2, campaign);
	code = db_run(s, statement, "mark as pruned in", err);
	sqlite3_finalize(statement);
	return code < 0 ? code : 0;
}

/* Remove at most limit rows of one kind; adds to *bytes. Returns how many. */
static int remove_some(struct store *s, int64_t campaign, size_t i, int64_t limit, int64_t *bytes,
	struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = prepare_range(s, kept[i].remove, campaign, &statement, err);
	int n = 0, result;

	if (code < 0)
		return code;
	db_bind_int(statement, 3, limit);
	for (; (result = sqlite3_step(statement)) == SQLITE_ROW; n++)
		*bytes += sqlite3_column_int64(statement, 0);
	code = result == SQLITE_DONE ? n : db_fail(s, err, "prune");
	sqlite3_finalize(statement);
	return code;
}

static int refuse_going_on(struct store *s, int64_t campaign, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int64_t has_ended = 0;
	int code = db_prepare(s,
		"SELECT count(*) FROM campaign WHERE id = ? AND state IN ('done', 'cancelled')"
		" AND ended_at IS NOT NULL",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	code = db_run_returning(s, statement, &has_ended, "read", err);
	if (code == 0 && has_ended == 0)
		code = error_set(
			err, -EBUSY, "%s: a campaign that has not ended is not pruned", s->path);
	return code;
}

int db_prune(struct store *s, int64_t campaign, unsigned what, bool is_first, int64_t at,
	int64_t limit, struct store_pruned *out, struct error *err)
{
	int64_t removed = 0, bytes = 0;
	bool own;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = refuse_going_on(s, campaign, err);
	if (code == 0 && is_first)
		code = note_pruning(s, campaign, what, at, err);
	for (size_t i = 0; code >= 0 && i < ARRAY_SIZE(kept) && removed < limit; i++) {
		if ((what & kept[i].what) == 0)
			continue;
		code = remove_some(s, campaign, i, limit - removed, &bytes, err);
		removed += code > 0 ? code : 0;
	}
	code = db_end(s, own, code, err);
	if (code < 0)
		return code;
	out->rows += removed;
	out->bytes += bytes;
	return removed == limit;
}

int db_compact(struct store *s, struct error *err)
{
	int code = db_exec(s, "VACUUM", "compact", err);

	return code < 0 ? code : db_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", "compact", err);
}
