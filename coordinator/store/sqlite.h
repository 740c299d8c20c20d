/*
 * sqlite.h - what the files of the SQLite store share; nobody else includes this
 *
 * schema.c has the tables, views and migrations; sqlite.c opens and closes; sqlite_check.c looks
 * for damage, sqlite_keep.c copies and prunes; sqlite_write.c and sqlite_result.c have the changes,
 * sqlite_query.c the named queries, sqlite_pages.c the one that packs many runs; sqlite_gather.c is
 * between SQLite and the file system.
 *
 * A run's row id is campaign << RUN_BITS | run, so that a campaign's runs lie together and in their
 * order, and are found without an index of their own: fewer pages to write with each commit, and
 * the same cost for the first run as for the last. For the same reason a metric is found by (run's
 * row id, place).
 */
#ifndef COORDINATOR_STORE_SQLITE_H
#define COORDINATOR_STORE_SQLITE_H

#include "coordinator/store/store.h"
#include <sqlite3.h>

#define RUN_BITS   24 /* 16.7 million runs in a campaign; campaigns are refused above 10 million */
#define PLACE_BITS 12 /* metrics in the long form of one run */
#define DB_BUSY_MS 10000 /* how long another program may hold the file */

enum db_statement {
	DB_BEGIN,
	DB_COMMIT,
	DB_PUT_HOST,
	DB_GET_INVENTORY,
	DB_ADD_INVENTORY,
	DB_SET_INVENTORY,
	DB_ADD_CAMPAIGN,
	DB_SET_CAMPAIGN_STATE,
	DB_SET_CAMPAIGN_TOTAL,
	DB_SET_HOST_ADMISSION,
	DB_COUNT_CAMPAIGN,
	DB_ADD_CONFIGURATION,
	DB_ADD_LANE,
	DB_ADD_LANE_PART,
	DB_ADD_RUN,
	DB_START_RUN,
	DB_START_ATTEMPT,
	DB_SET_RUN_STATE,
	DB_SET_ATTEMPT_STATE,
	DB_KEEP_RESULT,
	DB_REMOVE_METRICS,
	DB_RESET_RUN,
	DB_GET_RUN,
	DB_SET_RESULT,
	DB_END_ATTEMPT,
	DB_LATE_ATTEMPT,
	DB_ADD_METRIC,
	DB_PUT_PART,
	DB_PUT_SAMPLES,
	DB_PUT_OUTPUT,
	DB_SEEN_REQUIREMENT,
	DB_ADD_REQUIREMENT,
	DB_ADD_EVENT,
	DB_PUT_CLOCK,
	DB_PUT_SCHEDULE,
	DB_SET_SCHEDULE_NEXT,
	DB_REMOVE_SCHEDULE,
	DB_ADD_SWEEP,
	DB_SET_SWEEP,
	DB_ADD_NOTICE,
	DB_PUT_DELIVERY,
	DB_SET_CAMPAIGN_CHANGES,
	DB_STATEMENTS
};

struct store {
	sqlite3 *db;
	char *path;
	int lock_fd;    /* -1: read only */
	int64_t schema; /* of the file: db_schema_readable at least, and db_schema_version where
			   it is open for writing */
	struct id16 id;
	int64_t epoch;
	int file_fd;      /* of the file itself, with a lock of its own; -1: read only */
	bool is_marked;   /* as open for writing, in the file */
	bool is_damaged;  /* a read or write has failed: it is not marked as closed well */
	bool *has_column; /* for each of standard_metrics: whether this file's run table has it */
	sqlite3_stmt *statements[DB_STATEMENTS]; /* prepared at first use */
	int log_pages;                           /* in the log, since it last went into the file */
	int log_new;                             /* of them, since db_tend() */
};

#define DB_APPLICATION_ID 0x4a524947 /* "JRIG" */
/* Migrations, each from version i to i + 1; db_schema_version is their number. */
extern const char *const db_migrations[];
extern const int db_schema_version;
/* From this version on a file can be read as it is: later ones have only added tables. */
extern const int db_schema_readable;

/* Bring tables, the columns of standard metrics and the views up to date, in one transaction. */
int db_migrate(struct store *s, struct error *err);
/* Fill s->has_column. */
int db_read_columns(struct store *s, struct error *err);

/* sqlite_reopen.c: what comes before a file is used again that could not be written to. Whether
 * there is room in its folder to go on with; and have all that the log holds in the file itself. */
int db_find_room(const char *path, struct error *err);
int db_settle(struct store *s, struct error *err);

/* The quick check of a store that was not closed, told in the log. Returns 0, -EUCLEAN where it is
 * damaged, or negative. */
int db_check_unclean(struct store *s, struct error *err);

/* Fill err from SQLite's last error: "PATH: cannot DOING: REASON". Returns its code: -ENOSPC,
 * -EBUSY, -EIO ... */
int db_fail(struct store *s, struct error *err, const char *doing);
/* Run SQL that has no parameters and whose rows do not matter. */
int db_exec(struct store *s, const char *sql, const char *doing, struct error *err);
/* Prepare SQL; the caller finalizes. */
int db_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct error *err);
/* The cached statement, prepared from sql at its first use; reset and ready to be bound. */
int db_cached(struct store *s, enum db_statement which, const char *sql, sqlite3_stmt **out,
	struct error *err);
