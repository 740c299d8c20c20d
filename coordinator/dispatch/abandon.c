/* The store has failed: what a dispatcher still says before it is freed. */
#include "coordinator/dispatch/core.h"

#include "coordinator/dispatch/submission.h"
#include <utlist.h>

/* Who submitted is told to do it again; who watches, why nothing happens. This very program is told
 * by recovery.h. */
static void tell_users(struct dispatch *d, const char *why)
{
	struct submission *s;
	struct watcher *w;
	struct message m;

	DL_FOREACH (d->submissions, s) {
		if (s->from.len > 0)
			dispatch_queue_error(d, &s->from, "unavailable",
				"the campaign was not taken; submit it again later: %s", why);
	}
	message_init(&m, MESSAGE_EVENT);
	m.event.kind = "note";
	m.event.text = why;
	DL_FOREACH (d->watchers, w) {
		if (w->fn == NULL)
			dispatch_queue(d, &w->to, &m);
	}
}

void dispatch_abandon(struct dispatch *d, int64_t now_ns, const char *why, struct buf *report)
{
	d->outbox_n = 0;
	d->out.len = 0;
	tell_users(d, why);
	for (size_t i = 0; i < d->outbox_n; i++)
		(void)d->config.send(d->config.arg, &d->outbox[i].to,
			d->out.data + d->outbox[i].offset, d->outbox[i].len);
	d->outbox_n = 0;
	users_report(d, NULL, NULL, now_ns, report);
}
