/*
 * pipeline - the limit that the time between the runs of a campaign is held against: a loop that
 * spawns /bin/true through joulerig-exec and makes a record of 512 bytes durable after each
 *
 *   pipeline N EXEC     N runs; EXEC is the path of joulerig-exec
 *
 * One joulerig-exec for all, as the agent has it. Of each run: the spec is sent, the process gets
 * ready, is let go, becomes the command, ends and is reaped; then a pwrite and an fdatasync into a
 * file that was filled before. Nothing is measured, said, or kept of it. Prints nanoseconds per
 * run.
 */
#include "agent/exec.h"
#include "proto/clock.h"

#include <errno.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RECORD  512
#define RECORDS 1024 /* in the file; used again from its start */

struct helper {
	pid_t pid;
	int control;
};

__attribute__((noreturn)) static void fail(const char *what, int code)
{
	fprintf(stderr, "pipeline: %s: %s\n", what, strerror(code));
	exit(1);
}

/* ---- joulerig-exec ---- */

static void start_helper(struct helper *h, char *program)
{
	char *argv[] = {program, NULL}, *env[] = {NULL};
	posix_spawn_file_actions_t actions;
	int control[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
		fail("socketpair", errno);
	int up = fcntl(control[1], F_DUPFD_CLOEXEC, 10); /* not the descriptor that it is to be */
	close(control[1]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, up, EXEC_CONTROL_FD);
	int code = posix_spawn(&h->pid, program, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	close(up);
	if (code != 0)
		fail(program, code);
	h->control = control[0];
}

static void end_helper(const struct helper *h)
{
	close(h->control);
	if (waitpid(h->pid, NULL, 0) != h->pid)
		fail("waitpid", errno);
}

static void send_spec(
	const struct helper *h, const struct exec_spec *spec, const char *strings, const int fds[2])
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {0};
	struct iovec parts[2] = {{(void *)(uintptr_t)spec, sizeof *spec},
		{(void *)(uintptr_t)strings, spec->strings}};
	struct msghdr m = {.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof control.bytes};
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
	if (sendmsg(h->control, &m, MSG_NOSIGNAL) < 0)
		fail("joulerig-exec: sending a spec", errno);
}

/* The packet that must come next. */
static void expect(const struct helper *h, void *packet, size_t size, uint32_t kind)
{
	ssize_t n = recv(h->control, packet, size, 0);
	uint32_t got = 0;

	if (n >= (ssize_t)sizeof got)
		memcpy(&got, packet, sizeof got);
	if (n != (ssize_t)size || got != kind)
		fail("joulerig-exec said something else", EPROTO);
}

/* Pipes are made anew for each run, as they must be where runs could overlap. */
static void run_once(const struct helper *h, const struct exec_spec *spec, const char *strings)
{
	struct exec_ready ready;
	struct exec_exit end;
	uint32_t go = EXEC_GO;
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		fail("pipe2", errno);
	send_spec(h, spec, strings, (int[2]){out[1], err[1]});
	expect(h, &ready, sizeof ready, EXEC_READY);
	if (send(h->control, &go, sizeof go, MSG_NOSIGNAL) < 0)
		fail("joulerig-exec: sending the go", errno);
	expect(h, &end, sizeof end, EXEC_EXIT);
	if (end.status != 0)
		fail("the command's status is not 0", EPROTO);
	for (int i = 0; i < 2; i++) {
		close(out[i]);
		close(err[i]);
	}
}

/* ---- records ---- */

/* Filled and durable, so that a record changes no metadata. */
static int open_records(void)
{
	static const char name[] = "pipeline.records", zeroes[RECORD * RECORDS];
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || unlink(name) != 0 || write(fd, zeroes, sizeof zeroes) != sizeof zeroes ||
		fsync(fd) != 0)
		fail(name, errno);
	return fd;
}

static void keep(int fd, long i)
{
	char record[RECORD];

	memset(record, (int)i, sizeof record);
	if (pwrite(fd, record, RECORD, i % RECORDS * RECORD) != RECORD || fdatasync(fd) != 0)
		fail("pipeline.records", errno);
}

int main(int argc, char **argv)
{
	static const char strings[] = "/\0/bin/true\0PATH=/usr/bin:/bin\0LANG=C.UTF-8";
	struct exec_spec spec = {.kind = EXEC_SPEC,
		.argc = 1,
		.envc = 2,
		.strings = sizeof strings,
		.fds = 2,
		.nofile = 1024};
	struct helper h = {0};
	long n = argc == 3 ? atol(argv[1]) : 0;

	if (n < 1) {
		fprintf(stderr, "usage: pipeline N EXEC\n");
		return 2;
	}
	if (syscall(SYS_sched_getaffinity, 0, sizeof spec.cpus, spec.cpus) < 0)
		fail("sched_getaffinity", errno);
	int fd = open_records();
	start_helper(&h, argv[2]);
	int64_t start = clock_monotonic_ns();
	for (long i = 0; i < n; i++) {
		run_once(&h, &spec, strings);
		keep(fd, i);
	}
	printf("%lld\n", (long long)((clock_monotonic_ns() - start) / n));
	end_helper(&h);
	return 0;
}
