/*
 * Chunks of the sampler: their form, that they stream, that starting and stopping again works
 */
#include "agent/sampler.h"
#include "proto/clock.h"
#include "tests/unit/source_trees.h"

#include <dirent.h>
#include <msgpack.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

struct bench {
	struct machine machine;
	struct topology topology;
	struct sampler *sampler;
};

static void setup(struct bench *b)
{
	struct error err = {0};

	assert_int_equal(machine_open(&b->machine, "/", &err), 0);
	assert_int_equal(topology_load(&b->topology, &b->machine, &err), 0);
	assert_int_equal(sampler_open(&b->sampler, &b->machine, &b->topology, NULL, &err), 0);
}

static void teardown(struct bench *b)
{
	sampler_close(b->sampler);
	topology_done(&b->topology);
	machine_close(&b->machine);
}

static int64_t number(const msgpack_object *o)
{
	assert_true(o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
		    o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER);
	return o->via.i64;
}

/* [1, n, [[name, unit, kind] ...], t0, [dt ...], [[v0, d1, ...] ...]]; returns n. */
static size_t check_chunk(const struct buf *chunk, int64_t from_ns, int64_t to_ns)
{
	msgpack_unpacked u;

	msgpack_unpacked_init(&u);
	assert_int_equal(
		msgpack_unpack_next(&u, chunk->data, chunk->len, NULL), MSGPACK_UNPACK_SUCCESS);
	assert_int_equal(u.data.type, MSGPACK_OBJECT_ARRAY);
	assert_int_equal(u.data.via.array.size, 6);
	const msgpack_object *f = u.data.via.array.ptr;
	assert_int_equal(number(&f[0]), 1);
	size_t n = (size_t)number(&f[1]), channels = f[2].via.array.size;
	assert_true(n > 0);
	assert_true(channels > 0);
	assert_int_equal(f[2].via.array.ptr[0].via.array.size, 3);
	int64_t t = number(&f[3]);
	assert_true(t >= from_ns && t <= to_ns);
	assert_int_equal(f[4].via.array.size, n - 1);
	for (size_t i = 0; i + 1 < n; i++) {
		int64_t dt = number(&f[4].via.array.ptr[i]);
		assert_true(dt > 0);
		t += dt;
	}
	assert_true(t <= to_ns);
	assert_int_equal(f[5].via.array.size, channels);
	for (size_t c = 0; c < channels; c++)
		assert_int_equal(f[5].via.array.ptr[c].via.array.size, n);
	msgpack_unpacked_destroy(&u);
	return n;
}

static void test_chunks_stream(void **state)
{
	struct bench b;
	struct pollfd watch;
	_cleanup_buf_ struct buf chunk = BUF_INIT;

	(void)state;
	setup(&b);
	watch = (struct pollfd){.fd = sampler_fd(b.sampler), .events = POLLIN};
	int64_t from = clock_raw_ns();
	sampler_start(b.sampler, 5 * NS_PER_MS, NULL, b.topology.housekeeping);
	assert_int_equal(poll(&watch, 1, 60000), 1); /* while it goes on */
	assert_true(sampler_take(b.sampler, &chunk));
	size_t n = check_chunk(&chunk, from + 4 * NS_PER_MS, clock_raw_ns());
	assert_true(n >= 10);
	sampler_stop(b.sampler);
	/* whatever was left after the last chunk is one more; then nothing, and the descriptor is
	 * quiet */
	buf_reset(&chunk);
	while (sampler_take(b.sampler, &chunk)) {
		check_chunk(&chunk, from, clock_raw_ns());
		buf_reset(&chunk);
	}
	assert_int_equal(poll(&watch, 1, 0), 0);
	teardown(&b);
}

