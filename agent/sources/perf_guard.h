/*
 * perf_guard.h - a perf energy counter made to grow, where the kernel does not carry it over the
 * wraps of the hardware's
 *
 * Kernels since 6.10 count TPMI machines (and newer ones some others) by the plain difference of
 * two 32-bit readings: when the hardware's counter wraps, perf's falls by 2^32 units. perf counts
 * in 2^-32 J, and that driver's scale is the unit in nJ x 2^32 / 10^9, rounded down.
 * Source: Linux drivers/powercap/intel_rapl_common.c, rapl_event_update().
 *
 * Pure functions of numbers.
 */
#ifndef AGENT_SOURCES_PERF_GUARD_H
#define AGENT_SOURCES_PERF_GUARD_H

#include "proto/base.h"

struct perf_guard {
	uint64_t modulus; /* what a wrap takes off, in counts; 0: not known, a fall is a fault */
	uint64_t last;    /* as read */
	uint64_t offset;  /* added to what is read, modulo 2^64 */
	bool is_started;
};

/* What a wrap takes off a count in 2^-32 J where powercap shows this range for the same counter; 0
 * where that is not known. */
uint64_t perf_guard_modulus(int64_t range_uj);

/*
 * Carry on with a reading. Returns 0 and the count as it should be in *out: it starts at 2^32 (1
 * J), so that a counter that fell without a known modulus can be shown lower than before, from 0
 * on. Returns -EIO, once, where it fell by more than a wrap.
 */
int perf_guard_step(struct perf_guard *g, uint64_t count, uint64_t *out);

#endif
