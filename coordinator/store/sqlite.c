#include "coordinator/store/sqlite.h"
#include "coordinator/store/lock.h"
#include "coordinator/store/sqlite_gather.h"
#include "proto/notify.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define STEPS_OF_PROGRESS 100000 /* of SQLite's virtual machine: some milliseconds */

/* ---- errors and statements ---- */

/* Why the system refused what SQLite calls an I/O error; a quota is a full disk, too. */
static int code_of_system(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EROFS ? -number : -EIO;
}

/* A negative errno for SQLite's result; ERR_INTERNAL for what no other disk would make better. */
static int code_of(const struct store *s, int result)
{
	switch (result & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_CONSTRAINT:
	case SQLITE_NOTADB:
		return -EINVAL;
	case SQLITE_IOERR:
		return code_of_system(sqlite3_system_errno(s->db));
	case SQLITE_CORRUPT:
		return -EUCLEAN;
	default:
		return ERR_INTERNAL;
	}
}

int db_fail(struct store *s, struct error *err, const char *doing)
{
	int result = sqlite3_extended_errcode(s->db);
	const char *advice = "";

	s->is_damaged |= (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CORRUPT;
	if ((result & 0xff) == SQLITE_FULL)
		advice = "; make room on the disk";
	else if ((result & 0xff) == SQLITE_NOTADB)
		advice = "; name a store of joulerig with --db";
	else if ((result & 0xff) == SQLITE_CORRUPT)
		advice = "; `joulerig doctor` tells more; go on from a backup, or save what can "
			 "still be read (docs/keeping.md)";
	return error_set(err, code_of(s, result), "%s: cannot %s this store: %s%s", s->path, doing,
		sqlite3_errmsg(s->db), advice);
}

int db_exec(struct store *s, const char *sql, const char *doing, struct error *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(s, err, doing);
	return 0;
}

int db_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct error *err)
{
	if (sqlite3_prepare_v2(s->db, sql, -1, out, NULL) != SQLITE_OK)
		return db_fail(s, err, "read");
	return 0;
}

int db_cached(struct store *s, enum db_statement which, const char *sql, sqlite3_stmt **out,
	struct error *err)
{
	sqlite3_stmt **cached = &s->statements[which];

	if (*cached == NULL && sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, cached,
				       NULL) != SQLITE_OK)
		return db_fail(s, err, "write to");
	*out = *cached;
	return 0;
}

int db_run(struct store *s, sqlite3_stmt *statement, const char *doing, struct error *err)
{
	int code = 0;

	if (sqlite3_step(statement) != SQLITE_DONE)
		code = db_fail(s, err, doing);
	sqlite3_reset(statement);
	return code < 0 ? code : sqlite3_changes(s->db);
}

int db_run_returning(struct store *s, sqlite3_stmt *statement, int64_t *out, const char *doing,
	struct error *err)
{
	int code = 0;
	int result = sqlite3_step(statement);
	bool is_cached = false;

	if (result == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		result = sqlite3_step(statement);
	}
	if (result != SQLITE_DONE)
		code = db_fail(s, err, doing);
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		is_cached |= s->statements[i] == statement;
	if (is_cached)
		sqlite3_reset(statement);
	else
		sqlite3_finalize(statement);
	return code;
}

void db_bind_int(sqlite3_stmt *statement, int at, int64_t value)
{
	if (value == ABSENT)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, value);
}

void db_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

void db_bind_blob(sqlite3_stmt *statement, int at, const void *data, size_t len)
{
	if (data == NULL && len == 0)
		sqlite3_bind_zeroblob(statement, at, 0);
	else
		sqlite3_bind_blob64(statement, at, data, len, SQLITE_STATIC);
}

/* ---- transactions ---- */

static bool in_transaction(const struct store *s)
{
	return s->db != NULL && sqlite3_get_autocommit(s->db) == 0;
}

static int begin(struct store *s, struct error *err)
{
	sqlite3_stmt *statement = NULL;

	if (in_transaction(s))
		return 0;
	int code = db_cached(s, DB_BEGIN, "BEGIN IMMEDIATE", &statement, err);
	if (code == 0)
		code = db_run(s, statement, "begin writing to", err);
	return code < 0 ? code : 0;
}

