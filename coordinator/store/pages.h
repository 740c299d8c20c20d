/*
 * pages.h - the numbers of many runs in one blob: what the query "values" gives
 *
 * Summaries read every number of every run. As cells that is some fifty of them a run; here a page
 * of runs is one blob, a few bytes a number, and costs little to make, to send and to read.
 *
 * A page is a sequence of runs. Numbers are LEB128: seven bits a byte, the lowest first, the top
 * bit set in all but the last byte. What may be negative or absent is a *signed* one: 0 is absent
 * (INT64_MIN), else 1 + zigzag(v), zigzag being 0, -1, 1, -2 ... as 0, 1, 2, 3 ... A *text* is the
 * number 0: none; 1: a new one, its length and its bytes and a zero byte follow; n: text n - 2 of
 * this page, in the order of their first occurrence. A run is
 *
 *	its number less the one before it in the page (at first: its number); signed block, lane,
 *	configuration; texts state, reason, flags (JSON array), CPUs; signed bound of energy.package
 *	in uJ; then its values, each: 1: a new metric, whose kind (bit 0: an integer in an inner
 *	unit; else a real one of the campaign's own), and texts name, unit, better follow; n: metric
 *	n - 2 of this page, in the order of first occurrence; then the value: signed, or eight
 *	bytes of an IEEE 754 double, the lowest first. 0 ends the run.
 *
 * Values that are no finite number are not in it. Runs are in their order, warm-up and those that
 * are not done too.
 */
#ifndef COORDINATOR_STORE_PAGES_H
#define COORDINATOR_STORE_PAGES_H

#include "proto/message.h"

#define PAGES_SLOTS 256

struct page_metric {
	const char *name, *unit; /* the unit is an inner one where is_inner */
	const char *better;      /* "lower", "higher" or NULL */
	bool is_inner;
	bool is_constant; /* its texts are constants of the program; of no matter when read */
};

struct page_value {
	size_t metric;   /* of the page */
	int64_t integer; /* where the metric is_inner */
	double real;     /* else */
};

struct page_run {
	int64_t run, block, lane, configuration; /* lane ABSENT: its host is none of the campaign */
	const char *state, *reason, *flags;      /* NULL: none */
	const char *cpus;                        /* "0-3,8"; likewise */
	int64_t energy_bound;                    /* uJ, or ABSENT */
	const struct page_value *values;
	size_t n;
};

/* ---- writing a page ---- */

struct pages_writer {
	struct buf out; /* the page */
	size_t runs;    /* in it */
	int64_t last_run;
	size_t texts_n, metrics_n;
	/* What was written last under a hash or slot, so that it is found without a search. */
	struct {
		struct buf text;
		size_t number;
		bool is_set;
	} texts[PAGES_SLOTS];
	struct {
		struct buf name, unit, better;
		const char *constant; /* the name's, where it is_constant */
		size_t number;
		bool is_set, is_inner;
	} metrics[PAGES_SLOTS];
};

struct pages_writer *pages_writer_new(void);
void pages_writer_free(struct pages_writer *w); /* NULL is fine */
/* An empty page. */
void pages_begin(struct pages_writer *w);
/* A run without its values, which follow; pages_end_run() after them. */
void pages_add_run(struct pages_writer *w, const struct page_run *run);
/* slot, below PAGES_SLOTS, is where such a metric mostly stands: a guess that saves time. */
void pages_add(struct pages_writer *w, size_t slot, const struct page_metric *metric,
	const struct page_value *value);
void pages_end_run(struct pages_writer *w);

/* ---- reading it ---- */

struct pages_reader {
	const unsigned char *at, *end;
	int64_t last_run;
	const char **texts; /* of the page, in the blob */
	size_t texts_n, texts_allocated;
	struct page_metric *metrics;
	size_t metrics_n, metrics_allocated;
	struct page_value *values;
	size_t values_n, values_allocated;
};

/* Begin a page; the blob must live as long as what is read of it. A reader that is all zero is
 * fine, and may be used for page after page. */
void pages_read(struct pages_reader *r, struct blob page);
/* The next run: 1 and *run, valid until the next call; 0 at the end of the page; -EBADMSG: it is no
 * such page. r->metrics describes the metrics that have occurred. */
int pages_next(struct pages_reader *r, struct page_run *run);
void pages_reader_done(struct pages_reader *r);

#endif
