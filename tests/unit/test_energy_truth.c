/*
 * The arithmetic of windows against a model of truth, in virtual time: zones whose power does what
 * it likes, whose counters are brought up to date when they like, and readings that take as long as
 * they like. The truth is known to the uJ; the stated bound must hold it every time, and the stated
 * standard deviation must be the error's.
 */
#include "agent/sources/counter.h"
#include "agent/sources/counter_instant.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WATT  INT64_C(1000000)
#define US    INT64_C(1000)
#define STEPS 64
#define ZONES 4

/* ---- chance ---- */

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t chance_state;

static uint64_t chance(void)
{
	return mix(chance_state += UINT64_C(0x9e3779b97f4a7c15));
}

/* Uniform in [low, high]. */
static int64_t between(int64_t low, int64_t high)
{
	return low + (int64_t)(chance() % (uint64_t)(high - low + 1));
}

static bool one_in(int n)
{
	return chance() % (uint64_t)n == 0;
}

/* ---- the truth ---- */

struct truth {
	int64_t at_ns[STEPS]; /* power_uw[i] from at_ns[i] on; the first at 0 */
	int64_t power_uw[STEPS];
	size_t n;
	int64_t period_ns, phase_ns, jitter_ns; /* updates at phase + k period + [0, jitter] */
	uint64_t seed;                          /* of the jitter */
	int64_t unit_nj, start_raw;             /* the counter's unit, and where it stood at 0 */
	struct counter_shape shape;
};

/* In fJ, so that nothing is rounded. */
static __int128 true_fj(const struct truth *z, int64_t t)
{
	__int128 sum = 0;

	for (size_t i = 0; i < z->n && z->at_ns[i] < t; i++) {
		int64_t until = i + 1 < z->n && z->at_ns[i + 1] < t ? z->at_ns[i + 1] : t;
		sum += (__int128)z->power_uw[i] * (until - z->at_ns[i]);
	}
	return sum;
}

static int64_t update_ns(const struct truth *z, int64_t k)
{
	int64_t jitter = z->jitter_ns > 0
				 ? (int64_t)(mix(z->seed + (uint64_t)k) % (uint64_t)z->jitter_ns)
				 : 0;

	return z->phase_ns + k * z->period_ns + jitter;
}

/* The counter as the powercap driver shows it. */
static int64_t shown_uj(const struct truth *z, int64_t t)
{
	int64_t k = (t - z->phase_ns) / z->period_ns + 1;

	while (update_ns(z, k) > t)
		k--;
	__int128 units = true_fj(z, update_ns(z, k)) / ((__int128)z->unit_nj * 1000000);
	uint64_t raw = ((uint64_t)z->start_raw + (uint64_t)units) & UINT32_MAX;
	return (int64_t)((__int128)raw * z->unit_nj / 1000);
}

/* ---- the readings ---- */

struct bench {
	struct truth truth[ZONES];
	struct counter_model model[ZONES];
	struct counter_trail head[ZONES], tail[ZONES];
	int64_t last_uj[ZONES], last_ns[ZONES], total_uj[ZONES];
	unsigned wraps[ZONES];
	size_t n;
	int64_t now_ns;
	int64_t quickest_ns, slowest_ns; /* a reading takes as long as this */
	int held_up;                     /* one reading in so many takes up to 5 ms; 0: none */
};

static struct counter_reading read_zone(struct bench *b, size_t i)
{
	const struct truth *z = &b->truth[i];
	int64_t took = b->held_up > 0 && one_in(b->held_up)
			       ? between(0, 5 * NS_PER_MS)
			       : between(b->quickest_ns, b->slowest_ns);
	int64_t at = b->now_ns + between(0, took), delta = 0;
	int64_t value = shown_uj(z, at);

