/*
 * notice_send.h - hand one message to one of the ways that the settings have, from a thread that
 * may wait
 *
 * Nothing of a campaign decides where it goes or what is run: that is the administrator's.
 */
#ifndef COORDINATOR_DISPATCH_NOTICE_SEND_H
#define COORDINATOR_DISPATCH_NOTICE_SEND_H

#include "coordinator/dispatch/notice_message.h"
#include "coordinator/settings.h"

enum notice_result {
	NOTICE_DELIVERED,
	NOTICE_FAILED,  /* it may work later */
	NOTICE_REFUSED, /* it will not */
};

/* What this machine is called, in messages; out holds 256 bytes. Returns out. */
const char *notice_host(char out[256]);

/*
 * Deliver by a way; sendmail is the program that sends mail. Waits for some tens of seconds at
 * most; stop_fd (-1: none) readable ends it early. err says what was in the way, without the way's
 * name.
 */
enum notice_result notice_send(const struct settings_channel *channel, const char *sendmail,
	const struct notice_message *m, int stop_fd, struct error *err);

/* notice_post.c: POST the message's JSON to a URL. The answer decides: 2xx is delivered; 4xx is
 * refused, but 408 and 429. Redirections are not followed. */
enum notice_result notice_post(
	const char *url, const struct notice_message *m, int stop_fd, struct error *err);

#endif
