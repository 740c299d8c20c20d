/*
 * conversation.h - what an agent and its coordinator say to each other, and the assignments that
 * the agent has in hand
 *
 * connection.c opens what an agent consists of and closes it; conversation.c is what happens in
 * between. The struct is theirs alone. conversation.c knows of sockets, of runs and of time only
 * link_client_send(), run.h and loop.h with the clocks: tests/schedules puts others of its own
 * there, opens what is here as connection.c does, and so has many agents in one process.
 */
#ifndef AGENT_CONVERSATION_H
#define AGENT_CONVERSATION_H

#include "agent/clock_offset.h"
#include "agent/connection.h"
#include "agent/epoch.h"
#include "agent/lag.h"
#include "agent/outbox.h"
#include "agent/run.h"
#include "proto/keys.h"
#include "proto/link.h"

/* How long a run waits at most for the result before it to be committed on this same machine. */
#define HOLD_NS (10 * NS_PER_MS)
/* And one that asks for silence (stream: after) for it to be sent and committed, wherever that is.
 */
#define QUIET_HOLD_NS (10 * NS_PER_S)
#define QUEUE_MAX     4 /* assignments in hand, the running one too */

struct assignment {
	struct message m; /* decoded; its blobs point into frame */
	char *frame;      /* owned */
	bool owes_accept; /* to be said when no run is measured */
	struct assignment *prev, *next;
};

/* A FINISH, and its answer where it is done. */
struct finish {
	struct message m; /* decoded; it points into frame */
	char *frame;      /* owned */
	bool is_done;
	char *reason; /* owned; what failed, NULL: nothing */
	struct finish *prev, *next;
};

/* A result that could not be made durable yet. */
struct unspooled {
	struct attempt_id id;
	struct buf payload;
	size_t sent; /* bytes of it that went out live on this connection */
	struct unspooled *prev, *next;
};

struct connection {
	const struct connection_options *options;
	char *endpoint, *state; /* owned; state is absolute */
	int state_lock;
	struct keypair keys;
	struct loop *loop;
	struct machine machine;
	bool has_machine;
	struct topology topology;
	struct meters *meters;
	struct machine_lock machine_lock;
	struct files *files;
	struct spool *spool;
	struct runner *runner;
	struct link_client *link;
	struct message_pair *labels; /* owned, with owned texts */

	struct id16 session;
	struct epoch epoch;
	bool is_welcome;  /* between WELCOME and the end of the connection */
	bool is_draining; /* no more runs on this connection */
	bool is_ending;   /* nor on any other: conversation_end() */
	int64_t minor;    /* of the protocol, as the coordinator speaks it; 0 before WELCOME */
	struct loop_timer *end_timer; /* while it ends */
	bool has_warned;              /* of a failed handshake */
	struct loop_timer
		*no_answer;   /* until somebody has answered, or it is said that nobody does */
	unsigned unanswered;  /* heartbeats since anything came */
	bool is_to_say_hello; /* again, at the next heartbeat */
	bool is_to_probe;     /* look at the machine again, once no run is under way */
	int64_t sequence;
	int64_t received_epoch; /* of WELCOME: what we send carries it */
	struct clock_offset clock;
	struct loop_timer *heartbeat;
	bool has_local_coordinator;    /* it is a process of this machine */
	struct attempt_id held_for;    /* the next run is held until this one is committed */
	struct loop_timer *held_until; /* NULL: none is held */
	int64_t heard_ns; /* when the coordinator said something, CLOCK_BOOTTIME; 0: never yet */
	struct loop_timer *lease; /* NULL: nothing in hand depends on it */
	struct assignment *queue; /* the first is running, or about to */
	size_t queue_n;
	struct finish *finishes;
	struct outbox outbox;
	size_t live_at;              /* bytes of the running one's frames that were sent */
	struct lag lag;              /* of those */
	struct buf scratch;          /* an encoded frame */
	struct buf spare;            /* swapped with the runner's frames */
	char *trouble;               /* why no run can begin; owned, NULL: one can */
	struct loop_timer *mending;  /* while in trouble */
	bool is_run_waiting;         /* for the trouble's end, before it has begun */
	struct unspooled *unspooled; /* in order; as many as were in hand, at most */
	size_t largest;              /* bytes of a result so far */
	/* Committed while a run was measured; they go from the spool when it has ended. Owned. */
	struct attempt_id *committed;
	size_t committed_n;
	struct error *err; /* of connection_serve() */
};

/* Handlers for the link, the runner and the files of a connection; arg is the struct connection. */
void conversation_on_frame(void *arg, const void *data, size_t len);
void conversation_on_event(void *arg, enum link_event event);
void conversation_on_started(
	void *arg, const struct attempt_id *id, int64_t started_at, int64_t raw_ns);
