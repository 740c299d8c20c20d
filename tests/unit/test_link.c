/* Real sockets on loopback, server and clients in one loop. */
#include "proto/clock.h"
#include "proto/link.h"
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <zmq.h>

#include <cmocka.h>

#define HANG_NS (120 * NS_PER_S) /* bounds a hang; no verdict on speed */

static struct loop *loop;
static struct link_server *server;
static struct keypair server_keys, trusted, stranger;

/* What came to the server. */
static struct {
	int n;
	char key[Z85_KEY_LEN + 1];
	struct route from;
	char text[64];
	size_t len;
} at_server;

struct peer {
	struct link_client *link;
	enum link_event last;
	int events[LINK_NO_HANDSHAKE + 1];
	int frames;
	char text[64];
	bool stop_on_frame, stop_on_event;
};

static bool is_trusted(void *arg, const char *public_key)
{
	(void)arg;
	return strcmp(public_key, trusted.public_key) == 0;
}

static void on_server_frame(
	void *arg, const struct route *from, const char *public_key, const void *data, size_t len)
{
	(void)arg;
	at_server.n++;
	at_server.from = *from;
	at_server.len = len;
	snprintf(at_server.key, sizeof at_server.key, "%s", public_key);
	snprintf(at_server.text, sizeof at_server.text, "%.*s", len < 60 ? (int)len : 60,
		(const char *)data);
	if (len < 1000)
		assert_int_equal(link_server_send(server, from, data, len), 0); /* an echo */
	else
		loop_stop(loop, 0);
}

static void on_frame(void *arg, const void *data, size_t len)
{
	struct peer *p = arg;

	p->frames++;
	snprintf(p->text, sizeof p->text, "%.*s", (int)len, (const char *)data);
	if (p->stop_on_frame)
		loop_stop(loop, 0);
}

static void on_event(void *arg, enum link_event event)
{
	struct peer *p = arg;

	p->last = event;
	p->events[event]++;
	if (p->stop_on_event)
		loop_stop(loop, 0);
}

static void on_hang(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	loop_stop(loop, 99);
}

static void run(void)
{
	struct loop_timer *t =
		loop_add_timer(loop, clock_monotonic_ns() + HANG_NS, 0, on_hang, NULL);

	assert_int_equal(loop_run(loop), 0);
	loop_cancel_timer(loop, t);
}

static void open_server(const char *endpoint)
{
	const struct link_server_handler h = {
		.is_trusted = is_trusted, .on_frame = on_server_frame};
	struct error err = {0};

	if (link_server_open(&server, loop, endpoint, &server_keys, &h, &err) < 0)
		fail_msg("%s", err.text);
}

static void open_peer(
	struct peer *p, const char *endpoint, const char *server_key, const struct keypair *keys)
{
	const struct link_client_handler h = {.on_frame = on_frame, .on_event = on_event, .arg = p};
	struct error err = {0};

	if (link_client_open(&p->link, loop, endpoint, server_key, keys, &h, &err) < 0)
		fail_msg("%s", err.text);
}

static int begin(void **state)
{
	(void)state;
	memset(&at_server, 0, sizeof at_server);
	loop = loop_new();
	if (keypair_generate(&server_keys, NULL) < 0 || keypair_generate(&trusted, NULL) < 0 ||
		keypair_generate(&stranger, NULL) < 0)
		return -1;
	open_server("tcp://127.0.0.1:*");
	return 0;
}

static int end(void **state)
{
	(void)state;
	link_server_close(server);
	loop_free(loop);
	return 0;
}

static void test_trusted_key(void **state)
{
	struct peer p = {.stop_on_event = true};

	(void)state;
	open_peer(&p, link_server_endpoint(server), server_keys.public_key, &trusted);
	assert_int_equal(
		link_client_send(p.link, "x", 1), -EAGAIN); /* nothing is queued for later */
	run();
	assert_int_equal(p.last, LINK_CONNECTED);
	p.stop_on_event = false;
	p.stop_on_frame = true;
	for (int i = 1; i <= 5; i++) {
		char text[32];
		snprintf(text, sizeof text, "frame %d", i);
		assert_int_equal(link_client_send(p.link, text, strlen(text)), 0);
		run();
		assert_int_equal(at_server.n, i);
		assert_string_equal(at_server.key, trusted.public_key);
		assert_string_equal(p.text, text);
	}
	link_client_close(p.link);
}

