#include "agent/cgroup.h"

#include "agent/cgroup_parts.h"
#include "proto/clock.h"
#include "tests/unit/launch_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* ---- the texts of /proc ---- */

#define V2(root, point)                                                                            \
	"41 31 0:38 " root " " point " rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define OTHERS                                                                                     \
	"22 1 0:20 / / rw,relatime - ext4 /dev/sda1 rw\n"                                          \
	"23 22 0:21 / /proc rw - proc proc rw\n"                                                   \
	"32 31 0:29 / /sys/fs/cgroup/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu\n"

static void test_find(void **state)
{
	(void)state;
	static const struct {
		const char *own, *mounts, *directory;
	} vectors[] = {
		{"0::/user.slice/a.scope\n", OTHERS V2("/", "/sys/fs/cgroup"),
			"/sys/fs/cgroup/user.slice/a.scope"},
		{"0::/\n", V2("/", "/sys/fs/cgroup") OTHERS, "/sys/fs/cgroup"},
		/* hybrid */
		{"9:name=systemd:/\n4:memory:/x/0::/y\n0::/a:b\n",
			OTHERS V2("/", "/sys/fs/cgroup/unified"), "/sys/fs/cgroup/unified/a:b"},
		/* a part of the hierarchy is mounted */
		{"0::/docker/12\n", V2("/docker", "/cg"), "/cg/12"},
		{"0::/docker/12\n", V2("/docker/12", "/cg"), "/cg"},
		{"0::/docker/12\n", V2("/docker/1", "/one") V2("/docker/12", "/two"), "/two"},
		/* the mount is of a namespace above */
		{"0::/\n", V2("/../..", "/up") V2("/", "/cg"), "/cg"},
		{"0::/../b/c\n", V2("/..", "/cg"), "/cg/b/c"},
		{"0::/../../b\n", V2("/../..", "/cg"), "/cg/b"},
		{"0::/..a\n", V2("/", "/cg"), "/cg/..a"},
		/* spaces */
		{"0::/a b\n", V2("/", "/my\\040cg\\134x"), "/my cg\\x/a b"},
		{"0::/a b/c\n", V2("/a\\040b", "/cg"), "/cg/c"},
		{"0::/a", V2("/", "/cg"), "/cg/a"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct error why = {0};
		_cleanup_free_ char *found = cgroup_find(vectors[i].own, vectors[i].mounts, &why);
		if (found == NULL)
			fail_msg("%zu: %s", i, why.text);
		assert_string_equal(found, vectors[i].directory);
	}
}

static void test_find_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *own, *mounts, *why;
	} vectors[] = {
		{"4:memory:/x\n1:name=systemd:/\n", OTHERS, "version 1 alone"},
		{"4:memory:/0::/x\n", OTHERS V2("/", "/cg"), "version 1 alone"},
		{"", "", "version 1 alone"},
		{"0::/a\n", OTHERS, "not mounted"},
		{"0::/a\n", "", "not mounted"},
		{"0::/a\n", "41 31 0:38 / /cg rw cgroup2 -\n41 31\n\n - cgroup2\n", "not mounted"},
		{"0::/a\n", V2("/b", "/cg"), "lies outside of what is mounted at /cg"},
		{"0::/ab\n", V2("/a", "/cg"), "lies outside"},
		{"0::/\n", V2("/..", "/cg"), "lies outside"},
		{"0::/../../b\n", V2("/", "/cg"), "lies outside"},
		{"0::/../..\n", V2("/..", "/cg"), "lies outside"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct error why = {0};
		assert_null(cgroup_find(vectors[i].own, vectors[i].mounts, &why));
		if (strstr(why.text, vectors[i].why) == NULL)
			fail_msg("%zu: %s", i, why.text);
		assert_true(why.code < 0);
	}
}

