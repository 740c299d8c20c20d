#include "coordinator/analysis/gini.h"
#include "coordinator/findings/timeline.h"
#include "coordinator/report/axis_choice.h"
#include "coordinator/report/labels.h"
#include "coordinator/report/sequence.h"
#include "coordinator/report/thin.h"
#include "tests/unit/store_fixture.h"
#include <jansson.h>
#include <math.h>
#include <msgpack.h>

#define assert_near(a, b, by) assert_float_equal((float)((a) - (b)), 0, (float)(by))

/* ---- a store by hand ---- */

/* What a run measures: times in s, energies in J, °C, Hz; NaN: not measured. */
struct planted {
	double time, energy, temperature, frequency;
	bool has_failed;
};

struct made {
	const char *yaml;
	struct {
		const char *benchmark, *parameters;
	} configurations[32];
	size_t hosts;
	int64_t blocks;
	void (*run)(const struct made *m, size_t host, size_t configuration, int64_t run,
		struct planted *out);
	double step; /* of what run() is free to use it for */
};

struct opened {
	char *path;
	struct results *results;
	struct study study;
	bool *kept;
	struct figures figures;
};

static size_t configurations_of(const struct made *m)
{
	size_t n = 0;

	while (m->configurations[n].benchmark != NULL)
		n++;
	return n;
}

static void put_run(struct store *s, const struct made *m, int64_t campaign, int64_t host,
	int64_t run, int64_t block, size_t lane, size_t configuration)
{
	struct planted p = {1, NAN, NAN, NAN, false};
	struct message_metric metrics[4];
	struct error err = {0};
	size_t n = 0;
	const struct store_run r = {.campaign = campaign,
		.run = run,
		.block = block,
		.pass = block - 1,
		.host = host,
		.configuration = (int64_t)configuration,
		.state = RUN_QUEUED};

	m->run(m, lane, configuration, run, &p);
	metrics[n++] = (struct message_metric){
		"time", "ns", (int64_t)(p.time * 1e9 + 0.5), ABSENT, ABSENT};
	if (!isnan(p.energy))
		metrics[n++] = (struct message_metric){
			"energy.package", "uJ", (int64_t)(p.energy * 1e6 + 0.5), ABSENT, ABSENT};
	if (!isnan(p.temperature))
		metrics[n++] = (struct message_metric){"temperature.package.max", "m°C",
			(int64_t)(p.temperature * 1e3 + 0.5), ABSENT, ABSENT};
	if (!isnan(p.frequency))
		metrics[n++] = (struct message_metric){
			"frequency.busy", "Hz", (int64_t)p.frequency, ABSENT, ABSENT};
	struct store_result result = {.campaign = campaign,
		.run = run,
		.attempt = 1,
		.state = p.has_failed ? RUN_FAILED : RUN_DONE,
		.reason = p.has_failed ? "exit status 3" : NULL,
		.started_at = FIXTURE_START + run * NS_PER_S,
		.exit_code = p.has_failed ? 3 : 0,
		.signal = ABSENT,
		.metrics = metrics,
		.metrics_n = n,
		.cpus = "0",
		.ended_at = FIXTURE_START + (run + 1) * NS_PER_S};
	assert_good(store_sqlite.add_run(s, &r, &err), &err);
	assert_good(store_sqlite.start_attempt(s, campaign, run, 1, FIXTURE_START, &err), &err);
	assert_good(store_sqlite.put_result(s, &result, &err), &err);
}

/* Block by block, host by host, configuration by configuration. Returns the campaign's id. */
static int64_t put_campaign(struct store *s, const struct made *m)
{
	size_t n = configurations_of(m);
	struct error err = {0};
	int64_t hosts[64], run = 0;
	struct store_campaign c = {.name = "made",
		.file = "made.yaml",
		.yaml = m->yaml,
		.state = "running",
		.total = (int64_t)(n * m->hosts) * m->blocks,
		.submitted_at = FIXTURE_START,
		.ended_at = ABSENT,
		.uuid = id16_random()};

	assert_good(store_sqlite.begin(s, &err), &err);
	assert_good(store_sqlite.add_campaign(s, &c, &err), &err);
	for (size_t i = 0; i < n; i++)
		assert_good(store_sqlite.add_configuration(s, c.id, (int64_t)i,
				    m->configurations[i].benchmark, m->configurations[i].parameters,
				    &err),
			&err);
	for (size_t h = 0; h < m->hosts; h++) {
		_cleanup_free_ char *name = xasprintf("lab%02zu", h + 1);
		_cleanup_free_ char *key = xasprintf("%040zu", h);
		assert_good(store_sqlite.put_host(s, name, key, FIXTURE_INVENTORY, FIXTURE_START,
				    &hosts[h], &err),
			&err);
		assert_good(store_sqlite.add_lane(s, c.id, (int64_t)h, hosts[h], &err), &err);
	}
	for (int64_t block = 1; block <= m->blocks; block++)
		for (size_t h = 0; h < m->hosts; h++)
			for (size_t i = 0; i < n; i++)
				put_run(s, m, c.id, hosts[h], ++run, block, h, i);
	assert_good(store_sqlite.set_campaign_state(
			    s, c.id, "done", FIXTURE_START + 60 * NS_PER_S, &err),
		&err);
	assert_good(store_sqlite.commit(s, &err), &err);
	return c.id;
}

