/*
 * exec.c - joulerig-exec: a tiny static program that starts a command's process, lets it go and
 * sees it off; exec_child.c is what that process does until it execs
 *
 * Why a program of its own: a child's peak memory as the kernel counts it starts at its parent's,
 * and a fork costs more the larger the parent is. The agent must not be that parent. joulerig-exec
 * is small, has one thread, and is the subreaper of all that a command leaves behind.
 */
#include "agent/exec_child.h"

#include <errno.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static int cgroup = -1; /* directory of the running command's */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/*
 * SIGKILL to all of the command's tree. The kernel ends a cgroup at once, with what forks at this
 * moment; the walk over /proc finds what went out of it, and all where there is none.
 */
static void kill_tree(void)
{
	int fd = cgroup >= 0 ? openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
	exec_signal_tree(getpid(), SIGKILL);
}

/* The agent is gone or does not make sense: nothing that it started may stay. */
static _Noreturn void end_everything(int status)
{
	for (;;) {
		kill_tree();
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG | __WALL) < 0)
			_exit(status);
		poll(NULL, 0, 1);
	}
}

/* ---- watching it ---- */

static int64_t time_ns(const struct timeval *t)
{
	return t->tv_sec * INT64_C(1000000000) + t->tv_usec * INT64_C(1000);
}

/* Add usage times sign; a peak is no sum, and stays. */
static void add_usage(struct exec_exit *e, const struct rusage *u, int sign)
{
	e->user_ns += sign * time_ns(&u->ru_utime);
	e->system_ns += sign * time_ns(&u->ru_stime);
	if (sign > 0 && u->ru_maxrss * INT64_C(1024) > e->maxrss)
		e->maxrss = u->ru_maxrss * INT64_C(1024);
	e->voluntary += sign * u->ru_nvcsw;
	e->involuntary += sign * u->ru_nivcsw;
	e->minor_faults += sign * u->ru_minflt;
	e->major_faults += sign * u->ru_majflt;
}

static int64_t not_negative(int64_t value)
{
	return value < 0 ? 0 : value;
}

/* The kernel scales CPU times to what the scheduler counted: a difference of two may fall a little
 * below zero. */
static void subtract_preparation(struct exec_exit *e)
{
	add_usage(e, child_usage_before(), -1);
	e->user_ns = not_negative(e->user_ns);
	e->system_ns = not_negative(e->system_ns);
}

/* Reap all that ended. Returns what the last wait said: 0 where more live on, -1 where there are no
 * children. */
static pid_t reap(struct exec_exit *e, pid_t first, bool *is_over)
{
	struct rusage usage;
	int status;
	pid_t pid;
	while ((pid = wait4(-1, &status, WNOHANG | __WALL, &usage)) > 0) {
		if (pid == first) {
			e->end_ns = clock_ns(CLOCK_MONOTONIC_RAW);
			e->status = status;
			*is_over = true;
		} else if (*is_over && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
			/* Others had ended by themselves, and nobody had waited for them. */
			e->killed++;
		}
		add_usage(e, &usage, 1);
	}
	return pid;
}

/* The clock, then the go byte, and nothing between. */
static void let_go(struct exec_exit *e)
{
	e->start_ns = clock_ns(CLOCK_MONOTONIC_RAW);
	if (!child_let_go())
		end_everything(1);
}

