/*
 * comparison_parts.h - what the files of comparison.h share; for them alone
 */
#ifndef COORDINATOR_FINDINGS_COMPARISON_PARTS_H
#define COORDINATOR_FINDINGS_COMPARISON_PARTS_H

#include "coordinator/findings/comparison.h"
#include <jansson.h>

/* The seed of every random draw: the same data give the same numbers. */
#define COMPARISON_SEED 20240229

/* Two cells of which one is compared with the other. */
struct compared_cells {
	size_t configuration, lane;
	size_t other, other_lane;         /* of the baseline */
	const char *contender, *baseline; /* values */
};

struct maker {
	const struct question *q;
	const struct gathered *contender, *baseline;
	struct comparison_result *out;
	/* The same for all metrics. */
	json_t **machines, **other_machines; /* [lane of each]; NULL: not known */
	struct compared_cells *pairs;        /* all that are compared, in the order of rows */
	size_t pairs_n;
	/* Of the metric at hand. */
	size_t metric;       /* index into the question's */
	size_t of_contender; /* the metric in each gathered; its metrics_n: there is none */
	size_t of_baseline;
	size_t per_work, other_per_work; /* its .per_work likewise */
	const char **unlike; /* [lane * lanes of the baseline + lane]: "" may be compared, NULL not
				looked at yet, else why not */
	bool *none;          /* [lane]: it was said that it has none of the metric */
};

/* A text that lives as long as out; takes it over. */
const char *comparison_keep(struct comparison_result *out, char *text);
/* Lists of texts that are said once; take text over. */
void comparison_add_missing(struct comparison_result *out, char *text);
void comparison_add_refused(struct comparison_result *out, char *text);

/* comparison_cells.c: fills pairs, and says of what there is no counterpart. Returns 0, or
 * ERR_USAGE: no such axis or value. */
int comparison_pair(struct maker *m, struct error *err);

/* comparison_row.c: one row for each pair of cells that has the metric. */
void comparison_add_row(struct maker *m, const struct compared_cells *pair);
/* Both sides' series as they are compared: of the same unit, per work where work differs. */
struct compared_series {
	const struct series *a, *b; /* NULL: has none */
	struct series own[2];       /* where they are computed */
	const char *name, *unit;    /* texts that live as long as the result */
	bool is_per_work;
};
void compared_series_open(
	struct maker *m, const struct compared_cells *pair, struct compared_series *out);
void compared_series_done(struct compared_series *s);

/* comparison_pool.c: the pooled lines of the rows from `from` on, which are those of pairs[i] as
 * row_pairs says. */
void comparison_pool(struct maker *m, size_t from);

#endif
