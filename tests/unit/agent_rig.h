/*
 * agent_rig.h - a real agent in a child process against a coordinator that is a test: one a test
 * program
 */
#ifndef TESTS_UNIT_AGENT_RIG_H
#define TESTS_UNIT_AGENT_RIG_H

#include "agent/connection.h"
#include "proto/clock.h"
#include "proto/link.h"
#include "proto/log.h"
#include "proto/message.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#define RIG_INBOX    1024
#define RIG_LIMIT_NS (120 * NS_PER_S) /* bounds a hang */

static char rig_dir[64], rig_address[256];
static struct loop *rig_loop;
static struct link_server *rig_server;
static struct keypair rig_keys;
static struct route rig_route;
static pid_t rig_agent;
static int64_t rig_sequence;
static struct {
	struct message m;
	char *data;
} rig_inbox[RIG_INBOX];
static size_t rig_inbox_n, rig_inbox_at;

static inline bool rig_trusts(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	return true;
}

static inline void rig_on_frame(
	void *arg, const struct route *from, const char *key, const void *data, size_t len)
{
	struct error err = {0};

	(void)arg;
	(void)key;
	rig_route = *from;
	assert_true(rig_inbox_n < RIG_INBOX);
	rig_inbox[rig_inbox_n].data = xmalloc(len);
	memcpy(rig_inbox[rig_inbox_n].data, data, len);
	if (message_decode(&rig_inbox[rig_inbox_n].m, rig_inbox[rig_inbox_n].data, len, &err) < 0)
		fail_msg("%s", err.text);
	rig_inbox_n++;
	loop_stop(rig_loop, 0);
}

static inline void rig_on_deadline(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	fail_msg("the agent says nothing");
}

static inline void rig_send(struct message *m)
{
	struct buf b = BUF_INIT;

	m->version = PROTOCOL_MAJOR;
	m->sequence = ++rig_sequence;
	m->epoch = 1;
	message_encode(m, &b);
	assert_int_equal(link_server_send(rig_server, &rig_route, b.data, b.len), 0);
	buf_done(&b);
}

static inline void rig_answer(const struct message_ping *ping)
{
	struct message m;

	message_init(&m, MESSAGE_PONG);
	m.pong = (struct message_pong){ping->t1, clock_raw_ns(), clock_raw_ns()};
	rig_send(&m);
}

/* The next message but PING, which is answered, and STARTED. */
static inline struct message *rig_next(void)
{
	while (true) {
		while (rig_inbox_at == rig_inbox_n) {
			struct loop_timer *t = loop_add_timer(rig_loop,
				clock_monotonic_ns() + RIG_LIMIT_NS, 0, rig_on_deadline, NULL);
			loop_run(rig_loop);
			loop_cancel_timer(rig_loop, t);
		}
		struct message *m = &rig_inbox[rig_inbox_at++].m;
		if (m->type == MESSAGE_PING)
			rig_answer(&m->ping);
		else if (m->type != MESSAGE_STARTED)
			return m;
	}
}

static inline struct message *rig_expect(enum message_type type)
{
	struct message *m = rig_next();

	if (m->type == MESSAGE_RESULT && type != MESSAGE_RESULT)
		fail_msg("RESULT came, not %s: %s: %s", message_type_name(type), m->result.state,
			m->result.reason);
	if (m->type != type)
		fail_msg("%s came, not %s", message_type_name(m->type), message_type_name(type));
	return m;
}

static inline void rig_welcome(void)
{
	struct message m;

	rig_expect(MESSAGE_HELLO);
	message_init(&m, MESSAGE_WELCOME);
	m.welcome = (struct message_welcome){.version = JOULERIG_VERSION,
		.minor = PROTOCOL_MINOR,
		.name = "test",
		.role = "agent",
		.store = {{5, 5, 5}},
		.heartbeat_ns = HEARTBEAT_NS,
		.lease_ns = LEASE_NS,
		.credit = 1024 * 1024};
	rig_send(&m);
}

static inline void rig_open_server(const char *endpoint)
{
	struct error err = {0};
	const struct link_server_handler h = {.is_trusted = rig_trusts, .on_frame = rig_on_frame};

	if (link_server_open(&rig_server, rig_loop, endpoint, &rig_keys, &h, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(rig_address, sizeof rig_address, "%s", link_server_endpoint(rig_server));
}

static inline void rig_close_server(void)
{
	link_server_close(rig_server);
	rig_server = NULL;
	for (size_t i = 0; i < rig_inbox_n; i++) {
		message_done(&rig_inbox[i].m);
		free(rig_inbox[i].data);
	}
	rig_inbox_n = rig_inbox_at = 0;
}

static inline void rig_serve(int ready)
{
	struct error err = {0};
	_cleanup_free_ char *state = xasprintf("%s/state", rig_dir);

	if (read(ready, rig_address, sizeof rig_address) <= 0)
		_exit(9);
	const struct connection_options o = {.coordinator = rig_address,
		.server_key = rig_keys.public_key,
		.state = state,
		.cache = ABSENT,
		.name = "testhost"};
	log_setup("joulerig-agent", LOG_LEVEL_ERROR);
	exit(connection_serve(&o, &err));
}

/* The agent, and WELCOME said to it. */
static inline int rig_begin(void **state)
{
	struct error err = {0};
	int ready[2];

	(void)state;
	strcpy(rig_dir, "/tmp/joulerig-test-agent.XXXXXX");
	if (mkdtemp(rig_dir) == NULL || keypair_generate(&rig_keys, &err) < 0 || pipe(ready) < 0)
		return -1;
	rig_agent = fork();
	if (rig_agent == 0) { /* before there is a socket, which it must not have */
		close(ready[1]);
		rig_serve(ready[0]);
	}
	close(ready[0]);
	rig_loop = loop_new();
	rig_open_server("tcp://127.0.0.1:*");
	assert_int_equal(write(ready[1], rig_address, sizeof rig_address), sizeof rig_address);
	close(ready[1]);
	rig_welcome();
	return 0;
}

static inline int rig_end(void **state)
{
	char command[128];

	(void)state;
	kill(rig_agent, SIGTERM);
	waitpid(rig_agent, NULL, 0);
	rig_close_server();
	loop_free(rig_loop);
	snprintf(command, sizeof command, "rm -r %s", rig_dir);
	return system(command);
}

#endif
