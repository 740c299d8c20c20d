#include "coordinator/store/sqlite.h"
#include <errno.h>

/* ---- hosts and campaigns ---- */

/* Keep an inventory in a row of its own where it is another one than the host's last. */
static int keep_inventory(
	struct store *s, int64_t host, const char *json, int64_t at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int64_t id = 0;
	int code = db_cached(s, DB_GET_INVENTORY,
		"SELECT i.json FROM host h JOIN inventory i ON i.id = h.inventory WHERE h.id = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, host);
	bool is_same = sqlite3_step(statement) == SQLITE_ROW &&
		       strcmp((const char *)sqlite3_column_text(statement, 0), json) == 0;
	sqlite3_reset(statement);
	if (is_same)
		return 0;

	code = db_cached(s, DB_ADD_INVENTORY,
		"INSERT INTO inventory (host, seen_at, json) VALUES (?, ?, ?) RETURNING id",
		&statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, host);
	db_bind_int(statement, 2, at);
	db_bind_text(statement, 3, json);
	code = db_run_returning(s, statement, &id, "add an inventory to", err);
	if (code == 0)
		code = db_cached(s, DB_SET_INVENTORY, "UPDATE host SET inventory = ? WHERE id = ?",
			&statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, id);
	db_bind_int(statement, 2, host);
	return db_run(s, statement, "add an inventory to", err);
}

int db_put_host(struct store *s, const char *name, const char *public_key, const char *inventory,
	int64_t seen_at, int64_t *id, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	bool own;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = db_cached(s, DB_PUT_HOST,
		"INSERT INTO host (name, key, seen_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
		" SET name = excluded.name, seen_at = coalesce(excluded.seen_at, seen_at)"
		" RETURNING id",
		&statement, err);
	if (code == 0) {
		db_bind_text(statement, 1, name);
		db_bind_text(statement, 2, public_key);
		db_bind_int(statement, 3, seen_at);
		code = db_run_returning(s, statement, id, "add a host to", err);
	}
	if (code == 0 && text_is_set(inventory))
		code = keep_inventory(s, *id, inventory, seen_at, err);
	code = db_end(s, own, code, err);
	return code < 0 ? code : 0;
}

int db_add_campaign(struct store *s, struct store_campaign *c, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_CAMPAIGN,
		"INSERT INTO campaign (uuid, name, number, state, total, submitted_at, ended_at, "
		"file,"
		" changes, tree, directory, yaml, priority) VALUES (?1, ?2,"
		" coalesce(nullif(?12, 0), (SELECT coalesce(max(number), 0) + 1 FROM campaign"
		" WHERE name = ?2)), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13) RETURNING number",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_blob(statement, 1, c->uuid.b, sizeof c->uuid.b);
	db_bind_text(statement, 2, c->name);
	db_bind_text(statement, 3, c->state);
	db_bind_int(statement, 4, c->total);
	db_bind_int(statement, 5, c->submitted_at);
	db_bind_int(statement, 6, c->ended_at);
	db_bind_text(statement, 7, c->file);
	db_bind_text(statement, 8, c->changes);
	if (c->tree.data == NULL)
		sqlite3_bind_null(statement, 9);
	else
		db_bind_blob(statement, 9, c->tree.data, c->tree.len);
	db_bind_text(statement, 10, c->directory);
	db_bind_text(statement, 11, c->yaml);
	db_bind_int(statement, 12, c->number);
	db_bind_int(statement, 13, c->priority);
	code = db_run_returning(s, statement, &c->number, "add a campaign to", err);
	c->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

/* Without the check of foreign keys: for each configuration that goes it would look through all
 * runs of the store, and there is none of this campaign. */
int db_remove_campaign(struct store *s, int64_t campaign, struct error *err)
{
	_cleanup_free_ char *sql = xasprintf("BEGIN IMMEDIATE;"
					     "DELETE FROM configuration WHERE campaign = %1$lld;"
					     "DELETE FROM lane_part WHERE campaign = %1$lld;"
					     "DELETE FROM lane WHERE campaign = %1$lld;"
					     "DELETE FROM event WHERE campaign = %1$lld;"
					     "DELETE FROM campaign WHERE id = %1$lld;"
					     "COMMIT",
		(long long)campaign);
	int code = db_exec(s, "PRAGMA foreign_keys = OFF", "prepare a removal in", err), on;

	if (code == 0 && (code = db_exec(s, sql, "remove a campaign from", err)) < 0)
		(void)db_exec(s, "ROLLBACK", "roll back", NULL);
	on = db_exec(s, "PRAGMA foreign_keys = ON", "end a removal in", code == 0 ? err : NULL);
	return code < 0 ? code : on;
}

/* What `status` shows of an ended campaign is counted once, when it ends. */
static int count_campaign(struct store *s, int64_t campaign, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_COUNT_CAMPAIGN,
		"UPDATE campaign SET (done, failed, skipped) = (SELECT"
		" count(*) FILTER (WHERE state NOT IN ('queued', 'assigned', 'running')),"
		" count(*) FILTER (WHERE block > 0 AND state IN ('failed', 'timeout')),"
		" count(*) FILTER (WHERE state = 'skipped')"
		" FROM run WHERE id BETWEEN ?2 AND ?3) WHERE id = ?1",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_int(statement, 2, db_run_id(campaign, 0));
	db_bind_int(statement, 3, db_run_id(campaign + 1, 0) - 1);
	return db_run(s, statement, "count the runs of", err);
}

static int no_such(
	struct store *s, const char *what, int64_t campaign, int64_t run, struct error *err)
{
	return error_set(err, -ENOENT, "%s: there is no %s (campaign %lld, run %lld)", s->path,
		what, (long long)campaign, (long long)run);
}

int db_set_campaign_state(
	struct store *s, int64_t campaign, const char *state, int64_t at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	bool own, has_ended = strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = db_cached(s, DB_SET_CAMPAIGN_STATE,
		"UPDATE campaign SET state = ?, ended_at = ?, done = NULL, failed = NULL,"
		" skipped = NULL WHERE id = ?",
		&statement, err);
	if (code == 0) {
		db_bind_text(statement, 1, state);
		db_bind_int(statement, 2, has_ended ? at : ABSENT);
		db_bind_int(statement, 3, campaign);
		code = db_run(s, statement, "set the state of a campaign in", err);
	}
	if (code == 0)
		code = no_such(s, "such campaign", campaign, 0, err);
	if (code > 0 && has_ended)
		code = count_campaign(s, campaign, err);
	code = db_end(s, own, code, err);
	return code < 0 ? code : 0;
}

int db_add_configuration(struct store *s, int64_t campaign, int64_t index, const char *benchmark,
	const char *parameters, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_CONFIGURATION,
		"INSERT INTO configuration (campaign, number, benchmark, parameters)"
		" VALUES (?, ?, ?, ?)",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_int(statement, 2, index);
	db_bind_text(statement, 3, benchmark);
	db_bind_text(statement, 4, parameters);
	code = db_run(s, statement, "add a configuration to", err);
	return code < 0 ? code : 0;
}

int db_add_lane(struct store *s, int64_t campaign, int64_t lane, int64_t host, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_LANE,
		"INSERT INTO lane (campaign, lane, host, inventory)"
		" SELECT ?, ?, id, inventory FROM host WHERE id = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_int(statement, 2, lane);
	db_bind_int(statement, 3, host);
	code = db_run(s, statement, "add a host of a campaign to", err);
	if (code == 0)
		return no_such(s, "such host", campaign, 0, err);
	return code < 0 ? code : 0;
}

/* ---- runs ---- */

int db_add_run(struct store *s, const struct store_run *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_RUN,
		"INSERT INTO run (id, campaign, run, block, pass, host, configuration, state, "
		"attempt,"
		" reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(r->campaign, r->run));
	db_bind_int(statement, 2, r->campaign);
	db_bind_int(statement, 3, r->run);
	db_bind_int(statement, 4, r->block);
	db_bind_int(statement, 5, r->pass);
	db_bind_int(statement, 6, r->host);
	db_bind_int(statement, 7, r->configuration);
	db_bind_text(statement, 8, r->state);
	db_bind_int(statement, 9, r->attempt);
	db_bind_text(statement, 10, r->reason);
	code = db_run(s, statement, "add a run to", err);
	return code < 0 ? code : 0;
}

int db_start_attempt(struct store *s, int64_t campaign, int64_t run, int64_t attempt, int64_t at,
	struct error *err)
{
	sqlite3_stmt *statement = NULL;
	bool own;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = db_cached(s, DB_START_RUN,
		"UPDATE run SET state = 'assigned', attempt = ?, reason = NULL WHERE id = ?",
		&statement, err);
	if (code == 0) {
		db_bind_int(statement, 1, attempt);
		db_bind_int(statement, 2, db_run_id(campaign, run));
		code = db_run(s, statement, "start an attempt in", err);
	}
	if (code == 0)
		code = no_such(s, "such run", campaign, run, err);
	if (code > 0)
		code = db_cached(s, DB_START_ATTEMPT,
			"INSERT INTO attempt (run, attempt, state, started_at)"
			" VALUES (?, ?, 'assigned', ?) ON CONFLICT DO NOTHING",
			&statement, err);
	if (code == 0) {
		db_bind_int(statement, 1, db_run_id(campaign, run));
		db_bind_int(statement, 2, attempt);
		db_bind_int(statement, 3, at);
		code = db_run(s, statement, "start an attempt in", err);
	}
	code = db_end(s, own, code, err);
	return code < 0 ? code : 0;
}

int db_set_run_state(struct store *s, int64_t campaign, int64_t run, const char *state,
	const char *reason, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_RUN_STATE,
		"UPDATE run SET state = ?, reason = ? WHERE id = ?", &statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, state);
	db_bind_text(statement, 2, reason);
	db_bind_int(statement, 3, db_run_id(campaign, run));
	code = db_run(s, statement, "set the state of a run in", err);
	if (code == 0)
		return no_such(s, "such run", campaign, run, err);
	return code < 0 ? code : 0;
}

int db_set_attempt_state(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
	const char *state, int64_t at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_ATTEMPT_STATE,
		"UPDATE attempt SET state = ?1, ended_at = CASE WHEN ?1 IN ('assigned', 'running')"
		" THEN NULL ELSE ?2 END WHERE run = ?3 AND attempt = ?4",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, state);
	db_bind_int(statement, 2, at);
	db_bind_int(statement, 3, db_run_id(campaign, run));
	db_bind_int(statement, 4, attempt);
	code = db_run(s, statement, "set the state of an attempt in", err);
	if (code == 0)
		return no_such(s, "such attempt", campaign, run, err);
	return code < 0 ? code : 0;
}

