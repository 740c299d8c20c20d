/*
 * energy.c - the meter of a machine: choosing a source and opening it
 */
#include "agent/sources/energy.h"
#include "agent/sources/energy_period.h"
#include "agent/sources/energy_window.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>

/* The counters are watched this long at start, all at once. */
#define PERIOD_LIMIT_NS (250 * NS_PER_MS)

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
		energy_read_track(e, &e->tracks[i], &begin_ns, &end_ns);
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
	const char *wish, struct error *why)
{
	struct energy_meter *e = xcalloc(1, sizeof *e);
	struct error reason = {0};
	int r = -ENODEV;

	(void)wish;
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
