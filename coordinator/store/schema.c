/*
 * The tables are fixed by the migrations. Two things follow the table of standard metrics instead,
 * so that a new metric is one line there: the metrics' columns of run, which are added where a file
 * lacks them, and the two views for users.
 */
#include "coordinator/store/sqlite.h"
#include "proto/units.h"
#include <errno.h>

static const char migration_1[] =
	"CREATE TABLE store (\n"
	"	one INTEGER PRIMARY KEY CHECK (one = 1),\n"
	"	id BLOB NOT NULL,\n"
	"	epoch INTEGER NOT NULL\n"
	") STRICT;\n"
	"INSERT INTO store (one, id, epoch) VALUES (1, randomblob(16), 0);\n"
	"CREATE TABLE campaign (\n"
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	uuid BLOB NOT NULL UNIQUE,\n"
	"	name TEXT NOT NULL,\n"
	"	number INTEGER NOT NULL,\n"
	"	state TEXT NOT NULL,\n"
	"	total INTEGER NOT NULL,\n"
	"	submitted_at INTEGER NOT NULL,\n"
	"	ended_at INTEGER,\n"
	"	done INTEGER, failed INTEGER, skipped INTEGER, -- counted once when it ends\n"
	"	file TEXT, changes TEXT, tree BLOB, directory TEXT,\n"
	"	yaml TEXT NOT NULL,\n"
	"	UNIQUE (name, number)\n"
	") STRICT;\n"
	"CREATE TABLE configuration (\n"
	"	campaign INTEGER NOT NULL REFERENCES campaign (id),\n"
	"	number INTEGER NOT NULL, -- from 0, in file order\n"
	"	benchmark TEXT NOT NULL,\n"
	"	parameters TEXT NOT NULL,\n"
	"	PRIMARY KEY (campaign, number)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE host (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	key TEXT NOT NULL UNIQUE,\n"
	"	name TEXT NOT NULL,\n"
	"	seen_at INTEGER,\n"
	"	inventory INTEGER REFERENCES inventory (id) -- the last one\n"
	") STRICT;\n"
	"CREATE TABLE inventory (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	seen_at INTEGER,\n"
	"	json TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE lane (\n"
	"	campaign INTEGER NOT NULL REFERENCES campaign (id),\n"
	"	lane INTEGER NOT NULL,\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	inventory INTEGER REFERENCES inventory (id), -- that the campaign was planned "
	"with\n"
	"	PRIMARY KEY (campaign, lane),\n"
	"	UNIQUE (campaign, host)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE run (\n"
	"	id INTEGER PRIMARY KEY, -- campaign << 24 | run\n"
	"	campaign INTEGER NOT NULL REFERENCES campaign (id),\n"
	"	run INTEGER NOT NULL CHECK (run BETWEEN 1 AND 16777215),\n"
	"	block INTEGER NOT NULL,\n"
	"	pass INTEGER NOT NULL,\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	configuration INTEGER NOT NULL,\n"
	"	state TEXT NOT NULL,\n"
	"	attempt INTEGER NOT NULL,\n"
	"	result INTEGER, -- the attempt that the result is of\n"
	"	reason TEXT,\n"
	"	started_at INTEGER, ended_at INTEGER,\n"
	"	exit_code INTEGER, signal INTEGER,\n"
	"	flags TEXT NOT NULL DEFAULT '[]',\n"
	"	cpus TEXT,\n"
	"	uncertainty TEXT, deviation TEXT, -- JSON, metric: inner units\n"
	"	stdout_total INTEGER, stderr_total INTEGER, stdout_head INTEGER, stderr_head "
	"INTEGER,\n"
	"	thinned INTEGER,\n"
	"	FOREIGN KEY (campaign, configuration) REFERENCES configuration (campaign, "
	"number),\n"
	"	CHECK (id = ((campaign << 24) | run))\n"
	") STRICT;\n"
	"CREATE TABLE attempt (\n"
	"	run INTEGER NOT NULL REFERENCES run (id),\n"
	"	attempt INTEGER NOT NULL,\n"
	"	state TEXT NOT NULL,\n"
	"	started_at INTEGER, ended_at INTEGER,\n"
	"	late TEXT, -- JSON of a result that came when the run had one or had ended\n"
	"	PRIMARY KEY (run, attempt)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE metric (\n"
	"	run INTEGER NOT NULL REFERENCES run (id),\n"
	"	place INTEGER NOT NULL,\n"
	"	name TEXT NOT NULL,\n"
	"	unit TEXT NOT NULL,\n"
	"	better TEXT,\n"
	"	value REAL, -- of the campaign's own metrics\n"
	"	integer INTEGER, inner TEXT, divisor INTEGER, -- of standard ones: in inner units\n"
	"	PRIMARY KEY (run, place)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE sample_chunk (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	run INTEGER NOT NULL REFERENCES run (id),\n"
	"	attempt INTEGER NOT NULL,\n"
	"	chunk INTEGER NOT NULL,\n"
	"	data BLOB NOT NULL,\n"
	"	UNIQUE (run, attempt, chunk)\n"
	") STRICT;\n"
	"CREATE TABLE output (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	run INTEGER NOT NULL REFERENCES run (id),\n"
	"	attempt INTEGER NOT NULL,\n"
	"	stream TEXT NOT NULL,\n"
	"	offset INTEGER NOT NULL,\n"
	"	data BLOB NOT NULL,\n"
	"	UNIQUE (run, attempt, stream, offset)\n"
	") STRICT;\n"
	"CREATE TABLE event (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	at INTEGER NOT NULL,\n"
	"	campaign INTEGER REFERENCES campaign (id),\n"
	"	host INTEGER REFERENCES host (id),\n"
	"	run INTEGER, -- number in the campaign\n"
	"	kind TEXT NOT NULL,\n"
	"	text TEXT\n"
	") STRICT;\n"
	"CREATE INDEX event_of_campaign ON event (campaign);\n"
	"CREATE TABLE schedule (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	name TEXT NOT NULL UNIQUE,\n"
	"	file TEXT, changes TEXT, tree BLOB,\n"
	"	cron TEXT NOT NULL,\n"
	"	timezone TEXT, missed TEXT, overlap TEXT,\n"
	"	unless TEXT,\n"
	"	next_at INTEGER,\n"
	"	last INTEGER REFERENCES campaign (id),\n"
	"	yaml TEXT NOT NULL\n"
	") STRICT;\n";

