/*
 * energy_powercap.c - RAPL through the kernel's powercap class: sys/class/powercap/intel-rapl:*
 *
 * Zones are known by the content of `name`: their index is the order in which CPUs came online.
 * Permission is checked when a counter is opened and never again, so every descriptor is opened
 * once and read with pread(2).
 */
#include "agent/cpu_model.h"
#include "agent/sources/energy_zones.h"
#include "agent/sources/powercap_scan.h"
#include "agent/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct powercap {
	struct energy_zone zones[POWERCAP_MAX_ZONES];
	struct channel channels[POWERCAP_MAX_ZONES];
	int fds[POWERCAP_MAX_ZONES]; /* of zones[i]; -1 where it is not ok */
	size_t n, channels_n;
};

static int64_t read_counter(int fd)
{
	char text[32], *end;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	if (end == text || errno != 0 || value < 0 || (*end != '\n' && *end != '\0'))
		return -EINVAL;
	return value;
}

/* Open the counter and look at it once. Returns its descriptor, or -1 with the zone's state and
 * reason. */
static int open_counter(
	struct energy_zone *z, const struct machine *m, const struct powercap_found *f)
{
	if (f->is_dangling) {
		energy_zone_refuse(z, ZONE_MASKED,
			"the zone is a link to nothing: hidden by the container runtime");
		return -1;
	}
	if (f->name_error != 0) {
		energy_zone_refuse(z, f->name_error == -EACCES ? ZONE_DENIED : ZONE_BROKEN,
			"its name cannot be read");
		return -1;
	}
	int fd = openat(m->root_fd, z->path + 1, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		bool is_denied = errno == EACCES || errno == EPERM;
		enum zone_state state = is_denied         ? ZONE_DENIED
					: errno == ENOENT ? ZONE_ABSENT
							  : ZONE_BROKEN;
		energy_zone_refuse(z, state, "%s",
			is_denied ? "energy_uj may be read by root alone" : strerror(errno));
		return -1;
	}
	int64_t value = read_counter(fd);
	if (value >= 0)
		return fd;
	close(fd);
	if (value == -EACCES || value == -EPERM)
		energy_zone_refuse(z, ZONE_DENIED, "energy_uj may be read by root alone");
	else
		energy_zone_refuse(z, ZONE_BROKEN, "%s",
			value == -EINVAL ? "energy_uj holds no number" : strerror((int)-value));
	return -1;
}

static void powercap_close(void *state)
{
	struct powercap *p = state;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->fds[i] >= 0)
			close(p->fds[i]);
	free(p);
}

static struct powercap *open_all(const struct machine *m)
{
	struct powercap *p = xcalloc(1, sizeof *p);
	struct powercap_found *found;

	p->n = powercap_scan(&found, m);
	for (size_t i = 0; i < p->n; i++) {
		struct energy_zone *z = &p->zones[i];
		*z = found[i].zone;
		p->fds[i] = open_counter(z, m, &found[i]);
	}
	p->channels_n = energy_zones_channels(p->channels, p->zones, p->n);
	free(found);
	return p;
}

static int explain_absence(const struct machine *m, struct error *why)
{
	struct cpu_model cpu;

	cpu_model_read(&cpu, m);
	if (cpu.is_guest)
		return error_set(why, -ENODEV,
			"no energy counters: this is a virtual machine and its hypervisor passes "
			"none on; "
			"measure on the host");
	return error_set(why, -ENODEV,
		"no energy counters: %s/" POWERCAP_CLASS
		" has no intel-rapl zone; load the driver with "
		"`sudo modprobe intel_rapl_msr`",
		m->root);
}

/* The reason of the first package zone, or of the first zone where there is no package, with what
 * mends it. */
static int explain_zone(const struct machine *m, const struct energy_zone *z, struct error *why)
{
	const char *r = m->root;

	switch (z->state) {
	case ZONE_DENIED:
		return error_set(why, -EACCES,
			"energy counters of %s may be read by root alone; allow it with `sudo sh "
			"-c 'chgrp %u "
			"%s/" POWERCAP_CLASS
			"/intel-rapl*:*/energy_uj && chmod g+r %s/" POWERCAP_CLASS
			"/intel-rapl*:*/energy_uj'` (until the next boot)",
			z->name, (unsigned)getgid(), r, r);
	case ZONE_MASKED:
		return error_set(why, -EACCES,
			"energy counters are hidden by the container runtime; mount the host's "
			"with "
			"`-v /sys:/host/sys:ro -v /proc:/host/proc:ro` and use --root /host, or "
			"start it with "
			"`--security-opt systempaths=unconfined`");
	case ZONE_ABSENT:
		return explain_absence(m, why);
	default:
		return error_set(why, -EIO, "energy counter %s%s cannot be used: %s", r, z->path,
			z->state == ZONE_OK ? "it is of no package" : z->why);
	}
}

static int powercap_probe(const struct machine *m, struct error *why)
{
	struct powercap *p = open_all(m);
	const struct energy_zone *first = p->n > 0 ? &p->zones[0] : NULL;
	int r = 0;

	/* Packages sort first. */
	for (size_t i = 0; i < p->n && p->zones[i].domain == DOMAIN_PACKAGE; i++)
		if (p->zones[i].state == ZONE_OK) {
			powercap_close(p);
			return 0;
		}
	r = first != NULL ? explain_zone(m, first, why) : explain_absence(m, why);
	powercap_close(p);
	return r;
}

static int powercap_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	(void)t;
	(void)err;
	*out = open_all(m);
	return 0;
}

static size_t powercap_channels(void *state, const struct channel **out)
{
	struct powercap *p = state;

	*out = p->channels;
	return p->channels_n;
}

static const struct energy_zone *powercap_zones(void *state, size_t *n)
{
	struct powercap *p = state;

	*n = p->n;
	return p->zones;
}

static int64_t powercap_read_zone(void *state, size_t zone)
{
	const struct powercap *p = state;

	return p->fds[zone] >= 0 ? read_counter(p->fds[zone]) : -EBADF;
}

static void powercap_read(void *state, int64_t *out)
{
	const struct powercap *p = state;

	energy_zones_read(p->zones, p->n, powercap_read_zone, state, out);
}

static const struct energy_ops powercap_energy = {
	.zones = powercap_zones,
	.read_zone = powercap_read_zone,
};

const struct source_ops source_energy_powercap = {
	.name = "powercap",
	.summary = "energy counters (RAPL) through sys/class/powercap",
	.flags = IS_ENERGY,
	.energy = &powercap_energy,
	.probe = powercap_probe,
	.open = powercap_open,
	.channels = powercap_channels,
	.read = powercap_read,
	.close = powercap_close,
};
