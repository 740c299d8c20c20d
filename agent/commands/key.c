/*
 * key.c - `joulerig-agent key`: the public key of this agent
 */
#include "agent/commands/commands.h"
#include "proto/keys.h"

#include <stdio.h>

struct options {
	struct agent_common_options common;
	const char *state;
};

static const struct option_info option_table[] = {
	{"state", OPTION_TEXT, offsetof(struct options, state), "DIR", "the agent's folder", NULL},
	{.name = NULL},
};

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct keypair keys;

	(void)arguments;
	(void)n;
	if (o->state == NULL) {
		error_set(err, ERR_USAGE,
			"key: --state DIR is missing: the folder in which the agent keeps its key");
		return EXIT_USAGE;
	}
	if (keypair_load_or_create(&keys, o->state, err) != 0)
		return EXIT_UNAVAILABLE;
	if (agent_wants_json(&o->common))
		agent_print_json(json_pack("{s:s}", "public_key", keys.public_key));
	else
		puts(keys.public_key);
	keypair_wipe(&keys);
	return EXIT_OK;
}

const struct agent_command agent_command_key = {
	.name = "key",
	.usage = "key --state DIR",
	.summary = "the agent's public key, alone on stdout; made at first need",
	.details =
		"Give it to `joulerig key trust NAME KEY --role agent` where the coordinator runs.",
	.options = option_table,
	.options_size = sizeof(struct options),
	.run = run,
};