static void test_unknown_key(void **state)
{
	struct peer p = {.stop_on_event = true};

	(void)state;
	open_peer(&p, link_server_endpoint(server), server_keys.public_key, &stranger);
	run();
	assert_int_equal(p.last, LINK_REFUSED);
	assert_int_equal(link_client_send(p.link, "x", 1), -EAGAIN);
	assert_int_equal(at_server.n, 0);
	link_client_close(p.link);
}

static void test_wrong_server_key(void **state)
{
	struct peer p = {.stop_on_event = true};

	(void)state;
	open_peer(&p, link_server_endpoint(server), stranger.public_key, &trusted);
	run();
	assert_int_equal(p.last, LINK_NO_HANDSHAKE);
	assert_int_equal(p.events[LINK_CONNECTED], 0);
	assert_int_equal(at_server.n, 0);
	link_client_close(p.link);
}

/* A peer without CURVE gets nothing through. */
static void test_plain_peer(void **state)
{
	void *context = zmq_ctx_new(), *dealer = zmq_socket(context, ZMQ_DEALER);
	struct peer p = {.stop_on_frame = true};
	int linger = 0;

	(void)state;
	zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger);
	assert_int_equal(zmq_connect(dealer, link_server_endpoint(server)), 0);
	zmq_send(dealer, "plain", 5, ZMQ_DONTWAIT);
	/* One that is trusted has a whole conversation meanwhile. */
	open_peer(&p, link_server_endpoint(server), server_keys.public_key, &trusted);
	p.stop_on_event = true;
	run();
	p.stop_on_event = false;
	assert_int_equal(link_client_send(p.link, "curve", 5), 0);
	run();
	assert_string_equal(at_server.text, "curve");
	assert_int_equal(at_server.n, 1);
	zmq_close(dealer);
	zmq_ctx_term(context);
	link_client_close(p.link);
}

static void test_two_peers_with_one_key(void **state)
{
	struct peer p[2] = {{.stop_on_event = true}, {.stop_on_event = true}};
	struct route routes[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_peer(&p[i], link_server_endpoint(server), server_keys.public_key, &trusted);
		run();
		p[i].stop_on_event = false;
		p[i].stop_on_frame = true;
		assert_int_equal(link_client_send(p[i].link, "hello", 5), 0);
		run();
		routes[i] = at_server.from;
	}
	assert_false(route_equal(&routes[0], &routes[1]));
	assert_int_equal(link_server_send(server, &routes[0], "first", 5), 0);
	run();
	assert_string_equal(p[0].text, "first");
	assert_string_equal(p[1].text, "hello");
	link_client_close(p[0].link);
	link_client_close(p[1].link);
}

static void on_look(void *arg, int64_t now_ns)
{
	(void)now_ns;
	if (link_server_send(server, arg, "x", 1) == -EHOSTUNREACH)
		loop_stop(loop, 0);
}

static void test_peer_goes(void **state)
{
	struct peer p = {.stop_on_event = true};
	struct loop_timer *look;
	struct route from;

	(void)state;
	open_peer(&p, link_server_endpoint(server), server_keys.public_key, &trusted);
	run();
	p.stop_on_event = false;
	p.stop_on_frame = true;
	assert_int_equal(link_client_send(p.link, "hello", 5), 0);
	run();
	from = at_server.from;
	link_client_close(p.link);
	look = loop_add_timer(loop, 0, 5 * NS_PER_MS, on_look, &from);
	run();
	loop_cancel_timer(loop, look);
	/* A route that never was. */
	assert_int_equal(
		link_server_send(server, &(struct route){.len = 5, .id = {0, 9, 9, 9, 9}}, "x", 1),
		-EHOSTUNREACH);
	assert_int_equal(link_server_send(server, &(struct route){0}, "x", 1), -EHOSTUNREACH);
}

