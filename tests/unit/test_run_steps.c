/*
 * What is done around a run: requires, setup, prepare, cleanup, collected files, and the teardown
 * of a campaign. The steps are real commands; each writes down that it was, in a file "log".
 */
#include "tests/unit/run_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char torn_down[512]; /* reason, "-" where none; "" while it was not */

static void on_started(void *arg, const struct attempt_id *id, int64_t at, int64_t raw_ns)
{
	(void)arg;
	(void)id;
	(void)at;
	(void)raw_ns;
}

static void on_samples(void *arg)
{
	(void)arg;
}

static void on_torn_down(void *arg, const struct id16 *campaign, const char *reason)
{
	(void)arg;
	(void)campaign;
	snprintf(torn_down, sizeof torn_down, "%s", reason != NULL ? reason : "-");
	loop_stop(loop, 0);
}

static void want(void *arg, const struct content_hash *hash, int64_t offset, int64_t length)
{
	(void)arg;
	(void)hash;
	(void)offset;
	(void)length;
	fail_msg("nothing is missing");
}

static const struct files_handler files_handler = {.want = want};
static const struct runner_handler runner_handler = {.on_started = on_started,
	.on_samples = on_samples,
	.on_end = rig_keep,
	.on_torn_down = on_torn_down};

/* As an agent that was killed and started again; what it had in memory is gone. */
static void restart(void)
{
	runner_close(runner);
	files_close(files);
	assert_int_equal(rig_open_runner(&files_handler, &runner_handler), 0);
}

static int set_up(void **state)
{
	(void)state;
	return rig_open(NULL, &files_handler, &runner_handler);
}

static int tear_down(void **state)
{
	(void)state;
	return rig_close();
}

/* ---- an assignment ---- */

#define MAX_STEPS 3
static struct {
	const char *argv[MAX_STEPS][3];
	struct message_step steps[MAX_STEPS];
} scripts[6]; /* command, requires, setup, prepare, cleanup, teardown */

/* Steps of shell scripts, n of them; which of the six. */
static struct list steps_of(size_t which, size_t n, ...)
{
	va_list ap;
	va_start(ap, n);
	for (size_t i = 0; i < n; i++) {
		scripts[which].argv[i][0] = "/bin/sh";
		scripts[which].argv[i][1] = "-c";
		scripts[which].argv[i][2] = va_arg(ap, const char *);
		scripts[which].steps[i] = (struct message_step){
			.command = {scripts[which].argv[i], 3}, .timeout_ns = 60 * NS_PER_S};
	}
	va_end(ap);
	return (struct list){scripts[which].steps, n};
}
#define REQUIRES(...) steps_of(1, __VA_ARGS__)
#define SETUP(...)    steps_of(2, __VA_ARGS__)
#define PREPARE(...)  steps_of(3, __VA_ARGS__)
#define CLEANUP(...)  steps_of(4, __VA_ARGS__)
#define TEARDOWN(...) steps_of(5, __VA_ARGS__)

static struct message_assign assign_of(const char *script)
{
	struct message m;
	steps_of(0, 1, script);
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.id = (struct attempt_id){.campaign = {{9}}, .run = 7, .attempt = 1};
	m.assign.label = "test.1";
	m.assign.command = scripts[0].steps[0].command;
	m.assign.cpus = 1;
	m.assign.policy = "close";
	m.assign.timeout_ns = 60 * NS_PER_S;
	m.assign.output_limit = 1024 * 1024;
	m.assign.energy = "off";
	m.assign.every_ns = ABSENT;
	return m.assign;
}

static void finish(const struct list *teardown)
{
	const struct id16 campaign = {{9}};
	torn_down[0] = '\0';
	runner_tear_down(runner, &campaign, teardown);
	if (torn_down[0] == '\0')
		assert_int_equal(loop_run(loop), 0);
	assert_null(runner_current(runner));
}

/* What came of a run: "done", or "failed: exit status 3". */
static void expect(const struct message_assign *a, const char *state, const char *reason)
{
	struct message m;
	rig_run(a, &m);
	assert_string_equal(m.result.state, state);
	assert_string_equal(reason_of(&m), reason != NULL ? reason : "");
	message_done(&m);
}

