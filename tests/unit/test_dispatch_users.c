/* What users ask, who may ask it, and what is sent around: campaigns, files, samples, time. */
#include "dispatch_scene.h"

/* ---- users ---- */

static struct message role_message(enum message_type type)
{
	struct message m;

	message_init(&m, type);
	switch (type) {
	case MESSAGE_SUBMIT:
		m.submit.campaign = RIG_YAML;
		m.submit.file = "demo.yaml";
		break;
	case MESSAGE_WATCH:
		m.watch.label = "demo.1";
		break;
	case MESSAGE_QUERY:
		m.query = (struct message_query){.what = "runs", .label = "demo.1", .limit = 10};
		break;
	case MESSAGE_RESULT:
		make_result(&m, &(struct held_result){.id = {id16_random(), 1, 1}});
		break;
	case MESSAGE_SAMPLES:
	case MESSAGE_OUTPUT:
		m.output =
			(struct message_output){.stream = "stdout", .data = {"", 0}, .offset = 0};
		if (type == MESSAGE_SAMPLES)
			m.samples = (struct message_samples){.data = {"", 0}};
		break;
	case MESSAGE_WANT_FILES:
		m.want_files = (struct message_want_files){.hash = {RIG_YAML, 32}};
		break;
	case MESSAGE_CANCEL:
	case MESSAGE_ACCEPT:
		m.cancel.id = (struct attempt_id){id16_random(), 0, 0};
		break;
	case MESSAGE_STARTED:
		m.started = (struct message_started){0};
		break;
	case MESSAGE_REFUSE:
		m.refuse = (struct message_refuse){.reason = ""};
		break;
	case MESSAGE_STEER:
		m.steer.verb = "pause";
		break;
	case MESSAGE_STATUS:
		break;
	default:
		fail_msg("no example of %s", message_type_name(type));
	}
	return m;
}

static void test_roles(void **state)
{
	/* What each role may say; a 'refused' is the answer to all else. */
	static const struct {
		enum message_type type;
		bool agent, viewer, user;
	} table[] = {
		{MESSAGE_SUBMIT, false, false, true},
		{MESSAGE_STEER, false, false, true},
		{MESSAGE_CANCEL, false, false, true},
		{MESSAGE_STATUS, false, true, true},
		{MESSAGE_WATCH, false, true, true},
		{MESSAGE_QUERY, false, true, true},
		{MESSAGE_RESULT, true, false, false},
		{MESSAGE_SAMPLES, true, false, false},
		{MESSAGE_OUTPUT, true, false, false},
		{MESSAGE_ACCEPT, true, false, false},
		{MESSAGE_REFUSE, true, false, false},
		{MESSAGE_STARTED, true, false, false},
		{MESSAGE_WANT_FILES, true, false, false},
	};

	(void)state;
	agent_arrive(&lab1);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct {
			const struct route *route;
			const char *key;
			bool may;
		} speakers[] = {{&lab1.route, KEY_LAB1, table[i].agent},
			{&vic, KEY_VIC, table[i].viewer}, {&ann, KEY_ANN, table[i].user}};
		for (size_t k = 0; k < ARRAY_SIZE(speakers); k++) {
			struct message m = role_message(table[i].type), reply;
			hand_over(speakers[k].route, speakers[k].key, &m);
			flush();
			bool was_refused = take(speakers[k].route, &reply) &&
					   reply.type == MESSAGE_ERROR &&
					   strcmp(reply.error.code, "refused") == 0;
			message_done(&reply);
			if (was_refused == speakers[k].may)
				fail_msg("%s by %s was %s", message_type_name(table[i].type),
					speakers[k].key, was_refused ? "refused" : "allowed");
		}
	}
	assert_int_equal(
		number("SELECT count(*) FROM campaign"), 0); /* the one SUBMIT waits for its tick */
}

