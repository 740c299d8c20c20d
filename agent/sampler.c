/*
 * sampler.c - the sampling thread and its chunks
 */
#include "agent/sampler.h"
#include "agent/sources/source.h"
#include "proto/clock.h"

#include <assert.h>
#include <errno.h>
#include <msgpack.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <utlist.h>

/* A chunk has at least this many samples, unless the run ends before. */
#define SAMPLER_CHUNK 10

/* The channels of one source, at columns first ... first + n - 1. */
struct opened {
	const struct source_ops *ops;
	void *state;
	size_t first;
};

struct chunk {
	struct buf data;
	struct chunk *next;
};

enum sampler_state { SAMPLER_IDLE, SAMPLER_RUNNING, SAMPLER_STOPPING, SAMPLER_QUIT };

struct sampler {
	/* fixed after sampler_open() */
	struct energy_meter *meter;
	size_t energy_n; /* columns of the meter, the first ones */
	struct opened *opened;
	size_t opened_n;
	struct channel *channels;
	size_t channels_n;
	int event_fd;
	pthread_t thread;
	cpu_set_t own_cpus; /* of the agent, to go back to */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	enum sampler_state state;
	struct chunk *chunks; /* finished ones, oldest first */

	/* set while idle, then the thread's own */
	int64_t every_ns;
	struct energy_window *window;
	int cpu;
	size_t capacity; /* samples that times and values have room for */
	size_t n;        /* samples in the chunk that is being filled */
	int64_t *times;  /* [capacity] */
	int64_t *values; /* [capacity][channels_n] */
};

static int write_to_buf(void *b, const char *data, size_t len)
{
	buf_add(b, data, len);
	return 0;
}

static void pack_text(msgpack_packer *p, const char *s)
{
	msgpack_pack_str(p, strlen(s));
	msgpack_pack_str_body(p, s, strlen(s));
}

static void pack_channels(const struct sampler *s, msgpack_packer *p)
{
	msgpack_pack_array(p, s->channels_n);
	for (size_t c = 0; c < s->channels_n; c++) {
		msgpack_pack_array(p, 3);
		pack_text(p, s->channels[c].name);
		pack_text(p, s->channels[c].unit);
		pack_text(p, s->channels[c].kind == CHANNEL_COUNTER ? "counter" : "gauge");
	}
}

static void pack_column(const struct sampler *s, msgpack_packer *p, size_t c)
{
	int64_t last = 0;

	msgpack_pack_array(p, s->n);
	for (size_t i = 0; i < s->n; i++) {
		int64_t value = s->values[i * s->channels_n + c];
		if (value == ABSENT) {
			msgpack_pack_nil(p);
			continue;
		}
		msgpack_pack_int64(p, value - last);
		last = value;
	}
}

/* [1, n, [[name, unit, kind] ...], t0, [dt ...], [[v0, d1, d2 ...] ...]] */
static void pack_chunk(const struct sampler *s, struct buf *out)
{
	msgpack_packer p;

	msgpack_packer_init(&p, out, write_to_buf);
	msgpack_pack_array(&p, 6);
	msgpack_pack_int(&p, 1);
	msgpack_pack_uint64(&p, s->n);
	pack_channels(s, &p);
	msgpack_pack_int64(&p, s->times[0]);
	msgpack_pack_array(&p, s->n - 1);
	for (size_t i = 1; i < s->n; i++)
		msgpack_pack_int64(&p, s->times[i] - s->times[i - 1]);
	msgpack_pack_array(&p, s->channels_n);
	for (size_t c = 0; c < s->channels_n; c++)
		pack_column(s, &p, c);
}

static void finish_chunk(struct sampler *s)
{
	const uint64_t one = 1;

	if (s->n == 0)
		return;
	struct chunk *c = xcalloc(1, sizeof *c);
	c->data = (struct buf)BUF_INIT;
	pack_chunk(s, &c->data);
	s->n = 0;
	pthread_mutex_lock(&s->lock);
	LL_APPEND(s->chunks, c);
	/* Fails only where the count is near 2^64: then it is readable anyway. */
	ssize_t written = write(s->event_fd, &one, sizeof one);
	(void)written;
	pthread_mutex_unlock(&s->lock);
}

