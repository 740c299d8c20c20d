/*
 * twins.h - false alarms: what a comparison finds between two names of the same thing
 *
 * Two values of an axis whose attributes are all equal, and of which no template says the name, are
 * the same thing by construction (an A/A pair): `gil: {build: gil}` and `gil-again: {build: gil}`.
 * Whatever differs between their runs is noise, the order of the runs, or a fault of the method, so
 * a change that is found is a false alarm. Of n comparisons about n alpha have p <= alpha by chance
 * alone, and with the threshold and the adjustment for their number hardly any is told as changed.
 */
#ifndef COORDINATOR_FINDINGS_TWINS_H
#define COORDINATOR_FINDINGS_TWINS_H

#include "coordinator/findings/study.h"

/* One metric of a pair. */
struct twin_metric {
	const char *name;
	size_t n;       /* comparisons: configurations on hosts, with a p */
	size_t changed; /* told as improved, regressed or changed */
	size_t small;   /* p <= alpha before it is adjusted */
	size_t blind;   /* of n: had too few blocks for any p that small */
	double alpha, threshold;
	double worst; /* the ratio that is farthest from 1 */
	size_t worst_configuration, worst_lane;
};

struct twin_pair {
	const char *axis, *baseline, *contender; /* texts of the campaign */
	struct twin_metric *metrics;
	size_t n;
};

struct twins {
	struct twin_pair *items;
	size_t n;
};

/*
 * The pairs of a study's campaign that have runs of both, compared in the metrics that its
 * `compare` names along that axis, else in time and energy, each metric of a pair as a family of
 * its own. Without the campaign's file there are none. The study must outlive them.
 */
void twins_find(const struct study *s, struct twins *out);
/* The pairs alone, with runs or without, and without metrics. */
void twins_list(const struct study *s, struct twins *out);
/* Which of some twins stands for them all: the first in the file. A value without a twin is itself.
 */
const char *twins_first(const struct twins *t, const char *axis, const char *value);
void twins_done(struct twins *t);

#endif
