/*
 * client.h - a user's connection to a coordinator: HELLO, one request, its answers, in order
 */
#ifndef COORDINATOR_CLIENT_H
#define COORDINATOR_CLIENT_H

#include "proto/keys.h"
#include "proto/message.h"

struct client;

/*
 * Connect and be welcomed; waits at most timeout_ns. endpoint as given by the user; server_key
 * NULL: taken from the coordinator's own keys in keys_dir. keys_dir NULL: the user's own. Returns 0
 * and *out, or negative: ERR_UNAVAILABLE (nobody there in time, or it is not the coordinator of
 * that key), ERR_REFUSED (our key is not trusted; the text has the line that the administrator
 * would type).
 */
int client_open(struct client **out, const char *endpoint, const char *server_key,
	const char *keys_dir, int64_t timeout_ns, struct error *err);
void client_close(struct client *c);
/* After code, where that is -EACCES of what belongs to a coordinator (its store, its keys): what to
 * do is added to err, which becomes ERR_UNAVAILABLE. Returns the code. */
int client_say_whose(int code, struct error *err);
/* The same where the file itself is needed, and no coordinator would help. */
int client_say_owner(int code, struct error *err);

/* Send a request. Returns 0 or negative: ERR_UNAVAILABLE where the coordinator is of an older
 * release, which would take it for something else (message_minor.h); nothing was sent then. */
int client_send(struct client *c, struct message *m, struct error *err);
/*
 * The next message, waiting at most timeout_ns (ABSENT: for ever). An ERROR message is returned as
 * an error (refused: ERR_REFUSED; campaign: ERR_CAMPAIGN ...). Release with message_done().
 * -ETIMEDOUT, -ECONNRESET where the connection went (the caller may ask again after client_open()),
 * -EINTR where SIGINT or SIGTERM came.
 */
int client_receive(struct client *c, int64_t timeout_ns, struct message *out, struct error *err);

#endif
