/*
 * The named queries. Each is one SELECT whose first column is the key; ?1 is the campaign's id (0:
 * none), ?2 the key of the last row that was had, ?3 the limit. Where rows come in the order of
 * (run, something), the position after the last row is bound too: ?4 and on.
 */
#include "coordinator/store/queries.h"
#include "coordinator/store/sqlite.h"
#include "proto/units.h"
#include <errno.h>
#include <stdio.h>

#define MAX_COLUMNS 256

struct named_query {
	const char *name;
	const char *columns; /* with spaces between */
	bool needs_campaign;
	const char *sql; /* NULL: "values", which is no SELECT alone */
	/* For rows in an order of their own: the position of the row with key ?1 as up to four
	 * columns. */
	const char *position;
	int64_t since; /* the schema from which on sql can be run; a file before that has no rows */
};

#define RUNS_COLUMNS                                                                               \
	"run block pass lane host configuration benchmark parameters state reason attempt "        \
	"started_at exit_code signal flags cpus uncertainty deviation"

#define HOSTS_COLUMNS "id name key seen_at inventory admission admission_reason admission_at"
#define HOSTS_SELECT(admission)                                                                    \
	"SELECT h.id, h.id, h.name, h.key, h.seen_at, i.json, " admission " FROM host h"           \
	" LEFT JOIN inventory i ON i.id = h.inventory WHERE h.id > ?2"                             \
	" AND h.key NOT LIKE '" IMPORTED_HOST "%' AND h.key NOT LIKE '" ROLES_HOST "%'"            \
	" ORDER BY h.id LIMIT ?3"

#define CAMPAIGNS_SELECT(priority)                                                                 \
	"SELECT c.id, c.id, c.name || '.' || c.number, c.name, c.number, c.uuid, c.state, "        \
	"c.file,"                                                                                  \
	" c.yaml, c.changes, c.tree, c.directory, c.total, c.submitted_at, c.ended_at,"            \
	" coalesce(c.done, n.done, 0), coalesce(c.failed, n.failed, 0),"                           \
	" coalesce(c.skipped, n.skipped, 0), coalesce(n.running, 0),"                              \
	" (SELECT count(*) FROM lane l JOIN host h ON h.id = l.host WHERE l.campaign = c.id"       \
	"  AND h.key NOT LIKE '" ROLES_HOST "%'), " priority                                       \
	" FROM campaign c LEFT JOIN (SELECT x.id AS campaign,"                                     \
	"  count(*) FILTER (WHERE r.state NOT IN ('queued', 'assigned', 'running')) AS "           \
	"done,"                                                                                    \
	"  count(*) FILTER (WHERE r.block > 0 AND r.state IN ('failed', 'timeout')) AS "           \
	"failed,"                                                                                  \
	"  count(*) FILTER (WHERE r.state = 'skipped') AS skipped,"                                \
	"  count(*) FILTER (WHERE r.state = 'running') AS running"                                 \
	"  FROM campaign x JOIN run r ON r.id BETWEEN x.id << 24 AND (x.id << 24) + "              \
	"16777215"                                                                                 \
	"  WHERE x.done IS NULL AND (?1 = 0 OR x.id = ?1) GROUP BY x.id) n ON n.campaign = "       \
	"c.id"                                                                                     \
	" WHERE c.id > ?2 AND (?1 = 0 OR c.id = ?1) ORDER BY c.id LIMIT ?3"

