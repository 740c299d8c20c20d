/*
 * answers.h - the answers that runs of a campaign must have in common: `expect: same`
 *
 * The first run that is done says what the answer is; who says something else has failed. Warm-up
 * runs count here, too: a wrong answer is wrong whenever it comes. What is known is had again from
 * the store after a restart, at the first result that needs it.
 */
#ifndef COORDINATOR_DISPATCH_ANSWERS_H
#define COORDINATOR_DISPATCH_ANSWERS_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/store/store.h"

struct answers;

/* None yet. */
struct answers *answers_new(void);
void answers_free(struct answers *a); /* NULL is fine */

/*
 * Those of the runs that are done, of the campaign of this label, planned as here. Returns 0, or
 * negative where the store fails.
 */
int answers_load(struct answers *a, const struct plan *plan, const char *label,
	const struct store_ops *ops, struct store *store, struct error *err);

/* Whether a run's answers must be those of others at all. */
bool answers_are_shared(const struct extraction *e);
/* Compare. Returns 0, or -EILSEQ with err: "checksum is 'abc', expected 'def' as in run 3 on lab1
 * (nbody size=1000)". */
int answers_check(const struct answers *a, const struct extraction *e, struct error *err);
/* A run on a host is done: its answers are the expected ones where there were none. */
void answers_add(struct answers *a, int64_t run, const char *host, const struct extraction *e);

#endif
