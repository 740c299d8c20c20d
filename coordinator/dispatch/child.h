/*
 * child.h - run a program to its end and take what it prints, from a thread that may wait
 *
 * The program gets a session of its own and no terminal, so that it can ask nobody, and it and its
 * children can be ended together.
 */
#ifndef COORDINATOR_DISPATCH_CHILD_H
#define COORDINATOR_DISPATCH_CHILD_H

#include "proto/base.h"
#include "proto/error.h"

struct child_output {
	struct buf
		out; /* of stdout, CHILD_OUTPUT_MAX bytes at most, or as many as were asked for */
	struct buf err;    /* of stderr, the last CHILD_OUTPUT_MAX bytes */
	int status;        /* as waitpid() has it */
	bool was_stopped;  /* stop_fd became readable */
	bool was_too_slow; /* timeout_ns went by */
	bool was_too_long; /* stdout had more, which was dropped */
};

#define CHILD_OUTPUT_MAX (64 * 1024)

/*
 * Run argv (found by PATH) with this environment. stop_fd (-1: none) becoming readable ends it, as
 * does the timeout. Returns 0 once it has ended, in whatever way, whatever it left running;
 * negative where it could not be started: -ENOENT where there is no such program. out is done with
 * child_output_done() in every case.
 */
int child_run(const char *const *argv, char *const *environment, int stop_fd, int64_t timeout_ns,
	struct child_output *out, struct error *err);
/* The same with len bytes as its standard input; child_run() gives it none. */
int child_run_with(const char *const *argv, char *const *environment, const void *input, size_t len,
	int stop_fd, int64_t timeout_ns, struct child_output *out, struct error *err);
/* The same, keeping up to `most` bytes of stdout; where there is more, was_too_long says so. */
int child_run_most(const char *const *argv, char *const *environment, int stop_fd,
	int64_t timeout_ns, size_t most, struct child_output *out, struct error *err);
void child_output_done(struct child_output *out);

#endif
