/*
 * agents_here.h - the agents that `joulerig run` starts on this machine, as child processes
 *
 * They get the same options as an agent anywhere, and their keys are trusted for this run. One that
 * dies is started again, a few times; they end with their parent.
 */
#ifndef COORDINATOR_AGENTS_HERE_H
#define COORDINATOR_AGENTS_HERE_H

#include "proto/error.h"
#include "proto/keys.h"
#include "proto/loop.h"

struct agents_here;

struct agents_here_config {
	struct loop *loop;
	struct keyring *keyring; /* gets their keys */
	const char *endpoint, *server_key;
	const char *data_dir; /* their state is DATA_DIR/agent-N */
	const char *root;     /* --root, or NULL */
	int64_t n;            /* how many; each gets its share of this process's CPUs */
	bool is_verbose;
	/* One of them cannot be kept alive: err says which and why. */
	void (*on_failure)(void *arg, const struct error *err);
	void *arg;
};

int agents_here_start(
	struct agents_here **out, const struct agents_here_config *config, struct error *err);
/* They were told that all is over: wait a second at most for them to end. NULL is fine. */
void agents_here_wait(struct agents_here *a);
/* Ask them to end (SIGTERM), wait at most five seconds, then kill. NULL is fine. */
void agents_here_stop(struct agents_here *a);

/* Path of a program that is installed beside this one; the caller frees. NULL with err where it is
 * not there. */
char *program_beside(const char *name, struct error *err);

#endif
