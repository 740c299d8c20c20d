/*
 * schedules.h - the coordinator's core and the cores of several agents in one process, under
 * virtual time
 *
 * What is real: coordinator/dispatch with SQLite below it, and the agent's conversation, outbox,
 * spool and epoch. What is of the fixture, by the headers that the real ones have: the clocks, the
 * agents' loop and link, the runner (it takes virtual time and measures what it likes), the disks.
 * All chance comes from one seed, so a schedule is the same each time that it is run.
 *
 *   world.c        time, chance, events
 *   store_disk.c   a file system of SQLite's in memory, which forgets what was not made durable
 *   agent_disk.c   the same for the agents' spools, over files
 *   network.c      connections that delay, double, break, and deliver late
 *   coordinator.c  the coordinator's process: turns, ends, starts
 *   agent.c        an agent's process
 *   executor.c     the runner
 *   ledger.c       what was seen from outside; at the end the store is held against it
 *   accidents.c    what happens to them
 *   main.c         many schedules, in several processes; tells which fail
 */
#ifndef TESTS_SCHEDULES_SCHEDULES_H
#define TESTS_SCHEDULES_SCHEDULES_H

#include "agent/connection.h"
#include "agent/run.h"
#include "coordinator/dispatch/dispatch.h"
#include "proto/message.h"

#define NODES_MAX 3

/* ---- world.c ---- */

/* What can be stopped for a while, as by SIGSTOP: its events wait. */
struct process {
	int64_t stalled_until;
};

struct event;
typedef void event_fn(void *arg);

extern int64_t world_now; /* ns */
extern bool world_tells;  /* trace what happens */

