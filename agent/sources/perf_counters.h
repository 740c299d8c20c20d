/*
 * perf_counters.h - what counts are worth that had the hardware for a part of the time
 *
 * There may be more events than the processor has counters; the kernel then gives each its share of
 * the time, and what was counted is scaled by time enabled / time running. On a hybrid machine an
 * event of one kind of core runs only while the run is on such cores, which looks the same: there,
 * scaling each by itself would invent counts. Only what is missing in the sum over all kinds is
 * time without a counter, so all kinds of a name are scaled by that.
 */
#ifndef AGENT_SOURCES_PERF_COUNTERS_H
#define AGENT_SOURCES_PERF_COUNTERS_H

#include "agent/sources/perf_event.h"

enum counted {
	COUNTED_WHOLE,
	COUNTED_SCALED,  /* multiplexed: an estimate */
	COUNTED_PARTLY,  /* of one kind of core: on other cores, or without a counter; as counted */
	COUNTED_NEVER,   /* no counter was free */
	COUNTED_NOTHING, /* never enabled: the program was not started */
};

/*
 * Readings of one name, one for each kind of core; is_one_kind where there are other kinds that
 * have none. out[n] gets the values, at most INT64_MAX, only where the answer is one of the first
 * three.
 */
enum counted perf_counters_scale(
	const struct perf_reading *kinds, size_t n, bool is_one_kind, int64_t *out);

#endif
