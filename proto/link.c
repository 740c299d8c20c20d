#include "proto/link.h"

#include "proto/units.h"
#include <errno.h>
#include <stdio.h>
#include <zmq.h>

/* A draft constant in libzmq's header, honoured by the stable library; checked when the server
 * opens. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN   "joulerig"

enum {
	HANDSHAKE_MS = 5000, /* a silent peer is dropped after this */
	/* ZMTP's own, answered by the I/O thread: proves the path. Only clients ask: libzmq goes
	 * through the timers of all peers whenever one of them answers. A server finds out by TCP.
	 */
	HEARTBEAT_MS = 15000,
	HEARTBEAT_TIMEOUT_MS = 20000,
	TCP_MAXRT_MS = 20000, /* unacknowledged data: keepalives never fire then */
	CONNECT_MS = 5000,
	RECONNECT_MS = 100,
	RECONNECT_MAX_MS = 5000,
	LINGER_MS = 1000,
	HIGH_WATER = 4096, /* messages; credit and the protocol keep queues far below */
	BACKLOG = 4096,
	CURVE_BYTES = 64, /* ZMQ_MAXMSGSIZE counts what is on the wire: 33 bytes more than the frame
			     (RFC 26) */
	/* What is taken in one go, so that timers and commits get their turn. */
	BUDGET = 256, /* frames */
	BUDGET_BYTES = 16 * 1024 * 1024,
};

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* What both sides share. The linger is set before anything else: a socket that lingers for ever
 * hangs the exit. */
static int set_common(void *socket)
{
	int64_t max = LINK_MAX_FRAME + CURVE_BYTES;

	return set_int(socket, ZMQ_LINGER, LINGER_MS) | set_int(socket, ZMQ_SNDHWM, HIGH_WATER) |
	       set_int(socket, ZMQ_RCVHWM, HIGH_WATER) |
	       set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) |
	       set_int(socket, ZMQ_TCP_MAXRT, TCP_MAXRT_MS) |
	       set_int(socket, ZMQ_TCP_KEEPALIVE, 1) | set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, 30) |
	       set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, 5) |
	       set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, 3) |
	       zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
}

/* ---- the coordinator's side ---- */

struct link_server {
	void *context, *router, *zap;
	struct loop *loop;
	struct link_server_handler handler;
	char endpoint[256];
};

/* A part of a ZAP request into text; false where it is too long. */
static bool part_text(zmq_msg_t *m, char *out, size_t size)
{
	size_t n = zmq_msg_size(m);

	if (n >= size)
		return false;
	memcpy(out, zmq_msg_data(m), n);
	out[n] = '\0';
	return true;
}

/*
 * Answer one ZAP request (RFC 27): [route][""]["1.0"][id][domain][address][identity]["CURVE"][key].
 * Anything that is not exactly that is refused. The user id of the answer is the key in Z85: libzmq
 * attaches it to each frame of that peer.
 */
static void answer_zap(struct link_server *s, zmq_msg_t parts[9], size_t n)
{
	char key[Z85_KEY_LEN + 1] = "", mechanism[16] = "";
	bool trusted = false;

	if (n == 9 && zmq_msg_size(&parts[8]) == 32 &&
		part_text(&parts[7], mechanism, sizeof mechanism) &&
		strcmp(mechanism, "CURVE") == 0) {
		zmq_z85_encode(key, zmq_msg_data(&parts[8]), 32);
		trusted = s->handler.is_trusted(s->handler.arg, key);
	}
	if (n < 4)
		return;
	zmq_msg_send(&parts[0], s->zap, ZMQ_SNDMORE);
	zmq_send(s->zap, "", 0, ZMQ_SNDMORE);
	zmq_send(s->zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_msg_send(&parts[3], s->zap, ZMQ_SNDMORE);
	zmq_send(s->zap, trusted ? "200" : "400", 3, ZMQ_SNDMORE);
	zmq_send(s->zap, trusted ? "OK" : "No", 2, ZMQ_SNDMORE);
	zmq_send(s->zap, key, trusted ? strlen(key) : 0, ZMQ_SNDMORE);
	zmq_send(s->zap, "", 0, 0);
}

static void on_zap(void *arg, void *socket)
{
	struct link_server *s = arg;
	zmq_msg_t parts[9];
	size_t n = 0;
	int more = 1;

	while (more) {
		zmq_msg_t m;
		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&m);
			break;
		}
		more = zmq_msg_more(&m);
		if (n < ARRAY_SIZE(parts)) {
			zmq_msg_init(&parts[n]);
			zmq_msg_move(&parts[n++], &m);
		} else {
			n = ARRAY_SIZE(parts); /* too long: the key check fails on its own terms */
		}
		zmq_msg_close(&m);
	}
	if (n > 0)
		answer_zap(s, parts, n);
	for (size_t i = 0; i < n; i++)
		zmq_msg_close(&parts[i]);
}

