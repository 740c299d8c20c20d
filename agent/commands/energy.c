/*
 * energy.c - `joulerig-agent energy`: a power meter, for a time or around a command
 *
 * The report of a time goes to stdout. Around a command stdout belongs to the command, so the
 * report goes to stderr; with
 * --format json stdout holds the report and nothing else, so the command's own output goes to
 * stderr.
 */
#include "agent/commands/commands.h"
#include "agent/sources/counter.h"
#include "proto/clock.h"
#include "proto/units.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

extern char **environ;

struct options {
	struct agent_common_options common;
	int64_t time_ns;
};

static const struct option_info option_table[] = {
	{"for", OPTION_DURATION, offsetof(struct options, time_ns), "DURATION",
		"measure this long: 10s", NULL},
	{"source", OPTION_TEXT, offsetof(struct options, common.source), "SOURCE",
		"auto (the default), powercap, perf or msr", agent_energy_sources},
	{.name = NULL},
};

struct measurement {
	struct energy_meter *meter;
	struct energy_window *window;
	int64_t start_ns, end_ns; /* CLOCK_MONOTONIC_RAW */
	int exit_status;          /* of the command */
};

static volatile sig_atomic_t is_interrupted;

static void note_signal(int signo)
{
	(void)signo;
	is_interrupted = 1;
}

