/*
 * lag.h - how far what is sent of a run's samples is behind what is made
 *
 * It looks at one byte at a time: the last one that had been made when the byte before it was
 * through. Until that one is through, too, everything is at least as late as it is old.
 */
#ifndef AGENT_LAG_H
#define AGENT_LAG_H

#include "proto/base.h"

struct lag {
	size_t at;        /* so many bytes had been made */
	int64_t since_ns; /* by then */
};

/* Of a run of which so many bytes have been made and sent by now: ns that it is late at least.
 * Begin with a zeroed struct for each run. */
static inline int64_t lag_of(struct lag *l, size_t made, size_t sent, int64_t now_ns)
{
	if (l->since_ns == 0 || sent >= l->at)
		*l = (struct lag){.at = made, .since_ns = now_ns};
	return sent >= made ? 0 : now_ns - l->since_ns;
}

#endif
