/*
 * live.h - a campaign that has not ended: its plan, its lanes, the runs that are in somebody's
 * hands
 *
 * A lane is the campaign on one host. A lane goes through its passes (warm-up, then blocks); when a
 * pass begins, its runs are ordered, numbered, and written to the store as queued, a large pass in
 * slices. So at most one pass of a lane is in the store ahead of time, however long the campaign
 * is, and nothing keeps other campaigns waiting. A run's number follows from pass, lane and place
 * alone: passes x all lanes' runs before it, plus the lanes before, plus the place in the order of
 * all configurations; those that ended early leave gaps.
 *
 * Three things change which pass comes next, each in a file of its own:
 * - `order: sequential` (live_passes.c): one configuration after the other goes through all its
 *   passes;
 * - `until` (until.h): a pass after the minimum has only what is still open. That is decided when
 *   nothing of the lane is under way, so that it follows from what is stored alone;
 * - `spread: any` (live_spread.c): the lanes share the blocks.
 * live_budget.c ends a campaign that has taken what it may take; live_pause.c lets it wait;
 * live_load.c takes one up after a
 * restart; live_describe.c says in numbers and words how far it is.
 *
 * Every change is written to the store in the transaction that the caller commits.
 */
#ifndef COORDINATOR_DISPATCH_LIVE_H
#define COORDINATOR_DISPATCH_LIVE_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/dispatch/attempt_state.h"
#include "coordinator/dispatch/campaign_state.h"
#include "coordinator/dispatch/host.h"
#include "coordinator/dispatch/run_state.h"
#include "coordinator/dispatch/streams.h"
#include "coordinator/dispatch/until.h"
#include "coordinator/store/store.h"

struct live_run {
	int64_t run; /* number; key of the hash */
	size_t lane;
	size_t configuration; /* index in the plan */
	size_t place;         /* of the configuration in its lane's plan */
	int64_t pass, block;
	int64_t attempt; /* the last one that was handed out; 0: none yet */
	int64_t voided; /* attempts up to this one do not count, whatever comes of them: their block
			   was broken and began anew */
	int64_t host_lost;   /* attempts that its host was lost with, as the store knows them */
	int64_t turned_down; /* attempts that its agent gave back, since this process started */
	enum attempt_state attempt_state; /* of the last attempt */
	bool is_called_off;  /* CANCEL was said of it, and it is in its host's hands until that
				answers */
	bool is_called_back; /* by a restart, which the store does not know yet */
	enum run_state state;
	double value;                 /* of until's metric, once it has ended; NAN: none */
	int64_t energy_uj;            /* once it has ended */
	struct streams streams;       /* from OUTPUT, until the RESULT comes */
	struct live_run *prev, *next; /* in the lane's queue while queued; in its `ended` */
	UT_hash_handle hh;
};

/* A block of `spread: any` that lost its host and has no other one yet. */
struct broken_block {
	int64_t block;
	size_t group;          /* of lanes, that can take it */
	struct live_run *runs; /* all of it, by number; queued, and no lane's (owned) */
	struct broken_block *prev, *next;
};

/* Lanes that share blocks, as each can run all of one: `spread: any`. */
struct spread_group {
	const struct benchmark *of; /* whose roles its lanes have; NULL: they are of one host */
	int64_t blocks_begun;
	int64_t first, width; /* its runs' numbers in a block: from first, as many */
};

enum finish {
	FINISH_DUE,  /* its host was not told yet that there are no more runs */
	FINISH_SENT, /* it was, and has teardown steps to do */
	FINISH_DONE, /* nothing is expected of it any more */
};

/* Hosts on which a configuration was done, the last time that they ran it; the last one first. */
struct doers {
	const struct host *hosts[2];
};

struct lane {
	struct live *live;
	struct host *host;     /* with members: what stands for them all (owned) */
	struct host **members; /* hosts that run it together, in the order of the roles (owned) */
	size_t members_n;      /* 0: host alone */
	struct gang *gang;     /* of its run that is in flight (owned); NULL: there is none */
	int64_t *turns;        /* as `turn`, of each member (owned) */
	struct lane *host_prev, *host_next; /* its host's lanes */
	int64_t turn; /* when a block of it began last, as the host's turns; see handout.h */
	const struct plan_lane *plan;
	bool is_sequential;       /* each place is a stage of its own; else there is one stage */
	size_t stage, stages_n;   /* in which it is, of how many */
	int64_t passes_begun;     /* of that stage */
	int64_t *stage_passes;    /* of each stage, when it was taken up; NULL: none then (owned) */
	int64_t width;            /* runs in the pass that began last, or comes next, at most */
	struct until_scope until; /* not with `spread: any` */
	bool *open;               /* by place: what the next pass has, where is_decided */
	bool is_decided;          /* open is what follows from all results */
	bool is_over;             /* no more pass begins */
	size_t *order;   /* places of the pass that began last, where it is not written to its end
			    (owned); else NULL */
	size_t order_at; /* how many of them are */
	struct live_run *queue; /* queued runs, next first */
	int64_t unended;        /* runs queued or in the host's hands */
	int64_t ended;          /* runs that ended, any way, skipped ones too */
	int64_t timed;          /* of those, since first_ns */
	int64_t first_ns;       /* CLOCK_MONOTONIC when this process first assigned one; 0 before */
	enum finish finish;
	/* with `spread: any` */
	size_t group;                /* with which other lanes it shares blocks */
	int64_t holds;               /* the block that it runs; 0: none */
	bool has_warmed;             /* its warm-up passes were begun */
	struct live_run *ended_runs; /* of that block (owned): should the host be lost, they are run
				       again */
};

