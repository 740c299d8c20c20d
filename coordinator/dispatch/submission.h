/*
 * submission.h - a campaign between SUBMIT and its first run
 *
 * Private to submissions.c and submission_*.c. A submission goes through its stages in their order;
 * each step says whether it is over, or waits, or is wrong.
 */
#ifndef COORDINATOR_DISPATCH_SUBMISSION_H
#define COORDINATOR_DISPATCH_SUBMISSION_H

#include "coordinator/dispatch/core.h"
#include "coordinator/dispatch/preparation.h"
#include "coordinator/dispatch/work.h"

enum submission_stage {
	STAGE_AGAIN,     /* what an earlier submission was */
	STAGE_READING,   /* in a thread */
	STAGE_GATHERING, /* trusted agents that are not here yet may come */
	STAGE_FILES,     /* what it ships comes from who submitted it */
	STAGE_SOURCES,   /* git, in a thread */
	STAGE_PLANNING,  /* in a thread; from here on one submission at a time */
	STAGE_WRITING,   /* a slice a turn */
	STAGES,
};

/* The hosts of a campaign. */
struct choice {
	struct host **hosts; /* owned, by name */
	size_t n;
	struct buf refused; /* why others do not take part */
	struct buf notes;
};

struct submission {
	struct route from;               /* len 0: on_decided */
	struct dispatch_request request; /* texts owned, but for changes: preparation.changes */
	enum submission_stage stage;
	struct preparation preparation;
	struct work *work;          /* on the preparation; NULL: none under way */
	struct content_hash wanted; /* content asked for */
	int64_t asked_until;        /* offset up to which it was asked for; 0: nothing asked yet */
	int64_t heard_ns; /* last sign of life of the sender of files; 0: stage not begun */
	int64_t gather_until_ns;
	int64_t tell_ns; /* when to say again what it waits for */
	bool was_told;   /* that sources are fetched */
	struct choice choice;
	struct live *live; /* being written; NULL before and after */
	struct submission *prev, *next;
};

/* submission_files.c: ask the sender for what is missing. 1: all is here; 0: something is under
 * way. */
int submission_fetch_files(
	struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err);

/* submission_again.c: take all that an earlier submission here was, where it is to be that again,
 * with its own changes on top. 1: it is so; or negative: ERR_CAMPAIGN where it cannot be. */
int submission_again(struct dispatch *d, struct submission *s, int64_t now_ns, struct error *err);
/* All that it ships is here, as no one sends it. 1 or negative. */
int submission_has_files(struct dispatch *d, const struct submission *s, struct error *err);

/* submission_hosts.c */
/* Whether a trusted agent that this campaign could want is not here yet. */
bool submission_is_gathering(struct dispatch *d, const struct campaign *c);
/* Fill the choice anew. Returns 0, or ERR_UNAVAILABLE where there is no host, or no meter on any
 * though all runs require energy, with what each one lacks. */
int submission_choose(
	struct dispatch *d, const struct campaign *c, struct choice *out, struct error *err);
void choice_done(struct choice *c);

/* submission_schedule.c: what is to be repeated is kept, not planned, and decided. */
/* Whether its repository can be followed, in a thread: the step before. */
bool submission_follows(const struct submission *s);
void submission_become_schedule(struct dispatch *d, struct submission *s);

/* submissions.c: say what became of it, and forget it. l NULL with err's code 0: it is a schedule.
 * notes may be NULL. */
void submission_decide(struct dispatch *d, struct submission *s, const struct live *l,
	const char *notes, const struct error *err);

#endif
