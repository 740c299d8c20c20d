/*
 * The wire format is fixed by the vectors in tests/vectors, one message of each type in
 * hexadecimal, which are also the examples of PROTOCOL.md: encoding gives exactly these bytes,
 * decoding gives exactly these values. Run from the top of the tree.
 */
#include "proto/message.h"
#include "proto/message_schema.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define PROTOCOL_MD "proto/PROTOCOL.md"
#define VECTORS     "tests/vectors"
#define DATE        INT64_C(1790000000123000000)
#define TYPES       64 /* above every type's number */
#define BYTES(s)    ((struct blob){(s), sizeof(s) - 1})
#define LIST_OF(a)  ((struct list){(a), ARRAY_SIZE(a)})

static const struct id16 campaign_id = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
	0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
static const struct id16 session_id = {{15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
static const struct id16 store_id = {{0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9,
	0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf}};
static const uint8_t hash_bytes[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
	18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const struct blob hash = {hash_bytes, sizeof hash_bytes};

/* ---- the messages of the vectors ---- */

static struct attempt_id attempt_17(void)
{
	return (struct attempt_id){.campaign = campaign_id, .run = 17, .attempt = 1};
}

static void fill_hello(struct message *m)
{
	static const struct message_pair labels[] = {{"pool", "lab"}};
	static struct message_held held[2];

	held[0] = (struct message_held){.id = {campaign_id, 17, 1}, .state = "running"};
	held[1] = (struct message_held){.id = {campaign_id, 16, 2}, .state = "spooled"};
	m->hello = (struct message_hello){
		.program = "joulerig-agent",
		.version = "0.1.0",
		.minor = 2,
		.session = session_id,
		.store = store_id,
		.inventory = "{\"cores\":2,\"threads\":2,\"thread_steps\":[1,2]}",
		.labels = LIST_OF(labels),
		.held = LIST_OF(held),
	};
}

static void fill_welcome(struct message *m)
{
	m->welcome = (struct message_welcome){
		.version = "0.1.0",
		.minor = 2,
		.name = "lab07",
		.role = "agent",
		.store = store_id,
		.heartbeat_ns = HEARTBEAT_NS,
		.lease_ns = LEASE_NS,
		.credit = 1048576,
	};
}

static void fill_ping(struct message *m)
{
	m->ping = (struct message_ping){.t1 = 123456789012, .offset = -2500, .delay = 180000};
}

static void fill_pong(struct message *m)
{
	m->pong = (struct message_pong){.t1 = 123456789012, .t2 = 223456700000, .t3 = 223456710000};
}

static void fill_assign(struct message *m)
{
	static const char *const command[] = {
		"workloads/triad", "--threads", "2", "--out", MARK_TMP "/out"};
	static const char *const make[] = {"make", "-C", "workloads"};
	static const char *const version[] = {"gcc", "--version"};
	static const char *const seed[] = {"workloads/seed", MARK_TMP};
	static const char *const sweep[] = {"rm", "-rf", "/dev/shm/triad"};
	static const struct message_pair env[] = {{"CPUS", MARK_CPU_LIST}};
	static const struct message_pair collect[] = {{"profile", MARK_TMP "/out"}};
	static struct message_step setup[1], requires[1], prepare[1], cleanup[1];

	setup[0] = (struct message_step){.command = LIST_OF(make), .timeout_ns = 600 * NS_PER_S};
	requires[0] =
		(struct message_step){.command = LIST_OF(version), .timeout_ns = 60 * NS_PER_S};
	prepare[0] = (struct message_step){.command = LIST_OF(seed), .timeout_ns = 60 * NS_PER_S};
	cleanup[0] = (struct message_step){.command = LIST_OF(sweep), .timeout_ns = 60 * NS_PER_S};
	m->assign = (struct message_assign){
		.id = attempt_17(),
		.label = "quickstart.1",
		.benchmark = "triad",
		.parameters = "{\"threads\":2}",
		.block = 3,
		.lease_ns = LEASE_NS,
		.command = LIST_OF(command),
		.env = LIST_OF(env),
		.tree = hash,
		.setup = LIST_OF(setup),
		.cpus = 2,
		.policy = "close",
		.timeout_ns = 300 * NS_PER_S,
		.output_limit = 1048576,
		.energy = "auto",
		.every_ns = 100 * NS_PER_MS,
		.packages = ABSENT,
		.oversubscribe = ABSENT,
		.idle_ns = ABSENT,
		.guard_temperature = ABSENT,
		.guard_load = ABSENT,
		.guard_timeout_ns = ABSENT,
		.guard_turbo = ABSENT,
		.reruns = ABSENT,
		.memory_limit = ABSENT,
		.processes_limit = ABSENT,
		.is_main = ABSENT,
		.ready_port = ABSENT,
		.ready_timeout_ns = ABSENT,
		.requires = LIST_OF(requires),
		.prepare = LIST_OF(prepare),
		.cleanup = LIST_OF(cleanup),
		.collect = LIST_OF(collect),
	};
}

static void fill_ready(struct message *m)
{
	m->ready = (struct message_ready){
		.id = attempt_17(), .point = "prepared", .address = "192.0.2.7"};
}

static void fill_go(struct message *m)
{
	static const struct message_pair addresses[] = {
		{"server", "192.0.2.7"}, {"client", "192.0.2.8"}};

	m->go = (struct message_go){.id = attempt_17(),
		.what = "measure",
		.at = 123456789012,
		.addresses = LIST_OF(addresses)};
}

static void fill_ended(struct message *m)
{
	m->ended = (struct message_ended){.id = attempt_17(), .raw_ns = 125456789012};
}

/* ACCEPT, COMMITTED, CANCEL and STOP say nothing but which attempt, in the same place. */
static void fill_accept(struct message *m)
{
	m->accept.id = attempt_17();
}

static void fill_refuse(struct message *m)
{
	m->refuse =
		(struct message_refuse){.id = attempt_17(), .reason = "the agent's queue is full"};
}

static void fill_started(struct message *m)
{
	m->started = (struct message_started){
		.id = attempt_17(), .started_at = DATE, .raw_ns = 123456789012};
}

static void fill_samples(struct message *m)
{
	m->samples = (struct message_samples){
		.id = attempt_17(),
		.chunk = 0,
		.data = BYTES("\x96\x01\x02\x91\x93\xa8"
			      "cpu.busy\xa2ns\xa7"
			      "counter\xcf\x00\x00\x00\x1c\xbe\x99\x1a\x14\x91\xce\x05\xf5\xe1\x00"
			      "\x91\x92\x00\xce\x0b"
			      "\xeb\xc2\x00"),
	};
}

static void fill_output(struct message *m)
{
	m->output = (struct message_output){.id = attempt_17(),
		.stream = "stdout",
		.offset = 262144,
		.data = BYTES("tail of the output\n")};
}

static void fill_result(struct message *m)
{
	static const char *const flags[] = {"shared_cpu"};
	static const struct message_metric metrics[] = {
		{"time", "ns", 4128000000, 50, ABSENT},
		{"memory.peak", "B", 32505856, ABSENT, ABSENT},
	};
	static const char *const version[] = {"gcc", "--version"};
	static struct message_requirement requirement[1];

	requirement[0] = (struct message_requirement){
		.command = LIST_OF(version),
		.asked_at = DATE,
		.output = BYTES("gcc 14.2.0\n"),
		.total = 11,
		.head = 11,
	};
	m->result = (struct message_result){
		.id = attempt_17(),
		.state = "done",
		.reason = "no energy: no powercap zone",
		.started_at = DATE,
		.exit_code = 0,
		.signal = ABSENT,
		.metrics = LIST_OF(metrics),
		.flags = LIST_OF(flags),
		.cpus = "0-1",
		.chunks = 1,
		.thinned = 0,
		.stdout_data = BYTES("{\"pairs\":1000}\n"),
		.stderr_data = BYTES(""),
		.stdout_kept = 15,
		.stderr_kept = 0,
		.stdout_total = 15,
		.stderr_total = 0,
		.stdout_head = 15,
		.stderr_head = 0,
		.requirement = LIST_OF(requirement),
	};
}

static void fill_drain(struct message *m)
{
	m->drain.unused = ABSENT;
}

static void fill_want_files(struct message *m)
{
	m->want_files = (struct message_want_files){.hash = hash, .offset = 0, .length = 2097152};
}

static void fill_file_chunk(struct message *m)
{
	m->file_chunk = (struct message_file_chunk){
		.hash = hash, .offset = 0, .size = 12, .data = BYTES("int main(){}")};
}

static void fill_credit(struct message *m)
{
	m->credit.bytes = 65536;
}

static void fill_bye(struct message *m)
{
	m->bye.reason = "told to end";
}

static void fill_error(struct message *m)
{
	m->error = (struct message_error){.code = "refused",
		.text = "the key 'ann' has the role viewer, which may not send SUBMIT"};
}

static void fill_finish(struct message *m)
{
	static const char *const clean[] = {"make", "-C", "workloads", "clean"};
	static struct message_step teardown[1];

	teardown[0] = (struct message_step){.command = LIST_OF(clean), .timeout_ns = 60 * NS_PER_S};
	m->finish = (struct message_finish){
		.campaign = campaign_id, .label = "quickstart.1", .teardown = LIST_OF(teardown)};
}

static void fill_finished(struct message *m)
{
	m->finished = (struct message_finished){.campaign = campaign_id,
		.reason = "teardown: make -C workloads clean: exit status 2"};
}

static void fill_submit(struct message *m)
{
	m->submit = (struct message_submit){
		.campaign = "campaign: demo\nbenchmarks: {a: {command: [/bin/true]}}\n",
		.file = "demo.yaml",
		.changes = "{\"blocks\":3}",
		.tree = hash,
		.priority = ABSENT,
		.schedule = 1,
	};
}

static void fill_submitted(struct message *m)
{
	m->submitted = (struct message_submitted){.id = campaign_id,
		.label = "demo.1",
		.notes = "lab03 is not connected and takes no part\n"};
}

static void fill_status(struct message *m)
{
	m->status.label = "demo.1";
}

static void fill_report(struct message *m)
{
	static const struct message_campaign campaigns[] = {{
		.label = "demo.1",
		.state = "running",
		.total = 44,
		.done = 12,
		.failed = 1,
		.skipped = 2,
		.running = 1,
		.hosts = 1,
		.submitted_at = DATE,
		.ended_at = ABSENT,
		.left_ns = 90 * NS_PER_S,
		.at_most = 1,
		.priority = ABSENT,
		.without = NULL,
	}};
	static const struct message_host hosts[] = {{
		.name = "lab07",
		.state = "running",
		.public_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
		.inventory = "{\"cores\":2}",
		.doing = "demo.1 run 13 attempt 1",
		.seen_at = DATE,
		.offset = -2500,
		.delay = ABSENT,
		.admission_at = ABSENT,
	}};

	m->report =
		(struct message_report){.campaigns = LIST_OF(campaigns), .hosts = LIST_OF(hosts)};
}

static void fill_watch(struct message *m)
{
	m->watch.label = "demo.1";
}

static void fill_event(struct message *m)
{
	m->event = (struct message_event){
		.kind = "run",
		.host = "lab07",
		.run = 17,
		.benchmark = "triad",
		.parameters = "{\"threads\":2}",
		.state = "failed",
		.text = "exit status 3",
	};
}

static void fill_query(struct message *m)
{
	m->query =
		(struct message_query){.what = "runs", .label = "demo.1", .after = 0, .limit = 500};
}

static void fill_rows(struct message *m)
{
	static const char *const columns[] = {"run", "time", "state", "flags"};
	static const struct message_cell first[] = {{.integer = 17},
		{.integer = ABSENT, .real = "4.128"}, {.integer = ABSENT, .text = "done"},
		{.integer = ABSENT}};
	static const struct message_cell second[] = {{.integer = 18},
		{.integer = ABSENT, .blob = {"\0\1", 2}}, {.integer = ABSENT}, {.integer = ABSENT}};
	static struct message_row rows[2];

	rows[0] = (struct message_row){.key = 17, .cells = LIST_OF(first)};
	rows[1] = (struct message_row){.key = 18, .cells = LIST_OF(second)};
	m->rows = (struct message_rows){
		.columns = LIST_OF(columns), .rows = LIST_OF(rows), .more = 1};
}

static void fill_steer(struct message *m)
{
	m->steer = (struct message_steer){.verb = "pause",
		.label = "demo.1",
		.now = 1,
		.reason = "the machines are needed",
		.blocks = ABSENT};
}

/* In the order of PROTOCOL.md; the sequence number of a vector is its place. */
static const struct vector {
	enum message_type type;
	const char *name;
	void (*fill)(struct message *m);
} vectors[] = {
	{MESSAGE_HELLO, "HELLO", fill_hello},
	{MESSAGE_WELCOME, "WELCOME", fill_welcome},
	{MESSAGE_PING, "PING", fill_ping},
	{MESSAGE_PONG, "PONG", fill_pong},
	{MESSAGE_ASSIGN, "ASSIGN", fill_assign},
	{MESSAGE_ACCEPT, "ACCEPT", fill_accept},
	{MESSAGE_REFUSE, "REFUSE", fill_refuse},
	{MESSAGE_STARTED, "STARTED", fill_started},
	{MESSAGE_SAMPLES, "SAMPLES", fill_samples},
	{MESSAGE_OUTPUT, "OUTPUT", fill_output},
	{MESSAGE_RESULT, "RESULT", fill_result},
	{MESSAGE_COMMITTED, "COMMITTED", fill_accept},
	{MESSAGE_CANCEL, "CANCEL", fill_accept},
	{MESSAGE_DRAIN, "DRAIN", fill_drain},
	{MESSAGE_WANT_FILES, "WANT_FILES", fill_want_files},
	{MESSAGE_FILE_CHUNK, "FILE_CHUNK", fill_file_chunk},
	{MESSAGE_CREDIT, "CREDIT", fill_credit},
	{MESSAGE_BYE, "BYE", fill_bye},
	{MESSAGE_ERROR, "ERROR", fill_error},
	{MESSAGE_FINISH, "FINISH", fill_finish},
	{MESSAGE_FINISHED, "FINISHED", fill_finished},
	{MESSAGE_SUBMIT, "SUBMIT", fill_submit},
	{MESSAGE_SUBMITTED, "SUBMITTED", fill_submitted},
	{MESSAGE_STATUS, "STATUS", fill_status},
	{MESSAGE_REPORT, "REPORT", fill_report},
	{MESSAGE_WATCH, "WATCH", fill_watch},
	{MESSAGE_EVENT, "EVENT", fill_event},
	{MESSAGE_QUERY, "QUERY", fill_query},
	{MESSAGE_ROWS, "ROWS", fill_rows},
	{MESSAGE_READY, "READY", fill_ready},
	{MESSAGE_GO, "GO", fill_go},
	{MESSAGE_ENDED, "ENDED", fill_ended},
	{MESSAGE_STOP, "STOP", fill_accept},
	{MESSAGE_STEER, "STEER", fill_steer},
};

static void make(const struct vector *v, struct message *m)
{
	message_init(m, v->type);
	v->fill(m);
	m->sequence = v - vectors + 1;
	m->epoch = v->type == MESSAGE_HELLO ? 0 : 7;
}

/* ---- reading hexadecimal ---- */

/* The bytes of hexadecimal text with white space in it, appended. */
static void add_hex(struct buf *out, const char *text, size_t len)
{
	char pair[3] = "";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte;
		if (isspace((unsigned char)text[i]))
			continue;
		pair[n++] = text[i];
		if (n < 2)
			continue;
		assert_true(hex_decode(&byte, 1, pair));
		buf_addc(out, (char)byte);
		n = 0;
	}
	assert_int_equal(n, 0);
}

static void read_vector(const struct vector *v, struct buf *out)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.hex", VECTORS, v->name);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (buf_read_file(&text, AT_FDCWD, path, 1 << 20) < 0)
		fail_msg("%s cannot be read; run this from the top of the tree", path);
	add_hex(out, text.data, text.len);
}

static void assert_same_bytes(const char *name, const struct buf *got, const struct buf *want)
{
	_cleanup_free_ char *hex = xmalloc(2 * got->len + 1);

	if (got->len != want->len || memcmp(got->data, want->data, got->len) != 0)
		fail_msg("%s is now %s", name, hex_encode(hex, got->data, got->len));
}

/* ---- comparing bodies ---- */

static void assert_same_body(const struct schema *s, const void *a, const void *b);

static void assert_same_field(const struct field *f, const void *a, const void *b)
{
	const struct blob *x = a, *y = b;
	const struct list *l = a, *k = b;
	const char *t = NULL, *u = NULL;

	switch (f->kind) {
	case FIELD_INT:
		assert_int_equal(*(const int64_t *)a, *(const int64_t *)b);
		break;
	case FIELD_TEXT:
		t = *(const char *const *)a;
		u = *(const char *const *)b;
		assert_int_equal(t == NULL, u == NULL);
		if (t != NULL)
			assert_string_equal(t, u);
		break;
	case FIELD_ID:
		assert_memory_equal(a, b, sizeof(struct id16));
		break;
	case FIELD_BLOB:
		assert_int_equal(x->data == NULL, y->data == NULL);
		assert_int_equal(x->len, y->len);
		if (x->len > 0)
			assert_memory_equal(x->data, y->data, x->len);
		break;
	case FIELD_TEXTS:
		assert_int_equal(l->n, k->n);
		for (size_t i = 0; i < l->n; i++)
			assert_string_equal(
				*LIST_AT(l, const char *, i), *LIST_AT(k, const char *, i));
		break;
	case FIELD_LIST:
		assert_int_equal(l->n, k->n);
		for (size_t i = 0; i < l->n; i++)
			assert_same_body(f->sub, (const char *)l->items + i * f->sub->size,
				(const char *)k->items + i * f->sub->size);
		break;
	case FIELD_STRUCT:
		assert_same_body(f->sub, a, b);
		break;
	}
}

static void assert_same_body(const struct schema *s, const void *a, const void *b)
{
	for (const struct field *f = s->fields; f->key != NULL; f++)
		assert_same_field(f, (const char *)a + f->offset, (const char *)b + f->offset);
}

/* ---- the vectors ---- */

static void test_all_types_have_a_vector(void **state)
{
	size_t known = 0;

	(void)state;
	for (int type = 0; type < TYPES; type++)
		known += strcmp(message_type_name((enum message_type)type), "?") != 0;
	assert_int_equal(known, ARRAY_SIZE(vectors));
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(message_type_name(vectors[i].type), vectors[i].name);
}

static void test_encode_gives_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf want = BUF_INIT, got = BUF_INIT;
		struct message m;
		make(&vectors[i], &m);
		read_vector(&vectors[i], &want);
		message_encode(&m, &got);
		assert_same_bytes(vectors[i].name, &got, &want);
	}
}