static void test_short_runs(void **state)
{
	struct bench b;
	_cleanup_buf_ struct buf chunk = BUF_INIT;
	struct timespec pause = {0, 20 * NS_PER_MS};

	(void)state;
	setup(&b);
	sampler_stop(b.sampler); /* nothing runs: no harm */
	sampler_start(b.sampler, 60 * NS_PER_S, NULL, -1);
	sampler_stop(b.sampler); /* before the first sample */
	assert_false(sampler_take(b.sampler, &chunk));
	for (int i = 0; i < 50; i++) {
		sampler_start(b.sampler, 10 * NS_PER_S, NULL, -1);
		sampler_stop(b.sampler);
	}
	int64_t from = clock_raw_ns();
	bool has_chunk = false;
	for (int tries = 0; tries < 1000 && !has_chunk; tries++) {
		sampler_start(b.sampler, NS_PER_MS, NULL, -1);
		nanosleep(&pause, NULL);
		sampler_start(b.sampler, 60 * NS_PER_S, NULL, -1); /* ends the one before */
		sampler_stop(b.sampler);
		has_chunk = sampler_take(b.sampler, &chunk);
	}
	assert_true(has_chunk);
	check_chunk(&chunk, from, clock_raw_ns());
	sampler_start(b.sampler, NS_PER_MS, NULL, 0);
	nanosleep(&pause, NULL);
	teardown(&b); /* while it runs, with a chunk that nobody took */
}

/* ---- a run ---- */

#define UNCORE_FILE CPUS "/intel_uncore_frequency/package_00_die_00/current_freq_khz"
#define NET(n)      "Inter-| |\n face |\n eth0: " #n " 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0\n"

static bool has_channel(const struct buf *chunk, const char *name)
{
	msgpack_unpacked u;
	bool is_there = false;

	msgpack_unpacked_init(&u);
	msgpack_unpack_next(&u, chunk->data, chunk->len, NULL);
	const msgpack_object_array channels = u.data.via.array.ptr[2].via.array;
	for (uint32_t i = 0; i < channels.size; i++) {
		const msgpack_object_str s = channels.ptr[i].via.array.ptr[0].via.str;
		is_there = is_there || (s.size == strlen(name) && memcmp(s.ptr, name, s.size) == 0);
	}
	msgpack_unpacked_destroy(&u);
	return is_there;
}

static int64_t value_of(const struct measured *m, const char *name)
{
	const struct message_metric *metric = measured_find(m, name);

	return metric != NULL ? metric->value : ABSENT;
}

/* Sample until a chunk is there; the first one into chunk. */
static void sample(struct sampler *s, struct buf *chunk)
{
	struct pollfd watch = {.fd = sampler_fd(s), .events = POLLIN};
	struct buf rest = BUF_INIT;

	sampler_start(s, 5 * NS_PER_MS, NULL, -1);
	assert_int_equal(poll(&watch, 1, 60000), 1);
	assert_true(sampler_take(s, chunk));
	sampler_stop(s);
	while (sampler_take(s, &rest))
		;
	buf_done(&rest);
}

static const struct tree_file before[] = {
	{"proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\n"},
	{"proc/net/dev", NET(1000)},
	{UNCORE_FILE, "800000\n"},
	{CPUS "/cpu0/cpufreq/scaling_cur_freq", "800000\n"},
	{NULL, NULL},
};

/* The edges of a run and the highest in between make its metrics; what follows the run alone is
 * there in its samples alone. */
static void test_run(void **state)
{
	static struct measured out;
	const struct timespec pause = {0, 100 * NS_PER_MS};
	const struct source_scope scope = {.cpus = all_cpus, .cpus_n = 1};
	_cleanup_buf_ struct buf chunk = BUF_INIT;
	struct sampler *s;
	struct machine m;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_write_files(&t, before);
	tree_open(&t, &m);
	assert_int_equal(sampler_open(&s, &m, &client, NULL, NULL), 0);
	for (int i = 1; i <= 2; i++) {
		measured_reset(&out);
		tree_write_files(&t, before);
		sampler_attach(s, &scope, 5 * NS_PER_MS, &out);
		sampler_first(s);
		tree_write(&t, UNCORE_FILE, i == 1 ? "2400000\n" : "1600000\n");
		tree_write(&t, CPUS "/cpu0/cpufreq/scaling_cur_freq", "3000000\n");
		tree_write(&t, "proc/net/dev", NET(9999)); /* nobody looks */
		buf_reset(&chunk);
		sample(s, &chunk);
		assert_true(has_channel(&chunk, "cpu.busy"));
		assert_true(has_channel(&chunk, "frequency.uncore"));
		assert_true(has_channel(&chunk, "frequency.busy"));
		assert_false(has_channel(&chunk, "network.received"));
		tree_write(&t, UNCORE_FILE, "900000\n");
		tree_write(&t, "proc/net/dev", NET(1200));
		nanosleep(&pause, NULL); /* until it is read anew */
		sampler_last(s, NS_PER_S, &out);
		sampler_detach(s);
		assert_int_equal(value_of(&out, "network.received"), 200);
		assert_int_equal(value_of(&out, "network.sent"), 0);
		assert_int_equal(value_of(&out, "frequency.uncore"),
			i == 1 ? 2400000000 : 1600000000); /* of this run, not of the last */
		assert_true(value_of(&out, "frequency.busy") > 2900000000);
		assert_true(value_of(&out, "throttle.core") == ABSENT);
	}
	buf_reset(&chunk);
	sample(s, &chunk); /* no run */
	assert_true(has_channel(&chunk, "cpu.busy"));
	assert_false(has_channel(&chunk, "frequency.busy"));
	sampler_close(s);
	machine_close(&m);
	tree_remove(&t);
}

