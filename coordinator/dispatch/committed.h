/*
 * committed.h - results that this turn commits, told with as few messages as can be
 *
 * What a host is told at the end of a turn goes with the next ASSIGN to it where there is one, and
 * else in one COMMITTED. An agent of minor version 2 gets a COMMITTED for each. Nothing of it
 * leaves before the turn is committed, as everything else that is queued.
 */
#ifndef COORDINATOR_DISPATCH_COMMITTED_H
#define COORDINATOR_DISPATCH_COMMITTED_H

#include "coordinator/dispatch/core.h"

/* The result of this attempt is kept once this turn is committed: tell its host. */
void committed_add(struct dispatch *d, struct host *h, const struct attempt_id *id);
/* What goes with an ASSIGN to this host: attempt_ids, valid until the next committed_add() of it.
 */
struct list committed_take(struct host *h);
/* At the end of the turn: queue what went with no ASSIGN. */
void committed_flush(struct dispatch *d);
/* The turn is not committed: nothing of this is true. */
void committed_forget(struct dispatch *d);

#endif