static void open_made(struct opened *o)
{
	struct error err = {0};
	const struct results_where where = {.db = o->path};

	assert_good(results_open(&o->results, &where, &err), &err);
	assert_good(study_open(o->results, "made", NULL, &o->study, &err), &err);
	size_t n = o->study.g.lanes_n * o->study.g.configurations_n;
	o->kept = xcalloc(n + 1, sizeof *o->kept);
	memset(o->kept, true, n);
}

static void make_store(struct opened *o, const struct made *m)
{
	*o = (struct opened){.path = fixture_path("made.db")};
	struct store *s = fixture_open(o->path, true);
	put_campaign(s, m);
	store_sqlite.close(s);
}

static void close_made(struct opened *o)
{
	figures_done(&o->figures);
	study_done(&o->study);
	results_close(o->results);
	free(o->kept);
	fixture_remove(o->path);
}

/* ---- what holds for every figure ---- */

static bool has_field(const struct figure *f, const char *name)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Each "field" anywhere in a chart, and each datum.NAME in a filter, is a field of the figure. */
static void check_names(const struct figure *f, const json_t *at)
{
	const char *key, *text;
	json_t *value;
	size_t i;

	if (json_is_array(at)) {
		json_array_foreach((json_t *)(uintptr_t)at, i, value) check_names(f, value);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)at, key, value)
	{
		text = json_string_value(value);
		if (text != NULL && strcmp(key, "field") == 0 && !has_field(f, text))
			fail_msg("%s: a chart names the field %s", f->id, text);
		if (text != NULL && strncmp(text, "datum.", 6) == 0) {
			_cleanup_free_ char *name = xstrndup(text + 6, strcspn(text + 6, " "));
			if (!has_field(f, name))
				fail_msg("%s: a filter names the field %s", f->id, name);
		}
		check_names(f, value);
	}
}

static const struct figure_value *value_at(const struct figure *f, size_t row, const char *field)
{
	for (size_t i = 0; i < f->fields_n; i++) {
		if (strcmp(f->fields[i].name, field) == 0)
			return &f->values[row * f->fields_n + i];
	}
	fail_msg("%s has no field %s", f->id, field);
	return NULL;
}

static double number_at(const struct figure *f, size_t row, const char *field)
{
	return value_at(f, row, field)->number;
}

static const char *text_at(const struct figure *f, size_t row, const char *field)
{
	const char *text = value_at(f, row, field)->text;

	return text == NULL ? "" : text;
}

static size_t count_text(const struct figure *f, const char *field, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < f->rows_n; i++)
		n += strcmp(text_at(f, i, field), text) == 0;
	return n;
}

static void check_figure(const struct figure *f)
{
	size_t i, facets = 0;
	json_t *panel;

	assert_true(text_is_set(f->title));
	assert_true(text_is_set(f->reading));
	assert_in_range(f->rows_n, 1, FIGURE_MAX_ROWS);
	assert_true(json_array_size(f->panels) > 0);
	json_array_foreach(f->panels, i, panel) check_names(f, panel);
	for (i = 0; i < f->fields_n; i++)
		assert_true(text_is_set(f->fields[i].title));
	if (f->facet == NULL)
		return;
	for (i = 0; i < f->rows_n; i++)
		facets +=
			i == 0 || strcmp(text_at(f, i, f->facet), text_at(f, i - 1, f->facet)) != 0;
	assert_in_range(facets, 1, FIGURE_MAX_FACETS);
}

/* Make a kind's figures; by and baseline as of the campaign's comparison, or NULL. */
static void make_kind(
	struct opened *o, const struct report_figure *request, const char *by, const char *baseline)
{
	const struct figure_source source = {.results = o->results,
		.study = &o->study,
		.kept = o->kept,
		.by = by,
		.baseline = baseline,
		.threshold = 0.02,
		.alpha = 0.01};
	struct error err = {0};

	figures_done(&o->figures);
	const struct figure_ops *kind = figure_kind(request->kind);
	assert_non_null(kind);
	assert_good(kind->make(request, &source, &o->figures, &err), &err);
	for (size_t i = 0; i < o->figures.n; i++)
		check_figure(o->figures.items[i]);
}

static void assert_left_out(struct opened *o, const char *kind, const char *why)
{
	make_kind(o, &(struct report_figure){.kind = (char *)(uintptr_t)kind}, NULL, NULL);
	assert_int_equal(o->figures.n, 0);
	assert_int_equal(o->figures.left_out_n, 1);
	if (strstr(o->figures.left_out[0], why) == NULL)
		fail_msg("'%s' does not say '%s'", o->figures.left_out[0], why);
	assert_int_equal(strncmp(o->figures.left_out[0], kind, strlen(kind)), 0);
}

/* ---- thinning ---- */

static void test_thinning_keeps_extremes_and_never_more(void **state)
{
	static const struct {
		size_t n, most, low, high; /* where the extremes are planted */
	} vectors[] = {{10, 10, 3, 4}, {11, 10, 0, 10}, {1000, 10, 501, 499}, {100000, 2000, 0, 1},
		{999999, 1999, 999998, 500000}, {7, 2, 3, 4}};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(vectors); v++) {
		size_t n = vectors[v].n, marked = 0;
		_cleanup_free_ double *values = xcalloc(n, sizeof *values);
		_cleanup_free_ bool *keep = xcalloc(n, sizeof *keep);
		for (size_t i = 0; i < n; i++)
			values[i] = (double)(i * 7919 % 101);
		values[vectors[v].low] = -5;
		values[vectors[v].high] = 500;
		size_t kept = thin_extremes(values, n, vectors[v].most, keep);
		for (size_t i = 0; i < n; i++)
			marked += keep[i];
		assert_int_equal(kept, marked);
		assert_true(kept <= vectors[v].most);
		assert_true(keep[vectors[v].low] && keep[vectors[v].high]);
		assert_int_equal(n <= vectors[v].most, kept == n);
	}
}

