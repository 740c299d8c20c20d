/*
 * store.h - where campaigns, runs and what was measured are kept: the interface; sqlite.c is the
 * embedded store
 *
 * A result counts as stored when the transaction that holds it has committed, never before; the
 * coordinator commits once a turn of its loop and then acknowledges. There is exactly one
 * read-write store a file, guarded by a flock on FILE.lock. Values are inner units (units.h).
 *
 * Every function that can fail returns 0 or negative and fills err with file and reason. A full
 * disk is -ENOSPC: roll back, keep what is not acknowledged, try again later.
 *
 * Threads: a store belongs to one thread.
 */
#ifndef COORDINATOR_STORE_STORE_H
#define COORDINATOR_STORE_STORE_H

#include "proto/message.h"

/* Begins the key of a host that results were imported from: no agent's, so that "hosts" leaves it
 * out. */
#define IMPORTED_HOST "imported:"

/* Begins the key of what stands for several hosts that run together: no agent's either. */
#define ROLES_HOST "roles:"

/* States as texts, the same in YAML, C, SQL and on screen. */
#define RUN_QUEUED    "queued"
#define RUN_ASSIGNED  "assigned"
#define RUN_RUNNING   "running"
#define RUN_DONE      "done"
#define RUN_FAILED    "failed"
#define RUN_TIMEOUT   "timeout"
#define RUN_SKIPPED   "skipped"
#define RUN_CANCELLED "cancelled"
#define ATTEMPT_LOST  "lost"

struct store_campaign {
	int64_t id; /* set by add */
	struct id16 uuid;
	const char *name;      /* "quickstart" */
	int64_t number;        /* of that name in this store, from 1; 0: add sets the next one */
	const char *file;      /* name of the file, for messages */
	const char *yaml;      /* as it was */
	const char *changes;   /* JSON or NULL */
	struct blob tree;      /* 32 bytes or absent */
	const char *directory; /* or NULL */
	const char *state;
	int64_t total;        /* runs that will be, warm-up too */
	int64_t submitted_at; /* CLOCK_REALTIME ns */
	int64_t ended_at;     /* ABSENT */
	int64_t priority;
};

struct store_run {
	int64_t campaign;      /* store id */
	int64_t run;           /* number from 1 */
	int64_t block;         /* 0: warm-up */
	int64_t pass;          /* from 0: warm-up passes, then blocks */
	int64_t host;          /* store id */
	int64_t configuration; /* index in the campaign */
	const char *state;
	int64_t attempt; /* the last one; 0 before the first */
	const char *reason;
};

struct store_metric { /* a metric of the campaign's own */
	const char *name, *unit;
	double value; /* NAN: it is no number, text says what it is */
	enum better_code { STORE_BETTER_NONE, STORE_BETTER_LOWER, STORE_BETTER_HIGHER } better;
	const char *text;     /* as it was printed: of one that is no number, or that other runs
				 must be equal to; else NULL */
	const double *series; /* all values of a run, in their order, finite; NULL where there is
				 one */
	size_t series_n;
};

struct store_result {
	int64_t campaign, run, attempt;
	const char *state, *reason;
	int64_t started_at, exit_code, signal; /* ABSENT where not known */
	const struct message_metric *metrics;  /* standard ones, inner units */
	size_t metrics_n;
	const struct store_metric *own;
	size_t own_n;
	const char *const *flags;
	size_t flags_n;
	const char *cpus;
	int64_t stdout_total, stderr_total, stdout_head, stderr_head, thinned;
	int64_t ended_at; /* CLOCK_REALTIME ns at the coordinator */
	bool is_late;     /* it does not count, even where the run has no result yet */
};

/* What `requires` said on a host of a campaign. */
struct store_requirement {
	int64_t campaign, host; /* store ids */
	const char *command;    /* JSON array of its argv */
	const char *reason;     /* why the host is not as required; NULL: it is */
	int64_t asked_at;       /* CLOCK_REALTIME ns at the agent */
	struct blob output;     /* what was kept of what it printed */
	int64_t total, head;    /* bytes: printed, and of the head in output */
};

