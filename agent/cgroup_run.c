/* The cgroup of a run, from its making to its end, and what killed agents left. */
#include "agent/cgroup_parts.h"
#include "proto/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATIENCE_NS (2 * NS_PER_S)

/* ---- the end ---- */

static bool is_populated(int fd)
{
	_cleanup_buf_ struct buf events = BUF_INIT;
	return cgroup_read(fd, "cgroup.events", &events) == 0 &&
	       cgroup_value(events.data, "populated") == 1;
}

/* Kernels before 5.14 have no cgroup.kill: one after the other, until none can fork any more. */
static void kill_each(int fd)
{
	for (int i = 0; i < 100 && is_populated(fd); i++) {
		_cleanup_buf_ struct buf procs = BUF_INIT;
		cgroup_read(fd, "cgroup.procs", &procs);
		for (char *rest = procs.data, *pid; (pid = strsep(&rest, "\n")) != NULL;) {
			if (atoi(pid) > 1)
				kill(atoi(pid), SIGKILL);
		}
		poll(NULL, 0, 1);
	}
}

static bool kill_below(int fd)
{
	if (!is_populated(fd))
		return false;
	if (cgroup_write(fd, "cgroup.kill", "1") == -ENOENT)
		kill_each(fd);
	return true;
}

/* Processes leave it when they have given up what they had, which takes a while for large ones. */
static void wait_until_empty(int fd, int64_t patience_ns)
{
	_cleanup_close_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t until = clock_monotonic_ns() + patience_ns, left;
	while (is_populated(fd) && (left = until - clock_monotonic_ns()) > 0) {
		struct pollfd p = {.fd = events, .events = POLLPRI};
		char text[256];
		/* poll() tells of what happened since the last read. */
		if (lseek(events, 0, SEEK_SET) < 0 || read(events, text, sizeof text) < 0)
			return;
		poll(&p, 1, (int)(left / NS_PER_MS < 10 ? left / NS_PER_MS + 1 : 10));
	}
}

/* The entries of an open directory, through a descriptor of their own; NULL where they cannot be
 * had. */
static DIR *open_list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (dir == NULL && copy >= 0)
		close(copy);
	return dir;
}

/* What a command made below its own cgroup, deepest first. */
static void remove_children(int fd)
{
	DIR *dir = open_list(fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			cgroup_end(fd, e->d_name, 0);
	}
	closedir(dir);
}

int cgroup_end(int dirfd, const char *name, int64_t patience_ns)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (kill_below(fd))
		wait_until_empty(fd, patience_ns);
	remove_children(fd);
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

/* ---- what is left of killed agents ---- */

/* Whether a cgroup of this name belongs to an agent that is gone. Where the agent was another pid
 * namespace's, nobody here can know. */
static bool is_stale(const struct cgroups *c, const char *name)
{
	uintmax_t ns, own_ns;
	int pid, own_pid;
	int64_t start;
	if (sscanf(name, CGROUP_RUN "%ju-%d-%" SCNd64 "-", &ns, &pid, &start) != 3 ||
		sscanf(c->prefix, CGROUP_RUN "%ju-%d-", &own_ns, &own_pid) != 2 || ns != own_ns)
		return false;
	return pid == own_pid ? strncmp(name, c->prefix, strlen(c->prefix)) != 0
			      : cgroup_start_of(pid) != start;
}

void cgroup_end_stale(const struct cgroups *c)
{
	DIR *dir = open_list(c->base_fd);
	if (dir == NULL)
		return;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (is_stale(c, e->d_name))
			cgroup_end(c->base_fd, e->d_name, PATIENCE_NS);
	}
	closedir(dir);
}

/* ---- a run's own ---- */

static int set_memory(const struct cgroups *c, int fd, int64_t bytes, struct error *why)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRId64, bytes);
	int r = cgroup_write(fd, "memory.max", text);
	if (r == -ENOENT)
		return error_set(why, -EOPNOTSUPP, "limits.memory cannot be kept here: %s",
			*c->why_not != '\0' ? c->why_not
					    : "the memory controller was taken from the agent's "
					      "control group meanwhile");
	if (r < 0)
		return error_set(
			why, r, "limits.memory: %s bytes as memory.max: %s", text, strerror(-r));
	/* Swapping would hide the limit behind a slow run. Not there where the kernel has no swap
	 * accounting. */
	r = cgroup_write(fd, "memory.swap.max", "0");
	if (r < 0 && r != -ENOENT)
		return error_set(why, r, "limits.memory: memory.swap.max: %s", strerror(-r));
	/* Part of a tree that goes on without its largest process measures nothing. */
	r = cgroup_write(fd, "memory.oom.group", "1");
	return r < 0 && r != -ENOENT
		       ? error_set(why, r, "limits.memory: memory.oom.group: %s", strerror(-r))
		       : 0;
}

