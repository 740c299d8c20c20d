/*
 * schema.h - the keys of a campaign file as tables: what may stand where, and of which type
 *
 * One walk over the tree by these tables finds unknown keys, wrong types and bad values; whoever
 * reads the tree after it need not look again. The same tables give configs/campaign.schema.json,
 * for editors. How to add a key: one line in its table (schema.c has the campaign's, the other
 * schema_*.c those of its sections), then `make schema`.
 */
#ifndef COORDINATOR_CAMPAIGN_SCHEMA_H
#define COORDINATOR_CAMPAIGN_SCHEMA_H

#include "coordinator/campaign/diagnostics.h"

/* More words for a suggestion than any table has. */
#define SCHEMA_MAX_WORDS 64
/* What nobody has more of: entries of a list that is looked at as a whole, keys of a matrix,
 * metrics and roles of a benchmark. Each is looked for among all, and a file of 1 MiB could have
 * tens of thousands: whoever reads them stops there. */
#define SCHEMA_MAX_ENTRIES 1000
#define SCHEMA_MAX_ROLES   64

enum value_type {
	TYPE_TEXT,     /* a scalar */
	TYPE_TEMPLATE, /* a scalar in which {name} is replaced; whoever reads it checks the names */
	TYPE_EXPRESSION, /* a scalar; expression.h checks it */
	TYPE_BOOL,
	TYPE_INT, /* within [min, max]; with is_template also a template */
	TYPE_DURATION,
	TYPE_SIZE,
	TYPE_FREQUENCY, /* or one of choices */
	TYPE_POWER,
	TYPE_ENERGY,
	TYPE_PERCENT,
	TYPE_TEMPERATURE,   /* a difference */
	TYPE_DECIMAL,       /* a plain number, not negative */
	TYPE_NUMBER,        /* any number as JSON has it; is_good may refuse some */
	TYPE_CPUS,          /* "0,2,4-7", or a list of such */
	TYPE_CHOICE,        /* one of choices */
	TYPE_COMMAND,       /* a list of templates, or one for the shell */
	TYPE_STEPS,         /* a command, or `of` (a mapping with one), or a list of `of` */
	TYPE_MAP,           /* keys of a table; with is_one exactly one of them */
	TYPE_NAMES,         /* names of the user's own, each with `of`; with max at most so many */
	TYPE_LIST,          /* of `of`, with max != 0 from min to max of them */
	TYPE_ONE_OR_LIST,   /* one or several `of`, with max at most so many */
	TYPE_SCALAR_OR_MAP, /* a scalar of `scalar`, or a mapping of `of` */
	TYPE_MATRIX,        /* axes and rules: matrix_read.c */
};

struct schema {
	enum value_type type;
	const char *title;           /* TYPE_MAP: "placement", for messages */
	const struct key_info *keys; /* TYPE_MAP, ended by a NULL name */
	bool is_layer;    /* `~` may stand for a value: it removes what a lower layer gave */
	bool is_template; /* a template may stand there; its value is checked by schema_value() */
	bool is_one;
	/* Of TYPE_INT, and of quantities in inner units: ns, bytes, Hz, uW ...; of lists, how many
	 * entries: max 0 is any number, min 0 means that only max is worth telling. */
	int64_t min, max;
	const char *const *choices; /* ended by NULL */
	const struct schema *of, *scalar;
	const char *named; /* TYPE_NAMES: what the names are: "benchmark" */
	/* Whether a text or a name is a good one; expected says what a good one is. NULL: any that
	 * is not empty. */
	bool (*is_good)(const char *text);
	const char *expected;
	const char *pattern; /* the same as far as a regular expression can say it, for editors */
};

enum key_flag {
	KEY_REQUIRED = 1,
	KEY_LAYER = 2,    /* `~` may stand there: it removes what `defaults` gave */
	KEY_TOGETHER = 4, /* with all others of the table that have it, or none of them */
};

struct key_info {
	const char *name;
	unsigned flags;
	const struct schema *schema;
	const char *help; /* one line */
};

extern const struct schema schema_campaign;
/* Sections that a benchmark may have of its own, too: schema_surroundings.c. */
extern const struct schema schema_placement, schema_measure, schema_guard, schema_tune,
	schema_limits, schema_own_limits;
/* schema_benchmark.c: a benchmark, what they all begin with, and what else says what is run where.
 */
extern const struct schema schema_benchmarks, schema_defaults, schema_matrix, schema_command,
	schema_steps, schema_hosts;
/* schema_repeat.c: how often, in which order, how much of it, and when. */
extern const struct schema schema_repeat, schema_order, schema_budget, schema_schedule;
/* schema_report.c: what becomes of the results. */
extern const struct schema schema_compare, schema_report;
/* Types that several tables share: schema_value.c. */
extern const struct schema schema_text, schema_template, schema_boolean, schema_expression,
	schema_labels;

/* Check a tree and add what is wrong to d. name is what stands there: "timeout". */
void schema_check(
	const struct node *n, const struct schema *s, const char *name, struct diagnostics *d);

/* The schema at a path from the campaign's top: "tune.frequency.max"; NULL where there is none. */
const struct schema *schema_find(const char *path);

/*
 * Whether a text without templates is a value of a scalar type. Returns 0 and *out: the number in
 * inner units, 1 or 0 of a boolean, the choice's place in its table, how many CPUs of a list;
 * ABSENT for one of a frequency's words, 0 for a text. Returns -EINVAL where it is none.
 */
int schema_value(const struct schema *s, const char *text, int64_t *out);

/* "a duration such as 250ms, 10s, 5min or 1h": what a schema expects of a value, into out. */
void schema_expectation(const struct schema *s, struct buf *out);

/* "; did you mean 'X'?" for the nearest choice of a schema, or "", in out; returns out. */
const char *schema_nearest(const struct schema *s, const char *text, char out[96]);

/* Whether n is what YAML makes of {name} without quotes. */
bool schema_is_bare_template(const struct node *n);
/* Whether what stands in a TYPE_STEPS is a list of steps, not a command. */
bool schema_is_step_list(const struct node *n);
/* Add the error for that, or for any other value of the wrong kind: "'seed' is a list, expected X".
 */
void schema_wrong_kind(
	const struct node *n, const char *name, const char *expected, struct diagnostics *d);

/* Whether a mapping has a key that is a typo of this one: then its absence needs no error of its
 * own. */
bool schema_has_typo(const struct node *map, const char *key);

/* The JSON Schema of a campaign file, by the tables: schema_json.c. The caller releases
 * it with free(). */
char *schema_to_json(void);

/* Whether text is an identifier of letters, digits and _, not starting with a digit. */
bool is_identifier(const char *text, size_t len);
/* Whether text is at least one and at most max letters, digits and characters of more. */
bool is_word(const char *text, size_t max, const char *more);
/* Whether a text is a number as JSON writes it: no leading zeros, no plus, a digit on both sides of
 * the point. */
bool is_number_text(const char *text);
/* Whether it is a relative path that does not lead out of where it begins. */
#define PATTERN_PATH_BELOW "^(?!/)(?!(.*/)?\\.\\.(/|$))"
bool is_path_below(const char *text);
/* Whether a text has a template in it, or something that looks like one. */
bool has_template(const char *text);

#endif
