/*
 * energy_msr.c - RAPL through the CPU's model-specific registers: dev/cpu/N/msr
 *
 * Only on request: it needs root, and units are by a table of models. Each status register is a
 * counter of 32 bits; the upper ones are reserved. Read on the first CPU of each package and die,
 * which costs an interrupt there.
 * Sources: Intel SDM vol 3B 15.10 and vol 4 (MSR_RAPL_POWER_UNIT 606H, energy status 611H, 639H,
 * 619H, 641H, 64DH); Linux arch/x86/events/rapl.c for AMD (C0010299H, C001029BH), arch/x86/kernel/
 * msr.c.
 */
#include "agent/sources/cpu_sites.h"
#include "agent/sources/energy_models.h"
#include "agent/sources/energy_zones.h"
#include "agent/sources/powercap_scan.h"
#include "agent/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define UNIT_INTEL 0x606
#define UNIT_AMD   0xc0010299

#define MAX_ZONES 128
#define WHAT      "energy through MSRs"

static const struct {
	enum zone_domain domain;
	uint32_t intel, amd; /* status register; 0 none */
} registers[] = {
	{DOMAIN_PACKAGE, 0x611, 0xc001029b},
	{DOMAIN_CORE, 0x639, 0},
	{DOMAIN_UNCORE, 0x641, 0},
	{DOMAIN_DRAM, 0x619, 0},
	{DOMAIN_PSYS, 0x64d, 0},
};

struct msr_zone {
	uint32_t reg;
	struct perf_scale scale; /* Joules of a count */
	int fd;                  /* its own */
};

struct msr_energy {
	struct energy_zone zones[MAX_ZONES];
	struct msr_zone own[MAX_ZONES]; /* of zones[i] */
	struct channel channels[MAX_ZONES];
	size_t n, channels_n;
};

/* Returns 0 or -errno; a register that is not there is -EIO. */
static int read_register(int fd, uint32_t reg, uint64_t *out)
{
	ssize_t n = pread(fd, out, sizeof *out, reg);

	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof *out ? 0 : -EIO;
}

