/*
 * gather_runs.h - the part of gather() that reads the runs and sorts them into cells; nobody else
 * includes this
 */
#ifndef COORDINATOR_FINDINGS_GATHER_RUNS_H
#define COORDINATOR_FINDINGS_GATHER_RUNS_H

#include "coordinator/findings/gather.h"

/* Read all runs of g->label into g, whose configurations, lanes and cells are there. Returns 0 or
 * negative. */
int gather_runs(struct gathered *g, struct results *r, const struct gather_wanted *wanted,
	struct error *err);
/* What the query "values" gives, page after page, out of the older queries. As gather_runs(), or
 * what page() returned where that is negative. */
int gather_rows(struct results *r, const char *label,
	int (*page)(void *arg, struct blob page, struct error *err), void *arg, struct error *err);
/* Add a metric at the end. */
void gather_add_metric(
	struct gathered *g, const char *name, const char *unit, enum better better, bool is_own);
/* The variant of a metric with this unit and better, added where it is new; SIZE_MAX: that is how
 * the metric itself is. */
size_t gather_variant(struct gathered *g, size_t metric, const char *unit, enum better better);
void gather_has_variant(struct gathered_configuration *c, size_t variant);

#endif
