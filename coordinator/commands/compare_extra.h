/*
 * compare_extra.h - what `compare --show` answers instead of verdicts: which speed-up saves energy,
 * whether energy is proportional to time, of which parts a ratio is made
 */
#ifndef COORDINATOR_COMMANDS_COMPARE_EXTRA_H
#define COORDINATOR_COMMANDS_COMPARE_EXTRA_H

#include "coordinator/findings/comparison.h"
#include "coordinator/output/output.h"
#include "proto/error.h"

/* Each is answered for one question, of BY_AXIS; a table for people (output_table,
 * output_markdown), else rows. Returns 0, or ERR_USAGE: it is of hosts or submissions, or there is
 * nothing to say. */
int compare_break_even(const struct question *q, const struct gathered *g,
	const struct output_ops *ops, FILE *to, struct error *err);
/* band: 0.1 for 10 %. */
int compare_residual(const struct question *q, const struct gathered *g, double band,
	const struct output_ops *ops, FILE *to, struct error *err);
/* chain: "gil,nogil+gil,nogil", values of the question's axis. */
int compare_decomposition(const struct question *q, const struct gathered *g, const char *chain,
	const struct output_ops *ops, FILE *to, struct error *err);

#endif
