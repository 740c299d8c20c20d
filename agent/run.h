/*
 * run.h - the life of one run on this machine, from its assignment to the frames of its result
 *
 * files -> requires, setup (once) -> placement, tune -> prepare -> guard -> idle baseline (once a
 * block) -> prepared process -> counters, clock, go -> exit: clock, counters -> collected files ->
 * cleanup -> frames. When a campaign is over, its teardown. One run at a time; nothing
 * here blocks the loop but laying out files and opening a meter that was never asked for before.
 * What the run uses of the machine it gives back right after on_end, or when the next one is
 * started from within: no cgroup and no temporary directory is left (no process is before). What
 * was tuned is put back when no run came for a while.
 *
 * One program of several that run together (ASSIGN role) waits before its process is made
 * (RUN_PREPARED). Main is then let go at an instant, and is measured as any run. The others are
 * started, become ready (RUN_READY), and are measured from an instant on until runner_stop(), which
 * also ends them: `time` is that window, as are all other metrics but memory.peak.
 *
 * Quiet: between go and end the agent writes nothing to disk; with `stream: after` (and where a
 * violated run may be run again) nothing but heartbeats goes to the network either.
 *
 * Samples: the sampling thread starts a moment after the command (half a period, at most 20 ms), so
 * that the shortest runs do not pay for it. Chunks become SAMPLES frames as they come; above 4 MiB
 * of them every second chunk is left out, above 8 MiB all but every fourth, and so on, none is kept
 * above 16 MiB. The same where the link does not carry them as fast as they come: runner_thin().
 * What was left out is counted in the result, which has the flag samples_thinned then.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "agent/files.h"
#include "agent/lock.h"
#include "agent/meters.h"
#include "agent/topology.h"
#include "proto/loop.h"
#include "proto/message.h"

struct runner;

struct runner_options {
	struct loop *loop;
	const struct machine *machine;
	const struct topology *topology;
	struct meters *meters;
	struct files *files;
	const char *state; /* absolute; STATE/tmp is used, and emptied at the start */
	struct machine_lock *lock;
};

/* What is told of a program of several (message.h: ASSIGN role) as it comes to it. */
enum run_point {
	RUN_NO_POINT,
	RUN_PREPARED, /* it waits for runner_go(): READY "prepared" */
	RUN_READY,    /* READY "ready" */
	RUN_ENDED,    /* it was main, and its command has ended: ENDED */
};

struct runner_handler {
	/* The command has been running for 200 ms. */
	void (*on_started)(
		void *arg, const struct attempt_id *id, int64_t started_at, int64_t raw_ns);
	/* raw_ns: CLOCK_MONOTONIC_RAW of RUN_ENDED, else ABSENT. Only of runs with a role. */
	void (*on_point)(
		void *arg, const struct attempt_id *id, enum run_point point, int64_t raw_ns);
	/* More SAMPLES frames stand in runner_frames(). */
	void (*on_samples)(void *arg);
	/*
	 * The run is over. frames (spool.h: SAMPLES, OUTPUT, RESULT) are the runner's, and gone
	 * with the next runner_start(); the handler may swap them with a buffer of its own, and
	 * then call that from within.
	 */
	void (*on_end)(void *arg, const struct attempt_id *id, struct buf *frames);
	/*
	 * The teardown of a campaign is over; reason (NULL: nothing failed) is valid during the
	 * call. May call runner_start() or runner_tear_down().
	 */
	/* A run cannot begin as this machine's disk fails; runner_files_arrived() has it try again.
	 */
	void (*on_trouble)(void *arg, const struct error *why);
	void (*on_torn_down)(void *arg, const struct id16 *campaign, const char *reason);
	void *arg;
};

int runner_open(struct runner **out, const struct runner_options *options,
	const struct runner_handler *handler, struct error *err);
/* Kills what runs, at once; no on_end. NULL is fine. */
void runner_close(struct runner *r);

/* Begin; a stays the caller's and must live until on_end. Only while idle. on_end may be called
 * from within. */
void runner_start(struct runner *r, const struct message_assign *a);
/*
 * Whatever becomes ready from now on waits for runner_release(): the caller knows that this machine
 * is busy for a moment with what is no part of the run.
 */
void runner_hold(struct runner *r);
void runner_release(struct runner *r);
/* How runs are contained, for the inventory: "v2 with memory, pids", "none". */
const char *runner_containment(const struct runner *r);
/* Whether a command is between its go and its end: a time for being quiet. */
bool runner_is_measuring(const struct runner *r);
/*
 * A campaign has no more runs: run the steps (struct message_step; may be none) in each directory
 * in which it was, then forget it. Only while idle; steps live until on_torn_down, which may be
 * called from within. Meanwhile runner_current() is an assignment that the caller never gave.
 */
void runner_tear_down(struct runner *r, const struct id16 *campaign, const struct list *steps);
bool runner_is_tearing_down(const struct runner *r);
/* The assignment under way, or NULL. */
const struct message_assign *runner_current(const struct runner *r);
/* A content that was missing is complete. */
void runner_files_arrived(struct runner *r);
/* The coordinator cannot deliver what is missing. Does nothing where the run does not wait for
 * files. */
void runner_files_failed(struct runner *r, const char *why);
/* End it; its result will say cancelled, and why where a reason is given (NULL: none). */
void runner_cancel(struct runner *r, const char *reason);
/* To one program of several: GO and STOP came. What does not fit where it is (it came twice, or too
 * late) is not heeded. */
void runner_go(struct runner *r, const struct message_go *go);
void runner_stop(struct runner *r, const struct attempt_id *id);
/* What was told last by on_point() and still holds, to be told again; with its raw_ns. */
enum run_point runner_point(const struct runner *r, int64_t *raw_ns);
/* Whether the run cannot come to its end without a word of the coordinator. */
bool runner_needs_word(const struct runner *r);
/* The coordinator has committed the result of this attempt: what it told need not be told again. */
void runner_committed(struct runner *r, const struct attempt_id *id);
/*
 * Of the samples that come from now on keep every 2^level-th chunk only (beside what their amount
 * asks for): the link is slow. A new run begins with 0.
 */
void runner_thin(struct runner *r, unsigned level);
/* Frames of the current run so far: only SAMPLES. */
const struct buf *runner_frames(const struct runner *r);

#endif
