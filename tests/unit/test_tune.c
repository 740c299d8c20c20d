/*
 * Tuning invented machines: every setting, what is refused, and kills at any moment
 */
#include "agent/machine_state.h"
#include "agent/tune.h"
#include "tests/unit/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define CPUS   4
#define ZONE   "sys/class/powercap/intel-rapl:0"
#define UNCORE CPU_PATH "/intel_uncore_frequency"

static struct topology_cpu cpus[CPUS] = {{.cpu = 0}, {.cpu = 1}, {.cpu = 2}, {.cpu = 3}};
static const struct topology topology = {.cpus = cpus, .n = CPUS};

struct rig {
	struct tree tree;  /* the machine */
	struct tree state; /* the agent's folder */
	struct machine m;
	struct tune *t;
	struct error err;
};

/* Every file, as a kernel would show it. */
static const struct {
	const char *path, *text;
} files[] = {
	{CPU_PATH "/cpu%d/cpufreq/scaling_governor", "powersave\n"},
	{CPU_PATH "/cpu%d/cpufreq/scaling_available_governors", "performance powersave\n"},
	{CPU_PATH "/cpu%d/cpufreq/energy_performance_preference", "balance_performance\n"},
	{CPU_PATH "/cpu%d/cpufreq/scaling_min_freq", "800000\n"},
	{CPU_PATH "/cpu%d/cpufreq/scaling_max_freq", "4800000\n"},
	{NO_TURBO_PATH, "0\n"},
	{UNCORE "/package_00_die_00/min_freq_khz", "800000\n"},
	{UNCORE "/package_00_die_00/max_freq_khz", "2400000\n"},
	{UNCORE "/package_00_die_00/initial_max_freq_khz", "2400000\n"},
	{ZONE "/name", "package-0\n"},
	{ZONE "/enabled", "0\n"},
	{ZONE "/constraint_0_name", "long_term\n"},
	{ZONE "/constraint_0_power_limit_uw", "45000000\n"},
	{ZONE "/constraint_1_name", "short_term\n"},
	{ZONE "/constraint_1_power_limit_uw", "64000000\n"},
	{ZONE ":0/name", "core\n"},
	{ZONE ":0/constraint_0_name", "long_term\n"},
	{ZONE ":0/constraint_0_power_limit_uw", "7\n"},
};

static void each_file(
	const struct rig *r, void (*f)(const struct rig *, const char *, const char *))
{
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *number = strchr(files[i].path, '%');
		for (int cpu = 0; cpu < (number != NULL ? CPUS : 1); cpu++) {
			if (number == NULL)
				snprintf(path, sizeof path, "%s", files[i].path);
			else
				snprintf(path, sizeof path, "%.*s%d%s",
					(int)(number - files[i].path), files[i].path, cpu,
					number + 2);
			f(r, path, files[i].text);
		}
	}
}

static void put(const struct rig *r, const char *path, const char *text)
{
	tree_write(&r->tree, path, text);
}

static void assert_text(const struct rig *r, const char *path, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	assert_int_equal(buf_read_file(&b, r->m.root_fd, path, 4096), 0);
	if (strcmp(b.data, want) != 0)
		fail_msg("%s: %s, not %s", path, b.data, want);
}

static void assert_as_found(const struct rig *r)
{
	each_file(r, assert_text);
}

static bool has_journal(const struct rig *r)
{
	char path[128];

	snprintf(path, sizeof path, "%s/tune.journal", r->state.path);
	return access(path, F_OK) == 0;
}

static void begin(struct rig *r, bool has_files)
{
	memset(r, 0, sizeof *r);
	tree_make(&r->tree);
	tree_make(&r->state);
	tree_open(&r->tree, &r->m);
	if (has_files)
		each_file(r, put);
	assert_int_equal(tune_open(&r->t, &r->m, &topology, r->state.path, &r->err), 0);
}

static void end(struct rig *r)
{
	tune_close(r->t);
	machine_close(&r->m);
	tree_remove(&r->tree);
	tree_remove(&r->state);
}

/* "governor=performance turbo=off" */
static int apply(struct rig *r, const char *text)
{
	struct message_pair pairs[8];
	_cleanup_free_ char *copy = xstrdup(text);
	char *save;
	size_t n = 0;

	for (char *p = strtok_r(copy, " ", &save); p != NULL; p = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(p, '=');
		*equals = '\0';
		pairs[n++] = (struct message_pair){p, equals + 1};
	}
	const struct list list = {pairs, n};
	r->err.text[0] = '\0';
	return tune_apply(r->t, &list, &r->err);
}

