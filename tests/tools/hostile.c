/*
 * hostile - what comes to an open port, and what a trusted key can do when its program is broken or
 * somebody else's
 *
 *   hostile silent HOST PORT N SECONDS      N connections that say nothing, each made anew as it is
 *                                           dropped
 *   hostile raw HOST PORT N SECONDS SEED    N connections with random bytes, whole and half
 *                                           greetings of ZMTP and garbage after them, made anew
 *   hostile frames ADDRESS SERVER-KEY KEYS SECONDS SEED [CAMPAIGN...]
 *                                           an agent with the key in KEYS: frames that are random,
 *                                           and well-formed ones with wrong values, many of them
 *                                           speaking of these campaigns (32 hexadecimal digits)
 *   hostile large ADDRESS SERVER-KEY KEYS SECONDS CAMPAIGN
 *                                           the longest frames of samples without a pause, without
 *                                           credit
 *   hostile stranger ADDRESS SERVER-KEY KEYS SECONDS
 *                                           a key that is not trusted, again and again
 *
 * Each prints at its end how many connections or frames it had.
 */
#include "proto/base.h"
#include "proto/clock.h"
#include "proto/keys.h"
#include "proto/message.h"
#include "proto/message_schema.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <msgpack.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t seed;

/* splitmix64: the same everywhere. */
static uint64_t roll(uint64_t n)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

static void fill(void *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)roll(256);
}

static void number_of(const char *text, long *out)
{
	char *end;

	*out = strtol(text, &end, 10);
	if (*end != '\0' || *out < 0)
		fail(text);
}

static int64_t end_after(const char *seconds)
{
	long s;

	number_of(seconds, &s);
	return clock_monotonic_ns() + s * NS_PER_S;
}

/* ---- bare connections ---- */

