/*
 * energy_perf.c - RAPL through perf's `power` unit
 *
 * Counters start at 0 when they are opened, and the kernel carries them over the wraps of the
 * hardware's 32 bits, or perf_guard does. Whole CPUs are counted, so it needs
 * kernel.perf_event_paranoid <= 0 or CAP_PERFMON; the counters of a package may be opened on any of
 * its CPUs, but some kernels count on one alone, and show 0 on the others.
 */
#include "agent/cpu_model.h"
#include "agent/sources/cpu_sites.h"
#include "agent/sources/energy_perf_scan.h"
#include "agent/sources/energy_zones.h"
#include "agent/sources/perf_guard.h"
#include "agent/sources/source.h"
#include "proto/clock.h"

#include <errno.h>
#include <stdio.h>

#define WHAT "energy through perf"

/* Packages count every millisecond or so: one that shows nothing for this long is opened on another
 * CPU. */
#define ZERO_WATCH_NS (20 * NS_PER_MS)
#define ZERO_TRIES    8

/* Opening one event takes up to this long in which it is enabled but does not count. */
#define ENABLE_SLACK_NS NS_PER_MS

struct perf_zone {
	struct perf_event event;
	struct perf_guard guard;
	int cpu, fd; /* fd -1 where the zone is not ok */
};

struct perf_energy {
	struct energy_zone zones[ENERGY_PERF_MAX_ZONES];
	struct perf_zone own[ENERGY_PERF_MAX_ZONES]; /* of zones[i] */
	struct channel channels[ENERGY_PERF_MAX_ZONES];
	size_t n, channels_n;
	int refusal; /* -errno of the first zone that could not be opened, or 0 */
};

static enum zone_state state_of(int code)
{
	switch (code) {
	case -EACCES:
	case -EPERM:
		return ZONE_DENIED;
	case -ENOENT:
	case -ENODEV:
	case -ENOSYS:
	case -EOPNOTSUPP:
		return ZONE_ABSENT;
	default:
		return ZONE_BROKEN;
	}
}

static int code_of(enum zone_state state)
{
	return state == ZONE_DENIED ? -EACCES : state == ZONE_ABSENT ? -ENODEV : -EIO;
}

static void note_refusal(struct perf_energy *p, struct energy_zone *z, int code)
{
	enum zone_state state = state_of(code);

	p->refusal = p->refusal != 0 ? p->refusal : code;
	energy_zone_refuse(z, state, "%s",
		state == ZONE_DENIED
			? "perf_event_open needs kernel.perf_event_paranoid <= 0 or CAP_PERFMON"
			: strerror(-code));
}

static void open_zone(struct perf_energy *p, size_t i, int cpu)
{
	struct perf_zone *o = &p->own[i];

	if (o->fd >= 0)
		close(o->fd);
	o->cpu = cpu;
	o->fd = perf_event_open_on(&o->event, -1, cpu, -1, 0);
	if (o->fd >= 0)
		return;
	note_refusal(p, &p->zones[i], o->fd);
	o->fd = -1;
}

/* The count as the kernel has it. Returns 0 or -errno; a counter that did not count all the time
 * (which this unit's never share) is no meter. */
static int read_count(const struct perf_zone *o, uint64_t *count)
{
	struct perf_reading r;
	int code = o->fd >= 0 ? perf_event_read(o->fd, &r) : -EBADF;

	if (code == 0 && r.running_ns + ENABLE_SLACK_NS < r.enabled_ns)
		code = -EIO;
	if (code == 0)
		*count = r.value;
	return code;
}

/* ---- counters that stay 0 ---- */

static bool is_zero(const struct perf_zone *o)
{
	uint64_t count;

	return read_count(o, &count) == 0 && count == 0;
}

static bool stays_zero(const struct perf_zone *o)
{
	int64_t start_ns = clock_raw_ns(), now_ns;

	do {
		now_ns = clock_raw_ns(); /* the last look is after the end, however late */
		if (!is_zero(o))
			return false;
	} while (now_ns - start_ns <= ZERO_WATCH_NS);
	return true;
}

/* Open all zones of a package (and die) on another CPU. */
static void move_package(struct perf_energy *p, size_t package, int cpu)
{
	int old = p->own[package].cpu;

	for (size_t i = 0; i < p->n; i++) {
		if (p->own[i].cpu != old || p->own[i].fd < 0)
			continue;
		open_zone(p, i, cpu);
		char *on = strstr(p->zones[i].path, " on CPU ");
		if (on != NULL)
			snprintf(on, sizeof p->zones[i].path - (size_t)(on - p->zones[i].path),
				" on CPU %d", cpu);
	}
}

static void refuse_package(struct perf_energy *p, size_t package)
{
	int cpu = p->own[package].cpu;

	for (size_t i = 0; i < p->n; i++) {
		if (p->own[i].cpu != cpu || p->own[i].fd < 0)
			continue;
		close(p->own[i].fd);
		p->own[i].fd = -1;
		energy_zone_refuse(&p->zones[i], ZONE_BROKEN,
			"this kernel's perf counts 0 on every CPU of package %d that was tried",
			p->zones[package].package);
	}
}

