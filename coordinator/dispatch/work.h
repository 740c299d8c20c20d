/*
 * work.h - work that takes long, beside the event loop: each piece in a thread of its own
 *
 * The piece must touch nothing but what it was given, and its owner must not look at that before
 * work_is_over(). Without a wake function there are no threads: the piece is done at once, within
 * work_start(), which is what tests in virtual time want.
 */
#ifndef COORDINATOR_DISPATCH_WORK_H
#define COORDINATOR_DISPATCH_WORK_H

#include <stdbool.h>

struct work;

/* Called in the thread of a piece that has ended, so that its owner's loop wakes up. */
typedef void work_wake_fn(void *arg);
/* The work. stop_fd becomes readable where it should end early. */
typedef void work_fn(void *arg, int stop_fd);

/* Start. Never NULL; arg must stay until work_end(). */
struct work *work_start(work_fn *fn, void *arg, work_wake_fn *wake, void *wake_arg);
/* Whether it has returned. */
bool work_is_over(const struct work *w);
/* Ask it to end early, wait until it has, and forget it. NULL is fine. */
void work_end(struct work *w);

#endif
