/*
 * sampler.h - the sampling thread: reads all channels at a steady rate while a run lasts, and packs
 * them into chunks
 *
 * A chunk is msgpack: [1, n, [[name, unit, kind] ...], t0, [dt ...], [[v0, d1, d2 ...] ...]]: n
 * samples; t0 and dt are CLOCK_MONOTONIC_RAW in ns, dt the differences between successive samples
 * (n - 1 of them); each column its first value and the differences that follow, nil where a value
 * could not be read (the next difference is then to the last value that was). kind is "counter" or
 * "gauge". A chunk closes after SAMPLER_CHUNK samples or about a second, whichever is later, so
 * that they stream while the run goes on.
 *
 * Ranges: what the sources make a run's metrics of are the readings of sampler_first(), of all
 * samples and of sampler_last(); between first and last nothing is allocated, but the chunks.
 * Sources that are IS_EDGES_ONLY are read at these two alone, and are in no chunk. Energy has no
 * ranges: its meter keeps its own account.
 *
 * Threads: the sampler has one thread, kept between runs and bound to the CPU that it is told; all
 * functions are called by the agent's loop. Buffers are allocated before the run starts.
 */
#ifndef AGENT_SAMPLER_H
#define AGENT_SAMPLER_H

#include "agent/machine.h"
#include "agent/measured.h"
#include "agent/sources/energy.h"
#include "agent/sources/source.h"
#include "agent/topology.h"

struct sampler;

/* Opens every source that is no energy source and probes well; meter may be NULL. */
int sampler_open(struct sampler **out, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, struct error *err);
void sampler_close(struct sampler *s);

/* A descriptor that polls readable when chunks wait for sampler_take(). */
int sampler_fd(const struct sampler *s);

/*
 * A run is about to start: tell the sources that watch the run itself, allocate and lock what its
 * sampling needs. Notes of the sources go to out. every_ns 0: no samples, but the readings before
 * and after. Each attach is followed by one detach.
 */
void sampler_attach(struct sampler *s, const struct source_scope *scope, int64_t every_ns,
	struct measured *out);
/* Read all channels once: the first values of their ranges. Just before the energy meter and the
 * go. */
void sampler_first(struct sampler *s);
/* Read all channels once more, after sampler_stop() (or without a start), and add the metrics and
 * flags of all sources, for a run of time_ns. */
void sampler_last(struct sampler *s, int64_t time_ns, struct measured *out);
/* The run is over, measured or not. */
void sampler_detach(struct sampler *s);

/*
 * Begin sampling every every_ns; first sample one period after the start. window (NULL with energy
 * off) is polled for wraps. cpu is the housekeeping CPU to run on, -1 for any.
 */
void sampler_start(struct sampler *s, int64_t every_ns, struct energy_window *window, int cpu);
/* End sampling; the last, unfinished chunk becomes available. Blocks for at most one reading. */
void sampler_stop(struct sampler *s);
/* The next finished chunk into out (appended). Returns false where none waits. */
bool sampler_take(struct sampler *s, struct buf *out);

/* CPU time that the sampling thread has used in its life, in ns; from any thread. ABSENT where the
 * kernel does not tell. */
int64_t sampler_cpu_ns(const struct sampler *s);

#endif