static void test_thinning_passes_over_nothing(void **state)
{
	const double values[] = {NAN, 1, NAN, 2, NAN, NAN, NAN, NAN};
	bool keep[ARRAY_SIZE(values)] = {false};

	(void)state;
	assert_int_equal(thin_extremes(values, ARRAY_SIZE(values), 100, keep), 2);
	assert_true(keep[1] && keep[3] && !keep[0]);
	memset(keep, 0, sizeof keep);
	assert_int_equal(thin_extremes(values, ARRAY_SIZE(values), 4, keep), 2);
	assert_int_equal(thin_extremes(values, 0, 4, keep), 0);
	assert_int_equal(thin_start(10, 3, 0), 0);
	assert_int_equal(thin_start(10, 3, 3), 10);
	assert_int_equal(thin_start(SIZE_MAX / 2, 1000, 1000), SIZE_MAX / 2);
}

/* ---- the Gini coefficient ---- */

static void test_gini(void **state)
{
	static const struct {
		double values[4];
		size_t n;
		double gini;
	} vectors[] = {{{1, 1, 1, 1}, 4, 0}, {{0, 0, 1, 0}, 4, 1}, {{4, 1, 3, 2}, 4, 1.0 / 3},
		{{3, 1}, 2, 0.5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		double values[4];
		memcpy(values, vectors[i].values, sizeof values);
		assert_near(gini(values, vectors[i].n), vectors[i].gini, 1e-12);
	}
	double none[] = {0, 0}, one[] = {3};
	assert_true(isnan(gini(none, 2)));
	assert_true(isnan(gini(one, 1)));
}

/* ---- samples ---- */

struct channel_made {
	const char *name, *unit, *kind;
	int64_t values[16]; /* ABSENT: could not be read */
};

static void pack_text(msgpack_packer *p, const char *text)
{
	msgpack_pack_str_with_body(p, text, strlen(text));
}

static void pack_channel(msgpack_packer *p, const struct channel_made *c)
{
	msgpack_pack_array(p, 3);
	pack_text(p, c->name);
	pack_text(p, c->unit);
	pack_text(p, c->kind);
}

static void pack_column(msgpack_packer *p, const struct channel_made *c, size_t first, size_t n)
{
	int64_t last = 0;

	msgpack_pack_array(p, n);
	for (size_t i = first; i < first + n; i++) {
		if (c->values[i] == ABSENT) {
			msgpack_pack_nil(p);
			continue;
		}
		msgpack_pack_int64(p, c->values[i] - last);
		last = c->values[i];
	}
}

/* Instants [first, first + n) as one chunk, 100 ms apart. */
static void put_chunk(struct store *s, int64_t campaign, int64_t run, int64_t chunk,
	const struct channel_made *channels, size_t channels_n, size_t first, size_t n)
{
	struct error err = {0};
	msgpack_sbuffer buffer;
	msgpack_packer p;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_array(&p, 6);
	msgpack_pack_int64(&p, 1);
	msgpack_pack_uint64(&p, n);
	msgpack_pack_array(&p, channels_n);
	for (size_t i = 0; i < channels_n; i++)
		pack_channel(&p, &channels[i]);
	msgpack_pack_int64(&p, 5 * NS_PER_S + (int64_t)first * 100 * NS_PER_MS);
	msgpack_pack_array(&p, n - 1);
	for (size_t i = 1; i < n; i++)
		msgpack_pack_int64(&p, 100 * NS_PER_MS);
	msgpack_pack_array(&p, channels_n);
	for (size_t i = 0; i < channels_n; i++)
		pack_column(&p, &channels[i], first, n);
	assert_good(store_sqlite.put_samples(
			    s, campaign, run, 1, chunk, buffer.data, buffer.size, &err),
		&err);
	msgpack_sbuffer_destroy(&buffer);
}

/* 5 J, 10 J and nothing readable, 10 J since then, then the counter starts anew, then 2 J. */
static const struct channel_made sampled[] = {
	{"energy.package-0", "uJ", "counter",
		{1000000, 6000000, 16000000, ABSENT, 26000000, 400000, 2400000}},
	{"energy.package-1", "uJ", "counter",
		{7000000, 8000000, 9000000, 10000000, 11000000, 12000000, 13000000}},
	{"energy.package-0-die-1", "uJ", "counter", {0, 1, 2, 3, 4, 5, 6}},
	{"cpu.busy", "ns", "counter",
		{0, 150000000, 300000000, 450000000, 600000000, 750000000, 900000000}},
	{"cpu.busy.0", "ns", "counter",
		{0, 100000000, 200000000, 300000000, 400000000, 500000000, 600000000}},
	{"cpu.busy.1", "ns", "counter",
		{0, 50000000, 100000000, 150000000, 200000000, 250000000, 300000000}},
	{"frequency.busy", "Hz", "gauge",
		{ABSENT, 2000000000, 2000000000, 2100000000, 2000000000, 2000000000, 2000000000}},
	{"temperature.package-0", "m°C", "gauge",
		{40000, 41000, 42000, 43000, 44000, 45000, 46000}},
	{"temperature.package-1", "m°C", "gauge",
		{50000, 41000, 42000, 43000, 44000, 45000, 46000}},
};

static void put_sampled(struct opened *o, int64_t run)
{
	struct store *s = fixture_open(o->path, true);

	/* Out of order, as they may come. */
	put_chunk(s, 1, run, 1, sampled, ARRAY_SIZE(sampled), 4, 3);
	put_chunk(s, 1, run, 0, sampled, ARRAY_SIZE(sampled), 0, 4);
	store_sqlite.close(s);
}

static void simple_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	/* In turn 1 % above and below what is the same for all blocks. */
	int64_t block = (run - 1) / (int64_t)(m->hosts * configurations_of(m)) + 1;

	out->time = (1 + 0.1 * (double)host) * (1 + (double)configuration) *
		    (1 + 0.01 * (double)(block % 3 - 1));
}

