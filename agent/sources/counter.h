/*
 * counter.h - the arithmetic of all energy sources: wraps, plausibility, bounds, and when a window
 * is too short
 *
 * Pure functions of numbers: no files, no clocks. Energies are uJ, powers uW, times ns, all int64.
 * Rules and their derivation: docs/energy.md.
 */
#ifndef AGENT_SOURCES_COUNTER_H
#define AGENT_SOURCES_COUNTER_H

#include "proto/base.h"

/* Why an interval between two readings has no energy. */
enum counter_fault {
	COUNTER_OK,
	COUNTER_RESET,       /* it went down, and its range is not known */
	COUNTER_IMPLAUSIBLE, /* more power than such a machine can draw: reset, or garbage */
	COUNTER_AMBIGUOUS,   /* readings too far apart: wraps in between cannot be excluded */
	COUNTER_LOST,        /* it could not be read */
	COUNTER_FAULTS,
};

/* A counter in the form in which powercap shows it. */
struct counter_shape {
	int64_t range_uj; /* largest value before it starts again; 0 unknown */
	int64_t cap_uw;   /* highest plausible power; 0: any */
};

/* The unit that a 32-bit counter with this range counts in, in nJ (262143328850 -> 61035); 0 where
 * unknown or under 1 nJ. */
int64_t counter_unit_nj(int64_t range_uj);

/* The unit in uJ, rounded up, at least 1: what two floors can hide. */
int64_t counter_unit_uj(int64_t range_uj);

/* What a full turn adds: the range and one unit. 0 where the range is unknown. */
int64_t counter_modulus_uj(int64_t range_uj);

/* The longest time between readings at which a wrap cannot be missed, a quarter of a turn at the
 * cap; INT64_MAX: any. */
int64_t counter_longest_interval_ns(const struct counter_shape *s);

/*
 * Energy between two readings at most dt_ns apart (include the counter's own age). Returns
 * COUNTER_OK and *delta_uj >= 0, or the fault with *delta_uj 0.
 */
enum counter_fault counter_delta(const struct counter_shape *s, int64_t before_uj, int64_t after_uj,
	int64_t dt_ns, int64_t *delta_uj);

/* a x b / c, rounded down, saturating; for energy = power x time and its inverses. c > 0. */
int64_t counter_scale(int64_t a, int64_t b, int64_t c);

/* Mean power of energy over a time; 0 where the time is. */
int64_t counter_power_uw(int64_t energy_uj, int64_t time_ns);

/* The largest integer whose square is at most n; 0 where n is negative. */
int64_t counter_root(int64_t n);

/* How a window compares with the largest gap between updates: twice the gap above 1 % of the time
 * is short, above 20 % gives no energy. */
enum counter_length { LENGTH_FINE, LENGTH_SHORT, LENGTH_TOO_SHORT };
enum counter_length counter_length(int64_t gap_ns, int64_t time_ns);
/* The same of a bound's half-width and the energy that it belongs to: above 1 %, above 20 %. */
enum counter_length counter_width(int64_t bound_uj, int64_t energy_uj);

/* How many times a program that takes time_ns would have to do its work for twice the gap to be 1 %
 * of its time: ceil(2 gap / (0.01 time)), at least 1. */
int64_t counter_repetitions(int64_t gap_ns, int64_t time_ns);

#endif
