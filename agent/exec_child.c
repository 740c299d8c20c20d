/* The child of joulerig-exec, until it is the command. */
#include "agent/exec_child.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * The child shares our memory until it calls execve: there is nothing to copy and nothing to take
 * down again within the run's time. It has a stack of its own; errno is common to both, and only
 * read right after a call that failed.
 */
static char child_stack[64 * 1024] __attribute__((aligned(64)));
static struct rusage before_exec;
static pid_t own_pid;
static int go_pipe[2]; /* the child that is ready waits for a byte of it */

void exec_tell(const void *packet, size_t size)
{
	ssize_t n;
	do {
		n = send(EXEC_CONTROL_FD, packet, size, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

void exec_tell_error(enum exec_stage stage, int error)
{
	struct exec_error e = {.kind = EXEC_ERROR, .stage = stage, .error = error};
	exec_tell(&e, sizeof e);
}

static _Noreturn void child_fails(enum exec_stage stage, int error)
{
	exec_tell_error(stage, error);
	_exit(127);
}

/* Where the command is, by the run's own PATH. Returns 0 and the path in out, or an errno. */
static int find_program(const char *name, char *const *env, char out[PATH_MAX])
{
	if (strlen(name) >= PATH_MAX)
		return ENAMETOOLONG;
	if (strchr(name, '/') != NULL || name[0] == '\0') {
		strcpy(out, name);
		return name[0] == '\0' ? ENOENT : 0;
	}
	const char *path = "/usr/local/bin:/usr/bin:/bin";
	for (; *env != NULL; env++) {
		if (strncmp(*env, "PATH=", 5) == 0)
			path = *env + 5;
	}
	int error = ENOENT;
	while (true) {
		size_t len = strcspn(path, ":");
		struct stat st;
		int n = snprintf(out, PATH_MAX, "%.*s/%s", len > 0 ? (int)len : 1,
			len > 0 ? path : ".", name);
		if (n < PATH_MAX && stat(out, &st) == 0 && S_ISREG(st.st_mode)) {
			if (access(out, X_OK) == 0)
				return 0;
			error = EACCES;
		}
		if (path[len] == '\0')
			return error;
		path += len + 1;
	}
}

/* ---- preparing itself ---- */

/* Where clone_into() could not be used. */
static void enter_cgroup(int directory)
{
	int fd = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		child_fails(EXEC_STAGE_CGROUP, errno);
	close(fd);
}

static void bind_memory(const struct exec_spec *spec)
{
	static const uint8_t first_alone[EXEC_NODES_BYTES] = {1};
	unsigned long nodes[EXEC_NODES_BYTES / sizeof(unsigned long)];
	if (spec->mempolicy == MPOL_DEFAULT)
		return;
	memcpy(nodes, spec->nodes, sizeof nodes);
	/* The kernel takes one off the number of bits (get_nodes() of mm/mempolicy.c). */
	if (syscall(SYS_set_mempolicy, spec->mempolicy, nodes, EXEC_NODES_BYTES * 8 + 1) == 0)
		return;
	/* A kernel without NUMA has node 0 alone, and takes all memory from there. */
	if (errno != ENOSYS || memcmp(spec->nodes, first_alone, sizeof first_alone) != 0)
		child_fails(EXEC_STAGE_MEMORY, errno);
}

static void set_limits(const struct exec_spec *spec)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && spec->nofile <= limit.rlim_max) {
		limit.rlim_cur = spec->nofile;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	/* A core dump of a crashed benchmark would be written within the run and into its
	 * directory. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (spec->nproc == 0 || getrlimit(RLIMIT_NPROC, &limit) < 0)
		return;
	limit.rlim_max = spec->nproc < limit.rlim_max ? spec->nproc : limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NPROC, &limit) < 0)
		child_fails(EXEC_STAGE_LIMITS, errno);
}

/* Whether the process tree of another user could be started, and ended again. */
static bool may_change_user(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	const uint32_t needed = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL;
	return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

/* What is opened anew by /dev/stdout must be the user's. */
static void give_stream(int fd, uid_t uid)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		(void)!fchown(fd, uid, (gid_t)-1);
}

static void change_user(const struct exec_spec *spec)
{
	if (!spec->is_other_user)
		return;
	if (!may_change_user())
		child_fails(EXEC_STAGE_USER, EPERM);
	give_stream(STDOUT_FILENO, spec->uid);
	give_stream(STDERR_FILENO, spec->uid);
	/* joulerig-exec has one thread, so that libc changes this process alone. */
	if (setgroups(spec->groups_n, spec->groups) < 0 ||
		setresgid(spec->gid, spec->gid, spec->gid) < 0 ||
		setresuid(spec->uid, spec->uid, spec->uid) < 0)
		child_fails(EXEC_STAGE_USER, errno);
}

/* The kernel forgets it where a process changes its user. */
static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != own_pid)
		_exit(127);
}

/*
 * A command has no capabilities, also where the agent is root. What execve would give back is taken
 * away in prepare(); all that is left are those of this process.
 */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	return syscall(SYS_capset, &header, none) == 0;
}

