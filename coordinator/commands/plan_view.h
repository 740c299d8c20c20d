/*
 * plan_view.h - a plan with all that is told of it, and the two ways to tell it
 */
#ifndef COORDINATOR_COMMANDS_PLAN_VIEW_H
#define COORDINATOR_COMMANDS_PLAN_VIEW_H

#include "coordinator/commands/plan_compare.h"
#include "coordinator/commands/plan_estimate.h"
#include "coordinator/commands/plan_hosts.h"
#include "coordinator/commands/plan_place.h"
#include <stdio.h>

struct plan_view {
	const struct campaign *campaign;
	const struct plan *plan;
	const struct hosts *hosts; /* its items are those of the plan's lanes */
	struct placings *placings;
	const struct plan_estimate *estimate;
	const struct family *families;
	size_t families_n;
	bool is_all; /* long lists are not shortened */
};

/* Tables for people, at most PAGE_WIDTH wide. */
void plan_print_table(const struct plan_view *v, FILE *to);
/* One object on one line. */
void plan_print_json(const struct plan_view *v, FILE *to);

/* Of the first: all below the table of configurations, and one line of it. */
void plan_print_lines(const struct plan_view *v, FILE *to);
void plan_print_line(const char *title, const char *text, FILE *to);

/* ---- what both need ---- */

/* Runs with the least number of blocks, skipped ones among them; plan->runs is the most. */
int64_t plan_least_runs(const struct campaign *c, const struct plan *p);
/* Configurations that a host skips, on all hosts. */
int64_t plan_skipped(const struct plan *p);
/* Names of the hosts that a role may run on, of those that are there. */
void plan_role_hosts(const struct plan_view *v, const struct campaign_role *role,
	void (*each)(void *arg, const char *name), void *arg);

#endif
