/*
 * agreement.h - whether the ratio that one host shows is that of the others
 *
 * theta_h is the log ratio of host h, s_h its standard error with f_h degrees of freedom. It is
 * held against the mean of the other n - 1 hosts, each of which counts alike:
 *
 *   d_h = theta_h - sum(theta_k, k != h) / (n - 1)
 *   se^2 = s_h^2 + sum(s_k^2, k != h) / (n - 1)^2
 *   f = se^4 / (s_h^4 / f_h + sum(s_k^4 / f_k, k != h) / (n - 1)^4)
 *
 * exp(d_h) is a ratio of ratios: 1.1 where this host's ratio is a tenth above that of the others.
 * Hosts ran apart from each other, so that their errors add up. (A difference of two estimates on
 * the log scale: Altman and Bland, Interaction revisited, BMJ 326:219, 2003; degrees of freedom:
 * Welch, Biometrika 34, 1947, and Satterthwaite, Biometrics Bulletin 2, 1946.)
 *
 * The others are these very hosts, no sample of all that there may be: it says whether the machines
 * at hand agree. What others would show is the pooled interval's to say (pooled.h).
 */
#ifndef COORDINATOR_ANALYSIS_AGREEMENT_H
#define COORDINATOR_ANALYSIS_AGREEMENT_H

#include "coordinator/analysis/ratio.h"

/*
 * The ratio of hosts[which] to that of the other n - 1, its interval at level (0.99). All is NaN
 * with fewer than two hosts, or where a host has no ratio; without a standard error of each there
 * is the ratio alone. p is NaN.
 */
void ratio_against_others(
	const struct ratio *hosts, size_t n, size_t which, double level, struct ratio *out);

#endif
