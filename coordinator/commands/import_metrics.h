/*
 * import_metrics.h - the metrics of a run from elsewhere as a store keeps them: of import_results.c
 */
#ifndef COORDINATOR_COMMANDS_IMPORT_METRICS_H
#define COORDINATOR_COMMANDS_IMPORT_METRICS_H

#include "coordinator/commands/import_run.h"

struct import_stored { /* reused from run to run */
	struct message_metric *standard;
	struct store_metric *own;
	size_t standard_n, own_n, room;
	size_t *order, order_n; /* of standard ones: indices of the run's */
	char *is_standard;      /* of each metric of the run */
	const char *dropped;    /* a metric whose bound could not be kept, or NULL */
};

/*
 * Sort a run's metrics into standard ones, in inner units and in the order in which their bounds
 * are shown, and own ones. Returns 0, or ERR_USAGE: a standard metric in another unit, a number
 * that does not fit.
 */
int import_metrics(struct import_stored *s, const struct import_run *run, struct error *err);
void import_stored_done(struct import_stored *s);

#endif
