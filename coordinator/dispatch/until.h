/*
 * until.h - when a configuration has enough blocks
 *
 * `blocks` is the minimum and `max` the maximum. Between them a configuration ends as soon as the
 * half-width of the exact 95 % interval of its median (analysis/summary.h) is at most `within` of
 * that median. Only the width is looked at, never whether a difference is significant: to stop when
 * it is would make differences out of chance. Three rules go beyond a single configuration:
 *
 * - configurations that `pair` puts together go on and end together, as they are compared block by
 *   block;
 * - a baseline goes on until all that is compared with it has ended: all that differs from it in
 *   the axis `by` of the comparison alone;
 * - one that cannot run (its placement is impossible, or its agent skipped it in as many blocks as
 *   the minimum and never ran it) ends with the minimum. One that fails, or does not give the
 *   metric, goes on to the maximum.
 *
 * What is open follows from the results that are there and from nothing else, so that a coordinator
 * that takes a campaign up again decides as the one before.
 */
#ifndef COORDINATOR_DISPATCH_UNTIL_H
#define COORDINATOR_DISPATCH_UNTIL_H

#include "coordinator/campaign/campaign.h"

/* The counted runs of one configuration. */
struct tally {
	double *values; /* of the metric, of runs that are done; owned */
	uint32_t values_n, room;
	uint32_t tried;   /* ended in another way than skipped or cancelled */
	uint32_t skipped; /* ended as skipped */
};

/* Configurations whose runs are judged together: those of one host, or of all hosts where whole
 * blocks are spread. */
struct until_scope {
	const struct campaign *campaign;
	const struct plan *plan;
	const uint32_t *configurations; /* indices in the plan; NULL: 0, 1, 2 ... */
	const char *const *cannot;      /* why that one cannot run, or NULL; NULL: all can */
	size_t n;
	struct tally *tallies; /* one a configuration; owned */
	/* Made at the first question; owned. */
	size_t *pairs; /* group of each that `pair` makes; NULL without `pair` */
	size_t pairs_n;
	struct until_comparison {
		size_t *groups; /* of those that differ in `by` alone */
		size_t groups_n;
		bool *is_baseline;
	} * comparisons;
	size_t comparisons_n;
	bool has_groups;
};

void until_init(struct until_scope *u, const struct campaign *c, const struct plan *p,
	const uint32_t *configurations, const char *const *cannot, size_t n);
void until_done(struct until_scope *u);

/* A counted run of the i-th configuration ended as done with this value of the metric; NAN: without
 * one. */
void until_add_value(struct until_scope *u, size_t i, double value);
/* The run of such a value does not count any more. */
void until_take_value(struct until_scope *u, size_t i, double value);

/* Whether the values of one configuration are enough for themselves, or it cannot run. */
bool until_is_enough(const struct until_scope *u, size_t i);
/* What goes on after the minimum: sets open[0..n) and returns how many are open. */
size_t until_open(struct until_scope *u, bool *open);

#endif
