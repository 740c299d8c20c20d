#include "agent/launch.h"

#include "agent/launch_parts.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct launcher {
	struct loop *loop;
	struct launch_handler handler;
	char *program;   /* path of joulerig-exec, owned */
	uint64_t nofile; /* soft limit that commands get */
	pid_t pid;       /* of joulerig-exec; 0: not running */
	int control;     /* -1 where it is not running, as go */
	bool is_busy;
	bool was_ready;
	char *argv0; /* of the command, owned; for messages, as workdir */
	char *workdir;
	char *user;    /* owned, or NULL */
	char *failure; /* owned; of the command that is under way */
	struct buf strings;
	int *cpus; /* room for a mask as a list, owned */
};

static void on_control(void *arg, int fd, short revents);

/* ---- joulerig-exec itself ---- */

static char *find_program(struct error *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0) {
		error_errno(err, "cannot find joulerig-exec: /proc/self/exe");
		return NULL;
	}
	self[n] = '\0';
	const char *dir = dirname(self);
	/* The last place is that of a test, which lies one folder below the programs. */
	static const char *const places[] = {"", "../libexec/joulerig/", "../"};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = xasprintf("%s/%sjoulerig-exec", dir, places[i]);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	error_set(err, -ENOENT,
		"joulerig-exec: neither in %s nor in %s/../libexec/joulerig: install it beside "
		"joulerig-agent",
		dir, dir);
	return NULL;
}

/* Spawn with control at the descriptor of exec.h. Returns 0 or an errno. */
static int spawn_at(struct launcher *l, int control)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char name[] = "joulerig-exec";
	char *argv[] = {name, NULL}, *env[] = {NULL};
	sigset_t none;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawn_file_actions_adddup2(&actions, control, EXEC_CONTROL_FD);
	int error = posix_spawn(&l->pid, l->program, &actions, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0)
		l->pid = 0;
	return error;
}

/* A descriptor out of the way of those that the file actions write to. Closes fd. */
static int move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	return up;
}

