/*
 * swarm - many agents in one process, as the protocol knows them: each has its own key, its own
 * CURVE connection and its own spool (in memory), and tells the result of a run at once
 *
 *   swarm keys KEYS SECRETS N           make N keys: trusted as sim00001 ... in KEYS, secrets in a
 *                                       file
 *   swarm agents ADDRESS SERVER-KEY SECRETS FIRST N INVENTORY
 *                                       be the agents FIRST ... FIRST+N-1; "ready" when all are
 *                                       welcome; at SIGTERM prints
 *                                       "RUNS FIRST-NS LAST-NS P50-US P99-US MAX-US DOUBLE"
 *   swarm echo ADDRESS SERVER-KEY SECRETS FIRST N BYTES ROUNDS
 *                                       as many bare sockets, each with two frames of BYTES bytes
 *                                       under way, ROUNDS times answered; prints "ROUNDS FIRST-NS
 *                                       LAST-NS"
 *
 * Times are CLOCK_MONOTONIC, so that several of these processes can be put together.
 */
#include "proto/base.h"
#include "proto/clock.h"
#include "proto/keys.h"
#include "proto/message.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define SPOOL 8 /* results of one agent that are not committed yet */
#define CONNECTING                                                                                 \
	64 /* agents that connect at once: a handshake costs the server a millisecond              \
	    */

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "swarm: %s\n", what);
	exit(1);
}

struct spooled { /* a result that is not committed yet */
	struct attempt_id id;
	int64_t started_at, sent_ns;
};

struct agent {
	void *socket;
	struct swarm *swarm;
	struct spooled spool[SPOOL];
	size_t spool_n;
	int64_t sequence, epoch, ping_ns, heartbeat_ns;
	struct id16 session;
	bool is_welcome;
};

struct swarm {
	const char *address, *server_key, *inventory;
	struct keypair *keys;
	struct agent *agents;
	size_t n, connected, welcome;
	void *context;
	int epoll;
	struct buf frame;
	int64_t runs, first_ns, last_ns, twice;
	int64_t *latencies; /* us, of each committed run */
	size_t latencies_n, latencies_size;
	/* of echo */
	size_t bytes;
	int64_t rounds;
	bool is_echo;
};

/* ---- what an agent says ---- */

static void say(struct agent *a, struct message *m)
{
	struct swarm *s = a->swarm;

	m->sequence = ++a->sequence;
	m->epoch = a->epoch;
	buf_reset(&s->frame);
	message_encode(m, &s->frame);
	if (zmq_send(a->socket, s->frame.data, s->frame.len, ZMQ_DONTWAIT) < 0)
		fail("a socket's queue is full");
}

static void say_hello(struct agent *a)
{
	struct message_held held[SPOOL];
	struct message m;

	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig-agent";
	m.hello.version = JOULERIG_VERSION;
	m.hello.minor = PROTOCOL_MINOR;
	m.hello.session = a->session;
	m.hello.inventory = a->swarm->inventory;
	for (size_t i = 0; i < a->spool_n; i++)
		held[i] = (struct message_held){.id = a->spool[i].id, .state = "spooled"};
	m.hello.held = (struct list){.items = held, .n = a->spool_n};
	a->sequence = a->epoch = 0;
	say(a, &m);
}

static void say_ping(struct agent *a, int64_t now_ns)
{
	struct message m;

	message_init(&m, MESSAGE_PING);
	m.ping.t1 = clock_raw_ns();
	a->ping_ns = now_ns + a->heartbeat_ns;
	say(a, &m);
}

static void say_result(struct agent *a, const struct spooled *run)
{
	const struct message_metric metrics[] = {
		{.name = "time",
			.unit = "ns",
			.value = 1000000 + run->id.run,
			.uncertainty = 1000,
			.deviation = ABSENT},
		{.name = "time.user",
			.unit = "ns",
			.value = 400000,
			.uncertainty = ABSENT,
			.deviation = ABSENT},
		{.name = "time.system",
			.unit = "ns",
			.value = 300000,
			.uncertainty = ABSENT,
			.deviation = ABSENT},
	};
	struct message m;

	message_init(&m, MESSAGE_RESULT);
	m.result.id = run->id;
	m.result.state = "done";
	m.result.started_at = run->started_at;
	m.result.exit_code = 0;
	m.result.metrics = (struct list){.items = metrics, .n = ARRAY_SIZE(metrics)};
	m.result.cpus = "0";
	m.result.chunks = m.result.thinned = 0;
	m.result.stdout_kept = m.result.stderr_kept = 0;
	m.result.stdout_total = m.result.stderr_total = 0;
	m.result.stdout_head = m.result.stderr_head = 0;
	say(a, &m);
}

