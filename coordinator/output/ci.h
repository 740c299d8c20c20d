/*
 * ci.h - a list of judged cases in the forms that build servers read: one ops table
 *
 * Unlike the formats of output.h these are no tables of rows: each case has a result. All texts are
 * anybody's; each form escapes them as it must, and bytes that are no UTF-8 (or, in XML, no
 * character) become U+FFFD.
 *
 * How to add one: write coordinator/output/ci_NAME.c with a `const struct ci_ops ci_NAME`, declare
 * it here, add it to the array in ci.c.
 */
#ifndef COORDINATOR_OUTPUT_CI_H
#define COORDINATOR_OUTPUT_CI_H

#include "proto/base.h"
#include <stdio.h>

enum ci_result {
	CI_PASSED,
	CI_FAILED,  /* it got worse */
	CI_BROKEN,  /* it could not be measured any more */
	CI_WARNED,  /* nothing failed, and somebody should know: the machine moved */
	CI_SKIPPED, /* nothing can be said */
};

struct ci_case {
	enum ci_result result;
	const char *suite; /* a metric; cases of one suite stand together */
	const char *group; /* a benchmark */
	const char *name;  /* its parameters and host: with suite and group the same each night */
	const char *title; /* "time of nbody regressed" */
	const char *text;  /* one line with the numbers; "" */
	int line;          /* of the file; 0: not known */
};

struct ci_report {
	const char *name; /* "nightly.9 against nightly.8" */
	const char *file; /* the campaign's, as it was submitted; "" */
	const char *host; /* where it ran */
	int64_t at;       /* CLOCK_REALTIME ns */
	const struct ci_case *cases;
	size_t n;
	char *const *notes; /* of the whole, a line each; where the form has a place for them */
	size_t notes_n;
};

struct ci_ops {
	const char *name;
	void (*write)(const struct ci_report *report, FILE *to);
};

extern const struct ci_ops ci_junit, ci_github, ci_gitlab;
extern const struct ci_ops *const ci_formats[]; /* ended by NULL */

/* The one of this name; NULL where there is none. */
const struct ci_ops *ci_by_name(const char *name);

#endif
