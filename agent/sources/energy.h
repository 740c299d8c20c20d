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
#include "agent/measured.h"
#include "agent/topology.h"

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
	int64_t jitter_ns; /* how much later than the median that is; ABSENT where not measured */
	const char *doubt; /* the flag of why its numbers cannot be right ("dram_unit"), static; or
			      NULL */
};

struct energy_meter;

/* Why a source was used or not: one for each energy source, in the order in which they are tried.
 */
struct energy_choice {
	const char *source; /* "powercap" */
	const char *state;  /* "used", "refused", "not tried" */
	char why[512];      /* in one line; what to do about it where it was refused; "" */
};

/*
 * Find the zones and open those that can be read; measures the update period and jitter of each
 * (under half a second in all). wish is "powercap", "perf" or "msr", that source and no other;
 * NULL or "auto": the first that measures, those on request left out. Always sets *out (so that
 * the inventory can tell of absent and denied zones). Returns 0 where at least one package zone
 * counts; else negative with the reason in one line that says what to do: -ENODEV absent, -EACCES
 * denied, -EIO broken, -EINVAL no such source.
 */
int energy_open(struct energy_meter **out, const struct machine *m, const struct topology *t,
	const char *wish, struct error *why);
/* n choices, one for each energy source. */
const struct energy_choice *energy_choices(const struct energy_meter *e, size_t *n);
/* Why the machine's counters are taken for blurred on purpose, in one line; NULL where they are
 * not.
 */
const char *energy_filter(const struct energy_meter *e);
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

/*
 * Read all zones: just before the start clock is taken. Aligned: wait until the reference zone (the
 * first package) was brought up to date and every zone as quick as it has shown an update, spinning
 * for usually 1 or 2 ms, 20 at most. Where the reference zone is brought up to date so rarely that
 * this would not be cheap, nothing is waited for.
 */
void energy_begin(struct energy_meter *e, struct energy_window *w, bool is_aligned);
/*
 * Read all zones: just after the end clock was taken; then wait for the next update of each
 * (spinning for usually 1 ms, 20 at most), so that the end can be interpolated. Two packages are
 * updated at different instants.
 */
void energy_end(struct energy_meter *e, struct energy_window *w);
/* Read all zones in between; out, where not NULL, gets uJ since energy_open() for each ok zone, in
 * order. Returns how many. */
size_t energy_poll(struct energy_meter *e, struct energy_window *w, int64_t *out_uj);

/* Power of the idle machine, from a window in which nothing ran. */
struct energy_baseline {
	bool has_package;
	char why_not[160];  /* where it has none */
	int64_t package_uw; /* sum over the packages */
	int64_t bound_uw;
	int64_t deviation_uw;
};
/* The baseline of a window that was ended; has_package false where it has no sum over packages. */
void energy_baseline(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, struct energy_baseline *out);

/*
 * Flags: "short" (steps of the counters are over 1 % of a package's energy, half-width, or could
 * be; over 20 % there is no number, and the note says how many repetitions inside the program would
 * do), "filtered" (the machine blurs its counters on purpose, and the window is under 10 s),
 * "reset", "implausible", "wrap_ambiguous", "zone_lost", "suspended", "psys_implausible",
 * "dram_implausible": the zone yields no number; "dram_unit": an old kernel counts it in a wrong
 * unit, no number either; "energy_partial": a package's zone yields none, so there is no sum.
 *
 * Energy of the window [start_raw_ns, end_raw_ns] (CLOCK_MONOTONIC_RAW), which lies between what
 * energy_begin() and energy_end() read: energy.package (sum over distinct package and die zones),
 * energy.package-N ..., energy.dram, energy.core, energy.uncore, energy.psys as far as the zones
 * are there, each with the half-width of a hard bound and the standard deviation
 * (counter_instant.h; in sums bounds add linearly, deviations in quadrature); power.package and
 * edp.package; with idle (else NULL) energy.package.net, whose deviation alone is known, and
 * power.package.idle, too. A zone that broke within the window yields no number but a flag. Adds to
 * out.
 */
void energy_results(struct energy_meter *e, const struct energy_window *w, int64_t start_raw_ns,
	int64_t end_raw_ns, const struct energy_baseline *idle, struct measured *out);

#endif
