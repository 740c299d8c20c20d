/*
 * When the log (WAL) goes into the file itself. SQLite by itself does that within the commit that
 * makes it 4 MB long: so much is written twice while more comes in, pages that change again at once
 * among it. Here that waits until less comes in, or the log is long.
 */
#include "coordinator/store/sqlite.h"

/* In pages of 8 KiB. */
#define LOG_WORTH 512  /* 4 MB: from here on it is done when there is time */
#define LOG_BUSY  256  /* since the last time we were asked: there is no time */
#define LOG_MOST  8192 /* 64 MB: from here on it is done at once, in some 0.3 s */

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	/* After it was emptied it begins anew. */
	s->log_new += pages > s->log_pages ? pages - s->log_pages : pages;
	s->log_pages = pages;
	if (pages >= LOG_MOST)
		db_empty_log(s);
	return SQLITE_OK;
}

void db_watch_log(struct store *s)
{
	sqlite3_wal_hook(s->db, on_commit, s);
}

/* What cannot go now, as a reader still needs it, goes the next time; so does what failed: the log
 * is as durable as the file. */
void db_empty_log(struct store *s)
{
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	s->log_pages = 0;
}

void db_tend(struct store *s)
{
	bool is_busy = s->log_new >= LOG_BUSY;

	s->log_new = 0;
	if (!is_busy && s->log_pages >= LOG_WORTH && sqlite3_get_autocommit(s->db))
		db_empty_log(s);
}
