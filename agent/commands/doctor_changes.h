/*
 * doctor_changes.h - changes to a machine that can be undone to the letter
 *
 * A change is a thing (a kind and a path), what it was, and what it shall be, both as JSON. What it
 * was is in the journal, on the disk, before the thing is touched; a thing that is changed again
 * keeps what it was at first. The journal is var/lib/joulerig/doctor.journal below the machine's
 * root; only things that `doctor --fix` changes are taken from it, and only where nobody but root
 * (or the present user) can have written it.
 *
 * How to add a kind: write its read and write function in doctor_kinds.c, add a row to its table.
 */
#ifndef AGENT_COMMANDS_DOCTOR_CHANGES_H
#define AGENT_COMMANDS_DOCTOR_CHANGES_H

#include "agent/machine.h"
#include "proto/error.h"

#include <jansson.h>

struct changes {
	const struct machine *m;
	bool is_dry;
	bool is_json;    /* gather steps instead of printing them */
	json_t *steps;   /* what was done: [{what, before, after, state, why}] */
	json_t *journal; /* array of {kind, path, before, after}, oldest first */
	size_t changed, failed;
};

/* Reads the journal. Returns 0, or negative where it cannot be trusted or understood. */
int changes_open(
	struct changes *c, const struct machine *m, bool is_dry, bool is_json, struct error *err);
/* Prints the steps where is_json; frees. */
void changes_close(struct changes *c);

/* Make a thing so, unless it is; after is released. One that cannot be changed is told, counted,
 * and leaves no trace in the journal. */
void change_make(struct changes *c, const char *kind, const char *path, json_t *after);
/* Tell something that is no change: state "shown" (a command to be run by hand), ... */
void change_tell(struct changes *c, const char *what, const char *state, const char *why);
/* What a thing is now; JSON null where it is not there, NULL where that cannot be told. */
json_t *change_read(const struct changes *c, const char *kind, const char *path);
/* Put back everything, last change first. What was changed by somebody else since, where that is a
 * file of ours, is left alone and told. */
void changes_undo(struct changes *c);

/* ---- kinds (doctor_kinds.c) ---- */

struct change_kind {
	const char *name;
	const char *patterns[6]; /* paths that a journal may name, as for fnmatch(3) */
	bool is_lasting;         /* a file of ours: others may have edited it since */
	bool is_only_here;       /* of the running system: shown where the root is another */
	/* New reference; JSON null: not there; NULL with errno: cannot be told. */
	json_t *(*read)(const struct machine *m, const char *path);
	/* Returns 0 or -errno. */
	int (*write)(const struct machine *m, const char *path, const json_t *value);
	/* The command that does the same, for people. */
	void (*show)(const char *path, const json_t *value, struct buf *out);
};
/*
 *   file        {text, mode} of a whole file below etc/
 *   value       the line of a file of proc/sys or sys/, until the next boot
 *   access      {gid, mode} of an energy counter, until the next boot
 *   folder      true: it is there
 *   group       true: it is there; path is its name
 *   capability  the file capabilities of a program, in hexadecimal
 */
const struct change_kind *change_kind_find(const char *name);
bool change_kind_may(const struct change_kind *k, const char *path);
/* Run a program and wait for it. Returns 0, -errno, or -EIO where it failed. */
int run_program(const char *const *argv);
/* cap_perfmon, effective at start, as the attribute security.capability; new reference. */
json_t *capability_perfmon(void);

#endif
