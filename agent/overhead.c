/*
 * overhead.c - pieces with and without sampling, in pairs, and their ratio
 */
#include "agent/overhead.h"
#include "agent/overhead_kernel.h"
#include "agent/own_threads.h"
#include "agent/placement.h"
#include "agent/sampler.h"
#include "proto/clock.h"
#include "proto/units.h"

#include <errno.h>
#include <math.h>
#include <msgpack.h>
#include <poll.h>

#define PIECE_NS        (5 * NS_PER_MS)  /* at least: short, as neighbours in time are most alike */
#define AROUND_NS       (10 * NS_PER_MS) /* around a sample of a slow rate */
#define LEAD_NS         NS_PER_MS        /* at least */
#define START_NS        (NS_PER_MS / 4)  /* waking, starting, stopping: for each piece */
#define STRETCH_SAMPLES 11               /* at least: a chunk of them and one, see sampler.h */
#define BLOCK           4                /* pieces; two pairs */

struct scene {
	struct overhead_kernel *kernel;
	struct sampler *sampler;
	struct energy_window *window; /* NULL where there is no meter */
	struct placement placement;   /* of the kernel */
	struct source_scope scope;    /* what the sources were told */
	struct buf chunk;
	int cpu; /* for the sampler, -1 any */
	uint64_t random;

	/* of the rate that is measured */
	int64_t every_ns;
	int64_t lead_ns, work;
	double share;    /* of the time that pieces stand for */
	int64_t samples; /* that were taken */
};

/* ---- the request ---- */

int overhead_parse_rates(const char *text, struct overhead_request *r, struct error *err)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy, *word;

	r->rates_n = 0;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (r->rates_n == OVERHEAD_RATES)
			return error_set(err, -EINVAL, "'%s': at most %d rates at a time", text,
				OVERHEAD_RATES);
		if (units_parse_int(word, 1, OVERHEAD_MAX_RATE, &r->rates[r->rates_n], NULL) != 0)
			return error_set(err, -EINVAL,
				"'%s': '%s' is no rate; expected samples a second from 1 to %d, "
				"with commas between: 10,100,1000",
				text, word, OVERHEAD_MAX_RATE);
		r->rates_n++;
	}
	return 0;
}

/*
 * What is timed. Of fast rates whole periods. Of slow ones the time around one sample: between
 * samples the sampler sleeps, and comparing that time as well would add its noise and no
 * difference.
 */
static int64_t piece_ns(int64_t rate)
{
	int64_t period = NS_PER_S / rate;

	return period > AROUND_NS ? AROUND_NS : (PIECE_NS + period - 1) / period * period;
}

/*
 * The sampler takes its first sample a period after its start. Samples are to be in the middle of
 * what is timed, or in the middle of the periods in it: so it has as many as it should have, not
 * one less now and then.
 */
static int64_t lead_ns(int64_t rate)
{
	int64_t period = NS_PER_S / rate, part = piece_ns(rate);
	int64_t lead = period - (part < period ? part : period) / 2;

	return lead > LEAD_NS ? lead : lead + (LEAD_NS - lead + period - 1) / period * period;
}

/* What a piece shows is true of this share of the time, and nothing of the rest. */
static double share_of(int64_t rate)
{
	int64_t period = NS_PER_S / rate;

	return period > AROUND_NS ? (double)AROUND_NS / (double)period : 1;
}

static int64_t pair_ns(int64_t rate)
{
	return 2 * (lead_ns(rate) + piece_ns(rate) + START_NS);
}

/* Long enough for whole chunks of samples, and half a period for the first one to come. */
static int64_t stretch_ns(int64_t rate)
{
	int64_t periods = rate > STRETCH_SAMPLES ? rate : STRETCH_SAMPLES;

	return NS_PER_S / rate * periods + NS_PER_S / rate / 2;
}

static int64_t least_ns(int64_t rate)
{
	return stretch_ns(rate) + OVERHEAD_PAIRS * pair_ns(rate);
}

int64_t overhead_shortest_ns(const struct overhead_request *r)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->rates_n; i++)
		sum += least_ns(r->rates[i]);
	return sum;
}

/* Rates that need more than an equal share of the time get what they need; the others share what is
 * left. */
