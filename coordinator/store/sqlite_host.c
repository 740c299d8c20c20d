/* Whether a host gets runs, as a user or the coordinator decided. */
#include "coordinator/store/sqlite.h"
#include <errno.h>

int db_set_host_admission(struct store *s, int64_t host, const char *admission, const char *reason,
	int64_t at, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = db_cached(s, DB_SET_HOST_ADMISSION,
		"UPDATE host SET admission = ?, admission_reason = ?, admission_at = ? WHERE id = "
		"?",
		&statement, err);

	if (code < 0)
		return code;
	db_bind_text(statement, 1, admission);
	db_bind_text(statement, 2, admission == NULL ? NULL : reason);
	db_bind_int(statement, 3, admission == NULL ? ABSENT : at);
	db_bind_int(statement, 4, host);
	code = db_run(s, statement, "set whether a host gets runs in", err);
	if (code == 0)
		return error_set(
			err, -ENOENT, "%s: there is no host %lld", s->path, (long long)host);
	return code < 0 ? code : 0;
}
