/*
 * gang_state.h - the life of an attempt at a run of several hosts as one table: which event leads
 * from which state to which
 *
 * Nothing else is in here: no sockets, no clocks, no store. An event that a state does not know is
 * refused, and the caller treats what caused it as late or duplicate.
 */
#ifndef COORDINATOR_DISPATCH_GANG_STATE_H
#define COORDINATOR_DISPATCH_GANG_STATE_H

enum gang_state {
	GANG_ASSIGNED,  /* all hosts were told; not all are prepared */
	GANG_PREPARED,  /* all wait for their start */
	GANG_STARTING,  /* the programs beside main start, one after the other */
	GANG_MEASURING, /* main runs */
	GANG_ENDING,    /* main has ended, the others are told to */
	GANG_DONE,      /* every host has given its result */
	GANG_BROKEN,    /* one host failed in between; the others are called off */
	GANG_STATE_N,
};

enum gang_event {
	GANG_ALL_PREPARED,
	GANG_START,     /* the first of the others is told to start */
	GANG_ALL_READY, /* main may start: the others are ready, or there are none */
	GANG_MAIN_ENDED,
	GANG_ALL_RESULTS,
	GANG_BREAK, /* failed, skipped, lost or cancelled on one host */
	GANG_EVENT_N,
};

const char *gang_state_name(enum gang_state s); /* "assigned", ... */
/* The next state, or GANG_STATE_N where the event does not fit. */
enum gang_state gang_state_next(enum gang_state s, enum gang_event e);

#endif
