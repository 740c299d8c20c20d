/*
 * run.h - a campaign here: a coordinator inside this process, agents as its children
 */
#ifndef COORDINATOR_COMMANDS_RUN_H
#define COORDINATOR_COMMANDS_RUN_H

#include "coordinator/commands/commands.h"
#include "coordinator/dispatch/dispatch.h"

/* Where and how. */
struct run_place {
	struct common_options common;
	const char *root; /* where agents find proc/ and sys/ of the measured machine; NULL: "/" */
	int64_t agents;   /* how many; 1 */
};

/*
 * Hand in a request (of an earlier submission again; its texts stay the caller's), follow it to its
 * end, and show its results as `joulerig run` does. Returns an exit status; err is set where there
 * is something to say.
 */
int run_request(
	const struct run_place *place, const struct dispatch_request *request, struct error *err);

#endif
