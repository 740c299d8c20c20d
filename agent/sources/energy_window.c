/*
 * energy_window.c - readings of the meter, and the windows between them
 *
 * Every reading, whoever asks for it, carries the meter's own totals on: a total only grows, wraps
 * taken out. A window keeps the readings around its start and its end; a fault that came between
 * them voids it. All waiting is done before the start clock and after the end clock is taken.
 */
#include "agent/sources/energy_window.h"
#include "proto/clock.h"

/* A single reading before the start clock that took longer is made again. */
#define SLOW_READ_NS INT64_C(200000)
#define READ_TRIES   3

/* At either end of a window the counters are watched no longer than this. */
#define WATCH_NS (20 * NS_PER_MS)

/* An update that comes within this at the latest is cheap to wait for. */
#define CHEAP_GAP_NS (10 * NS_PER_MS)

/* Plateaus of the time before the start that are kept; the rest of a trail is for what follows. */
#define KEPT_BEFORE 4

/* The unit where the range does not tell it: no counter of a package, of its parts or of memory is
 * known to count in larger ones than 2^-14 J, but the platform's of Sapphire Rapids counts in
 * joules (Linux drivers/powercap/intel_rapl_msr.c, arch/x86/events/rapl.c). */
#define COARSE_UNIT_UJ   62
#define COARSEST_UNIT_UJ INT64_C(1000000)

/* A value that stayed for longer than any gap that was seen makes the largest gap longer: by what
 * was seen of it, and once it is over, by all that it can have been. */
static void follow_gap(struct energy_track *t, int64_t begin_ns, int64_t end_ns, bool has_changed)
{
	int64_t stayed_ns = (has_changed ? t->last_ns : begin_ns) - t->since_ns;
	int64_t gap_ns = has_changed ? end_ns - t->before_ns : stayed_ns;

	if (stayed_ns >= t->period.gap_ns && gap_ns > t->period.gap_ns)
		t->period.gap_ns = gap_ns;
	if (has_changed) {
		t->before_ns = t->last_ns;
		t->since_ns = end_ns;
	}
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
	if (t->last_uj < 0 || t->was_left) {
		t->since_ns = *end_ns;
		t->before_ns = *begin_ns;
	} else {
		follow_gap(t, *begin_ns, *end_ns, value != t->last_uj);
	}
	t->was_left = false;
	if (t->last_uj >= 0) {
		enum counter_fault fault = counter_delta(
			&shape, t->last_uj, value, *end_ns - t->last_ns + t->period.gap_ns, &delta);
		t->faults[fault]++;
		t->total_uj += delta;
		t->wraps += value < t->last_uj;
	}
	t->last_uj = value;
	t->last_ns = *begin_ns;
	return true;
}

static bool take_reading(struct energy_meter *e, struct energy_track *t, struct counter_reading *r)
{
	bool is_read = energy_read_track(e, t, &r->begin_ns, &r->end_ns);

	r->total_uj = t->total_uj;
	return is_read;
}

/* Cores, graphics and memory get no more than the package that they belong to may draw: the caps of
 * zones without limits of their own are far above that. */
static int64_t cap_of(const struct energy_meter *e, const struct energy_zone *z)
{
	int64_t cap = z->cap_uw;

	if (z->domain != DOMAIN_CORE && z->domain != DOMAIN_UNCORE && z->domain != DOMAIN_DRAM)
		return cap;
	for (size_t i = 0; i < e->zones_n; i++) {
		const struct energy_zone *p = &e->zones[i];
		if (p->domain == DOMAIN_PACKAGE && p->package == z->package && p->cap_uw > 0 &&
			(cap <= 0 || p->cap_uw < cap))
			cap = p->cap_uw;
	}
	return cap;
}

void energy_track_model(
	const struct energy_meter *e, const struct energy_track *t, struct counter_model *out)
{
	const struct energy_zone *z = &e->zones[t->zone];

	*out = (struct counter_model){.cap_uw = cap_of(e, z),
		.unit_uj = z->range_uj > 0            ? counter_unit_uj(z->range_uj)
			   : z->domain == DOMAIN_PSYS ? COARSEST_UNIT_UJ
						      : COARSE_UNIT_UJ,
		.gap_ns = t->period.gap_ns,
		.period_ns = t->period.median_ns > 0 ? t->period.median_ns : 1,
		.spread_ns = t->period.deviation_ns};
	out->unit_uj++; /* and what the driver rounds down to whole uJ */
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

/* ---- the start ---- */

static bool read_head(struct energy_meter *e, struct energy_window *w, size_t i)
{
	struct counter_reading r;

	w->zones[i].is_begun = take_reading(e, &e->tracks[i], &r);
	if (w->zones[i].is_begun)
		counter_trail_follow(&w->zones[i].head, &r, KEPT_BEFORE);
	return w->zones[i].is_begun;
}

/* A later reading is nearer to the clock that follows, so the last one counts, not the quickest. */
static void read_once(struct energy_meter *e, struct energy_window *w)
{
	for (size_t i = 0; i < w->n; i++)
		for (int tries = 0; tries < READ_TRIES && read_head(e, w, i); tries++) {
			const struct counter_trail *t = &w->zones[i].head;
			const struct counter_reading *r = &t->at[t->n - 1].last;
			if (r->end_ns - r->begin_ns <= SLOW_READ_NS)
				break;
		}
}

/* The first package, where its updates are quick enough to be waited for; else n. */
static size_t reference_of(const struct energy_meter *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->zones[e->tracks[i].zone].domain == DOMAIN_PACKAGE)
			return e->tracks[i].period.gap_ns <= CHEAP_GAP_NS ? i : e->n;
	return e->n;
}

