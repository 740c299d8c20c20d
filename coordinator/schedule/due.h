/*
 * due.h - what a schedule begins at an instant: its times since it was looked at last, those that
 * were missed, and the sweeps before that have not ended
 *
 * Nothing here knows of clocks, stores or sweeps: all that decides is an argument, so that a test
 * can let years pass. Times are CLOCK_REALTIME, ns.
 */
#ifndef COORDINATOR_SCHEDULE_DUE_H
#define COORDINATOR_SCHEDULE_DUE_H

#include "coordinator/schedule/calendar.h"
#include <stdbool.h>
#include <stddef.h>

/* Later than this after its time a sweep does not begin on time but was missed: nobody was there,
 * or the clock was set forward. A restart of the coordinator takes less. */
#define DUE_GRACE_NS INT64_C(60000000000)
/* A clock that is set back by less than this shows times again that have been: they do not come
 * again. One that is set back by more was wrong before, and what follows from it is computed anew.
 */
#define DUE_BACK_NS INT64_C(10800000000000)
/* So many missed times at most are made up for; of more the last ones. */
#define DUE_MOST 100

enum due_missed {
	DUE_ONCE, /* one sweep for all that was missed */
	DUE_SKIP, /* none */
	DUE_ALL,  /* one for each */
};

/* By the word of a campaign file; NULL and any other: DUE_ONCE. */
enum due_missed due_missed_by_name(const char *name);

struct due {
	int64_t begin[DUE_MOST]; /* times of the sweeps that begin now, in their order */
	size_t begin_n;
	int64_t last_missed; /* of the times that none begins for; ABSENT: there are none */
	size_t missed_n;     /* how many these are, at least */
	bool has_more;       /* there are even more, before them */
	int64_t next_at;     /* when to look again; ABSENT: never */
};

/* What follows at `at` of a schedule that was due at next_at, which is not after it. */
void due_look(const struct calendar *c, const struct cron *cron, enum due_missed missed,
	int64_t next_at, int64_t at, struct due *out);

/*
 * When a schedule is due after the clock may have been set back to `at`, next_at being what was
 * computed before. Equal to next_at where it was not, or not by much.
 */
int64_t due_after_setback(
	const struct calendar *c, const struct cron *cron, int64_t next_at, int64_t at);

enum due_verdict {
	DUE_BEGINS,
	DUE_WAITS,         /* for the end of the one before */
	DUE_IS_OVERLAPPED, /* it is skipped, as the one before has not ended */
	DUE_IS_CROWDED,    /* it is skipped, as another one waits already */
};

/* What becomes of a sweep that is due while of this schedule so many have begun and not ended, and
 * so many wait. is_skip: `overlap: skip`. */
enum due_verdict due_overlap(bool is_skip, size_t begun, size_t waiting);

#endif
