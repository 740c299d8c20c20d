/*
 * page.h - the parts of the page of a report, from top to bottom; each prints HTML
 */
#ifndef COORDINATOR_REPORT_PAGE_H
#define COORDINATOR_REPORT_PAGE_H

#include "coordinator/findings/accounts.h"
#include "coordinator/findings/claims.h"
#include "coordinator/findings/comparison.h"
#include "coordinator/findings/questions.h"
#include "coordinator/findings/requirements.h"
#include "coordinator/report/figure.h"
#include "coordinator/report/html.h"

/* Rows of a table in the page; all of them are one command away, which the page names. */
#define PAGE_MAX_ROWS 500

struct report {
	struct results *results;
	const struct study *study;
	const struct gathered *g; /* the study's */
	struct questions questions;
	struct comparison_result *answers; /* [question]; those that could not be given have n 0 */
	char **unanswered;                 /* [question]: why; NULL: it was answered */
	char *no_questions;                /* why there are none at all */
	struct claim_answers claims;
	struct figures figures;
	struct requirements requirements;
	struct accounts accounts;
	char *no_requirements, *no_accounts; /* why they cannot be had; NULL: they can */
	char *uuid, *file;                   /* of the campaign, as stored; "" where not known */
};

void page_summary(const struct report *r, FILE *to);
void page_verdicts(const struct report *r, FILE *to);
void page_claims(const struct report *r, FILE *to);
/* How many claims hold on each host, for the head of the page. */
void page_claims_in_short(const struct report *r, FILE *to);
void page_figures(const struct report *r, FILE *to);
/* Of the campaign's sections from, from + 1 ... end - 1 those that there are. */
void page_sections(const struct report *r, size_t from, size_t end, FILE *to);
void page_results(const struct report *r, FILE *to);
void page_method(const struct report *r, FILE *to);
void page_excluded(const struct report *r, FILE *to);
void page_provenance(const struct report *r, FILE *to);
/* What the measurement costs on each host, its canaries, and its false alarms (T5). */
void page_measuring(const struct report *r, FILE *to);
/* Which configuration takes the least time, and the least energy, of those that do equal work. */
void page_choices(const struct report *r, FILE *to);
bool page_has_choices(const struct report *r);
/* A line for each pair that a question compares, its metrics side by side. */
void page_side_by_side(const struct comparison_result *c, FILE *to);

/* The shortest sampling interval of a campaign's benchmarks, ns; c may be NULL. */
int64_t report_fastest_sampling(const struct campaign *c);

/* ---- what parts share (page_text.c) ---- */

/* "▲", "=" ... */
const char *text_verdict_mark(enum verdict v);

/* "22 November 2026, 08:03 UTC"; CLOCK_REALTIME ns. Appends "not known" to ABSENT and 0. */
void text_date(int64_t at, struct buf *out);
/* Four digits, whole numbers whole: "4.128", "98.2", "12030". */
void text_number(double value, struct buf *out);
/* A median with its interval, as many digits as the interval asks for: "4.128 [4.119, 4.141]". */
void text_median(const struct series *s, const char *unit, struct buf *out);
/* "1.061 [1.054, 1.068]". */
void text_ratio(const struct ratio *r, struct buf *out);
/* "6.1 % more", "2.4 % less", "3.1 times as much". */
void text_change(double ratio, struct buf *out);
/* "compute threads=2". */
void text_configuration(const struct gathered *g, size_t configuration, struct buf *out);

/* <section> with a heading and its end. id is a literal. */
void page_open(FILE *to, const char *id, const char *title);
void page_close(FILE *to);
/* <div class="scroll"><table> with a caption for those who do not see it; and its end. */
void table_open(FILE *to, const char *label);
void table_close(FILE *to);
/* "first 500 of 3,000 rows; all: COMMAND", where there are more than were shown. */
void page_thinned(FILE *to, size_t shown, size_t all, const char *command, ...)
	__attribute__((format(printf, 4, 5)));

/* Whether an axis has more than one value among configurations of a benchmark (NULL: of all). */
bool axis_varies(const struct gathered *g, const char *benchmark, const char *axis);

/* ---- parts of parts ---- */

/* The hosts and their inventories. */
void page_machines(const struct report *r, FILE *to);
/* What `requires` said on each host; nothing where there is none. */
void page_found(const struct report *r, FILE *to);
/* What became of the planned runs. */
void page_accounts(const struct report *r, FILE *to);

#endif
