/* gather() gives the numbers that reading run after run gives, over many pages of runs, however
 * these are in order, and whichever metrics some of them lack. */
#include "coordinator/findings/gather.h"
#include "coordinator/findings/run_reader.h"
#include "coordinator/results_private.h"
#include "tests/unit/store_fixture.h"
#include <errno.h>
#include <math.h>

#define RUNS           3000
#define CONFIGURATIONS 5
#define LANES          2

struct fixture {
	char *path;
	struct results *results;
};

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void put_run(struct store *s, int64_t campaign, int64_t run, const int64_t *hosts)
{
	static const char *const states[] = {RUN_DONE, RUN_DONE, RUN_DONE, RUN_DONE, RUN_DONE,
		RUN_DONE, RUN_FAILED, RUN_TIMEOUT};
	int64_t block = (run - 1) / (LANES * CONFIGURATIONS);
	const struct store_run r = {.campaign = campaign,
		.run = run,
		.block = block,
		.pass = block,
		.host = hosts[next_random(LANES)],
		.configuration = next_random(CONFIGURATIONS),
		.state = RUN_QUEUED};
	const struct message_metric metrics[] = {
		{"time", "ns", 1000000000 + next_random(1000000000), ABSENT, ABSENT},
		{"memory.peak", "B", (INT64_C(1) << 53) + next_random(1000), ABSENT, ABSENT},
		{"energy.package", "uJ", 50000000 + next_random(1000000), next_random(5000),
			ABSENT},
		{"energy.package-0", "uJ", next_random(5000), ABSENT, ABSENT},
		{"pressure.cpu", "ns", (INT64_C(1) << 60) + next_random(1000000), ABSENT, ABSENT},
	};
	const struct store_metric own[] = {
		{.name = "ops",
			.unit = "op",
			.value = 0.1 * next_random(1000),
			.better = STORE_BETTER_HIGHER},
		{.name = "sum", .unit = "1", .value = NAN, .text = "9f86d08"},
		{.name = "rare", .unit = "1", .value = -1e-300 * next_random(9)},
	};
	const char *const flags[] = {"shared_cpu", run % 100 < 50 ? "short" : "thinned"};
	struct error err = {0};
	struct store_result result = {.campaign = campaign,
		.run = run,
		.attempt = 1,
		.state = states[next_random(ARRAY_SIZE(states))],
		.reason = next_random(3) == 0 ? "a remark\nenergy: too short" : NULL,
		.started_at = FIXTURE_START,
		.exit_code = 0,
		.signal = ABSENT,
		.metrics = metrics + next_random(2),
		.metrics_n = 1 + next_random(4),
		.own = own,
		.own_n = next_random(10) == 0 ? 3 : next_random(3),
		.flags = flags,
		.flags_n = next_random(3),
		.cpus = "0-2,5",
		.ended_at = FIXTURE_START};

	assert_good(store_sqlite.add_run(s, &r, &err), &err);
	if (next_random(50) == 0) {
		assert_good(
			store_sqlite.set_run_state(s, campaign, run, RUN_SKIPPED, "no room", &err),
			&err);
		return;
	}
	assert_good(store_sqlite.start_attempt(s, campaign, run, 1, FIXTURE_START, &err), &err);
	assert_good(store_sqlite.put_result(s, &result, &err), &err);
}

