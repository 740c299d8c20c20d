/* What is measured of a program that is not main of several: the interval between two words of the
 * coordinator, in which it neither starts nor ends. */
#include "agent/run_parts.h"

void run_start_other(struct runner *r)
{
	pid_t pid = r->ready;

	r->ready = 0;
	/* Before it execs: counters can be attached to nothing that runs already. */
	run_attach(r, pid);
	r->outcome.started_at = clock_realtime_ns();
	launcher_go(r->launcher);
	run_set_timeout(r, r->assign->timeout_ns);
}

void run_begin_window(struct runner *r)
{
	r->phase = PHASE_RUNNING;
	run_first_readings(r);
	run_set_sampling(r);
}

/* CPU time within the window is the cgroup's to tell: wait4(2) tells of a whole life. Returns its
 * sum, or ABSENT. */
static int64_t add_cpu_time(struct runner *r, struct launch_exit *e)
{
	struct measured *m = &r->outcome.measured;
	int64_t time_ns = e->end_ns - r->start_raw_ns;

	e->user_ns = e->system_ns = e->maxrss = ABSENT;
	run_use_cgroup(r, e);
	if (e->user_ns == ABSENT)
		return ABSENT;
	measured_metric(m, "time.user", "ns", e->user_ns);
	measured_metric(m, "time.system", "ns", e->system_ns);
	measured_metric(m, "cores.effective", "u1",
		outcome_effective_cores(e->user_ns + e->system_ns, time_ns));
	return e->user_ns + e->system_ns;
}

void run_end_window(struct runner *r, const struct launch_exit *told)
{
	struct launch_exit e = {.start_ns = r->start_raw_ns};
	struct measured *m = &r->outcome.measured;
	struct own_cost cost;

	e.end_ns = told != NULL && told->end_ns != 0 ? told->end_ns : clock_raw_ns();
	own_cost_read(&cost);
	if (r->measured != NULL)
		energy_end(r->set->meter, r->measured);
	run_stop_sampling(r);
	r->phase = PHASE_PART;
	measured_metric(m, "time", "ns", e.end_ns - r->start_raw_ns);
	int64_t cpu_ns = add_cpu_time(r, &e);
	measured_metric(m, "memory.peak", "B", e.maxrss);
	run_add_measured(r, &e, cpu_ns, &cost);
	run_note_energy(r);
}

void run_add_other_exit(struct runner *r, const struct launch_exit *e)
{
	struct measured *m = &r->outcome.measured;

	outcome_add_status(&r->outcome, e);
	if (measured_find(m, "memory.peak") == NULL)
		measured_metric(m, "memory.peak", "B", e->maxrss);
	if (e->killed > 0)
		measured_flag(m, "leftovers");
}
