/* A store that could not be written to: what must be so before it is written to again. */
#include "coordinator/store/sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int db_find_room(const char *path, struct error *err)
{
	_cleanup_free_ char *name = xasprintf("%s.room-XXXXXX", path);
	_cleanup_close_ int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", path);
	unlink(name);
	int code = posix_fallocate(fd, 0, STORE_ROOM_BYTES);
	return code == 0 ? 0 : error_set(err, -code, "%s: %s", path, strerror(code));
}

/*
 * A log whose fsync failed may be whole in memory and not on the disk, and a later fsync says
 * nothing of that (the kernel takes the pages for written). What would be appended to it could be
 * lost with it. So all of it is written into the file, and the log begins anew.
 */
int db_settle(struct store *s, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int64_t is_busy = 0;

	sqlite3_busy_timeout(s->db, 0);
	int code = db_prepare(s, "PRAGMA wal_checkpoint(TRUNCATE)", &statement, err);
	if (code == 0)
		code = db_run_returning(s, statement, &is_busy, "write the log into", err);
	if (code == 0 && is_busy != 0)
		code = error_set(err, -EBUSY, "%s: another program is reading it", s->path);
	sqlite3_busy_timeout(s->db, DB_BUSY_MS);
	return code;
}
