/*
 * schedule.h - what the verbs of `joulerig schedule` share
 *
 * How to add a verb: a function in a file schedule_VERB.c, declared here, and a line in the table
 * of schedule.c.
 */
#ifndef COORDINATOR_COMMANDS_SCHEDULE_H
#define COORDINATOR_COMMANDS_SCHEDULE_H

#include "coordinator/commands/submission.h"

struct schedule_options {
	struct common_options common;
	struct submission_options submission;
	bool detach;
};

/* Each returns an exit status, or negative with err. argument is what follows the verb, or NULL. */
int schedule_list(struct schedule_options *o, const char *argument, struct error *err);
int schedule_add(struct schedule_options *o, const char *argument, struct error *err);
int schedule_remove(struct schedule_options *o, const char *argument, struct error *err);
int schedule_show(struct schedule_options *o, const char *argument, struct error *err);
int schedule_run(struct schedule_options *o, const char *argument, struct error *err);

/* A connection to the coordinator that has the schedules. */
struct schedule_link {
	struct results *results; /* what where points into */
	struct results_where where;
	struct client *client;
};

/*
 * Connect to the coordinator that was named, or that has the store. Returns 1, 0 where nobody has
 * the store, or negative with err: nobody is there, or its version knows no schedules.
 * schedule_link_done() in each case.
 */
int schedule_connect(struct schedule_link *l, const struct common_options *o, struct error *err);
void schedule_link_done(struct schedule_link *l);
/* Whether there is one of this name. Returns 0, or negative with err. */
int schedule_find(
	const struct schedule_link *l, const char *verb, const char *name, struct error *err);
/* The error of what needs a coordinator where there is none. */
int schedule_needs_coordinator(const char *verb, struct error *err);

/* "2 regressed, 1 improved", "no change", or "" of what came out of a sweep (JSON or NULL). */
void schedule_verdict(const char *answer, struct buf *out);
/* The exit status that it says, or otherwise. */
int schedule_status(const char *answer, int otherwise);

#endif
