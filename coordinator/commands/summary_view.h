/*
 * summary_view.h - what the forms of `results` share: the gathered runs, what they are compared
 * with, and what is shown
 */
#ifndef COORDINATOR_COMMANDS_SUMMARY_VIEW_H
#define COORDINATOR_COMMANDS_SUMMARY_VIEW_H

#include "coordinator/analysis/summary.h"
#include "coordinator/campaign/campaign.h"
#include "coordinator/findings/gather.h"
#include "coordinator/commands/show.h"
#include "coordinator/commands/summary_notes.h"
#include "coordinator/output/output.h"

#define SUMMARY_LEVEL 0.95

struct summary_view {
	const struct gathered *g;
	const struct campaign *campaign; /* NULL: this version cannot read it */
	const char *by, *baseline;       /* its comparison, NULL without one */
	bool is_energy_off;              /* the campaign asked for none */
	int64_t every_ns;                /* the fastest sampling that it asked for */
	const char *host;                /* NULL: all */
	const size_t *columns;           /* metrics that --columns names */
	size_t columns_n;
};

/* The configuration that one is compared with, or -1: no comparison, no such configuration. */
int summary_baseline(const struct summary_view *v, size_t configuration);
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

/* Whether --host lets this one through. */
static inline bool summary_is_shown(const struct summary_view *v, size_t lane)
{
	return v->host == NULL || strcmp(v->host, v->g->lanes[lane].host) == 0;
}

/* "quickstart.1  done · 1 host · 40 runs ...", and what the numbers are. */
void summary_header(
	const struct summary_view *v, bool has_energy, const struct output_ops *ops, FILE *to);
/* Footnotes and all that must be known beside the numbers; left_out are the names of metrics for
 * which there was no room. */
void summary_below(const struct summary_view *v, bool has_energy, const struct notes *notes,
	const struct notes *left_out, FILE *to);
/* For people: header, a table for each benchmark and host, footnotes. ops is output_table or
 * output_markdown. */
void summary_table(const struct summary_view *v, const struct output_ops *ops, FILE *to);
/* For programs: one row a configuration and host. */
void summary_rows(const struct summary_view *v, const struct output_ops *ops, FILE *to);

#endif
