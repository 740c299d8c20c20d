/*
 * energy.c - the meter of a machine: choosing a source and opening it
 */
#include "agent/sources/energy.h"
#include "agent/sources/energy_filter.h"
#include "agent/sources/energy_models.h"
#include "agent/sources/energy_period.h"
#include "agent/sources/energy_window.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>

/* The counters are watched this long at start, all at once. */
#define PERIOD_LIMIT_NS (250 * NS_PER_MS)

/* Those of a source that cannot be used are only told of. */
#define GLANCE_NS (20 * NS_PER_MS)

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
static void measure_periods(struct energy_meter *e, int64_t watch_ns)
{
	_cleanup_free_ struct energy_period *p = xcalloc(e->n + 1, sizeof *p);
	size_t kept = 0;

	energy_period_measure(p, e->n, read_for_period, e, watch_ns);
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
		z->jitter_ns = p[i].gap_ns - p[i].median_ns;
		e->tracks[kept] = e->tracks[i];
		e->tracks[kept++].period = p[i];
	}
	e->n = kept;
}

static void take_zones(struct energy_meter *e, int64_t watch_ns)
{
	const struct energy_zone *zones = e->ops->energy->zones(e->state, &e->zones_n);

	e->zones = xcalloc(e->zones_n + 1, sizeof *e->zones);
	e->tracks = xcalloc(e->zones_n + 1, sizeof *e->tracks);
	for (size_t i = 0; i < e->zones_n; i++) {
		e->zones[i] = zones[i];
		if (zones[i].state == ZONE_OK)
			e->tracks[e->n++] = (struct energy_track){.zone = i, .last_uj = -1};
	}
	measure_periods(e, watch_ns);
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

/* The zones stay, to be told of. */
static void close_source(struct energy_meter *e)
{
	if (e->state != NULL)
		e->ops->close(e->state);
	free(e->tracks);
	e->state = NULL;
	e->tracks = NULL;
	e->n = 0;
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
	take_zones(e, r == 0 ? PERIOD_LIMIT_NS : GLANCE_NS);
	if (r == 0 && !has_package(e))
		r = explain_no_package(e, why);
	return r;
}

/* ---- choosing ---- */

struct choosing {
	struct energy_meter *e;
	const struct machine *m;
	const struct topology *t;
	const char *wish;          /* NULL: any that is not on request */
	struct energy_zone *zones; /* owned; of the first source that found some and was refused */
	size_t zones_n;
	struct error reason; /* of the refusal that tells most */
	bool is_bare_guest;  /* a virtual machine without powercap's zones: reason says so, for good
			      */
};

static int help_of(int code)
{
	return code == -EACCES || code == -EPERM ? 3 : code == -ENODEV ? 1 : 2;
}

/* There perf has events by the CPU's model alone, and permission for them would be asked for in
 * vain. Where the hypervisor does pass them on, they measure once they may be opened. */
static bool is_bare_guest(
	const struct choosing *c, const struct source_ops *ops, const struct error *why)
{
	struct cpu_model cpu;

	if (ops != &source_energy_powercap || why->code != -ENODEV)
		return false;
	cpu_model_read(&cpu, c->m);
	return cpu.is_guest;
}

/* Of several refusals the one is told that a user can do most about: no permission, then a fault,
 * then absence; of two alike the first. */
static void note_refusal(struct choosing *c, struct energy_choice *choice, const struct error *why)
{
	struct energy_meter *e = c->e;

	choice->state = "refused";
	snprintf(choice->why, sizeof choice->why, "%.511s", why->text);
	if (!c->is_bare_guest &&
		(c->reason.code == 0 || help_of(why->code) > help_of(c->reason.code)))
		c->reason = *why;
	close_source(e);
	if (c->zones_n == 0 && !c->is_bare_guest) {
		free(c->zones);
		c->zones = e->zones;
		c->zones_n = e->zones_n;
	} else {
		free(e->zones);
	}
	e->zones = NULL;
	e->zones_n = 0;
	if (is_bare_guest(c, e->ops, why))
		c->is_bare_guest = true;
}

static void consider(struct choosing *c, const struct source_ops *ops, struct energy_choice *choice)
{
	struct energy_meter *e = c->e;
	struct error why = {0};
	struct cpu_model cpu;

	choice->source = ops->name;
	choice->state = "not tried";
	if (c->wish != NULL && strcmp(c->wish, ops->name) != 0) {
		snprintf(choice->why, sizeof choice->why, "%s was asked for", c->wish);
	} else if (c->wish == NULL && (ops->flags & IS_ON_REQUEST)) {
		snprintf(choice->why, sizeof choice->why,
			"only on request: `--source %s`, or `measure: {source: %s}`", ops->name,
			ops->name);
	} else if (e->is_measuring) {
		snprintf(choice->why, sizeof choice->why, "%s measures", e->ops->name);
	} else if (try_source(e, ops, c->m, c->t, &why) != 0) {
		note_refusal(c, choice, &why);
	} else {
		e->is_measuring = true;
		choice->state = "used";
		cpu_model_read(&cpu, c->m);
		energy_model_note(choice->why, sizeof choice->why, &cpu, ops->name);
	}
}

/* The names of the energy sources, "auto" among them, ended by NULL. */
static void list_names(const char *names[16])
{
	size_t n = 0;

	names[n++] = "auto";
	for (size_t i = 0; sources[i] != NULL && n < 15; i++)
		if (sources[i]->flags & IS_ENERGY)
			names[n++] = sources[i]->name;
	names[n] = NULL;
}

static int refuse_wish(const char *wish, struct error *why)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	const char *names[16];
	size_t n = 0;

	list_names(names);
	for (; names[n] != NULL; n++)
		buf_addf(&list, "%s%s", n > 0 ? ", " : "", names[n]);
	const char *near = nearest_word(wish, names, n);
	return error_set(why, -EINVAL, "energy source '%s' is none of %s%s%s%s", wish, list.data,
		near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?" : "");
}

static bool is_wish_known(const char *wish)
{
	const char *names[16];

	list_names(names);
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], wish) == 0)
			return true;
	return false;
}

