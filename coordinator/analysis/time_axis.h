/*
 * time_axis.h - the clocks of many hosts on one axis: the coordinator's
 *
 * Samples carry their host's CLOCK_MONOTONIC_RAW. Every minute or so of a campaign the store keeps
 * how far the coordinator's clock was ahead of that (four timestamps and the smallest round trip,
 * agent/clock_offset.h): a point. Between two points of one agent process an instant is put by a
 * straight line, as clocks drift against each other; beyond the first or the last by that point's
 * offset alone.
 *
 * The axis is CLOCK_REALTIME of the coordinator, as it was at the first point of one of its
 * processes, and from there on its CLOCK_MONOTONIC_RAW: a step of the date in the middle of a
 * campaign does not tear it.
 *
 * It says when, for putting hosts side by side. How long is one host's clock's alone.
 */
#ifndef COORDINATOR_ANALYSIS_TIME_AXIS_H
#define COORDINATOR_ANALYSIS_TIME_AXIS_H

#include "proto/base.h"

/* How far two clocks drift apart, as a share: what the quartz of a computer keeps, 100 ppm. */
#define TIME_AXIS_DRIFT_PPM 100

struct time_point {
	const char *host;    /* name; only during time_axis_add() */
	int64_t at, raw;     /* the coordinator's CLOCK_REALTIME and CLOCK_MONOTONIC_RAW, ns */
	int64_t epoch;       /* of the coordinator's process */
	struct id16 session; /* of the agent's */
	int64_t offset;      /* coordinator's raw clock minus host's, ns */
	int64_t delay;       /* round trip that it was found with, ns */
};

struct time_axis;

struct time_axis *time_axis_new(void);
void time_axis_free(struct time_axis *a); /* NULL is fine */
/* Points of a host in the order of at. */
void time_axis_add(struct time_axis *a, const struct time_point *p);
/*
 * Put an instant of a host's raw clock (ns) on the axis. near, CLOCK_REALTIME in ns of about that
 * time, tells which process of the agent it was. Returns whether it can be told: *at is ns since
 * 1970, *bound ns by which it may be wrong (half of the larger round trip, and drift beyond the
 * last point).
 */
bool time_axis_put(const struct time_axis *a, const char *host, int64_t raw, int64_t near,
	int64_t *at, int64_t *bound);

#endif