	if (b->last_uj[i] >= 0) {
		enum counter_fault fault = counter_delta(&z->shape, b->last_uj[i], value,
			b->now_ns + took - b->last_ns[i] + b->model[i].gap_ns, &delta);
		assert_int_equal(fault, COUNTER_OK);
		b->wraps[i] += value < b->last_uj[i];
	}
	b->last_uj[i] = value;
	b->last_ns[i] = b->now_ns;
	b->total_uj[i] += delta;
	struct counter_reading r = {b->now_ns, b->now_ns + took, b->total_uj[i]};
	b->now_ns += took + between(20, 200);
	return r;
}

static bool is_at_edge(const struct counter_model *m, const struct counter_trail *t)
{
	int64_t at, variance;

	return t->n > 1 && t->at[t->n - 1].first.begin_ns == t->at[t->n - 1].last.begin_ns &&
	       counter_edge(m, t, t->n - 1, &at, &variance);
}

static void begin(struct bench *b, bool is_aligned)
{
	int64_t start_ns = b->now_ns;

	do {
		for (size_t i = b->n; i-- > 0;) {
			struct counter_reading r = read_zone(b, i);
			counter_trail_follow(&b->head[i], &r, 4);
		}
	} while (is_aligned && b->now_ns - start_ns < 20 * NS_PER_MS &&
		 !(b->now_ns - start_ns > NS_PER_MS && is_at_edge(&b->model[0], &b->head[0])));
	for (size_t i = 0; i < b->n; i++) {
		b->tail[i] = b->head[i];
		b->wraps[i] = 0;
	}
}

static void look(struct bench *b, size_t i)
{
	struct counter_reading r = read_zone(b, i);

	counter_trail_fill(&b->head[i], &r);
	counter_trail_follow(&b->tail[i], &r, COUNTER_TRAIL);
}

static void end(struct bench *b)
{
	int64_t end_ns = b->now_ns;
	bool is_any_open = true;

	while (is_any_open && b->now_ns - end_ns < 20 * NS_PER_MS) {
		is_any_open = false;
		for (size_t i = 0; i < b->n; i++) {
			if (b->now_ns > end_ns + 1 &&
				counter_is_settled(&b->model[i], &b->tail[i], end_ns))
				continue;
			look(b, i);
			is_any_open = true;
		}
	}
}

/* A whole window. Returns its start and end. */
static void measure(struct bench *b, bool is_aligned, int64_t time_ns, int64_t poll_ns,
	int64_t *start_ns, int64_t *end_ns)
{
	begin(b, is_aligned);
	b->now_ns += between(0, 150 * US);
	*start_ns = b->now_ns;
	*end_ns = b->now_ns + time_ns;
	while (poll_ns > 0 && b->now_ns + poll_ns < *end_ns - 6 * NS_PER_MS * (int64_t)b->n) {
		b->now_ns += poll_ns;
		for (size_t i = 0; i < b->n; i++)
			look(b, i);
	}
	b->now_ns = *end_ns + between(1 * US, 100 * US);
	end(b);
}

/* ---- zones ---- */

static void add_zone(struct bench *b, int64_t unit_nj, int64_t cap_uw, int64_t jitter_ns)
{
	size_t i = b->n++;
	struct truth *z = &b->truth[i];

	*z = (struct truth){.period_ns = NS_PER_MS,
		.phase_ns = -between(2 * NS_PER_MS, 3 * NS_PER_MS),
		.jitter_ns = jitter_ns,
		.seed = chance(),
		.unit_nj = unit_nj};
	z->shape = (struct counter_shape){(int64_t)((__int128)UINT32_MAX * unit_nj / 1000), cap_uw};
	/* Some wrap within a second, some later, some not. */
	int64_t left_uj = one_in(2) ? between(0, 60 * WATT) : z->shape.range_uj / 2;
	z->start_raw = UINT32_MAX - left_uj * 1000 / unit_nj;
	b->model[i] = (struct counter_model){.cap_uw = cap_uw,
		.unit_uj = counter_unit_uj(z->shape.range_uj) + 1,
		.gap_ns = z->period_ns + jitter_ns,
		.period_ns = z->period_ns,
		.spread_ns = (int64_t)((double)jitter_ns / sqrt(6))};
	b->last_uj[i] = -1;
}

