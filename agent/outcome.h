/*
 * outcome.h - what came out of a run, gathered piece by piece, and its OUTPUT and RESULT frames
 */
#ifndef AGENT_OUTCOME_H
#define AGENT_OUTCOME_H

#include "agent/launch.h"
#include "agent/measured.h"
#include "agent/output.h"
#include "proto/message.h"

/* A stream up to this long travels in RESULT itself. */
#define OUTCOME_INLINE (64 * 1024)

struct outcome {
	const char *state; /* "done", ...; NULL: not decided yet */
	struct buf reason;
	const char *role;          /* of one of several; not owned, NULL */
	int64_t started_at;        /* CLOCK_REALTIME, ns; ABSENT */
	int64_t exit_code, signal; /* ABSENT */
	struct measured measured;
	char *cpus; /* owned; as read back, in thread order; NULL */
	int64_t chunks, thinned;
	struct output out, err;
};

/* Ready for a new run. An outcome that is all zeroes is one that was never used. */
void outcome_reset(struct outcome *o, int64_t output_limit);
void outcome_done(struct outcome *o);

/* Decide the state, unless it is decided already; the first reason holds. */
void outcome_decide(struct outcome *o, const char *state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* CPU time by time, in millionths; ABSENT without time. */
int64_t outcome_effective_cores(int64_t cpu_ns, int64_t time_ns);
/* Exit code or signal. */
void outcome_add_status(struct outcome *o, const struct launch_exit *e);
/* Time and usage of an ended command that started at start_raw_ns. */
void outcome_add_exit(struct outcome *o, const struct launch_exit *e, int64_t start_raw_ns);
/* The state that its wait status means. */
void outcome_decide_exit(struct outcome *o, const struct launch_exit *e);

/* "exit status 2", "signal 11 (Segmentation fault)"; empty for success. */
void outcome_describe_status(struct buf *out, int status);

/* Append one OUTPUT frame to payload (spool.h): len bytes, at most MESSAGE_CHUNK, at an offset. */
void outcome_encode_piece(const char *stream, const struct attempt_id *id, int64_t offset,
	const void *data, size_t len, struct buf *payload);
/* Append OUTPUT (of streams too long for RESULT) and RESULT frames to payload (spool.h); found
 * (NULL: nothing) is told with it. */
void outcome_encode(const struct outcome *o, const struct attempt_id *id,
	const struct message_requirement *found, struct buf *payload);

#endif