static const struct made two_threads = {.yaml = "campaign: made\nmatrix: {threads: [1, 2]}\n"
						"benchmarks: {spin: {command: [\"true\", "
						"\"{threads}\"]}}\n",
	.configurations = {{"spin", "{\"threads\":1}"}, {"spin", "{\"threads\":2}"}},
	.hosts = 1,
	.blocks = 6,
	.run = simple_run};

static void test_timeline(void **state)
{
	static const double power[] = {NAN, 50, 100, NAN, 50, NAN, 20};
	struct error err = {0};
	struct timeline t;
	struct opened o;
	size_t n;

	(void)state;
	make_store(&o, &two_threads);
	put_sampled(&o, 3);
	put_sampled(&o, 4);
	open_made(&o);
	assert_good(timeline_read(o.results, "made.1", 3, &t, &err), &err);
	assert_int_equal(t.n, 7); /* of this run alone */
	assert_near(t.seconds[6], 0.6, 1e-9);
	assert_int_equal(t.falls, 1);
	const struct timeline_channel *c = timeline_channel(&t, "energy.package-0");
	assert_string_equal(c->unit, "J");
	for (size_t i = 0; i < t.n; i++) {
		assert_int_equal(isnan(c->values[i]), isnan(power[i]));
		if (!isnan(power[i]))
			assert_near(c->values[i], power[i], 1e-6);
	}
	assert_near(c->total, 27, 1e-9); /* what was counted around the fall is not known */
	assert_near(c->covered, 0.5, 1e-9);
	c = timeline_channel(&t, "frequency.busy");
	assert_true(isnan(c->values[0]));
	assert_near(c->values[3], 2.1e9, 1);
	_cleanup_free_ double *sum = timeline_sum(&t, "energy.package-", &n);
	assert_int_equal(n, 2); /* the die is no package */
	assert_near(sum[1], 60, 1e-6);
	assert_true(isnan(sum[3]));
	assert_null(timeline_sum(&t, "energy.dram-", &n));
	timeline_done(&t);
	assert_good(timeline_read(o.results, "made.1", 5, &t, &err), &err);
	assert_int_equal(t.n, 0);
	timeline_done(&t);
	close_made(&o);
}

static void test_damaged_samples_are_named(void **state)
{
	struct error err = {0};
	struct timeline t;
	struct opened o;

	(void)state;
	make_store(&o, &two_threads);
	struct store *s = fixture_open(o.path, true);
	assert_good(store_sqlite.put_samples(s, 1, 2, 1, 5, "\x93\x01", 2, &err), &err);
	store_sqlite.close(s);
	open_made(&o);
	assert_int_equal(timeline_read(o.results, "made.1", 2, &t, &err), ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "run 2, chunk 5"));
	timeline_done(&t);
	close_made(&o);
}

static void test_typical_run(void **state)
{
	double values[] = {5, 1, 3.2, 2.9, 9};
	int64_t runs[] = {11, 12, 13, 14, 15};
	struct series s = {.values = values, .runs = runs, .n = ARRAY_SIZE(values)};
	const struct gathered_cell cell = {.series = &s, .series_n = 1}, empty = {.series = NULL};
	double off;

	(void)state;
	assert_int_equal(typical_run(&cell, 0, &off), 13);
	assert_near(off, 0, 1e-12);
	s.n = 2; /* the median is between the two: the earlier */
	assert_int_equal(typical_run(&cell, 0, &off), 11);
	assert_near(off, 5.0 / 3 - 1, 1e-12);
	assert_int_equal(typical_run(&empty, 0, NULL), 0);
}

