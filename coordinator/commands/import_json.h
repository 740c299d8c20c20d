/*
 * import_json.h - JSON of somebody else, read piece by piece: each number as it stands there, each
 * mistake with line and column
 *
 * A JSON library would turn 1.50 into 1.5 and forget where it stood. Texts come from the reader's
 * arena. All functions return 0 (or what is said), or ERR_USAGE with err as "FILE:LINE:COLUMN:
 * ...".
 */
#ifndef COORDINATOR_COMMANDS_IMPORT_JSON_H
#define COORDINATOR_COMMANDS_IMPORT_JSON_H

#include "coordinator/campaign/arena.h"
#include "proto/error.h"
#include <stdint.h>

struct reading {
	const char *file;
	int64_t line;
	const char *start, *at, *end; /* of the line; a NUL stands at end */
	struct arena *arena;
	struct error *err;
};

/* An error at a place of the line. Returns ERR_USAGE. */
int reading_fail(struct reading *in, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Step into an object ('{') or an array ('['). */
int reading_enter(struct reading *in, char bracket, const char *what);
/* The next member: 1 with its name and the reader at its value; 0 past the last. *is_first is true
 * before the first call. */
int reading_member(struct reading *in, bool *is_first, const char **name);
/* The same for the items of an array. */
int reading_item(struct reading *in, bool *is_first);
/* Check a value and step over it; *at is where it begins. */
int reading_skip(struct reading *in, const char **at);
/* The same, and keep it as it stands there. */
int reading_raw(struct reading *in, const char **out);
/* A string without its quotes and escapes. */
int reading_text(struct reading *in, const char **out);
/* A number as it stands there. */
int reading_number(struct reading *in, const char **token);
/* Step over null, where it stands here. */
bool reading_null(struct reading *in);
/* Nothing but space is left. */
int reading_finish(struct reading *in);

#endif
