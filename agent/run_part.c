/* One program of several that run together: it waits for the coordinator's word between what comes
 * before a run and the run, and again before its end. */
#include "agent/run_parts.h"
#include "proto/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* This long before an instant the last readings before it begin: they take a few ms. */
#define LEAD_NS (6 * NS_PER_MS)
/* The rest of the way there is not slept through. */
#define SPIN_NS 100000
/* An instant further away than this is a mistake about clocks. */
#define FAR_NS (60 * NS_PER_S)

static bool is_part(const struct runner *r)
{
	return r->assign != NULL && r->teardown == NULL && text_is_set(r->assign->role);
}

bool run_is_other(const struct runner *r)
{
	return is_part(r) && r->assign->is_main != 1;
}

static bool is_main(const struct runner *r)
{
	return r->assign->is_main == 1;
}

/* Whether an event fits; then it has happened. Nothing but its end matters to what is ended. */
static bool happens(struct runner *r, enum part_event event)
{
	enum part_state next = part_state_next(r->part.state, event, is_main(r));

	if (next == PART_N || (r->outcome.state != NULL && event != PART_EXIT))
		return false;
	r->part.state = next;
	return true;
}

static void tell(struct runner *r, enum run_point point, int64_t raw_ns)
{
	r->part.point = point;
	r->part.point_ns = raw_ns;
	r->handler.on_point(r->handler.arg, &r->assign->id, point, raw_ns);
}

void run_part_fail(struct runner *r, const char *reason)
{
	outcome_decide(&r->outcome, "failed", "%s", reason);
	launcher_kill(r->launcher);
}

/* ---- what belongs to it ---- */

static void free_addresses(struct run_part *p)
{
	for (size_t i = 0; i < p->addresses.n; i++) {
		struct message_pair *pair =
			(struct message_pair *)(uintptr_t)p->addresses.items + i;
		free((void *)(uintptr_t)pair->key);
		free((void *)(uintptr_t)pair->value);
	}
	free((void *)(uintptr_t)p->addresses.items);
	p->addresses = (struct list){0};
}

static void keep_addresses(struct run_part *p, const struct list *given)
{
	struct message_pair *pairs = xcalloc(given->n + 1, sizeof *pairs);

	free_addresses(p);
	for (size_t i = 0; i < given->n; i++) {
		const struct message_pair *from = LIST_AT(given, struct message_pair, i);
		pairs[i] = (struct message_pair){xstrdup(from->key), xstrdup(from->value)};
	}
	p->addresses = (struct list){pairs, given->n};
}

void run_part_give_back(struct runner *r)
{
	run_ready_stop(r);
	free_addresses(&r->part);
}

void run_part_begin(struct runner *r)
{
	r->part = (struct run_part){
		.state = PART_PREPARING, .point = RUN_NO_POINT, .point_ns = ABSENT, .at = ABSENT};
}

/* ---- before the go ---- */

static void say_prepared(struct runner *r)
{
	if (!r->is_held && happens(r, PART_IS_PREPARED))
		tell(r, RUN_PREPARED, ABSENT);
}

void run_part_wait(struct runner *r)
{
	r->phase = PHASE_PART;
	say_prepared(r);
}

void run_part_release(struct runner *r)
{
	if (is_part(r) && r->phase == PHASE_PART)
		say_prepared(r);
}

void run_part_is_ready(struct runner *r)
{
	if (happens(r, PART_IS_READY))
		tell(r, RUN_READY, ABSENT);
}

/* ---- its process ---- */

static void launch(struct runner *r)
{
	struct error err = {0};
	const char *unknown = render_lacks_address(r->assign, &r->part.addresses);

	if (unknown != NULL) {
		_cleanup_free_ char *why =
			xasprintf("the command names the address of '%s', and the coordinator "
				  "told none",
				unknown);
		happens(r, PART_EXIT);
		run_finish_as(r, "failed", why);
		return;
	}
	if (run_ready_prepare(r, &err) < 0) {
		happens(r, PART_EXIT);
		run_finish_as(r, "failed", err.text);
		return;
	}
	run_launch_command(r);
}

/* ---- the instant ---- */

/* Wait where little is left to wait, with the meter being read so that it knows the start. */
void run_part_spin(struct runner *r)
{
	int64_t left;

	if (!is_part(r) || r->part.at == ABSENT)
		return;
	while ((left = r->part.at - clock_raw_ns()) > 0) {
		if (r->measured != NULL)
			energy_poll(r->set->meter, r->measured, NULL);
		else if (left > 2 * SPIN_NS)
			nanosleep(&(struct timespec){.tv_nsec = left - SPIN_NS}, NULL);
	}
}

static void on_instant(struct runner *r)
{
	if (!happens(r, PART_INSTANT))
		return;
	if (is_main(r))
		run_let_go(r);
	else
		run_begin_window(r);
}

static void on_instant_near(void *arg, int64_t now_ns)
{
	struct runner *r = arg;

	(void)now_ns;
	r->waiting = NULL;
	on_instant(r);
}

