/*
 * ask.h - what `joulerig WORDS...` says about a store, from within its own coordinator
 *
 * What the coordinator acts on is what a user would read: the very program is run, finds the
 * coordinator through the lock file of the store, and asks it as any other would. So every number
 * that is told can be had again by that command.
 */
#ifndef COORDINATOR_DISPATCH_ASK_H
#define COORDINATOR_DISPATCH_ASK_H

#include "proto/base.h"
#include "proto/error.h"

/* So many bytes of an answer are taken: some hundred thousand comparisons. */
#define ASK_MOST (128 * 1024 * 1024)

/*
 * Run this program with words (ended by NULL) and `--db DB --keys KEYS`, and take its stdout
 * (appended). Called in threads that may wait; stop_fd readable ends it. Returns its exit status,
 * with err what it said where that is not 0; or negative: it could not be run, was stopped, took
 * too long, or said more than ASK_MOST.
 */
int ask_own_program(const char *const *words, const char *db, const char *keys, int stop_fd,
	struct buf *out, struct error *err);

#endif
