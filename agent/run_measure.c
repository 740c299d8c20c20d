/* What is read when a run is let go, and when it has ended. */
#include "agent/run_parts.h"
#include "agent/sources/perf_migrations.h"
#include "proto/units.h"

#define STARTED_AFTER_NS (200 * NS_PER_MS)
#define SAMPLER_DELAY_NS (20 * NS_PER_MS)

/* ---- the go ---- */

static void on_started_due(void *arg, int64_t now_ns)
{
	struct runner *r = arg;

	(void)now_ns;
	r->started = NULL;
	r->was_started = true;
	r->handler.on_started(
		r->handler.arg, &r->assign->id, r->outcome.started_at, r->start_raw_ns);
}

/* The start of the sampler's thread is kept out of the first moments of a run, but neither its
 * period nor that in which a wrap can be missed may pass meanwhile. */
static int64_t sampling_delay(const struct runner *r)
{
	int64_t delay = SAMPLER_DELAY_NS, every = r->assign->every_ns;
	int64_t poll = r->measured != NULL ? energy_poll_period_ns(r->set->meter) : INT64_MAX;

	delay = every / 2 < delay ? every / 2 : delay;
	return poll / 2 < delay ? poll / 2 : delay;
}

void run_set_sampling(struct runner *r)
{
	int64_t every = r->assign->every_ns;

	if (every != ABSENT && every > 0)
		r->sampling = loop_add_timer(r->options.loop,
			clock_monotonic_ns() + sampling_delay(r), 0, run_begin_sampling, r);
}

static void set_timers(struct runner *r)
{
	if (!r->was_started && !text_is(r->assign->stream, "after"))
		r->started = loop_add_timer(r->options.loop,
			clock_monotonic_ns() + STARTED_AFTER_NS, 0, on_started_due, r);
	run_set_timeout(r, r->assign->timeout_ns);
	run_set_sampling(r);
}

void run_attach(struct runner *r, pid_t pid)
{
	r->scope = (struct source_scope){.pid = pid,
		.cgroup = r->cgroup != NULL ? cgroup_path(r->cgroup) : NULL,
		.cpus = r->placement.cpus,
		.cpus_n = r->placement.n,
		.is_pinned = text_is(r->assign->threads, "each"),
		.counters = r->assign->counters};
	int64_t every = r->assign->every_ns != ABSENT ? r->assign->every_ns : 0;

	sampler_attach(r->set->sampler, &r->scope, every, &r->outcome.measured);
	r->is_attached = true;
}

/* What can be done before the last moment, while the run waits for its go. */
static void open_readings(struct runner *r)
{
	run_attach(r, r->ready);
	if (r->migrations_anchor >= 0)
		r->migrations = perf_migrations_open(r->ready);
	guard_ready(r->guard);
}

void run_first_readings(struct runner *r)
{
	guard_first(r->guard);
	sampler_first(r->set->sampler);
	if (r->cgroup != NULL)
		cgroup_usage(r->cgroup, &r->usage_before);
	/* From here on nothing else: the counters; the clock and the go are joulerig-exec's. */
	r->outcome.started_at = clock_realtime_ns();
	if (r->measured != NULL)
		energy_begin(r->set->meter, r->measured, true);
	run_part_spin(r);
	own_cost_read(&r->cost_before); /* waiting for the counters is not within the run */
	r->start_raw_ns = clock_raw_ns();
}

void run_let_go(struct runner *r)
{
	if (!r->is_attached) /* one of several, which has waited for the others */
		open_readings(r);
	r->ready = 0;
	r->phase = PHASE_RUNNING;
	run_first_readings(r);
	launcher_go(r->launcher);
	set_timers(r);
}