/* How an attempt came to be out no more without a result. */
enum loss {
	LOSS_WITH_HOST, /* its host was at work on it, was lost, and we were there: it may be why */
	LOSS_BESIDE,    /* its host was lost; it only waited there, or nobody knows when that was */
	LOSS_BACK,      /* its agent did not take it, or ended it of itself */
	LOSS_N,
};

/* What a lane has for its host. */
enum live_next {
	NEXT_NONE, /* nothing, so that other campaigns may have it */
	NEXT_WAIT, /* nothing yet: what comes next follows from a run that is under way */
	NEXT_RUN,
};

struct live {
	int64_t id;
	struct id16 uuid;
	char *label;
	struct campaign *campaign;
	struct plan *plan;
	struct plan_host *hosts; /* owned copies, as planned with */
	uint8_t tree[32];
	bool has_tree;
	char *directory; /* NULL: none */
	struct lane *lanes;
	size_t lanes_n, alone_n;   /* the first of them are of one host each */
	struct rendered *rendered; /* what ASSIGNs say, by lane and configuration (owned) */
	size_t rendered_bytes;
	int64_t runs_a_pass; /* over all lanes */
	int64_t rows;        /* runs that are in the store */
	int64_t total;       /* that the store holds */
	int64_t done, failed, skipped;
	int64_t submitted_at;
	int64_t priority;        /* -100 to 100, the higher before the lower */
	struct doers *doers;     /* by configuration: health.h; NULL: none yet */
	struct answers *answers; /* that runs must have in common; NULL: not needed yet */
	size_t written;          /* configurations that are in the store */
	struct live_run *runs;   /* hash by number: queued, assigned and running ones (owned) */
	bool is_stirred; /* something happened to its runs or hosts, and what follows was not looked
			    at: in a turn without that its lanes are left alone */
	bool is_stopped; /* nothing more begins: cancelled, or its budget is used up */
	enum campaign_state state; /* cancelled: it has ended but for the teardown on its hosts */
	/* budget */
	char *reached;     /* "budget: time 8 h reached", or NULL */
	int64_t used_ns;   /* before this process */
	int64_t since_ns;  /* CLOCK_MONOTONIC of this process's first run; 0: none yet */
	int64_t used_uj;   /* of all runs */
	int64_t until_at;  /* CLOCK_REALTIME when it ends; ABSENT */
	int64_t budget_at; /* CLOCK_REALTIME since when it counts: when it was submitted, or more of
			      it was asked for after its end */
	/* with `spread: any` */
	struct until_scope until; /* by index in the plan */
	bool *open;               /* by index in the plan, where is_decided */
	bool is_decided;
	struct spread_group *groups; /* what the lanes share: those of one host each, and those of
					the same roles (owned) */
	size_t groups_n;
	struct broken_block *broken; /* by number (owned) */
	struct live *prev, *next;
};

struct live_store { /* what every change needs */
	const struct store_ops *ops;
	struct store *store;
};

/* What to make a campaign of. Texts are copied. */
struct live_request {
	const char *yaml, *file, *changes, *directory;
	struct blob tree;
	int64_t priority;
	struct host **hosts;       /* those that take part, in order */
	struct plan_host *planned; /* what the plan was made with, one for each (taken over) */
	size_t hosts_n;
};

/*
 * Make a campaign with a plan for its hosts and begin to write it to the store, where it is
 * `queued`: live_write() goes on. c, plan and what is planned with become the live campaign's
 * (freed on error too). Returns 0 and *out, or negative.
 */
int live_create(struct live **out, struct campaign *c, struct plan *plan,
	const struct live_request *request, struct live_store s, struct error *err);
/*
 * Write at most limit more configurations. Returns 1 once all is written: now it is `running`, and
 * what is handed out of it may be kept. 0: call it again, in this transaction or the next. A
 * campaign that is still `queued` in the store at a start was not written to its end, and nobody
 * was told of it: see store_ops.remove_campaign.
 */
int live_write(struct live *l, size_t limit, struct live_store s, struct error *err);

/*
 * Take up a campaign from the store after a restart. find_host gives the host of a public key, made
 * where it is not known. Runs that were assigned or running are put into their hosts' hands, to be
 * adopted or lost when these say HELLO.
 */
int live_load(struct live **out, const struct message_cell *campaigns_row, struct live_store s,
	struct host *(*find_host)(
		void *arg, int64_t id, const char *name, const char *key, const char *inventory),
	void *arg, struct error *err);
void live_free(struct live *l);

