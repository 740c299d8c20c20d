/*
 * dispatch.h - the coordinator's core: hosts, campaigns, leases, and what is said to whom
 *
 * It has no sockets and no clock: frames and times come in, frames go out through a function.
 * Nothing is sent while a frame is handled: replies wait in an outbox until dispatch_flush() has
 * committed what they speak of. So an acknowledgement is never sent before its transaction is on
 * disk, and all that came in one turn of the loop shares one commit.
 *
 * agents.c handles what agents say, reports.c what they report of runs, users.c what users'
 * programs say, submissions.c a campaign between SUBMIT and its first run: what takes long there
 * (reading, fetching, planning: preparation.c) is done in other threads, and a large campaign is
 * written in slices. recovery.c goes on where the store fails, trouble.c says so meanwhile. Who may
 * say what follows from the role of the key.
 */
#ifndef COORDINATOR_DISPATCH_DISPATCH_H
#define COORDINATOR_DISPATCH_DISPATCH_H

#include "coordinator/store/store.h"
#include "proto/content.h"
#include "proto/keys.h"
#include "proto/link.h"

struct dispatch;
struct campaign;
struct preparation;
struct settings;
struct totals;

struct dispatch_config {
	const struct store_ops *ops;
	struct store *store;           /* open for writing; not owned */
	struct content_store *content; /* not owned */
	struct keyring *keyring;       /* not owned */
	bool is_embedded;  /* one machine, its agents are our children: campaigns may name a local
			      directory */
	int64_t gather_ns; /* how long a submission waits for trusted agents that are not connected
			      yet */
	int64_t credit; /* bytes of SAMPLES that one agent may have under way at most; 0: as many as
			   are good */
	/* The folder of content; beside contents it holds the mirrors of git sources, in git/. */
	const char *content_dir;
	/* The store's file by its whole path, for commands in notices; NULL: they name none. */
	const char *db;
	/* Called in other threads, when work beside the loop has ended: dispatch_go_on() is due.
	 * NULL: there are no threads, such work is done within the turn. */
	void (*wake)(void *arg);
	/*
	 * Ask what `joulerig WORDS...` says about this store, as a user's program would be asked:
	 * its standard output into out. Called in threads beside the loop; stop_fd readable ends
	 * it. Returns its exit status, or negative where it could not be run. NULL: nothing is
	 * asked, sweeps are not compared.
	 */
	int (*ask)(void *arg, const char *const *words, int stop_fd, struct buf *out,
		struct error *err);
	/* What the administrator wants (settings.h); not owned. NULL: nothing. */
	const struct settings *settings;
	struct totals *totals; /* in which is counted (totals.h); not owned. NULL: nowhere */
	/* Send one frame; never blocks. Returns 0 or -errno. */
	int (*send)(void *arg, const struct route *to, const void *data, size_t len);
	void *arg;
};

struct dispatch *dispatch_new(const struct dispatch_config *config);
void dispatch_free(struct dispatch *d);

/*
 * Take up the campaigns that have not ended: all of them, or with only not NULL the one of this
 * label ("": none; late results of the others stay with their agents until they go on). Returns 0
 * or negative.
 */
int dispatch_load(struct dispatch *d, const char *only, struct error *err);

/* One frame from a peer with this key. now_ns is CLOCK_MONOTONIC. */
void dispatch_on_frame(struct dispatch *d, int64_t now_ns, const struct route *from,
	const char *public_key, const void *data, size_t len);
/* Heartbeats, leases, submissions that wait, progress: call it about four times a second. */
void dispatch_tick(struct dispatch *d, int64_t now_ns);
/* Only the submissions: call it when woken, and in every turn while dispatch_is_busy(). */
void dispatch_go_on(struct dispatch *d, int64_t now_ns);
/* Whether a large campaign is being written, a slice a turn: the next turn should come at once. */
bool dispatch_is_busy(const struct dispatch *d);
/*
 * Hand out runs, commit, send. Returns 0, or negative where the store failed: then nothing of this
 * turn was acknowledged, and a new dispatcher must read the store anew (recovery.h sees to that).
 */
int dispatch_flush(struct dispatch *d, int64_t now_ns, struct error *err);

/*
 * After dispatch_flush() failed: tell users' programs that wait for something that it does not come
 * now, and why; report gets the frame of a REPORT of all, as it was last believed. Then the
 * dispatcher is of no more use.
 */
void dispatch_abandon(struct dispatch *d, int64_t now_ns, const char *why, struct buf *report);

/* An EVENT message about a campaign: see message_event. It is told when what it says is on disk. */
typedef void dispatch_observer_fn(void *arg, const struct message *event);

/* A campaign handed in by this very program. Texts are copied. */
struct dispatch_request {
	const char *yaml, *file, *changes, *directory;
	struct blob tree; /* must be in the content store */
	int64_t priority; /* -PRIORITY_MAX to PRIORITY_MAX */
	/* As of message_submit: a submission whose file, changes and contents it has, another whose
	 * contents run interleaved; and that it is to be kept as a schedule. */
	const char *again, *against;
	bool is_schedule;
	/* It is a sweep of this schedule's, which may follow a repository; NULL: it is not. */
	const struct campaign *of_schedule;
	/* Called once its contents are here, before it is planned: negative with err, and it is
	 * not planned but decided with that. NULL: nobody asks. */
	int (*on_contents)(void *arg, const struct preparation *p, struct error *err);
	/* Called once, from tick or flush: err->code 0 and the label, or what is wrong. */
	void (*on_decided)(void *arg, const char *label, const struct error *err);
	dispatch_observer_fn *observer; /* of the campaign, until its end */
	void *arg;
};
void dispatch_submit(struct dispatch *d, int64_t now_ns, const struct dispatch_request *request);
/* Observe a campaign that was taken up by dispatch_load(). Returns false where it is not going on.
 */
bool dispatch_observe(struct dispatch *d, const char *label, dispatch_observer_fn *fn, void *arg);
/* Such a campaign goes on where it was paused. Returns false where there is none. */
bool dispatch_resume(struct dispatch *d, const char *label);

/* The settings are others from now on; NULL: none. The old ones are not looked at any more. */
void dispatch_set_settings(struct dispatch *d, const struct settings *settings);

/* Tell every connected agent that the coordinator goes (embedded ones end themselves). Call before
 * the last flush. */
void dispatch_say_bye(struct dispatch *d, const char *reason);
/* How many campaigns have not ended, and (NULL is fine) how many of them run or are paused. */
size_t dispatch_campaigns(const struct dispatch *d, size_t *running, size_t *paused);
/* How many hosts are connected. */
size_t dispatch_connected(const struct dispatch *d);

#endif
