#include "coordinator/dispatch/campaign_state.h"

#include <stddef.h>
#include <string.h>

static const char *const names[CAMPAIGN_STATE_N] = {
	[CAMPAIGN_QUEUED] = "queued",
	[CAMPAIGN_RUNNING] = "running",
	[CAMPAIGN_PAUSED] = "paused",
	[CAMPAIGN_CANCELLED] = "cancelled",
	[CAMPAIGN_DONE] = "done",
};

static const struct {
	enum campaign_state from;
	enum campaign_event event;
	enum campaign_state to;
} transitions[] = {
	{CAMPAIGN_QUEUED, CAMPAIGN_WRITTEN, CAMPAIGN_RUNNING},
	{CAMPAIGN_RUNNING, CAMPAIGN_CANCEL, CAMPAIGN_CANCELLED},
	{CAMPAIGN_RUNNING, CAMPAIGN_OVER, CAMPAIGN_DONE},
	{CAMPAIGN_RUNNING, CAMPAIGN_PAUSE, CAMPAIGN_PAUSED},
	{CAMPAIGN_PAUSED, CAMPAIGN_RESUME, CAMPAIGN_RUNNING},
	{CAMPAIGN_PAUSED, CAMPAIGN_CANCEL, CAMPAIGN_CANCELLED},
	{CAMPAIGN_PAUSED, CAMPAIGN_OVER, CAMPAIGN_DONE},
	{CAMPAIGN_CANCELLED, CAMPAIGN_OVER, CAMPAIGN_CANCELLED},
	{CAMPAIGN_DONE, CAMPAIGN_MORE, CAMPAIGN_RUNNING},
};

const char *campaign_state_name(enum campaign_state s)
{
	return names[s];
}

enum campaign_state campaign_state_by_name(const char *name)
{
	for (size_t i = 0; i < CAMPAIGN_STATE_N; i++)
		if (strcmp(names[i], name) == 0)
			return (enum campaign_state)i;
	return CAMPAIGN_STATE_N;
}

enum campaign_state campaign_state_next(enum campaign_state s, enum campaign_event e)
{
	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == s && transitions[i].event == e)
			return transitions[i].to;
	return CAMPAIGN_STATE_N;
}

int campaign_state_is_final(enum campaign_state s)
{
	return s == CAMPAIGN_CANCELLED || s == CAMPAIGN_DONE;
}