/* The log that the steps wrote to STATE/log; its end is a new beginning. */
static void expect_log(const char *want_text)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *path = xasprintf("%s/log", dir);
	buf_read_file(&text, AT_FDCWD, path, 65536);
	assert_string_equal(text.data, want_text);
	unlink(path);
}
/* Every command knows the agent's state directory. */
#define LOG(word) "echo " word " >>$JOULERIG_STATE/log"

/* ---- tests ---- */

static void test_order(void **state)
{
	(void)state;
	struct message_assign a = assign_of(LOG("run"));
	a.requires = REQUIRES(1, LOG("requires"));
	a.setup = SETUP(2, LOG("setup"), LOG("setup2"));
	a.prepare = PREPARE(2, LOG("prepare"), LOG("prepare2"));
	a.cleanup = CLEANUP(2, LOG("cleanup"), LOG("cleanup2"));
	expect(&a, "done", NULL);
	expect_log("requires\nsetup\nsetup2\nprepare\nprepare2\nrun\ncleanup\ncleanup2\n");
	expect(&a, "done", NULL);
	expect_log("prepare\nprepare2\nrun\ncleanup\ncleanup2\n");
}

static void test_requires(void **state)
{
	(void)state;
	static const char *const gone[] = {"/opt/x-is-not-there/python3", "-V"};
	static const char *const shell_gone[] = {"/bin/sh", "-c", "/opt/x-is-not-there/python3 -V"};
	static const char *const quiet[] = {"/bin/sh", "-c", "exit 1"};
	static const char *const talks[] = {
		"/bin/sh", "-c", "echo looking; echo no GPU here >&2; exit 1"};
	static const char *const slow[] = {"sleep", "1000"};
	static const struct {
		struct list command;
		int64_t timeout_ns;
		const char *reason;
	} vectors[] = {
		{{gone, 2}, 60 * NS_PER_S, "requires: /opt/x-is-not-there/python3: not found"},
		{{shell_gone, 3}, 60 * NS_PER_S,
			"requires: /opt/x-is-not-there/python3: not found"},
		{{quiet, 3}, 60 * NS_PER_S, "requires: /bin/sh -c exit 1: exit status 1"},
		{{talks, 3}, 60 * NS_PER_S, "requires: no GPU here"},
		{{slow, 2}, 20 * NS_PER_MS, "requires: sleep 1000: timeout: 20ms"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct message_assign a = assign_of(LOG("run"));
		struct message_step step = {vectors[i].command, vectors[i].timeout_ns};
		a.setup = SETUP(1, LOG("setup"));
		a.cleanup = CLEANUP(1, LOG("cleanup"));
		a.requires = (struct list){&step, 1};
		expect(&a, "skipped", vectors[i].reason);
		expect(&a, "skipped", vectors[i].reason);
		expect_log("");
	}
}

static void test_requires_once(void **state)
{
	(void)state;
	struct message_assign a = assign_of(LOG("run"));
	a.setup = SETUP(1, LOG("setup"));
	a.requires = REQUIRES(1, LOG("asked") "; exit 1");
	expect(&a, "skipped",
		"requires: /bin/sh -c echo asked >>$JOULERIG_STATE/log; exit 1: exit status 1");
	a.id.run = 8;
	struct message m;
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "skipped");
	message_done(&m);
	expect_log("asked\n");
	/* Another command is another question, and the setup is not spoiled by the first. */
	a.requires = REQUIRES(1, LOG("again"));
	expect(&a, "done", NULL);
	expect_log("again\nsetup\nrun\n");
	expect(&a, "done", NULL);
	expect_log("run\n");
	/* Another campaign asks anew. */
	a.id.campaign = (struct id16){{10}};
	expect(&a, "done", NULL);
	expect_log("again\nsetup\nrun\n");
	/* And so does this one after its end. */
	finish(&(struct list){0});
	a.id.campaign = (struct id16){{9}};
	expect(&a, "done", NULL);
	expect_log("again\nsetup\nrun\n");
}

