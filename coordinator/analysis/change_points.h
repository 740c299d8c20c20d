/*
 * change_points.h - where the level of a series of submissions changed
 *
 * A series is cut where that explains more of its movement than its noise would: one cut, or two at
 * once (so that a level that rose and fell again is found, and a stair), each by an F test against
 * the noise about the levels, with the p-value multiplied by the number of places where the cuts
 * might have been, that is Bonferroni's bound for the largest of as many tests. The most
 * significant cut is made first, then the pieces are looked at again (binary segmentation;
 * Vostrikova 1981; for tests instead of permutations see arXiv 2301.03034: six points have only 20
 * permutations of 3 + 3, so no permutation test can say anything once three submissions stand on
 * each side). A cut is then moved to the best place between its neighbours, and stays only where
 * the levels beside it differ by themselves.
 *
 * All p-values of a family, those of the cuts that were not made too, are adjusted together
 * (Benjamini and Hochberg), so that of the changes that are told a fraction of alpha is false; on
 * series in which nothing changed, any is told with a probability of alpha at most.
 *
 * There is no chance in it: the same series give the same changes.
 */
#ifndef COORDINATOR_ANALYSIS_CHANGE_POINTS_H
#define COORDINATOR_ANALYSIS_CHANGE_POINTS_H

#include <stddef.h>

/* Points of a level at least. */
#define LEAST_LEVEL 3

struct change_point {
	size_t at;               /* the first point of the new level */
	double ratio, low, high; /* new level / old, with Student's t interval at 1 - alpha */
	double p, p_adjusted;
};

/* A series, or the piece of one between two breaks. */
struct stretch {
	const double *logs;  /* of the points, in the order of time */
	const size_t *times; /* which submission each is of, rising */
	size_t n;
	/* Mean squared standard error of a log, as the runs within a submission have it: the noise
	 * is not less. 0: not known. */
	double own;
	size_t group;  /* whose noise is alike: a host and a metric; from 0 on */
	size_t family; /* whose p-values are adjusted together: a metric; from 0 on */

	/* What was found. */
	struct change_point *changes; /* in their order */
	size_t changes_n;
	double variance, df; /* the noise of a point about its level, in logs; df 0: not known */
};

/* Find the changes of all stretches, n of them, of more than threshold (0.02) at alpha (0.01).
 * change_points_done() frees what was found. */
void change_points_find(struct stretch *stretches, size_t n, double threshold, double alpha);
void change_points_done(struct stretch *stretches, size_t n);

#endif
