/*
 * energy_results.c - the metrics and flags of a window
 */
#include "agent/sources/energy_window.h"

/* Platform zones of some boards show less than the packages that they contain: judged over windows
 * at least this long. */
#define PSYS_JUDGED_NS (10 * NS_PER_S)

static const char *const fault_flags[] = {
	[COUNTER_RESET] = "reset",
	[COUNTER_IMPLAUSIBLE] = "implausible",
	[COUNTER_AMBIGUOUS] = "wrap_ambiguous",
	[COUNTER_LOST] = "zone_lost",
};

struct figure { /* energy of a zone or of a sum of zones */
	int64_t energy_uj;
	int64_t bound_uj;
	bool has_value;
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

static int64_t at_least_zero(int64_t ns)
{
	return ns > 0 ? ns : 0;
}

/*
 * The counter at a reading is the energy up to its last update. Between what the two readings
 * bracket and the window itself lies at most one gap between updates, the time from the start
 * reading to the start clock, and that from the end clock to the end reading; in it at most the
 * highest power that was seen was drawn.
 */
static struct figure figure_of(const struct energy_zone *zone, const struct energy_window_zone *z,
	int64_t start_ns, int64_t end_ns, enum counter_length *length)
{
	struct figure f = {.energy_uj = z->end_uj - z->begin_uj};
	int64_t time_ns = end_ns - start_ns;
	int64_t slack_ns = zone->update_ns + at_least_zero(start_ns - z->begin_ns) +
			   at_least_zero(z->end_ns - end_ns);
	int64_t power_uw = counter_power_uw(f.energy_uj, time_ns);

	if (z->peak_uw > power_uw)
		power_uw = z->peak_uw;
	f.bound_uj = counter_bound_uj(slack_ns, power_uw, counter_unit_uj(zone->range_uj));
	*length = counter_length(slack_ns, time_ns);
	f.has_value = z->fault == COUNTER_OK && *length != LENGTH_TOO_SHORT;
	return f;
}

static void judge_zones(struct energy_meter *e, const struct energy_window *w, int64_t start_ns,
	int64_t end_ns, struct figure *figures, struct measured *out)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct energy_zone *zone = &e->zones[e->tracks[i].zone];
		enum counter_length length;
		figures[i] = figure_of(zone, &w->zones[i], start_ns, end_ns, &length);
		if (w->zones[i].fault != COUNTER_OK)
			measured_flag(out, fault_flags[w->zones[i].fault]);
		else if (length != LENGTH_FINE && zone->domain == DOMAIN_PACKAGE)
			measured_flag(out, "short");
		if (w->was_suspended)
			figures[i].has_value = false;
	}
	if (w->was_suspended)
		measured_flag(out, "suspended");
}

/* Sum over a domain's zones, with value where every zone that was found has one. Returns how many
 * zones there are. */
static size_t add_up(const struct energy_meter *e, const struct figure *figures,
	enum zone_domain domain, struct figure *sum)
{
	size_t found = 0, counted = 0;

	*sum = (struct figure){0};
	for (size_t i = 0; i < e->zones_n; i++)
		found += e->zones[i].domain == domain;
	for (size_t i = 0; i < e->n; i++) {
		if (e->zones[e->tracks[i].zone].domain != domain || !figures[i].has_value)
			continue;
		counted++;
		sum->energy_uj += figures[i].energy_uj;
		sum->bound_uj += figures[i].bound_uj;
	}
	sum->has_value = counted > 0 && counted == found;
	return found;
}

static bool is_psys_implausible(
	const struct figure *psys, const struct figure *package, int64_t time_ns)
{
	return psys->has_value && package->has_value && time_ns >= PSYS_JUDGED_NS &&
	       psys->energy_uj < counter_scale(package->energy_uj, 95, 100);
}

/* A domain's zones one by one: packages always, others where there are several. */
static void add_zones(const struct energy_meter *e, const struct figure *figures,
	enum zone_domain domain, struct measured *out)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct energy_zone *zone = &e->zones[e->tracks[i].zone];
		if (zone->domain == domain && figures[i].has_value)
			measured_bounded(out, zone->metric, "uJ", figures[i].energy_uj,
				figures[i].bound_uj, ABSENT);
	}
}

void energy_results(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, const struct energy_baseline *idle, struct measured *out)
{
	_cleanup_free_ struct figure *figures = xcalloc(w->n + 1, sizeof *figures);
	int64_t time_ns = end_raw_ns - start_raw_ns;
	struct figure package = {0}, sum;

	(void)idle;
	pthread_mutex_lock(&e->lock);
	judge_zones(e, w, start_raw_ns, end_raw_ns, figures, out);
	for (size_t s = 0; s < ARRAY_SIZE(sums); s++) {
		size_t n = add_up(e, figures, sums[s].domain, &sum);
		if (sums[s].domain == DOMAIN_PACKAGE)
			package = sum;
		if (sums[s].domain == DOMAIN_PSYS && is_psys_implausible(&sum, &package, time_ns)) {
			measured_flag(out, "psys_implausible");
			continue;
		}
		if (sum.has_value)
			measured_bounded(
				out, sums[s].name, "uJ", sum.energy_uj, sum.bound_uj, ABSENT);
		if (sums[s].domain == DOMAIN_PACKAGE || n > 1)
			add_zones(e, figures, sums[s].domain, out);
	}
	if (package.has_value && time_ns > 0)
		measured_bounded(out, "power.package", "uW",
			counter_power_uw(package.energy_uj, time_ns),
			counter_power_uw(package.bound_uj, time_ns) + 1, ABSENT);
	else if (out->n > 0)
		measured_flag(out, "energy_partial");
	pthread_mutex_unlock(&e->lock);
}
