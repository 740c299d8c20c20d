/*
 * notice_message.h - notices as one message: a JSON object, a text, a mail
 *
 * docs/settings.md has the JSON for those who receive it. Each notice has an id that is the same
 * however often it comes, so that a receiver can drop what it has; the id of the message is made of
 * those of its notices.
 */
#ifndef COORDINATOR_DISPATCH_NOTICE_MESSAGE_H
#define COORDINATOR_DISPATCH_NOTICE_MESSAGE_H

#include "coordinator/store/store.h"

#define NOTICE_MESSAGE_VERSION 1

/* All texts owned. */
struct notice_message {
	char *id;      /* "1f2e3d4c5b6a7988-12-14-3": store, first and last notice, how many */
	char *subject; /* "joulerig: nightly: 2 regressed, 1 host" */
	char *text;    /* of all notices, one after the other, ended by a newline */
	char *kinds;   /* "regressed,host": each once */
	char *json;
};

/* Of n notices, n > 0, of one sweep. host is what this machine is called. */
void notice_message_make(struct notice_message *out, const struct id16 *store, const char *host,
	const struct store_notice *notices, size_t n);
void notice_message_done(struct notice_message *m);

/* Append the mail, header and body, with lines ended by "\n". from may be NULL: joulerig@HOST. No
 * text of a notice can make a line of the header. at is CLOCK_REALTIME, ns. */
void notice_message_mail(const struct notice_message *m, const char *to, const char *from,
	const char *host, int64_t at, struct buf *out);

#endif