/* Runs 7, 9, 11 ... are of two threads' first configuration; the median's are 1, 4 and 7 blocks. */
static void test_samples_and_utilisation(void **state)
{
	struct opened o;

	(void)state;
	make_store(&o, &two_threads);
	open_made(&o);
	assert_left_out(&o, "samples", "no samples of these runs");
	assert_left_out(&o, "utilisation", "no samples of how busy each CPU was");
	int64_t run = typical_run(
		gathered_cell(&o.study.g, 0, 1), gathered_metric(&o.study.g, "time"), NULL);
	results_close(o.results);
	study_done(&o.study);
	free(o.kept);
	figures_done(&o.figures);
	put_sampled(&o, run);
	open_made(&o);

	make_kind(&o, &(struct report_figure){.kind = (char[]){"samples"}}, "threads", "1");
	assert_int_equal(o.figures.n, 1);
	const struct figure *f = o.figures.items[0];
	assert_int_equal(json_array_size(f->panels), 4);
	assert_int_equal(f->rows_n, 7);
	assert_near(number_at(f, 1, "power"), 60, 1e-6);
	assert_near(number_at(f, 1, "busy"), 1.5, 1e-6);
	assert_near(number_at(f, 3, "frequency"), 2.1, 1e-9);
	assert_near(number_at(f, 0, "temperature"), 50, 1e-9); /* the hotter one */
	assert_non_null(strstr(f->note, "no samples of 1 more"));
	assert_non_null(strstr(f->note, "A counter fell 1 time:"));

	make_kind(&o, &(struct report_figure){.kind = (char[]){"utilisation"}}, NULL, NULL);
	assert_int_equal(o.figures.n, 1);
	f = o.figures.items[0];
	assert_int_equal(f->rows_n, 2);
	assert_near(number_at(f, 0, "share"), 100, 1e-6);
	assert_near(number_at(f, 1, "share"), 50, 1e-6);
	assert_near(number_at(f, 0, "cores"), 1.5, 1e-6);
	assert_near(number_at(f, 0, "gini"), 1.0 / 3, 1e-6);
	assert_true(isnan(number_at(f, 1, "gini"))); /* once a row of the chart */
	close_made(&o);
}

/* ---- the sequence of runs ---- */

/* A host that gets slower, one run far out, one that failed. */
static void drifting_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	double noise = (double)(run * 7919 % 101) / 101 - 0.5;

	(void)m;
	out->time = (1 + (double)configuration) * (1 + 0.002 * noise);
	if (host == 1)
		out->time *= 1 + m->step * (double)run;
	out->temperature = 50 + 0.001 * (double)run;
	if (run == 101)
		out->time *= 3;
	if (run == 202)
		out->temperature = 99;
	out->has_failed = run == 50 || run == 60;
}

static void test_sequence_shows_what_was_planted(void **state)
{
	const struct made m = {.yaml = two_threads.yaml,
		.configurations = {{"spin", "{\"threads\":1}"}, {"spin", "{\"threads\":2}"}},
		.hosts = 2,
		.blocks = 100,
		.step = 0.0002,
		.run = drifting_run};
	struct opened o;

	(void)state;
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"sequence"}}, NULL, NULL);
	assert_int_equal(o.figures.n, 1);
	const struct figure *f = o.figures.items[0];
	assert_string_equal(f->facet, "host");
	assert_null(strstr(f->note, "are drawn")); /* 400 runs: nothing left out */
	assert_int_equal(count_text(f, "kind", "failed"), 2);
	assert_int_equal(count_text(f, "kind", "outlier"), 1);
	assert_int_equal(count_text(f, "kind", "run"), 397);
	double first = NAN, last = NAN;
	for (size_t i = 0; i < f->rows_n; i++) {
		if (strcmp(text_at(f, i, "kind"), "outlier") == 0)
			assert_near(number_at(f, i, "run"), 101, 1e-9);
		if (strcmp(text_at(f, i, "kind"), "median of neighbours") != 0 ||
			strcmp(text_at(f, i, "host"), "lab02") != 0)
			continue;
		first = isnan(first) ? number_at(f, i, "ratio") : first;
		last = number_at(f, i, "ratio");
	}
	assert_true(
		last / first > 1.06 && last / first < 1.09); /* 8 % from the first to the last */
	close_made(&o);
}

static void test_sequence_is_thinned(void **state)
{
	const struct made m = {.yaml = two_threads.yaml,
		.configurations = {{"spin", "{\"threads\":1}"}},
		.hosts = 1,
		.blocks = 6000,
		.run = drifting_run};
	bool has_far = false, has_hot = false;
	struct opened o;

	(void)state;
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"sequence"}}, NULL, NULL);
	const struct figure *f = o.figures.items[0];
	assert_true(f->rows_n > FIGURE_MAX_ROWS / 2);
	assert_non_null(strstr(f->note, "Of 5998 runs on these hosts"));
	assert_non_null(strstr(f->note, "the lowest and the highest"));
	assert_int_equal(count_text(f, "kind", "failed"), 2);
	for (size_t i = 0; i < f->rows_n; i++) {
		has_far |= number_at(f, i, "ratio") > 2.9;
		has_hot |= number_at(f, i, "temperature") > 98;
	}
	assert_true(has_far && has_hot);
	close_made(&o);
}

static void test_sequence_of_many_hosts(void **state)
{
	struct made m = {.yaml = two_threads.yaml,
		.configurations = {{"spin", "{\"threads\":1}"}},
		.hosts = 40,
		.blocks = 20,
		.step = 0.001,
		.run = drifting_run};
	struct opened o;

	(void)state;
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"sequence"}}, NULL, NULL);
	const struct figure *f = o.figures.items[0];
	assert_non_null(strstr(f->note, "Of 40 hosts the 6 are shown"));
	assert_true(count_text(f, "host", "lab02") > 0); /* the one that drifts */
	memset(o.kept, 0, 40);
	assert_left_out(&o, "sequence", "no run that is asked for has time");
	close_made(&o);
}

/* ---- size and frequency ---- */

