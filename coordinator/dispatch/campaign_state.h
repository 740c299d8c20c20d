/*
 * campaign_state.h - the life of a campaign as one table: which event leads from which state to
 * which
 *
 * Nothing else is in here: no sockets, no clocks, no store. An event that a state does not know is
 * refused.
 */
#ifndef COORDINATOR_DISPATCH_CAMPAIGN_STATE_H
#define COORDINATOR_DISPATCH_CAMPAIGN_STATE_H

enum campaign_state {
	CAMPAIGN_QUEUED, /* it is being written to the store; who submitted it knows nothing yet */
	CAMPAIGN_RUNNING,
	CAMPAIGN_PAUSED,    /* nothing of it begins until it is resumed; what is under way ends */
	CAMPAIGN_CANCELLED, /* nothing of it begins any more; hosts may still tear down */
	CAMPAIGN_DONE,
	CAMPAIGN_STATE_N,
};

enum campaign_event {
	CAMPAIGN_WRITTEN, /* all of it is in the store */
	CAMPAIGN_PAUSE,   /* a user wants no more of it now */
	CAMPAIGN_RESUME,  /* and again more */
	CAMPAIGN_CANCEL,  /* a user wants no more of it */
	CAMPAIGN_MORE,    /* a user wants more of one that has ended */
	CAMPAIGN_OVER,    /* no run is left, and no host has anything to tear down */
	CAMPAIGN_EVENT_N,
};

/* "queued", ...: the same texts as in the store and on screen. */
const char *campaign_state_name(enum campaign_state s);
/* The state of this name, or CAMPAIGN_STATE_N. */
enum campaign_state campaign_state_by_name(const char *name);
/* The next state, or CAMPAIGN_STATE_N where the event does not fit. */
enum campaign_state campaign_state_next(enum campaign_state s, enum campaign_event e);
/* Whether no run of it begins any more, now or after a restart, unless a user wants more of it. */
int campaign_state_is_final(enum campaign_state s);

#endif
