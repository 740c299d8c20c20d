/* What is counted, what is read of the store for /metrics, and the pages made of it. */
#include "coordinator/dispatch/totals.h"
#include "coordinator/dispatch/vitals.h"
#include "coordinator/http/page.h"
#include "proto/clock.h"
#include "tests/unit/store_fixture.h"
#include <msgpack.h>

/* ---- totals ---- */

static const struct message_metric metrics[] = {
	{"time", "ns", 2 * NS_PER_S, ABSENT, ABSENT},
	{"energy.package", "uJ", 100000000, ABSENT, ABSENT},
	{"energy.package-0", "uJ", 60000000, ABSENT, ABSENT},
	{"energy.package.net", "uJ", 50000000, ABSENT, ABSENT},
	{"energy.dram", "uJ", 7000000, ABSENT, ABSENT},
	{"power.package", "uW", 50000000, ABSENT, ABSENT},
};

static const struct store_result done_row = {
	.state = RUN_DONE, .metrics = metrics, .metrics_n = ARRAY_SIZE(metrics)};

static const struct totals_host *host_of(const struct totals *t, const char *name)
{
	struct totals_host *h = NULL;

	HASH_FIND_STR(t->hosts, name, h);
	return h;
}

static void test_results_count_when_committed(void **state)
{
	struct totals *t = totals_new();

	(void)state;
	totals_result(t, "lab1", &done_row);
	totals_forget(t);
	totals_committed(t, 400000);
	assert_int_equal(t->results[STATE_DONE], 0);
	assert_null(host_of(t, "lab1"));
	totals_result(t, "lab1", &done_row);
	totals_result(t, "lab1", &done_row);
	assert_int_equal(t->results[STATE_DONE], 0);
	totals_committed(t, 20 * NS_PER_S);
	const struct totals_host *h = host_of(t, "lab1");
	assert_non_null(h);
	assert_int_equal(t->results[STATE_DONE], 2);
	assert_int_equal(h->results, 2);
	assert_int_equal(h->energy_uj[TOTALS_PACKAGE], 200000000);
	assert_int_equal(h->energy_uj[TOTALS_DRAM], 14000000);
	assert_int_equal(h->energy_uj[TOTALS_PSYS], ABSENT);
	assert_int_equal(h->run_uw, 50000000);
	assert_int_equal(h->idle_uw, ABSENT);
	assert_int_equal(t->commits[2], 1);
	assert_int_equal(t->commits[TOTALS_BOUNDS], 1);
	totals_free(t);
}

static void test_runs_of_several_hosts(void **state)
{
	struct totals *t = totals_new();
	const struct message_result part = {
		.metrics = {.items = metrics, .n = ARRAY_SIZE(metrics)}};

	(void)state;
	totals_part(t, "lab1", &part);
	totals_part(t, "lab2", &part);
	totals_result(t, NULL, &done_row);
	totals_committed(t, 1);
	assert_int_equal(t->results[STATE_DONE], 1);
	assert_int_equal(HASH_COUNT(t->hosts), 2);
	assert_int_equal(host_of(t, "lab2")->energy_uj[TOTALS_PACKAGE], 100000000);
	totals_free(t);
}

static void test_nobody_counts(void **state)
{
	const struct blob data = {.data = "", .len = 0};

	(void)state;
	totals_result(NULL, "lab1", &done_row);
	totals_samples(NULL, "lab1", 0, 0, &data);
	totals_committed(NULL, 1);
	totals_forget(NULL);
	totals_free(NULL);
}

/* A chunk of two samples, 500 ms apart, that ends at this instant of the host's clock. */
static void pack_chunk(msgpack_sbuffer *out, int64_t end_ns, int64_t uj, bool is_read)
{
	static const char *const names[] = {"energy.package-0", "energy.package-1", "energy.psys"};
	msgpack_packer p;

	msgpack_sbuffer_init(out);
	msgpack_packer_init(&p, out, msgpack_sbuffer_write);
	msgpack_pack_array(&p, 6);
	msgpack_pack_int(&p, 1);
	msgpack_pack_int(&p, 2);
	msgpack_pack_array(&p, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		msgpack_pack_array(&p, 3);
		msgpack_pack_str_with_body(&p, names[i], strlen(names[i]));
		msgpack_pack_str_with_body(&p, "uJ", 2);
		msgpack_pack_str_with_body(&p, "counter", 7);
	}
	msgpack_pack_int64(&p, end_ns - NS_PER_S / 2);
	msgpack_pack_array(&p, 1);
	msgpack_pack_int64(&p, NS_PER_S / 2);
	msgpack_pack_array(&p, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		msgpack_pack_array(&p, 2);
		msgpack_pack_int64(&p, 1000);
		if (i == 2 && !is_read)
			msgpack_pack_nil(&p);
		else
			msgpack_pack_int64(&p, uj);
	}
}

