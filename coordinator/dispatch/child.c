#include "coordinator/dispatch/child.h"

#include "proto/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* So long what others write is read after the end of the program itself. */
#define LEFT_BEHIND_NS (200 * NS_PER_MS)
#define LOOK_MS        20 /* how often, where the kernel does not tell of ends */

/* Keep the end where there is too much. */
static void keep_last(struct buf *b)
{
	if (b->len <= CHILD_OUTPUT_MAX)
		return;
	size_t cut = b->len - CHILD_OUTPUT_MAX;

	memmove(b->data, b->data + cut, CHILD_OUTPUT_MAX + 1);
	b->len = CHILD_OUTPUT_MAX;
}

/* Take what there is, of stdout the first `most` bytes. Return whether more may come. */
static bool take_out(int fd, struct child_output *o, size_t most)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof data);

	if (n < 0)
		return errno == EINTR;
	o->was_too_long |= o->out.len + (size_t)n > most;
	if (!o->was_too_long)
		buf_add(&o->out, data, (size_t)n);
	return n > 0;
}

static bool take_err(int fd, struct child_output *o)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof data);

	if (n < 0)
		return errno == EINTR;
	buf_add(&o->err, data, (size_t)n);
	keep_last(&o->err);
	return n > 0;
}

static int timeout_until(int64_t deadline_ns)
{
	int64_t left = deadline_ns - clock_monotonic_ns();

	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

/* Read both streams to their end, or until it must end. What it left behind may hold them for ever,
 * such as an ssh that keeps a connection: once it has ended itself (end_fd; -1: that is not known),
 * they are read for a moment only. */
static void read_streams(pid_t pid, int fds[2], int stop_fd, int end_fd, int64_t deadline_ns,
	size_t most, struct child_output *o)
{
	bool has_ended = false;

	while (fds[0] >= 0 || fds[1] >= 0) {
		struct pollfd p[4] = {{.fd = fds[0], .events = POLLIN},
			{.fd = fds[1], .events = POLLIN}, {.fd = stop_fd, .events = POLLIN},
			{.fd = has_ended ? -1 : end_fd, .events = POLLIN}};
		if (poll(p, 4, timeout_until(deadline_ns)) < 0 && errno != EINTR)
			break;
		bool is_late = clock_monotonic_ns() >= deadline_ns;
		if (has_ended && is_late)
			break;
		o->was_stopped |= (p[2].revents & POLLIN) != 0;
		o->was_too_slow |= is_late;
		if (o->was_stopped || o->was_too_slow) {
			kill(-pid, SIGKILL);
			break;
		}
		for (int i = 0; i < 2; i++) {
			if (p[i].revents != 0 &&
				!(i == 0 ? take_out(fds[i], o, most) : take_err(fds[i], o))) {
				close(fds[i]);
				fds[i] = -1;
			}
		}
		if (p[3].revents != 0) {
			has_ended = true;
			deadline_ns = clock_monotonic_ns() + LEFT_BEHIND_NS;
		}
	}
}

/* It may go on with both streams closed: a script whose output goes to a file does. */
static void wait_for_end(
	pid_t pid, int stop_fd, int end_fd, int64_t deadline_ns, struct child_output *o)
{
	pid_t ended;

	while ((ended = waitpid(
			pid, &o->status, o->was_stopped || o->was_too_slow ? 0 : WNOHANG)) == 0 ||
		(ended < 0 && errno == EINTR)) {
		struct pollfd p[2] = {
			{.fd = stop_fd, .events = POLLIN}, {.fd = end_fd, .events = POLLIN}};

		(void)poll(p, 2, end_fd >= 0 ? timeout_until(deadline_ns) : LOOK_MS);
		o->was_stopped |= p[0].revents != 0;
		o->was_too_slow |= clock_monotonic_ns() >= deadline_ns && p[1].revents == 0;
		if (o->was_stopped || o->was_too_slow)
			kill(-pid, SIGKILL);
	}
}

/* A file in memory, so that a program that does not read cannot hold up who writes. Returns its
 * descriptor, or negative. */
static int make_input(const char *data, size_t len, struct error *err)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	for (size_t done = 0; fd >= 0 && done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno != EINTR) {
			int r = error_errno(err, "cannot keep the input of a program");

			close(fd);
			return r;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot make the input of a program");
	return fd;
}

/* input -1: none. */
static int spawn(pid_t *pid, const char *const *argv, char *const *environment, int input,
	const int out[2], const int err[2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipe_signal;
	int r;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	r = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int run(const char *const *argv, char *const *environment, int input, int stop_fd,
	int64_t timeout_ns, size_t most, struct child_output *out, struct error *err)
{
	int64_t deadline_ns = clock_monotonic_ns() + timeout_ns;
	int o[2] = {-1, -1}, e[2] = {-1, -1}, r = 0;
	pid_t pid = 0;

	if (pipe2(o, O_CLOEXEC) < 0 || pipe2(e, O_CLOEXEC) < 0)
		r = error_errno(err, "%s: cannot make a pipe", argv[0]);
	if (r == 0 && (r = spawn(&pid, argv, environment, input, o, e)) < 0)
		error_set(err, r, "%s cannot be started: %s", argv[0], strerror(-r));
	if (o[1] >= 0)
		close(o[1]);
	if (e[1] >= 0)
		close(e[1]);
	int ends[2] = {o[0], e[0]};
	_cleanup_close_ int end_fd = r == 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (r == 0)
		read_streams(pid, ends, stop_fd, end_fd, deadline_ns, most, out);
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (r == 0)
		wait_for_end(pid, stop_fd, end_fd, deadline_ns, out);
	return r;
}

int child_run(const char *const *argv, char *const *environment, int stop_fd, int64_t timeout_ns,
	struct child_output *out, struct error *err)
{
	return child_run_most(argv, environment, stop_fd, timeout_ns, CHILD_OUTPUT_MAX, out, err);
}

int child_run_most(const char *const *argv, char *const *environment, int stop_fd,
	int64_t timeout_ns, size_t most, struct child_output *out, struct error *err)
{
	*out = (struct child_output){.out = BUF_INIT, .err = BUF_INIT};
	return run(argv, environment, -1, stop_fd, timeout_ns, most, out, err);
}

int child_run_with(const char *const *argv, char *const *environment, const void *input, size_t len,
	int stop_fd, int64_t timeout_ns, struct child_output *out, struct error *err)
{
	*out = (struct child_output){.out = BUF_INIT, .err = BUF_INIT};
	_cleanup_close_ int fd = make_input(input, len, err);

	return fd < 0 ? fd
		      : run(argv, environment, fd, stop_fd, timeout_ns, CHILD_OUTPUT_MAX, out, err);
}

void child_output_done(struct child_output *out)
{
	buf_done(&out->out);
	buf_done(&out->err);
}
