
#include "tests/unit/run_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int starts, sample_calls, wants;

static void on_started(void *arg, const struct attempt_id *id, int64_t at, int64_t raw_ns)
{
	(void)arg;
	assert_int_equal(id->run, 7);
	assert_true(at > 0 && raw_ns > 0);
	char path[96];
	starts++;
	snprintf(path, sizeof path, "%s/started", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void on_samples(void *arg)
{
	(void)arg;
	sample_calls++;
}

static void want(void *arg, const struct content_hash *hash, int64_t offset, int64_t length)
{
	(void)arg;
	(void)hash;
	(void)offset;
	(void)length;
	wants++;
	loop_stop(loop, 1);
}

static int set_up(void **state)
{
	const struct files_handler f = {.want = want};
	const struct runner_handler r = {
		.on_started = on_started, .on_samples = on_samples, .on_end = rig_keep};

	(void)state;
	return rig_open(NULL, &f, &r);
}

static int tear_down(void **state)
{
	(void)state;
	return rig_close();
}

static const char *shell_command[3] = {"sh", "-c", NULL};

/* An assignment of a shell script with defaults for all else. */
static struct message_assign assign_of(const char *script)
{
	struct message m;
	shell_command[2] = script;
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.id = (struct attempt_id){.campaign = {{9}}, .run = 7, .attempt = 2};
	m.assign.command = (struct list){shell_command, 3};
	m.assign.cpus = 1;
	m.assign.policy = "close";
	m.assign.timeout_ns = 60 * NS_PER_S;
	m.assign.output_limit = 1024 * 1024;
	m.assign.energy = "off";
	m.assign.every_ns = 60 * NS_PER_S; /* no samples */
	return m.assign;
}

/* rig_run() of an assignment of assign_of(). */
static size_t run(const struct message_assign *a, struct message *out)
{
	starts = sample_calls = 0;
	size_t n = rig_run(a, out);
	assert_int_equal(out->result.id.run, 7);
	assert_int_equal(out->result.id.attempt, 2);
	return n;
}

static const struct message_metric *present_metric(const struct message *m, const char *name)
{
	const struct message_metric *e = find_metric(m, name);

	if (e == NULL)
		fail_msg("no metric %s", name);
	return e;
}

static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *script, *state, *reason;
		int64_t exit_code, signal;
	} vectors[] = {
		{"exit 0", "done", NULL, 0, ABSENT},
		{"exit 3", "failed", "exit status 3", 3, ABSENT},
		{"kill -SEGV $$", "failed", "signal 11 (Segmentation fault)", ABSENT, 11},
	};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct message_assign a = assign_of(vectors[i].script);
		struct message m;
		assert_int_equal(run(&a, &m), 1);
		assert_string_equal(m.result.state, vectors[i].state);
		if (vectors[i].reason == NULL)
			assert_string_equal(reason_of(&m), "");
		else
			assert_string_equal(m.result.reason, vectors[i].reason);
		assert_int_equal(m.result.exit_code, vectors[i].exit_code);
		assert_int_equal(m.result.signal, vectors[i].signal);
		assert_true(m.result.started_at > 0);
		assert_true(present_metric(&m, "time")->value > 0);
		assert_string_equal(present_metric(&m, "time")->unit, "ns");
		assert_true(present_metric(&m, "memory.peak")->value > 100000);
		present_metric(&m, "time.user");
		present_metric(&m, "time.system");
		present_metric(&m, "context_switches.voluntary");
		present_metric(&m, "context_switches.involuntary");
		present_metric(&m, "page_faults.minor");
		present_metric(&m, "page_faults.major");
		message_done(&m);
	}
}

static void test_never_run(void **state)
{
	(void)state;
	struct message_assign a = assign_of("true");
	struct message m;
	a.cpus = 100000;
	run(&a, &m);
	assert_string_equal(m.result.state, "skipped");
	assert_true(text_is_set(m.result.reason));
	assert_int_equal(m.result.started_at, ABSENT);
	assert_int_equal(m.result.metrics.n, 0);
	message_done(&m);

	a = assign_of("true");
	a.energy = "require";
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_non_null(strstr(m.result.reason, "energy is required: "));
	message_done(&m);

	a = assign_of("true");
	a.energy = "auto";
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_true(text_is_set(m.result.reason)); /* a note */
	message_done(&m);

	static const char *const gone[] = {"/opt/x-is-not-there"};
	a = assign_of("true");
	a.command = (struct list){gone, 1};
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_string_equal(
		m.result.reason, "exec failed: /opt/x-is-not-there: No such file or directory");
	assert_int_equal(m.result.exit_code, ABSENT);
	assert_int_equal(m.result.metrics.n, 0);
	message_done(&m);
}

