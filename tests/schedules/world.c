/* Time, chance, events. */
#include "tests/schedules/schedules.h"

#include "proto/clock.h"
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

struct event {
	int64_t at;
	uint64_t order; /* of those at one instant */
	struct process *process;
	event_fn *fn;
	void *arg;
	size_t place; /* in the heap */
};

int64_t world_now;
bool world_tells;

static struct {
	uint64_t random, order;
	struct event **heap;
	size_t n, size;
} world;

/* ---- chance ---- */

/* splitmix64: the same schedule for the same seed, everywhere. */
static uint64_t next_random(void)
{
	uint64_t z = world.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t chance(uint64_t below)
{
	return next_random() % below;
}

bool happens(unsigned per_mille)
{
	return chance(1000) < per_mille;
}

int64_t some_time(int64_t most_ns)
{
	int64_t t = (int64_t)chance((uint64_t)most_ns + 1);

	for (uint64_t tenths = chance(6); tenths > 0; tenths--)
		t /= 10;
	return t;
}

/* What the programs draw is of the seed as well: ids, generations of segments. */
static const char *name_of_random(void)
{
	return "schedule";
}

static uint32_t random_word(void)
{
	return (uint32_t)next_random();
}

static void random_bytes(void *const out, const size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)next_random();
}

static struct randombytes_implementation implementation = {
	.implementation_name = name_of_random,
	.random = random_word,
	.buf = random_bytes,
};

/* ---- the clocks of all programs ---- */

int64_t __wrap_clock_monotonic_ns(void);
int64_t __wrap_clock_raw_ns(void);
int64_t __wrap_clock_realtime_ns(void);

int64_t __wrap_clock_monotonic_ns(void)
{
	return world_now;
}

int64_t __wrap_clock_raw_ns(void)
{
	return world_now;
}

int64_t __wrap_clock_realtime_ns(void)
{
	return INT64_C(1790000000) * NS_PER_S + world_now;
}

/* ---- events: a heap ---- */

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void put(struct event *e, size_t place)
{
	world.heap[place] = e;
	e->place = place;
}

static void rise(struct event *e, size_t place)
{
	for (; place > 0 && is_before(e, world.heap[(place - 1) / 2]); place = (place - 1) / 2)
		put(world.heap[(place - 1) / 2], place);
	put(e, place);
}

static void sink(struct event *e, size_t place)
{
	for (size_t child; (child = 2 * place + 1) < world.n; place = child) {
		if (child + 1 < world.n && is_before(world.heap[child + 1], world.heap[child]))
			child++;
		if (!is_before(world.heap[child], e))
			break;
		put(world.heap[child], place);
	}
	put(e, place);
}

static void insert(struct event *e)
{
	if (world.n == world.size) {
		world.size = world.size ? 2 * world.size : 64;
		world.heap = xreallocarray(world.heap, world.size, sizeof *world.heap);
	}
	rise(e, world.n++);
}

static void take_out(struct event *e)
{
	size_t place = e->place;
	struct event *last = world.heap[--world.n];

	if (last == e)
		return;
	if (place > 0 && is_before(last, world.heap[(place - 1) / 2]))
		rise(last, place);
	else
		sink(last, place);
}

struct event *world_at(int64_t at_ns, struct process *p, event_fn *fn, void *arg)
{
	struct event *e = xcalloc(1, sizeof *e);

	*e = (struct event){.at = at_ns > world_now ? at_ns : world_now,
		.order = world.order++,
		.process = p,
		.fn = fn,
		.arg = arg};
	insert(e);
	return e;
}

void world_cancel(struct event *e)
{
	if (e == NULL)
		return;
	take_out(e);
	free(e);
}

bool world_step(void)
{
	if (world.n == 0)
		return false;
	struct event *e = world.heap[0];
	take_out(e);
	if (e->at > world_now)
		world_now = e->at;
	if (e->process != NULL && e->process->stalled_until > world_now) {
		e->at = e->process->stalled_until;
		insert(e);
		return true;
	}
	event_fn *fn = e->fn;
	void *arg = e->arg;
	free(e);
	fn(arg);
	return true;
}

void world_begin(uint64_t seed)
{
	static bool was_here;

	if (!was_here &&
		(randombytes_set_implementation(&implementation) != 0 || sodium_init() < 0))
		abort();
	was_here = true;
	world.random = seed;
	world.order = 0;
	world_now = 1000 * NS_PER_S;
}

void world_end(void)
{
	while (world.n > 0)
		world_cancel(world.heap[0]);
	free(world.heap);
	world.heap = NULL;
	world.size = 0;
}

/* ---- telling ---- */

static void print(const char *format, va_list ap)
{
	fprintf(stderr, "# %lld.%06lld ", (long long)(world_now / NS_PER_S),
		(long long)(world_now % NS_PER_S / 1000));
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

void narrate(const char *format, ...)
{
	va_list ap;

	if (!world_tells)
		return;
	va_start(ap, format);
	print(format, ap);
	va_end(ap);
}

/* Troubles of disks are what schedules are made of. */
void __wrap_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_error(const char *format, ...)
{
	va_list ap;

	if (!world_tells)
		return;
	va_start(ap, format);
	print(format, ap);
	va_end(ap);
}

void broken(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print(format, ap);
	va_end(ap);
	fflush(stderr);
	_exit(1);
}
