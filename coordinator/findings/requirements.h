/*
 * requirements.h - what `requires` said on the hosts of a campaign: which of a thing each had, as
 * the campaign's own command tells it
 *
 * What such a command prints is its own matter, with one convention: where its last line is a JSON
 * object, its keys are properties of what was found.
 */
#ifndef COORDINATOR_FINDINGS_REQUIREMENTS_H
#define COORDINATOR_FINDINGS_REQUIREMENTS_H

#include "coordinator/results.h"
#include <jansson.h>

struct requirement { /* one answer of a command on a host; texts owned */
	char *host;
	char *json;     /* the command: a JSON array of its argv */
	char *command;  /* as one would type it: "./find-python gil any" */
	int64_t answer; /* from 1: more than 1 where it said something else before */
	bool is_met;
	char *reason;              /* "" where it is met */
	int64_t first_at, last_at; /* CLOCK_REALTIME ns: when it was given */
	char *output;  /* what it printed, U+FFFD for NUL; a line says where bytes are left out */
	int64_t total; /* bytes that it printed */
	char *line;    /* the last line of output that is not blank; "" where there is none */
	json_t *found; /* owned: the object that line is; NULL: it is none */
};

struct requirements {
	struct requirement *items; /* by host, command (both as they were first told), answer */
	size_t n;
};

/* Read those of a campaign ("NAME.N"). Returns 0 or negative; requirements_done() in both cases. */
int requirements_read(
	struct results *r, const char *label, struct requirements *out, struct error *err);
void requirements_done(struct requirements *q);

/* The earlier answer of the same command on the same host: NULL for the first one. */
const struct requirement *requirement_before(const struct requirements *q, size_t i);
/* The names of the properties in which two answers differ, as "version, path"; appends nothing
 * where either has none. */
void requirement_changes(
	const struct requirement *now, const struct requirement *before, struct buf *out);
/* A property as text: a string as it is, else as JSON. The caller frees. */
char *requirement_value(const json_t *value);

#endif