void run_on_ready(struct runner *r, pid_t pid, const int *cpus, size_t cpus_n)
{
	_cleanup_free_ char *bound = cpu_list_format(cpus, cpus_n);

	if (strcmp(bound, r->cpu_list) == 0) {
		r->outcome.cpus = cpu_order_format(r->placement.cpus, r->placement.n);
	} else {
		r->outcome.cpus = xstrdup(bound);
		measured_flag(&r->outcome.measured, "placement_violated");
	}
	r->ready = pid;
	if (r->phase == PHASE_PART) {
		run_part_on_ready(r);
		return;
	}
	open_readings(r);
	if (!r->is_held)
		run_let_go(r);
}

/* ---- the end ---- */

static int64_t less(int64_t after, int64_t before)
{
	return after == ABSENT || before == ABSENT || after < before ? ABSENT : after - before;
}

/* CPU time and memory of the whole tree from its cgroup, where it has one: wait4(2) misses those
 * whose parent did not wait for them. */
void run_use_cgroup(struct runner *r, struct launch_exit *e)
{
	struct cgroup_usage after;

	if (r->cgroup == NULL)
		return;
	cgroup_usage(r->cgroup, &after);
	int64_t user = less(after.user_ns, r->usage_before.user_ns);
	int64_t system = less(after.system_ns, r->usage_before.system_ns);
	if (user != ABSENT && system != ABSENT) {
		e->user_ns = user;
		e->system_ns = system;
	}
	if (after.memory_peak != ABSENT)
		e->maxrss = after.memory_peak;
	if (after.oom_kills != ABSENT && after.oom_kills > 0) {
		char size[32];
		measured_flag(&r->outcome.measured, "out_of_memory");
		/* The kernel counts here what it ends for want of memory elsewhere, too. */
		if (r->assign->memory_limit == ABSENT)
			outcome_decide(&r->outcome, "failed",
				"the machine was out of memory, or what the agent's control group "
				"may have, and the kernel ended it");
		else
			outcome_decide(&r->outcome, "failed",
				"limits.memory: it needed more than %s, and the kernel ended it",
				units_format_size(size, r->assign->memory_limit));
	}
}

static void add_energy(struct runner *r, const struct launch_exit *e)
{
	const struct run_baseline *b = &r->baseline;
	struct measured *m = &r->outcome.measured;
	bool has_baseline = b->set == r->set && b->block == r->assign->block &&
			    id16_equal(&b->campaign, &r->assign->id.campaign);

	if (r->measured == NULL)
		return;
	energy_results(r->set->meter, r->measured, r->start_raw_ns, e->end_ns,
		has_baseline ? &b->power : NULL, m);
	if (has_baseline && !b->power.has_package)
		measured_note(m, "idle: no net energy: %s", b->power.why_not);
}

/* What the agent is to blame for: its own CPU time and wake-ups within the interval. */
static int64_t add_own_cost(struct runner *r, const struct own_cost *after)
{
	struct measured *m = &r->outcome.measured;
	int64_t cpu_ns = less(after->cpu_ns, r->cost_before.cpu_ns);

	measured_metric(m, "agent.time", "ns", cpu_ns);
	measured_metric(m, "agent.wakeups", "1", less(after->wakeups, r->cost_before.wakeups));
	measured_metric(m, "environment.padding", "B", r->padding);
	return cpu_ns != ABSENT ? cpu_ns : 0;
}

static void add_flags(struct runner *r)
{
	struct measured *m = &r->outcome.measured;

	if (r->placement.uses_housekeeping)
		measured_flag(m, "shared_cpu");
	if (r->placement.is_oversubscribed)
		measured_flag(m, "oversubscribed");
	if (!machine_lock_is_alone(r->options.lock))
		measured_flag(m, "shared_energy");
}

void run_add_measured(struct runner *r, const struct launch_exit *e, int64_t run_cpu_ns,
	const struct own_cost *cost)
{
	struct measured *m = &r->outcome.measured;
	int64_t time_ns = e->end_ns - r->start_raw_ns;

	add_energy(r, e);
	sampler_last(r->set->sampler, time_ns, m);
	int64_t own_ns = add_own_cost(r, cost);
	guard_last(r->guard, time_ns, run_cpu_ns, own_ns, m);
	add_flags(r);
}

