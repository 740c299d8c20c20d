/*
 * own_threads.h - where the agent's own threads run: on the housekeeping CPU while a run does not
 * use that, else anywhere
 *
 * These are the loop's thread, the sampler's and those of ZeroMQ (one for input and output, one
 * that reaps sockets), which no interface of ZeroMQ lets us bind for certain: its option of a
 * context takes CPUs for threads that are yet to be started, and these are there before the first
 * run. A thread that is started later has the CPUs of the one that starts it. joulerig-exec is
 * another process; it waits where the run does: see exec.c.
 */
#ifndef AGENT_OWN_THREADS_H
#define AGENT_OWN_THREADS_H

#include "agent/topology.h"

#define OWN_THREADS_UNKNOWN (-2) /* of *current: not all could be bound */

/*
 * Bind every thread of this process to one CPU, or to all that it was allowed when the topology was
 * loaded (cpu -1). What cannot be set stays as it is, and is tried again next time. Does nothing
 * where *current says that this holds already and it does; *current begins as -1.
 */
void own_threads_bind(const struct topology *t, int cpu, int *current);

#endif
