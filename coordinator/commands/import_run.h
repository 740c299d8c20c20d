/*
 * import_run.h - runs from elsewhere on their way into a store
 *
 * Readers (import_line.c, import_hyperfine.c ...) fill one struct import_run after the other; the
 * importer (see import_parts.h) writes each at once. All is one transaction.
 */
#ifndef COORDINATOR_COMMANDS_IMPORT_RUN_H
#define COORDINATOR_COMMANDS_IMPORT_RUN_H

#include "coordinator/commands/import_json.h"
#include "coordinator/commands/submission.h"
#include "coordinator/store/store.h"

struct import_metric {
	const char *name;
	const char *unit;   /* NULL: the standard one, else "1" */
	const char *number; /* decimal in unit, as JSON has it; NULL: it is a text */
	const char *text;
	const char *uncertainty, *deviation; /* decimals in unit; NULL: none */
	const double *series;                /* all values of the run */
	size_t series_n;
};

struct import_run {
	const char *campaign; /* "NAME.N"; NULL: not said */
	int64_t run;          /* ABSENT: the next */
	int64_t block;        /* ABSENT: the next of this configuration on this host; 0: warm-up */
	const char *host;     /* NULL: not said */
	const char *benchmark, *parameters;             /* parameters: a JSON object */
	const char *state;                              /* a run's */
	int64_t attempt, started_at, exit_code, signal; /* ABSENT where not known */
	struct import_metric *metrics;                  /* in the order in which they are shown */
	size_t metrics_n;
	size_t *bounded, *deviated; /* metrics with an uncertainty, and a deviation, in its order */
	size_t bounded_n, deviated_n;
	const char **flags;
	size_t flags_n;
};

/* A run that is done, of which nothing else is known. */
static inline struct import_run import_run_empty(void)
{
	return (struct import_run){.run = ABSENT,
		.block = ABSENT,
		.parameters = "{}",
		.state = RUN_DONE,
		.attempt = ABSENT,
		.started_at = ABSENT,
		.exit_code = ABSENT,
		.signal = ABSENT};
}

/* What a machine is, as `joulerig-agent inventory --format json` told it. */
struct import_inventory {
	char *host, *json; /* owned */
};

struct import_options {
	const char *as;        /* NAME or NAME.N; NULL: the label that the runs carry */
	const char *host;      /* of all runs; NULL: as they say, else "imported" */
	const char *benchmark; /* of all runs; NULL: as they say */
	const char *from;      /* "ndjson", "hyperfine" ... */
	const char *file;      /* for messages */
	/* The campaign that the runs are of, as it is stored with them; NULL: not known. */
	const struct submission_file *campaign;
	const struct import_inventory *inventories; /* of hosts that are known */
	size_t inventories_n;
};

struct importer;

/* Open (or make) the store for writing and begin. Returns 0, or ERR_UNAVAILABLE: somebody holds it.
 */
int importer_open(struct importer **out, const char *db, const struct import_options *options,
	struct error *err);
/* A configuration that will come: those that are known before the first run are put in an order
 * for people. The texts are copied. */
void importer_know(struct importer *im, const char *benchmark, const char *parameters);
/* Write a run. Returns 0, or ERR_USAGE with what is wrong with it, without a place. */
int importer_add(struct importer *im, const struct import_run *run, struct error *err);
/* End the campaign and commit. *label is the caller's. Returns 0 or negative: nothing is kept. */
int importer_finish(struct importer *im, char **label, struct error *err);
/* Notes for people about what could not be kept, each once; valid until close. */
char *const *importer_notes(const struct importer *im, size_t *n);
int64_t importer_runs(const struct importer *im);
/* Rolls back what was not finished. NULL is fine. */
void importer_close(struct importer *im);

/* ---- readers: each gives all runs of its files to the importer ---- */

int import_ndjson(struct importer *im, const struct import_options *o, const char **files, size_t n,
	struct error *err);
int import_hyperfine(struct importer *im, const struct import_options *o, const char **files,
	size_t n, struct error *err);
int import_pyperf(struct importer *im, const struct import_options *o, const char **files, size_t n,
	struct error *err);
int import_perf_stat(struct importer *im, const struct import_options *o, const char **files,
	size_t n, struct error *err);

/* One line of ndjson; texts are of in's arena. Returns 0, or ERR_USAGE with its place. */
int import_line(struct reading *in, struct import_run *out);

/* A number as JSON writes it, times scale (a power of ten), as an integer, rounded where it has
 * more digits. Returns whether it fits; *is_exact whether nothing was rounded. */
bool import_scaled(const char *number, int64_t scale, int64_t *out, bool *is_exact);

#endif
