#include "coordinator/dispatch/gang_state.h"

#include <stddef.h>

static const char *const names[GANG_STATE_N] = {
	[GANG_ASSIGNED] = "assigned",
	[GANG_PREPARED] = "prepared",
	[GANG_STARTING] = "starting",
	[GANG_MEASURING] = "measuring",
	[GANG_ENDING] = "ending",
	[GANG_DONE] = "done",
	[GANG_BROKEN] = "broken",
};

static const struct {
	enum gang_state from;
	enum gang_event event;
	enum gang_state to;
} transitions[] = {
	{GANG_ASSIGNED, GANG_ALL_PREPARED, GANG_PREPARED},
	{GANG_ASSIGNED, GANG_BREAK, GANG_BROKEN},
	{GANG_PREPARED, GANG_START, GANG_STARTING},
	{GANG_PREPARED, GANG_ALL_READY, GANG_MEASURING},
	{GANG_PREPARED, GANG_BREAK, GANG_BROKEN},
	{GANG_STARTING, GANG_ALL_READY, GANG_MEASURING},
	{GANG_STARTING, GANG_BREAK, GANG_BROKEN},
	{GANG_MEASURING, GANG_MAIN_ENDED, GANG_ENDING},
	{GANG_MEASURING, GANG_BREAK, GANG_BROKEN},
	{GANG_ENDING, GANG_ALL_RESULTS, GANG_DONE},
	{GANG_ENDING, GANG_BREAK, GANG_BROKEN},
};

const char *gang_state_name(enum gang_state s)
{
	return names[s];
}

enum gang_state gang_state_next(enum gang_state s, enum gang_event e)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == s && transitions[i].event == e)
			return transitions[i].to;
	return GANG_STATE_N;
}
