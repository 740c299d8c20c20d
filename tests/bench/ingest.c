/*
 * ingest - how fast samples are taken in: a simulated agent that streams into a coordinator, and
 * the same bytes bare
 *
 *   ingest key DIR                                   the simulated agent's public key, made in DIR
 *   ingest agent ADDRESS SERVER-KEY DIR INVENTORY CHUNKS   connect, say "ready", take one run,
 * stream CHUNKS chunks of samples under the coordinator's credit, and the result; time until
 * COMMITTED ingest bare CHUNKS AGENTS                        the same frames from so many DEALERs
 * to a ROUTER, CURVE, a process each; CHUNKS of each
 *
 * Prints "SECONDS BYTES SAMPLES". A chunk holds ROWS samples of eight channels, packed as the
 * agent's sampler does.
 */
#include "proto/base.h"
#include "proto/clock.h"
#include "proto/link.h"
#include "proto/loop.h"
#include "proto/message.h"
#include <errno.h>
#include <fcntl.h>
#include <msgpack.h>
#include <stdio.h>
#include <sys/wait.h>
#include <zmq.h>

#define ROWS     1000
#define CHANNELS 8
#define EVERY_NS (100 * NS_PER_MS)

#define BARE_ENDPOINT 64
#define BARE_ASKS     8 /* bytes of a frame that wants an answer */

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "ingest: %s\n", what);
	exit(1);
}

__attribute__((noreturn)) static void fail_with(const struct error *err)
{
	fail(err->text);
}

static void print_figures(int64_t ns, int64_t bytes, int64_t chunks)
{
	printf("%.6f %lld %lld\n", (double)ns / NS_PER_S, (long long)bytes,
		(long long)(chunks * ROWS));
}

/* ---- a chunk as agent/sampler.h describes it ---- */

static void pack_text(msgpack_packer *p, const char *text)
{
	msgpack_pack_str_with_body(p, text, strlen(text));
}

static void pack_channels(msgpack_packer *p)
{
	char name[32];

	msgpack_pack_array(p, CHANNELS);
	for (int i = 0; i < CHANNELS; i++) {
		snprintf(name, sizeof name, "energy.package-%d", i);
		msgpack_pack_array(p, 3);
		pack_text(p, name);
		pack_text(p, "uJ");
		pack_text(p, "counter");
	}
}

/* Differences that look like measured ones: 5 J a period, give or take, from a generator that
 * always gives the same. */
static void pack_chunk(msgpack_sbuffer *out)
{
	msgpack_packer p;
	uint32_t noise = 1;

	msgpack_packer_init(&p, out, msgpack_sbuffer_write);
	msgpack_pack_array(&p, 6);
	msgpack_pack_int(&p, 1);
	msgpack_pack_int(&p, ROWS);
	pack_channels(&p);
	msgpack_pack_int64(&p, clock_raw_ns());
	msgpack_pack_array(&p, ROWS - 1);
	for (int i = 1; i < ROWS; i++)
		msgpack_pack_int64(
			&p, EVERY_NS + (int64_t)((noise = noise * 1664525u + 1013904223u) >> 16));
	msgpack_pack_array(&p, CHANNELS);
	for (int c = 0; c < CHANNELS; c++) {
		msgpack_pack_array(&p, ROWS);
		for (int i = 0; i < ROWS; i++)
			msgpack_pack_int64(&p,
				5000000 +
					(int64_t)((noise = noise * 1664525u + 1013904223u) >> 14));
	}
}

/* ---- the simulated agent ---- */

struct agent {
	struct loop *loop;
	struct link_client *link;
	msgpack_sbuffer chunk;
	const char *inventory;
	struct attempt_id id; /* of the one run, once it is there */
	bool has_run;
	int64_t chunks, sent; /* to send in all, sent */
	int64_t credit;       /* bytes */
	int64_t sequence, epoch;
	int64_t start_ns, bytes; /* bytes of frames */
	struct id16 session;
	struct buf frame;
	bool is_waiting; /* the frame is encoded, and the link's queue was full */
};

