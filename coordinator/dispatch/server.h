/*
 * server.h - a running coordinator: loop, socket with keys, store with its lock, contents, and the
 * dispatcher between them
 *
 * Both `joulerig serve` and `joulerig run` are this, with other configurations.
 */
#ifndef COORDINATOR_DISPATCH_SERVER_H
#define COORDINATOR_DISPATCH_SERVER_H

#include "coordinator/dispatch/dispatch.h"
#include "proto/loop.h"

struct vitals;

struct server_config {
	const char *db;       /* the store's file */
	const char *endpoint; /* "tcp://127.0.0.1:*" */
	const char *keys;     /* folder of the coordinator's keys and of those that it trusts */
	bool is_embedded;
	const char *only; /* as for dispatch_load(); NULL: all campaigns go on */
	int64_t gather_ns;
	int64_t retry_ns;                /* of recovery.h; 0: its own */
	const struct settings *settings; /* what the administrator wants; NULL: nothing */
	/* The store cannot be written to, for this reason; NULL: it can again, and
	 * server_dispatch() is a new one. May be NULL: the log tells both. */
	void (*on_trouble)(void *arg, const char *trouble);
	/* How it fares, about once a second (vitals.h); NULL: nobody asks. They are the callee's to
	 * vitals_done(). */
	void (*on_vitals)(void *arg, struct vitals *vitals);
	loop_signal_fn *on_signal;    /* NULL: the first SIGINT or SIGTERM stops with status 0 */
	void (*on_hangup)(void *arg); /* SIGHUP, where on_signal is NULL; may be NULL */
	void *arg;
};

struct server;

/*
 * Open everything and listen. Returns 0 and *out, or negative with what is in the way:
 * ERR_UNAVAILABLE where another coordinator holds the store or the address, ERR_USAGE where the
 * file is no store of this release or cannot be written.
 */
int server_open(struct server **out, const struct server_config *config, struct error *err);
/* Run until server_stop(), or a failure of the store that waiting does not mend. Returns the
 * status, or negative with err. */
int server_run(struct server *s, struct error *err);
void server_stop(struct server *s, int status);
/* Send what waits, and where this coordinator is embedded say BYE; once. Returns how many hosts
 * were told: they end when they have read all that was sent before. NULL is fine. */
size_t server_say_bye(struct server *s);
/* Says BYE, closes. NULL is fine. */
void server_close(struct server *s);

struct loop *server_loop(struct server *s);
/* NULL while the store cannot be written to. */
struct dispatch *server_dispatch(struct server *s);
/* From now on `only` is this one, where the store is read anew. */
void server_set_only(struct server *s, const char *only);
/* The settings are others from now on; the old ones are not looked at any more. */
void server_set_settings(struct server *s, const struct settings *settings);
struct keyring *server_keyring(struct server *s);
struct content_store *server_content(struct server *s);
const char *server_endpoint(const struct server *s);
const char *server_public_key(const struct server *s);

/* The folder beside a store for what is no row: "PATH.d". The caller frees. */
char *server_data_dir(const char *db);
/* Its mode. Others may pass and not look: a run of another user (limits.user) has its directory
 * below; keys and contents are in folders that are closed. */
#define SERVER_DATA_MODE 0711

#endif
