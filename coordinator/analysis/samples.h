/*
 * samples.h - a chunk of samples back into rows
 *
 * The format of a chunk is the agent's (PROTOCOL.md, SAMPLES): msgpack [1, n, [[name, unit, kind]
 * ...], t0, [dt ...],
 * [[v0, d1, d2 ...] ...]], columns delta-coded, nil where a value could not be read. It came from a
 * peer, so all of it is checked before it is used.
 */
#ifndef COORDINATOR_ANALYSIS_SAMPLES_H
#define COORDINATOR_ANALYSIS_SAMPLES_H

#include "proto/base.h"
#include "proto/error.h"

struct sample_channel {
	char *name; /* "energy.package-0" */
	char *unit; /* inner unit, "uJ" */
	bool is_counter;
};

struct samples {
	size_t n; /* instants */
	size_t channels_n;
	struct sample_channel *channels; /* owned */
	int64_t *times;                  /* CLOCK_MONOTONIC_RAW of the host, ns; n of them */
	int64_t *values; /* [instant * channels_n + channel], inner units, ABSENT where it could not
			    be read */
};

/* Decode a chunk. Returns 0 and fills out (samples_done()), or ERR_PROTOCOL with what is wrong in
 * it. */
int samples_decode(struct samples *out, const void *data, size_t len, struct error *err);
void samples_done(struct samples *s);

#endif
