/*
 * notify.h - what a program tells the service manager that started it: that it is ready, alive, at
 * what, about to end
 *
 * The protocol is sd_notify(3)'s: datagrams of KEY=VALUE lines to the socket that NOTIFY_SOCKET
 * names. It is stable and small, so that no library is linked for it. Without that variable (a
 * shell, a test, another manager) all of this does nothing.
 *
 * As of the log there is one for the program. Threads: the main one alone; calls of others do
 * nothing.
 */
#ifndef PROTO_NOTIFY_H
#define PROTO_NOTIFY_H

#include "proto/error.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that nothing that
 * this program starts can speak in its name. Returns 0, also where there is no manager, or negative
 * where the socket cannot be used: then nothing is told.
 */
int notify_open(struct error *err);
/* Whether there is somebody to tell. */
bool notify_is_on(void);

/* It works from here on. Returns 0, or negative: a manager that waits for it will end the program.
 */
int notify_ready(struct error *err);
/* It reads its settings again; notify_ready() says when that is over. */
void notify_reloading(void);
/* It ends now, and may take patience_ns for that, however short the manager's own is; 0: as that
 * is. */
void notify_stopping(int64_t patience_ns);
/* One line for people. It is sent where it is not what was sent last. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often notify_alive() is to be called, ns: half of what the manager waits; 0: it does not. */
int64_t notify_interval(void);
/* The event loop turns: nothing else may say so. Sent at most once in an interval. */
void notify_alive(int64_t now_ns); /* CLOCK_MONOTONIC */
/*
 * The loop does not turn, and that is right: something long goes on step by step. Call it in each
 * step. Before notify_ready() it asks for more time to start, later it is notify_alive().
 */
void notify_at_work(void);

#endif
