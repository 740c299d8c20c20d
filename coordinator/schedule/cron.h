/*
 * cron.h - reading a cron expression: minute, hour, day of the month, month, day of the week
 *
 * The rules are those of crontab(5): fields are lists of numbers, ranges and steps; months and
 * weekdays have names; where both days are restricted, either may match; @daily and the like stand
 * for the usual ones.
 */
#ifndef COORDINATOR_SCHEDULE_CRON_H
#define COORDINATOR_SCHEDULE_CRON_H

#include "proto/error.h"
#include <stdbool.h>
#include <stdint.h>

/* Bit i is set where i matches. */
struct cron {
	uint64_t minutes;                /* 0 to 59 */
	uint32_t hours;                  /* 0 to 23 */
	uint32_t days;                   /* 1 to 31 */
	uint32_t months;                 /* 1 to 12 */
	uint32_t weekdays;               /* 0 to 6, from Sunday; 7 was taken for 0 */
	bool is_any_day, is_any_weekday; /* the field begins with `*` */
};

/* Returns 0, or -EINVAL with err: "hour '25': expected 0 to 23", "no month has that day". */
int cron_parse(const char *text, struct cron *out, struct error *err);

#endif
