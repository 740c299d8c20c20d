#include "agent/run.h"

#include "agent/run_parts.h"
#include "agent/sources/perf_migrations.h"

#define STARTED_AFTER_NS (200 * NS_PER_MS)
#define SAMPLER_DELAY_NS (20 * NS_PER_MS)
#define FRAMES_KEPT      (1024 * 1024) /* a larger buffer is given back between runs */

static void on_ready(void *arg, pid_t pid, const int *cpus, size_t cpus_n);
static void on_exit_report(void *arg, const struct launch_exit *e);

/* ---- opening ---- */

static void list_allowed(struct runner *r)
{
	const struct topology *t = r->options.topology;
	r->allowed = xcalloc(t->n + 1, sizeof *r->allowed);
	for (size_t i = 0; i < t->n; i++) {
		if (t->cpus[i].is_allowed)
			r->allowed[r->allowed_n++] = t->cpus[i].cpu;
	}
}

int runner_open(struct runner **out, const struct runner_options *options,
	const struct runner_handler *handler, struct error *err)
{
	struct runner *r = xcalloc(1, sizeof *r);
	r->options = *options;
	r->handler = *handler;
	r->bound_to = -1;
	r->migrations = -1;
	r->pipes[STDOUT] = r->pipes[STDERR] = -1;
	r->frames = (struct buf)BUF_INIT;
	r->chunk = (struct buf)BUF_INIT;
	r->tmp_dir = xasprintf("%s/tmp", options->state);
	r->migrations_anchor = perf_migrations_probe(NULL);
	list_allowed(r);
	if (options->meter != NULL && energy_source_name(options->meter) != NULL)
		r->window = energy_window_new(options->meter);
	/* What a killed agent left there belongs to runs that are lost. */
	remove_tree(r->tmp_dir);
	int code = files_make_directory(r->tmp_dir, err);
	struct launch_handler launch = {.on_ready = on_ready, .on_exit = on_exit_report, .arg = r};
	if (code == 0)
		code = launcher_open(&r->launcher, options->loop, &launch, err);
	if (code < 0) {
		runner_close(r);
		return code;
	}
	*out = r;
	return 0;
}

/* ---- the end of a run, however it came to it ---- */

void run_cancel_timer(struct runner *r, struct loop_timer **t)
{
	loop_cancel_timer(r->options.loop, *t);
	*t = NULL;
}

static void give_back(struct runner *r)
{
	for (int i = 0; i < STREAMS; i++)
		run_close_stream(r, i);
	run_cancel_timer(r, &r->timeout);
	run_cancel_timer(r, &r->started);
	run_cancel_timer(r, &r->sampling);
	if (r->tmp != NULL)
		remove_tree(r->tmp);
	free(r->tmp);
	free(r->cpu_list);
	r->tmp = r->cpu_list = NULL;
	placement_done(&r->placement);
	r->placement = (struct placement){0};
}

/* The state is decided: make the frames, be idle, tell. Nothing may follow a call of this. */
static void finish(struct runner *r)
{
	const struct attempt_id id = r->assign->id;
	outcome_encode(&r->outcome, &id, &r->frames);
	give_back(r);
	r->phase = PHASE_IDLE;
	r->assign = NULL;
	r->work = NULL;
	r->ready = 0;
	r->handler.on_end(r->handler.arg, &id, &r->frames);
}

void run_finish_as(struct runner *r, const char *state, const char *reason)
{
	outcome_decide(&r->outcome, state, "%s", reason);
	finish(r);
}

/* ---- the run itself ---- */

/* Whether energy is measured, and what is said where it is not. Returns false where the run must
 * not be. */
static bool decide_energy(struct runner *r)
{
	const char *wish = r->assign->energy != NULL ? r->assign->energy : "auto";
	const char *why =
		r->options.meter != NULL ? energy_why_not(r->options.meter) : "no energy meter";
	r->measured = strcmp(wish, "off") != 0 ? r->window : NULL;
	if (r->measured == NULL && strcmp(wish, "require") == 0) {
		outcome_decide(&r->outcome, "failed", "energy is required: %s", why);
		return false;
	}
	return true;
}