static void test_timeout(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *reason;
	} vectors[] = {{50 * NS_PER_MS, "timeout: 50ms"}, {1 * NS_PER_S, "timeout: 1s"}};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct message_assign a = assign_of("setsid sleep 1000 & sleep 1000");
		struct message m;
		a.timeout_ns = vectors[i].ns;
		run(&a, &m);
		assert_string_equal(m.result.state, "timeout");
		assert_string_equal(m.result.reason, vectors[i].reason);
		assert_true(present_metric(&m, "time")->value >= vectors[i].ns);
		message_done(&m);
	}
}

static void test_started_and_samples(void **state)
{
	(void)state;
	/* Until it was told of, which is when it has run for a while, and has samples. */
	struct message_assign a =
		assign_of("until [ -e $JOULERIG_STATE/started ]; do sleep 0.05; done; sleep 0.5");
	struct message m;
	a.every_ns = 10 * NS_PER_MS;
	size_t n = run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_int_equal(starts, 1);
	assert_true(n >= 2);
	assert_int_equal(m.result.chunks, n - 1);
	assert_int_equal(m.result.thinned, 0);
	message_done(&m);
	/* A short one is not; once more where a busy machine made it a long one. */
	a = assign_of("true");
	for (int i = 0; i < 100 && starts > 0; i++) {
		run(&a, &m);
		message_done(&m);
	}
	assert_int_equal(starts, 0);
}

static void test_environment(void **state)
{
	(void)state;
	static const struct message_pair env[] = {
		{"A", "x=" MARK_CPU_LIST}, {"LANG", "C"}, {"T", MARK_TMP "/" MARK_TMP}};
	struct message_assign a = assign_of("test \"$TMPDIR/$TMPDIR\" = \"$T\" && test -d $TMPDIR "
					    "&& test -z \"$(ls -A $TMPDIR)\" && "
					    "touch $TMPDIR/a && mkdir $TMPDIR/b && env | grep -E "
					    "'^(A|LANG|OMP_NUM_THREADS|PATH|SHELL)=' | sort; "
					    "test " MARK_TMP " = $TMPDIR || echo no; ls -A; pwd");
	struct message m;
	char want[512];
	a.env = (struct list){env, 3};
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	snprintf(want, sizeof want,
		"A=x=%s\nLANG=C\nOMP_NUM_THREADS=1\n"
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n%s/work/",
		m.result.cpus, dir);
	assert_memory_equal(m.result.stdout_data.data, want, strlen(want));
	message_done(&m);
	/* The same directory for the next run of the campaign; nothing is left in tmp. */
	a = assign_of("ls -A " MARK_TMP "/..; touch here");
	run(&a, &m);
	assert_memory_equal(m.result.stdout_data.data, "0900000000000000-7-2\n", 21);
	message_done(&m);
	a = assign_of("ls -A");
	run(&a, &m);
	assert_memory_equal(m.result.stdout_data.data, "here\n", 5);
	message_done(&m);
	a = assign_of("pwd");
	a.workdir = "/usr";
	run(&a, &m);
	assert_memory_equal(m.result.stdout_data.data, "/usr\n", 5);
	message_done(&m);
	a.workdir = "not/there";
	run(&a, &m);
	assert_string_equal(m.result.state, "failed");
	assert_non_null(strstr(m.result.reason, "/not/there: No such file or directory"));
	message_done(&m);
}

