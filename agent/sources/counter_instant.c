/*
 * counter_instant.c - bounds, estimate and standard deviation of the energy at an instant
 */
#include "agent/sources/counter_instant.h"
#include "agent/sources/counter.h"

/* An update further away than this many gaps says nothing of the power at an instant. */
#define NEAR_GAPS 2

/* A turn's worth is known to less than 2 uJ: the range and the unit are rounded down. */
#define WRAP_ERROR_UJ 2

/* ---- trails ---- */

static bool extend_last(struct counter_trail *t, const struct counter_reading *r)
{
	if (t->n == 0 || t->at[t->n - 1].last.total_uj != r->total_uj)
		return false;
	t->at[t->n - 1].last = *r;
	return true;
}

void counter_trail_fill(struct counter_trail *t, const struct counter_reading *r)
{
	if (extend_last(t, r) || t->n == COUNTER_TRAIL)
		return;
	t->at[t->n++] = (struct counter_plateau){*r, *r};
}

void counter_trail_follow(struct counter_trail *t, const struct counter_reading *r, size_t keep)
{
	if (extend_last(t, r))
		return;
	if (t->n >= keep) {
		memmove(t->at, t->at + (t->n - keep + 1), (keep - 1) * sizeof t->at[0]);
		t->n = keep - 1;
	}
	t->at[t->n++] = (struct counter_plateau){*r, *r};
}

bool counter_edge(const struct counter_model *m, const struct counter_trail *t, size_t i,
	int64_t *at_ns, int64_t *variance)
{
	if (i == 0 || i >= t->n)
		return false;
	const struct counter_reading *before = &t->at[i - 1].last, *after = &t->at[i].first;
	int64_t width = after->end_ns - before->begin_ns;
	int64_t between = after->begin_ns - before->end_ns;
	/* Wider, and there may have been two updates. */
	if (width > m->period_ns)
		return false;
	/* Either reading was made anywhere within its brackets: the update's instant has the
	 * density of a trapezoid, which is the sum of two uniform ones. */
	*at_ns = before->begin_ns + width / 2;
	*variance = (width * width + between * between) / 24;
	return true;
}

/* The latest instant before which the update that the last reading of a plateau shows cannot have
 * come. */
static int64_t shown_since(const struct counter_model *m, const struct counter_trail *t, size_t i)
{
	int64_t since = t->at[i].last.begin_ns - m->gap_ns;

	if (i > 0 && t->at[i - 1].last.begin_ns > since)
		since = t->at[i - 1].last.begin_ns;
	return since;
}

bool counter_is_settled(
	const struct counter_model *m, const struct counter_trail *t, int64_t until_ns)
{
	return t->n > 0 && shown_since(m, t, t->n - 1) >= until_ns;
}

/* ---- bounds ---- */

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* b INT64_MAX: as far as it goes. */
static int64_t less(int64_t a, int64_t b)
{
	return b == INT64_MAX ? -INT64_MAX : a - b;
}

/* Rounded up. Energy of a time at the cap; without a cap any. */
static int64_t most(const struct counter_model *m, int64_t time_ns)
{
	return m->cap_uw > 0 ? add(counter_scale(m->cap_uw, time_ns, NS_PER_S), 1) : INT64_MAX;
}

/*
 * A value V was shown by the end of its first reading at the latest, so from then on there is at
 * least V. Its last reading shows an update that came after shown_since(), so until then there was
 * less than V and a unit. Either holds at other instants, too, give or take what the cap allows.
 */
static void bound_instant(const struct counter_model *m, const struct counter_trail *t,
	int64_t at_ns, struct counter_instant *out)
{
	out->low_uj = -INT64_MAX;
	out->high_uj = INT64_MAX;
	for (size_t i = 0; i < t->n; i++) {
		int64_t low = t->at[i].first.total_uj, high = add(low, m->unit_uj);
		int64_t late_ns = t->at[i].first.end_ns - at_ns;
		int64_t early_ns = at_ns - shown_since(m, t, i);
		low = late_ns > 0 ? less(low, most(m, late_ns)) : low;
		high = early_ns > 0 ? add(high, most(m, early_ns)) : high;
		out->low_uj = low > out->low_uj ? low : out->low_uj;
		out->high_uj = high < out->high_uj ? high : out->high_uj;
	}
}