static void test_who_is_nobody(void **state)
{
	const struct route r = new_route();
	struct message m;

	(void)state;
	message_init(&m, MESSAGE_STATUS);
	hand_over(&r, KEY_NOBODY, &m);
	flush();
	expect_error(&r, "refused");
}

static void say_hello(const struct route *r, const char *key, int64_t minor, const char *inventory)
{
	struct message m;

	message_init(&m, MESSAGE_HELLO);
	m.hello.program = "joulerig-agent";
	m.hello.version = "9.9";
	m.hello.minor = minor;
	m.hello.inventory = inventory;
	hand_over(r, key, &m);
	flush();
}

static void test_versions(void **state)
{
	static const char other_major[] = "\x95\x02\x03\x01\x00\x81\xa2t1\x01",
			  garbage[] = "\x95\x01garbage";
	const struct route r = new_route();
	struct message m;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *key = i == 0 ? KEY_LAB1 : KEY_ANN;
		say_hello(&r, key, PROTOCOL_MINOR + 2, RIG_INVENTORY);
		expect_error(&r, "version");
		expect_nothing(&r);
		say_hello(&r, key, PROTOCOL_MINOR - 2, RIG_INVENTORY);
		expect_error(&r, "version");
		expect_nothing(&r);
		say_hello(&r, key, PROTOCOL_MINOR + (i == 0 ? -1 : 1), RIG_INVENTORY);
		expect(&r, MESSAGE_WELCOME, &m);
		assert_string_equal(m.welcome.role, i == 0 ? "agent" : "user");
		assert_string_equal(m.welcome.name, i == 0 ? "lab1" : "ann");
		message_done(&m);
	}
	dispatch_on_frame(
		rig.dispatch, rig.now_ns, &r, KEY_LAB1, other_major, sizeof other_major - 1);
	flush();
	expect_error(&r, "version");
	dispatch_on_frame(rig.dispatch, rig.now_ns, &r, KEY_LAB1, garbage, sizeof garbage - 1);
	flush();
	expect_error(&r, "protocol");
	dispatch_on_frame(rig.dispatch, rig.now_ns, &r, KEY_LAB1, "", 0);
	flush();
	expect_error(&r, "protocol");
}

/* An agent of another version, and one whose inventory is nonsense, take no part and do no harm. */
static void test_strange_agents(void **state)
{
	static const char *const inventories[] = {
		"", "nonsense", "[]", "{}", "{\"cores\":\"two\",\"threads\":null}"};
	struct route r = new_route();

	(void)state;
	say_hello(&r, KEY_LAB1, PROTOCOL_MINOR + 2, RIG_INVENTORY);
	expect_error(&r, "version");
	submit(&ann, RIG_YAML);
	expect_error(&ann, "unavailable");
	for (size_t i = 0; i < ARRAY_SIZE(inventories); i++) {
		struct message m;
		r = new_route();
		say_hello(&r, KEY_LAB1, PROTOCOL_MINOR, inventories[i]);
		expect(&r, MESSAGE_WELCOME, &m);
		message_done(&m);
		submit(&ann, "campaign: each\nmatrix: {threads: {each: host.thread_steps}}\n"
			     "benchmarks: {a: {command: [/bin/true, \"{threads}\"]}}\n");
		assert_true(take(&ann, &m)); /* either way: said, and no crash */
		message_done(&m);
	}
}

static void test_bad_submissions(void **state)
{
	(void)state;
	submit(&ann, RIG_YAML);
	expect_error(&ann, "unavailable"); /* no agent at all */
	agent_arrive(&lab1);
	submit(&ann, "campaign: demo\nhosts: {names: [lab2]}\nbenchmarks: {a: {command: "
		     "[/bin/true]}}\n");
	expect_error(&ann, "unavailable");
	submit(&ann, "campaign: demo\n");
	expect_error(&ann, "campaign");
	submit(&ann, ": : nonsense");
	expect_error(&ann, "campaign");
	submit(&ann, "");
	expect_error(&ann, "campaign");
	assert_int_equal(number("SELECT count(*) FROM campaign"), 0);
	submit_demo();
}