/* What is told with a run's result of what `requires` said: "reason|output|total/head", or "". */
static const char *told_with(const struct message_assign *a, struct buf *out)
{
	struct message m;

	buf_reset(out);
	rig_run(a, &m);
	assert_true(m.result.requirement.n <= 1);
	if (m.result.requirement.n == 1) {
		const struct message_requirement *r =
			LIST_AT(&m.result.requirement, struct message_requirement, 0);
		assert_int_equal(r->command.n, 3);
		assert_string_equal(*LIST_AT(&r->command, char *, 0), "/bin/sh");
		assert_true(r->asked_at > 0 && r->asked_at <= clock_realtime_ns());
		buf_addf(out, "%s|", r->reason != NULL ? r->reason : "");
		buf_add(out, r->output.data, r->output.len);
		buf_addf(out, "|%lld/%lld", (long long)r->total, (long long)r->head);
	}
	message_done(&m);
	return out->data;
}

/* Told with each result until one of them has been committed, whichever. */
static void test_requires_is_told(void **state)
{
	_cleanup_buf_ struct buf told = BUF_INIT;
	struct message_assign a = assign_of("exit 0");

	(void)state;
	assert_string_equal(told_with(&a, &told), "");
	a.requires = REQUIRES(1, "echo one; echo two >&2");
	assert_string_equal(told_with(&a, &told), "|one\ntwo\n|8/8");
	for (a.id.run = 8; a.id.run < 15; a.id.run++)
		assert_string_equal(told_with(&a, &told), "|one\ntwo\n|8/8");
	const struct attempt_id other = {.campaign = {{10}}, .run = 13, .attempt = 1};
	runner_committed(runner, &other);
	const struct attempt_id never = {.campaign = {{9}}, .run = 3, .attempt = 1};
	runner_committed(runner, &never);
	assert_string_equal(told_with(&a, &told), "|one\ntwo\n|8/8");
	const struct attempt_id one = {.campaign = {{9}}, .run = 13, .attempt = 1};
	runner_committed(runner, &one);
	assert_string_equal(told_with(&a, &told), "");
	/* What is not there is told, too; a run that fails tells it; and output has an end. */
	a.requires = REQUIRES(1, "echo none; exit 1");
	assert_string_equal(told_with(&a, &told), "requires: none|none\n|5/5");
	a.requires = REQUIRES(1, ":");
	steps_of(0, 1, "exit 3");
	assert_string_equal(told_with(&a, &told), "||0/0");
	a.requires = REQUIRES(1, "head -c 100000 /dev/zero | tr '\\0' x");
	told_with(&a, &told);
	assert_int_equal(told.len, 1 + 65536 + strlen("|100000/32768"));
	assert_non_null(strstr(told.data, "x|100000/32768"));
}

static void test_setup_fails(void **state)
{
	(void)state;
	struct message_assign a = assign_of(LOG("run"));
	a.setup = SETUP(2, "echo one; echo two >&2; exit 2", LOG("setup2"));
	expect(&a, "failed",
		"setup: /bin/sh -c echo one; echo two >&2; exit 2: exit status 2: one; two");
	expect(&a, "failed",
		"setup: /bin/sh -c echo one; echo two >&2; exit 2: exit status 2: one; two");
	expect_log("");
	/* A benchmark with another setup is not concerned. */
	a.setup = SETUP(1, LOG("other"));
	expect(&a, "done", NULL);
	expect_log("other\nrun\n");
}

