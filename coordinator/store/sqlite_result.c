/*
 * A result is counted exactly once: run.result names the attempt that it is of, and is set in the
 * transaction that stores it. What comes for a run that has its result, or that ended without one
 * (cancelled, given up after its last attempt), is kept with its attempt and changes nothing else.
 */
#include "coordinator/store/sqlite.h"
#include "proto/units.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>

/* Parameters of the statement that sets a result: the fixed ones, then the metrics' columns, then
 * the row's id. */
enum {
	SET_STATE = 1,
	SET_ATTEMPT,
	SET_REASON,
	SET_STARTED,
	SET_ENDED,
	SET_EXIT_CODE,
	SET_SIGNAL,
	SET_FLAGS,
	SET_CPUS,
	SET_UNCERTAINTY,
	SET_DEVIATION,
	SET_STDOUT_TOTAL,
	SET_STDERR_TOTAL,
	SET_STDOUT_HEAD,
	SET_STDERR_HEAD,
	SET_THINNED,
	SET_ID,
	SET_METRICS
};

static char *set_result_sql(void)
{
	struct buf sql = BUF_INIT;

	buf_adds(&sql, "UPDATE run SET state = ?1, attempt = max(attempt, ?2), result = ?2,"
		       " reason = ?3, started_at = ?4, ended_at = ?5, exit_code = ?6, signal = ?7,"
		       " flags = ?8, cpus = ?9, uncertainty = ?10, deviation = ?11,"
		       " stdout_total = ?12, stderr_total = ?13, stdout_head = ?14,"
		       " stderr_head = ?15, thinned = ?16");
	for (size_t i = 0; i < standard_metrics_n; i++)
		buf_addf(&sql, ", \"%s\" = ?%zu", standard_metrics[i].column, SET_METRICS + i);
	buf_addf(&sql, " WHERE id = ?%d", SET_ID);
	return buf_take(&sql);
}

/* The i-th metric's column in standard_metrics, or -1 where its place is the long form. */
static int column_of(const struct message_metric *m)
{
	const struct metric_info *info = metric_by_name(m->name);

	if (info == NULL || m->unit == NULL || strcmp(info->inner, m->unit) != 0)
		return -1;
	return (int)(info - standard_metrics);
}

static char *flags_json(const struct store_result *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->flags_n; i++)
		json_array_append_new(array, json_string(r->flags[i]));
	char *text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	return text;
}