static void test_decode_gives_the_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf frame = BUF_INIT;
		struct error err = {0};
		struct message want, got;
		make(&vectors[i], &want);
		read_vector(&vectors[i], &frame);
		if (message_decode(&got, frame.data, frame.len, &err) < 0)
			fail_msg("%s: %s", vectors[i].name, err.text);
		assert_int_equal(got.version, PROTOCOL_MAJOR);
		assert_int_equal(got.type, want.type);
		assert_int_equal(got.sequence, want.sequence);
		assert_int_equal(got.epoch, want.epoch);
		assert_same_body(message_schema(got.type), &got.hello, &want.hello);
		message_done(&got);
	}
}

/* A message with nothing but its required keys, and with everything optional absent, comes back as
 * it went. */
static void test_absent_stays_absent(void **state)
{
	struct message m, back;
	_cleanup_buf_ struct buf frame = BUF_INIT;

	(void)state;
	message_init(&m, MESSAGE_PING);
	m.ping.t1 = 0;
	message_encode(&m, &frame);
	assert_int_equal(message_decode(&back, frame.data, frame.len, NULL), 0);
	assert_int_equal(back.ping.t1, 0);
	assert_int_equal(back.ping.offset, ABSENT);
	message_done(&back);
	buf_reset(&frame);
	message_init(&m, MESSAGE_HELLO);
	m.hello.program = m.hello.version = "";
	m.hello.minor = 0;
	message_encode(&m, &frame);
	assert_int_equal(message_decode(&back, frame.data, frame.len, NULL), 0);
	assert_null(back.hello.inventory);
	assert_int_equal(back.hello.held.n, 0);
	assert_string_equal(back.hello.program, "");
	message_done(&back);
}

