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
	bool is_unsaved; /* what is here is not in the file */
};

/* Read STATE/coordinator. Returns 0, also where there is none; negative where it cannot be read. */
int epoch_open(struct epoch *e, const char *state, struct error *err);
void epoch_done(struct epoch *e);

enum epoch_verdict { EPOCH_SAME, EPOCH_NEWER, EPOCH_OTHER_STORE, EPOCH_STALE };
/* A coordinator introduces itself; a new store or epoch is made durable. Where that fails err says
 * why, and is_unsaved is set; the verdict holds nevertheless. */
enum epoch_verdict epoch_meet(
	struct epoch *e, const struct id16 *store, int64_t number, struct error *err);
/* Make it durable, where it is not. Returns 0 or negative. */
int epoch_save(struct epoch *e, struct error *err);

#endif
