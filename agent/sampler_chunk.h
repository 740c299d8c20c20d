/*
 * sampler_chunk.h - samples packed as they go over the wire and are kept; the form is in sampler.h
 */
#ifndef AGENT_SAMPLER_CHUNK_H
#define AGENT_SAMPLER_CHUNK_H

#include "agent/sources/source.h"

struct sample_rows {
	const struct channel *channels; /* [channels_n] */
	size_t channels_n;
	const int64_t *times;  /* [n], ns, ascending */
	const int64_t *values; /* [n][channels_n]; ABSENT: could not be read */
	size_t n;              /* at least 1 */
};

/* Append the chunk of these rows to out. */
void sampler_chunk_pack(const struct sample_rows *rows, struct buf *out);

#endif
