/*
 * joulerig rerun ID: what was submitted once, submitted again, with its own file and contents; or,
 * with --failed, what failed of it queued again.
 */
#include "coordinator/commands/run.h"
#include "coordinator/commands/steering.h"
#include "coordinator/commands/submission.h"
#include "coordinator/dispatch/more.h"
#include "proto/clock.h"
#include <stdio.h>

#define CONNECT_NS (5 * NS_PER_S)

struct rerun_options {
	struct common_options common;
	struct submission_options submission;
	const char *against, *root;
	int64_t agents;
	bool failed;
};

static const struct option_info options[] = {
	{"failed", OPTION_FLAG, offsetof(struct rerun_options, failed), NULL,
		"no new submission: what failed of it runs again", NULL},
	{"against", OPTION_TEXT, offsetof(struct rerun_options, against), "ID",
		"this submission's contents, interleaved with its own", NULL},
	SUBMISSION_OPTIONS(struct rerun_options, submission),
	LABEL_OPTION(struct rerun_options, submission),
	PRIORITY_OPTION(struct rerun_options, submission),
	{"root", OPTION_TEXT, offsetof(struct rerun_options, root), "DIR",
		"here: where the agent finds proc/ and sys/ of the measured machine", NULL},
	{"agents", OPTION_COUNT, offsetof(struct rerun_options, agents), "N",
		"here: start N agents, each with its share of the CPUs", NULL},
	{.name = NULL},
};

static const struct rerun_options defaults = {.submission = SUBMISSION_DEFAULTS, .agents = 1};

static int rerun_there(
	const struct steered *c, const struct message_submit *submit, struct error *err)
{
	struct client *client = NULL;
	_cleanup_free_ char *label = NULL;
	int r = client_open(
		&client, c->where.coordinator, c->where.server_key, c->where.keys, CONNECT_NS, err);

	if (r == 0)
		r = submission_send_again(submit, client, &label, err);
	if (r == 0)
		printf("%s\n", label);
	client_close(client);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

static int rerun_here(
	const struct rerun_options *o, const struct message_submit *submit, struct error *err)
{
	const struct run_place place = {.common = o->common, .root = o->root, .agents = o->agents};
	struct dispatch_request request = {
		.changes = submit->changes,
		.priority = submit->priority,
		.again = submit->again,
		.against = submit->against,
	};

	return run_request(&place, &request, err);
}

/* The label of the submission that the user typed, of the same store. */
static int find_against(const struct steered *c, const char *typed, char **out, struct error *err)
{
	*out = typed != NULL ? results_label(c->results, typed, err) : NULL;
	return typed != NULL && *out == NULL ? err->code : 0;
}

static int submit_again(const struct rerun_options *o, struct steered *c, struct error *err)
{
	_cleanup_free_ char *changes = NULL, *against = NULL;
	struct message m;

	message_init(&m, MESSAGE_SUBMIT);
	m.submit.priority = 0;
	int r = submission_changes(&changes, &o->submission, err);
	if (r == 0)
		r = submission_priority(o->submission.priority, &m.submit.priority, err);
	if (r == 0)
		r = find_against(c, o->against, &against, err);
	if (r < 0)
		return (int)error_exit_status(err);
	m.submit.campaign = "";
	m.submit.file = "";
	m.submit.changes = changes;
	m.submit.again = c->label;
	m.submit.against = against;
	if (!c->is_file)
		return rerun_there(c, &m.submit, err);
	results_close(c->results);
	c->results = NULL;
	return rerun_here(o, &m.submit, err);
}

/* ---- --failed ---- */

static int write_failed(const struct store_ops *ops, struct store *s, const struct steered *c,
	void *arg, struct error *err)
{
	struct kept k;
	int r = kept_find(&k, ops, s, c->label, "rerun", err);

	if (r == 0)
		r = more_rerun_failed(&k, clock_realtime_ns(), ops, s, arg, err);
	kept_done(&k);
	return r;
}

static int rerun_failed(struct steered *c, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct message m;
	int64_t n = 0;
	int r;

	message_init(&m, MESSAGE_STEER);
	m.steer.verb = "rerun";
	if (!c->is_file)
		return steering_more(c, &m, err);
	r = steering_write(c, write_failed, &n, err);
	text = xasprintf("%lld of its runs are queued again", (long long)n);
	if (r == 0)
		steering_say_resume(c, text);
	return r;
}

/* What says how a new submission is to be is of no use to one that is there. */
static int check_failed(const struct rerun_options *o, struct error *err)
{
	const struct submission_options *s = &o->submission;

	if (o->against == NULL && s->set.n == 0 && s->only == NULL && s->blocks == ABSENT &&
		s->seed == ABSENT && s->label.n == 0 && s->priority == NULL)
		return 0;
	return error_set(err, ERR_USAGE,
		"rerun: --failed runs again what failed of this submission, as it is: it goes with "
		"none of the options that make a new one");
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct rerun_options *o = target;
	struct steered c;
	int status;

	(void)n;
	if (o->failed && check_failed(o, err) < 0)
		return EXIT_USAGE;
	int r = steering_find(&c, &o->common, arguments[0], err);
	if (r == 0 && o->failed)
		status = (r = rerun_failed(&c, err)) < 0 ? (int)error_exit_status(err) : EXIT_OK;
	else
		status = r < 0 ? (int)error_exit_status(err) : submit_again(o, &c, err);
	steering_done(&c);
	return status;
}

const struct command command_rerun = {
	.name = "rerun",
	.usage = "rerun ID [--failed | --against ID2] [options]",
	.summary = "submit a campaign again, with the contents of then, or what failed of it",
	.details =
		"Its file, changes and files are those of ID, git sources at the commits of then; "
		"options change\nit on top. A coordinator that has the store gets it, and its "
		"label "
		"is printed, as by\n'submit'; else it runs here, as by 'run'. With --against both "
		"submissions' contents run\ninterleaved, paired in every block, as values of an "
		"axis 'content': 'joulerig compare NEW'\nsays whether they differ. With --failed "
		"it "
		"is the same submission that goes on: its counted\nruns that failed or timed out "
		"run again; what they had stays with their attempts.",
	.options = options,
	.options_size = sizeof(struct rerun_options),
	.defaults = &defaults,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
