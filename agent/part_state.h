/*
 * part_state.h - the life of one program of a run of several as one table: which event leads from
 * which state to which
 *
 * Nothing else is in here: no sockets, no clocks, no processes. An event that a state does not know
 * came twice or too late, and is not heeded. What comes before, as of any run, and what ends a run
 * of any kind (a cancellation, its timeout) is no matter of this table, but for the end itself.
 */
#ifndef AGENT_PART_STATE_H
#define AGENT_PART_STATE_H

#include <stdbool.h>

enum part_state {
	PART_PREPARING, /* all that comes before the go, as of any run */
	PART_PREPARED,  /* READY "prepared" was said: it waits for GO */
	PART_STARTING,  /* not main: its program runs, and is not ready yet */
	PART_READY,     /* READY "ready" was said: it waits for GO "measure" */
	PART_DUE,       /* that came: it waits for the instant */
	PART_MEASURED,  /* between the go of main and its end; of others: their window */
	PART_ENDING,    /* STOP came: its program is ended */
	PART_OVER,
	PART_N,
};

enum part_event {
	PART_IS_PREPARED,
	PART_GO_START,
	PART_GO_MEASURE,
	PART_IS_READY,
	PART_INSTANT, /* that of GO "measure" */
	PART_STOP,
	PART_EXIT, /* its program is gone, or never came to be */
	PART_EVENT_N,
};

/* The next state, or PART_N where the event does not fit. */
enum part_state part_state_next(enum part_state s, enum part_event e, bool is_main);
/* For logs: "starting". */
const char *part_state_name(enum part_state s);
/* Whether it can only go on by a word of the coordinator, or be ended by one. */
bool part_state_needs_word(enum part_state s, bool is_main);

#endif
