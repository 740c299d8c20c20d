/*
 * core.h - what the files of the dispatcher share: its state, and the few steps that several of
 * them take
 *
 * Private to coordinator/dispatch/; others use dispatch.h.
 */
#ifndef COORDINATOR_DISPATCH_CORE_H
#define COORDINATOR_DISPATCH_CORE_H

#include "coordinator/dispatch/dispatch.h"
#include "coordinator/dispatch/live.h"

struct outgoing {
	struct route to;
	size_t offset, len;       /* within the outbox's bytes */
	bool has_waited;          /* for room in the agent's queue, from an earlier turn on */
	dispatch_observer_fn *fn; /* it is for this program itself; else NULL */
	void *arg;
};

struct watcher {
	struct id16 campaign;
	struct route to; /* len 0: fn */
	dispatch_observer_fn *fn;
	void *arg;
	struct watcher *prev, *next;
};

/* A campaign that is not going on: enough to acknowledge late results of one that has ended. */
struct ended {
	struct id16 uuid;
	int64_t id;
	bool is_suspended; /* it has not ended, but does not go on here and now: its agents keep
			      what they have until it does */
	UT_hash_handle hh;
};

struct dispatch {
	struct dispatch_config config;
	struct live_store s; /* of config, as live.h takes it */
	struct id16 store_id;
	int64_t epoch, sequence;
	const char *only; /* of dispatch_load(), while it runs */
	int64_t *half;    /* store ids of campaigns that were not written to their end; likewise */
	size_t half_n;
	struct host *hosts;  /* hash by public key, in the order of names (owned) */
	struct host *routes; /* the same, hash by route: those that said HELLO */
	int64_t look_ns; /* CLOCK_MONOTONIC after which one of them may have been silent too long */
	bool has_lost;   /* the lease of one of them was over when all were looked at last */
	struct host *committing; /* those with results that this turn commits */
	uint64_t turn;           /* of the outbox */
	struct host *due;        /* of them, those that may have something to be handed */
	int64_t gang_turns;      /* grows with each block of several hosts that began: gang.h */
	bool has_claims;         /* some host is claimed for one */
	struct live *lives;      /* in the order of submission (owned) */
	struct ended *ended;     /* hash by uuid (owned) */
	struct submission *submissions; /* owned */
	struct watcher *watchers;       /* owned */
	struct buf out; /* bytes of the outbox: of this turn, after what waits for full queues */
	struct outgoing *outbox;
	size_t outbox_n, outbox_size;
	struct maintenance *maintenance; /* windows of the settings (owned); NULL: none */
	struct retention *retention;     /* what goes by itself (owned); NULL: nothing */
	int64_t pruning; /* store id of the campaign whose pruning has begun; 0: none (prune.c) */
	struct teller *teller; /* notices on their ways (tell.c, owned); NULL: not begun */
	int64_t progress_ns;   /* when progress was last told */
	struct nightly_schedule *schedules; /* owned, as are sweeps: nightly.h */
	struct sweep *sweeps;               /* that have not ended, in the order of their ids */
	int64_t nightly_at; /* CLOCK_REALTIME when schedules were looked at last; 0: not yet */
	struct error
		failure; /* first failure of the store in this turn; nothing is sent any more */
};

/* Remember a failure of the store: the turn is not committed. Returns code, so that callers can end
 * with it. */
int dispatch_fail(struct dispatch *d, const struct error *err);
/* Queue a message to a peer; it goes out after the commit. */
void dispatch_queue(struct dispatch *d, const struct route *to, struct message *m);
/* The same for one of which rest has all that is not in m. */
void dispatch_queue_with(struct dispatch *d, const struct route *to, struct message *m,
	const struct message_part *rest);