static void test_output(void **state)
{
	(void)state;
	struct message_assign a = assign_of(
		"head -c 1000000 /dev/zero; echo err >&2; head -c 600000 /dev/zero | tr '\\0' x");
	struct message m;
	size_t n = run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_int_equal(n, 5); /* 1 MiB in four pieces, and RESULT */
	assert_null(m.result.stdout_data.data);
	assert_int_equal(m.result.stdout_total, 1600000);
	assert_int_equal(m.result.stdout_kept, 1024 * 1024);
	assert_int_equal(m.result.stdout_head, 512 * 1024);
	assert_int_equal(m.result.stderr_total, 4);
	assert_memory_equal(m.result.stderr_data.data, "err\n", 4);
	message_done(&m);
}

static void test_setup(void **state)
{
	(void)state;
	static const char *first[] = {"sh", "-c", "pwd; echo made >file"};
	static const char *second[] = {"sh", "-c", "cat file; echo one; echo two >&2; exit 2"};
	struct message_step steps[] = {{{first, 3}, 60 * NS_PER_S}, {{first, 3}, 60 * NS_PER_S}};
	struct message_assign a = assign_of("cat file; echo more >>file");
	struct message m;
	a.setup = (struct list){steps, 2};
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_memory_equal(m.result.stdout_data.data, "made\n", 5);
	message_done(&m);
	run(&a, &m); /* not done again */
	assert_memory_equal(m.result.stdout_data.data, "made\nmore\n", 10);
	message_done(&m);

	steps[1].command = (struct list){second, 3};
	for (int i = 0; i < 2; i++) {
		run(&a, &m);
		assert_string_equal(m.result.state, "failed");
		assert_string_equal(m.result.reason,
			"setup: sh -c cat file; echo one; echo two >&2; exit 2: exit status 2: "
			"made; one; two");
		message_done(&m);
	}
	static const char *slow[] = {"sleep", "1000"};
	steps[1] = (struct message_step){{slow, 2}, 100 * NS_PER_MS};
	run(&a, &m);
	assert_string_equal(m.result.reason, "setup: sleep 1000: timeout: 100ms");
	message_done(&m);
}

static void on_cancel_timer(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	runner_cancel(runner, NULL);
}

static void test_cancel(void **state)
{
	(void)state;
	struct message_assign a = assign_of("sleep 1000");
	struct message m;
	loop_add_timer(loop, clock_monotonic_ns() + 30 * NS_PER_MS, 0, on_cancel_timer, NULL);
	run(&a, &m);
	assert_string_equal(m.result.state, "cancelled");
	message_done(&m);
}

static void test_files(void **state)
{
	(void)state;
	struct message_assign a = assign_of("cat dir/hello");
	struct content_hash hello, tree;
	char manifest[256], hex[2 * CONTENT_HASH_LEN + 1];
	struct message m;
	content_hash_bytes(&hello, "hello\n", 6);
	snprintf(manifest, sizeof manifest, "d 0755 dir\nf 0644 6 %s dir/hello\n",
		hex_encode(hex, hello.b, sizeof hello.b));
	content_hash_bytes(&tree, manifest, strlen(manifest));
	a.tree = (struct blob){tree.b, sizeof tree.b};
	/* A piece that is not there is asked for; asked for again only on a new connection. */
	runner_start(runner, &a);
	struct message_file_chunk chunk = {.hash = {tree.b, sizeof tree.b},
		.size = (int64_t)strlen(manifest),
		.data = {manifest, strlen(manifest)}};
	assert_int_equal(files_take(files, &chunk, NULL), 1);
	runner_files_arrived(runner);
	chunk = (struct message_file_chunk){
		.hash = {hello.b, sizeof hello.b}, .size = 6, .data = {"hel", 3}};
	assert_int_equal(files_take(files, &chunk, NULL), 0);
	chunk.offset = 3;
	chunk.data = (struct blob){"lo\n", 3};
	assert_int_equal(files_take(files, &chunk, NULL), 1);
	loop_stop(loop, 0);
	runner_files_arrived(runner);
	assert_int_equal(loop_run(loop), 0);
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_memory_equal(m.result.stdout_data.data, "hello\n", 6);
	message_done(&m);
	/* What cannot be had fails the run. */
	tree.b[0] ^= 1;
	runner_start(runner, &a);
	runner_files_failed(runner, "files: none");
	assert_null(runner_current(runner));
	/* The next one asks again. */
	wants = 0;
	runner_start(runner, &a);
	assert_int_equal(wants, 1);
	runner_files_failed(runner, "files: none");
}

