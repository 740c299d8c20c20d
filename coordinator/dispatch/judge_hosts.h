/*
 * judge_hosts.h - what became of the hosts and the cases of a sweep, other than their numbers
 *
 * A host that is drained or in a maintenance window is away, as is expected; so is for one sweep
 * one whose agent was stopped in order. In the second one in a row it has failed, as has at once a
 * host that vanished, was set aside, or on which nothing was done though something was tried. So
 * has a case that has runs and none of them is done. What the coordinator knows of a host comes in
 * as a fact; nothing is in here but JSON.
 */
#ifndef COORDINATOR_DISPATCH_JUDGE_HOSTS_H
#define COORDINATOR_DISPATCH_JUDGE_HOSTS_H

#include "coordinator/dispatch/judge_told.h"

/* What is known of a host at the end of a sweep. */
enum host_standing {
	STANDING_THERE,   /* connected, and gets runs */
	STANDING_AWAY,    /* as somebody wants it: drained, no more trusted */
	STANDING_GONE,    /* it vanished */
	STANDING_ASIDE,   /* everything fails on it */
	STANDING_STOPPED, /* in order; nobody said for how long */
};

struct host_fact {
	enum host_standing standing;
	char *reason; /* for people; owned by whoever made it; NULL: none */
};
typedef struct host_fact host_fact_fn(void *arg, const char *host);

/* Those of which nobody said that they are away, and that were not all there all the same: in the
 * last sweep, and from which one on. */
struct judge_missing {
	const char *label;   /* of the sweep */
	const json_t *since; /* {HOST: label} of the one before; NULL: none */
};

/*
 * The hosts of a sweep: {"host", "state", "reason", "since", "done", "failed", "skipped"} each, the
 * state being "fine", "away" or "failed"; since is the label from which on it is missing. They are
 * those of `results` and those that are `expected` (texts), as they were measured the last time or
 * are told to have failed, and those that were missing then.
 */
json_t *judge_hosts(const json_t *results, const json_t *expected,
	const struct judge_missing *missing, host_fact_fn *fact, void *arg);
/* {HOST: label} of those that are missing among hosts, for the next sweep. */
json_t *judge_missing_hosts(const json_t *hosts);
/* Whether there are hosts with runs, and all of these have failed. */
bool judge_all_failed(const json_t *hosts);

/* Cases of which no run is done and some failed, on hosts that are fine: {"benchmark",
 * "parameters", "hosts": [{"host", "reason"}]}. */
json_t *judge_failed_cases(const json_t *results, const json_t *hosts);

/*
 * What is to be told of them: objects with "kind" (NOTICE_FAILED, NOTICE_RECOVERED, NOTICE_SWEEP),
 * "subject", "hosts", "reason", and of a case "benchmark" and "parameters". Once when it begins,
 * and once when it is good again.
 */
json_t *judge_host_notices(
	const json_t *told, const json_t *results, const json_t *hosts, const json_t *failed);

/* "host lab03". The caller frees. */
char *judge_host_subject(const char *host);
#define SUBJECT_SWEEP "sweep"

#endif