static int connect_to(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Bytes that may be a greeting of ZMTP 3.1 with CURVE, cut anywhere, and garbage. */
static void say_garbage(int fd)
{
	uint8_t bytes[4096] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
	size_t n = 64;

	fill(bytes + n, sizeof bytes - n);
	switch (roll(4)) {
	case 0:
		fill(bytes, sizeof bytes);
		n = roll(sizeof bytes);
		break;
	case 1: /* a piece of a greeting, then nothing */
		n = 1 + roll(63);
		break;
	case 2: /* garbage where its handshake should be */
		n += roll(sizeof bytes - n);
		break;
	default: /* a command of CURVE with nonsense in it */
		n += 1 + (size_t)snprintf((char *)bytes + n, 16, "%c%c%cHELLO", 4, 200, 5);
		n = 64 + 202;
		break;
	}
	(void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

static int bare(char **args, bool is_silent)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct rlimit limit;
	long port, n, made = 0;

	if (inet_pton(AF_INET, args[0], &to.sin_addr) != 1)
		fail(args[0]);
	number_of(args[1], &port);
	number_of(args[2], &n);
	to.sin_port = htons((uint16_t)port);
	int64_t end = end_after(args[3]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	struct pollfd *fds = xcalloc((size_t)n + 1, sizeof *fds);
	for (long i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN | POLLOUT};
	while (clock_monotonic_ns() < end) {
		for (long i = 0; i < n; i++) {
			if (fds[i].fd >= 0)
				continue;
			fds[i] = (struct pollfd){
				.fd = connect_to(&to), .events = is_silent ? POLLIN : POLLOUT};
			made += fds[i].fd >= 0;
		}
		poll(fds, (nfds_t)n, 100);
		for (long i = 0; i < n; i++) {
			char greeting[64];
			bool is_over = fds[i].revents & (POLLERR | POLLHUP);
			if (fds[i].revents & POLLOUT) {
				say_garbage(fds[i].fd);
				fds[i].events = POLLIN;
				/* Some hang up at once, others wait until they are dropped. */
				is_over |= roll(2) == 0;
			}
			if (fds[i].revents & POLLIN)
				is_over |= recv(fds[i].fd, greeting, sizeof greeting, 0) <= 0;
			if (!is_over)
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
		}
	}
	printf("%ld\n", made);
	free(fds);
	return 0;
}

/* ---- a trusted key ---- */

struct peer {
	void *context, *socket;
	struct id16 *campaigns;
	size_t campaigns_n;
	long sent, dropped;
};

static void peer_open(struct peer *p, char **args)
{
	struct error err = {0};
	struct keypair keys;
	int linger = 0, high = 64;

	if (keypair_load(&keys, args[2], &err) < 0)
		fail(err.text);
	p->context = zmq_ctx_new();
	p->socket = zmq_socket(p->context, ZMQ_DEALER);
	zmq_setsockopt(p->socket, ZMQ_LINGER, &linger, sizeof linger);
	zmq_setsockopt(p->socket, ZMQ_SNDHWM, &high, sizeof high);
	zmq_setsockopt(p->socket, ZMQ_CURVE_SERVERKEY, args[1], Z85_KEY_LEN + 1);
	zmq_setsockopt(p->socket, ZMQ_CURVE_PUBLICKEY, keys.public_key, Z85_KEY_LEN + 1);
	zmq_setsockopt(p->socket, ZMQ_CURVE_SECRETKEY, keys.secret_key, Z85_KEY_LEN + 1);
	if (zmq_connect(p->socket, args[0]) != 0)
		fail(args[0]);
}

static void peer_close(struct peer *p)
{
	zmq_close(p->socket);
	zmq_ctx_term(p->context);
	free(p->campaigns);
}

static void peer_send(struct peer *p, const void *data, size_t len, int flags)
{
	struct pollfd none;
	char answer[1024];

	while (zmq_recv(p->socket, answer, sizeof answer, ZMQ_DONTWAIT) >= 0)
		;
	if (zmq_send(p->socket, data, len, ZMQ_DONTWAIT | flags) >= 0) {
		p->sent++;
		return;
	}
	p->dropped++;
	poll(&none, 0, 10);
}

static void say_hello(struct peer *p)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct message m;

	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig-agent";
	m.hello.version = JOULERIG_VERSION;
	m.hello.minor = PROTOCOL_MINOR;
	m.hello.session = id16_random();
	m.hello.inventory = "{\"cpus\": 2}";
	message_encode(&m, &out);
	peer_send(p, out.data, out.len, 0);
}

static void pack_text(msgpack_packer *k)
{
	static const char *const words[] = {"", "done", "failed", "running", "accepted", "spooled",
		"cancelled", "timeout", "prepared", "ready", "stdout", "stderr", "file:../../x",
		"time", "ns", "energy.package", "uJ", "{}", "[[[[", "\xff\xfe", "server",
		"\x1b[2J\x1b]0;mine\x07", "%s%n'\"; DROP TABLE run; --"};
	char long_one[20000];
	const char *w = words[roll(ARRAY_SIZE(words))];
	size_t n = strlen(w);

	if (roll(20) == 0) {
		n = roll(sizeof long_one);
		fill(long_one, n);
		w = long_one;
	}
	msgpack_pack_str(k, n);
	msgpack_pack_str_body(k, w, n);
}

static void pack_int(msgpack_packer *k)
{
	static const int64_t some[] = {INT64_MAX, INT64_MIN, INT64_MIN + 1, -1, 0, 1, 2, 65536,
		INT64_MAX - 1, INT32_MAX, -INT32_MAX};

	msgpack_pack_int64(k, roll(2) == 0 ? some[roll(ARRAY_SIZE(some))] : (int64_t)roll(40));
}

static void pack_bytes(msgpack_packer *k)
{
	uint8_t bytes[4096];
	size_t n = roll(4) == 0 ? 32 : roll(8) == 0 ? roll(sizeof bytes) : roll(64);

	fill(bytes, n);
	msgpack_pack_bin(k, n);
	msgpack_pack_bin_body(k, bytes, n);
}

static void pack_id(msgpack_packer *k, const struct peer *p)
{
	struct id16 id = id16_random();

	if (p->campaigns_n > 0 && roll(8) != 0)
		id = p->campaigns[roll(p->campaigns_n)];
	msgpack_pack_bin(k, sizeof id);
	msgpack_pack_bin_body(k, &id, sizeof id);
}

static void pack_map(msgpack_packer *k, const struct peer *p, const struct schema *s);

static void pack_value(msgpack_packer *k, const struct peer *p, const struct field *f)
{
	size_t n = roll(100) == 0 ? roll(3000) : roll(4);

	switch (f->kind) {
	case FIELD_INT:
		pack_int(k);
		break;
	case FIELD_TEXT:
		pack_text(k);
		break;
	case FIELD_ID:
		pack_id(k, p);
		break;
	case FIELD_BLOB:
		pack_bytes(k);
		break;
	default:
		msgpack_pack_array(k, n);
		for (size_t i = 0; i < n; i++) {
			if (f->kind == FIELD_TEXTS)
				pack_text(k);
			else
				pack_map(k, p, f->sub);
		}
		break;
	}
}

enum { FIELDS_MAX = 128 };

/* Some fields of a schema, those of a struct in it at the same level; required ones are seldom left
 * out. */
static size_t choose(const struct schema *s, const struct field *chosen[FIELDS_MAX], size_t n)
{
	for (const struct field *f = s->fields; f->key != NULL && n < FIELDS_MAX; f++) {
		if (f->kind == FIELD_STRUCT)
			n = choose(f->sub, chosen, n);
		else if (roll(f->is_required ? 200 : 3) != 0)
			chosen[n++] = f;
	}
	return n;
}

static void pack_map(msgpack_packer *k, const struct peer *p, const struct schema *s)
{
	const struct field *chosen[FIELDS_MAX];
	size_t n = choose(s, chosen, 0);

	msgpack_pack_map(k, n);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = chosen[i];
		msgpack_pack_str(k, strlen(f->key));
		msgpack_pack_str_body(k, f->key, strlen(f->key));
		if (roll(100) == 0)
			pack_text(k); /* of another kind, often */
		else
			pack_value(k, p, f);
	}
}

static void say_something(struct peer *p)
{
	static const enum message_type often[] = {MESSAGE_RESULT, MESSAGE_SAMPLES, MESSAGE_OUTPUT,
		MESSAGE_STARTED, MESSAGE_REFUSE, MESSAGE_READY, MESSAGE_ENDED, MESSAGE_HELLO,
		MESSAGE_PING, MESSAGE_WANT_FILES, MESSAGE_FINISHED};
	enum message_type t =
		roll(3) == 0 ? (enum message_type)roll(64) : often[roll(ARRAY_SIZE(often))];
	const struct schema *s = message_schema(t);
	msgpack_sbuffer b;
	msgpack_packer k;

	msgpack_sbuffer_init(&b);
	msgpack_packer_init(&k, &b, msgpack_sbuffer_write);
	msgpack_pack_array(&k, 5);
	msgpack_pack_int(&k, roll(100) == 0 ? 2 : PROTOCOL_MAJOR);
	msgpack_pack_int(&k, (int)t);
	pack_int(&k);
	msgpack_pack_int(&k, 0);
	if (s != NULL)
		pack_map(&k, p, s);
	else
		msgpack_pack_nil(&k);
	switch (roll(20)) {
	case 0: /* bits that flipped */
		for (int i = 0; i < 4; i++)
			b.data[roll(b.size)] ^= (char)(1 << roll(8));
		peer_send(p, b.data, b.size, 0);
		break;
	case 1: /* cut */
		peer_send(p, b.data, roll(b.size), 0);
		break;
	case 2: /* of several parts */
		peer_send(p, b.data, b.size, ZMQ_SNDMORE);
		peer_send(p, b.data, b.size, 0);
		break;
	default:
		peer_send(p, b.data, b.size, 0);
		break;
	}
	msgpack_sbuffer_destroy(&b);
}

static void take_campaigns(struct peer *p, char **hex)
{
	for (; *hex != NULL; hex++) {
		p->campaigns =
			xreallocarray(p->campaigns, p->campaigns_n + 1, sizeof *p->campaigns);
		if (!hex_decode(&p->campaigns[p->campaigns_n++], sizeof(struct id16), *hex))
			fail(*hex);
	}
}

static int frames(char **args)
{
	struct peer p = {0};
	int64_t end = end_after(args[3]);
	long given;

	number_of(args[4], &given);
	seed = (uint64_t)given;
	take_campaigns(&p, args + 5);
	peer_open(&p, args);
	say_hello(&p);
	for (long i = 1; clock_monotonic_ns() < end; i++) {
		say_something(&p);
		/* Once in a while on a connection of its own, as the last one may be ignored. */
		if (i % 2000 == 0) {
			zmq_disconnect(p.socket, args[0]);
			zmq_connect(p.socket, args[0]);
		}
		if (i % 100 == 0)
			say_hello(&p);
	}
	peer_close(&p);
	printf("%ld\n", p.sent);
	return 0;
}

static int large(char **args)
{
	struct peer p = {0};
	int64_t end = end_after(args[3]);
	char *data = xcalloc(1, 4000000);
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct message m;

	take_campaigns(&p, args + 4);
	peer_open(&p, args);
	say_hello(&p);
	for (int64_t chunk = 0; clock_monotonic_ns() < end; chunk++) {
		message_init(&m, MESSAGE_SAMPLES);
		m.samples.id =
			(struct attempt_id){.campaign = p.campaigns[0], .run = 1, .attempt = 1};
		m.samples.chunk = chunk;
		m.samples.data = (struct blob){data, 4000000};
		buf_reset(&out);
		message_encode(&m, &out);
		peer_send(&p, out.data, out.len, 0);
	}
	peer_close(&p);
	free(data);
	printf("%ld\n", p.sent);
	return 0;
}

static int stranger(char **args)
{
	int64_t end = end_after(args[3]);
	struct pollfd none;
	long n = 0;

	for (; clock_monotonic_ns() < end; n++) {
		struct peer p = {0};
		peer_open(&p, args);
		poll(&none, 0, 20);
		peer_close(&p);
	}
	printf("%ld\n", n);
	return 0;
}

int main(int n, char **args)
{
	const char *what = n > 1 ? args[1] : "";
	long given;

	if (strcmp(what, "silent") == 0 && n == 6)
		return bare(args + 2, true);
	if (strcmp(what, "raw") == 0 && n == 7) {
		number_of(args[6], &given);
		seed = (uint64_t)given;
		return bare(args + 2, false);
	}
	if (strcmp(what, "frames") == 0 && n >= 7)
		return frames(args + 2);
	if (strcmp(what, "large") == 0 && n == 7)
		return large(args + 2);
	if (strcmp(what, "stranger") == 0 && n == 6)
		return stranger(args + 2);
	fprintf(stderr, "usage: see the head of tests/tools/hostile.c\n");
	return 2;
}