/* Whether the zone's latest reading is the first after an update whose instant is known well. */
static bool is_at_edge(const struct energy_meter *e, const struct energy_window *w, size_t i)
{
	const struct counter_trail *t = &w->zones[i].head;

	if (t->n < 2 || t->at[t->n - 1].first.begin_ns != t->at[t->n - 1].last.begin_ns)
		return false;
	int64_t width_ns = t->at[t->n - 1].first.end_ns - t->at[t->n - 2].last.begin_ns;
	return width_ns <= e->tracks[i].period.median_ns / 2;
}

/* Whether every zone as quick as the reference has shown an update. */
static bool have_all_shown(
	const struct energy_meter *e, const struct energy_window *w, size_t reference)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->zones[i].is_begun && w->zones[i].head.n < 2 &&
			e->tracks[i].period.gap_ns <= 2 * e->tracks[reference].period.gap_ns)
			return false;
	return true;
}

/* Ends with the reading that shows the reference zone's update: the start clock is near. */
static void watch_start(struct energy_meter *e, struct energy_window *w, size_t reference)
{
	int64_t start_ns = clock_raw_ns();

	for (;;) {
		for (size_t i = 0; i < w->n; i++)
			if (i != reference)
				read_head(e, w, i);
		if (!read_head(e, w, reference))
			return;
		if (is_at_edge(e, w, reference) && have_all_shown(e, w, reference))
			return;
		if (clock_raw_ns() - start_ns > WATCH_NS)
			return;
	}
}

void energy_begin(struct energy_meter *e, struct energy_window *w, bool is_aligned)
{
	pthread_mutex_lock(&e->lock);
	memset(w->zones, 0, w->n * sizeof *w->zones);
	w->suspended_ns = clock_suspended_ns();
	w->was_suspended = false;
	for (size_t i = 0; i < e->n; i++)
		e->tracks[i].was_left = true;
	size_t reference = is_aligned ? reference_of(e) : e->n;
	if (reference < e->n)
		watch_start(e, w, reference);
	else
		read_once(e, w);
	for (size_t i = 0; i < w->n; i++) {
		struct energy_window_zone *z = &w->zones[i];
		z->tail = z->head;
		z->is_open = true;
		z->wraps = e->tracks[i].wraps;
		memcpy(z->faults, e->tracks[i].faults, sizeof z->faults);
	}
	pthread_mutex_unlock(&e->lock);
}

/* ---- in between ---- */

static void keep_reading(struct energy_window_zone *z, const struct counter_reading *r)
{
	counter_trail_fill(&z->head, r);
	counter_trail_follow(&z->tail, r, COUNTER_TRAIL);
}

size_t energy_poll(struct energy_meter *e, struct energy_window *w, int64_t *out_uj)
{
	struct counter_reading r;

	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < e->n; i++) {
		bool is_read = take_reading(e, &e->tracks[i], &r);
		if (is_read && w != NULL)
			keep_reading(&w->zones[i], &r);
		if (out_uj != NULL)
			out_uj[i] = is_read ? r.total_uj : ABSENT;
	}
	size_t n = e->n;
	pthread_mutex_unlock(&e->lock);
	return n;
}

/* ---- the end ---- */

static enum counter_fault find_fault(
	const struct energy_track *t, const struct energy_window_zone *z)
{
	for (int f = COUNTER_OK + 1; f < COUNTER_FAULTS; f++)
		if (t->faults[f] != z->faults[f])
			return (enum counter_fault)f;
	return COUNTER_OK;
}

/* Returns whether more readings can tell more of what was up to end_ns. A zone that hardly ever
 * changes is not waited for. */
static bool read_tail(struct energy_meter *e, struct energy_window *w, size_t i, int64_t end_ns)
{
	struct energy_window_zone *z = &w->zones[i];
	struct counter_model model;
	struct counter_reading r;

	if (!take_reading(e, &e->tracks[i], &r)) {
		z->fault = COUNTER_LOST;
		return false;
	}
	keep_reading(z, &r);
	energy_track_model(e, &e->tracks[i], &model);
	return model.period_ns <= WATCH_NS && !counter_is_settled(&model, &z->tail, end_ns);
}

/* Each zone is read until it has changed; the first readings are made without delay. */
static void watch_end(struct energy_meter *e, struct energy_window *w)
{
	int64_t end_ns = clock_raw_ns();
	bool is_any_open;

	do {
		is_any_open = false;
		for (size_t i = 0; i < w->n; i++) {
			struct energy_window_zone *z = &w->zones[i];
			z->is_open = z->is_open && read_tail(e, w, i, end_ns);
			is_any_open = is_any_open || z->is_open;
		}
	} while (is_any_open && clock_raw_ns() - end_ns <= WATCH_NS);
}

void energy_end(struct energy_meter *e, struct energy_window *w)
{
	pthread_mutex_lock(&e->lock);
	watch_end(e, w);
	for (size_t i = 0; i < w->n; i++) {
		struct energy_window_zone *z = &w->zones[i];
		if (!z->is_begun)
			z->fault = COUNTER_LOST;
		else if (z->fault == COUNTER_OK)
			z->fault = find_fault(&e->tracks[i], z);
		z->wraps = e->tracks[i].wraps - z->wraps;
	}
	/* Both clocks tick alike while the machine is awake; 10 ms is no suspend, only the time
	 * between two calls. */
	w->was_suspended = clock_suspended_ns() - w->suspended_ns > 10 * NS_PER_MS;
	pthread_mutex_unlock(&e->lock);
}