/* Without samples, and with nothing between the readings. */
static void test_run_without_samples(void **state)
{
	static struct measured out;
	static const char *const asked[] = {"no-such-counter"};
	const struct source_scope scope = {.cpus = all_cpus, .cpus_n = 1, .counters = {asked, 1}};
	_cleanup_buf_ struct buf chunk = BUF_INIT;
	struct sampler *s;
	struct machine m;
	struct tree t;

	(void)state;
	tree_make(&t);
	tree_write_files(&t, before);
	tree_open(&t, &m);
	assert_int_equal(sampler_open(&s, &m, &client, NULL, NULL), 0);
	for (int i = 0; i < 3; i++) {
		measured_reset(&out);
		sampler_attach(s, &scope, 0, &out);
		sampler_first(s);
		sampler_last(s, NS_PER_MS, &out);
		sampler_detach(s);
		assert_int_equal(value_of(&out, "network.received"), 0);
		assert_int_equal(value_of(&out, "frequency.uncore"), 800000000);
		/* asked for where nothing can be counted: told so all the same */
		assert_true(measured_has_flag(&out, "counter_missing"));
		assert_non_null(strstr(out.note, "no-such-counter"));
		assert_false(sampler_take(s, &chunk));
	}
	sampler_attach(s, &scope, NS_PER_MS, &out); /* a run that never started */
	sampler_detach(s);
	sampler_attach(s, &scope, NS_PER_MS, &out);
	sampler_first(s);
	sampler_start(s, NS_PER_MS, NULL, -1);
	sampler_close(s); /* in the midst of a run */
	machine_close(&m);
	tree_remove(&t);
}

/* A sampler that is opened late, by a thread that is bound, is not bound with it. */
static void test_cpus(void **state)
{
	struct error err = {0};
	struct bench b = {0};
	cpu_set_t own, one, got;
	size_t allowed = 0;
	pid_t tid = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof own, &own), 0);
	assert_int_equal(machine_open(&b.machine, "/", &err), 0);
	assert_int_equal(topology_load(&b.topology, &b.machine, &err), 0);
	CPU_ZERO(&one);
	for (size_t i = 0; i < b.topology.n; i++) {
		allowed += b.topology.cpus[i].is_allowed;
		if (b.topology.cpus[i].is_allowed && CPU_COUNT(&one) == 0)
			CPU_SET((size_t)b.topology.cpus[i].cpu, &one);
	}
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(sampler_open(&b.sampler, &b.machine, &b.topology, NULL, &err), 0);
	sampler_start(b.sampler, NS_PER_MS, NULL, -1);
	struct pollfd p = {.fd = sampler_fd(b.sampler), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 60000), 1); /* so it has gone where it is to be */
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (atoi(e->d_name) > tid)
			tid = atoi(e->d_name); /* ours, or the one that came after it */
	closedir(d);
	assert_int_not_equal(tid, getpid());
	assert_int_equal(sched_getaffinity(tid, sizeof got, &got), 0);
	assert_int_equal(CPU_COUNT(&got), allowed);
	sched_setaffinity(0, sizeof own, &own);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks_stream),
		cmocka_unit_test(test_short_runs),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_run_without_samples),
		cmocka_unit_test(test_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
