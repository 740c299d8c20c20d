/*
 * tell_delays.h - how long a notice waits for its next attempt
 */
#ifndef COORDINATOR_DISPATCH_TELL_DELAYS_H
#define COORDINATOR_DISPATCH_TELL_DELAYS_H

#include <stdint.h>

/* ns after this many attempts that failed, from 1; ABSENT: it is given up. In all about two days.
 */
int64_t tell_delay(int64_t attempts);

#endif
