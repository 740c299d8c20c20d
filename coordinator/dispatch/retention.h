/*
 * retention.h - samples and outputs of old campaigns go by themselves, as the settings have it:
 * once a day, and when a coordinator starts or reads its settings
 *
 * It is what `joulerig prune` does, in slices, one a tick, so that runs go on. Results stay. What a
 * schedule compares with next keeps all it has, however old: its last sweep and a baseline that is
 * named.
 *
 * Private to coordinator/dispatch.
 */
#ifndef COORDINATOR_DISPATCH_RETENTION_H
#define COORDINATOR_DISPATCH_RETENTION_H

#include "coordinator/dispatch/core.h"

/* From now on these settings (NULL: nothing goes); nothing of settings is looked at after. */
void retention_set(struct dispatch *d, const struct settings *settings);
void retention_free(struct dispatch *d);
/* The next slice, where one is due. at is CLOCK_REALTIME. */
void retention_tick(struct dispatch *d, int64_t now_ns, int64_t at);

#endif
