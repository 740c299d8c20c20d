/* Setup: steps that are done once for a tree of files, before the first run that needs them. */
#include "agent/run_parts.h"

#define SETUP_OUTPUT (64 * 1024)
#define SETUP_REASON 400 /* bytes of a failed step's output that the reason shows */

void run_start_step(struct runner *r)
{
	struct error err = {0};
	const struct message_step *step = LIST_AT(&r->assign->setup, struct message_step, r->step);
	/* Without files of its own a campaign may start in a folder of this machine: so do its
	 * steps. */
	bool is_elsewhere = r->assign->tree.data == NULL && r->assign->workdir != NULL &&
			    r->assign->workdir[0] == '/';
	const struct render_context context = {
		.directory = is_elsewhere ? r->assign->workdir : r->work->directory,
		.tmp = r->tmp,
		.cpu_list = "",
		.home = run_home(r),
		.state = r->options.state,
		.threads = ABSENT};
	struct rendered command;

	r->phase = PHASE_SETUP;
	if (!run_give_to_user(r))
		return;
	buf_reset(&r->chunk);
	output_reset(&r->outcome.out, SETUP_OUTPUT);
	own_threads_bind(r->options.topology, -1, &r->bound_to);
	render_step(&command, step, &context);
	int code = run_launch(r, &command, r->allowed, r->allowed_n, true, &err);
	rendered_done(&command);
	if (code < 0) {
		error_wrap(&err, "setup");
		run_finish_as(r, "failed", err.text);
		return;
	}
	run_set_timeout(r, step->timeout_ns);
}

/* The end of what a failed step wrote, its lines joined. */
static void add_last_lines(struct buf *out, const struct output *o)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	output_copy(o, &text);
	while (text.len > 0 && strchr("\n\r\t ", text.data[text.len - 1]) != NULL)
		text.data[--text.len] = '\0';
	size_t start = text.len > SETUP_REASON ? text.len - SETUP_REASON : 0;
	const char *line = start > 0 ? memchr(text.data + start, '\n', text.len - start) : NULL;
	line = line != NULL ? line + 1 : text.data + start;
	if (*line != '\0')
		buf_adds(out, ": ");
	for (; *line != '\0'; line++) {
		if (*line == '\n')
			buf_adds(out, "; ");
		else
			buf_addc(out, (unsigned char)*line < ' ' ? ' ' : *line);
	}
}

/* "setup: make -C workloads: exit status 2: ..." */
static void describe_setup(struct runner *r, const struct launch_exit *e, struct buf *out)
{
	const struct list *command =
		&LIST_AT(&r->assign->setup, struct message_step, r->step)->command;
	buf_adds(out, "setup:");
	for (size_t i = 0; i < command->n; i++)
		buf_addf(out, " %s", *LIST_AT(command, char *, i));
	buf_adds(out, ": ");
	if (r->chunk.len > 0)
		buf_adds(out, r->chunk.data);
	else if (e->failure != NULL)
		buf_adds(out, e->failure);
	else
		outcome_describe_status(out, e->status);
	add_last_lines(out, &r->outcome.out);
}

void run_on_setup_exit(struct runner *r, const struct launch_exit *e)
{
	run_cancel_timer(r, &r->timeout);
	run_read_stream(r, STDOUT, SIZE_MAX);
	run_close_stream(r, STDOUT);
	if (r->is_cancelled) {
		run_finish_as(r, "cancelled", "");
		return;
	}
	if (e->failure != NULL || e->status != 0) {
		_cleanup_buf_ struct buf reason = BUF_INIT;
		describe_setup(r, e, &reason);
		files_setup_done(r->options.files, r->work, reason.data);
	} else if (++r->step < r->assign->setup.n) {
		run_start_step(r);
		return;
	} else {
		files_setup_done(r->options.files, r->work, NULL);
	}
	output_reset(&r->outcome.out, r->assign->output_limit);
	run_advance(r);
}
