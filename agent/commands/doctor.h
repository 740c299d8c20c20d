/*
 * doctor.h - the parts of `joulerig-agent doctor`: what it checks, and what --fix and --undo do
 *
 * How to add a check: write a function that calls doctor_find(), add it to the array `checks` of
 * its file. A machine that lacks something says so once here, not in each run.
 */
#ifndef AGENT_COMMANDS_DOCTOR_H
#define AGENT_COMMANDS_DOCTOR_H

#include "agent/commands/commands.h"

struct doctor_options {
	struct agent_common_options common;
	const char *state; /* --state: the agent's folder, or NULL */
	const char *group; /* --group, or NULL */
	const char *perf;  /* --perf: "capability", "sysctl", "none"; NULL: what fits */
	bool fix, undo, dry_run;
};

/* ---- findings ---- */

struct doctor_report {
	json_t *findings;
	const struct machine *m;
	const struct topology *t;
	const struct energy_meter *meter;
	const char *state; /* as above */
};

/*
 * Add what was found. States: ok, info (good to know), noisy (numbers vary by it), limited (part of
 * it cannot be measured), denied, absent, and those of energy zones. command mends it, "" where
 * none does.
 */
void doctor_find(struct doctor_report *r, const char *what, const char *state, const char *command,
	const char *why, ...) __attribute__((format(printf, 5, 6)));

void doctor_check_meters(struct doctor_report *r); /* what can be measured */
void doctor_check_noise(struct doctor_report *r);  /* what makes it vary; takes half a second */

/* ---- --fix and --undo ---- */

/* Returns an exit status; err where something could not be done. Prints each step. */
int doctor_fix(const struct doctor_options *o, const struct machine *m, const struct topology *t,
	struct error *err);
int doctor_undo(const struct doctor_options *o, const struct machine *m, struct error *err);

#endif