/* ---- the estimate ---- */

/* The variance of the energy of a time whose variance is known, at a power. */
static int64_t squared(int64_t power_uw, int64_t variance_ns2)
{
	unsigned __int128 square = (unsigned __int128)((__int128)power_uw * power_uw) *
				   (unsigned __int128)(variance_ns2 > 0 ? variance_ns2 : 0) /
				   ((unsigned __int128)NS_PER_S * NS_PER_S);

	return square > INT64_MAX / 8 ? INT64_MAX / 8 : (int64_t)square;
}

/* variance x (a / b)^2 */
static int64_t shrink(int64_t variance, int64_t a, int64_t b)
{
	return counter_scale(counter_scale(variance, a, b), a, b);
}

static int64_t rounding(const struct counter_model *m)
{
	return counter_scale(m->unit_uj, m->unit_uj, 12);
}

/* From the next update, which was seen, and the value before it: a straight line between the two.
 */
static void interpolate(const struct counter_model *m, const struct counter_trail *t, size_t i,
	int64_t at_ns, int64_t power_uw, struct counter_instant *out)
{
	int64_t next_ns, next_variance, previous_ns, previous_variance, error;

	counter_edge(m, t, i, &next_ns, &next_variance);
	int64_t value = t->at[i].first.total_uj, step = value - t->at[i - 1].first.total_uj;
	int64_t back_ns = next_ns - at_ns, period = m->period_ns;
	if (counter_edge(m, t, i - 1, &previous_ns, &previous_variance) && previous_ns < next_ns) {
		period = next_ns - previous_ns;
		error = add(shrink(next_variance, period - back_ns, period),
			shrink(previous_variance, back_ns, period));
	} else {
		error = add(next_variance, shrink(m->spread_ns * m->spread_ns, back_ns, period));
	}
	out->best_uj = add(value + m->unit_uj / 2, -counter_scale(step, back_ns, period));
	out->variance = add(
		squared(power_uw, error), add(shrink(rounding(m), back_ns, period),
						  shrink(rounding(m), period - back_ns, period)));
}

/* The power just before the i-th plateau's update, from updates that were seen, and how much that
 * adds to the variance of the time that it is applied to. */
static int64_t power_before(const struct counter_model *m, const struct counter_trail *t, size_t i,
	int64_t ahead_ns, int64_t power_uw, int64_t *error)
{
	int64_t at_ns, variance, from_ns, from_variance;
	size_t from = i;

	*error = 0;
	if (!counter_edge(m, t, i, &at_ns, &variance))
		return power_uw;
	while (counter_edge(m, t, from - 1, &from_ns, &from_variance))
		from--;
	if (from == i) {
		*error = shrink(m->spread_ns * m->spread_ns, ahead_ns, m->period_ns);
		return counter_power_uw(
			t->at[i].first.total_uj - t->at[i - 1].first.total_uj, m->period_ns);
	}
	counter_edge(m, t, from, &from_ns, &from_variance);
	if (at_ns <= from_ns)
		return power_uw;
	*error = shrink(variance + from_variance, ahead_ns, at_ns - from_ns);
	return counter_power_uw(
		t->at[i].first.total_uj - t->at[from].first.total_uj, at_ns - from_ns);
}

/* A reading that took longer says as little; its square still fits. */
#define LONGEST_READING_NS NS_PER_S

/* Where the update was not seen, it came up to one period before the first reading, less the time
 * for which the value then stayed. */
static void guess_edge(const struct counter_model *m, const struct counter_plateau *p,
	int64_t *at_ns, int64_t *variance)
{
	int64_t took_ns = p->first.end_ns - p->first.begin_ns;
	took_ns = took_ns < LONGEST_READING_NS ? took_ns : LONGEST_READING_NS;
	int64_t stayed_ns = p->last.begin_ns - p->first.end_ns, age_ns = m->period_ns;

	if (stayed_ns > 0 && stayed_ns < age_ns)
		age_ns -= stayed_ns;
	*at_ns = p->first.begin_ns + took_ns / 2 - age_ns / 2;
	*variance = (age_ns * age_ns + took_ns * took_ns) / 12 + m->spread_ns * m->spread_ns / 2;
}