static void wait_for_instant(struct runner *r)
{
	int64_t left = r->part.at == ABSENT ? 0 : r->part.at - clock_raw_ns();

	if (left > FAR_NS) {
		run_part_fail(r,
			"the coordinator told an instant that is more than a minute away: are the "
			"clocks of this host in order?");
		return;
	}
	if (left <= LEAD_NS)
		on_instant(r);
	else
		r->waiting = loop_add_timer(r->options.loop, clock_monotonic_ns() + left - LEAD_NS,
			0, on_instant_near, r);
}

/* ---- what the coordinator says ---- */

static bool is_for(const struct runner *r, const struct attempt_id *id)
{
	return is_part(r) && !r->is_cancelled && attempt_equal(&r->assign->id, id);
}

static void go_start(struct runner *r, const struct message_go *go)
{
	if (!happens(r, PART_GO_START))
		return;
	r->part.point = RUN_NO_POINT;
	keep_addresses(&r->part, &go->addresses);
	launch(r);
}

static void go_measure(struct runner *r, const struct message_go *go)
{
	if (!happens(r, PART_GO_MEASURE))
		return;
	r->part.point = RUN_NO_POINT;
	r->part.at = go->at;
	if (!is_main(r)) {
		wait_for_instant(r);
		return;
	}
	keep_addresses(&r->part, &go->addresses);
	launch(r);
}

void runner_go(struct runner *r, const struct message_go *go)
{
	if (!is_for(r, &go->id))
		return;
	if (text_is(go->what, "start"))
		go_start(r, go);
	else if (text_is(go->what, "measure"))
		go_measure(r, go);
	else
		log_warning("GO '%s' is not known here", go->what);
}

void runner_stop(struct runner *r, const struct attempt_id *id)
{
	if (!is_for(r, id))
		return;
	enum part_state was = r->part.state;
	if (!happens(r, PART_STOP))
		return;
	if (was == PART_MEASURED) {
		run_end_window(r, NULL);
	} else {
		outcome_decide(&r->outcome, "failed",
			"the main role was over before this one was measured");
		run_cancel_timer(r, &r->waiting);
		run_ready_stop(r);
	}
	if (r->part.state == PART_OVER)
		run_finish(r); /* it had no process yet */
	else
		launcher_kill(r->launcher);
}

enum run_point runner_point(const struct runner *r, int64_t *raw_ns)
{
	*raw_ns = r->part.point_ns;
	if (!is_part(r) || (r->part.point != RUN_ENDED && r->outcome.state != NULL))
		return RUN_NO_POINT;
	return r->part.point;
}

bool runner_needs_word(const struct runner *r)
{
	return is_part(r) && part_state_needs_word(r->part.state, is_main(r));
}

/* ---- what its process does ---- */

void run_part_on_ready(struct runner *r)
{
	if (is_main(r)) {
		wait_for_instant(r);
		return;
	}
	run_start_other(r);
	run_ready_look(r);
}

/* However it ended, it was told to. */
static void judge_end(struct runner *r, const struct launch_exit *e)
{
	if (WIFSIGNALED(e->status) && WTERMSIG(e->status) == SIGKILL)
		measured_note(&r->outcome.measured,
			"stop: it was killed, as SIGTERM did not end it in time");
	outcome_decide(&r->outcome, "done", "%s", "");
}

/* Its program ended though nobody had told it to. */
static void judge_exit(struct runner *r, enum part_state was, const struct launch_exit *e)
{
	bool was_ready = was != PART_STARTING;
	_cleanup_buf_ struct buf reason = BUF_INIT;

	buf_addf(&reason, "ended before %s: ", was_ready ? "the main role did" : "it was ready");
	if (WIFEXITED(e->status))
		buf_addf(&reason, "exit status %d", WEXITSTATUS(e->status));
	else
		outcome_describe_status(&reason, e->status);
	if (!was_ready)
		run_ready_add_last_words(r, &reason);
	outcome_decide(&r->outcome, "failed", "%s", reason.data);
}

void run_part_main_ended(struct runner *r, int64_t end_ns)
{
	if (is_part(r) && is_main(r) && happens(r, PART_EXIT))
		tell(r, RUN_ENDED, end_ns);
}

void run_part_on_exit(struct runner *r, const struct launch_exit *e)
{
	enum part_state was = r->part.state;

	happens(r, PART_EXIT);
	run_ready_stop(r);
	if (was == PART_MEASURED)
		run_end_window(r, e);
	for (int i = 0; i < STREAMS; i++)
		run_read_stream(r, i, SIZE_MAX);
	if (r->is_cancelled)
		outcome_decide(&r->outcome, "cancelled", "%s", "");
	if (e->failure != NULL) {
		r->outcome.started_at = ABSENT;
		outcome_decide(&r->outcome, "failed", "%s", e->failure);
	} else {
		run_add_other_exit(r, e);
		if (was == PART_ENDING)
			judge_end(r, e);
		else
			judge_exit(r, was, e);
	}
	if (!r->is_cancelled && e->failure == NULL)
		run_collect(r);
	run_finish(r);
}
