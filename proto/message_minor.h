/*
 * message_minor.h - which requests of users an older coordinator would misunderstand
 *
 * A peer skips keys that it does not know. To most that does no harm; but a coordinator that does
 * not know `schedule` would run at once what is to be kept for the night. So client.c looks at
 * each request before it goes.
 */
#ifndef PROTO_MESSAGE_MINOR_H
#define PROTO_MESSAGE_MINOR_H

#include "proto/message.h"

/* The minor version of the protocol that a coordinator must have to be asked this; 0: any. *what
 * (static) names it for people then: "schedules". */
int64_t message_minor(const struct message *m, const char **what);

#endif