/* What one host told of a run of several. */
struct store_part {
	int64_t campaign, run, attempt;
	const char *role;
	int64_t host; /* store id */
	const char *state, *reason;
	int64_t started_at, ended_at, exit_code, signal; /* ABSENT where not known */
	const char *cpus;
	struct blob result; /* the message, whole */
};

/* Chunks of samples of a run of several hosts: part i numbers them from i x PART_CHUNKS, main from
 * 0. "samples" has main's. */
#define PART_CHUNKS ((int64_t)1 << 24)

/* What a host's clock was found to be. */
struct store_clock {
	int64_t host;        /* store id */
	int64_t at, raw;     /* CLOCK_REALTIME and CLOCK_MONOTONIC_RAW of the coordinator, ns */
	struct id16 session; /* of the agent's process */
	int64_t offset;      /* coordinator's CLOCK_MONOTONIC_RAW minus the host's, ns */
	int64_t delay;       /* round trip that it was found with, ns */
};

/* A campaign that is submitted again and again; known by its name. */
struct store_schedule {
	const char *name; /* of the campaign */
	const char *file, *yaml;
	const char *changes; /* JSON or NULL */
	struct blob tree;    /* 32 bytes or absent */
	int64_t priority;
	const char *cron;     /* as the YAML has it */
	const char *timezone; /* likewise, or the coordinator's; NULL where that has no name */
	int64_t added_at;     /* CLOCK_REALTIME ns */
	int64_t next_at;      /* when it is due next; ABSENT: never */
};

/* One time that a schedule was due. */
struct store_sweep {
	int64_t id;                     /* 0: a new one, put sets it */
	const char *schedule;           /* name */
	int64_t due_at;                 /* CLOCK_REALTIME ns */
	int64_t began_at, ended_at;     /* ABSENT */
	const char *state;              /* of dispatch/sweep_state.h */
	const char *reason;             /* or NULL */
	const char *baseline;           /* "previous", "last-7", a label; or NULL */
	int64_t campaign, confirmation; /* store ids; 0: none */
	const char *answer;             /* JSON or NULL */
};

/* What somebody is to be told. */
struct store_notice {
	int64_t id;           /* set by add */
	int64_t sweep;        /* 0: of none */
	const char *schedule; /* or NULL */
	int64_t at;           /* CLOCK_REALTIME ns */
	const char *kind;     /* "regressed", "improved", "host" ... */
	const char *subject;  /* what has changed, so that it can be found again */
	const char *text, *json;
};

#define DELIVERY_WAITING   "waiting"
#define DELIVERY_DELIVERED "delivered"
#define DELIVERY_GIVEN_UP  "given up"

/* A notice on one of its ways; known by both. */
struct store_delivery {
	int64_t notice;
	const char *channel; /* "webhook https://...", "mail ...", "command ..." */
	const char *state;
	int64_t attempts;
	int64_t next_at;    /* CLOCK_REALTIME ns when it is tried again; ABSENT: no more */
	const char *reason; /* why the last attempt failed; NULL */
};

struct store;

/* Something that is wrong with a store. */
struct store_finding {
	const char *what; /* "file", "references", "results", "attempts", "samples" ... */
	const char *text; /* for people */
};
typedef void store_found_fn(void *arg, const struct store_finding *f);

/* What of an ended campaign can be removed. */
enum store_kept { STORE_SAMPLES = 1, STORE_OUTPUT = 2 };
struct store_pruned {
	int64_t rows, bytes; /* removed */
};

/* More coordinators than start on a store between a copy of it and the day that the copy is needed.
 */
#define STORE_COPY_EPOCHS (INT64_C(1) << 20)

/* So much must be free before a full disk is tried again, that what follows is more than the next
 * failure. */
#define STORE_ROOM_BYTES (INT64_C(4) << 20)

