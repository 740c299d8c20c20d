/*
 * host.h - a host as the coordinator sees it: who it is, whether it is there, what it has in hand
 *
 * Time comes in from outside.
 */
#ifndef COORDINATOR_DISPATCH_HOST_H
#define COORDINATOR_DISPATCH_HOST_H

#include "coordinator/dispatch/credit.h"
#include "coordinator/dispatch/host_state.h"
#include "proto/keys.h"
#include "proto/link.h"
#include "proto/message.h"
#include <uthash.h>

struct live;
struct live_run;
struct lane;

/* A run in a host's hands. */
struct flight {
	struct live *live;
	struct live_run *run;
};

/* How many runs a host holds at once: one that runs, and the next, so that it is there when the
 * first ends. */
#define HOST_FLIGHTS 2
/* After a restart of the coordinator a host may be found to hold more. */
#define HOST_FLIGHTS_MAX 8

/* A run that ended on a host and was not done. */
struct failed_run {
	int64_t live; /* store id of its campaign */
	size_t configuration;
};
#define HOST_FAILED_KEPT 20

/* Whether a host gets runs. */
enum host_admission {
	HOST_ADMITTED,
	HOST_DRAINED, /* a user wants none on it; it is "draining" while it still has one in hand */
	HOST_ASIDE,   /* everything fails on it */
};

struct host {
	char public_key[Z85_KEY_LEN + 1];
	int64_t id; /* in the store */
	char name[65];
	char *inventory; /* owned; JSON */
	enum host_state state;
	struct route route;    /* set by dispatch_route_host() alone */
	uint64_t waiting_turn; /* of the outbox, in which something for it had to wait */
	struct id16 session;
	int64_t seen_ns;       /* CLOCK_MONOTONIC of the last message */
	int64_t seen_at;       /* CLOCK_REALTIME of it; ABSENT before the first */
	int64_t offset, delay; /* clock offset and its round trip, ns; ABSENT */
	int64_t clock_kept_ns; /* CLOCK_MONOTONIC when that was last stored; 0: never */
	enum host_admission admission;
	char *reason;         /* of admission (owned); NULL where it is admitted */
	int64_t admission_at; /* CLOCK_REALTIME when that was said; ABSENT where it is admitted */
	/* It is in a window of maintenance (maintenance.h), for people, "maintenance until Sun ..."
	 * (owned), and both ends of that, CLOCK_REALTIME; NULL: in none. */
	char *rest;
	int64_t rest_from, rest_until;
	bool has_said_bye;    /* and no HELLO since, to this process */
	bool is_witnessed;    /* it is connected to this process or was, and did not say BYE */
	char *trouble;        /* the agent's own, from its PINGs (owned); NULL: none */
	int64_t heartbeat_ns; /* as WELCOME told it */
	struct credit credit; /* for its SAMPLES */
	int64_t minor;        /* of the protocol, as HELLO said */
	/* results of this turn that it is to be told of: committed.h */
	struct attempt_id committed[HOST_FLIGHTS_MAX];
	size_t committed_n;
	bool is_committing; /* in the list of those that have some */
	struct host *committing_prev, *committing_next;
	struct flight flights[HOST_FLIGHTS_MAX];
	size_t flights_n;
	/* what fails on it: health.h */
	struct failed_run failed[HOST_FAILED_KEPT]; /* the last ones, since one was done */
	size_t failed_n, failed_in_row;
	/* what it is handed: handout.h */
	struct lane *claim; /* of several hosts, for whose run it runs empty: gang.h; NULL: none */
	bool was_claimed;
	struct lane *lanes; /* its lanes of all campaigns, the highest priority first */
	int64_t turns;      /* grows with each block that began on it */
	struct host **due;  /* list of the hosts that may have something to be handed out; NULL:
			       none is kept */
	bool is_due;        /* it is in that list */
	struct host *due_prev, *due_next;
	UT_hash_handle hh;       /* by public_key */
	UT_hash_handle hh_route; /* by route */
};

/* Whether it can be sent to. */
static inline bool host_is_connected(const struct host *h)
{
	return h->state == HOST_IDLE || h->state == HOST_RUNNING;
}
/* Whether it is in a window of maintenance. It comes back by itself. */
static inline bool host_is_resting(const struct host *h)
{
	return h->rest != NULL;
}
/* Whether runs may begin on it, as far as people have said. */
static inline bool host_is_admitted(const struct host *h)
{
	return h->admission == HOST_ADMITTED && !host_is_resting(h);
}
/* Whether it may be handed a run, should its hands be free. */
static inline bool host_takes_runs(const struct host *h)
{
	return host_is_connected(h) && host_is_admitted(h) && h->trouble == NULL;
}
/* Of the table of hosts, so that whoever goes through it tells of them in this order. */
static inline int host_by_name(const struct host *a, const struct host *b)
{
	return strcmp(a->name, b->name);
}
void host_apply(struct host *h, enum host_event e);
/* There may be something to hand out to it now: it can take more than before, or a campaign has
 * more for it; or what kept others waiting for it is no more (gang.h). Only hosts of which this was
 * said are looked at in a turn. */
void host_is_due(struct host *h);
/* Take a run into the host's hands; false where they are full. */
bool host_take(struct host *h, struct live *live, struct live_run *run);
/* What the agent says that keeps it from running anything; NULL: nothing. Told in the log. */
void host_set_trouble(struct host *h, const char *trouble);
/* Put a run down (fine where it is not in hand). */
void host_put_down(struct host *h, const struct live_run *run);

#endif
