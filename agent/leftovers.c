/* What a killed agent left and no cgroup tells of: found by the environment. */
#include "agent/cgroup.h"
#include "proto/clock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#define PATIENCE_NS (5 * NS_PER_S)    /* with those that do not die */
#define LONGEST     (8 * 1024 * 1024) /* bytes of an environment; ARG_MAX is smaller */
#define ANCESTORS   64

struct hunt {
	const char *entry; /* "JOULERIG_STATE=DIR" */
	pid_t spared[ANCESTORS];
	size_t spared_n;
	pid_t *hit; /* owned; those that got the signal */
	size_t hit_n;
};

static pid_t parent_of(pid_t pid)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[64];
	int parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (buf_read_file(&text, AT_FDCWD, path, 4096) < 0)
		return 0;
	const char *end = strrchr(text.data, ')');
	return end != NULL && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* This process and those above it: an agent may itself have been started by a run. */
static void spare_ancestors(struct hunt *h)
{
	for (pid_t pid = getpid(); pid > 0 && h->spared_n < ANCESTORS; pid = parent_of(pid))
		h->spared[h->spared_n++] = pid;
}

static bool contains(const pid_t *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == pid)
			return true;
	}
	return false;
}

/* Whether the environment, entries with a NUL behind each, has this very one. */
static bool has_entry(const struct buf *environment, const char *entry)
{
	size_t len = strlen(entry);
	for (size_t at = 0; at < environment->len;) {
		size_t n = strnlen(environment->data + at, environment->len - at);
		if (n == len && memcmp(environment->data + at, entry, len) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

/* Returns whether the process is one, which then has got the signal. The directory in /proc holds
 * on to the very process: its number may become another's meanwhile. */
static bool end_if_ours(struct hunt *h, int proc, const char *name, struct buf *environment)
{
	_cleanup_close_ int fd = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = atoi(name);
	buf_reset(environment);
	if (fd < 0 || buf_read_file(environment, fd, "environ", LONGEST) < 0 ||
		!has_entry(environment, h->entry) ||
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0)
		return false;
	if (!contains(h->hit, h->hit_n, pid)) {
		h->hit = xreallocarray(h->hit, h->hit_n + 1, sizeof *h->hit);
		h->hit[h->hit_n++] = pid;
	}
	return true;
}

/* Returns whether any was there. */
static bool pass(struct hunt *h)
{
	_cleanup_buf_ struct buf environment = BUF_INIT;
	bool is_any = false;
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		return false;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (isdigit((unsigned char)e->d_name[0]) &&
			!contains(h->spared, h->spared_n, atoi(e->d_name)) &&
			end_if_ours(h, dirfd(dir), e->d_name, &environment))
			is_any = true;
	}
	closedir(dir);
	return is_any;
}

size_t leftovers_end(const char *state)
{
	_cleanup_free_ char *entry = xasprintf("JOULERIG_STATE=%s", state);
	int64_t until = clock_monotonic_ns() + PATIENCE_NS;
	struct hunt h = {.entry = entry};
	spare_ancestors(&h);
	while (pass(&h) && clock_monotonic_ns() < until)
		poll(NULL, 0, 1);
	free(h.hit);
	return h.hit_n;
}