/* Time grows with the size; nogil costs 6 % more, at the largest size 20 %. */
static void sized_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	double noise = 1 + 0.002 * ((double)(run * 7919 % 101) / 101 - 0.5);
	size_t size = configuration % 3;

	(void)m;
	(void)host;
	out->time = (double)(1 << size) * noise;
	if (configuration >= 3)
		out->time *= size == 2 ? m->step : 1.06;
}

static const struct made sizes = {
	.yaml = "campaign: made\nmatrix: {python: [gil, nogil], size: [1KiB, 2KiB, 4KiB]}\n"
		"benchmarks: {dict: {command: [\"true\", \"{python}\", \"{size}\"]}}\n",
	.configurations = {{"dict", "{\"python\":\"gil\",\"size\":\"1KiB\"}"},
		{"dict", "{\"python\":\"gil\",\"size\":\"2KiB\"}"},
		{"dict", "{\"python\":\"gil\",\"size\":\"4KiB\"}"},
		{"dict", "{\"python\":\"nogil\",\"size\":\"1KiB\"}"},
		{"dict", "{\"python\":\"nogil\",\"size\":\"2KiB\"}"},
		{"dict", "{\"python\":\"nogil\",\"size\":\"4KiB\"}"}},
	.hosts = 1,
	.blocks = 8,
	.run = sized_run};

static void check_sizes(double largest, const char *note)
{
	struct made m = sizes;
	struct opened o;

	m.step = largest;
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"size"}}, "python", "gil");
	assert_int_equal(o.figures.n, 1); /* no energy: time alone */
	const struct figure *f = o.figures.items[0];
	assert_int_equal(f->rows_n, 6);
	assert_near(number_at(f, 0, "x"), 1024, 1e-9);
	assert_near(number_at(f, 2, "median"), 4, 0.01);
	assert_true(isnan(number_at(f, 0, "ratio"))); /* the baseline itself */
	assert_near(number_at(f, 3, "ratio"), 1.06, 0.003);
	assert_near(number_at(f, 5, "ratio"), largest, 0.003);
	assert_non_null(strstr(f->note, note));
	assert_left_out(&o, "frequency", "no axis is a frequency, and none was measured");
	close_made(&o);
}

static void test_size_says_whether_a_ratio_is_constant(void **state)
{
	(void)state;
	check_sizes(1.06, "Of 1 line of ratios, 1 fits one ratio at all sizes");
	check_sizes(1.20, "Of 1 line of ratios, 0 fit one ratio at all sizes");
}

static void test_size_without_an_axis(void **state)
{
	struct opened o;

	(void)state;
	make_store(&o, &two_threads);
	open_made(&o);
	assert_left_out(&o, "size", "no axis but that of threads or frequency");
	close_made(&o);
}

/* Lowest energy at the second of three. */
static void clocked_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	static const double energy[] = {60, 50, 80}, ghz[] = {1.2, 2.4, 3.6};

	(void)host;
	(void)run;
	out->time = 6 / ghz[configuration % 3];
	out->energy = energy[configuration % 3];
	if (m->step > 0)
		out->frequency = ghz[configuration % 3] * m->step;
}

static void check_clock(const struct made *m, const char *title)
{
	struct opened o;

	make_store(&o, m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"frequency"}}, NULL, NULL);
	assert_int_equal(o.figures.n, 1);
	const struct figure *f = o.figures.items[0];
	assert_int_equal(json_array_size(f->panels), 3);
	assert_int_equal(f->rows_n, 3);
	assert_string_equal(f->fields[0].name, "frequency");
	assert_string_equal(f->fields[0].title, title);
	assert_string_equal(f->fields[0].unit, "GHz");
	for (size_t i = 0; i < f->rows_n; i++) {
		bool is_middle = fabs(number_at(f, i, "frequency") - 2.4) < 0.01;
		assert_int_equal(!isnan(number_at(f, i, "energy_best")), is_middle);
	}
	assert_non_null(strstr(f->note, "at an end of the frequencies in 0 of 1 lines"));
	close_made(&o);
}

static void test_frequency_marks_the_lowest(void **state)
{
	struct made m = {.yaml = "campaign: made\nmatrix: {f: [1.2GHz, 2.4GHz, 3.6GHz]}\n"
				 "benchmarks: {spin: {command: [\"true\", \"{f}\"], tune: "
				 "{frequency: {min: \"{f}\", max: \"{f}\"}}}}\n",
		.configurations = {{"spin", "{\"f\":\"1.2GHz\"}"}, {"spin", "{\"f\":\"2.4GHz\"}"},
			{"spin", "{\"f\":\"3.6GHz\"}"}},
		.hosts = 1,
		.blocks = 6,
		.run = clocked_run};

	(void)state;
	check_clock(&m, "f");
	m.yaml = "campaign: made\nmatrix: {mhz: [1200, 2400, 3600]}\n"
		 "benchmarks: {spin: {command: [\"true\", \"{mhz}\"]}}\n";
	m.configurations[0].parameters = "{\"mhz\":1200}";
	m.configurations[1].parameters = "{\"mhz\":2400}";
	m.configurations[2].parameters = "{\"mhz\":3600}";
	check_clock(&m, "mhz");
}

