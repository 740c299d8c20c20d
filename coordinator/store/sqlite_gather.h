/*
 * sqlite_gather.h - fewer and larger writes into the log (WAL) of a store
 *
 * SQLite writes each page of a commit into its log with two calls, 24 bytes and then the page, and
 * where much comes in these calls are most of what storing it costs. This VFS stands between SQLite
 * and the one that is there. What is written to a log in a row is gathered in memory and written at
 * once, up to DB_GATHER_MOST bytes of it; all else goes straight through.
 *
 * Why that is safe: within a transaction nobody but its connection looks at what is in the log, and
 * that reads through what is gathered. With `synchronous = FULL`, which whoever opens a file here
 * must set, a commit is an fsync of the log first, and other connections are told of it after that;
 * before the fsync all is written. For the same reason nothing is gathered when a lock of the log's
 * index changes hands. What cannot be written is the result of the call that wanted it written, and
 * from then on of every other one that writes, syncs or reads the log, until the transaction ends:
 * it cannot be committed without what is lost.
 *
 * The file itself is written page by page as ever. A checkpoint that a reader keeps from going to
 * the end of the log counts a page as written when the call returns, without any other call whose
 * result it would look at: an error that comes later would be a page lost.
 */
#ifndef COORDINATOR_STORE_SQLITE_GATHER_H
#define COORDINATOR_STORE_SQLITE_GATHER_H

/* SQLite's own VFS cuts lengths off at 17 bits, so that more in one call would be less. */
#define DB_GATHER_MOST 0x1ffff

/* The name of the VFS, over the one that is the default when this is called first; NULL (which is
 * the default itself) where it cannot be had. */
const char *db_gather_vfs(void);

#endif
