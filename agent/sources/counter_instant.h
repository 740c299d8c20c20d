/*
 * counter_instant.h - what readings of a counter say of the energy up to an instant, and so of a
 * window between two
 *
 * A RAPL counter is brought up to date about once a millisecond, at instants that it does not tell
 * (Intel SDM vol. 3B 15.10; Documentation/hwmon/amd_energy.rst), and counts in whole units. A
 * reading therefore shows the energy up to the last update before it, rounded down. Two things
 * always hold, whatever the power did meanwhile: energy never falls, and no zone draws more than
 * its cap. From these follow the lowest and the highest energy that an instant can have, given the
 * readings around it; in between lies the estimate, with its standard deviation. Derivation:
 * docs/energy.md.
 *
 * Pure functions of numbers: no files, no clocks. Energies are uJ, powers uW, times ns, all int64.
 */
#ifndef AGENT_SOURCES_COUNTER_INSTANT_H
#define AGENT_SOURCES_COUNTER_INSTANT_H

#include "proto/base.h"

/* What is known of a counter beside its readings. */
struct counter_model {
	int64_t cap_uw;    /* highest plausible power; 0: any */
	int64_t unit_uj;   /* what rounding down can hide, at least 1 */
	int64_t gap_ns;    /* no two updates are further apart */
	int64_t period_ns; /* median time between updates, > 0 */
	int64_t spread_ns; /* standard deviation of that time */
};

struct counter_reading {
	int64_t begin_ns, end_ns; /* the clock before and after: it was read in between */
	int64_t total_uj;         /* wraps taken out: never falls */
};

/* Readings in a row that showed the same. */
struct counter_plateau {
	struct counter_reading first, last;
};

#define COUNTER_TRAIL 8

/* Plateaus in the order of time, each higher than the one before. */
struct counter_trail {
	struct counter_plateau at[COUNTER_TRAIL];
	size_t n;
};

/* Append a reading that is later than all; at most keep (<= COUNTER_TRAIL) plateaus stay, the
 * latest. */
void counter_trail_follow(struct counter_trail *t, const struct counter_reading *r, size_t keep);
/* The same until the trail is full; then nothing. */
void counter_trail_fill(struct counter_trail *t, const struct counter_reading *r);

/*
 * Whether the i-th plateau (from 0) began within the readings' own resolution: *at_ns is the middle
 * of where its update can lie, *variance (ns^2) that of the true instant about it.
 */
bool counter_edge(const struct counter_model *m, const struct counter_trail *t, size_t i,
	int64_t *at_ns, int64_t *variance);

/* Whether no later reading can say more about instants up to until_ns: an update after it was seen,
 * or must have been. */
bool counter_is_settled(
	const struct counter_model *m, const struct counter_trail *t, int64_t until_ns);

/* Energy up to an instant, on the scale of the readings' totals. */
struct counter_instant {
	int64_t low_uj, high_uj; /* it lies between them; high INT64_MAX: no bound */
	int64_t best_uj;         /* the estimate, within these */
	int64_t variance;        /* uJ^2 of the estimate's error, phases and jitter being random */
};

/* power_uw: what the zone drew about then; for the variance, and for the estimate where the
 * readings alone do not show it. t has at least one plateau. */
void counter_at(const struct counter_model *m, const struct counter_trail *t, int64_t at_ns,
	int64_t power_uw, struct counter_instant *out);

struct counter_energy {
	int64_t energy_uj;
	int64_t bound_uj;     /* half-width: the truth is no further away; INT64_MAX: anywhere */
	int64_t deviation_uj; /* standard deviation */
};

/*
 * Energy of [start_ns, end_ns] from the readings around the start and those around the end, which
 * may overlap; wraps: how many were taken out in between. Each trail has at least one plateau;
 * start_ns < end_ns.
 */
void counter_between(const struct counter_model *m, const struct counter_trail *start,
	const struct counter_trail *end, int64_t start_ns, int64_t end_ns, unsigned wraps,
	struct counter_energy *out);

#endif
