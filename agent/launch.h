/*
 * launch.h - starting a command through joulerig-exec, letting it go, and the end of its whole
 * process tree
 *
 * One joulerig-exec is kept for all runs of an agent; where it dies it is started anew for the
 * next. A command is prepared by launcher_start(): its process is there, bound and in its
 * directory, and waits. launcher_go() lets it exec. Whatever happens, a start that returned 0 is
 * followed by exactly one on_exit, after which no process of the tree is left.
 *
 * Threads: a launcher belongs to the thread of its loop. No function blocks, except
 * launcher_close(), which waits for the killed tree to be gone.
 */
#ifndef AGENT_LAUNCH_H
#define AGENT_LAUNCH_H

#include "proto/base.h"
#include "proto/error.h"
#include "proto/loop.h"

struct launcher;

struct launch_spec {
	const char *const *argv; /* NULL-ended; the program is looked for in the PATH of env */
	const char *const *env;  /* "NAME=value", NULL-ended; nothing else is inherited */
	const char *workdir;     /* absolute */
	const int *cpus;         /* affinity */
	size_t cpus_n;           /* at least 1 */
	int stdout_fd; /* written to by the command; stay the caller's, who may close them after the
			  start */
	int stderr_fd;
	int cgroup_fd; /* O_DIRECTORY descriptor of the cgroup that it starts in; 0 or less: none.
			  Whatever lives in it ends with the command */
	const char *memory;       /* NULL or "any", "local" (bind), "interleave" */
	const char *memory_nodes; /* list of nodes "0-1" for these two */
	const char *user;  /* change to this user and its groups; NULL: stay. Needs CAP_SETUID,
			      CAP_SETGID and CAP_KILL, else the command fails with that reason */
	int64_t processes; /* where no cgroup limits them: so many more than the user has at its
			      start, by RLIMIT_NPROC; refused for root, who is not bound by it.
			      0 or less: none */
};

struct launch_exit {
	const char *failure; /* NULL, or why the command never ran ("exec failed: /x: No such file
				or directory") */
	bool was_ready;      /* on_ready was called */
	int status;          /* as wait4(2) gives it; where failure is NULL */
	int64_t start_ns;    /* CLOCK_MONOTONIC_RAW just before the go byte; 0: never let go */
	int64_t end_ns;      /* the same at wait's return */
	int64_t user_ns;     /* from here on: sums over the tree's processes */
	int64_t system_ns;
	int64_t maxrss; /* bytes, the largest process */
	int64_t voluntary;
	int64_t involuntary;
	int64_t minor_faults;
	int64_t major_faults;
	int64_t killed; /* processes that were still there after the first had ended, and were
			   killed */
};

struct launch_handler {
	/* The process waits for launcher_go(). cpus is its affinity as read back, valid during the
	 * call. */
	void (*on_ready)(void *arg, pid_t pid, const int *cpus, size_t cpus_n);
	/* The tree is gone; e is valid during the call. A new start may be made from within. */
	void (*on_exit)(void *arg, const struct launch_exit *e);
	void *arg;
};

/*
 * Start joulerig-exec, found beside this program or in ../libexec/joulerig. The soft limit of
 * descriptors that holds now is what commands get. Returns 0 and *out, or negative with a text that
 * names the places where it was looked for.
 */
int launcher_open(struct launcher **out, struct loop *loop, const struct launch_handler *handler,
	struct error *err);
/* Prepare a command. Returns 0, or negative where there is no joulerig-exec to be had or the spec
 * is too long. */
int launcher_start(struct launcher *l, const struct launch_spec *spec, struct error *err);
/* Let it exec; after on_ready, once. The exit tells when exactly that was. */
void launcher_go(struct launcher *l);
/* SIGTERM to the tree, SIGKILL after two seconds. on_exit follows. Without a command: nothing. */
void launcher_kill(struct launcher *l);
/* Whether a command is between its start and its on_exit. */
bool launcher_is_busy(const struct launcher *l);
/* Kill what runs, at once; no on_exit. NULL is fine. */
void launcher_close(struct launcher *l);

/*
 * Let a user's commands (launch_spec.user) have what is at path: all that is our own there and
 * below is given to that user, except files with more than one name, and the directories from top
 * (path's beginning, such as the state directory) down to it may be passed by who knows the name.
 * Both paths absolute, without "/" at their ends. Nothing is changed where the user is NULL or our
 * own. Returns 0, or negative where there is no such user, it is not allowed, or a directory above
 * top is closed to the user.
 */
int launch_give_to_user(const char *path, const char *top, const char *user, struct error *err);

#endif