static void test_prepare_is_like_the_run(void **state)
{
	(void)state;
	static const struct message_pair env[] = {{"A", "x=" MARK_CPU_LIST}};
	struct message_assign a = assign_of(
		"cat " MARK_TMP "/made; pwd; grep Cpus_allowed_list /proc/self/status; echo $A");
	struct message m;
	a.env = (struct list){env, 1};
	a.workdir = "/usr";
	a.prepare = PREPARE(1, "pwd >" MARK_TMP "/made; grep Cpus_allowed_list /proc/self/status "
			       ">>" MARK_TMP "/made; echo $A >>" MARK_TMP "/made");
	a.cleanup = CLEANUP(1, "cp " MARK_TMP "/made $JOULERIG_STATE/log");
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "done");
	size_t half = m.result.stdout_data.len / 2;
	assert_true(half > 10);
	assert_memory_equal(
		m.result.stdout_data.data, (const char *)m.result.stdout_data.data + half, half);
	/* Nothing that steps write is the run's output, and none of their time is the run's. */
	assert_int_equal(m.result.stderr_data.len, 0);
	_cleanup_free_ char *made = xstrndup(m.result.stdout_data.data, half);
	expect_log(made);
	message_done(&m);

	a = assign_of("true");
	a.prepare = PREPARE(1, "sleep 0.5");
	a.cleanup = CLEANUP(1, "sleep 0.5; echo much");
	int64_t begun_ns = clock_raw_ns();
	rig_run(&a, &m);
	assert_true(metric_value(&m, "time") + NS_PER_S <= clock_raw_ns() - begun_ns);
	assert_int_equal(m.result.stdout_total, 0);
	message_done(&m);
}

static void test_prepare_fails(void **state)
{
	(void)state;
	struct message_assign a = assign_of(LOG("run"));
	a.prepare = PREPARE(2, LOG("prepare") "; echo no such thing; exit 2", LOG("never"));
	a.cleanup = CLEANUP(1, LOG("cleanup"));
	expect(&a, "failed",
		"prepare: /bin/sh -c echo prepare >>$JOULERIG_STATE/log; echo no such thing; exit "
		"2: exit status 2: no such thing");
	expect_log("prepare\ncleanup\n");
	a.prepare = PREPARE(2, LOG("prepare"), "sleep 1000 & sleep 1000");
	scripts[3].steps[1].timeout_ns = 50 * NS_PER_MS;
	expect(&a, "failed", "prepare: /bin/sh -c sleep 1000 & sleep 1000: timeout: 50ms");
	expect_log("prepare\ncleanup\n");
	/* Marks are told as the campaign has them. */
	a.prepare = PREPARE(1, "test -e " MARK_TMP "/x");
	expect(&a, "failed", "prepare: /bin/sh -c test -e {tmp}/x: exit status 1");
}

static void test_cleanup(void **state)
{
	(void)state;
	struct message m;
	struct message_assign a = assign_of("exit 3");
	a.cleanup = CLEANUP(1, LOG("cleanup"));
	expect(&a, "failed", "exit status 3");
	expect_log("cleanup\n");

	a = assign_of("sleep 1000");
	a.cleanup = CLEANUP(1, LOG("cleanup"));
	a.timeout_ns = 50 * NS_PER_MS;
	expect(&a, "timeout", "timeout: 50ms");
	expect_log("cleanup\n");

	a = assign_of("true");
	a.cleanup = CLEANUP(2, "echo what a mess; exit 1", LOG("never"));
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_string_equal(reason_of(&m),
		"cleanup: /bin/sh -c echo what a mess; exit 1: exit status 1: what a mess");
	assert_true(has_flag(&m, "cleanup_failed"));
	assert_true(metric_value(&m, "time") > 0);
	message_done(&m);
	expect_log("");
	a.cleanup = (struct list){0}; /* of the next run nothing is said any more */
	rig_run(&a, &m);
	assert_string_equal(reason_of(&m), "");
	assert_false(has_flag(&m, "cleanup_failed"));
	message_done(&m);
	/* One that was skipped before anything was done has nothing to be cleaned up. */
	a = assign_of("true");
	a.cpus = 100000;
	a.cleanup = CLEANUP(1, LOG("cleanup"));
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "skipped");
	message_done(&m);
	expect_log("");
}

/* Cancelled as soon as it hangs, which STATE/hangs tells. */
#define HANGS "touch $JOULERIG_STATE/hangs; "

static void on_look(void *arg, int64_t now_ns)
{
	_cleanup_free_ char *path = xasprintf("%s/hangs", dir);
	(void)arg;
	(void)now_ns;
	if (unlink(path) < 0)
		return;
	runner_cancel(runner, NULL);
	runner_cancel(runner, NULL);
}

