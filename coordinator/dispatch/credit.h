/*
 * credit.h - how many bytes of SAMPLES an agent may have under way
 *
 * What is under way on a slow link delays all that follows it: heartbeats, results. What may not be
 * under way waits at the agent, which thins it. So the window is about what the link has carried
 * within the last half second, between two bounds: it doubles while it is used up faster, and is
 * halved while that takes longer than two seconds. It is moved by giving back more or less than
 * what was taken in, and what was taken in is given back only with the commit of the same turn.
 *
 * Time comes in from outside.
 */
#ifndef COORDINATOR_DISPATCH_CREDIT_H
#define COORDINATOR_DISPATCH_CREDIT_H

#include "proto/base.h"

/* What all agents together may have under way, about; and what of it one has at least, also at
 * first, and at most. */
#define CREDIT_ALL   ((int64_t)64 * 1024 * 1024)
#define CREDIT_LEAST ((int64_t)32 * 1024)
#define CREDIT_MOST  ((int64_t)8 * 1024 * 1024)

struct credit {
	int64_t window;   /* bytes that may be under way */
	int64_t owed;     /* taken in and not yet given back */
	int64_t taken;    /* since since_ns */
	int64_t since_ns; /* when this measure of the link began; 0: with the next bytes */
};

/* A new connection that may have so many bytes at most: returns the first window, for WELCOME. */
int64_t credit_begin(struct credit *c, int64_t most);
/*
 * len bytes were taken in. Returns how many to give back now; 0: none yet. now_ns is
 * CLOCK_MONOTONIC; most is how wide the window may become.
 */
int64_t credit_take(struct credit *c, int64_t now_ns, int64_t len, int64_t most);

#endif
