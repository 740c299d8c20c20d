/*
 * admission_lines.h - what people are told of hosts that get no runs, below a table: since when,
 * why, what that means for campaigns, and what to do about it
 */
#ifndef COORDINATOR_COMMANDS_ADMISSION_LINES_H
#define COORDINATOR_COMMANDS_ADMISSION_LINES_H

#include "proto/message.h"

/* Print a line for each such host, and one for each campaign that waits for hosts or goes on
 * without some, after an empty line; with a name all that is known of that host's clock and trouble
 * too. Nothing where there is nothing to tell. */
void admission_lines(const struct message_report *report, const char *name);

/* Add a line for each host of the report that a campaign waits for: since when it is away, and what
 * to do about it. text names them as EVENT and REPORT do: "waits for lab03 (silent), lab05
 * (drained)". */
void admission_hints(const struct message_report *report, const char *text, struct buf *out);

#endif