static int spawn(struct launcher *l, struct error *err)
{
	int control[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return error_errno(err, "joulerig-exec: socketpair");
	control[1] = move_up(control[1]);
	int error = spawn_at(l, control[1]);
	close(control[1]);
	if (error != 0) {
		close(control[0]);
		return error_set(err, -error, "%s: %s", l->program, strerror(error));
	}
	l->control = control[0];
	loop_watch_fd(l->loop, l->control, POLLIN, on_control, l);
	return 0;
}

/* joulerig-exec is gone, or is told to go: end what it may have left to us, its subreaper. Returns
 * its wait status. */
static int end_program(struct launcher *l)
{
	int status = 0, last = 0;
	pid_t pid;
	if (l->pid == 0)
		return 0;
	loop_unwatch_fd(l->loop, l->control);
	close(l->control);
	l->control = -1;
	while ((pid = waitpid(-1, &last, WNOHANG | __WALL)) >= 0) {
		if (pid == l->pid)
			status = last;
		if (pid > 0)
			continue;
		exec_signal_tree(getpid(), SIGKILL);
		poll(NULL, 0, 1);
	}
	l->pid = 0;
	return status;
}

int launcher_open(struct launcher **out, struct loop *loop, const struct launch_handler *handler,
	struct error *err)
{
	struct rlimit limit;
	char *program = find_program(err);
	if (program == NULL)
		return -ENOENT;
	struct launcher *l = xcalloc(1, sizeof *l);
	l->loop = loop;
	l->handler = *handler;
	l->program = program;
	l->control = -1;
	l->nofile = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
	l->strings = (struct buf)BUF_INIT;
	l->cpus = xcalloc(EXEC_MASK_BYTES * 8, sizeof *l->cpus);
	/* Where joulerig-exec is killed, its command's processes come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int r = spawn(l, err);
	if (r < 0) {
		launcher_close(l);
		return r;
	}
	*out = l;
	return 0;
}

/* ---- a command ---- */

static size_t add_texts(struct buf *b, const char *const *texts)
{
	size_t n = 0;
	for (; texts[n] != NULL; n++)
		buf_add(b, texts[n], strlen(texts[n]) + 1);
	return n;
}

/* Send the spec with the first bytes of its strings and its descriptors. Returns how many bytes of
 * strings, or -1. */
static ssize_t send_first(
	struct launcher *l, const struct exec_spec *spec, const struct launch_spec *s)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	size_t len = l->strings.len < EXEC_PACKET ? l->strings.len : EXEC_PACKET;
	struct iovec parts[2] = {{(void *)(uintptr_t)spec, sizeof *spec}, {l->strings.data, len}};
	struct msghdr m = {.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(spec->fds * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(spec->fds * sizeof(int));
	memcpy(CMSG_DATA(header), (int[3]){s->stdout_fd, s->stderr_fd, s->cgroup_fd},
		spec->fds * sizeof(int));
	return sendmsg(l->control, &m, MSG_NOSIGNAL) < 0 ? -1 : (ssize_t)len;
}

static int send_spec(struct launcher *l, const struct exec_spec *spec, const struct launch_spec *s,
	struct error *err)
{
	ssize_t sent = send_first(l, spec, s);
	if (sent < 0)
		return error_errno(err, "joulerig-exec: sending a command");
	/* joulerig-exec reads these at once: it does nothing else. */
	for (size_t at = (size_t)sent; at < l->strings.len;) {
		size_t len = l->strings.len - at < EXEC_PACKET ? l->strings.len - at : EXEC_PACKET;
		ssize_t n = send(l->control, l->strings.data + at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return error_errno(err, "joulerig-exec: sending a command");
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static void forget_command(struct launcher *l)
{
	free(l->argv0);
	free(l->workdir);
	free(l->user);
	free(l->failure);
	l->argv0 = l->workdir = l->user = l->failure = NULL;
	l->is_busy = l->was_ready = false;
}

/* All but the strings. Returns 0 or negative. */
static int fill_spec(struct exec_spec *spec, const struct launch_spec *s, struct error *err)
{
	spec->fds = s->cgroup_fd > 0 ? 3 : 2;
	for (size_t i = 0; i < s->cpus_n; i++) {
		if (s->cpus[i] >= 0 && s->cpus[i] < EXEC_MASK_BYTES * 8)
			spec->cpus[s->cpus[i] / 8] |= (uint8_t)(1U << (s->cpus[i] % 8));
	}
	int code = launch_set_memory(spec, s->memory, s->memory_nodes, err);
	if (code == 0)
		code = launch_set_user(spec, s->user, err);
	if (code == 0)
		code = launch_set_processes(spec, s->processes, err);
	return code;
}

static int collect_strings(
	struct launcher *l, struct exec_spec *spec, const struct launch_spec *s, struct error *err)
{
	buf_reset(&l->strings);
	buf_add(&l->strings, s->workdir, strlen(s->workdir) + 1);
	spec->argc = (uint32_t)add_texts(&l->strings, s->argv);
	spec->envc = (uint32_t)add_texts(&l->strings, s->env);
	if (spec->argc == 0)
		return error_set(err, -EINVAL, "the command is empty");
	if (l->strings.len > EXEC_MAX_STRINGS)
		return error_set(err, -E2BIG,
			"%s: command and environment have %zu bytes, the most is %d", s->argv[0],
			l->strings.len, EXEC_MAX_STRINGS);
	spec->strings = (uint32_t)l->strings.len;
	return 0;
}

int launcher_start(struct launcher *l, const struct launch_spec *s, struct error *err)
{
	struct exec_spec spec = {.kind = EXEC_SPEC, .nofile = l->nofile};
	if (l->pid == 0) {
		int r = spawn(l, err);
		if (r < 0)
			return r;
	}
	int code = collect_strings(l, &spec, s, err);
	if (code == 0)
		code = fill_spec(&spec, s, err);
	if (code < 0)
		return code;
	code = send_spec(l, &spec, s, err);
	if (code < 0) {
		end_program(l);
		return code;
	}
	l->is_busy = true;
	l->argv0 = xstrdup(s->argv[0]);
	l->workdir = xstrdup(s->workdir);
	l->user = xstrdup_or_null(s->user);
	return 0;
}

static void send_kind(struct launcher *l, uint32_t kind)
{
	/* Where it cannot be sent, joulerig-exec is gone, and on_control() learns of it. */
	if (l->is_busy)
		(void)send(l->control, &kind, sizeof kind, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void launcher_go(struct launcher *l)
{
	if (l->was_ready)
		send_kind(l, EXEC_GO);
}

void launcher_kill(struct launcher *l)
{
	send_kind(l, EXEC_KILL);
}

bool launcher_is_busy(const struct launcher *l)
{
	return l->is_busy;
}

/* ---- what joulerig-exec tells ---- */

static void on_ready(struct launcher *l, const struct exec_ready *r)
{
	size_t n = 0;
	for (int cpu = 0; cpu < EXEC_MASK_BYTES * 8; cpu++) {
		if ((r->cpus[cpu / 8] >> (cpu % 8) & 1U) != 0)
			l->cpus[n++] = cpu;
	}
	l->was_ready = true;
	l->handler.on_ready(l->handler.arg, r->pid, l->cpus, n);
}

static void on_error(struct launcher *l, const struct exec_error *e)
{
	const char *why = strerror(e->error);
	free(l->failure);
	switch ((enum exec_stage)e->stage) {
	case EXEC_STAGE_CGROUP:
		l->failure = xasprintf("cannot enter the run's control group: %s", why);
		break;
	case EXEC_STAGE_MEMORY:
		l->failure = xasprintf("placement.memory: the memory nodes cannot be bound: %s%s",
			why,
			e->error == EINVAL ? ": one of them is not there, has no memory, or is not "
					     "the agent's to use (cpuset.mems)"
					   : "");
		break;
	case EXEC_STAGE_LIMITS:
		l->failure = xasprintf("limits.processes: %s", why);
		break;
	case EXEC_STAGE_USER:
		l->failure = xasprintf("limits.user: cannot become %s: %s%s", l->user, why,
			e->error == EPERM ? ": let the agent run as root, or with CAP_SETUID, "
					    "CAP_SETGID and CAP_KILL as ambient capabilities"
					  : "");
		break;
	case EXEC_STAGE_WORKDIR:
		l->failure = xasprintf("workdir: %s: %s", l->workdir, why);
		break;
	case EXEC_STAGE_AFFINITY:
		l->failure = xasprintf("placement: cannot bind to the CPUs: %s", why);
		break;
	case EXEC_STAGE_EXEC:
		l->failure = xasprintf("exec failed: %s: %s%s", l->argv0, why,
			e->error == ENOENT && l->argv0[0] != '\0' && strchr(l->argv0, '/') == NULL
				? "; without a / it is sought in PATH alone"
				: "");
		break;
	case EXEC_STAGE_FORK:
	default:
		l->failure = xasprintf("cannot start a process: %s", why);
		break;
	}
}

/* The command is over: tell, with the launcher ready for the next start. */
static void finish(struct launcher *l, struct launch_exit *e)
{
	char *failure = l->failure;
	l->failure = NULL;
	e->failure = failure;
	e->was_ready = l->was_ready;
	forget_command(l);
	l->handler.on_exit(l->handler.arg, e);
	free(failure);
}

static void on_exit_packet(struct launcher *l, const struct exec_exit *p)
{
	struct launch_exit e = {
		.status = p->status,
		.start_ns = p->start_ns,
		.end_ns = p->end_ns,
		.user_ns = p->user_ns,
		.system_ns = p->system_ns,
		.maxrss = p->maxrss,
		.voluntary = p->voluntary,
		.involuntary = p->involuntary,
		.minor_faults = p->minor_faults,
		.major_faults = p->major_faults,
		.killed = p->killed,
	};
	finish(l, &e);
}

/* joulerig-exec died: its command has failed, and the next start makes a new one. */
static void on_death(struct launcher *l)
{
	int status = end_program(l);
	if (!l->is_busy)
		return;
	free(l->failure);
	if (WIFSIGNALED(status))
		l->failure = xasprintf("joulerig-exec was killed by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		l->failure = xasprintf("joulerig-exec ended with status %d", WEXITSTATUS(status));
	finish(l, &(struct launch_exit){0});
}

static void on_control(void *arg, int fd, short revents)
{
	struct launcher *l = arg;
	union {
		uint32_t kind;
		struct exec_ready ready;
		struct exec_error error;
		struct exec_exit exit;
	} p;
	(void)revents;
	ssize_t n = recv(fd, &p, sizeof p, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		on_death(l);
	else if (!l->is_busy)
		return;
	else if (n == (ssize_t)sizeof p.ready && p.kind == EXEC_READY)
		on_ready(l, &p.ready);
	else if (n == (ssize_t)sizeof p.error && p.kind == EXEC_ERROR)
		on_error(l, &p.error);
	else if (n == (ssize_t)sizeof p.exit && p.kind == EXEC_EXIT)
		on_exit_packet(l, &p.exit);
}

void launcher_close(struct launcher *l)
{
	if (l == NULL)
		return;
	end_program(l);
	forget_command(l);
	buf_done(&l->strings);
	free(l->cpus);
	free(l->program);
	free(l);
}
