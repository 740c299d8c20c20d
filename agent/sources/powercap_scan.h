/*
 * powercap_scan.h - finding the RAPL zones below sys/class/powercap, and which meter each of them
 * is
 *
 * Zones are known by the content of `name`: their index is the order in which CPUs came online, in
 * hexadecimal, and psys takes one of its own. Two ways to one meter are found, and one is left.
 */
#ifndef AGENT_SOURCES_POWERCAP_SCAN_H
#define AGENT_SOURCES_POWERCAP_SCAN_H

#include "agent/sources/energy.h"

#define POWERCAP_CLASS     "sys/class/powercap"
#define POWERCAP_MAX_ZONES 128

struct powercap_found {
	struct energy_zone
		zone;     /* all but state, update_ns and jitter_ns; why where it is in doubt */
	char id[32];      /* "intel-rapl:0:1" */
	char path[160];   /* of the directory, relative to the root */
	bool is_dangling; /* a link to nothing */
	int name_error;   /* -errno of its name file, or 0 */
};

/*
 * All zones that count, sorted by domain, package and die; not yet opened. *out is the caller's to
 * free. Zones beyond POWERCAP_MAX_ZONES are not looked at.
 */
size_t powercap_scan(struct powercap_found **out, const struct machine *m);

/* Whether this is the name of a zone's directory: intel-rapl:0, intel-rapl-mmio:a:0. */
bool powercap_is_zone_id(const char *name);

/* The zone of the same meter as z among n found ones, or NULL: other sources take range and cap
 * from it. */
const struct energy_zone *powercap_twin(
	const struct powercap_found *found, size_t n, const struct energy_zone *z);

#endif
