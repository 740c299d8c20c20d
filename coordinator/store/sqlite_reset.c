/*
 * A run begins anew: what it had goes to its attempt, as {"state":"done","metrics":{"time":123}}
 * like that of a late result, and the row is as it was when it was queued first. Samples and output
 * stay with the attempt, which does not count any more.
 */
#include "coordinator/store/sqlite.h"
#include "proto/units.h"
#include <errno.h>

/* One row of name and value for each metric of run ?1. */
static void add_metrics_sql(const struct store *s, struct buf *sql)
{
	buf_adds(sql, "SELECT name AS k, coalesce(value, integer, text) AS v FROM metric WHERE run "
		      "= ?1");
	for (size_t i = 0; i < standard_metrics_n; i++)
		if (s->has_column[i])
			buf_addf(sql, " UNION ALL SELECT '%s', \"%s\" FROM run WHERE id = ?1",
				standard_metrics[i].name, standard_metrics[i].column);
}

static int keep_late(struct store *s, int64_t id, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	_cleanup_buf_ struct buf sql = BUF_INIT;

	if (s->statements[DB_KEEP_RESULT] == NULL) {
		buf_adds(&sql, "UPDATE attempt SET state = 'lost', late = json_object('state',"
			       " (SELECT state FROM run WHERE id = ?1), 'metrics',"
			       " (SELECT json_group_object(k, v) FROM (");
		add_metrics_sql(s, &sql);
		buf_adds(&sql, ") WHERE v IS NOT NULL)) WHERE run = ?1 AND attempt ="
			       " (SELECT result FROM run WHERE id = ?1)");
	}
	int code = db_cached(s, DB_KEEP_RESULT, sql.data, &statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, id);
	code = db_run(s, statement, "keep a result that does not count in", err);
	return code < 0 ? code : 0;
}

static int remove_metrics(struct store *s, int64_t id, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(
		s, DB_REMOVE_METRICS, "DELETE FROM metric WHERE run = ?", &statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, id);
	code = db_run(s, statement, "remove metrics from", err);
	return code < 0 ? code : 0;
}

static int empty_run(struct store *s, int64_t id, int64_t host, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	_cleanup_buf_ struct buf sql = BUF_INIT;

	if (s->statements[DB_RESET_RUN] == NULL) {
		buf_adds(&sql,
			"UPDATE run SET state = 'queued', host = ?2, result = NULL, reason = NULL,"
			" started_at = NULL, ended_at = NULL, exit_code = NULL, signal = NULL,"
			" flags = '[]', cpus = NULL, uncertainty = NULL, deviation = NULL,"
			" stdout_total = NULL, stderr_total = NULL, stdout_head = NULL,"
			" stderr_head = NULL, thinned = NULL");
		for (size_t i = 0; i < standard_metrics_n; i++)
			if (s->has_column[i])
				buf_addf(&sql, ", \"%s\" = NULL", standard_metrics[i].column);
		buf_adds(&sql, " WHERE id = ?1");
	}
	int code = db_cached(s, DB_RESET_RUN, sql.data, &statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, id);
	db_bind_int(statement, 2, host);
	return db_run(s, statement, "reset a run in", err);
}

int db_reset_run(struct store *s, int64_t campaign, int64_t run, int64_t host, struct error *err)
{
	int64_t id = db_run_id(campaign, run);
	bool own;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = keep_late(s, id, err);
	if (code == 0)
		code = remove_metrics(s, id, err);
	if (code == 0)
		code = empty_run(s, id, host, err);
	if (code == 0)
		code = error_set(err, -ENOENT, "%s: there is no run %lld of campaign %lld to reset",
			s->path, (long long)run, (long long)campaign);
	code = db_end(s, own, code, err);
	return code < 0 ? code : 0;
}

int db_set_campaign_total(struct store *s, int64_t campaign, int64_t total, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_CAMPAIGN_TOTAL, "UPDATE campaign SET total = ? WHERE id = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, total);
	db_bind_int(statement, 2, campaign);
	code = db_run(s, statement, "set the runs of a campaign in", err);
	return code < 0 ? code : 0;
}