/* An axis that has names for frequencies is one line all the same, by what was measured. */
static void test_frequency_of_names(void **state)
{
	struct made m = {
		.yaml = "campaign: made\nmatrix: {clock: {lowest: {to: 1}, base: {to: 2}, turbo: "
			"{to: "
			"3}}}\nbenchmarks: {spin: {command: [\"true\", \"{clock.to}\"]}}\n",
		.configurations = {{"spin", "{\"clock\":\"lowest\"}"},
			{"spin", "{\"clock\":\"base\"}"}, {"spin", "{\"clock\":\"turbo\"}"}},
		.hosts = 1,
		.blocks = 6,
		.step = 1e9,
		.run = clocked_run};

	(void)state;
	check_clock(&m, "frequency while busy");
	m.step = 0;
	struct opened o;
	make_store(&o, &m);
	open_made(&o);
	assert_left_out(&o, "frequency", "values of clock are no numbers, and no frequency was");
	close_made(&o);
}

/* No axis is a frequency: by what was measured, where that differs. */
static void test_measured_frequency(void **state)
{
	struct made m = {.yaml = "campaign: made\nmatrix: {governor: [a, b, c]}\n"
				 "benchmarks: {spin: {command: [\"true\", \"{governor}\"]}}\n",
		.configurations = {{"spin", "{\"governor\":\"a\"}"},
			{"spin", "{\"governor\":\"b\"}"}, {"spin", "{\"governor\":\"c\"}"}},
		.hosts = 1,
		.blocks = 6,
		.step = 1e9,
		.run = clocked_run};
	struct opened o;

	(void)state;
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"frequency"}}, NULL, NULL);
	assert_int_equal(o.figures.n, 1);
	assert_near(number_at(o.figures.items[0], 1, "frequency"), 2.4, 1e-9);
	o.kept[0] = o.kept[1] = false;
	assert_left_out(&o, "frequency", "the same to within 5 % everywhere");
	close_made(&o);
}

/* Whatever is asked for, a kind says why there is nothing. */
static void test_nothing_to_show(void **state)
{
	static const char *const kinds[] = {
		"utilisation", "frequency", "forest", "sequence", "size", "samples"};
	struct made m = sizes;
	struct opened o;

	(void)state;
	m.hosts = 2;
	m.step = 1.06;
	make_store(&o, &m);
	open_made(&o);
	memset(o.kept, false, 2 * configurations_of(&m));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		make_kind(&o, &(struct report_figure){.kind = (char *)(uintptr_t)kinds[i]},
			"python", "gil");
		assert_int_equal(o.figures.n, 0);
		assert_int_equal(o.figures.left_out_n, 1);
	}
	memset(o.kept, true, 2 * configurations_of(&m));
	for (size_t i = 1; i < ARRAY_SIZE(kinds); i++) {
		make_kind(&o,
			&(struct report_figure){
				.kind = (char *)(uintptr_t)kinds[i], .metric = (char[]){"no.such"}},
			"python", "gil");
		if (strcmp(kinds[i], "samples") == 0)
			continue; /* it has metrics of its own */
		assert_int_equal(o.figures.n, 0);
		assert_non_null(strstr(o.figures.left_out[0], "no run has no.such"));
	}
	close_made(&o);
}

/* ---- forest ---- */

/* 10 % slower everywhere; with step, on one host by so much more. */
static void everywhere_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	double noise = 1 + 0.002 * ((double)(run * 7919 % 101) / 101 - 0.5);

	out->time = (1 + (double)host) * noise * (configuration % 2 == 1 ? 1.1 : 1);
	if (configuration % 2 == 1 && host == 0)
		out->time *= 1 + m->step;
}

static void check_forest(double step, const char *note)
{
	struct made m = {.yaml = "campaign: made\nmatrix: {python: [gil, nogil]}\n"
				 "benchmarks: {dict: {command: [\"true\", \"{python}\"]}}\n",
		.configurations = {{"dict", "{\"python\":\"gil\"}"},
			{"dict", "{\"python\":\"nogil\"}"}},
		.hosts = 3,
		.blocks = 8,
		.step = step,
		.run = everywhere_run};
	struct opened o;

	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"forest"}}, "python", "gil");
	assert_int_equal(o.figures.n, 1);
	const struct figure *f = o.figures.items[0];
	assert_int_equal(f->rows_n, 4);
	assert_int_equal(f->tall, 4);
	assert_string_equal(text_at(f, 0, "host"), "lab01");
	assert_string_equal(text_at(f, 3, "kind"), "pooled");
	assert_near(number_at(f, 1, "ratio"), 1.1, 0.003);
	assert_non_null(strstr(f->note, note));
	/* Three hosts that differ leave so wide an interval that its line is cut. */
	assert_int_equal(strstr(f->note, "arrowhead") != NULL, step > 0);
	assert_int_equal(number_at(f, 3, "high") > number_at(f, 3, "till"), step > 0);
	assert_int_equal(isfinite(number_at(f, 3, "beyond")), step > 0);
	assert_left_out(&o, "forest", "the campaign compares nothing");
	make_kind(&o, &(struct report_figure){.kind = (char[]){"forest"}}, "host", "lab01");
	assert_int_equal(o.figures.n, 0);
	assert_non_null(strstr(o.figures.left_out[0], "hosts are what is compared"));
	close_made(&o);
}

static void test_forest(void **state)
{
	struct opened o;

	(void)state;
	check_forest(0, "In 0 of 1");
	check_forest(0.2, "In 1 of 1");
	make_store(&o, &two_threads);
	open_made(&o);
	assert_left_out(&o, "forest", "the campaign ran on one host");
	close_made(&o);
}

