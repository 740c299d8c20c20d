/*
 * One program of several, as an agent leads it: READY, GO, ENDED, STOP, and all that may come
 * between. A real agent with real processes; the coordinator is this test.
 */
#include "tests/unit/agent_rig.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const struct message_pair addresses[] = {{"server", "10.1.2.3"}, {"client", "10.1.2.4"}};

static struct attempt_id id_of(int64_t run)
{
	return (struct attempt_id){.campaign = {{1}}, .run = run, .attempt = 1};
}

/* An assignment of a shell's script, to be changed before it is sent. */
static struct message part(int64_t run, const char *role, const char *script)
{
	static const char *argv[3];
	struct message m;

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.id = id_of(run);
	m.assign.label = "test.1";
	m.assign.benchmark = "b";
	m.assign.parameters = "{}";
	m.assign.block = 1;
	m.assign.lease_ns = LEASE_NS;
	m.assign.command = (struct list){argv, 3};
	m.assign.timeout_ns = 100 * NS_PER_S;
	m.assign.output_limit = 1024 * 1024;
	m.assign.energy = "auto";
	m.assign.every_ns = 60 * NS_PER_S; /* no samples */
	m.assign.role = role;
	m.assign.is_main = role != NULL && strcmp(role, "client") == 0 ? 1 : ABSENT;
	m.assign.ready_timeout_ns = 100 * NS_PER_S;
	return m;
}

static void send_part(int64_t run, const char *role, const char *script, const char *pattern)
{
	struct message m = part(run, role, script);

	m.assign.ready_pattern = pattern;
	rig_send(&m);
}

static void go(int64_t run, const char *what, int64_t at)
{
	struct message m;

	message_init(&m, MESSAGE_GO);
	m.go = (struct message_go){id_of(run), what, at, {addresses, ARRAY_SIZE(addresses)}};
	rig_send(&m);
}

static void stop(int64_t run)
{
	struct message m;

	message_init(&m, MESSAGE_STOP);
	m.stop.id = id_of(run);
	rig_send(&m);
}

static void cancel(int64_t run)
{
	struct message m;

	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = id_of(run);
	rig_send(&m);
}

static void expect_ready(int64_t run, const char *point)
{
	struct message *m = rig_expect(MESSAGE_READY);

	assert_int_equal(m->ready.id.run, run);
	assert_string_equal(m->ready.point, point);
	assert_string_equal(m->ready.address, "127.0.0.1");
}

/* COMMITTED is said to it. */
static struct message_result *expect_result(int64_t run, const char *state)
{
	struct message_result *r = &rig_expect(MESSAGE_RESULT)->result;
	struct message m;

	assert_int_equal(r->id.run, run);
	if (strcmp(r->state, state) != 0)
		fail_msg("%s, not %s: %s", r->state, state, r->reason);
	message_init(&m, MESSAGE_COMMITTED);
	m.committed.id = r->id;
	rig_send(&m);
	return r;
}

static int64_t metric(const struct message_result *r, const char *name)
{
	for (size_t i = 0; i < r->metrics.n; i++) {
		const struct message_metric *m = LIST_AT(&r->metrics, struct message_metric, i);
		if (strcmp(m->name, name) == 0)
			return m->value;
	}
	return ABSENT;
}

static void assert_says(const struct message_result *r, const char *text)
{
	if (r->reason == NULL || strstr(r->reason, text) == NULL)
		fail_msg("'%s' is not in '%s'", text, r->reason);
}

/* The agent does its next run: nothing is left of the last one. */
static void assert_goes_on(int64_t run)
{
	struct message m = part(run, NULL, "exit 0");

	rig_send(&m);
	assert_null(expect_result(run, "done")->role);
}

/* ---- main ---- */