static const char migration_2[] =
	"ALTER TABLE metric ADD COLUMN text TEXT; -- as printed, where it is more than value says\n"
	"ALTER TABLE metric ADD COLUMN series TEXT; -- JSON, all values of a run in their order\n";

static const char migration_3[] =
	"CREATE TABLE requirement (\n"
	"	id INTEGER PRIMARY KEY,\n"
	"	campaign INTEGER NOT NULL REFERENCES campaign (id),\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	command TEXT NOT NULL, -- JSON array\n"
	"	answer INTEGER NOT NULL, -- from 1, a new one whenever it says something else\n"
	"	verdict TEXT NOT NULL, -- 'met', 'unmet'\n"
	"	reason TEXT, -- of 'unmet'\n"
	"	first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,\n"
	"	output BLOB NOT NULL, total INTEGER NOT NULL, head INTEGER NOT NULL,\n"
	"	UNIQUE (campaign, host, command, answer)\n"
	") STRICT;\n";

static const char migration_4[] =
	"ALTER TABLE store ADD COLUMN is_clean INTEGER NOT NULL DEFAULT 1; -- nobody has it open "
	"for writing, and who had it last closed it\n"
	"ALTER TABLE host ADD COLUMN admission TEXT; -- 'drained', 'aside': it gets no runs\n"
	"ALTER TABLE host ADD COLUMN admission_reason TEXT;\n"
	"ALTER TABLE host ADD COLUMN admission_at INTEGER;\n"
	"ALTER TABLE campaign ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;\n"
	"ALTER TABLE campaign ADD COLUMN pruned_at INTEGER; -- when its samples and outputs were "
	"removed\n"
	"CREATE TABLE clock ( -- what a host's clock was found to be: coordinator minus host\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	at INTEGER NOT NULL, -- CLOCK_REALTIME of the coordinator\n"
	"	raw INTEGER NOT NULL, -- CLOCK_MONOTONIC_RAW of the coordinator then\n"
	"	session BLOB NOT NULL, -- of the agent's process\n"
	"	epoch INTEGER NOT NULL, -- of the coordinator's\n"
	"	offset INTEGER NOT NULL, delay INTEGER NOT NULL,\n"
	"	PRIMARY KEY (host, at)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE lane_part ( -- of a lane of several hosts; its own host stands for them all\n"
	"	campaign INTEGER NOT NULL REFERENCES campaign (id),\n"
	"	lane INTEGER NOT NULL,\n"
	"	part INTEGER NOT NULL, -- from 0, as the roles start\n"
	"	role TEXT NOT NULL,\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	inventory INTEGER REFERENCES inventory (id),\n"
	"	PRIMARY KEY (campaign, lane, part)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE part ( -- what one host told of a run of several\n"
	"	run INTEGER NOT NULL REFERENCES run (id),\n"
	"	attempt INTEGER NOT NULL,\n"
	"	role TEXT NOT NULL,\n"
	"	host INTEGER NOT NULL REFERENCES host (id),\n"
	"	state TEXT NOT NULL, reason TEXT,\n"
	"	started_at INTEGER, ended_at INTEGER, exit_code INTEGER, signal INTEGER,\n"
	"	cpus TEXT,\n"
	"	result BLOB NOT NULL, -- RESULT as the agent sent it\n"
	"	PRIMARY KEY (run, attempt, role)\n"
	") STRICT, WITHOUT ROWID;\n";