/* ---- what it hears ---- */

static struct spooled *find(struct agent *a, const struct attempt_id *id)
{
	for (size_t i = 0; i < a->spool_n; i++)
		if (memcmp(&a->spool[i].id, id, sizeof *id) == 0)
			return &a->spool[i];
	return NULL;
}

static void on_assign(struct agent *a, const struct message_assign *m)
{
	struct swarm *s = a->swarm;
	struct spooled *run = find(a, &m->id);

	if (run == NULL) {
		if (a->spool_n == SPOOL)
			fail("more runs for one agent than it may hold");
		run = &a->spool[a->spool_n++];
		*run = (struct spooled){.id = m->id,
			.started_at = clock_realtime_ns(),
			.sent_ns = clock_monotonic_ns()};
		if (s->first_ns == 0)
			s->first_ns = run->sent_ns;
	}
	say_result(a, run);
}

static void on_committed(struct agent *a, const struct attempt_id *id)
{
	struct swarm *s = a->swarm;
	struct spooled *run = find(a, id);

	if (run == NULL) {
		s->twice++;
		return;
	}
	s->last_ns = clock_monotonic_ns();
	if (s->latencies_n == s->latencies_size) {
		s->latencies_size = s->latencies_size ? 2 * s->latencies_size : 1024;
		s->latencies = xreallocarray(s->latencies, s->latencies_size, sizeof *s->latencies);
	}
	s->latencies[s->latencies_n++] = (s->last_ns - run->sent_ns) / 1000;
	s->runs++;
	*run = a->spool[--a->spool_n];
}

static void on_all_committed(struct agent *a, const struct list *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		on_committed(a, LIST_AT(ids, struct attempt_id, i));
}

static void on_welcome(struct agent *a, const struct message_welcome *w)
{
	struct swarm *s = a->swarm;

	a->heartbeat_ns = w->heartbeat_ns;
	/* Not all of a swarm at the same instant. */
	a->ping_ns =
		clock_monotonic_ns() + w->heartbeat_ns / (int64_t)s->n * (int64_t)(a - s->agents);
	for (size_t i = 0; i < a->spool_n; i++)
		say_result(a, &a->spool[i]);
	if (a->is_welcome)
		return;
	a->is_welcome = true;
	if (++s->welcome == s->n) {
		puts("ready");
		fflush(stdout);
	}
}

static void on_message(struct agent *a, const struct message *m)
{
	a->epoch = m->epoch;
	switch (m->type) {
	case MESSAGE_WELCOME:
		on_welcome(a, &m->welcome);
		break;
	case MESSAGE_ASSIGN:
		on_all_committed(a, &m->assign.committed);
		on_assign(a, &m->assign);
		break;
	case MESSAGE_COMMITTED:
		on_committed(a, &m->committed.id);
		on_all_committed(a, &m->committed.more);
		break;
	case MESSAGE_ERROR:
		/* It took a connection anew, or was started again. */
		if (strcmp(m->error.text, "say HELLO first") != 0)
			fail(m->error.text);
		say_hello(a);
		break;
	default:
		break;
	}
}

static void on_frame(struct agent *a, const void *data, size_t len)
{
	struct swarm *s = a->swarm;
	struct error err = {0};
	struct message m;

	if (!s->is_echo) {
		if (message_decode(&m, data, len, &err) < 0)
			fail(err.text);
		on_message(a, &m);
		message_done(&m);
		return;
	}
	s->last_ns = clock_monotonic_ns();
	if (s->first_ns == 0)
		s->first_ns = s->last_ns;
	if (++s->runs < s->rounds &&
		zmq_send(a->socket, s->frame.data, s->frame.len, ZMQ_DONTWAIT) < 0)
		fail("a socket's queue is full");
}

