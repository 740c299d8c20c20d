/*
 * counter.c - wraps, plausibility, bounds
 */
#include "agent/sources/counter.h"

int64_t counter_scale(int64_t a, int64_t b, int64_t c)
{
	__int128 r = (__int128)a * b / c;

	if (r > INT64_MAX)
		return INT64_MAX;
	return r < -INT64_MAX ? -INT64_MAX : (int64_t)r;
}

/* The driver computes range = 0xffffffff * unit / 1000, rounded down; rounding to nearest here
 * gives the unit back. */
int64_t counter_unit_nj(int64_t range_uj)
{
	const int64_t turns = INT64_C(0xffffffff);

	if (range_uj <= 0)
		return 0;
	return (int64_t)(((__int128)range_uj * 1000 + turns / 2) / turns);
}

int64_t counter_unit_uj(int64_t range_uj)
{
	int64_t unit_uj = (counter_unit_nj(range_uj) + 999) / 1000;

	return unit_uj > 1 ? unit_uj : 1;
}

int64_t counter_modulus_uj(int64_t range_uj)
{
	int64_t modulus;

	if (range_uj <= 0 ||
		__builtin_add_overflow(range_uj, counter_unit_nj(range_uj) / 1000, &modulus))
		return 0;
	return modulus;
}

int64_t counter_longest_interval_ns(const struct counter_shape *s)
{
	if (s->range_uj <= 0 || s->cap_uw <= 0)
		return INT64_MAX;
	return counter_scale(s->range_uj, NS_PER_S, s->cap_uw) / 4;
}

enum counter_fault counter_delta(const struct counter_shape *s, int64_t before_uj, int64_t after_uj,
	int64_t dt_ns, int64_t *delta_uj)
{
	int64_t modulus = counter_modulus_uj(s->range_uj);
	int64_t delta = after_uj - before_uj;

	*delta_uj = 0;
	if (before_uj < 0 || after_uj < 0)
		return COUNTER_LOST;
	if (dt_ns > counter_longest_interval_ns(s))
		return COUNTER_AMBIGUOUS;
	if (delta < 0) {
		if (modulus == 0 || before_uj > modulus)
			return COUNTER_RESET;
		delta += modulus;
	}
	/* One unit of grace, for readings so close together that a single step looks like a lot of
	 * power. */
	if (s->cap_uw > 0 &&
		delta > counter_scale(s->cap_uw, dt_ns, NS_PER_S) + counter_unit_uj(s->range_uj))
		return COUNTER_IMPLAUSIBLE;
	*delta_uj = delta;
	return COUNTER_OK;
}

int64_t counter_power_uw(int64_t energy_uj, int64_t time_ns)
{
	return time_ns > 0 ? counter_scale(energy_uj, NS_PER_S, time_ns) : 0;
}

int64_t counter_root(int64_t n)
{
	int64_t low = 0, high = INT64_C(3037000499); /* the root of INT64_MAX */

	while (low < high) {
		int64_t middle = low + (high - low + 1) / 2;
		if (middle * middle <= n)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

enum counter_length counter_length(int64_t gap_ns, int64_t time_ns)
{
	if (time_ns <= 0 || gap_ns > time_ns / 10)
		return LENGTH_TOO_SHORT;
	return gap_ns > time_ns / 200 ? LENGTH_SHORT : LENGTH_FINE;
}

enum counter_length counter_width(int64_t bound_uj, int64_t energy_uj)
{
	if (bound_uj > energy_uj / 5)
		return LENGTH_TOO_SHORT;
	return bound_uj > energy_uj / 100 ? LENGTH_SHORT : LENGTH_FINE;
}

int64_t counter_repetitions(int64_t gap_ns, int64_t time_ns)
{
	if (time_ns <= 0)
		time_ns = 1;
	int64_t n = counter_scale(gap_ns, 200, time_ns);

	return n < INT64_MAX && (n == 0 || counter_scale(n, time_ns, 200) < gap_ns) ? n + 1 : n;
}