static void give_chunk(struct totals *t, int64_t now_ns, int64_t age_ns, int64_t uj)
{
	const int64_t offset = 7 * NS_PER_S;
	msgpack_sbuffer chunk;

	pack_chunk(&chunk, clock_raw_ns() - offset - age_ns, uj, false);
	const struct blob data = {.data = chunk.data, .len = chunk.size};
	totals_samples(t, "lab1", now_ns, offset, &data);
	msgpack_sbuffer_destroy(&chunk);
}

static void test_power_of_samples(void **state)
{
	struct totals *t = totals_new();
	const int64_t now = 1000 * NS_PER_S;
	const struct blob junk = {.data = "\xc1", .len = 1};

	(void)state;
	give_chunk(t, now, 0, 20000000);
	const struct totals_host *h = host_of(t, "lab1");
	assert_int_equal(h->live_uw[TOTALS_PACKAGE], 80000000);
	assert_int_equal(h->live_uw[TOTALS_PSYS], ABSENT); /* it was not read */
	assert_int_equal(h->live_uw[TOTALS_DRAM], ABSENT); /* there is none */
	assert_true(h->live_ns <= now && h->live_ns > now - 60 * NS_PER_S);
	give_chunk(t, now + NS_PER_S / 2, 0, 10000000); /* within the second: not looked at */
	assert_int_equal(h->live_uw[TOTALS_PACKAGE], 80000000);
	give_chunk(t, now + 2 * NS_PER_S, 3600 * NS_PER_S, 10000000); /* they come after the run */
	assert_true(h->live_ns < now - 3000 * NS_PER_S);
	totals_samples(t, "lab1", now + 4 * NS_PER_S, 0, &junk);
	totals_free(t);
}

/* ---- what the store has ---- */

static void put_sweep(struct store *s, struct store_sweep *w, const char *schedule,
	const char *state, const char *answer)
{
	struct error err = {0};

	w->schedule = schedule;
	w->state = state;
	w->answer = answer;
	w->due_at = FIXTURE_START;
	w->began_at = FIXTURE_START + NS_PER_S;
	if (strcmp(state, "done") == 0 || strcmp(state, "failed") == 0)
		w->ended_at = FIXTURE_START + 61 * NS_PER_S;
	else
		w->ended_at = ABSENT;
	assert_good(store_sqlite.put_sweep(s, w, &err), &err);
}

static void put_schedule(struct store *s, const char *name)
{
	struct error err = {0};
	const struct store_schedule schedule = {.name = name,
		.file = "a.yaml",
		.yaml = "campaign: a",
		.cron = "0 2 * * *",
		.added_at = FIXTURE_START,
		.next_at = FIXTURE_START + 3600 * NS_PER_S};

	assert_good(store_sqlite.put_schedule(s, &schedule, &err), &err);
}

static void read_all(struct vitals_reader *r, struct store *s, struct vitals *out)
{
	struct error err = {0};

	vitals_done(out);
	assert_good(vitals_read(r, &store_sqlite, s, out, &err), &err);
}

