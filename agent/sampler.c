/*
 * sampler.c - the sampling thread and its chunks
 */
#include "agent/sampler.h"
#include "agent/sampler_chunk.h"
#include "agent/sources/source.h"
#include "proto/clock.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <utlist.h>

/* A chunk has at least this many samples, unless the run ends before. */
#define SAMPLER_CHUNK 10

/* The channels of one source, at columns first ... first + n - 1. */
struct opened {
	const struct source_ops *ops;
	void *state;
	size_t first, n;
};

/* Whole pages, so that locking and unlocking them touches nothing else. */
struct pages {
	void *memory; /* owned */
	void *data;   /* the first whole page */
	size_t size;
};

struct chunk {
	struct buf data;
	struct chunk *next;
};

enum sampler_state { SAMPLER_IDLE, SAMPLER_RUNNING, SAMPLER_STOPPING, SAMPLER_QUIT };

struct sampler {
	/* fixed after sampler_open() */
	struct energy_meter *meter;
	size_t energy_n;       /* columns of the meter, the first ones */
	struct opened *opened; /* those that are read at each sample first */
	size_t opened_n, sampled_n;
	int event_fd;
	pthread_t thread;
	cpu_set_t own_cpus; /* that the agent may use, where no one CPU is told */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	enum sampler_state state;
	struct chunk *chunks; /* finished ones, oldest first */

	bool is_attached;

	/* set while idle, then the thread's own */
	struct channel *channels; /* energy, sampled sources, then those of the edges alone */
	size_t channels_n;
	size_t columns_n;             /* of a sample: channels without those of the edges alone */
	struct channel_range *ranges; /* [channels_n]; those of energy stay ABSENT */
	int64_t *edge;                /* [channels_n]; a reading before or after */
	int64_t every_ns;
	struct energy_window *window;
	int cpu;
	size_t capacity; /* samples that times and values have room for */
	size_t n;        /* samples in the chunk that is being filled */
	struct pages pages;
	int64_t *times;  /* [capacity]; in pages, as are the values */
	int64_t *values; /* [capacity][columns_n] */
};

static void finish_chunk(struct sampler *s)
{
	const uint64_t one = 1;

	if (s->n == 0)
		return;
	struct chunk *c = xcalloc(1, sizeof *c);
	c->data = (struct buf)BUF_INIT;
	const struct sample_rows rows = {
		.channels = s->channels,
		.channels_n = s->columns_n,
		.times = s->times,
		.values = s->values,
		.n = s->n,
	};
	sampler_chunk_pack(&rows, &c->data);
	s->n = 0;
	pthread_mutex_lock(&s->lock);
	LL_APPEND(s->chunks, c);
	/* Fails only where the count is near 2^64: then it is readable anyway. */
	ssize_t written = write(s->event_fd, &one, sizeof one);
	(void)written;
	pthread_mutex_unlock(&s->lock);
}

/* Widen the ranges of columns from ... to - 1 by what was read. */
static void widen(struct sampler *s, const int64_t *row, size_t from, size_t to)
{
	for (size_t c = from; c < to; c++) {
		struct channel_range *r = &s->ranges[c];
		if (row[c] == ABSENT)
			continue;
		if (r->min == ABSENT || row[c] < r->min)
			r->min = row[c];
		if (r->max == ABSENT || row[c] > r->max)
			r->max = row[c];
	}
}

static void read_sources(const struct sampler *s, size_t n, int64_t *row)
{
	for (size_t i = 0; i < n; i++)
		if (s->opened[i].n > 0)
			s->opened[i].ops->read(s->opened[i].state, row + s->opened[i].first);
}

