/*
 * energy_perf_scan.c - zones of perf's `power` unit, by sysfs alone
 */
#include "agent/sources/energy_perf_scan.h"
#include "agent/sources/cpu_sites.h"
#include "agent/sources/energy_models.h"
#include "agent/sources/energy_zones.h"
#include "agent/sources/powercap_scan.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *event;
	enum zone_domain domain;
} events[] = {
	{"energy-pkg", DOMAIN_PACKAGE},
	{"energy-cores", DOMAIN_CORE},
	{"energy-gpu", DOMAIN_UNCORE},
	{"energy-ram", DOMAIN_DRAM},
	{"energy-psys", DOMAIN_PSYS},
};

struct scan {
	const struct machine *m;
	struct cpu_model cpu;
	const struct energy_model *model; /* NULL: not in the table */
	struct cpu_site *sites;
	size_t sites_n;
	int *cpus; /* of the unit */
	size_t cpus_n;
	struct powercap_found *powercap;
	size_t powercap_n;
	bool has_event[ARRAY_SIZE(events)];
	bool is_by_package;
	struct energy_perf_found *found;
	size_t n;
};

static void note_event(void *arg, const char *event)
{
	struct scan *s = arg;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (strcmp(events[i].event, event) == 0)
			s->has_event[i] = true;
}

/* Whether some die has more than one CPU in the list. */
static bool lists_whole_packages(const struct scan *s)
{
	for (size_t i = 0; i < s->cpus_n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct cpu_site *a = cpu_sites_find(s->sites, s->sites_n, s->cpus[i]);
			const struct cpu_site *b = cpu_sites_find(s->sites, s->sites_n, s->cpus[k]);
			if (a != NULL && b != NULL && a->package == b->package && a->die == b->die)
				return true;
		}
	return false;
}

/*
 * Whether a counter is a package's, or each die has its own. AMD's are the package's; else powercap
 * tells by its names; else TPMI's and those of the driver that lists all CPUs are the package's.
 */
static bool counts_by_package(const struct scan *s)
{
	bool has_package = false;

	if (cpu_model_is_amd(&s->cpu))
		return true;
	for (size_t i = 0; i < s->powercap_n; i++) {
		const struct energy_zone *z = &s->powercap[i].zone;
		if (z->domain != DOMAIN_PACKAGE)
			continue;
		if (z->die >= 0)
			return false;
		has_package = true;
	}
	if (has_package || (s->model != NULL && s->model->interface == INTERFACE_TPMI))
		return true;
	return lists_whole_packages(s);
}

static bool has_zone(const struct scan *s, const struct energy_zone *z)
{
	for (size_t i = 0; i < s->n; i++)
		if (energy_zone_is_same(&s->found[i].zone, z))
			return true;
	return false;
}

static bool is_client(const struct scan *s)
{
	if (s->model != NULL)
		return energy_model_is_client(s->model);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].domain == DOMAIN_UNCORE)
			return s->has_event[i];
	return false;
}

/* Every package opens the platform's event, but few have one: those of which powercap shows it, or
 * the first. */
static bool is_phantom(const struct scan *s, const struct energy_zone *z)
{
	if (z->domain != DOMAIN_PSYS)
		return false;
	if (s->powercap_n > 0)
		return powercap_twin(s->powercap, s->powercap_n, z) == NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->found[i].zone.domain == DOMAIN_PSYS)
			return true;
	return false;
}

static void take_limits(const struct scan *s, struct energy_zone *z)
{
	const struct energy_zone *twin = powercap_twin(s->powercap, s->powercap_n, z);

	z->cap_uw = twin != NULL ? twin->cap_uw : energy_model_cap_uw(z->domain, is_client(s));
	z->range_uj = twin != NULL ? twin->range_uj : 0;
	if (z->domain == DOMAIN_PSYS && twin == NULL && s->model != NULL &&
		s->model->has_joule_psys)
		z->range_uj = UINT32_MAX * INT64_C(1000000);
	energy_model_judge(z, &s->cpu, s->m, "perf");
}

