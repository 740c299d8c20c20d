/*
 * trouble.h - what a coordinator answers while its store cannot be written to
 *
 * Agents are told that it lives (PONG) and nothing else: they keep what they have, and nothing is
 * acknowledged. Users' programs are told what is wrong, by `status` with what was last known of
 * campaigns and hosts, by an ERROR otherwise.
 */
#ifndef COORDINATOR_DISPATCH_TROUBLE_H
#define COORDINATOR_DISPATCH_TROUBLE_H

#include "proto/base.h"
#include "proto/keys.h"
#include "proto/link.h"

struct trouble;

/* Of the store with this id and epoch; report: a frame of dispatch_abandon(), taken over. */
struct trouble *trouble_new(const struct id16 *store, int64_t epoch, struct buf *report);
void trouble_free(struct trouble *t); /* NULL is fine */
/* What is wrong, for people; copied. */
void trouble_say(struct trouble *t, const char *text);

/* The answer to a frame of a peer with a trusted key, appended to out; nothing where there is none.
 */
void trouble_answer(struct trouble *t, const struct trusted_key *who, const void *data, size_t len,
	struct buf *out);

#endif