static void take_sample(struct sampler *s)
{
	int64_t *row = &s->values[s->n * s->columns_n];

	s->times[s->n] = clock_raw_ns();
	if (s->energy_n > 0)
		energy_poll(s->meter, s->window, row);
	read_sources(s, s->sampled_n, row);
	widen(s, row, s->energy_n, s->columns_n);
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

/* ---- channels and buffers ---- */

static void add_channels(struct sampler *s, const struct channel *channels, size_t n)
{
	s->channels = xreallocarray(s->channels, s->channels_n + n + 1, sizeof *s->channels);
	if (n > 0)
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

static void forget_ranges(struct sampler *s)
{
	for (size_t c = 0; c < s->channels_n; c++)
		s->ranges[c] = (struct channel_range){ABSENT, ABSENT, ABSENT, ABSENT};
}

/* Those of the sources as they are now: they may change with attach() and detach(). */
static void gather_channels(struct sampler *s)
{
	s->channels_n = s->energy_n;
	for (size_t i = 0; i < s->opened_n; i++) {
		const struct channel *channels;
		struct opened *o = &s->opened[i];
		if (i == s->sampled_n)
			s->columns_n = s->channels_n;
		o->first = s->channels_n;
		o->n = o->ops->channels(o->state, &channels);
		add_channels(s, channels, o->n);
	}
	if (s->sampled_n == s->opened_n)
		s->columns_n = s->channels_n;
	s->ranges = xreallocarray(s->ranges, s->channels_n + 1, sizeof *s->ranges);
	s->edge = xreallocarray(s->edge, s->channels_n + 1, sizeof *s->edge);
	forget_ranges(s);
}

/* Sources that do not probe well are left out; `doctor` says why. One that probes well must open.
 */
static int add_sources(struct sampler *s, const struct machine *m, const struct topology *t,
	bool is_edges_only, struct error *err)
{
	for (size_t i = 0; sources[i] != NULL; i++) {
		const struct source_ops *ops = sources[i];
		if ((ops->flags & IS_ENERGY) ||
			((ops->flags & IS_EDGES_ONLY) != 0) != is_edges_only)
			continue;
		if (ops->probe(m, NULL) != 0 && !(ops->flags & IS_ASKED_FOR))
			continue;
		s->opened = xreallocarray(s->opened, s->opened_n + 1, sizeof *s->opened);
		struct opened *o = &s->opened[s->opened_n];
		*o = (struct opened){.ops = ops};
		int r = ops->open(&o->state, m, t, err);
		if (r != 0)
			return r;
		s->opened_n++;
		s->sampled_n += !is_edges_only;
	}
	return 0;
}

static void free_pages(struct pages *p)
{
	if (p->memory != NULL)
		munlock(p->data, p->size);
	free(p->memory);
	*p = (struct pages){0};
}

/* Touched and locked, so that no sample waits for memory; where the limit of locked memory
 * (RLIMIT_MEMLOCK) forbids that, they are only touched. */
static void allocate_pages(struct pages *p, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	free_pages(p);
	p->size = (size + page - 1) / page * page;
	p->memory = xmalloc(p->size + page);
	p->data = (char *)p->memory + (page - (uintptr_t)p->memory % page) % page;
	memset(p->data, 0, p->size);
	mlock(p->data, p->size);
}

/* Room for a second of samples, and no fewer than make a chunk; at absurd rates chunks are shorter
 * than a second. */
static void reserve(struct sampler *s, int64_t every_ns)
{
	int64_t per_second = NS_PER_S / every_ns + 1;
	size_t capacity = per_second > 8192 ? 8192 : (size_t)per_second;

	capacity = capacity > SAMPLER_CHUNK ? capacity : SAMPLER_CHUNK;
	size_t size = capacity * (s->columns_n + 1) * sizeof *s->values;
	if (size > s->pages.size)
		allocate_pages(&s->pages, size);
	s->capacity = capacity;
	s->times = s->pages.data;
	s->values = s->times + capacity;
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
	free_pages(&s->pages);
	free(s->opened);
	free(s->channels);
	free(s->ranges);
	free(s->edge);
	free(s);
}

/* Not the mask of the caller: that may be on the housekeeping CPU of the run before. */
static void list_cpus(cpu_set_t *out, const struct topology *t)
{
	CPU_ZERO(out);
	for (size_t i = 0; i < t->n; i++)
		if (t->cpus[i].is_allowed && t->cpus[i].cpu < CPU_SETSIZE)
			CPU_SET((size_t)t->cpus[i].cpu, out);
}

int sampler_open(struct sampler **out, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, struct error *err)
{
	struct sampler *s = xcalloc(1, sizeof *s);

	*out = NULL;
	s->event_fd = -1;
	s->meter = meter;
	list_cpus(&s->own_cpus, t);
	if (meter != NULL)
		add_energy(s);
	int r = add_sources(s, m, t, false, err);
	if (r == 0)
		r = add_sources(s, m, t, true, err);
	if (r != 0) {
		free_sampler(s);
		return r;
	}
	gather_channels(s);
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
	if (s->is_attached)
		sampler_detach(s);
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

/* ---- a run ---- */

void sampler_attach(
	struct sampler *s, const struct source_scope *scope, int64_t every_ns, struct measured *out)
{
	sampler_stop(s);
	s->is_attached = true;
	for (size_t i = 0; i < s->opened_n; i++)
		if (s->opened[i].ops->attach != NULL)
			s->opened[i].ops->attach(s->opened[i].state, scope, out);
	gather_channels(s);
	if (every_ns > 0)
		reserve(s, every_ns);
}

void sampler_first(struct sampler *s)
{
	forget_ranges(s);
	read_sources(s, s->opened_n, s->edge);
	for (size_t c = s->energy_n; c < s->channels_n; c++)
		s->ranges[c].first = s->edge[c];
	widen(s, s->edge, s->energy_n, s->channels_n);
}

void sampler_last(struct sampler *s, int64_t time_ns, struct measured *out)
{
	read_sources(s, s->opened_n, s->edge);
	for (size_t c = s->energy_n; c < s->channels_n; c++)
		s->ranges[c].last = s->edge[c];
	widen(s, s->edge, s->energy_n, s->channels_n);
	for (size_t i = 0; i < s->opened_n; i++) {
		const struct opened *o = &s->opened[i];
		if (o->n > 0 && o->ops->results != NULL)
			o->ops->results(o->state, s->ranges + o->first, time_ns, out);
	}
}

void sampler_detach(struct sampler *s)
{
	sampler_stop(s);
	s->is_attached = false;
	for (size_t i = 0; i < s->opened_n; i++)
		if (s->opened[i].ops->detach != NULL)
			s->opened[i].ops->detach(s->opened[i].state);
	gather_channels(s);
}

void sampler_start(struct sampler *s, int64_t every_ns, struct energy_window *window, int cpu)
{
	assert(every_ns > 0);
	sampler_stop(s);
	reserve(s, every_ns);
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
