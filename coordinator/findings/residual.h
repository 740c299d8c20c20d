/*
 * residual.h - is energy proportional to time? tested, not assumed
 *
 * log E against log T is close to a line of slope 1 wherever times span decades, whatever the power
 * does; so the line alone is no test. What it hides is the power residual
 *
 *   R_P = R_E / R_T = P_contender / P_baseline,
 *
 * R_E and R_T the ratios of energy and time. If energy is proportional to time, R_P is 1: it is
 * called so only where the equivalence test (two one-sided t tests, Schuirmann 1987) says that R_P
 * lies within a band about 1.
 */
#ifndef COORDINATOR_FINDINGS_RESIDUAL_H
#define COORDINATOR_FINDINGS_RESIDUAL_H

#include "coordinator/analysis/ratio.h"
#include "coordinator/findings/gather.h"

#define RESIDUAL_BAND 0.10 /* (1/1.1, 1.1) */

enum residual_verdict {
	RESIDUAL_UNDECIDED,
	RESIDUAL_PROPORTIONAL,     /* equivalence p <= alpha */
	RESIDUAL_NOT_PROPORTIONAL, /* the interval at 1 - alpha lies wholly outside the band */
};

/* A contender's cell against its baseline on the same host, paired by block. */
struct residual {
	size_t configuration, baseline, lane;
	struct ratio time, energy; /* R_T, R_E */
	struct ratio power;        /* R_P */
	double equivalence;        /* equivalence_p() of R_P at the band */
	enum residual_verdict verdict;
};

/* Least squares of log E against log T over cells (a configuration on a host: the means of their
 * logs). */
struct residual_fit {
	size_t lane;             /* lanes_n: all hosts together */
	size_t cells;            /* that have both; fewer than 3 have no slope */
	double slope, low, high; /* interval by Student's t, cells - 2 degrees of freedom */
	double intercept;        /* log J at log s = 0 */
	double r2;
	double power_low, power_high; /* W, least and most of the cells' geometric means */
};

struct residuals {
	struct residual *items; /* in the order of configurations, then hosts; none without by */
	size_t n;
	struct residual_fit *fits; /* of each host that has energy, then of all */
	size_t fits_n;
	size_t proportional, not_proportional, undecided;
};

/*
 * by and baseline as in break_even.h; by may be NULL: then there are only fits. alpha 0.01, band
 * RESIDUAL_BAND. Returns 0, or ERR_USAGE: no such axis or value. residuals_done() in both cases.
 */
int residuals_make(const struct gathered *g, const char *by, const char *baseline, double alpha,
	double band, struct residuals *out, struct error *err);
void residuals_done(struct residuals *r);

/* What the ratio of powers says; equivalence is its equivalence_p() at the band. */
enum residual_verdict residual_judge(
	const struct ratio *power, double equivalence, double alpha, double band);

/* "proportional", "not proportional", "undecided". */
const char *residual_name(enum residual_verdict v);

#endif
