/* Whether a program that others wait for is ready, and what is said where it never is. */
#include "agent/run_parts.h"

#include <errno.h>
#include <inttypes.h>

#define LAST_BYTES 400 /* of what it printed, for a reason */

void run_ready_stop(struct runner *r)
{
	run_cancel_timer(r, &r->part.looking);
	run_cancel_timer(r, &r->part.late);
	ready_lines_free(r->part.lines);
	r->part.lines = NULL;
}

static void be_ready(struct runner *r)
{
	run_ready_stop(r);
	run_part_is_ready(r);
}

void run_ready_add_last_words(const struct runner *r, struct buf *out)
{
	const struct output *o = r->outcome.err.total > 0 ? &r->outcome.err : &r->outcome.out;
	_cleanup_buf_ struct buf text = BUF_INIT;

	output_copy(o, &text);
	while (text.len > 0 && strchr("\n\r\t ", text.data[text.len - 1]) != NULL)
		text.data[--text.len] = '\0';
	size_t start = text.len > LAST_BYTES ? text.len - LAST_BYTES : 0;
	if (text.len == 0) {
		buf_adds(out, "; it printed nothing");
		return;
	}
	buf_adds(out, "; it printed last: ");
	for (size_t i = start; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '\n')
			buf_adds(out, "; ");
		else
			buf_addc(out, c < ' ' ? ' ' : (char)c);
	}
}

static void on_late(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	_cleanup_buf_ struct buf reason = BUF_INIT;
	char timeout[32];

	(void)now_ns;
	r->part.late = NULL;
	run_ready_stop(r);
	run_format_timeout(timeout, r->assign->ready_timeout_ns);
	buf_addf(&reason, "not ready within %s: ", timeout);
	if (r->assign->ready_port != ABSENT)
		buf_addf(&reason, "nothing listens on port %" PRId64, r->assign->ready_port);
	else
		buf_addf(&reason, "no line matches '%s'", r->assign->ready_pattern);
	run_ready_add_last_words(r, &reason);
	run_part_fail(r, reason.data);
}

/* What was looked for: above 0 it is there, below 0 it never will be. */
static void look_at(struct runner *r, int found, const struct error *err)
{
	if (found == 0)
		return;
	run_ready_stop(r);
	if (found > 0)
		be_ready(r);
	else
		run_part_fail(r, err->text);
}

static void on_look(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	struct error err = {0};

	(void)now_ns;
	int found = ready_port_listens(r->assign->ready_port, &err);
	look_at(r, found, &err);
}

void run_ready_printed(struct runner *r, int which, const char *data, size_t len)
{
	struct error err = {0};

	if (r->part.lines == NULL || r->phase != PHASE_PART)
		return;
	int found = ready_lines_add(r->part.lines, which, data, len, &err);
	look_at(r, found, &err);
}

int run_ready_prepare(struct runner *r, struct error *err)
{
	const struct message_assign *a = r->assign;

	if (!run_is_other(r))
		return 0;
	if (text_is_set(a->ready_pattern)) {
		r->part.lines = ready_lines_new(a->ready_pattern, err);
		return r->part.lines != NULL ? 0 : -EINVAL;
	}
	if (a->ready_port == ABSENT)
		return 0;
	int found = ready_port_listens(a->ready_port, err);
	if (found > 0)
		return error_set(err, -EADDRINUSE,
			"ready: something listens on port %" PRId64
			" before the program is started: end it, or let the program take another",
			a->ready_port);
	return found;
}

void run_ready_look(struct runner *r)
{
	const struct message_assign *a = r->assign;
	int64_t now = clock_monotonic_ns();

	if (r->part.lines == NULL && a->ready_port == ABSENT) {
		be_ready(r);
		return;
	}
	if (a->ready_timeout_ns != ABSENT && a->ready_timeout_ns > 0)
		r->part.late =
			loop_add_timer(r->options.loop, now + a->ready_timeout_ns, 0, on_late, r);
	if (r->part.lines == NULL)
		r->part.looking = loop_add_timer(
			r->options.loop, now + READY_AGAIN_NS, READY_AGAIN_NS, on_look, r);
}