static void test_cancel(void **state)
{
	(void)state;
	static const char *const hangs = HANGS "sleep 1000";
	struct loop_timer *look =
		loop_add_timer(loop, clock_monotonic_ns(), 10 * NS_PER_MS, on_look, NULL);
	struct message_assign vectors[4];
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		vectors[i] = assign_of(LOG("run"));
	vectors[0].requires = REQUIRES(1, hangs);
	vectors[1].setup = SETUP(1, hangs);
	vectors[2].prepare = PREPARE(1, hangs);
	vectors[3] = assign_of(hangs);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		vectors[i].cleanup = CLEANUP(1, LOG("cleanup"));
		steps_of(0, 1, i == 3 ? hangs : LOG("run"));
		struct message m;
		rig_run(&vectors[i], &m);
		assert_string_equal(m.result.state, "cancelled");
		message_done(&m);
		expect_log(i >= 2 ? "cleanup\n" : "");
	}
	/* Cleaning up goes on, and the run stays what it was. */
	struct message_assign a = assign_of("true");
	a.cleanup = CLEANUP(1, HANGS "sleep 0.3; " LOG("cleanup"));
	expect(&a, "done", NULL);
	expect_log("cleanup\n");
	loop_cancel_timer(loop, look);
}

/* ---- collected files ---- */

/* All OUTPUT of a stream in the frames; -1: there was none. */
static ssize_t collected(const char *stream, struct buf *out)
{
	const void *frame;
	size_t len, at = 0;
	ssize_t n = -1;
	while (spool_next_frame(frames.data, frames.len, &at, &frame, &len)) {
		struct message m = {0};
		assert_int_equal(message_decode(&m, frame, len, NULL), 0);
		if (m.type == MESSAGE_OUTPUT && strcmp(m.output.stream, stream) == 0) {
			n = n < 0 ? 0 : n;
			assert_int_equal(m.output.offset, n);
			assert_true(m.output.data.len <= MESSAGE_CHUNK);
			buf_add(out, m.output.data.data, m.output.data.len);
			n += (ssize_t)m.output.data.len;
		}
		message_done(&m);
	}
	return n;
}

static void test_collect(void **state)
{
	(void)state;
	static const struct message_pair files_of[] = {{"a", "a.json"}, {"t", MARK_TMP "/t"},
		{"big", "big"}, {"empty", "empty"}, {"gone", "gone"}, {"proc", "/proc/version"},
		{"link", "link"}};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct message m;
	struct message_assign a =
		assign_of("mkdir -p w; cd w; echo '{}' >a.json; echo t >$TMPDIR/t; : "
			  ">empty; head -c 700000 /dev/zero >big; ln -sf a.json "
			  "link");
	a.collect = (struct list){files_of, ARRAY_SIZE(files_of)};
	a.cleanup = CLEANUP(1, "rm a.json");
	rig_run(&a, &m); /* "w" is not the workdir */
	assert_true(has_flag(&m, "collect_missing"));
	message_done(&m);
	assert_int_equal(collected("file:a", &text), -1);

	a.workdir = "w";
	a.output_limit = 600000;
	steps_of(0, 1,
		"echo '{}' >a.json; echo t >$TMPDIR/t; : >empty; head -c 700000 /dev/zero >big");
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_int_equal(collected("file:a", &text), 3);
	assert_string_equal(text.data, "{}\n");
	assert_int_equal(collected("file:t", &text), 2);
	assert_int_equal(collected("file:empty", &text), 0);
	assert_int_equal(collected("file:link", &text), 3);
	assert_int_equal(collected("file:big", &text), 600000);
	assert_int_equal(collected("file:gone", &text), -1);
	assert_true(collected("file:proc", &text) > 10);
	assert_int_equal(metric_value(&m, "collect.a"), 3);
	assert_int_equal(metric_value(&m, "collect.empty"), 0);
	assert_int_equal(metric_value(&m, "collect.big"), 700000);
	assert_int_equal(metric_value(&m, "collect.gone"), ABSENT);
	assert_true(has_flag(&m, "collect_missing"));
	assert_true(has_flag(&m, "collect_truncated"));
	assert_non_null(strstr(m.result.reason, "collect: gone: gone: No such file or directory"));
	assert_non_null(strstr(m.result.reason, "collect: big: big has 700000 bytes"));
	message_done(&m);
}

