/*
 * run_rig.h - a runner with all that it needs, for the tests of what it does: one a test program
 */
#ifndef TESTS_UNIT_RUN_RIG_H
#define TESTS_UNIT_RUN_RIG_H

#include "agent/run.h"
#include "agent/spool.h"
#include "proto/clock.h"
#include "tests/unit/run_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static char dir[64]; /* the agent's state */
static struct loop *loop;
static struct machine machine;
static struct topology topology;
static struct meters *meters;
static struct files *files;
static struct machine_lock machine_lock;
static struct runner *runner;
static struct buf frames; /* of the run that ended */

/* For on_end: the frames are kept, the loop ends. */
static inline void rig_keep(void *arg, const struct attempt_id *id, struct buf *f)
{
	struct buf old = frames;

	(void)arg;
	(void)id;
	frames = *f;
	*f = old;
	loop_stop(loop, 0);
}

/* Files and runner alone, as of an agent that starts again. */
static inline int rig_open_runner(const struct files_handler *f, const struct runner_handler *r)
{
	struct error err = {0};

	if (files_open(&files, dir, f, &err) == 0) {
		const struct runner_options options = {.loop = loop,
			.machine = &machine,
			.topology = &topology,
			.meters = meters,
			.files = files,
			.state = dir,
			.lock = &machine_lock};
		if (runner_open(&runner, &options, r, &err) == 0)
			return 0;
	}
	print_error("%s\n", err.text);
	return -1;
}

/* On the machine below root, NULL for this one. */
static inline int rig_open(
	const char *root, const struct files_handler *f, const struct runner_handler *r)
{
	struct error err = {0};

	strcpy(dir, "/tmp/joulerig-test-run.XXXXXX");
	frames = (struct buf)BUF_INIT;
	loop = loop_new();
	if (mkdtemp(dir) == NULL || machine_open(&machine, root, &err) < 0 ||
		topology_load(&topology, &machine, &err) < 0 ||
		meters_open(&meters, &machine, &topology, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	machine_lock_open(&machine_lock);
	return rig_open_runner(f, r);
}

static inline int rig_close(void)
{
	char command[128];

	runner_close(runner);
	files_close(files);
	meters_close(meters);
	topology_done(&topology);
	machine_close(&machine);
	machine_lock_close(&machine_lock);
	loop_free(loop);
	buf_done(&frames);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

/*
 * Run it to its end; the RESULT, which is the last frame, into *out (message_done() by the caller).
 * Returns how many frames there were.
 */
static inline size_t rig_run(const struct message_assign *a, struct message *out)
{
	const void *frame = NULL;
	size_t len = 0, at = 0, n = 0;
	struct error err = {0};

	buf_reset(&frames);
	runner_start(runner, a);
	if (runner_current(runner) != NULL)
		assert_int_equal(loop_run(loop), 0);
	while (spool_next_frame(frames.data, frames.len, &at, &frame, &len))
		n++;
	*out = (struct message){0};
	if (message_decode(out, frame, len, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(out->type, MESSAGE_RESULT);
	return n;
}

#endif
