/*
 * tune.h - putting the machine into the state that a campaign asks for, and back
 *
 * Settings: governor, turbo, epp, frequency.min, frequency.max, uncore, power_limit, written below
 * the machine's root where they are read. What was found is journalled in STATE/tune.journal and
 * made durable before the first write, and put back by tune_restore(): at the end of the campaign,
 * when the agent ends, and at the start of the next agent where this one was killed.
 *
 * Needs the right to write these files (root). A setting that this machine has not, or that did not
 * take (read back), makes the run `skipped`, with the reason.
 */
#ifndef AGENT_TUNE_H
#define AGENT_TUNE_H

#include "agent/machine.h"
#include "agent/topology.h"
#include "proto/message.h"

struct tune;

/* Puts back what a killed agent left behind; a failure of that is *err and negative. */
int tune_open(struct tune **out, const struct machine *m, const struct topology *t,
	const char *state, struct error *err);
/* Restores first. */
void tune_close(struct tune *t);
/* Make the machine's state exactly these settings (list of struct message_pair) over what was
 * found: settings of before that are not among them are put back. An empty list restores. Returns
 * 0, or negative with what could not be set and why; the state is then as it was found. */
int tune_apply(struct tune *t, const struct list *settings, struct error *err);
/* Put back what was found. Returns 0, or negative with the first file that could not be. */
int tune_restore(struct tune *t, struct error *err);
bool tune_is_active(const struct tune *t);
/* Whether a key is one of the settings; for checks before a run. */
bool tune_knows(const char *key);

#endif
