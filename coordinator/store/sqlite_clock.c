/* What hosts' clocks were found to be. */
#include "coordinator/store/sqlite.h"

int db_put_clock(struct store *s, const struct store_clock *c, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_PUT_CLOCK,
		"INSERT INTO clock (host, at, raw, session, epoch, offset, delay)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, c->host);
	db_bind_int(statement, 2, c->at);
	db_bind_int(statement, 3, c->raw);
	db_bind_blob(statement, 4, c->session.b, sizeof c->session.b);
	db_bind_int(statement, 5, s->epoch);
	db_bind_int(statement, 6, c->offset);
	db_bind_int(statement, 7, c->delay);
	code = db_run(s, statement, "keep the clock of a host in", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}
