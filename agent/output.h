/*
 * output.h - what a program wrote to a stream: its head and its tail, within a limit, and how much
 * it was in all
 *
 * Memory grows with what is written, up to the limit; it is kept between runs unless it is large.
 */
#ifndef AGENT_OUTPUT_H
#define AGENT_OUTPUT_H

#include "proto/base.h"

/* A limit above this is lowered to it: what is kept of a stream is held in memory until it is
 * spooled. */
#define OUTPUT_MAX (64 * 1024 * 1024)

struct output {
	size_t limit;     /* bytes kept at most: half of them head, half tail */
	int64_t total;    /* bytes written */
	struct buf head;  /* the first limit / 2 */
	struct buf tail;  /* what follows; once it is limit - limit / 2 long, a ring */
	size_t tail_next; /* where the ring is written next: its oldest byte */
};

/* Ready for a new stream. An output that is all zeroes is one that was never used. */
void output_reset(struct output *o, int64_t limit);
void output_add(struct output *o, const void *data, size_t len);
/* Bytes kept; how many of them are head (all of them where nothing was left out). */
size_t output_kept(const struct output *o);
size_t output_head(const struct output *o);
/* Append what was kept to out: the head, then the tail. */
void output_copy(const struct output *o, struct buf *out);
void output_done(struct output *o);

#endif
