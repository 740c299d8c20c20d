/*
 * summary_numbers.h - how the tables of `results` write numbers: as many digits as the interval, or
 * else the value, is worth
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_NUMBERS_H
#define COORDINATOR_COMMANDS_SUMMARY_NUMBERS_H

#include "coordinator/analysis/summary.h"
#include "proto/base.h"

/* "4.128" and " [4.119, 4.141]"; nothing to the second where there is no interval. */
void summary_add_value(struct buf *value, struct buf *interval, const struct summary *s);
/* "0.951"; nothing where the ratio is none. */
void summary_add_ratio(struct buf *b, double ratio);

#endif
