/*
 * nightly.h - campaigns that are submitted again and again: when they are due, what becomes of each
 * sweep, and what is told of it
 *
 * A schedule is a campaign that is kept with its `schedule`. Each time that it is due makes a sweep:
 * its campaign is submitted, runs, is compared with its baseline; what looks changed is confirmed
 * by a second campaign, in which the contents of both nights run interleaved; and what is confirmed
 * and new becomes notices. sweep_state.h has the states. nightly.c: schedules and when they are due;
 * nightly_sweep.c: a sweep until its campaign has ended; judge.c: from there to the notices;
 * tell.c: their delivery. Every step is in the store before the next one begins, so that a
 * coordinator that was killed goes on where it was.
 *
 * Times of schedules are CLOCK_REALTIME (at); private to coordinator/dispatch.
 */
#ifndef COORDINATOR_DISPATCH_NIGHTLY_H
#define COORDINATOR_DISPATCH_NIGHTLY_H

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/sweep_state.h"
#include "coordinator/dispatch/work.h"

struct nightly_schedule {
	struct store_schedule row;  /* texts owned */
	struct campaign *campaign;  /* read from row.yaml with row.changes (owned) */
	struct nightly_schedule *prev, *next;
};

struct judgement; /* judge.c */

/* A sweep that has not ended. */
struct sweep {
	struct store_sweep row; /* texts owned */
	enum sweep_state state;
	char *label;            /* of its campaign, once there is one; NULL */
	char *confirmation;     /* label, likewise */
	int64_t lonely_since_ns; /* CLOCK_MONOTONIC since when its campaign waits for absent hosts
				    alone; 0: it does not */
	struct judgement *judgement; /* NULL: not begun */
	struct sweep *prev, *next;
};

/* ---- nightly.c ---- */

/* Read schedules and the sweeps that have not ended. Returns 0 or negative. */
int nightly_load(struct dispatch *d, struct error *err);
void nightly_free(struct dispatch *d);
/* Begin what is due, go on with what waits; at is CLOCK_REALTIME. */
void nightly_tick(struct dispatch *d, int64_t now_ns, int64_t at);
/* Keep a submission as a schedule, once its contents are here. *notes gets a line for the user.
 * Returns 0, or negative: ERR_CAMPAIGN where it has no `schedule`. */
int nightly_add(struct dispatch *d, const struct store_schedule *row, struct buf *notes,
	struct error *err);
/* STEER "unschedule", "sweep". */
void nightly_on_steer(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
struct nightly_schedule *nightly_find(struct dispatch *d, const char *name);

/* ---- nightly_sweep.c ---- */

/* A campaign has ended or was cancelled: if it is of a sweep, that goes on. */
void nightly_on_end(struct dispatch *d, const char *label, int64_t at);
/* Write the sweep with its new state. Where that is an end, s is gone after. */
void sweep_set(struct dispatch *d, struct sweep *s, enum sweep_state state, const char *reason,
	int64_t at);

/* ---- judge.c ---- */

/* Go on with a sweep that is `comparing`, `confirming` or `weighing`. Called each tick, and after
 * work beside the loop has ended. */
void judge_go_on(struct dispatch *d, struct sweep *s, int64_t now_ns, int64_t at);
void judgement_free(struct judgement *j); /* NULL is fine */

/* ---- tell.c ---- */

/* A notice, and its delivery on each way that wants its kind. */
int tell(struct dispatch *d, struct store_notice *n, struct error *err);
/* Try what waits. */
void tell_tick(struct dispatch *d, int64_t now_ns, int64_t at);
void tell_free(struct dispatch *d);

#endif
