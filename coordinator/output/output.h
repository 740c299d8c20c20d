/*
 * output.h - tables of rows as table, csv, json, ndjson or markdown: one ops table
 *
 * How to add a format: write coordinator/output/NAME.c with a `const struct output_ops
 * output_NAME`, declare it here, add it to the array in output.c; --format, --help and the
 * conformance test find it there.
 */
#ifndef COORDINATOR_OUTPUT_OUTPUT_H
#define COORDINATOR_OUTPUT_OUTPUT_H

#include "proto/base.h"
#include "proto/error.h"
#include <stdio.h>

enum cell_kind {
	CELL_NONE,
	CELL_TEXT,
	CELL_NUMBER /* decimal in text, printed as it is */,
	CELL_BOOL,
	CELL_JSON /* text is JSON */
};

struct cell {
	enum cell_kind kind;
	const char *text;
};

/* Make a cell of a number, of so many significant digits; text holds it as long as the cell lives.
 * What is not finite leaves the cell as it is. */
#define CELL_TEXT_SIZE 32
void cell_set_number(struct cell *cell, char text[CELL_TEXT_SIZE], double value, int digits);

struct column {
	const char *name;  /* key in json and csv */
	const char *title; /* in table and markdown; NULL: the name */
	bool is_right;     /* aligned right in table */
};

struct output; /* of one table */

struct output_ops {
	const char *name; /* "csv" */
	const char *help;
	struct output *(*begin)(FILE *to, const struct column *columns, size_t n);
	void (*row)(struct output *o, const struct cell *cells);
	void (*end)(struct output *o); /* frees o; flushes */
};

extern const struct output_ops output_table, output_csv, output_json, output_ndjson,
	output_markdown;
extern const struct output_ops *const outputs[]; /* ended by NULL */

/* The format of this name, or NULL with err (ERR_USAGE, the nearest). */
const struct output_ops *output_by_name(const char *name, struct error *err);

/*
 * One character of UTF-8 at s (len bytes are left): its code, and its length in *size. Bytes that
 * are none give -1 and length 1. Overlong forms, surrogates and what lies above U+10FFFF are none.
 */
int32_t utf8_decode(const unsigned char *s, size_t len, size_t *size);

/* Columns that a text takes on a terminal (UTF-8; combining marks and wide characters as wcwidth
 * has them). */
int text_width(const char *s);

#define PAGE_WIDTH                                                                                 \
	100 /* columns that texts and tables for people keep to where no terminal says             \
	     */
/* Columns of the terminal that stdout is, PAGE_WIDTH where it is none. */
int output_page_width(void);
/* A copy for a terminal, the caller's: control characters, which would move its cursor or worse,
 * are spaces. */
char *output_harmless(const char *text);
/* Whether a line may end before the space at text[at]: not between a number and its unit. */
bool output_may_break(const char *text, size_t at);
/* Print a text from column indent on, and a newline: broken between words where the page ends, its
 * further lines indented as much. */
void output_wrapped(const char *all, int indent, FILE *to);

/* Append s as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void json_add_string(struct buf *b, const char *s, size_t len);

#endif
