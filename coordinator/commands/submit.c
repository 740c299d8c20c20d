/* joulerig submit FILE: hand a campaign over to a coordinator and return its label. */
#include "coordinator/commands/submission.h"
#include <stdio.h>
#include <unistd.h>

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

/* The coordinator that was named, or that has the store of this folder: where points into results.
 */
static int find_coordinator(const struct submit_options *o, const char *file,
	struct results **results, struct results_where *where, struct error *err)
{
	const struct results_where *holder = NULL;
	int r = 0;

	*where = common_where(&o->common);
	if (where->coordinator != NULL)
		return 0;
	if (access(where->db != NULL ? where->db : "joulerig.db", F_OK) == 0)
		r = results_open(results, where, err);
	if (r == 0 && *results != NULL)
		holder = results_coordinator(*results);
	if (holder != NULL)
		*where = *holder;
	else if (r == 0)
		r = error_set(err, ERR_UNAVAILABLE,
			"submit: no coordinator has this store; start 'joulerig serve', or name "
			"one "
			"with --coordinator ADDRESS; 'joulerig run %s' needs none",
			file);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	struct submit_options *o = target;
	struct submission_file file = {0};
	struct results *results = NULL;
	struct results_where where;
	struct client *client = NULL;
	_cleanup_free_ char *label = NULL;
	int r;

	(void)n;
	r = find_coordinator(o, arguments[0], &results, &where, err);
	if (r == 0)
		r = submission_read(&file, arguments[0], &o->submission, true, err);
	if (r == 0)
		r = client_open(
			&client, where.coordinator, where.server_key, where.keys, CONNECT_NS, err);
	if (r == 0)
		r = submission_send(&file, client, &label, err);
	if (r == 0)
		printf("%s\n", label);
	client_close(client);
	submission_done(&file);
	results_close(results);
	return r == 0 ? EXIT_OK : err->code ? (int)error_exit_status(err) : EXIT_USAGE;
}

const struct command command_submit = {
	.name = "submit",
	.usage = "submit FILE [options]",
	.summary = "hand a campaign over to a coordinator and return its label",
	.details = "To --coordinator, or to the one that holds the store. 'joulerig watch LABEL' "
		   "follows\n"
		   "it.",
	.options = options,
	.options_size = sizeof(struct submit_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