static bool push(struct agent *a)
{
	a->is_waiting = link_client_send(a->link, a->frame.data, a->frame.len) == -EAGAIN;
	if (!a->is_waiting)
		a->bytes += (int64_t)a->frame.len;
	return !a->is_waiting;
}

static void encode(struct agent *a, struct message *m)
{
	m->sequence = ++a->sequence;
	m->epoch = a->epoch;
	buf_reset(&a->frame);
	message_encode(m, &a->frame);
}

/* For the few that are not samples: the queue has room. */
static void say(struct agent *a, struct message *m)
{
	encode(a, m);
	if (!push(a))
		fail("the link's queue is full");
}

static void say_result(struct agent *a)
{
	const struct message_metric time = {.name = "time",
		.unit = "ns",
		.value = a->chunks * ROWS * EVERY_NS,
		.uncertainty = ABSENT,
		.deviation = ABSENT};
	struct message m;

	message_init(&m, MESSAGE_RESULT);
	m.result.id = a->id;
	m.result.state = "done";
	m.result.started_at = clock_realtime_ns();
	m.result.exit_code = 0;
	m.result.metrics = (struct list){.items = &time, .n = 1};
	m.result.chunks = a->chunks;
	m.result.thinned = 0;
	m.result.stdout_kept = m.result.stderr_kept = 0;
	m.result.stdout_total = m.result.stderr_total = 0;
	m.result.stdout_head = m.result.stderr_head = 0;
	encode(a, &m);
	a->sent++;
	push(a);
}

/* Send on as far as credit and queue allow; a chunk may be larger than what is left of the credit,
 * as it may where the agent itself sends it. */
static void stream(struct agent *a)
{
	struct message m;

	if (!a->has_run || (a->is_waiting && !push(a)))
		return;
	while (a->sent < a->chunks && a->credit > 0) {
		message_init(&m, MESSAGE_SAMPLES);
		m.samples.id = a->id;
		m.samples.chunk = a->sent;
		m.samples.data = (struct blob){.data = a->chunk.data, .len = a->chunk.size};
		encode(a, &m);
		a->credit -= (int64_t)a->chunk.size;
		a->sent++;
		if (!push(a))
			return;
	}
	if (a->sent == a->chunks)
		say_result(a);
}

static void on_assign(struct agent *a, const struct message_assign *assign)
{
	struct message m;

	if (a->has_run)
		return;
	a->has_run = true;
	a->id = assign->id;
	message_init(&m, MESSAGE_ACCEPT);
	m.accept.id = a->id;
	say(a, &m);
	message_init(&m, MESSAGE_STARTED);
	m.started.id = a->id;
	m.started.started_at = clock_realtime_ns();
	m.started.raw_ns = clock_raw_ns();
	say(a, &m);
	a->bytes = 0;
	a->start_ns = clock_monotonic_ns();
	stream(a);
}

static void on_message(struct agent *a, const struct message *m)
{
	a->epoch = m->epoch;
	switch (m->type) {
	case MESSAGE_WELCOME:
		a->credit = m->welcome.credit;
		puts("ready");
		fflush(stdout);
		break;
	case MESSAGE_ASSIGN:
		on_assign(a, &m->assign);
		break;
	case MESSAGE_CREDIT:
		a->credit += m->credit.bytes;
		stream(a);
		break;
	case MESSAGE_COMMITTED:
		print_figures(clock_monotonic_ns() - a->start_ns, a->bytes, a->chunks);
		loop_stop(a->loop, 0);
		break;
	case MESSAGE_ERROR:
		fail(m->error.text);
		break;
	default:
		break;
	}
}

static void on_frame(void *arg, const void *data, size_t len)
{
	struct error err = {0};
	struct message m;

	if (message_decode(&m, data, len, &err) < 0)
		fail_with(&err);
	on_message(arg, &m);
	message_done(&m);
}

