/*
 * energy_results.c - the metrics and flags of a window
 */
#include "agent/sources/energy_window.h"
#include "proto/units.h"

#include <stdio.h>

/* Platform zones of some boards show less than the packages that they contain: judged over windows
 * at least this long. */
#define PSYS_JUDGED_NS (10 * NS_PER_S)

/* Counters that are blurred on purpose against eavesdropping (Intel SA-00389: energy filtering)
 * mean something on average only: over a window of at least this. */
#define FILTERED_NS (10 * NS_PER_S)

/*
 * Memory zones that count garbage, as seen of Granite Rapids through MSRs: 200 W beside 6 W of the
 * other package, https://github.com/icl-utk-edu/papi issue 635. Judged over windows at least this
 * long, in one of two ways. Twice a package's own energy is more than memory takes: 24 modules draw
 * at most about 100 W idle, when such a package draws 50 W or more, and 360 W only while the
 * package is kept busy feeding them. Twenty times what another package's memory takes is more than
 * load explains: a module that works takes some ten times what it takes idle; it counts only where
 * it is large, a quarter of the package.
 */
#define DRAM_JUDGED_NS     NS_PER_S
#define DRAM_OF_PACKAGE    2
#define DRAM_OF_OTHER      20
#define DRAM_PART_OF_LARGE 4

static const char *const fault_flags[] = {
	[COUNTER_RESET] = "reset",
	[COUNTER_IMPLAUSIBLE] = "implausible",
	[COUNTER_AMBIGUOUS] = "wrap_ambiguous",
	[COUNTER_LOST] = "zone_lost",
};

struct figure { /* energy of a zone or of a sum of zones */
	int64_t energy_uj;
	int64_t bound_uj;
	int64_t deviation_uj;
	bool has_value;
};

/* A window's figures while they are judged. */
struct judgement {
	const struct energy_meter *meter;
	const struct energy_window *window;
	int64_t start_ns, end_ns, time_ns;
	struct figure *figures; /* one a track */
	struct measured *out;
};

struct sum {
	enum zone_domain domain;
	const char *name;
};

static const struct sum sums[] = {
	{DOMAIN_PACKAGE, "energy.package"},
	{DOMAIN_CORE, "energy.core"},
	{DOMAIN_UNCORE, "energy.uncore"},
	{DOMAIN_DRAM, "energy.dram"},
	{DOMAIN_PSYS, "energy.psys"},
};

static const struct energy_zone *zone_of(const struct judgement *j, size_t i)
{
	return &j->meter->zones[j->meter->tracks[i].zone];
}

/* ---- zones one by one ---- */

static void measure_zone(struct judgement *j, size_t i)
{
	const struct energy_window_zone *z = &j->window->zones[i];
	struct figure *f = &j->figures[i];
	struct counter_model model;
	struct counter_energy energy;

	*f = (struct figure){0};
	if (z->fault != COUNTER_OK || z->head.n == 0 || z->tail.n == 0 || j->time_ns <= 0)
		return;
	energy_track_model(j->meter, &j->meter->tracks[i], &model);
	counter_between(&model, &z->head, &z->tail, j->start_ns, j->end_ns, z->wraps, &energy);
	*f = (struct figure){energy.energy_uj, energy.bound_uj, energy.deviation_uj, true};
}

/* The energy of the package that a zone belongs to; 0 unknown. */
static int64_t package_energy(const struct judgement *j, const struct energy_zone *zone)
{
	int64_t energy = 0;

	for (size_t i = 0; i < j->window->n; i++) {
		const struct energy_zone *p = zone_of(j, i);
		if (p->domain == DOMAIN_PACKAGE && j->figures[i].has_value &&
			p->package == zone->package && (zone->die < 0 || p->die == zone->die))
			energy += j->figures[i].energy_uj;
	}
	return energy;
}

/* Beside a package a small zone's bound is no harm as long as it is small against the package. */
static enum counter_length length_of(const struct judgement *j, size_t i)
{
	const struct figure *f = &j->figures[i];
	int64_t gap_ns = j->meter->tracks[i].period.gap_ns;
	enum counter_length width = counter_width(f->bound_uj, f->energy_uj);
	enum counter_length length = counter_length(gap_ns, j->time_ns);

