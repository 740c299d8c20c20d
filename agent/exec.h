/*
 * exec.h - what the agent and joulerig-exec say to each other, and how either ends a process tree
 *
 * joulerig-exec lives as long as its agent and runs one command at a time. It has four descriptors:
 * 0 and 1 are /dev/null, 2 the agent's stderr, EXEC_CONTROL_FD one end of a SOCK_SEQPACKET pair.
 * For a run the agent sends a struct exec_spec with the first bytes of its strings and two or three
 * descriptors (the run's stdout and stderr, and the directory of its cgroup if it has one), then
 * the rest of the strings in packets of their own. The child that is to become the command starts
 * in that cgroup, prepares itself, answers EXEC_READY and waits on a pipe.
 * At EXEC_GO joulerig-exec takes the clock, writes the go byte and sleeps; the child calls execve.
 * The go comes from the parent that then sleeps, so that the child can have the parent's CPU: let
 * go by another process, it would first have to be brought to a CPU that sleeps, within its own
 * time. What goes wrong in the child is an EXEC_ERROR. Each spec is answered by exactly one
 * EXEC_EXIT, the last packet of its run. When the agent's end of the control socket closes,
 * joulerig-exec kills what runs and ends, so that no command outlives its agent.
 *
 * Both programs are built together; this is no interface that others may rely on.
 */
#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define EXEC_CONTROL_FD  3
#define EXEC_MASK_BYTES  1024 /* 8192 CPUs, the kernel's largest NR_CPUS */
#define EXEC_NODES_BYTES 128  /* 1024 memory nodes, the kernel's largest MAX_NUMNODES */
#define EXEC_MAX_GROUPS  256
#define EXEC_PACKET      (64 * 1024) /* bytes in one packet at most */
#define EXEC_MAX_STRINGS                                                                           \
	(4 * 1024 * 1024)                 /* bytes of all strings of a spec; ARG_MAX is smaller    \
					   */
#define EXEC_GRACE_NS INT64_C(2000000000) /* between SIGTERM and SIGKILL */

/* The first word of every packet but those with the rest of a spec's strings. */
enum exec_kind {
	EXEC_SPEC = 1,  /* agent: struct exec_spec */
	EXEC_GO = 6,    /* agent: the kind alone; once, after EXEC_READY */
	EXEC_KILL = 2,  /* agent: the kind alone; SIGTERM to the tree, SIGKILL to what is left of it
			   after EXEC_GRACE_NS */
	EXEC_READY = 3, /* child: struct exec_ready */
	EXEC_ERROR = 4, /* child or joulerig-exec: struct exec_error; an EXEC_EXIT follows */
	EXEC_EXIT = 5,  /* joulerig-exec: struct exec_exit */
};

struct exec_spec {
	uint32_t kind;
	uint32_t argc; /* at least 1 */
	uint32_t envc;
	uint32_t strings;   /* bytes: the working directory, argv, env, each with its NUL */
	uint32_t fds;       /* descriptors that come with it: 2, or 3 with a cgroup */
	uint32_t mempolicy; /* mode of set_mempolicy(2); 0, MPOL_DEFAULT: none */
	uint8_t nodes[EXEC_NODES_BYTES]; /* its mask */
	uint64_t nofile;                 /* soft RLIMIT_NOFILE of the command */
	uint64_t nproc;                  /* RLIMIT_NPROC; 0: as it is */
	uint8_t cpus[EXEC_MASK_BYTES];   /* affinity mask as sched_setaffinity(2) takes it */
	uint32_t is_other_user;          /* 1: the next four hold */
	uint32_t uid;
	uint32_t gid;
	uint32_t groups_n; /* at most EXEC_MAX_GROUPS */
	uint32_t groups[EXEC_MAX_GROUPS];
};

struct exec_ready {
	uint32_t kind;
	int32_t pid;
	uint8_t cpus[EXEC_MASK_BYTES]; /* the affinity mask as it was read back */
};

enum exec_stage {
	EXEC_STAGE_FORK,
	EXEC_STAGE_CGROUP,
	EXEC_STAGE_AFFINITY,
	EXEC_STAGE_MEMORY,
	EXEC_STAGE_LIMITS,
	EXEC_STAGE_USER,
	EXEC_STAGE_WORKDIR,
	EXEC_STAGE_EXEC,
};

struct exec_error {
	uint32_t kind;
	uint32_t stage; /* enum exec_stage */
	int32_t error;  /* errno */
};

struct exec_exit {
	uint32_t kind;
	int32_t status;   /* of the command's first process, as wait4(2) gives it */
	int64_t start_ns; /* CLOCK_MONOTONIC_RAW just before the go byte; 0: never let go */
	int64_t end_ns;   /* the same clock when wait4(2) returned it */
	int64_t user_ns;  /* this and the next: the sums over all processes of the tree, from the go
			     byte on */
	int64_t system_ns;
	int64_t maxrss;    /* bytes; the largest process */
	int64_t voluntary; /* this and the next three: sums of rusage's counts */
	int64_t involuntary;
	int64_t minor_faults;
	int64_t major_faults;
	int64_t killed; /* processes that were still there after the first one had ended */
};

struct exec_process {
	pid_t pid;
	pid_t parent;
	bool is_below; /* a descendant of the root that is looked for */
};

/*
 * Parent of a process by /proc/PID/stat, or -1 where it is gone. What is shown as a zombie counts:
 * it may be a process whose first thread has ended while others go on.
 */
static inline pid_t exec_parent_of(const char *pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* The name in parentheses may hold anything, parentheses too. */
	const char *end = strrchr(text, ')');
	int parent;
	char state;
	if (end == NULL || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'X')
		return -1;
	return parent;
}

/*
 * Send a signal to every descendant of root (root itself excluded), as /proc shows them at this
 * moment; processes that fork meanwhile may be missed, so a caller that wants all of them gone
 * repeats it until wait(2) knows no more children. Returns how many got it, zombies among them; 0
 * also where /proc cannot be read.
 */
static inline size_t exec_signal_tree(pid_t root, int signo)
{
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		return 0;
	struct exec_process *all = NULL;
	size_t n = 0, size = 0, sent = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		pid_t parent = isdigit((unsigned char)entry->d_name[0])
				       ? exec_parent_of(entry->d_name)
				       : -1;
		if (parent < 0)
			continue;
		if (n == size) {
			struct exec_process *more =
				realloc(all, (size = size * 2 + 256) * sizeof *all);
			if (more == NULL)
				break;
			all = more;
		}
		all[n++] = (struct exec_process){.pid = atoi(entry->d_name), .parent = parent};
	}
	closedir(dir);
	for (bool is_changed = true; is_changed;) {
		is_changed = false;
		for (size_t i = 0; i < n; i++) {
			bool is_found = all[i].parent == root;
			for (size_t j = 0; j < n && !is_found && !all[i].is_below; j++)
				is_found = all[j].is_below && all[j].pid == all[i].parent;
			if (is_found && !all[i].is_below)
				all[i].is_below = is_changed = true;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (all[i].is_below && kill(all[i].pid, signo) == 0)
			sent++;
	}
	free(all);
	return sent;
}

#endif
