/* What `results` and `export` make of all that an agent may tell: net energy, effective cores,
 * flags, remarks, what sampling costs. */
#include "coordinator/commands/flag_words.h"
#include "coordinator/commands/show.h"
#include "coordinator/findings/host_text.h"
#include "coordinator/results.h"
#include "tests/unit/store_fixture.h"
#include <fcntl.h>

struct fixture {
	char *path;
	struct results *results;
};

#define RICH_YAML                                                                                  \
	"campaign: rich\nmatrix: {n: [1, 2, 3]}\nbenchmarks: {work: {command: [x, \"{n}\"]}}\n"    \
	"measure: {every: 20ms}\n"
#define RICH_INVENTORY                                                                             \
	"{\"cores\":4,\"threads\":4,\"energy\":{\"source\":\"powercap\",\"zones\":[]},"            \
	"\"overhead\":{"                                                                           \
	"\"10\":{\"ratio\":1.00001,\"low\":0.9999,\"high\":1.0001},"                               \
	"\"100\":{\"ratio\":1.000312,\"low\":1.0001,\"high\":1.00052,\"cpu\":0.001},"              \
	"\"1000\":{\"ratio\":1.02,\"low\":null,\"high\":null},\"5000\":{\"ratio\":null},"          \
	"\"measured_at\":\"2026-09-21T14:13:20Z\"}}"

/* n=1 has energy, n=2 and n=3 are too short for it but for the last run; the words differ from
 * block to block. */
static void rich_result(struct store *s, int64_t campaign, int64_t run, bool has_energy)
{
	_cleanup_free_ char *remark = xasprintf(
		"energy: %lld ms is too short; 12 repetitions would do", (long long)(run + 2) / 3);
	const char *const flags[] = {"short"};
	struct error err = {0};
	const struct message_metric metrics[] = {
		{"time", "ns", (has_energy ? 1000 : 5) * NS_PER_MS, 150, ABSENT},
		{"cores.effective", "u1", 1983000, ABSENT, ABSENT},
		{"frequency.busy", "Hz", INT64_C(3412000000) + run, ABSENT, ABSENT},
		{"counter.cache_misses", "1", 1234567, ABSENT, ABSENT},
		{"energy.package", "uJ", 50000000 + run, 200000, 100000},
		{"energy.package.net", "uJ", 30000000 + run, ABSENT, 250000},
		{"edp.package", "uJ·s", 50000000, ABSENT, ABSENT},
	};
	const struct store_result r = {
		.campaign = campaign,
		.run = run,
		.attempt = 1,
		.state = RUN_DONE,
		.reason = has_energy ? NULL : remark,
		.started_at = FIXTURE_START,
		.exit_code = 0,
		.signal = ABSENT,
		.metrics = metrics,
		.metrics_n = has_energy ? ARRAY_SIZE(metrics) : 4,
		.flags = flags,
		.flags_n = has_energy ? 0 : 1,
		.cpus = "3,0",
		.ended_at = FIXTURE_START + NS_PER_S,
	};

	assert_good(store_sqlite.start_attempt(s, campaign, run, 1, FIXTURE_START, &err), &err);
	assert_int_equal(store_sqlite.put_result(s, &r, &err), 1);
}

static void rich_campaign(struct store *s)
{
	struct error err = {0};
	int64_t host;
	struct store_campaign c = {
		.name = "rich",
		.file = "rich.yaml",
		.yaml = RICH_YAML,
		.state = "running",
		.total = 2,
		.submitted_at = FIXTURE_START,
		.ended_at = ABSENT,
		.uuid = id16_random(),
	};

	assert_good(store_sqlite.put_host(
			    s, "lab7", "another key", RICH_INVENTORY, FIXTURE_START, &host, &err),
		&err);
	assert_good(store_sqlite.add_campaign(s, &c, &err), &err);
	assert_good(store_sqlite.add_configuration(s, c.id, 0, "work", "{\"n\":1}", &err), &err);
	assert_good(store_sqlite.add_configuration(s, c.id, 1, "work", "{\"n\":2}", &err), &err);
	assert_good(store_sqlite.add_configuration(s, c.id, 2, "work", "{\"n\":3}", &err), &err);
	assert_good(store_sqlite.add_lane(s, c.id, 0, host, &err), &err);
	for (int64_t run = 1; run <= 9; run++) {
		const struct store_run r = {.campaign = c.id,
			.run = run,
			.block = (run + 2) / 3,
			.pass = (run + 2) / 3,
			.host = host,
			.configuration = (run - 1) % 3,
			.state = RUN_QUEUED};

		assert_good(store_sqlite.add_run(s, &r, &err), &err);
		rich_result(s, c.id, run, run % 3 == 1 || run == 9);
	}
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct error err = {0};

	f->path = fixture_path("results.db");
	struct store *s = fixture_open(f->path, true);
	const struct results_where where = {.db = f->path};
	rich_campaign(s);
	store_sqlite.close(s);
	assert_good(results_open(&f->results, &where, &err), &err);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	results_close(f->results);
	fixture_remove(f->path);
	free(f);
	return 0;
}

