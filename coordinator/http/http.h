/*
 * http.h - what monitoring asks over HTTP: /healthz, /metrics, and a page that says so
 *
 * A thread of its own (libmicrohttpd's) answers from the vitals that were published last; it never
 * touches the dispatcher or the store's tables, and publishing never waits for a reader. There is
 * no authentication: who can reach the address can read. Slow and many clients are bounded.
 */
#ifndef COORDINATOR_HTTP_HTTP_H
#define COORDINATOR_HTTP_HTTP_H

#include "coordinator/dispatch/vitals.h"

struct http;

/*
 * Listen on "127.0.0.1:7711", "[::1]:7711", or "7711" and "localhost:7711" for loopback; port 0:
 * any free one. Other addresses must be written as numbers, so that nobody opens it to a network by
 * a name. db: the store's file, of which sizes are told; copied. Returns 0 and *out, or negative:
 * ERR_USAGE where the address is none, ERR_UNAVAILABLE where it is taken.
 */
int http_open(struct http **out, const char *address, const char *db, struct error *err);
/* Whether http_open() would take such an address; nothing is opened. Returns 0 or ERR_USAGE. */
int http_check_address(const char *address, struct error *err);
/* Nothing is answered after that. NULL is fine. */
void http_close(struct http *h);
/* From now on this is told; v is taken over. Fine from any thread. */
void http_publish(struct http *h, struct vitals *v);

/* "127.0.0.1:39113": where it listens. */
const char *http_address(const struct http *h);
/* Whether only this machine can reach it. */
bool http_is_loopback(const struct http *h);

#endif