struct store_ops {
	const char *name; /* "sqlite" */
	/*
	 * Open path; with write the file is made and migrated where needed, the lock taken, and the
	 * epoch raised by one and committed. -EBUSY: another process holds the lock; -ENOENT: not
	 * there (read only). A newer schema is refused. One that was not closed when it was open
	 * for writing last is checked first, a large one without samples and outputs, and the log
	 * told: -EUCLEAN where it is damaged.
	 */
	int (*open)(struct store **out, const char *path, bool write, struct error *err);
	void (*close)(struct store *s);
	/*
	 * After a failure to write: close the file and open it again, as open does it, with the
	 * lock held all the while. What was not committed is gone. It fails where the file, or room
	 * for more in it, is not there yet; then nothing but reopen,
	 * close, identity and in_transaction may be called.
	 */
	int (*reopen)(struct store *s, struct error *err);
	/*
	 * Look for damage: quickly, in the file alone, or deep: all of the file, references, and
	 * that what is in it fits together. found (may be NULL) is told of each, during the call.
	 * Returns how many there are: 0 means it is whole; or negative where it could not be looked
	 * at. Not within a transaction.
	 */
	int (*check)(
		struct store *s, bool deep, store_found_fn *found, void *arg, struct error *err);
	/*
	 * Copy all of the store, as it is now, into the file at path, which is there and empty;
	 * what is written meanwhile is not in it and waits for nothing. It is a store of its own,
	 * closed, in one file, whose epoch is STORE_COPY_EPOCHS higher: agents that follow the
	 * store obey a coordinator on the copy. progress (may be NULL) gets pages copied and all
	 * pages, a few MiB apart; where it returns nonzero the copy ends with -EINTR. Not within a
	 * transaction. The caller makes the file durable.
	 */
	int (*copy)(struct store *s, const char *path,
		int (*progress)(void *arg, int64_t done, int64_t total), void *arg,
		struct error *err);
	/*
	 * Remove samples, outputs (what: of enum store_kept) of a campaign that has ended, at most
	 * limit rows of them. The first time sets its pruned_at and adds an event "pruned" that
	 * tells what there is to remove. Returns 1 where there may be more, 0 where nothing is
	 * left, or negative: -EBUSY where it has not ended. Adds to *out.
	 */
	int (*prune)(struct store *s, int64_t campaign, unsigned what, bool is_first, int64_t at,
		int64_t limit, struct store_pruned *out, struct error *err);
	/* Give back the file's free space. It writes all of it anew, which needs as much room again
	 * for that time. Not within a transaction. */
	int (*compact)(struct store *s, struct error *err);
	/* The store's own 16 bytes and the current epoch. */
	void (*identity)(struct store *s, struct id16 *id, int64_t *epoch);

	int (*begin)(struct store *s, struct error *err); /* fine when already begun */
	int (*commit)(struct store *s, struct error *err);
	void (*rollback)(struct store *s);
	bool (*in_transaction)(const struct store *s);
	/* Do what was put off, where there is time: call it some times a second, outside of a
	 * transaction. */
	void (*tend)(struct store *s);

	/* Insert or update a host by its key; *id is its store id. inventory is kept in a row of
	 * its own when it changed. */
	int (*put_host)(struct store *s, const char *name, const char *public_key,
		const char *inventory, int64_t seen_at, int64_t *id, struct error *err);
	/* Whether the host gets runs: admission is "drained", "aside", or NULL: it does; reason may
	 * be NULL, at is CLOCK_REALTIME ns. -ENOENT: there is no such host. */
	int (*set_host_admission)(struct store *s, int64_t host, const char *admission,
		const char *reason, int64_t at, struct error *err);
	int (*add_campaign)(struct store *s, struct store_campaign *c, struct error *err);
	/* Take back a campaign that has no runs yet. Not within a transaction: it is one itself. */
	int (*remove_campaign)(struct store *s, int64_t campaign, struct error *err);
	int (*set_campaign_state)(struct store *s, int64_t campaign, const char *state, int64_t at,
		struct error *err);
	/* How many runs it has, where that turned out to be fewer than at its beginning. */
	int (*set_campaign_total)(
		struct store *s, int64_t campaign, int64_t total, struct error *err);
	int (*add_configuration)(struct store *s, int64_t campaign, int64_t index,
		const char *benchmark, const char *parameters, struct error *err);
	/* Host number `lane` of the campaign, with the inventory that it was planned with. */
	int (*add_lane)(
		struct store *s, int64_t campaign, int64_t lane, int64_t host, struct error *err);

