/*
 * plan_hosts.h - the hosts that a plan is made for: those of a coordinator, or this machine
 */
#ifndef COORDINATOR_COMMANDS_PLAN_HOSTS_H
#define COORDINATOR_COMMANDS_PLAN_HOSTS_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/commands/commands.h"

/* A host that is none of the campaign's. */
struct unwanted_host {
	char *name, *why; /* owned */
};

struct hosts {
	struct plan_host *items; /* names and inventories are owned */
	size_t n;
	struct plan_host
		*all; /* those that are not wanted, too: the hosts of roles are among them */
	size_t all_n;
	struct unwanted_host *unwanted;
	size_t unwanted_n;
	struct buf notes; /* lines: who takes no part though it is wanted */
	const struct campaign *campaign;
};

/* Those that the coordinator of the common options knows. Returns 0 or negative. hosts_done() in
 * both cases. */
int hosts_of_coordinator(struct hosts *h, const struct common_options *o, struct error *err);
/* This machine, or with root (NULL: none) the one whose proc/ and sys/ are there. */
int hosts_of_this_machine(struct hosts *h, const char *root, struct error *err);
/* Behind its hosts, one for each of the plan's lanes of several: named like the lane, with main's
 * inventory. Names live as long as the plan. */
void hosts_add_tuples(struct hosts *h, const struct plan *p);
void hosts_done(struct hosts *h);

/* What joulerig-agent prints with these arguments: argv[0] is set here, and the last one is NULL.
 * Returns 0 or negative. */
int agent_tells(const char **argv, struct buf *out, struct error *err);

#endif
