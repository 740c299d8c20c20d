/*
 * admission.h - whether hosts get runs: drained by a user, set aside as everything fails on it, or
 * admitted; and what follows from that, and from windows of maintenance
 *
 * A host that gets none stays connected, and stays so through restarts of either side: what was
 * said of it is in the store. What was begun on it ends; what of it waits is kept for it, but
 * blocks of `spread: any` begin anew on another host once there is one that takes runs.
 */
#ifndef COORDINATOR_DISPATCH_ADMISSION_H
#define COORDINATOR_DISPATCH_ADMISSION_H

#include "coordinator/dispatch/core.h"

/* "draining" while a drained host has a run in hand, "drained", "aside"; "maintenance" where it is
 * admitted but rests; NULL where it gets runs. */
const char *admission_shown(const struct host *h);
/* For a host that was read from the store; reason may be NULL. */
void admission_read(struct host *h, const char *name, const char *reason, int64_t at);
/*
 * From now on a host gets runs or gets none: it is written and told to who watches its campaigns.
 * reason may be NULL. Nothing that it has in hand is touched. Returns 0 or negative.
 */
int admission_change(struct dispatch *d, struct host *h, enum host_admission a, const char *reason);
/* STEER drain and admit. */
void admission_drain(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
void admission_admit(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
/* A window of maintenance has opened or closed for it: it is told to who watches its campaigns;
 * where it opened, what waits at its agent is called off. */
void admission_rest(struct dispatch *d, struct host *h);
/* Blocks of hosts that get no runs and have nothing of them in hand go elsewhere, where they can.
 */
void admission_tick(struct dispatch *d);
/* All that people are told of a host. Texts point into h, but doing, which the caller frees. */
void admission_describe(const struct host *h, struct message_host *out);

#endif
