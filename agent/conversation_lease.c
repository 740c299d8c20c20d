/*
 * What is ended when nothing has been heard of the coordinator for a lease: runs whose campaign
 * wants it (on_disconnect: stop), and programs of several, which it alone can lead on. The
 * coordinator has given them up by then, too.
 */
#include "agent/conversation.h"

#include "proto/clock.h"
#include "proto/log.h"

#include <utlist.h>

#define RETRY_NS NS_PER_S /* where the timer is early: it does not count a suspension */

/* CLOCK_BOOTTIME: while the machine sleeps the lease runs on. */
static int64_t boottime_ns(void)
{
	return clock_monotonic_ns() + clock_suspended_ns();
}

static bool is_to_stop(const struct assignment *a)
{
	return text_is(a->m.assign.on_disconnect, "stop");
}

static bool is_bound(const struct assignment *a)
{
	return is_to_stop(a) || text_is_set(a->m.assign.role);
}

static int64_t lease_of(const struct assignment *a)
{
	return a->m.assign.lease_ns > 0 ? a->m.assign.lease_ns : LEASE_NS;
}

void conversation_heard(struct connection *c)
{
	c->heard_ns = boottime_ns();
}

static void end_current(struct connection *c, struct assignment *a)
{
	_cleanup_free_ char *reason = xasprintf("nothing was heard of the coordinator for %lld s%s",
		(long long)(lease_of(a) / NS_PER_S),
		is_to_stop(a) ? " (limits.on_disconnect: stop)" : "");

	log_warning("%s: run %lld is ended: %s", a->m.assign.label, (long long)a->m.assign.id.run,
		reason);
	runner_cancel(c->runner, reason);
}

/* Returns when the next lease is over, INT64_MAX: none is. What runs is seen to last: the queue may
 * be another then. */
static int64_t check(struct connection *c)
{
	struct assignment *a, *next, *ending = NULL;
	int64_t now = boottime_ns(), first = INT64_MAX;

	DL_FOREACH_SAFE (c->queue, a, next) {
		int64_t over = c->heard_ns + lease_of(a);
		bool is_current = &a->m.assign == runner_current(c->runner);
		if (!is_bound(a))
			continue;
		if (over > now)
			first = over < first ? over : first;
		else if (is_current && (is_to_stop(a) || runner_needs_word(c->runner)))
			ending = a;
		else if (!is_current && is_to_stop(a))
			conversation_drop(c, a);
	}
	if (ending != NULL)
		end_current(c, ending);
	return first;
}

static void on_lease(void *arg, int64_t now_ns)
{
	struct connection *c = arg;

	(void)now_ns;
	c->lease = NULL;
	check(c);
	conversation_watch_lease(c);
}

void conversation_watch_lease(struct connection *c)
{
	struct assignment *a;
	int64_t now = boottime_ns(), first = INT64_MAX;

	if (c->lease != NULL)
		return;
	DL_FOREACH (c->queue, a) {
		int64_t over = c->heard_ns + lease_of(a);
		if (is_bound(a))
			first = over < first ? over : first;
	}
	if (first == INT64_MAX)
		return;
	c->lease = loop_add_timer(c->loop,
		clock_monotonic_ns() + (first > now ? first - now : RETRY_NS), 0, on_lease, c);
}

void conversation_check_lease(struct connection *c)
{
	if (c->queue != NULL)
		check(c);
}