static void test_integers_of_all_sizes(void **state)
{
	static const int64_t values[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX,
		INT64_C(1) << 32, INT64_MAX, -1, -32, -33, -128, -129, INT32_MIN, INT64_MIN + 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_buf_ struct buf frame = BUF_INIT;
		struct message m, back;
		message_init(&m, MESSAGE_CREDIT);
		m.credit.bytes = values[i];
		message_encode(&m, &frame);
		assert_int_equal(message_decode(&back, frame.data, frame.len, NULL), 0);
		assert_int_equal(back.credit.bytes, values[i]);
		message_done(&back);
	}
}

/* ---- what must not be taken ---- */

/* Returns whether it was for a key that is missing. */
static bool assert_refused(const void *data, size_t len, int code)
{
	struct error err = {0};
	struct message m;
	/* A copy of its exact size, so that a sanitizer sees every byte that is read beyond it. */
	char *copy = xmalloc(len);

	memcpy(copy, data, len);
	assert_int_equal(message_decode(&m, copy, len, &err), code);
	assert_int_equal(err.code, code);
	assert_int_not_equal(strlen(err.text), 0);
	message_done(&m);
	free(copy);
	return strstr(err.text, "is missing") != NULL;
}

static void test_truncated_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf frame = BUF_INIT;
		read_vector(&vectors[i], &frame);
		for (size_t len = 0; len < frame.len; len++)
			assert_refused(frame.data, len, ERR_PROTOCOL);
		buf_addc(&frame, '\0');
		assert_refused(frame.data, frame.len, ERR_PROTOCOL); /* a byte behind the end */
	}
}

