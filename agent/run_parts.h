/*
 * run_parts.h - what the files run*.c share: the state of a runner and the steps of a run
 *
 * run.c leads through the life of a run; run_steps.c runs steps, run_around.c says which and when,
 * run_teardown.c those after the last run; run_prepare.c has all that the machine must be before
 * the process, run_tmp.c the temporary directory, run_launch.c the streams and the process,
 * run_measure.c what is read at its go and at its end, run_samples.c the samples meanwhile,
 * run_collect.c the files that it left; run_part.c, run_ready.c and run_window.c what is different
 * where it is one of several. Nobody else includes this.
 */
#ifndef AGENT_RUN_PARTS_H
#define AGENT_RUN_PARTS_H

#include "agent/cgroup.h"
#include "agent/guard.h"
#include "agent/launch.h"
#include "agent/outcome.h"
#include "agent/own_cost.h"
#include "agent/own_threads.h"
#include "agent/part_state.h"
#include "agent/placement.h"
#include "agent/ready.h"
#include "agent/render.h"
#include "agent/run.h"
#include "agent/spool.h"
#include "agent/tune.h"
#include "proto/clock.h"

#include <sys/stat.h>

enum phase {
	PHASE_IDLE,
	PHASE_FILES,
	PHASE_STEPS,    /* run_steps.c */
	PHASE_SETTLING, /* the guard is not content yet */
	PHASE_BASELINE, /* the idle machine is measured */
	PHASE_PREPARING,
	PHASE_PART, /* run_part.c: it waits, with a process or without, and is not measured */
	PHASE_RUNNING,
};

enum { STDOUT, STDERR, STREAMS };

/* The idle power that holds for a block. */
struct run_baseline {
	struct id16 campaign;
	int64_t block;
	const struct meter_set *set; /* NULL: none was measured yet */
	struct energy_baseline power;
};

/* Commands that are no run, one after the other. */
struct run_steps {
	const char *what;        /* "setup": how reasons begin */
	const struct list *list; /* struct message_step, at least one; lives as long as they run */
	const char *directory;   /* where they start, unless like_run */
	bool like_run;           /* on the run's CPUs, in its workdir, with its environment */
	bool is_question;        /* of the machine: its reason is one line */
	bool is_kept;            /* goes on where the run is cancelled */
	/* All went well (reason NULL), or one failed; not called where the run was cancelled. */
	void (*done)(struct runner *r, const char *reason);
	int64_t begun_at; /* CLOCK_REALTIME, ns; run_steps.c's own as all that follows */
	size_t at;
	struct output output; /* both streams of the step under way */
	struct buf ended_by;  /* why it was ended: its timeout */
};

/*
 * What a campaign's `requires` said of this machine. It is told with the result of each run that
 * has this requirement, until one of them has been committed: results are not lost, and nothing
 * else has to be kept. A coordinator takes it as often as it comes.
 */
#define VERDICT_KEY  16
#define VERDICT_TOLD 4 /* results under way at once: more than an agent's queue holds */
struct run_verdict {
	struct id16 campaign;
	uint8_t key[VERDICT_KEY]; /* hash of the work directory's key and the command */
	char *reason;             /* owned; NULL: it is as required */
	int64_t asked_at;         /* CLOCK_REALTIME, ns */
	struct buf output;        /* owned: head and tail of what it printed, until it is told */
	int64_t total, head;      /* bytes: printed, and of the head in output */
	struct attempt_id told[VERDICT_TOLD]; /* whose results carried it last */
	size_t told_n;                        /* how many did */
	bool is_committed;
};

/* The environment of a run, as launching it needs it. */
#define RUN_EXPORTS 16
struct run_context {
	struct render_context context;
	struct buf exports; /* owned; what list points into */
	const char *list[RUN_EXPORTS];
};

/* What a program of several has beside. */
struct run_part {
	enum part_state state;
	enum run_point point; /* told last, and not answered */
	int64_t point_ns;
	int64_t at;            /* the instant of GO "measure", CLOCK_MONOTONIC_RAW; ABSENT: none */
	struct list addresses; /* struct message_pair, owned */
	struct ready_lines *lines;         /* while its output is looked at */
	struct loop_timer *looking, *late; /* for its port; its patience */
};

struct runner {
	struct runner_options options;
	struct runner_handler handler;
	struct launcher *launcher;
	struct guard *guard;
	struct tune *tune;
	struct cgroups *cgroups;
	struct loop_timer *untune; /* puts back what was tuned when no run comes; NULL: not due */
	char *preload;             /* of threads: each, owned; NULL: there is none */
	struct run_baseline baseline;
	int migrations_anchor; /* keeps the kernel's hooks on; negative: cannot be counted */
	char *tmp_dir;         /* STATE/tmp, owned */
	int *allowed;          /* CPUs that setup may use, owned */
	size_t allowed_n;
	int bound_to;                 /* own_threads.h */
	struct run_verdict *verdicts; /* owned */
	size_t verdicts_n;
	struct teardown *teardown; /* owned; NULL: none is under way */