/* One message [route][frame], its bytes added to *bytes; false where none waits. Messages of any
 * other form are dropped. */
static bool receive_one(struct link_server *s, size_t *bytes)
{
	struct route from = {0};
	zmq_msg_t id, frame;
	bool good = true;

	zmq_msg_init(&id);
	if (zmq_msg_recv(&id, s->router, ZMQ_DONTWAIT) < 0) {
		zmq_msg_close(&id);
		return false;
	}
	if (zmq_msg_size(&id) > sizeof from.id || !zmq_msg_more(&id)) {
		good = false;
	} else {
		from.len = (uint8_t)zmq_msg_size(&id);
		memcpy(from.id, zmq_msg_data(&id), from.len);
	}
	zmq_msg_init(&frame);
	if (zmq_msg_more(&id) && zmq_msg_recv(&frame, s->router, ZMQ_DONTWAIT) >= 0) {
		int more = zmq_msg_more(&frame);
		*bytes += zmq_msg_size(&frame);
		/* The key is read from the payload frame: after a poll the id frame of libzmq 4.3.4
		 * has no metadata. */
		const char *key = zmq_msg_gets(&frame, "User-Id");
		while (more) {
			zmq_msg_t rest;
			zmq_msg_init(&rest);
			more = zmq_msg_recv(&rest, s->router, ZMQ_DONTWAIT) >= 0 &&
			       zmq_msg_more(&rest);
			*bytes += zmq_msg_size(&rest);
			zmq_msg_close(&rest);
			good = false;
		}
		if (good && key != NULL && strlen(key) == Z85_KEY_LEN)
			s->handler.on_frame(s->handler.arg, &from, key, zmq_msg_data(&frame),
				zmq_msg_size(&frame));
	}
	zmq_msg_close(&frame);
	zmq_msg_close(&id);
	return true;
}

static void on_router(void *arg, void *socket)
{
	size_t bytes = 0;

	(void)socket;
	for (int i = 0; i < BUDGET && bytes < BUDGET_BYTES && receive_one(arg, &bytes); i++)
		;
}

static int open_server_sockets(
	struct link_server *s, const char *endpoint, const struct keypair *keys, struct error *err)
{
	size_t size = sizeof s->endpoint;

	s->context = zmq_ctx_new();
	zmq_ctx_set(s->context, ZMQ_BLOCKY, 0);
	zmq_ctx_set(s->context, ZMQ_MAX_SOCKETS, 65535);
	s->zap = zmq_socket(s->context, ZMQ_ROUTER);
	if (s->zap == NULL || set_int(s->zap, ZMQ_LINGER, 0) != 0 ||
		zmq_bind(s->zap, ZAP_ENDPOINT) != 0)
		return error_set(err, ERR_INTERNAL, "link: no authentication handler: %s",
			zmq_strerror(errno));
	s->router = zmq_socket(s->context, ZMQ_ROUTER);
	if (s->router == NULL || set_common(s->router) != 0 ||
		set_int(s->router, ZMQ_ROUTER_MANDATORY, 1) != 0 ||
		set_int(s->router, ZMQ_BACKLOG, BACKLOG) != 0 ||
		set_int(s->router, ZMQ_CURVE_SERVER, 1) != 0 ||
		zmq_setsockopt(s->router, ZMQ_CURVE_SECRETKEY, keys->secret_key, Z85_KEY_LEN + 1) !=
			0 ||
		zmq_setsockopt(s->router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
		set_int(s->router, ZMQ_ZAP_ENFORCE_DOMAIN, 1) != 0)
		return error_set(err, ERR_INTERNAL, "link: this libzmq cannot enforce keys: %s",
			zmq_strerror(errno));
	/* Otherwise libzmq would show an IPv4 address as one of IPv6. */
	if (strchr(endpoint, '[') != NULL)
		set_int(s->router, ZMQ_IPV6, 1);
	/* Names are those of interfaces to libzmq here, so that a host's name is ENODEV. Either may
	 * come yet, as at boot: it is tried again by a service manager. */
	if (zmq_bind(s->router, endpoint) == 0) {
		zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, s->endpoint, &size);
		return 0;
	}
	if (errno == ENODEV || errno == EADDRNOTAVAIL)
		return error_set(err, ERR_UNAVAILABLE,
			"link: cannot listen on %s: that is no address of this machine; give one "
			"of its addresses in numbers, or tcp://0.0.0.0:%d for all of them",
			endpoint, LINK_DEFAULT_PORT);
	return error_set(err, -errno, "link: cannot listen on %s: %s%s", endpoint,
		zmq_strerror(errno),
		errno == EADDRINUSE
			? "; another program has it, a coordinator perhaps: end that, or "
			  "give another --listen"
			: "");
}

