/*
 * rapl_tree.h - trees of machines with RAPL, from a description in a few fields: proc/cpuinfo, CPU
 * topology, powercap as its drivers lay it out, perf's power unit, registers
 *
 * Units and ranges are computed as the kernel's drivers do (drivers/powercap/intel_rapl_common.c:
 * unit in nJ rounded down, range 0xffffffff x unit / 1000), apart from what the product computes.
 */
#ifndef TESTS_UNIT_RAPL_TREE_H
#define TESTS_UNIT_RAPL_TREE_H

#include "agent/sources/energy.h"
#include "tests/unit/tree.h"

#include <fcntl.h>

#define HAS(domain) (1u << (domain))

enum rapl_driver { RAPL_MSR, RAPL_MMIO, RAPL_TPMI };

struct rapl_machine {
	const char *vendor; /* NULL: GenuineIntel */
	int family, model, stepping;
	const char *flags;         /* of cpuinfo; NULL: "fpu" */
	int packages, dies, cores; /* dies a package, cores (CPUs) a die */
	unsigned domains;          /* HAS(domain) each */
	enum rapl_driver
		driver;     /* of powercap; all register the control type intel-rapl but mmio */
	int unit_nj;        /* of all domains but those below */
	int dram_nj;        /* 0: as the others */
	int64_t psys_nj;    /* 0: as the others */
	bool has_die_zones; /* package-0-die-1 */
	bool is_reversed;   /* the last package was registered first */
	bool has_dangling_links; /* as container runtimes leave them */
	bool lists_all_cpus;     /* perf's cpumask holds all CPUs, not one a die or package */
	int64_t max_power_uw;    /* constraint_0_max_power_uw; 0: no such file */
};

static inline int rapl_cpus(const struct rapl_machine *r)
{
	return r->packages * r->dies * r->cores;
}

static inline int64_t rapl_unit_nj(const struct rapl_machine *r, enum zone_domain d)
{
	if (d == DOMAIN_DRAM && r->dram_nj != 0)
		return r->dram_nj;
	return d == DOMAIN_PSYS && r->psys_nj != 0 ? r->psys_nj : r->unit_nj;
}

static inline int64_t rapl_range_uj(const struct rapl_machine *r, enum zone_domain d)
{
	return (int64_t)((__int128)0xffffffff * rapl_unit_nj(r, d) / 1000);
}

__attribute__((format(printf, 3, 4))) static inline void rapl_write(
	const struct tree *t, const char *text, const char *path, ...)
{
	char full[400];
	va_list ap;

	va_start(ap, path);
	vsnprintf(full, sizeof full, path, ap);
	va_end(ap);
	tree_write(t, full, text);
}

__attribute__((format(printf, 3, 4))) static inline void rapl_write_int(
	const struct tree *t, int64_t value, const char *path, ...)
{
	char full[400], text[32];
	va_list ap;

	va_start(ap, path);
	vsnprintf(full, sizeof full, path, ap);
	va_end(ap);
	snprintf(text, sizeof text, "%lld\n", (long long)value);
	tree_write(t, full, text);
}

/* ---- CPUs ---- */

static inline void rapl_write_cpus(const struct tree *t, const struct rapl_machine *r)
{
	char text[512];

	snprintf(text, sizeof text,
		"processor\t: 0\nvendor_id\t: %s\ncpu family\t: %d\nmodel\t\t: %d\nmodel name\t: A "
		"CPU\nstepping\t: %d\nmicrocode\t: 0x2a\nflags\t\t: %s\n\n",
		r->vendor != NULL ? r->vendor : "GenuineIntel", r->family, r->model, r->stepping,
		r->flags != NULL ? r->flags : "fpu");
	tree_write(t, "proc/cpuinfo", text);
	snprintf(text, sizeof text, rapl_cpus(r) > 1 ? "0-%d\n" : "%d\n", rapl_cpus(r) - 1);
	tree_write(t, "sys/devices/system/cpu/online", text);
	for (int c = 0; c < rapl_cpus(r); c++) {
		int die = c / r->cores;
		rapl_write_int(t, die / r->dies,
			"sys/devices/system/cpu/cpu%d/topology/physical_package_id", c);
		rapl_write_int(t, die % r->dies, "sys/devices/system/cpu/cpu%d/topology/die_id", c);
	}
}

/* ---- powercap ---- */

static const char rapl_virtual[] = "sys/devices/virtual/powercap";

/* id "intel-rapl:0:1" is a directory in intel-rapl:0 in the control type's, and a flat link in the
 * class. */
