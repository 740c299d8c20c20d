#include "agent/part_state.h"

#include <stddef.h>

enum who { MAIN = 1, OTHER = 2, BOTH = MAIN | OTHER };

static const struct {
	enum who who;
	enum part_state from;
	enum part_event event;
	enum part_state to;
} transitions[] = {
	{BOTH, PART_PREPARING, PART_IS_PREPARED, PART_PREPARED},
	/* main is started by the go that measures; the others one after the other before that */
	{MAIN, PART_PREPARED, PART_GO_MEASURE, PART_DUE},
	{OTHER, PART_PREPARED, PART_GO_START, PART_STARTING},
	{OTHER, PART_STARTING, PART_IS_READY, PART_READY},
	{OTHER, PART_READY, PART_GO_MEASURE, PART_DUE},
	{BOTH, PART_DUE, PART_INSTANT, PART_MEASURED},
	{OTHER, PART_MEASURED, PART_STOP, PART_ENDING},
	/* main was short, or failed, before this one's window began */
	{OTHER, PART_PREPARED, PART_STOP, PART_OVER},
	{OTHER, PART_STARTING, PART_STOP, PART_ENDING},
	{OTHER, PART_READY, PART_STOP, PART_ENDING},
	{OTHER, PART_DUE, PART_STOP, PART_ENDING},
	/* ends of the program; whether it was to end is for the caller to judge by `from` */
	{BOTH, PART_PREPARING, PART_EXIT, PART_OVER},
	{BOTH, PART_PREPARED, PART_EXIT, PART_OVER},
	{OTHER, PART_STARTING, PART_EXIT, PART_OVER},
	{OTHER, PART_READY, PART_EXIT, PART_OVER},
	{BOTH, PART_DUE, PART_EXIT, PART_OVER},
	{BOTH, PART_MEASURED, PART_EXIT, PART_OVER},
	{OTHER, PART_ENDING, PART_EXIT, PART_OVER},
};

static const char *const names[PART_N] = {
	[PART_PREPARING] = "preparing",
	[PART_PREPARED] = "prepared",
	[PART_STARTING] = "starting",
	[PART_READY] = "ready",
	[PART_DUE] = "due",
	[PART_MEASURED] = "measured",
	[PART_ENDING] = "ending",
	[PART_OVER] = "over",
};

enum part_state part_state_next(enum part_state s, enum part_event e, bool is_main)
{
	enum who who = is_main ? MAIN : OTHER;

	for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
		if (transitions[i].from == s && transitions[i].event == e &&
			(transitions[i].who & who) != 0)
			return transitions[i].to;
	return PART_N;
}

const char *part_state_name(enum part_state s)
{
	return names[s];
}

bool part_state_needs_word(enum part_state s, bool is_main)
{
	return s == PART_PREPARED ||
	       (!is_main && (s == PART_STARTING || s == PART_READY || s == PART_MEASURED));
}