static void test_other_major(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf frame = BUF_INIT;
		struct error err = {0};
		struct message m;
		read_vector(&vectors[i], &frame);
		frame.data[1] = PROTOCOL_MAJOR + 1;
		assert_refused(frame.data, frame.len, -EPROTONOSUPPORT);
		frame.data[1] = PROTOCOL_MAJOR - 1;
		assert_int_equal(message_decode(&m, frame.data, frame.len, &err), -EPROTONOSUPPORT);
		assert_int_equal(m.version, PROTOCOL_MAJOR - 1);
		assert_int_equal(m.type, vectors[i].type);
	}
}

static void test_bad_frames(void **state)
{
	static const struct {
		const char *hex, *why;
	} frames[] = {
		{"c0", "no array"},
		{"80", "a map"},
		{"9401011e00", "array of 4"},
		{"9601011e0080c0", "array of 6"},
		{"95a1310e010080", "version is text"},
		{"95ff0e010080", "version is negative"},
		{"95010d010080", "body without its required keys (CANCEL)"},
		{"9501ff010080", "type is negative"},
		{"950114010080", "no such type (20)"},
		{"950100010080", "no such type (0)"},
		{"95017f010080", "no such type (127)"},
		{"9501cd0112010080", "type above 255 that would be one in a byte"},
		{"95010eff0080", "sequence is negative"},
		{"95010e01ca0000000080", "epoch is a float"},
		{"95010e01cfffffffffffffffff80", "epoch above 63 bits"},
		{"95010e010090", "body is an array"},
		{"95010e0100c0", "body is nil"},
		{"95010e01008101c0", "a key is a number"},
		{"95010e010081c0c0", "a key is nil"},
		{"95010e010081a6756e75736564a131", "int is text"},
		{"95010e010081a6756e75736564c3", "int is a boolean"},
		{"95010e010081a6756e75736564cb3ff0000000000000", "int is a float"},
		{"95010e010081a6756e75736564cfffffffffffffffff", "int above 63 bits"},
		{"95010e010081a6756e75736564d38000000000000000",
			"int is the value that means absent"},
		{"950112010081a6726561736f6e01", "text is a number"},
		{"950112010081a6726561736f6ec40131", "text is bytes"},
		{"950112010081a6726561736f6ea3610062", "text with a NUL"},
		{"950111010081a56279746573c0", "nil for a required key"},
		{"950111010081a56279746573c1", "a tag that msgpack does not have"},
		{"950111010081a56279746573d40101", "an extension"},
		{"950111010081a66e6f627974650a", "a required key is missing, an unknown one there"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		add_hex(&b, frames[i].hex, strlen(frames[i].hex));
		assert_refused(b.data, b.len, ERR_PROTOCOL);
	}
}

/* Five bytes that announce gigabytes, in the places where they would do harm. */
static void test_lying_lengths(void **state)
{
	static const char *const frames[] = {
		"ddffffffff",
		"dfffffffff",
		"dcffff",
		"deffff",
		"c6ffffffff",
		"dbffffffff",
		"9501010100dfffffffff",
		"9501010100ddffffffff",
		"950101010081a46865 6c64ddffffffff",
		"950101010081a868656c6468656c64 dfffffffff",
		"950101010081a77365 7373696f6ec6ffffffff",
		"95010f010081a468617368c6fffffff0",
		"950121010081a56c6162656cdbffffffff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		add_hex(&b, frames[i], strlen(frames[i]));
		assert_refused(b.data, b.len, ERR_PROTOCOL);
	}
}

/* Every field of every message, given a value of each other kind. */
static void test_wrong_kinds(void **state)
{
	static const struct {
		uint8_t first;
		const char *hex;
	} values[] = {{'i', "07"}, {'t', "a131"}, {'b', "c403010203"}, {'l', "9107"},
		{'l', "91a131"}, {'m', "81a1610a"}, {'x', "c3"}, {'x', "cb3ff0000000000000"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char line[128], key[64], kind[64];
		for (size_t k = 0; message_describe_key(vectors[i].type, k, line) != NULL; k++) {
			assert_int_equal(sscanf(line, "%63s %63s", key, kind), 2);
			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				_cleanup_buf_ struct buf b = BUF_INIT;
				bool fits =
					(strcmp(kind, "int") == 0 && values[v].first == 'i') ||
					(strcmp(kind, "text") == 0 && values[v].first == 't') ||
					(strcmp(kind, "bytes") == 0 && values[v].first == 'b') ||
					(strcmp(kind, "texts") == 0 &&
						strcmp(values[v].hex, "91a131") == 0);
				if (fits)
					continue;
				buf_addf(&b, "%c%c%c%c%c%c%c%s", 0x95, 1, vectors[i].type, 1, 0,
					0x81, (int)(0xa0 | strlen(key)), key);
				/* %c of a NUL is a byte as any other */
				add_hex(&b, values[v].hex, strlen(values[v].hex));
				assert_false(assert_refused(b.data, b.len, ERR_PROTOCOL));
			}
		}
	}
}

/* Take one key after the other out of a vector's body: without a required one the message is
 * refused, else taken. */
static void test_each_required_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char line[128], key[64], kind[64], need[64];
		for (size_t k = 0; message_describe_key(vectors[i].type, k, line) != NULL; k++) {
			_cleanup_buf_ struct buf frame = BUF_INIT;
			struct message m;
			char *word = strrchr(line, ' ');
			assert_int_equal(sscanf(line, "%63s %63s", key, kind), 2);
			snprintf(need, sizeof need, "%s", word + 1);
			read_vector(&vectors[i], &frame);
			/* The key's text with its length before it; the first such place is the key
			 * of the body. */
			_cleanup_free_ char *tagged =
				xasprintf("%c%s", (int)(0xa0 | strlen(key)), key);
			char *at = memmem(frame.data, frame.len, tagged, strlen(tagged));
			if (at == NULL)
				continue; /* not in the example */
			at[1] = 'X';
			int r = message_decode(&m, frame.data, frame.len, NULL);
			message_done(&m);
			if (strcmp(need, "required") == 0)
				assert_int_equal(r, ERR_PROTOCOL);
			else
				assert_int_equal(r, 0);
		}
	}
}