static int commit(struct store *s, struct error *err)
{
	sqlite3_stmt *statement = NULL;

	if (!in_transaction(s))
		return 0;
	int code = db_cached(s, DB_COMMIT, "COMMIT", &statement, err);
	if (code == 0)
		code = db_run(s, statement, "commit to", err);
	return code < 0 ? code : 0;
}

static void rollback(struct store *s)
{
	if (in_transaction(s))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int db_begin(struct store *s, bool *own, struct error *err)
{
	*own = !in_transaction(s);
	return *own ? begin(s, err) : 0;
}

int db_end(struct store *s, bool own, int code, struct error *err)
{
	if (!own)
		return code;
	if (code >= 0) {
		int committed = commit(s, err);
		if (committed == 0)
			return code;
		code = committed;
	}
	rollback(s);
	return code;
}

/* ---- opening ---- */

/* WAL needs memory shared between processes and locks that hold: neither crosses a network. */
int store_is_local(const char *path, struct error *err)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} networks[] = {
		{0x6969, "NFS"},
		{0x517b, "SMB"},
		{0xfe534d42, "SMB"},
		{0xff534d42, "CIFS"},
		{0x5346414f, "AFS"},
		{0x73757245, "Coda"},
		{0x564c, "NCP"},
		{0x00c36400, "Ceph"},
		{0x0bd00bd0, "Lustre"},
		{0x47504653, "GPFS"},
	};
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return error_errno(err, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		if ((uint32_t)fs.f_type == networks[i].magic)
			return error_set(err, -ENOTSUP,
				"%s: the store cannot be on a network file system (%s), whose "
				"locks do "
				"not keep it whole; put it on a local disk with --db",
				path, networks[i].name);
	}
	return 0;
}

static int pragma_int(struct store *s, const char *sql, int64_t *out, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, sql, &statement, err);

	return code < 0 ? code : db_run_returning(s, statement, out, "read", err);
}

/* Is it a store of ours, and no newer than this program? */
static int check_schema(struct store *s, bool write, struct error *err)
{
	int64_t application = 0, version = 0, tables = 0;
	int code = pragma_int(s, "PRAGMA application_id", &application, err);

	if (code == 0)
		code = pragma_int(s, "PRAGMA user_version", &version, err);
	if (code == 0)
		code = pragma_int(s, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (code < 0)
		return code;
	if (application != DB_APPLICATION_ID && tables == 0 && !write)
		return error_set(err, -EINVAL,
			"%s: this store is empty, nothing was ever in it or all was cut off; name "
			"another with --db, or go on from a backup (docs/keeping.md)",
			s->path);
	if (application != DB_APPLICATION_ID && tables > 0)
		return error_set(err, -EINVAL,
			"%s: this is no store of joulerig (another program's SQLite file); name "
			"the "
			"store with --db",
			s->path);
	if (version > db_schema_version)
		return error_set(err, -EINVAL,
			"%s: made by a newer joulerig (schema %lld, this program knows up to %d); "
			"update joulerig",
			s->path, (long long)version, db_schema_version);
	if (!write && version < db_schema_readable)
		return error_set(err, -EINVAL,
			"%s: made by an older joulerig (schema %lld of %d); `joulerig serve --db "
			"%s` "
			"brings it up to date",
			s->path, (long long)version, db_schema_version, s->path);
	s->schema = write ? db_schema_version : version;
	return 0;
}

static int read_identity(struct store *s, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_prepare(s, "SELECT id, epoch FROM store", &statement, err);

	if (code < 0)
		return code;
	if (sqlite3_step(statement) == SQLITE_ROW &&
		sqlite3_column_bytes(statement, 0) == (int)sizeof s->id.b) {
		memcpy(s->id.b, sqlite3_column_blob(statement, 0), sizeof s->id.b);
		s->epoch = sqlite3_column_int64(statement, 1);
	} else {
		code = db_fail(s, err, "read the identity of");
	}
	sqlite3_finalize(statement);
	return code;
}

static int connect_file(struct store *s, const char *name, int flags, struct error *err)
{
	/* Who only reads has no log to write to. */
	const char *vfs = (flags & SQLITE_OPEN_READWRITE) != 0 ? db_gather_vfs() : NULL;

	if (sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, vfs) != SQLITE_OK)
		return db_fail(s, err, "open");
	sqlite3_extended_result_codes(s->db, 1);
	/* Readers that recover the log hold it for a moment. */
	sqlite3_busy_timeout(s->db, DB_BUSY_MS);
	return 0;
}