#define ALL                                                                                        \
	"governor=performance turbo=off epp=performance frequency.min=2000000000 "                 \
	"frequency.max=3000000000 uncore=2000000000 power_limit=35000000"

static void assert_all_applied(const struct rig *r)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		char path[96];
		snprintf(path, sizeof path, CPUFREQ_PATH "/scaling_governor", cpu);
		assert_text(r, path, "performance\n");
		snprintf(path, sizeof path, CPUFREQ_PATH "/energy_performance_preference", cpu);
		assert_text(r, path, "performance\n");
		snprintf(path, sizeof path, CPUFREQ_PATH "/scaling_min_freq", cpu);
		assert_text(r, path, "2000000\n");
		snprintf(path, sizeof path, CPUFREQ_PATH "/scaling_max_freq", cpu);
		assert_text(r, path, "3000000\n");
	}
	assert_text(r, NO_TURBO_PATH, "1\n");
	assert_text(r, UNCORE "/package_00_die_00/min_freq_khz", "2000000\n");
	assert_text(r, UNCORE "/package_00_die_00/max_freq_khz", "2000000\n");
	assert_text(r, UNCORE "/package_00_die_00/initial_max_freq_khz", "2400000\n");
	assert_text(r, ZONE "/constraint_0_power_limit_uw", "35000000\n");
	assert_text(r, ZONE "/enabled", "1\n");
	assert_text(r, ZONE "/constraint_1_power_limit_uw", "64000000\n");
	assert_text(r, ZONE ":0/constraint_0_power_limit_uw", "7\n");
}

static void test_all(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	assert_false(tune_is_active(r.t));
	assert_int_equal(apply(&r, ALL), 0);
	assert_all_applied(&r);
	assert_true(tune_is_active(r.t));
	assert_true(has_journal(&r));
	assert_int_equal(tune_restore(r.t, &r.err), 0);
	assert_as_found(&r);
	assert_false(has_journal(&r));
	assert_false(tune_is_active(r.t));
	assert_int_equal(tune_restore(r.t, &r.err), 0);
	end(&r);
}

/* Settings of before that are not asked for any more are put back; closing puts all back. */
static void test_one_after_the_other(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	assert_int_equal(apply(&r, "governor=performance turbo=off"), 0);
	assert_int_equal(apply(&r, "turbo=off power_limit=20000000"), 0);
	assert_text(&r, CPU_PATH "/cpu3/cpufreq/scaling_governor", "powersave\n");
	assert_text(&r, NO_TURBO_PATH, "1\n");
	assert_text(&r, ZONE "/constraint_0_power_limit_uw", "20000000\n");
	/* The same files, other values: what was found stays what it was. */
	assert_int_equal(apply(&r, "turbo=on power_limit=30000000"), 0);
	assert_text(&r, NO_TURBO_PATH, "0\n");
	assert_text(&r, ZONE "/constraint_0_power_limit_uw", "30000000\n");
	assert_int_equal(apply(&r, ""), 0);
	assert_as_found(&r);
	assert_int_equal(apply(&r, ALL), 0);
	tune_close(r.t);
	r.t = NULL;
	assert_as_found(&r);
	end(&r);
}

static int64_t mtime_of(const struct rig *r, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(r->m.root_fd, path, &st, 0), 0);
	return st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
}

/* A file that is written has another time: this one is from long ago. */
static void make_old(const struct rig *r, const char *path)
{
	const struct timespec times[2] = {{1000, 0}, {1000, 0}};

	assert_int_equal(utimensat(r->m.root_fd, path, times, 0), 0);
}

static void test_unchanged_is_not_written(void **state)
{
	static const char path[] = CPU_PATH "/cpu2/cpufreq/scaling_governor";
	struct rig r;

	(void)state;
	begin(&r, true);
	assert_int_equal(apply(&r, ALL), 0);
	make_old(&r, path);
	make_old(&r, NO_TURBO_PATH);
	assert_int_equal(apply(&r, ALL), 0);
	assert_int_equal(mtime_of(&r, path), 1000 * NS_PER_S);
	assert_int_equal(mtime_of(&r, NO_TURBO_PATH), 1000 * NS_PER_S);
	/* Another program's change is taken back, and is not taken for what was found. */
	put(&r, path, "powersave\n");
	assert_int_equal(apply(&r, ALL), 0);
	assert_all_applied(&r);
	assert_int_equal(mtime_of(&r, NO_TURBO_PATH), 1000 * NS_PER_S);
	assert_int_equal(tune_restore(r.t, &r.err), 0);
	assert_as_found(&r);
	/* What has the wanted value already is left alone. */
	make_old(&r, path);
	assert_int_equal(apply(&r, "governor=powersave turbo=off"), 0);
	assert_int_equal(mtime_of(&r, path), 1000 * NS_PER_S);
	end(&r);
}

