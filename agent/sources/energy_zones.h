/*
 * energy_zones.h - names and order of zones, the same whichever source counts them
 */
#ifndef AGENT_SOURCES_ENERGY_ZONES_H
#define AGENT_SOURCES_ENERGY_ZONES_H

#include "agent/sources/energy.h"
#include "agent/sources/source.h"

/* A zone of a domain with the name that powercap gives it, and its metric; die -1 where the package
 * has one. What is not told here is unknown. A platform belongs to no package, but its name tells
 * the package it was found on. */
void energy_zone_make(struct energy_zone *z, enum zone_domain domain, int package, int die);

/* Set the metric from name, domain, package and die: "energy.dram-0-die-1"; packages and psys carry
 * their numbers in their names. */
void energy_zone_set_metric(struct energy_zone *z);

/* Several platform zones have numbers, but the first may do without: `energy.psys` is their sum. */
void energy_zones_number_psys(struct energy_zone *const *zones, size_t n);

/* Whether both are one meter: the same domain of the same package and die; platforms, by the same
 * name. */
bool energy_zone_is_same(const struct energy_zone *a, const struct energy_zone *b);

/* Order by domain, package and die, for qsort's comparisons. */
int energy_zone_compare(const struct energy_zone *a, const struct energy_zone *b);

/* Set state and reason. */
void energy_zone_refuse(struct energy_zone *z, enum zone_state state, const char *why, ...)
	__attribute__((format(printf, 3, 4)));

/* The channels of the zones in state ok, in their order. Returns how many; out has room for n. */
size_t energy_zones_channels(struct channel *out, const struct energy_zone *zones, size_t n);

/* Read each of these once by read_zone of struct energy_ops; ABSENT where it fails. */
void energy_zones_read(const struct energy_zone *zones, size_t n,
	int64_t (*read_zone)(void *state, size_t zone), void *state, int64_t *out);

#endif