/* Step a statement that returns no row to its end and reset it. Returns how many rows it changed,
 * or negative. */
int db_run(struct store *s, sqlite3_stmt *statement, const char *doing, struct error *err);
/* The same for one that returns one integer (RETURNING): 0 and *out. */
int db_run_returning(struct store *s, sqlite3_stmt *statement, int64_t *out, const char *doing,
	struct error *err);

/* Bind, with ABSENT and NULL as SQL's NULL. Texts and blobs must live until the statement is reset.
 */
void db_bind_int(sqlite3_stmt *statement, int at, int64_t value);
void db_bind_text(sqlite3_stmt *statement, int at, const char *text);
void db_bind_blob(sqlite3_stmt *statement, int at, const void *data, size_t len);

/* A double as the shortest decimal that strtod() reads back exactly. Returns out. */
const char *db_real_text(double value, char out[32]);

/* The row id of a run. */
static inline int64_t db_run_id(int64_t campaign, int64_t run)
{
	return campaign << RUN_BITS | run;
}

/* Begin where no transaction is open; *own says whether db_end() shall end it. */
int db_begin(struct store *s, bool *own, struct error *err);
/* Commit, or roll back where code is negative, what db_begin() began. Returns code, or the error of
 * the commit. */
int db_end(struct store *s, bool own, int code, struct error *err);

/* sqlite_log.c: from here on the log goes into the file when db_tend() finds time, or it is long;
 * let it go now. */
void db_watch_log(struct store *s);
void db_empty_log(struct store *s);
void db_tend(struct store *s);

/* The slots of store_ops in other files. */
int db_check(struct store *s, bool deep, store_found_fn *found, void *arg, struct error *err);
int db_copy(struct store *s, const char *path, int (*progress)(void *, int64_t, int64_t), void *arg,
	struct error *err);
int db_prune(struct store *s, int64_t campaign, unsigned what, bool is_first, int64_t at,
	int64_t limit, struct store_pruned *out, struct error *err);
int db_compact(struct store *s, struct error *err);
int db_put_result(struct store *s, const struct store_result *r, struct error *err);
int db_reset_run(struct store *s, int64_t campaign, int64_t run, int64_t host, struct error *err);
int db_set_host_admission(struct store *s, int64_t host, const char *admission, const char *reason,
	int64_t at, struct error *err);
int db_set_campaign_total(struct store *s, int64_t campaign, int64_t total, struct error *err);
int db_put_host(struct store *s, const char *name, const char *public_key, const char *inventory,
	int64_t seen_at, int64_t *id, struct error *err);
int db_add_campaign(struct store *s, struct store_campaign *c, struct error *err);
int db_remove_campaign(struct store *s, int64_t campaign, struct error *err);
int db_set_campaign_state(
	struct store *s, int64_t campaign, const char *state, int64_t at, struct error *err);
int db_add_configuration(struct store *s, int64_t campaign, int64_t index, const char *benchmark,
	const char *parameters, struct error *err);
int db_add_lane(struct store *s, int64_t campaign, int64_t lane, int64_t host, struct error *err);
int db_add_lane_part(struct store *s, int64_t campaign, int64_t lane, int64_t part,
	const char *role, int64_t host, struct error *err);
int db_put_part(struct store *s, const struct store_part *p, struct error *err);
int db_add_run(struct store *s, const struct store_run *r, struct error *err);
int db_start_attempt(struct store *s, int64_t campaign, int64_t run, int64_t attempt, int64_t at,
	struct error *err);
int db_set_run_state(struct store *s, int64_t campaign, int64_t run, const char *state,
	const char *reason, struct error *err);
int db_set_attempt_state(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
	const char *state, int64_t at, struct error *err);
int db_put_samples(struct store *s, int64_t campaign, int64_t run, int64_t attempt, int64_t chunk,
	const void *data, size_t len, struct error *err);
int db_put_output(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
	const char *stream, int64_t offset, const void *data, size_t len, struct error *err);
int db_put_requirement(struct store *s, const struct store_requirement *r, struct error *err);
int db_put_schedule(struct store *s, const struct store_schedule *schedule, struct error *err);
int db_set_schedule_next(struct store *s, const char *name, int64_t next_at, struct error *err);
int db_remove_schedule(struct store *s, const char *name, struct error *err);
int db_put_sweep(struct store *s, struct store_sweep *sweep, struct error *err);
int db_add_notice(struct store *s, struct store_notice *n, struct error *err);
int db_put_delivery(struct store *s, const struct store_delivery *d, struct error *err);
int db_set_campaign_changes(
	struct store *s, int64_t campaign, const char *changes, struct error *err);
int db_put_clock(struct store *s, const struct store_clock *c, struct error *err);
int db_add_event(struct store *s, int64_t campaign, int64_t host, int64_t run, const char *kind,
	const char *text, int64_t at, struct error *err);
int db_query(struct store *s, const char *what, const char *label, int64_t after, int64_t limit,
	void (*columns)(void *arg, const char *const *names, size_t n),
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err);
/* Its query "values" (sqlite_pages.c), of a campaign that there is. */
int db_query_pages(struct store *s, int64_t campaign, int64_t after, int64_t limit,
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err);

#endif