	if (zone_of(j, i)->domain != DOMAIN_PACKAGE) {
		if (width == LENGTH_TOO_SHORT &&
			f->bound_uj <= package_energy(j, zone_of(j, i)) / 100)
			width = LENGTH_SHORT;
		return width;
	}
	return width > length ? width : length;
}

/* To the nearest multiple, for people; what is small stays. */
static int64_t rounded(int64_t n, int64_t to)
{
	return n < 10 * to ? n : (n + to / 2) / to * to;
}

static void note_length(const struct judgement *j, size_t i)
{
	const struct energy_track *t = &j->meter->tracks[i];
	char took[32], step[32], percent[32];
	struct measured *out = j->out;

	if (strstr(out->note, "energy:") != NULL)
		return;
	units_format_duration(took, j->time_ns);
	if (counter_length(t->period.gap_ns, j->time_ns) != LENGTH_TOO_SHORT) {
		int64_t of = j->figures[i].energy_uj > 0 ? j->figures[i].energy_uj : 1;
		units_format_decimal(percent, counter_scale(j->figures[i].bound_uj, 100, of), 1);
		measured_note(out,
			"energy: in %s the steps of %s leave it uncertain by %s %% or more: a "
			"longer run, or a machine that does not hold up its readings, would do",
			took, zone_of(j, i)->name, percent);
		return;
	}
	units_format_duration(step, rounded(t->period.median_ns, 10000));
	measured_note(out,
		"energy: %s is too short for counters that step every %s: %lld repetitions inside "
		"the program would do",
		took, step, (long long)counter_repetitions(t->period.gap_ns, j->time_ns));
}

/* Packages come first among the tracks, so parts of them find theirs judged. */
static void judge_length(struct judgement *j, size_t i)
{
	enum counter_length length = length_of(j, i);

	if (length == LENGTH_FINE)
		return;
	if (length == LENGTH_TOO_SHORT) {
		j->figures[i].has_value = false;
		note_length(j, i);
	}
	if (length == LENGTH_TOO_SHORT || zone_of(j, i)->domain == DOMAIN_PACKAGE)
		measured_flag(j->out, "short");
}

static bool is_dram_implausible(const struct judgement *j, size_t i)
{
	int64_t energy = j->figures[i].energy_uj, package = package_energy(j, zone_of(j, i));

	if (package > 0 && energy / DRAM_OF_PACKAGE > package)
		return true;
	for (size_t k = 0; k < j->window->n; k++) {
		const struct energy_zone *other = zone_of(j, k);
		if (other->domain == DOMAIN_DRAM && other->package != zone_of(j, i)->package &&
			j->figures[k].has_value && package > 0 &&
			energy / DRAM_OF_OTHER > j->figures[k].energy_uj &&
			energy > package / DRAM_PART_OF_LARGE)
			return true;
	}
	return false;
}

static void judge_dram(struct judgement *j)
{
	bool is_implausible[64] = {false};

	if (j->time_ns < DRAM_JUDGED_NS)
		return;
	for (size_t i = 0; i < j->window->n && i < ARRAY_SIZE(is_implausible); i++)
		is_implausible[i] = zone_of(j, i)->domain == DOMAIN_DRAM &&
				    j->figures[i].has_value && is_dram_implausible(j, i);
	for (size_t i = 0; i < j->window->n && i < ARRAY_SIZE(is_implausible); i++) {
		if (!is_implausible[i])
			continue;
		j->figures[i].has_value = false;
		measured_flag(j->out, "dram_implausible");
	}
}

/* The known ones by name, so that every flag can be found in the code. */
static void flag_doubt(const struct judgement *j, const char *doubt)
{
	if (strcmp(doubt, "dram_unit") == 0)
		measured_flag(j->out, "dram_unit");
	else
		measured_flag(j->out, doubt);
}

