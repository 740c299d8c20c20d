/*
 * judge_parts.h - what the files of judge.c share: a sweep that is being judged
 *
 * Private to judge*.c. What must outlive a restart is in the sweep's answer (JSON); all else is
 * read or asked anew.
 */
#ifndef COORDINATOR_DISPATCH_JUDGE_PARTS_H
#define COORDINATOR_DISPATCH_JUDGE_PARTS_H

#include "coordinator/dispatch/judge_told.h"
#include "coordinator/dispatch/nightly.h"

/* So often an answer that cannot be had is asked for, before the sweep fails. */
#define JUDGE_TRIES 3
#define ASK_WORDS   10

/* Something that the own program is asked beside the loop. All but work is the thread's while that
 * is not over. */
struct judge_question {
	struct dispatch_config config; /* for its ask */
	char *words[ASK_WORDS + 1];
	struct buf out;
	int status;
	struct error err;
	struct work *work; /* NULL: nothing is asked */
	unsigned tries;
};

/* A confirmation between its submission and its label. */
struct judge_pending {
	struct dispatch *d;
	struct sweep *s; /* NULL: it is gone */
};

struct judgement {
	struct dispatch *d;
	json_t *answer;  /* as the store gets it */
	json_t *told;    /* notices of the schedule: judge_told.h */
	json_t *sweeps;  /* its earlier ones that are done, likewise */
	json_t *open;    /* of the last of them */
	json_t *missing; /* of the last of them: judge_hosts.h */
	json_t *seen;    /* of those with the same label as baseline: judge_told.h */
	json_t *results; /* of the campaign; NULL: not asked yet */
	json_t *measured;
	char **baselines; /* what the campaign is compared with, one after the other */
	size_t baselines_n, baselines_at;
	bool is_chosen; /* the candidates are in the answer */
	json_t *rows;   /* of those comparisons, each case as it is to be seen */
	struct judge_question question;
	struct judge_pending *pending; /* NULL: nothing is being submitted */
};

/* ---- judge_ask.c ---- */

/* Ask words (ended by NULL); "--format json" is added. */
void judge_ask(struct judgement *j, const char *const *words);
/* 1: the answer is here, in *rows (the caller's). 0: not yet, or it is asked once more. Negative
 * with err: it cannot be had. */
int judge_answered(struct judgement *j, json_t **rows, struct error *err);
bool judge_is_asking(const struct judgement *j);
void judge_ask_done(struct judgement *j);

/* ---- judge_store.c ---- */

/* What the store has of earlier sweeps and their notices. Returns 0 or negative. */
int judge_read_store(struct judgement *j, const struct sweep *s, struct error *err);
/* Free what that read; also where it failed, or was never called. */
void judge_drop_store(struct judgement *j);
/* The view of the sweep's cases; texts of s and j. */
struct judge_view judge_view_of(const struct judgement *j, const struct sweep *s);
/* Put the answer into the row of the sweep. */
void judge_keep_answer(const struct judgement *j, struct sweep *s);

/* ---- judge_confirm.c ---- */

#define CAUSE_MACHINE "machine"
/* What differs between the sweep's submission and another one, and so may be why. */
const char *judge_cause_of(const struct judgement *j, const struct sweep *s, const char *against);
/* So many blocks at least can show anything of so many cases. */
int64_t judge_blocks_needed(const struct campaign *c, size_t cases);
/* Submit the next confirmation that is due; false: no candidate is left. */
bool judge_confirm_next(struct judgement *j, struct sweep *s, int64_t now_ns, int64_t at);
/* Ask how it came out. */
void judge_ask_confirmation(struct judgement *j, const struct sweep *s);
/* Its rows; NULL: there are none, for this reason. */
void judge_weigh_all(struct judgement *j, const json_t *rows, const char *why);
/* A candidate is not confirmed tonight, for this reason; one that is open is looked at again. */
void judge_put_off(struct judgement *j, json_t *one, const char *why, bool is_open);

/* ---- judge_nights.c ---- */

/* Of the candidates, those on which nothing but the night differs: mark what they are to be held
 * against, and put off those of which too few nights are known. */
void judge_nights_mark(struct judgement *j, const struct sweep *s);
/* Drop those that are within what nights vary by. 1: all of them are looked at; 0: not yet. */
int judge_nights_weigh(struct judgement *j, const struct sweep *s);

/* ---- judge_end.c ---- */

/* All is known: tell what is news, and end the sweep (which is gone after). */
void judge_end(struct judgement *j, struct sweep *s, int64_t at);

/* The metrics that its sweeps are compared by, as texts. The caller frees. */
json_t *judge_metrics(const struct judgement *j, const struct sweep *s);

/* An array of the answer, made where it is not there. */
json_t *judge_list(struct judgement *j, const char *key);

#endif
