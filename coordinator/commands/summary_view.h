/*
 * summary_view.h - what the forms of `results` share: the gathered runs, what they are compared
 * with, and what is shown
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_VIEW_H
#define COORDINATOR_COMMANDS_SUMMARY_VIEW_H

#include "coordinator/analysis/drift.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/campaign/campaign.h"
#include "coordinator/commands/show.h"
#include "coordinator/commands/summary_columns.h"
#include "coordinator/commands/summary_notes.h"
#include "coordinator/findings/gather.h"
#include "coordinator/output/output.h"

#define SUMMARY_LEVEL 0.95

struct summary_view {
	const struct gathered *g;
	const struct campaign *campaign; /* NULL: this version cannot read it */
	const char *by, *baseline;       /* its comparison, NULL without one */
	bool is_energy_off;              /* the campaign asked for none */
	int64_t every_ns;                /* the fastest sampling that it asked for */
	const char *host;                /* NULL: all */
	const char *only;                /* --only, NULL: all */
	bool *kept;                      /* what it holds for: [lane * configurations_n +
					    configuration]; NULL: all */
	int *baselines;                  /* [configuration], of summary_find_baselines() */
	struct summary_column *columns;  /* what --columns names */
	size_t columns_n;
	struct summary_column *sort; /* NULL: in the order of the file */
	bool is_descending;
	bool has_bars;
};

/* Fill v->baselines, the caller's to free. */
void summary_find_baselines(struct summary_view *v);
/* The configuration that one is compared with, or -1: no comparison, no such configuration. */
static inline int summary_baseline(const struct summary_view *v, size_t configuration)
{
	return v->baselines[configuration];
}
/* Whether a configuration is a baseline itself. */
bool summary_is_baseline(const struct summary_view *v, size_t configuration);
/*
 * The place of a metric among those that are shown beyond time, energy, power and memory, the most
 * wanted first: what the campaign compares, what it extracts, throughput, and what is per work.
 * Never: what else the agent measures, and answers that are only checked (`expect: same` or a
 * value), of which a median says nothing.
 */
enum summary_more { MORE_COMPARED, MORE_OWN, MORE_THROUGHPUT, MORE_PER_WORK, MORE_NEVER };
enum summary_more summary_more(const struct summary_view *v, size_t metric);
/* The summary of a cell's metric. */
void summary_of_cell(const struct gathered_cell *cell, size_t metric, struct summary *out);
/* Whether a cell's metric drifts over the blocks, and how much. */
bool summary_drift(const struct gathered_cell *cell, size_t metric, struct drift *out);
/* A metric's ratio to the baseline; NaN where there is none. */
double summary_ratio(
	const struct summary_view *v, size_t lane, size_t configuration, size_t metric);
/* One number; NaN where there is none. */
double summary_statistic(const struct summary_view *v, size_t lane, size_t configuration,
	const struct summary_column *column);

/* A row: a configuration on a host. */
struct summary_place {
	size_t lane, configuration;
	double key; /* private to summary_sort() */
	size_t place;
};
/* Put rows into the order of --sort; as they are without. */
void summary_sort(const struct summary_view *v, struct summary_place *places, size_t n);

/* Whether --host lets this one through. */
static inline bool summary_is_shown(const struct summary_view *v, size_t lane)
{
	return v->host == NULL || strcmp(v->host, v->g->lanes[lane].host) == 0;
}

/* Whether --host and --only let this cell through. */
static inline bool summary_is_cell_shown(const struct summary_view *v, size_t cell)
{
	return summary_is_shown(v, cell / v->g->configurations_n) &&
	       (v->kept == NULL || v->kept[cell]);
}

/* "quickstart.1  done · 1 host · 40 runs ...", and what the numbers are. */
void summary_header(
	const struct summary_view *v, bool has_energy, const struct output_ops *ops, FILE *to);
/* Footnotes and all that must be known beside the numbers; left_out are the names of metrics for
 * which there was no room. */
void summary_below(const struct summary_view *v, bool has_energy, const struct notes *notes,
	const struct notes *left_out, FILE *to);
/* What did not count and why: one line, then the reasons. */
void summary_excluded(const struct summary_view *v, FILE *to);
/* The same of a cell, as JSON: [{"why":"failed","reason":"exit status 1","n":2}, ...]. */
void summary_excluded_json(const struct gathered_cell *cell, struct buf *out);
/* What was skipped or cancelled: a line for each host and reason, "skipped  nogil+gil on lab03:
 * ...".
 */
void summary_groups(const struct summary_view *v, const char *word,
	const struct tallies *(*tallies_of)(const struct gathered_cell *cell), FILE *to);
/* The first columns of a line below the tables, and what is to be said, wrapped. */
void summary_remark(const char *word, const struct buf *line, FILE *to);
/* "nbody threads=2 on lab07", with what stands between. */
void summary_add_configuration(
	const struct gathered *g, size_t cell, const char *between, struct buf *out);
/* ": REASON", the first line of it. */
void summary_add_reason(const char *reason, struct buf *out);
#define SUMMARY_MAX_LINES 12 /* of one kind below the tables */

/* For people: header, a table for each benchmark and host, footnotes. ops is output_table or
 * output_markdown. */
void summary_table(const struct summary_view *v, const struct output_ops *ops, FILE *to);
/* For programs: one row a configuration and host. */
void summary_rows(const struct summary_view *v, const struct output_ops *ops, FILE *to);

#endif
