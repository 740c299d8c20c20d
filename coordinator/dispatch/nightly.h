/*
 * nightly.h - campaigns that are submitted again and again: when they are due, what becomes of each
 * sweep, and what is told of it
 *
 * A schedule is a campaign that is kept with its `schedule`. Each time that it is due makes a
 * sweep: its campaign is submitted, runs, is compared with its baseline; what looks changed is
 * confirmed by a second campaign, in which the contents of both nights run interleaved; and what is
 * confirmed and new becomes notices. sweep_state.h has the states. nightly.c: schedules and when
 * they are due; nightly_sweep.c: a sweep until its campaign has ended; judge.c: from there to the
 * notices; tell.c: their delivery. Every step is in the store before the next one begins, so that a
 * coordinator that was killed goes on where it was.
 *
 * Times of schedules are CLOCK_REALTIME (at); private to coordinator/dispatch.
 */
#ifndef COORDINATOR_DISPATCH_NIGHTLY_H
#define COORDINATOR_DISPATCH_NIGHTLY_H

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/sweep_state.h"
#include "coordinator/dispatch/work.h"
#include "coordinator/schedule/calendar.h"

struct nightly_schedule {
	struct store_schedule row; /* texts owned */
	struct campaign *campaign; /* read from row.yaml with row.changes (owned); NULL: it is of
				      another version, and never due */
	struct cron cron;
	struct calendar *calendar; /* owned */
	struct nightly_schedule *prev, *next;
};

struct judgement; /* judge.c */

/* A sweep that has not ended. */
struct sweep {
	struct dispatch *dispatch;
	struct store_sweep row; /* texts owned */
	enum sweep_state state;
	char *label;             /* of its campaign, once there is one; NULL */
	char *confirmation;      /* label, likewise */
	int64_t lonely_since_ns; /* CLOCK_MONOTONIC since when its campaign waits for absent hosts
				    alone; 0: it does not */
	int64_t deadline_ns;     /* CLOCK_MONOTONIC; 0: not looked at yet */
	bool is_by_hand;         /* somebody wants it now, changed or not */
	bool is_submitted;       /* its campaign is on the way to its first run */
	bool is_unchanged;       /* so it was found then */
	int64_t submit_ns;       /* CLOCK_MONOTONIC when that is tried next; 0: at once */
	int64_t give_up_ns;      /* and until when; 0: it was not tried yet */
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
int nightly_add(
	struct dispatch *d, const struct store_schedule *row, struct buf *notes, struct error *err);
/* STEER "unschedule", "sweep". */
void nightly_on_steer(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
struct nightly_schedule *nightly_find(struct dispatch *d, const char *name);

/* ---- nightly_sweep.c ---- */

/* Make one that is due, in the transaction that is open; reason is why it is SWEEP_SKIPPED, or
 * NULL. Returns the new one, which is NULL where it has ended already or the store failed. */
struct sweep *sweep_add(struct dispatch *d, const struct nightly_schedule *n, int64_t due_at,
	bool is_by_hand, enum sweep_state state, const char *reason, int64_t at);
/* Take one up from a row of the query `sweeps`. */
void sweep_load(struct dispatch *d, const struct message_cell *c);
void sweep_free(struct dispatch *d, struct sweep *s);
/* Take each as far as it goes now. */
void sweeps_go_on(struct dispatch *d, int64_t now_ns, int64_t at);
/* Write the sweep with its new state. Where that is an end, s is gone after. */
void sweep_set(struct dispatch *d, struct sweep *s, enum sweep_state state, const char *reason,
	int64_t at);
/* ---- nightly_unless.c ---- */

/* Whether all that would run is what ran in the last sweep of this schedule that is done; *label
 * gets the label of that, which the caller frees. */
bool sweep_is_unchanged(
	struct dispatch *d, const struct sweep *s, const struct preparation *p, char **label);

/* ---- nightly_bounds.c ---- */

/* End a campaign of the sweep in order where the deadline is over, or the patience with hosts that
 * are not there. */
void sweep_keep_bounds(
	struct dispatch *d, struct sweep *s, struct live *l, int64_t now_ns, int64_t at);

/* ---- judge.c ---- */

/* Go on with a sweep that is `comparing`, `confirming` or `weighing`. Called each tick, and after
 * work beside the loop has ended. */
void judge_go_on(struct dispatch *d, struct sweep *s, int64_t now_ns, int64_t at);
void judgement_free(struct judgement *j); /* NULL is fine */
/* A sweep is about to become `failed` for this reason: that is told, once. */
void judge_tell_failed(struct dispatch *d, const struct sweep *s, const char *reason, int64_t at);

/* ---- tell.c ---- */

/* A notice, and its delivery on each way that wants its kind. */
int tell(struct dispatch *d, struct store_notice *n, struct error *err);
/* Try what waits. */
void tell_tick(struct dispatch *d, int64_t now_ns, int64_t at);
void tell_free(struct dispatch *d);

#endif
