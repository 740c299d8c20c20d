/* joulerig submit FILE: hand a campaign over to a coordinator and return its label. */
#include "coordinator/commands/submission.h"
#include <stdio.h>

#define CONNECT_NS (5 * NS_PER_S)

struct submit_options {
	struct common_options common;
	struct submission_options submission;
};

static const struct option_info options[] = {
	SUBMISSION_OPTIONS(struct submit_options, submission),
	LABEL_OPTION(struct submit_options, submission),
	PRIORITY_OPTION(struct submit_options, submission),
	{.name = NULL},
};

static const struct submit_options defaults = {.submission = SUBMISSION_DEFAULTS};

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	struct submit_options *o = target;
	struct submission_file file;
	struct client *client = NULL;
	_cleanup_free_ char *label = NULL;
	int r;

	(void)n;
	if (o->common.coordinator == NULL) {
		error_set(err, ERR_USAGE,
			"submit: which coordinator? give --coordinator ADDRESS; 'joulerig run %s' "
			"needs none",
			arguments[0]);
		return EXIT_USAGE;
	}
	r = submission_read(&file, arguments[0], &o->submission, true, err);
	if (r == 0)
		r = client_open(&client, o->common.coordinator, o->common.server_key,
			o->common.keys, CONNECT_NS, err);
	if (r == 0)
		r = submission_send(&file, client, &label, err);
	if (r == 0)
		printf("%s\n", label);
	client_close(client);
	submission_done(&file);
	return r == 0 ? EXIT_OK : err->code ? (int)error_exit_status(err) : EXIT_USAGE;
}

const struct command command_submit = {
	.name = "submit",
	.usage = "submit FILE --coordinator ADDRESS [options]",
	.summary = "hand a campaign over to a coordinator and return its label",
	.details = "'joulerig watch LABEL' follows it.",
	.options = options,
	.options_size = sizeof(struct submit_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
