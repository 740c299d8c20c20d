/*
 * minor.h - what agents of an older minor version of the protocol (PROTOCOL.md, section 4) cannot
 * do
 *
 * They decode a message without the keys that they do not know: a run would go on without what the
 * campaign wants around it. So they are asked before it is handed out.
 */
#ifndef COORDINATOR_DISPATCH_MINOR_H
#define COORDINATOR_DISPATCH_MINOR_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/dispatch/host.h"

#define MINOR_OF_STEPS 1 /* FINISH, and requires, prepare, cleanup and collect of ASSIGN */

/* A key of the campaign that the host's agent, as it said HELLO last, would leave out; NULL: none.
 * teardown is not one of them: its runs are right without it. */
const char *minor_lacks(const struct host *h, const struct campaign *c);

#endif
