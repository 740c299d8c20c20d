/*
 * run_parts.h - what the files run*.c share: the state of a runner and the steps of a run
 *
 * run.c leads through the life of a run; run_launch.c has its streams, its temporary directory and
 * its process, run_setup.c the setup steps before it, run_samples.c the samples while it goes on.
 * Nobody else includes this.
 */
#ifndef AGENT_RUN_PARTS_H
#define AGENT_RUN_PARTS_H

#include "agent/launch.h"
#include "agent/outcome.h"
#include "agent/own_threads.h"
#include "agent/placement.h"
#include "agent/render.h"
#include "agent/run.h"
#include "agent/spool.h"
#include "proto/clock.h"

enum phase { PHASE_IDLE, PHASE_FILES, PHASE_SETUP, PHASE_PREPARING, PHASE_RUNNING };

enum { STDOUT, STDERR, STREAMS };

struct runner {
	struct runner_options options;
	struct runner_handler handler;
	struct launcher *launcher;
	struct energy_window *window; /* NULL where there is no meter */
	int migrations_anchor;        /* keeps the kernel's hooks on; negative: cannot be counted */
	char *tmp_dir;                /* STATE/tmp, owned */
	int *allowed;                 /* CPUs that setup may use, owned */
	size_t allowed_n;
	int bound_to; /* own_threads.h */

	/* of the run under way */
	enum phase phase;
	const struct message_assign *assign; /* NULL while idle */
	struct work *work;
	size_t step;
	struct placement placement;
	char *cpu_list;                 /* owned; what placement chose */
	char *tmp;                      /* owned; NULL: none made */
	int pipes[STREAMS];             /* reading ends, -1 */
	int writers[STREAMS];           /* writing ends, as long as the reading ones */
	struct energy_window *measured; /* window where energy is measured, else NULL */
	int migrations;                 /* perf descriptor, negative: none */
	int64_t start_raw_ns; /* of the go; until the exit tells it exactly, when it was asked for
			       */
	bool is_sampling;
	bool is_cancelled;
	bool is_held; /* not to be let go yet */
	pid_t ready;  /* process that waits for the release; 0: none */
	struct loop_timer *timeout, *started, *sampling;
	int64_t chunks_taken; /* from the sampler, kept or not */
	struct outcome outcome;
	struct buf frames;
	struct buf chunk; /* scratch */
};

/* run.c: from one phase to the next, as far as nothing has to be waited for. The run may be over
 * when it returns. */
void run_advance(struct runner *r);
/* The run is over with this state, unless that was decided before. Nothing may follow a call of
 * this. */
void run_finish_as(struct runner *r, const char *state, const char *reason);
void run_cancel_timer(struct runner *r, struct loop_timer **t);

/* run_launch.c: read what a stream holds, up to max bytes. */
void run_read_stream(struct runner *r, int which, size_t max);
void run_close_stream(struct runner *r, int which);
/* The run's own directory, as TMPDIR and {tmp}. Returns 0 or negative. */
int run_make_tmp(struct runner *r, struct error *err);
/* Launch with both streams, or both into stdout's pipe. Returns 0 or negative. */
int run_launch(struct runner *r, const struct rendered *c, const int *cpus, size_t cpus_n,
	bool has_one_stream, struct error *err);
/* End what was launched after so long; ABSENT: never. */
void run_set_timeout(struct runner *r, int64_t after_ns);

/* run_setup.c: start the setup step r->step, and what follows from its end. */
void run_start_step(struct runner *r);
void run_on_setup_exit(struct runner *r, const struct launch_exit *e);

/* run_samples.c: a timer's handler that starts the sampler, and the end of it with the last chunk.
 */
void run_begin_sampling(void *arg, int64_t now_ns);
void run_stop_sampling(struct runner *r);

#endif