static void test_waits_for_trusted_hosts(void **state)
{
	struct dispatch_config config = {.ops = &store_sqlite,
		.store = rig.store,
		.content = rig.content,
		.keyring = rig.keyring,
		.gather_ns = 10 * NS_PER_S,
		.send = rig_send};
	struct message m;

	(void)state;
	dispatch_free(rig.dispatch);
	rig.dispatch = dispatch_new(&config);
	agent_arrive(&lab1);
	submit(&ann, RIG_YAML);
	expect_nothing(&ann); /* lab2 is trusted and may be on its way */
	agent_arrive(&lab2);
	tick(NS_PER_S);
	flush();
	expect(&ann, MESSAGE_SUBMITTED, &m);
	assert_null(m.submitted.notes);
	message_done(&m);
	assert_int_equal(number("SELECT count(*) FROM lane"), 2);
	agent_drop(&lab2);
	tick(20 * NS_PER_S); /* silent now */
	agent_ping(&lab1);
	submit(&ann, RIG_YAML);
	expect_nothing(&ann);
	agent_ping(&lab1);
	tick(11 * NS_PER_S);
	flush();
	expect(&ann, MESSAGE_SUBMITTED, &m); /* without it, and says so */
	assert_non_null(strstr(m.submitted.notes, "lab2"));
	assert_string_equal(m.submitted.label, "demo.2");
	message_done(&m);
}

static void cancel(const struct id16 *campaign)
{
	struct message m;

	message_init(&m, MESSAGE_CANCEL);
	m.cancel.id = (struct attempt_id){.campaign = *campaign};
	hand_over(&ann, KEY_ANN, &m);
	flush();
}

static void test_cancel(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab2);
	begin_on_lab1();
	struct id16 campaign = lab1.queue[0].campaign;
	agent_drop(&lab2); /* with two runs in its hands */
	agent_finish(&lab1);
	flush();
	agent_take_all(&lab1);
	cancel(&campaign);
	expect(&ann, MESSAGE_EVENT, &m);
	assert_string_equal(m.event.kind, "end");
	assert_string_equal(
		LIST_AT(&m.event.campaign, struct message_campaign, 0)->state, "cancelled");
	message_done(&m);
	assert_int_equal(number("SELECT state = 'cancelled' FROM campaign"), 1);
	assert_int_equal(
		number("SELECT count(*) FROM run WHERE state NOT IN ('done', 'cancelled')"), 0);
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 0);
	assert_int_equal(lab1.cancelled, 2);
	flush();
	agent_take_all(&lab1);
	assert_int_equal(lab1.spool_n, 0); /* the one that ran was acknowledged */
	assert_int_equal(number("SELECT count(*) FROM run WHERE result IS NOT NULL"), 1);
	/* The other host hears of it when it is back. */
	agent_arrive(&lab2);
	flush();
	agent_take_all(&lab2);
	assert_int_equal(lab2.queue_n + lab2.spool_n, 0);
	cancel(&campaign);
	expect_error(&ann, "unknown");
	submit(&ann, RIG_YAML);
	expect(&ann, MESSAGE_SUBMITTED, &m);
	message_done(&m);
	agent_take_all(&lab1);
	assert_int_equal(lab1.queue_n, 2);
}

static void watch(const struct route *r, const char *key, const char *label)
{
	struct message m;

	message_init(&m, MESSAGE_WATCH);
	m.watch.label = label;
	hand_over(r, key, &m);
	flush();
}

