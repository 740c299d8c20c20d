/*
 * energy.c - the meter of a machine: choosing a source, corrected counters, windows
 *
 * Every reading, whoever asks for it, carries the meter's own totals on: a total only grows, wraps
 * taken out. A window is the difference of two totals, void where a fault came between them.
 */
#include "agent/sources/energy.h"
#include "agent/sources/energy_period.h"
#include "agent/sources/energy_window.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* The counters are watched this long at start, all at once. */
#define PERIOD_LIMIT_NS (250 * NS_PER_MS)

/* A reading before the start clock that took longer is made again. */
#define SLOW_READ_NS INT64_C(200000)
#define READ_TRIES   3

/* Power between readings is judged over at least this many update gaps, so that single steps do not
 * look like peaks. */
#define PEAK_GAPS 20

static const char *const state_names[] = {
	[ZONE_OK] = "ok",
	[ZONE_ABSENT] = "absent",
	[ZONE_DENIED] = "denied",
	[ZONE_MASKED] = "masked",
	[ZONE_STATIC] = "static",
	[ZONE_BROKEN] = "broken",
};

const char *zone_state_name(enum zone_state s)
{
	return state_names[s];
}

static const char *const domain_names[] = {
	[DOMAIN_PACKAGE] = "package",
	[DOMAIN_CORE] = "core",
	[DOMAIN_UNCORE] = "uncore",
	[DOMAIN_DRAM] = "dram",
	[DOMAIN_PSYS] = "psys",
	[DOMAIN_OTHER] = "other",
};

const char *zone_domain_name(enum zone_domain d)
{
	return domain_names[d];
}

/* How far the clock that counts suspended time is ahead of the one that does not. */
static int64_t suspended_ns(void)
{
	struct timespec boot, mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (boot.tv_sec - mono.tv_sec) * NS_PER_S + (boot.tv_nsec - mono.tv_nsec);
}

/* Read one zone and carry its total on. Returns when the reading began and ended, and whether it
 * could be read. */
static bool read_track(
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

static int64_t read_for_period(void *arg, size_t i)
{
	struct energy_meter *e = arg;

	return e->ops->energy->read_zone(e->state, e->tracks[i].zone);
}

/* Zones that never change are told apart here: they are known, but not measured. */
static void measure_periods(struct energy_meter *e)
{
	_cleanup_free_ struct energy_period *p = xcalloc(e->n + 1, sizeof *p);
	size_t kept = 0;

	energy_period_measure(p, e->n, read_for_period, e, PERIOD_LIMIT_NS);
	for (size_t i = 0; i < e->n; i++) {
		struct energy_zone *z = &e->zones[e->tracks[i].zone];
		if (p[i].is_broken || p[i].changes == 0) {
			z->state = p[i].is_broken ? ZONE_BROKEN : ZONE_STATIC;
			snprintf(z->why, sizeof z->why, "%s",
				p[i].is_broken ? "its counter stopped being readable"
					       : "its counter did not change while it was watched");
			continue;
		}
		z->update_ns = p[i].gap_ns;
		e->tracks[kept++] = e->tracks[i];
	}
	e->n = kept;
}

static void take_zones(struct energy_meter *e)
{
	const struct energy_zone *zones = e->ops->energy->zones(e->state, &e->zones_n);

	e->zones = xcalloc(e->zones_n + 1, sizeof *e->zones);
	e->tracks = xcalloc(e->zones_n + 1, sizeof *e->tracks);
	for (size_t i = 0; i < e->zones_n; i++) {
		e->zones[i] = zones[i];
		if (zones[i].state == ZONE_OK)
			e->tracks[e->n++] = (struct energy_track){.zone = i, .last_uj = -1};
	}
	measure_periods(e);
	for (size_t i = 0; i < e->n; i++) {
		int64_t begin_ns, end_ns;
		read_track(e, &e->tracks[i], &begin_ns, &end_ns);
	}
}

static bool has_package(const struct energy_meter *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->zones[e->tracks[i].zone].domain == DOMAIN_PACKAGE)
			return true;
	return false;
}

/* All readable, yet no package among those that count: say why of the first. */
static int explain_no_package(const struct energy_meter *e, struct error *why)
{
	for (size_t i = 0; i < e->zones_n; i++) {
		const struct energy_zone *z = &e->zones[i];
		if (z->domain == DOMAIN_PACKAGE && z->state != ZONE_OK)
			return error_set(why, -EIO, "energy of %s cannot be measured: %s (%s)",
				z->name, z->why, z->path);
	}
	return error_set(why, -ENODEV, "energy cannot be measured: no zone is a package's");
}

static void close_source(struct energy_meter *e)
{
	if (e->state != NULL)
		e->ops->close(e->state);
	free(e->zones);
	free(e->tracks);
	e->state = NULL;
	e->zones = NULL;
	e->tracks = NULL;
	e->zones_n = e->n = 0;
}

/* Returns 0 where the source measures a package. What it found stays in e either way. */
static int try_source(struct energy_meter *e, const struct source_ops *ops, const struct machine *m,
	const struct topology *t, struct error *why)
{
	int r = ops->probe(m, why);

	e->ops = ops;
	int opened = ops->open(&e->state, m, t, r == 0 ? why : NULL);
	if (opened != 0) {
		e->state = NULL;
		return opened;
	}
	take_zones(e);
	if (r == 0 && !has_package(e))
		r = explain_no_package(e, why);
	return r;
}

int energy_open(struct energy_meter **out, const struct machine *m, const struct topology *t,
	struct error *why)
{
	struct energy_meter *e = xcalloc(1, sizeof *e);
	struct error reason = {0};
	int r = -ENODEV;

	pthread_mutex_init(&e->lock, NULL);
	for (size_t i = 0; sources[i] != NULL && r != 0; i++) {
		if (!(sources[i]->flags & IS_ENERGY))
			continue;
		close_source(e);
		r = try_source(e, sources[i], m, t, &reason);
	}
	e->is_measuring = r == 0;
	if (r != 0) {
		e->n = 0;
		e->why_not = xstrdup(reason.text);
		error_set(why, r, "%s", reason.text);
	}
	*out = e;
	return r;
}

void energy_close(struct energy_meter *e)
{
	if (e == NULL)
		return;
	close_source(e);
	pthread_mutex_destroy(&e->lock);
	free(e->why_not);
	free(e);
}

const char *energy_source_name(const struct energy_meter *e)
{
	return e->is_measuring ? e->ops->name : NULL;
}

const char *energy_why_not(const struct energy_meter *e)
{
	return e->why_not != NULL ? e->why_not : "";
}

const struct energy_zone *energy_zones(const struct energy_meter *e, size_t *n)
{
	*n = e->zones_n;
	return e->zones;
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

void energy_begin(struct energy_meter *e, struct energy_window *w)
{
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
			z->is_begun = read_track(e, t, &z->begin_ns, &end_ns);
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
		bool is_read = read_track(e, t, &begin_ns, &z->end_ns);
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
		bool is_read = read_track(e, t, &begin_ns, &end_ns);
		if (is_read && w != NULL)
			follow_peak(&e->zones[t->zone], t, &w->zones[i], begin_ns);
		if (out_uj != NULL)
			out_uj[i] = is_read ? t->total_uj : ABSENT;
	}
	size_t n = e->n;
	pthread_mutex_unlock(&e->lock);
	return n;
}
