/*
 * run_state.h - the life of a run as one table: which event leads from which state to which
 *
 * Nothing else is in here: no sockets, no clocks, no store. An event that a state does not know is
 * refused, and the caller treats what caused it as late or duplicate.
 */
#ifndef COORDINATOR_DISPATCH_RUN_STATE_H
#define COORDINATOR_DISPATCH_RUN_STATE_H

enum run_state {
	STATE_QUEUED,
	STATE_ASSIGNED,
	STATE_RUNNING,
	STATE_DONE,
	STATE_FAILED,
	STATE_TIMEOUT,
	STATE_SKIPPED,
	STATE_CANCELLED,
	STATE_N,
};

enum run_event {
	EVENT_ASSIGN,  /* handed to an agent */
	EVENT_STARTED, /* the agent says that it runs */
	EVENT_DONE,    /* the five ends that a RESULT can tell */
	EVENT_FAILED,
	EVENT_TIMEOUT,
	EVENT_SKIPPED,
	EVENT_CANCELLED,
	EVENT_LOST,     /* its host is gone or does not know of it */
	EVENT_RECALLED, /* it is called off at its host, to be run later */
	EVENT_N,
};

/* "queued", ...: the same texts as in the store and on screen. */
const char *run_state_name(enum run_state s);
/* The state of this name, or STATE_N. */
enum run_state run_state_by_name(const char *name);
/* The event that a RESULT's state means, or EVENT_N where it is none of the five. */
enum run_event run_event_of_result(const char *result_state);
/* The next state, or STATE_N where the event does not fit. */
enum run_state run_state_next(enum run_state s, enum run_event e);
/* Whether nothing follows any more. */
int run_state_is_final(enum run_state s);

#endif