/* What was not closed is looked at before it is changed in any way. */
static int check_unclean(struct store *s, struct error *err)
{
	int64_t has_mark = 0, is_clean = 1;
	int code = pragma_int(s,
		"SELECT count(*) FROM pragma_table_info('store') WHERE name = 'is_clean'",
		&has_mark, err);

	if (code == 0 && has_mark == 1)
		code = pragma_int(s, "SELECT is_clean FROM store", &is_clean, err);
	return code < 0 || is_clean != 0 ? code : db_check_unclean(s, err);
}

/* A check or a migration of a large store takes minutes: who started us waits for as long as there
 * is progress. */
static int on_progress(void *arg)
{
	(void)arg;
	notify_at_work();
	return 0;
}

static int open_for_writing(struct store *s, struct error *err)
{
	int code = check_schema(s, true, err);

	sqlite3_progress_handler(s->db, STEPS_OF_PROGRESS, on_progress, NULL);

	if (code == 0)
		code = check_unclean(s, err);
	if (code == 0)
		code = db_exec(s,
			"PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
			"PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;"
			"PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864",
			"set up", err);
	if (code == 0)
		code = db_migrate(s, err);
	if (code == 0)
		db_watch_log(s);
	if (code == 0)
		code = db_exec(
			s, "UPDATE store SET epoch = epoch + 1, is_clean = 0", "write to", err);
	s->is_marked = code == 0;
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	return code;
}

static int open_for_reading(struct store *s, struct error *err)
{
	int code = check_schema(s, false, err);

	if (code == 0)
		code = db_exec(
			s, "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY", "set up", err);
	return code < 0 ? code : db_read_columns(s, err);
}

/* The last that is written: where even this cannot be, the next one to open it looks closer. */
static void mark_clean(struct store *s)
{
	if (!s->is_marked || s->is_damaged)
		return;
	rollback(s);
	(void)sqlite3_exec(s->db, "UPDATE store SET is_clean = 1", NULL, NULL, NULL);
}

static void db_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	mark_clean(s);
	sqlite3_close(s->db);
	/* The locks go last: nobody may open the file for writing while this connection lives, and
	 * no descriptor of it may be closed before that: SQLite's own locks would go with it. */
	if (s->file_fd >= 0)
		close(s->file_fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->has_column);
	free(s->path);
	free(s);
}

/* The folder of path, to be asked for its file system. The caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int open_locked(struct store *s, struct error *err)
{
	_cleanup_free_ char *folder = folder_of(s->path);
	int code = store_is_local(folder, err);

	if (code < 0)
		return code;
	s->lock_fd = store_lock_take(s->path, err);
	if (s->lock_fd < 0)
		return s->lock_fd;
	code = connect_file(s, s->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
	if (code < 0)
		return code;
	s->file_fd = store_lock_file(s->path, err);
	if (s->file_fd < 0 && s->file_fd != -ENOENT) /* that is a VFS that keeps it elsewhere */
		return s->file_fd;
	return open_for_writing(s, err);
}

/* "file:PATH?immutable=1" with what has a meaning in a URI escaped. The caller frees. */
static char *immutable_uri(const char *path)
{
	struct buf uri = BUF_INIT;

	buf_adds(&uri, "file:");
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			buf_addf(&uri, "%%%02x", (unsigned)*path);
		else
			buf_addc(&uri, *path);
	}
	buf_adds(&uri, "?immutable=1");
	return buf_take(&uri);
}

/* Whether all is in the file itself: no log beside it that would have to be read as well. */
static bool has_no_log(const char *path)
{
	_cleanup_free_ char *log = xasprintf("%s-wal", path);
	struct stat st;

	return stat(log, &st) != 0 ? errno == ENOENT : st.st_size == 0;
}

/*
 * A reader in WAL mode makes files beside the store. Where it may not (another user's folder, a
 * read-only medium), and no writer left a log, the file is read as one that does not change.
 */
