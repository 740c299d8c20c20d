/*
 * calendar.h - when a cron expression comes next, in a time zone, with daylight saving
 *
 * The clock on the wall decides. A time that the wall skips (the clock goes forward) comes once, at
 * the instant at which it is skipped; a time that it shows twice (the clock goes back) comes once,
 * the first time. An expression whose hour is any (`*`) or has a step follows elapsed time instead:
 * every hour, also through the repeated one.
 */
#ifndef COORDINATOR_SCHEDULE_CALENDAR_H
#define COORDINATOR_SCHEDULE_CALENDAR_H

#include "coordinator/schedule/cron.h"

struct calendar;

/* The calendar of a time zone ("Europe/Berlin"); NULL: this machine's. Returns 0 and *out, or
 * -ENOENT where the zone is not known here. */
int calendar_open(struct calendar **out, const char *timezone, struct error *err);
void calendar_free(struct calendar *c); /* NULL is fine */

/* The first instant after `after` at which the expression holds; both CLOCK_REALTIME, ns. ABSENT
 * where there is none within 100 years. */
int64_t calendar_next(const struct calendar *c, const struct cron *cron, int64_t after);
/* The same, of several that follow each other; writes at most n, returns how many there are. */
size_t calendar_next_n(
	const struct calendar *c, const struct cron *cron, int64_t after, int64_t *out, size_t n);
/* "Mon 2026-03-29 03:00 CEST" of an instant, in the zone; returns out. */
const char *calendar_text(const struct calendar *c, int64_t at, char out[64]);

#endif
