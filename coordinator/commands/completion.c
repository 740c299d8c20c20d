/* joulerig completion: scripts by which shells complete command lines of both programs. */
#include "proto/completion.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/plan_hosts.h"
#include <stdio.h>

static int on_campaign(void *arg, int64_t key, const struct message_cell *cells, size_t n)
{
	(void)arg;
	(void)key;
	if (n > CAMPAIGNS_LABEL)
		puts(cell_text(&cells[CAMPAIGNS_LABEL]));
	return 0;
}

/* For the scripts: what may be typed for ID. */
static int print_labels(const struct common_options *o, struct error *err)
{
	const struct results_where where = common_where(o);
	struct results *results = NULL;
	int rc = results_open(&results, &where, err);

	if (rc == 0)
		rc = results_query(results, "campaigns", NULL, NULL, on_campaign, NULL, err);
	results_close(results);
	return rc;
}

static int add_own_part(const char *shell, struct buf *out, struct error *err)
{
	struct completion_command own[64];
	struct completion_program program = {
		.name = "joulerig", .commands = own, .common = common_option_table};

	for (; commands[program.n] != NULL && program.n < ARRAY_SIZE(own); program.n++) {
		const struct command *c = commands[program.n];
		own[program.n] =
			(struct completion_command){c->name, c->usage, c->summary, c->options};
	}
	return completion_write(&program, shell, out, err);
}

static int print_script(const char *shell, struct error *err)
{
	const char *argv[] = {NULL, "completion", shell, NULL};
	bool is_zsh = strcmp(shell, "zsh") == 0;
	_cleanup_buf_ struct buf script = BUF_INIT;
	int rc;

	if (is_zsh)
		completion_zsh_head(&script);
	rc = add_own_part(shell, &script, err);
	if (rc == 0)
		rc = agent_tells(argv, &script, err);
	if (is_zsh)
		completion_zsh_tail(&script);
	if (rc == 0)
		fputs(script.data, stdout);
	return rc;
}

static int run_completion(void *options, const char **arguments, size_t n, struct error *err)
{
	int rc;

	(void)n;
	if (strcmp(arguments[0], "labels") == 0)
		rc = print_labels(options, err);
	else
		rc = print_script(arguments[0], err);
	return rc == 0 ? EXIT_OK : (int)error_exit_status(err);
}

const struct command command_completion = {
	.name = "completion",
	.usage = "completion bash|zsh|fish|labels",
	.summary = "a script by which the shell completes command lines",
	.details =
		"For both programs; `make install` puts them where the shells look. In a shell of "
		"bash at once:\n"
		"  source <(joulerig completion bash)\n"
		"`labels` prints those of the store, which the scripts ask for.",
	.options_size = sizeof(struct common_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_completion,
};