static void test_main(void **state)
{
	struct message m = part(1, "client", "echo to $1 $TO");
	static const char *const argv[] = {
		"/bin/sh", "-c", "echo to $1 $TO", "sh", MARK_ADDRESS "server\003:7000"};
	static const struct message_pair env[] = {{"TO", "<" MARK_ADDRESS "client\003>"}};
	int64_t at;

	(void)state;
	m.assign.command = (struct list){argv, ARRAY_SIZE(argv)};
	m.assign.env = (struct list){env, 1};
	rig_send(&m);
	expect_ready(1, "prepared");
	go(1, "start", ABSENT); /* that is for the others */
	stop(1);
	at = clock_raw_ns() + 300 * NS_PER_MS;
	int64_t date = clock_realtime_ns();
	go(1, "measure", at);
	struct message *ended = rig_expect(MESSAGE_ENDED);
	assert_int_equal(ended->ended.id.run, 1);
	int64_t ended_ns = ended->ended.raw_ns;
	const struct message_result *r = expect_result(1, "done");
	assert_string_equal(r->role, "client");
	assert_memory_equal(r->stdout_data.data, "to 10.1.2.3:7000 <10.1.2.4>\n", 28);
	assert_int_equal(r->exit_code, 0);
	/* Its start: never before the instant. */
	assert_true(ended_ns - metric(r, "time") >= at);
	assert_true(r->started_at >= date);
	assert_goes_on(2);
}

static void test_main_at_once(void **state)
{
	(void)state;
	send_part(1, "client", "exit 4", NULL);
	expect_ready(1, "prepared");
	go(1, "measure", clock_raw_ns() - NS_PER_S);
	rig_expect(MESSAGE_ENDED);
	assert_int_equal(expect_result(1, "failed")->exit_code, 4);
	send_part(2, "client", "exit 0", NULL);
	expect_ready(2, "prepared");
	go(2, "measure", ABSENT);
	rig_expect(MESSAGE_ENDED);
	expect_result(2, "done");
	/* Clocks that are out of order are no reason to wait for an hour. */
	send_part(3, "client", "exit 0", NULL);
	expect_ready(3, "prepared");
	go(3, "measure", clock_raw_ns() + 3600 * NS_PER_S);
	assert_says(expect_result(3, "failed"), "instant");
	assert_goes_on(4);
}

/* ---- the others ---- */

/* A server that says its end. */
#define SERVER                                                                                     \
	"trap 'echo bye; exit 3' TERM; echo listening on 7000 >&2; while :; do sleep 0.02; done"

static void test_other(void **state)
{
	(void)state;
	send_part(1, "server", SERVER, "^listening on \\d+$");
	expect_ready(1, "prepared");
	go(1, "measure", ABSENT); /* it does not run yet */
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	go(1, "start", ABSENT); /* again */
	int64_t begin = clock_raw_ns();
	int64_t at = begin + 200 * NS_PER_MS;
	go(1, "measure", at);
	while (clock_raw_ns() < at + 300 * NS_PER_MS)
		usleep(10000);
	stop(1);
	stop(1);
	const struct message_result *r = expect_result(1, "done");
	assert_string_equal(r->role, "server");
	assert_int_equal(r->exit_code, 3);
	assert_memory_equal(r->stdout_data.data, "bye\n", 4);
	/* The window alone: from the instant on, at the latest until now. */
	int64_t time_ns = metric(r, "time");
	assert_true(time_ns > 0 && time_ns <= clock_raw_ns() - at);
	assert_true(metric(r, "memory.peak") > 0);
	assert_true(metric(r, "agent.time") >= 0);
	assert_goes_on(2);
}

/* What its preparation took is no part of the window, in counters neither. */
static void test_counters_of_the_window(void **state)
{
	static const char *const counters[] = {"task-clock"};
	struct message m = part(1, "server",
		"i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo up; exec sleep 1000");

	(void)state;
	m.assign.ready_pattern = "up";
	m.assign.counters = (struct list){counters, 1};
	rig_send(&m);
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	usleep(100000); /* until the shell has become sleep */
	go(1, "measure", ABSENT);
	usleep(50000);
	stop(1);
	const struct message_result *r = expect_result(1, "done");
	int64_t counted = metric(r, "task_clock"), user = metric(r, "time.user");
	/* Where there is no perf, or no control group, there is no such number. */
	assert_true(counted == ABSENT || counted < 20 * NS_PER_MS);
	assert_true(user == ABSENT || user < 20 * NS_PER_MS);
}