/* {"time":120,...} of the metrics that have it, or NULL. The caller frees. */
static char *bounds_json(const struct store_result *r, bool want_deviation)
{
	json_t *object = NULL;

	for (size_t i = 0; i < r->metrics_n; i++) {
		const struct message_metric *m = &r->metrics[i];
		int64_t value = want_deviation ? m->deviation : m->uncertainty;
		if (value == ABSENT)
			continue;
		if (object == NULL)
			object = json_object();
		json_object_set_new(object, m->name, json_integer(value));
	}
	char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static void bind_fixed(sqlite3_stmt *statement, const struct store_result *r)
{
	db_bind_text(statement, SET_STATE, r->state);
	db_bind_int(statement, SET_ATTEMPT, r->attempt);
	db_bind_text(statement, SET_REASON, r->reason);
	db_bind_int(statement, SET_STARTED, r->started_at);
	db_bind_int(statement, SET_ENDED, r->ended_at);
	db_bind_int(statement, SET_EXIT_CODE, r->exit_code);
	db_bind_int(statement, SET_SIGNAL, r->signal);
	db_bind_text(statement, SET_CPUS, r->cpus);
	db_bind_int(statement, SET_STDOUT_TOTAL, r->stdout_total);
	db_bind_int(statement, SET_STDERR_TOTAL, r->stderr_total);
	db_bind_int(statement, SET_STDOUT_HEAD, r->stdout_head);
	db_bind_int(statement, SET_STDERR_HEAD, r->stderr_head);
	db_bind_int(statement, SET_THINNED, r->thinned);
	db_bind_int(statement, SET_ID, db_run_id(r->campaign, r->run));
}

static int set_result(struct store *s, const struct store_result *r, struct error *err)
{
	_cleanup_free_ char *sql = s->statements[DB_SET_RESULT] == NULL ? set_result_sql() : NULL;
	_cleanup_free_ char *flags = flags_json(r);
	_cleanup_free_ char *uncertainty = bounds_json(r, false);
	_cleanup_free_ char *deviation = bounds_json(r, true);
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_RESULT, sql, &statement, err);

	if (code < 0)
		return code;
	sqlite3_clear_bindings(statement);
	bind_fixed(statement, r);
	db_bind_text(statement, SET_FLAGS, flags);
	db_bind_text(statement, SET_UNCERTAINTY, uncertainty);
	db_bind_text(statement, SET_DEVIATION, deviation);
	for (size_t i = 0; i < r->metrics_n; i++) {
		int column = column_of(&r->metrics[i]);
		if (column >= 0)
			db_bind_int(statement, SET_METRICS + column, r->metrics[i].value);
	}
	code = db_run(s, statement, "put a result into", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}

static const char *better_text(enum better_code better)
{
	switch (better) {
	case STORE_BETTER_LOWER:
		return "lower";
	case STORE_BETTER_HIGHER:
		return "higher";
	case STORE_BETTER_NONE:
		break;
	}
	return NULL;
}

static int prepare_metric(struct store *s, const struct store_result *r, int64_t place,
	sqlite3_stmt **out, struct error *err)
{
	int code = db_cached(s, DB_ADD_METRIC,
		"INSERT INTO metric (run, place, name, unit, better, value, integer, inner, "
		"divisor, text, series)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		out, err);

	if (code < 0)
		return code;
	if (place >> PLACE_BITS != 0)
		return error_set(err, -E2BIG, "%s: run %lld has more than %d metrics", s->path,
			(long long)r->run, 1 << PLACE_BITS);
	sqlite3_clear_bindings(*out);
	db_bind_int(*out, 1, db_run_id(r->campaign, r->run));
	db_bind_int(*out, 2, place);
	return 0;
}

/* A standard metric that is no column. */
static int add_standard(struct store *s, const struct store_result *r, int64_t place,
	const struct message_metric *m, struct error *err)
{
	const char *inner = m->unit == NULL ? "1" : m->unit;
	const struct unit *unit = unit_by_inner(inner);
	sqlite3_stmt *statement = NULL;
	int code = prepare_metric(s, r, place, &statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 3, m->name);
	db_bind_text(statement, 4, unit == NULL ? inner : unit->outer);
	db_bind_int(statement, 7, m->value);
	db_bind_text(statement, 8, inner);
	db_bind_int(statement, 9, unit == NULL ? 1 : unit->divisor);
	return db_run(s, statement, "add a metric to", err);
}

/* [1.5,2]; NULL where there is none. The caller frees. */
static char *series_json(const struct store_metric *m)
{
	struct buf text = BUF_INIT;
	char number[32];

	if (m->series == NULL || m->series_n == 0)
		return NULL;
	for (size_t i = 0; i < m->series_n; i++)
		buf_addf(&text, "%c%s", i == 0 ? '[' : ',', db_real_text(m->series[i], number));
	buf_addc(&text, ']');
	return buf_take(&text);
}

static int add_own(struct store *s, const struct store_result *r, int64_t place,
	const struct store_metric *m, struct error *err)
{
	_cleanup_free_ char *series = series_json(m);
	sqlite3_stmt *statement = NULL;
	int code = prepare_metric(s, r, place, &statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 3, m->name);
	db_bind_text(statement, 4, m->unit == NULL ? "1" : m->unit);
	db_bind_text(statement, 5, better_text(m->better));
	if (!isnan(m->value))
		sqlite3_bind_double(statement, 6, m->value);
	db_bind_text(statement, 10, m->text);
	db_bind_text(statement, 11, series);
	code = db_run(s, statement, "add a metric to", err);
	sqlite3_clear_bindings(statement);
	return code;
}

static int add_metrics(struct store *s, const struct store_result *r, struct error *err)
{
	int64_t place = 0;
	int code = 0;

	for (size_t i = 0; i < r->metrics_n && code >= 0; i++)
		if (column_of(&r->metrics[i]) < 0)
			code = add_standard(s, r, place++, &r->metrics[i], err);
	for (size_t i = 0; i < r->own_n && code >= 0; i++)
		code = add_own(s, r, place++, &r->own[i], err);
	return code < 0 ? code : 0;
}

static int end_attempt(struct store *s, const struct store_result *r, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_END_ATTEMPT,
		"INSERT INTO attempt (run, attempt, state, started_at, ended_at)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state,"
		" ended_at = excluded.ended_at",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(r->campaign, r->run));
	db_bind_int(statement, 2, r->attempt);
	db_bind_text(statement, 3, r->state);
	db_bind_int(statement, 4, r->started_at);
	db_bind_int(statement, 5, r->ended_at);
	code = db_run(s, statement, "end an attempt in", err);
	return code < 0 ? code : 0;
}

/* {"state":"done","metrics":{"time":123}}: all that is kept of a late result. The caller frees. */
static char *late_json(const struct store_result *r)
{
	json_t *metrics = json_object();
	json_t *object = json_object();

	for (size_t i = 0; i < r->metrics_n; i++)
		json_object_set_new(metrics, r->metrics[i].name, json_integer(r->metrics[i].value));
	json_object_set_new(object, "state", json_string(r->state));
	json_object_set_new(object, "metrics", metrics);
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static int mark_late(struct store *s, const struct store_result *r, struct error *err)
{
	_cleanup_free_ char *late = late_json(r);
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_LATE_ATTEMPT,
		"INSERT INTO attempt (run, attempt, state, started_at, ended_at, late)"
		" VALUES (?, ?, 'lost', ?, ?, ?) ON CONFLICT DO UPDATE SET late = excluded.late,"
		" ended_at = coalesce(ended_at, excluded.ended_at)",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(r->campaign, r->run));
	db_bind_int(statement, 2, r->attempt);
	db_bind_int(statement, 3, r->started_at);
	db_bind_int(statement, 4, r->ended_at);
	db_bind_text(statement, 5, late);
	code = db_run(s, statement, "mark a late result in", err);
	sqlite3_clear_bindings(statement);
	return code < 0 ? code : 0;
}

/* Whether the run ended already, and the attempt that its result is of (0: none). */
static int get_run(struct store *s, const struct store_result *r, bool *has_ended, int64_t *result,
	struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_GET_RUN,
		"SELECT state NOT IN ('queued', 'assigned', 'running'), coalesce(result, 0)"
		" FROM run WHERE id = ?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_int(statement, 1, db_run_id(r->campaign, r->run));
	int step = sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		*has_ended = sqlite3_column_int(statement, 0) != 0;
		*result = sqlite3_column_int64(statement, 1);
	} else if (step == SQLITE_DONE) {
		code = error_set(err, -ENOENT,
			"%s: a result came for run %lld of campaign %lld, "
			"which this store does not have",
			s->path, (long long)r->run, (long long)r->campaign);
	} else {
		code = db_fail(s, err, "read a run of");
	}
	sqlite3_reset(statement);
	return code;
}

static int put_once(struct store *s, const struct store_result *r, struct error *err)
{
	bool has_ended = false;
	int64_t result = 0;
	int code = get_run(s, r, &has_ended, &result, err);

	if (code < 0)
		return code;
	if (result == r->attempt)
		return 0;
	if (has_ended || r->is_late)
		return mark_late(s, r, err);
	code = set_result(s, r, err);
	if (code == 0)
		code = add_metrics(s, r, err);
	if (code == 0)
		code = end_attempt(s, r, err);
	return code < 0 ? code : 1;
}

int db_put_result(struct store *s, const struct store_result *r, struct error *err)
{
	bool own;
	int code = db_begin(s, &own, err);

	return code < 0 ? code : db_end(s, own, put_once(s, r, err), err);
}
