/* All that the machine must be before a run's process: its meter, its CPUs, its state, its idle
 * power.
 */
#include "agent/run_parts.h"

#include <errno.h>
#include <sodium.h>

#define PADDING_MAX 4096 /* a page: all positions of the stack within one */

/* The first quarter of an idle period, at most this long, lets the machine come to rest. */
#define IDLE_REST_NS (5 * NS_PER_S)

/* ---- the process ---- */

/* Returns false where the run must not be: a limit that cannot be kept is none. */
static bool make_cgroup(struct runner *r)
{
	const struct message_assign *a = r->assign;
	const struct cgroup_limits limits = {a->memory_limit, a->processes_limit};
	struct error why = {0};

	r->cgroup = cgroup_new(r->cgroups, &limits, &why);
	if (r->cgroup != NULL || a->memory_limit == ABSENT)
		return true;
	run_finish_as(r, "skipped", why.text);
	return false;
}

static int launch(struct runner *r, struct error *err)
{
	struct run_context c;
	struct rendered command;

	run_fill_context(r, text_is(r->assign->threads, "each"), &c);
	r->padding = randombytes_uniform(PADDING_MAX);
	c.context.padding = (size_t)r->padding;
	render_run(&command, r->assign, &c.context);
	int code = run_launch(r, &command, r->placement.cpus, r->placement.n, false, err);
	rendered_done(&command);
	run_context_done(&c);
	return code;
}

void run_launch_command(struct runner *r)
{
	struct error err = {0};
	int code = launch(r, &err);

	/* The launcher's word for a limit that cannot be kept here. */
	if (code < 0)
		run_finish_as(r, code == -EOPNOTSUPP ? "skipped" : "failed", err.text);
}

static void start_process(struct runner *r)
{
	r->phase = PHASE_PREPARING;
	if (!make_cgroup(r) || !run_give_to_user(r))
		return;
	r->needs_cleanup = true;
	if (text_is_set(r->assign->role))
		run_part_wait(r);
	else
		run_launch_command(r);
}

/* ---- idle power ---- */

static void on_idle_over(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	int64_t end_ns = clock_raw_ns();

	(void)now_ns;
	r->waiting = NULL;
	energy_end(r->set->meter, r->set->idle);
	r->baseline = (struct run_baseline){r->assign->id.campaign, r->assign->block, r->set, {0}};
	energy_baseline(r->set->meter, r->set->idle, r->idle_from_ns, end_ns, &r->baseline.power);
	start_process(r);
}

/* The window is polled so that no wrap is missed, by a timer that ends with the last one. */
static void on_idle(void *arg, int64_t now_ns)
{
	struct runner *r = arg;
	int64_t rest = r->assign->idle_ns / 4;
	int64_t left = r->idle_from_ns + r->assign->idle_ns -
		       (rest < IDLE_REST_NS ? rest : IDLE_REST_NS) - clock_raw_ns();
	int64_t period = energy_poll_period_ns(r->set->meter);

	energy_poll(r->set->meter, r->set->idle, NULL);
	r->waiting = left > period ? loop_add_timer(r->options.loop, now_ns + period, 0, on_idle, r)
				   : loop_add_timer(r->options.loop, now_ns + (left > 0 ? left : 0),
					     0, on_idle_over, r);
}

static void on_rest_over(void *arg, int64_t now_ns)
{
	struct runner *r = arg;

	energy_begin(r->set->meter, r->set->idle, false);
	r->idle_from_ns = clock_raw_ns();
	on_idle(arg, now_ns);
}

/* The first counted run of a block measures the idle machine before it. */
static bool needs_baseline(const struct runner *r)
{
	const struct message_assign *a = r->assign;
	const struct run_baseline *b = &r->baseline;

	return r->measured != NULL && a->idle_ns != ABSENT && a->idle_ns > 0 && a->block > 0 &&
	       (b->set != r->set || b->block != a->block ||
		       !id16_equal(&b->campaign, &a->id.campaign));
}

