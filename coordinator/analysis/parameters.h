/*
 * parameters.h - the parameters of a configuration out of their JSON object, with every value as it
 * was written
 *
 * A JSON library would turn 1.50 into 1.5; what a campaign says is shown as it stands there.
 */
#ifndef COORDINATOR_ANALYSIS_PARAMETERS_H
#define COORDINATOR_ANALYSIS_PARAMETERS_H

#include "proto/base.h"

struct parameter {
	char *name; /* owned */
	char *text; /* owned; the value for people: a string without its quotes, all else as written
		     */
};

struct parameters {
	struct parameter *items; /* owned, in the object's order */
	size_t n;
};

/* Take an object apart. Returns whether json was one; out is empty where it was not. */
bool parameters_parse(struct parameters *out, const char *json);
void parameters_done(struct parameters *p);

/* The value of a name, or NULL. */
const char *parameters_get(const struct parameters *p, const char *name);

/* "threads=2 size=1000" appended to out; a name in skip (n of them) is left out. */
void parameters_format(
	const struct parameters *p, const char *const *skip, size_t n, struct buf *out);

#endif