static void test_watch(void **state)
{
	int64_t runs = 0, ends = 0;
	struct message m;

	(void)state;
	watch(&vic, KEY_VIC, "demo.1");
	expect_error(&vic, "unknown");
	begin_on_lab1();
	watch(&vic, KEY_VIC, "demo");
	expect(&vic, MESSAGE_EVENT, &m);
	assert_string_equal(m.event.kind, "progress");
	message_done(&m);
	run_to_the_end(&lab1, NULL);
	while (take(&vic, &m)) {
		assert_int_equal(m.type, MESSAGE_EVENT);
		assert_int_equal(ends, 0); /* nothing comes after the end */
		runs += strcmp(m.event.kind, "run") == 0;
		ends += strcmp(m.event.kind, "end") == 0;
		if (m.event.campaign.n > 0)
			assert_int_equal(
				LIST_AT(&m.event.campaign, struct message_campaign, 0)->total,
				RIG_PASSES * RIG_CONFIGURATIONS);
		message_done(&m);
	}
	assert_int_equal(runs, RIG_PASSES * RIG_CONFIGURATIONS);
	assert_int_equal(ends, 1);
	watch(&vic, KEY_VIC, "demo.1"); /* of one that has ended, the end at once */
	expect(&vic, MESSAGE_EVENT, &m);
	assert_string_equal(m.event.kind, "end");
	message_done(&m);
}

static void test_query_page_by_page(void **state)
{
	int64_t after = 0, n = 0, more = 1;
	struct message m;

	(void)state;
	begin_on_lab1();
	run_to_the_end(&lab1, NULL);
	while (more) {
		message_init(&m, MESSAGE_QUERY);
		m.query = (struct message_query){
			.what = "runs", .label = "demo.1", .after = after, .limit = 5};
		hand_over(&vic, KEY_VIC, &m);
		flush();
		expect(&vic, MESSAGE_ROWS, &m);
		assert_true(m.rows.rows.n <= 5);
		assert_string_equal(*LIST_AT(&m.rows.columns, const char *, RUNS_RUN), "run");
		for (size_t i = 0; i < m.rows.rows.n; i++) {
			const struct message_row *r = LIST_AT(&m.rows.rows, struct message_row, i);
			assert_int_equal(r->key, ++n);
			assert_int_equal(r->cells.n, m.rows.columns.n);
			after = r->key;
		}
		more = m.rows.more;
		message_done(&m);
	}
	assert_int_equal(n, RIG_PASSES * RIG_CONFIGURATIONS);
	message_init(&m, MESSAGE_QUERY);
	m.query = (struct message_query){.what = "nonsense", .after = 0, .limit = 5};
	hand_over(&vic, KEY_VIC, &m);
	flush();
	expect_error(&vic, "internal");
}

/* ---- samples, files, time ---- */

static void test_credit(void **state)
{
	/* The first window is 32 KiB, a quarter of which is worth a CREDIT. */
	_cleanup_free_ char *data = xcalloc(1, 5000);
	int64_t given = 0;
	struct message m;

	(void)state;
	begin_on_lab1();
	for (int i = 0; i < 5; i++) {
		message_init(&m, MESSAGE_SAMPLES);
		m.samples = (struct message_samples){
			.id = lab1.queue[0], .chunk = i / 2, .data = {data, 5000}};
		hand_over(&lab1.route, KEY_LAB1, &m);
		flush();
		while (take(&lab1.route, &m)) {
			assert_int_equal(m.type, MESSAGE_CREDIT);
			given += m.credit.bytes;
			message_done(&m);
		}
		assert_int_equal(given, (i + 1) / 2 * 10000);
	}
	assert_int_equal(number("SELECT count(*) FROM sample_chunk"), 3); /* two came twice */
}

static void want(const struct content_hash *hash, int64_t offset, int64_t length)
{
	struct message m;

	message_init(&m, MESSAGE_WANT_FILES);
	m.want_files = (struct message_want_files){
		.hash = {hash->b, sizeof hash->b}, .offset = offset, .length = length};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
}