static void take_sample(struct sampler *s)
{
	int64_t *row = &s->values[s->n * s->channels_n];

	s->times[s->n] = clock_raw_ns();
	if (s->energy_n > 0)
		energy_poll(s->meter, s->window, row);
	for (size_t i = 0; i < s->opened_n; i++)
		s->opened[i].ops->read(s->opened[i].state, row + s->opened[i].first);
	s->n++;
	if (s->n == s->capacity ||
		(s->n >= SAMPLER_CHUNK &&
			s->times[s->n - 1] - s->times[0] + s->every_ns >= NS_PER_S))
		finish_chunk(s);
}

/* Wait until the instant or until the state is no longer RUNNING; returns whether it still is. */
static bool wait_until(struct sampler *s, int64_t at_ns)
{
	const struct timespec at = {at_ns / NS_PER_S, at_ns % NS_PER_S};
	int r = 0;

	pthread_mutex_lock(&s->lock);
	while (s->state == SAMPLER_RUNNING && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&s->changed, &s->lock, &at);
	bool is_running = s->state == SAMPLER_RUNNING;
	pthread_mutex_unlock(&s->lock);
	return is_running;
}

/* The next instant of a steady rate that is still to come: those that were missed are left out, not
 * caught up with. */
static int64_t next_instant(int64_t at_ns, int64_t period_ns)
{
	int64_t late_ns = clock_monotonic_ns() - at_ns;

	return at_ns + (late_ns < 0 ? period_ns : (late_ns / period_ns + 1) * period_ns);
}

/* With a slow rate the counters are still read often enough that no wrap is missed. */
static void sample_while_running(struct sampler *s)
{
	int64_t poll_ns =
		s->energy_n > 0 && s->window != NULL ? energy_poll_period_ns(s->meter) : INT64_MAX;
	int64_t sample_at = clock_monotonic_ns() + s->every_ns;
	int64_t poll_at = poll_ns < s->every_ns ? clock_monotonic_ns() + poll_ns : INT64_MAX;

	while (wait_until(s, sample_at < poll_at ? sample_at : poll_at)) {
		if (sample_at <= poll_at) {
			take_sample(s);
			sample_at = next_instant(sample_at, s->every_ns);
		} else {
			energy_poll(s->meter, s->window, NULL);
			poll_at = next_instant(poll_at, poll_ns);
		}
	}
	finish_chunk(s);
}

/* Where the kernel refuses (a CPU went offline, a cpuset shrank), the thread stays where it is:
 * that costs quiet, not truth. */
static void bind_thread(const struct sampler *s)
{
	cpu_set_t set = s->own_cpus;

	if (s->cpu >= 0 && s->cpu < CPU_SETSIZE) {
		CPU_ZERO(&set);
		CPU_SET((size_t)s->cpu, &set);
	}
	sched_setaffinity(0, sizeof set, &set);
}

