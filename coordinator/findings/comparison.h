/*
 * comparison.h - which cells of gathered campaigns are compared with which, and what comes out:
 * between the values of an axis, between hosts, between two submissions
 *
 * A question says along what is compared. Each of its metrics is a family of its own, over which
 * p-values are adjusted. Cells of one host and one submission are paired by block, where they share
 * one; all others are two samples.
 */
#ifndef COORDINATOR_FINDINGS_COMPARISON_H
#define COORDINATOR_FINDINGS_COMPARISON_H

#include "coordinator/analysis/pooled.h"
#include "coordinator/analysis/verdict.h"
#include "coordinator/findings/gather.h"

enum compared_by {
	BY_AXIS,       /* by is an axis of the matrix */
	BY_HOST,       /* by is "host", or a path below it: "host.cpu.codename" */
	BY_SUBMISSION, /* the second campaign against the first */
	BY_HISTORY,    /* a campaign against the last N submissions before it: history.h */
};

/* --per: which resource values are normalised by (normalise.h). */
enum normalised_per { PER_NOTHING, PER_CORE, PER_HERTZ, PER_WATT };

struct question {
	enum compared_by kind;
	const char *by;       /* "python"; of BY_SUBMISSION NULL */
	const char *baseline; /* a value of it, or the first campaign's label */
	const char **metrics; /* names; owned, the texts are not */
	size_t metrics_n;
	const char **unmeasured; /* what the campaign wants compared and no run has, likewise */
	size_t unmeasured_n;
	double threshold, alpha;
	bool by_ranks;   /* Hodges-Lehmann instead of means of logs */
	bool with_ranks; /* its p-value beside (Wilcoxon, Mann-Whitney) */
	enum normalised_per per;
};

/* One line: a metric of a contender's cell against that of its baseline. */
struct compared {
	size_t metric;                                /* index into the question's */
	size_t configuration, lane;                   /* of the contender, in its gathered */
	size_t baseline_configuration, baseline_lane; /* in that of the baseline */
	const char *metric_name; /* what was compared: of unequal work "energy.package.per_work" */
	const char *unit;        /* of the medians */
	enum better better;
	const char *host;                 /* "lab07", or "lab07 / lab01" of unlike hosts */
	const char *contender, *baseline; /* values: "nogil", "gil" */
	double contender_median, baseline_median;
	struct ratio ratio;
	double p_adjusted;
	enum verdict verdict;
	double smallest;    /* effect that these data could have shown; NaN */
	size_t more_blocks; /* that would settle an inconclusive one; 0: cannot be said */
	size_t outliers;    /* in both */
	double rank_p;      /* with_ranks; else NaN */
	double equivalence; /* equivalence_p() at the threshold */
	/* "unpaired", "outliers", "per_work", "per_core", "machine_changed", then those of both
	 * sides' runs; the array is owned, the texts are not. */
	const char **flags;
	size_t flags_n;
};

/* What else differs between two machines, or one and itself at another time. */
struct difference {
	const char *host, *other; /* of the contender and of the baseline; may be the same */
	const char *what;         /* "kernel", "cpu.microcode", "governor" */
	const char *contender, *baseline;
};

/* One ratio over all hosts of a configuration. */
struct pooled {
	size_t metric, configuration;
	const char *metric_name; /* as of its rows */
	const char *contender, *baseline;
	struct ratio ratio;
	struct heterogeneity spread;
	size_t hosts, verdicts[VERDICT_CHANGED + 1];
};

/* Cells that have no counterpart, as text: "threads=24 on lab03: no gil there". */
struct comparison_result {
	const struct question *question;
	const struct gathered *contender, *baseline; /* the same one but for BY_SUBMISSION */
	struct compared *rows; /* in the order of metrics, configurations, hosts */
	size_t n;
	struct pooled *pooled; /* of configurations with several hosts, same order */
	size_t pooled_n;
	char **missing;
	size_t missing_n;
	char **refused; /* what must not be compared, and why: unlike energy domains */
	size_t refused_n;
	char **canaries; /* those that moved between two submissions, as text (canary.h) */
	size_t canaries_n;
	struct difference *differences;
	size_t differences_n;
	char **texts; /* what rows point to */
	size_t texts_n;
};

/*
 * Compare. baseline is the same as contender but for BY_SUBMISSION. Returns 0, or ERR_USAGE: no
 * such axis, value, metric; nothing to compare. comparison_done() in both cases; the gathered and
 * the question must outlive it.
 */
int comparison_make(const struct question *q, const struct gathered *contender,
	const struct gathered *baseline, struct comparison_result *out, struct error *err);
void comparison_done(struct comparison_result *c);

/* The rows from `from` on are one family of the result's question: their p-values are adjusted,
 * then each row is judged. */
void comparison_judge(struct comparison_result *out, size_t from);

/* Add a flag to a row, once; flag must outlive it. */
void compared_add_flag(struct compared *row, const char *flag);
/* Those that follow from the row itself, "unpaired" and "outliers", then those of the runs of both
 * cells; baseline may be NULL. */
void compared_add_usual_flags(struct compared *row, const struct gathered_cell *contender,
	const struct gathered_cell *baseline);

#endif