/* What a run runs. */
static inline const struct configuration *live_configuration(
	const struct live *l, const struct live_run *r)
{
	return &l->plan->configurations[r->configuration];
}
/* The lane of a host alone, or NULL. */
struct lane *live_lane(struct live *l, const struct host *h);

/* live_tuples.c */
/* Whether a host is the lane's own, or one of its members. */
bool lane_has(const struct lane *lane, const struct host *h);
/* Whether whoever runs it may be handed a run, should hands be free. */
bool lane_takes_runs(const struct lane *lane);
/* Take a run into the hands of its host; of several: of all, or false where one has anything in
 * hand. */
bool lane_take(struct lane *lane, struct live *l, struct live_run *r);
/* Put it down wherever it is. */
void lane_put_down(struct lane *lane, const struct live_run *r);

/* Its hosts may have something to be handed out. */
void live_is_due(struct live *l);
/* Whether the lane is within what stays together, a block (with `order: sequential`: all of one
 * configuration), so that more of it is to be handed out. After live_peek(). */
bool live_is_within(const struct lane *lane);
/* What a lane has for its host now. Nothing is written. */
enum live_next live_peek(struct live *l, struct lane *lane);
/*
 * The next run for a lane, its attempt written and in the host's hands. *out is NULL where the lane
 * has none now. Begins the next pass where the queue is empty. now_ns is CLOCK_MONOTONIC, at is
 * CLOCK_REALTIME.
 */
int live_next(struct live *l, struct lane *lane, int64_t now_ns, int64_t at, struct live_store s,
	struct live_run **out, struct error *err);
struct live_run *live_find_run(struct live *l, int64_t run);
/*
 * The run's attempt is out no more, and gave no result: queue the run again, in front. It is given
 * up where its host was lost with it, or its agent gave it back, as often as `limits.attempts`:
 * then it has failed, *given_up (the caller frees) is the reason, and r is not to be used any more.
 * Else *given_up is NULL.
 */
int live_lose(struct live *l, struct live_run *r, enum loss loss, const char *why, int64_t at,
	struct live_store s, char **given_up, struct error *err);
/* The host that a run's last attempt was lost with has it yet: it is in its hands again. The caller
 * knows that attempt_state and run_state allow that, and that there is room in the hands. */
int live_find_again(
	struct live *l, struct live_run *r, int64_t at, struct live_store s, struct error *err);
/* The run has ended with this event; r is not to be used any more. The store has its result
 * already: result is that (standard metrics and own ones), NULL where there is none. */
void live_end(struct live *l, struct live_run *r, enum run_event event,
	const struct store_result *result);
/* Whether nothing begins any more on a lane, and nothing of it is queued or under way. */
bool live_lane_is_over(const struct live *l, const struct lane *lane);
/* Whether that holds for every lane. */
bool live_is_over(const struct live *l);
/* ---- live_pause.c ---- */

/* A running campaign becomes paused, a paused one runs again. why is for people, or NULL. What is
 * in hands is the caller's. Return 0 or negative. */
int live_pause(struct live *l, const char *why, int64_t at, struct live_store s, struct error *err);
int live_resume(
	struct live *l, const char *why, int64_t at, struct live_store s, struct error *err);
/* The run's attempt is called off at its host: queue it again in front; that is no loss. */
int live_recall(
	struct live *l, struct live_run *r, int64_t at, struct live_store s, struct error *err);

/* Cancel everything that is queued; what is in hands is the caller's. Returns 0 or negative. */
int live_cancel_queued(struct live *l, struct live_store s, struct error *err);

/*
 * Before runs are handed out, once a turn: decide on lanes that have nothing under way, and see
 * whether the budget is used up. Returns whether live_settle() has something to write.
 */
bool live_is_unsettled(struct live *l, int64_t now_ns, int64_t at);
/* Runs that are queued and will not run become `skipped`, with the reason. */
int live_settle(struct live *l, int64_t at, struct live_store s, struct error *err);

/* The host of a lane was silent for longer than the lease, and nothing of the campaign is in its
 * hands: with `spread: any` its block begins anew elsewhere, and why is kept. So it
 * does where the host gets no runs any more. Otherwise nothing happens. */
bool live_holds_block(const struct live *l, const struct lane *lane);
int live_break_block(struct live *l, struct lane *lane, const char *why, int64_t at,
	struct live_store s, struct error *err);

/* The hosts that the campaign waits for, "lab03 (silent), lab05 (offline)", where none of those
 * that have work left is there; "teardown on lab03" where that alone is left; else an empty text.
 */
void live_waits_for(const struct live *l, struct buf *out);
/* "waits for lab03 (silent)", "goes on without lab05 (drained)"; an empty text where all hosts that
 * have work left do it, or nobody expects them to. */
void live_without(const struct live *l, struct buf *out);
/* Numbers for people; texts point into l. */
void live_describe(const struct live *l, int64_t now_ns, struct message_campaign *out);
/* At the end: that the budget was reached, and which configurations have fewer blocks than
 * `blocks`, in one line; nothing where nothing is missing. */
void live_missing(const struct live *l, struct buf *out);

#endif