/* Take the pieces of an answer; returns how many bytes they have from offset on. */
static int64_t take_pieces(int64_t offset, int64_t size, int64_t *pieces)
{
	int64_t n = 0;
	struct message m;

	for (*pieces = 0; take(&lab1.route, &m); (*pieces)++) {
		assert_int_equal(m.type, MESSAGE_FILE_CHUNK);
		assert_int_equal(m.file_chunk.offset, offset + n);
		assert_int_equal(m.file_chunk.size, size);
		assert_true(m.file_chunk.data.len <= MESSAGE_CHUNK);
		n += (int64_t)m.file_chunk.data.len;
		message_done(&m);
	}
	return n;
}

static void test_files_for_agents(void **state)
{
	enum { SIZE = 5 * 1024 * 1024 + 3 };
	_cleanup_free_ char *data = xcalloc(1, SIZE);
	struct content_hash hash, empty, missing = {{1}};
	int64_t pieces;

	(void)state;
	agent_arrive(&lab1);
	assert_int_equal(content_add_bytes(rig.content, data, SIZE, &hash, NULL), 0);
	assert_int_equal(content_add_bytes(rig.content, "", 0, &empty, NULL), 0);
	want(&hash, 0, 1000);
	assert_int_equal(take_pieces(0, SIZE, &pieces), 1000);
	want(&hash, 0, INT64_MAX);
	assert_int_equal(take_pieces(0, SIZE, &pieces),
		16 * MESSAGE_CHUNK); /* as much as one request gets */
	want(&hash, SIZE - 3, INT64_MAX);
	assert_int_equal(take_pieces(SIZE - 3, SIZE, &pieces), 3);
	want(&hash, SIZE, 10);
	assert_int_equal(take_pieces(SIZE, SIZE, &pieces), 0);
	assert_int_equal(pieces, 1);
	want(&empty, 0, 10);
	assert_int_equal(take_pieces(0, 0, &pieces), 0);
	assert_int_equal(pieces, 1);
	want(&hash, INT64_MAX, INT64_MAX);
	expect_error(&lab1.route, "unknown");
	want(&missing, 0, 10);
	expect_error(&lab1.route, "unknown");
	want(&hash, -1, 10); /* nonsense gets no answer */
	want(&hash, 0, -1);
	expect_nothing(&lab1.route);
}

/* A campaign's files are asked of who submits it, piece by piece: the manifest, then what it names.
 */
static void test_files_of_a_submission(void **state)
{
	_cleanup_free_ char *theirs = xasprintf("%s/theirs", rig.dir);
	const char *const names[] = {"content"};
	struct content_store *store;
	struct content_hash tree;
	struct error err = {0};
	struct message m;
	int pieces = 0;

	(void)state;
	agent_arrive(&lab1);
	/* Any small tree: the empty folder of contents itself. */
	assert_good(content_open(&store, theirs, &err), &err);
	assert_good(content_add_tree(store, rig.dir, names, 1, &tree, &err), &err);
	message_init(&m, MESSAGE_SUBMIT);
	m.submit.campaign = RIG_YAML;
	m.submit.file = "demo.yaml";
	m.submit.tree = (struct blob){tree.b, sizeof tree.b};
	hand_over(&ann, KEY_ANN, &m);
	for (int i = 0; i < 50; i++) {
		tick(NS_PER_S / 4);
		flush();
		if (!take(&ann, &m))
			continue;
		if (m.type == MESSAGE_SUBMITTED)
			break;
		assert_int_equal(m.type, MESSAGE_WANT_FILES);
		char data[4096];
		struct content_hash hash;
		memcpy(hash.b, m.want_files.hash.data, sizeof hash.b);
		struct message reply;
		message_init(&reply, MESSAGE_FILE_CHUNK);
		int64_t n =
			content_read(store, &hash, m.want_files.offset, data, sizeof data, &err);
		assert_true(n >= 0);
		reply.file_chunk = (struct message_file_chunk){.hash = {hash.b, sizeof hash.b},
			.offset = m.want_files.offset,
			.size = content_size(store, &hash),
			.data = {data, (size_t)n}};
		hand_over(&ann, KEY_ANN, &reply);
		message_done(&m);
		pieces++;
	}
	assert_int_equal(m.type, MESSAGE_SUBMITTED);
	message_done(&m);
	assert_true(pieces > 0);
	assert_true(content_has(rig.content, &tree));
	content_close(store);
	/* One whose files never come is given up. */
	message_init(&m, MESSAGE_SUBMIT);
	m.submit.campaign = RIG_YAML;
	m.submit.file = "demo.yaml";
	m.submit.tree = (struct blob){RIG_YAML, 32};
	hand_over(&ann, KEY_ANN, &m);
	tick(NS_PER_S);
	flush();
	expect(&ann, MESSAGE_WANT_FILES, &m);
	message_done(&m);
	agent_ping(&lab1);
	tick(31 * NS_PER_S);
	flush();
	expect_error(&ann, "unavailable");
}

