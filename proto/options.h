/*
 * options.h - command lines from one table: parsing, --help, and what was meant by a typo
 *
 * Long options with `--name value` or `--name=value`; flags without value; `--` ends options. What
 * is not an option is an argument. -h is --help and -o is --output, as everywhere. --help and
 * --version are handled by the caller through `help` and `version` of struct options.
 */
#ifndef PROTO_OPTIONS_H
#define PROTO_OPTIONS_H

#include "proto/base.h"
#include "proto/error.h"

enum option_kind {
	OPTION_FLAG,     /* bool */
	OPTION_TEXT,     /* const char *, points into argv */
	OPTION_TEXTS,    /* struct texts; may be given several times */
	OPTION_DURATION, /* int64_t, ns */
	OPTION_COUNT,    /* int64_t >= 0 */
};

struct texts {
	const char **items; /* owned array of pointers into argv */
	size_t n;
};

struct option_info {
	const char *name; /* "db", without dashes; NULL ends the table */
	enum option_kind kind;
	size_t offset;              /* of the target in the struct that is filled */
	const char *value;          /* what --help calls the value, "PATH" */
	const char *help;           /* one line */
	const char *const *choices; /* for OPTION_TEXT: allowed values ended by NULL, or NULL */
};

struct options_result {
	const char **arguments; /* owned array; what is not an option, in order */
	size_t n;
	bool help;
	bool version;
};

/*
 * Parse argv[1..] by up to two tables (either may be NULL) into target, which the caller has filled
 * with defaults. With stop_at_argument the first argument ends the options (all after it are
 * arguments): for `energy -- COMMAND` and for main. Returns 0, or ERR_USAGE with a text that has
 * the nearest option.
 */
int options_parse(int argc, char **argv, const struct option_info *table,
	const struct option_info *common, void *target, bool stop_at_argument,
	struct options_result *out, struct error *err);
void options_done(struct options_result *r);
/* Free the lists of OPTION_TEXTS that a table's options_parse() made in target. */
void options_free_texts(const struct option_info *table, void *target);

/* The lines of a table for --help. */
void options_help(const struct option_info *table, struct buf *out);
/* The same of --help and --version, which every command line has. */
void options_help_standard(struct buf *out);

#endif
