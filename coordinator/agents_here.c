#include "coordinator/agents_here.h"

#include "proto/base.h"
#include "proto/clock.h"
#include "proto/log.h"
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RESTARTS 3
#define END_MS   5000
#define BYE_MS   1000 /* to end by themselves, once told that all is over */

struct agent_here {
	struct agents_here *all;
	char *name, *state;
	cpu_set_t cpus;
	pid_t pid; /* 0: not running */
	int pidfd;
	int starts;
};

struct agents_here {
	struct agents_here_config config;
	char *program;
	struct agent_here *agents;
	size_t n;
};

char *program_beside(const char *name, struct error *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0) {
		error_errno(err, "/proc/self/exe");
		return NULL;
	}
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	char *path = xasprintf("%.*s/%s", (int)(slash - self), self, name);
	if (access(path, X_OK) == 0)
		return path;
	error_set(err, ERR_UNAVAILABLE, "%s: %s; it is installed beside joulerig", path,
		strerror(errno));
	free(path);
	return NULL;
}

/* The host's name, as far as its letters may stand in one. */
static char *host_name(size_t i, size_t n)
{
	char name[64] = "";

	if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
		strcpy(name, "localhost");
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
			*p = '-';
	if (name[0] == '.' || name[0] == '-')
		name[0] = 'h';
	return n == 1 ? xstrdup(name) : xasprintf("%.55s-%zu", name, i + 1);
}

/* The i-th of n shares of this process's CPUs, neighbours together. */
static int share_of_cpus(size_t i, size_t n, cpu_set_t *out, struct error *err)
{
	cpu_set_t all;
	size_t seen = 0;

	if (sched_getaffinity(0, sizeof all, &all) != 0)
		return error_errno(err, "sched_getaffinity");
	size_t count = (size_t)CPU_COUNT(&all);
	if (count < n)
		return error_set(
			err, ERR_USAGE, "--agents %zu: there are only %zu CPUs to share", n, count);
	CPU_ZERO(out);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		if (seen * n / count == i)
			CPU_SET(cpu, out);
		seen++;
	}
	return 0;
}

/* In the child: never returns. It ends with its parent, and has no signals blocked that the parent
 * blocks. */
static void become_agent(const struct agent_here *a, pid_t parent)
{
	const struct agents_here_config *c = &a->all->config;
	const char *argv[16];
	sigset_t none;
	int n = 0;

	argv[n++] = a->all->program;
	argv[n++] = "--coordinator";
	argv[n++] = c->endpoint;
	argv[n++] = "--server-key";
	argv[n++] = c->server_key;
	argv[n++] = "--state";
	argv[n++] = a->state;
	argv[n++] = "--name";
	argv[n++] = a->name;
	if (c->root != NULL) {
		argv[n++] = "--root";
		argv[n++] = c->root;
	}
	if (c->is_verbose)
		argv[n++] = "--verbose";
	else
		argv[n++] = "--quiet";
	argv[n] = NULL;
	/* Until it does so itself by JOULERIG_PARENT. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	if (a->all->n > 1)
		sched_setaffinity(0, sizeof a->cpus, &a->cpus);
	/* Ctrl-C is the parent's to handle: it tells the agents what it means. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	unsetenv("NOTIFY_SOCKET"); /* a service manager that started us is not told of agents */
	execv(a->all->program, (char *const *)argv);
	_exit(127);
}

static void on_exit_of(void *arg, int fd, short revents);

static int start_one(struct agent_here *a, struct error *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return error_errno(err, "cannot start %s", a->all->program);
	if (pid == 0)
		become_agent(a, parent);
	a->pid = pid;
	a->starts++;
	a->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (a->pidfd < 0)
		return error_errno(err, "pidfd_open");
	loop_watch_fd(a->all->config.loop, a->pidfd, POLLIN, on_exit_of, a);
	return 0;
}

static void describe_status(int status, char out[64])
{
	if (WIFSIGNALED(status))
		snprintf(out, 64, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, 64, "exit status %d", WEXITSTATUS(status));
}

