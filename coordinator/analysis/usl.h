/*
 * usl.h - how something scales with the number of things that run at once: the universal
 * scalability law
 *
 *   S(n) = c n / (1 + a (n - 1) + b n (n - 1))
 *
 * n things do S(n) times what one does. a is contention: the share of the work that only one can
 * do at a time (with b = 0 it is Amdahl's law). b is coherence: what each pair of them costs, as
 * each has to learn what the others did; with b > 0 more things than
 *
 *   n* = sqrt((1 - a) / b)
 *
 * make it slower. c is what one alone does: 1 where S is relative to the same program.
 * (Gunther 2007, Guerrilla Capacity Planning, chapter 4.)
 */
#ifndef COORDINATOR_ANALYSIS_USL_H
#define COORDINATOR_ANALYSIS_USL_H

#include <stddef.h>

#define USL_LEAST_POINTS 4 /* different n */

struct usl {
	double scale;      /* c, as given */
	double contention; /* a >= 0 */
	double coherence;  /* b >= 0 */
	double peak;       /* n*; 1 where one alone does most, INFINITY where there is no end */
	double most;       /* S(n*); INFINITY where it grows for ever */
	double r2;         /* share of the variance of S that is explained; NaN: S is constant */
};

/*
 * Fit a and b to `count` points (n, s) by least squares of s, both at least 0; c is given. Returns
 * 0, or -1: fewer than USL_LEAST_POINTS different n, an n below 1, a number that is not positive.
 */
int usl_fit(const double *n, const double *s, size_t count, double scale, struct usl *out);

/* S(n). */
double usl_at(const struct usl *u, double n);

#endif
