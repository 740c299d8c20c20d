/*
 * frequency.h - the arithmetic of the busy frequency
 */
#ifndef AGENT_SOURCES_FREQUENCY_H
#define AGENT_SOURCES_FREQUENCY_H

#include "proto/base.h"

/*
 * tsc / time x aperf / mperf in Hz, from what was counted in time_ns (> 0): the rate of the time
 * stamp counter times the share of it that the core ran at. ABSENT where the core was idle
 * throughout, or the result is no frequency (over 100 GHz).
 */
int64_t frequency_busy_hz(uint64_t tsc, uint64_t aperf, uint64_t mperf, int64_t time_ns);

#endif
