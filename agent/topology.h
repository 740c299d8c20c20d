/*
 * topology.h - packages, dies, cores, threads, core kinds, NUMA nodes and caches of a machine,
 * found by hwloc
 *
 * hwloc tells the topology only; binding is sched_setaffinity elsewhere. Which CPUs may be used
 * comes from sched_getaffinity where the CPUs are this machine's, and is every online CPU for
 * another root.
 */
#ifndef AGENT_TOPOLOGY_H
#define AGENT_TOPOLOGY_H

#include "agent/machine.h"

enum core_kind { CORE_PERFORMANCE, CORE_EFFICIENCY, CORE_LOWPOWER };
const char *core_kind_name(enum core_kind k); /* "performance", ... */

struct topology_cpu { /* one hardware thread */
	int cpu;      /* the kernel's number */
	int package;  /* physical id */
	int die;      /* 0 where packages have one */
	int core;     /* counted from 0 over the machine, in sorted order */
	int sibling;  /* 0 for the first thread of its core, 1 for the second, ... */
	int llc;      /* last-level cache, counted from 0 over the machine; -1 unknown */
	int numa;     /* node, or -1 */
	enum core_kind kind;
	bool is_allowed; /* this process may run there */
};

struct topology_cache { /* all caches of one level, type and size */
	int level;
	char type;    /* 'd' data, 'i' instructions, 'u' both */
	int64_t size; /* bytes of each */
	int count;
};

struct topology {
	struct topology_cpu
		*cpus; /* owned; online ones, sorted by package, die, kind, llc, core, sibling */
	size_t n;
	int packages, dies, cores, threads, numa_nodes;
	bool is_hybrid; /* more than one core kind was told apart; kinds are all CORE_PERFORMANCE
			   otherwise */
	struct topology_cache caches[16]; /* by level and type */
	size_t caches_n;
	int housekeeping; /* the lead CPU: the first allowed one of the first package */
};

/*
 * Returns 0, -ENODEV where no CPU was found below the root, -ENOMEM, or -EIO where hwloc failed.
 * Not for several threads at once: hwloc takes another root from the environment.
 */
int topology_load(struct topology *t, const struct machine *m, struct error *err);
void topology_done(struct topology *t);

#endif