/* Returns the descriptor, or -errno. */
static int open_cpu(const struct machine *m, int cpu)
{
	char path[64];

	snprintf(path, sizeof path, "dev/cpu/%d/msr", cpu);
	int fd = openat(m->root_fd, path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

static int explain_open(const struct machine *m, int code, int cpu, struct error *why)
{
	if (code == -ENOENT || code == -ENXIO || code == -ENODEV)
		return error_set(why, -ENODEV,
			WHAT ": there is no %s/dev/cpu/%d/msr; load the driver with `sudo modprobe "
			     "msr`",
			m->root, cpu);
	if (code == -EACCES || code == -EPERM)
		return error_set(why, -EACCES,
			WHAT ": reading %s/dev/cpu/%d/msr needs root with CAP_SYS_RAWIO, and a "
			     "kernel that is not locked down; start the agent as root, or measure "
			     "with powercap or perf",
			m->root, cpu);
	return error_set(why, -EIO, WHAT ": %s/dev/cpu/%d/msr: %s", m->root, cpu, strerror(-code));
}

/* ---- zones ---- */

static enum zone_state state_of(int code)
{
	if (code == -EACCES || code == -EPERM)
		return ZONE_DENIED;
	return code == -EIO ? ZONE_ABSENT : ZONE_BROKEN;
}

/* As in the kernel's drivers, a domain that shows 0 is not there; but a package's is, to be told
 * of.
 */
static void look_once(struct energy_zone *z, struct msr_zone *o)
{
	uint64_t value;
	int r = read_register(o->fd, o->reg, &value);

	if (r == 0 && ((value & 0xffffffff) != 0 || z->domain == DOMAIN_PACKAGE))
		return;
	r = r == 0 ? -EIO : r;
	energy_zone_refuse(z, state_of(r), "register %#x: %s", (unsigned)o->reg,
		r == -EIO ? "not on this machine" : strerror(-r));
}

/* What the zones of one package (and die) have in common. */
struct lead {
	const struct energy_model *model;
	const struct cpu_model *cpu;
	const struct machine *m;
	const struct powercap_found *powercap;
	size_t powercap_n;
	struct cpu_site site;
	int die; /* -1: the package has one */
	int fd;
	unsigned esu;
};

static void add_zone(struct msr_energy *p, const struct lead *l, size_t r)
{
	uint32_t reg = l->model->is_amd ? registers[r].amd : registers[r].intel;

	if (!(l->model->domains & ENERGY_HAS(registers[r].domain)) || reg == 0 || p->n == MAX_ZONES)
		return;
	struct energy_zone *z = &p->zones[p->n];
	struct msr_zone *o = &p->own[p->n];
	energy_zone_make(z, registers[r].domain, l->site.package, l->die);
	snprintf(z->path, sizeof z->path, "/dev/cpu/%d/msr register %#x", l->site.cpu,
		(unsigned)reg);
	o->reg = reg;
	o->scale = energy_model_unit(l->model, z->domain, l->esu);
	o->fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	z->range_uj = perf_scale_apply(&o->scale, UINT32_MAX, 1000000);
	const struct energy_zone *twin = powercap_twin(l->powercap, l->powercap_n, z);
	z->cap_uw = twin != NULL ? twin->cap_uw
				 : energy_model_cap_uw(z->domain, energy_model_is_client(l->model));
	energy_model_judge(z, l->cpu, l->m, "msr");
	look_once(z, o);
	if (z->state == ZONE_ABSENT && z->domain != DOMAIN_PACKAGE)
		close(o->fd);
	else
		p->n++;
}

static int add_lead(struct msr_energy *p, struct lead *l, struct error *why)
{
	uint64_t unit;

	l->fd = open_cpu(l->m, l->site.cpu);
	if (l->fd < 0)
		return explain_open(l->m, l->fd, l->site.cpu, why);
	_cleanup_close_ int fd = l->fd;
	int r = read_register(fd, l->model->is_amd ? UNIT_AMD : UNIT_INTEL, &unit);
	if (r != 0)
		return explain_open(l->m, r, l->site.cpu, why);
	if ((unit & 0xffffffff) == 0)
		return error_set(why, -ENODEV,
			WHAT ": the unit register of CPU %d reads 0, as in a virtual machine "
			     "whose hypervisor passes no counters on; measure on the host",
			l->site.cpu);
	l->esu = (unsigned)(unit >> 8) & 0x1f;
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		add_zone(p, l, i);
	return 0;
}

/* Whether a package (and die) has its lead CPU among those before the i-th. */
static bool is_led(const struct cpu_site *sites, size_t i, bool is_by_package)
{
	for (size_t k = 0; k < i; k++)
		if (sites[k].package == sites[i].package &&
			(is_by_package || sites[k].die == sites[i].die))
			return true;
	return false;
}

static int add_all(struct msr_energy *p, struct lead *l, struct error *why)
{
	_cleanup_free_ struct cpu_site *sites = NULL;
	size_t n = cpu_sites_read(&sites, l->m);
	bool is_by_package = l->model->is_amd;

	for (size_t i = 0; i < n; i++) {
		if (is_led(sites, i, is_by_package))
			continue;
		l->site = sites[i];
		l->die = !is_by_package && cpu_sites_has_dies(sites, n, sites[i].package)
				 ? sites[i].die
				 : -1;
		int r = add_lead(p, l, why);
		if (r != 0)
			return r;
	}
	if (n == 0)
		return error_set(why, -ENODEV,
			WHAT ": %s/sys/devices/system/cpu does not tell which CPU is on which "
			     "package",
			l->m->root);
	return 0;
}

static int find_model(
	const struct energy_model **out, const struct cpu_model *cpu, struct error *why)
{
	*out = energy_model_find(cpu);
	if (*out == NULL)
		return error_set(why, -ENODEV,
			WHAT ": the registers of this CPU (%s family %d model %#x) are not known; "
			     "measure with powercap or perf",
			cpu->vendor[0] != '\0' ? cpu->vendor : "unknown vendor", cpu->family,
			(unsigned)cpu->model);
	if ((*out)->interface == INTERFACE_TPMI)
		return error_set(why, -ENODEV,
			WHAT ": this CPU (model %#x) counts energy in TPMI, not in registers that "
			     "can be trusted; measure with powercap or perf",
			(unsigned)cpu->model);
	return 0;
}

/* ---- the source ---- */

/* Zones are kept in the order of their domains, with their registers. */
static void sort_zones(struct msr_energy *p)
{
	for (size_t i = 1; i < p->n; i++)
		for (size_t k = i; k > 0; k--) {
			if (energy_zone_compare(&p->zones[k - 1], &p->zones[k]) <= 0)
				break;
			struct energy_zone z = p->zones[k];
			struct msr_zone o = p->own[k];
			p->zones[k] = p->zones[k - 1];
			p->own[k] = p->own[k - 1];
			p->zones[k - 1] = z;
			p->own[k - 1] = o;
		}
}

static void number_psys(struct msr_energy *p)
{
	struct energy_zone *zones[MAX_ZONES];

	for (size_t i = 0; i < p->n; i++)
		zones[i] = &p->zones[i];
	energy_zones_number_psys(zones, p->n);
}

/* Never NULL; *code tells whether all packages could be read. */
static struct msr_energy *open_all(const struct machine *m, int *code, struct error *why)
{
	struct msr_energy *p = xcalloc(1, sizeof *p);
	_cleanup_free_ struct powercap_found *powercap = NULL;
	struct cpu_model cpu;
	struct lead l = {.cpu = &cpu, .m = m};

	cpu_model_read(&cpu, m);
	*code = find_model(&l.model, &cpu, why);
	if (*code != 0)
		return p;
	l.powercap_n = powercap_scan(&powercap, m);
	l.powercap = powercap;
	*code = add_all(p, &l, why);
	number_psys(p);
	sort_zones(p);
	p->channels_n = energy_zones_channels(p->channels, p->zones, p->n);
	return p;
}

static void msr_close(void *state)
{
	struct msr_energy *p = state;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->own[i].fd >= 0)
			close(p->own[i].fd);
	free(p);
}

static int msr_probe(const struct machine *m, struct error *why)
{
	int code;

	msr_close(open_all(m, &code, why));
	return code;
}

static int msr_open(
	void **out, const struct machine *m, const struct topology *t, struct error *err)
{
	struct error why = {0};
	int code;

	(void)t;
	(void)err;
	*out = open_all(m, &code, &why);
	return 0;
}

static size_t msr_channels(void *state, const struct channel **out)
{
	struct msr_energy *p = state;

	*out = p->channels;
	return p->channels_n;
}

static const struct energy_zone *msr_zones(void *state, size_t *n)
{
	struct msr_energy *p = state;

	*n = p->n;
	return p->zones;
}

static int64_t msr_read_zone(void *state, size_t zone)
{
	const struct msr_energy *p = state;
	const struct msr_zone *o = &p->own[zone];
	uint64_t value;

	int r = read_register(o->fd, o->reg, &value);
	return r == 0 ? perf_scale_apply(&o->scale, value & 0xffffffff, 1000000) : r;
}

static void msr_read(void *state, int64_t *out)
{
	const struct msr_energy *p = state;

	energy_zones_read(p->zones, p->n, msr_read_zone, state, out);
}

static const struct energy_ops msr_energy_ops = {
	.zones = msr_zones,
	.read_zone = msr_read_zone,
};

const struct source_ops source_energy_msr = {
	.name = "msr",
	.summary = "energy counters (RAPL) read from the CPU's registers, on request",
	.flags = IS_ENERGY | IS_ON_REQUEST,
	.energy = &msr_energy_ops,
	.probe = msr_probe,
	.open = msr_open,
	.channels = msr_channels,
	.read = msr_read,
	.close = msr_close,
};
