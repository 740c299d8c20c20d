/*
 * Every source keeps the contract of source.h, on this machine and on an empty one
 */
#include "agent/sources/energy.h"
#include "agent/sources/source.h"
#include "proto/units.h"
#include "tests/unit/source_trees.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct measured measured;
static const char *const counter_list[] = {"page-faults", "no-such-counter"};

static void check_values(const struct channel *c, const int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(c[i].name[0] != '\0');
		assert_non_null(unit_by_inner(c[i].unit));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c[i].name, c[j].name);
		assert_true(values[i] == ABSENT || c[i].kind == CHANNEL_GAUGE || values[i] >= 0);
	}
}

/* A standard metric with its unit, or one that is named as a channel of the source. */
static void check_metrics(const struct channel *c, size_t n)
{
	for (size_t i = 0; i < measured.n; i++) {
		const struct message_metric *metric = &measured.metrics[i];
		const struct metric_info *info = metric_by_name(metric->name);
		bool is_own = false;
		for (size_t j = 0; j < n; j++)
			is_own = is_own || strcmp(c[j].name, metric->name) == 0;
		assert_true(info != NULL || is_own);
		assert_string_equal(metric->unit, info != NULL ? info->inner : metric->unit);
		assert_non_null(unit_by_inner(metric->unit));
	}
}

/* The source's channels between attach and detach, or without these. */
static void check_channels(const struct source_ops *s, void *state)
{
	const struct channel *c;
	size_t n = s->channels(state, &c);
	_cleanup_free_ int64_t *values = xcalloc(n + 1, sizeof *values);
	_cleanup_free_ struct channel_range *ranges = xcalloc(n + 1, sizeof *ranges);

	values[n] = 12345; /* nothing may be written behind the last channel */
	if (n > 0)
		s->read(state, values);
	assert_int_equal(values[n], 12345);
	check_values(c, values, n);
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct channel_range){values[i], values[i], values[i], values[i]};
	measured_reset(&measured);
	if (s->results != NULL && n > 0)
		s->results(state, ranges, NS_PER_S, &measured);
	check_metrics(c, n);
}

static void check_zones(const struct source_ops *s, void *state)
{
	const struct channel *c;
	size_t zones_n, ok = 0, n = s->channels(state, &c);

	const struct energy_zone *z = s->energy->zones(state, &zones_n);
	for (size_t i = 0; i < zones_n; i++)
		ok += z[i].state == ZONE_OK;
	assert_int_equal(ok, n);
}

/* One run. */
static void check_run(
	const struct source_ops *s, void *state, const struct machine *m, const struct topology *t)
{
	char cgroup[128];
	const struct source_scope scope = {
		.pid = getpid(),
		.cgroup = cgroup,
		.cpus = all_cpus,
		.cpus_n = t->n < 2 ? t->n : 2,
		.counters = {counter_list, ARRAY_SIZE(counter_list)},
	};

	snprintf(cgroup, sizeof cgroup, "%s/run", m->root);
	if (s->attach != NULL)
		s->attach(state, &scope, &measured);
	check_channels(s, state);
	if (s->detach != NULL)
		s->detach(state);
}

static void check_source(
	const struct source_ops *s, const struct machine *m, const struct topology *t)
{
	struct error why = {0};
	void *state = NULL;

	assert_true(s->name != NULL && s->summary != NULL && s->summary[0] != '\0');
	assert_int_equal((s->flags & IS_ENERGY) != 0, s->energy != NULL);
	int r = s->probe(m, &why);
	assert_true(r <= 0);
	assert_int_equal(r < 0, why.text[0] != '\0'); /* a refusal says why */
	assert_null(strchr(why.text, '\n'));
	if (r != 0 && !(s->flags & (IS_ENERGY | IS_ASKED_FOR)))
		return;
	assert_int_equal(s->open(&state, m, t, &why), 0);
	check_channels(s, state);
	if (s->flags & IS_ENERGY)
		check_zones(s, state);
	for (int i = 0; i < 2; i++)
		check_run(s, state, m, t);
	s->close(state);
}

static void check_all(const struct machine *m, const struct topology *t)
{
	for (size_t i = 0; sources[i] != NULL; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(sources[i]->name, sources[j]->name);
		check_source(sources[i], m, t);
	}
}