/* 15 cases on each host; 12 are shown, those that differ most. */
static void cases_run(
	const struct made *m, size_t host, size_t configuration, int64_t run, struct planted *out)
{
	(void)m;
	(void)run;
	out->time = 1 + (double)host;
	if (configuration % 2 == 1)
		out->time *= 1 + 0.01 * (double)configuration;
}

static void test_forest_of_many_cases(void **state)
{
	struct made m = {.yaml = "campaign: made\nmatrix: {python: [gil, nogil], size: {from: 1, "
				 "to: 15, step: 1}}\n"
				 "benchmarks: {dict: {command: [\"true\", \"{python}\", "
				 "\"{size}\"]}}\n",
		.hosts = 2,
		.blocks = 6,
		.run = cases_run};
	char texts[30][48];
	struct opened o;

	(void)state;
	for (size_t i = 0; i < 30; i++) {
		snprintf(texts[i], sizeof texts[i], "{\"python\":\"%s\",\"size\":%zu}",
			i % 2 == 0 ? "gil" : "nogil", i / 2 + 1);
		m.configurations[i].benchmark = "dict";
		m.configurations[i].parameters = texts[i];
	}
	make_store(&o, &m);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"forest"}}, "python", "gil");
	const struct figure *f = o.figures.items[0];
	assert_int_equal(f->rows_n, 12 * 3);
	assert_string_equal(
		text_at(f, 0, "facet"), "size=4"); /* 1 to 3 have the smallest effects */
	assert_non_null(strstr(f->note, "12 of 15 cases"));
	close_made(&o);
}

/* ---- trend ---- */

static void test_trend(void **state)
{
	struct opened o;

	(void)state;
	make_store(&o, &two_threads);
	open_made(&o);
	assert_left_out(&o, "trend", "this is the only submission of made");
	close_made(&o);

	make_store(&o, &two_threads);
	struct store *s = fixture_open(o.path, true);
	for (int i = 0; i < 2; i++)
		put_campaign(s, &two_threads);
	store_sqlite.close(s);
	open_made(&o);
	make_kind(&o, &(struct report_figure){.kind = (char[]){"trend"}}, NULL, NULL);
	assert_int_equal(o.figures.n, 1);
	const struct figure *f = o.figures.items[0];
	assert_int_equal(f->rows_n, 2 * 3);
	assert_near(number_at(f, 2, "submission"), 3, 1e-9);
	assert_string_equal(text_at(f, 2, "label"), "made.3");
	assert_near(number_at(f, 0, "median"), 1, 1e-6);
	assert_non_null(strstr(f->reading, "No level changed"));
	close_made(&o);
}

/* ---- names ---- */

static void test_labels(void **state)
{
	const size_t both[] = {0, 4}, pair[] = {0, 1}, alone[] = {2};
	struct opened o;
	char *out[2];

	(void)state;
	make_store(&o, &sizes);
	open_made(&o);
	labels_make(&o.study.g, both, 2, NULL, out);
	assert_string_equal(out[0], "python=gil size=1KiB");
	free(out[0]);
	free(out[1]);
	labels_make(&o.study.g, pair, 2, NULL, out);
	assert_string_equal(out[1], "size=2KiB");
	free(out[0]);
	free(out[1]);
	labels_make(&o.study.g, both, 2, "size", out);
	assert_string_equal(out[1], "python=nogil");
	free(out[0]);
	free(out[1]);
	labels_make(&o.study.g, alone, 1, NULL, out);
	assert_string_equal(out[0], "dict");
	free(out[0]);
	close_made(&o);
}

static void test_axis_numbers(void **state)
{
	static const struct {
		const char *text;
		enum axis_meaning meaning;
		double number; /* NaN: it is none */
	} vectors[] = {{"12", AXIS_SIZE, 12}, {"64KiB", AXIS_SIZE, 65536}, {"1.5", AXIS_SIZE, 1.5},
		{"2.1GHz", AXIS_FREQUENCY, 2.1e9}, {"2.1GHz", AXIS_SIZE, NAN},
		{"64KiB", AXIS_FREQUENCY, NAN}, {"large", AXIS_SIZE, NAN}, {"", AXIS_SIZE, NAN}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		double number = NAN;
		bool is = axis_number(vectors[i].text, vectors[i].meaning, &number);
		assert_int_equal(is, !isnan(vectors[i].number));
		if (is)
			assert_near(number, vectors[i].number, 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thinning_keeps_extremes_and_never_more),
		cmocka_unit_test(test_thinning_passes_over_nothing),
		cmocka_unit_test(test_gini),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_damaged_samples_are_named),
		cmocka_unit_test(test_typical_run),
		cmocka_unit_test(test_samples_and_utilisation),
		cmocka_unit_test(test_sequence_shows_what_was_planted),
		cmocka_unit_test(test_sequence_is_thinned),
		cmocka_unit_test(test_sequence_of_many_hosts),
		cmocka_unit_test(test_size_says_whether_a_ratio_is_constant),
		cmocka_unit_test(test_size_without_an_axis),
		cmocka_unit_test(test_frequency_marks_the_lowest),
		cmocka_unit_test(test_frequency_of_names),
		cmocka_unit_test(test_measured_frequency),
		cmocka_unit_test(test_nothing_to_show),
		cmocka_unit_test(test_forest),
		cmocka_unit_test(test_forest_of_many_cases),
		cmocka_unit_test(test_trend),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_axis_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
