/*
 * loop.h - one event loop of a thread: ZeroMQ sockets, file descriptors, timers, and a hook before
 * it sleeps
 *
 * Each turn: the before-sleep hook (commit, then send what waited for the commit), sleep until
 * something is ready or the earliest timer is due, then ready sockets and descriptors, then due
 * timers. Handlers must not block. A socket's handler is called as long as it has input; it should
 * take a bounded number of messages a call.
 *
 * Threads: a loop belongs to one thread.
 */
#ifndef PROTO_LOOP_H
#define PROTO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

struct loop *loop_new(void);
void loop_free(struct loop *l); /* NULL is fine; timers and handlers are released, descriptors and
				   sockets are not closed */

typedef void loop_fd_fn(void *arg, int fd, short revents); /* revents as poll(2)'s */
typedef void loop_socket_fn(void *arg, void *zmq_socket);
typedef void loop_timer_fn(void *arg, int64_t now_ns); /* CLOCK_MONOTONIC */
typedef void loop_hook_fn(void *arg);

/* Watch a descriptor (events as poll(2)'s) or a socket for input. One watch a descriptor; a second
 * call replaces it. */
void loop_watch_fd(struct loop *l, int fd, short events, loop_fd_fn *fn, void *arg);
void loop_unwatch_fd(struct loop *l, int fd);
void loop_watch_socket(struct loop *l, void *zmq_socket, loop_socket_fn *fn, void *arg);
void loop_unwatch_socket(struct loop *l, void *zmq_socket);

/* A timer at an instant (CLOCK_MONOTONIC, ns), then every period_ns where that is > 0. One-shot
 * timers are freed after firing. */
struct loop_timer *loop_add_timer(
	struct loop *l, int64_t at_ns, int64_t period_ns, loop_timer_fn *fn, void *arg);
/* NULL is fine. A one-shot timer must not be cancelled after it has fired: set your pointer to NULL
 * in its handler. */
void loop_cancel_timer(struct loop *l, struct loop_timer *t);

/* Called at the end of every turn, before sleeping. */
void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *arg);

/* SIGINT, SIGTERM and SIGHUP as events; signo to fn. Blocks them in the thread (call before any
 * thread or socket is made). */
typedef void loop_signal_fn(void *arg, int signo);
void loop_catch_signals(struct loop *l, loop_signal_fn *fn, void *arg);

/* Run until loop_stop(); returns the status that was given there. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int status);
bool loop_is_stopping(const struct loop *l);

#endif
