/*
 * gate_cases.h - each comparison as a case with a result: of gate.c
 */
#ifndef COORDINATOR_COMMANDS_GATE_CASES_H
#define COORDINATOR_COMMANDS_GATE_CASES_H

#include "coordinator/commands/gate.h"

/* Group of the one case that says that nothing was compared: build servers take no empty report. */
#define GATE_NOTE "note"

struct gate_cases {
	struct ci_case *items; /* those of a suite together */
	size_t n;
	char **texts; /* what they point to */
	size_t texts_n;
	size_t counts[CI_SKIPPED + 1]; /* of each result */
	size_t compared;               /* comparisons, canaries too */
	char *name;                    /* "nightly.9 against nightly.8" */
};

void gate_cases_make(const struct gate *g, struct gate_cases *out);
void gate_cases_done(struct gate_cases *cases);

#endif