static void test_boost(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, false);
	put(&r, BOOST_PATH, "1\n");
	assert_int_equal(apply(&r, "turbo=off"), 0);
	assert_text(&r, BOOST_PATH, "0\n");
	assert_int_equal(apply(&r, "turbo=on"), 0);
	assert_text(&r, BOOST_PATH, "1\n");
	end(&r);
}

/* With TPMI the folders of single parts are written, not the package's that stands for all. */
static void test_uncore_parts(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	put(&r, UNCORE "/uncore00/min_freq_khz", "800000\n");
	put(&r, UNCORE "/uncore00/max_freq_khz", "2200000\n");
	put(&r, UNCORE "/uncore01/min_freq_khz", "900000\n");
	put(&r, UNCORE "/uncore01/max_freq_khz", "2500000\n");
	assert_int_equal(apply(&r, "uncore=1800000000"), 0);
	assert_text(&r, UNCORE "/uncore01/min_freq_khz", "1800000\n");
	assert_text(&r, UNCORE "/package_00_die_00/min_freq_khz", "800000\n");
	assert_int_equal(apply(&r, ""), 0);
	assert_text(&r, UNCORE "/uncore00/max_freq_khz", "2200000\n");
	assert_text(&r, UNCORE "/uncore01/max_freq_khz", "2500000\n");
	end(&r);
}

/* CPUs of one policy share a folder: it is journalled once, with what was found. */
static void test_shared_policy(void **state)
{
	char from[128];
	struct rig r;

	(void)state;
	begin(&r, false);
	put(&r, CPU_PATH "/cpufreq/policy0/scaling_governor", "schedutil\n");
	for (int cpu = 0; cpu < CPUS; cpu++) {
		snprintf(from, sizeof from, "%s/" CPU_PATH "/cpu%d", r.tree.path, cpu);
		mkdir(from, 0755);
		strcat(from, "/cpufreq");
		assert_int_equal(symlink("../cpufreq/policy0", from), 0);
	}
	assert_int_equal(apply(&r, "governor=performance"), 0);
	assert_text(&r, CPU_PATH "/cpufreq/policy0/scaling_governor", "performance\n");
	_cleanup_buf_ struct buf journal = BUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/tune.journal", r.state.path);
	assert_int_equal(buf_read_file(&journal, AT_FDCWD, path, 4096), 0);
	assert_string_equal(journal.data, CPU_PATH "/cpu0/cpufreq/scaling_governor\tschedutil\n");
	end(&r);
}

/* ---- what must fail ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *settings, *text;
	} rows[] = {
		{"governer=performance", "'governer' is no setting"},
		{"turbo=yes", "expected on or off"},
		{"frequency.max=fast", "'fast' is no number"},
		{"frequency.max=3GHz", "is no number"},
		{"frequency.min=0", "is no number"},
		{"uncore=-5", "is no number"},
		{"power_limit=0", "is no number"},
		{"power_limit=99999999999999999999", "is no number"},
		{"governor=", "no value"},
	};
	struct rig r;

	(void)state;
	begin(&r, true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* with something in force, and something good before it */
		assert_int_equal(apply(&r, "turbo=off"), 0);
		_cleanup_free_ char *text = xasprintf("epp=performance %s", rows[i].settings);
		assert_true(apply(&r, text) < 0);
		if (strstr(r.err.text, rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].settings, r.err.text);
		assert_as_found(&r);
		assert_false(has_journal(&r));
	}
	end(&r);
}

static void test_machine_has_not(void **state)
{
	static const char *const settings[] = {"governor=performance", "turbo=off",
		"epp=performance", "frequency.min=1000000000", "frequency.max=1000000000",
		"uncore=1000000000", "power_limit=1000000"};
	struct rig r;

	(void)state;
	begin(&r, false);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		assert_int_equal(apply(&r, settings[i]), -ENODEV);
		assert_non_null(strstr(r.err.text, "this machine has no"));
		assert_false(has_journal(&r));
		char key[32];
		snprintf(key, sizeof key, "%.*s", (int)strcspn(settings[i], "="), settings[i]);
		assert_true(tune_knows(key));
	}
	assert_false(tune_knows("frequency"));
	assert_false(tune_knows(""));
	end(&r);
}

