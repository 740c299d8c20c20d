/*
 * machines.h - the machines of two sides of a comparison: what else differs, and which energies are
 * not of a kind
 */
#ifndef COORDINATOR_FINDINGS_MACHINES_H
#define COORDINATOR_FINDINGS_MACHINES_H

#include "proto/base.h"
#include <jansson.h>

/* One property of two inventories; texts owned. */
struct machine_difference {
	const char *what;           /* "kernel", "cpu.microcode": its path in the inventory */
	char *contender, *baseline; /* "unknown" where an inventory does not tell */
};

struct machine_differences {
	struct machine_difference *items; /* in the order of the table in machines.c */
	size_t n;
};

/*
 * What differs between two machines, or one and itself at another time, of what can change a
 * result: model, cores, microcode, kernel, governor, turbo, memory, power limits, energy counters.
 * NULL is a machine of which nothing is known. machine_differences_done() it.
 */
void machine_differences_of(
	const json_t *contender, const json_t *baseline, struct machine_differences *out);
void machine_differences_done(struct machine_differences *d);

/* Whether both are known, and one is another instrument than the other (its fingerprint). */
bool machine_has_changed(const json_t *contender, const json_t *baseline);

/*
 * Why a metric of one machine must not be compared with that of another, as a clause to follow
 * "energy.dram: "; the caller frees. NULL: it may. host and other name them; the same name is one
 * machine at two times. What is refused, and why, is in docs/compare.md.
 */
char *machine_unlike(const char *metric, const char *host, const json_t *contender,
	const char *other, const json_t *baseline);

#endif