static void begin_baseline(struct runner *r)
{
	int64_t rest = r->assign->idle_ns / 4;

	if (!needs_baseline(r)) {
		start_process(r);
		return;
	}
	r->phase = PHASE_BASELINE;
	rest = rest < IDLE_REST_NS ? rest : IDLE_REST_NS;
	r->waiting =
		loop_add_timer(r->options.loop, clock_monotonic_ns() + rest, 0, on_rest_over, r);
}

/* ---- the guard ---- */

static void ask_guard(struct runner *r, bool is_first);

static void on_ask_again(void *arg, int64_t now_ns)
{
	struct runner *r = arg;

	(void)now_ns;
	r->waiting = NULL;
	ask_guard(r, false);
}

static void ask_guard(struct runner *r, bool is_first)
{
	struct error why = {0};
	int64_t now = clock_monotonic_ns();

	switch (guard_before(r->guard, r->assign, r->placement.cpus, r->placement.n, now, is_first,
		&r->outcome.measured, &why)) {
	case GUARD_WAIT:
		r->phase = PHASE_SETTLING;
		r->waiting =
			loop_add_timer(r->options.loop, now + GUARD_AGAIN_NS, 0, on_ask_again, r);
		return;
	case GUARD_FAIL:
		run_finish_as(r, "failed", why.text);
		return;
	case GUARD_FINE:
		begin_baseline(r);
		return;
	}
}

/* ---- what the assignment asks for ---- */

/* Whether energy is measured, and what is said where it is not. Returns false where the run must
 * not be. */
static bool decide_energy(struct runner *r)
{
	const char *wish = r->assign->energy != NULL ? r->assign->energy : "auto";

	r->measured = strcmp(wish, "off") != 0 ? r->set->window : NULL;
	if (r->measured == NULL && strcmp(wish, "require") == 0) {
		_cleanup_free_ char *why =
			xasprintf("energy is required: %s", energy_why_not(r->set->meter));
		run_finish_as(r, "failed", why);
		return false;
	}
	return true;
}

static int choose_cpus(struct runner *r, struct error *err)
{
	const struct message_assign *a = r->assign;
	const struct placement_request request = {.cpus = a->cpus,
		.policy = a->policy,
		.smt = a->smt,
		.core_kind = a->core_kind,
		.list = a->list,
		.packages = a->packages,
		.may_oversubscribe = a->oversubscribe == 1};
	int code = placement_choose(r->options.topology, &request, &r->placement, err);

	if (code < 0)
		return code;
	r->cpu_list = cpu_list_format(r->placement.cpus, r->placement.n);
	r->nodes = placement_nodes(r->options.topology, &r->placement);
	if (text_is(a->threads, "each") && r->preload == NULL)
		measured_note(&r->outcome.measured,
			"threads: each: libjoulerig-pin.so is not installed beside "
			"joulerig-agent: only OpenMP's threads are pinned");
	return 0;
}

void run_prepare(struct runner *r)
{
	struct error err = {0};

	r->set = meters_get(r->options.meters, r->assign->source, &err);
	if (r->set == NULL) {
		run_finish_as(r, "failed", err.text);
		return;
	}
	if (!decide_energy(r))
		return;
	/* Not before: a run may wait for its files, or for its setup, as long as it likes. */
	run_cancel_timer(r, &r->untune);
	if (choose_cpus(r, &err) < 0 || tune_apply(r->tune, &r->assign->tune, &err) < 0) {
		run_finish_as(r, "skipped", err.text);
		return;
	}
	own_threads_bind(r->options.topology,
		r->placement.uses_housekeeping ? -1 : r->options.topology->housekeeping,
		&r->bound_to);
	if (run_give_to_user(r))
		run_start_prepare(r);
}

void run_settle(struct runner *r)
{
	ask_guard(r, true);
}
