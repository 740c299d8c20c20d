/*
 * cgroup.h - a cgroup of its own for each run, where the kernel grants one: CPU time, memory and
 * the end of the whole tree come from it
 *
 * Version 2 alone: where there is none, or the agent's own cgroup is not writable, there are none,
 * and cgroups_why_not() says so once; the run is then measured by wait4(2) and ended by walking
 * /proc. Where cgroups can be made but controllers not be switched on (other processes live in the
 * agent's own cgroup, or the controllers are on version 1), a run still gets one: CPU time,
 * pressure and the kill work without controllers; memory.peak, io.stat and limits do not.
 *
 * Runs get BASE/joulerig-run-NAMESPACE-PID-START-N, BASE being the agent's own cgroup, the other
 * parts naming the agent. Where controllers can be had by it, joulerig's processes move from BASE
 * to BASE/joulerig-agent, which all agents of BASE share; the last one takes that back. What a
 * killed agent left there is ended and removed when the next one opens.
 *
 * Threads: all of it belongs to one thread. cgroup_remove() waits for killed processes to be gone,
 * two seconds at most.
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
/* For inventory and doctor: "v2 with memory, pids, io", "v2 without controllers", or "none". */
const char *cgroups_describe(const struct cgroups *c);
/* The reason and the remedy where something is missing; "" where all is there. */
const char *cgroups_why_not(const struct cgroups *c);
/* Whether runs' cgroups have a controller: "memory", "pids", "io". */
bool cgroups_has(const struct cgroups *c, const char *controller);

struct cgroup_limits {
	int64_t memory;    /* bytes; ABSENT: none */
	int64_t processes; /* ABSENT: none */
};

/*
 * A cgroup for a run, with its limits; NULL where there are none, or it could not be made (why). A
 * memory limit that cannot be kept is -EOPNOTSUPP; one of processes is left out where there is no
 * "pids": struct launch_spec has another way.
 */
struct cgroup *cgroup_new(struct cgroups *c, const struct cgroup_limits *limits, struct error *why);
const char *cgroup_path(const struct cgroup *g); /* absolute directory */
int cgroup_fd(const struct cgroup *g);           /* of that directory */

/* ABSENT where the kernel does not tell. */
struct cgroup_usage {
	int64_t user_ns, system_ns; /* cpu.stat: in steps of 1 us; all processes, reaped or not */
	int64_t memory_peak; /* memory.peak, Linux 5.19: bytes, page cache and the kernel's own for
				it among them */
	int64_t oom_kills;   /* memory.events: processes that the memory limit killed */
	int64_t read_bytes, written_bytes; /* io.stat: the sums over all devices */
};
/* What the cgroup used so far. */
void cgroup_usage(const struct cgroup *g, struct cgroup_usage *out);
/* SIGKILL to all that is in it, at once. Returns whether anything was. */
bool cgroup_kill(const struct cgroup *g);
/* Kill what is left, remove it. NULL is fine. */
void cgroup_remove(struct cgroup *g);

/*
 * End processes of a killed agent with this state directory that no cgroup tells of: all that we
 * may look at whose environment has JOULERIG_STATE=state, except this process and those above it.
 * Repeats until none is left, five seconds at most. Returns how many there were.
 */
size_t leftovers_end(const char *state);

#endif
