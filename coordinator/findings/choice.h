/*
 * choice.h - of the configurations that do the same work on a host, which takes the least time, and
 * which the least energy
 *
 * Candidates are the configurations of a benchmark that do equal work (by `work` of the campaign's
 * file: time / time.per_work) and must have the same answer (by its expect: {same: [AXIS]}),
 * whatever their number of threads, clock, build; where work is not known, those that differ along
 * the asked axis alone. Of twins (twins.h) one is a candidate: the baseline, or the first. Values
 * are means of logs over the blocks.
 *
 * Which of m candidates is the best the same runs say: the interval of its ratio to the baseline
 * with its own parameters is at level 1 - alpha / m (Bonferroni), that to the best of b baselines,
 * which the same runs picked too, at 1 - alpha / (b (m - b)), of so many pairs. Whether it is
 * certain: all m - 1 others are held against it at 1 - alpha / (m - 1), and it is where every
 * interval lies above 1; then a wrong choice is told as certain with a probability of alpha / 2 at
 * most, as one of these m - 1 intervals would have to miss. (Multiple comparisons with the best:
 * Hsu, Annals of Statistics 9, 1981.)
 */
#ifndef COORDINATOR_FINDINGS_CHOICE_H
#define COORDINATOR_FINDINGS_CHOICE_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/study.h"

struct choice {
	const char *metric; /* "time", "energy.package" */
	size_t lane;
	size_t candidates;
	size_t best;           /* configuration */
	char *work;            /* "nbody size=2000": what all candidates have in common; owned */
	double level;          /* of to_same */
	double level_of_bests; /* of to_baseline_best */
	size_t same;           /* the baseline with the best's other parameters */
	size_t baseline_best;  /* the best of the baseline's */
	struct ratio to_same, to_baseline_best; /* of the best; NaN where it is that itself */
	bool has_same, has_baseline_best;
	size_t runner_up;          /* the second best */
	struct ratio runner_up_to; /* of the second to the best, at 1 - alpha / (m - 1) */
	size_t rivals;             /* others whose interval to the best holds 1, or less */
};

struct choices {
	struct choice *items; /* by benchmark and work, host, metric */
	size_t n;
};

/*
 * Of a study with all metrics. by is the axis along which a baseline is named. Canaries are no
 * candidates, nor what no other does the work of. choices_done() it; the study must outlive it.
 */
void choices_make(const struct study *s, const char *by, const char *baseline, double alpha,
	struct choices *out);
void choices_done(struct choices *c);

#endif
