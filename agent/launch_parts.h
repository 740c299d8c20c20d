/*
 * launch_parts.h - what launching and the change of user share: filling a struct exec_spec in the
 * agent, where names can be looked up
 */
#ifndef AGENT_LAUNCH_PARTS_H
#define AGENT_LAUNCH_PARTS_H

#include "agent/exec.h"
#include "agent/launch.h"

/*
 * Who a command runs as (s->user, NULL: as it is) into spec. Asks the system's user database, once
 * for a user. Returns 0, or negative where there is no such user or it may not be.
 */
int launch_set_user(struct exec_spec *spec, const char *user, struct error *err);
/* How many processes it may have (s->processes), after the user is known. Returns 0 or negative. */
int launch_set_processes(struct exec_spec *spec, int64_t processes, struct error *err);
/* Memory policy and its nodes. Returns 0 or negative. */
int launch_set_memory(
	struct exec_spec *spec, const char *policy, const char *nodes, struct error *err);

#endif
