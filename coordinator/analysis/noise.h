/*
 * noise.h - how much a level moves from one submission to the next although nothing changed, told
 * from few submissions
 *
 * Six nights say little about the noise of a night: a variance of four degrees of freedom. But
 * series of one host and one metric have similar noise, so a young series borrows from its
 * neighbours: its variance is drawn towards theirs as far as theirs agree with each other
 * (empirical Bayes; Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3(1),
 * article 3, section 6.2). Two bounds keep that honest. Series that move together (a warm night
 * shifts all of them) are fewer witnesses than they look, and count as so many as their
 * correlations leave. And nothing is borrowed beyond NOISE_DF degrees of freedom in all: an old
 * series knows itself, and one bad night in it is not explained away by quiet neighbours.
 */
#ifndef COORDINATOR_ANALYSIS_NOISE_H
#define COORDINATOR_ANALYSIS_NOISE_H

#include <stddef.h>

#define NOISE_DF 20

/* What a series says of its own noise: residuals about its levels. */
struct residuals {
	const double *values; /* in logs */
	const size_t *times;  /* of which submission each is, rising */
	size_t n;
	double df; /* n less the number of levels */
};

/* What a group of series says of a variance: as if df more residuals of this variance were there.
 */
struct noise_prior {
	double variance;
	double df; /* 0: they say nothing */
};

/* Of the series of a group, n of them. Fewer than three say nothing. */
struct noise_prior noise_prior_of(const struct residuals *series, size_t n);

/* The part of a prior that is lent to a series that has own_df degrees of freedom itself. */
double noise_lent(const struct noise_prior *prior, double own_df);

#endif