static int64_t time_of(const struct overhead_request *r, int64_t rate)
{
	int64_t share = r->time_ns / (int64_t)r->rates_n;

	for (size_t pass = 0; pass < r->rates_n; pass++) {
		int64_t left = r->time_ns, others = 0;
		for (size_t i = 0; i < r->rates_n; i++) {
			bool is_slow = least_ns(r->rates[i]) > share;
			left -= is_slow ? least_ns(r->rates[i]) : 0;
			others += !is_slow;
		}
		share = others > 0 ? left / others : 0;
	}
	return share > least_ns(rate) ? share : least_ns(rate);
}

/* Whole blocks. */
static size_t blocks_of(const struct overhead_request *r, int64_t rate)
{
	return (size_t)((time_of(r, rate) - stretch_ns(rate)) / pair_ns(rate) / (BLOCK / 2));
}

/* ---- one piece ---- */

/* The second element of a chunk, see sampler.h. */
static int64_t samples_in(const struct buf *chunk)
{
	msgpack_unpacked u;
	int64_t n = 0;

	msgpack_unpacked_init(&u);
	if (msgpack_unpack_next(&u, chunk->data, chunk->len, NULL) == MSGPACK_UNPACK_SUCCESS &&
		u.data.type == MSGPACK_OBJECT_ARRAY && u.data.via.array.size > 1)
		n = (int64_t)u.data.via.array.ptr[1].via.u64;
	msgpack_unpacked_destroy(&u);
	return n;
}

static void take_chunks(struct scene *s)
{
	for (buf_reset(&s->chunk); sampler_take(s->sampler, &s->chunk); buf_reset(&s->chunk))
		s->samples += samples_in(&s->chunk);
}

/* As the agent's loop: take what was sampled, until the end. */
static void wait_for_end(struct scene *s)
{
	struct pollfd fds[2] = {{.fd = overhead_kernel_fd(s->kernel), .events = POLLIN},
		{.fd = sampler_fd(s->sampler), .events = POLLIN}};

	while (fds[0].revents == 0) {
		if (poll(fds, 2, -1) > 0 && fds[1].revents != 0)
			take_chunks(s);
	}
}

static int64_t piece(struct scene *s, bool is_sampled)
{
	if (is_sampled)
		sampler_start(s->sampler, s->every_ns, s->window, s->cpu);
	overhead_kernel_go(s->kernel, s->lead_ns, s->work);
	wait_for_end(s);
	int64_t time = overhead_kernel_take(s->kernel);
	if (is_sampled) {
		sampler_stop(s->sampler);
		take_chunks(s);
	}
	return time;
}

/* What the sampler itself uses, from a stretch that is long enough for its chunks to be as in a
 * run; the kernel keeps the machine awake meanwhile. */
static void measure_cpu(struct scene *s, struct overhead_rate *out)
{
	int64_t before = sampler_cpu_ns(s->sampler);

	s->samples = 0;
	sampler_start(s->sampler, s->every_ns, s->window, s->cpu);
	overhead_kernel_go(s->kernel, stretch_ns(out->rate), 1);
	wait_for_end(s);
	overhead_kernel_take(s->kernel);
	int64_t after = sampler_cpu_ns(s->sampler);
	sampler_stop(s->sampler);
	take_chunks(s);
	bool is_known = before != ABSENT && after != ABSENT && s->samples > 0;
	out->sample_us = is_known ? (double)(after - before) / 1000.0 / (double)s->samples : NAN;
	out->cpu = out->sample_us / 1e6 * (double)out->rate;
}

/* ---- many ---- */

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016); its
 * highest bit. */
static bool draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 2685821657736338717U) >> 63 != 0;
}

/* Two pairs: logarithms of time with sampling over time without, of the whole time. */
static void measure_block(struct scene *s, double logs[BLOCK / 2])
{
	bool is_sampled_outside = draw(&s->random);
	int64_t times[BLOCK];

	for (int i = 0; i < BLOCK; i++) {
		bool is_outside = i == 0 || i == BLOCK - 1;
		times[i] = piece(s, is_outside == is_sampled_outside);
	}
	for (int i = 0; i < BLOCK / 2; i++) {
		/* Of the first pair the outer piece comes first, of the second last. */
		double ratio = (double)times[i == 0 ? 0 : 3] / (double)times[i == 0 ? 1 : 2];
		ratio = is_sampled_outside ? ratio : 1 / ratio;
		logs[i] = log1p((ratio - 1) * s->share);
	}
}