static void on_event(void *arg, enum link_event event)
{
	struct agent *a = arg;
	struct message m;

	if (event == LINK_REFUSED || event == LINK_NO_HANDSHAKE)
		fail("the coordinator refuses this key, or has another one");
	if (event != LINK_CONNECTED)
		return;
	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig-agent";
	m.hello.version = JOULERIG_VERSION;
	m.hello.minor = PROTOCOL_MINOR;
	m.hello.session = a->session;
	m.hello.inventory = a->inventory;
	say(a, &m);
}

static void on_tick(void *arg, int64_t now_ns)
{
	struct agent *a = arg;
	struct message m;

	(void)now_ns;
	if (a->is_waiting) {
		stream(a);
	} else if (a->credit > 0 && !a->has_run) {
		message_init(&m, MESSAGE_PING);
		m.ping.t1 = clock_raw_ns();
		say(a, &m);
	}
}

static int run_agent(char **arguments)
{
	_cleanup_buf_ struct buf inventory = BUF_INIT;
	struct agent a = {
		.chunks = atol(arguments[4]), .frame = BUF_INIT, .session = id16_random()};
	const struct link_client_handler handler = {
		.on_frame = on_frame, .on_event = on_event, .arg = &a};
	struct error err = {0};
	struct keypair keys;

	if (buf_read_file(&inventory, AT_FDCWD, arguments[3], MESSAGE_MAX_TEXT) < 0)
		fail("cannot read the inventory");
	a.inventory = inventory.data;
	msgpack_sbuffer_init(&a.chunk);
	pack_chunk(&a.chunk);
	if (keypair_load_or_create(&keys, arguments[2], &err) < 0)
		fail_with(&err);
	a.loop = loop_new();
	if (link_client_open(&a.link, a.loop, arguments[0], arguments[1], &keys, &handler, &err) <
		0)
		fail_with(&err);
	keypair_wipe(&keys);
	loop_add_timer(a.loop, clock_monotonic_ns() + NS_PER_MS, NS_PER_MS, on_tick, &a);
	int status = loop_run(a.loop);
	link_client_close(a.link);
	loop_free(a.loop);
	msgpack_sbuffer_destroy(&a.chunk);
	buf_done(&a.frame);
	return status;
}

/* ---- the same bytes, bare ---- */

static void set(void *socket, int option, const void *value, size_t len)
{
	if (zmq_setsockopt(socket, option, value, len) != 0)
		fail(zmq_strerror(zmq_errno()));
}

/* Takes frames of each agent, and answers its first and its n-th: "connected", "all is there". Ends
 * with the process. */
static void receive_bare(const struct keypair *keys, int endpoint_fd, int64_t n, int64_t agents)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
	const int yes = 1;
	char endpoint[BARE_ENDPOINT] = "";
	size_t size = sizeof endpoint;
	zmq_msg_t id, frame;

	set(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
	set(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, Z85_KEY_LEN + 1);
	if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
		zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
		write(endpoint_fd, endpoint, sizeof endpoint) != (ssize_t)sizeof endpoint)
		fail("cannot bind");
	zmq_msg_init(&id);
	zmq_msg_init(&frame);
	for (int64_t i = 0; i < (n + 1) * agents; i++) {
		if (zmq_msg_recv(&id, socket, 0) < 0 || zmq_msg_recv(&frame, socket, 0) < 0)
			fail(zmq_strerror(zmq_errno()));
		if (zmq_msg_size(&frame) == BARE_ASKS &&
			(zmq_msg_send(&id, socket, ZMQ_SNDMORE) < 0 ||
				zmq_send(socket, "ok", 2, 0) < 0))
			fail(zmq_strerror(zmq_errno()));
	}
	zmq_close(socket);
	zmq_ctx_term(context);
	exit(0);
}

/* Send a short frame, and wait for its answer: all that was sent before has arrived. */
static void ask_bare(void *socket)
{
	static const char question[BARE_ASKS];
	char reply[2];

	if (zmq_send(socket, question, sizeof question, 0) < 0 ||
		zmq_recv(socket, reply, sizeof reply, 0) != (int)sizeof reply)
		fail("no answer");
}

