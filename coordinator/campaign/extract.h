/*
 * extract.h - the parts of extract_metrics(), which campaign.h declares
 *
 * extract.c walks the metrics of a benchmark; extract_json.c and extract_pattern.c find what a
 * program printed; taking.c makes one value of several; expect.c says whether it is the right one;
 * derive.c has what is computed of other metrics (expr, work). Values stay places in the output as
 * long as possible: a checksum of 64 bits is no longer itself once it is a double.
 */
#ifndef COORDINATOR_CAMPAIGN_EXTRACT_H
#define COORDINATOR_CAMPAIGN_EXTRACT_H

#include "coordinator/campaign/campaign.h"
#include "coordinator/campaign/names.h"

/* Values that a series has at most; with more the run has failed. */
#define EXTRACT_MAX_SERIES 32768
/* Bytes of a text that a metric is at most. */
#define EXTRACT_MAX_TEXT 4096

/*
 * Compile a pattern as metrics use it: multiline, UTF-8 (what is no UTF-8 in a program's output
 * never matches). Returns a pcre2_code (8 bit) for pcre2_code_free(), or NULL with err, which has
 * the place in the pattern.
 */
void *extract_compile(const char *pattern, struct error *err);

/* ---- taking: one value of several ---- */

/* A value as it was printed: a place in the output. */
struct printed {
	const char *text;
	size_t len;
	enum { PRINTED_PLAIN, PRINTED_QUOTED /* a JSON string, with its quotes */ } kind;
};

struct taking {
	enum metric_take take;
	size_t n;            /* values so far */
	struct printed kept; /* the first, last, least or greatest one; of mean and sum the last */
	double number;       /* the least, the greatest, the sum */
	double *series;      /* of TAKE_ALL (owned) */
	size_t allocated;
};

/* The next value. Returns 0, -EINVAL where it had to be a number and is none, or -E2BIG: too many.
 */
int taking_add(struct taking *t, const struct printed *p);
/* Whether more values change nothing. */
static inline bool taking_has_enough(const struct taking *t)
{
	return t->take == TAKE_FIRST && t->n > 0;
}
/* Whether the value is one of those that were printed, rather than computed of them. */
static inline bool taking_is_printed(const struct taking *t)
{
	return t->take != TAKE_MEAN && t->take != TAKE_SUM && t->take != TAKE_ALL;
}
/* The number that was taken (of a series its median). False where it is none. */
bool taking_number(const struct taking *t, double *out);
void taking_done(struct taking *t);

/* A decimal number, whatever the locale; the whole text must be one, and finite. */
bool printed_number(const struct printed *p, double *out);
bool printed_is_bool(const struct printed *p); /* true or false, not quoted */
/* The text itself, quotes and escapes of JSON resolved; the caller frees. NULL where it is longer
 * than EXTRACT_MAX_TEXT or has a NUL in it. */
char *printed_text(const struct printed *p);
/* Append it as a message shows it: cut, and without control characters. */
void printed_show(const char *text, size_t len, struct buf *out);

/* ---- finding ---- */

/* A stream or a file of the run. */
struct extract_source {
	const char *name; /* as messages call it: "stdout", "the file 'x.json'" */
	const char *text;
	size_t len;
	bool has_gap; /* bytes are missing after the first `gap` ones */
	size_t gap;
	bool is_parsed;
	struct printed json; /* its last complete JSON value; len 0: none */
	char broken[96];     /* why what begins last like a JSON value is none; "": nothing does */
};

/*
 * Give t what is found of a metric. Returns 1, 0 where there is nothing (err says so), or -ENODATA
 * where something is there that is of no use.
 */
int extract_json(const struct benchmark_metric *m, const char *key, struct extract_source *s,
	struct taking *t, struct error *err);
int extract_pattern(const struct benchmark_metric *m, const char *pattern,
	const struct extract_source *s, struct taking *t, struct error *err);
/* What is looked for may be in the gap of a source: -ENODATA. */
int extract_fail_gap(
	const struct benchmark_metric *m, const struct extract_source *s, struct error *err);

/* ---- expectations ---- */

/* Whether two printed texts are the same answer: equal, or equal numbers. Whole numbers are
 * compared digit by digit, however many they are. */
bool expect_is_same(const char *a, const char *b);
/*
 * Check one metric against what `expect` says of it; printed is its text as the program wrote it
 * (NULL: computed). Sets e->same_as and e->same_text. Returns 0, or -EILSEQ with err.
 */
int expect_check(const struct benchmark_metric *m, struct names *names, struct extracted *e,
	const char *printed, struct error *err);
/* Whose answers must be equal: "nbody size=1000"; NULL where m expects no such thing. The caller
 * frees. */
char *expect_same_as(const struct benchmark_metric *m, const struct configuration *c);

/* Append text with its templates replaced, regex-quoted in a pattern. Returns as template_render().
 */
int extract_render(
	struct names *names, const char *text, bool is_pattern, struct buf *out, struct error *err);

/* ---- derived ---- */

/* Add the metrics with `expr`, then those that come with `work`. Returns as extract_metrics(). */
int derive_metrics(struct names *names, const struct benchmark *b, const struct run_output *run,
	struct extraction *out, struct error *err);

/* value x scale; 5 us are 5e-6 s to the last bit, as a scale of 1e-6 divides by a million. */
double extract_scaled(double value, double scale);
/* Append an item with name and unit of its own (copied); the pointer lives until the next one. */
struct extracted *extraction_add(
	struct extraction *out, const char *name, const char *unit, enum better better);

#endif