static const struct named_query queries[] = {
	{"campaigns",
		"id label name number uuid state file yaml changes tree directory total "
		"submitted_at "
		"ended_at done failed skipped running hosts priority",
		false, CAMPAIGNS_SELECT("c.priority"), NULL, 0},
	{"configurations", "index benchmark parameters", true,
		"SELECT number + 1, number, benchmark, parameters FROM configuration"
		" WHERE campaign = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
		NULL, 0},
	{"lanes", "lane host_id host key inventory", true,
		"SELECT l.lane + 1, l.lane, h.id, h.name, h.key, i.json FROM lane l"
		" JOIN host h ON h.id = l.host LEFT JOIN inventory i ON i.id = l.inventory"
		" WHERE l.campaign = ?1 AND l.lane >= ?2 ORDER BY l.lane LIMIT ?3",
		NULL, 0},
	{"hosts", HOSTS_COLUMNS, false,
		HOSTS_SELECT("h.admission, h.admission_reason, h.admission_at"), NULL, 0},
	{"runs", RUNS_COLUMNS, true,
		" FROM run r JOIN host h ON h.id = r.host"
		" JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration"
		" LEFT JOIN lane l ON l.campaign = r.campaign AND l.host = r.host"
		" WHERE r.id > (?1 << 24) + ?2 AND r.id < (?1 + 1) << 24 ORDER BY r.id LIMIT ?3",
		NULL, 0},
	{"metrics", "run name unit value integer better text series", true,
		"SELECT (m.run & 16777215) << 12 | m.place, m.run & 16777215, m.name,"
		" coalesce(m.inner, m.unit), m.value, m.integer, m.better,"
		" m.text, m.series FROM metric m"
		" WHERE (m.run, m.place) > ((?1 << 24) + (?2 >> 12), CASE ?2 WHEN 0 THEN -1 ELSE "
		"?2 & 4095 END)"
		" AND m.run < (?1 + 1) << 24 ORDER BY m.run, m.place LIMIT ?3",
		NULL, 0},
	{"values", "page", true, NULL, NULL, 0},
	{"samples", "run attempt chunk data", true,
		"SELECT s.id, s.run & 16777215, s.attempt, s.chunk, s.data FROM sample_chunk s"
		" JOIN run r ON r.id = s.run AND r.result = s.attempt"
		" WHERE (s.run, s.attempt, s.chunk) > (?4, ?5, ?6) AND s.run < (?1 + 1) << 24"
		" AND s.chunk < 16777216" /* PART_CHUNKS: those of the run's main part */
		" ORDER BY s.run, s.attempt, s.chunk LIMIT ?3",
		"SELECT run, attempt, chunk FROM sample_chunk WHERE id = ?", 0},
	{"run_samples", "run attempt chunk data", true,
		"SELECT ((s.run & 16777215) << 32) + s.chunk + 1, s.run & 16777215, s.attempt,"
		" s.chunk, s.data FROM sample_chunk s"
		" JOIN run r ON r.id = s.run AND r.result = s.attempt"
		" WHERE s.run = (?1 << 24) + (?2 >> 32)"
		" AND s.chunk BETWEEN (?2 & 4294967295) AND 16777215"
		" ORDER BY s.chunk LIMIT ?3",
		NULL, 0},
	{"failures", "run block lane configuration state reason", true,
		"SELECT r.run, r.run, r.block, l.lane, r.configuration, r.state, r.reason FROM run "
		"r"
		" LEFT JOIN lane l ON l.campaign = r.campaign AND l.host = r.host"
		" WHERE r.id > (?1 << 24) + ?2 AND r.id < (?1 + 1) << 24 AND r.block > 0"
		" AND r.state IN ('failed', 'timeout') ORDER BY r.id LIMIT ?3",
		NULL, 0},
	{"output", "run attempt stream offset data", true,
		"SELECT o.id, o.run & 16777215, o.attempt, o.stream, o.offset, o.data FROM output o"
		" JOIN run r ON r.id = o.run AND r.result = o.attempt"
		" WHERE (o.run, o.attempt, o.stream, o.offset) > (?4, ?5, ?6, ?7)"
		" AND o.run < (?1 + 1) << 24 ORDER BY o.run, o.attempt, o.stream, o.offset LIMIT "
		"?3",
		"SELECT run, attempt, stream, offset FROM output WHERE id = ?", 0},
	{"counts", "host warmup state runs flagged lost", true,
		"SELECT * FROM (SELECT row_number() OVER (ORDER BY l.lane, h.name, r.block = 0,"
		" r.state) AS key, h.name, r.block = 0, r.state, count(*),"
		" count(*) FILTER (WHERE r.flags <> '[]'), coalesce(sum(a.lost), 0)"
		" FROM run r JOIN host h ON h.id = r.host"
		" LEFT JOIN lane l ON l.campaign = r.campaign AND l.host = r.host"
		" LEFT JOIN (SELECT run, count(*) AS lost FROM attempt WHERE state = 'lost'"
		"  AND run > ?1 << 24 AND run < (?1 + 1) << 24 GROUP BY run) a ON a.run = r.id"
		" WHERE r.id > ?1 << 24 AND r.id < (?1 + 1) << 24"
		" GROUP BY r.host, r.block = 0, r.state) WHERE key > ?2 ORDER BY key LIMIT ?3",
		NULL, 0},
	{"parts",
		"run block role host state reason attempt started_at ended_at exit_code signal "
		"cpus",
		true,
		"SELECT (p.run & 16777215) << 12 | m.part, p.run & 16777215, r.block, p.role,"
		" h.name, p.state, p.reason, p.attempt, p.started_at, p.ended_at, p.exit_code,"
		" p.signal, p.cpus FROM part p JOIN run r ON r.id = p.run AND r.result = p.attempt"
		" JOIN host h ON h.id = p.host"
		" JOIN lane l ON l.campaign = r.campaign AND l.host = r.host"
		" JOIN lane_part m ON m.campaign = l.campaign AND m.lane = l.lane"
		"  AND m.role = p.role"
		" WHERE p.run >= (?1 << 24) + (?2 >> 12) AND p.run < (?1 + 1) << 24"
		" AND ((p.run & 16777215) << 12 | m.part) > ?2 ORDER BY p.run, m.part LIMIT ?3",
		NULL, 4},
	{"requirements", "host command answer verdict reason first_at last_at output total head",
		true,
		"SELECT q.id, h.name, q.command, q.answer, q.verdict, q.reason, q.first_at,"
		" q.last_at, q.output, q.total, q.head FROM requirement q"
		" JOIN host h ON h.id = q.host WHERE q.campaign = ?1 AND q.id > ?2"
		" ORDER BY q.id LIMIT ?3",
		NULL, 3},
	{"pruned", "label pruned_at", false,
		"SELECT c.id, c.name || '.' || c.number, c.pruned_at FROM campaign c"
		" WHERE c.pruned_at IS NOT NULL AND c.id > ?2 AND (?1 = 0 OR c.id = ?1)"
		" ORDER BY c.id LIMIT ?3",
		NULL, 4},
	{"kept", "chunks outputs", true,
		"SELECT 1, s.n, o.n FROM (SELECT count(*) AS n FROM sample_chunk"
		"  WHERE run BETWEEN ?1 << 24 AND (?1 << 24) + 16777215) s,"
		" (SELECT count(*) AS n FROM output"
		"  WHERE run BETWEEN ?1 << 24 AND (?1 << 24) + 16777215) o"
		" WHERE ?2 < 1 AND ?3 > 0",
		NULL, 0},
	{"tables", "table bytes", false,
		"SELECT * FROM (SELECT row_number() OVER (ORDER BY sum(d.pgsize) DESC) AS key,"
		" m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name"
		" WHERE ?1 = 0 AND d.aggregate = 1 GROUP BY m.tbl_name) WHERE key > ?2 ORDER BY "
		"key "
		"LIMIT ?3",
		NULL, 0},
	{"clocks", "host at raw epoch session offset delay", true,
		/* What stands for several hosts has main's: the samples of a run are those of its
		 * main part. Its key ends with the name of that role (live_tuples.c). */
		"SELECT * FROM (SELECT row_number() OVER (ORDER BY h.name, h.id, k.at) AS key,"
		" h.name, k.at, k.raw, k.epoch, k.session, k.offset, k.delay"
		" FROM campaign c JOIN (SELECT campaign, host, host AS clock FROM lane UNION"
		"  SELECT campaign, host, host FROM lane_part UNION"
		"  SELECT p.campaign, t.id, p.host FROM lane_part p"
		"   JOIN lane s ON s.campaign = p.campaign AND s.lane = p.lane"
		"   JOIN host t ON t.id = s.host"
		"   AND substr(t.key, -6 - length(p.role)) = ',main=' || p.role"
		" ) l ON l.campaign = c.id"
		" JOIN host h ON h.id = l.host JOIN clock k ON k.host = l.clock"
		"  AND k.at BETWEEN c.submitted_at - 600000000000"
		"  AND coalesce(c.ended_at, 9223372036854775807 - 600000000000) + 600000000000"
		" WHERE c.id = ?1) WHERE key > ?2 ORDER BY key LIMIT ?3",
		NULL, 4},
	{"schedules", "id name file yaml changes tree priority cron timezone added_at next_at last",
		false,
		"SELECT s.id, s.id, s.name, s.file, s.yaml, s.changes, s.tree, s.priority, s.cron,"
		" s.timezone, s.added_at, s.next_at, (SELECT max(w.id) FROM sweep w"
		"  WHERE w.schedule = s.name) FROM schedule s WHERE s.id > ?2 AND ?1 = 0"
		" ORDER BY s.id LIMIT ?3",
		NULL, 5},
	{"sweeps",
		"id schedule due_at began_at ended_at state reason baseline campaign confirmation "
		"answer campaign_id confirmation_id",
		false,
		"SELECT w.id, w.id, w.schedule, w.due_at, w.began_at, w.ended_at, w.state, "
		"w.reason,"
		" w.baseline, c.name || '.' || c.number, f.name || '.' || f.number, w.answer,"
		" w.campaign, w.confirmation FROM sweep w LEFT JOIN campaign c ON c.id = w.campaign"
		" LEFT JOIN campaign f ON f.id = w.confirmation"
		" WHERE w.id > ?2 AND (?1 = 0 OR w.campaign = ?1) ORDER BY w.id LIMIT ?3",
		NULL, 5},
	{"notices", "id sweep schedule at kind subject text json", false,
		"SELECT id, id, sweep, schedule, at, kind, subject, text, json FROM notice"
		" WHERE id > ?2 AND ?1 = 0 ORDER BY id LIMIT ?3",
		NULL, 5},
	{"deliveries", "id notice channel state attempts next_at reason", false,
		"SELECT id, id, notice, channel, state, attempts, next_at, reason FROM delivery"
		" WHERE id > ?2 AND ?1 = 0 ORDER BY id LIMIT ?3",
		NULL, 5},
	{"events", "id at campaign host run kind text", false,
		"SELECT e.id, e.id, e.at, c.name || '.' || c.number, h.name, e.run, e.kind, e.text"
		" FROM event e LEFT JOIN campaign c ON c.id = e.campaign LEFT JOIN host h ON h.id "
		"= e.host"
		" WHERE e.id > ?2 AND (?1 = 0 OR e.campaign = ?1) ORDER BY e.id LIMIT ?3",
		NULL, 0},
};