static void test_ready_at_once(void **state)
{
	(void)state;
	send_part(1, "server", "exec sleep 1000", NULL);
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	go(1, "measure", ABSENT);
	stop(1);
	assert_int_equal(expect_result(1, "done")->signal, SIGTERM);
}

/* A line that has not ended matches, but not by $. */
static void test_ready_by_an_unfinished_line(void **state)
{
	(void)state;
	send_part(1, "server", "printf 'listen'; sleep 0.2; printf 'ing> '; exec sleep 1000",
		"^(listen$|listening> )");
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	cancel(1);
	const struct message_result *r = expect_result(1, "cancelled");
	assert_memory_equal(r->stdout_data.data, "listening> ", 11);
}

/* A port that is ours, and not listened on yet. */
static int bind_somewhere(int64_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The "program" listens where the test does: it has no tool for that everywhere. */
static void test_ready_by_port(void **state)
{
	int64_t port;
	int fd = bind_somewhere(&port);
	struct message m = part(1, "server", "exec sleep 1000");

	(void)state;
	m.assign.ready_port = port;
	assert_int_equal(listen(fd, 1), 0);
	rig_send(&m);
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	assert_says(expect_result(1, "failed"), "before the program is started");
	close(fd);
	fd = bind_somewhere(&port);
	m = part(2, "server", "exec sleep 1000");
	m.assign.ready_port = port;
	rig_send(&m);
	expect_ready(2, "prepared");
	go(2, "start", ABSENT);
	usleep(100000);
	assert_int_equal(listen(fd, 1), 0);
	expect_ready(2, "ready");
	close(fd);
	cancel(2);
	expect_result(2, "cancelled");
}

static void test_never_ready(void **state)
{
	struct message m = part(1, "server", "echo one; echo no such device >&2; exec sleep 1000");

	(void)state;
	m.assign.ready_pattern = "^listening";
	m.assign.ready_timeout_ns = 300 * NS_PER_MS;
	rig_send(&m);
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	const struct message_result *r = expect_result(1, "failed");
	assert_says(r, "not ready within 300ms");
	assert_says(r, "no such device");
	assert_int_equal(metric(r, "time"), ABSENT);
	send_part(2, "server", "echo bad port; exit 7", "^listening");
	expect_ready(2, "prepared");
	go(2, "start", ABSENT);
	r = expect_result(2, "failed");
	assert_says(r, "ended before it was ready: exit status 7");
	assert_says(r, "bad port");
	send_part(3, "server", "exit 0", "(((");
	expect_ready(3, "prepared");
	go(3, "start", ABSENT);
	assert_says(expect_result(3, "failed"), "bad pattern");
	/* Steps without end. */
	send_part(4, "server", "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!; exec sleep 1000",
		"^(a|aa)+$");
	expect_ready(4, "prepared");
	go(4, "start", ABSENT);
	assert_says(expect_result(4, "failed"), "too long");
	assert_goes_on(5);
}

static void test_ends_too_soon(void **state)
{
	_cleanup_free_ char *script = NULL, *end = xasprintf("%s/end", rig_dir);

	(void)state;
	script = xasprintf("echo up; until [ -e %s ]; do sleep 0.02; done; exit 3", end);
	send_part(1, "server", script, "up");
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	go(1, "measure", ABSENT);
	usleep(50000);
	assert_int_equal(close(open(end, O_CREAT | O_WRONLY, 0600)), 0);
	const struct message_result *r = expect_result(1, "failed");
	assert_string_equal(r->reason, "ended before the main role did: exit status 3");
	assert_true(metric(r, "time") > 0);
	assert_int_equal(r->exit_code, 3);
	/* Also one that ends well: it was to be there. */
	send_part(2, "server", "exit 0", NULL);
	expect_ready(2, "prepared");
	go(2, "start", ABSENT);
	expect_ready(2, "ready");
	assert_string_equal(expect_result(2, "failed")->reason,
		"ended before the main role did: exit status 0");
	/* Or never begins. */
	struct message m = part(3, "server", "");
	static const char *const argv[] = {"/no/such/program"};
	m.assign.command = (struct list){argv, 1};
	rig_send(&m);
	expect_ready(3, "prepared");
	go(3, "start", ABSENT);
	struct message *next = rig_next();
	if (next->type == MESSAGE_READY)
		next = rig_next();
	assert_string_equal(next->result.state, "failed");
	assert_says(&next->result, "No such file");
	assert_goes_on(4);
}

static void test_ignores_sigterm(void **state)
{
	(void)state;
	send_part(1, "server", "trap '' TERM; echo up; while :; do sleep 0.05; done", "up");
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	int64_t begin = clock_raw_ns();
	go(1, "measure", ABSENT);
	stop(1);
	const struct message_result *r = expect_result(1, "done");
	assert_int_equal(r->signal, SIGKILL);
	assert_says(r, "SIGTERM did not end it");
	/* The grace of two seconds is not in the window. */
	assert_true(metric(r, "time") < clock_raw_ns() - begin - 19 * NS_PER_S / 10);
}

/* A shell that dies at once of the same SIGTERM as the program that it waits for. */
static void test_grace_behind_a_shell(void **state)
{
	(void)state;
	send_part(1, "server",
		"(trap 'sleep 0.3; echo flushed; exit 0' TERM; echo up; "
		"while :; do sleep 0.02; done); true",
		"up");
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	go(1, "measure", ABSENT);
	stop(1);
	const struct message_result *r = expect_result(1, "done");
	assert_int_equal(r->stdout_kept, 11);
	assert_memory_equal(r->stdout_data.data, "up\nflushed\n", 11);
	assert_int_equal(
		r->flags.n > 0 && strcmp(*LIST_AT(&r->flags, const char *, 0), "leftovers") == 0,
		0);
}

/* Main was over, or had failed, before the others were measured. */
static void test_stop_before_measure(void **state)
{
	(void)state;
	send_part(1, "server", SERVER, NULL);
	expect_ready(1, "prepared");
	stop(1);
	expect_result(1, "failed");
	send_part(2, "server", SERVER, NULL);
	expect_ready(2, "prepared");
	go(2, "start", ABSENT);
	expect_ready(2, "ready");
	go(2, "measure", clock_raw_ns() + 20 * NS_PER_S);
	stop(2);
	const struct message_result *r = expect_result(2, "failed");
	assert_says(r, "before this one was measured");
	assert_goes_on(3);
}

static void test_cancel_anywhere(void **state)
{
	(void)state;
	send_part(1, "server", SERVER, "listening");
	expect_ready(1, "prepared");
	cancel(1);
	expect_result(1, "cancelled");
	send_part(2, "server", SERVER, "never");
	expect_ready(2, "prepared");
	go(2, "start", ABSENT);
	cancel(2);
	expect_result(2, "cancelled");
	send_part(3, "server", SERVER, "listening");
	expect_ready(3, "prepared");
	go(3, "start", ABSENT);
	expect_ready(3, "ready");
	go(3, "measure", ABSENT);
	usleep(30000);
	cancel(3);
	expect_result(3, "cancelled");
	send_part(4, "client", "exec sleep 1000", NULL);
	expect_ready(4, "prepared");
	go(4, "measure", clock_raw_ns() + 30 * NS_PER_S);
	usleep(30000);
	cancel(4);
	expect_result(4, "cancelled");
	send_part(5, "client", "exec sleep 1000", NULL);
	expect_ready(5, "prepared");
	go(5, "measure", ABSENT);
	usleep(30000);
	cancel(5);
	while (rig_inbox_at < rig_inbox_n)
		rig_inbox_at++;
	struct message *m = rig_next();
	if (m->type == MESSAGE_ENDED)
		m = rig_next();
	assert_string_equal(m->result.state, "cancelled");
	assert_goes_on(6);
}

static void test_unknown_address(void **state)
{
	static const char *const argv[] = {"/bin/echo", MARK_ADDRESS "database\003"};
	struct message m = part(1, "client", "");

	(void)state;
	m.assign.command = (struct list){argv, 2};
	rig_send(&m);
	expect_ready(1, "prepared");
	go(1, "measure", ABSENT);
	assert_says(expect_result(1, "failed"), "'database'");
	assert_goes_on(2);
}

/* ---- the coordinator is away ---- */

static void reconnect(void)
{
	char endpoint[256];

	strcpy(endpoint, rig_address);
	rig_close_server();
	rig_open_server(endpoint);
	rig_welcome();
}

static void test_said_again(void **state)
{
	(void)state;
	send_part(1, "server", SERVER, "listening");
	expect_ready(1, "prepared");
	reconnect();
	expect_ready(1, "prepared");
	go(1, "start", ABSENT);
	expect_ready(1, "ready");
	reconnect();
	expect_ready(1, "ready");
	go(1, "measure", ABSENT);
	stop(1);
	expect_result(1, "done");
}

static void test_lease(void **state)
{
	char endpoint[256];
	struct message m = part(1, "server", SERVER);

	(void)state;
	m.assign.lease_ns = NS_PER_S;
	rig_send(&m);
	expect_ready(1, "prepared");
	strcpy(endpoint, rig_address);
	rig_close_server();
	usleep(1500000);
	rig_open_server(endpoint);
	rig_welcome();
	assert_says(expect_result(1, "cancelled"), "nothing was heard of the coordinator for 1 s");
	/* Main goes on: its result is kept for whoever comes. */
	m = part(2, "client", "sleep 2; echo done");
	m.assign.lease_ns = NS_PER_S;
	rig_send(&m);
	expect_ready(2, "prepared");
	go(2, "measure", ABSENT);
	usleep(300000);
	rig_close_server();
	usleep(2500000);
	rig_open_server(endpoint);
	rig_welcome();
	struct message *said = rig_next();
	if (said->type == MESSAGE_ENDED)
		said = rig_next();
	assert_string_equal(said->result.state, "done");
}

static void test_on_disconnect(void **state)
{
	char endpoint[256];
	struct message m = part(1, NULL, "sleep 100");

	(void)state;
	strcpy(endpoint, rig_address);
	m.assign.lease_ns = NS_PER_S;
	m.assign.on_disconnect = "stop";
	rig_send(&m);
	m = part(2, NULL, "exit 0"); /* goes on without a coordinator, and needs none */
	m.assign.lease_ns = NS_PER_S;
	m.assign.on_disconnect = "finish";
	rig_send(&m);
	m = part(3, NULL, "exit 0");
	m.assign.lease_ns = NS_PER_S;
	m.assign.on_disconnect = "stop";
	rig_send(&m);
	rig_expect(MESSAGE_ACCEPT);
	rig_expect(MESSAGE_ACCEPT);
	rig_close_server();
	usleep(2000000);
	rig_open_server(endpoint);
	rig_welcome();
	assert_says(expect_result(1, "cancelled"), "limits.on_disconnect: stop");
	expect_result(2, "done"); /* and none of 3 */
	assert_goes_on(4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_begin, rig_end)
	const struct CMUnitTest tests[] = {
		TEST(test_main),
		TEST(test_main_at_once),
		TEST(test_other),
		TEST(test_counters_of_the_window),
		TEST(test_ready_at_once),
		TEST(test_ready_by_an_unfinished_line),
		TEST(test_ready_by_port),
		TEST(test_never_ready),
		TEST(test_ends_too_soon),
		TEST(test_ignores_sigterm),
		TEST(test_grace_behind_a_shell),
		TEST(test_stop_before_measure),
		TEST(test_cancel_anywhere),
		TEST(test_unknown_address),
		TEST(test_said_again),
		TEST(test_lease),
		TEST(test_on_disconnect),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
