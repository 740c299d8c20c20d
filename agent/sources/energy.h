/*
 * energy.h - the energy meter of a machine: its zones, their states, and the energy of a window
 * with its bound
 *
 * The meter tries the energy sources of its table in order (powercap first) and uses one of them;
 * two interfaces are never mixed in one result. Zones are known by the content of their `name`,
 * never by index. What happens at the edges of a window is in energy_begin() and energy_end();
 * wraps in between are found as long as energy_poll() (or the sampler, which calls it) reads often
 * enough.
 *
 * Threads: every function locks the meter; the sampler's thread and the agent's loop may both call.
 * Source of the rules: docs/energy.md.
 */
#ifndef AGENT_SOURCES_ENERGY_H
#define AGENT_SOURCES_ENERGY_H

#include "agent/machine.h"
#include "agent/topology.h"
#include "proto/message.h"

enum zone_state { ZONE_OK, ZONE_ABSENT, ZONE_DENIED, ZONE_MASKED, ZONE_STATIC, ZONE_BROKEN };
const char *zone_state_name(enum zone_state s);

enum zone_domain {
	DOMAIN_PACKAGE,
	DOMAIN_CORE,
	DOMAIN_UNCORE,
	DOMAIN_DRAM,
	DOMAIN_PSYS,
	DOMAIN_OTHER
};
const char *zone_domain_name(enum zone_domain d);

struct energy_zone {
	char name[48];   /* content of `name`: "package-0", "dram" */
	char metric[64]; /* "energy.package-0", "energy.package-0-die-1", "energy.dram-0" */
	enum zone_domain domain;
	int package; /* -1 unknown */
	int die;     /* -1: the package has one */
	enum zone_state state;
	char why[160];     /* where the state is not ok */
	char path[128];    /* of the counter, for people */
	int64_t range_uj;  /* max_energy_range_uj; 0 unknown */
	int64_t cap_uw;    /* highest plausible power */
	int64_t update_ns; /* measured largest gap between updates; ABSENT where not measured */
};

struct energy_meter;

/*
 * Find the zones and open those that can be read; measures the update period of each (under half a
 * second in all). Always sets *out (so that the inventory can tell of absent and denied zones).
 * Returns 0 where at least one package zone counts; else negative with the reason in one line that
 * says what to do: -ENODEV absent, -EACCES denied, -EIO broken.
 */
int energy_open(struct energy_meter **out, const struct machine *m, const struct topology *t,
	struct error *why);
void energy_close(struct energy_meter *e);
const char *energy_source_name(
	const struct energy_meter *e); /* "powercap", NULL where there is none */
const char *energy_why_not(
	const struct energy_meter *e); /* the reason of energy_open(), "" where it measures */
const struct energy_zone *energy_zones(const struct energy_meter *e, size_t *n);

/* How often the counters must be read at least so that no wrap is missed: energy_poll() this often,
 * in ns; at most 1 s. */
int64_t energy_poll_period_ns(const struct energy_meter *e);

/* A window in which energy is measured. Contents private; zeroed by energy_begin(). */
struct energy_window;
struct energy_window *energy_window_new(const struct energy_meter *e);
void energy_window_free(struct energy_window *w);

/* Read all zones: just before the start clock is taken. */
void energy_begin(struct energy_meter *e, struct energy_window *w);
/* Read all zones: just after the end clock was taken. */
void energy_end(struct energy_meter *e, struct energy_window *w);
/* Read all zones in between; out, where not NULL, gets uJ since energy_open() for each ok zone, in
 * order. Returns how many. */
size_t energy_poll(struct energy_meter *e, struct energy_window *w, int64_t *out_uj);

/* Room for the metrics and flags of one window. */
struct energy_result {
	struct message_metric metrics[64]; /* names are static or belong to the meter */
	size_t n;
	const char *flags[16];
	size_t flags_n;
};

/*
 * Flags: "short" (steps of the counter alone are over 1 % of a package's energy, half-width; over
 * 20 % there is no number), "counter_reset", "implausible", "wrap_ambiguous", "zone_lost",
 * "suspended", "psys_implausible": the zone yields no number; "energy_partial": a package's zone
 * yields none, so there is no sum either.
 *
 * Energy of the window [start_raw_ns, end_raw_ns] (CLOCK_MONOTONIC_RAW): energy.package (sum over
 * distinct package and die zones), energy.package-N ..., energy.dram, energy.core, energy.uncore,
 * energy.psys as far as the zones are there, each with the half-width of a bound (largest gap
 * between updates plus the read brackets, times power, plus one counter unit; sums add linearly),
 * and power.package. A zone that broke within the window yields no number but a flag.
 */
void energy_results(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, struct energy_result *out);

#endif