static void judge_zones(struct judgement *j)
{
	for (size_t i = 0; i < j->window->n; i++) {
		const struct energy_zone *zone = zone_of(j, i);
		measure_zone(j, i);
		if (j->window->zones[i].fault != COUNTER_OK)
			measured_flag(j->out, fault_flags[j->window->zones[i].fault]);
		else if (j->figures[i].has_value)
			judge_length(j, i);
		if (zone->doubt != NULL)
			flag_doubt(j, zone->doubt);
		if (zone->doubt != NULL || j->window->was_suspended)
			j->figures[i].has_value = false;
	}
	if (j->window->was_suspended)
		measured_flag(j->out, "suspended");
	judge_dram(j);
}

/* ---- sums ---- */

/* In quadrature: the phases of zones are independent. */
static int64_t quadrature(int64_t a, int64_t b)
{
	unsigned __int128 sum =
		(unsigned __int128)((__int128)a * a) + (unsigned __int128)((__int128)b * b);

	return sum > INT64_MAX ? INT64_MAX : counter_root((int64_t)sum);
}

/* Sum over a domain's zones, with value where every zone that was found has one. Returns how many
 * zones there are. */
static size_t add_up(const struct judgement *j, enum zone_domain domain, struct figure *sum)
{
	size_t found = 0, counted = 0;

	*sum = (struct figure){0};
	for (size_t i = 0; i < j->meter->zones_n; i++)
		found += j->meter->zones[i].domain == domain;
	for (size_t i = 0; i < j->window->n; i++) {
		const struct figure *f = &j->figures[i];
		if (zone_of(j, i)->domain != domain || !f->has_value)
			continue;
		counted++;
		sum->energy_uj += f->energy_uj;
		sum->bound_uj += f->bound_uj;
		sum->deviation_uj = quadrature(sum->deviation_uj, f->deviation_uj);
	}
	sum->has_value = counted > 0 && counted == found;
	return found;
}

/* Less than 95 % of what it contains, even with both at the kindest ends of their bounds. */
static bool is_psys_implausible(
	const struct figure *psys, const struct figure *package, int64_t time_ns)
{
	return psys->has_value && package->has_value && time_ns >= PSYS_JUDGED_NS &&
	       psys->energy_uj + psys->bound_uj <
		       counter_scale(package->energy_uj - package->bound_uj, 95, 100);
}

/* A domain's zones one by one: packages always, others where there are several. */
static void add_zones(const struct judgement *j, enum zone_domain domain)
{
	for (size_t i = 0; i < j->window->n; i++) {
		const struct figure *f = &j->figures[i];
		if (zone_of(j, i)->domain == domain && f->has_value)
			measured_bounded(j->out, zone_of(j, i)->metric, "uJ", f->energy_uj,
				f->bound_uj, f->deviation_uj);
	}
}

static void add_domains(const struct judgement *j, struct figure *package)
{
	struct figure sum;

	for (size_t s = 0; s < ARRAY_SIZE(sums); s++) {
		size_t n = add_up(j, sums[s].domain, &sum);
		if (sums[s].domain == DOMAIN_PACKAGE)
			*package = sum;
		if (sums[s].domain == DOMAIN_PSYS &&
			is_psys_implausible(&sum, package, j->time_ns)) {
			measured_flag(j->out, "psys_implausible");
			continue;
		}
		if (sum.has_value)
			measured_bounded(j->out, sums[s].name, "uJ", sum.energy_uj, sum.bound_uj,
				sum.deviation_uj);
		if (sums[s].domain == DOMAIN_PACKAGE || n > 1)
			add_zones(j, sums[s].domain);
	}
}

/* Rounded up. */
static int64_t power_over(int64_t energy_uj, int64_t time_ns)
{
	return counter_power_uw(energy_uj, time_ns) + 1;
}

