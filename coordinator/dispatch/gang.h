/*
 * gang.h - an attempt at a run of several hosts: all take part or none, they start and are measured
 * together, end together, and give one result
 *
 * Who gets hosts (gang_claims.c). Runs of several hosts stand in one order for the whole
 * coordinator: those in the midst of a block first, then by priority, then whose last block began
 * longest ago. In this order each claims its hosts, where nobody has claimed one of them before,
 * all of them take runs, and none of them has something of a higher priority. A claimed host is
 * handed what comes before (handout.h): the rest of a block that has begun on it, and at most one
 * block of each other campaign of equal priority since it took part in this one last. So each
 * claimed host runs empty after finitely many runs, and stays so. Once all of them are, the run is
 * handed to all in one turn.
 *
 * Nobody who waits holds anything that another waits for: a claim is made anew in each turn, from
 * that one order, for all hosts or for none. The first of the order claims whatever it needs, so
 * there is no circle of those who wait, and no deadlock; and as each block that begins makes its
 * lane the last among equals, each comes to be the first: nobody starves but behind a higher
 * priority, as everywhere. A run whose hosts are not all there claims nothing, and keeps nobody.
 *
 * How it goes (gang.c, gang_state.h). ASSIGN to all; READY "prepared" of all; GO "start", role by
 * role, each when the one before has said READY "ready"; GO "measure" to all at one instant, which
 * for main is its start; main's ENDED, and STOP to the others; the RESULT of each, kept and
 * COMMITTED as it comes; then the run's one result (gang_compose.h). A host that fails breaks the
 * attempt: the others are called off, and that is the result. A host that is lost makes it lost for
 * all, and the run is queued again. A coordinator that was started anew takes up none that was in
 * flight: it calls them off where it finds them, and they begin again, which counts as no loss.
 */
#ifndef COORDINATOR_DISPATCH_GANG_H
#define COORDINATOR_DISPATCH_GANG_H

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/gang_state.h"
#include "coordinator/dispatch/streams.h"

/* From which minor version of the protocol on an agent can take a part. */
#define GANG_MINOR 3

struct gang_part {
	struct host *host;
	bool is_prepared, is_started, is_ready, has_result;
	char *address; /* by which the others reach it (owned) */
	struct streams streams;
	struct message result; /* of a RESULT, as decoded from bytes, which it owns */
};

struct gang {
	enum gang_state state;
	struct live *live;
	struct lane *lane;
	struct live_run *run;
	struct gang_part *parts; /* one a role, in their order (owned) */
	size_t n, main;
	bool is_measured;   /* GO "measure" was said */
	int64_t measure_at; /* of that, the coordinator's CLOCK_MONOTONIC_RAW */
};

void gang_free(struct gang *g); /* NULL is fine */

/* ---- gang_claims.c ---- */

/* Before hosts are filled: claim hosts, and hand out what can be. Returns 0, or negative where the
 * store failed. */
int gang_fill(struct dispatch *d, int64_t now_ns);
/* Whether a host that is claimed is handed the next run of this lane all the same. */
bool gang_yields(const struct host *h, const struct lane *lane);

/* ---- gang.c ---- */

/* Say ASSIGN to all hosts of a run that is in their hands. */
void gang_begin(struct dispatch *d, struct lane *lane, struct live_run *r);
/* The attempt that a host takes part in with this id; NULL: none. *part is the host's. */
struct gang *gang_of(struct dispatch *d, const struct host *h, const struct attempt_id *id,
	struct gang_part **part);
/* The one that a run is in flight with; NULL: it is none of several hosts, or not in flight. */
struct gang *gang_of_run(const struct live *l, const struct live_run *r);

void gang_on_ready(struct dispatch *d, struct host *h, const struct message_ready *m);
void gang_on_ended(struct dispatch *d, struct host *h, const struct message_ended *m);
/*
 * A part's result: kept in the store (once), and looked at where the attempt goes on. Returns 0, or
 * negative where the store failed. campaign is its store id.
 */
int gang_on_result(
	struct dispatch *d, struct host *h, int64_t campaign, const struct message_result *m);
/* A host has introduced itself on a new connection: say again what it may not have heard. */
void gang_on_hello(struct dispatch *d, struct host *h, bool is_held, struct gang *g);
/* A host can begin nothing now: what it has not begun is queued again, so that the others do not
 * wait for it. */
void gang_on_trouble(struct dispatch *d, struct host *h);
/* Whether the run is of several hosts, and this one's part is over. */
bool gang_has_result(const struct host *h, const struct live *l, const struct live_run *r);
/* Say CANCEL to all hosts that still have something to do. */
void gang_call_off(struct dispatch *d, const struct gang *g);

#endif