static int open_shared(struct store *s, struct error *err)
{
	if (access(s->path, F_OK) != 0)
		return error_errno(err, "%s", s->path);
	int code = connect_file(s, s->path, SQLITE_OPEN_READONLY, err);
	if (code == 0)
		code = open_for_reading(s, err);
	if ((code != -EACCES && code != -EROFS) || !has_no_log(s->path))
		return code;
	sqlite3_close(s->db);
	s->db = NULL;
	_cleanup_free_ char *uri = immutable_uri(s->path);
	code = connect_file(s, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
	return code < 0 ? code : open_for_reading(s, err);
}

/* SQLite would say "disk I/O error". */
static int check_file(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(err, ERR_USAGE,
			"%s is a folder; name the store's file with --db, as in %s/joulerig.db",
			path, path);
	return 0;
}

static int db_open(struct store **out, const char *path, bool write, struct error *err)
{
	int code = check_file(path, err);

	if (code < 0)
		return code;
	struct store *s = xcalloc(1, sizeof *s);
	s->path = xstrdup(path);
	s->lock_fd = s->file_fd = -1;
	code = write ? open_locked(s, err) : open_shared(s, err);
	if (code == 0)
		code = read_identity(s, err);
	if (code < 0) {
		db_close(s);
		return code;
	}
	*out = s;
	return 0;
}

/* Close the file alone: the lock, and who the store is, stay. */
static void disconnect(struct store *s)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	memset(s->statements, 0, sizeof s->statements);
	mark_clean(s);
	s->is_marked = false;
	sqlite3_close(s->db);
	s->db = NULL;
}

/* It must be there, and be the one that was there before. */
static int check_same(struct store *s, const struct id16 *id, struct error *err)
{
	int code = read_identity(s, err);

	if (code == 0 && !id16_equal(&s->id, id)) {
		s->id = *id;
		code = error_set(err, -EINVAL, "%s: another store is in its place", s->path);
	}
	return code;
}

static int reopen(struct store *s, struct error *err)
{
	const struct id16 id = s->id;
	int code;

	disconnect(s);
	code = db_find_room(s->path, err);
	if (code == 0)
		code = connect_file(s, s->path, SQLITE_OPEN_READWRITE, err);
	if (code == 0)
		code = check_same(s, &id, err);
	if (code == 0)
		code = db_settle(s, err);
	if (code == 0)
		code = open_for_writing(s, err);
	if (code == 0)
		code = read_identity(s, err);
	if (code < 0)
		disconnect(s);
	else
		s->is_damaged = false; /* it was looked at */
	return code;
}

static void identity(struct store *s, struct id16 *id, int64_t *epoch)
{
	*id = s->id;
	*epoch = s->epoch;
}

const struct store_ops store_sqlite = {
	.name = "sqlite",
	.open = db_open,
	.close = db_close,
	.reopen = reopen,
	.check = db_check,
	.copy = db_copy,
	.prune = db_prune,
	.compact = db_compact,
	.identity = identity,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.tend = db_tend,
	.put_host = db_put_host,
	.add_campaign = db_add_campaign,
	.remove_campaign = db_remove_campaign,
	.set_campaign_state = db_set_campaign_state,
	.set_campaign_total = db_set_campaign_total,
	.set_host_admission = db_set_host_admission,
	.add_configuration = db_add_configuration,
	.add_lane = db_add_lane,
	.add_run = db_add_run,
	.start_attempt = db_start_attempt,
	.set_run_state = db_set_run_state,
	.set_attempt_state = db_set_attempt_state,
	.reset_run = db_reset_run,
	.put_result = db_put_result,
	.put_samples = db_put_samples,
	.put_output = db_put_output,
	.put_requirement = db_put_requirement,
	.add_lane_part = db_add_lane_part,
	.put_part = db_put_part,
	.put_clock = db_put_clock,
	.put_schedule = db_put_schedule,
	.set_schedule_next = db_set_schedule_next,
	.remove_schedule = db_remove_schedule,
	.put_sweep = db_put_sweep,
	.add_notice = db_add_notice,
	.put_delivery = db_put_delivery,
	.set_campaign_changes = db_set_campaign_changes,
	.add_event = db_add_event,
	.query = db_query,
};

const struct store_ops *const stores[] = {&store_sqlite, NULL};