/* No release before this one wrote a row into `schedule`. */
static const char migration_5[] =
	"DROP TABLE schedule;\n"
	"CREATE TABLE schedule (\n"
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	name TEXT NOT NULL UNIQUE, -- of the campaign\n"
	"	file TEXT NOT NULL, yaml TEXT NOT NULL, changes TEXT, tree BLOB,\n"
	"	priority INTEGER NOT NULL DEFAULT 0,\n"
	"	cron TEXT NOT NULL, timezone TEXT, -- as the YAML has them\n"
	"	added_at INTEGER NOT NULL,\n"
	"	next_at INTEGER -- when it is due next\n"
	") STRICT;\n"
	"CREATE TABLE sweep ( -- one time that a schedule was due\n"
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	schedule TEXT NOT NULL, -- its name, also where that is gone\n"
	"	due_at INTEGER NOT NULL, began_at INTEGER, ended_at INTEGER,\n"
	"	state TEXT NOT NULL, reason TEXT,\n"
	"	baseline TEXT, -- what it is compared with, as the campaign has it\n"
	"	campaign INTEGER REFERENCES campaign (id),\n"
	"	confirmation INTEGER REFERENCES campaign (id),\n"
	"	answer TEXT -- JSON: what came out\n"
	") STRICT;\n"
	"CREATE INDEX sweep_of_schedule ON sweep (schedule);\n"
	"CREATE TABLE notice ( -- what somebody is to be told\n"
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	sweep INTEGER REFERENCES sweep (id),\n"
	"	schedule TEXT,\n"
	"	at INTEGER NOT NULL,\n"
	"	kind TEXT NOT NULL, subject TEXT NOT NULL, -- what has changed: a case, a host\n"
	"	text TEXT NOT NULL, json TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE delivery ( -- of a notice by one way\n"
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	notice INTEGER NOT NULL REFERENCES notice (id),\n"
	"	channel TEXT NOT NULL, -- 'webhook https://...', 'mail ...', 'command ...'\n"
	"	state TEXT NOT NULL, -- 'waiting', 'delivered', 'given up'\n"
	"	attempts INTEGER NOT NULL, next_at INTEGER, reason TEXT,\n"
	"	UNIQUE (notice, channel)\n"
	") STRICT;\n";

