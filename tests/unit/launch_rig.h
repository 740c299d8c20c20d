/*
 * launch_rig.h - running one command through a launcher in a test, and what was seen of it
 */
#ifndef TESTS_UNIT_LAUNCH_RIG_H
#define TESTS_UNIT_LAUNCH_RIG_H

#include "agent/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#define ARGV(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static struct {
	struct loop *loop;
	struct launcher *launcher;
	struct launch_exit exit;
	char failure[512]; /* "" where it ran */
	char out[8192];    /* of both streams */
	char where[4096];  /* /proc/PID/cgroup when it was ready */
} rig;

static inline void rig_ready(void *arg, pid_t pid, const int *cpus, size_t n)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[64];
	(void)arg;
	(void)cpus;
	(void)n;
	snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
	buf_read_file(&text, AT_FDCWD, path, 4096);
	snprintf(rig.where, sizeof rig.where, "%s", text.data);
	launcher_go(rig.launcher);
}

static inline void rig_exit(void *arg, const struct launch_exit *e)
{
	(void)arg;
	rig.exit = *e;
	snprintf(rig.failure, sizeof rig.failure, "%s", e->failure != NULL ? e->failure : "");
	rig.exit.failure = NULL;
	loop_stop(rig.loop, 0);
}

/* Run argv with what else s says. Returns 0, or what launcher_start() said. */
static inline int rig_run(struct launch_spec s, const char *const *argv, struct error *err)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	struct launch_handler h = {.on_ready = rig_ready, .on_exit = rig_exit};
	cpu_set_t set;
	int fds[2], cpu = 0;
	sched_getaffinity(0, sizeof set, &set);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	memset(&rig.exit, 0, sizeof rig.exit);
	rig.out[0] = rig.where[0] = '\0';
	snprintf(rig.failure, sizeof rig.failure, "nothing was heard of it");
	rig.loop = loop_new();
	if (pipe2(fds, O_CLOEXEC) < 0 || launcher_open(&rig.launcher, rig.loop, &h, err) < 0)
		abort();
	s.argv = argv;
	s.env = env;
	s.workdir = s.workdir != NULL ? s.workdir : "/";
	s.cpus = &cpu;
	s.cpus_n = 1;
	s.stdout_fd = s.stderr_fd = fds[1];
	int code = launcher_start(rig.launcher, &s, err);
	close(fds[1]);
	if (code == 0)
		loop_run(rig.loop);
	ssize_t n = code == 0 ? read(fds[0], rig.out, sizeof rig.out - 1) : 0;
	rig.out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	launcher_close(rig.launcher);
	loop_free(rig.loop);
	return code;
}

#endif
