/*
 * epoch.h - the store that an agent last worked for, and the highest epoch seen of it; kept in
 * STATE/coordinator
 *
 * A store's epoch grows whenever a coordinator starts on it. What comes with a lower one comes from
 * a coordinator that has been replaced, and is refused.
 */
#ifndef AGENT_EPOCH_H
#define AGENT_EPOCH_H

#include "proto/message.h"

struct epoch {
	char *path;        /* owned */
	struct id16 store; /* zeroes where there was none yet */
	int64_t highest;
};

/* Read STATE/coordinator. Returns 0, also where there is none; negative where it cannot be read. */
int epoch_open(struct epoch *e, const char *state, struct error *err);
void epoch_done(struct epoch *e);

enum epoch_verdict { EPOCH_SAME, EPOCH_NEWER, EPOCH_OTHER_STORE, EPOCH_STALE };
/* A coordinator introduces itself; a new store or epoch is made durable. Returns the verdict, or
 * negative. */
int epoch_meet(struct epoch *e, const struct id16 *store, int64_t number, struct error *err);

#endif
