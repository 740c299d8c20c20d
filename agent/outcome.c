#include "agent/outcome.h"

#include "agent/spool.h"

#include <stdio.h>
#include <sys/wait.h>

void outcome_reset(struct outcome *o, int64_t output_limit)
{
	if (o->reason.data == NULL)
		o->reason = (struct buf)BUF_INIT;
	buf_reset(&o->reason);
	free(o->cpus);
	o->cpus = NULL;
	o->state = NULL;
	o->role = NULL;
	o->started_at = o->exit_code = o->signal = ABSENT;
	measured_reset(&o->measured);
	o->chunks = o->thinned = 0;
	output_reset(&o->out, output_limit);
	output_reset(&o->err, output_limit);
}

void outcome_done(struct outcome *o)
{
	if (o->reason.data != NULL)
		buf_done(&o->reason);
	free(o->cpus);
	output_done(&o->out);
	output_done(&o->err);
}

void outcome_decide(struct outcome *o, const char *state, const char *format, ...)
{
	va_list ap;
	if (o->state != NULL)
		return;
	o->state = state;
	buf_reset(&o->reason);
	va_start(ap, format);
	buf_vaddf(&o->reason, format, ap);
	va_end(ap);
}

void outcome_describe_status(struct buf *out, int status)
{
	if (WIFSIGNALED(status))
		buf_addf(out, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		buf_addf(out, "exit status %d", WEXITSTATUS(status));
}

int64_t outcome_effective_cores(int64_t cpu_ns, int64_t time_ns)
{
	return time_ns > 0 ? (int64_t)((__int128)cpu_ns * 1000000 / time_ns) : ABSENT;
}

void outcome_add_status(struct outcome *o, const struct launch_exit *e)
{
	if (WIFSIGNALED(e->status))
		o->signal = WTERMSIG(e->status);
	else
		o->exit_code = WEXITSTATUS(e->status);
}

void outcome_add_exit(struct outcome *o, const struct launch_exit *e, int64_t start_raw_ns)
{
	struct measured *m = &o->measured;
	int64_t time_ns = e->end_ns - start_raw_ns;

	outcome_add_status(o, e);
	measured_metric(m, "time", "ns", time_ns);
	measured_metric(m, "time.user", "ns", e->user_ns);
	measured_metric(m, "time.system", "ns", e->system_ns);
	measured_metric(m, "cores.effective", "u1",
		outcome_effective_cores(e->user_ns + e->system_ns, time_ns));
	measured_metric(m, "memory.peak", "B", e->maxrss);
	measured_metric(m, "context_switches.voluntary", "1", e->voluntary);
	measured_metric(m, "context_switches.involuntary", "1", e->involuntary);
	measured_metric(m, "page_faults.minor", "1", e->minor_faults);
	measured_metric(m, "page_faults.major", "1", e->major_faults);
	if (e->killed > 0)
		measured_flag(m, "leftovers");
}

void outcome_decide_exit(struct outcome *o, const struct launch_exit *e)
{
	_cleanup_buf_ struct buf why = BUF_INIT;

	outcome_describe_status(&why, e->status);
	outcome_decide(o, e->status == 0 ? "done" : "failed", "%s", why.data);
}

/* ---- frames ---- */

static void add_frame(struct buf *payload, const struct message *m)
{
	size_t begun = spool_frame_begin(payload);
	message_encode(m, payload);
	spool_frame_end(payload, begun);
}

void outcome_encode_piece(const char *stream, const struct attempt_id *id, int64_t offset,
	const void *data, size_t len, struct buf *payload)
{
	struct message m;

	message_init(&m, MESSAGE_OUTPUT);
	m.output.id = *id;
	m.output.stream = stream;
	m.output.offset = offset;
	m.output.data = (struct blob){data, len};
	add_frame(payload, &m);
}

static void encode_stream(
	const char *name, const struct attempt_id *id, const struct buf *kept, struct buf *payload)
{
	for (size_t at = 0; at < kept->len; at += MESSAGE_CHUNK) {
		size_t len = kept->len - at < MESSAGE_CHUNK ? kept->len - at : MESSAGE_CHUNK;
		outcome_encode_piece(name, id, (int64_t)at, kept->data + at, len, payload);
	}
}

/* The kept part of a stream: into data where it is short, as OUTPUT frames where not. text holds it
 * meanwhile. */
static void place_stream(const struct output *o, const char *name, const struct attempt_id *id,
	struct buf *text, struct blob *data, struct buf *payload)
{
	output_copy(o, text);
	if (text->len <= OUTCOME_INLINE)
		*data = (struct blob){text->data, text->len};
	else
		encode_stream(name, id, text, payload);
}

void outcome_encode(const struct outcome *o, const struct attempt_id *id,
	const struct message_requirement *found, struct buf *payload)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_buf_ struct buf err = BUF_INIT;
	struct message m;
	message_init(&m, MESSAGE_RESULT);
	place_stream(&o->out, "stdout", id, &out, &m.result.stdout_data, payload);
	place_stream(&o->err, "stderr", id, &err, &m.result.stderr_data, payload);
	m.result.id = *id;
	m.result.state = o->state;
	m.result.reason = o->reason.len > 0 ? o->reason.data : NULL;
	/* A run that is done has no reason, but perhaps something to be told. */
	if (strcmp(o->state, "done") == 0 && o->measured.note[0] != '\0')
		m.result.reason = o->measured.note;
	m.result.started_at = o->started_at;
	m.result.exit_code = o->exit_code;
	m.result.signal = o->signal;
	m.result.metrics = (struct list){o->measured.metrics, o->measured.n};
	m.result.flags = (struct list){o->measured.flags, o->measured.flags_n};
	m.result.cpus = o->cpus;
	m.result.chunks = o->chunks;
	m.result.thinned = o->thinned;
	m.result.stdout_kept = (int64_t)out.len;
	m.result.stderr_kept = (int64_t)err.len;
	m.result.stdout_total = o->out.total;
	m.result.stderr_total = o->err.total;
	m.result.stdout_head = (int64_t)output_head(&o->out);
	m.result.stderr_head = (int64_t)output_head(&o->err);
	m.result.role = o->role;
	m.result.requirement = (struct list){found, found != NULL ? 1 : 0};
	add_frame(payload, &m);
}