/* The same of files before that schema, which lack columns that the query above reads. */
static const struct {
	const char *name;
	int64_t before;
	const char *sql;
} older[] = {
	{"campaigns", 4, CAMPAIGNS_SELECT("0")},
	{"hosts", 4, HOSTS_SELECT("NULL, NULL, NULL")},
};

/* The store id of "NAME.N", or of the last submission of "NAME"; 0 where there is none. */
static int find_campaign(struct store *s, const char *label, int64_t *id, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	const char *dot = strrchr(label, '.');
	_cleanup_free_ char *name =
		dot == NULL ? xstrdup(label) : xstrndup(label, (size_t)(dot - label));
	int64_t number = 0;

	*id = 0;
	if (dot != NULL && units_parse_int(dot + 1, 1, INT64_MAX, &number, NULL) < 0)
		return 0;
	int code = db_prepare(s,
		"SELECT id FROM campaign WHERE name = ?1 AND (?2 = 0 OR number = ?2)"
		" ORDER BY number DESC LIMIT 1",
		&statement, err);
	if (code < 0)
		return code;
	db_bind_text(statement, 1, name);
	db_bind_int(statement, 2, number);
	return db_run_returning(s, statement, id, "find a campaign in", err);
}

/* The select list of "runs" has the columns of the standard metrics behind it; NULL where an old
 * file lacks one. */