/* An agent that ended by itself. */
static void on_exit_of(void *arg, int fd, short revents)
{
	struct agent_here *a = arg;
	struct error err = {0};
	char how[64];
	int status = 0;

	(void)revents;
	loop_unwatch_fd(a->all->config.loop, fd);
	close(fd);
	waitpid(a->pid, &status, 0);
	a->pid = 0;
	describe_status(status, how);
	if (a->starts > RESTARTS) {
		error_set(&err, ERR_UNAVAILABLE,
			"agent %s ended %d times, the last time with %s; 'joulerig-agent doctor' "
			"may tell why",
			a->name, a->starts, how);
	} else {
		log_warning("agent %s ended with %s; starting it again", a->name, how);
		if (start_one(a, &err) == 0)
			return;
	}
	a->all->config.on_failure(a->all->config.arg, &err);
}

static int prepare_one(struct agents_here *all, size_t i, struct error *err)
{
	struct agent_here *a = &all->agents[i];
	struct keypair keys;

	a->all = all;
	a->name = host_name(i, all->n);
	a->state = xasprintf("%s/agent-%zu", all->config.data_dir, i + 1);
	int r = keypair_load_or_create(&keys, a->state, err);
	if (r == 0)
		r = share_of_cpus(i, all->n, &a->cpus, err);
	if (r == 0)
		keyring_add(all->config.keyring, a->name, keys.public_key, ROLE_AGENT);
	keypair_wipe(&keys);
	return r;
}

int agents_here_start(
	struct agents_here **out, const struct agents_here_config *config, struct error *err)
{
	struct agents_here *all = xcalloc(1, sizeof *all);
	char self[24];
	int r = 0;

	snprintf(self, sizeof self, "%d", (int)getpid());
	setenv("JOULERIG_PARENT", self, 1);

	all->config = *config;
	all->n = (size_t)config->n;
	all->agents = xcalloc(all->n, sizeof *all->agents);
	all->program = program_beside("joulerig-agent", err);
	if (all->program == NULL)
		r = err->code;
	for (size_t i = 0; i < all->n && r == 0; i++)
		r = prepare_one(all, i, err);
	for (size_t i = 0; i < all->n && r == 0; i++)
		r = start_one(&all->agents[i], err);
	if (r < 0) {
		agents_here_stop(all);
		return r;
	}
	*out = all;
	return 0;
}

static void wait_until(const struct agent_here *a, int64_t deadline_ns)
{
	struct pollfd p = {.fd = a->pidfd, .events = POLLIN};
	int64_t left = (deadline_ns - clock_monotonic_ns()) / NS_PER_MS;

	(void)poll(&p, 1, left > 0 ? (int)left : 0);
}

void agents_here_wait(struct agents_here *all)
{
	int64_t deadline = clock_monotonic_ns() + BYE_MS * NS_PER_MS;

	for (size_t i = 0; all != NULL && i < all->n; i++)
		if (all->agents[i].pid > 0)
			wait_until(&all->agents[i], deadline);
}

void agents_here_stop(struct agents_here *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->n; i++)
		if (all->agents[i].pid > 0)
			kill(all->agents[i].pid, SIGTERM);
	int64_t deadline = clock_monotonic_ns() + END_MS * NS_PER_MS;
	for (size_t i = 0; i < all->n; i++) {
		struct agent_here *a = &all->agents[i];
		if (a->pid > 0) {
			struct pollfd p = {.fd = a->pidfd, .events = POLLIN};
			int64_t left = (deadline - clock_monotonic_ns()) / NS_PER_MS;
			if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
				kill(a->pid, SIGKILL);
			waitpid(a->pid, NULL, 0);
			loop_unwatch_fd(all->config.loop, a->pidfd);
			close(a->pidfd);
		}
		free(a->name);
		free(a->state);
	}
	free(all->agents);
	free(all->program);
	free(all);
}