static void test_sweeps(void **state)
{
	char *path = fixture_path("s.db");
	struct store *s = fixture_open(path, true);
	struct vitals_reader *r = vitals_reader_new();
	struct vitals v = {0};
	struct store_sweep first = {0}, second = {0}, other = {0};
	struct error err = {0};

	(void)state;
	assert_good(store_sqlite.begin(s, &err), &err);
	put_schedule(s, "a");
	put_schedule(s, "b");
	read_all(r, s, &v);
	assert_int_equal(v.schedules_n, 2);
	assert_int_equal(v.schedules[0].state, SWEEP_STATE_N);
	assert_int_equal(v.schedules[0].next_at, FIXTURE_START + 3600 * NS_PER_S);
	assert_int_equal(v.schedules[0].regressed, ABSENT);
	put_sweep(s, &first, "a", "done",
		"{\"status\": 3, \"compared\": 4, \"regressed\": [{}, {}], \"improved\": [], "
		"\"unconfirmed\": [{}]}");
	put_sweep(s, &second, "a", "running", NULL);
	put_sweep(s, &other, "b", "failed", "no JSON");
	for (int i = 0; i < 2; i++) { /* what is open is read again, what has ended is remembered */
		read_all(r, s, &v);
		assert_int_equal(v.schedules[0].state, SWEEP_RUNNING);
		assert_int_equal(v.schedules[0].ended_state, SWEEP_DONE);
		assert_int_equal(v.schedules[0].ended_at, FIXTURE_START + 61 * NS_PER_S);
		assert_int_equal(v.schedules[0].regressed, 2);
		assert_int_equal(v.schedules[0].improved, 0);
		assert_int_equal(v.schedules[0].unconfirmed, 1);
		assert_int_equal(v.schedules[1].state, SWEEP_FAILED);
		assert_int_equal(v.schedules[1].regressed, ABSENT);
	}
	put_sweep(s, &second, "a", "done", "{\"compared\": 4, \"regressed\": []}");
	read_all(r, s, &v);
	assert_int_equal(v.schedules[0].state, SWEEP_DONE);
	assert_int_equal(v.schedules[0].regressed, 0);
	assert_int_equal(v.schedules[0].improved, ABSENT);
	assert_good(store_sqlite.remove_schedule(s, "a", &err), &err);
	read_all(r, s, &v);
	assert_int_equal(v.schedules_n, 1);
	assert_string_equal(v.schedules[0].name, "b");
	vitals_done(&v);
	vitals_reader_free(r);
	assert_good(store_sqlite.commit(s, &err), &err);
	store_sqlite.close(s);
	fixture_remove(path);
}

static void put_delivery(struct store *s, int64_t notice, const char *delivery_state)
{
	struct error err = {0};
	const struct store_delivery d = {.notice = notice,
		.channel = "mail lab@example.org",
		.state = delivery_state,
		.next_at = ABSENT};

	assert_good(store_sqlite.put_delivery(s, &d, &err), &err);
}

static void assert_deliveries(struct vitals_reader *r, struct store *s, int64_t waiting,
	int64_t delivered, int64_t given_up)
{
	struct vitals v = {0};

	read_all(r, s, &v);
	assert_int_equal(v.deliveries_waiting, waiting);
	assert_int_equal(v.deliveries_delivered, delivered);
	assert_int_equal(v.deliveries_given_up, given_up);
	vitals_done(&v);
}

