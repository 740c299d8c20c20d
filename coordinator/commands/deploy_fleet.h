/*
 * deploy_fleet.h - all hosts of a deployment: several at a time in threads, until each is connected
 * or has failed, and what people and programs are told of it
 */
#ifndef COORDINATOR_COMMANDS_DEPLOY_FLEET_H
#define COORDINATOR_COMMANDS_DEPLOY_FLEET_H

#include "coordinator/commands/deploy_host.h"
#include "coordinator/output/output.h"
#include "coordinator/results.h"
#include <pthread.h>

#define FLEET_JOBS_MAX 64

struct fleet {
	struct deploy deploy;
	struct results_where where;
	struct deploy_host *hosts; /* owned */
	size_t n;
	pthread_mutex_t lock; /* of what follows */
	size_t next;          /* that nobody works at yet */
	bool *is_over;        /* its steps; owned */
	/* by the main thread alone */
	bool *is_told; /* owned */
	char **energy; /* owned, with its texts */
	int width;
	int signal_fd; /* of what tells this program to end */
};

/* Deploy to all, jobs at a time; blocks. For people a line of each host goes to stdout as soon as
 * it is through. Returns 0 or negative: nothing was begun. */
int fleet_go(struct fleet *f, int64_t jobs, bool is_for_people, struct error *err);
/* A row for each host, when all are through. */
void fleet_write(const struct fleet *f, const struct output_ops *ops);
void fleet_done(struct fleet *f);

#endif
