#include "coordinator/dispatch/sweep_state.h"

#include "proto/base.h"
#include <string.h>

static const char *const names[SWEEP_STATE_N] = {
	[SWEEP_QUEUED] = "queued",
	[SWEEP_RUNNING] = "running",
	[SWEEP_COMPARING] = "comparing",
	[SWEEP_CONFIRMING] = "confirming",
	[SWEEP_WEIGHING] = "weighing",
	[SWEEP_DONE] = "done",
	[SWEEP_SKIPPED] = "skipped",
	[SWEEP_FAILED] = "failed",
};

const char *sweep_state_name(enum sweep_state s)
{
	return names[s];
}

enum sweep_state sweep_state_by_name(const char *name)
{
	enum sweep_state s = 0;

	while (s < SWEEP_STATE_N && strcmp(names[s], name) != 0)
		s++;
	return s;
}