static char *shown(struct results *r, const char *columns)
{
	const struct show_options o = {.columns = columns};
	struct error err = {0};
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_good(show_results(r, "rich.1", &o, to, &err), &err);
	fclose(to);
	return text;
}

static void test_results_tell_of_net_energy_flags_remarks_and_costs(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = shown(f->results, NULL);
	_cleanup_free_ char *asked = shown(f->results, "frequency.busy");
	static const char wanted[] =
		"rich.1  paused · 1 host · 9 runs · 3 blocks · 200 J\n"
		"median (an interval needs 6 blocks) · energy: package, gross\n"
		"\n"
		"work on lab7\n"
		"n  n  time s      energy J  power W     cv  net J  cores   GHz  EDP J·s\n"
		"1  3     1.000    50.00 c      50.0  0.0 %   30.0   1.98  3.41     50.0\n"
		"2  3  0.005000 a                     0.0 %          1.98  3.41\n"
		"3  3  0.005000 b  50.00 cd     50.0  171 %   30.0   1.98  3.41     50.0\n"
		"\n"
		"a  short: 3 of 3 runs\n"
		"b  short: 2 of 3 runs\n"
		"c  counter steps alone are ±0.4 % of this energy\n"
		"d  median of 1 of 3 runs: the others have none\n"
		"short  the steps of an energy counter are over 1 % of a package's energy in this "
		"run (half-width),\n"
		"       or could be: the run takes less than 200 times their largest gap\n"
		"note     5 of 6 runs (work n=2 lab7 and 1 more): energy: 1 ms is too short; 12 "
		"repetitions "
		"would do\n"
		"sampling at 100 Hz costs 0.03 % [0.01, 0.05] on lab7\n";

	assert_string_equal(text, wanted);
	assert_non_null(strstr(asked, "frequency.busy Hz"));
	assert_null(strstr(asked, "GHz"));
}

static void test_runs_have_deviations_and_decimals(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_good(export_runs(f->results, "rich.1", "ndjson", false, to, &err), &err);
	fclose(to);
	assert_non_null(strstr(text, "\"cores.effective\":1.983,"));
	assert_non_null(strstr(text, "\"edp.package\":50,"));
	assert_non_null(strstr(text, "\"edp.package\":\"J·s\""));
	assert_non_null(strstr(text, "\"cores.effective\":\"1\""));
	assert_non_null(
		strstr(text, "\"deviation\":{\"energy.package\":0.1,\"energy.package.net\":0.25}"));
	free(text);
}

static void test_flags_have_their_words(void **state)
{
	const char *top = getenv("TOP");
	_cleanup_free_ char *path = xasprintf("%s/docs/flags.md", top ? top : ".");
	_cleanup_buf_ struct buf page = BUF_INIT;
	size_t rows = 0, words = 0;

	(void)state;
	assert_int_equal(buf_read_file(&page, AT_FDCWD, path, 1024 * 1024), 0);
	for (const char *at = page.data; (at = strstr(at, "\n| `")) != NULL; at++)
		rows++;
	for (const struct flag_words *w = flag_words; w->name != NULL; w++, words++) {
		_cleanup_free_ char *row = xasprintf("\n| `%s` | %s | ", w->name, w->words);

		assert_non_null(strstr(page.data, row));
	}
	assert_int_equal(words, rows);
	assert_true(words > 10);
}

static void test_overhead_is_that_of_the_rate(void **state)
{
	static const struct {
		int64_t every_ns;
		const char *want;
	} vectors[] = {
		{NS_PER_S, "sampling at 10 Hz costs 0.00 % [-0.01, 0.01]"},
		{NS_PER_S / 10, "sampling at 10 Hz costs 0.00 % [-0.01, 0.01]"},
		{NS_PER_S / 11, "sampling at 100 Hz costs 0.03 % [0.01, 0.05]"},
		{NS_PER_S / 1000, "sampling at 1000 Hz costs 2.00 %"},
		{NS_PER_S / 5000, "sampling at 1000 Hz costs 2.00 %"},
	};
	json_t *inventory = host_inventory(RICH_INVENTORY), *none = host_inventory("{}");
	_cleanup_buf_ struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		buf_reset(&out);
		host_overhead(inventory, vectors[i].every_ns, &out);
		assert_string_equal(out.data, vectors[i].want);
	}
	buf_reset(&out);
	host_overhead(none, NS_PER_S, &out);
	host_overhead(NULL, NS_PER_S, &out);
	assert_string_equal(out.data, "");
	json_decref(inventory);
	json_decref(none);
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_results_tell_of_net_energy_flags_remarks_and_costs),
		WITH_STORE(test_runs_have_deviations_and_decimals),
		cmocka_unit_test(test_flags_have_their_words),
		cmocka_unit_test(test_overhead_is_that_of_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
