/*
 * placement.h - which CPUs a run may use, in thread order
 *
 * Deterministic: the same topology, the same allowed CPUs and the same request give the same
 * answer. Cores are sorted by package, die, kind (performance first), last-level cache, lowest CPU
 * number. `close`: one thread per core in that order, second siblings only after every core has
 * one. The lead CPU of the first package is the housekeeping CPU and used last.
 */
#ifndef AGENT_PLACEMENT_H
#define AGENT_PLACEMENT_H

#include "agent/topology.h"
#include "proto/error.h"

struct placement_request {
	int64_t cpus;          /* how many; ABSENT: all that are allowed */
	const char *policy;    /* "close" (NULL means that too); the policies are one table in
				  placement.c */
	const char *smt;       /* "avoid", "allow" (NULL), "only" */
	const char *core_kind; /* "any" (NULL), "performance", "efficiency", "lowpower" */
};

struct placement {
	int *cpus; /* owned; in thread order */
	size_t n;
	bool uses_housekeeping; /* the housekeeping CPU is among them: flag shared_cpu */
	char reason[256];       /* in one sentence, for people */
};

/* Returns 0, or -EINVAL (unknown word, with the nearest), -ENOSPC (not so many CPUs; the text says
 * how many there are). */
int placement_choose(const struct topology *t, const struct placement_request *request,
	struct placement *out, struct error *err);
void placement_done(struct placement *p);

/* CPUs as a list in the kernel's form, sorted: "0-3,8". The caller frees. */
char *cpu_list_format(const int *cpus, size_t n);
/* The reverse; -EINVAL where text is no list. *out is the caller's. An empty text is an empty list.
 */
int cpu_list_parse(const char *text, int **out, size_t *n, struct error *err);

#endif
