/*
 * What `requires` said. It is told as often as an agent is not sure that it was taken, by results
 * that may come late and twice: so a row is an answer, found by what it says, and its times are the
 * first and the last at which it was given, whatever the order they come in.
 */
#include "coordinator/store/sqlite.h"

/* The same answer in either statement. */
enum {
	IS_CAMPAIGN = 1,
	IS_HOST,
	IS_COMMAND,
	IS_VERDICT,
	IS_REASON,
	IS_OUTPUT,
	IS_TOTAL,
	IS_AT,
	IS_HEAD
};

static void bind_answer(sqlite3_stmt *statement, const struct store_requirement *r)
{
	db_bind_int(statement, IS_CAMPAIGN, r->campaign);
	db_bind_int(statement, IS_HOST, r->host);
	db_bind_text(statement, IS_COMMAND, r->command);
	db_bind_text(statement, IS_VERDICT, r->reason == NULL ? "met" : "unmet");
	db_bind_text(statement, IS_REASON, r->reason);
	db_bind_blob(statement, IS_OUTPUT, r->output.data, r->output.len);
	db_bind_int(statement, IS_TOTAL, r->total);
	db_bind_int(statement, IS_AT, r->asked_at);
}

/* Returns how many rows there are of it, 0 or 1. */
static int see_again(struct store *s, const struct store_requirement *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SEEN_REQUIREMENT,
		"UPDATE requirement SET first_at = min(first_at, ?8), last_at = max(last_at, ?8)"
		" WHERE campaign = ?1 AND host = ?2 AND command = ?3 AND verdict = ?4"
		" AND reason IS ?5 AND output = ?6 AND total = ?7",
		&statement, err);

	if (code < 0)
		return code;
	bind_answer(statement, r);
	code = db_run(s, statement, "look for a requirement in", err);
	sqlite3_clear_bindings(statement);
	return code;
}

static int add(struct store *s, const struct store_requirement *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_ADD_REQUIREMENT,
		"INSERT INTO requirement (campaign, host, command, answer, verdict, reason,"
		" output, total, first_at, last_at, head)"
		" SELECT ?1, ?2, ?3, coalesce(max(answer), 0) + 1, ?4, ?5, ?6, ?7, ?8, ?8, ?9"
		" FROM requirement WHERE campaign = ?1 AND host = ?2 AND command = ?3",
		&statement, err);

	if (code < 0)
		return code;
	bind_answer(statement, r);
	db_bind_int(statement, IS_HEAD, r->head);
	code = db_run(s, statement, "add a requirement to", err);
	sqlite3_clear_bindings(statement);
	return code;
}

int db_put_requirement(struct store *s, const struct store_requirement *r, struct error *err)
{
	int code = see_again(s, r, err);

	if (code == 0)
		code = add(s, r, err);
	return code < 0 ? code : 0;
}
