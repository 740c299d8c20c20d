/*
 * commands.h - the diagnostics of joulerig-agent: one file a subcommand, one line in the table of
 * main.c
 *
 * How to add a subcommand: write agent/commands/NAME.c with a `const struct agent_command
 * agent_command_NAME`, declare it here, add it to the array in main.c. Its --help comes from its
 * tables.
 */
#ifndef AGENT_COMMANDS_COMMANDS_H
#define AGENT_COMMANDS_COMMANDS_H

#include "agent/machine.h"
#include "agent/sources/energy.h"
#include "agent/topology.h"
#include "proto/options.h"

#include <jansson.h>

/* Options that every subcommand takes; a subcommand's own option struct begins with this one. */
struct agent_common_options {
	const char *format; /* --format: "table" (NULL) or "json" */
	const char *root;   /* --root; NULL: JOULERIG_ROOT, or / */
	const char *source; /* --source of those that measure energy; NULL: auto */
	bool verbose, quiet;
};

struct agent_command {
	const char *name;
	const char *usage;                 /* "energy --for DURATION | energy -- COMMAND" */
	const char *summary;               /* one line for `joulerig-agent --help` */
	const char *details;               /* more for `joulerig-agent NAME --help`, or NULL */
	const struct option_info *options; /* own ones, or NULL */
	size_t options_size;               /* of the struct that is filled */
	bool takes_command;                /* arguments are a command: options end at the first */
	/* Returns an exit status. err is printed by main where it was set. */
	int (*run)(void *options, const char **arguments, size_t n, struct error *err);
};

extern const struct agent_command agent_command_inventory, agent_command_energy,
	agent_command_placement, agent_command_doctor, agent_command_key, agent_command_overhead,
	agent_command_completion;

/* The tables of main.c, each ended by NULL: subcommands, the options that all of them take, those
 * of the agent itself. */
extern const struct agent_command *const agent_commands[];
extern const struct option_info agent_common_table[], agent_own_table[];

/* What --source may be, ended by NULL. */
extern const char *const agent_energy_sources[];

/* Whether --format json was given. */
bool agent_wants_json(const struct agent_common_options *o);

/* What reads the machine: opened for most subcommands. */
struct instrument {
	struct machine machine;
	struct topology topology;
	struct energy_meter
		*meter;   /* NULL without want_meter; else there, but it may have no source */
	struct error why; /* why it has none */
};

/* Returns 0, or negative with err where there is no machine to be read. A missing meter is no error
 * here. */
int instrument_open(struct instrument *i, const struct agent_common_options *o, bool want_meter,
	struct error *err);
void instrument_close(struct instrument *i);

/* One line of compact JSON to stdout; j is released. */
void agent_print_json(json_t *j);

#endif
