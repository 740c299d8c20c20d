/* A campaign that is to be repeated: it is read, its files are here, and it becomes a schedule. */
#include "coordinator/dispatch/nightly.h"
#include "coordinator/dispatch/submission.h"

#include "proto/clock.h"

bool submission_follows(const struct submission *s)
{
	return s->preparation.campaign->schedule.source_git != NULL;
}

void submission_become_schedule(struct dispatch *d, struct submission *s)
{
	const struct preparation *p = &s->preparation;
	_cleanup_buf_ struct buf notes = BUF_INIT;
	struct error err = {0};
	const struct store_schedule row = {
		.name = p->campaign->name,
		.file = s->request.file,
		.yaml = s->request.yaml,
		.changes = p->changes,
		.tree = {.data = p->has_tree ? p->tree.b : NULL,
			.len = p->has_tree ? sizeof p->tree.b : 0},
		.priority = s->request.priority,
		.cron = p->campaign->schedule.cron,
		.timezone = p->campaign->schedule.timezone,
		.added_at = clock_realtime_ns(),
	};

	if (nightly_add(d, &row, &notes, &err) < 0 && d->failure.code != 0)
		return; /* the store's: dispatch_abandon() tells */
	buf_adds(&notes, p->sources.data);
	submission_decide(d, s, NULL, notes.len > 0 ? notes.data : NULL, &err);
}
