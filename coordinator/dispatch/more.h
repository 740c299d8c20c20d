/*
 * more.h - more of a campaign that was submitted: further blocks, failed runs again, other labels;
 * as changes of the store, whoever has it
 *
 * Where the campaign has ended, it goes on: it is `running` then, and live_load() takes it up. From
 * there on its budget counts anew. Each function wants to be within a transaction of the caller's,
 * and changes nothing where it returns ERR_CAMPAIGN: the user asked for what cannot be.
 */
#ifndef COORDINATOR_DISPATCH_MORE_H
#define COORDINATOR_DISPATCH_MORE_H

#include "coordinator/dispatch/kept.h"
#include "proto/message.h"

/* Kinds of events: of the campaign, that it goes on after its end, and what for; of a run, that
 * what its attempts so far gave does not count any more. */
#define MORE_EVENT       "more"
#define MORE_RUN_EVENT   "again"
#define MORE_EXTENDED    "extended" /* of the campaign, before its end */
#define MORE_LABEL_EVENT "label"

struct more_blocks {
	int64_t blocks, max; /* as they are from now on */
};

/* So many more blocks of a campaign (with `until`: at most) that has not been cancelled. has_ended:
 * it is done, and goes on. out is what campaign_read() gives from now on. */
int more_extend(const struct kept *k, int64_t blocks, int64_t at, const struct store_ops *ops,
	struct store *s, struct more_blocks *out, struct error *err);
/* The counted runs of a campaign that is done that failed or timed out are queued again. *n is how
 * many. */
int more_rerun_failed(const struct kept *k, int64_t at, const struct store_ops *ops,
	struct store *s, int64_t *n, struct error *err);
/* Labels of a submission, an empty value takes one away. */
int more_label(const struct kept *k, const struct message_pair *labels, size_t n, int64_t at,
	const struct store_ops *ops, struct store *s, struct error *err);
/* The number that a MORE_RUN_EVENT's text speaks of; 0: none. */
int64_t more_attempt(const char *text);

#endif
