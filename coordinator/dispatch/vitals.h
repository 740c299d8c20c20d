/*
 * vitals.h - how a coordinator fares, in numbers, as one copy that another thread may read
 *
 * The loop makes it about once a second, after a commit, so that all in it is on disk. Nothing in
 * it grows with the number of runs or campaigns that there were: hosts and schedules alone are
 * listed.
 */
#ifndef COORDINATOR_DISPATCH_VITALS_H
#define COORDINATOR_DISPATCH_VITALS_H

#include "coordinator/dispatch/campaign_state.h"
#include "coordinator/dispatch/host.h"
#include "coordinator/dispatch/sweep_state.h"
#include "coordinator/dispatch/totals.h"

struct dispatch;

struct vitals_host {
	char name[65];
	enum host_state state;
	enum host_admission admission;
	bool has_trouble; /* its agent can run nothing now */
	int64_t seen_at;  /* CLOCK_REALTIME ns of its last message; ABSENT: never */
	int64_t flights;  /* runs in its hands */
	struct totals_host totals;
};

/* A schedule and its last sweep. Counts and times are ABSENT where not known. */
struct vitals_schedule {
	char *name;
	int64_t next_at;        /* CLOCK_REALTIME ns; ABSENT: never */
	enum sweep_state state; /* of the last sweep; SWEEP_STATE_N: there is none */
	int64_t due_at;
	/* of the last sweep that has ended */
	int64_t began_at, ended_at;
	enum sweep_state ended_state; /* SWEEP_STATE_N: there is none */
	/* of the last sweep that was compared */
	int64_t regressed, improved, unconfirmed;
};

struct vitals {
	int64_t at_ns; /* CLOCK_MONOTONIC when it was made */
	struct id16 store;
	int64_t epoch;
	/* Why the store cannot be written to (owned); NULL: it can. Where it is set, runs,
	 * campaigns, hosts, schedules and notices are not known. */
	char *trouble;
	int64_t runs[STATE_N]; /* by state: those that have not ended, of campaigns that go on */
	int64_t queue;         /* runs that these campaigns have yet to end, begun or not */
	int64_t campaigns[CAMPAIGN_STATE_N];
	int64_t submissions; /* campaigns that were handed in and do not run yet */
	struct vitals_host *hosts;
	size_t hosts_n;
	struct vitals_schedule *schedules;
	size_t schedules_n;
	int64_t deliveries_waiting, deliveries_delivered, deliveries_given_up;
	/* since the program was started, as in totals.h */
	int64_t results[STATE_N];
	int64_t commits[TOTALS_BOUNDS + 1], commit_ns, troubles;
};

/* What was read of sweeps and deliveries so far: only what is new, or has not ended, is read again.
 */
struct vitals_reader;
struct vitals_reader *vitals_reader_new(void);
void vitals_reader_free(struct vitals_reader *r); /* NULL is fine */

/*
 * All vitals of now; vitals_done() in any case. Not within a transaction. d NULL: the store
 * cannot be written to, and trouble says why. Returns 0, or negative where the store could not be
 * read: then schedules and notices are missing.
 */
int dispatch_vitals(struct dispatch *d, const struct totals *t, struct vitals_reader *r,
	int64_t now_ns, const char *trouble, struct vitals *out, struct error *err);
void vitals_done(struct vitals *f);

/* vitals_store.c: the schedules and deliveries of the store, into out. */
int vitals_read(struct vitals_reader *r, const struct store_ops *ops, struct store *s,
	struct vitals *out, struct error *err);

#endif
