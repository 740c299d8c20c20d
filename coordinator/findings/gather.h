/*
 * gather.h - the counted runs of a campaign, sorted into a cell for each configuration and host,
 * for summaries
 */
#ifndef COORDINATOR_FINDINGS_GATHER_H
#define COORDINATOR_FINDINGS_GATHER_H

#include "coordinator/analysis/parameters.h"
#include "coordinator/analysis/summary.h"
#include "coordinator/results.h"
#include "proto/units.h"

/* One metric of the done, counted runs of a cell, in the order of blocks. The arrays are parts of
 * larger ones (gathered.arrays), which several series may share: never freed one by one. */
struct series {
	double *values; /* in the metric's unit */
	int64_t *blocks;
	int64_t *runs; /* their numbers */
	size_t n;
};

/* A text and how often it occurred. */
struct tally {
	char *text;
	const char *state; /* of runs and their reasons: "failed", "timeout", "skipped",
			      "cancelled"; else NULL */
	size_t n;
};

struct tallies {
	struct tally *items; /* in order of first occurrence */
	size_t n;
};

struct gathered_cell {         /* a configuration on a host; warm-up runs are not in it */
	struct series *series; /* [metric of gathered] up to series_n */
	size_t series_n;
	size_t runs, done, skipped; /* runs: all that ended and were not skipped or cancelled */
	size_t timeouts, cancelled;
	size_t cpus;                 /* that the first done run was given; 0: not known */
	size_t warmups;              /* warm-up runs that ended, as they may */
	size_t open;                 /* counted runs that are still to come, or running */
	double energy, energy_bound; /* sums of energy.package and its bounds, J */
	struct tallies flags;        /* of done runs */
	char *remark;                /* what the first done run that has one says, or NULL */
	size_t remarks;              /* done runs that have one */
	struct tallies failures;     /* reasons of failed and timed out ones */
	struct tallies skips;        /* reasons of skipped ones */
	struct tallies cancels;      /* reasons of cancelled ones */
};

struct gathered_metric {
	char *name, *unit;
	enum better better;
	bool is_own;  /* the campaign extracts it */
	bool is_used; /* some run has it */
};

/* The name of a metric that some configurations have in another unit, or want the other way. */
struct gathered_variant {
	size_t metric; /* whose unit and better are those of the runs read first */
	struct gathered_metric as;
};

struct gathered_configuration {
	char *benchmark, *json;
	struct parameters parameters;
	size_t *variants; /* that it has, of gathered.variants */
	size_t variants_n;
	bool is_canary; /* by the campaign's file, so only where study_open() read it */
};

struct gathered_lane {
	char *host, *inventory; /* JSON, "" where not known */
	char *no_energy;        /* what a run said about its missing energy, or NULL */
	bool has_energy;
	bool is_tuple; /* it is several hosts that ran together, who have lanes of their own, too */
};

struct gathered {
	char *label, *state, *yaml, *changes; /* changes may be NULL */
	int64_t submitted_at, ended_at;
	int64_t total; /* runs that were planned, at most */
	struct gathered_configuration *configurations;
	size_t configurations_n;
	struct gathered_lane *lanes;
	size_t lanes_n, hosts_n; /* lanes; those of one host, which come first */
	struct gathered_metric
		*metrics; /* the standard ones in their order, then others as they came */
	size_t metrics_n;
	struct gathered_variant *variants;
	size_t variants_n;
	struct gathered_cell *cells; /* [lane * configurations_n + configuration] */
	char **notes; /* what people should know of it as a whole: "budget: time 8 h reached" */
	size_t notes_n;
	size_t runs, failed;
	double energy; /* J, of all runs, warm-up too */
	void **arrays; /* memory of the series */
	size_t arrays_n;
};

/* Which metrics of the runs are wanted: what is not named has no series, but is_used all the same
 * where some run has it. */
struct gather_wanted {
	const char *const *metrics;
	size_t n;
};

/* Read a campaign, all of its metrics where wanted is NULL. Returns 0 or negative; gathered_done()
 * in both cases. */
int gather(struct results *r, const char *label, const struct gather_wanted *wanted,
	struct gathered *out, struct error *err);
void gathered_done(struct gathered *g);

static inline struct gathered_cell *gathered_cell(
	const struct gathered *g, size_t lane, size_t configuration)
{
	return &g->cells[lane * g->configurations_n + configuration];
}

/* How many of the planned runs have not ended, whether or not the store has them already: runs are
 * handed out a few at a time. 0 where the campaign came to its own end, with fewer or not; where it
 * was cancelled they never will. */
size_t gathered_to_come(const struct gathered *g);
/* The series of a metric in a cell, or NULL where it has none. */
const struct series *gathered_series(const struct gathered_cell *cell, size_t metric);
/* Its summary at this level (0.95); of NULL one with n 0. The series stays as it is. */
struct summary gathered_summary(const struct series *s, double level);
/* The index of a metric; metrics_n where there is none of this name. */
size_t gathered_metric(const struct gathered *g, const char *name);
/* The metric as this configuration has it: benchmarks may give one name to different things. */
const struct gathered_metric *gathered_metric_as(
	const struct gathered *g, size_t metric, size_t configuration);

/*
 * The values of the blocks that both series have, in the order of blocks: x[i] and y[i] are of one
 * block. Returns how many; both arrays are the caller's.
 */
size_t gathered_pairs(const struct series *a, const struct series *b, double **x, double **y);

/* The same benchmark with the same parameters, but for those of one axis, which may be NULL; both
 * have that axis, or none has it. */
bool gathered_is_counterpart(const struct gathered_configuration *a,
	const struct gathered_configuration *b, const char *axis);

/*
 * The ratio of two cells' metric over the blocks that both have (summary.h's ratio_paired()); NaN
 * where they share none. *n, if not NULL, is how many blocks.
 */
double gathered_ratio(const struct gathered_cell *contender, const struct gathered_cell *baseline,
	size_t metric, size_t *n);

#endif
