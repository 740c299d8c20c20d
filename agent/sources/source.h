/*
 * source.h - a source of measurements: one file, one ops table, one line in sources.c
 *
 * A source offers channels: measured quantities over time, each a name, a unit and a kind. The
 * sampler knows only channels: it reads all of them once just before a run's go, at a steady rate
 * while it lasts, and once after its end. From what it saw of its channels a source then makes the
 * metrics and flags of the run (results). Energy sources (IS_ENERGY) are not sampled as they are:
 * energy.c chooses one of them and offers its corrected counters.
 *
 * Most sources watch the machine. One that watches the run alone (its process tree, its cgroup)
 * has attach(), which is told of the run before its go, and detach().
 *
 * How to add a source: write agent/sources/NAME.c with a `const struct source_ops source_NAME`,
 * declare it here, add it to the array in sources.c. The conformance test in
 * tests/unit/test_sources.c picks it up from there.
 */
#ifndef AGENT_SOURCES_SOURCE_H
#define AGENT_SOURCES_SOURCE_H

#include "agent/machine.h"
#include "agent/measured.h"
#include "agent/topology.h"

#include <sys/types.h>

enum channel_kind { CHANNEL_COUNTER, CHANNEL_GAUGE };

struct channel {
	char name[64];    /* "cpu.busy" */
	const char *unit; /* inner unit, units.h: "ns" */
	enum channel_kind kind;
};

/* What was seen of one channel in a run, the readings before and after included. All ABSENT where
 * it could not be read once. */
struct channel_range {
	int64_t first; /* before the go; ABSENT where that reading failed */
	int64_t last;  /* after the end; likewise */
	int64_t min, max;
};

/* The run that is about to start. Everything stays the caller's and lives until detach(). */
struct source_scope {
	pid_t pid;            /* the process that waits for its go, root of the run's tree */
	const char *cgroup;   /* directory of the run's own cgroup, absolute; NULL: it has none */
	const int *cpus;      /* its CPUs, in thread order */
	size_t cpus_n;        /* more than once the same: oversubscribed */
	bool is_pinned;       /* the k-th thread belongs on the k-th CPU (threads: each) */
	struct list counters; /* const char *: the campaign's `measure.counters` */
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

enum source_flags {
	IS_ENERGY = 1,
	IS_ON_REQUEST = 2, /* an energy source that is used only where it is asked for by name */
	/* Read before and after a run alone, not at each sample: its channels have ranges, and are
	 * in no chunk. For what costs too much, or says nothing in between. */
	IS_EDGES_ONLY = 4,
	/* Opens even where probe fails, so that attach() tells a run what it asked for in vain. */
	IS_ASKED_FOR = 8,
};

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
	/*
	 * Optional. A run is about to start: open what is the run's own. What cannot be had of what
	 * the campaign asked for is noted and flagged in out, never an error.
	 */
	void (*attach)(void *state, const struct source_scope *scope, struct measured *out);
	/* The channels; fixed after open, or between attach and detach where the source has these.
	 */
	size_t (*channels)(void *state, const struct channel **out);
	/* Fill out[channels]: raw counters (energy) or values; ABSENT where one could not be read
	 * now. Never blocks. */
	void (*read)(void *state, int64_t *out);
	/*
	 * Optional. The metrics and flags of a run of time_ns from the ranges of its channels, in
	 * their order. Standard metrics (units.h) have their names; others are dotted names that
	 * begin with one that says whose they are.
	 */
	void (*results)(void *state, const struct channel_range *ranges, int64_t time_ns,
		struct measured *out);
	/* Optional; the run is over, after results(). */
	void (*detach)(void *state);
	void (*close)(void *state);
};

/* last - first of a counter; ABSENT where either is, or where it went down. */
static inline int64_t channel_delta(const struct channel_range *r)
{
	return r->first == ABSENT || r->last == ABSENT || r->last < r->first ? ABSENT
									     : r->last - r->first;
}

extern const struct source_ops source_energy_powercap, source_energy_perf, source_energy_msr;
extern const struct source_ops source_cpu_time;
extern const struct source_ops source_frequency, source_thermal, source_uncore;
extern const struct source_ops source_throttle, source_smi, source_cstates, source_pressure;
extern const struct source_ops source_run_io, source_network, source_perf_counters;
extern const struct source_ops source_threads;
extern const struct source_ops *const sources[]; /* ended by NULL */

#endif
