/* Runs of several hosts: who a lane consists of, and what each host told of a run. */
#include "coordinator/store/sqlite.h"

int db_add_lane_part(struct store *s, int64_t campaign, int64_t lane, int64_t part,
	const char *role, int64_t host, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_LANE_PART,
		"INSERT INTO lane_part (campaign, lane, part, role, host, inventory)"
		" SELECT ?, ?, ?, ?, id, inventory FROM host WHERE id = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_int(statement, 2, lane);
	db_bind_int(statement, 3, part);
	db_bind_text(statement, 4, role);
	db_bind_int(statement, 5, host);
	code = db_run(s, statement, "add a part of a lane to", err);
	return code < 0 ? code : 0;
}

int db_put_part(struct store *s, const struct store_part *p, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_PART,
		"INSERT INTO part (run, attempt, role, host, state, reason, started_at, ended_at,"
		" exit_code, signal, cpus, result) SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11, ?12 FROM run WHERE id = ?1 ON CONFLICT DO NOTHING",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(p->campaign, p->run));
	db_bind_int(statement, 2, p->attempt);
	db_bind_text(statement, 3, p->role);
	db_bind_int(statement, 4, p->host);
	db_bind_text(statement, 5, p->state);
	db_bind_text(statement, 6, p->reason);
	db_bind_int(statement, 7, p->started_at);
	db_bind_int(statement, 8, p->ended_at);
	db_bind_int(statement, 9, p->exit_code);
	db_bind_int(statement, 10, p->signal);
	db_bind_text(statement, 11, p->cpus);
	db_bind_blob(statement, 12, p->result.data, p->result.len);
	code = db_run(s, statement, "put a part of a result into", err);
	sqlite3_clear_bindings(statement);
	return code;
}
