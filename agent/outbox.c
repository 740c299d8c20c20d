#include "agent/outbox.h"

#include "proto/log.h"

#include <utlist.h>

#define PAYLOAD_KEPT (1024 * 1024) /* a larger buffer is given back once sent */

void outbox_init(
	struct outbox *o, struct spool *spool, int (*send)(void *, struct message *), void *arg)
{
	*o = (struct outbox){.spool = spool, .send = send, .arg = arg, .payload = BUF_INIT};
}

static void remove_item(struct outbox *o, struct outbox_item *item)
{
	DL_DELETE(o->items, item);
	free(item);
}

void outbox_stop(struct outbox *o)
{
	struct outbox_item *item, *next;
	DL_FOREACH_SAFE (o->items, item, next)
		remove_item(o, item);
	o->credit = 0;
}

void outbox_done(struct outbox *o)
{
	outbox_stop(o);
	if (o->payload.data != NULL)
		buf_done(&o->payload);
}

static void add_item(struct outbox *o, const struct attempt_id *id, size_t at)
{
	struct outbox_item *item = xcalloc(1, sizeof *item);
	item->id = *id;
	item->at = at;
	DL_APPEND(o->items, item);
}

void outbox_forget(struct outbox *o, const struct attempt_id *id)
{
	struct outbox_item *item, *next;
	DL_FOREACH_SAFE (o->items, item, next) {
		if (attempt_equal(&item->id, id))
			remove_item(o, item);
	}
}

void outbox_add(struct outbox *o, const struct attempt_id *id, struct buf *payload, size_t sent)
{
	if (o->items == NULL) { /* its turn is now: spare reading it back */
		struct buf old = o->payload;
		o->payload = *payload;
		*payload = old;
		o->loaded = *id;
		o->is_loaded = true;
	}
	add_item(o, id, sent);
}

void outbox_again(struct outbox *o, const struct attempt_id *id)
{
	outbox_forget(o, id);
	add_item(o, id, 0);
}

void outbox_restart(struct outbox *o, int64_t credit)
{
	const struct attempt_id *id;
	outbox_stop(o);
	o->credit = credit;
	for (size_t i = 0; (id = spool_at(o->spool, i)) != NULL; i++)
		add_item(o, id, 0);
}

/* One frame at *at. Returns 1 when it went, 0 at the end, -1 where it has to wait. */
static int send_next(struct outbox *o, const struct buf *frames, size_t *at)
{
	struct message m = {0};
	struct error err = {0};
	const void *frame;
	size_t len, next = *at;
	int result = 1;
	if (!spool_next_frame(frames->data, frames->len, &next, &frame, &len))
		return 0;
	if (message_decode(&m, frame, len, &err) < 0) {
		/* Written by another version of this program: the rest may still be of use. */
		log_warning("a frame in the spool cannot be read and is left out: %s", err.text);
	} else if ((m.type == MESSAGE_SAMPLES && o->credit <= 0) || o->send(o->arg, &m) < 0) {
		result = -1;
	} else if (m.type == MESSAGE_SAMPLES) {
		o->credit -= (int64_t)m.samples.data.len;
	}
	if (result > 0)
		*at = next;
	message_done(&m);
	return result;
}

static bool load(struct outbox *o, const struct attempt_id *id)
{
	struct error err = {0};
	if (o->is_loaded && attempt_equal(&o->loaded, id))
		return true;
	buf_reset(&o->payload);
	o->is_loaded = spool_read(o->spool, id, &o->payload, &err) == 0;
	o->loaded = *id;
	if (!o->is_loaded)
		log_error("%s", err.text);
	return o->is_loaded;
}

void outbox_pump(struct outbox *o)
{
	while (o->items != NULL) {
		struct outbox_item *item = o->items;
		int r = 1;
		if (load(o, &item->id)) {
			while (r > 0)
				r = send_next(o, &o->payload, &item->at);
			if (r < 0)
				return;
		}
		remove_item(o, item);
		if (o->payload.size > PAYLOAD_KEPT) {
			buf_done(&o->payload);
			o->is_loaded = false;
		}
	}
}

void outbox_send_live(struct outbox *o, const struct buf *frames, size_t *at)
{
	/* Older results come first: their samples wait for the same credit. */
	while (o->items == NULL && o->credit > 0 && send_next(o, frames, at) > 0)
		;
}
