/*
 * gate.h - `compare` for build servers: what closes the gate, and the answers as their forms
 */
#ifndef COORDINATOR_COMMANDS_GATE_H
#define COORDINATOR_COMMANDS_GATE_H

#include "coordinator/findings/history.h"
#include "coordinator/output/ci.h"

struct gate {
	const struct study *contender;
	const struct history *history; /* of kind HISTORY_NONE where none was asked */
	const struct comparison_result *results;
	size_t n;
	char *file;    /* the campaign's, as it was submitted; owned */
	bool is_quiet; /* only what closes it */
};

/* What the store knows of the contender beside its runs. Returns 0 or negative. */
int gate_open(struct gate *g, struct results *r, const struct study *contender, struct error *err);
/* Whether some case has runs and all of them failed. */
bool gate_is_broken(const struct gathered *g);
void gate_done(struct gate *g);

/*
 * Tell on `to` what got worse beyond threshold and doubt, a line each; then, as notes, canaries
 * that moved, what is inconclusive, what was not compared. Returns the exit status: EXIT_RUN_FAILED
 * where the contender was cancelled or has a case of which no run is done any more, EXIT_REGRESSION
 * where something regressed that is no canary, else EXIT_OK.
 */
int gate_judge(const struct gate *g, FILE *to);
/* The answers as cases: a suite for each metric. */
void gate_report(const struct gate *g, const struct ci_ops *ops, FILE *to);
/* The notes of the history alone, for `compare` without a gate. */
void gate_notes(const struct history *h, FILE *to);
/* That the campaign has not ended, or that runs of it failed. */
void gate_state(const struct gathered *g, FILE *to);

#endif
