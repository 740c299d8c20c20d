/* When a program that others wait for is ready, and the table of what it goes through. */
#include "agent/part_state.h"
#include "agent/ready.h"
#include "agent/render.h"

#include "proto/pattern.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

static int add(struct ready_lines *l, int stream, const char *text)
{
	struct error err = {0};

	return ready_lines_add(l, stream, text, strlen(text), &err);
}

static struct ready_lines *lines(const char *pattern)
{
	struct error err = {0};
	struct ready_lines *l = ready_lines_new(pattern, &err);

	if (l == NULL)
		fail_msg("%s", err.text);
	return l;
}

static void test_lines(void **state)
{
	struct ready_lines *l = lines("^ready (on|at) \\d+$");

	(void)state;
	assert_int_equal(add(l, 0, "not ready on 1\nready on "), 0);
	assert_int_equal(add(l, 1, "7\n"), 0); /* of another stream */
	assert_int_equal(add(l, 0, "80"), 0);  /* it goes on, perhaps */
	assert_int_equal(add(l, 0, "x\n\n"), 0);
	assert_int_equal(add(l, 0, "a\nb\nready at 5\nc\n"), 1);
	ready_lines_free(l);
	l = lines("> ");
	assert_int_equal(add(l, 1, "x\nprompt> "), 1);
	ready_lines_free(l);
	l = lines("é$");
	assert_int_equal(add(l, 0, "\xff\xc3"), 0);
	assert_int_equal(add(l, 0, "\xa9\n"), 1);
	ready_lines_free(l);
	ready_lines_free(NULL);
}

/* What never ends takes no memory without end, nor time. */
static void test_long_lines(void **state)
{
	struct ready_lines *l = lines("end$");
	_cleanup_free_ char *text = xcalloc(READY_LINE_MAX + 1, 1);

	(void)state;
	memset(text, 'x', READY_LINE_MAX);
	for (int i = 0; i < 20; i++)
		assert_int_equal(add(l, 0, text), 0);
	assert_int_equal(add(l, 0, "end\n"), 0); /* of a line that was given up */
	assert_int_equal(add(l, 0, "end\n"), 1);
	ready_lines_free(l);
	l = lines("^(x|xx)+$");
	text[60] = '!';
	text[61] = '\n';
	text[62] = '\0';
	assert_int_equal(add(l, 0, text), -E2BIG);
	ready_lines_free(l);
}

static void test_patterns(void **state)
{
	struct error err = {0};
	struct pattern *p;

	(void)state;
	assert_null(ready_lines_new("a(", &err));
	assert_non_null(strstr(err.text, "'a('"));
	assert_non_null(strstr(err.text, "at character 3"));
	p = pattern_new("^b$", &err);
	assert_int_equal(pattern_matches(p, "a\nb\nc", 5, true), 1);
	assert_int_equal(pattern_matches(p, "a\nb", 3, true), 1);
	assert_int_equal(pattern_matches(p, "a\nb", 3, false), 0);
	assert_int_equal(pattern_matches(p, "", 0, true), 0);
	pattern_free(p);
	pattern_free(NULL);
}

static void look_at(int family, const struct sockaddr *a, socklen_t len)
{
	struct sockaddr_storage own;
	struct error err = {0};
	socklen_t own_len = sizeof own;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, a, len) < 0) { /* a kernel without IPv6 */
		if (fd >= 0)
			close(fd);
		return;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &own_len), 0);
	int64_t port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port
					       : ((struct sockaddr_in6 *)&own)->sin6_port);
	assert_int_equal(ready_port_listens(port, &err), 0); /* bound is not enough */
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(ready_port_listens(port, &err), 1);
	close(fd);
	assert_int_equal(ready_port_listens(port, &err), 0);
}

static void test_ports(void **state)
{
	const struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	(void)state;
	look_at(AF_INET, (const struct sockaddr *)&four, sizeof four);
	look_at(AF_INET6, (const struct sockaddr *)&six, sizeof six);
}

/* ---- addresses ---- */

static void test_addresses(void **state)
{
	static const struct message_pair pairs[] = {{"server", "10.0.0.1"}, {"db", "db.lab"}};
	static const struct list addresses = {pairs, 2};
	static const char *const argv[] = {"a",
		"http://" MARK_ADDRESS "server\003:80/" MARK_ADDRESS "db\003" MARK_TMP,
		MARK_ADDRESS "unended", MARK_ADDRESS "other\003."};
	static const struct message_pair env[] = {{"DB", MARK_ADDRESS "db\003"}};
	struct render_context c = {.directory = "/d",
		.tmp = "/t",
		.cpu_list = "0",
		.threads = ABSENT,
		.addresses = &addresses};
	struct rendered r;
	struct message m;

	(void)state;
	message_init(&m, MESSAGE_ASSIGN);
	m.assign.command = (struct list){argv, 4};
	m.assign.env = (struct list){env, 1};
	render_run(&r, &m.assign, &c);
	assert_string_equal(r.argv[1], "http://10.0.0.1:80/db.lab/t");
	assert_string_equal(r.argv[2], argv[2]);
	assert_string_equal(r.argv[3], ".");
	rendered_done(&r);
	assert_string_equal(render_lacks_address(&m.assign, &addresses), "other");
	m.assign.command.n = 3;
	assert_null(render_lacks_address(&m.assign, &addresses));
	m.assign.command.n = 1;
	assert_string_equal(render_lacks_address(&m.assign, &(struct list){pairs, 1}), "db");
	assert_string_equal(render_lacks_address(&m.assign, NULL), "db");
}

/* ---- the table ---- */

static enum part_state follow(bool is_main, const enum part_event *events, size_t n)
{
	enum part_state s = PART_PREPARING;

	for (size_t i = 0; i < n && s != PART_N; i++)
		s = part_state_next(s, events[i], is_main);
	return s;
}

static void test_table(void **state)
{
	static const enum part_event server[] = {PART_IS_PREPARED, PART_GO_START, PART_IS_READY,
		PART_GO_MEASURE, PART_INSTANT, PART_STOP, PART_EXIT};
	static const enum part_event client[] = {
		PART_IS_PREPARED, PART_GO_MEASURE, PART_INSTANT, PART_EXIT};

	(void)state;
	assert_int_equal(follow(false, server, ARRAY_SIZE(server)), PART_OVER);
	assert_int_equal(follow(true, client, ARRAY_SIZE(client)), PART_OVER);
	/* main is not stopped, nor started before it is measured; nothing is without its end */
	for (enum part_state s = 0; s < PART_N; s++) {
		assert_non_null(part_state_name(s));
		assert_int_equal(part_state_next(s, PART_STOP, true), PART_N);
		assert_int_equal(part_state_next(s, PART_GO_START, true), PART_N);
		if (s != PART_OVER)
			assert_int_equal(part_state_next(s, PART_EXIT, false), PART_OVER);
	}
	/* Twice is once. */
	assert_int_equal(part_state_next(PART_STARTING, PART_GO_START, false), PART_N);
	assert_int_equal(part_state_next(PART_DUE, PART_GO_MEASURE, true), PART_N);
	assert_int_equal(part_state_next(PART_ENDING, PART_STOP, false), PART_N);
	for (enum part_event e = 0; e < PART_EVENT_N; e++)
		assert_int_equal(part_state_next(PART_OVER, e, false), PART_N);
	assert_true(part_state_needs_word(PART_PREPARED, true));
	assert_true(part_state_needs_word(PART_MEASURED, false));
	assert_false(part_state_needs_word(PART_MEASURED, true));
	assert_false(part_state_needs_word(PART_PREPARING, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
