#include "coordinator/dispatch/host_state.h"

#include "proto/base.h"

static const char *const names[HOST_STATE_N] = {
	[HOST_OFFLINE] = "offline",
	[HOST_IDLE] = "idle",
	[HOST_RUNNING] = "running",
	[HOST_SILENT] = "silent",
};

static const struct {
	enum host_state from;
	enum host_event event;
	enum host_state to;
} transitions[] = {
	{HOST_OFFLINE, HOST_HELLO, HOST_IDLE},
	{HOST_SILENT, HOST_HELLO, HOST_IDLE},
	{HOST_SILENT, HOST_MESSAGE, HOST_IDLE},
	{HOST_SILENT, HOST_BYE, HOST_OFFLINE},
	{HOST_IDLE, HOST_ASSIGNED, HOST_RUNNING},
	{HOST_IDLE, HOST_MISSED, HOST_SILENT},
	{HOST_IDLE, HOST_BYE, HOST_OFFLINE},
	{HOST_RUNNING, HOST_EMPTY, HOST_IDLE},
	{HOST_RUNNING, HOST_MISSED, HOST_SILENT},
	{HOST_RUNNING, HOST_BYE, HOST_OFFLINE},
};

const char *host_state_name(enum host_state s)
{
	return names[s];
}

enum host_state host_state_next(enum host_state s, enum host_event e)
{
	for (size_t i = 0; i < ARRAY_SIZE(transitions); i++)
		if (transitions[i].from == s && transitions[i].event == e)
			return transitions[i].to;
	return s;
}