static void *sampler_thread(void *arg)
{
	struct sampler *s = arg;

	prctl(PR_SET_NAME, "sampler");
	prctl(PR_SET_TIMERSLACK, 1UL); /* ns; the default of 50 us would shift every sample */
	pthread_mutex_lock(&s->lock);
	while (s->state != SAMPLER_QUIT) {
		if (s->state == SAMPLER_IDLE) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		bind_thread(s);
		sample_while_running(s);
		pthread_mutex_lock(&s->lock);
		if (s->state == SAMPLER_STOPPING)
			s->state = SAMPLER_IDLE;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void add_channels(struct sampler *s, const struct channel *channels, size_t n)
{
	s->channels = xreallocarray(s->channels, s->channels_n + n + 1, sizeof *s->channels);
	memcpy(s->channels + s->channels_n, channels, n * sizeof *channels);
	s->channels_n += n;
}

static void add_energy(struct sampler *s)
{
	size_t n;
	const struct energy_zone *zones = energy_zones(s->meter, &n);

	if (energy_source_name(s->meter) == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		struct channel c = {.unit = "uJ", .kind = CHANNEL_COUNTER};
		if (zones[i].state != ZONE_OK)
			continue;
		memcpy(c.name, zones[i].metric, sizeof c.name);
		add_channels(s, &c, 1);
		s->energy_n++;
	}
}

/* Sources that do not probe well are left out; `doctor` says why. One that probes well must open.
 */
static int add_sources(
	struct sampler *s, const struct machine *m, const struct topology *t, struct error *err)
{
	for (size_t i = 0; sources[i] != NULL; i++) {
		const struct channel *channels;
		if ((sources[i]->flags & IS_ENERGY) || sources[i]->probe(m, NULL) != 0)
			continue;
		s->opened = xreallocarray(s->opened, s->opened_n + 1, sizeof *s->opened);
		struct opened *o = &s->opened[s->opened_n];
		*o = (struct opened){sources[i], NULL, s->channels_n};
		int r = o->ops->open(&o->state, m, t, err);
		if (r != 0)
			return r;
		s->opened_n++;
		size_t n = o->ops->channels(o->state, &channels);
		add_channels(s, channels, n);
	}
	return 0;
}

/* The thread takes no signals: they belong to the agent's loop. */
static int start_thread(struct sampler *s)
{
	sigset_t all, old;
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&s->lock, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int r = pthread_create(&s->thread, NULL, sampler_thread, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0) {
		pthread_cond_destroy(&s->changed);
		pthread_mutex_destroy(&s->lock);
	}
	return r;
}

static void free_sampler(struct sampler *s)
{
	for (size_t i = 0; i < s->opened_n; i++)
		s->opened[i].ops->close(s->opened[i].state);
	if (s->event_fd >= 0)
		close(s->event_fd);
	free(s->opened);
	free(s->channels);
	free(s->times);
	free(s->values);
	free(s);
}

int sampler_open(struct sampler **out, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, struct error *err)
{
	struct sampler *s = xcalloc(1, sizeof *s);

	*out = NULL;
	s->event_fd = -1;
	s->meter = meter;
	sched_getaffinity(0, sizeof s->own_cpus, &s->own_cpus);
	if (meter != NULL)
		add_energy(s);
	int r = add_sources(s, m, t, err);
	if (r != 0) {
		free_sampler(s);
		return r;
	}
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd < 0) {
		r = error_errno(err, "sampler: eventfd");
		free_sampler(s);
		return r;
	}
	r = start_thread(s);
	if (r != 0) {
		free_sampler(s);
		return error_set(err, -r, "sampler: no thread: %s", strerror(r));
	}
	*out = s;
	return 0;
}

void sampler_close(struct sampler *s)
{
	struct chunk *c, *next;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->state = SAMPLER_QUIT;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	LL_FOREACH_SAFE(s->chunks, c, next)
	{
		buf_done(&c->data);
		free(c);
	}
	free_sampler(s);
}

int sampler_fd(const struct sampler *s)
{
	return s->event_fd;
}

void sampler_start(struct sampler *s, int64_t every_ns, struct energy_window *window, int cpu)
{
	assert(every_ns > 0);
	sampler_stop(s);
	/* A second of samples, and no fewer than make a chunk; at absurd rates chunks are shorter
	 * than a second. */
	int64_t per_second = NS_PER_S / every_ns + 1;
	size_t capacity = per_second > 8192 ? 8192 : (size_t)per_second;
	capacity = capacity > SAMPLER_CHUNK ? capacity : SAMPLER_CHUNK;
	if (capacity > s->capacity) {
		s->times = xreallocarray(s->times, capacity, sizeof *s->times);
		s->values =
			xreallocarray(s->values, capacity * (s->channels_n + 1), sizeof *s->values);
		s->capacity = capacity;
	}
	pthread_mutex_lock(&s->lock);
	s->every_ns = every_ns;
	s->window = window;
	s->cpu = cpu;
	s->n = 0;
	s->state = SAMPLER_RUNNING;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void sampler_stop(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->state == SAMPLER_RUNNING) {
		s->state = SAMPLER_STOPPING;
		pthread_cond_broadcast(&s->changed);
	}
	while (s->state == SAMPLER_STOPPING)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

bool sampler_take(struct sampler *s, struct buf *out)
{
	uint64_t count;

	pthread_mutex_lock(&s->lock);
	struct chunk *c = s->chunks;
	if (c != NULL)
		LL_DELETE(s->chunks, c);
	/* Under the lock, so that no chunk comes between; EAGAIN where it was read before. */
	if (s->chunks == NULL) {
		ssize_t drained = read(s->event_fd, &count, sizeof count);
		(void)drained;
	}
	pthread_mutex_unlock(&s->lock);
	if (c == NULL)
		return false;
	buf_add(out, c->data.data, c->data.len);
	buf_done(&c->data);
	free(c);
	return true;
}

int64_t sampler_cpu_ns(const struct sampler *s)
{
	struct timespec t;
	clockid_t id;

	if (pthread_getcpuclockid(s->thread, &id) != 0 || clock_gettime(id, &t) != 0)
		return ABSENT;
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}
