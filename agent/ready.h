/*
 * ready.h - when a program that others wait for is ready: a line of what it prints matches a
 * pattern, or something listens on a port
 *
 * A port is looked for among the sockets of this network namespace (/proc/net/tcp and tcp6), not by
 * connecting to it: a server that serves one client would have served it.
 */
#ifndef AGENT_READY_H
#define AGENT_READY_H

#include "proto/base.h"
#include "proto/error.h"

#define READY_STREAMS  2
#define READY_AGAIN_NS (20 * NS_PER_MS) /* how often a port is looked for */
#define READY_LINE_MAX (64 * 1024)      /* of a longer line the rest is not looked at */

/* Lines of the streams of a program, and what is looked for in them. */
struct ready_lines;
/* Returns NULL with err where the pattern is none. Freed by ready_lines_free(); NULL is fine. */
struct ready_lines *ready_lines_new(const char *pattern, struct error *err);
void ready_lines_free(struct ready_lines *l);
/*
 * More of a stream (0 or 1) has come. A line counts as soon as it matches, though it has not ended
 * yet: prompts do not. Returns 1 where one matches, 0 where none does, or negative with err: it
 * cannot be told.
 */
int ready_lines_add(
	struct ready_lines *l, int stream, const char *data, size_t len, struct error *err);

/* Whether something listens on a TCP port, on whatever address. Returns 1, 0, or negative with err
 * where the kernel does not tell. */
int ready_port_listens(int64_t port, struct error *err);

#endif
