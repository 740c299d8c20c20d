/*
 * calendar.h - when a cron expression comes next, in a time zone, with daylight saving
 *
 * The clock on the wall decides; what it does when the law moves it depends on the hours:
 *
 *   - An expression that does not hold in all 24 hours names times of the day (`30 2 * * *`, also
 *     `0,30 2 * * *` and every second hour). A time that the wall skips comes at the instant at
 *     which it is skipped, several that are skipped together come once; a time that the wall shows
 *     twice comes the first time only. So nothing is left out, and nothing comes twice.
 *   - One that holds in every hour (`*`, 0-23) follows the time that passes: it comes in the hour
 *     that is repeated too, and has nothing to make up for in one that was skipped.
 *
 * This holds for every change of a zone's offset: daylight saving of an hour or of half of one,
 * either hemisphere, a law that moves the zone for good or leaves out a whole day.
 */
#ifndef COORDINATOR_SCHEDULE_CALENDAR_H
#define COORDINATOR_SCHEDULE_CALENDAR_H

#include "coordinator/schedule/cron.h"

#include <stddef.h>

struct calendar;

/* The calendar of a time zone ("Europe/Berlin"); NULL: this machine's (TZ, /etc/localtime).
 * Returns 0 and *out, which the caller frees, or -ENOENT where the zone is not known here. */
int calendar_open(struct calendar **out, const char *name, struct error *err);
void calendar_free(struct calendar *c); /* NULL is fine */

/* The first instant after `after` at which the expression comes; both CLOCK_REALTIME, ns, between
 * the years 1970 and 2150. ABSENT where there is none within 100 years. */
int64_t calendar_next(const struct calendar *c, const struct cron *cron, int64_t after);
/* The same, of several that follow each other; writes at most n, returns how many there are. */
size_t calendar_next_n(
	const struct calendar *c, const struct cron *cron, int64_t after, int64_t *out, size_t n);
/* "Sun 2026-03-29 03:00 CEST" of an instant, in the zone; returns out. */
const char *calendar_text(const struct calendar *c, int64_t at, char out[64]);
/* "2026-03-29T03:00:00+02:00", for programs; returns out. */
const char *calendar_rfc3339(const struct calendar *c, int64_t at, char out[64]);
/* The name by which the zone can be opened again, also of this machine's own; NULL where that has
 * none. Valid while c is. */
const char *calendar_zone(const struct calendar *c);

#endif