/* Neither a failed setup nor half of one is what a later campaign or run meets. */
static void test_setup_again(void **state)
{
	(void)state;
	static const char *step[] = {"sh", "-c", NULL};
	struct message_step steps[] = {{{step, 3}, 60 * NS_PER_S}};
	struct message_assign a = assign_of("ls -A");
	struct content_hash tree;
	struct message m;
	char script[256];
	content_hash_bytes(&tree, "", 0);
	struct message_file_chunk chunk = {.hash = {tree.b, sizeof tree.b}, .data = {"", 0}};
	files_take(files, &chunk, NULL);
	a.tree = (struct blob){tree.b, sizeof tree.b};
	snprintf(script, sizeof script, "test ! -e half && touch half && test -e %s/go", dir);
	step[2] = script;
	a.setup = (struct list){steps, 1};
	for (int i = 0; i < 2; i++) {
		run(&a, &m);
		assert_string_equal(m.result.state, "failed");
		message_done(&m);
		if (i == 0) { /* it could succeed now, but that is another campaign's */
			char go[96];
			snprintf(go, sizeof go, "%s/go", dir);
			assert_int_equal(close(open(go, O_CREAT | O_WRONLY, 0600)), 0);
		}
	}
	a.id.campaign.b[0]++;
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_memory_equal(m.result.stdout_data.data, "half\n", 5);
	message_done(&m);

	snprintf(script, sizeof script, "test ! -e part && touch part && test -e %s/go2 || sleep 9",
		dir);
	loop_add_timer(loop, clock_monotonic_ns() + 300 * NS_PER_MS, 0, on_cancel_timer, NULL);
	run(&a, &m);
	assert_string_equal(m.result.state, "cancelled");
	message_done(&m);
	char go[96];
	snprintf(go, sizeof go, "%s/go2", dir);
	assert_int_equal(close(open(go, O_CREAT | O_WRONLY, 0600)), 0);
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_memory_equal(m.result.stdout_data.data, "part\n", 5);
	message_done(&m);
}

/* Also where the agent is not root, which here needs a process that is not. */
static void test_remove(void **state)
{
	(void)state;
	char path[96], command[1024];
	int status = -1;
	snprintf(path, sizeof path, "%s/t", dir);
	snprintf(command, sizeof command,
		"chmod 755 %s; mkdir -p %s/a/b/c %s/d; touch %s/a/b/c/f %s/d/f; "
		"chmod 500 %s/a/b/c; chmod 0 %s/a/b; chmod 500 %s/a %s/d",
		dir, path, path, path, path, path, path, path, path);
	assert_int_equal(system(command), 0);
	if (geteuid() == 0) {
		snprintf(command, sizeof command, "chown -R 65534 %s", path);
		assert_int_equal(system(command), 0);
		assert_int_equal(chown(dir, 65534, (gid_t)-1), 0);
	}
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(remove_tree(path) == 0 && access(path, F_OK) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_flags(void **state)
{
	(void)state;
	struct message_assign a = assign_of("sleep 1000 & exit 0");
	struct message m;
	run(&a, &m);
	assert_string_equal(m.result.state, "done");
	assert_true(has_flag(&m, "leftovers"));
	assert_false(has_flag(&m, "placement_violated"));
	message_done(&m);
	a = assign_of("true");
	a.cpus = ABSENT; /* all */
	run(&a, &m);
	assert_true(has_flag(&m, "shared_cpu"));
	message_done(&m);
	/* Two agents on a machine: both know. */
	struct machine_lock other;
	machine_lock_open(&other);
	assert_false(machine_lock_is_alone(&other));
	run(&a, &m);
	assert_true(has_flag(&m, "shared_energy"));
	message_done(&m);
	machine_lock_close(&other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ends),
		TEST(test_never_run),
		TEST(test_timeout),
		TEST(test_started_and_samples),
		TEST(test_environment),
		TEST(test_output),
		TEST(test_setup),
		TEST(test_cancel),
		TEST(test_files),
		TEST(test_flags),
		TEST(test_setup_again),
		TEST(test_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
