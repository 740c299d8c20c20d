/*
 * history.h - a submission against those before it: which they are, and how it compares with the
 * last N of them
 *
 * Against one before (`previous`, or a label) it is an ordinary comparison of two. Of the last N
 * the submissions are the units: see analysis/prediction.h. A night on another machine (another
 * fingerprint of the host's inventory) does not count for that host.
 */
#ifndef COORDINATOR_FINDINGS_HISTORY_H
#define COORDINATOR_FINDINGS_HISTORY_H

#include "coordinator/analysis/prediction.h"
#include "coordinator/findings/comparison.h"
#include "coordinator/findings/study.h"

enum history_kind {
	HISTORY_NONE, /* the text names no submission: it is a value of an axis */
	HISTORY_ONE,  /* one submission: an ordinary comparison of two */
	HISTORY_LAST, /* the last N together */
};

struct history_night {
	struct night_level *levels; /* [(lane * configurations + configuration) * metrics + metric],
				       the contender's indices */
	bool *is_other;             /* [lane]: the host was another machine then */
};

struct history {
	enum history_kind kind;
	char *text;    /* "previous", "last-7", "nightly.3" */
	char *title;   /* "last-7 (nightly.2 to nightly.8)"; of HISTORY_LAST with labels */
	char **labels; /* submissions that are the baseline, newest first; none: too few so far */
	size_t labels_n;
	char **notes; /* for people: which were passed over, and why; how few there are */
	size_t notes_n;
	struct history_night *nights; /* of the labels, once read */
	size_t nights_n;
	size_t lanes_n, configurations_n, metrics_n; /* of the contender */
};

/*
 * What a text as of --baseline means to the submission of this label: "previous", "last-N", or a
 * label of the store. Submissions that are not done, or have no done run, are passed over, with a
 * note. That there are too few is no error: no labels, and a note. Returns 0, or ERR_USAGE: N below
 * PREDICTION_LEAST, no such submission of a known name, the submission itself. history_done() in
 * both cases.
 */
int history_find(struct results *r, const char *label, const char *text, struct history *out,
	struct error *err);
/* Read the nights of a HISTORY_LAST; of each only the levels are kept. Returns 0 or negative. */
int history_read(struct history *h, struct results *r, const struct gathered *contender,
	const struct gather_wanted *wanted, struct error *err);
/*
 * The answer to a question of BY_HISTORY, as comparison_make() gives others; newest is the first of
 * the labels. What has fewer than PREDICTION_LEAST nights is in out->missing. Returns 0, or
 * ERR_USAGE: no such metric. comparison_done() in both cases.
 */
int history_compare(const struct history *h, const struct question *q,
	const struct gathered *contender, const struct gathered *newest,
	struct comparison_result *out, struct error *err);
void history_done(struct history *h);

#endif
