/*
 * commands.h - the subcommands of joulerig: one file a subcommand, one line in the table of main.c
 *
 * How to add a subcommand: write coordinator/commands/NAME.c with a `const struct command
 * command_NAME`, declare it here, add it to the array in main.c. Its --help comes from its tables;
 * the test of the help texts finds it there.
 */
#ifndef COORDINATOR_COMMANDS_COMMANDS_H
#define COORDINATOR_COMMANDS_COMMANDS_H

#include "coordinator/results.h"
#include "proto/options.h"

/* Options that every subcommand takes; a subcommand's own option struct begins with this one. */
struct common_options {
	const char *db;          /* --db */
	const char *format;      /* --format */
	const char *coordinator; /* --coordinator, or JOULERIG_COORDINATOR */
	const char *server_key;  /* --server-key, or JOULERIG_SERVER_KEY */
	const char *keys;        /* --keys */
	const char *color;       /* --color */
	bool quiet, verbose;
};

extern const struct option_info common_option_table[];

struct command {
	const char *name;
	const char *usage;                 /* "run FILE [options]" */
	const char *summary;               /* one line for `joulerig --help` */
	const char *details;               /* more lines for `joulerig NAME --help`, or NULL */
	const struct option_info *options; /* own ones, or NULL */
	size_t options_size;               /* of the struct that is filled, common_options first */
	const void *defaults;              /* what that struct holds before, or NULL: zeroes */
	size_t min_arguments, max_arguments;
	/* Returns an exit status. options was filled; err is printed by main where it was set. */
	int (*run)(void *options, const char **arguments, size_t n, struct error *err);
};

extern const struct command command_run, command_submit, command_check, command_compare,
	command_plan, command_serve, command_status, command_watch, command_hosts, command_results,
	command_runs, command_export, command_key, command_cancel, command_pause, command_resume,
	command_new, command_completion, command_import, command_trend, command_report,
	command_drain, command_admit, command_backup, command_doctor, command_prune, command_deploy,
	command_schedule, command_rerun, command_extend, command_label;
extern const struct command *const commands[]; /* ended by NULL; in main.c */

/* results_where of the common options. */
struct results_where common_where(const struct common_options *o);
/* Whether to use colour and progress lines on this descriptor, by --color and whether it is a
 * terminal. */
bool common_use_color(const struct common_options *o, int fd);

#endif
