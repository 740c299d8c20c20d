/*
 * totals.h - what a coordinator counts as long as it runs: commits and how long they took, results,
 * the energy of hosts
 *
 * It outlives dispatchers, which are made anew after a failure of the store. A result counts when
 * the turn that brought it is committed, never before. All functions take NULL as the totals of a
 * program that counts nothing.
 */
#ifndef COORDINATOR_DISPATCH_TOTALS_H
#define COORDINATOR_DISPATCH_TOTALS_H

#include "coordinator/dispatch/run_state.h"
#include "coordinator/store/store.h"
#include <uthash.h>

/* Energy domains; which contain others is told in docs/energy.md. */
enum totals_domain {
	TOTALS_PACKAGE,
	TOTALS_CORE,
	TOTALS_UNCORE,
	TOTALS_DRAM,
	TOTALS_PSYS,
	TOTALS_DOMAINS
};
/* "package" ... */
const char *totals_domain_name(enum totals_domain d);

/* Upper bounds of how long commits take, seconds; one more bucket has the rest. */
#define TOTALS_BOUNDS 13
extern const double totals_bounds[TOTALS_BOUNDS];

/* What is known of a host from its results and samples; ABSENT where it is not. */
struct totals_host {
	char name[65];
	int64_t energy_uj[TOTALS_DOMAINS]; /* sum of its results' */
	int64_t results;
	int64_t run_uw, idle_uw;         /* of the last result that told them */
	int64_t result_at;               /* CLOCK_REALTIME ns of the last one */
	int64_t live_uw[TOTALS_DOMAINS]; /* mean of the last chunk of samples */
	int64_t live_ns;                 /* CLOCK_MONOTONIC ns of its last sample */
	int64_t looked_ns;               /* CLOCK_MONOTONIC ns when samples were last looked at */
	UT_hash_handle hh;
};

/* Nothing is known of it. */
void totals_host_init(struct totals_host *h, const char *name);

struct totals_pending;
struct totals {
	struct totals_host *hosts; /* hash by name (owned) */
	int64_t results[STATE_N];
	int64_t commits[TOTALS_BOUNDS + 1]; /* by how long they took */
	int64_t commit_ns;                  /* all of them together */
	int64_t troubles;                   /* times that the store could not be written to */
	struct totals_pending *pending;     /* results of this turn (owned) */
	size_t pending_n, pending_size;
};

struct totals *totals_new(void);
void totals_free(struct totals *t);

/* A result was stored in this turn. host is who ran it; NULL: several hosts, each of which tells of
 * itself by totals_part(). */
void totals_result(struct totals *t, const char *host, const struct store_result *row);
/* One host's part in a run of several was stored in this turn. */
void totals_part(struct totals *t, const char *host, const struct message_result *m);
/* Samples came. offset: coordinator's CLOCK_MONOTONIC_RAW minus the host's; ABSENT: not known, so
 * that nobody knows how old they are. At most one chunk a second of a host is looked at. */
void totals_samples(struct totals *t, const char *host, int64_t now_ns, int64_t offset,
	const struct blob *data);
/* The turn was committed, which took this long; or it was not. */
void totals_committed(struct totals *t, int64_t took_ns);
void totals_forget(struct totals *t);

#endif
