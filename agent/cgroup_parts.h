/*
 * cgroup_parts.h - what the files of cgroup.h share: the directory that runs' cgroups are made in,
 * and reading and writing the small files of a cgroup
 */
#ifndef AGENT_CGROUP_PARTS_H
#define AGENT_CGROUP_PARTS_H

#include "agent/cgroup.h"

#include <sys/types.h>

/* Where the agent lives while runs have cgroups beside it. All of one base share it. */
#define CGROUP_AGENT "joulerig-agent"
#define CGROUP_RUN   "joulerig-run-"

struct cgroup {
	struct cgroups *owner;
	char *path; /* owned, absolute */
	int fd;
	struct cgroup *next; /* in the owner's list of those that could not be removed yet */
};

struct cgroups {
	char *base;        /* owned, absolute: the directory that runs' cgroups are made in */
	int base_fd;       /* -1 where there are none, and then base is NULL too */
	char *prefix;      /* owned; of the names of our runs' cgroups */
	unsigned made;     /* number of the last one */
	char *controllers; /* owned; what children of base have, as "memory pids" */
	char *description; /* owned */
	char *why_not;     /* owned */
	struct cgroup *left;
};

/*
 * The directory of the process's own cgroup of version 2, by the text of /proc/self/cgroup and of
 * /proc/self/mountinfo. Returns an absolute path that the caller owns, or NULL with the reason and
 * the remedy. Sources: Linux Documentation/admin-guide/cgroup-v2.rst "Processes" and "Namespace",
 * proc_pid_mountinfo(5).
 */
char *cgroup_find(const char *own, const char *mounts, struct error *why);
/* Whether the text of /proc/self/cgroup shows this controller on a hierarchy of version 1. */
bool cgroup_is_v1(const char *own, const char *controller);

/* Write all of text by one write(2), as the kernel wants it. Returns 0 or -errno. */
int cgroup_write(int dirfd, const char *file, const char *text);
/* The whole file appended to b. Returns 0 or -errno. */
int cgroup_read(int dirfd, const char *file, struct buf *b);
/* The number after "key " in text where it begins a line, or ABSENT. */
int64_t cgroup_value(const char *text, const char *key);

/* When a process started, in the kernel's ticks after boot (/proc/PID/stat), or -1 where it is
 * gone. */
int64_t cgroup_start_of(pid_t pid);
/* End and remove the cgroups of agents that are gone. */
void cgroup_end_stale(const struct cgroups *c);
/*
 * Kill what is in the cgroup of this name below dirfd and remove it, waiting at most patience_ns
 * for its processes to be gone. Returns 0 or -errno.
 */
int cgroup_end(int dirfd, const char *name, int64_t patience_ns);

/*
 * Have memory, pids and io for children of base: moves joulerig's processes out of base into
 * CGROUP_AGENT where that is what it takes and no other process is there. Sets
 * controllers; *why_not (owned by the caller) is "" where all is there.
 */
void cgroup_enable(struct cgroups *c, const char *own, char **why_not);
/* Undo what cgroup_enable() did, where no other agent needs it. */
void cgroup_restore(struct cgroups *c);

#endif
