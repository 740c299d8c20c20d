/*
 * overhead.h - what the agent's sampling costs on this machine: how much longer a program takes
 * beside it, and how much CPU time it uses itself
 *
 * A compute kernel (overhead_kernel.h) runs on the CPUs that a run would get, again and again: with
 * the sampler at work as it is in a run (the same thread on the same CPU, every source of this
 * machine, the energy meter where there is one), and without. Pieces come in blocks of four, with
 * sampling in the middle or outside (A B B A or B A A B, drawn by lot), so that a drift of the
 * machine is not taken for a cost; neighbours make a pair.
 *
 * The ratio is exp(mean of the logarithms of the paired ratios), its interval Student's t on these
 * logarithms: 95 %, two-sided.
 */
#ifndef AGENT_OVERHEAD_H
#define AGENT_OVERHEAD_H

#include "agent/machine.h"
#include "agent/sources/energy.h"
#include "agent/topology.h"
#include "proto/error.h"

#include <jansson.h>

#define OVERHEAD_RATES    8  /* at most in one request */
#define OVERHEAD_PAIRS    20 /* at least for each rate */
#define OVERHEAD_MAX_RATE 10000

struct overhead_request {
	int64_t time_ns;               /* in all, about */
	int64_t rates[OVERHEAD_RATES]; /* samples a second, 1 to OVERHEAD_MAX_RATE */
	size_t rates_n;                /* at least 1 */
	uint64_t seed;                 /* of the order */
};

struct overhead_rate {
	int64_t rate;  /* samples a second */
	int64_t pairs; /* at least OVERHEAD_PAIRS */
	double ratio;  /* time with sampling / time without */
	double low, high;
	double cpu;       /* CPU time of the sampling thread, as a share of one CPU */
	double sample_us; /* the same for each sample, in us */
};

struct overhead {
	int64_t measured_at; /* ns since 1970 */
	char *cpus;          /* the kernel's, as a list; owned */
	bool is_shared;      /* the sampler had no CPU of its own */
	struct overhead_rate rates[OVERHEAD_RATES];
	size_t rates_n;
};

/* "10,100,1000" into r->rates. Returns 0, or -EINVAL. */
int overhead_parse_rates(const char *text, struct overhead_request *r, struct error *err);
/* The time that OVERHEAD_PAIRS pairs of each rate take, in ns: of a piece there are a few samples
 * at least. */
int64_t overhead_shortest_ns(const struct overhead_request *r);

/*
 * Measure; binds the threads of this process to the housekeeping CPU and leaves them there. meter
 * may be NULL. Returns 0 and *out, or negative: -EINVAL where time_ns is too short (the text says
 * how long it takes), -ENOTSUP where the CPUs below the root are not this machine's.
 */
int overhead_measure(struct overhead *out, const struct machine *m, const struct topology *t,
	struct energy_meter *meter, const struct overhead_request *r, struct error *err);
void overhead_done(struct overhead *o);

/* Ratio, interval and pairs of r from n > 10 logarithms of paired ratios. */
void overhead_interval(struct overhead_rate *r, const double *logs, size_t n);
/* The 97.5 % quantile of Student's t with so many degrees of freedom, at least 10. */
double overhead_student(size_t freedom);

/*
 * As kept with the host: {"10": {"ratio", "low", "high", "cpu", "sample_us", "pairs"}, ...,
 * "measured_at", "agent", "kernel", "fingerprint", "cpus", "shared_cpu", "seed"}. kernel may be
 * NULL. The caller releases.
 */
json_t *overhead_json(const struct overhead *o, const struct overhead_request *r,
	const char *kernel, const char *fingerprint);
/* Write it to STATE/overhead.json, at once or not at all; state is made where it is missing.
 * Returns 0 or negative. */
int overhead_save(const char *state, const json_t *j, struct error *err);
/*
 * What is in STATE/overhead.json, or NULL where nothing was measured, where it is no such file, or
 * where it was measured on another machine or kernel (its fingerprint is another one). The caller
 * releases.
 */
json_t *overhead_load(const char *state, const char *fingerprint);
/* The same as `overhead` in an inventory (inventory.h), null where there is none. Takes the
 * inventory and returns the new one; the caller frees. */
char *overhead_add(char *inventory, const char *state);

#endif