void world_begin(uint64_t seed);
void world_end(void);
/* A number below `below`, which is at least 1. */
uint64_t chance(uint64_t below);
/* Whether it happens, in so many of a thousand cases. */
bool happens(unsigned per_mille);
/* A time between 0 and most_ns, small ones as likely as large ones. */
int64_t some_time(int64_t most_ns);
/* fn is called at an instant, or when the process goes on; p may be NULL. It is released then. */
struct event *world_at(int64_t at_ns, struct process *p, event_fn *fn, void *arg);
/* NULL is fine. */
void world_cancel(struct event *e);
/* Let the next event happen; false where there is none. */
bool world_step(void);
void narrate(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A rule is broken: the process ends. */
void broken(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- store_disk.c ---- */

/* How a process ends: killed, the machine goes on; or the power is gone, and what was not synced
 * with it. */
enum death { DEATH_KILL, DEATH_POWER };

void store_disk_register(void);
/* Make the next schedule's files those that are there now, or what they were then. */
void store_disk_remember(void);
void store_disk_restore(void);
/* From the n-th change on (1: the next) nothing is written any more; 0: all is. */
void store_disk_die_after(uint64_t n);
bool store_disk_is_dead(void);
/* What the disk answers to changes: SQLITE_OK, SQLITE_FULL, SQLITE_IOERR_FSYNC */
void store_disk_answer(int result);
/* Files as they are after a death, ready for the next process. */
void store_disk_revive(enum death how);

/* ---- agent_disk.c ---- */

/* A disk of an agent, below dir; its process opens, writes and syncs files there. */
struct disk;
struct disk *disk_new(const char *dir);
void disk_free(struct disk *d);
void disk_die_after(struct disk *d, uint64_t n);
bool disk_is_dead(const struct disk *d);
/* Whether all that was written has been synced. */
bool disk_is_durable(const struct disk *d);
/* 0, or an errno that changes fail with. */
void disk_answer(struct disk *d, int code);
void disk_revive(struct disk *d, enum death how);

/* ---- network.c ---- */

struct node;

/* One connection of one agent. */
struct wire;
/* The agent's side. Returns 0, or -EAGAIN where its queue is full. */
int wire_send_up(struct wire *w, const void *data, size_t len);
/* The coordinator's side: by its route. Returns 0, -EHOSTUNREACH or -EAGAIN. */
int network_send_down(const struct route *to, const void *data, size_t len);
/* Whom what is sent there reaches; NULL: nobody any more. */
const struct node *network_node_of(const struct route *r);
/* The same of a connection that is broken, as the coordinator may not know yet. */
const struct node *network_node_behind(const struct route *r);
/* The agent begins to connect, and goes on until there is a connection. */
void network_connect(struct node *n);
/* One side's process has ended. */
void network_agent_died(struct node *n);
void network_coordinator_died(void);
/* Cut it; some of what is under way arrives nevertheless. */
void network_cut(struct node *n);
/* No frame arrives for so long; what takes too long is cut. */
void network_part(struct node *n, int64_t for_ns);
/* Whether frames may double, and queues be full. */
void network_rough(bool is_rough);
void network_begin(void);
void network_end(void);

/* ---- coordinator.c ---- */

extern struct process coordinator_process;

void coordinator_begin(const char *path, struct content_store *content, struct keyring *keyring);
void coordinator_end(void);
bool coordinator_is_up(void);
/* Whether no campaign is going on. */
bool coordinator_is_idle(void);
/* Start it; where its disk does not let it, it is tried again. */
void coordinator_start(void);
/* It ends within this event. */
void coordinator_kill(enum death how);
/* It ends after so many sends that are to come. */
void coordinator_die_in_sends(unsigned n);
/* After so many changes of its disk. */
void coordinator_die_in_writes(uint64_t n, enum death how);
/* Frames have come from a route; data becomes its. */
void coordinator_receive(const struct route *from, struct node *n, void *data, size_t len);
/* A user's wishes; they are told again until they are answered. */
void user_submits(const char *yaml);
void user_cancels(void);
/* Pause a campaign, with what runs or without; once the accidents are over, all that was paused is
 * resumed. */
void user_pauses(bool now);
void user_resumes(void);
/* Drain a host. */
void user_drains(const struct node *n, bool now);
/* STEER "extend" by one block, or "rerun", said once of some campaign. */
void user_wants_more(const char *verb);
/* From now on: admit whichever host gets no runs, until nothing is left to do. */
void user_admits_all(void);
bool user_waits(void);

/* ---- agent.c ---- */

struct node {
	size_t index;
	const char *name, *key; /* public key */
	char *dir;
	struct disk *disk;
	struct process process;
	struct connection *c; /* NULL: its process is not there */
	struct connection_options options;
	struct error err;
	struct wire *wire; /* as the agent sees it; NULL: none */
	struct event *starting;
	struct route route; /* of the last HELLO that the coordinator took; len 0: none */
	int64_t heard_ns;   /* when it took the last frame from there */
	enum death death;   /* how its process ends when its disk does */
	bool is_loud;       /* its samples are many bytes */
	bool is_slow;       /* its runs take long */
	bool is_full; /* the coordinator could not send there, and keeps what follows in order */
};

extern struct node nodes[NODES_MAX];
extern size_t nodes_n;

void agents_begin(size_t n, const char *dir);
void agents_end(void);
void agent_start(struct node *n);
void agent_kill(struct node *n, enum death how);
void agent_die_in_writes(struct node *n, uint64_t in, enum death how);
/* After each call into the core: its process ends where it wants to, or where its disk died. */
void agent_settle(struct node *n);
/* Whether nothing is in its hands. */
bool agent_is_empty(const struct node *n);
/* Whether its process holds this attempt, and it has not been called off. */
bool agent_holds(const struct node *n, const struct attempt_id *id);

/* ---- executor.c ---- */

struct runner *executor_new(struct node *n, const struct runner_handler *handler);
void executor_free(struct runner *r);

/* ---- ledger.c ---- */

void ledger_begin(void);
void ledger_end(void);
/* A campaign was handed in, and SUBMITTED came. */
void ledger_submitted(const struct id16 *uuid, const char *label);
/* One of those that were not cancelled; NULL: none. */
const struct id16 *ledger_random_campaign(void);
/* The user is about to say STEER of it; it is paused, or is not any more, as the answer says. */
void ledger_pauses(const struct id16 *uuid);
void ledger_paused(const struct id16 *uuid);
void ledger_resumes(const struct id16 *uuid);
void ledger_resumed(const struct id16 *uuid);
/* One that may be paused; NULL: none. */
const struct id16 *ledger_paused_campaign(void);
/* Whether it is, or may be: STEER was said of it. */
bool ledger_is_paused(const struct id16 *uuid);
const char *ledger_label(const struct id16 *uuid);
/* CANCEL of it was answered. */
void ledger_cancelled(const struct id16 *uuid);
/* What the coordinator sends, and what it is about to take in. */
void ledger_sent(const struct route *to, const struct message *m);
void ledger_heard(struct node *from, const struct route *route, const void *data, size_t len);
/* An attempt begins to run on a machine; what it will measure. */
void ledger_started(const struct node *n, const struct message_assign *m);
/* is_part: of a run of several hosts. */
void ledger_ended(const struct node *n, const struct attempt_id *id, bool is_part,
	const char *state, int64_t time_ns, int64_t energy_uj);
/* COMMITTED reached the agent. */
void ledger_acknowledged(const struct node *n, const struct attempt_id *id);
/* What must hold at any time. */
void ledger_check_hands(void);
/* What must hold in the end. */
void ledger_check_store(const char *path);

/* ---- accidents.c ---- */

/* Plan a schedule's accidents; after the last of them everything is mended. */
void accidents_begin(void);
/* When they were over; ABSENT: they are not. */
int64_t accidents_over_ns(void);
void accidents_end(void);
/* From now on only those accidents and campaigns are chosen (names, by commas; both live on); NULL:
 * all. */
void accidents_choose(const char *accidents, const char *campaigns);
/* Whether this schedule is "rough", "slow" or "loud": by chance, or as was chosen. */
bool accidents_have(const char *what, unsigned per_mille);
/* How many agents. */
size_t random_nodes(void);
/* A campaign for people to hand in, of those that chance knows. */
const char *random_campaign(void);

#endif
