/*
 * handout.h - which run a host is handed next, where several campaigns have some for it
 *
 * - A block stays together: once one has begun on a host, all of it is handed out before anything
 *   of another campaign, whatever its priority. What is compared is measured under the same
 *   circumstances so. With `order: sequential` that holds for all of one configuration. Of several
 *   that have begun (one was paused, or a run of it was lost) the one that began last goes on.
 * - Between blocks the highest priority comes first. One that waits for a run that is under way,
 *   as its result decides what comes next, is not overtaken by a lower one.
 * - Campaigns of equal priority take turns, a block each: next is the one whose last block began
 *   longest ago; a new one comes behind those that wait already. So each has its turn after at most
 *   one block of every other. After a restart the order follows from when runs of each began last.
 *
 * Only hosts that are due (host.h) are looked at, so a turn in which nothing changed for a host
 * costs nothing for it, however many there are.
 */
#ifndef COORDINATOR_DISPATCH_HANDOUT_H
#define COORDINATOR_DISPATCH_HANDOUT_H

#include "coordinator/dispatch/core.h"

/* Fill the hands of the hosts that are due. Returns 0, or negative where the store failed. */
int handout_fill(struct dispatch *d, int64_t now_ns);
/* The lane that has the next run for this host; NULL: there is none now. Nothing is written. */
struct lane *handout_choose(const struct host *h);
/* Say ASSIGN of a run in the host's hands; harmless where the agent has it already. */
void handout_send(struct dispatch *d, struct host *h, struct live *l, struct live_run *r);

#endif
