/*
 * energy_perf_scan.h - which events of perf's `power` unit count which zone, and on which CPU
 *
 * The unit counts on the CPUs of its cpumask. Older kernels list one for each counter, newer ones
 * all of a package: one is left of each package and die, the lowest. A CPU's package and die are
 * read from its topology, never taken from its place in the list. Only events that sysfs shows
 * exist; their numbers are never tried.
 * Source: Linux arch/x86/events/rapl.c, drivers/powercap/intel_rapl_common.c.
 */
#ifndef AGENT_SOURCES_ENERGY_PERF_SCAN_H
#define AGENT_SOURCES_ENERGY_PERF_SCAN_H

#include "agent/sources/energy.h"
#include "agent/sources/perf_event.h"

#define POWER_PMU             "power"
#define ENERGY_PERF_MAX_ZONES 128

struct energy_perf_found {
	struct energy_zone
		zone; /* range (0 unknown) and cap from powercap's twin, where it has one */
	struct perf_event event;
	int cpu; /* to open it on */
};

/*
 * All zones of the unit, sorted by domain, package and die, not opened; a zone whose event makes no
 * sense is broken. *out is the caller's to free. Returns 0 and *n > 0, or -ENODEV or -EIO with the
 * reason.
 */
int energy_perf_scan(
	struct energy_perf_found **out, size_t *n, const struct machine *m, struct error *why);

#endif
