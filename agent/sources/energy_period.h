/*
 * energy_period.h - how often counters are brought up to date, measured by watching them change
 *
 * RAPL counters carry no time. What a reading lacks is at most the energy since the last update; so
 * the largest gap between updates is what the bound of a window is made of, and their usual time
 * and its spread what its estimate is made of.
 */
#ifndef AGENT_SOURCES_ENERGY_PERIOD_H
#define AGENT_SOURCES_ENERGY_PERIOD_H

#include "proto/base.h"

/* What was seen of one counter. */
struct energy_period {
	int64_t gap_ns;       /* largest gap between updates: an upper bound of each that was seen
				 whole */
	int64_t median_ns;    /* of the gaps, > 0 */
	int64_t deviation_ns; /* standard deviation of the gaps, less what reading adds to it */
	int changes;          /* how often it changed */
	bool is_broken;       /* it could not be read */
};

/* Read the i-th counter: uJ, or -errno. */
typedef int64_t energy_read_fn(void *arg, size_t i);

/*
 * Read n counters in turn for at most limit_ns, or until each has shown enough changes. Gaps in
 * which the reader itself was away do not count; where a counter changes too rarely for that,
 * gap_ns is the longest silence and median_ns the mean time between changes.
 */
void energy_period_measure(
	struct energy_period *out, size_t n, energy_read_fn *read, void *arg, int64_t limit_ns);

#endif
