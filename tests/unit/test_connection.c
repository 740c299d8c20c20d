/*
 * The agent's side of the wire, against a coordinator that is a script: the agent is a child
 * process that calls connection_serve().
 */
#include "agent/connection.h"

#include "agent/spool.h"
#include "proto/clock.h"
#include "proto/link.h"
#include "proto/log.h"
#include "proto/message.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

static char dir[64], state_dir[80];
static struct loop *loop;
static struct link_server *server;
static struct keypair keys;
static bool is_trusting;
static struct route agent_route;
static pid_t agent;
static int64_t sequence, epoch, every_ns, cache_limit;
static const char *stream;
static const struct id16 store = {{5, 5, 5}};

/* Messages that came and were not looked at yet. */
#define INBOX 4096
static struct {
	struct message m;
	char *data;
} inbox[INBOX];
static size_t inbox_n, inbox_at;

static bool trusts(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	return is_trusting;
}

static void on_frame(
	void *arg, const struct route *from, const char *key, const void *data, size_t len)
{
	struct error err = {0};
	(void)arg;
	(void)key;
	agent_route = *from;
	assert_true(inbox_n < INBOX);
	inbox[inbox_n].data = xmalloc(len);
	memcpy(inbox[inbox_n].data, data, len);
	if (message_decode(&inbox[inbox_n].m, inbox[inbox_n].data, len, &err) < 0)
		fail_msg("%s", err.text);
	inbox_n++;
	loop_stop(loop, 0);
}

static void empty_inbox(void)
{
	for (size_t i = 0; i < inbox_n; i++) {
		message_done(&inbox[i].m);
		free(inbox[i].data);
	}
	inbox_n = inbox_at = 0;
}

static void on_deadline(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	fail_msg("the agent says nothing");
}

/* The next message but PING, which is answered. */
static struct message *next(void)
{
	while (true) {
		while (inbox_at == inbox_n) {
			struct loop_timer *t = loop_add_timer(
				loop, clock_monotonic_ns() + 60 * NS_PER_S, 0, on_deadline, NULL);
			loop_run(loop);
			loop_cancel_timer(loop, t);
		}
		struct message *m = &inbox[inbox_at++].m;
		if (m->type != MESSAGE_PING)
			return m;
	}
}

/* That a run has started is told of those that take a while, which on a busy machine is any. */
static struct message *expect(enum message_type type)
{
	struct message *m;
	do
		m = next();
	while (m->type == MESSAGE_STARTED && type != MESSAGE_STARTED);
	if (m->type != type)
		fail_msg("%s came, not %s", message_type_name(m->type), message_type_name(type));
	return m;
}

static void send_message(struct message *m)
{
	struct buf b = BUF_INIT;
	m->version = PROTOCOL_MAJOR;
	m->sequence = ++sequence;
	m->epoch = epoch;
	message_encode(m, &b);
	assert_int_equal(link_server_send(server, &agent_route, b.data, b.len), 0);
	buf_done(&b);
}

static void send_welcome(int64_t credit)
{
	struct message m;
	message_init(&m, MESSAGE_WELCOME);
	m.welcome = (struct message_welcome){.version = JOULERIG_VERSION,
		.name = "test",
		.role = "agent",
		.store = store,
		.heartbeat_ns = HEARTBEAT_NS,
		.lease_ns = LEASE_NS,
		.credit = credit};
	send_message(&m);
}

static struct attempt_id id_of(int64_t run)
{
	return (struct attempt_id){.campaign = {{1}}, .run = run, .attempt = 1};
}

static void assign_argv(int64_t run, const char *const *argv, size_t n)
{
	struct message m;
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.id = id_of(run);
	m.assign.label = "test.1";
	m.assign.benchmark = "b";
	m.assign.parameters = "{}";
	m.assign.block = 1;
	m.assign.lease_ns = LEASE_NS;
	m.assign.command = (struct list){argv, n};
	m.assign.cpus = 1;
	m.assign.policy = "close";
	m.assign.timeout_ns = 60 * NS_PER_S;
	m.assign.output_limit = 1024 * 1024;
	m.assign.energy = "off";
	m.assign.every_ns = every_ns;
	m.assign.stream = stream;
	send_message(&m);
}

static void assign(int64_t run, const char *script)
{
	assign_argv(run, (const char *const[]){"/bin/sh", "-c", script}, 3);
}

static void commit(int64_t run)
{
	struct message m;
	message_init(&m, MESSAGE_COMMITTED);
	m.committed.id = id_of(run);
	send_message(&m);
}