static void test_words_and_values(void **state)
{
	(void)state;
	static const char own[] = "9:name=systemd:/\n4:cpu,cpuacct:/memory\n0::/pids\n";
	assert_true(cgroup_is_v1(own, "cpu") && cgroup_is_v1(own, "cpuacct"));
	assert_false(cgroup_is_v1(own, "memory") || cgroup_is_v1(own, "pids"));
	assert_false(cgroup_is_v1("", "cpu") || cgroup_is_v1("x\ny:z", "z"));
	assert_true(text_has_word("cpu io memory\n", "memory"));
	assert_false(text_has_word("cpuset memory2\n", "cpu") || text_has_word("", "cpu"));
	static const char stat[] = "usage_usec 12\nuser_usec 7\nsystem_usec x\n"
				   "nice_usec 99999999999999999999\n";
	assert_int_equal(cgroup_value(stat, "user_usec"), 7);
	assert_int_equal(cgroup_value(stat, "usec"), ABSENT);
	assert_int_equal(cgroup_value(stat, "system_usec"), ABSENT);
	assert_int_equal(cgroup_value(stat, "nice_usec"), ABSENT);
	assert_int_equal(cgroup_value("", "user_usec"), ABSENT);
}

/* ---- real cgroups ---- */

static struct cgroups *groups;
static const struct cgroup_limits no_limits = {ABSENT, ABSENT};

