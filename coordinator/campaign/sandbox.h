/*
 * sandbox.h - Lua for expressions alone: what is not given to it is not there
 *
 * No library but math without its random numbers, one_of, contains, starts_with; text is compiled,
 * bytecode never; an evaluation ends after 100,000 instructions, or when it needs more than 1 MiB.
 * expression.c lets no loop, function, table or method through: these bounds hold all the same.
 * Nothing here throws: all of Lua runs protected. Not for several threads at once.
 */
#ifndef COORDINATOR_CAMPAIGN_SANDBOX_H
#define COORDINATOR_CAMPAIGN_SANDBOX_H

#include "proto/base.h"
#include "proto/error.h"
#include <jansson.h>

#define SANDBOX_INSTRUCTIONS 100000
#define SANDBOX_BYTES        (1024 * 1024)

struct sandbox;

/* A value that goes in or comes out. */
struct sandbox_value {
	enum {
		SANDBOX_NIL,
		SANDBOX_BOOL,
		SANDBOX_INTEGER,
		SANDBOX_FLOAT,
		SANDBOX_TEXT,
		SANDBOX_NUMERAL, /* in only: the text of a JSON number */
	} type;
	bool truth;
	int64_t integer;
	double number;
	const char *text; /* ends with a NUL that len does not count */
	size_t len;
};

/* Never NULL. */
struct sandbox *sandbox_open(void);
void sandbox_close(struct sandbox *s);

/* `host` is this one from here on. */
int sandbox_set_host(
	struct sandbox *s, const char *name, const json_t *inventory, struct error *err);
/* `metric` asks lookup from here on; NULL: knows nothing. */
void sandbox_set_metrics(
	struct sandbox *s, bool (*lookup)(void *arg, const char *name, double *value), void *arg);

/*
 * Run code, a chunk that returns one value, with n arguments. key: an address that stands for this
 * code, which is compiled once. Returns 0 and *out, whose text lives until the next call, or
 * -EINVAL with err in words of the campaign's.
 */
int sandbox_run(struct sandbox *s, const void *key, const char *code,
	const struct sandbox_value *args, size_t n, struct sandbox_value *out, struct error *err);

/* Whether code compiles. Returns 0 or -EINVAL with err. */
int sandbox_check(const char *code, struct error *err);

#endif