static void test_unknown_keys_are_ignored(void **state)
{
	/* CREDIT {"future": [1, {"a": nil}, 1.5], "bytes": 5, "more": {"x": {}}} */
	static const char hex[] = "950111010083a6667574757265 9301 81a161c0 cb3ff8000000000000"
				  "a56279746573 05 a46d6f7265 81a178 80";
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct message m;

	(void)state;
	add_hex(&b, hex, strlen(hex));
	assert_int_equal(message_decode(&m, b.data, b.len, NULL), 0);
	assert_int_equal(m.credit.bytes, 5);
	message_done(&m);
}

static void test_nil_is_absent(void **state)
{
	static const char hex[] = "950112010081a6726561736f6ec0"; /* BYE {"reason": nil} */
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct message m;

	(void)state;
	add_hex(&b, hex, strlen(hex));
	assert_int_equal(message_decode(&m, b.data, b.len, NULL), 0);
	assert_null(m.bye.reason);
	message_done(&m);
}

static void test_limits(void **state)
{
	_cleanup_free_ char *text = xcalloc(MESSAGE_MAX_TEXT + 2, 1);
	_cleanup_free_ struct message_pair *labels = xcalloc(MESSAGE_MAX_LIST + 1, sizeof *labels);
	_cleanup_buf_ struct buf frame = BUF_INIT;
	struct message m;

	(void)state;
	memset(text, 'a', MESSAGE_MAX_TEXT);
	message_init(&m, MESSAGE_BYE);
	m.bye.reason = text;
	message_encode(&m, &frame);
	assert_int_equal(message_decode(&m, frame.data, frame.len, NULL), 0);
	message_done(&m);
	text[MESSAGE_MAX_TEXT] = 'a';
	buf_reset(&frame);
	message_init(&m, MESSAGE_BYE);
	m.bye.reason = text;
	message_encode(&m, &frame);
	assert_refused(frame.data, frame.len, ERR_PROTOCOL);

	/* A list that is too long; and, with five objects an element, more objects than there may
	 * be. */
	for (size_t i = 0; i <= MESSAGE_MAX_LIST; i++)
		labels[i] = (struct message_pair){"a", "b"};
	buf_reset(&frame);
	message_init(&m, MESSAGE_HELLO);
	fill_hello(&m);
	m.hello.labels = (struct list){labels, MESSAGE_MAX_LIST + 1};
	message_encode(&m, &frame);
	assert_refused(frame.data, frame.len, ERR_PROTOCOL);
	_cleanup_free_ char *huge = xcalloc(MESSAGE_MAX_FRAME + 1, 1);
	assert_refused(huge, MESSAGE_MAX_FRAME + 1, ERR_PROTOCOL);
}

