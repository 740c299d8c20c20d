/*
 * decomposition.h - of which parts a ratio is made: along a chain of values of an axis
 *
 * With the chain a, b, c the ratio of its ends is the product of the ratios of neighbours:
 *
 *   log R(c/a) = log R(b/a) + log R(c/b)
 *
 * All of them are means over the same blocks of the same host, those that every value of the chain
 * has, so that the parts add up exactly.
 */
#ifndef COORDINATOR_FINDINGS_DECOMPOSITION_H
#define COORDINATOR_FINDINGS_DECOMPOSITION_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/gather.h"

/* One configuration (but for the axis) on one host. */
struct decomposition {
	size_t *configurations; /* [chain_n]: of each value */
	size_t lane, blocks;    /* blocks that all of them have */
	struct ratio *links;    /* [chain_n - 1]: value i + 1 over value i */
	struct ratio whole;     /* last over first */
};

struct decompositions {
	struct decomposition *items; /* in the order of configurations, then hosts */
	size_t n, chain_n;
	char **missing;     /* "nbody threads=4 has no nogil+gil on lab03" */
	size_t *missing_of; /* [missing_n]: that cell, by its configuration of the first value */
	size_t missing_n;
};

/*
 * level: of the intervals (0.99). Returns 0, or ERR_USAGE: fewer than 3 values, one twice, no such
 * axis, value or metric. decompositions_done() in both cases.
 */
int decompositions_make(const struct gathered *g, const char *by, const char *const *chain,
	size_t chain_n, const char *metric, double level, struct decompositions *out,
	struct error *err);
void decompositions_done(struct decompositions *d);

#endif
