/*
 * trouble_line.h - that the coordinator cannot store anything now, told before what it last knew
 */
#ifndef COORDINATOR_COMMANDS_TROUBLE_LINE_H
#define COORDINATOR_COMMANDS_TROUBLE_LINE_H

#include "proto/message.h"
#include <stdbool.h>

/* Print the report's trouble, where there is one: people read it above the table, for programs it
 * goes to stderr, as what they read is one table. */
void trouble_line(const struct message_report *report, bool is_for_people);

#endif