static void test_deliveries(void **state)
{
	char *path = fixture_path("s.db");
	struct store *s = fixture_open(path, true);
	struct vitals_reader *r = vitals_reader_new();
	struct store_notice n[4] = {0};
	struct error err = {0};

	(void)state;
	assert_good(store_sqlite.begin(s, &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(n); i++) {
		n[i] = (struct store_notice){.at = FIXTURE_START,
			.kind = "regressed",
			.subject = "a",
			.text = "a",
			.json = "{}"};
		assert_good(store_sqlite.add_notice(s, &n[i], &err), &err);
	}
	assert_deliveries(r, s, 0, 0, 0);
	put_delivery(s, n[0].id, DELIVERY_DELIVERED);
	put_delivery(s, n[1].id, DELIVERY_WAITING);
	put_delivery(s, n[2].id, DELIVERY_DELIVERED);
	put_delivery(s, n[3].id, DELIVERY_GIVEN_UP);
	assert_deliveries(r, s, 1, 2, 1);
	assert_deliveries(r, s, 1, 2, 1);
	put_delivery(s, n[1].id, DELIVERY_GIVEN_UP);
	assert_deliveries(r, s, 0, 2, 2);
	assert_deliveries(r, s, 0, 2, 2);
	vitals_reader_free(r);
	assert_good(store_sqlite.commit(s, &err), &err);
	store_sqlite.close(s);
	fixture_remove(path);
}

/* ---- pages ---- */

static void assert_has(const struct buf *page, const char *line)
{
	if (strstr(page->data, line) == NULL)
		fail_msg("'%s' is not in:\n%s", line, page->data);
}

static void test_metrics_page(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct vitals_host host = {
		.name = "a\"b\\c\nd", .state = HOST_IDLE, .seen_at = FIXTURE_START};
	struct vitals_schedule schedule = {.name = (char *)"nightly",
		.state = SWEEP_RUNNING,
		.next_at = FIXTURE_START,
		.due_at = ABSENT,
		.began_at = FIXTURE_START,
		.ended_at = FIXTURE_START + 1500 * NS_PER_MS,
		.regressed = 2,
		.improved = ABSENT,
		.unconfirmed = ABSENT};
	struct vitals v = {.at_ns = 1000,
		.hosts = &host,
		.hosts_n = 1,
		.schedules = &schedule,
		.schedules_n = 1,
		.commits = {[0] = 1, [3] = 2, [TOTALS_BOUNDS] = 4},
		.commit_ns = 2500000000};
	const struct page_source from = {.vitals = &v, .db = "/nowhere/c.db", .now_ns = 1000};

	(void)state;
	totals_host_init(&host.totals, host.name);
	host.totals.energy_uj[TOTALS_PACKAGE] = 1234567;
	host.totals.live_uw[TOTALS_PACKAGE] = 65000000;
	host.totals.live_ns = 500;
	assert_int_equal(page_metrics(&from, &out), 200);
	assert_has(&out, "\njoulerig_host_up{host=\"a\\\"b\\\\c\\nd\"} 1\n");
	assert_has(&out, "\njoulerig_host_last_seen_timestamp_seconds{host=\"a\\\"b\\\\c\\nd\"} "
			 "1790000000.123\n");
	assert_has(&out, ",domain=\"package\"} 1.234567\n");
	assert_has(&out, ",domain=\"package\"} 65\n");
	assert_null(strstr(out.data, "joulerig_host_run_power_watts"));
	assert_null(strstr(out.data, "joulerig_store_size_bytes"));
	assert_has(&out, "_bucket{le=\"0.0001\"} 1\n");
	assert_has(&out, "_bucket{le=\"10\"} 3\n");
	assert_has(&out, "_bucket{le=\"+Inf\"} 7\n");
	assert_has(&out, "_sum 2.5\n");
	assert_has(&out, "_count 7\n");
	assert_has(&out, "duration_seconds{schedule=\"nightly\"} 1.5\n");
	assert_has(&out, "regressions{schedule=\"nightly\"} 2\n");
	assert_has(&out, "{schedule=\"nightly\",state=\"running\"} 1\n");
	assert_has(&out, "{schedule=\"nightly\",state=\"done\"} 0\n");
	assert_null(strstr(out.data, "improvements"));
}

static void test_old_samples_are_not_told(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct vitals_host host = {.name = "lab1", .seen_at = ABSENT};
	struct vitals v = {.hosts = &host, .hosts_n = 1};
	const struct page_source from = {.vitals = &v, .db = "c.db", .now_ns = 16 * NS_PER_S};

	(void)state;
	totals_host_init(&host.totals, host.name);
	host.totals.live_uw[TOTALS_PACKAGE] = 65000000;
	host.totals.live_ns = 0;
	page_metrics(&from, &out);
	assert_null(strstr(out.data, "joulerig_host_power_watts"));
	assert_null(strstr(out.data, "last_seen"));
}

static void test_health(void **state)
{
	struct vitals v = {.at_ns = 5 * NS_PER_S, .epoch = 3};
	struct page_source from = {.vitals = &v, .db = "c.db", .now_ns = 6 * NS_PER_S};
	static const struct {
		int64_t now_s;
		const char *trouble;
		bool is_there;
		unsigned status;
		const char *text;
	} cases[] = {
		{6, NULL, true, 200, "\"status\": \"ok\""},
		{15, NULL, true, 200, "\"epoch\": 3"},
		{17, NULL, true, 503, "its loop has not turned for 12 s"},
		{6, "store: \"c.db\": full", true, 503, "store: \\\"c.db\\\": full"},
		{6, NULL, false, 503, "just been started"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		from.now_ns = cases[i].now_s * NS_PER_S;
		from.vitals = cases[i].is_there ? &v : NULL;
		v.trouble = (char *)(uintptr_t)cases[i].trouble;
		assert_int_equal(page_health(&from, &out), cases[i].status);
		assert_has(&out, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_count_when_committed),
		cmocka_unit_test(test_runs_of_several_hosts),
		cmocka_unit_test(test_nobody_counts),
		cmocka_unit_test(test_power_of_samples),
		cmocka_unit_test(test_sweeps),
		cmocka_unit_test(test_deliveries),
		cmocka_unit_test(test_metrics_page),
		cmocka_unit_test(test_old_samples_are_not_told),
		cmocka_unit_test(test_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
