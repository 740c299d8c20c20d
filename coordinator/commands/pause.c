/* joulerig pause ID: a campaign waits until `joulerig resume ID`. */
#include "coordinator/commands/steering.h"

#include "proto/clock.h"
#include <stdio.h>

struct pause_options {
	struct common_options common;
	bool now;
};

static const struct option_info options[] = {
	{"now", OPTION_FLAG, offsetof(struct pause_options, now), NULL,
		"end what runs, and run it again later; else it is let end", NULL},
	{.name = NULL},
};

/* Nobody runs it: it is kept from going on when a coordinator takes up its store. */
static int pause_in_file(
	const struct store_ops *ops, struct store *s, const struct steered *c, struct error *err)
{
	int r = 0;

	if (strcmp(c->state, "paused") != 0)
		r = ops->set_campaign_state(s, c->id, "paused", ABSENT, err);
	if (r == 0 && strcmp(c->state, "paused") != 0)
		r = ops->add_event(s, c->id, 0, 0, "paused", NULL, clock_realtime_ns(), err);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	const struct pause_options *o = target;
	struct steered c;
	int r = steering_find(&c, &o->common, arguments[0], err);

	(void)n;
	if (r == 0 && c.is_file) {
		r = steering_in_file(&c, "pause", pause_in_file, err);
		if (r == 0)
			fprintf(stderr, "%s  paused\n", c.label);
	} else if (r == 0) {
		r = steering_campaign(&c, "pause", o->now, err);
	}
	steering_done(&c);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_pause = {
	.name = "pause",
	.usage = "pause ID [--now]",
	.summary = "let a campaign wait; 'joulerig resume ID' goes on with it",
	.details = "What waits at its hosts is called off, what runs there is let end and counts. "
		   "Other campaigns\nhave the hosts meanwhile; the time of its budget stands "
		   "still. It stays paused when the\ncoordinator is started anew.",
	.options = options,
	.options_size = sizeof(struct pause_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