static void test_too_deep(void **state)
{
	(void)state;
	for (int depth = 1; depth <= 40; depth++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct message m;
		add_hex(&b, "950112010081a178", 16);
		for (int i = 0; i < depth; i++)
			buf_addc(&b, (char)0x91);
		buf_addc(&b, 1);
		int r = message_decode(&m, b.data, b.len, NULL);
		message_done(&m);
		/* The frame, its body and the value's arrays. */
		assert_int_equal(r, depth + 2 <= 16 ? 0 : ERR_PROTOCOL);
	}
}

/* Flip every bit of every vector: nothing may happen but a message or an error. For the sanitizers.
 */
static void test_flipped_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_buf_ struct buf frame = BUF_INIT;
		read_vector(&vectors[i], &frame);
		for (size_t bit = 0; bit < frame.len * 8; bit++) {
			struct message m;
			frame.data[bit / 8] ^= (char)(1 << bit % 8);
			if (message_decode(&m, frame.data, frame.len, NULL) == 0) {
				_cleanup_buf_ struct buf again = BUF_INIT;
				message_encode(&m, &again);
			}
			message_done(&m);
			frame.data[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

/* ---- PROTOCOL.md ---- */

static char *read_protocol(void)
{
	struct buf text = BUF_INIT;

	if (buf_read_file(&text, AT_FDCWD, PROTOCOL_MD, 1 << 20) < 0)
		fail_msg(PROTOCOL_MD " cannot be read; run this from the top of the tree");
	return buf_take(&text);
}

/* The text after a heading, up to the next one. */
static char *section(const char *document, const char *heading)
{
	_cleanup_free_ char *line = xasprintf("\n%s\n", heading);
	const char *at = strstr(document, line);

	if (at == NULL)
		fail_msg(PROTOCOL_MD " has no section '%s'", heading);
	at += strlen(line);
	const char *end = strstr(at, "\n#");
	return xstrndup(at, end ? (size_t)(end - at) + 1 : strlen(at));
}

/* The k-th row of a section's table as "key kind required"; false past the last. */
static bool table_row(const char *text, size_t k, char out[192])
{
	const char *p = strstr(text, "| --- |");

	if (p == NULL)
		return false;
	for (size_t i = 0; i <= k; i++) {
		p = strchr(p, '\n');
		if (p == NULL || p[1] != '|')
			return false;
		p++;
	}
	char key[64], kind[64], need[32];
	if (sscanf(p, "| %63[^|]| %63[^|]| %31[^ |]", key, kind, need) != 3)
		return false;
	snprintf(out, 192, "%.*s %.*s %s", (int)strcspn(key, " "), key, (int)strlen(kind) - 1, kind,
		need);
	return true;
}

static void test_tables_of_messages(void **state)
{
	_cleanup_free_ char *document = read_protocol();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *heading =
			xasprintf("### %s (%d)", vectors[i].name, vectors[i].type);
		_cleanup_free_ char *text = section(document, heading);
		char want[128], got[192];
		size_t k = 0;
		for (; message_describe_key(vectors[i].type, k, want) != NULL; k++) {
			if (!table_row(text, k, got))
				fail_msg("%s: the table ends before '%s'", heading, want);
			assert_string_equal(got, want);
		}
		if (table_row(text, k, got))
			fail_msg("%s: the table has '%s', the code has not", heading, got);
	}
}

static const char *kind_name(const struct field *f, char out[64])
{
	static const char *const kinds[] = {[FIELD_INT] = "int",
		[FIELD_TEXT] = "text",
		[FIELD_ID] = "id",
		[FIELD_BLOB] = "bytes",
		[FIELD_TEXTS] = "texts",
		[FIELD_LIST] = "list of "};

	snprintf(out, 64, "%s%s", kinds[f->kind], f->kind == FIELD_LIST ? f->sub->name : "");
	return out;
}

/* Fields of an embedded struct stand in the same table. Returns the next row. */
static size_t check_element(const char *text, const struct schema *s, size_t k)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		char want[192], got[192], kind[64];
		if (f->kind == FIELD_STRUCT) {
			k = check_element(text, f->sub, k);
			continue;
		}
		snprintf(want, sizeof want, "%s %s %s", f->key, kind_name(f, kind),
			f->is_required ? "required" : "optional");
		if (!table_row(text, k++, got))
			fail_msg("#### %s: the table ends before '%s'", s->name, want);
		assert_string_equal(got, want);
	}
	return k;
}