static void runs_sql(const struct store *s, const char *from, struct buf *sql)
{
	buf_adds(sql, "SELECT r.run, r.run, r.block, r.pass, l.lane, h.name, r.configuration, "
		      "f.benchmark,"
		      " f.parameters, r.state, r.reason, r.attempt, r.started_at, r.exit_code,"
		      " r.signal, r.flags, r.cpus, r.uncertainty, r.deviation");
	for (size_t i = 0; i < standard_metrics_n; i++) {
		if (s->has_column[i])
			buf_addf(sql, ", r.\"%s\"", standard_metrics[i].column);
		else
			buf_adds(sql, ", NULL");
	}
	buf_adds(sql, from);
}

/* Split the columns' names in place; those of the standard metrics follow for "runs". Returns how
 * many. */
static size_t split_columns(const struct named_query *q, char *words, const char **names)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(words, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest))
		names[n++] = word;
	for (size_t i = 0;
		q->sql != NULL && q->sql[0] == ' ' && i < standard_metrics_n && n < MAX_COLUMNS;
		i++)
		names[n++] = standard_metrics[i].column;
	return n;
}

/* Bind ?4 and on: where the rows go on that have an order of their own. */
static int bind_position(struct store *s, sqlite3_stmt *to, const char *sql, int64_t campaign,
	int64_t after, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, sql, &statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, after);
	bool is_found = sqlite3_step(statement) == SQLITE_ROW;
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		if (is_found)
			sqlite3_bind_value(to, 4 + i, sqlite3_column_value(statement, i));
		else
			db_bind_int(to, 4 + i, i == 0 ? db_run_id(campaign, 0) : -1);
	}
	sqlite3_finalize(statement);
	return 0;
}