static int set_up(void **state)
{
	(void)state;
	cgroups_open(&groups, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cgroups_close(groups);
	return 0;
}

/* NULL where there are no cgroups, or not this controller: then the test has nothing to look at. */
static struct cgroup *make(const char *controller, const struct cgroup_limits *limits)
{
	struct error why = {0};
	bool is_none = strcmp(cgroups_describe(groups), "none") == 0;
	if (is_none || (controller != NULL && !cgroups_has(groups, controller))) {
		print_message("# skipped: %s\n", cgroups_why_not(groups));
		assert_true(*cgroups_why_not(groups) != '\0');
		return NULL;
	}
	struct cgroup *g = cgroup_new(groups, limits, &why);
	if (g == NULL)
		fail_msg("%s", why.text);
	return g;
}

/* This very program as another: `test_cgroup WHAT`. */
static const char *self(void)
{
	static char path[4096];
	if (path[0] == '\0' && readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		abort();
	return path;
}

static void run(const struct cgroup *g, const char *const *argv)
{
	struct error err = {0};
	const struct launch_spec spec = {.cgroup_fd = g != NULL ? cgroup_fd(g) : -1};
	if (rig_run(spec, argv, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(rig.failure, "");
}

static bool is_gone(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static void test_made_and_removed(void **state)
{
	(void)state;
	struct cgroup *g = make(NULL, &no_limits), *other = make(NULL, &no_limits);
	if (g == NULL || other == NULL)
		return;
	_cleanup_free_ char *path = xstrdup(cgroup_path(g));
	struct cgroup_usage u;
	struct stat st;
	assert_string_not_equal(path, cgroup_path(other));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(fstat(cgroup_fd(g), &st), 0);
	cgroup_usage(g, &u);
	assert_int_equal(u.user_ns, 0);
	assert_int_equal(u.system_ns, 0);
	assert_int_equal(u.oom_kills, cgroups_has(groups, "memory") ? 0 : ABSENT);
	assert_false(cgroup_kill(g));
	cgroup_remove(g);
	cgroup_remove(other);
	cgroup_remove(NULL);
	assert_true(stat(path, &st) < 0 && errno == ENOENT);
}

static void test_child_is_born_in_it(void **state)
{
	(void)state;
	struct cgroup *g = make(NULL, &no_limits);
	struct cgroup_usage u;
	if (g == NULL)
		return;
	const char *name = strrchr(cgroup_path(g), '/');
	run(g, ARGV("cat", "/proc/self/cgroup"));
	assert_non_null(strstr(rig.where, name)); /* before it said "ready" */
	assert_non_null(strstr(rig.out, name));
	assert_int_equal(rig.exit.status, 0);
	cgroup_usage(g, &u);
	assert_true(u.user_ns >= 0 && u.system_ns >= 0);
	assert_false(cgroup_kill(g));
	cgroup_remove(g);
	run(NULL, ARGV("cat", "/proc/self/cgroup"));
	assert_null(strstr(rig.out, CGROUP_RUN));
}

static void burn(int64_t ns)
{
	struct timespec t;
	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while (t.tv_sec == 0 && t.tv_nsec < ns);
}

/* Where the parent takes no notice of its children, wait4(2) hears nothing of their time. */
static void burn_unseen(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (fork() == 0)
		burn(200 * NS_PER_MS);
	else
		wait(NULL);
	_exit(0);
}

static void test_time_of_unreaped(void **state)
{
	(void)state;
	struct cgroup *g = make(NULL, &no_limits);
	struct cgroup_usage u;
	if (g == NULL)
		return;
	run(g, ARGV(self(), "burn-unseen"));
	assert_int_equal(rig.exit.status, 0);
	cgroup_usage(g, &u);
	assert_true(u.user_ns + u.system_ns >= 190 * NS_PER_MS);
	assert_true(
		u.user_ns + u.system_ns - rig.exit.user_ns - rig.exit.system_ns >= 150 * NS_PER_MS);
	cgroup_remove(g);
}

/* Two daemons as they are made: the parent of either is gone, and nobody waits for it. Ends when
 * both have said who they are. */
static void start_daemons(void)
{
	int fds[2];
	char byte;
	if (pipe2(fds, O_CLOEXEC) < 0)
		_exit(1);
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		if (fork() != 0)
			continue;
		setsid();
		if (fork() != 0)
			_exit(0);
		burn(50 * NS_PER_MS);
		dprintf(STDOUT_FILENO, "%d\n", (int)getpid());
		close(fds[1]);
		while (true)
			pause();
	}
	close(fds[1]);
	_exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
}

static void test_daemons_are_ended(void **state)
{
	(void)state;
	struct cgroup *g = make(NULL, &no_limits);
	struct cgroup_usage u;
	int pids[2];
	if (g == NULL)
		return;
	run(g, ARGV(self(), "start-daemons"));
	assert_int_equal(rig.exit.status, 0);
	assert_int_equal(rig.exit.killed, 2);
	assert_int_equal(sscanf(rig.out, "%d %d", &pids[0], &pids[1]), 2);
	assert_true(is_gone(pids[0]) && is_gone(pids[1]));
	cgroup_usage(g, &u);
	assert_true(u.user_ns + u.system_ns >= 90 * NS_PER_MS); /* the orphans' */
	assert_false(cgroup_kill(g));
	cgroup_remove(g);
}

/* A process that no joulerig-exec knows of. */
static pid_t put_in(const struct cgroup *g)
{
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		cgroup_write(cgroup_fd(g), "cgroup.procs", "0");
		while (true)
			pause();
	}
	_cleanup_buf_ struct buf procs = BUF_INIT;
	do {
		buf_reset(&procs);
		cgroup_read(cgroup_fd(g), "cgroup.procs", &procs);
	} while (procs.len == 0);
	return pid;
}

static void test_kill_and_removal_end_all(void **state)
{
	(void)state;
	struct cgroup *g = make(NULL, &no_limits);
	struct stat st;
	int status;
	if (g == NULL)
		return;
	pid_t pid = put_in(g);
	assert_true(cgroup_kill(g));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_false(cgroup_kill(g));
	_cleanup_free_ char *path = xstrdup(cgroup_path(g));
	/* With one below it, as a command that knows of cgroups may make. */
	assert_int_equal(mkdirat(cgroup_fd(g), "below", 0755), 0);
	pid = put_in(g);
	cgroup_remove(g);
	assert_int_equal(waitpid(pid, &status, WNOHANG), pid);
	assert_true(stat(path, &st) < 0 && errno == ENOENT);
}

static void take_memory(const char *mebibytes)
{
	size_t size = (size_t)atoi(mebibytes) << 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; p != MAP_FAILED && i < size; i += 4096)
		p[i] = 1;
	_exit(p == MAP_FAILED);
}

static void test_memory_limit(void **state)
{
	(void)state;
	struct cgroup *g = make("memory", &(struct cgroup_limits){64 << 20, ABSENT});
	struct cgroup_usage u;
	if (g == NULL)
		return;
	run(g, ARGV(self(), "take-memory", "16"));
	assert_int_equal(rig.exit.status, 0);
	cgroup_usage(g, &u);
	assert_int_equal(u.oom_kills, 0);
	if (u.memory_peak != ABSENT)
		assert_in_range(u.memory_peak, 16 << 20, 32 << 20);
	cgroup_remove(g);
	g = make("memory", &(struct cgroup_limits){64 << 20, ABSENT});
	/* The whole tree ends, also those that took none. */
	run(g, ARGV("sh", "-c", "sleep 999 & \"$0\" take-memory 128; echo survived", self()));
	assert_int_equal(WTERMSIG(rig.exit.status), SIGKILL);
	assert_string_equal(rig.out, "");
	cgroup_usage(g, &u);
	assert_true(u.oom_kills >= 1);
	cgroup_remove(g);
}

static void test_memory_limit_refused(void **state)
{
	(void)state;
	struct error why = {0};
	if (cgroups_has(groups, "memory"))
		return;
	assert_null(cgroup_new(groups, &(struct cgroup_limits){64 << 20, ABSENT}, &why));
	assert_true(why.code < 0 && why.text[0] != '\0');
}

static void test_processes_limit(void **state)
{
	(void)state;
	struct cgroup *g = make("pids", &(struct cgroup_limits){ABSENT, 5});
	if (g == NULL)
		return;
	run(g, ARGV("sh", "-c", "for i in 1 2 3 4 5 6; do sleep 999 & done"));
	assert_int_not_equal(rig.exit.status, 0);
	assert_in_range(rig.exit.killed, 1, 4);
	assert_non_null(strstr(rig.out, "fork"));
	cgroup_remove(g);
	g = make("pids", &(struct cgroup_limits){ABSENT, 8});
	run(g, ARGV("sh", "-c", "for i in 1 2 3 4 5 6; do sleep 999 & done"));
	assert_int_equal(rig.exit.status, 0);
	assert_int_equal(rig.exit.killed, 6);
	cgroup_remove(g);
}

/* ---- stepping aside ---- */

static void read_own(char out[4096])
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	cgroup_read(AT_FDCWD, "/proc/self/cgroup", &text);
	const char *line = strstr(text.data, "0::");
	snprintf(out, 4096, "%.*s", (int)strcspn(line != NULL ? line : "", "\n"),
		line != NULL ? line : "");
}

/* `test_cgroup aside DIR HAS`: opens in a cgroup where controllers can be had (1) or not (0), and
 * says what it found wrong. */
static _Noreturn void open_in(const char *directory, const char *has)
{
	char before[4096], during[4096], after[4096];
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool should = *has == '1';
	if (fd < 0 || cgroup_write(fd, "cgroup.procs", "0") < 0)
		_exit(1);
	read_own(before);
	cgroups_open(&groups, NULL);
	read_own(during);
	bool is_right = cgroups_has(groups, "memory") == should &&
			(strcmp(before, during) != 0) == should &&
			(*cgroups_why_not(groups) == '\0') == should;
	struct cgroup *g = cgroup_new(groups, &no_limits, NULL);
	is_right =
		is_right && g != NULL && strncmp(cgroup_path(g), directory, strlen(directory)) == 0;
	if (!is_right)
		printf("%s; then %s; %s: %s\n", before, during, cgroups_describe(groups),
			cgroups_why_not(groups));
	cgroup_remove(g);
	cgroups_close(groups);
	read_own(after);
	_cleanup_buf_ struct buf left = BUF_INIT;
	cgroup_read(fd, "cgroup.subtree_control", &left);
	if (strcmp(before, after) != 0 || left.len > 1)
		printf("not restored: %s, %s\n", after, left.data);
	fflush(stdout);
	_exit(is_right && strcmp(before, after) == 0 && left.len <= 1 ? 0 : 1);
}

static void test_steps_aside(void **state)
{
	(void)state;
	struct cgroup *probe = make("memory", &no_limits);
	char path[4096];
	int status;
	if (probe == NULL)
		return;
	cgroup_remove(probe);
	snprintf(path, sizeof path, "%s/test-of-joulerig-%d", groups->base, (int)getpid());
	assert_int_equal(mkdir(path, 0755), 0);
	for (int is_shared = 0; is_shared < 2; is_shared++) {
		struct cgroup shared = {.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
		/* Somebody else's process is not moved, and keeps the controllers away. */
		pid_t other = fork();
		if (other == 0) {
			if (is_shared)
				cgroup_write(shared.fd, "cgroup.procs", "0");
			execlp("sleep", "sleep", "999", NULL);
			_exit(127);
		}
		_cleanup_buf_ struct buf procs = BUF_INIT;
		while (is_shared && procs.len == 0)
			cgroup_read(shared.fd, "cgroup.procs", &procs);
		pid_t pid = fork();
		if (pid == 0) {
			execl(self(), "test_cgroup", "aside", path, is_shared ? "0" : "1", NULL);
			_exit(127);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
		close(shared.fd);
		if (status != 0)
			rmdir(path);
		assert_int_equal(status, 0);
	}
	assert_int_equal(rmdir(path), 0);
}

/* ---- agents that are gone ---- */

/* Another agent, `test_cgroup agent`: makes a cgroup with a process in it, tells their names, and
 * waits. */
static void be_agent(void)
{
	struct cgroups *c;
	cgroups_open(&c, NULL);
	struct cgroup *g = cgroup_new(c, &no_limits, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(60); /* where the test fails, it ends nevertheless */
		cgroup_write(cgroup_fd(g), "cgroup.procs", "0");
		printf("%d %s\n", (int)getpid(), cgroup_path(g));
		fflush(stdout);
		while (true)
			pause();
	}
	while (true)
		pause();
}

static pid_t start_agent(pid_t *run_pid, char path[2048])
{
	int fds[2];
	char line[2048];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execl(self(), "test_cgroup", "agent", NULL);
		_exit(127);
	}
	close(fds[1]);
	FILE *f = fdopen(fds[0], "r");
	int number = 0;
	assert_non_null(fgets(line, sizeof line, f));
	assert_int_equal(sscanf(line, "%d %2047s", &number, path), 2);
	fclose(f);
	*run_pid = number;
	return pid;
}

static void test_stale_ones_are_ended(void **state)
{
	(void)state;
	struct cgroup *probe = make(NULL, &no_limits);
	char path[2048];
	struct stat st;
	if (probe == NULL)
		return;
	cgroup_remove(probe);
	pid_t run_pid, agent = start_agent(&run_pid, path);
	struct cgroups *c;
	/* As long as its agent lives, nobody else touches it. */
	assert_int_equal(cgroups_open(&c, NULL), 0);
	cgroups_close(c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(kill(run_pid, 0), 0);
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
	assert_int_equal(kill(run_pid, 0), 0);
	assert_int_equal(cgroups_open(&c, NULL), 0);
	cgroups_close(c);
	assert_true(stat(path, &st) < 0 && errno == ENOENT);
}

static pid_t start_with(const char *entry, const char *other)
{
	char text[256], *const env[] = {text, (char *)(uintptr_t)other, NULL};
	snprintf(text, sizeof text, "%s", entry);
	int fds[2];
	char byte;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		execle("/bin/sleep", "sleep", "999", NULL, env);
		_exit(127);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0); /* execve closed the other end */
	close(fds[0]);
	return pid;
}

static void test_leftovers(void **state)
{
	(void)state;
	char mine[64], entry[128], longer[128];
	snprintf(mine, sizeof mine, "/nowhere/joulerig-%d", (int)getpid());
	snprintf(entry, sizeof entry, "JOULERIG_STATE=%s", mine);
	snprintf(longer, sizeof longer, "JOULERIG_STATE=%s2", mine);
	pid_t spared[] = {start_with(longer, "A=b"), start_with("X=JOULERIG_STATE=", "A=b")};
	assert_int_equal(leftovers_end(mine), 0);
	pid_t ended[] = {start_with(entry, "A=b"), start_with("A=b", entry)};
	assert_int_equal(leftovers_end(mine), 2);
	for (size_t i = 0; i < ARRAY_SIZE(ended); i++) {
		int status = 0;
		assert_int_equal(waitpid(ended[i], &status, 0), ended[i]);
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(spared); i++) {
		assert_int_equal(waitpid(spared[i], NULL, WNOHANG), 0);
		kill(spared[i], SIGKILL);
		waitpid(spared[i], NULL, 0);
	}
	assert_int_equal(leftovers_end(mine), 0);
}

/* `test_cgroup spare DIR`, with that in its environment: does not end itself. */
static void be_spared(const char *dir)
{
	_exit(leftovers_end(dir) == 0 ? 0 : 1);
}

static void test_leftovers_spare_their_ancestors(void **state)
{
	(void)state;
	char mine[64];
	int status = 0;
	snprintf(mine, sizeof mine, "/nowhere/ancestors-%d", (int)getpid());
	pid_t pid = fork();
	if (pid == 0) {
		setenv("JOULERIG_STATE", mine, 1);
		execlp("sh", "sh", "-c", "\"$0\" spare \"$1\"; exit $?", self(), mine, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a run pays for it. */
static void test_cost(void **state)
{
	(void)state;
	struct cgroup *probe = make(NULL, &no_limits);
	enum { N = 200 };
	if (probe == NULL)
		return;
	cgroup_remove(probe);
	struct cgroup_usage u;
	const struct cgroup_limits limits = {
		cgroups_has(groups, "memory") ? INT64_C(1) << 30 : ABSENT, 1000};
	int64_t at = clock_monotonic_ns(), made = 0, read = 0, removed = 0;
	for (int i = 0; i < N; i++) {
		struct cgroup *g = cgroup_new(groups, &limits, NULL);
		int64_t now = clock_monotonic_ns();
		made += now - at;
		cgroup_usage(g, &u);
		at = clock_monotonic_ns();
		read += at - now;
		cgroup_remove(g);
		now = clock_monotonic_ns();
		removed += now - at;
		at = now;
	}
	print_message("# a cgroup (%s): made %d us, read %d us, removed %d us\n",
		cgroups_describe(groups), (int)(made / N / 1000), (int)(read / N / 1000),
		(int)(removed / N / 1000));
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "agent") == 0)
		be_agent();
	if (argc == 2 && strcmp(argv[1], "start-daemons") == 0)
		start_daemons();
	if (argc == 2 && strcmp(argv[1], "burn-unseen") == 0)
		burn_unseen();
	if (argc == 3 && strcmp(argv[1], "take-memory") == 0)
		take_memory(argv[2]);
	if (argc == 4 && strcmp(argv[1], "aside") == 0)
		open_in(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "spare") == 0)
		be_spared(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_nothing),
		cmocka_unit_test(test_words_and_values),
		cmocka_unit_test_setup_teardown(test_made_and_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_child_is_born_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_time_of_unreaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_daemons_are_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kill_and_removal_end_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memory_limit_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_processes_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_steps_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stale_ones_are_ended, set_up, tear_down),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_leftovers_spare_their_ancestors),
		cmocka_unit_test_setup_teardown(test_cost, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
