/*
 * cgroup.h - a cgroup of its own for each run, where the kernel grants one: CPU time, memory and
 * the end of the whole tree come from it
 *
 * Version 2 alone: on a machine with version 1, or where the agent's own cgroup is not writable,
 * there is none, and cgroups_why_not() says so once; the run is then measured by wait4(2) and ended
 * by walking /proc. Where cgroups can be made but controllers not be switched on (other processes
 * live in the agent's own cgroup), a run still gets one: CPU time, pressure and the kill work
 * without controllers, memory.peak does not.
 *
 * The agent moves itself to AGENT'S/joulerig-agent, runs get AGENT'S/joulerig-run-N. What a killed
 * agent left there is ended and removed when the next one opens.
 *
 * Source: Linux Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef AGENT_CGROUP_H
#define AGENT_CGROUP_H

#include "proto/base.h"
#include "proto/error.h"

struct cgroups;
struct cgroup;

/*
 * Find, prepare, end leftovers. Returns 0, or negative where there can be none (*out is set all the
 * same, and cgroup_new() returns NULL).
 */
int cgroups_open(struct cgroups **out, struct error *why);
void cgroups_close(struct cgroups *c);
/* For inventory and doctor: "v2 with cpu, memory, pids", or "none". */
const char *cgroups_describe(const struct cgroups *c);
/* The reason and the remedy where something is missing; "" where all is there. */
const char *cgroups_why_not(const struct cgroups *c);
bool cgroups_has(const struct cgroups *c, const char *controller);

struct cgroup_limits {
	int64_t memory;    /* bytes; ABSENT: none */
	int64_t processes; /* ABSENT: none */
};

/* A cgroup for a run, with its limits; NULL where there are none, or it could not be made (why).
 */
struct cgroup *cgroup_new(struct cgroups *c, const struct cgroup_limits *limits, struct error *why);
const char *cgroup_path(const struct cgroup *g); /* absolute directory */
int cgroup_fd(const struct cgroup *g);           /* of that directory */

/* ABSENT where the kernel does not tell. */
struct cgroup_usage {
	int64_t user_ns, system_ns;
	int64_t memory_peak; /* bytes */
	int64_t oom_kills;
	int64_t read_bytes, written_bytes;
};
/* What the cgroup used so far. */
void cgroup_usage(const struct cgroup *g, struct cgroup_usage *out);
/* SIGKILL to all that is in it. Returns whether anything was. */
bool cgroup_kill(const struct cgroup *g);
/* Kill what is left, remove it. NULL is fine. */
void cgroup_remove(struct cgroup *g);

/*
 * End processes of a killed agent with this state directory that no cgroup tells of: all whose
 * environment has JOULERIG_STATE=state. Returns how many.
 */
size_t leftovers_end(const char *state);

#endif