	/* of the run under way */
	enum phase phase;
	const struct message_assign *assign; /* NULL while idle */
	struct work *work;
	struct run_steps steps;
	bool needs_cleanup; /* a step of prepare was begun, or the command */
	void (*after_cleanup)(struct runner *r);
	struct buf unclean; /* why the last cleanup failed; empty: none did */
	char **collected;   /* owned, with owned texts: names of metrics */
	size_t collected_n;
	struct meter_set *set;
	struct placement placement;
	char *cpu_list;        /* owned; what placement chose */
	char *nodes;           /* owned; of these CPUs */
	struct cgroup *cgroup; /* NULL: none to be had */
	struct cgroup_usage usage_before;
	struct own_cost cost_before;
	int64_t padding;                /* bytes that its environment was made longer by */
	int64_t reruns;                 /* how often it was run again */
	char *tmp;                      /* owned; NULL: none made */
	char *kept_tmp;                 /* owned; NULL, or an untouched one of an earlier run */
	struct stat tmp_stat;           /* of tmp or kept_tmp when it was made */
	ssize_t tmp_attributes;         /* bytes of the list of its extended attributes, then */
	int pipes[STREAMS];             /* reading ends, -1 */
	int writers[STREAMS];           /* writing ends, as long as the reading ones */
	struct energy_window *measured; /* window where energy is measured, else NULL */
	int migrations;                 /* perf descriptor, negative: none */
	int64_t start_raw_ns; /* of the go; until the exit tells it exactly, when it was asked for
			       */
	struct source_scope scope; /* what the sources were told of the run, while is_attached */
	bool is_attached;          /* sampler_attach() was called */
	bool is_sampling;
	bool is_streaming; /* samples may be sent while it runs */
	bool was_started;  /* told so */
	bool is_cancelled;
	bool is_held;         /* not to be let go yet */
	bool is_to_give_back; /* what the last run used */
	pid_t ready;          /* process that waits for the release; 0: none */
	struct loop_timer *timeout, *started, *sampling, *waiting;
	struct run_part part;
	int64_t idle_from_ns; /* CLOCK_MONOTONIC_RAW, start of the baseline */
	int64_t chunks_taken; /* from the sampler, kept or not */
	unsigned thinning;    /* runner_thin() */
	struct outcome outcome;
	struct buf frames;
	struct buf chunk; /* scratch */
};

/* run.c: from one phase to the next, as far as nothing has to be waited for. The run may be over
 * when it returns. */
void run_advance(struct runner *r);
/* The state is decided: make the frames, be idle, tell. Nothing may follow a call of this. */
void run_finish(struct runner *r);
/* The run is over with this state, unless that was decided before. Nothing may follow a call of
 * this. */
void run_finish_as(struct runner *r, const char *state, const char *reason);
void run_cancel_timer(struct runner *r, struct loop_timer **t);

/* Give back what the run holds of the machine: what its process needed alone, or all. */
void run_give_back_process(struct runner *r);
void run_give_back(struct runner *r);
/* What the last run still holds, before the next one. */
void run_give_back_owed(struct runner *r);

/* run_prepare.c: the machine gets ready for the run, which may take a while; then its process. The
 * run may be over when it returns. */
void run_prepare(struct runner *r);
/* From the guard on: the second half of it, after the steps of prepare. */
void run_settle(struct runner *r);

/* The run's own command; the run may be over when it returns. */
void run_launch_command(struct runner *r);

/* run_measure.c: handlers of the launcher; let a process go that waits for it. */
void run_on_ready(struct runner *r, pid_t pid, const int *cpus, size_t cpus_n);
void run_let_go(struct runner *r);
void run_on_exit(struct runner *r, const struct launch_exit *e);
/* What is read before a run is measured, and the clocks; the last thing before that. */
void run_first_readings(struct runner *r);
/* What is known of a cgroup; the usage since run_first_readings(). */
void run_use_cgroup(struct runner *r, struct launch_exit *e);
/* All metrics and flags of an interval that ended with e, but those of e itself. */
void run_add_measured(struct runner *r, const struct launch_exit *e, int64_t run_cpu_ns,
	const struct own_cost *cost);
void run_attach(struct runner *r, pid_t pid);
void run_set_sampling(struct runner *r);
void run_note_energy(struct runner *r);

