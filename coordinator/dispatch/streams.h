/*
 * streams.h - what a run has sent of its output, until its result comes and metrics are taken of it
 *
 * The store has all of it; this is what is held in memory meanwhile, and so it has bounds, whatever
 * an agent sends: STREAMS_MAX_BYTES over all streams of a run and STREAMS_MAX_FILES collected
 * files. A stream that is not whole says so (is_cut).
 */
#ifndef COORDINATOR_DISPATCH_STREAMS_H
#define COORDINATOR_DISPATCH_STREAMS_H

#include "coordinator/campaign/campaign.h"

#define STREAMS_MAX_BYTES (16 * 1024 * 1024)
#define STREAMS_MAX_FILES 256
/* Of the name of a stream, "file:" and what follows; longer ones are refused. */
#define STREAMS_MAX_NAME 4608

struct streams {
	struct kept_stream {
		char *name; /* "stdout", "stderr", "file:NAME" */
		struct buf text;
		bool is_cut;
	} * items; /* owned */
	size_t n, files_n;
	size_t bytes;    /* over all */
	int64_t attempt; /* whose they are */
};

/* Whether a stream may be called so. */
bool streams_is_name(const char *name);
/* What is there belongs to this attempt from now on: what was another's is dropped. */
void streams_begin(struct streams *s, int64_t attempt);
/* A piece of a stream. One that is there already changes nothing. */
void streams_add(struct streams *s, const char *name, int64_t offset, const struct blob *data);
/* The text of a stream; an empty one where there is none. */
const struct buf *streams_text(const struct streams *s, const char *name);
/* The name of a stream as people read it: the run's own directory is a mark in the path of a file
 * that metrics are taken from. The caller frees. */
char *streams_shown_name(const char *name);
/* As extract_metrics() takes it: out->files is the caller's to free, the texts are those of s. */
void streams_fill(const struct streams *s, struct run_output *out);
void streams_done(struct streams *s); /* s may be used again */

#endif