/* From the last update before. */
static void extrapolate(const struct counter_model *m, const struct counter_trail *t, size_t i,
	int64_t at_ns, int64_t power_uw, struct counter_instant *out)
{
	const struct counter_reading *first = &t->at[i].first;
	int64_t from_ns, variance, slope_error;

	if (!counter_edge(m, t, i, &from_ns, &variance))
		guess_edge(m, &t->at[i], &from_ns, &variance);
	int64_t ahead_ns = at_ns - from_ns;
	int64_t slope_uw = power_before(m, t, i, ahead_ns, power_uw, &slope_error);
	out->best_uj =
		add(first->total_uj + m->unit_uj / 2, counter_scale(slope_uw, ahead_ns, NS_PER_S));
	out->variance = add(squared(power_uw, add(variance, slope_error)), rounding(m));
}

/* The plateau with the reading nearest to the instant; of two as near, the later. */
static size_t nearest(const struct counter_trail *t, int64_t at_ns)
{
	int64_t shortest_ns = INT64_MAX;
	size_t found = 0;

	for (size_t i = 0; i < t->n; i++) {
		int64_t before_ns = t->at[i].first.begin_ns - at_ns;
		int64_t after_ns = at_ns - t->at[i].last.end_ns;
		int64_t away_ns = before_ns > after_ns ? before_ns : after_ns;
		if (away_ns > shortest_ns && away_ns > 0)
			break;
		shortest_ns = away_ns;
		found = i;
	}
	return found;
}

void counter_at(const struct counter_model *m, const struct counter_trail *t, int64_t at_ns,
	int64_t power_uw, struct counter_instant *out)
{
	int64_t next_ns, variance;
	size_t i;

	bound_instant(m, t, at_ns, out);
	for (i = 1; i < t->n; i++)
		if (counter_edge(m, t, i, &next_ns, &variance) && next_ns >= at_ns &&
			next_ns - at_ns <= NEAR_GAPS * m->gap_ns)
			break;
	if (i < t->n)
		interpolate(m, t, i, at_ns, power_uw, out);
	else
		extrapolate(m, t, nearest(t, at_ns), at_ns, power_uw, out);
	if (out->best_uj > out->high_uj)
		out->best_uj = out->high_uj;
	if (out->best_uj < out->low_uj)
		out->best_uj = out->low_uj;
}

/* ---- windows ---- */

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* Mean power between the last readings of both trails before the instants, as near as they are. */
static int64_t mean_power(
	const struct counter_trail *start, const struct counter_trail *end, int64_t start_ns)
{
	size_t i = 0;

	while (i + 1 < start->n && start->at[i + 1].first.begin_ns <= start_ns)
		i++;
	const struct counter_reading *a = &start->at[i].first, *b = &end->at[end->n - 1].first;
	return counter_power_uw(b->total_uj - a->total_uj, b->begin_ns - a->begin_ns);
}

void counter_between(const struct counter_model *m, const struct counter_trail *start,
	const struct counter_trail *end, int64_t start_ns, int64_t end_ns, unsigned wraps,
	struct counter_energy *out)
{
	int64_t power_uw = mean_power(start, end, start_ns);
	struct counter_instant a, b;

	counter_at(m, start, start_ns, power_uw, &a);
	counter_at(m, end, end_ns, power_uw, &b);
	out->deviation_uj = counter_root(add(a.variance, b.variance));
	if (a.high_uj == INT64_MAX || b.high_uj == INT64_MAX || b.low_uj == -INT64_MAX ||
		a.low_uj == -INT64_MAX) {
		out->energy_uj = b.best_uj > a.best_uj ? b.best_uj - a.best_uj : 0;
		out->bound_uj = INT64_MAX;
		return;
	}
	int64_t low = b.low_uj > a.high_uj ? b.low_uj - a.high_uj : 0;
	int64_t high = b.high_uj - a.low_uj + (int64_t)wraps * WRAP_ERROR_UJ;
	int64_t at_cap = most(m, end_ns - start_ns);
	high = high < at_cap ? high : at_cap;
	out->energy_uj = clamp(b.best_uj - a.best_uj, low, high);
	out->bound_uj = high - out->energy_uj > out->energy_uj - low ? high - out->energy_uj
								     : out->energy_uj - low;
}
