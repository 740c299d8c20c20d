/*
 * derived.h - an expression over metrics, as a metric of its own that can be compared as any other
 */
#ifndef COORDINATOR_FINDINGS_DERIVED_H
#define COORDINATOR_FINDINGS_DERIVED_H

#include "coordinator/findings/study.h"

/* The gathered runs with one metric: what the expression gives for each run. Texts and
 * configurations are those of the study. */
struct derived {
	struct gathered g;
	struct gathered_metric metric;
};

/*
 * Evaluate an expression that a study's file has for each of its runs, as a metric of this name,
 * which must outlive it, as must the study. kept has for each cell whether it counts
 * (study_only_of); others are not evaluated, so that an expression may name axes that only some
 * benchmarks have. Runs that lack one of its metrics have no value. Returns whether some run has
 * one; err has why none has, and is empty else. *d is zeroes before, derived_done() it in both
 * cases.
 */
bool derived_make(const struct study *s, const struct expression *e, const bool *kept, char *name,
	struct derived *d, struct error *err);
void derived_done(struct derived *d);

#endif
