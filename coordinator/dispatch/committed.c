#include "coordinator/dispatch/committed.h"

#include <utlist.h>

#define MINOR_WITH_LISTS 3 /* of the protocol */

/* All that waits for this host, in one message. */
static void say(struct dispatch *d, struct host *h)
{
	struct message m;

	if (h->committed_n == 0)
		return;
	message_init(&m, MESSAGE_COMMITTED);
	m.committed.id = h->committed[0];
	m.committed.more =
		(struct list){.items = h->committed + 1, .n = (size_t)h->committed_n - 1};
	dispatch_queue(d, &h->route, &m);
	h->committed_n = 0;
}

void committed_add(struct dispatch *d, struct host *h, const struct attempt_id *id)
{
	if (!h->is_committing) {
		h->is_committing = true;
		DL_APPEND2(d->committing, h, committing_prev, committing_next);
	}
	h->committed[h->committed_n++] = *id;
	/* One that comes back with a full spool has more than go with an ASSIGN. */
	if (h->committed_n == ARRAY_SIZE(h->committed) || h->minor < MINOR_WITH_LISTS)
		say(d, h);
}

struct list committed_take(struct host *h)
{
	struct list all = {.items = h->committed, .n = h->committed_n};

	h->committed_n = 0;
	return all;
}

static struct host *next_of(struct dispatch *d)
{
	struct host *h = d->committing;

	if (h != NULL) {
		DL_DELETE2(d->committing, h, committing_prev, committing_next);
		h->is_committing = false;
	}
	return h;
}

void committed_flush(struct dispatch *d)
{
	struct host *h;

	while ((h = next_of(d)) != NULL)
		say(d, h);
}

void committed_forget(struct dispatch *d)
{
	struct host *h;

	while ((h = next_of(d)) != NULL)
		h->committed_n = 0;
}
