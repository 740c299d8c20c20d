/* Steps: commands that are no run, one after the other, and what is said where one fails. */
#include "agent/run_parts.h"

#define STEP_OUTPUT MESSAGE_MAX_ANSWER
#define STEP_REASON 400 /* bytes of a failed step's output that the reason shows */

static const struct message_step *step_of(const struct runner *r)
{
	return LIST_AT(r->steps.list, struct message_step, r->steps.at);
}

/* ---- starting ---- */

static void render(struct runner *r, struct rendered *out)
{
	struct run_context c;

	if (r->steps.like_run) {
		run_fill_context(r, false, &c);
		render_run_step(out, step_of(r), r->assign, &c.context);
		run_context_done(&c);
		return;
	}
	const struct render_context context = {.directory = r->steps.directory,
		.tmp = r->tmp,
		.cpu_list = "",
		.home = run_home(r),
		.state = r->options.state,
		.threads = ABSENT};
	render_step(out, step_of(r), &context);
}

static int launch(struct runner *r, struct error *err)
{
	struct rendered command;
	bool like_run = r->steps.like_run;

	render(r, &command);
	int code = run_launch(r, &command, like_run ? r->placement.cpus : r->allowed,
		like_run ? r->placement.n : r->allowed_n, true, err);
	rendered_done(&command);
	return code;
}

static void start_step(struct runner *r)
{
	struct error err = {0};

	buf_reset(&r->steps.ended_by);
	output_reset(&r->steps.output, STEP_OUTPUT);
	if (!r->steps.like_run)
		own_threads_bind(r->options.topology, -1, &r->bound_to);
	if (launch(r, &err) < 0) {
		run_close_stream(r, STDOUT);
		error_wrap(&err, "%s", r->steps.what);
		r->steps.done(r, err.text);
		return;
	}
	run_set_timeout(r, step_of(r)->timeout_ns);
}

void run_start_steps(struct runner *r, const struct run_steps *steps)
{
	struct output output = r->steps.output;
	struct buf ended_by = r->steps.ended_by;

	r->steps = *steps;
	r->steps.output = output;
	r->steps.ended_by = ended_by.data != NULL ? ended_by : (struct buf)BUF_INIT;
	r->steps.begun_at = clock_realtime_ns();
	r->phase = PHASE_STEPS;
	start_step(r);
}

void run_steps_done(struct runner *r)
{
	output_done(&r->steps.output);
	if (r->steps.ended_by.data != NULL)
		buf_done(&r->steps.ended_by);
}

/* ---- what is said of one that failed ---- */

/* What it wrote, without white space at the end. */
static void take_output(const struct runner *r, struct buf *text)
{
	output_copy(&r->steps.output, text);
	while (text->len > 0 && strchr("\n\r\t ", text->data[text->len - 1]) != NULL)
		text->data[--text->len] = '\0';
}

/* On one line; marks (message.h) as the campaign has them, {tmp}. */
static void add_printable(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_adds(out, "; ");
		else if (*text == MARK_TMP[0])
			buf_addc(out, '{');
		else if (*text == '\003')
			buf_addc(out, '}');
		else
			buf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
}

static void add_command(const struct runner *r, struct buf *out)
{
	const struct list *command = &step_of(r)->command;

	for (size_t i = 0; i < command->n; i++) {
		buf_addc(out, ' ');
		add_printable(out, *LIST_AT(command, char *, i));
	}
}

static void add_end(const struct runner *r, const struct launch_exit *e, struct buf *out)
{
	if (r->steps.ended_by.len > 0)
		buf_adds(out, r->steps.ended_by.data);
	else if (e->failure != NULL)
		buf_adds(out, e->failure);
	else
		outcome_describe_status(out, e->status);
}

/* The end of what a failed step wrote, its lines joined. */
static void add_last_lines(const struct runner *r, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	take_output(r, &text);
	size_t start = text.len > STEP_REASON ? text.len - STEP_REASON : 0;
	const char *line = start > 0 ? memchr(text.data + start, '\n', text.len - start) : NULL;
	line = line != NULL ? line + 1 : text.data + start;
	if (*line != '\0')
		buf_adds(out, ": ");
	add_printable(out, line);
}

/* A shell's "sh: 1: x: not found" says the same without what no user cares for. */
static const char *skip_shell(const char *line)
{
	const char *p = strchr(line, ' ');

	if (p == NULL || p - line < 3 || memcmp(p - 3, "sh:", 3) != 0)
		return line;
	p += strncmp(p, " line ", 6) == 0 ? 6 : 1;
	size_t digits = strspn(p, "0123456789");
	return digits > 0 && strncmp(p + digits, ": ", 2) == 0 ? p + digits + 2 : line;
}

/* What a machine lacks, in one line: the last one that was written, or the program's name. */
static bool describe_lack(const struct runner *r, const struct launch_exit *e, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *line;

	take_output(r, &text);
	line = strrchr(text.data, '\n');
	line = line != NULL ? line + 1 : text.data;
	if (strlen(line) > STEP_REASON)
		line += strlen(line) - STEP_REASON;
	buf_addf(out, "%s: ", r->steps.what);
	if (*line != '\0') {
		add_printable(out, skip_shell(line));
		return true;
	}
	if (e->failure != NULL && strncmp(e->failure, "exec failed: ", 13) == 0 &&
		strstr(e->failure, ": No such file or directory") != NULL) {
		buf_addf(out, "%s: not found", *LIST_AT(&step_of(r)->command, char *, 0));
		return true;
	}
	return false;
}

/* "setup: make -C workloads: exit status 2: ..." */
static void describe(const struct runner *r, const struct launch_exit *e, struct buf *out)
{
	if (r->steps.is_question && r->steps.ended_by.len == 0 && describe_lack(r, e, out))
		return;
	buf_reset(out);
	buf_addf(out, "%s:", r->steps.what);
	add_command(r, out);
	buf_adds(out, ": ");
	add_end(r, e, out);
	add_last_lines(r, out);
}

void run_on_step_exit(struct runner *r, const struct launch_exit *e)
{
	run_cancel_timer(r, &r->timeout);
	run_read_stream(r, STDOUT, SIZE_MAX);
	run_close_stream(r, STDOUT);
	if (r->is_cancelled && !r->steps.is_kept) {
		run_finish_as(r, "cancelled", "");
	} else if (e->failure != NULL || e->status != 0) {
		_cleanup_buf_ struct buf reason = BUF_INIT;
		describe(r, e, &reason);
		r->steps.done(r, reason.data);
	} else if (++r->steps.at < r->steps.list->n) {
		start_step(r);
	} else {
		r->steps.done(r, NULL);
	}
}