static void test_server_comes_back(void **state)
{
	struct peer p = {.stop_on_event = true};
	_cleanup_free_ char *endpoint = xstrdup(link_server_endpoint(server));

	(void)state;
	open_peer(&p, endpoint, server_keys.public_key, &trusted);
	run();
	assert_int_equal(p.last, LINK_CONNECTED);
	link_server_close(server);
	run();
	assert_int_equal(p.last, LINK_DISCONNECTED);
	open_server(endpoint);
	while (p.last != LINK_CONNECTED)
		run();
	assert_int_equal(p.events[LINK_CONNECTED], 2);
	link_client_close(p.link);
}

/* The largest frame goes through; a larger one costs the connection, not the server. */
static void test_large_frames(void **state)
{
	_cleanup_free_ char *data = xcalloc(1, LINK_MAX_FRAME + 100);
	struct peer p = {.stop_on_event = true};

	(void)state;
	open_peer(&p, link_server_endpoint(server), server_keys.public_key, &trusted);
	run();
	assert_int_equal(link_client_send(p.link, data, LINK_MAX_FRAME), 0);
	run();
	assert_int_equal(at_server.n, 1);
	assert_int_equal(at_server.len, LINK_MAX_FRAME);
	assert_int_equal(link_client_send(p.link, data, LINK_MAX_FRAME + 100), 0);
	run();
	assert_int_equal(p.last, LINK_DISCONNECTED);
	assert_int_equal(at_server.n, 1);
	link_client_close(p.link);
}

static void test_cannot_open(void **state)
{
	const struct link_server_handler h = {
		.is_trusted = is_trusted, .on_frame = on_server_frame};
	const struct link_client_handler c = {.on_frame = on_frame, .on_event = on_event};
	struct link_server *s = NULL;
	struct link_client *l = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(
		link_server_open(&s, loop, link_server_endpoint(server), &server_keys, &h, &err),
		-EADDRINUSE);
	assert_non_null(strstr(err.text, link_server_endpoint(server)));
	assert_true(link_server_open(&s, loop, "nonsense", &server_keys, &h, &err) < 0);
	assert_int_equal(
		link_client_open(&l, loop, "tcp://127.0.0.1:1", "short", &trusted, &c, &err),
		ERR_USAGE);
	assert_true(link_client_open(
			    &l, loop, "nonsense", server_keys.public_key, &trusted, &c, &err) < 0);
	link_client_close(NULL);
	link_server_close(NULL);
}

static void test_endpoint(void **state)
{
	static const struct {
		const char *address, *endpoint;
	} v[] = {
		{"lab07", "tcp://lab07:7710"},
		{"lab07:80", "tcp://lab07:80"},
		{"tcp://lab07", "tcp://lab07:7710"},
		{"tcp://10.0.0.1:7711", "tcp://10.0.0.1:7711"},
		{"[::1]", "tcp://[::1]:7710"},
		{"[::1]:80", "tcp://[::1]:80"},
		{"tcp://[fe80::1]:1", "tcp://[fe80::1]:1"},
		{"", NULL},
		{"tcp://", NULL},
		{"udp://x", NULL},
		{"a b", NULL},
		{"a/b", NULL},
		{"lab07:0", "tcp://lab07:0"},
		{"lab07:*", "tcp://lab07:*"},
		{"lab07:65535", "tcp://lab07:65535"},
		{"tcp://lab07:77100", NULL}, /* libzmq would take 11564 */
		{"lab07:", NULL},
		{"lab07:http", NULL},
		{"lab07:-1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct error err = {0};
		_cleanup_free_ char *got = link_endpoint(v[i].address, &err);
		if (v[i].endpoint == NULL) {
			assert_null(got);
			assert_int_equal(err.code, ERR_USAGE);
		} else {
			assert_string_equal(got, v[i].endpoint);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trusted_key, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_key, begin, end),
		cmocka_unit_test_setup_teardown(test_wrong_server_key, begin, end),
		cmocka_unit_test_setup_teardown(test_plain_peer, begin, end),
		cmocka_unit_test_setup_teardown(test_two_peers_with_one_key, begin, end),
		cmocka_unit_test_setup_teardown(test_peer_goes, begin, end),
		cmocka_unit_test_setup_teardown(test_server_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(test_large_frames, begin, end),
		cmocka_unit_test_setup_teardown(test_cannot_open, begin, end),
		cmocka_unit_test(test_endpoint),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
