/*
 * placement.h - which CPUs a run may use, in thread order
 *
 * Deterministic: the same topology, the same allowed CPUs and the same request give the same
 * answer. Cores are sorted by package, die, kind (performance first), last-level cache, lowest CPU
 * number. The policies:
 *
 *   close     one thread per core in that order, second siblings only after every core has one
 *   compact   all siblings of a core, then the next core
 *   scatter   round-robin over packages, within them over last-level caches, within these over
 *             cores; second siblings only after every core has one
 *   balanced  the threads split evenly over the cores, neighbours together: n threads on more cores
 *             keep the same distance from each other, on fewer cores the first ones get one more
 *   explicit  the CPUs of `list`, in its order; what else is asked for must hold of them
 *
 * `smt: avoid` leaves out second siblings, `only` takes whole cores with siblings, whose threads
 * then stay together whatever the policy; `core_kind`, `packages` filter before. The lead CPU of
 * the first package is the housekeeping CPU and used last, by all policies but explicit; where the
 * threads of a core stay together, its whole core is. Where nothing is asked for, a hybrid
 * machine's kinds are used as the policy sorts them, and the reason says so.
 */
#ifndef AGENT_PLACEMENT_H
#define AGENT_PLACEMENT_H

#include "agent/topology.h"
#include "proto/error.h"

struct placement_request {
	int64_t cpus;           /* how many; ABSENT: all that are allowed */
	const char *policy;     /* "close" (NULL means that too); the policies are one table in
				   placement_policies.c */
	const char *smt;        /* "avoid", "allow" (NULL), "only" */
	const char *core_kind;  /* "any" (NULL), "performance", "efficiency", "lowpower" */
	const char *list;       /* of the policy explicit: "0,2,4-7"; else NULL */
	int64_t packages;       /* the first so many packages alone; ABSENT or 0: all */
	bool may_oversubscribe; /* more CPUs than there are: threads go round again */
};

struct placement {
	int *cpus; /* owned; in thread order */
	size_t n;  /* as many as were asked for; CPUs come up again where oversubscribed */
	bool is_oversubscribed;
	bool uses_housekeeping; /* the housekeeping CPU is among them: flag shared_cpu */
	char reason[256];       /* in one sentence, for people */
};

/* Returns 0, or -EINVAL (unknown word, with the nearest), -ENOSPC (not so many CPUs; the text says
 * how many there are). */
int placement_choose(const struct topology *t, const struct placement_request *request,
	struct placement *out, struct error *err);
void placement_done(struct placement *p);

/*
 * The environment by which threads find their places, as NAME=value texts appended to out (each
 * ended by NUL): with is_pinned OMP_PLACES, OMP_PROC_BIND, GOMP_CPU_AFFINITY, KMP_AFFINITY,
 * KMP_WARNINGS, JOULERIG_PIN (pin_preload.c) and LD_PRELOAD (preload, where not NULL); with threads
 * != ABSENT OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and MKL_NUM_THREADS. Returns how many.
 */
size_t placement_environment(const struct placement *p, int64_t threads, bool is_pinned,
	const char *preload, struct buf *out);

/* libjoulerig-pin.so beside this program or in ../libexec/joulerig, which the caller frees. NULL:
 * it is not there, or its path cannot stand in LD_PRELOAD (a space or a colon). */
char *placement_preload_path(void);

/* NUMA nodes of the CPUs, as a sorted list text "0-1"; the caller frees. "" where not known. */
char *placement_nodes(const struct topology *t, const struct placement *p);

/* CPUs in their order, in the kernel's form: "0-3,8", "4,0", "0,1,0,1". The caller frees. */
char *cpu_order_format(const int *cpus, size_t n);
/* CPUs as a list in the kernel's form, sorted: "0-3,8". The caller frees. */
char *cpu_list_format(const int *cpus, size_t n);
/* The reverse; -EINVAL where text is no list. *out is the caller's. An empty text is an empty list.
 */
int cpu_list_parse(const char *text, int **out, size_t *n, struct error *err);

#endif