/* Power that jumps between nothing and the cap at any instant of the next seconds. */
static void schedule(struct truth *z, int64_t from_ns, int64_t time_ns)
{
	int64_t longest = one_in(2) ? 2 * NS_PER_MS : time_ns / STEPS * 3;

	z->n = 0;
	for (int64_t t = 0; z->n < STEPS; z->n++) {
		z->at_ns[z->n] = t;
		z->power_uw[z->n] = one_in(5)   ? 0
				    : one_in(4) ? z->shape.cap_uw
						: between(0, z->shape.cap_uw);
		t = z->n == 0 ? from_ns - between(0, 2 * NS_PER_MS) : t + between(1, longest);
		/* the last steps are around the end */
		if (z->n == STEPS / 2)
			t = from_ns + time_ns - between(0, 2 * NS_PER_MS);
		if (t <= z->at_ns[z->n])
			t = z->at_ns[z->n] + 1;
	}
}

static int64_t off(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static void judge(const struct bench *b, size_t i, int64_t start_ns, int64_t end_ns, int number,
	struct counter_energy *e, __int128 *truth_fj)
{
	counter_between(&b->model[i], &b->head[i], &b->tail[i], start_ns, end_ns, b->wraps[i], e);
	*truth_fj = true_fj(&b->truth[i], end_ns) - true_fj(&b->truth[i], start_ns);
	int64_t truth = (int64_t)(*truth_fj / NS_PER_S);
	if (off(truth, e->energy_uj) > e->bound_uj)
		fail_msg("schedule %d zone %zu, %lld ms: %lld +- %lld uJ, truth %lld", number, i,
			(long long)((end_ns - start_ns) / NS_PER_MS), (long long)e->energy_uj,
			(long long)e->bound_uj, (long long)truth);
}

static void test_truth_is_within_the_bound(void **state)
{
	static const int64_t units_nj[] = {61035, 15258, 15300, 1000000000};
	static struct bench b;
	int wraps = 0;

	(void)state;
	chance_state = 1;
	for (int number = 0; number < 1000; number++) {
		int64_t time_ns = one_in(3) ? between(5 * NS_PER_MS, 50 * NS_PER_MS)
					    : between(50 * NS_PER_MS, 2 * NS_PER_S);
		int64_t jitter = one_in(4) ? 0 : between(1, 900 * US), start_ns, end_ns, sum = 0,
			bound = 0;
		__int128 truth_fj, truth_sum = 0;
		struct counter_energy e;
		memset(&b, 0, sizeof b);
		b.now_ns = between(1, 30 * NS_PER_MS);
		b.quickest_ns = between(100, 2000);
		b.slowest_ns = b.quickest_ns + between(0, 60 * US);
		b.held_up = one_in(3) ? 50 : 0;
		for (int64_t n = between(1, ZONES); n > 0; n--) {
			add_zone(&b, units_nj[between(0, 3)], between(20, 1000) * WATT, jitter);
			schedule(&b.truth[b.n - 1], b.now_ns + 2 * NS_PER_MS, time_ns);
		}
		measure(&b, one_in(2), time_ns, one_in(3) ? 0 : 100 * NS_PER_MS, &start_ns,
			&end_ns);
		for (size_t i = 0; i < b.n; i++) {
			judge(&b, i, start_ns, end_ns, number, &e, &truth_fj);
			wraps += (int)b.wraps[i];
			sum += e.energy_uj;
			bound += e.bound_uj;
			truth_sum += truth_fj;
		}
		assert_true(off((int64_t)(truth_sum / NS_PER_S), sum) <= bound + (int64_t)b.n);
	}
	assert_true(wraps > 100); /* or nothing was tried */
}

/* Constant power, random phases and jitter. Returns rms error through rms stated deviation. */
static double deviation_ratio(bool is_aligned, int64_t jitter_ns, int64_t slowest_ns, size_t zones)
{
	static struct bench b;
	double errors = 0, stated = 0, relative = 0;
	int n = 0;

	for (int number = 0; number < 1500; number++) {
		int64_t time_ns = between(30 * NS_PER_MS, 200 * NS_PER_MS), start_ns, end_ns;
		int64_t power = between(20, 200) * WATT;
		__int128 truth_fj;
		struct counter_energy e;
		memset(&b, 0, sizeof b);
		b.now_ns = between(5 * NS_PER_MS, 30 * NS_PER_MS);
		b.quickest_ns = slowest_ns / 2;
		b.slowest_ns = slowest_ns;
		for (size_t i = 0; i < zones; i++) {
			add_zone(&b, 61035, 500 * WATT, jitter_ns);
			b.truth[i].n = 1;
			b.truth[i].power_uw[0] = power;
		}
		measure(&b, is_aligned, time_ns, 0, &start_ns, &end_ns);
		for (size_t i = 0; i < zones; i++, n++) {
			judge(&b, i, start_ns, end_ns, number, &e, &truth_fj);
			/* each in parts of its own power, so that none outweighs the others */
			double off_by = (double)e.energy_uj - (double)truth_fj / NS_PER_S;
			errors += pow(off_by / (double)power, 2);
			stated += pow((double)e.deviation_uj / (double)power, 2);
			relative += (double)e.bound_uj / (double)power;
		}
	}
	print_message("%s, jitter %3lld us, readings of %2lld us, %zu zones: rms error %6.2f us of "
		      "power, stated %6.2f, bound %7.2f\n",
		is_aligned ? "aligned  " : "unaligned", (long long)(jitter_ns / US),
		(long long)(slowest_ns / US), zones, sqrt(errors / n) * 1e6, sqrt(stated / n) * 1e6,
		relative / n * 1e6);
	return sqrt(errors / stated);
}

static void test_deviation_is_the_error(void **state)
{
	static const int64_t jitters[] = {0, 50 * US, 200 * US}, readings[] = {2 * US, 40 * US};

	(void)state;
	chance_state = 2;
	for (int is_aligned = 0; is_aligned < 2; is_aligned++)
		for (size_t j = 0; j < ARRAY_SIZE(jitters); j++)
			for (size_t r = 0; r < ARRAY_SIZE(readings); r++)
				for (size_t zones = 1; zones <= 3; zones += 2) {
					double ratio = deviation_ratio(
						is_aligned, jitters[j], readings[r], zones);
					assert_true(ratio > 0.8 && ratio < 1.2);
				}
}

/* Where a package draws the same all the time, the bound is small: that it holds is not enough. */
static void test_bound_is_tight(void **state)
{
	static struct bench b;
	int64_t start_ns, end_ns;
	__int128 truth_fj;
	struct counter_energy e;

	(void)state;
	chance_state = 3;
	for (int number = 0; number < 200; number++) {
		memset(&b, 0, sizeof b);
		b.now_ns = between(5 * NS_PER_MS, 30 * NS_PER_MS);
		b.quickest_ns = 10 * US;
		b.slowest_ns = 60 * US;
		add_zone(&b, 61035, 250 * WATT, 100 * US);
		b.truth[0].n = 1;
		b.truth[0].power_uw[0] = 50 * WATT;
		measure(&b, true, 2 * NS_PER_S, 100 * NS_PER_MS, &start_ns, &end_ns);
		judge(&b, 0, start_ns, end_ns, number, &e, &truth_fj);
		assert_true(e.bound_uj < 150000); /* of 100 J: 0.15 % */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth_is_within_the_bound),
		cmocka_unit_test(test_deviation_is_the_error),
		cmocka_unit_test(test_bound_is_tight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
