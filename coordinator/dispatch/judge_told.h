/*
 * judge_told.h - what was told before, so that each change is told once; and what a case is held
 * against because of it
 *
 * After a change was told the new level is the accepted one. With the baseline `previous` that
 * comes of itself; with `last-N` only nights from the change on count; with a label, the verdict
 * that was told is remembered, and only another one is news, also that it is back.
 *
 * A night that was compared with a single one before and neither showed a change nor that there is
 * none is no level: else a change that came in it would be told to nobody. The one before stays.
 *
 * Notices are held as an array of objects, in the order in which they were told: the notice's own
 * JSON (docs/nightly.md). Cases are those of judge_rows.h. Nothing is in here but JSON.
 */
#ifndef COORDINATOR_DISPATCH_JUDGE_TOLD_H
#define COORDINATOR_DISPATCH_JUDGE_TOLD_H

#include "coordinator/dispatch/judge_rows.h"

/* Kinds of notices. */
#define NOTICE_REGRESSED "regressed"
#define NOTICE_IMPROVED  "improved"
#define NOTICE_RETURNED  "returned" /* to where the baseline, a label, is */
#define NOTICE_FAILED    "failed"   /* a host, or a case on all or some */
#define NOTICE_SWEEP     "sweep"    /* it could not be submitted, or compared, or all failed */
#define NOTICE_RECOVERED "recovered"

/* With fewer nights than these, how much they vary is not known (docs/gate.md). */
#define JUDGE_NIGHTS_LEAST 3
/* More say little more, and are of longer ago. */
#define JUDGE_NIGHTS_MOST 14

enum baseline_kind { BASELINE_PREVIOUS, BASELINE_LAST, BASELINE_LABEL };
/* *n is the number of last-N, else 0. NULL and "" are `previous`. */
enum baseline_kind judge_baseline_kind(const char *text, int64_t *n);

/* Add a notice of this kind and subject; json is its text, which may be broken. */
void judge_told_add(json_t *told, const char *kind, const char *subject, const char *json);
/* The last notice of a change that says where the level of a case is; NULL: none. One that was told
 * of other hosts counts where this one was not measured in that sweep. */
const json_t *judge_told_last(const json_t *told, const json_t *one);
/* Whether the last notice of this subject (and host; NULL: any) is of something that is not good
 * again. */
bool judge_told_is_open(const json_t *told, const char *subject, const char *host);

/* What the night's cases are seen with. */
struct judge_view {
	const char *baseline; /* "previous", "last-7", a label */
	const json_t *told;
	/* Sweeps before that are done, the oldest first: {"label", "measured": [hosts],
	 * "unmeasured": {key: true}, "unsettled": {key: row}}, keys as of judge_configuration_key()
	 * and judge_case_key(), of "unmeasured" also as of judge_index_without(). "knows_metrics"
	 * where all of these are among them. */
	const json_t *sweeps;
	/* Cases whose confirmation could show nothing the last time: they are held against the same
	 * once more. */
	const json_t *open;
	/* Against this very label: cases that were there and told nobody, as what they showed was
	 * known: the last row of each, by judge_case_key(), with the "sweep" in which that was. */
	const json_t *seen;
};

/* What a case is to be compared with: `baseline`, or what goes before it for this one: "last-4",
 * "previous", a label. The caller frees. */
char *judge_baseline_of(const struct judge_view *v, const json_t *one);
/* Whether that is a single night before. */
bool judge_is_of_one_night(const struct judge_view *v, const json_t *one);
/* Whether none of so many nights before settled a case, so that its level is the oldest of them. */
bool judge_level_is_old(const struct judge_view *v, const json_t *one);
/* The label whose contents are the other side of a confirmation: `against` of the row, or of what
 * is open. */
const char *judge_against_of(const struct judge_view *v, const json_t *one);
/* Whether what was looked at in vain in so many sweeps, one after the other, runs again in the
 * next: in the first ones, then now and then. Nobody looks at it any more after JUDGE_NIGHTS_MOST.
 */
bool judge_is_tried_again(int64_t sweeps);
/* How many sweeps have a case's host, from the one on that told of it last. */
int64_t judge_nights_of(const struct judge_view *v, const json_t *one);
/* Whether what a row says is news. */
bool judge_is_new(const struct judge_view *v, const json_t *row);
/* Whether a row shows what became of a case that was away when others were told of it: against a
 * label that is to be remembered, as nobody is told. */
bool judge_is_first_sight(const struct judge_view *v, const json_t *row);

#endif
