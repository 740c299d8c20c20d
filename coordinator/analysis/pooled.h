/*
 * pooled.h - one ratio of many hosts, and how much the hosts differ
 */
#ifndef COORDINATOR_ANALYSIS_POOLED_H
#define COORDINATOR_ANALYSIS_POOLED_H

#include "coordinator/analysis/ratio.h"

/* A host's logs. Paired: y_n is 0 and x holds log ratios of blocks. Else x and y are the logs of
 * the contender's and the baseline's values. */
struct pooled_host {
	const double *x, *y;
	size_t x_n, y_n;
};

/*
 * As ratio_pooled() of ratio.h, also of unpaired hosts: their means are the differences of the two
 * samples' means. With one host there is no interval over hosts: out then has the estimate alone.
 */
void ratio_pooled_hosts(const struct pooled_host *hosts, size_t n, double level, struct ratio *out);

/*
 * Whether hosts agree: Cochran's Q = sum w (theta - mean)^2 of the hosts' log ratios theta, with
 * weights w = 1 / se^2; I^2 = max(0, (Q - (n - 1)) / Q), the share of the variation that is not
 * chance (Higgins and Thompson 2002); and the standard deviation between hosts of DerSimonian and
 * Laird (1986), tau^2 = max(0, (Q - (n - 1)) / (sum w - sum w^2 / sum w)).
 */
struct heterogeneity {
	double q, p;    /* p of Q by chi square with n - 1 degrees of freedom */
	double i2;      /* 0 to 1; all are NaN where fewer than two hosts have an error */
	double between; /* tau, of the log ratio */
};
/* Ratios with se > 0 count. */
void heterogeneity_of(const struct ratio *hosts, size_t n, struct heterogeneity *out);

#endif