static void check_elements(const char *document, const struct schema *s)
{
	for (const struct field *f = s->fields; f->key != NULL; f++) {
		char got[192];
		if (f->kind != FIELD_LIST)
			continue;
		_cleanup_free_ char *heading = xasprintf("#### %s", f->sub->name);
		_cleanup_free_ char *text = section(document, heading);
		size_t k = check_element(text, f->sub, 0);
		if (table_row(text, k, got))
			fail_msg("%s: the table has '%s', the code has not", heading, got);
		check_elements(document, f->sub);
	}
}

static void test_tables_of_elements(void **state)
{
	_cleanup_free_ char *document = read_protocol();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		check_elements(document, message_schema(vectors[i].type));
}

static void test_examples_are_the_vectors(void **state)
{
	static const char open[] = "\n```hex\n";
	_cleanup_free_ char *document = read_protocol();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *heading =
			xasprintf("### %s (%d)", vectors[i].name, vectors[i].type);
		_cleanup_free_ char *text = section(document, heading);
		_cleanup_buf_ struct buf got = BUF_INIT, want = BUF_INIT;
		const char *hex = strstr(text, open);
		if (hex == NULL)
			fail_msg("%s has no example", heading);
		hex += strlen(open);
		add_hex(&got, hex, (size_t)(strstr(hex, "```") - hex));
		read_vector(&vectors[i], &want);
		assert_same_bytes(heading, &got, &want);
	}
}

