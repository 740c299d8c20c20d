/*
 * own_threads.h - where the agent's own threads run: on the housekeeping CPU while a run does not
 * use that, else anywhere
 */
#ifndef AGENT_OWN_THREADS_H
#define AGENT_OWN_THREADS_H

#include "agent/topology.h"

/*
 * Bind every thread of this process to one CPU, or to all that it was allowed when the topology was
 * loaded (cpu -1). What cannot be set stays as it is. Does nothing where *current says that this
 * holds already; *current begins as -1.
 */
void own_threads_bind(const struct topology *t, int cpu, int *current);

#endif