/* ---- what an attempt left ---- */

int db_put_samples(struct store *s, int64_t campaign, int64_t run, int64_t attempt, int64_t chunk,
	const void *data, size_t len, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_SAMPLES,
		"INSERT INTO sample_chunk (run, attempt, chunk, data) VALUES (?, ?, ?, ?)"
		" ON CONFLICT DO NOTHING",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(campaign, run));
	db_bind_int(statement, 2, attempt);
	db_bind_int(statement, 3, chunk);
	db_bind_blob(statement, 4, data, len);
	code = db_run(s, statement, "add samples to", err);
	return code < 0 ? code : 0;
}

int db_put_output(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
	const char *stream, int64_t offset, const void *data, size_t len, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_OUTPUT,
		"INSERT INTO output (run, attempt, stream, offset, data) VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT DO NOTHING",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(campaign, run));
	db_bind_int(statement, 2, attempt);
	db_bind_text(statement, 3, stream);
	db_bind_int(statement, 4, offset);
	db_bind_blob(statement, 5, data, len);
	code = db_run(s, statement, "add output to", err);
	return code < 0 ? code : 0;
}

int db_add_event(struct store *s, int64_t campaign, int64_t host, int64_t run, const char *kind,
	const char *text, int64_t at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_EVENT,
		"INSERT INTO event (at, campaign, host, run, kind, text) VALUES (?, ?, ?, ?, ?, ?)",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, at);
	db_bind_int(statement, 2, campaign == 0 ? ABSENT : campaign);
	db_bind_int(statement, 3, host == 0 ? ABSENT : host);
	db_bind_int(statement, 4, run == 0 ? ABSENT : run);
	db_bind_text(statement, 5, kind);
	db_bind_text(statement, 6, text);
	code = db_run(s, statement, "add an event to", err);
	return code < 0 ? code : 0;
}
