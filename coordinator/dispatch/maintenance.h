/*
 * maintenance.h - times in which hosts get no runs, as the settings have them
 *
 * A window begins by itself and ends by itself. While it is open its hosts are as if drained: what
 * runs there is let end, what waits there is called off, blocks of `spread: any` go to other hosts,
 * all else waits. Nothing of it is in the store: it follows from the settings and the clock alone,
 * so that what a user says of a host (admission.h) stays what it was.
 *
 * Times are CLOCK_REALTIME (at); private to coordinator/dispatch.
 */
#ifndef COORDINATOR_DISPATCH_MAINTENANCE_H
#define COORDINATOR_DISPATCH_MAINTENANCE_H

#include "coordinator/dispatch/core.h"

/* From now on these windows (NULL: none); nothing of settings is looked at after. */
void maintenance_set(struct dispatch *d, const struct settings *settings);
void maintenance_free(struct dispatch *d);
/* Begin and end windows. Due before runs are handed out. */
void maintenance_tick(struct dispatch *d, int64_t at);

#endif
