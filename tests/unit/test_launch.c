#include "agent/launch.h"

#include "agent/exec.h"
#include "agent/output.h"
#include "proto/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct loop *loop;
static struct launcher *launcher;
static struct loop_timer *kill_timer;
static struct {
	int readies, exits;
	pid_t pid;
	int cpu; /* first one read back */
	size_t cpus_n;
	int64_t start_ns;
	struct launch_exit exit;
	char failure[512];
	bool stay;               /* do not let it go */
	bool (*kill_when)(void); /* NULL: never */
	int out_fd;              /* the reading end of its streams */
	int victim;              /* after "ready": 1 joulerig-exec is killed */
} seen;

/* ---- when to kill ---- */

static bool at_once(void)
{
	return true;
}

/* It has written something: what was before that is done. */
static bool has_spoken(void)
{
	int n = 0;
	return ioctl(seen.out_fd, FIONREAD, &n) == 0 && n > 0;
}

static bool is_headless(void)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/status", (int)seen.pid);
	buf_read_file(&text, AT_FDCWD, path, 4096);
	return strstr(text.data, "State:\tZ") != NULL;
}

static void on_kill_timer(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	if (seen.kill_when == NULL || !seen.kill_when())
		return;
	seen.kill_when = NULL;
	launcher_kill(launcher);
}

static pid_t parent_of(pid_t pid)
{
	char text[24];
	snprintf(text, sizeof text, "%d", (int)pid);
	return exec_parent_of(text);
}

static void on_ready(void *arg, pid_t pid, const int *cpus, size_t n)
{
	(void)arg;
	seen.readies++;
	seen.pid = pid;
	seen.cpu = n > 0 ? cpus[0] : -1;
	seen.cpus_n = n;
	seen.start_ns = clock_raw_ns();
	if (seen.victim == 1)
		kill(parent_of(pid), SIGKILL);
	else if (!seen.stay)
		launcher_go(launcher);
	if (seen.kill_when != NULL)
		kill_timer = loop_add_timer(
			loop, clock_monotonic_ns(), 5 * NS_PER_MS, on_kill_timer, NULL);
}

static void on_exit_report(void *arg, const struct launch_exit *e)
{
	(void)arg;
	seen.exits++;
	seen.exit = *e;
	snprintf(seen.failure, sizeof seen.failure, "%s", e->failure != NULL ? e->failure : "");
	seen.exit.failure = NULL;
	loop_stop(loop, 0);
}

