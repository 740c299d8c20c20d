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
/* Add a metric at the end. */
void gather_add_metric(
	struct gathered *g, const char *name, const char *unit, enum better better, bool is_own);

#endif
