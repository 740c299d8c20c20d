/*
 * measuring.h - what the measurement itself costs and allows on each host of a study: the agent's
 * own CPU time, the bounds of its energies, the machine's idle power from block to block, and the
 * programs that are there to show the machine alone (canaries)
 */
#ifndef COORDINATOR_FINDINGS_MEASURING_H
#define COORDINATOR_FINDINGS_MEASURING_H

#include "coordinator/analysis/drift.h"
#include "coordinator/findings/study.h"

/* A metric of a host over its blocks: medians of each block's runs. */
struct over_blocks {
	size_t n; /* blocks */
	double first, last;
	struct drift drift; /* by how much it moved, and whether that is no chance */
	double slope;       /* Theil and Sen's, of its unit a block; NaN below two blocks */
};

struct canary_over_blocks {
	size_t configuration;
	struct over_blocks time;
};

struct measuring_host {
	size_t lane;
	double agent;       /* agent.time / time: median over the runs; NaN: not stored */
	double agent_worst; /* of one run */
	double bound;       /* bound of energy.package / energy.package: the median configuration */
	double bound_worst; /* the worst configuration */
	size_t bound_worst_configuration;
	struct over_blocks idle; /* power.package.idle; n 0: not measured */
	struct canary_over_blocks *canaries;
	size_t canaries_n;
};

struct measuring_hosts {
	struct measuring_host *items; /* [lane] */
	size_t n;
};

/* Of a study with all metrics. measuring_hosts_done() it. */
void measuring_hosts_make(const struct study *s, struct measuring_hosts *out);
void measuring_hosts_done(struct measuring_hosts *m);

/* Values of blocks, of which several may be of one, in any order; both arrays are reordered. */
void over_blocks_of(double *values, int64_t *blocks, size_t n, struct over_blocks *out);

#endif