static inline void rapl_zone(const struct tree *t, const struct rapl_machine *r, const char *type,
	const char *parent, const char *id, const char *name, enum zone_domain d)
{
	char dir[300], link[400], target[400];

	snprintf(dir, sizeof dir, "%s/%s%s%s/%s", rapl_virtual, type, parent[0] != '\0' ? "/" : "",
		parent, id);
	snprintf(target, sizeof target, "../../%s", dir + strlen("sys/"));
	if (!r->has_dangling_links) {
		rapl_write(t, name, "%s/name", dir);
		rapl_write_int(t, 1000, "%s/energy_uj", dir);
		rapl_write_int(t, rapl_range_uj(r, d), "%s/max_energy_range_uj", dir);
		rapl_write(t, "long_term\n", "%s/constraint_0_name", dir);
		rapl_write_int(t, 4090000000, "%s/constraint_0_power_limit_uw", dir);
		if (r->max_power_uw != 0)
			rapl_write_int(t, r->max_power_uw, "%s/constraint_0_max_power_uw", dir);
	}
	tree_write(t, "sys/class/powercap/.keep", "");
	snprintf(link, sizeof link, "%s/sys/class/powercap/%s", t->path, id);
	if (symlink(target, link) != 0)
		abort();
}

static inline void rapl_package_zones(const struct tree *t, const struct rapl_machine *r,
	const char *type, int index, const char *name)
{
	static const struct {
		enum zone_domain domain;
		const char *name;
	} children[] = {
		{DOMAIN_CORE, "core\n"}, {DOMAIN_UNCORE, "uncore\n"}, {DOMAIN_DRAM, "dram\n"}};
	char id[64], child[80];
	int n = 0;

	snprintf(id, sizeof id, "%s:%x", type, (unsigned)index);
	rapl_zone(t, r, type, "", id, name, DOMAIN_PACKAGE);
	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		if (!(r->domains & HAS(children[i].domain)))
			continue;
		snprintf(child, sizeof child, "%s:%x", id, (unsigned)n++);
		rapl_zone(t, r, type, id, child, children[i].name, children[i].domain);
	}
}

/* Packages in the order of their registration, psys behind the first. */
static inline void rapl_write_powercap(const struct tree *t, const struct rapl_machine *r)
{
	const char *type = r->driver == RAPL_MMIO ? "intel-rapl-mmio" : "intel-rapl";
	char name[64], id[64];
	int index = 0, dies = r->has_die_zones ? r->dies : 1;

	for (int i = 0; i < r->packages * dies; i++) {
		int at = r->is_reversed ? r->packages * dies - 1 - i : i;
		if (r->has_die_zones)
			snprintf(name, sizeof name, "package-%d-die-%d\n", at / dies, at % dies);
		else
			snprintf(name, sizeof name, "package-%d\n", at);
		rapl_package_zones(t, r, type, index++, name);
		if (i == 0 && (r->domains & HAS(DOMAIN_PSYS))) {
			snprintf(id, sizeof id, "%s:%x", type, (unsigned)index++);
			rapl_zone(t, r, type, "", id, "psys\n", DOMAIN_PSYS);
		}
	}
}

/* ---- perf ---- */

#define RAPL_PMU "sys/bus/event_source/devices/power"

static inline void rapl_write_perf(const struct tree *t, const struct rapl_machine *r)
{
	static const struct {
		enum zone_domain domain;
		const char *name, *text;
	} events[] = {{DOMAIN_CORE, "cores", "event=0x01\n"},
		{DOMAIN_PACKAGE, "pkg", "event=0x02\n"}, {DOMAIN_DRAM, "ram", "event=0x03\n"},
		{DOMAIN_UNCORE, "gpu", "event=0x04\n"}, {DOMAIN_PSYS, "psys", "event=0x05\n"}};
	struct buf mask = BUF_INIT;
	int step = r->lists_all_cpus ? 1 : r->cores;

	if (r->vendor != NULL && !r->lists_all_cpus) /* AMD's is a package's */
		step = r->cores * r->dies;
	for (int c = 0; c < rapl_cpus(r); c += step)
		buf_addf(&mask, "%s%d", c > 0 ? "," : "", c);
	buf_adds(&mask, "\n");
	tree_write(t, RAPL_PMU "/type", "11\n");
	tree_write(t, RAPL_PMU "/cpumask", mask.data);
	buf_done(&mask);
	tree_write(t, RAPL_PMU "/format/event", "config:0-7\n");
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(r->domains & HAS(events[i].domain)))
			continue;
		rapl_write(t, events[i].text, RAPL_PMU "/events/energy-%s", events[i].name);
		rapl_write(t, "2.3283064365386962890625e-10\n", RAPL_PMU "/events/energy-%s.scale",
			events[i].name);
		rapl_write(t, "Joules\n", RAPL_PMU "/events/energy-%s.unit", events[i].name);
	}
}

/* ---- registers ---- */

/* The low bytes of a register of a CPU; a file with holes, whose offsets are the numbers. */
static inline void rapl_write_msr(
	const struct tree *t, int cpu, uint32_t reg, uint64_t value, size_t bytes)
{
	char path[256];

	snprintf(path, sizeof path, "dev/cpu/%d/.keep", cpu);
	tree_write(t, path, "");
	snprintf(path, sizeof path, "%s/dev/cpu/%d/msr", t->path, cpu);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, &value, bytes, reg) != (ssize_t)bytes)
		abort();
	close(fd);
}

/* A file of exactly these bytes, NULs and all. */
static inline void rapl_write_bytes(
	const struct tree *t, const char *file, const void *data, size_t n)
{
	char path[400];

	tree_write(t, file, "");
	snprintf(path, sizeof path, "%s/%s", t->path, file);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
}

#endif