static void test_pong(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	message_init(&m, MESSAGE_PING);
	m.ping = (struct message_ping){.t1 = 42, .offset = -7, .delay = 3};
	hand_over(&lab1.route, KEY_LAB1, &m);
	flush();
	expect(&lab1.route, MESSAGE_PONG, &m);
	assert_int_equal(m.pong.t1, 42);
	assert_true(m.pong.t2 > 0 && m.pong.t3 >= m.pong.t2);
	message_done(&m);
}

static void test_bye_to_agents(void **state)
{
	struct message m;

	(void)state;
	agent_arrive(&lab1);
	dispatch_say_bye(rig.dispatch, "the campaign has ended");
	flush();
	expect(&lab1.route, MESSAGE_BYE, &m);
	assert_string_equal(m.bye.reason, "the campaign has ended");
	message_done(&m);
	expect_nothing(&lab2.route);
}

/* ---- a campaign of this very program ---- */

static char decided[64];
static int observed_ends;

static void on_decided(void *arg, const char *label, const struct error *err)
{
	(void)arg;
	snprintf(decided, sizeof decided, "%s",
		label                       ? label
		: err->code == ERR_CAMPAIGN ? "campaign"
					    : "other");
}

static void on_observed(void *arg, const struct message *event)
{
	(void)arg;
	observed_ends += strcmp(event->event.kind, "end") == 0;
}

static void test_own_submission(void **state)
{
	struct dispatch_request request = {.yaml = "campaign: demo\n",
		.file = "demo.yaml",
		.on_decided = on_decided,
		.observer = on_observed};

	(void)state;
	observed_ends = 0;
	agent_arrive(&lab1);
	dispatch_submit(rig.dispatch, rig.now_ns, &request);
	tick(NS_PER_S);
	assert_string_equal(decided, "campaign");
	request.yaml = RIG_YAML;
	dispatch_submit(rig.dispatch, rig.now_ns, &request);
	tick(NS_PER_S);
	flush();
	assert_string_equal(decided, "demo.1");
	agent_take_all(&lab1);
	agent_finish(&lab1);
	flush();
	rig_crash();
	rig_start("demo.1");
	agent_drop(&lab1);
	agent_arrive(&lab1);
	assert_false(dispatch_observe(rig.dispatch, "demo.2", on_observed, NULL));
	assert_true(dispatch_observe(rig.dispatch, "demo.1", on_observed, NULL));
	run_to_the_end(&lab1, NULL);
	assert_int_equal(observed_ends, 1);
	assert_complete(1, RIG_PASSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_roles),
		TEST(test_who_is_nobody),
		TEST(test_versions),
		TEST(test_strange_agents),
		TEST(test_bad_submissions),
		TEST(test_waits_for_trusted_hosts),
		TEST(test_cancel),
		TEST(test_watch),
		TEST(test_query_page_by_page),
		TEST(test_credit),
		TEST(test_files_for_agents),
		TEST(test_files_of_a_submission),
		TEST(test_pong),
		TEST(test_bye_to_agents),
		TEST(test_own_submission),
	};

	return cmocka_run_group_tests_name("dispatch_users", tests, NULL, NULL);
}