static void cancel(int64_t run)
{
	struct message m;
	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = id_of(run);
	send_message(&m);
}

static void bye(void)
{
	struct message m;
	message_init(&m, MESSAGE_BYE);
	send_message(&m);
}

static void expect_result(int64_t run, const char *state)
{
	struct message *m = expect(MESSAGE_RESULT);
	assert_int_equal(m->result.id.run, run);
	assert_string_equal(m->result.state, state);
}

/* ---- the agent ---- */

static char address[256];

static void open_server(const char *endpoint)
{
	struct error err = {0};
	struct link_server_handler h = {.is_trusted = trusts, .on_frame = on_frame};
	if (link_server_open(&server, loop, endpoint, &keys, &h, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(address, sizeof address, "%s", link_server_endpoint(server));
}

/* Before the server's socket is there in this process: the child must not have it. */
static void start_agent(void)
{
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	agent = fork();
	if (agent == 0) {
		struct error err = {0};
		static struct connection_options o;
		close(ready[1]);
		if (read(ready[0], address, sizeof address) <= 0)
			_exit(9);
		close(ready[0]);
		o = (struct connection_options){.coordinator = address,
			.server_key = keys.public_key,
			.state = state_dir,
			.cache = cache_limit,
			.name = "testhost"};
		log_setup("joulerig-agent", LOG_LEVEL_WARNING);
		int status = connection_serve(&o, &err);
		if (err.text[0] != '\0') {
			char path[128];
			snprintf(path, sizeof path, "%s/said", dir);
			FILE *f = fopen(path, "w");
			if (f != NULL) {
				fprintf(f, "%s", err.text);
				fclose(f);
			}
		}
		exit(status);
	}
	close(ready[0]);
	if (server == NULL)
		open_server("tcp://127.0.0.1:*");
	assert_int_equal(write(ready[1], address, sizeof address), sizeof address);
	close(ready[1]);
}

static int wait_agent(void)
{
	int status = -1;
	waitpid(agent, &status, 0);
	agent = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void close_server(void)
{
	link_server_close(server);
	server = NULL;
	empty_inbox();
}

static int set_up(void **state)
{
	struct error err = {0};
	(void)state;
	strcpy(dir, "/tmp/joulerig-test-connection.XXXXXX");
	is_trusting = true;
	epoch = 10;
	every_ns = 60 * NS_PER_S; /* no samples */
	stream = NULL;
	cache_limit = ABSENT;
	if (mkdtemp(dir) == NULL || keypair_generate(&keys, &err) < 0)
		return -1;
	snprintf(state_dir, sizeof state_dir, "%s/state", dir);
	loop = loop_new();
	return 0;
}

static int tear_down(void **state)
{
	char command[128];
	(void)state;
	if (agent > 0) {
		kill(agent, SIGKILL);
		waitpid(agent, NULL, 0);
	}
	agent = 0;
	close_server();
	loop_free(loop);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

/* ---- tests ---- */

static void test_run_and_bye(void **state)
{
	(void)state;
	start_agent();
	struct message *m = expect(MESSAGE_HELLO);
	assert_string_equal(m->hello.program, "joulerig-agent");
	assert_int_equal(m->hello.held.n, 0);
	assert_int_equal(m->sequence, 1);
	assert_memory_equal(m->hello.inventory, "{\"cpu\":", 7);
	send_welcome(1024 * 1024);
	assign(1, "echo hello");
	m = expect(MESSAGE_RESULT);
	assert_int_equal(m->result.id.run, 1);
	assert_int_equal(m->epoch, 10);
	assert_string_equal(m->result.state, "done");
	assert_memory_equal(m->result.stdout_data.data, "hello\n", 6);
	commit(1);
	bye();
	assert_int_equal(wait_agent(), 0);
}

static void on_look(void *arg, int64_t now_ns)
{
	(void)now_ns;
	if (waitpid(agent, arg, WNOHANG) == agent)
		loop_stop(loop, 0);
}

static void test_refused(void **state)
{
	(void)state;
	char path[128];
	int status = 0;
	_cleanup_buf_ struct buf said = BUF_INIT;
	is_trusting = false;
	start_agent();
	loop_add_timer(loop, clock_monotonic_ns(), 20 * NS_PER_MS, on_look, &status);
	loop_run(loop);
	agent = 0;
	assert_int_equal(WEXITSTATUS(status), EXIT_UNAVAILABLE);
	snprintf(path, sizeof path, "%s/said", dir);
	assert_int_equal(buf_read_file(&said, AT_FDCWD, path, 4096), 0);
	assert_non_null(strstr(said.data, "joulerig key trust testhost '"));
	assert_non_null(strstr(said.data, "' --role agent --keys DIR"));
}

static void test_queue(void **state)
{
	(void)state;
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	_cleanup_free_ char *go = xasprintf("%s/go", dir);
	_cleanup_free_ char *script = xasprintf("until [ -e %s ]; do sleep 0.05; done", go);
	assign(1, script);
	assert_int_equal(expect(MESSAGE_STARTED)->started.id.run, 1);
	for (int i = 2; i <= 5; i++)
		assign(i, "exit 0");
	assert_int_equal(expect(MESSAGE_REFUSE)->refuse.id.run, 5);
	assign(1, script); /* it runs */
	assert_int_equal(expect(MESSAGE_ACCEPT)->accept.id.run, 1);
	assign(3, "exit 0"); /* it waits */
	assert_int_equal(expect(MESSAGE_ACCEPT)->accept.id.run, 3);
	cancel(3);
	cancel(99);
	assert_int_equal(close(open(go, O_CREAT | O_WRONLY, 0600)), 0);
	/* Not within the run, which would be disturbed. */
	assert_int_equal(expect(MESSAGE_ACCEPT)->accept.id.run, 2);
	assert_int_equal(expect(MESSAGE_ACCEPT)->accept.id.run, 4);
	expect_result(1, "done");
	expect_result(2, "done");
	expect_result(4, "done");
	assign(2, "exit 0"); /* it is spooled */
	expect_result(2, "done");
	commit(1);
	commit(2);
	commit(4);
	assign(6, "sleep 1000");
	cancel(6);
	expect_result(6, "cancelled");
	struct message m;
	message_init(&m, MESSAGE_DRAIN);
	send_message(&m);
	assign(7, "exit 0");
	assert_int_equal(expect(MESSAGE_REFUSE)->refuse.id.run, 7);
	bye();
	assert_int_equal(wait_agent(), 0);
}

static const char *held_state(const struct message *m, int64_t run)
{
	for (size_t i = 0; i < m->hello.held.n; i++) {
		const struct message_held *h = LIST_AT(&m->hello.held, struct message_held, i);
		if (h->id.run == run)
			return h->state;
	}
	return "";
}

/* The coordinator goes away and comes back on the same port. */
static void test_coordinator_restarts(void **state)
{
	(void)state;
	char endpoint[256];
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	assign(1, "exit 0");
	expect_result(1, "done");
	assign(2, "sleep 0.5; echo two");
	assign(3, "echo three");
	expect(MESSAGE_ACCEPT);
	snprintf(endpoint, sizeof endpoint, "%s", link_server_endpoint(server));
	close_server();
	usleep(100000);
	open_server(endpoint);
	epoch = 11;
	struct message *m = expect(MESSAGE_HELLO);
	assert_string_equal(held_state(m, 1), "spooled");
	assert_memory_equal(m->hello.store.b, store.b, sizeof store.b);
	send_welcome(1024 * 1024);
	expect_result(1, "done");
	commit(1);
	expect_result(2, "done");
	expect_result(3, "done");
	/* A coordinator of an older epoch is not obeyed. */
	epoch = 10;
	assign(4, "exit 0");
	epoch = 11;
	assign(5, "exit 0");
	expect_result(5, "done");
	commit(2);
	commit(3);
	commit(5);
	bye();
	assert_int_equal(wait_agent(), 0);
}

/* SIGKILL of the agent: the run is lost, the result that was spooled is not; no process survives.
 */
static void test_agent_is_killed(void **state)
{
#ifdef __SANITIZE_THREAD__
	skip(); /* it cannot follow a fork of a program with threads */
#endif
	(void)state;
	char path[128];
	pid_t child = 0;
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	assign(1, "echo kept");
	expect_result(1, "done");
	snprintf(path, sizeof path, "%s/pid", dir);
	_cleanup_free_ char *script = xasprintf("setsid sleep 1000 & echo $! >%s; wait", path);
	assign(2, script);
	assert_int_equal(expect(MESSAGE_STARTED)->started.id.run, 2);
	for (int i = 0; i < 6000 && child == 0; i++) {
		FILE *f = fopen(path, "r");
		if (f == NULL || fscanf(f, "%d", &child) != 1)
			usleep(10000);
		if (f != NULL)
			fclose(f);
	}
	assert_true(child > 0);
	kill(agent, SIGKILL);
	wait_agent();
	for (int i = 0; i < 6000 && kill(child, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(child, 0), -1);
	empty_inbox();
	start_agent();
	struct message *m = expect(MESSAGE_HELLO);
	assert_int_equal(m->hello.held.n, 1);
	assert_string_equal(held_state(m, 1), "spooled");
	send_welcome(1024 * 1024);
	m = expect(MESSAGE_RESULT);
	assert_memory_equal(m->result.stdout_data.data, "kept\n", 5);
	commit(1);
	kill(agent, SIGTERM);
	expect(MESSAGE_BYE);
	assert_int_equal(wait_agent(), 0);
}

static void test_samples_and_credit(void **state)
{
	(void)state;
	every_ns = 500 * NS_PER_MS;
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1); /* one chunk, then nothing */
	struct message m;
	assign(1, "sleep 2; head -c 300000 /dev/zero");
	/* At 2 Hz there is one chunk within 5 s, which is sent on the credit; the rest is fine
	 * without. */
	struct message *got;
	int samples = 0, outputs = 0;
	while ((got = next())->type != MESSAGE_RESULT) {
		samples += got->type == MESSAGE_SAMPLES;
		outputs += got->type == MESSAGE_OUTPUT;
	}
	assert_int_equal(samples, got->result.chunks);
	assert_int_equal(samples, 1);
	assert_int_equal(outputs, 2);
	/* Now the credit is used up: samples hold back their result. */
	assign(2, "sleep 2");
	expect(MESSAGE_STARTED);
	assign(3, "exit 0");
	expect(MESSAGE_ACCEPT);
	usleep(300000);
	message_init(&m, MESSAGE_CREDIT);
	m.credit.bytes = 1024 * 1024;
	send_message(&m);
	assert_int_equal(expect(MESSAGE_SAMPLES)->samples.id.run, 2);
	expect_result(2, "done");
	expect_result(3, "done");
	bye();
	assert_int_equal(wait_agent(), 0);
}

/* With stream: after nothing of the run before is still on its way while a run is measured. */
static void test_silence(void **state)
{
	(void)state;
	every_ns = 100 * NS_PER_MS;
	stream = "after";
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(0);      /* no credit: the samples of run 1 stay, and its result with them */
	assign(1, "sleep 1"); /* with samples */
	_cleanup_free_ char *script = xasprintf("touch %s/second", dir);
	assign(2, script);
	expect(MESSAGE_ACCEPT);
	sleep(2);
	_cleanup_free_ char *path = xasprintf("%s/second", dir);
	assert_int_equal(access(path, F_OK), -1);
	struct message m;
	message_init(&m, MESSAGE_CREDIT);
	m.credit.bytes = 1024 * 1024;
	send_message(&m);
	assert_int_equal(expect(MESSAGE_SAMPLES)->samples.id.run, 1);
	expect_result(1, "done");
	commit(1);
	expect_result(2, "done");
	assert_int_equal(access(path, F_OK), 0);
	bye();
	assert_int_equal(wait_agent(), 0);
}

/* What a run costs; JOULERIG_TEST_RUNS says how many. */
static void test_many(void **state)
{
	(void)state;
	const char *wish = getenv("JOULERIG_TEST_RUNS");
	int64_t n = wish != NULL ? atoi(wish) : 100, begin = 0, time = 0;
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	const char *const argv[] = {"/bin/true"};
	for (int64_t run = 1; run <= n + 1; run++) {
		if (run <= n)
			assign_argv(run, argv, 1);
		if (run == 2)
			begin = clock_monotonic_ns();
		if (run == 1)
			continue;
		struct message *m = next();
		/* On a busy machine a run may take long enough to be told of. */
		while (m->type == MESSAGE_ACCEPT || m->type == MESSAGE_STARTED)
			m = next();
		assert_int_equal(m->type, MESSAGE_RESULT);
		assert_string_equal(m->result.state, "done");
		time += LIST_AT(&m->result.metrics, struct message_metric, 0)->value;
		commit(m->result.id.run);
		if (inbox_at == inbox_n)
			empty_inbox();
	}
	print_message("# %" PRId64 " us a run, %" PRId64 " us of these measured as its time\n",
		(clock_monotonic_ns() - begin) / n / 1000, time / n / 1000);
	bye();
	assert_int_equal(wait_agent(), 0);
}

static void test_bad_options(void **state)
{
	(void)state;
	static const struct connection_options bad[] = {
		{0},
		{.coordinator = "tcp://127.0.0.1:1", .state = "/tmp"},
		{.coordinator = "tcp://127.0.0.1:1", .state = "/tmp", .server_key = "short"},
		{.coordinator = "ftp://x",
			.state = "/tmp",
			.server_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"},
		{.coordinator = "x", .server_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"},
		{.coordinator = "x",
			.state = "/tmp",
			.server_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
			.name = "a b"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = {0};
		assert_int_equal(connection_serve(&bad[i], &err), EXIT_USAGE);
		assert_true(err.text[0] != '\0');
	}
}

/* ---- the end of a campaign ---- */

/* Teardown writes a line to STATE/torn, and ends as the script says. */
static void say_finish(const char *script)
{
	static const char *argv[] = {"/bin/sh", "-c", NULL};
	struct message m;
	struct message_step step = {.command = {argv, 3}, .timeout_ns = 60 * NS_PER_S};
	argv[2] = script;
	message_init(&m, MESSAGE_FINISH);
	m.finish = (struct message_finish){
		.campaign = id_of(1).campaign, .label = "test.1", .teardown = {&step, 1}};
	send_message(&m);
}

static void expect_finished(const char *reason)
{
	struct message *m;
	do {
		m = next(); /* a result may come again whose COMMITTED came too late */
	} while (m->type == MESSAGE_STARTED || m->type == MESSAGE_RESULT);
	assert_int_equal(m->type, MESSAGE_FINISHED);
	assert_memory_equal(
		m->finished.campaign.b, id_of(1).campaign.b, sizeof m->finished.campaign.b);
	if (reason == NULL)
		assert_null(m->finished.reason);
	else
		assert_string_equal(m->finished.reason, reason);
}

static void expect_torn(const char *want)
{
	_cleanup_free_ char *path = xasprintf("%s/torn", state_dir);
	_cleanup_buf_ struct buf text = BUF_INIT;
	buf_read_file(&text, AT_FDCWD, path, 4096);
	assert_string_equal(text.data, want);
}

static void test_finish(void **state)
{
	(void)state;
	static const char *const fails = "echo x >>$JOULERIG_STATE/torn; exit 3";
	static const char *const reason =
		"teardown: /bin/sh -c echo x >>$JOULERIG_STATE/torn; exit 3: exit status 3";
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	say_finish(fails); /* of a campaign that was never here */
	expect_finished(NULL);
	expect_torn("");
	assign(1, "exit 0");
	expect_result(1, "done");
	commit(1);
	say_finish(fails);
	expect_finished(reason);
	say_finish(fails); /* the answer was not heard: it is the same, and nothing is done again */
	expect_finished(reason);
	expect_torn("x\n");
	/* More runs of it: it is torn down anew. */
	assign(2, "exit 0");
	expect_result(2, "done");
	say_finish("echo y >>$JOULERIG_STATE/torn");
	expect_finished(NULL);
	expect_torn("x\ny\n");
	bye();
	assert_int_equal(wait_agent(), 0);
}

static void test_finish_waits_for_runs(void **state)
{
	(void)state;
	static const char *const script =
		"test ! -e $JOULERIG_STATE/busy && echo x >>$JOULERIG_STATE/torn; sleep 0.2";
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	assign(1,
		"touch $JOULERIG_STATE/busy; until [ -e $JOULERIG_STATE/go ]; do sleep 0.05; done; "
		"rm $JOULERIG_STATE/busy");
	assert_int_equal(expect(MESSAGE_STARTED)->started.id.run, 1);
	assign(2, "touch $JOULERIG_STATE/busy; sleep 0.3; rm $JOULERIG_STATE/busy");
	say_finish(script);
	say_finish(script);
	_cleanup_free_ char *go = xasprintf("%s/go", state_dir);
	assert_int_equal(close(open(go, O_CREAT | O_WRONLY, 0600)), 0);
	expect(MESSAGE_ACCEPT);
	expect_result(1, "done");
	expect_result(2, "done");
	expect_finished(NULL);
	expect_torn("x\n");
	/* The agent is started anew before it hears of the end. */
	assign(3, "exit 0");
	expect_result(3, "done");
	commit(1);
	commit(2);
	commit(3);
	kill(agent, SIGKILL);
	wait_agent();
	close_server();
	start_agent();
	expect(MESSAGE_HELLO);
	send_welcome(1024 * 1024);
	say_finish(script);
	expect_finished(NULL);
	expect_torn("x\nx\n");
	bye();
	assert_int_equal(wait_agent(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_run_and_bye),
		TEST(test_finish),
		TEST(test_finish_waits_for_runs),
		TEST(test_refused),
		TEST(test_queue),
		TEST(test_coordinator_restarts),
		TEST(test_agent_is_killed),
		TEST(test_samples_and_credit),
		TEST(test_silence),
		TEST(test_many),
		TEST(test_bad_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
