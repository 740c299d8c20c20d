/*
 * show.h - what subcommands print of stored results, for those that print it too: `run` ends with
 * the table of `results`
 */
#ifndef COORDINATOR_COMMANDS_SHOW_H
#define COORDINATOR_COMMANDS_SHOW_H

#include "coordinator/results.h"
#include "proto/error.h"
#include <stdio.h>

struct show_options {
	const char *format;  /* NULL: table */
	const char *host;    /* of this host alone; NULL: all */
	const char *columns; /* more metrics and statistics, "name,name"; NULL: the usual ones */
	const char *only;    /* configurations that this expression holds for; NULL: all */
	const char *sort;    /* by this column, "-name": the largest first; NULL: as in the file */
	bool has_bars;       /* draw them in the table */
};

/* The summary of a campaign (label "NAME.N") per configuration and host. Returns 0 or negative. */
int show_results(struct results *r, const char *label, const struct show_options *o, FILE *to,
	struct error *err);

/* What export writes; format is "ndjson" or "csv". with_warmup: block 0 too. Each returns 0 or
 * negative. */
int export_runs(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
int export_samples(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
int export_output(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
/* export_campaign.c: the file of a campaign, with its changes; format is of no matter. */
int export_campaign(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
/* Each stream and collected file as DIR/RUN/NAME; what stands there already is an error. */
int export_files(
	struct results *r, const char *label, const char *dir, bool with_warmup, struct error *err);
int export_events(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
/* export_roles.c */
int export_parts(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);
/* export_requirements.c */
int export_requirements(struct results *r, const char *label, const char *format, bool with_warmup,
	FILE *to, struct error *err);

/* One row a run, as `runs` prints it. */
int show_runs(struct results *r, const char *label, const char *format, bool only_failed,
	bool with_warmup, FILE *to, struct error *err);

#endif
