/*
 * outcome.h - what a run's result comes to: the metrics of the campaign's own, and whether the run
 * is done or, with a wrong answer or without one, failed
 */
#ifndef COORDINATOR_DISPATCH_OUTCOME_H
#define COORDINATOR_DISPATCH_OUTCOME_H

#include "coordinator/dispatch/live.h"

struct outcome {
	const char *state, *reason; /* reason may be NULL; lives as long as this and the message */
	struct message_metric *metrics; /* standard ones to keep; their texts are the message's */
	size_t metrics_n;
	struct store_metric *own; /* as the store takes them; their texts are those of found */
	size_t own_n;
	struct extraction found;
	struct error why;
	char *told;
};

/*
 * Judge the result of a run that has not ended; its streams are in r. Returns 0, or negative where
 * the store failed. outcome_done() in both cases.
 */
int outcome_make(struct outcome *o, struct live *l, const struct live_run *r,
	const struct message_result *m, struct live_store s, struct error *err);
/* The same of what several hosts left: run is main's output, with that of the others in it; told
 * are the streams of the part whose end m tells. */
int outcome_make_of(struct outcome *o, struct live *l, const struct live_run *r,
	const struct message_result *m, const struct run_output *run, const struct streams *told,
	struct live_store s, struct error *err);
/* What a host left of a run; run->files is the caller's to free. */
void outcome_fill_run(
	const struct streams *s, const struct message_result *m, struct run_output *run);
/* It is in the store now: the answers of a run that is done are expected of others. */
void outcome_keep(const struct outcome *o, struct live *l, const struct live_run *r);
void outcome_done(struct outcome *o);

#endif