/* What follows from the packages' energy; the time is exact beside it. */
static void add_derived(const struct judgement *j, const struct figure *package)
{
	int64_t t = j->time_ns;

	measured_bounded(j->out, "power.package", "uW", counter_power_uw(package->energy_uj, t),
		power_over(package->bound_uj, t), power_over(package->deviation_uj, t));
	measured_bounded(j->out, "edp.package", "uJ·s",
		counter_scale(package->energy_uj, t, NS_PER_S),
		counter_scale(package->bound_uj, t, NS_PER_S) + 1,
		counter_scale(package->deviation_uj, t, NS_PER_S) + 1);
}

/* u^2 = u_E^2 + (T u_P)^2; no hard bound: what an idle machine draws within the run is nothing that
 * was measured. */
static void add_net(
	const struct judgement *j, const struct figure *package, const struct energy_baseline *idle)
{
	int64_t t = j->time_ns;

	if (idle == NULL || !idle->has_package)
		return;
	if (package->has_value)
		measured_bounded(j->out, "energy.package.net", "uJ",
			package->energy_uj - counter_scale(idle->package_uw, t, NS_PER_S), ABSENT,
			quadrature(package->deviation_uj,
				counter_scale(idle->deviation_uw, t, NS_PER_S)));
	measured_bounded(j->out, "power.package.idle", "uW", idle->package_uw, idle->bound_uw,
		idle->deviation_uw);
}

static void judgement_init(struct judgement *j, const struct energy_meter *e,
	const struct energy_window *w, int64_t start_ns, int64_t end_ns, struct measured *out)
{
	*j = (struct judgement){.meter = e,
		.window = w,
		.start_ns = start_ns,
		.end_ns = end_ns,
		.time_ns = end_ns - start_ns,
		.figures = xcalloc(w->n + 1, sizeof *j->figures),
		.out = out};
}

void energy_results(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, const struct energy_baseline *idle, struct measured *out)
{
	struct judgement j;
	struct figure package = {0};

	judgement_init(&j, e, w, start_raw_ns, end_raw_ns, out);
	pthread_mutex_lock(&e->lock);
	size_t before = out->n;
	judge_zones(&j);
	add_domains(&j, &package);
	bool has_any = out->n > before;
	if (package.has_value)
		add_derived(&j, &package);
	else if (has_any)
		measured_flag(out, "energy_partial");
	add_net(&j, &package, idle);
	if (has_any && e->is_filtered && j.time_ns < FILTERED_NS)
		measured_flag(out, "filtered");
	pthread_mutex_unlock(&e->lock);
	free(j.figures);
}

/* A reader who asked for net energy must learn why there is none. */
static void explain_no_baseline(
	struct energy_baseline *out, const struct measured *m, int64_t time_ns)
{
	char took[32];

	units_format_duration(took, time_ns);
	if (measured_has_flag(m, "short"))
		snprintf(out->why_not, sizeof out->why_not,
			"%s are too short for these counters: make measure.idle longer", took);
	else if (m->flags_n > 0)
		snprintf(out->why_not, sizeof out->why_not, "the counters failed in its %s: %s",
			took, m->flags[0]);
	else
		snprintf(out->why_not, sizeof out->why_not,
			"not every package was counted in its %s", took);
}

void energy_baseline(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, struct energy_baseline *out)
{
	/* Flags and notes of an idle window are nobody's: without a sum there is no baseline. */
	_cleanup_free_ struct measured *unheard = xcalloc(1, sizeof *unheard);
	struct judgement j;
	struct figure package = {0};

	*out = (struct energy_baseline){0};
	judgement_init(&j, e, w, start_raw_ns, end_raw_ns, unheard);
	pthread_mutex_lock(&e->lock);
	judge_zones(&j);
	add_up(&j, DOMAIN_PACKAGE, &package);
	pthread_mutex_unlock(&e->lock);
	if (package.has_value)
		*out = (struct energy_baseline){.has_package = true,
			.package_uw = counter_power_uw(package.energy_uj, j.time_ns),
			.bound_uw = power_over(package.bound_uj, j.time_ns),
			.deviation_uw = power_over(package.deviation_uj, j.time_ns)};
	else
		explain_no_baseline(out, unheard, j.time_ns);
	free(j.figures);
}
