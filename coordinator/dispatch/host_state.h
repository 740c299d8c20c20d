/*
 * host_state.h - the states of a host as one table: which event leads from which to which
 *
 * Nothing else is in here: no sockets, no clocks, no runs.
 */
#ifndef COORDINATOR_DISPATCH_HOST_STATE_H
#define COORDINATOR_DISPATCH_HOST_STATE_H

enum host_state { HOST_OFFLINE, HOST_IDLE, HOST_RUNNING, HOST_SILENT, HOST_STATE_N };
enum host_event {
	HOST_HELLO,    /* it introduced itself on a connection */
	HOST_MESSAGE,  /* it said anything at all */
	HOST_ASSIGNED, /* it was handed a run */
	HOST_EMPTY,    /* it has nothing in hand any more */
	HOST_MISSED,   /* too many heartbeats missed */
	HOST_BYE,      /* it said that it goes */
};

const char *host_state_name(enum host_state s); /* "offline", "idle", "running", "silent" */
/* The next state; the same one where the event changes nothing. */
enum host_state host_state_next(enum host_state s, enum host_event e);

#endif
