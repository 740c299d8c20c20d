#include "agent/sources/tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

/* A file's text, cut at size; its length, or -1. */
static ssize_t read_text(int dirfd, const char *path, char *out, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -1;
	while (len < size - 1) {
		ssize_t n = read(fd, out + len, size - 1 - len);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	out[len] = '\0';
	return (ssize_t)len;
}

/* Numbers followed by white space, as processes to look at: the last one may have been cut. */
static void add_pids(struct task_walk *w, const char *text)
{
	char *end;

	for (long pid; (pid = strtol(text, &end, 10)) > 0 && end != text && *end != '\0';
		text = end)
		if (w->pids_n < TASKS_MAX)
			w->pids[w->pids_n++] = (pid_t)pid;
}

/*
 * Fields of stat from the third on; the second, the name in parentheses, may hold anything. 3
 * state, 14 utime, 15 stime, 22 starttime, 39 processor.
 */
static bool parse_stat(const char *text, struct task *out)
{
	const char *p = strrchr(text, ')');
	int64_t utime = 0, stime = 0;

	if (p == NULL || p[1] != ' ')
		return false;
	char state = p[2];
	p += 3;
	for (int field = 4; field <= 39; field++) {
		char *end;
		int64_t value = strtoll(p, &end, 10);
		if (end == p)
			return false;
		p = end;
		if (field == 14)
			utime = value;
		else if (field == 15)
			stime = value;
		else if (field == 22)
			out->started = value;
		else if (field == 39)
			out->cpu = (int)value;
	}
	out->has_run = utime + stime > 0;
	if (state == 'Z' || state == 'X')
		out->cpu = -1;
	return true;
}

/* Threads are listed in the order of their creation but for what /proc does not promise; later ones
 * than their right neighbours move on. */
static void keep_order(struct task_walk *w, size_t first)
{
	for (size_t i = w->n - 1; i > first; i--) {
		struct task *t = &w->tasks[i];
		if (t[-1].started < t->started ||
			(t[-1].started == t->started && t[-1].tid <= t->tid))
			return;
		const struct task later = t[-1];
		t[-1] = *t;
		*t = later;
	}
}

static void add_task(
	struct task_walk *w, size_t first, int dir, pid_t pid, const char *name, bool has_children)
{
	struct task t = {.pid = pid, .tid = (pid_t)strtol(name, NULL, 10)};
	char path[64], text[1024];

	if (t.tid <= 0)
		return;
	snprintf(path, sizeof path, "%.20s/children", name);
	if (has_children && read_text(dir, path, w->text, sizeof w->text) > 0)
		add_pids(w, w->text);
	if (w->n == TASKS_MAX) {
		w->all++;
		return;
	}
	snprintf(path, sizeof path, "%.20s/stat", name);
	if (read_text(dir, path, text, sizeof text) <= 0 || !parse_stat(text, &t))
		return;
	w->all++;
	w->tasks[w->n++] = t;
	keep_order(w, first);
}

static void walk_process(struct task_walk *w, pid_t pid, bool has_children)
{
	char path[64];
	size_t first = w->n;

	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	/* readdir(3) would allocate. */
	for (ssize_t n; (n = getdents64(dir, w->entries, sizeof w->entries)) > 0;)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(w->entries + at);
			add_task(w, first, dir, pid, e->d_name, has_children);
			at += e->d_reclen;
		}
}

void tasks_walk(struct task_walk *w, const char *cgroup, pid_t pid)
{
	char path[4096];
	bool has_list = false;

	w->n = w->all = w->pids_n = 0;
	if (cgroup != NULL) {
		snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
		has_list = read_text(AT_FDCWD, path, w->text, sizeof w->text) >= 0;
	}
	if (has_list)
		add_pids(w, w->text);
	else
		w->pids[w->pids_n++] = pid;
	for (size_t i = 0; i < w->pids_n; i++)
		walk_process(w, w->pids[i], !has_list);
}
