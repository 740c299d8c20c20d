/*
 * spawn_loop - the limits that a run of a campaign is held against: what it takes to run a command
 * at all
 *
 *   spawn_loop bare N              posix_spawn /bin/true and wait for it, N times
 *   spawn_loop helper N HELPER     the same through HELPER (go_helper.c) and a go pipe, with 512
 * bytes appended to a file and one fdatasync after each
 *
 * Prints nanoseconds per run. The file is made in the current folder, and removed.
 */
#include "proto/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char command[] = "/bin/true";

extern char **environ;

__attribute__((noreturn)) static void fail(const char *what, int code)
{
	fprintf(stderr, "spawn_loop: %s: %s\n", what, strerror(code));
	exit(1);
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid", errno);
	if (status != 0)
		fail("the command's status is not 0", EPROTO);
}

static void run_bare(void)
{
	char *const argv[] = {command, NULL};
	pid_t pid;
	int code = posix_spawn(&pid, command, NULL, NULL, argv, environ);

	if (code != 0)
		fail(command, code);
	wait_for(pid);
}

/* Pipes are made anew for each run, as they must be where runs could overlap. */
static void run_through(char *helper)
{
	char *const argv[] = {helper, command, NULL};
	posix_spawn_file_actions_t actions;
	int ready[2], go[2], code;
	char byte = 'g';
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0)
		fail("pipe2", errno);
	posix_spawn_file_actions_init(&actions);
	/* Above 4 first, so that neither is overwritten by the other. */
	posix_spawn_file_actions_adddup2(&actions, ready[1], 20);
	posix_spawn_file_actions_adddup2(&actions, go[0], 21);
	posix_spawn_file_actions_adddup2(&actions, 20, 3);
	posix_spawn_file_actions_adddup2(&actions, 21, 4);
	posix_spawn_file_actions_addclose(&actions, 20);
	posix_spawn_file_actions_addclose(&actions, 21);
	code = posix_spawn(&pid, helper, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (code != 0)
		fail(helper, code);
	close(ready[1]);
	close(go[0]);
	if (read(ready[0], &byte, 1) != 1 || write(go[1], &byte, 1) != 1)
		fail("the helper did not get ready", EPROTO);
	wait_for(pid);
	close(ready[0]);
	close(go[1]);
}

static void keep(int fd)
{
	static const char record[512];

	if (write(fd, record, sizeof record) != (ssize_t)sizeof record || fdatasync(fd) != 0)
		fail("spawn_loop.records", errno);
}

static int open_records(void)
{
	static const char name[] = "spawn_loop.records";
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || unlink(name) != 0)
		fail(name, errno);
	return fd;
}

int main(int argc, char **argv)
{
	bool is_bare = argc == 3 && strcmp(argv[1], "bare") == 0;
	long n = argc > 2 ? atol(argv[2]) : 0;
	int64_t start;
	int fd;

	if (n < 1 || (!is_bare && (argc != 4 || strcmp(argv[1], "helper") != 0))) {
		fprintf(stderr, "usage: spawn_loop bare N | helper N HELPER\n");
		return 2;
	}
	fd = open_records();
	start = clock_monotonic_ns();
	for (long i = 0; i < n; i++) {
		if (is_bare) {
			run_bare();
		} else {
			run_through(argv[3]);
			keep(fd);
		}
	}
	printf("%lld\n", (long long)((clock_monotonic_ns() - start) / n));
	return 0;
}