const char *const db_migrations[] = {
	migration_1, migration_2, migration_3, migration_4, migration_5};
const int db_schema_version = ARRAY_SIZE(db_migrations);
const int db_schema_readable = 2;

int db_read_columns(struct store *s, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code;

	free(s->has_column);
	s->has_column = xcalloc(standard_metrics_n, sizeof *s->has_column);
	code = db_prepare(s, "SELECT name FROM pragma_table_info('run')", &statement, err);
	if (code < 0)
		return code;
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);
		for (size_t i = 0; i < standard_metrics_n; i++) {
			if (strcmp(standard_metrics[i].column, name) == 0)
				s->has_column[i] = true;
		}
	}
	if (sqlite3_finalize(statement) != SQLITE_OK)
		return db_fail(s, err, "read the columns of");
	return 0;
}

static int add_missing_columns(struct store *s, struct error *err)
{
	int code = db_read_columns(s, err);

	for (size_t i = 0; code == 0 && i < standard_metrics_n; i++) {
		if (s->has_column[i])
			continue;
		_cleanup_free_ char *sql = xasprintf(
			"ALTER TABLE run ADD COLUMN \"%s\" INTEGER", standard_metrics[i].column);
		code = db_exec(s, sql, "add the column of a metric to", err);
		s->has_column[i] = code == 0;
	}
	return code;
}

#define VIEW_JOIN                                                                                  \
	" FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host"            \
	" JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration"
#define VIEW_IDENTITY                                                                              \
	"c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark,"      \
	" f.parameters"

/* An instant of CLOCK_REALTIME as RFC 3339, to the millisecond. */
#define VIEW_INSTANT(column, name)                                                                 \
	"strftime('%Y-%m-%dT%H:%M:%S', " column " / 1000000000, 'unixepoch')"                      \
	" || printf('.%03dZ', " column " / 1000000 % 1000) AS " name
#define VIEW_STARTED_AT VIEW_INSTANT("r.started_at", "started_at")
#define VIEW_FIRST_AT   VIEW_INSTANT("q.first_at", "first_at")
#define VIEW_LAST_AT    VIEW_INSTANT("q.last_at", "last_at")

/* SQL of an inner-unit column in its outer unit. */
static void add_outer(struct buf *sql, const char *expression, int64_t divisor)
{
	if (divisor == 1)
		buf_addf(sql, "%s", expression);
	else
		buf_addf(sql, "%s * 1.0 / %lld", expression, (long long)divisor);
}

static const struct unit *unit_of(const struct metric_info *m)
{
	static const struct unit plain = {.inner = "1", .outer = "1", .divisor = 1};
	const struct unit *u = unit_by_inner(m->inner);

	return u == NULL ? &plain : u;
}

static void view_run(struct buf *sql)
{
	buf_adds(sql, "CREATE VIEW v_run AS SELECT " VIEW_IDENTITY ", r.state, r.attempt,"
		      " " VIEW_STARTED_AT ","
		      " r.exit_code, r.signal, r.flags, r.reason, r.cpus");
	for (size_t i = 0; i < standard_metrics_n; i++) {
		_cleanup_free_ char *column = xasprintf("r.\"%s\"", standard_metrics[i].column);
		buf_adds(sql, ", ");
		add_outer(sql, column, unit_of(&standard_metrics[i])->divisor);
		buf_addf(sql, " AS \"%s\"", standard_metrics[i].column);
	}
	buf_adds(sql, VIEW_JOIN);
}

