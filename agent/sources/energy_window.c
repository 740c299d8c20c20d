/*
 * energy_window.c - readings of the meter, and the windows between them
 *
 * Every reading, whoever asks for it, carries the meter's own totals on: a total only grows, wraps
 * taken out. A window is the difference of two totals, void where a fault came between them.
 */
#include "agent/sources/energy_window.h"
#include "proto/clock.h"

#include <time.h>

/* A reading before the start clock that took longer is made again. */
#define SLOW_READ_NS INT64_C(200000)
#define READ_TRIES   3

/* Power between readings is judged over at least this many update gaps, so that single steps do not
 * look like peaks. */
#define PEAK_GAPS 20

/* How far the clock that counts suspended time is ahead of the one that does not. */
static int64_t suspended_ns(void)
{
	struct timespec boot, mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (boot.tv_sec - mono.tv_sec) * NS_PER_S + (boot.tv_nsec - mono.tv_nsec);
}

bool energy_read_track(
	struct energy_meter *e, struct energy_track *t, int64_t *begin_ns, int64_t *end_ns)
{
	const struct energy_zone *z = &e->zones[t->zone];
	const struct counter_shape shape = {z->range_uj, z->cap_uw};
	int64_t delta;

	*begin_ns = clock_raw_ns();
	int64_t value = e->ops->energy->read_zone(e->state, t->zone);
	*end_ns = clock_raw_ns();
	if (value < 0)
		return false;
	if (t->last_uj >= 0) {
		enum counter_fault fault = counter_delta(
			&shape, t->last_uj, value, *end_ns - t->last_ns + z->update_ns, &delta);
		t->faults[fault]++;
		t->total_uj += delta;
	}
	t->last_uj = value;
	t->last_ns = *begin_ns;
	return true;
}

int64_t energy_poll_period_ns(const struct energy_meter *e)
{
	int64_t period = NS_PER_S;

	for (size_t i = 0; i < e->n; i++) {
		const struct energy_zone *z = &e->zones[e->tracks[i].zone];
		const struct counter_shape shape = {z->range_uj, z->cap_uw};
		int64_t longest = counter_longest_interval_ns(&shape) / 2;
		period = longest < period ? longest : period;
	}
	return period > NS_PER_MS ? period : NS_PER_MS;
}

struct energy_window *energy_window_new(const struct energy_meter *e)
{
	struct energy_window *w = xcalloc(1, sizeof *w);

	w->n = e->n;
	w->zones = xcalloc(e->n + 1, sizeof *w->zones);
	return w;
}

void energy_window_free(struct energy_window *w)
{
	if (w != NULL)
		free(w->zones);
	free(w);
}

void energy_begin(struct energy_meter *e, struct energy_window *w, bool is_aligned)
{
	(void)is_aligned;
	pthread_mutex_lock(&e->lock);
	memset(w->zones, 0, w->n * sizeof *w->zones);
	w->suspended_ns = suspended_ns();
	for (size_t i = 0; i < w->n; i++) {
		struct energy_track *t = &e->tracks[i];
		struct energy_window_zone *z = &w->zones[i];
		int64_t end_ns = 0;
		/* A later reading is nearer to the clock that follows, so the last one counts, not
		 * the quickest. */
		for (int tries = 0;
			tries == 0 || (tries < READ_TRIES && end_ns - z->begin_ns > SLOW_READ_NS);
			tries++)
			z->is_begun = energy_read_track(e, t, &z->begin_ns, &end_ns);
		z->begin_uj = z->peak_uj = t->total_uj;
		z->peak_ns = z->begin_ns;
		memcpy(z->faults, t->faults, sizeof z->faults);
	}
	pthread_mutex_unlock(&e->lock);
}

/* The highest mean power over stretches that are long enough for one. */
static void follow_peak(const struct energy_zone *zone, const struct energy_track *t,
	struct energy_window_zone *z, int64_t now_ns)
{
	if (now_ns - z->peak_ns < PEAK_GAPS * zone->update_ns)
		return;
	int64_t power = counter_power_uw(t->total_uj - z->peak_uj, now_ns - z->peak_ns);
	z->peak_uw = power > z->peak_uw ? power : z->peak_uw;
	z->peak_uj = t->total_uj;
	z->peak_ns = now_ns;
}

static enum counter_fault find_fault(
	const struct energy_track *t, const struct energy_window_zone *z)
{
	for (int f = COUNTER_OK + 1; f < COUNTER_FAULTS; f++)
		if (t->faults[f] != z->faults[f])
			return (enum counter_fault)f;
	return COUNTER_OK;
}

void energy_end(struct energy_meter *e, struct energy_window *w)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < w->n; i++) {
		struct energy_track *t = &e->tracks[i];
		struct energy_window_zone *z = &w->zones[i];
		int64_t begin_ns;
		/* Once: each further reading would be further from the clock that was taken before.
		 */
		bool is_read = energy_read_track(e, t, &begin_ns, &z->end_ns);
		z->end_uj = t->total_uj;
		z->fault = !is_read || !z->is_begun ? COUNTER_LOST : find_fault(t, z);
		follow_peak(&e->zones[t->zone], t, z, begin_ns);
	}
	/* Both clocks tick alike while the machine is awake; 10 ms is no suspend, only the time
	 * between two calls. */
	w->was_suspended = suspended_ns() - w->suspended_ns > 10 * NS_PER_MS;
	pthread_mutex_unlock(&e->lock);
}

size_t energy_poll(struct energy_meter *e, struct energy_window *w, int64_t *out_uj)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n; i++) {
		struct energy_track *t = &e->tracks[i];
		int64_t begin_ns, end_ns;
		bool is_read = energy_read_track(e, t, &begin_ns, &end_ns);
		if (is_read && w != NULL)
			follow_peak(&e->zones[t->zone], t, &w->zones[i], begin_ns);
		if (out_uj != NULL)
			out_uj[i] = is_read ? t->total_uj : ABSENT;
	}
	size_t n = e->n;
	pthread_mutex_unlock(&e->lock);
	return n;
}
