/*
 * trend.h - every submission of a campaign, one after the other: where a metric's level changed,
 * and whether that was the program or the machine
 *
 * A series is one configuration on one host; a point its median in one submission. A series breaks
 * where the host's fingerprint changes: what stands on both sides of a break is not compared. A
 * canary is a benchmark of which the campaign says that it never changes; where it moves together
 * with others, the machine moved.
 */
#ifndef COORDINATOR_FINDINGS_TREND_H
#define COORDINATOR_FINDINGS_TREND_H

#include "coordinator/analysis/summary.h"
#include "coordinator/findings/study.h"

struct trend_submission {
	char *label;          /* "nightly.12" */
	int64_t submitted_at; /* CLOCK_REALTIME ns */
	char *mark;           /* what was new: "commit=4be1a2f", or NULL: it has no label */
};

struct trend_point {
	size_t submission;
	struct summary summary; /* of its runs */
	bool is_break;          /* the machine is not that of the point before */
	char *why;              /* "kernel 6.1.0 -> 6.12.8", where is_break */
	double spread;          /* standard error of the median's log, by its runs; 0: not known */
};

struct trend_change {
	size_t point;            /* the first of the new level */
	double ratio, low, high; /* new level / the one before; interval at 1 - alpha */
	double p;                /* of the test that found it (analysis/change_points.h), over the
				    places where it might be */
	double p_adjusted;       /* over the series of the metric */
	bool is_better, is_worse;
	bool is_machine; /* a canary of the host changed by as much at the same submission */
	/* The canary that changed the most there, by how much; NULL: none did. */
	const struct trend_series *canary;
	double canary_ratio, canary_low, canary_high;
};

struct trend_series {
	char *benchmark, *parameters; /* JSON */
	char *host, *metric, *unit;
	enum better better;
	bool is_canary;
	bool is_mute; /* it has values that are not positive: no ratios, so no changes */
	struct trend_point *points; /* in the order of submissions */
	size_t n;
	struct trend_change *changes;
	size_t changes_n;
};

struct trend {
	struct trend_submission *submissions;
	size_t submissions_n;
	struct trend_series *series; /* in the order of metrics, hosts, configurations */
	size_t series_n;
	double threshold, alpha; /* by which changes were told */
	char **aside; /* labels of submissions that are left out: reruns of some configurations, or
			 of two contents */
	size_t aside_n;
};

struct trend_asked {
	const char *const *metrics; /* n 0: those of the last submission's comparisons, else time
				       and energy.package */
	size_t metrics_n;
	const char *host;   /* NULL: all */
	const char *only;   /* expression, NULL: all configurations */
	int64_t last;       /* submissions at most, the newest; 0: all */
	double threshold;   /* a change of less is none */
	bool has_threshold; /* else as its comparison has it, else 2 % */
	double alpha;       /* 0: likewise, else 0.01 */
};

/* Read all ended submissions of a campaign's name. Returns 0, or ERR_USAGE: there is none of that
 * name (the nearest). trend_done() in both cases. */
int trend_make(struct results *r, const char *name, const struct trend_asked *asked,
	struct trend *out, struct error *err);
void trend_done(struct trend *t);

#endif