/* Connect, say so, wait for the common start, send. Ends with the process. */
static void send_bare(
	const char *endpoint, const char *server_key, int ready_fd, int start_fd, int64_t n)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
	msgpack_sbuffer chunk;
	struct error err = {0};
	struct keypair own;
	char byte = 'r';

	if (keypair_generate(&own, &err) < 0)
		fail_with(&err);
	msgpack_sbuffer_init(&chunk);
	pack_chunk(&chunk);
	set(socket, ZMQ_CURVE_SERVERKEY, server_key, Z85_KEY_LEN + 1);
	set(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, Z85_KEY_LEN + 1);
	set(socket, ZMQ_CURVE_SECRETKEY, own.secret_key, Z85_KEY_LEN + 1);
	if (zmq_connect(socket, endpoint) != 0)
		fail(zmq_strerror(zmq_errno()));
	ask_bare(socket);
	if (write(ready_fd, &byte, 1) != 1 || read(start_fd, &byte, 1) < 0)
		fail("no common start");
	for (int64_t i = 1; i < n; i++)
		if (zmq_send(socket, chunk.data, chunk.size, 0) < 0)
			fail(zmq_strerror(zmq_errno()));
	ask_bare(socket);
	if (write(ready_fd, &chunk.size, sizeof chunk.size) != sizeof chunk.size)
		fail("nobody to tell");
	zmq_close(socket);
	zmq_ctx_term(context);
	exit(0);
}

static void wait_bare(int64_t n)
{
	int status;

	for (int64_t i = 0; i < n; i++)
		if (wait(&status) < 0 || status != 0)
			fail("a process failed");
}

/* A start is the end of a pipe that nobody holds any more. */
static int run_bare(int64_t chunks, int64_t agents)
{
	int to_start[2], from_agents[2], from_receiver[2];
	char endpoint[BARE_ENDPOINT], byte;
	struct keypair server;
	struct error err = {0};
	size_t size = 0;

	if (keypair_generate(&server, &err) < 0)
		fail_with(&err);
	if (pipe(to_start) != 0 || pipe(from_agents) != 0 || pipe(from_receiver) != 0)
		fail("no pipes");
	if (fork() == 0) {
		close(to_start[1]);
		receive_bare(&server, from_receiver[1], chunks, agents);
	}
	if (read(from_receiver[0], endpoint, sizeof endpoint) != (ssize_t)sizeof endpoint)
		fail("the receiver did not start");
	for (int64_t i = 0; i < agents; i++)
		if (fork() == 0) {
			close(to_start[1]);
			send_bare(endpoint, server.public_key, from_agents[1], to_start[0], chunks);
		}
	for (int64_t i = 0; i < agents; i++)
		if (read(from_agents[0], &byte, 1) != 1)
			fail("an agent did not start");
	int64_t start = clock_monotonic_ns();
	close(to_start[1]);
	for (int64_t i = 0; i < agents; i++)
		if (read(from_agents[0], &size, sizeof size) != (ssize_t)sizeof size)
			fail("an agent did not end");
	print_figures(clock_monotonic_ns() - start, (chunks - 1) * agents * (int64_t)size,
		(chunks - 1) * agents);
	wait_bare(agents + 1);
	return 0;
}

static int print_key(const char *dir)
{
	struct error err = {0};
	struct keypair keys;

	if (keypair_load_or_create(&keys, dir, &err) < 0)
		fail_with(&err);
	puts(keys.public_key);
	keypair_wipe(&keys);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "key") == 0)
		return print_key(argv[2]);
	if (argc == 7 && strcmp(argv[1], "agent") == 0)
		return run_agent(argv + 2);
	if (argc == 4 && strcmp(argv[1], "bare") == 0)
		return run_bare(atol(argv[2]), atol(argv[3]));
	fprintf(stderr, "usage: ingest key DIR | agent ADDRESS SERVER-KEY DIR INVENTORY CHUNKS | "
			"bare CHUNKS AGENTS\n");
	return 2;
}