/* What follows a run follows this process; the notes of the sources are a run's and not wanted. */
static void attach(struct scene *s)
{
	static struct measured notes;

	s->scope = (struct source_scope){
		.pid = getpid(), .cpus = s->placement.cpus, .cpus_n = s->placement.n};
	measured_reset(&notes);
	sampler_attach(s->sampler, &s->scope, s->every_ns, &notes);
}

static void measure_rate(struct scene *s, struct overhead_rate *out, int64_t rate, size_t blocks)
{
	_cleanup_free_ double *logs = xcalloc(blocks * (BLOCK / 2), sizeof *logs);

	s->every_ns = NS_PER_S / rate;
	s->lead_ns = lead_ns(rate);
	s->share = share_of(rate);
	s->work = overhead_kernel_work(s->kernel, piece_ns(rate));
	out->rate = rate;
	attach(s);
	measure_cpu(s, out);
	for (size_t i = 0; i < blocks; i++)
		measure_block(s, logs + i * (BLOCK / 2));
	sampler_detach(s->sampler);
	overhead_interval(out, logs, blocks * (BLOCK / 2));
}

/* The CPUs of a run that leaves the agent its own. */
static int choose_cpus(const struct topology *t, struct placement *p, struct error *err)
{
	struct placement_request request = {.policy = "close"};

	for (size_t i = 0; i < t->n; i++)
		request.cpus += t->cpus[i].is_allowed;
	if (request.cpus > 1)
		request.cpus--;
	return placement_choose(t, &request, p, err);
}

static int check_request(
	const struct machine *m, const struct overhead_request *r, struct error *err)
{
	char least[32];

	if (!machine_has_these_cpus(m))
		return error_set(err, -ENOTSUP,
			"overhead: the CPUs below %s are not this machine's: nothing can run there",
			m->root);
	/* Rounded up: what is said must be enough. */
	const int64_t tenth = NS_PER_S / 10;
	int64_t enough = (overhead_shortest_ns(r) + tenth - 1) / tenth * tenth;
	if (r->time_ns < overhead_shortest_ns(r))
		return error_set(err, -EINVAL,
			"overhead: %d pairs at each rate take %s: give it more time, or faster "
			"rates alone",
			OVERHEAD_PAIRS, units_format_duration(least, enough));
	return 0;
}

static int open_scene(struct scene *s, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, struct error *err)
{
	const struct placement *p = &s->placement;
	int r = sampler_open(&s->sampler, m, t, meter, err), bound_to = -1;

	/* Before the kernel's threads are there: they have CPUs of their own. */
	own_threads_bind(t, s->cpu, &bound_to);
	if (r == 0)
		r = overhead_kernel_open(&s->kernel, p->cpus, p->n, err);
	if (r == 0 && meter != NULL && energy_source_name(meter) != NULL) {
		s->window = energy_window_new(meter);
		energy_begin(meter, s->window, false);
	}
	return r;
}

static void close_scene(struct scene *s)
{
	overhead_kernel_close(s->kernel);
	sampler_close(s->sampler);
	energy_window_free(s->window);
	buf_done(&s->chunk);
	placement_done(&s->placement);
}

int overhead_measure(struct overhead *out, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, const struct overhead_request *r, struct error *err)
{
	struct scene s = {.chunk = BUF_INIT, .random = r->seed != 0 ? r->seed : 1};

	*out = (struct overhead){.measured_at = clock_realtime_ns()};
	int code = check_request(m, r, err);
	if (code == 0)
		code = choose_cpus(t, &s.placement, err);
	if (code != 0)
		return code;
	s.cpu = s.placement.uses_housekeeping ? -1 : t->housekeeping;
	code = open_scene(&s, m, t, meter, err);
	if (code == 0) {
		out->cpus = cpu_list_format(s.placement.cpus, s.placement.n);
		out->is_shared = s.placement.uses_housekeeping;
		out->rates_n = r->rates_n;
		for (size_t i = 0; i < r->rates_n; i++)
			measure_rate(&s, &out->rates[i], r->rates[i], blocks_of(r, r->rates[i]));
	}
	close_scene(&s);
	return code;
}

void overhead_done(struct overhead *o)
{
	free(o->cpus);
	*o = (struct overhead){0};
}