static int first_cpu(void)
{
	cpu_set_t set;
	sched_getaffinity(0, sizeof set, &set);
	int cpu = 0;
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

static int set_up(void **state)
{
	struct error err = {0};
	struct launch_handler h = {.on_ready = on_ready, .on_exit = on_exit_report};
	(void)state;
	loop = loop_new();
	if (launcher_open(&launcher, loop, &h, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	launcher_close(launcher);
	loop_free(loop);
	return 0;
}

static const char *const default_env[] = {"PATH=/usr/bin:/bin", "A=b c", NULL};

/* Run to its end; what it wrote to both streams into out (the writing end is kept out of the way by
 * a large pipe). */
static void run_in(
	const char *workdir, const char *const *argv, const char *const *env, struct buf *out)
{
	struct error err = {0};
	int fds[2], cpu = first_cpu();
	char data[4096];
	ssize_t n;
	bool stay = seen.stay;
	bool (*kill_when)(void) = seen.kill_when;
	int victim = seen.victim;
	memset(&seen, 0, sizeof seen);
	seen.stay = stay;
	seen.kill_when = kill_when;
	seen.victim = victim;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 1024 * 1024);
	seen.out_fd = fds[0];
	const struct launch_spec spec = {.argv = argv,
		.env = env,
		.workdir = workdir,
		.cpus = &cpu,
		.cpus_n = 1,
		.stdout_fd = fds[1],
		.stderr_fd = fds[1]};
	if (launcher_start(launcher, &spec, &err) < 0)
		fail_msg("%s", err.text);
	close(fds[1]);
	assert_true(launcher_is_busy(launcher));
	assert_int_equal(loop_run(loop), 0);
	assert_false(launcher_is_busy(launcher));
	loop_cancel_timer(loop, kill_timer);
	kill_timer = NULL;
	while ((n = read(fds[0], data, sizeof data)) > 0)
		buf_add(out, data, (size_t)n);
	close(fds[0]);
	assert_int_equal(seen.exits, 1);
}

static void run(const char *const *argv, struct buf *out)
{
	run_in("/", argv, default_env, out);
}

#define ARGV(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void test_status_and_output(void **state)
{
	(void)state;
	static const struct {
		const char *script, *out;
		int status;
	} vectors[] = {
		{"exit 0", "", 0},
		{"echo out; echo err >&2; exit 3", "out\nerr\n", 3 << 8},
		{"kill -SEGV $$", "", SIGSEGV},
		{"echo $A; pwd; env | sort | grep -v -e ^PWD -e ^SHLVL -e ^_=",
			"b c\n/\nA=b c\nPATH=/usr/bin:/bin\n", 0},
		{"cat; readlink /proc/self/fd/0", "/dev/null\n", 0},
		{"ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 ", 0}, /* 3 is ls's own */
		{"ulimit -c; ulimit -Sn", NULL, 0},
		{"grep -c NoNewPrivs:.*1 /proc/self/status; grep -E 'Sig(Blk|Ign)' "
		 "/proc/self/status | tr -d '\\n0\\t'",
			"1\nSigBlk:SigIgn:", 0},
		{"set -- $(cat /proc/self/stat); test $5 = $6", "", 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		run(ARGV("sh", "-c", vectors[i].script), &out);
		assert_string_equal(seen.failure, "");
		if (vectors[i].out != NULL)
			assert_string_equal(out.data, vectors[i].out);
		assert_int_equal(seen.exit.status, vectors[i].status);
		assert_int_equal(seen.readies, 1);
		assert_int_equal(seen.exit.killed, 0);
		assert_true(seen.exit.end_ns > seen.start_ns);
	}
}

static void test_binding(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	char want[64];
	run(ARGV("sed", "-n", "s/Cpus_allowed_list:\t//p", "/proc/self/status"), &out);
	snprintf(want, sizeof want, "%d\n", first_cpu());
	assert_string_equal(out.data, want);
	assert_int_equal(seen.cpu, first_cpu());
	assert_int_equal(seen.cpus_n, 1);
}

static void test_failures(void **state)
{
	(void)state;
	static const struct {
		const char *workdir, *program, *failure;
		bool was_ready;
	} vectors[] = {
		{"/", "/opt/x-is-not-there",
			"exec failed: /opt/x-is-not-there: No such file or directory", true},
		{"/", "x-is-not-there",
			"exec failed: x-is-not-there: No such file or directory; "
			"without a / it is sought in PATH alone",
			false},
		{"/", "", "exec failed: : No such file or directory", false},
		{"/", "/etc/passwd", "exec failed: /etc/passwd: Permission denied", true},
		{"/", "/usr", "exec failed: /usr: Permission denied", true},
		{"/not/there", "true", "workdir: /not/there: No such file or directory", false},
		{"/etc/passwd", "true", "workdir: /etc/passwd: Not a directory", false},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		run_in(vectors[i].workdir, ARGV(vectors[i].program), default_env, &out);
		assert_string_equal(seen.failure, vectors[i].failure);
		assert_int_equal(seen.exit.was_ready, vectors[i].was_ready);
	}
}

static void test_usage_of_the_tree(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	run(ARGV("true"), &out);
	/* Its parent is tiny: a shell or this test would show as several MiB. */
	assert_in_range(seen.exit.maxrss, 100 * 1024, 3 * 1024 * 1024);
	/* What was used before exec is taken off; nothing falls below zero by that. */
	assert_true(seen.exit.voluntary >= 0 && seen.exit.involuntary >= 0);
	assert_true(
		seen.exit.minor_faults > 10 && seen.exit.user_ns >= 0 && seen.exit.system_ns >= 0);
	run(ARGV("sh", "-c", "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done)"), &out);
	assert_true(seen.exit.user_ns > 10 * NS_PER_MS);
	assert_true(seen.exit.minor_faults > 10);
	/* An orphan's usage counts too. */
	run(ARGV("sh", "-c",
		    "(sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo x >&3' &) "
		    "3>&1 | cat"),
		&out);
	assert_true(seen.exit.user_ns > 10 * NS_PER_MS);
}

static bool is_gone(const char *text)
{
	pid_t pid = atoi(text);
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

static void test_leftovers_are_killed(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		"sleep 1000 & echo $!",
		"setsid sleep 1000 & echo $!",
		"(setsid sh -c 'trap \"\" TERM; echo $$; exec >&-; sleep 999; :' &) | cat",
	};
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		run(ARGV("sh", "-c", scripts[i]), &out);
		assert_int_equal(seen.exit.status, 0);
		assert_true(seen.exit.killed >= 1);
		assert_true(is_gone(out.data));
	}
}

static void test_kill(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	seen.kill_when = has_spoken;
	run(ARGV("sh", "-c", "trap 'echo term; exit 9' TERM; echo up; sleep 1000 & wait"), &out);
	assert_string_equal(out.data, "up\nterm\n");
	assert_int_equal(WEXITSTATUS(seen.exit.status), 9);
	buf_reset(&out);
	seen.kill_when = has_spoken;
	run(ARGV("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1000; done"), &out);
	assert_int_equal(WTERMSIG(seen.exit.status), SIGKILL);
	assert_true(is_gone(out.data));
	assert_true(seen.exit.end_ns - seen.start_ns >= EXEC_GRACE_NS);
	/* One that was never let go. */
	seen.stay = true;
	seen.kill_when = at_once;
	run(ARGV("true"), &out);
	assert_int_equal(WTERMSIG(seen.exit.status), SIGTERM);
	seen.stay = false;
	run(ARGV("true"), &out);
	assert_int_equal(seen.exit.status, 0);
}

static void *pause_for_ever(void *arg)
{
	while (true)
		pause();
	return arg;
}

/* What `test_launch headless` does: its first thread ends, another goes on. /proc shows a zombie.
 */
static void lose_head(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, pause_for_ever, NULL);
	printf("%d\n", (int)getpid());
	fflush(stdout);
	pthread_exit(NULL);
}

static void test_first_thread_is_gone(void **state)
{
	(void)state;
	static const char *const script = "\"$0\" headless & until grep -q '^State:.Z' "
					  "/proc/$!/status; do sleep 0.01; done";
	_cleanup_buf_ struct buf out = BUF_INIT;
	char self[4096] = "";
	assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	seen.kill_when = is_headless;
	run(ARGV(self, "headless"), &out);
	assert_int_equal(WTERMSIG(seen.exit.status), SIGTERM);
	assert_true(is_gone(out.data));
	buf_reset(&out);
	run(ARGV("sh", "-c", script, self), &out);
	assert_int_equal(seen.exit.status, 0);
	assert_int_equal(seen.exit.killed, 1);
	assert_true(is_gone(out.data));
}

static void test_no_capabilities(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	run(ARGV("grep", "-E", "^Cap(Inh|Prm|Eff|Amb):", "/proc/self/status"), &out);
	assert_string_equal(out.data, "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
				      "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
	buf_reset(&out);
	/* What is its own it may read and write. */
	run(ARGV("sh", "-c",
		    "set -e; d=$(mktemp -d); echo a >$d/a; chmod 600 $d/a; cat $d/a; "
		    "rm -r $d"),
		&out);
	assert_int_equal(seen.exit.status, 0);
	assert_string_equal(out.data, "a\n");
}

static void test_joulerig_exec_dies(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	seen.victim = 1;
	run(ARGV("sleep", "1000"), &out);
	assert_string_equal(seen.failure, "joulerig-exec was killed by signal 9 (Killed)");
	assert_true(kill(seen.pid, 0) < 0 && errno == ESRCH);
	seen.victim = 0;
	run(ARGV("echo", "again"), &out);
	assert_string_equal(seen.failure, "");
	assert_string_equal(out.data, "again\n");
}

static void test_long_command(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	enum { N = 15, LEN = 100000 };
	static char texts[N][LEN + 1];
	const char *argv[N + 4] = {"sh", "-c", "for a; do echo ${#a}; done | sort | uniq -c"};
	for (int i = 0; i < N; i++) {
		memset(texts[i], 'x', LEN);
		argv[i + 3] = texts[i];
	}
	run(argv, &out);
	assert_string_equal(seen.failure, "");
	assert_string_equal(out.data, "     14 100000\n"); /* the first is $0 */
	static char huge[EXEC_MAX_STRINGS + 10];
	struct error err = {0};
	int cpu = 0;
	memset(huge, 'x', sizeof huge - 1);
	const struct launch_spec spec = {.argv = ARGV("true", huge),
		.env = default_env,
		.workdir = "/",
		.cpus = &cpu,
		.cpus_n = 1};
	assert_int_equal(launcher_start(launcher, &spec, &err), -E2BIG);
}

static void test_close_kills(void **state)
{
	(void)state;
	struct error err = {0};
	int cpu = first_cpu();
	memset(&seen, 0, sizeof seen);
	const struct launch_spec spec = {.argv = ARGV("sh", "-c", "setsid sleep 1000 & sleep 1000"),
		.env = default_env,
		.workdir = "/",
		.cpus = &cpu,
		.cpus_n = 1,
		.stdout_fd = 1,
		.stderr_fd = 2};
	assert_int_equal(launcher_start(launcher, &spec, &err), 0);
	launcher_close(launcher);
	launcher = NULL;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Nothing is left open or allocated by many runs. */
static void test_many(void **state)
{
	(void)state;
	_cleanup_buf_ struct buf out = BUF_INIT;
	int64_t before = clock_monotonic_ns(), time = 0;
	for (int i = 0; i < 300; i++) {
		run(ARGV("/bin/true"), &out);
		assert_int_equal(seen.exit.status, 0);
		time += seen.exit.end_ns - seen.start_ns;
	}
	print_message("# %d us a run, of these %d us measured as its time\n",
		(int)((clock_monotonic_ns() - before) / 300000), (int)(time / 300000));
	int fd = open("/dev/null", O_RDONLY);
	assert_true(fd < 30);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "headless") == 0)
		lose_head();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_status_and_output, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_binding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_usage_of_the_tree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leftovers_are_killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kill, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_first_thread_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_capabilities, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_joulerig_exec_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_close_kills, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