static void choose(struct choosing *c)
{
	struct energy_meter *e = c->e;

	for (size_t i = 0; sources[i] != NULL; i++)
		e->choices_n += (sources[i]->flags & IS_ENERGY) != 0;
	e->choices = xcalloc(e->choices_n + 1, sizeof *e->choices);
	for (size_t i = 0, n = 0; sources[i] != NULL; i++)
		if (sources[i]->flags & IS_ENERGY)
			consider(c, sources[i], &e->choices[n++]);
	if (e->is_measuring) {
		free(c->zones);
		return;
	}
	e->zones = c->zones;
	e->zones_n = c->zones_n;
}

int energy_open(struct energy_meter **out, const struct machine *m, const struct topology *t,
	const char *wish, struct error *why)
{
	struct energy_meter *e = xcalloc(1, sizeof *e);
	bool is_auto = wish == NULL || strcmp(wish, "auto") == 0;
	struct choosing c = {.e = e, .m = m, .t = t, .wish = is_auto ? NULL : wish};

	pthread_mutex_init(&e->lock, NULL);
	*out = e;
	choose(&c);
	if (!is_auto && !is_wish_known(wish))
		refuse_wish(wish, &c.reason);
	e->is_filtered = energy_filter_find(m, e->filter, sizeof e->filter);
	if (e->is_measuring)
		return 0;
	e->why_not = xstrdup(c.reason.text);
	return error_set(why, c.reason.code, "%s", c.reason.text);
}

const struct energy_choice *energy_choices(const struct energy_meter *e, size_t *n)
{
	*n = e->choices_n;
	return e->choices;
}

const char *energy_filter(const struct energy_meter *e)
{
	return e->is_filtered ? e->filter : NULL;
}

void energy_close(struct energy_meter *e)
{
	if (e == NULL)
		return;
	close_source(e);
	pthread_mutex_destroy(&e->lock);
	free(e->zones);
	free(e->choices);
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
