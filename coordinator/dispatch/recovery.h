/*
 * recovery.h - a dispatcher that outlives failures of its store
 *
 * Where the store cannot be written to (disk full, read-only, I/O errors), the turn is rolled back,
 * none of it was acknowledged, and what the dispatcher believed is worth nothing: it is freed. The
 * coordinator stays, says what is wrong (trouble.h), and tries to open the store anew every few
 * seconds. When that works, it is as after a restart: a higher epoch, all read from the store, and
 * all peers say HELLO again, as their connections are closed.
 *
 * It has no sockets and no clock, like the dispatcher; the functions are those of dispatch.h.
 */
#ifndef COORDINATOR_DISPATCH_RECOVERY_H
#define COORDINATOR_DISPATCH_RECOVERY_H

#include "coordinator/dispatch/dispatch.h"

#define RECOVERY_RETRY_NS (5 * NS_PER_S)

struct recovery_config {
	struct dispatch_config dispatch;
	const char *db;   /* the store's file, for what is told; not copied */
	int64_t retry_ns; /* 0: RECOVERY_RETRY_NS */
	/* Close all connections, and listen as before. Returns 0, or negative: tried again later.
	 */
	int (*reconnect)(void *arg, struct error *err);
	/* What is wrong; NULL: nothing any more, there is a new dispatcher. May be NULL. */
	void (*on_change)(void *arg, const char *trouble);
	void *arg;
};

struct recovery;

struct recovery *recovery_new(const struct recovery_config *config);
void recovery_free(struct recovery *r); /* NULL is fine */
/* As dispatch_load(); only holds for the loads to come as well. */
int recovery_load(struct recovery *r, const char *only, struct error *err);
/* What loads to come take up; copied. */
void recovery_set_only(struct recovery *r, const char *only);
/* The settings of this dispatcher and of those to come; the old ones are not looked at any more. */
void recovery_set_settings(struct recovery *r, const struct settings *settings);
/* The dispatcher of now; NULL while the store cannot be written to. */
struct dispatch *recovery_dispatch(struct recovery *r);

void recovery_on_frame(struct recovery *r, int64_t now_ns, const struct route *from,
	const char *public_key, const void *data, size_t len);
/* Tries to go on, where it is time for that. Not to be called from within the link's handlers. */
void recovery_tick(struct recovery *r, int64_t now_ns);
void recovery_go_on(struct recovery *r, int64_t now_ns);
bool recovery_is_busy(const struct recovery *r);
/* Returns 0, also where it has come into trouble by it; or negative where the store says what no
 * repair of a disk would change: then the coordinator has to end. */
int recovery_flush(struct recovery *r, int64_t now_ns, struct error *err);

#endif