/* All that a socket has; its descriptor tells of changes only. */
static void drain(struct agent *a)
{
	zmq_msg_t m;

	zmq_msg_init(&m);
	while (zmq_msg_recv(&m, a->socket, ZMQ_DONTWAIT) >= 0)
		on_frame(a, zmq_msg_data(&m), zmq_msg_size(&m));
	zmq_msg_close(&m);
}

/* ---- connecting, and the loop ---- */

static void connect_one(struct swarm *s)
{
	struct agent *a = &s->agents[s->connected];
	const struct keypair *k = &s->keys[s->connected++];
	const int zero = 0, interval = 200, longest = 5000, patience = 30000;
	const int beat = 15000, silence = 20000; /* as link.c has them */
	size_t size = sizeof(int);
	int fd;

	a->swarm = s;
	a->session = id16_random();
	a->socket = zmq_socket(s->context, ZMQ_DEALER);
	if (a->socket == NULL)
		fail(zmq_strerror(errno));
	zmq_setsockopt(a->socket, ZMQ_LINGER, &zero, sizeof zero);
	zmq_setsockopt(a->socket, ZMQ_RECONNECT_IVL, &interval, sizeof interval);
	zmq_setsockopt(a->socket, ZMQ_RECONNECT_IVL_MAX, &longest, sizeof longest);
	zmq_setsockopt(a->socket, ZMQ_HANDSHAKE_IVL, &patience, sizeof patience);
	zmq_setsockopt(a->socket, ZMQ_HEARTBEAT_IVL, &beat, sizeof beat);
	zmq_setsockopt(a->socket, ZMQ_HEARTBEAT_TIMEOUT, &silence, sizeof silence);
	if (zmq_setsockopt(a->socket, ZMQ_CURVE_SERVERKEY, s->server_key, Z85_KEY_LEN + 1) != 0 ||
		zmq_setsockopt(a->socket, ZMQ_CURVE_PUBLICKEY, k->public_key, Z85_KEY_LEN + 1) !=
			0 ||
		zmq_setsockopt(a->socket, ZMQ_CURVE_SECRETKEY, k->secret_key, Z85_KEY_LEN + 1) !=
			0 ||
		zmq_connect(a->socket, s->address) != 0 ||
		zmq_getsockopt(a->socket, ZMQ_FD, &fd, &size) != 0)
		fail(zmq_strerror(errno));
	struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = a};
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		fail(strerror(errno));
	if (s->is_echo) {
		for (int i = 0; i < 2; i++)
			zmq_send(a->socket, s->frame.data, s->frame.len, ZMQ_DONTWAIT);
	} else {
		say_hello(a);
	}
	drain(a);
}

static void heartbeats(struct swarm *s, int64_t now_ns)
{
	for (size_t i = 0; i < s->connected; i++) {
		struct agent *a = &s->agents[i];
		if (a->is_welcome && now_ns >= a->ping_ns) {
			say_ping(a, now_ns);
			drain(a);
		}
	}
}

static bool is_over(const struct swarm *s)
{
	return s->is_echo && s->runs >= s->rounds;
}

static void loop(struct swarm *s, int signal_fd)
{
	struct epoll_event events[256], e = {.events = EPOLLIN};
	int64_t beat_ns = 0;

	epoll_ctl(s->epoll, EPOLL_CTL_ADD, signal_fd, &e);
	while (!is_over(s)) {
		while (s->connected < s->n &&
			(s->is_echo || s->connected < s->welcome + CONNECTING))
			connect_one(s);
		int n = epoll_wait(s->epoll, events, ARRAY_SIZE(events), 100);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				return;
			drain(events[i].data.ptr);
		}
		int64_t now = clock_monotonic_ns();
		if (now - beat_ns >= 100 * NS_PER_MS) {
			heartbeats(s, now);
			beat_ns = now;
		}
	}
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int64_t quantile(const struct swarm *s, size_t percent)
{
	return s->latencies_n == 0 ? 0 : s->latencies[(s->latencies_n - 1) * percent / 100];
}

