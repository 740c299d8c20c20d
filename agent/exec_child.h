/*
 * exec_child.h - the process that becomes the command: how joulerig-exec starts it, and what it
 * does before it says that it is ready
 *
 * It begins in the run's cgroup, binds itself to CPUs and memory nodes, sets limits, changes user,
 * enters the working directory and gives up all capabilities: all of it before EXEC_READY, so that
 * nothing of it lies within the run's time.
 */
#ifndef AGENT_EXEC_CHILD_H
#define AGENT_EXEC_CHILD_H

#include "agent/exec.h"

#include <sys/resource.h>

struct command {
	struct exec_spec spec;
	char *strings; /* owned */
	char *workdir; /* into strings, as all that follows */
	char **argv;   /* owned array */
	char **env;    /* owned array */
	int out, err;
	int cgroup; /* directory, or -1 */
};

/* Once, at the start of joulerig-exec. Returns false with errno. */
bool child_prepare(void);
/* Returns its pid, or -1 with errno. c must stay until it has called execve or ended. */
pid_t child_start(struct command *c);
/* Let the one that is ready go. Returns whether that could be told. */
bool child_let_go(void);
/* What the child had used itself when it was let go, which is not the command's. */
const struct rusage *child_usage_before(void);

/* A packet to the agent. */
void exec_tell(const void *packet, size_t size);
void exec_tell_error(enum exec_stage stage, int error);

#endif