int link_server_open(struct link_server **out, struct loop *loop, const char *endpoint,
	const struct keypair *keys, const struct link_server_handler *handler, struct error *err)
{
	struct link_server *s = xcalloc(1, sizeof *s);

	s->loop = loop;
	s->handler = *handler;
	int r = open_server_sockets(s, endpoint, keys, err);
	if (r < 0) {
		link_server_close(s);
		return r;
	}
	loop_watch_socket(loop, s->zap, on_zap, s);
	loop_watch_socket(loop, s->router, on_router, s);
	*out = s;
	return 0;
}

const char *link_server_endpoint(const struct link_server *s)
{
	return s->endpoint;
}

int link_server_send(struct link_server *s, const struct route *to, const void *data, size_t len)
{
	if (zmq_send(s->router, to->id, to->len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
		return -errno;
	return zmq_send(s->router, data, len, ZMQ_DONTWAIT) < 0 ? -errno : 0;
}

void link_server_close(struct link_server *s)
{
	if (s == NULL)
		return;
	if (s->router != NULL) {
		loop_unwatch_socket(s->loop, s->router);
		zmq_close(s->router);
	}
	if (s->zap != NULL) {
		loop_unwatch_socket(s->loop, s->zap);
		zmq_close(s->zap);
	}
	if (s->context != NULL)
		zmq_ctx_term(s->context);
	free(s);
}

/* ---- an agent's or a user's side ---- */

struct link_client {
	void *context, *dealer, *monitor;
	struct loop *loop;
	struct link_client_handler handler;
	bool is_connected; /* handshake done */
	bool has_tcp;      /* something accepted, handshake not done yet */
};

static void tell(struct link_client *c, enum link_event event)
{
	if (c->handler.on_event != NULL)
		c->handler.on_event(c->handler.arg, event);
}

static void on_monitor_event(struct link_client *c, uint16_t event)
{
	bool was_connected = c->is_connected, had_tcp = c->has_tcp;

	switch (event) {
	case ZMQ_EVENT_CONNECTED:
		c->has_tcp = true;
		break;
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		c->is_connected = true;
		tell(c, LINK_CONNECTED);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		c->has_tcp = false;
		tell(c, LINK_REFUSED);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
	case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		c->has_tcp = false;
		tell(c, LINK_NO_HANDSHAKE);
		break;
	case ZMQ_EVENT_DISCONNECTED:
	case ZMQ_EVENT_CLOSED:
		c->is_connected = c->has_tcp = false;
		if (was_connected)
			tell(c, LINK_DISCONNECTED);
		else if (had_tcp)
			tell(c, LINK_NO_HANDSHAKE);
		break;
	default:
		break;
	}
}

/* A monitor message: [event u16, value u32][endpoint]. */
static void on_monitor(void *arg, void *socket)
{
	struct link_client *c = arg;

	for (int i = 0; i < BUDGET; i++) {
		uint8_t head[6];
		char endpoint[512];
		uint16_t event;
		if (zmq_recv(socket, head, sizeof head, ZMQ_DONTWAIT) < 0)
			return;
		zmq_recv(socket, endpoint, sizeof endpoint, ZMQ_DONTWAIT);
		memcpy(&event, head, sizeof event);
		on_monitor_event(c, event);
	}
}

static void on_dealer(void *arg, void *socket)
{
	struct link_client *c = arg;

	for (int i = 0; i < BUDGET; i++) {
		zmq_msg_t m;
		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&m);
			return;
		}
		if (!zmq_msg_more(&m))
			c->handler.on_frame(c->handler.arg, zmq_msg_data(&m), zmq_msg_size(&m));
		zmq_msg_close(&m);
	}
}

