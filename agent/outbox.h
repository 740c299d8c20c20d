/*
 * outbox.h - which results wait to be sent, and how far the first of them has been sent
 *
 * Everything in it is in the spool; it only remembers the order and the place. A new connection
 * sends all of the spool again. SAMPLES wait for credit, and hold back what comes after them; a
 * result is never left out.
 */
#ifndef AGENT_OUTBOX_H
#define AGENT_OUTBOX_H

#include "agent/spool.h"

struct outbox_item {
	struct attempt_id id;
	size_t at; /* bytes of its payload that have been sent */
	struct outbox_item *prev, *next;
};

struct outbox {
	struct spool *spool;
	/* Send a decoded frame with a header for this connection. Returns 0, or negative: later. */
	int (*send)(void *arg, struct message *m);
	void *arg;
	int64_t credit; /* bytes of SAMPLES that may be sent */
	struct outbox_item *items;
	struct attempt_id loaded; /* whose payload is in memory */
	bool is_loaded;
	struct buf payload;
};

void outbox_init(
	struct outbox *o, struct spool *spool, int (*send)(void *, struct message *), void *arg);
void outbox_done(struct outbox *o);
/* A result that was just spooled: payload is swapped with the outbox's buffer; its first `sent`
 * bytes went out live. */
void outbox_add(struct outbox *o, const struct attempt_id *id, struct buf *payload, size_t sent);
/* Send one again from its start. */
void outbox_again(struct outbox *o, const struct attempt_id *id);
/* A new connection: send all that the spool holds, from the start. */
void outbox_restart(struct outbox *o, int64_t credit);
/* The connection is gone: nothing can be sent until outbox_restart(). */
void outbox_stop(struct outbox *o);
/* It has been acknowledged. */
void outbox_forget(struct outbox *o, const struct attempt_id *id);
/* Send what can be sent now. */
void outbox_pump(struct outbox *o);

/* Send the SAMPLES among frames from *at on, as far as credit goes; advances *at. For a run that
 * still goes on. */
void outbox_send_live(struct outbox *o, const struct buf *frames, size_t *at);

#endif
