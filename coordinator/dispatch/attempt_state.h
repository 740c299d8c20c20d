/*
 * attempt_state.h - the life of one attempt at a run as one table: which event leads from which
 * state to which
 *
 * Nothing else is in here: no sockets, no clocks, no store. An event that a state does not know is
 * refused. That an attempt ended, any way, does not say that its run did: what counts of it is
 * run_state.h's.
 */
#ifndef COORDINATOR_DISPATCH_ATTEMPT_STATE_H
#define COORDINATOR_DISPATCH_ATTEMPT_STATE_H

enum attempt_state {
	ATTEMPT_IS_NONE, /* nothing was handed out yet */
	ATTEMPT_IS_ASSIGNED,
	ATTEMPT_IS_RUNNING,
	ATTEMPT_IS_DONE, /* the five ends that a RESULT can tell */
	ATTEMPT_IS_FAILED,
	ATTEMPT_IS_TIMEOUT,
	ATTEMPT_IS_SKIPPED,
	ATTEMPT_IS_CANCELLED, /* or the coordinator called it off */
	ATTEMPT_IS_LOST,      /* nobody knows what became of it, or it does not count */
	ATTEMPT_STATE_N,
};

enum attempt_event {
	ATTEMPT_ASSIGN,  /* handed to an agent */
	ATTEMPT_STARTED, /* the agent says that it runs */
	ATTEMPT_DONE,    /* its RESULT came, and counts */
	ATTEMPT_FAILED,
	ATTEMPT_TIMEOUT,
	ATTEMPT_SKIPPED,
	ATTEMPT_CANCELLED, /* its agent ended it */
	ATTEMPT_CALL_OFF,  /* it was taken from its agent, for the run to be done later or elsewhere
			    */
	ATTEMPT_LOSE,      /* its host is gone or does not know of it */
	ATTEMPT_FOUND,     /* the host that it was lost with has it yet */
	ATTEMPT_LATE,      /* its RESULT came, and does not count */
	ATTEMPT_VOID,      /* its run begins anew, and what it had does not count any more */
	ATTEMPT_EVENT_N,
};

/* "assigned", ...: the same texts as in the store; "none". */
const char *attempt_state_name(enum attempt_state s);
/* The state of this name, or ATTEMPT_STATE_N. */
enum attempt_state attempt_state_by_name(const char *name);
/* The event that a RESULT's state means where it counts, or ATTEMPT_EVENT_N where it is none of the
 * five. */
enum attempt_event attempt_event_of_result(const char *result_state);
/* The next state, or ATTEMPT_STATE_N where the event does not fit. */
enum attempt_state attempt_state_next(enum attempt_state s, enum attempt_event e);
/* Whether it may be in an agent's hands, as far as is known. */
int attempt_state_is_out(enum attempt_state s);

#endif