void conversation_on_samples(void *arg);
void conversation_on_end(void *arg, const struct attempt_id *id, struct buf *frames);
void conversation_on_trouble(void *arg, const struct error *why);
void conversation_on_torn_down(void *arg, const struct id16 *campaign, const char *reason);
void conversation_want_files(
	void *arg, const struct content_hash *hash, int64_t offset, int64_t length);
/* For the outbox: send with the header of this connection. Returns 0, or negative: later. */
int conversation_send(void *arg, struct message *m);

/* Say what need not be kept, if there is anybody to hear it. */
void conversation_say(struct connection *c, struct message *m);
/* conversation_probe.c: look at the machine again, and tell the coordinator: as soon as no run is
 * under way; now where that was asked for and can be. */
void conversation_ask_probe(struct connection *c);
void conversation_probe(struct connection *c);
/* Begin what comes next, where nothing is under way. */
void conversation_start_next(struct connection *c);

/* conversation_finish.c: a FINISH came, to be begun by conversation_start_next(); begin one that
 * can be, which tells whether there is any; forget all. */
void conversation_on_finish(struct connection *c, const void *data, size_t len);
bool conversation_finish_next(struct connection *c);
void conversation_drop_finishes(struct connection *c);

/*
 * conversation_end.c: the agent was told to end. What runs is let end, nothing else begins, and the
 * coordinator is told so; when the result of that is committed, or after drain_timeout_ns, the
 * agent goes. False: nothing is under way, or nothing is waited for, and it goes at once.
 */
bool conversation_end(struct connection *c);
/* While it ends: go where nothing is left to wait for. */
void conversation_end_goes_on(struct connection *c);
/* What PING says while it ends; else NULL. */
const char *conversation_end_trouble(const struct connection *c);

/* conversation_hello.c: WELCOME of an epoch. */
void conversation_on_welcome(struct connection *c, int64_t number, const struct message_welcome *w);
/* A failure that ends the program. */
void conversation_give_up(struct connection *c, int code, const char *text);
/* Let the next run go, where it is held until the one before it is committed. */
void conversation_release_run(struct connection *c);

/* Forget what waits; the coordinator is told where a reason is given. */
void conversation_drop_waiting(struct connection *c, const char *refuse_reason);
void conversation_say_ping(struct connection *c);

/* conversation_part.c, of programs of several: the runner's on_point; what the coordinator may not
 * have heard, after WELCOME; its GO and STOP. */
void conversation_on_point(
	void *arg, const struct attempt_id *id, enum run_point point, int64_t raw_ns);
void conversation_say_point(struct connection *c);
void conversation_on_part(struct connection *c, const struct message *m);

/* conversation_lease.c: the coordinator has said something; what was assigned, or waits for its
 * word, may be bound to that; end what is, where the lease is over. The queue may be another then.
 */
void conversation_heard(struct connection *c);
void conversation_watch_lease(struct connection *c);
void conversation_check_lease(struct connection *c);

/*
 * conversation_trouble.c: what has to be durable cannot be. No run begins then, the coordinator is
 * told so with each PING, results wait in memory, and it is tried again every few seconds.
 */
/* Whether a run may begin: there is no trouble, and room for what it is expected to give. */
bool conversation_has_room(struct connection *c);
/* A result that spool_add() refused, or (why->code 0) that comes after such a one; payload is taken
 * over. */
void conversation_keep(struct connection *c, const struct attempt_id *id, struct buf *payload,
	size_t sent, const struct error *why);
/* Whether it is kept in memory. */
bool conversation_keeps(const struct connection *c, const struct attempt_id *id);
/* Come into trouble, or be told more of it. */
void conversation_say_trouble(struct connection *c, const char *what, const struct error *why);
/* Let what is prepared begin, unless there is trouble. */
void conversation_let_go(struct connection *c);
/* The connection is lost, and what went out live with it. */
void conversation_forget_sent(struct connection *c);
/* The end: what was not spooled is lost, and run again. */
void conversation_drop_trouble(struct connection *c);

/*
 * conversation_service.c: what a service manager is told. It is ready; it was told to end; the
 * connection came or went.
 */
void service_begin(struct connection *c);
void service_end(const struct connection *c);
void service_tell(const struct connection *c);

/* Say BYE, if there is anybody to hear it. */
void conversation_say_bye(struct connection *c, const char *reason);
/* Take an assignment out of the queue and free it. */
void conversation_drop(struct connection *c, struct assignment *a);

#endif
