/*
 * The agent is told to end while it has a run: the machine is to be taken out, not the run to be
 * thrown away. A coordinator that knows PING's `trouble` hands it nothing from then on, and has
 * what waits here back at once; an older one learns by BYE and finds it lost.
 */
#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"

#define KNOWS_TROUBLE 3 /* minor version from which on PING has it */

const char *conversation_end_trouble(const struct connection *c)
{
	return c->is_ending ? "the agent was told to end" : NULL;
}

static bool has_run(const struct connection *c)
{
	return runner_current(c->runner) != NULL || runner_is_tearing_down(c->runner);
}

/* What would be lost, did the agent go now: a result that is not on disk yet is in memory alone. */
static bool has_work(const struct connection *c)
{
	return has_run(c) || c->unspooled != NULL;
}

static const char *what_is_late(const struct connection *c)
{
	return has_run(c) ? "what runs has not ended in time, and is ended"
	       : c->unspooled != NULL
		       ? "results could not be written to disk in time; what gave them is run again"
		       : "results are not committed in time, and stay in the spool";
}

static void go(struct connection *c)
{
	loop_cancel_timer(c->loop, c->end_timer);
	c->end_timer = NULL;
	conversation_say_bye(c, "told to end");
	loop_stop(c->loop, EXIT_OK);
}

static void on_patience_over(void *arg, int64_t now_ns)
{
	struct connection *c = arg;

	(void)now_ns;
	c->end_timer = NULL;
	log_warning("%s", what_is_late(c));
	go(c);
}

bool conversation_end(struct connection *c)
{
	int64_t patience_ns = c->options->drain_timeout_ns;

	if (c->is_ending || patience_ns == 0 || !has_work(c))
		return false;
	log_info("told to end: what runs is let end first, and its result kept, for %lld s at "
		 "most; again to end at once",
		(long long)(patience_ns / NS_PER_S));
	c->is_ending = true;
	c->end_timer =
		loop_add_timer(c->loop, clock_monotonic_ns() + patience_ns, 0, on_patience_over, c);
	if (c->is_welcome)
		conversation_say_ping(c);
	conversation_drop_waiting(
		c, c->is_welcome && c->minor >= KNOWS_TROUBLE ? conversation_end_trouble(c) : NULL);
	return true;
}

void conversation_end_goes_on(struct connection *c)
{
	if (c->is_ending && !has_work(c) && !loop_is_stopping(c->loop) &&
		(spool_count(c->spool) == 0 || !c->is_welcome))
		go(c);
}
