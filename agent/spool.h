/*
 * spool.h - results on disk until the coordinator has acknowledged them
 *
 * One record holds all frames of one attempt. Records are appended to segment files that were
 * filled with zeroes when they were made, so that making one durable is a pwrite and an fdatasync
 * that changes no metadata. When nothing waits any more the segment is used again from its start; a
 * full one is followed by a new one and removed when its last record is acknowledged.
 *
 * A segment is a sequence of records {magic "JRS1", length u32, generation u64, attempt,
 * BLAKE2b-128 of the header before it and of the payload} and payload, aligned to 8 bytes, in the
 * machine's byte order: a spool never leaves its machine. The generation is a random number,
 * changed when a segment is used again; the first record's is that of all that follow. Recovery
 * reads records until one has another generation or a wrong hash: what was torn by a crash was
 * never acknowledged to anybody.
 *
 * A payload is frames, each with its length (u32) before it: spool_frame_begin() and
 * spool_frame_end() make one, spool_next_frame() walks over them.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include "proto/message.h"

#ifndef SPOOL_SEGMENT
#define SPOOL_SEGMENT (4 * 1024 * 1024) /* bytes; larger where one record needs it */
#endif

struct spool;

/* Open DIR (made where missing, 0700) and recover what it holds. Returns 0 or negative; damage past
 * a crash is no error. */
int spool_open(struct spool **out, const char *dir, struct error *err);
void spool_close(struct spool *s);

/*
 * Add the frames of an attempt; durable when this returns 0. After an error it is not held, and the
 * file that it was written to is not written to again (what a failed fdatasync left on the disk, no
 * later one tells): the next attempt goes to a new one, so the caller may try again.
 */
int spool_add(struct spool *s, const struct attempt_id *id, const void *payload, size_t len,
	struct error *err);
/* Have room for so many bytes of payload, so that a run need not begin whose result could not be
 * kept. Returns 0 or negative. */
int spool_reserve(struct spool *s, size_t len, struct error *err);
/* Whether this attempt is held. */
bool spool_has(const struct spool *s, const struct attempt_id *id);
/* Acknowledged: forget it. Returns whether it was held. */
bool spool_drop(struct spool *s, const struct attempt_id *id);
size_t spool_count(const struct spool *s);
/* The i-th attempt that is held, in the order in which they came; NULL past the last. */
const struct attempt_id *spool_at(const struct spool *s, size_t i);
/* Append the payload of a held attempt to out. Returns 0, -ENOENT, or negative where it can no
 * longer be read. */
int spool_read(
	const struct spool *s, const struct attempt_id *id, struct buf *out, struct error *err);

/* Begin a frame at the end of payload; message_encode() or buf_add() its bytes, then end it.
 * Returns what end needs. */
size_t spool_frame_begin(struct buf *payload);
void spool_frame_end(struct buf *payload, size_t begun);
/* The frame at *at; advances *at. Returns false at the end (or where lengths make no sense). */
bool spool_next_frame(
	const void *payload, size_t len, size_t *at, const void **frame, size_t *frame_len);

static inline bool attempt_equal(const struct attempt_id *a, const struct attempt_id *b)
{
	return id16_equal(&a->campaign, &b->campaign) && a->run == b->run &&
	       a->attempt == b->attempt;
}

#endif