/* A link to /dev/full for a file: reading gives nothing that was asked for, writing fails; a link
 * out of the machine's root is not followed. */
static void test_does_not_take(void **state)
{
	char path[160], outside[64] = "/tmp/joulerig-outside.XXXXXX";
	struct rig r;

	(void)state;
	begin(&r, true);
	snprintf(path, sizeof path, "%s/%s", r.tree.path, NO_TURBO_PATH);
	int fd = mkstemp(outside);
	assert_true(fd >= 0 && write(fd, "0\n", 2) == 2);
	close(fd);
	unlink(path);
	assert_int_equal(symlink(outside, path), 0);
	assert_true(apply(&r, "governor=performance turbo=off") < 0);
	assert_non_null(strstr(r.err.text, NO_TURBO_PATH));
	_cleanup_buf_ struct buf b = BUF_INIT;
	assert_int_equal(buf_read_file(&b, AT_FDCWD, outside, 16), 0);
	assert_string_equal(b.data, "0\n");
	unlink(outside);
	unlink(path);
	put(&r, NO_TURBO_PATH, "0\n");
	assert_as_found(&r);
	assert_false(has_journal(&r));
	end(&r);
}

/* As nobody, where this test is root: root may write what it likes. */
static void test_denied(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	chmod(r.tree.path, 0755);
	chmod(r.state.path, 0777);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		char path[160];
		snprintf(path, sizeof path, "%s/" CPUFREQ_PATH "/scaling_governor", r.tree.path,
			cpu);
		chmod(path, 0444);
	}
	bool was_root = geteuid() == 0;
	if (was_root)
		assert_int_equal(seteuid(65534), 0);
	int code = apply(&r, "governor=performance");
	if (was_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(code, -EACCES);
	assert_non_null(strstr(r.err.text, "scaling_governor: permission denied; run the agent as "
					   "root, or leave tune out"));
	assert_as_found(&r);
	assert_false(has_journal(&r));
	end(&r);
}

static void test_no_state_folder(void **state)
{
	struct rig r;
	struct tune *t;

	(void)state;
	begin(&r, true);
	assert_true(tune_open(&t, &r.m, &topology, "/nowhere/at/all", &r.err) < 0);
	tune_close(r.t);
	r.t = t;
	assert_true(apply(&r, "turbo=off") < 0);
	assert_as_found(&r);
	end(&r);
}

/* Two agents of one machine: what one has set is not what the other finds. */
static void test_two_agents(void **state)
{
	struct rig r;
	struct tree other;
	struct tune *first;

	(void)state;
	begin(&r, true);
	first = r.t;
	assert_int_equal(apply(&r, "governor=performance"), 0);
	tree_make(&other);
	assert_int_equal(tune_open(&r.t, &r.m, &topology, other.path, &r.err), 0);
	assert_int_equal(apply(&r, "turbo=off"), -EBUSY);
	assert_non_null(strstr(r.err.text, "another joulerig-agent"));
	assert_text(&r, NO_TURBO_PATH, "0\n");
	assert_false(tune_is_active(r.t));
	/* What it left when it was killed waits, too. */
	tree_write(&other, "tune.journal", NO_TURBO_PATH "\t0\n");
	tune_close(r.t);
	put(&r, NO_TURBO_PATH, "1\n");
	assert_int_equal(tune_open(&r.t, &r.m, &topology, other.path, &r.err), -EBUSY);
	assert_text(&r, NO_TURBO_PATH, "1\n");
	assert_int_equal(tune_restore(first, &r.err), 0);
	assert_int_equal(apply(&r, "governor=performance"), 0);
	assert_text(&r, NO_TURBO_PATH, "0\n");
	tune_close(first);
	tune_close(r.t);
	r.t = NULL;
	assert_as_found(&r);
	tree_remove(&other);
	end(&r);
}

/* ---- after a crash ---- */

static void put_journal(const struct rig *r, const char *name, const char *text)
{
	tree_write(&r->state, name, text);
}

