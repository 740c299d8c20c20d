/*
 * cpu_sites.h - which package and die each CPU is on, by the kernel's own numbers; lists of CPUs
 * as sysfs writes them
 *
 * Energy counters belong to packages and dies; a source must know them before the topology is
 * loaded, and by the numbers that the kernel's drivers use.
 */
#ifndef AGENT_SOURCES_CPU_SITES_H
#define AGENT_SOURCES_CPU_SITES_H

#include "agent/machine.h"

struct cpu_site {
	int cpu;
	int package; /* physical_package_id */
	int die;     /* die_id; 0 where the kernel tells none */
};

/* All online CPUs that have a package, ascending; *out is the caller's to free. Returns how many;
 * 0 where the machine tells nothing. */
size_t cpu_sites_read(struct cpu_site **out, const struct machine *m);

/* A CPU's site among n of them; NULL where it is not there. */
const struct cpu_site *cpu_sites_find(const struct cpu_site *sites, size_t n, int cpu);

/* Whether a package has more than one die. */
bool cpu_sites_has_dies(const struct cpu_site *sites, size_t n, int package);

/* The CPUs of "0,18-20", ascending; *out is the caller's to free. Returns 0, or -EINVAL with *out
 * NULL and *n 0. */
int cpu_sites_parse(const char *text, int **out, size_t *n);

#endif
