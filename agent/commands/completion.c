/* joulerig-agent completion: this program's part of what `joulerig completion` prints. */
#include "proto/completion.h"
#include "agent/commands/commands.h"

#include <stdio.h>

static const struct option_info option_table[] = {{.name = NULL}};

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	struct completion_command commands[32];
	struct completion_program program = {.name = "joulerig-agent",
		.commands = commands,
		.common = agent_common_table,
		.alone = agent_own_table};
	_cleanup_buf_ struct buf script = BUF_INIT;

	(void)options;
	for (; agent_commands[program.n] != NULL && program.n < ARRAY_SIZE(commands); program.n++) {
		const struct agent_command *c = agent_commands[program.n];
		commands[program.n] =
			(struct completion_command){c->name, c->usage, c->summary, c->options};
	}
	if (n != 1)
		return error_set(err, ERR_USAGE, "completion: expected bash, zsh or fish"),
		       EXIT_USAGE;
	if (completion_write(&program, arguments[0], &script, err) < 0)
		return EXIT_USAGE;
	fputs(script.data, stdout);
	return EXIT_OK;
}

const struct agent_command agent_command_completion = {
	.name = "completion",
	.usage = "completion bash|zsh|fish",
	.summary = "this program's part of `joulerig completion`",
	.options = option_table,
	.options_size = sizeof(struct agent_common_options),
	.takes_command = true,
	.run = run,
};
