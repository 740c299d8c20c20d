/*
 * perf_guard.c - taking the wraps out of perf's energy counters
 */
#include "agent/sources/perf_guard.h"
#include "agent/sources/counter.h"

#include <errno.h>

#define START (UINT64_C(1) << 32)

uint64_t perf_guard_modulus(int64_t range_uj)
{
	unsigned __int128 unit = (unsigned __int128)counter_unit_nj(range_uj) << 32;

	unit /= NS_PER_S; /* nJ in 2^-32 J, as the driver rounds it */
	return unit <= UINT32_MAX ? (uint64_t)unit << 32 : 0;
}

int perf_guard_step(struct perf_guard *g, uint64_t count, uint64_t *out)
{
	/* Counts are differences: they may fall below 0, which is the upper half of 2^64. */
	bool has_fallen = g->is_started && (int64_t)(count - g->last) < 0;
	uint64_t fall = g->last - count;

	if (!g->is_started)
		g->offset = START - count;
	g->is_started = true;
	g->last = count;
	if (has_fallen && (g->modulus == 0 || fall > g->modulus)) {
		g->offset = 0 - count;
		if (g->modulus != 0)
			return -EIO;
	} else if (has_fallen) {
		g->offset += g->modulus;
	}
	*out = count + g->offset;
	return 0;
}
