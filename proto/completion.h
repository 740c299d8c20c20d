/*
 * completion.h - completion scripts for bash, zsh and fish, made from the tables that options.h
 * parses by
 *
 * What an argument is comes from the usage line: FILE is a campaign file, ID a label of the store,
 * words in lower case are themselves. What an option's value is comes from its choices, else from
 * what --help calls it: DIR, PATH, FILE. So a script cannot say other things than --help.
 */
#ifndef PROTO_COMPLETION_H
#define PROTO_COMPLETION_H

#include "proto/options.h"

struct completion_command {
	const char *name, *usage, *summary;
	const struct option_info *options; /* own ones, or NULL */
};

struct completion_program {
	const char *name; /* "joulerig" */
	const struct completion_command *commands;
	size_t n;
	const struct option_info *common; /* of all commands */
	const struct option_info *alone;  /* without a command, or NULL */
};

/* Names of the shells, ended by NULL. */
extern const char *const completion_shells[];

/*
 * Append what completes the program: functions, and for bash and fish also what binds them. For zsh
 * that is completion_zsh_head() and completion_zsh_tail() around the functions of all programs.
 * Returns 0, or ERR_USAGE where no such shell is known.
 */
int completion_write(
	const struct completion_program *p, const char *shell, struct buf *out, struct error *err);
void completion_zsh_head(struct buf *out);
void completion_zsh_tail(struct buf *out);

#endif
