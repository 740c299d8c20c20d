/*
 * lock.h - who holds a store for writing: a flock on FILE.lock, and in that file how to reach the
 * holder
 *
 * The lock file beside the store stays where it is; only the flock on it counts, and the kernel
 * drops that with the process. Its content is three lines: pid, endpoint, keys directory of the
 * coordinator; before the socket is bound the last two are empty. FILE is resolved first, so that a
 * store has one lock whatever links lead to it.
 */
#ifndef COORDINATOR_STORE_LOCK_H
#define COORDINATOR_STORE_LOCK_H

#include "proto/error.h"
#include <sys/types.h>

struct store_lock {
	pid_t pid;           /* 0 where the file does not say */
	char endpoint[256];  /* "" while the holder has no socket yet */
	char keys_dir[4096]; /* "" likewise */
};

/*
 * Take the lock of the store at path. Returns the descriptor that holds it (close() lets go), or
 * negative: -EBUSY where another process has it (the text names it), -errno.
 */
int store_lock_take(const char *path, struct error *err);

/*
 * The same for the store's file itself, once it is there: whoever removed the lock file is stopped
 * by this one. A file with several names (hard links), or one that is mounted by itself, is
 * refused: SQLite finds its log by the file's name, so that what one name's user has written the
 * other's would not see. Keep the descriptor until SQLite has closed the file. Returns it, or
 * negative as store_lock_take(); -EINVAL: refused.
 */
int store_lock_file(const char *path, struct error *err);

/*
 * Say in the lock file of path how this process, which holds the lock, is reached. Returns 0 or
 * -errno.
 */
int store_lock_publish(
	const char *path, const char *endpoint, const char *keys_dir, struct error *err);

/*
 * Whether somebody holds the lock of the store at path. Returns 1 and *out, 0 where nobody does (or
 * there is no lock file), or -errno.
 */
int store_lock_holder(const char *path, struct store_lock *out, struct error *err);

#endif
