/*
 * placement_parts.h - what the files placement*.c share: the CPUs that a run may use, and the
 * policies that put them in order
 *
 * placement.c says which CPUs may be used and explains the choice, placement_policies.c orders
 * them, placement_explicit.c takes a given list. Nobody else includes this.
 */
#ifndef AGENT_PLACEMENT_PARTS_H
#define AGENT_PLACEMENT_PARTS_H

#include "agent/placement.h"

#define COMPARE(a, b)                                                                              \
	do {                                                                                       \
		if ((a) != (b))                                                                    \
			return (a) < (b) ? -1 : 1;                                                 \
	} while (0)

enum smt { SMT_AVOID, SMT_ALLOW, SMT_ONLY };

/* What is asked for, with its words looked up. */
struct wish {
	enum smt smt;
	int kind;         /* enum core_kind, or -1: any */
	int64_t packages; /* ABSENT: all */
	int last_package; /* physical id of the last one of these */
};

/* A CPU that the run may use. */
struct candidate {
	const struct topology_cpu *cpu;
	int rank;                 /* 0 for the first allowed thread of its core, 1 for the second */
	bool is_last;             /* the housekeeping CPU: after all others */
	bool shares_housekeeping; /* a thread of the same core */
	int group, turn;          /* scratch of the policies */
};

/* A policy orders the CPUs that a run may use; the run gets the first ones. */
struct policy {
	const char *name;
	/* Reorder all n so that the first `want` (at most n) are the run's, in thread order. NULL:
	 * the list that was asked for. */
	void (*order)(struct candidate *c, size_t n, size_t want);
	bool is_by_core; /* all threads of a core, then the next core */
	const char *meaning;
};

/* In placement_policies.c; policies_n of them. The first one is the default. */
extern const struct policy policies[];
extern const size_t policies_n;

/* Order by a policy that has an order, with all threads of a core together where is_by_core. */
void policy_order(
	const struct policy *p, bool is_by_core, struct candidate *c, size_t n, size_t want);

/* How many allowed threads of the same core come before this one. */
int rank_of(const struct topology *t, const struct topology_cpu *c);
size_t allowed_threads_of_core(const struct topology *t, const struct topology_cpu *c);

/* placement_explicit.c: the list as it was given, or why not. Returns 0, -EINVAL or -ENOSPC. */
int explicit_choose(const struct topology *t, const struct placement_request *request,
	const struct wish *w, struct placement *out, struct error *err);

#endif