/* A packet while a command runs: "go" or "kill"; returns the instant at which patience ends. */
static int64_t on_control(struct exec_exit *e, int64_t deadline)
{
	uint32_t kind = 0;
	ssize_t n = recv(EXEC_CONTROL_FD, &kind, sizeof kind, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		end_everything(0);
	if (n == (ssize_t)sizeof kind && kind == EXEC_GO && e->start_ns == 0)
		let_go(e);
	if (n == (ssize_t)sizeof kind && kind == EXEC_KILL && deadline == INT64_MAX) {
		exec_signal_tree(getpid(), SIGTERM);
		return clock_ns(CLOCK_MONOTONIC) + EXEC_GRACE_NS;
	}
	return deadline;
}

/* Until the command's first process has ended. */
static void watch(struct exec_exit *e, pid_t first, int signals)
{
	int64_t deadline = INT64_MAX;
	bool is_over = false;
	while (!is_over) {
		struct pollfd fds[2] = {{.fd = signals, .events = POLLIN},
			{.fd = EXEC_CONTROL_FD, .events = POLLIN}};
		int64_t left = deadline - (deadline == INT64_MAX ? 0 : clock_ns(CLOCK_MONOTONIC));
		if (left <= 0) {
			kill_tree();
			left = 10000000;
		}
		poll(fds, 2, deadline == INT64_MAX ? -1 : (int)(left / 1000000 + 1));
		if (fds[0].revents != 0) {
			/* First empty the queue of signals, then reap: the other way round one may
			 * be missed. */
			struct signalfd_siginfo info;
			if (read(signals, &info, sizeof info) > 0)
				reap(e, first, &is_over);
		}
		if (!is_over && fds[1].revents != 0)
			deadline = on_control(e, deadline);
	}
	while (reap(e, first, &is_over) == 0) {
		/* No packet is of interest any more, but the end of the agent is. What was told to
		 * end has the same grace as the first process, which may be a shell before it. */
		struct pollfd control = {.fd = EXEC_CONTROL_FD};
		if (deadline == INT64_MAX || clock_ns(CLOCK_MONOTONIC) >= deadline)
			kill_tree();
		if (poll(&control, 1, 1) > 0)
			end_everything(0);
	}
}

/*
 * Wait for the go where the child waits, too: who then takes the clock has woken this CPU, and the
 * way out of its sleep is not in the run's time. A wait for the counters before the go would
 * otherwise add some 300 us to it (measured on a virtual machine). Between go and end this process
 * sleeps. Where it cannot be bound, it stays where it is.
 */
static void wait_where_it_runs(const struct exec_spec *spec)
{
	static uint8_t mask[EXEC_MASK_BYTES];
	size_t i = 0;
	memset(mask, 0, sizeof mask);
	while (i < sizeof mask - 1 && spec->cpus[i] == 0)
		i++;
	mask[i] = (uint8_t)(spec->cpus[i] & -spec->cpus[i]);
	syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}

static void run_command(struct command *c, int signals)
{
	struct exec_exit e = {.kind = EXEC_EXIT};
	wait_where_it_runs(&c->spec);
	cgroup = c->cgroup;
	pid_t pid = child_start(c);
	if (pid < 0)
		exec_tell_error(EXEC_STAGE_FORK, errno);
	close(c->out);
	close(c->err);
	if (pid > 0)
		watch(&e, pid, signals);
	if (cgroup >= 0)
		close(cgroup);
	cgroup = -1;
	subtract_preparation(&e);
	exec_tell(&e, sizeof e);
}

/* ---- receiving a spec ---- */

/* The first packet of a spec into c, with what there is of its strings. Returns their bytes, or -1
 * where it was no spec. */
static ssize_t receive_first(struct command *c, char *first)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct iovec parts[2] = {{&c->spec, sizeof c->spec}, {first, EXEC_PACKET}};
	struct msghdr m = {.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	ssize_t n = recvmsg(EXEC_CONTROL_FD, &m, MSG_CMSG_CLOEXEC);
	if (n == 0 || (n < 0 && errno != EINTR))
		end_everything(0);
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);
	/* A "kill" that crossed the end of its run is no error. */
	if (n < (ssize_t)sizeof c->spec || c->spec.kind != EXEC_SPEC)
		return -1;
	int fds[3] = {-1, -1, -1};
	if (header == NULL || c->spec.fds < 2 || c->spec.fds > 3 ||
		header->cmsg_len != CMSG_LEN(c->spec.fds * sizeof(int)) ||
		c->spec.strings > EXEC_MAX_STRINGS || c->spec.groups_n > EXEC_MAX_GROUPS)
		end_everything(1);
	memcpy(fds, CMSG_DATA(header), c->spec.fds * sizeof(int));
	c->out = fds[0];
	c->err = fds[1];
	c->cgroup = fds[2];
	return n - (ssize_t)sizeof c->spec;
}

static char **point_at(char **next, char *end, size_t n)
{
	char **out = calloc(n + 1, sizeof *out);
	for (size_t i = 0; i < n; i++) {
		if (out == NULL || *next >= end)
			end_everything(1);
		out[i] = *next;
		*next += strlen(*next) + 1;
	}
	return out;
}

static bool receive_command(struct command *c)
{
	static char first[EXEC_PACKET];
	ssize_t n = receive_first(c, first);
	if (n < 0)
		return false;
	size_t have = (size_t)n;
	c->strings = malloc(c->spec.strings + 1);
	if (c->strings == NULL || have > c->spec.strings || c->spec.argc == 0)
		end_everything(1);
	memcpy(c->strings, first, have);
	while (have < c->spec.strings) {
		n = recv(EXEC_CONTROL_FD, c->strings + have, c->spec.strings - have, 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			end_everything(0);
		have += n > 0 ? (size_t)n : 0;
	}
	c->strings[have] = '\0';
	c->workdir = c->strings;
	char *next = c->strings + strlen(c->strings) + 1;
	c->argv = point_at(&next, c->strings + have, c->spec.argc);
	c->env = point_at(&next, c->strings + have, c->spec.envc);
	return true;
}

/*
 * No execve below gives capabilities: not to root, not by a file's. Without CAP_SETPCAP nothing of
 * it is permitted; then no_new_privs alone sees to that, as a command gains nothing by execve that
 * it has given up before.
 */
static void close_ways_to_capabilities(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/* What all commands have in common is set once, here. Returns the descriptor of SIGCHLD, or -1. */
static int prepare(void)
{
	setsid(); /* no signals of the agent's terminal */
	/* By the system call, as libc keeps two signals to itself. All zeroes is SIG_DFL without
	 * flags. */
	static const char defaults[64];
	for (int signo = 1; signo < NSIG; signo++)
		syscall(SYS_rt_sigaction, signo, defaults, NULL, (size_t)(NSIG - 1) / 8);
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	/* Memory: both buffers of stdio and malloc's arena stay small; descriptors: those of exec.h
	 * and no other. */
	fcntl(EXEC_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	syscall(SYS_close_range, EXEC_CONTROL_FD + 1, ~0U, 0);
	if (!child_prepare())
		return -1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	close(null);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	close_ways_to_capabilities();
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(void)
{
	struct stat st;
	if (fstat(EXEC_CONTROL_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fputs("joulerig-exec: started by joulerig-agent alone; there is nothing to do by "
		      "hand\n",
			stderr);
		return 2;
	}
	int signals = prepare();
	if (signals < 0) {
		perror("joulerig-exec: cannot prepare");
		return 1;
	}
	while (true) {
		struct command c = {0};
		if (!receive_command(&c))
			continue;
		run_command(&c, signals);
		free(c.strings);
		free(c.argv);
		free(c.env);
	}
}