const char *db_real_text(double value, char out[32])
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, 32, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return out;
}

static void fill_cell(sqlite3_stmt *statement, int column, struct message_cell *cell, char real[32])
{
	*cell = (struct message_cell){.integer = ABSENT};
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		cell->integer = sqlite3_column_int64(statement, column);
		break;
	case SQLITE_FLOAT:
		cell->real = db_real_text(sqlite3_column_double(statement, column), real);
		break;
	case SQLITE_TEXT:
		cell->text = (const char *)sqlite3_column_text(statement, column);
		break;
	case SQLITE_BLOB:
		cell->blob.len = (size_t)sqlite3_column_bytes(statement, column);
		cell->blob.data = cell->blob.len == 0 ? "" : sqlite3_column_blob(statement, column);
		break;
	default:
		break;
	}
}

static int give_rows(struct store *s, sqlite3_stmt *statement,
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	struct message_cell cells[MAX_COLUMNS];
	char reals[MAX_COLUMNS][32];
	size_t n = (size_t)sqlite3_column_count(statement) - 1;
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		for (size_t i = 0; i < n; i++)
			fill_cell(statement, (int)i + 1, &cells[i], reals[i]);
		if (row(arg, sqlite3_column_int64(statement, 0), cells, n) != 0)
			return 0;
	}
	return result == SQLITE_DONE ? 0 : db_fail(s, err, "read");
}

static const char *sql_of(const struct store *s, const struct named_query *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(older); i++)
		if (s->schema < older[i].before && strcmp(older[i].name, q->name) == 0)
			return older[i].sql;
	return q->sql;
}

static const struct named_query *query_by_name(const char *what, struct error *err)
{
	const char *names[ARRAY_SIZE(queries)];

	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		names[i] = queries[i].name;
		if (strcmp(queries[i].name, what) == 0)
			return &queries[i];
	}
	const char *nearest = nearest_word(what, names, ARRAY_SIZE(names));
	error_set(err, -EINVAL, "the store has no query '%s'%s%s%s", what,
		nearest == NULL ? "" : "; did you mean '", nearest == NULL ? "" : nearest,
		nearest == NULL ? "" : "'?");
	return NULL;
}

int db_query(struct store *s, const char *what, const char *label, int64_t after, int64_t limit,
	void (*columns)(void *arg, const char *const *names, size_t n),
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	const struct named_query *q = query_by_name(what, err);
	_cleanup_buf_ struct buf sql = BUF_INIT;
	const char *names[MAX_COLUMNS];
	sqlite3_stmt *statement = NULL;
	int64_t campaign = 0;
	int code;

	if (q == NULL)
		return -EINVAL;
	if (columns != NULL) {
		_cleanup_free_ char *words = xstrdup(q->columns);
		columns(arg, names, split_columns(q, words, names));
	}
	if (text_is_set(label)) {
		code = find_campaign(s, label, &campaign, err);
		if (code < 0)
			return code;
	}
	if ((campaign == 0 && (q->needs_campaign || text_is_set(label))) || q->since > s->schema)
		return 0;
	if (q->sql == NULL)
		return db_query_pages(s, campaign, after, limit, row, arg, err);
	if (q->sql[0] == ' ')
		runs_sql(s, q->sql, &sql);
	else
		buf_adds(&sql, sql_of(s, q));
	code = db_prepare(s, sql.data, &statement, err);
	if (code < 0)
		return code;
	db_bind_int(statement, 1, campaign);
	db_bind_int(statement, 2, after);
	db_bind_int(statement, 3, limit);
	if (q->position != NULL)
		code = bind_position(s, statement, q->position, campaign, after, err);
	if (code == 0)
		code = give_rows(s, statement, row, arg, err);
	sqlite3_finalize(statement);
	return code;
}