static void test_journal_of_a_killed_agent(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	tune_close(r.t);
	put(&r, NO_TURBO_PATH, "1\n");
	put(&r, CPU_PATH "/cpu1/cpufreq/scaling_governor", "performance\n");
	put_journal(&r, "tune.journal",
		NO_TURBO_PATH "\t0\n" CPU_PATH "/cpu1/cpufreq/scaling_governor\tpowersave\n");
	put_journal(&r, "tune.journal.new", NO_TURBO_PATH "\t7\n" CPU_PATH "/cpu1/cpu");
	assert_int_equal(tune_open(&r.t, &r.m, &topology, r.state.path, &r.err), 0);
	assert_as_found(&r);
	assert_false(has_journal(&r));
	assert_false(tune_is_active(r.t));
	/* A torn one alone means that nothing was written yet. */
	put_journal(&r, "tune.journal.new", NO_TURBO_PATH "\t1\n");
	tune_close(r.t);
	assert_int_equal(tune_open(&r.t, &r.m, &topology, r.state.path, &r.err), 0);
	assert_as_found(&r);
	assert_int_equal(apply(&r, ALL), 0);
	end(&r);
}

/* A journal must not make root write anywhere. */
static void test_journal_refused(void **state)
{
	static const char *const rows[] = {
		"etc/passwd\troot::0:0\n",
		"/etc/passwd\troot::0:0\n",
		"sys/../etc/passwd\tx\n",
		CPU_PATH "/cpu0/cpufreq/../../../../../../etc/passwd\tx\n",
		CPU_PATH "/../cpufreq/scaling_governor\tx\n",
		CPU_PATH "/cpu0/online\t0\n",
		"sys/power/state\tmem\n",
		"proc/sysrq-trigger\tb\n",
		ZONE "/../../../../etc/enabled\t1\n",
		UNCORE "/../min_freq_khz\t1\n",
		NO_TURBO_PATH " 0\n",
		NO_TURBO_PATH "\t0",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		begin(&r, true);
		put(&r, "etc/passwd", "good\n");
		tune_close(r.t);
		_cleanup_free_ char *text = xasprintf(NO_TURBO_PATH "\t1\n%s", rows[i]);
		put_journal(&r, "tune.journal", text);
		assert_true(tune_open(&r.t, &r.m, &topology, r.state.path, &r.err) < 0);
		assert_non_null(strstr(r.err.text, "tune.journal: line 2"));
		assert_text(&r, "etc/passwd", "good\n");
		assert_as_found(&r);
		/* and it is not lost by what follows */
		assert_true(apply(&r, "governor=performance") < 0);
		tune_close(r.t);
		r.t = NULL;
		assert_true(has_journal(&r));
		assert_as_found(&r);
		end(&r);
	}
}

/* What is gone (a CPU was taken offline) is told once and does not hold up the rest. */
static void test_gone(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, true);
	assert_int_equal(apply(&r, "governor=performance turbo=off"), 0);
	_cleanup_free_ char *path = xasprintf("%s/" CPU_PATH "/cpu3", r.tree.path);
	assert_int_equal(remove_tree(path), 0);
	assert_int_equal(tune_restore(r.t, &r.err), -ENOENT);
	assert_non_null(strstr(r.err.text, "cpu3/cpufreq/scaling_governor"));
	assert_text(&r, CPU_PATH "/cpu0/cpufreq/scaling_governor", "powersave\n");
	assert_text(&r, NO_TURBO_PATH, "0\n");
	assert_false(has_journal(&r));
	assert_int_equal(tune_restore(r.t, &r.err), 0);
	end(&r);
}

/* An agent that changes settings for ever, killed at any moment; the next one mends it each time.
 */
static void test_killed_at_any_moment(void **state)
{
	struct rig r;
	int tuned = 0;

	(void)state;
	begin(&r, true);
	tune_close(r.t);
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			alarm(60);
			if (tune_open(&r.t, &r.m, &topology, r.state.path, &r.err) != 0)
				_exit(1);
			while (apply(&r, ALL) == 0 && apply(&r, "turbo=off epp=power") == 0 &&
				apply(&r, "") == 0)
				;
			_exit(2);
		}
		const struct timespec pause = {0, (round * 37 % 60) * 100000L};
		nanosleep(&pause, NULL);
		int status;
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		tuned += has_journal(&r);
		assert_int_equal(tune_open(&r.t, &r.m, &topology, r.state.path, &r.err), 0);
		assert_as_found(&r);
		assert_false(has_journal(&r));
		tune_close(r.t);
	}
	print_message("# %d of 60 kills met a tuned machine\n", tuned);
	r.t = NULL;
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_unchanged_is_not_written),
		cmocka_unit_test(test_boost),
		cmocka_unit_test(test_uncore_parts),
		cmocka_unit_test(test_shared_policy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_machine_has_not),
		cmocka_unit_test(test_does_not_take),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_no_state_folder),
		cmocka_unit_test(test_two_agents),
		cmocka_unit_test(test_journal_of_a_killed_agent),
		cmocka_unit_test(test_journal_refused),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_killed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