static void fill(struct store *s)
{
	static const char *const names[LANES] = {"lab1", "lab2"};
	struct store_campaign c = {.name = "many",
		.file = "many.yaml",
		.yaml = FIXTURE_YAML,
		.state = "done",
		.total = RUNS,
		.submitted_at = FIXTURE_START,
		.ended_at = FIXTURE_START + NS_PER_S,
		.uuid = id16_random()};
	struct error err = {0};
	int64_t hosts[LANES];

	assert_good(store_sqlite.begin(s, &err), &err);
	assert_good(store_sqlite.add_campaign(s, &c, &err), &err);
	/* The second lane is the host that the store knew first. */
	for (size_t i = LANES; i-- > 0;) {
		_cleanup_free_ char *key = xasprintf("%s%s", names[i], FIXTURE_KEY);
		assert_good(store_sqlite.put_host(s, names[i], key, FIXTURE_INVENTORY,
				    FIXTURE_START, &hosts[i], &err),
			&err);
	}
	for (int64_t i = 0; i < LANES; i++)
		assert_good(store_sqlite.add_lane(s, c.id, i, hosts[i], &err), &err);
	for (int64_t i = 0; i < CONFIGURATIONS; i++) {
		_cleanup_free_ char *json = xasprintf("{\"threads\":%lld}", (long long)i);
		assert_good(store_sqlite.add_configuration(s, c.id, i, "spin", json, &err), &err);
	}
	for (int64_t run = 1; run <= RUNS; run++)
		put_run(s, c.id, run, hosts);
	assert_good(store_sqlite.commit(s, &err), &err);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct error err = {0};

	f->path = fixture_path("gather.db");
	struct store *s = fixture_open(f->path, true);
	fill(s);
	store_sqlite.close(s);
	assert_good(results_open(&f->results, &(struct results_where){.db = f->path}, &err), &err);
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

/* A store as it was before it had the query "values". */
static int old_query(struct store *s, const char *what, const char *label, int64_t after,
	int64_t limit, void (*columns)(void *arg, const char *const *names, size_t n),
	int (*row)(void *arg, int64_t key, const struct message_cell *cells, size_t n), void *arg,
	struct error *err)
{
	if (strcmp(what, "values") == 0)
		return error_set(err, -EINVAL, "the store has no query '%s'", what);
	return store_sqlite.query(s, what, label, after, limit, columns, row, arg, err);
}

static int setup_old(void **state)
{
	static struct store_ops old;

	setup(state);
	old = store_sqlite;
	old.query = old_query;
	((struct fixture *)*state)->results->ops = &old;
	return 0;
}

/* ---- against reading run after run ---- */

/* How far each series was seen. */
struct check {
	const struct gathered *g;
	size_t *at; /* [cell * metrics_n + metric] */
	bool is_wanted_only;
	size_t done, timeouts, failed, skipped, warmups;
};

static bool equal(double a, double b)
{
	return !(a < b) && !(a > b);
}

static void see_value(
	struct check *c, size_t cell, const struct run_row *row, const char *name, double value)
{
	size_t metric = gathered_metric(c->g, name);
	size_t *at = &c->at[cell * c->g->metrics_n + metric];

	assert_true(metric < c->g->metrics_n);
	assert_true(c->g->metrics[metric].is_used);
	const struct series *s = gathered_series(&c->g->cells[cell], metric);
	if (s == NULL && c->is_wanted_only)
		return;
	assert_non_null(s);
	assert_true(*at < s->n);
	if (!equal(s->values[*at], value))
		fail_msg("%s is %.17g, not %.17g", name, s->values[*at], value);
	assert_true(s->blocks[*at] == row->cells[RUNS_BLOCK].integer);
	assert_true(s->runs[*at] == row->cells[RUNS_RUN].integer);
	++*at;
}

static void see_done(struct check *c, size_t cell, const struct run_row *row)
{
	const struct run_metric *time = run_metric(row, "time"),
				*energy = run_metric(row, "energy.package");

	c->done++;
	for (size_t i = 0; i < row->n; i++)
		see_value(
			c, cell, row, row->metrics[i].name, strtod(row->metrics[i].decimal, NULL));
	if (time == NULL || energy == NULL)
		return;
	double joules = strtod(energy->decimal, NULL), seconds = strtod(time->decimal, NULL);
	see_value(c, cell, row, "power.package", joules / seconds);
	see_value(c, cell, row, "edp.package", joules * seconds);
}

static void see_run(struct check *c, const struct run_row *row)
{
	const char *state = cell_text(&row->cells[RUNS_STATE]);
	size_t cell = (size_t)row->cells[RUNS_LANE].integer * CONFIGURATIONS +
		      (size_t)row->cells[RUNS_CONFIGURATION].integer;

	if (strcmp(state, RUN_SKIPPED) == 0)
		c->skipped++;
	else if (row->cells[RUNS_BLOCK].integer == 0)
		c->warmups++;
	else if (strcmp(state, RUN_DONE) == 0)
		see_done(c, cell, row);
	else if (strcmp(state, RUN_TIMEOUT) == 0)
		c->timeouts++;
	else
		c->failed++;
}

static void check_totals(const struct check *c)
{
	struct check sum = {0};

	for (size_t i = 0; i < LANES * CONFIGURATIONS; i++) {
		const struct gathered_cell *cell = &c->g->cells[i];
		sum.done += cell->done;
		sum.timeouts += cell->timeouts;
		sum.failed += cell->runs - cell->done - cell->timeouts;
		sum.skipped += cell->skipped;
		sum.warmups += cell->warmups;
		assert_int_equal(cell->cpus, 4);
		for (size_t m = 0; m < c->g->metrics_n; m++) {
			const struct series *s = gathered_series(cell, m);
			assert_int_equal(s == NULL ? 0 : s->n, c->at[i * c->g->metrics_n + m]);
		}
	}
	assert_int_equal(sum.done, c->done);
	assert_int_equal(sum.timeouts, c->timeouts);
	assert_int_equal(sum.failed, c->failed);
	assert_int_equal(sum.skipped, c->skipped);
	assert_int_equal(sum.warmups, c->warmups);
}

static void check_against_runs(
	struct results *results, const struct gathered *g, bool is_wanted_only)
{
	struct check c = {.g = g, .is_wanted_only = is_wanted_only};
	struct run_reader *reader = run_reader_open(results, "many.1");
	const struct run_row *row;
	struct error err = {0};

	c.at = xcalloc(g->metrics_n * LANES * CONFIGURATIONS, sizeof *c.at);
	while (run_reader_next(reader, &row, &err) == 1)
		see_run(&c, row);
	run_reader_close(reader);
	check_totals(&c);
	assert_true(c.done > 1500 && c.timeouts > 100 && c.skipped > 10 && c.warmups > 5);
	free(c.at);
}

static void test_all_metrics(void **state)
{
	struct fixture *f = *state;
	struct gathered g;
	struct error err = {0};

	assert_good(gather(f->results, "many.1", NULL, &g, &err), &err);
	check_against_runs(f->results, &g, false);
	size_t ops = gathered_metric(&g, "ops");
	assert_string_equal(g.metrics[ops].unit, "op");
	assert_int_equal(g.metrics[ops].better, BETTER_HIGHER);
	assert_true(g.metrics[ops].is_own);
	size_t part = gathered_metric(&g, "energy.package-0");
	assert_string_equal(g.metrics[part].unit, "J");
	assert_int_equal(g.metrics[part].better, BETTER_LOWER);
	assert_false(g.metrics[part].is_own);
	/* A text is no number. */
	assert_int_equal(gathered_metric(&g, "sum"), g.metrics_n);
	assert_false(g.metrics[gathered_metric(&g, "cycles")].is_used);
	gathered_done(&g);
}

/* What is not wanted has no series, and is known all the same; power is made of what is not wanted
 * itself. */
static void test_wanted_metrics(void **state)
{
	static const char *const names[] = {"power.package", "ops", "no.such.metric"};
	const struct gather_wanted wanted = {.metrics = names, .n = ARRAY_SIZE(names)};
	struct fixture *f = *state;
	struct gathered g;
	struct error err = {0};

	assert_good(gather(f->results, "many.1", &wanted, &g, &err), &err);
	check_against_runs(f->results, &g, true);
	for (size_t i = 0; i < LANES * CONFIGURATIONS; i++) {
		assert_non_null(gathered_series(&g.cells[i], gathered_metric(&g, "power.package")));
		assert_non_null(gathered_series(&g.cells[i], gathered_metric(&g, "ops")));
		assert_null(gathered_series(&g.cells[i], gathered_metric(&g, "time")));
		assert_null(gathered_series(&g.cells[i], gathered_metric(&g, "rare")));
	}
	assert_true(g.metrics[gathered_metric(&g, "rare")].is_used);
	assert_int_equal(gathered_metric(&g, "no.such.metric"), g.metrics_n);
	gathered_done(&g);
}

/* Flags, remarks and sums as a run after the other has them. */
static void test_what_else_a_cell_has(void **state)
{
	struct fixture *f = *state;
	struct gathered g;
	struct error err = {0};
	size_t flags = 0, remarks = 0, bounds = 0;

	assert_good(gather(f->results, "many.1", NULL, &g, &err), &err);
	for (size_t i = 0; i < LANES * CONFIGURATIONS; i++) {
		for (size_t k = 0; k < g.cells[i].flags.n; k++)
			flags += g.cells[i].flags.items[k].n;
		remarks += g.cells[i].remarks;
		bounds += g.cells[i].energy_bound > 0;
		assert_string_equal(g.cells[i].remark, "a remark");
		assert_string_equal(g.cells[i].skips.items[0].text, "no room");
		assert_string_equal(g.cells[i].skips.items[0].state, "skipped");
	}
	assert_true(flags > 1500 && remarks > 500);
	assert_int_equal(bounds, LANES * CONFIGURATIONS);
	assert_string_equal(g.lanes[0].no_energy, "too short");
	/* What was planned and never handed out is to come, too. */
	assert_int_equal(gathered_to_come(&g), 0);
	g.total += 7;
	assert_int_equal(gathered_to_come(&g), 0);
	g.ended_at = ABSENT;
	assert_int_equal(gathered_to_come(&g), 7);
	assert_true(g.lanes[1].has_energy);
	gathered_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_metrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wanted_metrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_else_a_cell_has, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_metrics, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_wanted_metrics, setup_old, teardown),
		cmocka_unit_test_setup_teardown(test_what_else_a_cell_has, setup_old, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