static size_t count_descriptors(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void test_here(void **state)
{
	struct machine m;
	struct topology t;

	(void)state;
	assert_int_equal(machine_open(&m, "/", NULL), 0);
	assert_int_equal(topology_load(&t, &m, NULL), 0);
	check_all(&m, &t);
	topology_done(&t);
	machine_close(&m);
}

static void test_empty_tree(void **state)
{
	const struct topology none = {0};
	struct tree t;
	struct machine m;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	for (size_t i = 0; sources[i] != NULL; i++)
		assert_true(sources[i]->probe(&m, NULL) < 0);
	check_all(&m, &none);
	check_all(&m, &client);
	tree_write(&t, "proc/stat", "cpu0 1 2 3\n");
	check_all(&m, &client);
	machine_close(&m);
	tree_remove(&t);
}

/* Something of each source that is known by files. */
static const struct tree_file full[] = {
	{"proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"},
	{"proc/net/dev", "Inter-| |\n face |\n eth0: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n"},
	{"proc/pressure/cpu", "some avg10=0.00 total=1\n"},
	{"proc/pressure/memory", "some avg10=0.00 total=1\n"},
	{"proc/pressure/io", "some avg10=0.00 total=1\n"},
	{"sys/fs/cgroup/cgroup.controllers", "io\n"},
	{"run/io.stat", "8:0 rbytes=1 wbytes=2\n"},
	{"run/cpu.pressure", "some avg10=0.00 total=1\n"},
	{"sys/class/hwmon/hwmon0/name", "coretemp\n"},
	{"sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n"},
	{"sys/class/hwmon/hwmon0/temp1_input", "40000\n"},
	{"sys/class/hwmon/hwmon0/temp2_label", "Core 0\n"},
	{"sys/class/hwmon/hwmon0/temp2_input", "40000\n"},
	{CPUS "/cpu0/thermal_throttle/core_throttle_count", "1\n"},
	{CPUS "/cpu0/thermal_throttle/package_throttle_count", "1\n"},
	{CPUS "/cpu0/thermal_throttle/package_power_limit_count", "1\n"},
	{CPUS "/cpu1/thermal_throttle/core_throttle_count", "1\n"},
	{CPUS "/cpu0/cpuidle/state0/name", "C1\n"},
	{CPUS "/cpu0/cpuidle/state0/time", "1\n"},
	{CPUS "/cpu0/cpufreq/scaling_cur_freq", "1000000\n"},
	{CPUS "/intel_uncore_frequency/package_00_die_00/current_freq_khz", "1000000\n"},
	{NULL, NULL},
};

/* What is broken is absent: no number that another file would have given, none from before. */
static void check_broken(
	const struct source_ops *s, const struct tree *t, const struct machine *m, const char *text)
{
	const struct source_scope scope = {.cpus = all_cpus, .cpus_n = 1};
	const struct channel *c;
	int64_t values[64];
	void *state;

	tree_write_files(t, full);
	if (s->probe(m, NULL) != 0)
		return;
	assert_int_equal(s->open(&state, m, &client, NULL), 0);
	for (const struct tree_file *f = full; f->path != NULL; f++)
		tree_write(t, f->path, text);
	if (s->attach != NULL)
		s->attach(state, &scope, &measured);
	size_t n = s->channels(state, &c);
	assert_true(n <= ARRAY_SIZE(values));
	if (n > 0)
		s->read(state, values);
	for (size_t i = 0; i < n; i++)
		if (values[i] != ABSENT)
			fail_msg("%s: %s is %lld where its file holds '%s'", s->name, c[i].name,
				(long long)values[i], text);
	if (s->detach != NULL)
		s->detach(state);
	s->close(state);
}

static void test_broken_files(void **state)
{
	static const char *const texts[] = {"", "\n", "garbage\n", "-\n", "0x12\n", "cpu \n",
		"99999999999999999999\n", "some total=\n", "Inter-|\n\n eth0\n", "12 13\n"};
	struct tree t;
	struct machine m;
	size_t known = 0;

	(void)state;
	tree_make(&t);
	tree_open(&t, &m);
	tree_write_files(&t, full);
	for (size_t i = 0; sources[i] != NULL; i++)
		known += sources[i]->probe(&m, NULL) == 0;
	assert_true(known >= 9); /* so that this tests something */
	check_all(&m, &client);
	for (size_t i = 0; sources[i] != NULL; i++)
		for (size_t j = 0; j < ARRAY_SIZE(texts) && !(sources[i]->flags & IS_ENERGY); j++)
			check_broken(sources[i], &t, &m, texts[j]);
	machine_close(&m);
	tree_remove(&t);
}

static void check_leaks(const struct machine *m, const struct topology *t, int times)
{
	check_all(m, t); /* libraries may keep something at the first time */
	size_t before = count_descriptors();
	for (int i = 0; i < times; i++)
		check_all(m, t);
	assert_int_equal(count_descriptors(), before);
}

static void test_descriptors(void **state)
{
	struct tree t;
	struct machine m;
	struct topology here;

	(void)state;
	tree_make(&t);
	tree_write_files(&t, full);
	tree_open(&t, &m);
	check_leaks(&m, &client, 1000);
	machine_close(&m);
	tree_remove(&t);
	assert_int_equal(machine_open(&m, "/", NULL), 0);
	assert_int_equal(topology_load(&here, &m, NULL), 0);
	check_leaks(&m, &here, 100); /* the kernel takes its time with events */
	topology_done(&here);
	machine_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_here),
		cmocka_unit_test(test_empty_tree),
		cmocka_unit_test(test_broken_files),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
