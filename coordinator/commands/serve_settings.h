/*
 * serve_settings.h - the settings of `joulerig serve`: told where they are wrong, read again while
 * it runs
 */
#ifndef COORDINATOR_COMMANDS_SERVE_SETTINGS_H
#define COORDINATOR_COMMANDS_SERVE_SETTINGS_H

#include "coordinator/settings.h"

/* Read path (NULL: none) and print what is wrong with it to stderr, a line each. Returns 0, or
 * ERR_USAGE; err where the file itself cannot be read. settings_done() in every case. */
int serve_settings_read(struct settings *out, const char *path, struct error *err);

/* The settings of a coordinator that runs. */
struct serve_settings {
	const char *path; /* NULL: there is no file */
	struct settings now;
};

/*
 * Read them again. Returns whether s->now are others, with what they were in *before, which the
 * caller gives back with settings_done() once nobody looks at them; where the file is broken the
 * log says so, and all stays as it was. The log says too what cannot change while it runs.
 */
bool serve_settings_again(struct serve_settings *s, struct settings *before);

#endif