static void view_metric(struct buf *sql)
{
	buf_adds(sql, "CREATE VIEW v_metric AS ");
	for (size_t i = 0; i < standard_metrics_n; i++) {
		const struct metric_info *m = &standard_metrics[i];
		const struct unit *u = unit_of(m);
		_cleanup_free_ char *column = xasprintf("r.\"%s\"", m->column);
		_cleanup_free_ char *bound =
			xasprintf("json_extract(r.uncertainty, '$.\"%s\"')", m->name);
		_cleanup_free_ char *deviation =
			xasprintf("json_extract(r.deviation, '$.\"%s\"')", m->name);

		buf_addf(sql, "SELECT " VIEW_IDENTITY ", '%s' AS name, ", m->name);
		add_outer(sql, column, u->divisor);
		buf_addf(sql, " AS value, '%s' AS unit, ", u->outer);
		add_outer(sql, bound, u->divisor);
		buf_adds(sql, " AS uncertainty, ");
		add_outer(sql, deviation, u->divisor);
		buf_addf(sql,
			" AS deviation, NULL AS text" VIEW_JOIN " WHERE %s IS NOT NULL UNION ALL ",
			column);
	}
	buf_adds(sql, "SELECT " VIEW_IDENTITY
		      ", m.name, coalesce(m.value, m.integer * 1.0 / m.divisor), m.unit,"
		      " json_extract(r.uncertainty, '$.\"' || m.name || '\"') * 1.0 / m.divisor,"
		      " json_extract(r.deviation, '$.\"' || m.name || '\"') * 1.0 / m.divisor, "
		      "m.text" VIEW_JOIN " JOIN metric m ON m.run = r.id");
}

static const char view_series[] =
	"CREATE VIEW v_series AS SELECT " VIEW_IDENTITY
	", m.name, j.key + 1 AS place, CAST(j.value AS REAL) AS value, m.unit" VIEW_JOIN
	" JOIN metric m ON m.run = r.id JOIN json_each(m.series) j WHERE m.series IS NOT NULL";

static const char view_requirement[] =
	"CREATE VIEW v_requirement AS SELECT c.name || '.' || c.number AS campaign,"
	" h.name AS host, q.command, q.answer, q.verdict, q.reason,"
	" " VIEW_FIRST_AT ", " VIEW_LAST_AT ","
	" CAST(q.output AS TEXT) AS output, q.total, q.head"
	" FROM requirement q JOIN campaign c ON c.id = q.campaign JOIN host h ON h.id = q.host";

/* Make the view anew where the file has another text for it. */
static int sync_view(struct store *s, const char *name, const char *sql, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, name);
	bool is_same = sqlite3_step(statement) == SQLITE_ROW &&
		       strcmp((const char *)sqlite3_column_text(statement, 0), sql) == 0;
	if (sqlite3_finalize(statement) != SQLITE_OK)
		return db_fail(s, err, "read the views of");
	if (is_same)
		return 0;
	_cleanup_free_ char *drop = xasprintf("DROP VIEW IF EXISTS %s", name);
	code = db_exec(s, drop, "renew a view of", err);
	return code < 0 ? code : db_exec(s, sql, "make a view of", err);
}

static int sync_views(struct store *s, struct error *err)
{
	_cleanup_buf_ struct buf sql = BUF_INIT;

	view_run(&sql);
	int code = sync_view(s, "v_run", sql.data, err);
	if (code < 0)
		return code;
	buf_reset(&sql);
	view_metric(&sql);
	code = sync_view(s, "v_metric", sql.data, err);
	if (code == 0)
		code = sync_view(s, "v_series", view_series, err);
	return code < 0 ? code : sync_view(s, "v_requirement", view_requirement, err);
}

static int read_version(struct store *s, int64_t *version, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, "PRAGMA user_version", &statement, err);

	return code < 0 ? code
			: db_run_returning(s, statement, version, "read the version of", err);
}

int db_migrate(struct store *s, struct error *err)
{
	int64_t version = 0;
	bool own;
	int code = db_begin(s, &own, err);

	if (code < 0)
		return code;
	code = read_version(s, &version, err);
	for (; code == 0 && version < db_schema_version; version++) {
		_cleanup_free_ char *mark =
			xasprintf("PRAGMA application_id = %d; PRAGMA user_version = %lld",
				DB_APPLICATION_ID, (long long)version + 1);
		code = db_exec(s, db_migrations[version], "bring up to date", err);
		if (code == 0)
			code = db_exec(s, mark, "bring up to date", err);
	}
	if (code == 0)
		code = add_missing_columns(s, err);
	if (code == 0)
		code = sync_views(s, err);
	return db_end(s, own, code, err);
}
