/*
 * source.h - a source of measurements: one file, one ops table, one line in sources.c
 *
 * A source offers channels: measured quantities over time, each a name, a unit and a kind. The
 * sampler knows only channels. Energy sources (IS_ENERGY) are not sampled as they are: energy.c
 * chooses one of them and offers its corrected counters.
 *
 * How to add a source: write agent/sources/NAME.c with a `const struct source_ops source_NAME`,
 * declare it here, add it to the array in sources.c. The conformance test in
 * tests/unit/test_sources.c picks it up from there.
 */
#ifndef AGENT_SOURCES_SOURCE_H
#define AGENT_SOURCES_SOURCE_H

#include "agent/machine.h"
#include "agent/topology.h"

enum channel_kind { CHANNEL_COUNTER, CHANNEL_GAUGE };

struct channel {
	char name[64];    /* "cpu.busy" */
	const char *unit; /* inner unit, units.h: "ns" */
	enum channel_kind kind;
};

struct energy_zone;

/* What an energy source offers beside channels; each channel is a zone in state ok, in the zones'
 * order. */
struct energy_ops {
	/* All zones that were found, in whatever state, sorted by domain, package, die. Fixed after
	 * open. */
	const struct energy_zone *(*zones)(void *state, size_t *n);
	/* The counter of a zone in state ok now, in uJ, wraps and all; or -errno. */
	int64_t (*read_zone)(void *state, size_t zone);
};

enum source_flags { IS_ENERGY = 1 };

struct source_ops {
	const char *name;    /* "cpu_time" */
	const char *summary; /* one line for doctor and docs */
	unsigned flags;
	const struct energy_ops *energy; /* of an energy source, else NULL */
	/* 0 where usable on this machine; else negative and the reason with the remedy. */
	int (*probe)(const struct machine *m, struct error *why);
	/* *out is the source's own state. An energy source opens even where probe fails, to tell of
	 * the zones that it found. */
	int (*open)(
		void **out, const struct machine *m, const struct topology *t, struct error *err);
	/* The channels, fixed after open. */
	size_t (*channels)(void *state, const struct channel **out);
	/* Fill out[channels]: raw counters (energy) or values; ABSENT where one could not be read
	 * now. Never blocks. */
	void (*read)(void *state, int64_t *out);
	void (*close)(void *state);
};

extern const struct source_ops source_energy_powercap, source_cpu_time;
extern const struct source_ops *const sources[]; /* ended by NULL */

#endif