static void print_figures(struct swarm *s)
{
	if (s->is_echo) {
		printf("%lld %lld %lld\n", (long long)s->runs, (long long)s->first_ns,
			(long long)s->last_ns);
		return;
	}
	if (s->latencies_n > 0)
		qsort(s->latencies, s->latencies_n, sizeof *s->latencies, by_value);
	printf("%lld %lld %lld %lld %lld %lld %lld\n", (long long)s->runs, (long long)s->first_ns,
		(long long)s->last_ns, (long long)quantile(s, 50), (long long)quantile(s, 99),
		(long long)quantile(s, 100), (long long)s->twice);
}

static void read_keys(struct swarm *s, const char *path, long first)
{
	char line[128];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fail("cannot read the secrets");
	s->keys = xcalloc(s->n, sizeof *s->keys);
	for (long i = 1; i < first && fgets(line, sizeof line, f) != NULL; i++)
		;
	for (size_t i = 0; i < s->n; i++)
		if (fscanf(f, "%40s %40s", s->keys[i].public_key, s->keys[i].secret_key) != 2)
			fail("there are not as many secrets");
	fclose(f);
}

static int run(struct swarm *s, char **arguments)
{
	sigset_t set;
	struct rlimit l;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->address = arguments[0];
	s->server_key = arguments[1];
	s->n = strtoul(arguments[4], NULL, 10);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
	read_keys(s, arguments[2], atol(arguments[3]));
	s->agents = xcalloc(s->n, sizeof *s->agents);
	s->context = zmq_ctx_new();
	zmq_ctx_set(s->context, ZMQ_MAX_SOCKETS, (int)s->n + 16);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop(s, signalfd(-1, &set, SFD_CLOEXEC));
	print_figures(s);
	fflush(stdout);
	_exit(0); /* closing thousands of sockets one by one takes seconds */
}

static int run_agents(char **arguments)
{
	_cleanup_buf_ struct buf inventory = BUF_INIT;
	struct swarm s = {.frame = BUF_INIT};

	if (buf_read_file(&inventory, AT_FDCWD, arguments[5], MESSAGE_MAX_TEXT) < 0)
		fail("cannot read the inventory");
	s.inventory = inventory.data;
	return run(&s, arguments);
}

static int run_echo(char **arguments)
{
	struct swarm s = {.frame = BUF_INIT, .is_echo = true, .rounds = atol(arguments[6])};

	for (size_t i = strtoul(arguments[5], NULL, 10); i > 0; i--)
		buf_addc(&s.frame, 'x');
	return run(&s, arguments);
}

static int make_keys(const char *keys, const char *secrets, long n)
{
	_cleanup_free_ char *trusted = xasprintf("%s/trusted", keys);
	FILE *f = fopen(secrets, "we");
	struct error err = {0};
	struct keypair k;

	mkdir(keys, 0700);
	mkdir(trusted, 0700);
	if (f == NULL)
		fail("cannot write the secrets");
	for (long i = 1; i <= n; i++) {
		_cleanup_free_ char *path = xasprintf("%s/sim%05ld", trusted, i);
		FILE *one = fopen(path, "we");
		if (one == NULL || keypair_generate(&k, &err) < 0)
			fail("cannot make a key");
		fprintf(one, "joulerig-trusted-key-v1 agent %s\n", k.public_key);
		fprintf(f, "%s %s\n", k.public_key, k.secret_key);
		fclose(one);
	}
	return fclose(f);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "keys") == 0)
		return make_keys(argv[2], argv[3], atol(argv[4]));
	if (argc == 8 && strcmp(argv[1], "agents") == 0)
		return run_agents(argv + 2);
	if (argc == 9 && strcmp(argv[1], "echo") == 0)
		return run_echo(argv + 2);
	fprintf(stderr,
		"usage: swarm keys KEYS SECRETS N | agents ADDRESS SERVER-KEY SECRETS FIRST N "
		"INVENTORY | echo ADDRESS SERVER-KEY SECRETS FIRST N BYTES ROUNDS\n");
	return 2;
}