static int set_limits(
	const struct cgroups *c, int fd, const struct cgroup_limits *limits, struct error *why)
{
	char text[32];
	if (limits->memory != ABSENT) {
		int code = set_memory(c, fd, limits->memory, why);
		if (code < 0)
			return code;
	}
	if (limits->processes == ABSENT)
		return 0;
	snprintf(text, sizeof text, "%" PRId64, limits->processes);
	int r = cgroup_write(fd, "pids.max", text);
	/* Without the controller the launcher limits them. */
	return r < 0 && r != -ENOENT ? error_set(why, r, "limits.processes: %s as pids.max: %s",
					       text, strerror(-r))
				     : 0;
}

static void retry_left(struct cgroups *c)
{
	for (struct cgroup **at = &c->left; *at != NULL;) {
		struct cgroup *g = *at;
		if (cgroup_end(c->base_fd, strrchr(g->path, '/') + 1, 0) < 0) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		free(g->path);
		free(g);
	}
}

/* Returns its name, owned, or NULL. */
static char *make_directory(struct cgroups *c, struct error *why)
{
	int tries = 100;
	do {
		char *name = xasprintf("%s%u", c->prefix, ++c->made);
		if (mkdirat(c->base_fd, name, 0755) == 0)
			return name;
		int error = errno;
		free(name);
		errno = error;
		/* One that an earlier opening by this process could not remove. */
	} while (errno == EEXIST && --tries > 0);
	error_errno(why, "%s: cannot make a control group", c->base);
	return NULL;
}

struct cgroup *cgroup_new(struct cgroups *c, const struct cgroup_limits *limits, struct error *why)
{
	if (c->base == NULL) {
		error_set(why, -ENOENT, "%s%s",
			limits->memory != ABSENT ? "limits.memory cannot be kept here: " : "",
			c->why_not);
		return NULL;
	}
	retry_left(c);
	_cleanup_free_ char *name = make_directory(c, why);
	if (name == NULL)
		return NULL;
	int fd = openat(c->base_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || set_limits(c, fd, limits, why) < 0) {
		if (fd < 0)
			error_errno(why, "%s/%s", c->base, name);
		else
			close(fd);
		unlinkat(c->base_fd, name, AT_REMOVEDIR);
		return NULL;
	}
	struct cgroup *g = xcalloc(1, sizeof *g);
	*g = (struct cgroup){.owner = c, .path = xasprintf("%s/%s", c->base, name), .fd = fd};
	return g;
}

const char *cgroup_path(const struct cgroup *g)
{
	return g->path;
}

int cgroup_fd(const struct cgroup *g)
{
	return g->fd;
}

/* The sum of all devices' "KEY=N" in io.stat, lines "8:0 rbytes=1 wbytes=2 rios=3 ...". */
static int64_t sum_io(const char *text, const char *key)
{
	int64_t sum = 0;
	for (const char *at = text; (at = strstr(at, key)) != NULL; at += strlen(key))
		sum += strtoll(at + strlen(key), NULL, 10);
	return sum;
}

static int64_t usec_to_ns(int64_t usec)
{
	return usec == ABSENT || usec > INT64_MAX / 1000 ? ABSENT : usec * 1000;
}

void cgroup_usage(const struct cgroup *g, struct cgroup_usage *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	*out = (struct cgroup_usage){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
	if (cgroup_read(g->fd, "cpu.stat", &text) == 0) {
		out->user_ns = usec_to_ns(cgroup_value(text.data, "user_usec"));
		out->system_ns = usec_to_ns(cgroup_value(text.data, "system_usec"));
	}
	buf_reset(&text);
	if (cgroup_read(g->fd, "memory.peak", &text) == 0 && text.len > 0)
		out->memory_peak = strtoll(text.data, NULL, 10);
	buf_reset(&text);
	if (cgroup_read(g->fd, "memory.events", &text) == 0)
		out->oom_kills = cgroup_value(text.data, "oom_kill");
	buf_reset(&text);
	if (cgroup_read(g->fd, "io.stat", &text) == 0) {
		out->read_bytes = sum_io(text.data, " rbytes=");
		out->written_bytes = sum_io(text.data, " wbytes=");
	}
}

bool cgroup_kill(const struct cgroup *g)
{
	return kill_below(g->fd);
}

void cgroup_remove(struct cgroup *g)
{
	if (g == NULL)
		return;
	struct cgroups *c = g->owner;
	close(g->fd);
	g->fd = -1;
	if (cgroup_end(c->base_fd, strrchr(g->path, '/') + 1, PATIENCE_NS) < 0) {
		/* Something in it does not die, such as a process that waits for a dead disk. */
		g->next = c->left;
		c->left = g;
		return;
	}
	free(g->path);
	free(g);
}
