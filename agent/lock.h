/*
 * lock.h - whether another joulerig agent is at work on this machine
 *
 * Every agent holds a shared advisory lock for its life, on /run/lock/joulerig.lock, or
 * /tmp/joulerig.lock where that cannot be had, and asks at each run whether somebody else holds one
 * too. It is a lock of the open file description (fcntl(2), F_OFD_SETLK): it goes with the process,
 * and asking changes nothing, so that two agents that ask at the same moment see each other. Each
 * of them works all the same, but its results say shared_energy: the energy counters of a machine
 * count everything that runs there.
 */
#ifndef AGENT_LOCK_H
#define AGENT_LOCK_H

#include <stdbool.h>

struct machine_lock {
	int fd; /* -1: no lock to be had */
};

/* Open the lock file and take a shared lock. Never blocks. */
void machine_lock_open(struct machine_lock *l);
/* Whether nobody else holds one now; false also where we could not get it. One system call. */
bool machine_lock_is_alone(const struct machine_lock *l);
void machine_lock_close(struct machine_lock *l);

#endif