void dispatch_queue_error(struct dispatch *d, const struct route *to, const char *code,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Begin a transaction where none is open. */
int dispatch_begin(struct dispatch *d);

/* hosts.c */
struct host *dispatch_host(struct dispatch *d, const char *public_key);
/* A new one, which was not seen yet. */
struct host *dispatch_add_host(struct dispatch *d, const char *public_key, const char *name);
void dispatch_name_host(struct dispatch *d, struct host *h, const char *name);
/* From here on it is told what it is told on this connection. */
void dispatch_route_host(struct dispatch *d, struct host *h, const struct route *route);
/* Whose connection it is, as it said HELLO last; NULL: nobody's. */
struct host *dispatch_host_at(const struct dispatch *d, const struct route *route);
/* Bytes of SAMPLES that a host may have under way at most (credit.h): the more hosts, the fewer. */
int64_t dispatch_credit(const struct dispatch *d);
/* How often a host is to say PING, ns: the more hosts, the more seldom. */
int64_t dispatch_heartbeat(const struct dispatch *d);
struct live *dispatch_live_by_uuid(struct dispatch *d, const struct id16 *uuid);
/* Tell the watchers of a campaign. */
void dispatch_tell(struct dispatch *d, const struct id16 *campaign, struct message *event);
void dispatch_watch(struct dispatch *d, const struct id16 *campaign, const struct route *to,
	dispatch_observer_fn *fn, void *arg);
/* A campaign does not go on here and now: late results of it are known as its. */
void dispatch_add_ended(struct dispatch *d, const struct id16 *uuid, int64_t id, bool is_suspended);
/* dispatch_load.c: a campaign goes on that had ended, and is `running` in the store again. Returns
 * 0, or ERR_UNAVAILABLE where it cannot be taken up; then it is done in the store as before. */
int dispatch_take_up(struct dispatch *d, const char *label, struct error *err);
/* A campaign has nothing left to do, or was cancelled: write it, tell it, forget it. */
int dispatch_end_campaign(struct dispatch *d, struct live *l, int64_t now_ns);

/* agents.c */
void agents_on_message(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct trusted_key *who, const struct message *m);
void agents_tick(struct dispatch *d, int64_t now_ns);
/* Cancel a campaign's runs that agents hold. */
void agents_cancel(struct dispatch *d, struct live *l);
/* Say CANCEL of an attempt that is needless now, wherever it is. */
void agents_call_off(
	struct dispatch *d, const struct host *h, const struct live *l, const struct live_run *r);

/* Name an attempt in a message. */
void agents_fill_id(struct attempt_id *id, const struct live *l, const struct live_run *r);
/* An attempt is out no more and gave no result: queue its run again, or give that up. Says why; r
 * may be gone after. */
void agents_lose(
	struct dispatch *d, struct live *l, struct live_run *r, enum loss loss, const char *why);
/* A host's agent has an attempt no more: as was wanted, as it can run nothing now, or of itself. r
 * may be gone after. */
void agents_give_back(struct dispatch *d, const struct host *h, struct live *l, struct live_run *r,
	const char *why);

/* finish.c: the end of a campaign */

/* A line for people about a campaign: kept with it, and told to who watches. h may be NULL. */
void dispatch_note(
	struct dispatch *d, const struct live *l, const struct host *h, const char *text);
/* Tell hosts that have no more runs of a campaign; end campaigns that nothing is left of. */
void finish_campaigns(struct dispatch *d, int64_t now_ns);
/* Tell all hosts that are there at once. */
void finish_now(struct dispatch *d, struct live *l);
/* What was not answered is said again. */
void finish_on_hello(struct dispatch *d, const struct host *h);
void finish_on_finished(struct dispatch *d, const struct host *h, const struct message_finished *m);

/* reports.c: what an agent tells of a run */
void reports_on_started(struct dispatch *d, const struct host *h, const struct message_started *m);
void reports_on_samples(
	struct dispatch *d, struct host *h, int64_t now_ns, const struct message_samples *m);
void reports_on_output(struct dispatch *d, const struct host *h, const struct message_output *m);
void reports_on_result(struct dispatch *d, struct host *h, const struct message_result *m);
/* Tell who watches how a run ended on a host; reason may be NULL. */
void reports_tell_run(struct dispatch *d, const struct live *l, const struct live_run *r,
	const char *host, const char *state, const char *reason);
/* Store the result of a run that has not ended, as its outcome has it, and end the run. host is the
 * name of whoever ran it. Returns 0, or negative where the store failed. */
struct outcome;
int reports_conclude(struct dispatch *d, struct live *l, struct live_run *r, const char *host,
	const struct message_result *m, const struct outcome *o);
void reports_on_refuse(struct dispatch *d, const struct host *h, const struct message_refuse *m);

/* steer.c */
void steer_on_message(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
/* steer_more.c */
void steer_rerun(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
void steer_extend(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
void steer_label(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);
/* A run of a paused campaign that its host does not have after all: queue it again. */
void steer_recall(struct dispatch *d, struct live *l, struct live_run *r);

/* prune.c */
void prune_on_steer(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct message_steer *m);

/* clocks.c: keep what the clock of a host that runs something is, now and then. */
void clocks_keep(struct dispatch *d, struct host *h, int64_t now_ns);

/* users.c */
/* The WELCOME of a user's program. who and store must outlive it. */
void users_fill_welcome(struct message *m, const struct trusted_key *who, const struct id16 *store);
/* The live campaign of this label, or the last of this name; NULL. */
struct live *users_find_live(struct dispatch *d, const char *label);
void users_on_message(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct trusted_key *who, const struct message *m);
/* Answer with ROWS of the store. */
void users_query(struct dispatch *d, const struct route *from, const struct message_query *q);
/* A REPORT to a peer, or, with out not NULL, its frame there. label may be NULL. */
void users_report(struct dispatch *d, const struct route *to, const char *label, int64_t now_ns,
	struct buf *out);

/* submissions.c, submission_files.c: campaigns between SUBMIT and their first run */
void submissions_add(struct dispatch *d, int64_t now_ns, const struct route *from,
	const struct dispatch_request *request);
void submissions_on_chunk(
	struct dispatch *d, int64_t now_ns, const struct route *from, const struct message *m);
/* Take each as far as it goes without waiting. */
void submissions_go_on(struct dispatch *d, int64_t now_ns);
/* Whether one of them is being written: more of it can be done at once. */
bool submissions_are_busy(const struct dispatch *d);
void submissions_free(struct dispatch *d);

#endif