static void start_run(struct runner *r)
{
	struct error err = {0};
	const struct message_assign *a = r->assign;
	struct placement_request request = {.cpus = a->cpus, .policy = a->policy};
	struct rendered command;

	if (!decide_energy(r)) {
		finish(r);
		return;
	}
	if (placement_choose(r->options.topology, &request, &r->placement, &err) < 0) {
		run_finish_as(r, "skipped", err.text);
		return;
	}
	r->phase = PHASE_PREPARING;
	r->cpu_list = cpu_list_format(r->placement.cpus, r->placement.n);
	own_threads_bind(r->options.topology,
		r->placement.uses_housekeeping ? -1 : r->options.topology->housekeeping,
		&r->bound_to);
	const struct render_context context = {.directory = r->work->directory,
		.tmp = r->tmp,
		.cpu_list = r->cpu_list,
		.threads = a->cpus};
	render_run(&command, a, &context);
	int code = run_launch(r, &command, r->placement.cpus, r->placement.n, false, &err);
	rendered_done(&command);
	if (code < 0)
		run_finish_as(r, "failed", err.text);
}

/* From one phase to the next, as far as nothing has to be waited for. */
void run_advance(struct runner *r)
{
	struct error err = {0};
	r->phase = PHASE_FILES;
	switch (files_prepare(r->options.files, r->work, r->assign)) {
	case WORK_MISSING:
		return;
	case WORK_FAILED:
		run_finish_as(r, "failed", r->work->reason);
		return;
	case WORK_SETUP:
	case WORK_READY:
		break;
	}
	if (r->tmp == NULL && run_make_tmp(r, &err) < 0)
		run_finish_as(r, "failed", err.text);
	else if (r->work->state == WORK_SETUP)
		run_start_step(r);
	else
		start_run(r);
}

void runner_start(struct runner *r, const struct message_assign *a)
{
	r->assign = a;
	r->step = 0;
	r->is_cancelled = r->is_sampling = false;
	r->ready = 0;
	r->measured = NULL;
	r->migrations = -1;
	r->chunks_taken = 0;
	if (r->frames.size > FRAMES_KEPT)
		buf_done(&r->frames);
	buf_reset(&r->frames);
	outcome_reset(&r->outcome, a->output_limit);
	r->work = files_work(r->options.files, a);
	run_advance(r);
}

/* ---- while it runs ---- */

static void on_started_due(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	(void)now_ns;
	r->started = NULL;
	r->handler.on_started(
		r->handler.arg, &r->assign->id, r->outcome.started_at, r->start_raw_ns);
}

static void set_timers(struct runner *r)
{
	int64_t now = clock_monotonic_ns(), every = r->assign->every_ns;
	r->started = loop_add_timer(r->options.loop, now + STARTED_AFTER_NS, 0, on_started_due, r);
	run_set_timeout(r, r->assign->timeout_ns);
	if (r->options.sampler != NULL && every != ABSENT && every > 0)
		r->sampling = loop_add_timer(r->options.loop,
			now + (every / 2 < SAMPLER_DELAY_NS ? every / 2 : SAMPLER_DELAY_NS), 0,
			run_begin_sampling, r);
}

static void let_go(struct runner *r)
{
	pid_t pid = r->ready;

	r->ready = 0;
	r->phase = PHASE_RUNNING;
	if (r->migrations_anchor >= 0)
		r->migrations = perf_migrations_open(pid);
	/* From here on nothing else: the counters; the clock and the go are joulerig-exec's. */
	r->outcome.started_at = clock_realtime_ns();
	if (r->measured != NULL)
		energy_begin(r->options.meter, r->measured, false);
	r->start_raw_ns = clock_raw_ns();
	launcher_go(r->launcher);
	set_timers(r);
}

static void on_ready(void *arg, pid_t pid, const int *cpus, size_t cpus_n)
{
	struct runner *r = arg;
	if (r->phase == PHASE_SETUP) {
		launcher_go(r->launcher);
		return;
	}
	if (r->is_cancelled)
		return;
	r->outcome.cpus = cpu_list_format(cpus, cpus_n);
	if (strcmp(r->outcome.cpus, r->cpu_list) != 0)
		measured_flag(&r->outcome.measured, "placement_violated");
	r->ready = pid;
	if (!r->is_held)
		let_go(r);
}

