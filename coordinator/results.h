/*
 * results.h - the one door to stored results: the file, or the coordinator that holds it
 *
 * A subcommand that reads results opens the store's file itself when nobody holds its lock, and
 * asks the coordinator otherwise, over the same messages as everybody. What it gets is the same
 * rows either way; analysis is done on this side.
 */
#ifndef COORDINATOR_RESULTS_H
#define COORDINATOR_RESULTS_H

#include "coordinator/store/queries.h"
#include "proto/message.h"

/* Where results are looked for; all from common options. */
struct results_where {
	const char *db;          /* NULL: ./joulerig.db */
	const char *coordinator; /* NULL: none was named: the file, or who holds it */
	const char *server_key;  /* Z85, or NULL */
	const char *keys;        /* --keys, or NULL: the user's own */
};

struct results;

/* Returns 0 and *out, or negative: ERR_UNAVAILABLE (no file, no coordinator), ERR_REFUSED. */
int results_open(struct results **out, const struct results_where *where, struct error *err);
void results_close(struct results *r);
/*
 * The coordinator that these results come from, in the form that client_open() takes; NULL where
 * they come from the file, as nobody holds it. Valid while r is open.
 */
const struct results_where *results_coordinator(const struct results *r);

/* A query of queries.h, all rows, page by page. row() as in store.h; columns() may be NULL. Returns
 * 0 or negative. */
int results_query(struct results *r, const char *what, const char *label,
	void (*columns)(void *arg, const char *const *names, size_t n),
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err);

/*
 * The rows of a query one at a time, page by page, so that two queries can be merged and no more
 * than a page of each is in memory. The cells of a row have at least the columns of queries.h and
 * live until the next call. next() returns 1 and *cells, 0 past the last row, or negative. what and
 * label must outlive the cursor.
 */
struct results_cursor;
struct results_cursor *results_cursor_open(struct results *r, const char *what, const char *label);
/* The same from behind the row with the key after. */
struct results_cursor *results_cursor_open_after(
	struct results *r, const char *what, const char *label, int64_t after);
int results_cursor_next(
	struct results_cursor *c, const struct message_cell **cells, struct error *err);
void results_cursor_close(struct results_cursor *c); /* NULL is fine */

/* The text of a cell, "" where it has none. */
static inline const char *cell_text(const struct message_cell *cell)
{
	return cell->text == NULL ? "" : cell->text;
}

/*
 * Campaigns and hosts with their live state: from the coordinator where there is one, else what the
 * file knows (hosts "offline"). *out is decoded and the caller's: message_done(). label as in
 * message_status.
 */
int results_report(struct results *r, const char *label, struct message *out, struct error *err);

/* "NAME.N" for what the user typed: itself, or "NAME" for its last submission, or NULL/"" for the
 * last of all. The caller frees; NULL with err (the nearest label) where there is none. */
char *results_label(struct results *r, const char *typed, struct error *err);

#endif
