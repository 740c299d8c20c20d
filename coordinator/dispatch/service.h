/*
 * service.h - a coordinator under a service manager: it says when it is ready, that its loop turns,
 * and in one line what it is at
 *
 * Without a manager (proto/notify.h) all of it does nothing.
 */
#ifndef COORDINATOR_DISPATCH_SERVICE_H
#define COORDINATOR_DISPATCH_SERVICE_H

#include "coordinator/dispatch/server.h"

/* Zero at first; valid as long as the server is. */
struct service {
	struct server *server;
	char *trouble; /* why the store cannot be written to; owned, NULL: it can */
};

/* Before server_open(), which may take long, and before anything is started. */
void service_open(void);
/* The store is open and it listens: from here on it is ready. */
void service_begin(struct service *s, struct server *server);
/* It reads its settings again; it has. */
void service_reloading(void);
void service_ready(void);
/* For server_config's on_trouble, with arg the struct service. */
void service_on_trouble(void *arg, const char *trouble);
/* It ends now. */
void service_end(struct service *s);

#endif
