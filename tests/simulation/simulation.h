/*
 * simulation.h - what the statistics do where the truth is known: drawn data, counted answers,
 * tables in Markdown
 *
 * The real functions of coordinator/analysis/ are given data of models whose ratio or median is
 * known. Each part prints its tables and checks what is required of them, within the error that so
 * many trials have. The same seed gives the same tables.
 */
#ifndef TESTS_SIMULATION_H
#define TESTS_SIMULATION_H

#include "coordinator/analysis/ratio.h"
#include "proto/base.h"

#include <gsl/gsl_rng.h>

struct simulation {
	gsl_rng *rng;
	size_t trials;   /* of a cell of a table; slow ones take a part of them */
	size_t failures; /* requirements that do not hold */
	size_t checks;
};

/* ---- models.c: data ---- */

enum model {
	MODEL_NORMAL,     /* mean 1, sd 5 % */
	MODEL_LOG_NORMAL, /* median 1, sd of the log 0.3 */
	MODEL_BIMODAL,    /* 7 of 10 runs at 1, the others at 1.2, each sd 1 % */
	MODEL_OUTLIERS,   /* sd 1 %, and 1 of 20 runs longer by 8 % on average */
	MODEL_DRIFT,      /* AR(1) of sd 1 % and correlation 0.95 from run to run, noise of 0.5 % */
	MODELS,
};

const char *model_name(enum model m);
/* Runs of a model are independent, but for the drifting one. */
bool model_is_independent(enum model m);
double model_median(enum model m);
/* n successive runs on one machine, whose values are about 1. */
void model_draw(struct simulation *s, enum model m, double *values, size_t n);

/* How two arms share a machine. */
enum design {
	DESIGN_INTERLEAVED, /* in blocks of one run of each arm, in random order: x[i] and y[i] are
			       of one block */
	DESIGN_APART,       /* all of one arm, then all of the other: y first */
};

/* n runs of each arm; the contender's are `ratio` times what the machine gives. */
void arms_draw(struct simulation *s, enum model m, enum design d, double ratio, double *contender,
	double *baseline, size_t n);

/* ---- report.c: tables and requirements ---- */

/* Whether hits of trials may come of a rate of low..high: else a failure, which is said on stderr.
 */
__attribute__((format(printf, 6, 7))) void require_rate(struct simulation *s, size_t hits,
	size_t trials, double low, double high, const char *what, ...);

/* "| a | b |" and the line below it. */
void print_header(const char *first, const size_t *columns, size_t n);
/* "97.3" or, where there are no trials, "-". */
void print_rate(size_t hits, size_t trials);

/* With it the ratios have no p, which takes most of their time. */
void leave_out_p(bool yes);

/* ---- the parts ---- */

void simulate_medians(struct simulation *s);  /* coverage.c */
void simulate_ratios(struct simulation *s);   /* coverage.c */
void simulate_hosts(struct simulation *s);    /* hosts.c: the pooled ratio */
void simulate_families(struct simulation *s); /* verdicts.c: false verdicts */
void simulate_unchanged(struct simulation *s);
void simulate_designs(struct simulation *s); /* designs.c: arms apart and interleaved, rules */
void simulate_power(struct simulation *s);   /* power.c */
void simulate_smallest(struct simulation *s);
void simulate_settling(struct simulation *s);
void simulate_nights(struct simulation *s); /* nights.c */
void simulate_drift(struct simulation *s);  /* drift.c */

#endif
