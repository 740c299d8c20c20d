/* joulerig cancel ID: end a campaign now. */
#include "coordinator/commands/steering.h"

#include "proto/clock.h"

/* Runs that have not ended. */
struct open_runs {
	int64_t *numbers;
	size_t n, room;
};

static int on_run(void *arg, int64_t key, const struct message_cell *c, size_t n)
{
	struct open_runs *o = arg;
	const char *state = cell_text(&c[RUNS_STATE]);

	(void)n;
	if (strcmp(state, RUN_QUEUED) != 0 && strcmp(state, RUN_ASSIGNED) != 0 &&
		strcmp(state, RUN_RUNNING) != 0)
		return 0;
	if (o->n == o->room) {
		o->room = o->room ? 2 * o->room : 64;
		o->numbers = xreallocarray(o->numbers, o->room, sizeof *o->numbers);
	}
	o->numbers[o->n++] = key;
	return 0;
}

/* A campaign that was interrupted and shall not go on: nobody holds the store, so we write it. */
static int cancel_in_file(
	const struct store_ops *ops, struct store *s, const struct steered *c, struct error *err)
{
	struct open_runs o = {0};
	int r = ops->query(s, "runs", c->label, 0, INT64_MAX, NULL, on_run, &o, err);

	for (size_t i = 0; r == 0 && i < o.n; i++)
		r = ops->set_run_state(
			s, c->id, o.numbers[i], RUN_CANCELLED, "campaign cancelled", err);
	if (r == 0)
		r = ops->set_campaign_state(s, c->id, "cancelled", clock_realtime_ns(), err);
	if (r == 0)
		r = ops->add_event(s, c->id, 0, 0, "cancelled", NULL, clock_realtime_ns(), err);
	free(o.numbers);
	return r;
}

static int send_cancel(const struct steered *c, struct error *err)
{
	struct message m, answer;

	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = (struct attempt_id){.campaign = c->uuid, .run = 0, .attempt = 0};
	int r = steering_ask(c, &m, &answer, err);
	if (r == 0)
		message_done(&answer);
	return r;
}

static int run(void *target, const char **arguments, size_t n, struct error *err)
{
	struct steered c;
	int r = steering_find(&c, target, arguments[0], err);

	(void)n;
	if (r == 0)
		r = c.is_file ? steering_in_file(&c, "cancel", cancel_in_file, err)
			      : send_cancel(&c, err);
	steering_done(&c);
	return r < 0 ? (int)error_exit_status(err) : EXIT_OK;
}

const struct command command_cancel = {
	.name = "cancel",
	.usage = "cancel ID",
	.summary = "end a campaign now; what was measured stays",
	.options_size = sizeof(struct common_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
