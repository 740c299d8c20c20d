/*
 * Chunks of the sampler: their form, that they stream, that starting and stopping again works
 */
#include "agent/sampler.h"
#include "proto/clock.h"

#include <msgpack.h>
#include <poll.h>
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
	sampler_start(b.sampler, NS_PER_S, NULL, -1);
	sampler_stop(b.sampler); /* before the first sample */
	assert_false(sampler_take(b.sampler, &chunk));
	for (int i = 0; i < 50; i++) {
		sampler_start(b.sampler, 10 * NS_PER_S, NULL, -1);
		sampler_stop(b.sampler);
	}
	int64_t from = clock_raw_ns();
	sampler_start(b.sampler, NS_PER_MS, NULL, -1);
	nanosleep(&pause, NULL);
	sampler_start(b.sampler, 100 * NS_PER_MS, NULL, -1); /* ends the one before */
	sampler_stop(b.sampler);
	assert_true(sampler_take(b.sampler, &chunk));
	check_chunk(&chunk, from, clock_raw_ns());
	sampler_start(b.sampler, NS_PER_MS, NULL, 0);
	nanosleep(&pause, NULL);
	teardown(&b); /* while it runs, with a chunk that nobody took */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks_stream),
		cmocka_unit_test(test_short_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