static int open_client_sockets(struct link_client *c, const char *endpoint, const char *server_key,
	const struct keypair *keys, struct error *err)
{
	char monitor[64];

	snprintf(monitor, sizeof monitor, "inproc://monitor-%p", (void *)c);
	c->context = zmq_ctx_new();
	zmq_ctx_set(c->context, ZMQ_BLOCKY, 0);
	c->dealer = zmq_socket(c->context, ZMQ_DEALER);
	/* IMMEDIATE: what cannot go now stays with us, where it can be counted. */
	if (c->dealer == NULL || set_common(c->dealer) != 0 ||
		set_int(c->dealer, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) != 0 ||
		set_int(c->dealer, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) != 0 ||
		set_int(c->dealer, ZMQ_IMMEDIATE, 1) != 0 || set_int(c->dealer, ZMQ_IPV6, 1) != 0 ||
		set_int(c->dealer, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) != 0 ||
		set_int(c->dealer, ZMQ_RECONNECT_IVL, RECONNECT_MS) != 0 ||
		set_int(c->dealer, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) != 0 ||
		zmq_setsockopt(c->dealer, ZMQ_CURVE_SERVERKEY, server_key, Z85_KEY_LEN + 1) != 0 ||
		zmq_setsockopt(c->dealer, ZMQ_CURVE_PUBLICKEY, keys->public_key, Z85_KEY_LEN + 1) !=
			0 ||
		zmq_setsockopt(c->dealer, ZMQ_CURVE_SECRETKEY, keys->secret_key, Z85_KEY_LEN + 1) !=
			0)
		return error_set(err, ERR_INTERNAL, "link: cannot set up a socket with keys: %s",
			zmq_strerror(errno));
	if (zmq_socket_monitor(c->dealer, monitor, ZMQ_EVENT_ALL) != 0)
		return error_set(err, ERR_INTERNAL, "link: no monitor: %s", zmq_strerror(errno));
	c->monitor = zmq_socket(c->context, ZMQ_PAIR);
	if (c->monitor == NULL || set_int(c->monitor, ZMQ_LINGER, 0) != 0 ||
		zmq_connect(c->monitor, monitor) != 0)
		return error_set(err, ERR_INTERNAL, "link: no monitor: %s", zmq_strerror(errno));
	if (zmq_connect(c->dealer, endpoint) != 0)
		return error_set(err, ERR_USAGE, "link: cannot connect to %s: %s", endpoint,
			zmq_strerror(errno));
	return 0;
}

int link_client_open(struct link_client **out, struct loop *loop, const char *endpoint,
	const char *server_key, const struct keypair *keys,
	const struct link_client_handler *handler, struct error *err)
{
	if (!key_is_valid(server_key))
		return error_set(err, ERR_USAGE,
			"link: '%s' is no server key; expected the 40 characters that 'joulerig "
			"key show' prints on the coordinator",
			server_key);
	struct link_client *c = xcalloc(1, sizeof *c);
	c->loop = loop;
	c->handler = *handler;
	int r = open_client_sockets(c, endpoint, server_key, keys, err);
	if (r < 0) {
		link_client_close(c);
		return r;
	}
	loop_watch_socket(loop, c->monitor, on_monitor, c);
	loop_watch_socket(loop, c->dealer, on_dealer, c);
	*out = c;
	return 0;
}

int link_client_send(struct link_client *c, const void *data, size_t len)
{
	return zmq_send(c->dealer, data, len, ZMQ_DONTWAIT) < 0 ? -errno : 0;
}

void link_client_close(struct link_client *c)
{
	if (c == NULL)
		return;
	if (c->monitor != NULL) {
		loop_unwatch_socket(c->loop, c->monitor);
		zmq_socket_monitor(c->dealer, NULL, 0);
		zmq_close(c->monitor);
	}
	if (c->dealer != NULL) {
		loop_unwatch_socket(c->loop, c->dealer);
		zmq_close(c->dealer);
	}
	if (c->context != NULL)
		zmq_ctx_term(c->context);
	free(c);
}

/* libzmq takes 77100 for 11564. A * is any free one, as 0 is. */
static bool is_port(const char *text)
{
	int64_t port;

	return strcmp(text, "*") == 0 || units_parse_int(text, 0, UINT16_MAX, &port, NULL) == 0;
}

char *link_endpoint(const char *address, struct error *err)
{
	const char *rest = strncmp(address, "tcp://", 6) == 0 ? address + 6 : address;
	const char *colon = strrchr(rest, ':'), *bracket = strrchr(rest, ']');

	if (rest[0] == '\0' || strstr(rest, "://") != NULL || strpbrk(rest, " \t\n/") != NULL) {
		error_set(err, ERR_USAGE,
			"'%s' is no address; expected HOST, HOST:PORT or tcp://HOST:PORT", address);
		return NULL;
	}
	if (colon == NULL || (bracket != NULL && colon < bracket))
		return xasprintf("tcp://%s:%d", rest, LINK_DEFAULT_PORT);
	if (!is_port(colon + 1)) {
		error_set(
			err, ERR_USAGE, "'%s' has no port from 0 to 65535 behind its ':'", address);
		return NULL;
	}
	return xasprintf("tcp://%s", rest);
}
