/*
 * clock_offset.h - how far the coordinator's clock is ahead of ours, by four timestamps and the
 * minimum round trip
 *
 * offset = ((t2 - t1) + (t3 - t4)) / 2, delay = (t4 - t1) - (t3 - t2), |error| <= delay / 2; of the
 * last eight the one with the smallest delay holds (the clock filter of RFC 5905, section 10). All
 * in ns of CLOCK_MONOTONIC_RAW.
 */
#ifndef AGENT_CLOCK_OFFSET_H
#define AGENT_CLOCK_OFFSET_H

#include "proto/message.h"

#define CLOCK_OFFSET_KEPT 8
/* Asked for at the beginning of a connection, one after the other; the last of them tells. */
#define CLOCK_OFFSET_FIRST 4

struct clock_offset {
	struct {
		int64_t offset, delay;
	} last[CLOCK_OFFSET_KEPT];
	unsigned n; /* taken in all */
};

/* t4: when the PONG came. One that makes no sense (negative delay) is left out. */
static inline void clock_offset_add(
	struct clock_offset *c, const struct message_pong *p, int64_t t4)
{
	int64_t delay = (t4 - p->t1) - (p->t3 - p->t2);
	if (p->t1 > t4 || p->t2 > p->t3 || delay < 0)
		return;
	c->last[c->n % CLOCK_OFFSET_KEPT].offset = ((p->t2 - p->t1) + (p->t3 - t4)) / 2;
	c->last[c->n % CLOCK_OFFSET_KEPT].delay = delay;
	c->n++;
}

/* The best estimate into the PING; both ABSENT before the first. */
static inline void clock_offset_get(const struct clock_offset *c, struct message_ping *out)
{
	unsigned best = 0, kept = c->n < CLOCK_OFFSET_KEPT ? c->n : CLOCK_OFFSET_KEPT;
	for (unsigned i = 1; i < kept; i++) {
		if (c->last[i].delay < c->last[best].delay)
			best = i;
	}
	out->offset = kept > 0 ? c->last[best].offset : ABSENT;
	out->delay = kept > 0 ? c->last[best].delay : ABSENT;
}

#endif
