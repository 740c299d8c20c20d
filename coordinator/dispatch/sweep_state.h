/*
 * sweep_state.h - the states of a sweep
 */
#ifndef COORDINATOR_DISPATCH_SWEEP_STATE_H
#define COORDINATOR_DISPATCH_SWEEP_STATE_H

enum sweep_state {
	SWEEP_QUEUED,     /* due; the one before has not ended, or it is submitted */
	SWEEP_RUNNING,    /* its campaign runs */
	SWEEP_COMPARING,  /* with its baseline */
	SWEEP_CONFIRMING, /* what looks changed runs again */
	SWEEP_WEIGHING,   /* the confirmation is compared */
	SWEEP_DONE,
	SWEEP_SKIPPED, /* nothing was run: unchanged, the one before had not ended, or missed */
	SWEEP_FAILED,  /* it could not be submitted, was cancelled, or could not be compared */
	SWEEP_STATE_N,
};

/* "queued" ... as in the store and on screen. */
const char *sweep_state_name(enum sweep_state s);
/* SWEEP_STATE_N where there is no such one. */
enum sweep_state sweep_state_by_name(const char *name);
static inline int sweep_state_is_end(enum sweep_state s)
{
	return s >= SWEEP_DONE;
}

#endif
