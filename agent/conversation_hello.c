/* The connection comes and goes: HELLO, WELCOME, the heartbeat, and being refused. */
#include "agent/conversation.h"

#include "agent/inventory.h"
#include "agent/overhead.h"
#include "proto/clock.h"
#include "proto/log.h"

#include <inttypes.h>
#include <limits.h>
#include <utlist.h>

static void end_connection(struct connection *c)
{
	c->is_welcome = c->is_draining = false;
	loop_cancel_timer(c->loop, c->heartbeat);
	c->heartbeat = NULL;
	conversation_release_run(c);
	outbox_stop(&c->outbox);
	files_forget_request(c->files);
	c->live_at = 0;
	conversation_forget_sent(c);
	c->lag = (struct lag){0};
	runner_thin(c->runner, 0);
}

static void add_held(
	struct message_held *held, size_t *n, const struct attempt_id *id, const char *state)
{
	held[(*n)++] = (struct message_held){.id = *id, .state = state};
}

static void say_hello(struct connection *c)
{
	struct message m;
	struct assignment *a;
	struct unspooled *u;
	size_t n = 0, spooled = spool_count(c->spool), kept = 0;
	DL_COUNT(c->unspooled, u, kept);
	_cleanup_free_ struct message_held *held =
		xcalloc(spooled + kept + QUEUE_MAX, sizeof *held);
	const struct list labels = {c->labels, c->options->labels.n};
	_cleanup_free_ char *inventory =
		overhead_add(inventory_json(&c->machine, &c->topology,
				     meters_get(c->meters, NULL, NULL)->meter, &labels),
			c->state);

	inventory = inventory_with(inventory, "cgroup", json_string(runner_containment(c->runner)));
	for (size_t i = 0; i < spooled; i++)
		add_held(held, &n, spool_at(c->spool, i), "spooled");
	/* Not over before it is durable. */
	DL_FOREACH (c->unspooled, u)
		add_held(held, &n, &u->id, "running");
	DL_FOREACH (c->queue, a)
		add_held(held, &n, &a->m.assign.id,
			&a->m.assign == runner_current(c->runner) ? "running" : "accepted");
	message_init(&m, MESSAGE_HELLO);
	m.hello = (struct message_hello){.program = "joulerig-agent",
		.version = JOULERIG_VERSION,
		.minor = PROTOCOL_MINOR,
		.session = c->session,
		.store = c->epoch.store,
		.inventory = inventory,
		.labels = labels,
		.held = {held, n}};
	c->sequence = 0;
	c->received_epoch = 0;
	c->is_to_say_hello = false;
	conversation_say(c, &m);
}

/*
 * A coordinator that answers nothing may have read the HELLO of an older connection after ours and
 * heeds that one: it is told again, as it is where something could not be said.
 */
static void on_heartbeat(void *arg, int64_t now_ns)
{
	struct connection *c = arg;
	(void)now_ns;
	if (++c->unanswered > HEARTBEAT_MISSED || c->is_to_say_hello) {
		c->unanswered = 0;
		say_hello(c);
	}
	if (!c->is_welcome)
		return;
	conversation_say_ping(c);
	/* What a full queue held back. */
	outbox_pump(&c->outbox);
}

static void begin_heartbeat(struct connection *c, int64_t every_ns)
{
	c->unanswered = 0;
	loop_cancel_timer(c->loop, c->heartbeat);
	c->heartbeat =
		loop_add_timer(c->loop, clock_monotonic_ns() + every_ns, every_ns, on_heartbeat, c);
}

/* It would take us for at work otherwise, and its user would wait. */
static void leave_stale(struct connection *c, int64_t number)
{
	_cleanup_free_ char *why = xasprintf("it follows a newer coordinator of this store (epoch "
					     "%" PRId64 ", here %" PRId64 ")",
		c->epoch.highest, number);

	log_warning("%s: this coordinator (epoch %" PRId64
		    ") has been replaced by another (epoch %" PRId64
		    "); it is not obeyed; if it is the right one, let it go on from a backup of "
		    "its store (docs/keeping.md)",
		c->endpoint, number, c->epoch.highest);
	conversation_say_bye(c, why);
}

void conversation_on_welcome(struct connection *c, int64_t number, const struct message_welcome *w)
{
	struct error err = {0};
	enum epoch_verdict verdict = epoch_meet(&c->epoch, &w->store, number, &err);
	if (err.code < 0)
		conversation_say_trouble(c, "state", &err);
	if (verdict == EPOCH_STALE) {
		leave_stale(c, number);
		return;
	}
	if (verdict == EPOCH_OTHER_STORE) { /* assignments of another store are nobody's here */
		conversation_drop_waiting(c, NULL);
		runner_cancel(c->runner, NULL);
		if (!runner_is_tearing_down(c->runner))
			conversation_drop_finishes(c);
	}
	log_info("connected to %s as %s", c->endpoint, w->name);
	c->is_welcome = true;
	c->minor = w->minor;
	c->clock = (struct clock_offset){0}; /* it may be on another machine now */
	c->received_epoch = number;
	c->live_at = 0;
	begin_heartbeat(c, w->heartbeat_ns > 0 ? w->heartbeat_ns : HEARTBEAT_NS);
	conversation_say_ping(c);
	outbox_restart(&c->outbox, w->credit);
	outbox_pump(&c->outbox);
	conversation_on_samples(c);
	conversation_say_point(c);
	service_tell(c);
	/* A run may be waiting for files that were asked for on the last connection. */
	runner_files_arrived(c->runner);
}

static const char *own_name(const struct connection *c)
{
	static char name[HOST_NAME_MAX + 1];
	if (text_is_set(c->options->name))
		return c->options->name;
	if (gethostname(name, sizeof name - 1) < 0 || !key_name_is_valid(name))
		return "NAME";
	return name;
}

static void on_refused(struct connection *c)
{
	_cleanup_free_ char *text =
		xasprintf("refused by %s: it does not trust this agent's key; on the coordinator's "
			  "machine: joulerig key trust %s '%s' --role agent --keys DIR",
			c->endpoint, own_name(c), c->keys.public_key);
	conversation_give_up(c, ERR_REFUSED, text);
}

void conversation_on_event(void *arg, enum link_event event)
{
	struct connection *c = arg;
	conversation_check_lease(c);
	loop_cancel_timer(c->loop, c->no_answer);
	c->no_answer = NULL;
	switch (event) {
	case LINK_CONNECTED:
		end_connection(c);
		c->has_warned = false;
		say_hello(c);
		begin_heartbeat(c, HEARTBEAT_NS);
		break;
	case LINK_DISCONNECTED:
		if (c->is_welcome)
			log_warning("%s: the connection is lost; what is in hand goes on, and its "
				    "result is kept; trying again",
				c->endpoint);
		end_connection(c);
		service_tell(c);
		break;
	case LINK_REFUSED:
		on_refused(c);
		break;
	case LINK_NO_HANDSHAKE:
		if (!c->has_warned)
			log_warning("%s: what answers there does not prove to have the server key "
				    "%s; compare it with "
				    "'joulerig key show' on the coordinator's machine; trying on",
				c->endpoint, c->options->server_key);
		c->has_warned = true;
		break;
	}
}
