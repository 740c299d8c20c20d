/*
 * run_reader.h - the runs of a campaign one after the other, each with all of its metrics
 *
 * Standard metrics are columns of a run, all others rows of their own in the order of runs: the
 * reader merges the two, with a page of each in memory.
 */
#ifndef COORDINATOR_FINDINGS_RUN_READER_H
#define COORDINATOR_FINDINGS_RUN_READER_H

#include "coordinator/results.h"
#include "proto/units.h"

struct run_metric {
	const char *name;
	const char *unit;    /* at the edges: "J" */
	const char *decimal; /* value in that unit */
	int64_t divisor;     /* inner units in one of unit */
	enum better better;
	bool is_own;        /* the campaign extracts it */
	const char *series; /* JSON array of all values of this run, decimal is the one that stands
			       for them; NULL where there is one only */
};

/* A metric that is no number: a checksum. */
struct run_text {
	const char *name;
	const char *text;
};

struct run_row {
	const struct message_cell *cells; /* RUNS_... of queries.h */
	struct run_metric
		*metrics; /* those with a value: standard columns in their order, then the others */
	size_t n;
	struct run_text *texts;
	size_t texts_n;
};

struct run_reader;
/* label must outlive the reader. */
struct run_reader *run_reader_open(struct results *r, const char *label);
/* The next run: 1 and *row, valid until the next call; 0 past the last; negative with err. */
int run_reader_next(struct run_reader *reader, const struct run_row **row, struct error *err);
void run_reader_close(struct run_reader *reader); /* NULL is fine */

/* The metric of this name of a row, or NULL. */
const struct run_metric *run_metric(const struct run_row *row, const char *name);

/* Which way a standard metric of the long form is good. Parts of standard metrics are as good as
 * these: energy.package-0. What else the agent counts says something of the machine, and has no
 * good way. */
enum better run_better_of_part(const char *name);

/*
 * The object of RUNS_UNCERTAINTY or RUNS_DEVIATION taken apart: calls each with a name of a metric
 * that the row has, its unit, and the decimal in that unit.
 */
void run_bounds(const struct run_row *row, int column,
	void (*each)(void *arg, const struct run_metric *metric, const char *decimal), void *arg);

#endif
