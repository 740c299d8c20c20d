/* A run's streams, and the launch of its process. */
#include "agent/run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>

/* ---- streams ---- */

static struct output *stream_of(struct runner *r, int which)
{
	if (r->phase == PHASE_STEPS)
		return &r->steps.output;
	return which == STDERR ? &r->outcome.err : &r->outcome.out;
}

void run_close_stream(struct runner *r, int which)
{
	if (r->pipes[which] < 0)
		return;
	loop_unwatch_fd(r->options.loop, r->pipes[which]);
	close(r->pipes[which]);
	close(r->writers[which]);
	r->pipes[which] = r->writers[which] = -1;
}

void run_read_stream(struct runner *r, int which, size_t max)
{
	static char data[65536];
	while (r->pipes[which] >= 0 && max > 0) {
		ssize_t n = read(r->pipes[which], data, sizeof data);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		output_add(stream_of(r, which), data, (size_t)n);
		run_ready_printed(r, which, data, (size_t)n);
		max -= (size_t)n < max ? (size_t)n : max;
	}
}

static void on_stream(void *arg, int fd, short revents)
{
	struct runner *r = arg;
	(void)revents;
	for (int i = 0; i < STREAMS; i++) {
		if (r->pipes[i] == fd)
			run_read_stream(r, i, 4 * 65536);
	}
}

/*
 * A pipe whose reading end is watched. We keep the writing end too: the end of a run is told by
 * joulerig-exec, and that of its streams would only wake us twice more. Returns 0 or negative.
 */
static int open_stream(struct runner *r, int which, struct error *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, "pipe");
	/* Of our end alone: the command's must block. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	r->pipes[which] = fds[0];
	r->writers[which] = fds[1];
	loop_watch_fd(r->options.loop, fds[0], POLLIN, on_stream, r);
	return 0;
}

/* ---- launching ---- */

bool run_give_to_user(struct runner *r)
{
	const char *user = r->assign->user, *state = r->options.state;
	struct error err = {0};
	int code = launch_give_to_user(r->tmp, state, user, &err);

	if (code == 0)
		code = launch_give_to_user(r->work->directory, state, user, &err);
	if (code < 0)
		run_finish_as(r, "skipped", err.text);
	return code == 0;
}

const char *run_home(const struct runner *r)
{
	const struct passwd *p = r->assign->user != NULL ? getpwnam(r->assign->user) : NULL;

	return p != NULL ? p->pw_dir : NULL;
}

void run_fill_context(struct runner *r, bool is_pinned, struct run_context *out)
{
	const struct message_assign *a = r->assign;

	*out = (struct run_context){.exports = BUF_INIT};
	size_t n =
		placement_environment(&r->placement, a->cpus, is_pinned, r->preload, &out->exports);
	n = n < RUN_EXPORTS ? n : RUN_EXPORTS;
	for (size_t i = 0, at = 0; i < n; i++) {
		out->list[i] = out->exports.data + at;
		at += strlen(out->list[i]) + 1;
	}
	out->context = (struct render_context){.directory = r->work->directory,
		.tmp = r->tmp,
		.cpu_list = r->cpu_list,
		.threads = a->cpus,
		.exports = out->list,
		.exports_n = n,
		.addresses = &r->part.addresses,
		.home = run_home(r),
		.state = r->options.state};
}

void run_context_done(struct run_context *c)
{
	buf_done(&c->exports);
}

/* Launch with both streams, or both into stdout's pipe. */
int run_launch(struct runner *r, const struct rendered *c, const int *cpus, size_t cpus_n,
	bool has_one_stream, struct error *err)
{
	int code = open_stream(r, STDOUT, err);
	if (code == 0 && !has_one_stream)
		code = open_stream(r, STDERR, err);
	if (code < 0)
		return code;
	const struct launch_spec spec = {
		.argv = (const char *const *)c->argv,
		.env = (const char *const *)c->env,
		.workdir = c->workdir,
		.cpus = cpus,
		.cpus_n = cpus_n,
		.stdout_fd = r->writers[STDOUT],
		.stderr_fd = r->writers[has_one_stream ? STDOUT : STDERR],
		.cgroup_fd = r->cgroup != NULL ? cgroup_fd(r->cgroup) : -1,
		/* Setup comes before the run has its CPUs: what is local is not known. */
		.memory = r->nodes != NULL ? r->assign->memory : NULL,
		.memory_nodes = r->nodes,
		.user = r->assign->user,
		.processes = r->phase != PHASE_STEPS && r->assign->processes_limit != ABSENT &&
					     (r->cgroup == NULL || !cgroups_has(r->cgroups, "pids"))
				     ? r->assign->processes_limit
				     : 0,
	};
	return launcher_start(r->launcher, &spec, err);
}

void run_format_timeout(char out[32], int64_t ns)
{
	static const struct {
		int64_t factor;
		const char *name;
	} units[] = {{3600 * NS_PER_S, "h"}, {60 * NS_PER_S, "min"}, {NS_PER_S, "s"},
		{NS_PER_MS, "ms"}, {1000, "us"}, {1, "ns"}};
	size_t i = 0;
	while (ns % units[i].factor != 0)
		i++;
	snprintf(out, 32, "%" PRId64 "%s", ns / units[i].factor, units[i].name);
}

static void on_timeout(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	char text[32];
	(void)now_ns;
	r->timeout = NULL;
	if (r->phase == PHASE_STEPS) { /* run_on_step_exit() says it in full */
		const struct message_step *step =
			LIST_AT(r->steps.list, struct message_step, r->steps.at);
		run_format_timeout(text, step->timeout_ns);
		buf_addf(&r->steps.ended_by, "timeout: %s", text);
	} else {
		run_format_timeout(text, r->assign->timeout_ns);
		outcome_decide(&r->outcome, "timeout", "timeout: %s", text);
	}
	launcher_kill(r->launcher);
}

void run_set_timeout(struct runner *r, int64_t after_ns)
{
	if (after_ns != ABSENT && after_ns > 0)
		r->timeout = loop_add_timer(
			r->options.loop, clock_monotonic_ns() + after_ns, 0, on_timeout, r);
}