/* All numbers of a run that was let go and came to an end. */
static void measure(struct runner *r, struct launch_exit *e, const struct own_cost *cost)
{
	struct measured *m = &r->outcome.measured;

	run_use_cgroup(r, e);
	outcome_add_exit(&r->outcome, e, r->start_raw_ns);
	measured_metric(m, "migrations", "1", perf_migrations_finish(r->migrations));
	r->migrations = -1;
	run_add_measured(r, e, e->user_ns + e->system_ns, cost);
}

/* Where energy was to be had if possible, a result without it says why. */
void run_note_energy(struct runner *r)
{
	const char *wish = r->assign->energy;

	if (r->measured == NULL && (wish == NULL || strcmp(wish, "auto") == 0))
		measured_note(&r->outcome.measured, "energy: %s", energy_why_not(r->set->meter));
}

/* The run is not as the campaign wants its runs: do it again, from the state of the machine on. */
static void run_again(struct runner *r)
{
	struct error err = {0};

	if (r->is_cancelled) { /* while it was cleaned up */
		run_finish_as(r, "cancelled", "");
		return;
	}
	r->reruns++;
	run_give_back(r);
	buf_reset(&r->frames);
	r->chunks_taken = 0;
	outcome_reset(&r->outcome, r->assign->output_limit);
	if (run_make_tmp(r, &err) < 0)
		run_finish_as(r, "failed", err.text);
	else
		run_prepare(r);
}

/* Decides what becomes of a run that was measured. Returns false where it begins anew. */
static bool judge(struct runner *r, const struct launch_exit *e)
{
	struct outcome *o = &r->outcome;
	const char *violation = guard_violation(&o->measured);
	bool is_good = !r->is_cancelled && o->state == NULL && e->status == 0;

	/* Of several that run together none can begin anew alone. */
	if (is_good && violation != NULL && text_is(r->assign->on_violation, "rerun") &&
		!text_is_set(r->assign->role) && r->assign->reruns != ABSENT &&
		r->reruns < r->assign->reruns) {
		run_clean_up(r, run_again);
		return false;
	}
	if (is_good && violation != NULL && text_is(r->assign->on_violation, "fail"))
		outcome_decide(o, "failed", "guard: %s", violation);
	if (r->reruns > 0)
		measured_metric(&o->measured, "guard.reruns", "1", r->reruns);
	outcome_decide_exit(o, e);
	return true;
}

void run_on_exit(struct runner *r, const struct launch_exit *told)
{
	struct launch_exit e = *told;
	struct own_cost cost;
	bool is_measured = r->phase == PHASE_RUNNING && e.failure == NULL;

	/* Both clocks were taken by joulerig-exec; now the counters, before anything that takes
	 * time. */
	own_cost_read(&cost);
	if (r->measured != NULL && r->phase == PHASE_RUNNING)
		energy_end(r->set->meter, r->measured);
	if (e.start_ns != 0)
		r->start_raw_ns = e.start_ns;
	if (is_measured)
		run_part_main_ended(r, e.end_ns);
	run_stop_sampling(r);
	for (int i = 0; i < STREAMS; i++)
		run_read_stream(r, i, SIZE_MAX);
	if (r->is_cancelled)
		outcome_decide(&r->outcome, "cancelled", "%s", "");
	if (is_measured) {
		measure(r, &e, &cost);
		if (!judge(r, &e))
			return;
	} else {
		perf_migrations_finish(r->migrations);
		r->migrations = -1;
		r->outcome.started_at = ABSENT;
		outcome_decide(&r->outcome, "failed", "%s",
			e.failure != NULL ? e.failure : "the command ended before it was started");
	}
	run_note_energy(r);
	if (is_measured && !r->is_cancelled)
		run_collect(r);
	run_finish(r);
}