void runner_hold(struct runner *r)
{
	r->is_held = true;
}

void runner_release(struct runner *r)
{
	r->is_held = false;
	if (r->ready != 0 && !r->is_cancelled)
		let_go(r);
}

static void add_flags(struct runner *r)
{
	if (r->placement.uses_housekeeping)
		measured_flag(&r->outcome.measured, "shared_cpu");
	if (!machine_lock_is_alone(r->options.lock))
		measured_flag(&r->outcome.measured, "shared_energy");
}

static void add_energy(struct runner *r, const struct launch_exit *e)
{
	if (r->measured != NULL)
		energy_results(r->options.meter, r->measured, r->start_raw_ns, e->end_ns, NULL,
			&r->outcome.measured);
}

/* Where energy was to be had if possible, a result without it says why. */
static void note_energy(struct runner *r)
{
	const char *wish = r->assign->energy;
	if (r->measured == NULL && r->outcome.reason.len == 0 &&
		strcmp(r->outcome.state, "done") == 0 &&
		(wish == NULL || strcmp(wish, "auto") == 0))
		buf_adds(&r->outcome.reason, r->options.meter != NULL
						     ? energy_why_not(r->options.meter)
						     : "no energy meter");
}

static void on_run_exit(struct runner *r, const struct launch_exit *e)
{
	/* Both clocks were taken by joulerig-exec; now the counters, before anything else. */
	if (r->measured != NULL && r->phase == PHASE_RUNNING)
		energy_end(r->options.meter, r->measured);
	if (e->start_ns != 0)
		r->start_raw_ns = e->start_ns;
	run_stop_sampling(r);
	int64_t migrations = perf_migrations_finish(r->migrations);
	r->migrations = -1;
	for (int i = 0; i < STREAMS; i++)
		run_read_stream(r, i, SIZE_MAX);
	if (r->is_cancelled)
		outcome_decide(&r->outcome, "cancelled", "%s", "");
	if (r->phase == PHASE_RUNNING) {
		outcome_add_exit(&r->outcome, e, r->start_raw_ns);
		if (e->failure == NULL) {
			measured_metric(&r->outcome.measured, "migrations", "1", migrations);
			add_energy(r, e);
			add_flags(r);
		}
	} else {
		outcome_decide(&r->outcome, "failed", "%s",
			e->failure != NULL ? e->failure
					   : "the command ended before it was started");
	}
	note_energy(r);
	finish(r);
}

static void on_exit_report(void *arg, const struct launch_exit *e)
{
	struct runner *r = arg;
	if (r->phase == PHASE_SETUP)
		run_on_setup_exit(r, e);
	else
		on_run_exit(r, e);
}

/* ---- from outside ---- */

const struct message_assign *runner_current(const struct runner *r)
{
	return r->assign;
}

void runner_files_arrived(struct runner *r)
{
	if (r->phase == PHASE_FILES)
		run_advance(r);
}

void runner_files_failed(struct runner *r, const char *why)
{
	/* No answer is under way any more: the next run that needs it must ask again. */
	files_forget_request(r->options.files);
	if (r->phase == PHASE_FILES)
		run_finish_as(r, "failed", why);
}

void runner_cancel(struct runner *r)
{
	if (r->phase == PHASE_IDLE || r->is_cancelled)
		return;
	r->is_cancelled = true;
	if (r->phase == PHASE_FILES)
		run_finish_as(r, "cancelled", "");
	else
		launcher_kill(r->launcher);
}

const struct buf *runner_frames(const struct runner *r)
{
	return &r->frames;
}

void runner_close(struct runner *r)
{
	if (r == NULL)
		return;
	if (r->is_sampling)
		sampler_stop(r->options.sampler);
	launcher_close(r->launcher);
	give_back(r);
	if (r->migrations >= 0)
		close(r->migrations);
	if (r->migrations_anchor >= 0)
		close(r->migrations_anchor);
	energy_window_free(r->window);
	outcome_done(&r->outcome);
	buf_done(&r->frames);
	buf_done(&r->chunk);
	free(r->allowed);
	free(r->tmp_dir);
	free(r);
}
