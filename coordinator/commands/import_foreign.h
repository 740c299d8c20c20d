/*
 * import_foreign.h - what the readers of other tools' files share
 */
#ifndef COORDINATOR_COMMANDS_IMPORT_FOREIGN_H
#define COORDINATOR_COMMANDS_IMPORT_FOREIGN_H

#include "coordinator/commands/import_run.h"
#include <jansson.h>

/* A whole JSON file ("-": standard input) as an object; NULL with err (ERR_USAGE, with its place).
 * json_decref() it. */
json_t *foreign_load(const char *file, struct error *err);
/* Append a metric in its unit. run->metrics has room for it; number stays the caller's. */
void foreign_metric(struct import_run *run, const char *name, const char *unit, const char *number);
/* The shortest decimal of a double; out holds 32 bytes. */
const char *foreign_decimal(double value, char out[32]);

#endif