/* Interrupting the meter ends the measurement, and what was measured so far is shown. */
static void catch_interrupt(void)
{
	struct sigaction act = {.sa_handler = note_signal};

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

static void begin(struct measurement *x)
{
	energy_begin(x->meter, x->window, true);
	x->start_ns = clock_raw_ns();
}

static void end(struct measurement *x)
{
	x->end_ns = clock_raw_ns();
	energy_end(x->meter, x->window);
}

/* Waiting time until the next reading, at most left_ns, in ms rounded up; polled ten times a second
 * for the peak power. */
static int poll_timeout_ms(const struct measurement *x, int64_t left_ns)
{
	int64_t period = energy_poll_period_ns(x->meter);

	period = period < NS_PER_S / 10 ? period : NS_PER_S / 10;
	period = left_ns < period ? left_ns : period;
	return (int)((period + NS_PER_MS - 1) / NS_PER_MS);
}

static void measure_time(struct measurement *x, int64_t time_ns)
{
	catch_interrupt();
	begin(x);
	for (;;) {
		int64_t left = x->start_ns + time_ns - clock_raw_ns();
		if (left <= 0 || is_interrupted)
			break;
		poll(NULL, 0, poll_timeout_ms(x, left));
		energy_poll(x->meter, x->window, NULL);
	}
	end(x);
}

static int spawn(pid_t *pid, const char **arguments, bool to_stderr, struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	if (to_stderr)
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	int r = posix_spawnp(pid, arguments[0], &actions, &attr, (char *const *)arguments, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return error_set(err, -r, "energy: cannot start %s: %s", arguments[0], strerror(r));
	return 0;
}

static volatile sig_atomic_t command_pid;

static void pass_on(int signo)
{
	int error = errno;

	if (command_pid > 0)
		kill(command_pid, signo);
	errno = error;
}

/* The command gets the terminal's signals itself, and from us what is sent to the meter alone; the
 * meter outlives it to report. */
static int measure_command(
	struct measurement *x, const char **arguments, bool to_stderr, struct error *err)
{
	const struct sigaction passing = {.sa_handler = pass_on};
	pid_t pid;
	int status, ready = 0;

	signal(SIGINT, SIG_IGN);
	begin(x);
	int r = spawn(&pid, arguments, to_stderr, err);
	if (r != 0) {
		x->exit_status = r == -ENOENT ? 127 : 126; /* as a shell has it */
		return r;
	}
	command_pid = pid;
	sigaction(SIGTERM, &passing, NULL);
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	struct pollfd watch = {.fd = fd, .events = POLLIN};
	while (fd >= 0 && (ready == 0 || (ready < 0 && errno == EINTR))) {
		ready = poll(&watch, 1, poll_timeout_ms(x, INT64_MAX));
		if (ready == 0)
			energy_poll(x->meter, x->window, NULL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	command_pid = 0;
	end(x);
	x->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

static double outer(const char *inner, int64_t value)
{
	const struct unit *u = unit_by_inner(inner);

	return (double)value / (double)(u != NULL ? u->divisor : 1);
}

static const char *outer_unit(const char *inner)
{
	const struct unit *u = unit_by_inner(inner);

	return u != NULL ? u->outer : inner;
}

static void print_json(const struct measurement *x, const struct measured *r, bool has_command)
{
	json_t *metrics = json_object(), *units = json_object(), *uncertainty = json_object();
	json_t *deviation = json_object(), *flags = json_array();

	json_object_set_new(metrics, "time", json_real(outer("ns", x->end_ns - x->start_ns)));
	json_object_set_new(units, "time", json_string("s"));
	for (size_t i = 0; i < r->n; i++) {
		const struct message_metric *m = &r->metrics[i];
		json_object_set_new(metrics, m->name, json_real(outer(m->unit, m->value)));
		json_object_set_new(units, m->name, json_string(outer_unit(m->unit)));
		if (m->uncertainty != ABSENT)
			json_object_set_new(
				uncertainty, m->name, json_real(outer(m->unit, m->uncertainty)));
		if (m->deviation != ABSENT)
			json_object_set_new(
				deviation, m->name, json_real(outer(m->unit, m->deviation)));
	}
	for (size_t i = 0; i < r->flags_n; i++)
		json_array_append_new(flags, json_string(r->flags[i]));
	agent_print_json(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "source",
		energy_source_name(x->meter), "exit_code",
		has_command ? json_integer(x->exit_status) : json_null(), "metrics", metrics,
		"units", units, "uncertainty", uncertainty, "deviation", deviation, "flags", flags,
		"note", r->note[0] != '\0' ? json_string(r->note) : json_null()));
}

/* Joules with their bound and watts, one line a zone; decimals as far as the bound makes sense of
 * them. */
static void print_table(FILE *out, const struct measurement *x, const struct measured *r)
{
	int64_t time_ns = x->end_ns - x->start_ns;

	for (size_t i = 0; i < r->n; i++) {
		const struct message_metric *m = &r->metrics[i];
		if (strcmp(m->unit, "uJ") != 0)
			continue;
		double bound = outer(m->unit, m->uncertainty);
		int digits = bound < 0.01 ? 4 : bound < 0.1 ? 3 : bound < 1 ? 2 : 1;
		fprintf(out, "%14.*f J  ± %-9.*f %10.3f W   %s\n", digits, outer(m->unit, m->value),
			digits, bound, outer("uW", counter_power_uw(m->value, time_ns)), m->name);
	}
	fprintf(out, "%14.6f s\n", outer("ns", time_ns));
	if (r->flags_n > 0) {
		fprintf(out, "flags:");
		for (size_t i = 0; i < r->flags_n; i++)
			fprintf(out, " %s", r->flags[i]);
		fprintf(out, "\n");
	}
	if (r->note[0] != '\0')
		fprintf(out, "%s\n", r->note);
}

static int measure(struct measurement *x, const struct options *o, const char **arguments, size_t n,
	struct error *err)
{
	static struct measured result;
	bool wants_json = agent_wants_json(&o->common);

	if (n > 0) {
		if (measure_command(x, arguments, wants_json, err) != 0)
			return x->exit_status;
	} else {
		measure_time(x, o->time_ns);
	}
	measured_reset(&result);
	energy_results(x->meter, x->window, x->start_ns, x->end_ns, NULL, &result);
	if (wants_json)
		print_json(x, &result, n > 0);
	else
		print_table(n > 0 ? stderr : stdout, x, &result);
	if (n > 0)
		return x->exit_status;
	return is_interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

static int run(void *options, const char **arguments, size_t n, struct error *err)
{
	const struct options *o = options;
	struct measurement x = {0};
	struct instrument i;

	if ((n == 0) == (o->time_ns == 0)) {
		error_set(err, ERR_USAGE, "energy: either --for DURATION or -- COMMAND is needed");
		return EXIT_USAGE;
	}
	if (instrument_open(&i, &o->common, true, err) != 0)
		return EXIT_UNAVAILABLE;
	if (energy_source_name(i.meter) == NULL) {
		*err = i.why;
		instrument_close(&i);
		return EXIT_UNAVAILABLE;
	}
	x.meter = i.meter;
	x.window = energy_window_new(i.meter);
	int status = measure(&x, o, arguments, n, err);
	energy_window_free(x.window);
	instrument_close(&i);
	return status;
}

const struct agent_command agent_command_energy = {
	.name = "energy",
	.usage = "energy --for DURATION | energy [--format json] -- COMMAND [ARGUMENT ...]",
	.summary = "a power meter: joules and watts of every zone",
	.details =
		"With COMMAND the report goes to stderr and the exit status is the command's. "
		"With --format json the\n"
		"report is alone on stdout, and the command's own output goes to stderr. ± is "
		"the half-width of a\n"
		"hard bound from the steps of the counters; how well the counters model the "
		"power is "
		"not part of it.\n"
		"A time too short for the counters gets no energy, and is told how often the work "
		"would have to\n"
		"be repeated.",
	.options = option_table,
	.options_size = sizeof(struct options),
	.takes_command = true,
	.run = run,
};
