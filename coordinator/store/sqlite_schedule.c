/* Schedules, the sweeps that they began, what somebody is to be told, and by which ways. */
#include "coordinator/store/sqlite.h"
#include <errno.h>

int db_put_schedule(struct store *s, const struct store_schedule *schedule, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_SCHEDULE,
		"INSERT INTO schedule (name, file, yaml, changes, tree, priority, cron, timezone,"
		" added_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		" ON CONFLICT (name) DO UPDATE SET file = ?2, yaml = ?3, changes = ?4, tree = ?5,"
		" priority = ?6, cron = ?7, timezone = ?8, added_at = ?9, next_at = ?10",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, schedule->name);
	db_bind_text(statement, 2, schedule->file);
	db_bind_text(statement, 3, schedule->yaml);
	db_bind_text(statement, 4, schedule->changes);
	db_bind_blob(statement, 5, schedule->tree.data, schedule->tree.len);
	db_bind_int(statement, 6, schedule->priority);
	db_bind_text(statement, 7, schedule->cron);
	db_bind_text(statement, 8, schedule->timezone);
	db_bind_int(statement, 9, schedule->added_at);
	db_bind_int(statement, 10, schedule->next_at);
	code = db_run(s, statement, "put a schedule into", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}

static int no_such_schedule(const struct store *s, const char *name, struct error *err)
{
	return error_set(err, -ENOENT, "%s: there is no schedule '%s'", s->path, name);
}

int db_set_schedule_next(struct store *s, const char *name, int64_t next_at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_SCHEDULE_NEXT,
		"UPDATE schedule SET next_at = ?2 WHERE name = ?1", &statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, name);
	db_bind_int(statement, 2, next_at);
	code = db_run(s, statement, "set when a schedule is due in", err);
	if (code == 0)
		return no_such_schedule(s, name, err);
	return code < 0 ? code : 0;
}

int db_remove_schedule(struct store *s, const char *name, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(
		s, DB_REMOVE_SCHEDULE, "DELETE FROM schedule WHERE name = ?1", &statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, name);
	code = db_run(s, statement, "remove a schedule from", err);
	if (code == 0)
		return no_such_schedule(s, name, err);
	return code < 0 ? code : 0;
}

/* 0 stands for no campaign. */
static void bind_id(sqlite3_stmt *statement, int at, int64_t id)
{
	db_bind_int(statement, at, id == 0 ? ABSENT : id);
}

static void bind_sweep(sqlite3_stmt *statement, const struct store_sweep *sweep)
{
	db_bind_text(statement, 1, sweep->schedule);
	db_bind_int(statement, 2, sweep->due_at);
	db_bind_int(statement, 3, sweep->began_at);
	db_bind_int(statement, 4, sweep->ended_at);
	db_bind_text(statement, 5, sweep->state);
	db_bind_text(statement, 6, sweep->reason);
	db_bind_text(statement, 7, sweep->baseline);
	bind_id(statement, 8, sweep->campaign);
	bind_id(statement, 9, sweep->confirmation);
	db_bind_text(statement, 10, sweep->answer);
}

static int add_sweep(struct store *s, struct store_sweep *sweep, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_SWEEP,
		"INSERT INTO sweep (schedule, due_at, began_at, ended_at, state, reason, baseline,"
		" campaign, confirmation, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" RETURNING id",
		&statement, err);

	if (code < 0)
		return code;
	bind_sweep(statement, sweep);
	code = db_run_returning(s, statement, &sweep->id, "add a sweep to", err);
	return code;
}

static int set_sweep(struct store *s, const struct store_sweep *sweep, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_SWEEP,
		"UPDATE sweep SET schedule = ?1, due_at = ?2, began_at = ?3, ended_at = ?4,"
		" state = ?5, reason = ?6, baseline = ?7, campaign = ?8, confirmation = ?9,"
		" answer = ?10 WHERE id = ?11",
		&statement, err);

	if (code < 0)
		return code;
	bind_sweep(statement, sweep);
	db_bind_int(statement, 11, sweep->id);
	code = db_run(s, statement, "write a sweep of", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}

int db_put_sweep(struct store *s, struct store_sweep *sweep, struct error *err)
{
	return sweep->id == 0 ? add_sweep(s, sweep, err) : set_sweep(s, sweep, err);
}

int db_add_notice(struct store *s, struct store_notice *n, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_NOTICE,
		"INSERT INTO notice (sweep, schedule, at, kind, subject, text, json)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
		&statement, err);

	if (code < 0)
		return code;
	bind_id(statement, 1, n->sweep);
	db_bind_text(statement, 2, n->schedule);
	db_bind_int(statement, 3, n->at);
	db_bind_text(statement, 4, n->kind);
	db_bind_text(statement, 5, n->subject);
	db_bind_text(statement, 6, n->text);
	db_bind_text(statement, 7, n->json);
	return db_run_returning(s, statement, &n->id, "add a notice to", err);
}

int db_put_delivery(struct store *s, const struct store_delivery *d, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_DELIVERY,
		"INSERT INTO delivery (notice, channel, state, attempts, next_at, reason)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (notice, channel) DO UPDATE"
		" SET state = ?3, attempts = ?4, next_at = ?5, reason = ?6",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, d->notice);
	db_bind_text(statement, 2, d->channel);
	db_bind_text(statement, 3, d->state);
	db_bind_int(statement, 4, d->attempts);
	db_bind_int(statement, 5, d->next_at);
	db_bind_text(statement, 6, d->reason);
	code = db_run(s, statement, "put the delivery of a notice into", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}

int db_set_campaign_changes(
	struct store *s, int64_t campaign, const char *changes, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_CAMPAIGN_CHANGES,
		"UPDATE campaign SET changes = ?2 WHERE id = ?1", &statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_text(statement, 2, changes);
	code = db_run(s, statement, "change a campaign of", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}
