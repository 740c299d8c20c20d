/*
 * lock.h - one joulerig at a time measures a machine
 *
 * An advisory lock (flock) on /run/lock/joulerig.lock, or /tmp/joulerig.lock where that cannot be
 * had. It goes with the process. An agent that does not get it works all the same, but its results
 * say shared_energy: the energy counters of a machine count everything that runs there.
 */
#ifndef AGENT_LOCK_H
#define AGENT_LOCK_H

#include <stdbool.h>

struct machine_lock {
	int fd; /* -1: no lock file to be had */
	bool is_mine;
};

/* Open the lock file and try to take the lock. Never blocks; where there is no file the lock counts
 * as somebody else's. */
void machine_lock_open(struct machine_lock *l);
/* Try again where it is not ours yet. Returns whether it is. */
bool machine_lock_try(struct machine_lock *l);
void machine_lock_close(struct machine_lock *l);

#endif