	/* A host that a lane of several consists of: number `part` of them, with this role. */
	int (*add_lane_part)(struct store *s, int64_t campaign, int64_t lane, int64_t part,
		const char *role, int64_t host, struct error *err);

	int (*add_run)(struct store *s, const struct store_run *r, struct error *err);
	/* A new attempt: run's state and attempt, and a row in attempt. */
	int (*start_attempt)(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
		int64_t at, struct error *err);
	int (*set_run_state)(struct store *s, int64_t campaign, int64_t run, const char *state,
		const char *reason, struct error *err);
	int (*set_attempt_state)(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
		const char *state, int64_t at, struct error *err);
	/*
	 * A run begins anew, on this host: it is queued and has no result. What it had is kept with
	 * its attempt, which is lost now. Fine for a run that has no result.
	 */
	int (*reset_run)(
		struct store *s, int64_t campaign, int64_t run, int64_t host, struct error *err);
	/* Returns 1 when stored as the run's result, 0 when it was there already, is late, or the
	 * run has its result from another attempt (then only the attempt is marked), negative on
	 * error. */
	int (*put_result)(struct store *s, const struct store_result *r, struct error *err);
	/* Returns 1 when stored, 0 when this attempt has that role's already or there is no such
	 * run, negative on error. The run's own result is put beside it, once all parts are there.
	 */
	int (*put_part)(struct store *s, const struct store_part *p, struct error *err);
	int (*put_samples)(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
		int64_t chunk, const void *data, size_t len,
		struct error *err); /* a chunk that is there already is fine */
	int (*put_output)(struct store *s, int64_t campaign, int64_t run, int64_t attempt,
		const char *stream, int64_t offset, const void *data, size_t len,
		struct error *err);
	/*
	 * What `requires` said. One row for each answer that a command gave on a host of a
	 * campaign: the same one again, and in whatever order they come, only widens the time in
	 * which it was given.
	 */
	int (*put_requirement)(
		struct store *s, const struct store_requirement *r, struct error *err);
	/* The epoch of the store goes with it. */
	int (*put_clock)(struct store *s, const struct store_clock *c, struct error *err);
	/* Insert, or replace the one of this name. */
	int (*put_schedule)(
		struct store *s, const struct store_schedule *schedule, struct error *err);
	int (*set_schedule_next)(
		struct store *s, const char *name, int64_t next_at, struct error *err);
	/* Its sweeps and notices stay. -ENOENT: there is no such schedule. */
	int (*remove_schedule)(struct store *s, const char *name, struct error *err);
	/* Insert (id 0) or update all of it. */
	int (*put_sweep)(struct store *s, struct store_sweep *sweep, struct error *err);
	int (*add_notice)(struct store *s, struct store_notice *n, struct error *err);
	/* Insert, or update the one of this notice and channel. */
	int (*put_delivery)(struct store *s, const struct store_delivery *d, struct error *err);
	/* The changes of a campaign, as they are from now on: its labels may be others. */
	int (*set_campaign_changes)(
		struct store *s, int64_t campaign, const char *changes, struct error *err);
	int (*add_event)(struct store *s, int64_t campaign, int64_t host, int64_t run,
		const char *kind, const char *text, int64_t at,
		struct error *err); /* ids 0 where none */

	/*
	 * A named query: rows with key > after in the order of key, at most limit. Each row goes to
	 * row(); a nonzero return ends the query. Values in cells live during the call. Columns go
	 * to columns() first. Unknown names: -EINVAL. The queries and their columns are in
	 * queries.h.
	 */
	int (*query)(struct store *s, const char *what, const char *label, int64_t after,
		int64_t limit, void (*columns)(void *arg, const char *const *names, size_t n),
		int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n),
		void *arg, struct error *err);
};

/* Whether a store can be in this folder: 0, or -ENOTSUP on a network file system. */
int store_is_local(const char *folder, struct error *err);

extern const struct store_ops store_sqlite;
/* The store that programs use: the first of the table. */
extern const struct store_ops *const stores[];

#endif