/* "| NAME | VALUE |" rows of the limits are what the headers say. */
/* One that is packed in two parts says what one that is packed at once says. */
static void test_two_parts(void **state)
{
	const struct attempt_id done = {.run = 7, .attempt = 1, .campaign = {{1, 2, 3}}};
	const struct message_pair env = {"A", "b"};
	const char *const command[] = {"true", "x"};
	_cleanup_buf_ struct buf whole = BUF_INIT, joined = BUF_INIT, again = BUF_INIT;
	struct message m, own, rest;
	struct message_part part;
	struct error err = {0};

	(void)state;
	message_init(&rest, MESSAGE_ASSIGN);
	rest.assign.label = "a.1";
	rest.assign.benchmark = "b";
	rest.assign.parameters = "{}";
	rest.assign.command = (struct list){command, ARRAY_SIZE(command)};
	rest.assign.env = (struct list){&env, 1};
	rest.assign.timeout_ns = rest.assign.output_limit = rest.assign.every_ns = 5;
	rest.assign.energy = "off";
	message_encode_part(&rest, &part);
	message_init(&own, MESSAGE_ASSIGN);
	own.sequence = 3;
	own.epoch = 4;
	own.assign.id = done;
	own.assign.block = 0;
	own.assign.lease_ns = 6;
	own.assign.committed = (struct list){&done, 1};
	message_encode_with(&own, &part, &joined);
	free(part.data);

	m = rest;
	m.sequence = own.sequence;
	m.epoch = own.epoch;
	m.assign.id = own.assign.id;
	m.assign.block = own.assign.block;
	m.assign.lease_ns = own.assign.lease_ns;
	m.assign.committed = own.assign.committed;
	message_encode(&m, &whole);
	assert_int_equal(joined.len, whole.len);
	assert_int_equal(message_decode(&m, joined.data, joined.len, &err), 0);
	message_encode(&m, &again);
	message_done(&m);
	assert_int_equal(again.len, whole.len);
	assert_memory_equal(again.data, whole.data, whole.len);
}

static void test_limits_are_documented(void **state)
{
	static const struct {
		const char *name;
		long long value;
	} limits[] = {
		{"major version", PROTOCOL_MAJOR},
		{"minor version", PROTOCOL_MINOR},
		{"bytes of a frame", MESSAGE_MAX_FRAME},
		{"objects of a frame", MESSAGE_MAX_OBJECTS},
		{"nesting of a frame", 16},
		{"bytes of a text", MESSAGE_MAX_TEXT},
		{"elements of a list", MESSAGE_MAX_LIST},
		{"bytes of a piece", MESSAGE_CHUNK},
		{"metrics of a RESULT", MESSAGE_MAX_METRICS},
		{"bytes of a requirement's output", MESSAGE_MAX_ANSWER},
		{"heartbeat, ns", HEARTBEAT_NS},
		{"heartbeats missed", HEARTBEAT_MISSED},
		{"lease, ns", LEASE_NS},
	};
	_cleanup_free_ char *document = read_protocol();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_free_ char *row =
			xasprintf("\n| %s | %lld |", limits[i].name, limits[i].value);
		if (strstr(document, row) == NULL)
			fail_msg(PROTOCOL_MD " does not have the row '%s'", row + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_types_have_a_vector),
		cmocka_unit_test(test_encode_gives_the_vectors),
		cmocka_unit_test(test_decode_gives_the_values),
		cmocka_unit_test(test_absent_stays_absent),
		cmocka_unit_test(test_integers_of_all_sizes),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_other_major),
		cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_wrong_kinds),
		cmocka_unit_test(test_each_required_key),
		cmocka_unit_test(test_unknown_keys_are_ignored),
		cmocka_unit_test(test_nil_is_absent),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_tables_of_messages),
		cmocka_unit_test(test_tables_of_elements),
		cmocka_unit_test(test_two_parts),
		cmocka_unit_test(test_examples_are_the_vectors),
		cmocka_unit_test(test_limits_are_documented),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
