/*
 * serve_notify.h - trying the ways of notices, for `joulerig serve --notify-test`
 */
#ifndef COORDINATOR_COMMANDS_SERVE_NOTIFY_H
#define COORDINATOR_COMMANDS_SERVE_NOTIFY_H

#include "coordinator/settings.h"

/* Send a test notice by each way of the settings, whatever kinds it is for, and print what came of
 * it, a line each. path is the settings' file. Returns the exit status: 0 where all have it, 1
 * where one has not; ERR_USAGE and err where there is no way. */
int serve_notify_test(const struct settings *s, const char *path, struct error *err);

#endif