static void add_zone(struct scan *s, const struct cpu_site *site, size_t event)
{
	bool has_dies =
		!s->is_by_package && cpu_sites_has_dies(s->sites, s->sites_n, site->package);
	struct energy_perf_found f = {.cpu = site->cpu};
	struct energy_zone *z = &f.zone;
	struct error err = {0};

	energy_zone_make(z, events[event].domain, site->package, has_dies ? site->die : -1);
	if (has_zone(s, z) || is_phantom(s, z) || s->n == ENERGY_PERF_MAX_ZONES)
		return;
	if (cpu_model_is_amd(&s->cpu) && z->domain != DOMAIN_PACKAGE)
		return; /* there `core` is one core of all */
	take_limits(s, z);
	snprintf(z->path, sizeof z->path, "/" PERF_DEVICES "/" POWER_PMU "/events/%s on CPU %d",
		events[event].event, site->cpu);
	if (perf_event_find(&f.event, s->m, POWER_PMU, events[event].event, &err) != 0)
		energy_zone_refuse(z, ZONE_BROKEN, "%.150s", err.text);
	else if (strcmp(f.event.unit, "Joules") != 0)
		energy_zone_refuse(z, ZONE_BROKEN, "its unit is '%s', not Joules", f.event.unit);
	s->found[s->n++] = f;
}

static int compare_found(const void *a, const void *b)
{
	const struct energy_perf_found *x = a, *y = b;

	return energy_zone_compare(&x->zone, &y->zone);
}

static void add_zones(struct scan *s)
{
	struct energy_zone *zones[ENERGY_PERF_MAX_ZONES];

	s->is_by_package = counts_by_package(s);
	for (size_t i = 0; i < s->cpus_n; i++) {
		const struct cpu_site *site = cpu_sites_find(s->sites, s->sites_n, s->cpus[i]);
		for (size_t e = 0; site != NULL && e < ARRAY_SIZE(events); e++)
			if (s->has_event[e])
				add_zone(s, site, e);
	}
	for (size_t i = 0; i < s->n; i++)
		zones[i] = &s->found[i].zone;
	energy_zones_number_psys(zones, s->n);
	qsort(s->found, s->n, sizeof *s->found, compare_found);
}

static int explain_nothing(const struct scan *s, struct error *why)
{
	const char *root = s->m->root;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (!s->has_event[i])
			continue;
		return error_set(why, -EIO,
			"perf's energy counters: no CPU of %s/" PERF_DEVICES "/" POWER_PMU
			"/cpumask is in %s/sys/devices/system/cpu",
			root, root);
	}
	return error_set(why, -ENODEV,
		"perf has no energy counters: %s/" PERF_DEVICES "/" POWER_PMU "/events has none",
		root);
}

int energy_perf_scan(
	struct energy_perf_found **out, size_t *n, const struct machine *m, struct error *why)
{
	struct scan s = {.m = m};
	uint32_t type;

	*out = NULL;
	*n = 0;
	int r = perf_pmu_type(m, POWER_PMU, &type);
	if (r != 0)
		return error_set(why, -ENODEV,
			"perf has no energy counters: there is no %s/" PERF_DEVICES "/" POWER_PMU
			"; load the driver with `sudo modprobe rapl`",
			m->root);
	cpu_model_read(&s.cpu, m);
	s.model = energy_model_find(&s.cpu);
	s.sites_n = cpu_sites_read(&s.sites, m);
	s.powercap_n = powercap_scan(&s.powercap, m);
	perf_pmu_cpus(m, POWER_PMU, &s.cpus, &s.cpus_n);
	perf_pmu_events(m, POWER_PMU, note_event, &s);
	s.found = xcalloc(ENERGY_PERF_MAX_ZONES, sizeof *s.found);
	add_zones(&s);
	if (s.n > 0) {
		*out = s.found;
		*n = s.n;
	} else {
		r = explain_nothing(&s, why);
		free(s.found);
	}
	free(s.sites);
	free(s.powercap);
	free(s.cpus);
	return r;
}
