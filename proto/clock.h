/*
 * clock.h - the clocks, each for one purpose
 *
 * Intervals of runs are CLOCK_MONOTONIC_RAW (never slewed by NTP); timers of event loops are
 * CLOCK_MONOTONIC; dates are CLOCK_REALTIME. All in ns, int64.
 */
#ifndef PROTO_CLOCK_H
#define PROTO_CLOCK_H

#include <stdint.h>

int64_t clock_raw_ns(void);
int64_t clock_monotonic_ns(void);
int64_t clock_realtime_ns(void);
/* How long the machine was suspended since it was started: how far CLOCK_BOOTTIME, which counts
 * that, is ahead of CLOCK_MONOTONIC. */
int64_t clock_suspended_ns(void);

/* RFC 3339 in UTC with milliseconds, "2026-08-23T02:00:00.123Z", of ns since 1970; out holds 32
 * bytes. Returns out. */
char *clock_rfc3339(char out[32], int64_t realtime_ns);
/* The same with microseconds. */
char *clock_rfc3339_micro(char out[32], int64_t realtime_ns);
/* The reverse: ns since 1970, or ABSENT where text is no such date (fractions of any length and
 * offsets are taken). */
int64_t clock_parse_rfc3339(const char *text);

#endif