/* run_part.c: a run begins, may be one of several, and is over. */
void run_part_begin(struct runner *r);
void run_part_give_back(struct runner *r);
/* Whether it is one of several and not main. */
bool run_is_other(const struct runner *r);
/* All that comes before its process is done. */
void run_part_wait(struct runner *r);
void run_part_release(struct runner *r);
/* Its process waits for its go. */
void run_part_on_ready(struct runner *r);
/* Until the instant of its go, where it has one. */
void run_part_spin(struct runner *r);
/* A process that was measured has ended; nothing where it is not main of several. */
void run_part_main_ended(struct runner *r, int64_t end_ns);
/* Of one that is not main. Nothing may follow a call of this. */
void run_part_on_exit(struct runner *r, const struct launch_exit *e);

/* Others need not wait for it any longer; it has failed, and is ended. */
void run_part_is_ready(struct runner *r);
void run_part_fail(struct runner *r, const char *reason);

/* run_ready.c: before it is launched, look what can be known to be wrong; returns 0 or negative.
 * Then look for what shows that it is ready, which may be so at once, until told to stop. */
int run_ready_prepare(struct runner *r, struct error *err);
void run_ready_look(struct runner *r);
void run_ready_stop(struct runner *r);
/* More of its output has come. */
void run_ready_printed(struct runner *r, int which, const char *data, size_t len);
/* Append "; it printed last: " with the end of stderr, or stdout where that is empty, on one line.
 */
void run_ready_add_last_words(const struct runner *r, struct buf *out);

/* run_window.c, of one that is not main: let its process go, which is not measured yet; measure
 * from now on; until now, or until it ended (e; NULL: it has not); what its end tells. */
void run_start_other(struct runner *r);
void run_begin_window(struct runner *r);
void run_end_window(struct runner *r, const struct launch_exit *e);
void run_add_other_exit(struct runner *r, const struct launch_exit *e);

/* run_tmp.c: the run's own directory, as TMPDIR and {tmp}: empty. Returns 0 or negative. */
int run_make_tmp(struct runner *r, struct error *err);
/* The run is over: nothing of it is left. Does nothing where it has none. */
void run_give_back_tmp(struct runner *r);
/* No run follows: not even an untouched directory stays. */
void run_remove_tmp(struct runner *r);

/* run_launch.c: read what a stream holds, up to max bytes. */
void run_read_stream(struct runner *r, int which, size_t max);
void run_close_stream(struct runner *r, int which);
/* Launch with both streams, or both into stdout's pipe. Returns 0 or negative. */
int run_launch(struct runner *r, const struct rendered *c, const int *cpus, size_t cpus_n,
	bool has_one_stream, struct error *err);
/* What the run's own command line and environment are made of; run_context_done(). is_pinned: with
 * what pins its threads. */
void run_fill_context(struct runner *r, bool is_pinned, struct run_context *out);
void run_context_done(struct run_context *c);
/* As campaigns write durations: 5min, 90s, 250ms. */
void run_format_timeout(char out[32], int64_t ns);
/* End what was launched after so long; ABSENT: never. */
void run_set_timeout(struct runner *r, int64_t after_ns);

/* run_steps.c: run these; what follows is their done(). Nothing may follow a call of this. */
void run_start_steps(struct runner *r, const struct run_steps *steps);
void run_on_step_exit(struct runner *r, const struct launch_exit *e);
void run_steps_done(struct runner *r); /* frees */

/* run_around.c: what is known of the run's requirement; NULL: it is to be asked. */
const struct run_verdict *run_find_verdict(const struct runner *r);
/* Fill *out with what is to be told of it with the run's result, if anything is. Returns whether
 * it is; the command is the assignment's, the rest lives as long as the verdict. */
bool run_tell_verdict(struct runner *r, struct message_requirement *out);
/* Of one campaign, or of all (NULL). */
void run_forget_verdicts(struct runner *r, const struct id16 *campaign);
/* Where the campaign's commands start. */
const char *run_directory(const struct runner *r);
/* Each goes on with the run when its steps are done. Nothing may follow a call of these. */
void run_start_requires(struct runner *r);
void run_start_setup(struct runner *r);
void run_start_prepare(struct runner *r);
/* Clean up after a try, where that is due; then go on with then(). */
void run_clean_up(struct runner *r, void (*then)(struct runner *r));

/* run_collect.c: the campaign's files of a run that has ended, as OUTPUT frames and metrics. */
void run_collect(struct runner *r);
void run_forget_collected(struct runner *r);

/* run_teardown.c: frees what is under way of it. */
void run_teardown_done(struct runner *r);

/* Its directories are for the user that the run is to have. Returns false where that cannot be, and
 * the run is over. */
bool run_give_to_user(struct runner *r);
/* Home of that user; NULL: the agent's. Valid until the next call. */
const char *run_home(const struct runner *r);

/* run_samples.c: a timer's handler that starts the sampler, and the end of it with the last chunk.
 */
void run_begin_sampling(void *arg, int64_t now_ns);
void run_stop_sampling(struct runner *r);

#endif
