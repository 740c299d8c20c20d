/*
 * results_private.h - what results.c (opening, pages of rows) and results_report.c (live state,
 * labels) share
 */
#ifndef COORDINATOR_RESULTS_PRIVATE_H
#define COORDINATOR_RESULTS_PRIVATE_H

#include "coordinator/client.h"
#include "coordinator/results.h"
#include "coordinator/store/store.h"

struct results {
	const struct store_ops *ops;
	struct store *store;          /* the file, or NULL: */
	struct client *client;        /* the coordinator */
	char *name;                   /* of either, for messages */
	char *server_key, *keys;      /* owned; of the client */
	struct results_where reached; /* how the client was reached; texts are those above */
};

/* Ask the coordinator; the answer must be of the type wanted, and is the caller's: message_done().
 * Returns 0 or negative. */
int results_ask(struct results *r, struct message *question, enum message_type wanted,
	struct message *answer, struct error *err);

#endif