static void become_ready(const struct command *c, struct exec_ready *ready)
{
	setsid();
	die_with_parent();
	/* dup2 leaves out close-on-exec; every other descriptor has it. */
	if (dup2(c->out, STDOUT_FILENO) < 0 || dup2(c->err, STDERR_FILENO) < 0)
		child_fails(EXEC_STAGE_FORK, errno);
	if (syscall(SYS_sched_setaffinity, 0, sizeof c->spec.cpus, c->spec.cpus) < 0 ||
		syscall(SYS_sched_getaffinity, 0, sizeof ready->cpus, ready->cpus) < 0)
		child_fails(EXEC_STAGE_AFFINITY, errno);
	bind_memory(&c->spec);
	set_limits(&c->spec);
	umask(022);
	change_user(&c->spec);
	die_with_parent();
	if (chdir(c->workdir) < 0)
		child_fails(EXEC_STAGE_WORKDIR, errno);
	if (!drop_capabilities())
		child_fails(EXEC_STAGE_FORK, errno);
}

static int child_main(void *command)
{
	const struct command *c = command;
	static char path[PATH_MAX];
	struct exec_ready ready = {.kind = EXEC_READY, .pid = getpid()};

	become_ready(c, &ready);
	int error = find_program(c->argv[0], c->env, path);
	if (error != 0)
		child_fails(EXEC_STAGE_EXEC, error);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	exec_tell(&ready, sizeof ready);
	char go;
	ssize_t n;
	do {
		n = read(go_pipe[0], &go, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(127);
	getrusage(RUSAGE_SELF, &before_exec);
	execve(path, c->argv, c->env);
	child_fails(EXEC_STAGE_EXEC, errno);
	return 127;
}

static int child_main_outside(void *command)
{
	enter_cgroup(((const struct command *)command)->cgroup);
	return child_main(command);
}

/* ---- starting it ---- */

/*
 * Start the child within a cgroup (Linux 5.7). Moving it there afterwards would have the kernel
 * wait for all CPUs, about ten milliseconds where none was moved just before; libc has no function
 * for a clone3(2) with a stack. Returns -1 where it cannot be done so.
 */
static pid_t clone_into(struct command *c)
{
#ifdef __x86_64__
	struct clone_args args = {.flags = CLONE_VM | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)child_stack,
		.stack_size = sizeof child_stack,
		.cgroup = (uint64_t)c->cgroup};
	register int (*function)(void *) __asm__("r8") = child_main;
	register void *argument __asm__("r9") = c;
	long result = SYS_clone3;
	/* In the child rax is 0 and the stack empty: it calls the function and ends. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %[argument], %%rdi\n\t"
			 "call *%[function]\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "+a"(result)
			 : "D"(&args), "S"(sizeof args), [function] "r"(function),
			 [argument] "r"(argument), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "cc", "memory");
	return result > 0 ? (pid_t)result : -1;
#else
	(void)c;
	return -1;
#endif
}

bool child_prepare(void)
{
	own_pid = getpid();
	return pipe2(go_pipe, O_CLOEXEC) == 0;
}

pid_t child_start(struct command *c)
{
	struct pollfd stale = {.fd = go_pipe[0], .events = POLLIN};
	char byte;
	/* A go byte whose child died before it could take it must not start this one. */
	while (poll(&stale, 1, 0) > 0 && (stale.revents & POLLIN) != 0 &&
		read(go_pipe[0], &byte, 1) == 1)
		;
	memset(&before_exec, 0, sizeof before_exec);
	pid_t pid = c->cgroup >= 0 ? clone_into(c) : -1;
	if (pid > 0)
		return pid;
	return clone(c->cgroup >= 0 ? child_main_outside : child_main,
		child_stack + sizeof child_stack, CLONE_VM | SIGCHLD, c);
}

bool child_let_go(void)
{
	return write(go_pipe[1], "g", 1) == 1;
}

const struct rusage *child_usage_before(void)
{
	return &before_exec;
}
