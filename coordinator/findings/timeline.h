/*
 * timeline.h - what a run's samples tell over time: power, busy CPUs, frequency, temperature
 *
 * A store has samples as the agent packed them: counters that only grow, and gauges. Here a counter
 * is how fast it grew since the reading before (joules a second are watts), a gauge what was read.
 * An agent's counters have no wraps left in them; one that falls all the same was started anew, and
 * nobody knows what it had counted in between: that stretch has no value.
 */
#ifndef COORDINATOR_FINDINGS_TIMELINE_H
#define COORDINATOR_FINDINGS_TIMELINE_H

#include "coordinator/findings/gather.h"

struct timeline_channel {
	char *name;       /* "energy.package-0" */
	const char *unit; /* at the edges: "J"; of a counter the rate's is this a second */
	bool is_counter;
	double *values; /* [instant]: gauge, or rate since the reading before; NaN: not known */
	double total;   /* of a counter: what it grew by where that is known; NaN: never */
	double covered; /* s in which it is known */
};

struct timeline {
	double *seconds; /* since the first instant; n of them */
	size_t n;        /* 0: the store has no samples of the run */
	struct timeline_channel *channels;
	size_t channels_n;
	size_t falls; /* stretches without a value, as a counter fell */
};

/*
 * Read the samples of a run of a campaign ("NAME.N"). Returns 0, or negative: the store cannot be
 * read, ERR_PROTOCOL: a chunk is damaged. timeline_done() in both cases.
 */
int timeline_read(
	struct results *r, const char *label, int64_t run, struct timeline *out, struct error *err);
void timeline_done(struct timeline *t);

/* The channel of a name, or NULL. */
const struct timeline_channel *timeline_channel(const struct timeline *t, const char *name);

/*
 * The sum at each instant over the channels whose names begin so and go on with digits alone:
 * "energy.package-", "cpu.busy."; [instant], the caller's. NaN where one of them is not known.
 * *n is how many there are. NULL where there is none.
 */
double *timeline_sum(const struct timeline *t, const char *prefix, size_t *n);

/* The run of a cell that is nearest to the median of a metric, the earlier of two; 0 where no run
 * has it. Its distance as a share of the median in *off, where not NULL. */
int64_t typical_run(const struct gathered_cell *cell, size_t metric, double *off);

#endif
