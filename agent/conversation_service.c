/*
 * An agent under a service manager (proto/notify.h): it is ready when its loop runs, whether or not
 * its coordinator is there.
 *
 * Each word of ours wakes the manager, on any CPU. So a run is no reason for one: what the agent is
 * at is told beside the watchdog's word, which is due every half of its interval, and when the
 * connection comes or goes.
 */
#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"
#include "proto/notify.h"

#include <inttypes.h>

/* Without a watchdog. */
#define LOOK_NS (30 * NS_PER_S)
/* What ending takes beside the runs that are let end. */
#define END_NS (15 * NS_PER_S)

void service_tell(const struct connection *c)
{
	const struct message_assign *a = c->runner != NULL ? runner_current(c->runner) : NULL;
	_cleanup_buf_ struct buf line = BUF_INIT;

	if (!notify_is_on())
		return;
	buf_addf(&line, "%s %s", c->is_welcome ? "connected to" : "not connected to", c->endpoint);
	if (c->trouble != NULL)
		buf_addf(&line, ", no run can begin: %s", c->trouble);
	else if (a != NULL && a->label != NULL)
		buf_addf(&line, ", run %" PRId64 " of %s", a->id.run, a->label);
	else if (c->is_ending)
		buf_adds(&line, ", told to end");
	notify_status("%s", line.data);
}

static void on_look(void *arg, int64_t now_ns)
{
	notify_alive(now_ns);
	service_tell(arg);
}

void service_begin(struct connection *c)
{
	struct error err = {0};
	int64_t every_ns = notify_interval() > 0 ? notify_interval() : LOOK_NS;

	if (!notify_is_on())
		return;
	if (notify_ready(&err) < 0)
		log_warning("%s", err.text);
	service_tell(c);
	notify_alive(clock_monotonic_ns());
	loop_add_timer(c->loop, clock_monotonic_ns() + every_ns, every_ns, on_look, c);
}

void service_end(const struct connection *c)
{
	notify_stopping(c->options->drain_timeout_ns + END_NS);
}
