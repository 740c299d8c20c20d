#include "coordinator/dispatch/run_state.h"

#include <stddef.h>
#include <string.h>

static const char *const names[STATE_N] = {
	[STATE_QUEUED] = "queued",
	[STATE_ASSIGNED] = "assigned",
	[STATE_RUNNING] = "running",
	[STATE_DONE] = "done",
	[STATE_FAILED] = "failed",
	[STATE_TIMEOUT] = "timeout",
	[STATE_SKIPPED] = "skipped",
	[STATE_CANCELLED] = "cancelled",
};

/* A result may come for a run that is queued again: its first attempt was given up, and came
 * through after all. */
static const struct {
	enum run_state from;
	enum run_event event;
	enum run_state to;
} transitions[] = {
	{STATE_QUEUED, EVENT_ASSIGN, STATE_ASSIGNED},
	{STATE_QUEUED, EVENT_STARTED, STATE_RUNNING},
	{STATE_QUEUED, EVENT_DONE, STATE_DONE},
	{STATE_QUEUED, EVENT_FAILED, STATE_FAILED},
	{STATE_QUEUED, EVENT_TIMEOUT, STATE_TIMEOUT},
	{STATE_QUEUED, EVENT_SKIPPED, STATE_SKIPPED},
	{STATE_QUEUED, EVENT_CANCELLED, STATE_CANCELLED},
	{STATE_ASSIGNED, EVENT_STARTED, STATE_RUNNING},
	{STATE_ASSIGNED, EVENT_DONE, STATE_DONE},
	{STATE_ASSIGNED, EVENT_FAILED, STATE_FAILED},
	{STATE_ASSIGNED, EVENT_TIMEOUT, STATE_TIMEOUT},
	{STATE_ASSIGNED, EVENT_SKIPPED, STATE_SKIPPED},
	{STATE_ASSIGNED, EVENT_CANCELLED, STATE_CANCELLED},
	{STATE_ASSIGNED, EVENT_LOST, STATE_QUEUED},
	{STATE_ASSIGNED, EVENT_RECALLED, STATE_QUEUED},
	{STATE_RUNNING, EVENT_DONE, STATE_DONE},
	{STATE_RUNNING, EVENT_FAILED, STATE_FAILED},
	{STATE_RUNNING, EVENT_TIMEOUT, STATE_TIMEOUT},
	{STATE_RUNNING, EVENT_SKIPPED, STATE_SKIPPED},
	{STATE_RUNNING, EVENT_CANCELLED, STATE_CANCELLED},
	{STATE_RUNNING, EVENT_LOST, STATE_QUEUED},
	{STATE_RUNNING, EVENT_RECALLED, STATE_QUEUED},
};

const char *run_state_name(enum run_state s)
{
	return names[s];
}

enum run_state run_state_by_name(const char *name)
{
	for (size_t i = 0; i < STATE_N; i++)
		if (strcmp(names[i], name) == 0)
			return (enum run_state)i;
	return STATE_N;
}

enum run_event run_event_of_result(const char *result_state)
{
	switch (run_state_by_name(result_state)) {
	case STATE_DONE:
		return EVENT_DONE;
	case STATE_FAILED:
		return EVENT_FAILED;
	case STATE_TIMEOUT:
		return EVENT_TIMEOUT;
	case STATE_SKIPPED:
		return EVENT_SKIPPED;
	case STATE_CANCELLED:
		return EVENT_CANCELLED;
	default:
		return EVENT_N;
	}
}

enum run_state run_state_next(enum run_state s, enum run_event e)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == s && transitions[i].event == e)
			return transitions[i].to;
	return STATE_N;
}

int run_state_is_final(enum run_state s)
{
	return s >= STATE_DONE && s < STATE_N;
}