static void mend_zero(struct perf_energy *p, size_t i, const struct cpu_site *sites, size_t sites_n)
{
	const struct energy_zone *z = &p->zones[i];
	int first = p->own[i].cpu, tries = 0;

	if (!stays_zero(&p->own[i]))
		return;
	for (size_t s = 0; s < sites_n && tries < ZERO_TRIES && p->own[i].fd >= 0; s++) {
		if (sites[s].cpu == first || sites[s].package != z->package ||
			(z->die >= 0 && sites[s].die != z->die))
			continue;
		move_package(p, i, sites[s].cpu);
		tries++;
		if (!stays_zero(&p->own[i]))
			return;
	}
	refuse_package(p, i);
}

static void mend_zeros(struct perf_energy *p, const struct machine *m)
{
	_cleanup_free_ struct cpu_site *sites = NULL;
	size_t n = cpu_sites_read(&sites, m);

	for (size_t i = 0; i < p->n; i++)
		if (p->zones[i].domain == DOMAIN_PACKAGE && p->own[i].fd >= 0)
			mend_zero(p, i, sites, n);
}

/* ---- the source ---- */

static void perf_close(void *state)
{
	struct perf_energy *p = state;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->own[i].fd >= 0)
			close(p->own[i].fd);
	free(p);
}

/* Never NULL; where there is nothing, it has no zones, and why says so. */
static struct perf_energy *open_all(const struct machine *m, int *code, struct error *why)
{
	struct perf_energy *p = xcalloc(1, sizeof *p);
	_cleanup_free_ struct energy_perf_found *found = NULL;
	bool can_count = machine_has_these_cpus(m);

	*code = energy_perf_scan(&found, &p->n, m, why);
	for (size_t i = 0; i < p->n; i++) {
		p->zones[i] = found[i].zone;
		p->own[i] = (struct perf_zone){.event = found[i].event,
			.guard = {.modulus = perf_guard_modulus(found[i].zone.range_uj)},
			.cpu = found[i].cpu,
			.fd = -1};
		if (!can_count)
			energy_zone_refuse(&p->zones[i], ZONE_ABSENT,
				"perf counts on the machine that it runs on alone");
		else if (found[i].zone.state == ZONE_OK)
			open_zone(p, i, found[i].cpu);
	}
	mend_zeros(p, m);
	p->channels_n = energy_zones_channels(p->channels, p->zones, p->n);
	return p;
}

static int explain_zones(const struct perf_energy *p, const struct machine *m, struct error *why)
{
	struct cpu_model cpu;

	if (!machine_has_these_cpus(m))
		return error_set(why, -ENODEV,
			WHAT " counts on the machine that it runs on alone, not on that of %s",
			m->root);
	if (p->refusal != 0) {
		int code = code_of(state_of(p->refusal));
		perf_event_refused(why, m, p->refusal, 0, WHAT);
		if (why != NULL)
			why->code = code;
		return code;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->zones[i].domain == DOMAIN_PACKAGE)
			return error_set(why, -EIO,
				WHAT ": %s cannot be used: %s; measure with powercap",
				p->zones[i].name, p->zones[i].why);
	cpu_model_read(&cpu, m);
	return error_set(why, -ENODEV, WHAT ": this machine shows no package's counter to perf%s",
		cpu.is_guest ? ": it is a virtual machine; measure on the host" : "");
}

static int perf_probe(const struct machine *m, struct error *why)
{
	int code;
	struct perf_energy *p = open_all(m, &code, why);

	if (code == 0) {
		code = -ENODEV;
		for (size_t i = 0; i < p->n && code != 0; i++)
			if (p->zones[i].domain == DOMAIN_PACKAGE && p->zones[i].state == ZONE_OK)
				code = 0;
		if (code != 0)
			code = explain_zones(p, m, why);
	}
	perf_close(p);
	return code;
}

static int perf_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct error why = {0};
	int code;

	(void)t;
	(void)err;
	*out = open_all(m, &code, &why);
	return 0;
}

static size_t perf_channels(void *state, const struct channel **out)
{
	struct perf_energy *p = state;

	*out = p->channels;
	return p->channels_n;
}

static const struct energy_zone *perf_zones(void *state, size_t *n)
{
	struct perf_energy *p = state;

	*n = p->n;
	return p->zones;
}

static int64_t perf_read_zone(void *state, size_t zone)
{
	struct perf_energy *p = state;
	struct perf_zone *o = &p->own[zone];
	uint64_t count;

	int r = read_count(o, &count);
	if (r == 0)
		r = perf_guard_step(&o->guard, count, &count);
	return r == 0 ? perf_scale_apply(&o->event.scale, count, 1000000) : r;
}

static void perf_read(void *state, int64_t *out)
{
	const struct perf_energy *p = state;

	energy_zones_read(p->zones, p->n, perf_read_zone, state, out);
}

static const struct energy_ops perf_energy_ops = {
	.zones = perf_zones,
	.read_zone = perf_read_zone,
};

const struct source_ops source_energy_perf = {
	.name = "perf",
	.summary = "energy counters (RAPL) through perf's power unit",
	.flags = IS_ENERGY,
	.energy = &perf_energy_ops,
	.probe = perf_probe,
	.open = perf_open,
	.channels = perf_channels,
	.read = perf_read,
	.close = perf_close,
};
