#include "agent/run.h"

#include "agent/run_parts.h"
#include "agent/sources/perf_migrations.h"
#include "proto/log.h"

#include <errno.h>

#define FRAMES_KEPT     (1024 * 1024)  /* a larger buffer is given back between runs */
#define UNTUNE_AFTER_NS (5 * NS_PER_S) /* the next run of a campaign comes within that */

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

/* What a killed agent left belongs to runs that are lost: processes, and their directories. */
static void end_leftovers(struct runner *r)
{
	size_t n = leftovers_end(r->options.state);
	if (n > 0)
		log_warning("%zu processes of runs that a killed agent had left were ended", n);
	remove_tree(r->tmp_dir);
}

/* What cannot be put back does not end the agent: it is tried again before the next tuned run,
 * which is refused where it fails again. */
static void open_tune(struct runner *r)
{
	const struct runner_options *o = &r->options;
	struct error why = {0};
	if (tune_open(&r->tune, o->machine, o->topology, o->state, &why) < 0)
		log_error("%s", why.text);
}

/* Those that know the machine's state and look after it. */
static int open_keepers(struct runner *r, struct error *err)
{
	const struct runner_options *o = &r->options;
	struct error why = {0};
	int code = guard_open(&r->guard, o->machine, o->topology, err);
	if (code == 0)
		open_tune(r);
	/* Without cgroups runs are measured and ended by other means. */
	if (cgroups_open(&r->cgroups, &why) < 0)
		log_debug("%s", why.text);
	return code;
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
	r->unclean = (struct buf)BUF_INIT;
	r->tmp_dir = xasprintf("%s/tmp", options->state);
	r->migrations_anchor = perf_migrations_probe(NULL);
	r->preload = placement_preload_path();
	list_allowed(r);
	end_leftovers(r);
	int code = files_make_directory(r->tmp_dir, err);
	if (code == 0)
		code = open_keepers(r, err);
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

void run_give_back_process(struct runner *r)
{
	for (int i = 0; i < STREAMS; i++)
		run_close_stream(r, i);
	run_cancel_timer(r, &r->timeout);
	run_cancel_timer(r, &r->started);
	run_cancel_timer(r, &r->sampling);
	run_cancel_timer(r, &r->waiting);
	run_part_give_back(r);
	if (r->is_attached)
		sampler_detach(r->set->sampler);
	r->is_attached = false;
	cgroup_remove(r->cgroup);
	r->cgroup = NULL;
}

void run_give_back(struct runner *r)
{
	r->is_to_give_back = false;
	run_give_back_process(r);
	run_give_back_tmp(r);
	free(r->cpu_list);
	free(r->nodes);
	r->cpu_list = r->nodes = NULL;
	placement_done(&r->placement);
	r->placement = (struct placement){0};
}

void run_give_back_owed(struct runner *r)
{
	if (r->is_to_give_back)
		run_give_back(r);
}

static void put_back(struct runner *r)
{
	struct error err = {0};
	if (r->tune != NULL && tune_is_active(r->tune) && tune_restore(r->tune, &err) < 0)
		log_error("%s", err.text);
}

static void on_untune(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	(void)now_ns;
	r->untune = NULL;
	put_back(r);
}

/*
 * Its last try is cleaned up. What it used is given back only when the result is on its way, or the
 * next run begins: who waits for the result to be committed has that time.
 */
static void end_run(struct runner *r)
{
	const struct attempt_id id = r->assign->id;
	struct message_requirement found;
	bool is_told = run_tell_verdict(r, &found);
	if (r->unclean.len > 0) {
		measured_flag(&r->outcome.measured, "cleanup_failed");
		measured_note(&r->outcome.measured, "%s", r->unclean.data);
	}
	outcome_encode(&r->outcome, &id, is_told ? &found : NULL, &r->frames);
	r->is_to_give_back = true;
	run_cancel_timer(r, &r->untune);
	if (tune_is_active(r->tune))
		r->untune = loop_add_timer(
			r->options.loop, clock_monotonic_ns() + UNTUNE_AFTER_NS, 0, on_untune, r);
	r->phase = PHASE_IDLE;
	r->assign = NULL;
	r->work = NULL;
	r->ready = 0;
	r->handler.on_end(r->handler.arg, &id, &r->frames);
	run_give_back_owed(r);
}

void run_finish(struct runner *r)
{
	run_clean_up(r, end_run);
}

void run_finish_as(struct runner *r, const char *state, const char *reason)
{
	outcome_decide(&r->outcome, state, "%s", reason);
	run_finish(r);
}

/* ---- the run itself ---- */

/* Whether this error is one that passes: then all waits where it is, and runner_files_arrived()
 * tries again. */
static bool waits_for_disk(struct runner *r, const struct error *why)
{
	if (!files_is_disk_broken(why->code))
		return false;
	r->phase = PHASE_FILES;
	r->handler.on_trouble(r->handler.arg, why);
	return true;
}

static void fail_or_wait(struct runner *r, const struct error *why)
{
	if (!waits_for_disk(r, why))
		run_finish_as(r, "failed", why->text);
}

void run_advance(struct runner *r)
{
	struct error err = {0};
	bool has_question = r->assign->requires.n > 0;
	const struct run_verdict *verdict = has_question ? run_find_verdict(r) : NULL;

	if (verdict != NULL && verdict->reason != NULL) {
		run_finish_as(r, "skipped", verdict->reason);
		return;
	}
	r->phase = PHASE_FILES;
	switch (files_prepare(r->options.files, r->work, r->assign)) {
	case WORK_MISSING:
		return;
	case WORK_FAILED:
		run_finish_as(r, "failed", r->work->reason);
		return;
	case WORK_WAITS:
		error_set(&err, -EIO, "%s", r->work->reason);
		fail_or_wait(r, &err);
		return;
	case WORK_SETUP:
	case WORK_READY:
		break;
	}
	if (r->tmp == NULL && run_make_tmp(r, &err) < 0) {
		fail_or_wait(r, &err);
		return;
	}
	bool is_question = has_question && verdict == NULL;
	if ((is_question || r->work->state == WORK_SETUP) && !run_give_to_user(r))
		return;
	if (is_question) {
		run_start_requires(r);
		return;
	}
	if (files_used(r->options.files, r->work, r->assign, run_directory(r), &err) < 0)
		fail_or_wait(r, &err);
	else if (r->work->state == WORK_SETUP)
		run_start_setup(r);
	else
		run_prepare(r);
}

void runner_start(struct runner *r, const struct message_assign *a)
{
	run_give_back_owed(r);
	r->assign = a;
	r->needs_cleanup = false;
	buf_reset(&r->unclean);
	run_forget_collected(r);
	r->is_cancelled = r->is_sampling = r->was_started = false;
	r->ready = 0;
	r->measured = NULL;
	r->set = NULL;
	r->migrations = -1;
	r->chunks_taken = r->reruns = 0;
	r->thinning = 0;
	r->is_streaming = !text_is(a->stream, "after") && !text_is(a->on_violation, "rerun");
	if (r->frames.size > FRAMES_KEPT)
		buf_done(&r->frames);
	buf_reset(&r->frames);
	outcome_reset(&r->outcome, a->output_limit);
	r->outcome.role = a->role;
	run_part_begin(r);
	r->work = files_work(r->options.files, a);
	run_advance(r);
}

static void on_ready(void *arg, pid_t pid, const int *cpus, size_t cpus_n)
{
	struct runner *r = arg;
	if (r->phase == PHASE_STEPS)
		launcher_go(r->launcher);
	else if (!r->is_cancelled)
		run_on_ready(r, pid, cpus, cpus_n);
}

static void on_exit_report(void *arg, const struct launch_exit *e)
{
	struct runner *r = arg;
	if (r->phase == PHASE_STEPS)
		run_on_step_exit(r, e);
	else if (run_is_other(r))
		run_part_on_exit(r, e);
	else
		run_on_exit(r, e);
}

/* ---- from outside ---- */

void runner_hold(struct runner *r)
{
	r->is_held = true;
}

void runner_release(struct runner *r)
{
	r->is_held = false;
	if (r->phase == PHASE_PART)
		run_part_release(r);
	else if (r->ready != 0 && !r->is_cancelled)
		run_let_go(r);
}

const char *runner_containment(const struct runner *r)
{
	return cgroups_describe(r->cgroups);
}

bool runner_is_measuring(const struct runner *r)
{
	return r->phase == PHASE_RUNNING;
}

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

void runner_cancel(struct runner *r, const char *reason)
{
	if (r->phase == PHASE_IDLE || r->is_cancelled || r->teardown != NULL)
		return;
	r->is_cancelled = true;
	if (r->phase == PHASE_STEPS && r->steps.is_kept)
		return; /* the run itself is over */
	outcome_decide(&r->outcome, "cancelled", "%s", reason != NULL ? reason : "");
	if (r->phase == PHASE_FILES || r->phase == PHASE_SETTLING || r->phase == PHASE_BASELINE ||
		(r->phase == PHASE_PART && !launcher_is_busy(r->launcher)))
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
		sampler_stop(r->set->sampler);
	launcher_close(r->launcher);
	run_give_back(r);
	run_remove_tmp(r);
	run_cancel_timer(r, &r->untune);
	put_back(r);
	tune_close(r->tune);
	guard_close(r->guard);
	cgroups_close(r->cgroups);
	if (r->migrations >= 0)
		close(r->migrations);
	if (r->migrations_anchor >= 0)
		close(r->migrations_anchor);
	outcome_done(&r->outcome);
	buf_done(&r->frames);
	buf_done(&r->chunk);
	buf_done(&r->unclean);
	run_steps_done(r);
	run_forget_verdicts(r, NULL);
	free(r->verdicts);
	run_forget_collected(r);
	free(r->collected);
	run_teardown_done(r);
	free(r->allowed);
	free(r->preload);
	free(r->tmp_dir);
	free(r);
}
