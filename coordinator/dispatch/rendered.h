/*
 * rendered.h - what the ASSIGNs of a configuration on a lane have in common, rendered and packed
 * once
 *
 * All templates of a campaign are replaced by what a configuration and a host are, so that every
 * run of the one on the other is told the same, but for its number, attempt and block. It is kept
 * as long as there is room: some hundred bytes each.
 */
#ifndef COORDINATOR_DISPATCH_RENDERED_H
#define COORDINATOR_DISPATCH_RENDERED_H

#include "coordinator/dispatch/live.h"

/* All of a run's ASSIGN but id, block and lease. Lives until the next call or rendered_free(). */
const struct message_part *rendered_assign(struct live *l, const struct live_run *r);
/*
 * Say in an ASSIGN of a configuration what the campaign's templates do not: its label, files and
 * directory. Returns what its workdir points into (the caller frees; it may be NULL).
 */
char *rendered_complete(
	struct message_assign *a, const struct live *l, const struct configuration *c);
/* Forget all of a campaign's. */
void rendered_free(struct live *l);

#endif