/* What a run may leave to make the agent hang, or to have it read what is not the run's. */
static void test_collect_traps(void **state)
{
	(void)state;
	static const struct message_pair files_of[] = {{"fifo", "fifo"}, {"dir", "."},
		{"out", "out"}, {"up", "sub/secret"}, {"above", "../../log"}, {"null", "/dev/null"},
		{"loop", "loop"}, {"in", "inside/f"}};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct message m;
	struct message_assign a = assign_of(
		"mkfifo fifo; echo secret >$JOULERIG_STATE/secret; ln -s $JOULERIG_STATE/secret "
		"out; ln -s $JOULERIG_STATE sub; ln -s loop loop; mkdir real; echo f >real/f; ln "
		"-s real inside");
	a.collect = (struct list){files_of, ARRAY_SIZE(files_of)};
	rig_run(&a, &m);
	assert_string_equal(m.result.state, "done");
	for (size_t i = 0; i + 1 < ARRAY_SIZE(files_of); i++) {
		_cleanup_free_ char *stream = xasprintf("file:%s", files_of[i].key);
		assert_int_equal(collected(stream, &text), -1);
	}
	assert_int_equal(collected("file:in", &text), 2);
	assert_true(has_flag(&m, "collect_missing"));
	assert_non_null(strstr(m.result.reason, "collect: fifo: fifo: is no regular file"));
	assert_non_null(strstr(m.result.reason, "out: leads out of the run's directories"));
	message_done(&m);
}

/* ---- teardown ---- */

static void test_teardown(void **state)
{
	(void)state;
	struct list steps = TEARDOWN(1, LOG("down") "; cat made >>$JOULERIG_STATE/log; true");
	struct message_assign a = assign_of("echo 1 >made");
	finish(&steps); /* it never was */
	assert_string_equal(torn_down, "-");
	expect_log("");
	expect(&a, "done", NULL);
	a = assign_of("echo 2 >made");
	a.setup = SETUP(1, "true");
	expect(&a, "done", NULL);
	finish(&steps);
	assert_string_equal(torn_down, "-");
	expect_log("down\n1\ndown\n2\n");
	finish(&steps); /* all is forgotten */
	expect_log("");
	/* Private directories are gone. */
	a = assign_of("ls");
	struct message m;
	rig_run(&a, &m);
	assert_int_equal(m.result.stdout_total, 0);
	message_done(&m);
}

static void test_teardown_fails(void **state)
{
	(void)state;
	struct list steps = TEARDOWN(1, "echo bad; exit 4");
	struct message_assign a = assign_of("true");
	expect(&a, "done", NULL);
	a.setup = SETUP(1, "true");
	expect(&a, "done", NULL);
	finish(&steps);
	assert_string_equal(torn_down, "teardown: /bin/sh -c echo bad; exit 4: exit status 4: bad");
}

static void test_teardown_after_restart(void **state)
{
	(void)state;
	struct list steps = TEARDOWN(1, LOG("down") "; cat made >>$JOULERIG_STATE/log; true");
	struct message_assign a = assign_of("echo 1 >made");
	expect(&a, "done", NULL);
	a = assign_of("pwd >>$JOULERIG_STATE/log");
	a.workdir = "/usr"; /* a folder of this machine: torn down there */
	expect(&a, "done", NULL);
	expect_log("/usr\n");
	restart();
	finish(&steps);
	assert_string_equal(torn_down, "-");
	expect_log("down\n1\ndown\n");
	restart();
	finish(&steps);
	expect_log("");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_requires),
		TEST(test_requires_once),
		TEST(test_requires_is_told),
		TEST(test_setup_fails),
		TEST(test_prepare_is_like_the_run),
		TEST(test_prepare_fails),
		TEST(test_cleanup),
		TEST(test_cancel),
		TEST(test_collect),
		TEST(test_collect_traps),
		TEST(test_teardown),
		TEST(test_teardown_fails),
		TEST(test_teardown_after_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
